/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The digest of one packet as AMBI defines it
 * (draft-ietf-mboned-ambi-05 §3.4).
 */
#include "ambi-packet.h"

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

int
ambi_packet_digest (core_hash * hash, const ambi_flow * flow,
    uint32_t stream_id, const uint8_t * data, size_t len, uint8_t * out)
{
  uint8_t pseudoheader[AMBI_PSEUDOHEADER_MAX];
  core_slice parts[2] = { {pseudoheader, 0}, {data, len} };

  parts[0].len = ambi_pseudoheader (pseudoheader, flow, stream_id, len);
  if (parts[0].len == 0)
    return CORE_ERR_INVALID_ARGUMENT;
  return core_hash_digest (hash, parts, 2, out);
}
