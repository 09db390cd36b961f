/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Names of the ends of a conversation.
 */
#include "outcome.h"

typedef struct
{
  const gchar *name;
  const gchar *problem;
} description;

static const description descriptions[] = {
  [OUTCOME_COMPLETE] = {"complete", ""},
  [OUTCOME_BAD_URI] = {"bad-uri", "no URI that can be used"},
  [OUTCOME_CA_FILE] = {"ca-file", "no certificates of authorities can be read"},
  [OUTCOME_NAME] = {"name", "the name has no address"},
  [OUTCOME_REFUSED] = {"refused", "cannot connect"},
  [OUTCOME_TIMEOUT] = {"timeout", "no answer in time"},
  [OUTCOME_CERTIFICATE_EXPIRED] = {"certificate-expired",
      "the certificate is not valid at this time"},
  [OUTCOME_WRONG_HOST] = {"wrong-host",
      "the certificate is for another host"},
  [OUTCOME_UNKNOWN_AUTHORITY] = {"unknown-authority",
      "the certificate is not signed by a trusted authority"},
  [OUTCOME_BAD_CERTIFICATE] = {"bad-certificate",
      "the certificate is not accepted"},
  [OUTCOME_TLS] = {"tls", "no TLS that is accepted"},
  [OUTCOME_CUT] = {"cut", "the connection broke"},
  [OUTCOME_TOO_LARGE] = {"too-large", "the response is too large"},
  [OUTCOME_REDIRECT] = {"redirect", "a redirect that is not followed"},
  [OUTCOME_STATUS] = {"status", "the server refuses"},
  [OUTCOME_MEDIA_TYPE] = {"media-type", "the response is something else"},
  [OUTCOME_FAILED] = {"failed", "failed"},
};

static const description *
describe (outcome result)
{
  if ((guint) result >= G_N_ELEMENTS (descriptions))
    result = OUTCOME_FAILED;
  return &descriptions[result];
}

const gchar *
outcome_name (outcome result)
{
  return describe (result)->name;
}

const gchar *
outcome_problem (outcome result)
{
  return describe (result)->problem;
}

gchar *
outcome_text (outcome result, const gchar * where, const gchar * detail)
{
  if (result == OUTCOME_COMPLETE)
    return g_strdup ("");
  if (detail == NULL || *detail == '\0')
    return g_strdup_printf ("%s: %s", where, outcome_problem (result));
  return g_strdup_printf ("%s: %s (%s)", where, outcome_problem (result),
      detail);
}
