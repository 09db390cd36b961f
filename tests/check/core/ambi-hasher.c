/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The digests that a packet has under a plan.
 */
#include <string.h>

#include "ambi-vectors.h"
#include "ambi-verify.h"

static ambi_plan
plan_of (uint64_t generation, const ambi_digest_vector * v, unsigned place)
{
  ambi_plan plan = {.generation = generation,.n = place + 1 };

  plan.profile[place].stream_id = v->stream_id;
  plan.profile[place].algorithm = v->algorithm;
  return plan;
}

/* Each vector at each place, one after the other with the same contexts. */
GST_START_TEST (test_vectors)
{
  JsonParser *parser = ambi_vectors_load ();
  ambi_hasher *hasher;
  uint64_t generation = 0;

  fail_unless_equals_int (ambi_hasher_new (&hasher), CORE_OK);
  for (unsigned i = 0; i < ambi_digest_vectors (parser); i++) {
    ambi_digest_vector v;

    ambi_digest_vector_init (&v, parser, i);
    for (unsigned place = 0; place < AMBI_PROFILES_MAX; place++) {
      ambi_plan plan = plan_of (generation++, &v, place);
      ambi_digests digests = { 0 };

      fail_unless_equals_int (ambi_hasher_follow (hasher, &plan), CORE_OK);
      fail_unless_equals_int (ambi_hasher_packet (hasher, &v.flow,
              v.hashed.data, v.hashed.len, &digests), CORE_OK);
      fail_unless_equals_uint64 (digests.generation, plan.generation);
      assert_bytes_equal (v.name, digests.bytes[place],
          core_hash_len (v.algorithm), v.digest.data, v.digest.len);
    }
    ambi_digest_vector_clear (&v);
  }
  fail_unless (generation > 0);
  ambi_hasher_free (hasher);
  g_object_unref (parser);
}

GST_END_TEST;

static const ambi_flow flow = {
  .src = {.family = CORE_FAMILY_V4,.bytes = {192, 0, 2, 10}},
  .dst = {.family = CORE_FAMILY_V4,.bytes = {232, 1, 1, 1}},
  .src_port = 4000,
  .dst_port = 5001,
  .protocol = AMBI_PROTOCOL_UDP
};

GST_START_TEST (test_several)
{
  static const core_hash_algorithm algorithms[AMBI_PROFILES_MAX] = {
    CORE_HASH_SHA_256, CORE_HASH_SHA_512, CORE_HASH_NONE, CORE_HASH_SHA_256
  };
  static const uint8_t data[] = { 1, 2, 3 };
  ambi_plan plan = {.generation = 7,.n = AMBI_PROFILES_MAX };
  ambi_digests digests;
  ambi_hasher *hasher;

  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    plan.profile[i].algorithm = algorithms[i];
    plan.profile[i].stream_id = i;
  }
  fail_unless_equals_int (ambi_hasher_new (&hasher), CORE_OK);
  fail_unless_equals_int (ambi_hasher_follow (hasher, &plan), CORE_OK);
  memset (&digests, 0xee, sizeof (digests));
  fail_unless_equals_int (ambi_hasher_packet (hasher, &flow, data,
          sizeof (data), &digests), CORE_OK);
  for (unsigned i = 0; i < AMBI_PROFILES_MAX; i++) {
    uint8_t want[CORE_HASH_LEN_MAX];
    core_hash *hash;

    memset (want, 0xee, sizeof (want));
    if (algorithms[i] != CORE_HASH_NONE) {
      fail_unless_equals_int (core_hash_new (&hash, algorithms[i]), CORE_OK);
      fail_unless_equals_int (ambi_packet_digest (hash, &flow, i, data,
              sizeof (data), want), CORE_OK);
      core_hash_free (hash);
    }
    assert_bytes_equal ("digest", digests.bytes[i], CORE_HASH_LEN_MAX, want,
        CORE_HASH_LEN_MAX);
  }
  ambi_hasher_free (hasher);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  ambi_plan plan = {.generation = 1,.n = 1 };
  ambi_flow no_flow = { {0}
  };
  ambi_digests digests;
  ambi_hasher *hasher;

  fail_unless_equals_int (ambi_hasher_new (&hasher), CORE_OK);
  /* Not without a plan. */
  fail_unless_equals_int (ambi_hasher_packet (hasher, &flow, NULL, 0,
          &digests), CORE_ERR_INVALID_ARGUMENT);
  plan.profile[0].algorithm = (core_hash_algorithm) 99;
  fail_unless_equals_int (ambi_hasher_follow (hasher, &plan),
      CORE_ERR_INVALID_ARGUMENT);
  fail_unless_equals_int (ambi_hasher_packet (hasher, &flow, NULL, 0,
          &digests), CORE_ERR_INVALID_ARGUMENT);
  /* And it recovers. */
  plan.profile[0].algorithm = CORE_HASH_SHA_256;
  fail_unless_equals_int (ambi_hasher_follow (hasher, &plan), CORE_OK);
  fail_unless_equals_int (ambi_hasher_packet (hasher, &flow, NULL, 0,
          &digests), CORE_OK);
  fail_unless_equals_int (ambi_hasher_packet (hasher, &no_flow, NULL, 0,
          &digests), CORE_ERR_INVALID_ARGUMENT);
  ambi_hasher_free (hasher);
  ambi_hasher_free (NULL);
}

GST_END_TEST;

static Suite *
ambi_hasher_suite (void)
{
  Suite *s = suite_create ("ambi-hasher");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_vectors);
  tcase_add_test (tc, test_several);
  tcase_add_test (tc, test_refused);
  return s;
}

GST_CHECK_MAIN (ambi_hasher);
