/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Every byte vector a gateway receives or sends, played through the machine.
 */
#include "amt-gateway-test.h"

#include <json-glib/json-glib.h>

static JsonObject *root;
static JsonParser *parser;

static void
load (void)
{
  const char *dir = g_getenv ("MC_VECTORS_DIR");
  char *path;

  fail_unless (dir != NULL);
  path = g_build_filename (dir, "amt.json", NULL);
  parser = json_parser_new ();
  fail_unless (json_parser_load_from_file (parser, path, NULL), "%s", path);
  root = json_node_get_object (json_parser_get_root (parser));
  g_free (path);
}

static void
unload (void)
{
  g_object_unref (parser);
}

static size_t
from_hex (const char *hex, uint8_t * out)
{
  size_t n = strlen (hex) / 2;

  for (size_t i = 0; i < n; i++)
    out[i] = (uint8_t) (g_ascii_xdigit_value (hex[2 * i]) << 4 |
        g_ascii_xdigit_value (hex[2 * i + 1]));
  return n;
}

static uint32_t
hex32 (const char *hex)
{
  return (uint32_t) g_ascii_strtoull (hex, NULL, 16);
}

static JsonObject *
find_valid (const char *id)
{
  JsonArray *valid = json_object_get_array_member (root, "valid");

  for (guint i = 0; i < json_array_get_length (valid); i++) {
    JsonObject *v = json_array_get_object_element (valid, i);

    if (strcmp (json_object_get_string_member (v, "id"), id) == 0)
      return v;
  }
  fail ("no vector %s", id);
  return NULL;
}

static core_addr
outer (JsonObject * vector, const char *addr, const char *port)
{
  JsonObject *o = json_object_get_object_member (vector, "outer");

  return test_addr (json_object_get_string_member (o, addr),
      (unsigned) json_object_get_int_member (o, port));
}

static int
feed_object (test_bench * b, JsonObject * vector, amt_view * view)
{
  static uint8_t data[2048];
  core_addr from = outer (vector, "src", "sport");
  size_t len = from_hex (json_object_get_string_member (vector, "amt_hex"),
      data);

  return bench_receive (b, &from, data, len, view);
}

static int
recv_valid (test_bench * b, const char *id)
{
  return feed_object (b, find_valid (id), NULL);
}

/* The next datagram is that vector, byte for byte and to the same place. */
static void
expect_sent (test_bench * b, const char *id)
{
  JsonObject *v = find_valid (id);
  core_addr to = outer (v, "dst", "dport");
  uint8_t data[2048];
  size_t len = from_hex (json_object_get_string_member (v, "amt_hex"), data);
  test_sent *s = bench_send_one (b);

  fail_unless (s != NULL, "%s not sent", id);
  fail_unless_equals_int (s->len, len);
  fail_unless (memcmp (s->data, data, len) == 0, "%s differs", id);
  fail_unless (core_addr_equal (&s->to, &to), "%s elsewhere", id);
}

static void
join_pair (test_bench * b, JsonArray * pair)
{
  fail_unless (bench_join (b, json_array_get_string_element (pair, 0),
          json_array_get_string_element (pair, 1), 0) >= 0);
}

static core_addr
state_addr (JsonObject * state, const char *member)
{
  JsonArray *a = json_object_get_array_member (state, member);

  return test_addr (json_array_get_string_element (a, 0),
      (unsigned) json_array_get_int_element (a, 1));
}

static void
set_candidate (test_bench * b, core_addr addr, bool discovery)
{
  amt_relay_candidate c = {.addr = addr,.discovery = discovery };

  fail_unless_equals_int (amt_gateway_set_candidates (b->gw, &c, 1, b->now),
      CORE_OK);
}

static void
drain (test_bench * b)
{
  while (bench_send_one (b) != NULL);
}

/* Brings a gateway into a named state by playing real messages. */
static test_bench *
enter_state (const char *name)
{
  JsonObject *state = json_object_get_object_member
      (json_object_get_object_member (root, "states"), name);
  test_bench *b = bench_new ();
  bool v6 = strncmp (name, "gw6", 3) == 0;
  bool active = g_str_has_suffix (name, "active");
  bool left = g_str_has_suffix (name, "left");

  b->random.n_script = 1;
  if (json_object_has_member (state, "discovery")) {
    b->random.script[0] =
        hex32 (json_object_get_string_member (state, "discovery_nonce"));
    set_candidate (b, state_addr (state, "discovery"), true);
    fail_unless (bench_join (b, "192.0.2.10", "232.1.1.1", 0) >= 0);
    expect_sent (b, "discovery-v4");
    return b;
  }

  b->random.script[0] = v6 ? 0x0badcafe : 0x5eed1234;
  set_candidate (b, state_addr (state, "relay"), false);
  if (left)
    fail_unless (bench_join (b, "192.0.2.10", "232.1.1.1", 0) >= 0);
  else
    join_pair (b, json_array_get_array_element (json_object_get_array_member
            (state, "memberships"), 0));
  expect_sent (b, v6 ? "request-mld" : "request-igmp");
  if (!active && !left)
    return b;

  fail_unless_equals_int (recv_valid (b, v6 ? "query-mld" : "query-igmp"),
      CORE_OK);
  expect_sent (b, v6 ? "update-mld-allow" : "update-igmp-allow");
  if (left) {
    amt_gateway_leave (b->gw, 0, b->now);
    bench_run (b, SECONDS (10));
    fail_unless_equals_int (bench_state (b), AMT_GATEWAY_IDLE);
  }
  return b;
}

/* What a vector says of the result of accepting it. */
static void
check_expect (test_bench * b, JsonObject * vector, const amt_view * view)
{
  const char *id = json_object_get_string_member (vector, "id");
  JsonObject *expect;

  if (!json_object_has_member (vector, "expect"))
    return;
  expect = json_object_get_object_member (vector, "expect");
  if (json_object_has_member (expect, "payload_hex")) {
    uint8_t payload[2048];
    size_t len = from_hex (json_object_get_string_member (expect,
            "payload_hex"), payload);

    fail_unless_equals_int (view->len, len);
    fail_unless (memcmp (view->data, payload, len) == 0, "%s", id);
  }
  if (json_object_has_member (expect, "relay_address")) {
    core_ip relay = test_ip (json_object_get_string_member (expect,
            "relay_address"));

    fail_unless (core_ip_equal (&amt_gateway_get_stats (b->gw)->relay.ip,
            &relay), "%s", id);
  }
  if (json_object_has_member (expect, "robustness")) {
    /* Robustness 2: the report and one repeat, then nothing until the
     * refresh. */
    drain (b);
    bench_wait_deadline (b, 1);
    drain (b);
    fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), SECONDS (4));
  }
}

static void
run_received (JsonObject * vector)
{
  const char *id = json_object_get_string_member (vector, "id");
  const char *verdict = json_object_get_string_member (vector, "verdict");
  test_bench *b = enter_state (json_object_get_string_member (vector, "state"));
  const amt_gateway_stats *s = amt_gateway_get_stats (b->gw);
  uint64_t before = s->data_received + s->control_received;
  amt_view view;
  int ret = feed_object (b, vector, &view);

  fail_unless_equals_uint64 (s->data_received + s->control_received,
      before + 1);
  if (strcmp (verdict, "accept") == 0) {
    fail_unless (ret >= 0, "%s: %s", id, core_error_name (ret));
    check_expect (b, vector, &view);
  } else {
    fail_unless_equals_string (verdict, "drop");
    fail_unless (ret < 0, "%s: accepted", id);
    fail_unless (strcmp (core_error_name (ret),
            json_object_get_string_member (vector, "code")) == 0,
        "%s: %s", id, core_error_name (ret));
    fail_unless (s->data_dropped[-ret] + s->control_dropped[-ret] == 1,
        "%s: not counted", id);
  }
  bench_free (b);
}

GST_START_TEST (test_received)
{
  JsonArray *received;
  unsigned n = 0;

  load ();
  received = json_object_get_array_member (root, "received");
  for (guint i = 0; i < json_array_get_length (received); i++) {
    JsonObject *v = json_array_get_object_element (received, i);

    if (strcmp (json_object_get_string_member (v, "receiver"), "gateway"))
      continue;
    run_received (v);
    n++;
  }
  fail_unless (n >= 60, "only %u vectors", n);
  unload ();
}

GST_END_TEST;

GST_START_TEST (test_valid_data)
{
  static const struct
  {
    const char *state;
    const char *id;
    int ret;
  } cases[] = {
    {"gw4-active", "data-v4", 1},
    {"gw4-active", "data-v4-outer-zero-checksum", 1},
    {"gw4-active", "data-v4-inner-zero-checksum", 1},
    {"gw6-active", "data-v6", 1},
    {"gw6-active", "data-v6-outer-zero-checksum", 1},
    {"gw4-active", "data-v4-fragment-1", 0},
    {"gw6-active", "data-v6-fragment-1", 0},
    {"gw6-wait-query-mld", "query-mld", 0},
    {"gw6-wait-query-mld", "query-mld-g", 0},
    {"gw6-wait-query-mld", "query-mld-src-unspecified", 0},
    {"gw4-wait-query-igmp", "query-igmp", 0},
    {"gw4-wait-query-igmp", "query-igmp-g", 0},
    {"gw4-wait-advertisement", "advertisement-v4", 0},
  };

  load ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    test_bench *b = enter_state (cases[i].state);
    amt_view view;

    fail_unless_equals_int (feed_object (b, find_valid (cases[i].id), &view),
        cases[i].ret);
    if (cases[i].ret == 1) {
      fail_unless_equals_int (view.len, 16);
      fail_unless_equals_int (view.source_port, 40000);
      for (unsigned k = 0; k < 16; k++)
        fail_unless_equals_int (view.data[k], k);
    }
    bench_free (b);
  }
  unload ();
}

GST_END_TEST;

static void
reassemble (const char *state, const char *head, const char *tail)
{
  for (int order = 0; order < 2; order++) {
    test_bench *b = enter_state (state);
    amt_view view;

    fail_unless_equals_int (recv_valid (b, order ? tail : head), 0);
    fail_unless_equals_int (feed_object (b, find_valid (order ? head :
                tail), &view), 1);
    fail_unless (view.reassembled);
    fail_unless_equals_int (view.len, 64);
    for (unsigned k = 0; k < 64; k++)
      fail_unless_equals_int (view.data[k], k);
    fail_unless_equals_uint64 (amt_gateway_get_stats (b->gw)->data_received, 1);
    fail_unless_equals_uint64 (amt_gateway_get_stats
        (b->gw)->fragments_received, 2);
    bench_free (b);
  }
}

GST_START_TEST (test_fragments)
{
  load ();
  reassemble ("gw4-active", "data-v4-fragment-1", "data-v4-fragment-2");
  reassemble ("gw6-active", "data-v6-fragment-1", "data-v6-fragment-2");
  unload ();
}

GST_END_TEST;

/* Sequence "join-v4", with a leave. */
GST_START_TEST (test_sequence_join_v4)
{
  test_bench *b = bench_new ();
  amt_message msg;

  load ();
  b->random.n_script = 2;
  b->random.script[0] = 0xd15c0ee5;
  b->random.script[1] = 0x5eed1234;
  set_candidate (b, test_addr ("192.52.193.1", AMT_PORT), true);
  bench_join (b, "192.0.2.10", "232.1.1.1", 5004);
  expect_sent (b, "discovery-v4");
  fail_unless_equals_int (recv_valid (b, "advertisement-v4"), CORE_OK);
  expect_sent (b, "request-igmp");
  fail_unless_equals_int (recv_valid (b, "query-igmp-g"), CORE_OK);
  expect_sent (b, "update-igmp-allow");
  bench_expect_nothing (b);
  fail_unless_equals_int (recv_valid (b, "data-v4"), 1);

  bench_wait_deadline (b, 1);
  expect_sent (b, "update-igmp-allow");
  bench_expect_nothing (b);

  /* Silence is asked about before the query timer ends. */
  bench_wait_deadline (b, SECONDS (4));
  msg = bench_expect (b, AMT_REQUEST);
  fail_unless (msg.nonce != 0x5eed1234);

  amt_gateway_leave (b->gw, 0, b->now);
  expect_sent (b, "update-igmp-block");
  bench_expect_nothing (b);
  bench_wait_deadline (b, b->now + 1);
  expect_sent (b, "update-igmp-block");
  expect_sent (b, "teardown-v4");
  bench_expect_nothing (b);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), CORE_TIME_NEVER);
  bench_free (b);
  unload ();
}

GST_END_TEST;

GST_START_TEST (test_sequence_join_v6)
{
  test_bench *b = bench_new ();

  load ();
  b->random.n_script = 2;
  b->random.script[0] = 0xd15c0ee5;
  b->random.script[1] = 0x0badcafe;
  set_candidate (b, test_addr ("2001:3::1", AMT_PORT), true);
  bench_join (b, "2001:db8::10", "ff3e::8000:1", 0);
  expect_sent (b, "discovery-v6");
  fail_unless_equals_int (recv_valid (b, "advertisement-v6"), CORE_OK);
  expect_sent (b, "request-mld");
  fail_unless_equals_int (recv_valid (b, "query-mld-g"), CORE_OK);
  expect_sent (b, "update-mld-allow");
  fail_unless_equals_int (recv_valid (b, "data-v6"), 1);
  amt_gateway_stop (b->gw, b->now);
  expect_sent (b, "update-mld-block");
  expect_sent (b, "teardown-v6");
  bench_expect_nothing (b);
  bench_free (b);
  unload ();
}

GST_END_TEST;

/* MLD over an IPv4 tunnel, and IPv4 data over an IPv6 one. */
GST_START_TEST (test_mixed_families)
{
  test_bench *b = bench_new ();

  load ();
  b->random.n_script = 1;
  b->random.script[0] = 0x6d6c6434;
  set_candidate (b, test_addr ("198.51.100.1", AMT_PORT), false);
  bench_join (b, "2001:db8::10", "ff3e::8000:1", 0);
  expect_sent (b, "request-mld-over-v4");
  fail_unless_equals_int (recv_valid (b, "query-mld-g-over-v4"), CORE_OK);
  expect_sent (b, "update-mld-allow-over-v4");
  fail_unless_equals_int (recv_valid (b, "data-v6-over-v4"), 1);
  bench_free (b);

  b = bench_new ();
  set_candidate (b, test_addr ("2001:db8:a::1", AMT_PORT), false);
  bench_peer (b, "2001:db8:a::1");
  bench_join (b, "192.0.2.10", "232.1.1.1", 0);
  bench_drain (b);
  fail_unless_equals_int (recv_valid (b, "data-v4-over-v6"), 1);
  bench_free (b);
  unload ();
}

GST_END_TEST;

GST_START_TEST (test_sequence_nat_rebind)
{
  test_bench *b = bench_new ();
  amt_gateway_event_info ev = { 0 };

  load ();
  b->random.n_script = 2;
  b->random.script[0] = 0x5eed1234;
  b->random.script[1] = 0x5eed5678;
  set_candidate (b, test_addr ("198.51.100.1", AMT_PORT), false);
  bench_join (b, "192.0.2.10", "232.1.1.1", 0);
  expect_sent (b, "request-igmp");
  fail_unless_equals_int (recv_valid (b, "query-igmp-g"), CORE_OK);
  expect_sent (b, "update-igmp-allow");
  bench_wait_deadline (b, 1);
  expect_sent (b, "update-igmp-allow");

  /* Data every 3 s, so that only the query timer asks. */
  for (unsigned t = 3; t < 50; t += 3) {
    b->now = SECONDS (t);
    fail_unless_equals_int (recv_valid (b, "data-v4"), 1);
    amt_gateway_expire (b->gw, b->now);
    bench_expect_nothing (b);
  }
  bench_wait_deadline (b, SECONDS (50));
  fail_unless_equals_int (bench_expect (b, AMT_REQUEST).nonce, 0x5eed5678);
  fail_unless_equals_int (recv_valid (b, "query-igmp-g-rebound"), CORE_OK);
  expect_sent (b, "teardown-v4-after-rebind");
  expect_sent (b, "update-igmp-is-in-rebound");
  bench_expect_nothing (b);
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_ADDRESS_CHANGED, &ev), 1);
  bench_free (b);
  unload ();
}

GST_END_TEST;

GST_START_TEST (test_sequence_limited_new)
{
  test_bench *b;
  amt_gateway_event_info ev = { 0 };

  load ();
  b = enter_state ("gw4-wait-query-igmp");
  fail_unless_equals_int (recv_valid (b, "query-igmp-l"), CORE_OK);
  bench_expect_nothing (b);
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, &ev), 1);
  fail_unless_equals_int (ev.reason, AMT_LOST_LIMIT);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_CONNECTED, NULL), 0);
  bench_free (b);
  unload ();
}

GST_END_TEST;

GST_START_TEST (test_sequence_limited_existing)
{
  test_bench *b;
  amt_message msg;

  load ();
  b = enter_state ("gw4-wait-query-igmp");
  fail_unless_equals_int (recv_valid (b, "query-igmp-g"), CORE_OK);
  expect_sent (b, "update-igmp-allow");
  b->random.n_script = 1;
  b->random.script[0] = 0x5eed1234;     /* as the vector wants it */
  amt_gateway_network_changed (b->gw, b->now);
  msg = bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (msg.nonce, 0x5eed1234);
  fail_unless_equals_int (recv_valid (b, "query-igmp-lg-float-qqic"), CORE_OK);
  expect_sent (b, "update-igmp-is-in");
  bench_events (b);
  fail_unless_equals_int (bench_count (b, AMT_EVENT_RELAY_LOST, NULL), 0);
  bench_free (b);
  unload ();
}

GST_END_TEST;

/* Every message a gateway takes, cut short everywhere: dropped and counted. */
GST_START_TEST (test_truncations)
{
  static const char *const cases[][2] = {
    {"gw4-wait-advertisement", "advertisement-v4"},
    {"gw4-wait-query-igmp", "query-igmp"},
    {"gw4-wait-query-igmp", "query-igmp-g"},
    {"gw6-wait-query-mld", "query-mld"},
    {"gw6-wait-query-mld", "query-mld-g"},
    {"gw4-active", "data-v4"},
    {"gw4-active", "data-v4-inner-zero-checksum"},
    {"gw6-active", "data-v6"},
    {"gw4-active", "data-v4-fragment-1"},
    {"gw6-active", "data-v6-fragment-2"},
  };

  load ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    test_bench *b = enter_state (cases[i][0]);
    const amt_gateway_stats *s = amt_gateway_get_stats (b->gw);
    JsonObject *v = find_valid (cases[i][1]);
    core_addr from = outer (v, "src", "sport");
    uint8_t data[2048];
    size_t len = from_hex (json_object_get_string_member (v, "amt_hex"), data);

    for (size_t cut = 0; cut < len; cut++) {
      uint64_t dropped = 0, again = 0;
      int ret;

      for (unsigned k = 0; k < CORE_ERR_N_DROPS; k++)
        dropped += s->data_dropped[k] + s->control_dropped[k];
      ret = bench_receive (b, &from, data, cut, NULL);
      fail_unless (ret < 0 && ret > CORE_ERR_FATAL, "%s cut to %u: %d",
          cases[i][1], (unsigned) cut, ret);
      for (unsigned k = 0; k < CORE_ERR_N_DROPS; k++)
        again += s->data_dropped[k] + s->control_dropped[k];
      fail_unless_equals_uint64 (again, dropped + 1);
    }
    fail_unless (bench_receive (b, &from, data, len, NULL) >= 0);
    bench_free (b);
  }
  unload ();
}

GST_END_TEST;

static Suite *
amt_gateway_vectors_suite (void)
{
  Suite *s = suite_create ("amt-gateway-vectors");
  TCase *tc = tcase_create ("vectors");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_received);
  tcase_add_test (tc, test_valid_data);
  tcase_add_test (tc, test_fragments);
  tcase_add_test (tc, test_sequence_join_v4);
  tcase_add_test (tc, test_sequence_join_v6);
  tcase_add_test (tc, test_mixed_families);
  tcase_add_test (tc, test_sequence_nat_rebind);
  tcase_add_test (tc, test_sequence_limited_new);
  tcase_add_test (tc, test_sequence_limited_existing);
  tcase_add_test (tc, test_truncations);
  return s;
}

GST_CHECK_MAIN (amt_gateway_vectors);
