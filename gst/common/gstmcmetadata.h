/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The metadata of a channel (DORMS) as an element uses it: asked for by the
 * process's one worker, told to the user.
 */
#pragma once

#include <gst/gst.h>

#include "dorms-cache.h"
#include "gstmcchannel.h"

G_BEGIN_DECLS

#define GST_MC_DORMS_URI_AUTO "auto"
#define GST_MC_DNS_TRUST_AD "ad"

/* The properties dorms-uri, dns-trust, tls-ca-file and require-srv-match,
 * parsed. */
typedef struct
{
  gboolean off;                 /* nothing is asked, ever */
  gchar *server;                /* NULL: the source's SRV records name it */
  guint16 port;
  dorms_trust trust;
  gchar *tls_ca_file;
  gboolean require_srv_match;   /* SRV records must name the server, too */

  /* Not a property: the element itself complains when it has to do without. */
  gboolean element_complains;
} GstMcMetadataConfig;

/* Fails with a GST_RESOURCE_ERROR that names the property and the remedy; then
 * there is nothing to clear. */
gboolean gst_mc_metadata_config_parse (GstMcMetadataConfig * config,
    const gchar * dorms_uri, const gchar * dns_trust,
    const gchar * tls_ca_file, gboolean require_srv_match, GError ** error);
void gst_mc_metadata_config_clear (GstMcMetadataConfig * config);

typedef struct _GstMcMetadata GstMcMetadata;

/* Begins to ask, and does so for as long as it lives; the config is not off.
 * notify: gst_mc_metadata_update () has something to do; called from another
 * thread, it only wakes the caller. */
GstMcMetadata *gst_mc_metadata_new (GstElement * element,
    const GstMcMetadataConfig * config, const GstMcChannel * channel,
    dorms_notify_func notify, gpointer ctx);

/* Waits for nothing.  Not to be called with a lock that notify takes.  NULL is
 * fine. */
void gst_mc_metadata_free (GstMcMetadata * metadata);

/* Looks at what is known now and posts what is new of it, so no lock is to be
 * held.  TRUE: the metadata is another, or the reason why there is none. */
gboolean gst_mc_metadata_update (GstMcMetadata * metadata);

/* What update () saw, until the next one; NULL before that. */
const dorms_metadata *gst_mc_metadata_get (const GstMcMetadata * metadata);
dorms_state gst_mc_metadata_get_state (const GstMcMetadata * metadata);

/* Why there is none, for people: a sentence without a full stop; NULL as long
 * as an answer may come, or when there is metadata. */
const gchar *gst_mc_metadata_get_problem (const GstMcMetadata * metadata);

/* What to do about it, for people: goes on after the problem and a colon. */
const gchar *gst_mc_metadata_get_remedy (const GstMcMetadata * metadata);

/* Whether asking again will hardly help: nobody offers any, or may be
 * believed. */
gboolean gst_mc_metadata_is_hopeless (const GstMcMetadata * metadata);

/* The sender announced a change. */
void gst_mc_metadata_refresh (GstMcMetadata * metadata);

/* The fields "metadata" (the state) and "cbacc-..." of the statistics; NULL
 * stands for nothing known. */
typedef struct
{
  dorms_state state;
  dorms_cbacc cbacc;
} GstMcMetadataStats;

void gst_mc_metadata_get_stats (const GstMcMetadata * metadata,
    GstMcMetadataStats * stats);
void gst_mc_metadata_add_stats (const GstMcMetadataStats * stats,
    GstStructure * structure);

G_END_DECLS
