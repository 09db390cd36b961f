/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ssmsrc: receives a source-specific multicast channel from the network.
 */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_SSM_SRC (gst_ssm_src_get_type ())
G_DECLARE_FINAL_TYPE (GstSsmSrc, gst_ssm_src, GST, SSM_SRC, GstPushSrc)
GST_ELEMENT_REGISTER_DECLARE (ssmsrc);

G_END_DECLS
