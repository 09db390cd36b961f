/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * IP addresses and UDP endpoints.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t v4_mapped_prefix[12] =
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

core_ip
core_ip_v4 (const uint8_t bytes[4])
{
  core_ip ip = {.family = CORE_FAMILY_V4 };

  memcpy (ip.bytes, bytes, 4);
  return ip;
}

core_ip
core_ip_v6 (const uint8_t bytes[16])
{
  core_ip ip = {.family = CORE_FAMILY_V6 };

  if (memcmp (bytes, v4_mapped_prefix, sizeof (v4_mapped_prefix)) == 0)
    return core_ip_v4 (bytes + 12);
  memcpy (ip.bytes, bytes, 16);
  return ip;
}

size_t
core_ip_len (const core_ip * ip)
{
  switch (ip->family) {
    case CORE_FAMILY_V4:
      return 4;
    case CORE_FAMILY_V6:
      return 16;
    default:
      return 0;
  }
}

core_ip
core_ip_read (rd_cursor * r, core_family family)
{
  core_ip ip = {.family = (uint8_t) family };

  rd_bytes (r, ip.bytes, core_ip_len (&ip));
  return ip;
}

void
core_ip_write (wr_cursor * w, const core_ip * ip)
{
  wr_bytes (w, ip->bytes, core_ip_len (ip));
}

bool
core_ip_equal (const core_ip * a, const core_ip * b)
{
  return a->family == b->family &&
      memcmp (a->bytes, b->bytes, core_ip_len (a)) == 0;
}

bool
core_addr_equal (const core_addr * a, const core_addr * b)
{
  return a->port == b->port && a->scope == b->scope &&
      core_ip_equal (&a->ip, &b->ip);
}

bool
core_ip_is_unspecified (const core_ip * ip)
{
  static const uint8_t zero[16];

  return memcmp (ip->bytes, zero, core_ip_len (ip)) == 0;
}

bool
core_ip_is_loopback (const core_ip * ip)
{
  static const uint8_t v6_loopback[16] = {[15] = 1 };

  if (ip->family == CORE_FAMILY_V4)
    return ip->bytes[0] == 127;
  return ip->family == CORE_FAMILY_V6 &&
      memcmp (ip->bytes, v6_loopback, 16) == 0;
}

bool
core_ip_is_multicast (const core_ip * ip)
{
  if (ip->family == CORE_FAMILY_V4)
    return (ip->bytes[0] & 0xf0) == 0xe0;
  return ip->family == CORE_FAMILY_V6 && ip->bytes[0] == 0xff;
}

bool
core_ip_is_ssm (const core_ip * ip)
{
  const uint8_t *b = ip->bytes;

  if (ip->family == CORE_FAMILY_V4)
    return b[0] == 232;
  return ip->family == CORE_FAMILY_V6 && b[0] == 0xff &&
      (b[1] & 0xf0) == 0x30 && b[2] == 0 && b[3] == 0;
}

bool
core_ip_is_unicast (const core_ip * ip)
{
  static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

  if (ip->family == CORE_FAMILY_NONE || core_ip_is_unspecified (ip) ||
      core_ip_is_multicast (ip))
    return false;
  return ip->family != CORE_FAMILY_V4 || memcmp (ip->bytes, broadcast, 4) != 0;
}

bool
core_ip_from_string (const char *text, core_ip * out)
{
  uint8_t bytes[16];

  if (inet_pton (AF_INET, text, bytes) == 1) {
    *out = core_ip_v4 (bytes);
    return true;
  }
  if (inet_pton (AF_INET6, text, bytes) == 1) {
    *out = core_ip_v6 (bytes);
    return true;
  }
  return false;
}

char *
core_ip_to_string (const core_ip * ip, char *out)
{
  int af = ip->family == CORE_FAMILY_V6 ? AF_INET6 : AF_INET;

  if (ip->family == CORE_FAMILY_NONE ||
      inet_ntop (af, ip->bytes, out, CORE_IP_TEXT_MAX) == NULL)
    out[0] = '\0';
  return out;
}

char *
core_addr_to_string (const core_addr * addr, char *out)
{
  char ip[CORE_IP_TEXT_MAX];

  core_ip_to_string (&addr->ip, ip);
  if (addr->ip.family == CORE_FAMILY_V6)
    snprintf (out, CORE_ADDR_TEXT_MAX, "[%s]:%u", ip, addr->port);
  else
    snprintf (out, CORE_ADDR_TEXT_MAX, "%s:%u", ip, addr->port);
  return out;
}
