/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * URIs of manifest servers.
 */
#include "stream-uri.h"

#include <string.h>

static const gchar *const schemes[] = {
  [STREAM_HTTPS] = "https",
  [STREAM_TLS] = "ambi+tls",
  [STREAM_DTLS] = "ambi+dtls",
};

static gboolean
find_transport (const gchar * scheme, stream_transport * transport)
{
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    if (strcmp (scheme, schemes[i]) == 0) {
      *transport = (stream_transport) i;
      return TRUE;
    }
  return FALSE;
}

/* NULL when nothing is. */
static const gchar *
what_is_wrong (GUri * parts, stream_transport * transport)
{
  const gchar *host = g_uri_get_host (parts);
  gint port = g_uri_get_port (parts);

  if (!find_transport (g_uri_get_scheme (parts), transport))
    return "the scheme is not https, ambi+tls or ambi+dtls";
  if (host == NULL || *host == '\0')
    return "there is no host";
  if (g_uri_get_userinfo (parts) != NULL)
    return "there is a user name";
  if (port == 0)
    return "the port is 0";
  if (port < 0 && *transport != STREAM_HTTPS)
    return "there is no port";
  return NULL;
}

gboolean
stream_uri_parse (const gchar * text, stream_uri * uri, GError ** error)
{
  g_autoptr (GUri) parts = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  const gchar *wrong = "this is no URI";

  *uri = (stream_uri) {
  0};
  if (parts != NULL)
    wrong = what_is_wrong (parts, &uri->transport);
  if (wrong != NULL) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, wrong);
    return FALSE;
  }
  uri->host = g_strdup (g_uri_get_host (parts));
  uri->port = (guint16) MAX (g_uri_get_port (parts), 0);
  return TRUE;
}

void
stream_uri_clear (stream_uri * uri)
{
  g_clear_pointer (&uri->host, g_free);
}

gchar *
stream_uri_where (const stream_uri * uri)
{
  gboolean v6 = strchr (uri->host, ':') != NULL;

  if (uri->port == 0)
    return g_strdup_printf (v6 ? "[%s]" : "%s", uri->host);
  return g_strdup_printf (v6 ? "[%s]:%u" : "%s:%u", uri->host, uri->port);
}
