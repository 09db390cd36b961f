/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A relay, a sender or a receiver of numbered datagrams that a shell script can
 * drive.
 *
 *   netns-peer relay status=FILE [KEY=VALUE...] [, KEY=VALUE...]...
 *   netns-peer sender status=FILE [KEY=VALUE...] [, KEY=VALUE...]...
 *   netns-peer receiver|ssm-receiver status=FILE [KEY=VALUE...]
 *   netns-peer launch status=FILE pipeline=DESCRIPTION
 *
 * A relay has an amtrelaysink, a sender sends native multicast, a receiver has
 * an amtsrc or ssmsrc.  Keys that begin with "sign." put an ambisign into a
 * relay or sender, those with "verify." an ambiverify into a receiver.
 * FILE is replaced all the time by one with what is known, as key=value lines;
 * what happens is told on stdout.  Keys that are not named in peer-sender.c or
 * peer-receiver.c are properties of the element.  A comma begins another
 * sender in the same process; its keys in FILE begin with "2." and so on.
 * SIGUSR1 makes senders pause or go on, SIGUSR2 ends a stream of manifests.
 * SIGTERM ends the program in good order; then FILE has ended=1.
 */
#include "netns-peer.h"

#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "stopwatch.h"

#define PUBLISH_MS 20

typedef struct
{
  GMainLoop *loop;
  GstElement *pipeline;
  const gchar *status_file;
  GPtrArray *senders;           /* of a relay or sender */
  PeerReceiver *receiver;       /* or this */
  gboolean native;              /* the senders are */
  gboolean launch;              /* or it is any pipeline */

  gint64 started_us;            /* monotonic */
  Stopwatch started;
  gint64 begin_us;              /* Unix time before set_state () */
  gint64 playing_us;            /* Unix time after it */
  /* As of a stopwatch: */
  gint64 start_us;              /* how long set_state () took */
  gint64 stop_us;
  gint64 first_progress_us;     /* after the start; -1 before it */
  gboolean ended;
  guint errors;
  guint warnings;
  gchar *error;
  GstState state;
  GHashTable *messages;         /* name of element message -> count */
} Peer;

gboolean
peer_parse_uint (const gchar * value, guint64 * out)
{
  return g_ascii_string_to_unsigned (value, 10, 0, G_MAXINT64, out, NULL);
}

gboolean
peer_set_property (GstElement * element, const gchar * key, const gchar * value)
{
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), key) == NULL)
    return FALSE;
  gst_util_set_object_arg (G_OBJECT (element), key, value);
  return TRUE;
}

static void append_structure (GString * out, const gchar * prefix,
    const GstStructure * structure);

static void
append_value (GString * out, const gchar * prefix, const gchar * key,
    const GValue * value)
{
  if (GST_VALUE_HOLDS_ARRAY (value)) {
    for (guint i = 0; i < gst_value_array_get_size (value); i++) {
      g_autofree gchar *inner = g_strdup_printf ("%s%s.%u.", prefix, key, i);

      append_structure (out, inner,
          gst_value_get_structure (gst_value_array_get_value (value, i)));
    }
  } else if (G_VALUE_HOLDS_STRING (value)) {
    g_string_append_printf (out, "%s%s=%s\n", prefix, key,
        g_value_get_string (value));
  } else {
    g_autofree gchar *text = gst_value_serialize (value);

    g_string_append_printf (out, "%s%s=%s\n", prefix, key, text);
  }
}

static void
append_structure (GString * out, const gchar * prefix,
    const GstStructure * structure)
{
  for (gint i = 0; i < gst_structure_n_fields (structure); i++) {
    const gchar *key = gst_structure_nth_field_name (structure, (guint) i);

    append_value (out, prefix, key, gst_structure_get_value (structure, key));
  }
}

void
peer_append_stats (GString * out, const gchar * prefix, GstElement * element)
{
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (element, "stats", &stats, NULL);
  append_structure (out, prefix, stats);
}

/* --- what is told --- */

static void
G_GNUC_PRINTF (2, 3)
tell (Peer * peer, const gchar * format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_print ("%8.3f %s\n", (gdouble) (g_get_monotonic_time () -
          peer->started_us) / G_USEC_PER_SEC, text);
}

static void
append_own_status (Peer * peer, GString * out)
{
  struct rusage usage;
  GHashTableIter iter;
  gpointer name, n;

  getrusage (RUSAGE_SELF, &usage);
  g_string_append_printf (out, "cpu-us=%" G_GINT64_FORMAT "\n",
      (gint64) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
      G_USEC_PER_SEC + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  g_string_append_printf (out, "begin-us=%" G_GINT64_FORMAT "\n"
      "playing-us=%" G_GINT64_FORMAT "\n", peer->begin_us, peer->playing_us);
  g_string_append_printf (out, "start-us=%" G_GINT64_FORMAT "\n"
      "stop-us=%" G_GINT64_FORMAT "\n"
      "first-progress-us=%" G_GINT64_FORMAT "\n"
      "errors=%u\nwarnings=%u\nerror=%s\npipeline=%s\nended=%d\n",
      peer->start_us, peer->stop_us, peer->first_progress_us, peer->errors,
      peer->warnings, peer->error ? peer->error : "",
      gst_element_state_get_name (peer->state), peer->ended);
  g_hash_table_iter_init (&iter, peer->messages);
  while (g_hash_table_iter_next (&iter, &name, &n))
    g_string_append_printf (out, "message.%s=%u\n", (const gchar *) name,
        GPOINTER_TO_UINT (n));
}

/* Of a pipeline of any kind: "NAME.key=value". */
static void
append_element_status (const GValue * item, gpointer data)
{
  GstElement *element = g_value_get_object (item);

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "stats")) {
    g_autofree gchar *prefix = g_strdup_printf ("%s.",
        GST_OBJECT_NAME (element));

    peer_append_stats (data, prefix, element);
  }
}

static void
append_launch_status (Peer * peer, GString * out)
{
  GstIterator *it = gst_bin_iterate_recurse (GST_BIN (peer->pipeline));

  /* A bin that changes while it is looked at is looked at the next time. */
  gst_iterator_foreach (it, append_element_status, out);
  gst_iterator_free (it);
}

static gboolean
publish (gpointer data)
{
  Peer *peer = data;
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  append_own_status (peer, out);
  for (guint i = 0; i < peer->senders->len; i++) {
    g_autofree gchar *prefix =
        i == 0 ? g_strdup ("") : g_strdup_printf ("%u.", i + 1);

    peer_sender_append_status (g_ptr_array_index (peer->senders, i), out,
        prefix);
  }
  if (peer->receiver)
    peer_receiver_append_status (peer->receiver, out);
  if (peer->launch)
    append_launch_status (peer, out);
  if (!g_file_set_contents_full (peer->status_file, out->str, (gssize) out->len,
          G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error))
    g_error ("%s", error->message);
  return G_SOURCE_CONTINUE;
}

/* --- the bus --- */

static void
handle_problem (Peer * peer, GstMessage * message)
{
  gboolean is_error = GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
  g_autoptr (GError) error = NULL;

  if (is_error) {
    gst_message_parse_error (message, &error, NULL);
    peer->errors++;
    if (peer->error == NULL)
      peer->error = g_strdup_printf ("%s %d %s",
          g_quark_to_string (error->domain), error->code, error->message);
  } else {
    gst_message_parse_warning (message, &error, NULL);
    peer->warnings++;
  }
  tell (peer, "%s %s", is_error ? "ERROR" : "WARNING", error->message);
}

static void
handle_element (Peer * peer, GstMessage * message)
{
  const GstStructure *structure = gst_message_get_structure (message);
  const gchar *name = gst_structure_get_name (structure);
  g_autofree gchar *text = gst_structure_to_string (structure);
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (peer->messages, name));

  g_hash_table_insert (peer->messages, g_strdup (name),
      GUINT_TO_POINTER (n + 1));
  tell (peer, "%s", text);
}

static void
handle_progress (Peer * peer, GstMessage * message)
{
  g_autofree gchar *code = NULL, *text = NULL;
  GstProgressType type;

  if (peer->first_progress_us < 0)
    peer->first_progress_us = stopwatch_us (&peer->started) + 1;
  gst_message_parse_progress (message, &type, &code, &text);
  tell (peer, "progress %s %d: %s", code, type, text);
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  Peer *peer = data;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
    case GST_MESSAGE_WARNING:
      handle_problem (peer, message);
      break;
    case GST_MESSAGE_ELEMENT:
      handle_element (peer, message);
      break;
    case GST_MESSAGE_PROGRESS:
      handle_progress (peer, message);
      break;
    case GST_MESSAGE_STATE_CHANGED:
      if (GST_MESSAGE_SRC (message) == GST_OBJECT (peer->pipeline))
        gst_message_parse_state_changed (message, NULL, &peer->state, NULL);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

/* --- life --- */

static gboolean
on_signal (gpointer data)
{
  g_main_loop_quit (((Peer *) data)->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_pause (gpointer data)
{
  Peer *peer = data;

  for (guint i = 0; i < peer->senders->len; i++)
    peer_sender_pause (g_ptr_array_index (peer->senders, i));
  return G_SOURCE_CONTINUE;
}

static gboolean
on_refresh (gpointer data)
{
  Peer *peer = data;

  for (guint i = 0; i < peer->senders->len; i++)
    peer_sender_refresh (g_ptr_array_index (peer->senders, i));
  return G_SOURCE_CONTINUE;
}

static gboolean
set_option (Peer * peer, const gchar * argument)
{
  g_auto (GStrv) parts = g_strsplit (argument, "=", 2);

  if (g_strv_length (parts) != 2)
    return FALSE;
  if (g_str_equal (parts[0], "status")) {
    peer->status_file = argument + strlen ("status=");
    return TRUE;
  }
  if (peer->launch) {
    g_autoptr (GError) error = NULL;
    GstElement *bin;

    if (!g_str_equal (parts[0], "pipeline"))
      return FALSE;
    bin = gst_parse_bin_from_description (parts[1], FALSE, &error);
    if (bin == NULL || error != NULL)
      g_error ("%s", error->message);
    return gst_bin_add (GST_BIN (peer->pipeline), bin);
  }
  if (peer->receiver)
    return peer_receiver_set (peer->receiver, parts[0], parts[1]);
  return peer_sender_set (g_ptr_array_index (peer->senders,
          peer->senders->len - 1), parts[0], parts[1]);
}

static void
add_sender (Peer * peer)
{
  g_ptr_array_add (peer->senders, peer->native ?
      peer_sender_new_native (GST_BIN (peer->pipeline)) :
      peer_sender_new (GST_BIN (peer->pipeline)));
}

static void
parse_kind (Peer * peer, const gchar * kind)
{
  GstBin *bin = GST_BIN (peer->pipeline);

  if (g_str_equal (kind, "relay") || g_str_equal (kind, "sender")) {
    peer->native = g_str_equal (kind, "sender");
    add_sender (peer);
  } else if (g_str_equal (kind, "receiver")) {
    peer->receiver = peer_receiver_new (bin, "amtsrc");
  } else if (g_str_equal (kind, "ssm-receiver")) {
    peer->receiver = peer_receiver_new (bin, "ssmsrc");
  } else if (g_str_equal (kind, "launch")) {
    peer->launch = TRUE;
  } else {
    g_error ("usage: netns-peer relay|sender|receiver|ssm-receiver|launch "
        "status=FILE KEY=VALUE...");
  }
}

static void
parse (Peer * peer, int argc, char **argv)
{
  parse_kind (peer, argc >= 2 ? argv[1] : "");

  for (int i = 2; i < argc; i++) {
    if (peer->senders->len > 0 && g_str_equal (argv[i], ","))
      add_sender (peer);
    else if (!set_option (peer, argv[i]))
      g_error ("\"%s\" is not understood", argv[i]);
  }
  if (peer->status_file == NULL)
    g_error ("status=FILE is missing");
  for (guint i = 0; i < peer->senders->len; i++)
    peer_sender_prepare (g_ptr_array_index (peer->senders, i));
  if (peer->receiver)
    peer_receiver_prepare (peer->receiver);
}

static void
run (Peer * peer)
{
  GstBus *bus = gst_element_get_bus (peer->pipeline);
  Stopwatch stopped;

  gst_bus_add_watch (bus, on_message, peer);
  g_unix_signal_add (SIGTERM, on_signal, peer);
  g_unix_signal_add (SIGINT, on_signal, peer);
  g_unix_signal_add (SIGUSR1, on_pause, peer);
  g_unix_signal_add (SIGUSR2, on_refresh, peer);
  g_timeout_add (PUBLISH_MS, publish, peer);

  peer->first_progress_us = -1;
  peer->begin_us = g_get_real_time ();
  peer->started_us = g_get_monotonic_time ();
  stopwatch_start (&peer->started);
  gst_element_set_state (peer->pipeline, GST_STATE_PLAYING);
  peer->playing_us = g_get_real_time ();
  peer->start_us = stopwatch_us (&peer->started);
  for (guint i = 0; i < peer->senders->len; i++)
    peer_sender_start (g_ptr_array_index (peer->senders, i));

  g_main_loop_run (peer->loop);

  for (guint i = 0; i < peer->senders->len; i++)
    peer_sender_stop (g_ptr_array_index (peer->senders, i));
  stopwatch_start (&stopped);
  gst_element_set_state (peer->pipeline, GST_STATE_NULL);
  peer->stop_us = stopwatch_us (&stopped);
  /* What was told while it stopped. */
  while (g_main_context_iteration (NULL, FALSE));
  peer->ended = TRUE;
  publish (peer);
  gst_bus_remove_watch (bus);
  gst_object_unref (bus);
}

int
main (int argc, char **argv)
{
  Peer peer = { 0 };

  gst_init (NULL, NULL);
  setvbuf (stdout, NULL, _IOLBF, 0);
  peer.loop = g_main_loop_new (NULL, FALSE);
  peer.pipeline = gst_pipeline_new (NULL);
  peer.senders =
      g_ptr_array_new_with_free_func ((GDestroyNotify) peer_sender_free);
  peer.messages = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gst_pipeline_set_auto_flush_bus (GST_PIPELINE (peer.pipeline), FALSE);

  parse (&peer, argc, argv);
  run (&peer);

  g_ptr_array_unref (peer.senders);
  gst_object_unref (peer.pipeline);
  g_clear_pointer (&peer.receiver, peer_receiver_free);
  g_hash_table_unref (peer.messages);
  g_free (peer.error);
  g_main_loop_unref (peer.loop);
  return EXIT_SUCCESS;
}
