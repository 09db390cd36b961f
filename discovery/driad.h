/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Finds AMT relays for a source and says in which order to try them: DNS-SD,
 * the anycast addresses, AMTRELAY records of the source (RFC 8777).
 *
 * Pure: answers, results of attempts and the time go in; questions, attempts,
 * a list of candidates and the next deadline come out.  After every call that
 * takes the time: call driad_ask () until false, driad_event () until false,
 * and read driad_deadline () again.  The time never goes back; a late one is
 * ordinary.
 *
 * Relays race: start the attempts that the events name (a Relay Discovery where
 * the candidate wants one, then a Request; nothing but that goes to a relay that
 * is not chosen), several at a time, and tell their results; then when the one
 * in use is lost.
 *
 *   idle      driad_start ()
 *   search    questions are asked and candidates attempted; one that is
 *             established ends it, and the other attempts
 *   wait      everything came to nothing; the next round begins by itself
 *   settled   a relay is in use.  Nothing is asked; it is left when it is
 *             lost, brings nothing, or the network changed
 */
#pragma once

#include "amt-gateway.h"
#include "dnswire.h"

typedef struct driad driad;

/* In the order of preference (RFC 8777 §3.1.2). */
typedef enum
{
  DRIAD_DNS_SD = 0,
  DRIAD_ANYCAST,
  DRIAD_AMTRELAY,
  DRIAD_N_WAYS
} driad_way;

/* "dns-sd", "anycast", "amtrelay". */
const char *driad_way_name (driad_way way);

typedef struct
{
  amt_relay_candidate where;
  driad_way way;
  uint16_t rank;                /* precedence of the AMTRELAY record, priority
                                   of the SRV record */
  dns_security security;        /* of all the answers that led here; anycast
                                   addresses count as secure */
} driad_candidate;

enum
{
  DRIAD_MAX_DOMAINS = 6,
  DRIAD_MAX_LOOKUPS = 64,
  DRIAD_MAX_RELAYS = 32,
  DRIAD_MAX_ATTEMPTS = 8,
  DRIAD_MAX_HOLDS = 64
};

/* Zero in a field means its default. */
typedef struct
{
  core_random_func random;
  void *random_ctx;

  core_ip source;               /* family NONE: not known, so no AMTRELAY */
  core_family first_family;     /* of the anycast addresses */
  const char *const *domains;   /* to look for services in, copied; the first
                                   DRIAD_MAX_DOMAINS are used */
  unsigned n_domains;

  bool without[DRIAD_N_WAYS];   /* ways not to go */

  core_time way_wait;           /* 250 ms: so long a better way that is still
                                   being asked holds up the next */
  core_time resolution_delay;   /* 50 ms, RFC 8305 §3 */
  core_time attempt_delay;      /* 250 ms between starts, RFC 8305 §5; at least
                                   100 ms, at most 2 s */
  core_time attempt_timeout;    /* 10 s */
  unsigned max_attempts;        /* DRIAD_MAX_ATTEMPTS at a time */
  core_time hold_down;          /* 180 s, RFC 8777 §3.3.4.1 */
  core_time limit_hold_down;    /* 600 s, RFC 8777 §3.3.5 */
} driad_config;

/* CORE_OK, CORE_ERR_INVALID_ARGUMENT (no random) or CORE_ERR_NO_MEMORY. */
int driad_new (driad ** out, const driad_config * config, core_time now);
void driad_free (driad * d);

/* A channel of the source is wanted; a second call changes nothing. */
void driad_start (driad * d, core_time now);

/* No channel is wanted: attempts end, nothing is asked, and open questions need
 * no answer.  What is known stays known as long as the answers hold. */
void driad_stop (driad * d, core_time now);

typedef enum
{
  DRIAD_ASK_DNS,                /* name, type: see mc_query_new () */
  DRIAD_ASK_ROUTE               /* ip: the local address it is reached from */
} driad_question_kind;

typedef struct
{
  uint32_t id;
  driad_question_kind kind;
  const char *name;             /* valid until the next call with this driad */
  uint16_t type;
  core_ip ip;
} driad_question;

/* The next question to be asked.  At most 10 of DNS in 100 ms (RFC 8777
 * §3.2.2).  Each must be answered in the end: the one who asks keeps a
 * deadline. */
bool driad_ask (driad * d, driad_question * q, core_time now);

/* An answer to a question that nobody waits for any more is ignored. */
void driad_answer (driad * d, uint32_t id, const dns_answer * answer,
    core_time now);

/* from is NULL if there is no way there. */
void driad_route (driad * d, uint32_t id, const core_ip * from,
    core_time now);

typedef enum
{
  DRIAD_ESTABLISHED,            /* a valid Query without L came */
  DRIAD_REFUSED,                /* a Query with L came */
  DRIAD_FAILED                  /* no answer, or ICMP */
} driad_result;

/* How an attempt ended.  One that was cancelled meanwhile is ignored and gives
 * false: use that relay only after true. */
bool driad_attempt_ended (driad * d, uint32_t attempt, driad_result result,
    core_time now);

/* The caller uses this relay, however it came to that. */
void driad_settle (driad * d, const amt_relay_candidate * where,
    core_time now);

/* The relay in use is lost (a AMT_LOST_... reason but NONE): it goes into
 * hold-down, and others are tried. */
void driad_lost (driad * d, amt_lost_reason reason, core_time now);

/* Optional, to have silence noticed: the first Membership Update went to the
 * relay, and a packet came.  A relay that brings nothing for some seconds is
 * lost with AMT_LOST_NO_DATA (RFC 8777 §3.3.4.1). */
void driad_joined (driad * d, core_time now);
void driad_data (driad * d, core_time now);

/* Another network: everything is asked and tried anew.  The caller keeps its
 * relay until an attempt is established.  domains may be NULL to keep them. */
void driad_network_changed (driad * d, const char *const *domains,
    unsigned n_domains, core_time now);

typedef enum
{
  DRIAD_EVENT_CANDIDATES = 1,   /* driad_candidates () gives something new */
  DRIAD_EVENT_ATTEMPT,          /* attempt, candidate: begin */
  DRIAD_EVENT_CANCEL,           /* attempt, candidate: send nothing more */
  DRIAD_EVENT_LOST,             /* candidate, reason: the relay in use is silent;
                                   keep it until another attempt is
                                   established */
  DRIAD_EVENT_NOTHING           /* a round ended in vain; reason_text */
} driad_event_type;

typedef struct
{
  driad_event_type type;
  uint32_t attempt;
  driad_candidate candidate;
  amt_lost_reason reason;
  const char *reason_text;      /* for people; static */
} driad_event_info;

bool driad_event (driad * d, driad_event_info * event);

core_time driad_deadline (const driad * d);
void driad_expire (driad * d, core_time now);

/* What is known now and may be used, best first; relays in hold-down come
 * last.  Valid until the next call. */
const driad_candidate *driad_candidates (const driad * d, unsigned *n);

/* Whether a question is open or still to be asked: more may come. */
bool driad_is_asking (const driad * d);

typedef enum
{
  DRIAD_IDLE,
  DRIAD_SEARCH,
  DRIAD_WAIT,
  DRIAD_SETTLED
} driad_state;

driad_state driad_get_state (const driad * d);

/* What was not used, and why. */
typedef enum
{
  DRIAD_DROP_MALFORMED,         /* RDATA */
  DRIAD_DROP_UNKNOWN_TYPE,      /* of relay */
  DRIAD_DROP_ADDRESS,           /* not unicast, link-local, loopback */
  DRIAD_DROP_BOGUS,             /* answers */
  DRIAD_DROP_LIMIT,             /* too many */
  DRIAD_N_DROPS
} driad_drop;

/* "malformed", ... */
const char *driad_drop_name (driad_drop drop);

typedef struct
{
  uint64_t questions;
  uint64_t answers;             /* that were waited for */
  uint64_t failures;            /* timeouts, SERVFAIL, bogus */
  uint64_t attempts;
  uint64_t rounds;              /* in vain */
  uint64_t dropped[DRIAD_N_DROPS];
} driad_stats;

const driad_stats *driad_get_stats (const driad * d);
