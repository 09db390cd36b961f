/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Time codes and group records, apart from the datagrams they travel in.
 */
#include "group-records.h"

#include <string.h>

#include "vectors.h"

static uint32_t
decode8 (uint32_t code)
{
  return group_time_decode8 ((uint8_t) code);
}

static uint32_t
encode8 (uint32_t value)
{
  return group_time_encode8 (value);
}

static uint32_t
decode16 (uint32_t code)
{
  return group_time_decode16 ((uint16_t) code);
}

static uint32_t
encode16 (uint32_t value)
{
  return group_time_encode16 (value);
}

typedef uint32_t (*codec_func) (uint32_t);

static const struct
{
  const char *table;
  codec_func func;
} codecs[] = {
  {"codecs.qqic_to_seconds", decode8},
  {"codecs.seconds_to_qqic_floor", encode8},
  {"codecs.igmp_max_resp_code_to_tenths", decode8},
  {"codecs.mld_max_resp_code_to_ms", decode16},
  {"codecs.ms_to_mld_max_resp_code_floor", encode16},
};

GST_START_TEST (test_codec_vectors)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonArray *table = vector_array (vectors_root (parser),
      codecs[__i__].table);
  unsigned n = json_array_get_length (table);

  fail_unless (n > 0);
  for (unsigned i = 0; i < n; i++) {
    JsonArray *pair = json_array_get_array_element (table, i);
    gint64 in = json_array_get_int_element (pair, 0);
    gint64 out = json_array_get_int_element (pair, 1);

    fail_unless (codecs[__i__].func ((uint32_t) in) == out, "%s: %d",
        codecs[__i__].table, (int) in);
  }
  g_object_unref (parser);
}

GST_END_TEST;

/* decode (encode (v)) <= v < decode (encode (v) + 1), for all v. */
GST_START_TEST (test_codec_round_trips)
{
  uint32_t v;

  for (uint32_t code = 0; code <= 0xff; code++)
    fail_unless_equals_int (encode8 (decode8 (code)), code);
  for (v = 0; v < 40000; v++) {
    uint32_t code = encode8 (v);

    if (decode8 (code) > v || (code < 0xff && decode8 (code + 1) <= v))
      fail ("8 bits of %u: %02x", v, code);
  }
  for (uint32_t code = 0; code <= 0xffff; code++) {
    if (encode16 (decode16 (code)) != code)
      fail ("16 bits: %04x", code);
  }
  for (v = 0; v < 9000000; v += v < 40000 ? 1 : 97) {
    uint32_t code = encode16 (v);

    if (decode16 (code) > v || (code < 0xffff && decode16 (code + 1) <= v))
      fail ("16 bits of %u: %04x", v, code);
  }
  fail_unless_equals_int (encode8 (UINT32_MAX), 0xff);
  fail_unless_equals_int (encode16 (UINT32_MAX), 0xffff);
}

GST_END_TEST;

static const struct
{
  const char *hex;
  unsigned robustness;
  unsigned interval;
  unsigned n_sources;
} tails[] = {
  {"027d0000", 2, 125, 0},
  {"00000000", 2, 125, 0},      /* defaults */
  {"ff8fffff", 7, 248, 65535},  /* Resv and S set */
  {"09010001", 1, 1, 1},
};

GST_START_TEST (test_query_tail)
{
  vector_bytes b = vector_bytes_from_hex (tails[__i__].hex);
  group_query query = { 0 };
  rd_cursor r;

  rd_init (&r, b.data, b.len);
  fail_unless_equals_int (group_query_read_tail (&r, &query),
      tails[__i__].n_sources);
  fail_unless (rd_ok (&r));
  fail_unless_equals_int (query.robustness, tails[__i__].robustness);
  fail_unless_equals_int (query.query_interval, tails[__i__].interval);
  vector_bytes_free (&b);
}

GST_END_TEST;

static const struct
{
  unsigned robustness;
  unsigned interval;
  const char *hex;
} written_tails[] = {
  {2, 125, "027d0000"},
  {7, 31744, "07ff0000"},
  /* more than the field holds is not less */
  {8, 100000, "07ff0000"},
  {9, 249, "078f0000"},
  {255, 1, "07010000"},
};

GST_START_TEST (test_write_query_tail)
{
  vector_bytes want = vector_bytes_from_hex (written_tails[__i__].hex);
  group_query query = {.query_interval = written_tails[__i__].interval };
  uint8_t buf[4];
  wr_cursor w;

  query.robustness = (uint8_t) written_tails[__i__].robustness;
  wr_init (&w, buf, sizeof (buf));
  group_query_write_tail (&w, &query);
  assert_bytes_equal ("tail", buf, wr_len (&w), want.data, want.len);
  vector_bytes_free (&want);
}

GST_END_TEST;

/* Two records: two sources and a word of aux; none; an odd tail behind. */
#define V4_RECORDS "01010002e8010101c000020ac000020baabbccdd" \
    "09000000e9010101"
#define V6_RECORDS "05000001ff3e0000000000000000000080000001" \
    "20010db8000000000000000000000010"

GST_START_TEST (test_walk)
{
  vector_bytes b = vector_bytes_from_hex (V4_RECORDS "ff");
  core_ip group = vector_ip_literal ("232.1.1.1");
  core_ip source = vector_ip_literal ("192.0.2.11");
  group_report report;
  group_record record;
  size_t pos = 0;
  core_ip ip;
  rd_cursor r;

  rd_init (&r, b.data, b.len);
  fail_unless_equals_int (group_report_read (&r, CORE_FAMILY_V4, 2, &report),
      CORE_OK);
  fail_unless_equals_int (report.n_records, 2);
  fail_unless_equals_int (report.len, b.len - 1);
  fail_unless_equals_int (report.family, CORE_FAMILY_V4);

  fail_unless (group_report_next (&report, &pos, &record));
  fail_unless_equals_int (record.type, GROUP_MODE_IS_INCLUDE);
  fail_unless (core_ip_equal (&record.group, &group));
  fail_unless_equals_int (record.n_sources, 2);
  ip = group_record_source (&record, 1);
  fail_unless (core_ip_equal (&ip, &source));

  fail_unless (group_report_next (&report, &pos, &record));
  fail_unless_equals_int (record.type, 9);
  fail_unless_equals_int (record.n_sources, 0);
  fail_if (group_report_next (&report, &pos, &record));
  fail_if (group_report_next (&report, &pos, &record));
  vector_bytes_free (&b);
}

GST_END_TEST;

GST_START_TEST (test_no_records)
{
  group_report report;
  group_record record;
  size_t pos = 0;
  rd_cursor r;

  rd_init (&r, (const uint8_t *) "x", 1);
  fail_unless_equals_int (group_report_read (&r, CORE_FAMILY_V6, 0, &report),
      CORE_OK);
  fail_unless_equals_int (report.len, 0);
  fail_if (group_report_next (&report, &pos, &record));
}

GST_END_TEST;

GST_START_TEST (test_truncated)
{
  static const struct
  {
    const char *hex;
    core_family family;
    unsigned n;
  } cases[] = {
    {V4_RECORDS, CORE_FAMILY_V4, 2},
    {V6_RECORDS, CORE_FAMILY_V6, 1},
  };

  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++) {
    vector_bytes b = vector_bytes_from_hex (cases[i].hex);
    group_report report;
    rd_cursor r;

    for (size_t len = 0; len <= b.len; len++) {
      vector_bytes cut = vector_bytes_copy (b.data, len);

      rd_init (&r, cut.data, cut.len);
      fail_unless_equals_int (group_report_read (&r, cases[i].family,
              cases[i].n, &report),
          len < b.len ? CORE_ERR_INNER_TRUNCATED : CORE_OK);
      vector_bytes_free (&cut);
    }
    rd_init (&r, b.data, b.len);
    fail_unless_equals_int (group_report_read (&r, cases[i].family, 65535,
            &report), CORE_ERR_INNER_TRUNCATED);
    vector_bytes_free (&b);
  }
}

GST_END_TEST;

GST_START_TEST (test_write)
{
  core_ip sources[2] = { vector_ip_literal ("192.0.2.10"),
    vector_ip_literal ("192.0.2.11")
  };
  group_record_out records[2] = {
    {.type = GROUP_ALLOW_NEW_SOURCES,.sources = sources,.n_sources = 2},
    {.type = GROUP_CHANGE_TO_INCLUDE},
  };
  vector_bytes want = vector_bytes_from_hex ("00000000000002"
      "05000002e8010101c000020ac000020b" "03000000e8010102");
  uint8_t buf[64];
  wr_cursor w;

  records[0].group = vector_ip_literal ("232.1.1.1");
  records[1].group = vector_ip_literal ("232.1.1.2");
  wr_init (&w, buf, sizeof (buf));
  group_report_write (&w, records, 2);
  assert_bytes_equal ("report", buf, wr_len (&w), want.data, want.len);
  fail_unless_equals_int (want.len, 7 + group_record_len (CORE_FAMILY_V4, 2) +
      group_record_len (CORE_FAMILY_V4, 0));
  fail_unless_equals_int (group_record_len (CORE_FAMILY_V6, 3), 68);
  vector_bytes_free (&want);
}

GST_END_TEST;

static Suite *
group_records_suite (void)
{
  Suite *s = suite_create ("group-records");
  TCase *tc = tcase_create ("codes");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_codec_vectors, 0, G_N_ELEMENTS (codecs));
  tcase_add_test (tc, test_codec_round_trips);
  tcase_add_loop_test (tc, test_query_tail, 0, G_N_ELEMENTS (tails));
  tcase_add_loop_test (tc, test_write_query_tail, 0,
      G_N_ELEMENTS (written_tails));

  tc = tcase_create ("records");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_walk);
  tcase_add_test (tc, test_no_records);
  tcase_add_test (tc, test_truncated);
  tcase_add_test (tc, test_write);
  return s;
}

GST_CHECK_MAIN (group_records);
