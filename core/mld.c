/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * MLDv2 inside IPv6.
 */
#include "mld.h"

#include "ipudp.h"

enum
{
  MLD_QUERY = 130,
  MLD_V1_REPORT = 131,
  MLD_V1_DONE = 132,
  MLD_V2_REPORT = 143,

  MLD_V2_QUERY_LEN = 28,

  V6_HEADER_WITH_ALERT = 48,
  MAX_RESPONSE_CODE = 1         /* RFC 7450 §5.3.3.3 */
};

static const core_ip query_source = {
  .family = CORE_FAMILY_V6,.bytes = {0xfe, 0x80,[15] = 2}
};

static const core_ip report_source = {
  .family = CORE_FAMILY_V6,.bytes = {0xfe, 0x80,[15] = 1}
};

static const core_ip all_nodes = {
  .family = CORE_FAMILY_V6,.bytes = {0xff, 0x02,[15] = 1}
};

static const core_ip all_v2_routers = {
  .family = CORE_FAMILY_V6,.bytes = {0xff, 0x02,[15] = 0x16}
};

/* Hop-by-Hop header: ICMPv6 next, Router Alert for MLD, PadN (RFC 2711). */
static const uint8_t hop_by_hop[8] =
    { IP_PROTOCOL_ICMPV6, 0, 0x05, 0x02, 0, 0, 0x01, 0 };

/* The ICMPv6 message inside a datagram, its checksum verified. */
static int
open_message (const uint8_t * data, size_t len, rd_cursor * r)
{
  ip_packet ip;
  uint32_t sum;
  int ret = ip_parse (data, len, &ip);

  if (ret != CORE_OK)
    return ret;
  if (ip.fragment)
    return CORE_ERR_INNER_FRAGMENT;
  if (ip.src.family != CORE_FAMILY_V6 || ip.protocol != IP_PROTOCOL_ICMPV6)
    return CORE_ERR_INNER_PROTOCOL_MISMATCH;
  sum = ip_pseudo_sum (&ip.src, &ip.dst, IP_PROTOCOL_ICMPV6, ip.payload_len);
  if (ip_sum_finish (ip_sum (data + ip.payload, ip.payload_len, sum)) != 0)
    return CORE_ERR_INNER_CHECKSUM;

  rd_init (r, data + ip.payload, ip.payload_len);
  return CORE_OK;
}

int
mld_parse_query (const uint8_t * data, size_t len, group_query * out)
{
  rd_cursor r;
  core_ip group;
  uint16_t n_sources;
  int ret = open_message (data, len, &r);

  if (ret != CORE_OK)
    return ret;
  if (rd_u8 (&r) != MLD_QUERY)
    return CORE_ERR_INNER_NOT_QUERY;
  if (r.len < MLD_V2_QUERY_LEN)
    return CORE_ERR_NOT_V2_QUERY;

  rd_skip (&r, 3);
  out->max_response_ms = group_time_decode16 (rd_u16 (&r));
  rd_skip (&r, 2);
  group = core_ip_read (&r, CORE_FAMILY_V6);
  n_sources = group_query_read_tail (&r, out);
  if (!core_ip_is_unspecified (&group) || n_sources != 0)
    return CORE_ERR_NOT_GENERAL_QUERY;
  return CORE_OK;
}

int
mld_parse_report (const uint8_t * data, size_t len,
    uint8_t scratch[MLD_SCRATCH], group_report * out)
{
  rd_cursor r;
  int ret = open_message (data, len, &r);

  if (ret == CORE_ERR_INNER_PROTOCOL_MISMATCH)
    return CORE_ERR_INNER_NOT_REPORT;
  if (ret != CORE_OK)
    return ret;

  switch (rd_u8 (&r)) {
    case MLD_V2_REPORT:
      rd_skip (&r, 5);
      return group_report_read (&r, CORE_FAMILY_V6, rd_u16 (&r), out);
    case MLD_V1_REPORT:
      rd_skip (&r, 7);
      return group_report_read_old (&r, CORE_FAMILY_V6,
          GROUP_CHANGE_TO_EXCLUDE, scratch, MLD_SCRATCH, out);
    case MLD_V1_DONE:
      rd_skip (&r, 7);
      return group_report_read_old (&r, CORE_FAMILY_V6,
          GROUP_CHANGE_TO_INCLUDE, scratch, MLD_SCRATCH, out);
    default:
      return CORE_ERR_INNER_NOT_REPORT;
  }
}

/* IPv6 and Hop-by-Hop header; length and checksum come last. */
static void
begin_datagram (wr_cursor * w, const core_ip * src, const core_ip * dst)
{
  wr_u32 (w, 6u << 28);
  wr_u16 (w, 0);
  wr_u8 (w, IP_PROTOCOL_HOPOPTS);
  wr_u8 (w, 1);                 /* Hop Limit */
  core_ip_write (w, src);
  core_ip_write (w, dst);
  wr_bytes (w, hop_by_hop, sizeof (hop_by_hop));
}

static size_t
finish_datagram (wr_cursor * w, const core_ip * src, const core_ip * dst)
{
  size_t len = wr_len (w);
  size_t icmp_len;
  uint32_t sum;

  if (len == 0 || len > IP_V6_HEADER + 0xffff)
    return 0;
  icmp_len = len - V6_HEADER_WITH_ALERT;
  sum = ip_pseudo_sum (src, dst, IP_PROTOCOL_ICMPV6, icmp_len);
  wr_u16_at (w, V6_HEADER_WITH_ALERT + 2,
      ip_sum_finish (ip_sum (w->data + V6_HEADER_WITH_ALERT, icmp_len, sum)));
  wr_u16_at (w, 4, (uint16_t) (len - IP_V6_HEADER));
  return len;
}

size_t
mld_build_query (uint8_t * buf, size_t cap, const group_query * query)
{
  wr_cursor w;

  wr_init (&w, buf, cap);
  begin_datagram (&w, &query_source, &all_nodes);
  wr_u8 (&w, MLD_QUERY);
  wr_zero (&w, 3);
  wr_u16 (&w, MAX_RESPONSE_CODE);
  wr_zero (&w, 2 + 16);
  group_query_write_tail (&w, query);
  return finish_datagram (&w, &query_source, &all_nodes);
}

size_t
mld_build_report (uint8_t * buf, size_t cap, const group_record_out * records,
    unsigned n_records)
{
  wr_cursor w;

  wr_init (&w, buf, cap);
  begin_datagram (&w, &report_source, &all_v2_routers);
  wr_u8 (&w, MLD_V2_REPORT);
  group_report_write (&w, records, n_records);
  return finish_datagram (&w, &report_source, &all_v2_routers);
}
