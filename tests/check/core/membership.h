/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The checks that IGMP and MLD share: parsers and builders against the
 * vectors, cut and padded.
 */
#pragma once

#include "group-records.h"
#include "vectors.h"

/* One of the two protocols. */
typedef struct
{
  const char *query_kind;       /* "inner.kind" in the vectors */
  const char *report_kind;
  core_family family;
  int (*parse_query) (const uint8_t * data, size_t len, group_query * out);
  int (*parse_report) (const uint8_t * data, size_t len, uint8_t * scratch,
      group_report * out);
  size_t (*build_query) (uint8_t * buf, size_t cap, const group_query * query);
  size_t (*build_report) (uint8_t * buf, size_t cap,
      const group_record_out * records, unsigned n_records);
  size_t report_overhead;
  size_t max_len;               /* of a datagram */
} membership_protocol;

/* Every valid vector of the protocol: all fields, every prefix, octets behind
 * it, and the same bytes from the builder.  Returns how many there were. */
unsigned check_membership_vectors (const membership_protocol * protocol);

/* Builders: too small buffers, and reports longer than a datagram can be. */
void check_membership_limits (const membership_protocol * protocol);

/* What the query or report parser says of received vectors. */
typedef struct
{
  const char *id;
  int ret;
} membership_case;
void check_membership_received (int (*parse) (const uint8_t * data,
        size_t len), const membership_case * cases, unsigned n);
