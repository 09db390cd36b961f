/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The gateway's end of a tunnel.
 */
#include "gstamttunnel.h"

#include "gstamtdiscovery.h"
#include "gstamtrelays.h"
#include "gstmcbatch.h"
#include "gstmciface.h"
#include "gstmcsocket.h"

GST_DEBUG_CATEGORY_EXTERN (gst_amt_src_debug);
#define GST_CAT_DEFAULT gst_amt_src_debug

struct _GstAmtTunnel
{
  GstElement *element;
  GstMcPoll *poll;

  GstMcSocket socket;
  guint receive_buffer;
  GstMcBatch *batch;
  amt_gateway *gateway;
  GstAmtRelays *relays;         /* those the user named, or NULL: */
  GstAmtDiscovery *discovery;
  core_ip local;                /* of the user's, or family NONE */
  int channel;                  /* the gateway's number for it */
  guint route;                  /* see route_digest () */
  guint host;                   /* and host_digest () */
  gboolean moving;              /* RELAY_LOST will tell of our own doing */
  gboolean reassembled;         /* the last payload */

  guint64 too_big;
  guint64 control_too_big;
};

static gboolean
open_socket (GstAmtTunnel * tunnel, const GstAmtSettings * settings,
    GError ** error)
{
  const gchar *address = settings->bind_address;
  core_addr local = { 0 };
  g_autoptr (GError) problem = NULL;

  local.port = (uint16_t) settings->bind_port;
  if (address != NULL && address[0] != '\0' &&
      !core_ip_from_string (address, &local.ip)) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "The property \"bind-address\" is \"%s\", which is not an IP address. "
        "Give an address of this host, or leave it unset", address);
    return FALSE;
  }
  /* "any" of one family: 0.0.0.0 binds to IPv4, :: to both. */
  if (local.ip.family == CORE_FAMILY_V6 && core_ip_is_unspecified (&local.ip))
    local.ip.family = CORE_FAMILY_NONE;
  tunnel->local = local.ip;
  if (local.ip.family != CORE_FAMILY_NONE && tunnel->relays != NULL &&
      !gst_amt_relays_may_be (tunnel->relays, local.ip.family)) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "The properties \"bind-address\" (%s) and \"relay\" (%s) are of "
        "different IP versions. Give both as IPv4 or both as IPv6", address,
        settings->relay);
    return FALSE;
  }

  if (!gst_mc_socket_open (&tunnel->socket, &local, &problem)) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ,
        "Could not open a socket with \"bind-address\" %s and \"bind-port\" "
        "%u: %s. Give an address of this host and a free port (0 = any)",
        address ? address : "any", settings->bind_port, problem->message);
    return FALSE;
  }
  return TRUE;
}

static gboolean
new_gateway (GstAmtTunnel * tunnel, const GstMcSettings * common,
    const GstAmtSettings * settings, GError ** error)
{
  amt_gateway_config config = {
    .random = gst_mc_random,
    .no_verify_checksum = !common->verify_checksum,
    .give_up = settings->relay_timeout,
    .max_candidates = GST_AMT_RELAYS_MAX_CANDIDATES,
    .lose_the_last = tunnel->discovery != NULL,
  };

  if (amt_gateway_new (&tunnel->gateway, &config, gst_mc_now ()) == CORE_OK)
    return TRUE;
  g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED,
      "Could not make an AMT gateway: out of memory");
  return FALSE;
}

static void
tunnel_free (GstAmtTunnel * tunnel)
{
  gst_amt_relays_free (tunnel->relays);
  gst_amt_discovery_free (tunnel->discovery);
  amt_gateway_free (tunnel->gateway);
  gst_mc_batch_free (tunnel->batch);
  gst_mc_poll_remove (tunnel->poll, tunnel->socket.fd);
  gst_mc_socket_close (&tunnel->socket);
  g_free (tunnel);
}

static gboolean
is_named (const GstAmtSettings * settings)
{
  return settings->relay != NULL && settings->relay[0] != '\0';
}

/* Where the host is, for as long as there is no relay to tell it by. */
static guint
host_digest (void)
{
  const core_ip *far[] = { &amt_discovery_v4, &amt_discovery_v6 };

  return gst_mc_iface_host_digest (far, G_N_ELEMENTS (far));
}

/* What leads to a relay. */
static gboolean
open_relays (GstAmtTunnel * tunnel, const GstAmtSettings * settings,
    int wake_fd, GError ** error)
{
  if (is_named (settings)) {
    tunnel->relays = gst_amt_relays_new (tunnel->element, settings->relay,
        settings->relay_port, settings->relay_discovery, wake_fd, error);
    if (tunnel->relays == NULL)
      return FALSE;
  }
  if (!open_socket (tunnel, settings, error))
    return FALSE;
  if (!is_named (settings))
    tunnel->discovery = gst_amt_discovery_new (tunnel->element, tunnel->poll,
        &tunnel->local, wake_fd);
  tunnel->host = host_digest ();
  return TRUE;
}

GstAmtTunnel *
gst_amt_tunnel_open (GstElement * element, const GstMcSettings * common,
    const GstAmtSettings * settings, GstMcPoll * poll, int wake_fd,
    GError ** error)
{
  GstAmtTunnel *tunnel = g_new0 (GstAmtTunnel, 1);

  tunnel->element = element;
  tunnel->poll = poll;
  tunnel->socket.fd = -1;

  if (!open_relays (tunnel, settings, wake_fd, error) ||
      !new_gateway (tunnel, common, settings, error)) {
    tunnel_free (tunnel);
    return NULL;
  }
  tunnel->receive_buffer = gst_mc_socket_size_receive_buffer (&tunnel->socket,
      element, common->buffer_size);

  tunnel->batch = gst_mc_batch_new (common->batch_size, common->mtu,
      common->allow_gro && gst_mc_socket_join_datagrams (&tunnel->socket));
  if (!gst_mc_poll_add (poll, tunnel->socket.fd)) {
    g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED,
        "Could not set up receiving: out of file descriptors");
    tunnel_free (tunnel);
    return NULL;
  }
  return tunnel;
}

/* Sends all that the gateway has to send. */
static void
flush (GstAmtTunnel * tunnel, core_time now)
{
  guint8 buf[AMT_GATEWAY_DATAGRAM_MAX];
  core_addr to;
  size_t len;

  while ((len = amt_gateway_send (tunnel->gateway, buf, sizeof (buf), &to,
              now)) > 0) {
    int err = gst_mc_socket_send (&tunnel->socket, &to, buf, len);

    if (err != 0) {
      GST_DEBUG_OBJECT (tunnel->element, "send failed: %s", g_strerror (err));
      /* A full queue is no news of the relay: its retry timer will do. */
      if (err != EAGAIN && err != ENOBUFS)
        amt_gateway_unreachable (tunnel->gateway, &to, now);
    }
  }
}

void
gst_amt_tunnel_close (GstAmtTunnel * tunnel, core_time now)
{
  if (tunnel == NULL)
    return;
  amt_gateway_stop (tunnel->gateway, now);
  flush (tunnel, now);
  tunnel_free (tunnel);
}

void
gst_amt_tunnel_join (GstAmtTunnel * tunnel, const GstMcChannel * channel,
    core_time now)
{
  amt_channel wanted =
      { channel->source, channel->group, (uint16_t) channel->port };

  /* The settings were checked; there is room for one channel. */
  tunnel->channel = amt_gateway_join (tunnel->gateway, &wanted, now);
  if (tunnel->discovery)
    gst_amt_discovery_start (tunnel->discovery, channel, now);
}

void
gst_amt_tunnel_set_port (GstAmtTunnel * tunnel, guint port, core_time now)
{
  amt_gateway_set_port (tunnel->gateway, tunnel->channel, (uint16_t) port, now);
}

void
gst_amt_tunnel_leave (GstAmtTunnel * tunnel, core_time now)
{
  if (tunnel->discovery)
    gst_amt_discovery_stop (tunnel->discovery, now);
  amt_gateway_leave (tunnel->gateway, tunnel->channel, now);
  flush (tunnel, now);
}

void
gst_amt_tunnel_resume (GstAmtTunnel * tunnel, core_time now)
{
  amt_gateway_resume (tunnel->gateway, now);
  if (tunnel->discovery)
    gst_amt_discovery_resume (tunnel->discovery, now);
}

/* Where datagrams to the relay leave the host, as one number. */
static guint
route_digest (const GstAmtTunnel * tunnel, guint * ifindex)
{
  const amt_gateway_stats *stats = amt_gateway_get_stats (tunnel->gateway);
  guint digest;
  core_ip local;

  if (stats->relay.ip.family == CORE_FAMILY_NONE ||
      !gst_mc_iface_route (&stats->relay.ip, ifindex, &local))
    return 0;
  digest = *ifindex * 33 + gst_mc_iface_carrier_changes (*ifindex);
  for (gsize i = 0; i < sizeof (local.bytes); i++)
    digest = digest * 33 + local.bytes[i];
  return digest;
}

void
gst_amt_tunnel_network_changed (GstAmtTunnel * tunnel,
    const GstMcNetlink * netlink, core_time now)
{
  guint ifindex = 0;
  guint route = route_digest (tunnel, &ifindex);
  guint host = host_digest ();

  /* The relay hears of us by another address, or we missed what it sent. */
  if (route != 0 && (route != tunnel->route ||
          gst_mc_netlink_was_down (netlink, ifindex))) {
    GST_INFO_OBJECT (tunnel->element, "the way to the relay changed");
    amt_gateway_network_changed (tunnel->gateway, now);
    if (tunnel->discovery)
      gst_amt_discovery_network_changed (tunnel->discovery, now);
  } else if (route == 0 && host != tunnel->host && tunnel->discovery) {
    /* What was asked and tried on the network before says nothing of this. */
    gst_amt_discovery_network_changed (tunnel->discovery, now);
  }
  tunnel->route = route;
  tunnel->host = host;
}

static void
read_icmp_errors (GstAmtTunnel * tunnel, core_time now)
{
  core_addr to;

  if (!gst_mc_poll_has_error (tunnel->poll, tunnel->socket.fd))
    return;
  while (gst_mc_socket_next_icmp_error (&tunnel->socket, &to)) {
    gchar text[CORE_ADDR_TEXT_MAX];

    GST_DEBUG_OBJECT (tunnel->element, "%s is unreachable (ICMP)",
        core_addr_to_string (&to, text));
    amt_gateway_unreachable (tunnel->gateway, &to, now);
  }
}

/* This relay is the better one now; often that is the one in use. */
static void
move_to (GstAmtTunnel * tunnel, const amt_relay_candidate * relay,
    core_time now)
{
  const amt_gateway_stats *stats = amt_gateway_get_stats (tunnel->gateway);
  gboolean in_use = stats->state == AMT_GATEWAY_ACTIVE;

  if (in_use && core_addr_equal (&stats->relay, &relay->addr)) {
    gst_amt_discovery_confirm (tunnel->discovery, now);
    return;
  }
  amt_gateway_set_candidates (tunnel->gateway, relay, 1, now);
  if (!in_use)
    return;
  tunnel->moving = TRUE;
  amt_gateway_move (tunnel->gateway,
      gst_amt_discovery_get_reason (tunnel->discovery), now);
}

static void
step_relays (GstAmtTunnel * tunnel, core_time now)
{
  if (tunnel->discovery) {
    if (gst_amt_discovery_step (tunnel->discovery, now))
      move_to (tunnel, gst_amt_discovery_get (tunnel->discovery), now);
  } else if (gst_amt_relays_update (tunnel->relays, now)) {
    guint n;
    const amt_relay_candidate *candidates =
        gst_amt_relays_get (tunnel->relays, &n);

    amt_gateway_set_candidates (tunnel->gateway, candidates, n, now);
  }
}

void
gst_amt_tunnel_step (GstAmtTunnel * tunnel, core_time now)
{
  step_relays (tunnel, now);
  read_icmp_errors (tunnel, now);
  amt_gateway_expire (tunnel->gateway, now);
  flush (tunnel, now);
}

core_time
gst_amt_tunnel_deadline (const GstAmtTunnel * tunnel)
{
  return MIN (amt_gateway_deadline (tunnel->gateway), tunnel->discovery ?
      gst_amt_discovery_deadline (tunnel->discovery) :
      gst_amt_relays_deadline (tunnel->relays));
}

gint
gst_amt_tunnel_receive (GstAmtTunnel * tunnel, guint * n_messages)
{
  gint n;

  *n_messages = 0;
  if (!gst_mc_poll_can_read (tunnel->poll, tunnel->socket.fd))
    return 0;
  n = gst_mc_batch_receive (tunnel->batch, tunnel->socket.fd);
  *n_messages = gst_mc_batch_get_n_messages (tunnel->batch);
  return n;
}

gboolean
gst_amt_tunnel_next (GstAmtTunnel * tunnel, core_time now,
    GstMcPayload * payload)
{
  const GstMcDatagram *datagram = gst_mc_batch_next (tunnel->batch);
  amt_view view;
  int ret;

  if (datagram->truncated) {
    if (amt_peek_type (datagram->data, datagram->len) == AMT_MULTICAST_DATA)
      tunnel->too_big++;
    else
      tunnel->control_too_big++;
    return FALSE;
  }

  ret = amt_gateway_receive (tunnel->gateway, &datagram->from, datagram->data,
      datagram->len, now, &view);
  if (ret < 0)
    GST_DEBUG_OBJECT (tunnel->element, "dropped %" G_GSIZE_FORMAT " bytes: %s",
        datagram->len, core_error_name (ret));
  if (ret <= 0)
    return FALSE;

  if (tunnel->discovery)
    gst_amt_discovery_data (tunnel->discovery, now);
  payload->data = view.data;
  payload->len = view.len;
  payload->realtime = datagram->realtime;
  payload->source_port = view.source_port;
  tunnel->reassembled = view.reassembled;
  return TRUE;
}

GstBuffer *
gst_amt_tunnel_take (GstAmtTunnel * tunnel, const GstMcPayload * payload)
{
  /* Then it lies in no batch. */
  if (tunnel->reassembled)
    return gst_buffer_new_memdup (payload->data, payload->len);
  return gst_mc_batch_take (tunnel->batch, payload->data, payload->len);
}

/* A relay that is lost is not asked again before others had their chance. */
static void
tell_discovery (GstAmtTunnel * tunnel, const amt_gateway_event_info * event,
    core_time now)
{
  if (event->type == AMT_EVENT_CONNECTED) {
    gst_amt_discovery_settle (tunnel->discovery, now);
  } else if (event->type == AMT_EVENT_REPORTED) {
    gst_amt_discovery_joined (tunnel->discovery, now);
  } else if (event->type == AMT_EVENT_RELAY_LOST && tunnel->moving) {
    tunnel->moving = FALSE;
  } else if (event->type == AMT_EVENT_RELAY_LOST) {
    gst_amt_discovery_lost (tunnel->discovery, event->reason, now);
    amt_gateway_set_candidates (tunnel->gateway, NULL, 0, now);
  }
}

gboolean
gst_amt_tunnel_event (GstAmtTunnel * tunnel, amt_gateway_event_info * event)
{
  guint ifindex;

  if (tunnel->discovery && gst_amt_discovery_event (tunnel->discovery, event))
    return TRUE;
  if (!amt_gateway_event (tunnel->gateway, event))
    return FALSE;
  if (event->type == AMT_EVENT_NEED_CANDIDATES && tunnel->relays)
    gst_amt_relays_refresh (tunnel->relays, gst_mc_now ());
  else if (event->type == AMT_EVENT_CONNECTED)
    tunnel->route = route_digest (tunnel, &ifindex);
  if (tunnel->discovery)
    tell_discovery (tunnel, event, gst_mc_now ());
  return TRUE;
}

const gchar *
gst_amt_tunnel_get_problem (const GstAmtTunnel * tunnel)
{
  return tunnel->discovery ? gst_amt_discovery_get_problem (tunnel->discovery) :
      gst_amt_relays_get_problem (tunnel->relays);
}

void
gst_amt_tunnel_get_path_stats (const GstAmtTunnel * tunnel,
    GstMcPathStats * stats)
{
  const amt_gateway_stats *gw = amt_gateway_get_stats (tunnel->gateway);

  stats->received = gw->data_received + tunnel->too_big;
  stats->bytes = gw->data_bytes;
  stats->too_big = tunnel->too_big;
  stats->kernel_dropped = gst_mc_batch_get_kernel_dropped (tunnel->batch);
  stats->receive_buffer = tunnel->receive_buffer;
  stats->state = amt_gateway_state_name (gw->state);
}

void
gst_amt_tunnel_get_stats (const GstAmtTunnel * tunnel,
    GstAmtTunnelStats * stats)
{
  stats->gateway = *amt_gateway_get_stats (tunnel->gateway);
  stats->found_by = tunnel->discovery ?
      gst_amt_discovery_get_way (tunnel->discovery) : "configured";
  stats->dnssec = tunnel->discovery ?
      gst_amt_discovery_get_security (tunnel->discovery) : "";
  stats->control_too_big = tunnel->control_too_big;
}
