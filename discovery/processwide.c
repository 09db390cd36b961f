/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Objects of which a process has one.
 */
#include "processwide.h"

#include <gio/gio.h>

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

/* GIO is one library however many plugins there are, and this object of its
 * lives as long as the process. */
static GObject *
anchor (void)
{
  return G_OBJECT (g_vfs_get_local ());
}

gpointer
mc_process_wide (const gchar * name, gpointer (*create) (void))
{
  static GMutex lock;
  g_autofree gchar *key = g_strdup_printf ("gst-multicast-%s-%s", VERSION,
      name);
  GQuark quark = g_quark_from_string (key);
  gpointer object;

  /* The lock keeps this copy of the library from making two. */
  g_mutex_lock (&lock);
  object = g_object_get_qdata (anchor (), quark);
  if (object == NULL) {
    object = create ();
    /* Another copy may have been faster.  Then ours is left unused, which
     * happens once at most: no thread of it runs yet. */
    if (!g_object_replace_qdata (anchor (), quark, NULL, object, NULL, NULL))
      object = g_object_get_qdata (anchor (), quark);
  }
  g_mutex_unlock (&lock);
  return object;
}
