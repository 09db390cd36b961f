/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reads JSON (RFC 8259) that a stranger wrote.
 *
 * Strict: what is not JSON to the letter is refused, and so are invalid UTF-8,
 * half surrogates, zero bytes inside strings and two members with one name,
 * because the programs that read on would each see something else in them.
 * Numbers stay text, so that none wraps.
 */
#pragma once

#include "core.h"

typedef enum
{
  JSON_NULL,
  JSON_FALSE,
  JSON_TRUE,
  JSON_NUMBER,
  JSON_STRING,
  JSON_ARRAY,
  JSON_OBJECT
} json_type;

/* A value.  The nodes of a document lie in its order: those of an array are its
 * elements, those of an object each member's name, then its value. */
typedef struct
{
  json_type type;
  uint32_t span;                /* nodes of the value, itself included */
  uint32_t len;                 /* octets of text */
  const char *text;             /* NUMBER as written, STRING decoded; ends in a
                                   zero byte */
} json_node;

typedef struct json_doc json_doc;

enum
{
  JSON_DEPTH_MAX = 64,
  JSON_MEMBERS_MAX = 256        /* of an object: names can be chosen so that
                                   its table is slow */
};

/* Reads a document of at most max_nodes nodes that nests at most max_depth (up
 * to JSON_DEPTH_MAX) deep; data may be reused afterwards.  A node takes up to
 * 350 octets meanwhile.  Returns CORE_OK, CORE_ERR_INVALID_ARGUMENT (no JSON) or
 * CORE_ERR_LIMIT; *out is NULL unless CORE_OK. */
int json_parse (json_doc ** out, const uint8_t * data, size_t len,
    unsigned max_depth, size_t max_nodes);

void json_free (json_doc * doc);

/* The document's value; belongs to the document like all nodes. */
const json_node *json_root (const json_doc * doc);

/* The elements of an array, one after the other, from NULL to NULL; none of
 * what is no array. */
const json_node *json_next (const json_node * array, const json_node * element);

typedef enum
{
  JSON_ABSENT,
  JSON_FOUND,
  JSON_TWICE                    /* which one is meant, nobody can say */
} json_found;

/* The member of an object that is called "module:name" or "name" (RFC 7951
 * §4); *value is NULL unless JSON_FOUND.  JSON_ABSENT for what is no object. */
json_found json_member (const json_node * object, const char *module,
    const char *name, const json_node ** value);
