/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A pipeline with a multicast source for tests.
 */
#include "srctest.h"

#include <string.h>

#include "stopwatch.h"

#define DEADLINE (10 * G_TIME_SPAN_SECOND)

const PeerFlow flow4 = { S4, G4, 4000, 5001 };
const PeerFlow flow6 = { S6, G6, 4000, 5001 };

static void
take_buffer (SrcTest * t, GstBuffer * buffer)
{
  t->n_buffers++;
  if (t->keep)
    g_ptr_array_add (t->buffers, gst_buffer_ref (buffer));
}

static GstPadProbeReturn
probe (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  SrcTest *t = data;

  g_mutex_lock (&t->lock);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    take_buffer (t, GST_PAD_PROBE_INFO_BUFFER (info));
    if (t->keep)
      g_ptr_array_add (t->order, g_strdup ("buffer"));
  } else if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    t->n_lists++;
    for (guint i = 0; i < gst_buffer_list_length (list); i++)
      take_buffer (t, gst_buffer_list_get (list, i));
    if (t->keep)
      g_ptr_array_add (t->order, g_strdup ("list"));
  } else {
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
    const GstStructure *s = gst_event_get_structure (event);

    g_ptr_array_add (t->events, gst_event_ref (event));
    g_ptr_array_add (t->order,
        g_strdup (GST_EVENT_TYPE (event) ==
            GST_EVENT_CUSTOM_DOWNSTREAM_STICKY ? gst_structure_get_name (s) :
            GST_EVENT_TYPE_NAME (event)));
  }
  g_cond_broadcast (&t->cond);
  g_mutex_unlock (&t->lock);
  return GST_PAD_PROBE_OK;
}

static GstBusSyncReply
take_message (GstBus * bus, GstMessage * message, gpointer data)
{
  SrcTest *t = data;

  if (GST_MESSAGE_SRC (message) == GST_OBJECT (t->src)) {
    g_mutex_lock (&t->lock);
    g_ptr_array_add (t->messages, gst_message_ref (message));
    g_cond_broadcast (&t->cond);
    g_mutex_unlock (&t->lock);
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

void
src_test_make (SrcTest * t, const gchar * factory)
{
  GstElement *sink = gst_element_factory_make ("fakesink", "sink");
  GstBus *bus;
  GstPad *pad;

  memset (t, 0, sizeof (*t));
  g_mutex_init (&t->lock);
  g_cond_init (&t->cond);
  t->keep = TRUE;
  t->buffers = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_buffer_unref);
  t->order = g_ptr_array_new_with_free_func (g_free);
  t->events = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_event_unref);
  t->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_message_unref);

  t->pipeline = gst_pipeline_new (NULL);
  t->src = gst_element_factory_make (factory, NULL);
  fail_unless (t->src != NULL && sink != NULL);
  /* Nothing is asked of the DNS but what a test wants to be asked. */
  g_object_set (t->src, "dorms-uri", "", NULL);
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add_many (GST_BIN (t->pipeline), t->src, sink, NULL);
  fail_unless (gst_element_link (t->src, sink));

  pad = gst_element_get_static_pad (t->src, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_BUFFER_LIST | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
      GST_PAD_PROBE_TYPE_EVENT_FLUSH, probe, t, NULL);
  gst_object_unref (pad);
  bus = gst_element_get_bus (t->pipeline);
  gst_bus_set_sync_handler (bus, take_message, t, NULL);
  gst_object_unref (bus);
}

void
src_test_init (SrcTest * t, const PeerFlow * flow, const PeerRelay * relay)
{
  src_test_make (t, "amtsrc");
  g_object_set (t->src, "delivery", 2, NULL);
  if (flow != NULL)
    g_object_set (t->src, "source", flow->source, "group", flow->group, NULL);
  if (relay != NULL) {
    gchar *name = peer_relay_name (relay);

    g_object_set (t->src, "relay", name, NULL);
    g_free (name);
  }
}

void
src_test_clear (SrcTest * t)
{
  src_test_set_state (t, GST_STATE_NULL);
  gst_object_unref (t->pipeline);
  g_ptr_array_unref (t->buffers);
  g_ptr_array_unref (t->order);
  g_ptr_array_unref (t->events);
  g_ptr_array_unref (t->messages);
  g_mutex_clear (&t->lock);
  g_cond_clear (&t->cond);
}

guint
src_test_set_state (SrcTest * t, GstState state)
{
  Stopwatch watch;

  stopwatch_start (&watch);
  fail_unless (gst_element_set_state (t->pipeline, state) !=
      GST_STATE_CHANGE_FAILURE);
  fail_unless (gst_element_get_state (t->pipeline, NULL, NULL,
          10 * GST_SECOND) != GST_STATE_CHANGE_ASYNC);
  return (guint) (stopwatch_us (&watch) / 1000);
}

void
src_test_play (SrcTest * t)
{
  src_test_set_state (t, GST_STATE_PLAYING);
}

void
src_test_pause (SrcTest * t)
{
  src_test_set_state (t, GST_STATE_PAUSED);
}

void
src_test_stop (SrcTest * t)
{
  guint ms = src_test_set_state (t, GST_STATE_NULL);

  fail_unless (ms < 100, "stopping took %u ms", ms);
}

void
src_test_wait_buffers (SrcTest * t, guint64 n)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&t->lock);
  while (t->n_buffers < n)
    fail_unless (g_cond_wait_until (&t->cond, &t->lock, end),
        "only %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " buffers came",
        t->n_buffers, n);
  g_mutex_unlock (&t->lock);
}

guint64
src_test_n_buffers (SrcTest * t)
{
  guint64 n;

  g_mutex_lock (&t->lock);
  n = t->n_buffers;
  g_mutex_unlock (&t->lock);
  return n;
}

GstBuffer *
src_test_buffer (SrcTest * t, guint i)
{
  GstBuffer *buffer;

  src_test_wait_buffers (t, i + 1);
  g_mutex_lock (&t->lock);
  buffer = g_ptr_array_index (t->buffers, i);
  g_mutex_unlock (&t->lock);
  return buffer;
}

void
src_test_drop_buffers (SrcTest * t)
{
  g_mutex_lock (&t->lock);
  t->n_buffers = 0;
  g_ptr_array_set_size (t->buffers, 0);
  g_mutex_unlock (&t->lock);
}

/*
 * Messages
 */

static const GstStructure *
find_element_message (SrcTest * t, const gchar * name, guint n)
{
  for (guint i = 0; i < t->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (t->messages, i);

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT &&
        gst_message_has_name (message, name) && n-- == 0)
      return gst_message_get_structure (message);
  }
  return NULL;
}

const GstStructure *
src_test_wait_message (SrcTest * t, const gchar * name, guint n)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;
  const GstStructure *s;

  g_mutex_lock (&t->lock);
  while ((s = find_element_message (t, name, n)) == NULL)
    fail_unless (g_cond_wait_until (&t->cond, &t->lock, end),
        "no message %s number %u", name, n);
  g_mutex_unlock (&t->lock);
  return s;
}

guint
src_test_count_messages (SrcTest * t, const gchar * name)
{
  guint n = 0;

  g_mutex_lock (&t->lock);
  while (find_element_message (t, name, n) != NULL)
    n++;
  g_mutex_unlock (&t->lock);
  return n;
}

static guint
count_progress (SrcTest * t, GstProgressType type, const gchar * code)
{
  guint n = 0;

  for (guint i = 0; i < t->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (t->messages, i);
    gchar *c, *text;
    GstProgressType p;

    if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_PROGRESS)
      continue;
    gst_message_parse_progress (message, &p, &c, &text);
    fail_unless (text != NULL && text[0] != '\0');
    n += p == type && g_str_equal (c, code);
    g_free (c);
    g_free (text);
  }
  return n;
}

guint
src_test_count_progress (SrcTest * t, GstProgressType type, const gchar * code)
{
  guint n;

  g_mutex_lock (&t->lock);
  n = count_progress (t, type, code);
  g_mutex_unlock (&t->lock);
  return n;
}

void
src_test_wait_progress (SrcTest * t, GstProgressType type, const gchar * code)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&t->lock);
  while (count_progress (t, type, code) == 0)
    fail_unless (g_cond_wait_until (&t->cond, &t->lock, end),
        "no progress %s", code);
  g_mutex_unlock (&t->lock);
}

void
src_test_no_errors (SrcTest * t)
{
  g_mutex_lock (&t->lock);
  for (guint i = 0; i < t->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (t->messages, i);

    fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR ||
        GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING, "%" GST_PTR_FORMAT,
        message);
  }
  g_mutex_unlock (&t->lock);
}

static GstMessage *
find_error (SrcTest * t)
{
  for (guint i = 0; i < t->messages->len; i++) {
    GstMessage *message = g_ptr_array_index (t->messages, i);

    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      return message;
  }
  return NULL;
}

void
src_test_wait_error (SrcTest * t, gint code, const gchar * word1,
    const gchar * word2)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;
  GstMessage *message;
  GError *error;

  g_mutex_lock (&t->lock);
  while ((message = find_error (t)) == NULL)
    fail_unless (g_cond_wait_until (&t->cond, &t->lock, end), "no error");
  gst_message_parse_error (message, &error, NULL);
  g_mutex_unlock (&t->lock);
  fail_unless (code < 0
      || g_error_matches (error, GST_RESOURCE_ERROR, code), "%s %d: %s",
      g_quark_to_string (error->domain), error->code, error->message);
  fail_unless (strstr (error->message, word1) != NULL, "no %s: %s", word1,
      error->message);
  fail_unless (strstr (error->message, word2) != NULL, "no %s: %s", word2,
      error->message);
  g_error_free (error);
}

/*
 * Statistics
 */

static GstStructure *
get_stats (GstElement * src)
{
  GstStructure *stats;

  g_object_get (src, "stats", &stats, NULL);
  fail_unless_equals_string (gst_structure_get_name (stats),
      "application/x-multicast-stats");
  return stats;
}

guint64
stat_value (GstElement * src, const gchar * name)
{
  GstStructure *stats = get_stats (src);
  guint64 value;

  fail_unless (gst_structure_get_uint64 (stats, name, &value), "%s", name);
  gst_structure_free (stats);
  return value;
}

gchar *
stat_text (GstElement * src, const gchar * name)
{
  GstStructure *stats = get_stats (src);
  gchar *text = g_strdup (gst_structure_get_string (stats, name));

  fail_unless (text != NULL, "%s", name);
  gst_structure_free (stats);
  return text;
}

void
wait_for_stat (GstElement * src, const gchar * name, guint64 at_least)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (stat_value (src, name) < at_least) {
    fail_unless (g_get_monotonic_time () < end, "%s is only %" G_GUINT64_FORMAT,
        name, stat_value (src, name));
    g_usleep (1000);
  }
}

static gboolean
add_drop (GQuark id, const GValue * value, gpointer data)
{
  const gchar *name = g_quark_to_string (id);
  guint64 *sum = data;

  if (g_str_has_prefix (name, "dropped-") &&
      !g_str_has_prefix (name, "dropped-control-"))
    *sum += g_value_get_uint64 (value);
  return TRUE;
}

void
check_sum (GstElement * src)
{
  GstStructure *stats = get_stats (src);
  guint64 sum = 0, received = 0, pushed = 0;

  gst_structure_foreach (stats, add_drop, &sum);
  gst_structure_get_uint64 (stats, "packets-received", &received);
  gst_structure_get_uint64 (stats, "packets-pushed", &pushed);
  fail_unless (received == pushed + sum, "%" GST_PTR_FORMAT, stats);
  gst_structure_free (stats);
}

void
check_payload (GstBuffer * buffer, guint32 seq, gsize len)
{
  guint8 *wanted = g_malloc (MAX (len, 4));

  peer_payload (wanted, seq, len);
  fail_unless_equals_int (gst_buffer_get_size (buffer), len);
  fail_unless (gst_buffer_memcmp (buffer, 0, wanted, len) == 0,
      "payload %u differs", seq);
  g_free (wanted);
}

guint32
buffer_seq (GstBuffer * buffer)
{
  guint8 bytes[4];

  fail_unless_equals_int (gst_buffer_extract (buffer, 0, bytes, 4), 4);
  return (guint32) bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}
