/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A gateway for tests.
 */
#include "peergateway.h"

#include <gst/check/gstcheck.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gstmcaddr.h"
#include "igmp.h"
#include "mld.h"

#define ANSWER_MS 5000

static core_ip
ip (const gchar * text)
{
  core_ip out;

  fail_unless (core_ip_from_string (text, &out), "%s", text);
  return out;
}

static gint
peer_family (const PeerGateway * peer)
{
  return peer->relay.ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6;
}

void
peer_open (PeerGateway * peer, const gchar * relay, guint port)
{
  struct sockaddr_storage name;
  socklen_t len;

  memset (peer, 0, sizeof (*peer));
  peer->relay.ip = ip (relay);
  peer->relay.port = (uint16_t) port;
  peer->nonce = 0x01020304;
  peer->fd = socket (peer_family (peer), SOCK_DGRAM | SOCK_CLOEXEC, 0);
  fail_unless (peer->fd >= 0);

  peer->local.ip = ip (peer_family (peer) == AF_INET ? "127.0.0.1" : "::1");
  len = gst_mc_addr_to_sockaddr (&peer->local, peer_family (peer), &name);
  fail_unless (bind (peer->fd, (struct sockaddr *) &name, len) == 0);
  fail_unless (getsockname (peer->fd, (struct sockaddr *) &name, &len) == 0);
  fail_unless (gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len,
          &peer->local));
}

void
peer_close (PeerGateway * peer)
{
  close (peer->fd);
}

void
peer_connect (PeerGateway * peer)
{
  struct sockaddr_storage name;
  socklen_t len =
      gst_mc_addr_to_sockaddr (&peer->relay, peer_family (peer), &name);

  fail_unless (connect (peer->fd, (struct sockaddr *) &name, len) == 0);
}

void
peer_send (PeerGateway * peer, const void *data, gsize len)
{
  struct sockaddr_storage name;
  socklen_t name_len =
      gst_mc_addr_to_sockaddr (&peer->relay, peer_family (peer), &name);

  fail_unless_equals_int (sendto (peer->fd, data, len, 0,
          (struct sockaddr *) &name, name_len), (gint) len);
}

gsize
peer_receive (PeerGateway * peer, guint8 * buf, gsize cap, guint timeout_ms)
{
  struct pollfd pfd = { peer->fd, POLLIN, 0 };
  struct sockaddr_storage name;
  socklen_t name_len = sizeof (name);
  core_addr from;
  gssize n;

  if (poll (&pfd, 1, (gint) timeout_ms) != 1)
    return 0;
  n = recvfrom (peer->fd, buf, cap, 0, (struct sockaddr *) &name, &name_len);
  fail_unless (n > 0);
  fail_unless (gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, name_len,
          &from));
  fail_unless (core_addr_equal (&from, &peer->relay));
  return (gsize) n;
}

void
peer_handshake (PeerGateway * peer, gboolean mld)
{
  amt_message request = {.type = AMT_REQUEST };
  amt_message query;
  group_query general;
  guint8 buf[2048];
  gsize len;

  request.nonce = ++peer->nonce;
  request.p = mld ? AMT_P_RFC : AMT_P_NONE;
  len = amt_build (buf, sizeof (buf), &request);
  peer_send (peer, buf, len);

  /* Data of channels joined before may come first. */
  do {
    len = peer_receive (peer, buf, sizeof (buf), ANSWER_MS);
    fail_unless (len > 0, "no Membership Query");
  } while (amt_peek_type (buf, len) == AMT_MULTICAST_DATA);
  fail_unless_equals_int (amt_parse (buf, len, &query), CORE_OK);
  fail_unless_equals_int (query.type, AMT_MEMBERSHIP_QUERY);
  fail_unless_equals_int (query.nonce, peer->nonce);
  fail_unless_equals_int (mld ?
      mld_parse_query (query.inner, query.inner_len, &general) :
      igmp_parse_query (query.inner, query.inner_len, &general), CORE_OK);
  memcpy (peer->mac, query.mac, AMT_MAC_LEN);
  peer->limit = query.limit;
}

void
peer_update (PeerGateway * peer, group_record_type type, const gchar * source,
    const gchar * group)
{
  core_ip src = ip (source);
  group_record_out record = { type, ip (group), &src, 1 };
  amt_message update = {.type = AMT_MEMBERSHIP_UPDATE };
  guint8 report[256], buf[512];

  update.nonce = peer->nonce;
  memcpy (update.mac, peer->mac, AMT_MAC_LEN);
  update.inner = report;
  update.inner_len = src.family == CORE_FAMILY_V4 ?
      igmp_build_report (report, sizeof (report), &record, 1) :
      mld_build_report (report, sizeof (report), &record, 1);
  peer_send (peer, buf, amt_build (buf, sizeof (buf), &update));
}

void
peer_join (PeerGateway * peer, const gchar * source, const gchar * group)
{
  core_ip g = ip (group);

  peer_handshake (peer, g.family == CORE_FAMILY_V6);
  peer_update (peer, GROUP_ALLOW_NEW_SOURCES, source, group);
}

void
peer_leave (PeerGateway * peer, const gchar * source, const gchar * group)
{
  peer_update (peer, GROUP_BLOCK_OLD_SOURCES, source, group);
}

void
peer_expect (PeerGateway * peer, const PeerChannel * channel,
    const guint8 * payload, gsize len)
{
  core_ip source = ip (channel->source), group = ip (channel->group);
  static guint8 buf[65536];
  gsize n = peer_receive (peer, buf, sizeof (buf), ANSWER_MS);
  amt_message data;
  ip_packet packet;
  udp_datagram udp;

  fail_unless (n > 0, "no data");
  fail_unless_equals_int (amt_parse (buf, n, &data), CORE_OK);
  fail_unless_equals_int (data.type, AMT_MULTICAST_DATA);
  fail_unless_equals_int (buf[1], 0);
  fail_unless_equals_int (ip_parse (data.inner, data.inner_len, &packet),
      CORE_OK);
  fail_unless_equals_int (packet.total_len, data.inner_len);
  fail_unless (core_ip_equal (&packet.src, &source));
  fail_unless (core_ip_equal (&packet.dst, &group));
  fail_unless_equals_int (packet.protocol, IP_PROTOCOL_UDP);
  fail_unless_equals_int (packet.tos, channel->tos);
  fail_unless_equals_int (udp_parse (&source, &group,
          data.inner + packet.payload, packet.payload_len, true, &udp),
      CORE_OK);
  fail_unless_equals_int (udp.src_port, channel->source_port);
  fail_unless_equals_int (udp.dst_port, channel->port);
  fail_unless_equals_int (udp.payload_len, len);
  fail_unless (memcmp (data.inner + packet.payload + udp.payload, payload,
          len) == 0);
}

void
peer_expect_silence (PeerGateway * peer, guint ms)
{
  guint8 buf[2048];

  fail_unless_equals_int (peer_receive (peer, buf, sizeof (buf), ms), 0);
}
