/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One fetch and what it told, and servers with one answer.
 */
#include "fetchtest.h"

#include <string.h>

static void
count_call (Fetched * g)
{
  fail_if (g->ended, "called after the end");
  fail_if (g->f == NULL, "called after it was freed");
  if (++g->n_calls == g->free_after) {
    fetch_free (g->f);
    g->f = NULL;
  }
}

static void
on_response (gpointer user, const fetch_response * r)
{
  Fetched *g = user;

  fail_if (g->responded);
  g->responded = TRUE;
  g->status = r->status;
  g->from = g_strdup (r->url);
  g->content_type = g_strdup (r->content_type);
  g->cache_control = g_strdup (r->cache_control);
  g->retry_after = g_strdup (r->retry_after);
  g->location = g_strdup (r->location);
  g->age = g_strdup (r->age);
  g->date = g_strdup (r->date);
  g->etag = g_strdup (r->etag);
  count_call (g);
}

static void
on_body (gpointer user, const guint8 * data, gsize len)
{
  Fetched *g = user;

  fail_unless (g->responded);
  fail_unless (len > 0);
  g->n_body += len;
  if (g->body->len < 4096)
    g_string_append_len (g->body, (const gchar *) data, (gssize) len);
  count_call (g);
}

static void
on_ended (gpointer user, outcome result, const gchar * text)
{
  Fetched *g = user;

  count_call (g);
  g->result = result;
  g->text = g_strdup (text);
  g->ended = TRUE;
}

static const fetch_callbacks callbacks = { on_response, on_body, on_ended };

Fetched *
fetched_new (gchar * url)
{
  Fetched *g = g_new0 (Fetched, 1);

  g->url = url;
  g->body = g_string_new (NULL);
  g->request.url = url;
  g->request.ca_file = certificates_path ("ca.pem");
  return g;
}

void
fetched_start (Fetched * g)
{
  g->f = fetch_start (&g->request, &callbacks, g);
  fail_unless (g->n_calls == 0);
}

void
fetched_stop (Fetched * g)
{
  fetch_free (g->f);
  g->f = NULL;
}

void
fetched_free (Fetched * g)
{
  fetched_stop (g);
  g_string_free (g->body, TRUE);
  g_free (g->url);
  g_free (g->from);
  g_free (g->content_type);
  g_free (g->cache_control);
  g_free (g->retry_after);
  g_free (g->location);
  g_free (g->age);
  g_free (g->date);
  g_free (g->etag);
  g_free (g->text);
  g_free (g);
}

Fetched *
fetched_run (gchar * url)
{
  Fetched *g = fetched_new (url);

  fetched_start (g);
  wait_for_flag (&g->ended);
  return g;
}

void
fetched_expect (const Fetched * g, outcome result, const gchar * words)
{
  fail_unless_equals_string (outcome_name (g->result), outcome_name (result));
  fail_unless (strstr (g->text, words) != NULL, "\"%s\" does not say \"%s\"",
      g->text, words);
}

/*
 * Servers
 */

/* What is asked for, and its answer; a user string is the whole response. */
void
answer (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request != NULL)
    test_peer_print (peer, "%s", (const gchar *) user);
}

void
answer_and_stay (TestPeer * peer, gpointer user)
{
  answer (peer, user);
  test_peer_stay (peer);
}

/* The body is the request. */
void
echo (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request != NULL)
    test_peer_print (peer, OK "Content-Length: %u\r\n\r\n%s",
        (guint) strlen (request), request);
}

void
say_nothing (TestPeer * peer, gpointer user)
{
  test_peer_stay (peer);
}
