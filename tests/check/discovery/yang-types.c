/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Values of YANG leaves: integers, addresses, dates.
 */
#include "yang-types.h"

#include <string.h>

#include "vectors.h"

static json_doc *
parse (const char *text)
{
  json_doc *doc;

  fail_unless_equals_int (json_parse (&doc, (const uint8_t *) text,
          strlen (text), 4, 8), CORE_OK);
  return doc;
}

GST_START_TEST (test_uint)
{
  static const struct
  {
    const char *text;
    uint64_t max;
    bool ok;
    uint64_t value;
  } rows[] = {
    {"0", 65535, true, 0},
    {"65535", 65535, true, 65535},
    {"65536", 65535, false},
    {"\"5001\"", 65535, true, 5001},
    {"\"0\"", 65535, true, 0},
    {"4294967295", UINT32_MAX, true, UINT32_MAX},
    {"4294967296", UINT32_MAX, false},
    {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
    {"18446744073709551616", UINT64_MAX, false},
    {"18446744073709556617", 65535, false},
    {"-18446744073709546615", 65535, false},
    {"-1", 65535, false},
    {"-0", 65535, false},
    {"1.0", 65535, false},
    {"1e3", 65535, false},
    {"\"\"", 65535, false},
    {"\"05\"", 65535, false},
    {"\"+5\"", 65535, false},
    {"\" 5\"", 65535, false},
    {"\"5 \"", 65535, false},
    {"\"0x5\"", 65535, false},
    {"null", 65535, false},
    {"true", 65535, false},
    {"[5]", 65535, false},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    json_doc *doc = parse (rows[i].text);
    uint64_t value = 0;

    fail_unless (yang_uint (json_root (doc), rows[i].max, &value) ==
        rows[i].ok, "%s", rows[i].text);
    if (rows[i].ok)
      fail_unless_equals_uint64 (value, rows[i].value);
    json_free (doc);
  }
}

GST_END_TEST;

GST_START_TEST (test_ip)
{
  static const char *const bad[] = { "\"\"", "\"fe80::1%eth0\"",
    "\"192.0.2\"", "\"192.0.2.256\"", "\" 192.0.2.1\"", "\"[2001:db8::1]\"",
    "1", "null", "\"example.com\"",
  };
  json_doc *doc = parse ("\"FF3E:0:0:0:0:0:8000:0001\"");
  core_ip want = vector_ip_literal ("ff3e::8000:1"), got;

  fail_unless (yang_ip (json_root (doc), &got));
  fail_unless (core_ip_equal (&got, &want));
  json_free (doc);
  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++) {
    doc = parse (bad[i]);
    fail_if (yang_ip (json_root (doc), &got), "%s", bad[i]);
    json_free (doc);
  }
}

GST_END_TEST;

GST_START_TEST (test_dates)
{
  static const struct
  {
    const char *text;
    int64_t seconds;
  } rows[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"1969-12-31T23:59:59Z", -1},
    {"2000-02-29T12:00:00.123456z", 951825600},
    {"2027-06-30T12:00:00+02:00", 1814349600},
    {"2027-06-30t10:00:00-00:00", 1814349600},
    {"2027-01-01T00:00:00-23:59", 1798847940},
    {"2016-12-31T23:59:60Z", 1483228800},
    {"0000-01-01T00:00:00Z", -62167219200},
    {"9999-12-31T23:59:59Z", 253402300799},
  };
  static const char *const bad[] = {
    "", "2027", "2027-06-30", "2027-06-30T12:00:00", "2027-06-30 12:00:00Z",
    "2027-6-30T12:00:00Z", "2027-13-01T00:00:00Z", "2027-00-01T00:00:00Z",
    "2027-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2027-04-31T00:00:00Z",
    "2027-06-00T00:00:00Z", "2027-06-30T24:00:00Z", "2027-06-30T12:60:00Z",
    "2027-06-30T12:00:61Z", "2027-06-30T12:00:00+2:00",
    "2027-06-30T12:00:00+24:00", "2027-06-30T12:00:00+02:60",
    "2027-06-30T12:00:00.Z", "2027-06-30T12:00:00Zx", "20270-06-30T12:00:00Z",
    "-027-06-30T12:00:00Z", "2027-06-30T12:00:00+02",
  };
  int64_t seconds;

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    fail_unless (yang_date_and_time (rows[i].text, &seconds), "%s",
        rows[i].text);
    fail_unless_equals_int64 (seconds, rows[i].seconds);
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_if (yang_date_and_time (bad[i], &seconds), "%s", bad[i]);
}

GST_END_TEST;

/* Every day of some centuries, against GLib. */
GST_START_TEST (test_calendar)
{
  GDateTime *day = g_date_time_new_utc (1896, 1, 1, 0, 0, 0);

  for (unsigned i = 0; i < 365 * 210; i++) {
    GDateTime *next = g_date_time_add_days (day, 1);

    fail_unless_equals_int64 (yang_seconds (g_date_time_get_year (day),
            g_date_time_get_month (day), g_date_time_get_day_of_month (day),
            0, 0, 0), g_date_time_to_unix (day));
    g_date_time_unref (day);
    day = next;
  }
  g_date_time_unref (day);
  fail_unless_equals_int (yang_days_of_month (2024, 2), 29);
  fail_unless_equals_int (yang_days_of_month (2024, 0), 0);
  fail_unless_equals_int (yang_days_of_month (2024, 13), 0);
}

GST_END_TEST;

static Suite *
yang_types_suite (void)
{
  Suite *s = suite_create ("yang-types");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_uint);
  tcase_add_test (tc, test_ip);
  tcase_add_test (tc, test_dates);
  tcase_add_test (tc, test_calendar);
  return s;
}

GST_CHECK_MAIN (yang_types);
