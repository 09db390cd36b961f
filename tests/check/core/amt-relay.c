/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The relay's handshake and what protects it: answers, secrets, budgets,
 * and the habits of gateways in the field.
 */
#include "amt-relay-fixture.h"
#include "ipudp.h"

static const char source[] = "192.0.2.10";
static const char group[] = "232.1.1.1";

/* Takes all answers; returns how many, and the length of the longest. */
static unsigned
drain (amt_relay * relay, size_t *longest, core_time now)
{
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX];
  core_addr to, from;
  unsigned n = 0;
  size_t len;

  *longest = 0;
  for (; (len = amt_relay_send (relay, buf, sizeof (buf), &to, &from, now)) > 0;
      n++)
    *longest = MAX (*longest, len);
  return n;
}

/* A Request and its answer thrown away. */
static int
request (amt_relay * relay, const core_addr * from, core_time now)
{
  static const uint8_t bytes[] = { 3, 0, 0, 0, 1, 2, 3, 4 };
  size_t longest;
  int ret = feed (relay, from, bytes, sizeof (bytes), now);

  fail_unless_equals_int (drain (relay, &longest, now), ret == CORE_OK);
  return ret;
}

GST_START_TEST (test_new)
{
  amt_relay_config config = { 0 };
  amt_relay *relay = (amt_relay *) & config;

  fail_unless_equals_int (amt_relay_new (&relay, &config, 0),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless (relay == NULL);
  amt_relay_free (NULL);
}

GST_END_TEST;

/* The answer comes from wherever the question went to. */
GST_START_TEST (test_discovery)
{
  static const uint8_t bytes[] = { 1, 0, 0, 0, 1, 2, 3, 4 };
  fixture_random random;
  amt_relay_config config = {.advertise_v4 = ip_of (RELAY_V4) };
  amt_relay *relay = new_relay (&random, &config, 0);
  core_addr gateway = addr_of (GATEWAY_V6, 4000);
  core_addr asked = addr_of ("2001:3::1", 2269);
  core_addr to, from;
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX];
  amt_message msg;
  size_t len;

  fail_unless_equals_int (amt_relay_receive (relay, &gateway, &asked, bytes,
          sizeof (bytes), 0), CORE_OK);
  len = amt_relay_send (relay, buf, sizeof (buf), &to, &from, 0);
  fail_unless_equals_int (amt_parse (buf, len, &msg), CORE_OK);
  fail_unless_equals_int (msg.type, AMT_RELAY_ADVERTISEMENT);
  fail_unless_equals_int (msg.nonce, 0x01020304);
  /* No IPv6 address was set: it is the one that was asked. */
  fail_unless (core_ip_equal (&msg.relay, &asked.ip));
  fail_unless (core_addr_equal (&to, &gateway));
  fail_unless (core_addr_equal (&from, &asked));
  amt_relay_free (relay);
}

GST_END_TEST;

/* Linux asks for MLD with 0x80 and uses one MAC for both families. */
GST_START_TEST (test_linux_p)
{
  static const amt_p_flag flags[] = { AMT_P_NONE, AMT_P_RFC, AMT_P_LINUX };
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  core_addr gateway = addr_of (GATEWAY_V4, 2268);
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX], mac[AMT_MAC_LEN];
  group_query general;

  for (unsigned i = 0; i < G_N_ELEMENTS (flags); i++) {
    amt_message query = ask (relay, &gateway, 77, flags[i], buf, 0);

    if (i == 0)
      memcpy (mac, query.mac, sizeof (mac));
    fail_unless (memcmp (mac, query.mac, sizeof (mac)) == 0);
    fail_unless_equals_int (buf[1], 0);
    if (flags[i] == AMT_P_NONE) {
      fail_unless_equals_int (igmp_parse_query (query.inner, query.inner_len,
              &general), CORE_OK);
    } else {
      fail_unless_equals_int (mld_parse_query (query.inner, query.inner_len,
              &general), CORE_OK);
    }
    fail_unless_equals_int (general.query_interval, 125);
    fail_unless_equals_int (general.robustness, 2);
  }
  amt_relay_free (relay);
}

GST_END_TEST;

/* VLC sends nine bytes and takes a Query of exactly 48. */
GST_START_TEST (test_vlc_request)
{
  static const uint8_t bytes[] = { 3, 0, 0, 0, 1, 2, 3, 4, 0 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  core_addr gateway = addr_of (GATEWAY_V4, 4000);
  size_t longest;

  fail_unless_equals_int (feed (relay, &gateway, bytes, sizeof (bytes), 0),
      CORE_OK);
  fail_unless_equals_int (drain (relay, &longest, 0), 1);
  fail_unless_equals_int (longest, 48);
  amt_relay_free (relay);
}

GST_END_TEST;

static void
put_sum (uint8_t * at, uint32_t sum)
{
  uint16_t value = ip_sum_finish (sum);

  at[0] = (uint8_t) (value >> 8);
  at[1] = (uint8_t) value;
}

static void
fix_v4 (uint8_t * ip, const uint8_t src[4], uint8_t ttl)
{
  memcpy (ip + 12, src, 4);
  ip[8] = ttl;
  ip[10] = ip[11] = 0;
  put_sum (ip + 10, ip_sum (ip, 24, 0));
}

static void
fix_v6 (uint8_t * data, size_t len, const char *src, uint8_t hops)
{
  core_ip from = ip_of (src), to = ip_of ("ff02::16");
  uint32_t sum;

  memcpy (data + 8, from.bytes, 16);
  data[7] = hops;
  data[50] = data[51] = 0;
  sum = ip_pseudo_sum (&from, &to, IP_PROTOCOL_ICMPV6, len - 48);
  put_sum (data + 50, ip_sum (data + 48, len - 48, sum));
}

/* Reports of libamt, js4ms, Linux and VLC: any source, any TTL, no alert. */
GST_START_TEST (test_inner_headers)
{
  static const uint8_t sources_v4[][4] =
      { {0, 0, 0, 0}, {154, 7, 1, 2}, {10, 0, 0, 1}, {255, 255, 255, 255} };
  static const char *const sources_v6[] =
      { "::", "fe80::3", "2001:db8::77", "ff02::1" };
  core_ip s4 = ip_of (source), s6 = ip_of ("2001:db8::10");
  group_record_out r4 = {.type = GROUP_ALLOW_NEW_SOURCES,.group =
        ip_of (group),.sources = &s4,.n_sources = 1
  };
  group_record_out r6 = {.type = GROUP_ALLOW_NEW_SOURCES,.group =
        ip_of ("ff3e::8000:1"),.sources = &s6,.n_sources = 1
  };

  for (unsigned i = 0; i < 4; i++) {
    fixture_random random;
    amt_relay *relay = new_relay (&random, NULL, 0);
    peer p = new_peer (relay, GATEWAY_V4, 4000, 0);
    uint8_t inner[256];
    size_t len = igmp_build_report (inner, sizeof (inner), &r4, 1);

    if (i % 2)
      memset (inner + 20, 0, 4);        /* as VLC has it */
    fix_v4 (inner, sources_v4[i], (uint8_t) (i % 2 ? 255 : 1));
    fail_unless_equals_int (update_inner (relay, &p, inner, len, 0), CORE_OK);
    len = mld_build_report (inner, sizeof (inner), &r6, 1);
    fix_v6 (inner, len, sources_v6[i], (uint8_t) (i % 2 ? 255 : 1));
    fail_unless_equals_int (update_inner (relay, &p, inner, len, 0), CORE_OK);
    fail_unless_equals_int (count_targets (relay, source, group), 1);
    fail_unless_equals_int (count_targets (relay, "2001:db8::10",
            "ff3e::8000:1"), 1);
    amt_relay_free (relay);
  }
}

GST_END_TEST;

/* IGMPv2 or MLDv1 for a group; returns the verdict. */
static int
old_report (amt_relay * relay, const peer * p, uint8_t type, const char *text)
{
  core_ip ip = ip_of (text);
  group_record_out none = {.type = GROUP_MODE_IS_INCLUDE,.group = ip };
  uint8_t inner[256];
  size_t len;

  if (ip.family == CORE_FAMILY_V4) {
    len = igmp_build_report (inner, sizeof (inner), &none, 0);
    inner[24] = type;
    memcpy (inner + 28, ip.bytes, 4);
    inner[26] = inner[27] = 0;
    put_sum (inner + 26, ip_sum (inner + 24, 8, 0));
  } else {
    len = mld_build_report (inner, sizeof (inner), &none, 0) + 16;
    inner[5] = (uint8_t) (inner[5] + 16);
    inner[48] = type;
    memset (inner + 49, 0, 7);
    memcpy (inner + 56, ip.bytes, 16);
    fix_v6 (inner, len, "fe80::9", 1);
  }
  return update_inner (relay, p, inner, len, 0);
}

GST_START_TEST (test_old_reports)
{
  static const struct
  {
    uint8_t join, leave;
    const char *group, *ssm_group, *source;
  } rows[] = {
    {0x16, 0x17, "239.1.1.1", "232.1.1.1", "192.0.2.10"},
    {131, 132, "ff1e::1", "ff3e::8000:1", "2001:db8::10"},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    fixture_random random;
    amt_relay *relay = new_relay (&random, NULL, 0);
    peer p = new_peer (relay, GATEWAY_V6, 4000, 0);

    fail_unless_equals_int (old_report (relay, &p, rows[i].join,
            rows[i].group), CORE_OK);
    fail_unless_equals_int (count_targets (relay, rows[i].source,
            rows[i].group), 1);
    fail_unless_equals_int (old_report (relay, &p, rows[i].join,
            rows[i].ssm_group), CORE_ERR_SSM_NEEDS_SOURCE);
    fail_unless_equals_int (old_report (relay, &p, rows[i].leave,
            rows[i].ssm_group), CORE_ERR_SSM_NEEDS_SOURCE);
    fail_unless_equals_uint64 (dropped (relay, CORE_ERR_SSM_NEEDS_SOURCE), 2);
    fail_unless_equals_int (count_targets (relay, rows[i].source,
            rows[i].ssm_group), 0);
    fail_unless_equals_int (old_report (relay, &p, rows[i].leave,
            rows[i].group), CORE_OK);
    fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 0);
    amt_relay_free (relay);
  }
}

GST_END_TEST;

/* The last secret is good for two more query intervals, then forgotten. */
GST_START_TEST (test_secret_rotation)
{
  const core_time changed = SECONDS (7200), gone = changed + SECONDS (250);
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer old = new_peer (relay, GATEWAY_V4, 4000, 0);
  peer new;

  fail_unless_equals_uint64 (amt_relay_deadline (relay), changed);
  amt_relay_expire (relay, changed - 1);
  fail_unless_equals_int (random.secrets, 1);
  amt_relay_expire (relay, changed);
  fail_unless_equals_int (random.secrets, 2);
  fail_unless_equals_uint64 (amt_relay_deadline (relay), gone);

  new = new_peer (relay, GATEWAY_V4, 4000, changed);
  fail_if (memcmp (new.mac, old.mac, AMT_MAC_LEN) == 0);
  fail_unless_equals_int (update (relay, &old, GROUP_ALLOW_NEW_SOURCES,
          source, group, gone - 1), CORE_OK);
  fail_unless_equals_int (update (relay, &new, GROUP_ALLOW_NEW_SOURCES,
          source, group, gone - 1), CORE_OK);
  fail_unless_equals_int (update (relay, &old, GROUP_ALLOW_NEW_SOURCES,
          source, group, gone), CORE_ERR_MAC_MISMATCH);
  fail_unless_equals_int (update (relay, &new, GROUP_ALLOW_NEW_SOURCES,
          source, group, gone), CORE_OK);
  fail_unless_equals_int (random.secrets, 2);
  amt_relay_free (relay);
}

GST_END_TEST;

/* After a long sleep the secret changes once, and the pair handed out before
 * it still works. */
GST_START_TEST (test_secret_after_sleep)
{
  const core_time late = SECONDS (1000000);
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer old = new_peer (relay, GATEWAY_V4, 4000, 0);

  fail_unless_equals_int (update (relay, &old, GROUP_ALLOW_NEW_SOURCES,
          source, group, late), CORE_OK);
  fail_unless_equals_int (random.secrets, 2);
  fail_unless_equals_int (update (relay, &old, GROUP_ALLOW_NEW_SOURCES,
          source, group, late + SECONDS (250)), CORE_ERR_MAC_MISMATCH);
  amt_relay_free (relay);
}

GST_END_TEST;

/* A secret lives at least as long as its pairs are needed. */
GST_START_TEST (test_short_secret_lifetime)
{
  amt_relay_config config = {.secret_lifetime = 1,.query_interval = 10 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);

  fail_unless_equals_uint64 (amt_relay_deadline (relay), SECONDS (20));
  amt_relay_free (relay);
}

GST_END_TEST;

GST_START_TEST (test_rate_limit)
{
  amt_relay_config config = {.answers_per_second = 10,.answers_burst = 5 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  core_addr a = addr_of (GATEWAY_V4, 4000), b = addr_of ("203.0.113.6", 4000);

  for (unsigned i = 0; i < 5; i++)
    fail_unless_equals_int (request (relay, &a, 0), CORE_OK);
  a.port++;                     /* another port is no other address */
  fail_unless_equals_int (request (relay, &a, 0), CORE_ERR_RATE_LIMITED);
  fail_unless_equals_int (request (relay, &b, 0), CORE_OK);

  fail_unless_equals_int (request (relay, &a, CORE_SECOND / 10 - 1),
      CORE_ERR_RATE_LIMITED);
  fail_unless_equals_int (request (relay, &a, CORE_SECOND / 10), CORE_OK);
  fail_unless_equals_int (request (relay, &a, CORE_SECOND / 10),
      CORE_ERR_RATE_LIMITED);

  /* No more than a burst gathers. */
  for (unsigned i = 0; i < 5; i++)
    fail_unless_equals_int (request (relay, &a, SECONDS (100)), CORE_OK);
  fail_unless_equals_int (request (relay, &a, SECONDS (100)),
      CORE_ERR_RATE_LIMITED);
  fail_unless_equals_uint64 (dropped (relay, CORE_ERR_RATE_LIMITED), 4);
  amt_relay_free (relay);
}

GST_END_TEST;

/* A host has a whole /64 to choose its addresses from. */
GST_START_TEST (test_rate_limit_v6)
{
  amt_relay_config config = {.answers_burst = 1 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  core_addr a = addr_of ("2001:db8:b::5", 4000);
  core_addr same = addr_of ("2001:db8:b::ffff:6", 4000);
  core_addr other = addr_of ("2001:db8:b:1::5", 4000);

  fail_unless_equals_int (request (relay, &a, 0), CORE_OK);
  fail_unless_equals_int (request (relay, &same, 0), CORE_ERR_RATE_LIMITED);
  fail_unless_equals_int (request (relay, &other, 0), CORE_OK);
  amt_relay_free (relay);
}

GST_END_TEST;

/* However many addresses ask, the buckets bound the answers. */
GST_START_TEST (test_rate_limit_many_addresses)
{
  amt_relay_config config = {.answers_burst = 2,.rate_buckets = 8 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  core_addr from = addr_of (GATEWAY_V4, 4000);
  unsigned answered = 0;

  for (unsigned i = 0; i < 10000; i++) {
    from.ip.bytes[2] = (uint8_t) (i >> 8);
    from.ip.bytes[3] = (uint8_t) i;
    answered += request (relay, &from, 0) == CORE_OK;
  }
  fail_unless_equals_int (answered, 16);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Wrong MACs have a budget of their own; it silences no gateway. */
GST_START_TEST (test_bad_mac_budget)
{
  amt_relay_config config = {.answers_burst = 3,.answers_per_second = 1 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  peer good = new_peer (relay, GATEWAY_V4, 4000, 0);
  peer late = new_peer (relay, GATEWAY_V4, 4001, 0);
  peer bad = good;

  bad.mac[0] ^= 1;
  bad.addr.port = 4002;
  fail_unless_equals_int (update (relay, &good, GROUP_ALLOW_NEW_SOURCES,
          source, group, 0), CORE_OK);
  for (unsigned i = 0; i < 5; i++)
    fail_unless_equals_int (update (relay, &bad, GROUP_ALLOW_NEW_SOURCES,
            source, group, 0), i < 3 ? CORE_ERR_MAC_MISMATCH :
        CORE_ERR_RATE_LIMITED);

  /* Who is new has to wait; who has a tunnel has not. */
  fail_unless_equals_int (update (relay, &late, GROUP_ALLOW_NEW_SOURCES,
          source, group, 0), CORE_ERR_RATE_LIMITED);
  fail_unless_equals_int (update (relay, &good, GROUP_MODE_IS_INCLUDE,
          source, group, 0), CORE_OK);
  fail_unless_equals_int (update (relay, &late, GROUP_ALLOW_NEW_SOURCES,
          source, group, SECONDS (1)), CORE_OK);

  /* And answers are still there. */
  fail_unless_equals_int (request (relay, &bad.addr, 0), CORE_OK);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Answers that nobody takes do not pile up. */
GST_START_TEST (test_answer_ring)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  uint8_t bytes[] = { 3, 0, 0, 0, 0, 0, 0, 0 };
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX];
  core_addr gateway = addr_of (GATEWAY_V4, 4000), to, from;
  amt_message msg;
  size_t longest;

  for (uint8_t i = 0; i < 20; i++) {
    bytes[7] = i;
    fail_unless_equals_int (feed (relay, &gateway, bytes, sizeof (bytes), 0),
        i < 16 ? CORE_OK : CORE_ERR_RATE_LIMITED);
  }
  fail_unless_equals_uint64 (dropped (relay, CORE_ERR_RATE_LIMITED), 4);

  /* One that does not fit is lost; the rest comes in order. */
  fail_unless_equals_int (amt_relay_send (relay, buf, 47, &to, &from, 0), 0);
  for (uint8_t i = 1; i < 16; i++) {
    size_t len = amt_relay_send (relay, buf, 48, &to, &from, 0);

    fail_unless_equals_int (amt_parse (buf, len, &msg), CORE_OK);
    fail_unless_equals_int (msg.nonce, i);
  }
  fail_unless_equals_int (drain (relay, &longest, 0), 0);
  fail_unless_equals_uint64 (amt_relay_get_stats (relay)->control_sent, 15);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Nobody can be reached at these, so nothing goes there. */
GST_START_TEST (test_impossible_senders)
{
  static const struct
  {
    const char *ip;
    uint16_t port;
    int verdict;
  } rows[] = {
    {"0.0.0.0", 4000, CORE_ERR_WRONG_SOURCE_ADDRESS},
    {"255.255.255.255", 4000, CORE_ERR_WRONG_SOURCE_ADDRESS},
    {"224.0.0.1", 4000, CORE_ERR_WRONG_SOURCE_ADDRESS},
    {"ff02::1", 4000, CORE_ERR_WRONG_SOURCE_ADDRESS},
    {"::", 4000, CORE_ERR_WRONG_SOURCE_ADDRESS},
    {GATEWAY_V4, 0, CORE_ERR_WRONG_SOURCE_PORT},
    {"127.0.0.1", 4000, CORE_OK},
  };
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    core_addr from = addr_of (rows[i].ip, rows[i].port);

    fail_unless_equals_int (request (relay, &from, 0), rows[i].verdict);
  }
  amt_relay_free (relay);
}

GST_END_TEST;

/* Every type, version and length: at most one answer, never a long one, and
 * only to a Discovery or a Request. */
GST_START_TEST (test_amplification)
{
  amt_relay_config config = {.gateway_address = true,
    .answers_burst = 1000000
  };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);
  const amt_relay_stats *stats = amt_relay_get_stats (relay);
  uint64_t received = stats->control_received, answered = 0, drops = 0;
  size_t longest;

  for (unsigned first = 0; first < 256; first++) {
    for (unsigned len = 0; len < 300; len++) {
      uint8_t data[300];
      unsigned n;
      int ret;

      memset (data, (int) (first ^ len), sizeof (data));
      data[0] = (uint8_t) first;
      data[1] = (uint8_t) len;
      ret = feed (relay, &p.addr, data, len, 0);
      n = drain (relay, &longest, 0);
      fail_unless_equals_int (n, ret == CORE_OK && (first == 1 || first == 3));
      fail_unless (longest <= (first == 1 ? 12 : 106));
      answered += n;
      drops += ret < 0;
      received++;
    }
  }
  fail_unless_equals_uint64 (answered, 2 * (300 - 8));
  fail_unless_equals_uint64 (stats->control_received, received);
  for (unsigned i = 0; amt_relay_reasons[i] != CORE_OK; i++)
    drops -= stats->dropped[-amt_relay_reasons[i]];
  fail_unless_equals_uint64 (drops, 0);
  fail_unless_equals_int (stats->gateways, 0);

  /* An Update, even a good one, gets none. */
  fail_unless_equals_int (update (relay, &p, GROUP_ALLOW_NEW_SOURCES, source,
          group, 0), CORE_OK);
  fail_unless_equals_int (drain (relay, &longest, 0), 0);
  amt_relay_free (relay);
}

GST_END_TEST;

/* A handshake without an Update leaves nothing behind. */
GST_START_TEST (test_stateless)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  core_time deadline = amt_relay_deadline (relay);
  uint64_t generation = amt_relay_generation (relay);
  amt_relay_target target;
  size_t pos = 0;

  for (uint16_t port = 1; port < 100; port++)
    new_peer (relay, GATEWAY_V4, port, 0);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 0);
  fail_if (amt_relay_next_gateway (relay, &pos, &target));
  fail_unless_equals_uint64 (amt_relay_deadline (relay), deadline);
  fail_unless_equals_uint64 (amt_relay_generation (relay), generation);
  expect_no_event (relay);
  amt_relay_free (relay);
}

GST_END_TEST;

static Suite *
amt_relay_suite (void)
{
  Suite *s = suite_create ("amt-relay");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_new);
  tcase_add_test (tc, test_discovery);
  tcase_add_test (tc, test_linux_p);
  tcase_add_test (tc, test_vlc_request);
  tcase_add_test (tc, test_inner_headers);
  tcase_add_test (tc, test_old_reports);
  tcase_add_test (tc, test_secret_rotation);
  tcase_add_test (tc, test_secret_after_sleep);
  tcase_add_test (tc, test_short_secret_lifetime);
  tcase_add_test (tc, test_rate_limit);
  tcase_add_test (tc, test_rate_limit_v6);
  tcase_add_test (tc, test_rate_limit_many_addresses);
  tcase_add_test (tc, test_bad_mac_budget);
  tcase_add_test (tc, test_answer_ring);
  tcase_add_test (tc, test_impossible_senders);
  tcase_add_test (tc, test_amplification);
  tcase_add_test (tc, test_stateless);
  return s;
}

GST_CHECK_MAIN (amt_relay);
