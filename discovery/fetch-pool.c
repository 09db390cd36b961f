/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Transfers of libcurl's in a main context, and the connections that they leave
 * to each other.
 *
 * libcurl says which sockets and which time it waits for; a GSource waits for
 * them and hands back what happened.
 */
#include "fetch-pool.h"

/* Connections that nobody uses; the oldest goes first. */
#define MAX_KEPT 8L

/* A socket of libcurl's that is waited for. */
typedef struct
{
  curl_socket_t fd;
  gpointer tag;
} watch;

typedef struct
{
  curl_socket_t fd;
  int what;                     /* CURL_CSELECT_... */
} readiness;

typedef struct
{
  GSource parent;
  fetch_pool *owner;
} pool_source;

struct _fetch_pool
{
  GSource *source;
  GArray *watches;
  CURLM *multi;                 /* NULL while there are no connections */
  guint n_transfers;
  guint64 keep_time;

  fetch *called;                /* without a transfer */
  gboolean busy;                /* libcurl is at work, or a callback */
  GSList *deferred;             /* fetches that were freed meanwhile */
};

/* All connections are closed, the sockets with them. */
static void
close_all (fetch_pool * p)
{
  g_clear_pointer (&p->multi, curl_multi_cleanup);
  for (guint i = 0; i < p->watches->len; i++)
    g_source_remove_unix_fd (p->source,
        g_array_index (p->watches, watch, i).tag);
  g_array_set_size (p->watches, 0);
  g_source_set_ready_time (p->source, -1);
}

/*
 * What libcurl calls
 */

static int
on_socket (CURL * easy, curl_socket_t fd, int what, void *user, void *unused)
{
  fetch_pool *p = user;
  GIOCondition condition = G_IO_ERR | G_IO_HUP;
  watch added = { fd, NULL };
  guint i = 0;

  while (i < p->watches->len && g_array_index (p->watches, watch, i).fd != fd)
    i++;
  if (i < p->watches->len) {
    g_source_remove_unix_fd (p->source,
        g_array_index (p->watches, watch, i).tag);
    g_array_remove_index_fast (p->watches, i);
  }
  if (what == CURL_POLL_REMOVE)
    return 0;

  if (what & CURL_POLL_IN)
    condition |= G_IO_IN;
  if (what & CURL_POLL_OUT)
    condition |= G_IO_OUT;
  added.tag = g_source_add_unix_fd (p->source, fd, condition);
  g_array_append_val (p->watches, added);
  return 0;
}

static int
on_timer (CURLM * multi, long timeout_ms, void *user)
{
  fetch_pool *p = user;

  g_source_set_ready_time (p->source, timeout_ms < 0 ? -1 :
      g_get_monotonic_time () + (gint64) timeout_ms * 1000);
  return 0;
}

/*
 * The source
 */

static GArray *
take_readiness (fetch_pool * p)
{
  GArray *ready = g_array_new (FALSE, FALSE, sizeof (readiness));

  for (guint i = 0; i < p->watches->len; i++) {
    watch *w = &g_array_index (p->watches, watch, i);
    GIOCondition condition = g_source_query_unix_fd (p->source, w->tag);
    readiness r = { w->fd, 0 };

    if (condition & G_IO_IN)
      r.what |= CURL_CSELECT_IN;
    if (condition & G_IO_OUT)
      r.what |= CURL_CSELECT_OUT;
    if (condition & (G_IO_ERR | G_IO_HUP | G_IO_NVAL))
      r.what |= CURL_CSELECT_ERR;
    if (r.what)
      g_array_append_val (ready, r);
  }
  return ready;
}

static void
tell_ends (fetch_pool * p)
{
  CURLMsg *message;
  int left;

  /* The last one may have closed everything. */
  while (p->multi != NULL &&
      (message = curl_multi_info_read (p->multi, &left)) != NULL) {
    CURLcode code = message->data.result;
    char *owner = NULL;

    if (message->msg != CURLMSG_DONE)
      continue;
    curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, &owner);
    fetch_over ((fetch *) (gpointer) owner, code);
  }
}

/* Lets libcurl work on what happened, and calls back meanwhile. */
static void
work (fetch_pool * p)
{
  g_autoptr (GArray) ready = take_readiness (p);
  gint64 due = g_source_get_ready_time (p->source);
  int running;

  if (due >= 0 && due <= g_get_monotonic_time ()) {
    if (p->n_transfers == 0) {
      close_all (p);
      return;
    }
    /* libcurl sets it anew when there is something else to wait for. */
    g_source_set_ready_time (p->source, -1);
    curl_multi_socket_action (p->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
  for (guint i = 0; i < ready->len; i++) {
    readiness *r = &g_array_index (ready, readiness, i);

    curl_multi_socket_action (p->multi, r->fd, r->what, &running);
  }
  tell_ends (p);
}

static gboolean
on_dispatch (GSource * source, GSourceFunc unused, gpointer unused_data)
{
  fetch_pool *p = ((pool_source *) source)->owner;

  p->busy = TRUE;
  if (p->called != NULL) {
    g_source_set_ready_time (source, -1);
    fetch_over (g_steal_pointer (&p->called), CURLE_OK);
  } else if (p->multi != NULL) {
    work (p);
  }
  p->busy = FALSE;
  /* With one of them the pool may go. */
  g_slist_free_full (g_steal_pointer (&p->deferred),
      (GDestroyNotify) fetch_destroy);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.dispatch = on_dispatch };

/*
 * Life
 */

fetch_pool *
fetch_pool_new (guint64 keep_time)
{
  fetch_pool *p = g_new0 (fetch_pool, 1);

  p->keep_time = keep_time;
  p->watches = g_array_new (FALSE, FALSE, sizeof (watch));
  p->source = g_source_new (&source_funcs, sizeof (pool_source));
  ((pool_source *) p->source)->owner = p;
  g_source_set_static_name (p->source, "fetch");
  g_source_attach (p->source, g_main_context_get_thread_default ());
  return p;
}

void
fetch_pool_free (fetch_pool * pool)
{
  if (pool == NULL)
    return;
  g_assert (pool->n_transfers == 0 && !pool->busy);
  close_all (pool);
  g_source_destroy (pool->source);
  g_source_unref (pool->source);
  g_array_unref (pool->watches);
  g_free (pool);
}

void
fetch_pool_add (fetch_pool * pool, CURL * easy, fetch * owner)
{
  if (pool->multi == NULL) {
    pool->multi = curl_multi_init ();
    g_assert (pool->multi != NULL);     /* as g_new () */
    curl_multi_setopt (pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt (pool->multi, CURLMOPT_SOCKETDATA, pool);
    curl_multi_setopt (pool->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt (pool->multi, CURLMOPT_TIMERDATA, pool);
    curl_multi_setopt (pool->multi, CURLMOPT_MAXCONNECTS, MAX_KEPT);
  }
  pool->n_transfers++;
  curl_easy_setopt (easy, CURLOPT_PRIVATE, owner);
  /* Nothing is begun here: the timer is set to now. */
  curl_multi_add_handle (pool->multi, easy);
}

void
fetch_pool_remove (fetch_pool * pool, CURL * easy)
{
  curl_multi_remove_handle (pool->multi, easy);
  if (--pool->n_transfers > 0)
    return;
  if (pool->keep_time == 0)
    close_all (pool);
  else
    g_source_set_ready_time (pool->source, g_get_monotonic_time () +
        (gint64) (pool->keep_time / 1000));
}

void
fetch_pool_call (fetch_pool * pool, fetch * owner)
{
  pool->called = owner;
  g_source_set_ready_time (pool->source, 0);
}

gboolean
fetch_pool_defer (fetch_pool * pool, fetch * owner)
{
  if (pool->busy)
    pool->deferred = g_slist_prepend (pool->deferred, owner);
  return pool->busy;
}
