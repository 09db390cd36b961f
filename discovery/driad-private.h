/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the files of relay discovery share.
 *
 * Lookups form a tree: a PTR question leads to SRV questions, those and
 * AMTRELAY to A and AAAA.  Relays hang on the lookup whose answer named them,
 * so a new answer replaces what the old one gave.
 */
#pragma once

#include "driad.h"

#include "addrselect.h"

/* RFC 8777 §3.5 and §3.3.4.1. */
#define DRIAD_T0 CORE_SECOND
#define DRIAD_SILENCE_T0 (4 * CORE_SECOND)
#define DRIAD_TMAX (120 * CORE_SECOND)

enum
{
  DRIAD_RATE = 10,              /* questions in DRIAD_RATE_TIME */
  DRIAD_N_DISCOVERY = 2,        /* anycast addresses */
  DRIAD_ALL_RELAYS = DRIAD_MAX_RELAYS + DRIAD_N_DISCOVERY
};

#define DRIAD_RATE_TIME (100 * CORE_MSECOND)

typedef enum
{
  LOOKUP_PTR,
  LOOKUP_SRV,
  LOOKUP_AMTRELAY,
  LOOKUP_AAAA,
  LOOKUP_A
} lookup_kind;

/* What the relays of an answer inherit. */
typedef struct
{
  uint16_t rank;
  uint16_t order;               /* drawn, among SRV records of one priority */
  uint16_t port;
  bool discovery;
} driad_traits;

typedef enum
{
  LOOKUP_DUE,                   /* to be asked from due on */
  LOOKUP_ASKED,
  LOOKUP_DONE                   /* the answer holds until due */
} lookup_state;

typedef struct
{
  bool used;
  bool stale;                   /* not in the answer that is being read */
  lookup_kind kind;
  driad_way way;
  int parent;                   /* -1: none */
  char name[DNS_NAME_TEXT_MAX];
  driad_traits traits;

  lookup_state state;
  uint32_t id;                  /* of the question */
  core_time due;
  unsigned failures;            /* in succession; the next try is at due */
  core_time answered;
  bool bogus;                   /* the last failure */
  dns_security security;        /* of its own answer */
} driad_lookup;

typedef enum
{
  ROUTE_DUE,
  ROUTE_ASKED,
  ROUTE_KNOWN,
  ROUTE_NONE
} route_state;

typedef struct
{
  bool used;
  bool stale;
  int lookup;                   /* -1: anycast */
  amt_relay_candidate where;
  driad_way way;
  driad_traits traits;          /* unless the lookup's count */
  uint32_t tie;                 /* random: the order of equals */

  route_state route;
  uint32_t route_id;
  core_ip from;
} driad_relay;

/* What is remembered of a place, however it was found. */
typedef struct
{
  bool used;
  amt_relay_candidate where;
  core_time until;              /* hold-down */
  amt_lost_reason reason;
  uint64_t tried_in;            /* round */
} driad_memory;

typedef struct
{
  bool used;
  bool start_due;               /* the event is still to be taken */
  bool cancel_due;
  uint32_t id;
  driad_candidate candidate;
  core_time deadline;
} driad_attempt;

struct driad
{
  driad_config config;
  driad_stats stats;
  core_time now;
  driad_state state;
  uint32_t next_id;

  char domains[DRIAD_MAX_DOMAINS][DNS_NAME_TEXT_MAX];
  unsigned n_domains;

  driad_lookup lookups[DRIAD_MAX_LOOKUPS];
  driad_relay relays[DRIAD_ALL_RELAYS];
  int no_relay_rank;            /* precedence of a type 0 record, -1: none */

  core_time asked_at[DRIAD_RATE];       /* ring of the last questions */
  unsigned n_asked;

  /* The list, and which of it is held down. */
  driad_candidate list[DRIAD_ALL_RELAYS];
  unsigned n_list;
  unsigned n_free;              /* not in hold-down: the first ones */
  bool list_news;

  uint64_t round;               /* 1 and up */
  unsigned vain_rounds;         /* in succession */
  core_time search_start;
  core_time next_start;         /* of an attempt */
  core_time last_start;
  core_time wait_until;
  bool nothing_due;
  const char *nothing_text;
  uint64_t attempts_told;
  driad_attempt attempts[DRIAD_MAX_ATTEMPTS];
  driad_memory memory[DRIAD_MAX_HOLDS];

  /* The relay in use. */
  bool has_current;
  driad_candidate current;
  core_time traffic_at;         /* silence is then noticed */
  unsigned silent_times;
  bool lost_due;
  driad_candidate lost;
};

/* driad.c */

core_time driad_later (core_time now, core_time wait);

/* Uniform in [t0, min (t0 * 2^n, Tmax)]. */
core_time driad_backoff (driad * d, core_time t0, unsigned n);
uint32_t driad_new_id (driad * d);
void driad_count (driad * d, driad_drop drop);

/* driad-lookups.c: what is asked, and what comes of it */

/* Makes the lookups of the beginning, those that are not there yet. */
void driad_lookups_begin (driad * d);

/* Forgets everything that was asked. */
void driad_lookups_clear (driad * d);

/* Nobody waits for open questions any more: they are asked anew. */
void driad_lookups_abandon (driad * d);

/* The next question, false if there is none or it is too early. */
bool driad_lookup_ask (driad * d, driad_question * q);

/* False if nobody waits for that answer. */
bool driad_lookup_answer (driad * d, uint32_t id, const dns_answer * answer);

/* Answers that no longer hold are asked for again. */
void driad_lookups_expire (driad * d);

/* Whether an answer is waited for, or a question waits for its turn; with
 * way: on one of the ways before it. */
bool driad_lookups_pending (const driad * d, driad_way way);
core_time driad_lookups_deadline (const driad * d);
bool driad_lookup_is_bogus (const driad * d);

/* Whether everything that led to the relay was secure. */
dns_security driad_relay_security (const driad * d, const driad_relay * r);

/* The other family of the same name, or NULL. */
const driad_lookup *driad_lookup_twin (const driad * d,
    const driad_lookup * l);

/* driad-relays.c: what was found, in order */

void driad_relays_begin (driad * d);

/* Adds a relay of a lookup's answer, or finds it there. */
void driad_relay_add (driad * d, int lookup, const core_ip * ip,
    const driad_traits * traits);

bool driad_route_ask (driad * d, driad_question * q);
bool driad_route_answer (driad * d, uint32_t id, const core_ip * from);

/* Routes are asked for again: those that failed, or all. */
void driad_routes_again (driad * d, bool all);
bool driad_routes_pending (const driad * d);
void driad_routes_abandon (driad * d);

/* Makes the list anew. */
void driad_list_update (driad * d);

/* When a relay that is known may come onto the list. */
core_time driad_list_deadline (const driad * d);

/* driad-race.c: attempts and hold-down */

bool driad_same_place (const amt_relay_candidate * a,
    const amt_relay_candidate * b);

core_time driad_held_until (const driad * d,
    const amt_relay_candidate * where);
void driad_hold (driad * d, const amt_relay_candidate * where,
    amt_lost_reason reason);

/* Only relays that refused stay held down. */
void driad_release_holds (driad * d);
void driad_begin_round (driad * d);
void driad_cancel_attempts (driad * d);
void driad_race_expire (driad * d);

/* Starts what is to be started, and ends the round if there is nothing left. */
void driad_race_step (driad * d);
core_time driad_race_deadline (const driad * d);
bool driad_race_event (driad * d, driad_event_info * event);
