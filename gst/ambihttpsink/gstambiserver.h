/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * HTTPS servers: each has a port, and a path for each sink that it serves.
 */
#pragma once

#include <gst/gst.h>

#include "addr.h"
#include "core.h"

G_BEGIN_DECLS

/* What a sink serves, and whom. */
typedef struct _GstAmbiFeed GstAmbiFeed;

typedef struct
{
  gchar *address;               /* NULL: all */
  guint port;                   /* 0: any free one */
  gchar *path;
  gchar *certificate;
  gchar *private_key;
  guint max_clients;
  core_time history;
  core_time max_lag;
  guint64 max_bytes;
} GstAmbiHttpSettings;

/* Those of the feed, but for the last ones, which are its server's. */
typedef struct
{
  guint64 manifests_in;
  guint64 bytes_in;
  guint64 dropped_empty;
  guint64 dropped_too_big;
  guint64 bytes_sent;
  guint64 clients;
  guint64 clients_served;
  guint64 clients_cut;
  guint64 clients_ended;
  guint64 buffered_manifests;
  guint64 buffered_bytes;
  guint64 refused_full;
  guint64 refused_not_found;
  guint64 refused_method;
  guint port;
} GstAmbiHttpStats;

/* Serves the path; opens the port unless a feed of this process has it.  The
 * error is a GstResourceError whose text names the property and the remedy. */
GstAmbiFeed *gst_ambi_feed_open (const GstAmbiHttpSettings * settings,
    GError ** error);

/* Ends all connections of the feed at once. */
void gst_ambi_feed_close (GstAmbiFeed * feed);

guint gst_ambi_feed_port (GstAmbiFeed * feed);

/* How many clients the server has room for: fewer than wanted where the
 * process may not open so many files. */
guint gst_ambi_feed_max_clients (GstAmbiFeed * feed);

/* A manifest for everybody who is connected.  FALSE: it is bigger than all that
 * may be kept. */
gboolean gst_ambi_feed_push (GstAmbiFeed * feed, GstBuffer * manifest);

/* Nothing comes behind what was pushed: responses end when all is sent. */
void gst_ambi_feed_end (GstAmbiFeed * feed);

/* Likewise; and what comes next is another stream, of which those that connect
 * get nothing else. */
void gst_ambi_feed_restart (GstAmbiFeed * feed);

void gst_ambi_feed_get_stats (GstAmbiFeed * feed, GstAmbiHttpStats * stats);

G_END_DECLS
