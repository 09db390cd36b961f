/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Packet digests against the vectors, from their fields and from whole IP
 * packets.
 */
#include "ambi-packet.h"

#include <string.h>

#include "ambi-vectors.h"
#include "ipudp.h"

static void
check_digest (const ambi_digest_vector * v, const ambi_flow * flow,
    const uint8_t * data, size_t len)
{
  size_t digest_len = core_hash_len (v->algorithm);
  uint8_t *out = g_malloc (digest_len);
  core_hash *hash;

  fail_unless_equals_int (core_hash_new (&hash, v->algorithm), CORE_OK);
  fail_unless_equals_int (ambi_packet_digest (hash, flow, v->stream_id, data,
          len, out), CORE_OK);
  assert_bytes_equal (v->name, out, digest_len, v->digest.data, v->digest.len);
  core_hash_free (hash);
  g_free (out);
}

GST_START_TEST (test_vectors)
{
  JsonParser *parser = ambi_vectors_load ();
  unsigned n = ambi_digest_vectors (parser);

  fail_unless_equals_int (n, 20);
  for (unsigned i = 0; i < n; i++) {
    uint8_t header[AMBI_PSEUDOHEADER_MAX];
    ambi_digest_vector v;
    size_t len;

    ambi_digest_vector_init (&v, parser, i);
    len = ambi_pseudoheader (header, &v.flow, v.stream_id, v.hashed.len);
    assert_bytes_equal (v.name, header, len, v.pseudoheader.data,
        v.pseudoheader.len);
    check_digest (&v, &v.flow, v.hashed.data, v.hashed.len);
    ambi_digest_vector_clear (&v);
  }
  g_object_unref (parser);
}

GST_END_TEST;

/* What a receiver finds in the packet itself: options of IPv4 are no payload,
 * and octets behind a UDP datagram count at the IP layer only. */
static void
check_packet (const ambi_digest_vector * v)
{
  const uint8_t *data = v->packet.data;
  udp_datagram udp = { 0 };
  ip_packet ip;
  ambi_flow flow;

  fail_unless_equals_int (ip_parse (data, v->packet.len, &ip), CORE_OK);
  fail_unless_equals_int (ip.total_len, v->packet.len);
  flow = (ambi_flow) {
  .src = ip.src,.dst = ip.dst,.protocol = ip.protocol};
  if (ip.protocol == AMBI_PROTOCOL_UDP) {
    fail_unless_equals_int (udp_parse (&ip.src, &ip.dst, data + ip.payload,
            ip.payload_len, true, &udp), CORE_OK);
    flow.src_port = udp.src_port;
    flow.dst_port = udp.dst_port;
  }
  if (v->ip_layer)
    check_digest (v, &flow, data + ip.payload, ip.payload_len);
  else
    check_digest (v, &flow, data + ip.payload + udp.payload, udp.payload_len);
}

GST_START_TEST (test_whole_packets)
{
  JsonParser *parser = ambi_vectors_load ();
  unsigned n = ambi_digest_vectors (parser), packets = 0;

  for (unsigned i = 0; i < n; i++) {
    ambi_digest_vector v;

    ambi_digest_vector_init (&v, parser, i);
    if (v.packet.len > 0) {
      check_packet (&v);
      packets++;
    }
    ambi_digest_vector_clear (&v);
  }
  fail_unless_equals_int (packets, 5);
  g_object_unref (parser);
}

GST_END_TEST;

static ambi_flow
flow_of (const char *src, const char *dst)
{
  ambi_flow flow = {.src_port = 40000,.dst_port = 5001 };

  flow.src = vector_ip_literal (src);
  flow.dst = vector_ip_literal (dst);
  flow.protocol = AMBI_PROTOCOL_UDP;
  return flow;
}

/* Ports that were given are not hashed where there are none. */
GST_START_TEST (test_ports_of_other_protocols)
{
  ambi_flow flow = flow_of ("198.51.100.10", "232.10.10.1");
  uint8_t with[AMBI_PSEUDOHEADER_MAX], without[AMBI_PSEUDOHEADER_MAX];

  fail_unless_equals_int (ambi_pseudoheader (with, &flow, 1, 7), 20);
  fail_unless_equals_int (with[12] << 8 | with[13], 40000);
  flow.protocol = 253;
  fail_unless_equals_int (ambi_pseudoheader (with, &flow, 1, 7), 20);
  flow.src_port = flow.dst_port = 0;
  fail_unless_equals_int (ambi_pseudoheader (without, &flow, 1, 7), 20);
  assert_bytes_equal ("ports", with, 20, without, 20);
}

GST_END_TEST;

/* The addresses of a socket of both families (::ffff:a.b.c.d). */
GST_START_TEST (test_mapped_addresses)
{
  ambi_flow v4 = flow_of ("198.51.100.10", "232.10.10.1"), mapped = v4;
  uint8_t bytes[16] = {[10] = 0xff, 0xff };
  uint8_t a[AMBI_PSEUDOHEADER_MAX], b[AMBI_PSEUDOHEADER_MAX];

  memcpy (bytes + 12, v4.src.bytes, 4);
  mapped.src = core_ip_v6 (bytes);
  fail_unless_equals_int (ambi_pseudoheader (a, &v4, 1, 0), 20);
  fail_unless_equals_int (ambi_pseudoheader (b, &mapped, 1, 0), 20);
  assert_bytes_equal ("mapped", b, 20, a, 20);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  ambi_flow good = flow_of ("198.51.100.10", "232.10.10.1"), flow;
  uint8_t header[AMBI_PSEUDOHEADER_MAX], out[CORE_SHA256_LEN];
  uint8_t *data = g_malloc0 (AMBI_PAYLOAD_MAX + 1);
  core_hash *hash;

  fail_unless_equals_int (core_hash_new (&hash, CORE_HASH_SHA_256), CORE_OK);
  flow = good;
  flow.src = vector_ip_literal ("2001:db8::a");
  fail_unless_equals_int (ambi_pseudoheader (header, &flow, 1, 0), 0);
  fail_unless_equals_int (ambi_packet_digest (hash, &flow, 1, data, 0, out),
      CORE_ERR_INVALID_ARGUMENT);
  memset (&flow, 0, sizeof (flow));
  fail_unless_equals_int (ambi_packet_digest (hash, &flow, 1, data, 0, out),
      CORE_ERR_INVALID_ARGUMENT);

  /* The length has 16 bits. */
  fail_unless_equals_int (ambi_packet_digest (hash, &good, 1, data,
          AMBI_PAYLOAD_MAX, out), CORE_OK);
  fail_unless_equals_int (ambi_packet_digest (hash, &good, 1, data,
          AMBI_PAYLOAD_MAX + 1, out), CORE_ERR_INVALID_ARGUMENT);
  core_hash_free (hash);
  g_free (data);
}

GST_END_TEST;

static Suite *
ambi_packet_suite (void)
{
  Suite *s = suite_create ("ambi-packet");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  tcase_add_test (tc, test_whole_packets);
  tcase_add_test (tc, test_ports_of_other_protocols);
  tcase_add_test (tc, test_mapped_addresses);
  tcase_add_test (tc, test_refused);
  return s;
}

GST_CHECK_MAIN (ambi_packet);
