/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Discovery and Requests of the AMT gateway, and what comes in answer
 * (RFC 7450 §5.2.3.4, §5.2.3.5).
 */
#include "amt-gateway-private.h"

#include "igmp.h"
#include "mld.h"

#include <string.h>

const core_error amt_gateway_control_reasons[] = {
  CORE_ERR_TOO_SHORT,
  CORE_ERR_BAD_VERSION,
  CORE_ERR_UNEXPECTED_TYPE,
  CORE_ERR_BAD_LENGTH,
  CORE_ERR_NOT_WAITING,
  CORE_ERR_WRONG_SOURCE_ADDRESS,
  CORE_ERR_WRONG_SOURCE_PORT,
  CORE_ERR_NONCE_MISMATCH,
  CORE_ERR_FAMILY_MISMATCH,
  CORE_ERR_RELAY_ADDRESS_NOT_UNICAST,
  CORE_ERR_INNER_TRUNCATED,
  CORE_ERR_INNER_VERSION,
  CORE_ERR_INNER_LENGTH_EXCEEDS,
  CORE_ERR_INNER_IP_CHECKSUM,
  CORE_ERR_INNER_PROTOCOL_MISMATCH,
  CORE_ERR_INNER_FRAGMENT,
  CORE_ERR_INNER_CHECKSUM,
  CORE_ERR_INNER_NOT_QUERY,
  CORE_ERR_NOT_V3_QUERY,
  CORE_ERR_NOT_V2_QUERY,
  CORE_ERR_NOT_GENERAL_QUERY,
  CORE_OK
};

/* Wait after the n-th unanswered try, counted from 0. */
static core_time
retry_time (amt_gateway * gw, unsigned n)
{
  return gateway_later (gw->now, gateway_backoff (gw, GATEWAY_T0, n,
          GATEWAY_TMAX));
}

static amt_lost_reason
silence_reason (const amt_gateway * gw)
{
  return gw->icmp_seen ? AMT_LOST_UNREACHABLE : AMT_LOST_NO_ANSWER;
}

void
gateway_start_discovery (amt_gateway * gw)
{
  bool again = gw->discovery_waiting;

  gw->discovery_nonce = gateway_new_nonce (gw);
  gw->discovery_due = true;
  gw->discovery_waiting = true;
  gw->discovery_tries = 0;
  gw->retry_at = CORE_TIME_NEVER;
  gw->icmp_seen = false;
  gateway_set_state (gw, AMT_GATEWAY_DISCOVER, &gw->in_use.where.addr);
  if (!again)
    gateway_relay_event (gw, AMT_EVENT_CONNECTING, AMT_LOST_NONE);
}

size_t
gateway_send_discovery (amt_gateway * gw, uint8_t * buf, size_t cap,
    core_addr * to)
{
  amt_message msg = {.type = AMT_RELAY_DISCOVERY };

  if (!gw->discovery_due)
    return 0;
  gw->discovery_due = false;
  gw->retry_at = retry_time (gw, gw->discovery_tries++);
  msg.nonce = gw->discovery_nonce;
  *to = gw->in_use.where.addr;
  return amt_build (buf, cap, &msg);
}

void
gateway_begin_relay (amt_gateway * gw, const core_addr * relay)
{
  bool same = gateway_same_endpoint (relay, &gw->reported_to);

  if (!same) {
    gateway_say_farewell (gw, false);
    gateway_forget_reported (gw);
  }
  if (!gateway_same_endpoint (relay, &gw->relay))
    gw->mld_unanswered = 0;
  gw->relay = *relay;
  gw->connected = false;
  gw->told = false;
  gw->data_seen = false;
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    gw->protocols[i].failed = false;
    gw->protocols[i].idle_rounds = 0;
  }
  gateway_set_state (gw, AMT_GATEWAY_REQUEST, relay);
  gateway_relay_event (gw, AMT_EVENT_CONNECTING, AMT_LOST_NONE);
  gateway_request_all (gw, true);
}

/* Whether there is a relay to send Requests to. */
static bool
has_relay (const amt_gateway * gw)
{
  return gw->start_at == CORE_TIME_NEVER && gw->n_channels > 0 &&
      (gw->stats.state == AMT_GATEWAY_REQUEST ||
      gw->stats.state == AMT_GATEWAY_ACTIVE);
}

static void
begin_cycle (amt_gateway * gw, int which)
{
  gateway_protocol *p = &gw->protocols[which];

  p->request_due = false;
  p->request_nonce = gateway_new_nonce (gw);
  p->tries = 0;
  p->cycle_start = gw->now;
  p->refresh_at = CORE_TIME_NEVER;
  gw->asking = which;
  gw->request_send_due = true;
  gw->retry_at = CORE_TIME_NEVER;
  gw->icmp_at = CORE_TIME_NEVER;
  gw->icmp_seen = false;
}

static void
stop_cycle (amt_gateway * gw)
{
  gw->asking = -1;
  gw->request_send_due = false;
  gw->retry_at = CORE_TIME_NEVER;
}

/* One Request at a time: Linux's relay forgets the nonce and MAC of one
 * protocol when the other asks. */
void
gateway_pump_requests (amt_gateway * gw)
{
  if (!has_relay (gw))
    return;
  if (gw->asking >= 0) {
    if (gw->protocols[gw->asking].n_members > 0)
      return;
    stop_cycle (gw);
  }

  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    gateway_protocol *p = &gw->protocols[i];

    if (p->request_due && p->n_members > 0) {
      begin_cycle (gw, i);
      return;
    }
    p->request_due = false;
  }
}

void
gateway_request_all (amt_gateway * gw, bool restart)
{
  if (!has_relay (gw))
    return;
  if (restart)
    stop_cycle (gw);
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++)
    if (gw->asking != i)
      gw->protocols[i].request_due = true;
  gateway_pump_requests (gw);
}

/* MLD is asked for in two ways in turn, beginning with what worked. */
static amt_p_flag
request_flag (amt_gateway * gw)
{
  bool linux_p;

  if (gw->asking == 0)
    return AMT_P_NONE;
  linux_p = gw->in_use.linux_p != (gw->mld_unanswered % 2 == 1);
  return linux_p ? AMT_P_LINUX : AMT_P_RFC;
}

size_t
gateway_send_request (amt_gateway * gw, uint8_t * buf, size_t cap,
    core_addr * to)
{
  amt_message msg = {.type = AMT_REQUEST };
  gateway_protocol *p;

  if (!gw->request_send_due)
    return 0;
  p = &gw->protocols[gw->asking];
  msg.nonce = p->request_nonce;
  msg.p = request_flag (gw);
  gw->asked_linux_p = msg.p == AMT_P_LINUX;
  if (gw->asking == 1)
    gw->mld_unanswered++;

  gw->request_send_due = false;
  gw->retry_at = retry_time (gw, p->tries++);
  gw->request_at = gw->now;
  gw->last_request_nonce = p->request_nonce;
  gw->stats.requests_sent++;
  *to = gw->relay;
  return amt_build (buf, cap, &msg);
}

/* All tries of a cycle were in vain.  A relay that goes on bringing data is
 * asked again later.  And it need not offer both protocols: it is lost only if
 * the other one fails too, or this one used to work. */
static void
cycle_failed (amt_gateway * gw)
{
  gateway_protocol *p = &gw->protocols[gw->asking];
  gateway_protocol *other = &gw->protocols[1 - gw->asking];
  bool other_answers = other->n_members > 0 && other->valid &&
      other->query_at >= p->cycle_start;
  bool other_may = other->n_members > 0 && !p->valid && !other->failed;

  if (!other_answers && !other_may && !gateway_data_is_fresh (gw)) {
    gateway_lose (gw, silence_reason (gw));
    return;
  }

  p->failed = !p->valid;
  stop_cycle (gw);
  if (p->idle_rounds < 32)
    p->idle_rounds++;
  p->refresh_at = retry_time (gw, p->idle_rounds);
  if (!other_answers)
    other->request_due = true;
  gateway_pump_requests (gw);
}

static void
expire_retry (amt_gateway * gw)
{
  gw->retry_at = CORE_TIME_NEVER;
  if (gw->discovery_waiting) {
    if (gw->discovery_tries >= gw->config.discovery_tries)
      gateway_lose (gw, silence_reason (gw));
    else
      gw->discovery_due = true;
  } else if (gw->asking >= 0) {
    if (gw->protocols[gw->asking].tries >= gw->config.request_tries)
      cycle_failed (gw);
    else
      gw->request_send_due = true;
  }
}

void
gateway_expire_control (amt_gateway * gw)
{
  if (gw->retry_at <= gw->now)
    expire_retry (gw);
  if (gw->icmp_at <= gw->now) {
    gw->icmp_at = CORE_TIME_NEVER;
    gateway_request_all (gw, false);
  }
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    gateway_protocol *p = &gw->protocols[i];

    if (p->refresh_at <= gw->now) {
      p->refresh_at = CORE_TIME_NEVER;
      p->request_due = true;
    }
  }
  gateway_pump_requests (gw);
}

/* A relay on our own host is believed only if our host was asked. */
static bool
relay_is_usable (const amt_gateway * gw, const core_ip * relay)
{
  return core_ip_is_unicast (relay) && (!core_ip_is_loopback (relay) ||
      core_ip_is_loopback (&gw->in_use.where.addr.ip));
}

static int
receive_advertisement (amt_gateway * gw, const core_addr * from,
    const amt_message * msg, int format)
{
  core_addr relay = gw->in_use.where.addr;
  int ret;

  if (!gw->discovery_waiting)
    return CORE_ERR_NOT_WAITING;
  ret = gateway_check_source (from, &gw->in_use.where.addr);
  if (ret != CORE_OK)
    return ret;
  if (msg->nonce != gw->discovery_nonce)
    return CORE_ERR_NONCE_MISMATCH;
  if (format != CORE_OK)
    return format;
  if (msg->relay.family != relay.ip.family)
    return CORE_ERR_FAMILY_MISMATCH;
  /* An IPv4-mapped address would smuggle in the other family. */
  relay.ip = msg->relay.family == CORE_FAMILY_V6 ?
      core_ip_v6 (msg->relay.bytes) : msg->relay;
  if (relay.ip.family != msg->relay.family || !relay_is_usable (gw, &relay.ip))
    return CORE_ERR_RELAY_ADDRESS_NOT_UNICAST;

  gw->discovery_waiting = false;
  gw->discovery_due = false;
  gw->retry_at = CORE_TIME_NEVER;
  gateway_begin_relay (gw, &relay);
  return CORE_OK;
}

static bool
any_reported (const amt_gateway * gw)
{
  return gw->protocols[0].reported || gw->protocols[1].reported;
}

/* Whether the relay sees us at another endpoint than the one it knows as a
 * member (RFC 7450 §5.2.3.5.4, §5.2.3.7.1). */
static bool
endpoint_changed (const gateway_protocol * p, const amt_message * msg)
{
  return p->reported && p->update_pair.has_gateway && msg->has_gateway &&
      !amt_gateway_field_equal (&p->update_pair.gateway, &msg->gateway);
}

/* Whether a relay that takes nobody new refuses us, too: it knows us by no
 * Update, or by another endpoint (RFC 7450 §5.2.3.5.4).  Without the gateway
 * fields that can only be guessed from a silence that goes on although it was
 * asked about; a guess is not worth the last relay there is. */
static bool
is_refused (const amt_gateway * gw, bool changed)
{
  if (!any_reported (gw) || changed)
    return true;
  return gw->data_seen && gw->silence / 2 > gw->config.silence_min &&
      gateway_has_alternative (gw);
}

static void
endpoint_lost (amt_gateway * gw, gateway_protocol * p)
{
  gateway_protocol *other = &gw->protocols[p == &gw->protocols[0] ? 1 : 0];

  gw->teardown = p->update_pair;
  gw->teardown_due = true;
  gateway_relay_event (gw, AMT_EVENT_ADDRESS_CHANGED, AMT_LOST_NONE);
  /* The other protocol's MAC covers the old endpoint too, and one Teardown
   * ends all of that endpoint. */
  other->update_pair.has_gateway = false;
  other->request_due = true;
}

static void
adopt_query (amt_gateway * gw, gateway_protocol * p, const amt_message * msg,
    const group_query * query)
{
  core_time interval = query->query_interval * CORE_SECOND;

  p->pair.nonce = msg->nonce;
  memcpy (p->pair.mac, msg->mac, AMT_MAC_LEN);
  p->pair.has_gateway = msg->has_gateway;
  p->pair.gateway = msg->gateway;
  p->robustness = query->robustness;
  p->interval = interval < gw->config.refresh_max ? interval :
      gw->config.refresh_max;
  p->query_at = gw->now;
  p->refresh_at = gateway_later (gw->now, p->interval);
  p->valid = true;
  p->failed = false;
  p->idle_rounds = 0;

  if (p == &gw->protocols[1]) {
    gw->mld_unanswered = 0;
    gw->in_use.linux_p = gw->asked_linux_p;
    if (gw->current >= 0)
      gw->candidates[gw->current].linux_p = gw->asked_linux_p;
  }
}

static void
accept_query (amt_gateway * gw, gateway_protocol * p, const amt_message * msg,
    const group_query * query)
{
  bool first = !p->valid;
  bool changed = endpoint_changed (p, msg);

  stop_cycle (gw);

  if (msg->limit && is_refused (gw, changed)) {
    gateway_lose (gw, AMT_LOST_LIMIT);
    return;
  }

  gw->stats.ever_connected = true;
  gw->give_up_at = CORE_TIME_NEVER;
  gw->last_good = gw->now;
  gateway_set_state (gw, AMT_GATEWAY_ACTIVE, &gw->relay);
  if (!gw->connected) {
    gw->connected = true;
    gateway_relay_event (gw, AMT_EVENT_CONNECTED, AMT_LOST_NONE);
  }
  if (changed)
    endpoint_lost (gw, p);
  adopt_query (gw, p, msg, query);
  gateway_report_query (gw, p, first);
  gateway_pump_requests (gw);
}

static int
receive_query (amt_gateway * gw, const core_addr * from,
    const amt_message * msg, int format)
{
  gateway_protocol *p;
  group_query query;
  int ret;

  /* A cycle whose first Request is not yet sent has no answer. */
  if (gw->asking < 0 || gw->protocols[gw->asking].tries == 0)
    return CORE_ERR_NOT_WAITING;
  ret = gateway_check_source (from, &gw->relay);
  if (ret != CORE_OK)
    return ret;
  p = &gw->protocols[gw->asking];
  if (msg->nonce != p->request_nonce)
    return CORE_ERR_NONCE_MISMATCH;
  if (format != CORE_OK)
    return format;

  ret = p->family == CORE_FAMILY_V4 ?
      igmp_parse_query (msg->inner, msg->inner_len, &query) :
      mld_parse_query (msg->inner, msg->inner_len, &query);
  if (ret == CORE_OK)
    accept_query (gw, p, msg, &query);
  return ret;
}

int
gateway_receive_control (amt_gateway * gw, const core_addr * from,
    const uint8_t * data, size_t len)
{
  amt_message msg;
  int format = amt_parse (data, len, &msg);

  if (format == CORE_ERR_BAD_VERSION || len == 0)
    return format;
  /* The fixed part must be there; what follows is looked at only when the
   * sender and the nonce are right. */
  switch (msg.type) {
    case AMT_RELAY_ADVERTISEMENT:
      return format == CORE_ERR_TOO_SHORT ? format :
          receive_advertisement (gw, from, &msg, format);
    case AMT_MEMBERSHIP_QUERY:
      return format == CORE_ERR_TOO_SHORT ? format :
          receive_query (gw, from, &msg, format);
    default:
      return CORE_ERR_UNEXPECTED_TYPE;
  }
}
