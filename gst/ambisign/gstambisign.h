/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The element ambisign.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_AMBI_SIGN (gst_ambi_sign_get_type ())
G_DECLARE_FINAL_TYPE (GstAmbiSign, gst_ambi_sign, GST, AMBI_SIGN, GstElement)

GST_ELEMENT_REGISTER_DECLARE (ambisign);

G_END_DECLS
