/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What one gateway joined: the router half of IGMPv3 and MLDv2
 * (RFC 3376 §6, RFC 3810 §7) for a link with a single host, as an AMT tunnel
 * is one.  Private to the relay.
 */
#pragma once

#include "group-records.h"

/* A source of a group.  In INCLUDE mode all are wanted; in EXCLUDE mode all
 * but the excluded ones, which are those whose source timer is 0. */
typedef struct
{
  core_ip ip;
  bool excluded;
  bool listed;                  /* by the record being processed */
  core_time expires;            /* unless excluded */
} amt_member_source;

typedef struct
{
  core_ip group;
  bool exclude;                 /* the filter mode */
  core_time expires;            /* the group timer, in EXCLUDE mode */
  amt_member_source *sources;
  unsigned n_sources;
  unsigned cap;
} amt_member_group;

/* All zero is: nothing joined. */
typedef struct
{
  amt_member_group *groups;
  unsigned n_groups;
  unsigned cap;
} amt_members;

typedef struct
{
  unsigned max_groups;
  unsigned max_sources;         /* of a group */
  core_time lifetime;           /* of what is not refreshed: GMI, MALI */
} amt_members_limits;

/* What processing records did; zero it before the first. */
typedef struct
{
  bool changed;                 /* wants () may answer differently */
  bool no_memory;
  unsigned used;                /* records that were processed */
  unsigned ignored;             /* records without meaning, whole or in part */
  unsigned refused;             /* additions beyond the limits */
} amt_members_result;

/* Processes one record (RFC 3376 §6.4, RFC 3810 §7.4).  Where a router would
 * query the link before it drops a source, the source goes at once. */
void amt_members_apply (amt_members * m, const group_record * record,
    const amt_members_limits * limits, core_time now,
    amt_members_result * result);

/* Drops what was not refreshed in time; returns whether anything changed. */
bool amt_members_expire (amt_members * m, core_time now);

/* When the next timer expires. */
core_time amt_members_deadline (const amt_members * m);

bool amt_members_wants (const amt_members * m, const core_ip * source,
    const core_ip * group);

void amt_members_clear (amt_members * m);
