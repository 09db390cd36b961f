/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the IGMP and the MLD target do with what their parsers accept.
 */
#pragma once

#include "group-records.h"

typedef struct
{
  int (*parse_query) (const uint8_t * data, size_t len, group_query * out);
  int (*parse_report) (const uint8_t * data, size_t len, uint8_t * scratch,
      group_report * out);
  size_t (*build_query) (uint8_t * buf, size_t cap, const group_query * query);
  size_t (*build_report) (uint8_t * buf, size_t cap,
      const group_record_out * records, unsigned n_records);
} fuzz_membership;

/* Parses data as a query and as a report, after its checksums are put right
 * as far as it has any: no fuzzer guesses them.  What is accepted is rebuilt
 * and parsed again. */
void fuzz_membership_run (const fuzz_membership * m, const uint8_t * data,
    size_t size);
