/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Bounds-checked reading and writing of network byte order, and the
 * comparison that leaks no timing.
 */
#pragma once

#include "core.h"

/* A cursor over bytes that somebody else owns.  Reading past the end yields
 * zeroes and makes rd_ok () false for good, so a parser reads all its fields
 * and tests once. */
typedef struct
{
  const uint8_t *data;
  size_t len;
  size_t pos;
  bool ok;
} rd_cursor;

void rd_init (rd_cursor * r, const uint8_t * data, size_t len);
uint8_t rd_u8 (rd_cursor * r);
uint16_t rd_u16 (rd_cursor * r);
uint32_t rd_u32 (rd_cursor * r);
void rd_bytes (rd_cursor * r, uint8_t * out, size_t n);
void rd_skip (rd_cursor * r, size_t n);

/* Whether every read so far was inside the data. */
bool rd_ok (const rd_cursor * r);

/* Bytes not yet read; 0 after a failed read. */
size_t rd_left (const rd_cursor * r);

/* The mirror image: writing past the end writes nothing and sticks. */
typedef struct
{
  uint8_t *data;
  size_t cap;
  size_t pos;
  bool ok;
} wr_cursor;

void wr_init (wr_cursor * w, uint8_t * data, size_t cap);
void wr_u8 (wr_cursor * w, uint8_t v);
void wr_u16 (wr_cursor * w, uint16_t v);
void wr_u32 (wr_cursor * w, uint32_t v);
void wr_bytes (wr_cursor * w, const uint8_t * bytes, size_t n);
void wr_zero (wr_cursor * w, size_t n);

/* Overwrites two bytes written before, at offset pos. */
void wr_u16_at (wr_cursor * w, size_t pos, uint16_t v);

bool wr_ok (const wr_cursor * w);

/* Bytes written, or 0 when anything did not fit. */
size_t wr_len (const wr_cursor * w);

/* Equality in time that depends on n only: for MACs, nonces and digests. */
bool core_equal_ct (const uint8_t * a, const uint8_t * b, size_t n);
