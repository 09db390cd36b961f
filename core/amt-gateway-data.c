/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The data path of the AMT gateway, and what it does when there is none.
 */
#include "amt-gateway-private.h"

#include <string.h>

const core_error amt_gateway_data_reasons[] = {
  CORE_ERR_TOO_SHORT,
  CORE_ERR_WRONG_SOURCE_ADDRESS,
  CORE_ERR_WRONG_SOURCE_PORT,
  CORE_ERR_INNER_TRUNCATED,
  CORE_ERR_INNER_VERSION,
  CORE_ERR_INNER_LENGTH_EXCEEDS,
  CORE_ERR_INNER_IP_CHECKSUM,
  CORE_ERR_INNER_DST_NOT_MULTICAST,
  CORE_ERR_GROUP_NOT_SUBSCRIBED,
  CORE_ERR_SOURCE_NOT_SUBSCRIBED,
  CORE_ERR_INNER_NOT_UDP,
  CORE_ERR_INNER_UDP_LENGTH,
  CORE_ERR_INNER_UDP_CHECKSUM,
  CORE_ERR_PORT_NOT_SUBSCRIBED,
  CORE_ERR_FRAGMENT_INVALID,
  CORE_ERR_FRAGMENT_LIMIT,
  CORE_ERR_FRAGMENT_TIMEOUT,
  CORE_OK
};

static int
drop_data (amt_gateway * gw, int reason)
{
  gw->stats.data_received++;
  gw->stats.data_dropped[-reason]++;
  return reason;
}

/* Counts datagrams that reassembly gave up since the last look. */
static void
count_incomplete (amt_gateway * gw)
{
  uint64_t evicted = ip_reassembly_evicted (gw->reassembly);
  uint64_t timed_out = ip_reassembly_timed_out (gw->reassembly);
  uint64_t new_evicted = evicted - gw->counted_evicted;
  uint64_t new_timed_out = timed_out - gw->counted_timed_out;

  gw->stats.data_received += new_evicted + new_timed_out;
  gw->stats.data_dropped[-CORE_ERR_FRAGMENT_LIMIT] += new_evicted;
  gw->stats.data_dropped[-CORE_ERR_FRAGMENT_TIMEOUT] += new_timed_out;
  gw->counted_evicted = evicted;
  gw->counted_timed_out = timed_out;
}

/* Which part of a (S,G) nobody wants.  The others of its group are around its
 * place in the order: looking no further keeps unwanted data cheap. */
static int
not_subscribed (const amt_gateway * gw, const gateway_key * key, unsigned pos)
{
  for (unsigned i = pos; i < gw->n_members &&
      core_ip_equal (&gw->members[i].key.group, &key->group); i++)
    if (gw->members[i].refs > 0)
      return CORE_ERR_SOURCE_NOT_SUBSCRIBED;
  for (unsigned i = pos; i-- > 0 &&
      core_ip_equal (&gw->members[i].key.group, &key->group);)
    if (gw->members[i].refs > 0)
      return CORE_ERR_SOURCE_NOT_SUBSCRIBED;
  return CORE_ERR_GROUP_NOT_SUBSCRIBED;
}

/* The channel of a member that takes the port, or -1.  One without a port
 * takes what no other one wants. */
static int
channel_for_port (const amt_gateway * gw, const gateway_member * m,
    uint16_t port, bool *learn)
{
  int learner = -1;

  for (int c = m->first_channel; c >= 0; c = gw->channels[c].next) {
    if (gw->channels[c].port == port) {
      *learn = false;
      return c;
    }
    if (gw->channels[c].port == 0)
      learner = c;
  }
  *learn = true;
  return learner;
}

static void
learn_port (amt_gateway * gw, int channel, uint16_t port)
{
  amt_gateway_event_info ev = {
    .type = AMT_EVENT_PORT_LEARNT,
    .relay = gw->reported_to,
    .channel = channel,
    .channel_port = port
  };

  gw->channels[channel].port = port;
  gateway_push_event (gw, &ev);
}

static void
note_data (amt_gateway * gw, size_t len)
{
  gw->stats.data_received++;
  gw->stats.data_accepted++;
  gw->stats.data_bytes += len;
  gw->stats.last_data = gw->now;
  gw->last_good = gw->now;

  /* Late data of a relay that is being left says nothing of the next one. */
  if (gw->told) {
    gw->data_seen = true;
    gw->silence = gw->config.silence_min;
    gw->silence_at = gateway_later (gw->now, gw->silence);
  }
}

/* Hands out a datagram of a channel. */
static int
hand_out (amt_gateway * gw, const uint8_t * data, const udp_datagram * udp,
    int channel, amt_view * view)
{
  note_data (gw, udp->payload_len);
  view->data = data + udp->payload;
  view->len = udp->payload_len;
  view->channel = channel;
  view->source_port = udp->src_port;
  return 1;
}

static int
deliver (amt_gateway * gw, const gateway_member * m, const uint8_t * payload,
    size_t len, amt_view * view)
{
  udp_datagram udp;
  bool learn;
  int channel;
  int ret = udp_parse (&m->key.source, &m->key.group, payload, len,
      !gw->config.no_verify_checksum, &udp);

  if (ret != CORE_OK)
    return drop_data (gw, ret);
  channel = channel_for_port (gw, m, udp.dst_port, &learn);
  /* Port 0 means "not known" to us and is no port one can send to. */
  if (channel < 0 || udp.dst_port == 0)
    return drop_data (gw, CORE_ERR_PORT_NOT_SUBSCRIBED);
  if (learn)
    learn_port (gw, channel, udp.dst_port);

  ipudp_expect (&gw->expected, &m->key.source, &m->key.group, udp.dst_port);
  gw->expected_channel = channel;
  return hand_out (gw, payload, &udp, channel, view);
}

static int
deliver_fragment (amt_gateway * gw, const gateway_member * m,
    const ip_packet * ip, const uint8_t * payload, amt_view * view)
{
  const uint8_t *whole;
  size_t whole_len;
  int ret;

  gw->stats.fragments_received++;
  ret = ip_reassembly_add (gw->reassembly, ip, payload, gw->now, &whole,
      &whole_len);
  count_incomplete (gw);
  if (ret < 0)
    return drop_data (gw, ret);
  if (ret == 0)
    return 0;
  view->reassembled = true;
  return deliver (gw, m, whole, whole_len, view);
}

int
gateway_receive_data (amt_gateway * gw, const core_addr * from,
    const uint8_t * data, size_t len, amt_view * view)
{
  ip_packet ip;
  udp_datagram udp;
  gateway_key key;
  const gateway_member *m;
  unsigned pos;
  int ret;

  if (len < AMT_DATA_HEADER)
    return drop_data (gw, CORE_ERR_TOO_SHORT);
  ret = gateway_check_source (from, &gw->reported_to);
  if (ret != CORE_OK)
    return drop_data (gw, ret);

  data += AMT_DATA_HEADER;
  if (ipudp_match (data, len - AMT_DATA_HEADER, &gw->expected,
          !gw->config.no_verify_checksum, &udp))
    return hand_out (gw, data, &udp, gw->expected_channel, view);
  ret = ip_parse (data, len - AMT_DATA_HEADER, &ip);
  if (ret != CORE_OK)
    return drop_data (gw, ret);
  if (!core_ip_is_multicast (&ip.dst))
    return drop_data (gw, CORE_ERR_INNER_DST_NOT_MULTICAST);

  key.group = ip.dst;
  key.source = ip.src;
  m = gateway_find_member (gw, &key, &pos);
  if (m == NULL || m->refs == 0)
    return drop_data (gw, not_subscribed (gw, &key, pos));
  if (ip.protocol != IP_PROTOCOL_UDP)
    return drop_data (gw, CORE_ERR_INNER_NOT_UDP);

  if (ip.fragment)
    return deliver_fragment (gw, m, &ip, data + ip.payload, view);
  return deliver (gw, m, data + ip.payload, ip.payload_len, view);
}

bool
gateway_data_is_fresh (const amt_gateway * gw)
{
  return gw->data_seen && gw->stats.last_data != CORE_TIME_NEVER &&
      gw->now - gw->stats.last_data < gw->config.silence_min;
}

/* The first silence is counted from the report that asked for data. */
void
gateway_arm_silence (amt_gateway * gw)
{
  gw->data_seen = false;
  gw->no_data_rounds = 0;
  gw->silence = gw->config.silence_min;
  gw->silence_at = gateway_later (gw->now, gw->silence);
}

/* Data came and stays away: is the relay still there? (RFC 8777 §3.3.4.1) */
static void
ask_about_silence (amt_gateway * gw)
{
  core_time next = gw->silence > gw->config.silence_max / 2 ?
      gw->config.silence_max : gw->silence * 2;

  gateway_relay_event (gw, AMT_EVENT_SILENT, AMT_LOST_NONE);
  gw->silence = next;
  gw->silence_at = gateway_later (gw->now, next);
  gateway_request_all (gw, false);
}

/* The relay answers but brings nothing. */
static void
doubt_relay (amt_gateway * gw)
{
  if (gateway_has_alternative (gw)) {
    gateway_lose (gw, AMT_LOST_NO_DATA);
    return;
  }
  gw->no_data_rounds++;
  gw->silence_at = gateway_later (gw->now, gateway_backoff (gw,
          gw->config.silence_min, gw->no_data_rounds, gw->config.silence_max));
  gateway_request_all (gw, false);
}

void
gateway_expire_data (amt_gateway * gw)
{
  ip_reassembly_expire (gw->reassembly, gw->now);
  count_incomplete (gw);

  if (gw->silence_at > gw->now)
    return;
  if (gw->data_seen)
    ask_about_silence (gw);
  else
    doubt_relay (gw);
}
