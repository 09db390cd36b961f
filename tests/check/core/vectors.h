/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the core tests share: the JSON vectors, hex, and copies whose end an
 * address sanitizer guards.  Every function fails the running test instead of
 * returning an error.
 */
#pragma once

#include <gst/check/gstcheck.h>
#include <json-glib/json-glib.h>

#include "addr.h"

/* Bytes in a block of exactly their length, so that a read past the end is
 * seen by a sanitizer (an empty one is a block too, never NULL). */
typedef struct
{
  uint8_t *data;
  size_t len;
} vector_bytes;

vector_bytes vector_bytes_copy (const uint8_t * data, size_t len);
vector_bytes vector_bytes_from_hex (const char *hex);
void vector_bytes_free (vector_bytes * bytes);

/* Parses a file of MC_VECTORS_DIR ("amt.json").  Free the parser with
 * g_object_unref (); everything below belongs to it. */
JsonParser *vectors_load (const char *file);
JsonObject *vectors_root (JsonParser * parser);

/* The objects of the array called list ("valid"): how many, and one. */
unsigned vectors_count (JsonObject * root, const char *list);
JsonObject *vectors_at (JsonObject * root, const char *list, unsigned i);

/* The object of that list whose "id" is id. */
JsonObject *vectors_find (JsonObject * root, const char *list, const char *id);

/* Members; a path descends into objects: "outer.src".  The object () and
 * string () of a missing member are NULL, has () asks first. */
bool vector_has (JsonObject * object, const char *path);
const char *vector_string (JsonObject * object, const char *path);
int64_t vector_int (JsonObject * object, const char *path);
JsonArray *vector_array (JsonObject * object, const char *path);
JsonObject *vector_object (JsonObject * object, const char *path);

/* Members that are hex, an address, or a hex number of four bytes. */
vector_bytes vector_hex (JsonObject * object, const char *path);
core_ip vector_ip (JsonObject * object, const char *path);
uint32_t vector_u32 (JsonObject * object, const char *path);

/* The endpoint of two members: vector_addr (v, "outer.src", "outer.sport"). */
core_addr vector_addr (JsonObject * object, const char *ip, const char *port);

/* An address literal. */
core_ip vector_ip_literal (const char *text);

/* Fails the test, naming what, unless both are the same bytes. */
void assert_bytes_equal (const char *what, const uint8_t * got, size_t got_len,
    const uint8_t * want, size_t want_len);
