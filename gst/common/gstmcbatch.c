/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Receives datagrams in batches.
 *
 * With UDP_GRO nobody can say in advance whether a message is one datagram or
 * dozens that the kernel has joined.  So each is read into a small slot and,
 * what is more than that, into a large block behind it.  A datagram by itself
 * then holds no more memory than its own size; of those that came joined the
 * first ones lie in the slot and all others in the block, and the one that was
 * cut at the end of the slot is mended by copying its beginning in front of the
 * block, where there is room.  An offset into the message is an offset into the
 * slot and into the block alike.
 */
#include "gstmcbatch.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "gstmcblock.h"
#include "gstmcsocket.h"

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* Room for the control messages of one message: stamp, drop counter,
 * destination, size of the parts, and some to spare. */
#define CONTROL_WORDS 24

/* No message is longer than a slot and a block together. */
#define BLOCK_BYTES 65536

/* Slots to keep, in batches: what is pushed while the next one is filled. */
#define KEEP_BATCHES 2

/* Blocks that there may be, in batches: likewise, and those to be filled.  A
 * block may be held by one small datagram in it. */
#define LIMIT_BATCHES 3

typedef struct
{
  GstMcBlock *slot;
  GstMcBlock *block;            /* NULL without GRO */
  struct iovec iov[2];
  struct sockaddr_storage name;
  guint64 control[CONTROL_WORDS];       /* cmsghdr wants its alignment */

  gsize len;
  gsize part;                   /* size of each datagram but the last */
  guint n_parts;
  gboolean cut;                 /* by the kernel: it, or what is told of it */
  GstMcDatagram datagram;       /* what all parts have in common */
} Message;

struct _GstMcBatch
{
  guint size;
  gsize mtu;
  GstMcBlockPool *slots;
  GstMcBlockPool *blocks;       /* NULL without GRO */
  Message *messages;
  struct mmsghdr *headers;

  guint n;                      /* messages of the last receive */
  guint n_dirty;                /* messages to be prepared anew */
  guint current;                /* message of the datagram looked at */
  guint parts_left;             /*   behind it */
  gsize offset;                 /* of the datagram in its message */
  gsize next_offset;

  struct sockaddr_storage last_name;    /* often the next one's too: */
  core_addr last_from;

  guint32 last_overflow;        /* the kernel's counter, which wraps */
  guint64 kernel_dropped;
};

GstMcBatch *
gst_mc_batch_new (guint size, gsize mtu, gboolean gro)
{
  GstMcBatch *batch = g_new0 (GstMcBatch, 1);

  batch->size = size;
  batch->mtu = mtu;
  batch->n_dirty = size;
  batch->messages = g_new0 (Message, size);
  batch->headers = g_new0 (struct mmsghdr, size);
  batch->slots = gst_mc_block_pool_new (mtu, KEEP_BATCHES * size, 0);
  if (gro)
    batch->blocks = gst_mc_block_pool_new (BLOCK_BYTES, 0,
        LIMIT_BATCHES * size);
  return batch;
}

static void
clear_block (GstMcBlock ** block)
{
  g_clear_pointer (block, gst_mc_block_release);
}

void
gst_mc_batch_free (GstMcBatch * batch)
{
  if (batch == NULL)
    return;
  for (guint i = 0; i < batch->size; i++) {
    clear_block (&batch->messages[i].slot);
    clear_block (&batch->messages[i].block);
  }
  gst_mc_block_pool_free (batch->slots);
  gst_mc_block_pool_free (batch->blocks);
  g_free (batch->headers);
  g_free (batch->messages);
  g_free (batch);
}

static void
prepare_message (GstMcBatch * batch, guint i)
{
  Message *m = &batch->messages[i];
  struct msghdr *msg = &batch->headers[i].msg_hdr;

  if (m->slot == NULL) {
    m->slot = gst_mc_block_pool_acquire (batch->slots);
    m->iov[0].iov_base = gst_mc_block_get_data (m->slot);
    m->iov[0].iov_len = batch->mtu;
  }
  if (m->block == NULL && batch->blocks) {
    m->block = gst_mc_block_pool_acquire (batch->blocks);
    m->iov[1].iov_base = gst_mc_block_get_data (m->block) + batch->mtu;
    m->iov[1].iov_len = BLOCK_BYTES - batch->mtu;
  }
  msg->msg_name = &m->name;
  msg->msg_namelen = sizeof (m->name);
  msg->msg_iov = m->iov;
  msg->msg_iovlen = batch->blocks ? 2 : 1;
  msg->msg_control = m->control;
  msg->msg_controllen = sizeof (m->control);
  msg->msg_flags = 0;
}

/* What was taken of it has left with the buffers. */
static void
release_used (Message * m)
{
  if (gst_mc_block_is_used (m->slot))
    clear_block (&m->slot);
  if (m->block && gst_mc_block_is_used (m->block))
    clear_block (&m->block);
}

static void
prepare (GstMcBatch * batch)
{
  for (guint i = batch->current; i < batch->n; i++)
    release_used (&batch->messages[i]);
  for (guint i = 0; i < batch->n_dirty; i++)
    prepare_message (batch, i);
  batch->n = 0;
  batch->n_dirty = 0;
  batch->current = 0;
  batch->parts_left = 0;
}

/* Copies what a control message says.  FALSE: it was cut. */
static gboolean
read_value (struct cmsghdr *cmsg, gpointer value, gsize size)
{
  if (cmsg->cmsg_len < CMSG_LEN (size))
    return FALSE;
  memcpy (value, CMSG_DATA (cmsg), size);
  return TRUE;
}

/* The group a datagram was sent to. */
static void
read_destination (struct cmsghdr *cmsg, GstMcDatagram * out)
{
  struct in6_pktinfo info;

  if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO &&
      read_value (cmsg, &info, sizeof (info)))
    out->to = core_ip_v6 (info.ipi6_addr.s6_addr);
}

static void
read_stamp (struct cmsghdr *cmsg, GstMcDatagram * out)
{
  struct timespec ts;

  if (read_value (cmsg, &ts, sizeof (ts)))
    out->realtime = GST_TIMESPEC_TO_TIME (ts);
}

static void
read_overflow (GstMcBatch * batch, struct cmsghdr *cmsg)
{
  guint32 overflow;

  if (!read_value (cmsg, &overflow, sizeof (overflow)))
    return;
  batch->kernel_dropped += (guint32) (overflow - batch->last_overflow);
  batch->last_overflow = overflow;
}

static void
read_part (struct cmsghdr *cmsg, Message * m)
{
  int size;

  if (read_value (cmsg, &size, sizeof (size)) && size > 0)
    m->part = (gsize) size;
}

static void
read_control (GstMcBatch * batch, Message * m, struct msghdr *msg)
{
  for (struct cmsghdr * cmsg = CMSG_FIRSTHDR (msg); cmsg;
      cmsg = CMSG_NXTHDR (msg, cmsg)) {
    if (cmsg->cmsg_level == SOL_UDP && cmsg->cmsg_type == UDP_GRO)
      read_part (cmsg, m);
    else if (cmsg->cmsg_level != SOL_SOCKET)
      read_destination (cmsg, &m->datagram);
    else if (cmsg->cmsg_type == SCM_TIMESTAMPNS)
      read_stamp (cmsg, &m->datagram);
    else if (cmsg->cmsg_type == SO_RXQ_OVFL)
      read_overflow (batch, cmsg);
  }
}

/* Nearly always the sender is the one before. */
static void
read_sender (GstMcBatch * batch, const Message * m, socklen_t len,
    GstMcDatagram * out)
{
  len = MIN (len, sizeof (m->name));
  if (len == 0 || memcmp (&batch->last_name, &m->name, len) != 0) {
    memset (&batch->last_name, 0, sizeof (batch->last_name));
    memcpy (&batch->last_name, &m->name, len);
    gst_mc_addr_from_sockaddr ((const struct sockaddr *) &m->name, len,
        &batch->last_from);
  }
  out->from = batch->last_from;
}

/* Returns the number of datagrams in it. */
static guint
read_message (GstMcBatch * batch, guint i)
{
  Message *m = &batch->messages[i];
  struct msghdr *msg = &batch->headers[i].msg_hdr;

  m->len = batch->headers[i].msg_len;
  m->part = MAX (m->len, 1);
  m->datagram.realtime = GST_CLOCK_TIME_NONE;
  memset (&m->datagram.to, 0, sizeof (m->datagram.to));
  read_sender (batch, m, msg->msg_namelen, &m->datagram);
  read_control (batch, m, msg);
  /* Without its control messages nobody knows where its parts begin. */
  m->cut = (msg->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  m->n_parts = (guint) MAX ((m->len + m->part - 1) / m->part, 1);
  if (m->n_parts > 1 && m->block)
    gst_mc_block_prefetch (m->block, m->n_parts);
  return m->n_parts;
}

static gint
read_messages (GstMcBatch * batch, guint n)
{
  guint n_datagrams = 0;

  batch->n = n;
  batch->n_dirty = n;
  for (guint i = 0; i < n; i++)
    n_datagrams += read_message (batch, i);
  batch->parts_left = n > 0 ? batch->messages[0].n_parts : 0;
  batch->next_offset = 0;
  return (gint) n_datagrams;
}

gint
gst_mc_batch_receive (GstMcBatch * batch, int fd)
{
  prepare (batch);

  /* A pending ICMP error is told once, then the datagrams behind it. */
  for (int attempt = 0; attempt < 3; attempt++) {
    int n = recvmmsg (fd, batch->headers, batch->size, MSG_DONTWAIT, NULL);

    if (n >= 0)
      return read_messages (batch, (guint) n);
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      return 0;
    if (errno != EINTR && !gst_mc_errno_is_network (errno))
      return -errno;
  }
  return 0;
}

guint
gst_mc_batch_get_n_messages (const GstMcBatch * batch)
{
  return batch->n;
}

/* The block in which the datagram looked at lies whole. */
static GstMcBlock *
block_of_part (GstMcBatch * batch, const Message * m)
{
  gsize end = batch->offset + m->datagram.len;

  return end <= batch->mtu || m->block == NULL ? m->slot : m->block;
}

static const guint8 *
whole_part (GstMcBatch * batch, Message * m)
{
  guint8 *slot = gst_mc_block_get_data (m->slot);
  guint8 *block;

  if (block_of_part (batch, m) == m->slot)
    return slot + batch->offset;
  block = gst_mc_block_get_data (m->block);
  if (batch->offset < batch->mtu)
    memcpy (block + batch->offset, slot + batch->offset,
        batch->mtu - batch->offset);
  return block + batch->offset;
}

const GstMcDatagram *
gst_mc_batch_next (GstMcBatch * batch)
{
  Message *m;

  while (batch->parts_left == 0) {
    if (batch->current == batch->n)
      return NULL;
    release_used (&batch->messages[batch->current]);
    if (++batch->current == batch->n)
      return NULL;
    batch->parts_left = batch->messages[batch->current].n_parts;
    batch->next_offset = 0;
  }

  m = &batch->messages[batch->current];
  batch->parts_left--;
  batch->offset = batch->next_offset;
  m->datagram.first = batch->offset == 0;
  m->datagram.len = MIN (m->part, m->len - batch->offset);
  m->datagram.truncated = m->cut || m->datagram.len > batch->mtu;
  batch->next_offset += m->datagram.len;
  m->datagram.data = whole_part (batch, m);
  return &m->datagram;
}

GstBuffer *
gst_mc_batch_take (GstMcBatch * batch, const guint8 * data, gsize len)
{
  Message *m = &batch->messages[batch->current];
  GstMcBlock *block = block_of_part (batch, m);

  return gst_mc_block_take (block,
      (gsize) (data - gst_mc_block_get_data (block)), len, m->n_parts == 1);
}

guint64
gst_mc_batch_get_kernel_dropped (const GstMcBatch * batch)
{
  return batch->kernel_dropped;
}
