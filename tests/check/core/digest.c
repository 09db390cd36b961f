/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * HMAC-SHA-256 against RFC 4231 and the MACs of the AMT vectors; hashes against
 * the examples of FIPS 180-4 and FIPS 202.
 */
#include "digest.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

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

/* The digests of "abc" and of nothing. */
static const struct
{
  core_hash_algorithm algorithm;
  const char *name;
  const char *abc;
  const char *empty;
} hashes[] = {
  {CORE_HASH_SHA_224, "sha-224",
        "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
      "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f"},
  {CORE_HASH_SHA_256, "sha-256",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
  {CORE_HASH_SHA_384, "sha-384",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
        "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
      "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
        "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"},
  {CORE_HASH_SHA_512, "sha-512",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
        "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
  {CORE_HASH_SHAKE_128, "shake-128", "5881092dd818bf5cf8a3ddb793fbcba7",
      "7f9c2ba4e88f827d616045507605853e"},
  {CORE_HASH_SHAKE_256, "shake-256",
        "483366601360a8771c6863080cc4114d8db44530f8f1e1ee4f94ea37e78b5739",
      "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"},
};

static core_hash *
new_hash (core_hash_algorithm algorithm)
{
  core_hash *hash;

  fail_unless_equals_int (core_hash_new (&hash, algorithm), CORE_OK);
  return hash;
}

static void
check_digest (core_hash * hash, size_t len, const core_slice * parts,
    size_t n, const char *hex)
{
  vector_bytes want = vector_bytes_from_hex (hex);
  uint8_t *out = g_malloc (len);

  fail_unless_equals_int (core_hash_digest (hash, parts, n, out), CORE_OK);
  assert_bytes_equal (hex, out, len, want.data, want.len);
  g_free (out);
  vector_bytes_free (&want);
}

/* However a message is cut, and whatever was hashed before. */
GST_START_TEST (test_hash_known_answers)
{
  core_hash *hash = new_hash (hashes[__i__].algorithm);
  size_t len = core_hash_len (hashes[__i__].algorithm);
  const uint8_t abc[] = { 'a', 'b', 'c' };
  const core_slice whole = { abc, 3 };
  const core_slice cut[] = {
    {abc, 1}, {NULL, 0}, {abc + 1, 0}, {abc + 1, 2}
  };
  const core_slice nothing = { NULL, 0 };

  fail_unless (len > 0 && len <= CORE_HASH_LEN_MAX);
  for (int i = 0; i < 2; i++) {
    check_digest (hash, len, &whole, 1, hashes[__i__].abc);
    check_digest (hash, len, cut, G_N_ELEMENTS (cut), hashes[__i__].abc);
    check_digest (hash, len, &nothing, 1, hashes[__i__].empty);
    check_digest (hash, len, NULL, 0, hashes[__i__].empty);
  }
  core_hash_free (hash);
}

GST_END_TEST;

GST_START_TEST (test_hash_names)
{
  core_hash_algorithm algorithm = hashes[__i__].algorithm;
  char *prefixed = g_strconcat ("iha:", hashes[__i__].name, NULL);
  char *nameless = g_strconcat (":", hashes[__i__].name, NULL);
  char *longer = g_strconcat (hashes[__i__].name, "0", NULL);

  fail_unless_equals_string (core_hash_name (algorithm), hashes[__i__].name);
  fail_unless_equals_int (core_hash_from_name (hashes[__i__].name), algorithm);
  fail_unless_equals_int (core_hash_from_name (prefixed), algorithm);
  fail_unless_equals_int (core_hash_from_name (nameless), CORE_HASH_NONE);
  fail_unless_equals_int (core_hash_from_name (longer), CORE_HASH_NONE);
  g_free (prefixed);
  g_free (nameless);
  g_free (longer);
}

GST_END_TEST;

GST_START_TEST (test_hash_unknown_names)
{
  static const char *const names[] = {
    NULL, "", ":", "iha:", "sha1", "sha256", "SHA-256", "sha-256 ", "shake-224",
    "shake-384", "shake-512", "blake2b", "a:b:sha-256", "sha-256:iha",
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++)
    fail_unless_equals_int (core_hash_from_name (names[i]), CORE_HASH_NONE);
}

GST_END_TEST;

/* Values of the module that are not supported, and others. */
GST_START_TEST (test_hash_unknown_values)
{
  static const int values[] = { CORE_HASH_NONE, 1, 7, 9, 10, 11, 1000, -1 };

  for (unsigned i = 0; i < G_N_ELEMENTS (values); i++) {
    core_hash_algorithm algorithm = (core_hash_algorithm) values[i];
    core_hash *hash = (core_hash *) & values;

    fail_unless (core_hash_name (algorithm) == NULL);
    fail_unless_equals_int (core_hash_len (algorithm), 0);
    fail_unless_equals_int (core_hash_new (&hash, algorithm),
        CORE_ERR_INVALID_ARGUMENT);
    fail_unless (hash == NULL);
  }
  core_hash_free (NULL);
}

GST_END_TEST;

/* An administrator can narrow down what OpenSSL offers.  That leaves nothing
 * for those who look at OpenSSL's errors afterwards. */
GST_START_TEST (test_hash_not_offered)
{
  core_hash *hash = (core_hash *) & hashes;
  int ret;

  fail_unless (EVP_set_default_properties (NULL, "provider=nobody"));
  ret = core_hash_new (&hash, CORE_HASH_SHA_256);
  fail_unless (EVP_set_default_properties (NULL, ""));
  fail_unless_equals_int (ret, CORE_ERR_FATAL);
  fail_unless (hash == NULL);
  fail_unless_equals_int (ERR_peek_error (), 0);
  core_hash_free (new_hash (CORE_HASH_SHA_256));
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

  tc = tcase_create ("hash");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_hash_known_answers, 0, G_N_ELEMENTS (hashes));
  tcase_add_loop_test (tc, test_hash_names, 0, G_N_ELEMENTS (hashes));
  tcase_add_test (tc, test_hash_unknown_names);
  tcase_add_test (tc, test_hash_unknown_values);
  tcase_add_test (tc, test_hash_not_offered);
  return s;
}

GST_CHECK_MAIN (digest);
