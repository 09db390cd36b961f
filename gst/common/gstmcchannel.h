/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the elements tell about a channel: the sticky event, the element
 * messages, progress.
 */
#pragma once

#include <gst/gst.h>

#include "addr.h"

G_BEGIN_DECLS

/* A channel as the user knows it. */
typedef struct
{
  core_ip source;
  core_ip group;
  guint port;                   /* 0 until it is known */
} GstMcChannel;

#define GST_MC_DELIVERY_NATIVE "native"
#define GST_MC_DELIVERY_TUNNEL "tunnel"

/* The sticky event "multicast-channel": source, group (string), port (uint),
 * delivery (string), preserve-packetization (boolean; FALSE: a buffer may be
 * many datagrams).  Returns: (transfer full) */
GstEvent *gst_mc_channel_event (const GstMcChannel * channel,
    const gchar * delivery, gboolean preserve_packetization);

/* Posts an element message with the channel's fields, delivery and relay
 * (strings), and further fields as for gst_structure_new (). */
void gst_mc_channel_post (GstElement * element, const gchar * name,
    const GstMcChannel * channel, const gchar * delivery, const gchar * relay,
    const gchar * first_field, ...) G_GNUC_NULL_TERMINATED;

/* Posts an error message with the text of the error. */
void gst_mc_post_error (GstElement * element, const GError * error);

/* Posts a GST_MESSAGE_PROGRESS.  Several undertakings of an element may share a
 * code; applications know but one of each, so all in between the start of the
 * first and the end of the last are told as CONTINUE. */
void gst_mc_progress (GstElement * element, GstProgressType type,
    const gchar * code, const gchar * format, ...) G_GNUC_PRINTF (4, 5);

G_END_DECLS
