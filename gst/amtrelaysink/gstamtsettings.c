/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties of amtrelaysink as values.
 */
#include "gstamtsettings.h"

#include "gstmcaddr.h"
#include "gstmcflow.h"

GstAmtRelaySinkSettings
gst_amt_relay_sink_settings_copy (const GstAmtRelaySinkSettings * settings)
{
  GstAmtRelaySinkSettings copy = *settings;

  copy.source = g_strdup (settings->source);
  copy.group = g_strdup (settings->group);
  copy.relay_address = g_strdup (settings->relay_address);
  return copy;
}

void
gst_amt_relay_sink_settings_clear (GstAmtRelaySinkSettings * settings)
{
  g_clear_pointer (&settings->source, g_free);
  g_clear_pointer (&settings->group, g_free);
  g_clear_pointer (&settings->relay_address, g_free);
}

static gboolean
is_unset (const gchar * text)
{
  return text == NULL || *text == '\0';
}

static gboolean
check_relay_address (const gchar * text, core_addr * out, GError ** error)
{
  if (is_unset (text))
    return TRUE;
  if (!gst_mc_addr_from_string (text, out) || (!core_ip_is_unicast (&out->ip) &&
          !core_ip_is_unspecified (&out->ip)))
    return gst_mc_settings_error (error, "The property \"relay-address\" is "
        "\"%s\", which is no unicast IP address: set it to one of the host's "
        "own addresses, or leave it unset to serve on all of them.", text);
  return TRUE;
}

gboolean
gst_amt_relay_sink_settings_check (const GstAmtRelaySinkSettings * s,
    GstAmtFanoutSettings * fanout, GstAmtRelaySettings * relay, GError ** error)
{
  ipudp_flow *flow = &fanout->flow;

  if (!gst_mc_flow_parse (s->source, s->group, &flow->src, &flow->dst, error)
      || !check_relay_address (s->relay_address, &relay->address, error))
    return FALSE;

  flow->src_port = (uint16_t) s->source_port;
  flow->dst_port = (uint16_t) s->port;
  flow->ttl = (uint8_t) s->ttl;
  /* The code point is the upper six bits; ECN stays 0 (RFC 9601 §6.1.4). */
  flow->tos = s->qos_dscp < 0 ? 0 : (uint8_t) (s->qos_dscp << 2);
  fanout->outer_tos = s->qos_dscp < 0 ? -1 : s->qos_dscp << 2;
  fanout->mtu = s->mtu;

  relay->address.port = (uint16_t) s->relay_port;
  relay->max_gateways = s->max_gateways;
  relay->query_interval =
      (guint) ((s->query_interval + GST_SECOND / 2) / GST_SECOND);
  relay->gateway_address = s->gateway_address;
  return TRUE;
}
