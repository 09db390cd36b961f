/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The cursors: every width, every way to run past the end.
 */
#include "bytes.h"

#include <string.h>

#include "vectors.h"

GST_START_TEST (test_read)
{
  vector_bytes b = vector_bytes_from_hex ("01fffe80000001a0b0c0ff");
  uint8_t out[3];
  rd_cursor r;

  rd_init (&r, b.data, b.len);
  fail_unless_equals_int (rd_left (&r), 11);
  fail_unless_equals_int (rd_u8 (&r), 0x01);
  fail_unless_equals_int (rd_u16 (&r), 0xfffe);
  fail_unless_equals_uint64 (rd_u32 (&r), 0x80000001);
  rd_bytes (&r, out, sizeof (out));
  fail_unless (memcmp (out, b.data + 7, 3) == 0);
  fail_unless_equals_int (rd_left (&r), 1);
  rd_skip (&r, 1);
  fail_unless (rd_ok (&r));
  fail_unless_equals_int (rd_left (&r), 0);
  rd_skip (&r, 0);
  fail_unless (rd_ok (&r));
  rd_skip (&r, 1);
  fail_unless (!rd_ok (&r));
  vector_bytes_free (&b);
}

GST_END_TEST;

/* How many bytes each kind of read takes. */
static const size_t widths[] = { 1, 2, 4, 3, 3, SIZE_MAX };

static uint32_t
read_kind (rd_cursor * r, int kind, uint8_t out[3])
{
  switch (kind) {
    case 0:
      return rd_u8 (r);
    case 1:
      return rd_u16 (r);
    case 2:
      return rd_u32 (r);
    case 3:
      rd_bytes (r, out, 3);
      return 0;
    default:
      rd_skip (r, widths[kind]);
      return 0;
  }
}

GST_START_TEST (test_read_past_end)
{
  static const uint8_t data[3] = { 0xff, 0xff, 0xff };
  size_t width = widths[__i__];

  for (size_t len = 0; len <= sizeof (data); len++) {
    vector_bytes b = vector_bytes_copy (data, len);
    uint8_t out[3] = { 0xaa, 0xaa, 0xaa };
    rd_cursor r;
    uint32_t value;

    rd_init (&r, b.data, b.len);
    value = read_kind (&r, __i__, out);
    fail_unless_equals_int (rd_ok (&r), width <= len);
    if (width > len) {
      fail_unless_equals_uint64 (value, 0);
      fail_unless (__i__ != 3 || (out[0] | out[1] | out[2]) == 0);
      fail_unless_equals_int (rd_left (&r), 0);
      /* There is a byte left, but not for this cursor. */
      fail_unless_equals_int (rd_u8 (&r), 0);
      fail_unless (!rd_ok (&r));
    }
    vector_bytes_free (&b);
  }
}

GST_END_TEST;

GST_START_TEST (test_write)
{
  static const uint8_t want[] =
      { 0x01, 0xab, 0xcd, 0x80, 0, 0, 0x01, 7, 8, 9, 0, 0 };
  static const uint8_t some[] = { 7, 8, 9 };

  for (size_t cap = 0; cap <= sizeof (want); cap++) {
    vector_bytes b = vector_bytes_copy (want, cap);
    wr_cursor w;

    memset (b.data, 0x55, b.len);
    wr_init (&w, b.data, b.len);
    wr_u8 (&w, 0x01);
    wr_u16 (&w, 0);
    wr_u32 (&w, 0x80000001);
    wr_bytes (&w, some, sizeof (some));
    wr_bytes (&w, NULL, 0);
    wr_zero (&w, 2);
    wr_zero (&w, 0);
    wr_u16_at (&w, 1, 0xabcd);
    fail_unless_equals_int (wr_ok (&w), cap == sizeof (want));
    if (wr_ok (&w))
      assert_bytes_equal ("written", b.data, wr_len (&w), want, sizeof (want));
    else
      fail_unless_equals_int (wr_len (&w), 0);
    vector_bytes_free (&b);
  }
}

GST_END_TEST;

GST_START_TEST (test_write_overflow_sticks)
{
  uint8_t buf[2] = { 0x55, 0x55 };
  wr_cursor w;

  wr_init (&w, buf, sizeof (buf));
  wr_zero (&w, SIZE_MAX);
  wr_u8 (&w, 1);
  fail_unless (!wr_ok (&w));
  fail_unless (buf[0] == 0x55 && buf[1] == 0x55);
}

GST_END_TEST;

GST_START_TEST (test_write_at)
{
  static const size_t outside[] = { 3, 4, 5, SIZE_MAX - 1, SIZE_MAX };
  vector_bytes b = vector_bytes_from_hex ("ffffffffffff");
  wr_cursor w;

  wr_init (&w, b.data, b.len);
  wr_u16_at (&w, 0, 1);
  wr_u32 (&w, 0);
  for (size_t i = 0; i < G_N_ELEMENTS (outside); i++)
    wr_u16_at (&w, outside[i], 0x1234);
  assert_bytes_equal ("nothing outside", b.data, b.len,
      (const uint8_t *) "\0\0\0\0\xff\xff", 6);
  wr_u16_at (&w, 2, 0x1234);
  assert_bytes_equal ("inside", b.data, b.len,
      (const uint8_t *) "\0\0\x12\x34\xff\xff", 6);
  vector_bytes_free (&b);
}

GST_END_TEST;

GST_START_TEST (test_equal_ct)
{
  uint8_t a[32], b[32];

  for (size_t i = 0; i < sizeof (a); i++)
    a[i] = b[i] = (uint8_t) (i * 7);
  fail_unless (core_equal_ct (a, b, sizeof (a)));
  fail_unless (core_equal_ct (a, b, 0));
  for (size_t i = 0; i < sizeof (a) * 8; i++) {
    b[i / 8] ^= (uint8_t) (1 << i % 8);
    fail_if (core_equal_ct (a, b, sizeof (a)));
    fail_unless (core_equal_ct (a, b, i / 8));
    b[i / 8] ^= (uint8_t) (1 << i % 8);
  }
}

GST_END_TEST;

static Suite *
bytes_suite (void)
{
  Suite *s = suite_create ("bytes");
  TCase *tc = tcase_create ("cursors");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_read);
  tcase_add_loop_test (tc, test_read_past_end, 0, G_N_ELEMENTS (widths));
  tcase_add_test (tc, test_write);
  tcase_add_test (tc, test_write_overflow_sticks);
  tcase_add_test (tc, test_write_at);
  tcase_add_test (tc, test_equal_ct);
  return s;
}

GST_CHECK_MAIN (bytes);
