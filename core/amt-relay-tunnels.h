/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The tunnels of a relay (RFC 7450 §4.2.2): found by the gateway's address
 * and port, counted by address, walked in any order; and the queue of what
 * the caller is to be told about them.  Private to the relay.
 */
#pragma once

#include "amt-relay-members.h"
#include "amt-relay.h"

/* In a chain of a hash table; the first member of what the table holds. */
typedef struct amt_hash_node
{
  struct amt_hash_node *next;
  uint64_t hash;
} amt_hash_node;

typedef struct
{
  amt_hash_node **slots;
  size_t n_slots;               /* 0 or a power of two */
  size_t n;
} amt_hash_table;

/* All gateways of one address; of one /64 for IPv6. */
typedef struct
{
  amt_hash_node node;
  core_ip net;
  unsigned tunnels;
} amt_origin;

typedef struct
{
  amt_hash_node node;
  core_addr gateway;
  core_addr local;              /* address the gateway used last */
  uint64_t id;
  uint64_t added_event;         /* sequence number of its ADDED event */
  amt_origin *origin;
  size_t index;                 /* in amt_tunnels.all */
  unsigned unreachable;         /* ICMP errors since the last Update */
  core_time deadline;           /* of its members */
  amt_members members;
} amt_tunnel;

/* A ring of events that grows up to a limit, then loses the oldest. */
typedef struct
{
  amt_relay_event_info *ring;
  size_t cap;                   /* 0 or a power of two */
  uint64_t head;                /* sequence number of the oldest */
  uint64_t tail;                /* and of the next to come */
} amt_event_queue;

typedef struct
{
  uint8_t hash_key[16];
  amt_hash_table by_address;
  amt_hash_table origins;
  amt_tunnel **all;
  size_t n;
  size_t cap;
  uint64_t last_id;
  core_time deadline;           /* no tunnel has an earlier one */
  amt_event_queue events;
  size_t max_events;            /* kept before the oldest are lost */
} amt_tunnels;

void amt_tunnels_init (amt_tunnels * t, const uint8_t hash_key[16]);
void amt_tunnels_clear (amt_tunnels * t);

amt_tunnel *amt_tunnels_find (const amt_tunnels * t, const core_addr * gateway);

/* Tunnels to the same origin as that address. */
unsigned amt_tunnels_count_origin (const amt_tunnels * t, const core_ip * ip);

/* Adds a tunnel and takes over the members, and queues the event.  Returns
 * CORE_OK or CORE_ERR_NO_MEMORY. */
int amt_tunnels_add (amt_tunnels * t, const core_addr * gateway,
    const core_addr * local, amt_members * members);

/* Removes and frees a tunnel, and queues the event.  The last tunnel of the
 * walk takes its index. */
void amt_tunnels_remove (amt_tunnels * t, amt_tunnel * tunnel,
    amt_removed_reason reason);

/* To be called when the members of a tunnel changed. */
void amt_tunnels_update_deadline (amt_tunnels * t, amt_tunnel * tunnel);

bool amt_tunnels_next_event (amt_tunnels * t, amt_relay_event_info * out);
