/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Batches of datagrams, alone and joined by the kernel, and what becomes of
 * their memory downstream.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <gst/check/gstcheck.h>
#include <gst/net/gstnetaddressmeta.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gstmcbatch.h"
#include "gstmcsocket.h"

#define MTU 1500
#define SIZE 8

typedef struct
{
  GstMcSocket socket;
  GstMcBatch *batch;
  int sender;
  guint16 sender_port;
} Fixture;

/* What becomes of the kernel's messages before the batch sees them; NULL:
 * nothing. */
static void (*alter) (struct msghdr * msg, int value);
static int alter_value;

/* Instead of the C library's. */
int
recvmmsg (int fd, struct mmsghdr *headers, unsigned int n, int flags,
    struct timespec *timeout)
{
  int ret = (int) syscall (SYS_recvmmsg, fd, headers, n, flags, timeout);

  for (int i = 0; alter && i < ret; i++)
    alter (&headers[i].msg_hdr, alter_value);
  return ret;
}

static void
alter_size (struct msghdr *msg, int value)
{
  for (struct cmsghdr * c = CMSG_FIRSTHDR (msg); c; c = CMSG_NXTHDR (msg, c))
    if (c->cmsg_level == SOL_UDP)
      memcpy (CMSG_DATA (c), &value, sizeof (value));
}

static void
alter_flags (struct msghdr *msg, int value)
{
  msg->msg_flags |= value;
  msg->msg_controllen = 0;
}

/* As the kernel leaves one that it had no room for. */
static void
alter_lengths (struct msghdr *msg, int value)
{
  for (struct cmsghdr * c = CMSG_FIRSTHDR (msg); c; c = CMSG_NXTHDR (msg, c))
    c->cmsg_len = CMSG_LEN (value);
  msg->msg_flags |= MSG_CTRUNC;
}

/* The next datagrams come from a socket of their own. */
static void
open_sender (Fixture * f)
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

static void
fixture_open_at (Fixture * f, const gchar * address, gboolean gro)
{
  core_addr any = { 0 };

  alter = NULL;
  fail_unless (core_ip_from_string (address, &any.ip));
  fail_unless (gst_mc_socket_open (&f->socket, &any, NULL));
  fail_unless (!gro || gst_mc_socket_join_datagrams (&f->socket));
  f->batch = gst_mc_batch_new (SIZE, MTU, gro);
  open_sender (f);
}

static void
fixture_open (Fixture * f, gboolean gro)
{
  fixture_open_at (f, "127.0.0.1", gro);
}

static void
fixture_close (Fixture * f)
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

static gboolean
is_filled (const guint8 * data, guint number, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if (data[i] != byte_at (number, i))
      return FALSE;
  return TRUE;
}

/* Sends datagrams number, number + 1, ... as one piece that is cut into parts;
 * with part 0 as one datagram. */
static void
send_parts (Fixture * f, guint number, gsize len, guint16 part)
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
static void
expect_datagrams (Fixture * f, gint n)
{
  fail_unless_equals_int (gst_mc_batch_receive (f->batch, f->socket.fd), n);
}

static GstBuffer *
take_next (Fixture * f, guint number, gsize len)
{
  const GstMcDatagram *d = gst_mc_batch_next (f->batch);

  fail_if (d == NULL);
  fail_if (d->truncated);
  fail_unless_equals_uint64 (d->len, len);
  fail_unless (is_filled (d->data, number, len));
  fail_unless_equals_int (d->from.port, f->sender_port);
  fail_unless (GST_CLOCK_TIME_IS_VALID (d->realtime));
  return gst_mc_batch_take (f->batch, d->data, len);
}

static void
check_buffer (GstBuffer * buffer, guint number, gsize len)
{
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless_equals_uint64 (map.size, len);
  fail_unless (is_filled (map.data, number, len));
  gst_buffer_unmap (buffer, &map);
}

/* Where the slot or block begins in which a buffer lies. */
static gpointer
block_of (GstBuffer * buffer)
{
  GstMemory *memory = gst_buffer_peek_memory (buffer, 0);
  GstMapInfo map;
  guint8 *begin;

  fail_unless (gst_memory_map (memory, &map, GST_MAP_READ));
  begin = map.data - memory->offset;
  gst_memory_unmap (memory, &map);
  return begin;
}

static gsize
memory_held (GstBuffer * buffer)
{
  gsize offset, max;

  gst_memory_get_sizes (gst_buffer_peek_memory (buffer, 0), &offset, &max);
  return max;
}

GST_START_TEST (test_joined)
{
  static const struct row
  {
    gsize len;
    guint16 part;
    guint n;
  } rows[] = {
    {10 * 1000 + 300, 1000, 11},        /* the second is cut by the slot */
    {40 * 1346, 1346, 40},
    {20 * 100, 100, 20},        /* several in the slot */
    {3 * MTU, MTU, 3},          /* none is cut */
    {65400, 1346, 49},          /* nearly all of the block, the last short */
    {2 * 750 + 1, 750, 3},      /* one byte behind the slot */
    {60 * 8, 8, 60}
  };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (rows); i++) {
    const struct row *row = &rows[i % G_N_ELEMENTS (rows)];
    GstBuffer *buffers[64];
    GstClockTime stamp = GST_CLOCK_TIME_NONE;
    Fixture f;

    fixture_open_at (&f, i < G_N_ELEMENTS (rows) ? "127.0.0.1" : "::1", TRUE);
    send_parts (&f, 1, row->len, row->part);
    expect_datagrams (&f, (gint) row->n);
    for (guint n = 0; n < row->n; n++) {
      gsize len = MIN (row->part, row->len - n * row->part);
      const GstMcDatagram *d = gst_mc_batch_next (f.batch);

      fail_unless_equals_int (d->first, n == 0);
      fail_unless (is_filled (d->data, n + 1, len));
      fail_unless_equals_uint64 (d->len, len);
      fail_unless (n == 0 || d->realtime == stamp);
      stamp = d->realtime;
      buffers[n] = gst_mc_batch_take (f.batch, d->data, len);
    }
    fail_unless (gst_mc_batch_next (f.batch) == NULL);
    /* all of them at once: none lies on another */
    for (guint n = 0; n < row->n; n++) {
      check_buffer (buffers[n], n + 1,
          MIN (row->part, row->len - n * row->part));
      gst_buffer_unref (buffers[n]);
    }
    fixture_close (&f);
  }
}

GST_END_TEST;

/* A datagram by itself holds no more than a slot, and may be written to. */
GST_START_TEST (test_alone)
{
  for (gint gro = 0; gro <= 1; gro++) {
    GstBuffer *buffer;
    GstMapInfo map;
    Fixture f;

    fixture_open (&f, gro);
    send_parts (&f, 5, 1316, 0);
    send_parts (&f, 6, MTU, 0);
    send_parts (&f, 7, 0, 0);
    expect_datagrams (&f, 3);
    buffer = take_next (&f, 5, 1316);
    fail_unless_equals_uint64 (memory_held (buffer), MTU);
    fail_if (GST_MEMORY_IS_READONLY (gst_buffer_peek_memory (buffer, 0)));
    fail_unless (gst_memory_is_writable (gst_buffer_peek_memory (buffer, 0)));
    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_WRITE));
    memset (map.data, 0, map.size);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
    gst_buffer_unref (take_next (&f, 6, MTU));
    gst_buffer_unref (take_next (&f, 7, 0));
    fixture_close (&f);
  }
}

GST_END_TEST;

/* Each datagram has its own sender, whoever sent the one before. */
GST_START_TEST (test_senders)
{
  static const gchar *const addresses[] = { "127.0.0.1", "::1" };
  const guint order[] = { 0, 1, 1, 0, 1, 0, 0 };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (addresses); i++) {
    int senders[2];
    guint16 ports[2];
    Fixture f;

    fixture_open_at (&f, addresses[i / 2], i % 2);
    senders[0] = f.sender;
    ports[0] = f.sender_port;
    open_sender (&f);
    senders[1] = f.sender;
    ports[1] = f.sender_port;
    for (guint n = 0; n < G_N_ELEMENTS (order); n++) {
      f.sender = senders[order[n]];
      send_parts (&f, n, 100 + n, 0);
    }
    expect_datagrams (&f, G_N_ELEMENTS (order));
    for (guint n = 0; n < G_N_ELEMENTS (order); n++) {
      f.sender_port = ports[order[n]];
      gst_buffer_unref (take_next (&f, n, 100 + n));
    }
    f.sender = senders[0];
    close (senders[1]);
    fixture_close (&f);
  }
}

GST_END_TEST;

GST_START_TEST (test_too_big)
{
  const GstMcDatagram *d;
  Fixture f;

  for (gint gro = 0; gro <= 1; gro++) {
    fixture_open (&f, gro);
    send_parts (&f, 1, MTU + 1, 0);
    send_parts (&f, 2, MTU, 0);
    expect_datagrams (&f, 2);
    d = gst_mc_batch_next (f.batch);
    fail_unless (d->truncated);
    fail_unless (is_filled (d->data, 1, 100));
    gst_buffer_unref (take_next (&f, 2, MTU));
    fixture_close (&f);
  }

  /* each of them by its own size */
  fixture_open (&f, TRUE);
  send_parts (&f, 1, 3 * (MTU + 10) + 5, MTU + 10);
  send_parts (&f, 9, 20, 0);
  expect_datagrams (&f, 5);
  for (guint i = 0; i < 3; i++) {
    d = gst_mc_batch_next (f.batch);
    fail_unless (d->truncated);
    fail_unless (is_filled (d->data, 1 + i, 4));
  }
  gst_buffer_unref (take_next (&f, 4, 5));
  gst_buffer_unref (take_next (&f, 9, 20));
  fixture_close (&f);
}

GST_END_TEST;

/* Parts of whatever size the kernel says, and of none: each byte once. */
GST_START_TEST (test_sizes_told)
{
  static const struct
  {
    gsize len;
    int size;
    gint n;
  } rows[] = {
    {1000, 0, 1}, {1000, -5, 1}, {1000, 1000, 1}, {1000, 3000, 1},
    {1000, G_MAXINT, 1}, {1000, 999, 2}, {1000, 1, 1000},
    {4 * MTU, 1, 4 * MTU}, {4 * MTU, MTU - 1, 5}
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstBuffer) all = gst_buffer_new ();
    GstBuffer *buffers[4 * MTU];
    GstMapInfo map;
    Fixture f;

    fixture_open (&f, TRUE);
    alter = alter_size;
    alter_value = rows[i].size;
    /* joined, as else there is no size to be told */
    send_parts (&f, 1, rows[i].len, (guint16) (rows[i].len / 2));
    expect_datagrams (&f, rows[i].n);
    for (gint n = 0; n < rows[i].n; n++) {
      const GstMcDatagram *d = gst_mc_batch_next (f.batch);

      fail_if (d->truncated);
      buffers[n] = gst_mc_batch_take (f.batch, d->data, d->len);
    }
    fail_unless (gst_mc_batch_next (f.batch) == NULL);
    for (gint n = 0; n < rows[i].n; n++)
      all = gst_buffer_append (all, buffers[n]);
    fail_unless (gst_buffer_map (all, &map, GST_MAP_READ));
    fail_unless_equals_uint64 (map.size, rows[i].len);
    fail_unless (is_filled (map.data, 1, map.size / 2));
    fail_unless (is_filled (map.data + map.size / 2, 2, map.size / 2));
    gst_buffer_unmap (all, &map);
    fixture_close (&f);
  }
}

GST_END_TEST;

/* What was cut, or of which nobody knows into how many, is nothing to pass on;
 * what comes next is. */
GST_START_TEST (test_cut)
{
  static const int flags[] = { MSG_TRUNC, MSG_CTRUNC, 0 };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++) {
    Fixture f;

    fixture_open (&f, TRUE);
    alter = alter_flags;
    alter_value = flags[i];
    /* without a size that is one, and without flags it is too large */
    send_parts (&f, 1, flags[i] ? 1000 : 3 * MTU, 100);
    expect_datagrams (&f, 1);
    fail_unless (gst_mc_batch_next (f.batch)->truncated);
    fail_unless (gst_mc_batch_next (f.batch) == NULL);
    alter = NULL;
    send_parts (&f, 1, 1000, 500);
    expect_datagrams (&f, 2);
    gst_buffer_unref (take_next (&f, 1, 500));
    gst_buffer_unref (take_next (&f, 2, 500));
    fixture_close (&f);
  }
}

GST_END_TEST;

/* Half a control message tells nothing. */
GST_START_TEST (test_control_cut)
{
  for (guint len = 0; len < 4; len++) {
    const GstMcDatagram *d;
    Fixture f;

    fixture_open (&f, TRUE);
    alter = alter_lengths;
    alter_value = (int) len;
    send_parts (&f, 1, 1000, 100);
    expect_datagrams (&f, 1);
    d = gst_mc_batch_next (f.batch);
    fail_unless (d->truncated);
    fail_unless_equals_uint64 (d->len, 1000);
    fail_if (GST_CLOCK_TIME_IS_VALID (d->realtime));
    fail_unless_equals_uint64 (gst_mc_batch_get_kernel_dropped (f.batch), 0);
    fixture_close (&f);
  }
}

GST_END_TEST;

/* Who writes to one of the joined writes to a copy. */
GST_START_TEST (test_written)
{
  Fixture f;

  fixture_open (&f, TRUE);
  for (guint round = 0; round < 5; round++) {
    GstBuffer *buffers[6];
    GstMapInfo map;

    /* one that is not last in the slot, the one that is cut, one in the block */
    for (guint written = 0; written < 6; written++) {
      send_parts (&f, 1, 6 * 600, 600);
      expect_datagrams (&f, 6);
      for (guint i = 0; i < 6; i++)
        buffers[i] = take_next (&f, 1 + i, 600);
      fail_unless (gst_buffer_is_writable (buffers[written]));
      fail_unless (GST_MEMORY_IS_READONLY (gst_buffer_peek_memory (buffers
                  [written], 0)));
      fail_unless (gst_buffer_map (buffers[written], &map, GST_MAP_READWRITE));
      fail_unless (is_filled (map.data, 1 + written, map.size));
      memset (map.data, 0xee, map.size);
      gst_buffer_unmap (buffers[written], &map);
      for (guint i = 0; i < 6; i++)
        if (i != written)
          check_buffer (buffers[i], 1 + i, 600);
      fail_unless (gst_buffer_memcmp (buffers[written], 0, "\xee\xee", 2) == 0);
      for (guint i = 0; i < 6; i++)
        gst_buffer_unref (buffers[i]);
    }
  }
  fixture_close (&f);
}

GST_END_TEST;

/* How an element may read bytes of a buffer that others may write to. */
static GstBuffer *
share_whole (GstBuffer * buffer)
{
  return gst_buffer_copy (buffer);
}

static GstBuffer *
share_beginning (GstBuffer * buffer)
{
  return gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, 0, 100);
}

static GstBuffer *
share_share (GstBuffer * buffer)
{
  g_autoptr (GstBuffer) share = gst_buffer_copy_region (buffer,
      GST_BUFFER_COPY_MEMORY, 0, 1000);

  return share_beginning (share);
}

static GstBuffer *(*const shares[]) (GstBuffer * buffer) = {
  share_whole, share_beginning, share_share
};

/* Neither does who writes to one that came alone, while others read it. */
GST_START_TEST (test_written_while_read)
{
  Fixture f;

  fixture_open (&f, TRUE);
  for (guint round = 0; round < 5 * G_N_ELEMENTS (shares); round++) {
    GstBuffer *buffer, *share;
    GstMapInfo map;

    send_parts (&f, 1, 1300, 0);
    expect_datagrams (&f, 1);
    buffer = take_next (&f, 1, 1300);
    share = shares[round % G_N_ELEMENTS (shares)] (buffer);
    fail_unless (gst_buffer_is_writable (buffer));
    fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READWRITE));
    fail_unless (is_filled (map.data, 1, map.size));
    memset (map.data, 0xee, map.size);
    gst_buffer_unmap (buffer, &map);
    check_buffer (share, 1, gst_buffer_get_size (share));
    fail_unless (gst_buffer_memcmp (buffer, 0, "\xee\xee", 2) == 0);
    gst_buffer_unref (buffer);
    gst_buffer_unref (share);
  }
  fixture_close (&f);
}

GST_END_TEST;

/* What nobody took is no obstacle. */
GST_START_TEST (test_left)
{
  Fixture f;

  fixture_open (&f, TRUE);
  expect_datagrams (&f, 0);
  fail_unless (gst_mc_batch_next (f.batch) == NULL);
  for (guint round = 0; round < 3; round++) {
    send_parts (&f, 1, 5000, 1000);
    send_parts (&f, 6, 100, 0);
    expect_datagrams (&f, 6);
    fail_if (gst_mc_batch_next (f.batch) == NULL);
    if (round > 0)
      gst_buffer_unref (take_next (&f, 2, 1000));
  }
  fixture_close (&f);
}

GST_END_TEST;

/* More messages than a batch takes. */
GST_START_TEST (test_many)
{
  Fixture f;
  guint number = 0;

  fixture_open (&f, TRUE);
  for (guint i = 0; i < 2 * SIZE + 1; i++)
    send_parts (&f, i, 50, 0);
  for (guint round = 0; round < 3; round++) {
    guint n = round < 2 ? SIZE : 1;

    expect_datagrams (&f, (gint) n);
    for (guint i = 0; i < n; i++)
      gst_buffer_unref (take_next (&f, number++, 50));
  }
  fixture_close (&f);
}

GST_END_TEST;

/* Buffers come back as new, with their memory and their address meta. */
GST_START_TEST (test_recycled)
{
  GSocketAddress *address =
      g_inet_socket_address_new_from_string ("192.0.2.1", 5);
  GstCaps *caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  GstBuffer *first[2], *second[2];
  Fixture f;

  fixture_open (&f, TRUE);
  send_parts (&f, 1, 2600, 1300);
  expect_datagrams (&f, 2);
  for (guint i = 0; i < 2; i++) {
    first[i] = take_next (&f, 1 + i, 1300);
    GST_BUFFER_PTS (first[i]) = 77;
    GST_BUFFER_OFFSET (first[i]) = 77;
    GST_BUFFER_DURATION (first[i]) = 77;
    GST_BUFFER_FLAG_SET (first[i], GST_BUFFER_FLAG_DISCONT);
    gst_buffer_add_net_address_meta (first[i], address);
    GST_META_FLAG_SET (&gst_buffer_add_reference_timestamp_meta (first[i], caps,
            1, 2)->parent, GST_META_FLAG_LOCKED);
  }
  for (guint i = 0; i < 2; i++)
    gst_buffer_unref (first[i]);

  send_parts (&f, 3, 2800, 1400);
  expect_datagrams (&f, 2);
  for (guint i = 0; i < 2; i++) {
    second[i] = take_next (&f, 3 + i, 1400);
    fail_unless (second[i] == first[0] || second[i] == first[1]);
    fail_if (GST_BUFFER_PTS_IS_VALID (second[i]));
    fail_if (GST_BUFFER_OFFSET_IS_VALID (second[i]));
    fail_if (GST_BUFFER_DURATION_IS_VALID (second[i]));
    fail_if (GST_BUFFER_FLAG_IS_SET (second[i], GST_BUFFER_FLAG_DISCONT));
    fail_unless (gst_buffer_get_net_address_meta (second[i])->addr == address);
    fail_unless (gst_buffer_get_reference_timestamp_meta (second[i], NULL) ==
        NULL);
  }
  for (guint i = 0; i < 2; i++)
    gst_buffer_unref (second[i]);
  fixture_close (&f);
  gst_caps_unref (caps);
  g_object_unref (address);
}

GST_END_TEST;

static guint
count_metas (GstBuffer * buffer)
{
  gpointer state = NULL;
  guint n = 0;

  while (gst_buffer_iterate_meta (buffer, &state))
    n++;
  return n;
}

/* However many address metas an element adds, one of them comes back. */
GST_START_TEST (test_metas_bounded)
{
  GSocketAddress *address =
      g_inet_socket_address_new_from_string ("192.0.2.1", 5);
  Fixture f;

  fixture_open (&f, TRUE);
  for (guint round = 0; round < 10 * SIZE; round++) {
    GstBuffer *buffer;

    send_parts (&f, 1, 500, 0);
    expect_datagrams (&f, 1);
    buffer = take_next (&f, 1, 500);
    fail_unless (count_metas (buffer) <= 1);
    gst_buffer_add_net_address_meta (buffer, address);
    gst_buffer_add_net_address_meta (buffer, address);
    gst_buffer_unref (buffer);
  }
  fixture_close (&f);
  g_object_unref (address);
}

GST_END_TEST;

/* How an element may hold on to the bytes of a buffer it gives up. */
static GstBuffer *
hold_copy (GstBuffer * buffer)
{
  GstBuffer *copy = gst_buffer_copy (buffer);

  gst_buffer_unref (buffer);
  return copy;
}

static GstBuffer *
hold_region (GstBuffer * buffer)
{
  GstBuffer *region = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 0,
      gst_buffer_get_size (buffer));

  gst_buffer_unref (buffer);
  return region;
}

static GstBuffer *
hold_memory (GstBuffer * buffer)
{
  GstBuffer *other = gst_buffer_new ();

  gst_buffer_append_memory (other, gst_buffer_get_memory (buffer, 0));
  gst_buffer_unref (buffer);
  return other;
}

static GstBuffer *
hold_stolen_memory (GstBuffer * buffer)
{
  GstBuffer *other = gst_buffer_new ();

  gst_buffer_append_memory (other, gst_buffer_get_memory (buffer, 0));
  gst_buffer_remove_all_memory (buffer);
  gst_buffer_append_memory (buffer, gst_allocator_alloc (NULL, 10, NULL));
  gst_buffer_unref (buffer);
  return other;
}

static GstBuffer *
hold_itself (GstBuffer * buffer)
{
  return buffer;
}

static GstBuffer *(*const holds[]) (GstBuffer * buffer) = {
  hold_copy, hold_region, hold_memory, hold_stolen_memory, hold_itself
};

/* Bytes that somebody holds are not received into; those that nobody holds are
 * again. */
GST_START_TEST (test_held)
{
  for (guint h = 0; h < G_N_ELEMENTS (holds); h++) {
    GstBuffer *held[10];
    GHashTable *seen = g_hash_table_new (NULL, NULL);
    Fixture f;

    fixture_open (&f, TRUE);
    for (guint round = 0; round < 200; round++) {
      guint at = round % 10, number = 3 * round;

      if (round >= 10) {
        check_buffer (held[at], number - 30 + 1, 1100);
        gst_buffer_unref (held[at]);
      }
      send_parts (&f, number, 3300, 1100);
      expect_datagrams (&f, 3);
      gst_buffer_unref (take_next (&f, number, 1100));
      held[at] = take_next (&f, number + 1, 1100);
      g_hash_table_add (seen, block_of (held[at]));
      held[at] = holds[h] (held[at]);
      gst_buffer_unref (take_next (&f, number + 2, 1100));
    }
    /* as many as were held, and some that were on the way */
    fail_unless (g_hash_table_size (seen) <= 10 + 2 * SIZE);
    g_hash_table_unref (seen);
    for (guint i = 0; i < 10; i++)
      gst_buffer_unref (held[i]);
    fixture_close (&f);
  }
}

GST_END_TEST;

/* Of bytes that lay in a block. */
static gboolean
is_copy (GstBuffer * buffer)
{
  return memory_held (buffer) < 2 * 1400;
}

/* A part of each block is held: no more blocks than may be are, and what comes
 * later is held by itself.  In the end the blocks are used again. */
GST_START_TEST (test_bounded)
{
  const guint limit = 3 * SIZE, rounds = 4 * limit;

  for (guint h = 0; h < G_N_ELEMENTS (holds); h++) {
    GstBuffer **held = g_new (GstBuffer *, rounds);
    GHashTable *seen = g_hash_table_new (NULL, NULL);
    GstBuffer *buffer;
    guint copies = 0;
    Fixture f;

    fixture_open (&f, TRUE);
    for (guint round = 0; round < rounds; round++) {
      send_parts (&f, 3 * round, 4 * 1400, 1400);
      expect_datagrams (&f, 4);
      gst_buffer_unref (take_next (&f, 3 * round, 1400));
      held[round] = take_next (&f, 3 * round + 1, 1400);
      if (is_copy (held[round]))
        copies++;
      else
        g_hash_table_add (seen, block_of (held[round]));
      held[round] = holds[h] (held[round]);
    }
    fail_unless (g_hash_table_size (seen) <= limit);
    fail_unless_equals_uint64 (copies + g_hash_table_size (seen), rounds);
    for (guint round = 0; round < rounds; round++) {
      check_buffer (held[round], 3 * round + 1, 1400);
      gst_buffer_unref (held[round]);
    }
    for (guint round = 0; round < rounds; round++) {
      send_parts (&f, round, 4200, 1400);
      expect_datagrams (&f, 3);
      gst_buffer_unref (take_next (&f, round, 1400));
      buffer = take_next (&f, round + 1, 1400);
      fail_if (is_copy (buffer));
      gst_buffer_unref (buffer);
    }
    g_hash_table_unref (seen);
    g_free (held);
    fixture_close (&f);
  }
}

GST_END_TEST;

/* Buffers outlive the batch, in whatever form. */
GST_START_TEST (test_batch_goes_first)
{
  for (guint h = 0; h < G_N_ELEMENTS (holds); h++) {
    GstBuffer *held[3];
    Fixture f;

    fixture_open (&f, TRUE);
    send_parts (&f, 1, 3300, 1100);
    expect_datagrams (&f, 3);
    for (guint i = 0; i < 3; i++)
      held[i] = holds[h] (take_next (&f, 1 + i, 1100));
    fixture_close (&f);
    for (guint i = 0; i < 3; i++) {
      check_buffer (held[i], 1 + i, 1100);
      gst_buffer_unref (held[i]);
    }
  }
}

GST_END_TEST;

/* Reads a buffer once more, and a share of its bytes when it is gone. */
static void
read_and_give_up (GstBuffer * buffer)
{
  guint number = (guint) GST_BUFFER_OFFSET (buffer);
  gsize len = gst_buffer_get_size (buffer);
  GstBuffer *share;

  check_buffer (buffer, number, len);
  share = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_MEMORY, 0, len / 2);
  gst_buffer_unref (buffer);
  check_buffer (share, number, len / 2);
  gst_buffer_unref (share);
}

/* Until it finds what is no buffer. */
static gpointer
give_up (gpointer data)
{
  GAsyncQueue *queue = data;
  GstMiniObject *object = g_async_queue_pop (queue);

  for (; GST_IS_BUFFER (object); object = g_async_queue_pop (queue))
    read_and_give_up (GST_BUFFER_CAST (object));
  gst_mini_object_unref (object);
  return NULL;
}

static void
take_for (Fixture * f, GAsyncQueue * queue, guint number, gsize len)
{
  GstBuffer *buffer = take_next (f, number, len);

  GST_BUFFER_OFFSET (buffer) = number;
  g_async_queue_push (queue, buffer);
}

/* Two threads give up buffers while a third receives; as long as somebody
 * reads them they stay what they are. */
GST_START_TEST (test_threads)
{
  GAsyncQueue *queue = g_async_queue_new ();
  GThread *threads[2];
  Fixture f;

  for (guint i = 0; i < 2; i++)
    threads[i] = g_thread_new ("give-up", give_up, queue);
  fixture_open (&f, TRUE);
  for (guint round = 0; round < 1000; round++) {
    send_parts (&f, round, 4000, 500);
    send_parts (&f, round, 700, 0);
    expect_datagrams (&f, 9);
    for (guint i = 0; i < 8; i++)
      take_for (&f, queue, round + i, 500);
    take_for (&f, queue, round, 700);
  }
  fixture_close (&f);
  for (guint i = 0; i < 2; i++)
    g_async_queue_push (queue, gst_caps_new_empty ());
  for (guint i = 0; i < 2; i++)
    g_thread_join (threads[i]);
  g_async_queue_unref (queue);
}

GST_END_TEST;

static Suite *
batch_suite (void)
{
  Suite *s = suite_create ("batch");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_joined);
  tcase_add_test (tc, test_alone);
  tcase_add_test (tc, test_senders);
  tcase_add_test (tc, test_too_big);
  tcase_add_test (tc, test_sizes_told);
  tcase_add_test (tc, test_cut);
  tcase_add_test (tc, test_control_cut);
  tcase_add_test (tc, test_written);
  tcase_add_test (tc, test_written_while_read);
  tcase_add_test (tc, test_left);
  tcase_add_test (tc, test_many);
  tcase_add_test (tc, test_recycled);
  tcase_add_test (tc, test_metas_bounded);
  tcase_add_test (tc, test_held);
  tcase_add_test (tc, test_bounded);
  tcase_add_test (tc, test_batch_goes_first);
  tcase_add_test (tc, test_threads);
  return s;
}

GST_CHECK_MAIN (batch);
