/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The metadata that the elements of a process use: each channel is asked for
 * once, however many of them want it, and is kept fresh as long as one does.
 *
 * Two sides, both thread-safe.  Users name a channel and look at snapshots;
 * nothing of theirs waits for the network.  One worker takes the questions,
 * puts them to the DNS and to HTTPS servers, and hands in the answers.
 */
#pragma once

#include <glib.h>

#include "dorms.h"

G_BEGIN_DECLS

enum
{
  DORMS_CACHE_MAX = 256         /* channels */
};

typedef struct dorms_cache dorms_cache;
typedef struct dorms_user dorms_user;

/* The one of this process: also when several plugins have this code in them. */
dorms_cache *dorms_cache_get_default (void);

/* One more, for tests.  With random NULL the system's is used. */
dorms_cache *dorms_cache_new (core_random_func random, void *random_ctx);

/* There must be no users any more, and no worker. */
void dorms_cache_free (dorms_cache * cache);

/*
 * Users
 */

/* What is asked for, and of whom; users who want all of it alike share it.
 * Zero in a field means its default, as in dorms_config. */
typedef struct
{
  core_ip source;
  core_ip group;
  const char *server;
  uint16_t port;
  dorms_trust trust;
  gboolean require_srv_match;
  const char *tls_ca_file;      /* NULL: the system's authorities */
} dorms_query;

/* What is known at a moment; does not change. */
typedef struct
{
  dorms_ask ask;                /* what is being asked for, */
  char asking[DORMS_URL_MAX];   /* a name or URL; empty: nothing */

  dorms_state state;
  dorms_metadata *metadata;     /* NULL in DORMS_STATE_NONE */
  char server[DORMS_SERVER_TEXT_MAX];   /* that gave it */
  unsigned unknown_revisions;   /* DORMS_MODULE_ bits */
  core_time refresh_at;         /* when it was told */

  /* why the last round of all servers failed, if it was since the metadata was
   * last confirmed: */
  dorms_code code;              /* DORMS_OK: there is none */
  unsigned status;              /* of HTTP, or 0 */
  char error_server[DORMS_SERVER_TEXT_MAX];
  char error_text[DORMS_TEXT_MAX];
  char error_says[DORMS_SAYS_MAX];
} dorms_snapshot;

/* The snapshot is another one now.  Called without locks by whatever thread
 * brought the news: let it wake the user and no more. */
typedef void (*dorms_notify_func) (void *ctx);

/* Begins to use a channel's metadata, asking for it unless it is known or
 * under way.  Returns CORE_OK, CORE_ERR_INVALID_ARGUMENT (no such channel or
 * host), CORE_ERR_LIMIT (DORMS_CACHE_MAX are in use) or CORE_ERR_NO_MEMORY. */
int dorms_cache_use (dorms_cache * cache, const dorms_query * query,
    dorms_notify_func notify, void *ctx, core_time now, dorms_user ** out);

/* Ends that; notify is not called any more once this returned.  Not to be
 * called with a lock that notify takes.  NULL is fine. */
void dorms_user_leave (dorms_user * user, core_time now);

/* What is known now; never NULL.  Give it back with dorms_snapshot_unref (). */
const dorms_snapshot *dorms_user_look (dorms_user * user);
void dorms_snapshot_unref (const dorms_snapshot * snapshot);

/* Asks past all caches: see dorms_refresh (). */
void dorms_user_refresh (dorms_user * user, core_time now);

/*
 * The worker
 */

/* There is something to do.  Called without locks by any thread. */
typedef void (*dorms_wake_func) (void *ctx);

/* Becomes the worker; FALSE when there is one.  It then calls
 * dorms_cache_next_question () until FALSE, waits until there is an answer, a
 * wake or dorms_cache_deadline (), breaks off what is not wanted any more,
 * calls dorms_cache_expire (), and so on. */
gboolean dorms_cache_attach_worker (dorms_cache * cache,
    dorms_wake_func wake, void *ctx);
void dorms_cache_detach_worker (dorms_cache * cache);

/* Which question an answer is for. */
typedef struct
{
  guint64 entry;
  unsigned question;
} dorms_ticket;

typedef struct
{
  dorms_ticket ticket;
  dorms_question question;
  char *tls_ca_file;            /* NULL, or to be freed by g_free () */
} dorms_cache_question;

gboolean dorms_cache_next_question (dorms_cache * cache,
    dorms_cache_question * out, core_time now);

/* Whether somebody still waits for that answer. */
gboolean dorms_cache_is_wanted (dorms_cache * cache, dorms_ticket ticket);

void dorms_cache_answer_srv (dorms_cache * cache, dorms_ticket ticket,
    const dorms_srv_answer * answer, core_time now);
void dorms_cache_answer_get (dorms_cache * cache, dorms_ticket ticket,
    const dorms_http_answer * answer, core_time now);

core_time dorms_cache_deadline (dorms_cache * cache);
void dorms_cache_expire (dorms_cache * cache, core_time now);

G_END_DECLS
