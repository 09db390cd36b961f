/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * HMAC-SHA-256 against RFC 4231 and the MACs of the AMT vectors.
 */
#include "digest.h"

#include <string.h>

#include "vectors.h"

static const struct
{
  const char *name;
  const char *key;
  const char *data;
  const char *mac;
} rfc4231[] = {
  {"case 1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
  {"case 2", "4a656665",
        "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
  {"empty", "", "",
      "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
};

GST_START_TEST (test_hmac_known_answers)
{
  vector_bytes key = vector_bytes_from_hex (rfc4231[__i__].key);
  vector_bytes data = vector_bytes_from_hex (rfc4231[__i__].data);
  vector_bytes mac = vector_bytes_from_hex (rfc4231[__i__].mac);
  uint8_t out[CORE_SHA256_LEN];

  fail_unless_equals_int (core_hmac_sha256 (key.data, key.len, data.data,
          data.len, out), CORE_OK);
  assert_bytes_equal (rfc4231[__i__].name, out, sizeof (out), mac.data,
      mac.len);
  vector_bytes_free (&key);
  vector_bytes_free (&data);
  vector_bytes_free (&mac);
}

GST_END_TEST;

GST_START_TEST (test_hmac_amt_example)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *example = vector_object (vectors_root (parser), "mac_example");
  vector_bytes secret = vector_hex (example, "secret_hex");
  unsigned n = vectors_count (example, "cases");

  for (unsigned i = 0; i < n; i++) {
    JsonObject *c = vectors_at (example, "cases", i);
    vector_bytes input = vector_hex (c, "input_hex");
    vector_bytes mac = vector_hex (c, "mac");
    uint8_t out[CORE_SHA256_LEN];

    fail_unless_equals_int (core_hmac_sha256 (secret.data, secret.len,
            input.data, input.len, out), CORE_OK);
    assert_bytes_equal (vector_string (c, "mac"), out, 6, mac.data, mac.len);
    vector_bytes_free (&input);
    vector_bytes_free (&mac);
  }
  vector_bytes_free (&secret);
  g_object_unref (parser);
}

GST_END_TEST;

/* A length that OpenSSL cannot be told is no shorter key. */
GST_START_TEST (test_hmac_absurd_key)
{
  uint8_t key[1] = { 0 }, out[CORE_SHA256_LEN];

  fail_unless_equals_int (core_hmac_sha256 (key, ((size_t) UINT32_MAX) + 1,
          key, 1, out), CORE_ERR_FATAL);
  fail_unless_equals_int (core_hmac_sha256 (key, ((size_t) INT32_MAX) + 1, key,
          1, out), CORE_ERR_FATAL);
}

GST_END_TEST;

static Suite *
digest_suite (void)
{
  Suite *s = suite_create ("digest");
  TCase *tc = tcase_create ("hmac");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_hmac_known_answers, 0, G_N_ELEMENTS (rfc4231));
  tcase_add_test (tc, test_hmac_amt_example);
  tcase_add_test (tc, test_hmac_absurd_key);
  return s;
}

GST_CHECK_MAIN (digest);
