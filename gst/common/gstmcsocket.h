/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A UDP socket of a receiver: opening, sizing its buffer, sending, and the
 * ICMP news that come back.
 */
#pragma once

#include <gst/gst.h>

#include "gstmcaddr.h"

G_BEGIN_DECLS

typedef struct
{
  int fd;                       /* -1 when closed */
  int family;                   /* AF_INET, or AF_INET6 (both families) */
  gboolean tells_destination;   /* of each datagram that it gets */
} GstMcSocket;

#define GST_MC_SOCKET_INIT { -1, 0, FALSE }

/* Opens a non-blocking socket bound to the address; with no address (family
 * NONE) it takes both families, or IPv4 alone where IPv6 is absent.  Fails
 * with a G_IO_ERROR. */
gboolean gst_mc_socket_open (GstMcSocket * sock, const core_addr * local,
    GError ** error);
void gst_mc_socket_close (GstMcSocket * sock);

/* Opens one that is bound to a multicast group and port, shares the port with
 * others and gets datagrams of its own joins alone.  With the IPv6 address :: in
 * the group's stead it tells where each was sent to (tells_destination). */
gboolean gst_mc_socket_open_group (GstMcSocket * sock, const core_addr * group,
    GError ** error);

/* Joins (S,G) on an interface, or leaves it.  Returns 0 or an errno. */
int gst_mc_socket_join (GstMcSocket * sock, guint ifindex,
    const core_ip * source, const core_ip * group);
int gst_mc_socket_leave (GstMcSocket * sock, guint ifindex,
    const core_ip * source, const core_ip * group);

/* Asks for the receive buffer that the property "buffer-size" wants (0: what
 * we would like) and returns the bytes granted; tells the user when these are
 * fewer. */
guint gst_mc_socket_size_receive_buffer (GstMcSocket * sock,
    GstElement * element, guint buffer_size);

/* Lets the kernel join datagrams of one sender and size that come together
 * (UDP_GRO).  FALSE where it cannot. */
gboolean gst_mc_socket_join_datagrams (GstMcSocket * sock);

/* Sends one datagram.  Returns 0 or an errno; ICMP news that are waiting for
 * another datagram are not taken for this one's. */
int gst_mc_socket_send (GstMcSocket * sock, const core_addr * to,
    const guint8 * data, gsize len);

/* Takes one entry off the error queue: an ICMP error for datagrams sent to
 * *to.  FALSE when there is none. */
gboolean gst_mc_socket_next_icmp_error (GstMcSocket * sock, core_addr * to);

/* Whether an errno of a send or receive tells of the network rather than of
 * the socket: worth a try later. */
gboolean gst_mc_errno_is_network (int err);

G_END_DECLS
