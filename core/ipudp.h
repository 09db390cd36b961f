/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * IP and UDP framing of encapsulated datagrams: a parser for hostile bytes, a
 * builder for headers that precede a payload.
 */
#pragma once

#include "ipsum.h"

enum
{
  IP_PROTOCOL_HOPOPTS = 0,
  IP_PROTOCOL_IGMP = 2,
  IP_PROTOCOL_UDP = 17,
  IP_PROTOCOL_ICMPV6 = 58,

  IP_V4_HEADER = 20,
  IP_V6_HEADER = 40,
  UDP_HEADER = 8,
  IPUDP_HEADER_MAX = IP_V6_HEADER + UDP_HEADER
};

/* What ip_parse () found.  Offsets count from the start of the datagram. */
typedef struct
{
  core_ip src;
  core_ip dst;
  uint8_t protocol;             /* behind all extension headers */
  uint8_t ttl;
  uint8_t tos;                  /* or traffic class */
  size_t total_len;             /* octets behind it do not belong to it */
  size_t payload;
  size_t payload_len;

  bool fragment;                /* MF set or offset not 0 */
  bool more_fragments;
  uint32_t ident;
  size_t fragment_offset;       /* bytes */
} ip_packet;

/* Parses one IPv4 or IPv6 datagram that starts at data; it may be shorter
 * than len.  The IPv4 header checksum must be right.  IPv6 Hop-by-Hop,
 * Routing, Destination and Fragment headers are walked; for a fragment
 * protocol is that of the fragmented part and nothing behind the Fragment
 * header is looked at.  Returns CORE_OK or CORE_ERR_INNER_TRUNCATED,
 * _INNER_VERSION, _INNER_LENGTH_EXCEEDS, _INNER_IP_CHECKSUM. */
int ip_parse (const uint8_t * data, size_t len, ip_packet * out);

typedef struct
{
  uint16_t src_port;
  uint16_t dst_port;
  size_t payload;               /* offset, from the start of the IP payload */
  size_t payload_len;
} udp_datagram;

/* Parses the UDP datagram that is the payload of a (reassembled) packet.  A
 * checksum of 0 means "none" in IPv4 and is an error in IPv6 (RFC 8200 §8.1).
 * With verify false no checksum is looked at.  Returns CORE_OK or
 * CORE_ERR_INNER_UDP_LENGTH, CORE_ERR_INNER_UDP_CHECKSUM. */
int udp_parse (const core_ip * src, const core_ip * dst,
    const uint8_t * payload, size_t len, bool verify, udp_datagram * out);

/* What the next datagram most likely is. */
typedef struct
{
  uint8_t family;               /* core_family; NONE matches nothing */
  uint8_t addresses[32];        /* source and destination, as in the header */
  uint16_t dst_port;
  uint32_t pseudo_sum;          /* less the length */
} ipudp_expected;

/* Both addresses are of one family. */
void ipudp_expect (ipudp_expected * expected, const core_ip * src,
    const core_ip * dst, uint16_t dst_port);

/* Whether data is a plain UDP datagram of that flow: no options or extension
 * headers, no fragment, and all lengths and checksums right, as ip_parse () and
 * udp_parse () would find it, in a fraction of the time.  out->payload counts
 * from data.  false says nothing but that one has to parse it. */
bool ipudp_match (const uint8_t * data, size_t len,
    const ipudp_expected * expected, bool verify, udp_datagram * out);

typedef struct
{
  core_ip src;
  core_ip dst;
  uint16_t src_port;
  uint16_t dst_port;
  uint8_t ttl;
  uint8_t tos;
} ipudp_flow;

/* Length of the IP and UDP headers of a flow. */
size_t ipudp_header_len (const ipudp_flow * flow);

/* Writes the IP and UDP headers for a payload that lies elsewhere (gather
 * I/O): DF set, UDP checksum over the payload, which must not exceed 65,507
 * bytes (65,527 over IPv6).  Returns the header length, or 0 if it does not
 * fit into cap, the payload is too long or the addresses are not two of one
 * family. */
size_t ipudp_build_header (uint8_t * buf, size_t cap, const ipudp_flow * flow,
    const uint8_t * payload, size_t len);
