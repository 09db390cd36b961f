/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Hears from the kernel when the host's network changes.
 */
#include "gstmcnetlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One change comes as many messages: wait until they have come, ... */
#define SETTLE (100 * CORE_MSECOND)
/* ... but not for ever on a host whose routes change all the time. */
#define SETTLE_MAX CORE_SECOND

#define MAX_DOWN 32

struct _GstMcNetlink
{
  GstElement *element;
  GstMcPoll *poll;
  int fd;

  core_time first;              /* change not yet reported, or NEVER */
  core_time last;
  gboolean reported;            /* the next change begins a new list */
  guint down[MAX_DOWN];         /* interface indexes */
  guint n_down;
  gboolean all_down;            /* the list did not hold them, or news went
                                   missing */
};

GstMcNetlink *
gst_mc_netlink_new (GstElement * element, GstMcPoll * poll)
{
  GstMcNetlink *netlink = g_new0 (GstMcNetlink, 1);
  struct sockaddr_nl local;

  netlink->element = element;
  netlink->poll = poll;
  netlink->first = CORE_TIME_NEVER;
  memset (&local, 0, sizeof (local));
  local.nl_family = AF_NETLINK;
  local.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
      RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  netlink->fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
      NETLINK_ROUTE);
  if (netlink->fd < 0 ||
      bind (netlink->fd, (struct sockaddr *) &local, sizeof (local)) != 0 ||
      !gst_mc_poll_add (poll, netlink->fd))
    GST_WARNING_OBJECT (element, "cannot listen to changes of the network: %s",
        g_strerror (errno));
  return netlink;
}

void
gst_mc_netlink_free (GstMcNetlink * netlink)
{
  if (netlink == NULL)
    return;
  gst_mc_poll_remove (netlink->poll, netlink->fd);
  if (netlink->fd >= 0)
    close (netlink->fd);
  g_free (netlink);
}

static void
changed (GstMcNetlink * netlink, core_time now)
{
  if (netlink->reported) {
    netlink->n_down = 0;
    netlink->all_down = FALSE;
    netlink->reported = FALSE;
  }
  if (netlink->first == CORE_TIME_NEVER)
    netlink->first = now;
  netlink->last = now;
}

static void
note_down (GstMcNetlink * netlink, guint ifindex)
{
  if (gst_mc_netlink_was_down (netlink, ifindex))
    return;
  if (netlink->n_down == MAX_DOWN)
    netlink->all_down = TRUE;
  else
    netlink->down[netlink->n_down++] = ifindex;
}

/* Routes in the cache of a destination are no news. */
static gboolean
is_cloned_route (const struct nlmsghdr *header)
{
  const struct rtmsg *route = NLMSG_DATA (header);

  return (header->nlmsg_type == RTM_NEWROUTE ||
      header->nlmsg_type == RTM_DELROUTE) &&
      header->nlmsg_len >= NLMSG_LENGTH (sizeof (*route)) &&
      (route->rtm_flags & RTM_F_CLONED) != 0;
}

static void
take_message (GstMcNetlink * netlink, const struct nlmsghdr *header,
    core_time now)
{
  const struct ifinfomsg *info = NLMSG_DATA (header);

  if (is_cloned_route (header))
    return;
  changed (netlink, now);
  if ((header->nlmsg_type == RTM_NEWLINK || header->nlmsg_type == RTM_DELLINK)
      && header->nlmsg_len >= NLMSG_LENGTH (sizeof (*info)) &&
      (header->nlmsg_type == RTM_DELLINK ||
          (info->ifi_flags & IFF_RUNNING) == 0))
    note_down (netlink, (guint) info->ifi_index);
}

static void
read_messages (GstMcNetlink * netlink, core_time now)
{
  union
  {
    struct nlmsghdr header;
    guint8 bytes[16384];
  } buf;
  ssize_t n;

  for (;;) {
    n = recv (netlink->fd, &buf, sizeof (buf), MSG_DONTWAIT);
    if (n < 0 && errno == ENOBUFS) {
      /* More happened than the socket holds: anything may have changed. */
      changed (netlink, now);
      netlink->all_down = TRUE;
      continue;
    }
    if (n <= 0)
      return;
    for (const struct nlmsghdr * header = &buf.header;
        n >= (ssize_t) sizeof (*header) && NLMSG_OK (header, (guint) n);
        header = NLMSG_NEXT (header, n))
      take_message (netlink, header, now);
  }
}

gboolean
gst_mc_netlink_step (GstMcNetlink * netlink, core_time now)
{
  if (gst_mc_poll_can_read (netlink->poll, netlink->fd) ||
      gst_mc_poll_has_error (netlink->poll, netlink->fd))
    read_messages (netlink, now);
  if (now < gst_mc_netlink_deadline (netlink))
    return FALSE;
  netlink->first = CORE_TIME_NEVER;
  netlink->reported = TRUE;
  return TRUE;
}

core_time
gst_mc_netlink_deadline (const GstMcNetlink * netlink)
{
  if (netlink->first == CORE_TIME_NEVER)
    return CORE_TIME_NEVER;
  return MIN (netlink->last + SETTLE, netlink->first + SETTLE_MAX);
}

gboolean
gst_mc_netlink_was_down (const GstMcNetlink * netlink, guint ifindex)
{
  for (guint i = 0; i < netlink->n_down; i++)
    if (netlink->down[i] == ifindex)
      return TRUE;
  return netlink->all_down;
}
