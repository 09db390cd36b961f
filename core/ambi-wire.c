/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * AMBI manifests on the wire (draft-ietf-mboned-ambi-05 §3.3).
 */
#include "ambi-wire.h"

#include <string.h>

#include "bytes.h"

enum
{
  ID_LEN = 4,
  SPACE_LEN = 2,                /* of TLV Space */
  WORD_T = 0x8000,              /* TLVs follow (§3.3.1.3) */
  TYPE_LONG = 128,              /* from here on a length has two octets */
  REFRESH_LEN = 2,
  REFRESH_TLV_LEN = 1 + 2 + REFRESH_LEN
};

/* What the next octets are. */
enum
{
  IN_STREAM_ID,
  IN_HEADER,                    /* its rest */
  IN_TLV_SPACE,
  IN_TLV_TYPE,
  IN_TLV_LENGTH,
  IN_REFRESH_VALUE,
  IN_OTHER_VALUE,
  IN_DIGESTS,
  IN_FAILURE                    /* for good */
};

enum
{
  /* What a step returns that went further without an item; otherwise it is an
   * ambi_item_type. */
  GO_ON = AMBI_ITEM_TLV_OVERFLOW + 1
};

typedef struct
{
  const uint8_t *data;
  size_t len;
} octets;

void
ambi_parser_init (ambi_parser * p, int64_t stream_id,
    core_hash_algorithm algorithm)
{
  memset (p, 0, sizeof (*p));
  p->digest_len = core_hash_len (algorithm);
  p->expected_id = stream_id;
  p->state = IN_STREAM_ID;
}

static void
skip (octets * in, size_t n)
{
  if (n == 0)                   /* there may be no data at all */
    return;
  in->data += n;
  in->len -= n;
}

/* Collects n octets in partial, which may come one by one; true when they are
 * complete. */
static bool
collect (ambi_parser * p, octets * in, size_t n)
{
  size_t take = n - p->have < in->len ? n - p->have : in->len;

  if (take > 0)
    memcpy (p->partial + p->have, in->data, take);
  skip (in, take);
  p->have += take;
  if (p->have < n)
    return false;
  p->have = 0;
  return true;
}

/* The same within the TLVs, for which the caller has seen that there is
 * room. */
static bool
collect_tlv (ambi_parser * p, octets * in, size_t n)
{
  if (!collect (p, in, n))
    return false;
  p->tlv_left -= n;
  p->tlv_octets += n;
  return true;
}

static int
fail (ambi_parser * p, ambi_item_type why)
{
  p->state = IN_FAILURE;
  p->failure = why;
  return (int) why;
}

static int
step_stream_id (ambi_parser * p, octets * in)
{
  rd_cursor r;

  if (!collect (p, in, ID_LEN))
    return AMBI_ITEM_NONE;
  memset (&p->manifest, 0, sizeof (p->manifest));
  p->bad_refresh_length = false;
  p->given = 0;
  rd_init (&r, p->partial, ID_LEN);
  p->manifest.stream_id = rd_u32 (&r);
  if (p->expected_id < 0)
    p->expected_id = p->manifest.stream_id;
  if (p->expected_id != p->manifest.stream_id)
    return fail (p, AMBI_ITEM_WRONG_STREAM_ID);
  p->state = IN_HEADER;
  return AMBI_ITEM_STREAM_ID;
}

static int
step_header (ambi_parser * p, octets * in)
{
  uint16_t word;
  rd_cursor r;

  if (!collect (p, in, AMBI_HEADER_LEN - ID_LEN))
    return AMBI_ITEM_NONE;
  rd_init (&r, p->partial, AMBI_HEADER_LEN - ID_LEN);
  p->manifest.manifest_seq = rd_u32 (&r);
  p->manifest.first_packet_seq = rd_u32 (&r);
  word = rd_u16 (&r);
  p->manifest.count = word & AMBI_COUNT_MAX;
  if (word & WORD_T) {
    p->state = IN_TLV_SPACE;
    return GO_ON;
  }
  p->state = IN_DIGESTS;
  return AMBI_ITEM_MANIFEST;
}

static int
step_tlv_space (ambi_parser * p, octets * in)
{
  rd_cursor r;

  if (!collect (p, in, SPACE_LEN))
    return AMBI_ITEM_NONE;
  rd_init (&r, p->partial, SPACE_LEN);
  p->tlv_left = rd_u16 (&r);
  p->state = IN_TLV_TYPE;
  return GO_ON;
}

/* TLVs have to fill TLV Space exactly (§3.3.1.6). */
static int
step_tlv_type (ambi_parser * p, octets * in)
{
  if (p->tlv_left == 0) {
    p->state = IN_DIGESTS;
    return AMBI_ITEM_MANIFEST;
  }
  if (!collect_tlv (p, in, 1))
    return AMBI_ITEM_NONE;
  p->tlv_type = p->partial[0];
  p->state = IN_TLV_LENGTH;
  return GO_ON;
}

static int
step_tlv_length (ambi_parser * p, octets * in)
{
  size_t n = p->tlv_type < TYPE_LONG ? 1 : 2;
  rd_cursor r;

  if (p->tlv_left < n)
    return fail (p, AMBI_ITEM_TLV_OVERFLOW);
  if (!collect_tlv (p, in, n))
    return AMBI_ITEM_NONE;
  rd_init (&r, p->partial, n);
  p->value_left = n == 1 ? rd_u8 (&r) : rd_u16 (&r);
  if (p->value_left > p->tlv_left)
    return fail (p, AMBI_ITEM_TLV_OVERFLOW);

  p->state = IN_OTHER_VALUE;
  if (p->tlv_type == AMBI_TLV_REFRESH_DEADLINE) {
    if (p->value_left == REFRESH_LEN)
      p->state = IN_REFRESH_VALUE;
    else
      p->bad_refresh_length = true;
  }
  return GO_ON;
}

/* Of several the smallest counts, and zero is none. */
static int
step_refresh_value (ambi_parser * p, octets * in)
{
  uint16_t *deadline = &p->manifest.refresh_deadline;
  uint16_t value;
  rd_cursor r;

  if (!collect_tlv (p, in, REFRESH_LEN))
    return AMBI_ITEM_NONE;
  rd_init (&r, p->partial, REFRESH_LEN);
  value = rd_u16 (&r);
  if (value != 0 && (*deadline == 0 || value < *deadline))
    *deadline = value;
  p->state = IN_TLV_TYPE;
  return GO_ON;
}

/* Types that are not known are skipped (§3.3.1.6). */
static int
step_other_value (ambi_parser * p, octets * in)
{
  size_t take = p->value_left < in->len ? p->value_left : in->len;

  skip (in, take);
  p->value_left -= take;
  p->tlv_left -= take;
  p->tlv_octets += take;
  if (p->value_left > 0)
    return AMBI_ITEM_NONE;
  p->state = IN_TLV_TYPE;
  return GO_ON;
}

static int
step_digests (ambi_parser * p, octets * in, ambi_item * item)
{
  if (p->given == p->manifest.count) {
    p->state = IN_STREAM_ID;
    return AMBI_ITEM_END;
  }
  if (p->have == 0 && in->len >= p->digest_len) {
    item->digest = in->data;
    skip (in, p->digest_len);
  } else {
    if (!collect (p, in, p->digest_len))
      return AMBI_ITEM_NONE;
    item->digest = p->partial;
  }
  item->seq = p->manifest.first_packet_seq + p->given;
  p->given++;
  return AMBI_ITEM_DIGEST;
}

static int
step (ambi_parser * p, octets * in, ambi_item * item)
{
  switch (p->state) {
    case IN_STREAM_ID:
      return step_stream_id (p, in);
    case IN_HEADER:
      return step_header (p, in);
    case IN_TLV_SPACE:
      return step_tlv_space (p, in);
    case IN_TLV_TYPE:
      return step_tlv_type (p, in);
    case IN_TLV_LENGTH:
      return step_tlv_length (p, in);
    case IN_REFRESH_VALUE:
      return step_refresh_value (p, in);
    case IN_OTHER_VALUE:
      return step_other_value (p, in);
    case IN_DIGESTS:
      return step_digests (p, in, item);
    default:
      return (int) p->failure;
  }
}

void
ambi_parser_next (ambi_parser * p, const uint8_t ** data, size_t *len,
    ambi_item * item)
{
  octets in = { *data, *len };
  int type;

  memset (item, 0, sizeof (*item));
  do
    type = step (p, &in, item);
  while (type == GO_ON);
  item->type = (ambi_item_type) type;
  if (item->type != AMBI_ITEM_NONE)
    item->manifest = &p->manifest;
  if (item->type == AMBI_ITEM_MANIFEST)
    item->bad_refresh_length = p->bad_refresh_length;
  *data = in.data;
  *len = in.len;
}

bool
ambi_parser_at_boundary (const ambi_parser * p)
{
  return p->state == IN_STREAM_ID && p->have == 0;
}

int64_t
ambi_parser_stream_id (const ambi_parser * p)
{
  return p->expected_id;
}

static size_t
tlv_space (const ambi_manifest * manifest)
{
  return manifest->refresh_deadline != 0 ? REFRESH_TLV_LEN : 0;
}

size_t
ambi_manifest_size (const ambi_manifest * manifest, size_t digest_len)
{
  size_t tlvs = tlv_space (manifest);

  return AMBI_HEADER_LEN + (tlvs > 0 ? SPACE_LEN + tlvs : 0) +
      manifest->count * digest_len;
}

size_t
ambi_manifest_build (const ambi_manifest * manifest, const uint8_t * digests,
    size_t digest_len, uint8_t * buf, size_t cap)
{
  size_t tlvs = tlv_space (manifest);
  wr_cursor w;

  if (manifest->count > AMBI_COUNT_MAX ||
      cap < ambi_manifest_size (manifest, digest_len))
    return 0;
  wr_init (&w, buf, cap);
  wr_u32 (&w, manifest->stream_id);
  wr_u32 (&w, manifest->manifest_seq);
  wr_u32 (&w, manifest->first_packet_seq);
  wr_u16 (&w, (uint16_t) (manifest->count | (tlvs > 0 ? WORD_T : 0)));
  if (tlvs > 0) {
    wr_u16 (&w, (uint16_t) tlvs);
    wr_u8 (&w, AMBI_TLV_REFRESH_DEADLINE);
    wr_u16 (&w, REFRESH_LEN);
    wr_u16 (&w, manifest->refresh_deadline);
  }
  wr_bytes (&w, digests, manifest->count * digest_len);
  return wr_len (&w);
}
