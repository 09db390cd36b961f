/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the IGMP parsers and, with what they accept, the builders.
 */
#include "fuzz.h"
#include "fuzz-membership.h"
#include "igmp.h"

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  static const fuzz_membership igmp = {
    .parse_query = igmp_parse_query,
    .parse_report = igmp_parse_report,
    .build_query = igmp_build_query,
    .build_report = igmp_build_report
  };

  fuzz_membership_run (&igmp, data, size);
  return 0;
}
