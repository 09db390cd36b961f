/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Why there is no metadata.
 */
#include "dorms-code.h"

static const struct
{
  const char *name;
  const char *text;
} codes[DORMS_N_CODES] = {
  [DORMS_OK] = {"ok", "answered"},
  [DORMS_NO_SERVICE] = {"no-service",
      "names no metadata server for this source"},
  [DORMS_DNS_UNTRUSTED] = {"dns-untrusted",
      "gave an answer that is not protected by DNSSEC"},
  [DORMS_BOGUS] = {"dns-bogus",
      "gave an answer that DNSSEC says is forged or broken"},
  [DORMS_SRV_MISMATCH] = {"srv-mismatch",
      "does not name the configured server for this source"},
  [DORMS_UNREACHABLE] = {"unreachable", "cannot be reached"},
  [DORMS_TLS] = {"tls", "could not prove its identity"},
  [DORMS_DENIED] = {"denied", "refused access"},
  [DORMS_NO_RESTCONF_ROOT] = {"no-restconf-root",
      "does not say where its RESTCONF resources are"},
  [DORMS_VERSION_MISMATCH] = {"version-mismatch",
      "does not offer the metadata modules that are needed"},
  [DORMS_BAD_CONTENT_TYPE] = {"bad-content-type",
      "answered with something other than JSON"},
  [DORMS_NO_METADATA] = {"no-metadata", "does not know this channel"},
  [DORMS_BAD_JSON] = {"bad-json", "answered with malformed JSON"},
  [DORMS_BAD_METADATA] = {"bad-metadata",
      "answered with metadata that contradicts itself"},
  [DORMS_TOO_LARGE] = {"too-large", "answered with more than is allowed"},
  [DORMS_REDIRECT_REFUSED] = {"redirect-refused",
      "redirected to where its identity does not reach"},
  [DORMS_NO_MEMORY] = {"no-memory",
      "answered, but there is no memory for the answer"},
};

const char *
dorms_code_name (dorms_code code)
{
  return (unsigned) code < DORMS_N_CODES ? codes[code].name : "unknown";
}

const char *
dorms_code_text (dorms_code code)
{
  return (unsigned) code < DORMS_N_CODES ? codes[code].text : "failed";
}
