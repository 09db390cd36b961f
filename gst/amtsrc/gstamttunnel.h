/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The gateway's end of a tunnel: a socket, the gateway core that decides what
 * goes over it, and the relays it may talk to.
 */
#pragma once

#include <gst/gst.h>

#include "amt-gateway.h"
#include "gstamtsrcsettings.h"
#include "gstmcpath.h"
#include "gstmcpoll.h"

G_BEGIN_DECLS

typedef struct _GstAmtTunnel GstAmtTunnel;

/* Opens the socket and adds it to the poll; asks nothing of the network yet.
 * wake_fd is an eventfd that lookups of relays add to.  Fails with a
 * GST_RESOURCE_ERROR that names the property. */
GstAmtTunnel *gst_amt_tunnel_open (GstElement * element,
    const GstMcSettings * common, const GstAmtSettings * settings,
    GstMcPoll * poll, int wake_fd, GError ** error);

/* Leaves, sends what that takes (once, without waiting) and frees. */
void gst_amt_tunnel_close (GstAmtTunnel * tunnel, core_time now);

void gst_amt_tunnel_join (GstAmtTunnel * tunnel, const GstMcChannel * channel,
    core_time now);

/* The port of the channel that was joined is that one. */
void gst_amt_tunnel_set_port (GstAmtTunnel * tunnel, guint port,
    core_time now);

/* Leaves it; the relay stays known for the next join. */
void gst_amt_tunnel_leave (GstAmtTunnel * tunnel, core_time now);

/* A pause ended. */
void gst_amt_tunnel_resume (GstAmtTunnel * tunnel, core_time now);

/* Interfaces, addresses or routes changed. */
void gst_amt_tunnel_network_changed (GstAmtTunnel * tunnel,
    const GstMcNetlink * netlink, core_time now);

/* Timers, lookups, ICMP news, and all datagrams that are due. */
void gst_amt_tunnel_step (GstAmtTunnel * tunnel, core_time now);

/* When step () is next due if nothing arrives. */
core_time gst_amt_tunnel_deadline (const GstAmtTunnel * tunnel);

/* Receives a batch; returns the number of datagrams to take, or -errno.
 * n_messages: as how many they came. */
gint gst_amt_tunnel_receive (GstAmtTunnel * tunnel, guint * n_messages);

/* Lets the next datagram of the batch through the gateway.  FALSE: it is no
 * payload of the channel but control or a drop. */
gboolean gst_amt_tunnel_next (GstAmtTunnel * tunnel, core_time now,
    GstMcPayload * payload);

/* Takes that payload out as a buffer, once.  Returns: (transfer full) */
GstBuffer *gst_amt_tunnel_take (GstAmtTunnel * tunnel,
    const GstMcPayload * payload);

gboolean gst_amt_tunnel_event (GstAmtTunnel * tunnel,
    amt_gateway_event_info * event);

/* Why no relay's address is known, or NULL. */
const gchar *gst_amt_tunnel_get_problem (const GstAmtTunnel * tunnel);

void gst_amt_tunnel_get_path_stats (const GstAmtTunnel * tunnel,
    GstMcPathStats * stats);

/* Counters that no other path has, taken together. */
typedef struct
{
  amt_gateway_stats gateway;
  const gchar *found_by;        /* how the relay was found; "" or static */
  const gchar *dnssec;          /* what DNSSEC says of that; likewise */
  guint64 control_too_big;      /* longer than mtu and not data */
} GstAmtTunnelStats;

void gst_amt_tunnel_get_stats (const GstAmtTunnel * tunnel,
    GstAmtTunnelStats * stats);

G_END_DECLS
