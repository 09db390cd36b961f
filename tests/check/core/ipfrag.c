/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reassembly: scripts of fragments, limits, time, what is counted.
 */
#include "ipfrag.h"

#include <string.h>

#include "vectors.h"

#define MAX_STEPS 10
#define TIMEOUT (30 * CORE_SECOND)

static ip_reassembly *
reassembly (unsigned datagrams, size_t bytes, core_time timeout)
{
  ip_reassembly_limits limits = { datagrams, bytes, timeout };
  ip_reassembly *ra;

  fail_unless_equals_int (ip_reassembly_new (&ra, &limits), CORE_OK);
  return ra;
}

/* The byte at offset of datagram ident. */
static uint8_t
pattern (uint32_t ident, size_t offset)
{
  return (uint8_t) (ident * 101 + offset * 7 + (offset >> 8));
}

static ip_packet
fragment (uint32_t ident, size_t offset, size_t len, bool more)
{
  ip_packet p = {.protocol = IP_PROTOCOL_UDP,.fragment = true };

  p.src = vector_ip_literal ("192.0.2.10");
  p.dst = vector_ip_literal ("232.1.1.1");
  p.ident = ident;
  p.fragment_offset = offset;
  p.payload_len = len;
  p.more_fragments = more;
  return p;
}

static int
add_packet (ip_reassembly * ra, const ip_packet * p, bool spoil, core_time now,
    size_t *whole_len)
{
  vector_bytes b = { g_malloc (p->payload_len + 1), p->payload_len };
  const uint8_t *whole = NULL;
  int ret;

  for (size_t i = 0; i < b.len; i++)
    b.data[i] = pattern (p->ident, p->fragment_offset + i);
  if (spoil)
    b.data[0] ^= 1;
  ret = ip_reassembly_add (ra, p, b.data, now, &whole, whole_len);
  for (size_t i = 0; ret == 1 && i < *whole_len; i++) {
    if (whole[i] != pattern (p->ident, i))
      fail ("byte %zu of datagram %u is wrong", i, p->ident);
  }
  g_free (b.data);
  return ret;
}

static int
add (ip_reassembly * ra, uint32_t ident, size_t offset, size_t len, bool more,
    core_time now)
{
  ip_packet p = fragment (ident, offset, len, more);
  size_t whole_len;

  return add_packet (ra, &p, false, now, &whole_len);
}

#define INVALID CORE_ERR_FRAGMENT_INVALID

/* One datagram each, as MF offset+len -> result; spoil changes a byte. */
static const struct
{
  const char *name;
  size_t whole_len;
  struct
  {
    size_t offset, len;
    bool more;
    int ret;
    bool spoil;
  } steps[MAX_STEPS];
} scripts[] = {
  {"in order", 21, {{0, 8, true, 0}, {8, 8, true, 0}, {16, 5, false, 1}}},
  {"reverse", 21, {{16, 5, false, 0}, {8, 8, true, 0}, {0, 8, true, 1}}},
  {"middle last", 24, {{0, 8, true, 0}, {16, 8, false, 0}, {8, 8, true, 1}}},
  {"long and short", 3001, {{1480, 1480, true, 0}, {0, 1480, true, 0},
          {2960, 41, false, 1}}},
  {"one byte at the end", 9, {{0, 8, true, 0}, {8, 1, false, 1}}},
  {"duplicate", 16, {{0, 8, true, 0}, {0, 8, true, 0}, {0, 8, true, 0},
          {8, 8, false, 1}}},
  {"duplicate end", 16, {{8, 8, false, 0}, {8, 8, false, 0},
          {0, 8, true, 1}}},
  {"duplicate odd end", 13, {{8, 5, false, 0}, {8, 5, false, 0},
          {0, 8, true, 1}}},
  {"inside what is there", 24, {{0, 16, true, 0}, {8, 8, true, 0},
          {16, 8, false, 1}}},
  {"duplicate with other bytes", 0, {{0, 8, true, 0}, {0, 8, true, INVALID,
              true}, {8, 8, false, 0}}},
  {"overlap behind", 0, {{0, 16, true, 0}, {8, 16, true, INVALID},
          {16, 8, false, 0}}},
  {"overlap before", 0, {{8, 16, true, 0}, {0, 16, true, INVALID}}},
  {"overlap around", 0, {{8, 8, true, 0}, {0, 24, true, INVALID}}},
  {"overlap with the end", 0, {{8, 5, false, 0}, {8, 8, true, INVALID}}},
  {"longer second end", 0, {{8, 8, false, 0}, {16, 8, false, INVALID}}},
  {"shorter second end", 0, {{16, 8, false, 0}, {8, 8, false, INVALID}}},
  {"end before what is there", 0, {{16, 8, true, 0}, {8, 8, false, INVALID}}},
  {"behind the end", 0, {{8, 8, false, 0}, {16, 8, true, INVALID}}},
  {"the same without MF", 0, {{0, 8, true, 0}, {0, 8, false, INVALID}}},
  {"the end with MF", 0, {{8, 8, false, 0}, {8, 8, true, INVALID}}},
  {"hole", 0, {{0, 8, true, 0}, {16, 8, true, 0}, {24, 8, false, 0}}},
  {"no start", 0, {{8, 8, true, 0}, {16, 8, false, 0}}},
  {"empty", 0, {{0, 0, true, INVALID}}},
  {"empty end", 0, {{0, 8, true, 0}, {8, 0, false, INVALID}}},
  {"misaligned", 0, {{0, 9, true, INVALID}}},
  {"misaligned later", 0, {{0, 8, true, 0}, {8, 7, true, INVALID},
          {8, 8, false, 0}}},
  {"longest", 65515, {{0, 65512, true, 0}, {65512, 3, false, 1}}},
  {"longest backwards", 65515, {{65512, 3, false, 0}, {0, 65512, true, 1}}},
  {"one too long", 0, {{0, 65512, true, 0}, {65512, 4, false, INVALID}}},
  {"ping of death", 0, {{0, 1480, true, 0}, {65528, 1480, false, INVALID}}},
  {"far offset", 0, {{65528, 8, true, INVALID}}},
  {"starts again after invalid", 16, {{0, 8, true, 0}, {0, 16, true, INVALID},
          {0, 8, true, 0}, {8, 8, false, 1}}},
  {"again after whole", 16, {{0, 8, true, 0}, {8, 8, false, 1},
          {8, 8, false, 0}, {0, 8, true, 1}}},
};

GST_START_TEST (test_script)
{
  ip_reassembly *ra = reassembly (4, 1 << 20, TIMEOUT);
  const char *name = scripts[__i__].name;
  bool done = false;

  for (int i = 0; i < MAX_STEPS && scripts[__i__].steps[i].offset +
      scripts[__i__].steps[i].len + (size_t) (scripts[__i__].steps[i].ret !=
          0) > 0; i++) {
    ip_packet p = fragment (7, scripts[__i__].steps[i].offset,
        scripts[__i__].steps[i].len, scripts[__i__].steps[i].more);
    size_t whole_len = 0;
    int ret = add_packet (ra, &p, scripts[__i__].steps[i].spoil, 0,
        &whole_len);

    fail_unless (ret == scripts[__i__].steps[i].ret, "%s, step %d: %d", name,
        i, ret);
    if (ret == 1) {
      fail_unless (whole_len == scripts[__i__].whole_len, "%s: %zu", name,
          whole_len);
      done = true;
    }
    /* Nothing is held of a datagram that is whole or was found invalid. */
    fail_unless_equals_int (ip_reassembly_deadline (ra) == CORE_TIME_NEVER,
        ret != 0);
  }
  fail_unless_equals_int (done, scripts[__i__].whole_len != 0);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 0);
  fail_unless_equals_uint64 (ip_reassembly_timed_out (ra), 0);
  ip_reassembly_free (ra);
}

GST_END_TEST;

GST_START_TEST (test_ipv6_longest)
{
  ip_reassembly *ra = reassembly (1, 1 << 17, TIMEOUT);

  for (int over = 0; over < 2; over++) {
    ip_packet p = fragment (1, 0, 65528, true);
    size_t whole_len = 0;

    p.src = vector_ip_literal ("2001:db8::10");
    p.dst = vector_ip_literal ("ff3e::8000:1");
    fail_unless_equals_int (add_packet (ra, &p, false, 0, &whole_len), 0);
    p.fragment_offset = 65528;
    p.payload_len = 7 + (size_t) over;
    p.more_fragments = false;
    fail_unless_equals_int (add_packet (ra, &p, false, 0, &whole_len),
        over ? INVALID : 1);
    fail_unless_equals_int (whole_len, over ? 0 : 65535);
  }
  ip_reassembly_free (ra);
}

GST_END_TEST;

/* What tells two datagrams apart. */
GST_START_TEST (test_keys)
{
  ip_reassembly *ra = reassembly (8, 1 << 20, TIMEOUT);
  ip_packet p[5];
  size_t whole_len;

  for (size_t i = 0; i < G_N_ELEMENTS (p); i++)
    p[i] = fragment (7, 0, 8, true);
  p[1].ident = 8;
  p[2].src = vector_ip_literal ("192.0.2.11");
  p[3].dst = vector_ip_literal ("232.1.1.2");
  p[4].protocol = IP_PROTOCOL_IGMP;
  for (size_t i = 0; i < G_N_ELEMENTS (p); i++)
    fail_unless_equals_int (add_packet (ra, &p[i], false, 0, &whole_len), 0);
  for (size_t i = 0; i < G_N_ELEMENTS (p); i++) {
    p[i].fragment_offset = 8;
    p[i].more_fragments = false;
    fail_unless_equals_int (add_packet (ra, &p[i], false, 0, &whole_len), 1);
  }
  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), CORE_TIME_NEVER);
  ip_reassembly_free (ra);
}

GST_END_TEST;

GST_START_TEST (test_timeout)
{
  ip_reassembly *ra = reassembly (4, 1 << 20, 10);

  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), CORE_TIME_NEVER);
  fail_unless_equals_int (add (ra, 1, 0, 8, true, 0), 0);
  fail_unless_equals_int (add (ra, 2, 0, 8, true, 4), 0);
  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), 10);
  /* a further fragment does not prolong */
  fail_unless_equals_int (add (ra, 1, 8, 8, true, 9), 0);
  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), 10);
  ip_reassembly_expire (ra, 9);
  fail_unless_equals_uint64 (ip_reassembly_timed_out (ra), 0);
  ip_reassembly_expire (ra, 10);
  fail_unless_equals_uint64 (ip_reassembly_timed_out (ra), 1);
  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), 14);
  /* the rest of the first comes late; adding expires too */
  fail_unless_equals_int (add (ra, 1, 16, 8, false, 14), 0);
  fail_unless_equals_uint64 (ip_reassembly_timed_out (ra), 2);
  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), 24);
  /* far too late is the same as in time */
  ip_reassembly_expire (ra, CORE_TIME_NEVER - 1);
  fail_unless_equals_uint64 (ip_reassembly_timed_out (ra), 3);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 0);
  ip_reassembly_free (ra);
}

GST_END_TEST;

GST_START_TEST (test_timeout_never)
{
  ip_reassembly *ra = reassembly (4, 1 << 20, CORE_TIME_NEVER);

  fail_unless_equals_int (add (ra, 1, 0, 8, true, 5), 0);
  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), CORE_TIME_NEVER);
  ip_reassembly_expire (ra, 6);
  fail_unless_equals_int (add (ra, 1, 8, 8, false, 1000 * CORE_SECOND), 1);
  fail_unless_equals_uint64 (ip_reassembly_timed_out (ra), 0);
  ip_reassembly_free (ra);
}

GST_END_TEST;

/* The oldest goes, also among those that came at one time. */
GST_START_TEST (test_count_limit)
{
  ip_reassembly *ra = reassembly (2, 1 << 20, TIMEOUT);

  for (uint32_t ident = 1; ident <= 5; ident++)
    fail_unless_equals_int (add (ra, ident, 0, 8, true, 100), 0);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 3);
  fail_unless_equals_int (add (ra, 5, 8, 8, false, 100), 1);
  fail_unless_equals_int (add (ra, 4, 8, 8, false, 100), 1);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 3);
  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), CORE_TIME_NEVER);
  ip_reassembly_free (ra);
}

GST_END_TEST;

GST_START_TEST (test_count_limit_by_age)
{
  ip_reassembly *ra = reassembly (3, 1 << 20, TIMEOUT);

  fail_unless_equals_int (add (ra, 1, 0, 8, true, 1), 0);
  fail_unless_equals_int (add (ra, 2, 0, 8, true, 2), 0);
  fail_unless_equals_int (add (ra, 3, 0, 8, true, 3), 0);
  fail_unless_equals_int (add (ra, 2, 8, 8, false, 4), 1);
  fail_unless_equals_int (add (ra, 4, 0, 8, true, 5), 0);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 0);
  fail_unless_equals_int (add (ra, 5, 0, 8, true, 6), 0);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 1);
  fail_unless_equals_int (add (ra, 3, 8, 8, false, 7), 1);
  fail_unless_equals_int (add (ra, 4, 8, 8, false, 7), 1);
  fail_unless_equals_int (add (ra, 5, 8, 8, false, 7), 1);
  ip_reassembly_free (ra);
}

GST_END_TEST;

GST_START_TEST (test_byte_limit)
{
  ip_reassembly *ra = reassembly (10, 6000, TIMEOUT);

  /* Three of 2,048 bytes do not fit: the first goes. */
  fail_unless_equals_int (add (ra, 1, 0, 8, true, 1), 0);
  fail_unless_equals_int (add (ra, 2, 0, 8, true, 2), 0);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 0);
  fail_unless_equals_int (add (ra, 3, 0, 8, true, 3), 0);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 1);
  fail_unless_equals_int (add (ra, 2, 8, 8, false, 4), 1);

  /* Growing pushes out the other, never itself. */
  fail_unless_equals_int (add (ra, 4, 0, 8, true, 5), 0);
  fail_unless_equals_int (add (ra, 3, 8, 5992, false, 6), 1);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 2);
  fail_unless_equals_int (add (ra, 4, 8, 8, false, 6), 0);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 2);
  ip_reassembly_free (ra);
}

GST_END_TEST;

/* What can never fit costs nobody else anything. */
GST_START_TEST (test_over_limit_alone)
{
  ip_reassembly *ra = reassembly (2, 6000, TIMEOUT);

  fail_unless_equals_int (add (ra, 1, 0, 8, true, 1), 0);
  fail_unless_equals_int (add (ra, 2, 0, 8, true, 1), 0);
  fail_unless_equals_int (add (ra, 3, 6000, 8, true, 2),
      CORE_ERR_FRAGMENT_LIMIT);
  fail_unless_equals_int (add (ra, 3, 0, 7, true, 2), INVALID);
  fail_unless_equals_int (add (ra, 3, 65528, 64, true, 2), INVALID);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 0);
  fail_unless_equals_int (add (ra, 1, 8, 8, false, 3), 1);

  /* What was held of it goes with it. */
  fail_unless_equals_int (add (ra, 2, 8, 6000, true, 3),
      CORE_ERR_FRAGMENT_LIMIT);
  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), CORE_TIME_NEVER);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 0);
  ip_reassembly_free (ra);
}

GST_END_TEST;

GST_START_TEST (test_clear)
{
  ip_reassembly *ra = reassembly (4, 4096, TIMEOUT);

  fail_unless_equals_int (add (ra, 1, 0, 8, true, 1), 0);
  fail_unless_equals_int (add (ra, 2, 0, 8, true, 1), 0);
  ip_reassembly_clear (ra);
  fail_unless_equals_uint64 (ip_reassembly_deadline (ra), CORE_TIME_NEVER);
  fail_unless_equals_int (add (ra, 1, 8, 8, false, 1), 0);
  fail_unless_equals_int (add (ra, 2, 0, 8, true, 1), 0);
  fail_unless_equals_uint64 (ip_reassembly_evicted (ra), 0);
  fail_unless_equals_uint64 (ip_reassembly_timed_out (ra), 0);
  ip_reassembly_free (ra);
  ip_reassembly_free (NULL);
}

GST_END_TEST;

GST_START_TEST (test_new_refuses)
{
  ip_reassembly_limits none = { 0, 1000, TIMEOUT };
  uint8_t not_null[1];
  ip_reassembly *ra = (ip_reassembly *) not_null;

  fail_unless_equals_int (ip_reassembly_new (&ra, &none),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless (ra == NULL);
}

GST_END_TEST;

/* Datagrams cut at random, shuffled, with duplicates: each comes out once. */
GST_START_TEST (test_random)
{
  GRand *rand = g_rand_new_with_seed (791);

  for (uint32_t round = 0; round < 300; round++) {
    ip_reassembly *ra = reassembly (1, 1 << 17, TIMEOUT);
    ip_packet parts[64];
    unsigned n = 0, done = 0;
    size_t total = (size_t) g_rand_int_range (rand, 9, 20000), at = 0;

    while (at < total && n < 63) {
      size_t len = (size_t) g_rand_int_range (rand, 1, 180) * 8;
      bool last = at + len >= total || n == 62;

      parts[n++] = fragment (round, at, last ? total - at : len, !last);
      at = last ? total : at + len;
    }
    if (n == 1)
      parts[0].more_fragments = false;
    for (unsigned i = n - 1; i > 0; i--) {
      unsigned k = (unsigned) g_rand_int_range (rand, 0, (int) i + 1);
      ip_packet p = parts[i];

      parts[i] = parts[k];
      parts[k] = p;
    }
    for (unsigned i = 0; i < n; i++) {
      size_t whole_len = 0;
      int ret = add_packet (ra, &parts[i], false, 0, &whole_len);

      fail_unless_equals_int (ret, i + 1 == n);
      if (ret == 1)
        fail_unless_equals_int (whole_len, total);
      done += ret == 1;
      if (ret == 0)
        fail_unless_equals_int (add_packet (ra, &parts[i], false, 0,
                &whole_len), 0);
    }
    fail_unless_equals_int (done, 1);
    ip_reassembly_free (ra);
  }
  g_rand_free (rand);
}

GST_END_TEST;

static void
check_vector_pair (JsonObject * root, const char *first, const char *second)
{
  const char *ids[] = { first, second };
  ip_reassembly *ra = reassembly (4, 1 << 20, TIMEOUT);

  for (int i = 0; i < 2; i++) {
    JsonObject *v = vectors_find (root, "valid", ids[i]);
    vector_bytes b = vector_hex (v, "amt_hex");
    vector_bytes data = vector_hex (v, "inner.frag_data_hex");
    const uint8_t *whole;
    size_t whole_len;
    udp_datagram udp;
    ip_packet ip;

    fail_unless_equals_int (ip_parse (b.data + 2, b.len - 2, &ip), CORE_OK);
    fail_unless (ip.fragment);
    fail_unless_equals_int (ip.more_fragments, vector_int (v, "inner.mf"));
    fail_unless_equals_int (ip.fragment_offset,
        vector_int (v, "inner.frag_offset_bytes"));
    fail_unless_equals_uint64 (ip.ident,
        g_ascii_strtoull (vector_string (v, "inner.ident"), NULL, 16));
    /* the data of a first fragment stands behind its UDP header */
    assert_bytes_equal (ids[i], b.data + b.len - data.len, data.len, data.data,
        data.len);
    fail_unless_equals_int (ip_reassembly_add (ra, &ip,
            b.data + 2 + ip.payload, 0, &whole, &whole_len), i);
    if (i == 1) {
      bool here = vector_has (v, "inner.reassembled");
      vector_bytes want = vector_hex (here ? v : vectors_find (root, "valid",
              first), "inner.reassembled.payload_hex");

      fail_unless_equals_int (udp_parse (&ip.src, &ip.dst, whole, whole_len,
              true, &udp), CORE_OK);
      fail_unless_equals_int (udp.dst_port, 5004);
      assert_bytes_equal (ids[i], whole + udp.payload, udp.payload_len,
          want.data, want.len);
      vector_bytes_free (&want);
    }
    vector_bytes_free (&data);
    vector_bytes_free (&b);
  }
  ip_reassembly_free (ra);
}

GST_START_TEST (test_vectors)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *root = vectors_root (parser);

  check_vector_pair (root, "data-v4-fragment-1", "data-v4-fragment-2");
  check_vector_pair (root, "data-v4-fragment-2", "data-v4-fragment-1");
  check_vector_pair (root, "data-v6-fragment-1", "data-v6-fragment-2");
  check_vector_pair (root, "data-v6-fragment-2", "data-v6-fragment-1");
  g_object_unref (parser);
}

GST_END_TEST;

static Suite *
ipfrag_suite (void)
{
  Suite *s = suite_create ("ipfrag");
  TCase *tc = tcase_create ("reassembly");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_script, 0, G_N_ELEMENTS (scripts));
  tcase_add_test (tc, test_ipv6_longest);
  tcase_add_test (tc, test_keys);
  tcase_add_test (tc, test_timeout);
  tcase_add_test (tc, test_timeout_never);
  tcase_add_test (tc, test_count_limit);
  tcase_add_test (tc, test_count_limit_by_age);
  tcase_add_test (tc, test_byte_limit);
  tcase_add_test (tc, test_over_limit_alone);
  tcase_add_test (tc, test_clear);
  tcase_add_test (tc, test_new_refuses);
  tcase_add_test (tc, test_random);
  tcase_add_test (tc, test_vectors);
  return s;
}

GST_CHECK_MAIN (ipfrag);
