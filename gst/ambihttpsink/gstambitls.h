/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The server's certificate and key, as files give them.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct
{
  gchar *certificate;           /* PEM, with what stands between it and a CA */
  gchar *private_key;           /* PEM */
} GstAmbiTls;

/* Reads both files and looks whether they belong together.  private_key is NULL
 * when the certificate's file has the key as well.  The error is a
 * GST_RESOURCE_ERROR_SETTINGS whose text names the property. */
gboolean gst_ambi_tls_load (GstAmbiTls * tls, const gchar * certificate,
    const gchar * private_key, GError ** error);

/* Wipes the key. */
void gst_ambi_tls_clear (GstAmbiTls * tls);

G_END_DECLS
