/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A UDP socket of a receiver.
 */
#include "gstmcsocket.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE_WANTED (4 * 1024 * 1024)

#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef UDP_NO_CHECK6_RX
#define UDP_NO_CHECK6_RX 102
#endif

static gboolean
set_int (int fd, int level, int name, int value)
{
  return setsockopt (fd, level, name, &value, sizeof (value)) == 0;
}

/* Kernel arrival stamps and a count of what it dropped for us; without them
 * stamps are taken on reading and nothing is counted. */
static void
set_counting_options (int fd)
{
  set_int (fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
  set_int (fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
}

static void
set_options (int fd, int family)
{
  set_counting_options (fd);

  /* An unconnected socket hears of ICMP errors only through these. */
  set_int (fd, IPPROTO_IP, IP_RECVERR, 1);
  if (family == AF_INET6) {
    set_int (fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    /* Relays may leave the outer checksum out (RFC 7450 §5.2.3.3). */
    set_int (fd, IPPROTO_UDP, UDP_NO_CHECK6_RX, 1);
  }
}

static gboolean
open_family (GstMcSocket * sock, int family, const core_addr * local)
{
  gboolean any = local->ip.family == CORE_FAMILY_NONE;
  core_addr addr = *local;
  struct sockaddr_storage sa;
  socklen_t len;
  int saved;

  sock->family = family;
  sock->fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (sock->fd < 0)
    return FALSE;

  if (any)
    addr.ip.family = family == AF_INET ? CORE_FAMILY_V4 : CORE_FAMILY_V6;
  len = gst_mc_addr_to_sockaddr (&addr, family, &sa);
  if ((family == AF_INET6 && !set_int (sock->fd, IPPROTO_IPV6, IPV6_V6ONLY,
              !any)) || bind (sock->fd, (struct sockaddr *) &sa, len) != 0) {
    saved = errno;
    gst_mc_socket_close (sock);
    errno = saved;
    return FALSE;
  }
  set_options (sock->fd, family);
  return TRUE;
}

gboolean
gst_mc_socket_open (GstMcSocket * sock, const core_addr * local,
    GError ** error)
{
  gboolean ok;

  if (local->ip.family == CORE_FAMILY_V4) {
    ok = open_family (sock, AF_INET, local);
  } else {
    ok = open_family (sock, AF_INET6, local);
    /* IPv6 may be absent, or compiled in but switched off. */
    if (!ok && local->ip.family == CORE_FAMILY_NONE &&
        (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL))
      ok = open_family (sock, AF_INET, local);
  }
  if (!ok)
    g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno),
        g_strerror (errno));
  return ok;
}

static gboolean
set_group_options (const GstMcSocket * sock)
{
  int fd = sock->fd;

  if (!set_int (fd, SOL_SOCKET, SO_REUSEADDR, 1))
    return FALSE;
  set_counting_options (fd);
  /* Else whatever other programs of the host join would come here too. */
  if (sock->family == AF_INET)
    return set_int (fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
  return set_int (fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
      set_int (fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0) &&
      (!sock->tells_destination ||
      set_int (fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
}

gboolean
gst_mc_socket_open_group (GstMcSocket * sock, const core_addr * group,
    GError ** error)
{
  int family = group->ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6;
  struct sockaddr_storage sa;
  socklen_t len = gst_mc_addr_to_sockaddr (group, family, &sa);

  sock->family = family;
  sock->fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sock->tells_destination = !core_ip_is_multicast (&group->ip);
  if (sock->fd >= 0 && set_group_options (sock) &&
      bind (sock->fd, (struct sockaddr *) &sa, len) == 0)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno),
      g_strerror (errno));
  gst_mc_socket_close (sock);
  return FALSE;
}

static int
change_membership (GstMcSocket * sock, int option, guint ifindex,
    const core_ip * source, const core_ip * group)
{
  struct group_source_req request;
  core_addr addr = { *group, 0, 0 };

  memset (&request, 0, sizeof (request));
  request.gsr_interface = ifindex;
  gst_mc_addr_to_sockaddr (&addr, sock->family, &request.gsr_group);
  addr.ip = *source;
  gst_mc_addr_to_sockaddr (&addr, sock->family, &request.gsr_source);
  return setsockopt (sock->fd, sock->family == AF_INET ? IPPROTO_IP :
      IPPROTO_IPV6, option, &request, sizeof (request)) == 0 ? 0 : errno;
}

int
gst_mc_socket_join (GstMcSocket * sock, guint ifindex, const core_ip * source,
    const core_ip * group)
{
  return change_membership (sock, MCAST_JOIN_SOURCE_GROUP, ifindex, source,
      group);
}

int
gst_mc_socket_leave (GstMcSocket * sock, guint ifindex, const core_ip * source,
    const core_ip * group)
{
  return change_membership (sock, MCAST_LEAVE_SOURCE_GROUP, ifindex, source,
      group);
}

void
gst_mc_socket_close (GstMcSocket * sock)
{
  if (sock->fd >= 0)
    close (sock->fd);
  sock->fd = -1;
}

/* Returns the bytes granted. */
static guint
set_receive_buffer (GstMcSocket * sock, guint bytes)
{
  int wanted = (int) MIN (bytes, (guint) G_MAXINT / 2);
  int granted = 0;
  socklen_t len = sizeof (granted);

  /* The privileged option is not bound by net.core.rmem_max. */
  if (!set_int (sock->fd, SOL_SOCKET, SO_RCVBUFFORCE, wanted))
    set_int (sock->fd, SOL_SOCKET, SO_RCVBUF, wanted);
  if (getsockopt (sock->fd, SOL_SOCKET, SO_RCVBUF, &granted, &len) != 0)
    return 0;
  /* The kernel doubles the figure for its own overhead (socket(7)). */
  return (guint) granted / 2;
}

gboolean
gst_mc_socket_join_datagrams (GstMcSocket * sock)
{
  return set_int (sock->fd, IPPROTO_UDP, UDP_GRO, 1);
}

gboolean
gst_mc_errno_is_network (int err)
{
  switch (err) {
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case ENONET:
    case ENOPROTOOPT:
    case EPROTO:
    case EOPNOTSUPP:
    case EMSGSIZE:
    case EACCES:
    case EPERM:
    case EADDRNOTAVAIL:
    case ENOBUFS:
      return TRUE;
    default:
      return FALSE;
  }
}

guint
gst_mc_socket_size_receive_buffer (GstMcSocket * sock, GstElement * element,
    guint buffer_size)
{
  guint wanted = buffer_size ? buffer_size : BUFFER_SIZE_WANTED;
  guint granted = set_receive_buffer (sock, wanted);

  if (granted >= wanted)
    return granted;
  if (buffer_size)
    GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
        ("The system grants a receive buffer of %u bytes instead of the %u "
            "of \"buffer-size\". Raise net.core.rmem_max, e.g. sysctl -w "
            "net.core.rmem_max=%u", granted, wanted, wanted), (NULL));
  else
    GST_INFO_OBJECT (element, "receive buffer of %u bytes instead of %u; "
        "net.core.rmem_max limits it", granted, wanted);
  return granted;
}

int
gst_mc_socket_send (GstMcSocket * sock, const core_addr * to,
    const guint8 * data, gsize len)
{
  struct sockaddr_storage sa;
  socklen_t sa_len = gst_mc_addr_to_sockaddr (to, sock->family, &sa);

  if (sa_len == 0)
    return EAFNOSUPPORT;

  /* The first try may report the fate of an earlier datagram. */
  for (int attempt = 0; attempt < 3; attempt++) {
    if (sendto (sock->fd, data, len, 0, (struct sockaddr *) &sa, sa_len) >= 0)
      return 0;
    if (errno != EINTR && errno != ECONNREFUSED && errno != EHOSTUNREACH)
      break;
  }
  return errno;
}

gboolean
gst_mc_socket_next_icmp_error (GstMcSocket * sock, core_addr * to)
{
  struct sockaddr_storage name;
  guint8 control[512];
  guint8 payload[64];
  struct iovec iov = { payload, sizeof (payload) };
  struct msghdr msg;
  struct cmsghdr *cmsg;

  for (;;) {
    memset (&msg, 0, sizeof (msg));
    msg.msg_name = &name;
    msg.msg_namelen = sizeof (name);
    msg.msg_iov = &iov;
    msg.msg_iovlen = 1;
    msg.msg_control = control;
    msg.msg_controllen = sizeof (control);
    if (recvmsg (sock->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
      return FALSE;

    for (cmsg = CMSG_FIRSTHDR (&msg); cmsg; cmsg = CMSG_NXTHDR (&msg, cmsg)) {
      struct sock_extended_err ee;

      if (!(cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) &&
          !(cmsg->cmsg_level == IPPROTO_IPV6
              && cmsg->cmsg_type == IPV6_RECVERR))
        continue;
      memcpy (&ee, CMSG_DATA (cmsg), sizeof (ee));
      if ((ee.ee_origin == SO_EE_ORIGIN_ICMP ||
              ee.ee_origin == SO_EE_ORIGIN_ICMP6) && ee.ee_errno != EMSGSIZE &&
          gst_mc_addr_from_sockaddr ((struct sockaddr *) &name,
              msg.msg_namelen, to))
        return TRUE;
    }
  }
}
