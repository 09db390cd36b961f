/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * From received payloads to what a source pushes: stamps, metas, DISCONT, one
 * buffer or one list for each wake-up.
 */
#pragma once

#include <gst/base/gstbasesrc.h>

#include "gstmcaddr.h"
#include "gstmcarrival.h"
#include "gstmcblock.h"
#include "gstmcpath.h"
#include "gstmcsettings.h"

G_BEGIN_DECLS

/* Datagrams packed into one buffer. */
typedef struct
{
  GstMcBlockPool *blocks;       /* NULL: they stay what they are */
  GstMcBlock *block;            /* NULL: none has been filled in part */
  gsize len;                    /* 0: nothing is in it */
  GstClockTime realtime;        /* the first one's, and what it came by */
  GstClockTime stamp;
  GstMcPath *path;
  guint16 source_port;          /* of all */
  gboolean discont;             /* it follows a gap */
} GstMcPack;

typedef struct
{
  gboolean retrieve_sender_address;
  GstCaps *reference_caps;      /* NULL: no reference timestamps */
  GstMcArrival arrival;
  guint16 sender_port;          /* what sender_address was made of */
  GSocketAddress *sender_address;
  gboolean discont;             /* the next buffer follows a gap */
  GstMcPack pack;

  GstBuffer *first;             /* collected so far: one buffer, */
  GstBufferList *list;          /*   or a list when there are more */
  guint n;                      /* datagrams in it */
  guint expected;               /* most that this wake-up can bring */

  GstClockTime last_realtime;   /* Unix time of the newest packet */
  guint64 packets_pushed;
  guint64 packets_flushed;      /* collected, but the source was stopped */
} GstMcOutput;

void gst_mc_output_init (GstMcOutput * output, const GstMcSettings * settings);
void gst_mc_output_clear (GstMcOutput * output);

/* A wake-up with up to n payloads begins: reads the clocks. */
void gst_mc_output_begin (GstMcOutput * output, GstElement * element, guint n);

/* Adds the payload that the path has found last. */
void gst_mc_output_add (GstMcOutput * output, GstMcPath * path,
    const GstMcPayload * payload);

/* Hands what was added to the base class: *buffer is set, or a list submitted.
 * At least one payload must have been added. */
void gst_mc_output_submit (GstMcOutput * output, GstBaseSrc * src,
    GstBuffer ** buffer);

/* Drops what was added: the source is being stopped. */
void gst_mc_output_flush (GstMcOutput * output);

G_END_DECLS
