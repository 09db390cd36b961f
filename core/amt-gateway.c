/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The interface of the AMT gateway: life cycle, channels, news from outside,
 * time, events.
 */
#include "amt-gateway-private.h"

#include <stdlib.h>
#include <string.h>

enum
{
  DEFAULT_MAX_CHANNELS = 1024,
  DEFAULT_MAX_CANDIDATES = 32,
  DEFAULT_TRIES = 3,
  DEFAULT_MAX_REASSEMBLY = 16,
  DEFAULT_MAX_REASSEMBLY_BYTES = 1024 * 1024,

  NONCE_DRAWS = 8
};

static const core_time default_refresh_max = 50 * CORE_SECOND;
static const core_time default_silence_min = 4 * CORE_SECOND;
static const core_time default_silence_max = 120 * CORE_SECOND;
static const core_time default_hold_down = 180 * CORE_SECOND;
static const core_time default_limit_hold_down = 600 * CORE_SECOND;
static const core_time default_reassembly_timeout = 5 * CORE_SECOND;

core_time
gateway_tick (amt_gateway * gw, core_time now)
{
  if (now == CORE_TIME_NEVER)
    now--;
  if (now > gw->now)
    gw->now = now;
  return gw->now;
}

/* Never CORE_TIME_NEVER, however late it is. */
core_time
gateway_later (core_time now, core_time delay)
{
  return delay < CORE_TIME_NEVER - now ? now + delay : CORE_TIME_NEVER - 1;
}

core_time
gateway_random (amt_gateway * gw, core_time low, core_time high)
{
  uint8_t bytes[8];
  uint64_t value = 0;
  core_time offset;

  if (low >= high)
    return low;
  gw->config.random (gw->config.random_ctx, bytes, sizeof (bytes));
  for (size_t i = 0; i < sizeof (bytes); i++)
    value = value << 8 | bytes[i];
  /* 53 bits are all a double holds, and enough for a wait. */
  offset = (core_time) ((double) (value >> 11) / 9007199254740991.0 *
      (double) (high - low));
  return offset < high - low ? low + offset : high;
}

core_time
gateway_backoff (amt_gateway * gw, core_time base, unsigned n, core_time limit)
{
  core_time high = base;

  for (; n > 0 && high < limit; n--)
    high = high > limit / 2 ? limit : high * 2;
  return gateway_random (gw, base, high);
}

/* Not 0: a Discovery Nonce must not be (RFC 7450 §5.2.3.4.5), and some relays
 * do not answer a Request with one. */
uint32_t
gateway_new_nonce (amt_gateway * gw)
{
  uint8_t bytes[AMT_NONCE_LEN];
  rd_cursor r;
  uint32_t nonce = 0;

  for (int i = 0; i < NONCE_DRAWS && nonce == 0; i++) {
    gw->config.random (gw->config.random_ctx, bytes, sizeof (bytes));
    rd_init (&r, bytes, sizeof (bytes));
    nonce = rd_u32 (&r);
  }
  return nonce != 0 ? nonce : 1;
}

void
gateway_set_state (amt_gateway * gw, amt_gateway_state state,
    const core_addr * relay)
{
  static const core_addr none;

  gw->stats.state = state;
  gw->stats.relay = relay ? *relay : none;
}

void
gateway_push_event (amt_gateway * gw, const amt_gateway_event_info * ev)
{
  unsigned last;

  if (gw->n_events == GATEWAY_MAX_EVENTS) {
    gw->first_event = (gw->first_event + 1) % GATEWAY_MAX_EVENTS;
    gw->n_events--;
    gw->stats.events_lost++;
  }
  last = (gw->first_event + gw->n_events) % GATEWAY_MAX_EVENTS;
  gw->events[last] = *ev;
  gw->n_events++;
}

void
gateway_relay_event (amt_gateway * gw, amt_gateway_event_type type,
    amt_lost_reason reason)
{
  amt_gateway_event_info ev = {
    .type = type,
    .relay = gw->stats.relay,
    .discovery = gw->stats.state == AMT_GATEWAY_DISCOVER,
    .reason = reason,
    .channel = -1
  };

  gateway_push_event (gw, &ev);
}

bool
gateway_same_endpoint (const core_addr * a, const core_addr * b)
{
  return gateway_check_source (a, b) == CORE_OK;
}

int
gateway_check_source (const core_addr * from, const core_addr * expected)
{
  /* A scope that one side does not know does not tell them apart. */
  if (expected->ip.family == CORE_FAMILY_NONE ||
      !core_ip_equal (&from->ip, &expected->ip) ||
      (from->scope != expected->scope && from->scope != 0 &&
          expected->scope != 0))
    return CORE_ERR_WRONG_SOURCE_ADDRESS;
  return from->port == expected->port ? CORE_OK : CORE_ERR_WRONG_SOURCE_PORT;
}

static void
default_unsigned (unsigned *value, unsigned by_default)
{
  if (*value == 0)
    *value = by_default;
}

static void
default_time (core_time * value, core_time by_default)
{
  if (*value == 0)
    *value = by_default;
}

static void
apply_defaults (amt_gateway_config * c)
{
  default_unsigned (&c->max_channels, DEFAULT_MAX_CHANNELS);
  default_unsigned (&c->max_candidates, DEFAULT_MAX_CANDIDATES);
  default_unsigned (&c->request_tries, DEFAULT_TRIES);
  default_unsigned (&c->discovery_tries, DEFAULT_TRIES);
  default_unsigned (&c->max_reassembly, DEFAULT_MAX_REASSEMBLY);
  if (c->max_reassembly_bytes == 0)
    c->max_reassembly_bytes = DEFAULT_MAX_REASSEMBLY_BYTES;
  default_time (&c->refresh_max, default_refresh_max);
  default_time (&c->silence_min, default_silence_min);
  default_time (&c->silence_max, default_silence_max);
  default_time (&c->hold_down, default_hold_down);
  default_time (&c->limit_hold_down, default_limit_hold_down);
  default_time (&c->reassembly_timeout, default_reassembly_timeout);
  if (c->silence_max < c->silence_min)
    c->silence_max = c->silence_min;
}

static void
set_no_timers (amt_gateway * gw)
{
  gw->start_at = CORE_TIME_NEVER;
  gw->give_up_at = CORE_TIME_NEVER;
  gw->retry_at = CORE_TIME_NEVER;
  gw->icmp_at = CORE_TIME_NEVER;
  gw->silence_at = CORE_TIME_NEVER;
  gw->last_good = CORE_TIME_NEVER;
  gw->request_at = CORE_TIME_NEVER;
  gw->stats.last_data = CORE_TIME_NEVER;
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    gw->protocols[i].refresh_at = CORE_TIME_NEVER;
    gw->protocols[i].change_at = CORE_TIME_NEVER;
  }
}

int
amt_gateway_new (amt_gateway ** out, const amt_gateway_config * config,
    core_time now)
{
  amt_gateway *gw;
  ip_reassembly_limits limits;
  int ret;

  *out = NULL;
  if (config->random == NULL || config->max_channels > INT32_MAX)
    return CORE_ERR_INVALID_ARGUMENT;
  gw = calloc (1, sizeof (*gw));
  if (gw == NULL)
    return CORE_ERR_NO_MEMORY;

  gw->config = *config;
  apply_defaults (&gw->config);
  gw->now = now;
  gw->current = -1;
  gw->asking = -1;
  gw->protocols[0].family = CORE_FAMILY_V4;
  gw->protocols[1].family = CORE_FAMILY_V6;
  set_no_timers (gw);

  limits.max_datagrams = gw->config.max_reassembly;
  limits.max_bytes = gw->config.max_reassembly_bytes;
  limits.timeout = gw->config.reassembly_timeout;
  ret = ip_reassembly_new (&gw->reassembly, &limits);
  if (ret != CORE_OK) {
    amt_gateway_free (gw);
    return ret;
  }
  *out = gw;
  return CORE_OK;
}

void
amt_gateway_free (amt_gateway * gw)
{
  if (gw == NULL)
    return;
  ip_reassembly_free (gw->reassembly);
  free (gw->candidates);
  free (gw->channels);
  free (gw->members);
  /* Nonces and MACs: whoever knows them can leave in our name. */
  explicit_bzero (gw, sizeof (*gw));
  free (gw);
}

/* IPv4-mapped addresses are IPv4, and bytes that do not count are zero, so
 * that keys compare as a whole. */
static core_ip
normal_ip (const core_ip * ip)
{
  static const core_ip none;

  switch (ip->family) {
    case CORE_FAMILY_V4:
      return core_ip_v4 (ip->bytes);
    case CORE_FAMILY_V6:
      return core_ip_v6 (ip->bytes);
    default:
      return none;
  }
}

int
amt_gateway_join (amt_gateway * gw, const amt_channel * channel, core_time now)
{
  gateway_key key;
  int number;

  gateway_tick (gw, now);
  key.source = normal_ip (&channel->source);
  key.group = normal_ip (&channel->group);
  if (!core_ip_is_unicast (&key.source) || !core_ip_is_multicast (&key.group)
      || key.source.family != key.group.family)
    return CORE_ERR_INVALID_ARGUMENT;
  if (gw->n_channels >= gw->config.max_channels)
    return CORE_ERR_LIMIT;

  number = gateway_add_channel (gw, &key, channel->port);
  if (number < 0)
    return number;
  if (!gw->give_up_started && gw->config.give_up > 0) {
    gw->give_up_started = true;
    if (!gw->stats.ever_connected)
      gw->give_up_at = gateway_later (gw->now, gw->config.give_up);
  }
  gateway_start (gw);
  return number;
}

void
amt_gateway_leave (amt_gateway * gw, int channel, core_time now)
{
  gateway_tick (gw, now);
  if (channel >= 0 && (unsigned) channel < gw->n_slots &&
      gw->channels[channel].used)
    gateway_remove_channel (gw, channel);
}

void
amt_gateway_set_port (amt_gateway * gw, int channel, uint16_t port,
    core_time now)
{
  gateway_tick (gw, now);
  if (port == 0 || channel < 0 || (unsigned) channel >= gw->n_slots ||
      !gw->channels[channel].used)
    return;
  gw->channels[channel].port = port;
  /* What is like the last datagram may be no channel's now. */
  gw->expected.family = CORE_FAMILY_NONE;
}

void
amt_gateway_move (amt_gateway * gw, amt_lost_reason reason, core_time now)
{
  gateway_tick (gw, now);
  if (gw->connected)
    gateway_lose (gw, reason);
}

void
amt_gateway_stop (amt_gateway * gw, core_time now)
{
  gateway_tick (gw, now);
  gateway_say_farewell (gw, true);
  for (unsigned i = 0; i < gw->n_slots; i++)
    gw->channels[i].used = false;
  gw->n_channels = 0;
  gw->expected.family = CORE_FAMILY_NONE;
  for (unsigned i = 0; i < gw->n_members; i++) {
    gw->members[i].refs = 0;
    gw->members[i].first_channel = -1;
  }
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++)
    gw->protocols[i].n_members = 0;
  gateway_go_idle (gw);
}

void
amt_gateway_resume (amt_gateway * gw, core_time now)
{
  core_time before = gw->now;
  core_time slept = gateway_tick (gw, now) - before;

  if (gw->give_up_at != CORE_TIME_NEVER)
    gw->give_up_at = gateway_later (gw->give_up_at, slept);
  if (gw->silence_at != CORE_TIME_NEVER)
    gw->silence_at = gateway_later (gw->silence_at, slept);

  /* What was asked may have been answered to nobody: ask again from the
   * start. */
  if (gw->discovery_waiting) {
    gateway_start_discovery (gw);
  } else if (gw->asking >= 0) {
    gateway_request_all (gw, true);
  } else {
    for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++)
      if (gw->protocols[i].refresh_at <= gw->now)
        gw->protocols[i].request_due = true;
    gateway_pump_requests (gw);
  }
}

void
amt_gateway_network_changed (amt_gateway * gw, core_time now)
{
  gateway_tick (gw, now);
  if (gw->n_channels == 0)
    return;
  if (gw->start_at != CORE_TIME_NEVER) {
    gw->rounds = 0;
    gateway_start_chosen (gw);
  } else if (gw->discovery_waiting) {
    gateway_start_discovery (gw);
  } else {
    gateway_request_all (gw, true);
  }
}

void
amt_gateway_unreachable (amt_gateway * gw, const core_addr * to, core_time now)
{
  gateway_tick (gw, now);
  if (gw->n_channels == 0 || gw->start_at != CORE_TIME_NEVER ||
      !gateway_same_endpoint (to, &gw->stats.relay))
    return;

  if (gw->discovery_waiting || gw->asking >= 0) {
    gw->icmp_seen = true;
    /* The last candidate keeps being asked: it may be a transient fault
     * (RFC 7450 §5.2.3.9). */
    if ((gateway_has_alternative (gw) || gw->config.lose_the_last) &&
        !gateway_data_is_fresh (gw))
      gateway_lose (gw, AMT_LOST_UNREACHABLE);
  } else if (gw->stats.state == AMT_GATEWAY_ACTIVE &&
      gw->icmp_at == CORE_TIME_NEVER) {
    /* Not at once if a Request just went out, or errors for Updates would
     * make a loop of it. */
    gw->icmp_at = gw->request_at == CORE_TIME_NEVER ? gw->now :
        gateway_later (gw->request_at, GATEWAY_T0);
    if (gw->icmp_at <= gw->now) {
      gw->icmp_at = CORE_TIME_NEVER;
      gateway_request_all (gw, false);
    }
  }
}

int
amt_gateway_receive (amt_gateway * gw, const core_addr * from,
    const uint8_t * data, size_t len, core_time now, amt_view * view)
{
  int ret;

  gateway_tick (gw, now);
  memset (view, 0, sizeof (*view));
  view->channel = -1;
  if (amt_peek_type (data, len) == AMT_MULTICAST_DATA)
    return gateway_receive_data (gw, from, data, len, view);

  gw->stats.control_received++;
  ret = gateway_receive_control (gw, from, data, len);
  if (ret < 0)
    gw->stats.control_dropped[-ret]++;
  return ret;
}

size_t
amt_gateway_send (amt_gateway * gw, uint8_t * buf, size_t cap, core_addr * to,
    core_time now)
{
  size_t len;

  gateway_tick (gw, now);
  if (cap < AMT_GATEWAY_DATAGRAM_MAX)
    return 0;

  len = gateway_send_farewell (gw, buf, cap, to);
  if (len == 0)
    len = gateway_send_discovery (gw, buf, cap, to);
  if (len == 0)
    len = gateway_send_report (gw, buf, cap, to);
  /* That nothing is left to report can be the time for a Teardown. */
  if (len == 0)
    len = gateway_send_farewell (gw, buf, cap, to);
  if (len == 0)
    len = gateway_send_request (gw, buf, cap, to);
  if (len > 0)
    gw->stats.control_sent++;
  return len;
}

static void
earlier (core_time * deadline, core_time other)
{
  if (other < *deadline)
    *deadline = other;
}

core_time
amt_gateway_deadline (const amt_gateway * gw)
{
  core_time deadline = ip_reassembly_deadline (gw->reassembly);

  earlier (&deadline, gw->start_at);
  earlier (&deadline, gw->give_up_at);
  earlier (&deadline, gw->retry_at);
  earlier (&deadline, gw->icmp_at);
  earlier (&deadline, gw->silence_at);
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    earlier (&deadline, gw->protocols[i].refresh_at);
    earlier (&deadline, gw->protocols[i].change_at);
  }
  return deadline;
}

void
amt_gateway_expire (amt_gateway * gw, core_time now)
{
  gateway_tick (gw, now);
  if (gw->give_up_at <= gw->now) {
    amt_gateway_event_info ev = {
      .type = AMT_EVENT_GAVE_UP,
      .relay = gw->stats.relay,
      .discovery = gw->stats.state == AMT_GATEWAY_DISCOVER,
      .reason = gw->icmp_seen ? AMT_LOST_UNREACHABLE : gw->last_lost,
      .channel = -1
    };

    if (ev.reason == AMT_LOST_NONE)
      ev.reason = AMT_LOST_NO_ANSWER;
    gw->give_up_at = CORE_TIME_NEVER;
    gateway_push_event (gw, &ev);
  }
  if (gw->start_at <= gw->now)
    gateway_start_chosen (gw);
  gateway_expire_control (gw);
  gateway_expire_data (gw);
  gateway_expire_reports (gw);
}

bool
amt_gateway_event (amt_gateway * gw, amt_gateway_event_info * event)
{
  if (gw->n_events == 0)
    return false;
  *event = gw->events[gw->first_event];
  gw->first_event = (gw->first_event + 1) % GATEWAY_MAX_EVENTS;
  gw->n_events--;
  return true;
}

const char *
amt_gateway_state_name (amt_gateway_state state)
{
  switch (state) {
    case AMT_GATEWAY_DISCOVER:
      return "discover";
    case AMT_GATEWAY_REQUEST:
      return "request";
    case AMT_GATEWAY_ACTIVE:
      return "active";
    default:
      return "idle";
  }
}

const amt_gateway_stats *
amt_gateway_get_stats (const amt_gateway * gw)
{
  return &gw->stats;
}
