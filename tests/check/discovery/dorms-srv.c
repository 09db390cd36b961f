/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Names and order of SRV records, against the vectors.
 */
#include "dorms-srv.h"

#include <string.h>

#include "vectors.h"

static JsonParser *parser;
static JsonObject *vectors;

static void
setup (void)
{
  parser = vectors_load ("dorms-srv.json");
  vectors = vectors_root (parser);
}

static void
teardown (void)
{
  g_object_unref (parser);
}

typedef struct
{
  JsonArray *draws;
  unsigned used;
} draw_script;

static uint32_t
draw (void *ctx, uint32_t max)
{
  draw_script *script = ctx;
  int64_t drawn;

  fail_unless (script->used < json_array_get_length (script->draws),
      "one draw too many");
  drawn = json_array_get_int_element (script->draws, script->used++);
  fail_unless (drawn >= 0 && drawn <= max, "%d of %u", (int) drawn, max);
  return (uint32_t) drawn;
}

static uint32_t
draw_none (void *ctx, uint32_t max)
{
  fail ("nothing is to be drawn");
  return 0;
}

static unsigned
read_records (JsonObject * test, dorms_srv_record * records)
{
  unsigned n = vectors_count (test, "records");

  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_at (test, "records", i);

    records[i].priority = (uint16_t) vector_int (v, "priority");
    records[i].weight = (uint16_t) vector_int (v, "weight");
    records[i].port = (uint16_t) vector_int (v, "port");
    g_strlcpy (records[i].target, vector_string (v, "target"),
        sizeof (records[i].target));
  }
  return n;
}

GST_START_TEST (test_names)
{
  for (unsigned i = 0; i < vectors_count (vectors, "names"); i++) {
    JsonObject *v = vectors_at (vectors, "names", i);
    core_ip source = vector_ip (v, "source");
    char name[DORMS_SRV_NAME_MAX];

    dorms_srv_name (&source, name);
    fail_unless_equals_string (name, vector_string (v, "name"));
  }
}

GST_END_TEST;

GST_START_TEST (test_order)
{
  for (unsigned i = 0; i < vectors_count (vectors, "cases"); i++) {
    JsonObject *v = vectors_at (vectors, "cases", i);
    dorms_srv_record records[DORMS_SRV_MAX];
    draw_script script = { vector_array (v, "draws") };
    unsigned n = dorms_srv_order (records, read_records (v, records), draw,
        &script);
    JsonArray *expect;

    fail_unless_equals_int (script.used, json_array_get_length (script.draws));
    if (vector_string (v, "expect") != NULL) {
      fail_unless_equals_string (vector_string (v, "expect"), "no-service");
      fail_unless_equals_int (n, 0);
      continue;
    }
    if (vector_has (v, "ignored"))
      continue;                 /* the search knows which; see its test */
    expect = vector_array (v, "expect");
    fail_unless_equals_int (n, json_array_get_length (expect));
    for (unsigned j = 0; j < n; j++) {
      char *text = g_strdup_printf ("%s:%u", records[j].target,
          records[j].port);

      fail_unless_equals_string (text, json_array_get_string_element (expect,
              j));
      g_free (text);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_unusable)
{
  static const char *const bad[] = { "", ".", "a b", "a/b", "a@b", "a..b",
    ".a", "a:443", "a\\046b", "\xc3\xa9.example",
  };
  dorms_srv_record records[DORMS_SRV_MAX];

  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++) {
    records[i] = (dorms_srv_record) {
    .port = 443};
    g_strlcpy (records[i].target, bad[i], sizeof (records[i].target));
  }
  fail_unless_equals_int (dorms_srv_order (records, G_N_ELEMENTS (bad),
          draw_none, NULL), 0);

  /* The others stay: without the dot, in small letters. */
  records[0] = (dorms_srv_record) {
  .port = 0,.target = "a.example.com"};
  records[1] = (dorms_srv_record) {
  .port = 1,.target = "B.Example.com."};
  memset (records[2].target, 'a', sizeof (records[2].target));
  records[2].port = 1;
  fail_unless_equals_int (dorms_srv_order (records, 3, draw_none, NULL), 1);
  fail_unless_equals_string (records[0].target, "b.example.com");
}

GST_END_TEST;

static uint32_t
draw_most (void *ctx, uint32_t max)
{
  return max;
}

GST_START_TEST (test_limit)
{
  dorms_srv_record records[DORMS_SRV_MAX + 8];

  for (unsigned i = 0; i < G_N_ELEMENTS (records); i++) {
    records[i] = (dorms_srv_record) {
    .port = (uint16_t) (i + 1),.weight = UINT16_MAX,.target = "a"};
  }
  fail_unless_equals_int (dorms_srv_order (records, G_N_ELEMENTS (records),
          draw_most, NULL), DORMS_SRV_MAX);
  fail_unless_equals_int (records[0].port, DORMS_SRV_MAX);
}

GST_END_TEST;

static Suite *
dorms_srv_suite (void)
{
  Suite *s = suite_create ("dorms-srv");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_unusable);
  tcase_add_test (tc, test_limit);
  return s;
}

GST_CHECK_MAIN (dorms_srv);
