/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Relay discovery: what is asked, and the list that comes of the answers.
 */
#include "driad-test.h"

#include <string.h>

#include "vectors.h"

#define V4 "192.52.193.1"
#define V6 "2001:3::1"
#define ANYCAST "anycast 0 192.52.193.1:2268, anycast 0 [2001:3::1]:2268"
#define AMTRELAY DNS_TYPE_AMTRELAY

static const char *const domains[] = { "example.net", "example.org." };

/* AMTRELAY alone; attempts go on until a test ends them, so that none changes
 * the list. */
static void
init_amtrelay (discovery * t)
{
  discovery_init (t);
  t->config.without[DRIAD_ANYCAST] = true;
  t->config.attempt_timeout = CORE_TIME_NEVER;
}

GST_START_TEST (test_questions)
{
  discovery t;

  discovery_init (&t);
  t.config.domains = domains;
  t.config.n_domains = 2;
  discovery_start (&t);
  fail_unless_equals_int (discovery_count_open (&t), 3);
  discovery_question (&t, "_amt._udp.example.net.", DNS_TYPE_PTR);
  discovery_question (&t, "_amt._udp.example.org.", DNS_TYPE_PTR);
  discovery_question (&t, REVERSE, AMTRELAY);
  fail_unless (driad_is_asking (t.d));
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §3.3.2: before a source is known the other ways can be gone. */
GST_START_TEST (test_no_source)
{
  discovery t;

  discovery_init (&t);
  memset (&t.config.source, 0, sizeof (t.config.source));
  t.config.first_family = CORE_FAMILY_V6;
  discovery_start (&t);
  fail_unless_equals_int (discovery_count_open (&t), 0);
  discovery_expect_list (&t,
      "anycast 0 [2001:3::1]:2268, anycast 0 192.52.193.1:2268");
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §3.1.2: DNS-SD, anycast, AMTRELAY; §4.2.1: precedence; §4.2.2: D. */
GST_START_TEST (test_order)
{
  discovery t;

  discovery_init (&t);
  t.config.domains = domains;
  t.config.n_domains = 1;
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("20 0 1 198.51.100.3",
          "10 1 1 198.51.100.2", "0 0 2 2001:db8::7"));
  discovery_answer (&t, "_amt._udp.example.net", DNS_TYPE_PTR,
      RECORDS ("one._amt._udp.example.net"));
  discovery_answer (&t, "one._amt._udp.example.net", DNS_TYPE_SRV,
      RECORDS ("7 0 2269 relay.example.net"));
  discovery_answer (&t, "relay.example.net", DNS_TYPE_AAAA, NO_RECORDS);
  discovery_answer (&t, "relay.example.net", DNS_TYPE_A,
      RECORDS ("203.0.113.1"));
  discovery_expect_list (&t, "dns-sd 7 203.0.113.1:2269, " ANYCAST
      ", amtrelay 0 [2001:db8::7]:2268, amtrelay 10 D 198.51.100.2:2268"
      ", amtrelay 20 198.51.100.3:2268");
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §4.2.4: D and precedence carry over to every address. */
GST_START_TEST (test_names)
{
  discovery t;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("5 1 3 relay.example",
          "6 0 3 relay.example", "7 0 1 198.51.100.9"));
  /* RFC 8305 §3: AAAA first. */
  fail_unless_equals_int (t.questions[1].q.type, DNS_TYPE_AAAA);
  fail_unless_equals_int (discovery_count_open (&t), 4);
  for (int i = 0; i < 2; i++) {
    discovery_answer (&t, "relay.example", DNS_TYPE_AAAA,
        RECORDS (i == 0 ? "2001:db8::1" : "2001:db8::2"));
    discovery_answer (&t, "relay.example", DNS_TYPE_A,
        RECORDS (i == 0 ? "198.51.100.1" : "198.51.100.2"));
  }
  discovery_expect_list (&t, "amtrelay 5 D [2001:db8::1]:2268, "
      "amtrelay 5 D 198.51.100.1:2268, amtrelay 6 [2001:db8::2]:2268, "
      "amtrelay 6 198.51.100.2:2268, amtrelay 7 198.51.100.9:2268");
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §4.2.4: no relay should be used, when that record's turn comes. */
GST_START_TEST (test_no_relay)
{
  discovery t;
  const noted_event *event;
  uint32_t first, second;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
      .ttl = 60},
      RECORDS ("5 1 1 198.51.100.1", "6 0 0 .", "6 0 1 198.51.100.2",
          "7 0 1 198.51.100.3"));
  discovery_expect_list (&t,
      "amtrelay 5 D 198.51.100.1:2268, amtrelay 6 198.51.100.2:2268");

  discovery_run (&t, 60 * SEC);
  first = discovery_expect_attempt (&t, "198.51.100.1");
  second = discovery_expect_attempt (&t, "198.51.100.2");
  discovery_expect_no_attempt (&t);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
      .ttl = 60}, RECORDS ("0 0 0 ."));
  discovery_expect_list (&t, "");
  fail_unless (discovery_end (&t, first, DRIAD_FAILED));
  fail_if (discovery_saw (&t, DRIAD_EVENT_NOTHING));
  fail_unless (discovery_end (&t, second, DRIAD_FAILED));
  event = discovery_expect (&t, DRIAD_EVENT_NOTHING);
  fail_unless (strstr (event->info.reason_text, "without a relay") != NULL);

  /* The owner thinks better of it. */
  discovery_run (&t, 120 * SEC);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("0 0 1 198.51.100.1"));
  discovery_expect_list (&t, "amtrelay 0 198.51.100.1:2268");
  fail_unless_equals_int (driad_get_state (t.d), DRIAD_SEARCH);
  discovery_free (&t);
}

GST_END_TEST;

GST_START_TEST (test_drops)
{
  discovery t;
  const driad_stats *stats;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("x", "x0a", "x0a01cb0071",
          "x0a04cb00710f", "x0aff", "1 0 1 127.0.0.1", "1 0 1 224.0.0.1",
          "1 0 1 0.0.0.0", "1 0 1 169.254.1.1", "1 0 1 0.1.2.3",
          "1 0 1 240.0.0.1", "1 0 2 ::1", "1 0 2 fe80::1", "1 0 2 ff02::1",
          "1 0 2 ::", "x010200000000000000000000ffff7f000001",
          "x1003047235763403616d7406616b61646e73036e6574"));
  stats = driad_get_stats (t.d);
  fail_unless_equals_int (stats->dropped[DRIAD_DROP_MALFORMED], 3);
  fail_unless_equals_int (stats->dropped[DRIAD_DROP_UNKNOWN_TYPE], 2);
  fail_unless_equals_int (stats->dropped[DRIAD_DROP_ADDRESS], 11);
  fail_unless_equals_int (stats->dropped[DRIAD_DROP_LIMIT], 0);
  discovery_expect_list (&t, "");
  discovery_question (&t, "r5v4.amt.akadns.net.", DNS_TYPE_AAAA);
  discovery_free (&t);
}

GST_END_TEST;

/* The best are kept, however many there are. */
GST_START_TEST (test_limits)
{
  discovery t;
  const char *records[DNS_MAX_RECORDS + 1] = { NULL };
  unsigned n;

  init_amtrelay (&t);
  discovery_start (&t);
  for (unsigned i = 0; i < 100; i++)
    records[i] = g_strdup_printf ("%u 1 1 198.51.100.%u", 200 - i, i + 1);
  for (unsigned i = 100; i < DNS_MAX_RECORDS; i++)
    records[i] = g_strdup_printf ("250 1 3 relay%u.example", i);
  discovery_answer (&t, REVERSE, AMTRELAY, records);
  n = DRIAD_MAX_RELAYS;
  fail_unless (driad_candidates (t.d, &n)[0].rank == 101);
  fail_unless_equals_int (n, DRIAD_MAX_RELAYS);
  fail_unless (driad_candidates (t.d, &n)[n - 1].rank == 132);
  /* 68 addresses and 20 names too many. */
  fail_unless_equals_int (driad_get_stats (t.d)->dropped[DRIAD_DROP_LIMIT],
      68 + DNS_MAX_RECORDS - 100 - 8);
  for (unsigned i = 0; i < DNS_MAX_RECORDS; i++)
    g_free ((char *) records[i]);
  discovery_free (&t);
}

GST_END_TEST;

/* A network that offers too much leaves room for the source's own relays. */
GST_START_TEST (test_dns_sd_limits)
{
  discovery t;
  const char *records[65] = { NULL };

  discovery_init (&t);
  t.config.without[DRIAD_ANYCAST] = true;
  t.config.domains = domains;
  t.config.n_domains = 1;
  discovery_start (&t);
  for (unsigned i = 0; i < 64; i++)
    records[i] = g_strdup_printf ("i%u._amt._udp.example.net", i);
  discovery_answer (&t, "_amt._udp.example.net", DNS_TYPE_PTR, records);
  for (unsigned i = 0; i < 64; i++)
    g_free ((char *) records[i]);
  fail_unless_equals_int (driad_get_stats (t.d)->dropped[DRIAD_DROP_LIMIT], 58);

  for (unsigned i = 0; i < 64; i++)
    records[i] = "0 0 2268 relay.example.net";
  for (unsigned i = 0; i < 6; i++) {
    char name[64];

    g_snprintf (name, sizeof (name), "i%u._amt._udp.example.net", i);
    discovery_answer (&t, name, DNS_TYPE_SRV, records);
  }
  for (unsigned i = 0; i < 20; i++)
    discovery_run (&t, t.now + 100 * MS);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 0 3 relay.example"));
  discovery_run (&t, t.now + SEC);
  discovery_question (&t, "relay.example", DNS_TYPE_A);
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 2782, RFC 6763: lowest priority first, "." is no service. */
GST_START_TEST (test_srv)
{
  discovery t;

  discovery_init (&t);
  t.config.without[DRIAD_ANYCAST] = t.config.without[DRIAD_AMTRELAY] = true;
  t.config.domains = domains;
  t.config.n_domains = 1;
  discovery_start (&t);
  discovery_answer (&t, "_amt._udp.example.net", DNS_TYPE_PTR,
      RECORDS ("i.example.net", "none.example.net"));
  discovery_answer (&t, "none.example.net", DNS_TYPE_SRV,
      RECORDS ("0 0 0 .", "x00"));
  discovery_answer (&t, "i.example.net", DNS_TYPE_SRV,
      RECORDS ("20 0 2268 c.example.net", "10 1 2268 b.example.net",
          "10 65535 2300 a.example.net"));
  for (const char *const *name = RECORDS ("a.example.net", "b.example.net",
          "c.example.net"); *name; name++) {
    discovery_answer (&t, *name, DNS_TYPE_AAAA, NO_RECORDS);
    discovery_answer (&t, *name, DNS_TYPE_A, RECORDS ((*name)[0] == 'a' ?
            "198.51.100.10" : (*name)[0] == 'b' ? "198.51.100.11" :
            "198.51.100.12"));
  }
  discovery_expect_list (&t, "dns-sd 10 198.51.100.10:2300, "
      "dns-sd 10 198.51.100.11:2268, dns-sd 20 198.51.100.12:2268");
  fail_unless_equals_int (driad_get_stats (t.d)->dropped[DRIAD_DROP_MALFORMED],
      1);
  discovery_free (&t);
}

GST_END_TEST;

/* A better way that is still being asked has 250 ms. */
GST_START_TEST (test_way_wait)
{
  discovery t;

  discovery_init (&t);
  t.config.domains = domains;
  t.config.n_domains = 1;
  t.now = 1000 * SEC;
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 198.51.100.1"));
  discovery_expect_list (&t, "");
  discovery_run (&t, 1000 * SEC + 249 * MS);
  discovery_expect_list (&t, "");
  discovery_run (&t, 1000 * SEC + 250 * MS);
  discovery_expect_list (&t, ANYCAST ", amtrelay 1 D 198.51.100.1:2268");
  discovery_free (&t);

  /* And no more than it needs. */
  discovery_init (&t);
  t.config.domains = domains;
  t.config.n_domains = 1;
  discovery_start (&t);
  t.now = 20 * MS;
  discovery_answer (&t, "_amt._udp.example.net", DNS_TYPE_PTR, NO_RECORDS);
  discovery_expect_list (&t, ANYCAST);
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8305 §3: an A answer waits 50 ms for its AAAA, not the reverse. */
GST_START_TEST (test_resolution_delay)
{
  discovery t;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 3 a.example",
          "2 1 3 b.example"));
  t.now = 10 * MS;
  discovery_answer (&t, "a.example", DNS_TYPE_A, RECORDS ("198.51.100.1"));
  discovery_expect_list (&t, "");
  discovery_answer (&t, "b.example", DNS_TYPE_AAAA, RECORDS ("2001:db8::2"));
  discovery_expect_list (&t, "amtrelay 2 D [2001:db8::2]:2268");
  discovery_run (&t, 59 * MS);
  discovery_expect_list (&t, "amtrelay 2 D [2001:db8::2]:2268");
  discovery_run (&t, 60 * MS);
  discovery_expect_list (&t,
      "amtrelay 1 D 198.51.100.1:2268, amtrelay 2 D [2001:db8::2]:2268");
  discovery_answer (&t, "a.example", DNS_TYPE_AAAA, RECORDS ("2001:db8::1"));
  discovery_expect_list (&t, "amtrelay 1 D [2001:db8::1]:2268, amtrelay 1 D "
      "198.51.100.1:2268, amtrelay 2 D [2001:db8::2]:2268");
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §3.2.2: at most 10 questions in 100 ms. */
GST_START_TEST (test_rate)
{
  discovery t;
  unsigned in_window = 0;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 3 a.example",
          "2 1 3 b.example", "3 1 3 c.example", "4 1 3 d.example",
          "5 1 3 e.example", "6 1 3 f.example", "7 1 3 g.example",
          "8 1 3 h.example"));
  fail_unless_equals_int (t.n_questions, 10);
  discovery_run (&t, 99 * MS);
  fail_unless_equals_int (t.n_questions, 10);
  discovery_run (&t, SEC);
  fail_unless_equals_int (t.n_questions, 17);
  for (unsigned i = 0; i < t.n_questions; i++) {
    in_window = 0;
    for (unsigned j = i; j < t.n_questions; j++)
      in_window += t.questions[j].at < t.questions[i].at + 100 * MS;
    fail_unless (in_window <= 10);
  }
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §3.5: again after a random time in [T0, min (T0*2^n, Tmax)]. */
GST_START_TEST (test_retries)
{
  discovery t;
  core_time failed_at, limit = SEC;
  bool spread = false;

  init_amtrelay (&t);
  discovery_start (&t);
  for (unsigned n = 1; n <= 12; n++) {
    core_time wait;

    discovery_fail (&t, REVERSE, AMTRELAY, n % 2 ? DNS_STATUS_FAILED :
        DNS_STATUS_TIMEOUT);
    failed_at = t.now;
    limit = MIN (limit * 2, 120 * SEC);
    discovery_run (&t, failed_at + 999 * MS);
    fail_if (discovery_is_asked (&t, REVERSE, AMTRELAY));
    while (!discovery_is_asked (&t, REVERSE, AMTRELAY))
      discovery_run (&t, driad_deadline (t.d));
    wait = t.now - failed_at;
    fail_unless (wait >= SEC && wait <= limit);
    spread = spread || wait > 20 * SEC;
  }
  fail_unless (spread);
  fail_unless_equals_int (driad_get_stats (t.d)->failures, 12);
  discovery_free (&t);
}

GST_END_TEST;

/* An answer holds for its TTL, at least 30 s (aliases come with 0). */
GST_START_TEST (test_ttl)
{
  discovery t;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
      .ttl = 60}
      , RECORDS ("1 1 1 198.51.100.1", "2 1 1 198.51.100.2"));
  discovery_run (&t, 60 * SEC - 1);
  fail_if (discovery_is_asked (&t, REVERSE, AMTRELAY));
  discovery_run (&t, 60 * SEC);
  /* What is known holds until the new answer is there. */
  discovery_expect_list (&t,
      "amtrelay 1 D 198.51.100.1:2268, amtrelay 2 D 198.51.100.2:2268");
  discovery_fail (&t, REVERSE, AMTRELAY, DNS_STATUS_FAILED);
  discovery_expect_list (&t,
      "amtrelay 1 D 198.51.100.1:2268, amtrelay 2 D 198.51.100.2:2268");
  discovery_run (&t, 70 * SEC);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
      .ttl = 0}
      , RECORDS ("2 1 1 198.51.100.2", "3 1 1 198.51.100.3"));
  discovery_expect_list (&t,
      "amtrelay 2 D 198.51.100.2:2268, amtrelay 3 D 198.51.100.3:2268");

  discovery_run (&t, 100 * SEC - 1);
  fail_if (discovery_is_asked (&t, REVERSE, AMTRELAY));
  discovery_run (&t, 100 * SEC);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
      .ttl = UINT32_MAX}
      , NO_RECORDS);
  discovery_expect_list (&t, "");
  discovery_run (&t, 100 * SEC + 86399 * SEC);
  fail_if (discovery_is_asked (&t, REVERSE, AMTRELAY));
  discovery_run (&t, 100 * SEC + 86400 * SEC);
  fail_unless (discovery_is_asked (&t, REVERSE, AMTRELAY));
  discovery_free (&t);
}

GST_END_TEST;

/* Names that are no longer published, and those that still are. */
GST_START_TEST (test_new_answer)
{
  discovery t;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &(answer_options) {
      .ttl = 60}
      , RECORDS ("1 1 3 a.example", "2 1 3 b.example"));
  for (const char *const *name = RECORDS ("a.example", "b.example"); *name;
      name++) {
    discovery_answer (&t, *name, DNS_TYPE_AAAA, NO_RECORDS);
    discovery_answer (&t, *name, DNS_TYPE_A, RECORDS ((*name)[0] == 'a' ?
            "198.51.100.1" : "198.51.100.2"));
  }
  discovery_run (&t, 60 * SEC);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("2 1 3 b.example",
          "3 1 3 c.example"));
  discovery_expect_list (&t, "amtrelay 2 D 198.51.100.2:2268");
  fail_if (discovery_is_asked (&t, "b.example", DNS_TYPE_A));
  fail_unless (discovery_is_asked (&t, "c.example", DNS_TYPE_A));
  discovery_free (&t);
}

GST_END_TEST;

GST_START_TEST (test_security)
{
  const answer_options secure = {.ttl = 60,.security = DNS_SECURE };
  discovery t;
  unsigned n;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_answer_with (&t, REVERSE, AMTRELAY, &secure,
      RECORDS ("1 1 1 198.51.100.1", "2 1 3 a.example"));
  discovery_answer (&t, "a.example", DNS_TYPE_A, RECORDS ("198.51.100.2"));
  discovery_answer_with (&t, "a.example", DNS_TYPE_AAAA, &secure,
      RECORDS ("2001:db8::2"));
  fail_unless (driad_candidates (t.d, &n)[0].security == DNS_SECURE);
  fail_unless_equals_int (n, 3);
  fail_unless (driad_candidates (t.d, &n)[1].security == DNS_SECURE);
  fail_unless (driad_candidates (t.d, &n)[2].security == DNS_INSECURE);
  discovery_free (&t);
}

GST_END_TEST;

GST_START_TEST (test_bogus)
{
  discovery t;
  const noted_event *event;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_fail (&t, REVERSE, AMTRELAY, DNS_STATUS_BOGUS);
  fail_unless_equals_int (driad_get_stats (t.d)->dropped[DRIAD_DROP_BOGUS], 1);
  event = discovery_expect (&t, DRIAD_EVENT_NOTHING);
  fail_unless (strstr (event->info.reason_text, "DNSSEC") != NULL);
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 6724 rule 1: what cannot be reached drops out; it is asked again in the
 * next round. */
GST_START_TEST (test_routes)
{
  discovery t;

  discovery_init (&t);
  t.no_v6 = true;
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 198.51.100.1",
          "1 1 2 2001:db8::1"));
  discovery_expect_list (&t, "anycast 0 192.52.193.1:2268, "
      "amtrelay 1 D 198.51.100.1:2268");
  t.no_v6 = false;
  driad_network_changed (t.d, NULL, 0, t.now);
  discovery_drain (&t);
  discovery_expect_list (&t, ANYCAST);
  discovery_free (&t);

  discovery_init (&t);
  t.no_v4 = t.no_v6 = true;
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, NO_RECORDS);
  fail_unless (strstr (discovery_expect (&t,
              DRIAD_EVENT_NOTHING)->info.reason_text, "no route") != NULL);
  t.no_v4 = false;
  discovery_run (&t, t.now + 2 * SEC);
  discovery_expect_list (&t, "anycast 0 192.52.193.1:2268");
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8305 §4: among equals the families take turns. */
GST_START_TEST (test_interleaving)
{
  discovery t;
  unsigned n;
  const driad_candidate *list;

  init_amtrelay (&t);
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 2 2001:db8:1::1",
          "1 1 2 2001:db8:1::2", "1 1 2 2001:db8:1::3", "1 1 1 198.51.100.1",
          "1 1 1 198.51.100.3", "0 1 1 198.51.100.5"));
  list = driad_candidates (t.d, &n);
  fail_unless_equals_int (n, 6);
  fail_unless_equals_int (list[0].rank, 0);
  for (unsigned i = 1; i < n; i++)
    fail_unless_equals_int (list[i].where.addr.ip.family,
        i % 2 ? CORE_FAMILY_V6 : CORE_FAMILY_V4);
  discovery_free (&t);
}

GST_END_TEST;

/* RFC 8777 §3.1.2: equals in an order that differs from host to host. */
GST_START_TEST (test_spreading)
{
  unsigned first = 0;

  for (unsigned seed = 1; seed <= 64; seed++) {
    discovery t;
    unsigned n;

    init_amtrelay (&t);
    t.seed = seed * 7919;
    discovery_start (&t);
    discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 198.51.100.1",
            "1 1 1 203.0.113.1"));
    first += driad_candidates (t.d, &n)[0].where.addr.ip.bytes[0] == 198;
    discovery_free (&t);
  }
  fail_unless (first > 16 && first < 48, "%u of 64", first);
}

GST_END_TEST;

/* An address that is named twice is tried once, in its best place. */
GST_START_TEST (test_duplicates)
{
  discovery t;

  discovery_init (&t);
  discovery_start (&t);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("9 0 1 198.51.100.1",
          "3 1 1 198.51.100.1", "3 1 1 198.51.100.1", "1 0 1 " V4));
  discovery_expect_list (&t, ANYCAST ", amtrelay 3 D 198.51.100.1:2268");
  discovery_free (&t);
}

GST_END_TEST;

/* Answers to nobody's question, twice, and late. */
GST_START_TEST (test_foreign_answers)
{
  discovery t;
  uint32_t id;
  dns_answer nothing = {.status = DNS_STATUS_NO_DATA };
  core_ip from = vector_ip_literal ("198.51.100.2");

  init_amtrelay (&t);
  discovery_start (&t);
  id = discovery_question (&t, REVERSE, AMTRELAY)->q.id;
  driad_answer (t.d, id + 1, &nothing, t.now);
  driad_answer (t.d, 0, &nothing, t.now);
  driad_route (t.d, id, &from, t.now);
  fail_unless_equals_int (driad_get_stats (t.d)->answers, 0);
  driad_network_changed (t.d, NULL, 0, t.now);
  discovery_drain (&t);
  driad_answer (t.d, id, &nothing, t.now);
  fail_unless_equals_int (driad_get_stats (t.d)->answers, 0);
  t.questions[0].open = false;
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 198.51.100.1"));
  fail_unless_equals_int (driad_get_stats (t.d)->answers, 1);
  driad_answer (t.d, t.questions[1].q.id, &nothing, t.now);
  discovery_expect_list (&t, "amtrelay 1 D 198.51.100.1:2268");
  discovery_free (&t);
}

GST_END_TEST;

/* Nobody answers what was open when it was stopped: it is asked anew. */
GST_START_TEST (test_stop_while_asking)
{
  discovery t;
  uint32_t id;
  dns_answer nothing = {.status = DNS_STATUS_NO_DATA };

  init_amtrelay (&t);
  discovery_start (&t);
  id = discovery_question (&t, REVERSE, AMTRELAY)->q.id;
  driad_stop (t.d, t.now);
  t.questions[0].open = false;
  fail_unless (driad_deadline (t.d) == CORE_TIME_NEVER);

  driad_start (t.d, t.now);
  discovery_drain (&t);
  driad_answer (t.d, id, &nothing, t.now);
  discovery_answer (&t, REVERSE, AMTRELAY, RECORDS ("1 1 1 198.51.100.1"));
  discovery_expect_list (&t, "amtrelay 1 D 198.51.100.1:2268");
  fail_if (driad_is_asking (t.d));
  discovery_free (&t);
}

GST_END_TEST;

GST_START_TEST (test_new)
{
  driad_config config = { 0 };
  driad *d;

  fail_unless_equals_int (driad_new (&d, &config, 0),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless (d == NULL);
  driad_free (NULL);
  for (int i = 0; i < DRIAD_N_WAYS; i++)
    fail_if (strcmp (driad_way_name ((driad_way) i), "unknown") == 0);
  for (int i = 0; i < DRIAD_N_DROPS; i++)
    fail_if (strcmp (driad_drop_name ((driad_drop) i), "unknown") == 0);
}

GST_END_TEST;

static Suite *
driad_suite (void)
{
  Suite *s = suite_create ("driad");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_questions);
  tcase_add_test (tc, test_no_source);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_no_relay);
  tcase_add_test (tc, test_drops);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_dns_sd_limits);
  tcase_add_test (tc, test_srv);
  tcase_add_test (tc, test_way_wait);
  tcase_add_test (tc, test_resolution_delay);
  tcase_add_test (tc, test_rate);
  tcase_add_test (tc, test_retries);
  tcase_add_test (tc, test_ttl);
  tcase_add_test (tc, test_new_answer);
  tcase_add_test (tc, test_security);
  tcase_add_test (tc, test_bogus);
  tcase_add_test (tc, test_routes);
  tcase_add_test (tc, test_interleaving);
  tcase_add_test (tc, test_spreading);
  tcase_add_test (tc, test_duplicates);
  tcase_add_test (tc, test_foreign_answers);
  tcase_add_test (tc, test_stop_while_asking);
  tcase_add_test (tc, test_new);
  return s;
}

GST_CHECK_MAIN (driad);
