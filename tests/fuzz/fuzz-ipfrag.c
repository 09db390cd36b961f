/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes reassembly with a script of fragments and of time passing, against
 * a copy of what was sent.
 */
#include "fuzz.h"
#include "ipfrag.h"

/* Input: one byte of limits, then steps of STEP bytes:
 *   0     flags: MF, IPv6, wait, spoil a byte, expire, clear, length + 5
 *   1     identification (4 values)
 *   2-3   offset in units of 8
 *   4     length in units of 8
 * The payload of a datagram is a pattern of its identification, so whatever
 * comes out whole can be checked without having kept it. */
enum
{
  STEP = 5,

  FLAG_MORE = 0x01,
  FLAG_V6 = 0x02,
  FLAG_WAIT = 0x04,
  FLAG_SPOIL = 0x08,
  FLAG_EXPIRE = 0x10,
  FLAG_CLEAR = 0x20,
  FLAG_ODD = 0x40
};

static uint8_t
pattern (uint32_t ident, size_t offset)
{
  return (uint8_t) (ident * 101 + offset * 7 + (offset >> 8));
}

static ip_packet
read_packet (const uint8_t * step)
{
  bool v6 = (step[0] & FLAG_V6) != 0;
  core_family family = v6 ? CORE_FAMILY_V6 : CORE_FAMILY_V4;
  ip_packet p = {.protocol = IP_PROTOCOL_UDP,.fragment = true };

  p.src.family = p.dst.family = (uint8_t) family;
  p.src.bytes[0] = v6 ? 0x20 : 192;
  p.dst.bytes[0] = v6 ? 0xff : 232;
  p.ident = step[1] & 3;
  p.fragment_offset = (size_t) ((step[2] << 8 | step[3]) & 0x1fff) * 8;
  p.payload_len = (size_t) step[4] * 8 + ((step[0] & FLAG_ODD) ? 5 : 0);
  p.more_fragments = (step[0] & FLAG_MORE) != 0;
  return p;
}

/* Adds one fragment.  *spoilt remembers datagrams with a wrong byte. */
static void
add (ip_reassembly * ra, const uint8_t * step, core_time now, bool *spoilt)
{
  ip_packet p = read_packet (step);
  uint8_t *payload = malloc (p.payload_len);
  const uint8_t *whole = NULL;
  size_t whole_len = 0;
  int ret;

  FUZZ_CHECK (payload != NULL);
  for (size_t i = 0; i < p.payload_len; i++)
    payload[i] = pattern (p.ident, p.fragment_offset + i);
  if ((step[0] & FLAG_SPOIL) && p.payload_len > 0) {
    payload[0] ^= 1;
    *spoilt = true;
  }
  ret = ip_reassembly_add (ra, &p, payload, now, &whole, &whole_len);
  free (payload);
  FUZZ_CHECK (ret == 0 || ret == 1 || ret == CORE_ERR_FRAGMENT_INVALID ||
      ret == CORE_ERR_FRAGMENT_LIMIT);
  if (ret != 1)
    return;
  FUZZ_CHECK (whole_len > 0 && whole_len <= 65535);
  for (size_t i = 0; i < whole_len && !*spoilt; i++)
    FUZZ_CHECK (whole[i] == pattern (p.ident, i));
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  ip_reassembly_limits limits = {.timeout = 10 };
  uint64_t evicted = 0, timed_out = 0;
  ip_reassembly *ra;
  bool spoilt = false;
  core_time now = 0;

  if (size < 1)
    return 0;
  limits.max_datagrams = data[0] & 3;
  limits.max_bytes = (size_t) (data[0] >> 2) * 1500;
  if (ip_reassembly_new (&ra, &limits) != CORE_OK) {
    FUZZ_CHECK (limits.max_datagrams == 0 && ra == NULL);
    return 0;
  }

  for (size_t at = 1; at + STEP <= size; at += STEP) {
    const uint8_t *step = data + at;

    if (step[0] & FLAG_WAIT)
      now += 3;
    if (step[0] & FLAG_EXPIRE) {
      ip_reassembly_expire (ra, now);
      FUZZ_CHECK (ip_reassembly_deadline (ra) > now);
    }
    if (step[0] & FLAG_CLEAR)
      ip_reassembly_clear (ra);
    add (ra, step, now, &spoilt);
    FUZZ_CHECK (ip_reassembly_deadline (ra) > now);
    FUZZ_CHECK (ip_reassembly_evicted (ra) >= evicted);
    FUZZ_CHECK (ip_reassembly_timed_out (ra) >= timed_out);
    evicted = ip_reassembly_evicted (ra);
    timed_out = ip_reassembly_timed_out (ra);
  }
  ip_reassembly_free (ra);
  return 0;
}
