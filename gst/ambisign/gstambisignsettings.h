/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties of ambisign as values, and what starting makes of them.
 */
#pragma once

#include <gst/gst.h>

#include "ambi-sign.h"

G_BEGIN_DECLS

typedef struct
{
  gchar *source;
  guint source_port;
  gchar *group;
  guint port;
  gint64 stream_id;             /* -1: a random one */
  gchar *hash_algorithm;
  guint packets_per_manifest;
  guint64 max_manifest_latency;
  guint64 delay;
  guint64 refresh_deadline;
  guint64 max_held_bytes;
} GstAmbiSignSettings;

/* A deep copy, to be cleared. */
GstAmbiSignSettings gst_ambi_sign_settings_copy (const GstAmbiSignSettings *
    settings);
void gst_ambi_sign_settings_clear (GstAmbiSignSettings * settings);

/* Fills what a signer wants to know, with a random stream id where none is set.
 * The error is a GstResourceError whose text names the property and the
 * remedy. */
gboolean gst_ambi_sign_settings_check (const GstAmbiSignSettings * settings,
    ambi_sign_config * config, GError ** error);

/* The largest UDP payload of a channel with that flow. */
gsize gst_ambi_sign_max_payload (const ambi_flow * flow);

G_END_DECLS
