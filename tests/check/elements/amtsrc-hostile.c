/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Bad datagrams at amtsrc: dropped, counted by reason, not mentioned; the
 * stream goes on.
 */
#include <string.h>

#include "igmp.h"
#include "srctest.h"

/* What was logged above DEBUG by the element since the last look. */
static gint logged;

static void
log_function (GstDebugCategory * category, GstDebugLevel level,
    const gchar * file, const gchar * function, gint line, GObject * object,
    GstDebugMessage * message, gpointer data)
{
  if (level <= GST_LEVEL_INFO &&
      g_str_equal (gst_debug_category_get_name (category), "amtsrc"))
    g_atomic_int_inc (&logged);
}

static void
watch_log (gboolean on)
{
  if (on) {
    gst_debug_set_active (TRUE);
    gst_debug_set_threshold_for_name ("amtsrc", GST_LEVEL_INFO);
    gst_debug_add_log_function (log_function, NULL, NULL);
  } else {
    gst_debug_remove_log_function (log_function);
  }
  g_atomic_int_set (&logged, 0);
}

typedef struct
{
  PeerRelay relay;
  SrcTest t;
  guint32 seq;
} Stream;

static void
stream_start (Stream * s, const PeerFlow * flow)
{
  peer_relay_open (&s->relay, "127.0.0.1", flow);
  src_test_init (&s->t, flow, &s->relay);
  g_object_set (s->t.src, "port", flow->port, NULL);
  s->seq = 0;
}

/* One good datagram gets through, as the only one. */
static void
stream_goes_on (Stream * s)
{
  guint64 n = src_test_n_buffers (&s->t);

  peer_relay_send (&s->relay, ++s->seq, 77);
  check_payload (src_test_buffer (&s->t, (guint) n), s->seq, 77);
  fail_unless_equals_uint64 (src_test_n_buffers (&s->t), n + 1);
}

static void
stream_play (Stream * s)
{
  src_test_play (&s->t);
  peer_relay_wait_joined (&s->relay, TRUE);
  stream_goes_on (s);
}

static void
stream_end (Stream * s)
{
  src_test_no_errors (&s->t);
  check_sum (s->t.src);
  src_test_stop (&s->t);
  check_sum (s->t.src);
  src_test_clear (&s->t);
  peer_relay_close (&s->relay);
}

/* Each edit is of a datagram of 100 bytes of payload; where counts from the
 * start of the AMT message, or from its end when negative. */
static const struct
{
  gboolean v6;
  gint where;
  guint8 value;                 /* becomes this */
  gint len;                     /* of the message; 0: as it is */
  const gchar *reason;
} edits[] = {
  {FALSE, 0, 0x16, 0, "dropped-control-bad-version"},
  {FALSE, 0, 0x07, 0, "dropped-control-unexpected-type"},
  {FALSE, 0, 0x00, 0, "dropped-control-unexpected-type"},
  {FALSE, 0, 0x0f, 0, "dropped-control-unexpected-type"},
  {FALSE, 0, 0x02, 0, "dropped-control-not-waiting"},
  {FALSE, 0, 0x04, 0, "dropped-control-not-waiting"},
  {FALSE, 0, 0x06, 1, "dropped-too-short"},
  {FALSE, 0, 0x06, 2, "dropped-inner-truncated"},
  {FALSE, 0, 0x06, 21, "dropped-inner-truncated"},
  {FALSE, 0, 0x06, 100, "dropped-inner-length-exceeds"},
  {FALSE, 2, 0x55, 0, "dropped-inner-version"},
  {FALSE, 2, 0x44, 0, "dropped-inner-truncated"},
  {FALSE, 4, 0xff, 0, "dropped-inner-length-exceeds"},
  {FALSE, 12, 0x00, 0, "dropped-inner-ip-checksum"},
  {FALSE, 26, 0xff, 0, "dropped-inner-udp-length"},
  {FALSE, 28, 0x55, 0, "dropped-inner-udp-checksum"},
  {FALSE, -1, 0x55, 0, "dropped-inner-udp-checksum"},
  {TRUE, 0, 0x06, 30, "dropped-inner-truncated"},
  {TRUE, 6, 0xff, 0, "dropped-inner-length-exceeds"},
  {TRUE, 8, 58, 0, "dropped-inner-not-udp"},
  {TRUE, 10, 0x30, 0, "dropped-source-not-subscribed"},
  {TRUE, 26, 0xfe, 0, "dropped-inner-dst-not-multicast"},
  {TRUE, 40, 0x55, 0, "dropped-group-not-subscribed"},
  {TRUE, -1, 0x55, 0, "dropped-inner-udp-checksum"}
};

GST_START_TEST (test_edit)
{
  const PeerFlow *flow = edits[__i__].v6 ? &flow6 : &flow4;
  guint64 before, counted;
  guint8 buf[512];
  gsize len;
  Stream s;

  stream_start (&s, flow);
  stream_play (&s);
  len = peer_message (buf, flow, 0, 100);
  buf[edits[__i__].where < 0 ? (gint) len + edits[__i__].where :
      edits[__i__].where] = edits[__i__].value;
  if (edits[__i__].len)
    len = (gsize) edits[__i__].len;
  before = stat_value (s.t.src, "bytes-received");
  watch_log (TRUE);
  for (guint i = 0; i < 3; i++)
    peer_relay_send_raw (&s.relay, buf, len);
  stream_goes_on (&s);
  fail_unless_equals_int (g_atomic_int_get (&logged), 0);
  watch_log (FALSE);
  counted = stat_value (s.t.src, edits[__i__].reason);
  fail_unless (counted == 3, "%s is %" G_GUINT64_FORMAT, edits[__i__].reason,
      counted);
  wait_for_stat (s.t.src, "packets-pushed", 2);
  fail_unless_equals_uint64 (stat_value (s.t.src, "bytes-received"),
      before + 77);
  stream_end (&s);
}

GST_END_TEST;

/* An empty UDP datagram is no AMT message; one with an empty payload is, and
 * makes no buffer. */
GST_START_TEST (test_empty)
{
  Stream s;

  stream_start (&s, &flow4);
  stream_play (&s);
  peer_relay_send_raw (&s.relay, "", 0);
  peer_relay_send (&s.relay, 0, 0);
  stream_goes_on (&s);
  fail_unless_equals_uint64 (stat_value (s.t.src, "dropped-empty"), 1);
  fail_unless_equals_uint64 (stat_value (s.t.src,
          "dropped-control-too-short"), 1);
  stream_end (&s);
}

GST_END_TEST;

/* Up to mtu bytes from the wire are taken, not one more. */
GST_START_TEST (test_mtu)
{
  const gsize headers = peer_message_udp (&flow4) + 8;
  Stream s;

  stream_start (&s, &flow4);
  g_object_set (s.t.src, "mtu", 600, NULL);
  stream_play (&s);
  peer_relay_send (&s.relay, 9, 600 - headers);
  check_payload (src_test_buffer (&s.t, 1), 9, 600 - headers);
  peer_relay_send (&s.relay, 10, 600 - headers + 1);
  stream_goes_on (&s);
  fail_unless_equals_uint64 (stat_value (s.t.src, "dropped-too-big"), 1);
  stream_end (&s);
}

GST_END_TEST;

GST_START_TEST (test_no_verify_checksum)
{
  guint8 buf[512];
  gsize len;
  Stream s;

  stream_start (&s, __i__ ? &flow6 : &flow4);
  g_object_set (s.t.src, "verify-checksum", FALSE, NULL);
  stream_play (&s);
  len = peer_message (buf, &s.relay.flow, 5, 100);
  buf[peer_message_udp (&s.relay.flow) + 6] ^= 0x55;
  peer_relay_send_raw (&s.relay, buf, len);
  check_payload (src_test_buffer (&s.t, 1), 5, 100);
  fail_unless_equals_uint64 (stat_value (s.t.src,
          "dropped-inner-udp-checksum"), 0);
  stream_end (&s);
}

GST_END_TEST;

/* IPv4 senders and relays may leave the checksum out. */
GST_START_TEST (test_zero_checksum)
{
  const gsize at = peer_message_udp (&flow4) + 6;
  guint8 buf[512];
  gsize len;
  Stream s;

  stream_start (&s, &flow4);
  stream_play (&s);
  len = peer_message (buf, &flow4, 5, 100);
  buf[at] = buf[at + 1] = 0;
  peer_relay_send_raw (&s.relay, buf, len);
  check_payload (src_test_buffer (&s.t, 1), 5, 100);
  stream_end (&s);
}

GST_END_TEST;

/* The right datagram from the wrong place. */
GST_START_TEST (test_forged)
{
  amt_message query = {.type = AMT_MEMBERSHIP_QUERY,.nonce = 1 };
  group_query general = { 100, 125, 2 };
  guint8 inner[64], buf[512];
  gsize len;
  Stream s;

  stream_start (&s, &flow4);
  stream_play (&s);
  len = peer_message (buf, &flow4, 0, 100);
  peer_relay_forge (&s.relay, "127.0.0.1", buf, len);
  peer_relay_forge (&s.relay, "127.0.0.99", buf, len);
  query.inner = inner;
  query.inner_len = igmp_build_query (inner, sizeof (inner), &general);
  len = amt_build (buf, sizeof (buf), &query);
  peer_relay_forge (&s.relay, "127.0.0.99", buf, len);
  peer_relay_send_raw (&s.relay, buf, len);
  stream_goes_on (&s);
  fail_unless_equals_uint64 (stat_value (s.t.src,
          "dropped-wrong-source-port"), 1);
  fail_unless_equals_uint64 (stat_value (s.t.src,
          "dropped-wrong-source-address"), 1);
  fail_unless_equals_uint64 (stat_value (s.t.src,
          "dropped-control-not-waiting"), 2);
  fail_unless_equals_int (peer_relay_heard (&s.relay).bad, 0);
  stream_end (&s);
}

GST_END_TEST;

/*
 * Fragments
 */

GST_START_TEST (test_fragments)
{
  const PeerFlow *flow = __i__ & 1 ? &flow6 : &flow4;
  const gboolean reverse = __i__ >= 2;
  Stream s;

  stream_start (&s, flow);
  stream_play (&s);
  peer_relay_send_fragments (&s.relay, 7, 3000, 1024, reverse, -1);
  check_payload (src_test_buffer (&s.t, 1), 7, 3000);
  fail_unless (GST_BUFFER_PTS_IS_VALID (src_test_buffer (&s.t, 1)));
  wait_for_stat (s.t.src, "packets-pushed", 2);
  fail_unless_equals_uint64 (stat_value (s.t.src, "packets-received"), 2);
  fail_unless_equals_uint64 (stat_value (s.t.src, "fragments-received"), 3);
  fail_unless_equals_uint64 (stat_value (s.t.src, "bytes-received"), 77 + 3000);
  stream_goes_on (&s);
  stream_end (&s);
}

GST_END_TEST;

/* Ones that never complete: bounded, counted, told at DEBUG at most. */
GST_START_TEST (test_fragment_flood)
{
  guint64 dropped;
  Stream s;

  stream_start (&s, &flow4);
  stream_play (&s);
  watch_log (TRUE);
  for (guint i = 0; i < 500; i++)
    peer_relay_send_fragments (&s.relay, 1000 + i, 3000, 1024, FALSE, 1);
  stream_goes_on (&s);
  fail_unless_equals_int (g_atomic_int_get (&logged), 0);
  watch_log (FALSE);
  dropped = stat_value (s.t.src, "dropped-fragment-limit");
  fail_unless (dropped >= 500 - 16 && dropped <= 500, "%" G_GUINT64_FORMAT,
      dropped);
  fail_unless_equals_uint64 (stat_value (s.t.src, "fragments-received"), 1000);
  stream_end (&s);
}

GST_END_TEST;

/*
 * A storm
 */

static gsize
random_datagram (GRand * rand, guint8 * buf, const PeerFlow * flow)
{
  gsize len = (gsize) g_rand_int_range (rand, 0, 200);
  guint edits;

  if (g_rand_int_range (rand, 0, 4) == 0) {
    for (gsize i = 0; i < len; i++)
      buf[i] = (guint8) g_rand_int_range (rand, 0, 256);
    return len;
  }

  len = peer_message (buf, flow, 0xffffffff, 4 + len);
  edits = (guint) g_rand_int_range (rand, 1, 5);
  for (guint i = 0; i < edits; i++) {
    gsize where = (gsize) g_rand_int_range (rand, 0,
        g_rand_boolean (rand) ? 36 : (gint) len);

    if (g_rand_boolean (rand))
      buf[where] ^= (guint8) (1 << g_rand_int_range (rand, 0, 8));
    else
      buf[where] = (guint8) g_rand_int_range (rand, 0, 256);
  }
  if (g_rand_int_range (rand, 0, 4) == 0)
    len = (gsize) g_rand_int_range (rand, 0, (gint) len);
  return len;
}

static guint64
all_drops (GstElement * src)
{
  GstStructure *stats;
  guint64 sum = 0;

  g_object_get (src, "stats", &stats, NULL);
  for (gint i = 0; i < gst_structure_n_fields (stats); i++) {
    const gchar *name = gst_structure_nth_field_name (stats, (guint) i);
    guint64 value;

    if (g_str_has_prefix (name, "dropped-") &&
        gst_structure_get_uint64 (stats, name, &value))
      sum += value;
  }
  gst_structure_free (stats);
  return sum;
}

/* Until that marker came, which is longer than what mutants carry of it. */
static void
wait_for_marker (SrcTest * t, guint32 seq)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  gboolean seen = FALSE;

  g_mutex_lock (&t->lock);
  for (;;) {
    for (guint i = 0; i < t->buffers->len && !seen; i++) {
      GstBuffer *buffer = g_ptr_array_index (t->buffers, i);

      seen = gst_buffer_get_size (buffer) == 1000 && buffer_seq (buffer) == seq;
    }
    g_ptr_array_set_size (t->buffers, 0);
    if (seen)
      break;
    fail_unless (g_cond_wait_until (&t->cond, &t->lock, end), "no marker %u",
        seq);
  }
  t->n_buffers = 0;
  g_mutex_unlock (&t->lock);
}

GST_START_TEST (test_storm)
{
  const PeerFlow *flow = __i__ ? &flow6 : &flow4;
  const guint n = 50000;        /* for each family */
  GRand *rand = g_rand_new_with_seed (20260101 + (guint32) __i__);
  guint64 received, dropped, pushed;
  guint8 buf[4096];
  Stream s;

  stream_start (&s, flow);
  stream_play (&s);
  watch_log (TRUE);
  for (guint i = 1; i <= n; i++) {
    peer_relay_send_raw (&s.relay, buf, random_datagram (rand, buf, flow));
    /* the socket must not overflow, or nothing could be counted */
    if (i % 100 == 0) {
      peer_relay_send (&s.relay, i, 1000);
      wait_for_marker (&s.t, i);
    }
  }
  stream_goes_on (&s);
  wait_for_stat (s.t.src, "packets-pushed", 2 + n / 100);
  fail_unless_equals_int (g_atomic_int_get (&logged), 0);
  watch_log (FALSE);

  /* A few are still good ones; a fragment may wait for its like. */
  received = stat_value (s.t.src, "packets-received") +
      stat_value (s.t.src, "control-received");
  dropped = all_drops (s.t.src);
  pushed = stat_value (s.t.src, "packets-pushed");
  fail_unless_equals_uint64 (stat_value (s.t.src, "kernel-dropped"), 0);
  fail_unless (received > n * 9 / 10 && received < n + n / 10);
  fail_unless (dropped > n * 8 / 10, "%" G_GUINT64_FORMAT, dropped);
  fail_unless (pushed < 2 + n / 100 + n / 5);
  fail_unless (peer_relay_is_joined (&s.relay));
  fail_unless_equals_int (src_test_count_messages (&s.t, "multicast-leave"), 0);
  g_rand_free (rand);
  stream_end (&s);
}

GST_END_TEST;

static Suite *
amtsrc_hostile_suite (void)
{
  Suite *s = suite_create ("amtsrc-hostile");
  TCase *tc = tcase_create ("datagrams");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_edit, 0, G_N_ELEMENTS (edits));
  tcase_add_test (tc, test_empty);
  tcase_add_test (tc, test_mtu);
  tcase_add_loop_test (tc, test_no_verify_checksum, 0, 2);
  tcase_add_test (tc, test_zero_checksum);
  tcase_add_test (tc, test_forged);

  tc = tcase_create ("fragments");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_fragments, 0, 4);
  tcase_add_test (tc, test_fragment_flood);

  tc = tcase_create ("storm");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_storm, 0, 2);
  return s;
}

GST_CHECK_MAIN (amtsrc_hostile);
