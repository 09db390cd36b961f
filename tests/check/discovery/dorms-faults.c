/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The search for metadata where something is wrong: names, servers, answers,
 * redirects.
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

/* Two servers, of which the second has to stand in for the first. */
static void
start_with_two (void)
{
  static const dorms_srv_record records[] = {
    {.priority = 0,.port = 443,.target = "a.example.com"},
    {.priority = 1,.port = 443,.target = "b.example.com"},
  };
  dorms_srv_answer answer = {.secure = true,.ttl = 3600 * S,
    .records = records,.n = 2
  };

  script_start (&script);
  script_expect_srv (&script);
  script_answer_srv (&script, &answer);
}

#define A "a.example.com"
#define B "b.example.com"

/*
 * Names
 */

GST_START_TEST (test_dns)
{
  static const struct
  {
    dorms_trust trust;
    dorms_dns_result result;
    bool secure;
    dorms_code code;
    core_time wait;
  } rows[] = {
    {DORMS_TRUST_AD, DORMS_DNS_RECORDS, true, DORMS_OK, 0},
    {DORMS_TRUST_AD, DORMS_DNS_RECORDS, false, DORMS_DNS_UNTRUSTED, S},
    {DORMS_TRUST_AD, DORMS_DNS_BOGUS, false, DORMS_BOGUS, S},
    {DORMS_TRUST_RESOLVER, DORMS_DNS_RECORDS, false, DORMS_OK, 0},
    {DORMS_TRUST_RESOLVER, DORMS_DNS_BOGUS, false, DORMS_BOGUS, S},
    {DORMS_TRUST_AD, DORMS_DNS_NONE, false, DORMS_NO_SERVICE, 30 * S},
    {DORMS_TRUST_AD, DORMS_DNS_FAILED, false, DORMS_UNREACHABLE, S},
  };
  static const dorms_srv_record record = {.port = 443,.target = HOST };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    dorms_srv_answer answer = {.result = rows[i].result,
      .secure = rows[i].secure,.ttl = 60 * S,.records = &record,.n = 1
    };

    script.config.trust = rows[i].trust;
    script_restart (&script);
    script_expect_srv (&script);
    fail_unless_equals_string (script.question.name, SRV_NAME);
    script_answer_srv (&script, &answer);
    if (rows[i].code == DORMS_OK) {
      script_expect_get (&script, HOST, 443, HOST_META);
      continue;
    }
    fail_unless (g_str_has_prefix (script_expect_error (&script,
                rows[i].code)->text, "the name service "));
    script_expect_nothing (&script);
    fail_unless_equals_uint64 (script_sleep_until_due (&script), rows[i].wait);
    script_expect_srv (&script);
  }
}

GST_END_TEST;

GST_START_TEST (test_trust_off)
{
  script.config.trust = DORMS_TRUST_OFF;
  script_start (&script);
  fail_unless_equals_string (script_expect_error (&script,
          DORMS_NO_SERVICE)->text, "the name service names no metadata server"
      " for this source: the settings say not to ask it");
  script_expect_nothing (&script);
}

GST_END_TEST;

GST_START_TEST (test_srv_match)
{
  static const struct
  {
    const char *target;
    uint16_t port;
    bool ok;
  } rows[] = {
    {"Dorms.Example.com.", 443, true},
    {HOST, 444, false},
    {"other.example.com", 443, false},
  };

  script.config.server = HOST;
  script.config.require_srv_match = true;
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    dorms_srv_record records[2] = {
      {.priority = 0,.port = 443,.target = "first.example.com"},
      {.priority = 5,.port = rows[i].port},
    };
    dorms_srv_answer answer = {.secure = true,.ttl = 60 * S,
      .records = records,.n = 2
    };

    strcpy (records[1].target, rows[i].target);
    script_restart (&script);
    script_expect_srv (&script);
    script_answer_srv (&script, &answer);
    if (rows[i].ok)
      script_expect_get (&script, HOST, 443, HOST_META);
    else
      script_expect_error (&script, DORMS_SRV_MISMATCH);
  }

  script.config.trust = DORMS_TRUST_OFF;
  script_restart (&script);
  script_expect_error (&script, DORMS_SRV_MISMATCH);
}

GST_END_TEST;

/*
 * What a server may answer, and what follows
 */

typedef enum
{
  STAY,                         /* the server stays in use */
  TWICE,                        /* two in a row: ignored */
  IGNORE                        /* ignored at once */
} consequence;

typedef struct
{
  const char *what;
  dorms_http_answer answer;
  const char *body;
  dorms_code code;
  consequence consequence;
} fault;

static void
answer_fault (const fault * f)
{
  dorms_http_answer answer = f->answer;

  if (f->body != NULL) {
    answer.body = (const uint8_t *) f->body;
    answer.body_len = strlen (f->body);
  }
  script_answer (&script, &answer);
}

/* At the metadata of the first server; then the second is asked. */
static void
run_fault (const fault * f)
{
  unsigned rounds = f->consequence == TWICE ? 2 : 1;

  GST_INFO ("%s", f->what);
  start_with_two ();
  script_find_root (&script, A, 443);
  for (unsigned i = 0; i < rounds; i++) {
    script_expect_get (&script, A, 443, CHANNEL_PATH);
    answer_fault (f);
    fail_unless_equals_string (script_expect_error (&script, f->code)->server,
        A ":443");
    if (i == 0)
      script_find_root (&script, B, 443);
    script_expect_get (&script, B, 443, CHANNEL_PATH);
    script_answer_failure (&script, DORMS_HTTP_UNREACHABLE);
    script_expect_error (&script, DORMS_UNREACHABLE);
    script_sleep_until_due (&script);
  }
  fail_unless (dorms_servers_is_ignored (script.servers, A, 443,
          script.now) == (f->consequence != STAY), "%s", f->what);
  script_expect_get (&script, f->consequence == STAY ? A : B, 443,
      CHANNEL_PATH);
}

GST_START_TEST (test_faults)
{
  static const fault faults[] = {
    {"no connection", {.result = DORMS_HTTP_UNREACHABLE}, NULL,
        DORMS_UNREACHABLE, STAY},
    {"500", {.status = 500}, NULL, DORMS_UNREACHABLE, STAY},
    {"503", {.status = 503}, NULL, DORMS_UNREACHABLE, STAY},
    {"429", {.status = 429}, NULL, DORMS_UNREACHABLE, STAY},
    {"418", {.status = 418}, NULL, DORMS_UNREACHABLE, STAY},
    {"204", {.status = 204}, NULL, DORMS_UNREACHABLE, STAY},
    {"0", {.status = 0}, NULL, DORMS_UNREACHABLE, STAY},
    {"certificate", {.result = DORMS_HTTP_TLS}, NULL, DORMS_TLS, STAY},
    {"401", {.status = 401}, NULL, DORMS_DENIED, STAY},
    {"403", {.status = 403}, NULL, DORMS_DENIED, STAY},
    {"406", {.status = 406}, NULL, DORMS_VERSION_MISMATCH, IGNORE},
    {"XML", {.status = 200,.content_type = "application/yang-data+xml"},
        "<a/>", DORMS_BAD_CONTENT_TYPE, IGNORE},
    {"HTML", {.status = 200,.content_type = "text/html"},
        PORT_BODY ("1"), DORMS_BAD_CONTENT_TYPE, IGNORE},
    {"no JSON", {.status = 200,.content_type = JSON}, "{", DORMS_BAD_JSON,
        TWICE},
    {"empty", {.status = 200,.content_type = JSON}, NULL, DORMS_BAD_JSON,
        TWICE},
    {"bad metadata", {.status = 200,.content_type = JSON},
        "{\"group\":[{\"address\":\"192.0.2.1\"}]}", DORMS_BAD_METADATA,
        TWICE},
    {"too large", {.result = DORMS_HTTP_TOO_LARGE}, NULL, DORMS_TOO_LARGE,
        TWICE},
    {"too large without a word", {.status = 200,
            .body_len = DORMS_BODY_MAX + 1}, NULL, DORMS_TOO_LARGE, TWICE},
    {"redirect refused", {.result = DORMS_HTTP_REDIRECT_REFUSED}, NULL,
        DORMS_REDIRECT_REFUSED, TWICE},
    {"away", {.status = 302,.location = "https://evil.example/"}, NULL,
        DORMS_REDIRECT_REFUSED, TWICE},
    {"nowhere", {.status = 301}, NULL, DORMS_REDIRECT_REFUSED, TWICE},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (faults); i++) {
    if (i > 0) {
      teardown ();
      setup ();
    }
    run_fault (&faults[i]);
  }
}

GST_END_TEST;

/* The bodies of the vectors whose type counts. */
GST_START_TEST (test_media_types)
{
  JsonParser *parser = vectors_load ("dorms-errors.json");
  JsonObject *root = vectors_root (parser);
  unsigned n_refused = 0;

  for (unsigned i = 0; i < vectors_count (root, "raw-bodies"); i++) {
    JsonObject *v = vectors_at (root, "raw-bodies", i);
    const char *body = vector_string (v, "body-text");
    const char *expect = vector_string (v, "expect");
    dorms_http_answer answer = {.status = 200,
      .content_type = vector_string (v, "content-type"),
      .body = (const uint8_t *) body,.body_len = strlen (body)
    };

    if (expect == NULL || (strcmp (expect, "bad-content-type") != 0 &&
            strcmp (expect, "ok") != 0))
      continue;
    teardown ();
    setup ();
    start_with_two ();
    script_find_root (&script, A, 443);
    script_expect_get (&script, A, 443, CHANNEL_PATH);
    script_answer (&script, &answer);
    if (strcmp (expect, "ok") == 0) {
      script_expect_state (&script, DORMS_STATE_FRESH);
    } else {
      script_expect_error (&script, DORMS_BAD_CONTENT_TYPE);
      n_refused++;
    }
  }
  fail_unless_equals_int (n_refused, 2);
  g_object_unref (parser);
}

GST_END_TEST;

/* One good answer between two bad ones makes them forgotten. */
GST_START_TEST (test_not_in_a_row)
{
  start_with_two ();
  script_find_root (&script, A, 443);
  for (unsigned i = 0; i < 3; i++) {
    script_expect_get (&script, A, 443, CHANNEL_PATH);
    script_answer_body (&script, "{");
    script_expect_error (&script, DORMS_BAD_JSON);
    if (i == 0)
      script_find_root (&script, B, 443);
    script_expect_get (&script, B, 443, CHANNEL_PATH);
    script_answer_failure (&script, DORMS_HTTP_UNREACHABLE);
    script_expect_error (&script, DORMS_UNREACHABLE);
    script_sleep_until_due (&script);
    script_expect_get (&script, A, 443, CHANNEL_PATH);
    script_answer_body (&script, PORT_BODY ("1"));
    script_expect_state (&script, DORMS_STATE_FRESH);
    script_sleep_until_due (&script);
  }
  fail_if (dorms_servers_is_ignored (script.servers, A, 443, script.now));
}

GST_END_TEST;

/* A no is a no: others are not asked. */
GST_START_TEST (test_no_metadata)
{
  start_with_two ();
  script_find_root (&script, A, 443);
  script_expect_get (&script, A, 443, CHANNEL_PATH);
  script_answer_status (&script, 404);
  script_expect_get (&script, A, 443, OLD_CHANNEL_PATH);
  script_answer_status (&script, 400);
  fail_unless (script_expect_error (&script, DORMS_NO_METADATA)->last);
  script_expect_nothing (&script);
  script.random = UINT32_MAX;
  fail_unless_equals_uint64 (script_sleep_until_due (&script), 30 * S);
  script_expect_get (&script, A, 443, CHANNEL_PATH);
  script_answer_body (&script, "{\"ietf-dorms:group\":[]}");
  script_expect_error (&script, DORMS_NO_METADATA);
  fail_unless_equals_uint64 (script_sleep_until_due (&script), 40 * S);
  fail_if (dorms_servers_is_ignored (script.servers, A, 443, script.now));
}

GST_END_TEST;

/* Which form a server understands is found once. */
GST_START_TEST (test_forms)
{
#define V6 "2001:db8::a"
#define G6 "ff3e::8000:1"
#define TAIL(s, g) "/sender=" s "/group=" g
#define ENCODED TAIL ("2001%3Adb8%3A%3Aa", "ff3e%3A%3A8000%3A1")
  static const char *const paths[DORMS_N_FORMS] = {
    TREE ENCODED, TREE TAIL (V6, G6), ROOT "/data/ietf-dorms:metadata" ENCODED,
  };

  script.config.source = vector_ip_literal (V6);
  script.config.group = vector_ip_literal (G6);
  for (unsigned form = 0; form < DORMS_N_FORMS; form++) {
    if (form > 0) {
      dorms_servers_free (script.servers);
      script.config.servers = script.servers = dorms_servers_new (0);
    }
    script_restart (&script);
    script_expect_srv (&script);
    script_answer_host (&script);
    script_find_root (&script, HOST, 443);
    for (unsigned i = 0; i < form; i++) {
      script_expect_get (&script, HOST, 443, paths[i]);
      script_answer_status (&script, i % 2 == 0 ? 400 : 404);
    }
    script_expect_get (&script, HOST, 443, paths[form]);
    script_answer_body (&script, "{\"group\":[{\"address\":\"" G6 "\"}]}");
    script_expect_state (&script, DORMS_STATE_FRESH);
    script_sleep_until_due (&script);
    script_expect_get (&script, HOST, 443, paths[form]);
  }
}

GST_END_TEST;

/* Without colons, two of the forms are the same. */
GST_START_TEST (test_forms_of_v4)
{
  for (unsigned form = 0; form < DORMS_N_FORMS; form++) {
    if (form > 0) {
      teardown ();
      setup ();
    }
    dorms_servers_get (script.servers, HOST, 443, script.now)->form =
        (dorms_form) form;
    script_start (&script);
    script_expect_srv (&script);
    script_answer_host (&script);
    script_find_root (&script, HOST, 443);
    script_expect_get (&script, HOST, 443, form == DORMS_FORM_OLD_TREE ?
        OLD_CHANNEL_PATH : CHANNEL_PATH);
    script_answer_status (&script, 404);
    script_expect_get (&script, HOST, 443, form == DORMS_FORM_OLD_TREE ?
        CHANNEL_PATH : OLD_CHANNEL_PATH);
    script_answer_status (&script, 404);
    script_expect_error (&script, DORMS_NO_METADATA);
  }
}

GST_END_TEST;

/*
 * host-meta and library
 */

static void
start_at_host_meta (void)
{
  script_start (&script);
  script_expect_srv (&script);
  script_answer_host (&script);
  script_expect_get (&script, HOST, 443, HOST_META);
}

GST_START_TEST (test_no_root)
{
  static const fault faults[] = {
    {"unusable", {.status = 200}, "{\"links\":[]}", DORMS_NO_RESTCONF_ROOT,
        IGNORE},
    {"elsewhere", {.status = 200}, "{\"links\":[{\"rel\":\"restconf\","
        "\"href\":\"https://evil.example/r\"}]}", DORMS_NO_RESTCONF_ROOT,
        IGNORE},
    {"empty", {.status = 200}, NULL, DORMS_NO_RESTCONF_ROOT, IGNORE},
    {"404", {.status = 404}, NULL, DORMS_NO_RESTCONF_ROOT, IGNORE},
    {"403", {.status = 403}, NULL, DORMS_DENIED, STAY},
    {"500", {.status = 500}, NULL, DORMS_UNREACHABLE, STAY},
    {"too large", {.result = DORMS_HTTP_TOO_LARGE}, NULL, DORMS_TOO_LARGE,
        STAY},
    {"redirect", {.status = 302}, NULL, DORMS_REDIRECT_REFUSED, STAY},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (faults); i++) {
    if (i > 0) {
      teardown ();
      setup ();
    }
    GST_INFO ("%s", faults[i].what);
    start_at_host_meta ();
    answer_fault (&faults[i]);
    script_expect_get (&script, HOST, 443, DORMS_PATH_HOST_META_XRD);
    answer_fault (&faults[i]);
    script_expect_error (&script, faults[i].code);
    fail_unless (dorms_servers_is_ignored (script.servers, HOST, 443,
            script.now) == (faults[i].consequence == IGNORE), "%s",
        faults[i].what);
  }
}

GST_END_TEST;

/* Without a connection there is no use in asking for the other form. */
GST_START_TEST (test_root_unreachable)
{
  start_at_host_meta ();
  script_answer_failure (&script, DORMS_HTTP_TLS);
  fail_unless_equals_string (script_expect_error (&script, DORMS_TLS)->text,
      HOST ":443 could not prove its identity: so it is");
  script_expect_nothing (&script);
}

GST_END_TEST;

/* When all are ignored there is nobody to ask, until the hold-down is over. */
GST_START_TEST (test_all_ignored)
{
  core_time start = script.now;

  dorms_servers_ignore (script.servers, HOST, 443, script.now);
  script_start (&script);
  script_expect_srv (&script);
  script_answer_host (&script);
  fail_unless_equals_string (script_expect_error (&script,
          DORMS_UNREACHABLE)->text, HOST ":443 cannot be reached: it is left "
      "alone, as its last answers were of no use");
  while (script.now < start + 3600 * S) {
    dorms_question question;

    script_sleep_until_due (&script);
    if (!dorms_question_next (script.d, &question, script.now)) {
      script_expect_error (&script, DORMS_UNREACHABLE);
      continue;
    }
    if (question.ask == DORMS_ASK_GET)
      break;
    script.question = question;
    script_answer_host (&script);
    if (script.now < start + 3600 * S)
      script_expect_error (&script, DORMS_UNREACHABLE);
  }
  fail_unless (script.now >= start + 3600 * S);
  fail_unless (script.now <= start + 3660 * S);
}

GST_END_TEST;

/* What the user configured is asked less often, but never ignored. */
GST_START_TEST (test_configured_is_not_ignored)
{
  script.config.server = HOST;
  script_start (&script);
  for (unsigned i = 0; i < 3; i++) {
    script_expect_get (&script, HOST, 443, HOST_META);
    script_answer_status (&script, 404);
    script_expect_get (&script, HOST, 443, DORMS_PATH_HOST_META_XRD);
    script_answer_status (&script, 404);
    script_expect_error (&script, DORMS_NO_RESTCONF_ROOT);
    fail_if (dorms_servers_is_ignored (script.servers, HOST, 443, script.now));
    fail_unless_equals_uint64 (script_sleep_until_due (&script), S << i);
  }
}

GST_END_TEST;

static void
start_at_library (const char *version)
{
  char *body = g_strdup_printf ("{\"ietf-restconf:yang-library-version\":"
      "\"%s\"}", version);

  start_at_host_meta ();
  script_answer_body (&script, ROOT_BODY);
  script_expect_get (&script, HOST, 443, VERSION_PATH);
  script_answer_body (&script, body);
  g_free (body);
  script_expect_get (&script, HOST, 443, STATE_PATH);
  fail_unless_equals_int (script.question.max_body, DORMS_LIBRARY_MAX);
}

#define MODULES(list) "{\"ietf-yang-library:modules-state\":{\"module\":[" \
    list "]}}"
#define DORMS_MODULE "{\"name\":\"ietf-dorms\",\"revision\":\"2025-09-15\"}"

GST_START_TEST (test_modules)
{
  static const struct
  {
    const char *body;
    bool ok;
  } rows[] = {
    {MODULES (DORMS_MODULE), true},
    {MODULES ("{\"name\":\"ietf-ambi\"}"), false},
    {MODULES (""), false},
    {MODULES (DORMS_MODULE ",{\"name\":\"ietf-ambi\"}"), true},
    {"{}", true},
    {"x", true},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (i > 0) {
      teardown ();
      setup ();
    }
    start_at_library ("2016-06-21");
    script_answer_body (&script, rows[i].body);
    if (rows[i].ok) {
      script_expect_get (&script, HOST, 443, CHANNEL_PATH);
    } else {
      script_expect_error (&script, DORMS_VERSION_MISMATCH);
      fail_unless (dorms_servers_is_ignored (script.servers, HOST, 443,
              script.now));
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_new_library)
{
  dorms_event event;

  start_at_library ("2019-01-04");
  script_answer_status (&script, 404);
  script_expect_get (&script, HOST, 443, LIBRARY_PATH);
  script_answer_body (&script, "{\"ietf-yang-library:yang-library\":{"
      "\"module-set\":[{\"module\":[{\"name\":\"ietf-dorms\","
      "\"revision\":\"2031-01-01\"}]}]}}");
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer_body (&script, PORT_BODY ("1"));
  fail_unless (dorms_event_next (script.d, &event));
  fail_unless_equals_int (event.unknown_revisions, DORMS_MODULE_DORMS);
}

GST_END_TEST;

/* Whatever is wrong with the library, metadata is asked for. */
GST_START_TEST (test_library_faults)
{
  start_at_library ("2019-01-04");
  script_answer_status (&script, 403);
  script_expect_get (&script, HOST, 443, LIBRARY_PATH);
  script_answer_failure (&script, DORMS_HTTP_TOO_LARGE);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  teardown ();

  setup ();
  start_at_library ("2016-06-21");
  script_answer_status (&script, 302);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  teardown ();

  /* But not where there is no server any more. */
  setup ();
  start_at_library ("2016-06-21");
  script_answer_failure (&script, DORMS_HTTP_UNREACHABLE);
  script_expect_error (&script, DORMS_UNREACHABLE);
  script_expect_nothing (&script);
}

GST_END_TEST;

/*
 * Redirects
 */

static void
redirect_to (const char *location)
{
  dorms_http_answer answer = {.status = 307,.location = location };

  script_answer (&script, &answer);
}

GST_START_TEST (test_redirects)
{
  start_at_host_meta ();
  redirect_to ("/1");
  script_expect_get (&script, HOST, 443, "/1");
  fail_unless_equals_string (script.question.accept, DORMS_ACCEPT_JSON);
  fail_unless_equals_int (script.question.max_body, DORMS_HOST_META_MAX);
  redirect_to ("https://" HOST "/2?x");
  script_expect_get (&script, HOST, 443, "/2?x");
  redirect_to ("3");
  script_expect_get (&script, HOST, 443, "/3");
  script_answer_body (&script, ROOT_BODY);
  script_expect_get (&script, HOST, 443, VERSION_PATH);
  script_answer_status (&script, 404);
  for (unsigned i = 0; i < 4; i++) {
    script_expect_get (&script, HOST, 443, CHANNEL_PATH);
    redirect_to (CHANNEL_PATH);
  }
  script_expect_error (&script, DORMS_REDIRECT_REFUSED);
}

GST_END_TEST;

static Suite *
dorms_faults_suite (void)
{
  Suite *s = suite_create ("dorms-faults");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_dns);
  tcase_add_test (tc, test_trust_off);
  tcase_add_test (tc, test_srv_match);
  tcase_add_test (tc, test_faults);
  tcase_add_test (tc, test_media_types);
  tcase_add_test (tc, test_not_in_a_row);
  tcase_add_test (tc, test_no_metadata);
  tcase_add_test (tc, test_forms);
  tcase_add_test (tc, test_forms_of_v4);
  tcase_add_test (tc, test_no_root);
  tcase_add_test (tc, test_root_unreachable);
  tcase_add_test (tc, test_all_ignored);
  tcase_add_test (tc, test_configured_is_not_ignored);
  tcase_add_test (tc, test_modules);
  tcase_add_test (tc, test_new_library);
  tcase_add_test (tc, test_library_faults);
  tcase_add_test (tc, test_redirects);
  return s;
}

GST_CHECK_MAIN (dorms_faults);
