/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A flood at ambiverify: GARBAGE datagrams a second that no manifest lists, for
 * SECONDS, next to a stream of GENUINE datagrams a second whose digests come
 * half a second before them.  Fails when garbage passes, when a genuine datagram
 * does not, when the process grows by more than the element's limits allow, or
 * when this host does not reach the rate.
 *
 *   flood [GARBAGE [GENUINE [SECONDS]]]
 *
 * It calls the element's pads itself: a socket would drop what the program that
 * reads it has no time for, and so protect the element.
 */
#include <gio/gio.h>
#include <gst/gst.h>
#include <gst/net/gstnetaddressmeta.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ambi-sign.h"
#include "peer-payload.h"

#define SIZE 1316
#define STREAM_ID 7
#define CHANNEL 1
#define EPOCH 1
#define SECRET G_GUINT64_CONSTANT (0x5eed)

#define TICK_US 1000
#define LIST_MAX 128
#define AHEAD_MS 500

/* What the element is told to keep to, and what a digest may take of memory,
 * which it remembers for as long again when it has been used. */
#define MAX_HELD_BYTES 16777216
#define MAX_DIGESTS 65536
#define DIGEST_BYTES (2 * 128)

/* Of the process besides: lists on their way, the allocator's losses. */
#define SLACK_BYTES (8u << 20)

typedef struct
{
  guint64 garbage_rate;
  guint64 genuine_rate;
  guint64 seconds;

  GstElement *element;
  GstPad *data;                 /* ours, linked to the element's pads */
  GstPad *manifests;
  GstPad *output;
  GstNetAddressMeta *address;   /* of the template, copied to each buffer */
  GstBuffer *addressed;
  ambi_sign *sign;
  GRand *dice;
  guint8 junk[SIZE * 2];
  guint8 payload[SIZE];

  PeerJudge *judge;
  guint64 garbage;
  guint64 genuine;
  guint64 listed;
  guint64 passed;
  gint64 duration_us;
  gsize rss_before;
  gsize rss_peak;
} Flood;

static gsize
resident_bytes (void)
{
  g_autofree gchar *text = NULL;
  g_auto (GStrv) fields = NULL;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    g_error ("no /proc/self/statm");
  fields = g_strsplit (text, " ", 3);
  return (gsize) g_ascii_strtoull (fields[1], NULL, 10) *
      (gsize) sysconf (_SC_PAGESIZE);
}

/* --- the element and its neighbours --- */

static GstFlowReturn
on_buffer (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  Flood *f = gst_pad_get_element_private (pad);

  f->passed++;
  peer_judge_buffer (f->judge, buffer);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static GstFlowReturn
on_list (GstPad * pad, GstObject * parent, GstBufferList * list)
{
  Flood *f = gst_pad_get_element_private (pad);

  f->passed += gst_buffer_list_length (list);
  for (guint i = 0; i < gst_buffer_list_length (list); i++)
    peer_judge_buffer (f->judge, gst_buffer_list_get (list, i));
  gst_buffer_list_unref (list);
  return GST_FLOW_OK;
}

/* A pad that gives to the element's pad of this name. */
static GstPad *
make_input (Flood * f, const gchar * name, const gchar * media_type)
{
  GstPad *pad = gst_pad_new (NULL, GST_PAD_SRC);
  GstPad *peer = gst_element_get_static_pad (f->element, name);
  GstSegment segment;

  if (peer == NULL)
    peer = gst_element_request_pad_simple (f->element, name);
  if (peer == NULL || gst_pad_link (pad, peer) != GST_PAD_LINK_OK)
    g_error ("no pad %s", name);
  gst_object_unref (peer);
  gst_pad_set_active (pad, TRUE);

  gst_pad_push_event (pad, gst_event_new_stream_start (name));
  if (media_type) {
    GstCaps *caps = gst_caps_new_empty_simple (media_type);

    gst_pad_push_event (pad, gst_event_new_caps (caps));
    gst_caps_unref (caps);
  }
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  return pad;
}

static void
make_output (Flood * f)
{
  GstPad *src = gst_element_get_static_pad (f->element, "src");

  f->output = gst_pad_new (NULL, GST_PAD_SINK);
  gst_pad_set_element_private (f->output, f);
  gst_pad_set_chain_function (f->output, on_buffer);
  gst_pad_set_chain_list_function (f->output, on_list);
  if (gst_pad_link (src, f->output) != GST_PAD_LINK_OK)
    g_error ("the output cannot be linked");
  gst_object_unref (src);
  gst_pad_set_active (f->output, TRUE);
}

static void
set (Flood * f, const gchar * property, const gchar * value)
{
  gst_util_set_object_arg (G_OBJECT (f->element), property, value);
}

static void
make_element (Flood * f)
{
  f->element = gst_element_factory_make ("ambiverify", NULL);
  if (f->element == NULL)
    g_error ("no ambiverify");
  set (f, "source", "192.0.2.10");
  set (f, "group", "232.1.1.1");
  set (f, "port", "5001");
  set (f, "stream-id", G_STRINGIFY (STREAM_ID));
  set (f, "max-held-bytes", G_STRINGIFY (MAX_HELD_BYTES));
  set (f, "max-digests", G_STRINGIFY (MAX_DIGESTS));
  make_output (f);
  gst_element_set_state (f->element, GST_STATE_PLAYING);
  f->data = make_input (f, "sink", NULL);
  f->manifests = make_input (f, "manifest_%u", "application/ambi");
}

static void
make_signer (Flood * f)
{
  static const guint8 source[] = { 192, 0, 2, 10 }, group[] = {
    232, 1, 1, 1
  };
  const ambi_sign_config config = {
    .flow = {
          .src = core_ip_v4 (source),
          .dst = core_ip_v4 (group),
          .src_port = 5001,
          .dst_port = 5001,
          .protocol = AMBI_PROTOCOL_UDP,
        },
    .stream_id = STREAM_ID,
    .algorithm = CORE_HASH_SHA_256,
    .packets_per_manifest = 42,
    .max_manifest_latency = 100 * GST_MSECOND,
    .keep_alive = GST_SECOND,
  };
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string ("192.0.2.10", 5001);

  if (ambi_sign_new (&f->sign, &config, 0) != CORE_OK)
    g_error ("no signer");
  f->addressed = gst_buffer_new ();
  f->address = gst_buffer_add_net_address_meta (f->addressed, address);
}

/* --- what is sent --- */

static void
push_manifests (Flood * f, core_time now)
{
  gsize len;

  while ((len = ambi_sign_pending (f->sign)) > 0) {
    guint8 *data = g_malloc (len);

    len = ambi_sign_manifest (f->sign, data, len, now);
    if (gst_pad_push (f->manifests, gst_buffer_new_wrapped (data, len)) !=
        GST_FLOW_OK)
      g_error ("a manifest is refused");
  }
}

/* The sender lists its datagrams before it sends them. */
static void
list_until (Flood * f, guint64 number, core_time now)
{
  for (; f->listed < number; f->listed++) {
    peer_payload_fill (f->payload, SIZE, f->listed, CHANNEL, EPOCH, SECRET);
    if (ambi_sign_packet (f->sign, f->payload, SIZE, now) != CORE_OK)
      g_error ("a packet cannot be signed");
    push_manifests (f, now);
  }
  ambi_sign_expire (f->sign, now);
  push_manifests (f, now);
}

static GstBuffer *
make_buffer (Flood * f, const guint8 * data)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, SIZE, NULL);

  gst_buffer_fill (buffer, 0, data, SIZE);
  gst_buffer_add_net_address_meta (buffer, f->address->addr);
  return buffer;
}

static GstBuffer *
make_genuine (Flood * f)
{
  peer_payload_fill (f->payload, SIZE, f->genuine++, CHANNEL, EPOCH, SECRET);
  return make_buffer (f, f->payload);
}

/* By turns: made up, with one bit of a genuine one that is to come altered, and
 * one that was there before. */
static GstBuffer *
make_garbage (Flood * f)
{
  guint kind = (guint) (f->garbage++ % 4);
  guint64 number = f->genuine;

  if (kind < 2 || f->genuine == 0) {
    guint8 *data = f->junk + g_rand_int_range (f->dice, 0, SIZE);

    memcpy (f->payload, data, SIZE);
    memcpy (f->payload + PEER_FILLER_AT, PEER_FORGED_MARK,
        sizeof (PEER_FORGED_MARK));
    memcpy (f->payload, &f->garbage, sizeof (f->garbage));
    return make_buffer (f, f->payload);
  }
  if (kind == 2)
    number += (guint64) g_rand_int_range (f->dice, 0, 100);
  else
    number -= 1 + (guint64) g_rand_int_range (f->dice, 0,
        (gint32) MIN (f->genuine, 10000));
  peer_payload_fill (f->payload, SIZE, number, CHANNEL, EPOCH, SECRET);
  if (kind == 2)
    f->payload[g_rand_int_range (f->dice, PEER_FILLER_AT, SIZE)] ^=
        (guint8) (1 << g_rand_int_range (f->dice, 0, 8));
  return make_buffer (f, f->payload);
}

/* Some of what is due, well mixed: who was held up must not make memory of his
 * own grow. */
static void
send_some (Flood * f, guint64 garbage, guint64 genuine)
{
  GstBufferList *list = gst_buffer_list_new_sized (LIST_MAX);
  GstFlowReturn flow;

  for (guint i = 0; i < LIST_MAX && garbage + genuine > 0; i++) {
    if ((guint64) g_rand_int_range (f->dice, 0, (gint32) (garbage + genuine)) <
        genuine) {
      gst_buffer_list_add (list, make_genuine (f));
      genuine--;
    } else {
      gst_buffer_list_add (list, make_garbage (f));
      garbage--;
    }
  }
  flow = gst_pad_push_list (f->data, list);
  if (flow != GST_FLOW_OK)
    g_error ("a list is refused: %s", gst_flow_get_name (flow));
}

static void
send_all (Flood * f)
{
  const guint64 garbage = f->garbage_rate * f->seconds;
  const guint64 genuine = f->genuine_rate * f->seconds;
  gint64 start = g_get_monotonic_time ();
  guint64 ticks = 0;

  while (f->garbage < garbage || f->genuine < genuine) {
    guint64 us = (guint64) (g_get_monotonic_time () - start);
    guint64 g = MIN (f->garbage_rate * us / G_USEC_PER_SEC, garbage);
    guint64 n = MIN (f->genuine_rate * us / G_USEC_PER_SEC, genuine);

    list_until (f, MIN (n + f->genuine_rate * AHEAD_MS / 1000, genuine),
        us * 1000);
    while (g > f->garbage || n > f->genuine)
      send_some (f, g - f->garbage, n - f->genuine);
    if (ticks++ % 64 == 0)
      f->rss_peak = MAX (f->rss_peak, resident_bytes ());
    g_usleep (TICK_US);
  }
  f->duration_us = g_get_monotonic_time () - start;
  f->rss_peak = MAX (f->rss_peak, resident_bytes ());
}

/* --- the verdict --- */

static guint64
cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (guint64) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
      G_USEC_PER_SEC + (guint64) (usage.ru_utime.tv_usec +
      usage.ru_stime.tv_usec);
}

static gboolean
check (gboolean ok, const gchar * what)
{
  if (!ok)
    g_print ("FAIL: %s\n", what);
  return ok;
}

static gboolean
report (Flood * f)
{
  const gsize bound = MAX_HELD_BYTES + MAX_DIGESTS * DIGEST_BYTES + SLACK_BYTES;
  gsize grown = f->rss_peak - MIN (f->rss_peak, f->rss_before);
  g_autoptr (GString) judged = g_string_new (NULL);
  g_autoptr (GstStructure) stats = NULL;
  g_autofree gchar *text = NULL, *genuine = NULL;
  gboolean ok = TRUE;

  g_object_get (f->element, "stats", &stats, NULL);
  text = gst_structure_to_string (stats);
  peer_judge_append (f->judge, judged, "passed ");
  g_print ("%" G_GUINT64_FORMAT " garbage and %" G_GUINT64_FORMAT
      " genuine datagrams in %" G_GINT64_FORMAT " ms, %" G_GUINT64_FORMAT
      " ms of CPU time\n%sresident memory grew by %" G_GSIZE_FORMAT
      " KiB, at most %" G_GSIZE_FORMAT " KiB allowed\n%s\n", f->garbage,
      f->genuine, f->duration_us / 1000, cpu_us () / 1000, judged->str,
      grown / 1024, bound / 1024, text);

  genuine = g_strdup_printf ("passed genuine=%" G_GUINT64_FORMAT "\n",
      f->genuine);
  ok &= check (strstr (judged->str, genuine) != NULL,
      "a genuine datagram did not pass");
  ok &= check (f->passed == f->genuine, "something else passed");
  ok &= check (grown <= bound, "memory");
  ok &= check (f->duration_us < (gint64) (f->seconds * 1050000 + 100000),
      "this host did not reach the rate");
  return ok;
}

static guint64
argument (int argc, char **argv, int i, guint64 otherwise)
{
  guint64 value = otherwise;

  if (i < argc && !g_ascii_string_to_unsigned (argv[i], 10, 1, 1000000, &value,
          NULL))
    g_error ("usage: flood [GARBAGE [GENUINE [SECONDS]]]");
  return value;
}

static void
clean_up (Flood * f)
{
  gst_element_set_state (f->element, GST_STATE_NULL);
  gst_object_unref (f->data);
  gst_object_unref (f->manifests);
  gst_object_unref (f->output);
  gst_object_unref (f->element);
  gst_buffer_unref (f->addressed);
  ambi_sign_free (f->sign);
  peer_judge_free (f->judge);
  g_rand_free (f->dice);
  g_free (f);
}

int
main (int argc, char **argv)
{
  Flood *f = g_new0 (Flood, 1);
  gboolean ok;

  gst_init (NULL, NULL);
  f->garbage_rate = argument (argc, argv, 1, 100000);
  f->genuine_rate = argument (argc, argv, 2, 3000);
  f->seconds = argument (argc, argv, 3, 10);
  f->dice = g_rand_new_with_seed (1);
  for (gsize i = 0; i < sizeof (f->junk); i++)
    f->junk[i] = (guint8) g_rand_int (f->dice);
  f->judge = peer_judge_new ();
  peer_judge_expect (f->judge, SECRET, CHANNEL, 5001);
  make_signer (f);
  make_element (f);

  f->rss_before = resident_bytes ();
  send_all (f);
  ok = report (f);
  clean_up (f);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
