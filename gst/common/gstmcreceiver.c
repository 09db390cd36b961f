/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One run of a source, from start to stop.
 */
#include "gstmcreceiver.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gstmcname.h"
#include "gstmcsocket.h"

/* For how long after a pause stamps are compared with the wall clock, which
 * may be set at any time. */
#define STALE_FOR CORE_SECOND

struct _GstMcReceiver
{
  GstMcTell tell;
  GstPoll *poll;
  int wake_fd;
  GstPollFD wake_pollfd;
  GstMcNetlink *netlink;
  GstMcPath *path;

  gchar *source_setting;
  guint64 lookup_timeout;
  GstMcName *source_name;       /* NULL when the source's address is known */
  GstMcOutput output;

  GstClockTime stale_before;    /* Unix time */
  core_time stale_until;        /* when to stop looking at it */
  guint64 paused;
  guint64 empty;
};

GstMcReceiver *
gst_mc_receiver_new (GstBaseSrc * src, const GstMcSettings * settings,
    const gchar * delivery, guint64 lookup_timeout, GstPoll * poll,
    GError ** error)
{
  GstMcReceiver *rx = g_new0 (GstMcReceiver, 1);
  const gchar *name;

  gst_mc_tell_init (&rx->tell, src, settings, delivery);
  rx->poll = poll;
  gst_mc_output_init (&rx->output, settings);
  gst_poll_fd_init (&rx->wake_pollfd);
  rx->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  rx->lookup_timeout = lookup_timeout;
  rx->source_setting = g_strdup (settings->source);

  if (!gst_mc_settings_get_channel (settings, &rx->tell.channel, &name, error)) {
    gst_mc_receiver_free (rx);
    return NULL;
  }
  if (rx->wake_fd < 0 || !gst_mc_poll_add (poll, &rx->wake_pollfd, rx->wake_fd)) {
    g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED,
        "Could not set up receiving: out of file descriptors");
    gst_mc_receiver_free (rx);
    return NULL;
  }
  rx->netlink = gst_mc_netlink_new (rx->tell.element, poll);
  if (name)
    rx->source_name = gst_mc_name_new (rx->tell.element, "sender", name,
        rx->wake_fd);
  return rx;
}

void
gst_mc_receiver_free (GstMcReceiver * rx)
{
  if (rx == NULL)
    return;

  gst_mc_tell_cancel_request (&rx->tell, "Stopped before a packet came");
  gst_mc_tell_leave (&rx->tell, "stopped", gst_mc_now ());
  if (rx->path)
    rx->path->klass->close (rx->path, gst_mc_now ());
  gst_mc_netlink_free (rx->netlink);
  gst_mc_name_free (rx->source_name);
  gst_mc_poll_remove (rx->poll, &rx->wake_pollfd);
  if (rx->wake_fd >= 0)
    close (rx->wake_fd);
  gst_mc_output_clear (&rx->output);
  g_free (rx->source_setting);
  g_free (rx);
}

GstMcTell *
gst_mc_receiver_get_tell (GstMcReceiver * rx)
{
  return &rx->tell;
}

GstPoll *
gst_mc_receiver_get_poll (GstMcReceiver * rx)
{
  return rx->poll;
}

int
gst_mc_receiver_get_wake_fd (GstMcReceiver * rx)
{
  return rx->wake_fd;
}

void
gst_mc_receiver_set_path (GstMcReceiver * rx, GstMcPath * path)
{
  rx->path = path;
}

void
gst_mc_receiver_resume (GstMcReceiver * rx, GstClockTime resumed_at,
    core_time now)
{
  if (!rx->tell.waiting)
    rx->tell.started = now;
  rx->stale_before = resumed_at;
  rx->stale_until = now + STALE_FOR;
  rx->path->klass->resume (rx->path, now);
  gst_mc_tell_wait (&rx->tell, now);
  rx->output.discont = TRUE;
}

/* When a sender's name must have led to an address. */
static core_time
source_deadline (const GstMcReceiver * rx)
{
  return rx->lookup_timeout == 0 ? CORE_TIME_NEVER :
      rx->tell.started + rx->lookup_timeout;
}

/* The sender's address of the group's family, if its name has one. */
static gboolean
find_source (GstMcReceiver * rx, core_time now)
{
  GstMcChannel *channel = &rx->tell.channel;
  const GArray *ips;
  gchar text[CORE_IP_TEXT_MAX];

  gst_mc_name_update (rx->source_name, now);
  ips = gst_mc_name_get_ips (rx->source_name);
  for (guint i = 0; ips && i < ips->len; i++) {
    const core_ip *ip = &g_array_index (ips, core_ip, i);

    if (ip->family == channel->group.family && core_ip_is_unicast (ip)) {
      channel->source = *ip;
      GST_INFO_OBJECT (rx->tell.element, "the sender's address is %s",
          core_ip_to_string (ip, text));
      return TRUE;
    }
  }
  return FALSE;
}

static void
post_no_source (GstMcReceiver * rx)
{
  const gchar *problem = gst_mc_name_get_problem (rx->source_name);

  if (problem == NULL)
    problem = "it has no address of the group's IP version";
  GST_ELEMENT_ERROR (rx->tell.element, RESOURCE, NOT_FOUND,
      ("Could not look up the sender \"%s\" (property \"source\"): %s. "
          "Check the name, or give the address", rx->source_setting, problem),
      (NULL));
}

/* Joins once the sender's address is known.  FALSE: it could not be learnt in
 * time, or there is no joining. */
static gboolean
ask_for_channel (GstMcReceiver * rx, core_time now)
{
  if (rx->tell.waiting)
    return TRUE;
  if (rx->source_name && !find_source (rx, now)) {
    if (now < source_deadline (rx))
      return TRUE;
    post_no_source (rx);
    return FALSE;
  }
  g_clear_pointer (&rx->source_name, gst_mc_name_free);
  gst_mc_tell_wait (&rx->tell, now);
  rx->tell.waiting = TRUE;
  return rx->path->klass->join (rx->path, now);
}

static void
drain_wake_fd (GstMcReceiver * rx)
{
  guint64 count;

  if (gst_poll_fd_can_read (rx->poll, &rx->wake_pollfd))
    while (read (rx->wake_fd, &count, sizeof (count)) > 0);
}

gboolean
gst_mc_receiver_step (GstMcReceiver * rx, core_time now)
{
  drain_wake_fd (rx);
  if (!ask_for_channel (rx, now))
    return FALSE;
  if (gst_mc_netlink_step (rx->netlink, now) && rx->tell.waiting)
    rx->path->klass->network_changed (rx->path, rx->netlink, now);
  if (!rx->path->klass->step (rx->path, now))
    return FALSE;
  gst_mc_tell_expire (&rx->tell, now);
  return TRUE;
}

GstClockTime
gst_mc_receiver_time_to_wait (GstMcReceiver * rx, core_time now)
{
  core_time deadline = MIN (rx->path->klass->deadline (rx->path),
      gst_mc_tell_deadline (&rx->tell));

  deadline = MIN (deadline, gst_mc_netlink_deadline (rx->netlink));
  if (rx->source_name) {
    deadline = MIN (deadline, gst_mc_name_deadline (rx->source_name));
    deadline = MIN (deadline, source_deadline (rx));
  }
  if (deadline == CORE_TIME_NEVER)
    return GST_CLOCK_TIME_NONE;
  return deadline > now ? deadline - now : 0;
}

/* Takes the buffer of a payload, which may have to be dropped. */
static void
add_payload (GstMcReceiver * rx, GstBuffer * buffer, GstClockTime realtime,
    guint16 source_port, core_time now)
{
  gboolean is_empty = gst_buffer_get_size (buffer) == 0;
  gboolean is_stale = now < rx->stale_until &&
      GST_CLOCK_TIME_IS_VALID (realtime) && realtime < rx->stale_before;

  if (!is_empty && !is_stale) {
    gst_mc_output_add (&rx->output, buffer, realtime,
        &rx->tell.channel.source, source_port);
    return;
  }
  if (is_empty)
    rx->empty++;
  else
    rx->paused++;
  gst_buffer_unref (buffer);
}

gint
gst_mc_receiver_receive (GstMcReceiver * rx, core_time now)
{
  gint n = rx->path->klass->receive (rx->path);

  if (n < 0) {
    GST_ELEMENT_ERROR (rx->tell.element, RESOURCE, READ,
        ("Could not receive from the network: %s", g_strerror (-n)), (NULL));
    return -1;
  }
  if (n > 0)
    gst_mc_output_begin (&rx->output, rx->tell.element);
  for (gint i = 0; i < n; i++) {
    GstClockTime realtime;
    guint16 source_port;
    GstBuffer *buffer = rx->path->klass->take (rx->path, (guint) i, now,
        &realtime, &source_port);

    if (buffer)
      add_payload (rx, buffer, realtime, source_port, now);
  }

  /* Answers first: a Query waits for its Update. */
  if (!gst_mc_receiver_step (rx, now))
    return -1;
  rx->output.discont |= rx->tell.discont;
  rx->tell.discont = FALSE;
  if (rx->output.n > 0)
    gst_mc_tell_data (&rx->tell, now);
  return (gint) rx->output.n;
}

GstMcOutput *
gst_mc_receiver_get_output (GstMcReceiver * rx)
{
  return &rx->output;
}

void
gst_mc_receiver_get_snapshot (const GstMcReceiver * rx,
    GstMcSnapshot * snapshot)
{
  rx->path->klass->get_stats (rx->path, &snapshot->path);
  snapshot->packets_pushed = rx->output.packets_pushed;
  snapshot->packets_flushed = rx->output.packets_flushed;
  snapshot->paused = rx->paused;
  snapshot->empty = rx->empty;
  snapshot->last_packet = rx->output.last_realtime;
  snapshot->join_latency = rx->tell.join_latency;
  snapshot->running = TRUE;
}
