/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the verifier: packets, digests, octets of manifests through several
 * connections, time steps, streams that come and go.  Nothing passes more often
 * than digests for it came, every packet that is held comes back once, the
 * counters add up, and the bounds hold.
 */
#include "fuzz.h"

#include "ambi-intake.h"

/* Input: four octets of configuration, then calls of four octets each. */
enum
{
  HEAD = 4,
  CALL = 4,
  N_PAYLOADS = 32,
  N_STREAMS = 6,
  N_INTAKES = 5
};

enum
{
  PACKET,                       /* payload */
  PACKETS,                      /* payload, how many */
  DIGEST,                       /* stream, sequence number, payload */
  DIGESTS,                      /* the same, and those that follow */
  MANIFEST,                     /* connection, number of it, first digest */
  OCTETS,                       /* connection, how many of the input */
  DATAGRAM,                     /* likewise */
  TIME,                         /* magnitude, how much */
  CONNECT,                      /* connection */
  DISCONNECT,                   /* connection */
  END,                          /* connection */
  RESET,
  SETTINGS,                     /* hold time, reorder time */
  JUMP,                         /* of all sequence numbers */
  MANIFESTS,                    /* empty ones: connection, how many */
  OVERFLOW,                     /* stream, how many digests of nothing */
  N_CALLS
};

typedef struct
{
  ambi_verify *verify;
  ambi_hasher *hasher;
  core_hash *hash;
  ambi_verify_config config;
  core_time now;
  rd_cursor in;
  uint64_t random;
  ambi_intake *intakes[N_INTAKES];
  uint32_t base;                /* of sequence numbers */
  uint32_t manifest_seq;
  uint64_t vouched[N_PAYLOADS]; /* how often */
  uint64_t passed[N_PAYLOADS];
  uint64_t held;                /* packets that have to come back */
  uint64_t flushed;
} run;

/* A packet that is held. */
typedef struct
{
  uint8_t payload;
  bool back;
} packet;

static const ambi_flow flow = {
  .src = {.family = CORE_FAMILY_V4,.bytes = {192, 0, 2, 10}},
  .dst = {.family = CORE_FAMILY_V4,.bytes = {232, 1, 1, 1}},
  .protocol = AMBI_PROTOCOL_UDP
};

static void
fill (void *ctx, uint8_t * buf, size_t len)
{
  uint64_t *random = ctx;

  for (size_t i = 0; i < len; i++) {
    *random = *random * UINT64_C (6364136223846793005) + 1442695040888963407u;
    buf[i] = (uint8_t) (*random >> 56);
  }
}

/*
 * What comes out
 */

static void
note (run * r, const packet * p, const ambi_output * out)
{
  if (out->verdict != AMBI_PASS) {
    FUZZ_CHECK (out->verdict == AMBI_DROP);
    FUZZ_CHECK (out->reason > AMBI_REASON_NONE && out->reason < AMBI_N_REASONS);
    r->flushed += out->reason == AMBI_REASON_FLUSHED;
    return;
  }
  FUZZ_CHECK (out->reason == AMBI_REASON_NONE);
  r->passed[p->payload]++;
  FUZZ_CHECK (r->config.mode == AMBI_MODE_MONITOR ||
      r->passed[p->payload] <= r->vouched[p->payload]);
}

static void
check_counters (const run * r)
{
  const ambi_verify_stats *stats = ambi_verify_get_stats (r->verify);
  uint64_t all = stats->verified + stats->packets_held + r->flushed;
  size_t max = r->config.max_held_bytes;

  for (unsigned i = 0; i < AMBI_N_REASONS; i++)
    all += stats->rejected[i];
  if (r->config.mode == AMBI_MODE_ENFORCE) {
    FUZZ_CHECK (all == stats->packets);
    FUZZ_CHECK (r->held == stats->packets_held);
  } else {
    FUZZ_CHECK (all <= stats->packets);
    FUZZ_CHECK (r->held == 0);
  }
  FUZZ_CHECK (stats->bytes_held <= max);
  FUZZ_CHECK (stats->packets_held * AMBI_HELD_OVERHEAD <= stats->bytes_held);
  FUZZ_CHECK (stats->digests_held <= AMBI_PROFILES_MAX * r->config.max_digests);
  FUZZ_CHECK (stats->presumed_lost <= stats->digests_held);
  FUZZ_CHECK (ambi_verify_loss_ratio (r->verify, r->now) >= 0 &&
      ambi_verify_loss_ratio (r->verify, r->now) <= 1);
}

static void
drain (run * r)
{
  ambi_output out;
  ambi_event event;

  while (ambi_verify_next (r->verify, &out)) {
    packet *p = out.cookie;

    FUZZ_CHECK (!p->back);
    p->back = true;
    note (r, p, &out);
    free (p);
    r->held--;
  }
  for (unsigned n = 0; ambi_verify_event (r->verify, &event); n++) {
    FUZZ_CHECK (n < 4 * AMBI_PROFILES_MAX);
    FUZZ_CHECK (event.profile < AMBI_PROFILES_MAX);
    FUZZ_CHECK ((event.type == AMBI_EVENT_DISCONNECT) ==
        (event.trouble != AMBI_TROUBLE_NONE));
  }
  check_counters (r);
}

/*
 * What goes in
 */

static void
packet_in (run * r, uint8_t payload)
{
  packet *p = calloc (1, sizeof (*p));
  ambi_packet in = {.flow = flow,.data = &p->payload,.len = 1,.cookie = p };
  ambi_digests digests;
  ambi_output out;
  ambi_plan plan;

  FUZZ_CHECK (p != NULL);
  p->payload = payload % N_PAYLOADS;
  ambi_verify_get_plan (r->verify, &plan);
  FUZZ_CHECK (ambi_hasher_follow (r->hasher, &plan) == CORE_OK);
  FUZZ_CHECK (ambi_hasher_packet (r->hasher, &flow, in.data, in.len,
          &digests) == CORE_OK);
  ambi_verify_expect (r->verify, &digests, 1);
  ambi_verify_packet (r->verify, &in, &digests, r->now, &out);
  if (out.verdict == AMBI_PLAN_CHANGED) {
    free (p);
    return;
  }
  FUZZ_CHECK (out.cookie == p);
  if (out.verdict == AMBI_HELD) {
    r->held++;
  } else {
    note (r, p, &out);
    free (p);
  }
  drain (r);
}

static void
digest_of (run * r, uint32_t stream_id, uint8_t payload, uint8_t * digest)
{
  payload %= N_PAYLOADS;
  FUZZ_CHECK (ambi_packet_digest (r->hash, &flow, stream_id, &payload, 1,
          digest) == CORE_OK);
  r->vouched[payload]++;
}

static void
digests_in (run * r, uint8_t stream, uint8_t seq, uint8_t payload, unsigned n)
{
  uint8_t digest[CORE_HASH_LEN_MAX];
  ambi_plan plan;
  unsigned place;

  ambi_verify_get_plan (r->verify, &plan);
  if (plan.n == 0)
    return;
  place = stream % plan.n;
  for (unsigned i = 0; i < n; i++) {
    digest_of (r, plan.profile[place].stream_id, (uint8_t) (payload + i),
        digest);
    ambi_verify_digest (r->verify, place, r->base + seq + i, digest, r->now);
    drain (r);
  }
}

static void
connect_intake (run * r, unsigned i, uint8_t stream)
{
  ambi_intake_config config = {.stream_id = stream % N_STREAMS,
    .not_stream_id = -1,
    .algorithm = CORE_HASH_SHA_256,
    .digest_hold_time = (stream / N_STREAMS) * 200 * CORE_MSECOND
  };

  if (stream & 0x80) {
    config.stream_id = -1;
    config.not_stream_id = 3;
  }
  ambi_intake_free (r->intakes[i], r->now);
  FUZZ_CHECK (ambi_intake_new (&r->intakes[i], &config, r->verify) == CORE_OK);
  drain (r);
}

static void
take (run * r, unsigned i, const uint8_t * data, size_t len, bool datagram)
{
  uint8_t *copy = fuzz_copy (data, len);
  ambi_intake_result result;

  if (datagram)
    result = ambi_intake_datagram (r->intakes[i], copy, len, r->now);
  else
    result = ambi_intake_bytes (r->intakes[i], copy, len, r->now);
  free (copy);
  FUZZ_CHECK (ambi_intake_result_name (result)[0] != 'u');
  drain (r);
  /* A caller disconnects. */
  if (result != AMBI_INTAKE_OK) {
    ambi_intake_free (r->intakes[i], r->now);
    r->intakes[i] = NULL;
    drain (r);
  }
}

static void
manifest_in (run * r, unsigned i, uint8_t kind, uint8_t first)
{
  uint8_t digests[8 * CORE_SHA256_LEN];
  uint8_t octets[sizeof (digests) + 64];
  ambi_manifest manifest = {.count = kind & 7,
    .manifest_seq = r->manifest_seq++,.first_packet_seq = r->base + first,
    .refresh_deadline = kind & 0x40 ? (uint16_t) (1 + (kind >> 3 & 7)) : 0
  };
  unsigned profile;
  size_t len;

  if (!ambi_intake_get_profile (r->intakes[i], &manifest.stream_id, &profile))
    manifest.stream_id = kind % N_STREAMS;
  for (unsigned k = 0; k < manifest.count; k++)
    digest_of (r, manifest.stream_id, (uint8_t) (first + k),
        digests + k * CORE_SHA256_LEN);
  len = ambi_manifest_build (&manifest, digests, CORE_SHA256_LEN, octets,
      sizeof (octets));
  FUZZ_CHECK (len > 0);
  take (r, i, octets, len, (kind & 0x80) != 0);
}

static void
octets_in (run * r, unsigned i, size_t len, bool datagram)
{
  uint8_t octets[256];

  if (len > rd_left (&r->in))
    len = rd_left (&r->in);
  rd_bytes (&r->in, octets, len);
  take (r, i, octets, len, datagram);
}

static void
empty_manifests (run * r, unsigned place, unsigned n)
{
  ambi_manifest manifest = { 0 };

  for (unsigned i = 0; i < n * 16; i++) {
    manifest.manifest_seq = r->manifest_seq++;
    ambi_verify_manifest (r->verify, place, &manifest, r->now);
  }
  drain (r);
}

static void
overflow (run * r, unsigned place, unsigned n)
{
  uint8_t digest[CORE_HASH_LEN_MAX] = { 0 };

  for (unsigned i = 0; i < n; i++) {
    fill (&r->random, digest, 8);
    ambi_verify_digest (r->verify, place, r->base + i, digest, r->now);
  }
  drain (r);
}

static void
pass_time (run * r, uint8_t magnitude, uint8_t amount)
{
  static const core_time units[] = { 1, CORE_MSECOND, 100 * CORE_MSECOND,
    10 * CORE_SECOND
  };
  core_time due = ambi_verify_deadline (r->verify);

  if (magnitude & 4 && due != CORE_TIME_NEVER && due > r->now)
    r->now = due;               /* to the point */
  else
    r->now += amount * units[magnitude & 3];
  ambi_verify_expire (r->verify, r->now);
  drain (r);
  FUZZ_CHECK (ambi_verify_deadline (r->verify) > r->now);
}

/*
 * Calls
 */

static void
call_intake (run * r, const uint8_t c[CALL])
{
  unsigned i = c[1] % N_INTAKES;

  if (c[0] % N_CALLS == CONNECT) {
    connect_intake (r, i, c[2]);
    return;
  }
  if (r->intakes[i] == NULL)
    return;
  switch (c[0] % N_CALLS) {
    case MANIFEST:
      manifest_in (r, i, c[2], c[3]);
      break;
    case OCTETS:
      octets_in (r, i, c[2], false);
      break;
    case DATAGRAM:
      octets_in (r, i, c[2], true);
      break;
    case END:
      ambi_intake_end (r->intakes[i], r->now);
      drain (r);
      break;
    default:
      ambi_intake_free (r->intakes[i], r->now);
      r->intakes[i] = NULL;
      drain (r);
      break;
  }
}

static void
call (run * r, const uint8_t c[CALL])
{
  switch (c[0] % N_CALLS) {
    case PACKET:
      packet_in (r, c[1]);
      break;
    case PACKETS:
      for (unsigned i = 0; i < c[2] % 32u; i++)
        packet_in (r, (uint8_t) (c[1] + i));
      break;
    case DIGEST:
      digests_in (r, c[1], c[2], c[3], 1);
      break;
    case DIGESTS:
      digests_in (r, c[1], c[2], c[3], 8);
      break;
    case TIME:
      pass_time (r, c[1], c[2]);
      break;
    case RESET:
      ambi_verify_reset (r->verify, r->now);
      drain (r);
      break;
    case SETTINGS:
      ambi_verify_set_data_hold_time (r->verify, c[1] * CORE_MSECOND);
      ambi_verify_set_reorder_time (r->verify, c[2] * CORE_MSECOND);
      break;
    case JUMP:
      r->base += (uint32_t) c[1] << 24 | (uint32_t) c[2] << 10 | c[3];
      break;
    case MANIFESTS:
      empty_manifests (r, c[1] % AMBI_PROFILES_MAX, c[2]);
      break;
    case OVERFLOW:
      overflow (r, c[1] % AMBI_PROFILES_MAX, c[2]);
      break;
    default:
      call_intake (r, c);
      break;
  }
}

static void
setup (run * r, const uint8_t head[HEAD])
{
  r->random = head[3];
  r->now = head[3] * CORE_MSECOND;
  r->base = 0u - head[3];
  r->config.random = fill;
  r->config.random_ctx = &r->random;
  r->config.mode = head[0] & 1 ? AMBI_MODE_MONITOR : AMBI_MODE_ENFORCE;
  r->config.order = head[0] & 2 ? AMBI_ORDER_SEQUENCE : AMBI_ORDER_ARRIVAL;
  r->config.data_hold_time = (head[0] >> 2) * 50 * CORE_MSECOND;
  r->config.reorder_time = (head[1] >> 4) * 50 * CORE_MSECOND;
  r->config.max_held_bytes = (1 + (head[1] & 15)) * 2 * (AMBI_HELD_OVERHEAD +
      1);
  r->config.max_digests = 1 + head[2];
  FUZZ_CHECK (ambi_verify_new (&r->verify, &r->config, r->now) == CORE_OK);
  FUZZ_CHECK (ambi_hasher_new (&r->hasher) == CORE_OK);
  FUZZ_CHECK (core_hash_new (&r->hash, CORE_HASH_SHA_256) == CORE_OK);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  run r = { 0 };
  uint8_t c[CALL];

  if (size < HEAD)
    return 0;
  setup (&r, data);
  rd_init (&r.in, data + HEAD, size - HEAD);
  while (rd_left (&r.in) >= CALL) {
    rd_bytes (&r.in, c, CALL);
    call (&r, c);
  }
  for (unsigned i = 0; i < N_INTAKES; i++)
    ambi_intake_free (r.intakes[i], r.now);
  ambi_verify_reset (r.verify, r.now);
  drain (&r);
  FUZZ_CHECK (r.held == 0);
  ambi_verify_free (r.verify);
  ambi_hasher_free (r.hasher);
  core_hash_free (r.hash);
  return 0;
}
