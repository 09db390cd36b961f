/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The queues of ambisign alone: what depends on times and numbers that an
 * element comes to only after hours.
 */
#include <gst/check/gstcheck.h>

#include "gstambidelay.h"
#include "gstambisigner.h"
#include "gstmcaddr.h"

/*
 * The delay
 */

static GstAmbiDelay *
new_delay (core_time time)
{
  GstAmbiDelay *delay = gst_ambi_delay_new ();

  gst_ambi_delay_start (delay, time, 1000000);
  gst_ambi_delay_set_flushing (delay, FALSE);
  return delay;
}

static void
push (GstAmbiDelay * delay, core_time arrival)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 100, NULL);

  fail_unless_equals_int (gst_ambi_delay_push (delay, GST_MINI_OBJECT (buffer),
          arrival), GST_FLOW_OK);
}

static gpointer
pop_thread (gpointer data)
{
  GstMiniObject *object;

  while ((object = gst_ambi_delay_pop (data)) != NULL)
    gst_mini_object_unref (object);
  return NULL;
}

/* Pops what is due, and only that: all but held packets of n. */
static void
expect_held (GstAmbiDelay * delay, guint64 n, guint64 held)
{
  gint64 end = g_get_monotonic_time () + 5 * G_TIME_SPAN_SECOND;
  GThread *thread = g_thread_new ("pop", pop_thread, delay);
  GstAmbiDelayStats stats;

  do {
    fail_unless (g_get_monotonic_time () < end, "too many are held");
    g_usleep (500);
    gst_ambi_delay_get_stats (delay, &stats);
  } while (stats.packets_held > held);
  gst_ambi_delay_set_flushing (delay, TRUE);
  g_thread_join (thread);
  gst_ambi_delay_get_stats (delay, &stats);
  fail_unless_equals_uint64 (stats.packets_pushed, n - held);
  fail_unless_equals_uint64 (stats.packets_held, held);
}

/* What came before a pause waits for as long as before.  What came while it
 * lasted has waited for nothing but its end, not for all of it once more. */
GST_START_TEST (test_pause)
{
  core_time now = gst_mc_now (), paused = now - 12 * CORE_SECOND;
  GstAmbiDelay *delay = new_delay (5 * CORE_SECOND);

  push (delay, paused - 5 * CORE_SECOND);
  gst_ambi_delay_set_time (delay, 0);
  push (delay, paused + 1 * CORE_SECOND);
  push (delay, now);
  gst_ambi_delay_set_time (delay, 60 * CORE_SECOND);
  push (delay, paused - 5 * CORE_SECOND);
  gst_ambi_delay_resume (delay, paused, now);
  expect_held (delay, 4, 1);
  gst_ambi_delay_free (delay);
}

GST_END_TEST;

/*
 * The signer
 */

/* Half-way to the wrap of the packets' numbers that is said, and said once. */
GST_START_TEST (test_old_stream)
{
  GstAmbiSigner *signer = gst_ambi_signer_new ();
  ambi_sign_config config = {
    .stream_id = 1,
    .algorithm = CORE_HASH_SHA_256,
    .packets_per_manifest = 3,
    .max_manifest_latency = CORE_SECOND,
    .first_packet_seq = 0x7ffffffd
  };
  GstAmbiSignerResult results[] = {
    GST_AMBI_SIGNER_OK, GST_AMBI_SIGNER_OK, GST_AMBI_SIGNER_OLD,
    GST_AMBI_SIGNER_OK, GST_AMBI_SIGNER_OK
  };

  fail_unless (core_ip_from_string ("192.0.2.1", &config.flow.src));
  fail_unless (core_ip_from_string ("232.1.1.1", &config.flow.dst));
  config.flow.src_port = config.flow.dst_port = 5001;
  config.flow.protocol = AMBI_PROTOCOL_UDP;
  /* And again after every start. */
  for (guint round = 0; round < 2; round++) {
    fail_unless (gst_ambi_signer_start (signer, &config, 0, NULL));
    for (guint i = 0; i < G_N_ELEMENTS (results); i++)
      fail_unless_equals_int (gst_ambi_signer_add (signer, NULL, 0,
              gst_mc_now ()), results[i]);
    gst_ambi_signer_stop (signer);
  }
  gst_ambi_signer_free (signer);
}

GST_END_TEST;

static Suite *
ambisign_parts_suite (void)
{
  Suite *s = suite_create ("ambisign-parts");
  TCase *tc = tcase_create ("delay");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_pause);

  tc = tcase_create ("signer");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_old_stream);
  return s;
}

GST_CHECK_MAIN (ambisign_parts);
