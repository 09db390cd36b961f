/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A DNS response as a stub resolver gets it.
 */
#include "dnsmessage.h"

#include <string.h>

enum
{
  HEADER_LEN = 12,
  POINTER = 0xc0,
  MAX_POINTERS = 64             /* in one name; each must lead backwards, too */
};

typedef struct
{
  char owner[DNS_NAME_TEXT_MAX];
  uint16_t type;
  uint16_t class;
  uint32_t ttl;
  size_t at;                    /* where its RDATA is */
  size_t len;
} record;

/* A name in the message, its wire form too; the cursor ends behind it. */
typedef struct
{
  char text[DNS_NAME_TEXT_MAX];
  uint8_t wire[DNS_NAME_MAX];
  size_t wire_len;
} message_name;

static bool
append_label (message_name * name, size_t *pos, rd_cursor * r, size_t len)
{
  uint8_t *label = name->wire + name->wire_len + 1;

  if (len > rd_left (r) || name->wire_len + 1 + len >= DNS_NAME_MAX)
    return false;
  name->wire[name->wire_len] = (uint8_t) len;
  rd_bytes (r, label, len);
  dns_label_append (name->text, pos, label, len);
  name->wire_len += 1 + len;
  return true;
}

/* RFC 1035 §4.1.4.  A pointer must lead to before where it stands, which no
 * loop does. */
static bool
read_name (rd_cursor * r, message_name * name)
{
  rd_cursor at = *r;
  bool jumped = false;
  size_t pos = 0;

  memcpy (name->text, ".", 2);
  name->wire_len = 0;
  for (unsigned jumps = 0; jumps <= MAX_POINTERS;) {
    size_t start = at.pos;
    uint8_t len = rd_u8 (&at);

    if (!rd_ok (&at))
      return false;
    if ((len & POINTER) == POINTER) {
      size_t target = (size_t) (len & ~POINTER) << 8 | rd_u8 (&at);

      if (!rd_ok (&at) || target >= start)
        return false;
      if (!jumped)
        *r = at;
      jumped = true;
      at.pos = target;
      jumps++;
    } else if (len == 0) {
      name->wire[name->wire_len++] = 0;
      if (!jumped)
        *r = at;
      return true;
    } else if (len > DNS_LABEL_MAX || !append_label (name, &pos, &at, len)) {
      return false;
    }
  }
  return false;
}

static bool
read_record (rd_cursor * r, record * rr)
{
  message_name name;

  if (!read_name (r, &name))
    return false;
  memcpy (rr->owner, name.text, sizeof (rr->owner));
  rr->type = rd_u16 (r);
  rr->class = rd_u16 (r);
  rr->ttl = rd_u32 (r);
  /* RFC 2181 §8: one with the highest bit set is zero. */
  if (rr->ttl > INT32_MAX)
    rr->ttl = 0;
  rr->len = rd_u16 (r);
  rr->at = r->pos;
  rd_skip (r, rr->len);
  return rd_ok (r);
}

static void
lower_ttl (dns_response * out, uint32_t ttl, bool *any)
{
  if (!*any || ttl < out->ttl)
    out->ttl = ttl;
  *any = true;
}

/* Where the records of rr's type may have compressed names: behind so many
 * octets. */
static int
name_offset (uint16_t type)
{
  switch (type) {
    case DNS_TYPE_PTR:
    case DNS_TYPE_CNAME:
      return 0;
    case DNS_TYPE_SRV:
      return 6;
    default:
      return -1;
  }
}

/* Copies RDATA without compression; its length, 0 if there is something wrong
 * with it. */
static size_t
expand (const rd_cursor * message, const record * rr, uint8_t * out)
{
  int offset = name_offset (rr->type);
  message_name name;
  rd_cursor r = *message;

  r.pos = rr->at;
  r.len = rr->at + rr->len;
  if (offset < 0) {
    if (rr->len > DNS_RDATA_MAX)
      return 0;
    rd_bytes (&r, out, rr->len);
    return rr->len;
  }
  rd_bytes (&r, out, (size_t) offset);
  if (!rd_ok (&r) || !read_name (&r, &name) || rd_left (&r) != 0)
    return 0;
  memcpy (out + offset, name.wire, name.wire_len);
  return (size_t) offset + name.wire_len;
}

static void
add_record (dns_response * out, const rd_cursor * message, const record * rr,
    size_t *used)
{
  uint8_t *place = out->storage + *used;
  size_t len = 0;

  if (out->n_records < DNS_MAX_RECORDS)
    len = expand (message, rr, place);
  if (len == 0) {
    out->n_dropped++;
    return;
  }
  out->records[out->n_records].data = place;
  out->records[out->n_records].len = len;
  out->n_records++;
  *used += len;
}

/* One pass over the answer section from start: is there an alias of the
 * canonical name?  Then that becomes the canonical one. */
static bool
follow_alias (rd_cursor r, unsigned n, dns_response * out, bool *any_ttl)
{
  const rd_cursor message = r;

  while (n-- > 0) {
    record rr;
    message_name target;
    rd_cursor in = message;

    if (!read_record (&r, &rr))
      return false;
    if (rr.type != DNS_TYPE_CNAME || rr.class != DNS_CLASS_IN ||
        !dns_name_equal (rr.owner, out->canonical))
      continue;
    in.pos = rr.at;
    in.len = rr.at + rr.len;
    if (!read_name (&in, &target))
      return false;
    memcpy (out->canonical, target.text, sizeof (out->canonical));
    out->aliased = true;
    lower_ttl (out, rr.ttl, any_ttl);
    return true;
  }
  return false;
}

/* How long a negative answer holds: RFC 2308 §5. */
static void
read_negative_ttl (rd_cursor r, unsigned n, dns_response * out, bool *any_ttl)
{
  while (n-- > 0) {
    record rr;
    rd_cursor in = r;
    uint32_t minimum;

    if (!read_record (&r, &rr))
      return;
    if (rr.type != DNS_TYPE_SOA || rr.len < 4)
      continue;
    in.pos = rr.at + rr.len - 4;
    minimum = rd_u32 (&in);
    lower_ttl (out, minimum < rr.ttl ? minimum : rr.ttl, any_ttl);
    return;
  }
}

static bool
take_records (rd_cursor * r, unsigned n, uint16_t type, dns_response * out,
    bool *any_ttl)
{
  const rd_cursor message = *r;
  size_t used = 0;

  while (n-- > 0) {
    record rr;

    if (!read_record (r, &rr))
      return false;
    if (rr.type != type || rr.class != DNS_CLASS_IN ||
        !dns_name_equal (rr.owner, out->canonical))
      continue;
    add_record (out, &message, &rr, &used);
    lower_ttl (out, rr.ttl, any_ttl);
  }
  return true;
}

static bool
skip_question (rd_cursor * r, unsigned n, dns_response * out)
{
  message_name name;

  if (n != 1 || !read_name (r, &name))
    return false;
  rd_skip (r, 4);
  memcpy (out->canonical, name.text, sizeof (out->canonical));
  return rd_ok (r);
}

int
dns_parse_response (const uint8_t * data, size_t len, uint16_t type,
    dns_response * out)
{
  rd_cursor r;
  unsigned flags, n_questions, n_answers, n_authorities;
  bool any_ttl = false;

  out->aliased = false;
  out->ttl = 0;
  out->n_records = out->n_dropped = 0;
  memcpy (out->canonical, ".", 2);

  rd_init (&r, data, len);
  rd_skip (&r, 2);
  flags = rd_u16 (&r);
  n_questions = rd_u16 (&r);
  n_answers = rd_u16 (&r);
  n_authorities = rd_u16 (&r);
  rd_skip (&r, 2);
  out->rcode = flags & 0xf;
  out->truncated = (flags & 0x0200) != 0;
  out->authentic = (flags & 0x0020) != 0;
  if (!rd_ok (&r) || !(flags & 0x8000) || !skip_question (&r, n_questions, out))
    return DNS_ERR_BAD_MESSAGE;

  for (unsigned i = 0; i < DNS_MAX_ALIASES; i++)
    if (!follow_alias (r, n_answers, out, &any_ttl))
      break;
  if (!take_records (&r, n_answers, type, out, &any_ttl))
    return DNS_ERR_BAD_MESSAGE;
  if (out->n_records == 0)
    read_negative_ttl (r, n_authorities, out, &any_ttl);
  return DNS_OK;
}
