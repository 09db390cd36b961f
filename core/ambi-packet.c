/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The digest of one packet as AMBI defines it
 * (draft-ietf-mboned-ambi-05 §3.4).
 */
#include "ambi-packet.h"

#include <string.h>

enum
{
  FIRST_LEN = 128               /* blocks of 64 and of 128 octets end here */
};

size_t
ambi_pseudoheader (uint8_t out[AMBI_PSEUDOHEADER_MAX], const ambi_flow * flow,
    uint32_t stream_id, size_t len)
{
  bool udp = flow->protocol == AMBI_PROTOCOL_UDP;
  wr_cursor w;

  if (core_ip_len (&flow->src) == 0 ||
      flow->src.family != flow->dst.family || len > AMBI_PAYLOAD_MAX)
    return 0;
  wr_init (&w, out, AMBI_PSEUDOHEADER_MAX);
  core_ip_write (&w, &flow->src);
  core_ip_write (&w, &flow->dst);
  wr_u8 (&w, 0);
  wr_u8 (&w, flow->protocol);
  wr_u16 (&w, (uint16_t) len);
  wr_u16 (&w, udp ? flow->src_port : 0);
  wr_u16 (&w, udp ? flow->dst_port : 0);
  wr_u32 (&w, stream_id);
  return wr_len (&w);
}

/* The first block of the hash is put together here: what follows it can be
 * hashed where it lies, and need not go through OpenSSL's own block. */
int
ambi_packet_digest (core_hash * hash, const ambi_flow * flow,
    uint32_t stream_id, const uint8_t * data, size_t len, uint8_t * out)
{
  uint8_t first[FIRST_LEN];
  size_t header = ambi_pseudoheader (first, flow, stream_id, len);
  size_t rest = FIRST_LEN - header;
  core_slice parts[2];

  if (header == 0)
    return CORE_ERR_INVALID_ARGUMENT;
  if (rest > len)
    rest = len;
  if (rest > 0)
    memcpy (first + header, data, rest);
  parts[0].data = first;
  parts[0].len = header + rest;
  parts[1].data = rest < len ? data + rest : NULL;
  parts[1].len = len - rest;
  return core_hash_digest (hash, parts, 2, out);
}
