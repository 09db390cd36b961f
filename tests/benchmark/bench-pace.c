/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Sends prepared datagrams at a given rate.
 */
#include "bench-send.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <time.h>

#define TS_PACKET 188
#define PID_PMT 0x100
#define PES_DATAGRAMS 8
#define PID_STREAM 0x101

/* A multiple of 16, so that the continuity counter goes round with the ring. */
#define RING_DATAGRAMS 768

/* IP's limit less its headers. */
#define SEND_MAX 65507

#define LATE_NS 1000000

static const guint8 pat[] = {
  0x00, 0x00, 0xb0, 0x0d, 0x00, 0x01, 0xc1, 0x00, 0x00, 0x00, 0x01, 0xe1, 0x00
};

static const guint8 pmt[] = {
  0x00, 0x02, 0xb0, 0x12, 0x00, 0x01, 0xc1, 0x00, 0x00, 0xe1, 0x01, 0xf0, 0x00,
  0x02, 0xe1, 0x01, 0xf0, 0x00
};

static guint32
crc32_mpeg (const guint8 * data, gsize len)
{
  guint32 crc = 0xffffffff;

  for (gsize i = 0; i < len; i++) {
    crc ^= (guint32) data[i] << 24;
    for (int bit = 0; bit < 8; bit++)
      crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7 : 0);
  }
  return crc;
}

static void
write_header (guint8 * out, guint pid, gboolean start, guint counter)
{
  out[0] = 0x47;
  out[1] = (guint8) (pid >> 8 | (start ? 0x40 : 0));
  out[2] = (guint8) pid;
  out[3] = (guint8) (0x10 | (counter & 0x0f));
}

/* A table; its first byte is the pointer to the section behind it. */
static void
write_table (guint8 * out, guint pid, const guint8 * table, gsize len,
    guint counter)
{
  guint32 crc = crc32_mpeg (table + 1, len - 1);

  memset (out, 0xff, TS_PACKET);
  write_header (out, pid, TRUE, counter);
  memcpy (out + 4, table, len);
  for (int i = 0; i < 4; i++)
    out[4 + len + i] = (guint8) (crc >> (24 - 8 * i));
}

/* The stream: now and then begins a PES packet of unbounded length. */
static void
write_stream (guint8 * out, gboolean start, guint counter)
{
  static const guint8 pes[] = { 0x00, 0x00, 0x01, 0xe0, 0x00, 0x00, 0x80, 0x00,
    0x00
  };

  memset (out, 0x5a, TS_PACKET);
  write_header (out, PID_STREAM, start, counter);
  if (start)
    memcpy (out + 4, pes, sizeof (pes));
}

static void
write_payload (guint8 * out, gsize len, guint number, guint * counter)
{
  gsize at = 0;

  memset (out, 0, len);
  for (guint i = 0; at + TS_PACKET <= len; i++, at += TS_PACKET) {
    if (number % 48 == 0 && i == 0)
      write_table (out + at, 0, pat, sizeof (pat), number / 48);
    else if (number % 48 == 0 && i == 1)
      write_table (out + at, PID_PMT, pmt, sizeof (pmt), number / 48);
    else
      write_stream (out + at, i == 2 && number % PES_DATAGRAMS == 0,
          (*counter)++);
  }
}

void
bench_ring_init (BenchRing * ring, gsize head, gsize payload, guint n)
{
  guint counter = 0;

  ring->n = MAX ((n + RING_DATAGRAMS - 1) / RING_DATAGRAMS, 1) * RING_DATAGRAMS;
  ring->next = 0;
  ring->size = head + payload;
  ring->data = g_malloc0 (ring->n * ring->size);
  for (guint i = 0; i < ring->n; i++) {
    guint8 *data = ring->data + i * ring->size + head;

    write_payload (data, payload, i, &counter);
    /* in the last packet's stuffing */
    memcpy (data + payload - sizeof (i), &i, sizeof (i));
  }
}

void
bench_ring_clear (BenchRing * ring)
{
  g_clear_pointer (&ring->data, g_free);
}

guint
bench_burst_max (gsize size)
{
  return (guint) CLAMP (SEND_MAX / size, 1, BENCH_BURST_MAX);
}

static gint64
now_ns (void)
{
  struct timespec ts;

  clock_gettime (CLOCK_MONOTONIC, &ts);
  return (gint64) ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
sleep_until (gint64 ns)
{
  struct timespec ts = { ns / 1000000000, ns % 1000000000 };

  while (clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR);
}

/* A whole burst as one datagram that the network cuts. */
static guint
send_segments (const BenchPace * pace, BenchRing * ring, guint n,
    const struct sockaddr_storage *to)
{
  union
  {
    struct cmsghdr align;
    guint8 bytes[CMSG_SPACE (sizeof (guint16))];
  }
  control = { 0 };
  struct iovec iov = { ring->data + ring->next * ring->size, n * ring->size };
  struct msghdr msg = {
    .msg_name = (void *) to,
    .msg_namelen = sizeof (*to),
    .msg_iov = &iov,
    .msg_iovlen = 1
  };
  guint16 size = (guint16) ring->size;

  if (n > 1) {
    struct cmsghdr *cmsg;

    msg.msg_control = &control;
    msg.msg_controllen = sizeof (control);
    cmsg = CMSG_FIRSTHDR (&msg);
    cmsg->cmsg_level = SOL_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN (sizeof (size));
    memcpy (CMSG_DATA (cmsg), &size, sizeof (size));
  }
  return sendmsg (pace->fd, &msg, 0) < 0 ? 0 : n;
}

static guint
send_each (const BenchPace * pace, BenchRing * ring, guint n,
    const struct sockaddr_storage *to)
{
  struct mmsghdr messages[BENCH_BURST_MAX];
  struct iovec iov[BENCH_BURST_MAX];
  int ret;

  memset (messages, 0, n * sizeof (messages[0]));
  for (guint i = 0; i < n; i++) {
    iov[i].iov_base = ring->data + (ring->next + i) * ring->size;
    iov[i].iov_len = ring->size;
    messages[i].msg_hdr.msg_name = (void *) to;
    messages[i].msg_hdr.msg_namelen = sizeof (*to);
    messages[i].msg_hdr.msg_iov = &iov[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  ret = sendmmsg (pace->fd, messages, n, 0);
  return ret < 0 ? 0 : (guint) ret;
}

void
bench_pace (const BenchPace * pace, BenchRing * ring,
    const struct sockaddr_storage *to, guint n_to, BenchSent * sent)
{
  guint burst = CLAMP (pace->burst, 1, bench_burst_max (ring->size));
  gint64 start = now_ns ();
  guint64 done = 0;

  memset (sent, 0, sizeof (*sent));
  while (done < pace->count) {
    gint64 due = start + (gint64) (done * 1e9 / pace->rate);
    guint n = (guint) MIN (burst, pace->count - done);

    n = MIN (n, ring->n - ring->next);
    sleep_until (due);
    if (now_ns () > due + LATE_NS)
      sent->bursts_late++;
    for (guint i = 0; i < n_to; i++) {
      guint taken = (pace->gso ? send_segments : send_each) (pace, ring, n,
          &to[i]);

      sent->sent += taken;
      sent->refused += n - taken;
    }
    ring->next = (ring->next + n) % ring->n;
    done += n;
  }
  sent->seconds = (now_ns () - start) / 1e9;
}
