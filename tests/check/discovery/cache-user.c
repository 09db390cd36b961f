/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A module with a copy of the cache's code in it, as each plugin has one.
 */
#include "dorms-cache.h"

__attribute__((visibility ("default")))
     dorms_cache *cache_user_get (void);

     dorms_cache *cache_user_get (void)
{
  return dorms_cache_get_default ();
}
