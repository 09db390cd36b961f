/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fetches manifests from URIs: connects, reconnects, and moves to another
 * stream when told to.  It does not look into what it brings.
 */
#pragma once

#include <gst/gst.h>

#include "ambi-intake.h"

G_BEGIN_DECLS

typedef struct _GstAmbiFetcher GstAmbiFetcher;

/* One connection as the receiver of its octets knows it; the fetcher only
 * hands it back. */
typedef struct _GstAmbiFeed GstAmbiFeed;

typedef struct
{
  const gchar *uris;            /* separated by white space, in the order in
                                   which they are tried: https://,
                                   ambi+tls://, ambi+dtls:// */
  const gchar *tls_ca_file;     /* NULL: the system's authorities */
  GstObject *object;            /* for the log; it outlives the fetcher */

  /* ns, as in ambi_follow_config; 0: what is said there */
  core_time connect_timeout;
  core_time idle_timeout;
  core_time healthy_time;
  core_time first_wait;
} GstAmbiFetcherSettings;

/* Called from the fetcher's own thread, with no lock of the fetcher's held.
 * They return soon. */
typedef struct
{
  /* A connection stands, the first octets may come.  another: the stream has to
   * be another one than those in use, because one of them is about to end.
   * Returns its feed, for as long as the connection lasts; NULL: close it. */
  GstAmbiFeed *(*connected) (const gchar * uri, gboolean another,
      gpointer user);

  /* Octets of the feed's stream, cut anyhow; a datagram that is one manifest.
   * All but AMBI_INTAKE_OK: close the connection, and try elsewhere or later.
   * The other side has already told the user why. */
  ambi_intake_result (*bytes) (GstAmbiFeed * feed, const guint8 * data,
      gsize len, gpointer user);
  ambi_intake_result (*datagram) (GstAmbiFeed * feed, const guint8 * data,
      gsize len, gpointer user);

  /* How many manifests and digests the feed has completed: octets that come so
   * slowly that it does not grow are as good as none. */
  guint64 (*completed) (GstAmbiFeed * feed, gpointer user);

  /* The connection is no more, whoever closed it; the feed is gone with this
   * call.  complete: the server said that this was all (a response of known
   * length, a last chunk). */
  void (*ended) (GstAmbiFeed * feed, gboolean complete, gpointer user);

  /* No connection can be made or kept, told once until manifests come again: code
   * is "connection" or "stalled", text one sentence that a user can act on. */
  void (*trouble) (const gchar * uri, const gchar * code, const gchar * text,
      gpointer user);
} GstAmbiFetcherCallbacks;

/* Checks the settings and copies them.  Fails with a GstResourceError that
 * names the property ("manifest-uri", "tls-ca-file") and the remedy. */
GstAmbiFetcher *gst_ambi_fetcher_new (const GstAmbiFetcherSettings * settings,
    const GstAmbiFetcherCallbacks * callbacks, gpointer user, GError ** error);

/* Starts to fetch; waits for nothing. */
gboolean gst_ambi_fetcher_start (GstAmbiFetcher * fetcher, GError ** error);

/* Calls ended () for every feed that is left, and no callback after it has
 * returned.  Does not wait for the network.  NULL is fine.  The caller holds no
 * lock that a callback takes. */
void gst_ambi_fetcher_free (GstAmbiFetcher * fetcher);

/*
 * What the receiver tells.  From any thread; these only take note, wake the
 * fetcher and never call back, so the caller may hold a lock that a callback
 * takes.  A feed that is not the fetcher's (any more) is ignored.
 */

/* Data packets are arriving (told about once a second while they do): a
 * connection that is silent meanwhile is stalled (10 s). */
void gst_ambi_fetcher_data_flows (GstAmbiFetcher * fetcher);

/* AMBI_EVENT_REFRESH: the feed's stream ends at the deadline; look for another
 * one and keep this connection. */
void gst_ambi_fetcher_refresh (GstAmbiFetcher * fetcher, GstAmbiFeed * feed,
    core_time deadline);

/* AMBI_EVENT_LEAVE: another stream has taken over; close the connection for
 * good. */
void gst_ambi_fetcher_leave (GstAmbiFetcher * fetcher, GstAmbiFeed * feed);

/* AMBI_EVENT_DISCONNECT: the stream is of no use; close the connection and try
 * elsewhere or later. */
void gst_ambi_fetcher_disconnect (GstAmbiFetcher * fetcher,
    GstAmbiFeed * feed);

G_END_DECLS
