/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What verifying a packet costs, next to what OpenSSL takes to hash it.
 *
 * Packets have 1316 octets, and 20 of pseudoheader are hashed with them.  The
 * store is kept full: it holds as many digests as the table says, and
 * remembers as many used ones; for each packet that is verified a digest is
 * learned.  Packets come in the order of their digests, or each time a random
 * one of all that are held.  Their payloads are written into 64 buffers in
 * turn, as a receiver's pool would be.
 *
 * Hashing with EVP alone, and verifying (hashing and the verifier, for 40
 * packets at a time), take turns in batches.  The numbers are CPU time per
 * packet, medians over the batches.  Learning a digest is timed apart, but for
 * packets that come before their digests, where it is in the time.
 *
 * Fails when verifying in order takes more than 1.25 times what EVP takes with
 * 10,000 digests, or in either order with 1,000,000 more than 1.5 times what it
 * takes with 10,000.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ambi-verify.h"

enum
{
  PAYLOAD = 1316,
  PSEUDOHEADER = 20,
  BUFFERS = 64,
  LIST = 40,
  BATCH = 25 * LIST,
  BATCHES = 151,
  STREAM_ID = 1
};

#define MAX_AGAINST_EVP 1.25
#define MAX_AGAINST_SMALL 1.5

#define check(condition) \
  do { \
    if (!(condition)) { \
      fprintf (stderr, "ambi-core: %s\n", #condition); \
      exit (1); \
    } \
  } while (0)

static const ambi_flow flow = {
  .src = {.family = CORE_FAMILY_V4,.bytes = {192, 0, 2, 10}},
  .dst = {.family = CORE_FAMILY_V4,.bytes = {232, 1, 1, 1}},
  .src_port = 4000,
  .dst_port = 5001,
  .protocol = AMBI_PROTOCOL_UDP
};

typedef struct
{
  ambi_verify *verify;
  ambi_hasher *hasher;
  core_hash *hash;
  unsigned profile;
  core_time now;
  uint64_t random;
  bool shuffled;
    uint8_t (*buffers)[PAYLOAD];
  uint64_t learned;             /* packets whose digest was */
  uint64_t *ids;                /* of the digests that are held */
  uint32_t n;
  uint32_t next;                /* in order, the next of ids */
    uint8_t (*digests)[CORE_SHA256_LEN];        /* of a batch */
} bench;

/* Nanoseconds per packet. */
typedef struct
{
  double evp;
  double learn;
  double known;
  double held;
} result;

static uint64_t
next_random (uint64_t * state)
{
  uint64_t z = (*state += UINT64_C (0x9e3779b97f4a7c15));

  z = (z ^ z >> 30) * UINT64_C (0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C (0x94d049bb133111eb);
  return z ^ z >> 31;
}

static void
fill (void *ctx, uint8_t * buf, size_t len)
{
  for (size_t i = 0; i < len; i++)
    buf[i] = (uint8_t) next_random (ctx);
}

static double
cpu_time (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &ts);
  return (double) ts.tv_sec * 1e9 + (double) ts.tv_nsec;
}

static const uint8_t *
payload_of (bench * b, uint64_t id)
{
  uint8_t *payload = b->buffers[id % BUFFERS];

  memcpy (payload, &id, sizeof (id));
  return payload;
}

static void
setup (bench * b, uint32_t n, bool shuffled)
{
  ambi_verify_config config = {.random = fill,.random_ctx = &b->random,
    .max_digests = n
  };
  ambi_profile_config profile = {.stream_id = STREAM_ID,
    .algorithm = CORE_HASH_SHA_256
  };
  ambi_plan plan;

  memset (b, 0, sizeof (*b));
  b->n = n;
  b->shuffled = shuffled;
  b->now = CORE_SECOND;
  b->buffers = malloc (BUFFERS * sizeof (*b->buffers));
  b->ids = malloc (n * sizeof (*b->ids));
  b->digests = malloc (BATCH * sizeof (*b->digests));
  check (b->buffers != NULL && b->ids != NULL && b->digests != NULL);
  fill (&b->random, b->buffers[0], BUFFERS * sizeof (*b->buffers));
  check (ambi_verify_new (&b->verify, &config, b->now) == CORE_OK);
  check (ambi_verify_use_profile (b->verify, &profile, b->now,
          &b->profile) == CORE_OK);
  check (ambi_hasher_new (&b->hasher) == CORE_OK);
  ambi_verify_get_plan (b->verify, &plan);
  check (ambi_hasher_follow (b->hasher, &plan) == CORE_OK);
  check (core_hash_new (&b->hash, CORE_HASH_SHA_256) == CORE_OK);
}

static void
clear (bench * b)
{
  ambi_verify_free (b->verify);
  ambi_hasher_free (b->hasher);
  core_hash_free (b->hash);
  free (b->buffers);
  free (b->ids);
  free (b->digests);
}

/* Digests of the packets that come next, not timed. */
static void
make_digests (bench * b)
{
  for (unsigned i = 0; i < BATCH; i++)
    check (ambi_packet_digest (b->hash, &flow, STREAM_ID,
            payload_of (b, b->learned + i), PAYLOAD, b->digests[i]) == CORE_OK);
}

static double
learn (bench * b)
{
  double start = cpu_time ();

  for (unsigned i = 0; i < BATCH; i++)
    check (ambi_verify_digest (b->verify, b->profile,
            (uint32_t) (b->learned + i), b->digests[i], b->now));
  b->learned += BATCH;
  return cpu_time () - start;
}

/* Hashes packets and gives them to the verifier, some at a time, as an element
 * does with a buffer list. */
static void
verify_list (bench * b, const uint64_t * ids, ambi_verdict verdict)
{
  ambi_packet packets[LIST];
  ambi_digests digests[LIST];
  ambi_output out;

  for (unsigned i = 0; i < LIST; i++) {
    packets[i].flow = flow;
    packets[i].data = payload_of (b, ids[i]);
    packets[i].len = PAYLOAD;
    packets[i].cookie = b;
    check (ambi_hasher_packet (b->hasher, &flow, packets[i].data, PAYLOAD,
            &digests[i]) == CORE_OK);
  }
  ambi_verify_expect (b->verify, digests, LIST);
  for (unsigned i = 0; i < LIST; i++) {
    ambi_verify_packet (b->verify, &packets[i], &digests[i], b->now, &out);
    check (out.verdict == verdict);
  }
}

/* Which digests of those that are held a batch uses: their places in ids, which
 * become free for new ones. */
static void
choose (bench * b, uint32_t * places)
{
  for (unsigned i = 0; i < BATCH; i++) {
    uint32_t from = (b->next + i) % b->n;

    if (b->shuffled) {
      uint32_t other = (from + (uint32_t) (next_random (&b->random) %
              (b->n - i))) % b->n;
      uint64_t id = b->ids[other];

      b->ids[other] = b->ids[from];
      b->ids[from] = id;
    }
    places[i] = from;
  }
  b->next = (b->next + BATCH) % b->n;
}

static double
verify (bench * b, const uint32_t * places)
{
  double start = cpu_time ();

  for (unsigned i = 0; i < BATCH; i += LIST) {
    uint64_t ids[LIST];

    for (unsigned k = 0; k < LIST; k++)
      ids[k] = b->ids[places[i + k]];
    verify_list (b, ids, AMBI_PASS);
  }
  return cpu_time () - start;
}

static double
evp (bench * b, EVP_MD_CTX * ctx, const EVP_MD * md, const uint32_t * places)
{
  static uint8_t input[BUFFERS][PSEUDOHEADER + PAYLOAD];
  uint8_t digest[EVP_MAX_MD_SIZE];
  double start = cpu_time ();

  for (unsigned i = 0; i < BATCH; i++) {
    uint64_t id = b->ids[places[i]];
    uint8_t *in = input[id % BUFFERS];

    memcpy (in, &id, sizeof (id));
    check (EVP_DigestInit_ex2 (ctx, md, NULL) == 1 &&
        EVP_DigestUpdate (ctx, in, PSEUDOHEADER + PAYLOAD) == 1 &&
        EVP_DigestFinal_ex (ctx, digest, NULL) == 1);
  }
  return cpu_time () - start;
}

/* Packets before their digests. */
static double
hold (bench * b)
{
  double start = cpu_time ();
  ambi_output out;

  for (unsigned i = 0; i < BATCH; i += LIST) {
    uint64_t ids[LIST];

    for (unsigned k = 0; k < LIST; k++)
      ids[k] = b->learned + i + k;
    verify_list (b, ids, AMBI_HELD);
  }
  for (unsigned i = 0; i < BATCH; i++) {
    check (ambi_verify_digest (b->verify, b->profile,
            (uint32_t) (b->learned + i), b->digests[i], b->now));
    check (ambi_verify_next (b->verify, &out) && out.verdict == AMBI_PASS);
  }
  b->learned += BATCH;
  return cpu_time () - start;
}

static int
compare (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
median (double *times)
{
  qsort (times, BATCHES, sizeof (*times), compare);
  return times[BATCHES / 2] / BATCH;
}

static void
refill (bench * b, const uint32_t * places)
{
  for (unsigned i = 0; i < BATCH; i++)
    b->ids[places[i]] = b->learned - BATCH + i;
}

/* As many used digests as held ones, so that for each use one is forgotten. */
static void
warm_up (bench * b)
{
  uint32_t places[BATCH];

  for (uint32_t i = 0; i < b->n; i += BATCH) {
    make_digests (b);
    learn (b);
    for (unsigned k = 0; k < BATCH; k++)
      places[k] = i + k;
    refill (b, places);
  }
  for (uint32_t i = 0; i < b->n; i += BATCH) {
    choose (b, places);
    verify (b, places);
    make_digests (b);
    learn (b);
    refill (b, places);
  }
}

static result
run (uint32_t n, bool shuffled)
{
  static double times[4][BATCHES];
  EVP_MD *md = EVP_MD_fetch (NULL, "SHA2-256", NULL);
  EVP_MD_CTX *ctx = EVP_MD_CTX_new ();
  uint32_t places[BATCH];
  result r;
  bench b;

  check (md != NULL && ctx != NULL);
  setup (&b, n, shuffled);
  warm_up (&b);
  for (unsigned i = 0; i < BATCHES; i++) {
    choose (&b, places);
    times[0][i] = evp (&b, ctx, md, places);
    times[2][i] = verify (&b, places);
    make_digests (&b);
    times[3][i] = hold (&b);
    make_digests (&b);
    times[1][i] = learn (&b);
    refill (&b, places);
  }
  check (ambi_verify_get_stats (b.verify)->digests_held == n);
  check (ambi_verify_get_stats (b.verify)->digests_overflowed == 0);
  r.evp = median (times[0]);
  r.learn = median (times[1]);
  r.known = median (times[2]);
  r.held = median (times[3]);
  clear (&b);
  EVP_MD_CTX_free (ctx);
  EVP_MD_free (md);
  return r;
}

/* What OpenSSL's own benchmark says, for comparison; 0 if it is not there. */
static double
openssl_speed (void)
{
  FILE *pipe = popen ("openssl speed -evp sha256 -bytes 1336 -seconds 1 "
      "2>/dev/null", "r");
  char line[256];
  double kilobytes = 0;

  if (pipe == NULL)
    return 0;
  while (fgets (line, sizeof (line), pipe) != NULL)
    sscanf (line, "sha256 %lfk", &kilobytes);
  pclose (pipe);
  return kilobytes > 0 ? (PSEUDOHEADER + PAYLOAD) / kilobytes * 1e6 : 0;
}

static bool
judge (const char *what, double ratio, double max)
{
  printf ("%-46s %5.2f (at most %.2f)%s\n", what, ratio, max,
      ratio > max ? "  TOO MUCH" : "");
  return ratio <= max;
}

int
main (void)
{
  static const uint32_t sizes[] = { 10000, 1000000 };
  double speed = openssl_speed ();
  result r[2][2];
  bool good;

  printf ("ns per packet     EVP  verified    ratio  held first  a digest\n");
  for (unsigned i = 0; i < 2; i++) {
    for (unsigned k = 0; k < 2; k++) {
      r[i][k] = run (sizes[i], k == 1);
      printf ("%7u %-8s %5.0f  %8.0f  %7.2f  %10.0f  %8.0f\n", sizes[i],
          k == 1 ? "shuffled" : "in order", r[i][k].evp, r[i][k].known,
          r[i][k].known / r[i][k].evp, r[i][k].held, r[i][k].learn);
    }
  }
  if (speed > 0)
    printf ("openssl speed: %.0f ns\n", speed);
  good = judge ("verifying against EVP, in order:",
      r[0][0].known / r[0][0].evp, MAX_AGAINST_EVP);
  for (unsigned k = 0; k < 2; k++) {
    const char *order = k == 1 ? "shuffled" : "in order";
    char what[64];

    snprintf (what, sizeof (what), "1,000,000 digests against 10,000, %s:",
        order);
    good &= judge (what, r[1][k].known / r[0][k].known, MAX_AGAINST_SMALL);
  }
  return !good;
}
