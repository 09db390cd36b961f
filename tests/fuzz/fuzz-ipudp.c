/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes ip_parse () and udp_parse (), compares ipudp_match () with them, and
 * rebuilds what is UDP.
 */
#include "fuzz.h"
#include "ipudp.h"

/* Puts the IPv4 header checksum right: no fuzzer guesses it. */
static void
repair (uint8_t * data, size_t size)
{
  size_t header = size > 0 ? (size_t) (data[0] & 15) * 4 : 0;
  uint16_t sum;

  if (size < IP_V4_HEADER || data[0] >> 4 != 4 || header < IP_V4_HEADER ||
      header > size)
    return;
  data[10] = data[11] = 0;
  sum = ip_sum_finish (ip_sum (data, header, 0));
  data[10] = (uint8_t) (sum >> 8);
  data[11] = (uint8_t) sum;
}

static void
check_packet (const ip_packet * ip, size_t size)
{
  FUZZ_CHECK (ip->total_len <= size);
  FUZZ_CHECK (ip->payload <= ip->total_len);
  FUZZ_CHECK (ip->payload_len == ip->total_len - ip->payload);
  FUZZ_CHECK (ip->src.family == ip->dst.family && ip->src.family != 0);
  FUZZ_CHECK (ip->fragment == (ip->more_fragments || ip->fragment_offset != 0));
  FUZZ_CHECK (ip->fragment_offset % 8 == 0 && ip->fragment_offset < 65536);
}

/* The flow of a plain datagram, right or wrong. */
static bool
expect_plain (const uint8_t * data, size_t size, ipudp_expected * expected)
{
  bool v4 = size > 0 && data[0] >> 4 == 4;
  core_family family = v4 ? CORE_FAMILY_V4 : CORE_FAMILY_V6;
  core_ip src, dst;
  rd_cursor r;

  rd_init (&r, data, size);
  rd_skip (&r, v4 ? 12 : 8);
  src = core_ip_read (&r, family);
  dst = core_ip_read (&r, family);
  rd_skip (&r, 2);
  ipudp_expect (expected, &src, &dst, rd_u16 (&r));
  return rd_ok (&r);
}

/* The long way, for a plain datagram. */
static bool
parse_plain (const uint8_t * data, size_t size, bool verify, udp_datagram * udp)
{
  ip_packet ip;

  if (ip_parse (data, size, &ip) != CORE_OK || ip.fragment ||
      ip.protocol != IP_PROTOCOL_UDP || ip.payload !=
      (ip.src.family == CORE_FAMILY_V4 ? IP_V4_HEADER : IP_V6_HEADER) ||
      udp_parse (&ip.src, &ip.dst, data + ip.payload, ip.payload_len, verify,
          udp) != CORE_OK)
    return false;
  udp->payload += ip.payload;
  return true;
}

/* The short way says what the long one says, of what is wrong too. */
static void
check_match_with (const uint8_t * data, size_t size, bool verify)
{
  ipudp_expected expected;
  udp_datagram quick, slow;

  if (!expect_plain (data, size, &expected))
    return;
  if (!parse_plain (data, size, verify, &slow)) {
    FUZZ_CHECK (!ipudp_match (data, size, &expected, verify, &quick));
    return;
  }
  FUZZ_CHECK (ipudp_match (data, size, &expected, verify, &quick));
  FUZZ_CHECK (quick.src_port == slow.src_port);
  FUZZ_CHECK (quick.dst_port == slow.dst_port);
  FUZZ_CHECK (quick.payload == slow.payload);
  FUZZ_CHECK (quick.payload_len == slow.payload_len);
  expected.dst_port ^= 1;
  FUZZ_CHECK (!ipudp_match (data, size, &expected, verify, &quick));
}

static void
check_match (const uint8_t * data, size_t size)
{
  check_match_with (data, size, false);
  check_match_with (data, size, true);
}

/* Builds headers of our own for the payload and finds it again. */
static void
check_build (const ip_packet * ip, const udp_datagram * udp,
    const uint8_t * payload)
{
  ipudp_flow flow = {.src = ip->src,.dst = ip->dst,.ttl = ip->ttl };
  size_t len = udp->payload_len;
  uint8_t *whole = malloc (IPUDP_HEADER_MAX + len);
  udp_datagram udp_again;
  ip_packet again;
  size_t header;

  FUZZ_CHECK (whole != NULL);
  flow.src_port = udp->src_port;
  flow.dst_port = udp->dst_port;
  flow.tos = ip->tos;
  header = ipudp_build_header (whole, IPUDP_HEADER_MAX, &flow, payload, len);
  FUZZ_CHECK (header == ipudp_header_len (&flow));
  memcpy (whole + header, payload, len);
  FUZZ_CHECK (ip_parse (whole, header + len, &again) == CORE_OK);
  FUZZ_CHECK (core_ip_equal (&again.src, &ip->src));
  FUZZ_CHECK (core_ip_equal (&again.dst, &ip->dst));
  FUZZ_CHECK (again.ttl == ip->ttl && again.tos == ip->tos);
  FUZZ_CHECK (udp_parse (&again.src, &again.dst, whole + again.payload,
          again.payload_len, true, &udp_again) == CORE_OK);
  FUZZ_CHECK (udp_again.src_port == udp->src_port);
  FUZZ_CHECK (udp_again.dst_port == udp->dst_port);
  FUZZ_CHECK (udp_again.payload_len == len);
  check_match (whole, header + len);
  if (len > 0) {
    whole[header + payload[0] % len] ^= (uint8_t) (payload[len - 1] | 1);
    check_match (whole, header + len);
  }
  free (whole);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  uint8_t *copy = fuzz_copy (data, size);
  udp_datagram udp;
  ip_packet ip;

  check_match (copy, size);
  repair (copy, size);
  check_match (copy, size);
  if (ip_parse (copy, size, &ip) == CORE_OK) {
    const uint8_t *payload = copy + ip.payload;

    check_packet (&ip, size);
    (void) udp_parse (&ip.src, &ip.dst, payload, ip.payload_len, true, &udp);
    if (udp_parse (&ip.src, &ip.dst, payload, ip.payload_len, false,
            &udp) == CORE_OK) {
      FUZZ_CHECK (udp.payload + udp.payload_len <= ip.payload_len);
      check_build (&ip, &udp, payload + udp.payload);
    }
  }
  free (copy);
  return 0;
}
