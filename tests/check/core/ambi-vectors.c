/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reads the vectors of ambi.json.
 */
#include "ambi-vectors.h"

#include <string.h>

JsonParser *
ambi_vectors_load (void)
{
  return vectors_load ("ambi.json");
}

static core_hash_algorithm
read_algorithm (JsonObject * object)
{
  const char *name = vector_string (object, "hash-algorithm");
  core_hash_algorithm algorithm = core_hash_from_name (name);

  fail_unless (algorithm != CORE_HASH_NONE, "no algorithm %s", name);
  return algorithm;
}

static void
append_hex (GByteArray * to, JsonObject * object, const char *path)
{
  vector_bytes bytes;

  if (!vector_has (object, path))
    return;
  bytes = vector_hex (object, path);
  g_byte_array_append (to, bytes.data, (guint) bytes.len);
  vector_bytes_free (&bytes);
}

/* {hex, length}, or {pattern, length}: octet i is ((a i i + b i + c) mod m)
 * mod 256. */
static void
append_payload (GByteArray * to, JsonObject * object)
{
  uint64_t n = (uint64_t) vector_int (object, "length");
  uint64_t a, b, c, m;

  if (vector_has (object, "hex")) {
    append_hex (to, object, "hex");
    return;
  }
  a = (uint64_t) vector_int (object, "pattern.a");
  b = (uint64_t) vector_int (object, "pattern.b");
  c = (uint64_t) vector_int (object, "pattern.c");
  m = (uint64_t) vector_int (object, "pattern.m");
  for (uint64_t i = 0; i < n; i++) {
    uint8_t octet = (uint8_t) ((a * i * i + b * i + c) % m);

    g_byte_array_append (to, &octet, 1);
  }
}

static vector_bytes
read_hashed (JsonObject * object, bool ip_layer)
{
  GByteArray *array = g_byte_array_new ();
  vector_bytes bytes;

  if (vector_has (object, "ip-payload")) {
    append_payload (array, vector_object (object, "ip-payload"));
  } else {
    if (ip_layer)
      append_hex (array, object, "udp-header-hex");
    append_payload (array, vector_object (object, "udp-payload"));
    if (ip_layer)
      append_hex (array, object, "ip-surplus-hex");
  }
  bytes = vector_bytes_copy (array->data, array->len);
  g_byte_array_unref (array);
  fail_unless_equals_int (bytes.len, vector_int (object, "expect.length"));
  return bytes;
}

unsigned
ambi_digest_vectors (JsonParser * parser)
{
  return vectors_count (vectors_root (parser), "digests");
}

void
ambi_digest_vector_init (ambi_digest_vector * v, JsonParser * parser,
    unsigned i)
{
  JsonObject *object = vectors_at (vectors_root (parser), "digests", i);

  memset (v, 0, sizeof (*v));
  v->name = vector_string (object, "name");
  v->algorithm = read_algorithm (object);
  v->flow.src = vector_ip (object, "source-address");
  v->flow.dst = vector_ip (object, "destination-address");
  v->flow.src_port = (uint16_t) vector_int (object, "source-port");
  v->flow.dst_port = (uint16_t) vector_int (object, "destination-port");
  v->flow.protocol = (uint8_t) vector_int (object, "protocol");
  v->stream_id = (uint32_t) vector_int (object, "stream-id");
  v->ip_layer = g_strcmp0 (vector_string (object, "layer"), "ip") == 0;
  v->hashed = read_hashed (object, v->ip_layer);
  v->pseudoheader = vector_hex (object, "expect.pseudoheader-hex");
  v->digest = vector_hex (object, "expect.digest-hex");
  if (vector_has (object, "ip-packet-hex"))
    v->packet = vector_hex (object, "ip-packet-hex");
}

void
ambi_digest_vector_clear (ambi_digest_vector * v)
{
  vector_bytes_free (&v->hashed);
  vector_bytes_free (&v->pseudoheader);
  vector_bytes_free (&v->digest);
  vector_bytes_free (&v->packet);
}

static bool
has_warning (JsonObject * object, const char *warning)
{
  JsonArray *array;

  if (!vector_has (object, "warnings"))
    return false;
  array = vector_array (object, "warnings");
  for (unsigned i = 0; i < json_array_get_length (array); i++) {
    if (g_strcmp0 (json_array_get_string_element (array, i), warning) == 0)
      return true;
  }
  return false;
}

/* A number, or null. */
static int64_t
int_or_zero (JsonObject * object, const char *name)
{
  return json_object_get_null_member (object, name) ? 0 :
      vector_int (object, name);
}

static void
read_manifest (ambi_vector_manifest * m, JsonObject * object,
    uint32_t stream_id)
{
  JsonArray *digests = vector_array (object, "digests");
  GByteArray *array = g_byte_array_new ();

  m->offset = (size_t) vector_int (object, "offset");
  m->header_len = AMBI_HEADER_LEN;
  if (vector_has (object, "tlv-space"))
    m->header_len += 2 + (size_t) vector_int (object, "tlv-space");
  m->header.stream_id = stream_id;
  m->header.manifest_seq = (uint32_t) vector_int (object, "manifest-seq");
  m->header.first_packet_seq =
      (uint32_t) vector_int (object, "first-packet-seq");
  m->header.count = (uint16_t) vector_int (object, "digest-count");
  m->header.refresh_deadline =
      (uint16_t) int_or_zero (object, "refresh-deadline");
  m->complete = json_object_get_boolean_member (object, "complete");
  m->bad_refresh_length = has_warning (object, "refresh-deadline-length");

  m->n_digests = json_array_get_length (digests);
  for (unsigned i = 0; i < m->n_digests; i++) {
    JsonObject *digest = json_array_get_object_element (digests, i);

    fail_unless_equals_int64 (vector_int (digest, "seq"),
        (uint32_t) (m->header.first_packet_seq + i));
    append_hex (array, digest, "hex");
  }
  m->digests = vector_bytes_copy (array->data, array->len);
  g_byte_array_unref (array);
}

static ambi_vector_verdict
read_verdict (const char *text)
{
  static const char *const names[] = {
    [AMBI_VERDICT_OK] = "ok",
    [AMBI_VERDICT_INCOMPLETE] = "incomplete",
    [AMBI_VERDICT_DISCONNECT] = "disconnect",
    [AMBI_VERDICT_DROP_DATAGRAM] = "drop-datagram",
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++) {
    if (g_strcmp0 (names[i], text) == 0)
      return (ambi_vector_verdict) i;
  }
  fail ("no verdict: %s", text);
  return AMBI_VERDICT_OK;
}

static void
read_chunks (ambi_manifest_vector * v, JsonObject * object)
{
  JsonArray *array;

  if (!vector_has (object, "also-feed-as-chunks"))
    return;
  array = vector_array (object, "also-feed-as-chunks");
  v->n_chunks = json_array_get_length (array);
  fail_unless (v->n_chunks <= AMBI_VECTOR_CHUNKS_MAX);
  for (unsigned i = 0; i < v->n_chunks; i++)
    v->chunks[i] = (size_t) json_array_get_int_element (array, i);
}

static void
read_expected (ambi_manifest_vector * v, JsonObject * expect)
{
  v->verdict = read_verdict (vector_string (expect, "verdict"));
  v->error = vector_string (expect, "error");
  if (v->verdict != AMBI_VERDICT_OK)
    v->error_offset = (size_t) vector_int (expect, "offending-manifest-offset");
  v->n_manifests = json_array_get_length (vector_array (expect, "manifests"));
  fail_unless (v->n_manifests <= AMBI_VECTOR_MANIFESTS_MAX);
  for (unsigned i = 0; i < v->n_manifests; i++)
    read_manifest (&v->manifests[i], vectors_at (expect, "manifests", i),
        v->stream_id);
}

unsigned
ambi_manifest_vectors (JsonParser * parser)
{
  return vectors_count (vectors_root (parser), "manifests");
}

void
ambi_manifest_vector_init (ambi_manifest_vector * v, JsonParser * parser,
    unsigned i)
{
  JsonObject *object = vectors_at (vectors_root (parser), "manifests", i);

  memset (v, 0, sizeof (*v));
  v->name = vector_string (object, "name");
  v->datagram = g_strcmp0 (vector_string (object, "mode"), "datagram") == 0;
  v->stream_id = (uint32_t) vector_int (object, "expected-stream-id");
  v->algorithm = read_algorithm (object);
  v->data = vector_hex (object, "data-hex");
  read_chunks (v, object);
  read_expected (v, vector_object (object, "expect"));
  fail_unless_equals_int (core_hash_len (v->algorithm),
      vector_int (object, "digest-length"));
}

void
ambi_manifest_vector_clear (ambi_manifest_vector * v)
{
  vector_bytes_free (&v->data);
  for (unsigned i = 0; i < v->n_manifests; i++)
    vector_bytes_free (&v->manifests[i].digests);
}
