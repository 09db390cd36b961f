/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The search for metadata where patience is needed: outages, silence, late
 * answers, clocks that jump, and callers that do not listen.
 */
#include "dorms-script.h"

#include <string.h>

static dorms_script script;

static void
setup (void)
{
  script_init (&script);
}

static void
teardown (void)
{
  script_clear (&script);
}

GST_START_TEST (test_backoff)
{
  static const unsigned seconds[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };

  for (unsigned most = 0; most < 2; most++) {
    script.random = most ? UINT32_MAX : 0;
    script_restart (&script);
    script_expect_srv (&script);
    script_answer_host (&script);
    for (unsigned i = 0; i < G_N_ELEMENTS (seconds); i++) {
      core_time wait = seconds[i] * S;

      script_expect_get (&script, HOST, 443, HOST_META);
      script_answer_failure (&script, DORMS_HTTP_UNREACHABLE);
      wait += most ? wait / 4 : 0;
      fail_unless_equals_uint64 (script_expect_error (&script,
              DORMS_UNREACHABLE)->retry_in, wait);
      fail_unless_equals_uint64 (script_sleep_until_due (&script), wait);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_retry_after)
{
  static const struct
  {
    const char *value;
    core_time wait;
  } rows[] = {
    {"120", 120 * S},
    {"100000", 300 * S},
    {"0", S},
    {"soon", S},
    {"Sun, 06 Nov 1994 08:50:37 GMT", 60 * S},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    dorms_http_answer answer = {.status = 503,.retry_after = rows[i].value,
      .date = "Sun, 06 Nov 1994 08:49:37 GMT"
    };

    script_restart (&script);
    script_expect_srv (&script);
    script_answer_host (&script);
    script_expect_get (&script, HOST, 443, HOST_META);
    script_answer (&script, &answer);
    script_expect_get (&script, HOST, 443, DORMS_PATH_HOST_META_XRD);
    script_answer (&script, &answer);
    script_expect_error (&script, DORMS_UNREACHABLE);
    fail_unless_equals_uint64 (script_sleep_until_due (&script), rows[i].wait);
  }
}

GST_END_TEST;

/* Nobody answers: 10 s a question, 60 s in all. */
GST_START_TEST (test_silence)
{
  dorms_srv_record records[DORMS_SRV_MAX];
  dorms_srv_answer answer = {.secure = true,.ttl = 3600 * S,
    .records = records,.n = DORMS_SRV_MAX
  };
  core_time start = script.now;
  unsigned asked = 0, first;
  const dorms_event *error;

  for (unsigned i = 0; i < DORMS_SRV_MAX; i++) {
    records[i] = (dorms_srv_record) {
    .priority = (uint16_t) i,.port = (uint16_t) (i + 1),.target = HOST};
  }
  script_start (&script);
  script_expect_srv (&script);
  fail_unless_equals_uint64 (script_sleep_until_due (&script), 10 * S);
  script_expect_error (&script, DORMS_UNREACHABLE);
  fail_unless_equals_uint64 (script_sleep_until_due (&script), S);
  script_expect_srv (&script);
  start = script.now;
  script.now += 5 * S;
  script_answer_srv (&script, &answer);
  do {
    script_expect_get (&script, HOST, (uint16_t)++ asked, HOST_META);
    first = script.question.id;
    script_sleep_until_due (&script);
    error = script_expect_error (&script, DORMS_UNREACHABLE);
    fail_if (dorms_is_open (script.d, first));
  } while (!error->last);
  fail_unless_equals_int (asked, 6);
  fail_unless_equals_uint64 (script.now - start, 60 * S);
  fail_unless (strstr (error->text, "no answer in time") != NULL);

  /* What comes later is not looked at. */
  script_answer_body (&script, ROOT_BODY);
  script_expect_nothing (&script);
  script_expect_no_event (&script);
}

GST_END_TEST;

/* Answers that belong to no open question. */
GST_START_TEST (test_stray_answers)
{
  script_start (&script);
  script_answer_host (&script);
  script_expect_srv (&script);
  script_answer_body (&script, ROOT_BODY);
  fail_unless (dorms_is_open (script.d, script.question.id));
  script_answer_host (&script);
  script_answer_host (&script);
  script_expect_get (&script, HOST, 443, HOST_META);
  script_answer_host (&script);
  fail_unless (dorms_is_open (script.d, script.question.id));
  script.question.id--;
  script_answer_body (&script, ROOT_BODY);
  script_expect_nothing (&script);
  script_expect_no_event (&script);
}

GST_END_TEST;

/* The clock jumps, or goes back. */
GST_START_TEST (test_clock)
{
  script_start (&script);
  script_expect_srv (&script);
  script_answer_host (&script);
  script_find_root (&script, HOST, 443);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer_body (&script, PORT_BODY ("1"));
  script_expect_state (&script, DORMS_STATE_FRESH);
  dorms_expire (script.d, 0);
  script_expect_nothing (&script);
  script.now += 100000 * S;
  dorms_expire (script.d, script.now);
  script_expect_state (&script, DORMS_STATE_STALE);
  script_expect_srv (&script);
  script_answer_host (&script);
  dorms_expire (script.d, CORE_TIME_NEVER - 1);
  fail_unless (dorms_deadline (script.d) > 0);
}

GST_END_TEST;

/* What a server says when it refuses is for the log, and bounded. */
GST_START_TEST (test_refusal)
{
  char body[2000];
  dorms_http_answer answer = {.status = 403,.body = (uint8_t *) body,
    .body_len = sizeof (body)
  };
  const dorms_event *error;

  memset (body, 'x', sizeof (body));
  memcpy (body, "a\n\033[31m\0\xff", 8);
  script_start (&script);
  script_expect_srv (&script);
  script_answer_host (&script);
  script_find_root (&script, HOST, 443);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer (&script, &answer);
  error = script_expect_error (&script, DORMS_DENIED);
  fail_unless_equals_int (strlen (error->says), DORMS_SAYS_MAX - 1);
  fail_unless (g_str_has_prefix (error->says, "a[31mxxx"));
  fail_unless_equals_int (error->status, 403);
}

GST_END_TEST;

/* A caller that takes no events loses old ones, and nothing else. */
GST_START_TEST (test_events_are_bounded)
{
  dorms_event event;
  unsigned n = 0;

  script_start (&script);
  script_expect_srv (&script);
  script_answer_host (&script);
  for (unsigned i = 0; i < 20; i++) {
    script_expect_get (&script, HOST, 443, HOST_META);
    script_answer_failure (&script, DORMS_HTTP_UNREACHABLE);
    script_sleep_until_due (&script);
  }
  while (dorms_event_next (script.d, &event))
    n++;
  fail_unless_equals_int (n, 4);
}

GST_END_TEST;

static Suite *
dorms_patience_suite (void)
{
  Suite *s = suite_create ("dorms-patience");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_backoff);
  tcase_add_test (tc, test_retry_after);
  tcase_add_test (tc, test_silence);
  tcase_add_test (tc, test_stray_answers);
  tcase_add_test (tc, test_clock);
  tcase_add_test (tc, test_refusal);
  tcase_add_test (tc, test_events_are_bounded);
  return s;
}

GST_CHECK_MAIN (dorms_patience);
