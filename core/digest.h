/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Digests and keyed digests: the one place that knows OpenSSL.
 */
#pragma once

#include "core.h"

enum
{
  CORE_SHA256_LEN = 32,
  CORE_HASH_LEN_MAX = 64
};

/* HMAC-SHA-256 (RFC 2104) of data.  Returns CORE_OK or CORE_ERR_FATAL. */
int core_hmac_sha256 (const uint8_t * key, size_t key_len,
    const uint8_t * data, size_t len, uint8_t out[CORE_SHA256_LEN]);

/* Hash algorithms by the values of the YANG module iana-hash-algs (2020-03-08,
 * draft-ietf-netconf-crypto-types-14); those that are not here are not
 * supported. */
typedef enum
{
  CORE_HASH_NONE = 0,
  CORE_HASH_SHA_224 = 2,
  CORE_HASH_SHA_256 = 3,
  CORE_HASH_SHA_384 = 4,
  CORE_HASH_SHA_512 = 5,
  CORE_HASH_SHAKE_128 = 6,      /* 16 octets of output */
  CORE_HASH_SHAKE_256 = 8       /* 32 octets of output */
} core_hash_algorithm;

/* The algorithm called "sha-256" and so on, with or without a YANG prefix
 * ("iha:sha-256"); CORE_HASH_NONE when name is NULL or none of them. */
core_hash_algorithm core_hash_from_name (const char *name);

/* The name without a prefix; NULL for CORE_HASH_NONE. */
const char *core_hash_name (core_hash_algorithm algorithm);

/* Octets of a digest, at most CORE_HASH_LEN_MAX; 0 for CORE_HASH_NONE. */
size_t core_hash_len (core_hash_algorithm algorithm);

/* An algorithm that was fetched once and a context that is used over and
 * over.  Not to be shared by threads. */
typedef struct core_hash core_hash;

/* Returns CORE_OK, CORE_ERR_NO_MEMORY, CORE_ERR_INVALID_ARGUMENT (no such
 * algorithm) or CORE_ERR_FATAL (OpenSSL does not offer it); *out is NULL
 * then. */
int core_hash_new (core_hash ** out, core_hash_algorithm algorithm);
void core_hash_free (core_hash * hash);

/* Bytes that somebody else owns. */
typedef struct
{
  const uint8_t *data;
  size_t len;
} core_slice;

/* The digest of the n parts one behind the other; out holds core_hash_len ()
 * octets.  Returns CORE_OK or CORE_ERR_FATAL. */
int core_hash_digest (core_hash * hash, const core_slice * parts, size_t n,
    uint8_t * out);
