/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Datagrams on their way to the kernel.
 */
#include "gstamtsender.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (gst_amt_relay_sink_debug);
#define GST_CAT_DEFAULT gst_amt_relay_sink_debug

/* Messages given to the kernel at once. */
#define BATCH_SIZE 256

/* How long one push may wait for room in the socket's buffer in all, and how
 * often it tries again and looks whether it is to end. */
#define ROOM_WAIT (100 * G_TIME_SPAN_MILLISECOND)
#define ROOM_POLL_MS 5

#define SEGMENT_CONTROL_MAX \
  (GST_AMT_ROUTE_CONTROL_MAX + CMSG_SPACE (sizeof (guint16)))

/* What a message carries. */
typedef struct
{
  GstAmtTarget *target;
  struct iovec *pieces;
  guint n;                      /* datagrams */
} Parcel;

typedef struct
{
  struct mmsghdr *messages;
  Parcel *parcels;
  guint n;
} Batch;

/* A route's control data and the size of the segments: two messages to one
 * gateway may differ in that. */
typedef union
{
  gsize align;                  /* that of struct cmsghdr */
  guint8 bytes[SEGMENT_CONTROL_MAX];
} SegmentControl;

struct _GstAmtSender
{
  GstElement *element;          /* not a reference: it owns us */
  GstAmtSenderPause pause;
  GstAmtSenderCounters *counters;
  gint flushing;                /* atomic */

  /* the streaming thread's own */
  gint64 wait_until;            /* 0: this push has not waited yet */
  gboolean stuck;               /* waited in vain, and nothing was sent since */
  gsize too_big;
  Batch batch;
  Batch singles;                /* the parts of one message that was refused */
  struct mmsghdr messages[BATCH_SIZE];
  Parcel parcels[BATCH_SIZE];
  SegmentControl control[BATCH_SIZE];
  struct mmsghdr single_messages[GST_AMT_SEGMENTS_MAX];
  Parcel single_parcels[GST_AMT_SEGMENTS_MAX];
};

static GstFlowReturn send_one_by_one (GstAmtSender * s, gint fd,
    const Parcel * parcel, gint err);

GstAmtSender *
gst_amt_sender_new (GstElement * element, GstAmtSenderPause pause,
    GstAmtSenderCounters * counters)
{
  GstAmtSender *s = g_new0 (GstAmtSender, 1);

  s->element = element;
  s->pause = pause;
  s->counters = counters;
  s->batch.messages = s->messages;
  s->batch.parcels = s->parcels;
  s->singles.messages = s->single_messages;
  s->singles.parcels = s->single_parcels;
  return s;
}

void
gst_amt_sender_free (GstAmtSender * s)
{
  g_free (s);
}

void
gst_amt_sender_start (GstAmtSender * s)
{
  s->stuck = FALSE;
  s->too_big = 0;
  s->batch.n = 0;
}

void
gst_amt_sender_set_flushing (GstAmtSender * s, gboolean flushing)
{
  g_atomic_int_set (&s->flushing, flushing);
}

void
gst_amt_sender_begin (GstAmtSender * s)
{
  s->wait_until = 0;
}

gsize
gst_amt_sender_too_big (GstAmtSender * s)
{
  return s->too_big;
}

/*
 * Messages
 */

static gsize
payload_size (const Parcel * parcel)
{
  gsize size = 0;

  for (guint i = 0; i < parcel->n; i++)
    size += parcel->pieces[i * GST_AMT_PIECES + 1].iov_len;
  return size;
}

static struct msghdr *
add_message (Batch * batch, GstAmtTarget * target, struct iovec *pieces,
    guint n)
{
  struct msghdr *msg = &batch->messages[batch->n].msg_hdr;
  Parcel *parcel = &batch->parcels[batch->n];

  gst_amt_route_apply (&target->route, msg);
  msg->msg_iov = pieces;
  msg->msg_iovlen = (gsize) n *GST_AMT_PIECES;
  msg->msg_flags = 0;
  parcel->target = target;
  parcel->pieces = pieces;
  parcel->n = n;
  batch->n++;
  return msg;
}

/* The kernel cuts the message to datagrams as long as its first one. */
static void
set_segment_size (struct msghdr *msg, SegmentControl * control)
{
  guint16 size = 0;
  struct cmsghdr *c;

  for (guint i = 0; i < GST_AMT_PIECES; i++)
    size = (guint16) (size + msg->msg_iov[i].iov_len);
  memcpy (control->bytes, msg->msg_control, msg->msg_controllen);
  c = (struct cmsghdr *) (gpointer) (control->bytes + msg->msg_controllen);
  c->cmsg_level = SOL_UDP;
  c->cmsg_type = UDP_SEGMENT;
  c->cmsg_len = CMSG_LEN (sizeof (size));
  memcpy (CMSG_DATA (c), &size, sizeof (size));
  msg->msg_control = control->bytes;
  msg->msg_controllen += CMSG_SPACE (sizeof (size));
}

static GstFlowReturn
add_to_batch (GstAmtSender * s, gint fd, GstAmtTarget * target,
    struct iovec *pieces, guint n)
{
  GstFlowReturn ret = GST_FLOW_OK;
  struct msghdr *msg;

  if (s->batch.n == BATCH_SIZE)
    ret = gst_amt_sender_flush (s, fd);
  if (ret != GST_FLOW_OK)
    return ret;
  msg = add_message (&s->batch, target, pieces, n);
  if (n > 1)
    set_segment_size (msg, &s->control[s->batch.n - 1]);
  return GST_FLOW_OK;
}

GstFlowReturn
gst_amt_sender_add (GstAmtSender * s, gint fd, GstAmtTarget * target,
    struct iovec *pieces, guint n)
{
  GstFlowReturn ret = GST_FLOW_OK;

  if (!target->one_by_one)
    return add_to_batch (s, fd, target, pieces, n);
  for (guint i = 0; i < n && ret == GST_FLOW_OK; i++)
    ret = add_to_batch (s, fd, target, pieces + i * GST_AMT_PIECES, 1);
  return ret;
}

/*
 * Sending
 */

/* poll () tells of room when half of the buffer is free, which takes long on a
 * slow path; so the caller tries again after each short wait. */
static gboolean
wait_for_room (GstAmtSender * s, gint fd)
{
  struct pollfd pfd = { fd, POLLOUT, 0 };
  gint64 now = g_get_monotonic_time ();

  if (s->wait_until == 0)
    s->wait_until = now + ROOM_WAIT;
  if (now >= s->wait_until)
    s->stuck = TRUE;
  if (s->stuck)
    return FALSE;
  poll (&pfd, 1, ROOM_POLL_MS);
  /* ICMP news that the control thread has not fetched yet ends poll () too. */
  if (pfd.revents != POLLOUT)
    g_usleep (1000);
  return TRUE;
}

static void
account_sent (GstAmtSender * s, const Batch * batch, guint from, guint n)
{
  guint64 packets = 0, bytes = 0;

  for (guint i = from; i < from + n; i++) {
    const Parcel *p = &batch->parcels[i];
    gsize size = payload_size (p);

    gst_amt_count (&p->target->packets_sent, p->n);
    gst_amt_count (&p->target->bytes_sent, size);
    packets += p->n;
    bytes += size;
  }
  gst_amt_count (&s->counters->packets_sent, packets);
  gst_amt_count (&s->counters->bytes_sent, bytes);
}

static void
account_no_room (GstAmtSender * s, const Batch * batch, guint from)
{
  for (guint i = from; i < batch->n; i++)
    gst_amt_count (&s->counters->dropped_send_buffer_full, batch->parcels[i].n);
}

/* One datagram. */
static void
account_failed (GstAmtSender * s, const Parcel * parcel, gint err)
{
  gchar text[CORE_ADDR_TEXT_MAX];

  GST_DEBUG ("not sent to %s: %s",
      core_addr_to_string (&parcel->target->at.gateway, text),
      g_strerror (err));
  if (err == ENOBUFS) {
    gst_amt_count (&s->counters->dropped_send_buffer_full, 1);
    return;
  }
  gst_amt_count (&s->counters->dropped_send_failed, 1);
  if (err == EMSGSIZE)
    s->too_big = payload_size (parcel);
}

/* What to do about message i of the batch, which the kernel did not take. */
static GstFlowReturn
handle_error (GstAmtSender * s, gint fd, const Batch * batch, guint * i,
    gboolean * retried)
{
  const Parcel *parcel = &batch->parcels[*i];
  GstFlowReturn ret = GST_FLOW_OK;
  gint err = errno;

  if (err == EINTR)
    return ret;
  if (err == EAGAIN || err == EWOULDBLOCK) {
    if (wait_for_room (s, fd))
      return ret;
    account_no_room (s, batch, *i);
    *i = batch->n;
    return ret;
  }
  /* The error may be the ICMP news of an earlier datagram, which is told once
   * and instead of sending. */
  if (!*retried) {
    *retried = TRUE;
    return ret;
  }
  if (parcel->n > 1)
    ret = send_one_by_one (s, fd, parcel, err);
  else
    account_failed (s, parcel, err);
  (*i)++;
  *retried = FALSE;
  return ret;
}

static GstFlowReturn
send_batch (GstAmtSender * s, gint fd, Batch * batch)
{
  GstFlowReturn ret = GST_FLOW_OK;
  gboolean retried = FALSE;
  guint i = 0;

  while (i < batch->n && ret == GST_FLOW_OK) {
    gint n;

    if (g_atomic_int_get (&s->flushing)) {
      ret = s->pause (s->element);
      continue;
    }
    n = sendmmsg (fd, batch->messages + i, batch->n - i,
        MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) {
      account_sent (s, batch, i, (guint) n);
      i += (guint) n;
      retried = FALSE;
      s->stuck = FALSE;
    } else {
      ret = handle_error (s, fd, batch, &i, &retried);
    }
  }
  batch->n = 0;
  return ret;
}

/* A message of several datagrams was refused.  Each of them may be taken: an
 * interface without checksum offload, or a route through IPsec, takes no
 * segments (EIO, EINVAL) and will not; a queue may have room for some. */
static GstFlowReturn
send_one_by_one (GstAmtSender * s, gint fd, const Parcel * parcel, gint err)
{
  GstAmtTarget *target = parcel->target;
  guint64 before = target->packets_sent;
  gchar text[CORE_ADDR_TEXT_MAX];
  GstFlowReturn ret;

  for (guint i = 0; i < parcel->n; i++)
    add_message (&s->singles, target, parcel->pieces + i * GST_AMT_PIECES, 1);
  ret = send_batch (s, fd, &s->singles);

  if ((err == EIO || err == EINVAL) && !target->one_by_one &&
      target->packets_sent - before == parcel->n) {
    GST_DEBUG ("no segments to %s: %s",
        core_addr_to_string (&target->at.gateway, text), g_strerror (err));
    target->one_by_one = TRUE;
    gst_amt_count (&s->counters->segments_refused, 1);
  }
  return ret;
}

GstFlowReturn
gst_amt_sender_flush (GstAmtSender * s, gint fd)
{
  return send_batch (s, fd, &s->batch);
}
