/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Addresses: text, kind, wire form, equality.
 */
#include "addr.h"

#include <string.h>

#include "vectors.h"

enum
{
  UNICAST = 1,
  MULTICAST = 2,
  SSM = 4,
  LOOPBACK = 8,
  UNSPECIFIED = 16
};

static const struct
{
  const char *text;
  const char *printed;          /* NULL: as text */
  int family;
  int kind;
} kinds[] = {
  {"0.0.0.0", NULL, 4, UNSPECIFIED},
  {"0.0.0.1", NULL, 4, UNICAST},
  {"127.0.0.1", NULL, 4, UNICAST | LOOPBACK},
  {"127.255.255.255", NULL, 4, UNICAST | LOOPBACK},
  {"128.0.0.0", NULL, 4, UNICAST},
  {"192.0.2.1", NULL, 4, UNICAST},
  {"223.255.255.255", NULL, 4, UNICAST},
  {"224.0.0.0", NULL, 4, MULTICAST},
  {"231.255.255.255", NULL, 4, MULTICAST},
  {"232.0.0.0", NULL, 4, MULTICAST | SSM},
  {"232.255.255.255", NULL, 4, MULTICAST | SSM},
  {"233.0.0.0", NULL, 4, MULTICAST},
  {"239.255.255.255", NULL, 4, MULTICAST},
  {"240.0.0.0", NULL, 4, UNICAST},
  {"255.255.255.254", NULL, 4, UNICAST},
  {"255.255.255.255", NULL, 4, 0},
  {"::", NULL, 6, UNSPECIFIED},
  {"::1", NULL, 6, UNICAST | LOOPBACK},
  {"::2", NULL, 6, UNICAST},
  {"1::1", NULL, 6, UNICAST},
  {"2001:DB8:0:0::1", "2001:db8::1", 6, UNICAST},
  {"fe80::1", NULL, 6, UNICAST},
  {"fe00::", NULL, 6, UNICAST},
  {"ff00::", NULL, 6, MULTICAST},
  {"ff02::16", NULL, 6, MULTICAST},
  {"ff2e::8000:1", NULL, 6, MULTICAST},
  {"ff30::", NULL, 6, MULTICAST | SSM},
  {"ff3e::8000:1", NULL, 6, MULTICAST | SSM},
  {"ff3f:0:ffff::1", NULL, 6, MULTICAST | SSM},
  {"ff3e:1::8000:1", NULL, 6, MULTICAST},
  {"ff3e:100::8000:1", NULL, 6, MULTICAST},
  {"ff4e::8000:1", NULL, 6, MULTICAST},
  {"fe3e::8000:1", NULL, 6, UNICAST},
  {"::ffff:192.0.2.1", "192.0.2.1", 4, UNICAST},
  {"::ffff:232.1.1.1", "232.1.1.1", 4, MULTICAST | SSM},
  {"::ffff:127.0.0.1", "127.0.0.1", 4, UNICAST | LOOPBACK},
  {"::192.0.2.1", NULL, 6, UNICAST},
  {"2001:db8:1111:2222:3333:4444:5555:6666", NULL, 6, UNICAST},
};

GST_START_TEST (test_kind)
{
  core_ip ip = vector_ip_literal (kinds[__i__].text);
  const char *printed = kinds[__i__].printed;
  char text[CORE_IP_TEXT_MAX];
  int kind = 0;

  if (printed == NULL)
    printed = kinds[__i__].text;
  kind |= core_ip_is_unicast (&ip) ? UNICAST : 0;
  kind |= core_ip_is_multicast (&ip) ? MULTICAST : 0;
  kind |= core_ip_is_ssm (&ip) ? SSM : 0;
  kind |= core_ip_is_loopback (&ip) ? LOOPBACK : 0;
  kind |= core_ip_is_unspecified (&ip) ? UNSPECIFIED : 0;
  fail_unless (kind == kinds[__i__].kind, "%s: %x", kinds[__i__].text, kind);
  fail_unless_equals_int (ip.family, kinds[__i__].family);
  fail_unless_equals_int (core_ip_len (&ip), ip.family == 4 ? 4 : 16);
  fail_unless (core_ip_to_string (&ip, text) == text);
  fail_unless_equals_string (text, printed);
}

GST_END_TEST;

static const char *const bad_texts[] = {
  "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4 ", " 1.2.3.4",
  "1.2.3.4:5", "[::1]", "fe80::1%1", ":::", "1:2:3:4:5:6:7", "g::",
  "1:2:3:4:5:6:7:8:9", "::1.2.3", "localhost", "0x7f.0.0.1",
};

GST_START_TEST (test_bad_text)
{
  core_ip ip;

  memset (&ip, 0x55, sizeof (ip));
  fail_if (core_ip_from_string (bad_texts[__i__], &ip), "%s parsed",
      bad_texts[__i__]);
  fail_unless_equals_int (ip.family, 0x55);
}

GST_END_TEST;

GST_START_TEST (test_none)
{
  core_ip none = { 0 };
  core_ip v4 = vector_ip_literal ("0.0.0.0");
  char text[CORE_IP_TEXT_MAX] = "x";

  fail_unless_equals_int (core_ip_len (&none), 0);
  fail_unless_equals_string (core_ip_to_string (&none, text), "");
  fail_if (core_ip_is_unicast (&none));
  fail_if (core_ip_is_multicast (&none));
  fail_if (core_ip_is_ssm (&none));
  fail_if (core_ip_is_loopback (&none));
  fail_unless (core_ip_equal (&none, &none));
  fail_if (core_ip_equal (&none, &v4));
}

GST_END_TEST;

GST_START_TEST (test_equal)
{
  for (size_t a = 0; a < G_N_ELEMENTS (kinds); a++) {
    core_addr x = {.ip = vector_ip_literal (kinds[a].text),.port = 9 };
    core_addr y = x;

    for (size_t b = 0; b < G_N_ELEMENTS (kinds); b++) {
      y.ip = vector_ip_literal (kinds[b].text);
      /* Two texts of the table name one address. */
      fail_unless_equals_int (core_addr_equal (&x, &y), a == b ||
          g_strcmp0 (kinds[a].printed, kinds[b].text) == 0 ||
          g_strcmp0 (kinds[b].printed, kinds[a].text) == 0);
    }
    y = x;
    y.port++;
    fail_if (core_addr_equal (&x, &y));
    y = x;
    y.scope++;
    fail_if (core_addr_equal (&x, &y));
  }
}

GST_END_TEST;

GST_START_TEST (test_wire)
{
  for (size_t i = 0; i < G_N_ELEMENTS (kinds); i++) {
    core_ip ip = vector_ip_literal (kinds[i].text);
    size_t len = core_ip_len (&ip);
    uint8_t buf[16];
    core_ip again;
    wr_cursor w;
    rd_cursor r;

    wr_init (&w, buf, sizeof (buf));
    core_ip_write (&w, &ip);
    fail_unless_equals_int (wr_len (&w), len);
    assert_bytes_equal (kinds[i].text, buf, len, ip.bytes, len);
    rd_init (&r, buf, len);
    again = core_ip_read (&r, (core_family) ip.family);
    fail_unless (rd_ok (&r) && core_ip_equal (&ip, &again));
    rd_init (&r, buf, len - 1);
    core_ip_read (&r, (core_family) ip.family);
    fail_if (rd_ok (&r));
  }
}

GST_END_TEST;

/* On the wire a mapped address is what it says: 16 bytes. */
GST_START_TEST (test_read_does_not_map)
{
  vector_bytes b = vector_bytes_from_hex ("00000000000000000000ffffc0000201");
  rd_cursor r;
  core_ip ip;

  rd_init (&r, b.data, b.len);
  ip = core_ip_read (&r, CORE_FAMILY_V6);
  fail_unless_equals_int (ip.family, CORE_FAMILY_V6);
  ip = core_ip_v6 (b.data);
  fail_unless_equals_int (ip.family, CORE_FAMILY_V4);
  fail_unless (memcmp (ip.bytes, b.data + 12, 4) == 0);
  vector_bytes_free (&b);
}

GST_END_TEST;

static const struct
{
  const char *ip;
  uint16_t port;
  const char *text;
} endpoints[] = {
  {"192.0.2.1", 2268, "192.0.2.1:2268"},
  {"255.255.255.255", 65535, "255.255.255.255:65535"},
  {"2001:db8::1", 2268, "[2001:db8::1]:2268"},
  {"::ffff:192.0.2.1", 0, "192.0.2.1:0"},
  {"2001:db8:1111:2222:3333:4444:5555:6666", 65535,
      "[2001:db8:1111:2222:3333:4444:5555:6666]:65535"},
};

GST_START_TEST (test_endpoint_text)
{
  core_addr addr = {.ip = vector_ip_literal (endpoints[__i__].ip) };
  char text[CORE_ADDR_TEXT_MAX];

  addr.port = endpoints[__i__].port;
  fail_unless (core_addr_to_string (&addr, text) == text);
  fail_unless_equals_string (text, endpoints[__i__].text);
}

GST_END_TEST;

static Suite *
addr_suite (void)
{
  Suite *s = suite_create ("addr");
  TCase *tc = tcase_create ("addresses");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_kind, 0, G_N_ELEMENTS (kinds));
  tcase_add_loop_test (tc, test_bad_text, 0, G_N_ELEMENTS (bad_texts));
  tcase_add_test (tc, test_none);
  tcase_add_test (tc, test_equal);
  tcase_add_test (tc, test_wire);
  tcase_add_test (tc, test_read_does_not_map);
  tcase_add_loop_test (tc, test_endpoint_text, 0, G_N_ELEMENTS (endpoints));
  return s;
}

GST_CHECK_MAIN (addr);
