/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The plugin ambiverify.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstambiverify.h"

static gboolean
plugin_init (GstPlugin * plugin)
{
  return GST_ELEMENT_REGISTER (ambiverify, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, ambiverify,
    "Authenticate multicast streams (AMBI)", plugin_init, VERSION, LICENSE,
    PACKAGE_NAME, PACKAGE_ORIGIN)
