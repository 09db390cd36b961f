/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One fetch and what it told, and servers with one answer.
 */
#pragma once

#include "fetch.h"
#include "testserver.h"

typedef struct
{
  fetch *f;
  fetch_request request;
  gchar *url;

  gboolean responded;
  guint status;
  gchar *from;
  gchar *content_type;
  gchar *cache_control;
  gchar *retry_after;
  gchar *location;
  gchar *age;
  gchar *date;
  gchar *etag;
  guint64 n_body;
  GString *body;                /* the beginning of it */
  guint n_calls;

  gboolean ended;
  outcome result;
  gchar *text;

  guint free_after;             /* so many calls, by the last of them; 0: never */
} Fetched;

/* Takes the URL. */
Fetched *fetched_new (gchar * url);
void fetched_start (Fetched * g);
void fetched_stop (Fetched * g);
void fetched_free (Fetched * g);

/* Starts it and waits for its end. */
Fetched *fetched_run (gchar * url);

/* How it ended, and words of the text. */
void fetched_expect (const Fetched * g, outcome result, const gchar * words);

/* Functions of servers: user is the whole response; the body is the request;
 * nothing at all. */
#define OK "HTTP/1.1 200 OK\r\n"
void answer (TestPeer * peer, gpointer user);
void answer_and_stay (TestPeer * peer, gpointer user);
void echo (TestPeer * peer, gpointer user);
void say_nothing (TestPeer * peer, gpointer user);
