/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What ambiverify tells on the bus, and the state that takes: each outage is
 * told once, losses at most once a second.
 */
#pragma once

#include <gst/gst.h>

#include "ambi-verify.h"
#include "gstmcchannel.h"

G_BEGIN_DECLS

/* Where manifests come from, and what they are known by. */
typedef struct
{
  const gchar *name;            /* of the pad, or the URI */
  gboolean is_pad;
  gint64 stream_id;             /* -1: not known yet */
} GstAmbiOrigin;

/* How things stand when packets do not pass. */
typedef struct
{
  gboolean have_source;         /* a manifest pad or URI */
  gboolean have_uri;
  gboolean connected;           /* one that has not ended */
  gboolean refused;             /* one was, which was told, and none is left */
  gboolean foreign;             /* no packet is from the channel's source */
  gsize digests_held;
} GstAmbiSituation;

typedef struct
{
  guint64 lost;
  guint64 rejected;
  guint64 presumed_lost;        /* now */
  guint64 unknown;
  gdouble loss_ratio;
} GstAmbiLosses;

typedef struct
{
  GstElement *element;          /* not owned */
  GstMcChannel channel;         /* family NONE until it is known */
  ambi_mode mode;

  /* Messages are made under the gate's lock and posted without it. */
  GQueue messages;
  gint n_messages;              /* to be read without the lock */

  gboolean told_outage;         /* since it worked last */
  gboolean ever_verified;
  core_time last_verified;
  guint64 verified;
  gchar *trouble;               /* why there is no connection, or NULL */
  gboolean undecided;           /* it is not known yet whether there will be
                                   one; that takes a bounded time */
  gboolean refused_uri;         /* told since a URI was of use last */
  core_time stream_end;         /* announced; NEVER: none */

  GstAmbiLosses losses;         /* as told last */
  core_time losses_told;
} GstAmbiTell;

void gst_ambi_tell_init (GstAmbiTell * tell, GstElement * element);
void gst_ambi_tell_clear (GstAmbiTell * tell);

/* A new run begins. */
void gst_ambi_tell_start (GstAmbiTell * tell, ambi_mode mode, core_time now);

/* The first manifest of an origin came. */
void gst_ambi_tell_stream (GstAmbiTell * tell, const GstAmbiOrigin * origin);

/* Its manifests are not taken any more; code as in "ambi-manifest-error", why
 * goes on after "because".  A server can bring about the same again and again;
 * that is told once. */
void gst_ambi_tell_refused (GstAmbiTell * tell, const GstAmbiOrigin * origin,
    const gchar * code, const gchar * why);

/* The transport does not work; text is a sentence. */
void gst_ambi_tell_trouble (GstAmbiTell * tell, const GstAmbiOrigin * origin,
    const gchar * code, const gchar * text);

/* The stream's end was announced. */
void gst_ambi_tell_refresh (GstAmbiTell * tell, guint32 stream_id,
    core_time deadline, core_time now);

/* A packet did not say who sent it; to be called once. */
void gst_ambi_tell_no_address (GstAmbiTell * tell);

/* Packets were verified in the meantime, or not. */
void gst_ambi_tell_verified (GstAmbiTell * tell, guint64 verified,
    core_time now);

/* Packets were rejected for want of a digest, or will be. */
void gst_ambi_tell_outage (GstAmbiTell * tell,
    const GstAmbiSituation * situation, core_time hold, core_time now);

/* Tells of new losses when it is time to; else returns when it will be, NEVER
 * without any. */
core_time gst_ambi_tell_losses (GstAmbiTell * tell,
    const GstAmbiLosses * losses, core_time now);

/* Posts what there is; to be called without a lock. */
void gst_ambi_tell_post (GstAmbiTell * tell, GMutex * lock);

G_END_DECLS
