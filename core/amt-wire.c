/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The seven AMT messages on the wire.
 */
#include "amt-wire.h"

#include <string.h>

enum
{
  REQUEST_P = 0x01,
  REQUEST_E = 0x02,
  QUERY_G = 0x01,
  QUERY_L = 0x02
};

const core_ip amt_discovery_v4 = {
  .family = CORE_FAMILY_V4,.bytes = {192, 52, 193, 1}
};

const core_ip amt_discovery_v6 = {
  .family = CORE_FAMILY_V6,.bytes = {0x20, 0x01, 0x00, 0x03,[15] = 1}
};

/* The address is all that follows; its length tells the family
 * (RFC 7450 §5.1.2.5). */
static int
parse_advertisement (rd_cursor * r, amt_message * out)
{
  rd_skip (r, 3);
  out->nonce = rd_u32 (r);
  if (!rd_ok (r))
    return CORE_ERR_TOO_SHORT;

  switch (rd_left (r)) {
    case 4:
      out->relay = core_ip_read (r, CORE_FAMILY_V4);
      return CORE_OK;
    case 16:
      out->relay = core_ip_read (r, CORE_FAMILY_V6);
      return CORE_OK;
    default:
      return CORE_ERR_BAD_LENGTH;
  }
}

/* Linux's gateway sets 0x80 and nothing else; with other reserved bits beside
 * it, it is a reserved bit and ignored. */
static amt_p_flag
request_p (uint8_t flags)
{
  if (flags & REQUEST_P)
    return AMT_P_RFC;
  return flags == AMT_P_LINUX ? AMT_P_LINUX : AMT_P_NONE;
}

static int
parse_membership (rd_cursor * r, amt_message * out)
{
  uint8_t flags = rd_u8 (r);

  rd_bytes (r, out->mac, AMT_MAC_LEN);
  out->nonce = rd_u32 (r);
  if (!rd_ok (r))
    return CORE_ERR_TOO_SHORT;

  out->inner = r->data + r->pos;
  out->inner_len = rd_left (r);
  if (out->type == AMT_MEMBERSHIP_QUERY) {
    out->limit = (flags & QUERY_L) != 0;
    out->has_gateway = (flags & QUERY_G) != 0;
  }
  if (out->has_gateway) {
    /* The last 18 octets of the message (RFC 7450 §5.1.4.9). */
    if (out->inner_len <= AMT_GATEWAY_FIELD_LEN)
      return CORE_ERR_INNER_TRUNCATED;
    out->inner_len -= AMT_GATEWAY_FIELD_LEN;
    memcpy (out->gateway.bytes, out->inner + out->inner_len,
        AMT_GATEWAY_FIELD_LEN);
  }
  return out->inner_len > 0 ? CORE_OK : CORE_ERR_INNER_TRUNCATED;
}

static int
parse_fixed (rd_cursor * r, amt_message * out)
{
  uint8_t flags = rd_u8 (r);

  if (out->type == AMT_TEARDOWN) {
    rd_bytes (r, out->mac, AMT_MAC_LEN);
    out->nonce = rd_u32 (r);
    rd_bytes (r, out->gateway.bytes, AMT_GATEWAY_FIELD_LEN);
  } else {
    rd_skip (r, 2);
    out->nonce = rd_u32 (r);
  }
  if (out->type == AMT_REQUEST) {
    out->p = request_p (flags);
    out->ecn = (flags & REQUEST_E) != 0;
  }
  return rd_ok (r) ? CORE_OK : CORE_ERR_TOO_SHORT;
}

int
amt_parse (const uint8_t * data, size_t len, amt_message * out)
{
  rd_cursor r;
  uint8_t first;

  memset (out, 0, sizeof (*out));
  rd_init (&r, data, len);
  first = rd_u8 (&r);
  if (!rd_ok (&r))
    return CORE_ERR_TOO_SHORT;
  if (first >> 4 != AMT_VERSION)
    return CORE_ERR_BAD_VERSION;

  out->type = (amt_type) (first & 0x0f);
  switch (out->type) {
    case AMT_RELAY_ADVERTISEMENT:
      return parse_advertisement (&r, out);
    case AMT_MEMBERSHIP_QUERY:
    case AMT_MEMBERSHIP_UPDATE:
      return parse_membership (&r, out);
    case AMT_MULTICAST_DATA:
      rd_skip (&r, 1);
      if (!rd_ok (&r))
        return CORE_ERR_TOO_SHORT;
      out->inner = data + AMT_DATA_HEADER;
      out->inner_len = rd_left (&r);
      return out->inner_len > 0 ? CORE_OK : CORE_ERR_INNER_TRUNCATED;
    case AMT_RELAY_DISCOVERY:
    case AMT_REQUEST:
    case AMT_TEARDOWN:
      return parse_fixed (&r, out);
    default:
      return CORE_ERR_UNEXPECTED_TYPE;
  }
}

unsigned
amt_peek_type (const uint8_t * data, size_t len)
{
  return len > 0 && data[0] >> 4 == AMT_VERSION ? data[0] & 0x0fu : 0;
}

static uint8_t
message_flags (const amt_message * msg)
{
  unsigned flags = 0;

  if (msg->type == AMT_REQUEST)
    flags = (unsigned) msg->p | (msg->ecn ? REQUEST_E : 0);
  else if (msg->type == AMT_MEMBERSHIP_QUERY)
    flags = (msg->limit ? QUERY_L : 0) | (msg->has_gateway ? QUERY_G : 0);
  return (uint8_t) flags;
}

size_t
amt_build (uint8_t * buf, size_t cap, const amt_message * msg)
{
  wr_cursor w;

  wr_init (&w, buf, cap);
  wr_u8 (&w, (uint8_t) (AMT_VERSION << 4 | msg->type));
  wr_u8 (&w, message_flags (msg));

  switch (msg->type) {
    case AMT_RELAY_ADVERTISEMENT:
      if (core_ip_len (&msg->relay) == 0)
        return 0;
      /* fall through */
    case AMT_RELAY_DISCOVERY:
    case AMT_REQUEST:
      wr_zero (&w, 2);
      wr_u32 (&w, msg->nonce);
      if (msg->type == AMT_RELAY_ADVERTISEMENT)
        core_ip_write (&w, &msg->relay);
      break;
    case AMT_MEMBERSHIP_QUERY:
    case AMT_MEMBERSHIP_UPDATE:
    case AMT_TEARDOWN:
      wr_bytes (&w, msg->mac, AMT_MAC_LEN);
      wr_u32 (&w, msg->nonce);
      if (msg->type != AMT_TEARDOWN)
        wr_bytes (&w, msg->inner, msg->inner_len);
      if (msg->type == AMT_TEARDOWN ||
          (msg->type == AMT_MEMBERSHIP_QUERY && msg->has_gateway))
        wr_bytes (&w, msg->gateway.bytes, AMT_GATEWAY_FIELD_LEN);
      break;
    case AMT_MULTICAST_DATA:
      wr_bytes (&w, msg->inner, msg->inner_len);
      break;
    default:
      return 0;
  }
  return wr_len (&w);
}

void
amt_gateway_field_set (amt_gateway_field * field, const core_addr * addr)
{
  wr_cursor w;

  wr_init (&w, field->bytes, sizeof (field->bytes));
  wr_u16 (&w, addr->port);
  wr_zero (&w, 16 - core_ip_len (&addr->ip));
  core_ip_write (&w, &addr->ip);
}

core_addr
amt_gateway_field_get (const amt_gateway_field * field)
{
  static const uint8_t zero[13];
  core_addr addr = { 0 };
  rd_cursor r;

  rd_init (&r, field->bytes, sizeof (field->bytes));
  addr.port = rd_u16 (&r);
  /* 0.0.0.0/8 holds no gateway, but ::1 is one of IPv6. */
  if (memcmp (field->bytes + 2, zero, 12) == 0 &&
      memcmp (field->bytes + 2, zero, 13) != 0) {
    rd_skip (&r, 12);
    addr.ip = core_ip_read (&r, CORE_FAMILY_V4);
  } else {
    addr.ip = core_ip_read (&r, CORE_FAMILY_V6);
  }
  return addr;
}

bool
amt_gateway_field_equal (const amt_gateway_field * a,
    const amt_gateway_field * b)
{
  return memcmp (a->bytes, b->bytes, sizeof (a->bytes)) == 0;
}
