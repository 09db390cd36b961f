/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * SipHash-2-4 against the vectors of its authors.
 */
#include <gst/check/gstcheck.h>

#include "siphash.h"

GST_START_TEST (test_vectors)
{
  static const struct
  {
    size_t len;
    uint64_t hash;
  } rows[] = {
    {0, UINT64_C (0x726fdb47dd0e0e31)},
    {1, UINT64_C (0x74f839c593dc67fd)},
    {7, UINT64_C (0xab0200f58b01d137)},
    {8, UINT64_C (0x93f5f5799a932462)},
    {15, UINT64_C (0xa129ca6149be45e5)},
    {63, UINT64_C (0x958a324ceb064572)},
  };
  uint8_t bytes[64];

  for (unsigned i = 0; i < sizeof (bytes); i++)
    bytes[i] = (uint8_t) i;
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    fail_unless_equals_uint64 (core_siphash (bytes, bytes, rows[i].len),
        rows[i].hash);
}

GST_END_TEST;

static Suite *
siphash_suite (void)
{
  Suite *s = suite_create ("siphash");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  return s;
}

GST_CHECK_MAIN (siphash);
