/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reads JSON that a stranger wrote.
 */
#include "json.h"

#include <stdlib.h>
#include <string.h>

struct json_doc
{
  json_node *nodes;
  size_t n;
  char *text;
};

/* What is expected next. */
typedef enum
{
  EXPECT_VALUE,
  EXPECT_VALUE_OR_END,          /* behind "[" */
  EXPECT_NAME,
  EXPECT_NAME_OR_END,           /* behind "{" */
  EXPECT_COMMA_OR_END,          /* behind a value */
  EXPECT_NOTHING                /* behind the document's value */
} json_expect;

typedef struct
{
  const uint8_t *data;
  size_t len;
  size_t pos;
  json_doc *doc;
  size_t cap;                   /* of doc->nodes */
  size_t max_nodes;
  size_t text_len;              /* used of doc->text */
  size_t open[JSON_DEPTH_MAX];  /* containers that are not closed yet */
  unsigned depth;
  unsigned max_depth;
} json_reader;

static int
peek (const json_reader * r)
{
  return r->pos < r->len ? r->data[r->pos] : -1;
}

static void
skip_space (json_reader * r)
{
  int c;

  while ((c = peek (r)) == ' ' || c == '\t' || c == '\n' || c == '\r')
    r->pos++;
}

static bool
skip_word (json_reader * r, const char *word)
{
  size_t n = strlen (word);

  if (r->len - r->pos < n || memcmp (r->data + r->pos, word, n) != 0)
    return false;
  r->pos += n;
  return true;
}

static int
add_node (json_reader * r, json_type type)
{
  json_doc *doc = r->doc;
  json_node *node;

  if (doc->n == r->max_nodes)
    return CORE_ERR_LIMIT;
  if (doc->n == r->cap) {
    size_t cap = r->cap == 0 ? 64 : r->cap * 2;
    json_node *nodes = realloc (doc->nodes, cap * sizeof (*nodes));

    if (nodes == NULL)
      return CORE_ERR_NO_MEMORY;
    doc->nodes = nodes;
    r->cap = cap;
  }
  node = &doc->nodes[doc->n++];
  node->type = type;
  node->span = 1;
  node->len = 0;
  node->text = "";
  return CORE_OK;
}

/* The text that begins at offset start of doc->text is the last node's. */
static void
end_text (json_reader * r, size_t start)
{
  json_node *node = &r->doc->nodes[r->doc->n - 1];

  node->text = r->doc->text + start;
  node->len = (uint32_t) (r->text_len - start);
  r->doc->text[r->text_len++] = '\0';
}

static void
put_char (json_reader * r, unsigned c)
{
  r->doc->text[r->text_len++] = (char) c;
}

static void
put_code_point (json_reader * r, uint32_t c)
{
  if (c < 0x80) {
    put_char (r, c);
  } else if (c < 0x800) {
    put_char (r, 0xc0 | c >> 6);
    put_char (r, 0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put_char (r, 0xe0 | c >> 12);
    put_char (r, 0x80 | (c >> 6 & 0x3f));
    put_char (r, 0x80 | (c & 0x3f));
  } else {
    put_char (r, 0xf0 | c >> 18);
    put_char (r, 0x80 | (c >> 12 & 0x3f));
    put_char (r, 0x80 | (c >> 6 & 0x3f));
    put_char (r, 0x80 | (c & 0x3f));
  }
}

/* Copies one character of more than one octet. */
static bool
read_utf8 (json_reader * r)
{
  static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
  uint8_t first = r->data[r->pos];
  unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
  uint32_t c = first & (0x3fu >> more);

  if (first < 0xc0 || first > 0xf4 || r->len - r->pos <= more)
    return false;
  for (unsigned i = 1; i <= more; i++) {
    uint8_t next = r->data[r->pos + i];

    if ((next & 0xc0) != 0x80)
      return false;
    c = c << 6 | (next & 0x3f);
  }
  if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
    return false;
  put_code_point (r, c);
  r->pos += more + 1;
  return true;
}

/* The four digits behind "\u". */
static bool
read_hex4 (json_reader * r, uint32_t * out)
{
  *out = 0;
  if (r->len - r->pos < 4)
    return false;
  for (unsigned i = 0; i < 4; i++) {
    uint8_t c = r->data[r->pos++];
    unsigned digit;

    if (c >= '0' && c <= '9')
      digit = c - (unsigned) '0';
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
      digit = (c | 0x20u) - 'a' + 10;
    else
      return false;
    *out = *out << 4 | digit;
  }
  return true;
}

static bool
read_unicode_escape (json_reader * r)
{
  uint32_t c, low;

  if (!read_hex4 (r, &c) || c == 0 || (c >= 0xdc00 && c <= 0xdfff))
    return false;
  if (c >= 0xd800 && c < 0xdc00) {
    if (!skip_word (r, "\\u") || !read_hex4 (r, &low) || low < 0xdc00 ||
        low > 0xdfff)
      return false;
    c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
  }
  put_code_point (r, c);
  return true;
}

static bool
read_escape (json_reader * r)
{
  static const char letters[] = "\"\\/bfnrt", meaning[] = "\"\\/\b\f\n\r\t";
  const char *found;
  int c;

  r->pos++;
  c = peek (r);
  if (c <= 0)
    return false;
  r->pos++;
  if (c == 'u')
    return read_unicode_escape (r);
  found = strchr (letters, c);
  if (found == NULL)
    return false;
  put_char (r, (unsigned) meaning[found - letters]);
  return true;
}

static int
read_string (json_reader * r)
{
  size_t start = r->text_len;
  int ret = add_node (r, JSON_STRING);
  int c;

  if (ret != CORE_OK)
    return ret;
  if (peek (r) != '"')
    return CORE_ERR_INVALID_ARGUMENT;
  r->pos++;
  while ((c = peek (r)) != '"') {
    bool ok = true;

    if (c < 0x20)
      return CORE_ERR_INVALID_ARGUMENT;
    if (c == '\\') {
      ok = read_escape (r);
    } else if (c >= 0x80) {
      ok = read_utf8 (r);
    } else {
      put_char (r, (unsigned) c);
      r->pos++;
    }
    if (!ok)
      return CORE_ERR_INVALID_ARGUMENT;
  }
  r->pos++;
  end_text (r, start);
  return CORE_OK;
}

/* At least one digit. */
static bool
skip_digits (json_reader * r)
{
  size_t start = r->pos;
  int c;

  while ((c = peek (r)) >= '0' && c <= '9')
    r->pos++;
  return r->pos > start;
}

static int
read_number (json_reader * r)
{
  size_t start = r->pos, text = r->text_len;
  int ret = add_node (r, JSON_NUMBER);

  if (ret != CORE_OK)
    return ret;
  if (peek (r) == '-')
    r->pos++;
  if (peek (r) == '0')
    r->pos++;
  else if (!skip_digits (r))
    return CORE_ERR_INVALID_ARGUMENT;
  if (peek (r) == '.') {
    r->pos++;
    if (!skip_digits (r))
      return CORE_ERR_INVALID_ARGUMENT;
  }
  if (peek (r) == 'e' || peek (r) == 'E') {
    r->pos++;
    if (peek (r) == '+' || peek (r) == '-')
      r->pos++;
    if (!skip_digits (r))
      return CORE_ERR_INVALID_ARGUMENT;
  }
  memcpy (r->doc->text + text, r->data + start, r->pos - start);
  r->text_len += r->pos - start;
  end_text (r, text);
  return CORE_OK;
}

static int
open_container (json_reader * r, json_type type, json_expect * expect)
{
  int ret = add_node (r, type);

  if (ret != CORE_OK)
    return ret;
  if (r->depth == r->max_depth)
    return CORE_ERR_LIMIT;
  r->pos++;
  r->open[r->depth++] = r->doc->n - 1;
  *expect = type == JSON_OBJECT ? EXPECT_NAME_OR_END : EXPECT_VALUE_OR_END;
  return CORE_OK;
}

static json_expect
behind_value (const json_reader * r)
{
  return r->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA_OR_END;
}

static bool
in_object (const json_reader * r)
{
  return r->doc->nodes[r->open[r->depth - 1]].type == JSON_OBJECT;
}

static int
close_container (json_reader * r, json_expect * expect)
{
  json_node *container = &r->doc->nodes[r->open[r->depth - 1]];

  if (peek (r) != (container->type == JSON_OBJECT ? '}' : ']'))
    return CORE_ERR_INVALID_ARGUMENT;
  r->pos++;
  container->span = (uint32_t) (r->doc->n - r->open[r->depth - 1]);
  r->depth--;
  *expect = behind_value (r);
  return CORE_OK;
}

static int
read_value (json_reader * r, json_expect * expect)
{
  int c = peek (r);

  if (c == '{')
    return open_container (r, JSON_OBJECT, expect);
  if (c == '[')
    return open_container (r, JSON_ARRAY, expect);
  *expect = behind_value (r);
  if (c == '"')
    return read_string (r);
  if (skip_word (r, "null"))
    return add_node (r, JSON_NULL);
  if (skip_word (r, "true"))
    return add_node (r, JSON_TRUE);
  if (skip_word (r, "false"))
    return add_node (r, JSON_FALSE);
  return read_number (r);
}

static int
read_name (json_reader * r, json_expect * expect)
{
  int ret = read_string (r);

  if (ret != CORE_OK)
    return ret;
  skip_space (r);
  if (peek (r) != ':')
    return CORE_ERR_INVALID_ARGUMENT;
  r->pos++;
  *expect = EXPECT_VALUE;
  return CORE_OK;
}

static int
read_comma_or_end (json_reader * r, json_expect * expect)
{
  if (peek (r) != ',')
    return close_container (r, expect);
  r->pos++;
  *expect = in_object (r) ? EXPECT_NAME : EXPECT_VALUE;
  return CORE_OK;
}

static int
read_document (json_reader * r)
{
  json_expect expect = EXPECT_VALUE;
  int ret = CORE_OK;

  skip_word (r, "\xef\xbb\xbf");        /* RFC 8259 §8.1: may be ignored */
  skip_space (r);
  while (ret == CORE_OK && expect != EXPECT_NOTHING) {
    bool end = peek (r) == '}' || peek (r) == ']';

    if (expect == EXPECT_COMMA_OR_END)
      ret = read_comma_or_end (r, &expect);
    else if (end && (expect == EXPECT_VALUE_OR_END ||
            expect == EXPECT_NAME_OR_END))
      ret = close_container (r, &expect);
    else if (expect == EXPECT_NAME || expect == EXPECT_NAME_OR_END)
      ret = read_name (r, &expect);
    else
      ret = read_value (r, &expect);
    skip_space (r);
  }
  if (ret == CORE_OK && r->pos != r->len)
    return CORE_ERR_INVALID_ARGUMENT;
  return ret;
}

int
json_parse (json_doc ** out, const uint8_t * data, size_t len,
    unsigned max_depth, size_t max_nodes)
{
  json_reader r = {.data = data,.len = len,.max_nodes = max_nodes };
  int ret;

  *out = NULL;
  if (len >= UINT32_MAX || max_nodes >= UINT32_MAX)
    return CORE_ERR_LIMIT;
  r.max_depth = max_depth < JSON_DEPTH_MAX ? max_depth : JSON_DEPTH_MAX;
  r.doc = calloc (1, sizeof (*r.doc));
  if (r.doc == NULL)
    return CORE_ERR_NO_MEMORY;
  /* No text is longer than what it was written as, zero byte included; only a
   * number that ends the document is. */
  r.doc->text = malloc (len + 1);
  ret = r.doc->text != NULL ? read_document (&r) : CORE_ERR_NO_MEMORY;
  if (ret != CORE_OK) {
    json_free (r.doc);
    return ret;
  }
  *out = r.doc;
  return CORE_OK;
}

void
json_free (json_doc * doc)
{
  if (doc == NULL)
    return;
  free (doc->nodes);
  free (doc->text);
  free (doc);
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
