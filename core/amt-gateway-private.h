/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the files of the AMT gateway share.
 *
 * Nothing that waits to be sent is queued: it is a flag, and
 * amt_gateway_send () builds the datagram when it is asked for one.
 */
#pragma once

#include "amt-gateway.h"
#include "ipfrag.h"

enum
{
  GATEWAY_N_PROTOCOLS = 2,      /* IGMP (P = 0), MLD (P = 1) */
  GATEWAY_MAX_EVENTS = 32
};

/* RFC 7450 §5.2.3.4.3, §5.2.3.5.3. */
#define GATEWAY_T0 CORE_SECOND
#define GATEWAY_TMAX (120 * CORE_SECOND)

/* What a Query handed out: proof for Updates, and for a Teardown of the
 * endpoint it names. */
typedef struct
{
  uint32_t nonce;
  uint8_t mac[AMT_MAC_LEN];
  bool has_gateway;
  amt_gateway_field gateway;
} gateway_pair;

/* One protocol at the current relay. */
typedef struct
{
  core_family family;
  unsigned n_members;           /* memberships with a channel */

  bool valid;                   /* pair is from a Query of this association */
  gateway_pair pair;
  uint8_t robustness;
  core_time interval;           /* between Requests, from the last Query */
  core_time query_at;           /* when that Query came */
  core_time refresh_at;         /* next Request */

  bool request_due;             /* a new cycle, once no other is under way */
  bool failed;                  /* asked in vain, never answered here */
  unsigned idle_rounds;         /* cycles in vain while the other is answered */
  core_time cycle_start;
  uint32_t request_nonce;
  unsigned tries;

  bool reported;                /* an Update went to gw->reported_to, with */
  gateway_pair update_pair;     /*   this */
  bool report_due;              /* some membership is flagged */
  core_time change_at;          /* repeat of state changes */
} gateway_protocol;

typedef struct
{
  core_ip group;                /* compared as bytes, so all count */
  core_ip source;
} gateway_key;

/* One (S,G), for any number of channels. */
typedef struct
{
  gateway_key key;
  unsigned refs;                /* channels; 0: only kept to be blocked */
  int first_channel;
  uint8_t repeats;              /* state-change reports still to carry it */
  bool reported;                /* told to gw->reported_to */
  bool change_due;
  bool current_due;
  bool farewell_due;
} gateway_member;

typedef struct
{
  bool used;
  gateway_key key;
  uint16_t port;
  int next;                     /* of the same membership */
} gateway_channel;

typedef struct
{
  amt_relay_candidate where;
  core_time held_until;
  bool tried;                   /* in vain, in this round */
  bool linux_p;                 /* answered to AMT_P_LINUX */
} gateway_candidate;

/* Last words to a relay that is left. */
typedef struct
{
  core_addr to;
  gateway_pair pairs[GATEWAY_N_PROTOCOLS];
  bool block_due[GATEWAY_N_PROTOCOLS];
  bool teardown_due;
  gateway_pair teardown;
} gateway_farewell;

struct amt_gateway
{
  amt_gateway_config config;
  amt_gateway_stats stats;
  core_time now;

  gateway_candidate *candidates;
  unsigned n_candidates;
  int current;                  /* index, -1 if it is no longer listed */
  gateway_candidate in_use;     /* the one being asked or used */
  unsigned rounds;              /* all candidates failed, in succession */
  core_time start_at;           /* when the chosen candidate is asked */
  core_time give_up_at;
  bool give_up_started;
  amt_lost_reason last_lost;    /* why the last one asked was of no use */
  core_time last_good;          /* last data or Query; NEVER before */

  uint32_t discovery_nonce;
  bool discovery_due;
  bool discovery_waiting;
  unsigned discovery_tries;

  core_addr relay;
  bool connected;               /* it answered */
  bool told;                    /* an Update went to it in this association */
  bool data_seen;               /*   and data came since */
  bool moving;                  /* a relay in use was lost: */
  core_addr left;
  core_addr reported_to;        /* where the last Update went */
  gateway_protocol protocols[GATEWAY_N_PROTOCOLS];
  int asking;                   /* protocol of the outstanding Request, or -1 */
  bool request_send_due;
  core_time retry_at;           /* of the Discovery or Request */
  bool icmp_seen;
  core_time request_at;         /* last Request; NEVER before */
  core_time icmp_at;            /* Request because of an ICMP error */
  uint32_t last_request_nonce;
  unsigned mld_unanswered;      /* Requests for MLD since the last answer */
  bool asked_linux_p;           /* the last Request had AMT_P_LINUX */

  core_time silence_at;
  core_time silence;            /* current interval */
  unsigned no_data_rounds;

  bool teardown_due;            /* of an endpoint we no longer have */
  gateway_pair teardown;
  bool leaving;                 /* last channel gone, reports pending */
  gateway_farewell farewell;

  ipudp_expected expected;      /* like the last datagram */
  int expected_channel;

  gateway_channel *channels;
  unsigned n_slots;
  unsigned n_channels;
  gateway_member *members;      /* sorted by key */
  unsigned n_members;
  unsigned members_cap;

  ip_reassembly *reassembly;
  uint64_t counted_evicted;
  uint64_t counted_timed_out;

  amt_gateway_event_info events[GATEWAY_MAX_EVENTS];
  unsigned first_event;
  unsigned n_events;
};

/* amt-gateway.c */

/* Takes the time of a call; what comes back never went backwards. */
core_time gateway_tick (amt_gateway * gw, core_time now);
core_time gateway_later (core_time now, core_time delay);
core_time gateway_random (amt_gateway * gw, core_time low, core_time high);
uint32_t gateway_new_nonce (amt_gateway * gw);

/* Random in [base, min (base * 2^n, limit)]. */
core_time gateway_backoff (amt_gateway * gw, core_time base, unsigned n,
    core_time limit);
void gateway_set_state (amt_gateway * gw, amt_gateway_state state,
    const core_addr * relay);
void gateway_push_event (amt_gateway * gw, const amt_gateway_event_info * ev);
void gateway_relay_event (amt_gateway * gw, amt_gateway_event_type type,
    amt_lost_reason reason);
bool gateway_same_endpoint (const core_addr * a, const core_addr * b);

/* CORE_OK, or which part differs. */
int gateway_check_source (const core_addr * from, const core_addr * expected);

/* amt-gateway-select.c: candidates */

/* Chooses a candidate if there is something to do and none is in use. */
void gateway_start (amt_gateway * gw);
void gateway_start_chosen (amt_gateway * gw);
void gateway_lose (amt_gateway * gw, amt_lost_reason reason);

/* Whether another candidate than the current one could be asked now. */
bool gateway_has_alternative (const amt_gateway * gw);

/* The first Update of an association went out. */
void gateway_note_reported (amt_gateway * gw);

/* No relay, nothing to do. */
void gateway_go_idle (amt_gateway * gw);

/* amt-gateway-control.c: Discovery, Requests and their answers */

void gateway_start_discovery (amt_gateway * gw);
void gateway_begin_relay (amt_gateway * gw, const core_addr * relay);

/* A new Request cycle for each protocol with members; a cycle under way goes
 * on unless restart. */
void gateway_request_all (amt_gateway * gw, bool restart);

/* Starts the next Request cycle that waits, if none is under way. */
void gateway_pump_requests (amt_gateway * gw);
void gateway_expire_control (amt_gateway * gw);
int gateway_receive_control (amt_gateway * gw, const core_addr * from,
    const uint8_t * data, size_t len);
size_t gateway_send_discovery (amt_gateway * gw, uint8_t * buf, size_t cap,
    core_addr * to);
size_t gateway_send_request (amt_gateway * gw, uint8_t * buf, size_t cap,
    core_addr * to);

/* amt-gateway-report.c: memberships and what is told of them */

/* The member with that key, or NULL; *pos is where it is or belongs. */
gateway_member *gateway_find_member (const amt_gateway * gw,
    const gateway_key * key, unsigned *pos);
int gateway_add_channel (amt_gateway * gw, const gateway_key * key,
    uint16_t port);
void gateway_remove_channel (amt_gateway * gw, int channel);

/* A Query of the protocol came: the first of an association, or a later. */
void gateway_report_query (amt_gateway * gw, gateway_protocol * p, bool first);
void gateway_expire_reports (amt_gateway * gw);

/* Forgets what was to be reported, for a new association. */
void gateway_reset_reports (amt_gateway * gw);

/* Prepares the last words to gw->reported_to, from whatever is reported. */
void gateway_say_farewell (amt_gateway * gw, bool block_always);
void gateway_forget_reported (amt_gateway * gw);
size_t gateway_send_farewell (amt_gateway * gw, uint8_t * buf, size_t cap,
    core_addr * to);
size_t gateway_send_report (amt_gateway * gw, uint8_t * buf, size_t cap,
    core_addr * to);

/* amt-gateway-data.c */

int gateway_receive_data (amt_gateway * gw, const core_addr * from,
    const uint8_t * data, size_t len, amt_view * view);

/* Whether the relay brings data: then an ICMP error or an unanswered Request
 * is a transient fault, or a lie. */
bool gateway_data_is_fresh (const amt_gateway * gw);
void gateway_expire_data (amt_gateway * gw);
void gateway_arm_silence (amt_gateway * gw);
