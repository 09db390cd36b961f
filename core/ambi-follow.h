/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Decides which manifest server is to be connected to, and when
 * (draft-ietf-mboned-ambi-05 §3.3.1, §3.5, §4).
 *
 *   start       the first URI of a list of alternatives
 *   an end      the next URI at once, each at most once a round; after a round
 *               a wait: 1, 2, 4, ... 60 s and up to a quarter more, back to 1 s
 *               once manifests have come for healthy_time
 *   stalled     packets arrive and no manifest or digest is completed for
 *               idle_timeout, be it that nothing comes or too slowly: an end
 *   refresh     a second connection, which must bring another stream; the
 *               first one stays until that has taken over, or ends
 *
 * Pure: news and the time go in; connections to make and to break and the next
 * deadline come out.  After every call that takes the time: call
 * ambi_follow_action () until false, and read ambi_follow_deadline ().
 */
#pragma once

#include "core.h"

enum
{
  AMBI_FOLLOW_SLOTS = 2,        /* connections at a time */
  AMBI_FOLLOW_URIS_MAX = 64
};

/* Zero in a field means its default, where one is given. */
typedef struct
{
  core_random_func random;
  void *random_ctx;

  unsigned n_uris;              /* 1 to AMBI_FOLLOW_URIS_MAX */
  core_time connect_timeout;    /* 10 s until connected */
  core_time idle_timeout;       /* 10 s */
  core_time healthy_time;       /* 60 s */
  core_time first_wait;         /* 1 s */
  core_time longest_wait;       /* 60 s */
  core_time longest_retry_after;        /* 300 s */
} ambi_follow_config;

typedef struct ambi_follow ambi_follow;

/* Connects to the first URI.  Returns CORE_OK, CORE_ERR_NO_MEMORY or
 * CORE_ERR_INVALID_ARGUMENT (no random, no URI or too many). */
int ambi_follow_new (ambi_follow ** out, const ambi_follow_config * config,
    core_time now);
void ambi_follow_free (ambi_follow * follow);

/*
 * News of the connection in a slot; of a slot that has none they are ignored
 */

/* The server accepted: manifests may come. */
void ambi_follow_connected (ambi_follow * follow, unsigned slot,
    core_time now);

/* A manifest or a digest of it was completed. */
void ambi_follow_progress (ambi_follow * follow, unsigned slot,
    core_time now);

/* The connection could not be made, broke, or brought what ends it.
 * retry_after: what the server asked for, or 0. */
void ambi_follow_ended (ambi_follow * follow, unsigned slot,
    core_time retry_after, core_time now);

/* The sender announced the end of the stream that the connection brings.  One
 * round of connections is made for another stream; each time it is told again,
 * another round, first_wait after the last one at the earliest. */
void ambi_follow_refresh (ambi_follow * follow, unsigned slot, core_time now);

/* Another stream has taken over from this one. */
void ambi_follow_leave (ambi_follow * follow, unsigned slot, core_time now);

/* The stream brings nothing that can be used: an end like others. */
void ambi_follow_disconnect (ambi_follow * follow, unsigned slot,
    core_time now);

/* Packets that need manifests arrive: to be told at least ten times within
 * idle_timeout while they do. */
void ambi_follow_packets (ambi_follow * follow, core_time now);

/*
 * What is to be done
 */

typedef enum
{
  AMBI_FOLLOW_CONNECT = 1,
  AMBI_FOLLOW_DISCONNECT        /* nothing more is to be told of it */
} ambi_follow_action_type;

typedef enum
{
  AMBI_FOLLOW_REASON_NONE,
  AMBI_FOLLOW_REASON_NO_ANSWER, /* not connected within connect_timeout */
  AMBI_FOLLOW_REASON_STALLED,
  AMBI_FOLLOW_REASON_LEFT,      /* ambi_follow_leave () */
  AMBI_FOLLOW_REASON_USELESS    /* ambi_follow_disconnect () */
} ambi_follow_reason;

/* Kebab-case ("no-answer"); never NULL. */
const char *ambi_follow_reason_name (ambi_follow_reason reason);

typedef struct
{
  ambi_follow_action_type type;
  unsigned slot;
  unsigned uri;                 /* of a CONNECT: its number in the list */
  bool another;                 /* of a CONNECT: it has to bring another stream
                                   than the other slot's connection */
  ambi_follow_reason reason;    /* of a DISCONNECT */
} ambi_follow_action_info;

bool ambi_follow_action (ambi_follow * follow,
    ambi_follow_action_info * action);

core_time ambi_follow_deadline (const ambi_follow * follow);
void ambi_follow_expire (ambi_follow * follow, core_time now);

typedef struct
{
  unsigned open;                /* connections that were accepted, now */
  uint64_t connects;            /* connections asked for */
  uint64_t ends;                /* of connections that were wanted */
  uint64_t no_answer;           /* of these: by connect_timeout, */
  uint64_t stalled;             /*   by idle_timeout */
} ambi_follow_stats;

const ambi_follow_stats *ambi_follow_get_stats (const ambi_follow * follow);
