/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The state of the search for metadata.  Private to dorms*.c.
 */
#pragma once

#include "dorms.h"

enum
{
  DORMS_EVENTS_MAX = 4,
  DORMS_REDIRECTS_MAX = 3,
  DORMS_BAD_ANSWERS_MAX = 2     /* in a row; the server is ignored then */
};

typedef enum
{
  DORMS_PHASE_IDLE,             /* until wake_at */
  DORMS_PHASE_SRV,
  DORMS_PHASE_ROOT_JSON,
  DORMS_PHASE_ROOT_XRD,
  DORMS_PHASE_LIBRARY_VERSION,
  DORMS_PHASE_MODULES_STATE,
  DORMS_PHASE_YANG_LIBRARY,
  DORMS_PHASE_METADATA
} dorms_phase;

typedef struct
{
  char host[DORMS_HOST_MAX];
  uint16_t port;
} dorms_target;

struct dorms
{
  dorms_config config;
  char server[DORMS_HOST_MAX];  /* configured, or "" */
  core_time now;

  dorms_phase phase;
  core_time wake_at;            /* IDLE */
  core_time round_started;
  unsigned failures;            /* rounds in a row */
  core_time retry_after;        /* at least so long, as a server asked */
  bool bypass;                  /* caches are not good enough */
  bool again;                   /* what is on its way may be too old */

  bool question_due;
  bool open;                    /* it was put and is not answered */
  core_time open_until;
  dorms_question question;
  unsigned redirects;

  unsigned n_targets;
  unsigned next_target;
  dorms_target targets[DORMS_SRV_MAX];
  bool targets_known;           /* SRV records, until srv_until */
  core_time srv_until;
  dorms_target target;          /* that is being asked */

  char root[DORMS_ROOT_MAX];
  bool root_was_known;          /* from an earlier round */
  dorms_library_version library_version;
  unsigned unknown_revisions;
  dorms_form form;
  unsigned forms_tried;         /* bits */

  dorms_metadata *metadata;
  dorms_state state;
  core_time stale_at;
  core_time drop_at;            /* WITHDRAWN */
  char etag[DORMS_ETAG_MAX];
  char etag_url[DORMS_URL_MAX]; /* what it is of */

  dorms_event events[DORMS_EVENTS_MAX];
  unsigned n_events;
  unsigned first_event;
};

/* Adds without wrapping. */
core_time dorms_later (core_time t, core_time wait);

/* A uniformly random number from 0 to max; ctx is the dorms. */
uint32_t dorms_draw (void *ctx, uint32_t max);

/* A uniformly random time from 0 to 10 s. */
core_time dorms_jitter (dorms * d);

/* When the server may be asked again, however many changes are announced. */
core_time dorms_soonest_refresh (const dorms * d);

/* Puts a GET for a path to the target. */
void dorms_ask_get (dorms * d, dorms_phase phase, const char *path,
    const char *accept, size_t max_body);

/* A new event; its fields are zero but for the type and the server. */
dorms_event *dorms_add_event (dorms * d, dorms_event_type type);

/* The server that is being asked; NULL without memory. */
dorms_server *dorms_target_server (dorms * d);

/* What is known decides the next step with the target. */
void dorms_continue_target (dorms * d);

/* The target is of no use, and the next one's turn. */
void dorms_fail_target (dorms * d, dorms_code code,
    const dorms_http_answer * answer);

/* Ends the round with nothing: it is of no use to ask others. */
void dorms_fail_round (dorms * d, dorms_code code,
    const dorms_http_answer * answer);

/* Takes over what a server said, and sleeps until it is to be asked again. */
void dorms_succeed (dorms * d, dorms_metadata * metadata,
    const dorms_http_answer * answer);

/* The server does not know the channel. */
void dorms_deny_metadata (dorms * d, const dorms_http_answer * answer);

/* Asks the next target of the round, or ends it. */
void dorms_next_target (dorms * d);

/* Tells the state of the metadata. */
void dorms_tell_metadata (dorms * d);

/* What was withdrawn has lost its last use. */
void dorms_drop_metadata (dorms * d);
