/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of ambiverify share.
 */
#include "verifytest.h"

#include <gio/gio.h>
#include <gst/net/gstnetaddressmeta.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long anything may take. */
#define DEADLINE (15 * G_USEC_PER_SEC)

/*
 * Packets and manifests
 */

static core_ip
parse_ip (const gchar * text)
{
  core_ip ip;

  fail_unless (core_ip_from_string (text, &ip), "%s", text);
  return ip;
}

void
verify_signer_init (VerifySigner * signer, guint32 stream_id)
{
  memset (signer, 0, sizeof (*signer));
  signer->flow.src = parse_ip (VERIFY_SOURCE);
  signer->flow.dst = parse_ip (VERIFY_GROUP);
  signer->flow.src_port = VERIFY_SOURCE_PORT;
  signer->flow.dst_port = VERIFY_PORT;
  signer->flow.protocol = AMBI_PROTOCOL_UDP;
  signer->algorithm = CORE_HASH_SHA_256;
  signer->next.stream_id = stream_id;
}

/* A seed makes all of the payload. */
static void
fill_payload (guint seed, guint8 * data)
{
  memset (data, (gint) (seed * 7), VERIFY_LEN);
  memcpy (data, &seed, sizeof (seed));
}

/* Of packets of so many bytes. */
static GstBuffer *
make_manifest (VerifySigner * signer, guint seed, guint n, gsize payload_len)
{
  gsize len = core_hash_len (signer->algorithm);
  g_autofree guint8 *digests = g_malloc (n * len + 1);
  ambi_manifest manifest = signer->next;
  guint8 payload[VERIFY_LEN];
  core_hash *hash;
  guint8 *data;
  gsize size;

  fail_unless_equals_int (core_hash_new (&hash, signer->algorithm), CORE_OK);
  for (guint i = 0; i < n; i++) {
    fill_payload (seed + i, payload);
    fail_unless_equals_int (ambi_packet_digest (hash, &signer->flow,
            manifest.stream_id, payload, payload_len, digests + i * len),
        CORE_OK);
  }
  core_hash_free (hash);

  manifest.count = (guint16) n;
  size = ambi_manifest_size (&manifest, len);
  data = g_malloc (size);
  fail_unless_equals_uint64 (ambi_manifest_build (&manifest, digests, len,
          data, size), size);
  signer->next.manifest_seq++;
  signer->next.first_packet_seq += n;
  return gst_buffer_new_wrapped (data, size);
}

GstBuffer *
verify_manifest (VerifySigner * signer, guint seed, guint n)
{
  return make_manifest (signer, seed, n, VERIFY_LEN);
}

GstBuffer *
verify_packet_from (guint seed, const gchar * source, guint port)
{
  guint8 *data = g_malloc (VERIFY_LEN);
  GstBuffer *buffer = gst_buffer_new_wrapped (data, VERIFY_LEN);

  fill_payload (seed, data);
  if (source != NULL) {
    GSocketAddress *address =
        g_inet_socket_address_new_from_string (source, port);

    fail_unless (address != NULL, "%s", source);
    gst_buffer_add_net_address_meta (buffer, address);
    g_object_unref (address);
  }
  return buffer;
}

GstBuffer *
verify_packet (guint seed)
{
  return verify_packet_from (seed, VERIFY_SOURCE, VERIFY_SOURCE_PORT);
}

guint
verify_seed (GstBuffer * buffer)
{
  guint seed;

  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), VERIFY_LEN);
  gst_buffer_extract (buffer, 0, &seed, sizeof (seed));
  return seed;
}

GstBufferList *
verify_list (guint seed, guint n)
{
  GstBufferList *list = gst_buffer_list_new_sized (n);

  for (guint i = 0; i < n; i++)
    gst_buffer_list_add (list, verify_packet (seed + i));
  return list;
}

/*
 * The element
 */

GstElement *
verify_element_new (void)
{
  GstElement *element = gst_element_factory_make ("ambiverify", NULL);

  g_object_set (element, "source", VERIFY_SOURCE, "group", VERIFY_GROUP,
      "port", VERIFY_PORT, "data-hold-time", VERIFY_LONG,
      "dorms-uri", "", NULL);
  return element;
}

GstHarness *
verify_harness_new (GstElement * element)
{
  GstHarness *h = gst_harness_new_with_element (element, "sink", "src");

  gst_object_unref (element);
  gst_harness_set_src_caps_str (h, "video/mpegts");
  return h;
}

GstHarness *
verify_manifests_new (GstElement * element, const gchar * pad)
{
  GstHarness *h = gst_harness_new_with_element (element, pad, NULL);

  gst_harness_set_src_caps_str (h, "application/ambi");
  return h;
}

void
verify_set_up (VerifyFixture * f, GstElement * element)
{
  f->h = verify_harness_new (element);
  f->element = f->h->element;
  f->bus = verify_bus (f->element);
  f->m = verify_manifests_new (f->element, "manifest_0");
  verify_signer_init (&f->signer, VERIFY_STREAM);
}

void
verify_tear_down (VerifyFixture * f)
{
  verify_add_up (f->element);
  verify_bus_free (f->element, f->bus);
  gst_harness_teardown (f->m);
  gst_harness_teardown (f->h);
}

void
verify_push (GstHarness * h, guint seed)
{
  fail_unless_equals_int (gst_harness_push (h, verify_packet (seed)),
      GST_FLOW_OK);
}

void
verify_push_segment (GstHarness * h, guint base)
{
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.base = base;
  fail_unless (gst_harness_push_event (h, gst_event_new_segment (&segment)));
}

void
verify_push_manifest (GstHarness * h, VerifySigner * signer, guint seed,
    guint n)
{
  fail_unless_equals_int (gst_harness_push (h, verify_manifest (signer, seed,
              n)), GST_FLOW_OK);
}

void
verify_push_empty_manifest (GstHarness * h, VerifySigner * signer)
{
  fail_unless_equals_int (gst_harness_push (h, make_manifest (signer, 0, 1,
              0)), GST_FLOW_OK);
}

GstBufferFlags
verify_expect (GstHarness * h, guint seed)
{
  GstBuffer *buffer = gst_harness_pull (h);
  GstBufferFlags flags;

  fail_unless (buffer != NULL, "no packet %u", seed);
  fail_unless_equals_int (verify_seed (buffer), seed);
  flags = GST_BUFFER_FLAGS (buffer);
  gst_buffer_unref (buffer);
  return flags;
}

void
verify_expect_many (GstHarness * h, guint seed, guint n)
{
  for (guint i = 0; i < n; i++)
    verify_expect (h, seed + i);
}

void
verify_expect_nothing (GstHarness * h)
{
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
}

/*
 * Statistics
 */

static GstStructure *
get_stats (GstElement * element)
{
  GstStructure *stats;

  g_object_get (element, "stats", &stats, NULL);
  return stats;
}

guint64
verify_stat (GstElement * element, const gchar * name)
{
  GstStructure *stats = get_stats (element);
  guint64 value;

  fail_unless (gst_structure_get_uint64 (stats, name, &value), "no %s", name);
  gst_structure_free (stats);
  return value;
}

gchar *
verify_state (GstElement * element)
{
  GstStructure *stats = get_stats (element);
  gchar *state = g_strdup (gst_structure_get_string (stats, "state"));

  gst_structure_free (stats);
  return state;
}

void
verify_wait_for_stat (GstElement * element, const gchar * name, guint64 value)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (verify_stat (element, name) != value) {
    fail_unless (g_get_monotonic_time () < end, "%s is %" G_GUINT64_FORMAT
        ", not %" G_GUINT64_FORMAT, name, verify_stat (element, name), value);
    g_usleep (1000);
  }
}

static gboolean
add_rejected (GQuark field, const GValue * value, gpointer sum)
{
  if (g_str_has_prefix (g_quark_to_string (field), "packets-rejected-"))
    *(guint64 *) sum += g_value_get_uint64 (value);
  return TRUE;
}

void
verify_add_up (GstElement * element)
{
  GstStructure *stats = get_stats (element);
  guint64 received, verified, held, flushed, sum = 0;

  fail_unless (gst_structure_get (stats,
          "packets-received", G_TYPE_UINT64, &received,
          "packets-verified", G_TYPE_UINT64, &verified,
          "packets-held", G_TYPE_UINT64, &held,
          "packets-flushed", G_TYPE_UINT64, &flushed, NULL));
  gst_structure_foreach (stats, add_rejected, &sum);
  if (received != verified + sum + held + flushed) {
    gchar *text = gst_structure_to_string (stats);

    fail ("they do not add up: %s", text);
  }
  gst_structure_free (stats);
}

/*
 * Messages
 */

GstBus *
verify_bus (GstElement * element)
{
  GstBus *bus = gst_bus_new ();

  gst_element_set_bus (element, bus);
  return bus;
}

void
verify_bus_free (GstElement * element, GstBus * bus)
{
  gst_element_set_bus (element, NULL);
  gst_bus_set_flushing (bus, TRUE);
  gst_object_unref (bus);
}

gboolean
verify_take_warning (GstBus * bus, const gchar * word, GstClockTime wait)
{
  GstMessage *message = gst_bus_timed_pop_filtered (bus, wait,
      GST_MESSAGE_WARNING);
  GError *error;

  if (message == NULL)
    return FALSE;
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (strstr (error->message, word) != NULL, "%s: %s", word,
      error->message);
  g_error_free (error);
  gst_message_unref (message);
  return TRUE;
}

void
verify_wait_for_warning (GstBus * bus, const gchar * word)
{
  fail_unless (verify_take_warning (bus, word, DEADLINE * GST_USECOND),
      "no warning of %s", word);
}

void
verify_starve (GstHarness * h)
{
  guint64 n = verify_stat (h->element, "packets-rejected-unauthenticated");

  for (guint i = 0; i < 5; i++)
    verify_push (h, 100000 + (guint) n + i);
  verify_wait_for_stat (h->element, "packets-rejected-unauthenticated", n + 5);
}

void
verify_starve_until_warned (GstHarness * h, GstBus * bus, const gchar * word)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  do {
    fail_unless (g_get_monotonic_time () < end, "no warning of %s", word);
    verify_starve (h);
  } while (!verify_take_warning (bus, word, 0));
}

GstStructure *
verify_wait_for_message (GstBus * bus, const gchar * name)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  for (;;) {
    GstMessage *message = gst_bus_timed_pop_filtered (bus,
        DEADLINE * GST_USECOND, GST_MESSAGE_ELEMENT);
    GstStructure *fields;

    fail_unless (message != NULL && g_get_monotonic_time () < end,
        "no message %s", name);
    fields = gst_message_has_name (message, name) ?
        gst_structure_copy (gst_message_get_structure (message)) : NULL;
    gst_message_unref (message);
    if (fields != NULL)
      return fields;
  }
}

guint
verify_count_messages (GstBus * bus, GstMessageType type, const gchar * name)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop_filtered (bus, type)) != NULL) {
    n += name == NULL || gst_message_has_name (message, name);
    gst_message_unref (message);
  }
  return n;
}

/*
 * The process
 */

gsize
verify_rss (void)
{
  FILE *file = fopen ("/proc/self/statm", "r");
  gsize total, resident;

  fail_unless (file != NULL &&
      fscanf (file, "%" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT, &total,
          &resident) == 2);
  fclose (file);
  return resident * (gsize) sysconf (_SC_PAGESIZE);
}
