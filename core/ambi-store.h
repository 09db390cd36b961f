/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The digests of one manifest stream (draft-ietf-mboned-ambi-05 §3.2): those
 * that wait for a packet, and those that had theirs.  Every step takes the
 * same few memory accesses, whatever the store holds.  Private to the
 * verifier.
 *
 * The digests of one value are a chain: sequence numbers that wait, the oldest
 * first, and those that were used.  When a packet was verified by another
 * stream before the digest came, the digest is owed: it will be used on
 * arrival.  A chain that owes has none that waits.
 *
 * Packets may have been used before a stream was known.  What it brings first
 * is in doubt, since it may list them again: nobody forgets such a use as long
 * as a digest in doubt waits.
 */
#pragma once

#include "ambi-window.h"

/* In doubly linked lists by number of the entry. */
typedef struct
{
  uint32_t prev;
  uint32_t next;
} ambi_links;

typedef struct
{
  uint32_t first;
  uint32_t last;
  uint32_t n;
} ambi_list;

typedef enum
{
  AMBI_DIGEST_HELD,
  AMBI_DIGEST_OWED,
  AMBI_DIGEST_USED
} ambi_digest_state;

/* With a SHA-256 digest behind it, one cache line. */
typedef struct
{
  core_time time;               /* HELD: received last; else: used */
  uint32_t seq;                 /* OWED: the packet's place in the output */
  uint32_t hash;
  uint32_t same_prev;           /* ring of those alike, in state too */
  uint32_t same_next;
  uint32_t used;                /* the oldest used one, if this is the first
                                   of its chain and not used itself */
  uint8_t state;                /* ambi_digest_state */
  uint8_t unsettled;            /* USED: places of streams that do not know
                                   this packet was used, a bit each;
                                   HELD: not 0 when it is in doubt */
  uint8_t late;                 /* HELD: its packet is presumed to be lost;
                                   USED: it is among the kept ones */
  uint8_t lost;                 /* HELD: was counted as lost once */
  uint8_t digest[];
} ambi_entry;

typedef struct ambi_chunk ambi_chunk;

typedef struct
{
  size_t digest_len;
  core_time hold_time;
  uint32_t max;                 /* HELD ones; and as many others */
  const ambi_index_key *key;    /* lives longer than the store */
} ambi_store_config;

typedef struct
{
  ambi_store_config config;
  bool ended;                   /* HELD ones do not expire */
  core_time expire_base;        /* HELD ones count as received no earlier */
  core_time blind_until;        /* uses were forgotten: learn nothing */
  core_time doubt_until;        /* what is learned is in doubt */

  ambi_chunk **chunks;
  size_t n_chunks;
  size_t stride;
  uint32_t fresh;               /* entries from here on were never used */

  ambi_index index;             /* first entries of chains */
  ambi_window window;
  ambi_list held;               /* by time */
  ambi_list used;               /* and OWED, by time */
  ambi_list kept;               /* USED, for those in doubt, by time */
  unsigned kept_for;            /* places of these, a bit each */
  bool settled;                 /* some of them since the last sweep */
  uint32_t n_doubtful;          /* HELD ones that are */
  ambi_list free;
  uint32_t n_late;              /* HELD ones that are */
  bool has_forgotten;           /* USED ones before their time, */
  core_time forgotten;          /*   the last one used then */
  uint8_t unsettled_lost;       /* places whose unsettled uses were forgotten */
  uint64_t overflowed;          /* HELD ones that had to go before their time */
} ambi_store;

/* Digests of one value, as ambi_store_find () left it; AMBI_NONE where there
 * is none.  Good until the next change of the store by other means. */
typedef struct
{
  uint32_t hash;
  uint32_t slot;                /* in the index */
  uint32_t open;                /* the first HELD or OWED one */
  uint32_t used;                /* the oldest USED one */
} ambi_chain;

/* What a digest was when it left its state. */
typedef struct
{
  uint32_t seq;
  core_time received;
  bool late;                    /* its packet was presumed to be lost */
  bool lost;                    /* it was counted as lost before */
  bool alone;                   /* it was the only one of its value */
} ambi_digest_info;

/* Returns CORE_OK or CORE_ERR_NO_MEMORY. */
int ambi_store_init (ambi_store * s, const ambi_store_config * config);
void ambi_store_clear (ambi_store * s);

/* Forgets all sequence numbers, and what waits: the sender began anew. */
void ambi_store_restart (ambi_store * s);

/* The stream ended and is to be read ahead of its packets, or goes on. */
void ambi_store_set_ended (ambi_store * s, bool ended, core_time now);

static inline uint32_t
ambi_store_hash (const ambi_store * s, const uint8_t * digest)
{
  return ambi_index_hash (s->config.key, digest, s->config.digest_len);
}

/* Finds all of one value; returns whether there are any. */
bool ambi_store_find (ambi_store * s, uint32_t hash, const uint8_t * digest,
    ambi_chain * chain);

/* Digests with these hashes will be looked for: fetches what that touches. */
void ambi_store_expect (const ambi_store * s, const uint32_t * hashes,
    size_t n);

bool ambi_store_chain_held (const ambi_store * s, const ambi_chain * chain);
bool ambi_store_chain_owed (const ambi_store * s, const ambi_chain * chain);

/*
 * Digests that come
 */

/* What a sequence number is to the store. */
typedef enum
{
  AMBI_SEQ_NEW,
  AMBI_SEQ_GIVEN_UP,            /* its digest expired, or there was no room */
  AMBI_SEQ_HELD,
  AMBI_SEQ_USED,
  AMBI_SEQ_STALE                /* before all of which anything is known */
} ambi_seq_state;

/* *entry is the number of a HELD one. */
ambi_seq_state ambi_store_look_up (const ambi_store * s, uint32_t seq,
    uint32_t * entry);

bool ambi_store_has_digest (const ambi_store * s, uint32_t entry,
    const uint8_t * digest);

/* Its digest came again.  One in doubt waits no longer for that. */
void ambi_store_refresh (ambi_store * s, uint32_t entry, core_time now);

/* Another digest came in its place. */
void ambi_store_forget (ambi_store * s, uint32_t entry);

/* Adds the digest of a sequence number that is NEW or GIVEN_UP, to be HELD.
 * FALSE when none may be learned now. */
bool ambi_store_learn (ambi_store * s, uint32_t seq, uint32_t hash,
    const uint8_t * digest, core_time now);

/* The digest of such a sequence number is one that is owed: it is USED.
 * info->seq is its packet's place in the output. */
void ambi_store_pay (ambi_store * s, ambi_chain * chain, uint32_t seq,
    core_time now, ambi_digest_info * info);

/*
 * Packets that come
 */

/* Uses the first of a chain that is HELD. */
void ambi_store_use (ambi_store * s, ambi_chain * chain, core_time now,
    ambi_digest_info * info);

/* A packet was used by another stream: notes the digest it has in this one, and
 * its place in the output. */
void ambi_store_owe (ambi_store * s, uint32_t hash, const uint8_t * digest,
    uint32_t place_in_output, core_time now);

/* Uses that this stream should know of were forgotten: learns nothing for as
 * long as they could matter. */
void ambi_store_blind (ambi_store * s, core_time now);

/* The same because of uses since then that another store has forgotten
 * already. */
void ambi_store_blind_after (ambi_store * s, const ambi_store * other,
    core_time since);

/* The same, and forgets what is in doubt. */
void ambi_store_distrust (ambi_store * s, core_time now);

/* The stream is new, or back: what it brings for a while is in doubt. */
void ambi_store_doubt (ambi_store * s, core_time now);
bool ambi_store_in_doubt (const ambi_store * s, core_time now);
bool ambi_store_is_blind (const ambi_store * s, core_time now);

/* Marks what was used since then as unsettled with the stream at that place of
 * the plan: nothing in there says that those packets were used. */
void ambi_store_unsettle (ambi_store * s, unsigned place, core_time since);

/* Settles one use of a chain with the stream at that place; FALSE if there is
 * none to settle. */
bool ambi_store_settle (ambi_store * s, ambi_chain * chain, unsigned place,
    uint32_t * seq);

/*
 * Time
 */

/* Takes the next HELD one whose time is over; FALSE if there is none. */
bool ambi_store_expire (ambi_store * s, core_time now, ambi_digest_info * info);

/* Forgets used ones whose time is over, but for those that streams in doubt, a
 * bit for the place of each, do not know of. */
void ambi_store_sweep (ambi_store * s, core_time now, unsigned in_doubt);

core_time ambi_store_deadline (const ambi_store * s);

/* Marks HELD ones as late from *from up to and including to, as far as it
 * gets in a bounded number of steps; moves *from behind those it has seen.
 * Returns how many were marked. */
unsigned ambi_store_mark_late (ambi_store * s, uint32_t * from, uint32_t to);

/* Marks one HELD sequence number as late. */
bool ambi_store_mark_one_late (ambi_store * s, uint32_t seq);
