/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties of ambiverify as values.
 */
#pragma once

#include <gst/gst.h>

#include "ambi-verify.h"
#include "gstmcchannel.h"

G_BEGIN_DECLS

/* Property ids; stats is the element's own business. */
enum
{
  GST_AMBI_PROP_0,
  GST_AMBI_PROP_STREAM_ID,
  GST_AMBI_PROP_HASH_ALGORITHM,
  GST_AMBI_PROP_MANIFEST_URI,
  GST_AMBI_PROP_DORMS_URI,
  GST_AMBI_PROP_DNS_TRUST,
  GST_AMBI_PROP_TLS_CA_FILE,
  GST_AMBI_PROP_REQUIRE_SRV_MATCH,
  GST_AMBI_PROP_SOURCE,
  GST_AMBI_PROP_GROUP,
  GST_AMBI_PROP_PORT,
  GST_AMBI_PROP_MODE,
  GST_AMBI_PROP_ORDER,
  GST_AMBI_PROP_DATA_HOLD_TIME,
  GST_AMBI_PROP_DIGEST_HOLD_TIME,
  GST_AMBI_PROP_REORDER_TIME,
  GST_AMBI_PROP_MAX_HELD_BYTES,
  GST_AMBI_PROP_MAX_DIGESTS,
  GST_AMBI_PROP_STATS
};

/* When nothing else is known (draft-ietf-mboned-ambi-05 §6.2). */
#define GST_AMBI_DATA_HOLD_TIME (2 * GST_SECOND)
#define GST_AMBI_DIGEST_HOLD_TIME (10 * GST_SECOND)

typedef struct
{
  gint64 stream_id;
  gchar *hash_algorithm;
  gchar *manifest_uri;
  gchar *dorms_uri;
  gchar *dns_trust;
  gchar *tls_ca_file;
  gboolean require_srv_match;
  gchar *source;
  gchar *group;
  guint port;
  gint mode;                    /* ambi_mode */
  gint order;                   /* ambi_order */
  guint64 data_hold_time;
  guint64 digest_hold_time;
  guint64 reorder_time;
  guint64 max_held_bytes;
  guint max_digests;
} GstAmbiVerifySettings;

void gst_ambi_verify_settings_init (GstAmbiVerifySettings * settings);
void gst_ambi_verify_settings_clear (GstAmbiVerifySettings * settings);
void gst_ambi_verify_settings_copy (GstAmbiVerifySettings * to,
    const GstAmbiVerifySettings * from);

/* The enumerations of the properties mode and order. */
GType gst_ambi_verify_mode_get_type (void);
GType gst_ambi_verify_order_get_type (void);

/* Installs all ids but that of stats.  The object lock is held by the caller
 * when they are set and read; FALSE: not one of them. */
void gst_ambi_verify_settings_install_properties (GObjectClass * klass);
gboolean gst_ambi_verify_settings_set_property (GstAmbiVerifySettings *
    settings, guint id, const GValue * value);
gboolean gst_ambi_verify_settings_get_property (const GstAmbiVerifySettings *
    settings, guint id, GValue * value);

/*
 * What is made of them.  Errors are GstResourceErrors whose text names the
 * property and the remedy.
 */

/* What can be said without a packet: the hash, and the form of addresses. */
gboolean gst_ambi_verify_settings_check (const GstAmbiVerifySettings *
    settings, GError ** error);

/* owner is the pad the name was set at, or NULL. */
core_hash_algorithm gst_ambi_verify_parse_hash (const gchar * name,
    const gchar * owner, GError ** error);

/* The channel of the properties, where no event told one. */
gboolean gst_ambi_verify_settings_get_channel (const GstAmbiVerifySettings *
    settings, GstMcChannel * channel, GError ** error);

/* How long a packet may wait before it is passed on. */
GstClockTime gst_ambi_verify_settings_get_hold_time (const
    GstAmbiVerifySettings * settings);
GstClockTime gst_ambi_verify_settings_get_latency (const
    GstAmbiVerifySettings * settings);

G_END_DECLS
