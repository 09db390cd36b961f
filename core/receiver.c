/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Decides by which of two paths a channel is received.
 */
#include "receiver.h"

#include <stdlib.h>
#include <string.h>

#define DEFAULT_HEALTHY_TIME CORE_SECOND
#define DEFAULT_HEALTHY_PACKETS 3

/* How far one path may be behind the other: 8192 packets of 1316 bytes are
 * 0.4 s of 200 Mbit/s. */
#define RING 8192

/* What comes later is not the same packet but one with the same bytes. */
#define MATCH_FOR (2 * CORE_SECOND)

/* A packet that was passed. */
typedef struct
{
  uint64_t hash;
  core_time at;
  uint32_t len;
  uint16_t older;               /* in the same bucket: 1 + place in the ring, */
  uint16_t newer;               /*   0: none */
  uint8_t by;                   /* receiver_path; NONE: matched, or no entry */
  bool linked;                  /* in its bucket */
} entry;

struct _receiver
{
  receiver_config config;
  core_packet_hash_key key;
  core_time now;

  bool native;                  /* joined */
  bool wants_tunnel;
  receiver_path delivery;
  core_time heard;              /* native last, or since when it could be */
  core_time healthy_since;      /* its packets came without a pause, */
  unsigned healthy;             /*   so many of them */

  entry ring[RING];
  uint16_t buckets[RING];       /* by hash: the newest, as above */
  unsigned next;
  unsigned unlinked;            /* so many before next are in no bucket yet */
  unsigned pending[RECEIVER_TUNNEL + 1];        /* entries by path */
  uint64_t duplicates;
};

int
receiver_new (receiver ** out, const receiver_config * config)
{
  receiver *rx = calloc (1, sizeof (*rx));

  *out = rx;
  if (rx == NULL)
    return CORE_ERR_NO_MEMORY;
  rx->config = *config;
  core_packet_hash_init (&rx->key, config->key);
  if (rx->config.healthy_time == 0)
    rx->config.healthy_time = DEFAULT_HEALTHY_TIME;
  if (rx->config.healthy_packets == 0)
    rx->config.healthy_packets = DEFAULT_HEALTHY_PACKETS;
  return CORE_OK;
}

void
receiver_free (receiver * rx)
{
  free (rx);
}

static void
tick (receiver * rx, core_time now)
{
  if (now > rx->now)
    rx->now = now;
}

static void
forget_packets (receiver * rx)
{
  memset (rx->ring, 0, sizeof (rx->ring));
  memset (rx->buckets, 0, sizeof (rx->buckets));
  memset (rx->pending, 0, sizeof (rx->pending));
  rx->unlinked = 0;
}

static void
want_tunnel (receiver * rx)
{
  rx->wants_tunnel = true;
  rx->healthy = 0;
  forget_packets (rx);
}

void
receiver_start (receiver * rx, bool native, core_time now)
{
  tick (rx, now);
  rx->heard = rx->now;
  rx->native = native;
  rx->delivery = RECEIVER_NONE;
  rx->wants_tunnel = !native;
  rx->healthy = 0;
  forget_packets (rx);
}

void
receiver_resume (receiver * rx, core_time now)
{
  tick (rx, now);
  rx->heard = rx->now;
  rx->healthy = 0;
}

void
receiver_native (receiver * rx, bool possible, core_time now)
{
  tick (rx, now);
  if (rx->native == possible)
    return;
  rx->native = possible;
  if (!possible && !rx->wants_tunnel)
    want_tunnel (rx);
}

void
receiver_other_port (receiver * rx, bool native, core_time now)
{
  receiver_resume (rx, now);
  rx->native = native;
  forget_packets (rx);
  if (!native)
    want_tunnel (rx);
}

static bool
native_is_silent (const receiver * rx)
{
  return !rx->native || rx->now - rx->heard >= rx->config.native_timeout;
}

core_time
receiver_deadline (const receiver * rx)
{
  if (rx->wants_tunnel ||
      rx->config.native_timeout >= CORE_TIME_NEVER - rx->heard)
    return CORE_TIME_NEVER;
  return rx->heard + rx->config.native_timeout;
}

void
receiver_expire (receiver * rx, core_time now)
{
  tick (rx, now);
  if (!rx->wants_tunnel && native_is_silent (rx))
    want_tunnel (rx);
}

/* A native packet: the path may be healthy by now. */
static void
note_native (receiver * rx)
{
  if (rx->healthy == 0 || native_is_silent (rx)) {
    rx->healthy = 0;
    rx->healthy_since = rx->now;
  }
  rx->heard = rx->now;
  if (rx->healthy < rx->config.healthy_packets)
    rx->healthy++;
  if (rx->healthy == rx->config.healthy_packets &&
      rx->now - rx->healthy_since >= rx->config.healthy_time)
    rx->wants_tunnel = false;
  if (!rx->wants_tunnel || rx->delivery == RECEIVER_NONE)
    rx->delivery = RECEIVER_NATIVE;
}

static uint16_t *
bucket_of (receiver * rx, uint64_t hash)
{
  return &rx->buckets[hash % RING];
}

static void
link_entry (receiver * rx, entry * e)
{
  uint16_t *bucket = bucket_of (rx, e->hash);

  e->older = *bucket;
  e->newer = 0;
  e->linked = true;
  *bucket = (uint16_t) (1 + (e - rx->ring));
  if (e->older)
    rx->ring[e->older - 1].newer = *bucket;
}

/* As long as one path alone brings packets nobody looks for them, and buckets
 * all over the memory would be touched for nothing. */
static void
link_entries (receiver * rx)
{
  for (; rx->unlinked > 0; rx->unlinked--) {
    entry *e = &rx->ring[(rx->next + RING - rx->unlinked) % RING];

    if (e->by != RECEIVER_NONE)
      link_entry (rx, e);
  }
}

static void
unlink_entry (receiver * rx, entry * e)
{
  if (e->older)
    rx->ring[e->older - 1].newer = e->newer;
  if (e->newer)
    rx->ring[e->newer - 1].older = e->older;
  else
    *bucket_of (rx, e->hash) = e->older;
  e->linked = false;
}

static void
remove_entry (receiver * rx, entry * e)
{
  if (e->linked)
    unlink_entry (rx, e);
  rx->pending[e->by]--;
  e->by = RECEIVER_NONE;
}

/* Whether the other path brought it, which is then used up: a sender may send
 * the same bytes twice, and that is passed twice. */
static bool
take_match (receiver * rx, receiver_path other, uint64_t hash, uint32_t len)
{
  entry *found = NULL;

  if (rx->pending[other] == 0)
    return false;
  link_entries (rx);
  for (uint16_t i = *bucket_of (rx, hash); i != 0; i = rx->ring[i - 1].older) {
    entry *e = &rx->ring[i - 1];

    /* The oldest, which the other path brought first. */
    if (e->by == other && e->hash == hash && e->len == len &&
        rx->now - e->at < MATCH_FOR)
      found = e;
  }
  if (found)
    remove_entry (rx, found);
  return found != NULL;
}

static void
add_entry (receiver * rx, receiver_path by, uint64_t hash, uint32_t len)
{
  entry *e = &rx->ring[rx->next];

  if (e->by != RECEIVER_NONE)
    remove_entry (rx, e);
  e->hash = hash;
  e->at = rx->now;
  e->len = len;
  e->by = (uint8_t) by;
  e->linked = false;
  rx->pending[by]++;
  rx->next = (rx->next + 1) % RING;
  if (rx->unlinked < RING)
    rx->unlinked++;
}

bool
receiver_packet (receiver * rx, receiver_path by, const uint8_t * data,
    size_t len, core_time now)
{
  receiver_path other = by == RECEIVER_NATIVE ? RECEIVER_TUNNEL :
      RECEIVER_NATIVE;
  uint64_t hash;

  tick (rx, now);
  /* Alone there is nothing to compare with: the tunnel, once it is wanted,
   * brings nothing from before it was. */
  if (by == RECEIVER_NATIVE && !rx->wants_tunnel && rx->pending[other] == 0) {
    note_native (rx);
    return true;
  }

  hash = core_packet_hash (&rx->key, data, len);
  if (by == RECEIVER_NATIVE)
    note_native (rx);
  if (take_match (rx, other, hash, (uint32_t) len)) {
    rx->duplicates++;
    return false;
  }
  add_entry (rx, by, hash, (uint32_t) len);
  if (by == RECEIVER_TUNNEL && (rx->delivery == RECEIVER_NONE ||
          native_is_silent (rx)))
    rx->delivery = RECEIVER_TUNNEL;
  return true;
}

bool
receiver_wants_tunnel (const receiver * rx)
{
  return rx->wants_tunnel;
}

receiver_path
receiver_delivery (const receiver * rx)
{
  return rx->delivery;
}

uint64_t
receiver_duplicates (const receiver * rx)
{
  return rx->duplicates;
}
