/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The search for metadata where all is well: the exchanges of the vectors, the
 * order of servers, refresh, caching, withdrawal.
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

/*
 * The exchanges of the vectors
 */

static JsonObject *
find_step (JsonObject * root, const char *step)
{
  for (unsigned i = 0; i < vectors_count (root, "exchanges"); i++) {
    JsonObject *v = vectors_at (root, "exchanges", i);

    if (strcmp (vector_string (v, "step"), step) == 0)
      return v;
  }
  fail ("no step %s", step);
  return NULL;
}

static void
run_step (JsonObject * root, const char *step)
{
  JsonObject *v = find_step (root, step);
  JsonObject *response = vector_object (v, "response");
  JsonObject *headers = vector_object (response, "headers");
  JsonNode *node = json_object_get_member (response, "body");
  char *body = json_node_get_string (node) != NULL ?
      json_node_dup_string (node) : json_to_string (node, FALSE);
  dorms_http_answer answer = {
    .status = (unsigned) vector_int (response, "status"),
    .content_type = vector_string (headers, "Content-Type"),
    .cache_control = vector_string (headers, "Cache-Control"),
    .body = (const uint8_t *) body,.body_len = strlen (body)
  };

  script_expect_get (&script, vector_string (v, "request.host"), 443,
      vector_string (v, "request.path"));
  fail_unless_equals_string (script.question.accept,
      vector_string (v, "request.accept"));
  script_answer (&script, &answer);
  g_free (body);
}

/* Goes from the SRV record to the answer for the group. */
static void
run_exchange (JsonObject * root, const char *srv, bool xrd, const char *group)
{
  JsonObject *v = vector_object (vector_object (root, "srv"), srv);

  script_start (&script);
  script_expect_srv (&script);
  fail_unless_equals_string (script.question.name, vector_string (v, "query"));
  script_answer_host (&script);
  if (xrd) {
    script_expect_get (&script, HOST, 443, HOST_META);
    script_answer_status (&script, 404);
    run_step (root, "host-meta-xrd");
  } else {
    run_step (root, "host-meta.json");
  }
  run_step (root, "yang-library-version");
  run_step (root, "modules-state");
  run_step (root, group);
}

static void
check_refresh (JsonObject * root, const char *name, core_time wait)
{
  JsonObject *v = vector_object (vector_object (root, "expect"), name);
  core_time least = (core_time) vector_int (v, "min") * S;
  core_time most = (core_time) vector_int (v, "max") * S;

  /* A random number of 0 draws the least, the largest one the most. */
  fail_unless_equals_uint64 (wait, script.random == 0 ? least : most);
}

GST_START_TEST (test_vectors_v4)
{
  JsonParser *parser = vectors_load ("dorms-http.json");
  JsonObject *root = vectors_root (parser);
  const dorms_metadata *m;

  for (unsigned i = 0; i < 2; i++) {
    script.random = i == 0 ? 0 : UINT32_MAX;
    run_exchange (root, "v4", i == 1, "group-v4");
    script_expect_state (&script, DORMS_STATE_FRESH);
    m = dorms_get_metadata (script.d);
    fail_unless_equals_int (m->n_ports, 1);
    fail_unless_equals_int (m->ports[0], 5001);
    fail_unless_equals_int (m->n_streams, 2);
    fail_unless_equals_int (dorms_metadata_stream (m, 5001, 0)->id,
        vector_int (vector_object (root, "expect"),
            "group-v4-preferred-stream"));
    check_refresh (root, "group-v4-refresh-seconds",
        script_sleep_until_due (&script));
    run_step (root, "group-v4");
    script_expect_no_event (&script);
    dorms_free (script.d);
    dorms_servers_free (script.servers);
    script.config.servers = script.servers = dorms_servers_new (0);
    script.d = NULL;
  }
  g_object_unref (parser);
}

GST_END_TEST;

GST_START_TEST (test_vectors_v6)
{
  JsonParser *parser = vectors_load ("dorms-http.json");
  JsonObject *root = vectors_root (parser);

  script.config.source = vector_ip_literal ("2001:db8::a");
  script.config.group = vector_ip_literal ("ff3e::8000:1");
  script.random = UINT32_MAX;
  run_exchange (root, "v6", false, "group-v6");
  script_expect_state (&script, DORMS_STATE_FRESH);
  fail_unless_equals_int (dorms_get_metadata (script.d)->streams[0].id,
      UINT32_MAX);
  check_refresh (root, "group-v6-refresh-seconds",
      script_sleep_until_due (&script));
  g_object_unref (parser);
}

GST_END_TEST;

GST_START_TEST (test_vectors_unknown)
{
  JsonParser *parser = vectors_load ("dorms-http.json");
  JsonObject *root = vectors_root (parser);
  const dorms_event *error;

  script.config.group = vector_ip_literal ("232.99.99.99");
  run_exchange (root, "v4", false, "group-unknown");
  script_expect_get (&script, HOST, 443, ROOT
      "/data/ietf-dorms:metadata/sender=" SOURCE "/group=232.99.99.99");
  script_answer_status (&script, 404);
  error = script_expect_error (&script, DORMS_NO_METADATA);
  fail_unless_equals_string (error->text, HOST
      ":443 does not know this channel (HTTP status 404)");
  fail_unless (error->last);
  script_expect_nothing (&script);
  fail_unless_equals_uint64 (script_sleep_until_due (&script), 30 * S);
  g_object_unref (parser);
}

GST_END_TEST;

/*
 * The order of servers
 */

/* Random numbers with which the draws come out as the expected order has
 * them: the records of one priority that are not chosen yet share [0, sum]. */
static void
script_draws (JsonObject * v, uint32_t * randoms)
{
  JsonArray *draws = vector_array (v, "draws");
  JsonArray *expect = vector_string (v, "expect") == NULL ?
      vector_array (v, "expect") : NULL;
  unsigned n = vectors_count (v, "records");

  for (unsigned i = 0; i < json_array_get_length (draws); i++) {
    uint64_t sum = 0, drawn = (uint64_t) json_array_get_int_element (draws,
        i);

    for (unsigned j = 0; j < n; j++) {
      JsonObject *record = vectors_at (v, "records", j);
      char *text = g_strdup_printf ("%s:%d", vector_string (record, "target"),
          (int) vector_int (record, "port"));
      bool chosen = false;

      for (unsigned k = 0; k < i; k++)
        if (strcmp (text, json_array_get_string_element (expect, k)) == 0)
          chosen = true;
      if (!chosen && vector_int (record, "priority") ==
          vector_int (vectors_at (v, "records", 0), "priority"))
        sum += (uint64_t) vector_int (record, "weight");
      g_free (text);
    }
    randoms[i] = (uint32_t) (((drawn << 32) + sum) / (sum + 1));
  }
}

static void
answer_vector_records (JsonObject * v)
{
  dorms_srv_record records[DORMS_SRV_MAX] = { {0} };
  dorms_srv_answer answer = {.secure = true,.ttl = 60 * S,
    .records = records,.n = vectors_count (v, "records")
  };

  for (unsigned i = 0; i < answer.n; i++) {
    JsonObject *record = vectors_at (v, "records", i);

    records[i].priority = (uint16_t) vector_int (record, "priority");
    records[i].weight = (uint16_t) vector_int (record, "weight");
    records[i].port = (uint16_t) vector_int (record, "port");
    g_strlcpy (records[i].target, vector_string (record, "target"),
        DORMS_HOST_MAX);
  }
  script_answer_srv (&script, &answer);
}

static void
ignore_servers (JsonObject * v)
{
  JsonArray *list = vector_has (v, "ignored") ? vector_array (v, "ignored") :
      NULL;

  for (unsigned i = 0; list != NULL && i < json_array_get_length (list); i++) {
    char **parts = g_strsplit (json_array_get_string_element (list, i), ":",
        2);

    dorms_servers_ignore (script.servers, parts[0], (uint16_t)
        g_ascii_strtoull (parts[1], NULL, 10), script.now);
    g_strfreev (parts);
  }
}

/* Each target is unreachable, so that all are asked. */
static void
check_targets (JsonObject * v)
{
  JsonArray *expect;

  if (vector_string (v, "expect") != NULL) {
    script_expect_error (&script, DORMS_NO_SERVICE);
    script_expect_nothing (&script);
    return;
  }
  script.randoms = NULL;
  expect = vector_array (v, "expect");
  for (unsigned i = 0; i < json_array_get_length (expect); i++) {
    char **parts = g_strsplit (json_array_get_string_element (expect, i), ":",
        2);

    script_expect_get (&script, parts[0], (uint16_t)
        g_ascii_strtoull (parts[1], NULL, 10), HOST_META);
    script_answer_failure (&script, DORMS_HTTP_UNREACHABLE);
    script_expect_error (&script, DORMS_UNREACHABLE);
    g_strfreev (parts);
  }
  script_expect_nothing (&script);
}

GST_START_TEST (test_srv_vectors)
{
  JsonParser *parser = vectors_load ("dorms-srv.json");
  JsonObject *root = vectors_root (parser);

  for (unsigned i = 0; i < vectors_count (root, "cases"); i++) {
    JsonObject *v = vectors_at (root, "cases", i);
    uint32_t randoms[8] = { 0 };

    script_restart (&script);
    ignore_servers (v);
    script_expect_srv (&script);
    script_draws (v, randoms);
    script.randoms = randoms;
    answer_vector_records (v);
    check_targets (v);
    script.randoms = NULL;
    dorms_servers_free (script.servers);
    script.config.servers = script.servers = dorms_servers_new (0);
  }
  g_object_unref (parser);
}

GST_END_TEST;

GST_START_TEST (test_srv_lifetime)
{
  static const struct
  {
    core_time ttl, until;
  } rows[] = {
    {100 * S, 100 * S},
    {0, S},
    {86400 * S, 3600 * S},
    {CORE_TIME_NEVER, 3600 * S},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    static const dorms_srv_record record = {.port = 443,.target = HOST };
    dorms_srv_answer answer = {.secure = true,.ttl = rows[i].ttl,
      .records = &record,.n = 1
    };
    core_time end = script.now + rows[i].until;

    script_restart (&script);
    script_expect_srv (&script);
    script_answer_srv (&script, &answer);
    /* Until then it is not asked for again, however often others are. */
    while (dorms_get_state (script.d) == DORMS_STATE_NONE && script.now < end) {
      script_expect_get (&script, HOST, 443, HOST_META);
      script_answer_failure (&script, DORMS_HTTP_UNREACHABLE);
      script_expect_error (&script, DORMS_UNREACHABLE);
      script_sleep_until_due (&script);
    }
    script_expect_srv (&script);
  }
}

GST_END_TEST;

/*
 * Refresh
 */

static void
start_with_port (const char *body, const char *cache_control, const char *etag)
{
  dorms_http_answer answer = {.status = 200,.content_type = JSON,
    .cache_control = cache_control,.etag = etag,
    .body = (const uint8_t *) body,.body_len = strlen (body)
  };

  script_start (&script);
  script_expect_srv (&script);
  script_answer_host (&script);
  script_find_root (&script, HOST, 443);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer (&script, &answer);
  script_expect_state (&script, DORMS_STATE_FRESH);
}

GST_START_TEST (test_freshness)
{
  static const struct
  {
    const char *cache_control;
    core_time wait;
  } rows[] = {
    {NULL, 30 * S},
    {"no-store", 30 * S},
    {"max-age=0", 30 * S},
    {"max-age=1", 10 * S},
    {"max-age=10", 10 * S},
    {"max-age=11", 11 * S},
    {"max-age=86400", 86400 * S},
    {"max-age=86401", 86400 * S},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    if (i > 0) {
      teardown ();
      setup ();
    }
    start_with_port (PORT_BODY ("1"), rows[i].cache_control, NULL);
    fail_unless_equals_uint64 (dorms_refresh_time (script.d),
        script.now + rows[i].wait);
    fail_unless_equals_uint64 (script_sleep_until_due (&script), rows[i].wait);
    fail_unless_equals_uint64 (dorms_refresh_time (script.d), CORE_TIME_NEVER);
  }
}

GST_END_TEST;

GST_START_TEST (test_changes)
{
  start_with_port (PORT_BODY ("1"), "max-age=60", NULL);
  script_sleep_until_due (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_unless_equals_string (script.question.etag, "");
  script_answer_body (&script, PORT_BODY ("1"));
  script_expect_no_event (&script);

  script_sleep_until_due (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer_body (&script, PORT_BODY ("2"));
  script_expect_state (&script, DORMS_STATE_FRESH);
  fail_unless_equals_int (dorms_get_metadata (script.d)->ports[0], 2);
}

GST_END_TEST;

GST_START_TEST (test_etag)
{
  dorms_http_answer same = {.status = 304,.cache_control = "max-age=77" };

  start_with_port (PORT_BODY ("1"), NULL, "\"v1\"");
  script_sleep_until_due (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_unless_equals_string (script.question.etag, "\"v1\"");
  fail_if (script.question.no_cache);
  script_answer (&script, &same);
  script_expect_no_event (&script);
  fail_unless_equals_int (dorms_get_metadata (script.d)->ports[0], 1);
  fail_unless_equals_uint64 (script_sleep_until_due (&script), 77 * S);

  /* The tag is that of one server's resource, not of another's. */
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer_status (&script, 404);
  script_expect_get (&script, HOST, 443, OLD_CHANNEL_PATH);
  fail_unless_equals_string (script.question.etag, "");
}

GST_END_TEST;

/* A tag that would not fit into a header is none. */
GST_START_TEST (test_bad_etags)
{
  char *longest = g_strnfill (DORMS_ETAG_MAX, 'x');
  const char *const bad[] = { "", "\"a\r\nX: y\"", "\"\xff\"", longest };

  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++) {
    if (i > 0) {
      teardown ();
      setup ();
    }
    start_with_port (PORT_BODY ("1"), NULL, bad[i]);
    script_sleep_until_due (&script);
    script_expect_get (&script, HOST, 443, CHANNEL_PATH);
    fail_unless_equals_string (script.question.etag, "");
  }
  g_free (longest);
}

GST_END_TEST;

/* A 304 that nobody asked for says nothing. */
GST_START_TEST (test_stray_304)
{
  script_start (&script);
  script_expect_srv (&script);
  script_answer_host (&script);
  script_find_root (&script, HOST, 443);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer_status (&script, 304);
  script_expect_error (&script, DORMS_UNREACHABLE);
}

GST_END_TEST;

GST_START_TEST (test_refresh_by_hand)
{
  start_with_port (PORT_BODY ("1"), "max-age=3600", NULL);
  script_sleep (&script, S);
  dorms_refresh (script.d, script.now);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_unless (script.question.no_cache);
  dorms_refresh (script.d, script.now);
  script_expect_nothing (&script);
  script_answer_failure (&script, DORMS_HTTP_UNREACHABLE);
  script_expect_error (&script, DORMS_UNREACHABLE);

  /* Not before it would be tried anyway, but still past all caches. */
  script.now += S / 2;
  dorms_refresh (script.d, script.now);
  script_expect_nothing (&script);
  script_sleep_until_due (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_unless (script.question.no_cache);
  script_answer_body (&script, PORT_BODY ("1"));
  script_expect_state (&script, DORMS_STATE_FRESH);
  script_sleep_until_due (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_if (script.question.no_cache);
}

GST_END_TEST;

/* An announcement is never lost: not within a second of the last question, */
GST_START_TEST (test_refresh_spacing)
{
  start_with_port (PORT_BODY ("1"), "max-age=3600", NULL);
  for (unsigned i = 0; i < 3; i++) {
    dorms_refresh (script.d, script.now);
    script_expect_nothing (&script);
  }
  fail_unless_equals_uint64 (script_sleep_until_due (&script), S);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_unless (script.question.no_cache);
  script_answer_body (&script, PORT_BODY ("2"));
  script_expect_state (&script, DORMS_STATE_FRESH);
  fail_unless (script_sleep_until_due (&script) >= 10 * S);
}

GST_END_TEST;

/* nor while an answer is on its way that may be older. */
GST_START_TEST (test_refresh_under_way)
{
  dorms_question question;

  start_with_port (PORT_BODY ("1"), "max-age=60", NULL);
  script_sleep_until_due (&script);
  dorms_refresh (script.d, script.now);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_unless (script.question.no_cache);       /* it was not put yet */
  script_answer_body (&script, PORT_BODY ("1"));

  script_sleep_until_due (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_if (script.question.no_cache);
  script_sleep (&script, S / 4);
  dorms_refresh (script.d, script.now);
  script_answer_body (&script, PORT_BODY ("1"));
  fail_if (dorms_question_next (script.d, &question, script.now));
  fail_unless_equals_uint64 (script_sleep_until_due (&script), S - S / 4);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_unless (script.question.no_cache);

  /* What took longer than that is asked anew at once. */
  script_sleep (&script, 2 * S);
  dorms_refresh (script.d, script.now);
  script_answer_body (&script, PORT_BODY ("2"));
  script_expect_state (&script, DORMS_STATE_FRESH);
  dorms_expire (script.d, script.now);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_unless (script.question.no_cache);
  script_answer_body (&script, PORT_BODY ("2"));
  fail_unless (script_sleep_until_due (&script) >= 10 * S);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_if (script.question.no_cache);
}

GST_END_TEST;

/* What is known of a server serves all channels, for an hour. */
GST_START_TEST (test_server_is_remembered)
{
  start_with_port (PORT_BODY ("1"), NULL, NULL);
  script_restart (&script);
  script_expect_srv (&script);
  script_answer_host (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);

  script.now += 3600 * S;
  script_restart (&script);
  script_expect_srv (&script);
  script_answer_host (&script);
  script_find_root (&script, HOST, 443);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
}

GST_END_TEST;

/*
 * Old metadata
 */

GST_START_TEST (test_stale)
{
  core_time start;

  start_with_port (PORT_BODY ("1"), "max-age=60", NULL);
  start = script.now;
  script_sleep_until_due (&script);
  while (dorms_get_state (script.d) == DORMS_STATE_FRESH) {
    script_expect_get (&script, HOST, 443, CHANNEL_PATH);
    script_answer_failure (&script, DORMS_HTTP_UNREACHABLE);
    script_expect_error (&script, DORMS_UNREACHABLE);
    script_sleep_until_due (&script);
  }
  fail_unless_equals_uint64 (script.now - start, 660 * S);
  script_expect_state (&script, DORMS_STATE_STALE);

  script_sleep_until_due (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer_body (&script, PORT_BODY ("1"));
  script_expect_state (&script, DORMS_STATE_FRESH);
}

GST_END_TEST;

static void
answer_not_found (void)
{
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer_status (&script, 404);
  script_expect_get (&script, HOST, 443, OLD_CHANNEL_PATH);
  script_answer_status (&script, 404);
  script_expect_error (&script, DORMS_NO_METADATA);
}

#define STREAM_BODY GROUP_BODY (",\"ietf-ambi:ambi\":{\"manifest-stream\":[" \
    "{\"id\":1,\"hash-algorithm\":\"sha-256\",\"digest-hold-time\":5000," \
    "\"manifest-stream\":\"https://a/\"}]}")

GST_START_TEST (test_withdrawn)
{
  start_with_port (STREAM_BODY, NULL, "\"v1\"");
  script_sleep_until_due (&script);
  answer_not_found ();
  script_expect_state (&script, DORMS_STATE_WITHDRAWN);
  fail_unless_equals_int (dorms_get_metadata (script.d)->streams[0].id, 1);

  /* Its digests are good for so long still. */
  fail_unless_equals_uint64 (script_sleep_until_due (&script), 5 * S);
  script_expect_state (&script, DORMS_STATE_NONE);
  fail_unless_equals_uint64 (script_sleep_until_due (&script), 25 * S);
  script_expect_get (&script, HOST, 443, HOST_META);
  script_answer_body (&script, ROOT_BODY);
  answer_not_found ();
  script_expect_no_event (&script);

  /* It may come back. */
  script_sleep_until_due (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  fail_unless_equals_string (script.question.etag, "");
  script_answer_body (&script, STREAM_BODY);
  script_expect_state (&script, DORMS_STATE_FRESH);
}

GST_END_TEST;

/* Metadata without streams has nothing to wait for. */
GST_START_TEST (test_withdrawn_at_once)
{
  start_with_port (PORT_BODY ("1"), NULL, NULL);
  script_sleep_until_due (&script);
  script_expect_get (&script, HOST, 443, CHANNEL_PATH);
  script_answer_body (&script, "{\"ietf-dorms:group\":[]}");
  script_expect_error (&script, DORMS_NO_METADATA);
  script_expect_state (&script, DORMS_STATE_WITHDRAWN);
  fail_unless (dorms_deadline (script.d) <= script.now);
  dorms_expire (script.d, script.now);
  script_expect_state (&script, DORMS_STATE_NONE);
}

GST_END_TEST;

/*
 * Settings
 */

GST_START_TEST (test_configured)
{
  script.config.server = HOST;
  script.config.port = 8443;
  script.config.trust = DORMS_TRUST_OFF;
  script_start (&script);
  script_expect_get (&script, HOST, 8443, HOST_META);
  script_answer_body (&script, ROOT_BODY);
  script_expect_get (&script, HOST, 8443, VERSION_PATH);
  script_answer_status (&script, 500);
  script_expect_get (&script, HOST, 8443, CHANNEL_PATH);
  script_answer_body (&script, PORT_BODY ("1"));
  script_expect_state (&script, DORMS_STATE_FRESH);
}

GST_END_TEST;

GST_START_TEST (test_url)
{
  dorms_question question = {.host = HOST,.port = 443,.path = "/a" };
  char url[DORMS_URL_MAX];

  dorms_question_url (&question, url);
  fail_unless_equals_string (url, "https://" HOST "/a");
  question.port = 8443;
  strcpy (question.host, "[2001:db8::1]");
  dorms_question_url (&question, url);
  fail_unless_equals_string (url, "https://[2001:db8::1]:8443/a");
}

GST_END_TEST;

GST_START_TEST (test_bad_settings)
{
  dorms_config good = script.config, bad;
  dorms *d;

#define TRY(change) \
  do { \
    bad = good; \
    change; \
    fail_unless_equals_int (dorms_new (&d, &bad, 0), \
        CORE_ERR_INVALID_ARGUMENT); \
    fail_unless (d == NULL); \
  } while (0)

  TRY (bad.random = NULL);
  TRY (bad.servers = NULL);
  TRY (bad.source = vector_ip_literal ("232.1.1.1"));
  TRY (bad.source = vector_ip_literal ("2001:db8::1"));
  TRY (bad.group = vector_ip_literal ("192.0.2.1"));
  TRY (bad.server = "");
  TRY (bad.server = "a/b");
#undef TRY
  dorms_free (NULL);
}

GST_END_TEST;

static Suite *
dorms_suite (void)
{
  Suite *s = suite_create ("dorms");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_vectors_v4);
  tcase_add_test (tc, test_vectors_v6);
  tcase_add_test (tc, test_vectors_unknown);
  tcase_add_test (tc, test_srv_vectors);
  tcase_add_test (tc, test_srv_lifetime);
  tcase_add_test (tc, test_freshness);
  tcase_add_test (tc, test_changes);
  tcase_add_test (tc, test_etag);
  tcase_add_test (tc, test_bad_etags);
  tcase_add_test (tc, test_stray_304);
  tcase_add_test (tc, test_refresh_by_hand);
  tcase_add_test (tc, test_refresh_spacing);
  tcase_add_test (tc, test_refresh_under_way);
  tcase_add_test (tc, test_server_is_remembered);
  tcase_add_test (tc, test_stale);
  tcase_add_test (tc, test_withdrawn);
  tcase_add_test (tc, test_withdrawn_at_once);
  tcase_add_test (tc, test_configured);
  tcase_add_test (tc, test_url);
  tcase_add_test (tc, test_bad_settings);
  return s;
}

GST_CHECK_MAIN (dorms);
