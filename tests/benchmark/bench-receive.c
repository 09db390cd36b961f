/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Receives what bench-send sends and says what that cost.
 *
 *   bench-receive KEY=VALUE... [PIPELINE...]
 *
 *   bare=recvmmsg|gro|push port=N [group=ADDRESS]   a loop without GStreamer;
 *                      "push" is "gro" that pushes as many stamped buffers
 *                      with nothing in them to a fakesink: less than that no
 *                      live source can do
 *   PIPELINE...        as of gst-launch; packets are counted at the source
 *                      named "src" and all others of its kind, or, when it has
 *                      no such statistics, at the fakesink named "sink"; an
 *                      ambiverify named "verify" says what it has verified
 *   count-pushed=0|1   there is no such sink: count what "src" pushes
 *   count=N            packets that are sent
 *   warm-up=N          packets after which to begin to measure
 *   delays=0|1         take the time from arrival to push (PTS against clock)
 *   look-ms=N          time between two looks at the counters
 *
 * Says "ready", and the result when all has come or nothing comes any more.
 */
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench-bare.h"

#define LOOK_MS 20
#define READY_US 10000000
/* Nothing more will come. */
#define SILENCE_US 400000
#define NOTHING_US 20000000

typedef struct
{
  gchar *bare;
  gchar *group;
  guint16 port;
  guint64 count;
  guint64 warm_up;
  gboolean want_delays;
  gboolean count_pushed;
  gulong look_us;

  BenchBare loop;
  GstPad *pad;                  /* of "push" */
  GstElement *pipeline;
  GstElement *src;
  GstElement *sink;
  GstElement *verify;           /* or NULL */
  GPtrArray *sources;           /* that have statistics */
  guint64 pushed;               /* atomic; only with count_pushed */
  BenchDelays delays;
} Receiver;

/* FALSE: not an option, the pipeline begins. */
static gboolean
set_option (Receiver * r, const gchar * text)
{
  g_auto (GStrv) pair = g_strsplit (text, "=", 2);
  guint64 number;

  if (pair[0] == NULL || pair[1] == NULL)
    return FALSE;
  number = g_ascii_strtoull (pair[1], NULL, 10);
  if (g_str_equal (pair[0], "bare"))
    r->bare = g_steal_pointer (&pair[1]);
  else if (g_str_equal (pair[0], "group"))
    r->group = g_steal_pointer (&pair[1]);
  else if (g_str_equal (pair[0], "port"))
    r->port = (guint16) number;
  else if (g_str_equal (pair[0], "count"))
    r->count = number;
  else if (g_str_equal (pair[0], "warm-up"))
    r->warm_up = number;
  else if (g_str_equal (pair[0], "delays"))
    r->want_delays = number != 0;
  else if (g_str_equal (pair[0], "count-pushed"))
    r->count_pushed = number != 0;
  else if (g_str_equal (pair[0], "look-ms"))
    r->look_us = (gulong) number *1000;
  else
    return FALSE;
  return TRUE;
}

static void
add_delay (Receiver * r, GstBuffer * buffer, GstClockTime now)
{
  if (GST_BUFFER_PTS_IS_VALID (buffer))
    bench_delays_add (&r->delays, now > GST_BUFFER_PTS (buffer) ?
        now - GST_BUFFER_PTS (buffer) : 0);
}

static GstPadProbeReturn
on_data (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Receiver *r = data;
  GstClockTime now = gst_element_get_current_running_time (r->src);

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    for (guint i = 0; i < gst_buffer_list_length (list); i++)
      add_delay (r, gst_buffer_list_get (list, i), now);
  } else {
    add_delay (r, GST_PAD_PROBE_INFO_BUFFER (info), now);
  }
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_pushed (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  __atomic_add_fetch (&((Receiver *) data)->pushed, 1, __ATOMIC_RELAXED);
  return GST_PAD_PROBE_OK;
}

static void
push_list (gpointer data, guint packets)
{
  Receiver *r = data;
  GstBufferList *list = gst_buffer_list_new_sized (packets);

  for (guint i = 0; i < packets; i++) {
    GstBuffer *buffer = gst_buffer_new ();

    GST_BUFFER_PTS (buffer) = GST_BUFFER_DTS (buffer) = 0;
    gst_buffer_list_add (list, buffer);
  }
  gst_pad_push_list (r->pad, list);
}

static void
start_pushing (Receiver * r)
{
  g_autoptr (GstPad) sink = NULL;
  GstSegment segment;

  r->pipeline = gst_pipeline_new (NULL);
  r->sink = gst_element_factory_make ("fakesink", NULL);
  g_object_set (r->sink, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (r->pipeline), gst_object_ref (r->sink));
  gst_element_set_state (r->pipeline, GST_STATE_PLAYING);
  sink = gst_element_get_static_pad (r->sink, "sink");
  r->pad = gst_pad_new ("src", GST_PAD_SRC);
  gst_pad_set_active (r->pad, TRUE);
  if (gst_pad_link (r->pad, sink) != GST_PAD_LINK_OK)
    g_error ("the pads cannot be linked");
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (r->pad, gst_event_new_stream_start ("bench"));
  gst_pad_push_event (r->pad, gst_event_new_segment (&segment));
  r->loop.push = push_list;
  r->loop.push_data = r;
}

/* All that are of the kind of "src". */
static void
find_sources (Receiver * r)
{
  GstIterator *it = gst_bin_iterate_sources (GST_BIN (r->pipeline));
  GValue item = G_VALUE_INIT;

  r->sources = g_ptr_array_new ();
  if (!g_object_class_find_property (G_OBJECT_GET_CLASS (r->src), "stats"))
    return;
  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    if (G_TYPE_CHECK_INSTANCE_TYPE (g_value_get_object (&item),
            G_OBJECT_TYPE (r->src)))
      g_ptr_array_add (r->sources, g_value_get_object (&item));
    g_value_reset (&item);
  }
  g_value_unset (&item);
  gst_iterator_free (it);
}

static void
start_pipeline (Receiver * r, gchar ** words)
{
  g_autofree gchar *text = g_strjoinv (" ", words);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstPad) pad = NULL;

  r->pipeline = gst_parse_launch (text, &error);
  if (error)
    g_error ("%s", error->message);
  r->src = gst_bin_get_by_name (GST_BIN (r->pipeline), "src");
  r->sink = gst_bin_get_by_name (GST_BIN (r->pipeline), "sink");
  r->verify = gst_bin_get_by_name (GST_BIN (r->pipeline), "verify");
  if (r->src == NULL || r->sink == NULL)
    g_error ("no element \"src\" or \"sink\"");
  pad = gst_element_get_static_pad (r->src, "src");
  if (r->want_delays)
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER |
        GST_PAD_PROBE_TYPE_BUFFER_LIST, on_data, r, NULL);
  if (r->count_pushed)
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_pushed, r, NULL);
  find_sources (r);
  if (gst_element_set_state (r->pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE)
    g_error ("the pipeline does not play");
}

static guint64
count_stat (GstElement * element, const gchar * field)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 n = 0;

  g_object_get (element, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, field, &n);
  return n;
}

/* Sums up a counter of all sources. */
static guint64
sum_stats (Receiver * r, const gchar * field)
{
  guint64 sum = 0;

  for (guint i = 0; r->sources && i < r->sources->len; i++)
    sum += count_stat (g_ptr_array_index (r->sources, i), field);
  return sum;
}

static guint64
count_packets (Receiver * r)
{
  if (r->bare)
    return __atomic_load_n (&r->loop.packets, __ATOMIC_RELAXED);
  if (r->count_pushed)
    return __atomic_load_n (&r->pushed, __ATOMIC_RELAXED);
  return r->sources->len > 0 ? sum_stats (r, "packets-pushed") :
      count_stat (r->sink, "rendered");
}

/* Whether what is sent from now on is received. */
static gboolean
is_ready (Receiver * r)
{
  GstState state;

  gst_element_get_state (r->src, &state, NULL, 0);
  if (state != GST_STATE_PLAYING)
    return FALSE;
  for (guint i = 0; i < r->sources->len; i++) {
    g_autoptr (GstStructure) stats = NULL;
    const gchar *text;

    g_object_get (g_ptr_array_index (r->sources, i), "stats", &stats, NULL);
    text = gst_structure_get_string (stats, "state");
    if (g_str_equal (text, "idle") || g_str_equal (text, "stopped"))
      return FALSE;
  }
  return TRUE;
}

static void
wait_until_ready (Receiver * r)
{
  gint64 deadline = g_get_monotonic_time () + READY_US;

  while (!is_ready (r)) {
    if (g_get_monotonic_time () > deadline)
      g_error ("the source does not start");
    g_usleep (r->look_us);
  }
}

/* Waits until the packets are there or come no more; FALSE: the latter. */
static gboolean
wait_for_packets (Receiver * r, guint64 wanted, BenchSample * sample)
{
  gint64 changed = g_get_monotonic_time ();
  guint64 last = 0;

  for (;;) {
    guint64 packets = count_packets (r);
    gint64 now = g_get_monotonic_time ();
    gint64 limit = packets > 0 ? SILENCE_US : NOTHING_US;

    if (packets != last)
      changed = now;
    last = packets;
    bench_sample (sample, packets);
    if (packets >= wanted)
      return TRUE;
    if (now - changed > limit) {
      /* The silence is not of the run. */
      sample->time_us = changed;
      return FALSE;
    }
    g_usleep (r->look_us);
  }
}

/* Entries of a folder of /proc: threads, descriptors. */
static guint
count_entries (const gchar * folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  g_clear_pointer (&dir, g_dir_close);
  return n;
}

static void
tell (Receiver * r, const BenchSample * begin, const BenchSample * end)
{
  double packets = (double) MAX (end->packets - begin->packets, 1);
  double seconds = (double) MAX (end->time_us - begin->time_us, 1) / 1e6;

  printf ("{\"received\": %" G_GUINT64_FORMAT ", \"ns-per-packet\": %.1f, "
      "\"user-ns-per-packet\": %.1f, "
      "\"wakeups-per-second\": %.0f, \"allocations-per-packet\": %.4f, "
      "\"peak-kib\": %" G_GUINT64_FORMAT ", \"kernel-dropped\": %"
      G_GUINT64_FORMAT ", \"threads\": %u, \"fds\": %u, \"seconds\": %.3f",
      end->packets, (double) (end->cpu_ns - begin->cpu_ns) / packets,
      (double) (end->user_ns - begin->user_ns) / packets,
      (double) (end->wakeups - begin->wakeups) / seconds,
      (double) (end->allocations - begin->allocations) / packets,
      bench_peak_kib (), sum_stats (r, "kernel-dropped"),
      count_entries ("/proc/self/task"), count_entries ("/proc/self/fd"),
      seconds);
  if (r->want_delays)
    printf (", \"delay-median-ns\": %" G_GUINT64_FORMAT ", \"delay-p99-ns\": %"
        G_GUINT64_FORMAT, bench_delays_get (&r->delays, 0.5),
        bench_delays_get (&r->delays, 0.99));
  if (r->verify)
    printf (", \"verified\": %" G_GUINT64_FORMAT,
        count_stat (r->verify, "packets-verified"));
  printf ("}\n");
}

int
main (int argc, char **argv)
{
  Receiver r = {.look_us = LOOK_MS * 1000 };
  BenchSample begin, end;
  int i;

  gst_init (&argc, &argv);
  setvbuf (stdout, NULL, _IOLBF, 0);
  for (i = 1; i < argc && set_option (&r, argv[i]); i++);
  if (r.bare) {
    r.loop.gro = !g_str_equal (r.bare, "recvmmsg");
    if (g_str_equal (r.bare, "push"))
      start_pushing (&r);
    r.loop.delays = r.want_delays ? &r.delays : NULL;
    bench_bare_start (&r.loop, r.group, r.port);
  } else {
    start_pipeline (&r, argv + i);
    wait_until_ready (&r);
  }
  printf ("ready\n");

  wait_for_packets (&r, r.warm_up, &begin);
  wait_for_packets (&r, r.count, &end);
  tell (&r, &begin, &end);

  /* A loop has no end. */
  if (r.pipeline && !r.bare) {
    gst_element_set_state (r.pipeline, GST_STATE_NULL);
    g_ptr_array_unref (r.sources);
    gst_object_unref (r.src);
    gst_object_unref (r.sink);
    gst_clear_object (&r.verify);
    gst_object_unref (r.pipeline);
  }
  g_free (r.bare);
  g_free (r.group);
  return EXIT_SUCCESS;
}
