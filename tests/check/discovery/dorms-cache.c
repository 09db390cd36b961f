/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The metadata of a process: who shares it, who is told, and for how long it
 * is kept.
 */
#include "dorms-cache.h"

#include <gmodule.h>
#include <string.h>

#include "vectors.h"

#define S CORE_SECOND
#define GROUP "232.10.10.1"
#define ROOT "{\"links\":[{\"rel\":\"restconf\",\"href\":\"/r\"}]}"
#define BODY(members) "{\"ietf-dorms:group\":[{\"address\":\"" GROUP "\"" \
    members "}]}"

static dorms_cache *cache;
static core_time now;
static dorms_query query;
static int woken;

static void
no_random (void *ctx, uint8_t * buf, size_t len)
{
  memset (buf, 0, len);
}

static void
count_wake (void *ctx)
{
  woken++;
}

static void
count_notify (void *ctx)
{
  g_atomic_int_inc ((int *) ctx);
}

static dorms_user *
use (int *notified)
{
  dorms_user *user;

  fail_unless_equals_int (dorms_cache_use (cache, &query, count_notify,
          notified, now, &user), CORE_OK);
  return user;
}

static dorms_cache_question question;

static void
expect_question (void)
{
  g_free (question.tls_ca_file);
  fail_unless (dorms_cache_next_question (cache, &question, now));
  fail_unless (dorms_cache_is_wanted (cache, question.ticket));
}

static void
expect_no_question (void)
{
  dorms_cache_question other;

  fail_if (dorms_cache_next_question (cache, &other, now));
}

static void
answer (unsigned status, const char *body)
{
  dorms_http_answer http = {.status = status,
    .cache_control = "max-age=60",.body = (const uint8_t *) body,
    .body_len = strlen (body)
  };

  dorms_cache_answer_get (cache, question.ticket, &http, now);
}

/* Where the server's data are is known of it from then on. */
static void
find_root (void)
{
  int told = 0;
  dorms_user *user = use (&told);

  expect_question ();
  fail_unless_equals_string (question.question.path, DORMS_PATH_HOST_META_JSON);
  answer (200, ROOT);
  dorms_user_leave (user, now);
}

static void
setup (void)
{
  cache = dorms_cache_new (no_random, NULL);
  now = 1000 * S;
  memset (&query, 0, sizeof (query));
  query.source = vector_ip_literal ("198.51.100.10");
  query.group = vector_ip_literal (GROUP);
  query.server = "dorms.example.com";
  fail_unless (dorms_cache_attach_worker (cache, count_wake, NULL));
  find_root ();
  woken = 0;
}

static void
teardown (void)
{
  dorms_cache_free (cache);
}

static void
answer_channel (const char *body)
{
  expect_question ();
  answer (404, "");
  expect_question ();
  answer (200, body);
}

static void
check_state (dorms_user * user, dorms_state state, unsigned port,
    dorms_code code)
{
  const dorms_snapshot *snapshot = dorms_user_look (user);

  fail_unless_equals_int (snapshot->state, state);
  fail_unless_equals_int (snapshot->code, code);
  fail_unless ((snapshot->metadata != NULL) == (port != 0));
  if (port != 0)
    fail_unless_equals_int (snapshot->metadata->ports[0], port);
  dorms_snapshot_unref (snapshot);
}

#define PORT(port) BODY (",\"udp-stream\":[{\"port\":" port "}]")

GST_START_TEST (test_shared)
{
  int first_told = 0, second_told = 0;
  dorms_user *first = use (&first_told), *second;
  const dorms_snapshot *old;

  fail_unless_equals_int (woken, 1);
  check_state (first, DORMS_STATE_NONE, 0, DORMS_OK);
  expect_question ();
  fail_unless_equals_string (question.question.path, "/r/yang-library-version");
  second = use (&second_told);
  expect_no_question ();
  answer (404, "");
  fail_unless_equals_int (first_told, 1);       /* what is being asked */
  expect_question ();
  answer (200, PORT ("1"));
  fail_unless_equals_int (first_told, 3);
  fail_unless_equals_int (second_told, 2);
  check_state (first, DORMS_STATE_FRESH, 1, DORMS_OK);
  check_state (second, DORMS_STATE_FRESH, 1, DORMS_OK);

  /* A snapshot stays as it is. */
  old = dorms_user_look (first);
  fail_unless_equals_string (old->server, "dorms.example.com:443");
  fail_unless_equals_uint64 (old->refresh_at, now + 60 * S);
  dorms_user_leave (first, now);
  fail_unless_equals_uint64 (dorms_cache_deadline (cache), now + 60 * S);
  now += 60 * S;
  dorms_cache_expire (cache, now);
  expect_question ();
  answer (200, PORT ("2"));
  fail_unless_equals_int (first_told, 3);
  fail_unless_equals_int (second_told, 4);
  check_state (second, DORMS_STATE_FRESH, 2, DORMS_OK);
  fail_unless_equals_int (old->metadata->ports[0], 1);
  dorms_snapshot_unref (old);
  dorms_user_leave (second, now);
  dorms_user_leave (NULL, now);
}

GST_END_TEST;

/* Whoever wants it from elsewhere, or trusts others, does not share. */
GST_START_TEST (test_not_shared)
{
  dorms_query base = query;
  dorms_user *users[9];
  unsigned n = 0;
  int told = 0;

  users[n++] = use (&told);
  query.server = "other.example.com";
  users[n++] = use (&told);
  query = base;
  query.port = 8443;
  users[n++] = use (&told);
  query = base;
  query.tls_ca_file = "/ca.pem";
  users[n++] = use (&told);
  query = base;
  query.trust = DORMS_TRUST_RESOLVER;
  users[n++] = use (&told);
  query = base;
  query.require_srv_match = TRUE;
  users[n++] = use (&told);
  query = base;
  query.source.bytes[3]++;
  users[n++] = use (&told);
  query = base;
  query.group.bytes[3]++;
  users[n++] = use (&told);
  /* The default written out is the same. */
  query = base;
  query.port = 443;
  users[n++] = use (&told);

  for (unsigned i = 0; i + 1 < n; i++) {
    expect_question ();
    fail_unless_equals_string (question.tls_ca_file, i == 3 ? "/ca.pem" : NULL);
  }
  expect_no_question ();
  for (unsigned i = 0; i < n; i++)
    dorms_user_leave (users[i], now);
  fail_unless_equals_uint64 (dorms_cache_deadline (cache), CORE_TIME_NEVER);
}

GST_END_TEST;

/* What is fresh outlives its last user by no more than its freshness. */
GST_START_TEST (test_kept)
{
  int told = 0;
  dorms_user *user = use (&told);

  answer_channel (PORT ("1"));
  dorms_user_leave (user, now);
  fail_unless_equals_uint64 (dorms_cache_deadline (cache), now + 60 * S);
  now += 59 * S;
  user = use (&told);
  check_state (user, DORMS_STATE_FRESH, 1, DORMS_OK);
  expect_no_question ();
  dorms_user_leave (user, now);

  /* Nobody refreshes it meanwhile, and then it is gone. */
  now += S;
  expect_no_question ();
  dorms_cache_expire (cache, now);
  fail_unless_equals_uint64 (dorms_cache_deadline (cache), CORE_TIME_NEVER);
  user = use (&told);
  check_state (user, DORMS_STATE_NONE, 0, DORMS_OK);
  answer_channel (PORT ("2"));
  dorms_user_leave (user, now);

  /* The same when nobody removed it in time. */
  now += 60 * S;
  user = use (&told);
  check_state (user, DORMS_STATE_NONE, 0, DORMS_OK);
  dorms_user_leave (user, now);
}

GST_END_TEST;

GST_START_TEST (test_left_in_the_middle)
{
  int told = 0;
  dorms_user *user = use (&told);

  expect_question ();
  woken = 0;
  dorms_user_leave (user, now);
  fail_unless_equals_int (woken, 1);
  fail_if (dorms_cache_is_wanted (cache, question.ticket));
  answer (200, "{}");
  dorms_cache_answer_srv (cache, question.ticket, &(dorms_srv_answer) {
      0}, now);
  fail_unless_equals_int (told, 1);
  fail_unless_equals_uint64 (dorms_cache_deadline (cache), CORE_TIME_NEVER);
}

GST_END_TEST;

GST_START_TEST (test_errors)
{
  int told = 0;
  dorms_user *user = use (&told);
  const dorms_snapshot *snapshot;

  expect_question ();
  answer (404, "");
  expect_question ();
  snapshot = dorms_user_look (user);
  fail_unless_equals_int (snapshot->ask, DORMS_ASK_GET);
  fail_unless (g_str_has_prefix (snapshot->asking,
          "https://dorms.example.com/r/data/"), "%s", snapshot->asking);
  dorms_snapshot_unref (snapshot);
  answer (403, "no\n");
  fail_unless_equals_int (told, 3);
  snapshot = dorms_user_look (user);
  fail_unless_equals_string (snapshot->asking, "");
  fail_unless_equals_int (snapshot->code, DORMS_DENIED);
  fail_unless_equals_int (snapshot->status, 403);
  fail_unless_equals_string (snapshot->error_server, "dorms.example.com:443");
  fail_unless_equals_string (snapshot->error_text,
      "dorms.example.com:443 refused access (HTTP status 403)");
  fail_unless_equals_string (snapshot->error_says, "no");
  dorms_snapshot_unref (snapshot);

  now = dorms_cache_deadline (cache);
  dorms_cache_expire (cache, now);
  expect_question ();
  answer (200, PORT ("1"));
  check_state (user, DORMS_STATE_FRESH, 1, DORMS_OK);

  /* A later failure does not take away what is known, and passes. */
  now = dorms_cache_deadline (cache);
  dorms_cache_expire (cache, now);
  expect_question ();
  answer (500, "");
  check_state (user, DORMS_STATE_FRESH, 1, DORMS_UNREACHABLE);
  now = dorms_cache_deadline (cache);
  dorms_cache_expire (cache, now);
  expect_question ();
  answer (200, PORT ("1"));
  check_state (user, DORMS_STATE_FRESH, 1, DORMS_OK);
  dorms_user_leave (user, now);
}

GST_END_TEST;

GST_START_TEST (test_srv)
{
  static const dorms_srv_record record = {.port = 443,
    .target = "a.example.com"
  };
  dorms_srv_answer srv = {.secure = true,.records = &record,.n = 1 };
  int told = 0;
  dorms_user *user;

  query.server = NULL;
  user = use (&told);
  expect_question ();
  fail_unless_equals_int (question.question.ask, DORMS_ASK_SRV);
  dorms_cache_answer_srv (cache, question.ticket, &srv, now);
  expect_question ();
  fail_unless_equals_string (question.question.host, "a.example.com");
  dorms_user_leave (user, now);
}

GST_END_TEST;

GST_START_TEST (test_refresh)
{
  int told = 0;
  dorms_user *user = use (&told);

  answer_channel (PORT ("1"));
  expect_no_question ();
  now += 2 * S;
  woken = 0;
  dorms_user_refresh (user, now);
  fail_unless_equals_int (woken, 1);
  expect_question ();
  fail_unless (question.question.no_cache);
  dorms_user_leave (user, now);
}

GST_END_TEST;

/* One server that fails, with another to be asked, is no news. */
GST_START_TEST (test_next_server)
{
  static const dorms_srv_record records[] = {
    {.port = 443,.target = "a.example.com"},
    {.priority = 1,.port = 443,.target = "b.example.com"}
  };
  dorms_srv_answer srv = {.secure = true,.records = records,.n = 2 };
  const dorms_http_answer refused = {.result = DORMS_HTTP_UNREACHABLE };
  const dorms_snapshot *snapshot;
  dorms_user *user;
  int told = 0;

  query.server = NULL;
  user = use (&told);
  expect_question ();
  dorms_cache_answer_srv (cache, question.ticket, &srv, now);
  expect_question ();
  fail_unless_equals_string (question.question.host, "a.example.com");
  dorms_cache_answer_get (cache, question.ticket, &refused, now);
  check_state (user, DORMS_STATE_NONE, 0, DORMS_OK);
  snapshot = dorms_user_look (user);
  fail_unless (snapshot->asking[0] != '\0');
  dorms_snapshot_unref (snapshot);

  expect_question ();
  fail_unless_equals_string (question.question.host, "b.example.com");
  dorms_cache_answer_get (cache, question.ticket, &refused, now);
  check_state (user, DORMS_STATE_NONE, 0, DORMS_UNREACHABLE);
  dorms_user_leave (user, now);
}

GST_END_TEST;

/* A server that says the same again has answered, too. */
GST_START_TEST (test_confirmed)
{
  int told = 0;
  dorms_user *user = use (&told);
  const dorms_snapshot *snapshot;
  core_time refresh_at;

  answer_channel (PORT ("1"));
  refresh_at = now = dorms_cache_deadline (cache);
  dorms_cache_expire (cache, now);
  expect_question ();
  told = 0;
  answer (200, PORT ("1"));
  fail_unless_equals_int (told, 1);
  snapshot = dorms_user_look (user);
  fail_unless_equals_string (snapshot->asking, "");
  fail_unless (snapshot->refresh_at > refresh_at);
  dorms_snapshot_unref (snapshot);
  dorms_user_leave (user, now);
}

GST_END_TEST;

GST_START_TEST (test_settings)
{
  dorms_user *user;
  int told = 0;

  query.server = "a b";
  fail_unless_equals_int (dorms_cache_use (cache, &query, count_notify, &told,
          now, &user), CORE_ERR_INVALID_ARGUMENT);
  fail_unless (user == NULL);
  fail_unless_equals_uint64 (dorms_cache_deadline (cache), CORE_TIME_NEVER);
}

GST_END_TEST;

GST_START_TEST (test_limit)
{
  dorms_user *users[DORMS_CACHE_MAX], *user;
  int told = 0;

  for (unsigned i = 0; i < DORMS_CACHE_MAX; i++) {
    query.group.bytes[3] = (uint8_t) i;
    users[i] = use (&told);
  }
  query.source.bytes[3]++;
  fail_unless_equals_int (dorms_cache_use (cache, &query, count_notify, &told,
          now, &user), CORE_ERR_LIMIT);
  query.source.bytes[3]--;

  /* What is kept for nobody makes room. */
  query.group = vector_ip_literal (GROUP);
  while (dorms_cache_next_question (cache, &question, now)) {
    if (g_str_has_suffix (question.question.path, "/yang-library-version"))
      answer (404, "");
    else if (g_str_has_suffix (question.question.path, "=" GROUP))
      answer (200, PORT ("1"));
  }
  dorms_user_leave (users[1], now);
  query.source.bytes[3]++;
  users[1] = use (&told);
  for (unsigned i = 0; i < DORMS_CACHE_MAX; i++)
    dorms_user_leave (users[i], now);
}

GST_END_TEST;

GST_START_TEST (test_one_worker)
{
  fail_if (dorms_cache_attach_worker (cache, count_wake, NULL));
  dorms_cache_detach_worker (cache);
  fail_unless (dorms_cache_attach_worker (cache, count_wake, NULL));
}

GST_END_TEST;

/*
 * Threads
 */

typedef struct
{
  GMutex lock;
  GCond cond;
  gboolean work;
  gboolean stop;
} thread_worker;

static void
wake_thread (void *ctx)
{
  thread_worker *worker = ctx;

  g_mutex_lock (&worker->lock);
  worker->work = TRUE;
  g_cond_signal (&worker->cond);
  g_mutex_unlock (&worker->lock);
}

static void
answer_anything (void)
{
  const char *path = question.question.path;

  if (g_str_equal (path, DORMS_PATH_HOST_META_JSON))
    answer (200, ROOT);
  else
    answer (strstr (path, "/group=") != NULL ? 200 : 404, PORT ("1"));
}

/* Answers everything at once. */
static gpointer
run_worker (gpointer data)
{
  thread_worker *worker = data;
  gboolean stop = FALSE;

  while (!stop) {
    while (dorms_cache_next_question (cache, &question, now))
      answer_anything ();
    dorms_cache_expire (cache, now);
    g_mutex_lock (&worker->lock);
    while (!worker->work && !worker->stop)
      g_cond_wait (&worker->cond, &worker->lock);
    worker->work = FALSE;
    stop = worker->stop;
    g_mutex_unlock (&worker->lock);
  }
  return NULL;
}

static gpointer
run_user (gpointer data)
{
  for (unsigned i = 0; i < 200; i++) {
    /* Nobody may write to it once the user has left. */
    int *told = g_new0 (int, 1);
    dorms_query own = query;
    dorms_user *user;

    own.group.bytes[1] = (uint8_t) (i % 3);
    fail_unless_equals_int (dorms_cache_use (cache, &own, count_notify, told,
            now, &user), CORE_OK);
    dorms_snapshot_unref (dorms_user_look (user));
    dorms_user_refresh (user, now);
    dorms_user_leave (user, now);
    g_free (told);
  }
  return NULL;
}

static gboolean
is_known (dorms_user * user)
{
  const dorms_snapshot *snapshot = dorms_user_look (user);
  gboolean known = snapshot->state == DORMS_STATE_FRESH;

  dorms_snapshot_unref (snapshot);
  return known;
}

GST_START_TEST (test_threads)
{
  thread_worker worker = { 0 };
  GThread *users[4], *thread;
  int told = 0;
  dorms_user *user;
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  g_mutex_init (&worker.lock);
  g_cond_init (&worker.cond);
  dorms_cache_detach_worker (cache);
  fail_unless (dorms_cache_attach_worker (cache, wake_thread, &worker));
  thread = g_thread_new ("worker", run_worker, &worker);
  for (unsigned i = 0; i < G_N_ELEMENTS (users); i++)
    users[i] = g_thread_new ("user", run_user, NULL);
  user = use (&told);
  for (unsigned i = 0; i < G_N_ELEMENTS (users); i++)
    g_thread_join (users[i]);
  while (!is_known (user) && g_get_monotonic_time () < deadline)
    g_thread_yield ();
  check_state (user, DORMS_STATE_FRESH, 1, DORMS_OK);

  g_mutex_lock (&worker.lock);
  worker.stop = TRUE;
  g_cond_signal (&worker.cond);
  g_mutex_unlock (&worker.lock);
  g_thread_join (thread);
  dorms_user_leave (user, now);
  g_mutex_clear (&worker.lock);
  g_cond_clear (&worker.cond);
}

GST_END_TEST;

/*
 * One in a process
 */

typedef dorms_cache *(*get_default_func) (void);

/* Two plugins, each with the code in it. */
GST_START_TEST (test_plugins_share)
{
  dorms_cache *found[2];

  for (unsigned i = 0; i < 2; i++) {
    char *path = g_strdup_printf ("%s/libcache-user-%u.so",
        g_getenv ("MC_MODULES_DIR"), i);
    GModule *module = g_module_open (path, G_MODULE_BIND_LOCAL);
    gpointer get;

    fail_unless (module != NULL, "%s", g_module_error ());
    fail_unless (g_module_symbol (module, "cache_user_get", &get));
    found[i] = ((get_default_func) get) ();
    g_module_make_resident (module);
    g_free (path);
  }
  fail_unless (found[0] != NULL);
  fail_unless (found[0] == found[1]);
  fail_unless (found[0] == dorms_cache_get_default ());
}

GST_END_TEST;

static Suite *
dorms_cache_suite (void)
{
  Suite *s = suite_create ("dorms-cache");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_shared);
  tcase_add_test (tc, test_not_shared);
  tcase_add_test (tc, test_kept);
  tcase_add_test (tc, test_left_in_the_middle);
  tcase_add_test (tc, test_errors);
  tcase_add_test (tc, test_srv);
  tcase_add_test (tc, test_refresh);
  tcase_add_test (tc, test_next_server);
  tcase_add_test (tc, test_confirmed);
  tcase_add_test (tc, test_settings);
  tcase_add_test (tc, test_limit);
  tcase_add_test (tc, test_one_worker);
  tcase_add_test (tc, test_threads);
  tcase_add_test (tc, test_plugins_share);
  return s;
}

GST_CHECK_MAIN (dorms_cache);
