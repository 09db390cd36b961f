/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The digests that a packet has under a plan.
 */
#include "ambi-verify.h"

#include <stdlib.h>
#include <string.h>

struct ambi_hasher
{
  bool follows;                 /* the plan is one that was taken over */
  ambi_plan plan;
  core_hash *hashes[AMBI_PROFILES_MAX];
};

int
ambi_hasher_new (ambi_hasher ** out)
{
  *out = calloc (1, sizeof (**out));
  return *out != NULL ? CORE_OK : CORE_ERR_NO_MEMORY;
}

void
ambi_hasher_free (ambi_hasher * hasher)
{
  if (hasher == NULL)
    return;
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++)
    core_hash_free (hasher->hashes[i]);
  free (hasher);
}

/* A context serves any stream of its algorithm. */
static int
follow_place (ambi_hasher * hasher, const ambi_plan * plan, unsigned i)
{
  core_hash_algorithm algorithm = i < plan->n ?
      plan->profile[i].algorithm : CORE_HASH_NONE;
  core_hash_algorithm now = hasher->plan.profile[i].algorithm;
  int ret = CORE_OK;

  if (algorithm != now) {
    core_hash_free (hasher->hashes[i]);
    hasher->hashes[i] = NULL;
    hasher->plan.profile[i].algorithm = CORE_HASH_NONE;
    if (algorithm != CORE_HASH_NONE)
      ret = core_hash_new (&hasher->hashes[i], algorithm);
  }
  if (ret == CORE_OK)
    hasher->plan.profile[i] = plan->profile[i];
  return ret;
}

int
ambi_hasher_follow (ambi_hasher * hasher, const ambi_plan * plan)
{
  if (hasher->follows && hasher->plan.generation == plan->generation)
    return CORE_OK;
  hasher->follows = false;
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    int ret = follow_place (hasher, plan, i);

    if (ret != CORE_OK)
      return ret;
  }
  hasher->plan.n = plan->n;
  hasher->plan.generation = plan->generation;
  hasher->follows = true;
  return CORE_OK;
}

int
ambi_hasher_packet (ambi_hasher * hasher, const ambi_flow * flow,
    const uint8_t * data, size_t len, ambi_digests * out)
{
  if (!hasher->follows)
    return CORE_ERR_INVALID_ARGUMENT;
  out->generation = hasher->plan.generation;
  for (unsigned i = 0; i < hasher->plan.n; i++) {
    int ret;

    if (hasher->hashes[i] == NULL)
      continue;
    ret = ambi_packet_digest (hasher->hashes[i], flow,
        hasher->plan.profile[i].stream_id, data, len, out->bytes[i]);
    if (ret != CORE_OK)
      return ret;
  }
  return CORE_OK;
}
