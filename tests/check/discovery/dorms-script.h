/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A search for metadata with a scripted DNS, scripted servers and a clock that
 * the test sets.  Every function fails the running test instead of returning
 * an error.
 */
#pragma once

#include "dorms.h"
#include "vectors.h"

#define S CORE_SECOND
#define HOST "dorms.example.com"
#define HOST_META DORMS_PATH_HOST_META_JSON
#define ROOT "/top/restconf"
#define VERSION_PATH ROOT "/yang-library-version"
#define STATE_PATH ROOT "/data/ietf-yang-library:modules-state"
#define LIBRARY_PATH ROOT "/data/ietf-yang-library:yang-library"
#define SOURCE "198.51.100.10"
#define GROUP "232.10.10.1"
#define TREE ROOT "/data/ietf-dorms:dorms/metadata"
#define CHANNEL_PATH TREE "/sender=" SOURCE "/group=" GROUP
#define OLD_CHANNEL_PATH ROOT "/data/ietf-dorms:metadata/sender=" SOURCE \
    "/group=" GROUP
#define SRV_NAME "_dorms._tcp.10.100.51.198.in-addr.arpa."

#define ROOT_BODY "{\"links\":[{\"rel\":\"restconf\",\"href\":\"" ROOT "\"}]}"
#define GROUP_BODY(members) "{\"ietf-dorms:group\":[{\"address\":\"" GROUP \
    "\"" members "}]}"
#define PORT_BODY(port) GROUP_BODY (",\"udp-stream\":[{\"port\":" port "}]")
#define JSON "application/yang-data+json"

typedef struct
{
  dorms_servers *servers;
  dorms_config config;
  dorms *d;
  core_time now;
  uint32_t random;              /* what is drawn: of 2^32 */
  const uint32_t *randoms;      /* or these, one after the other */
  dorms_question question;      /* the one that is open */
} dorms_script;

/* A script for (SOURCE, GROUP); its config may be changed before it starts. */
void script_init (dorms_script * script);
void script_start (dorms_script * script);

/* The same for another channel, with what is known of servers. */
void script_restart (dorms_script * script);
void script_clear (dorms_script * script);

/* Lets that much time go by; the search must have asked for no earlier
 * look. */
void script_sleep (dorms_script * script, core_time time);

/* Lets time go by up to the deadline and returns how much it was. */
core_time script_sleep_until_due (dorms_script * script);

/* The next question is that. */
void script_expect_srv (dorms_script * script);
void script_expect_get (dorms_script * script, const char *host,
    uint16_t port, const char *path);
void script_expect_nothing (dorms_script * script);

/* Answers to the open question. */
void script_answer_srv (dorms_script * script,
    const dorms_srv_answer * answer);
void script_answer (dorms_script * script, const dorms_http_answer * answer);
void script_answer_status (dorms_script * script, unsigned status);
void script_answer_body (dorms_script * script, const char *body);
void script_answer_failure (dorms_script * script, dorms_http_result result);

/* One secure record, HOST:443. */
void script_answer_host (dorms_script * script);

/* What several tests go through: the root of a server without a library, up to
 * the question for metadata. */
void script_find_root (dorms_script * script, const char *host,
    uint16_t port);

/* The next event is that; script_expect_error () returns it until the next. */
void script_expect_state (dorms_script * script, dorms_state state);
const dorms_event *script_expect_error (dorms_script * script,
    dorms_code code);
void script_expect_no_event (dorms_script * script);
