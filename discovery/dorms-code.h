/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Why there is no metadata.
 */
#pragma once

#include "core.h"

typedef enum
{
  DORMS_OK = 0,
  DORMS_NO_SERVICE,             /* nobody offers metadata for this source */
  DORMS_DNS_UNTRUSTED,
  DORMS_BOGUS,                  /* DNSSEC says that the answer is forged */
  DORMS_SRV_MISMATCH,           /* the configured server is not the source's */
  DORMS_UNREACHABLE,
  DORMS_TLS,
  DORMS_DENIED,
  DORMS_NO_RESTCONF_ROOT,
  DORMS_VERSION_MISMATCH,
  DORMS_BAD_CONTENT_TYPE,
  DORMS_NO_METADATA,            /* the server does not know the channel */
  DORMS_BAD_JSON,
  DORMS_BAD_METADATA,
  DORMS_TOO_LARGE,
  DORMS_REDIRECT_REFUSED,
  DORMS_NO_MEMORY,
  DORMS_N_CODES
} dorms_code;

/* Kebab-case ("no-service"); never NULL. */
const char *dorms_code_name (dorms_code code);

/* What happened, for a person to read: a clause without a full stop that goes
 * behind the server's name ("… does not know this channel"), or behind
 * "the name service" for those of the DNS; never NULL. */
const char *dorms_code_text (dorms_code code);
