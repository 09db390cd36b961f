/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambiverify and what fetches its manifests: a fetcher of the test's own stands
 * in the place of the real one.
 */
#include <string.h>

#include "gstambifetcher.h"
#include "gstambiverify.h"
#include "verifytest.h"

#define URI "https://sender.example/manifests"

struct _GstAmbiFetcher
{
  gchar *uris;
  gchar *tls_ca_file;
  const GstAmbiFetcherCallbacks *calls;
  gpointer user;
  GMutex lock;
  GList *feeds;                 /* connections */
  gboolean started;
  gint data_flows;
  GstAmbiFeed *refreshed;
  GstAmbiFeed *left;
  GstAmbiFeed *disconnected;
};

/* The one that the element has. */
static GstAmbiFetcher *fetcher;

GstAmbiFetcher *
gst_ambi_fetcher_new (const GstAmbiFetcherSettings * settings,
    const GstAmbiFetcherCallbacks * callbacks, gpointer user, GError ** error)
{
  if (!g_str_has_prefix (settings->uris, "https://")) {
    g_set_error_literal (error, GST_RESOURCE_ERROR,
        GST_RESOURCE_ERROR_SETTINGS, "\"manifest-uri\" is bad.");
    return NULL;
  }
  fail_unless (fetcher == NULL);
  fetcher = g_new0 (GstAmbiFetcher, 1);
  fetcher->uris = g_strdup (settings->uris);
  fetcher->tls_ca_file = g_strdup (settings->tls_ca_file);
  fetcher->calls = callbacks;
  fetcher->user = user;
  g_mutex_init (&fetcher->lock);
  return fetcher;
}

gboolean
gst_ambi_fetcher_start (GstAmbiFetcher * self, GError ** error)
{
  fail_if (self->started);
  self->started = TRUE;
  return TRUE;
}

static void
end_connection (GstAmbiFeed * feed, gboolean complete)
{
  fetcher->feeds = g_list_remove (fetcher->feeds, feed);
  fetcher->calls->ended (feed, complete, fetcher->user);
}

void
gst_ambi_fetcher_free (GstAmbiFetcher * self)
{
  if (self == NULL)
    return;
  while (self->feeds != NULL)
    end_connection (self->feeds->data, FALSE);
  g_mutex_clear (&self->lock);
  g_free (self->uris);
  g_free (self->tls_ca_file);
  g_free (self);
  fetcher = NULL;
}

void
gst_ambi_fetcher_data_flows (GstAmbiFetcher * self)
{
  g_atomic_int_inc (&self->data_flows);
}

static void
note (GstAmbiFetcher * self, GstAmbiFeed ** where, GstAmbiFeed * feed)
{
  g_mutex_lock (&self->lock);
  *where = feed;
  g_mutex_unlock (&self->lock);
}

void
gst_ambi_fetcher_refresh (GstAmbiFetcher * self, GstAmbiFeed * feed,
    core_time deadline)
{
  note (self, &self->refreshed, feed);
}

void
gst_ambi_fetcher_leave (GstAmbiFetcher * self, GstAmbiFeed * feed)
{
  note (self, &self->left, feed);
}

void
gst_ambi_fetcher_disconnect (GstAmbiFetcher * self, GstAmbiFeed * feed)
{
  note (self, &self->disconnected, feed);
}

static GstAmbiFeed *
noted (GstAmbiFeed ** where)
{
  GstAmbiFeed *feed;

  g_mutex_lock (&fetcher->lock);
  feed = *where;
  g_mutex_unlock (&fetcher->lock);
  return feed;
}

static void
wait_for (GstAmbiFeed ** where, GstAmbiFeed * feed)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  while (noted (where) != feed) {
    fail_unless (g_get_monotonic_time () < end);
    g_usleep (1000);
  }
}

/* What the fetcher's thread does. */
static GstAmbiFeed *
make_connection (gboolean another)
{
  GstAmbiFeed *feed = fetcher->calls->connected (URI, another, fetcher->user);

  fail_unless (feed != NULL);
  fetcher->feeds = g_list_append (fetcher->feeds, feed);
  return feed;
}

/* Takes the manifest. */
static ambi_intake_result
bring (GstAmbiFeed * feed, GstBuffer * manifest, gboolean datagram)
{
  ambi_intake_result result;
  GstMapInfo map;

  gst_buffer_map (manifest, &map, GST_MAP_READ);
  result = (datagram ? fetcher->calls->datagram : fetcher->calls->bytes) (feed,
      map.data, map.size, fetcher->user);
  gst_buffer_unmap (manifest, &map);
  gst_buffer_unref (manifest);
  return result;
}

static void
bring_packets (GstAmbiFeed * feed, VerifySigner * signer, guint seed, guint n)
{
  fail_unless_equals_int (bring (feed, verify_manifest (signer, seed, n),
          FALSE), AMBI_INTAKE_OK);
}

typedef struct
{
  GstHarness *h;
  GstElement *element;
  GstBus *bus;
  VerifySigner signer;
} Fixture;

static GstElement *
element_new (void)
{
  GstElement *element = g_object_new (GST_TYPE_AMBI_VERIFY, NULL);

  gst_object_ref_sink (element);
  g_object_set (element, "source", VERIFY_SOURCE, "group", VERIFY_GROUP,
      "port", VERIFY_PORT, "data-hold-time", VERIFY_LONG, "manifest-uri", URI,
      NULL);
  return element;
}

static void
set_up (Fixture * f, GstElement * element)
{
  f->h = verify_harness_new (element);
  f->element = f->h->element;
  f->bus = verify_bus (f->element);
  verify_signer_init (&f->signer, VERIFY_STREAM);
}

static void
tear_down (Fixture * f)
{
  verify_add_up (f->element);
  verify_bus_free (f->element, f->bus);
  gst_harness_teardown (f->h);
  fail_unless (fetcher == NULL, "the fetcher is left over");
}

GST_START_TEST (test_settings)
{
  GstElement *element = element_new ();

  g_object_set (element, "manifest-uri", URI " https://other.example/",
      "tls-ca-file", "/ca.pem", NULL);
  gst_element_set_state (element, GST_STATE_PAUSED);
  fail_unless (fetcher != NULL && fetcher->started);
  fail_unless_equals_string (fetcher->uris, URI " https://other.example/");
  fail_unless_equals_string (fetcher->tls_ca_file, "/ca.pem");
  gst_element_set_state (element, GST_STATE_READY);
  fail_unless (fetcher == NULL);

  g_object_set (element, "manifest-uri", "http://plain.example/", NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  g_object_set (element, "manifest-uri", "", NULL);
  fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless (fetcher == NULL);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (test_connection)
{
  const GstStructure *stream;
  const GValue *streams;
  GstStructure *stats;
  GstAmbiFeed *feed;
  Fixture f;

  set_up (&f, element_new ());
  feed = make_connection (FALSE);
  fail_unless_equals_int (fetcher->data_flows, 0);
  for (guint i = 0; i < 10; i++)
    verify_push (f.h, i);
  bring_packets (feed, &f.signer, 0, 10);
  verify_expect_many (f.h, 0, 10);
  fail_unless_equals_int (fetcher->data_flows, 1);

  g_object_get (f.element, "stats", &stats, NULL);
  streams = gst_structure_get_value (stats, "manifest-streams");
  fail_unless_equals_int (gst_value_array_get_size (streams), 1);
  stream = gst_value_get_structure (gst_value_array_get_value (streams, 0));
  fail_unless_equals_string (gst_structure_get_string (stream, "uri"), URI);
  gst_structure_free (stats);

  /* A new connection goes on where the old one was lost. */
  end_connection (feed, FALSE);
  feed = make_connection (FALSE);
  bring_packets (feed, &f.signer, 10, 2);
  verify_push (f.h, 11);
  verify_expect (f.h, 11);
  fail_unless_equals_uint64 (verify_stat (f.element, "manifest-connections"),
      2);
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  GstStructure *message;
  GstAmbiFeed *feed;
  Fixture f;

  set_up (&f, element_new ());
  feed = make_connection (FALSE);
  bring_packets (feed, &f.signer, 0, 2);
  f.signer.next.stream_id++;
  fail_unless_equals_int (bring (feed, verify_manifest (&f.signer, 2, 2),
          FALSE), AMBI_INTAKE_WRONG_STREAM_ID);
  verify_wait_for_warning (f.bus, URI);
  message = verify_wait_for_message (f.bus, "ambi-manifest-error");
  fail_unless_equals_string (gst_structure_get_string (message, "uri"), URI);
  fail_unless_equals_string (gst_structure_get_string (message, "code"),
      "wrong-stream-id");
  gst_structure_free (message);
  fail_unless (bring (feed, verify_manifest (&f.signer, 4, 2), FALSE) !=
      AMBI_INTAKE_OK);
  verify_push (f.h, 1);
  verify_expect (f.h, 1);
  tear_down (&f);
}

GST_END_TEST;

/* A server that goes on bringing the same wrong manifests is told of once, and
 * once more after it was of use. */
GST_START_TEST (test_refused_again)
{
  GstElement *element = element_new ();
  VerifySigner other;
  GstAmbiFeed *feed;
  Fixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, "stream-id",
      (gint64) VERIFY_STREAM, NULL);
  set_up (&f, element);
  verify_signer_init (&other, VERIFY_STREAM + 1);
  for (guint i = 0; i < 2; i++) {
    for (guint j = 0; j < 3; j++) {
      feed = make_connection (FALSE);
      fail_unless_equals_int (bring (feed, verify_manifest (&other, 0, 1),
              FALSE), AMBI_INTAKE_WRONG_STREAM_ID);
      end_connection (feed, FALSE);
      verify_starve (f.h);
    }
    /* The next one stands, but has brought nothing yet. */
    feed = make_connection (FALSE);
    verify_starve (f.h);
    verify_wait_for_warning (f.bus, "refused");
    fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
            NULL), 0);

    bring_packets (feed, &f.signer, i, 1);
    verify_push (f.h, i);
    verify_expect (f.h, i);
    end_connection (feed, FALSE);
  }
  tear_down (&f);
}

GST_END_TEST;

/* A server that has not answered yet has not refused anything. */
GST_START_TEST (test_connecting)
{
  GstElement *element = element_new ();
  Fixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  set_up (&f, element);
  verify_starve_until_warned (f.h, f.bus, "there is no connection");
  tear_down (&f);
}

GST_END_TEST;

/* While there is no connection, the outage is what the fetcher says it is. */
GST_START_TEST (test_trouble)
{
  GstElement *element = element_new ();
  GstStructure *message;
  GstAmbiFeed *feed;
  Fixture f;

  g_object_set (element, "data-hold-time", VERIFY_SHORT, NULL);
  set_up (&f, element);
  for (guint i = 0; i < 2; i++) {
    for (guint j = 0; j < 3; j++)
      fetcher->calls->trouble (URI, "connection", "Nobody answers.",
          fetcher->user);
    message = verify_wait_for_message (f.bus, "ambi-manifest-error");
    fail_unless_equals_string (gst_structure_get_string (message, "code"),
        "connection");
    fail_unless_equals_string (gst_structure_get_string (message, "text"),
        "Nobody answers.");
    gst_structure_free (message);
    verify_starve_until_warned (f.h, f.bus, "Nobody answers.");
    verify_starve (f.h);
    fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
            NULL), 0);

    feed = make_connection (FALSE);
    bring_packets (feed, &f.signer, i, 1);
    verify_push (f.h, i);
    verify_expect (f.h, i);
    end_connection (feed, FALSE);
  }
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_datagrams)
{
  GstBuffer *manifest;
  GstAmbiFeed *feed;
  Fixture f;

  set_up (&f, element_new ());
  feed = make_connection (FALSE);
  fail_unless_equals_int (bring (feed, verify_manifest (&f.signer, 0, 4),
          TRUE), AMBI_INTAKE_OK);
  manifest = verify_manifest (&f.signer, 4, 4);
  gst_buffer_resize (manifest, 0, 40);
  fail_unless_equals_int (bring (feed, manifest, TRUE), AMBI_INTAKE_OK);
  fail_unless_equals_uint64 (verify_stat (f.element,
          "manifest-datagrams-malformed"), 1);
  for (guint i = 0; i < 4; i++)
    verify_push (f.h, i);
  verify_expect_many (f.h, 0, 4);
  tear_down (&f);
}

GST_END_TEST;

/* Asked for another stream, the fetcher brings one; the old one is left when a
 * packet of the new one has passed. */
GST_START_TEST (test_transition)
{
  GstAmbiFeed *old, *same, *feed;
  VerifySigner other;
  Fixture f;

  set_up (&f, element_new ());
  old = make_connection (FALSE);
  f.signer.next.refresh_deadline = 1;
  bring_packets (old, &f.signer, 0, 2);
  wait_for (&fetcher->refreshed, old);

  /* The same one again is no other one. */
  same = make_connection (TRUE);
  fail_unless_equals_int (bring (same, verify_manifest (&f.signer, 2, 1),
          FALSE), AMBI_INTAKE_WRONG_STREAM_ID);
  end_connection (same, FALSE);
  fail_unless_equals_int (verify_count_messages (f.bus, GST_MESSAGE_WARNING,
          NULL), 0);

  feed = make_connection (TRUE);
  verify_signer_init (&other, VERIFY_STREAM + 1);
  bring_packets (feed, &other, 1, 4);
  fail_unless (noted (&fetcher->left) == NULL);
  verify_push (f.h, 1);
  verify_expect (f.h, 1);
  wait_for (&fetcher->left, old);
  end_connection (old, FALSE);
  verify_push (f.h, 2);
  verify_expect (f.h, 2);
  tear_down (&f);
}

GST_END_TEST;

/* An id that the user wants leaves no choice. */
GST_START_TEST (test_pinned)
{
  GstElement *element = element_new ();
  GstStructure *message;
  GstAmbiFeed *feed;
  Fixture f;

  g_object_set (element, "stream-id", (gint64) VERIFY_STREAM, NULL);
  set_up (&f, element);
  feed = make_connection (FALSE);
  f.signer.next.refresh_deadline = 1;
  bring_packets (feed, &f.signer, 0, 2);
  message = verify_wait_for_message (f.bus, "ambi-refresh");
  gst_structure_free (message);

  /* It goes on beyond its end, as long as the stream does. */
  verify_push (f.h, 0);
  verify_expect (f.h, 0);
  fail_unless (noted (&fetcher->refreshed) == NULL);
  tear_down (&f);
}

GST_END_TEST;

/* Nothing but empty manifests. */
GST_START_TEST (test_disconnect)
{
  GstStructure *message;
  GstAmbiFeed *feed;
  Fixture f;

  set_up (&f, element_new ());
  feed = make_connection (FALSE);
  while (bring (feed, verify_manifest (&f.signer, 0, 0), FALSE) ==
      AMBI_INTAKE_OK)
    fail_unless (f.signer.next.manifest_seq < 100000);
  fail_unless (noted (&fetcher->disconnected) == feed);
  verify_wait_for_warning (f.bus, URI);
  message = verify_wait_for_message (f.bus, "ambi-manifest-error");
  fail_unless_equals_string (gst_structure_get_string (message, "code"),
      "empty");
  gst_structure_free (message);
  tear_down (&f);
}

GST_END_TEST;

/* A response that is complete is like a file. */
GST_START_TEST (test_complete)
{
  GstElement *element = element_new ();
  GstAmbiFeed *a, *b;
  VerifySigner other;
  Fixture f;

  g_object_set (element, "digest-hold-time", 300 * GST_MSECOND, NULL);
  set_up (&f, element);
  a = make_connection (FALSE);
  b = make_connection (FALSE);
  verify_signer_init (&other, VERIFY_STREAM + 1);
  bring_packets (a, &f.signer, 0, 4);
  bring_packets (b, &other, 100, 4);
  end_connection (a, TRUE);
  end_connection (b, FALSE);
  verify_wait_for_stat (f.element, "digests-held", 4);
  for (guint i = 0; i < 4; i++)
    verify_push (f.h, i);
  verify_expect_many (f.h, 0, 4);
  tear_down (&f);
}

GST_END_TEST;

static Suite *
ambiverify_fetch_suite (void)
{
  Suite *s = suite_create ("ambiverify-fetch");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_settings);
  tcase_add_test (tc, test_connection);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_refused_again);
  tcase_add_test (tc, test_connecting);
  tcase_add_test (tc, test_trouble);
  tcase_add_test (tc, test_datagrams);
  tcase_add_test (tc, test_transition);
  tcase_add_test (tc, test_pinned);
  tcase_add_test (tc, test_disconnect);
  tcase_add_test (tc, test_complete);
  return s;
}

GST_CHECK_MAIN (ambiverify_fetch);
