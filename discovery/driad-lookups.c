/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Relay discovery: what the DNS is asked, and what comes of the answers.
 */
#include "driad-private.h"

#include <string.h>

enum
{
  MAX_DNS_SD_LOOKUPS = 40,      /* so that AMTRELAY has room, too */
  MAX_INSTANCES = 6,            /* of a service in one domain */
  MAX_SRV = 8,                  /* of one instance */
  MAX_RELAY_NAMES = 8,          /* in one AMTRELAY answer */

  TTL_MIN = 30,                 /* s; aliases may come with 0 */
  TTL_MAX = 86400
};

static const uint16_t types[] = {
  [LOOKUP_PTR] = DNS_TYPE_PTR,
  [LOOKUP_SRV] = DNS_TYPE_SRV,
  [LOOKUP_AMTRELAY] = DNS_TYPE_AMTRELAY,
  [LOOKUP_AAAA] = DNS_TYPE_AAAA,
  [LOOKUP_A] = DNS_TYPE_A
};

static bool
same_traits (const driad_traits * a, const driad_traits * b)
{
  return a->rank == b->rank && a->port == b->port &&
      a->discovery == b->discovery;
}

static driad_lookup *
find_lookup (driad * d, lookup_kind kind, int parent, const char *name,
    const driad_traits * traits)
{
  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++) {
    driad_lookup *l = &d->lookups[i];

    if (l->used && l->kind == kind && l->parent == parent &&
        same_traits (&l->traits, traits) && dns_name_equal (l->name, name))
      return l;
  }
  return NULL;
}

static driad_lookup *
new_lookup (driad * d, driad_way way)
{
  driad_lookup *free_one = NULL;
  unsigned n = 0;

  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++) {
    if (d->lookups[i].used)
      n += d->lookups[i].way == way;
    else if (free_one == NULL)
      free_one = &d->lookups[i];
  }
  if (free_one == NULL || (way == DRIAD_DNS_SD && n >= MAX_DNS_SD_LOOKUPS)) {
    driad_count (d, DRIAD_DROP_LIMIT);
    return NULL;
  }
  return free_one;
}

static void
want (driad * d, lookup_kind kind, driad_way way, int parent,
    const char *name, const driad_traits * traits)
{
  driad_lookup *l = find_lookup (d, kind, parent, name, traits);

  if (l != NULL) {
    l->stale = false;
    l->traits.order = traits->order;
    return;
  }
  l = new_lookup (d, way);
  if (l == NULL)
    return;
  memset (l, 0, sizeof (*l));
  l->used = true;
  l->kind = kind;
  l->way = way;
  l->parent = parent;
  l->traits = *traits;
  l->due = d->now;
  memcpy (l->name, name, strlen (name) + 1);
}

void
driad_lookups_begin (driad * d)
{
  const driad_traits none = { 0 };
  char name[DNS_NAME_TEXT_MAX];

  if (!d->config.without[DRIAD_DNS_SD])
    for (unsigned i = 0; i < d->n_domains; i++)
      want (d, LOOKUP_PTR, DRIAD_DNS_SD, -1, d->domains[i], &none);
  if (!d->config.without[DRIAD_AMTRELAY] &&
      dns_reverse_name (&d->config.source, name))
    want (d, LOOKUP_AMTRELAY, DRIAD_AMTRELAY, -1, name, &none);
}

/* With all that hangs on it; the tree is three lookups deep. */
static void
remove_lookup (driad * d, int which)
{
  d->lookups[which].used = false;
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++)
    if (d->relays[i].lookup == which)
      d->relays[i].used = false;
  for (int i = 0; i < DRIAD_MAX_LOOKUPS; i++)
    if (d->lookups[i].used && d->lookups[i].parent == which)
      remove_lookup (d, i);
}

void
driad_lookups_clear (driad * d)
{
  for (int i = 0; i < DRIAD_MAX_LOOKUPS; i++)
    if (d->lookups[i].used)
      remove_lookup (d, i);
  d->no_relay_rank = -1;
}

void
driad_lookups_abandon (driad * d)
{
  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++)
    if (d->lookups[i].state == LOOKUP_ASKED)
      d->lookups[i].state = LOOKUP_DUE;
}

/* --- reading answers --- */

static void
mark_stale (driad * d, int which)
{
  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++)
    if (d->lookups[i].parent == which)
      d->lookups[i].stale = true;
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++)
    if (d->relays[i].lookup == which)
      d->relays[i].stale = true;
}

static void
sweep_stale (driad * d, int which)
{
  for (int i = 0; i < DRIAD_MAX_LOOKUPS; i++)
    if (d->lookups[i].used && d->lookups[i].parent == which &&
        d->lookups[i].stale)
      remove_lookup (d, i);
  for (unsigned i = 0; i < DRIAD_ALL_RELAYS; i++)
    if (d->relays[i].lookup == which && d->relays[i].stale)
      d->relays[i].used = false;
}

static void
count_bad (driad * d, int error)
{
  driad_count (d, error == DNS_ERR_UNKNOWN_TYPE ? DRIAD_DROP_UNKNOWN_TYPE :
      DRIAD_DROP_MALFORMED);
}

/* RFC 8305 §3: AAAA first, A right after. */
static void
want_addresses (driad * d, int parent, const char *name,
    const driad_traits * traits)
{
  driad_way way = d->lookups[parent].way;

  want (d, LOOKUP_AAAA, way, parent, name, traits);
  want (d, LOOKUP_A, way, parent, name, traits);
}

static void
read_ptr (driad * d, int which, const dns_answer * answer)
{
  const driad_traits none = { 0 };
  unsigned n = 0;

  for (unsigned i = 0; i < answer->n_records; i++) {
    const dns_rdata *rdata = &answer->records[i];
    char name[DNS_NAME_TEXT_MAX];
    int ret = dns_parse_name (rdata->data, rdata->len, name);

    if (ret != DNS_OK)
      count_bad (d, ret);
    else if (n++ >= MAX_INSTANCES)
      driad_count (d, DRIAD_DROP_LIMIT);
    else
      want (d, LOOKUP_SRV, DRIAD_DNS_SD, which, name, &none);
  }
}

static void
read_srv (driad * d, int which, const dns_answer * answer)
{
  dns_srv srv[MAX_SRV];
  unsigned n = 0;

  for (unsigned i = 0; i < answer->n_records; i++) {
    const dns_rdata *rdata = &answer->records[i];
    int ret;

    if (n == MAX_SRV) {
      driad_count (d, DRIAD_DROP_LIMIT);
      continue;
    }
    ret = dns_parse_srv (rdata->data, rdata->len, &srv[n]);
    if (ret != DNS_OK)
      count_bad (d, ret);
    else if (strcmp (srv[n].target, ".") != 0 && srv[n].port != 0)
      n++;
  }

  dns_srv_order (srv, n, d->config.random, d->config.random_ctx);
  for (unsigned i = 0; i < n; i++) {
    /* There is no D bit here: ask for an Advertisement first. */
    driad_traits traits = {.rank = srv[i].priority,.order = (uint16_t) i,
      .port = srv[i].port,.discovery = true
    };

    want_addresses (d, which, srv[i].target, &traits);
  }
}

static void
read_relay (driad * d, int which, const dns_rdata * rdata, unsigned *n_names)
{
  dns_amtrelay relay;
  driad_traits traits = {.port = AMT_PORT };
  int ret = dns_parse_amtrelay (rdata->data, rdata->len, &relay);

  if (ret != DNS_OK) {
    count_bad (d, ret);
    return;
  }
  traits.rank = relay.precedence;
  traits.discovery = !relay.discovery_optional;
  switch (relay.type) {
    case DNS_AMTRELAY_NONE:
      if (d->no_relay_rank < 0)
        d->no_relay_rank = relay.precedence;
      break;
    case DNS_AMTRELAY_NAME:
      if ((*n_names)++ < MAX_RELAY_NAMES)
        want_addresses (d, which, relay.name, &traits);
      else
        driad_count (d, DRIAD_DROP_LIMIT);
      break;
    default:
      driad_relay_add (d, which, &relay.ip, &traits);
      break;
  }
}

/* In the order of precedence, so that the best are kept when there are too
 * many. */
static void
read_amtrelay (driad * d, int which, const dns_answer * answer)
{
  unsigned n_names = 0;

  d->no_relay_rank = -1;
  for (unsigned precedence = 0; precedence <= UINT8_MAX; precedence++)
    for (unsigned i = 0; i < answer->n_records; i++) {
      const dns_rdata *rdata = &answer->records[i];

      if (rdata->len > 0 ? rdata->data[0] == precedence : precedence == 0)
        read_relay (d, which, rdata, &n_names);
    }
}

static void
read_address (driad * d, int which, const dns_answer * answer)
{
  driad_lookup *l = &d->lookups[which];

  for (unsigned i = 0; i < answer->n_records; i++) {
    const dns_rdata *rdata = &answer->records[i];
    core_ip ip;
    int ret = dns_parse_address (types[l->kind], rdata->data, rdata->len, &ip);

    if (ret != DNS_OK)
      count_bad (d, ret);
    else
      driad_relay_add (d, which, &ip, &l->traits);
  }
}

static void
read_records (driad * d, int which, const dns_answer * answer)
{
  switch (d->lookups[which].kind) {
    case LOOKUP_PTR:
      read_ptr (d, which, answer);
      break;
    case LOOKUP_SRV:
      read_srv (d, which, answer);
      break;
    case LOOKUP_AMTRELAY:
      read_amtrelay (d, which, answer);
      break;
    default:
      read_address (d, which, answer);
      break;
  }
}

static void
answer_failed (driad * d, driad_lookup * l, dns_status status)
{
  d->stats.failures++;
  l->bogus = status == DNS_STATUS_BOGUS;
  if (l->bogus)
    driad_count (d, DRIAD_DROP_BOGUS);
  if (l->failures < 32)
    l->failures++;
  l->due = driad_later (d->now, driad_backoff (d, DRIAD_T0, l->failures));
}

static void
answer_came (driad * d, int which, const dns_answer * answer)
{
  driad_lookup *l = &d->lookups[which];
  uint32_t ttl = answer->ttl;

  if (ttl < TTL_MIN)
    ttl = TTL_MIN;
  if (ttl > TTL_MAX)
    ttl = TTL_MAX;
  l->due = driad_later (d->now, ttl * CORE_SECOND);
  l->failures = 0;
  l->bogus = false;
  l->security = answer->security;
  l->answered = d->now;

  mark_stale (d, which);
  read_records (d, which, answer);
  sweep_stale (d, which);
}

static int
find_asked (const driad * d, uint32_t id)
{
  for (int i = 0; i < DRIAD_MAX_LOOKUPS; i++)
    if (d->lookups[i].used && d->lookups[i].state == LOOKUP_ASKED &&
        d->lookups[i].id == id)
      return i;
  return -1;
}

bool
driad_lookup_answer (driad * d, uint32_t id, const dns_answer * answer)
{
  int which = find_asked (d, id);
  driad_lookup *l;

  if (which < 0)
    return false;
  l = &d->lookups[which];
  d->stats.answers++;
  l->state = LOOKUP_DONE;
  switch (answer->status) {
    case DNS_STATUS_OK:
    case DNS_STATUS_NO_DATA:
    case DNS_STATUS_NO_NAME:
      answer_came (d, which, answer);
      break;
    default:
      /* What an earlier answer gave stays: a name server that is down is no
       * reason to forget a relay. */
      answer_failed (d, l, answer->status);
      break;
  }
  return true;
}

/* --- asking --- */

/* When the next question may be asked. */
static core_time
rate_allows_at (const driad * d)
{
  if (d->n_asked < DRIAD_RATE)
    return d->now;
  return driad_later (d->asked_at[d->n_asked % DRIAD_RATE], DRIAD_RATE_TIME);
}

static bool
is_searching (const driad * d)
{
  return d->state == DRIAD_SEARCH || d->state == DRIAD_WAIT;
}

bool
driad_lookup_ask (driad * d, driad_question * q)
{
  driad_lookup *next = NULL;

  if (!is_searching (d) || rate_allows_at (d) > d->now)
    return false;
  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++) {
    driad_lookup *l = &d->lookups[i];

    if (l->used && l->state == LOOKUP_DUE && l->due <= d->now &&
        (next == NULL || l->kind < next->kind))
      next = l;
  }
  if (next == NULL)
    return false;

  next->state = LOOKUP_ASKED;
  next->id = driad_new_id (d);
  d->asked_at[d->n_asked++ % DRIAD_RATE] = d->now;
  /* Stays a multiple of the ring's size when it wraps. */
  if (d->n_asked == 2 * DRIAD_RATE)
    d->n_asked = DRIAD_RATE;
  d->stats.questions++;
  q->id = next->id;
  q->kind = DRIAD_ASK_DNS;
  q->name = next->name;
  q->type = types[next->kind];
  return true;
}

void
driad_lookups_expire (driad * d)
{
  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++) {
    driad_lookup *l = &d->lookups[i];

    if (l->used && l->state == LOOKUP_DONE && l->due <= d->now)
      l->state = LOOKUP_DUE;
  }
}

bool
driad_lookups_pending (const driad * d, driad_way way)
{
  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++) {
    const driad_lookup *l = &d->lookups[i];

    if (l->used && l->way < way && l->state != LOOKUP_DONE)
      return true;
  }
  return false;
}

core_time
driad_lookups_deadline (const driad * d)
{
  core_time deadline = CORE_TIME_NEVER;

  if (!is_searching (d))
    return CORE_TIME_NEVER;
  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++) {
    const driad_lookup *l = &d->lookups[i];
    core_time due = l->due;

    if (!l->used || l->state == LOOKUP_ASKED)
      continue;
    if (l->state == LOOKUP_DUE && due < rate_allows_at (d))
      due = rate_allows_at (d);
    if (due < deadline)
      deadline = due;
  }
  return deadline;
}

bool
driad_lookup_is_bogus (const driad * d)
{
  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++)
    if (d->lookups[i].used && d->lookups[i].bogus)
      return true;
  return false;
}

dns_security
driad_relay_security (const driad * d, const driad_relay * r)
{
  for (int i = r->lookup; i >= 0; i = d->lookups[i].parent)
    if (d->lookups[i].security != DNS_SECURE)
      return DNS_INSECURE;
  return DNS_SECURE;
}

const driad_lookup *
driad_lookup_twin (const driad * d, const driad_lookup * l)
{
  lookup_kind other = l->kind == LOOKUP_A ? LOOKUP_AAAA : LOOKUP_A;

  for (unsigned i = 0; i < DRIAD_MAX_LOOKUPS; i++) {
    const driad_lookup *twin = &d->lookups[i];

    if (twin->used && twin->kind == other && twin->parent == l->parent &&
        same_traits (&twin->traits, &l->traits) &&
        dns_name_equal (twin->name, l->name))
      return twin;
  }
  return NULL;
}
