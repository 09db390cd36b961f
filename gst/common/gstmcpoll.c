/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Waits for descriptors.
 */
#include "config.h"
#include "gstmcpoll.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* No wait for more milliseconds than an int holds. */
#define MAX_WAIT (G_MAXINT * GST_MSECOND)

struct _GstMcPoll
{
  int epoll_fd;                 /* -1: nothing can be added */
  int flush_fd;                 /* an eventfd; above 0 while flushing */
  gboolean whole_ms;            /* the kernel knows no shorter waits */

  guint n_fds;                  /* added, flush_fd among them */
  struct epoll_event *found;    /* has room for all of them: */
  guint n_found;                /*   found by the last wait */
};

static void
close_fds (GstMcPoll * poll)
{
  if (poll->epoll_fd >= 0)
    close (poll->epoll_fd);
  if (poll->flush_fd >= 0)
    close (poll->flush_fd);
  poll->epoll_fd = poll->flush_fd = -1;
}

GstMcPoll *
gst_mc_poll_new (void)
{
  GstMcPoll *poll = g_new0 (GstMcPoll, 1);

  poll->epoll_fd = poll->flush_fd = -1;
  gst_mc_poll_open (poll);
  return poll;
}

gboolean
gst_mc_poll_open (GstMcPoll * poll)
{
  if (poll->epoll_fd >= 0)
    return TRUE;
  poll->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  poll->flush_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  /* One that could not be interrupted would be worse than none. */
  if (!gst_mc_poll_add (poll, poll->flush_fd))
    close_fds (poll);
  return poll->epoll_fd >= 0;
}

void
gst_mc_poll_free (GstMcPoll * poll)
{
  close_fds (poll);
  g_free (poll->found);
  g_free (poll);
}

gboolean
gst_mc_poll_add (GstMcPoll * poll, int fd)
{
  struct epoll_event event = {.events = EPOLLIN,.data.fd = fd };

  if (epoll_ctl (poll->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
    return FALSE;
  poll->n_fds++;
  poll->found = g_renew (struct epoll_event, poll->found, poll->n_fds);
  return TRUE;
}

static struct epoll_event *
find (const GstMcPoll * poll, int fd)
{
  for (guint i = 0; i < poll->n_found; i++)
    if (poll->found[i].data.fd == fd)
      return &poll->found[i];
  return NULL;
}

void
gst_mc_poll_remove (GstMcPoll * poll, int fd)
{
  struct epoll_event *event;

  if (fd < 0 || epoll_ctl (poll->epoll_fd, EPOLL_CTL_DEL, fd, NULL) != 0)
    return;
  poll->n_fds--;
  event = find (poll, fd);
  if (event != NULL)
    *event = poll->found[--poll->n_found];
}

/* As epoll_wait (), but by the nanosecond.  Where the system cannot, the wait is
 * that of the next whole millisecond: after one that is too short the caller
 * would come again and again until its deadline is there. */
static int
wait_for_events (GstMcPoll * poll, GstClockTime timeout)
{
  gboolean forever = !GST_CLOCK_TIME_IS_VALID (timeout);

  timeout = MIN (timeout, MAX_WAIT);
#ifdef HAVE_EPOLL_PWAIT2
  if (!poll->whole_ms) {
    const struct timespec ts = {
      .tv_sec = (time_t) (timeout / GST_SECOND),
      .tv_nsec = (long) (timeout % GST_SECOND),
    };
    int n = epoll_pwait2 (poll->epoll_fd, poll->found, (int) poll->n_fds,
        forever ? NULL : &ts, NULL);

    /* Some containers refuse with EPERM what they do not know. */
    if (n >= 0 || (errno != ENOSYS && errno != EPERM))
      return n;
    poll->whole_ms = TRUE;
  }
#endif
  return epoll_wait (poll->epoll_fd, poll->found, (int) poll->n_fds, forever ?
      -1 : (int) ((timeout + GST_MSECOND - 1) / GST_MSECOND));
}

gint
gst_mc_poll_wait (GstMcPoll * poll, GstClockTime timeout)
{
  int n = wait_for_events (poll, timeout);

  poll->n_found = 0;
  if (n < 0)
    return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < n; i++)
    if (poll->found[i].data.fd == poll->flush_fd)
      return GST_MC_POLL_FLUSHING;
  poll->n_found = (guint) n;
  return n;
}

static gboolean
was_found (const GstMcPoll * poll, int fd, guint32 events)
{
  const struct epoll_event *event = find (poll, fd);

  return event != NULL && (event->events & events) != 0;
}

gboolean
gst_mc_poll_can_read (const GstMcPoll * poll, int fd)
{
  return was_found (poll, fd, EPOLLIN);
}

gboolean
gst_mc_poll_has_error (const GstMcPoll * poll, int fd)
{
  return was_found (poll, fd, EPOLLERR | EPOLLHUP);
}

/* That the eventfd is above 0 is all there is to remember: no wait can miss it,
 * and there is nothing that two threads could leave half set. */
void
gst_mc_poll_set_flushing (GstMcPoll * poll, gboolean flushing)
{
  guint64 count = 1;

  /* Refused only where it is so already: the counter is full, or 0. */
  if ((flushing ? write (poll->flush_fd, &count, sizeof (count)) :
          read (poll->flush_fd, &count, sizeof (count))) < 0)
    return;
}
