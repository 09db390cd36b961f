/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties of ambisign as values.
 */
#include "gstambisignsettings.h"

#include <string.h>

#include "gstmcaddr.h"
#include "gstmcflow.h"
#include "ipudp.h"

/* How long receivers wait for a sign of life (AMBI leaves that open). */
#define KEEP_ALIVE CORE_SECOND

GstAmbiSignSettings
gst_ambi_sign_settings_copy (const GstAmbiSignSettings * settings)
{
  GstAmbiSignSettings copy = *settings;

  copy.source = g_strdup (settings->source);
  copy.group = g_strdup (settings->group);
  copy.hash_algorithm = g_strdup (settings->hash_algorithm);
  return copy;
}

void
gst_ambi_sign_settings_clear (GstAmbiSignSettings * settings)
{
  g_clear_pointer (&settings->source, g_free);
  g_clear_pointer (&settings->group, g_free);
  g_clear_pointer (&settings->hash_algorithm, g_free);
}

static uint32_t
random_id (void)
{
  uint32_t id;

  gst_mc_random (NULL, (uint8_t *) & id, sizeof (id));
  return id;
}

gboolean
gst_ambi_sign_settings_check (const GstAmbiSignSettings * s,
    ambi_sign_config * config, GError ** error)
{
  memset (config, 0, sizeof (*config));
  if (!gst_mc_flow_parse (s->source, s->group, &config->flow.src,
          &config->flow.dst, error))
    return FALSE;
  config->algorithm = core_hash_from_name (s->hash_algorithm);
  if (config->algorithm == CORE_HASH_NONE)
    return gst_mc_settings_error (error, "The property \"hash-algorithm\" is "
        "\"%s\", which is not supported: set it to \"sha-256\", \"sha-384\" or "
        "\"sha-512\".", s->hash_algorithm ? s->hash_algorithm : "");

  config->flow.src_port = (uint16_t) s->source_port;
  config->flow.dst_port = (uint16_t) s->port;
  config->flow.protocol = AMBI_PROTOCOL_UDP;
  config->stream_id = s->stream_id < 0 ? random_id () : (uint32_t) s->stream_id;
  config->packets_per_manifest = s->packets_per_manifest;
  config->max_manifest_latency = s->max_manifest_latency;
  config->keep_alive = KEEP_ALIVE;
  return TRUE;
}

gsize
gst_ambi_sign_max_payload (const ambi_flow * flow)
{
  /* The length field of IPv4 counts the IP header, that of IPv6 does not. */
  gsize headers = flow->dst.family == CORE_FAMILY_V4 ?
      IP_V4_HEADER + UDP_HEADER : UDP_HEADER;

  return G_MAXUINT16 - headers;
}
