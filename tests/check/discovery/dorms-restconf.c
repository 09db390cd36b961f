/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Where servers keep what, and what they offer.
 */
#include "dorms-restconf.h"

#include <string.h>

#include "vectors.h"

#define HOST "dorms.example.com"

GST_START_TEST (test_hosts)
{
  static const char *const good[] = { "a", HOST, "192.0.2.1",
    "[2001:db8::1]", "xn--bcher-kva.example", "a_b.example",
  };
  static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "a b",
    "a/b", "a:1", "a@b", "[", "[]", "[192.0.2.1]", "[::1", "[::1]x", "::1",
    "[fe80::1%eth0]", "b\xc3\xbc",
    "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
  };
  char *long_name = g_strnfill (DORMS_HOST_MAX, 'a');

  for (unsigned i = 0; i < G_N_ELEMENTS (good); i++)
    fail_unless (dorms_host_is_valid (good[i]), "%s", good[i]);
  for (unsigned i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_if (dorms_host_is_valid (bad[i]), "%s", bad[i]);
  fail_if (dorms_host_is_valid (long_name));
  g_free (long_name);
}

GST_END_TEST;

GST_START_TEST (test_roots)
{
  static const struct
  {
    const char *href;
    uint16_t port;
    const char *root;           /* NULL: unusable */
  } rows[] = {
    {"/top/restconf", 443, "/top/restconf"},
    {"/top/restconf/", 443, "/top/restconf"},
    {"top", 443, "/top"},
    {"/", 443, ""},
    {"/a://b", 443, "/a://b"},
    {"https://" HOST "/r", 443, "/r"},
    {"HTTPS://DORMS.example.com:443/r/", 443, "/r"},
    {"https://" HOST, 443, ""},
    {"https://" HOST "/", 443, ""},
    {"https://" HOST ":8443/r", 8443, "/r"},
    {"https://" HOST "/r", 8443, NULL},
    {"https://" HOST ":8443/r", 443, NULL},
    {"https://" HOST ":/r", 443, NULL},
    {"https://" HOST ":443x/r", 443, NULL},
    {"https://" HOST ":+443/r", 443, NULL},
    {"https://" HOST ":65979/r", 443, NULL},
    {"https://" HOST ".evil.example/r", 443, NULL},
    {"https://" HOST "@evil.example/r", 443, NULL},
    {"https://evil.example/r", 443, NULL},
    {"http://" HOST "/r", 443, NULL},
    {"//evil.example/r", 443, NULL},
    {"", 443, NULL},
    {"/r?x", 443, NULL},
    {"/r#x", 443, NULL},
    {"/r x", 443, NULL},
    {"/r\r\nX-Y: z", 443, NULL},
    {"/r\"", 443, NULL},
  };
  char root[DORMS_ROOT_MAX], *longest = g_strnfill (DORMS_ROOT_MAX, 'a');

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    bool ok = dorms_root_from_href (rows[i].href, HOST, rows[i].port, root);

    fail_unless (ok == (rows[i].root != NULL), "%s", rows[i].href);
    if (ok)
      fail_unless_equals_string (root, rows[i].root);
  }
  fail_if (dorms_root_from_href (longest, HOST, 443, root));
  longest[DORMS_ROOT_MAX - 2] = '\0';
  fail_unless (dorms_root_from_href (longest, HOST, 443, root));
  fail_unless_equals_int (strlen (root), DORMS_ROOT_MAX - 1);
  g_free (longest);
}

GST_END_TEST;

GST_START_TEST (test_redirects)
{
  static const struct
  {
    const char *location, *from, *path;
  } rows[] = {
    {"/b", "/a", "/b"},
    {"/b?q=1#f", "/a", "/b?q=1"},
    {"c", "/a/b", "/a/c"},
    {"c", "/a/b?x=/y", "/a/c"},
    {"https://" HOST "/b?q", "/a", "/b?q"},
    {"https://" HOST, "/a", "/"},
    {"https://" HOST "#f", "/a", NULL},
    {"https://" HOST ":444/b", "/a", NULL},
    {"https://evil.example/b", "/a", NULL},
    {"http://" HOST "/b", "/a", NULL},
    {"//evil.example/b", "/a", NULL},
    {"javascript:x", "/a", NULL},
    {"", "/a", NULL},
    {"#f", "/a", NULL},
    {"/b c", "/a", NULL},
    {"/b\n", "/a", NULL},
  };
  char path[DORMS_PATH_MAX], *longest = g_strnfill (DORMS_PATH_MAX, '/');

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    bool ok = dorms_redirect_path (rows[i].location, HOST, 443, rows[i].from,
        path);

    fail_unless (ok == (rows[i].path != NULL), "%s", rows[i].location);
    if (ok)
      fail_unless_equals_string (path, rows[i].path);
  }
  longest[1] = 'a';
  fail_if (dorms_redirect_path (longest, HOST, 443, "/a", path));
  g_free (longest);
}

GST_END_TEST;

typedef bool (*host_meta_reader) (const uint8_t * body, size_t len,
    char href[DORMS_ROOT_MAX]);

typedef struct
{
  const char *body;
  const char *href;             /* NULL: unusable */
} host_meta_row;

static void
check_host_meta (host_meta_reader reader, const host_meta_row * rows,
    unsigned n)
{
  char href[DORMS_ROOT_MAX];

  for (unsigned i = 0; i < n; i++) {
    vector_bytes body = vector_bytes_copy ((const uint8_t *) rows[i].body,
        strlen (rows[i].body));
    bool ok = reader (body.data, body.len, href);

    fail_unless (ok == (rows[i].href != NULL), "%s", rows[i].body);
    if (ok)
      fail_unless_equals_string (href, rows[i].href);
    vector_bytes_free (&body);
  }
}

GST_START_TEST (test_host_meta_json)
{
  static const host_meta_row rows[] = {
    {"{\"links\":[{\"rel\":\"restconf\",\"href\":\"/r\"}]}", "/r"},
    {"{\"links\":{\"rel\":\"restconf\",\"href\":\"/r\"}}", "/r"},
    {"{\"links\":[{\"rel\":\"lrdd\",\"href\":\"/x\"},{\"href\":\"/y\"},5,"
          "{\"rel\":\"restconf\",\"href\":\"/r\"},"
          "{\"rel\":\"restconf\",\"href\":\"/z\"}]}", "/r"},
    {"{\"links\":[{\"rel\":\"restconf\"},"
          "{\"rel\":\"restconf\",\"href\":\"/z\"}]}", NULL},
    {"{\"links\":[{\"rel\":\"restconf\",\"href\":\"\"}]}", NULL},
    {"{\"links\":[{\"rel\":\"restconf\",\"href\":5}]}", NULL},
    {"{\"links\":[{\"rel\":\"Restconf\",\"href\":\"/r\"}]}", NULL},
    {"{\"links\":[]}", NULL},
    {"{\"links\":5}", NULL},
    {"{}", NULL},
    {"[]", NULL},
    {"", NULL},
    {"<XRD/>", NULL},
  };

  check_host_meta (dorms_read_host_meta_json, rows, G_N_ELEMENTS (rows));
}

GST_END_TEST;

#define LINK "<Link rel='restconf' href='/r'/>"

GST_START_TEST (test_host_meta_xrd)
{
  static const host_meta_row rows[] = {
    {"<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>" LINK "</XRD>",
        "/r"},
    {"<XRD>" LINK "</XRD>", "/r"},
    {"<?xml version=\"1.0\"?>\n<!-- <Link rel='restconf' href='/no'/> -->\n"
          "<x:XRD>\n <x:Link\n href = \"/r\"\n rel=\"restconf\" />\n</x:XRD>",
        "/r"},
    {"<XRD><Subject>a</Subject><Link rel='lrdd' href='/x'/>"
          "<Link rel='restconf' x:type='a>b' href='/r'></Link></XRD>", "/r"},
    {"<XRD><Link rel='restconf'/>" LINK "</XRD>", NULL},
    {"<XRD><Link rel='restconf' href=''/></XRD>", NULL},
    {"<XRD><Link rel='restconf' href='/a&amp;b'/></XRD>", NULL},
    {"<XRD><Link rel=restconf href=/r/></XRD>", NULL},
    {"<XRD><Link rel='restconf' href='/r", NULL},
    {"<XRD><!-- " LINK, NULL},
    {"<XRD><?x " LINK, NULL},
    {"<XRD><![CDATA[" LINK "]]></XRD>", NULL},
    {"<!DOCTYPE XRD [<!ENTITY a 'b'>]><XRD>" LINK "</XRD>", NULL},
    {"<html>" LINK "</html>", NULL},
    {LINK, NULL},
    {"<XRD></XRD>", NULL},
    {"<XRD", NULL},
    {"<", NULL},
    {"", NULL},
    {"{\"links\":[]}", NULL},
  };
  char href[DORMS_ROOT_MAX];

  check_host_meta (dorms_read_host_meta_xrd, rows, G_N_ELEMENTS (rows));
  fail_if (dorms_read_host_meta_xrd ((const uint8_t *) "<XRD>\0" LINK, 40,
          href));
}

GST_END_TEST;

static dorms_library_version
read_version (const char *text)
{
  return dorms_read_library_version ((const uint8_t *) text, strlen (text));
}

GST_START_TEST (test_library_version)
{
  fail_unless_equals_int (read_version
      ("{\"ietf-restconf:yang-library-version\":\"2016-06-21\"}"),
      DORMS_LIBRARY_2016);
  fail_unless_equals_int (read_version
      ("{\"yang-library-version\":\"2019-01-04\"}"), DORMS_LIBRARY_2019);
  fail_unless_equals_int (read_version
      ("{\"yang-library-version\":\"2031-01-01\"}"), DORMS_LIBRARY_2019);
  fail_unless_equals_int (read_version
      ("{\"yang-library-version\":\"2015-01-01\"}"), DORMS_LIBRARY_NONE);
  fail_unless_equals_int (read_version ("{\"yang-library-version\":2019}"),
      DORMS_LIBRARY_NONE);
  fail_unless_equals_int (read_version ("{}"), DORMS_LIBRARY_NONE);
  fail_unless_equals_int (read_version ("x"), DORMS_LIBRARY_NONE);
}

GST_END_TEST;

static bool
read_library (const char *text, dorms_library * library)
{
  return dorms_read_library ((const uint8_t *) text, strlen (text), library);
}

GST_START_TEST (test_library)
{
  JsonParser *parser = vectors_load ("dorms-modules-state.json");
  char *text = json_to_string (json_parser_get_root (parser), FALSE);
  dorms_library library;

  fail_unless (read_library (text, &library));
  fail_unless_equals_int (library.modules, DORMS_MODULE_DORMS |
      DORMS_MODULE_AMBI | DORMS_MODULE_CBACC);
  fail_unless_equals_int (library.unknown_revisions, 0);
  g_free (text);
  g_object_unref (parser);

  fail_unless (read_library ("{\"ietf-yang-library:yang-library\":{"
          "\"module-set\":[{\"name\":\"a\",\"module\":["
          "{\"name\":\"ietf-dorms\","
          "\"revision\":\"2030-01-01\"}]},{\"name\":\"b\",\"module\":"
          "{\"name\":\"ietf-ambi\",\"revision\":\"2019-08-25\"}}]}}",
          &library));
  fail_unless_equals_int (library.modules, DORMS_MODULE_DORMS |
      DORMS_MODULE_AMBI);
  fail_unless_equals_int (library.unknown_revisions, DORMS_MODULE_DORMS);

  /* Readable, and nothing in it. */
  fail_unless (read_library ("{\"modules-state\":{\"module\":[5,{},"
          "{\"name\":\"ietf-dorms\",\"conformance-type\":\"import\"}]}}",
          &library));
  fail_unless_equals_int (library.modules, 0);

  fail_if (read_library ("{\"modules-state\":{}}", &library));
  fail_if (read_library ("{\"modules-state\":5}", &library));
  fail_if (read_library ("{\"yang-library\":{\"module-set\":[{}]}}", &library));
  fail_if (read_library ("{\"yang-library\":{}}", &library));
  fail_if (read_library ("{}", &library));
  fail_if (read_library ("", &library));
}

GST_END_TEST;

/* What is read in one go, with a lock held, has its bound. */
GST_START_TEST (test_library_size)
{
  static const struct
  {
    unsigned n_modules;
    bool ok;
  } rows[] = { {8000, true}, {80000, false} };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    GString *text = g_string_new ("{\"modules-state\":{\"module\":["
        "{\"name\":\"ietf-dorms\"}");
    dorms_library library;

    for (unsigned j = 0; j < rows[i].n_modules; j++)
      g_string_append (text, ",{\"name\":\"a\",\"revision\":\"b\"}");
    g_string_append (text, "]}}");
    fail_unless (text->len < DORMS_LIBRARY_MAX);
    fail_unless (read_library (text->str, &library) == rows[i].ok);
    g_string_free (text, TRUE);
  }
}

GST_END_TEST;

GST_START_TEST (test_paths)
{
  core_ip s4 = vector_ip_literal ("198.51.100.10");
  core_ip g4 = vector_ip_literal ("232.10.10.1");
  core_ip s6 = vector_ip_literal ("2001:DB8:0:0:0:0:0:A");
  core_ip g6 = vector_ip_literal ("ff3e::8000:1");
  char path[DORMS_PATH_MAX];

  dorms_metadata_path ("/r", DORMS_FORM_ENCODED, &s4, &g4, path);
  fail_unless_equals_string (path, "/r/data/ietf-dorms:dorms/metadata/"
      "sender=198.51.100.10/group=232.10.10.1");
  dorms_metadata_path ("", DORMS_FORM_ENCODED, &s6, &g6, path);
  fail_unless_equals_string (path, "/data/ietf-dorms:dorms/metadata/"
      "sender=2001%3Adb8%3A%3Aa/group=ff3e%3A%3A8000%3A1");
  dorms_metadata_path ("/r", DORMS_FORM_RAW, &s6, &g6, path);
  fail_unless_equals_string (path, "/r/data/ietf-dorms:dorms/metadata/"
      "sender=2001:db8::a/group=ff3e::8000:1");
  dorms_metadata_path ("/r", DORMS_FORM_OLD_TREE, &s6, &g6, path);
  fail_unless_equals_string (path, "/r/data/ietf-dorms:metadata/"
      "sender=2001%3Adb8%3A%3Aa/group=ff3e%3A%3A8000%3A1");
  dorms_resource_path ("/r", "/yang-library-version", path);
  fail_unless_equals_string (path, "/r/yang-library-version");
}

GST_END_TEST;

static Suite *
dorms_restconf_suite (void)
{
  Suite *s = suite_create ("dorms-restconf");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_hosts);
  tcase_add_test (tc, test_roots);
  tcase_add_test (tc, test_redirects);
  tcase_add_test (tc, test_host_meta_json);
  tcase_add_test (tc, test_host_meta_xrd);
  tcase_add_test (tc, test_library_version);
  tcase_add_test (tc, test_library);
  tcase_add_test (tc, test_library_size);
  tcase_add_test (tc, test_paths);
  return s;
}

GST_CHECK_MAIN (dorms_restconf);
