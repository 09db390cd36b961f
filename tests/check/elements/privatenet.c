/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A network of the test's own, and a sender of multicast in it.
 */
#include "privatenet.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gstmcaddr.h"
#include "peerrelay.h"

static gboolean
write_file (const gchar * path, const gchar * text)
{
  FILE *file = fopen (path, "w");
  gboolean ok = file != NULL && fputs (text, file) >= 0;

  if (file != NULL && fclose (file) != 0)
    ok = FALSE;
  return ok;
}

/* Not with threads. */
static gboolean
enter (void)
{
  gchar uids[64], gids[64];

  g_snprintf (uids, sizeof (uids), "0 %u 1", (guint) getuid ());
  g_snprintf (gids, sizeof (gids), "0 %u 1", (guint) getgid ());
  return unshare (CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
      write_file ("/proc/self/setgroups", "deny") &&
      write_file ("/proc/self/uid_map", uids) &&
      write_file ("/proc/self/gid_map", gids) &&
      system ("ip link set lo up") == 0;
}

int
private_net_main (int argc, char **argv, Suite * (*make_suite) (void),
    const gchar * name, const gchar * file)
{
  if (!enter ()) {
    g_print ("skipped: no network of its own is permitted here\n");
    return 77;
  }
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (make_suite (), name, file);
}

void
private_net_run (const gchar * format, ...)
{
  va_list args;
  gchar *line;

  va_start (args, format);
  line = g_strdup_vprintf (format, args);
  va_end (args);
  fail_unless_equals_int (system (line), 0);
  g_free (line);
}

void
sender_open (Sender * sender, const gchar * source, const gchar * iface,
    const gchar * group, guint port)
{
  struct ip_mreqn by4 = { 0 };
  int by6 = (int) if_nametoindex (iface);
  core_addr addr = { 0 };
  struct sockaddr_storage local;
  socklen_t len;
  int family;

  fail_unless (core_ip_from_string (source, &addr.ip));
  addr.scope = (guint32) by6;
  family = addr.ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6;
  by4.imr_ifindex = by6;
  sender->fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  fail_unless (sender->fd >= 0);
  if (family == AF_INET)
    fail_unless (setsockopt (sender->fd, IPPROTO_IP, IP_MULTICAST_IF, &by4,
            sizeof (by4)) == 0);
  else
    fail_unless (setsockopt (sender->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &by6,
            sizeof (by6)) == 0);
  len = gst_mc_addr_to_sockaddr (&addr, family, &local);
  fail_unless (bind (sender->fd, (struct sockaddr *) &local, len) == 0, "%s",
      g_strerror (errno));
  fail_unless (getsockname (sender->fd, (struct sockaddr *) &local,
          &len) == 0 && gst_mc_addr_from_sockaddr ((struct sockaddr *) &local,
          len, &addr));
  sender->port = addr.port;

  fail_unless (core_ip_from_string (group, &addr.ip));
  addr.port = (guint16) port;
  addr.scope = (guint32) by6;
  sender->to_len = gst_mc_addr_to_sockaddr (&addr, family, &sender->to);
}

void
sender_close (Sender * sender)
{
  close (sender->fd);
}

void
sender_send (Sender * sender, guint32 first, guint n, gsize len)
{
  guint8 *payload = g_malloc0 (MAX (len, 4));

  for (guint i = 0; i < n; i++) {
    if (len >= 4)
      peer_payload (payload, first + i, len);
    fail_unless (sendto (sender->fd, payload, len, 0,
            (struct sockaddr *) &sender->to, sender->to_len) >= 0, "%s",
        g_strerror (errno));
  }
  g_free (payload);
}
