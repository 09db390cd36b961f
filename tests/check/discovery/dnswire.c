/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Names and resource records: the vectors, and what nobody should publish.
 */
#include "dnswire.h"

#include <string.h>

#include "vectors.h"

static int
parse_hex (const char *hex, dns_amtrelay * out)
{
  vector_bytes bytes = vector_bytes_from_hex (hex);
  int ret = dns_parse_amtrelay (bytes.data, bytes.len, out);

  vector_bytes_free (&bytes);
  return ret;
}

static void
check_fields (JsonObject * v, const dns_amtrelay * got)
{
  const char *relay = vector_string (v, "fields.relay");
  char ip[CORE_IP_TEXT_MAX];

  fail_unless_equals_int (got->precedence, vector_int (v, "fields.precedence"));
  fail_unless_equals_int (got->discovery_optional, vector_int (v, "fields.d"));
  fail_unless_equals_int (got->type, vector_int (v, "fields.type"));
  switch (got->type) {
    case DNS_AMTRELAY_NONE:
      fail_unless_equals_string (relay, ".");
      break;
    case DNS_AMTRELAY_NAME:
      fail_unless_equals_string (got->name, relay);
      break;
    default:
      fail_unless_equals_string (core_ip_to_string (&got->ip, ip), relay);
      break;
  }
}

GST_START_TEST (test_amtrelay_vectors)
{
  JsonParser *parser = vectors_load ("amt.json");
  JsonObject *root = vectors_root (parser);
  unsigned n = vectors_count (root, "amtrelay_rdata"), accepted = 0;

  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_at (root, "amtrelay_rdata", i);
    const char *hex = vector_string (v, "rdata_hex");
    const char *verdict = vector_string (v, "verdict");
    dns_amtrelay got;
    int ret = parse_hex (hex, &got);

    if (g_str_has_prefix (verdict, "accept")) {
      fail_unless (ret == DNS_OK, "%s: %s", hex, dns_error_name (ret));
      check_fields (v, &got);
      accepted++;
    } else if (strcmp (verdict, "skip") == 0) {
      fail_unless_equals_int (ret, DNS_ERR_UNKNOWN_TYPE);
    } else {
      fail_unless (ret < 0 && ret != DNS_ERR_UNKNOWN_TYPE, "%s: taken", hex);
    }
  }
  fail_unless_equals_int (n, 22);
  fail_unless_equals_int (accepted, 9);
  g_object_unref (parser);
}

GST_END_TEST;

/* A name may end at any label, as one without its root label; nothing else
 * may be cut. */
GST_START_TEST (test_amtrelay_truncated)
{
  vector_bytes whole = vector_bytes_from_hex
      ("808309616d7472656c617973076578616d706c6503636f6d00");
  unsigned taken = 0;

  for (size_t len = 0; len < whole.len; len++) {
    vector_bytes cut = vector_bytes_copy (whole.data, len);
    dns_amtrelay got;

    if (dns_parse_amtrelay (cut.data, cut.len, &got) == DNS_OK) {
      fail_unless (len == 12 || len == 20 || len == 24, "%u", (unsigned) len);
      taken++;
    } else {
      fail_unless_equals_string (got.name, "");
    }
    vector_bytes_free (&cut);
  }
  fail_unless_equals_int (taken, 3);
  vector_bytes_free (&whole);
}

GST_END_TEST;

GST_START_TEST (test_mapped_address)
{
  dns_amtrelay got;

  fail_unless_equals_int (parse_hex ("0a0200000000000000000000ffffc6336401",
          &got), DNS_OK);
  fail_unless_equals_int (got.ip.family, CORE_FAMILY_V4);
}

GST_END_TEST;

/* n labels of len octets each, then the root. */
static size_t
make_name (uint8_t * out, unsigned n, unsigned len, uint8_t octet)
{
  size_t pos = 0;

  for (unsigned i = 0; i < n; i++) {
    out[pos++] = (uint8_t) len;
    memset (out + pos, octet, len);
    pos += len;
  }
  out[pos++] = 0;
  return pos;
}

GST_START_TEST (test_name_limits)
{
  uint8_t wire[512];
  char text[DNS_NAME_TEXT_MAX];
  size_t len;

  /* 127 labels of one octet: 255 octets, the most there can be. */
  len = make_name (wire, 127, 1, 'a');
  fail_unless_equals_int (len, DNS_NAME_MAX);
  fail_unless_equals_int (dns_parse_name (wire, len, text), DNS_OK);
  fail_unless_equals_int (strlen (text), 254);
  len = make_name (wire, 128, 1, 'a');
  fail_unless_equals_int (dns_parse_name (wire, len, text), DNS_ERR_BAD_NAME);

  /* The longest text: three labels of 63 octets and one of 61, all of them
   * escaped. */
  len = make_name (wire, 3, 63, 0xff) - 1;
  len += make_name (wire + len, 1, 61, 0);
  fail_unless_equals_int (len, DNS_NAME_MAX);
  fail_unless_equals_int (dns_parse_name (wire, len, text), DNS_OK);
  fail_unless_equals_int (strlen (text), 4 * 250 + 4);
  fail_unless (g_str_has_prefix (text, "\\255\\255"));
  fail_unless (g_str_has_suffix (text, "\\000."));

  len = make_name (wire, 1, 64, 'a');
  fail_unless_equals_int (dns_parse_name (wire, len, text), DNS_ERR_BAD_NAME);
  fail_unless_equals_int (dns_parse_name (wire, 0, text), DNS_ERR_TOO_SHORT);
  fail_unless_equals_int (dns_parse_name ((const uint8_t *) "\0x", 2, text),
      DNS_ERR_BAD_LENGTH);
  fail_unless_equals_int (dns_parse_name ((const uint8_t *) "", 1, text),
      DNS_OK);
  fail_unless_equals_string (text, ".");
}

GST_END_TEST;

GST_START_TEST (test_name_text)
{
  static const uint8_t wire[] = "\x09Relay one\x05" "a.b\\\"\x03x_/";
  char text[DNS_NAME_TEXT_MAX];

  fail_unless_equals_int (dns_parse_name (wire, sizeof (wire), text), DNS_OK);
  fail_unless_equals_string (text, "Relay\\032one.a\\046b\\092\\034.x_/.");

  fail_unless (dns_name_equal ("Example.COM.", "example.com"));
  fail_unless (!dns_name_equal ("example.com", "example.co"));
  fail_unless (!dns_name_equal ("example.com", "example.con"));
  fail_unless (!dns_name_equal ("a\\.", "a\\"));

  fail_unless (dns_name_join ("_amt._udp", "example.com.", text));
  fail_unless_equals_string (text, "_amt._udp.example.com.");
  fail_unless (dns_name_join ("_amt._udp", "example.com", text));
  fail_unless_equals_string (text, "_amt._udp.example.com.");
}

GST_END_TEST;

GST_START_TEST (test_join_too_long)
{
  char domain[2 * DNS_NAME_TEXT_MAX], text[DNS_NAME_TEXT_MAX];

  memset (domain, 'a', sizeof (domain));
  domain[DNS_NAME_TEXT_MAX - 4] = '\0';
  fail_unless (dns_name_join ("b", domain + 1, text));
  fail_unless_equals_int (strlen (text), DNS_NAME_TEXT_MAX - 2);
  fail_unless (!dns_name_join ("bb", domain, text));
  domain[DNS_NAME_TEXT_MAX - 4] = 'a';
  domain[sizeof (domain) - 1] = '\0';
  fail_unless (!dns_name_join ("b", domain, text));
}

GST_END_TEST;

GST_START_TEST (test_reverse_names)
{
  JsonParser *parser = vectors_load ("dorms-srv.json");
  JsonObject *root = vectors_root (parser);
  unsigned n = vectors_count (root, "names");
  char name[DNS_NAME_TEXT_MAX], service[DNS_NAME_TEXT_MAX];
  core_ip none = { 0 };

  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_at (root, "names", i);
    core_ip ip = vector_ip (v, "source");

    fail_unless (dns_reverse_name (&ip, name));
    fail_unless (dns_name_join ("_dorms._tcp", name, service));
    fail_unless_equals_string (service, vector_string (v, "name"));
  }
  fail_unless_equals_int (n, 3);
  fail_unless (!dns_reverse_name (&none, name));
  g_object_unref (parser);
}

GST_END_TEST;

/* Gives the draws of a vector in turn. */
typedef struct
{
  JsonArray *draws;
  unsigned next;
} draws;

static void
next_draw (void *ctx, uint8_t * buf, size_t len)
{
  draws *d = ctx;
  wr_cursor w;

  fail_unless (d->next < json_array_get_length (d->draws));
  wr_init (&w, buf, len);
  wr_u32 (&w, (uint32_t) json_array_get_int_element (d->draws, d->next++));
}

static unsigned
read_srv_case (JsonObject * v, dns_srv * srv)
{
  unsigned n = vectors_count (v, "records");

  for (unsigned i = 0; i < n; i++) {
    JsonObject *r = vectors_at (v, "records", i);

    srv[i].priority = (uint16_t) vector_int (r, "priority");
    srv[i].weight = (uint16_t) vector_int (r, "weight");
    srv[i].port = (uint16_t) vector_int (r, "port");
    g_strlcpy (srv[i].target, vector_string (r, "target"), DNS_NAME_TEXT_MAX);
  }
  return n;
}

GST_START_TEST (test_srv_order)
{
  JsonParser *parser = vectors_load ("dorms-srv.json");
  JsonObject *root = vectors_root (parser);
  unsigned n = vectors_count (root, "cases"), ordered = 0;

  for (unsigned i = 0; i < n; i++) {
    JsonObject *v = vectors_at (root, "cases", i);
    draws d = {.draws = vector_array (v, "draws") };
    dns_srv srv[8];
    unsigned n_srv = read_srv_case (v, srv);
    JsonArray *expect;

    /* What to do with the order is the caller's: an ignore list, ".". */
    if (vector_has (v, "ignored") || vector_string (v, "expect") != NULL)
      continue;
    expect = vector_array (v, "expect");
    dns_srv_order (srv, n_srv, next_draw, &d);
    fail_unless_equals_int (json_array_get_length (expect), n_srv);
    for (unsigned j = 0; j < n_srv; j++) {
      char *text = g_strdup_printf ("%s:%u", srv[j].target, srv[j].port);

      fail_unless_equals_string (text, json_array_get_string_element (expect,
              j));
      g_free (text);
    }
    fail_unless_equals_int (d.next, json_array_get_length (d.draws));
    ordered++;
  }
  fail_unless_equals_int (ordered, 6);
  g_object_unref (parser);
}

GST_END_TEST;

static void
stuck (void *ctx, uint8_t * buf, size_t len)
{
  memset (buf, 0xff, len);
}

GST_START_TEST (test_random)
{
  draws d = {.draws = json_array_new () };

  json_array_add_int_element (d.draws, 5);
  fail_unless_equals_int (dns_random (next_draw, &d, 5), 5);
  /* UINT32_MAX is outside of what can be shared out fairly among three. */
  json_array_add_int_element (d.draws, UINT32_MAX);
  json_array_add_int_element (d.draws, 4);
  fail_unless_equals_int (dns_random (next_draw, &d, 2), 1);
  fail_unless_equals_int (d.next, 3);
  json_array_add_int_element (d.draws, UINT32_MAX);
  fail_unless (dns_random (next_draw, &d, UINT32_MAX) == UINT32_MAX);
  fail_unless (dns_random (stuck, NULL, 2) <= 2);
  json_array_unref (d.draws);
}

GST_END_TEST;

static const struct
{
  const char *hex;
  int result;
  const char *target;
} srv_cases[] = {
  {"0001000220e503666f6f00", DNS_OK, "foo."},
  {"0001000220e500", DNS_OK, "."},
  {"0001000220e5", DNS_ERR_TOO_SHORT, NULL},
  {"0001000220", DNS_ERR_TOO_SHORT, NULL},
  {"", DNS_ERR_TOO_SHORT, NULL},
  {"0001000220e503666f6f", DNS_ERR_TOO_SHORT, NULL},
  {"0001000220e503666f6f0000", DNS_ERR_BAD_LENGTH, NULL},
  {"0001000220e5c00c", DNS_ERR_BAD_NAME, NULL},
};

GST_START_TEST (test_srv)
{
  vector_bytes bytes = vector_bytes_from_hex (srv_cases[__i__].hex);
  dns_srv srv;

  fail_unless_equals_int (dns_parse_srv (bytes.data, bytes.len, &srv),
      srv_cases[__i__].result);
  if (srv_cases[__i__].target != NULL) {
    fail_unless_equals_string (srv.target, srv_cases[__i__].target);
    fail_unless_equals_int (srv.priority, 1);
    fail_unless_equals_int (srv.weight, 2);
    fail_unless_equals_int (srv.port, 8421);
  }
  vector_bytes_free (&bytes);
}

GST_END_TEST;

GST_START_TEST (test_addresses)
{
  static const uint8_t bytes[17] = { 0x20, 1, 0xd, 0xb8,[15] = 1 };
  core_ip ip;

  fail_unless_equals_int (dns_parse_address (DNS_TYPE_A, bytes, 4, &ip),
      DNS_OK);
  fail_unless_equals_int (ip.family, CORE_FAMILY_V4);
  fail_unless_equals_int (dns_parse_address (DNS_TYPE_AAAA, bytes, 16, &ip),
      DNS_OK);
  fail_unless_equals_int (ip.family, CORE_FAMILY_V6);
  fail_unless_equals_int (dns_parse_address (DNS_TYPE_A, bytes, 3, &ip),
      DNS_ERR_BAD_LENGTH);
  fail_unless_equals_int (dns_parse_address (DNS_TYPE_A, bytes, 5, &ip),
      DNS_ERR_BAD_LENGTH);
  fail_unless_equals_int (dns_parse_address (DNS_TYPE_AAAA, bytes, 15, &ip),
      DNS_ERR_BAD_LENGTH);
  fail_unless_equals_int (dns_parse_address (DNS_TYPE_AAAA, bytes, 17, &ip),
      DNS_ERR_BAD_LENGTH);
  fail_unless_equals_int (dns_parse_address (DNS_TYPE_SRV, bytes, 4, &ip),
      DNS_ERR_UNKNOWN_TYPE);
}

GST_END_TEST;

GST_START_TEST (test_names_of_values)
{
  for (int i = 0; i > -DNS_ERR_COUNT; i--)
    fail_if (strcmp (dns_error_name (i), "unknown") == 0);
  fail_unless_equals_string (dns_error_name (1), "unknown");
  fail_unless_equals_string (dns_error_name (-DNS_ERR_COUNT), "unknown");
  for (int i = DNS_STATUS_OK; i <= DNS_STATUS_TIMEOUT; i++)
    fail_if (strcmp (dns_status_name ((dns_status) i), "unknown") == 0);
  fail_unless_equals_string (dns_status_name ((dns_status) 99), "unknown");
}

GST_END_TEST;

static Suite *
dnswire_suite (void)
{
  Suite *s = suite_create ("dnswire");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_amtrelay_vectors);
  tcase_add_test (tc, test_amtrelay_truncated);
  tcase_add_test (tc, test_mapped_address);
  tcase_add_test (tc, test_name_limits);
  tcase_add_test (tc, test_name_text);
  tcase_add_test (tc, test_join_too_long);
  tcase_add_test (tc, test_reverse_names);
  tcase_add_test (tc, test_srv_order);
  tcase_add_test (tc, test_random);
  tcase_add_loop_test (tc, test_srv, 0, G_N_ELEMENTS (srv_cases));
  tcase_add_test (tc, test_addresses);
  tcase_add_test (tc, test_names_of_values);
  return s;
}

GST_CHECK_MAIN (dnswire);
