/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Receivers that do nothing but receive.
 */
#include "bench-bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define BUFFER_SIZE (4 * 1024 * 1024)
#define MESSAGES 64
#define GRO_MESSAGES 8
#define SLOT 2048
#define GRO_SLOT 65536
#define CONTROL 128

static void
set_int (int fd, int level, int name, int value)
{
  if (setsockopt (fd, level, name, &value, sizeof (value)) != 0)
    g_error ("setsockopt %d: %s", name, g_strerror (errno));
}

static void
open_socket (BenchBare * bare, const gchar * group, guint16 port)
{
  struct sockaddr_in sin = {.sin_family = AF_INET,.sin_port = htons (port) };
  int wanted = BUFFER_SIZE;

  if (group)
    sin.sin_addr.s_addr = inet_addr (group);
  bare->fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  set_int (bare->fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind (bare->fd, (struct sockaddr *) &sin, sizeof (sin)) != 0)
    g_error ("bind: %s", g_strerror (errno));
  if (setsockopt (bare->fd, SOL_SOCKET, SO_RCVBUFFORCE, &wanted,
          sizeof (wanted)) != 0)
    set_int (bare->fd, SOL_SOCKET, SO_RCVBUF, wanted);
  if (bare->gro)
    set_int (bare->fd, SOL_UDP, UDP_GRO, 1);
  if (bare->delays)
    set_int (bare->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
}

static guint64
look_at (BenchBare * bare, struct mmsghdr *message, gint64 now)
{
  struct msghdr *msg = &message->msg_hdr;
  guint64 parts = 1;
  gint64 stamp = 0;

  for (struct cmsghdr * c = CMSG_FIRSTHDR (msg); c; c = CMSG_NXTHDR (msg, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int size;

      memcpy (&size, CMSG_DATA (c), sizeof (size));
      parts = (message->msg_len + (guint) size - 1) / (guint) size;
    } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec ts;

      memcpy (&ts, CMSG_DATA (c), sizeof (ts));
      stamp = (gint64) ts.tv_sec * 1000000000 + ts.tv_nsec;
    }
  }
  for (guint64 i = 0; stamp != 0 && i < parts; i++)
    bench_delays_add (bare->delays, (guint64) MAX (now - stamp, 0));
  return parts;
}

static gpointer
run (gpointer data)
{
  BenchBare *bare = data;
  guint n_messages = bare->gro ? GRO_MESSAGES : MESSAGES;
  gsize slot = bare->gro ? GRO_SLOT : SLOT;
  struct mmsghdr messages[MESSAGES] = { 0 };
  struct iovec iov[MESSAGES];
  static guint64 control[MESSAGES][CONTROL / sizeof (guint64)];
  guint8 *memory = g_malloc (n_messages * slot);

  for (;;) {
    struct timespec ts;
    guint64 packets = 0;
    gint64 now = 0;
    int n;

    for (guint i = 0; i < n_messages; i++) {
      iov[i].iov_base = memory + i * slot;
      iov[i].iov_len = slot;
      messages[i].msg_hdr.msg_iov = &iov[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = control[i];
      messages[i].msg_hdr.msg_controllen = CONTROL;
    }
    n = recvmmsg (bare->fd, messages, n_messages, MSG_WAITFORONE, NULL);
    if (bare->delays) {
      clock_gettime (CLOCK_REALTIME, &ts);
      now = (gint64) ts.tv_sec * 1000000000 + ts.tv_nsec;
    }
    for (int i = 0; i < n; i++)
      packets += look_at (bare, &messages[i], now);
    if (bare->push && packets > 0)
      bare->push (bare->push_data, (guint) packets);
    __atomic_add_fetch (&bare->packets, packets, __ATOMIC_RELAXED);
  }
  return NULL;
}

void
bench_bare_start (BenchBare * bare, const gchar * group, guint16 port)
{
  open_socket (bare, group, port);
  g_thread_unref (g_thread_new ("bare", run, bare));
}
