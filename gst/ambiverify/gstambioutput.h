/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The src pad of ambiverify: what is ready is pushed, by one thread at a time
 * and in order.  The data thread pushes what it releases itself; the pad's task
 * what manifests or time released.
 */
#pragma once

#include "gstambigate.h"

G_BEGIN_DECLS

typedef struct
{
  GstAmbiGate *gate;
  GstPad *pad;                  /* not owned */

  /* Whose turn it is to push.  Lock order: this, then the gate's lock.  Who
   * waits for it waits for downstream, which a flush and a change of state
   * wake. */
  GMutex push_lock;

  /* Under it: what downstream knows, and what is being pushed. */
  GstAmbiContext *context;
  GArray *pushing;              /* GstAmbiItem */
} GstAmbiOutput;

void gst_ambi_output_init (GstAmbiOutput * output, GstAmbiGate * gate,
    GstPad * pad);
void gst_ambi_output_clear (GstAmbiOutput * output);

/* Forgets what downstream knows; no thread pushes. */
void gst_ambi_output_reset (GstAmbiOutput * output);

/* Takes packets (hashed under plan, which is renewed as often as it changes, by
 * rehash) and pushes what is ready then.  Returns what upstream is to know.
 * With the packets go their buffers. */
typedef void (*GstAmbiRehash) (GstAmbiPacket * packets, gsize n,
    gpointer user);
GstFlowReturn gst_ambi_output_packets (GstAmbiOutput * output,
    GstAmbiPacket * packets, gsize n, GstAmbiContext * context,
    GstAmbiRehash rehash, gpointer user);

/* A serialized event: behind what is ready.  context: what holds from now on.
 * Takes the event. */
gboolean gst_ambi_output_event (GstAmbiOutput * output, GstEvent * event,
    GstAmbiContext * context);

/* The task: a GstTaskFunction whose data is the output. */
void gst_ambi_output_loop (gpointer output);

/* The src pad was linked: what it said without a peer counts no more. */
void gst_ambi_output_linked (GstAmbiOutput * output);

/* Makes the task return soon, and not wait again until it is allowed to. */
void gst_ambi_output_set_flushing (GstAmbiOutput * output, gboolean flushing);

G_END_DECLS
