/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * IGMPv3 inside IPv4, as AMT carries it (RFC 3376 §4, RFC 7450 §5.1).
 */
#pragma once

#include "group-records.h"

/* Parses a whole IPv4 datagram that must be an IGMPv3 General Query
 * (RFC 7450 §5.2.3.5.4).  Source address, TTL, TOS and Router Alert are not
 * looked at; octets behind the datagram are ignored. */
int igmp_parse_query (const uint8_t * data, size_t len, group_query * out);

/* Parses a whole IPv4 datagram that must be an IGMPv3 report; an IGMPv2
 * report or leave (RFC 7450 §5.3.3.4) becomes one record, CHANGE_TO_EXCLUDE or
 * CHANGE_TO_INCLUDE without sources, whose bytes lie in scratch.  IGMPv1
 * reports and all else are CORE_ERR_INNER_NOT_REPORT. */
enum
{
  IGMP_SCRATCH = 8
};
int igmp_parse_report (const uint8_t * data, size_t len,
    uint8_t scratch[IGMP_SCRATCH], group_report * out);

/* Builds the General Query of a relay: 36 bytes, from 0.0.0.0, Max Resp
 * Code 1 (RFC 7450 §5.3.3.3).  Returns the length, 0 if it does not fit. */
size_t igmp_build_query (uint8_t * buf, size_t cap, const group_query * query);

/* Builds a report datagram from 0.0.0.0 to 224.0.0.22.  Returns the length,
 * 0 if it does not fit. */
size_t igmp_build_report (uint8_t * buf, size_t cap,
    const group_record_out * records, unsigned n_records);

/* Bytes of a report datagram before its first record. */
enum
{
  IGMP_REPORT_OVERHEAD = 24 + 8
};
