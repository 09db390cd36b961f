/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A TCP socket that listens, and errors that say why there is none.
 */
#pragma once

#include <gst/gst.h>

#include "addr.h"

G_BEGIN_DECLS

/* Listens on the address (family NONE: all of both families) and port (0: any
 * free one).  Returns the descriptor and sets *port; -1 with a GstResourceError
 * whose text names the property. */
gint gst_ambi_listen (const core_addr * address, guint * port,
    GError ** error);

G_END_DECLS
