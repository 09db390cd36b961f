/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The manifest streams that the channel's metadata name (DORMS): fetches the
 * best one, and moves to another when it ends or other metadata come.
 */
#pragma once

#include "ambi-intake.h"
#include "gstambifetcher.h"
#include "gstambiverifysettings.h"
#include "gstmcmetadata.h"

G_BEGIN_DECLS

typedef struct _GstAmbiGate GstAmbiGate;
typedef struct _GstAmbiPublished GstAmbiPublished;

/* One stream that is being fetched; under the gate's lock, except gate. */
typedef struct
{
  GstAmbiGate *gate;
  GstAmbiFetcher *fetcher;
  gchar *uris;
  guint32 id;
  core_hash_algorithm algorithm;
  core_time digest_hold_time;
  gint64 expiration;            /* Unix time; 0: none */
  gboolean connecting;          /* told to have begun, no connection so far */
  gboolean seen;                /* it brought manifests */
  gboolean failed;              /* none of its URIs is of use, for now */
  gboolean expiring;            /* another one is looked for, in good time */
  gboolean ending;              /* another one is to take over */
  gboolean over;                /*   and has */
} GstAmbiPublishedStream;

/* Asks nothing before the channel is known.  Fails with a GstResourceError that
 * names the property and the remedy; *out is NULL where nothing is to be asked
 * at all. */
gboolean gst_ambi_published_new (GstAmbiGate * gate,
    const GstAmbiVerifySettings * settings, GstAmbiPublished ** out,
    GError ** error);

/* Without a lock; no other thread is at work any more.  NULL is fine. */
void gst_ambi_published_free (GstAmbiPublished * published);

/* The task's, without a lock: does what the news demand. */
void gst_ambi_published_step (GstAmbiPublished * published,
    const GstMcChannel * channel);

/* With the gate's lock held: the stream announced its end, or was left. */
void gst_ambi_published_ends (GstAmbiPublishedStream * stream);
void gst_ambi_published_left (GstAmbiPublishedStream * stream);

/* Likewise: no connection can be made, or kept. */
void gst_ambi_published_failed (GstAmbiPublishedStream * stream);

/* Likewise: data packets are arriving. */
void gst_ambi_published_data_flows (GstAmbiPublished * published);

/* Likewise. */
void gst_ambi_published_get_stats (const GstAmbiPublished * published,
    GstMcMetadataStats * stats);

G_END_DECLS
