/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * How many file descriptors this process has.
 */
#ifndef FDS_H
#define FDS_H

#include <glib.h>

G_BEGIN_DECLS

/* With the one that counting takes. */
guint count_fds (void);

G_END_DECLS
#endif
