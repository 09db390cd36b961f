/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Between the cores' addresses, the kernel's and GIO's.
 */
#pragma once

#include <gio/gio.h>
#include <sys/socket.h>

#include "addr.h"

G_BEGIN_DECLS

/* Fills out with what a socket of the given family (AF_INET or AF_INET6)
 * takes; an IPv4 address becomes a mapped one for an AF_INET6 socket.
 * Returns the length, 0 for an IPv6 address on an AF_INET socket. */
socklen_t gst_mc_addr_to_sockaddr (const core_addr * addr, int family,
    struct sockaddr_storage *out);

/* The reverse; mapped addresses become IPv4.  FALSE for other families. */
gboolean gst_mc_addr_from_sockaddr (const struct sockaddr *sa, socklen_t len,
    core_addr * out);

/* An IP address, which may have a zone ("fe80::1%eth0"); the port becomes 0. */
gboolean gst_mc_addr_from_string (const gchar * text, core_addr * out);

/* Returns: (transfer full) */
GSocketAddress *gst_mc_addr_to_gsocket (const core_addr * addr);

gboolean gst_mc_ip_from_ginet (GInetAddress * address, core_ip * out);

/* A core_random_func over the kernel's CSPRNG; ctx is not used. */
void gst_mc_random (void *ctx, uint8_t * buf, size_t len);

/* g_get_monotonic_time () as the cores count time. */
core_time gst_mc_now (void);

G_END_DECLS
