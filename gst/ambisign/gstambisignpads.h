/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The pads of ambisign: what comes in is listed and delayed, and one task for
 * each source pad pushes what is to go out.
 */
#pragma once

#include <gst/gst.h>

#include "gstambidelay.h"
#include "gstambisigner.h"

G_BEGIN_DECLS

typedef struct
{
  GstElement *element;          /* not a reference: it owns us */
  GstPad *sink;                 /* the element's */
  GstPad *src;
  GstPad *manifest;
  GstAmbiDelay *delay;
  GstAmbiSigner *signer;

  core_time latency;            /* under the element's object lock */

  /* fixed from start to stop */
  GstCaps *caps;                /* of the manifests */
  gsize max_payload;

  /* Lock order: this, then the object locks of pads.  A flush must not start a
   * task again that a state change has just stopped. */
  GMutex task_lock;
  gboolean src_active;
  gboolean manifest_active;

  gint eos;                     /* atomic: it came, and was not flushed */
  gint manifest_flow;           /* atomic: other than OK ends the stream */

  /* Written by upstream's thread before the first manifest is made. */
  guint group_id;
  gboolean have_group_id;

  gboolean manifest_started;    /* the manifest task's own */
  gboolean warned_size;         /* upstream's thread's own, as is the next */
  gboolean warned_overflow;
} GstAmbiSignPads;

/* Adds the pads to the element, from the templates of its class. */
void gst_ambi_sign_pads_init (GstAmbiSignPads * pads, GstElement * element);
void gst_ambi_sign_pads_clear (GstAmbiSignPads * pads);

/* Before the pads are activated; takes the caps. */
void gst_ambi_sign_pads_start (GstAmbiSignPads * pads, GstCaps * caps,
    gsize max_payload);

/* After they were deactivated. */
void gst_ambi_sign_pads_stop (GstAmbiSignPads * pads);

G_END_DECLS
