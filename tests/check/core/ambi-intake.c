/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Connections that bring manifests: the vectors, cut anyhow, and limits.
 */
#include <string.h>

#include "ambi-fixture.h"
#include "ambi-intake.h"
#include "ambi-vectors.h"

static ambi_intake *
new_intake (fixture * f, int64_t stream_id, core_hash_algorithm algorithm)
{
  ambi_intake_config config = {.stream_id = stream_id,.not_stream_id = -1,
    .algorithm = algorithm
  };
  ambi_intake *intake;

  fail_unless_equals_int (ambi_intake_new (&intake, &config, f->verify),
      CORE_OK);
  return intake;
}

/*
 * Vectors
 */

static ambi_intake_result
wanted_result (const ambi_manifest_vector * v)
{
  if (v->verdict != AMBI_VERDICT_DISCONNECT)
    return AMBI_INTAKE_OK;
  if (strcmp (v->error, "wrong-stream-id") == 0)
    return AMBI_INTAKE_WRONG_STREAM_ID;
  fail_unless_equals_string (v->error, "tlv-overflow");
  return AMBI_INTAKE_TLV_OVERFLOW;
}

static ambi_intake_result
feed (ambi_intake * intake, const ambi_manifest_vector * v, size_t chunk,
    core_time now)
{
  ambi_intake_result result = AMBI_INTAKE_OK;

  if (v->datagram)
    return ambi_intake_datagram (intake, v->data.data, v->data.len, now);
  for (size_t pos = 0; pos < v->data.len; pos += chunk) {
    size_t n = MIN (chunk, v->data.len - pos);
    vector_bytes copy = vector_bytes_copy (v->data.data + pos, n);

    result = ambi_intake_bytes (intake, copy.data, copy.len, now);
    vector_bytes_free (&copy);
    if (result != AMBI_INTAKE_OK)
      break;
  }
  return result;
}

/* What the digests say is there; nothing else is. */
static void
check_digests (fixture * f, const ambi_manifest_vector * v, unsigned profile)
{
  size_t len = core_hash_len (v->algorithm);
  unsigned n = 0;

  for (unsigned i = 0; i < v->n_manifests; i++) {
    const ambi_vector_manifest *m = &v->manifests[i];

    for (unsigned k = 0; k < m->n_digests; k++) {
      /* A digest that is there already is no news. */
      fail_if (ambi_verify_digest (f->verify, profile,
              m->header.first_packet_seq + k, m->digests.data + k * len,
              f->now), "%s: digest %u", v->name, k);
    }
    n += m->n_digests;
  }
  fail_unless_equals_uint64 (fixture_stats (f)->digests, 2 * n);
  fail_unless_equals_uint64 (fixture_stats (f)->digests_conflicting, 0);
}

static void
check_vector (const ambi_manifest_vector * v, int64_t stream_id, size_t chunk)
{
  unsigned whole = v->verdict == AMBI_VERDICT_DROP_DATAGRAM ? 0 :
      v->n_manifests;
  unsigned profile = 0, bad = 0;
  uint32_t got_id = 0;
  ambi_intake *intake;
  fixture f;

  fixture_init (&f, NULL);
  intake = new_intake (&f, stream_id, v->algorithm);
  fail_unless (feed (intake, v, chunk, f.now) == wanted_result (v),
      "%s in chunks of %zu", v->name, chunk);
  fail_unless (ambi_intake_get_profile (intake, &got_id, &profile) ||
      whole == 0);
  fail_unless (whole == 0 || got_id == v->stream_id);
  fail_unless_equals_uint64 (ambi_intake_get_stats (intake)->manifests, whole);
  fail_unless_equals_uint64 (ambi_intake_get_stats
      (intake)->malformed_datagrams, v->verdict == AMBI_VERDICT_DROP_DATAGRAM);
  for (unsigned i = 0; i < whole; i++)
    bad += v->manifests[i].bad_refresh_length;
  fail_unless_equals_uint64 (ambi_intake_get_stats
      (intake)->bad_refresh_deadlines, bad);
  fail_unless (whole > 0 || fixture_stats (&f)->digests == 0);
  if (whole > 0)
    check_digests (&f, v, profile);
  if (!v->datagram && v->verdict != AMBI_VERDICT_DISCONNECT)
    fail_unless (ambi_intake_at_boundary (intake) ==
        (v->verdict == AMBI_VERDICT_OK), "%s", v->name);
  if (v->verdict == AMBI_VERDICT_DISCONNECT)
    fail_unless (ambi_intake_bytes (intake, NULL, 0, f.now) ==
        wanted_result (v));
  ambi_intake_free (intake, f.now);
  fixture_clear (&f);
}

GST_START_TEST (test_vectors)
{
  static const size_t chunks[] = { 1, 13, 1000, SIZE_MAX / 2 };
  JsonParser *parser = ambi_vectors_load ();

  for (unsigned i = 0; i < ambi_manifest_vectors (parser); i++) {
    ambi_manifest_vector v;

    ambi_manifest_vector_init (&v, parser, i);
    for (unsigned k = 0; k < G_N_ELEMENTS (chunks); k++)
      check_vector (&v, v.stream_id, chunks[k]);
    ambi_manifest_vector_clear (&v);
  }
  fail_unless (ambi_manifest_vectors (parser) > 30);
  g_object_unref (parser);
}

GST_END_TEST;

/*
 * Streams that are made here
 */

/* A manifest of n digests that are told by numbers: octet 0 is i, and so on. */
static GByteArray *
make_manifest (uint32_t stream_id, uint32_t manifest_seq, uint32_t first,
    unsigned n)
{
  ambi_manifest manifest = {.stream_id = stream_id,
    .manifest_seq = manifest_seq,.first_packet_seq = first,
    .count = (uint16_t) n
  };
  GByteArray *array = g_byte_array_new ();
  uint8_t *digests = g_malloc0 (MAX (1, n * CORE_SHA256_LEN));

  for (unsigned i = 0; i < n; i++) {
    uint32_t value = first + i;

    memcpy (digests + i * CORE_SHA256_LEN, &value, sizeof (value));
  }
  g_byte_array_set_size (array, (guint) ambi_manifest_size (&manifest,
          CORE_SHA256_LEN));
  fail_unless_equals_int (ambi_manifest_build (&manifest, digests,
          CORE_SHA256_LEN, array->data, array->len), array->len);
  g_free (digests);
  return array;
}

static ambi_intake_result
send_manifest (fixture * f, ambi_intake * intake, uint32_t stream_id,
    uint32_t seq, unsigned n)
{
  GByteArray *array = make_manifest (stream_id, seq, seq * 1000, n);
  ambi_intake_result result = ambi_intake_bytes (intake, array->data,
      array->len, f->now);

  g_byte_array_unref (array);
  return result;
}

GST_START_TEST (test_first_stream_id)
{
  ambi_intake *intake;
  uint32_t stream_id;
  unsigned profile;
  fixture f;

  fixture_init (&f, NULL);
  intake = new_intake (&f, -1, CORE_HASH_SHA_256);
  fail_if (ambi_intake_get_profile (intake, &stream_id, &profile));
  fail_unless (ambi_intake_at_boundary (intake));
  fail_unless_equals_int (send_manifest (&f, intake, 0xffffffff, 1, 2),
      AMBI_INTAKE_OK);
  fail_unless (ambi_intake_get_profile (intake, &stream_id, &profile));
  fail_unless (stream_id == 0xffffffff);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 2);
  fail_unless_equals_int (send_manifest (&f, intake, 5, 2, 2),
      AMBI_INTAKE_WRONG_STREAM_ID);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 2);
  ambi_intake_free (intake, f.now);
  ambi_intake_free (NULL, f.now);
  fixture_clear (&f);
}

GST_END_TEST;

/* The same for datagrams; one that is no manifest says nothing. */
GST_START_TEST (test_first_datagram)
{
  GByteArray *array = make_manifest (7, 1, 0, 2);
  uint32_t stream_id;
  ambi_intake *intake;
  unsigned profile;
  fixture f;

  fixture_init (&f, NULL);
  intake = new_intake (&f, -1, CORE_HASH_SHA_256);
  fail_unless_equals_int (ambi_intake_datagram (intake, array->data,
          array->len - 1, f.now), AMBI_INTAKE_OK);
  fail_unless_equals_int (ambi_intake_datagram (intake, array->data, 0,
          f.now), AMBI_INTAKE_OK);
  fail_if (ambi_intake_get_profile (intake, &stream_id, &profile));
  fail_unless_equals_uint64 (ambi_intake_get_stats
      (intake)->malformed_datagrams, 2);
  fail_unless_equals_int (ambi_intake_datagram (intake, array->data, array->len,
          f.now), AMBI_INTAKE_OK);
  fail_unless (ambi_intake_get_profile (intake, &stream_id, &profile));
  fail_unless_equals_int (stream_id, 7);
  array->data[3] = 8;
  fail_unless_equals_int (ambi_intake_datagram (intake, array->data,
          array->len, f.now), AMBI_INTAKE_WRONG_STREAM_ID);
  array->data[3] = 7;
  fail_unless_equals_int (ambi_intake_datagram (intake, array->data,
          array->len, f.now), AMBI_INTAKE_WRONG_STREAM_ID);
  ambi_intake_free (intake, f.now);
  g_byte_array_unref (array);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_not_stream_id)
{
  ambi_intake_config config = {.stream_id = -1,.not_stream_id = 7,
    .algorithm = CORE_HASH_SHA_256
  };
  ambi_intake *intake;
  fixture f;

  fixture_init (&f, NULL);
  fail_unless_equals_int (ambi_intake_new (&intake, &config, f.verify),
      CORE_OK);
  fail_unless_equals_int (send_manifest (&f, intake, 7, 1, 2),
      AMBI_INTAKE_WRONG_STREAM_ID);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests, 0);
  ambi_intake_free (intake, f.now);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_config)
{
  static const ambi_intake_config rows[] = {
    {.stream_id = 1,.algorithm = CORE_HASH_NONE},
    {.stream_id = -2,.algorithm = CORE_HASH_SHA_256},
    {.stream_id = (int64_t) UINT32_MAX + 1,.algorithm = CORE_HASH_SHA_256},
  };
  fixture f;

  fixture_init (&f, NULL);
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    ambi_intake *intake = (ambi_intake *) & f;

    fail_unless_equals_int (ambi_intake_new (&intake, &rows[i], f.verify),
        CORE_ERR_INVALID_ARGUMENT);
    fail_unless (intake == NULL);
  }
  for (unsigned i = 0; i <= AMBI_INTAKE_FAILED; i++)
    fail_unless (ambi_intake_result_name ((ambi_intake_result) i) != NULL);
  fail_unless_equals_string (ambi_intake_result_name
      (AMBI_INTAKE_TOO_MANY_TLVS), "too-many-tlvs");
  fail_unless_equals_string (ambi_intake_result_name ((ambi_intake_result)
          99), "unknown");
  fixture_clear (&f);
}

GST_END_TEST;

/* Two connections may bring one stream; the profile stays as long as one of
 * them is there. */
GST_START_TEST (test_shared_profile)
{
  ambi_intake *a, *b;
  uint32_t stream_id;
  unsigned profile_a, profile_b;
  ambi_plan plan;
  fixture f;

  fixture_init (&f, NULL);
  a = new_intake (&f, 7, CORE_HASH_SHA_256);
  b = new_intake (&f, 7, CORE_HASH_SHA_256);
  send_manifest (&f, a, 7, 1, 10);
  send_manifest (&f, b, 7, 1, 10);
  fail_unless (ambi_intake_get_profile (a, &stream_id, &profile_a));
  fail_unless (ambi_intake_get_profile (b, &stream_id, &profile_b));
  fail_unless_equals_int (profile_a, profile_b);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests, 20);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 10);
  ambi_intake_free (a, f.now);
  send_manifest (&f, b, 7, 2, 1);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 11);
  ambi_intake_free (b, f.now);
  fixture_pass_time (&f, 10 * CORE_SECOND);
  ambi_verify_get_plan (f.verify, &plan);
  fail_unless_equals_int (plan.n, 0);
  fixture_clear (&f);
}

GST_END_TEST;

GST_START_TEST (test_too_many_streams)
{
  ambi_intake *intakes[AMBI_PROFILES_MAX + 1];
  fixture f;

  fixture_init (&f, NULL);
  for (unsigned i = 0; i <= AMBI_PROFILES_MAX; i++) {
    intakes[i] = new_intake (&f, i, CORE_HASH_SHA_256);
    fail_unless_equals_int (send_manifest (&f, intakes[i], i, 1, 1),
        i < AMBI_PROFILES_MAX ? AMBI_INTAKE_OK : AMBI_INTAKE_TOO_MANY_STREAMS);
  }
  for (unsigned i = 0; i <= AMBI_PROFILES_MAX; i++)
    ambi_intake_free (intakes[i], f.now);
  fixture_clear (&f);
}

GST_END_TEST;

/* What was read ahead waits for ever. */
GST_START_TEST (test_end)
{
  ambi_intake *intake;
  fixture f;

  fixture_init (&f, NULL);
  intake = new_intake (&f, 7, CORE_HASH_SHA_256);
  ambi_intake_end (intake, f.now);      /* of nothing */
  send_manifest (&f, intake, 7, 1, 10);
  ambi_intake_end (intake, f.now);
  ambi_intake_free (intake, f.now);
  fixture_pass_time (&f, 1000 * CORE_SECOND);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 10);
  fixture_clear (&f);
}

GST_END_TEST;

/* One whose TLV Space is full of padding. */
static ambi_intake_result
send_padding (fixture * f, ambi_intake * intake, uint32_t seq)
{
  uint8_t manifest[16 + 65535] = { 0, 0, 0, 7 };

  manifest[7] = (uint8_t) seq;
  manifest[12] = 0x80;          /* T, no digests */
  manifest[14] = manifest[15] = 0xff;
  for (unsigned i = 0; i < 255; i++)
    manifest[16 + i * 257 + 1] = 255;
  return ambi_intake_bytes (intake, manifest, sizeof (manifest), f->now);
}

/* A MiB of them in a second is enough, over a longer time it is not. */
GST_START_TEST (test_too_many_tlvs)
{
  ambi_intake *intake;
  fixture f;

  fixture_init (&f, NULL);
  intake = new_intake (&f, 7, CORE_HASH_SHA_256);
  for (uint32_t i = 0; i < 200; i++) {
    fail_unless_equals_int (send_padding (&f, intake, i), AMBI_INTAKE_OK);
    fixture_pass_time (&f, 100 * CORE_MSECOND);
  }
  fixture_pass_time (&f, CORE_SECOND);
  for (uint32_t i = 0; i < 16; i++)
    fail_unless_equals_int (send_padding (&f, intake, i), AMBI_INTAKE_OK);
  fail_unless_equals_int (send_padding (&f, intake, 17),
      AMBI_INTAKE_TOO_MANY_TLVS);
  ambi_intake_free (intake, f.now);
  fixture_clear (&f);
}

GST_END_TEST;

/* As many digests as a manifest can have, and then silence. */
GST_START_TEST (test_largest)
{
  ambi_intake *intake;
  fixture f;

  fixture_init (&f, NULL);
  intake = new_intake (&f, 7, CORE_HASH_SHA_256);
  fail_unless_equals_int (send_manifest (&f, intake, 7, 1, AMBI_COUNT_MAX),
      AMBI_INTAKE_OK);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, AMBI_COUNT_MAX);
  fail_unless_equals_uint64 (ambi_intake_get_stats (intake)->bytes,
      AMBI_HEADER_LEN + AMBI_COUNT_MAX * CORE_SHA256_LEN);
  fixture_pass_time (&f, 10 * CORE_SECOND);
  fail_unless_equals_uint64 (fixture_stats (&f)->digests_held, 0);
  fail_unless_equals_uint64 (fixture_stats (&f)->lost, 0);
  ambi_intake_free (intake, f.now);
  fixture_clear (&f);
}

GST_END_TEST;

static Suite *
ambi_intake_suite (void)
{
  Suite *s = suite_create ("ambi-intake");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  tcase_add_test (tc, test_first_stream_id);
  tcase_add_test (tc, test_first_datagram);
  tcase_add_test (tc, test_not_stream_id);
  tcase_add_test (tc, test_config);
  tcase_add_test (tc, test_shared_profile);
  tcase_add_test (tc, test_too_many_streams);
  tcase_add_test (tc, test_end);
  tcase_add_test (tc, test_too_many_tlvs);
  tcase_add_test (tc, test_largest);
  return s;
}

GST_CHECK_MAIN (ambi_intake);
