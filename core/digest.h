/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Digests and keyed digests: the one place that knows OpenSSL.
 */
#pragma once

#include "core.h"

enum
{
  CORE_SHA256_LEN = 32
};

/* HMAC-SHA-256 (RFC 2104) of data.  Returns CORE_OK or CORE_ERR_FATAL. */
int core_hmac_sha256 (const uint8_t * key, size_t key_len,
    const uint8_t * data, size_t len, uint8_t out[CORE_SHA256_LEN]);
