/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * IP addresses and UDP endpoints, and the questions protocols ask of them.
 */
#pragma once

#include "bytes.h"

typedef enum
{
  CORE_FAMILY_NONE = 0,
  CORE_FAMILY_V4 = 4,
  CORE_FAMILY_V6 = 6
} core_family;

/* An IP address; an IPv4 one uses the first 4 bytes, the rest is zero.  All
 * zero bytes is "no address" (CORE_FAMILY_NONE). */
typedef struct
{
  uint8_t family;               /* core_family */
  uint8_t bytes[16];
} core_ip;

/* A UDP endpoint.  scope is the interface index of an IPv6 link-local
 * address, else 0. */
typedef struct
{
  core_ip ip;
  uint16_t port;
  uint32_t scope;
} core_addr;

/* Longest text of a core_ip or core_addr, with the terminating zero. */
#define CORE_IP_TEXT_MAX 46
#define CORE_ADDR_TEXT_MAX 64

core_ip core_ip_v4 (const uint8_t bytes[4]);

/* An IPv4-mapped address (::ffff:a.b.c.d) becomes the IPv4 one. */
core_ip core_ip_v6 (const uint8_t bytes[16]);

/* 4 or 16; 0 for CORE_FAMILY_NONE. */
size_t core_ip_len (const core_ip * ip);

/* Reads an address of the given family from the cursor. */
core_ip core_ip_read (rd_cursor * r, core_family family);
void core_ip_write (wr_cursor * w, const core_ip * ip);

bool core_ip_equal (const core_ip * a, const core_ip * b);
bool core_addr_equal (const core_addr * a, const core_addr * b);

bool core_ip_is_unspecified (const core_ip * ip);
bool core_ip_is_loopback (const core_ip * ip);

/* 224.0.0.0/4, ff00::/8. */
bool core_ip_is_multicast (const core_ip * ip);

/* 232.0.0.0/8, ff3x::/32 (RFC 4607 §1). */
bool core_ip_is_ssm (const core_ip * ip);

/* Something one can send to one host with: not unspecified, multicast or
 * 255.255.255.255.  Loopback counts as unicast. */
bool core_ip_is_unicast (const core_ip * ip);

/* Parses "192.0.2.1" or "2001:db8::1" (no brackets, no zone). */
bool core_ip_from_string (const char *text, core_ip * out);

/* Writes the text into out, which holds CORE_IP_TEXT_MAX bytes; returns out. */
char *core_ip_to_string (const core_ip * ip, char *out);

/* "192.0.2.1:2268", "[2001:db8::1]:2268"; out holds CORE_ADDR_TEXT_MAX
 * bytes. */
char *core_addr_to_string (const core_addr * addr, char *out);
