/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Decides by which of two paths a channel is received, native multicast or a
 * tunnel, and sorts out what both of them bring.
 *
 *   start           native joined; nothing came within native_timeout, or
 *                   joining is impossible: the tunnel is wanted
 *   tunnel wanted   the native join stays; once native packets have come for
 *                   healthy_time without a pause, and none of them was dropped
 *                   that may be another one: native alone again
 *   native alone    a pause of native_timeout: the tunnel is wanted
 *
 * As long as the tunnel is wanted the packets of both paths are passed, in the
 * order in which they come, and those that the other path brought before are
 * not: no packet is passed twice, and none is lost that one path brings, but for
 * a rare case that receiver.c tells of.
 */
#pragma once

#include "core.h"
#include "packet-hash.h"

typedef enum
{
  RECEIVER_NONE,
  RECEIVER_NATIVE,
  RECEIVER_TUNNEL
} receiver_path;

typedef struct
{
  core_time native_timeout;     /* less than the tunnel is behind: packets may
                                   be passed twice when it is opened */
  core_time healthy_time;       /* 0: 1 s */
  unsigned healthy_packets;     /* at least so many in that time; 0: 3 */
  uint8_t key[CORE_SIPHASH_KEY_LEN];    /* random */
} receiver_config;

typedef struct _receiver receiver;

int receiver_new (receiver ** out, const receiver_config * config);
void receiver_free (receiver * rx);

/* The channel is asked for now; native: joined, or as good as. */
void receiver_start (receiver * rx, bool native, core_time now);

/* Time passed in which nothing was received that counts. */
void receiver_resume (receiver * rx, core_time now);

/* The native join became possible or impossible. */
void receiver_native (receiver * rx, bool possible, core_time now);

/* The channel's port is another one from now on, and what came before says
 * nothing of what will.  native: joined there, too. */
void receiver_other_port (receiver * rx, bool native, core_time now);

/* A packet came.  TRUE: pass it on; FALSE: the other path brought it before,
 * which was counted. */
bool receiver_packet (receiver * rx, receiver_path by, const uint8_t * data,
    size_t len, core_time now);

core_time receiver_deadline (const receiver * rx);
void receiver_expire (receiver * rx, core_time now);

/* Whether the tunnel is to be open now. */
bool receiver_wants_tunnel (const receiver * rx);

/* The path in charge: that by which packets come, as far as one can say in
 * one word.  NONE before the first. */
receiver_path receiver_delivery (const receiver * rx);

uint64_t receiver_duplicates (const receiver * rx);
