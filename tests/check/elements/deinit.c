/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Lets the leaks tracer speak: it reports from gst_deinit (), which GstCheck
 * does not call.  Linked into every element test.
 */
#include <gst/gst.h>
#include <stdlib.h>

/* Runs before main (), so that each test's own process inherits it. */
static void register_exit (void) __attribute__((constructor));

static void
deinit_at_exit (void)
{
  if (gst_is_initialized ())
    gst_deinit ();
}

static void
register_exit (void)
{
  if (g_getenv ("GST_TRACERS") != NULL)
    atexit (deinit_at_exit);
}
