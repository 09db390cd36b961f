/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtrelaysink: lists of buffers, which leave as few messages that the kernel
 * cuts, and what happens when it does not.
 */
#include <errno.h>
#include <gst/check/gstcheck.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gstmcaddr.h"
#include "relayharness.h"
#include "stopwatch.h"

static const PeerChannel channel4 = CHANNEL4;
static const PeerChannel channel6 = CHANNEL6;

/*
 * What the kernel gets
 */

static struct
{
  guint messages;               /* that were taken */
  guint segmented;              /* messages of more than one datagram, tried */
  guint at_most;                /* messages taken in one call; 0: any number */
  guint room;                   /* messages taken before EAGAIN; 0: any number */
  gint segments_error;          /* of messages of more than one datagram ... */
  guint16 port;                 /* ... to this port; 0: to any */
} kernel;

static gboolean
is_segmented (const struct msghdr *msg)
{
  for (struct cmsghdr * c = CMSG_FIRSTHDR (msg); c != NULL;
      c = CMSG_NXTHDR ((struct msghdr *) msg, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_SEGMENT)
      return TRUE;
  }
  return FALSE;
}

/* An errno, or 0 to take it. */
static gint
refusal (const struct msghdr *msg)
{
  core_addr to;

  if (kernel.room > 0 && kernel.messages >= kernel.room)
    return EAGAIN;
  if (!is_segmented (msg))
    return 0;
  kernel.segmented++;
  fail_unless (gst_mc_addr_from_sockaddr (msg->msg_name, msg->msg_namelen,
          &to));
  return kernel.port == 0 || kernel.port == to.port ? kernel.segments_error : 0;
}

/* Stands before the C library's. */
int
sendmmsg (int fd, struct mmsghdr *messages, unsigned int n, int flags)
{
  unsigned int taken = 0;
  gint err = 0;
  long ret;

  while (taken < n && (kernel.at_most == 0 || taken < kernel.at_most) &&
      (err = refusal (&messages[taken].msg_hdr)) == 0) {
    kernel.messages++;
    taken++;
  }
  if (taken == 0) {
    errno = err;
    return -1;
  }
  ret = syscall (SYS_sendmmsg, fd, messages, taken, flags);
  kernel.messages -= taken - (unsigned int) MAX (ret, 0);
  return (int) ret;
}

static void
setup (void)
{
  memset (&kernel, 0, sizeof (kernel));
}

/*
 * Gateways and lists
 */

#define GATEWAYS_MAX 100

typedef struct
{
  GstHarness *h;
  const PeerChannel *channel;
  PeerGateway peers[GATEWAYS_MAX];
  guint n;
} Net;

/* n gateways, which ask that address of the relay or, with NULL, one of each
 * family in turn. */
static void
net_open (Net * net, const PeerChannel * channel, const gchar * relay, guint n,
    guint mtu)
{
  GstElement *sink = relay_sink_new (channel->source, channel->group);

  g_object_set (sink, "mtu", mtu, NULL);
  net->h = relay_harness_new (sink);
  net->channel = channel;
  net->n = n;
  for (guint i = 0; i < n; i++) {
    const gchar *address = relay ? relay : i % 2 ? "::1" : "127.0.0.1";

    peer_open (&net->peers[i], address, relay_used_port (net->h));
    peer_join (&net->peers[i], channel->source, channel->group);
  }
  relay_wait_for_gateways (net->h->element, n);
}

static void
net_close (Net * net)
{
  for (guint i = 0; i < net->n; i++)
    peer_close (&net->peers[i]);
  gst_harness_teardown (net->h);
}

static guint64
net_stat (const Net * net, const gchar * name)
{
  return relay_stat (net->h->element, name);
}

/* Pushes a list; the sizes repeat until there are n. */
static void
net_push (Net * net, const guint * sizes, guint n_sizes, guint n)
{
  GstBufferList *list = gst_buffer_list_new ();

  for (guint i = 0; i < n; i++)
    gst_buffer_list_add (list, relay_make_buffer (sizes[i % n_sizes],
            (guint8) i));
  fail_unless_equals_int (gst_pad_push_list (net->h->srcpad, list),
      GST_FLOW_OK);
}

/* Each gateway gets all that is not too big, in order, and nothing else. */
static void
net_expect (Net * net, const guint * sizes, guint n_sizes, guint n, guint max)
{
  for (guint p = 0; p < net->n; p++) {
    for (guint i = 0; i < n; i++) {
      if (sizes[i % n_sizes] <= max)
        relay_expect (&net->peers[p], net->channel, sizes[i % n_sizes],
            (guint8) i);
    }
    peer_expect_silence (&net->peers[p], 0);
  }
}

/*
 * Lists
 */

/* With an mtu of 9000, less the largest overhead: over IPv6, of IPv6. */
#define LARGEST (9000 - 98)

/* How many messages a gateway's datagrams make: one size, the last may be
 * shorter, up to 64 and 65,507 bytes, out of 64 buffers at a time. */
static const struct
{
  guint sizes[8];
  guint n_sizes;
  guint n;
  guint messages;
  guint messages_v6;            /* of an IPv6 channel */
} lists[] = {
  {{1316}, 1, 2, 1, 1},
  {{1316}, 1, 48, 1, 2},        /* 48 * 1346 bytes, 47 * 1366 */
  {{1316}, 1, 49, 2, 2},
  {{1316}, 1, 64 + 16, 3, 3},   /* 48 + 16, 16 */
  {{1}, 1, 64, 1, 1},
  {{1}, 1, 65, 2, 2},
  {{1}, 1, 160, 3, 3},
  {{188, 187}, 2, 20, 10, 10},  /* alternating */
  {{187, 188}, 2, 20, 11, 11},
  {{400, 300, 200, 100}, 4, 16, 8, 8},  /* shrinking */
  {{100, 101, 102, 103, 104}, 5, 15, 13, 13},   /* growing */
  {{700, 700, 700, 20, 1316, 1316, 7, 7}, 8, 32, 12, 12},
  {{LARGEST}, 1, 20, 3, 3},     /* seven of at most 8950 bytes */
  {{LARGEST, 20000, LARGEST, 20001}, 4, 8, 1, 1},       /* every second too big */
  {{60000}, 1, 3, 0, 0}
};

static const struct
{
  const PeerChannel *channel;
  const gchar *relay;
  guint gateways;
} nets[] = {
  {&channel4, "127.0.0.1", 1},
  {&channel6, "127.0.0.1", 1},
  {&channel4, "::1", 1},
  {&channel6, "::1", 1},
  {&channel4, NULL, 3}
};

static void
check_list (Net * net, guint which)
{
  const guint *sizes = lists[which].sizes;
  guint n_sizes = lists[which].n_sizes, n = lists[which].n, fit = 0;
  guint messages = net->channel == &channel6 ? lists[which].messages_v6 :
      lists[which].messages;
  guint64 in = net_stat (net, "packets-in");
  guint64 sent = net_stat (net, "packets-sent");
  guint64 bytes = net_stat (net, "bytes-sent");
  guint64 too_big = net_stat (net, "dropped-too-big");

  kernel.messages = 0;
  net_push (net, sizes, n_sizes, n);
  net_expect (net, sizes, n_sizes, n, LARGEST);
  for (guint i = 0; i < n; i++) {
    if (sizes[i % n_sizes] <= LARGEST) {
      fit++;
      bytes += sizes[i % n_sizes] * net->n;
    }
  }
  fail_unless (kernel.messages == messages * net->n, "list %u: %u messages",
      which, kernel.messages);
  fail_unless_equals_uint64 (net_stat (net, "packets-in"), in + n);
  fail_unless_equals_uint64 (net_stat (net, "packets-sent"),
      sent + fit * net->n);
  fail_unless_equals_uint64 (net_stat (net, "bytes-sent"), bytes);
  fail_unless_equals_uint64 (net_stat (net, "dropped-too-big"),
      too_big + n - fit);
}

GST_START_TEST (test_lists)
{
  Net net;

  net_open (&net, nets[__i__].channel, nets[__i__].relay, nets[__i__].gateways,
      9000);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    check_list (&net, i);
  fail_unless_equals_uint64 (net_stat (&net, "segments-refused"), 0);
  net_close (&net);
}

GST_END_TEST;

static const guint seven_packets[] = { 1316 };

/* What fits one family only is no part of the other's messages. */
GST_START_TEST (test_fits_one_family)
{
  static const guint sizes[] = { 500, 500, 600 - 58, 500 };
  Net net;

  net_open (&net, &channel4, NULL, 2, 600);
  net_push (&net, sizes, 4, 8);
  for (guint i = 0; i < 8; i++) {
    relay_expect (&net.peers[0], &channel4, sizes[i % 4], (guint8) i);
    if (sizes[i % 4] == 500)
      relay_expect (&net.peers[1], &channel4, 500, (guint8) i);
  }
  peer_expect_silence (&net.peers[0], 0);
  peer_expect_silence (&net.peers[1], 0);
  fail_unless_equals_uint64 (net_stat (&net, "packets-sent"), 8 + 6);
  fail_unless_equals_uint64 (net_stat (&net, "dropped-too-big"), 2);
  net_close (&net);
}

GST_END_TEST;

GST_START_TEST (test_hundred_gateways)
{
  static const guint sizes[] = { 1316, 1316, 1316, 700 };
  Net *net = g_new (Net, 1);

  net_open (net, &channel4, NULL, 100, 1500);
  for (guint i = 0; i < 2; i++) {
    net_push (net, sizes, 4, 8);
    net_expect (net, sizes, 4, 8, 1316);
    fail_unless_equals_int (kernel.messages, (i + 1) * 2 * 100);
  }
  fail_unless_equals_uint64 (net_stat (net, "packets-sent"), 2 * 8 * 100);
  net_close (net);
  g_free (net);
}

GST_END_TEST;

/* Nobody waits for another buffer. */
GST_START_TEST (test_single_buffers)
{
  Net net;

  net_open (&net, &channel4, NULL, 4, 1500);
  for (guint i = 0; i < 20; i++) {
    relay_push (net.h, 1316, (guint8) i);
    fail_unless_equals_int (kernel.messages, (i + 1) * 4);
  }
  net_expect (&net, seven_packets, 1, 20, 1316);
  fail_unless_equals_int (kernel.segmented, 0);
  net_close (&net);
}

GST_END_TEST;

/*
 * Refusals
 */

/* An interface that takes no segments: each gateway costs one try. */
GST_START_TEST (test_refused)
{
  static const gint errors[] = { EIO, EINVAL };
  Net net;

  kernel.segments_error = errors[__i__];
  net_open (&net, &channel4, NULL, 6, 1500);
  for (guint i = 0; i < 3; i++) {
    guint tried = kernel.segmented;

    net_push (&net, seven_packets, 1, 20);
    net_expect (&net, seven_packets, 1, 20, 1316);
    fail_unless_equals_uint64 (net_stat (&net, "segments-refused"), 6);
    fail_unless (i == 0 ? kernel.segmented > tried : kernel.segmented == tried);
  }
  fail_unless_equals_uint64 (net_stat (&net, "packets-sent"), 3 * 20 * 6);
  fail_unless_equals_uint64 (net_stat (&net, "dropped-send-failed"), 0);

  /* Who comes and goes does not change that. */
  kernel.segmented = 0;
  peer_leave (&net.peers[5], S4, G4);
  relay_wait_for_gateways (net.h->element, 5);
  net_push (&net, seven_packets, 1, 10);
  fail_unless_equals_int (kernel.segmented, 0);
  net_close (&net);
}

GST_END_TEST;

GST_START_TEST (test_refused_for_one)
{
  Net net;

  net_open (&net, &channel4, "127.0.0.1", 3, 1500);
  kernel.segments_error = EIO;
  kernel.port = net.peers[1].local.port;
  for (guint i = 0; i < 3; i++) {
    guint before = kernel.messages;

    net_push (&net, seven_packets, 1, 16);
    net_expect (&net, seven_packets, 1, 16, 1316);
    fail_unless_equals_int (kernel.messages - before, 1 + 16 + 1);
  }
  fail_unless_equals_uint64 (net_stat (&net, "segments-refused"), 1);
  fail_unless_equals_uint64 (net_stat (&net, "packets-sent"), 3 * 16 * 3);
  net_close (&net);
}

GST_END_TEST;

/* An error that says nothing of segments: the next list is tried anew. */
GST_START_TEST (test_not_refused_for_good)
{
  static const gint errors[] = { ENOBUFS, ECONNREFUSED, EPERM, EMSGSIZE };
  Net net;

  net_open (&net, &channel4, NULL, 2, 1500);
  kernel.segments_error = errors[__i__];
  net_push (&net, seven_packets, 1, 16);
  net_expect (&net, seven_packets, 1, 16, 1316);
  fail_unless_equals_int (kernel.messages, 2 * 16);
  kernel.segments_error = 0;
  net_push (&net, seven_packets, 1, 16);
  net_expect (&net, seven_packets, 1, 16, 1316);
  fail_unless_equals_int (kernel.messages, 2 * 16 + 2);
  fail_unless_equals_uint64 (net_stat (&net, "segments-refused"), 0);
  fail_unless_equals_uint64 (net_stat (&net, "packets-sent"), 2 * 2 * 16);
  net_close (&net);
}

GST_END_TEST;

/* The relay's own socket of that family. */
static gint
find_socket (guint port, gint family)
{
  for (gint fd = 3; fd < 1024; fd++) {
    struct sockaddr_storage name;
    socklen_t len = sizeof (name);
    core_addr at;

    if (getsockname (fd, (struct sockaddr *) &name, &len) == 0 &&
        name.ss_family == family &&
        gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len, &at) &&
        at.port == port)
      return fd;
  }
  fail ("no socket");
  return -1;
}

/* The kernel itself refuses segments of datagrams without a checksum. */
GST_START_TEST (test_refused_by_kernel)
{
  gint one = 1, fd;
  Net net;

  net_open (&net, &channel4, NULL, 4, 1500);
  fd = find_socket (relay_used_port (net.h), AF_INET);
  fail_unless (setsockopt (fd, SOL_SOCKET, SO_NO_CHECK, &one,
          sizeof (one)) == 0);
  for (guint i = 0; i < 2; i++) {
    net_push (&net, seven_packets, 1, 20);
    net_expect (&net, seven_packets, 1, 20, 1316);
  }
  fail_unless_equals_uint64 (net_stat (&net, "segments-refused"), 2);
  fail_unless_equals_uint64 (net_stat (&net, "packets-sent"), 2 * 20 * 4);
  fail_unless_equals_int (kernel.messages, 2 * (2 * 20 + 2));
  net_close (&net);
}

GST_END_TEST;

/* Told of a gateway that is gone, the others are not sent to one by one. */
GST_START_TEST (test_vanished_gateway)
{
  Net net;

  net_open (&net, &channel4, "127.0.0.1", 3, 1500);
  peer_close (&net.peers[0]);
  for (guint i = 0; i < 10; i++) {
    net_push (&net, seven_packets, 1, 16);
    for (guint p = 1; p < 3; p++)
      for (guint k = 0; k < 16; k++)
        relay_expect (&net.peers[p], &channel4, 1316, (guint8) k);
  }
  fail_unless_equals_uint64 (net_stat (&net, "segments-refused"), 0);
  fail_unless_equals_uint64 (net_stat (&net, "dropped-send-failed"), 0);
  net.peers[0].fd = dup (net.peers[1].fd);
  net_close (&net);
}

GST_END_TEST;

/*
 * Little room
 */

GST_START_TEST (test_partial_sends)
{
  static const guint sizes[] = { 1000, 1000, 900, 1316 };
  Net net;

  kernel.at_most = (guint) __i__ + 1;
  net_open (&net, &channel4, NULL, 7, 1500);
  net_push (&net, sizes, 4, 64);
  net_expect (&net, sizes, 4, 64, 1316);
  fail_unless_equals_uint64 (net_stat (&net, "packets-sent"), 7 * 64);
  fail_unless_equals_uint64 (net_stat (&net, "bytes-sent"), 7 * 16 * 4216);
  net_close (&net);
}

GST_END_TEST;

/* The send buffer stays full: one push waits 100 ms in all, and each datagram
 * is counted, whether it went or not. */
GST_START_TEST (test_no_room)
{
  const guint room = 3;         /* messages of 16 datagrams, to 5 gateways */
  Stopwatch watch;
  gint64 begin;
  Net net;

  net_open (&net, &channel4, "127.0.0.1", 5, 1500);
  kernel.room = room;
  begin = g_get_monotonic_time ();
  stopwatch_start (&watch);
  net_push (&net, seven_packets, 1, 16);
  fail_unless (stopwatch_us (&watch) < G_TIME_SPAN_SECOND);
  fail_unless (g_get_monotonic_time () - begin >=
      100 * G_TIME_SPAN_MILLISECOND);
  fail_unless_equals_uint64 (net_stat (&net, "packets-sent"), room * 16);
  fail_unless_equals_uint64 (net_stat (&net, "dropped-send-buffer-full"),
      (5 - room) * 16);

  /* Nothing has been sent since: no more waiting. */
  stopwatch_start (&watch);
  net_push (&net, seven_packets, 1, 16);
  fail_unless (stopwatch_us (&watch) < 100 * G_TIME_SPAN_MILLISECOND);
  fail_unless_equals_uint64 (net_stat (&net, "dropped-send-buffer-full"),
      (10 - room) * 16);

  kernel.room = 0;
  net_push (&net, seven_packets, 1, 16);
  fail_unless_equals_uint64 (net_stat (&net, "packets-sent"), (5 + room) * 16);
  net_close (&net);
}

GST_END_TEST;

/* The buffer fills up while one gateway's datagrams go one by one. */
GST_START_TEST (test_no_room_one_by_one)
{
  Net net;

  net_open (&net, &channel4, "127.0.0.1", 3, 1500);
  kernel.segments_error = EIO;
  kernel.room = 16 + 5;
  net_push (&net, seven_packets, 1, 16);
  fail_unless_equals_uint64 (net_stat (&net, "packets-sent"), 16 + 5);
  fail_unless_equals_uint64 (net_stat (&net, "dropped-send-buffer-full"),
      16 - 5 + 16);
  fail_unless_equals_uint64 (net_stat (&net, "segments-refused"), 1);
  net_close (&net);
}

GST_END_TEST;

static Suite *
amtrelaysinksegments_suite (void)
{
  Suite *s = suite_create ("amtrelaysinksegments");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, NULL);
  tcase_add_loop_test (tc, test_lists, 0, G_N_ELEMENTS (nets));
  tcase_add_test (tc, test_fits_one_family);
  tcase_add_test (tc, test_hundred_gateways);
  tcase_add_test (tc, test_single_buffers);
  tcase_add_loop_test (tc, test_refused, 0, 2);
  tcase_add_test (tc, test_refused_for_one);
  tcase_add_loop_test (tc, test_not_refused_for_good, 0, 4);
  tcase_add_test (tc, test_refused_by_kernel);
  tcase_add_test (tc, test_vanished_gateway);
  tcase_add_loop_test (tc, test_partial_sends, 0, 3);
  tcase_add_test (tc, test_no_room);
  tcase_add_test (tc, test_no_room_one_by_one);
  return s;
}

GST_CHECK_MAIN (amtrelaysinksegments);
