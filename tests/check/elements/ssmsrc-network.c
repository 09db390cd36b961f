/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What ssmsrc receives, in a network of the test's own:
 *   m0 198.51.100.1, .2, 2001:db8:1::1, ::2 -- m1
 *   n0 203.0.113.1 -- n1
 * Senders use m0 and n0 themselves, which loop multicast back.
 */
#include <string.h>

#include "privatenet.h"
#include "srctest.h"

#define A4 "198.51.100.1"
#define B4 "198.51.100.2"
#define N4 "203.0.113.1"
#define A6 "2001:db8:1::1"
#define PORT 5001

static void
make_network (void)
{
  /* what a test that failed left behind */
  private_net_run ("ip link del m0 2>/dev/null; ip link del n0 2>/dev/null;"
      " true");
  private_net_run ("ip link add m0 type veth peer name m1");
  private_net_run ("ip link add n0 type veth peer name n1");
  private_net_run ("for i in m0 m1 n0 n1; do"
      " echo 0 >/proc/sys/net/ipv6/conf/$i/accept_dad;"
      " echo 1 >/proc/sys/net/ipv6/conf/$i/keep_addr_on_down;"
      " ip link set $i up; done");
  private_net_run ("ip addr add " A4 "/24 dev m0; ip addr add " B4
      "/24 dev m0; ip addr add " A6 "/64 dev m0 nodad;"
      " ip addr add " N4 "/24 dev n0");
  /* a join made before the link-local address is there takes a second */
  private_net_run ("for i in $(seq 500); do"
      " ip -6 -o addr show dev m0 scope link | grep -q fe80 && exit 0;"
      " sleep 0.02; done; exit 1");
}

static void
drop_network (void)
{
  private_net_run ("ip link del m0; ip link del n0");
}

static void
test_init (SrcTest * t, const gchar * source, const gchar * group,
    const gchar * iface)
{
  make_network ();
  src_test_make (t, "ssmsrc");
  g_object_set (t->src, "source", source, "group", group, "port", PORT,
      "multicast-iface", iface, NULL);
}

static void
test_clear (SrcTest * t)
{
  src_test_stop (t);
  src_test_no_errors (t);
  check_sum (t->src);
  src_test_clear (t);
  drop_network ();
}

/* The join is made by the streaming thread. */
static void
wait_for_join (SrcTest * t)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  gchar *state;

  for (;;) {
    state = stat_text (t->src, "state");
    if (g_str_equal (state, "joined"))
      break;
    fail_unless (g_get_monotonic_time () < end, "%s", state);
    g_free (state);
    g_usleep (1000);
  }
  g_free (state);
}

/* The kernel's own list: "IDX DEV GROUP SOURCE INCLUDE EXCLUDE". */
static gboolean
kernel_has (const gchar * file, const gchar * line)
{
  gchar *text, *command = g_strdup_printf ("/proc/self/net/%s", file);
  gboolean has;

  fail_unless (g_file_get_contents (command, &text, NULL, NULL));
  has = strstr (text, line) != NULL;
  g_free (text);
  g_free (command);
  return has;
}

static const struct
{
  const gchar *source;
  const gchar *group;
  const gchar *iface;
  const gchar *mcfilter;
  const gchar *listed;
} streams[] = {
  {A4, G4, "m0", "mcfilter", "m0 0xe8010101 0xc6336401      1      0"},
  {A4, G4, "lo,m0", "mcfilter", "m0 0xe8010101 0xc6336401      1      0"},
  {A4, G4, B4, "mcfilter", "m0 0xe8010101 0xc6336401      1      0"},
  {A6, G6, "m0", "mcfilter6", "m0 ff3e0000000000000000000080000001 "
        "20010db8000100000000000000000001      1      0"},
  {A6, "ff32::8000:1", "n0,m0", "mcfilter6",
      "m0 ff320000000000000000000080000001 "
        "20010db8000100000000000000000001      1      0"},
  {A6, G6, A6, "mcfilter6", "m0 ff3e0000000000000000000080000001 "
        "20010db8000100000000000000000001      1      0"}
};

/* Everything sent comes, once, in order and whole; the kernel has a join for
 * this source and no other, and none after the end. */
GST_START_TEST (test_stream)
{
  const GstStructure *s;
  Sender sender;
  SrcTest t;

  test_init (&t, streams[__i__].source, streams[__i__].group,
      streams[__i__].iface);
  src_test_play (&t);
  wait_for_join (&t);
  fail_unless (kernel_has (streams[__i__].mcfilter, streams[__i__].listed));

  sender_open (&sender, streams[__i__].source, "m0", streams[__i__].group,
      PORT);
  sender_send (&sender, 0, 300, 188);
  src_test_wait_buffers (&t, 300);
  for (guint i = 0; i < 300; i++)
    check_payload (src_test_buffer (&t, i), i, 188);
  fail_unless_equals_uint64 (stat_value (t.src, "packets-received"), 300);
  fail_unless_equals_uint64 (stat_value (t.src, "bytes-received"), 300 * 188);
  fail_unless (stat_value (t.src, "join-latency-ns") > 0);

  s = src_test_wait_message (&t, "multicast-join", 0);
  fail_unless_equals_string (gst_structure_get_string (s, "delivery"),
      "native");
  fail_unless_equals_string (gst_structure_get_string (s, "source"),
      streams[__i__].source);
  fail_unless_equals_string (gst_structure_get_string (s, "relay"), "");
  src_test_stop (&t);
  s = src_test_wait_message (&t, "multicast-leave", 0);
  fail_unless_equals_string (gst_structure_get_string (s, "reason"), "stopped");
  fail_if (kernel_has (streams[__i__].mcfilter, streams[__i__].listed));
  sender_close (&sender);
  test_clear (&t);
}

GST_END_TEST;

/* No interface is named: that of the route to the source, or where the source
 * is this host, of the route to the group. */
GST_START_TEST (test_route)
{
  SrcTest t;

  test_init (&t, "203.0.113.77", G4, NULL);
  src_test_play (&t);
  wait_for_join (&t);
  fail_unless (kernel_has ("mcfilter", "n0 0xe8010101 0xcb00714d"));
  src_test_stop (&t);

  private_net_run ("ip route add 232.0.0.0/8 dev m0");
  g_object_set (t.src, "source", N4, NULL);
  src_test_play (&t);
  wait_for_join (&t);
  fail_unless (kernel_has ("mcfilter", "m0 0xe8010101 0xcb007101"));
  test_clear (&t);
}

GST_END_TEST;

/* Another sender to the same group and port, and another channel at the same
 * port of the same host, are not heard. */
GST_START_TEST (test_foreign)
{
  Sender right, wrong, other;
  SrcTest t, u;

  test_init (&t, A4, G4, "m0");
  src_test_make (&u, "ssmsrc");
  g_object_set (u.src, "source", A4, "group", "232.1.1.2", "port", PORT,
      "multicast-iface", "m0", NULL);
  src_test_play (&t);
  src_test_play (&u);
  wait_for_join (&t);
  wait_for_join (&u);
  sender_open (&right, A4, "m0", G4, PORT);
  sender_open (&wrong, B4, "m0", G4, PORT);
  sender_open (&other, A4, "m0", "232.1.1.2", PORT);
  for (guint i = 0; i < 50; i++) {
    sender_send (&wrong, 1000 + i, 1, 100);
    sender_send (&other, 2000 + i, 1, 100);
    sender_send (&right, i, 1, 100);
  }
  src_test_wait_buffers (&t, 50);
  src_test_wait_buffers (&u, 50);
  for (guint i = 0; i < 50; i++) {
    check_payload (src_test_buffer (&t, i), i, 100);
    check_payload (src_test_buffer (&u, i), 2000 + i, 100);
  }
  fail_unless_equals_uint64 (src_test_n_buffers (&t), 50);
  fail_unless_equals_uint64 (src_test_n_buffers (&u), 50);
  sender_close (&right);
  sender_close (&wrong);
  sender_close (&other);
  src_test_stop (&u);
  src_test_clear (&u);
  test_clear (&t);
}

GST_END_TEST;

static const struct
{
  const gchar *source;
  const gchar *group;
  guint wrong_group;
} channels[] = {
  {A4, G4, 0},
  {A6, G6, 0},
  /* the socket is bound to no group */
  {A6, "ff32::8000:1", 3},
};

/* What the sender sends to this host rather than to the group is not passed. */
GST_START_TEST (test_unicast)
{
  const gchar *source = channels[__i__].source;
  Sender right, wrong;
  SrcTest t;

  test_init (&t, source, channels[__i__].group, "m0");
  src_test_play (&t);
  wait_for_join (&t);
  sender_open (&wrong, source, "m0", source, PORT);
  sender_open (&right, source, "m0", channels[__i__].group, PORT);
  sender_send (&wrong, 1000, 3, 100);
  sender_send (&right, 0, 5, 100);
  src_test_wait_buffers (&t, 5);
  for (guint i = 0; i < 5; i++)
    check_payload (src_test_buffer (&t, i), i, 100);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-wrong-group"),
      channels[__i__].wrong_group);
  sender_close (&right);
  sender_close (&wrong);
  test_clear (&t);
}

GST_END_TEST;

/* Packed together, whatever they come in. */
GST_START_TEST (test_packed)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("video/mpegts");
  g_autoptr (GstBuffer) all = gst_buffer_new ();
  const guint n = 300;
  Sender sender;
  SrcTest t;

  test_init (&t, A4, G4, "m0");
  g_object_set (t.src, "caps", caps, "preserve-packetization", FALSE, NULL);
  src_test_play (&t);
  wait_for_join (&t);
  sender_open (&sender, A4, "m0", G4, PORT);
  sender_send (&sender, 0, n, 1000);
  wait_for_stat (t.src, "packets-pushed", n);
  /* counted before they are pushed */
  src_test_stop (&t);
  for (guint i = 0; i < src_test_n_buffers (&t); i++) {
    GstBuffer *buffer = src_test_buffer (&t, i);

    fail_unless (gst_buffer_get_size (buffer) <= 65536);
    all = gst_buffer_append (all, gst_buffer_ref (buffer));
  }
  fail_unless_equals_uint64 (gst_buffer_get_size (all), n * 1000);
  for (guint i = 0; i < n; i++) {
    g_autoptr (GstBuffer) part = gst_buffer_copy_region (all,
        GST_BUFFER_COPY_MEMORY | GST_BUFFER_COPY_MERGE, i * 1000, 1000);

    check_payload (part, i, 1000);
  }
  sender_close (&sender);
  test_clear (&t);
}

GST_END_TEST;

/* Too long, empty: dropped and counted. */
GST_START_TEST (test_drops)
{
  Sender sender;
  SrcTest t;

  test_init (&t, A4, G4, "m0");
  g_object_set (t.src, "mtu", 500, NULL);
  src_test_play (&t);
  wait_for_join (&t);
  sender_open (&sender, A4, "m0", G4, PORT);
  sender_send (&sender, 0, 3, 501);
  sender_send (&sender, 0, 2, 0);
  sender_send (&sender, 0, 1, 500);
  src_test_wait_buffers (&t, 1);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-too-big"), 3);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-empty"), 2);
  sender_close (&sender);
  test_clear (&t);
}

GST_END_TEST;

/* What comes while paused is dropped on resuming. */
GST_START_TEST (test_pause)
{
  Sender sender;
  SrcTest t;

  test_init (&t, A4, G4, "m0");
  src_test_play (&t);
  wait_for_join (&t);
  sender_open (&sender, A4, "m0", G4, PORT);
  sender_send (&sender, 0, 10, 100);
  src_test_wait_buffers (&t, 10);
  src_test_pause (&t);
  sender_send (&sender, 10, 10, 100);
  src_test_play (&t);
  wait_for_stat (t.src, "dropped-paused", 10);
  sender_send (&sender, 20, 10, 100);
  src_test_wait_buffers (&t, 20);
  check_payload (src_test_buffer (&t, 10), 20, 100);
  fail_unless (GST_BUFFER_IS_DISCONT (src_test_buffer (&t, 10)));
  sender_close (&sender);
  test_clear (&t);
}

GST_END_TEST;

/* The sender is given by a name that has addresses of both families. */
GST_START_TEST (test_source_name)
{
  Sender sender;
  SrcTest t;

  test_init (&t, "localhost", G4, "lo");
  src_test_play (&t);
  wait_for_join (&t);
  sender_open (&sender, "127.0.0.1", "lo", G4, PORT);
  sender_send (&sender, 0, 5, 100);
  src_test_wait_buffers (&t, 5);
  fail_unless_equals_string (gst_structure_get_string (src_test_wait_message
          (&t, "multicast-join", 0), "source"), "127.0.0.1");
  sender_close (&sender);
  test_clear (&t);
}

GST_END_TEST;

/* The interface loses its link and gets it back: the element joins again and
 * says so. */
GST_START_TEST (test_link_down_up)
{
  Sender sender;
  SrcTest t;

  test_init (&t, __i__ ? A6 : A4, __i__ ? G6 : G4, "m0");
  src_test_play (&t);
  wait_for_join (&t);
  sender_open (&sender, __i__ ? A6 : A4, "m0", __i__ ? G6 : G4, PORT);
  sender_send (&sender, 0, 10, 100);
  src_test_wait_buffers (&t, 10);
  private_net_run ("ip link set m1 down && ip link set m1 up");
  wait_for_stat (t.src, "rejoins", 1);
  fail_unless_equals_string (gst_structure_get_string (src_test_wait_message
          (&t, "multicast-leave", 0), "reason"), "network-changed");
  sender_send (&sender, 10, 10, 100);
  src_test_wait_message (&t, "multicast-join", 1);
  src_test_wait_buffers (&t, 20);
  check_payload (src_test_buffer (&t, 10), 10, 100);
  fail_unless (GST_BUFFER_IS_DISCONT (src_test_buffer (&t, 10)));
  sender_close (&sender);
  test_clear (&t);
}

GST_END_TEST;

/* The route to the source moves to another interface: so does the join. */
GST_START_TEST (test_route_moves)
{
  SrcTest t;

  test_init (&t, "192.0.2.10", G4, NULL);
  private_net_run ("ip route add 192.0.2.0/24 dev m0");
  src_test_play (&t);
  wait_for_join (&t);
  fail_unless (kernel_has ("mcfilter", "m0 0xe8010101"));
  private_net_run ("ip route replace 192.0.2.0/24 dev n0");
  wait_for_stat (t.src, "rejoins", 1);
  fail_unless (kernel_has ("mcfilter", "n0 0xe8010101"));
  fail_if (kernel_has ("mcfilter", "m0 0xe8010101"));
  test_clear (&t);
}

GST_END_TEST;

/* The interface vanishes and one of its name comes back. */
GST_START_TEST (test_iface_replaced)
{
  Sender sender;
  SrcTest t;

  test_init (&t, A4, G4, "m0,n0");
  src_test_play (&t);
  wait_for_join (&t);
  private_net_run ("ip link del m0");
  private_net_run ("ip link add m0 type veth peer name m1;"
      " ip link set m0 up; ip link set m1 up; ip addr add " A4 "/24 dev m0");
  wait_for_stat (t.src, "rejoins", 1);
  fail_unless (kernel_has ("mcfilter", "n0 0xe8010101"));
  sender_open (&sender, A4, "m0", G4, PORT);
  sender_send (&sender, 0, 10, 100);
  src_test_wait_buffers (&t, 10);
  sender_close (&sender);
  test_clear (&t);
}

GST_END_TEST;

/* Changes that are none of the channel's business leave the join alone.  That
 * they were seen shows in what comes last, which is some of the other join's. */
GST_START_TEST (test_other_changes)
{
  Sender sender;
  SrcTest t;

  test_init (&t, A4, G4, "m0,n0");
  src_test_play (&t);
  wait_for_join (&t);
  sender_open (&sender, A4, "m0", G4, PORT);
  for (guint i = 0; i < 12; i++) {
    private_net_run ("ip addr add 10.9.8.%u/32 dev n1;"
        " ip -6 addr add 2001:db8:9::%u/64 dev m0; ip route add 10.7.%u.0/24"
        " dev m0; sleep 0.03", i + 1, i + 1, i + 1);
    sender_send (&sender, i, 1, 100);
  }
  src_test_wait_buffers (&t, 12);
  private_net_run ("ip link set n1 down && ip link set n1 up");
  wait_for_stat (t.src, "rejoins", 1);
  fail_unless_equals_uint64 (stat_value (t.src, "rejoins"), 1);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-leave"), 1);
  sender_close (&sender);
  test_clear (&t);
}

GST_END_TEST;

GST_START_TEST (test_rejoin_interval)
{
  Sender sender;
  SrcTest t;

  test_init (&t, A4, G4, "m0");
  g_object_set (t.src, "rejoin-interval", 20 * GST_MSECOND, NULL);
  src_test_play (&t);
  wait_for_join (&t);
  wait_for_stat (t.src, "rejoins", 5);
  sender_open (&sender, A4, "m0", G4, PORT);
  sender_send (&sender, 0, 1, 100);
  src_test_wait_buffers (&t, 1);
  fail_unless_equals_int (src_test_count_messages (&t, "multicast-leave"), 0);
  sender_close (&sender);
  test_clear (&t);
}

GST_END_TEST;

/* Starting and stopping leaves nothing behind. */
GST_START_TEST (test_again_and_again)
{
  guint fds = 0;
  SrcTest t;

  test_init (&t, A4, G4, "m0");
  for (guint i = 0; i < 50; i++) {
    src_test_play (&t);
    if (i % 2)
      wait_for_join (&t);
    src_test_stop (&t);
    if (i == 3)
      fds = count_fds ();
  }
  fail_unless_equals_int (count_fds (), fds);
  fail_if (kernel_has ("mcfilter", "0xe8010101"));
  test_clear (&t);
}

GST_END_TEST;

static Suite *
ssmsrc_network_suite (void)
{
  Suite *s = suite_create ("ssmsrc-network");
  TCase *tc = tcase_create ("stream");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_stream, 0, G_N_ELEMENTS (streams));
  tcase_add_test (tc, test_route);
  tcase_add_test (tc, test_foreign);
  tcase_add_loop_test (tc, test_unicast, 0, G_N_ELEMENTS (channels));
  tcase_add_test (tc, test_packed);
  tcase_add_test (tc, test_drops);
  tcase_add_test (tc, test_pause);
  tcase_add_test (tc, test_source_name);
  tcase_add_test (tc, test_rejoin_interval);
  tcase_add_test (tc, test_again_and_again);

  tc = tcase_create ("changes");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_link_down_up, 0, 2);
  tcase_add_test (tc, test_route_moves);
  tcase_add_test (tc, test_iface_replaced);
  tcase_add_test (tc, test_other_changes);
  return s;
}

PRIVATE_NET_MAIN (ssmsrc_network);
