/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Whether to let messages of the network collect for a moment: each wake-up has
 * its price, but where they are rare, or each brings many messages as it is,
 * waiting would be for nothing.
 */
#pragma once

#include "core.h"

typedef struct
{
  core_time time;               /* 0: never */
  unsigned limit;               /* messages that can be taken at once */

  core_time since;              /* of what is counted */
  uint64_t messages;
  uint64_t takes;               /* that brought any */

  bool collecting;
  core_time until;              /* then see how it is without */
} core_coalesce;

/* time: how long to wait at most. */
void core_coalesce_init (core_coalesce * c, core_time time, unsigned limit);

/* So many messages were taken just now.  Returns when to take the next, which is
 * now unless there would be many takes of few messages. */
core_time core_coalesce_note (core_coalesce * c, unsigned messages,
    core_time now);
