/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A TCP socket that listens, and errors that say why there is none.
 */
#include "gstambilisten.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gstmcaddr.h"

/* Many receivers may come back at once; the system has its own limit. */
#define BACKLOG 1024

/* -1 with errno. */
static gint
open_socket (gint family, gboolean both, const core_addr * address)
{
  gint fd = socket (family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_storage name;
  gint one = 1, v6only = !both;
  socklen_t len;
  gint err;

  if (fd < 0)
    return -1;
  len = gst_mc_addr_to_sockaddr (address, family, &name);
  /* Connections of the last server may linger. */
  if (setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof (one)) == 0 &&
      (family != AF_INET6 || setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY,
              &v6only, sizeof (v6only)) == 0) &&
      bind (fd, (struct sockaddr *) &name, len) == 0 &&
      listen (fd, BACKLOG) == 0)
    return fd;
  err = errno;
  close (fd);
  errno = err;
  return -1;
}

static gint
open_any (const core_addr * address)
{
  const guint8 zero[16] = { 0 };
  core_addr any = *address;
  gint fd;

  if (address->ip.family == CORE_FAMILY_V4)
    return open_socket (AF_INET, FALSE, address);
  if (address->ip.family == CORE_FAMILY_V6)
    return open_socket (AF_INET6, FALSE, address);
  any.ip.family = CORE_FAMILY_V6;
  fd = open_socket (AF_INET6, TRUE, &any);
  if (fd >= 0 || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
    return fd;
  any.ip = core_ip_v4 (zero);
  return open_socket (AF_INET, FALSE, &any);
}

static void
set_error (GError ** error, const core_addr * address, gint err)
{
  gchar text[CORE_IP_TEXT_MAX] = "every address";

  if (address->ip.family != CORE_FAMILY_NONE)
    core_ip_to_string (&address->ip, text);
  switch (err) {
    case EADDRINUSE:
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
          "TCP port %u of %s is in use by another program: end that program, "
          "or set the property \"port\" to another port (0 takes any free "
          "one).", address->port, text);
      break;
    case EACCES:
    case EPERM:
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
          "No permission to open TCP port %u of %s: set the property \"port\" "
          "to a port from 1024 on, or let the system allow this one.",
          address->port, text);
      break;
    case EADDRNOTAVAIL:
    case EINVAL:
    case ENODEV:
    case EAFNOSUPPORT:
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
          "The property \"address\" is %s, which is no address of this host: "
          "set it to one of the host's own addresses, or leave it unset to "
          "serve on all of them.", text);
      break;
    default:
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE,
          "Could not open TCP port %u (property \"port\") of %s: %s.",
          address->port, text, g_strerror (err));
  }
}

gint
gst_ambi_listen (const core_addr * address, guint * port, GError ** error)
{
  gint fd = open_any (address);
  struct sockaddr_storage name;
  socklen_t len = sizeof (name);
  core_addr local;

  if (fd >= 0 && getsockname (fd, (struct sockaddr *) &name, &len) == 0 &&
      gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len, &local)) {
    *port = local.port;
    return fd;
  }
  set_error (error, address, errno);
  if (fd >= 0)
    close (fd);
  return -1;
}
