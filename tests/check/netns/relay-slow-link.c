/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtrelaysink on a loopback interface that takes less than it is given; how
 * much less is in MC_RATE.
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "relayharness.h"
#include "stopwatch.h"

/* More than the largest send buffer the element asks for. */
#define PACKETS 8000
#define LIST 40

static guint64
now_ms (void)
{
  return (guint64) g_get_monotonic_time () / 1000;
}

/* Counts add up whatever happens, and no push waits long. */
static void
push_all (GstHarness * h, guint n)
{
  for (guint i = 0; i < n; i++) {
    guint64 begin = now_ms ();

    relay_push (h, 1316, (guint8) i);
    fail_unless (now_ms () - begin < 500, "push %u took %u ms", i,
        (guint) (now_ms () - begin));
  }
  fail_unless_equals_uint64 (relay_stat (h->element, "packets-in"), n);
  fail_unless_equals_uint64 (relay_stat (h->element, "packets-sent") +
      relay_stat (h->element, "dropped-send-buffer-full") +
      relay_stat (h->element, "dropped-send-failed"), n);
}

/* The same with lists, which leave as few messages. */
static void
push_lists (GstHarness * h, guint n_lists)
{
  guint64 before = relay_stat (h->element, "packets-in");

  for (guint i = 0; i < n_lists; i++) {
    GstBufferList *list = gst_buffer_list_new ();
    guint64 begin = now_ms ();

    for (guint k = 0; k < LIST; k++)
      gst_buffer_list_add (list, relay_make_buffer (1316, (guint8) k));
    fail_unless_equals_int (gst_pad_push_list (h->srcpad, list), GST_FLOW_OK);
    fail_unless (now_ms () - begin < 500, "list %u took %u ms", i,
        (guint) (now_ms () - begin));
  }
  fail_unless_equals_uint64 (relay_stat (h->element, "packets-in"),
      before + n_lists * LIST);
  fail_unless_equals_uint64 (relay_stat (h->element, "packets-sent") +
      relay_stat (h->element, "dropped-send-buffer-full") +
      relay_stat (h->element, "dropped-send-failed"), before + n_lists * LIST);
  fail_unless_equals_uint64 (relay_stat (h->element, "segments-refused"), 0);
}

static gpointer
push_until_stopped (gpointer data)
{
  GstHarness *h = data;

  while (gst_harness_push (h, relay_make_buffer (1316, 0)) == GST_FLOW_OK);
  return NULL;
}

/* A state change comes through while the sink waits for room. */
static void
check_stop (GstHarness * h)
{
  GThread *thread = g_thread_new ("push", push_until_stopped, h);
  Stopwatch watch;

  relay_wait_for_stat (h->element, "packets-in", 2 * PACKETS + 1);
  stopwatch_start (&watch);
  gst_element_set_state (h->element, GST_STATE_NULL);
  fail_unless (stopwatch_us (&watch) < 100000);
  g_thread_join (thread);
}

GST_START_TEST (test_slow_link)
{
  const gchar *rate = g_getenv ("MC_RATE");
  GstHarness *h = relay_harness_new (relay_sink_new (S4, G4));
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  PeerGateway peer;

  gst_element_set_bus (h->element, bus);
  peer_open (&peer, "127.0.0.1", relay_used_port (h));
  peer_join (&peer, S4, G4);
  relay_wait_for_gateways (h->element, 1);

  if (g_str_equal (rate, "mtu")) {
    push_all (h, 5);
    fail_unless_equals_uint64 (relay_stat (h->element, "dropped-send-failed"),
        5);
    push_lists (h, 2);
    fail_unless_equals_uint64 (relay_stat (h->element, "dropped-send-failed"),
        5 + 2 * LIST);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
    fail_unless (message != NULL);
    gst_message_unref (message);
    fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING) == NULL);
  } else if (g_str_equal (rate, "40mbit")) {
    /* Slower than the sink, which then waits: it must all go out. */
    push_all (h, PACKETS);
    push_lists (h, PACKETS / LIST / 8);
    fail_unless_equals_uint64 (relay_stat (h->element,
            "dropped-send-buffer-full"), 0);
  } else {
    push_all (h, PACKETS);
    push_lists (h, PACKETS / LIST);
    fail_unless (relay_stat (h->element, "dropped-send-buffer-full") > 0);
    fail_unless (relay_stat (h->element, "packets-sent") > 0);
    check_stop (h);
  }
  fail_unless_equals_uint64 (relay_stat (h->element, "gateways-removed"), 0);
  peer_close (&peer);
  gst_bus_set_flushing (bus, TRUE);
  gst_harness_teardown (h);
  gst_object_unref (bus);
}

GST_END_TEST;

static Suite *
slow_link_suite (void)
{
  Suite *s = suite_create ("relay-slow-link");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_slow_link);
  return s;
}

GST_CHECK_MAIN (slow_link);
