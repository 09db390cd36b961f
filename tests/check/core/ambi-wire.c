/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The manifest parser against the vectors, cut in every way, and the builder.
 */
#include "ambi-wire.h"

#include <string.h>

#include "ambi-vectors.h"

/* An item as it was given, and how many octets had been taken by then. */
typedef struct
{
  ambi_item_type type;
  size_t position;
  uint32_t seq;
  ambi_manifest manifest;
  uint8_t digest[CORE_HASH_LEN_MAX];
  bool bad_refresh_length;
} record;

static const char *
type_name (ambi_item_type type)
{
  static const char *const names[] = {
    "none", "stream-id", "manifest", "digest", "end", "wrong-stream-id",
    "tlv-overflow"
  };

  return names[type];
}

static bool
is_fatal (ambi_item_type type)
{
  return type == AMBI_ITEM_WRONG_STREAM_ID || type == AMBI_ITEM_TLV_OVERFLOW;
}

/* Whether the members are there that belong to the type.  A digest that lies
 * whole in the octets, from to at, is not copied. */
static bool
plausible (const ambi_item * item, const uint8_t * from, const uint8_t * at,
    size_t digest_len)
{
  if (item->type == AMBI_ITEM_DIGEST && at == from + digest_len &&
      item->digest != from)
    return false;
  return (item->digest != NULL) == (item->type == AMBI_ITEM_DIGEST) &&
      (item->manifest != NULL) == (item->type != AMBI_ITEM_NONE);
}

static record
to_record (const ambi_item * item, size_t position, size_t digest_len)
{
  record r = {.type = item->type,.position = position,.seq = item->seq };

  r.bad_refresh_length = item->bad_refresh_length;
  if (item->manifest != NULL)
    r.manifest = *item->manifest;
  if (item->digest != NULL)
    memcpy (r.digest, item->digest, digest_len);
  return r;
}

/* Gives the parser one piece, of which it keeps nothing.  A fatal item ends
 * it; returns the octets taken. */
static size_t
feed (ambi_parser * parser, const uint8_t * data, size_t len, size_t before,
    GArray * records)
{
  vector_bytes piece = vector_bytes_copy (data, len);
  const uint8_t *at = piece.data;
  size_t left = len, taken;
  ambi_item item;

  do {
    const uint8_t *from = at;
    record r;

    ambi_parser_next (parser, &at, &left, &item);
    if (!plausible (&item, from, at, parser->digest_len) ||
        at != piece.data + (len - left))
      fail ("%s after %zu octets", type_name (item.type), before + len - left);
    r = to_record (&item, before + (len - left), parser->digest_len);
    if (item.type != AMBI_ITEM_NONE)
      g_array_append_val (records, r);
  } while (item.type != AMBI_ITEM_NONE && !is_fatal (item.type));
  fail_unless (left == 0 || is_fatal (item.type));
  taken = len - left;
  vector_bytes_free (&piece);
  return taken;
}

/* Pieces of the given sizes, then the rest (n is 0: all at once). */
static GArray *
parse (ambi_parser * parser, const uint8_t * data, size_t len,
    const size_t *sizes, unsigned n)
{
  GArray *records = g_array_new (FALSE, FALSE, sizeof (record));
  size_t at = 0;

  for (unsigned i = 0; i <= n; i++) {
    size_t size = i < n ? MIN (sizes[i], len - at) : len - at;
    size_t taken = feed (parser, data + at, size, at, records);

    at += taken;
    if (taken < size || parser->failure != AMBI_ITEM_NONE)
      break;
  }
  return records;
}

static GArray *
parse_by_octets (ambi_parser * parser, const uint8_t * data, size_t len)
{
  size_t *ones = g_new (size_t, len + 1);
  GArray *records;

  for (size_t i = 0; i < len; i++)
    ones[i] = 1;
  records = parse (parser, data, len, ones, (unsigned) len);
  g_free (ones);
  return records;
}

/* The fields that are known when the item is given. */
static bool
same_manifest (const record * a, const record * b)
{
  const ambi_manifest *m = &a->manifest, *n = &b->manifest;

  if (a->type == AMBI_ITEM_STREAM_ID || is_fatal (a->type))
    return m->stream_id == n->stream_id;
  return m->stream_id == n->stream_id && m->manifest_seq == n->manifest_seq &&
      m->first_packet_seq == n->first_packet_seq && m->count == n->count &&
      m->refresh_deadline == n->refresh_deadline;
}

static void
check_same (const char *name, const GArray * got, const GArray * want,
    unsigned n)
{
  fail_unless (got->len == n, "%s: %u items, not %u", name, got->len, n);
  for (unsigned i = 0; i < n; i++) {
    const record *a = &g_array_index (got, record, i);
    const record *b = &g_array_index (want, record, i);

    /* An assertion for each of many thousands would take long. */
    if (a->type == b->type && a->position == b->position && a->seq == b->seq &&
        a->bad_refresh_length == b->bad_refresh_length &&
        memcmp (a->digest, b->digest, sizeof (a->digest)) == 0 &&
        same_manifest (a, b))
      continue;
    fail ("%s: item %u is %s (%u) after %zu octets, not %s (%u) after %zu, or "
        "they differ in what they say", name, i, type_name (a->type), a->seq,
        a->position, type_name (b->type), b->seq, b->position);
  }
}

static void
expect (GArray * records, ambi_item_type type, size_t position,
    const ambi_manifest * manifest)
{
  record r = {.type = type,.position = position,.manifest = *manifest };

  g_array_append_val (records, r);
}

/* The items of one manifest of a vector. */
static void
expect_manifest (GArray * records, const ambi_vector_manifest * m,
    size_t digest_len)
{
  size_t position = m->offset + m->header_len;

  expect (records, AMBI_ITEM_STREAM_ID, m->offset + 4, &m->header);
  expect (records, AMBI_ITEM_MANIFEST, position, &m->header);
  g_array_index (records, record, records->len - 1).bad_refresh_length =
      m->bad_refresh_length;
  for (unsigned i = 0; i < m->n_digests; i++) {
    record *r;

    position += digest_len;
    expect (records, AMBI_ITEM_DIGEST, position, &m->header);
    r = &g_array_index (records, record, records->len - 1);
    r->seq = m->header.first_packet_seq + i;
    memcpy (r->digest, m->digests.data + i * digest_len, digest_len);
  }
  if (m->complete)
    expect (records, AMBI_ITEM_END, position, &m->header);
}

/* What the octets of a vector are to give.  A fault in the TLVs is checked
 * without its place. */
static GArray *
expected_records (const ambi_manifest_vector * v)
{
  GArray *records = g_array_new (FALSE, FALSE, sizeof (record));
  ambi_manifest bad = {.stream_id = v->stream_id };

  for (unsigned i = 0; i < v->n_manifests; i++)
    expect_manifest (records, &v->manifests[i], core_hash_len (v->algorithm));
  if (g_strcmp0 (v->error, "wrong-stream-id") == 0) {
    bad.stream_id = 0xc0ffee42;
    expect (records, AMBI_ITEM_WRONG_STREAM_ID, v->error_offset + 4, &bad);
  } else if (g_strcmp0 (v->error, "tlv-overflow") == 0) {
    expect (records, AMBI_ITEM_STREAM_ID, v->error_offset + 4, &bad);
    expect (records, AMBI_ITEM_TLV_OVERFLOW, 0, &bad);
  } else if (g_strcmp0 (v->error, "truncated-tlv") == 0) {
    expect (records, AMBI_ITEM_STREAM_ID, v->error_offset + 4, &bad);
  } else if (g_strcmp0 (v->error, "truncated-header") == 0 && v->data.len >= 4) {
    expect (records, AMBI_ITEM_STREAM_ID, v->error_offset + 4, &bad);
  }
  return records;
}

/* A fatal item is the last, whatever comes. */
static void
check_failed (ambi_parser * parser, ambi_item_type type)
{
  static const uint8_t more[64] = { 0, 0, 0, 1 };
  const uint8_t *at = more;
  size_t left = sizeof (more);
  ambi_item item;

  for (int i = 0; i < 3; i++) {
    ambi_parser_next (parser, &at, &left, &item);
    fail_unless_equals_int (item.type, type);
    fail_unless (at == more && left == sizeof (more));
  }
  fail_if (ambi_parser_at_boundary (parser));
}

static ambi_parser
parser_of (const ambi_manifest_vector * v)
{
  ambi_parser parser;

  ambi_parser_init (&parser, v->stream_id, v->algorithm);
  fail_unless (ambi_parser_at_boundary (&parser));
  return parser;
}

static void
check_end (const ambi_manifest_vector * v, ambi_parser * parser)
{
  if (g_strcmp0 (v->error, "wrong-stream-id") == 0)
    check_failed (parser, AMBI_ITEM_WRONG_STREAM_ID);
  else if (g_strcmp0 (v->error, "tlv-overflow") == 0)
    check_failed (parser, AMBI_ITEM_TLV_OVERFLOW);
  else
    fail_unless (ambi_parser_at_boundary (parser) ==
        (v->verdict == AMBI_VERDICT_OK), "%s", v->name);
  fail_unless_equals_int64 (ambi_parser_stream_id (parser), v->stream_id);
}

static void
check_stream_vector (const ambi_manifest_vector * v)
{
  GArray *want = expected_records (v), *got;
  record *last = &g_array_index (want, record, want->len - 1);
  ambi_parser parser = parser_of (v);

  got = parse (&parser, v->data.data, v->data.len, NULL, 0);
  if (last->type == AMBI_ITEM_TLV_OVERFLOW) {
    fail_unless (got->len > 0);
    last->position = g_array_index (got, record, got->len - 1).position;
    fail_unless (last->position > v->error_offset + 16 &&
        last->position <= v->error_offset + 16 + 5);
  }
  check_same (v->name, got, want, want->len);
  check_end (v, &parser);
  g_array_unref (got);

  parser = parser_of (v);
  got = parse_by_octets (&parser, v->data.data, v->data.len);
  check_same (v->name, got, want, want->len);
  check_end (v, &parser);
  g_array_unref (got);

  parser = parser_of (v);
  got = parse (&parser, v->data.data, v->data.len, v->chunks, v->n_chunks);
  check_same (v->name, got, want, want->len);
  check_end (v, &parser);
  g_array_unref (got);
  g_array_unref (want);
}

/* Every beginning gives the items that are complete in it. */
static void
check_truncations (const ambi_manifest_vector * v)
{
  ambi_parser parser = parser_of (v);
  GArray *whole = parse (&parser, v->data.data, v->data.len, NULL, 0);
  unsigned n = 0;

  for (size_t len = 0; len < v->data.len; len++) {
    bool boundary = len == 0;
    GArray *got;

    while (n < whole->len && g_array_index (whole, record, n).position <= len)
      n++;
    parser = parser_of (v);
    got = parse (&parser, v->data.data, len, NULL, 0);
    check_same (v->name, got, whole, n);
    if (n > 0) {
      const record *last = &g_array_index (whole, record, n - 1);

      boundary = last->type == AMBI_ITEM_END && last->position == len;
    }
    fail_unless (ambi_parser_at_boundary (&parser) == boundary);
    g_array_unref (got);
  }
  g_array_unref (whole);
}

/* A datagram is one whole manifest (§4.4).  Who reads datagrams sees from the
 * items whether this is one. */
static ambi_vector_verdict
judge_datagram (const ambi_manifest_vector * v)
{
  ambi_parser parser = parser_of (v);
  const uint8_t *at = v->data.data;
  size_t left = v->data.len;
  ambi_item item;

  do
    ambi_parser_next (&parser, &at, &left, &item);
  while (item.type != AMBI_ITEM_NONE && item.type != AMBI_ITEM_END &&
      !is_fatal (item.type));
  if (is_fatal (item.type))
    return AMBI_VERDICT_DISCONNECT;
  return item.type == AMBI_ITEM_END && left == 0 ? AMBI_VERDICT_OK :
      AMBI_VERDICT_DROP_DATAGRAM;
}

typedef void (*vector_func) (const ambi_manifest_vector * v);

static unsigned
for_each (vector_func func, bool datagrams)
{
  JsonParser *json = ambi_vectors_load ();
  unsigned n = ambi_manifest_vectors (json), called = 0;

  for (unsigned i = 0; i < n; i++) {
    ambi_manifest_vector v;

    ambi_manifest_vector_init (&v, json, i);
    if (v.datagram == datagrams) {
      func (&v);
      called++;
    }
    ambi_manifest_vector_clear (&v);
  }
  g_object_unref (json);
  return called;
}

GST_START_TEST (test_stream_vectors)
{
  fail_unless_equals_int (for_each (check_stream_vector, false), 28);
}

GST_END_TEST;

GST_START_TEST (test_truncations)
{
  for_each (check_truncations, false);
}

GST_END_TEST;

static void
check_datagram_vector (const ambi_manifest_vector * v)
{
  fail_unless (judge_datagram (v) == v->verdict, "%s", v->name);
  if (v->verdict == AMBI_VERDICT_OK)
    check_stream_vector (v);
}

GST_START_TEST (test_datagram_vectors)
{
  fail_unless_equals_int (for_each (check_datagram_vector, true), 5);
}

GST_END_TEST;

static uint8_t *
some_digests (unsigned count, size_t digest_len)
{
  uint8_t *digests = g_malloc (count * digest_len + 1);

  for (size_t i = 0; i < count * digest_len; i++)
    digests[i] = (uint8_t) (i * 7 + (i >> 8));
  return digests;
}

/* Builds into a block that has just the room. */
static vector_bytes
build (const ambi_manifest * manifest, const uint8_t * digests,
    size_t digest_len)
{
  size_t size = ambi_manifest_size (manifest, digest_len);
  vector_bytes bytes = { g_malloc (size), size };

  fail_unless_equals_int (ambi_manifest_build (manifest, digests, digest_len,
          bytes.data, size), size);
  return bytes;
}

static const struct
{
  ambi_manifest manifest;
  core_hash_algorithm algorithm;
} round_trips[] = {
  {{1, 0, 0, 0, 0}, CORE_HASH_SHA_256},
  {{0, 1, 2, 3, 0}, CORE_HASH_SHA_224},
  {{0xffffffff, 0xffffffff, 0xffffffff, 2, 1}, CORE_HASH_SHA_512},
  {{0x80000000, 7, 0xfffffff0, 42, 0xffff}, CORE_HASH_SHAKE_128},
  {{0xc0ffee42, 0, 5, 0, 60}, CORE_HASH_SHAKE_256},
  {{3, 4, 0xffff0000, AMBI_COUNT_MAX, 258}, CORE_HASH_SHAKE_128},
};

GST_START_TEST (test_round_trip)
{
  const ambi_manifest *manifest = &round_trips[__i__].manifest;
  core_hash_algorithm algorithm = round_trips[__i__].algorithm;
  size_t digest_len = core_hash_len (algorithm);
  ambi_vector_manifest m = {.header = *manifest,.complete = true };
  GArray *want = g_array_new (FALSE, FALSE, sizeof (record)), *got;
  size_t sizes[] = { 3, 8, 4, 1, 21, 1000 };
  ambi_parser parser;
  vector_bytes bytes;

  m.n_digests = manifest->count;
  m.digests.data = some_digests (m.n_digests, digest_len);
  m.header_len = manifest->refresh_deadline != 0 ? 21 : AMBI_HEADER_LEN;
  expect_manifest (want, &m, digest_len);

  bytes = build (manifest, m.digests.data, digest_len);
  fail_unless_equals_int (ambi_manifest_build (manifest, m.digests.data,
          digest_len, bytes.data, bytes.len - 1), 0);
  ambi_parser_init (&parser, manifest->stream_id, algorithm);
  got = parse (&parser, bytes.data, bytes.len, sizes, G_N_ELEMENTS (sizes));
  check_same ("round trip", got, want, want->len);
  fail_unless (ambi_parser_at_boundary (&parser));
  g_array_unref (got);
  g_array_unref (want);
  g_free (bytes.data);
  g_free (m.digests.data);
}

GST_END_TEST;

/* Others write the same octets. */
static void
check_built (const ambi_manifest_vector * v)
{
  static const char *const names[] = {
    "m01-no-tlv", "m04-refresh-60", "m09-zero-digests",
    "m10-zero-digests-refresh", "m12-sha384", NULL
  };
  const ambi_vector_manifest *m = &v->manifests[0];
  vector_bytes bytes;

  if (!g_strv_contains (names, v->name))
    return;
  bytes = build (&m->header, m->digests.data, core_hash_len (v->algorithm));
  assert_bytes_equal (v->name, bytes.data, bytes.len, v->data.data,
      v->data.len);
  g_free (bytes.data);
}

GST_START_TEST (test_builder_vectors)
{
  for_each (check_built, false);
}

GST_END_TEST;

GST_START_TEST (test_builder_refuses)
{
  ambi_manifest manifest = {.stream_id = 1,.count = AMBI_COUNT_MAX + 1 };
  size_t cap = AMBI_HEADER_LEN + (AMBI_COUNT_MAX + 1) * 16;
  uint8_t *digests = some_digests (AMBI_COUNT_MAX + 1, 16);
  uint8_t *buf = g_malloc (cap);

  fail_unless_equals_int (ambi_manifest_build (&manifest, digests, 16, buf,
          cap), 0);
  manifest.count = 0;
  fail_unless_equals_int (ambi_manifest_build (&manifest, NULL, 16, buf, 0), 0);
  fail_unless_equals_int (ambi_manifest_build (&manifest, NULL, 16, buf, cap),
      AMBI_HEADER_LEN);
  g_free (buf);
  g_free (digests);
}

GST_END_TEST;

static GArray *
parse_hex (ambi_parser * parser, const char *hex)
{
  vector_bytes bytes = vector_bytes_from_hex (hex);
  GArray *records = parse (parser, bytes.data, bytes.len, NULL, 0);

  vector_bytes_free (&bytes);
  return records;
}

/* The first id is the one of all, if the caller does not know it. */
GST_START_TEST (test_first_id)
{
  ambi_parser parser;
  GArray *got;

  ambi_parser_init (&parser, -1, CORE_HASH_SHA_256);
  fail_unless_equals_int64 (ambi_parser_stream_id (&parser), -1);
  got = parse_hex (&parser, "ffffff");
  fail_unless_equals_int (got->len, 0);
  fail_unless_equals_int64 (ambi_parser_stream_id (&parser), -1);
  fail_if (ambi_parser_at_boundary (&parser));
  g_array_unref (got);

  got = parse_hex (&parser, "fe" "00000001" "00000002" "0000");
  fail_unless_equals_int (got->len, 3);
  fail_unless_equals_int64 (ambi_parser_stream_id (&parser), 0xfffffffe);
  g_array_unref (got);

  got = parse_hex (&parser, "fffffffd");
  fail_unless_equals_int (got->len, 1);
  check_failed (&parser, AMBI_ITEM_WRONG_STREAM_ID);
  fail_unless_equals_int64 (ambi_parser_stream_id (&parser), 0xfffffffe);
  g_array_unref (got);

  /* Anew it takes another one. */
  ambi_parser_init (&parser, -1, CORE_HASH_SHA_256);
  got = parse_hex (&parser, "00000000" "00000001" "00000002" "0000");
  fail_unless_equals_int (got->len, 3);
  fail_unless_equals_int64 (ambi_parser_stream_id (&parser), 0);
  g_array_unref (got);
}

GST_END_TEST;

/* Zero is an id like any other. */
GST_START_TEST (test_id_zero)
{
  ambi_parser parser;
  GArray *got;

  ambi_parser_init (&parser, 0, CORE_HASH_SHA_256);
  got = parse_hex (&parser, "00000001");
  fail_unless_equals_int (got->len, 1);
  check_failed (&parser, AMBI_ITEM_WRONG_STREAM_ID);
  g_array_unref (got);
}

GST_END_TEST;

/* No digests, and these TLVs: the deadline, whether one was ignored, octets. */
static const struct
{
  const char *tlvs;
  unsigned deadline;
  bool bad;
  bool overflow;
} tlvs[] = {
  {"", 0, false, false},
  {"0000", 0, false, false},
  {"7f00" "7f01ff" "8000020000", 0, false, false},
  {"8000020005" "8000020000", 5, false, false},
  {"8000020000" "8000020005", 5, false, false},
  {"8000020009" "8000020005" "8000020007", 5, false, false},
  {"800000", 0, true, false},
  {"80000105", 0, true, false},
  {"800003000005" "8000020004", 4, true, false},
  {"810002ffff" "ff0000", 0, false, false},
  /* what has no room, at each place */
  {"7f", 0, false, true},
  {"80", 0, false, true},
  {"8000", 0, false, true},
  {"800002", 0, false, true},
  {"80000200", 0, false, true},
  {"0001", 0, false, true},
  {"8000020005" "00", 0, false, true},
  {"ffffff", 0, false, true},
};

GST_START_TEST (test_tlvs)
{
  size_t space = strlen (tlvs[__i__].tlvs) / 2;
  char *hex = g_strdup_printf ("00000001" "00000002" "00000003" "8000" "%04x"
      "%s", (unsigned) space, tlvs[__i__].tlvs);
  /* behind it another one without any */
  char *both = g_strconcat (hex, "00000001" "00000003" "00000003" "0000", NULL);
  ambi_parser parser;
  GArray *got;

  ambi_parser_init (&parser, 1, CORE_HASH_SHA_256);
  got = parse_hex (&parser, both);
  if (tlvs[__i__].overflow) {
    fail_unless_equals_int (got->len, 2);
    check_failed (&parser, AMBI_ITEM_TLV_OVERFLOW);
    fail_unless (parser.tlv_octets <= space);
  } else {
    const record *one = &g_array_index (got, record, 1);
    const record *other = &g_array_index (got, record, 4);

    fail_unless_equals_int (got->len, 6);
    fail_unless_equals_int (one->type, AMBI_ITEM_MANIFEST);
    fail_unless_equals_int (one->position, 16 + space);
    fail_unless_equals_int (one->manifest.refresh_deadline,
        tlvs[__i__].deadline);
    fail_unless_equals_int (one->bad_refresh_length, tlvs[__i__].bad);
    fail_unless_equals_int (other->type, AMBI_ITEM_MANIFEST);
    fail_unless_equals_int (other->manifest.refresh_deadline, 0);
    fail_if (other->bad_refresh_length);
    fail_unless_equals_uint64 (parser.tlv_octets, space);
  }
  g_array_unref (got);
  g_free (both);
  g_free (hex);
}

GST_END_TEST;

/* The longest TLV Space, one TLV that fills it, skipped in pieces. */
GST_START_TEST (test_longest_tlv)
{
  vector_bytes head = vector_bytes_from_hex ("00000001" "00000002" "00000003"
      "8000" "ffff" "fffffc");
  static const uint8_t zeroes[1000];
  GArray *got = g_array_new (FALSE, FALSE, sizeof (record));
  ambi_parser parser;
  size_t left = 65532;

  ambi_parser_init (&parser, 1, CORE_HASH_SHA_256);
  feed (&parser, head.data, head.len, 0, got);
  while (left > 0) {
    size_t n = MIN (left, sizeof (zeroes));

    fail_unless_equals_int (got->len, 1);
    fail_unless_equals_int (feed (&parser, zeroes, n, 0, got), n);
    left -= n;
  }
  fail_unless_equals_int (got->len, 3);
  fail_unless (ambi_parser_at_boundary (&parser));
  fail_unless_equals_uint64 (parser.tlv_octets, 65535);
  g_array_unref (got);
  vector_bytes_free (&head);
}

GST_END_TEST;

GST_START_TEST (test_no_octets)
{
  const uint8_t *data = NULL;
  size_t len = 0;
  ambi_parser parser;
  ambi_item item;

  ambi_parser_init (&parser, 1, CORE_HASH_SHA_256);
  ambi_parser_next (&parser, &data, &len, &item);
  fail_unless_equals_int (item.type, AMBI_ITEM_NONE);
  fail_unless (ambi_parser_at_boundary (&parser));
}

GST_END_TEST;

static Suite *
ambi_wire_suite (void)
{
  Suite *s = suite_create ("ambi-wire");
  TCase *tc = tcase_create ("parser");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_stream_vectors);
  tcase_add_test (tc, test_truncations);
  tcase_add_test (tc, test_datagram_vectors);
  tcase_add_test (tc, test_first_id);
  tcase_add_test (tc, test_id_zero);
  tcase_add_loop_test (tc, test_tlvs, 0, G_N_ELEMENTS (tlvs));
  tcase_add_test (tc, test_longest_tlv);
  tcase_add_test (tc, test_no_octets);

  tc = tcase_create ("builder");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_round_trip, 0, G_N_ELEMENTS (round_trips));
  tcase_add_test (tc, test_builder_vectors);
  tcase_add_test (tc, test_builder_refuses);
  return s;
}

GST_CHECK_MAIN (ambi_wire);
