/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The thread that puts the questions of the metadata cache.
 */
#include "dorms-worker.h"

#include <glib-unix.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "dorms-cache.h"
#include "fetch.h"
#include "processwide.h"
#include "resolver.h"

/* ns: a server that says nothing of how long its answers are good is asked again
 * before that. */
static const guint64 keep_time = 60 * CORE_SECOND;

/* Shared by all copies of this library in the process. */
typedef struct
{
  GMutex lock;                  /* for all of this; held until the thread has
                                   ended */
  guint n_holds;
  GThread *thread;
  int wake_fd;                  /* -1: there is no thread */
  gboolean quit;                /* atomic */
} shared_worker;

typedef struct
{
  dorms_ticket ticket;
  McQuery *query;               /* SRV, or */
  fetch *get;                   /* GET */
  guint64 max_body;

  /* what came */
  GByteArray *body;
  guint status;
  gchar *content_type;
  gchar *location;
  gchar *cache_control;
  gchar *age;
  gchar *expires;
  gchar *date;
  gchar *etag;
  gchar *retry_after;
  gboolean ended;
  outcome result;
  gchar *text;
} request;

typedef struct
{
  shared_worker *shared;
  dorms_cache *cache;
  McResolver *resolver;
  fetch_pool *pool;
  GMainContext *context;
  GSource *source;
  GPtrArray *requests;
  int wake_fd;
} worker;

static core_time
get_time (void)
{
  return (core_time) g_get_monotonic_time () * 1000;
}

static void
free_request (gpointer data)
{
  request *r = data;

  g_clear_pointer (&r->query, mc_query_free);
  g_clear_pointer (&r->get, fetch_free);
  g_byte_array_unref (r->body);
  g_free (r->content_type);
  g_free (r->location);
  g_free (r->cache_control);
  g_free (r->age);
  g_free (r->expires);
  g_free (r->date);
  g_free (r->etag);
  g_free (r->retry_after);
  g_free (r->text);
  g_free (r);
}

/*
 * Questions
 */

static void
on_response (gpointer user, const fetch_response * response)
{
  request *r = user;

  r->status = response->status;
  r->content_type = g_strdup (response->content_type);
  r->location = g_strdup (response->location);
  r->cache_control = g_strdup (response->cache_control);
  r->age = g_strdup (response->age);
  r->expires = g_strdup (response->expires);
  r->date = g_strdup (response->date);
  r->etag = g_strdup (response->etag);
  r->retry_after = g_strdup (response->retry_after);
}

static void
on_body (gpointer user, const guint8 * data, gsize len)
{
  g_byte_array_append (((request *) user)->body, data, (guint) len);
}

static void
on_ended (gpointer user, outcome result, const gchar * text)
{
  request *r = user;

  r->ended = TRUE;
  r->result = result;
  r->text = g_strdup (text);
}

static fetch *
start_get (worker * w, request * r, const dorms_cache_question * asked)
{
  static const fetch_callbacks callbacks = { on_response, on_body, on_ended };
  const dorms_question *question = &asked->question;
  gchar url[DORMS_URL_MAX];
  const fetch_request wanted = {
    .url = url,
    .accept = question->accept,
    .if_none_match = question->etag[0] != '\0' ? question->etag : NULL,
    .no_cache = question->no_cache,
    .ca_file = asked->tls_ca_file,
    .pool = w->pool,
    .max_body = question->max_body,
    .connect_timeout = question->connect_timeout,
    .total_timeout = question->timeout,
  };

  dorms_question_url (question, url);
  return fetch_start (&wanted, &callbacks, r);
}

static void
ask (worker * w, const dorms_cache_question * asked)
{
  const dorms_question *question = &asked->question;
  request *r = g_new0 (request, 1);

  r->ticket = asked->ticket;
  r->body = g_byte_array_new ();
  if (question->ask == DORMS_ASK_SRV)
    r->query = mc_query_new (w->resolver, question->name, DNS_TYPE_SRV,
        question->timeout, w->wake_fd);
  else
    r->get = start_get (w, r, asked);
  g_ptr_array_add (w->requests, r);
}

/*
 * Answers
 */

static dorms_dns_result
dns_result (dns_status status)
{
  switch (status) {
    case DNS_STATUS_OK:
      return DORMS_DNS_RECORDS;
    case DNS_STATUS_NO_DATA:
    case DNS_STATUS_NO_NAME:
      return DORMS_DNS_NONE;
    case DNS_STATUS_BOGUS:
      return DORMS_DNS_BOGUS;
    default:
      return DORMS_DNS_FAILED;
  }
}

static void
answer_srv (worker * w, const request * r, const dns_answer * answer,
    core_time now)
{
  g_autofree dorms_srv_record *records = g_new0 (dorms_srv_record,
      DORMS_SRV_MAX);
  dorms_srv_answer out = {
    .result = dns_result (answer->status),
    .secure = answer->security == DNS_SECURE,
    .ttl = answer->ttl * CORE_SECOND,
    .records = records,
  };

  for (unsigned i = 0; i < answer->n_records && out.n < DORMS_SRV_MAX; i++) {
    dns_srv srv;

    if (dns_parse_srv (answer->records[i].data, answer->records[i].len,
            &srv) != DNS_OK || strlen (srv.target) >= DORMS_HOST_MAX)
      continue;
    records[out.n].priority = srv.priority;
    records[out.n].weight = srv.weight;
    records[out.n].port = srv.port;
    g_strlcpy (records[out.n].target, srv.target, DORMS_HOST_MAX);
    out.n++;
  }
  dorms_cache_answer_srv (w->cache, r->ticket, &out, now);
}

static dorms_http_result
http_result (outcome result)
{
  switch (result) {
    case OUTCOME_COMPLETE:
      return DORMS_HTTP_RESPONSE;
    case OUTCOME_CA_FILE:
    case OUTCOME_CERTIFICATE_EXPIRED:
    case OUTCOME_WRONG_HOST:
    case OUTCOME_UNKNOWN_AUTHORITY:
    case OUTCOME_BAD_CERTIFICATE:
    case OUTCOME_TLS:
      return DORMS_HTTP_TLS;
    case OUTCOME_TOO_LARGE:
      return DORMS_HTTP_TOO_LARGE;
    case OUTCOME_REDIRECT:
      return DORMS_HTTP_REDIRECT_REFUSED;
    default:
      return DORMS_HTTP_UNREACHABLE;
  }
}

static void
answer_get (worker * w, const request * r, core_time now)
{
  const dorms_http_answer answer = {
    .result = http_result (r->result),
    .detail = r->text,
    .status = r->status,
    .content_type = r->content_type,
    .location = r->location,
    .cache_control = r->cache_control,
    .age = r->age,
    .expires = r->expires,
    .date = r->date,
    .etag = r->etag,
    .retry_after = r->retry_after,
    .body = r->body->data,
    .body_len = r->body->len,
  };

  dorms_cache_answer_get (w->cache, r->ticket, &answer, now);
}

/* TRUE: the request is over. */
static gboolean
collect (worker * w, request * r, core_time now)
{
  const dns_answer *answer = r->query ? mc_query_poll (r->query) : NULL;

  if (answer != NULL)
    answer_srv (w, r, answer, now);
  else if (r->ended)
    answer_get (w, r, now);
  else
    return !dorms_cache_is_wanted (w->cache, r->ticket);
  return TRUE;
}

/*
 * The thread
 */

static void
step (worker * w)
{
  core_time now = get_time ();
  dorms_cache_question asked;
  core_time deadline;

  for (guint i = w->requests->len; i > 0; i--)
    if (collect (w, g_ptr_array_index (w->requests, i - 1), now))
      g_ptr_array_remove_index_fast (w->requests, i - 1);
  dorms_cache_expire (w->cache, now);
  while (dorms_cache_next_question (w->cache, &asked, now)) {
    ask (w, &asked);
    g_free (asked.tls_ca_file);
  }
  deadline = dorms_cache_deadline (w->cache);
  g_source_set_ready_time (w->source, deadline == CORE_TIME_NEVER ? -1 :
      (gint64) (deadline / 1000) + 1);
}

static gboolean
on_wake (gint fd, GIOCondition condition, gpointer user)
{
  guint64 count;

  while (read (fd, &count, sizeof (count)) > 0);
  return G_SOURCE_CONTINUE;
}

static gpointer
run (gpointer data)
{
  shared_worker *shared = data;
  worker w = {
    .shared = shared,
    .cache = dorms_cache_get_default (),
    .resolver = mc_resolver_get_default (),
    .context = g_main_context_new (),
    .requests = g_ptr_array_new_with_free_func (free_request),
    .wake_fd = shared->wake_fd,
  };

  g_main_context_push_thread_default (w.context);
  w.pool = fetch_pool_new (keep_time);
  w.source = g_unix_fd_source_new (w.wake_fd, G_IO_IN);
  g_source_set_callback (w.source, G_SOURCE_FUNC (on_wake), NULL, NULL);
  g_source_attach (w.source, w.context);
  while (!g_atomic_int_get (&shared->quit)) {
    step (&w);
    g_main_context_iteration (w.context, TRUE);
  }
  g_ptr_array_unref (w.requests);
  fetch_pool_free (w.pool);
  g_source_destroy (w.source);
  g_source_unref (w.source);
  g_main_context_pop_thread_default (w.context);
  g_main_context_unref (w.context);
  mc_resolver_unref (w.resolver);
  return NULL;
}

/*
 * Life
 */

static gpointer
create_shared (void)
{
  shared_worker *shared = g_new0 (shared_worker, 1);

  g_mutex_init (&shared->lock);
  shared->wake_fd = -1;
  return shared;
}

/* With the lock held. */
static void
wake_locked (shared_worker * shared)
{
  const guint64 one = 1;

  /* Only a full counter can refuse, and then the thread is awake anyway. */
  if (shared->wake_fd >= 0 && write (shared->wake_fd, &one, sizeof (one)) < 0)
    return;
}

static void
wake (void *ctx)
{
  shared_worker *shared = ctx;

  g_mutex_lock (&shared->lock);
  wake_locked (shared);
  g_mutex_unlock (&shared->lock);
}

/* With the lock held; without file descriptors there is no thread. */
static gboolean
start_thread (shared_worker * shared)
{
  shared->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (shared->wake_fd < 0)
    return FALSE;
  g_atomic_int_set (&shared->quit, FALSE);
  dorms_cache_attach_worker (dorms_cache_get_default (), wake, shared);
  shared->thread = g_thread_new ("multicast-dorms", run, shared);
  return TRUE;
}

gboolean
dorms_worker_hold (void)
{
  shared_worker *shared = mc_process_wide ("dorms-worker", create_shared);
  gboolean ok;

  g_mutex_lock (&shared->lock);
  ok = shared->thread != NULL || start_thread (shared);
  if (ok)
    shared->n_holds++;
  g_mutex_unlock (&shared->lock);
  return ok;
}

void
dorms_worker_release (void)
{
  shared_worker *shared = mc_process_wide ("dorms-worker", create_shared);

  g_mutex_lock (&shared->lock);
  if (--shared->n_holds == 0) {
    dorms_cache_detach_worker (dorms_cache_get_default ());
    g_atomic_int_set (&shared->quit, TRUE);
    wake_locked (shared);
    g_thread_join (g_steal_pointer (&shared->thread));
    close (shared->wake_fd);
    shared->wake_fd = -1;
  }
  g_mutex_unlock (&shared->lock);
}
