/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Stands in the place of ambiverify for its fetcher: a line is a manifest, and
 * one with an x is refused.
 */
#pragma once

#include "gstambifetcher.h"
#include "testserver.h"

struct _GstAmbiFeed
{
  gchar *uri;
  gboolean another;
  GString *text;
  guint64 lines;
};

/* What the fetcher told; it calls from its own thread. */
typedef struct
{
  GstAmbiFetcher *fetcher;
  GstAmbiFetcherSettings settings;

  GMutex lock;
  GPtrArray *feeds;             /* all that ever were */
  guint n_open;
  guint n_connected;
  guint n_ended;
  guint n_complete;
  guint n_trouble;
  gchar *trouble_uri;
  gchar *trouble_code;
  gchar *trouble_text;
  gboolean refuse;              /* no feeds */
} Receiver;

extern const GstAmbiFetcherCallbacks receiver_callbacks;

/* Times are short, so that faults pass quickly. */
void receiver_init (Receiver * r);
void receiver_start (Receiver * r, const gchar * uris);

/* Whatever the fetcher does, it stops at once, and all feeds have ended. */
void receiver_stop (Receiver * r);
void receiver_clear (Receiver * r);

guint receiver_read (Receiver * r, const guint * counter);
guint64 receiver_lines (Receiver * r, GstAmbiFeed * feed);

/* These wait, and fail the test after 10 s: until a counter of the receiver's is
 * at least n; for a feed; until so many lines came by one; for the first
 * trouble, which is to be the only one. */
void receiver_wait (Receiver * r, const guint * counter, guint n);
GstAmbiFeed *receiver_get_feed (Receiver * r, guint i);
void receiver_wait_for_lines (Receiver * r, GstAmbiFeed * feed, guint64 n);
void receiver_expect_trouble (Receiver * r, const gchar * uri,
    const gchar * code, const gchar * words);
