/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The AMT gateway (RFC 7450 §5.2): finds a relay, keeps a tunnel to it
 * alive, joins and leaves source-specific channels through it and takes the
 * multicast datagrams out again.  Any number of channels of both families
 * share one relay and one local UDP port.
 *
 * Pure: datagrams and the time go in; datagrams, events, payload views and
 * the next deadline come out.  After every call that takes the time: call
 * amt_gateway_send () until 0, amt_gateway_event () until false, and read
 * amt_gateway_deadline () again.  The time never goes back; a late one (the
 * caller slept) is ordinary.
 */
#pragma once

#include "amt-wire.h"

typedef struct amt_gateway amt_gateway;

/* A place to ask. */
typedef struct
{
  core_addr addr;
  bool discovery;               /* ask it for an Advertisement first */
} amt_relay_candidate;

/* What is wanted: the UDP datagrams of (source, group) to a port.  Port 0 is
 * learnt from the first datagram of (source, group), then fixed unless the
 * caller sets another one. */
typedef struct
{
  core_ip source;
  core_ip group;
  uint16_t port;
} amt_channel;

/* Zero in a field means its default. */
typedef struct
{
  core_random_func random;
  void *random_ctx;

  unsigned max_channels;        /* 1024 */
  unsigned max_candidates;      /* 32 */
  bool no_verify_checksum;      /* do not look at inner UDP checksums */

  unsigned request_tries;       /* 3 unanswered Requests lose the relay */
  unsigned discovery_tries;     /* 3 unanswered Discoveries lose the candidate */
  core_time give_up;            /* so long without a relay that takes us:
                                   GAVE_UP; 0 = never */
  core_time refresh_max;        /* 50 s: longest time between Requests, for
                                   NATs and for relays that forget after 60 s;
                                   a shorter QQIC wins */
  core_time silence_min;        /* 4 s: first silence that is asked about */
  core_time silence_max;        /* 120 s */
  core_time hold_down;          /* 180 s: a lost relay is not tried before (RFC 8777 §3.3.4.1) */
  core_time limit_hold_down;    /* 600 s: after an L flag (RFC 8777 §3.3.5) */
  bool lose_the_last;           /* an ICMP error loses the only candidate, too:
                                   the caller will find another */

  unsigned max_reassembly;      /* 16 incomplete datagrams */
  size_t max_reassembly_bytes;  /* 1 MiB */
  core_time reassembly_timeout; /* 5 s */
} amt_gateway_config;

int amt_gateway_new (amt_gateway ** out, const amt_gateway_config * config,
    core_time now);
void amt_gateway_free (amt_gateway * gw);

/* Replaces the candidates, in the order in which they are to be tried.  The
 * relay in use stays in use; one that has not answered yet stays only if it is
 * in the list.  An empty list means: not known yet. */
int amt_gateway_set_candidates (amt_gateway * gw,
    const amt_relay_candidate * candidates, unsigned n, core_time now);

/* Adds or removes a channel.  join returns the channel's number (>= 0, stable
 * until it leaves), CORE_ERR_LIMIT, CORE_ERR_NO_MEMORY or
 * CORE_ERR_INVALID_ARGUMENT (not a unicast source and a multicast group of one
 * family). */
int amt_gateway_join (amt_gateway * gw, const amt_channel * channel,
    core_time now);
void amt_gateway_leave (amt_gateway * gw, int channel, core_time now);

/* The port of a channel is another one from now on, whatever it was and however
 * it was learnt.  A PORT_LEARNT that was not taken yet is out of date then.
 * Without effect for port 0. */
void amt_gateway_set_port (amt_gateway * gw, int channel, uint16_t port,
    core_time now);

/* Leaves every channel: the datagrams to be sent now are one report that
 * blocks them and a Teardown if the relay told the gateway address.  Nothing
 * more comes out afterwards. */
void amt_gateway_stop (amt_gateway * gw, core_time now);

/* The caller took no datagrams for a while (a paused pipeline): time that
 * passed does not count as silence or towards giving up, and a membership
 * that may have lapsed is requested anew. */
void amt_gateway_resume (amt_gateway * gw, core_time now);

/* The host's addresses or routes changed: request anew at once. */
void amt_gateway_network_changed (amt_gateway * gw, core_time now);

/* An ICMP error (or a failing send) for datagrams to that address. */
void amt_gateway_unreachable (amt_gateway * gw, const core_addr * to,
    core_time now);

/* The payload of one multicast datagram. */
typedef struct
{
  const uint8_t *data;          /* inside the datagram given, or, when */
  size_t len;                   /*   reassembled, valid until the next receive */
  bool reassembled;
  int channel;
  uint16_t source_port;
} amt_view;

/* Takes one datagram.  Returns 1 (data; *view is filled), 0 (control, or a
 * fragment that is held) or the CORE_ERR_ reason for which it was dropped and
 * counted. */
int amt_gateway_receive (amt_gateway * gw, const core_addr * from,
    const uint8_t * data, size_t len, core_time now, amt_view * view);

/* Writes the next datagram to be sent into buf (1280 bytes suffice) and its
 * destination into *to; 0 when there is none. */
size_t amt_gateway_send (amt_gateway * gw, uint8_t * buf, size_t cap,
    core_addr * to, core_time now);

enum
{
  AMT_GATEWAY_DATAGRAM_MAX = 1280
};

core_time amt_gateway_deadline (const amt_gateway * gw);
void amt_gateway_expire (amt_gateway * gw, core_time now);

typedef enum
{
  AMT_EVENT_CONNECTING = 1,     /* relay or discovery address is being asked */
  AMT_EVENT_CONNECTED,          /* the first Query of that relay was accepted */
  AMT_EVENT_REPORTED,           /* the first Update went to that relay */
  AMT_EVENT_PORT_LEARNT,        /* channel, channel_port */
  AMT_EVENT_SILENT,             /* no data for a while; the relay is asked */
  AMT_EVENT_RELAY_LOST,         /* relay, reason */
  AMT_EVENT_ADDRESS_CHANGED,    /* the relay sees us at another address */
  AMT_EVENT_NEED_CANDIDATES,    /* all were tried in vain: look names up again */
  AMT_EVENT_GAVE_UP             /* reason: nothing usable within give_up */
} amt_gateway_event_type;

typedef enum
{
  AMT_LOST_NONE,
  AMT_LOST_NO_ANSWER,
  AMT_LOST_UNREACHABLE,         /* ICMP */
  AMT_LOST_LIMIT,               /* L flag: takes no new gateways */
  AMT_LOST_NO_DATA,             /* answers, but no data ever came */
  AMT_LOST_NETWORK_CHANGED      /* of amt_gateway_move () alone */
} amt_lost_reason;

/* Leaves the relay in use for one of the candidates, of which it should be none;
 * RELAY_LOST tells, with that reason.  Without effect when no relay is in use. */
void amt_gateway_move (amt_gateway * gw, amt_lost_reason reason,
    core_time now);

typedef struct
{
  amt_gateway_event_type type;
  core_addr relay;
  bool discovery;               /* relay is a discovery address */
  amt_lost_reason reason;
  int channel;
  uint16_t channel_port;
} amt_gateway_event_info;

/* Takes the next event; false when there is none.  At most 32 are kept; when
 * the caller does not take them the oldest go. */
bool amt_gateway_event (amt_gateway * gw, amt_gateway_event_info * event);

typedef enum
{
  AMT_GATEWAY_IDLE,             /* no channel, no candidate, or stopped */
  AMT_GATEWAY_DISCOVER,         /* waiting for an Advertisement */
  AMT_GATEWAY_REQUEST,          /* waiting for the first Query of a relay */
  AMT_GATEWAY_ACTIVE            /* joined */
} amt_gateway_state;

/* "idle", "discover", "request", "active". */
const char *amt_gateway_state_name (amt_gateway_state state);

typedef struct
{
  amt_gateway_state state;
  core_addr relay;              /* in use or being asked; family NONE if none */
  bool ever_connected;          /* some relay took us */
  core_time last_data;          /* CORE_TIME_NEVER before the first */

  uint64_t data_received;       /* whole datagrams in type 6 messages */
  uint64_t data_bytes;          /* their UDP payloads, accepted ones */
  uint64_t data_accepted;
  uint64_t fragments_received;
  uint64_t control_received;    /* all other datagrams */
  uint64_t control_sent;
  uint64_t requests_sent;
  uint64_t failovers;           /* moves from a relay that was in use */
  uint64_t events_lost;

  /* Indexed by -CORE_ERR_...: data_received is always data_accepted plus the
   * sum of data_dropped. */
  uint64_t data_dropped[CORE_ERR_N_DROPS];
  uint64_t control_dropped[CORE_ERR_N_DROPS];
} amt_gateway_stats;

const amt_gateway_stats *amt_gateway_get_stats (const amt_gateway * gw);

/* The reasons that can occur, each list ended by CORE_OK: for callers that
 * publish one counter per reason. */
extern const core_error amt_gateway_data_reasons[];
extern const core_error amt_gateway_control_reasons[];
