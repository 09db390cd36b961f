/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify: buffers of all shapes, singly and in lists.
 */
#include <gst/net/gstnetaddressmeta.h>

#include "verifytest.h"

/*
 * Lists
 */

typedef struct
{
  guint buffers;
  guint lists;
} Pushes;

static GstPadProbeReturn
count_pushes (GstPad * pad, GstPadProbeInfo * info, gpointer user)
{
  Pushes *pushes = user;

  pushes->buffers += (info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0;
  pushes->lists += (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) != 0;
  return GST_PAD_PROBE_OK;
}

static void
watch_pushes (GstElement * element, Pushes * pushes)
{
  GstPad *src = gst_element_get_static_pad (element, "src");

  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_BUFFER_LIST, count_pushes, pushes, NULL);
  gst_object_unref (src);
}

static void
push_list (GstHarness * h, GstBufferList * list)
{
  fail_unless_equals_int (gst_pad_push_list (h->srcpad, list), GST_FLOW_OK);
}

GST_START_TEST (test_list)
{
  Pushes pushes = { 0, 0 };
  GstBufferList *list;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  watch_pushes (f.element, &pushes);
  verify_push_manifest (f.m, &f.signer, 0, 64);
  push_list (f.h, verify_list (0, 16));
  verify_expect_many (f.h, 0, 16);
  fail_unless_equals_int (pushes.lists, 1);

  /* What is not listed is missing in the list. */
  list = verify_list (16, 4);
  gst_buffer_list_insert (list, 2, verify_packet (1000));
  gst_buffer_list_insert (list, 4, verify_packet_from (20, NULL, 0));
  push_list (f.h, list);
  verify_expect_many (f.h, 16, 4);
  fail_unless_equals_int (pushes.lists, 2);

  /* Nothing in it passes; and a single one that does is no list. */
  push_list (f.h, verify_list (2000, 8));
  fail_unless_equals_int (pushes.lists, 2);
  fail_unless_equals_int (pushes.buffers, 0);
  verify_push (f.h, 20);
  verify_expect (f.h, 20);
  fail_unless_equals_int (pushes.buffers, 1);

  push_list (f.h, gst_buffer_list_new ());
  verify_expect_nothing (f.h);
  verify_tear_down (&f);
}

GST_END_TEST;

/* With what waited and what manifests released meanwhile, it is still one list;
 * caps and segment alone may lie between two. */
GST_START_TEST (test_one_list)
{
  Pushes pushes = { 0, 0 };
  VerifySigner other;
  GstHarness *m;
  VerifyFixture f;

  gst_util_set_object_arg (G_OBJECT (f.element = verify_element_new ()),
      "order", "sequence");
  verify_set_up (&f, f.element);
  m = verify_manifests_new (f.element, "manifest_1");
  watch_pushes (f.element, &pushes);
  verify_push_manifest (f.m, &f.signer, 0, 24);
  verify_push (f.h, 0);
  verify_expect (f.h, 0);
  push_list (f.h, verify_list (9, 8));

  /* The plan changes in between: there is another stream. */
  verify_signer_init (&other, VERIFY_STREAM + 1);
  verify_push_manifest (m, &other, 100, 1);
  verify_expect_nothing (f.h);
  push_list (f.h, verify_list (1, 8));
  verify_expect_many (f.h, 1, 16);
  fail_unless_equals_int (pushes.lists, 1);

  push_list (f.h, verify_list (18, 4));
  verify_push_segment (f.h, 1);
  push_list (f.h, verify_list (17, 1));
  push_list (f.h, verify_list (22, 2));
  verify_expect_many (f.h, 17, 7);
  fail_unless_equals_int (pushes.lists, 3);
  fail_unless_equals_int (pushes.buffers, 2);
  gst_harness_teardown (m);
  verify_tear_down (&f);
}

GST_END_TEST;

/*
 * Memory
 */

static void
freed (gpointer flag)
{
  *(gboolean *) flag = TRUE;
}

/* A buffer of the packet's first bytes in a block of so many. */
static GstBuffer *
part_in_block (guint seed, gsize len, gsize block, gboolean * is_freed)
{
  GstBuffer *packet = verify_packet (seed);
  GstBuffer *buffer = gst_buffer_new ();
  guint8 *data = g_malloc0 (block);
  GstMemory *memory = gst_memory_new_wrapped (0, data, block, 0, block, data,
      g_free);

  gst_buffer_extract (packet, 0, data + 100, VERIFY_LEN);
  gst_mini_object_set_qdata (GST_MINI_OBJECT (memory),
      g_quark_from_static_string ("test-freed"), is_freed, freed);
  gst_buffer_append_memory (buffer, gst_memory_share (memory, 100,
          (gssize) len));
  gst_memory_unref (memory);
  gst_buffer_copy_into (buffer, packet, GST_BUFFER_COPY_META |
      GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
  GST_BUFFER_PTS (buffer) = 1234;
  gst_buffer_unref (packet);
  return buffer;
}

static GstBuffer *
packet_in_block (guint seed, gsize block, gboolean * is_freed)
{
  return part_in_block (seed, VERIFY_LEN, block, is_freed);
}

/* A packet that waits does not keep a big block, of which it is a part. */
GST_START_TEST (test_big_block)
{
  gboolean big = FALSE, small = FALSE;
  GstBuffer *buffer;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  fail_unless_equals_int (gst_harness_push (f.h, packet_in_block (0, 65536,
              &big)), GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_push (f.h, packet_in_block (1, 1500,
              &small)), GST_FLOW_OK);
  fail_unless (big, "the block is kept");
  fail_if (small, "it was copied without need");

  verify_push_manifest (f.m, &f.signer, 0, 2);
  buffer = gst_harness_pull (f.h);
  fail_unless_equals_int (verify_seed (buffer), 0);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), 1234);
  fail_unless (gst_buffer_get_net_address_meta (buffer) != NULL);
  gst_buffer_unref (buffer);
  verify_expect (f.h, 1);

  /* What passes at once is not copied. */
  big = FALSE;
  verify_push_manifest (f.m, &f.signer, 2, 1);
  gst_harness_push (f.h, packet_in_block (2, 65536, &big));
  fail_if (big);
  verify_expect (f.h, 2);
  fail_unless (big);
  verify_tear_down (&f);
}

GST_END_TEST;

/* Nor does an empty one, which counts the least. */
GST_START_TEST (test_empty_in_block)
{
  gboolean big = FALSE;
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  fail_unless_equals_int (gst_harness_push (f.h, part_in_block (0, 0, 65536,
              &big)), GST_FLOW_OK);
  fail_unless_equals_uint64 (verify_stat (f.element, "packets-held"), 1);
  fail_unless (big, "the block is kept");

  /* It is passed on like any other. */
  verify_push_empty_manifest (f.m, &f.signer);
  verify_wait_for_stat (f.element, "packets-pushed", 1);
  verify_tear_down (&f);
}

GST_END_TEST;

static GstBuffer *
packet_in_pieces (guint seed)
{
  GstBuffer *packet = verify_packet (seed);
  GstBuffer *buffer = gst_buffer_copy_region (packet, GST_BUFFER_COPY_ALL, 0,
      100);

  gst_buffer_copy_into (buffer, packet, GST_BUFFER_COPY_MEMORY, 100, 700);
  gst_buffer_copy_into (buffer, packet, GST_BUFFER_COPY_MEMORY, 800, -1);
  gst_buffer_add_net_address_meta (buffer,
      gst_buffer_get_net_address_meta (packet)->addr);
  gst_buffer_unref (packet);
  return buffer;
}

GST_START_TEST (test_pieces)
{
  VerifyFixture f;

  verify_set_up (&f, verify_element_new ());
  fail_unless (gst_harness_push (f.h, packet_in_pieces (0)) == GST_FLOW_OK);
  verify_push_manifest (f.m, &f.signer, 0, 2);
  fail_unless (gst_harness_push (f.h, packet_in_pieces (1)) == GST_FLOW_OK);
  verify_expect_many (f.h, 0, 2);
  verify_tear_down (&f);
}

GST_END_TEST;

static Suite *
ambiverify_buffers_suite (void)
{
  Suite *s = suite_create ("ambiverify-buffers");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_list);
  tcase_add_test (tc, test_one_list);
  tcase_add_test (tc, test_big_block);
  tcase_add_test (tc, test_empty_in_block);
  tcase_add_test (tc, test_pieces);
  return s;
}

GST_CHECK_MAIN (ambiverify_buffers);
