/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reads JSON that a stranger wrote, by means of json-glib.
 *
 * json-glib knows the grammar: what is put where.  In the small it takes more
 * than JSON (comments, 'a', 0x10, .5, "\101", a second document), cuts strings
 * at \u0000, wraps numbers, and recurses as deep as the document.  So the tokens
 * are looked at beforehand, and it is given places instead of numbers.
 */
#include "json.h"

#include <string.h>

#include <json-glib/json-glib.h>

#define DIGITS "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"

struct json_doc
{
  json_node *nodes;
  size_t n;
  char *text;                   /* the document, where numbers are kept */
  JsonNode *tree;               /* where strings are kept */
};

typedef struct
{
  const char *text;
  GString *tokens;              /* for json-glib */
  size_t nodes;
  size_t max_nodes;
  unsigned depth;
  unsigned max_depth;
  unsigned members[JSON_DEPTH_MAX];     /* of each container that is open */
} json_scan;

/*
 * Tokens: their length, or 0 when they are none
 */

/* What follows "\u": a character, or both halves of one.  json-glib does not
 * free what it has read of a string when it meets one half alone. */
static size_t
unicode_len (const char *text)
{
  if (strspn (text, HEX_DIGITS) < 4 || strncmp (text, "0000", 4) == 0)
    return 0;
  if (strchr ("dD", text[0]) == NULL || strchr ("01234567", text[1]) != NULL)
    return 4;
  return strchr ("89abAB", text[1]) != NULL &&
      strncmp (text + 4, "\\u", 2) == 0 &&
      strspn (text + 6, HEX_DIGITS) >= 4 && strchr ("dD", text[6]) != NULL &&
      strchr ("cdefCDEF", text[7]) != NULL ? 10 : 0;
}

static size_t
string_len (const char *text)
{
  const char *c = text + 1;
  size_t n;

  while (*c != '"') {
    if ((unsigned char) *c < 0x20)
      return 0;
    if (*c++ != '\\')
      continue;
    if (*c == '\0' || strchr ("\"\\/bfnrtu", *c) == NULL)
      return 0;
    if (*c++ != 'u')
      continue;
    n = unicode_len (c);
    if (n == 0)
      return 0;
    c += n;
  }
  return (size_t) (c + 1 - text);
}

static size_t
number_len (const char *text)
{
  const char *c = text + (*text == '-');
  size_t n = strspn (c, DIGITS);

  if (n == 0 || (n > 1 && *c == '0'))
    return 0;
  c += n;
  if (*c == '.') {
    n = strspn (++c, DIGITS);
    c += n;
  }
  if (n > 0 && (*c == 'e' || *c == 'E')) {
    c++;
    c += *c == '+' || *c == '-';
    n = strspn (c, DIGITS);
    c += n;
  }
  return n > 0 ? (size_t) (c - text) : 0;
}

static size_t
token_len (const char *text)
{
  static const char *const words[] = { "null", "true", "false" };

  if (strchr ("[]{},:", *text) != NULL)
    return 1;
  if (*text == '"')
    return string_len (text);
  for (size_t i = 0; i < sizeof (words) / sizeof (words[0]); i++)
    if (strncmp (text, words[i], strlen (words[i])) == 0)
      return strlen (words[i]);
  return number_len (text);
}

/*
 * The document before json-glib sees it
 */

static bool
is_number (const char *token)
{
  return *token == '-' || (*token >= '0' && *token <= '9');
}

static int
scan_token (json_scan * s, const char *token, size_t len)
{
  /* json-glib takes another array or object, and does not free the first. */
  if (s->depth == 0 && s->nodes > 0)
    return CORE_ERR_INVALID_ARGUMENT;
  if (strchr ("]},:", *token) != NULL) {
    if (s->depth == 0)
      return CORE_ERR_INVALID_ARGUMENT;
    if (*token == ':' && s->members[s->depth - 1]++ == JSON_MEMBERS_MAX)
      return CORE_ERR_LIMIT;
    if (*token == ']' || *token == '}')
      s->depth--;
  } else if (s->nodes++ == s->max_nodes) {
    return CORE_ERR_LIMIT;
  }
  if (*token == '[' || *token == '{') {
    if (s->depth == s->max_depth)
      return CORE_ERR_LIMIT;
    s->members[s->depth++] = 0;
  }
  if (is_number (token))
    g_string_append_printf (s->tokens, " %zu", (size_t) (token - s->text));
  else
    g_string_append_len (g_string_append (s->tokens, " "), token, (gssize) len);
  return CORE_OK;
}

static int
scan (json_scan * s)
{
  static const char bom[] = "\xef\xbb\xbf";     /* RFC 8259 §8.1: may be
                                                   ignored */
  const char *c = s->text;
  int ret = CORE_OK;

  if (strncmp (c, bom, strlen (bom)) == 0)
    c += strlen (bom);
  for (c += strspn (c, " \t\n\r"); *c != '\0' && ret == CORE_OK;
      c += strspn (c, " \t\n\r")) {
    size_t len = token_len (c);

    ret = len > 0 ? scan_token (s, c, len) : CORE_ERR_INVALID_ARGUMENT;
    c += len;
  }
  return ret;
}

/*
 * json-glib's tree, value by value
 */

static void
add_node (json_doc * doc, json_type type, const char *text)
{
  json_node *node = &doc->nodes[doc->n++];

  node->type = type;
  node->span = 1;
  node->len = (uint32_t) strlen (text);
  node->text = text;
}

static void
add_number (json_doc * doc, gint64 place)
{
  char *number = doc->text + place;

  /* No number follows without something between. */
  number[number_len (number)] = '\0';
  add_node (doc, JSON_NUMBER, number);
}

static void
add_scalar (json_doc * doc, JsonNode * value)
{
  GType type = json_node_get_value_type (value);

  if (type == G_TYPE_STRING)
    add_node (doc, JSON_STRING, json_node_get_string (value));
  else if (type == G_TYPE_INT64)
    add_number (doc, json_node_get_int (value));
  else if (type == G_TYPE_BOOLEAN)
    add_node (doc, json_node_get_boolean (value) ? JSON_TRUE : JSON_FALSE, "");
  else
    add_node (doc, JSON_NULL, "");
}

/* Calls itself no deeper than scan () allowed. */
static void
add_value (json_doc * doc, JsonNode * value)
{
  size_t start = doc->n;

  if (JSON_NODE_HOLDS_OBJECT (value)) {
    JsonObjectIter iter;
    const char *name;
    JsonNode *member;

    add_node (doc, JSON_OBJECT, "");
    json_object_iter_init_ordered (&iter, json_node_get_object (value));
    while (json_object_iter_next_ordered (&iter, &name, &member)) {
      add_node (doc, JSON_STRING, name);
      add_value (doc, member);
    }
  } else if (JSON_NODE_HOLDS_ARRAY (value)) {
    JsonArray *array = json_node_get_array (value);

    add_node (doc, JSON_ARRAY, "");
    for (unsigned i = 0; i < json_array_get_length (array); i++)
      add_value (doc, json_array_get_element (array, i));
  } else {
    add_scalar (doc, value);
  }
  doc->nodes[start].span = (uint32_t) (doc->n - start);
}

static int
read_tokens (json_doc * doc, const json_scan * s)
{
  JsonParser *parser = json_parser_new ();

  if (json_parser_load_from_data (parser, s->tokens->str,
          (gssize) s->tokens->len, NULL))
    doc->tree = json_parser_steal_root (parser);
  g_object_unref (parser);
  if (doc->tree == NULL)
    return CORE_ERR_INVALID_ARGUMENT;
  doc->nodes = g_new (json_node, s->nodes);
  add_value (doc, doc->tree);
  /* Of two members with one name json-glib keeps one. */
  return doc->n == s->nodes ? CORE_OK : CORE_ERR_INVALID_ARGUMENT;
}

int
json_parse (json_doc ** out, const uint8_t * data, size_t len,
    unsigned max_depth, size_t max_nodes)
{
  json_scan s = {.max_nodes = max_nodes };
  json_doc *doc;
  int ret;

  *out = NULL;
  if (len >= UINT32_MAX || max_nodes >= UINT32_MAX)
    return CORE_ERR_LIMIT;
  if (len == 0 || !g_utf8_validate ((const char *) data, (gssize) len, NULL))
    return CORE_ERR_INVALID_ARGUMENT;
  doc = g_new0 (json_doc, 1);
  doc->text = g_strndup ((const char *) data, len);
  s.text = doc->text;
  s.max_depth = max_depth < JSON_DEPTH_MAX ? max_depth : JSON_DEPTH_MAX;
  s.tokens = g_string_new (NULL);
  ret = scan (&s);
  if (ret == CORE_OK)
    ret = read_tokens (doc, &s);
  g_string_free (s.tokens, TRUE);
  if (ret != CORE_OK) {
    json_free (doc);
    return ret;
  }
  *out = doc;
  return CORE_OK;
}

void
json_free (json_doc * doc)
{
  if (doc == NULL)
    return;
  g_clear_pointer (&doc->tree, json_node_unref);
  g_free (doc->nodes);
  g_free (doc->text);
  g_free (doc);
}

const json_node *
json_root (const json_doc * doc)
{
  return doc->nodes;
}

const json_node *
json_next (const json_node * array, const json_node * element)
{
  const json_node *next = element == NULL ? array + 1 : element + element->span;

  return array->type == JSON_ARRAY && next < array + array->span ? next : NULL;
}

static bool
is_called (const json_node * node, const char *module, const char *name)
{
  size_t prefix = strlen (module);

  if (strcmp (node->text, name) == 0)
    return true;
  return strncmp (node->text, module, prefix) == 0 &&
      node->text[prefix] == ':' && strcmp (node->text + prefix + 1, name) == 0;
}

json_found
json_member (const json_node * object, const char *module, const char *name,
    const json_node ** value)
{
  const json_node *end = object + object->span;

  *value = NULL;
  if (object->type != JSON_OBJECT)
    return JSON_ABSENT;
  for (const json_node * key = object + 1; key < end;
      key = key + 1 + key[1].span) {
    if (!is_called (key, module, name))
      continue;
    if (*value != NULL) {
      *value = NULL;
      return JSON_TWICE;
    }
    *value = key + 1;
  }
  return *value != NULL ? JSON_FOUND : JSON_ABSENT;
}
