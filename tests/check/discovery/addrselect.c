/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The order of destinations, by the examples of RFC 6724 §10.2 and more.
 */
#include "addrselect.h"

#include "vectors.h"

static const struct
{
  const char *to;
  const char *from;
  const char *other_to;
  const char *other_from;
  bool equal;                   /* else the first one comes first */
} cases[] = {
  /* matching scope */
  {"2001:db8:1::1", "2001:db8:1::2", "198.51.100.121", "169.254.13.78"},
  {"198.51.100.121", "198.51.100.117", "2001:db8:1::1", "fe80::1"},
  /* precedence */
  {"2001:db8:1::1", "2001:db8:1::2", "10.1.2.3", "10.1.2.4"},
  /* smaller scope */
  {"fe80::1", "fe80::2", "2001:db8:1::1", "2001:db8:1::2"},
  /* matching label */
  {"2002:c633:6401::1", "2002:c633:6401::2", "2001:db8:1::1",
      "2002:c633:6401::2"},
  /* precedence of 6to4 */
  {"2001:db8:1::1", "2001:db8:1::2", "2002:c633:6401::1",
      "2002:c633:6401::2"},
  /* unique local below global */
  {"2001:db8:1::1", "2001:db8:1::2", "fd00::1", "fd00::2"},
  /* Teredo below 6to4 */
  {"2002:c633:6401::1", "2002:c633:6401::2", "2001::1", "2001::2"},
  /* longest prefix */
  {"2001:db8:1::1", "2001:db8:1::2", "2001:db8:3ffe::1", "2001:db8:1::2"},
  /* which says nothing beyond the network, and nothing of IPv4 */
  {"2001:db8:1::ff", "2001:db8:1::2", "2001:db8:1::3", "2001:db8:1::2", true},
  {"192.0.2.1", "192.0.2.2", "198.51.100.1", "192.0.2.2", true},
  /* loopback counts as link-local */
  {"127.0.0.1", "127.0.0.1", "192.0.2.1", "192.0.2.2"},
  {"::1", "::1", "2001:db8::1", "2001:db8::2"},
  /* site-local, deprecated and low */
  {"192.0.2.1", "192.0.2.2", "fec0::1", "2001:db8::1"},
};

GST_START_TEST (test_order)
{
  addr_pair a = {.to = vector_ip_literal (cases[__i__].to) };
  addr_pair b = {.to = vector_ip_literal (cases[__i__].other_to) };
  int there, back;

  a.from = vector_ip_literal (cases[__i__].from);
  b.from = vector_ip_literal (cases[__i__].other_from);
  there = addr_select_compare (&a, &b);
  back = addr_select_compare (&b, &a);
  if (cases[__i__].equal)
    fail_unless (there == 0 && back == 0, "case %d: %d", __i__, there);
  else
    fail_unless (there < 0 && back > 0, "case %d: %d", __i__, there);
  fail_unless_equals_int (addr_select_compare (&a, &a), 0);
}

GST_END_TEST;

static Suite *
addrselect_suite (void)
{
  Suite *s = suite_create ("addrselect");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_order, 0, G_N_ELEMENTS (cases));
  return s;
}

GST_CHECK_MAIN (addrselect);
