/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The manifest_%u pads of ambiverify.
 */
#pragma once

#include "gstambifeed.h"

G_BEGIN_DECLS

#define GST_TYPE_AMBI_MANIFEST_PAD (gst_ambi_manifest_pad_get_type ())
G_DECLARE_FINAL_TYPE (GstAmbiManifestPad, gst_ambi_manifest_pad, GST,
    AMBI_MANIFEST_PAD, GstPad)

/* The gate must live as long as the pad is part of the element.
 * Returns: (transfer floating) */
GstPad *gst_ambi_manifest_pad_new (GstPadTemplate * template,
    const gchar * name, GstAmbiGate * gate);

/* Whether its properties are right; the error is as those of the element's
 * settings. */
gboolean gst_ambi_manifest_pad_check (GstAmbiManifestPad * pad,
    GError ** error);

G_END_DECLS
