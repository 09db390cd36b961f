/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties that amtsrc has besides those of all multicast sources.
 */
#pragma once

#include "gstmcsettings.h"

G_BEGIN_DECLS

typedef enum
{
  GST_AMT_DELIVERY_AUTO,
  GST_AMT_DELIVERY_NATIVE,
  GST_AMT_DELIVERY_TUNNEL
} GstAmtDelivery;

typedef struct
{
  gchar *relay;
  gboolean relay_discovery;
  guint relay_port;
  guint64 relay_timeout;
  gchar *bind_address;
  guint bind_port;
  GstAmtDelivery delivery;
  guint64 native_timeout;
} GstAmtSettings;

void gst_amt_settings_init (GstAmtSettings * settings);
void gst_amt_settings_clear (GstAmtSettings * settings);
void gst_amt_settings_copy (GstAmtSettings * to, const GstAmtSettings * from);

/* set and get are called with the object lock held; FALSE: not one of
 * them. */
void gst_amt_settings_install_properties (GObjectClass * klass);
gboolean gst_amt_settings_set_property (GstAmtSettings * settings, guint id,
    const GValue * value);
gboolean gst_amt_settings_get_property (const GstAmtSettings * settings,
    guint id, GValue * value);

G_END_DECLS
