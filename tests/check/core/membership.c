/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The checks that IGMP and MLD share.
 */
#include "membership.h"

#include <string.h>

#include "amt-wire.h"

enum
{
  SCRATCH = 20,
  MAX_RECORDS = 4,
  MAX_SOURCES = 4
};

/* Parses as whatever the vector is. */
static int
parse (const membership_protocol * protocol, bool query, const uint8_t * data,
    size_t len)
{
  uint8_t scratch[SCRATCH];
  group_report report;
  group_query out;

  return query ? protocol->parse_query (data, len, &out) :
      protocol->parse_report (data, len, scratch, &report);
}

static void
check_prefixes (const membership_protocol * protocol, bool query,
    const char *id, const uint8_t * data, size_t len)
{
  vector_bytes longer = vector_bytes_copy (data, len);

  for (size_t cut = 0; cut < len; cut++) {
    vector_bytes b = vector_bytes_copy (data, cut);
    int ret = parse (protocol, query, b.data, b.len);

    fail_unless (ret == CORE_ERR_INNER_TRUNCATED ||
        ret == CORE_ERR_INNER_LENGTH_EXCEEDS, "%s cut to %zu: %s", id, cut,
        core_error_name (ret));
    vector_bytes_free (&b);
  }
  longer.data = g_realloc (longer.data, len + 3);
  memset (longer.data + len, 0xff, 3);
  fail_unless (parse (protocol, query, longer.data, len + 3) == CORE_OK,
      "%s with octets behind it", id);
  vector_bytes_free (&longer);
}

static void
check_query (const membership_protocol * protocol, JsonObject * v,
    const uint8_t * data, size_t len)
{
  int64_t code = vector_int (v, "inner.max_resp_code");
  vector_bytes b = vector_bytes_copy (data, len);
  group_query query = { 0 };
  uint8_t built[128];

  fail_unless_equals_int (protocol->parse_query (b.data, b.len, &query),
      CORE_OK);
  fail_unless_equals_int (query.max_response_ms,
      protocol->family == CORE_FAMILY_V4 ? code * 100 : code);
  fail_unless_equals_int (query.query_interval,
      vector_int (v, "inner.query_interval_s"));
  fail_unless_equals_int (query.robustness, vector_int (v, "inner.qrv"));

  /* Ours come from the address a relay uses. */
  if (strcmp (vector_string (v, "inner.src"), "::") != 0) {
    len = protocol->build_query (built, sizeof (built), &query);
    assert_bytes_equal (vector_string (v, "id"), built, len, b.data, b.len);
  }
  vector_bytes_free (&b);
}

/* Compares one record with the vector and fills the one to build. */
static void
check_record (JsonObject * want, const group_record * got,
    group_record_out * out, core_ip * sources)
{
  JsonArray *list = vector_array (want, "sources");
  core_ip group = vector_ip (want, "group");

  fail_unless_equals_int (got->type, vector_int (want, "record_type"));
  fail_unless (core_ip_equal (&got->group, &group));
  fail_unless_equals_int (got->n_sources, json_array_get_length (list));
  for (unsigned i = 0; i < got->n_sources; i++) {
    core_ip ip = group_record_source (got, i);

    sources[i] = vector_ip_literal (json_array_get_string_element (list, i));
    fail_unless (core_ip_equal (&ip, &sources[i]));
  }
  out->type = (group_record_type) got->type;
  out->group = group;
  out->sources = sources;
  out->n_sources = got->n_sources;
}

static void
check_report (const membership_protocol * protocol, JsonObject * v,
    const uint8_t * data, size_t len)
{
  vector_bytes b = vector_bytes_copy (data, len);
  JsonObject *inner = vector_object (v, "inner");
  unsigned n = json_array_get_length (vector_array (inner, "records"));
  group_record_out out[MAX_RECORDS] = { 0 };
  core_ip sources[MAX_RECORDS][MAX_SOURCES];
  uint8_t scratch[SCRATCH], built[256];
  group_report report;
  group_record record;
  size_t pos = 0;

  fail_unless_equals_int (protocol->parse_report (b.data, b.len, scratch,
          &report), CORE_OK);
  fail_unless_equals_int (report.n_records, n);
  fail_unless_equals_int (report.family, protocol->family);
  for (unsigned i = 0; i < n; i++) {
    fail_unless (group_report_next (&report, &pos, &record));
    check_record (vectors_at (inner, "records", i), &record, &out[i],
        sources[i]);
  }
  fail_if (group_report_next (&report, &pos, &record));

  /* Ours come from the address a gateway uses. */
  if (strcmp (vector_string (v, "inner.src"), "::") != 0) {
    size_t built_len = protocol->build_report (built, sizeof (built), out, n);
    size_t sum = protocol->report_overhead;

    assert_bytes_equal (vector_string (v, "id"), built, built_len, b.data,
        b.len);
    for (unsigned i = 0; i < n; i++)
      sum += group_record_len (protocol->family, out[i].n_sources);
    fail_unless_equals_int (sum, b.len);
  }
  vector_bytes_free (&b);
}

unsigned
check_membership_vectors (const membership_protocol * protocol)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *root = vectors_root (parser);
  unsigned n = vectors_count (root, "valid"), checked = 0;

  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_at (root, "valid", i);
    const char *kind = vector_string (v, "inner.kind");
    bool query = g_strcmp0 (kind, protocol->query_kind) == 0;
    vector_bytes b;
    amt_message msg;

    if (!query && g_strcmp0 (kind, protocol->report_kind) != 0)
      continue;
    b = vector_hex (v, "amt_hex");
    fail_unless_equals_int (amt_parse (b.data, b.len, &msg), CORE_OK);
    if (query)
      check_query (protocol, v, msg.inner, msg.inner_len);
    else
      check_report (protocol, v, msg.inner, msg.inner_len);
    check_prefixes (protocol, query, vector_string (v, "id"), msg.inner,
        msg.inner_len);
    vector_bytes_free (&b);
    checked++;
  }
  g_object_unref (parser);
  return checked;
}

void
check_membership_limits (const membership_protocol * protocol)
{
  bool v4 = protocol->family == CORE_FAMILY_V4;
  size_t each = v4 ? 4 : 16, cap = 80000 * each;
  unsigned n = (unsigned) ((protocol->max_len - protocol->report_overhead) /
      each) - 2;
  core_ip *sources = g_new0 (core_ip, 70000);
  uint8_t *buf = g_malloc (cap);
  group_query query = {.robustness = 2,.query_interval = 125 };
  group_record_out record = {.type = GROUP_ALLOW_NEW_SOURCES };
  size_t len = protocol->build_query (buf, cap, &query);

  fail_unless (len > 0);
  for (size_t small = 0; small < len; small++)
    fail_unless_equals_int (protocol->build_query (buf, small, &query), 0);

  for (unsigned i = 0; i < 70000; i++)
    sources[i] = vector_ip_literal (v4 ? "192.0.2.10" : "2001:db8::10");
  record.group = vector_ip_literal (v4 ? "232.1.1.1" : "ff3e::8000:1");
  record.sources = sources;
  record.n_sources = n;
  len = protocol->build_report (buf, cap, &record, 1);
  fail_unless_equals_int (len, protocol->report_overhead +
      group_record_len (protocol->family, n));
  fail_unless_equals_int (parse (protocol, false, buf, len), CORE_OK);
  fail_unless_equals_int (protocol->build_report (buf, len - 1, &record, 1), 0);
  /* the length fields of IP and then of the record end */
  record.n_sources = n + 2;
  fail_unless_equals_int (protocol->build_report (buf, cap, &record, 1), 0);
  record.n_sources = 65536 + 1;
  fail_unless_equals_int (protocol->build_report (buf, cap, &record, 1), 0);
  g_free (buf);
  g_free (sources);
}

void
check_membership_received (int (*parse_inner) (const uint8_t * data,
        size_t len), const membership_case * cases, unsigned n)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *root = vectors_root (parser);

  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_find (root, "received", cases[i].id);
    vector_bytes b = vector_hex (v, "amt_hex");
    vector_bytes inner;
    amt_message msg;
    int ret;

    fail_unless_equals_int (amt_parse (b.data, b.len, &msg), CORE_OK);
    inner = vector_bytes_copy (msg.inner, msg.inner_len);
    ret = parse_inner (inner.data, inner.len);
    vector_bytes_free (&inner);
    fail_unless (ret == cases[i].ret, "%s: %s", cases[i].id,
        core_error_name (ret));
    /* the table repeats the vector, for whoever reads it */
    fail_unless_equals_string (vector_string (v, "code"),
        core_error_name (ret));
    vector_bytes_free (&b);
  }
  g_object_unref (parser);
}
