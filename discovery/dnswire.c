/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The resource records that discovery asks for.
 */
#include "dnswire.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const char *
dns_error_name (int error)
{
  static const char *const names[DNS_ERR_COUNT] = {
    "ok", "too-short", "bad-length", "bad-name", "unknown-type", "bad-message"
  };

  return error <= 0 && error > -DNS_ERR_COUNT ? names[-error] : "unknown";
}

const char *
dns_status_name (dns_status status)
{
  switch (status) {
    case DNS_STATUS_OK:
      return "ok";
    case DNS_STATUS_NO_DATA:
      return "no-data";
    case DNS_STATUS_NO_NAME:
      return "no-name";
    case DNS_STATUS_BOGUS:
      return "bogus";
    case DNS_STATUS_FAILED:
      return "failed";
    case DNS_STATUS_TIMEOUT:
      return "timeout";
    default:
      return "unknown";
  }
}

static bool
is_plain (uint8_t c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
      (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '/';
}

void
dns_label_append (char *out, size_t *pos, const uint8_t * label, size_t len)
{
  for (size_t i = 0; i < len; i++) {
    if (*pos > DNS_NAME_TEXT_MAX - 6)
      break;
    if (is_plain (label[i]))
      out[(*pos)++] = (char) label[i];
    else
      *pos += (size_t) snprintf (out + *pos, DNS_NAME_TEXT_MAX - *pos,
          "\\%03u", label[i]);
  }
  out[(*pos)++] = '.';
  out[*pos] = '\0';
}

int
dns_name_read (rd_cursor * r, dns_name_form form, char *out)
{
  size_t pos = 0, octets = 1;

  out[0] = '\0';
  for (;;) {
    uint8_t label[DNS_LABEL_MAX];
    size_t len;

    if (rd_left (r) == 0) {
      if (form == DNS_NAME_LENIENT && rd_ok (r) && pos > 0)
        return DNS_OK;
      return DNS_ERR_TOO_SHORT;
    }
    len = rd_u8 (r);
    if (len == 0)
      break;
    if (len > DNS_LABEL_MAX)
      return DNS_ERR_BAD_NAME;
    rd_bytes (r, label, len);
    if (!rd_ok (r))
      return DNS_ERR_TOO_SHORT;
    octets += 1 + len;
    if (octets > DNS_NAME_MAX)
      return DNS_ERR_BAD_NAME;
    dns_label_append (out, &pos, label, len);
  }
  if (pos == 0)
    memcpy (out, ".", 2);
  return DNS_OK;
}

/* The length of a name in presentation form without its final dot, which a
 * backslash would make part of a label. */
static size_t
bare_length (const char *name)
{
  size_t len = strlen (name);

  if (len > 0 && name[len - 1] == '.' && (len < 2 || name[len - 2] != '\\'))
    len--;
  return len;
}

bool
dns_name_equal (const char *a, const char *b)
{
  size_t len = bare_length (a);

  if (len != bare_length (b))
    return false;
  for (size_t i = 0; i < len; i++)
    if (tolower ((unsigned char) a[i]) != tolower ((unsigned char) b[i]))
      return false;
  return true;
}

bool
dns_name_join (const char *prefix, const char *domain, char *out)
{
  int n = snprintf (out, DNS_NAME_TEXT_MAX, "%.*s.%.*s",
      (int) bare_length (prefix), prefix, (int) bare_length (domain), domain);

  if (n < 0 || n >= DNS_NAME_TEXT_MAX - 1)
    return false;
  if (bare_length (domain) > 0)
    memcpy (out + n, ".", 2);
  return true;
}

bool
dns_reverse_name (const core_ip * ip, char *out)
{
  static const char hex[] = "0123456789abcdef";
  const uint8_t *b = ip->bytes;
  size_t pos = 0;

  switch (ip->family) {
    case CORE_FAMILY_V4:
      snprintf (out, DNS_NAME_TEXT_MAX, "%u.%u.%u.%u.in-addr.arpa.", b[3],
          b[2], b[1], b[0]);
      return true;
    case CORE_FAMILY_V6:
      for (int i = 15; i >= 0; i--) {
        out[pos++] = hex[b[i] & 0xf];
        out[pos++] = '.';
        out[pos++] = hex[b[i] >> 4];
        out[pos++] = '.';
      }
      memcpy (out + pos, "ip6.arpa.", sizeof ("ip6.arpa."));
      return true;
    default:
      out[0] = '\0';
      return false;
  }
}

/* Nothing may be left over. */
static int
finish (const rd_cursor * r)
{
  if (!rd_ok (r))
    return DNS_ERR_TOO_SHORT;
  return rd_left (r) == 0 ? DNS_OK : DNS_ERR_BAD_LENGTH;
}

static int
read_relay_name (rd_cursor * r, dns_amtrelay * out)
{
  int ret = dns_name_read (r, DNS_NAME_LENIENT, out->name);

  if (ret == DNS_OK)
    ret = finish (r);
  if (ret == DNS_OK && strcmp (out->name, ".") == 0)
    ret = DNS_ERR_BAD_NAME;
  if (ret != DNS_OK)
    out->name[0] = '\0';
  return ret;
}

static int
read_relay_ip (rd_cursor * r, core_family family, core_ip * ip)
{
  uint8_t bytes[16] = { 0 };
  size_t len = family == CORE_FAMILY_V4 ? 4 : 16;

  if (rd_left (r) != len)
    return DNS_ERR_BAD_LENGTH;
  rd_bytes (r, bytes, len);
  *ip = family == CORE_FAMILY_V4 ? core_ip_v4 (bytes) : core_ip_v6 (bytes);
  return DNS_OK;
}

int
dns_parse_amtrelay (const uint8_t * data, size_t len, dns_amtrelay * out)
{
  rd_cursor r;
  uint8_t type;

  memset (out, 0, sizeof (*out));
  rd_init (&r, data, len);
  out->precedence = rd_u8 (&r);
  type = rd_u8 (&r);
  if (!rd_ok (&r))
    return DNS_ERR_TOO_SHORT;
  out->discovery_optional = (type & 0x80) != 0;
  out->type = (dns_amtrelay_type) (type & 0x7f);

  switch (out->type) {
    case DNS_AMTRELAY_NONE:
      return finish (&r);
    case DNS_AMTRELAY_IPV4:
      return read_relay_ip (&r, CORE_FAMILY_V4, &out->ip);
    case DNS_AMTRELAY_IPV6:
      return read_relay_ip (&r, CORE_FAMILY_V6, &out->ip);
    case DNS_AMTRELAY_NAME:
      return read_relay_name (&r, out);
    default:
      return DNS_ERR_UNKNOWN_TYPE;
  }
}

int
dns_parse_srv (const uint8_t * data, size_t len, dns_srv * out)
{
  rd_cursor r;
  int ret;

  memset (out, 0, sizeof (*out));
  rd_init (&r, data, len);
  out->priority = rd_u16 (&r);
  out->weight = rd_u16 (&r);
  out->port = rd_u16 (&r);
  if (!rd_ok (&r))
    return DNS_ERR_TOO_SHORT;
  ret = dns_name_read (&r, DNS_NAME_STRICT, out->target);
  return ret == DNS_OK ? finish (&r) : ret;
}

int
dns_parse_name (const uint8_t * data, size_t len, char *out)
{
  rd_cursor r;
  int ret;

  rd_init (&r, data, len);
  ret = dns_name_read (&r, DNS_NAME_STRICT, out);
  return ret == DNS_OK ? finish (&r) : ret;
}

int
dns_parse_address (uint16_t type, const uint8_t * data, size_t len,
    core_ip * out)
{
  rd_cursor r;

  memset (out, 0, sizeof (*out));
  rd_init (&r, data, len);
  if (type == DNS_TYPE_A)
    return read_relay_ip (&r, CORE_FAMILY_V4, out);
  if (type == DNS_TYPE_AAAA)
    return read_relay_ip (&r, CORE_FAMILY_V6, out);
  return DNS_ERR_UNKNOWN_TYPE;
}

uint32_t
dns_random (core_random_func get_random, void *ctx, uint32_t max)
{
  uint64_t n = (uint64_t) max + 1;
  uint64_t fair = ((uint64_t) UINT32_MAX + 1) / n * n;
  uint8_t bytes[4];
  uint32_t v = 0;

  /* A generator that is stuck must not hang us: 32 draws outside the fair
   * range do not happen to a good one. */
  for (int i = 0; i < 32; i++) {
    rd_cursor r;

    get_random (ctx, bytes, sizeof (bytes));
    rd_init (&r, bytes, sizeof (bytes));
    v = rd_u32 (&r);
    if (v < fair)
      break;
  }
  return (uint32_t) (v % n);
}

static void
move_to (dns_srv * records, unsigned from, unsigned to)
{
  dns_srv moved = records[from];

  memmove (records + to + 1, records + to, (from - to) * sizeof (*records));
  records[to] = moved;
}

/* By priority, those of weight 0 first, else in the order of the answer. */
static void
sort_by_priority (dns_srv * records, unsigned n)
{
  for (unsigned i = 1; i < n; i++) {
    unsigned at = i;

    while (at > 0 && (records[at - 1].priority > records[i].priority ||
            (records[at - 1].priority == records[i].priority &&
                records[at - 1].weight > 0 && records[i].weight == 0)))
      at--;
    if (at < i)
      move_to (records, i, at);
  }
}

/* Draws the order of n records of one priority. */
static void
draw (dns_srv * records, unsigned n, core_random_func get_random, void *ctx)
{
  for (unsigned first = 0; first + 1 < n; first++) {
    uint32_t sum = 0, wanted;
    unsigned i = first;

    for (unsigned j = first; j < n; j++)
      sum += records[j].weight;
    wanted = dns_random (get_random, ctx, sum);
    for (sum = records[i].weight; sum < wanted && i + 1 < n;)
      sum += records[++i].weight;
    move_to (records, i, first);
  }
}

void
dns_srv_order (dns_srv * records, unsigned n, core_random_func get_random,
    void *ctx)
{
  unsigned end;

  sort_by_priority (records, n);
  for (unsigned first = 0; first < n; first = end) {
    for (end = first + 1; end < n; end++)
      if (records[end].priority != records[first].priority)
        break;
    draw (records + first, end - first, get_random, ctx);
  }
}
