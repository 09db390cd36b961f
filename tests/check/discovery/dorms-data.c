/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reading metadata: the variants and the faults of the vectors, and answers
 * that are meant to do harm.
 */
#include "dorms-data.h"

#include <string.h>

#include "vectors.h"

#define SOURCE "198.51.100.10"
#define GROUP "232.10.10.1"

static dorms_code
read_text (dorms_metadata ** out, const char *source, const char *group,
    const char *text)
{
  core_ip s = vector_ip_literal (source), g = vector_ip_literal (group);
  vector_bytes body = vector_bytes_copy ((const uint8_t *) text,
      strlen (text));
  dorms_code code = dorms_metadata_read (out, &s, &g, body.data, body.len);

  vector_bytes_free (&body);
  fail_unless ((code == DORMS_OK) == (*out != NULL));
  return code;
}

static char *
body_of (JsonObject * v, const char *member)
{
  return json_to_string (json_object_get_member (v, member), FALSE);
}

/*
 * Comparing with the normal form of the vectors
 */

static bool
is_null (JsonObject * v, const char *name)
{
  return json_object_get_null_member (v, name);
}

static void
check_date (const dorms_stream * got, JsonObject * want)
{
  GDateTime *date;
  char *text;

  fail_unless (got->expires == !is_null (want, "expiration"));
  if (!got->expires)
    return;
  date = g_date_time_new_from_unix_utc (got->expiration);
  text = g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ");
  fail_unless_equals_string (text, vector_string (want, "expiration"));
  g_free (text);
  g_date_time_unref (date);
}

static void
check_stream (const dorms_stream * got, JsonObject * want)
{
  JsonArray *uris = vector_array (want, "uris");

  fail_unless_equals_string (got->layer == DORMS_LAYER_UDP ? "udp" : "ip",
      vector_string (want, "layer"));
  fail_unless (got->has_port == !is_null (want, "port"));
  if (got->has_port)
    fail_unless_equals_int (got->port, vector_int (want, "port"));
  fail_unless_equals_int64 (got->id, vector_int (want, "id"));
  fail_unless_equals_string (core_hash_name (got->hash),
      vector_string (want, "hash-algorithm"));
  fail_unless_equals_int (core_hash_len (got->hash), vector_int (want,
          "digest-length"));
  fail_unless_equals_int (got->data_hold_ms, vector_int (want, "data-hold-ms"));
  fail_unless_equals_int (got->digest_hold_ms, vector_int (want,
          "digest-hold-ms"));
  check_date (got, want);
  fail_unless_equals_int (got->n_uris, json_array_get_length (uris));
  for (unsigned i = 0; i < got->n_uris; i++)
    fail_unless_equals_string (got->uris[i],
        json_array_get_string_element (uris, i));
}

static void
check_cbacc (const dorms_metadata * got, JsonObject * want)
{
  fail_unless (got->has_cbacc == !is_null (want, "cbacc"));
  if (!got->has_cbacc)
    return;
  fail_unless_equals_int64 (got->cbacc.max_bps, vector_int (want,
          "cbacc.max-bps"));
  fail_unless_equals_int (got->cbacc.max_packet_size, vector_int (want,
          "cbacc.max-packet-size"));
  fail_unless_equals_int (got->cbacc.data_rate_window_ms, vector_int (want,
          "cbacc.data-rate-window-ms"));
  fail_unless_equals_int (got->cbacc.priority, vector_int (want,
          "cbacc.priority"));
}

static void
check_skipped (const dorms_metadata * got, JsonArray * want)
{
  fail_unless_equals_int (got->n_skipped, json_array_get_length (want));
  for (unsigned i = 0; i < got->n_skipped; i++) {
    JsonObject *v = json_array_get_object_element (want, i);

    fail_unless (got->skipped[i].has_id == !is_null (v, "id"));
    if (got->skipped[i].has_id)
      fail_unless_equals_int64 (got->skipped[i].id, vector_int (v, "id"));
    fail_unless_equals_string (dorms_skip_name (got->skipped[i].reason),
        vector_string (v, "reason"));
  }
}

static void
check_metadata (const dorms_metadata * got, JsonObject * want)
{
  core_ip source = vector_ip (want, "source");
  core_ip group = vector_ip (want, "group");
  JsonArray *ports = vector_array (want, "ports");
  JsonArray *ambi = vector_array (want, "ambi");

  fail_unless (core_ip_equal (&got->source, &source));
  fail_unless (core_ip_equal (&got->group, &group));
  fail_unless_equals_int (got->n_ports, json_array_get_length (ports));
  for (unsigned i = 0; i < got->n_ports; i++)
    fail_unless_equals_int (got->ports[i], json_array_get_int_element (ports,
            i));
  fail_unless_equals_int (got->n_streams, json_array_get_length (ambi));
  for (unsigned i = 0; i < got->n_streams; i++)
    check_stream (&got->streams[i], json_array_get_object_element (ambi, i));
  check_cbacc (got, want);
  check_skipped (got, vector_array (want, "skipped"));
}

/*
 * Vectors
 */

GST_START_TEST (test_liberal)
{
  JsonParser *parser = vectors_load ("dorms-liberal.json");
  JsonObject *root = vectors_root (parser);

  for (unsigned i = 0; i < vectors_count (root, "cases"); i++) {
    JsonObject *v = vectors_at (root, "cases", i);
    dorms_metadata *metadata;
    char *body = body_of (v, "body");

    GST_INFO ("%s", vector_string (v, "name"));
    fail_unless_equals_int (read_text (&metadata, vector_string (v, "source"),
            vector_string (v, "group"), body), DORMS_OK);
    check_metadata (metadata, vector_object (v, "expect"));
    fail_if (metadata->not_ssm);
    dorms_metadata_free (metadata);
    g_free (body);
  }
  g_object_unref (parser);
}

GST_END_TEST;

/* The answers of the exchanges, to the last field. */
GST_START_TEST (test_exchanges)
{
  static const char *const steps[] = { "group-v4", "group-v6" };
  JsonParser *parser = vectors_load ("dorms-http.json");
  JsonObject *root = vectors_root (parser);
  unsigned n_read = 0;

  for (unsigned i = 0; i < vectors_count (root, "exchanges"); i++) {
    JsonObject *v = vectors_at (root, "exchanges", i);

    for (unsigned j = 0; j < G_N_ELEMENTS (steps); j++) {
      JsonObject *want = vector_object (vector_object (root, "expect"),
          steps[j]);
      dorms_metadata *metadata;
      char *body;

      if (strcmp (vector_string (v, "step"), steps[j]) != 0)
        continue;
      body = body_of (vector_object (v, "response"), "body");
      fail_unless_equals_int (read_text (&metadata, vector_string (want,
                  "source"), vector_string (want, "group"), body), DORMS_OK);
      check_metadata (metadata, want);
      dorms_metadata_free (metadata);
      g_free (body);
      n_read++;
    }
  }
  fail_unless_equals_int (n_read, G_N_ELEMENTS (steps));
  g_object_unref (parser);
}

GST_END_TEST;

/* The source and the group of the one entry in a tree; SOURCE where it is no
 * address. */
static void
channel_of (JsonObject * v, const char **source, const char **group)
{
  JsonObject *metadata = vector_object (v,
      "document.ietf-dorms:dorms.metadata");
  JsonObject *sender = vectors_at (metadata, "sender", 0);
  core_ip ip;

  *source = vector_string (sender, "address");
  *group = vector_string (vectors_at (sender, "group", 0), "address");
  if (!core_ip_from_string (*source, &ip))
    *source = SOURCE;
}

static void
check_reaction (dorms_code code, const dorms_metadata * m, const char *expect)
{
  if (strcmp (expect, "bad-metadata") == 0) {
    fail_unless_equals_int (code, DORMS_BAD_METADATA);
    return;
  }
  fail_unless_equals_int (code, DORMS_OK);
  fail_unless (m->not_ssm == (strcmp (expect, "accepted-with-warning") == 0));
  fail_unless_equals_int (m->n_ports, 0);
  fail_unless_equals_int (m->n_streams, 0);
  fail_if (m->has_cbacc);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_BAD_PORT],
      strcmp (expect, "entry-ignored") == 0);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_BAD_RATE],
      strcmp (expect, "cbacc-ignored") == 0);
  fail_unless_equals_int (m->n_skipped, strcmp (expect, "stream-ignored") == 0);
}

GST_START_TEST (test_bad_documents)
{
  JsonParser *parser = vectors_load ("dorms-errors.json");
  JsonObject *root = vectors_root (parser);

  for (unsigned i = 0; i < vectors_count (root, "documents"); i++) {
    JsonObject *v = vectors_at (root, "documents", i);
    const char *source, *group;
    dorms_metadata *metadata;
    char *body = body_of (v, "document");
    dorms_code code;

    GST_INFO ("%s", vector_string (v, "name"));
    channel_of (v, &source, &group);
    code = read_text (&metadata, source, group, body);
    check_reaction (code, metadata, vector_string (v, "expect"));
    dorms_metadata_free (metadata);
    g_free (body);
  }
  g_object_unref (parser);
}

GST_END_TEST;

static bool
is_expected (JsonObject * v, const char *name)
{
  JsonNode *expect = json_object_get_member (v, "expect");
  JsonArray *list;

  if (!JSON_NODE_HOLDS_ARRAY (expect))
    return strcmp (json_node_get_string (expect), name) == 0;
  list = json_node_get_array (expect);
  for (unsigned i = 0; i < json_array_get_length (list); i++)
    if (strcmp (json_array_get_string_element (list, i), name) == 0)
      return true;
  return false;
}

/* The bodies with a type that is no JSON are for the search's test. */
GST_START_TEST (test_raw_bodies)
{
  JsonParser *parser = vectors_load ("dorms-errors.json");
  JsonObject *root = vectors_root (parser);

  for (unsigned i = 0; i < vectors_count (root, "raw-bodies"); i++) {
    JsonObject *v = vectors_at (root, "raw-bodies", i);
    dorms_metadata *metadata;
    dorms_code code;

    if (is_expected (v, "bad-content-type"))
      continue;
    code = read_text (&metadata, SOURCE, GROUP, vector_string (v, "body-text"));
    if (is_expected (v, "entry-ignored")) {
      fail_unless_equals_int (code, DORMS_OK);
      fail_unless_equals_int (metadata->n_ports, 0);
      fail_unless_equals_int (metadata->n_skips[DORMS_SKIP_BAD_PORT], 1);
    } else {
      fail_unless (is_expected (v, dorms_code_name (code)), "%s: %s",
          vector_string (v, "name"), dorms_code_name (code));
    }
    dorms_metadata_free (metadata);
  }
  g_object_unref (parser);
}

GST_END_TEST;

/* The group of a whole tree is the group of the vector with its answer. */
GST_START_TEST (test_trees)
{
  static const struct
  {
    const char *file, *source, *group;
    unsigned n_ports, n_streams;
    uint64_t max_bps;
  } rows[] = {
    {"dorms-full-v4.json", SOURCE, GROUP, 1, 2, 12000000},
    {"dorms-full-v4.json", SOURCE, "232.10.10.2", 2, 1, 30000000},
    {"dorms-full-v6.json", "2001:db8::a", "ff3e::8000:1", 1, 1, 8000000},
    {"dorms-minimal.json", SOURCE, "232.10.10.9", 1, 0, 0},
    {"dorms-layered.json", SOURCE, "232.10.20.1", 1, 1, 1500000},
    {"dorms-layered.json", SOURCE, "232.10.20.2", 1, 1, 3000000},
    {"dorms-layered.json", SOURCE, "232.10.20.3", 1, 1, 6000000},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    JsonParser *parser = vectors_load (rows[i].file);
    char *body = json_to_string (json_parser_get_root (parser), TRUE);
    dorms_metadata *metadata;

    fail_unless_equals_int (read_text (&metadata, rows[i].source,
            rows[i].group, body), DORMS_OK);
    fail_unless_equals_int (metadata->n_ports, rows[i].n_ports);
    fail_unless_equals_int (metadata->n_streams, rows[i].n_streams);
    fail_unless (metadata->has_cbacc == (rows[i].max_bps != 0));
    fail_unless_equals_uint64 (metadata->cbacc.max_bps, rows[i].max_bps);
    dorms_metadata_free (metadata);
    fail_unless_equals_int (read_text (&metadata, rows[i].source,
            rows[i].source[0] == '2' ? "ff3e::99" : "232.99.99.99", body),
        DORMS_NO_METADATA);
    g_free (body);
    g_object_unref (parser);
  }
}

GST_END_TEST;

/*
 * Harm
 */

static dorms_metadata *
read_group_members (const char *members)
{
  char *body = g_strdup_printf ("{\"ietf-dorms:group\":[{\"address\":\""
      GROUP "\",%s}]}", members);
  dorms_metadata *metadata;

  fail_unless_equals_int (read_text (&metadata, SOURCE, GROUP, body), DORMS_OK);
  g_free (body);
  return metadata;
}

GST_START_TEST (test_shapes)
{
  static const struct
  {
    const char *body;
    dorms_code code;
  } rows[] = {
    {"[]", DORMS_BAD_JSON},
    {"null", DORMS_BAD_JSON},
    {"\"" GROUP "\"", DORMS_BAD_JSON},
    {"{}", DORMS_NO_METADATA},
    {"{\"ietf-restconf:errors\":{}}", DORMS_NO_METADATA},
    {"{\"ietf-dorms:group\":5}", DORMS_BAD_JSON},
    {"{\"ietf-dorms:group\":[5]}", DORMS_BAD_JSON},
    {"{\"ietf-dorms:group\":[[]]}", DORMS_BAD_JSON},
    {"{\"ietf-dorms:group\":null}", DORMS_NO_METADATA},
    {"{\"ietf-dorms:group\":[{}]}", DORMS_BAD_METADATA},
    {"{\"ietf-dorms:group\":[{\"address\":5}]}", DORMS_BAD_METADATA},
    {"{\"ietf-dorms:dorms\":[]}", DORMS_BAD_JSON},
    {"{\"ietf-dorms:dorms\":{}}", DORMS_NO_METADATA},
    {"{\"ietf-dorms:dorms\":{\"metadata\":5}}", DORMS_BAD_JSON},
    {"{\"ietf-dorms:dorms\":{\"metadata\":{\"sender\":[5]}}}",
        DORMS_BAD_JSON},
    {"{\"ietf-dorms:dorms\":{\"metadata\":{\"sender\":{}}}}",
        DORMS_BAD_METADATA},
    {"{\"ietf-dorms:sender\":[{\"address\":\"" SOURCE "\",\"group\":"
          "{\"address\":\"" GROUP "\"}}]}", DORMS_OK},
    {"{\"ietf-dorms:sender\":[{\"address\":\"192.0.2.1\",\"group\":"
          "{\"address\":\"" GROUP "\"}}]}", DORMS_NO_METADATA},
    /* one member under two names */
    {"{\"ietf-dorms:group\":[{\"address\":\"" GROUP "\",\"ietf-dorms:address\""
          ":\"" GROUP "\"}]}", DORMS_BAD_METADATA},
    {"{\"ietf-dorms:group\":[{\"address\":\"" GROUP "\",\"udp-stream\":[],"
          "\"udp-stream\":[{\"port\":1}]}]}", DORMS_BAD_JSON},
    /* a fault elsewhere in the answer */
    {"{\"ietf-dorms:group\":[{\"address\":\"" GROUP "\"},"
          "{\"address\":\"10.0.0.1\"}]}", DORMS_BAD_METADATA},
    {"{\"ietf-dorms:group\":[{\"address\":\"" GROUP "\"},"
          "{\"address\":\"ff3e::1\"}]}", DORMS_BAD_METADATA},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    dorms_metadata *metadata;
    dorms_code code = read_text (&metadata, SOURCE, GROUP, rows[i].body);

    /* Of members that occur twice, that counts first. */
    if (strstr (rows[i].body, "ietf-dorms:address") != NULL)
      fail_unless (code == DORMS_BAD_JSON || code == DORMS_BAD_METADATA);
    else
      fail_unless (code == rows[i].code, "%s: %s", rows[i].body,
          dorms_code_name (code));
    dorms_metadata_free (metadata);
  }
}

GST_END_TEST;

GST_START_TEST (test_wrong_types)
{
  dorms_metadata *m = read_group_members ("\"udp-stream\":[5,null,[],\"x\","
      "{\"port\":null},{\"port\":0},{\"port\":-1},{\"port\":\"80x\"},"
      "{\"port\":{}},{\"port\":7},{\"port\":7},{\"port\":8,\"ietf-ambi:ambi\":"
      "[1]}],\"ietf-ambi:ambi\":{\"manifest-stream\":[5,null,{\"id\":{}},"
      "{\"id\":1,\"hash-algorithm\":[]},"
      "{\"id\":2,\"hash-algorithm\":\"sha-256\","
      "\"manifest-stream\":[5,null,{},{\"uri\":5},[\"https://a/\"]]},"
      "{\"id\":3,\"hash-algorithm\":\"sha-256\",\"hash-bits\":\"x\","
      "\"manifest-stream\":\"https://a/\"}]},\"ietf-cbacc:cbacc\":[]");

  fail_unless_equals_int (m->n_ports, 2);
  fail_unless_equals_int (m->ports[0], 7);
  fail_unless_equals_int (m->ports[1], 8);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_BAD_PORT], 9);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_DUPLICATE], 1);
  fail_unless_equals_int (m->n_streams, 0);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_MISSING_ID], 3);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_UNSUPPORTED_HASH], 1);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_UNSUPPORTED_HASH_BITS], 1);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_NO_URI], 1);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_BAD_URI], 5);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_BAD_RATE], 1);
  fail_if (m->has_cbacc);
  dorms_metadata_free (m);
}

GST_END_TEST;

GST_START_TEST (test_uris)
{
  dorms_metadata *m = read_group_members ("\"ietf-ambi:ambi\":{"
      "\"manifest-stream\":[{\"id\":1,\"hash-algorithm\":\"sha-256\","
      "\"manifest-transport\":[\"HTTPS://a/x\",\"https://a/x y\","
      "\"https://a/\\n\",\"https://\",\"https:///x\",\"https://?\","
      "\"file:///x\","
      "\"javascript:x\",\"https://\\u00e9/\",\"ambi+tls://b:1\","
      "\"ambi+tls://b:1\",\"ambi+dtls://c:2\",\"ambi://d\",\"\"],"
      "\"manifest-stream\":{\"uri\":\"https://e/\"}}]}");

  fail_unless_equals_int (m->n_streams, 1);
  fail_unless_equals_int (m->streams[0].n_uris, 4);
  fail_unless_equals_string (m->streams[0].uris[0], "https://e/");
  fail_unless_equals_string (m->streams[0].uris[1], "HTTPS://a/x");
  fail_unless_equals_string (m->streams[0].uris[2], "ambi+tls://b:1");
  fail_unless_equals_string (m->streams[0].uris[3], "ambi+dtls://c:2");
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_BAD_URI], 10);
  dorms_metadata_free (m);
}

GST_END_TEST;

#define STREAM(members) "\"ietf-ambi:ambi\":{\"manifest-stream\":[{\"id\":1," \
    "\"hash-algorithm\":\"sha-256\",\"manifest-stream\":\"https://a/\"," \
    members "}]}"

GST_START_TEST (test_stream_numbers)
{
  dorms_metadata *m = read_group_members (STREAM
      ("\"data-hold-time\":60001,\"digest-hold-time\":4294967295,"
          "\"payload-type\":\"udp\",\"expiration\":\"never\""));

  fail_unless_equals_int (m->streams[0].data_hold_ms, DORMS_HOLD_MS_MAX);
  fail_unless_equals_int (m->streams[0].digest_hold_ms, DORMS_HOLD_MS_MAX);
  fail_unless_equals_int (m->streams[0].layer, DORMS_LAYER_UDP);
  fail_if (m->streams[0].has_port);
  fail_if (m->streams[0].expires);
  dorms_metadata_free (m);

  m = read_group_members (STREAM ("\"data-hold-time\":0,"
          "\"digest-hold-time\":4294967296,\"payload-type\":\"ip\","
          "\"expiration\":\"\""));
  fail_unless_equals_int (m->streams[0].data_hold_ms, 0);
  fail_unless_equals_int (m->streams[0].digest_hold_ms, 10000);
  fail_unless_equals_int (m->streams[0].layer, DORMS_LAYER_IP);
  fail_if (m->streams[0].expires);
  dorms_metadata_free (m);
}

GST_END_TEST;

GST_START_TEST (test_cbacc_numbers)
{
  dorms_metadata *m = read_group_members ("\"ietf-cbacc:cbacc\":{"
      "\"max-speed\":4294967295,\"max-packet-size\":65536,\"priority\":-1,"
      "\"data-rate-window\":0}");

  fail_unless_equals_uint64 (m->cbacc.max_bps, UINT64_C (4294967295) * 1000);
  fail_unless_equals_int (m->cbacc.max_packet_size, 1400);
  fail_unless_equals_int (m->cbacc.priority, 256);
  fail_unless_equals_int (m->cbacc.data_rate_window_ms, 2000);
  dorms_metadata_free (m);

  /* What cannot be a rate does not hide those of the ports. */
  m = read_group_members ("\"ietf-cbacc:cbacc\":{\"max-speed\":4294967296},"
      "\"udp-stream\":[{\"port\":1,\"ietf-cbacc:cbacc\":{\"max-speed\":2}},"
      "{\"port\":2,\"cbacc\":{\"max-bits-per-second\":500}}]");
  fail_unless_equals_uint64 (m->cbacc.max_bps, 2500);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_BAD_RATE], 1);
  dorms_metadata_free (m);
}

GST_END_TEST;

/* Answers with more of everything than is kept. */
GST_START_TEST (test_limits)
{
  GString *text = g_string_new ("\"udp-stream\":[");
  dorms_metadata *m;

  for (unsigned i = 1; i <= 2000; i++)
    g_string_append_printf (text, "%s{\"port\":%u}", i > 1 ? "," : "", i);
  g_string_append (text, "],\"ietf-ambi:ambi\":{\"manifest-stream\":[");
  for (unsigned i = 0; i < 2000; i++) {
    g_string_append_printf (text, "%s{\"id\":%u,\"hash-algorithm\":\"sha-256\","
        "\"manifest-stream\":[", i > 0 ? "," : "", i % 1000);
    for (unsigned j = 0; j < 12; j++)
      g_string_append_printf (text, "%s\"https://a/%u\"", j > 0 ? "," : "", j);
    g_string_append (text, "]}");
  }
  g_string_append (text, "]}");
  m = read_group_members (text->str);
  g_string_free (text, TRUE);

  fail_unless_equals_int (m->n_ports, DORMS_PORTS_MAX);
  fail_unless_equals_int (m->n_streams, DORMS_STREAMS_MAX);
  fail_unless_equals_int (m->streams[0].n_uris, DORMS_URIS_MAX);
  fail_unless_equals_int (m->n_skipped, DORMS_SKIPPED_MAX);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_DUPLICATE], DORMS_STREAMS_MAX);
  fail_unless_equals_int (m->n_skips[DORMS_SKIP_LIMIT], 2000 * 4 +
      2000 - DORMS_PORTS_MAX + 2000 - 2 * DORMS_STREAMS_MAX);
  dorms_metadata_free (m);
}

GST_END_TEST;

/* 1 MiB is read, one octet more is not; deep and wide ones do no harm. */
GST_START_TEST (test_size)
{
  core_ip s = vector_ip_literal (SOURCE), g = vector_ip_literal (GROUP);
  static const char head[] =
      "{\"ietf-dorms:group\":[{\"address\":\"" GROUP "\"}]}";
  uint8_t *body = g_malloc (DORMS_BODY_MAX + 1);
  dorms_metadata *metadata;

  memset (body, ' ', DORMS_BODY_MAX + 1);
  memcpy (body, head, strlen (head));
  fail_unless_equals_int (dorms_metadata_read (&metadata, &s, &g, body,
          DORMS_BODY_MAX), DORMS_OK);
  dorms_metadata_free (metadata);
  fail_unless_equals_int (dorms_metadata_read (&metadata, &s, &g, body,
          DORMS_BODY_MAX + 1), DORMS_TOO_LARGE);

  memset (body, '[', 100000);
  fail_unless_equals_int (dorms_metadata_read (&metadata, &s, &g, body,
          100000), DORMS_BAD_JSON);
  for (unsigned i = 0; i < DORMS_BODY_MAX; i++)
    body[i] = i % 2 == 0 ? '0' : ',';
  body[0] = '[';
  body[DORMS_BODY_MAX - 1] = ']';
  fail_unless_equals_int (dorms_metadata_read (&metadata, &s, &g, body,
          DORMS_BODY_MAX), DORMS_BAD_JSON);
  fail_unless_equals_int (dorms_metadata_read (&metadata, &s, &g, body, 0),
      DORMS_BAD_JSON);
  g_free (body);
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  for (int i = 0; i < DORMS_N_CODES; i++) {
    fail_unless (strlen (dorms_code_name ((dorms_code) i)) > 1);
    fail_unless (strlen (dorms_code_text ((dorms_code) i)) > 1);
  }
  fail_unless_equals_string (dorms_code_name (DORMS_N_CODES), "unknown");
  fail_unless_equals_string (dorms_code_text (DORMS_N_CODES), "failed");
  for (int i = 0; i < DORMS_N_SKIPS; i++)
    fail_unless (strlen (dorms_skip_name ((dorms_skip) i)) > 1);
  fail_unless_equals_string (dorms_skip_name (DORMS_N_SKIPS), "unknown");
}

GST_END_TEST;

static Suite *
dorms_data_suite (void)
{
  Suite *s = suite_create ("dorms-data");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_liberal);
  tcase_add_test (tc, test_exchanges);
  tcase_add_test (tc, test_bad_documents);
  tcase_add_test (tc, test_raw_bodies);
  tcase_add_test (tc, test_trees);
  tcase_add_test (tc, test_shapes);
  tcase_add_test (tc, test_wrong_types);
  tcase_add_test (tc, test_uris);
  tcase_add_test (tc, test_stream_numbers);
  tcase_add_test (tc, test_cbacc_numbers);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_size);
  tcase_add_test (tc, test_names);
  return s;
}

GST_CHECK_MAIN (dorms_data);
