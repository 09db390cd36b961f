/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The element amtrelaysink.
 */
#pragma once

#include <gst/base/gstbasesink.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_AMT_RELAY_SINK (gst_amt_relay_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstAmtRelaySink, gst_amt_relay_sink, GST,
    AMT_RELAY_SINK, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE (amtrelaysink);

G_END_DECLS
