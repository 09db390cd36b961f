/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The UDP sockets of a relay.
 */
#include "gstamtsocket.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/in6.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "gstmcaddr.h"

#define SEND_BUFFER_WANTED (4 * 1024 * 1024)
#define RECEIVE_BUFFER_WANTED (1024 * 1024)
#define ANY_PORT_TRIES 16

/* No Membership Update of a sane gateway is longer. */
#define DATAGRAM_MAX 9216

typedef union
{
  gsize align;                  /* that of struct cmsghdr */
  guint8 bytes[256];
} ControlBuffer;

struct _GstAmtInbox
{
  struct mmsghdr messages[GST_AMT_INBOX_SIZE];
  struct iovec iov[GST_AMT_INBOX_SIZE];
  struct sockaddr_storage names[GST_AMT_INBOX_SIZE];
  ControlBuffer control[GST_AMT_INBOX_SIZE];
  GstAmtDatagram datagrams[GST_AMT_INBOX_SIZE];
  guint8 *memory;
};

static const gint families[GST_AMT_N_FAMILIES] = { AF_INET, AF_INET6 };

/*
 * Opening
 */

static gboolean
set_int (gint fd, gint level, gint option, gint value)
{
  return setsockopt (fd, level, option, &value, sizeof (value)) == 0;
}

/* RFC 7450 §5.3.3.6.3: the outer header carries DF and no fragment ever
 * leaves; PROBE sets DF without taking path MTU news from strangers. */
static gboolean
set_options (gint fd, gint family)
{
  gboolean ok;

  if (family == AF_INET) {
    ok = set_int (fd, IPPROTO_IP, IP_PKTINFO, 1) &&
        set_int (fd, IPPROTO_IP, IP_RECVERR, 1) &&
        set_int (fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  } else {
    ok = set_int (fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
        set_int (fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
        set_int (fd, IPPROTO_IPV6, IPV6_RECVERR, 1) &&
        set_int (fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE) &&
        set_int (fd, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
  }
  /* The kernel grants what its limits allow. */
  set_int (fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER_WANTED);
  set_int (fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_WANTED);
  return ok;
}

/* Returns a bound socket, or -1 with errno. */
static gint
open_one (gint family, const core_addr * address, guint16 port)
{
  struct sockaddr_storage name;
  socklen_t len;
  core_addr at = *address;
  gint saved;
  gint fd =
      socket (family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);

  if (fd < 0)
    return -1;
  if (at.ip.family == CORE_FAMILY_NONE)
    at.ip.family = family == AF_INET ? CORE_FAMILY_V4 : CORE_FAMILY_V6;
  at.port = port;
  len = gst_mc_addr_to_sockaddr (&at, family, &name);
  if (set_options (fd, family) &&
      bind (fd, (struct sockaddr *) &name, len) == 0)
    return fd;

  saved = errno;
  close (fd);
  errno = saved;
  return -1;
}

/* An older kernel would send all segments as one datagram. */
static gboolean
knows_segments (gint fd)
{
  gint size;
  socklen_t len = sizeof (size);

  return getsockopt (fd, SOL_UDP, UDP_SEGMENT, &size, &len) == 0;
}

static guint16
bound_port (gint fd)
{
  struct sockaddr_storage name;
  socklen_t len = sizeof (name);
  core_addr addr = { 0 };

  if (getsockname (fd, (struct sockaddr *) &name, &len) == 0)
    gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len, &addr);
  return addr.port;
}

/* A host without IPv6 (or IPv4) is served by the other family alone. */
static gboolean
family_is_absent (gint err)
{
  return err == EAFNOSUPPORT || err == EADDRNOTAVAIL || err == EPROTONOSUPPORT;
}

/* Returns 0 or an errno. */
static gint
open_all (GstAmtSockets * sockets, const core_addr * address)
{
  gboolean all = address->ip.family == CORE_FAMILY_NONE;
  gint absent = 0;

  sockets->port = address->port;
  for (guint i = 0; i < GST_AMT_N_FAMILIES; i++)
    sockets->fd[i] = -1;

  for (guint i = 0; i < GST_AMT_N_FAMILIES; i++) {
    if (!all && GST_AMT_FAMILY (&address->ip) != i)
      continue;
    sockets->fd[i] = open_one (families[i], address, sockets->port);
    if (sockets->fd[i] >= 0) {
      sockets->port = bound_port (sockets->fd[i]);
      sockets->segments[i] = knows_segments (sockets->fd[i]);
    } else if (all && family_is_absent (errno)) {
      absent = errno;
    } else {
      gint saved = errno;

      gst_amt_sockets_close (sockets);
      return saved;
    }
  }
  if (sockets->fd[GST_AMT_V4] < 0 && sockets->fd[GST_AMT_V6] < 0)
    return absent;
  return 0;
}

static void
set_open_error (GError ** error, const core_addr * address, gint err)
{
  gchar text[CORE_IP_TEXT_MAX] = "every address";

  if (address->ip.family != CORE_FAMILY_NONE)
    core_ip_to_string (&address->ip, text);

  switch (err) {
    case EADDRINUSE:
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
          "UDP port %u of %s is in use by another program: end that program, "
          "or set the property \"relay-port\" to another port (0 takes any "
          "free one).", address->port, text);
      break;
    case EACCES:
    case EPERM:
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
          "No permission to open UDP port %u of %s: set the property "
          "\"relay-port\" to a port from 1024 on, or let the system allow "
          "this one.", address->port, text);
      break;
    case EADDRNOTAVAIL:
    case EINVAL:
    case ENODEV:
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
          "The property \"relay-address\" is %s, which is no address of this "
          "host: set it to one of the host's own addresses, or leave it unset "
          "to serve on all of them.", text);
      break;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
          "The property \"relay-address\" is %s, but this host does not "
          "support that kind of address: set it to one of the host's own "
          "addresses.", text);
      break;
    default:
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
          "Could not open UDP port %u (property \"relay-port\") of %s: %s.",
          address->port, text, g_strerror (err));
  }
}

gboolean
gst_amt_sockets_open (GstAmtSockets * sockets, const core_addr * address,
    GError ** error)
{
  gint err = 0;

  /* A port the kernel chose for one family may be taken in the other. */
  for (guint i = 0; i < ANY_PORT_TRIES; i++) {
    err = open_all (sockets, address);
    if (err == 0)
      return TRUE;
    if (address->port != 0 || err != EADDRINUSE)
      break;
  }
  set_open_error (error, address, err);
  return FALSE;
}

void
gst_amt_sockets_close (GstAmtSockets * sockets)
{
  for (guint i = 0; i < GST_AMT_N_FAMILIES; i++) {
    if (sockets->fd[i] >= 0)
      close (sockets->fd[i]);
    sockets->fd[i] = -1;
  }
}

/*
 * Sending
 */

static struct cmsghdr *
add_control (struct msghdr *msg, struct cmsghdr *previous, gint level,
    gint type, gconstpointer data, gsize len)
{
  struct cmsghdr *c =
      previous ? CMSG_NXTHDR (msg, previous) : CMSG_FIRSTHDR (msg);

  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN (len);
  memcpy (CMSG_DATA (c), data, len);
  return c;
}

void
gst_amt_route_init (GstAmtRoute * route, const core_addr * to,
    const core_addr * from, gint tos)
{
  gint family = to->ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6;
  struct msghdr msg = { 0 };
  struct cmsghdr *c;
  gsize used;

  memset (route, 0, sizeof (*route));
  route->name_len = gst_mc_addr_to_sockaddr (to, family, &route->name);
  msg.msg_control = route->control.bytes;
  msg.msg_controllen = sizeof (route->control.bytes);

  if (family == AF_INET) {
    struct in_pktinfo info = { 0 };

    memcpy (&info.ipi_spec_dst, from->ip.bytes, 4);
    c = add_control (&msg, NULL, IPPROTO_IP, IP_PKTINFO, &info, sizeof (info));
    used = CMSG_SPACE (sizeof (info));
  } else {
    struct in6_pktinfo info = { 0 };

    memcpy (&info.ipi6_addr, from->ip.bytes, 16);
    info.ipi6_ifindex = to->scope;
    c = add_control (&msg, NULL, IPPROTO_IPV6, IPV6_PKTINFO, &info,
        sizeof (info));
    used = CMSG_SPACE (sizeof (info));
  }
  if (tos >= 0) {
    if (family == AF_INET)
      add_control (&msg, c, IPPROTO_IP, IP_TOS, &tos, sizeof (tos));
    else
      add_control (&msg, c, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof (tos));
    used += CMSG_SPACE (sizeof (tos));
  }
  route->control_len = used;
}

void
gst_amt_route_apply (GstAmtRoute * route, struct msghdr *msg)
{
  msg->msg_name = &route->name;
  msg->msg_namelen = route->name_len;
  msg->msg_control = route->control.bytes;
  msg->msg_controllen = route->control_len;
}

/*
 * Receiving
 */

GstAmtInbox *
gst_amt_inbox_new (void)
{
  GstAmtInbox *inbox = g_new0 (GstAmtInbox, 1);

  inbox->memory = g_malloc ((gsize) GST_AMT_INBOX_SIZE * DATAGRAM_MAX);
  for (guint i = 0; i < GST_AMT_INBOX_SIZE; i++) {
    inbox->iov[i].iov_base = inbox->memory + (gsize) i *DATAGRAM_MAX;
    inbox->iov[i].iov_len = DATAGRAM_MAX;
  }
  return inbox;
}

void
gst_amt_inbox_free (GstAmtInbox * inbox)
{
  g_free (inbox->memory);
  g_free (inbox);
}

/* The local address the datagram was sent to.  One sent to a multicast or
 * broadcast address is nobody's question to us alone. */
static core_addr
local_address (struct msghdr *msg, guint16 port)
{
  core_addr to = { 0 };
  struct cmsghdr *c;

  to.port = port;
  for (c = CMSG_FIRSTHDR (msg); c != NULL; c = CMSG_NXTHDR (msg, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;

      memcpy (&info, CMSG_DATA (c), sizeof (info));
      if (info.ipi_addr.s_addr == info.ipi_spec_dst.s_addr)
        to.ip = core_ip_v4 ((const uint8_t *) &info.ipi_addr);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;

      memcpy (&info, CMSG_DATA (c), sizeof (info));
      to.ip = core_ip_v6 (info.ipi6_addr.s6_addr);
      if (IN6_IS_ADDR_LINKLOCAL (&info.ipi6_addr))
        to.scope = info.ipi6_ifindex;
    }
  }
  if (to.ip.family != CORE_FAMILY_NONE && !core_ip_is_unicast (&to.ip))
    memset (&to.ip, 0, sizeof (to.ip));
  return to;
}

guint
gst_amt_inbox_receive (GstAmtInbox * inbox, gint fd, guint16 port)
{
  guint n_datagrams = 0;
  gint n;

  for (guint i = 0; i < GST_AMT_INBOX_SIZE; i++) {
    struct msghdr *msg = &inbox->messages[i].msg_hdr;

    msg->msg_name = &inbox->names[i];
    msg->msg_namelen = sizeof (inbox->names[i]);
    msg->msg_iov = &inbox->iov[i];
    msg->msg_iovlen = 1;
    msg->msg_control = inbox->control[i].bytes;
    msg->msg_controllen = sizeof (inbox->control[i].bytes);
    msg->msg_flags = 0;
  }
  /* An error here is ICMP news, which the error queue tells in full. */
  n = recvmmsg (fd, inbox->messages, GST_AMT_INBOX_SIZE, MSG_DONTWAIT, NULL);
  for (gint i = 0; i < n; i++) {
    struct msghdr *msg = &inbox->messages[i].msg_hdr;
    GstAmtDatagram *out = &inbox->datagrams[n_datagrams];

    if (!gst_mc_addr_from_sockaddr (msg->msg_name, msg->msg_namelen,
            &out->from) || out->from.port == 0)
      continue;
    out->to = local_address (msg, port);
    out->data = inbox->iov[i].iov_base;
    out->len = inbox->messages[i].msg_len;
    out->truncated = (msg->msg_flags & MSG_TRUNC) != 0;
    n_datagrams++;
  }
  return n_datagrams;
}

const GstAmtDatagram *
gst_amt_inbox_get (GstAmtInbox * inbox, guint i)
{
  return &inbox->datagrams[i];
}

static gboolean
is_unreachable (const struct sock_extended_err *e)
{
  if (e->ee_origin == SO_EE_ORIGIN_ICMP)
    return e->ee_type == ICMP_DEST_UNREACH && e->ee_code != ICMP_FRAG_NEEDED;
  if (e->ee_origin == SO_EE_ORIGIN_ICMP6)
    return e->ee_type == ICMP6_DST_UNREACH;
  return FALSE;
}

gboolean
gst_amt_socket_take_error (gint fd, gboolean * unreachable, core_addr * gateway)
{
  struct sockaddr_storage name;
  struct msghdr msg = { 0 };
  struct cmsghdr *c;
  ControlBuffer control;

  *unreachable = FALSE;
  msg.msg_name = &name;
  msg.msg_namelen = sizeof (name);
  msg.msg_control = control.bytes;
  msg.msg_controllen = sizeof (control.bytes);
  if (recvmsg (fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
    return FALSE;

  for (c = CMSG_FIRSTHDR (&msg); c != NULL; c = CMSG_NXTHDR (&msg, c)) {
    struct sock_extended_err e;

    if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
        !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
      continue;
    memcpy (&e, CMSG_DATA (c), sizeof (e));
    *unreachable = is_unreachable (&e) &&
        gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, msg.msg_namelen,
        gateway);
  }
  return TRUE;
}
