/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Plays a multicast channel that is given as a URI, and prints what the
 * pipeline tells and, each second, what the source has counted.
 *
 *   play-channel URI [SECONDS]
 *   play-channel 'ssm://192.0.2.10@232.1.1.1:5001'
 *   play-channel 'amt://192.0.2.10@232.1.1.1:5001?relay=amt-relay.example.net'
 */
#include <glib-unix.h>
#include <gst/gst.h>
#include <stdlib.h>

typedef struct
{
  GMainLoop *loop;
  GstElement *playbin;
  GstElement *source;           /* of the URI; NULL before it is made */
  guint64 bytes;                /* received until the last second */
  gboolean failed;
} Player;

/* --- the source's statistics ---------------------------------------------- */

/* Called by another thread, before the source starts. */
static void
on_source_setup (GstElement * playbin, GstElement * source, gpointer data)
{
  Player *player = data;

  GST_OBJECT_LOCK (playbin);
  gst_object_replace ((GstObject **) & player->source, GST_OBJECT (source));
  GST_OBJECT_UNLOCK (playbin);
}

static GstElement *
get_source (Player * player)
{
  GstElement *source = NULL;

  GST_OBJECT_LOCK (player->playbin);
  if (player->source != NULL)
    source = gst_object_ref (player->source);
  GST_OBJECT_UNLOCK (player->playbin);

  return source;
}

/* A counter of a statistics structure; 0 when it is not there. */
static guint64
counter (const GstStructure * stats, const gchar * name)
{
  guint64 value = 0;

  gst_structure_get_uint64 (stats, name, &value);

  return value;
}

/* All drops but those of control messages, whatever the reason. */
static guint64
dropped (const GstStructure * stats)
{
  guint64 sum = 0;

  for (gint i = 0; i < gst_structure_n_fields (stats); i++) {
    const gchar *name = gst_structure_nth_field_name (stats, i);

    if (g_str_has_prefix (name, "dropped-") &&
        !g_str_has_prefix (name, "dropped-control-"))
      sum += counter (stats, name);
  }

  return sum;
}

static gboolean
show_stats (gpointer data)
{
  Player *player = data;
  GstElement *source = get_source (player);
  GstStructure *stats = NULL;
  const gchar *delivery;
  guint64 bytes;

  if (source == NULL)
    return G_SOURCE_CONTINUE;
  g_object_get (source, "stats", &stats, NULL);
  gst_object_unref (source);
  if (stats == NULL)
    return G_SOURCE_CONTINUE;

  delivery = gst_structure_get_string (stats, "delivery");
  bytes = counter (stats, "bytes-received");
  g_print ("%s: %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " kbit/s, %"
      G_GUINT64_FORMAT " dropped, %" G_GUINT64_FORMAT " lost by the kernel\n",
      delivery != NULL ? delivery : "nothing yet",
      counter (stats, "packets-received"), (bytes - player->bytes) * 8 / 1000,
      dropped (stats), counter (stats, "kernel-dropped"));
  player->bytes = bytes;
  gst_structure_free (stats);

  return G_SOURCE_CONTINUE;
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
show_progress (GstMessage * message)
{
  gchar *code = NULL, *text = NULL;

  gst_message_parse_progress (message, NULL, &code, &text);
  g_print ("%s: %s\n", code, text);
  g_free (code);
  g_free (text);
}

static void
show_element_message (GstMessage * message)
{
  const GstStructure *structure = gst_message_get_structure (message);
  gchar *text;

  if (structure == NULL ||
      !g_str_has_prefix (gst_structure_get_name (structure), "multicast-"))
    return;
  text = gst_structure_to_string (structure);
  g_print ("%s\n", text);
  g_free (text);
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  Player *player = data;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      show_problem (message);
      player->failed = TRUE;
      g_main_loop_quit (player->loop);
      break;
    case GST_MESSAGE_WARNING:
      show_problem (message);
      break;
    case GST_MESSAGE_EOS:
      g_print ("end of stream\n");
      g_main_loop_quit (player->loop);
      break;
    case GST_MESSAGE_PROGRESS:
      show_progress (message);
      break;
    case GST_MESSAGE_ELEMENT:
      show_element_message (message);
      break;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency (GST_BIN (player->playbin));
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
  g_main_loop_quit (((Player *) data)->loop);

  return G_SOURCE_CONTINUE;
}

static void
play (Player * player, guint seconds)
{
  GstBus *bus = gst_element_get_bus (player->playbin);

  gst_bus_add_watch (bus, on_message, player);
  g_timeout_add_seconds (1, show_stats, player);
  if (seconds > 0)
    g_timeout_add_seconds (seconds, on_end, player);
  g_unix_signal_add (SIGINT, on_end, player);
  g_unix_signal_add (SIGTERM, on_end, player);

  gst_element_set_state (player->playbin, GST_STATE_PLAYING);
  g_main_loop_run (player->loop);
  gst_element_set_state (player->playbin, GST_STATE_NULL);

  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
}

int
main (int argc, char **argv)
{
  Player player = { 0 };

  gst_init (&argc, &argv);
  if (argc < 2 || argc > 3) {
    g_printerr ("usage: %s URI [SECONDS]\n", argv[0]);
    return EXIT_FAILURE;
  }
  player.playbin = gst_element_factory_make ("playbin", NULL);
  if (player.playbin == NULL) {
    g_printerr ("playbin is missing: gst-plugins-base is not installed\n");
    return EXIT_FAILURE;
  }
  g_object_set (player.playbin, "uri", argv[1], NULL);
  g_signal_connect (player.playbin, "source-setup",
      G_CALLBACK (on_source_setup), &player);

  player.loop = g_main_loop_new (NULL, FALSE);
  play (&player, argc == 3 ? (guint) atoi (argv[2]) : 0);
  g_main_loop_unref (player.loop);
  gst_clear_object (&player.source);
  gst_object_unref (player.playbin);

  return player.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
