/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the elements tell about a channel.
 */
#include "gstmcchannel.h"

static GstStructure *
channel_structure (const gchar * name, const GstMcChannel * channel,
    const gchar * delivery)
{
  gchar source[CORE_IP_TEXT_MAX], group[CORE_IP_TEXT_MAX];

  return gst_structure_new (name,
      "source", G_TYPE_STRING, core_ip_to_string (&channel->source, source),
      "group", G_TYPE_STRING, core_ip_to_string (&channel->group, group),
      "port", G_TYPE_UINT, channel->port,
      "delivery", G_TYPE_STRING, delivery, NULL);
}

GstEvent *
gst_mc_channel_event (const GstMcChannel * channel, const gchar * delivery,
    gboolean preserve_packetization)
{
  GstStructure *s = channel_structure ("multicast-channel", channel, delivery);

  gst_structure_set (s, "preserve-packetization", G_TYPE_BOOLEAN,
      preserve_packetization, NULL);
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, s);
}

void
gst_mc_channel_post (GstElement * element, const gchar * name,
    const GstMcChannel * channel, const gchar * delivery, const gchar * relay,
    const gchar * first_field, ...)
{
  GstStructure *s = channel_structure (name, channel, delivery);
  va_list args;

  gst_structure_set (s, "relay", G_TYPE_STRING, relay, NULL);
  va_start (args, first_field);
  if (first_field)
    gst_structure_set_valist (s, first_field, args);
  va_end (args);
  gst_element_post_message (element,
      gst_message_new_element (GST_OBJECT (element), s));
}

void
gst_mc_post_error (GstElement * element, const GError * error)
{
  gst_element_message_full (element, GST_MESSAGE_ERROR, error->domain,
      error->code, g_strdup (error->message), NULL, __FILE__, GST_FUNCTION,
      __LINE__);
}

/* How many undertakings of an element are under way, by the quark of their
 * code. */
static GHashTable *
get_undertakings (GstElement * element)
{
  GQuark quark = g_quark_from_static_string ("gst-mc-undertakings");
  GHashTable *counts = g_object_get_qdata (G_OBJECT (element), quark);

  if (counts != NULL)
    return counts;
  counts = g_hash_table_new (NULL, NULL);
  if (!g_object_replace_qdata (G_OBJECT (element), quark, NULL, counts,
          (GDestroyNotify) g_hash_table_unref, NULL)) {
    g_hash_table_unref (counts);
    counts = g_object_get_qdata (G_OBJECT (element), quark);
  }
  return counts;
}

static GstProgressType
count_undertaking (GstElement * element, GstProgressType type,
    const gchar * code)
{
  GHashTable *counts = get_undertakings (element);
  gpointer key = GUINT_TO_POINTER (g_quark_from_string (code));
  guint n;

  if (type == GST_PROGRESS_TYPE_CONTINUE)
    return type;
  GST_OBJECT_LOCK (element);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (counts, key));
  if (type == GST_PROGRESS_TYPE_START)
    type = n++ > 0 ? GST_PROGRESS_TYPE_CONTINUE : type;
  else if (n > 0 && --n > 0)
    type = GST_PROGRESS_TYPE_CONTINUE;
  g_hash_table_insert (counts, key, GUINT_TO_POINTER (n));
  GST_OBJECT_UNLOCK (element);
  return type;
}

void
gst_mc_progress (GstElement * element, GstProgressType type,
    const gchar * code, const gchar * format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  GST_INFO_OBJECT (element, "%s: %s", code, text);
  gst_element_post_message (element,
      gst_message_new_progress (GST_OBJECT (element),
          count_undertaking (element, type, code), code, text));
}
