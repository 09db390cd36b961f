/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * How long something takes, whatever else the host is busy with.
 */
#include "stopwatch.h"

/* Microseconds that this thread has waited for a processor: the second number
 * of three.  0 where the kernel does not tell, or the thread has just ended. */
static gint64
waited_by (const gchar * thread)
{
  g_autofree gchar *path =
      g_strconcat ("/proc/self/task/", thread, "/schedstat", NULL);
  g_autofree gchar *text = NULL;
  gchar *second;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return 0;
  g_ascii_strtoull (text, &second, 10);
  return (gint64) (g_ascii_strtoull (second, NULL, 10) / 1000);
}

void
stopwatch_start (Stopwatch * watch)
{
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *thread;

  watch->n = 0;
  while (dir != NULL && watch->n < STOPWATCH_THREADS &&
      (thread = g_dir_read_name (dir)) != NULL) {
    watch->threads[watch->n].id = g_ascii_strtoull (thread, NULL, 10);
    watch->threads[watch->n++].waited = waited_by (thread);
  }
  g_clear_pointer (&dir, g_dir_close);
  watch->start = g_get_monotonic_time ();
}

/* Since the start. */
static gint64
waited_lately_by (const Stopwatch * watch, const gchar * thread)
{
  guint64 id = g_ascii_strtoull (thread, NULL, 10);

  for (guint i = 0; i < watch->n; i++)
    if (watch->threads[i].id == id)
      return MAX (waited_by (thread) - watch->threads[i].waited, 0);
  return waited_by (thread);
}

gint64
stopwatch_us (const Stopwatch * watch)
{
  gint64 us = g_get_monotonic_time () - watch->start;
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *thread;

  while (dir != NULL && (thread = g_dir_read_name (dir)) != NULL)
    us -= waited_lately_by (watch, thread);
  g_clear_pointer (&dir, g_dir_close);
  return MAX (us, 0);
}
