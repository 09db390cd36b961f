/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The data path of the AMT gateway: what is taken, what is dropped, and that
 * every datagram is counted once.
 */
#include "amt-gateway-test.h"

#define RELAY "198.51.100.1"
#define S1 "192.0.2.10"
#define G1 "232.1.1.1"

static const uint8_t payload[24] = "0123456789abcdefghijklm";

static test_bench *
active_full (amt_gateway_config config, unsigned port)
{
  test_bench *b = bench_new_full (config, 0);

  bench_peer (b, RELAY)->mute_data = true;
  bench_one_candidate (b, RELAY, false);
  fail_unless_equals_int (bench_join (b, S1, G1, port), 0);
  bench_drain (b);
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_ACTIVE);
  return b;
}

static test_bench *
active (unsigned port)
{
  amt_gateway_config config = { 0 };

  return active_full (config, port);
}

static size_t
make (const char *source, const char *group, unsigned port, uint8_t * buf,
    size_t cap)
{
  core_ip s = test_ip (source), g = test_ip (group);

  return test_data (&s, &g, port, payload, sizeof (payload), buf, cap);
}

static int
feed (test_bench * b, const uint8_t * buf, size_t len, amt_view * view)
{
  return bench_receive (b, &b->peers[0].addr, buf, len, view);
}

static void
fix_v4_checksum (uint8_t * ip)
{
  uint16_t sum;

  ip[10] = ip[11] = 0;
  sum = ip_sum_finish (ip_sum (ip, 20, 0));
  ip[10] = (uint8_t) (sum >> 8);
  ip[11] = (uint8_t) sum;
}

/* Cuts the IPv4 datagram in a Data message: payload bytes [from, to). */
static size_t
fragment (const uint8_t * whole, size_t len, size_t from, size_t to,
    unsigned ident, uint8_t * out)
{
  size_t total = len - AMT_DATA_HEADER - 20;

  to = MIN (to, total);
  memcpy (out, whole, AMT_DATA_HEADER + 20);
  memcpy (out + AMT_DATA_HEADER + 20, whole + AMT_DATA_HEADER + 20 + from,
      to - from);
  out[4] = 0;
  out[5] = (uint8_t) (20 + to - from);
  out[6] = (uint8_t) (ident >> 8);
  out[7] = (uint8_t) ident;
  out[8] = to < total ? 0x20 : 0;
  out[9] = (uint8_t) (from / 8);
  fix_v4_checksum (out + AMT_DATA_HEADER);
  return AMT_DATA_HEADER + 20 + to - from;
}

GST_START_TEST (test_nothing_reported)
{
  test_bench *b = bench_new ();
  core_addr relay = test_addr (RELAY, AMT_PORT);
  uint8_t buf[256];
  size_t len = make (S1, G1, 5001, buf, sizeof (buf));

  fail_unless_equals_int (bench_receive (b, &relay, buf, len, NULL),
      CORE_ERR_WRONG_SOURCE_ADDRESS);
  bench_one_candidate (b, RELAY, false);
  bench_join (b, S1, G1, 5001);
  fail_unless_equals_int (bench_receive (b, &relay, buf, len, NULL),
      CORE_ERR_WRONG_SOURCE_ADDRESS);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_channels)
{
  static const struct
  {
    const char *source, *group;
    unsigned port;
    int ret, channel;
  } cases[] = {
    {S1, G1, 5001, 1, 0},
    {S1, G1, 5002, 1, 1},
    {S1, G1, 5003, CORE_ERR_PORT_NOT_SUBSCRIBED, 0},
    {"192.0.2.11", G1, 5001, 1, 2},
    {S1, "232.1.1.2", 7000, 1, 3},
    {S1, "232.1.1.2", 7000, 1, 3},
    {S1, "232.1.1.2", 7001, CORE_ERR_PORT_NOT_SUBSCRIBED, 0},
    {S1, "232.1.1.2", 0, CORE_ERR_PORT_NOT_SUBSCRIBED, 0},
    {"2001:db8::10", "ff3e::8000:1", 5001, 1, 4},
    {"2001:db8::11", "ff3e::8000:1", 5001, CORE_ERR_SOURCE_NOT_SUBSCRIBED, 0},
    {"2001:db8::10", "ff3e::8000:2", 5001, CORE_ERR_GROUP_NOT_SUBSCRIBED, 0},
    {"192.0.2.12", G1, 5001, CORE_ERR_SOURCE_NOT_SUBSCRIBED, 0},
    {"192.0.2.9", G1, 5001, CORE_ERR_SOURCE_NOT_SUBSCRIBED, 0},
    {S1, "232.1.1.3", 5001, CORE_ERR_GROUP_NOT_SUBSCRIBED, 0},
    {S1, "232.1.1.4", 0, CORE_ERR_PORT_NOT_SUBSCRIBED, 0},
    {S1, "203.0.113.9", 5001, CORE_ERR_INNER_DST_NOT_MULTICAST, 0},
  };
  test_bench *b = active (5001);
  amt_gateway_event_info ev = { 0 };

  fail_unless_equals_int (bench_join (b, S1, G1, 5002), 1);
  fail_unless_equals_int (bench_join (b, "192.0.2.11", G1, 5001), 2);
  fail_unless_equals_int (bench_join (b, S1, "232.1.1.2", 0), 3);
  fail_unless_equals_int (bench_join (b, "2001:db8::10", "ff3e::8000:1",
          5001), 4);
  fail_unless_equals_int (bench_join (b, S1, "232.1.1.4", 0), 5);
  bench_drain (b);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    uint8_t buf[256];
    amt_view view;
    size_t len = make (cases[i].source, cases[i].group, cases[i].port, buf,
        sizeof (buf));
    int ret = feed (b, buf, len, &view);

    fail_unless (ret == cases[i].ret, "%u: %s", i, core_error_name (ret));
    if (ret != 1)
      continue;
    fail_unless_equals_int (view.channel, cases[i].channel);
    fail_unless_equals_int (view.len, sizeof (payload));
    fail_unless (memcmp (view.data, payload, view.len) == 0);
    fail_unless_equals_int (view.source_port, 40000);
    fail_unless (!view.reassembled);
  }
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_PORT_LEARNT, &ev), 1);
  fail_unless_equals_int (ev.channel, 3);
  fail_unless_equals_int (ev.channel_port, 7000);
  /* Another channel stays when its membership's other one leaves. */
  amt_gateway_leave (b->gw, 0, b->now);
  {
    uint8_t buf[256];
    size_t len = make (S1, G1, 5002, buf, sizeof (buf));

    fail_unless_equals_int (feed (b, buf, len, NULL), 1);
  }
  bench_free (b);
}

GST_END_TEST;

/* Lookups among many: each finds its own. */
/* What was taken a moment ago is not taken for that reason. */
GST_START_TEST (test_channels_change)
{
  test_bench *b = active (5001);
  uint8_t buf[256];
  size_t len = make (S1, G1, 5001, buf, sizeof (buf));
  core_addr stranger = test_addr ("198.51.100.9", AMT_PORT);
  amt_view view;

  for (int i = 0; i < 2; i++) {
    fail_unless_equals_int (feed (b, buf, len, &view), 1);
    fail_unless_equals_int (view.channel, 0);
    fail_unless (view.data == buf + len - sizeof (payload));
    fail_unless_equals_int (view.len, sizeof (payload));
  }
  fail_unless_equals_int (bench_receive (b, &stranger, buf, len, NULL),
      CORE_ERR_WRONG_SOURCE_ADDRESS);
  buf[len - 1] ^= 1;
  fail_unless_equals_int (feed (b, buf, len, NULL),
      CORE_ERR_INNER_UDP_CHECKSUM);
  buf[len - 1] ^= 1;

  amt_gateway_leave (b->gw, 0, b->now);
  fail_unless_equals_int (feed (b, buf, len, NULL),
      CORE_ERR_GROUP_NOT_SUBSCRIBED);
  fail_unless_equals_int (bench_join (b, S1, G1, 5002), 0);
  fail_unless_equals_int (feed (b, buf, len, NULL),
      CORE_ERR_PORT_NOT_SUBSCRIBED);
  fail_unless_equals_int (bench_join (b, S1, G1, 5001), 1);
  fail_unless_equals_int (feed (b, buf, len, &view), 1);
  fail_unless_equals_int (view.channel, 1);
  amt_gateway_stop (b->gw, b->now);
  fail_unless (feed (b, buf, len, NULL) < 0);
  bench_free (b);
}

GST_END_TEST;

/* The result for a datagram to the port; 0 when it came for another channel. */
static int
feed_port (test_bench * b, unsigned port, int channel)
{
  uint8_t buf[256];
  size_t len = make (S1, G1, port, buf, sizeof (buf));
  amt_view view;
  int ret = feed (b, buf, len, &view);

  return ret == 1 && view.channel != channel ? 0 : ret;
}

/* A port is set before one is learnt, after it, and once more; each time what
 * comes to the one before is dropped at once, also in fragments. */
GST_START_TEST (test_set_port)
{
  const int dropped = CORE_ERR_PORT_NOT_SUBSCRIBED;
  test_bench *b = active (0);
  const amt_gateway_stats *stats = amt_gateway_get_stats (b->gw);
  uint8_t whole[256], piece[256];
  size_t len = make (S1, G1, 5002, whole, sizeof (whole));
  amt_gateway_event_info ev = { 0 };

  fail_unless_equals_int (feed_port (b, 7, 0), 1);
  fail_unless_equals_int (feed_port (b, 5001, 0), dropped);
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_PORT_LEARNT, &ev), 1);
  fail_unless_equals_int (ev.channel_port, 7);

  amt_gateway_set_port (b->gw, 0, 5001, b->now + SECONDS (2));
  fail_unless_equals_int (feed_port (b, 7, 0), dropped);
  fail_unless_equals_int (feed_port (b, 5001, 0), 1);
  fail_unless_equals_int (feed_port (b, 5001, 0), 1);

  fail_unless_equals_int (feed (b, piece, fragment (whole, len, 0, 16, 9,
              piece), NULL), 0);
  amt_gateway_set_port (b->gw, 0, 5002, b->now + SECONDS (3));
  fail_unless_equals_int (feed_port (b, 5001, 0), dropped);
  fail_unless_equals_int (feed_port (b, 5002, 0), 1);
  amt_gateway_set_port (b->gw, 0, 0, b->now);
  amt_gateway_set_port (b->gw, 1, 7, b->now);
  amt_gateway_set_port (b->gw, -1, 7, b->now);
  fail_unless_equals_int (feed_port (b, 5002, 0), 1);
  amt_gateway_set_port (b->gw, 0, 5001, b->now);
  fail_unless_equals_int (feed (b, piece, fragment (whole, len, 16, len, 9,
              piece), NULL), dropped);

  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_PORT_LEARNT, &ev), 1);
  fail_unless_equals_uint64 (stats->data_dropped[-dropped], 4);
  bench_free (b);
}

GST_END_TEST;

/* Where another channel of source and group has no port, it takes what a
 * channel that moved no longer does. */
GST_START_TEST (test_set_port_of_two)
{
  test_bench *b = active (5001);

  fail_unless_equals_int (bench_join (b, S1, G1, 0), 1);
  fail_unless_equals_int (feed_port (b, 5001, 0), 1);
  amt_gateway_set_port (b->gw, 0, 5002, b->now);
  fail_unless_equals_int (feed_port (b, 5002, 0), 1);
  fail_unless_equals_int (feed_port (b, 5001, 1), 1);
  fail_unless_equals_int (feed_port (b, 5003, 1), CORE_ERR_PORT_NOT_SUBSCRIBED);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_many)
{
  test_bench *b = active (5001);
  uint8_t buf[256];
  char group[32];
  unsigned i;

  for (i = 1; i < 1024; i++) {
    g_snprintf (group, sizeof (group), "232.%u.%u.7", i * 37 % 251, i / 251);
    fail_unless_equals_int (bench_join (b, S1, group, 5001), (int) i);
  }
  bench_drain (b);
  for (i = 1; i < 1024; i++) {
    amt_view view;
    size_t len;

    g_snprintf (group, sizeof (group), "232.%u.%u.7", i * 37 % 251, i / 251);
    len = make (S1, group, 5001, buf, sizeof (buf));
    fail_unless_equals_int (feed (b, buf, len, &view), 1);
    fail_unless_equals_int (view.channel, i);
  }
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_hostile)
{
  test_bench *b = active (5001);
  amt_gateway_config lax_config = {.no_verify_checksum = true };
  test_bench *lax = active_full (lax_config, 5001);
  core_addr scoped = b->peers[0].addr;
  uint8_t good[256], buf[256];
  size_t len = make (S1, G1, 5001, good, sizeof (good));

  memcpy (buf, good, len);
  buf[2 + 9] = 6;               /* TCP */
  fix_v4_checksum (buf + 2);
  fail_unless_equals_int (feed (b, buf, len, NULL), CORE_ERR_INNER_NOT_UDP);

  memcpy (buf, good, len);
  buf[len - 1] ^= 1;
  fail_unless_equals_int (feed (b, buf, len, NULL),
      CORE_ERR_INNER_UDP_CHECKSUM);
  fail_unless_equals_int (feed (lax, buf, len, NULL), 1);

  memcpy (buf, good, len);
  buf[2 + 24 + 1] = 0xff;
  fail_unless_equals_int (feed (b, buf, len, NULL), CORE_ERR_INNER_UDP_LENGTH);

  fail_unless_equals_int (feed (b, good, 1, NULL), CORE_ERR_TOO_SHORT);
  fail_unless_equals_int (feed (b, good, 2, NULL), CORE_ERR_INNER_TRUNCATED);
  fail_unless_equals_int (feed (b, good, len, NULL), 1);

  /* An unknown interface is no other address; a known one is. */
  scoped.scope = 3;
  fail_unless_equals_int (bench_receive (b, &scoped, good, len, NULL), 1);
  scoped.port++;
  fail_unless_equals_int (bench_receive (b, &scoped, good, len, NULL),
      CORE_ERR_WRONG_SOURCE_PORT);
  bench_free (b);
  bench_free (lax);
}

GST_END_TEST;

/* A link-local address on another interface is another host. */
GST_START_TEST (test_scope)
{
  amt_relay_candidate where = {.addr = test_addr ("fe80::1", AMT_PORT) };
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, "fe80::1");
  uint8_t buf[256];
  size_t len = make (S1, G1, 5001, buf, sizeof (buf));

  where.addr.scope = p->addr.scope = 2;
  fail_unless_equals_int (amt_gateway_set_candidates (b->gw, &where, 1, 0),
      CORE_OK);
  bench_join (b, S1, G1, 5001);
  bench_drain (b);
  fail_unless_equals_int (p->n_joined, 1);
  fail_unless_equals_int (feed (b, buf, len, NULL), 1);
  p->addr.scope = 3;
  fail_unless_equals_int (feed (b, buf, len, NULL),
      CORE_ERR_WRONG_SOURCE_ADDRESS);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_reassembly)
{
  test_bench *b = active (0);
  const amt_gateway_stats *s = amt_gateway_get_stats (b->gw);
  uint8_t good[256], part[3][256], bad[256];
  size_t len = make (S1, G1, 5001, good, sizeof (good)), n[3];
  amt_view view;

  /* Out of order, with a duplicate. */
  for (unsigned i = 0; i < 3; i++)
    n[i] = fragment (good, len, i * 16, i < 2 ? (i + 1) * 16 : 1000, 7,
        part[i]);
  n[2] = fragment (good, len, 24, 1000, 7, part[2]);
  n[1] = fragment (good, len, 16, 24, 7, part[1]);
  fail_unless_equals_int (feed (b, part[2], n[2], NULL), 0);
  fail_unless_equals_int (feed (b, part[0], n[0], NULL), 0);
  fail_unless_equals_int (feed (b, part[0], n[0], NULL), 0);
  fail_unless_equals_uint64 (s->data_received, 0);
  fail_unless_equals_int (feed (b, part[1], n[1], &view), 1);
  fail_unless (view.reassembled);
  fail_unless_equals_int (view.len, sizeof (payload));
  fail_unless (memcmp (view.data, payload, view.len) == 0);
  fail_unless_equals_uint64 (s->data_received, 1);
  fail_unless_equals_uint64 (s->fragments_received, 4);

  /* Not for us: not even held. */
  memcpy (bad, part[0], n[0]);
  bad[2 + 19] = 9;
  fix_v4_checksum (bad + 2);
  fail_unless_equals_int (feed (b, bad, n[0], NULL),
      CORE_ERR_GROUP_NOT_SUBSCRIBED);
  fail_unless_equals_uint64 (s->fragments_received, 4);

  /* An overlap drops all of it, once. */
  fail_unless_equals_int (feed (b, part[0], n[0], NULL), 0);
  n[1] = fragment (good, len, 8, 24, 7, part[1]);
  fail_unless_equals_int (feed (b, part[1], n[1], NULL),
      CORE_ERR_FRAGMENT_INVALID);
  fail_unless_equals_uint64 (s->data_dropped[-CORE_ERR_FRAGMENT_INVALID], 1);

  /* A whole that is broken. */
  good[len - 1] ^= 1;
  n[0] = fragment (good, len, 0, 16, 8, part[0]);
  n[1] = fragment (good, len, 16, 1000, 8, part[1]);
  fail_unless_equals_int (feed (b, part[0], n[0], NULL), 0);
  fail_unless_equals_int (feed (b, part[1], n[1], NULL),
      CORE_ERR_INNER_UDP_CHECKSUM);
  bench_free (b);
}

GST_END_TEST;

GST_START_TEST (test_reassembly_limits)
{
  amt_gateway_config config = {.max_reassembly = 2 };
  test_bench *b = active_full (config, 5001);
  const amt_gateway_stats *s = amt_gateway_get_stats (b->gw);
  uint8_t good[256], part[256];
  size_t len = make (S1, G1, 5001, good, sizeof (good)), n;

  for (unsigned i = 0; i < 10; i++) {
    n = fragment (good, len, 0, 16, i, part);
    fail_unless_equals_int (feed (b, part, n, NULL), 0);
  }
  fail_unless_equals_uint64 (s->data_dropped[-CORE_ERR_FRAGMENT_LIMIT], 8);
  fail_unless_equals_uint64 (s->data_received, 8);

  bench_run (b, SECONDS (4.9));
  fail_unless_equals_uint64 (s->data_dropped[-CORE_ERR_FRAGMENT_TIMEOUT], 0);
  bench_run (b, SECONDS (5));
  fail_unless_equals_uint64 (s->data_dropped[-CORE_ERR_FRAGMENT_TIMEOUT], 2);
  fail_unless_equals_uint64 (s->data_received, 10);
  bench_free (b);

  /* One that alone is over the limit. */
  config.max_reassembly_bytes = 8;
  b = active_full (config, 5001);
  n = fragment (good, len, 0, 16, 1, part);
  fail_unless_equals_int (feed (b, part, n, NULL), CORE_ERR_FRAGMENT_LIMIT);
  bench_free (b);
}

GST_END_TEST;

/* Data keeps coming from the old relay until the new one has the report. */
GST_START_TEST (test_data_across_failover)
{
  static const char *const two[] = { RELAY, "198.51.100.2" };
  test_bench *b = bench_new ();
  test_peer *p = bench_peer (b, RELAY), *q = bench_peer (b, two[1]);
  amt_message msg;
  uint8_t buf[256];
  size_t len = make (S1, G1, 5001, buf, sizeof (buf));

  bench_candidates (b, 2, two, false);
  bench_join (b, S1, G1, 5001);
  msg = bench_expect (b, AMT_REQUEST);
  bench_answer (b, p, &msg);
  bench_expect (b, AMT_MEMBERSHIP_UPDATE);

  b->now = SECONDS (4);         /* no data: the next one */
  amt_gateway_expire (b->gw, b->now);
  bench_expect_update (b, "BLOCK(232.1.1.1=192.0.2.10)");
  msg = bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (bench_receive (b, &p->addr, buf, len, NULL), 1);
  fail_unless_equals_int (bench_receive (b, &q->addr, buf, len, NULL),
      CORE_ERR_WRONG_SOURCE_ADDRESS);
  bench_answer (b, q, &msg);
  bench_expect (b, AMT_MEMBERSHIP_UPDATE);
  fail_unless_equals_int (bench_receive (b, &p->addr, buf, len, NULL),
      CORE_ERR_WRONG_SOURCE_ADDRESS);
  fail_unless_equals_int (bench_receive (b, &q->addr, buf, len, NULL), 1);
  bench_free (b);
}

GST_END_TEST;

/* Whatever is dropped has a reason in the published lists. */
GST_START_TEST (test_reasons)
{
  test_bench *b = active (5001);
  const amt_gateway_stats *s = amt_gateway_get_stats (b->gw);
  uint64_t data = 0, control = 0, n_data = 0, n_control = 0;
  core_addr stranger = test_addr ("192.0.2.99", 9);
  test_random dice = {.seed = 3 };

  for (unsigned i = 0; i < 20000; i++) {
    uint8_t buf[256];
    size_t len = make (S1, G1, 5001, buf, sizeof (buf));
    unsigned flips = (unsigned) (test_random_next (&dice) % 4);

    while (flips--)
      buf[test_random_next (&dice) % len] = (uint8_t) test_random_next (&dice);
    len = test_random_next (&dice) % 4 ? len : test_random_next (&dice) % len;
    bench_receive (b, i % 9 ? &b->peers[0].addr : &stranger, buf, len, NULL);
  }
  for (unsigned i = 0; amt_gateway_data_reasons[i] != CORE_OK; i++)
    data += s->data_dropped[-amt_gateway_data_reasons[i]];
  for (unsigned i = 0; amt_gateway_control_reasons[i] != CORE_OK; i++)
    control += s->control_dropped[-amt_gateway_control_reasons[i]];
  for (unsigned i = 0; i < CORE_ERR_N_DROPS; i++) {
    n_data += s->data_dropped[i];
    n_control += s->control_dropped[i];
  }
  fail_unless (n_data > 1000 && n_control > 100);
  fail_unless_equals_uint64 (data, n_data);
  fail_unless_equals_uint64 (control, n_control);
  bench_free (b);
}

GST_END_TEST;

static Suite *
amt_gateway_data_suite (void)
{
  Suite *s = suite_create ("amt-gateway-data");
  TCase *tc = tcase_create ("data");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_nothing_reported);
  tcase_add_test (tc, test_channels);
  tcase_add_test (tc, test_channels_change);
  tcase_add_test (tc, test_set_port);
  tcase_add_test (tc, test_set_port_of_two);
  tcase_add_test (tc, test_many);
  tcase_add_test (tc, test_hostile);
  tcase_add_test (tc, test_scope);
  tcase_add_test (tc, test_reassembly);
  tcase_add_test (tc, test_reassembly_limits);
  tcase_add_test (tc, test_data_across_failover);
  tcase_add_test (tc, test_reasons);
  return s;
}

GST_CHECK_MAIN (amt_gateway_data);
