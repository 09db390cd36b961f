/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What becomes of the memory of batches downstream.
 */
#include <gst/check/gstcheck.h>
#include <gst/net/gstnetaddressmeta.h>
#include <string.h>
#include <unistd.h>

#include "batchtest.h"

/* Who writes to one of the joined writes to a copy. */
GST_START_TEST (test_written)
{
  BatchTest f;

  batch_test_open (&f, TRUE);
  for (guint round = 0; round < 5; round++) {
    GstBuffer *buffers[6];
    GstMapInfo map;

    /* one that is not last in the slot, the one that is cut, one in the block */
    for (guint written = 0; written < 6; written++) {
      batch_test_send (&f, 1, 6 * 600, 600);
      batch_test_expect (&f, 6);
      for (guint i = 0; i < 6; i++)
        buffers[i] = batch_test_take_next (&f, 1 + i, 600);
      fail_unless (gst_buffer_is_writable (buffers[written]));
      fail_unless (GST_MEMORY_IS_READONLY (gst_buffer_peek_memory (buffers
                  [written], 0)));
      fail_unless (gst_buffer_map (buffers[written], &map, GST_MAP_READWRITE));
      fail_unless (batch_test_is_filled (map.data, 1 + written, map.size));
      memset (map.data, 0xee, map.size);
      gst_buffer_unmap (buffers[written], &map);
      for (guint i = 0; i < 6; i++)
        if (i != written)
          batch_test_check_buffer (buffers[i], 1 + i, 600);
      fail_unless (gst_buffer_memcmp (buffers[written], 0, "\xee\xee", 2) == 0);
      for (guint i = 0; i < 6; i++)
        gst_buffer_unref (buffers[i]);
    }
  }
  batch_test_close (&f);
}

GST_END_TEST;

/* How an element may read bytes of a buffer that others may write to. */
static GstBuffer *
share_whole (GstBuffer * buffer)
{
  return gst_buffer_copy (buffer);
}

static GstBuffer *
share_beginning (GstBuffer * buffer)
{
  return gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, 0, 100);
}

static GstBuffer *
share_share (GstBuffer * buffer)
{
  g_autoptr (GstBuffer) share = gst_buffer_copy_region (buffer,
      GST_BUFFER_COPY_MEMORY, 0, 1000);

  return share_beginning (share);
}

static GstBuffer *(*const shares[]) (GstBuffer * buffer) = {
  share_whole, share_beginning, share_share
};

/* Neither does who writes to one that came alone, while others read it. */
GST_START_TEST (test_written_while_read)
{
  BatchTest f;

  batch_test_open (&f, TRUE);
  for (guint round = 0; round < 5 * G_N_ELEMENTS (shares); round++) {
    GstBuffer *buffer, *share;
    GstMapInfo map;

    batch_test_send (&f, 1, 1300, 0);
    batch_test_expect (&f, 1);
    buffer = batch_test_take_next (&f, 1, 1300);
    share = shares[round % G_N_ELEMENTS (shares)] (buffer);
    fail_unless (gst_buffer_is_writable (buffer));
    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READWRITE));
    fail_unless (batch_test_is_filled (map.data, 1, map.size));
    memset (map.data, 0xee, map.size);
    gst_buffer_unmap (buffer, &map);
    batch_test_check_buffer (share, 1, gst_buffer_get_size (share));
    fail_unless (gst_buffer_memcmp (buffer, 0, "\xee\xee", 2) == 0);
    gst_buffer_unref (buffer);
    gst_buffer_unref (share);
  }
  batch_test_close (&f);
}

GST_END_TEST;

/* What nobody took is no obstacle. */
GST_START_TEST (test_left)
{
  BatchTest f;

  batch_test_open (&f, TRUE);
  batch_test_expect (&f, 0);
  fail_unless (gst_mc_batch_next (f.batch) == NULL);
  for (guint round = 0; round < 3; round++) {
    batch_test_send (&f, 1, 5000, 1000);
    batch_test_send (&f, 6, 100, 0);
    batch_test_expect (&f, 6);
    fail_if (gst_mc_batch_next (f.batch) == NULL);
    if (round > 0)
      gst_buffer_unref (batch_test_take_next (&f, 2, 1000));
  }
  batch_test_close (&f);
}

GST_END_TEST;

/* More messages than a batch takes. */
GST_START_TEST (test_many)
{
  BatchTest f;
  guint number = 0;

  batch_test_open (&f, TRUE);
  for (guint i = 0; i < 2 * BATCH_TEST_SIZE + 1; i++)
    batch_test_send (&f, i, 50, 0);
  for (guint round = 0; round < 3; round++) {
    guint n = round < 2 ? BATCH_TEST_SIZE : 1;

    batch_test_expect (&f, (gint) n);
    for (guint i = 0; i < n; i++)
      gst_buffer_unref (batch_test_take_next (&f, number++, 50));
  }
  batch_test_close (&f);
}

GST_END_TEST;

/* Buffers come back as new, with their memory and their address meta. */
GST_START_TEST (test_recycled)
{
  GSocketAddress *address =
      g_inet_socket_address_new_from_string ("192.0.2.1", 5);
  GstCaps *caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  GstBuffer *first[2], *second[2];
  BatchTest f;

  batch_test_open (&f, TRUE);
  batch_test_send (&f, 1, 2600, 1300);
  batch_test_expect (&f, 2);
  for (guint i = 0; i < 2; i++) {
    first[i] = batch_test_take_next (&f, 1 + i, 1300);
    GST_BUFFER_PTS (first[i]) = 77;
    GST_BUFFER_OFFSET (first[i]) = 77;
    GST_BUFFER_DURATION (first[i]) = 77;
    GST_BUFFER_FLAG_SET (first[i], GST_BUFFER_FLAG_DISCONT);
    gst_buffer_add_net_address_meta (first[i], address);
    GST_META_FLAG_SET (&gst_buffer_add_reference_timestamp_meta (first[i], caps,
            1, 2)->parent, GST_META_FLAG_LOCKED);
  }
  for (guint i = 0; i < 2; i++)
    gst_buffer_unref (first[i]);

  batch_test_send (&f, 3, 2800, 1400);
  batch_test_expect (&f, 2);
  for (guint i = 0; i < 2; i++) {
    second[i] = batch_test_take_next (&f, 3 + i, 1400);
    fail_unless (second[i] == first[0] || second[i] == first[1]);
    fail_if (GST_BUFFER_PTS_IS_VALID (second[i]));
    fail_if (GST_BUFFER_OFFSET_IS_VALID (second[i]));
    fail_if (GST_BUFFER_DURATION_IS_VALID (second[i]));
    fail_if (GST_BUFFER_FLAG_IS_SET (second[i], GST_BUFFER_FLAG_DISCONT));
    fail_unless (gst_buffer_get_net_address_meta (second[i])->addr == address);
    fail_unless (gst_buffer_get_reference_timestamp_meta (second[i], NULL) ==
        NULL);
  }
  for (guint i = 0; i < 2; i++)
    gst_buffer_unref (second[i]);
  batch_test_close (&f);
  gst_caps_unref (caps);
  g_object_unref (address);
}

GST_END_TEST;

static guint
count_metas (GstBuffer * buffer)
{
  gpointer state = NULL;
  guint n = 0;

  while (gst_buffer_iterate_meta (buffer, &state))
    n++;
  return n;
}

/* However many address metas an element adds, one of them comes back. */
GST_START_TEST (test_metas_bounded)
{
  GSocketAddress *address =
      g_inet_socket_address_new_from_string ("192.0.2.1", 5);
  BatchTest f;

  batch_test_open (&f, TRUE);
  for (guint round = 0; round < 10 * BATCH_TEST_SIZE; round++) {
    GstBuffer *buffer;

    batch_test_send (&f, 1, 500, 0);
    batch_test_expect (&f, 1);
    buffer = batch_test_take_next (&f, 1, 500);
    fail_unless (count_metas (buffer) <= 1);
    gst_buffer_add_net_address_meta (buffer, address);
    gst_buffer_add_net_address_meta (buffer, address);
    gst_buffer_unref (buffer);
  }
  batch_test_close (&f);
  g_object_unref (address);
}

GST_END_TEST;

/* How an element may hold on to the bytes of a buffer it gives up. */
static GstBuffer *
hold_copy (GstBuffer * buffer)
{
  GstBuffer *copy = gst_buffer_copy (buffer);

  gst_buffer_unref (buffer);
  return copy;
}

static GstBuffer *
hold_region (GstBuffer * buffer)
{
  GstBuffer *region = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 0,
      gst_buffer_get_size (buffer));

  gst_buffer_unref (buffer);
  return region;
}

static GstBuffer *
hold_memory (GstBuffer * buffer)
{
  GstBuffer *other = gst_buffer_new ();

  gst_buffer_append_memory (other, gst_buffer_get_memory (buffer, 0));
  gst_buffer_unref (buffer);
  return other;
}

static GstBuffer *
hold_stolen_memory (GstBuffer * buffer)
{
  GstBuffer *other = gst_buffer_new ();

  gst_buffer_append_memory (other, gst_buffer_get_memory (buffer, 0));
  gst_buffer_remove_all_memory (buffer);
  gst_buffer_append_memory (buffer, gst_allocator_alloc (NULL, 10, NULL));
  gst_buffer_unref (buffer);
  return other;
}

static GstBuffer *
hold_itself (GstBuffer * buffer)
{
  return buffer;
}

static GstBuffer *(*const holds[]) (GstBuffer * buffer) = {
  hold_copy, hold_region, hold_memory, hold_stolen_memory, hold_itself
};

/* Bytes that somebody holds are not received into; those that nobody holds are
 * again. */
GST_START_TEST (test_held)
{
  for (guint h = 0; h < G_N_ELEMENTS (holds); h++) {
    GstBuffer *held[10];
    GHashTable *seen = g_hash_table_new (NULL, NULL);
    BatchTest f;

    batch_test_open (&f, TRUE);
    for (guint round = 0; round < 200; round++) {
      guint at = round % 10, number = 3 * round;

      if (round >= 10) {
        batch_test_check_buffer (held[at], number - 30 + 1, 1100);
        gst_buffer_unref (held[at]);
      }
      batch_test_send (&f, number, 3300, 1100);
      batch_test_expect (&f, 3);
      gst_buffer_unref (batch_test_take_next (&f, number, 1100));
      held[at] = batch_test_take_next (&f, number + 1, 1100);
      g_hash_table_add (seen, batch_test_block_of (held[at]));
      held[at] = holds[h] (held[at]);
      gst_buffer_unref (batch_test_take_next (&f, number + 2, 1100));
    }
    /* as many as were held, and some that were on the way */
    fail_unless (g_hash_table_size (seen) <= 10 + 2 * BATCH_TEST_SIZE);
    g_hash_table_unref (seen);
    for (guint i = 0; i < 10; i++)
      gst_buffer_unref (held[i]);
    batch_test_close (&f);
  }
}

GST_END_TEST;

/* Of bytes that lay in a block. */
static gboolean
is_copy (GstBuffer * buffer)
{
  return batch_test_memory_held (buffer) < 2 * 1400;
}

/* A part of each block is held: no more blocks than may be are, and what comes
 * later is held by itself.  In the end the blocks are used again. */
GST_START_TEST (test_bounded)
{
  const guint limit = 3 * BATCH_TEST_SIZE, rounds = 4 * limit;

  for (guint h = 0; h < G_N_ELEMENTS (holds); h++) {
    GstBuffer **held = g_new (GstBuffer *, rounds);
    GHashTable *seen = g_hash_table_new (NULL, NULL);
    GstBuffer *buffer;
    guint copies = 0;
    BatchTest f;

    batch_test_open (&f, TRUE);
    for (guint round = 0; round < rounds; round++) {
      batch_test_send (&f, 3 * round, 4 * 1400, 1400);
      batch_test_expect (&f, 4);
      gst_buffer_unref (batch_test_take_next (&f, 3 * round, 1400));
      held[round] = batch_test_take_next (&f, 3 * round + 1, 1400);
      if (is_copy (held[round]))
        copies++;
      else
        g_hash_table_add (seen, batch_test_block_of (held[round]));
      held[round] = holds[h] (held[round]);
    }
    fail_unless (g_hash_table_size (seen) <= limit);
    fail_unless_equals_uint64 (copies + g_hash_table_size (seen), rounds);
    for (guint round = 0; round < rounds; round++) {
      batch_test_check_buffer (held[round], 3 * round + 1, 1400);
      gst_buffer_unref (held[round]);
    }
    for (guint round = 0; round < rounds; round++) {
      batch_test_send (&f, round, 4200, 1400);
      batch_test_expect (&f, 3);
      gst_buffer_unref (batch_test_take_next (&f, round, 1400));
      buffer = batch_test_take_next (&f, round + 1, 1400);
      fail_if (is_copy (buffer));
      gst_buffer_unref (buffer);
    }
    g_hash_table_unref (seen);
    g_free (held);
    batch_test_close (&f);
  }
}

GST_END_TEST;

/* Buffers outlive the batch, in whatever form. */
GST_START_TEST (test_batch_goes_first)
{
  for (guint h = 0; h < G_N_ELEMENTS (holds); h++) {
    GstBuffer *held[3];
    BatchTest f;

    batch_test_open (&f, TRUE);
    batch_test_send (&f, 1, 3300, 1100);
    batch_test_expect (&f, 3);
    for (guint i = 0; i < 3; i++)
      held[i] = holds[h] (batch_test_take_next (&f, 1 + i, 1100));
    batch_test_close (&f);
    for (guint i = 0; i < 3; i++) {
      batch_test_check_buffer (held[i], 1 + i, 1100);
      gst_buffer_unref (held[i]);
    }
  }
}

GST_END_TEST;

/* Reads a buffer once more, and a share of its bytes when it is gone. */
static void
read_and_give_up (GstBuffer * buffer)
{
  guint number = (guint) GST_BUFFER_OFFSET (buffer);
  gsize len = gst_buffer_get_size (buffer);
  GstBuffer *share;

  batch_test_check_buffer (buffer, number, len);
  share = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, 0, len / 2);
  gst_buffer_unref (buffer);
  batch_test_check_buffer (share, number, len / 2);
  gst_buffer_unref (share);
}

/* Until it finds what is no buffer. */
static gpointer
give_up (gpointer data)
{
  GAsyncQueue *queue = data;
  GstMiniObject *object = g_async_queue_pop (queue);

  for (; GST_IS_BUFFER (object); object = g_async_queue_pop (queue))
    read_and_give_up (GST_BUFFER_CAST (object));
  gst_mini_object_unref (object);
  return NULL;
}

static void
take_for (BatchTest * f, GAsyncQueue * queue, guint number, gsize len)
{
  GstBuffer *buffer = batch_test_take_next (f, number, len);

  GST_BUFFER_OFFSET (buffer) = number;
  g_async_queue_push (queue, buffer);
}

/* Two threads give up buffers while a third receives; as long as somebody
 * reads them they stay what they are. */
GST_START_TEST (test_threads)
{
  GAsyncQueue *queue = g_async_queue_new ();
  GThread *threads[2];
  BatchTest f;

  for (guint i = 0; i < 2; i++)
    threads[i] = g_thread_new ("give-up", give_up, queue);
  batch_test_open (&f, TRUE);
  for (guint round = 0; round < 1000; round++) {
    batch_test_send (&f, round, 4000, 500);
    batch_test_send (&f, round, 700, 0);
    batch_test_expect (&f, 9);
    for (guint i = 0; i < 8; i++)
      take_for (&f, queue, round + i, 500);
    take_for (&f, queue, round, 700);
  }
  batch_test_close (&f);
  for (guint i = 0; i < 2; i++)
    g_async_queue_push (queue, gst_caps_new_empty ());
  for (guint i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  g_async_queue_unref (queue);
}

GST_END_TEST;

static Suite *
batch_buffers_suite (void)
{
  Suite *s = suite_create ("batch-buffers");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_written);
  tcase_add_test (tc, test_written_while_read);
  tcase_add_test (tc, test_left);
  tcase_add_test (tc, test_many);
  tcase_add_test (tc, test_recycled);
  tcase_add_test (tc, test_metas_bounded);
  tcase_add_test (tc, test_held);
  tcase_add_test (tc, test_bounded);
  tcase_add_test (tc, test_batch_goes_first);
  tcase_add_test (tc, test_threads);
  return s;
}

GST_CHECK_MAIN (batch_buffers);
