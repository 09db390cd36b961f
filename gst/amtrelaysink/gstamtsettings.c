/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties of amtrelaysink as values.
 */
#include "gstamtsettings.h"

#include "gstmcaddr.h"

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

static void
set_error (GError ** error, const gchar * format, ...)
G_GNUC_PRINTF (2, 3);

     static void set_error (GError ** error, const gchar * format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      text);
}

static gboolean
is_unset (const gchar * text)
{
  return text == NULL || *text == '\0';
}

static gboolean
check_source (const gchar * text, core_ip * out, GError ** error)
{
  if (is_unset (text)) {
    set_error (error, "The property \"source\" is not set: set it to the IP "
        "address the channel's datagrams come from.");
    return FALSE;
  }
  if (!core_ip_from_string (text, out) || !core_ip_is_unicast (out)) {
    set_error (error, "The property \"source\" is \"%s\", which is no unicast "
        "IP address: set it to the address the channel's datagrams come from, "
        "such as 192.0.2.10.", text);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_group (const gchar * text, core_ip * out, GError ** error)
{
  if (is_unset (text)) {
    set_error (error, "The property \"group\" is not set: set it to the "
        "multicast address of the channel, such as 232.1.1.1.");
    return FALSE;
  }
  if (!core_ip_from_string (text, out) || !core_ip_is_multicast (out)) {
    set_error (error, "The property \"group\" is \"%s\", which is no multicast "
        "IP address: set it to one from 232.0.0.0/8 or ff3x::/32.", text);
    return FALSE;
  }
  return TRUE;
}

/* A zone ("fe80::1%eth0") is understood by GIO. */
static gboolean
parse_local (const gchar * text, core_addr * out)
{
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (text, 0);
  struct sockaddr_storage native;

  if (address == NULL || !g_socket_address_to_native (address, &native,
          sizeof (native), NULL))
    return FALSE;
  return gst_mc_addr_from_sockaddr ((struct sockaddr *) &native,
      (socklen_t) g_socket_address_get_native_size (address), out);
}

static gboolean
check_relay_address (const gchar * text, core_addr * out, GError ** error)
{
  if (is_unset (text))
    return TRUE;
  if (!parse_local (text, out) || (!core_ip_is_unicast (&out->ip) &&
          !core_ip_is_unspecified (&out->ip))) {
    set_error (error, "The property \"relay-address\" is \"%s\", which is no "
        "unicast IP address: set it to one of the host's own addresses, or "
        "leave it unset to serve on all of them.", text);
    return FALSE;
  }
  return TRUE;
}

gboolean
gst_amt_relay_sink_settings_check (const GstAmtRelaySinkSettings * s,
    GstAmtFanoutSettings * fanout, GstAmtRelaySettings * relay, GError ** error)
{
  ipudp_flow *flow = &fanout->flow;

  if (!check_source (s->source, &flow->src, error) ||
      !check_group (s->group, &flow->dst, error) ||
      !check_relay_address (s->relay_address, &relay->address, error))
    return FALSE;
  if (flow->src.family != flow->dst.family) {
    set_error (error, "The properties \"source\" (%s) and \"group\" (%s) are "
        "of different address families: set both to IPv4 or both to IPv6 "
        "addresses.", s->source, s->group);
    return FALSE;
  }

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
