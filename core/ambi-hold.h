/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The packets that the verifier keeps (draft-ietf-mboned-ambi-05 §3.2): those
 * that wait for a digest, those that wait for their turn, and those that the
 * caller has to take back.  Private to the verifier.
 */
#pragma once

#include "ambi-index.h"
#include "ambi-verify.h"

typedef struct
{
  uint32_t prev;
  uint32_t next;
} ambi_hold_links;

typedef struct
{
  uint32_t first;
  uint32_t last;
  uint32_t n;
} ambi_hold_list;

typedef enum
{
  AMBI_SLOT_FREE,
  AMBI_SLOT_HELD,               /* waits for a digest */
  AMBI_SLOT_WAITING,            /* verified, waits for its turn */
  AMBI_SLOT_OUT                 /* decided, to be taken by the caller */
} ambi_slot_state;

typedef struct
{
  ambi_packet packet;
  core_time arrived;
  core_time until;              /* HELD: its time; WAITING: at the latest */
  ambi_hold_links links;        /* in the list of its state */
  ambi_hold_links alike;        /* HELD: in the list of suspects */
  uint8_t state;                /* ambi_slot_state */
  uint8_t places;               /* that know its digest, a bit each */
  bool suspect;                 /* HELD: one like it was used before */
  bool gap;                     /* OUT */
  uint8_t verdict;              /* OUT */
  uint8_t reason;               /* OUT */
} ambi_slot;

/* Of packet n at one place of the plan. */
typedef struct
{
  uint32_t hash;
  ambi_hold_links same;         /* ring of those with this digest */
} ambi_hold_node;

typedef struct
{
  size_t digest_len;            /* 0: the place is not in use */
  uint8_t *digests;
  ambi_hold_node *nodes;
  ambi_index index;             /* the first of each ring */
} ambi_hold_place;

typedef struct
{
  ambi_slot *slots;
  uint32_t capacity;
  uint32_t max;
  uint32_t fresh;               /* slots from here on were never used */
  bool data;                    /* payloads are kept, and count */
  ambi_hold_place places[AMBI_PROFILES_MAX];
  ambi_hold_list free;
  ambi_hold_list held;          /* by arrival, and by time */
  ambi_hold_list suspects;      /* those HELD that are */
  ambi_hold_list waiting;       /* by time */
  ambi_hold_list out;
  uint32_t passes;              /* OUT ones that are to pass */
  size_t held_bytes;
  size_t waiting_bytes;
} ambi_hold;

/* data: whether payloads are kept. */
void ambi_hold_init (ambi_hold * h, size_t max_bytes, bool data);
void ambi_hold_clear (ambi_hold * h);

/* A place of the plan is in use from now on; packets that are held have no
 * digest there yet.  Returns CORE_OK or CORE_ERR_NO_MEMORY. */
int ambi_hold_open (ambi_hold * h, unsigned place, size_t digest_len);
void ambi_hold_close (ambi_hold * h, unsigned place);

/* What a packet counts. */
size_t ambi_hold_size (const ambi_hold * h, const ambi_packet * packet);

/* A new slot with the packet in it, in no list; AMBI_NONE without memory. */
uint32_t ambi_hold_new (ambi_hold * h, const ambi_packet * packet,
    core_time now);

/* Puts it behind those that wait for a digest, with a time that is not before
 * theirs. */
void ambi_hold_keep (ambi_hold * h, uint32_t n, core_time until,
    bool suspect);

/* Tells a HELD one's digest at a place. */
void ambi_hold_set_digest (ambi_hold * h, uint32_t n, unsigned place,
    uint32_t hash, const uint8_t * digest);

/* Its digest at a place, NULL when it has none. */
const uint8_t *ambi_hold_digest (const ambi_hold * h, uint32_t n,
    unsigned place, uint32_t * hash);

/* The packet with that digest that came first; AMBI_NONE if there is none. */
uint32_t ambi_hold_find (ambi_hold * h, unsigned place, uint32_t hash,
    const uint8_t * digest);

/* A packet is to be used: those with its digest become suspects. */
void ambi_hold_suspect_alike (ambi_hold * h, uint32_t n, unsigned place);

/* Takes one out of those that wait for a digest, or for their turn; it is in
 * no list then. */
void ambi_hold_take (ambi_hold * h, uint32_t n);

/* Puts one that is in no list behind those that wait for their turn. */
void ambi_hold_wait (ambi_hold * h, uint32_t n, core_time until);

/* Gives one that is in no list to the caller. */
void ambi_hold_give (ambi_hold * h, uint32_t n, ambi_verdict verdict,
    ambi_reason reason, bool gap);

/* Forgets one that is in no list. */
void ambi_hold_forget (ambi_hold * h, uint32_t n);

/* The next one that the caller takes. */
bool ambi_hold_next (ambi_hold * h, ambi_output * out);
