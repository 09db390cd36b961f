/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What it costs to send one stream to many: amtrelaysink and multiudpsink take
 * turns, with the same buffers and the same receivers (bench-gateways).
 *
 *   bench-fanout KEY=VALUE...
 *
 *   gateways=N         to wait for
 *   list=N             buffers pushed at once; 1: no lists
 *   rate=N             datagrams a second, to all gateways together
 *   count=N            datagrams of one turn, to all gateways together
 *   runs=N             turns of each; the median counts
 *   limit=PERCENT      exit 1 when amtrelaysink takes more than that of what
 *                      multiudpsink takes
 *
 * Says "relay-port=N" when gateways may come, and the result.
 */
#include <errno.h>
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench-measure.h"

#define SOURCE "192.0.2.10"
#define GROUP "232.1.1.1"
#define PAYLOAD 1316
#define SEND_BUFFER (4 * 1024 * 1024)
#define GATEWAYS_US 60000000
#define RUNS_MAX 31

typedef struct
{
  guint gateways;
  guint list;
  guint64 rate;
  guint64 count;
  guint runs;
  guint limit;

  GstBuffer *buffer;
} Bench;

typedef struct
{
  const gchar *name;
  GstElement *element;
  GstPad *src;
  const Bench *bench;
  guint64 sent;
  double ns[RUNS_MAX];          /* CPU for a datagram, turn by turn */
} Sink;

static void
set_option (Bench * bench, const gchar * key, guint64 number)
{
  if (g_str_equal (key, "gateways"))
    bench->gateways = (guint) number;
  else if (g_str_equal (key, "list"))
    bench->list = (guint) MAX (number, 1);
  else if (g_str_equal (key, "rate"))
    bench->rate = MAX (number, 1);
  else if (g_str_equal (key, "count"))
    bench->count = number;
  else if (g_str_equal (key, "runs"))
    bench->runs = (guint) CLAMP (number, 1, RUNS_MAX);
  else if (g_str_equal (key, "limit"))
    bench->limit = (guint) number;
  else
    g_error ("\"%s\" is not understood", key);
}

static void
parse (Bench * bench, int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    g_auto (GStrv) pair = g_strsplit (argv[i], "=", 2);

    if (pair[0] == NULL || pair[1] == NULL)
      g_error ("\"%s\" is not KEY=VALUE", argv[i]);
    set_option (bench, pair[0], g_ascii_strtoull (pair[1], NULL, 10));
  }
}

/*
 * The sinks
 */

/* Plays, and takes what is pushed on sink->src. */
static void
start_sink (Sink * sink)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink->element, "sink");
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("video/mpegts");
  GstSegment segment;

  g_object_set (sink->element, "sync", FALSE, "async", FALSE, NULL);
  sink->src = gst_pad_new ("src", GST_PAD_SRC);
  gst_pad_set_active (sink->src, TRUE);
  if (gst_pad_link (sink->src, pad) != GST_PAD_LINK_OK ||
      gst_element_set_state (sink->element, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE)
    g_error ("%s does not play", sink->name);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (sink->src, gst_event_new_stream_start (sink->name));
  gst_pad_push_event (sink->src, gst_event_new_caps (caps));
  gst_pad_push_event (sink->src, gst_event_new_segment (&segment));
}

static void
stop_sink (Sink * sink)
{
  gst_element_set_state (sink->element, GST_STATE_NULL);
  gst_object_unref (sink->src);
  gst_object_unref (sink->element);
}

static void
start_relay (Sink * relay)
{
  guint port;

  relay->element = gst_element_factory_make (relay->name, NULL);
  if (relay->element == NULL)
    g_error ("no %s", relay->name);
  g_object_set (relay->element, "source", SOURCE, "group", GROUP,
      "relay-port", 0, "max-gateways", 65536, NULL);
  start_sink (relay);
  g_object_get (relay->element, "used-port", &port, NULL);
  printf ("relay-port=%u\n", port);
}

/* Waits until all gateways have joined; returns them as multiudpsink wants. */
static gchar *
wait_for_gateways (const Sink * relay, guint wanted)
{
  gint64 deadline = g_get_monotonic_time () + GATEWAYS_US;
  GString *clients = g_string_new (NULL);
  g_autoptr (GstStructure) stats = NULL;
  const GValue *gateways;
  guint n;

  do {
    if (g_get_monotonic_time () > deadline)
      g_error ("the gateways do not come");
    g_usleep (10000);
    g_clear_pointer (&stats, gst_structure_free);
    g_object_get (relay->element, "stats", &stats, NULL);
    gateways = gst_structure_get_value (stats, "gateway-stats");
    n = gst_value_array_get_size (gateways);
  } while (n < wanted);

  for (guint i = 0; i < n; i++) {
    const GstStructure *g =
        gst_value_get_structure (gst_value_array_get_value (gateways, i));
    guint port = 0;

    gst_structure_get_uint (g, "port", &port);
    g_string_append_printf (clients, "%s%s:%u", i ? "," : "",
        gst_structure_get_string (g, "address"), port);
  }
  return g_string_free (clients, FALSE);
}

static void
start_multiudpsink (Sink * sink, const gchar * clients)
{
  sink->element = gst_element_factory_make (sink->name, NULL);
  if (sink->element == NULL)
    g_error ("no %s", sink->name);
  g_object_set (sink->element, "clients", clients, "buffer-size", SEND_BUFFER,
      NULL);
  start_sink (sink);
}

static guint64
count_sent (const Sink * sink)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 n = 0;

  if (g_str_equal (sink->name, "multiudpsink")) {
    g_object_get (sink->element, "bytes-served", &n, NULL);
    return n / PAYLOAD;
  }
  g_object_get (sink->element, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "packets-sent", &n);
  return n;
}

/*
 * Turns
 */

static void
push (Sink * sink)
{
  const Bench *bench = sink->bench;
  GstFlowReturn ret;

  if (bench->list > 1) {
    GstBufferList *list = gst_buffer_list_new_sized (bench->list);

    for (guint i = 0; i < bench->list; i++)
      gst_buffer_list_add (list, gst_buffer_copy (bench->buffer));
    ret = gst_pad_push_list (sink->src, list);
  } else {
    ret = gst_pad_push (sink->src, gst_buffer_copy (bench->buffer));
  }
  if (ret != GST_FLOW_OK)
    g_error ("%s: %s", sink->name, gst_flow_get_name (ret));
}

static void
sleep_until (gint64 ns)
{
  struct timespec ts = { ns / 1000000000, ns % 1000000000 };

  while (clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR);
}

static gpointer
take_turn (gpointer data)
{
  Sink *sink = data;
  guint64 each = (guint64) sink->bench->list * sink->bench->gateways;
  guint64 pushes = MAX (sink->bench->count / each, 1);
  gint64 start = g_get_monotonic_time () * 1000;

  for (guint64 i = 0; i < pushes; i++) {
    sleep_until (start + (gint64) (i * each * 1e9 / sink->bench->rate));
    push (sink);
  }
  return NULL;
}

static void
measure (Sink * sink, guint run)
{
  BenchSample begin, end;

  bench_sample (&begin, count_sent (sink));
  g_thread_join (g_thread_new ("push", take_turn, sink));
  bench_sample (&end, count_sent (sink));
  sink->sent += end.packets - begin.packets;
  sink->ns[run] = (double) (end.cpu_ns - begin.cpu_ns) /
      (double) MAX (end.packets - begin.packets, 1);
}

static int
compare (const void *a, const void *b)
{
  const double *x = a, *y = b;

  return *x < *y ? -1 : *x > *y;
}

static double
median (double *ns, guint n)
{
  qsort (ns, n, sizeof (*ns), compare);
  return (ns[(n - 1) / 2] + ns[n / 2]) / 2;
}

int
main (int argc, char **argv)
{
  Bench bench = {.gateways = 1,.list = 16,.rate = 50000,.count = 50000,
    .runs = 5
  };
  Sink relay = {.name = "amtrelaysink",.bench = &bench };
  Sink multi = {.name = "multiudpsink",.bench = &bench };
  g_autofree gchar *clients = NULL;
  double relay_ns, multi_ns;

  gst_init (&argc, &argv);
  setvbuf (stdout, NULL, _IOLBF, 0);
  parse (&bench, argc, argv);
  bench.buffer = gst_buffer_new_allocate (NULL, PAYLOAD, NULL);
  gst_buffer_memset (bench.buffer, 0, 0x47, PAYLOAD);
  start_relay (&relay);
  clients = wait_for_gateways (&relay, bench.gateways);
  start_multiudpsink (&multi, clients);

  /* Everything has been allocated and looked up after the first turn. */
  measure (&relay, 0);
  measure (&multi, 0);
  for (guint i = 0; i < bench.runs; i++) {
    measure (&relay, i);
    measure (&multi, i);
  }
  relay_ns = median (relay.ns, bench.runs);
  multi_ns = median (multi.ns, bench.runs);
  printf ("{\"gateways\": %u, \"list\": %u, \"amtrelaysink-ns\": %.1f, "
      "\"multiudpsink-ns\": %.1f, \"ratio\": %.3f, \"sent\": %"
      G_GUINT64_FORMAT "}\n", bench.gateways, bench.list, relay_ns, multi_ns,
      relay_ns / multi_ns, relay.sent + multi.sent);

  stop_sink (&relay);
  stop_sink (&multi);
  gst_buffer_unref (bench.buffer);
  if (bench.limit > 0 && relay_ns * 100 > multi_ns * bench.limit)
    return EXIT_FAILURE;
  return EXIT_SUCCESS;
}
