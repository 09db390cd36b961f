/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the multicast sources have in common as GStreamer elements: life cycle,
 * create loop, properties, URI.
 *
 * Two plugins cannot register one type, so there is no base class: the
 * instance of each element begins with a GstMcSource, and its class takes the
 * methods from here.
 */
#pragma once

#include <gst/base/gstpushsrc.h>

#include "gstmcpoll.h"
#include "gstmcreceiver.h"

G_BEGIN_DECLS

typedef struct _GstMcSource GstMcSource;

/* What an element adds.  Own properties and publish may be NULL. */
typedef struct
{
  const gchar *scheme;          /* of its URIs */

  /* A run begins: makes self->receiver and gives it a path. */
  gboolean (*open) (GstMcSource * self, const GstMcSettings * settings,
      GError ** error);

  /* The property stats.  Returns: (transfer full) */
  GstStructure *(*get_stats) (GstMcSource * self);

  /* A new self->snapshot: time for one of what only this element counts. */
  void (*publish) (GstMcSource * self);

  /* The element's own properties; FALSE: not one of them.  These and publish
   * are called with the object lock held. */
  gboolean (*set_property) (GstMcSource * self, guint id,
      const GValue * value);
  gboolean (*get_property) (GstMcSource * self, guint id, GValue * value);
} GstMcSourceClass;

struct _GstMcSource
{
  GstPushSrc parent;
  const GstMcSourceClass *klass;

  /* Protected by the object lock. */
  GstMcSettings settings;
  gchar *uri_problem;           /* why the last "uri" was not taken */
  GstMcSnapshot snapshot;
  gboolean packs;               /* running with preserve-packetization=false */
  gboolean resumed;             /* PLAYING again, create () has not seen it */
  GstClockTime resumed_at;      /* Unix time of that */

  /* For life: unlock () may come at any moment. */
  GstMcPoll *poll;

  /* Of letting datagrams collect; no other lock is taken with it. */
  GMutex collect_lock;
  GCond collect_cond;
  gboolean flushing;

  /* Made in start (), freed in stop (); in between create ()'s alone. */
  GstMcReceiver *receiver;
};

/* For class_init; the common properties are installed, the native ones not. */
void gst_mc_source_class_init (gpointer klass);
void gst_mc_source_init (GstMcSource * self, const GstMcSourceClass * klass);
void gst_mc_source_finalize (GstMcSource * self);

/* All of the interface but get_protocols. */
void gst_mc_source_uri_handler_init (gpointer iface, gpointer data);

G_END_DECLS
