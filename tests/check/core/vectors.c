/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the core tests share: the JSON vectors, hex, and guarded copies.
 */
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

vector_bytes
vector_bytes_copy (const uint8_t * data, size_t len)
{
  vector_bytes bytes = { malloc (len), len };

  fail_unless (bytes.data != NULL);
  if (len > 0)
    memcpy (bytes.data, data, len);
  return bytes;
}

vector_bytes
vector_bytes_from_hex (const char *hex)
{
  size_t digits = strlen (hex);
  vector_bytes bytes = { malloc (digits / 2), digits / 2 };

  fail_unless (bytes.data != NULL);
  fail_unless (digits % 2 == 0, "odd number of digits: %s", hex);
  for (size_t i = 0; i < bytes.len; i++) {
    int high = g_ascii_xdigit_value (hex[2 * i]);
    int low = g_ascii_xdigit_value (hex[2 * i + 1]);

    fail_unless (high >= 0 && low >= 0, "not hex: %s", hex);
    bytes.data[i] = (uint8_t) (high << 4 | low);
  }
  return bytes;
}

void
vector_bytes_free (vector_bytes * bytes)
{
  free (bytes->data);
  bytes->data = NULL;
  bytes->len = 0;
}

JsonParser *
vectors_load (const char *file)
{
  const char *dir = g_getenv ("MC_VECTORS_DIR");
  JsonParser *parser = json_parser_new ();
  GError *error = NULL;
  char *path;

  fail_unless (dir != NULL, "MC_VECTORS_DIR is not set");
  path = g_build_filename (dir, file, NULL);
  json_parser_load_from_file (parser, path, &error);
  fail_unless (error == NULL, "%s: %s", path, error ? error->message : "");
  g_free (path);
  return parser;
}

JsonObject *
vectors_root (JsonParser * parser)
{
  return json_node_get_object (json_parser_get_root (parser));
}

unsigned
vectors_count (JsonObject * root, const char *list)
{
  unsigned n = json_array_get_length (vector_array (root, list));

  fail_unless (n > 0, "no vectors in %s", list);
  return n;
}

JsonObject *
vectors_at (JsonObject * root, const char *list, unsigned i)
{
  return json_array_get_object_element (vector_array (root, list), i);
}

JsonObject *
vectors_find (JsonObject * root, const char *list, const char *id)
{
  unsigned n = vectors_count (root, list);

  for (unsigned i = 0; i < n; i++) {
    JsonObject *vector = vectors_at (root, list, i);

    if (g_strcmp0 (vector_string (vector, "id"), id) == 0)
      return vector;
  }
  fail ("no vector %s in %s", id, list);
  return NULL;
}

/* The node at a path, or NULL. */
static JsonNode *
find_node (JsonObject * object, const char *path)
{
  char **names = g_strsplit (path, ".", -1);
  JsonNode *node = NULL;

  for (char **name = names; *name != NULL; name++) {
    if (name != names)
      object = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ?
          json_node_get_object (node) : NULL;
    node = object != NULL ? json_object_get_member (object, *name) : NULL;
  }
  g_strfreev (names);
  return node;
}

static JsonNode *
need_node (JsonObject * object, const char *path)
{
  JsonNode *node = find_node (object, path);

  fail_unless (node != NULL, "no member %s", path);
  return node;
}

bool
vector_has (JsonObject * object, const char *path)
{
  return find_node (object, path) != NULL;
}

const char *
vector_string (JsonObject * object, const char *path)
{
  JsonNode *node = find_node (object, path);

  return node != NULL ? json_node_get_string (node) : NULL;
}

int64_t
vector_int (JsonObject * object, const char *path)
{
  JsonNode *node = need_node (object, path);

  fail_unless (JSON_NODE_HOLDS_VALUE (node) &&
      json_node_get_value_type (node) == G_TYPE_INT64,
      "%s is no integer", path);
  return json_node_get_int (node);
}

JsonArray *
vector_array (JsonObject * object, const char *path)
{
  JsonNode *node = need_node (object, path);

  fail_unless (JSON_NODE_HOLDS_ARRAY (node), "%s is no array", path);
  return json_node_get_array (node);
}

JsonObject *
vector_object (JsonObject * object, const char *path)
{
  JsonNode *node = find_node (object, path);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ?
      json_node_get_object (node) : NULL;
}

static const char *
need_string (JsonObject * object, const char *path)
{
  const char *text = vector_string (object, path);

  fail_unless (text != NULL, "no text %s", path);
  return text;
}

vector_bytes
vector_hex (JsonObject * object, const char *path)
{
  return vector_bytes_from_hex (need_string (object, path));
}

core_ip
vector_ip (JsonObject * object, const char *path)
{
  return vector_ip_literal (need_string (object, path));
}

uint32_t
vector_u32 (JsonObject * object, const char *path)
{
  vector_bytes bytes = vector_hex (object, path);
  rd_cursor r;
  uint32_t value;

  fail_unless_equals_int (bytes.len, 4);
  rd_init (&r, bytes.data, bytes.len);
  value = rd_u32 (&r);
  vector_bytes_free (&bytes);
  return value;
}

core_addr
vector_addr (JsonObject * object, const char *ip, const char *port)
{
  core_addr addr = {.ip = vector_ip (object, ip) };

  addr.port = (uint16_t) vector_int (object, port);
  return addr;
}

core_ip
vector_ip_literal (const char *text)
{
  core_ip ip = { 0 };

  fail_unless (core_ip_from_string (text, &ip), "no address: %s", text);
  return ip;
}

static char *
to_hex (const uint8_t * data, size_t len)
{
  GString *text = g_string_new (NULL);

  for (size_t i = 0; i < len; i++)
    g_string_append_printf (text, "%02x", data[i]);
  return g_string_free (text, FALSE);
}

void
assert_bytes_equal (const char *what, const uint8_t * got, size_t got_len,
    const uint8_t * want, size_t want_len)
{
  char *got_hex, *want_hex;

  if (got_len == want_len && (got_len == 0 || memcmp (got, want, got_len) == 0))
    return;
  got_hex = to_hex (got, got_len);
  want_hex = to_hex (want, want_len);
  fail ("%s: got %s, want %s", what, got_hex, want_hex);
  g_free (got_hex);
  g_free (want_hex);
}
