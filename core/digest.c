/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Digests and keyed digests over OpenSSL.
 */
#include "digest.h"

#include <limits.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

int
core_hmac_sha256 (const uint8_t * key, size_t key_len, const uint8_t * data,
    size_t len, uint8_t out[CORE_SHA256_LEN])
{
  unsigned int out_len = 0;

  if (key_len > INT_MAX || HMAC (EVP_sha256 (), key, (int) key_len, data, len,
          out, &out_len) == NULL || out_len != CORE_SHA256_LEN)
    return CORE_ERR_FATAL;
  return CORE_OK;
}
