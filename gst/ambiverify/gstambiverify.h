/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The element ambiverify.
 */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_AMBI_VERIFY (gst_ambi_verify_get_type ())
G_DECLARE_FINAL_TYPE (GstAmbiVerify, gst_ambi_verify, GST, AMBI_VERIFY,
    GstElement)

GST_ELEMENT_REGISTER_DECLARE (ambiverify);

G_END_DECLS
