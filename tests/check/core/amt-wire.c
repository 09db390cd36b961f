/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The seven AMT messages: the vectors, field by field and byte by byte.
 */
#include "amt-wire.h"

#include <string.h>

#include "ipudp.h"
#include "vectors.h"

/* Fields of the vector that the message must have. */
static void
check_fields (JsonObject * v, const amt_message * msg)
{
  const char *id = vector_string (v, "id");
  JsonObject *fields = vector_object (v, "fields");

  fail_unless (msg->type == vector_int (v, "type"), "%s", id);
  if (vector_has (fields, "discovery_nonce"))
    fail_unless_equals_uint64 (msg->nonce,
        vector_u32 (fields, "discovery_nonce"));
  if (vector_has (fields, "request_nonce"))
    fail_unless_equals_uint64 (msg->nonce,
        vector_u32 (fields, "request_nonce"));
  if (vector_has (fields, "relay_address")) {
    core_ip relay = vector_ip (fields, "relay_address");

    fail_unless (core_ip_equal (&msg->relay, &relay), "%s", id);
  }
  if (vector_has (fields, "response_mac")) {
    vector_bytes mac = vector_hex (fields, "response_mac");

    assert_bytes_equal (id, msg->mac, AMT_MAC_LEN, mac.data, mac.len);
    vector_bytes_free (&mac);
  }
  if (msg->type == AMT_REQUEST) {
    fail_unless_equals_int (msg->ecn, vector_int (fields, "e"));
    fail_unless_equals_int (msg->p,
        vector_int (fields, "p") ? AMT_P_RFC : AMT_P_NONE);
  }
  if (msg->type == AMT_MEMBERSHIP_QUERY) {
    fail_unless_equals_int (msg->limit, vector_int (fields, "l"));
    fail_unless_equals_int (msg->has_gateway, vector_int (fields, "g"));
  }
}

static void
check_gateway_field (JsonObject * v, const amt_message * msg)
{
  JsonObject *fields = vector_object (v, "fields");
  vector_bytes address;
  amt_gateway_field field;
  core_addr want, got;

  if (!vector_has (fields, "gateway_port"))
    return;
  want = vector_addr (fields, "gateway_address", "gateway_port");
  address = vector_hex (fields, "gateway_address_16");
  got = amt_gateway_field_get (&msg->gateway);
  fail_unless (core_addr_equal (&got, &want));
  assert_bytes_equal ("address", msg->gateway.bytes + 2, 16, address.data,
      address.len);
  amt_gateway_field_set (&field, &want);
  fail_unless (amt_gateway_field_equal (&field, &msg->gateway));
  vector_bytes_free (&address);
}

GST_START_TEST (test_valid_vectors)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *root = vectors_root (parser);
  unsigned n = vectors_count (root, "valid");

  fail_unless_equals_int (n, 43);
  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_at (root, "valid", i);
    vector_bytes b = vector_hex (v, "amt_hex");
    uint8_t built[256];
    amt_message msg;
    size_t len;

    fail_unless_equals_int (b.len, vector_int (v, "amt_len"));
    fail_unless_equals_int (amt_peek_type (b.data, b.len),
        vector_int (v, "type"));
    fail_unless_equals_int (amt_parse (b.data, b.len, &msg), CORE_OK);
    check_fields (v, &msg);
    check_gateway_field (v, &msg);
    len = amt_build (built, sizeof (built), &msg);
    assert_bytes_equal (vector_string (v, "id"), built, len, b.data, b.len);
    for (size_t cap = 0; cap < b.len; cap++)
      fail_unless_equals_int (amt_build (built, cap, &msg), 0);
    vector_bytes_free (&b);
  }
  g_object_unref (parser);
}

GST_END_TEST;

/* A prefix of a message with an inner datagram is a message as soon as it has
 * an inner byte; that byte is then for ip_parse () to refuse. */
static bool
prefix_is_complete (const amt_message * whole, size_t len)
{
  switch (whole->type) {
    case AMT_MULTICAST_DATA:
      return len > AMT_DATA_HEADER;
    case AMT_MEMBERSHIP_QUERY:
    case AMT_MEMBERSHIP_UPDATE:
      return len > AMT_MEMBERSHIP_HEADER +
          (whole->has_gateway ? (size_t) AMT_GATEWAY_FIELD_LEN : 0);
    case AMT_RELAY_ADVERTISEMENT:
      return len == 12;
    default:
      return false;
  }
}

static void
check_prefix (const amt_message * whole, const uint8_t * data, size_t len)
{
  vector_bytes b = vector_bytes_copy (data, len);
  amt_message msg;
  ip_packet ip;
  int ret = amt_parse (b.data, b.len, &msg);

  if (prefix_is_complete (whole, len)) {
    fail_unless_equals_int (ret, CORE_OK);
    if (whole->type != AMT_RELAY_ADVERTISEMENT) {
      fail_unless (msg.inner >= b.data && msg.inner_len > 0);
      fail_unless (msg.inner + msg.inner_len +
          (msg.has_gateway ? AMT_GATEWAY_FIELD_LEN : 0) == b.data + b.len);
      ret = ip_parse (msg.inner, msg.inner_len, &ip);
      /* only octets of the gateway field may hide what is missing */
      fail_unless (ret == CORE_ERR_INNER_TRUNCATED ||
          ret == CORE_ERR_INNER_LENGTH_EXCEEDS);
    }
  } else if (whole->type == AMT_RELAY_ADVERTISEMENT && len >= 8) {
    fail_unless_equals_int (ret, CORE_ERR_BAD_LENGTH);
    fail_unless_equals_uint64 (msg.nonce, whole->nonce);
  } else if (whole->inner_len > 0 && len >= (size_t)
      (whole->type == AMT_MULTICAST_DATA ? 2 : 12)) {
    fail_unless_equals_int (ret, CORE_ERR_INNER_TRUNCATED);
    fail_unless_equals_uint64 (msg.nonce, whole->nonce);
    fail_unless (memcmp (msg.mac, whole->mac, AMT_MAC_LEN) == 0);
  } else {
    fail_unless_equals_int (ret, CORE_ERR_TOO_SHORT);
  }
  vector_bytes_free (&b);
}

GST_START_TEST (test_truncations)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *root = vectors_root (parser);
  unsigned n = vectors_count (root, "valid");

  for (unsigned i = 0; i < n; i++) {
    vector_bytes b = vector_hex (vectors_at (root, "valid", i), "amt_hex");
    amt_message whole;

    fail_unless_equals_int (amt_parse (b.data, b.len, &whole), CORE_OK);
    for (size_t len = 0; len < b.len; len++)
      check_prefix (&whole, b.data, len);
    vector_bytes_free (&b);
  }
  g_object_unref (parser);
}

GST_END_TEST;

/* What the parser alone must say of a received vector; everything else it
 * must accept, whatever the state machines and the inner parsers say. */
GST_START_TEST (test_received_vectors)
{
  static const char *const ours[] = { "too-short", "bad-version",
    "bad-length"
  };
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *root = vectors_root (parser);
  unsigned n = vectors_count (root, "received"), refused = 0;

  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_at (root, "received", i);
    const char *id = vector_string (v, "id");
    const char *code = vector_string (v, "code");
    vector_bytes b = vector_hex (v, "amt_hex");
    amt_message msg;
    int ret = amt_parse (b.data, b.len, &msg);
    bool parser_knows = strcmp (code, core_error_name (ret)) == 0;

    for (size_t k = 0; k < G_N_ELEMENTS (ours); k++) {
      if (strcmp (code, ours[k]) == 0)
        fail_unless (parser_knows, "%s: %s", id, core_error_name (ret));
    }
    fail_unless (ret == CORE_OK || parser_knows, "%s: %s, want %s", id,
        core_error_name (ret), code);
    refused += ret != CORE_OK;
    vector_bytes_free (&b);
  }
  fail_unless_equals_int (refused, 20);
  g_object_unref (parser);
}

GST_END_TEST;

static const struct
{
  const char *name;
  const char *hex;
  int ret;
  unsigned peek;
} messages[] = {
  {"empty", "", CORE_ERR_TOO_SHORT, 0},
  {"version first", "17", CORE_ERR_BAD_VERSION, 0},
  {"version 15", "f1000000d15c0ee5", CORE_ERR_BAD_VERSION, 0},
  {"type 0", "00000000d15c0ee5", CORE_ERR_UNEXPECTED_TYPE, 0},
  {"type 8", "08", CORE_ERR_UNEXPECTED_TYPE, 8},
  {"type 15", "0f", CORE_ERR_UNEXPECTED_TYPE, 15},
  {"long discovery", "01ffffffd15c0ee5aabb", CORE_OK, 1},
  {"long request", "03fcffffd15c0ee500", CORE_OK, 3},
  {"long teardown", "07ffdd817a87dca15eed1234c351000000000000000000000000"
        "cb007105ff", CORE_OK, 7},
  {"long IPv4 advertisement", "02000000d15c0ee5c633640100",
      CORE_ERR_BAD_LENGTH, 2},
  {"long IPv6 advertisement", "02000000d15c0ee5"
        "20010db8000a0000000000000000000100", CORE_ERR_BAD_LENGTH, 2},
  {"only the gateway field", "0401dd817a87dca15eed1234c351"
        "000000000000000000000000cb007105", CORE_ERR_INNER_TRUNCATED, 4},
  {"no room for the gateway field", "0401dd817a87dca15eed1234c351",
      CORE_ERR_INNER_TRUNCATED, 4},
  {"update with G", "0501dd817a87dca15eed1234aa", CORE_OK, 5},
};

GST_START_TEST (test_message)
{
  vector_bytes b = vector_bytes_from_hex (messages[__i__].hex);
  amt_message msg;
  int ret = amt_parse (b.data, b.len, &msg);

  fail_unless (ret == messages[__i__].ret, "%s: %s", messages[__i__].name,
      core_error_name (ret));
  fail_unless_equals_int (amt_peek_type (b.data, b.len), messages[__i__].peek);
  if (ret == CORE_OK && msg.type == AMT_MEMBERSHIP_UPDATE)
    fail_unless (!msg.has_gateway && !msg.limit && msg.inner_len == 1);
  vector_bytes_free (&b);
}

GST_END_TEST;

static const struct
{
  unsigned flags;
  amt_p_flag p;
  bool ecn;
} flags[] = {
  {0x00, AMT_P_NONE, false},
  {0x01, AMT_P_RFC, false},
  {0x02, AMT_P_NONE, true},
  {0x03, AMT_P_RFC, true},
  {0x80, AMT_P_LINUX, false},
  {0x81, AMT_P_RFC, false},
  {0x82, AMT_P_NONE, true},
  {0xfc, AMT_P_NONE, false},
  {0xff, AMT_P_RFC, true},
};

GST_START_TEST (test_request_flags)
{
  uint8_t data[8] = { 3, (uint8_t) flags[__i__].flags, 0, 0, 1, 2, 3, 4 };
  uint8_t built[8];
  amt_message msg, again;

  fail_unless_equals_int (amt_parse (data, sizeof (data), &msg), CORE_OK);
  fail_unless_equals_int (msg.p, flags[__i__].p);
  fail_unless_equals_int (msg.ecn, flags[__i__].ecn);
  fail_unless_equals_int (amt_build (built, sizeof (built), &msg), 8);
  fail_unless_equals_int (amt_parse (built, sizeof (built), &again), CORE_OK);
  fail_unless (msg.p == again.p && msg.ecn == again.ecn);
}

GST_END_TEST;

/* Only three types carry something; what a caller left there stays home. */
GST_START_TEST (test_build_ignores_foreign_fields)
{
  static const struct
  {
    amt_type type;
    size_t len;
  } cases[] = {
    {AMT_RELAY_DISCOVERY, 8}, {AMT_RELAY_ADVERTISEMENT, 12},
    {AMT_REQUEST, 8}, {AMT_MEMBERSHIP_QUERY, 12 + 3 + 18},
    {AMT_MEMBERSHIP_UPDATE, 12 + 3}, {AMT_MULTICAST_DATA, 2 + 3},
    {AMT_TEARDOWN, 30},
  };
  amt_message msg = {.nonce = 1,.limit = true,.has_gateway = true };
  uint8_t built[64];

  msg.relay = vector_ip_literal ("198.51.100.1");
  msg.inner = (const uint8_t *) "abc";
  msg.inner_len = 3;
  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++) {
    msg.type = cases[i].type;
    fail_unless_equals_int (amt_build (built, sizeof (built), &msg),
        cases[i].len);
  }
  /* a Data header alone, for a datagram that is gathered */
  msg.type = AMT_MULTICAST_DATA;
  msg.inner = NULL;
  msg.inner_len = 0;
  fail_unless_equals_int (amt_build (built, sizeof (built), &msg), 2);
  /* no type of ours, and an advertisement of nothing */
  msg.type = (amt_type) 8;
  fail_unless_equals_int (amt_build (built, sizeof (built), &msg), 0);
  msg.type = AMT_RELAY_ADVERTISEMENT;
  memset (&msg.relay, 0, sizeof (msg.relay));
  fail_unless_equals_int (amt_build (built, sizeof (built), &msg), 0);
}

GST_END_TEST;

static const char *const endpoints[] = {
  "203.0.113.5", "1.0.0.0", "255.255.255.255", "127.0.0.1",
  "2001:db8:b::5", "fe80::1", "::1", "::1:0:0", "ff3e::8000:1",
};

GST_START_TEST (test_gateway_field)
{
  core_addr addr = {.ip = vector_ip_literal (endpoints[__i__]),.port = 50001 };
  amt_gateway_field field, other;
  core_addr again;

  amt_gateway_field_set (&field, &addr);
  again = amt_gateway_field_get (&field);
  fail_unless (core_addr_equal (&addr, &again));
  other = field;
  fail_unless (amt_gateway_field_equal (&field, &other));
  for (size_t i = 0; i < sizeof (other.bytes); i++) {
    other.bytes[i] ^= 0x10;
    fail_if (amt_gateway_field_equal (&field, &other));
    other.bytes[i] ^= 0x10;
  }
}

GST_END_TEST;

GST_START_TEST (test_discovery_addresses)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *constants = vector_object (vectors_root (parser), "constants");
  core_ip v4 = vector_ip (constants, "ipv4_discovery_address");
  core_ip v6 = vector_ip (constants, "ipv6_discovery_address");

  fail_unless (core_ip_equal (&v4, &amt_discovery_v4));
  fail_unless (core_ip_equal (&v6, &amt_discovery_v6));
  fail_unless_equals_int (AMT_PORT, vector_int (constants, "udp_port"));
  g_object_unref (parser);
}

GST_END_TEST;

static Suite *
amt_wire_suite (void)
{
  Suite *s = suite_create ("amt-wire");
  TCase *tc = tcase_create ("messages");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_valid_vectors);
  tcase_add_test (tc, test_truncations);
  tcase_add_test (tc, test_received_vectors);
  tcase_add_loop_test (tc, test_message, 0, G_N_ELEMENTS (messages));
  tcase_add_loop_test (tc, test_request_flags, 0, G_N_ELEMENTS (flags));
  tcase_add_test (tc, test_build_ignores_foreign_fields);
  tcase_add_loop_test (tc, test_gateway_field, 0, G_N_ELEMENTS (endpoints));
  tcase_add_test (tc, test_discovery_addresses);
  return s;
}

GST_CHECK_MAIN (amt_wire);
