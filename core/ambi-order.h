/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The sender's order: which verified packet is the next one, and which have to
 * wait for it.  Manifest streams number the packets each in its own way; a
 * packet that two of them vouch for tells how the numbers belong together.
 * Private to the verifier.
 */
#pragma once

#include "ambi-verify.h"

typedef struct
{
  uint32_t seq;
  uint32_t packet;
} ambi_order_item;

typedef struct
{
  bool started;
  uint32_t next;                /* to be passed on */
  uint32_t newest;              /* the highest one so far */
  bool gap;                     /* some were skipped before next */
  struct
  {
    bool known;
    uint32_t offset;            /* what to add to get the place in the output */
  } profile[AMBI_PROFILES_MAX];
  ambi_order_item *heap;        /* packets that wait, the next one first */
  uint32_t n;
  uint32_t capacity;
} ambi_order_state;

typedef enum
{
  AMBI_TURN_NOW,                /* it is the next one */
  AMBI_TURN_WAIT,
  AMBI_TURN_LATE                /* a later one has passed */
} ambi_turn;

void ambi_order_clear (ambi_order_state * o);

/* Begins anew with the next packet; nothing waits any more. */
void ambi_order_restart (ambi_order_state * o);

/* A profile has other sequence numbers from now on. */
void ambi_order_forget_profile (ambi_order_state * o, unsigned profile);

/* The place in the output of a packet that has that sequence number in a
 * profile.  With nothing to tell how the profile's numbers belong to those of
 * others, the packet is taken to follow the newest one. */
uint32_t ambi_order_place (ambi_order_state * o, unsigned profile, uint32_t seq);

bool ambi_order_knows (const ambi_order_state * o, unsigned profile);

/* A sequence number of a profile has that place in the output. */
void ambi_order_relate (ambi_order_state * o, unsigned profile, uint32_t seq,
    uint32_t place);

/* Whose turn it is.  NOW moves on to the next place, and *gap tells whether
 * packets are missing before this one. */
ambi_turn ambi_order_turn (ambi_order_state * o, uint32_t place, bool *gap);

/* A packet has to wait.  Returns CORE_OK or CORE_ERR_NO_MEMORY. */
int ambi_order_wait (ambi_order_state * o, uint32_t place, uint32_t packet);

/* Takes the first of those that wait if it is its turn, or too late for it;
 * *packet and *gap are of it. */
bool ambi_order_pop (ambi_order_state * o, uint32_t * packet, ambi_turn * turn,
    bool *gap);

/* Gives up what is missing before the first of those that wait. */
void ambi_order_skip (ambi_order_state * o);
