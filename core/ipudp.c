/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * IP and UDP framing of encapsulated datagrams.
 */
#include "ipudp.h"

#include <string.h>

enum
{
  EXT_ROUTING = 43,
  EXT_FRAGMENT = 44,
  EXT_DESTINATION = 60,
  EXT_CHAIN_MAX = 8,            /* more headers than that are hostile */

  V4_FLAG_DF = 0x4000,
  V4_FLAG_MF = 0x2000,
  V4_OFFSET_MASK = 0x1fff,
  V6_FRAGMENT_HEADER = 8,
  V6_FRAGMENT_MORE = 0x0001,
  V6_FRAGMENT_OFFSET_MASK = 0xfff8,

  MAX_LENGTH = 0xffff           /* of the 16-bit length fields */
};

static int
parse_v4 (const uint8_t * data, size_t len, ip_packet * out)
{
  rd_cursor r;
  size_t header, total;
  uint16_t flags;

  header = (size_t) (data[0] & 0x0f) * 4;
  if (header < IP_V4_HEADER || header > len)
    return CORE_ERR_INNER_TRUNCATED;

  rd_init (&r, data, header);
  rd_skip (&r, 1);
  out->tos = rd_u8 (&r);
  total = rd_u16 (&r);
  out->ident = rd_u16 (&r);
  flags = rd_u16 (&r);
  out->ttl = rd_u8 (&r);
  out->protocol = rd_u8 (&r);
  rd_skip (&r, 2);
  out->src = core_ip_read (&r, CORE_FAMILY_V4);
  out->dst = core_ip_read (&r, CORE_FAMILY_V4);

  if (total > len)
    return CORE_ERR_INNER_LENGTH_EXCEEDS;
  if (total < header)
    return CORE_ERR_INNER_TRUNCATED;
  if (ip_sum_finish (ip_sum (data, header, 0)) != 0)
    return CORE_ERR_INNER_IP_CHECKSUM;

  out->total_len = total;
  out->payload = header;
  out->payload_len = total - header;
  out->more_fragments = (flags & V4_FLAG_MF) != 0;
  out->fragment_offset = (size_t) (flags & V4_OFFSET_MASK) * 8;
  out->fragment = out->more_fragments || out->fragment_offset != 0;
  return CORE_OK;
}

static void
parse_v6_fragment (rd_cursor * r, ip_packet * out)
{
  uint16_t field;

  out->protocol = rd_u8 (r);
  rd_skip (r, 1);
  field = rd_u16 (r);
  out->ident = rd_u32 (r);
  out->fragment_offset = field & V6_FRAGMENT_OFFSET_MASK;
  out->more_fragments = (field & V6_FRAGMENT_MORE) != 0;
  /* An "atomic" fragment (RFC 6946) is a whole datagram. */
  out->fragment = out->more_fragments || out->fragment_offset != 0;
}

static int
walk_v6_extensions (rd_cursor * r, ip_packet * out)
{
  /* One round more than headers: the last finds what they lead to. */
  for (int n = 0; n <= EXT_CHAIN_MAX; n++) {
    uint8_t next;
    size_t skip;

    switch (out->protocol) {
      case IP_PROTOCOL_HOPOPTS:
      case EXT_ROUTING:
      case EXT_DESTINATION:
        next = rd_u8 (r);
        skip = (size_t) rd_u8 (r) * 8 + 6;
        rd_skip (r, skip);
        out->protocol = next;
        break;
      case EXT_FRAGMENT:
        parse_v6_fragment (r, out);
        if (out->fragment)
          return rd_ok (r) ? CORE_OK : CORE_ERR_INNER_TRUNCATED;
        break;
      default:
        return rd_ok (r) ? CORE_OK : CORE_ERR_INNER_TRUNCATED;
    }
    if (!rd_ok (r))
      return CORE_ERR_INNER_TRUNCATED;
  }
  return CORE_ERR_INNER_TRUNCATED;
}

static int
parse_v6 (const uint8_t * data, size_t len, ip_packet * out)
{
  rd_cursor r;
  uint32_t word;
  size_t total;
  int ret;

  rd_init (&r, data, len);
  word = rd_u32 (&r);
  total = (size_t) rd_u16 (&r) + IP_V6_HEADER;
  out->tos = (uint8_t) (word >> 20);
  out->protocol = rd_u8 (&r);
  out->ttl = rd_u8 (&r);
  out->src = core_ip_read (&r, CORE_FAMILY_V6);
  out->dst = core_ip_read (&r, CORE_FAMILY_V6);
  if (!rd_ok (&r))
    return CORE_ERR_INNER_TRUNCATED;
  if (total > len)
    return CORE_ERR_INNER_LENGTH_EXCEEDS;

  r.len = total;
  ret = walk_v6_extensions (&r, out);
  if (ret != CORE_OK)
    return ret;

  out->total_len = total;
  out->payload = r.pos;
  out->payload_len = rd_left (&r);
  return CORE_OK;
}

int
ip_parse (const uint8_t * data, size_t len, ip_packet * out)
{
  memset (out, 0, sizeof (*out));
  if (len == 0)
    return CORE_ERR_INNER_TRUNCATED;

  switch (data[0] >> 4) {
    case 4:
      return parse_v4 (data, len, out);
    case 6:
      return parse_v6 (data, len, out);
    default:
      return CORE_ERR_INNER_VERSION;
  }
}

int
udp_parse (const core_ip * src, const core_ip * dst, const uint8_t * payload,
    size_t len, bool verify, udp_datagram * out)
{
  rd_cursor r;
  size_t length;
  uint16_t checksum;

  rd_init (&r, payload, len);
  out->src_port = rd_u16 (&r);
  out->dst_port = rd_u16 (&r);
  length = rd_u16 (&r);
  checksum = rd_u16 (&r);
  if (!rd_ok (&r) || length < UDP_HEADER || length > len)
    return CORE_ERR_INNER_UDP_LENGTH;

  out->payload = UDP_HEADER;
  out->payload_len = length - UDP_HEADER;
  if (!verify)
    return CORE_OK;
  if (checksum == 0)
    return src->family == CORE_FAMILY_V4 ? CORE_OK :
        CORE_ERR_INNER_UDP_CHECKSUM;
  if (ip_sum_finish (ip_sum (payload, length,
              ip_pseudo_sum (src, dst, IP_PROTOCOL_UDP, length))) != 0)
    return CORE_ERR_INNER_UDP_CHECKSUM;
  return CORE_OK;
}

static uint16_t
load16 (const uint8_t * p)
{
  return (uint16_t) (p[0] << 8 | p[1]);
}

void
ipudp_expect (ipudp_expected * expected, const core_ip * src,
    const core_ip * dst, uint16_t dst_port)
{
  size_t len = core_ip_len (src);

  memset (expected, 0, sizeof (*expected));
  expected->family = src->family;
  expected->dst_port = dst_port;
  memcpy (expected->addresses, src->bytes, len);
  memcpy (expected->addresses + len, dst->bytes, len);
  expected->pseudo_sum = ip_pseudo_sum (src, dst, IP_PROTOCOL_UDP, 0);
}

/* The offset of the UDP header, and where the datagram ends; 0: not plain. */
static size_t
plain_v4 (const uint8_t * data, size_t len, const ipudp_expected * expected,
    size_t *end)
{
  if (len < IP_V4_HEADER + UDP_HEADER || data[0] != 0x45 ||
      data[9] != IP_PROTOCOL_UDP ||
      (load16 (data + 6) & (V4_FLAG_MF | V4_OFFSET_MASK)) != 0 ||
      memcmp (data + 12, expected->addresses, 8) != 0 ||
      !ip_sum_v4_header_ok (data))
    return 0;
  *end = load16 (data + 2);
  return IP_V4_HEADER;
}

static size_t
plain_v6 (const uint8_t * data, size_t len, const ipudp_expected * expected,
    size_t *end)
{
  if (len < IP_V6_HEADER + UDP_HEADER || data[0] >> 4 != 6 ||
      data[6] != IP_PROTOCOL_UDP ||
      memcmp (data + 8, expected->addresses, 32) != 0)
    return 0;
  *end = (size_t) IP_V6_HEADER + load16 (data + 4);
  return IP_V6_HEADER;
}

bool
ipudp_match (const uint8_t * data, size_t len,
    const ipudp_expected * expected, bool verify, udp_datagram * out)
{
  size_t udp = 0, end = 0, length;

  if (expected->family == CORE_FAMILY_V4)
    udp = plain_v4 (data, len, expected, &end);
  else if (expected->family == CORE_FAMILY_V6)
    udp = plain_v6 (data, len, expected, &end);
  if (udp == 0 || end > len || end < udp + UDP_HEADER ||
      load16 (data + udp + 2) != expected->dst_port)
    return false;
  length = load16 (data + udp + 4);
  if (length < UDP_HEADER || length > end - udp)
    return false;
  if (verify && (load16 (data + udp + 6) == 0 ?
          expected->family != CORE_FAMILY_V4 :
          ip_sum_finish (ip_sum (data + udp, length,
                  expected->pseudo_sum + (uint32_t) length)) != 0))
    return false;

  out->src_port = load16 (data + udp);
  out->dst_port = expected->dst_port;
  out->payload = udp + UDP_HEADER;
  out->payload_len = length - UDP_HEADER;
  return true;
}

size_t
ipudp_header_len (const ipudp_flow * flow)
{
  return flow->dst.family == CORE_FAMILY_V4 ? IP_V4_HEADER + UDP_HEADER :
      IP_V6_HEADER + UDP_HEADER;
}

static void
write_v4_header (wr_cursor * w, const ipudp_flow * flow, size_t udp_len)
{
  wr_u8 (w, 0x45);
  wr_u8 (w, flow->tos);
  wr_u16 (w, (uint16_t) (IP_V4_HEADER + udp_len));
  /* With DF set the identification is free (RFC 6864 §4.1). */
  wr_u16 (w, 0);
  wr_u16 (w, V4_FLAG_DF);
  wr_u8 (w, flow->ttl);
  wr_u8 (w, IP_PROTOCOL_UDP);
  wr_u16 (w, 0);
  core_ip_write (w, &flow->src);
  core_ip_write (w, &flow->dst);
  if (wr_ok (w))
    wr_u16_at (w, 10, ip_sum_finish (ip_sum (w->data, IP_V4_HEADER, 0)));
}

static void
write_v6_header (wr_cursor * w, const ipudp_flow * flow, size_t udp_len)
{
  wr_u32 (w, 6u << 28 | (uint32_t) flow->tos << 20);
  wr_u16 (w, (uint16_t) udp_len);
  wr_u8 (w, IP_PROTOCOL_UDP);
  wr_u8 (w, flow->ttl);
  core_ip_write (w, &flow->src);
  core_ip_write (w, &flow->dst);
}

size_t
ipudp_build_header (uint8_t * buf, size_t cap, const ipudp_flow * flow,
    const uint8_t * payload, size_t len)
{
  bool v4 = flow->dst.family == CORE_FAMILY_V4;
  size_t udp_len, udp_start;
  uint32_t sum;
  uint16_t checksum;
  wr_cursor w;

  if (core_ip_len (&flow->dst) == 0 || flow->src.family != flow->dst.family)
    return 0;
  if (len > MAX_LENGTH - UDP_HEADER - (v4 ? (size_t) IP_V4_HEADER : 0))
    return 0;
  udp_len = len + UDP_HEADER;

  wr_init (&w, buf, cap);
  if (v4)
    write_v4_header (&w, flow, udp_len);
  else
    write_v6_header (&w, flow, udp_len);

  udp_start = w.pos;
  wr_u16 (&w, flow->src_port);
  wr_u16 (&w, flow->dst_port);
  wr_u16 (&w, (uint16_t) udp_len);
  wr_u16 (&w, 0);
  if (!wr_ok (&w))
    return 0;

  sum = ip_pseudo_sum (&flow->src, &flow->dst, IP_PROTOCOL_UDP, udp_len);
  sum = ip_sum (buf + udp_start, UDP_HEADER, sum);
  checksum = ip_sum_finish (ip_sum (payload, len, sum));
  /* 0 would say "no checksum" (RFC 768). */
  wr_u16_at (&w, udp_start + 6, checksum == 0 ? 0xffff : checksum);
  return wr_len (&w);
}
