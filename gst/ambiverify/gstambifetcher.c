/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fetches manifests from URIs.
 *
 * All is done by one thread with a main context: core/ambi-follow decides, the
 * streams of discovery/ connect and call back here, and what the receiver tells
 * waits in a list until the thread takes it.
 */
#include "gstambifetcher.h"

#include <gio/gio.h>

#include "ambi-follow.h"
#include "gstmcaddr.h"
#include "stream.h"

GST_DEBUG_CATEGORY_EXTERN (gst_ambi_verify_debug);
#define GST_CAT_DEFAULT gst_ambi_verify_debug

#define DEFAULT_CONNECT_TIMEOUT (10 * CORE_SECOND)

/* News of a feed that the receiver tells. */
typedef void (*NewsFunc) (ambi_follow * follow, unsigned slot, core_time now);

typedef struct
{
  NewsFunc func;
  GstAmbiFeed *feed;
} News;

typedef struct
{
  GstAmbiFetcher *fetcher;
  guint slot;
  const gchar *uri;
  gboolean another;
  stream *stream;               /* NULL: there is no connection */
  GstAmbiFeed *feed;            /* NULL: it is not accepted yet */
  guint64 completed;
} Connection;

typedef struct
{
  GSource parent;
  GstAmbiFetcher *owner;
} FetcherSource;

/* No callback runs under the lock. */
struct _GstAmbiFetcher
{
  /* fixed after gst_ambi_fetcher_start () */
  GPtrArray *uris;
  gchar *ca_file;
  GstObject *object;
  GstAmbiFetcherCallbacks callbacks;
  gpointer user;
  ambi_follow_config config;
  GMainContext *context;
  GSource *source;
  GThread *thread;

  GMutex lock;
  GArray *news;                 /* under lock, as all in this paragraph */
  gboolean data_flows;
  gboolean quit;

  /* the thread's own */
  ambi_follow *follow;
  Connection connections[AMBI_FOLLOW_SLOTS];

  /* The first trouble since manifests came last, and whether it was told. */
  const gchar *trouble_uri;
  const gchar *trouble_code;    /* NULL: none */
  gchar *trouble_text;
  gboolean told;
};

/*
 * Connections
 */

/* Closes it.  News of the feed that were not taken yet are of no interest any
 * more, and the next feed may have the same address. */
static void
close_connection (Connection * c, gboolean complete)
{
  GstAmbiFetcher *f = c->fetcher;
  GstAmbiFeed *feed = g_steal_pointer (&c->feed);

  stream_close (g_steal_pointer (&c->stream));
  if (feed == NULL)
    return;
  f->callbacks.ended (feed, complete, f->user);
  g_mutex_lock (&f->lock);
  for (guint i = f->news->len; i > 0; i--)
    if (g_array_index (f->news, News, i - 1).feed == feed)
      g_array_remove_index (f->news, i - 1);
  g_mutex_unlock (&f->lock);
}

/* Whether manifests can come by another connection. */
static gboolean
has_other (const Connection * c)
{
  for (guint i = 0; i < AMBI_FOLLOW_SLOTS; i++) {
    const Connection *other = &c->fetcher->connections[i];

    if (other != c && other->feed != NULL)
      return TRUE;
  }
  return FALSE;
}

static void
forget_trouble (GstAmbiFetcher * f)
{
  f->trouble_code = NULL;
  g_clear_pointer (&f->trouble_text, g_free);
  f->told = FALSE;
}

static void
note_trouble (Connection * c, const gchar * code, const gchar * text)
{
  GstAmbiFetcher *f = c->fetcher;

  GST_DEBUG_OBJECT (f->object, "%s: %s: %s", c->uri, code, text);
  if (f->trouble_code != NULL || has_other (c))
    return;
  f->trouble_uri = c->uri;
  f->trouble_code = code;
  f->trouble_text = g_strdup (text);
}

/* The same where the transport has no text. */
static void
note_problem (Connection * c, const gchar * code, const gchar * problem)
{
  g_autofree gchar *text = g_strdup_printf ("%s: %s", c->uri, problem);

  note_trouble (c, code, text);
}

/* As long as another server is being tried there may be none. */
static void
tell_trouble (GstAmbiFetcher * f)
{
  gboolean trying = FALSE;

  for (guint i = 0; i < AMBI_FOLLOW_SLOTS; i++)
    trying |= f->connections[i].stream != NULL;
  if (f->trouble_code == NULL || f->told || trying)
    return;
  f->told = TRUE;
  f->callbacks.trouble (f->trouble_uri, f->trouble_code, f->trouble_text,
      f->user);
}

static void settle (GstAmbiFetcher * f, core_time now);

static void
on_started (gpointer user)
{
  Connection *c = user;
  GstAmbiFetcher *f = c->fetcher;
  core_time now = gst_mc_now ();

  GST_DEBUG_OBJECT (f->object, "connected to %s", c->uri);
  c->completed = 0;
  c->feed = f->callbacks.connected (c->uri, c->another, f->user);
  if (c->feed != NULL) {
    ambi_follow_connected (f->follow, c->slot, now);
  } else {
    close_connection (c, FALSE);
    ambi_follow_ended (f->follow, c->slot, 0, now);
  }
  settle (f, now);
}

/* The receiver took octets, or does not want any more of them, and has told
 * why. */
static void
note_result (Connection * c, ambi_intake_result result)
{
  GstAmbiFetcher *f = c->fetcher;
  core_time now = gst_mc_now ();

  if (result != AMBI_INTAKE_OK) {
    GST_DEBUG_OBJECT (f->object, "%s: refused: %s", c->uri,
        ambi_intake_result_name (result));
    close_connection (c, FALSE);
    ambi_follow_ended (f->follow, c->slot, 0, now);
  } else {
    guint64 completed = f->callbacks.completed (c->feed, f->user);

    if (completed == c->completed)
      return;
    c->completed = completed;
    forget_trouble (f);
    ambi_follow_progress (f->follow, c->slot, now);
  }
  settle (f, now);
}

static void
on_bytes (gpointer user, const guint8 * data, gsize len)
{
  Connection *c = user;
  GstAmbiFetcher *f = c->fetcher;

  note_result (c, f->callbacks.bytes (c->feed, data, len, f->user));
}

static void
on_datagram (gpointer user, const guint8 * data, gsize len)
{
  Connection *c = user;
  GstAmbiFetcher *f = c->fetcher;

  note_result (c, f->callbacks.datagram (c->feed, data, len, f->user));
}

static void
on_ended (gpointer user, const stream_end * end)
{
  Connection *c = user;
  GstAmbiFetcher *f = c->fetcher;
  core_time now = gst_mc_now ();
  gboolean whole = end->whole;

  if (end->result == OUTCOME_COMPLETE)
    note_problem (c, "connection", "the server has ended the connection");
  else
    note_trouble (c, "connection", end->text);
  ambi_follow_ended (f->follow, c->slot, end->retry_after, now);
  /* The text is the stream's. */
  close_connection (c, whole);
  settle (f, now);
}

static void
open_connection (Connection * c, const ambi_follow_action_info * action)
{
  static const stream_callbacks callbacks = {
    .started = on_started,.bytes = on_bytes,.datagram = on_datagram,
    .ended = on_ended
  };
  GstAmbiFetcher *f = c->fetcher;
  core_time timeout = f->config.connect_timeout;
  stream_request request = {.ca_file = f->ca_file };

  c->uri = g_ptr_array_index (f->uris, action->uri);
  c->another = action->another;
  request.uri = c->uri;
  /* The transport can say what it waits for in vain, so it gives up first. */
  request.connect_timeout = (timeout ? timeout : DEFAULT_CONNECT_TIMEOUT) / 5 *
      4;
  GST_DEBUG_OBJECT (f->object, "connecting to %s%s", c->uri,
      c->another ? " for another stream" : "");
  c->stream = stream_open (&request, &callbacks, c);
}

static void
break_connection (Connection * c, ambi_follow_reason reason)
{
  GST_DEBUG_OBJECT (c->fetcher->object, "leaving %s: %s", c->uri,
      ambi_follow_reason_name (reason));
  if (reason == AMBI_FOLLOW_REASON_NO_ANSWER)
    note_problem (c, "connection", "the server does not answer");
  else if (reason == AMBI_FOLLOW_REASON_STALLED)
    note_problem (c, "stalled", "packets come, but no manifests");
  close_connection (c, FALSE);
  /* Another server may be tried at once, but packets are lost by now. */
  if (reason == AMBI_FOLLOW_REASON_STALLED)
    tell_trouble (c->fetcher);
}

/*
 * The thread
 */

/* Does what is to be done, and sets the time of the next call. */
static void
settle (GstAmbiFetcher * f, core_time now)
{
  ambi_follow_action_info action;
  core_time deadline;

  while (ambi_follow_action (f->follow, &action)) {
    Connection *c = &f->connections[action.slot];

    if (action.type == AMBI_FOLLOW_CONNECT)
      open_connection (c, &action);
    else
      break_connection (c, action.reason);
  }
  tell_trouble (f);
  deadline = ambi_follow_deadline (f->follow);
  g_mutex_lock (&f->lock);
  /* What was told meanwhile is not to be slept over. */
  if (f->news->len > 0 || f->data_flows)
    g_source_set_ready_time (f->source, 0);
  else if (deadline == CORE_TIME_NEVER)
    g_source_set_ready_time (f->source, -1);
  else
    /* Rounded up, or it would be called once too early. */
    g_source_set_ready_time (f->source,
        (gint64) MIN (deadline / 1000 + 1, G_MAXINT64));
  g_mutex_unlock (&f->lock);
}

static Connection *
find_connection (GstAmbiFetcher * f, const GstAmbiFeed * feed)
{
  for (guint i = 0; i < AMBI_FOLLOW_SLOTS; i++)
    if (f->connections[i].feed == feed)
      return &f->connections[i];
  return NULL;
}

static gboolean
on_dispatch (GSource * source, GSourceFunc unused, gpointer unused_data)
{
  GstAmbiFetcher *f = ((FetcherSource *) source)->owner;
  core_time now = gst_mc_now ();
  g_autoptr (GArray) news = NULL;
  gboolean data_flows;

  g_mutex_lock (&f->lock);
  news = f->news;
  f->news = g_array_new (FALSE, FALSE, sizeof (News));
  data_flows = f->data_flows;
  f->data_flows = FALSE;
  g_mutex_unlock (&f->lock);

  if (data_flows)
    ambi_follow_packets (f->follow, now);
  for (guint i = 0; i < news->len; i++) {
    const News *n = &g_array_index (news, News, i);
    Connection *c = find_connection (f, n->feed);

    if (c == NULL)
      continue;
    n->func (f->follow, c->slot, now);
    settle (f, now);
  }
  ambi_follow_expire (f->follow, now);
  settle (f, now);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.dispatch = on_dispatch };

static gboolean
is_to_quit (GstAmbiFetcher * f)
{
  gboolean quit;

  g_mutex_lock (&f->lock);
  quit = f->quit;
  g_mutex_unlock (&f->lock);
  return quit;
}

static gpointer
run (gpointer data)
{
  GstAmbiFetcher *f = data;

  g_main_context_push_thread_default (f->context);
  settle (f, gst_mc_now ());
  while (!is_to_quit (f))
    g_main_context_iteration (f->context, TRUE);
  for (guint i = 0; i < AMBI_FOLLOW_SLOTS; i++)
    close_connection (&f->connections[i], FALSE);
  g_main_context_pop_thread_default (f->context);
  return NULL;
}

/*
 * Life
 */

static gboolean
take_uris (GstAmbiFetcher * f, const gchar * text, GError ** error)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t\r\n\f\v", -1);

  for (gchar ** word = words; *word; word++) {
    g_autoptr (GError) problem = NULL;

    if (**word == '\0')
      continue;
    if (!stream_uri_is_valid (*word, &problem)) {
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
          "The property \"manifest-uri\" has \"%s\": %s.", *word,
          problem->message);
      return FALSE;
    }
    g_ptr_array_add (f->uris, g_strdup (*word));
  }
  if (f->uris->len >= 1 && f->uris->len <= AMBI_FOLLOW_URIS_MAX)
    return TRUE;
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "The property \"manifest-uri\" has %u URIs: give 1 to %u.",
      f->uris->len, AMBI_FOLLOW_URIS_MAX);
  return FALSE;
}

static gboolean
check_ca_file (const gchar * path, GError ** error)
{
  g_autoptr (GError) problem = NULL;
  GList *authorities;
  gboolean found;

  if (path == NULL)
    return TRUE;
  authorities = g_tls_certificate_list_new_from_file (path, &problem);
  found = authorities != NULL;
  g_list_free_full (authorities, g_object_unref);
  if (!found)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "The property \"tls-ca-file\" has \"%s\": %s.  Give a file with "
        "certificates (PEM), or none for the system's.", path,
        problem ? problem->message : "it holds no certificate");
  return found;
}

GstAmbiFetcher *
gst_ambi_fetcher_new (const GstAmbiFetcherSettings * settings,
    const GstAmbiFetcherCallbacks * callbacks, gpointer user, GError ** error)
{
  GstAmbiFetcher *f = g_new0 (GstAmbiFetcher, 1);

  f->uris = g_ptr_array_new_with_free_func (g_free);
  f->ca_file = g_strdup (settings->tls_ca_file);
  f->object = settings->object;
  f->callbacks = *callbacks;
  f->user = user;
  f->news = g_array_new (FALSE, FALSE, sizeof (News));
  g_mutex_init (&f->lock);
  f->context = g_main_context_new ();
  f->source = g_source_new (&source_funcs, sizeof (FetcherSource));
  ((FetcherSource *) f->source)->owner = f;
  g_source_attach (f->source, f->context);
  for (guint i = 0; i < AMBI_FOLLOW_SLOTS; i++) {
    f->connections[i].fetcher = f;
    f->connections[i].slot = i;
  }

  if (!take_uris (f, settings->uris, error) ||
      !check_ca_file (f->ca_file, error)) {
    gst_ambi_fetcher_free (f);
    return NULL;
  }
  f->config = (ambi_follow_config) {
  .random = gst_mc_random,.n_uris = f->uris->len,.connect_timeout =
        settings->connect_timeout,.idle_timeout =
        settings->idle_timeout,.healthy_time =
        settings->healthy_time,.first_wait = settings->first_wait};
  return f;
}

gboolean
gst_ambi_fetcher_start (GstAmbiFetcher * fetcher, GError ** error)
{
  g_autoptr (GError) problem = NULL;

  if (ambi_follow_new (&fetcher->follow, &fetcher->config,
          gst_mc_now ()) != CORE_OK) {
    g_set_error_literal (error, GST_RESOURCE_ERROR,
        GST_RESOURCE_ERROR_NO_SPACE_LEFT, "There is no memory.");
    return FALSE;
  }
  fetcher->thread = g_thread_try_new ("mc-fetcher", run, fetcher, &problem);
  if (fetcher->thread == NULL)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED,
        "Cannot start a thread that fetches manifests: %s.", problem->message);
  return fetcher->thread != NULL;
}

void
gst_ambi_fetcher_free (GstAmbiFetcher * fetcher)
{
  if (fetcher == NULL)
    return;
  if (fetcher->thread != NULL) {
    g_mutex_lock (&fetcher->lock);
    fetcher->quit = TRUE;
    g_mutex_unlock (&fetcher->lock);
    g_main_context_wakeup (fetcher->context);
    /* It waits for nothing but its context. */
    g_thread_join (fetcher->thread);
  }
  ambi_follow_free (fetcher->follow);
  g_source_destroy (fetcher->source);
  g_source_unref (fetcher->source);
  g_main_context_unref (fetcher->context);
  g_array_unref (fetcher->news);
  g_ptr_array_unref (fetcher->uris);
  g_mutex_clear (&fetcher->lock);
  g_free (fetcher->trouble_text);
  g_free (fetcher->ca_file);
  g_free (fetcher);
}

/*
 * What the receiver tells
 */

void
gst_ambi_fetcher_data_flows (GstAmbiFetcher * fetcher)
{
  g_mutex_lock (&fetcher->lock);
  fetcher->data_flows = TRUE;
  g_source_set_ready_time (fetcher->source, 0);
  g_mutex_unlock (&fetcher->lock);
}

static void
add_news (GstAmbiFetcher * fetcher, NewsFunc func, GstAmbiFeed * feed)
{
  const News news = { func, feed };

  g_mutex_lock (&fetcher->lock);
  g_array_append_val (fetcher->news, news);
  g_source_set_ready_time (fetcher->source, 0);
  g_mutex_unlock (&fetcher->lock);
}

/* The verifier says when to look, and again if nothing is found. */
void
gst_ambi_fetcher_refresh (GstAmbiFetcher * fetcher, GstAmbiFeed * feed,
    core_time deadline)
{
  add_news (fetcher, ambi_follow_refresh, feed);
}

void
gst_ambi_fetcher_leave (GstAmbiFetcher * fetcher, GstAmbiFeed * feed)
{
  add_news (fetcher, ambi_follow_leave, feed);
}

void
gst_ambi_fetcher_disconnect (GstAmbiFetcher * fetcher, GstAmbiFeed * feed)
{
  add_news (fetcher, ambi_follow_disconnect, feed);
}
