/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The Internet checksum, against the letter of RFC 1071.
 */
#include "ipsum.h"

#include "vectors.h"

/* RFC 1071 as it is written: 16 bits at a time, into 16 bits. */
static uint16_t
naive_checksum (const uint8_t * data, size_t len)
{
  uint32_t sum = 0;

  for (size_t i = 0; i < len; i++) {
    sum += i % 2 == 0 ? (uint32_t) data[i] << 8 : data[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return (uint16_t) ~ sum;
}

static const struct
{
  const char *hex;
  uint16_t checksum;
} sums[] = {
  {"", 0xffff},
  {"0001f203f4f5f6f7", 0x220d}, /* RFC 1071 §3 */
  {"0001f203f4f5f6", 0x2304},
  {"ff", 0x00ff},
  {"00ff", 0xff00},
  {"ffff", 0x0000},
  {"ffffffff", 0x0000},
  {"ffff0001", 0xfffe},
  {"0000000000", 0xffff},
  {"45000073000040004011b861c0a80001c0a800c7", 0x0000},
};

GST_START_TEST (test_sum_examples)
{
  vector_bytes b = vector_bytes_from_hex (sums[__i__].hex);

  fail_unless_equals_int_hex (ip_sum_finish (ip_sum (b.data, b.len, 0)),
      sums[__i__].checksum);
  fail_unless_equals_int_hex (naive_checksum (b.data, b.len),
      sums[__i__].checksum);
  vector_bytes_free (&b);
}

GST_END_TEST;

GST_START_TEST (test_sum_random)
{
  GRand *rand = g_rand_new_with_seed (1071);

  for (int i = 0; i < 2000; i++) {
    size_t len = (size_t) g_rand_int_range (rand, 0, i < 50 ? 70000 : 200);
    size_t split = (size_t) g_rand_int_range (rand, 0, (int) len + 1) & ~1u;
    uint8_t *data = g_malloc (len + 1);
    uint32_t sum;

    for (size_t k = 0; k < len; k++)
      data[k] = i % 3 == 0 ? 0xff : (uint8_t) g_rand_int (rand);
    sum = ip_sum (data, len, 0);
    fail_unless_equals_int_hex (ip_sum_finish (sum),
        naive_checksum (data, len));
    fail_unless_equals_int_hex (ip_sum_finish (ip_sum (data + split,
                len - split, ip_sum (data, split, 0))),
        naive_checksum (data, len));
    g_free (data);
  }
  fail_unless_equals_int (ip_sum_finish (ip_sum (NULL, 0, UINT32_MAX)), 0);
  fail_unless_equals_int_hex (ip_sum_finish (0x0002fffe), 0xfffe);
  g_rand_free (rand);
}

GST_END_TEST;

GST_START_TEST (test_pseudo_sum)
{
  static const struct
  {
    const char *src, *dst, *header;
  } cases[] = {
    {"192.0.2.10", "232.1.1.1", "c000020ae80101010011fffe"},
    {"2001:db8::10", "ff3e::8000:1",
        "20010db8000000000000000000000010ff3e0000000000000000000080000001"
          "0000fffe00000011"},
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++) {
    core_ip src = vector_ip_literal (cases[i].src);
    core_ip dst = vector_ip_literal (cases[i].dst);
    vector_bytes b = vector_bytes_from_hex (cases[i].header);

    fail_unless_equals_int_hex (ip_sum_finish (ip_pseudo_sum (&src, &dst, 17,
                0xfffe)), naive_checksum (b.data, b.len));
    vector_bytes_free (&b);
  }
}

GST_END_TEST;

/* Right and wrong headers, one in three all ones or zeros. */
GST_START_TEST (test_v4_header)
{
  GRand *rand = g_rand_new_with_seed (791);

  for (int i = 0; i < 3000; i++) {
    uint8_t header[20];
    uint16_t checksum;

    for (size_t k = 0; k < sizeof (header); k++)
      header[k] = i % 3 == 0 ? (uint8_t) - (i & 1) :
          (uint8_t) g_rand_int (rand);
    header[10] = header[11] = 0;
    checksum = naive_checksum (header, sizeof (header));
    header[10] = (uint8_t) (checksum >> 8);
    header[11] = (uint8_t) checksum;
    fail_unless (ip_sum_v4_header_ok (header));
    /* One bit cannot make up for itself. */
    header[i % 20] ^= (uint8_t) (1 << i % 8);
    fail_if (ip_sum_v4_header_ok (header));
  }
  g_rand_free (rand);
}

GST_END_TEST;

static Suite *
ipsum_suite (void)
{
  Suite *s = suite_create ("ipsum");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_sum_examples, 0, G_N_ELEMENTS (sums));
  tcase_add_test (tc, test_sum_random);
  tcase_add_test (tc, test_pseudo_sum);
  tcase_add_test (tc, test_v4_header);
  return s;
}

GST_CHECK_MAIN (ipsum);
