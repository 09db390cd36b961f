/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Plays a multicast channel whose sender publishes manifests (AMBI), and
 * nothing that the sender did not send.  Each second it prints what was
 * verified, what was rejected and what is missing.
 *
 *   verified-receiver [OPTION...] URI MANIFESTS
 *   verified-receiver 'amt://192.0.2.10@232.1.1.1:5001?relay=amt-relay.example.net'
 *       https://headend.example.net:8443/stream.ambi
 *
 * Fails when nothing could be decoded.
 */
#include <glib-unix.h>
#include <gst/gst.h>
#include <stdlib.h>
#include <string.h>

typedef struct
{
  gchar *ca_file;               /* NULL: the system's authorities */
  gchar *sink;                  /* launch line of what shows the pictures */
  gint seconds;                 /* 0: until interrupted */
  gboolean monitor;

  GMainLoop *loop;
  GstElement *pipeline;
  GstElement *verify;
  GstElement *video;            /* videoconvert, where the pictures arrive */
  gint pictures;                /* atomic */
  gboolean failed;
} Receiver;

/* --- statistics ----------------------------------------------------------- */

/* A counter of a statistics structure; 0 when it is not there. */
static guint64
counter (const GstStructure * stats, const gchar * name)
{
  guint64 value = 0;

  gst_structure_get_uint64 (stats, name, &value);

  return value;
}

/* All that was rejected, whatever the reason; the reasons go to text. */
static guint64
rejected (const GstStructure * stats, GString * text)
{
  const gchar *prefix = "packets-rejected-";
  guint64 sum = 0;

  for (gint i = 0; i < gst_structure_n_fields (stats); i++) {
    const gchar *name = gst_structure_nth_field_name (stats, (guint) i);
    guint64 n = counter (stats, name);

    if (n == 0 || !g_str_has_prefix (name, prefix))
      continue;
    sum += n;
    g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %s",
        text->len > 0 ? ", " : " (", n, name + strlen (prefix));
  }
  if (text->len > 0)
    g_string_append_c (text, ')');

  return sum;
}

static gboolean
show_stats (gpointer data)
{
  Receiver *r = data;
  GString *reasons = g_string_new (NULL);
  GstStructure *stats = NULL;
  guint64 sum;

  g_object_get (r->verify, "stats", &stats, NULL);
  sum = rejected (stats, reasons);
  g_print ("%d pictures; packets: %" G_GUINT64_FORMAT " verified, %"
      G_GUINT64_FORMAT " rejected%s, %" G_GUINT64_FORMAT " lost\n",
      g_atomic_int_get (&r->pictures), counter (stats, "packets-verified"),
      sum, reasons->str, counter (stats, "packets-lost"));
  gst_structure_free (stats);
  g_string_free (reasons, TRUE);

  return G_SOURCE_CONTINUE;
}

/* --- the pipeline --------------------------------------------------------- */

static GstPadProbeReturn
count_picture (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  g_atomic_int_inc (&((Receiver *) data)->pictures);

  return GST_PAD_PROBE_OK;
}

/* decodebin found a stream: the first picture is shown, the rest is not
 * wanted. */
static void
on_decoded_pad (GstElement * decodebin, GstPad * pad, gpointer data)
{
  Receiver *r = data;
  GstPad *sink = gst_element_get_static_pad (r->video, "sink");
  GstCaps *caps = gst_pad_get_current_caps (pad);

  if (!gst_pad_is_linked (sink) && caps != NULL &&
      g_str_has_prefix (gst_structure_get_name (gst_caps_get_structure (caps,
                  0)), "video/")) {
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_picture, r, NULL);
    gst_pad_link (pad, sink);
  }
  gst_clear_caps (&caps);
  gst_object_unref (sink);
}

/* source ! ambiverify ! decodebin ! videoconvert ! sink */
static gboolean
build (Receiver * r, const gchar * uri, const gchar * manifests,
    GError ** error)
{
  GstElement *source, *decode, *sink;

  source = gst_element_make_from_uri (GST_URI_SRC, uri, NULL, error);
  if (source == NULL)
    return FALSE;
  sink = gst_parse_bin_from_description (r->sink, TRUE, error);
  if (sink == NULL) {
    gst_object_unref (source);
    return FALSE;
  }
  r->pipeline = gst_pipeline_new (NULL);
  r->verify = gst_element_factory_make ("ambiverify", NULL);
  decode = gst_element_factory_make ("decodebin", NULL);
  r->video = gst_element_factory_make ("videoconvert", NULL);
  gst_bin_add_many (GST_BIN (r->pipeline), source, sink, NULL);
  if (r->verify == NULL || decode == NULL || r->video == NULL) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "ambiverify, decodebin or videoconvert is missing");
    return FALSE;
  }
  gst_bin_add_many (GST_BIN (r->pipeline), r->verify, decode, r->video, NULL);
  gst_element_link_many (source, r->verify, decode, NULL);
  gst_element_link (r->video, sink);
  g_signal_connect (decode, "pad-added", G_CALLBACK (on_decoded_pad), r);

  g_object_set (r->verify, "manifest-uri", manifests, "tls-ca-file",
      r->ca_file, NULL);
  if (r->monitor)
    gst_util_set_object_arg (G_OBJECT (r->verify), "mode", "monitor");

  return TRUE;
}

/* --- what the pipeline tells ---------------------------------------------- */

static void
show_problem (GstMessage * message)
{
  GError *error = NULL;
  gchar *debug = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, &debug);
  else
    gst_message_parse_warning (message, &error, &debug);
  g_print ("%s from %s: %s\n", GST_MESSAGE_TYPE_NAME (message),
      GST_MESSAGE_SRC_NAME (message), error->message);
  if (debug != NULL)
    g_print ("  %s\n", debug);
  g_error_free (error);
  g_free (debug);
}

static void
show_element_message (GstMessage * message)
{
  const GstStructure *structure = gst_message_get_structure (message);
  gchar *text;

  if (structure == NULL ||
      (!g_str_has_prefix (gst_structure_get_name (structure), "multicast-") &&
          !g_str_has_prefix (gst_structure_get_name (structure), "ambi-")))
    return;
  text = gst_structure_to_string (structure);
  g_print ("%s\n", text);
  g_free (text);
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  Receiver *r = data;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      show_problem (message);
      r->failed = TRUE;
      g_main_loop_quit (r->loop);
      break;
    case GST_MESSAGE_WARNING:
      show_problem (message);
      break;
    case GST_MESSAGE_EOS:
      g_print ("end of stream\n");
      g_main_loop_quit (r->loop);
      break;
    case GST_MESSAGE_ELEMENT:
      show_element_message (message);
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency (GST_BIN (r->pipeline));
      break;
    default:
      break;
  }

  return G_SOURCE_CONTINUE;
}

/* --- life ----------------------------------------------------------------- */

static gboolean
on_end (gpointer data)
{
  g_main_loop_quit (((Receiver *) data)->loop);

  return G_SOURCE_CONTINUE;
}

static void
play (Receiver * r)
{
  GstBus *bus = gst_element_get_bus (r->pipeline);

  r->loop = g_main_loop_new (NULL, FALSE);
  gst_bus_add_watch (bus, on_message, r);
  g_timeout_add_seconds (1, show_stats, r);
  if (r->seconds > 0)
    g_timeout_add_seconds ((guint) r->seconds, on_end, r);
  g_unix_signal_add (SIGINT, on_end, r);
  g_unix_signal_add (SIGTERM, on_end, r);

  gst_element_set_state (r->pipeline, GST_STATE_PLAYING);
  g_main_loop_run (r->loop);
  show_stats (r);
  gst_element_set_state (r->pipeline, GST_STATE_NULL);

  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
  g_main_loop_unref (r->loop);
}

static gboolean
parse (Receiver * r, int *argc, char ***argv, GError ** error)
{
  const GOptionEntry entries[] = {
    {"ca", 0, 0, G_OPTION_ARG_FILENAME, &r->ca_file,
          "Certificates the server's must lead to (default: the system's)",
        "FILE.pem"},
    {"sink", 0, 0, G_OPTION_ARG_STRING, &r->sink,
        "What shows the pictures (default: autovideosink)", "LAUNCH-LINE"},
    {"seconds", 0, 0, G_OPTION_ARG_INT, &r->seconds,
        "How long (default: until interrupted)", "N"},
    {"monitor", 0, 0, G_OPTION_ARG_NONE, &r->monitor,
        "Let everything pass, and only count", NULL},
    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL}
  };
  GOptionContext *context = g_option_context_new ("URI MANIFESTS");
  gboolean ok;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  ok = g_option_context_parse (context, argc, argv, error);
  g_option_context_free (context);
  if (ok && *argc != 3) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
        "a channel's URI and that of its manifests are needed; see --help");
    ok = FALSE;
  }

  return ok;
}

int
main (int argc, char **argv)
{
  Receiver r = { 0 };
  GError *error = NULL;

  if (parse (&r, &argc, &argv, &error)) {
    if (r.sink == NULL)
      r.sink = g_strdup ("autovideosink");
    if (build (&r, argv[1], argv[2], &error))
      play (&r);
  }
  if (error != NULL) {
    g_printerr ("%s\n", error->message);
    g_error_free (error);
    r.failed = TRUE;
  }
  if (r.pictures == 0 && !r.failed) {
    g_print ("No picture was decoded.\n");
    r.failed = TRUE;
  }
  gst_clear_object (&r.pipeline);
  g_free (r.ca_file);
  g_free (r.sink);

  return r.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
