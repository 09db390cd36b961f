/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The element ambihttpsink.
 */
#pragma once

#include <gst/base/gstbasesink.h>
#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_AMBI_HTTP_SINK (gst_ambi_http_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstAmbiHttpSink, gst_ambi_http_sink, GST,
    AMBI_HTTP_SINK, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE (ambihttpsink);

G_END_DECLS
