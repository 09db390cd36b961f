/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The inside of the verifier, shared by its files.
 */
#pragma once

#include "ambi-hold.h"
#include "ambi-loss.h"
#include "ambi-order.h"
#include "ambi-store.h"
#include "ambi-verify.h"

/* Something that goes on when it happens again and again. */
typedef struct
{
  bool running;
  core_time since;
  core_time last;
} ambi_spell;

/* How a stream ends (AMBI §3.5). */
typedef struct
{
  core_time end;                /* as announced; NEVER: it is stable */
  core_time leave_at;           /* the end, until that was looked at */
  core_time ask_at;             /* for another stream */
  core_time interval;           /* between two times, after the end */
  bool asked;
  bool left;
} ambi_transition;

typedef struct
{
  bool in_use;                  /* the place is; users may be 0 */
  unsigned users;
  uint64_t born;                /* the lowest is the oldest */
  core_time left;               /* when the last user went */
  uint32_t stream_id;
  core_hash_algorithm algorithm;
  core_hash *hash;
  ambi_store store;
  bool in_doubt;                /* the store was, when others were swept */
  ambi_loss loss;

  bool has_manifest;
  uint32_t manifest_seq;        /* the highest */
  ambi_transition transition;

  ambi_spell stale;
  ambi_spell overflow;
  uint64_t overflowed;          /* of the store, as counted so far */
  core_time empty_since;
  unsigned empty_manifests;     /* since then and the last new digest */
  bool repeats;                 /* they had digests that are known */

  /* events to be told */
  bool tell_end;
  bool tell_refresh;
  bool tell_leave;
  ambi_trouble tell_trouble;
} ambi_profile;

/* Whether there is room for packets to wait. */
typedef struct
{
  ambi_spell evictions;
  core_time lag_since;
  core_time lag;                /* the longest wait since then */
  core_time lag_before;         /* and in the same time before that */
} ambi_pressure;

struct ambi_verify
{
  ambi_verify_config config;
  core_time now;
  core_time due;                /* nothing is to be done before */
  ambi_index_key key;

  ambi_plan plan;
  ambi_profile profiles[AMBI_PROFILES_MAX];
  unsigned by_age[AMBI_PROFILES_MAX];   /* places in use, the oldest first */
  unsigned n_profiles;
  uint64_t births;

  ambi_hold hold;
  ambi_order_state order;
  ambi_pressure pressure;
  uint32_t last_held;           /* the slot of the packet that was held last */
  bool has_verified;
  core_time last_verified;
  uint64_t unknown;             /* now: a manifest may still come */
  ambi_verify_stats stats;
};

/* The digests of one packet, by place; NULL: it has none there. */
typedef struct
{
  const uint8_t *digest[AMBI_PROFILES_MAX];
  uint32_t hash[AMBI_PROFILES_MAX];
} ambi_packet_digests;

/* What is at a place of the plan; NULL if it is not in use. */
static inline ambi_profile *
ambi_verify_profile (ambi_verify * v, unsigned place)
{
  return place < AMBI_PROFILES_MAX && v->profiles[place].in_use ?
      &v->profiles[place] : NULL;
}

/* ambi-verify.c */

/* Something is to be done at that time. */
static inline void
ambi_verify_soon (ambi_verify * v, core_time time)
{
  if (time < v->due)
    v->due = time;
}

/* Takes the time over, and does what is due. */
void ambi_verify_advance (ambi_verify * v, core_time now);

/* Brings the statistics up to date. */
void ambi_verify_count (ambi_verify * v);

/* A digest that a held packet waits for has come. */
void ambi_verify_release_held (ambi_verify * v, uint32_t n);

/* ambi-verify-match.c */

/* What a packet's digests are good for. */
typedef struct
{
  bool verified;
  bool suspect;                 /* one like it was used before */
  uint32_t place;               /* in the output, in ORDER_SEQUENCE */
} ambi_match;

/* Uses a packet's digests, if any of them waits for it. */
void ambi_verify_match (ambi_verify * v, const ambi_packet_digests * digests,
    core_time arrived, ambi_match * match);

/* Uses that others do not know of were forgotten too early. */
void ambi_verify_note_forgotten (ambi_verify * v, ambi_store * store);

/* ambi-verify-profile.c */

/* The profile whose statistics count; NULL when there is none. */
ambi_profile *ambi_verify_in_charge (ambi_verify * v);

/* What a profile brought may be in doubt no more: others can forget then. */
void ambi_verify_note_doubt (ambi_verify * v, ambi_profile * profile);

/* Gives free what is not used and has nothing left. */
void ambi_verify_retire (ambi_verify * v);

/* ambi-verify-event.c */

void ambi_transition_init (ambi_transition * t);

/* A profile verified a packet. */
void ambi_verify_note_use (ambi_verify * v, const ambi_profile * profile);

/* Its sequence numbers are stale; returns whether the sender must have begun
 * anew. */
bool ambi_verify_note_stale (ambi_verify * v, ambi_profile * profile);
void ambi_verify_note_overflow (ambi_verify * v, ambi_profile * profile);

void ambi_verify_expire_transition (ambi_verify * v, ambi_profile * profile);
core_time ambi_transition_deadline (const ambi_transition * t);

void ambi_verify_forget_events (ambi_profile * profile);

/* Something happened once more; returns for how long it has gone on with
 * pauses of at most a second. */
core_time ambi_spell_note (ambi_spell * spell, core_time now);
