/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Relay discovery: the relays that were found, and their order.
 */
#include "driad-private.h"

#include <string.h>

enum
{
  MAX_DNS_SD_RELAYS = 12        /* so that AMTRELAY has room, too */
};

/* One that may come onto the list. */
typedef struct
{
  const driad_relay *relay;
  driad_traits traits;
  core_time held_until;         /* 0: not held */
} entry;

static driad_relay *
find_relay (driad * d, int lookup, const amt_relay_candidate * where,
    uint16_t rank)
{
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++) {
    driad_relay *r = &d->relays[i];

    if (r->used && r->lookup == lookup && r->traits.rank == rank &&
        driad_same_place (&r->where, where))
      return r;
  }
  return NULL;
}

static driad_relay *
new_relay (driad * d, driad_way way)
{
  driad_relay *free_one = NULL;
  unsigned n_all = 0, n_way = 0;

  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++) {
    if (!d->relays[i].used) {
      if (free_one == NULL)
        free_one = &d->relays[i];
      continue;
    }
    n_way += d->relays[i].way == way;
    n_all += d->relays[i].way != DRIAD_ANYCAST;
  }
  if (way != DRIAD_ANYCAST && (n_all >= DRIAD_MAX_RELAYS ||
          (way == DRIAD_DNS_SD && n_way >= MAX_DNS_SD_RELAYS)))
    return NULL;
  return free_one;
}

static void
add (driad * d, int lookup, driad_way way, const amt_relay_candidate * where,
    const driad_traits * traits)
{
  driad_relay *r = find_relay (d, lookup, where, traits->rank);

  if (r != NULL) {
    r->stale = false;
    return;
  }
  r = new_relay (d, way);
  if (r == NULL) {
    driad_count (d, DRIAD_DROP_LIMIT);
    return;
  }
  memset (r, 0, sizeof (*r));
  r->used = true;
  r->lookup = lookup;
  r->where = *where;
  r->way = way;
  r->traits = *traits;
  r->tie = dns_random (d->config.random, d->config.random_ctx, UINT32_MAX);
}

/* Addresses that are wrong in the DNS, or would have us send datagrams to
 * ourselves or to a neighbour. */
static bool
is_usable (const core_ip * ip)
{
  const uint8_t *b = ip->bytes;

  if (!core_ip_is_unicast (ip) || core_ip_is_loopback (ip))
    return false;
  if (ip->family == CORE_FAMILY_V4)
    return b[0] != 0 && b[0] < 240 && !(b[0] == 169 && b[1] == 254);
  return !(b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
}

void
driad_relay_add (driad * d, int lookup, const core_ip * ip,
    const driad_traits * traits)
{
  amt_relay_candidate where = {.discovery = traits->discovery };

  if (!is_usable (ip)) {
    driad_count (d, DRIAD_DROP_ADDRESS);
    return;
  }
  where.addr.ip = *ip;
  where.addr.port = traits->port;
  add (d, lookup, d->lookups[lookup].way, &where, traits);
}

void
driad_relays_begin (driad * d)
{
  const core_ip *ips[] = { &amt_discovery_v4, &amt_discovery_v6 };
  bool v6_first = d->config.first_family == CORE_FAMILY_V6;

  if (d->config.without[DRIAD_ANYCAST])
    return;
  for (unsigned i = 0; i < DRIAD_N_DISCOVERY; i++) {
    const driad_traits traits = {.order = (uint16_t) i,.port = AMT_PORT,
      .discovery = true
    };
    amt_relay_candidate where = {.discovery = true };

    where.addr.ip = *ips[v6_first ? 1 - i : i];
    where.addr.port = AMT_PORT;
    add (d, -1, DRIAD_ANYCAST, &where, &traits);
  }
}

/* --- routes --- */

bool
driad_route_ask (driad * d, driad_question * q)
{
  if (d->state != DRIAD_SEARCH && d->state != DRIAD_WAIT)
    return false;
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++) {
    driad_relay *r = &d->relays[i];

    if (!r->used || r->route != ROUTE_DUE)
      continue;
    r->route = ROUTE_ASKED;
    r->route_id = driad_new_id (d);
    q->id = r->route_id;
    q->kind = DRIAD_ASK_ROUTE;
    q->ip = r->where.addr.ip;
    return true;
  }
  return false;
}

bool
driad_route_answer (driad * d, uint32_t id, const core_ip * from)
{
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++) {
    driad_relay *r = &d->relays[i];

    if (!r->used || r->route != ROUTE_ASKED || r->route_id != id)
      continue;
    r->route = from != NULL ? ROUTE_KNOWN : ROUTE_NONE;
    if (from != NULL)
      r->from = *from;
    return true;
  }
  return false;
}

void
driad_routes_again (driad * d, bool all)
{
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++)
    if (all || d->relays[i].route == ROUTE_NONE)
      d->relays[i].route = ROUTE_DUE;
}

void
driad_routes_abandon (driad * d)
{
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++)
    if (d->relays[i].route == ROUTE_ASKED)
      d->relays[i].route = ROUTE_DUE;
}

bool
driad_routes_pending (const driad * d)
{
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++)
    if (d->relays[i].used && (d->relays[i].route == ROUTE_DUE ||
            d->relays[i].route == ROUTE_ASKED))
      return true;
  return false;
}

/* --- the list --- */

/* When the relay may come onto the list; NEVER: not by the passing of time. */
static core_time
listed_from (const driad * d, const driad_relay * r)
{
  core_time from = 0, delayed;
  const driad_lookup *l, *twin;

  if (!r->used || r->route != ROUTE_KNOWN)
    return CORE_TIME_NEVER;
  /* RFC 8777 §4.2.4 says of a record of type 0 that no relay should be used:
   * when its turn comes, that is the end. */
  if (r->way == DRIAD_AMTRELAY && d->no_relay_rank >= 0 &&
      r->traits.rank > d->no_relay_rank)
    return CORE_TIME_NEVER;

  if (driad_lookups_pending (d, r->way))
    from = driad_later (d->search_start, d->config.way_wait);
  if (r->lookup < 0 || d->lookups[r->lookup].kind != LOOKUP_A)
    return from;
  l = &d->lookups[r->lookup];
  twin = driad_lookup_twin (d, l);
  delayed = driad_later (l->answered, d->config.resolution_delay);
  if (twin != NULL && twin->state != LOOKUP_DONE && delayed > from)
    from = delayed;
  return from;
}

static int
compare (const entry * a, const entry * b)
{
  const addr_pair pa = { a->relay->where.addr.ip, a->relay->from };
  const addr_pair pb = { b->relay->where.addr.ip, b->relay->from };
  int diff;

  if (a->held_until != b->held_until)
    return a->held_until < b->held_until ? -1 : 1;
  if (a->relay->way != b->relay->way)
    return a->relay->way < b->relay->way ? -1 : 1;
  diff = a->traits.rank - b->traits.rank;
  if (diff == 0)
    diff = a->traits.order - b->traits.order;
  if (diff == 0)
    diff = addr_select_compare (&pa, &pb);
  if (diff == 0)
    diff = a->relay->tie < b->relay->tie ? -1 : 1;
  return diff;
}

static unsigned
collect (const driad * d, entry * entries)
{
  unsigned n = 0;

  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++) {
    const driad_relay *r = &d->relays[i];
    entry e = {.relay = r };
    unsigned at;

    if (listed_from (d, r) > d->now)
      continue;
    e.traits = r->traits;
    if (r->lookup >= 0 && d->lookups[r->lookup].kind >= LOOKUP_AAAA)
      e.traits.order = d->lookups[r->lookup].traits.order;
    e.held_until = driad_held_until (d, &r->where);
    for (at = n++; at > 0 && compare (&e, &entries[at - 1]) < 0; at--)
      entries[at] = entries[at - 1];
    entries[at] = e;
  }
  return n;
}

/* A place is tried once, however often it was named. */
static unsigned
drop_duplicates (entry * entries, unsigned n)
{
  unsigned kept = 0;

  for (unsigned i = 0; i < n; i++) {
    unsigned j = 0;

    while (j < kept && !core_addr_equal (&entries[j].relay->where.addr,
            &entries[i].relay->where.addr))
      j++;
    if (j == kept)
      entries[kept++] = entries[i];
  }
  return kept;
}

static bool
is_equal_rank (const entry * a, const entry * b)
{
  return a->held_until == 0 && b->held_until == 0 &&
      a->relay->way == b->relay->way && a->traits.rank == b->traits.rank &&
      a->traits.order == b->traits.order;
}

/* Families take turns among equals, whatever family the best one has first
 * (RFC 8305 §4). */
static void
interleave (entry * entries, unsigned n)
{
  for (unsigned i = 1; i < n; i++) {
    unsigned family = entries[i - 1].relay->where.addr.ip.family;
    unsigned j = i;
    entry moved;

    if (!is_equal_rank (&entries[i - 1], &entries[i]))
      continue;
    while (j < n && is_equal_rank (&entries[i], &entries[j]) &&
        entries[j].relay->where.addr.ip.family == family)
      j++;
    if (j == i || j == n || !is_equal_rank (&entries[i], &entries[j]))
      continue;
    moved = entries[j];
    memmove (entries + i + 1, entries + i, (j - i) * sizeof (*entries));
    entries[i] = moved;
  }
}

static bool
same_candidate (const driad_candidate * a, const driad_candidate * b)
{
  return driad_same_place (&a->where, &b->where) && a->way == b->way &&
      a->rank == b->rank && a->security == b->security;
}

void
driad_list_update (driad * d)
{
  entry entries[DRIAD_ALL_RELAYS];
  unsigned n = drop_duplicates (entries, collect (d, entries));

  interleave (entries, n);
  if (n != d->n_list)
    d->list_news = true;
  d->n_list = n;
  d->n_free = 0;
  for (unsigned i = 0; i < n; i++) {
    const driad_relay *r = entries[i].relay;
    driad_candidate c = {.where = r->where,.way = r->way,
      .rank = entries[i].traits.rank
    };

    c.security = driad_relay_security (d, r);
    if (!same_candidate (&c, &d->list[i]))
      d->list_news = true;
    d->list[i] = c;
    if (entries[i].held_until == 0)
      d->n_free++;
  }
}

core_time
driad_list_deadline (const driad * d)
{
  core_time deadline = CORE_TIME_NEVER;

  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++) {
    core_time from = listed_from (d, &d->relays[i]);

    if (from > d->now && from < deadline)
      deadline = from;
  }
  return deadline;
}
