/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * IGMP in IPv4: the vectors, and messages nobody should send.
 */
#include "igmp.h"

#include <string.h>

#include "ipudp.h"
#include "membership.h"

static const membership_protocol igmp = {
  .query_kind = "IGMPv3 General Query",
  .report_kind = "IGMPv3 Membership Report",
  .family = CORE_FAMILY_V4,
  .parse_query = igmp_parse_query,
  .parse_report = igmp_parse_report,
  .build_query = igmp_build_query,
  .build_report = igmp_build_report,
  .report_overhead = IGMP_REPORT_OVERHEAD,
  .max_len = 65535
};

GST_START_TEST (test_vectors)
{
  fail_unless_equals_int (check_membership_vectors (&igmp), 12);
}

GST_END_TEST;

GST_START_TEST (test_limits)
{
  check_membership_limits (&igmp);
}

GST_END_TEST;

static int
parse_query (const uint8_t * data, size_t len)
{
  group_query query;

  return igmp_parse_query (data, len, &query);
}

static int
parse_report (const uint8_t * data, size_t len)
{
  uint8_t scratch[IGMP_SCRATCH];
  group_report report;

  return igmp_parse_report (data, len, scratch, &report);
}

static const membership_case received_queries[] = {
  {"gw-query-mld-for-p0", CORE_ERR_INNER_PROTOCOL_MISMATCH},
  {"gw-query-inner-udp", CORE_ERR_INNER_PROTOCOL_MISMATCH},
  {"gw-query-inner-report", CORE_ERR_INNER_NOT_QUERY},
  {"gw-query-igmpv2", CORE_ERR_NOT_V3_QUERY},
  {"gw-query-igmp-10-bytes", CORE_ERR_NOT_V3_QUERY},
  {"gw-query-group-specific", CORE_ERR_NOT_GENERAL_QUERY},
  {"gw-query-group-source-specific", CORE_ERR_NOT_GENERAL_QUERY},
  {"gw-query-inner-length-exceeds", CORE_ERR_INNER_LENGTH_EXCEEDS},
  {"gw-query-inner-length-into-g-fields", CORE_ERR_INNER_LENGTH_EXCEEDS},
  {"gw-query-inner-bad-ip-checksum", CORE_ERR_INNER_IP_CHECKSUM},
  {"gw-query-inner-bad-igmp-checksum", CORE_ERR_INNER_CHECKSUM},
  {"gw-query-g-set-no-fields", CORE_ERR_INNER_TRUNCATED},
  {"gw-query-g-clear-extra-octets", CORE_OK},
  {"gw-query-reserved-nonzero", CORE_OK},
  {"gw-query-no-router-alert", CORE_OK},
  {"gw-query-inner-source-global", CORE_OK},
  {"gw-query-qqic-zero", CORE_OK},
};

GST_START_TEST (test_received_query)
{
  check_membership_received (parse_query, received_queries,
      G_N_ELEMENTS (received_queries));
}

GST_END_TEST;

static const membership_case received_reports[] = {
  {"relay-update-good", CORE_OK},
  {"relay-update-inner-query", CORE_ERR_INNER_NOT_REPORT},
  {"relay-update-inner-udp", CORE_ERR_INNER_NOT_REPORT},
  {"relay-update-igmpv1-report", CORE_ERR_INNER_NOT_REPORT},
  {"relay-update-inner-length-exceeds", CORE_ERR_INNER_LENGTH_EXCEEDS},
  {"relay-update-bad-ip-checksum", CORE_ERR_INNER_IP_CHECKSUM},
  {"relay-update-bad-igmp-checksum", CORE_ERR_INNER_CHECKSUM},
  {"relay-update-record-count-too-big", CORE_ERR_INNER_TRUNCATED},
  {"relay-update-source-count-too-big", CORE_ERR_INNER_TRUNCATED},
  {"relay-update-aux-data", CORE_OK},
  {"relay-update-unknown-record", CORE_OK},
  {"relay-update-ssm-exclude", CORE_OK},
  {"relay-update-trailing-octets", CORE_OK},
  {"relay-update-vlc-no-router-alert", CORE_OK},
  {"relay-update-empty-report", CORE_OK},
};

GST_START_TEST (test_received_report)
{
  check_membership_received (parse_report, received_reports,
      G_N_ELEMENTS (received_reports));
}

GST_END_TEST;

/* An IPv4 datagram round an IGMP message, both checksums right. */
static vector_bytes
wrap (unsigned protocol, unsigned flags, const char *hex)
{
  vector_bytes message = vector_bytes_from_hex (hex);
  vector_bytes b = vector_bytes_copy (NULL, 0);
  uint16_t sum;
  wr_cursor w;

  b.len = IP_V4_HEADER + message.len;
  b.data = g_realloc (b.data, b.len);
  wr_init (&w, b.data, b.len);
  wr_u16 (&w, 0x4500);
  wr_u16 (&w, (uint16_t) b.len);
  wr_u16 (&w, 0);
  wr_u16 (&w, (uint16_t) flags);
  wr_u8 (&w, 1);
  wr_u8 (&w, (uint8_t) protocol);
  wr_u16 (&w, 0);
  wr_u32 (&w, 0);
  wr_u32 (&w, 0xe0000016);
  wr_bytes (&w, message.data, message.len);
  wr_u16_at (&w, 10, ip_sum_finish (ip_sum (b.data, IP_V4_HEADER, 0)));
  if (message.len >= 4) {
    wr_u16_at (&w, IP_V4_HEADER + 2, 0);
    sum = ip_sum_finish (ip_sum (b.data + IP_V4_HEADER, message.len, 0));
    wr_u16_at (&w, IP_V4_HEADER + 2, sum);
  }
  fail_unless_equals_int (wr_len (&w), b.len);
  vector_bytes_free (&message);
  return b;
}

static const struct
{
  const char *name;
  unsigned protocol;
  unsigned flags;
  const char *hex;
  int query;
  int report;
} hostile[] = {
  {"no message", 2, 0, "", CORE_ERR_INNER_CHECKSUM, CORE_ERR_INNER_CHECKSUM},
  {"four bytes", 2, 0, "11000000", CORE_ERR_NOT_V3_QUERY,
      CORE_ERR_INNER_NOT_REPORT},
  {"group set", 2, 0, "1101000000000001027d0000", CORE_ERR_NOT_GENERAL_QUERY,
      CORE_ERR_INNER_NOT_REPORT},
  {"sources, no group", 2, 0, "1101000000000000027d0001",
      CORE_ERR_NOT_GENERAL_QUERY, CORE_ERR_INNER_NOT_REPORT},
  {"longer query", 2, 0, "1101000000000000027d0000ffff", CORE_OK,
      CORE_ERR_INNER_NOT_REPORT},
  /* not a fragment is looked at before what it is a fragment of */
  {"fragment", 2, 0x2000, "1101000000000000027d0000",
      CORE_ERR_INNER_FRAGMENT, CORE_ERR_INNER_FRAGMENT},
  {"fragment of UDP", 17, 0x2000, "1101000000000000027d0000",
      CORE_ERR_INNER_FRAGMENT, CORE_ERR_INNER_FRAGMENT},
  {"last fragment", 2, 1, "1101000000000000027d0000",
      CORE_ERR_INNER_FRAGMENT, CORE_ERR_INNER_FRAGMENT},
  {"short v3 report", 2, 0, "22000000000000", CORE_ERR_INNER_NOT_QUERY,
      CORE_ERR_INNER_TRUNCATED},
  {"65535 records", 2, 0, "220000000000ffff", CORE_ERR_INNER_NOT_QUERY,
      CORE_ERR_INNER_TRUNCATED},
  {"aux past the end", 2, 0, "220000000000000105010000e8010101",
      CORE_ERR_INNER_NOT_QUERY, CORE_ERR_INNER_TRUNCATED},
  {"short v2 report", 2, 0, "16000000e80101", CORE_ERR_INNER_NOT_QUERY,
      CORE_ERR_INNER_TRUNCATED},
  {"short v2 leave", 2, 0, "17000000e80101", CORE_ERR_INNER_NOT_QUERY,
      CORE_ERR_INNER_TRUNCATED},
  {"v1 report", 2, 0, "12000000e9010101", CORE_ERR_INNER_NOT_QUERY,
      CORE_ERR_INNER_NOT_REPORT},
  {"DVMRP", 2, 0, "13000000e9010101", CORE_ERR_INNER_NOT_QUERY,
      CORE_ERR_INNER_NOT_REPORT},
};

GST_START_TEST (test_hostile)
{
  vector_bytes b = wrap (hostile[__i__].protocol, hostile[__i__].flags,
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
  {"16000000e9010101", GROUP_CHANGE_TO_EXCLUDE},
  {"17000000e9010101", GROUP_CHANGE_TO_INCLUDE},
  {"16640000e9010101ffff", GROUP_CHANGE_TO_EXCLUDE},
};

GST_START_TEST (test_older)
{
  vector_bytes b = wrap (IP_PROTOCOL_IGMP, 0, older[__i__].hex);
  core_ip group = vector_ip_literal ("233.1.1.1");
  uint8_t scratch[IGMP_SCRATCH];
  group_report report;
  group_record record;
  size_t pos = 0;

  fail_unless_equals_int (igmp_parse_report (b.data, b.len, scratch, &report),
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

GST_START_TEST (test_max_response)
{
  static const struct
  {
    const char *hex;
    uint32_t ms;
  } codes[] = {
    {"1100000000000000027d0000", 0},
    {"1164000000000000027d0000", 10000},
    {"1180000000000000027d0000", 12800},
    {"11ff000000000000027d0000", 3174400},
  };

  for (size_t i = 0; i < G_N_ELEMENTS (codes); i++) {
    vector_bytes b = wrap (IP_PROTOCOL_IGMP, 0, codes[i].hex);
    group_query query;

    fail_unless_equals_int (igmp_parse_query (b.data, b.len, &query), CORE_OK);
    fail_unless_equals_int (query.max_response_ms, codes[i].ms);
    vector_bytes_free (&b);
  }
}

GST_END_TEST;

static Suite *
igmp_suite (void)
{
  Suite *s = suite_create ("igmp");
  TCase *tc = tcase_create ("igmp");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_received_query);
  tcase_add_test (tc, test_received_report);
  tcase_add_loop_test (tc, test_hostile, 0, G_N_ELEMENTS (hostile));
  tcase_add_loop_test (tc, test_older, 0, G_N_ELEMENTS (older));
  tcase_add_test (tc, test_max_response);
  return s;
}

GST_CHECK_MAIN (igmp);
