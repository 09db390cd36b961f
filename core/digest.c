/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Digests and keyed digests over OpenSSL.
 */
#include "digest.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

typedef struct
{
  const char *name;
  const char *openssl;
  size_t len;
  bool xof;                     /* as long as one asks for */
} hash_info;

/* By core_hash_algorithm; the gaps are not supported. */
static const hash_info hashes[] = {
  [CORE_HASH_SHA_224] = {"sha-224", "SHA2-224", 28, false},
  [CORE_HASH_SHA_256] = {"sha-256", "SHA2-256", CORE_SHA256_LEN, false},
  [CORE_HASH_SHA_384] = {"sha-384", "SHA2-384", 48, false},
  [CORE_HASH_SHA_512] = {"sha-512", "SHA2-512", CORE_HASH_LEN_MAX, false},
  [CORE_HASH_SHAKE_128] = {"shake-128", "SHAKE-128", 16, true},
  [CORE_HASH_SHAKE_256] = {"shake-256", "SHAKE-256", 32, true},
};

enum
{
  N_HASHES = sizeof (hashes) / sizeof (hashes[0])
};

struct core_hash
{
  EVP_MD *md;
  EVP_MD_CTX *ctx;
  size_t len;
  bool xof;
};

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

static const hash_info *
find_hash (core_hash_algorithm algorithm)
{
  size_t i = (size_t) algorithm;

  return i < N_HASHES && hashes[i].name != NULL ? &hashes[i] : NULL;
}

core_hash_algorithm
core_hash_from_name (const char *name)
{
  const char *colon = name != NULL ? strchr (name, ':') : NULL;

  if (name == NULL)
    return CORE_HASH_NONE;
  if (colon != NULL && colon != name)
    name = colon + 1;
  for (size_t i = 0; i < N_HASHES; i++) {
    if (hashes[i].name != NULL && strcmp (hashes[i].name, name) == 0)
      return (core_hash_algorithm) i;
  }
  return CORE_HASH_NONE;
}

const char *
core_hash_name (core_hash_algorithm algorithm)
{
  const hash_info *info = find_hash (algorithm);

  return info != NULL ? info->name : NULL;
}

size_t
core_hash_len (core_hash_algorithm algorithm)
{
  const hash_info *info = find_hash (algorithm);

  return info != NULL ? info->len : 0;
}

/* Fetching looks through the providers under a lock, so it is done once. */
static int
fetch (core_hash * hash, const hash_info * info)
{
  /* A failure must not stay for whoever uses OpenSSL next in this thread. */
  ERR_set_mark ();
  hash->md = EVP_MD_fetch (NULL, info->openssl, NULL);
  ERR_pop_to_mark ();
  if (hash->md == NULL)
    return CORE_ERR_FATAL;
  hash->ctx = EVP_MD_CTX_new ();
  if (hash->ctx == NULL)
    return CORE_ERR_NO_MEMORY;
  if (EVP_DigestInit_ex2 (hash->ctx, hash->md, NULL) != 1)
    return CORE_ERR_FATAL;
  return CORE_OK;
}

int
core_hash_new (core_hash ** out, core_hash_algorithm algorithm)
{
  const hash_info *info = find_hash (algorithm);
  core_hash *hash;
  int ret;

  *out = NULL;
  if (info == NULL)
    return CORE_ERR_INVALID_ARGUMENT;
  hash = calloc (1, sizeof (*hash));
  if (hash == NULL)
    return CORE_ERR_NO_MEMORY;
  hash->len = info->len;
  hash->xof = info->xof;
  ret = fetch (hash, info);
  if (ret != CORE_OK) {
    core_hash_free (hash);
    return ret;
  }
  *out = hash;
  return CORE_OK;
}

void
core_hash_free (core_hash * hash)
{
  if (hash == NULL)
    return;
  EVP_MD_CTX_free (hash->ctx);
  EVP_MD_free (hash->md);
  free (hash);
}

int
core_hash_digest (core_hash * hash, const core_slice * parts, size_t n,
    uint8_t * out)
{
  /* Without a type it starts anew with the one it has. */
  bool ok = EVP_DigestInit_ex2 (hash->ctx, NULL, NULL) == 1;

  for (size_t i = 0; i < n && ok; i++)
    ok = parts[i].len == 0 ||
        EVP_DigestUpdate (hash->ctx, parts[i].data, parts[i].len) == 1;
  if (ok)
    ok = (hash->xof ? EVP_DigestFinalXOF (hash->ctx, out, hash->len) :
        EVP_DigestFinal_ex (hash->ctx, out, NULL)) == 1;
  return ok ? CORE_OK : CORE_ERR_FATAL;
}
