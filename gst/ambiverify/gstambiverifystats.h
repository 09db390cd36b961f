/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The statistics of ambiverify as applications see them.
 */
#pragma once

#include "gstambigate.h"

G_BEGIN_DECLS

/* Takes the gate's lock, but not for long.
 * Returns: (transfer full) */
GstStructure *gst_ambi_verify_stats_new (GstAmbiGate * gate);

G_END_DECLS
