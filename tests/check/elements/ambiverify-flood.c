/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify under a flood of forged packets: what is genuine passes, memory
 * stays within its bounds.
 */
#include <gio/gio.h>
#include <gst/net/gstnetaddressmeta.h>
#include <stdlib.h>

#include "verifytest.h"

#define LIST 64                 /* packets, one of them genuine */
#define HELD_BYTES (4 * 1024 * 1024)

/* Ten seconds of 100,000 packets a second. */
#define DEFAULT_PACKETS 1000000

/* Where memory is not given back at once (a sanitizer), or each buffer is noted
 * (a tracer), fewer will do, and how much is in use says nothing. */
static guint
count_packets (gboolean * measurable)
{
  const gchar *text = g_getenv ("MC_FLOOD_PACKETS");

  *measurable = text == NULL && g_getenv ("GST_TRACERS") == NULL;
  return text ? (guint) atoi (text) : *measurable ? DEFAULT_PACKETS :
      DEFAULT_PACKETS / 10;
}

/* Sources give all packets of a sender the same address. */
static GstBufferList *
make_list (guint n, GSocketAddress * sender)
{
  GstBufferList *list = gst_buffer_list_new_sized (LIST);

  for (guint i = 0; i < LIST; i++) {
    GstBuffer *buffer = verify_packet_from (i == LIST / 2 ? n :
        G_MAXUINT / 2 + n * LIST + i, NULL, 0);

    gst_buffer_add_net_address_meta (buffer, sender);
    gst_buffer_list_add (list, buffer);
  }
  return list;
}

/* What arrives in the middle of a flood, and in which order. */
static guint next;

static GstPadProbeReturn
check_output (GstPad * pad, GstPadProbeInfo * info, gpointer user)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);

  fail_unless (info->type & GST_PAD_PROBE_TYPE_BUFFER);
  fail_unless_equals_int (verify_seed (buffer), next);
  next++;
  return GST_PAD_PROBE_DROP;
}

GST_START_TEST (test_flood)
{
  GstElement *element = verify_element_new ();
  gboolean measurable;
  guint lists = count_packets (&measurable) / LIST;
  GSocketAddress *sender = g_inet_socket_address_new_from_string (VERIFY_SOURCE,
      VERIFY_SOURCE_PORT);
  gsize rss = 0, peak = 0;
  VerifySigner signer;
  GstHarness *h, *m;
  gint64 start;
  GstPad *src;

  next = 0;
  g_object_set (element, "max-held-bytes", (guint64) HELD_BYTES, NULL);
  h = verify_harness_new (element);
  m = verify_manifests_new (h->element, "manifest_0");
  verify_signer_init (&signer, VERIFY_STREAM);
  src = gst_element_get_static_pad (h->element, "src");
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_BUFFER_LIST, check_output, NULL, NULL);
  gst_object_unref (src);

  start = g_get_monotonic_time ();
  for (guint i = 0; i < lists; i++) {
    if (i % 100 == 0) {
      gsize now = verify_rss ();

      verify_push_manifest (m, &signer, i, 100);
      fail_unless (verify_stat (h->element, "bytes-held") <= HELD_BYTES);
      verify_add_up (h->element);
      if (i == 200)
        rss = now;              /* all that there is to allocate is there */
      peak = MAX (peak, now);
    }
    fail_unless_equals_int (gst_pad_push_list (h->srcpad, make_list (i,
                sender)), GST_FLOW_OK);
  }
  fail_unless_equals_int (next, lists);
  fail_unless_equals_uint64 (verify_stat (h->element, "packets-pushed"), lists);
  GST_INFO ("%u packets in %" G_GINT64_FORMAT " ms, memory %" G_GSIZE_FORMAT
      " -> %" G_GSIZE_FORMAT, lists * LIST,
      (g_get_monotonic_time () - start) / 1000, rss, peak);
  if (measurable)
    fail_unless (peak < rss + HELD_BYTES, "memory grew from %" G_GSIZE_FORMAT
        " to %" G_GSIZE_FORMAT, rss, peak);
  g_object_unref (sender);
  gst_harness_teardown (m);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The memory that packets that wait take is about what max-held-bytes says, be
 * they parts of big blocks. */
GST_START_TEST (test_held_memory)
{
  const gsize held = 32 * 1024 * 1024;
  GstElement *element = verify_element_new ();
  gboolean measurable;
  guint n = (guint) (held / (VERIFY_LEN + 512)) * 2;
  gsize before, after;
  GstHarness *h;

  count_packets (&measurable);
  if (!measurable)
    n /= 10;
  g_object_set (element, "max-held-bytes", (guint64) held, NULL);
  h = verify_harness_new (element);
  before = verify_rss ();
  for (guint i = 0; i < n; i++) {
    GstBuffer *packet = verify_packet (i);
    GstBuffer *block = gst_buffer_new_allocate (NULL, 65536, NULL);
    GstBuffer *view;

    gst_buffer_memset (block, 0, 0, 65536);
    gst_buffer_fill (block, 0, &i, sizeof (i));
    view = gst_buffer_copy_region (block, GST_BUFFER_COPY_MEMORY, 0,
        VERIFY_LEN);
    gst_buffer_copy_into (view, packet, GST_BUFFER_COPY_META, 0, -1);
    gst_buffer_unref (block);
    gst_buffer_unref (packet);
    fail_unless_equals_int (gst_harness_push (h, view), GST_FLOW_OK);
  }
  after = verify_rss ();
  GST_INFO ("%" G_GSIZE_FORMAT " bytes take %" G_GSIZE_FORMAT,
      (gsize) verify_stat (h->element, "bytes-held"), after - before);
  if (measurable) {
    fail_unless (verify_stat (h->element, "bytes-held") > held * 9 / 10);
    fail_unless (after - before < held * 3 / 2, "%" G_GSIZE_FORMAT
        " bytes are in use", after - before);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
ambiverify_flood_suite (void)
{
  Suite *s = suite_create ("ambiverify-flood");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_flood);
  tcase_add_test (tc, test_held_memory);
  return s;
}

GST_CHECK_MAIN (ambiverify_flood);
