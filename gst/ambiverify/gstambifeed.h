/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One origin of manifests, a pad or a connection of the fetcher: takes their
 * octets to the gate.
 */
#pragma once

#include "ambi-intake.h"
#include "gstambigate.h"

G_BEGIN_DECLS

typedef enum
{
  GST_AMBI_FEED_OPEN,
  GST_AMBI_FEED_ENDED,          /* as it should */
  GST_AMBI_FEED_LEFT,           /* another stream has taken over */
  GST_AMBI_FEED_REFUSED         /* it was told why */
} GstAmbiFeedState;

const gchar *gst_ambi_feed_state_name (GstAmbiFeedState state);

/* Under the gate's lock, except gate and is_pad. */
struct _GstAmbiFeed
{
  GstAmbiGate *gate;
  gboolean is_pad;
  gchar *name;
  GstAmbiFeedState state;
  ambi_intake *intake;          /* NULL when it was left or refused */
  gint64 stream_id;             /* wanted, then seen; -1: any */
  gboolean pinned;              /* it was wanted */
  gboolean another;             /* than the one in use */
  gboolean seen;
  core_hash_algorithm algorithm;
  ambi_intake_stats stats;      /* of an intake that is no more */
};

/* A feed of a pad; stream_id -1 and algorithm NONE are the element's.  NULL
 * when the gate is stopped or there is no memory. */
GstAmbiFeed *gst_ambi_feed_new (GstAmbiGate * gate, const gchar * name,
    gint64 stream_id, core_hash_algorithm algorithm);
void gst_ambi_feed_free (GstAmbiFeed * feed);

/* Octets of the stream; returns the state that the feed is in afterwards. */
GstAmbiFeedState gst_ambi_feed_bytes (GstAmbiFeed * feed, const guint8 * data,
    gsize len);
void gst_ambi_feed_end (GstAmbiFeed * feed);

/* What the fetcher calls; user is the gate. */
extern const GstAmbiFetcherCallbacks gst_ambi_feed_fetcher_callbacks;

/* With the gate's lock held: what the verifier says about a profile. */
void gst_ambi_feed_event (GstAmbiGate * gate, const ambi_event * event,
    core_time now);

/* Likewise: lets go of the verifier, which is about to end; a pad that is
 * active before the element runs may still have a feed. */
void gst_ambi_feed_drop_all (GstAmbiGate * gate, core_time now);

/* Likewise: the counters of all that it brought. */
ambi_intake_stats gst_ambi_feed_get_stats (const GstAmbiFeed * feed);

/* Likewise: whether any is open, or there is a pad that has brought nothing
 * yet. */
gboolean gst_ambi_feed_any_open (const GstAmbiGate * gate);

/* Likewise: whether a URI's is open and has brought something. */
gboolean gst_ambi_feed_any_uri_open (const GstAmbiGate * gate);

/* Likewise: whether there is nothing left but what was refused. */
gboolean gst_ambi_feed_all_refused (const GstAmbiGate * gate);

G_END_DECLS
