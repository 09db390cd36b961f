/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Resolvers against a name server that misbehaves, and what is common to all
 * of them against a resolver that is the test itself.
 */
#include "resolver-backend.h"

#include <gmodule.h>
#include <gst/check/gstcheck.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dnsserver.h"
#include "stopwatch.h"
#include "usage.h"

/* Trust anchors: none at all, under two names. */
#define NO_ANCHOR "/dev/null"
#define NO_ANCHOR_2 "/dev//null"

/* The loops over the resolvers begin with the first that was built. */
enum
{
  UNBOUND,
  LIBC,
  N_BACKENDS,
  FIRST = HAVE_LIBUNBOUND ? UNBOUND : LIBC
};

static McResolver *
new_backend (int which)
{
  return which == UNBOUND ? mc_resolver_new_unbound () :
      mc_resolver_new_libc ();
}

/* The shortest deadline that both keep: the C library counts in seconds. */
static core_time
short_time (int which)
{
  return which == UNBOUND ? 200 * CORE_MSECOND : CORE_SECOND;
}

/* A resolver and the server it asks. */
typedef struct
{
  DnsServer *server;
  McResolver *resolver;
  int wake_fd;
} Fixture;

static gboolean
fixture_init_family (Fixture * f, int which, core_family family)
{
  memset (f, 0, sizeof (*f));
  g_setenv (MC_RESOLVER_TRUST_ANCHOR_ENV, NO_ANCHOR, TRUE);
  f->server = dns_server_new (family);
  if (f->server == NULL)
    return FALSE;
  g_setenv (MC_RESOLVER_SERVER_ENV, dns_server_address (f->server), TRUE);
  f->resolver = new_backend (which);
  fail_unless (f->resolver != NULL);
  f->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  return TRUE;
}

static void
fixture_init (Fixture * f, int which)
{
  fail_unless (fixture_init_family (f, which, CORE_FAMILY_V4));
}

static void
fixture_clear (Fixture * f)
{
  mc_resolver_unref (f->resolver);
  dns_server_free (f->server);
  close (f->wake_fd);
}

/* Waits to be woken until the answer is there. */
static const dns_answer *
wait_for (McQuery * query, int wake_fd)
{
  const gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
  const dns_answer *answer;

  while ((answer = mc_query_poll (query)) == NULL) {
    struct pollfd fd = { wake_fd, POLLIN, 0 };
    guint64 n;

    fail_unless (g_get_monotonic_time () < deadline, "no answer");
    if (poll (&fd, 1, 1000) > 0)
      fail_unless (read (wake_fd, &n, sizeof (n)) == sizeof (n));
  }
  return answer;
}

static const struct
{
  const gchar *name;
  guint16 type;
  dns_status status;
  guint n_records;
  const gchar *canonical;
  guint32 ttl;
} cases[] = {
  {"relay.example.", DNS_TYPE_AMTRELAY, DNS_STATUS_OK, 1, NULL, 60},
  {"relay.example", DNS_TYPE_AMTRELAY, DNS_STATUS_OK, 1, NULL, 60},
  {"host.example.", DNS_TYPE_A, DNS_STATUS_OK, 1, NULL, 60},
  {"host.example.", DNS_TYPE_AAAA, DNS_STATUS_OK, 1, NULL, 60},
  {"big.example.", DNS_TYPE_AMTRELAY, DNS_STATUS_OK, 80, NULL, 60},
  {"alias.example.", DNS_TYPE_AMTRELAY, DNS_STATUS_OK, 1, "relay.example.",
      60},
  {"both.example.", DNS_TYPE_AMTRELAY, DNS_STATUS_OK, 1, "short.example.",
      30},
  {"nodata.example.", DNS_TYPE_AMTRELAY, DNS_STATUS_NO_DATA},
  {"nxdomain.example.", DNS_TYPE_AMTRELAY, DNS_STATUS_NO_NAME},
  {"servfail.example.", DNS_TYPE_AMTRELAY, DNS_STATUS_FAILED},
  {"refused.example.", DNS_TYPE_AMTRELAY, DNS_STATUS_FAILED},
  {"loop.example.", DNS_TYPE_AMTRELAY, DNS_STATUS_FAILED},
};

static void
check_case (Fixture * f, guint i)
{
  McQuery *query = mc_query_new (f->resolver, cases[i].name, cases[i].type,
      20 * CORE_SECOND, f->wake_fd);
  const dns_answer *answer = wait_for (query, f->wake_fd);

  fail_unless (answer->status == cases[i].status, "%s: %s (%s)",
      cases[i].name, dns_status_name (answer->status), answer->problem);
  fail_unless (answer->n_records == cases[i].n_records, "%s: %u records",
      cases[i].name, answer->n_records);
  fail_unless (answer->security == DNS_INSECURE);
  if (answer->status == DNS_STATUS_OK) {
    fail_unless (answer->ttl <= cases[i].ttl && answer->ttl + 5 >=
        cases[i].ttl, "%s: TTL %u", cases[i].name, answer->ttl);
    fail_unless ((answer->canonical != NULL) == (cases[i].canonical != NULL),
        "%s: canonical name %s", cases[i].name, answer->canonical);
  } else {
    fail_unless (answer->problem != NULL);
  }
  if (cases[i].canonical)
    fail_unless (dns_name_equal (answer->canonical, cases[i].canonical));
  mc_query_free (query);
}

GST_START_TEST (test_answers)
{
  McResolverStats stats;
  Fixture f;

  fixture_init (&f, __i__);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_case (&f, i);
  fail_unless (dns_server_count (f.server, TRUE) > 0);
  mc_resolver_get_stats (f.resolver, &stats);
  fail_unless_equals_uint64 (stats.questions, G_N_ELEMENTS (cases));
  fail_unless_equals_uint64 (stats.failures, 3);
  fail_unless_equals_uint64 (stats.answers, G_N_ELEMENTS (cases) - 3);
  fail_unless_equals_uint64 (stats.cancelled, 0);
  fixture_clear (&f);
}

GST_END_TEST;

/* All at a time. */
GST_START_TEST (test_many)
{
  McQuery *queries[20];
  Fixture f;

  fixture_init (&f, __i__);
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++) {
    g_autofree gchar *name = g_strdup_printf ("relay.d%u.example.", i);

    queries[i] = mc_query_new (f.resolver, name, DNS_TYPE_AMTRELAY, 0,
        f.wake_fd);
  }
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++) {
    fail_unless_equals_int (wait_for (queries[i], f.wake_fd)->status,
        DNS_STATUS_OK);
    mc_query_free (queries[i]);
  }
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_v6)
{
  McQuery *query;
  Fixture f;

  /* A host may have no IPv6. */
  if (!fixture_init_family (&f, __i__, CORE_FAMILY_V6))
    return;
  query = mc_query_new (f.resolver, "relay.example.", DNS_TYPE_AMTRELAY, 0,
      f.wake_fd);
  fail_unless_equals_int (wait_for (query, f.wake_fd)->status, DNS_STATUS_OK);
  mc_query_free (query);
  fixture_clear (&f);
}

GST_END_TEST;

/* Silence, and what is no answer, end at the question's own deadline. */
GST_START_TEST (test_deadline)
{
  static const gchar *const names[] = {
    "silent.example.", "garbage.example.", "stuck.example."
  };
  McQuery *queries[3];
  gint64 start, took;
  Stopwatch watch;
  Fixture f;

  fixture_init (&f, __i__);
  start = g_get_monotonic_time ();
  stopwatch_start (&watch);
  for (guint i = 0; i < 3; i++)
    queries[i] = mc_query_new (f.resolver, names[i], DNS_TYPE_AMTRELAY,
        short_time (__i__), f.wake_fd);
  took = stopwatch_us (&watch);
  fail_unless (took < G_USEC_PER_SEC / 10, "%d us", (int) took);
  for (guint i = 0; i < 3; i++) {
    const dns_answer *answer = wait_for (queries[i], f.wake_fd);

    fail_unless (answer->status == DNS_STATUS_TIMEOUT || i > 0);
    fail_unless (answer->status >= DNS_STATUS_FAILED);
    mc_query_free (queries[i]);
  }
  took = g_get_monotonic_time () - start;
  fail_unless (took < 4 * G_USEC_PER_SEC, "%d us", (int) took);
  fixture_clear (&f);
}

GST_END_TEST;

/* Freed at any moment, at once, whoever is silent; nothing is left over. */
GST_START_TEST (test_cancel)
{
  guint n_fds, n_threads;
  gint64 longest = 0;
  McResolverStats stats;
  Fixture f;

  fixture_init (&f, __i__);
  n_fds = count_fds ();
  n_threads = count_threads ();
  for (guint i = 0; i < 20; i++) {
    McQuery *query = mc_query_new (f.resolver, "silent.example.",
        DNS_TYPE_AMTRELAY, CORE_SECOND, f.wake_fd);
    Stopwatch watch;
    gint64 took;

    /* At once, or when it is on its way. */
    while (i % 2 && dns_server_count (f.server, FALSE) == 0)
      g_usleep (1000);
    stopwatch_start (&watch);
    mc_query_free (query);
    took = stopwatch_us (&watch);
    longest = MAX (longest, took);
  }
  fail_unless (longest < G_USEC_PER_SEC / 10, "%d us", (int) longest);
  mc_resolver_get_stats (f.resolver, &stats);
  fail_unless_equals_uint64 (stats.cancelled, 20);

  /* The resolver is as good as before. */
  if (__i__ == UNBOUND) {
    McQuery *query = mc_query_new (f.resolver, "relay.example.",
        DNS_TYPE_AMTRELAY, 0, f.wake_fd);

    fail_unless_equals_int (wait_for (query, f.wake_fd)->status, DNS_STATUS_OK);
    mc_query_free (query);
  }
  mc_resolver_unref (f.resolver);
  f.resolver = NULL;
  wait_for_threads (n_threads);
  wait_for_fds (n_fds);
  f.resolver = new_backend (__i__);
  fixture_clear (&f);
}

GST_END_TEST;

/* A resolver that goes with questions open, and right after the first. */
GST_START_TEST (test_end)
{
  Fixture f;

  fixture_init (&f, __i__);
  for (guint i = 0; i < 20; i++) {
    Stopwatch watch;
    McQuery *query;
    gint64 took;

    mc_resolver_unref (f.resolver);
    f.resolver = new_backend (__i__);
    query = mc_query_new (f.resolver, i % 2 ? "silent.example." :
        "relay.example.", DNS_TYPE_AMTRELAY, CORE_SECOND, -1);
    mc_resolver_unref (f.resolver);
    stopwatch_start (&watch);
    mc_query_free (query);
    took = stopwatch_us (&watch);
    fail_unless (took < G_USEC_PER_SEC / 10, "%d us", (int) took);
    f.resolver = new_backend (__i__);
  }
  fixture_clear (&f);
}

GST_END_TEST;

/* Another server in the environment is used for the next question, and so it
 * is after the network changed, although the answer was known. */
GST_START_TEST (test_settings)
{
  DnsServer *other = dns_server_new (CORE_FAMILY_V4);
  guint before;
  McQuery *query;
  Fixture f;

  fixture_init (&f, __i__);
  for (guint i = 0; i < 3; i++) {
    if (i == 2)
      g_setenv (MC_RESOLVER_SERVER_ENV, dns_server_address (other), TRUE);
    query = mc_query_new (f.resolver, "relay.example.", DNS_TYPE_AMTRELAY, 0,
        f.wake_fd);
    fail_unless_equals_int (wait_for (query, f.wake_fd)->status, DNS_STATUS_OK);
    mc_query_free (query);
  }
  fail_unless_equals_int (dns_server_count (f.server, FALSE),
      __i__ == UNBOUND ? 1 : 2);
  before = dns_server_count (other, FALSE);
  fail_unless_equals_int (before, 1);

  mc_resolver_network_changed (f.resolver);
  query = mc_query_new (f.resolver, "relay.example.", DNS_TYPE_AMTRELAY, 0,
      f.wake_fd);
  fail_unless_equals_int (wait_for (query, f.wake_fd)->status, DNS_STATUS_OK);
  mc_query_free (query);
  fail_unless_equals_int (dns_server_count (other, FALSE), 2);
  dns_server_free (other);
  fixture_clear (&f);
}

GST_END_TEST;

/* Everybody tells of the same change, and asks: nobody's question is lost to
 * another's renewal. */
GST_START_TEST (test_change_told_by_many)
{
  McQuery *queries[8];
  Fixture f;

  fixture_init (&f, UNBOUND);
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++) {
    g_autofree gchar *name = g_strdup_printf ("silent.a%u.example.", i);

    mc_resolver_network_changed (f.resolver);
    queries[i] = mc_query_new (f.resolver, name, DNS_TYPE_AMTRELAY, 0,
        f.wake_fd);
    while (dns_server_count (f.server, FALSE) <= i)
      g_usleep (1000);
  }
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++) {
    fail_unless (mc_query_poll (queries[i]) == NULL, "%u", i);
    mc_query_free (queries[i]);
  }
  fixture_clear (&f);
}

GST_END_TEST;

/* Settings that change while questions are open, more often than contexts are
 * kept: each question is answered all the same. */
GST_START_TEST (test_settings_storm)
{
  McQuery *queries[8];
  Fixture f;

  fixture_init (&f, UNBOUND);
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++) {
    g_setenv (MC_RESOLVER_TRUST_ANCHOR_ENV, i % 2 ? NO_ANCHOR : NO_ANCHOR_2,
        TRUE);
    queries[i] = mc_query_new (f.resolver, "silent.example.",
        DNS_TYPE_AMTRELAY, short_time (UNBOUND), f.wake_fd);
    /* Until the thread has it: else they share a context. */
    while (dns_server_count (f.server, FALSE) <= i)
      g_usleep (1000);
  }
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++) {
    fail_unless (wait_for (queries[i], f.wake_fd)->status >= DNS_STATUS_FAILED);
    mc_query_free (queries[i]);
  }
  fixture_clear (&f);
}

GST_END_TEST;

/* A thread that nobody asks anything ends, and comes back. */
GST_START_TEST (test_linger)
{
  guint n_threads;
  Fixture f;

  fixture_init (&f, UNBOUND);
  n_threads = count_threads ();
  mc_resolver_unref (f.resolver);
  f.resolver = mc_resolver_new_unbound_with (50000);
  for (guint i = 0; i < 3; i++) {
    McQuery *query = mc_query_new (f.resolver, "relay.example.",
        DNS_TYPE_AMTRELAY, 0, f.wake_fd);

    fail_unless_equals_int (wait_for (query, f.wake_fd)->status, DNS_STATUS_OK);
    mc_query_free (query);
    wait_for_threads (n_threads);
    /* What was known went with it. */
    fail_unless_equals_int (dns_server_count (f.server, FALSE), i + 1);
  }
  fixture_clear (&f);
}

GST_END_TEST;

/* A trust anchor that is there but no good trusts nobody. */
GST_START_TEST (test_broken_anchor)
{
  gchar path[] = "/tmp/mc-anchor-XXXXXX";
  int fd = mkstemp (path);
  McQuery *query;
  Fixture f;

  fail_unless (fd >= 0 && write (fd, "nonsense\n", 9) == 9);
  close (fd);
  fixture_init (&f, UNBOUND);
  g_setenv (MC_RESOLVER_TRUST_ANCHOR_ENV, path, TRUE);
  query = mc_query_new (f.resolver, "relay.example.", DNS_TYPE_AMTRELAY, 0,
      f.wake_fd);
  fail_unless_equals_int (wait_for (query, f.wake_fd)->status,
      DNS_STATUS_FAILED);
  fail_unless (strstr (mc_query_poll (query)->problem,
          MC_RESOLVER_TRUST_ANCHOR_ENV) != NULL);
  fail_unless (strstr (mc_query_poll (query)->problem, path) != NULL);
  mc_query_free (query);

  /* And once it is good, all is well. */
  unlink (path);
  g_setenv (MC_RESOLVER_TRUST_ANCHOR_ENV, NO_ANCHOR, TRUE);
  query = mc_query_new (f.resolver, "relay.example.", DNS_TYPE_AMTRELAY, 0,
      f.wake_fd);
  fail_unless_equals_int (wait_for (query, f.wake_fd)->status, DNS_STATUS_OK);
  mc_query_free (query);
  fixture_clear (&f);
}

GST_END_TEST;

/* More at a time than a resolver takes. */
GST_START_TEST (test_too_many)
{
  McQuery *queries[200];
  McResolverStats stats;
  guint refused = 0;
  Fixture f;

  fixture_init (&f, __i__);
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++) {
    const dns_answer *answer;

    queries[i] = mc_query_new (f.resolver, "silent.example.",
        DNS_TYPE_AMTRELAY, CORE_SECOND, f.wake_fd);
    answer = mc_query_poll (queries[i]);
    if (answer != NULL && answer->status == DNS_STATUS_FAILED)
      refused++;
  }
  fail_unless_equals_int (refused, __i__ == UNBOUND ? 72 : 168);
  mc_resolver_get_stats (f.resolver, &stats);
  fail_unless_equals_uint64 (stats.refused, refused);
  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    mc_query_free (queries[i]);
  fixture_clear (&f);
}

GST_END_TEST;

/* The C library passes AD on, since RES_OPTIONS, which it reads once, says that
 * the server is to be trusted; libunbound believes nobody. */
GST_START_TEST (test_ad)
{
  McQuery *query;
  Fixture f;

  fixture_init (&f, __i__);
  query = mc_query_new (f.resolver, "ad.example.", DNS_TYPE_AMTRELAY, 0,
      f.wake_fd);
  fail_unless_equals_int (wait_for (query, f.wake_fd)->security,
      __i__ == LIBC ? DNS_SECURE : DNS_INSECURE);
  mc_query_free (query);
  fixture_clear (&f);
}

GST_END_TEST;

/* --- a resolver that is the test --- */

typedef struct
{
  McQuery *query;
  guint n_cancelled;
  gboolean freed;
} Fake;

static void
fake_ask (gpointer data, McQuery * query)
{
  Fake *fake = data;

  fake->query = mc_query_ref (query);
}

static void
fake_cancelled (gpointer data)
{
  ((Fake *) data)->n_cancelled++;
}

static void
fake_free (gpointer data)
{
  ((Fake *) data)->freed = TRUE;
}

static const McResolverFuncs fake_funcs = {
  .ask = fake_ask,
  .cancelled = fake_cancelled,
  .free = fake_free
};

GST_START_TEST (test_query)
{
  static const guint8 bytes[] = "abc";
  const dns_rdata records[] = { {bytes, 3}, {bytes, 0}, {bytes + 1, 1} };
  dns_answer answer = {.status = DNS_STATUS_OK,.ttl = 7,.canonical = "c.",
    .records = records,.n_records = 3
  };
  int wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  Fake fake = { 0 };
  McResolver *resolver = mc_resolver_new (&fake_funcs, &fake);
  McQuery *query = mc_query_new (resolver, "a.", 260, 0, wake_fd);
  McResolverStats stats;
  const dns_answer *got;
  guint64 n;

  mc_resolver_network_changed (resolver);
  fail_unless_equals_string (mc_query_get_name (fake.query), "a.");
  fail_unless_equals_int (mc_query_get_type (fake.query), 260);
  fail_unless (mc_query_poll (query) == NULL);
  mc_query_answer (fake.query, &answer, 2);
  mc_query_fail (fake.query, DNS_STATUS_TIMEOUT, "too late");
  got = mc_query_poll (query);
  fail_unless (got != NULL && got->status == DNS_STATUS_OK);
  fail_unless_equals_int (got->n_records, 3);
  fail_unless (got->records[0].data != bytes && got->records[0].len == 3);
  fail_unless (got->records[1].len == 0);
  fail_unless (got->records[2].data[0] == 'b');
  fail_unless_equals_string (got->canonical, "c.");
  fail_unless_equals_int (got->ttl, 7);
  fail_unless (read (wake_fd, &n, sizeof (n)) == sizeof (n) && n == 1);
  mc_query_free (query);
  mc_query_unref (fake.query);
  fail_unless_equals_int (fake.n_cancelled, 0);

  /* An answer that comes after its owner left, and the resolver with him. */
  query = mc_query_new (resolver, "b.", 1, 0, wake_fd);
  close (wake_fd);
  mc_resolver_get_stats (resolver, &stats);
  fail_unless_equals_uint64 (stats.questions, 2);
  fail_unless_equals_uint64 (stats.answers, 1);
  fail_unless_equals_uint64 (stats.records_dropped, 2);
  mc_resolver_unref (resolver);
  fail_if (fake.freed);
  fail_if (mc_query_is_cancelled (fake.query));
  mc_query_free (query);
  fail_unless (fake.freed);
  fail_unless_equals_int (fake.n_cancelled, 1);
  fail_unless (mc_query_is_cancelled (fake.query));
  mc_query_answer (fake.query, &answer, 0);
  mc_query_unref (fake.query);
  mc_query_free (NULL);
}

GST_END_TEST;

static const gchar *const bad_servers[] = {
  "name", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x",
  "[::1]:", "[::1", "[::1]:99999", "[::1]53", "0.0.0.0", "224.0.0.1:53",
  " 127.0.0.1"
};

/* Nobody else is asked than the one that the user wants. */
GST_START_TEST (test_bad_server_text)
{
  const dns_answer *answer;
  core_addr server;
  McQuery *query;
  Fixture f;

  fixture_init (&f, FIRST);
  g_setenv (MC_RESOLVER_SERVER_ENV, bad_servers[__i__], TRUE);
  fail_if (mc_resolver_get_server (&server));
  query = mc_query_new (f.resolver, "relay.example.", DNS_TYPE_AMTRELAY, 0,
      f.wake_fd);
  answer = wait_for (query, f.wake_fd);
  fail_unless_equals_int (answer->status, DNS_STATUS_FAILED);
  fail_unless (strstr (answer->problem, MC_RESOLVER_SERVER_ENV) != NULL);
  fail_unless (strstr (answer->problem, bad_servers[__i__]) != NULL);
  mc_query_free (query);
  fail_unless_equals_int (dns_server_count (f.server, FALSE), 0);
  fixture_clear (&f);
}

GST_END_TEST;

/* Whoever cannot be woken later is told at once. */
GST_START_TEST (test_out_of_fds)
{
  const dns_answer *answer;
  McQuery *query;
  gulong before;
  guint64 n;
  Fixture f;

  fixture_init (&f, FIRST);
  before = limit_fds (0);
  query = mc_query_new (f.resolver, "relay.example.", DNS_TYPE_AMTRELAY, 0,
      f.wake_fd);
  answer = mc_query_poll (query);
  fail_unless (answer != NULL && answer->status == DNS_STATUS_FAILED);
  fail_unless (strstr (answer->problem, "file descriptors") != NULL);
  restore_fd_limit (before);
  fail_unless (read (f.wake_fd, &n, sizeof (n)) == sizeof (n) && n == 1);
  mc_query_free (query);
  fixture_clear (&f);
}

GST_END_TEST;

static const gchar *const bad_anchors[] = { "/nonexistent/anchor", "/tmp" };

/* Nor is anything believed without the trust anchor that he wants. */
GST_START_TEST (test_no_anchor)
{
  const dns_answer *answer;
  McQuery *query;
  Fixture f;

  fixture_init (&f, FIRST);
  g_setenv (MC_RESOLVER_TRUST_ANCHOR_ENV, bad_anchors[__i__], TRUE);
  query = mc_query_new (f.resolver, "relay.example.", DNS_TYPE_AMTRELAY, 0,
      f.wake_fd);
  answer = wait_for (query, f.wake_fd);
  fail_unless_equals_int (answer->status, DNS_STATUS_FAILED);
  fail_unless (strstr (answer->problem, MC_RESOLVER_TRUST_ANCHOR_ENV) != NULL);
  fail_unless (strstr (answer->problem, bad_anchors[__i__]) != NULL);
  mc_query_free (query);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_default)
{
  McResolver *one = mc_resolver_get_default ();
  McResolver *two = mc_resolver_get_default ();
  g_autofree gchar *settings = mc_resolver_settings ();
  g_autofree gchar *same = mc_resolver_settings ();
  g_autofree gchar *other = NULL;

  fail_unless (one != NULL && one == two);
  mc_resolver_unref (one);
  mc_resolver_unref (two);
  fail_unless_equals_string (settings, same);
  g_setenv (MC_RESOLVER_TRUST_ANCHOR_ENV, NO_ANCHOR_2, TRUE);
  other = mc_resolver_settings ();
  fail_if (strcmp (settings, other) == 0);
}

GST_END_TEST;

/* Plugins that link this library each for themselves share the resolver, with
 * one another and with us. */
GST_START_TEST (test_plugins)
{
  const gchar *dir = g_getenv ("MC_MODULES_DIR");
  McResolver *ours = mc_resolver_get_default ();

  fail_unless (dir != NULL);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *path = g_strdup_printf ("%s/libresolver-user-%u.so", dir,
        i);
    GModule *module = g_module_open (path, G_MODULE_BIND_LOCAL);
    gpointer (*get) (void);

    fail_unless (module != NULL, "%s", g_module_error ());
    g_module_make_resident (module);
    fail_unless (g_module_symbol (module, "resolver_user_get",
            (gpointer *) & get));
    fail_unless (get () == ours);
    mc_resolver_unref (ours);
  }
  mc_resolver_unref (ours);
}

GST_END_TEST;

static Suite *
resolver_suite (void)
{
  Suite *s = suite_create ("resolver");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_answers, FIRST, N_BACKENDS);
  tcase_add_loop_test (tc, test_many, FIRST, N_BACKENDS);
  tcase_add_loop_test (tc, test_v6, FIRST, N_BACKENDS);
  tcase_add_loop_test (tc, test_deadline, FIRST, N_BACKENDS);
  tcase_add_loop_test (tc, test_cancel, FIRST, N_BACKENDS);
  tcase_add_loop_test (tc, test_end, FIRST, N_BACKENDS);
  tcase_add_loop_test (tc, test_settings, FIRST, N_BACKENDS);
  if (HAVE_LIBUNBOUND) {
    tcase_add_test (tc, test_settings_storm);
    tcase_add_test (tc, test_change_told_by_many);
    tcase_add_test (tc, test_linger);
    tcase_add_test (tc, test_broken_anchor);
  }
  tcase_add_loop_test (tc, test_too_many, FIRST, N_BACKENDS);
  tcase_add_loop_test (tc, test_ad, FIRST, N_BACKENDS);
  tcase_add_test (tc, test_query);
  tcase_add_loop_test (tc, test_bad_server_text, 0, G_N_ELEMENTS (bad_servers));
  tcase_add_test (tc, test_out_of_fds);
  tcase_add_loop_test (tc, test_no_anchor, 0, G_N_ELEMENTS (bad_anchors));
  tcase_add_test (tc, test_default);
  tcase_add_test (tc, test_plugins);
  return s;
}

GST_CHECK_MAIN (resolver);
