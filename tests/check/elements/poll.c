/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Waiting for descriptors: what is found, for how long, and what ends it.
 */
#include "config.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gst/check/gstcheck.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gstmcpoll.h"
#include "gstmcsocket.h"
#include "usage.h"

/* What the C library's calls were asked for, by the thread that waits. */
static guint n_precise;
static gboolean precise_forever;
static GstClockTime precise_timeout;
static guint n_coarse;
static int coarse_timeout;

/* The next call fails with that, and those by the nanosecond always with the
 * second. */
static int fail_once;
static int fail_precise;

/* Set once a thread is about to wait. */
static gint about_to_wait;

static gboolean
fails (int *how)
{
  if (*how == 0)
    return FALSE;
  errno = *how;
  if (how == &fail_once)
    *how = 0;
  return TRUE;
}

#ifdef HAVE_EPOLL_PWAIT2
/* Instead of the C library's. */
int
epoll_pwait2 (int fd, struct epoll_event *events, int n,
    const struct timespec *timeout, const sigset_t * mask)
{
  gint64 time[2] = { 0, 0 };

  n_precise++;
  precise_forever = timeout == NULL;
  if (timeout) {
    time[0] = timeout->tv_sec;
    time[1] = timeout->tv_nsec;
    precise_timeout =
        (GstClockTime) time[0] * GST_SECOND + (GstClockTime) time[1];
  }
  if (fails (&fail_once) || fails (&fail_precise))
    return -1;
  g_atomic_int_set (&about_to_wait, TRUE);
  return (int) syscall (SYS_epoll_pwait2, fd, events, n, timeout ? time : NULL,
      mask, 0);
}
#endif

/* And instead of this. */
int
epoll_wait (int fd, struct epoll_event *events, int n, int timeout)
{
  n_coarse++;
  coarse_timeout = timeout;
  if (fails (&fail_once))
    return -1;
  g_atomic_int_set (&about_to_wait, TRUE);
  return epoll_pwait (fd, events, n, timeout, NULL);
}

/* How the system waits: the tests are run with each. */
static const int ways[] = { 0, ENOSYS, EPERM };

static GstMcPoll *
new_poll (int way)
{
  n_precise = n_coarse = 0;
  fail_once = 0;
  fail_precise = ways[way];
  about_to_wait = FALSE;
  return gst_mc_poll_new ();
}

/* A descriptor, and how it becomes readable. */
static int
new_fd (GstMcPoll * poll)
{
  int fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);

  fail_unless (fd >= 0);
  fail_unless (gst_mc_poll_add (poll, fd));
  return fd;
}

static void
signal_fd (int fd)
{
  fail_unless_equals_int (eventfd_write (fd, 1), 0);
}

static void
drain_fd (int fd)
{
  eventfd_t value;

  fail_unless_equals_int (eventfd_read (fd, &value), 0);
}

static void
close_fd (GstMcPoll * poll, int fd)
{
  gst_mc_poll_remove (poll, fd);
  close (fd);
}

GST_START_TEST (test_ready)
{
  GstMcPoll *poll = new_poll (__i__);
  int a = new_fd (poll), b = new_fd (poll);

  signal_fd (a);
  fail_if (gst_mc_poll_can_read (poll, a));
  fail_unless_equals_int (gst_mc_poll_wait (poll, GST_CLOCK_TIME_NONE), 1);
  fail_unless (gst_mc_poll_can_read (poll, a));
  fail_if (gst_mc_poll_has_error (poll, a));
  fail_if (gst_mc_poll_can_read (poll, b));

  /* for as long as nobody reads it */
  fail_unless_equals_int (gst_mc_poll_wait (poll, GST_CLOCK_TIME_NONE), 1);
  fail_unless (gst_mc_poll_can_read (poll, a));

  signal_fd (b);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 2);
  fail_unless (gst_mc_poll_can_read (poll, a));
  fail_unless (gst_mc_poll_can_read (poll, b));

  drain_fd (a);
  fail_unless_equals_int (gst_mc_poll_wait (poll, GST_SECOND), 1);
  fail_if (gst_mc_poll_can_read (poll, a));
  fail_unless (gst_mc_poll_can_read (poll, b));

  drain_fd (b);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);
  fail_if (gst_mc_poll_can_read (poll, b));
  close_fd (poll, a);
  close_fd (poll, b);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

static GstClockTime
monotonic (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return GST_TIMESPEC_TO_TIME (now);
}

static const struct
{
  GstClockTime timeout;
  int ms;                       /* where there is nothing finer */
} timeouts[] = {
  {0, 0},
  {1, 1},
  {999, 1},
  {50 * GST_USECOND, 1},
  {GST_MSECOND - 1, 1},
  {GST_MSECOND, 1},
  {GST_MSECOND + 1, 2},
  {2700 * GST_USECOND, 3},
  {20 * GST_MSECOND, 20},
};

static void
expect_timeout (GstClockTime timeout, int ms)
{
  if (n_coarse == 0) {
    fail_if (precise_forever);
    fail_unless_equals_uint64 (precise_timeout, timeout);
  } else {
    fail_unless_equals_int (coarse_timeout, ms);
  }
}

GST_START_TEST (test_timeout)
{
  GstMcPoll *poll = new_poll (__i__);
  int fd = new_fd (poll);

  for (guint i = 0; i < G_N_ELEMENTS (timeouts); i++) {
    GstClockTime start = monotonic ();

    fail_unless_equals_int (gst_mc_poll_wait (poll, timeouts[i].timeout), 0);
    fail_unless (monotonic () - start >= timeouts[i].timeout);
    expect_timeout (timeouts[i].timeout, timeouts[i].ms);
  }
  close_fd (poll, fd);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

/* What is waiting already, so that the longest wait is none. */
GST_START_TEST (test_long_timeout)
{
  GstMcPoll *poll = new_poll (__i__);
  int fd = new_fd (poll);
  const GstClockTime longest = G_MAXINT * GST_MSECOND;

  signal_fd (fd);
  fail_unless_equals_int (gst_mc_poll_wait (poll, longest), 1);
  expect_timeout (longest, G_MAXINT);
  fail_unless_equals_int (gst_mc_poll_wait (poll, longest + 1), 1);
  expect_timeout (longest, G_MAXINT);
  fail_unless_equals_int (gst_mc_poll_wait (poll, GST_CLOCK_TIME_NONE - 1), 1);
  expect_timeout (longest, G_MAXINT);

  fail_unless_equals_int (gst_mc_poll_wait (poll, GST_CLOCK_TIME_NONE), 1);
  if (n_coarse == 0)
    fail_unless (precise_forever);
  else
    fail_unless_equals_int (coarse_timeout, -1);
  close_fd (poll, fd);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

static gboolean
is_precise (int way)
{
#ifdef HAVE_EPOLL_PWAIT2
  /* The first argument is no descriptor. */
  return ways[way] == 0 &&
      syscall (SYS_epoll_pwait2, -1, NULL, 1, NULL, NULL, 0) < 0 &&
      errno != ENOSYS && errno != EPERM;
#else
  return FALSE;
#endif
}

/* A system without waits by the nanosecond is asked for one once. */
GST_START_TEST (test_coarse)
{
  GstMcPoll *poll = new_poll (__i__);

  for (guint i = 0; i < 3; i++)
    fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);
#ifdef HAVE_EPOLL_PWAIT2
  fail_unless_equals_int (n_precise, is_precise (__i__) ? 3 : 1);
#endif
  fail_unless_equals_int (n_coarse, is_precise (__i__) ? 0 : 3);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

/* A signal is no error, and what was found before is not found again. */
GST_START_TEST (test_failing)
{
  GstMcPoll *poll = new_poll (__i__);
  int fd = new_fd (poll);

  signal_fd (fd);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 1);
  fail_once = EINTR;
  fail_unless_equals_int (gst_mc_poll_wait (poll, GST_CLOCK_TIME_NONE), 0);
  fail_if (gst_mc_poll_can_read (poll, fd));
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 1);
  fail_once = EINVAL;
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), -EINVAL);
  fail_if (gst_mc_poll_can_read (poll, fd));
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 1);
  fail_unless (gst_mc_poll_can_read (poll, fd));
  close_fd (poll, fd);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

/*
 * Flushing
 */

GST_START_TEST (test_flushing)
{
  GstMcPoll *poll = new_poll (__i__);
  int fd = new_fd (poll);

  gst_mc_poll_set_flushing (poll, TRUE);
  for (guint i = 0; i < 3; i++)
    fail_unless_equals_int (gst_mc_poll_wait (poll, GST_CLOCK_TIME_NONE),
        GST_MC_POLL_FLUSHING);

  /* whatever else there is */
  signal_fd (fd);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), GST_MC_POLL_FLUSHING);
  fail_if (gst_mc_poll_can_read (poll, fd));

  /* it is so or not, however often it was said */
  gst_mc_poll_set_flushing (poll, TRUE);
  gst_mc_poll_set_flushing (poll, FALSE);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 1);
  fail_unless (gst_mc_poll_can_read (poll, fd));
  drain_fd (fd);
  gst_mc_poll_set_flushing (poll, FALSE);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);
  gst_mc_poll_set_flushing (poll, TRUE);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), GST_MC_POLL_FLUSHING);
  close_fd (poll, fd);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

/* More than any fixed number of descriptors has something. */
GST_START_TEST (test_flushing_among_many)
{
  GstMcPoll *poll = new_poll (__i__);
  int fds[200];

  for (guint i = 0; i < G_N_ELEMENTS (fds); i++) {
    fds[i] = new_fd (poll);
    signal_fd (fds[i]);
  }
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), G_N_ELEMENTS (fds));
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fail_unless (gst_mc_poll_can_read (poll, fds[i]));
  gst_mc_poll_set_flushing (poll, TRUE);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), GST_MC_POLL_FLUSHING);
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    close_fd (poll, fds[i]);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), GST_MC_POLL_FLUSHING);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

static gpointer
wait_for_ever (gpointer poll)
{
  return GINT_TO_POINTER (gst_mc_poll_wait (poll, GST_CLOCK_TIME_NONE));
}

/* The wait goes on, or begins at that moment: it ends either way. */
GST_START_TEST (test_flushing_while_waiting)
{
  GstMcPoll *poll = new_poll (__i__);
  int fd = new_fd (poll);

  for (guint round = 0; round < 200; round++) {
    GThread *thread;

    g_atomic_int_set (&about_to_wait, FALSE);
    thread = g_thread_new ("wait", wait_for_ever, poll);
    while (round % 2 == 0 && !g_atomic_int_get (&about_to_wait))
      g_thread_yield ();
    gst_mc_poll_set_flushing (poll, TRUE);
    fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (thread)),
        GST_MC_POLL_FLUSHING);
    gst_mc_poll_set_flushing (poll, FALSE);
    fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);
  }
  close_fd (poll, fd);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

GST_START_TEST (test_ready_while_waiting)
{
  GstMcPoll *poll = new_poll (__i__);
  int fd = new_fd (poll);
  GThread *thread = g_thread_new ("wait", wait_for_ever, poll);

  while (!g_atomic_int_get (&about_to_wait))
    g_thread_yield ();
  signal_fd (fd);
  fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (thread)), 1);
  fail_unless (gst_mc_poll_can_read (poll, fd));
  close_fd (poll, fd);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

static gpointer
begin_flushing (gpointer poll)
{
  for (guint i = 0; i < 1000; i++)
    gst_mc_poll_set_flushing (poll, TRUE);
  return NULL;
}

/* Whoever is the last to say so is right. */
GST_START_TEST (test_flushing_by_two)
{
  GstMcPoll *poll = new_poll (0);
  GThread *thread = g_thread_new ("flush", begin_flushing, poll);

  for (guint i = 0; i < 1000; i++)
    gst_mc_poll_set_flushing (poll, FALSE);
  g_thread_join (thread);
  gst_mc_poll_set_flushing (poll, FALSE);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);
  gst_mc_poll_set_flushing (poll, TRUE);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), GST_MC_POLL_FLUSHING);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

/*
 * Descriptors that come and go
 */

/* In the round in which something was found of them. */
GST_START_TEST (test_remove_ready)
{
  GstMcPoll *poll = new_poll (__i__);
  int fds[3];

  for (guint i = 0; i < 3; i++) {
    fds[i] = new_fd (poll);
    signal_fd (fds[i]);
  }
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 3);
  gst_mc_poll_remove (poll, fds[0]);
  fail_if (gst_mc_poll_can_read (poll, fds[0]));
  fail_unless (gst_mc_poll_can_read (poll, fds[1]));
  fail_unless (gst_mc_poll_can_read (poll, fds[2]));
  gst_mc_poll_remove (poll, fds[2]);
  fail_unless (gst_mc_poll_can_read (poll, fds[1]));
  fail_if (gst_mc_poll_can_read (poll, fds[2]));
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 1);

  /* back again: another wait has to find it */
  fail_unless (gst_mc_poll_add (poll, fds[0]));
  fail_if (gst_mc_poll_can_read (poll, fds[0]));
  fail_unless (gst_mc_poll_can_read (poll, fds[1]));
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 2);
  fail_unless (gst_mc_poll_can_read (poll, fds[0]));
  for (guint i = 0; i < 3; i++)
    close_fd (poll, fds[i]);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

GST_START_TEST (test_number_reused)
{
  GstMcPoll *poll = new_poll (__i__);
  int fd = new_fd (poll);
  int other;

  for (guint round = 0; round < 10; round++) {
    signal_fd (fd);
    fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 1);
    gst_mc_poll_remove (poll, fd);
    other = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    fail_unless_equals_int (dup3 (other, fd, O_CLOEXEC), fd);
    close (other);

    fail_if (gst_mc_poll_can_read (poll, fd));
    fail_unless (gst_mc_poll_add (poll, fd));
    fail_if (gst_mc_poll_can_read (poll, fd));
    fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);
    fail_if (gst_mc_poll_can_read (poll, fd));
  }
  close_fd (poll, fd);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

/* What cannot be added changes nothing. */
GST_START_TEST (test_refused)
{
  GstMcPoll *poll = new_poll (__i__);
  int fd = new_fd (poll);

  fail_if (gst_mc_poll_add (poll, fd));
  fail_unless_equals_int (errno, EEXIST);
  fail_if (gst_mc_poll_add (poll, -1));
  fail_unless_equals_int (errno, EBADF);
  gst_mc_poll_remove (poll, -1);
  fail_if (gst_mc_poll_can_read (poll, -1));

  signal_fd (fd);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 1);
  gst_mc_poll_remove (poll, fd);
  gst_mc_poll_remove (poll, fd);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);
  gst_mc_poll_set_flushing (poll, TRUE);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), GST_MC_POLL_FLUSHING);
  close (fd);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

/* Kernels do not agree on which one it is of a poll without descriptors. */
static gboolean
is_error (gint n)
{
  return n < 0 && n != GST_MC_POLL_FLUSHING;
}

/* A poll holds two of its own, or none. */
GST_START_TEST (test_descriptors)
{
  int fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  guint fds = count_fds ();
  gulong before = limit_fds ((guint) __i__);
  GstMcPoll *poll = new_poll (0);
  gboolean added = gst_mc_poll_add (poll, fd);
  gint n;

  restore_fd_limit (before);
  fail_unless_equals_int (added, __i__ == 2);
  fail_unless_equals_int (count_fds (), added ? fds + 2 : fds);
  gst_mc_poll_set_flushing (poll, TRUE);
  n = gst_mc_poll_wait (poll, 0);
  fail_unless (added ? n == GST_MC_POLL_FLUSHING : is_error (n));
  gst_mc_poll_set_flushing (poll, FALSE);
  n = gst_mc_poll_wait (poll, 0);
  fail_unless (added ? n == 0 : is_error (n));
  gst_mc_poll_remove (poll, fd);
  gst_mc_poll_free (poll);
  fail_unless_equals_int (count_fds (), fds);
  close (fd);
}

GST_END_TEST;

/*
 * Errors
 */

/* A port that nobody listens to and nobody else can have: its socket hears
 * another peer alone. */
static int
open_deaf (core_addr * addr)
{
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in sa = {.sin_family = AF_INET,
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK)
  };
  socklen_t len = sizeof (sa);

  fail_unless (fd >= 0);
  fail_unless_equals_int (bind (fd, (struct sockaddr *) &sa, len), 0);
  fail_unless_equals_int (getsockname (fd, (struct sockaddr *) &sa, &len), 0);
  fail_unless (gst_mc_addr_from_sockaddr ((struct sockaddr *) &sa, len, addr));
  fail_unless_equals_int (connect (fd, (struct sockaddr *) &sa, len), 0);
  return fd;
}

/* A datagram that is refused. */
GST_START_TEST (test_error)
{
  GstMcPoll *poll = new_poll (__i__);
  GstMcSocket sock = GST_MC_SOCKET_INIT;
  core_addr any = { 0 }, deaf, told;
  int deaf_fd = open_deaf (&deaf);

  fail_unless (core_ip_from_string ("127.0.0.1", &any.ip));
  fail_unless (gst_mc_socket_open (&sock, &any, NULL));
  fail_unless (gst_mc_poll_add (poll, sock.fd));
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);

  fail_unless_equals_int (gst_mc_socket_send (&sock, &deaf,
          (const guint8 *) "?", 1), 0);
  fail_unless_equals_int (gst_mc_poll_wait (poll, 5 * GST_SECOND), 1);
  fail_unless (gst_mc_poll_has_error (poll, sock.fd));
  fail_if (gst_mc_poll_can_read (poll, sock.fd));
  /* for as long as nobody reads it */
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 1);
  fail_unless (gst_mc_poll_has_error (poll, sock.fd));
  fail_unless (gst_mc_socket_next_icmp_error (&sock, &told));
  fail_unless (core_addr_equal (&told, &deaf));
  fail_unless_equals_int (gst_mc_poll_wait (poll, 0), 0);
  fail_if (gst_mc_poll_has_error (poll, sock.fd));

  gst_mc_poll_remove (poll, sock.fd);
  gst_mc_socket_close (&sock);
  close (deaf_fd);
  gst_mc_poll_free (poll);
}

GST_END_TEST;

static Suite *
poll_suite (void)
{
  Suite *s = suite_create ("poll");
  TCase *tc = tcase_create ("general");
  const int n = G_N_ELEMENTS (ways);

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_ready, 0, n);
  tcase_add_loop_test (tc, test_timeout, 0, n);
  tcase_add_loop_test (tc, test_long_timeout, 0, n);
  tcase_add_loop_test (tc, test_coarse, 0, n);
  tcase_add_loop_test (tc, test_failing, 0, n);
  tcase_add_loop_test (tc, test_flushing, 0, n);
  tcase_add_loop_test (tc, test_flushing_among_many, 0, n);
  tcase_add_loop_test (tc, test_flushing_while_waiting, 0, n);
  tcase_add_loop_test (tc, test_ready_while_waiting, 0, n);
  tcase_add_test (tc, test_flushing_by_two);
  tcase_add_loop_test (tc, test_remove_ready, 0, n);
  tcase_add_loop_test (tc, test_number_reused, 0, n);
  tcase_add_loop_test (tc, test_refused, 0, n);
  tcase_add_loop_test (tc, test_descriptors, 0, 3);
  tcase_add_loop_test (tc, test_error, 0, n);
  return s;
}

GST_CHECK_MAIN (poll);
