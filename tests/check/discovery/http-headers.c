/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What header fields mean for whoever asks again.
 */
#include "http-headers.h"

#include <gst/check/gstcheck.h>

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

GST_START_TEST (test_dates)
{
  static const char *const bad[] = { NULL, "", "yesterday", "0",
    "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nod 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov -199 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT+1",
    "Sun, 06 Nov 1994 08:49:37 GM", "Sun, 06 Nov 1994 08:49:37 GMT x",
  };
  int64_t seconds;

  fail_unless (http_date (DATE, &seconds));
  fail_unless_equals_int64 (seconds, 784111777);
  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_if (http_date (bad[i], &seconds), "%s", bad[i]);
}

GST_END_TEST;

GST_START_TEST (test_freshness)
{
  static const struct
  {
    const char *cache_control, *age, *expires, *date;
    bool known;
    uint64_t seconds;
  } rows[] = {
    {"max-age=120", NULL, NULL, NULL, true, 120},
    {"max-age=120", "20", NULL, NULL, true, 100},
    {"max-age=120", " 20 ", NULL, NULL, true, 100},
    {"max-age=120", "500", NULL, NULL, true, 0},
    {"max-age=120", "-5", NULL, NULL, true, 120},
    {"max-age=120", "x", NULL, NULL, true, 120},
    {"MAX-AGE = \"60\" , public", NULL, NULL, NULL, true, 60},
    {"private,max-age=60", NULL, NULL, NULL, true, 60},
    {"s-maxage=5, max-age=60", NULL, NULL, NULL, true, 60},
    {"max-age=60, max-age=5", NULL, NULL, NULL, true, 60},
    {"max-age=0", NULL, NULL, NULL, true, 0},
    {"max-age=99999999999999999999999", NULL, NULL, NULL, true, 1000000000},
    {"max-age=60, no-cache", NULL, NULL, NULL, false, 0},
    {"no-store", NULL, NULL, NULL, false, 0},
    {"no-cache=\"x\", max-age=60", NULL, NULL, NULL, false, 0},
    {"no-cacheable, max-age=60", NULL, NULL, NULL, true, 60},
    {"max-age", NULL, NULL, NULL, false, 0},
    {"max-age=", NULL, NULL, NULL, false, 0},
    {"max-age=-5", NULL, NULL, NULL, false, 0},
    {"max-age=5x", NULL, NULL, NULL, false, 0},
    {",,,=,", NULL, NULL, NULL, false, 0},
    {"", NULL, NULL, NULL, false, 0},
    {NULL, NULL, NULL, NULL, false, 0},
    {NULL, NULL, "Sun, 06 Nov 1994 08:50:37 GMT", DATE, true, 60},
    {NULL, NULL, "Sun, 06 Nov 1994 08:49:30 GMT", DATE, true, 0},
    {NULL, NULL, "Sun, 06 Nov 9994 08:49:37 GMT", DATE, true, 1000000000},
    {NULL, NULL, "0", DATE, false, 0},
    {NULL, NULL, DATE, NULL, false, 0},
    {"max-age=7", NULL, "Sun, 06 Nov 1994 08:50:37 GMT", DATE, true, 7},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    uint64_t seconds = 1;

    fail_unless (http_freshness (rows[i].cache_control, rows[i].age,
            rows[i].expires, rows[i].date, &seconds) == rows[i].known,
        "row %u", i);
    fail_unless_equals_uint64 (seconds, rows[i].seconds);
  }
}

GST_END_TEST;

GST_START_TEST (test_retry_after)
{
  fail_unless_equals_uint64 (http_retry_after (NULL, NULL), 0);
  fail_unless_equals_uint64 (http_retry_after ("120", NULL), 120);
  fail_unless_equals_uint64 (http_retry_after ("soon", NULL), 0);
  fail_unless_equals_uint64 (http_retry_after ("99999999999999999999", NULL),
      1000000000);
  fail_unless_equals_uint64 (http_retry_after
      ("Sun, 06 Nov 9994 08:49:37 GMT", DATE), 1000000000);
  fail_unless_equals_uint64 (http_retry_after (DATE, NULL), 0);
  fail_unless_equals_uint64 (http_retry_after (DATE,
          "Sun, 06 Nov 1994 08:49:07 GMT"), 30);
  fail_unless_equals_uint64 (http_retry_after (DATE,
          "Sun, 06 Nov 1994 08:50:07 GMT"), 0);
}

GST_END_TEST;

GST_START_TEST (test_media_type)
{
  fail_unless (http_media_type_is ("application/json", "application/json"));
  fail_unless (http_media_type_is (" Application/JSON ; charset=utf-8",
          "application/json"));
  fail_if (http_media_type_is ("application/jsonx", "application/json"));
  fail_if (http_media_type_is ("application/yang-data+xml",
          "application/yang-data+json"));
  fail_if (http_media_type_is ("", "application/json"));
  fail_if (http_media_type_is (NULL, "application/json"));
}

GST_END_TEST;

static Suite *
http_headers_suite (void)
{
  Suite *s = suite_create ("http-headers");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_dates);
  tcase_add_test (tc, test_freshness);
  tcase_add_test (tc, test_retry_after);
  tcase_add_test (tc, test_media_type);
  return s;
}

GST_CHECK_MAIN (http_headers);
