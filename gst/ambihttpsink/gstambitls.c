/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The server's certificate and key, as files give them.
 */
#include "gstambitls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "gstmcflow.h"

static gboolean
read_file (const gchar * property, const gchar * name, gchar ** text,
    GError ** error)
{
  GError *problem = NULL;

  if (g_file_get_contents (name, text, NULL, &problem))
    return TRUE;
  gst_mc_settings_error (error, "The file of the property \"%s\" cannot be "
      "read: %s.", property, problem->message);
  g_error_free (problem);
  return FALSE;
}

static gnutls_datum_t
datum_of (const gchar * text)
{
  gnutls_datum_t datum = { (unsigned char *) text, (unsigned) strlen (text) };

  return datum;
}

static gboolean
check_certificate (const gchar * text, const gchar * name, GError ** error)
{
  gnutls_datum_t datum = datum_of (text);
  gnutls_x509_crt_t *list = NULL;
  unsigned n = 0;
  int ret = gnutls_x509_crt_list_import2 (&list, &n, &datum,
      GNUTLS_X509_FMT_PEM, 0);

  if (ret < 0)
    return gst_mc_settings_error (error, "The property \"certificate\" is "
        "\"%s\", which is no PEM file with a certificate: %s", name,
        gnutls_strerror (ret));
  for (unsigned i = 0; i < n; i++)
    gnutls_x509_crt_deinit (list[i]);
  gnutls_free (list);
  return TRUE;
}

static gboolean
check_key (const gchar * text, const gchar * name, GError ** error)
{
  gnutls_datum_t datum = datum_of (text);
  gnutls_x509_privkey_t key;
  int ret = gnutls_x509_privkey_init (&key);

  if (ret == 0) {
    ret = gnutls_x509_privkey_import2 (key, &datum, GNUTLS_X509_FMT_PEM, NULL,
        0);
    gnutls_x509_privkey_deinit (key);
  }
  if (ret < 0)
    return gst_mc_settings_error (error, "The property \"private-key\" is "
        "\"%s\", which is no PEM file with a key that is not encrypted: %s",
        name, gnutls_strerror (ret));
  return TRUE;
}

static gboolean
check_pair (const GstAmbiTls * tls, GError ** error)
{
  gnutls_datum_t certificate = datum_of (tls->certificate);
  gnutls_datum_t key = datum_of (tls->private_key);
  gnutls_certificate_credentials_t credentials;
  int ret = gnutls_certificate_allocate_credentials (&credentials);

  if (ret == 0) {
    ret = gnutls_certificate_set_x509_key_mem (credentials, &certificate, &key,
        GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials (credentials);
  }
  if (ret < 0)
    return gst_mc_settings_error (error, "The files of the properties "
        "\"certificate\" and \"private-key\" do not belong together: %s",
        gnutls_strerror (ret));
  return TRUE;
}

gboolean
gst_ambi_tls_load (GstAmbiTls * tls, const gchar * certificate,
    const gchar * private_key, GError ** error)
{
  gboolean one_file = private_key == NULL || *private_key == '\0';
  const gchar *key_file = one_file ? certificate : private_key;

  memset (tls, 0, sizeof (*tls));
  if (certificate == NULL || *certificate == '\0')
    return gst_mc_settings_error (error, "The property \"certificate\" is not "
        "set: set it to a PEM file with the server's certificate. Manifests "
        "are served with TLS only.");
  if (read_file ("certificate", certificate, &tls->certificate, error) &&
      check_certificate (tls->certificate, certificate, error) &&
      read_file ("private-key", key_file, &tls->private_key, error) &&
      check_key (tls->private_key, key_file, error) && check_pair (tls, error))
    return TRUE;
  gst_ambi_tls_clear (tls);
  return FALSE;
}

static void
wipe (gchar ** text)
{
  if (*text != NULL)
    explicit_bzero (*text, strlen (*text));
  g_clear_pointer (text, g_free);
}

void
gst_ambi_tls_clear (GstAmbiTls * tls)
{
  /* The certificate's file may have the key. */
  wipe (&tls->certificate);
  wipe (&tls->private_key);
}
