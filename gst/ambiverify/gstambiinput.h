/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The sink pad of ambiverify: what packets say of themselves, and hashing
 * them, which takes no lock.  All but start and stop belong to the data thread.
 */
#pragma once

#include <gio/gio.h>

#include "gstambioutput.h"

G_BEGIN_DECLS

typedef struct
{
  GstAmbiOutput *output;        /* not owned */
  GstElement *element;          /* likewise */
  ambi_hasher *hasher;
  ambi_plan plan;               /* as of when it was asked for last */
  GArray *packets;              /* GstAmbiPacket */
  GArray *digests;              /* ambi_digests of these */
  GstAmbiContext *context;

  GstMcChannel channel;         /* family NONE: not known yet */
  GstMcChannel wanted;          /* of the properties */
  GError *unwanted;             /* or what is wrong with those */
  gboolean packed;              /* datagrams cannot be told apart */

  /* The last sender; most often there is but one. */
  GSocketAddress *sender;
  core_addr sender_addr;        /* family NONE: no IP address */
} GstAmbiInput;

void gst_ambi_input_init (GstAmbiInput * input, GstAmbiOutput * output,
    GstElement * element);
void gst_ambi_input_clear (GstAmbiInput * input);

gboolean gst_ambi_input_start (GstAmbiInput * input,
    const GstAmbiVerifySettings * settings, GError ** error);
void gst_ambi_input_stop (GstAmbiInput * input);

/* Both take what they are given. */
GstFlowReturn gst_ambi_input_buffer (GstAmbiInput * input,
    GstBuffer * buffer);
GstFlowReturn gst_ambi_input_list (GstAmbiInput * input,
    GstBufferList * list);

/* A serialized event; takes it. */
gboolean gst_ambi_input_event (GstAmbiInput * input, GstEvent * event);

/* A flush has ended: a new segment will come. */
void gst_ambi_input_flush (GstAmbiInput * input);

G_END_DECLS
