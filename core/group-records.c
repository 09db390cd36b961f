/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What IGMPv3 and MLDv2 share.
 */
#include "group-records.h"

enum
{
  QRV_MAX = 0x07                /* the field's three bits */
};

uint32_t
group_time_decode8 (uint8_t code)
{
  if (code < 128)
    return code;
  return ((code & 0x0fu) | 0x10u) << (((code >> 4) & 7) + 3);
}

uint8_t
group_time_encode8 (uint32_t value)
{
  uint32_t mantissa = value >> 3;
  unsigned exponent = 0;

  if (value < 128)
    return (uint8_t) value;
  if (value >= 31744)
    return 0xff;
  for (; mantissa > 0x1f; mantissa >>= 1)
    exponent++;
  return (uint8_t) (0x80 | exponent << 4 | (mantissa & 0x0f));
}

uint32_t
group_time_decode16 (uint16_t code)
{
  if (code < 32768)
    return code;
  return ((code & 0x0fffu) | 0x1000u) << (((code >> 12) & 7) + 3);
}

uint16_t
group_time_encode16 (uint32_t value)
{
  uint32_t mantissa = value >> 3;
  unsigned exponent = 0;

  if (value < 32768)
    return (uint16_t) value;
  if (value >= 8387584)
    return 0xffff;
  for (; mantissa > 0x1fff; mantissa >>= 1)
    exponent++;
  return (uint16_t) (0x8000 | exponent << 12 | (mantissa & 0x0fff));
}

uint16_t
group_query_read_tail (rd_cursor * r, group_query * out)
{
  out->robustness = rd_u8 (r) & QRV_MAX;
  out->query_interval = group_time_decode8 (rd_u8 (r));

  if (out->robustness == 0)
    out->robustness = GROUP_DEFAULT_ROBUSTNESS;
  if (out->query_interval == 0)
    out->query_interval = GROUP_DEFAULT_QUERY_INTERVAL;
  return rd_u16 (r);
}

void
group_query_write_tail (wr_cursor * w, const group_query * query)
{
  wr_u8 (w, query->robustness > QRV_MAX ? QRV_MAX : query->robustness);
  wr_u8 (w, group_time_encode8 (query->query_interval));
  wr_u16 (w, 0);
}

static size_t
family_len (core_family family)
{
  return family == CORE_FAMILY_V4 ? 4 : 16;
}

core_ip
group_record_source (const group_record * record, unsigned i)
{
  size_t len = core_ip_len (&record->group);
  rd_cursor r;

  rd_init (&r, record->sources + i * len, len);
  return core_ip_read (&r, (core_family) record->group.family);
}

static void
read_record (rd_cursor * r, core_family family, group_record * out)
{
  size_t aux;

  out->type = rd_u8 (r);
  aux = (size_t) rd_u8 (r) * 4;
  out->n_sources = rd_u16 (r);
  out->group = core_ip_read (r, family);
  out->sources = r->data + r->pos;
  rd_skip (r, out->n_sources * family_len (family));
  rd_skip (r, aux);
}

int
group_report_read (rd_cursor * r, core_family family, unsigned n_records,
    group_report * out)
{
  size_t start = r->pos;
  group_record record;

  for (unsigned i = 0; i < n_records && rd_ok (r); i++)
    read_record (r, family, &record);
  if (!rd_ok (r))
    return CORE_ERR_INNER_TRUNCATED;

  out->family = family;
  out->data = r->data + start;
  out->len = r->pos - start;
  out->n_records = n_records;
  return CORE_OK;
}

int
group_report_read_old (rd_cursor * r, core_family family,
    group_record_type as, uint8_t * scratch, size_t cap, group_report * out)
{
  core_ip group = core_ip_read (r, family);
  wr_cursor w;
  rd_cursor record;

  if (!rd_ok (r))
    return CORE_ERR_INNER_TRUNCATED;

  wr_init (&w, scratch, cap);
  wr_u8 (&w, (uint8_t) as);
  wr_zero (&w, 3);
  core_ip_write (&w, &group);
  rd_init (&record, scratch, wr_len (&w));
  return group_report_read (&record, family, 1, out);
}

bool
group_report_next (const group_report * report, size_t *pos, group_record * out)
{
  rd_cursor r;

  if (*pos >= report->len)
    return false;
  rd_init (&r, report->data, report->len);
  rd_skip (&r, *pos);
  read_record (&r, report->family, out);
  *pos = r.pos;
  return rd_ok (&r);
}

size_t
group_record_len (core_family family, unsigned n_sources)
{
  return 4 + family_len (family) * (1 + (size_t) n_sources);
}

void
group_report_write (wr_cursor * w, const group_record_out * records,
    unsigned n_records)
{
  wr_u8 (w, 0);
  wr_u16 (w, 0);                /* checksum */
  wr_u16 (w, 0);
  wr_u16 (w, (uint16_t) n_records);

  for (unsigned i = 0; i < n_records; i++) {
    const group_record_out *record = &records[i];

    wr_u8 (w, (uint8_t) record->type);
    wr_u8 (w, 0);
    wr_u16 (w, (uint16_t) record->n_sources);
    core_ip_write (w, &record->group);
    for (unsigned s = 0; s < record->n_sources; s++)
      core_ip_write (w, &record->sources[s]);
  }
}
