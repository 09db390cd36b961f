/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Batches of datagrams, alone and joined by the kernel.
 */
#include <gst/check/gstcheck.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "batchtest.h"

static void
alter_size (struct msghdr *msg, int value)
{
  for (struct cmsghdr * c = CMSG_FIRSTHDR (msg); c; c = CMSG_NXTHDR (msg, c))
    if (c->cmsg_level == SOL_UDP)
      memcpy (CMSG_DATA (c), &value, sizeof (value));
}

static void
alter_flags (struct msghdr *msg, int value)
{
  msg->msg_flags |= value;
  msg->msg_controllen = 0;
}

/* As the kernel leaves one that it had no room for. */
static void
alter_lengths (struct msghdr *msg, int value)
{
  for (struct cmsghdr * c = CMSG_FIRSTHDR (msg); c; c = CMSG_NXTHDR (msg, c))
    c->cmsg_len = CMSG_LEN (value);
  msg->msg_flags |= MSG_CTRUNC;
}

GST_START_TEST (test_joined)
{
  static const struct row
  {
    gsize len;
    guint16 part;
    guint n;
  } rows[] = {
    {10 * 1000 + 300, 1000, 11},        /* the second is cut by the slot */
    {40 * 1346, 1346, 40},
    {20 * 100, 100, 20},        /* several in the slot */
    {3 * BATCH_TEST_MTU, BATCH_TEST_MTU, 3},    /* none is cut */
    {65400, 1346, 49},          /* nearly all of the block, the last short */
    {2 * 750 + 1, 750, 3},      /* one byte behind the slot */
    {60 * 8, 8, 60}
  };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (rows); i++) {
    const struct row *row = &rows[i % G_N_ELEMENTS (rows)];
    GstBuffer *buffers[64];
    GstClockTime stamp = GST_CLOCK_TIME_NONE;
    BatchTest f;

    batch_test_open_at (&f, i < G_N_ELEMENTS (rows) ? "127.0.0.1" : "::1",
        TRUE);
    batch_test_send (&f, 1, row->len, row->part);
    batch_test_expect (&f, (gint) row->n);
    for (guint n = 0; n < row->n; n++) {
      gsize len = MIN (row->part, row->len - n * row->part);
      const GstMcDatagram *d = gst_mc_batch_next (f.batch);

      fail_unless_equals_int (d->first, n == 0);
      fail_unless (batch_test_is_filled (d->data, n + 1, len));
      fail_unless_equals_uint64 (d->len, len);
      fail_unless (n == 0 || d->realtime == stamp);
      stamp = d->realtime;
      buffers[n] = gst_mc_batch_take (f.batch, d->data, len);
    }
    fail_unless (gst_mc_batch_next (f.batch) == NULL);
    /* all of them at once: none lies on another */
    for (guint n = 0; n < row->n; n++) {
      batch_test_check_buffer (buffers[n], n + 1,
          MIN (row->part, row->len - n * row->part));
      gst_buffer_unref (buffers[n]);
    }
    batch_test_close (&f);
  }
}

GST_END_TEST;

/* A datagram by itself holds no more than a slot, and may be written to. */
GST_START_TEST (test_alone)
{
  for (gint gro = 0; gro <= 1; gro++) {
    GstBuffer *buffer;
    GstMapInfo map;
    BatchTest f;

    batch_test_open (&f, gro);
    batch_test_send (&f, 5, 1316, 0);
    batch_test_send (&f, 6, BATCH_TEST_MTU, 0);
    batch_test_send (&f, 7, 0, 0);
    batch_test_expect (&f, 3);
    buffer = batch_test_take_next (&f, 5, 1316);
    fail_unless_equals_uint64 (batch_test_memory_held (buffer), BATCH_TEST_MTU);
    fail_if (GST_MEMORY_IS_READONLY (gst_buffer_peek_memory (buffer, 0)));
    fail_unless (gst_memory_is_writable (gst_buffer_peek_memory (buffer, 0)));
    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
    memset (map.data, 0, map.size);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
    gst_buffer_unref (batch_test_take_next (&f, 6, BATCH_TEST_MTU));
    gst_buffer_unref (batch_test_take_next (&f, 7, 0));
    batch_test_close (&f);
  }
}

GST_END_TEST;

/* Each datagram has its own sender, whoever sent the one before. */
GST_START_TEST (test_senders)
{
  static const gchar *const addresses[] = { "127.0.0.1", "::1" };
  const guint order[] = { 0, 1, 1, 0, 1, 0, 0 };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (addresses); i++) {
    int senders[2];
    guint16 ports[2];
    BatchTest f;

    batch_test_open_at (&f, addresses[i / 2], i % 2);
    senders[0] = f.sender;
    ports[0] = f.sender_port;
    batch_test_open_sender (&f);
    senders[1] = f.sender;
    ports[1] = f.sender_port;
    for (guint n = 0; n < G_N_ELEMENTS (order); n++) {
      f.sender = senders[order[n]];
      batch_test_send (&f, n, 100 + n, 0);
    }
    batch_test_expect (&f, G_N_ELEMENTS (order));
    for (guint n = 0; n < G_N_ELEMENTS (order); n++) {
      f.sender_port = ports[order[n]];
      gst_buffer_unref (batch_test_take_next (&f, n, 100 + n));
    }
    f.sender = senders[0];
    close (senders[1]);
    batch_test_close (&f);
  }
}

GST_END_TEST;

GST_START_TEST (test_too_big)
{
  const GstMcDatagram *d;
  BatchTest f;

  for (gint gro = 0; gro <= 1; gro++) {
    batch_test_open (&f, gro);
    batch_test_send (&f, 1, BATCH_TEST_MTU + 1, 0);
    batch_test_send (&f, 2, BATCH_TEST_MTU, 0);
    batch_test_expect (&f, 2);
    d = gst_mc_batch_next (f.batch);
    fail_unless (d->truncated);
    fail_unless (batch_test_is_filled (d->data, 1, 100));
    gst_buffer_unref (batch_test_take_next (&f, 2, BATCH_TEST_MTU));
    batch_test_close (&f);
  }

  /* each of them by its own size */
  batch_test_open (&f, TRUE);
  batch_test_send (&f, 1, 3 * (BATCH_TEST_MTU + 10) + 5, BATCH_TEST_MTU + 10);
  batch_test_send (&f, 9, 20, 0);
  batch_test_expect (&f, 5);
  for (guint i = 0; i < 3; i++) {
    d = gst_mc_batch_next (f.batch);
    fail_unless (d->truncated);
    fail_unless (batch_test_is_filled (d->data, 1 + i, 4));
  }
  gst_buffer_unref (batch_test_take_next (&f, 4, 5));
  gst_buffer_unref (batch_test_take_next (&f, 9, 20));
  batch_test_close (&f);
}

GST_END_TEST;

/* Parts of whatever size the kernel says, and of none: each byte once. */
GST_START_TEST (test_sizes_told)
{
  static const struct
  {
    gsize len;
    int size;
    gint n;
  } rows[] = {
    {1000, 0, 1}, {1000, -5, 1}, {1000, 1000, 1}, {1000, 3000, 1},
    {1000, G_MAXINT, 1}, {1000, 999, 2}, {1000, 1, 1000},
    {4 * BATCH_TEST_MTU, 1, 4 * BATCH_TEST_MTU}, {4 * BATCH_TEST_MTU,
        BATCH_TEST_MTU - 1, 5}
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstBuffer) all = gst_buffer_new ();
    GstBuffer *buffers[4 * BATCH_TEST_MTU];
    GstMapInfo map;
    BatchTest f;

    batch_test_open (&f, TRUE);
    batch_test_alter = alter_size;
    batch_test_alter_value = rows[i].size;
    /* joined, as else there is no size to be told */
    batch_test_send (&f, 1, rows[i].len, (guint16) (rows[i].len / 2));
    batch_test_expect (&f, rows[i].n);
    for (gint n = 0; n < rows[i].n; n++) {
      const GstMcDatagram *d = gst_mc_batch_next (f.batch);

      fail_if (d->truncated);
      buffers[n] = gst_mc_batch_take (f.batch, d->data, d->len);
    }
    fail_unless (gst_mc_batch_next (f.batch) == NULL);
    for (gint n = 0; n < rows[i].n; n++)
      all = gst_buffer_append (all, buffers[n]);
    fail_unless (gst_buffer_map (all, &map, GST_MAP_READ));
    fail_unless_equals_uint64 (map.size, rows[i].len);
    fail_unless (batch_test_is_filled (map.data, 1, map.size / 2));
    fail_unless (batch_test_is_filled (map.data + map.size / 2, 2,
            map.size / 2));
    gst_buffer_unmap (all, &map);
    batch_test_close (&f);
  }
}

GST_END_TEST;

/* What was cut, or of which nobody knows into how many, is nothing to pass on;
 * what comes next is. */
GST_START_TEST (test_cut)
{
  static const int flags[] = { MSG_TRUNC, MSG_CTRUNC, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++) {
    BatchTest f;

    batch_test_open (&f, TRUE);
    batch_test_alter = alter_flags;
    batch_test_alter_value = flags[i];
    /* without a size that is one, and without flags it is too large */
    batch_test_send (&f, 1, flags[i] ? 1000 : 3 * BATCH_TEST_MTU, 100);
    batch_test_expect (&f, 1);
    fail_unless (gst_mc_batch_next (f.batch)->truncated);
    fail_unless (gst_mc_batch_next (f.batch) == NULL);
    batch_test_alter = NULL;
    batch_test_send (&f, 1, 1000, 500);
    batch_test_expect (&f, 2);
    gst_buffer_unref (batch_test_take_next (&f, 1, 500));
    gst_buffer_unref (batch_test_take_next (&f, 2, 500));
    batch_test_close (&f);
  }
}

GST_END_TEST;

/* Half a control message tells nothing. */
GST_START_TEST (test_control_cut)
{
  for (guint len = 0; len < 4; len++) {
    const GstMcDatagram *d;
    BatchTest f;

    batch_test_open (&f, TRUE);
    batch_test_alter = alter_lengths;
    batch_test_alter_value = (int) len;
    batch_test_send (&f, 1, 1000, 100);
    batch_test_expect (&f, 1);
    d = gst_mc_batch_next (f.batch);
    fail_unless (d->truncated);
    fail_unless_equals_uint64 (d->len, 1000);
    fail_if (GST_CLOCK_TIME_IS_VALID (d->realtime));
    fail_unless_equals_uint64 (gst_mc_batch_get_kernel_dropped (f.batch), 0);
    batch_test_close (&f);
  }
}

GST_END_TEST;

static Suite *
batch_suite (void)
{
  Suite *s = suite_create ("batch");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_joined);
  tcase_add_test (tc, test_alone);
  tcase_add_test (tc, test_senders);
  tcase_add_test (tc, test_too_big);
  tcase_add_test (tc, test_sizes_told);
  tcase_add_test (tc, test_cut);
  tcase_add_test (tc, test_control_cut);
  return s;
}

GST_CHECK_MAIN (batch);
