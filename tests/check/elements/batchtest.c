/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of batches need: a socket with a batch, and a sender.
 */
#include "batchtest.h"

#include <gst/check/gstcheck.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void (*batch_test_alter) (struct msghdr * msg, int value);
int batch_test_alter_value;

/* Instead of the C library's. */
int
recvmmsg (int fd, struct mmsghdr *headers, unsigned int n, int flags,
    struct timespec *timeout)
{
  int ret = (int) syscall (SYS_recvmmsg, fd, headers, n, flags, timeout);

  for (int i = 0; batch_test_alter && i < ret; i++)
    batch_test_alter (&headers[i].msg_hdr, batch_test_alter_value);
  return ret;
}

/* The next datagrams come from a socket of their own. */
void
batch_test_open_sender (BatchTest * f)
{
  struct sockaddr_storage sa;
  socklen_t len = sizeof (sa);

  getsockname (f->socket.fd, (struct sockaddr *) &sa, &len);
  f->sender = socket (sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  fail_unless_equals_int (connect (f->sender, (struct sockaddr *) &sa, len), 0);
  getsockname (f->sender, (struct sockaddr *) &sa, &len);
  /* the port stands in one place in both families */
  f->sender_port = g_ntohs (((struct sockaddr_in *) &sa)->sin_port);
}

void
batch_test_open_at (BatchTest * f, const gchar * address, gboolean gro)
{
  core_addr any = { 0 };

  batch_test_alter = NULL;
  fail_unless (core_ip_from_string (address, &any.ip));
  fail_unless (gst_mc_socket_open (&f->socket, &any, NULL));
  fail_unless (!gro || gst_mc_socket_join_datagrams (&f->socket));
  f->batch = gst_mc_batch_new (BATCH_TEST_SIZE, BATCH_TEST_MTU, gro);
  batch_test_open_sender (f);
}

void
batch_test_open (BatchTest * f, gboolean gro)
{
  batch_test_open_at (f, "127.0.0.1", gro);
}

void
batch_test_close (BatchTest * f)
{
  g_clear_pointer (&f->batch, gst_mc_batch_free);
  gst_mc_socket_close (&f->socket);
  close (f->sender);
}

/* Bytes that tell which of them is missing, for each number others. */
static guint8
byte_at (guint number, gsize i)
{
  return (guint8) (number * 7 + i * 13 + i / 256);
}

static void
fill (guint8 * data, guint number, gsize len)
{
  for (gsize i = 0; i < len; i++)
    data[i] = byte_at (number, i);
}

gboolean
batch_test_is_filled (const guint8 * data, guint number, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if (data[i] != byte_at (number, i))
      return FALSE;
  return TRUE;
}

/* Sends datagrams number, number + 1, ... as one piece that is cut into parts;
 * with part 0 as one datagram. */
void
batch_test_send (BatchTest * f, guint number, gsize len, guint16 part)
{
  g_autofree guint8 *data = g_malloc (MAX (len, 1));
  int segment = part;

  for (gsize at = 0; at < len; at += part ? part : len, number++)
    fill (data + at, number, part ? MIN (part, len - at) : len);
  fail_unless_equals_int (setsockopt (f->sender, SOL_UDP, UDP_SEGMENT,
          &segment, sizeof (segment)), 0);
  fail_unless_equals_int (send (f->sender, data, len, 0), (gssize) len);
}

/* On the loopback interface what was sent is there. */
void
batch_test_expect (BatchTest * f, gint n)
{
  fail_unless_equals_int (gst_mc_batch_receive (f->batch, f->socket.fd), n);
}

GstBuffer *
batch_test_take_next (BatchTest * f, guint number, gsize len)
{
  const GstMcDatagram *d = gst_mc_batch_next (f->batch);

  fail_if (d == NULL);
  fail_if (d->truncated);
  fail_unless_equals_uint64 (d->len, len);
  fail_unless (batch_test_is_filled (d->data, number, len));
  fail_unless_equals_int (d->from.port, f->sender_port);
  fail_unless (GST_CLOCK_TIME_IS_VALID (d->realtime));
  return gst_mc_batch_take (f->batch, d->data, len);
}

void
batch_test_check_buffer (GstBuffer * buffer, guint number, gsize len)
{
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless_equals_uint64 (map.size, len);
  fail_unless (batch_test_is_filled (map.data, number, len));
  gst_buffer_unmap (buffer, &map);
}

/* Where the slot or block begins in which a buffer lies. */
gpointer
batch_test_block_of (GstBuffer * buffer)
{
  GstMemory *memory = gst_buffer_peek_memory (buffer, 0);
  GstMapInfo map;
  guint8 *begin;

  fail_unless (gst_memory_map (memory, &map, GST_MAP_READ));
  begin = map.data - memory->offset;
  gst_memory_unmap (memory, &map);
  return begin;
}

gsize
batch_test_memory_held (GstBuffer * buffer)
{
  gsize offset, max;

  gst_memory_get_sizes (gst_buffer_peek_memory (buffer, 0), &offset, &max);
  return max;
}
