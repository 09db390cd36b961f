/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Bounds-checked reading and writing of network byte order.
 */
#include "bytes.h"

#include <string.h>

void
rd_init (rd_cursor * r, const uint8_t * data, size_t len)
{
  r->data = data;
  r->len = len;
  r->pos = 0;
  r->ok = true;
}

/* The next n bytes, or NULL for ever after the first overrun. */
static const uint8_t *
rd_take (rd_cursor * r, size_t n)
{
  const uint8_t *p;

  if (!r->ok || n > r->len - r->pos) {
    r->ok = false;
    return NULL;
  }
  p = r->data + r->pos;
  r->pos += n;
  return p;
}

uint8_t
rd_u8 (rd_cursor * r)
{
  const uint8_t *p = rd_take (r, 1);

  return p ? p[0] : 0;
}

uint16_t
rd_u16 (rd_cursor * r)
{
  const uint8_t *p = rd_take (r, 2);

  if (p == NULL)
    return 0;
  return (uint16_t) (p[0] << 8 | p[1]);
}

uint32_t
rd_u32 (rd_cursor * r)
{
  const uint8_t *p = rd_take (r, 4);

  return p ? (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 |
      (uint32_t) p[2] << 8 | p[3] : 0;
}

void
rd_bytes (rd_cursor * r, uint8_t * out, size_t n)
{
  const uint8_t *p = rd_take (r, n);

  if (p == NULL)
    memset (out, 0, n);
  else if (n > 0)
    memcpy (out, p, n);
}

void
rd_skip (rd_cursor * r, size_t n)
{
  (void) rd_take (r, n);
}

bool
rd_ok (const rd_cursor * r)
{
  return r->ok;
}

size_t
rd_left (const rd_cursor * r)
{
  return r->ok ? r->len - r->pos : 0;
}

void
wr_init (wr_cursor * w, uint8_t * data, size_t cap)
{
  w->data = data;
  w->cap = cap;
  w->pos = 0;
  w->ok = true;
}

static uint8_t *
wr_take (wr_cursor * w, size_t n)
{
  uint8_t *p;

  if (!w->ok || n > w->cap - w->pos) {
    w->ok = false;
    return NULL;
  }
  p = w->data + w->pos;
  w->pos += n;
  return p;
}

void
wr_u8 (wr_cursor * w, uint8_t v)
{
  uint8_t *p = wr_take (w, 1);

  if (p)
    p[0] = v;
}

static void
put_u16 (uint8_t * p, uint16_t v)
{
  p[0] = (uint8_t) (v >> 8);
  p[1] = (uint8_t) v;
}

void
wr_u16 (wr_cursor * w, uint16_t v)
{
  uint8_t *p = wr_take (w, 2);

  if (p)
    put_u16 (p, v);
}

void
wr_u32 (wr_cursor * w, uint32_t v)
{
  uint8_t *p = wr_take (w, 4);

  if (p) {
    put_u16 (p, (uint16_t) (v >> 16));
    put_u16 (p + 2, (uint16_t) v);
  }
}

void
wr_bytes (wr_cursor * w, const uint8_t * bytes, size_t n)
{
  uint8_t *p = wr_take (w, n);

  if (p && n > 0)
    memcpy (p, bytes, n);
}

void
wr_zero (wr_cursor * w, size_t n)
{
  uint8_t *p = wr_take (w, n);

  if (p && n > 0)
    memset (p, 0, n);
}

void
wr_u16_at (wr_cursor * w, size_t pos, uint16_t v)
{
  if (w->ok && w->pos >= 2 && pos <= w->pos - 2)
    put_u16 (w->data + pos, v);
}

bool
wr_ok (const wr_cursor * w)
{
  return w->ok;
}

size_t
wr_len (const wr_cursor * w)
{
  return w->ok ? w->pos : 0;
}

bool
core_equal_ct (const uint8_t * a, const uint8_t * b, size_t n)
{
  volatile uint8_t diff = 0;

  for (size_t i = 0; i < n; i++)
    diff = (uint8_t) (diff | (a[i] ^ b[i]));
  return diff == 0;
}
