/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Asks a name server over TCP, within a time: the C library would wait for
 * ever for one that takes the connection and says nothing.
 */
#include "resolver-tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

/* FALSE: it cannot be read or written any more, or it is too late. */
static gboolean
wait_for (int fd, short events, gint64 deadline)
{
  struct pollfd pollfd = { fd, events, 0 };
  gint64 left;
  int n;

  do {
    left = (deadline - g_get_monotonic_time () + 999) / 1000;
    n = left > 0 ? poll (&pollfd, 1, (int) MIN (left, G_MAXINT)) : 0;
  } while (n < 0 && errno == EINTR);
  return n > 0;
}

static gboolean
send_all (int fd, const guint8 * data, gsize len, gint64 deadline)
{
  while (len > 0) {
    gssize n = send (fd, data, len, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN && errno != EINTR)
      return FALSE;
    if (n < 0 && !wait_for (fd, POLLOUT, deadline))
      return FALSE;
    if (n > 0) {
      data += n;
      len -= (gsize) n;
    }
  }
  return TRUE;
}

static gboolean
receive_all (int fd, guint8 * data, gsize len, gint64 deadline)
{
  while (len > 0) {
    gssize n;

    if (!wait_for (fd, POLLIN, deadline))
      return FALSE;
    n = recv (fd, data, len, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
      return FALSE;
    if (n > 0) {
      data += n;
      len -= (gsize) n;
    }
  }
  return TRUE;
}

static int
open_connection (const struct sockaddr *server, gint64 deadline)
{
  socklen_t len = server->sa_family == AF_INET ? sizeof (struct sockaddr_in) :
      sizeof (struct sockaddr_in6);
  int fd = socket (server->sa_family, SOCK_STREAM | SOCK_CLOEXEC |
      SOCK_NONBLOCK, 0);

  if (fd < 0)
    return -1;
  if (connect (fd, server, len) == 0 || (errno == EINPROGRESS &&
          wait_for (fd, POLLOUT, deadline)))
    return fd;
  close (fd);
  return -1;
}

/* RFC 1035 §4.2.2: a length goes ahead of each message. */
static gssize
ask_server (const struct sockaddr *server, const guint8 * question, gsize len,
    guint8 * answer, gsize size, gint64 deadline)
{
  guint8 prefix[2] = { (guint8) (len >> 8), (guint8) len };
  int fd = open_connection (server, deadline);
  gssize got = -1;

  if (fd < 0)
    return -1;
  if (send_all (fd, prefix, sizeof (prefix), deadline) &&
      send_all (fd, question, len, deadline) &&
      receive_all (fd, prefix, sizeof (prefix), deadline)) {
    gsize n = (gsize) (prefix[0] << 8 | prefix[1]);

    if (n >= 2 && n <= size && receive_all (fd, answer, n, deadline) &&
        memcmp (answer, question, 2) == 0)
      got = (gssize) n;
  }
  close (fd);
  return got;
}

/* Where the C library has its servers: IPv6 ones apart. */
static const struct sockaddr *
get_server (const struct __res_state *state, int i)
{
  if (state->nsaddr_list[i].sin_family == 0 &&
      state->_u._ext.nsaddrs[i] != NULL)
    return (const struct sockaddr *) state->_u._ext.nsaddrs[i];
  return (const struct sockaddr *) &state->nsaddr_list[i];
}

gssize
mc_resolver_ask_tcp (res_state state, const gchar * name, guint16 type,
    guint8 * answer, gsize size, gint64 deadline)
{
  guint8 question[NS_PACKETSZ];
  int len = res_nmkquery (state, ns_o_query, name, ns_c_in, type, NULL, 0,
      NULL, question, sizeof (question));

  for (int i = 0; len > 0 && i < state->nscount; i++) {
    gint64 now = g_get_monotonic_time ();
    gssize got = ask_server (get_server (state, i), question, (gsize) len,
        answer, size, now + (deadline - now) / (state->nscount - i));

    if (got > 0)
      return got;
  }
  return -1;
}
