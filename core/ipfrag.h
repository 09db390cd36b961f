/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reassembly of fragmented IP datagrams in bounded memory.
 */
#pragma once

#include "ipudp.h"

typedef struct
{
  unsigned max_datagrams;       /* incomplete ones held at a time */
  size_t max_bytes;             /* of their payloads together */
  core_time timeout;            /* from the first fragment; may be NEVER */
} ip_reassembly_limits;

typedef struct ip_reassembly ip_reassembly;

/* Returns CORE_OK, CORE_ERR_NO_MEMORY or CORE_ERR_INVALID_ARGUMENT. */
int ip_reassembly_new (ip_reassembly ** out,
    const ip_reassembly_limits * limits);
void ip_reassembly_free (ip_reassembly * ra);

/* Adds one fragment (packet->fragment must be true) whose IP payload starts
 * at payload.  Returns
 *   1: the datagram is whole: *whole and *whole_len are its IP payload, valid
 *      until the next call;
 *   0: it is held (or it was already, all its bytes the same);
 *   CORE_ERR_FRAGMENT_INVALID: it overlaps, is misaligned or too long; what
 *      was held of its datagram is gone (RFC 5722 §3);
 *   CORE_ERR_FRAGMENT_LIMIT: it alone is over the limits; what was held of
 *      its datagram is gone.
 * Older incomplete datagrams make room for newer ones; see
 * ip_reassembly_evicted (). */
int ip_reassembly_add (ip_reassembly * ra, const ip_packet * packet,
    const uint8_t * payload, core_time now, const uint8_t ** whole,
    size_t *whole_len);

/* When expire () should next be called; CORE_TIME_NEVER if nothing is held. */
core_time ip_reassembly_deadline (const ip_reassembly * ra);

/* Drops datagrams that did not complete in time. */
void ip_reassembly_expire (ip_reassembly * ra, core_time now);

/* Drops all that is held, uncounted. */
void ip_reassembly_clear (ip_reassembly * ra);

/* Incomplete datagrams dropped so far: pushed out by newer ones; too old. */
uint64_t ip_reassembly_evicted (const ip_reassembly * ra);
uint64_t ip_reassembly_timed_out (const ip_reassembly * ra);
