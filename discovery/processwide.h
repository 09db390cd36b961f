/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Objects of which a process has one, although several plugins link this
 * library and have its static data each for itself.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The object of that name, which create () makes at the first call.  It is
 * never freed.  Libraries of another version have objects of their own. */
gpointer mc_process_wide (const gchar * name, gpointer (*create) (void));

G_END_DECLS
