/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The metadata that the elements of a process use.
 */
#include "config.h"

#include "dorms-cache.h"

#include <string.h>
#include <sys/random.h>

#include "processwide.h"

/* A channel that is asked for. */
typedef struct
{
  guint64 id;
  char *server;
  char *tls_ca_file;
  dorms_query query;            /* its texts are the ones above */
  dorms *search;
  dorms_snapshot *snapshot;
  guint n_users;
  core_time keep_until;         /* without users */
} cache_entry;

struct dorms_cache
{
  GMutex lock;                  /* for all of this */
  GPtrArray *entries;           /* of cache_entry */
  GPtrArray *users;             /* of dorms_user, borrowed */
  dorms_servers *servers;
  guint64 last_id;
  core_random_func random;
  void *random_ctx;
  dorms_wake_func wake;
  void *wake_ctx;
};

struct dorms_user
{
  dorms_cache *cache;
  cache_entry *entry;           /* cache->lock */
  GRecMutex notify_lock;        /* taken before cache->lock, if both */
  dorms_notify_func notify;     /* NULL: has left */
  void *ctx;
};

/*
 * Snapshots
 */

static void
clear_snapshot (gpointer data)
{
  dorms_snapshot *snapshot = data;

  dorms_metadata_free (snapshot->metadata);
}

void
dorms_snapshot_unref (const dorms_snapshot * snapshot)
{
  if (snapshot != NULL)
    g_atomic_rc_box_release_full ((gpointer) snapshot, clear_snapshot);
}

/* A new one that says the same, without the metadata. */
static dorms_snapshot *
next_snapshot (const dorms_snapshot * old)
{
  dorms_snapshot *snapshot = g_atomic_rc_box_new0 (dorms_snapshot);

  if (old != NULL)
    *snapshot = *old;
  snapshot->metadata = NULL;
  return snapshot;
}

static void
note_event (dorms_snapshot * snapshot, const dorms_event * event)
{
  if (event->type == DORMS_EVENT_METADATA) {
    if (event->state == DORMS_STATE_FRESH) {
      g_strlcpy (snapshot->server, event->server, sizeof (snapshot->server));
      snapshot->unknown_revisions = event->unknown_revisions;
      snapshot->code = DORMS_OK;
    }
  } else if (event->last) {
    snapshot->code = event->code;
    snapshot->status = event->status;
    g_strlcpy (snapshot->error_server, event->server,
        sizeof (snapshot->error_server));
    g_strlcpy (snapshot->error_text, event->text,
        sizeof (snapshot->error_text));
    g_strlcpy (snapshot->error_says, event->says,
        sizeof (snapshot->error_says));
  }
}

/*
 * Entries
 */

static void
free_entry (gpointer data)
{
  cache_entry *entry = data;

  dorms_free (entry->search);
  dorms_snapshot_unref (entry->snapshot);
  g_free (entry->server);
  g_free (entry->tls_ca_file);
  g_free (entry);
}

static gboolean
query_equal (const dorms_query * a, const dorms_query * b)
{
  guint16 a_port = a->port != 0 ? a->port : 443;
  guint16 b_port = b->port != 0 ? b->port : 443;

  return core_ip_equal (&a->source, &b->source) &&
      core_ip_equal (&a->group, &b->group) &&
      g_strcmp0 (a->server, b->server) == 0 && a_port == b_port &&
      a->trust == b->trust &&
      !a->require_srv_match == !b->require_srv_match &&
      g_strcmp0 (a->tls_ca_file, b->tls_ca_file) == 0;
}

static cache_entry *
find_entry (dorms_cache * cache, const dorms_query * query)
{
  for (guint i = 0; i < cache->entries->len; i++) {
    cache_entry *entry = g_ptr_array_index (cache->entries, i);

    if (query_equal (&entry->query, query))
      return entry;
  }
  return NULL;
}

static cache_entry *
find_by_id (dorms_cache * cache, guint64 id)
{
  for (guint i = 0; i < cache->entries->len; i++) {
    cache_entry *entry = g_ptr_array_index (cache->entries, i);

    if (entry->id == id)
      return entry;
  }
  return NULL;
}

/* Removes the entry without users that would go first; FALSE: there is none. */
static gboolean
make_room (dorms_cache * cache)
{
  cache_entry *first = NULL;

  for (guint i = 0; i < cache->entries->len; i++) {
    cache_entry *entry = g_ptr_array_index (cache->entries, i);

    if (entry->n_users == 0 && (first == NULL ||
            entry->keep_until < first->keep_until))
      first = entry;
  }
  return first != NULL && g_ptr_array_remove_fast (cache->entries, first);
}

static int
add_entry (dorms_cache * cache, const dorms_query * query, core_time now,
    cache_entry ** out)
{
  cache_entry *entry;
  dorms_config config = {
    .random = cache->random,.random_ctx = cache->random_ctx,
    .servers = cache->servers,.source = query->source,
    .group = query->group,.server = query->server,.port = query->port,
    .trust = query->trust,.require_srv_match = query->require_srv_match,
  };
  dorms *search;
  int ret;

  if (cache->entries->len >= DORMS_CACHE_MAX && !make_room (cache))
    return CORE_ERR_LIMIT;
  ret = dorms_new (&search, &config, now);
  if (ret != CORE_OK)
    return ret;
  entry = g_new0 (cache_entry, 1);
  entry->id = ++cache->last_id;
  entry->search = search;
  entry->query = *query;
  entry->query.server = entry->server = g_strdup (query->server);
  entry->query.tls_ca_file = entry->tls_ca_file = g_strdup (query->tls_ca_file);
  entry->snapshot = next_snapshot (NULL);
  g_ptr_array_add (cache->entries, entry);
  *out = entry;
  return CORE_OK;
}

/* Takes the snapshot, which lacks the metadata. */
static void
put_snapshot (cache_entry * entry, dorms_snapshot * snapshot)
{
  const dorms_metadata *metadata = dorms_get_metadata (entry->search);

  snapshot->state = dorms_get_state (entry->search);
  snapshot->refresh_at = dorms_refresh_time (entry->search);
  if (metadata != NULL) {
    snapshot->metadata = dorms_metadata_copy (metadata);
    if (snapshot->metadata == NULL)
      snapshot->state = DORMS_STATE_NONE;
  }
  dorms_snapshot_unref (entry->snapshot);
  entry->snapshot = snapshot;
}

/* Turns what a search has to tell into a new snapshot.  FALSE: nothing. */
static gboolean
take_news (cache_entry * entry)
{
  /* A server that fails, with others to be asked, ends nothing. */
  gboolean idle = dorms_refresh_time (entry->search) != CORE_TIME_NEVER;
  dorms_snapshot *snapshot = NULL;
  dorms_event event;

  /* What was confirmed is no event. */
  if (idle && entry->snapshot->asking[0] != '\0')
    snapshot = next_snapshot (entry->snapshot);
  while (dorms_event_next (entry->search, &event)) {
    if (snapshot == NULL)
      snapshot = next_snapshot (entry->snapshot);
    note_event (snapshot, &event);
  }
  if (snapshot == NULL)
    return FALSE;
  if (idle)
    snapshot->asking[0] = '\0';
  put_snapshot (entry, snapshot);
  return TRUE;
}

static void
note_question (cache_entry * entry, const dorms_question * question)
{
  dorms_snapshot *snapshot = next_snapshot (entry->snapshot);

  snapshot->ask = question->ask;
  if (question->ask == DORMS_ASK_SRV)
    g_strlcpy (snapshot->asking, question->name, sizeof (snapshot->asking));
  else
    dorms_question_url (question, snapshot->asking);
  put_snapshot (entry, snapshot);
}

/*
 * News, and who is to hear them
 */

static void
clear_user (gpointer data)
{
  dorms_user *user = data;

  g_rec_mutex_clear (&user->notify_lock);
}

static void
unref_user (gpointer user)
{
  g_atomic_rc_box_release_full (user, clear_user);
}

/* With the lock held: the users of an entry join the list. */
static void
add_users (dorms_cache * cache, cache_entry * entry, GPtrArray * list)
{
  for (guint i = 0; i < cache->users->len; i++) {
    dorms_user *user = g_ptr_array_index (cache->users, i);

    if (user->entry == entry)
      g_ptr_array_add (list, g_atomic_rc_box_acquire (user));
  }
}

/* Likewise, when it has news. */
static void
collect (dorms_cache * cache, cache_entry * entry, GPtrArray * list)
{
  if (take_news (entry))
    add_users (cache, entry, list);
}

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func (unref_user);
}

/* Without the lock: takes the list. */
static void
notify_all (GPtrArray * list)
{
  for (guint i = 0; i < list->len; i++) {
    dorms_user *user = g_ptr_array_index (list, i);

    g_rec_mutex_lock (&user->notify_lock);
    if (user->notify != NULL)
      user->notify (user->ctx);
    g_rec_mutex_unlock (&user->notify_lock);
  }
  g_ptr_array_unref (list);
}

/* Without the lock. */
static void
wake_worker (dorms_cache * cache)
{
  dorms_wake_func wake;
  void *ctx;

  g_mutex_lock (&cache->lock);
  wake = cache->wake;
  ctx = cache->wake_ctx;
  g_mutex_unlock (&cache->lock);
  if (wake != NULL)
    wake (ctx);
}

/*
 * The cache
 */

static void
system_random (void *ctx, uint8_t * buf, size_t len)
{
  while (len > 0) {
    ssize_t n = getrandom (buf, len, 0);

    if (n > 0) {
      buf += n;
      len -= (size_t) n;
    }
  }
}

dorms_cache *
dorms_cache_new (core_random_func random, void *random_ctx)
{
  dorms_cache *cache = g_new0 (dorms_cache, 1);

  g_mutex_init (&cache->lock);
  cache->entries = g_ptr_array_new_with_free_func (free_entry);
  cache->users = g_ptr_array_new ();
  cache->servers = dorms_servers_new (0);
  if (cache->servers == NULL)
    g_error ("out of memory");  /* as GLib's own allocations do */
  cache->random = random != NULL ? random : system_random;
  cache->random_ctx = random_ctx;
  return cache;
}

void
dorms_cache_free (dorms_cache * cache)
{
  g_assert (cache->users->len == 0);
  g_ptr_array_unref (cache->entries);
  g_ptr_array_unref (cache->users);
  dorms_servers_free (cache->servers);
  g_mutex_clear (&cache->lock);
  g_free (cache);
}

static gpointer
create_default (void)
{
  return dorms_cache_new (NULL, NULL);
}

dorms_cache *
dorms_cache_get_default (void)
{
  return mc_process_wide ("dorms-cache", create_default);
}

/*
 * Users
 */

int
dorms_cache_use (dorms_cache * cache, const dorms_query * query,
    dorms_notify_func notify, void *ctx, core_time now, dorms_user ** out)
{
  dorms_user *user;
  cache_entry *entry;
  int ret = CORE_OK;

  *out = NULL;
  g_mutex_lock (&cache->lock);
  entry = find_entry (cache, query);
  if (entry != NULL && entry->n_users == 0 && now >= entry->keep_until) {
    g_ptr_array_remove_fast (cache->entries, entry);
    entry = NULL;
  }
  if (entry == NULL)
    ret = add_entry (cache, query, now, &entry);
  if (ret == CORE_OK) {
    user = g_atomic_rc_box_new0 (dorms_user);
    user->cache = cache;
    user->entry = entry;
    g_rec_mutex_init (&user->notify_lock);
    user->notify = notify;
    user->ctx = ctx;
    entry->n_users++;
    g_ptr_array_add (cache->users, user);
    *out = user;
  }
  g_mutex_unlock (&cache->lock);
  if (ret == CORE_OK)
    wake_worker (cache);
  return ret;
}

/* With the lock held: what is fresh may be wanted again soon, by the next
 * element of a pipeline that starts; the rest is not worth keeping. */
static void
leave_entry (dorms_cache * cache, cache_entry * entry, core_time now)
{
  core_time refresh = dorms_refresh_time (entry->search);

  entry->n_users--;
  if (entry->n_users > 0)
    return;
  if (dorms_get_state (entry->search) == DORMS_STATE_FRESH &&
      refresh != CORE_TIME_NEVER && refresh > now)
    entry->keep_until = refresh;
  else
    g_ptr_array_remove_fast (cache->entries, entry);
}

void
dorms_user_leave (dorms_user * user, core_time now)
{
  dorms_cache *cache;

  if (user == NULL)
    return;
  cache = user->cache;
  g_rec_mutex_lock (&user->notify_lock);
  user->notify = NULL;
  g_rec_mutex_unlock (&user->notify_lock);

  g_mutex_lock (&cache->lock);
  g_ptr_array_remove_fast (cache->users, user);
  leave_entry (cache, user->entry, now);
  user->entry = NULL;
  g_mutex_unlock (&cache->lock);
  wake_worker (cache);
  unref_user (user);
}

const dorms_snapshot *
dorms_user_look (dorms_user * user)
{
  const dorms_snapshot *snapshot;

  g_mutex_lock (&user->cache->lock);
  snapshot = g_atomic_rc_box_acquire (user->entry->snapshot);
  g_mutex_unlock (&user->cache->lock);
  return snapshot;
}

void
dorms_user_refresh (dorms_user * user, core_time now)
{
  g_mutex_lock (&user->cache->lock);
  dorms_refresh (user->entry->search, now);
  g_mutex_unlock (&user->cache->lock);
  wake_worker (user->cache);
}

/*
 * The worker
 */

gboolean
dorms_cache_attach_worker (dorms_cache * cache, dorms_wake_func wake, void *ctx)
{
  gboolean vacant;

  g_mutex_lock (&cache->lock);
  vacant = cache->wake == NULL;
  if (vacant) {
    cache->wake = wake;
    cache->wake_ctx = ctx;
  }
  g_mutex_unlock (&cache->lock);
  return vacant;
}

void
dorms_cache_detach_worker (dorms_cache * cache)
{
  g_mutex_lock (&cache->lock);
  cache->wake = NULL;
  cache->wake_ctx = NULL;
  g_mutex_unlock (&cache->lock);
}

gboolean
dorms_cache_next_question (dorms_cache * cache, dorms_cache_question * out,
    core_time now)
{
  GPtrArray *list = new_list ();
  gboolean found = FALSE;

  g_mutex_lock (&cache->lock);
  for (guint i = 0; i < cache->entries->len && !found; i++) {
    cache_entry *entry = g_ptr_array_index (cache->entries, i);

    if (entry->n_users == 0 ||
        !dorms_question_next (entry->search, &out->question, now))
      continue;
    out->ticket.entry = entry->id;
    out->ticket.question = out->question.id;
    out->tls_ca_file = g_strdup (entry->tls_ca_file);
    note_question (entry, &out->question);
    add_users (cache, entry, list);
    found = TRUE;
  }
  g_mutex_unlock (&cache->lock);
  notify_all (list);
  return found;
}

gboolean
dorms_cache_is_wanted (dorms_cache * cache, dorms_ticket ticket)
{
  cache_entry *entry;
  gboolean wanted;

  g_mutex_lock (&cache->lock);
  entry = find_by_id (cache, ticket.entry);
  wanted = entry != NULL && dorms_is_open (entry->search, ticket.question);
  g_mutex_unlock (&cache->lock);
  return wanted;
}

void
dorms_cache_answer_srv (dorms_cache * cache, dorms_ticket ticket,
    const dorms_srv_answer * answer, core_time now)
{
  GPtrArray *list = new_list ();
  cache_entry *entry;

  g_mutex_lock (&cache->lock);
  entry = find_by_id (cache, ticket.entry);
  if (entry != NULL) {
    dorms_answer_srv (entry->search, ticket.question, answer, now);
    collect (cache, entry, list);
  }
  g_mutex_unlock (&cache->lock);
  notify_all (list);
}

void
dorms_cache_answer_get (dorms_cache * cache, dorms_ticket ticket,
    const dorms_http_answer * answer, core_time now)
{
  GPtrArray *list = new_list ();
  cache_entry *entry;

  g_mutex_lock (&cache->lock);
  entry = find_by_id (cache, ticket.entry);
  if (entry != NULL) {
    dorms_answer_get (entry->search, ticket.question, answer, now);
    collect (cache, entry, list);
  }
  g_mutex_unlock (&cache->lock);
  notify_all (list);
}

core_time
dorms_cache_deadline (dorms_cache * cache)
{
  core_time at = CORE_TIME_NEVER;

  g_mutex_lock (&cache->lock);
  for (guint i = 0; i < cache->entries->len; i++) {
    const cache_entry *entry = g_ptr_array_index (cache->entries, i);
    core_time due = entry->n_users > 0 ? dorms_deadline (entry->search) :
        entry->keep_until;

    at = MIN (at, due);
  }
  g_mutex_unlock (&cache->lock);
  return at;
}

void
dorms_cache_expire (dorms_cache * cache, core_time now)
{
  GPtrArray *list = new_list ();

  g_mutex_lock (&cache->lock);
  for (guint i = cache->entries->len; i > 0; i--) {
    cache_entry *entry = g_ptr_array_index (cache->entries, i - 1);

    if (entry->n_users > 0) {
      dorms_expire (entry->search, now);
      collect (cache, entry, list);
    } else if (now >= entry->keep_until) {
      g_ptr_array_remove_index_fast (cache->entries, i - 1);
    }
  }
  g_mutex_unlock (&cache->lock);
  notify_all (list);
}
