/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Looks up a host name on a thread of its own.
 */
#include "gstmclookup.h"

#include <fcntl.h>
#include <unistd.h>

#include "gstmcaddr.h"

struct _GstMcLookup
{
  gint refs;                    /* the owner's and the thread's */
  gchar *name;
  int wake_fd;                  /* a duplicate: the owner may close its own */
  GCancellable *cancellable;

  GMutex lock;                  /* all below */
  gboolean done;
  GArray *ips;
  GError *error;
};

static void
lookup_unref (GstMcLookup * lookup)
{
  if (!g_atomic_int_dec_and_test (&lookup->refs))
    return;
  if (lookup->wake_fd >= 0)
    close (lookup->wake_fd);
  g_clear_pointer (&lookup->ips, g_array_unref);
  g_clear_error (&lookup->error);
  g_clear_object (&lookup->cancellable);
  g_mutex_clear (&lookup->lock);
  g_free (lookup->name);
  g_free (lookup);
}

static GArray *
addresses_to_ips (GList * addresses)
{
  GArray *ips = g_array_new (FALSE, FALSE, sizeof (core_ip));

  for (GList * l = addresses; l; l = l->next) {
    core_ip ip;

    if (gst_mc_ip_from_ginet (l->data, &ip))
      g_array_append_val (ips, ip);
  }
  return ips;
}

static gpointer
lookup_thread (gpointer data)
{
  GstMcLookup *lookup = data;
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  GError *error = NULL;
  GList *addresses;
  const guint64 one = 1;

  addresses = g_resolver_lookup_by_name (resolver, lookup->name,
      lookup->cancellable, &error);

  g_mutex_lock (&lookup->lock);
  lookup->done = TRUE;
  lookup->error = error;
  if (error == NULL)
    lookup->ips = addresses_to_ips (addresses);
  g_mutex_unlock (&lookup->lock);

  g_resolver_free_addresses (addresses);
  /* Only a full counter can refuse, and then the owner is awake anyway. */
  if (write (lookup->wake_fd, &one, sizeof (one)) < 0)
    g_debug ("lookup of %s: could not wake its owner", lookup->name);
  lookup_unref (lookup);
  return NULL;
}

GstMcLookup *
gst_mc_lookup_new (const gchar * name, int wake_fd)
{
  GstMcLookup *lookup = g_new0 (GstMcLookup, 1);
  GThread *thread;

  lookup->refs = 2;
  lookup->name = g_strdup (name);
  lookup->wake_fd = fcntl (wake_fd, F_DUPFD_CLOEXEC, 0);
  lookup->cancellable = g_cancellable_new ();
  g_mutex_init (&lookup->lock);

  thread = g_thread_try_new ("mc-lookup", lookup_thread, lookup,
      &lookup->error);
  if (thread == NULL) {
    lookup->done = TRUE;
    lookup->refs = 1;
  } else {
    g_thread_unref (thread);
  }
  return lookup;
}

void
gst_mc_lookup_free (GstMcLookup * lookup)
{
  if (lookup == NULL)
    return;
  g_cancellable_cancel (lookup->cancellable);
  lookup_unref (lookup);
}

gboolean
gst_mc_lookup_poll (GstMcLookup * lookup, const GArray ** ips,
    const GError ** error)
{
  gboolean done;

  g_mutex_lock (&lookup->lock);
  done = lookup->done;
  *ips = lookup->ips;
  *error = lookup->error;
  g_mutex_unlock (&lookup->lock);
  return done;
}
