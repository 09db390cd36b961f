/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Sends MPEG-TS datagrams at a given rate: to an address, or through AMT to
 * whoever joins.
 *
 *   bench-send KEY=VALUE...
 *
 *   from=ADDRESS       local address; the relay's when there is a source
 *   to=ADDRESS port=N  unicast or multicast
 *   source=ADDRESS group=ADDRESS port=N   a channel that is sent by AMT to
 *                      wait-gateways=N gateways
 *   manifests=FILE     make all datagrams differ, and write their AMBI manifests
 *                      there first; only by AMT
 *   rate= count= burst= payload= gso=0|1 checksum=0|1
 *
 * Says "relay-port=N" when gateways may come, sends when a line can be read
 * from its input, and says what it has sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amt-relay.h"
#include "bench-send.h"
#include "gstmcaddr.h"
#include "ipudp.h"

#define SEND_BUFFER (8 * 1024 * 1024)
#define TARGETS_MAX 1024

typedef struct
{
  BenchPace pace;
  core_addr from;
  core_addr to;
  ipudp_flow channel;           /* no source: no AMT */
  gsize payload;
  guint64 gateways;
  gboolean checksum;
  gchar *manifests;

  core_addr local;              /* what the socket is bound to */
  amt_relay *relay;
} Sender;

static void
parse_ip (const gchar * text, core_ip * out)
{
  if (!core_ip_from_string (text, out))
    g_error ("\"%s\" is no address", text);
}

static void
set_option (Sender * s, const gchar * key, const gchar * value)
{
  guint64 number = g_ascii_strtoull (value, NULL, 10);

  if (g_str_equal (key, "from")) {
    parse_ip (value, &s->from.ip);
  } else if (g_str_equal (key, "to")) {
    parse_ip (value, &s->to.ip);
  } else if (g_str_equal (key, "source")) {
    parse_ip (value, &s->channel.src);
  } else if (g_str_equal (key, "group")) {
    parse_ip (value, &s->channel.dst);
  } else if (g_str_equal (key, "port")) {
    s->to.port = s->channel.dst_port = s->channel.src_port = (guint16) number;
  } else if (g_str_equal (key, "manifests")) {
    s->manifests = g_strdup (value);
  } else if (g_str_equal (key, "wait-gateways")) {
    s->gateways = number;
  } else if (g_str_equal (key, "rate")) {
    s->pace.rate = MAX (number, 1);
  } else if (g_str_equal (key, "count")) {
    s->pace.count = number;
  } else if (g_str_equal (key, "burst")) {
    s->pace.burst = (guint) number;
  } else if (g_str_equal (key, "payload")) {
    s->payload = (gsize) number;
  } else if (g_str_equal (key, "gso")) {
    s->pace.gso = number != 0;
  } else if (g_str_equal (key, "checksum")) {
    s->checksum = number != 0;
  } else {
    g_error ("\"%s\" is not understood", key);
  }
}

static void
parse (Sender * s, int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    g_auto (GStrv) pair = g_strsplit (argv[i], "=", 2);

    if (pair[0] == NULL || pair[1] == NULL)
      g_error ("\"%s\" is not KEY=VALUE", argv[i]);
    set_option (s, pair[0], pair[1]);
  }
}

static gboolean
by_amt (const Sender * s)
{
  return s->channel.src.family != CORE_FAMILY_NONE;
}

static void
open_socket (Sender * s)
{
  int family = s->from.ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6;
  int size = SEND_BUFFER, one = 1;
  struct sockaddr_storage sa;
  socklen_t len = gst_mc_addr_to_sockaddr (&s->from, family, &sa);

  s->pace.fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (s->pace.fd < 0 || bind (s->pace.fd, (struct sockaddr *) &sa, len) != 0)
    g_error ("bind: %s", g_strerror (errno));
  setsockopt (s->pace.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof (size));
  if (!s->checksum)
    setsockopt (s->pace.fd, SOL_SOCKET, SO_NO_CHECK, &one, sizeof (one));
  len = sizeof (sa);
  getsockname (s->pace.fd, (struct sockaddr *) &sa, &len);
  gst_mc_addr_from_sockaddr ((struct sockaddr *) &sa, len, &s->local);
}

/* Puts the headers of the tunnel before each payload of the ring. */
static void
encapsulate (Sender * s, BenchRing * ring, gsize head)
{
  for (guint i = 0; i < ring->n; i++) {
    guint8 *datagram = ring->data + i * ring->size;

    datagram[0] = AMT_MULTICAST_DATA;
    if (ipudp_build_header (datagram + AMT_DATA_HEADER, head - AMT_DATA_HEADER,
            &s->channel, datagram + head, ring->size - head) == 0)
      g_error ("the channel cannot be sent");
  }
}

/* Takes what gateways sent, for up to 10 ms, and answers. */
static void
serve (Sender * s)
{
  struct pollfd pollfd = { s->pace.fd, POLLIN, 0 };
  struct sockaddr_storage sa;
  socklen_t len = sizeof (sa);
  guint8 buf[2048];
  core_addr from, local;
  core_time now;
  ssize_t n;
  size_t out;

  if (poll (&pollfd, 1, 10) == 1 && (n = recvfrom (s->pace.fd, buf,
              sizeof (buf), MSG_DONTWAIT, (struct sockaddr *) &sa, &len)) > 0) {
    gst_mc_addr_from_sockaddr ((struct sockaddr *) &sa, len, &from);
    amt_relay_receive (s->relay, &from, &s->local, buf, (size_t) n,
        gst_mc_now ());
  }
  now = gst_mc_now ();
  amt_relay_expire (s->relay, now);
  while ((out = amt_relay_send (s->relay, buf, sizeof (buf), &from, &local,
              now)) > 0) {
    len = gst_mc_addr_to_sockaddr (&from,
        s->local.ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6, &sa);
    sendto (s->pace.fd, buf, out, 0, (struct sockaddr *) &sa, len);
  }
}

/* Waits until enough gateways have joined; returns where they are. */
static guint
wait_for_gateways (Sender * s, struct sockaddr_storage *to)
{
  static amt_relay_target targets[TARGETS_MAX];
  amt_relay_config config = {.random = gst_mc_random };
  guint n;

  if (amt_relay_new (&s->relay, &config, gst_mc_now ()) != CORE_OK)
    g_error ("no relay");
  printf ("relay-port=%u\n", s->local.port);
  do {
    serve (s);
    n = (guint) amt_relay_targets (s->relay, &s->channel.src, &s->channel.dst,
        targets, TARGETS_MAX);
  } while (n < s->gateways);
  n = MIN (n, TARGETS_MAX);
  for (guint i = 0; i < n; i++)
    gst_mc_addr_to_sockaddr (&targets[i].gateway,
        s->local.ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6, &to[i]);
  return n;
}

static guint
set_destination (Sender * s, struct sockaddr_storage *to)
{
  int family = s->to.ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6;

  if (by_amt (s))
    return wait_for_gateways (s, to);
  if (gst_mc_addr_to_sockaddr (&s->to, family, to) == 0)
    g_error ("nowhere to send to");
  return 1;
}

static void
write_manifests (const Sender * s, const BenchRing * ring, gsize head)
{
  const core_addr from = { s->channel.src, s->channel.src_port, 0 };
  const core_addr to = { s->channel.dst, s->channel.dst_port, 0 };

  bench_write_manifests (s->manifests, ring, head, &from, &to);
}

int
main (int argc, char **argv)
{
  static struct sockaddr_storage to[TARGETS_MAX];
  Sender s = {
    .pace = {.gso = TRUE,.rate = 100000,.count = 100000,.burst =
          BENCH_BURST_MAX},
    .payload = 1316,
    .gateways = 1,
    .checksum = TRUE
  };
  BenchRing ring;
  BenchSent sent;
  gsize head;
  gchar line[16];
  guint n_to;

  setvbuf (stdout, NULL, _IOLBF, 0);
  parse (&s, argc, argv);
  s.channel.ttl = 64;
  head = by_amt (&s) ? AMT_DATA_HEADER + ipudp_header_len (&s.channel) : 0;
  bench_ring_init (&ring, head, s.payload,
      s.manifests ? (guint) s.pace.count : 0);
  if (by_amt (&s))
    encapsulate (&s, &ring, head);
  if (s.manifests)
    write_manifests (&s, &ring, head);
  open_socket (&s);
  n_to = set_destination (&s, to);

  printf ("ready\n");
  if (fgets (line, sizeof (line), stdin) == NULL)
    return EXIT_FAILURE;
  bench_pace (&s.pace, &ring, to, n_to, &sent);
  printf ("{\"sent\": %" G_GUINT64_FORMAT ", \"refused\": %" G_GUINT64_FORMAT
      ", \"bursts-late\": %" G_GUINT64_FORMAT ", \"seconds\": %.6f}\n",
      sent.sent, sent.refused, sent.bursts_late, sent.seconds);

  amt_relay_free (s.relay);
  bench_ring_clear (&ring);
  g_free (s.manifests);
  close (s.pace.fd);
  return EXIT_SUCCESS;
}
