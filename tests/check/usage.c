/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What this process uses: file descriptors and threads.
 */
#include "usage.h"

#include <fcntl.h>
#include <gst/check/gstcheck.h>
#include <sys/resource.h>

#define DEADLINE (15 * G_TIME_SPAN_SECOND)

static guint
count_entries (const gchar * path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  guint n = 0;

  fail_unless (dir != NULL);
  while (g_dir_read_name (dir) != NULL)
    n++;
  g_dir_close (dir);
  return n;
}

guint
count_fds (void)
{
  return count_entries ("/proc/self/fd");
}

guint
count_threads (void)
{
  return count_entries ("/proc/self/task");
}

gulong
limit_fds (guint n)
{
  struct rlimit limit;
  gulong before;
  int above = 0;

  for (guint n_free = 0; n_free < n || fcntl (above, F_GETFD) >= 0; above++)
    n_free += fcntl (above, F_GETFD) < 0;
  fail_unless_equals_int (getrlimit (RLIMIT_NOFILE, &limit), 0);
  before = (gulong) limit.rlim_cur;
  limit.rlim_cur = (rlim_t) above;
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &limit), 0);
  return before;
}

void
restore_fd_limit (gulong before)
{
  struct rlimit limit;

  fail_unless_equals_int (getrlimit (RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = (rlim_t) before;
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &limit), 0);
}

/* Of threads the names; descriptors have none. */
static gchar *
list_names (const gchar * path)
{
  GString *names = g_string_new (NULL);
  GDir *dir = g_dir_open (path, 0, NULL);
  const gchar *entry;

  while (dir != NULL && (entry = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *file = g_build_filename (path, entry, "comm", NULL);
    g_autofree gchar *name = NULL;

    if (g_file_get_contents (file, &name, NULL, NULL))
      g_string_append_printf (names, " %s", g_strchomp (name));
  }
  g_clear_pointer (&dir, g_dir_close);
  return g_string_free (names, FALSE);
}

static void
wait_for_entries (const gchar * path, guint n)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (count_entries (path) > n) {
    if (g_get_monotonic_time () > end)
      fail ("%s: %u, not %u:%s", path, count_entries (path), n,
          list_names (path));
    g_thread_pool_stop_unused_threads ();
    g_usleep (1000);
  }
}

void
wait_for_fds (guint n)
{
  wait_for_entries ("/proc/self/fd", n);
}

void
wait_for_threads (guint n)
{
  wait_for_entries ("/proc/self/task", n);
}
