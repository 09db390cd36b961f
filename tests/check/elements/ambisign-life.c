/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambisign: flushes, branches that are missing or blocked, the end of a stream
 * of manifests, changes of state.
 */
#include <string.h>

#include "signtest.h"
#include "stopwatch.h"
#include "usage.h"

#define MS GST_MSECOND

/*
 * Branches
 */

GST_START_TEST (test_manifest_pad_not_linked)
{
  GstHarness *late;
  GstEvent *event;
  GstBuffer *manifest;
  SignTest t;

  sign_test_init_unlinked (&t, sign_element_new (S4, G4, "delay", 10 * MS,
          "packets-per-manifest", 2, "max-manifest-latency", 10 * GST_SECOND,
          NULL));
  sign_push (&t, 0, 10, 100);
  for (guint n = 0; n < 10; n++)
    sign_expect_data (&t, n, 100);
  sign_wait_stat (t.sign, "manifests-pushed", 5);

  /* Who is linked later gets the events, and what comes from then on. */
  late = gst_harness_new_with_element (t.sign, NULL, "manifest");
  sign_push (&t, 10, 2, 100);
  manifest = gst_harness_pull (late);
  fail_unless (manifest != NULL);
  fail_unless_equals_int (gst_buffer_get_size (manifest), 14 + 2 * 32);
  gst_buffer_unref (manifest);
  event = gst_harness_pull_event (late);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_STREAM_START);
  gst_event_unref (event);
  event = gst_harness_pull_event (late);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_CAPS);
  gst_event_unref (event);
  sign_check_stats (t.sign);
  gst_harness_teardown (late);
  sign_test_clear (&t);
}

GST_END_TEST;

/* Nobody takes the manifests: the data go on, memory stays bounded, and one
 * warning is posted.  Afterwards the newest manifests come. */
GST_START_TEST (test_manifest_branch_blocked)
{
  const guint total = 33000;
  SignTest t;
  guint kept;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", (guint64) 0,
          "packets-per-manifest", 1, NULL));
  gst_harness_set_blocking_push_mode (t.manifests);
  gst_harness_set_drop_buffers (t.data, TRUE);
  sign_push (&t, 0, total, 8);
  sign_wait_stat (t.sign, "packets-pushed", total);
  sign_check_stats (t.sign);
  fail_unless (sign_stat (t.sign, "dropped-manifests") > 0);
  kept = (guint) sign_stat (t.sign, "manifests-held");
  fail_unless (kept > 20000 && kept < 32000, "%u held", kept);
  fail_unless_equals_int (sign_count_messages (&t, GST_MESSAGE_WARNING), 1);
  sign_test_clear (&t);
}

GST_END_TEST;

static GstFlowReturn
refuse (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  gst_buffer_unref (buffer);
  return GPOINTER_TO_INT (gst_pad_get_element_private (pad));
}

static GstPad *
link_refusing (GstElement * sign, const gchar * name, GstFlowReturn flow)
{
  GstPad *src = gst_element_get_static_pad (sign, name);
  GstPad *sink = gst_pad_new ("sink", GST_PAD_SINK);

  gst_pad_set_element_private (sink, GINT_TO_POINTER (flow));
  gst_pad_set_chain_function (sink, refuse);
  gst_pad_set_active (sink, TRUE);
  fail_unless_equals_int (gst_pad_link (src, sink), GST_PAD_LINK_OK);
  gst_object_unref (src);
  return sink;
}

static const struct
{
  const gchar *pad;
  GstFlowReturn flow;
  GstFlowReturn told;           /* to upstream, sooner or later */
} refusals[] = {
  {"src", GST_FLOW_EOS, GST_FLOW_EOS},
  {"src", GST_FLOW_ERROR, GST_FLOW_ERROR},
  {"src", GST_FLOW_NOT_NEGOTIATED, GST_FLOW_NOT_NEGOTIATED},
  {"manifest", GST_FLOW_ERROR, GST_FLOW_ERROR},
  {"manifest", GST_FLOW_NOT_NEGOTIATED, GST_FLOW_NOT_NEGOTIATED}
};

GST_START_TEST (test_downstream_refuses)
{
  const gchar *other = g_str_equal (refusals[__i__].pad, "src") ? "manifest" :
      "src";
  GstElement *sign = sign_element_new (S4, G4, "delay", (guint64) 0,
      "packets-per-manifest", 1, NULL);
  gint64 end = g_get_monotonic_time () + 5 * G_TIME_SPAN_SECOND;
  GstPad *refusing = link_refusing (sign, refusals[__i__].pad,
      refusals[__i__].flow);
  GstPad *taking = link_refusing (sign, other, GST_FLOW_OK);
  GstHarness *h = gst_harness_new_with_element (sign, "sink", NULL);
  GstFlowReturn flow = GST_FLOW_OK;

  gst_object_unref (sign);
  gst_harness_set_src_caps_str (h, "video/mpegts");
  for (guint n = 0; flow == GST_FLOW_OK; n++) {
    fail_unless (g_get_monotonic_time () < end);
    flow = gst_harness_push (h, sign_make_buffer (n, 100));
  }
  fail_unless_equals_int (flow, refusals[__i__].told);
  gst_harness_push_event (h, gst_event_new_eos ());
  sign_check_stats (h->element);
  gst_harness_teardown (h);
  gst_object_unref (refusing);
  gst_object_unref (taking);
}

GST_END_TEST;

/* A branch that is shut down while it is linked, and another one in its place:
 * the manifests go on. */
GST_START_TEST (test_manifest_branch_replaced)
{
  GstElement *sign = sign_element_new (S4, G4, "delay", (guint64) 0,
      "packets-per-manifest", 1, NULL);
  GstBuffer *manifest;
  GstPad *src;
  SignTest t;

  sign_test_init (&t, sign);
  sign_push (&t, 0, 1, 100);
  fail_unless_equals_int (sign_read_manifest (&t), 1);
  gst_pad_set_active (t.manifests->sinkpad, FALSE);
  sign_push (&t, 1, 2, 100);
  sign_wait_stat (sign, "manifests-pushed", 3);

  src = gst_element_get_static_pad (sign, "manifest");
  gst_pad_unlink (src, t.manifests->sinkpad);
  gst_pad_set_active (t.manifests->sinkpad, TRUE);
  fail_unless_equals_int (gst_pad_link (src, t.manifests->sinkpad),
      GST_PAD_LINK_OK);
  sign_push (&t, 3, 1, 100);
  manifest = gst_harness_pull (t.manifests);
  fail_unless (manifest != NULL);
  gst_buffer_unref (manifest);
  sign_check_stats (sign);
  gst_object_unref (src);
  sign_test_clear (&t);
}

GST_END_TEST;

/* The only manifest comes at the end of the data, and is refused: the end of
 * the pipeline must not be waited for in vain. */
GST_START_TEST (test_manifest_refused_at_the_end)
{
  GstElement *sign = sign_element_new (S4, G4, "delay", (guint64) 0,
      "max-manifest-latency", 10 * GST_SECOND, NULL);
  GstPad *refusing = link_refusing (sign, "manifest", GST_FLOW_NOT_NEGOTIATED);
  GstMessage *message;
  GstPad *src;
  SignTest t;

  sign_test_init_unlinked (&t, sign);
  sign_push (&t, 0, 1, 100);
  fail_unless (gst_harness_push_event (t.data, gst_event_new_eos ()));
  message = gst_bus_timed_pop_filtered (t.bus, 5 * GST_SECOND,
      GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "nobody is told");
  gst_message_unref (message);
  sign_wait_departure (&t, 'e', 1);
  sign_wait_departure (&t, 'E', 1);

  src = gst_element_get_static_pad (sign, "manifest");
  gst_pad_unlink (src, refusing);
  gst_object_unref (src);
  gst_object_unref (refusing);
  sign_test_clear (&t);
}

GST_END_TEST;

/* What the application or a sink wants of the manifests does not reach the
 * data's source; what it wants of the data does. */
GST_START_TEST (test_upstream_events)
{
  GstEvent *event;
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, NULL));
  fail_if (gst_harness_push_upstream_event (t.manifests,
          gst_event_new_seek (1.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
              GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0)));
  fail_unless (gst_harness_push_upstream_event (t.manifests,
          gst_event_new_latency (GST_SECOND)));
  while ((event = gst_harness_try_pull_upstream_event (t.data)) != NULL) {
    fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_RECONFIGURE);
    gst_event_unref (event);
  }
  gst_harness_push_upstream_event (t.data, gst_event_new_latency (GST_SECOND));
  event = gst_harness_pull_upstream_event (t.data);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_LATENCY);
  gst_event_unref (event);
  sign_test_clear (&t);
}

GST_END_TEST;

/*
 * Back pressure
 */

typedef struct
{
  SignTest *t;
  GstClockTime step;            /* between time stamps; 0: none */
  guint total;
  gint pushed;
  GstFlowReturn flow;
} Pusher;

static gpointer
push_thread (gpointer data)
{
  Pusher *p = data;

  for (guint n = 0; n < p->total && p->flow == GST_FLOW_OK; n++) {
    GstBuffer *buffer = sign_make_buffer (n, 1316);

    if (p->step > 0)
      GST_BUFFER_PTS (buffer) = n * p->step;
    p->flow = gst_harness_push (p->t->data, buffer);
    g_atomic_int_inc (&p->pushed);
  }
  return NULL;
}

/* A source that does not wait: 65536 bytes hold 36 packets of 1316 + 512, and
 * those leave only after the delay. */
GST_START_TEST (test_bounded_by_bytes)
{
  gint64 start = g_get_monotonic_time ();
  Pusher p = { NULL, 0, 100, 0, GST_FLOW_OK };
  GThread *thread;
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 60 * MS,
          "max-manifest-latency", 10 * MS, "max-held-bytes",
          G_GUINT64_CONSTANT (65536), NULL));
  p.t = &t;
  thread = g_thread_new ("push", push_thread, &p);
  sign_wait_stat (t.sign, "times-full", 1);
  fail_unless (sign_stat (t.sign, "packets-held") <= 36);
  g_thread_join (thread);
  fail_unless_equals_int (p.flow, GST_FLOW_OK);
  fail_unless (g_get_monotonic_time () >= start + 2 * 60000);
  for (guint n = 0; n < 100; n++)
    sign_expect_data (&t, n, 1316);
  sign_read_listed (&t, 100);
  sign_check_stats (t.sign);
  sign_test_clear (&t);
}

GST_END_TEST;

static GstPadProbeReturn
hold (GstPad * pad, GstPadProbeInfo * info, gpointer user)
{
  return GST_PAD_PROBE_OK;
}

/* A sink that waits for the clock: at most delay and two seconds of the stream
 * are held, and listed, in advance.  Then everything that waits is woken. */
GST_START_TEST (test_bounded_by_time_stamps)
{
  Pusher p = { NULL, 100 * MS, 100, 0, GST_FLOW_OK };
  const gboolean flush = __i__;
  GThread *thread;
  SignTest t;
  GstPad *pad;
  gulong id;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 500 * MS, NULL));
  pad = gst_element_get_static_pad (t.sign, "src");
  id = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BLOCK |
      GST_PAD_PROBE_TYPE_BUFFER, hold, NULL, NULL);
  p.t = &t;
  thread = g_thread_new ("push", push_thread, &p);
  sign_wait_stat (t.sign, "packets-pushed", 1);
  sign_wait_stat (t.sign, "times-full", 2);
  /* 0 is on its way; 1 to 26, which is 2.5 s later, are held. */
  fail_unless_equals_int (g_atomic_int_get (&p.pushed), 27);
  fail_unless_equals_uint64 (sign_stat (t.sign, "packets-held"), 26);
  fail_unless_equals_uint64 (sign_stat (t.sign, "packets-signed"), 27);

  if (flush)
    gst_harness_push_event (t.data, gst_event_new_flush_start ());
  else
    gst_element_set_state (t.sign, GST_STATE_READY);
  g_thread_join (thread);
  fail_unless_equals_int (p.flow, GST_FLOW_FLUSHING);
  sign_check_stats (t.sign);
  gst_pad_remove_probe (pad, id);
  gst_object_unref (pad);
  sign_test_clear (&t);
}

GST_END_TEST;

/*
 * Flush
 */

static void
flush (SignTest * t)
{
  GstSegment segment;

  fail_unless (gst_harness_push_event (t->data, gst_event_new_flush_start ()));
  fail_unless (gst_harness_push_event (t->data,
          gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  fail_unless (gst_harness_push_event (t->data,
          gst_event_new_segment (&segment)));
}

GST_START_TEST (test_flush)
{
  GstCaps *caps;
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 10 * GST_SECOND,
          "max-manifest-latency", 20 * MS, NULL));
  sign_push (&t, 0, 5, 100);
  /* These are held behind the data, and must not be lost with them. */
  gst_harness_set_src_caps_str (t.data, "application/x-rtp");
  flush (&t);
  fail_unless_equals_uint64 (sign_stat (t.sign, "packets-held"), 0);
  fail_unless_equals_uint64 (sign_stat (t.sign, "dropped-flushed"), 5);
  g_object_set (t.sign, "delay", 30 * MS, NULL);
  sign_push (&t, 5, 5, 100);
  for (guint n = 5; n < 10; n++)
    sign_expect_data (&t, n, 100);
  /* What was flushed is listed all the same: some of it may have left. */
  sign_read_listed (&t, 10);
  for (guint n = 0; n < 10; n++)
    sign_expect_listed (&t, n, n, 100);
  caps = gst_pad_get_current_caps (t.data->sinkpad);
  fail_unless (caps != NULL);
  fail_unless (gst_structure_has_name (gst_caps_get_structure (caps, 0),
          "application/x-rtp"));
  gst_caps_unref (caps);
  sign_check_stats (t.sign);
  sign_test_clear (&t);
}

GST_END_TEST;

/* A source that begins anew after its end. */
GST_START_TEST (test_flush_after_eos)
{
  SignTest t;
  gchar *state;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 10 * MS,
          "max-manifest-latency", 5 * MS, NULL));
  for (guint n = 0; n < 3; n++) {
    sign_push (&t, n, 1, 100);
    fail_unless (gst_harness_push_event (t.data, gst_event_new_eos ()));
    sign_wait_departure (&t, 'E', n + 1);
    flush (&t);
  }
  sign_read_listed (&t, 3);
  for (guint n = 0; n < 3; n++)
    sign_expect_listed (&t, n, n, 100);
  state = sign_state (t.sign);
  fail_unless_equals_string (state, "stable");
  g_free (state);
  sign_check_stats (t.sign);
  sign_test_clear (&t);
}

GST_END_TEST;

/*
 * The end of a stream of manifests
 */

GST_START_TEST (test_refresh_deadline)
{
  gchar *text;
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 10 * MS,
          "packets-per-manifest", 1, "refresh-deadline", 60 * GST_SECOND,
          NULL));
  sign_push (&t, 0, 1, 100);
  fail_unless_equals_int (sign_read_manifest (&t), 1);
  fail_unless (t.last.refresh_deadline > 50 && t.last.refresh_deadline <= 60);
  text = sign_state (t.sign);
  fail_unless_equals_string (text, "refreshing");
  g_free (text);

  g_object_set (t.sign, "refresh-deadline", (guint64) 0, NULL);
  sign_push (&t, 1, 1, 100);
  fail_unless_equals_int (sign_read_manifest (&t), 1);
  fail_unless_equals_int (t.last.refresh_deadline, 0);

  /* Less than a second is told as one. */
  g_object_set (t.sign, "refresh-deadline", 500 * MS, NULL);
  sign_push (&t, 2, 1, 100);
  fail_unless_equals_int (sign_read_manifest (&t), 1);
  fail_unless_equals_int (t.last.refresh_deadline, 1);
  sign_wait_departure (&t, 'E', 1);

  /* The data go on, also after a flush, and so for ever. */
  sign_push (&t, 3, 1, 100);
  flush (&t);
  g_object_set (t.sign, "refresh-deadline", (guint64) 0, NULL);
  sign_push (&t, 4, 2, 100);
  sign_wait_stat (t.sign, "packets-pushed", 5);
  fail_unless_equals_uint64 (sign_stat (t.sign, "packets-unlisted"), 3);
  fail_unless_equals_uint64 (sign_stat (t.sign, "packets-signed"), 3);
  text = sign_state (t.sign);
  fail_unless_equals_string (text, "ended");
  g_free (text);
  text = sign_order (&t);
  fail_unless (strchr (text, 'e') == NULL);
  g_free (text);
  sign_check_stats (t.sign);
  sign_test_clear (&t);
}

GST_END_TEST;

/* Digests that are due when the stream ends are listed at its end. */
GST_START_TEST (test_refresh_deadline_flushes)
{
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", (guint64) 0,
          "max-manifest-latency", 5 * GST_SECOND, "refresh-deadline", 500 * MS,
          NULL));
  sign_push (&t, 0, 3, 100);
  fail_unless_equals_int (sign_read_manifest (&t), 3);
  fail_unless_equals_int (t.last.refresh_deadline, 1);
  sign_wait_departure (&t, 'E', 1);
  sign_test_clear (&t);
}

GST_END_TEST;

/* Two elements in series list the same packets in two streams; the first one
 * ends while the second goes on. */
GST_START_TEST (test_rotation)
{
  GstElement *old = sign_element_new (S4, G4, "delay", (guint64) 0, "stream-id",
      (gint64) 1, "packets-per-manifest", 10, "max-manifest-latency", 10 * MS,
      NULL);
  GstElement *new = sign_element_new (S4, G4, "delay", 30 * MS,
      "stream-id", (gint64) 2, "packets-per-manifest", 7, "hash-algorithm",
      "sha-384", "max-manifest-latency", 10 * MS, NULL);
  SignTest a, b;
  GstPad *src, *sink;

  sign_test_init (&a, old);
  sign_test_init (&b, new);
  src = gst_element_get_static_pad (new, "sink");
  sink = gst_pad_get_peer (src);
  gst_pad_unlink (sink, src);
  gst_object_unref (sink);
  sink = src;
  src = gst_element_get_static_pad (old, "src");
  gst_pad_unlink (src, a.data->sinkpad);
  fail_unless_equals_int (gst_pad_link (src, sink), GST_PAD_LINK_OK);

  sign_push (&a, 0, 30, 500);
  for (guint n = 0; n < 30; n++)
    sign_expect_data (&b, n, 500);
  sign_read_listed (&a, 30);
  sign_read_listed (&b, 30);
  g_object_set (old, "refresh-deadline", 1 * MS, NULL);
  sign_wait_departure (&a, 'E', 1);
  sign_push (&a, 30, 14, 500);
  sign_read_listed (&b, 44);
  for (guint n = 0; n < 30; n++)
    sign_expect_listed (&a, n, n, 500);
  for (guint n = 0; n < 44; n++)
    sign_expect_listed (&b, n, n, 500);
  fail_unless_equals_uint64 (sign_stat (old, "packets-signed"), 30);
  fail_unless_equals_uint64 (sign_stat (old, "packets-unlisted"), 14);

  gst_element_set_state (old, GST_STATE_NULL);
  gst_pad_unlink (src, sink);
  gst_object_unref (src);
  gst_object_unref (sink);
  sign_test_clear (&b);
  sign_test_clear (&a);
}

GST_END_TEST;

/*
 * Changes of state
 */

/* Every start makes a new stream; a stop takes no time, whatever is held. */
GST_START_TEST (test_restart)
{
  guint threads, fds, same = 0;
  gint64 id, last = -1;
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 5 * GST_SECOND, NULL));
  threads = count_threads ();
  fds = count_fds ();
  for (guint i = 0; i < 50; i++) {
    Stopwatch watch;

    sign_push (&t, 0, 50, 1316);
    fail_unless_equals_uint64 (sign_stat (t.sign, "packets-signed"), 50);
    stopwatch_start (&watch);
    gst_element_set_state (t.sign, i & 1 ? GST_STATE_NULL : GST_STATE_READY);
    fail_unless (stopwatch_us (&watch) < 500000);
    sign_check_stats (t.sign);
    fail_unless_equals_uint64 (sign_stat (t.sign, "dropped-flushed"), 50);
    g_object_get (t.sign, "used-stream-id", &id, NULL);
    fail_unless_equals_int64 (id, -1);

    gst_element_set_state (t.sign, GST_STATE_PLAYING);
    g_object_get (t.sign, "used-stream-id", &id, NULL);
    fail_unless (id >= 0);
    same += id == last;
    last = id;
    fail_unless_equals_uint64 (sign_stat (t.sign, "packets-received"), 0);
    /* Upstream begins anew, too. */
    gst_harness_push_event (t.data, gst_event_new_stream_start ("again"));
  }
  fail_unless (same < 2);
  wait_for_threads (threads);
  fail_unless (count_fds () <= fds + 1);
  sign_test_clear (&t);
}

GST_END_TEST;

/* Data, flushes, settings, queries and changes of state from five threads. */
typedef struct
{
  SignTest *t;
  GMutex lock;                  /* no data where events are missing */
  gint stop;
} Storm;

static gpointer
data_storm (gpointer data)
{
  Storm *storm = data;
  GstPad *pad = storm->t->data->srcpad;

  for (guint n = 0; !g_atomic_int_get (&storm->stop); n++) {
    g_mutex_lock (&storm->lock);
    if (n % 64 == 63)
      gst_pad_push_event (pad, gst_event_new_eos ());
    else if (n % 3 == 0)
      gst_pad_push_list (pad, sign_make_list (n, 5, 300));
    else
      gst_pad_push (pad, sign_make_buffer (n, 300));
    g_mutex_unlock (&storm->lock);
  }
  return NULL;
}

static gpointer
flush_storm (gpointer data)
{
  Storm *storm = data;
  GstPad *pad = storm->t->data->srcpad;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  while (!g_atomic_int_get (&storm->stop)) {
    gst_pad_push_event (pad, gst_event_new_flush_start ());
    g_mutex_lock (&storm->lock);
    gst_pad_push_event (pad, gst_event_new_flush_stop (TRUE));
    gst_pad_push_event (pad, gst_event_new_segment (&segment));
    g_mutex_unlock (&storm->lock);
    g_usleep (500);
  }
  return NULL;
}

/* The checks of GstCheck are for one thread. */
static gpointer
settings_storm (gpointer data)
{
  Storm *storm = data;
  GstElement *sign = storm->t->sign;

  for (guint i = 0; !g_atomic_int_get (&storm->stop); i++) {
    GstQuery *query = gst_query_new_latency ();

    g_object_set (sign, "delay", (i % 4) * MS, "refresh-deadline",
        i % 5 == 0 ? 20 * MS : 0, NULL);
    g_assert_true (sign_stats_add_up (sign));
    gst_pad_peer_query (storm->t->data->sinkpad, query);
    gst_query_unref (query);
    sign_count_messages (storm->t, GST_MESSAGE_ANY);
    g_usleep (200);
  }
  return NULL;
}

/* Upstream begins anew with the element. */
static void
play_again (Storm * storm)
{
  GstPad *pad = storm->t->data->srcpad;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_mutex_lock (&storm->lock);
  gst_element_set_state (storm->t->sign, GST_STATE_PLAYING);
  gst_pad_push_event (pad, gst_event_new_stream_start ("again"));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  g_mutex_unlock (&storm->lock);
}

GST_START_TEST (test_storm)
{
  GThreadFunc functions[] = { data_storm, flush_storm, settings_storm };
  GThread *threads[G_N_ELEMENTS (functions)];
  Storm storm = {.stop = 0 };
  SignTest t;

  sign_test_init (&t, sign_element_new (S4, G4, "delay", 1 * MS,
          "packets-per-manifest", 3, "max-held-bytes",
          G_GUINT64_CONSTANT (65536), NULL));
  gst_harness_set_drop_buffers (t.data, TRUE);
  gst_harness_set_drop_buffers (t.manifests, TRUE);
  storm.t = &t;
  g_mutex_init (&storm.lock);
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    threads[i] = g_thread_new ("storm", functions[i], &storm);
  for (guint i = 0; i < 60; i++) {
    Stopwatch watch;

    stopwatch_start (&watch);
    gst_element_set_state (t.sign, i % 3 ? GST_STATE_READY : GST_STATE_PAUSED);
    fail_unless (stopwatch_us (&watch) < G_TIME_SPAN_SECOND);
    play_again (&storm);
    g_usleep (3000);            /* load */
  }
  g_atomic_int_set (&storm.stop, 1);
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    g_thread_join (threads[i]);
  g_mutex_clear (&storm.lock);
  sign_check_stats (t.sign);
  sign_test_clear (&t);
}

GST_END_TEST;

static Suite *
ambisign_life_suite (void)
{
  Suite *s = suite_create ("ambisign-life");
  TCase *tc = tcase_create ("branches");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_manifest_pad_not_linked);
  tcase_add_test (tc, test_manifest_branch_blocked);
  tcase_add_loop_test (tc, test_downstream_refuses, 0, G_N_ELEMENTS (refusals));
  tcase_add_test (tc, test_manifest_branch_replaced);
  tcase_add_test (tc, test_manifest_refused_at_the_end);
  tcase_add_test (tc, test_upstream_events);
  tcase_add_test (tc, test_bounded_by_bytes);
  tcase_add_loop_test (tc, test_bounded_by_time_stamps, 0, 2);

  tc = tcase_create ("ends");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_flush);
  tcase_add_test (tc, test_flush_after_eos);
  tcase_add_test (tc, test_refresh_deadline);
  tcase_add_test (tc, test_refresh_deadline_flushes);
  tcase_add_test (tc, test_rotation);

  tc = tcase_create ("states");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_restart);
  tcase_add_test (tc, test_storm);
  return s;
}

GST_CHECK_MAIN (ambisign_life);
