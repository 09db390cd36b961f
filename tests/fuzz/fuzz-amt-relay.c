/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the AMT relay: a sequence of datagrams from a few gateways, of time
 * steps and of look-ups.  On request a datagram gets the MAC the relay itself
 * gave that gateway, and right checksums inside.
 */
#include "amt-relay.h"

#include "igmp.h"
#include "ipudp.h"
#include "mld.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

enum
{
  N_GATEWAYS = 8,
  N_GROUPS = 6,
  N_SOURCES = 8,
  MAX_ANSWER = 106              /* MLD Query with the G trailer */
};

typedef struct
{
  amt_relay *relay;
  amt_relay_config config;
  core_time now;
  rd_cursor in;
  uint64_t received;
  uint64_t dropped;
  uint64_t sent;
  uint64_t generation;
  unsigned max_gateways;
  unsigned most_gateways;       /* the largest limit there ever was */
} run;

#define check(condition) \
  do { \
    if (!(condition)) \
      abort (); \
  } while (0)

static void
fill (void *ctx, uint8_t * buf, size_t len)
{
  uint8_t *counter = ctx;

  for (size_t i = 0; i < len; i++)
    buf[i] = (*counter)++;
}

static core_ip
make_ip (core_family family, uint8_t first, uint8_t second, uint8_t last)
{
  core_ip ip = {.family = (uint8_t) family };

  ip.bytes[0] = first;
  ip.bytes[1] = second;
  ip.bytes[family == CORE_FAMILY_V4 ? 3 : 15] = last;
  return ip;
}

/* Some behind one address or /64, some not. */
static core_addr
gateway_of (unsigned n)
{
  core_addr addr = {.port = (uint16_t) (4000 + n % N_GATEWAYS) };

  n %= N_GATEWAYS;
  if (n < N_GATEWAYS / 2)
    addr.ip = make_ip (CORE_FAMILY_V4, 203, 0, (uint8_t) (1 + n / 2));
  else
    addr.ip = make_ip (CORE_FAMILY_V6, 0x20, 1, (uint8_t) (1 + n / 2));
  return addr;
}

/* Half of them source-specific. */
static core_ip
group_of (core_family family, unsigned n)
{
  uint8_t last = (uint8_t) (1 + n % N_GROUPS);

  if (family == CORE_FAMILY_V4)
    return make_ip (family, n % 2 ? 239 : 232, 1, last);
  return make_ip (family, 0xff, n % 2 ? 0x1e : 0x3e, last);
}

static core_ip
source_of (core_family family, unsigned n)
{
  uint8_t last = (uint8_t) (1 + n % N_SOURCES);

  return make_ip (family, family == CORE_FAMILY_V4 ? 10 : 0x20, 1, last);
}

static unsigned
drain (run * r)
{
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX];
  core_addr to, from;
  unsigned n = 0;
  size_t len;

  while ((len = amt_relay_send (r->relay, buf, sizeof (buf), &to, &from,
              r->now)) > 0) {
    check (len <= MAX_ANSWER);
    check (core_ip_is_unicast (&to.ip) && to.port != 0);
    check (amt_peek_type (buf, len) == AMT_RELAY_ADVERTISEMENT ||
        amt_peek_type (buf, len) == AMT_MEMBERSHIP_QUERY);
    r->sent++;
    n++;
  }
  return n;
}

static void
check_drops (const run * r)
{
  const amt_relay_stats *stats = amt_relay_get_stats (r->relay);
  uint64_t all = 0, named = 0;

  for (unsigned i = 0; i < CORE_ERR_N_DROPS; i++)
    all += stats->dropped[i];
  for (unsigned i = 0; amt_relay_reasons[i] != CORE_OK; i++)
    named += stats->dropped[-amt_relay_reasons[i]];
  check (all == named);
  /* One that was used in part is counted, too. */
  check (all >= r->dropped);
  check (all - stats->dropped[-CORE_ERR_TOO_MANY_CHANNELS] <= r->dropped);
}

static void
check_state (const run * r)
{
  const amt_relay_stats *stats = amt_relay_get_stats (r->relay);
  amt_relay_target target;
  size_t pos = 0;
  unsigned n = 0;

  check (stats->gateways <= r->most_gateways);
  check (stats->gateways == stats->gateways_added - stats->gateways_removed);
  check (stats->control_received == r->received);
  check (stats->control_sent == r->sent);
  check_drops (r);
  while (amt_relay_next_gateway (r->relay, &pos, &target))
    n++;
  check (n == stats->gateways);
  check (amt_relay_deadline (r->relay) > r->now);
  check (amt_relay_generation (r->relay) >= r->generation);
}

static int
receive (run * r, const core_addr * from, const uint8_t * bytes, size_t len)
{
  core_addr to = {.port = AMT_PORT };
  unsigned answers;
  uint8_t *copy = malloc (len > 0 ? len : 1);
  int ret;

  to.ip = make_ip ((core_family) from->ip.family, 198, 51, 1);
  check (copy != NULL);
  if (len > 0)
    memcpy (copy, bytes, len);
  ret = amt_relay_receive (r->relay, from, &to, copy, len, r->now);
  free (copy);

  check (ret == CORE_OK || (ret < 0 && ret > -CORE_ERR_N_DROPS));
  r->received++;
  if (ret < 0)
    r->dropped++;
  answers = drain (r);
  check (answers <= 1);
  check (answers == 0 || (ret == CORE_OK && len >= 8));
  return ret;
}

/* Asks the relay itself for the MAC of (address, port, nonce). */
static void
patch_mac (run * r, const core_addr * from, uint8_t * message, size_t len)
{
  uint8_t request[AMT_REQUEST_LEN] = { AMT_REQUEST };
  core_addr to = {.port = AMT_PORT }, back, local;
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX];

  if (len < AMT_MEMBERSHIP_HEADER)
    return;
  to.ip = make_ip ((core_family) from->ip.family, 198, 51, 1);
  memcpy (request + 4, message + 8, AMT_NONCE_LEN);
  r->received++;
  if (amt_relay_receive (r->relay, from, &to, request, sizeof (request),
          r->now) != CORE_OK) {
    r->dropped++;
    return;
  }
  check (amt_relay_send (r->relay, buf, sizeof (buf), &back, &local,
          r->now) > 0);
  r->sent++;
  memcpy (message + 2, buf + 2, AMT_MAC_LEN);
  if (len >= AMT_TEARDOWN_LEN && message[0] == AMT_TEARDOWN) {
    amt_gateway_field field;

    amt_gateway_field_set (&field, from);
    memcpy (message + 12, field.bytes, sizeof (field.bytes));
  }
}

static void
put_sum (uint8_t * at, uint32_t sum)
{
  uint16_t value = ip_sum_finish (sum);

  at[0] = (uint8_t) (value >> 8);
  at[1] = (uint8_t) value;
}

/* Makes the checksums of the inner datagram right, so far as it is one. */
static void
patch_checksums (uint8_t * inner, size_t len)
{
  size_t header = len > 0 ? (inner[0] & 0x0fu) * 4u : 0;
  ip_packet ip;
  uint8_t *payload;

  if (len >= 20 && inner[0] >> 4 == 4 && header >= 20 && header <= len) {
    inner[10] = inner[11] = 0;
    put_sum (inner + 10, ip_sum (inner, header, 0));
  }
  if (ip_parse (inner, len, &ip) != CORE_OK || ip.payload_len < 4)
    return;
  payload = inner + ip.payload;
  payload[2] = payload[3] = 0;
  put_sum (payload + 2, ip_sum (payload, ip.payload_len,
          ip.src.family == CORE_FAMILY_V4 ? 0 : ip_pseudo_sum (&ip.src,
              &ip.dst, IP_PROTOCOL_ICMPV6, ip.payload_len)));
}

static void
step_datagram (run * r)
{
  uint8_t message[512];
  core_addr from = gateway_of (rd_u8 (&r->in));
  uint8_t flags = rd_u8 (&r->in);
  size_t len = rd_u8 (&r->in) * (flags & 4 ? 2u : 1u);

  if (len > rd_left (&r->in))
    len = rd_left (&r->in);
  rd_bytes (&r->in, message, len);
  if ((flags & 2) && len > AMT_MEMBERSHIP_HEADER)
    patch_checksums (message + AMT_MEMBERSHIP_HEADER,
        len - AMT_MEMBERSHIP_HEADER);
  if (flags & 1)
    patch_mac (r, &from, message, len);
  receive (r, &from, message, len);
}

/* An Update with sensible records. */
static void
step_update (run * r)
{
  group_record_out records[4];
  core_ip sources[4][N_SOURCES];
  uint8_t inner[1024], message[1100];
  uint8_t head = rd_u8 (&r->in);
  core_addr from = gateway_of (head);
  core_family family = head & 8 ? CORE_FAMILY_V6 : CORE_FAMILY_V4;
  unsigned n = 1 + (head >> 4) % 4;
  amt_message update = {.type = AMT_MEMBERSHIP_UPDATE,.inner = inner };
  size_t len;

  for (unsigned i = 0; i < n; i++) {
    uint8_t what = rd_u8 (&r->in), which = rd_u8 (&r->in);

    records[i].type = (group_record_type) (what % 8);
    records[i].group = group_of (family, what >> 4);
    records[i].sources = sources[i];
    records[i].n_sources = 0;
    for (unsigned s = 0; s < N_SOURCES; s++) {
      if (which & 1u << s)
        sources[i][records[i].n_sources++] = source_of (family, s);
    }
  }
  if (family == CORE_FAMILY_V4)
    update.inner_len = igmp_build_report (inner, sizeof (inner), records, n);
  else
    update.inner_len = mld_build_report (inner, sizeof (inner), records, n);
  len = amt_build (message, sizeof (message), &update);
  check (len > 0);
  patch_mac (r, &from, message, len);
  receive (r, &from, message, len);
}

/* No gateway may hold more channels than its limits allow. */
static void
step_targets (run * r)
{
  unsigned channels[N_GATEWAYS] = { 0 };

  for (unsigned i = 0; i < N_GROUPS * N_SOURCES * 2; i++) {
    core_family family = i % 2 ? CORE_FAMILY_V6 : CORE_FAMILY_V4;
    core_ip group = group_of (family, i / 2 % N_GROUPS);
    core_ip source = source_of (family, i / 2 / N_GROUPS);
    amt_relay_target targets[N_GATEWAYS];
    size_t n = amt_relay_targets (r->relay, &source, &group, targets,
        N_GATEWAYS);

    check (n <= amt_relay_get_stats (r->relay)->gateways);
    if (!core_ip_is_ssm (&group))
      continue;
    for (size_t t = 0; t < n; t++)
      channels[targets[t].gateway.port - 4000]++;
  }
  for (unsigned i = 0; i < N_GATEWAYS; i++)
    check (channels[i] <= r->config.max_groups * r->config.max_sources);
}

static void
step (run * r)
{
  amt_relay_event_info event;
  core_addr gateway;

  switch (rd_u8 (&r->in) % 9) {
    case 0:
    case 1:
      step_datagram (r);
      break;
    case 2:
    case 3:
      step_update (r);
      break;
    case 4:
      r->now += rd_u8 (&r->in) * CORE_SECOND + rd_u8 (&r->in) * CORE_MSECOND;
      amt_relay_expire (r->relay, r->now);
      break;
    case 5:
      r->now = amt_relay_deadline (r->relay);
      amt_relay_expire (r->relay, r->now);
      break;
    case 6:
      gateway = gateway_of (rd_u8 (&r->in));
      amt_relay_unreachable (r->relay, &gateway, r->now);
      break;
    case 7:
      step_targets (r);
      break;
    default:
      r->max_gateways = rd_u8 (&r->in) % (N_GATEWAYS + 1);
      if (r->max_gateways > r->most_gateways)
        r->most_gateways = r->max_gateways;
      amt_relay_set_max_gateways (r->relay, r->max_gateways);
      while (amt_relay_event (r->relay, &event))
        check (event.type == AMT_RELAY_GATEWAY_ADDED ||
            (event.type == AMT_RELAY_GATEWAY_REMOVED &&
                event.reason != AMT_REMOVED_NONE));
      break;
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  uint8_t counter = 0, flags, limits;
  run r = { 0 };

  rd_init (&r.in, data, size);
  flags = rd_u8 (&r.in);
  limits = rd_u8 (&r.in);
  r.config.random = fill;
  r.config.random_ctx = &counter;
  r.config.gateway_address = flags & 1;
  r.config.max_gateways = 1 + (flags >> 1) % N_GATEWAYS;
  r.config.max_gateways_per_address = (flags >> 4) % 3;
  r.config.unreachable_limit = 2;
  r.config.max_groups = 1 + limits % 4;
  r.config.max_sources = 1 + (limits >> 2) % 4;
  r.config.answers_per_second = 5;
  r.config.answers_burst = 40;
  r.config.rate_buckets = flags & 0x40 ? 2 : 64;
  r.max_gateways = r.most_gateways = r.config.max_gateways;
  check (amt_relay_new (&r.relay, &r.config, 0) == CORE_OK);

  while (rd_left (&r.in) > 0) {
    step (&r);
    check_state (&r);
    r.generation = amt_relay_generation (r.relay);
  }
  amt_relay_free (r.relay);
  return 0;
}
