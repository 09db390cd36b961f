/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Which of two destinations to try first (RFC 6724 §6).
 */
#include "addrselect.h"

#include <string.h>

enum
{
  SCOPE_LINK = 2,
  SCOPE_SITE = 5,
  SCOPE_GLOBAL = 14,
  PREFIX_MAX = 64               /* bits that name a network */
};

typedef struct
{
  uint8_t prefix[16];
  unsigned bits;
  int precedence;
  int label;
} policy;

/* RFC 6724 §2.1, the longest prefixes first. */
static const policy policies[] = {
  {{[15] = 1}, 128, 50, 0},
  {{[10] = 0xff,[11] = 0xff}, 96, 35, 4},
  {{0}, 96, 1, 3},
  {{0x20, 0x01}, 32, 5, 5},
  {{0x20, 0x02}, 16, 30, 2},
  {{0x3f, 0xfe}, 16, 1, 12},
  {{0xfe, 0xc0}, 10, 1, 11},
  {{0xfc}, 7, 3, 13},
  {{0}, 0, 40, 1},
};

static unsigned
common_bits (const uint8_t a[16], const uint8_t b[16], unsigned max)
{
  unsigned n = 0;

  while (n < max && !((a[n / 8] ^ b[n / 8]) & 0x80 >> n % 8))
    n++;
  return n;
}

/* IPv4 as IPv4-mapped. */
static void
to_v6 (const core_ip * ip, uint8_t out[16])
{
  memset (out, 0, 16);
  if (ip->family == CORE_FAMILY_V6) {
    memcpy (out, ip->bytes, 16);
  } else {
    out[10] = out[11] = 0xff;
    memcpy (out + 12, ip->bytes, 4);
  }
}

static const policy *
policy_of (const core_ip * ip)
{
  const policy *p = policies;
  uint8_t bytes[16];

  to_v6 (ip, bytes);
  while (common_bits (bytes, p->prefix, p->bits) < p->bits)
    p++;
  return p;
}

static int
scope_of (const core_ip * ip)
{
  const uint8_t *b = ip->bytes;

  if (core_ip_is_loopback (ip))
    return SCOPE_LINK;
  if (ip->family == CORE_FAMILY_V4)
    return b[0] == 169 && b[1] == 254 ? SCOPE_LINK : SCOPE_GLOBAL;
  if (b[0] == 0xff)
    return b[1] & 0xf;
  if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
    return SCOPE_LINK;
  if (b[0] == 0xfe && (b[1] & 0xc0) == 0xc0)
    return SCOPE_SITE;
  return SCOPE_GLOBAL;
}

static bool
scope_matches (const addr_pair * p)
{
  return scope_of (&p->to) == scope_of (&p->from);
}

static bool
label_matches (const addr_pair * p)
{
  return policy_of (&p->to)->label == policy_of (&p->from)->label;
}

int
addr_select_compare (const addr_pair * a, const addr_pair * b)
{
  int diff = scope_matches (b) - scope_matches (a);

  if (diff == 0)
    diff = label_matches (b) - label_matches (a);
  if (diff == 0)
    diff = policy_of (&b->to)->precedence - policy_of (&a->to)->precedence;
  if (diff == 0)
    diff = scope_of (&a->to) - scope_of (&b->to);
  if (diff == 0 && a->to.family == CORE_FAMILY_V6 &&
      b->to.family == CORE_FAMILY_V6)
    diff = (int) common_bits (b->to.bytes, b->from.bytes, PREFIX_MAX) -
        (int) common_bits (a->to.bytes, a->from.bytes, PREFIX_MAX);
  return diff;
}
