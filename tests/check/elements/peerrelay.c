/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A relay for tests.
 */
#include "peerrelay.h"

#include <errno.h>
#include <gst/check/gstcheck.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gstmcaddr.h"
#include "igmp.h"
#include "ipudp.h"
#include "mld.h"

#define DEADLINE (10 * G_TIME_SPAN_SECOND)

/* What the relay's thread calls asserts by other means than fail_unless (): it
 * outlives a test that fails, and libcheck's files. */
static core_ip
ip (const gchar * text)
{
  core_ip out;

  g_assert_true (core_ip_from_string (text, &out));
  return out;
}

static gint
family_of (const core_addr * addr)
{
  return addr->ip.family == CORE_FAMILY_V4 ? AF_INET : AF_INET6;
}

/* A socket at that address; its port is filled in if it was 0. */
static gint
open_socket (core_addr * local)
{
  gint family = family_of (local);
  gint fd = socket (family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_storage name;
  socklen_t len = gst_mc_addr_to_sockaddr (local, family, &name);
  gint size = 4 << 20;

  fail_unless (fd >= 0);
  setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof (size));
  fail_unless (bind (fd, (struct sockaddr *) &name, len) == 0, "%s",
      g_strerror (errno));
  fail_unless (getsockname (fd, (struct sockaddr *) &name, &len) == 0);
  fail_unless (gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len,
          local));
  return fd;
}

static void
send_to (gint fd, const core_addr * to, const void *data, gsize len)
{
  struct sockaddr_storage name;
  socklen_t name_len = gst_mc_addr_to_sockaddr (to, family_of (to), &name);

  /* A gateway that is gone answers by ICMP, which a later send tells. */
  for (gint i = 0; i < 3; i++)
    if (sendto (fd, data, len, 0, (struct sockaddr *) &name, name_len) >= 0 ||
        errno != ECONNREFUSED)
      return;
}

/* GST_WRITE_UINT16_BE () and its like want aligned memory. */
static void
put16 (guint8 * out, gsize value)
{
  out[0] = (guint8) (value >> 8);
  out[1] = (guint8) value;
}

static void
put32 (guint8 * out, guint32 value)
{
  put16 (out, value >> 16);
  put16 (out + 2, value & 0xffff);
}

static gboolean
has (PeerRelay * relay, PeerQuirk quirk)
{
  return (g_atomic_int_get (&relay->quirks) & (gint) quirk) != 0;
}

/*
 * Answers
 */

static void
make_mac (PeerRelay * relay, guint32 nonce, guint8 mac[AMT_MAC_LEN])
{
  for (guint i = 0; i < AMT_MAC_LEN; i++)
    mac[i] = (guint8) (nonce >> (i % 4 * 8)) ^
        (guint8) (relay->generation * 37 + i * 11);
}

static void
answer (PeerRelay * relay, const core_addr * to, const amt_message * msg)
{
  guint8 buf[512];
  amt_message reply = *msg;

  if (has (relay, PEER_WRONG_NONCE))
    reply.nonce ^= 0x80000000;
  if (relay->delay_ms > 0)
    g_usleep (relay->delay_ms * 1000);
  send_to (has (relay, PEER_WRONG_PORT) ? relay->wrong_fd : relay->fd, to, buf,
      amt_build (buf, sizeof (buf), &reply));
}

static gsize
build_igmp_query (PeerRelay * relay, guint8 * buf, gsize cap)
{
  group_query query = { 100, relay->qqic, 2 };
  gsize len = igmp_build_query (buf, cap, &query);
  guint16 sum;

  if (!has (relay, PEER_NO_ROUTER_ALERT))
    return len;
  g_assert_cmpint (buf[0], ==, 0x46);
  memmove (buf + 20, buf + 24, len - 24);
  len -= 4;
  buf[0] = 0x45;
  buf[3] = (guint8) len;
  buf[10] = buf[11] = 0;
  sum = ip_sum_finish (ip_sum (buf, 20, 0));
  put16 (buf + 10, sum);
  return len;
}

static gsize
build_mld_query (PeerRelay * relay, guint8 * buf, gsize cap)
{
  group_query query = { 100, relay->qqic, 2 };
  gsize len = mld_build_query (buf, cap, &query);
  guint8 *icmp = buf + 48;
  core_ip any = { CORE_FAMILY_V6, {0} }, to;
  guint16 sum;

  if (!has (relay, PEER_MLD_FROM_ANY))
    return len;
  g_assert_cmpuint (len, ==, 76);
  memset (buf + 8, 0, 16);
  to = core_ip_v6 (buf + 24);
  icmp[24] = 0x08;
  icmp[25] = 5;
  icmp[2] = icmp[3] = 0;
  sum = ip_sum_finish (ip_sum (icmp, 28, ip_pseudo_sum (&any, &to,
              IP_PROTOCOL_ICMPV6, 28)));
  put16 (icmp + 2, sum);
  return len;
}

static void
take_request (PeerRelay * relay, const core_addr * from, const guint8 * data,
    const amt_message * request)
{
  amt_message query = {.type = AMT_MEMBERSHIP_QUERY };
  core_addr seen = *from;
  guint8 inner[128];

  relay->heard.requests++;
  relay->heard.requests_p_rfc += (data[1] & 0x01) != 0;
  relay->heard.requests_p_linux += (data[1] & 0x80) != 0;
  relay->gateway = *from;
  if (has (relay, PEER_SILENT) ||
      (has (relay, PEER_LINUX_P) && (data[1] & 0x7f) != 0))
    return;

  query.nonce = request->nonce;
  make_mac (relay, request->nonce, query.mac);
  query.limit = has (relay, PEER_LIMIT);
  query.has_gateway = has (relay, PEER_TRAILER);
  if (has (relay, PEER_MOVED))
    seen.port ^= 1;
  amt_gateway_field_set (&query.gateway, &seen);
  query.inner = inner;
  query.inner_len = (data[1] & 0x81) != 0 ?
      build_mld_query (relay, inner, sizeof (inner)) :
      build_igmp_query (relay, inner, sizeof (inner));
  answer (relay, from, &query);
}

static void
take_record (PeerRelay * relay, const core_addr * from,
    const group_record * record)
{
  core_ip source = ip (relay->flow.source), group = ip (relay->flow.group);
  gboolean ours = FALSE;

  if (!core_ip_equal (&record->group, &group))
    return;
  for (guint i = 0; i < record->n_sources; i++) {
    core_ip s = group_record_source (record, i);

    ours |= core_ip_equal (&s, &source);
  }
  if (!ours)
    return;
  switch (record->type) {
    case GROUP_ALLOW_NEW_SOURCES:
      relay->heard.allows++;
      relay->joined = TRUE;
      break;
    case GROUP_MODE_IS_INCLUDE:
      relay->heard.is_ins++;
      relay->joined = TRUE;
      break;
    case GROUP_BLOCK_OLD_SOURCES:
      relay->heard.blocks++;
      relay->joined = FALSE;
      break;
    default:
      relay->heard.bad++;
  }
}

static void
take_update (PeerRelay * relay, const core_addr * from,
    const amt_message * update)
{
  guint8 mac[AMT_MAC_LEN], scratch[MAX ((int) IGMP_SCRATCH, (int) MLD_SCRATCH)];
  group_report report;
  group_record record;
  size_t pos = 0;
  gint ret;

  make_mac (relay, update->nonce, mac);
  if (memcmp (mac, update->mac, AMT_MAC_LEN) != 0 || update->inner_len == 0) {
    relay->heard.bad++;
    return;
  }
  ret = update->inner[0] >> 4 == 4 ?
      igmp_parse_report (update->inner, update->inner_len, scratch, &report) :
      mld_parse_report (update->inner, update->inner_len, scratch, &report);
  if (ret != CORE_OK) {
    relay->heard.bad++;
    return;
  }
  relay->heard.updates++;
  relay->gateway = *from;
  if (has (relay, PEER_SILENT))
    return;
  while (group_report_next (&report, &pos, &record))
    take_record (relay, from, &record);
}

static void
take_teardown (PeerRelay * relay, const core_addr * from,
    const amt_message * teardown)
{
  guint8 mac[AMT_MAC_LEN];
  core_addr told = amt_gateway_field_get (&teardown->gateway);

  make_mac (relay, teardown->nonce, mac);
  if (memcmp (mac, teardown->mac, AMT_MAC_LEN) == 0 &&
      core_ip_equal (&told.ip, &from->ip))
    relay->heard.teardowns++;
  else
    relay->heard.bad++;
}

static void
take (PeerRelay * relay, const core_addr * from, const guint8 * data, gsize len)
{
  amt_message msg, reply = {.type = AMT_RELAY_ADVERTISEMENT };

  if (amt_parse (data, len, &msg) != CORE_OK) {
    relay->heard.bad++;
    return;
  }
  switch (msg.type) {
    case AMT_RELAY_DISCOVERY:
      relay->heard.discoveries++;
      reply.nonce = msg.nonce;
      reply.relay = relay->advertised.ip;
      if (!has (relay, PEER_SILENT))
        answer (relay, from, &reply);
      break;
    case AMT_REQUEST:
      take_request (relay, from, data, &msg);
      break;
    case AMT_MEMBERSHIP_UPDATE:
      take_update (relay, from, &msg);
      break;
    case AMT_TEARDOWN:
      take_teardown (relay, from, &msg);
      break;
    default:
      relay->heard.bad++;
  }
}

/*
 * Its thread
 */

static void
send_load (PeerRelay * relay)
{
  guint n = (guint) g_atomic_int_get (&relay->load);
  gsize len = (gsize) g_atomic_int_get (&relay->load_len);
  guint8 buf[4096];

  if (!relay->joined || has (relay, PEER_SILENT) || has (relay, PEER_NO_DATA))
    return;
  while (n-- > 0)
    send_to (relay->fd, &relay->gateway, buf,
        peer_message (buf, &relay->flow, relay->seq++, len));
}

static gpointer
run (gpointer data)
{
  PeerRelay *relay = data;
  struct pollfd pfds[] = { {relay->fd, POLLIN, 0}, {relay->wake_fd, POLLIN, 0}
  };
  gint64 next = 0;

  for (;;) {
    gboolean loaded = g_atomic_int_get (&relay->load) > 0;
    struct sockaddr_storage name;
    socklen_t name_len = sizeof (name);
    guint8 buf[2048];
    core_addr from;
    gssize n = -1;
    guint64 count;

    poll (pfds, 2, loaded ? 1 : -1);
    if (pfds[1].revents != 0)
      (void) !read (relay->wake_fd, &count, sizeof (count));
    if (pfds[0].revents != 0)
      n = recvfrom (relay->fd, buf, sizeof (buf), MSG_DONTWAIT,
          (struct sockaddr *) &name, &name_len);

    g_mutex_lock (&relay->lock);
    if (relay->stop) {
      g_mutex_unlock (&relay->lock);
      return NULL;
    }
    if (n >= 0 && gst_mc_addr_from_sockaddr ((struct sockaddr *) &name,
            name_len, &from))
      take (relay, &from, buf, (gsize) n);
    if (loaded && g_get_monotonic_time () >= next) {
      next = g_get_monotonic_time () + 1000;
      send_load (relay);
    }
    g_cond_broadcast (&relay->cond);
    g_mutex_unlock (&relay->lock);
  }
}

static void
wake (PeerRelay * relay)
{
  guint64 one = 1;

  (void) !write (relay->wake_fd, &one, sizeof (one));
}

void
peer_relay_kill (PeerRelay * relay)
{
  if (relay->thread == NULL)
    return;
  g_mutex_lock (&relay->lock);
  relay->stop = TRUE;
  g_mutex_unlock (&relay->lock);
  wake (relay);
  g_thread_join (relay->thread);
  relay->thread = NULL;
  close (relay->fd);
  relay->fd = -1;
  peer_relay_forget (relay);
}

void
peer_relay_revive (PeerRelay * relay)
{
  relay->fd = open_socket (&relay->addr);
  relay->stop = FALSE;
  relay->thread = g_thread_new ("peer-relay", run, relay);
}

void
peer_relay_open_at (PeerRelay * relay, const gchar * address, guint16 port,
    const PeerFlow * flow)
{
  core_addr elsewhere = { 0 };

  memset (relay, 0, sizeof (*relay));
  g_mutex_init (&relay->lock);
  g_cond_init (&relay->cond);
  relay->flow = *flow;
  relay->qqic = 125;
  relay->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  relay->addr.ip = ip (address);
  relay->addr.port = port;
  elsewhere.ip = relay->addr.ip;
  relay->wrong_fd = open_socket (&elsewhere);
  peer_relay_revive (relay);
  relay->advertised = relay->addr;
}

void
peer_relay_open (PeerRelay * relay, const gchar * address,
    const PeerFlow * flow)
{
  peer_relay_open_at (relay, address, 0, flow);
}

void
peer_relay_close (PeerRelay * relay)
{
  peer_relay_kill (relay);
  close (relay->wrong_fd);
  close (relay->wake_fd);
  g_mutex_clear (&relay->lock);
  g_cond_clear (&relay->cond);
}

void
peer_relay_forget (PeerRelay * relay)
{
  g_mutex_lock (&relay->lock);
  relay->generation++;
  relay->joined = FALSE;
  g_mutex_unlock (&relay->lock);
}

void
peer_relay_set (PeerRelay * relay, PeerQuirk quirk, gboolean on)
{
  if (on)
    g_atomic_int_or (&relay->quirks, quirk);
  else
    g_atomic_int_and (&relay->quirks, ~(guint) quirk);
}

/*
 * Questions
 */

gchar *
peer_relay_name (const PeerRelay * relay)
{
  gchar text[CORE_ADDR_TEXT_MAX];

  return g_strdup (core_addr_to_string (&relay->addr, text));
}

guint16
peer_relay_port (const PeerRelay * relay)
{
  return relay->addr.port;
}

PeerHeard
peer_relay_heard (PeerRelay * relay)
{
  PeerHeard heard;

  g_mutex_lock (&relay->lock);
  heard = relay->heard;
  g_mutex_unlock (&relay->lock);
  return heard;
}

gboolean
peer_relay_is_joined (PeerRelay * relay)
{
  gboolean joined;

  g_mutex_lock (&relay->lock);
  joined = relay->joined;
  g_mutex_unlock (&relay->lock);
  return joined;
}

void
peer_relay_wait_joined (PeerRelay * relay, gboolean joined)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&relay->lock);
  while (relay->joined != joined)
    fail_unless (g_cond_wait_until (&relay->cond, &relay->lock, end),
        "the relay has still %s", joined ? "no gateway" : "a gateway");
  g_mutex_unlock (&relay->lock);
}

void
peer_relay_wait_requests (PeerRelay * relay, guint at_least)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&relay->lock);
  while (relay->heard.requests < at_least)
    fail_unless (g_cond_wait_until (&relay->cond, &relay->lock, end),
        "only %u Requests came", relay->heard.requests);
  g_mutex_unlock (&relay->lock);
}

/*
 * Data
 */

void
peer_relay_load (PeerRelay * relay, guint per_ms, guint len)
{
  g_atomic_int_set (&relay->load_len, (gint) len);
  g_atomic_int_set (&relay->load, (gint) per_ms);
  wake (relay);
}

guint32
peer_relay_get_seq (PeerRelay * relay)
{
  guint32 seq;

  g_mutex_lock (&relay->lock);
  seq = relay->seq;
  g_mutex_unlock (&relay->lock);
  return seq;
}

void
peer_payload (guint8 * out, guint32 seq, gsize len)
{
  put32 (out, seq);
  for (gsize i = 4; i < len; i++)
    out[i] = (guint8) (seq * 31 + i * 7);
}

static ipudp_flow
flow_of (const PeerFlow * flow)
{
  ipudp_flow out = { ip (flow->source), ip (flow->group), flow->source_port,
    flow->port, 30, 0
  };

  return out;
}

gsize
peer_message_udp (const PeerFlow * flow)
{
  return AMT_DATA_HEADER + (ip (flow->group).family == CORE_FAMILY_V4 ?
      IP_V4_HEADER : IP_V6_HEADER);
}

gsize
peer_message (guint8 * out, const PeerFlow * flow, guint32 seq, gsize len)
{
  ipudp_flow f = flow_of (flow);
  gsize header = AMT_DATA_HEADER + ipudp_header_len (&f);

  out[0] = AMT_MULTICAST_DATA;
  out[1] = 0;
  if (len >= 4)
    peer_payload (out + header, seq, len);
  g_assert_true (ipudp_build_header (out + AMT_DATA_HEADER, IPUDP_HEADER_MAX,
          &f, out + header, len) > 0);
  return header + len;
}

void
peer_relay_send_raw (PeerRelay * relay, const void *data, gsize len)
{
  core_addr to;

  g_mutex_lock (&relay->lock);
  to = relay->gateway;
  g_mutex_unlock (&relay->lock);
  send_to (relay->fd, &to, data, len);
}

void
peer_relay_send (PeerRelay * relay, guint32 seq, gsize len)
{
  guint8 *buf = g_malloc (PEER_MESSAGE_MAX);

  peer_relay_send_raw (relay, buf, peer_message (buf, &relay->flow, seq, len));
  g_free (buf);
}

void
peer_relay_send_joined (PeerRelay * relay, guint32 seq, guint n, gsize len,
    gint64 damaged)
{
  guint8 *buf = g_malloc (2 * PEER_MESSAGE_MAX);
  gsize size = 0;
  int segment, none = 0;

  for (guint i = 0; i < n; i++) {
    gsize end = (i + 1) * peer_message (buf + i * size, &relay->flow,
        seq + i, len);

    fail_unless (end <= PEER_MESSAGE_MAX);
    if (seq + i == damaged)
      buf[end - 1] ^= 0x10;
    size = end / (i + 1);
  }
  segment = (int) size;
  fail_unless (setsockopt (relay->fd, SOL_UDP, UDP_SEGMENT, &segment,
          sizeof (segment)) == 0);
  peer_relay_send_raw (relay, buf, n * size);
  setsockopt (relay->fd, SOL_UDP, UDP_SEGMENT, &none, sizeof (none));
  g_free (buf);
}

/* One fragment of the IP payload [offset, offset + len) of whole. */
static gsize
build_fragment (guint8 * out, const guint8 * whole, guint32 ident,
    gsize offset, gsize len, gboolean more)
{
  gboolean v4 = whole[0] >> 4 == 4;
  gsize header = v4 ? IP_V4_HEADER : IP_V6_HEADER;
  guint8 *p = out + AMT_DATA_HEADER;

  out[0] = AMT_MULTICAST_DATA;
  out[1] = 0;
  memcpy (p, whole, header);
  if (v4) {
    put16 (p + 2, header + len);
    put16 (p + 4, ident);
    put16 (p + 6, (more ? 0x2000 : 0) | offset / 8);
    put16 (p + 10, 0);
    put16 (p + 10, ip_sum_finish (ip_sum (p, header, 0)));
  } else {
    put16 (p + 4, 8 + len);
    p[header] = p[6];
    p[6] = 44;
    p[header + 1] = 0;
    put16 (p + header + 2, offset | (more ? 1 : 0));
    put32 (p + header + 4, ident);
    header += 8;
  }
  memcpy (p + header, whole + (v4 ? IP_V4_HEADER : IP_V6_HEADER) + offset, len);
  return AMT_DATA_HEADER + header + len;
}

void
peer_relay_send_fragments (PeerRelay * relay, guint32 seq, gsize len,
    gsize piece, gboolean reverse, gint skip)
{
  guint8 *whole = g_malloc (PEER_MESSAGE_MAX);
  guint8 *out = g_malloc (PEER_MESSAGE_MAX);
  gsize header = peer_message_udp (&relay->flow);
  gsize total = peer_message (whole, &relay->flow, seq, len) - header;
  guint n = (guint) ((total + piece - 1) / piece);

  for (guint i = 0; i < n; i++) {
    guint which = reverse ? n - 1 - i : i;
    gsize offset = which * piece;

    if (skip == (gint) which)
      continue;
    peer_relay_send_raw (relay, out, build_fragment (out,
            whole + AMT_DATA_HEADER, seq, offset, MIN (piece, total - offset),
            offset + piece < total));
  }
  g_free (whole);
  g_free (out);
}

void
peer_relay_forge (PeerRelay * relay, const gchar * address, const void *data,
    gsize len)
{
  core_addr local = { 0 }, to;
  gint fd;

  g_mutex_lock (&relay->lock);
  to = relay->gateway;
  g_mutex_unlock (&relay->lock);
  local.ip = ip (address);
  fd = open_socket (&local);
  send_to (fd, &to, data, len);
  close (fd);
}
