/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * IP and UDP framing: hostile headers, built headers.
 */
#include "ipudp.h"

#include <string.h>

#include "vectors.h"

#define V4_ADDRS "c000020ae8010101"
#define V6_ADDRS "20010db8000000000000000000000010" \
    "ff3e0000000000000000000080000001"
#define OPT8(next) next "00010400000000"
#define FRAG(next, field) next "00" field "42424242"

/* IPv4 headers get their checksum from the test unless raw is set. */
static const struct
{
  const char *name;
  const char *hex;
  bool raw;
  int ret;
  unsigned protocol;
  size_t total, payload, payload_len;
  bool fragment, more;
  size_t offset;
} packets[] = {
  {"empty", "", true, CORE_ERR_INNER_TRUNCATED},
  {"version 0", "00", true, CORE_ERR_INNER_VERSION},
  {"version 5", "5500001c000000004011000000000000", true,
      CORE_ERR_INNER_VERSION},
  {"version 15", "f0", true, CORE_ERR_INNER_VERSION},
  {"v4 one byte", "45", true, CORE_ERR_INNER_TRUNCATED},
  {"v4 plain", "4500001400000000ff110000" V4_ADDRS, false, CORE_OK, 17, 20,
      20, 0},
  {"v4 payload", "4500001800000000ff110000" V4_ADDRS "01020304", false,
      CORE_OK, 17, 24, 20, 4},
  {"v4 trailing", "4500001600000000ff110000" V4_ADDRS "01020304", false,
      CORE_OK, 17, 22, 20, 2},
  {"v4 IHL 0", "4000001400000000ff110000" V4_ADDRS, true,
      CORE_ERR_INNER_TRUNCATED},
  {"v4 IHL 4", "4400001400000000ff110000" V4_ADDRS, true,
      CORE_ERR_INNER_TRUNCATED},
  {"v4 IHL 6 of 20", "4600001400000000ff110000" V4_ADDRS, true,
      CORE_ERR_INNER_TRUNCATED},
  {"v4 IHL 6", "4600001800000000ff020000" V4_ADDRS "94040000", false, CORE_OK,
      2, 24, 24, 0},
  {"v4 IHL 6, total 20", "4600001400000000ff020000" V4_ADDRS "94040000",
      false, CORE_ERR_INNER_TRUNCATED},
  {"v4 IHL 15", "4f00003c00000000ff020000" V4_ADDRS
        "00000000000000000000000000000000000000000000000000000000000000000000"
        "000000000000", false, CORE_OK, 2, 60, 60, 0},
  {"v4 total 0", "4500000000000000ff110000" V4_ADDRS, false,
      CORE_ERR_INNER_TRUNCATED},
  {"v4 total 19", "4500001300000000ff110000" V4_ADDRS, false,
      CORE_ERR_INNER_TRUNCATED},
  {"v4 total 21 of 20", "4500001500000000ff110000" V4_ADDRS, false,
      CORE_ERR_INNER_LENGTH_EXCEEDS},
  {"v4 total 65535", "4500ffff00000000ff110000" V4_ADDRS, false,
      CORE_ERR_INNER_LENGTH_EXCEEDS},
  /* the length comes before the checksum */
  {"v4 too long and bad sum", "4500001500000000ff11abcd" V4_ADDRS, true,
      CORE_ERR_INNER_LENGTH_EXCEEDS},
  {"v4 bad sum", "4500001400000000ff11abcd" V4_ADDRS, true,
      CORE_ERR_INNER_IP_CHECKSUM},
  {"v4 DF and evil bit", "450000140000c000ff110000" V4_ADDRS, false, CORE_OK,
      17, 20, 20, 0},
  {"v4 MF", "4500001c00002000ff110000" V4_ADDRS "0001020304050607", false,
      CORE_OK, 17, 28, 20, 8, true, true, 0},
  {"v4 last offset", "4500001c00001fffff110000" V4_ADDRS "0001020304050607",
      false, CORE_OK, 17, 28, 20, 8, true, false, 65528},
  {"v6 39 bytes", "60000000000011ff20010db8000000000000000000000010"
        "ff3e00000000000000000000800000", true, CORE_ERR_INNER_TRUNCATED},
  {"v6 plain", "60000000000011ff" V6_ADDRS, true, CORE_OK, 17, 40, 40, 0},
  {"v6 trailing", "60000000000211ff" V6_ADDRS "010203", true, CORE_OK, 17, 42,
      40, 2},
  {"v6 too long", "60000000000411ff" V6_ADDRS "010203", true,
      CORE_ERR_INNER_LENGTH_EXCEEDS},
  {"v6 jumbo", "60000000000000ff" V6_ADDRS "1100c20400010000", true,
      CORE_ERR_INNER_TRUNCATED},
  {"v6 hop-by-hop", "60000000000a00ff" V6_ADDRS OPT8 ("3a") "0102", true,
      CORE_OK, 58, 50, 48, 2},
  {"v6 hop-by-hop past total", "60000000000700ff" V6_ADDRS OPT8 ("3a"), true,
      CORE_ERR_INNER_TRUNCATED},
  {"v6 hop-by-hop too long", "60000000000800ff" V6_ADDRS "3a01010400000000",
      true, CORE_ERR_INNER_TRUNCATED},
  {"v6 hop-by-hop length 255", "60000000000800ff" V6_ADDRS
        "3aff010400000000", true, CORE_ERR_INNER_TRUNCATED},
  {"v6 chain cut", "60000000000900ff" V6_ADDRS OPT8 ("2b") "11", true,
      CORE_ERR_INNER_TRUNCATED},
  {"v6 three headers", "60000000001800ff" V6_ADDRS OPT8 ("2b") OPT8 ("3c")
      OPT8 ("11"), true, CORE_OK, 17, 64, 64, 0},
  {"v6 eight headers", "60000000004000ff" V6_ADDRS OPT8 ("3c") OPT8 ("3c")
        OPT8 ("3c") OPT8 ("3c") OPT8 ("3c") OPT8 ("3c") OPT8 ("3c")
      OPT8 ("11"), true, CORE_OK, 17, 104, 104, 0},
  {"v6 nine headers", "60000000004800ff" V6_ADDRS OPT8 ("3c") OPT8 ("3c")
        OPT8 ("3c") OPT8 ("3c") OPT8 ("3c") OPT8 ("3c") OPT8 ("3c")
      OPT8 ("3c") OPT8 ("11"), true, CORE_ERR_INNER_TRUNCATED},
  {"v6 fragment", "6000000000102cff" V6_ADDRS FRAG ("11", "0001")
      "0001020304050607", true, CORE_OK, 17, 56, 48, 8, true, true, 0},
  {"v6 last fragment", "6000000000102cff" V6_ADDRS FRAG ("11", "fff8")
      "0001020304050607", true, CORE_OK, 17, 56, 48, 8, true, false, 65528},
  {"v6 reserved bits", "6000000000102cff" V6_ADDRS FRAG ("11", "000e")
      "0001020304050607", true, CORE_OK, 17, 56, 48, 8, true, false, 8},
  {"v6 fragment of a chain", "6000000000102cff" V6_ADDRS FRAG ("3c", "0009")
      "11ff020304050607", true, CORE_OK, 60, 56, 48, 8, true, true, 8},
  {"v6 fragment header cut", "6000000000072cff" V6_ADDRS "11000001424242",
      true, CORE_ERR_INNER_TRUNCATED},
  {"v6 atomic fragment", "60000000000c2cff" V6_ADDRS FRAG ("11", "0000")
      "01020304", true, CORE_OK, 17, 52, 48, 4},
  {"v6 atomic fragment, then a chain", "6000000000102cff" V6_ADDRS
        FRAG ("3c", "0000") OPT8 ("11"), true, CORE_OK, 17, 56, 56, 0},
  {"v6 no next header", "6000000000003bff" V6_ADDRS, true, CORE_OK, 59, 40,
      40, 0},
};

static vector_bytes
packet_bytes (const char *hex, bool raw)
{
  vector_bytes b = vector_bytes_from_hex (hex);
  size_t header = b.len > 0 ? (size_t) (b.data[0] & 15) * 4 : 0;

  if (!raw) {
    uint16_t sum = ip_sum_finish (ip_sum (b.data, header, 0));

    b.data[10] = (uint8_t) (sum >> 8);
    b.data[11] = (uint8_t) sum;
  }
  return b;
}

GST_START_TEST (test_ip_parse)
{
  vector_bytes b = packet_bytes (packets[__i__].hex, packets[__i__].raw);
  const char *name = packets[__i__].name;
  ip_packet ip;
  int ret = ip_parse (b.data, b.len, &ip);

  fail_unless (ret == packets[__i__].ret, "%s: %s", name,
      core_error_name (ret));
  if (ret == CORE_OK) {
    fail_unless (ip.protocol == packets[__i__].protocol, "%s: protocol %u",
        name, ip.protocol);
    fail_unless (ip.total_len == packets[__i__].total, "%s", name);
    fail_unless (ip.payload == packets[__i__].payload, "%s", name);
    fail_unless (ip.payload_len == packets[__i__].payload_len, "%s", name);
    fail_unless (ip.fragment == packets[__i__].fragment, "%s", name);
    fail_unless (ip.more_fragments == packets[__i__].more, "%s", name);
    fail_unless (ip.fragment_offset == packets[__i__].offset, "%s", name);
    fail_unless_equals_int (ip.ttl, 255);
  }
  vector_bytes_free (&b);
}

GST_END_TEST;

GST_START_TEST (test_ip_parse_fields)
{
  vector_bytes b = packet_bytes ("45c0001412344000011100000a0b0c0de8010203",
      false);
  core_ip src = vector_ip_literal ("10.11.12.13");
  core_ip dst = vector_ip_literal ("232.1.2.3");
  ip_packet ip;

  fail_unless_equals_int (ip_parse (b.data, b.len, &ip), CORE_OK);
  fail_unless (core_ip_equal (&ip.src, &src) && core_ip_equal (&ip.dst, &dst));
  fail_unless_equals_int (ip.tos, 0xc0);
  fail_unless_equals_int (ip.ttl, 1);
  fail_unless_equals_int (ip.ident, 0x1234);
  vector_bytes_free (&b);

  b = vector_bytes_from_hex ("6b812345000811072001000000000000000000000000"
      "0010ff3e00000000000000000000800000010000000000000000");
  b.data[6] = 44;
  b.data[40] = 17;
  b.data[47] = 0x99;
  fail_unless_equals_int (ip_parse (b.data, b.len, &ip), CORE_OK);
  fail_unless_equals_int (ip.tos, 0xb8);
  fail_unless_equals_int (ip.ttl, 7);
  fail_unless_equals_uint64 (ip.ident, 0x99);
  fail_unless_equals_int (ip.src.family, CORE_FAMILY_V6);
  fail_unless_equals_int (ip.dst.bytes[15], 1);
  vector_bytes_free (&b);
}

GST_END_TEST;

/* No proper prefix of a datagram is one. */
GST_START_TEST (test_ip_truncations)
{
  for (size_t i = 0; i < G_N_ELEMENTS (packets); i++) {
    vector_bytes b = packet_bytes (packets[i].hex, packets[i].raw);
    ip_packet ip;

    if (packets[i].ret == CORE_OK) {
      for (size_t len = 0; len < packets[i].total; len++) {
        vector_bytes cut = vector_bytes_copy (b.data, len);
        int ret = ip_parse (cut.data, cut.len, &ip);

        fail_unless (ret == CORE_ERR_INNER_TRUNCATED ||
            ret == CORE_ERR_INNER_LENGTH_EXCEEDS, "%s cut to %zu: %s",
            packets[i].name, len, core_error_name (ret));
        vector_bytes_free (&cut);
      }
    }
    vector_bytes_free (&b);
  }
}

GST_END_TEST;

static const struct
{
  const char *name;
  const char *hex;
  bool v6;
  bool verify;
  int ret;
  size_t payload_len;
} udps[] = {
  {"good", "9c40138c00186ca4000102030405060708090a0b0c0d0e0f", false, true,
      CORE_OK, 16},
  {"good v6", "9c40138c00186aa8000102030405060708090a0b0c0d0e0f", true, true,
      CORE_OK, 16},
  {"other family's checksum",
        "9c40138c00186ca4000102030405060708090a0b0c0d0e0f", true, true,
      CORE_ERR_INNER_UDP_CHECKSUM},
  {"bad checksum", "9c40138c00186ca5000102030405060708090a0b0c0d0e0f", false,
      true, CORE_ERR_INNER_UDP_CHECKSUM},
  {"not verified", "9c40138c00186ca5000102030405060708090a0b0c0d0e0f", false,
      false, CORE_OK, 16},
  {"none", "9c40138c00180000000102030405060708090a0b0c0d0e0f", false, true,
      CORE_OK, 16},
  {"none v6", "9c40138c00180000000102030405060708090a0b0c0d0e0f", true, true,
      CORE_ERR_INNER_UDP_CHECKSUM},
  {"none v6, not verified",
        "9c40138c00180000000102030405060708090a0b0c0d0e0f", true, false,
      CORE_OK, 16},
  {"padding", "9c40138c000a0000ffff0203", false, true, CORE_OK, 2},
  {"no payload", "9c40138c00080000", false, true, CORE_OK, 0},
  {"length 9 of 8", "9c40138c00090000", false, true,
      CORE_ERR_INNER_UDP_LENGTH},
  {"length 7", "9c40138c0007000000", false, true, CORE_ERR_INNER_UDP_LENGTH},
  {"length 0", "9c40138c0000000000", true, false, CORE_ERR_INNER_UDP_LENGTH},
  {"length before checksum", "9c40138c00ff0001", false, true,
      CORE_ERR_INNER_UDP_LENGTH},
  {"7 bytes", "9c40138c000700", false, false, CORE_ERR_INNER_UDP_LENGTH},
  {"nothing", "", false, false, CORE_ERR_INNER_UDP_LENGTH},
};

GST_START_TEST (test_udp_parse)
{
  bool v6 = udps[__i__].v6;
  core_ip src = vector_ip_literal (v6 ? "2001:db8::10" : "192.0.2.10");
  core_ip dst = vector_ip_literal (v6 ? "ff3e::8000:1" : "232.1.1.1");
  vector_bytes b = vector_bytes_from_hex (udps[__i__].hex);
  udp_datagram udp;
  int ret = udp_parse (&src, &dst, b.data, b.len, udps[__i__].verify, &udp);

  fail_unless (ret == udps[__i__].ret, "%s: %s", udps[__i__].name,
      core_error_name (ret));
  if (ret == CORE_OK) {
    fail_unless_equals_int (udp.src_port, 40000);
    fail_unless_equals_int (udp.dst_port, 5004);
    fail_unless_equals_int (udp.payload, 8);
    fail_unless_equals_int (udp.payload_len, udps[__i__].payload_len);
  }
  vector_bytes_free (&b);
}

GST_END_TEST;

static ipudp_flow
test_flow (bool v6)
{
  ipudp_flow flow = {.src_port = 40000,.dst_port = 5004,.ttl = 17 };

  flow.tos = 0xb8;
  flow.src = vector_ip_literal (v6 ? "2001:db8::10" : "192.0.2.10");
  flow.dst = vector_ip_literal (v6 ? "ff3e::8000:1" : "232.1.1.1");
  return flow;
}

static void
check_built (const ipudp_flow * flow, const uint8_t * payload, size_t len)
{
  size_t header = ipudp_header_len (flow);
  vector_bytes b = vector_bytes_copy (payload, len);
  uint8_t *whole = g_malloc (header + len);
  udp_datagram udp;
  ip_packet ip;

  fail_unless_equals_int (ipudp_build_header (whole, header, flow, b.data,
          len), header);
  fail_unless_equals_int (ipudp_build_header (whole, header - 1, flow, b.data,
          len), 0);
  fail_unless_equals_int (ipudp_build_header (whole, header, flow, b.data,
          len), header);
  memcpy (whole + header, b.data, len);

  fail_unless_equals_int (ip_parse (whole, header + len, &ip), CORE_OK);
  fail_unless (core_ip_equal (&ip.src, &flow->src));
  fail_unless (core_ip_equal (&ip.dst, &flow->dst));
  fail_unless_equals_int (ip.protocol, 17);
  fail_unless_equals_int (ip.ttl, flow->ttl);
  fail_unless_equals_int (ip.tos, flow->tos);
  fail_unless_equals_int (ip.total_len, header + len);
  fail_if (ip.fragment);
  fail_unless_equals_int (udp_parse (&ip.src, &ip.dst, whole + ip.payload,
          ip.payload_len, true, &udp), CORE_OK);
  fail_unless_equals_int (udp.src_port, flow->src_port);
  fail_unless_equals_int (udp.dst_port, flow->dst_port);
  fail_unless_equals_int (udp.payload_len, len);
  /* A checksum that is always there. */
  fail_unless (whole[ip.payload + 6] != 0 || whole[ip.payload + 7] != 0);
  g_free (whole);
  vector_bytes_free (&b);
}

GST_START_TEST (test_build)
{
  ipudp_flow flow = test_flow (__i__ == 1);
  size_t max = __i__ == 1 ? 65527 : 65507;
  uint8_t *payload = g_malloc (max);

  for (size_t i = 0; i < max; i++)
    payload[i] = (uint8_t) (i * 31);
  for (size_t len = 0; len < 100; len++)
    check_built (&flow, payload, len);
  check_built (&flow, payload, 1316);
  check_built (&flow, payload, max - 1);
  check_built (&flow, payload, max);
  g_free (payload);
}

GST_END_TEST;

/* A payload for each sum: one of them makes the checksum 0, sent as ffff. */
GST_START_TEST (test_build_checksum_never_zero)
{
  ipudp_flow flow = test_flow (__i__ == 1);
  size_t header = ipudp_header_len (&flow);
  unsigned full = 0;

  for (unsigned v = 0; v <= 0xffff; v++) {
    uint8_t payload[2] = { (uint8_t) (v >> 8), (uint8_t) v };
    uint8_t buf[IPUDP_HEADER_MAX];
    unsigned sum;

    if (ipudp_build_header (buf, sizeof (buf), &flow, payload,
            sizeof (payload)) != header)
      fail ("no header for %04x", v);
    sum = (unsigned) buf[header - 2] << 8 | buf[header - 1];
    if (sum == 0)
      fail ("checksum 0 for %04x", v);
    full += sum == 0xffff;
  }
  fail_unless (full >= 1 && full <= 2);
}

GST_END_TEST;

GST_START_TEST (test_build_refuses)
{
  static const size_t too_long[] = { 65528, 65535, 65536, SIZE_MAX - 8,
    SIZE_MAX - 7, SIZE_MAX
  };
  uint8_t buf[IPUDP_HEADER_MAX], payload[1] = { 0 };
  ipudp_flow flow = test_flow (false);

  fail_unless_equals_int (ipudp_build_header (buf, sizeof (buf), &flow,
          payload, 65508), 0);
  for (int v6 = 0; v6 < 2; v6++) {
    flow = test_flow (v6);
    for (size_t i = 0; i < G_N_ELEMENTS (too_long); i++)
      fail_unless_equals_int (ipudp_build_header (buf, sizeof (buf), &flow,
              payload, too_long[i]), 0);
    for (size_t cap = 0; cap < ipudp_header_len (&flow); cap++) {
      vector_bytes b = vector_bytes_copy (buf, cap);

      fail_unless_equals_int (ipudp_build_header (b.data, b.len, &flow,
              payload, 1), 0);
      vector_bytes_free (&b);
    }
    /* addresses that do not make a datagram */
    flow.src = test_flow (!v6).src;
    fail_unless_equals_int (ipudp_build_header (buf, sizeof (buf), &flow,
            payload, 1), 0);
    memset (&flow.src, 0, sizeof (flow.src));
    memset (&flow.dst, 0, sizeof (flow.dst));
    fail_unless_equals_int (ipudp_build_header (buf, sizeof (buf), &flow,
            payload, 1), 0);
  }
}

GST_END_TEST;

/* The data vectors, parsed to the last field; ours differ from them in
 * identification and DF only, so the rest is compared with what is built. */
GST_START_TEST (test_data_vectors)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *root = vectors_root (parser);
  unsigned n = vectors_count (root, "valid"), checked = 0;

  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_at (root, "valid", i);
    vector_bytes b, payload;
    udp_datagram udp;
    ip_packet ip;
    core_ip src, dst;

    if (vector_int (v, "type") != 6 || !vector_has (v, "inner.payload_hex"))
      continue;
    b = vector_hex (v, "amt_hex");
    payload = vector_hex (v, "inner.payload_hex");
    src = vector_ip (v, "inner.src");
    dst = vector_ip (v, "inner.dst");
    fail_unless_equals_int (ip_parse (b.data + 2, b.len - 2, &ip), CORE_OK);
    fail_unless (core_ip_equal (&ip.src, &src));
    fail_unless (core_ip_equal (&ip.dst, &dst));
    fail_unless_equals_int (udp_parse (&ip.src, &ip.dst,
            b.data + 2 + ip.payload, ip.payload_len, true, &udp), CORE_OK);
    fail_unless_equals_int (udp.src_port, vector_int (v, "inner.udp_sport"));
    fail_unless_equals_int (udp.dst_port, vector_int (v, "inner.udp_dport"));
    assert_bytes_equal (vector_string (v, "id"),
        b.data + 2 + ip.payload + udp.payload, udp.payload_len, payload.data,
        payload.len);
    if (g_strcmp0 (vector_string (v, "inner.inner_udp_checksum"),
            "valid") == 0 && ip.src.family == CORE_FAMILY_V6) {
      ipudp_flow flow = {.src = src,.dst = dst,.ttl = ip.ttl };
      uint8_t buf[IPUDP_HEADER_MAX];
      size_t len;

      flow.src_port = udp.src_port;
      flow.dst_port = udp.dst_port;
      flow.tos = ip.tos;
      len = ipudp_build_header (buf, sizeof (buf), &flow, payload.data,
          payload.len);
      assert_bytes_equal (vector_string (v, "id"), buf, len, b.data + 2,
          b.len - 2 - payload.len);
    }
    checked++;
    vector_bytes_free (&payload);
    vector_bytes_free (&b);
  }
  fail_unless_equals_int (checked, 7);
  g_object_unref (parser);
}

GST_END_TEST;

/* The outer packets of the vectors are whole UDP datagrams, too. */
GST_START_TEST (test_outer_packets)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *root = vectors_root (parser);
  unsigned n = vectors_count (root, "valid");

  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_at (root, "valid", i);
    core_addr from = vector_addr (v, "outer.src", "outer.sport");
    core_addr to = vector_addr (v, "outer.dst", "outer.dport");
    vector_bytes b = vector_hex (v, "ip_packet_hex");
    vector_bytes amt = vector_hex (v, "amt_hex");
    bool zero = strcmp (vector_string (v, "outer.udp_checksum"), "zero") == 0;
    udp_datagram udp;
    ip_packet ip;

    fail_unless_equals_int (ip_parse (b.data, b.len, &ip), CORE_OK);
    fail_unless (core_ip_equal (&ip.src, &from.ip));
    fail_unless (core_ip_equal (&ip.dst, &to.ip));
    fail_unless_equals_int (udp_parse (&ip.src, &ip.dst, b.data + ip.payload,
            ip.payload_len, true, &udp),
        zero && ip.src.family == CORE_FAMILY_V6 ?
        CORE_ERR_INNER_UDP_CHECKSUM : CORE_OK);
    fail_unless_equals_int (udp.src_port, from.port);
    fail_unless_equals_int (udp.dst_port, to.port);
    assert_bytes_equal (vector_string (v, "id"),
        b.data + ip.payload + udp.payload, udp.payload_len, amt.data, amt.len);
    vector_bytes_free (&amt);
    vector_bytes_free (&b);
  }
  g_object_unref (parser);
}

GST_END_TEST;

/* Matched or not, the parser says the same; returns whether it matched. */
static bool
check_match (const uint8_t * data, size_t len, const ipudp_flow * flow,
    bool verify)
{
  vector_bytes b = vector_bytes_copy (data, len);
  ipudp_expected expected;
  udp_datagram udp, parsed;
  ip_packet ip;
  bool match;

  ipudp_expect (&expected, &flow->src, &flow->dst, flow->dst_port);
  match = ipudp_match (b.data, len, &expected, verify, &udp);
  if (match) {
    fail_unless (ip_parse (b.data, len, &ip) == CORE_OK);
    fail_unless (core_ip_equal (&ip.src, &flow->src));
    fail_unless (core_ip_equal (&ip.dst, &flow->dst));
    fail_unless (ip.protocol == IP_PROTOCOL_UDP && !ip.fragment);
    fail_unless (udp_parse (&ip.src, &ip.dst, b.data + ip.payload,
            ip.payload_len, verify, &parsed) == CORE_OK);
    fail_unless (parsed.dst_port == flow->dst_port);
    fail_unless (udp.dst_port == flow->dst_port);
    fail_unless (udp.src_port == parsed.src_port);
    fail_unless (udp.payload == ip.payload + parsed.payload);
    fail_unless (udp.payload_len == parsed.payload_len);
  }
  vector_bytes_free (&b);
  return match;
}

static size_t
plain_datagram (const ipudp_flow * flow, uint8_t * buf, size_t cap, size_t len)
{
  size_t header = ipudp_header_len (flow);

  fail_unless (header + len <= cap);
  for (size_t i = 0; i < len; i++)
    buf[header + i] = (uint8_t) (i * 31);
  fail_unless_equals_int (ipudp_build_header (buf, header, flow, buf + header,
          len), header);
  return header + len;
}

GST_START_TEST (test_match)
{
  ipudp_flow flow = test_flow (__i__ == 1);
  ipudp_flow other = flow;
  uint8_t buf[1500] = { 0 };
  size_t checksum = ipudp_header_len (&flow) - 2;

  for (size_t payload = 0; payload < 80; payload++) {
    size_t len = plain_datagram (&flow, buf, sizeof (buf), payload);

    fail_unless (check_match (buf, len, &flow, true));
    /* octets behind it do not belong to it */
    fail_unless (check_match (buf, len + 3, &flow, true));
    for (size_t cut = 0; cut < len; cut++)
      fail_if (check_match (buf, cut, &flow, true));
  }

  other.dst_port++;
  fail_if (check_match (buf, sizeof (buf), &other, true));
  other = flow;
  other.src.bytes[3] ^= 1;
  fail_if (check_match (buf, sizeof (buf), &other, true));
  other = flow;
  other.dst.bytes[3] ^= 1;
  fail_if (check_match (buf, sizeof (buf), &other, true));
  fail_if (check_match (buf, sizeof (buf), &(ipudp_flow) {
          .dst_port = flow.dst_port}
          , true));

  /* no checksum: no checksum in IPv4, an error in IPv6 */
  buf[checksum] = buf[checksum + 1] = 0;
  fail_unless (check_match (buf, sizeof (buf), &flow, true) == (__i__ == 0));
  fail_unless (check_match (buf, sizeof (buf), &flow, false));
}

GST_END_TEST;

/* Whatever bit is wrong: what matches is right. */
GST_START_TEST (test_match_bits)
{
  ipudp_flow flow = test_flow (__i__ == 1);
  unsigned matched[2] = { 0, 0 };
  uint8_t buf[128];
  size_t len = plain_datagram (&flow, buf, sizeof (buf), 41);

  for (size_t bit = 0; bit < len * 8; bit++) {
    buf[bit / 8] ^= (uint8_t) (1 << bit % 8);
    for (int verify = 0; verify <= 1; verify++)
      matched[verify] += check_match (buf, len, &flow, verify);
    /* a header that was changed on purpose is right in itself */
    if (__i__ == 0 && bit / 8 < 10) {
      uint16_t sum;

      buf[10] = buf[11] = 0;
      sum = ip_sum_finish (ip_sum (buf, 20, 0));
      buf[10] = (uint8_t) (sum >> 8);
      buf[11] = (uint8_t) sum;
      (void) check_match (buf, len, &flow, true);
    }
    buf[bit / 8] ^= (uint8_t) (1 << bit % 8);
    fail_unless_equals_int (plain_datagram (&flow, buf, sizeof (buf), 41), len);
  }
  /* IPv6 has no checksum over its flow label, traffic class and hop limit. */
  fail_unless_equals_int (matched[true], __i__ == 0 ? 0 : 28 + 8);
  fail_unless (matched[false] >= 41 * 8);
}

GST_END_TEST;

static Suite *
ipudp_suite (void)
{
  Suite *s = suite_create ("ipudp");
  TCase *tc = tcase_create ("parse");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_ip_parse, 0, G_N_ELEMENTS (packets));
  tcase_add_test (tc, test_ip_parse_fields);
  tcase_add_test (tc, test_ip_truncations);
  tcase_add_loop_test (tc, test_udp_parse, 0, G_N_ELEMENTS (udps));
  tcase_add_test (tc, test_data_vectors);
  tcase_add_test (tc, test_outer_packets);
  tcase_add_loop_test (tc, test_match, 0, 2);
  tcase_add_loop_test (tc, test_match_bits, 0, 2);

  tc = tcase_create ("build");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_build, 0, 2);
  tcase_add_loop_test (tc, test_build_checksum_never_zero, 0, 2);
  tcase_add_test (tc, test_build_refuses);
  return s;
}

GST_CHECK_MAIN (ipudp);
