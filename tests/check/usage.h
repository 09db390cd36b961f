/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What this process uses: file descriptors and threads.
 */
#ifndef USAGE_H
#define USAGE_H

#include <glib.h>

G_BEGIN_DECLS

/* With the one that counting takes. */
guint count_fds (void);
guint count_threads (void);

/* Lets n more be opened.  Returns what restores the former limit. */
gulong limit_fds (guint n);
void restore_fd_limit (gulong before);

/* Until there are no more than that; after 15 s the test has failed.  Idle
 * threads of pools are told to end: there are more of them than needed where one
 * was not yet back when another was wanted, and they would stay for 15 s. */
void wait_for_fds (guint n);
void wait_for_threads (guint n);

G_END_DECLS
#endif
