/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzz target for the AMT gateway machine.  The input is a sequence of steps:
 * time passes, channels come and go, datagrams arrive, the network has news.
 */
#include "amt-gateway.h"
#include "igmp.h"
#include "ipudp.h"
#include "mld.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

enum
{
  STEP_TIME = 0,                /* u8: log2 of ms */
  STEP_EXPIRE_AT_DEADLINE,
  STEP_JOIN,                    /* u8: which channel */
  STEP_LEAVE,                   /* u8: number */
  STEP_DATAGRAM,                /* u8 flags, u8 length, bytes */
  STEP_QUERY,                   /* u8 flags: a well-formed one */
  STEP_ADVERTISEMENT,
  STEP_DATA,                    /* u8 channel, u8 flags: well-formed */
  STEP_UNREACHABLE,             /* u8: which address */
  STEP_RESUME,                  /* u8: log2 of ms slept */
  STEP_NETWORK_CHANGED,
  STEP_STOP,
  STEP_CANDIDATES,              /* u8: which */
  STEP_SET_PORT,                /* u8: number, u8: port */
  STEP_COUNT,

  MAX_SENDS = 400,              /* per drain */
  N_ADDRS = 4
};

/* Flags of STEP_DATAGRAM. */
enum
{
  FROM_STRANGER = 0x01,
  PATCH_NONCE = 0x02,           /* of the last message sent, at offset 4 or 8 */
  PATCH_MAC = 0x04,
  WRONG_PORT = 0x08,
  MAKE_QUERY = 0x10,            /* the type too */
  MAKE_DATA = 0x20
};

/* Flags of STEP_QUERY. */
enum
{
  QUERY_MLD = 0x01,
  QUERY_LIMIT = 0x02,
  QUERY_TRAILER = 0x04,
  QUERY_MOVED = 0x08,
  QUERY_ROBUSTNESS_SHIFT = 4
};

typedef struct
{
  amt_gateway *gw;
  rd_cursor in;
  core_time now;
  uint64_t seed;
  core_addr last_to;
  uint32_t last_nonce;
  uint8_t last_mac[AMT_MAC_LEN];
} state;

static void
check (bool ok)
{
  if (!ok)
    abort ();
}

static void
fill_random (void *ctx, uint8_t * buf, size_t len)
{
  state *s = ctx;

  for (size_t i = 0; i < len; i++) {
    s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
    buf[i] = (uint8_t) (s->seed >> 56);
  }
}

static core_addr
address (unsigned which)
{
  static const char *const text[N_ADDRS] =
      { "198.51.100.1", "2001:db8:a::1", "127.0.0.1", "192.52.193.1" };
  core_addr addr = {.port = AMT_PORT };

  check (core_ip_from_string (text[which % N_ADDRS], &addr.ip));
  return addr;
}

static amt_channel
channel (unsigned which)
{
  amt_channel c = { 0 };
  bool v6 = which & 1;

  check (core_ip_from_string (v6 ? "2001:db8::10" : "192.0.2.10", &c.source));
  check (core_ip_from_string (v6 ? "ff3e::8000:1" : "232.1.1.1", &c.group));
  c.source.bytes[v6 ? 15 : 3] = (uint8_t) (which >> 1 & 3);
  c.source.bytes[v6 ? 15 : 3]++;
  c.group.bytes[v6 ? 15 : 3] = (uint8_t) (which >> 3 & 7);
  c.port = which & 0x80 ? 0 : 5001;
  return c;
}

static void
check_stats (const state * s)
{
  const amt_gateway_stats *stats = amt_gateway_get_stats (s->gw);
  uint64_t data = 0, control = 0;

  for (unsigned i = 0; i < CORE_ERR_N_DROPS; i++) {
    data += stats->data_dropped[i];
    control += stats->control_dropped[i];
  }
  check (stats->data_received == stats->data_accepted + data);
  check (control <= stats->control_received);
  check (amt_gateway_state_name (stats->state) != NULL);
}

static void
note_sent (state * s, const uint8_t * buf, size_t len)
{
  amt_message msg;

  check (len <= AMT_GATEWAY_DATAGRAM_MAX);
  check (amt_parse (buf, len, &msg) == CORE_OK);
  check (msg.type == AMT_RELAY_DISCOVERY || msg.type == AMT_REQUEST ||
      msg.type == AMT_MEMBERSHIP_UPDATE || msg.type == AMT_TEARDOWN);
  if (msg.type == AMT_RELAY_DISCOVERY || msg.type == AMT_REQUEST)
    s->last_nonce = msg.nonce;
  else
    memcpy (s->last_mac, msg.mac, AMT_MAC_LEN);
}

static void
drain (state * s)
{
  amt_gateway_event_info ev;
  uint8_t buf[AMT_GATEWAY_DATAGRAM_MAX];
  core_addr to;
  size_t len;
  unsigned n = 0;

  while ((len = amt_gateway_send (s->gw, buf, sizeof (buf), &to, s->now)) > 0) {
    check (++n < MAX_SENDS);
    check (to.ip.family != CORE_FAMILY_NONE && to.port != 0);
    s->last_to = to;
    note_sent (s, buf, len);
  }
  n = 0;
  while (amt_gateway_event (s->gw, &ev))
    check (++n <= 32 && ev.type >= AMT_EVENT_CONNECTING &&
        ev.type <= AMT_EVENT_GAVE_UP);
  check_stats (s);
}

static void
receive (state * s, const core_addr * from, const uint8_t * data, size_t len)
{
  amt_view view;
  /* Its own block, so that a read past the end is seen. */
  uint8_t *copy = malloc (len ? len : 1);
  int ret;

  check (copy != NULL);
  memcpy (copy, data, len);
  ret = amt_gateway_receive (s->gw, from, copy, len, s->now, &view);
  check (ret <= 1 && ret > CORE_ERR_FATAL);
  if (ret == 1) {
    volatile uint8_t sum = 0;

    check (view.channel >= 0);
    for (size_t i = 0; i < view.len; i++)
      sum = (uint8_t) (sum + view.data[i]);
  }
  free (copy);
}

static void
patch (const state * s, unsigned flags, uint8_t * buf, size_t len)
{
  wr_cursor w;

  if (len == 0)
    return;
  if (flags & MAKE_QUERY)
    buf[0] = AMT_MEMBERSHIP_QUERY;
  if (flags & MAKE_DATA)
    buf[0] = AMT_MULTICAST_DATA;
  wr_init (&w, buf, len);
  wr_u8 (&w, buf[0]);
  if ((flags & PATCH_MAC) && len >= 8)
    memcpy (buf + 2, s->last_mac, AMT_MAC_LEN);
  if (!(flags & PATCH_NONCE))
    return;
  w.pos = buf[0] == AMT_RELAY_ADVERTISEMENT ? 4 : 8;
  if (w.pos + 4 <= len)
    wr_u32 (&w, s->last_nonce);
}

static void
step_datagram (state * s)
{
  uint8_t buf[256];
  unsigned flags = rd_u8 (&s->in);
  size_t len = rd_u8 (&s->in);
  core_addr from = flags & FROM_STRANGER ? address (2) : s->last_to;

  if (len > rd_left (&s->in))
    len = rd_left (&s->in);
  rd_bytes (&s->in, buf, len);
  patch (s, flags, buf, len);
  if (flags & WRONG_PORT)
    from.port++;
  receive (s, &from, buf, len);
}

static void
step_query (state * s)
{
  uint8_t buf[256], inner[128];
  unsigned flags = rd_u8 (&s->in);
  amt_message msg = {.type = AMT_MEMBERSHIP_QUERY };
  core_addr seen = address (3);
  group_query q = { 0 };

  q.query_interval = rd_u8 (&s->in);
  q.robustness = (uint8_t) (flags >> QUERY_ROBUSTNESS_SHIFT);
  msg.nonce = s->last_nonce;
  fill_random (s, msg.mac, AMT_MAC_LEN);
  msg.limit = (flags & QUERY_LIMIT) != 0;
  msg.has_gateway = (flags & QUERY_TRAILER) != 0;
  if (flags & QUERY_MOVED)
    seen.port++;
  amt_gateway_field_set (&msg.gateway, &seen);
  msg.inner = inner;
  msg.inner_len = flags & QUERY_MLD ?
      mld_build_query (inner, sizeof (inner), &q) :
      igmp_build_query (inner, sizeof (inner), &q);
  receive (s, &s->last_to, buf, amt_build (buf, sizeof (buf), &msg));
}

static void
step_advertisement (state * s)
{
  uint8_t buf[64];
  amt_message msg = {.type = AMT_RELAY_ADVERTISEMENT };

  msg.nonce = s->last_nonce;
  msg.relay = address (rd_u8 (&s->in)).ip;
  receive (s, &s->last_to, buf, amt_build (buf, sizeof (buf), &msg));
}

/* Data of a channel, with a few bytes of its header changed. */
static void
step_data (state * s)
{
  uint8_t buf[256];
  amt_channel c = channel (rd_u8 (&s->in));
  unsigned changes = rd_u8 (&s->in) % 4;
  ipudp_flow flow = {.src = c.source,.dst = c.group,.src_port = 1,
    .dst_port = 5001,.ttl = 8
  };
  uint8_t payload[24] = { 0 };
  size_t len;

  buf[0] = AMT_MULTICAST_DATA;
  buf[1] = 0;
  len = 2 + ipudp_build_header (buf + 2, sizeof (buf) - 2, &flow, payload,
      sizeof (payload));
  memcpy (buf + len, payload, sizeof (payload));
  len += sizeof (payload);
  while (changes--) {
    size_t at = rd_u8 (&s->in) % len;

    buf[at] = rd_u8 (&s->in);
  }
  if (buf[2] >> 4 == 4) {
    uint16_t sum;

    buf[12] = buf[13] = 0;
    sum = ip_sum_finish (ip_sum (buf + 2, IP_V4_HEADER, 0));
    buf[12] = (uint8_t) (sum >> 8);
    buf[13] = (uint8_t) sum;
  }
  receive (s, &s->last_to, buf, len);
}

static void
step_candidates (state * s)
{
  amt_relay_candidate list[3] = { 0 };
  unsigned which = rd_u8 (&s->in);
  unsigned n = which & 3;

  for (unsigned i = 0; i < n; i++) {
    list[i].addr = address ((which >> 2) + i);
    list[i].discovery = (which >> (4 + i) & 1) != 0;
  }
  check (amt_gateway_set_candidates (s->gw, list, n, s->now) == CORE_OK);
}

static void
pass_time (state * s)
{
  s->now += CORE_MSECOND << (rd_u8 (&s->in) % 24);
}

static void
step (state * s)
{
  amt_channel c;
  core_addr to;
  int number;

  switch (rd_u8 (&s->in) % STEP_COUNT) {
    case STEP_TIME:
      pass_time (s);
      amt_gateway_expire (s->gw, s->now);
      break;
    case STEP_EXPIRE_AT_DEADLINE:
      if (amt_gateway_deadline (s->gw) != CORE_TIME_NEVER)
        s->now = amt_gateway_deadline (s->gw);
      amt_gateway_expire (s->gw, s->now);
      break;
    case STEP_JOIN:
      c = channel (rd_u8 (&s->in));
      amt_gateway_join (s->gw, &c, s->now);
      break;
    case STEP_LEAVE:
      amt_gateway_leave (s->gw, rd_u8 (&s->in) % 20 - 1, s->now);
      break;
    case STEP_DATAGRAM:
      step_datagram (s);
      break;
    case STEP_QUERY:
      step_query (s);
      break;
    case STEP_ADVERTISEMENT:
      step_advertisement (s);
      break;
    case STEP_DATA:
      step_data (s);
      break;
    case STEP_UNREACHABLE:
      to = rd_u8 (&s->in) & 1 ? s->last_to : address (0);
      amt_gateway_unreachable (s->gw, &to, s->now);
      break;
    case STEP_RESUME:
      pass_time (s);
      amt_gateway_resume (s->gw, s->now);
      break;
    case STEP_NETWORK_CHANGED:
      amt_gateway_network_changed (s->gw, s->now);
      break;
    case STEP_STOP:
      amt_gateway_stop (s->gw, s->now);
      break;
    case STEP_CANDIDATES:
      step_candidates (s);
      break;
    default:
      number = rd_u8 (&s->in) % 20 - 1;
      amt_gateway_set_port (s->gw, number,
          (uint16_t) (5000 + rd_u8 (&s->in) % 4), s->now);
      break;
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  state s = {.seed = 1 };
  amt_gateway_config config = {.random = fill_random,.max_channels = 16,
    .max_reassembly = 4,.max_reassembly_bytes = 8192,
    .give_up = 30 * CORE_SECOND
  };

  config.random_ctx = &s;
  rd_init (&s.in, data, size);
  s.last_to = address (0);
  check (amt_gateway_new (&s.gw, &config, 0) == CORE_OK);

  while (rd_left (&s.in) > 0) {
    core_time deadline;

    step (&s);
    drain (&s);
    /* Whatever is due has a time, and after it was dealt with a later one. */
    deadline = amt_gateway_deadline (s.gw);
    if (deadline <= s.now) {
      amt_gateway_expire (s.gw, s.now);
      drain (&s);
      check (amt_gateway_deadline (s.gw) > s.now);
    }
  }

  amt_gateway_stop (s.gw, s.now);
  drain (&s);
  check (amt_gateway_get_stats (s.gw)->state == AMT_GATEWAY_IDLE);
  amt_gateway_free (s.gw);
  return 0;
}
