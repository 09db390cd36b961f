/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the tests of the AMT relay share: a relay with a known secret, and
 * gateways that speak to it.
 */
#pragma once

#include <gst/check/gstcheck.h>

#include "amt-relay.h"
#include "digest.h"
#include "igmp.h"
#include "mld.h"

#define SECONDS(n) ((core_time) (n) * CORE_SECOND)
#define GMI SECONDS (260)

#define RELAY_V4 "198.51.100.1"
#define RELAY_V6 "2001:db8:a::1"
#define GATEWAY_V4 "203.0.113.5"
#define GATEWAY_V6 "2001:db8:b::5"

/* Secrets count up: 00 01 ... 1f, then 01 02 ... 20. */
typedef struct
{
  uint8_t secrets;
} fixture_random;

static inline void
fixture_fill (void *ctx, uint8_t * buf, size_t len)
{
  fixture_random *random = ctx;

  for (size_t i = 0; i < len; i++)
    buf[i] = (uint8_t) (i + (len == 32 ? random->secrets : 0));
  if (len == 32)
    random->secrets++;
}

static inline core_ip
ip_of (const char *text)
{
  core_ip ip;

  fail_unless (core_ip_from_string (text, &ip), "%s", text);
  return ip;
}

static inline core_addr
addr_of (const char *text, uint16_t port)
{
  core_addr addr = {.ip = ip_of (text),.port = port };

  return addr;
}

static inline size_t
unhex (const char *hex, uint8_t * out, size_t cap)
{
  size_t n = strlen (hex) / 2;

  fail_unless (n <= cap);
  for (size_t i = 0; i < n; i++)
    out[i] = (uint8_t) (g_ascii_xdigit_value (hex[2 * i]) << 4 |
        g_ascii_xdigit_value (hex[2 * i + 1]));
  return n;
}

/* A relay with the secret of the vectors. */
static inline amt_relay *
new_relay (fixture_random * random, const amt_relay_config * like,
    core_time now)
{
  amt_relay_config config = { 0 };
  amt_relay *relay = NULL;

  if (like != NULL)
    config = *like;
  memset (random, 0, sizeof (*random));
  config.random = fixture_fill;
  config.random_ctx = random;
  fail_unless_equals_int (amt_relay_new (&relay, &config, now), CORE_OK);
  return relay;
}

/* One datagram, which is answered at most once; returns the verdict. */
static inline int
feed (amt_relay * relay, const core_addr * from, const uint8_t * data,
    size_t len, core_time now)
{
  core_addr to = addr_of (from->ip.family == CORE_FAMILY_V4 ?
      RELAY_V4 : RELAY_V6, AMT_PORT);

  return amt_relay_receive (relay, from, &to, data, len, now);
}

/* Sends a Request and returns the Query in buf. */
static inline amt_message
ask (amt_relay * relay, const core_addr * from, uint32_t nonce, amt_p_flag p,
    uint8_t buf[AMT_RELAY_DATAGRAM_MAX], core_time now)
{
  amt_message request = {.type = AMT_REQUEST,.nonce = nonce,.p = p };
  amt_message query;
  core_addr to, local;
  size_t len = amt_build (buf, AMT_RELAY_DATAGRAM_MAX, &request);

  fail_unless_equals_int (feed (relay, from, buf, len, now), CORE_OK);
  len = amt_relay_send (relay, buf, AMT_RELAY_DATAGRAM_MAX, &to, &local, now);
  fail_unless (len > 0);
  fail_unless (core_addr_equal (&to, from));
  fail_unless_equals_int (amt_parse (buf, len, &query), CORE_OK);
  fail_unless_equals_int (query.type, AMT_MEMBERSHIP_QUERY);
  fail_unless_equals_int (query.nonce, nonce);
  return query;
}

/* A gateway with a pair of nonce and MAC. */
typedef struct
{
  core_addr addr;
  uint32_t nonce;
  uint8_t mac[AMT_MAC_LEN];
  amt_gateway_field field;
  bool limit;
} peer;

static inline peer
new_peer (amt_relay * relay, const char *ip, uint16_t port, core_time now)
{
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX];
  peer p = {.addr = addr_of (ip, port),.nonce = 0x1000u + port };
  amt_message query = ask (relay, &p.addr, p.nonce, AMT_P_NONE, buf, now);

  memcpy (p.mac, query.mac, AMT_MAC_LEN);
  p.limit = query.limit;
  p.field = query.gateway;
  return p;
}

/* Sends what is encapsulated as an Update. */
static inline int
update_inner (amt_relay * relay, const peer * p, const uint8_t * inner,
    size_t inner_len, core_time now)
{
  static uint8_t buf[65536];
  amt_message update = {.type = AMT_MEMBERSHIP_UPDATE,.nonce = p->nonce,
    .inner = inner,.inner_len = inner_len
  };
  size_t len;

  memcpy (update.mac, p->mac, AMT_MAC_LEN);
  len = amt_build (buf, sizeof (buf), &update);
  fail_unless (len > 0);
  return feed (relay, &p->addr, buf, len, now);
}

/* Sends records. */
static inline int
update_records (amt_relay * relay, const peer * p,
    const group_record_out * records, unsigned n, core_time now)
{
  static uint8_t inner[65000];
  size_t len;

  if (records[0].group.family == CORE_FAMILY_V6)
    len = mld_build_report (inner, sizeof (inner), records, n);
  else
    len = igmp_build_report (inner, sizeof (inner), records, n);
  fail_unless (len > 0);
  return update_inner (relay, p, inner, len, now);
}

/* Sends one record; source NULL: without sources. */
static inline int
update (amt_relay * relay, const peer * p, group_record_type type,
    const char *source, const char *group, core_time now)
{
  group_record_out record = {.type = type,.group = ip_of (group) };
  core_ip ip;

  if (source != NULL) {
    ip = ip_of (source);
    record.sources = &ip;
    record.n_sources = 1;
  }
  return update_records (relay, p, &record, 1, now);
}

static inline size_t
count_targets (const amt_relay * relay, const char *source, const char *group)
{
  core_ip s = ip_of (source), g = ip_of (group);

  return amt_relay_targets (relay, &s, &g, NULL, 0);
}

static inline uint64_t
dropped (const amt_relay * relay, core_error error)
{
  return amt_relay_get_stats (relay)->dropped[-error];
}

static inline void
expect_event (amt_relay * relay, amt_relay_event_type type,
    const core_addr * gateway, amt_removed_reason reason)
{
  amt_relay_event_info event;

  fail_unless (amt_relay_event (relay, &event));
  fail_unless_equals_int (event.type, type);
  fail_unless (core_addr_equal (&event.gateway, gateway));
  fail_unless_equals_int (event.reason, reason);
}

static inline void
expect_no_event (amt_relay * relay)
{
  amt_relay_event_info event;

  fail_if (amt_relay_event (relay, &event));
}
