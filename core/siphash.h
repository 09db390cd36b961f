/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A short keyed hash for tables whose keys strangers choose: without the key
 * nobody can make entries collide.
 */
#pragma once

#include "core.h"

enum
{
  CORE_SIPHASH_KEY_LEN = 16
};

/* SipHash-2-4 (Aumasson and Bernstein, 2012). */
uint64_t core_siphash (const uint8_t key[CORE_SIPHASH_KEY_LEN],
    const uint8_t * data, size_t len);
