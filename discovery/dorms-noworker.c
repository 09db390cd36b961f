/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * In place of the worker, where there is no libcurl.
 */
#include "dorms-worker.h"

gboolean
dorms_worker_hold (void)
{
  return FALSE;
}

void
dorms_worker_release (void)
{
}
