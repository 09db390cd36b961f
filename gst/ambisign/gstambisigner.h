/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * From packets to manifests that wait to be pushed.
 */
#pragma once

#include <gst/gst.h>

#include "ambi-sign.h"

G_BEGIN_DECLS

typedef struct _GstAmbiSigner GstAmbiSigner;

/* manifests made = pushed + held + dropped, at every moment. */
typedef struct
{
  guint64 packets_signed;
  guint64 packets_unlisted;     /* came after the stream's end */
  guint64 manifests_made;
  guint64 manifests_pushed;
  guint64 manifest_bytes_pushed;
  guint64 manifests_held;
  guint64 manifests_dropped;    /* the oldest, of a branch that does not move */
  gboolean refreshing;          /* an end is set */
  gboolean ended;
} GstAmbiSignerStats;

typedef enum
{
  GST_AMBI_SIGNER_OK,
  GST_AMBI_SIGNER_UNLISTED,     /* the stream of manifests is over */
  GST_AMBI_SIGNER_OVERFLOW,     /* listed, and older manifests were dropped */
  GST_AMBI_SIGNER_OLD,          /* listed; said once, half-way to the wrap of a
                                   number */
  GST_AMBI_SIGNER_FAILED        /* the hash did not work */
} GstAmbiSignerResult;

/* Functions may be called from any thread. */
GstAmbiSigner *gst_ambi_signer_new (void);
void gst_ambi_signer_free (GstAmbiSigner * signer);

/* Begins a stream of manifests, which ends after refresh_deadline unless that
 * is 0.  The error is a GstLibraryError. */
gboolean gst_ambi_signer_start (GstAmbiSigner * signer,
    const ambi_sign_config * config, core_time refresh_deadline,
    GError ** error);
void gst_ambi_signer_stop (GstAmbiSigner * signer);

/* Until this is called there are no manifests. */
void gst_ambi_signer_begin (GstAmbiSigner * signer);

/* Lists a packet. */
GstAmbiSignerResult gst_ambi_signer_add (GstAmbiSigner * signer,
    const guint8 * data, gsize len, core_time now);

/* Ends the manifest at hand. */
void gst_ambi_signer_flush (GstAmbiSigner * signer);

/* There is nothing behind what was added; gst_ambi_signer_resume () takes that
 * back.  A stream that came to its refresh deadline is over, not finished. */
void gst_ambi_signer_finish (GstAmbiSigner * signer);
gboolean gst_ambi_signer_is_finished (GstAmbiSigner * signer);
void gst_ambi_signer_resume (GstAmbiSigner * signer);

/* The stream ends after that time from now; 0: it does not. */
void gst_ambi_signer_set_refresh (GstAmbiSigner * signer,
    core_time refresh_deadline);

/* Waits for the next manifest.  Returns FLUSHING, EOS behind the last one, or
 * OK with *manifest (transfer full). */
GstFlowReturn gst_ambi_signer_pop (GstAmbiSigner * signer,
    GstBuffer ** manifest);
void gst_ambi_signer_set_flushing (GstAmbiSigner * signer, gboolean flushing);

void gst_ambi_signer_get_stats (GstAmbiSigner * signer,
    GstAmbiSignerStats * stats);

G_END_DECLS
