/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtrelaysink: signals, hostile gateways, starting and stopping.
 */
#include <gio/gio.h>
#include <gst/check/gstcheck.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relayharness.h"
#include "stopwatch.h"

#define DEADLINE (5 * G_TIME_SPAN_SECOND)

static const PeerChannel channel4 = CHANNEL4;

/*
 * Signals
 */

typedef struct
{
  gint added;
  gint removed;
  guint port;
} Heard;

static void
on_added (GstElement * sink, GSocketAddress * address, Heard * heard)
{
  fail_unless (G_IS_INET_SOCKET_ADDRESS (address));
  heard->port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
  g_atomic_int_inc (&heard->added);
}

static void
on_removed (GstElement * sink, GSocketAddress * address, Heard * heard)
{
  g_atomic_int_inc (&heard->removed);
}

static void
wait_for_int (gint * value, gint wanted)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (g_atomic_int_get (value) != wanted) {
    fail_unless (g_get_monotonic_time () < end);
    g_usleep (1000);
  }
}

GST_START_TEST (test_signals)
{
  GstHarness *h = relay_harness_new (relay_sink_new (S4, G4));
  Heard heard = { 0 };
  PeerGateway peer;

  g_signal_connect (h->element, "gateway-added", G_CALLBACK (on_added), &heard);
  g_signal_connect (h->element, "gateway-removed", G_CALLBACK (on_removed),
      &heard);
  peer_open (&peer, "127.0.0.1", relay_used_port (h));
  peer_join (&peer, S4, G4);
  wait_for_int (&heard.added, 1);
  fail_unless_equals_int (heard.port, peer.local.port);
  fail_unless_equals_int (heard.removed, 0);
  peer_leave (&peer, S4, G4);
  wait_for_int (&heard.removed, 1);
  peer_close (&peer);
  gst_harness_teardown (h);
  fail_unless_equals_int (heard.added, 1);
}

GST_END_TEST;

static void
stop_in_handler (GstElement * sink, GSocketAddress * address, gint * done)
{
  gst_element_set_state (sink, GST_STATE_NULL);
  g_atomic_int_set (done, 1);
}

GST_START_TEST (test_stop_in_handler)
{
  guint fds = count_fds ();
  GstElement *sink = relay_sink_new (S4, G4);
  gint64 end = g_get_monotonic_time () + DEADLINE;
  PeerGateway peer;
  gint done = 0;
  guint port;

  g_signal_connect (sink, "gateway-added", G_CALLBACK (stop_in_handler), &done);
  gst_element_set_state (sink, GST_STATE_PAUSED);
  g_object_get (sink, "used-port", &port, NULL);
  peer_open (&peer, "127.0.0.1", port);
  peer_join (&peer, S4, G4);
  wait_for_int (&done, 1);
  gst_object_unref (sink);
  peer_close (&peer);
  while (count_fds () != fds) {
    fail_unless (g_get_monotonic_time () < end, "descriptors left");
    g_usleep (1000);
  }
}

GST_END_TEST;

/*
 * Hostility
 */

typedef struct
{
  PeerGateway peer;
  gint stop;
} Storm;

static gboolean
add_control_drops (GQuark id, const GValue * value, gpointer sum)
{
  if (g_str_has_prefix (g_quark_to_string (id), "dropped-control-"))
    *(guint64 *) sum += g_value_get_uint64 (value);
  return TRUE;
}

static guint64
control_drops (GstElement * sink)
{
  GstStructure *stats = relay_get_stats (sink);
  guint64 sum = 0;

  gst_structure_foreach (stats, add_control_drops, &sum);
  gst_structure_free (stats);
  return sum;
}

static gpointer
storm_thread (gpointer data)
{
  Storm *storm = data;
  GRand *rand = g_rand_new_with_seed (1);
  guint8 buf[1400];

  while (!g_atomic_int_get (&storm->stop)) {
    gsize len = (gsize) g_rand_int_range (rand, 1, sizeof (buf));

    for (gsize i = 0; i < MIN (len, 64); i++)
      buf[i] = (guint8) g_rand_int (rand);
    buf[0] &= 0x07;             /* mostly a type that exists */
    peer_send (&storm->peer, buf, len);
  }
  g_rand_free (rand);
  return NULL;
}

GST_START_TEST (test_storm)
{
  GstHarness *h = relay_harness_new (relay_sink_new (S4, G4));
  Storm storm = { 0 };
  PeerGateway peer, late;
  GThread *thread;
  gint64 end;

  peer_open (&peer, "127.0.0.1", relay_used_port (h));
  peer_join (&peer, S4, G4);
  relay_wait_for_gateways (h->element, 1);

  peer_open (&storm.peer, "127.0.0.9", relay_used_port (h));
  thread = g_thread_new ("storm", storm_thread, &storm);
  relay_wait_for_stat (h->element, "control-received", 100);
  for (guint i = 0; i < 1000; i++) {
    relay_push (h, 1316, (guint8) i);
    relay_expect (&peer, &channel4, 1316, (guint8) i);
  }
  end = g_get_monotonic_time () + DEADLINE;
  while (control_drops (h->element) <= 1000) {
    fail_unless (g_get_monotonic_time () < end, "that is no storm");
    g_usleep (1000);
  }
  relay_wait_for_stat (h->element, "dropped-control-rate-limited", 1);
  g_atomic_int_set (&storm.stop, 1);
  g_thread_join (thread);
  fail_unless_equals_uint64 (relay_stat (h->element, "gateways"), 1);

  /* Others are still served. */
  peer_open (&late, "::1", relay_used_port (h));
  peer_join (&late, S4, G4);
  relay_wait_for_gateways (h->element, 2);
  peer_close (&late);
  peer_close (&peer);
  peer_close (&storm.peer);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_update_storm)
{
  GstHarness *h = relay_harness_new (relay_sink_new (S4, G4));
  PeerGateway peer;

  peer_open (&peer, "127.0.0.1", relay_used_port (h));
  peer_join (&peer, S4, G4);
  relay_wait_for_gateways (h->element, 1);
  for (guint i = 0; i < 5000; i++) {
    gchar *group = g_strdup_printf ("232.7.%u.%u", i / 250, i % 250);

    peer_update (&peer, GROUP_ALLOW_NEW_SOURCES, S4, group);
    g_free (group);
  }
  relay_wait_for_stat (h->element, "dropped-control-too-many-channels", 1);
  fail_unless_equals_uint64 (relay_stat (h->element, "gateways"), 1);
  relay_push (h, 100, 1);
  relay_expect (&peer, &channel4, 100, 1);
  peer_close (&peer);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Some kernels run out of ICMPv4 errors for minutes once a host had many. */
static gboolean
kernel_tells_unreachable (const gchar * address)
{
  PeerGateway closed, probe;
  gssize told = 0;

  peer_open (&closed, address, 1);
  peer_close (&closed);
  peer_open (&probe, address, closed.local.port);
  peer_connect (&probe);
  for (guint i = 0; i < 100 && told >= 0; i++) {
    told = send (probe.fd, "", 1, 0);
    g_usleep (1000);
  }
  peer_close (&probe);
  return told < 0;
}

GST_START_TEST (test_vanished_gateway)
{
  const gchar *address = __i__ ? "::1" : "127.0.0.1";
  GstHarness *h = relay_harness_new (relay_sink_new (S4, G4));
  gint64 end = g_get_monotonic_time () + DEADLINE;
  PeerGateway gone, stays;

  peer_open (&gone, address, relay_used_port (h));
  peer_open (&stays, address, relay_used_port (h));
  peer_join (&gone, S4, G4);
  peer_join (&stays, S4, G4);
  relay_wait_for_gateways (h->element, 2);
  peer_close (&gone);
  for (guint i = 0; relay_channel_gateways (h->element) == 2; i++) {
    if (g_get_monotonic_time () > end) {
      fail_if (kernel_tells_unreachable (address));
      g_printerr ("not checked: no ICMP errors for %s\n", address);
      goto done;
    }
    relay_push (h, 100, (guint8) i);
    relay_expect (&stays, &channel4, 100, (guint8) i);
    g_usleep (1000);
  }
  fail_unless_equals_int (relay_channel_gateways (h->element), 1);
  fail_unless_equals_uint64 (relay_stat (h->element, "dropped-send-failed"), 0);

done:
  peer_close (&stays);
  gst_harness_teardown (h);
}

GST_END_TEST;

/*
 * Life cycle
 */

GST_START_TEST (test_state_cycles)
{
  guint fds = 0;

  for (guint i = 0; i < 101; i++) {
    GstElement *pipeline = gst_parse_launch ("fakesrc sizetype=fixed "
        "sizemax=1316 filltype=zero ! amtrelaysink name=s source=" S4
        " group=" G4 " relay-port=0 sync=false", NULL);
    GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
    PeerGateway peer;
    guint8 buf[2048];
    Stopwatch watch;
    gint64 took;
    guint port;

    fail_unless (gst_element_set_state (pipeline, GST_STATE_PLAYING) !=
        GST_STATE_CHANGE_FAILURE);
    g_object_get (sink, "used-port", &port, NULL);
    fail_unless (port != 0);
    peer_open (&peer, i % 2 ? "127.0.0.1" : "::1", port);
    peer_join (&peer, S4, G4);
    for (guint k = 0; k < 5; k++)
      fail_unless (peer_receive (&peer, buf, sizeof (buf), 5000) > 1316);
    if (i % 5 == 0) {
      gst_element_set_state (pipeline, GST_STATE_PAUSED);
      fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL,
              5 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
      while (peer_receive (&peer, buf, sizeof (buf), 20) > 0);
      gst_element_set_state (pipeline, GST_STATE_PLAYING);
      fail_unless (peer_receive (&peer, buf, sizeof (buf), 5000) > 1316);
    }
    stopwatch_start (&watch);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    took = stopwatch_us (&watch);
    fail_unless (took < 100 * G_TIME_SPAN_MILLISECOND,
        "stopping took %" G_GINT64_FORMAT " us", took);
    g_object_get (sink, "used-port", &port, NULL);
    fail_unless_equals_int (port, 0);
    fail_unless (relay_stat (sink, "packets-sent") >= 5);
    peer_close (&peer);
    gst_object_unref (sink);
    gst_object_unref (pipeline);
    if (i == 0)
      fds = count_fds ();
  }
  fail_unless_equals_int (count_fds (), fds);
}

GST_END_TEST;

/* The port is free as soon as the sink has stopped. */
GST_START_TEST (test_same_port_again)
{
  GstElement *sink = relay_sink_new (S4, G4);
  guint port;

  gst_element_set_state (sink, GST_STATE_PAUSED);
  g_object_get (sink, "used-port", &port, NULL);
  gst_element_set_state (sink, GST_STATE_NULL);
  g_object_set (sink, "relay-port", port, NULL);
  for (guint i = 0; i < 50; i++) {
    PeerGateway peer;

    fail_unless (gst_element_set_state (sink, GST_STATE_PAUSED) !=
        GST_STATE_CHANGE_FAILURE);
    peer_open (&peer, i % 2 ? "127.0.0.1" : "::1", port);
    peer_join (&peer, S4, G4);
    relay_wait_for_gateways (sink, 1);
    gst_element_set_state (sink, GST_STATE_NULL);
    peer_close (&peer);
  }
  gst_object_unref (sink);
}

GST_END_TEST;

static Suite *
amtrelaysinklife_suite (void)
{
  Suite *s = suite_create ("amtrelaysinklife");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_signals);
  tcase_add_test (tc, test_stop_in_handler);
  tcase_add_test (tc, test_storm);
  tcase_add_test (tc, test_update_storm);
  tcase_add_loop_test (tc, test_vanished_gateway, 0, 2);
  tcase_add_test (tc, test_state_cycles);
  tcase_add_test (tc, test_same_port_again);
  return s;
}

GST_CHECK_MAIN (amtrelaysinklife);
