/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The AMT relay (RFC 7450 §5.3): answers gateways without keeping state,
 * remembers who joined what once a valid MAC came back, and tells to whom a
 * multicast datagram goes.
 *
 * Pure: datagrams and the time go in; datagrams, events and the next deadline
 * come out.  After every call that takes the time: call amt_relay_send ()
 * until 0, amt_relay_event () until false, and read amt_relay_deadline ().
 */
#pragma once

#include "amt-wire.h"

typedef struct amt_relay amt_relay;

/* Zero in a field means its default. */
typedef struct
{
  core_random_func random;
  void *random_ctx;

  unsigned max_gateways;        /* 1024 */
  unsigned max_gateways_per_address;    /* as max_gateways; an address is an
                                           IPv4 address or an IPv6 /64 */
  unsigned max_groups;          /* 32 a gateway */
  unsigned max_sources;         /* 64 a group of a gateway */
  unsigned unreachable_limit;   /* 8 ICMP errors in sequence end a tunnel */

  unsigned query_interval;      /* 125 s, at most 31,744, told in QQIC */
  uint8_t robustness;           /* 2, at most 7, told in QRV */
  bool gateway_address;         /* send the G trailer, accept Teardown */

  /* Told in Advertisements, one for each family of Discovery; family NONE =
   * the address the gateway asked, which is right unless that is an anycast
   * address (RFC 7450 §4.1.5). */
  core_ip advertise_v4;
  core_ip advertise_v6;

  core_time secret_lifetime;    /* 2 h (RFC 7450 §5.3.6); at least two query
                                   intervals */

  unsigned answers_per_second;  /* 50 to one IPv4 address or IPv6 /64, ... */
  unsigned answers_burst;       /* 200 at once; wrong MACs from strangers have
                                   a budget of the same size of their own */
  unsigned rate_buckets;        /* 4096 addresses told apart at most; beyond
                                   that some share a budget */
} amt_relay_config;

/* The secret is asked of random as 32 bytes in one call.  Returns CORE_OK,
 * CORE_ERR_NO_MEMORY or CORE_ERR_INVALID_ARGUMENT (no random); *out is NULL
 * then. */
int amt_relay_new (amt_relay ** out, const amt_relay_config * config,
    core_time now);
void amt_relay_free (amt_relay * relay);

/* The limit may change while running; whoever is there stays.  0 takes nobody
 * new. */
void amt_relay_set_max_gateways (amt_relay * relay, unsigned max);

/* Takes one datagram that came from a gateway to the local address to.
 * Returns 0, the CORE_ERR_ reason for which it was dropped and counted, or,
 * uncounted, CORE_ERR_NO_MEMORY or CORE_ERR_FATAL (no digest could be made).
 * At most one answer comes of it; at most 16 wait, and
 * Requests beyond that are dropped as rate-limited. */
int amt_relay_receive (amt_relay * relay, const core_addr * from,
    const core_addr * to, const uint8_t * data, size_t len, core_time now);

/* Writes the next answer into buf (256 bytes suffice); *to is its destination
 * and *from the local address it must come from.  0 when there is none. */
size_t amt_relay_send (amt_relay * relay, uint8_t * buf, size_t cap,
    core_addr * to, core_addr * from, core_time now);

enum
{
  AMT_RELAY_DATAGRAM_MAX = 256
};

/* An ICMP error other than "too big" for datagrams to that gateway. */
void amt_relay_unreachable (amt_relay * relay, const core_addr * gateway,
    core_time now);

core_time amt_relay_deadline (const amt_relay * relay);
void amt_relay_expire (amt_relay * relay, core_time now);

typedef enum
{
  AMT_RELAY_GATEWAY_ADDED = 1,
  AMT_RELAY_GATEWAY_REMOVED
} amt_relay_event_type;

typedef enum
{
  AMT_REMOVED_NONE,
  AMT_REMOVED_LEFT,             /* left its last channel */
  AMT_REMOVED_TEARDOWN,
  AMT_REMOVED_TIMEOUT,
  AMT_REMOVED_UNREACHABLE
} amt_removed_reason;

typedef struct
{
  amt_relay_event_type type;
  core_addr gateway;
  amt_removed_reason reason;
} amt_relay_event_info;

/* Takes the next event, in the order in which things happened.  A gateway
 * that went before its coming was told is not told of.  A caller that takes
 * none loses the oldest when about two events for each of max_gateways
 * wait. */
bool amt_relay_event (amt_relay * relay, amt_relay_event_info * event);

/* A gateway that gets a channel. */
typedef struct
{
  core_addr gateway;
  core_addr local;              /* where data must come from (RFC 7450 §5.3.3.6.3) */
  uint64_t id;                  /* of this tunnel, never used again */
} amt_relay_target;

/* Changes whenever some amt_relay_targets () may answer differently. */
uint64_t amt_relay_generation (const amt_relay * relay);

/* Writes up to cap gateways that get (source, group) to targets and returns
 * how many there are, which may be more. */
size_t amt_relay_targets (const amt_relay * relay, const core_ip * source,
    const core_ip * group, amt_relay_target * targets, size_t cap);

/* Walks all gateways: start with *pos 0; false at the end.  No call that takes
 * the time may come between. */
bool amt_relay_next_gateway (const amt_relay * relay, size_t *pos,
    amt_relay_target * out);

typedef struct
{
  unsigned gateways;
  uint64_t control_received;
  uint64_t control_sent;
  uint64_t gateways_added;
  uint64_t gateways_removed;
  uint64_t records_ignored;     /* unknown types, EXCLUDE for SSM groups, ... */

  /* Indexed by -CORE_ERR_...: one for each datagram that was dropped, and
   * CORE_ERR_TOO_MANY_CHANNELS also for one of which a part was. */
  uint64_t dropped[CORE_ERR_N_DROPS];
} amt_relay_stats;

const amt_relay_stats *amt_relay_get_stats (const amt_relay * relay);

/* The reasons that can occur, ended by CORE_OK. */
extern const core_error amt_relay_reasons[];
