/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * MLDv2 inside IPv6, as AMT carries it (RFC 3810 §5, RFC 7450 §5.1).
 */
#pragma once

#include "group-records.h"

/* As igmp_parse_query (), for an IPv6 datagram with an MLDv2 General Query. */
int mld_parse_query (const uint8_t * data, size_t len, group_query * out);

/* As igmp_parse_report (), for MLDv2 reports and MLDv1 Report and Done.  Any
 * other ICMPv6 message is CORE_ERR_INNER_NOT_REPORT. */
enum
{
  MLD_SCRATCH = 20
};
int mld_parse_report (const uint8_t * data, size_t len,
    uint8_t scratch[MLD_SCRATCH], group_report * out);

/* Builds the General Query of a relay: 76 bytes, from fe80::2, because hosts
 * ignore queries from elsewhere (RFC 3810 §5.1.14). */
size_t mld_build_query (uint8_t * buf, size_t cap, const group_query * query);

/* Builds a report datagram from fe80::1 to ff02::16: strict routers drop
 * reports from :: (RFC 3810 §5.2.13). */
size_t mld_build_report (uint8_t * buf, size_t cap,
    const group_record_out * records, unsigned n_records);

/* Bytes of a report datagram before its first record. */
enum
{
  MLD_REPORT_OVERHEAD = 40 + 8 + 8
};
