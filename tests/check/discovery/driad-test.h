/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the tests of relay discovery share: a clock that is a number, a DNS
 * that answers what the test says, and notes of what came out.
 */
#pragma once

#include <gst/check/gstcheck.h>

#include "driad.h"

#define MS CORE_MSECOND
#define SEC CORE_SECOND

#define REVERSE "10.2.0.192.in-addr.arpa."

enum
{
  NOTES_MAX = 256
};

typedef struct
{
  bool open;
  driad_question q;
  char name[DNS_NAME_TEXT_MAX];
  core_time at;
} asked_question;

typedef struct
{
  driad_event_info info;
  core_time at;
} noted_event;

typedef struct
{
  driad *d;
  core_time now;
  driad_config config;
  uint64_t seed;
  uint32_t fixed_random;        /* unless 0: all draws give this */

  bool no_v4;                   /* there is no route */
  bool no_v6;

  asked_question questions[NOTES_MAX];
  unsigned n_questions;
  noted_event events[NOTES_MAX];
  unsigned n_events;
  unsigned n_seen;              /* events a test has looked at */
} discovery;

/* config may be changed before _start. */
void discovery_init (discovery * t);
void discovery_start (discovery * t);
void discovery_free (discovery * t);

/* Takes what comes out; routes are answered at once. */
void discovery_drain (discovery * t);

/* Lets time pass, stopping at each deadline. */
void discovery_run (discovery * t, core_time until);

/* The open question of that name and type; fails the test if there is none. */
asked_question *discovery_question (discovery * t, const char *name,
    uint16_t type);
bool discovery_is_asked (discovery * t, const char *name, uint16_t type);
unsigned discovery_count_open (const discovery * t);

/* Answers it with records in hex, one after the other, ended by NULL; none is
 * NODATA.  A type of A or AAAA takes addresses instead, PTR names, SRV
 * "priority weight port target", AMTRELAY "precedence D type relay". */
typedef struct
{
  uint32_t ttl;
  dns_security security;
} answer_options;

void discovery_answer (discovery * t, const char *name, uint16_t type,
    const char *const *records);
void discovery_answer_with (discovery * t, const char *name, uint16_t type,
    const answer_options * options, const char *const *records);
void discovery_fail (discovery * t, const char *name, uint16_t type,
    dns_status status);

#define RECORDS(...) ((const char *const[]) { __VA_ARGS__, NULL })
#define NO_RECORDS ((const char *const[]) { NULL })

/* The list as text: "way rank D address:port", one a word, in order. */
void discovery_expect_list (discovery * t, const char *want);

/* The next event not looked at yet, of that type; others are passed over. */
const noted_event *discovery_expect (discovery * t, driad_event_type type);
bool discovery_saw (discovery * t, driad_event_type type);

/* The next ATTEMPT is at that address; its number. */
uint32_t discovery_expect_attempt (discovery * t, const char *address);
void discovery_expect_no_attempt (discovery * t);
bool discovery_end (discovery * t, uint32_t attempt, driad_result result);
