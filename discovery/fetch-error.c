/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What libcurl's results mean, in words for the user.
 */
#include "fetch-error.h"

/* X509_V_ERR_ numbers of OpenSSL; libcurl's other TLS libraries give others,
 * and end up in the text of an unspecific error. */
enum
{
  VERIFY_OK = 0,
  VERIFY_UNSET = 1,             /* libcurl's, before it looks */
  VERIFY_NO_ISSUER = 2,
  VERIFY_NOT_YET_VALID = 9,
  VERIFY_EXPIRED = 10,
  VERIFY_SELF_SIGNED = 18,
  VERIFY_SELF_SIGNED_IN_CHAIN = 19,
  VERIFY_NO_ISSUER_LOCALLY = 20,
  VERIFY_NO_SIGNATURE = 21,
  VERIFY_WRONG_HOST = 62,
  VERIFY_WRONG_IP = 64
};

gchar *
fetch_url_host (const gchar * url)
{
  CURLU *parts = curl_url ();
  char *host = NULL, *port = NULL;
  gchar *text = NULL;

  if (parts != NULL && curl_url_set (parts, CURLUPART_URL, url, 0) == CURLUE_OK
      && curl_url_get (parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
    if (curl_url_get (parts, CURLUPART_PORT, &port, 0) == CURLUE_OK)
      text = g_strdup_printf ("%s:%s", host, port);
    else
      text = g_strdup (host);
  }
  curl_free (host);
  curl_free (port);
  curl_url_cleanup (parts);
  return text;
}

static outcome
certificate_outcome (const fetch_ending * ending)
{
  long verify = VERIFY_OK;

  curl_easy_getinfo (ending->easy, CURLINFO_SSL_VERIFYRESULT, &verify);
  switch (verify) {
    case VERIFY_OK:            /* the chain is good, the name was compared */
    case VERIFY_UNSET:
    case VERIFY_WRONG_HOST:
    case VERIFY_WRONG_IP:
      return OUTCOME_WRONG_HOST;
    case VERIFY_EXPIRED:
    case VERIFY_NOT_YET_VALID:
      return OUTCOME_CERTIFICATE_EXPIRED;
    case VERIFY_NO_ISSUER:
    case VERIFY_SELF_SIGNED:
    case VERIFY_SELF_SIGNED_IN_CHAIN:
    case VERIFY_NO_ISSUER_LOCALLY:
    case VERIFY_NO_SIGNATURE:
      return OUTCOME_UNKNOWN_AUTHORITY;
    default:
      return OUTCOME_BAD_CERTIFICATE;
  }
}

static outcome
transfer_outcome (const fetch_ending * ending)
{
  long redirects = 0, proxy = 0;

  if (ending->too_large)
    return OUTCOME_TOO_LARGE;
  curl_easy_getinfo (ending->easy, CURLINFO_REDIRECT_COUNT, &redirects);
  curl_easy_getinfo (ending->easy, CURLINFO_HTTP_CONNECTCODE, &proxy);
  if (proxy >= 300)
    return OUTCOME_REFUSED;     /* a proxy does not connect us */
  switch (ending->code) {
    case CURLE_OK:
      return OUTCOME_COMPLETE;
    case CURLE_URL_MALFORMAT:
      return redirects > 0 ? OUTCOME_REDIRECT : OUTCOME_BAD_URI;
    case CURLE_UNSUPPORTED_PROTOCOL:
      return redirects > 0 ? OUTCOME_REDIRECT : OUTCOME_FAILED;
    case CURLE_TOO_MANY_REDIRECTS:
      return OUTCOME_REDIRECT;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return OUTCOME_NAME;
    case CURLE_COULDNT_CONNECT:
      return OUTCOME_REFUSED;
    case CURLE_OPERATION_TIMEDOUT:
      return OUTCOME_TIMEOUT;
    case CURLE_PEER_FAILED_VERIFICATION:
      return certificate_outcome (ending);
    case CURLE_SSL_CACERT_BADFILE:
      return OUTCOME_CA_FILE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_USE_SSL_FAILED:
      return OUTCOME_TLS;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return OUTCOME_CUT;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY:  /* said of a header line beyond its own bound */
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
      return OUTCOME_TOO_LARGE;
    default:
      return OUTCOME_FAILED;
  }
}

/* What libcurl knows beyond the outcome; NULL when that says all. */
static const gchar *
find_detail (const fetch_ending * ending, outcome result)
{
  curl_off_t connected = 0;
  long number = 0;

  switch (result) {
    case OUTCOME_NAME:
    case OUTCOME_WRONG_HOST:
    case OUTCOME_UNKNOWN_AUTHORITY:
    case OUTCOME_TOO_LARGE:
      return NULL;
    case OUTCOME_CA_FILE:
      return ending->ca_file;
    case OUTCOME_REFUSED:
      curl_easy_getinfo (ending->easy, CURLINFO_OS_ERRNO, &number);
      return number > 0 ? g_strerror ((gint) number) : ending->detail;
    case OUTCOME_TIMEOUT:
      curl_easy_getinfo (ending->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
      return connected > 0 ? "the response is not complete" :
          "there is no connection";
    default:
      break;
  }
  if (ending->detail == NULL || *ending->detail == '\0')
    return curl_easy_strerror (ending->code);
  return ending->detail;
}

outcome
fetch_explain (const fetch_ending * ending, gchar ** text)
{
  outcome result = transfer_outcome (ending);
  g_autofree gchar *host = NULL;
  char *url = NULL;

  if (curl_easy_getinfo (ending->easy, CURLINFO_EFFECTIVE_URL, &url) ==
      CURLE_OK && url != NULL)
    host = fetch_url_host (url);
  *text = outcome_text (result, host ? host : "the URL",
      find_detail (ending, result));
  return result;
}
