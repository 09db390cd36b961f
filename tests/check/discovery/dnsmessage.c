/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * DNS responses: aliases, compression, negative answers, and what a hostile
 * server sends.
 */
#include "dnsmessage.h"

#include <string.h>

#include "vectors.h"

#define QUESTION \
  "023130013201300331393207696e2d61646472046172706100" "01040001"

/* The response of the digest: a CNAME, then three AMTRELAY records. */
static const char example[] = "226881800001000400000000" QUESTION
    "c00c0005000100000e10001705737263313003616d74076578616d706c6503636f6d00"
    "c0350104000100000e1000060a81c6336401"
    "c0350104000100000e1000120a8220010db8000a00000000000000000001"
    "c0350104000100000e1000"
    "19800309616d7472656c617973076578616d706c6503636f6d00";

static int
parse (const char *hex, uint16_t type, dns_response * out)
{
  vector_bytes bytes = vector_bytes_from_hex (hex);
  int ret = dns_parse_response (bytes.data, bytes.len, type, out);

  vector_bytes_free (&bytes);
  return ret;
}

GST_START_TEST (test_example)
{
  static dns_response r;
  dns_amtrelay relay;

  fail_unless_equals_int (parse (example, DNS_TYPE_AMTRELAY, &r), DNS_OK);
  fail_unless_equals_int (r.rcode, 0);
  fail_unless (!r.truncated && !r.authentic && r.aliased);
  fail_unless_equals_string (r.canonical, "src10.amt.example.com.");
  fail_unless_equals_int (r.ttl, 3600);
  fail_unless_equals_int (r.n_records, 3);
  fail_unless_equals_int (r.n_dropped, 0);
  fail_unless_equals_int (dns_parse_amtrelay (r.records[2].data,
          r.records[2].len, &relay), DNS_OK);
  fail_unless_equals_string (relay.name, "amtrelays.example.com.");
}

GST_END_TEST;

GST_START_TEST (test_truncated)
{
  static dns_response r;
  vector_bytes whole = vector_bytes_from_hex (example);

  for (size_t len = 0; len < whole.len; len++) {
    vector_bytes cut = vector_bytes_copy (whole.data, len);

    fail_unless_equals_int (dns_parse_response (cut.data, cut.len,
            DNS_TYPE_AMTRELAY, &r), DNS_ERR_BAD_MESSAGE);
    vector_bytes_free (&cut);
  }
  vector_bytes_free (&whole);
}

GST_END_TEST;

static const struct
{
  const char *name;
  const char *hex;
  uint16_t type;
  int result;
  unsigned n_records;
  unsigned n_dropped;
  const char *canonical;
  uint32_t ttl;
} cases[] = {
  {"a query", "226801000001000000000000" QUESTION, DNS_TYPE_AMTRELAY,
      DNS_ERR_BAD_MESSAGE},
  {"two questions", "226881800002000000000000" QUESTION QUESTION,
      DNS_TYPE_AMTRELAY, DNS_ERR_BAD_MESSAGE},
  {"no question", "226881800000000000000000", DNS_TYPE_AMTRELAY,
      DNS_ERR_BAD_MESSAGE},
  {"nothing", "226881800001000000000000" QUESTION, DNS_TYPE_AMTRELAY,
      DNS_OK, 0, 0, "10.2.0.192.in-addr.arpa.", 0},
  {"an SOA with nothing", "226881830001000000010000" QUESTION
        "c00c00060001000003840016" "0000" "00000001" "00000002" "00000003"
        "00000004" "0000003c", DNS_TYPE_AMTRELAY,
      DNS_OK, 0, 0, "10.2.0.192.in-addr.arpa.", 60},
  {"another name's records", "226881800001000100000000" QUESTION
        "c00f0104000100000e1000060a81c6336401", DNS_TYPE_AMTRELAY,
      DNS_OK, 0, 0, "10.2.0.192.in-addr.arpa.", 0},
  {"another class", "226881800001000100000000" QUESTION
        "c00c0104000300000e1000060a81c6336401", DNS_TYPE_AMTRELAY,
      DNS_OK, 0, 0, "10.2.0.192.in-addr.arpa.", 0},
  {"a TTL with its highest bit set", "226881800001000100000000" QUESTION
        "c00c0104000180000e1000060a81c6336401", DNS_TYPE_AMTRELAY,
      DNS_OK, 1, 0, "10.2.0.192.in-addr.arpa.", 0},
  {"aliases in a circle", "226881800001000200000000" QUESTION
        "c00c0005000100000e100003016100" "0161000005000100000e100002c00c",
      DNS_TYPE_AMTRELAY, DNS_OK, 0, 0, "10.2.0.192.in-addr.arpa.", 3600},
  {"an alias of itself", "226881800001000100000000" QUESTION
        "c00c0005000100000e100002c00c", DNS_TYPE_AMTRELAY, DNS_OK, 0, 0,
      "10.2.0.192.in-addr.arpa.", 3600},
  {"a name that is its own end", "226881800001000100000000" QUESTION
        "c0290104000100000e1000060a81c6336401", DNS_TYPE_AMTRELAY,
      DNS_ERR_BAD_MESSAGE},
  {"a name that points ahead", "226881800001000100000000" QUESTION
        "c0300104000100000e1000060a81c6336401", DNS_TYPE_AMTRELAY,
      DNS_ERR_BAD_MESSAGE},
  {"a label of a kind that is not", "226881800001000100000000" QUESTION
        "400104000100000e1000060a81c6336401", DNS_TYPE_AMTRELAY,
      DNS_ERR_BAD_MESSAGE},
  {"a compressed PTR", "226881800001000100000000" QUESTION
        "c00c000c000100000e100006" "03616263c00f", DNS_TYPE_PTR,
      DNS_OK, 1, 0, "10.2.0.192.in-addr.arpa.", 3600},
  {"a compressed SRV", "226881800001000100000000" QUESTION
        "c00c0021000100000e100008" "0001000220e5c00f", DNS_TYPE_SRV,
      DNS_OK, 1, 0, "10.2.0.192.in-addr.arpa.", 3600},
  {"an SRV too short", "226881800001000100000000" QUESTION
        "c00c0021000100000e100004" "00010002", DNS_TYPE_SRV,
      DNS_OK, 0, 1, "10.2.0.192.in-addr.arpa.", 3600},
  {"a PTR with octets behind", "226881800001000100000000" QUESTION
        "c00c000c000100000e100003" "c00f00", DNS_TYPE_PTR,
      DNS_OK, 0, 1, "10.2.0.192.in-addr.arpa.", 3600},
};

GST_START_TEST (test_responses)
{
  static dns_response r;
  int ret = parse (cases[__i__].hex, cases[__i__].type, &r);
  const char *name = cases[__i__].name;

  fail_unless (ret == cases[__i__].result, "%s: %d", name, ret);
  if (ret != DNS_OK)
    return;
  fail_unless (r.n_records == cases[__i__].n_records, "%s: %u", name,
      r.n_records);
  fail_unless (r.n_dropped == cases[__i__].n_dropped, "%s: %u", name,
      r.n_dropped);
  fail_unless (r.ttl == cases[__i__].ttl, "%s: %u", name, r.ttl);
  fail_unless (dns_name_equal (r.canonical, cases[__i__].canonical), "%s: %s",
      name, r.canonical);
}

GST_END_TEST;

GST_START_TEST (test_expanded)
{
  static dns_response r;
  char name[DNS_NAME_TEXT_MAX];
  dns_srv srv;

  parse ("226881800001000100000000" QUESTION "c00c000c000100000e100006"
      "03616263c00f", DNS_TYPE_PTR, &r);
  fail_unless_equals_int (dns_parse_name (r.records[0].data, r.records[0].len,
          name), DNS_OK);
  fail_unless_equals_string (name, "abc.2.0.192.in-addr.arpa.");
  parse ("226881800001000100000000" QUESTION "c00c0021000100000e100008"
      "0001000220e5c00c", DNS_TYPE_SRV, &r);
  fail_unless_equals_int (dns_parse_srv (r.records[0].data, r.records[0].len,
          &srv), DNS_OK);
  fail_unless_equals_string (srv.target, "10.2.0.192.in-addr.arpa.");
}

GST_END_TEST;

GST_START_TEST (test_flags)
{
  static dns_response r;

  fail_unless_equals_int (parse ("226883a20001000000000000" QUESTION,
          DNS_TYPE_AMTRELAY, &r), DNS_OK);
  fail_unless (r.truncated && r.authentic);
  fail_unless_equals_int (r.rcode, 2);
}

GST_END_TEST;

/* More records than are kept, and one that is longer than any should be. */
GST_START_TEST (test_limits)
{
  static dns_response r;
  GString *hex = g_string_new ("2268818000010000" "00000000" QUESTION);
  unsigned n = DNS_MAX_RECORDS + 10;
  char count[5];

  g_snprintf (count, sizeof (count), "%04x", n + 1);
  memcpy (hex->str + 12, count, 4);
  g_string_append (hex, "c00c01040001000000640200");
  for (unsigned i = 0; i < 0x200; i++)
    g_string_append (hex, "00");
  for (unsigned i = 0; i < n; i++)
    g_string_append (hex, "c00c01040001000000c800060a81c6336401");
  fail_unless_equals_int (parse (hex->str, DNS_TYPE_AMTRELAY, &r), DNS_OK);
  fail_unless_equals_int (r.n_records, DNS_MAX_RECORDS);
  fail_unless_equals_int (r.n_dropped, 11);
  fail_unless_equals_int (r.ttl, 100);
  g_string_free (hex, TRUE);
}

GST_END_TEST;

/* A chain of aliases longer than we follow ends where we stop. */
GST_START_TEST (test_long_chain)
{
  static dns_response r;
  GString *hex = g_string_new ("226881800001000c00000000" QUESTION
      "c00c0005000100000e10000301" "6100");

  for (unsigned i = 0; i < 11; i++)
    g_string_append_printf (hex, "01%02x000005000100000e10000301%02x00",
        'a' + i, 'b' + i);
  fail_unless_equals_int (parse (hex->str, DNS_TYPE_AMTRELAY, &r), DNS_OK);
  fail_unless_equals_string (r.canonical, "h.");
  g_string_free (hex, TRUE);
}

GST_END_TEST;

static Suite *
dnsmessage_suite (void)
{
  Suite *s = suite_create ("dnsmessage");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_example);
  tcase_add_test (tc, test_truncated);
  tcase_add_loop_test (tc, test_responses, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tc, test_expanded);
  tcase_add_test (tc, test_flags);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_long_chain);
  return s;
}

GST_CHECK_MAIN (dnsmessage);
