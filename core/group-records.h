/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What IGMPv3 and MLDv2 share: the fields of a General Query, the group
 * records of a report, and the floating-point time codes (RFC 3376 §4,
 * RFC 3810 §5).
 */
#pragma once

#include "addr.h"

enum
{
  GROUP_DEFAULT_QUERY_INTERVAL = 125,   /* s, RFC 3376 §8.2 */
  GROUP_DEFAULT_ROBUSTNESS = 2, /* RFC 3376 §8.1 */
  GROUP_QUERY_RESPONSE_INTERVAL = 10    /* s, RFC 3376 §8.3 */
};

/* The 8-bit time code: QQIC in s, IGMP Max Resp Code in 1/10 s
 * (RFC 3376 §4.1.1, §4.1.7).  Encoding yields the exact code or the next
 * lower one; what is too large becomes the largest code. */
uint32_t group_time_decode8 (uint8_t code);
uint8_t group_time_encode8 (uint32_t value);

/* The 16-bit one: MLD Maximum Response Code in ms (RFC 3810 §5.1.3). */
uint32_t group_time_decode16 (uint16_t code);
uint16_t group_time_encode16 (uint32_t value);

/* What a General Query tells an AMT gateway. */
typedef struct
{
  uint32_t max_response_ms;
  uint32_t query_interval;      /* s, from QQIC; 0 sent = 125 */
  uint8_t robustness;           /* QRV; 0 sent = 2 */
} group_query;

/* Reads the tail both queries have: S, QRV, QQIC, number of sources. */
uint16_t group_query_read_tail (rd_cursor * r, group_query * out);

/* Writes it for a General Query; what is too large for its field becomes the
 * largest value, since QRV must not be 0 (RFC 7450 §5.3.3.3). */
void group_query_write_tail (wr_cursor * w, const group_query * query);

typedef enum
{
  GROUP_MODE_IS_INCLUDE = 1,
  GROUP_MODE_IS_EXCLUDE = 2,
  GROUP_CHANGE_TO_INCLUDE = 3,
  GROUP_CHANGE_TO_EXCLUDE = 4,
  GROUP_ALLOW_NEW_SOURCES = 5,
  GROUP_BLOCK_OLD_SOURCES = 6
} group_record_type;

/* One record; sources are read with group_record_source (). */
typedef struct
{
  uint8_t type;                 /* group_record_type, or unknown: ignore it */
  core_ip group;
  unsigned n_sources;
  const uint8_t *sources;
} group_record;

core_ip group_record_source (const group_record * record, unsigned i);

/* A report's records, checked as a whole; the bytes belong to the datagram. */
typedef struct
{
  core_family family;
  const uint8_t *data;
  size_t len;
  unsigned n_records;
} group_report;

/* Checks that the n_records records fit into the rest of the cursor, and
 * fills out.  Octets behind them are ignored (RFC 3376 §4.2.11).  Returns
 * CORE_OK or CORE_ERR_INNER_TRUNCATED. */
int group_report_read (rd_cursor * r, core_family family, unsigned n_records,
    group_report * out);

/* Reads the group of an IGMPv2 or MLDv1 message and fills out with what it says
 * in one record without sources, whose bytes lie in scratch: 4 and those of an
 * address.  Returns CORE_OK or CORE_ERR_INNER_TRUNCATED. */
int group_report_read_old (rd_cursor * r, core_family family,
    group_record_type as, uint8_t * scratch, size_t cap, group_report * out);

/* Walks a report: start with *pos 0; false after the last record. */
bool group_report_next (const group_report * report, size_t *pos,
    group_record * out);

/* A record to be written. */
typedef struct
{
  group_record_type type;
  core_ip group;
  const core_ip *sources;
  unsigned n_sources;
} group_record_out;

/* Bytes of a record with that many sources. */
size_t group_record_len (core_family family, unsigned n_sources);

/* Writes the body both reports have behind their type: reserved, checksum 0,
 * reserved, the number of records, the records. */
void group_report_write (wr_cursor * w, const group_record_out * records,
    unsigned n_records);
