/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a plugin does that wants to resolve names; the test loads two of them.
 */
#include <gmodule.h>

#include "resolver.h"

G_MODULE_EXPORT gpointer resolver_user_get (void);

gpointer
resolver_user_get (void)
{
  return mc_resolver_get_default ();
}
