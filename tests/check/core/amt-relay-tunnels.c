/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The life of a relay's tunnels: who joins, stays, leaves, lapses, is torn
 * down; the limits; what the caller hears of it.
 */
#include "amt-relay-fixture.h"

#include <malloc.h>

static const char source[] = "192.0.2.10";
static const char group[] = "232.1.1.1";

static int
join (amt_relay * relay, const peer * p, core_time now)
{
  return update (relay, p, GROUP_ALLOW_NEW_SOURCES, source, group, now);
}

static int
leave (amt_relay * relay, const peer * p, core_time now)
{
  return update (relay, p, GROUP_BLOCK_OLD_SOURCES, source, group, now);
}

static int
send_teardown (amt_relay * relay, const peer * p, const core_addr * from,
    core_time now)
{
  amt_message msg = {.type = AMT_TEARDOWN,.nonce = p->nonce };
  uint8_t buf[AMT_TEARDOWN_LEN];

  memcpy (msg.mac, p->mac, AMT_MAC_LEN);
  msg.gateway = p->field;
  fail_unless_equals_int (amt_build (buf, sizeof (buf), &msg), sizeof (buf));
  return feed (relay, from, buf, sizeof (buf), now);
}

GST_START_TEST (test_life)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  const amt_relay_stats *stats = amt_relay_get_stats (relay);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);
  core_ip s = ip_of (source), g = ip_of (group);
  amt_relay_target target;
  uint64_t generation, id;

  fail_unless_equals_int (join (relay, &p, 0), CORE_OK);
  expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &p.addr, AMT_REMOVED_NONE);
  expect_no_event (relay);
  fail_unless_equals_int (amt_relay_targets (relay, &s, &g, &target, 1), 1);
  fail_unless (core_addr_equal (&target.gateway, &p.addr));
  fail_unless_equals_int (target.local.port, AMT_PORT);
  fail_unless_equals_int (count_targets (relay, "192.0.2.11", group), 0);
  fail_unless_equals_int (count_targets (relay, source, "232.1.1.2"), 0);
  id = target.id;

  /* A refresh changes nothing that anybody has to hear of. */
  generation = amt_relay_generation (relay);
  fail_unless_equals_int (update (relay, &p, GROUP_MODE_IS_INCLUDE, source,
          group, SECONDS (125)), CORE_OK);
  fail_unless_equals_uint64 (amt_relay_generation (relay), generation);

  /* A second channel does. */
  fail_unless_equals_int (update (relay, &p, GROUP_ALLOW_NEW_SOURCES,
          "192.0.2.11", group, SECONDS (125)), CORE_OK);
  fail_unless (amt_relay_generation (relay) > generation);
  expect_no_event (relay);

  fail_unless_equals_int (leave (relay, &p, SECONDS (130)), CORE_OK);
  fail_unless_equals_int (stats->gateways, 1);
  fail_unless_equals_int (count_targets (relay, source, group), 0);
  generation = amt_relay_generation (relay);
  fail_unless_equals_int (update (relay, &p, GROUP_CHANGE_TO_INCLUDE, NULL,
          group, SECONDS (131)), CORE_OK);
  fail_unless (amt_relay_generation (relay) > generation);
  fail_unless_equals_int (stats->gateways, 0);
  expect_event (relay, AMT_RELAY_GATEWAY_REMOVED, &p.addr, AMT_REMOVED_LEFT);
  expect_no_event (relay);

  /* Back again is another tunnel. */
  fail_unless_equals_int (join (relay, &p, SECONDS (132)), CORE_OK);
  fail_unless_equals_int (amt_relay_targets (relay, &s, &g, &target, 1), 1);
  fail_unless (target.id != id);
  fail_unless_equals_uint64 (stats->gateways_added, 2);
  fail_unless_equals_uint64 (stats->gateways_removed, 1);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Reports that join nothing make no tunnel; one that joins and leaves in one
 * breath neither. */
GST_START_TEST (test_nothing_joined)
{
  core_ip s = ip_of (source);
  group_record_out records[2] = {
    {GROUP_ALLOW_NEW_SOURCES, ip_of (group), &s, 1},
    {GROUP_BLOCK_OLD_SOURCES, ip_of (group), &s, 1},
  };
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);

  fail_unless_equals_int (leave (relay, &p, 0), CORE_OK);
  fail_unless_equals_int (update (relay, &p, GROUP_CHANGE_TO_INCLUDE, NULL,
          group, 0), CORE_OK);
  fail_unless_equals_int (update (relay, &p, GROUP_CHANGE_TO_EXCLUDE, NULL,
          group, 0), CORE_OK);
  fail_unless_equals_int (update_records (relay, &p, records, 2, 0), CORE_OK);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways_added, 0);
  fail_unless_equals_uint64 (amt_relay_get_stats (relay)->records_ignored, 1);
  expect_no_event (relay);
  amt_relay_free (relay);
}

GST_END_TEST;

GST_START_TEST (test_exclude_targets)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);

  update (relay, &p, GROUP_CHANGE_TO_EXCLUDE, "192.0.2.1", "239.1.1.1", 0);
  fail_unless_equals_int (count_targets (relay, "192.0.2.1", "239.1.1.1"), 0);
  fail_unless_equals_int (count_targets (relay, "192.0.2.2", "239.1.1.1"), 1);
  amt_relay_expire (relay, GMI);
  fail_unless_equals_int (count_targets (relay, "192.0.2.2", "239.1.1.1"), 0);
  amt_relay_free (relay);
}

GST_END_TEST;

GST_START_TEST (test_timeout)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer a = new_peer (relay, GATEWAY_V4, 4000, 0);
  peer b = new_peer (relay, GATEWAY_V4, 4001, 0);

  join (relay, &a, 0);
  join (relay, &b, SECONDS (100));
  fail_unless_equals_uint64 (amt_relay_deadline (relay), GMI);
  amt_relay_expire (relay, GMI - 1);
  fail_unless_equals_int (count_targets (relay, source, group), 2);
  amt_relay_expire (relay, GMI);
  fail_unless_equals_int (count_targets (relay, source, group), 1);
  expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &b.addr, AMT_REMOVED_NONE);

  /* A refresh puts it off, and only its own. */
  fail_unless_equals_uint64 (amt_relay_deadline (relay), GMI + SECONDS (100));
  join (relay, &b, GMI);
  amt_relay_expire (relay, GMI + SECONDS (100));
  fail_unless_equals_int (count_targets (relay, source, group), 1);
  fail_unless_equals_uint64 (amt_relay_deadline (relay), 2 * GMI);
  amt_relay_expire (relay, 2 * GMI);
  expect_event (relay, AMT_RELAY_GATEWAY_REMOVED, &b.addr, AMT_REMOVED_TIMEOUT);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 0);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Robustness and query interval make the lifetime. */
/* One of a gateway's channels times out: targets have to be asked for anew. */
GST_START_TEST (test_timeout_of_one_channel)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);
  uint64_t generation;

  join (relay, &p, 0);
  update (relay, &p, GROUP_ALLOW_NEW_SOURCES, source, "232.1.1.9", SECONDS (9));
  generation = amt_relay_generation (relay);
  amt_relay_expire (relay, GMI);
  fail_unless_equals_int (count_targets (relay, source, group), 0);
  fail_unless_equals_int (count_targets (relay, source, "232.1.1.9"), 1);
  fail_unless (amt_relay_generation (relay) != generation);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 1);
  amt_relay_free (relay);
}

GST_END_TEST;

GST_START_TEST (test_configured_lifetime)
{
  amt_relay_config config = {.query_interval = 20,.robustness = 3 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);

  join (relay, &p, 0);
  amt_relay_expire (relay, SECONDS (70) - 1);
  fail_unless_equals_int (count_targets (relay, source, group), 1);
  amt_relay_expire (relay, SECONDS (70));
  fail_unless_equals_int (count_targets (relay, source, group), 0);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Whoever looks late finds things as they should be, whatever the call. */
GST_START_TEST (test_late_clock)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);
  uint8_t buf[AMT_RELAY_DATAGRAM_MAX];
  core_addr to, from;

  join (relay, &p, 0);
  amt_relay_send (relay, buf, sizeof (buf), &to, &from, SECONDS (100000));
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 0);
  fail_unless (amt_relay_deadline (relay) > SECONDS (100000));

  /* A clock that goes back stands still. */
  p = new_peer (relay, GATEWAY_V4, 4000, 5);
  fail_unless_equals_int (join (relay, &p, 5), CORE_OK);
  amt_relay_expire (relay, SECONDS (100000) + GMI - 1);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 1);
  amt_relay_expire (relay, SECONDS (100000) + GMI);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 0);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Many that lapse one after another cost a walk a second, not one each, and
 * every walk makes the deadline later. */
GST_START_TEST (test_walks)
{
  amt_relay_config config = {.answers_burst = 10000 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  core_time now = 0, deadline;
  unsigned walks = 0;

  for (uint16_t i = 1; i <= 1000; i++) {
    peer p = new_peer (relay, GATEWAY_V4, i, i * CORE_MSECOND * 4);

    join (relay, &p, i * CORE_MSECOND * 4);
  }
  while (amt_relay_get_stats (relay)->gateways > 0) {
    deadline = amt_relay_deadline (relay);
    fail_unless (deadline > now);
    now = deadline;
    amt_relay_expire (relay, now);
    walks++;
  }
  fail_unless (walks >= 4 && walks <= 6, "%u walks", walks);
  fail_unless (now < GMI + SECONDS (6));
  amt_relay_free (relay);
}

GST_END_TEST;

/* One address, two ports: two tunnels that know nothing of each other. */
GST_START_TEST (test_two_behind_one_address)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer a = new_peer (relay, GATEWAY_V4, 4000, 0);
  peer b = new_peer (relay, GATEWAY_V4, 4001, 0);
  core_ip s = ip_of (source), g = ip_of (group);
  amt_relay_target targets[4];

  join (relay, &a, 0);
  join (relay, &b, 0);
  fail_unless_equals_int (amt_relay_targets (relay, &s, &g, targets, 1), 2);
  fail_unless_equals_int (amt_relay_targets (relay, &s, &g, targets, 4), 2);
  fail_if (core_addr_equal (&targets[0].gateway, &targets[1].gateway));
  fail_if (targets[0].id == targets[1].id);
  leave (relay, &a, 0);
  fail_unless_equals_int (amt_relay_targets (relay, &s, &g, targets, 4), 1);
  fail_unless (core_addr_equal (&targets[0].gateway, &b.addr));

  /* One's pair is nothing to the other. */
  a.addr.port = 4001;
  fail_unless_equals_int (leave (relay, &a, 0), CORE_ERR_MAC_MISMATCH);
  fail_unless_equals_int (count_targets (relay, source, group), 1);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Data comes from where the last Update went to. */
GST_START_TEST (test_local_address)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);
  core_ip s = ip_of (source), g = ip_of (group);
  group_record_out record = { GROUP_MODE_IS_INCLUDE, g, &s, 1 };
  core_addr other = addr_of ("198.51.100.2", 2270);
  uint8_t inner[128], buf[256];
  amt_message msg = {.type = AMT_MEMBERSHIP_UPDATE,.nonce = p.nonce };
  amt_relay_target target;
  uint64_t generation;
  size_t len;

  join (relay, &p, 0);
  generation = amt_relay_generation (relay);
  memcpy (msg.mac, p.mac, AMT_MAC_LEN);
  msg.inner = inner;
  msg.inner_len = igmp_build_report (inner, sizeof (inner), &record, 1);
  len = amt_build (buf, sizeof (buf), &msg);
  fail_unless_equals_int (amt_relay_receive (relay, &p.addr, &other, buf, len,
          0), CORE_OK);
  fail_unless_equals_int (amt_relay_targets (relay, &s, &g, &target, 1), 1);
  fail_unless (core_addr_equal (&target.local, &other));
  fail_unless (amt_relay_generation (relay) > generation);
  amt_relay_free (relay);
}

GST_END_TEST;

GST_START_TEST (test_teardown)
{
  amt_relay_config config = {.gateway_address = true };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  const amt_relay_stats *stats = amt_relay_get_stats (relay);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0), forged;
  core_addr elsewhere = addr_of (GATEWAY_V6, 9);

  join (relay, &p, 0);
  expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &p.addr, AMT_REMOVED_NONE);
  forged = p;
  forged.mac[5] ^= 0x80;
  fail_unless_equals_int (send_teardown (relay, &forged, &p.addr, 0),
      CORE_ERR_MAC_MISMATCH);
  fail_unless_equals_int (stats->gateways, 1);
  fail_unless_equals_int (send_teardown (relay, &p, &elsewhere, 0), CORE_OK);
  fail_unless_equals_int (stats->gateways, 0);
  expect_event (relay, AMT_RELAY_GATEWAY_REMOVED, &p.addr,
      AMT_REMOVED_TEARDOWN);

  /* Gateways repeat them. */
  fail_unless_equals_int (send_teardown (relay, &p, &elsewhere, 0), CORE_OK);
  expect_no_event (relay);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Without the G trailer nobody was told what to put into a Teardown. */
GST_START_TEST (test_teardown_off)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);

  join (relay, &p, 0);
  amt_gateway_field_set (&p.field, &p.addr);
  fail_unless_equals_int (send_teardown (relay, &p, &p.addr, 0),
      CORE_ERR_UNEXPECTED_TYPE);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 1);
  amt_relay_free (relay);
}

GST_END_TEST;

/* ::1 reads like an IPv4-compatible address; a link-local one means nothing
 * without its link. */
GST_START_TEST (test_teardown_odd_addresses)
{
  amt_relay_config config = {.gateway_address = true };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  const amt_relay_stats *stats = amt_relay_get_stats (relay);
  peer p = new_peer (relay, "::1", 4000, 0);
  core_addr from;

  join (relay, &p, 0);
  fail_unless_equals_int (send_teardown (relay, &p, &p.addr, 0), CORE_OK);
  fail_unless_equals_int (stats->gateways, 0);

  p = new_peer (relay, "fe80::5", 4000, 0);
  p.addr.scope = 2;
  join (relay, &p, 0);
  p.addr.scope = 3;
  join (relay, &p, 0);
  fail_unless_equals_int (stats->gateways, 2);
  from = addr_of ("fe80::6", 9);
  from.scope = 4;
  fail_unless_equals_int (send_teardown (relay, &p, &from, 0), CORE_OK);
  fail_unless_equals_int (stats->gateways, 2);
  from.scope = 3;
  fail_unless_equals_int (send_teardown (relay, &p, &from, 0), CORE_OK);
  fail_unless_equals_int (stats->gateways, 1);
  amt_relay_free (relay);
}

GST_END_TEST;

GST_START_TEST (test_unreachable)
{
  amt_relay_config config = {.unreachable_limit = 3 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);
  core_addr stranger = addr_of (GATEWAY_V4, 4001);

  join (relay, &p, 0);
  expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &p.addr, AMT_REMOVED_NONE);
  for (unsigned i = 0; i < 10; i++)
    amt_relay_unreachable (relay, &stranger, 0);
  amt_relay_unreachable (relay, &p.addr, 0);
  amt_relay_unreachable (relay, &p.addr, 0);
  join (relay, &p, 0);
  amt_relay_unreachable (relay, &p.addr, 0);
  amt_relay_unreachable (relay, &p.addr, 0);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 1);
  amt_relay_unreachable (relay, &p.addr, 0);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 0);
  expect_event (relay, AMT_RELAY_GATEWAY_REMOVED, &p.addr,
      AMT_REMOVED_UNREACHABLE);
  amt_relay_free (relay);
}

GST_END_TEST;

GST_START_TEST (test_max_gateways)
{
  amt_relay_config config = {.max_gateways = 2 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  peer a = new_peer (relay, GATEWAY_V4, 4000, 0);
  peer b = new_peer (relay, GATEWAY_V6, 4000, 0);
  peer c;

  join (relay, &a, 0);
  fail_if (new_peer (relay, "203.0.113.9", 1, 0).limit);
  join (relay, &b, 0);
  c = new_peer (relay, "203.0.113.9", 1, 0);
  fail_unless (c.limit);
  fail_if (new_peer (relay, GATEWAY_V4, 4000, 0).limit);
  fail_unless_equals_int (join (relay, &c, 0), CORE_ERR_TOO_MANY_GATEWAYS);
  fail_unless_equals_uint64 (dropped (relay, CORE_ERR_TOO_MANY_GATEWAYS), 1);
  fail_unless_equals_int (leave (relay, &c, 0), CORE_OK);

  /* Who is there may go on, and join more. */
  fail_unless_equals_int (update (relay, &a, GROUP_ALLOW_NEW_SOURCES,
          "192.0.2.11", group, 0), CORE_OK);
  leave (relay, &b, 0);
  fail_unless_equals_int (join (relay, &c, 0), CORE_OK);

  /* A lower limit sends nobody away. */
  amt_relay_set_max_gateways (relay, 1);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 2);
  fail_unless_equals_int (join (relay, &c, 0), CORE_OK);
  fail_unless_equals_int (join (relay, &b, 0), CORE_ERR_TOO_MANY_GATEWAYS);
  amt_relay_set_max_gateways (relay, 3);
  fail_unless_equals_int (join (relay, &b, 0), CORE_OK);
  amt_relay_free (relay);
}

GST_END_TEST;

GST_START_TEST (test_max_gateways_per_address)
{
  static const struct
  {
    const char *first, *same, *other;
  } rows[] = {
    {GATEWAY_V4, GATEWAY_V4, "203.0.113.6"},
    {"2001:db8:b::5", "2001:db8:b::6:7", "2001:db8:b:1::5"},
  };
  amt_relay_config config = {.max_gateways_per_address = 2 };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    fixture_random random;
    amt_relay *relay = new_relay (&random, &config, 0);
    peer a = new_peer (relay, rows[i].first, 1, 0);
    peer b = new_peer (relay, rows[i].same, 2, 0);
    peer c, d;

    join (relay, &a, 0);
    join (relay, &b, 0);
    c = new_peer (relay, rows[i].same, 3, 0);
    d = new_peer (relay, rows[i].other, 3, 0);
    fail_unless (c.limit);
    fail_if (d.limit);
    fail_unless_equals_int (join (relay, &c, 0), CORE_ERR_TOO_MANY_GATEWAYS);
    fail_unless_equals_int (join (relay, &d, 0), CORE_OK);
    leave (relay, &a, 0);
    fail_unless_equals_int (join (relay, &c, 0), CORE_OK);
    amt_relay_free (relay);
  }
}

GST_END_TEST;

GST_START_TEST (test_too_many_channels)
{
  amt_relay_config config = {.max_groups = 1,.max_sources = 2 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);
  core_ip s[3] = { ip_of ("192.0.2.1"), ip_of ("192.0.2.2"),
    ip_of ("192.0.2.3")
  };
  group_record_out records[2] = {
    {GROUP_ALLOW_NEW_SOURCES, ip_of (group), s, 3},
    {GROUP_ALLOW_NEW_SOURCES, ip_of ("232.1.1.2"), s, 1},
  };

  /* What fits is used. */
  fail_unless_equals_int (update_records (relay, &p, records, 2, 0), CORE_OK);
  fail_unless_equals_uint64 (dropped (relay, CORE_ERR_TOO_MANY_CHANNELS), 1);
  fail_unless_equals_int (count_targets (relay, "192.0.2.2", group), 1);
  fail_unless_equals_int (count_targets (relay, "192.0.2.3", group), 0);
  fail_unless_equals_int (count_targets (relay, "192.0.2.1", "232.1.1.2"), 0);

  /* Where nothing fits the datagram is dropped. */
  fail_unless_equals_int (update_records (relay, &p, records + 1, 1, 0),
      CORE_ERR_TOO_MANY_CHANNELS);
  fail_unless_equals_uint64 (dropped (relay, CORE_ERR_TOO_MANY_CHANNELS), 2);
  amt_relay_free (relay);
}

GST_END_TEST;

/* A gateway that came and went unseen is not told of; the order holds. */
GST_START_TEST (test_events)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer a = new_peer (relay, GATEWAY_V4, 1, 0);
  peer b = new_peer (relay, GATEWAY_V4, 2, 0);

  join (relay, &a, 0);
  join (relay, &b, 0);
  leave (relay, &a, 0);
  expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &b.addr, AMT_REMOVED_NONE);
  expect_no_event (relay);
  leave (relay, &b, 0);
  join (relay, &b, 0);
  expect_event (relay, AMT_RELAY_GATEWAY_REMOVED, &b.addr, AMT_REMOVED_LEFT);
  expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &b.addr, AMT_REMOVED_NONE);
  expect_no_event (relay);
  amt_relay_free (relay);
}

GST_END_TEST;

/* A caller that takes no events loses the oldest: here of those who came
 * first, whose going it can then hear of. */
GST_START_TEST (test_events_untaken)
{
  amt_relay_config config = {.max_gateways = 10,.answers_burst = 10000 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  peer first = new_peer (relay, GATEWAY_V4, 1, 0);
  peer last = new_peer (relay, GATEWAY_V4, 2, 0);

  join (relay, &first, 0);
  for (unsigned i = 0; i < 32; i++) {
    join (relay, &last, 0);
    if (i == 31)
      leave (relay, &first, 0);
    else
      leave (relay, &last, 0);
  }
  expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &last.addr, AMT_REMOVED_NONE);
  expect_event (relay, AMT_RELAY_GATEWAY_REMOVED, &first.addr,
      AMT_REMOVED_LEFT);
  expect_no_event (relay);
  amt_relay_free (relay);
}

GST_END_TEST;

/* The events of gateways beyond a limit that was lowered are kept too. */
GST_START_TEST (test_events_of_lowered_limit)
{
  amt_relay_config config = {.answers_burst = 10000 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  amt_relay_event_info event;
  unsigned removed = 0;

  for (uint16_t port = 1; port <= 100; port++) {
    peer p = new_peer (relay, GATEWAY_V4, port, 0);

    join (relay, &p, 0);
    expect_event (relay, AMT_RELAY_GATEWAY_ADDED, &p.addr, AMT_REMOVED_NONE);
  }
  amt_relay_set_max_gateways (relay, 0);
  amt_relay_expire (relay, GMI);
  for (; amt_relay_event (relay, &event); removed++)
    fail_unless_equals_int (event.type, AMT_RELAY_GATEWAY_REMOVED);
  fail_unless_equals_int (removed, 100);
  amt_relay_free (relay);
}

GST_END_TEST;

GST_START_TEST (test_walk)
{
  amt_relay_config config = {.answers_burst = 10000 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  bool seen[301] = { false };
  amt_relay_target target;
  size_t pos = 0;
  unsigned n = 0;

  for (uint16_t port = 1; port <= 300; port++) {
    peer p = new_peer (relay, GATEWAY_V4, port, 0);

    join (relay, &p, 0);
    if (port % 3 == 0)
      leave (relay, &p, 0);
  }
  for (; amt_relay_next_gateway (relay, &pos, &target); n++) {
    fail_if (seen[target.gateway.port]);
    fail_if (target.gateway.port % 3 == 0);
    seen[target.gateway.port] = true;
  }
  fail_unless_equals_int (n, 200);
  fail_unless_equals_int (count_targets (relay, source, group), 200);
  amt_relay_free (relay);
}

GST_END_TEST;

static size_t
allocated (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

/* One gateway that reports all it can, over and over, holds no more than its
 * limits allow. */
GST_START_TEST (test_update_storm)
{
  static core_ip s[1000];
  group_record_out record = { GROUP_ALLOW_NEW_SOURCES, ip_of (group), s, 1000 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  peer p = new_peer (relay, GATEWAY_V4, 4000, 0);
  size_t before, after;

  join (relay, &p, 0);
  before = allocated ();
  for (uint32_t round = 0; round < 2000; round++) {
    for (uint32_t i = 0; i < 1000; i++) {
      uint32_t n = g_htonl (0x0a000000 + round * 1000 + i);

      s[i].family = CORE_FAMILY_V4;
      memcpy (s[i].bytes, &n, 4);
    }
    record.group.bytes[2] = (uint8_t) (round >> 8);
    record.group.bytes[3] = (uint8_t) round;
    update_records (relay, &p, &record, 1, 0);
  }
  after = allocated ();

  /* 32 groups of 64 sources, of 32 and 48 bytes, and the allocator's share. */
  fail_unless (after - before < 32 * (64 * 32 + 48) * 5 / 4,
      "%zu bytes", after - before);
  fail_unless_equals_int (amt_relay_get_stats (relay)->gateways, 1);
  fail_unless (dropped (relay, CORE_ERR_TOO_MANY_CHANNELS) >= 2000 - 32);
  amt_relay_free (relay);
}

GST_END_TEST;

/* Gateways that come and go from ever new addresses leave nothing behind. */
GST_START_TEST (test_churn)
{
  fixture_random random;
  amt_relay *relay = new_relay (&random, NULL, 0);
  amt_relay_event_info event;
  size_t before = 0;

  for (unsigned i = 0; i < 4000; i++) {
    char ip[CORE_IP_TEXT_MAX];
    peer p;

    if (i == 100)
      before = allocated ();
    g_snprintf (ip, sizeof (ip), "10.7.%u.%u", i / 250, i % 250 + 1);
    p = new_peer (relay, ip, 4000, 0);
    join (relay, &p, 0);
    while (amt_relay_event (relay, &event));
    leave (relay, &p, 0);
    while (amt_relay_event (relay, &event));
  }
  fail_unless (allocated () - before < 4096, "%zu", allocated () - before);
  amt_relay_free (relay);
}

GST_END_TEST;

/* All gateways there may be, each with a channel: the memory of that. */
GST_START_TEST (test_full_house)
{
  amt_relay_config config = {.answers_burst = 1000000 };
  fixture_random random;
  amt_relay *relay = new_relay (&random, &config, 0);
  size_t before = allocated (), after;

  for (uint16_t port = 1; port <= 3000; port++) {
    peer p = new_peer (relay, GATEWAY_V4, port, 0);

    fail_unless_equals_int (join (relay, &p, 0), port <= 1024 ? CORE_OK :
        CORE_ERR_TOO_MANY_GATEWAYS);
  }
  after = allocated ();
  fail_unless (after - before < 1024 * 768, "%zu bytes", after - before);
  fail_unless_equals_int (count_targets (relay, source, group), 1024);
  amt_relay_expire (relay, GMI);
  fail_unless_equals_int (count_targets (relay, source, group), 0);
  amt_relay_free (relay);
}

GST_END_TEST;

static Suite *
amt_relay_tunnels_suite (void)
{
  Suite *s = suite_create ("amt-relay-tunnels");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_life);
  tcase_add_test (tc, test_nothing_joined);
  tcase_add_test (tc, test_exclude_targets);
  tcase_add_test (tc, test_timeout);
  tcase_add_test (tc, test_timeout_of_one_channel);
  tcase_add_test (tc, test_configured_lifetime);
  tcase_add_test (tc, test_late_clock);
  tcase_add_test (tc, test_walks);
  tcase_add_test (tc, test_two_behind_one_address);
  tcase_add_test (tc, test_local_address);
  tcase_add_test (tc, test_teardown);
  tcase_add_test (tc, test_teardown_off);
  tcase_add_test (tc, test_teardown_odd_addresses);
  tcase_add_test (tc, test_unreachable);
  tcase_add_test (tc, test_max_gateways);
  tcase_add_test (tc, test_max_gateways_per_address);
  tcase_add_test (tc, test_too_many_channels);
  tcase_add_test (tc, test_events);
  tcase_add_test (tc, test_events_untaken);
  tcase_add_test (tc, test_events_of_lowered_limit);
  tcase_add_test (tc, test_walk);
  tcase_add_test (tc, test_update_storm);
  tcase_add_test (tc, test_churn);
  tcase_add_test (tc, test_full_house);
  return s;
}

GST_CHECK_MAIN (amt_relay_tunnels);
