/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Between the cores' addresses, the kernel's and GIO's.
 */
#include "gstmcaddr.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>

static const uint8_t mapped_prefix[12] =
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

socklen_t
gst_mc_addr_to_sockaddr (const core_addr * addr, int family,
    struct sockaddr_storage *out)
{
  memset (out, 0, sizeof (*out));
  if (family == AF_INET) {
    struct sockaddr_in *sin = (struct sockaddr_in *) out;

    if (addr->ip.family != CORE_FAMILY_V4)
      return 0;
    sin->sin_family = AF_INET;
    sin->sin_port = g_htons (addr->port);
    memcpy (&sin->sin_addr, addr->ip.bytes, 4);
    return sizeof (*sin);
  } else {
    struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *) out;

    sin6->sin6_family = AF_INET6;
    sin6->sin6_port = g_htons (addr->port);
    sin6->sin6_scope_id = addr->scope;
    if (addr->ip.family == CORE_FAMILY_V4) {
      memcpy (&sin6->sin6_addr, mapped_prefix, 12);
      memcpy (sin6->sin6_addr.s6_addr + 12, addr->ip.bytes, 4);
    } else {
      memcpy (&sin6->sin6_addr, addr->ip.bytes, 16);
    }
    return sizeof (*sin6);
  }
}

gboolean
gst_mc_addr_from_sockaddr (const struct sockaddr *sa, socklen_t len,
    core_addr * out)
{
  memset (out, 0, sizeof (*out));
  if (len >= sizeof (struct sockaddr_in) && sa->sa_family == AF_INET) {
    const struct sockaddr_in *sin = (const struct sockaddr_in *) sa;

    out->ip = core_ip_v4 ((const uint8_t *) &sin->sin_addr);
    out->port = g_ntohs (sin->sin_port);
    return TRUE;
  }
  if (len >= sizeof (struct sockaddr_in6) && sa->sa_family == AF_INET6) {
    const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *) sa;

    out->ip = core_ip_v6 (sin6->sin6_addr.s6_addr);
    out->port = g_ntohs (sin6->sin6_port);
    out->scope = sin6->sin6_scope_id;
    return TRUE;
  }
  return FALSE;
}

gboolean
gst_mc_addr_from_string (const gchar * text, core_addr * out)
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

GSocketAddress *
gst_mc_addr_to_gsocket (const core_addr * addr)
{
  struct sockaddr_storage storage;
  int family = addr->ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6;
  socklen_t len = gst_mc_addr_to_sockaddr (addr, family, &storage);

  return g_socket_address_new_from_native (&storage, len);
}

gboolean
gst_mc_ip_from_ginet (GInetAddress * address, core_ip * out)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  switch (g_inet_address_get_family (address)) {
    case G_SOCKET_FAMILY_IPV4:
      *out = core_ip_v4 (bytes);
      return TRUE;
    case G_SOCKET_FAMILY_IPV6:
      *out = core_ip_v6 (bytes);
      return TRUE;
    default:
      return FALSE;
  }
}

void
gst_mc_random (void *ctx, uint8_t * buf, size_t len)
{
  while (len > 0) {
    ssize_t n = getrandom (buf, len, 0);

    if (n > 0) {
      buf += n;
      len -= (size_t) n;
    } else if (errno != EINTR) {
      /* Nonces that can be guessed are worse than no stream at all. */
      g_error ("the kernel gives no random numbers: %s", g_strerror (errno));
    }
  }
}

core_time
gst_mc_now (void)
{
  return (core_time) g_get_monotonic_time () * 1000;
}
