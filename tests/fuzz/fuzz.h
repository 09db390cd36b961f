/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the fuzz targets share: the entry point, a check that stays in
 * release builds, and guarded copies.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

/* A broken invariant is a crash for the fuzzer. */
#define FUZZ_CHECK(condition) \
  do { \
    if (!(condition)) \
      abort (); \
  } while (0)

/* A block of exactly that length, so that a sanitizer sees its end. */
static inline uint8_t *
fuzz_copy (const uint8_t * data, size_t size)
{
  uint8_t *copy = calloc (1, size);

  FUZZ_CHECK (copy != NULL);
  if (size > 0)
    memcpy (copy, data, size);
  return copy;
}
