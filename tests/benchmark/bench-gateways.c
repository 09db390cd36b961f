/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Many gateways in one process: joins a channel with each of many sockets and
 * counts what comes, until its input ends.
 *
 *   bench-gateways KEY=VALUE...
 *
 *   relay=ADDRESS port=N
 *   from=ADDRESS       the first local address; a hundred sockets use one,
 *                      because a relay answers only so many of them at once
 *   count=N            sockets
 *   gro=0|1            whether they take aggregates of the kernel
 */
#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "amt-wire.h"
#include "group-records.h"
#include "igmp.h"

#define SOURCE "192.0.2.10"
#define GROUP "232.1.1.1"
#define AN_ADDRESS 100
#define ANSWER_MS 1000
#define TRIES 5
#define MESSAGES 64
#define SLOT 65536
#define EVENTS 64
#define RECEIVE_BUFFER (1024 * 1024)

typedef struct
{
  struct sockaddr_in relay;
  guint32 from;
  guint count;
  gboolean gro;

  int epoll;
  guint8 *memory;
  guint64 received;
} Gateways;

static void
set_option (Gateways * g, const gchar * key, const gchar * value)
{
  guint number = (guint) g_ascii_strtoull (value, NULL, 10);

  if (g_str_equal (key, "relay"))
    g->relay.sin_addr.s_addr = inet_addr (value);
  else if (g_str_equal (key, "port"))
    g->relay.sin_port = htons ((guint16) number);
  else if (g_str_equal (key, "from"))
    g->from = ntohl (inet_addr (value));
  else if (g_str_equal (key, "count"))
    g->count = number;
  else if (g_str_equal (key, "gro"))
    g->gro = number != 0;
  else
    g_error ("\"%s\" is not understood", key);
}

static void
parse (Gateways * g, int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    g_auto (GStrv) pair = g_strsplit (argv[i], "=", 2);

    if (pair[0] == NULL || pair[1] == NULL)
      g_error ("\"%s\" is not KEY=VALUE", argv[i]);
    set_option (g, pair[0], pair[1]);
  }
}

static int
open_socket (const Gateways * g, guint number)
{
  struct sockaddr_in local = {.sin_family = AF_INET };
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int one = 1, size = RECEIVE_BUFFER;

  local.sin_addr.s_addr = htonl (g->from + number / AN_ADDRESS);
  /* multiudpsink sends from a port of its own: the socket is not connected. */
  if (fd < 0 || bind (fd, (struct sockaddr *) &local, sizeof (local)) != 0)
    g_error ("socket: %s", g_strerror (errno));
  setsockopt (fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof (size));
  if (g->gro && setsockopt (fd, SOL_UDP, UDP_GRO, &one, sizeof (one)) != 0)
    g_error ("UDP_GRO: %s", g_strerror (errno));
  return fd;
}

static void
send_message (const Gateways * g, int fd, const amt_message * message)
{
  guint8 buf[512];
  size_t len = amt_build (buf, sizeof (buf), message);

  if (sendto (fd, buf, len, 0, (const struct sockaddr *) &g->relay,
          sizeof (g->relay)) < 0)
    g_error ("send: %s", g_strerror (errno));
}

/* Request and Query; *query is what came. */
static gboolean
ask (const Gateways * g, int fd, guint32 nonce, amt_message * query)
{
  amt_message request = {.type = AMT_REQUEST,.nonce = nonce };
  struct pollfd pollfd = { fd, POLLIN, 0 };
  guint8 buf[2048];
  ssize_t n;

  send_message (g, fd, &request);
  if (poll (&pollfd, 1, ANSWER_MS) != 1)
    return FALSE;
  n = recv (fd, buf, sizeof (buf), 0);
  return n > 0 && amt_parse (buf, (size_t) n, query) == CORE_OK &&
      query->type == AMT_MEMBERSHIP_QUERY && query->nonce == nonce;
}

static void
join (const Gateways * g, int fd, guint number)
{
  amt_message query, update = {.type = AMT_MEMBERSHIP_UPDATE };
  group_record_out record = {.type = GROUP_ALLOW_NEW_SOURCES };
  core_ip source;
  guint8 report[256];
  guint tries = 0;

  core_ip_from_string (SOURCE, &source);
  core_ip_from_string (GROUP, &record.group);
  record.sources = &source;
  record.n_sources = 1;
  while (!ask (g, fd, number + 1, &query)) {
    if (++tries == TRIES)
      g_error ("the relay does not answer");
  }
  update.nonce = query.nonce;
  memcpy (update.mac, query.mac, sizeof (update.mac));
  update.inner = report;
  update.inner_len = igmp_build_report (report, sizeof (report), &record, 1);
  send_message (g, fd, &update);
}

static void
start (Gateways * g)
{
  struct epoll_event event = {.events = EPOLLIN };

  g->epoll = epoll_create1 (EPOLL_CLOEXEC);
  g->memory = g_malloc ((gsize) MESSAGES * SLOT);
  event.data.fd = STDIN_FILENO;
  epoll_ctl (g->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
  for (guint i = 0; i < g->count; i++) {
    event.data.fd = open_socket (g, i);
    join (g, event.data.fd, i);
    epoll_ctl (g->epoll, EPOLL_CTL_ADD, event.data.fd, &event);
  }
}

/* Datagrams in a message: more than one where the kernel says their size. */
static guint64
count_parts (struct mmsghdr *message)
{
  struct msghdr *msg = &message->msg_hdr;

  for (struct cmsghdr * c = CMSG_FIRSTHDR (msg); c; c = CMSG_NXTHDR (msg, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int size;

      memcpy (&size, CMSG_DATA (c), sizeof (size));
      return (message->msg_len + (guint) size - 1) / (guint) size;
    }
  }
  return 1;
}

static void
receive (Gateways * g, int fd)
{
  struct mmsghdr messages[MESSAGES] = { 0 };
  struct iovec iov[MESSAGES];
  static guint64 control[MESSAGES][8];
  int n;

  for (guint i = 0; i < MESSAGES; i++) {
    iov[i].iov_base = g->memory + (gsize) i *SLOT;
    iov[i].iov_len = SLOT;
    messages[i].msg_hdr.msg_iov = &iov[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_control = control[i];
    messages[i].msg_hdr.msg_controllen = sizeof (control[i]);
  }
  n = recvmmsg (fd, messages, MESSAGES, MSG_DONTWAIT, NULL);
  for (int i = 0; i < n; i++)
    g->received += count_parts (&messages[i]);
}

int
main (int argc, char **argv)
{
  Gateways g = {.relay = {.sin_family = AF_INET},.count = 1 };
  struct epoll_event events[EVENTS];
  gboolean ended = FALSE;

  parse (&g, argc, argv);
  start (&g);
  while (!ended) {
    int n = epoll_wait (g.epoll, events, EVENTS, -1);

    for (int i = 0; i < n; i++) {
      if (events[i].data.fd != STDIN_FILENO)
        receive (&g, events[i].data.fd);
      else
        ended = TRUE;
    }
  }
  printf ("{\"received\": %" G_GUINT64_FORMAT "}\n", g.received);
  g_free (g.memory);
  return EXIT_SUCCESS;
}
