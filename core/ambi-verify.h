/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Passes on the packets that a manifest vouches for, and no others
 * (draft-ietf-mboned-ambi-05 §3.2): digests and packets wait for one another,
 * each digest lets one packet through, and what is missing is counted.
 *
 * Pure: packets, digests and the time go in; verdicts, events and the next
 * deadline come out.  After every call that takes the time: call
 * ambi_verify_next () until false, ambi_verify_event () until false, and read
 * ambi_verify_deadline ().
 *
 * Hashing, the expensive part, needs no access to the verifier: a caller with
 * a lock copies the plan under it, hashes without it, and gives packet and
 * digests to the verifier under it again.
 */
#pragma once

#include "ambi-packet.h"
#include "ambi-wire.h"

enum
{
  AMBI_PROFILES_MAX = 4,        /* manifest streams in use at a time */
  AMBI_HELD_OVERHEAD = 512,     /* octets that holding a packet takes, without
                                   its payload, as max_held_bytes counts */
  AMBI_EXPECT_MAX = 64          /* of ambi_verify_expect () */
};

/*
 * The plan: which digests a packet needs
 */

typedef struct
{
  uint64_t generation;          /* changes with every change of the rest */
  unsigned n;
  struct
  {
    uint32_t stream_id;
    core_hash_algorithm algorithm;      /* NONE: this place is not in use */
  } profile[AMBI_PROFILES_MAX];
} ambi_plan;

/* The digests of one packet under a plan. */
typedef struct
{
  uint64_t generation;
  uint8_t bytes[AMBI_PROFILES_MAX][CORE_HASH_LEN_MAX];
} ambi_digests;

/* Hash contexts for a plan.  Not to be shared by threads. */
typedef struct ambi_hasher ambi_hasher;

int ambi_hasher_new (ambi_hasher ** out);
void ambi_hasher_free (ambi_hasher * hasher);

/* Takes over a plan; cheap when it has not changed.  Returns CORE_OK,
 * CORE_ERR_NO_MEMORY or CORE_ERR_FATAL. */
int ambi_hasher_follow (ambi_hasher * hasher, const ambi_plan * plan);

/* Returns CORE_OK, CORE_ERR_INVALID_ARGUMENT or CORE_ERR_FATAL. */
int ambi_hasher_packet (ambi_hasher * hasher, const ambi_flow * flow,
    const uint8_t * data, size_t len, ambi_digests * out);

/*
 * The verifier
 */

typedef enum
{
  AMBI_MODE_ENFORCE,            /* what is not verified does not pass */
  AMBI_MODE_MONITOR             /* everything passes on arrival; the verdicts
                                   are counted */
} ambi_mode;

typedef enum
{
  AMBI_ORDER_ARRIVAL,           /* the order in which packets are verified */
  AMBI_ORDER_SEQUENCE           /* the sender's order, each packet once */
} ambi_order;

/* Zero in a field means its default, where one is given. */
typedef struct
{
  core_random_func random;
  void *random_ctx;

  ambi_mode mode;
  ambi_order order;
  core_time data_hold_time;     /* 2 s */
  core_time reorder_time;       /* 1 s: ORDER_SEQUENCE waits for a gap no
                                   longer; a packet is presumed lost when a later
                                   one was verified so long ago */
  size_t max_held_bytes;        /* 16 MiB: payloads and AMBI_HELD_OVERHEAD each */
  size_t max_digests;           /* 262,144 a profile, and as many used ones
                                   that are remembered */
} ambi_verify_config;

typedef struct ambi_verify ambi_verify;

/* Returns CORE_OK, CORE_ERR_NO_MEMORY or CORE_ERR_INVALID_ARGUMENT (no
 * random). */
int ambi_verify_new (ambi_verify ** out, const ambi_verify_config * config,
    core_time now);

/* Packets that are still held are not released: take them with
 * ambi_verify_reset () before. */
void ambi_verify_free (ambi_verify * verify);

/* May change while running; what is held already keeps its time. */
void ambi_verify_set_data_hold_time (ambi_verify * verify, core_time time);
void ambi_verify_set_reorder_time (ambi_verify * verify, core_time time);

/*
 * Profiles: one for each manifest stream
 */

typedef struct
{
  uint32_t stream_id;
  core_hash_algorithm algorithm;
  core_time digest_hold_time;   /* 0: 10 s */
} ambi_profile_config;

/* Begins to use a manifest stream, or goes on using one that is known with the
 * same id and algorithm (several connections may bring one stream); each call
 * needs a matching ambi_verify_release_profile ().  Held packets are hashed
 * anew for it.  *profile is its place in the plan.  Returns CORE_OK,
 * CORE_ERR_NO_MEMORY, CORE_ERR_LIMIT (AMBI_PROFILES_MAX are in use),
 * CORE_ERR_INVALID_ARGUMENT or CORE_ERR_FATAL (no such hash). */
int ambi_verify_use_profile (ambi_verify * verify,
    const ambi_profile_config * config, core_time now, unsigned *profile);

/* Nobody brings manifests of it any more, by one user less.  What it vouched for
 * stays good until it expires, and what was used stays used; with nothing left
 * of that the place becomes free. */
void ambi_verify_release_profile (ambi_verify * verify, unsigned profile,
    core_time now);

/* The stream ended as it should, and may have been read ahead of the packets:
 * its digests no longer expire. */
void ambi_verify_end_profile (ambi_verify * verify, unsigned profile,
    core_time now);

/* A manifest's header came; its digests follow by ambi_verify_digest (). */
void ambi_verify_manifest (ambi_verify * verify, unsigned profile,
    const ambi_manifest * manifest, core_time now);

/* A digest came, of as many octets as the algorithm has.  Returns TRUE when
 * it was news. */
bool ambi_verify_digest (ambi_verify * verify, unsigned profile,
    uint32_t seq, const uint8_t * digest, core_time now);

void ambi_verify_get_plan (const ambi_verify * verify, ambi_plan * plan);
uint64_t ambi_verify_generation (const ambi_verify * verify);

/*
 * Packets
 */

typedef enum
{
  AMBI_PASS,                    /* pass it on */
  AMBI_HELD,                    /* the verifier keeps it; ambi_verify_next ()
                                   gives it back */
  AMBI_DROP,
  AMBI_PLAN_CHANGED             /* hash it anew, nothing was done */
} ambi_verdict;

typedef enum
{
  AMBI_REASON_NONE,
  AMBI_REASON_UNAUTHENTICATED,  /* no manifest vouched for it in time */
  AMBI_REASON_DUPLICATE,        /* likewise, but for one like it before */
  AMBI_REASON_EVICTED,          /* there was no room to wait longer */
  AMBI_REASON_LATE,             /* ORDER_SEQUENCE: a later one has passed */
  AMBI_REASON_NO_MEMORY,
  AMBI_REASON_FLUSHED,          /* ambi_verify_reset (); not counted as rejected */
  AMBI_N_REASONS
} ambi_reason;

/* Kebab-case ("unauthenticated"); never NULL. */
const char *ambi_reason_name (ambi_reason reason);

typedef struct
{
  ambi_flow flow;
  const uint8_t *data;          /* stays readable as long as it is held; may be
                                   NULL in MODE_MONITOR */
  size_t len;
  void *cookie;                 /* the caller's */
} ambi_packet;

typedef struct
{
  ambi_verdict verdict;         /* PASS or DROP from ambi_verify_next () */
  ambi_reason reason;           /* of a DROP */
  void *cookie;
  bool gap;                     /* PASS in ORDER_SEQUENCE: packets are missing
                                   before it */
} ambi_output;

/* Packets with these digests, up to AMBI_EXPECT_MAX, are what comes next.
 * Changes nothing; a caller that has several at a time saves the verifier
 * waiting for memory at each of them, which with many digests takes as long
 * as hashing. */
void ambi_verify_expect (const ambi_verify * verify,
    const ambi_digests * digests, size_t n);

/* Takes a packet that arrived now and says what becomes of it.  What is to
 * pass before it, if anything, is behind it in ambi_verify_next (): in
 * ORDER_SEQUENCE a packet for which others have to be passed first is HELD.
 * MODE_MONITOR always passes. */
void ambi_verify_packet (ambi_verify * verify, const ambi_packet * packet,
    const ambi_digests * digests, core_time now, ambi_output * out);

/* The packet that the call before said is HELD has its octets there from now
 * on; for a caller who copies what is to wait out of a bigger block. */
void ambi_verify_moved (ambi_verify * verify, const uint8_t * data);

/* The next packet that was held and is not any more, in the order in which
 * they are to be passed on. */
bool ambi_verify_next (ambi_verify * verify, ambi_output * out);

/* Gives all held packets to ambi_verify_next () as FLUSHED and forgets the
 * order of the output; digests and what was used stay. */
void ambi_verify_reset (ambi_verify * verify, core_time now);

core_time ambi_verify_deadline (const ambi_verify * verify);
void ambi_verify_expire (ambi_verify * verify, core_time now);

/*
 * Events
 */

typedef enum
{
  /* The sender announced the end of the stream (Refresh Deadline): look for
   * another one now.  Given again as long as none is in use. */
  AMBI_EVENT_REFRESH = 1,

  /* The same, when the announcement comes, and only then: to be told, nothing
   * is to be done yet. */
  AMBI_EVENT_END,

  /* Another stream has taken over: stop bringing this one's manifests. */
  AMBI_EVENT_LEAVE,

  /* The stream brings nothing that can be used (reason): disconnect, and try
   * again after a while. */
  AMBI_EVENT_DISCONNECT
} ambi_event_type;

typedef enum
{
  AMBI_TROUBLE_NONE,
  AMBI_TROUBLE_STALE,           /* only sequence numbers that are long past */
  AMBI_TROUBLE_OVERFLOW,        /* more digests than max_digests all the time */
  AMBI_TROUBLE_EMPTY            /* too many manifests without a new digest */
} ambi_trouble;

typedef struct
{
  ambi_event_type type;
  unsigned profile;
  uint32_t stream_id;
  ambi_trouble trouble;         /* of a DISCONNECT */
  core_time deadline;           /* of a REFRESH and END: the announced end */
} ambi_event;

bool ambi_verify_event (ambi_verify * verify, ambi_event * event);

/*
 * Statistics
 */

typedef struct
{
  uint64_t packets;             /* taken */
  uint64_t verified;
  uint64_t rejected[AMBI_N_REASONS];
  size_t packets_held;          /* now, those that wait for their turn too */
  size_t bytes_held;            /* now, as max_held_bytes counts */
  size_t digests_held;          /* now, not used and not expired */
  uint64_t digests;             /* received, repeats too */
  uint64_t digests_stale;
  uint64_t digests_conflicting;
  uint64_t digests_overflowed;
  uint64_t manifests;
  uint64_t manifests_lost;      /* missing in the sequence */

  /* Of the stream in charge: the one in use longest. */
  uint64_t lost;                /* digests that expired unused since the first
                                   verified packet */
  uint64_t presumed_lost;       /* now: not come though later ones have */
  uint64_t unknown;             /* sequence numbers that no manifest covered */

  /* How long digests come before their packets; negative: behind them. */
  int64_t lead_min;
  int64_t lead_max;
  int64_t lead_average;         /* exponentially weighted */
} ambi_verify_stats;

/* The sum over all profiles, and of those that were left. */
const ambi_verify_stats *ambi_verify_get_stats (const ambi_verify * verify);

/* Lost among all that should have come in the last five seconds, 0 to 1:
 * lost or presumed lost, against those received. */
double ambi_verify_loss_ratio (const ambi_verify * verify, core_time now);
