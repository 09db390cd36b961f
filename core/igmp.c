/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * IGMPv3 inside IPv4.
 */
#include "igmp.h"

#include "ipudp.h"

enum
{
  IGMP_QUERY = 0x11,
  IGMP_V2_REPORT = 0x16,
  IGMP_V2_LEAVE = 0x17,
  IGMP_V3_REPORT = 0x22,

  IGMP_V3_QUERY_LEN = 12,

  V4_HEADER_WITH_ALERT = 24,
  TOS_INTERNETWORK_CONTROL = 0xc0,
  MAX_RESP_CODE = 1             /* some hosts reject 0 (RFC 7450 §5.3.3.3) */
};

static const uint8_t all_systems[4] = { 224, 0, 0, 1 };
static const uint8_t all_v3_routers[4] = { 224, 0, 0, 22 };

/* RFC 2113 §2.1 */
static const uint8_t router_alert[4] = { 0x94, 4, 0, 0 };

/* The IGMP message inside a datagram, its checksum verified. */
static int
open_message (const uint8_t * data, size_t len, rd_cursor * r)
{
  ip_packet ip;
  int ret = ip_parse (data, len, &ip);

  if (ret != CORE_OK)
    return ret;
  if (ip.fragment)
    return CORE_ERR_INNER_FRAGMENT;
  if (ip.src.family != CORE_FAMILY_V4 || ip.protocol != IP_PROTOCOL_IGMP)
    return CORE_ERR_INNER_PROTOCOL_MISMATCH;
  if (ip_sum_finish (ip_sum (data + ip.payload, ip.payload_len, 0)) != 0)
    return CORE_ERR_INNER_CHECKSUM;

  rd_init (r, data + ip.payload, ip.payload_len);
  return CORE_OK;
}

int
igmp_parse_query (const uint8_t * data, size_t len, group_query * out)
{
  rd_cursor r;
  uint32_t group;
  uint16_t n_sources;
  int ret = open_message (data, len, &r);

  if (ret != CORE_OK)
    return ret;
  if (rd_u8 (&r) != IGMP_QUERY)
    return CORE_ERR_INNER_NOT_QUERY;
  if (r.len < IGMP_V3_QUERY_LEN)
    return CORE_ERR_NOT_V3_QUERY;

  out->max_response_ms = group_time_decode8 (rd_u8 (&r)) * 100;
  rd_skip (&r, 2);
  group = rd_u32 (&r);
  n_sources = group_query_read_tail (&r, out);
  if (group != 0 || n_sources != 0)
    return CORE_ERR_NOT_GENERAL_QUERY;
  return CORE_OK;
}

int
igmp_parse_report (const uint8_t * data, size_t len,
    uint8_t scratch[IGMP_SCRATCH], group_report * out)
{
  rd_cursor r;
  int ret = open_message (data, len, &r);

  if (ret == CORE_ERR_INNER_PROTOCOL_MISMATCH)
    return CORE_ERR_INNER_NOT_REPORT;
  if (ret != CORE_OK)
    return ret;

  switch (rd_u8 (&r)) {
    case IGMP_V3_REPORT:
      rd_skip (&r, 5);
      return group_report_read (&r, CORE_FAMILY_V4, rd_u16 (&r), out);
    case IGMP_V2_REPORT:
      rd_skip (&r, 3);
      return group_report_read_old (&r, CORE_FAMILY_V4,
          GROUP_CHANGE_TO_EXCLUDE, scratch, IGMP_SCRATCH, out);
    case IGMP_V2_LEAVE:
      rd_skip (&r, 3);
      return group_report_read_old (&r, CORE_FAMILY_V4,
          GROUP_CHANGE_TO_INCLUDE, scratch, IGMP_SCRATCH, out);
    default:
      return CORE_ERR_INNER_NOT_REPORT;
  }
}

/* The IPv4 header with Router Alert; lengths and checksums come last. */
static void
begin_datagram (wr_cursor * w, const uint8_t dst[4])
{
  wr_u8 (w, 0x46);
  wr_u8 (w, TOS_INTERNETWORK_CONTROL);
  wr_zero (w, 4);
  wr_u16 (w, 0x4000);           /* DF */
  wr_u8 (w, 1);                 /* TTL */
  wr_u8 (w, IP_PROTOCOL_IGMP);
  wr_zero (w, 2 + 4);
  wr_bytes (w, dst, 4);
  wr_bytes (w, router_alert, sizeof (router_alert));
}

static size_t
finish_datagram (wr_cursor * w)
{
  size_t len = wr_len (w);

  if (len == 0 || len > 0xffff)
    return 0;
  wr_u16_at (w, V4_HEADER_WITH_ALERT + 2,
      ip_sum_finish (ip_sum (w->data + V4_HEADER_WITH_ALERT,
              len - V4_HEADER_WITH_ALERT, 0)));
  wr_u16_at (w, 2, (uint16_t) len);
  wr_u16_at (w, 10, ip_sum_finish (ip_sum (w->data, V4_HEADER_WITH_ALERT, 0)));
  return len;
}

size_t
igmp_build_query (uint8_t * buf, size_t cap, const group_query * query)
{
  wr_cursor w;

  wr_init (&w, buf, cap);
  begin_datagram (&w, all_systems);
  wr_u8 (&w, IGMP_QUERY);
  wr_u8 (&w, MAX_RESP_CODE);
  wr_zero (&w, 2 + 4);
  group_query_write_tail (&w, query);
  return finish_datagram (&w);
}

size_t
igmp_build_report (uint8_t * buf, size_t cap, const group_record_out * records,
    unsigned n_records)
{
  wr_cursor w;

  wr_init (&w, buf, cap);
  begin_datagram (&w, all_v3_routers);
  wr_u8 (&w, IGMP_V3_REPORT);
  group_report_write (&w, records, n_records);
  return finish_datagram (&w);
}
