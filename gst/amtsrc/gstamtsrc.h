/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtsrc: receives a source-specific multicast channel through an AMT relay.
 */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_AMT_SRC (gst_amt_src_get_type ())
G_DECLARE_FINAL_TYPE (GstAmtSrc, gst_amt_src, GST, AMT_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE (amtsrc);

G_END_DECLS
