/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * How long something takes, whatever else the host is busy with.
 */
#include "stopwatch.h"

#include <unistd.h>

/* Microseconds that this thread has waited for a processor: the second number
 * of three.  0 where the kernel does not tell, or the thread has just ended. */
static gint64
waited_by (guint64 thread)
{
  g_autofree gchar *path =
      g_strdup_printf ("/proc/self/task/%" G_GUINT64_FORMAT "/schedstat",
      thread);
  g_autofree gchar *text = NULL;
  gchar *second;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  g_ascii_strtoull (text, &second, 10);
  return (gint64) (g_ascii_strtoull (second, NULL, 10) / 1000);
}

static void
add_thread (Stopwatch * watch, guint64 thread)
{
  if (watch->n == STOPWATCH_THREADS)
    return;
  watch->threads[watch->n].id = thread;
  watch->threads[watch->n++].waited = waited_by (thread);
}

/* Since the start. */
static gint64
waited_lately_by (const Stopwatch * watch, guint64 thread)
{
  for (guint i = 0; i < watch->n; i++)
    if (watch->threads[i].id == thread)
      return MAX (waited_by (thread) - watch->threads[i].waited, 0);
  return waited_by (thread);
}

/* The threads but for this one. */
static GArray *
list_others (guint64 self)
{
  GArray *others = g_array_new (FALSE, FALSE, sizeof (guint64));
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    guint64 thread = g_ascii_strtoull (name, NULL, 10);

    if (thread != self)
      g_array_append_val (others, thread);
  }
  g_clear_pointer (&dir, g_dir_close);
  return others;
}

/* Only what is waited within the time that counts is taken off.  This thread,
 * which may wait while it looks at the others, is looked at last of all in the
 * end, and first here. */
void
stopwatch_start (Stopwatch * watch)
{
  guint64 self = (guint64) gettid ();
  g_autoptr (GArray) others = NULL;

  watch->n = 0;
  watch->start = g_get_monotonic_time ();
  add_thread (watch, self);
  others = list_others (self);
  for (guint i = 0; i < others->len; i++)
    add_thread (watch, g_array_index (others, guint64, i));
}

gint64
stopwatch_us (const Stopwatch * watch)
{
  guint64 self = (guint64) gettid ();
  g_autoptr (GArray) others = list_others (self);
  gint64 us = 0;

  for (guint i = 0; i < others->len; i++)
    us -= waited_lately_by (watch, g_array_index (others, guint64, i));
  us -= waited_lately_by (watch, self);
  us += g_get_monotonic_time () - watch->start;
  return MAX (us, 0);
}
