/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the MLD parsers and, with what they accept, the builders.
 */
#include "fuzz.h"
#include "fuzz-membership.h"
#include "mld.h"

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  static const fuzz_membership mld = {
    .parse_query = mld_parse_query,
    .parse_report = mld_parse_report,
    .build_query = mld_build_query,
    .build_report = mld_build_report
  };

  fuzz_membership_run (&mld, data, size);
  return 0;
}
