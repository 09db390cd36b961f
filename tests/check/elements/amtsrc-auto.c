/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * How amtsrc chooses between native multicast and the tunnel, in a network of
 * the test's own: the native sender uses the interface m0 198.51.100.1, the
 * relay is on loopback, and both send the same packets.
 */
#include <string.h>

#include "privatenet.h"
#include "srctest.h"
#include "stopwatch.h"

#define A4 "198.51.100.1"
#define PORT 5001

static const PeerFlow flow = { A4, G4, 4000, PORT };

typedef struct
{
  SrcTest t;
  PeerRelay relay;
  Sender sender;
  gboolean native_up;
  guint32 seq;
} Auto;

static void
auto_init (Auto * a)
{
  private_net_run ("ip link del m0 2>/dev/null;"
      " ip link add m0 type veth peer name m1 &&"
      " ip link set m0 up && ip link set m1 up &&"
      " ip addr add " A4 "/24 dev m0");
  memset (a, 0, sizeof (*a));
  peer_relay_open (&a->relay, "127.0.0.1", &flow);
  src_test_init (&a->t, &flow, &a->relay);
  g_object_set (a->t.src, "delivery", 0, "port", PORT, "multicast-iface", "m0",
      "native-timeout", 200 * GST_MSECOND, NULL);
  sender_open (&a->sender, A4, "m0", G4, PORT);
}

static void
auto_clear (Auto * a)
{
  src_test_stop (&a->t);
  src_test_no_errors (&a->t);
  check_sum (a->t.src);
  sender_close (&a->sender);
  src_test_clear (&a->t);
  peer_relay_close (&a->relay);
  private_net_run ("ip link del m0");
}

/* One packet by all ways that there are. */
static void
send_one (Auto * a)
{
  if (a->native_up)
    sender_send (&a->sender, a->seq, 1, 200);
  if (peer_relay_is_joined (&a->relay))
    peer_relay_send (&a->relay, a->seq, 200);
  a->seq++;
  g_usleep (5000);
}

/* Sends until the element receives by that path. */
static void
send_until (Auto * a, const gchar * delivery, guint n_joins)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  gboolean there = FALSE;

  while (!there) {
    gchar *now = stat_text (a->t.src, "delivery");

    there = g_str_equal (now, delivery) &&
        src_test_count_messages (&a->t, "multicast-join") >= n_joins;
    g_free (now);
    fail_unless (g_get_monotonic_time () < end, "no move to %s", delivery);
    send_one (a);
  }
}

/* Sends until the tunnel is left; in silence it would be opened again. */
static void
send_until_left (Auto * a)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;

  while (peer_relay_is_joined (&a->relay)) {
    fail_unless (g_get_monotonic_time () < end, "the tunnel is still open");
    send_one (a);
  }
}

static void
expect_message (Auto * a, const gchar * name, guint n, const gchar * delivery)
{
  const GstStructure *s = src_test_wait_message (&a->t, name, n);

  fail_unless_equals_string (gst_structure_get_string (s, "delivery"),
      delivery);
}

/* The last event told downstream. */
static void
expect_event (Auto * a, const gchar * delivery)
{
  GstPad *pad = gst_element_get_static_pad (a->t.src, "src");
  GstEvent *event = NULL, *e;

  for (guint i = 0; (e = gst_pad_get_sticky_event (pad,
              GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, i)) != NULL; i++) {
    if (gst_event_has_name (e, "multicast-channel"))
      gst_event_replace (&event, e);
    gst_event_unref (e);
  }
  fail_unless (event != NULL);
  fail_unless_equals_string (gst_structure_get_string (gst_event_get_structure
          (event), "delivery"), delivery);
  gst_event_unref (event);
  gst_object_unref (pad);
}

static void
wait_for_filter (const gchar * line)
{
  private_net_run ("for i in $(seq 500); do grep -q '%s'"
      " /proc/self/net/mcfilter && exit 0; sleep 0.02; done; exit 1", line);
}

/* Native multicast is there: no relay hears of us. */
GST_START_TEST (test_native)
{
  Auto a;

  auto_init (&a);
  g_object_set (a.t.src, "native-timeout", 500 * GST_MSECOND, NULL);
  a.native_up = TRUE;
  src_test_play (&a.t);
  send_until (&a, "native", 1);
  for (guint i = 0; i < 150; i++)
    send_one (&a);
  expect_message (&a, "multicast-join", 0, "native");
  expect_event (&a, "native");
  fail_unless_equals_int (peer_relay_heard (&a.relay).requests, 0);
  auto_clear (&a);
}

GST_END_TEST;

/* It is not: the tunnel, not before the time and not long after it. */
GST_START_TEST (test_silent)
{
  Stopwatch watch;
  gint64 start;
  Auto a;

  auto_init (&a);
  stopwatch_start (&watch);
  start = g_get_monotonic_time ();
  src_test_play (&a.t);
  send_until (&a, "tunnel", 1);
  fail_unless (g_get_monotonic_time () - start > 200000);
  fail_unless (stopwatch_us (&watch) < 1200000);
  expect_message (&a, "multicast-join", 0, "tunnel");
  expect_event (&a, "tunnel");
  auto_clear (&a);
}

GST_END_TEST;

/* There is no interface to join on: the tunnel at once, and native multicast
 * when there is one. */
GST_START_TEST (test_impossible)
{
  gint64 start;
  Auto a;

  auto_init (&a);
  g_object_set (a.t.src, "source", "192.0.2.10", "multicast-iface", NULL,
      "native-timeout", 60 * GST_SECOND, NULL);
  start = g_get_monotonic_time ();
  src_test_play (&a.t);
  peer_relay_wait_requests (&a.relay, 1);
  fail_unless (g_get_monotonic_time () - start < 5000000);
  private_net_run ("ip route add 192.0.2.0/24 dev m0");
  wait_for_filter ("0xc000020a");
  auto_clear (&a);
}

GST_END_TEST;

/* The interface goes and one of its name comes, at first without a link; joins
 * are renewed all the time.  Nothing is left behind. */
GST_START_TEST (test_iface_lost)
{
  guint fds = 0;
  Auto a;

  auto_init (&a);
  g_object_set (a.t.src, "rejoin-interval", 20 * GST_MSECOND, NULL);
  src_test_play (&a.t);
  wait_for_filter ("m0 0xe8010101");
  for (guint i = 0; i < 4; i++) {
    private_net_run ("ip link del m0; sleep 0.%u", i % 2 * 3);
    private_net_run ("ip link add m0 type veth peer name m1 &&"
        " ip addr add " A4 "/24 dev m0; sleep 0.3;"
        " ip link set m0 up && ip link set m1 up");
    wait_for_filter ("m0 0xe8010101");
    if (i == 1)
      fds = count_fds ();
  }
  fail_unless_equals_int (count_fds (), fds);
  sender_close (&a.sender);
  sender_open (&a.sender, A4, "m0", G4, PORT);
  a.native_up = TRUE;
  send_until (&a, "native", 1);
  auto_clear (&a);
}

GST_END_TEST;

/* The port is learnt by the tunnel; then the native join is made. */
GST_START_TEST (test_port_learnt)
{
  Auto a;

  auto_init (&a);
  g_object_set (a.t.src, "port", 0, "native-timeout", 60 * GST_SECOND, NULL);
  src_test_play (&a.t);
  peer_relay_wait_joined (&a.relay, TRUE);
  send_until (&a, "tunnel", 1);
  a.native_up = TRUE;
  send_until (&a, "native", 2);
  fail_unless_equals_int (src_test_count_messages (&a.t, "multicast-port"), 1);
  auto_clear (&a);
}

GST_END_TEST;

/* Native alone asks no relay; without a port it cannot be. */
GST_START_TEST (test_native_only)
{
  Auto a;

  auto_init (&a);
  g_object_set (a.t.src, "delivery", 1, NULL);
  src_test_play (&a.t);
  g_usleep (400000);
  a.native_up = TRUE;
  send_until (&a, "native", 1);
  fail_unless_equals_int (peer_relay_heard (&a.relay).requests, 0);
  src_test_stop (&a.t);
  src_test_no_errors (&a.t);

  g_object_set (a.t.src, "port", 0, NULL);
  gst_element_set_state (a.t.pipeline, GST_STATE_PLAYING);
  src_test_wait_error (&a.t, GST_RESOURCE_ERROR_SETTINGS, "\"port\"", "0");
  sender_close (&a.sender);
  src_test_clear (&a.t);
  peer_relay_close (&a.relay);
  private_net_run ("ip link del m0");
}

GST_END_TEST;

/* There and back ten times: no packet twice, none lost but in the silence that
 * is waited for, which DISCONT marks. */
GST_START_TEST (test_there_and_back)
{
  guint32 next = 0, missing = 0, unmarked = 0;
  guint moves = 10;
  Auto a;

  auto_init (&a);
  src_test_play (&a.t);
  for (guint i = 0; i < moves; i++) {
    a.native_up = FALSE;
    send_until (&a, "tunnel", 2 * i + 1);
    expect_message (&a, "multicast-join", 2 * i, "tunnel");
    expect_event (&a, "tunnel");
    a.native_up = TRUE;
    send_until (&a, "native", 2 * i + 2);
    expect_message (&a, "multicast-leave", 2 * i, "tunnel");
    expect_message (&a, "multicast-join", 2 * i + 1, "native");
    expect_event (&a, "native");
    send_until_left (&a);
  }
  src_test_stop (&a.t);

  fail_unless (src_test_n_buffers (&a.t) > 0);
  next = buffer_seq (src_test_buffer (&a.t, 0));
  for (guint i = 0; i < src_test_n_buffers (&a.t); i++) {
    GstBuffer *buffer = src_test_buffer (&a.t, i);
    guint32 seq = buffer_seq (buffer);

    fail_unless (seq >= next, "packet %u after %u", seq, next - 1);
    if (seq != next && !GST_BUFFER_IS_DISCONT (buffer))
      unmarked++;
    missing += seq - next;
    next = seq + 1;
  }
  fail_unless_equals_int (unmarked, 0);
  fail_unless (stat_value (a.t.src, "dropped-duplicate") > 10 * moves);
  g_print ("%u packets of 5 ms lost in %u moves to the tunnel\n", missing,
      moves - 1);
  auto_clear (&a);
}

GST_END_TEST;

static Suite *
amtsrc_auto_suite (void)
{
  Suite *s = suite_create ("amtsrc-auto");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_native);
  tcase_add_test (tc, test_silent);
  tcase_add_test (tc, test_impossible);
  tcase_add_test (tc, test_iface_lost);
  tcase_add_test (tc, test_port_learnt);
  tcase_add_test (tc, test_native_only);
  tcase_add_test (tc, test_there_and_back);
  return s;
}

PRIVATE_NET_MAIN (amtsrc_auto);
