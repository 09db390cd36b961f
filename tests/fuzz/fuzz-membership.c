/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the IGMP and the MLD target do with what their parsers accept.
 */
#include "fuzz-membership.h"

#include "fuzz.h"
#include "ipudp.h"

enum
{
  SCRATCH = 20,
  MAX_DATAGRAM = 40 + 65535
};

static void
put_u16 (uint8_t * p, uint16_t v)
{
  p[0] = (uint8_t) (v >> 8);
  p[1] = (uint8_t) v;
}

/* Sets the IPv4 header checksum and the one of the message. */
static void
repair (uint8_t * data, size_t size)
{
  size_t header = size > 0 ? (size_t) (data[0] & 15) * 4 : 0;
  ip_packet ip;
  uint32_t sum = 0;

  if (size >= IP_V4_HEADER && data[0] >> 4 == 4 && header >= IP_V4_HEADER &&
      header <= size) {
    put_u16 (data + 10, 0);
    put_u16 (data + 10, ip_sum_finish (ip_sum (data, header, 0)));
  }
  if (ip_parse (data, size, &ip) != CORE_OK || ip.payload_len < 4)
    return;
  if (ip.src.family == CORE_FAMILY_V6)
    sum = ip_pseudo_sum (&ip.src, &ip.dst, ip.protocol, ip.payload_len);
  put_u16 (data + ip.payload + 2, 0);
  put_u16 (data + ip.payload + 2, ip_sum_finish (ip_sum (data + ip.payload,
              ip.payload_len, sum)));
}

static void
check_query (const fuzz_membership * m, const group_query * query)
{
  group_query again;
  uint8_t buf[128];
  size_t len = m->build_query (buf, sizeof (buf), query);

  FUZZ_CHECK (query->robustness != 0 && query->query_interval != 0);
  FUZZ_CHECK (len > 0);
  FUZZ_CHECK (m->parse_query (buf, len, &again) == CORE_OK);
  FUZZ_CHECK (again.robustness == query->robustness);
  FUZZ_CHECK (again.query_interval == query->query_interval);
}

static core_ip *
copy_sources (const group_record * record)
{
  core_ip *sources = calloc (record->n_sources + 1, sizeof (core_ip));

  FUZZ_CHECK (sources != NULL);
  for (unsigned i = 0; i < record->n_sources; i++)
    sources[i] = group_record_source (record, i);
  return sources;
}

/* Builds one record and finds the same again. */
static void
check_record (const fuzz_membership * m, const group_record * record)
{
  core_ip *sources = copy_sources (record);
  group_record_out out = {.group = record->group,.sources = sources };
  uint8_t *buf = malloc (MAX_DATAGRAM);
  uint8_t scratch[SCRATCH];
  group_report report;
  group_record again;
  size_t pos = 0, len;

  out.type = (group_record_type) record->type;
  out.n_sources = record->n_sources;
  len = m->build_report (buf, MAX_DATAGRAM, &out, 1);
  if (len > 0) {
    FUZZ_CHECK (m->parse_report (buf, len, scratch, &report) == CORE_OK);
    FUZZ_CHECK (group_report_next (&report, &pos, &again));
    FUZZ_CHECK (again.type == record->type);
    FUZZ_CHECK (core_ip_equal (&again.group, &record->group));
    FUZZ_CHECK (again.n_sources == record->n_sources);
    FUZZ_CHECK (again.n_sources == 0 || memcmp (again.sources,
            record->sources, again.n_sources * core_ip_len (&again.group)) ==
        0);
    FUZZ_CHECK (!group_report_next (&report, &pos, &again));
  }
  free (buf);
  free (sources);
}

static void
check_report (const fuzz_membership * m, const group_report * report)
{
  group_record record;
  unsigned n = 0;
  size_t pos = 0;

  while (group_report_next (report, &pos, &record)) {
    if (n < 4)
      check_record (m, &record);
    n++;
  }
  FUZZ_CHECK (n == report->n_records);
  FUZZ_CHECK (pos == report->len);
}

void
fuzz_membership_run (const fuzz_membership * m, const uint8_t * data,
    size_t size)
{
  uint8_t *copy = fuzz_copy (data, size);
  uint8_t scratch[SCRATCH];
  group_report report;
  group_query query;

  (void) m->parse_query (copy, size, &query);
  (void) m->parse_report (copy, size, scratch, &report);
  repair (copy, size);
  if (m->parse_query (copy, size, &query) == CORE_OK)
    check_query (m, &query);
  if (m->parse_report (copy, size, scratch, &report) == CORE_OK)
    check_report (m, &report);
  free (copy);
}
