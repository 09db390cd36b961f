/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the readers of records and responses of the DNS.  The first octet
 * chooses one; what is accepted obeys its invariants.
 */
#include "fuzz.h"

#include "dnsmessage.h"

enum
{
  READ_AMTRELAY,
  READ_SRV,
  READ_NAME,
  READ_ADDRESS,
  READ_MESSAGE,
  READ_ORDER,
  N_READERS
};

/* Printable, terminated, with a final dot, and no longer than a name may be. */
static void
check_name (const char *name)
{
  size_t len = strnlen (name, DNS_NAME_TEXT_MAX);
  unsigned octets = 1;

  FUZZ_CHECK (len > 0 && len < DNS_NAME_TEXT_MAX && name[len - 1] == '.');
  for (size_t i = 0; i < len; i++) {
    FUZZ_CHECK (name[i] > ' ' && name[i] < 127);
    octets++;
    if (name[i] == '\\')
      i += 3;
  }
  FUZZ_CHECK (len == 1 || octets <= DNS_NAME_MAX);
  FUZZ_CHECK (dns_name_equal (name, name));
}

static void
read_amtrelay (const uint8_t * data, size_t size)
{
  dns_amtrelay relay;
  int ret = dns_parse_amtrelay (data, size, &relay);

  FUZZ_CHECK (ret <= DNS_OK && ret > -DNS_ERR_COUNT);
  if (ret != DNS_OK)
    return;
  FUZZ_CHECK (relay.precedence == data[0]);
  FUZZ_CHECK ((unsigned) relay.type == (data[1] & 0x7fu));
  if (relay.type == DNS_AMTRELAY_NAME) {
    check_name (relay.name);
    FUZZ_CHECK (relay.name[0] != '.');
  } else {
    FUZZ_CHECK (relay.name[0] == '\0');
    FUZZ_CHECK ((relay.ip.family != CORE_FAMILY_NONE) ==
        (relay.type != DNS_AMTRELAY_NONE));
  }
}

static void
read_address (const uint8_t * data, size_t size)
{
  char reverse[DNS_NAME_TEXT_MAX], joined[DNS_NAME_TEXT_MAX];
  core_ip ip;

  if (dns_parse_address (size == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA, data, size,
          &ip) != DNS_OK)
    return;
  FUZZ_CHECK (dns_reverse_name (&ip, reverse));
  check_name (reverse);
  FUZZ_CHECK (dns_name_join ("_amt._udp", reverse, joined));
  check_name (joined);
}

static void
check_records (const dns_response * r, uint16_t type)
{
  char name[DNS_NAME_TEXT_MAX];
  dns_srv srv;

  FUZZ_CHECK (r->n_records <= DNS_MAX_RECORDS);
  check_name (r->canonical);
  for (unsigned i = 0; i < r->n_records; i++) {
    const dns_rdata *rdata = &r->records[i];

    FUZZ_CHECK (rdata->len <= DNS_RDATA_MAX);
    FUZZ_CHECK (rdata->data >= r->storage &&
        rdata->data + rdata->len <= r->storage + sizeof (r->storage));
    /* Names are whole, whatever they were compressed to. */
    if (type == DNS_TYPE_PTR)
      FUZZ_CHECK (dns_parse_name (rdata->data, rdata->len, name) == DNS_OK);
    if (type == DNS_TYPE_SRV)
      FUZZ_CHECK (dns_parse_srv (rdata->data, rdata->len, &srv) == DNS_OK);
  }
}

static void
read_message (const uint8_t * data, size_t size)
{
  static const uint16_t types[] =
      { DNS_TYPE_AMTRELAY, DNS_TYPE_PTR, DNS_TYPE_SRV, DNS_TYPE_A };
  dns_response *r = malloc (sizeof (*r));

  FUZZ_CHECK (r != NULL);
  for (unsigned i = 0; i < sizeof (types) / sizeof (types[0]); i++)
    if (dns_parse_response (data, size, types[i], r) == DNS_OK)
      check_records (r, types[i]);
  free (r);
}

/* Bytes of the input, then zeroes. */
static void
draw (void *ctx, uint8_t * buf, size_t len)
{
  rd_bytes (ctx, buf, len);
}

static void
order (const uint8_t * data, size_t size)
{
  dns_srv srv[8] = { 0 };
  unsigned n = 0, weights = 0, after = 0;
  rd_cursor r;

  rd_init (&r, data, size);
  for (; n < 8 && rd_left (&r) >= 2; n++) {
    srv[n].priority = rd_u8 (&r) % 4;
    srv[n].weight = (uint16_t) (rd_u8 (&r) * 257);
    weights += srv[n].weight;
  }
  dns_srv_order (srv, n, draw, &r);
  for (unsigned i = 0; i < n; i++) {
    FUZZ_CHECK (i == 0 || srv[i - 1].priority <= srv[i].priority);
    after += srv[i].weight;
  }
  FUZZ_CHECK (after == weights);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  char name[DNS_NAME_TEXT_MAX];
  unsigned which;
  uint8_t *copy;
  dns_srv srv;

  if (size == 0)
    return 0;
  which = data[0] % N_READERS;
  size--;
  copy = fuzz_copy (data + 1, size);
  switch (which) {
    case READ_AMTRELAY:
      read_amtrelay (copy, size);
      break;
    case READ_SRV:
      if (dns_parse_srv (copy, size, &srv) == DNS_OK)
        check_name (srv.target);
      break;
    case READ_NAME:
      if (dns_parse_name (copy, size, name) == DNS_OK)
        check_name (name);
      break;
    case READ_ADDRESS:
      read_address (copy, size);
      break;
    case READ_MESSAGE:
      read_message (copy, size);
      break;
    default:
      order (copy, size);
      break;
  }
  free (copy);
  return 0;
}
