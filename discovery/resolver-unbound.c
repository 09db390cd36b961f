/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Resolves by libunbound, which validates DNSSEC.
 *
 * One thread does everything that has to do with libunbound.  It is there as
 * long as something is asked and for some time after that.  libunbound's
 * settings are fixed by its first question: when they change, a new context
 * takes the questions that come, and the old one goes when it has no more.
 */
#include "resolver-backend.h"

#define LINGER (30 * G_USEC_PER_SEC)

#ifdef HAVE_LIBUNBOUND

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unbound.h>
#include <unistd.h>

#define MAX_QUERIES 128         /* at a time */
#define MAX_CONTEXTS 4

typedef struct
{
  GMutex lock;                  /* all of the first group */
  GQueue incoming;              /* of McQuery, referenced */
  GThread *thread;
  gboolean running;             /* the thread looks at incoming again */
  gboolean stop;
  gboolean renew;               /* a new context for the next question */
  gint64 changed_at;            /* when that was last wanted, monotonic, us */
  guint n_queries;              /* incoming or with libunbound */

  int wake_fd;                  /* constant, both */
  gint64 linger;                /* us the thread stays without questions */

  /* the thread's own */
  GPtrArray *contexts;          /* the last one is current */
} Backend;

typedef struct
{
  Backend *backend;
  struct ub_ctx *ub;
  gchar *settings;
  gboolean old;
  GPtrArray *asked;             /* of Asked */
} Context;

/* Everybody in the process tells of a change of the network, and the kernel's
 * news were given that long to settle: what comes sooner is the same change. */
#define SAME_CHANGE (100 * G_TIME_SPAN_MILLISECOND)

/* A query libunbound works at. */
typedef struct
{
  Context *context;
  McQuery *query;
  int id;
} Asked;

static void
wake (Backend * backend)
{
  const guint64 one = 1;

  if (write (backend->wake_fd, &one, sizeof (one)) < 0)
    g_debug ("resolver: could not wake the thread");
}

static void
query_done (Backend * backend, McQuery * query)
{
  mc_query_unref (query);
  g_mutex_lock (&backend->lock);
  backend->n_queries--;
  g_mutex_unlock (&backend->lock);
}

/* --- contexts --- */

static void
asked_free (gpointer data)
{
  Asked *asked = data;

  query_done (asked->context->backend, asked->query);
  g_free (asked);
}

static void
context_free (gpointer data)
{
  Context *context = data;

  /* No callback comes after this. */
  ub_ctx_delete (context->ub);
  g_ptr_array_unref (context->asked);
  g_free (context->settings);
  g_free (context);
}

/* Names and values as of unbound.conf. */
static const gchar *const options[][2] = {
  /* The private reverse zones are answered by nobody but the user's server:
   * sources have such addresses, too. */
  {"unblock-lan-zones:", "yes"},
  {"do-not-query-localhost:", "no"},
  {"msg-cache-size:", "1m"},
  {"rrset-cache-size:", "1m"},
  {"key-cache-size:", "512k"},
  {"neg-cache-size:", "256k"},
  {"infra-cache-numhosts:", "100"},
  /* A server that did not answer is asked again soon. */
  {"infra-host-ttl:", "30"},
  /* Nothing is told to servers that was not asked. */
  {"trust-anchor-signaling:", "no"},
};

static void
set_servers (struct ub_ctx *ub)
{
  core_addr server;

  if (mc_resolver_get_server (&server)) {
    gchar ip[CORE_IP_TEXT_MAX];
    g_autofree gchar *text = NULL;

    text = g_strdup_printf ("%s@%u", core_ip_to_string (&server.ip, ip),
        server.port);
    ub_ctx_set_fwd (ub, text);
  } else if (ub_ctx_resolvconf (ub, NULL) == UB_READFILE) {
    /* As the C library does without that file. */
    ub_ctx_set_fwd (ub, "127.0.0.1");
  }
}

static Context *
context_new (Backend * backend)
{
  struct ub_ctx *ub = ub_ctx_create ();
  Context *context;

  if (ub == NULL)
    return NULL;
  /* Else it writes to stderr what it does not like. */
  ub_ctx_debugout (ub, NULL);
  /* A thread: a fork would take the application's buffers with it. */
  ub_ctx_async (ub, 1);
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (ub_ctx_set_option (ub, options[i][0], options[i][1]) != 0)
      g_debug ("resolver: libunbound does not know %s", options[i][0]);
  set_servers (ub);
  /* Without the root's nothing can be validated; with a broken one every
   * question fails. */
  if (access (mc_resolver_trust_anchor (), R_OK) == 0)
    ub_ctx_add_ta_file (ub, mc_resolver_trust_anchor ());
  else
    g_debug ("resolver: no trust anchor in %s", mc_resolver_trust_anchor ());
  ub_ctx_hosts (ub, NULL);

  context = g_new0 (Context, 1);
  context->backend = backend;
  context->ub = ub;
  context->settings = mc_resolver_settings ();
  context->asked = g_ptr_array_new_with_free_func (asked_free);
  return context;
}

/* The context for a question that comes now. */
static Context *
get_context (Backend * backend)
{
  g_autofree gchar *settings = mc_resolver_settings ();
  GPtrArray *contexts = backend->contexts;
  Context *context = NULL;
  gboolean renew;

  g_mutex_lock (&backend->lock);
  renew = backend->renew;
  backend->renew = FALSE;
  g_mutex_unlock (&backend->lock);

  if (contexts->len > 0)
    context = g_ptr_array_index (contexts, contexts->len - 1);
  if (context != NULL && !renew && strcmp (context->settings, settings) == 0)
    return context;
  if (context != NULL)
    context->old = TRUE;
  /* Somebody changes files all the time: the oldest questions lose. */
  if (contexts->len >= MAX_CONTEXTS) {
    Context *oldest = g_ptr_array_index (contexts, 0);

    for (guint i = 0; i < oldest->asked->len; i++) {
      Asked *asked = g_ptr_array_index (oldest->asked, i);

      mc_query_fail (asked->query, DNS_STATUS_FAILED,
          "the name servers were changed");
    }
    g_ptr_array_remove_index (contexts, 0);
  }
  context = context_new (backend);
  if (context != NULL)
    g_ptr_array_add (contexts, context);
  return context;
}

/* --- answers --- */

static const gchar *
describe (const struct ub_result *result)
{
  if (result->bogus)
    return result->why_bogus ? result->why_bogus : "DNSSEC validation failed";
  switch (result->rcode) {
    case 0:
      return "there is no such record";
    case 2:
      return "the name server failed, or none answers";
    case 3:
      return "there is no such name";
    case 5:
      return "the name server refused to answer";
    default:
      return "the name server reports an error";
  }
}

static dns_status
status_of (const struct ub_result *result)
{
  /* Forged data may come along. */
  if (result->bogus)
    return DNS_STATUS_BOGUS;
  if (result->havedata)
    return DNS_STATUS_OK;
  if (result->nxdomain)
    return DNS_STATUS_NO_NAME;
  return result->rcode == 0 ? DNS_STATUS_NO_DATA : DNS_STATUS_FAILED;
}

static void
deliver (McQuery * query, const struct ub_result *result)
{
  dns_rdata records[DNS_MAX_RECORDS];
  dns_answer answer = {.status = status_of (result) };
  guint n = 0, n_dropped = 0;

  if (answer.status == DNS_STATUS_OK) {
    for (guint i = 0; result->data[i]; i++) {
      if (n == DNS_MAX_RECORDS || result->len[i] < 0 ||
          result->len[i] > DNS_RDATA_MAX) {
        n_dropped++;
        continue;
      }
      records[n].data = (const guint8 *) result->data[i];
      records[n++].len = (gsize) result->len[i];
    }
    answer.records = records;
    answer.n_records = n;
  } else {
    answer.problem = describe (result);
  }
  if (answer.status != DNS_STATUS_BOGUS) {
    answer.security = result->secure ? DNS_SECURE : DNS_INSECURE;
    answer.canonical = result->canonname;
    answer.ttl = result->ttl > 0 ? (guint32) result->ttl : 0;
  }
  mc_query_answer (query, &answer, n_dropped);
}

static void
on_answer (void *data, int error, struct ub_result *result)
{
  Asked *asked = data;

  if (error != 0 || result == NULL)
    mc_query_fail (asked->query, DNS_STATUS_FAILED, ub_strerror (error));
  else
    deliver (asked->query, result);
  ub_resolve_free (result);
  g_ptr_array_remove_fast (asked->context->asked, asked);
}

/* --- the thread --- */

static gchar *
describe_error (int error)
{
  if (error != UB_INITFAIL)
    return g_strdup (ub_strerror (error));
  return
      g_strdup_printf ("libunbound cannot use its settings: is \"%s\" a file "
      "of DS or DNSKEY records (" MC_RESOLVER_TRUST_ANCHOR_ENV " in the "
      "environment names another)?", mc_resolver_trust_anchor ());
}

static void
start_query (Backend * backend, McQuery * query)
{
  Context *context = mc_query_is_cancelled (query) ? NULL :
      get_context (backend);
  Asked *asked;
  int error;

  if (context == NULL) {
    mc_query_fail (query, DNS_STATUS_FAILED, "libunbound does not start");
    query_done (backend, query);
    return;
  }
  asked = g_new0 (Asked, 1);
  asked->context = context;
  asked->query = query;
  g_ptr_array_add (context->asked, asked);
  error = ub_resolve_async (context->ub, mc_query_get_name (query),
      mc_query_get_type (query), DNS_CLASS_IN, asked, on_answer, &asked->id);
  if (error != 0) {
    g_autofree gchar *problem = describe_error (error);

    mc_query_fail (query, DNS_STATUS_FAILED, problem);
    g_ptr_array_remove_fast (context->asked, asked);
  }
}

/* Gives up what nobody waits for any more or what takes too long; returns
 * the earliest deadline of what remains. */
static gint64
expire_queries (Context * context, gint64 now)
{
  gint64 earliest = G_MAXINT64;

  for (guint i = context->asked->len; i-- > 0;) {
    Asked *asked = g_ptr_array_index (context->asked, i);
    gint64 deadline = mc_query_get_deadline (asked->query);

    if (!mc_query_is_cancelled (asked->query) && deadline > now) {
      earliest = MIN (earliest, deadline);
      continue;
    }
    /* Refused only if the answer is on its way, and that is then read in
     * vain: from the same fd, by this thread. */
    ub_cancel (context->ub, asked->id);
    mc_query_fail (asked->query, DNS_STATUS_TIMEOUT,
        "the name server does not answer");
    g_ptr_array_remove_index_fast (context->asked, i);
  }
  return earliest;
}

/* What to do before the next wait; returns until when to wait. */
static gint64
work (Backend * backend, gint64 now)
{
  gint64 until = G_MAXINT64;

  for (;;) {
    McQuery *query;

    g_mutex_lock (&backend->lock);
    query = g_queue_pop_head (&backend->incoming);
    g_mutex_unlock (&backend->lock);
    if (query == NULL)
      break;
    start_query (backend, query);
  }
  for (guint i = backend->contexts->len; i-- > 0;) {
    Context *context = g_ptr_array_index (backend->contexts, i);

    until = MIN (until, expire_queries (context, now));
    if (context->old && context->asked->len == 0)
      g_ptr_array_remove_index (backend->contexts, i);
  }
  return until;
}

static void
wait_for_news (Backend * backend, gint64 until, gint64 now)
{
  GPtrArray *contexts = backend->contexts;
  struct pollfd fds[1 + MAX_CONTEXTS];
  gint64 wait = (MAX (until, now) - now + 999) / 1000;
  guint n = contexts->len;
  guint64 ignored;

  fds[0].fd = backend->wake_fd;
  for (guint i = 0; i < n; i++)
    fds[1 + i].fd = ub_fd (((Context *) g_ptr_array_index (contexts, i))->ub);
  for (guint i = 0; i <= n; i++) {
    fds[i].events = POLLIN;
    fds[i].revents = 0;
  }
  if (poll (fds, 1 + n, (int) MIN (wait, G_MAXINT)) <= 0)
    return;
  if (fds[0].revents && read (backend->wake_fd, &ignored, sizeof (ignored)) < 0)
    g_debug ("resolver: nothing to read: %s", g_strerror (errno));
  for (guint i = 0; i < n; i++)
    if (fds[1 + i].revents)
      ub_process (((Context *) g_ptr_array_index (contexts, i))->ub);
}

/* Whether the thread is to end; then it looks at nothing any more. */
static gboolean
is_over (Backend * backend, gboolean idle_for_long)
{
  gboolean over;

  g_mutex_lock (&backend->lock);
  over = backend->stop || (idle_for_long && backend->n_queries == 0);
  if (over)
    backend->running = FALSE;
  g_mutex_unlock (&backend->lock);
  return over;
}

static gpointer
resolver_thread (gpointer data)
{
  Backend *backend = data;
  gint64 idle_since = g_get_monotonic_time ();

  backend->contexts = g_ptr_array_new_with_free_func (context_free);
  for (;;) {
    gint64 now = g_get_monotonic_time ();
    gint64 until = work (backend, now);

    if (until != G_MAXINT64)
      idle_since = now;
    if (is_over (backend, now - idle_since >= backend->linger))
      break;
    wait_for_news (backend, MIN (until, idle_since + backend->linger), now);
  }
  g_ptr_array_unref (backend->contexts);
  return NULL;
}

/* --- what the resolver asks of us --- */

/* The lock is held. */
static gboolean
ensure_thread (Backend * backend)
{
  if (backend->running)
    return TRUE;
  /* One that ended by itself has nothing to do but to close its contexts,
   * which takes a millisecond or two. */
  if (backend->thread != NULL)
    g_thread_join (backend->thread);
  backend->running = TRUE;
  backend->thread = g_thread_try_new ("mc-resolver", resolver_thread, backend,
      NULL);
  backend->running = backend->thread != NULL;
  return backend->running;
}

static void
unbound_ask (gpointer data, McQuery * query)
{
  Backend *backend = data;
  const gchar *problem = NULL;

  g_mutex_lock (&backend->lock);
  if (backend->n_queries >= MAX_QUERIES)
    problem = "too many questions at a time";
  else if (!ensure_thread (backend))
    problem = "no thread could be started";
  if (problem == NULL) {
    backend->n_queries++;
    g_queue_push_tail (&backend->incoming, mc_query_ref (query));
  }
  g_mutex_unlock (&backend->lock);

  if (problem)
    mc_query_refuse (query, problem);
  else
    wake (backend);
}

static void
unbound_cancelled (gpointer data)
{
  wake (data);
}

static void
unbound_network_changed (gpointer data)
{
  Backend *backend = data;
  gint64 now = g_get_monotonic_time ();

  g_mutex_lock (&backend->lock);
  if (backend->changed_at == 0 || now - backend->changed_at >= SAME_CHANGE) {
    backend->renew = TRUE;
    backend->changed_at = now;
  }
  g_mutex_unlock (&backend->lock);
}

static void
unbound_free (gpointer data)
{
  Backend *backend = data;
  McQuery *query;

  g_mutex_lock (&backend->lock);
  backend->stop = TRUE;
  g_mutex_unlock (&backend->lock);
  wake (backend);
  if (backend->thread)
    g_thread_join (backend->thread);
  while ((query = g_queue_pop_head (&backend->incoming)))
    mc_query_unref (query);
  close (backend->wake_fd);
  g_mutex_clear (&backend->lock);
  g_free (backend);
}

static const McResolverFuncs unbound_funcs = {
  .ask = unbound_ask,
  .cancelled = unbound_cancelled,
  .network_changed = unbound_network_changed,
  .free = unbound_free
};

McResolver *
mc_resolver_new_unbound_with (gint64 linger)
{
  int fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  Backend *backend;

  if (fd < 0)
    return NULL;
  backend = g_new0 (Backend, 1);
  g_mutex_init (&backend->lock);
  g_queue_init (&backend->incoming);
  backend->wake_fd = fd;
  backend->linger = linger;
  return mc_resolver_new (&unbound_funcs, backend);
}

#else

McResolver *
mc_resolver_new_unbound_with (gint64 linger)
{
  return NULL;
}

#endif

McResolver *
mc_resolver_new_unbound (void)
{
  return mc_resolver_new_unbound_with (LINGER);
}
