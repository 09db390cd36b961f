/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A gateway and a relay joined by a bad network: it loses, duplicates, delays
 * and reorders; NAT moves the gateway, the relay restarts, either side sleeps,
 * channels come and go.  Once the network is clean the two have to agree
 * within a bounded time, and part without a trace.
 *
 * MC_PAIR_SEEDS sets how many scripts are played, MC_PAIR_FIRST the first.
 */
#include <gst/check/gstcheck.h>

#include "amt-gateway.h"
#include "amt-relay.h"
#include "ipudp.h"

enum
{
  DEFAULT_SEEDS = 10000,
  N_CHANNELS = 8,
  MAX_QUEUE = 512,
  FIRST_PORT = 40000
};

#define SECONDS(n) ((core_time) (n) * CORE_SECOND)
#define DATA_INTERVAL SECONDS (2)
#define CLEAN_DELAY (20 * CORE_MSECOND)

typedef struct
{
  core_time time;
  bool to_relay;
  core_addr from, to;
  size_t len;
  uint8_t data[AMT_GATEWAY_DATAGRAM_MAX];
} datagram;

/* One channel of the world, and what became of it. */
typedef struct
{
  amt_channel channel;
  uint8_t data[256];            /* a Multicast Data message of it */
  size_t len;
  int number;                   /* as joined, or -1 */
  uint64_t generation;          /* of the targets below */
  size_t n_targets;
  amt_relay_target targets[8];
  unsigned sent;                /* in the window that is looked at */
  unsigned received;
} world_channel;

typedef struct
{
  uint64_t random;
  core_time now;
  core_time offset;             /* of the relay's clock */

  amt_gateway *gw;
  amt_relay *relay;
  amt_relay_config relay_config;
  core_addr gateway_addr;       /* as it is seen from outside */
  core_addr relay_addr, asked_addr;
  core_time gateway_asleep, relay_asleep;
  bool gateway_slept;

  unsigned loss, duplicates;    /* per cent */
  core_time max_delay;
  bool clean, cut, icmp;
  core_time next_data;

  datagram *queue;
  unsigned n_queue;
  world_channel channels[N_CHANNELS];

  /* of this relay */
  uint64_t relay_received, relay_sent, relay_dropped;
  unsigned added, removed;
  unsigned data_arrived;
} world;

/* As fail_unless (), which tells the runner of each success: too slow for
 * the millions there are here. */
#define NEED(condition) \
  do { \
    if (!(condition)) \
      fail ("seed %u: %s", current_seed, #condition); \
  } while (0)

static unsigned current_seed;

static uint64_t
next_random (world * w)
{
  uint64_t z = (w->random += UINT64_C (0x9e3779b97f4a7c15));

  z = (z ^ z >> 30) * UINT64_C (0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C (0x94d049bb133111eb);
  return z ^ z >> 31;
}

static unsigned
below (world * w, unsigned n)
{
  return (unsigned) (next_random (w) % n);
}

static bool
chance (world * w, unsigned percent)
{
  return below (w, 100) < percent;
}

static void
fill (void *ctx, uint8_t * buf, size_t len)
{
  for (size_t i = 0; i < len; i++)
    buf[i] = (uint8_t) next_random (ctx);
}

static core_ip
ip_of (const char *text)
{
  core_ip ip;

  NEED (core_ip_from_string (text, &ip));
  return ip;
}

static core_addr
addr_of (const char *text, uint16_t port)
{
  core_addr addr = {.ip = ip_of (text),.port = port };

  return addr;
}

/* Two sources share a group, two groups a source, in either family. */
static void
make_channel (world_channel * c, unsigned n)
{
  static const char *const sources[] = { "192.0.2.10", "192.0.2.11",
    "192.0.2.10", "192.0.2.12", "2001:db8::10", "2001:db8::11",
    "2001:db8::10", "2001:db8::12"
  };
  static const char *const groups[] = { "232.1.1.1", "232.1.1.1",
    "232.1.1.2", "232.1.1.3", "ff3e::8000:1", "ff3e::8000:1",
    "ff3e::8000:2", "ff3e::8000:3"
  };
  uint8_t payload[32];
  ipudp_flow flow = {.src_port = 4000,.dst_port = 5001,.ttl = 16 };
  size_t header;

  memset (payload, (int) n, sizeof (payload));
  flow.src = c->channel.source = ip_of (sources[n]);
  flow.dst = c->channel.group = ip_of (groups[n]);
  c->channel.port = n % 2 ? 5001 : 0;
  c->number = -1;
  c->data[0] = AMT_MULTICAST_DATA;
  header = ipudp_build_header (c->data + AMT_DATA_HEADER,
      sizeof (c->data) - AMT_DATA_HEADER, &flow, payload, sizeof (payload));
  NEED (header > 0);
  memcpy (c->data + AMT_DATA_HEADER + header, payload, sizeof (payload));
  c->len = AMT_DATA_HEADER + header + sizeof (payload);
}

static void
put_on_wire (world * w, bool to_relay, const core_addr * from,
    const core_addr * to, const uint8_t * data, size_t len)
{
  datagram *d;

  if (w->cut || w->n_queue == MAX_QUEUE)
    return;
  d = &w->queue[w->n_queue++];
  d->time = w->now + CLEAN_DELAY;
  if (!w->clean)
    d->time = w->now + next_random (w) % w->max_delay;
  d->to_relay = to_relay;
  d->from = *from;
  d->to = *to;
  d->len = len;
  memcpy (d->data, data, len);
}

/* One datagram on its way: lost, doubled, or neither. */
static void
transmit (world * w, bool to_relay, const core_addr * from,
    const core_addr * to, const uint8_t * data, size_t len)
{
  if (w->clean) {
    NEED (w->n_queue < MAX_QUEUE);
    put_on_wire (w, to_relay, from, to, data, len);
    return;
  }
  if (chance (w, w->loss))
    return;
  put_on_wire (w, to_relay, from, to, data, len);
  if (chance (w, w->duplicates))
    put_on_wire (w, to_relay, from, to, data, len);
}

static void
check_relay (const world * w)
{
  const amt_relay_stats *stats = amt_relay_get_stats (w->relay);
  uint64_t dropped = 0;

  for (unsigned i = 0; i < CORE_ERR_N_DROPS; i++)
    dropped += stats->dropped[i];
  NEED (dropped == w->relay_dropped);
  NEED (stats->control_received == w->relay_received);
  NEED (stats->control_sent == w->relay_sent);
  NEED (stats->gateways_added == w->added);
  NEED (stats->gateways_removed == w->removed);
  NEED (stats->gateways == w->added - w->removed);
}

static void
check_gateway (const world * w)
{
  const amt_gateway_stats *stats = amt_gateway_get_stats (w->gw);
  uint64_t dropped = 0;

  for (unsigned i = 0; i < CORE_ERR_N_DROPS; i++)
    dropped += stats->data_dropped[i];
  NEED (stats->data_received == stats->data_accepted + dropped);
}

static core_time
relay_now (const world * w)
{
  return w->now + w->offset;
}

/* What each side has to say after a call. */
static void
pump_relay (world * w)
{
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX];
  amt_relay_event_info event;
  core_addr to, from;
  size_t len;

  while ((len = amt_relay_send (w->relay, buf, sizeof (buf), &to, &from,
              relay_now (w))) > 0) {
    w->relay_sent++;
    transmit (w, false, &from, &to, buf, len);
  }
  while (amt_relay_event (w->relay, &event)) {
    if (event.type == AMT_RELAY_GATEWAY_ADDED)
      w->added++;
    else
      w->removed++;
  }
}

static void
pump_gateway (world * w)
{
  uint8_t buf[AMT_GATEWAY_DATAGRAM_MAX];
  amt_gateway_event_info event;
  core_addr to;
  size_t len;

  while ((len = amt_gateway_send (w->gw, buf, sizeof (buf), &to, w->now)) > 0)
    transmit (w, true, &w->gateway_addr, &to, buf, len);
  while (amt_gateway_event (w->gw, &event)) {
    NEED (!(event.type == AMT_EVENT_GAVE_UP));
  }
}

static void
start_relay (world * w)
{
  if (w->relay != NULL)
    check_relay (w);
  amt_relay_free (w->relay);
  NEED (amt_relay_new (&w->relay, &w->relay_config, relay_now (w)) == CORE_OK);
  w->relay_received = w->relay_sent = w->relay_dropped = 0;
  w->added = w->removed = 0;
  for (unsigned i = 0; i < N_CHANNELS; i++)
    w->channels[i].generation = UINT64_MAX;
}

static void
deliver_to_relay (world * w, const datagram * d)
{
  int ret = amt_relay_receive (w->relay, &d->from, &d->to, d->data, d->len,
      relay_now (w));

  w->relay_received++;
  if (ret < 0)
    w->relay_dropped++;
  pump_relay (w);
}

/* NAT passes what goes to the current port. */
static void
deliver_to_gateway (world * w, const datagram * d)
{
  bool is_data = d->data[0] == AMT_MULTICAST_DATA;
  amt_view view;
  int ret;

  if (!core_addr_equal (&d->to, &w->gateway_addr)) {
    if (w->icmp)
      amt_relay_unreachable (w->relay, &d->to, relay_now (w));
    pump_relay (w);
    return;
  }
  if (w->now < w->gateway_asleep)
    return;
  ret = amt_gateway_receive (w->gw, &d->from, d->data, d->len, w->now, &view);
  if (is_data)
    w->data_arrived++;
  if (ret == 1) {
    world_channel *c = &w->channels[view.data[0]];

    NEED (view.len == 32);
    NEED (c->number >= 0);
    NEED (view.channel == c->number);
    c->received++;
  }
  pump_gateway (w);
}

/* The relay asks again to whom a channel goes only if told to. */
static void
send_data (world * w)
{
  for (unsigned i = 0; i < N_CHANNELS; i++) {
    world_channel *c = &w->channels[i];

    if (c->generation != amt_relay_generation (w->relay)) {
      c->generation = amt_relay_generation (w->relay);
      c->n_targets = MIN (8, amt_relay_targets (w->relay, &c->channel.source,
              &c->channel.group, c->targets, 8));
    }
    c->sent++;
    for (size_t t = 0; t < c->n_targets; t++)
      transmit (w, false, &c->targets[t].local, &c->targets[t].gateway,
          c->data, c->len);
  }
}

static void
deliver_due (world * w)
{
  for (unsigned i = 0; i < w->n_queue;) {
    datagram d;

    if (w->queue[i].time > w->now) {
      i++;
      continue;
    }
    if (w->queue[i].to_relay && w->now < w->relay_asleep) {
      w->queue[i].time = w->relay_asleep;
      i++;
      continue;
    }
    memcpy (&d, &w->queue[i], offsetof (datagram, data) + w->queue[i].len);
    /* In order, when the network is. */
    w->n_queue--;
    for (unsigned j = i; j < w->n_queue; j++)
      memcpy (&w->queue[j], &w->queue[j + 1],
          offsetof (datagram, data) + w->queue[j + 1].len);
    if (d.to_relay)
      deliver_to_relay (w, &d);
    else
      deliver_to_gateway (w, &d);
    i = 0;
  }
}

static core_time
next_time (const world * w)
{
  core_time next = w->next_data, due;

  for (unsigned i = 0; i < w->n_queue; i++)
    next = MIN (next, w->queue[i].time);
  due = MAX (amt_gateway_deadline (w->gw), w->gateway_asleep);
  next = MIN (next, due);
  due = amt_relay_deadline (w->relay);
  due = due > w->offset ? due - w->offset : 0;
  return MIN (next, MAX (due, w->relay_asleep));
}

static void
wake_up (world * w)
{
  if (w->gateway_slept && w->now >= w->gateway_asleep) {
    w->gateway_slept = false;
    amt_gateway_resume (w->gw, w->now);
    pump_gateway (w);
  }
}

/* Lets everything happen that happens before until. */
static void
run_until (world * w, core_time until)
{
  core_time next;

  while ((next = next_time (w)) < until) {
    NEED (next >= w->now);
    w->now = next;
    wake_up (w);
    deliver_due (w);
    if (w->now >= w->gateway_asleep) {
      amt_gateway_expire (w->gw, w->now);
      pump_gateway (w);
      NEED (amt_gateway_deadline (w->gw) > w->now);
    }
    if (w->now >= w->relay_asleep) {
      amt_relay_expire (w->relay, relay_now (w));
      pump_relay (w);
      NEED (amt_relay_deadline (w->relay) > relay_now (w));
    }
    if (w->now >= w->next_data) {
      w->next_data = w->now + DATA_INTERVAL;
      if (w->now >= w->relay_asleep)
        send_data (w);
    }
  }
  w->now = until;
  wake_up (w);
}

static void
toggle_channel (world * w, world_channel * c)
{
  if (c->number < 0) {
    c->number = amt_gateway_join (w->gw, &c->channel, w->now);
    NEED (c->number >= 0);
  } else {
    amt_gateway_leave (w->gw, c->number, w->now);
    c->number = -1;
  }
  pump_gateway (w);
}

/* Something happens to the world. */
static void
disturb (world * w)
{
  core_time until = w->now + SECONDS (1 + below (w, 60));

  switch (below (w, 10)) {
    case 0:
      w->gateway_addr.port++;
      break;
    case 1:
      start_relay (w);
      break;
    case 2:
      w->gateway_asleep = MAX (w->gateway_asleep, until);
      w->gateway_slept = true;
      break;
    case 3:
      w->relay_asleep = MAX (w->relay_asleep, until);
      break;
    case 4:
      w->loss = chance (w, 20) ? 100 : below (w, 60);
      break;
    case 5:
      amt_gateway_network_changed (w->gw, w->now);
      pump_gateway (w);
      break;
    default:
      if (w->now >= w->gateway_asleep)
        toggle_channel (w, &w->channels[below (w, N_CHANNELS)]);
      break;
  }
}

static void
setup_world (world * w, unsigned seed)
{
  static const unsigned intervals[] = { 10, 20, 125 };
  amt_gateway_config config = {.random = fill,.random_ctx = w };
  amt_relay_candidate candidate = { 0 };
  datagram *queue = w->queue;
  bool v6;

  memset (w, 0, sizeof (*w));
  w->queue = queue;
  w->random = current_seed = seed;
  v6 = chance (w, 50);
  w->now = below (w, 2) ? 0 : next_random (w) >> 16;
  w->offset = next_random (w) >> 16;
  w->loss = below (w, 50);
  w->duplicates = below (w, 30);
  w->max_delay = 1 + below (w, 3000) * CORE_MSECOND;
  w->icmp = chance (w, 50);

  w->gateway_addr = addr_of (v6 ? "2001:db8:b::5" : "203.0.113.5", FIRST_PORT);
  w->relay_addr = addr_of (v6 ? "2001:db8:a::1" : "198.51.100.1", AMT_PORT);
  w->asked_addr = w->relay_addr;
  candidate.discovery = chance (w, 50);
  if (candidate.discovery && chance (w, 50))
    w->asked_addr.ip = v6 ? amt_discovery_v6 : amt_discovery_v4;
  candidate.addr = w->asked_addr;

  w->relay_config.random = fill;
  w->relay_config.random_ctx = w;
  w->relay_config.query_interval = intervals[below (w, 3)];
  w->relay_config.robustness = (uint8_t) (1 + below (w, 3));
  w->relay_config.gateway_address = chance (w, 50);
  if (v6)
    w->relay_config.advertise_v6 = w->relay_addr.ip;
  else
    w->relay_config.advertise_v4 = w->relay_addr.ip;
  w->relay_config.rate_buckets = 64;
  /* The shortest there is: it changes several times in a script. */
  w->relay_config.secret_lifetime = 1;

  for (unsigned i = 0; i < N_CHANNELS; i++)
    make_channel (&w->channels[i], i);
  NEED (amt_gateway_new (&w->gw, &config, w->now) == CORE_OK);
  NEED (amt_gateway_set_candidates (w->gw, &candidate, 1, w->now) == CORE_OK);
  start_relay (w);
  w->next_data = w->now + DATA_INTERVAL;
}

static unsigned
count_joined (const world * w)
{
  unsigned n = 0;

  for (unsigned i = 0; i < N_CHANNELS; i++)
    n += w->channels[i].number >= 0;
  return n;
}

/* The relay sends each channel that is wanted to the gateway, once, and
 * nothing else to anybody. */
static bool
agreed (const world * w)
{
  for (unsigned i = 0; i < N_CHANNELS; i++) {
    const world_channel *c = &w->channels[i];
    amt_relay_target target;
    size_t n = amt_relay_targets (w->relay, &c->channel.source,
        &c->channel.group, &target, 1);

    if (n != (c->number >= 0) ||
        (n == 1 && !core_addr_equal (&target.gateway, &w->gateway_addr)))
      return false;
  }
  if (count_joined (w) > 0 &&
      amt_gateway_get_stats (w->gw)->state != AMT_GATEWAY_ACTIVE)
    return false;
  return amt_relay_get_stats (w->relay)->gateways == (count_joined (w) > 0);
}

static core_time
memory_of (const world * w)
{
  return SECONDS (w->relay_config.robustness *
      w->relay_config.query_interval + 10);
}

/* How long the longest of it all took, for those who look. */
static core_time longest;

/* The network is clean from now on: agreement within the wait of a gateway
 * that backed off as far as it does, a handshake, and what a relay remembers
 * of things past. */
static void
expect_agreement (world * w)
{
  core_time start = w->now;
  core_time limit = start + SECONDS (120 + 30) + memory_of (w);
  /* What was said before is confirmed or forgotten after a refresh. */
  core_time refreshed = start + SECONDS (5 +
      MIN (50, w->relay_config.query_interval));

  while (w->now < limit && (!agreed (w) || w->now < refreshed))
    run_until (w, w->now + SECONDS (1));
  NEED (agreed (w));
  longest = MAX (longest, w->now - start);

  /* Every datagram of every channel joined arrives, once; those on their way
   * do not count. */
  w->next_data = w->now + 2 * CLEAN_DELAY;
  run_until (w, w->next_data);
  for (unsigned i = 0; i < N_CHANNELS; i++)
    w->channels[i].sent = w->channels[i].received = 0;
  w->next_data = w->now;
  w->data_arrived = 0;
  run_until (w, w->now + 3 * DATA_INTERVAL - 1);
  for (unsigned i = 0; i < N_CHANNELS; i++) {
    const world_channel *c = &w->channels[i];

    NEED (c->sent == 3);
    NEED (c->received == (c->number >= 0 ? 3 : 0));
  }
  NEED (w->data_arrived == 3 * count_joined (w));
  NEED (agreed (w));
}

/* Leaves in one of three ways: channel by channel, all at once, or without a
 * word. */
static void
expect_parting (world * w)
{
  unsigned how = below (w, 3);

  if (how == 1)
    amt_gateway_stop (w->gw, w->now);
  w->cut = how == 2;
  for (unsigned i = 0; i < N_CHANNELS; i++) {
    if (w->channels[i].number >= 0 && how != 1)
      amt_gateway_leave (w->gw, w->channels[i].number, w->now);
    w->channels[i].number = -1;
    pump_gateway (w);
  }
  pump_gateway (w);
  if (how == 2)
    run_until (w, w->now + memory_of (w) + SECONDS (2));
  else
    run_until (w, w->now + 2 * CLEAN_DELAY + 1);
  NEED (amt_relay_get_stats (w->relay)->gateways == 0);

  w->cut = false;
  w->data_arrived = 0;
  run_until (w, w->now + SECONDS (10));
  NEED (w->data_arrived == 0);
  NEED (amt_relay_get_stats (w->relay)->gateways == 0);
}

static void
play (world * w, unsigned seed)
{
  core_time end;

  setup_world (w, seed);
  end = w->now + SECONDS (30 + below (w, 120));
  toggle_channel (w, &w->channels[below (w, N_CHANNELS)]);
  while (w->now < end) {
    run_until (w, w->now + 1 + next_random (w) % SECONDS (15));
    disturb (w);
  }

  /* Who sleeps wakes up first. */
  run_until (w, MAX (w->now, MAX (w->gateway_asleep, w->relay_asleep)));
  w->clean = true;
  expect_agreement (w);
  expect_parting (w);
  check_relay (w);
  check_gateway (w);
  amt_gateway_free (w->gw);
  amt_relay_free (w->relay);
}

GST_START_TEST (test_seeds)
{
  const char *n = g_getenv ("MC_PAIR_SEEDS");
  const char *first = g_getenv ("MC_PAIR_FIRST");
  unsigned start = first ? (unsigned) atoi (first) : 0;
  unsigned seeds = n ? (unsigned) atoi (n) : DEFAULT_SEEDS;
  world w = { 0 };

  fail_unless (seeds > 0);
  w.queue = g_new (datagram, MAX_QUEUE);
  longest = 0;
  for (unsigned seed = start; seed < start + seeds; seed++) {
    play (&w, seed);
  }
  GST_INFO ("longest way to agreement: %" GST_TIME_FORMAT,
      GST_TIME_ARGS (longest));
  g_free (w.queue);
}

GST_END_TEST;

static Suite *
amt_pair_suite (void)
{
  Suite *s = suite_create ("amt-pair");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 55);
  tcase_add_test (tc, test_seeds);
  return s;
}

GST_CHECK_MAIN (amt_pair);
