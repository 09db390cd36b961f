/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the tests of the receiver share: packets, and steps to be played.
 */
#pragma once

#include "receiver.h"

#include <gst/check/gstcheck.h>
#include <string.h>

#define MS CORE_MSECOND

/* As fail_unless, but without a system call each time it holds. */
#define check_packet(expr, number) \
  do { \
    if (!(expr)) \
      fail ("packet %u: %s", (unsigned) (number), #expr); \
  } while (0)

static inline receiver *
make (void)
{
  receiver_config config = {.native_timeout = 1000 * MS,.key = {7} };
  receiver *rx;

  fail_unless_equals_int (receiver_new (&rx, &config), CORE_OK);
  return rx;
}

/* Packet number n of 1316 bytes that differ from those of any other, and so do
 * their marks. */
static inline bool
packet (receiver * rx, receiver_path by, uint32_t n, core_time now)
{
  uint8_t data[1316] = { 0 };

  memcpy (data + 600, &n, sizeof (n));
  return receiver_packet (rx, by, data, sizeof (data), now);
}

/* Each step: at that time a packet by that path (NONE: only time), whether it
 * is passed, and what the receiver wants then. */
typedef struct
{
  core_time ms;
  receiver_path by;
  uint32_t number;
  bool passed;
  bool tunnel;
  receiver_path delivery;
} step;

#define N RECEIVER_NATIVE
#define T RECEIVER_TUNNEL
#define O RECEIVER_NONE

static inline void
play (receiver * rx, const step * steps, unsigned n)
{
  for (unsigned i = 0; i < n; i++) {
    core_time now = steps[i].ms * MS;

    if (steps[i].by != O)
      fail_unless (packet (rx, steps[i].by, steps[i].number, now) ==
          steps[i].passed, "step %u", i);
    receiver_expire (rx, now);
    fail_unless (receiver_wants_tunnel (rx) == steps[i].tunnel, "step %u", i);
    fail_unless_equals_int (receiver_delivery (rx), steps[i].delivery);
  }
}
