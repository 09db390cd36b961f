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

/* What is kept of a packet that was passed.
 *
 * Mostly native brings nothing, and nobody compares what the tunnel brings.  So
 * while native is away, which is when it has brought nothing for MATCH_FOR and
 * for native_timeout, only a mark of that is kept (core_packet_mark), at next
 * to no cost.  Other packets may have the same mark, by chance or because
 * somebody wants it, but for that none is lost that the tunnel brings:
 *
 *   - No packet of the tunnel is compared with a mark, or dropped for one.
 *   - A native packet is, so it may be dropped for another one.  But then it
 *     came by the tunnel before, or its hash lets it pass when it comes: what
 *     is dropped is not kept, and native is not away.
 *   - So that it can come, the tunnel stays wanted for healthy_time after the
 *     last such packet; when it is not, nothing is compared with a mark.  A
 *     path whose packets come at times no longer than native_timeout apart
 *     meets marks when it begins only, so this does not go on for ever.
 *
 * What the tunnel does not bring, as it loses it or was not open yet, and has
 * the mark of what it brought within MATCH_FOR before native came, native may
 * not make up for, and the other one may pass twice.
 */
typedef enum
{
  NOTHING,                      /* no entry, or one that was matched */
  NATIVE_HASH,
  TUNNEL_HASH,
  TUNNEL_MARK,                  /* came while native was away */
  KINDS
} entry_kind;

typedef struct
{
  uint64_t value;               /* the hash or the mark */
  core_time at;
  uint16_t older;               /* in the same bucket: 1 + place in the ring, */
  uint16_t newer;               /*   0: none */
  uint8_t kind;
  bool linked;                  /* in its bucket */
} entry;

/* The ends of a list of entries. */
typedef struct
{
  uint16_t oldest;              /* as above */
  uint16_t newest;
} bucket;

struct _receiver
{
  receiver_config config;
  core_packet_hash_key key;
  core_time now;

  bool native;                  /* joined */
  bool wants_tunnel;
  receiver_path delivery;
  core_time heard;              /* native last, or since when it could be */
  core_time brought[RECEIVER_TUNNEL + 1];       /* when each path last did */
  core_time healthy_since;      /* its packets came without a pause, */
  unsigned healthy;             /*   so many of them */

  entry ring[RING];
  bucket buckets[RING];         /* by value and kind */
  unsigned next;
  unsigned unlinked;            /* so many before next are in no bucket yet */
  unsigned pending[KINDS];      /* entries of each kind */
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
  rx->brought[RECEIVER_NATIVE] = CORE_TIME_NEVER;
  rx->brought[RECEIVER_TUNNEL] = CORE_TIME_NEVER;
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

/* Each kind has lists of its own: however often one path brings the same bytes,
 * who looks for those of the other finds the oldest at once. */
static bucket *
bucket_of (receiver * rx, unsigned kind, uint64_t value)
{
  return &rx->buckets[(value ^ kind) % RING];
}

static void
link_entry (receiver * rx, entry * e)
{
  bucket *b = bucket_of (rx, e->kind, e->value);
  uint16_t place = (uint16_t) (1 + (e - rx->ring));

  e->older = b->newest;
  e->newer = 0;
  e->linked = true;
  if (e->older)
    rx->ring[e->older - 1].newer = place;
  else
    b->oldest = place;
  b->newest = place;
}

/* As long as one path alone brings packets nobody looks for them, and buckets
 * all over the memory would be touched for nothing. */
static void
link_entries (receiver * rx)
{
  for (; rx->unlinked > 0; rx->unlinked--) {
    entry *e = &rx->ring[(rx->next + RING - rx->unlinked) % RING];

    if (e->kind != NOTHING)
      link_entry (rx, e);
  }
}

static void
unlink_entry (receiver * rx, entry * e)
{
  bucket *b = bucket_of (rx, e->kind, e->value);

  if (e->older)
    rx->ring[e->older - 1].newer = e->newer;
  else
    b->oldest = e->newer;
  if (e->newer)
    rx->ring[e->newer - 1].older = e->older;
  else
    b->newest = e->older;
  e->linked = false;
}

static void
remove_entry (receiver * rx, entry * e)
{
  if (e->linked)
    unlink_entry (rx, e);
  rx->pending[e->kind]--;
  e->kind = NOTHING;
}

static void
add_entry (receiver * rx, entry_kind kind, uint64_t value)
{
  entry *e = &rx->ring[rx->next];

  if (e->kind != NOTHING)
    remove_entry (rx, e);
  e->value = value;
  e->at = rx->now;
  e->kind = (uint8_t) kind;
  e->linked = false;
  rx->pending[kind]++;
  rx->next = (rx->next + 1) % RING;
  if (rx->unlinked < RING)
    rx->unlinked++;
}

/* The oldest of its kind, which the other path brought first; or NULL. */
static entry *
find_entry (receiver * rx, entry_kind kind, uint64_t value)
{
  entry *e;

  if (rx->pending[kind] == 0)
    return NULL;
  link_entries (rx);
  for (uint16_t i = bucket_of (rx, kind, value)->oldest; i != 0; i = e->newer) {
    e = &rx->ring[i - 1];
    if (rx->now - e->at >= MATCH_FOR)
      remove_entry (rx, e);
    else if (e->kind == kind && e->value == value)
      return e;
  }
  return NULL;
}

/* What the tunnel brought that looks like this packet, or NULL. */
static entry *
find_mark (receiver * rx, const uint8_t * data, size_t len)
{
  if (!rx->wants_tunnel || rx->pending[TUNNEL_MARK] == 0)
    return NULL;
  return find_entry (rx, TUNNEL_MARK, core_packet_mark (&rx->key, data, len));
}

/* Whether the other path brought it, which is then used up: a sender may send
 * the same bytes twice, and that is passed twice. */
static bool
use_up (receiver * rx, entry * match)
{
  if (match == NULL)
    return false;
  remove_entry (rx, match);
  rx->duplicates++;
  return true;
}

static bool
brought_nothing_for (const receiver * rx, receiver_path path, core_time time)
{
  core_time at = rx->brought[path];

  return at == CORE_TIME_NEVER || rx->now - at >= time;
}

static bool
native_packet (receiver * rx, const uint8_t * data, size_t len)
{
  uint64_t hash;
  entry *match;

  /* Alone there is nothing to compare with: the tunnel, once it is wanted,
   * brings nothing from before it was, unless it is behind native by more than
   * native_timeout and the handshake together. */
  if (!rx->wants_tunnel && brought_nothing_for (rx, RECEIVER_TUNNEL, MATCH_FOR)) {
    note_native (rx);
    return true;
  }

  hash = core_packet_hash (&rx->key, data, len);
  match = find_entry (rx, TUNNEL_HASH, hash);
  if (match == NULL) {
    match = find_mark (rx, data, len);
    /* Should it be another one, the tunnel has yet to bring it. */
    if (match)
      rx->healthy = 0;
  }
  note_native (rx);
  if (use_up (rx, match))
    return false;
  add_entry (rx, NATIVE_HASH, hash);
  return true;
}

static bool
tunnel_packet (receiver * rx, const uint8_t * data, size_t len)
{
  if (brought_nothing_for (rx, RECEIVER_NATIVE, MATCH_FOR) &&
      brought_nothing_for (rx, RECEIVER_NATIVE, rx->config.native_timeout)) {
    add_entry (rx, TUNNEL_MARK, core_packet_mark (&rx->key, data, len));
  } else {
    uint64_t hash = core_packet_hash (&rx->key, data, len);

    if (use_up (rx, find_entry (rx, NATIVE_HASH, hash)))
      return false;
    add_entry (rx, TUNNEL_HASH, hash);
  }
  if (rx->delivery == RECEIVER_NONE || native_is_silent (rx))
    rx->delivery = RECEIVER_TUNNEL;
  return true;
}

bool
receiver_packet (receiver * rx, receiver_path by, const uint8_t * data,
    size_t len, core_time now)
{
  bool pass;

  tick (rx, now);
  pass = by == RECEIVER_NATIVE ? native_packet (rx, data, len) :
      tunnel_packet (rx, data, len);
  rx->brought[by] = rx->now;
  return pass;
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
