/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reassembly of fragmented IP datagrams in bounded memory.
 */
#include "ipfrag.h"

#include <stdlib.h>
#include <string.h>

enum
{
  UNIT = 8,                     /* fragments start on multiples of this */
  MAX_PAYLOAD = 65535,          /* of IPv6; an IPv4 header counts (RFC 791) */
  MAX_UNITS = (MAX_PAYLOAD + UNIT - 1) / UNIT,
  MIN_ALLOC = 2048
};

typedef struct
{
  bool used;
  core_ip src;
  core_ip dst;
  uint32_t ident;
  uint8_t protocol;
  core_time started;
  uint64_t serial;              /* order of arrival: many share one time */

  uint8_t *data;
  size_t cap;
  size_t total;                 /* 0 until the last fragment came */
  size_t end;                   /* end of the furthest fragment */
  size_t units;                 /* distinct units present */
  uint8_t present[(MAX_UNITS + 7) / 8];
} datagram;

struct ip_reassembly
{
  ip_reassembly_limits limits;
  unsigned n_held;
  size_t bytes;                 /* allocated for held payloads */
  uint64_t evicted;
  uint64_t timed_out;
  uint64_t next_serial;
  uint8_t *whole;               /* handed out by the last add */
  datagram held[];
};

int
ip_reassembly_new (ip_reassembly ** out, const ip_reassembly_limits * limits)
{
  ip_reassembly *ra;

  *out = NULL;
  if (limits->max_datagrams == 0)
    return CORE_ERR_INVALID_ARGUMENT;
  /* One slot's room for the head: calloc () then sees any overflow. */
  _Static_assert (sizeof (*ra) <= sizeof (datagram), "head fits a slot");
  ra = calloc ((size_t) limits->max_datagrams + 1, sizeof (datagram));
  if (ra == NULL)
    return CORE_ERR_NO_MEMORY;
  ra->limits = *limits;
  *out = ra;
  return CORE_OK;
}

/* Empties a slot but keeps the payload, which is the caller's now. */
static uint8_t *
steal_payload (ip_reassembly * ra, datagram * d)
{
  uint8_t *data = d->data;

  ra->bytes -= d->cap;
  if (d->used)
    ra->n_held--;
  memset (d, 0, sizeof (*d));
  return data;
}

static void
drop (ip_reassembly * ra, datagram * d)
{
  free (steal_payload (ra, d));
}

void
ip_reassembly_clear (ip_reassembly * ra)
{
  for (unsigned i = 0; i < ra->limits.max_datagrams; i++)
    drop (ra, &ra->held[i]);
}

void
ip_reassembly_free (ip_reassembly * ra)
{
  if (ra == NULL)
    return;
  ip_reassembly_clear (ra);
  free (ra->whole);
  free (ra);
}

static datagram *
oldest (ip_reassembly * ra, const datagram * except)
{
  datagram *found = NULL;

  for (unsigned i = 0; i < ra->limits.max_datagrams; i++) {
    datagram *d = &ra->held[i];

    if (d->used && d != except && (found == NULL || d->serial < found->serial))
      found = d;
  }
  return found;
}

static datagram *
find (ip_reassembly * ra, const ip_packet * p)
{
  for (unsigned i = 0; i < ra->limits.max_datagrams; i++) {
    datagram *d = &ra->held[i];

    if (d->used && d->ident == p->ident && d->protocol == p->protocol &&
        core_ip_equal (&d->src, &p->src) && core_ip_equal (&d->dst, &p->dst))
      return d;
  }
  return NULL;
}

/* An empty slot, made by pushing out the oldest datagram if need be. */
static datagram *
start (ip_reassembly * ra, const ip_packet * p, core_time now)
{
  datagram *empty = NULL;

  for (unsigned i = 0; i < ra->limits.max_datagrams && empty == NULL; i++) {
    if (!ra->held[i].used)
      empty = &ra->held[i];
  }
  if (empty == NULL) {
    empty = oldest (ra, NULL);
    drop (ra, empty);
    ra->evicted++;
  }
  ra->n_held++;
  empty->used = true;
  empty->src = p->src;
  empty->dst = p->dst;
  empty->ident = p->ident;
  empty->protocol = p->protocol;
  empty->started = now;
  empty->serial = ra->next_serial++;
  return empty;
}

/* Makes room for end payload bytes, which are within the limits, pushing out
 * older datagrams. */
static int
reserve (ip_reassembly * ra, datagram * d, size_t end)
{
  size_t cap = d->cap ? d->cap : MIN_ALLOC;
  uint8_t *data;

  if (end <= d->cap)
    return CORE_OK;
  while (cap < end)
    cap *= 2;
  if (cap > ra->limits.max_bytes)
    cap = end;

  while (ra->bytes - d->cap + cap > ra->limits.max_bytes) {
    drop (ra, oldest (ra, d));
    ra->evicted++;
  }
  data = realloc (d->data, cap);
  if (data == NULL)
    return CORE_ERR_FRAGMENT_LIMIT;
  ra->bytes += cap - d->cap;
  d->data = data;
  d->cap = cap;
  return CORE_OK;
}

static bool
unit_present (const datagram * d, size_t unit)
{
  return (d->present[unit / 8] >> (unit % 8) & 1) != 0;
}

/* Whether this can be a fragment of anything. */
static bool
plausible (const ip_packet * p)
{
  size_t max = p->src.family == CORE_FAMILY_V4 ? MAX_PAYLOAD - IP_V4_HEADER :
      MAX_PAYLOAD;

  if (p->payload_len == 0 || p->payload_len > max ||
      p->fragment_offset > max - p->payload_len)
    return false;
  if (p->fragment_offset % UNIT != 0)
    return false;
  return !p->more_fragments || p->payload_len % UNIT == 0;
}

/* Whether the fragment is consistent with what is held: no byte twice, one
 * end.  *duplicate is set when every byte of it is there already. */
static bool
fits (const datagram * d, const ip_packet * p, const uint8_t * payload,
    bool *duplicate)
{
  size_t end = p->fragment_offset + p->payload_len;
  size_t first = p->fragment_offset / UNIT;
  size_t last = (end + UNIT - 1) / UNIT;
  size_t known = 0;

  for (size_t u = first; u < last; u++)
    known += unit_present (d, u);
  *duplicate = known == last - first && end <= d->end &&
      p->more_fragments == (end != d->total) &&
      memcmp (d->data + p->fragment_offset, payload, p->payload_len) == 0;
  if (*duplicate)
    return true;
  if (known != 0)
    return false;

  if (d->total != 0)
    return p->more_fragments && end <= d->total;
  return p->more_fragments || end >= d->end;
}

static void
store (datagram * d, const ip_packet * p, const uint8_t * payload)
{
  size_t end = p->fragment_offset + p->payload_len;
  size_t last = (end + UNIT - 1) / UNIT;

  memcpy (d->data + p->fragment_offset, payload, p->payload_len);
  for (size_t u = p->fragment_offset / UNIT; u < last; u++) {
    d->present[u / 8] = (uint8_t) (d->present[u / 8] | 1u << (u % 8));
    d->units++;
  }
  if (end > d->end)
    d->end = end;
  if (!p->more_fragments)
    d->total = end;
}

/* Drops what is held of the fragment's datagram, if anything, and says why. */
static int
refuse (ip_reassembly * ra, datagram * d, int error)
{
  if (d != NULL)
    drop (ra, d);
  return error;
}

int
ip_reassembly_add (ip_reassembly * ra, const ip_packet * packet,
    const uint8_t * payload, core_time now, const uint8_t ** whole,
    size_t *whole_len)
{
  datagram *d;
  bool duplicate;
  int ret;

  ip_reassembly_expire (ra, now);
  d = find (ra, packet);
  if (!plausible (packet))
    return refuse (ra, d, CORE_ERR_FRAGMENT_INVALID);
  if (packet->fragment_offset + packet->payload_len > ra->limits.max_bytes)
    return refuse (ra, d, CORE_ERR_FRAGMENT_LIMIT);
  if (d == NULL)
    d = start (ra, packet, now);
  if (!fits (d, packet, payload, &duplicate))
    return refuse (ra, d, CORE_ERR_FRAGMENT_INVALID);
  if (duplicate)
    return 0;

  ret = reserve (ra, d, packet->fragment_offset + packet->payload_len);
  if (ret != CORE_OK)
    return refuse (ra, d, ret);
  store (d, packet, payload);
  if (d->total == 0 || d->units != (d->total + UNIT - 1) / UNIT)
    return 0;

  free (ra->whole);
  *whole_len = d->total;
  ra->whole = steal_payload (ra, d);
  *whole = ra->whole;
  return 1;
}

static core_time
expiry (const ip_reassembly * ra, const datagram * d)
{
  if (ra->limits.timeout > CORE_TIME_NEVER - d->started)
    return CORE_TIME_NEVER;
  return d->started + ra->limits.timeout;
}

core_time
ip_reassembly_deadline (const ip_reassembly * ra)
{
  core_time deadline = CORE_TIME_NEVER;

  /* Asked at each wake-up, and most often there are none. */
  if (ra->n_held == 0)
    return deadline;
  for (unsigned i = 0; i < ra->limits.max_datagrams; i++) {
    const datagram *d = &ra->held[i];

    if (d->used && expiry (ra, d) < deadline)
      deadline = expiry (ra, d);
  }
  return deadline;
}

void
ip_reassembly_expire (ip_reassembly * ra, core_time now)
{
  if (ra->n_held == 0)
    return;
  for (unsigned i = 0; i < ra->limits.max_datagrams; i++) {
    datagram *d = &ra->held[i];

    if (d->used && expiry (ra, d) <= now) {
      drop (ra, d);
      ra->timed_out++;
    }
  }
}

uint64_t
ip_reassembly_evicted (const ip_reassembly * ra)
{
  return ra->evicted;
}

uint64_t
ip_reassembly_timed_out (const ip_reassembly * ra)
{
  return ra->timed_out;
}
