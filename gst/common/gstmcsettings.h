/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties that all multicast sources have: one definition of each.
 */
#pragma once

#include <gst/gst.h>

#include "gstmcchannel.h"

G_BEGIN_DECLS

/* Property ids; an element's own begin at GST_MC_PROP_LAST. */
enum
{
  GST_MC_PROP_0,
  GST_MC_PROP_URI,
  GST_MC_PROP_SOURCE,
  GST_MC_PROP_GROUP,
  GST_MC_PROP_ADDRESS,
  GST_MC_PROP_PORT,
  GST_MC_PROP_CAPS,
  GST_MC_PROP_DORMS_URI,
  GST_MC_PROP_DNS_TRUST,
  GST_MC_PROP_TLS_CA_FILE,
  GST_MC_PROP_REQUIRE_SRV_MATCH,
  GST_MC_PROP_BUFFER_SIZE,
  GST_MC_PROP_MTU,
  GST_MC_PROP_BATCH_SIZE,
  GST_MC_PROP_ALLOW_GRO,
  GST_MC_PROP_VERIFY_CHECKSUM,
  GST_MC_PROP_STALL_TIMEOUT,
  GST_MC_PROP_TIMEOUT,
  GST_MC_PROP_RETRIEVE_SENDER_ADDRESS,
  GST_MC_PROP_ADD_REFERENCE_TIMESTAMP_META,
  GST_MC_PROP_PRESERVE_PACKETIZATION,
  GST_MC_PROP_COALESCE_TIME,
  GST_MC_PROP_STATS,
  GST_MC_PROP_MULTICAST_IFACE,
  GST_MC_PROP_REJOIN_INTERVAL,
  GST_MC_PROP_LAST
};

typedef struct
{
  gchar *source;
  gchar *group;
  guint port;
  GstCaps *caps;
  gchar *dorms_uri;
  gchar *dns_trust;
  gchar *tls_ca_file;
  gboolean require_srv_match;
  guint buffer_size;
  guint mtu;
  guint batch_size;
  gboolean allow_gro;
  gboolean verify_checksum;
  guint64 stall_timeout;
  guint64 timeout;
  gboolean retrieve_sender_address;
  gboolean add_reference_timestamp_meta;
  gboolean preserve_packetization;
  guint64 coalesce_time;
  gchar *multicast_iface;
  guint64 rejoin_interval;
} GstMcSettings;

void gst_mc_settings_init (GstMcSettings * settings);
void gst_mc_settings_clear (GstMcSettings * settings);
void gst_mc_settings_copy (GstMcSettings * to, const GstMcSettings * from);

/* Installs the ids up to stats; the second function those behind it, for
 * elements that join on the host's own interfaces.  uri and stats are the
 * element's to set and get; the rest is handled here, with the object lock held
 * by the caller.  FALSE: not one of them. */
void gst_mc_settings_install_properties (GObjectClass * klass);
void gst_mc_settings_install_native_properties (GObjectClass * klass);
gboolean gst_mc_settings_set_property (GstMcSettings * settings, guint id,
    const GValue * value);
gboolean gst_mc_settings_get_property (const GstMcSettings * settings,
    guint id, GValue * value);

/* Whether datagrams of such caps may be packed together. */
gboolean gst_mc_settings_caps_allow_packing (const GstCaps * caps);

/* Checks what is not of the channel, likewise. */
gboolean gst_mc_settings_check (const GstMcSettings * settings,
    GError ** error);

/* Checks source and group.  *source_name is set (transfer none) when source is
 * a host name that has to be looked up; then channel->source is not filled.
 * Fails with a GST_RESOURCE_ERROR that names the property and the remedy. */
gboolean gst_mc_settings_get_channel (const GstMcSettings * settings,
    GstMcChannel * channel, const gchar ** source_name, GError ** error);

G_END_DECLS
