/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * MLD in IPv6: the vectors, and messages nobody should send.
 */
#include "mld.h"

#include <string.h>

#include "ipudp.h"
#include "membership.h"

static const membership_protocol mld = {
  .query_kind = "MLDv2 General Query",
  .report_kind = "MLDv2 Listener Report",
  .family = CORE_FAMILY_V6,
  .parse_query = mld_parse_query,
  .parse_report = mld_parse_report,
  .build_query = mld_build_query,
  .build_report = mld_build_report,
  .report_overhead = MLD_REPORT_OVERHEAD,
  .max_len = IP_V6_HEADER + 65535
};

GST_START_TEST (test_vectors)
{
  fail_unless_equals_int (check_membership_vectors (&mld), 9);
}

GST_END_TEST;

GST_START_TEST (test_limits)
{
  check_membership_limits (&mld);
}

GST_END_TEST;

static int
parse_query (const uint8_t * data, size_t len)
{
  group_query query;

  return mld_parse_query (data, len, &query);
}

static int
parse_report (const uint8_t * data, size_t len)
{
  uint8_t scratch[MLD_SCRATCH];
  group_report report;

  return mld_parse_report (data, len, scratch, &report);
}

static const membership_case received_queries[] = {
  {"gw-query-igmp-for-p1", CORE_ERR_INNER_PROTOCOL_MISMATCH},
  {"gw-query-inner-bad-mld-checksum", CORE_ERR_INNER_CHECKSUM},
  {"gw-query-mldv1", CORE_ERR_NOT_V2_QUERY},
  {"gw-query-mld-hop-limit-64", CORE_OK},
};

GST_START_TEST (test_received_query)
{
  check_membership_received (parse_query, received_queries,
      G_N_ELEMENTS (received_queries));
}

GST_END_TEST;

static const membership_case received_reports[] = {
  {"relay-update-bad-mld-checksum", CORE_ERR_INNER_CHECKSUM},
  /* IPv4 is no MLD report */
  {"relay-update-inner-udp", CORE_ERR_INNER_NOT_REPORT},
};

GST_START_TEST (test_received_report)
{
  check_membership_received (parse_report, received_reports,
      G_N_ELEMENTS (received_reports));
}

GST_END_TEST;

#define ZERO16 "00000000000000000000000000000000"
#define GROUP "ff3e0000000000000000000080000001"
#define ALERT "3a00050200000100"
#define FRAGMENT "3a00000100000007"

/* An IPv6 datagram round extension headers and an MLD message, the checksum
 * right. */
static vector_bytes
wrap (unsigned next, const char *extensions, const char *hex)
{
  vector_bytes ext = vector_bytes_from_hex (extensions);
  vector_bytes message = vector_bytes_from_hex (hex);
  core_ip src = vector_ip_literal ("2001:db8::1");
  core_ip dst = vector_ip_literal ("ff02::1");
  vector_bytes b = vector_bytes_copy (NULL, 0);
  size_t start = IP_V6_HEADER + ext.len;
  wr_cursor w;

  b.len = start + message.len;
  b.data = g_realloc (b.data, b.len);
  wr_init (&w, b.data, b.len);
  wr_u32 (&w, 6u << 28);
  wr_u16 (&w, (uint16_t) (ext.len + message.len));
  wr_u8 (&w, (uint8_t) next);
  wr_u8 (&w, 1);
  core_ip_write (&w, &src);
  core_ip_write (&w, &dst);
  wr_bytes (&w, ext.data, ext.len);
  wr_bytes (&w, message.data, message.len);
  if (message.len >= 4) {
    uint32_t sum = ip_pseudo_sum (&src, &dst, IP_PROTOCOL_ICMPV6, message.len);

    wr_u16_at (&w, start + 2, 0);
    wr_u16_at (&w, start + 2, ip_sum_finish (ip_sum (b.data + start,
                message.len, sum)));
  }
  fail_unless_equals_int (wr_len (&w), b.len);
  vector_bytes_free (&ext);
  vector_bytes_free (&message);
  return b;
}

static const struct
{
  const char *name;
  unsigned next;
  const char *extensions;
  const char *hex;
  int query;
  int report;
} hostile[] = {
  {"no message", 0, ALERT, "", CORE_ERR_INNER_CHECKSUM,
      CORE_ERR_INNER_CHECKSUM},
  {"not ICMPv6", 17, "", "8200000000010000" ZERO16 "027d0000",
      CORE_ERR_INNER_PROTOCOL_MISMATCH, CORE_ERR_INNER_NOT_REPORT},
  {"no Hop-by-Hop", 58, "", "8200000000010000" ZERO16 "027d0000", CORE_OK,
      CORE_ERR_INNER_NOT_REPORT},
  {"group set", 0, ALERT, "8200000000010000" GROUP "027d0000",
      CORE_ERR_NOT_GENERAL_QUERY, CORE_ERR_INNER_NOT_REPORT},
  {"sources, no group", 0, ALERT, "8200000000010000" ZERO16 "027d0001",
      CORE_ERR_NOT_GENERAL_QUERY, CORE_ERR_INNER_NOT_REPORT},
  {"longer query", 0, ALERT, "8200000000010000" ZERO16 "027d0000ffffff",
      CORE_OK, CORE_ERR_INNER_NOT_REPORT},
  {"27 bytes", 0, ALERT, "8200000000010000" ZERO16 "027d00",
      CORE_ERR_NOT_V2_QUERY, CORE_ERR_INNER_NOT_REPORT},
  /* not a fragment is looked at before what it is a fragment of */
  {"fragment", 44, FRAGMENT, "8200000000010000" ZERO16 "027d0000",
      CORE_ERR_INNER_FRAGMENT, CORE_ERR_INNER_FRAGMENT},
  {"fragment of UDP", 44, "1100000900000007", "8200000000010000",
      CORE_ERR_INNER_FRAGMENT, CORE_ERR_INNER_FRAGMENT},
  {"atomic fragment", 44, "3a00000000000007",
        "8200000000010000" ZERO16 "027d0000", CORE_OK,
      CORE_ERR_INNER_NOT_REPORT},
  {"neighbour solicitation", 58, "", "8700000000000000" ZERO16,
      CORE_ERR_INNER_NOT_QUERY, CORE_ERR_INNER_NOT_REPORT},
  {"short v2 report", 0, ALERT, "8f000000000000", CORE_ERR_INNER_NOT_QUERY,
      CORE_ERR_INNER_TRUNCATED},
  {"65535 records", 0, ALERT, "8f0000000000ffff", CORE_ERR_INNER_NOT_QUERY,
      CORE_ERR_INNER_TRUNCATED},
  {"65535 sources", 0, ALERT, "8f000000000000010500ffff" GROUP,
      CORE_ERR_INNER_NOT_QUERY, CORE_ERR_INNER_TRUNCATED},
  {"short v1 report", 0, ALERT, "8300000000000000ff3e",
      CORE_ERR_INNER_NOT_QUERY, CORE_ERR_INNER_TRUNCATED},
  {"short v1 done", 0, ALERT, "8400000000000000ff3e",
      CORE_ERR_INNER_NOT_QUERY, CORE_ERR_INNER_TRUNCATED},
};

GST_START_TEST (test_hostile)
{
  vector_bytes b = wrap (hostile[__i__].next, hostile[__i__].extensions,
      hostile[__i__].hex);
  int ret = parse_query (b.data, b.len);

  fail_unless (ret == hostile[__i__].query, "%s: %s", hostile[__i__].name,
      core_error_name (ret));
  ret = parse_report (b.data, b.len);
  fail_unless (ret == hostile[__i__].report, "%s: %s", hostile[__i__].name,
      core_error_name (ret));
  vector_bytes_free (&b);
}

GST_END_TEST;

static const struct
{
  const char *hex;
  unsigned type;
} older[] = {
  {"8300000000000000" GROUP, GROUP_CHANGE_TO_EXCLUDE},
  {"8400000000000000" GROUP, GROUP_CHANGE_TO_INCLUDE},
  {"8300000012345678" GROUP "ff", GROUP_CHANGE_TO_EXCLUDE},
};

GST_START_TEST (test_older)
{
  vector_bytes b = wrap (IP_PROTOCOL_HOPOPTS, ALERT, older[__i__].hex);
  core_ip group = vector_ip_literal ("ff3e::8000:1");
  uint8_t scratch[MLD_SCRATCH];
  group_report report;
  group_record record;
  size_t pos = 0;

  fail_unless_equals_int (mld_parse_report (b.data, b.len, scratch, &report),
      CORE_OK);
  fail_unless_equals_int (report.n_records, 1);
  fail_unless (group_report_next (&report, &pos, &record));
  fail_unless_equals_int (record.type, older[__i__].type);
  fail_unless (core_ip_equal (&record.group, &group));
  fail_unless_equals_int (record.n_sources, 0);
  fail_if (group_report_next (&report, &pos, &record));
  vector_bytes_free (&b);
}

GST_END_TEST;

static Suite *
mld_suite (void)
{
  Suite *s = suite_create ("mld");
  TCase *tc = tcase_create ("mld");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_received_query);
  tcase_add_test (tc, test_received_report);
  tcase_add_loop_test (tc, test_hostile, 0, G_N_ELEMENTS (hostile));
  tcase_add_loop_test (tc, test_older, 0, G_N_ELEMENTS (older));
  return s;
}

GST_CHECK_MAIN (mld);
