/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The AMT gateway in random adversity: its next deadline is always in the
 * future, and once the relays are well it gets its data again.
 */
#include "amt-gateway-test.h"

enum
{
  N_SEEDS = 200,
  N_STEPS = 120,
  N_CHANNELS = 6,
  N_RELAYS = 3
};

static const char *const relays[N_RELAYS] =
    { "198.51.100.1", "198.51.100.2", "198.51.100.3" };

typedef struct
{
  test_bench *b;
  int channels[N_CHANNELS];     /* -1: not joined */
  uint64_t seed;
} soak;

static unsigned
draw (soak * s, unsigned n)
{
  s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned) (s->seed >> 33) % n;
}

/* What should have happened while the clock jumped happens now. */
static void
run (soak * s, core_time duration)
{
  test_bench *b = s->b;

  for (unsigned i = 0; i < N_RELAYS; i++)
    b->peers[i].next_data = MAX (b->peers[i].next_data, b->now);
  bench_drain (b);
  amt_gateway_expire (b->gw, b->now);
  bench_run (b, b->now + duration);
}

static void
join (soak * s, unsigned i)
{
  char group[32];

  if (s->channels[i] >= 0)
    return;
  g_snprintf (group, sizeof (group), i % 2 ? "ff3e::8000:%u" : "232.1.1.%u",
      i / 2 + 1);
  s->channels[i] = bench_join (s->b, i % 2 ? "2001:db8::10" : TEST_SOURCE,
      group, 5001);
  fail_unless (s->channels[i] >= 0);
}

static void
leave (soak * s, unsigned i)
{
  if (s->channels[i] < 0)
    return;
  amt_gateway_leave (s->b->gw, s->channels[i], s->b->now);
  s->channels[i] = -1;
}

static void
list_candidates (soak * s, unsigned n, unsigned first)
{
  amt_relay_candidate list[N_RELAYS];

  for (unsigned i = 0; i < n; i++) {
    memset (&list[i], 0, sizeof (list[i]));
    list[i].addr = test_addr (relays[(first + i) % N_RELAYS], AMT_PORT);
    list[i].discovery = (first + i) % N_RELAYS == 2;
  }
  fail_unless_equals_int (amt_gateway_set_candidates (s->b->gw, list, n,
          s->b->now), CORE_OK);
}

/* What a relay forgets when it restarts. */
static void
restart (test_peer * p)
{
  p->n_joined = 0;
  p->next_data = CORE_TIME_NEVER;
}

static void
disturb_relay (soak * s)
{
  test_peer *p = &s->b->peers[draw (s, N_RELAYS)];

  switch (draw (s, 10)) {
    case 0:
      p->down_from = s->b->now;
      p->down_until = s->b->now + SECONDS (1) * (draw (s, 300) + 1);
      p->icmp = draw (s, 2);
      break;
    case 1:
      restart (p);
      break;
    case 2:
      p->limit = !p->limit;
      break;
    case 3:
      p->seen.port++;
      break;
    case 4:
      p->trailer = !p->trailer;
      break;
    case 5:
      p->mute_data = !p->mute_data;
      break;
    case 6:
      p->no_mld = !p->no_mld;
      break;
    case 7:
      p->no_igmp = !p->no_igmp;
      break;
    case 8:
      p->linux_relay = !p->linux_relay;
      restart (p);
      break;
    default:
      p->query.query_interval = draw (s, 200);
      p->query.robustness = (uint8_t) draw (s, 8);
      break;
  }
}

static void
disturb_gateway (soak * s)
{
  test_bench *b = s->b;
  core_addr to = b->peers[draw (s, N_RELAYS)].addr;

  switch (draw (s, 8)) {
    case 0:
      amt_gateway_unreachable (b->gw, &to, b->now);
      break;
    case 1:
      amt_gateway_network_changed (b->gw, b->now);
      break;
    case 2:
      b->now += SECONDS (1) * draw (s, 1000);
      amt_gateway_resume (b->gw, b->now);
      break;
    case 3:                    /* a late caller */
      b->now += SECONDS (1) * draw (s, 1000);
      amt_gateway_expire (b->gw, b->now);
      break;
    case 4:
      list_candidates (s, draw (s, N_RELAYS + 1), draw (s, N_RELAYS));
      break;
    case 5:
      amt_gateway_stop (b->gw, b->now);
      for (unsigned i = 0; i < N_CHANNELS; i++)
        s->channels[i] = -1;
      break;
    case 6:
      leave (s, draw (s, N_CHANNELS));
      break;
    default:
      join (s, draw (s, N_CHANNELS));
      break;
  }
  /* Sometimes the next news comes before what this led to was taken. */
  if (draw (s, 4) > 0) {
    bench_drain (b);
    amt_gateway_expire (b->gw, b->now);
    bench_drain (b);
    bench_assert (amt_gateway_deadline (b->gw) > b->now);
  }
}

static void
make_well (test_peer * p)
{
  p->down_from = p->down_until = CORE_TIME_NEVER;
  p->limit = p->mute_data = p->no_mld = p->no_igmp = false;
  p->query.query_interval = 125;
  restart (p);
}

static void
check_recovery (soak * s, unsigned seed)
{
  test_bench *b = s->b;

  b->n_events = 0;
  run (s, SECONDS (1));
  for (unsigned i = 0; i < N_RELAYS; i++)
    make_well (&b->peers[i]);
  list_candidates (s, N_RELAYS, draw (s, N_RELAYS));
  for (unsigned i = 0; i < N_CHANNELS; i++)
    join (s, i);
  run (s, SECONDS (250));
  b->n_data = 0;
  run (s, SECONDS (10));
  fail_unless (b->n_data >= N_CHANNELS * 15, "seed %u: %u datagrams, %s", seed,
      (unsigned) b->n_data, amt_gateway_state_name (bench_state (b)));

  for (unsigned i = 0; i < N_CHANNELS; i++)
    leave (s, i);
  run (s, SECONDS (60));
  fail_unless_equals_int (bench_state (b), AMT_GATEWAY_IDLE);
  fail_unless_equals_uint64 (amt_gateway_deadline (b->gw), CORE_TIME_NEVER);
}

GST_START_TEST (test_soak)
{
  for (unsigned seed = 1; seed <= N_SEEDS; seed++) {
    amt_gateway_config config = {.give_up = SECONDS (30) };
    soak s = {.b = bench_new_full (config, seed),.seed = seed };

    s.b->random.waits = WAITS_RANDOM;
    s.b->random.seed = seed;
    memset (s.channels, 0xff, sizeof (s.channels));
    for (unsigned i = 0; i < N_RELAYS; i++) {
      test_peer *p = bench_peer (s.b, relays[i]);

      p->discovery = i == 2;
      p->advertise = p->addr.ip;
      p->data_interval = CORE_SECOND / 2;
    }
    list_candidates (&s, N_RELAYS, 0);
    join (&s, 0);
    for (unsigned step = 0; step < N_STEPS; step++) {
      s.b->n_events = 0;
      if (draw (&s, 2))
        disturb_relay (&s);
      else
        disturb_gateway (&s);
      if (draw (&s, 3) == 0)
        run (&s, CORE_MSECOND * draw (&s, 20000));
    }
    check_recovery (&s, seed);
    bench_free (s.b);
  }
}

GST_END_TEST;

static Suite *
amt_gateway_soak_suite (void)
{
  Suite *s = suite_create ("amt-gateway-soak");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_soak);
  return s;
}

GST_CHECK_MAIN (amt_gateway_soak);
