/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * An AMT relay and a receiver in one program: the relay's pipeline makes an
 * MPEG transport stream and serves it, the receiver's pipeline joins, decodes
 * and counts; at the end both sides' statistics must agree.
 *
 *   relay-and-receiver [FILE.png [SECONDS]]
 */
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long nothing may come before the receiver is believed to be done, and
 * before the whole is given up. */
#define QUIET_TIME (1 * GST_SECOND)
#define GIVE_UP_TIME (30 * GST_SECOND)

#define CHANNEL "source=192.0.2.10 group=232.1.1.1 port=5001"

/* relay-port=0 takes any free port, so that other relays may run here. */
static const gchar relay_description[] =
    "videotestsrc is-live=true pattern=ball "
    "! video/x-raw,format=I420,width=640,height=360,framerate=25/1 "
    "! clockoverlay halignment=left ! timeoverlay halignment=right "
    "! x264enc tune=zerolatency speed-preset=veryfast bitrate=2000 "
    "key-int-max=25 ! h264parse config-interval=-1 ! queue ! mux. "
    "audiotestsrc is-live=true wave=ticks ! audioconvert ! audioresample "
    "! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! queue ! mux. "
    "mpegtsmux name=mux alignment=7 "
    "! amtrelaysink name=relay relay-address=127.0.0.1 relay-port=0 " CHANNEL;

/* To be completed with the relay's port. */
static const gchar receiver_description[] =
    "amtsrc name=receiver delivery=tunnel relay=127.0.0.1:%u " CHANNEL " "
    "! tsdemux name=demux "
    "demux. ! queue ! h264parse ! avdec_h264 ! videoconvert "
    "! video/x-raw,format=RGBx "
    "! appsink name=picture sync=false max-buffers=50 "
    "demux. ! queue ! aacparse ! avdec_aac ! fakesink name=sound sync=false";

typedef struct
{
  GstElement *relay_pipeline;
  GstElement *relay;
  GstElement *receiver_pipeline;
  GstElement *receiver;
  GstElement *picture;

  gint sounds;                  /* decoded audio buffers; atomic */
  guint frames;
  GstSample *first;
  GstSample *last;
  gboolean relay_eos;
  gboolean failed;
  GstClockTime start;
} Demo;

static GstClockTime
elapsed (Demo * demo)
{
  return gst_util_get_timestamp () - demo->start;
}

/* A counter of a statistics structure; 0 when it is not there. */
static guint64
counter (const GstStructure * stats, const gchar * name)
{
  const GValue *value = gst_structure_get_value (stats, name);
  GValue number = G_VALUE_INIT;
  guint64 result = 0;

  g_value_init (&number, G_TYPE_UINT64);
  if (value != NULL && g_value_transform (value, &number))
    result = g_value_get_uint64 (&number);
  g_value_unset (&number);

  return result;
}

static GstStructure *
get_stats (GstElement * element)
{
  GstStructure *stats = NULL;

  g_object_get (element, "stats", &stats, NULL);
  if (stats == NULL)
    stats = gst_structure_new_empty ("none");

  return stats;
}

static guint64
get_counter (GstElement * element, const gchar * name)
{
  GstStructure *stats = get_stats (element);
  guint64 result = counter (stats, name);

  gst_structure_free (stats);

  return result;
}

/* --- what the pipelines tell --------------------------------------------- */

static void
show_error (Demo * demo, GstMessage * message)
{
  GError *error = NULL;
  gchar *debug = NULL;

  gst_message_parse_error (message, &error, &debug);
  printf ("error from %s: %s\n", GST_MESSAGE_SRC_NAME (message),
      error->message);
  if (debug != NULL)
    printf ("  %s\n", debug);
  g_error_free (error);
  g_free (debug);

  demo->failed = TRUE;
}

static void
show_progress (Demo * demo, GstMessage * message)
{
  gchar *code = NULL;
  gchar *text = NULL;

  gst_message_parse_progress (message, NULL, &code, &text);
  printf ("  %6.3f s  %s: %s\n", (gdouble) elapsed (demo) / GST_SECOND, code,
      text);
  g_free (code);
  g_free (text);
}

static void
show_element_message (Demo * demo, GstMessage * message)
{
  const GstStructure *s = gst_message_get_structure (message);
  gchar *text;

  if (s == NULL || !g_str_has_prefix (gst_structure_get_name (s), "multicast-"))
    return;

  text = gst_structure_to_string (s);
  printf ("  %6.3f s  %s\n", (gdouble) elapsed (demo) / GST_SECOND, text);
  g_free (text);
}

static void
handle_messages (Demo * demo, GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  while ((message = gst_bus_pop (bus)) != NULL) {
    switch (GST_MESSAGE_TYPE (message)) {
      case GST_MESSAGE_ERROR:
        show_error (demo, message);
        break;
      case GST_MESSAGE_PROGRESS:
        show_progress (demo, message);
        break;
      case GST_MESSAGE_ELEMENT:
        show_element_message (demo, message);
        break;
      case GST_MESSAGE_EOS:
        if (pipeline == demo->relay_pipeline)
          demo->relay_eos = TRUE;
        break;
      default:
        break;
    }
    gst_message_unref (message);
  }
  gst_object_unref (bus);
  fflush (stdout);
}

/* --- pictures ------------------------------------------------------------ */

static gboolean
map_sample (GstSample * sample, GstVideoFrame * frame)
{
  GstVideoInfo info;

  return gst_video_info_from_caps (&info, gst_sample_get_caps (sample)) &&
      gst_video_frame_map (frame, &info, gst_sample_get_buffer (sample),
      GST_MAP_READ);
}

/* The fourth byte of an RGBx pixel means nothing. */
static gboolean
same_pixel (const guint8 * a, const guint8 * b)
{
  return memcmp (a, b, 3) == 0;
}

/* TRUE if the pixels of a are those of b or, without b, all the same. */
static gboolean
same_pixels (GstVideoFrame * a, GstVideoFrame * b)
{
  const guint8 *origin = GST_VIDEO_FRAME_PLANE_DATA (a, 0);
  gint x, y;

  for (y = 0; y < GST_VIDEO_FRAME_HEIGHT (a); y++) {
    const guint8 *row = origin + y * GST_VIDEO_FRAME_PLANE_STRIDE (a, 0);
    const guint8 *other = NULL;

    if (b != NULL) {
      other = (const guint8 *) GST_VIDEO_FRAME_PLANE_DATA (b, 0) +
          y * GST_VIDEO_FRAME_PLANE_STRIDE (b, 0);
    }
    for (x = 0; x < GST_VIDEO_FRAME_WIDTH (a); x++) {
      if (!same_pixel (row + 4 * x, other != NULL ? other + 4 * x : origin))
        return FALSE;
    }
  }

  return TRUE;
}

static gboolean
check_pictures (GstSample * first, GstSample * last)
{
  GstVideoFrame a, b;
  gboolean ok = TRUE;

  if (!map_sample (first, &a))
    return FALSE;
  if (!map_sample (last, &b)) {
    gst_video_frame_unmap (&a);
    return FALSE;
  }

  if (same_pixels (&a, NULL) || same_pixels (&b, NULL)) {
    printf ("A frame is of one colour only.\n");
    ok = FALSE;
  } else if (GST_VIDEO_FRAME_WIDTH (&a) == GST_VIDEO_FRAME_WIDTH (&b)
      && GST_VIDEO_FRAME_HEIGHT (&a) == GST_VIDEO_FRAME_HEIGHT (&b)
      && same_pixels (&a, &b)) {
    printf ("The last frame is the same as the first.\n");
    ok = FALSE;
  }
  gst_video_frame_unmap (&a);
  gst_video_frame_unmap (&b);

  return ok;
}

static gboolean
write_png (GstSample * sample, const gchar * path)
{
  GstCaps *caps = gst_caps_new_empty_simple ("image/png");
  GError *error = NULL;
  GstSample *png;
  GstMapInfo map;
  gboolean ok = FALSE;

  png = gst_video_convert_sample (sample, caps, 10 * GST_SECOND, &error);
  gst_caps_unref (caps);
  if (png != NULL) {
    if (gst_buffer_map (gst_sample_get_buffer (png), &map, GST_MAP_READ)) {
      ok = g_file_set_contents (path, (const gchar *) map.data,
          (gssize) map.size, &error);
      gst_buffer_unmap (gst_sample_get_buffer (png), &map);
    }
    gst_sample_unref (png);
  }
  if (!ok)
    printf ("Cannot write %s: %s\n", path,
        error != NULL ? error->message : "unknown reason");
  g_clear_error (&error);

  return ok;
}

/* Takes the next decoded frame, if one comes within a tenth of a second. */
static void
take_frame (Demo * demo)
{
  GstSample *sample =
      gst_app_sink_try_pull_sample (GST_APP_SINK (demo->picture),
      GST_SECOND / 10);

  if (sample == NULL)
    return;

  demo->frames++;
  if (demo->first == NULL)
    demo->first = gst_sample_ref (sample);
  if (demo->last != NULL)
    gst_sample_unref (demo->last);
  demo->last = sample;
}

static GstClockTime
decoded_time (Demo * demo)
{
  GstClockTime first, last;

  if (demo->first == NULL)
    return 0;
  first = GST_BUFFER_PTS (gst_sample_get_buffer (demo->first));
  last = GST_BUFFER_PTS (gst_sample_get_buffer (demo->last));
  if (!GST_CLOCK_TIME_IS_VALID (first) || !GST_CLOCK_TIME_IS_VALID (last)
      || last < first)
    return 0;

  return last - first;
}

static GstPadProbeReturn
count_sound (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  Demo *demo = user_data;

  g_atomic_int_inc (&demo->sounds);

  return GST_PAD_PROBE_OK;
}

/* --- the two pipelines --------------------------------------------------- */

static GstElement *
launch (const gchar * description)
{
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (description, &error);

  if (error != NULL) {
    printf ("Cannot build the pipeline: %s\n", error->message);
    g_error_free (error);
    gst_clear_object (&pipeline);
  }

  return pipeline;
}

static gboolean
start_relay (Demo * demo, guint * port)
{
  demo->relay_pipeline = launch (relay_description);
  if (demo->relay_pipeline == NULL)
    return FALSE;
  demo->relay = gst_bin_get_by_name (GST_BIN (demo->relay_pipeline), "relay");

  gst_element_set_state (demo->relay_pipeline, GST_STATE_PLAYING);
  if (gst_element_get_state (demo->relay_pipeline, NULL, NULL,
          GIVE_UP_TIME) != GST_STATE_CHANGE_SUCCESS) {
    handle_messages (demo, demo->relay_pipeline);
    printf ("The relay does not start.\n");
    return FALSE;
  }
  g_object_get (demo->relay, "used-port", port, NULL);
  printf ("The relay serves %s on 127.0.0.1 port %u.\n", CHANNEL, *port);

  return TRUE;
}

static gboolean
start_receiver (Demo * demo, guint port)
{
  gchar *description = g_strdup_printf (receiver_description, port);
  GstElement *sound;
  GstPad *pad;

  demo->receiver_pipeline = launch (description);
  g_free (description);
  if (demo->receiver_pipeline == NULL)
    return FALSE;

  demo->receiver =
      gst_bin_get_by_name (GST_BIN (demo->receiver_pipeline), "receiver");
  demo->picture =
      gst_bin_get_by_name (GST_BIN (demo->receiver_pipeline), "picture");
  sound = gst_bin_get_by_name (GST_BIN (demo->receiver_pipeline), "sound");
  pad = gst_element_get_static_pad (sound, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_sound, demo, NULL);
  gst_object_unref (pad);
  gst_object_unref (sound);

  printf ("The receiver joins.\n");
  if (gst_element_set_state (demo->receiver_pipeline, GST_STATE_PLAYING)
      == GST_STATE_CHANGE_FAILURE) {
    handle_messages (demo, demo->receiver_pipeline);
    return FALSE;
  }

  return TRUE;
}

static gboolean
receive (Demo * demo, GstClockTime length)
{
  GstClockTime next_line = GST_SECOND;

  while (decoded_time (demo) < length) {
    take_frame (demo);
    handle_messages (demo, demo->receiver_pipeline);
    handle_messages (demo, demo->relay_pipeline);
    if (demo->failed)
      return FALSE;
    if (elapsed (demo) >= next_line) {
      printf ("  %6.3f s  %u frames decoded, %" G_GUINT64_FORMAT
          " packets received\n", (gdouble) elapsed (demo) / GST_SECOND,
          demo->frames, get_counter (demo->receiver, "packets-received"));
      next_line += GST_SECOND;
    }
    if (elapsed (demo) > length + GIVE_UP_TIME) {
      printf ("Too little was decoded in that time.\n");
      return FALSE;
    }
  }

  return TRUE;
}

/* Ends the programme, not the relay, and waits until all of it has arrived:
 * only then may the two sides' counters be compared. */
static gboolean
drain (Demo * demo)
{
  GstClockTime start = gst_util_get_timestamp ();
  GstClockTime changed = start;
  guint64 before = 0;

  gst_element_send_event (demo->relay_pipeline, gst_event_new_eos ());
  while (!demo->relay_eos || gst_util_get_timestamp () - changed < QUIET_TIME) {
    guint64 received = get_counter (demo->receiver, "packets-received");

    if (received != before || !demo->relay_eos)
      changed = gst_util_get_timestamp ();
    before = received;

    take_frame (demo);
    handle_messages (demo, demo->relay_pipeline);
    handle_messages (demo, demo->receiver_pipeline);
    if (demo->failed)
      return FALSE;
    if (gst_util_get_timestamp () - start > GIVE_UP_TIME) {
      printf ("The programme does not end.\n");
      return FALSE;
    }
  }

  return TRUE;
}

/* --- the end ------------------------------------------------------------- */

static void
print_drops (const gchar * who, const GstStructure * stats)
{
  gint i;

  for (i = 0; i < gst_structure_n_fields (stats); i++) {
    const gchar *name = gst_structure_nth_field_name (stats, (guint) i);
    guint64 n = counter (stats, name);

    if (g_str_has_prefix (name, "dropped-") && n > 0)
      printf ("%s dropped %" G_GUINT64_FORMAT " (%s).\n", who, n,
          name + strlen ("dropped-"));
  }
}

static void
print_gateways (const GstStructure * stats)
{
  const GValue *gateways = gst_structure_get_value (stats, "gateway-stats");
  guint i;

  if (gateways == NULL || !GST_VALUE_HOLDS_ARRAY (gateways))
    return;

  for (i = 0; i < gst_value_array_get_size (gateways); i++) {
    const GValue *value = gst_value_array_get_value (gateways, i);
    const GstStructure *gateway = gst_value_get_structure (value);
    const gchar *address = gst_structure_get_string (gateway, "address");

    printf ("  of them %" G_GUINT64_FORMAT " packets to %s port %"
        G_GUINT64_FORMAT ".\n", counter (gateway, "packets-sent"),
        address != NULL ? address : "?", counter (gateway, "port"));
  }
}

/* TRUE if both sides counted the same. */
static gboolean
compare (Demo * demo)
{
  GstStructure *relay = get_stats (demo->relay);
  GstStructure *receiver = get_stats (demo->receiver);
  guint64 sent = counter (relay, "packets-sent");
  guint64 received = counter (receiver, "packets-received");

  printf ("\nThe relay was given %" G_GUINT64_FORMAT " packets and sent %"
      G_GUINT64_FORMAT " packets (%" G_GUINT64_FORMAT
      " bytes) after the join,\n", counter (relay, "packets-in"), sent,
      counter (relay, "bytes-sent"));
  print_gateways (relay);
  print_drops ("The relay", relay);
  printf ("The receiver got %" G_GUINT64_FORMAT " packets and passed on %"
      G_GUINT64_FORMAT "; %" G_GUINT64_FORMAT
      " were dropped by the kernel.\n", received, counter (receiver,
          "packets-pushed"), counter (receiver, "kernel-dropped"));
  print_drops ("The receiver", receiver);
  printf ("The first packet came %.1f ms after the start; %" G_GUINT64_FORMAT
      " request(s) were sent to the relay.\n",
      (gdouble) counter (receiver, "join-latency-ns") / GST_MSECOND,
      counter (receiver, "relay-requests"));
  printf ("%u frames (%.1f s) and %d pieces of sound were decoded.\n",
      demo->frames, (gdouble) decoded_time (demo) / GST_SECOND,
      g_atomic_int_get (&demo->sounds));

  gst_structure_free (relay);
  gst_structure_free (receiver);

  if (sent != received)
    printf ("Sent and received packets differ.\n");

  return sent == received && sent > 0;
}

static gboolean
run (Demo * demo, const gchar * png, guint seconds)
{
  gboolean ok;
  guint port = 0;

  demo->start = gst_util_get_timestamp ();
  if (!start_relay (demo, &port) || !start_receiver (demo, port))
    return FALSE;
  if (!receive (demo, seconds * GST_SECOND) || !drain (demo))
    return FALSE;

  ok = compare (demo);
  if (g_atomic_int_get (&demo->sounds) == 0) {
    printf ("No sound was decoded.\n");
    ok = FALSE;
  }
  ok &= check_pictures (demo->first, demo->last);
  if (write_png (demo->last, png))
    printf ("Last frame: %s\n", png);
  else
    ok = FALSE;

  return ok;
}

static void
stop (GstElement ** pipeline)
{
  if (*pipeline != NULL)
    gst_element_set_state (*pipeline, GST_STATE_NULL);
  gst_clear_object (pipeline);
}

int
main (int argc, char **argv)
{
  Demo demo = { 0 };
  const gchar *png;
  guint seconds;
  gboolean ok;

  gst_init (&argc, &argv);
  png = argc > 1 ? argv[1] : "last-frame.png";
  seconds = argc > 2 ? (guint) strtoul (argv[2], NULL, 10) : 10;

  ok = run (&demo, png, MAX (seconds, 1));
  if (!ok && demo.receiver_pipeline != NULL)
    handle_messages (&demo, demo.receiver_pipeline);

  gst_clear_object (&demo.picture);
  gst_clear_object (&demo.receiver);
  gst_clear_object (&demo.relay);
  stop (&demo.receiver_pipeline);
  stop (&demo.relay_pipeline);
  g_clear_pointer (&demo.first, gst_sample_unref);
  g_clear_pointer (&demo.last, gst_sample_unref);
  printf ("%s\n", ok ? "All is well." : "The demonstration failed.");

  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
