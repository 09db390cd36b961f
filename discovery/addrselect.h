/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Which of two destinations to try first (RFC 6724 §6).
 */
#pragma once

#include "addr.h"

/* A destination, and the local address it would be reached from. */
typedef struct
{
  core_ip to;
  core_ip from;
} addr_pair;

/* Negative: a first; positive: b first; 0: it makes no difference.  Rules 2, 5,
 * 6, 8 and 9 with the default policy table; rule 9 for IPv6 alone, since with
 * IPv4 it would undo the spreading of load over equal relays. */
int addr_select_compare (const addr_pair * a, const addr_pair * b);
