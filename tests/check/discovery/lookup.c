/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Leaving a server whose name nobody answers for: the test has a network of its
 * own with a name server that is silent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fetch.h"
#include "stopwatch.h"
#include "streamtest.h"

#define MS G_GUINT64_CONSTANT (1000000)

static int name_server = -1;

static gboolean
write_file (const gchar * path, const gchar * text)
{
  FILE *file = fopen (path, "w");
  gboolean ok = file != NULL && fputs (text, file) >= 0;

  if (file != NULL && fclose (file) != 0)
    ok = FALSE;
  return ok;
}

static gboolean
enter_network (void)
{
  g_autofree gchar *uids = g_strdup_printf ("0 %u 1", (guint) getuid ());
  g_autofree gchar *gids = g_strdup_printf ("0 %u 1", (guint) getgid ());
  struct ifreq lo = {.ifr_name = "lo" };
  int fd;
  gboolean up;

  if (unshare (CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0 ||
      !write_file ("/proc/self/setgroups", "deny") ||
      !write_file ("/proc/self/uid_map", uids) ||
      !write_file ("/proc/self/gid_map", gids))
    return FALSE;
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  lo.ifr_flags = IFF_UP;
  up = fd >= 0 && ioctl (fd, SIOCSIFFLAGS, &lo) == 0;
  close (fd);
  return up;
}

/* A socket at port 53 that takes every question and answers none. */
static gboolean
serve_silence (void)
{
  struct sockaddr_in address = {.sin_family = AF_INET };
  g_autofree gchar *path = NULL;
  int fd = g_file_open_tmp ("resolv-XXXXXX", &path, NULL);
  gboolean ok;

  name_server = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  address.sin_port = htons (53);
  ok = fd >= 0 && name_server >= 0 &&
      bind (name_server, (struct sockaddr *) &address, sizeof (address)) == 0 &&
      write_file (path, "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
      && mount (path, "/etc/resolv.conf", NULL, MS_BIND, NULL) == 0;
  if (fd >= 0) {
    close (fd);
    unlink (path);
  }
  return ok;
}

/* A question came, and hangs. */
static void
wait_for_question (void)
{
  gchar buffer[512];
  guint n = 0;

  while (recv (name_server, buffer, sizeof (buffer), MSG_DONTWAIT) < 0) {
    fail_unless (errno == EAGAIN && ++n < 10000, "nobody asked");
    run_for (1);
  }
}

static void
drain_questions (void)
{
  gchar buffer[512];

  while (recv (name_server, buffer, sizeof (buffer), MSG_DONTWAIT) >= 0)
    continue;
}

static void
on_ended (gpointer user, outcome result, const gchar * text)
{
  outcome *ended = user;

  fail_unless (*ended == OUTCOME_COMPLETE);
  *ended = result;
}

static const fetch_callbacks callbacks = {.ended = on_ended };

GST_START_TEST (test_fetch)
{
  const fetch_request request = {.url = "https://silent.example/" };
  outcome ended = OUTCOME_COMPLETE;
  guint threads = count_threads ();
  Stopwatch watch;
  fetch *f;

  drain_questions ();
  f = fetch_start (&request, &callbacks, &ended);
  wait_for_question ();
  stopwatch_start (&watch);
  fetch_free (f);
  fail_unless (stopwatch_us (&watch) < 100000);
  /* The thread that still waits for the answer ends by itself. */
  fail_unless (count_threads () > threads);
  wait_for_threads (threads);
  fail_unless_equals_int (ended, OUTCOME_COMPLETE);
}

GST_END_TEST;

static gboolean
is_over (const outcome * ended)
{
  return *ended != OUTCOME_COMPLETE;
}

GST_START_TEST (test_fetch_timeout)
{
  const fetch_request request = {.url = "https://silent.example/",
    .connect_timeout = 100 * MS
  };
  outcome ended = OUTCOME_COMPLETE;
  Stopwatch watch;
  fetch *f;

  stopwatch_start (&watch);
  f = fetch_start (&request, &callbacks, &ended);
  while (!is_over (&ended))
    run_for (5);
  fail_unless (stopwatch_us (&watch) < 1000000);
  fail_unless_equals_string (outcome_name (ended), "timeout");
  fetch_free (f);
}

GST_END_TEST;

GST_START_TEST (test_tls)
{
  StreamTest *t =
      stream_test_new (g_strdup_printf ("ambi+%s://silent.example:7",
          __i__ ? "dtls" : "tls"));
  Stopwatch watch;

  drain_questions ();
  t->request.ca_file = NULL;
  stream_test_open (t);
  wait_for_question ();
  stopwatch_start (&watch);
  stream_test_close (t);
  fail_unless (stopwatch_us (&watch) < 100000);
  run_for (20);
  fail_if (t->ended);
  stream_test_free (t);
}

GST_END_TEST;

GST_START_TEST (test_tls_timeout)
{
  StreamTest *t = stream_test_new (g_strdup ("ambi+tls://silent.example:7"));
  Stopwatch watch;

  stopwatch_start (&watch);
  t->request.ca_file = NULL;
  t->request.connect_timeout = 100 * MS;
  stream_test_open (t);
  wait_for_flag (&t->ended);
  fail_unless (stopwatch_us (&watch) < 1000000);
  stream_test_expect (t, OUTCOME_TIMEOUT, "silent.example:7: ");
  stream_test_free (t);
}

GST_END_TEST;

static Suite *
lookup_suite (void)
{
  Suite *s = suite_create ("lookup");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_test (tc, test_fetch);
  tcase_add_test (tc, test_fetch_timeout);
  tcase_add_loop_test (tc, test_tls, 0, 2);
  tcase_add_test (tc, test_tls_timeout);
  return s;
}

int
main (int argc, char **argv)
{
  /* Before there is any thread. */
  if (!enter_network () || !serve_silence ()) {
    g_print ("no network of its own is permitted: %s\n", g_strerror (errno));
    return 77;
  }
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (lookup_suite (), "lookup", __FILE__);
}
