/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A name server on the loopback interface that misbehaves as it is asked to.
 */
#include "dnsserver.h"

#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bytes.h"
#include "dnswire.h"

struct _DnsServer
{
  int stuck;                    /* a connection that gets no answer, or -1 */
  int udp;
  int tcp;
  int stop_fd;
  gchar *address;
  GThread *thread;
  gint n_udp;
  gint n_tcp;
  gint dorms_port;              /* atomic */
};

typedef struct
{
  const guint8 *data;
  gsize question_end;
  gchar label[DNS_LABEL_MAX + 1];
  guint16 type;
} question;

static gboolean
read_question (const guint8 * data, gsize len, question * q)
{
  rd_cursor r;
  gchar name[DNS_NAME_TEXT_MAX];

  memset (q, 0, sizeof (*q));
  q->data = data;
  rd_init (&r, data, len);
  rd_skip (&r, 12);
  if (!rd_ok (&r) || dns_name_read (&r, DNS_NAME_STRICT, name) != DNS_OK)
    return FALSE;
  q->type = rd_u16 (&r);
  rd_skip (&r, 2);
  q->question_end = r.pos;
  for (gsize i = 0; i < DNS_LABEL_MAX && name[i] && name[i] != '.'; i++)
    q->label[i] = g_ascii_tolower (name[i]);
  return rd_ok (&r);
}

static void
put_record_for (wr_cursor * w, guint16 type, guint32 ttl, const guint8 * data,
    gsize len)
{
  wr_u16 (w, 0xc00c);
  wr_u16 (w, type);
  wr_u16 (w, DNS_CLASS_IN);
  wr_u32 (w, ttl);
  wr_u16 (w, (guint16) len);
  wr_bytes (w, data, len);
}

static void
put_record (wr_cursor * w, guint16 type, const guint8 * data, gsize len)
{
  put_record_for (w, type, 60, data, len);
}

static void
put_relay (wr_cursor * w, guint32 ttl, guint8 last)
{
  const guint8 relay[] = { 10, 0x81, 198, 51, 100, last };

  put_record_for (w, DNS_TYPE_AMTRELAY, ttl, relay, sizeof (relay));
}

static void
put_alias (wr_cursor * w)
{
  static const guint8 target[] = "\5relay\7example";

  put_record (w, DNS_TYPE_CNAME, target, sizeof (target));
}

/* The alias and what it leads to. */
static void
put_both (wr_cursor * w)
{
  static const guint8 target[] = "\5short\7example";
  const guint8 relay[] = { 10, 0x81, 198, 51, 100, 1 };

  put_record (w, DNS_TYPE_CNAME, target, sizeof (target));
  wr_bytes (w, target, sizeof (target));
  wr_u16 (w, DNS_TYPE_AMTRELAY);
  wr_u16 (w, DNS_CLASS_IN);
  wr_u32 (w, 30);
  wr_u16 (w, sizeof (relay));
  wr_bytes (w, relay, sizeof (relay));
}

/* A label more each time, as far as names go. */
static void
put_loop (wr_cursor * w)
{
  static const guint8 target[] = "\4loop\300\14";

  put_record (w, DNS_TYPE_CNAME, target, sizeof (target) - 1);
}

static void
put_host (wr_cursor * w, guint16 type)
{
  static const guint8 v4[] = { 198, 51, 100, 7 };
  static const guint8 v6[] = { 0x20, 1, 0xd, 0xb8,[15] = 7 };

  if (type == DNS_TYPE_A)
    put_record (w, type, v4, sizeof (v4));
  else if (type == DNS_TYPE_AAAA)
    put_record (w, type, v6, sizeof (v6));
}

static guint
put_dorms (wr_cursor * w, guint16 type, guint port)
{
  const guint8 server[] = { 0, 0, 0, 0, (guint8) (port >> 8), (guint8) port,
    9, 'l', 'o', 'c', 'a', 'l', 'h', 'o', 's', 't', 0
  };

  if (type != DNS_TYPE_SRV || port == 0)
    return 0;
  put_record (w, type, server, sizeof (server));
  return 1;
}

/* AMTRELAY records; how many. */
static guint
put_relays (wr_cursor * w, const gchar * label, guint * flags)
{
  guint n = 1;

  if (strcmp (label, "ad") == 0)
    *flags |= 0x20;
  else if (strcmp (label, "big") == 0)
    n = 80;
  else if (strcmp (label, "relay") != 0 && strcmp (label, "short") != 0)
    return 0;
  for (guint i = 1; i <= n; i++)
    put_relay (w, label[0] == 's' ? 30 : 60, (guint8) i);
  return n;
}

static guint
put_answers (DnsServer * server, wr_cursor * w, const question * q,
    guint * flags)
{
  if (strcmp (q->label, "_dorms") == 0)
    return put_dorms (w, q->type,
        (guint) g_atomic_int_get (&server->dorms_port));
  if (strcmp (q->label, "host") == 0) {
    put_host (w, q->type);
    return 1;
  }
  if (strcmp (q->label, "loop") == 0) {
    put_loop (w);
    return 1;
  }
  if (q->type != DNS_TYPE_AMTRELAY)
    return 0;
  if (strcmp (q->label, "alias") == 0) {
    put_alias (w);
    return 1;
  }
  if (strcmp (q->label, "both") == 0) {
    put_both (w);
    return 2;
  }
  return put_relays (w, q->label, flags);
}

static guint
rcode_of (const gchar * label)
{
  if (strcmp (label, "servfail") == 0)
    return 2;
  if (strcmp (label, "nxdomain") == 0)
    return 3;
  return strcmp (label, "refused") == 0 ? 5 : 0;
}

/* A whole answer; 0: none. */
static gsize
make_answer (DnsServer * server, const guint8 * data, gsize len, guint8 * out,
    gsize cap)
{
  guint flags = 0x8180, n;
  question q;
  wr_cursor w;

  if (!read_question (data, len, &q) || strcmp (q.label, "silent") == 0)
    return 0;
  if (strcmp (q.label, "garbage") == 0) {
    memset (out, 0xff, 40);
    memcpy (out, data, 2);
    return 40;
  }
  wr_init (&w, out, cap);
  wr_bytes (&w, data, 2);
  wr_u16 (&w, 0);
  wr_u16 (&w, 1);
  wr_zero (&w, 6);
  wr_bytes (&w, data + 12, q.question_end - 12);
  n = put_answers (server, &w, &q, &flags);
  wr_u16_at (&w, 2, (guint16) (flags | rcode_of (q.label)));
  wr_u16_at (&w, 6, (guint16) n);
  return wr_len (&w);
}

static void
serve_udp (DnsServer * server)
{
  struct sockaddr_storage from;
  socklen_t from_len = sizeof (from);
  guint8 in[4096], out[4096];
  ssize_t len = recvfrom (server->udp, in, sizeof (in), MSG_DONTWAIT,
      (struct sockaddr *) &from, &from_len);
  gsize answer;

  question q;

  if (len <= 0)
    return;
  g_atomic_int_inc (&server->n_udp);
  answer = make_answer (server, in, (gsize) len, out, sizeof (out));
  /* More than the 512 or 1232 octets that resolvers take: say so. */
  if (read_question (in, (gsize) len, &q) && (answer > 500 ||
          strcmp (q.label, "stuck") == 0)) {
    answer = q.question_end;
    out[2] |= 0x02;
    out[6] = out[7] = 0;
  }
  if (answer > 0)
    sendto (server->udp, out, answer, 0, (struct sockaddr *) &from, from_len);
}

/* One question; whoever wants to ask more connects again. */
static void
serve_tcp (DnsServer * server)
{
  guint8 in[4096], out[4098];
  int fd = accept4 (server->tcp, NULL, NULL, SOCK_CLOEXEC);
  question q;
  ssize_t len;
  gsize got = 0, answer;

  if (fd < 0)
    return;
  while (got < 2 || got < 2u + (in[0] << 8 | in[1])) {
    len = recv (fd, in + got, sizeof (in) - got, 0);
    if (len <= 0)
      break;
    got += (gsize) len;
  }
  g_atomic_int_inc (&server->n_tcp);
  if (got > 2 && read_question (in + 2, got - 2, &q) &&
      strcmp (q.label, "stuck") == 0) {
    if (server->stuck >= 0)
      close (server->stuck);
    server->stuck = fd;
    return;
  }
  answer = got > 2 ? make_answer (server, in + 2, got - 2, out + 2, 4096) : 0;
  out[0] = (guint8) (answer >> 8);
  out[1] = (guint8) answer;
  if (answer > 0 && send (fd, out, answer + 2, MSG_NOSIGNAL) < 0)
    g_debug ("the one who asked is gone");
  close (fd);
}

static gpointer
server_thread (gpointer data)
{
  DnsServer *server = data;

  for (;;) {
    struct pollfd fds[] = {
      {server->stop_fd, POLLIN, 0},
      {server->udp, POLLIN, 0},
      {server->tcp, POLLIN, 0},
    };

    if (poll (fds, G_N_ELEMENTS (fds), -1) < 0)
      continue;
    if (fds[0].revents)
      return NULL;
    if (fds[1].revents)
      serve_udp (server);
    if (fds[2].revents)
      serve_tcp (server);
  }
}

static int
open_socket (core_family family, int type, guint16 * port)
{
  struct sockaddr_in v4 = {.sin_family = AF_INET,.sin_port = htons (*port) };
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
    .sin6_port = htons (*port),.sin6_addr = IN6ADDR_LOOPBACK_INIT
  };
  struct sockaddr *addr = family == CORE_FAMILY_V4 ?
      (struct sockaddr *) &v4 : (struct sockaddr *) &v6;
  socklen_t len = family == CORE_FAMILY_V4 ? sizeof (v4) : sizeof (v6);
  int fd = socket (addr->sa_family, type | SOCK_CLOEXEC, 0);

  v4.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (fd < 0)
    return -1;
  if (bind (fd, addr, len) != 0 || getsockname (fd, addr, &len) != 0 ||
      (type == SOCK_STREAM && listen (fd, 16) != 0)) {
    close (fd);
    return -1;
  }
  *port = ntohs (family == CORE_FAMILY_V4 ? v4.sin_port : v6.sin6_port);
  return fd;
}

DnsServer *
dns_server_new (core_family family)
{
  DnsServer *server = g_new0 (DnsServer, 1);
  guint16 port = 0;

  server->udp = server->tcp = server->stuck = -1;
  /* A port that is free for the one need not be for the other. */
  for (guint i = 0; i < 20 && server->tcp < 0; i++) {
    port = 0;
    if (server->udp >= 0)
      close (server->udp);
    server->udp = open_socket (family, SOCK_DGRAM, &port);
    if (server->udp < 0)
      break;
    server->tcp = open_socket (family, SOCK_STREAM, &port);
  }
  if (server->tcp < 0) {
    g_free (server);
    return NULL;
  }
  server->address = g_strdup_printf (family == CORE_FAMILY_V4 ?
      "127.0.0.1:%u" : "[::1]:%u", port);
  server->stop_fd = eventfd (0, EFD_CLOEXEC);
  server->thread = g_thread_new ("dns-server", server_thread, server);
  return server;
}

void
dns_server_free (DnsServer * server)
{
  const guint64 one = 1;

  if (write (server->stop_fd, &one, sizeof (one)) < 0)
    g_error ("the server cannot be stopped");
  g_thread_join (server->thread);
  close (server->stop_fd);
  close (server->udp);
  close (server->tcp);
  if (server->stuck >= 0)
    close (server->stuck);
  g_free (server->address);
  g_free (server);
}

void
dns_server_set_dorms (DnsServer * server, guint16 port)
{
  g_atomic_int_set (&server->dorms_port, port);
}

const gchar *
dns_server_address (const DnsServer * server)
{
  return server->address;
}

guint
dns_server_count (DnsServer * server, gboolean tcp_only)
{
  return (guint) g_atomic_int_get (&server->n_tcp) + (tcp_only ? 0 :
      (guint) g_atomic_int_get (&server->n_udp));
}
