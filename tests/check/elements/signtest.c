/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of ambisign share.
 */
#include "signtest.h"

#include <string.h>

#define DEADLINE (5 * G_TIME_SPAN_SECOND)

GstElement *
sign_element_new (const gchar * source, const gchar * group, ...)
{
  GstElement *sign = gst_element_factory_make ("ambisign", NULL);
  const gchar *first;
  va_list args;

  fail_unless (sign != NULL);
  g_object_set (sign, "source", source, "group", group, NULL);
  va_start (args, group);
  first = va_arg (args, const gchar *);
  if (first != NULL)
    g_object_set_valist (G_OBJECT (sign), first, args);
  va_end (args);
  return sign;
}

/*
 * What leaves the element
 */

static void
note (SignTest * t, gchar what, guint n)
{
  Departure departure = { what, g_get_monotonic_time (), n };

  g_mutex_lock (&t->lock);
  g_array_append_val (t->departures, departure);
  g_cond_broadcast (&t->cond);
  g_mutex_unlock (&t->lock);
}

static GstPadProbeReturn
note_data (GstPad * pad, GstPadProbeInfo * info, gpointer user)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST)
    note (user, 'l', gst_buffer_list_length (info->data));
  else if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    note (user, 'b', 1);
  else if (GST_EVENT_TYPE (info->data) == GST_EVENT_EOS)
    note (user, 'e', 0);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
note_manifest (GstPad * pad, GstPadProbeInfo * info, gpointer user)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    note (user, 'm', 1);
  else if (GST_EVENT_TYPE (info->data) == GST_EVENT_EOS)
    note (user, 'E', 0);
  return GST_PAD_PROBE_OK;
}

static void
add_probe (SignTest * t, const gchar * name, GstPadProbeCallback callback)
{
  GstPad *pad = gst_element_get_static_pad (t->sign, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_DATA_DOWNSTREAM, callback, t,
      NULL);
  gst_object_unref (pad);
}

/* The nth of them, or NULL; with the lock held. */
static const Departure *
find_departure (SignTest * t, gchar what, guint n)
{
  for (guint i = 0; i < t->departures->len; i++) {
    const Departure *departure = &g_array_index (t->departures, Departure, i);

    if (departure->what == what && --n == 0)
      return departure;
  }
  return NULL;
}

Departure
sign_wait_departure (SignTest * t, gchar what, guint n)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;
  Departure result;

  g_mutex_lock (&t->lock);
  while (find_departure (t, what, n) == NULL)
    fail_unless (g_cond_wait_until (&t->cond, &t->lock, end),
        "no %u of '%c'", n, what);
  result = *find_departure (t, what, n);
  g_mutex_unlock (&t->lock);
  return result;
}

gchar *
sign_order (SignTest * t)
{
  GString *order = g_string_new (NULL);

  g_mutex_lock (&t->lock);
  for (guint i = 0; i < t->departures->len; i++)
    g_string_append_c (order, g_array_index (t->departures, Departure, i).what);
  g_mutex_unlock (&t->lock);
  return g_string_free (order, FALSE);
}

/*
 * Life
 */

static void
set_flow (SignTest * t)
{
  gchar *source, *group, *hash;
  guint source_port, port;
  gint64 id;

  g_object_get (t->sign, "source", &source, "group", &group, "source-port",
      &source_port, "port", &port, "hash-algorithm", &hash, "stream-id", &id,
      NULL);
  fail_unless (core_ip_from_string (source, &t->flow.src));
  fail_unless (core_ip_from_string (group, &t->flow.dst));
  t->flow.src_port = (guint16) source_port;
  t->flow.dst_port = (guint16) port;
  t->flow.protocol = AMBI_PROTOCOL_UDP;
  t->algorithm = core_hash_from_name (hash);
  ambi_parser_init (&t->parser, id, t->algorithm);
  g_free (source);
  g_free (group);
  g_free (hash);
}

/* Takes the element. */
static void
init (SignTest * t, GstElement * sign)
{
  memset (t, 0, sizeof (*t));
  t->sign = sign;
  g_mutex_init (&t->lock);
  g_cond_init (&t->cond);
  t->departures = g_array_new (FALSE, FALSE, sizeof (Departure));
  t->listed = g_array_new (FALSE, FALSE, sizeof (Listed));
  set_flow (t);
  add_probe (t, "src", note_data);
  add_probe (t, "manifest", note_manifest);
  t->bus = gst_bus_new ();
  gst_element_set_bus (sign, t->bus);
}

/* Any first harness lets the element play. */
static void
init_data (SignTest * t)
{
  t->data = gst_harness_new_with_element (t->sign, "sink", "src");
  gst_harness_set_src_caps_str (t->data, "video/mpegts");
}

void
sign_test_init (SignTest * t, GstElement * sign)
{
  init (t, sign);
  t->manifests = gst_harness_new_with_element (sign, NULL, "manifest");
  init_data (t);
}

void
sign_test_init_unlinked (SignTest * t, GstElement * sign)
{
  init (t, sign);
  init_data (t);
}

void
sign_test_init_bin (SignTest * t, GstHarness * h)
{
  init (t, gst_bin_get_by_name (GST_BIN (h->element), "s"));
  t->manifests = h;
}

void
sign_test_clear (SignTest * t)
{
  if (t->manifests)
    gst_harness_teardown (t->manifests);
  gst_element_set_state (t->sign, GST_STATE_NULL);
  gst_element_set_bus (t->sign, NULL);
  gst_object_unref (t->bus);
  if (t->data)
    gst_harness_teardown (t->data);
  gst_object_unref (t->sign);
  g_array_unref (t->departures);
  g_array_unref (t->listed);
  g_cond_clear (&t->cond);
  g_mutex_clear (&t->lock);
}

/*
 * Data
 */

static guint8
byte_of (guint n, gsize i)
{
  return (guint8) (i < 4 ? n >> 8 * i : n + i * 7);
}

GstBuffer *
sign_make_buffer (guint n, gsize len)
{
  guint8 *data;

  if (len == 0)
    return gst_buffer_new ();
  data = g_malloc (len);
  for (gsize i = 0; i < len; i++)
    data[i] = byte_of (n, i);
  return gst_buffer_new_wrapped (data, len);
}

void
sign_push (SignTest * t, guint first, guint count, gsize len)
{
  for (guint n = first; n < first + count; n++)
    fail_unless_equals_int (gst_harness_push (t->data,
            sign_make_buffer (n, len)), GST_FLOW_OK);
}

GstBufferList *
sign_make_list (guint first, guint count, gsize len)
{
  GstBufferList *list = gst_buffer_list_new ();

  for (guint n = first; n < first + count; n++)
    gst_buffer_list_add (list, sign_make_buffer (n, len));
  return list;
}

void
sign_expect_data (SignTest * t, guint n, gsize len)
{
  GstBuffer *buffer = gst_harness_pull (t->data);
  GstBuffer *wanted = sign_make_buffer (n, len);
  GstMapInfo map;

  fail_unless (buffer != NULL, "no packet %u", n);
  gst_buffer_map (wanted, &map, GST_MAP_READ);
  fail_unless_equals_int (gst_buffer_get_size (buffer), map.size);
  fail_unless (gst_buffer_memcmp (buffer, 0, map.data, map.size) == 0,
      "not packet %u", n);
  gst_buffer_unmap (wanted, &map);
  gst_buffer_unref (wanted);
  gst_buffer_unref (buffer);
}

/*
 * Manifests
 */

static void
read_item (SignTest * t, const ambi_item * item)
{
  Listed listed = { item->seq, {0} };

  switch (item->type) {
    case AMBI_ITEM_MANIFEST:
      if (t->n_manifests++ > 0)
        fail_unless_equals_int (item->manifest->manifest_seq,
            t->last.manifest_seq + 1);
      fail_unless_equals_int (item->manifest->first_packet_seq, t->listed->len);
      t->last = *item->manifest;
      break;
    case AMBI_ITEM_DIGEST:
      memcpy (listed.bytes, item->digest, core_hash_len (t->algorithm));
      g_array_append_val (t->listed, listed);
      break;
    case AMBI_ITEM_WRONG_STREAM_ID:
    case AMBI_ITEM_TLV_OVERFLOW:
      fail ("manifest is wrong: %d", item->type);
      break;
    default:
      break;
  }
}

guint
sign_read_manifest (SignTest * t)
{
  GstBuffer *buffer = gst_harness_pull (t->manifests);
  const guint8 *data;
  GstMapInfo map;
  ambi_item item;
  gsize left;

  fail_unless (buffer != NULL, "no manifest");
  fail_if (GST_BUFFER_PTS_IS_VALID (buffer)
      || GST_BUFFER_DTS_IS_VALID (buffer));
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  data = map.data;
  left = map.size;
  do {
    ambi_parser_next (&t->parser, &data, &left, &item);
    read_item (t, &item);
  } while (item.type != AMBI_ITEM_END);
  /* One buffer is one manifest. */
  fail_unless_equals_int (left, 0);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return t->last.count;
}

void
sign_read_listed (SignTest * t, guint n)
{
  while (t->listed->len < n)
    sign_read_manifest (t);
  fail_unless_equals_int (t->listed->len, n);
}

void
sign_expect_listed (SignTest * t, guint index, guint n, gsize len)
{
  GstBuffer *buffer = sign_make_buffer (n, len);
  guint8 digest[CORE_HASH_LEN_MAX];
  core_hash *hash;
  GstMapInfo map;

  fail_unless_equals_int (core_hash_new (&hash, t->algorithm), CORE_OK);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  fail_unless_equals_int (ambi_packet_digest (hash, &t->flow,
          t->last.stream_id, map.data, map.size, digest), CORE_OK);
  fail_unless (index < t->listed->len);
  fail_unless (memcmp (g_array_index (t->listed, Listed, index).bytes, digest,
          core_hash_len (t->algorithm)) == 0, "%u is not packet %u", index, n);
  fail_unless_equals_int (g_array_index (t->listed, Listed, index).seq, index);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  core_hash_free (hash);
}

/*
 * Statistics and messages
 */

static GstStructure *
get_stats (GstElement * sign)
{
  GstStructure *stats;

  g_object_get (sign, "stats", &stats, NULL);
  fail_unless_equals_string (gst_structure_get_name (stats),
      "application/x-multicast-stats");
  return stats;
}

static guint64
field (const GstStructure * stats, const gchar * name)
{
  guint64 value = 0;

  fail_unless (gst_structure_get_uint64 (stats, name, &value), "%s", name);
  return value;
}

guint64
sign_stat (GstElement * sign, const gchar * name)
{
  GstStructure *stats = get_stats (sign);
  guint64 value = field (stats, name);

  gst_structure_free (stats);
  return value;
}

gchar *
sign_state (GstElement * sign)
{
  GstStructure *stats = get_stats (sign);
  gchar *state = g_strdup (gst_structure_get_string (stats, "state"));

  gst_structure_free (stats);
  return state;
}

gboolean
sign_stats_add_up (GstElement * sign)
{
  guint64 received, pushed, held, empty, big, unreadable, flushed;
  guint64 made, manifests_pushed, manifests_held, dropped;
  GstStructure *stats;
  gboolean all;

  g_object_get (sign, "stats", &stats, NULL);
  all = gst_structure_get (stats,
      "packets-received", G_TYPE_UINT64, &received,
      "packets-pushed", G_TYPE_UINT64, &pushed,
      "packets-held", G_TYPE_UINT64, &held,
      "dropped-empty", G_TYPE_UINT64, &empty,
      "dropped-too-big", G_TYPE_UINT64, &big,
      "dropped-unreadable", G_TYPE_UINT64, &unreadable,
      "dropped-flushed", G_TYPE_UINT64, &flushed,
      "manifests-made", G_TYPE_UINT64, &made,
      "manifests-pushed", G_TYPE_UINT64, &manifests_pushed,
      "manifests-held", G_TYPE_UINT64, &manifests_held,
      "dropped-manifests", G_TYPE_UINT64, &dropped, NULL);
  gst_structure_free (stats);
  return all && received == pushed + held + empty + big + unreadable + flushed
      && made == manifests_pushed + manifests_held + dropped;
}

void
sign_check_stats (GstElement * sign)
{
  fail_unless (sign_stats_add_up (sign));
}

void
sign_wait_stat (GstElement * sign, const gchar * name, guint64 at_least)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (sign_stat (sign, name) < at_least) {
    fail_unless (g_get_monotonic_time () < end,
        "%s is only %" G_GUINT64_FORMAT, name, sign_stat (sign, name));
    g_usleep (500);
  }
}

guint
sign_count_messages (SignTest * t, GstMessageType type)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (t->bus, type)) != NULL) {
    gst_message_unref (message);
    n++;
  }
  return n;
}
