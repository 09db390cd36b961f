/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * How a conversation with a server ended.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  OUTCOME_COMPLETE,             /* the server ended it as it should */

  OUTCOME_BAD_URI,
  OUTCOME_CA_FILE,              /* it cannot be read, or holds no certificate */
  OUTCOME_NAME,                 /* the host's name has no address */
  OUTCOME_REFUSED,              /* nobody listens, or the host is out of reach */
  OUTCOME_TIMEOUT,
  OUTCOME_CERTIFICATE_EXPIRED,  /* or not valid yet */
  OUTCOME_WRONG_HOST,           /* the certificate is for another host */
  OUTCOME_UNKNOWN_AUTHORITY,    /* nobody we trust signed the certificate */
  OUTCOME_BAD_CERTIFICATE,      /* for another reason */
  OUTCOME_TLS,                  /* no TLS, or none that we accept */
  OUTCOME_CUT,                  /* the connection broke */
  OUTCOME_TOO_LARGE,            /* more than the bounds allow */
  OUTCOME_REDIRECT,             /* too many, or to something else than https */
  OUTCOME_STATUS,               /* an HTTP status that is no success */
  OUTCOME_MEDIA_TYPE,           /* the response is something else */
  OUTCOME_FAILED                /* of another kind; the text tells */
} outcome;

/* Kebab-case ("wrong-host"); never NULL. */
const gchar *outcome_name (outcome result);

/* What is wrong, for the user: "the certificate is for another host"; never
 * NULL, empty for OUTCOME_COMPLETE. */
const gchar *outcome_problem (outcome result);

/* One sentence about a host, or whatever else is at fault.  detail is the words
 * of a library, or NULL. */
gchar *outcome_text (outcome result, const gchar * where,
    const gchar * detail);

G_END_DECLS
