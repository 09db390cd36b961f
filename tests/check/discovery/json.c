/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The JSON reader: what it takes, what it refuses, and what is found in it.
 */
#include "json.h"

#include <limits.h>
#include <string.h>

#include "vectors.h"

static int
parse_bytes (json_doc ** doc, const char *data, size_t len)
{
  vector_bytes copy = vector_bytes_copy ((const uint8_t *) data, len);
  int ret = json_parse (doc, copy.data, copy.len, 32, 1000);

  vector_bytes_free (&copy);
  fail_unless ((ret == CORE_OK) == (*doc != NULL));
  return ret;
}

static int
parse (json_doc ** doc, const char *text)
{
  return parse_bytes (doc, text, strlen (text));
}

GST_START_TEST (test_valid)
{
  static const struct
  {
    const char *text;
    json_type type;
    const char *value;
  } rows[] = {
    {"null", JSON_NULL, ""},
    {" true ", JSON_TRUE, ""},
    {"false\n", JSON_FALSE, ""},
    {"0", JSON_NUMBER, "0"},
    {"-0.5e+10", JSON_NUMBER, "-0.5e+10"},
    {"18446744073709551617", JSON_NUMBER, "18446744073709551617"},
    {"9223372036854775808", JSON_NUMBER, "9223372036854775808"},
    {"-9223372036854775809", JSON_NUMBER, "-9223372036854775809"},
    {"-0", JSON_NUMBER, "-0"},
    {"1E400", JSON_NUMBER, "1E400"},
    {"1e-400", JSON_NUMBER, "1e-400"},
    {"\"\"", JSON_STRING, ""},
    {"\"a\\\"\\\\\\/\\b\\f\\n\\r\\tz\"", JSON_STRING, "a\"\\/\b\f\n\r\tz"},
    {"\"\\u0041\\u00e9\\u20AC\\ud83D\\ude00\"", JSON_STRING,
        "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
    {"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"", JSON_STRING,
        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f"},
    {"[]", JSON_ARRAY, ""},
    {"{ }", JSON_OBJECT, ""},
    {"\xef\xbb\xbf[1 , {\"a\" : [ ]}\t]", JSON_ARRAY, ""},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    json_doc *doc;

    fail_unless_equals_int (parse (&doc, rows[i].text), CORE_OK);
    fail_unless_equals_int (json_root (doc)->type, rows[i].type);
    fail_unless_equals_string (json_root (doc)->text, rows[i].value);
    fail_unless_equals_int (json_root (doc)->len, strlen (rows[i].value));
    json_free (doc);
  }
}

GST_END_TEST;

GST_START_TEST (test_invalid)
{
  static const char *const rows[] = {
    "", " ", "nul", "nulll", "True", "undefined", "NaN", "+1", "-", "01", "1.",
    ".5", "1e", "1e+", "0x10", "\"", "\"a", "\"a\nb\"", "\"\\x\"", "\"\\",
    "\"\\u12\"", "\"\\u12g4\"", "'a'", "[", "]", "[1", "[1,", "[1,]", "[,1]",
    "[1 2]", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,",
    "{\"a\":1,}",
    "{\"a\" 1}", "{a:1}", "{1:1}", "{,}", "[1}", "{\"a\":1]", "1 1", "[] []",
    "{} x", "/* c */ 1", "1 // c", "[1,/**/2]",
    "[0777]", "[$10]", "[- 1]", "[1-2]", "[1\"a\"]", "[truefalse]", "nullnull",
    "var a = 1", "{}{}", "[]{}", "[1]\n[1]", "#c\n1", "1;", ",", ":", "[1:2]",
    "\"\\101\"", "\"\\0\"", "\"\\'\"", "\"\t\"", "\"\x1f\"", "\"\\",
    "\"\\u", "\"\\ud83d\\u", "\"\\ud83d\\ud", "\"\\ud83d\\", "\f1",
    /* what other readers would take for something else */
    "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\\ud800x\"",
    "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ud800\\ud800\"",
    "\"\\ude00\\ud83d\"", "\"\\ud83d\\n\\ude00\"", "{\"\\udc00\":1}",
    "\"\\ude00\\ude00\"", "\"\\ud83d\\u0c00\"", "\"\\ud83d\\ud83d\\ude00\"",
    "{\"\\u0000\":1}",
    "{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"\\u0061\":{}}",
    "[{\"b\":{\"a\":1,\"a\":1}}]", "{\"\":1,\"\":{\"a\":[1,2]}}",
    "\"\xff\"", "\"\x80\"", "\"\xc3\"", "\"\xc0\xaf\"", "\"\xe0\x80\xaf\"",
    "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xf0\x82\x82\xac\"",
    "\"\xe2\x82\"", "\"\xc3\x28\"", "\xef\xbb\xbf", "\xff\xfe[\0]\0",
  };
  json_doc *doc;

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    fail_unless_equals_int (parse (&doc, rows[i]), CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (parse_bytes (&doc, "1\0", 2),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (parse_bytes (&doc, "\"a\0b\"", 5),
      CORE_ERR_INVALID_ARGUMENT);
}

GST_END_TEST;

/* No beginning of a document is a document. */
GST_START_TEST (test_truncated)
{
  static const char text[] =
      "{\"a\":[1,2.5e3,\"x\\u20ac\\n\xc3\xa9\",true,false,null],"
      "\"b\":{\"c\":{}}}";
  json_doc *doc;

  for (size_t len = 0; len < sizeof (text) - 1; len++)
    fail_unless_equals_int (parse_bytes (&doc, text, len),
        CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (parse (&doc, text), CORE_OK);
  json_free (doc);
}

GST_END_TEST;

static char *
nested (const char *open, const char *close, unsigned n)
{
  GString *text = g_string_new (NULL);

  for (unsigned i = 0; i < n; i++)
    g_string_append (text, open);
  for (unsigned i = 0; i < n; i++)
    g_string_append (text, close);
  return g_string_free (text, FALSE);
}

GST_START_TEST (test_depth)
{
  static const struct
  {
    unsigned n;
    int ret;
  } rows[] = {
    {32, CORE_OK},
    {33, CORE_ERR_LIMIT},
    {100000, CORE_ERR_LIMIT},
  };
  json_doc *doc;

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    char *arrays = nested ("[", "]", rows[i].n);
    char *objects = nested ("[{\"a\":", "}]", rows[i].n / 2 + rows[i].n % 2);

    fail_unless_equals_int (parse (&doc, arrays), rows[i].ret);
    json_free (doc);
    if (rows[i].ret != CORE_OK)
      fail_unless_equals_int (parse (&doc, objects), rows[i].ret);
    g_free (arrays);
    g_free (objects);
  }
  fail_unless_equals_int (json_parse (&doc, (const uint8_t *) "[[]]", 4, 1,
          10), CORE_ERR_LIMIT);
  /* Without a bound of the caller's there is one still. */
  for (unsigned n = JSON_DEPTH_MAX; n <= JSON_DEPTH_MAX + 1; n++) {
    char *arrays = nested ("[", "]", n);

    fail_unless_equals_int (json_parse (&doc, (const uint8_t *) arrays, 2 * n,
            UINT_MAX, 1000), n == JSON_DEPTH_MAX ? CORE_OK : CORE_ERR_LIMIT);
    json_free (doc);
    g_free (arrays);
  }
}

GST_END_TEST;

GST_START_TEST (test_nodes)
{
  json_doc *doc;

  fail_unless_equals_int (json_parse (&doc, (const uint8_t *) "[1,2,3]", 7,
          8, 4), CORE_OK);
  json_free (doc);
  fail_unless_equals_int (json_parse (&doc, (const uint8_t *) "[1,2,3]", 7,
          8, 3), CORE_ERR_LIMIT);
  fail_unless_equals_int (json_parse (&doc, (const uint8_t *) "1", 1, 8, 0),
      CORE_ERR_LIMIT);
}

GST_END_TEST;

static char *
with_members (unsigned n)
{
  GString *text = g_string_new ("[{");

  for (unsigned i = 0; i < n; i++)
    g_string_append_printf (text, "%s\"%u\":0", i == 0 ? "" : ",", i);
  g_string_append (text, "},{\"a\":0}]");
  return g_string_free (text, FALSE);
}

GST_START_TEST (test_wide)
{
  char *most = with_members (JSON_MEMBERS_MAX);
  char *more = with_members (JSON_MEMBERS_MAX + 1);
  json_doc *doc;

  fail_unless_equals_int (parse (&doc, most), CORE_OK);
  fail_unless_equals_int (json_root (doc)->span, 2 * JSON_MEMBERS_MAX + 5);
  json_free (doc);
  fail_unless_equals_int (parse (&doc, more), CORE_ERR_LIMIT);
  g_free (most);
  g_free (more);
}

GST_END_TEST;

GST_START_TEST (test_elements)
{
  static const char *const numbers[] = { "1", "", "", "4" };
  const json_node *element = NULL;
  unsigned n = 0;
  json_doc *doc;

  fail_unless_equals_int (parse (&doc, "[1,[2,[3]],{\"a\":[5]},4]"), CORE_OK);
  while ((element = json_next (json_root (doc), element)) != NULL)
    fail_unless_equals_string (element->text, numbers[n++]);
  fail_unless_equals_int (n, 4);
  json_free (doc);

  fail_unless_equals_int (parse (&doc, "[]"), CORE_OK);
  fail_unless (json_next (json_root (doc), NULL) == NULL);
  json_free (doc);

  fail_unless_equals_int (parse (&doc, "{\"a\":1}"), CORE_OK);
  fail_unless (json_next (json_root (doc), NULL) == NULL);
  json_free (doc);
}

GST_END_TEST;

GST_START_TEST (test_members)
{
  const json_node *value;
  json_doc *doc;

  fail_unless_equals_int (parse (&doc, "{\"m:a\":{\"b\":1},\"b\":2,\"c\":3,"
          "\"m:c\":4,\"x:d\":5,\"d\":6,\"\\u0065\":7,\"m:\":8,\"mm:f\":9}"),
      CORE_OK);
  fail_unless_equals_int (json_member (json_root (doc), "m", "a", &value),
      JSON_FOUND);
  fail_unless_equals_int (value->type, JSON_OBJECT);
  fail_unless_equals_int (json_member (json_root (doc), "m", "b", &value),
      JSON_FOUND);
  fail_unless_equals_string (value->text, "2");
  fail_unless_equals_int (json_member (json_root (doc), "m", "c", &value),
      JSON_TWICE);
  fail_unless (value == NULL);
  fail_unless_equals_int (json_member (json_root (doc), "m", "d", &value),
      JSON_FOUND);
  fail_unless_equals_string (value->text, "6");
  fail_unless_equals_int (json_member (json_root (doc), "m", "e", &value),
      JSON_FOUND);
  fail_unless_equals_string (value->text, "7");
  fail_unless_equals_int (json_member (json_root (doc), "m", "f", &value),
      JSON_ABSENT);
  fail_unless (value == NULL);
  fail_unless_equals_int (json_member (json_root (doc) + 1, "m", "a", &value),
      JSON_ABSENT);
  json_free (doc);
}

GST_END_TEST;

static Suite *
json_suite (void)
{
  Suite *s = suite_create ("json");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_valid);
  tcase_add_test (tc, test_invalid);
  tcase_add_test (tc, test_truncated);
  tcase_add_test (tc, test_depth);
  tcase_add_test (tc, test_nodes);
  tcase_add_test (tc, test_wide);
  tcase_add_test (tc, test_elements);
  tcase_add_test (tc, test_members);
  return s;
}

GST_CHECK_MAIN (json);
