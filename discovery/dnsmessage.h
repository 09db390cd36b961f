/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A DNS response as a stub resolver gets it: the records asked for, at the
 * end of the aliases.
 */
#pragma once

#include "dnswire.h"

enum
{
  DNS_MAX_ALIASES = 8
};

typedef struct
{
  unsigned rcode;
  bool truncated;               /* TC: ask again over TCP */
  bool authentic;               /* AD; worth what the way to the server is */
  bool aliased;
  char canonical[DNS_NAME_TEXT_MAX];    /* where the aliases end */
  uint32_t ttl;                 /* smallest of all that was used, or that of
                                   the negative answer (RFC 2308 §5); 0: none */

  /* RDATA without compression, in storage. */
  dns_rdata records[DNS_MAX_RECORDS];
  unsigned n_records;
  unsigned n_dropped;           /* too long, malformed, or too many */
  uint8_t storage[DNS_MAX_RECORDS * DNS_RDATA_MAX];
} dns_response;

/* Takes the records of that type from a response.  Follows CNAMEs as far as
 * the response has them, at most DNS_MAX_ALIASES.  DNS_OK or
 * DNS_ERR_BAD_MESSAGE. */
int dns_parse_response (const uint8_t * data, size_t len, uint16_t type,
    dns_response * out);
