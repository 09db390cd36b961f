/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties of amtrelaysink as values, and what start () makes of them.
 */
#pragma once

#include <gst/gst.h>

#include "gstamtfanout.h"
#include "gstamtrelay.h"

G_BEGIN_DECLS

typedef struct
{
  gchar *source;
  gchar *group;
  guint port;
  guint source_port;
  gchar *relay_address;
  guint relay_port;
  gboolean gateway_address;
  guint max_gateways;
  guint64 query_interval;
  guint ttl;
  gint qos_dscp;
  guint mtu;
} GstAmtRelaySinkSettings;

/* A deep copy, to be cleared. */
GstAmtRelaySinkSettings gst_amt_relay_sink_settings_copy (const
    GstAmtRelaySinkSettings * settings);
void gst_amt_relay_sink_settings_clear (GstAmtRelaySinkSettings * settings);

/* Fills what the fanout and the relay want to know.  The error is a
 * GstResourceError whose text names the property and the remedy. */
gboolean gst_amt_relay_sink_settings_check (const GstAmtRelaySinkSettings *
    settings, GstAmtFanoutSettings * fanout, GstAmtRelaySettings * relay,
    GError ** error);

G_END_DECLS
