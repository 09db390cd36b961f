/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Stands in the place of ambiverify for its fetcher.
 */
#include "ambireceiver.h"

#include <string.h>

#include "stopwatch.h"

#define MS CORE_MSECOND

static GstAmbiFeed *
on_connected (const gchar * uri, gboolean another, gpointer user)
{
  Receiver *r = user;
  GstAmbiFeed *feed = NULL;

  g_mutex_lock (&r->lock);
  if (!r->refuse) {
    feed = g_new0 (GstAmbiFeed, 1);
    feed->uri = g_strdup (uri);
    feed->another = another;
    feed->text = g_string_new (NULL);
    g_ptr_array_add (r->feeds, feed);
    r->n_open++;
  }
  r->n_connected++;
  g_mutex_unlock (&r->lock);
  return feed;
}

static ambi_intake_result
on_bytes (GstAmbiFeed * feed, const guint8 * data, gsize len, gpointer user)
{
  Receiver *r = user;
  ambi_intake_result result = AMBI_INTAKE_OK;

  g_mutex_lock (&r->lock);
  g_string_append_len (feed->text, (const gchar *) data, (gssize) len);
  for (gsize i = 0; i < len; i++)
    feed->lines += data[i] == '\n';
  if (memchr (data, 'x', len) != NULL)
    result = AMBI_INTAKE_WRONG_STREAM_ID;
  g_mutex_unlock (&r->lock);
  return result;
}

static guint64
on_completed (GstAmbiFeed * feed, gpointer user)
{
  Receiver *r = user;
  guint64 lines;

  g_mutex_lock (&r->lock);
  lines = feed->lines;
  g_mutex_unlock (&r->lock);
  return lines;
}

static void
on_ended (GstAmbiFeed * feed, gboolean complete, gpointer user)
{
  Receiver *r = user;

  g_mutex_lock (&r->lock);
  r->n_open--;
  r->n_ended++;
  r->n_complete += complete;
  g_mutex_unlock (&r->lock);
}

static void
on_trouble (const gchar * uri, const gchar * code, const gchar * text,
    gpointer user)
{
  Receiver *r = user;

  g_mutex_lock (&r->lock);
  r->n_trouble++;
  g_free (r->trouble_uri);
  g_free (r->trouble_code);
  g_free (r->trouble_text);
  r->trouble_uri = g_strdup (uri);
  r->trouble_code = g_strdup (code);
  r->trouble_text = g_strdup (text);
  g_mutex_unlock (&r->lock);
}

const GstAmbiFetcherCallbacks receiver_callbacks = {
  .connected = on_connected,.bytes = on_bytes,.datagram = on_bytes,
  .completed = on_completed,.ended = on_ended,.trouble = on_trouble
};

void
receiver_init (Receiver * r)
{
  memset (r, 0, sizeof (*r));
  g_mutex_init (&r->lock);
  r->feeds = g_ptr_array_new ();
  r->settings.tls_ca_file = certificates_path ("ca.pem");
  r->settings.first_wait = 20 * MS;
  r->settings.idle_timeout = 300 * MS;
}

void
receiver_start (Receiver * r, const gchar * uris)
{
  GError *error = NULL;

  r->settings.uris = uris;
  r->fetcher =
      gst_ambi_fetcher_new (&r->settings, &receiver_callbacks, r, &error);
  fail_unless (r->fetcher != NULL, "%s", error ? error->message : "");
  fail_unless (gst_ambi_fetcher_start (r->fetcher, &error));
}

void
receiver_stop (Receiver * r)
{
  Stopwatch watch;

  stopwatch_start (&watch);
  gst_ambi_fetcher_free (r->fetcher);
  fail_unless (stopwatch_us (&watch) < 500000);
  fail_unless_equals_int (r->n_open, 0);
}

void
receiver_clear (Receiver * r)
{
  for (guint i = 0; i < r->feeds->len; i++) {
    GstAmbiFeed *feed = g_ptr_array_index (r->feeds, i);

    g_free (feed->uri);
    g_string_free (feed->text, TRUE);
    g_free (feed);
  }
  g_ptr_array_unref (r->feeds);
  g_free (r->trouble_uri);
  g_free (r->trouble_code);
  g_free (r->trouble_text);
  g_mutex_clear (&r->lock);
}

void
receiver_wait (Receiver * r, const guint * counter, guint n)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  guint value;

  do {
    g_mutex_lock (&r->lock);
    value = *counter;
    g_mutex_unlock (&r->lock);
    fail_unless (g_get_monotonic_time () < deadline, "%u of %u", value, n);
    if (value < n)
      g_usleep (1000);
  } while (value < n);
}

guint
receiver_read (Receiver * r, const guint * counter)
{
  guint value;

  g_mutex_lock (&r->lock);
  value = *counter;
  g_mutex_unlock (&r->lock);
  return value;
}

GstAmbiFeed *
receiver_get_feed (Receiver * r, guint i)
{
  GstAmbiFeed *feed;

  receiver_wait (r, &r->feeds->len, i + 1);
  g_mutex_lock (&r->lock);
  feed = g_ptr_array_index (r->feeds, i);
  g_mutex_unlock (&r->lock);
  return feed;
}

void
receiver_wait_for_lines (Receiver * r, GstAmbiFeed * feed, guint64 n)
{
  gint64 deadline = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (on_completed (feed, r) < n) {
    fail_unless (g_get_monotonic_time () < deadline);
    g_usleep (1000);
  }
}

void
receiver_expect_trouble (Receiver * r, const gchar * uri, const gchar * code,
    const gchar * words)
{
  receiver_wait (r, &r->n_trouble, 1);
  g_mutex_lock (&r->lock);
  fail_unless_equals_int (r->n_trouble, 1);
  fail_unless_equals_string (r->trouble_uri, uri);
  fail_unless_equals_string (r->trouble_code, code);
  fail_unless (strstr (r->trouble_text, words) != NULL, "%s", r->trouble_text);
  g_mutex_unlock (&r->lock);
}

guint64
receiver_lines (Receiver * r, GstAmbiFeed * feed)
{
  return on_completed (feed, r);
}
