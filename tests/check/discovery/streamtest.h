/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One stream, and what it told.
 */
#pragma once

#include "stream.h"
#include "testserver.h"

typedef struct
{
  stream *s;
  stream_request request;
  gchar *uri;

  guint n_calls;
  gboolean started;
  GString *bytes;
  GPtrArray *datagrams;         /* of GBytes */
  guint n_datagrams;

  gboolean ended;
  outcome result;
  gboolean whole;
  guint status;
  guint64 retry_after;
  gchar *text;

  guint close_after;            /* so many calls, by the last of them; 0: never */
} StreamTest;

/* Takes the URI. */
StreamTest *stream_test_new (gchar * uri);
void stream_test_open (StreamTest * t);
void stream_test_close (StreamTest * t);
void stream_test_free (StreamTest * t);

/* Opens it and waits for its end. */
StreamTest *stream_test_run (gchar * uri);

/* How it ended, and words of the text. */
void stream_test_expect (const StreamTest * t, outcome result,
    const gchar * words);

/* So many octets came. */
void stream_test_wait_bytes (StreamTest * t, gsize n);
