/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the tests of the AMT gateway share: a scripted random source, a fake
 * clock, and relays that can be told to have the habits of real ones.
 */
#pragma once

#include "amt-gateway.h"
#include "igmp.h"
#include "ipudp.h"
#include "mld.h"

#include <gst/check/gstcheck.h>
#include <string.h>

enum
{
  TEST_MAX_PEERS = 3,
  TEST_MAX_JOINED = 1100,
  TEST_MAX_EVENTS = 512,
  TEST_MAX_SENT = 256
};

/* As fail_unless, but without a system call each time it holds. */
#define bench_assert(expr) \
  do { \
    if (!(expr)) \
      fail ("%s", #expr); \
  } while (0)

#define SECONDS(s) ((core_time) ((s) * 1e9))

static inline core_ip
test_ip (const char *text)
{
  core_ip ip;

  fail_unless (core_ip_from_string (text, &ip), "%s", text);
  return ip;
}

static inline core_addr
test_addr (const char *text, unsigned port)
{
  core_addr addr = {.ip = test_ip (text),.port = (uint16_t) port };

  return addr;
}

/* Random: nonces are drawn 4 bytes at a time, waits 8. */
typedef enum
{
  WAITS_SHORTEST,
  WAITS_LONGEST,
  WAITS_RANDOM
} test_waits;

typedef struct
{
  uint32_t script[8];           /* nonces to hand out first */
  unsigned n_script;
  uint32_t counter;
  test_waits waits;
  uint64_t seed;
} test_random;

static inline uint64_t
test_random_next (test_random * r)
{
  r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
  return r->seed >> 33 | r->seed << 31;
}

static inline void
test_random_fill (void *ctx, uint8_t * buf, size_t len)
{
  test_random *r = ctx;

  if (len == AMT_NONCE_LEN) {
    uint32_t nonce = ++r->counter;
    wr_cursor w;

    if (r->n_script > 0) {
      nonce = r->script[0];
      memmove (r->script, r->script + 1, sizeof (r->script) - 4);
      r->n_script--;
    }
    wr_init (&w, buf, len);
    wr_u32 (&w, nonce);
    return;
  }
  for (size_t i = 0; i < len; i++)
    buf[i] = r->waits == WAITS_RANDOM ? (uint8_t) test_random_next (r) :
        r->waits == WAITS_LONGEST ? 0xff : 0;
}

typedef struct
{
  core_ip group;
  core_ip source;
  core_time expires;
} test_joined;

/* A scripted relay.  What is 0 is the habit of an RFC 7450 relay. */
typedef struct
{
  core_addr addr;
  bool discovery;               /* answers Discoveries (with .advertise) */
  core_ip advertise;

  core_time down_from, down_until;
  bool icmp;                    /* what is sent to it while down is refused */
  bool mute_data;               /* never sends data */
  core_time data_interval;      /* 0: 20 ms */

  bool linux_relay;             /* P at 0x80, one pair per tunnel */
  bool no_igmp, no_mld;
  bool no_alert;                /* Query without Router Alert */
  bool unspecified_source;      /* MLD Query from :: */
  bool strict_nonce;            /* nonce 0 is not answered */
  bool limit;
  bool trailer;
  core_addr seen;               /* the gateway, for the trailer */
  group_query query;            /* 0: QQIC 125, QRV 2 */
  bool s_flag_qrv0;
  core_time memory;             /* of a report; 0: 260 s */

  uint32_t known_nonce;         /* of the last Request */
  unsigned n_requests, n_updates, n_teardowns, n_refused, n_discoveries;
  unsigned n_lost;              /* datagrams that came while it was down */
  core_time last_request, first_update;
  amt_message last_teardown;
  test_joined joined[TEST_MAX_JOINED];
  unsigned n_joined;
  core_time next_data;
  uint8_t mac;                  /* changes with each Query */
} test_peer;

typedef struct
{
  core_time time;
  core_addr to;
  uint8_t data[AMT_GATEWAY_DATAGRAM_MAX];
  size_t len;
} test_sent;

typedef struct
{
  amt_gateway *gw;
  core_time now;
  test_random random;
  test_peer peers[TEST_MAX_PEERS];
  unsigned n_peers;
  amt_gateway_event_info events[TEST_MAX_EVENTS];
  core_time event_times[TEST_MAX_EVENTS];
  unsigned n_events;
  core_time first_data, last_data;
  uint64_t n_data;
  test_sent sent[TEST_MAX_SENT];
  unsigned n_sent;
} test_bench;

static inline void
bench_check (const test_bench * b)
{
  const amt_gateway_stats *s = amt_gateway_get_stats (b->gw);
  uint64_t dropped = 0;

  for (unsigned i = 0; i < CORE_ERR_N_DROPS; i++)
    dropped += s->data_dropped[i];
  bench_assert (s->data_received == s->data_accepted + dropped);
}

static inline test_bench *
bench_new_full (amt_gateway_config config, core_time now)
{
  test_bench *b = g_new0 (test_bench, 1);

  b->now = now;
  b->random.counter = 0x1000;
  b->random.seed = 1;
  config.random = test_random_fill;
  config.random_ctx = &b->random;
  fail_unless_equals_int (amt_gateway_new (&b->gw, &config, now), CORE_OK);
  b->first_data = b->last_data = CORE_TIME_NEVER;
  return b;
}

static inline test_bench *
bench_new (void)
{
  amt_gateway_config config = { 0 };

  return bench_new_full (config, 0);
}

static inline void
bench_free (test_bench * b)
{
  bench_check (b);
  amt_gateway_free (b->gw);
  g_free (b);
}

static inline test_peer *
bench_peer (test_bench * b, const char *addr)
{
  test_peer *p = &b->peers[b->n_peers++];

  p->addr = test_addr (addr, AMT_PORT);
  p->next_data = CORE_TIME_NEVER;
  p->down_from = p->down_until = CORE_TIME_NEVER;
  p->seen = test_addr ("203.0.113.5", 50001);
  return p;
}

static inline int
bench_join (test_bench * b, const char *source, const char *group,
    unsigned port)
{
  amt_channel channel = {
    .source = test_ip (source),.group = test_ip (group),.port = (uint16_t) port
  };

  return amt_gateway_join (b->gw, &channel, b->now);
}

static inline void
bench_events (test_bench * b)
{
  amt_gateway_event_info ev;

  while (amt_gateway_event (b->gw, &ev)) {
    fail_unless (b->n_events < TEST_MAX_EVENTS, "type %d at %.3f s", ev.type,
        (double) b->now / 1e9);
    b->event_times[b->n_events] = b->now;
    b->events[b->n_events++] = ev;
  }
}

static inline int
bench_receive (test_bench * b, const core_addr * from, const uint8_t * data,
    size_t len, amt_view * view)
{
  amt_view unused;
  /* An exact copy, so that a read past the end is seen. */
  uint8_t *copy = g_memdup2 (data, len);
  int ret = amt_gateway_receive (b->gw, from, copy, len, b->now,
      view ? view : &unused);

  if (ret == 1 && view && !view->reassembled)
    view->data = data + (view->data - copy);
  g_free (copy);
  bench_check (b);
  return ret;
}

/* One datagram that the gateway wants to send, not yet handed to a peer. */
static inline test_sent *
bench_send_one (test_bench * b)
{
  test_sent *s = &b->sent[b->n_sent % TEST_MAX_SENT];

  s->len = amt_gateway_send (b->gw, s->data, sizeof (s->data), &s->to, b->now);
  if (s->len == 0)
    return NULL;
  s->time = b->now;
  b->n_sent++;
  return s;
}

static inline bool
peer_is_down (const test_peer * p, core_time now)
{
  return now >= p->down_from && now < p->down_until;
}

static inline size_t
peer_inner_query (const test_peer * p, bool mld, uint8_t * buf, size_t cap)
{
  group_query q = p->query;
  size_t len;

  if (q.query_interval == 0)
    q.query_interval = 125;
  if (q.robustness == 0)
    q.robustness = 2;
  len = mld ? mld_build_query (buf, cap, &q) : igmp_build_query (buf, cap, &q);
  if (!mld && p->no_alert) {
    memmove (buf + 20, buf + 24, len - 24);
    len -= 4;
    buf[0] = 0x45;
    buf[3] = (uint8_t) len;
    buf[10] = buf[11] = 0;
    buf[10] = (uint8_t) (ip_sum_finish (ip_sum (buf, 20, 0)) >> 8);
    buf[11] = 0;
    buf[11] = (uint8_t) ip_sum_finish (ip_sum (buf, 20, 0));
  }
  if (mld && (p->unspecified_source || p->s_flag_qrv0)) {
    core_ip src, dst = core_ip_v6 (buf + 24);
    uint16_t sum;

    if (p->unspecified_source)
      memset (buf + 8, 0, 16);
    if (p->s_flag_qrv0)
      buf[48 + 24] = 0x08;
    src = core_ip_v6 (buf + 8);
    buf[50] = buf[51] = 0;
    sum = ip_sum_finish (ip_sum (buf + 48, len - 48,
            ip_pseudo_sum (&src, &dst, IP_PROTOCOL_ICMPV6, len - 48)));
    buf[50] = (uint8_t) (sum >> 8);
    buf[51] = (uint8_t) sum;
  }
  return len;
}

/* The Query of a peer; returns its length. */
static inline size_t
peer_query (test_peer * p, uint32_t nonce, bool mld, uint8_t * buf, size_t cap)
{
  uint8_t inner[128];
  amt_message msg = {.type = AMT_MEMBERSHIP_QUERY };

  msg.nonce = nonce;
  memset (msg.mac, ++p->mac, AMT_MAC_LEN);
  msg.limit = p->limit;
  msg.has_gateway = p->trailer;
  amt_gateway_field_set (&msg.gateway, &p->seen);
  msg.inner = inner;
  msg.inner_len = peer_inner_query (p, mld, inner, sizeof (inner));
  return amt_build (buf, cap, &msg);
}

static inline test_joined *
peer_find (test_peer * p, const core_ip * group, const core_ip * source)
{
  for (unsigned i = 0; i < p->n_joined; i++)
    if (core_ip_equal (&p->joined[i].group, group) &&
        core_ip_equal (&p->joined[i].source, source))
      return &p->joined[i];
  return NULL;
}

static inline void
peer_record (test_peer * p, const group_record * record, core_time now)
{
  for (unsigned i = 0; i < record->n_sources; i++) {
    core_ip source = group_record_source (record, i);
    test_joined *j = peer_find (p, &record->group, &source);

    if (record->type == GROUP_BLOCK_OLD_SOURCES) {
      if (j)
        *j = p->joined[--p->n_joined];
      continue;
    }
    fail_unless (record->type == GROUP_ALLOW_NEW_SOURCES ||
        record->type == GROUP_MODE_IS_INCLUDE);
    if (j == NULL) {
      fail_unless (p->n_joined < TEST_MAX_JOINED);
      j = &p->joined[p->n_joined++];
      j->group = record->group;
      j->source = source;
    }
    j->expires = now + (p->memory ? p->memory : SECONDS (260));
  }
  if (p->next_data == CORE_TIME_NEVER)
    p->next_data = now;
}

static inline int
test_parse_report (const uint8_t * inner, size_t len, uint8_t * scratch,
    group_report * report)
{
  return inner[0] >> 4 == 4 ?
      igmp_parse_report (inner, len, scratch, report) :
      mld_parse_report (inner, len, scratch, report);
}

static inline void
peer_update (test_bench * b, test_peer * p, const amt_message * msg)
{
  uint8_t scratch[MLD_SCRATCH];
  group_report report;
  group_record record;
  size_t pos = 0;

  p->n_updates++;
  if (p->linux_relay && msg->nonce != p->known_nonce) {
    p->n_refused++;
    return;
  }
  if (p->limit && p->n_joined == 0)
    return;
  if (p->first_update == 0)
    p->first_update = b->now;
  fail_unless_equals_int (test_parse_report (msg->inner, msg->inner_len,
          scratch, &report), CORE_OK);
  while (group_report_next (&report, &pos, &record))
    peer_record (p, &record, b->now);
}

static inline void
peer_request (test_bench * b, test_peer * p, const uint8_t * data,
    const amt_message * msg)
{
  uint8_t buf[256];
  bool mld = msg->p == AMT_P_RFC;
  size_t len;

  p->n_requests++;
  p->last_request = b->now;
  if (p->linux_relay) {
    if ((data[1] & 0x7f) != 0)
      return;
    mld = data[1] == 0x80;
  } else if (msg->p == AMT_P_LINUX) {
    mld = false;                /* a reserved bit to the RFC */
  }
  if (p->strict_nonce && msg->nonce == 0)
    return;
  if (mld ? p->no_mld : p->no_igmp)
    return;
  p->known_nonce = msg->nonce;
  len = peer_query (p, msg->nonce, mld, buf, sizeof (buf));
  bench_receive (b, &p->addr, buf, len, NULL);
}

static inline void
peer_receive (test_bench * b, test_peer * p, const test_sent * s)
{
  amt_message msg, answer = {.type = AMT_RELAY_ADVERTISEMENT };
  uint8_t buf[64];
  size_t len;

  fail_unless_equals_int (amt_parse (s->data, s->len, &msg), CORE_OK);
  if (peer_is_down (p, b->now)) {
    p->n_lost++;
    if (p->icmp)
      amt_gateway_unreachable (b->gw, &s->to, b->now);
    return;
  }
  switch (msg.type) {
    case AMT_RELAY_DISCOVERY:
      p->n_discoveries++;
      if (!p->discovery)
        break;
      answer.nonce = msg.nonce;
      answer.relay = p->advertise;
      len = amt_build (buf, sizeof (buf), &answer);
      bench_receive (b, &p->addr, buf, len, NULL);
      break;
    case AMT_REQUEST:
      peer_request (b, p, s->data, &msg);
      break;
    case AMT_MEMBERSHIP_UPDATE:
      peer_update (b, p, &msg);
      break;
    case AMT_TEARDOWN:
      p->n_teardowns++;
      p->last_teardown = msg;
      break;
    default:
      fail ("a gateway does not send type %d", msg.type);
  }
}

static inline test_peer *
bench_find_peer (test_bench * b, const core_addr * addr)
{
  for (unsigned i = 0; i < b->n_peers; i++)
    if (core_addr_equal (&b->peers[i].addr, addr))
      return &b->peers[i];
  return NULL;
}

/* Hands all that the gateway wants to send to the peers. */
static inline void
bench_drain (test_bench * b)
{
  test_sent *s;
  unsigned n = 0;

  while ((s = bench_send_one (b)) != NULL) {
    test_peer *p = bench_find_peer (b, &s->to);

    bench_assert (s->len <= AMT_GATEWAY_DATAGRAM_MAX);
    bench_assert (++n < 1000);  /* sends without end */
    if (p)
      peer_receive (b, p, s);
  }
  bench_events (b);
  bench_check (b);
}

/* One Multicast Data message. */
static inline size_t
test_data (const core_ip * source, const core_ip * group, unsigned port,
    const uint8_t * payload, size_t payload_len, uint8_t * buf, size_t cap)
{
  ipudp_flow flow = {.src = *source,.dst = *group,.src_port = 40000,
    .dst_port = (uint16_t) port,.ttl = 16
  };
  size_t header;

  buf[0] = AMT_MULTICAST_DATA;
  buf[1] = 0;
  header = ipudp_build_header (buf + AMT_DATA_HEADER, cap - AMT_DATA_HEADER,
      &flow, payload, payload_len);
  memcpy (buf + AMT_DATA_HEADER + header, payload, payload_len);
  return AMT_DATA_HEADER + header + payload_len;
}

static inline void
peer_send_data (test_bench * b, test_peer * p)
{
  static const uint8_t payload[32] = "multicast";
  uint8_t buf[256];

  p->next_data = b->now + (p->data_interval ? p->data_interval :
      20 * CORE_MSECOND);
  for (unsigned i = 0; i < p->n_joined; i++) {
    size_t len;

    if (p->joined[i].expires <= b->now) {
      p->joined[i] = p->joined[--p->n_joined];
      continue;
    }
    if (p->mute_data || peer_is_down (p, b->now))
      continue;
    len = test_data (&p->joined[i].source, &p->joined[i].group, 5001, payload,
        sizeof (payload), buf, sizeof (buf));
    if (bench_receive (b, &p->addr, buf, len, NULL) == 1) {
      if (b->first_data == CORE_TIME_NEVER)
        b->first_data = b->now;
      b->last_data = b->now;
      b->n_data++;
    }
  }
}

/* Runs everything up to that time. */
static inline void
bench_run (test_bench * b, core_time until)
{
  bench_drain (b);
  for (;;) {
    core_time next = amt_gateway_deadline (b->gw);

    for (unsigned i = 0; i < b->n_peers; i++)
      next = MIN (next, b->peers[i].next_data);
    if (next > until)
      break;
    bench_assert (next >= b->now);
    b->now = next;
    amt_gateway_expire (b->gw, b->now);
    bench_drain (b);
    bench_assert (amt_gateway_deadline (b->gw) > b->now);
    for (unsigned i = 0; i < b->n_peers; i++)
      if (b->peers[i].next_data <= b->now)
        peer_send_data (b, &b->peers[i]);
    bench_drain (b);
  }
  b->now = until;
  amt_gateway_expire (b->gw, b->now);
  bench_drain (b);
}

static inline void
bench_candidates (test_bench * b, unsigned n, const char *const *addrs,
    bool discovery)
{
  amt_relay_candidate list[8];

  for (unsigned i = 0; i < n; i++) {
    memset (&list[i], 0, sizeof (list[i]));
    list[i].addr = test_addr (addrs[i], AMT_PORT);
    list[i].discovery = discovery;
  }
  fail_unless_equals_int (amt_gateway_set_candidates (b->gw, list, n, b->now),
      CORE_OK);
}

static inline void
bench_one_candidate (test_bench * b, const char *addr, bool discovery)
{
  bench_candidates (b, 1, &addr, discovery);
}

/* How many events of a type there were; the last one in *last. */
static inline unsigned
bench_count (const test_bench * b, amt_gateway_event_type type,
    amt_gateway_event_info * last)
{
  unsigned n = 0;

  for (unsigned i = 0; i < b->n_events; i++)
    if (b->events[i].type == type) {
      n++;
      if (last)
        *last = b->events[i];
    }
  return n;
}

static inline amt_gateway_state
bench_state (const test_bench * b)
{
  return amt_gateway_get_stats (b->gw)->state;
}

/* The next datagram must be of that type; parsed. */
static inline amt_message
bench_expect (test_bench * b, amt_type type)
{
  test_sent *s = bench_send_one (b);
  amt_message msg;

  fail_unless (s != NULL, "nothing sent, type %d expected", type);
  fail_unless_equals_int (amt_parse (s->data, s->len, &msg), CORE_OK);
  fail_unless_equals_int (msg.type, type);
  return msg;
}

static inline void
bench_expect_nothing (test_bench * b)
{
  test_sent *s = bench_send_one (b);

  fail_unless (s == NULL, "type %d sent, nothing expected", s->data[0]);
}

/* "ALLOW(232.1.1.1:192.0.2.10,192.0.2.11) BLOCK(...)", to be freed. */
static inline char *
test_report_text (const amt_message * msg)
{
  static const char *const names[] =
      { "?", "IS_IN", "IS_EX", "TO_IN", "TO_EX", "ALLOW", "BLOCK" };
  GString *text = g_string_new (NULL);
  uint8_t scratch[MLD_SCRATCH];
  char ip[CORE_IP_TEXT_MAX];
  group_report report;
  group_record record;
  size_t pos = 0;

  fail_unless_equals_int (test_parse_report (msg->inner, msg->inner_len,
          scratch, &report), CORE_OK);
  while (group_report_next (&report, &pos, &record)) {
    g_string_append_printf (text, "%s%s(%s=", text->len ? " " : "",
        names[record.type], core_ip_to_string (&record.group, ip));
    for (unsigned i = 0; i < record.n_sources; i++) {
      core_ip source = group_record_source (&record, i);

      g_string_append_printf (text, "%s%s", i ? "," : "",
          core_ip_to_string (&source, ip));
    }
    g_string_append_c (text, ')');
  }
  return g_string_free (text, FALSE);
}

static inline amt_message
bench_expect_update (test_bench * b, const char *records)
{
  amt_message msg = bench_expect (b, AMT_MEMBERSHIP_UPDATE);
  char *text = test_report_text (&msg);

  fail_unless_equals_string (text, records);
  g_free (text);
  return msg;
}

/* Expires what is due then; nothing may be due before. */
static inline void
bench_wait_deadline (test_bench * b, core_time at)
{
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), at);
  b->now = at;
  amt_gateway_expire (b->gw, at);
}

/* A relay answers the Request just taken. */
static inline int
bench_answer (test_bench * b, test_peer * p, const amt_message * request)
{
  uint8_t buf[256];
  size_t len = peer_query (p, request->nonce, request->p != AMT_P_NONE, buf,
      sizeof (buf));

  return bench_receive (b, &p->addr, buf, len, NULL);
}

#define TEST_RELAY "198.51.100.1"
#define TEST_SOURCE "192.0.2.10"
#define TEST_GROUP "232.1.1.1"

/* A gateway with one relay that has just taken the first Update of a
 * channel. */
static inline test_bench *
bench_active (test_peer ** peer)
{
  test_bench *b = bench_new ();
  amt_message request;

  *peer = bench_peer (b, TEST_RELAY);
  bench_one_candidate (b, TEST_RELAY, false);
  fail_unless_equals_int (bench_join (b, TEST_SOURCE, TEST_GROUP, 5001), 0);
  request = bench_expect (b, AMT_REQUEST);
  fail_unless_equals_int (bench_answer (b, *peer, &request), CORE_OK);
  bench_expect_update (b, "ALLOW(232.1.1.1=192.0.2.10)");
  bench_expect_nothing (b);
  return b;
}

static inline int
bench_feed_data (test_bench * b, const test_peer * p)
{
  core_ip s = test_ip (TEST_SOURCE), g = test_ip (TEST_GROUP);
  static const uint8_t payload[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
  uint8_t buf[128];
  size_t len = test_data (&s, &g, 5001, payload, sizeof (payload), buf,
      sizeof (buf));

  return bench_receive (b, &p->addr, buf, len, NULL);
}
