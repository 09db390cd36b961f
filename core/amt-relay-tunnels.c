/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The tunnels of a relay.
 */
#include "amt-relay-tunnels.h"

#include "amt-relay-guard.h"

#include <stdlib.h>
#include <string.h>

enum
{
  MIN_SLOTS = 16
};

/* The first node with that hash, in node or behind it. */
static amt_hash_node *
same_hash (amt_hash_node * node, uint64_t hash)
{
  while (node != NULL && node->hash != hash)
    node = node->next;
  return node;
}

static amt_hash_node *
hash_first (const amt_hash_table * table, uint64_t hash)
{
  if (table->n_slots == 0)
    return NULL;
  return same_hash (table->slots[hash & (table->n_slots - 1)], hash);
}

static void
hash_link (amt_hash_table * table, amt_hash_node * node)
{
  amt_hash_node **slot = &table->slots[node->hash & (table->n_slots - 1)];

  node->next = *slot;
  *slot = node;
}

/* Keeps chains at one entry on average. */
static bool
hash_reserve (amt_hash_table * table)
{
  amt_hash_table bigger = {.n = table->n };

  if (table->n < table->n_slots)
    return true;
  bigger.n_slots = table->n_slots == 0 ? MIN_SLOTS : table->n_slots * 2;
  bigger.slots = calloc (bigger.n_slots, sizeof (*bigger.slots));
  if (bigger.slots == NULL)
    return false;
  for (size_t i = 0; i < table->n_slots; i++) {
    while (table->slots[i] != NULL) {
      amt_hash_node *node = table->slots[i];

      table->slots[i] = node->next;
      hash_link (&bigger, node);
    }
  }
  free (table->slots);
  *table = bigger;
  return true;
}

static void
hash_add (amt_hash_table * table, amt_hash_node * node)
{
  hash_link (table, node);
  table->n++;
}

static void
hash_remove (amt_hash_table * table, amt_hash_node * node)
{
  amt_hash_node **link = &table->slots[node->hash & (table->n_slots - 1)];

  while (*link != node)
    link = &(*link)->next;
  *link = node->next;
  table->n--;
}

static uint64_t
hash_ip (const amt_tunnels * t, const core_ip * ip, uint16_t port)
{
  uint8_t key[1 + 16 + 2];
  wr_cursor w;

  wr_init (&w, key, sizeof (key));
  wr_u8 (&w, ip->family);
  wr_u16 (&w, port);
  core_ip_write (&w, ip);
  return core_siphash (t->hash_key, key, w.pos);
}

void
amt_tunnels_init (amt_tunnels * t, const uint8_t hash_key[16])
{
  memset (t, 0, sizeof (*t));
  memcpy (t->hash_key, hash_key, sizeof (t->hash_key));
  t->deadline = CORE_TIME_NEVER;
}

amt_tunnel *
amt_tunnels_find (const amt_tunnels * t, const core_addr * gateway)
{
  uint64_t hash = hash_ip (t, &gateway->ip, gateway->port);
  amt_hash_node *node = hash_first (&t->by_address, hash);

  while (node != NULL &&
      !core_addr_equal (&((amt_tunnel *) node)->gateway, gateway))
    node = same_hash (node->next, hash);
  return (amt_tunnel *) node;
}

static amt_origin *
find_origin (const amt_tunnels * t, const core_ip * net, uint64_t hash)
{
  amt_hash_node *node = hash_first (&t->origins, hash);

  while (node != NULL && !core_ip_equal (&((amt_origin *) node)->net, net))
    node = same_hash (node->next, hash);
  return (amt_origin *) node;
}

unsigned
amt_tunnels_count_origin (const amt_tunnels * t, const core_ip * ip)
{
  core_ip net = amt_guard_origin (ip);
  amt_origin *origin = find_origin (t, &net, hash_ip (t, &net, 0));

  return origin != NULL ? origin->tunnels : 0;
}

static amt_origin *
get_origin (amt_tunnels * t, const core_ip * ip)
{
  core_ip net = amt_guard_origin (ip);
  uint64_t hash = hash_ip (t, &net, 0);
  amt_origin *origin = find_origin (t, &net, hash);

  if (origin != NULL)
    return origin;
  if (!hash_reserve (&t->origins))
    return NULL;
  origin = calloc (1, sizeof (*origin));
  if (origin == NULL)
    return NULL;
  origin->node.hash = hash;
  origin->net = net;
  hash_add (&t->origins, &origin->node);
  return origin;
}

static void
put_origin (amt_tunnels * t, amt_origin * origin)
{
  if (origin->tunnels > 0)
    return;
  hash_remove (&t->origins, &origin->node);
  free (origin);
}

static bool
reserve_walk (amt_tunnels * t)
{
  size_t cap = t->cap == 0 ? MIN_SLOTS : t->cap * 2;
  amt_tunnel **all;

  if (t->n < t->cap)
    return true;
  all = reallocarray (t->all, cap, sizeof (*all));
  if (all == NULL)
    return false;
  t->all = all;
  t->cap = cap;
  return true;
}

/* Doubles the ring; events keep their sequence numbers. */
static bool
grow_events (amt_event_queue * q)
{
  size_t cap = q->cap == 0 ? MIN_SLOTS : q->cap * 2;
  amt_relay_event_info *ring = calloc (cap, sizeof (*ring));

  if (ring == NULL)
    return false;
  for (uint64_t i = q->head; i < q->tail; i++)
    ring[i & (cap - 1)] = q->ring[i & (q->cap - 1)];
  free (q->ring);
  q->ring = ring;
  q->cap = cap;
  return true;
}

/* Returns the sequence number, or UINT64_MAX without memory. */
static uint64_t
push_event (amt_event_queue * q, const amt_relay_event_info * event, size_t max)
{
  if (q->tail - q->head == q->cap && (q->cap >= max || !grow_events (q))) {
    if (q->cap == 0)
      return UINT64_MAX;
    q->head++;
  }
  q->ring[q->tail & (q->cap - 1)] = *event;
  return q->tail++;
}

bool
amt_tunnels_next_event (amt_tunnels * t, amt_relay_event_info * out)
{
  amt_event_queue *q = &t->events;

  while (q->head < q->tail) {
    *out = q->ring[q->head++ & (q->cap - 1)];
    if (out->type != 0)
      return true;
  }
  return false;
}

int
amt_tunnels_add (amt_tunnels * t, const core_addr * gateway,
    const core_addr * local, amt_members * members)
{
  amt_relay_event_info event = {
    .type = AMT_RELAY_GATEWAY_ADDED,.gateway = *gateway
  };
  amt_tunnel *tunnel = calloc (1, sizeof (*tunnel));
  amt_origin *origin = NULL;

  if (tunnel != NULL && reserve_walk (t) && hash_reserve (&t->by_address))
    origin = get_origin (t, &gateway->ip);
  if (origin == NULL) {
    free (tunnel);
    return CORE_ERR_NO_MEMORY;
  }
  tunnel->node.hash = hash_ip (t, &gateway->ip, gateway->port);
  tunnel->gateway = *gateway;
  tunnel->local = *local;
  tunnel->id = ++t->last_id;
  tunnel->origin = origin;
  origin->tunnels++;
  tunnel->members = *members;
  memset (members, 0, sizeof (*members));

  tunnel->index = t->n;
  t->all[t->n++] = tunnel;
  hash_add (&t->by_address, &tunnel->node);
  amt_tunnels_update_deadline (t, tunnel);

  tunnel->added_event = push_event (&t->events, &event, t->max_events);
  return CORE_OK;
}

void
amt_tunnels_remove (amt_tunnels * t, amt_tunnel * tunnel,
    amt_removed_reason reason)
{
  amt_relay_event_info event = {
    .type = AMT_RELAY_GATEWAY_REMOVED,.gateway = tunnel->gateway,
    .reason = reason
  };
  amt_event_queue *q = &t->events;

  hash_remove (&t->by_address, &tunnel->node);
  t->all[tunnel->index] = t->all[--t->n];
  t->all[tunnel->index]->index = tunnel->index;
  tunnel->origin->tunnels--;
  put_origin (t, tunnel->origin);

  /* Who was never told of its coming need not hear of its going. */
  if (tunnel->added_event >= q->head && tunnel->added_event < q->tail)
    memset (&q->ring[tunnel->added_event & (q->cap - 1)], 0, sizeof (event));
  else
    push_event (q, &event, t->max_events);

  amt_members_clear (&tunnel->members);
  free (tunnel);
}

void
amt_tunnels_update_deadline (amt_tunnels * t, amt_tunnel * tunnel)
{
  tunnel->deadline = amt_members_deadline (&tunnel->members);
  if (tunnel->deadline < t->deadline)
    t->deadline = tunnel->deadline;
}

void
amt_tunnels_clear (amt_tunnels * t)
{
  for (size_t i = 0; i < t->n; i++) {
    amt_tunnel *tunnel = t->all[i];

    if (--tunnel->origin->tunnels == 0)
      free (tunnel->origin);
    amt_members_clear (&tunnel->members);
    free (tunnel);
  }
  free (t->all);
  free (t->by_address.slots);
  free (t->origins.slots);
  free (t->events.ring);
  explicit_bzero (t, sizeof (*t));
}
