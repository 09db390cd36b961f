/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The digest of one packet as AMBI defines it
 * (draft-ietf-mboned-ambi-05 §3.4): pseudoheader and payload.
 */
#pragma once

#include "addr.h"
#include "digest.h"

enum
{
  AMBI_PSEUDOHEADER_MAX = 44,
  AMBI_PAYLOAD_MAX = 65535,     /* the length field has 16 bits */
  AMBI_PROTOCOL_UDP = 17
};

/* What the pseudoheader says of a packet's headers.  src and dst are of one
 * family; the ports are written as 0 unless the protocol is UDP. */
typedef struct
{
  core_ip src;
  core_ip dst;
  uint16_t src_port;
  uint16_t dst_port;
  uint8_t protocol;             /* AMBI_PROTOCOL_UDP for the UDP layer */
} ambi_flow;

/* Writes the pseudoheader of a packet with len hashed octets; returns its
 * length, 20 or 44, or 0 when the flow has no family or two or len exceeds
 * AMBI_PAYLOAD_MAX. */
size_t ambi_pseudoheader (uint8_t out[AMBI_PSEUDOHEADER_MAX],
    const ambi_flow * flow, uint32_t stream_id, size_t len);

/* The packet digest of the octets (UDP layer: the UDP payload; IP layer: the
 * payload of the IP packet).  Returns CORE_OK, CORE_ERR_INVALID_ARGUMENT
 * (flow or len) or CORE_ERR_FATAL. */
int ambi_packet_digest (core_hash * hash, const ambi_flow * flow,
    uint32_t stream_id, const uint8_t * data, size_t len, uint8_t * out);
