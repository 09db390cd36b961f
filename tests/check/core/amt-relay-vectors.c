/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The relay against the published vectors: every datagram a relay has to
 * judge, every valid message of a gateway, and every truncation of those.
 */
#include "amt-relay-fixture.h"

#include <json-glib/json-glib.h>

static JsonParser *parser;
static JsonObject *vectors;

static void
setup (void)
{
  gchar *path = g_build_filename (g_getenv ("MC_VECTORS_DIR"), "amt.json",
      NULL);

  parser = json_parser_new ();
  fail_unless (json_parser_load_from_file (parser, path, NULL), "%s", path);
  vectors = json_node_get_object (json_parser_get_root (parser));
  g_free (path);
}

static void
teardown (void)
{
  g_object_unref (parser);
}

static JsonObject *
find_vector (const char *list, const char *id)
{
  JsonArray *array = json_object_get_array_member (vectors, list);

  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonObject *v = json_array_get_object_element (array, i);

    if (strcmp (json_object_get_string_member (v, "id"), id) == 0)
      return v;
  }
  fail ("no vector %s", id);
  return NULL;
}

static size_t
message_of (JsonObject * v, uint8_t * buf, size_t cap)
{
  return unhex (json_object_get_string_member (v, "amt_hex"), buf, cap);
}

/* The relay of the vectors' states; G trailer on. */
static amt_relay *
vector_relay (fixture_random * random, bool gateway_address)
{
  amt_relay_config config = {.gateway_address = gateway_address };

  config.advertise_v4 = ip_of (RELAY_V4);
  config.advertise_v6 = ip_of (RELAY_V6);
  return new_relay (random, &config, 0);
}

static int
feed_vector (amt_relay * relay, JsonObject * v, core_addr * from,
    core_addr * to)
{
  JsonObject *outer = json_object_get_object_member (v, "outer");
  uint8_t buf[2048];
  size_t len = message_of (v, buf, sizeof (buf));

  *from = addr_of (json_object_get_string_member (outer, "src"),
      (uint16_t) json_object_get_int_member (outer, "sport"));
  *to = addr_of (json_object_get_string_member (outer, "dst"),
      (uint16_t) json_object_get_int_member (outer, "dport"));
  return amt_relay_receive (relay, from, to, buf, len, 0);
}

static void
enter_state (amt_relay * relay, const char *state)
{
  core_addr from, to;

  if (strcmp (state, "relay4-active") == 0) {
    fail_unless_equals_int (feed_vector (relay, find_vector ("valid",
                "update-igmp-is-in"), &from, &to), CORE_OK);
    expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &from, AMT_REMOVED_NONE);
  } else {
    fail_unless (g_str_has_suffix (state, "-idle"), "%s", state);
  }
}

static void
expect_reply (amt_relay * relay, const char *hex, const core_addr * to,
    const core_addr * from)
{
  uint8_t reply[AMT_RELAY_DATAGRAM_MAX], expected[AMT_RELAY_DATAGRAM_MAX];
  core_addr reply_to, reply_from;
  size_t len = amt_relay_send (relay, reply, sizeof (reply), &reply_to,
      &reply_from, 0);

  fail_unless_equals_int (len, hex ? unhex (hex, expected,
          sizeof (expected)) : 0);
  if (hex != NULL) {
    fail_unless (memcmp (reply, expected, len) == 0);
    fail_unless (core_addr_equal (&reply_to, to));
    fail_unless (core_addr_equal (&reply_from, from));
  }
  fail_unless_equals_int (amt_relay_send (relay, reply, sizeof (reply),
          &reply_to, &reply_from, 0), 0);
}

/* Exactly the channels of the vector are joined, by the sender. */
static void
expect_joins (amt_relay * relay, JsonObject * expect, const core_addr * from,
    const core_addr * to)
{
  JsonArray *join = json_object_get_array_member (expect, "join");
  amt_relay_target target;
  size_t pos = 0;

  for (guint i = 0; i < json_array_get_length (join); i++) {
    JsonArray *channel = json_array_get_array_element (join, i);
    core_ip source = ip_of (json_array_get_string_element (channel, 0));
    core_ip group = ip_of (json_array_get_string_element (channel, 1));

    fail_unless_equals_int (amt_relay_targets (relay, &source, &group,
            &target, 1), 1);
    fail_unless (core_addr_equal (&target.gateway, from));
    fail_unless (core_addr_equal (&target.local, to));
    source.bytes[0] ^= 1;
    fail_unless_equals_int (amt_relay_targets (relay, &source, &group,
            &target, 1), 0);
  }
  fail_unless (amt_relay_next_gateway (relay, &pos, &target));
  fail_if (amt_relay_next_gateway (relay, &pos, &target));
  expect_event (relay, AMT_RELAY_GATEWAY_ADDED, from, AMT_REMOVED_NONE);
}

static void
expect_outcome (amt_relay * relay, JsonObject * v, const core_addr * from,
    const core_addr * to, unsigned gateways_before)
{
  JsonObject *expect = json_object_has_member (v, "expect") ?
      json_object_get_object_member (v, "expect") : NULL;
  unsigned gateways = gateways_before;
  const char *reply = NULL;

  if (expect != NULL && json_object_has_member (expect, "reply_amt_hex"))
    reply = json_object_get_string_member (expect, "reply_amt_hex");
  expect_reply (relay, reply, from, to);
  if (expect != NULL && json_object_has_member (expect, "join")) {
    expect_joins (relay, expect, from, to);
    gateways++;
  }
  if (expect != NULL && json_object_has_member (expect, "remove_endpoint")) {
    JsonArray *end = json_object_get_array_member (expect, "remove_endpoint");
    core_addr gone = addr_of (json_array_get_string_element (end, 0),
        (uint16_t) json_array_get_int_element (end, 1));

    expect_event (relay, AMT_RELAY_GATEWAY_REMOVED, &gone,
        AMT_REMOVED_TEARDOWN);
    gateways--;
  }
  expect_no_event (relay);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, gateways);
}

static void
check_received (JsonObject * v)
{
  const char *verdict = json_object_get_string_member (v, "verdict");
  const char *code = json_object_get_string_member (v, "code");
  fixture_random random;
  amt_relay *relay = vector_relay (&random, true);
  const amt_relay_stats *stats = amt_relay_get_stats (relay);
  core_addr from, to;
  uint64_t drops = 0;
  unsigned gateways;
  int ret;

  enter_state (relay, json_object_get_string_member (v, "state"));
  gateways = stats->gateways;
  ret = feed_vector (relay, v, &from, &to);
  GST_INFO ("%s: %s", json_object_get_string_member (v, "id"),
      core_error_name (ret));

  fail_unless_equals_string (core_error_name (ret), code);
  fail_unless_equals_int (ret < 0, strcmp (verdict, "drop") == 0);
  for (unsigned i = 0; i < CORE_ERR_N_DROPS; i++)
    drops += stats->dropped[i];
  fail_unless_equals_uint64 (drops, ret < 0);
  fail_unless_equals_uint64 (stats->dropped[ret < 0 ? -ret : 0], ret < 0);
  fail_unless_equals_uint64 (stats->records_ignored,
      strcmp (verdict, "accept-partial") == 0);
  expect_outcome (relay, v, &from, &to, gateways);
  amt_relay_free (relay);
}

GST_START_TEST (test_received)
{
  JsonArray *received = json_object_get_array_member (vectors, "received");
  unsigned n = 0;

  for (guint i = 0; i < json_array_get_length (received); i++) {
    JsonObject *v = json_array_get_object_element (received, i);

    if (strcmp (json_object_get_string_member (v, "receiver"), "relay") == 0) {
      check_received (v);
      n++;
    }
  }
  fail_unless_equals_int (n, 39);
}

GST_END_TEST;

/* What a gateway sends, and what a relay answers byte for byte. */
GST_START_TEST (test_answers)
{
  static const struct
  {
    const char *question;
    const char *answer;
    bool gateway_address;
  } rows[] = {
    {"discovery-v4", "advertisement-v4", true},
    {"discovery-v6", "advertisement-v6", true},
    {"request-igmp", "query-igmp", false},
    {"request-igmp", "query-igmp-g", true},
    {"request-igmp-ecn", "query-igmp-g", true},
    {"request-mld", "query-mld", false},
    {"request-mld", "query-mld-g", true},
    {"request-mld-over-v4", "query-mld-g-over-v4", true},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    fixture_random random;
    amt_relay *relay = vector_relay (&random, rows[i].gateway_address);
    JsonObject *answer = find_vector ("valid", rows[i].answer);
    core_addr from, to;

    fail_unless_equals_int (feed_vector (relay, find_vector ("valid",
                rows[i].question), &from, &to), CORE_OK);
    expect_reply (relay, json_object_get_string_member (answer, "amt_hex"),
        &from, &to);
    amt_relay_free (relay);
  }
}

GST_END_TEST;

/* L: a relay that takes nobody; and with another query interval. */
GST_START_TEST (test_answers_when_full)
{
  amt_relay_config config = {.query_interval = 248,.robustness = 3,
    .gateway_address = true
  };
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  JsonObject *request = find_vector ("valid", "request-igmp");
  core_addr from, to;

  amt_relay_set_max_gateways (relay, 0);
  fail_unless_equals_int (feed_vector (relay, request, &from, &to), CORE_OK);
  expect_reply (relay, json_object_get_string_member (find_vector ("valid",
              "query-igmp-l"), "amt_hex"), &from, &to);
  amt_relay_free (relay);

  relay = new_relay (&random, &config, 0);
  amt_relay_set_max_gateways (relay, 0);
  fail_unless_equals_int (feed_vector (relay, request, &from, &to), CORE_OK);
  expect_reply (relay, json_object_get_string_member (find_vector ("valid",
              "query-igmp-lg-float-qqic"), "amt_hex"), &from, &to);
  amt_relay_free (relay);
}

GST_END_TEST;

/* The sequence "nat-rebind": the relay ends up with the new endpoint only. */
GST_START_TEST (test_rebind)
{
  fixture_random random;
  amt_relay *relay = vector_relay (&random, true);
  core_addr old, new, to;
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX];
  amt_message query;

  feed_vector (relay, find_vector ("valid", "update-igmp-is-in"), &old, &to);
  new = addr_of (GATEWAY_V4, 50999);
  query = ask (relay, &new, 0x5eed5678, AMT_P_NONE, buf, 0);
  fail_unless (query.has_gateway);
  fail_unless_equals_int (feed_vector (relay, find_vector ("valid",
              "teardown-v4-after-rebind"), &new, &to), CORE_OK);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 0);
  fail_unless_equals_int (feed_vector (relay, find_vector ("valid",
              "update-igmp-is-in-rebound"), &new, &to), CORE_OK);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 1);
  expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &new, AMT_REMOVED_NONE);
  expect_no_event (relay);
  amt_relay_free (relay);
}

GST_END_TEST;

/* MLD: join, refresh, leave; and from ::. */
GST_START_TEST (test_mld_life)
{
  static const char *const ids[] = { "update-mld-allow", "update-mld-is-in",
    "update-mld-block", "update-mld-allow-src-unspecified", "teardown-v6"
  };
  static const unsigned gateways[] = { 1, 1, 0, 1, 0 };
  fixture_random random;
  amt_relay *relay = vector_relay (&random, true);
  core_addr from, to;

  for (unsigned i = 0; i < G_N_ELEMENTS (ids); i++) {
    fail_unless_equals_int (feed_vector (relay, find_vector ("valid", ids[i]),
            &from, &to), CORE_OK);
    fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, gateways[i]);
  }
  amt_relay_free (relay);
}

GST_END_TEST;

/* No part of a valid message does anything: each is dropped for being short,
 * or no Update at all without its report. */
GST_START_TEST (test_truncations)
{
  JsonArray *valid = json_object_get_array_member (vectors, "valid");
  fixture_random random;
  amt_relay *relay = vector_relay (&random, true);
  const amt_relay_stats *stats = amt_relay_get_stats (relay);
  uint8_t buf[2048];
  uint64_t n = 0;

  for (guint i = 0; i < json_array_get_length (valid); i++) {
    JsonObject *v = json_array_get_object_element (valid, i);
    JsonObject *outer = json_object_get_object_member (v, "outer");
    size_t len = message_of (v, buf, sizeof (buf));
    core_addr from;

    if (strcmp (json_object_get_string_member (v, "sender"), "gateway") != 0)
      continue;
    from = addr_of (json_object_get_string_member (outer, "src"), 50001);
    for (size_t cut = 0; cut < len; cut++, n++) {
      /* A copy of just that size, so that tools see a read past it. */
      uint8_t *part = g_memdup2 (buf, cut);
      int ret = feed (relay, &from, part, cut, 0);

      if (cut < 8 || (buf[0] == AMT_MEMBERSHIP_UPDATE && cut < 12) ||
          buf[0] == AMT_TEARDOWN) {
        fail_unless_equals_int (ret, CORE_ERR_TOO_SHORT);
      } else {
        fail_unless (ret == CORE_ERR_INNER_TRUNCATED
            || ret == CORE_ERR_INNER_LENGTH_EXCEEDS);
      }
      g_free (part);
    }
  }
  fail_unless (n > 500);
  fail_unless_equals_uint64 (stats->control_received, n);
  fail_unless_equals_uint64 (stats->dropped[-CORE_ERR_TOO_SHORT] +
      stats->dropped[-CORE_ERR_INNER_TRUNCATED] +
      stats->dropped[-CORE_ERR_INNER_LENGTH_EXCEEDS], n);
  fail_unless_equals_int (stats->gateways, 0);
  expect_reply (relay, NULL, NULL, NULL);
  amt_relay_free (relay);
}

GST_END_TEST;

static Suite *
amt_relay_vectors_suite (void)
{
  Suite *s = suite_create ("amt-relay-vectors");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_received);
  tcase_add_test (tc, test_answers);
  tcase_add_test (tc, test_answers_when_full);
  tcase_add_test (tc, test_rebind);
  tcase_add_test (tc, test_mld_life);
  tcase_add_test (tc, test_truncations);
  return s;
}

GST_CHECK_MAIN (amt_relay_vectors);
