/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The resource records that discovery asks for: names, their RDATA, and the
 * order in which services are tried.
 *
 * Pure: RDATA as the wire has it, without compression, in; values out.
 */
#pragma once

#include "addr.h"

enum
{
  DNS_TYPE_A = 1,
  DNS_TYPE_CNAME = 5,
  DNS_TYPE_SOA = 6,
  DNS_TYPE_PTR = 12,
  DNS_TYPE_AAAA = 28,
  DNS_TYPE_SRV = 33,
  DNS_TYPE_DNAME = 39,
  DNS_TYPE_AMTRELAY = 260,      /* RFC 8777 §4.1 */

  DNS_CLASS_IN = 1,

  DNS_NAME_MAX = 255,           /* octets on the wire, RFC 1035 §3.1 */
  DNS_LABEL_MAX = 63,
  DNS_NAME_TEXT_MAX = 1024,     /* as text, with the terminating zero */
  DNS_RDATA_MAX = 272,          /* longest RDATA of the types above that is
                                   worth keeping: SRV with a longest name */
  DNS_MAX_RECORDS = 128         /* of one answer */
};

typedef enum
{
  DNS_OK = 0,
  DNS_ERR_TOO_SHORT = -1,
  DNS_ERR_BAD_LENGTH = -2,      /* octets missing or left over */
  DNS_ERR_BAD_NAME = -3,        /* a pointer, a label or a name too long, "." */
  DNS_ERR_UNKNOWN_TYPE = -4,    /* a relay type nobody has assigned: skip it */
  DNS_ERR_BAD_MESSAGE = -5,

  DNS_ERR_COUNT = 6             /* size of a table indexed by -error */
} dns_error;

/* "too-short", ...; never NULL. */
const char *dns_error_name (int error);

/* What a resolver says in the end. */
typedef enum
{
  DNS_STATUS_OK,                /* there are records */
  DNS_STATUS_NO_DATA,           /* the name has none of that type */
  DNS_STATUS_NO_NAME,           /* NXDOMAIN */
  DNS_STATUS_BOGUS,             /* DNSSEC says it was forged or is broken */
  DNS_STATUS_FAILED,            /* SERVFAIL, refused, no server */
  DNS_STATUS_TIMEOUT
} dns_status;

/* "ok", "no-data", ...; never NULL. */
const char *dns_status_name (dns_status status);

typedef enum
{
  DNS_INSECURE,
  DNS_SECURE                    /* validated, or told so by a trusted resolver */
} dns_security;

typedef struct
{
  const uint8_t *data;
  size_t len;
} dns_rdata;

/* An answer.  A bogus one has no records, whatever was received. */
typedef struct
{
  dns_status status;
  dns_security security;        /* that there is nothing can be secure, too */
  uint32_t ttl;                 /* s; the smallest on the way; 0 if unknown */
  const char *canonical;        /* the name at the end of CNAMEs and DNAMEs;
                                   NULL if it is the one that was asked for */
  const char *problem;          /* for people, when there are no records; may
                                   be NULL */
  const dns_rdata *records;
  unsigned n_records;
} dns_answer;

typedef enum
{
  DNS_NAME_STRICT,
  DNS_NAME_LENIENT              /* the data may end in place of the root label */
} dns_name_form;

/* Reads an uncompressed name and writes it to out, which holds
 * DNS_NAME_TEXT_MAX bytes, in presentation form with the final dot.  Whatever
 * is not a letter, a digit, "-", "_" or "/" becomes \DDD, so the text is safe
 * to log and to hand to a resolver.  The root is ".". */
int dns_name_read (rd_cursor * r, dns_name_form form, char *out);

/* Appends one label (1 to 63 octets, not checked) and its dot at *pos of out,
 * which holds DNS_NAME_TEXT_MAX bytes; no name of 255 octets is too long. */
void dns_label_append (char *out, size_t *pos, const uint8_t * label,
    size_t len);

/* Whether two names in presentation form are the same, without regard to the
 * case of ASCII letters and to the final dot. */
bool dns_name_equal (const char *a, const char *b);

/* Joins names ("_amt._udp" and "example.com." to "_amt._udp.example.com.");
 * false when that is longer than out, of DNS_NAME_TEXT_MAX bytes. */
bool dns_name_join (const char *prefix, const char *domain, char *out);

/* "10.2.0.192.in-addr.arpa." or "...ip6.arpa."; false when ip has no family.
 * out holds DNS_NAME_TEXT_MAX bytes. */
bool dns_reverse_name (const core_ip * ip, char *out);

typedef enum
{
  DNS_AMTRELAY_NONE = 0,        /* no relay should be used for the source */
  DNS_AMTRELAY_IPV4 = 1,
  DNS_AMTRELAY_IPV6 = 2,
  DNS_AMTRELAY_NAME = 3
} dns_amtrelay_type;

typedef struct
{
  uint8_t precedence;           /* lower is tried first */
  bool discovery_optional;      /* D: Requests may be sent at once */
  dns_amtrelay_type type;
  core_ip ip;                   /* IPV4, IPV6 */
  char name[DNS_NAME_TEXT_MAX]; /* NAME; else "" */
} dns_amtrelay;

/* RFC 8777 §4.2.  A name without its root label, as some are published, is
 * taken.  DNS_ERR_UNKNOWN_TYPE: skip this record and keep the others. */
int dns_parse_amtrelay (const uint8_t * data, size_t len, dns_amtrelay * out);

typedef struct
{
  uint16_t priority;
  uint16_t weight;
  uint16_t port;
  char target[DNS_NAME_TEXT_MAX];       /* ".": the service is not available */
} dns_srv;

int dns_parse_srv (const uint8_t * data, size_t len, dns_srv * out);

/* PTR, CNAME and DNAME: one name; out holds DNS_NAME_TEXT_MAX bytes. */
int dns_parse_name (const uint8_t * data, size_t len, char *out);

/* A and AAAA.  An IPv4-mapped address becomes the IPv4 one. */
int dns_parse_address (uint16_t type, const uint8_t * data, size_t len,
    core_ip * out);

/* Uniform in [0, max]. */
uint32_t dns_random (core_random_func get_random, void *ctx, uint32_t max);

/* Puts records into the order in which they are to be tried: by priority, in
 * one priority by a draw in which weight is the share (RFC 2782). */
void dns_srv_order (dns_srv * records, unsigned n, core_random_func get_random,
    void *ctx);
