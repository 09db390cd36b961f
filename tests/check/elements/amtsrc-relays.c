/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtsrc with relays of all habits, none and dead ones.
 */
#include <gio/gio.h>
#include <string.h>
#include <time.h>

#include "srctest.h"

static void
use_relay (SrcTest * t, const gchar * format, ...)
{
  va_list args;
  gchar *text;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_object_set (t->src, "relay", text, NULL);
  g_free (text);
}

static void
expect_data (SrcTest * t, PeerRelay * relay)
{
  guint64 n = src_test_n_buffers (t);

  peer_relay_wait_joined (relay, TRUE);
  for (guint i = 0; i < 5; i++)
    peer_relay_send (relay, i, 30);
  src_test_wait_buffers (t, n + 5);
  for (guint i = 0; i < 5; i++)
    check_payload (src_test_buffer (t, (guint) n + i), i, 30);
  src_test_no_errors (t);
}

/* What each habit of real relays must not prevent. */
static const struct
{
  gint quirks;
  gboolean v6;                  /* the channel */
} habits[] = {
  {PEER_NO_ROUTER_ALERT, FALSE},
  {PEER_TRAILER, FALSE},
  {PEER_TRAILER, TRUE},
  {PEER_MLD_FROM_ANY, TRUE},
  {PEER_LINUX_P, FALSE},
  {PEER_LINUX_P, TRUE},
  {PEER_LINUX_P | PEER_TRAILER | PEER_MLD_FROM_ANY, TRUE}
};

GST_START_TEST (test_habit)
{
  const PeerFlow *flow = habits[__i__].v6 ? &flow6 : &flow4;
  PeerRelay relay;
  PeerHeard heard;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", flow);
  relay.qqic = 20;
  peer_relay_set (&relay, habits[__i__].quirks, TRUE);
  src_test_init (&t, flow, &relay);
  src_test_play (&t);
  expect_data (&t, &relay);
  heard = peer_relay_heard (&relay);
  fail_unless_equals_int (heard.bad, 0);
  if (habits[__i__].quirks & PEER_LINUX_P) {
    fail_unless_equals_int (heard.requests_p_linux, habits[__i__].v6);
    fail_unless (heard.requests_p_rfc <= 1);
  }
  src_test_stop (&t);
  peer_relay_wait_joined (&relay, FALSE);
  /* the Teardown follows the leave */
  if (habits[__i__].quirks & PEER_TRAILER) {
    gint64 end = g_get_monotonic_time () + 5 * G_TIME_SPAN_SECOND;

    while (peer_relay_heard (&relay).teardowns == 0) {
      fail_unless (g_get_monotonic_time () < end, "no Teardown");
      g_usleep (1000);
    }
  }
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* A slow relay is a relay; its answer is not taken for another's. */
GST_START_TEST (test_slow_relay)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  relay.delay_ms = 700;
  src_test_init (&t, &flow4, &relay);
  src_test_play (&t);
  expect_data (&t, &relay);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* Answers that do not count, by the counter that tells so. */
static const struct
{
  PeerQuirk quirk;
  const gchar *reason;
} no_answers[] = {
  {PEER_WRONG_NONCE, "dropped-control-nonce-mismatch"},
  {PEER_WRONG_PORT, "dropped-control-wrong-source-port"}
};

GST_START_TEST (test_no_answer)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  peer_relay_set (&relay, no_answers[__i__].quirk, TRUE);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "relay-timeout", 1500 * GST_MSECOND, NULL);
  src_test_play (&t);
  src_test_wait_error (&t, GST_RESOURCE_ERROR_OPEN_READ, "\"relay\"",
      "127.0.0.1");
  fail_unless (stat_value (t.src, no_answers[__i__].reason) >= 1);
  fail_if (peer_relay_is_joined (&relay));
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* The second relay gets its chance when the first one is full. */
GST_START_TEST (test_full_relay)
{
  PeerRelay full, relay;
  SrcTest t;

  peer_relay_open (&full, "127.0.0.1", &flow4);
  peer_relay_open (&relay, "127.0.0.1", &flow4);
  peer_relay_set (&full, PEER_LIMIT, TRUE);
  src_test_init (&t, &flow4, NULL);
  use_relay (&t, "127.0.0.1:%u,127.0.0.1:%u", peer_relay_port (&full),
      peer_relay_port (&relay));
  src_test_play (&t);
  expect_data (&t, &relay);
  fail_unless_equals_int (peer_relay_heard (&full).updates, 0);
  src_test_clear (&t);
  peer_relay_close (&full);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* When there is no second relay the user is told what is the matter. */
GST_START_TEST (test_only_full_relay)
{
  PeerRelay full;
  SrcTest t;

  peer_relay_open (&full, "127.0.0.1", &flow4);
  peer_relay_set (&full, PEER_LIMIT, TRUE);
  src_test_init (&t, &flow4, &full);
  g_object_set (t.src, "relay-timeout", 500 * GST_MSECOND, NULL);
  src_test_play (&t);
  src_test_wait_error (&t, GST_RESOURCE_ERROR_OPEN_READ, "\"relay\"",
      "takes no more gateways");
  fail_unless_equals_int (peer_relay_heard (&full).updates, 0);
  src_test_clear (&t);
  peer_relay_close (&full);
}

GST_END_TEST;

/* Two ways to give the port. */
GST_START_TEST (test_relay_port)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "::1", &flow4);
  src_test_init (&t, &flow4, NULL);
  g_object_set (t.src, "relay-port", peer_relay_port (&relay), "relay", "::1",
      NULL);
  src_test_play (&t);
  expect_data (&t, &relay);
  src_test_stop (&t);
  peer_relay_wait_joined (&relay, FALSE);

  src_test_drop_buffers (&t);
  g_object_set (t.src, "relay", "[::1]", NULL);
  src_test_play (&t);
  expect_data (&t, &relay);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_relay_by_name)
{
  PeerRelay relay;
  gchar *text;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, NULL);
  use_relay (&t, " localhost:%u ", peer_relay_port (&relay));
  src_test_play (&t);
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_START, "name-lookup");
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_COMPLETE, "name-lookup");
  expect_data (&t, &relay);
  text = stat_text (t.src, "relay");
  fail_unless (g_str_has_prefix (text, "127.0.0.1:"), "%s", text);
  g_free (text);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_source_by_name)
{
  PeerFlow flow = flow4;
  const GstStructure *s;
  PeerRelay relay;
  SrcTest t;

  flow.source = "127.0.0.1";
  peer_relay_open (&relay, "127.0.0.1", &flow);
  src_test_init (&t, &flow, &relay);
  g_object_set (t.src, "source", "localhost", NULL);
  src_test_play (&t);
  expect_data (&t, &relay);
  s = src_test_wait_message (&t, "multicast-join", 0);
  fail_unless_equals_string (gst_structure_get_string (s, "source"),
      "127.0.0.1");
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static const gchar *const localities[] = { "127.0.0.1", "::1" };

/* The local end. */
GST_START_TEST (test_bind)
{
  PeerRelay relay, other;
  core_addr local;
  SrcTest t;
  guint16 port;

  peer_relay_open (&relay, localities[__i__], &flow4);
  peer_relay_open (&other, localities[__i__], &flow4);
  port = peer_relay_port (&other);
  peer_relay_close (&other);    /* so that one is free */
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "bind-address", localities[__i__], "bind-port", port,
      NULL);
  src_test_play (&t);
  expect_data (&t, &relay);
  local = relay.gateway;
  fail_unless_equals_int (local.port, port);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/*
 * Discovery
 */

GST_START_TEST (test_discovery)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, localities[__i__], &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "relay-discovery", TRUE, NULL);
  src_test_play (&t);
  expect_data (&t, &relay);
  fail_unless_equals_int (peer_relay_heard (&relay).discoveries, 1);
  fail_unless_equals_int (peer_relay_heard (&relay).requests, 1);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* The advertised address is asked at the port of the discovery address. */
GST_START_TEST (test_discovery_elsewhere)
{
  PeerRelay finder, relay;
  SrcTest t;

  peer_relay_open (&finder, "127.0.0.1", &flow4);
  fail_unless (core_ip_from_string ("127.0.0.7", &finder.advertised.ip));

  /* another relay at another address with the same port */
  peer_relay_open_at (&relay, "127.0.0.7", peer_relay_port (&finder), &flow4);
  src_test_init (&t, &flow4, &finder);
  g_object_set (t.src, "relay-discovery", TRUE, NULL);
  src_test_play (&t);
  expect_data (&t, &relay);
  fail_unless_equals_int (peer_relay_heard (&finder).requests, 0);
  src_test_clear (&t);
  peer_relay_close (&finder);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* Advertised addresses that are none one can use. */
static const gchar *const bad_advertised[] =
    { "232.1.1.1", "0.0.0.0", "255.255.255.255", "::1" };

GST_START_TEST (test_discovery_bad)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  fail_unless (core_ip_from_string (bad_advertised[__i__],
          &relay.advertised.ip));
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "relay-discovery", TRUE, "relay-timeout",
      800 * GST_MSECOND, NULL);
  src_test_play (&t);
  src_test_wait_error (&t, GST_RESOURCE_ERROR_OPEN_READ, "\"relay\"",
      "127.0.0.1");
  fail_unless (stat_value (t.src, strchr (bad_advertised[__i__], ':') ?
          "dropped-control-family-mismatch" :
          "dropped-control-relay-address-not-unicast") >= 1);
  fail_unless_equals_int (peer_relay_heard (&relay).requests, 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/*
 * No relay
 */

static void
check_timeout (SrcTest * t, gint64 start, guint ms)
{
  gint64 took = (g_get_monotonic_time () - start) / 1000;

  fail_unless (took >= ms && took < ms + 1500, "it took %" G_GINT64_FORMAT
      " ms", took);
}

GST_START_TEST (test_relay_timeout)
{
  gint64 start = g_get_monotonic_time ();
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  peer_relay_set (&relay, PEER_SILENT, TRUE);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "relay-timeout", 500 * GST_MSECOND, NULL);
  src_test_play (&t);
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_START, "connect");
  src_test_wait_error (&t, GST_RESOURCE_ERROR_OPEN_READ, "\"relay\"",
      "127.0.0.1");
  src_test_wait_error (&t, GST_RESOURCE_ERROR_OPEN_READ, "0.5 s",
      "\"relay-timeout\"");
  check_timeout (&t, start, 500);
  src_test_stop (&t);

  /* and it starts again once the relay works */
  peer_relay_set (&relay, PEER_SILENT, FALSE);
  g_mutex_lock (&t.lock);
  g_ptr_array_set_size (t.messages, 0);
  g_mutex_unlock (&t.lock);
  src_test_play (&t);
  expect_data (&t, &relay);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* 0: for ever; and a relay that answered once never ends the stream. */
GST_START_TEST (test_no_relay_timeout)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  peer_relay_set (&relay, PEER_SILENT, __i__ == 0);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "relay-timeout", __i__ == 0 ? (guint64) 0 :
      300 * GST_MSECOND, NULL);
  src_test_play (&t);
  if (__i__ == 1)
    peer_relay_wait_joined (&relay, TRUE);
  g_usleep (1000000);
  src_test_no_errors (&t);
  peer_relay_set (&relay, PEER_SILENT, FALSE);
  expect_data (&t, &relay);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* A closed port answers by ICMP: that is no reason to give up early, nor to
 * spin. */
GST_START_TEST (test_refused)
{
  gint64 start = g_get_monotonic_time ();
  clock_t cpu = clock ();
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, localities[__i__], &flow4);
  peer_relay_kill (&relay);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "relay-timeout", 1500 * GST_MSECOND, NULL);
  src_test_play (&t);
  src_test_wait_error (&t, GST_RESOURCE_ERROR_OPEN_READ, "\"relay\"",
      localities[__i__]);
  check_timeout (&t, start, 1500);
  cpu = (clock () - cpu) * 1000 / CLOCKS_PER_SEC;
  fail_unless (cpu < 300, "%ld ms of CPU time", (glong) cpu);
  fail_unless (stat_value (t.src, "relay-requests") < 10);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* With two relays an ICMP error brings the next one at once. */
GST_START_TEST (test_refused_then_next)
{
  gint64 start = g_get_monotonic_time ();
  PeerRelay dead, relay;
  SrcTest t;

  peer_relay_open (&dead, "::1", &flow4);
  peer_relay_open (&relay, "::1", &flow4);
  peer_relay_kill (&dead);
  src_test_init (&t, &flow4, NULL);
  use_relay (&t, "[::1]:%u,[::1]:%u", peer_relay_port (&dead),
      peer_relay_port (&relay));
  src_test_play (&t);
  expect_data (&t, &relay);
  fail_unless (g_get_monotonic_time () - start < G_TIME_SPAN_SECOND);
  src_test_clear (&t);
  peer_relay_close (&dead);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* A name that cannot be looked up, wherever it stands. */
GST_START_TEST (test_dead_name)
{
  const gboolean is_relay = __i__ == 0;
  PeerRelay relay;
  guint ms;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, is_relay ? "relay" : "source", "no-such-host.invalid",
      "relay-timeout", 1500 * GST_MSECOND, NULL);
  ms = src_test_set_state (&t, GST_STATE_PLAYING);
  fail_unless (ms < 100, "starting took %u ms", ms);
  src_test_wait_progress (&t, GST_PROGRESS_TYPE_START, "name-lookup");
  src_test_wait_error (&t, GST_RESOURCE_ERROR_NOT_FOUND,
      is_relay ? "\"relay\"" : "\"source\"", "no-such-host.invalid");
  src_test_stop (&t);
  fail_unless_equals_int (peer_relay_heard (&relay).requests, 0);

  /* mended, it starts */
  g_mutex_lock (&t.lock);
  g_ptr_array_set_size (t.messages, 0);
  g_mutex_unlock (&t.lock);
  g_object_set (t.src, "source", S4, NULL);
  use_relay (&t, "127.0.0.1:%u", peer_relay_port (&relay));
  src_test_play (&t);
  expect_data (&t, &relay);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static void
looked_up (GObject * resolver, GAsyncResult * result, gpointer data)
{
  GError *error = NULL;

  g_resolver_free_addresses (g_resolver_lookup_by_name_finish (G_RESOLVER
          (resolver), result, &error));
  g_clear_error (&error);
  *(gboolean *) data = TRUE;
}

/* GLib opens descriptors of its own, for good, at the first lookup. */
static void
look_up_once (void)
{
  GCancellable *cancellable = g_cancellable_new ();
  GResolver *resolver = g_resolver_get_default ();
  gboolean done = FALSE;

  g_resolver_lookup_by_name_async (resolver, "no-such-host.invalid",
      cancellable, looked_up, &done);
  g_cancellable_cancel (cancellable);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
  g_object_unref (cancellable);
  g_object_unref (resolver);
}

/* Stopped at once with a lookup under way, many times. */
GST_START_TEST (test_stop_during_lookup)
{
  guint fds, ms;
  gint64 end;
  SrcTest t;

  src_test_init (&t, &flow4, NULL);
  look_up_once ();
  fds = count_fds ();
  g_object_set (t.src, "relay", "no-such-host.invalid", NULL);
  for (guint i = 0; i < 10; i++) {
    ms = src_test_set_state (&t, GST_STATE_PLAYING);
    fail_unless (ms < 100, "starting took %u ms", ms);
    src_test_stop (&t);
  }
  /* the workers' descriptors go when they are done */
  end = g_get_monotonic_time () + 15 * G_TIME_SPAN_SECOND;
  while (count_fds () > fds) {
    fail_unless (g_get_monotonic_time () < end, "%u files, not %u",
        count_fds (), fds);
    g_usleep (10000);
  }
  src_test_clear (&t);
}

GST_END_TEST;

/* A dead name before a good address costs two seconds at most. */
GST_START_TEST (test_dead_name_then_address)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, NULL);
  use_relay (&t, "no-such-host.invalid,127.0.0.1:%u", peer_relay_port (&relay));
  src_test_play (&t);
  expect_data (&t, &relay);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static Suite *
amtsrc_relays_suite (void)
{
  Suite *s = suite_create ("amtsrc-relays");
  TCase *tc = tcase_create ("relays");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_habit, 0, G_N_ELEMENTS (habits));
  tcase_add_test (tc, test_slow_relay);
  tcase_add_loop_test (tc, test_no_answer, 0, G_N_ELEMENTS (no_answers));
  tcase_add_test (tc, test_full_relay);
  tcase_add_test (tc, test_only_full_relay);
  tcase_add_test (tc, test_relay_port);
  tcase_add_test (tc, test_relay_by_name);
  tcase_add_test (tc, test_source_by_name);
  tcase_add_loop_test (tc, test_bind, 0, G_N_ELEMENTS (localities));

  tc = tcase_create ("discovery");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_discovery, 0, G_N_ELEMENTS (localities));
  tcase_add_test (tc, test_discovery_elsewhere);
  tcase_add_loop_test (tc, test_discovery_bad, 0,
      G_N_ELEMENTS (bad_advertised));

  tc = tcase_create ("no relay");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_relay_timeout);
  tcase_add_loop_test (tc, test_no_relay_timeout, 0, 2);
  tcase_add_loop_test (tc, test_refused, 0, G_N_ELEMENTS (localities));
  tcase_add_test (tc, test_refused_then_next);
  tcase_add_loop_test (tc, test_dead_name, 0, 2);
  tcase_add_test (tc, test_stop_during_lookup);
  tcase_add_test (tc, test_dead_name_then_address);
  return s;
}

GST_CHECK_MAIN (amtsrc_relays);
