/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What is missing of one manifest stream, and how far digests come before
 * their packets.  Private to the verifier.
 *
 * Sequence numbers count from the first packet that was verified.  A digest
 * that expires is a packet lost; one whose packet ought to be there is late
 * for now.  The frontier is the sequence number up to which packets ought to
 * be there.
 */
#pragma once

#include "ambi-store.h"

enum
{
  AMBI_LOSS_MARKS = 64,
  AMBI_LOSS_SECONDS = 8         /* a power of two, more than the window of 5 */
};

/* Highest sequence numbers of intervals, to be acted upon after a while. */
typedef struct
{
  core_time interval;
  struct
  {
    core_time end;
    uint32_t seq;
  } marks[AMBI_LOSS_MARKS];
  unsigned first;
  unsigned n;
} ambi_marks;

typedef struct
{
  core_time reorder_time;
  bool joined;                  /* the rest has a meaning */
  uint32_t join;                /* the first that was verified */
  core_time last_verified;

  uint32_t frontier;            /* the first one behind it */
  uint32_t target;              /* and what it moves to */
  ambi_marks verified;
  ambi_marks learned;
  uint32_t ripe;                /* learned long enough ago */
  bool has_ripe;

  uint64_t unknown;
  struct
  {
    uint64_t second;
    int64_t missing;
    uint64_t received;
  } seconds[AMBI_LOSS_SECONDS];

  bool has_lead;
  int64_t lead_min;
  int64_t lead_max;
  int64_t lead_average;
} ambi_loss;

void ambi_loss_init (ambi_loss * l, core_time reorder_time);
void ambi_loss_set_reorder_time (ambi_loss * l, core_time time);

/* The sender began anew. */
void ambi_loss_restart (ambi_loss * l);

/* A digest of that sequence number is about to be learned, of which the store
 * knows that state.  Returns by how much more, or less, no manifest covers. */
int64_t ambi_loss_learn (ambi_loss * l, const ambi_store * store, uint32_t seq,
    ambi_seq_state state, core_time now);

/* Whether a packet with that sequence number ought to be there. */
bool ambi_loss_is_late (const ambi_loss * l, uint32_t seq);

/* So many digests more are late. */
void ambi_loss_late (ambi_loss * l, unsigned n, core_time now);

/* A packet was verified. */
void ambi_loss_received (ambi_loss * l, const ambi_digest_info * info,
    core_time now);

/* A digest expired without one; returns whether that is a loss. */
bool ambi_loss_expired (ambi_loss * l, const ambi_digest_info * info,
    core_time now);

/* Nanoseconds that a digest came before its packet. */
void ambi_loss_lead (ambi_loss * l, int64_t lead);

/* Moves the frontier, and marks what is behind it. */
void ambi_loss_advance (ambi_loss * l, ambi_store * store, core_time now);

core_time ambi_loss_deadline (const ambi_loss * l, const ambi_store * store,
    core_time now);

/* Lost or late among all of the last seconds, 0 to 1. */
double ambi_loss_ratio (const ambi_loss * l, core_time now);
