/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Time, errors and randomness: the vocabulary every protocol core shares.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds on a monotonic clock of the caller's choice.  0 is an ordinary
 * time. */
typedef uint64_t core_time;

#define CORE_TIME_NEVER UINT64_MAX
#define CORE_MSECOND ((core_time) 1000000)
#define CORE_SECOND ((core_time) 1000000000)

/* now + delay, or never. */
static inline core_time
core_time_add (core_time now, core_time delay)
{
  return delay >= CORE_TIME_NEVER - now ? CORE_TIME_NEVER : now + delay;
}

/* Fills buf with len unpredictable bytes.  The only callback a core has. */
typedef void (*core_random_func) (void *ctx, uint8_t * buf, size_t len);

/* Results of core functions are 0 (or a count) or one of these.  Everything
 * above CORE_ERR_FATAL says why one datagram is ignored; such a datagram never
 * ends anything.  core_error_name () gives the name used in statistics. */
typedef enum
{
  CORE_OK = 0,

  /* the AMT message */
  CORE_ERR_TOO_SHORT = -1,
  CORE_ERR_BAD_VERSION = -2,
  CORE_ERR_UNEXPECTED_TYPE = -3,
  CORE_ERR_BAD_LENGTH = -4,
  CORE_ERR_NOT_WAITING = -5,
  CORE_ERR_WRONG_SOURCE_ADDRESS = -6,
  CORE_ERR_WRONG_SOURCE_PORT = -7,
  CORE_ERR_NONCE_MISMATCH = -8,
  CORE_ERR_MAC_MISMATCH = -9,
  CORE_ERR_FAMILY_MISMATCH = -10,
  CORE_ERR_RELAY_ADDRESS_NOT_UNICAST = -11,

  /* the encapsulated IP datagram */
  CORE_ERR_INNER_TRUNCATED = -12,
  CORE_ERR_INNER_VERSION = -13,
  CORE_ERR_INNER_LENGTH_EXCEEDS = -14,
  CORE_ERR_INNER_IP_CHECKSUM = -15,
  CORE_ERR_INNER_PROTOCOL_MISMATCH = -16,
  CORE_ERR_INNER_FRAGMENT = -17,        /* where none may be: a control message */

  /* encapsulated IGMP and MLD */
  CORE_ERR_INNER_CHECKSUM = -18,
  CORE_ERR_INNER_NOT_QUERY = -19,
  CORE_ERR_NOT_V3_QUERY = -20,
  CORE_ERR_NOT_V2_QUERY = -21,
  CORE_ERR_NOT_GENERAL_QUERY = -22,
  CORE_ERR_INNER_NOT_REPORT = -23,
  CORE_ERR_SSM_NEEDS_SOURCE = -24,

  /* encapsulated UDP */
  CORE_ERR_INNER_NOT_UDP = -25,
  CORE_ERR_INNER_UDP_LENGTH = -26,
  CORE_ERR_INNER_UDP_CHECKSUM = -27,
  CORE_ERR_INNER_DST_NOT_MULTICAST = -28,
  CORE_ERR_GROUP_NOT_SUBSCRIBED = -29,
  CORE_ERR_SOURCE_NOT_SUBSCRIBED = -30,
  CORE_ERR_PORT_NOT_SUBSCRIBED = -31,

  /* reassembly */
  CORE_ERR_FRAGMENT_INVALID = -32,      /* overlap, bad length, too long */
  CORE_ERR_FRAGMENT_LIMIT = -33,        /* evicted: too many, too many bytes */
  CORE_ERR_FRAGMENT_TIMEOUT = -34,      /* did not complete in time */

  /* a relay's protection */
  CORE_ERR_RATE_LIMITED = -35,
  CORE_ERR_TOO_MANY_GATEWAYS = -36,
  CORE_ERR_TOO_MANY_CHANNELS = -37,

  CORE_ERR_N_DROPS = 38,        /* size of a table indexed by -error */

  CORE_ERR_FATAL = -100,        /* this and below: the call itself failed */
  CORE_ERR_NO_MEMORY = -101,
  CORE_ERR_INVALID_ARGUMENT = -102,
  CORE_ERR_LIMIT = -103         /* a configured limit of the caller's */
} core_error;

/* The kebab-case name of an error ("nonce-mismatch"); never NULL. */
const char *core_error_name (int error);
