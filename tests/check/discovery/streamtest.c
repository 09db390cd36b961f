/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One stream, and what it told.
 */
#include "streamtest.h"

#include <string.h>

static void
count_call (StreamTest * t)
{
  fail_if (t->ended, "called after the end");
  fail_if (t->s == NULL, "called after it was closed");
  if (++t->n_calls == t->close_after)
    stream_test_close (t);
}

static void
on_started (gpointer user)
{
  StreamTest *t = user;

  fail_if (t->started);
  t->started = TRUE;
  count_call (t);
}

static void
on_bytes (gpointer user, const guint8 * data, gsize len)
{
  StreamTest *t = user;

  fail_unless (t->started && len > 0);
  g_string_append_len (t->bytes, (const gchar *) data, (gssize) len);
  count_call (t);
}

static void
on_datagram (gpointer user, const guint8 * data, gsize len)
{
  StreamTest *t = user;

  fail_unless (t->started);
  g_ptr_array_add (t->datagrams, g_bytes_new (data, len));
  t->n_datagrams++;
  count_call (t);
}

static void
on_ended (gpointer user, const stream_end * end)
{
  StreamTest *t = user;

  t->result = end->result;
  t->whole = end->whole;
  t->status = end->status;
  t->retry_after = end->retry_after;
  t->text = g_strdup (end->text);
  count_call (t);
  t->ended = TRUE;
}

static const stream_callbacks callbacks = {
  on_started, on_bytes, on_datagram, on_ended
};

StreamTest *
stream_test_new (gchar * uri)
{
  StreamTest *t = g_new0 (StreamTest, 1);

  t->uri = uri;
  t->bytes = g_string_new (NULL);
  t->datagrams = g_ptr_array_new_with_free_func ((GDestroyNotify)
      g_bytes_unref);
  t->request.uri = uri;
  t->request.ca_file = certificates_path ("ca.pem");
  return t;
}

void
stream_test_open (StreamTest * t)
{
  t->s = stream_over_network.open (&t->request, &callbacks, t);
  fail_unless (t->n_calls == 0);
}

void
stream_test_close (StreamTest * t)
{
  stream_over_network.close (t->s);
  t->s = NULL;
}

void
stream_test_free (StreamTest * t)
{
  stream_test_close (t);
  g_string_free (t->bytes, TRUE);
  g_ptr_array_unref (t->datagrams);
  g_free (t->uri);
  g_free (t->text);
  g_free (t);
}

StreamTest *
stream_test_run (gchar * uri)
{
  StreamTest *t = stream_test_new (uri);

  stream_test_open (t);
  wait_for_flag (&t->ended);
  return t;
}

void
stream_test_expect (const StreamTest * t, outcome result, const gchar * words)
{
  fail_unless_equals_string (outcome_name (t->result), outcome_name (result));
  fail_unless (strstr (t->text, words) != NULL, "\"%s\" does not say \"%s\"",
      t->text, words);
}

void
stream_test_wait_bytes (StreamTest * t, gsize n)
{
  while (t->bytes->len < n) {
    fail_if (t->ended, "%s", t->text);
    wait_for_count (&t->n_calls, t->n_calls + 1);
  }
}
