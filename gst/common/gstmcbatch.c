/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Receives datagrams in batches into buffers of a pool.
 */
#include "gstmcbatch.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "gstmcsocket.h"

/* Room for the control messages of one datagram: stamp, drop counter,
 * destination, and some to spare. */
#define CONTROL_WORDS 24

typedef struct
{
  GstBuffer *buffer;            /* mapped while it waits here */
  GstMapInfo map;
  struct iovec iov;
  struct sockaddr_storage name;
  guint64 control[CONTROL_WORDS];       /* cmsghdr wants its alignment */
} Slot;

struct _GstMcBatch
{
  guint size;
  gsize slot_bytes;
  GstBufferPool *pool;
  Slot *slots;
  struct mmsghdr *headers;

  guint32 last_overflow;        /* the kernel's counter, which wraps */
  guint64 kernel_dropped;
};

GstMcBatch *
gst_mc_batch_new (guint size, gsize slot_bytes)
{
  GstMcBatch *batch = g_new0 (GstMcBatch, 1);
  GstStructure *config;

  batch->size = size;
  batch->slot_bytes = slot_bytes;
  batch->slots = g_new0 (Slot, size);
  batch->headers = g_new0 (struct mmsghdr, size);

  batch->pool = gst_buffer_pool_new ();
  config = gst_buffer_pool_get_config (batch->pool);
  /* No upper bound: acquiring must never wait for downstream. */
  gst_buffer_pool_config_set_params (config, NULL, (guint) slot_bytes, 0, 0);
  if (!gst_buffer_pool_set_config (batch->pool, config) ||
      !gst_buffer_pool_set_active (batch->pool, TRUE)) {
    gst_mc_batch_free (batch);
    return NULL;
  }
  return batch;
}

static void
slot_clear (Slot * slot)
{
  if (slot->buffer) {
    gst_buffer_unmap (slot->buffer, &slot->map);
    gst_clear_buffer (&slot->buffer);
  }
}

void
gst_mc_batch_free (GstMcBatch * batch)
{
  if (batch == NULL)
    return;
  for (guint i = 0; i < batch->size; i++)
    slot_clear (&batch->slots[i]);
  gst_buffer_pool_set_active (batch->pool, FALSE);
  gst_object_unref (batch->pool);
  g_free (batch->headers);
  g_free (batch->slots);
  g_free (batch);
}

static gboolean
slot_fill (GstMcBatch * batch, Slot * slot)
{
  if (gst_buffer_pool_acquire_buffer (batch->pool, &slot->buffer, NULL) !=
      GST_FLOW_OK)
    return FALSE;
  if (!gst_buffer_map (slot->buffer, &slot->map, GST_MAP_WRITE)) {
    gst_clear_buffer (&slot->buffer);
    return FALSE;
  }
  slot->iov.iov_base = slot->map.data;
  slot->iov.iov_len = slot->map.size;
  return TRUE;
}

/* Readies as many slots as memory allows. */
static guint
prepare (GstMcBatch * batch)
{
  guint i;

  for (i = 0; i < batch->size; i++) {
    Slot *slot = &batch->slots[i];
    struct msghdr *msg = &batch->headers[i].msg_hdr;

    if (slot->buffer == NULL && !slot_fill (batch, slot))
      break;
    msg->msg_name = &slot->name;
    msg->msg_namelen = sizeof (slot->name);
    msg->msg_iov = &slot->iov;
    msg->msg_iovlen = 1;
    msg->msg_control = slot->control;
    msg->msg_controllen = sizeof (slot->control);
    msg->msg_flags = 0;
  }
  return i;
}

gint
gst_mc_batch_receive (GstMcBatch * batch, int fd)
{
  guint ready = prepare (batch);

  if (ready == 0)
    return -ENOMEM;

  /* A pending ICMP error is told once, then the datagrams behind it. */
  for (int attempt = 0; attempt < 3; attempt++) {
    int n = recvmmsg (fd, batch->headers, ready, MSG_DONTWAIT, NULL);

    if (n >= 0)
      return n;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      return 0;
    if (errno != EINTR && !gst_mc_errno_is_network (errno))
      return -errno;
  }
  return 0;
}

/* The group a datagram was sent to. */
static void
read_destination (struct cmsghdr *cmsg, GstMcDatagram * out)
{
  if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
    struct in_pktinfo info;

    memcpy (&info, CMSG_DATA (cmsg), sizeof (info));
    out->to = core_ip_v4 ((const uint8_t *) &info.ipi_addr);
  } else if (cmsg->cmsg_level == IPPROTO_IPV6
      && cmsg->cmsg_type == IPV6_PKTINFO) {
    struct in6_pktinfo info;

    memcpy (&info, CMSG_DATA (cmsg), sizeof (info));
    out->to = core_ip_v6 (info.ipi6_addr.s6_addr);
  }
}

static void
read_control (GstMcBatch * batch, struct msghdr *msg, GstMcDatagram * out)
{
  struct cmsghdr *cmsg;

  for (cmsg = CMSG_FIRSTHDR (msg); cmsg; cmsg = CMSG_NXTHDR (msg, cmsg)) {
    if (cmsg->cmsg_level != SOL_SOCKET) {
      read_destination (cmsg, out);
      continue;
    }
    if (cmsg->cmsg_type == SCM_TIMESTAMPNS) {
      struct timespec ts;

      memcpy (&ts, CMSG_DATA (cmsg), sizeof (ts));
      out->realtime = GST_TIMESPEC_TO_TIME (ts);
    } else if (cmsg->cmsg_type == SO_RXQ_OVFL) {
      guint32 overflow;

      memcpy (&overflow, CMSG_DATA (cmsg), sizeof (overflow));
      batch->kernel_dropped += (guint32) (overflow - batch->last_overflow);
      batch->last_overflow = overflow;
    }
  }
}

void
gst_mc_batch_get (GstMcBatch * batch, guint i, GstMcDatagram * out)
{
  Slot *slot = &batch->slots[i];
  struct msghdr *msg = &batch->headers[i].msg_hdr;

  out->data = slot->map.data;
  out->len = batch->headers[i].msg_len;
  out->truncated = (msg->msg_flags & MSG_TRUNC) != 0;
  out->realtime = GST_CLOCK_TIME_NONE;
  memset (&out->to, 0, sizeof (out->to));
  gst_mc_addr_from_sockaddr ((struct sockaddr *) &slot->name,
      msg->msg_namelen, &out->from);
  read_control (batch, msg, out);
}

GstBuffer *
gst_mc_batch_take (GstMcBatch * batch, guint i, gsize offset, gsize len)
{
  Slot *slot = &batch->slots[i];
  GstBuffer *buffer = slot->buffer;

  gst_buffer_unmap (buffer, &slot->map);
  slot->buffer = NULL;
  gst_buffer_resize (buffer, (gssize) offset, (gssize) len);
  return buffer;
}

guint64
gst_mc_batch_get_kernel_dropped (const GstMcBatch * batch)
{
  return batch->kernel_dropped;
}
