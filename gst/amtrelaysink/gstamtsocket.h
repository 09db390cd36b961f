/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The UDP sockets of a relay: one for each address family on one port, the
 * ancillary data that fixes local addresses, batches in, ICMP news.
 */
#pragma once

#include <gst/gst.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "addr.h"

G_BEGIN_DECLS

typedef enum
{
  GST_AMT_V4,
  GST_AMT_V6,
  GST_AMT_N_FAMILIES
} GstAmtFamily;

/* The index of an address's family. */
#define GST_AMT_FAMILY(ip) \
  ((ip)->family == CORE_FAMILY_V4 ? GST_AMT_V4 : GST_AMT_V6)

typedef struct
{
  gint fd[GST_AMT_N_FAMILIES];  /* -1 where the family is not served */
  gboolean segments[GST_AMT_N_FAMILIES];        /* the kernel knows UDP_SEGMENT */
  guint16 port;
} GstAmtSockets;

/* Opens non-blocking sockets on the address, or with family NONE on all
 * addresses of every family the host has; port 0 takes any that is free in
 * all of them.  The error is a GstResourceError that names the property. */
gboolean gst_amt_sockets_open (GstAmtSockets * sockets,
    const core_addr * address, GError ** error);
void gst_amt_sockets_close (GstAmtSockets * sockets);

/* Room for the control data of a route. */
#define GST_AMT_ROUTE_CONTROL_MAX \
  (CMSG_SPACE (sizeof (struct in6_pktinfo)) + CMSG_SPACE (sizeof (int)))

/* Where a datagram goes and which local address it leaves from, as sendmsg ()
 * wants it.  Must not be moved in memory while a message points into it. */
typedef struct
{
  struct sockaddr_storage name;
  socklen_t name_len;
  gsize control_len;
  union
  {
    gsize align;                /* that of struct cmsghdr */
    guint8 bytes[GST_AMT_ROUTE_CONTROL_MAX];
  } control;
} GstAmtRoute;

/* A tos below 0 leaves the outer TOS or traffic class alone. */
void gst_amt_route_init (GstAmtRoute * route, const core_addr * to,
    const core_addr * from, gint tos);
void gst_amt_route_apply (GstAmtRoute * route, struct msghdr *msg);

/* One received datagram. */
typedef struct
{
  core_addr from;
  core_addr to;                 /* family NONE: not sent to one host alone */
  const guint8 *data;
  gsize len;
  gboolean truncated;
} GstAmtDatagram;

enum
{
  GST_AMT_INBOX_SIZE = 32
};

/* Receives batches; all its memory is allocated once. */
typedef struct _GstAmtInbox GstAmtInbox;

GstAmtInbox *gst_amt_inbox_new (void);
void gst_amt_inbox_free (GstAmtInbox * inbox);

/* Takes up to GST_AMT_INBOX_SIZE datagrams without waiting.  Returns how many
 * there were; those not from a sendable address are left out. */
guint gst_amt_inbox_receive (GstAmtInbox * inbox, gint fd, guint16 port);
const GstAmtDatagram *gst_amt_inbox_get (GstAmtInbox * inbox, guint i);

/* Takes one message off the error queue.  FALSE when it is empty; otherwise
 * *unreachable says whether it is an ICMP destination unreachable other than
 * "too big" for a datagram to *gateway. */
gboolean gst_amt_socket_take_error (gint fd, gboolean * unreachable,
    core_addr * gateway);

G_END_DECLS
