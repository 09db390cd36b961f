/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What amtsrc makes of a stream: buffers, events, messages, statistics.
 */
#include <gst/net/gstnetaddressmeta.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "gstmcaddr.h"
#include "srctest.h"

static const struct
{
  const gchar *relay;
  const PeerFlow *flow;
} combinations[] = {
  {"127.0.0.1", &flow4},
  {"127.0.0.1", &flow6},
  {"::1", &flow4},
  {"::1", &flow6}
};

static void
check_sender (GstBuffer * buffer, const PeerFlow * flow)
{
  GstNetAddressMeta *meta = gst_buffer_get_net_address_meta (buffer);
  gchar *host;

  fail_unless (meta != NULL);
  fail_unless (G_IS_INET_SOCKET_ADDRESS (meta->addr));
  host = g_inet_address_to_string (g_inet_socket_address_get_address
      (G_INET_SOCKET_ADDRESS (meta->addr)));
  fail_unless_equals_string (host, flow->source);
  fail_unless_equals_int (g_inet_socket_address_get_port
      (G_INET_SOCKET_ADDRESS (meta->addr)), flow->source_port);
  g_free (host);
}

static void
check_channel (const GstStructure * s, const PeerFlow * flow, guint port)
{
  guint value;

  fail_unless_equals_string (gst_structure_get_string (s, "source"),
      flow->source);
  fail_unless_equals_string (gst_structure_get_string (s, "group"),
      flow->group);
  fail_unless_equals_string (gst_structure_get_string (s, "delivery"),
      "tunnel");
  fail_unless (gst_structure_get_uint (s, "port", &value));
  fail_unless_equals_int (value, port);
}

static GstClockTime
running_time (SrcTest * t)
{
  return gst_element_get_current_running_time (t->src);
}

/* Where the thing of that name is in the order of what came, or -1. */
static gint
place_of (SrcTest * t, const gchar * name)
{
  gint place = -1;

  g_mutex_lock (&t->lock);
  for (guint i = 0; place < 0 && i < t->order->len; i++)
    if (g_str_equal (g_ptr_array_index (t->order, i), name))
      place = (gint) i;
  g_mutex_unlock (&t->lock);
  return place;
}

static guint
count_order (SrcTest * t, const gchar * name)
{
  guint n = 0;

  g_mutex_lock (&t->lock);
  for (guint i = 0; i < t->order->len; i++)
    n += g_str_equal (g_ptr_array_index (t->order, i), name);
  g_mutex_unlock (&t->lock);
  return n;
}

/* The sticky event on the pad. */
static GstEvent *
channel_event (SrcTest * t)
{
  GstPad *pad = gst_element_get_static_pad (t->src, "src");
  GstEvent *event = gst_pad_get_sticky_event (pad,
      GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, 0);

  gst_object_unref (pad);
  fail_unless (event != NULL);
  fail_unless (gst_event_has_name (event, "multicast-channel"));
  return event;
}

GST_START_TEST (test_stream)
{
  const PeerFlow *flow = combinations[__i__].flow;
  const guint n = 200;
  GstClockTime last = 0;
  PeerRelay relay;
  GstEvent *event;
  SrcTest t;

  peer_relay_open (&relay, combinations[__i__].relay, flow);
  src_test_init (&t, flow, &relay);
  g_object_set (t.src, "port", 5001, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  for (guint i = 0; i < n; i++)
    peer_relay_send (&relay, i, 4 + i * 7);
  src_test_wait_buffers (&t, n);

  for (guint i = 0; i < n; i++) {
    GstBuffer *buffer = src_test_buffer (&t, i);

    check_payload (buffer, i, 4 + i * 7);
    check_sender (buffer, flow);
    fail_unless (GST_BUFFER_PTS_IS_VALID (buffer));
    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer),
        GST_BUFFER_DTS (buffer));
    fail_unless (GST_BUFFER_PTS (buffer) >= last);
    last = GST_BUFFER_PTS (buffer);
    fail_unless_equals_int (GST_BUFFER_FLAG_IS_SET (buffer,
            GST_BUFFER_FLAG_DISCONT), i == 0);
    fail_unless (gst_buffer_get_reference_timestamp_meta (buffer, NULL) ==
        NULL);
  }
  fail_unless (last <= running_time (&t));
  fail_unless (running_time (&t) - last < 5 * GST_SECOND);

  event = channel_event (&t);
  check_channel (gst_event_get_structure (event), flow, 5001);
  gst_event_unref (event);
  src_test_no_errors (&t);
  src_test_stop (&t);
  peer_relay_wait_joined (&relay, FALSE);
  fail_unless_equals_int (peer_relay_heard (&relay).bad, 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_order_of_events)
{
  PeerRelay relay;
  gint channel, first;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send (&relay, 0, 100);
  src_test_wait_buffers (&t, 1);
  for (guint i = 1; i < 5; i++) {
    peer_relay_send (&relay, i, 100);
    src_test_wait_buffers (&t, i + 1);
  }

  channel = place_of (&t, "multicast-channel");
  first = place_of (&t, "buffer");
  fail_unless (channel >= 0 && first >= 0 && channel < first);
  fail_unless (place_of (&t, "stream-start") < channel);
  fail_unless (place_of (&t, "segment") < first);
  fail_unless_equals_int (count_order (&t, "multicast-channel"), 1);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* A burst that waits in the socket comes as a list, every buffer stamped. */
GST_START_TEST (test_lists)
{
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "batch-size", 16, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);

  /* Downstream holds the source up while the burst comes in. */
  peer_relay_send (&relay, 0, 50);
  src_test_wait_buffers (&t, 1);
  g_mutex_lock (&t.lock);
  for (guint i = 1; i <= 300; i++)
    peer_relay_send (&relay, i, 50);
  g_mutex_unlock (&t.lock);
  src_test_wait_buffers (&t, 301);

  fail_unless (t.n_lists > 0);
  for (guint i = 0; i <= 300; i++) {
    GstBuffer *buffer = src_test_buffer (&t, i);

    fail_unless_equals_int (buffer_seq (buffer), i);
    fail_unless (GST_BUFFER_PTS_IS_VALID (buffer) &&
        GST_BUFFER_PTS (buffer) == GST_BUFFER_DTS (buffer));
    fail_unless (i == 0 || GST_BUFFER_PTS (buffer) >=
        GST_BUFFER_PTS (src_test_buffer (&t, i - 1)));
    fail_unless (gst_buffer_get_net_address_meta (buffer) != NULL);
  }
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* Messages that the kernel has joined are as many datagrams, whether they come
 * to the element joined or not. */
GST_START_TEST (test_joined)
{
  const gboolean gro = __i__ == 0;
  GstBuffer *held;
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "allow-gro", gro, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);

  peer_relay_send_joined (&relay, 0, 40, 1316, -1);
  src_test_wait_buffers (&t, 40);
  peer_relay_send_joined (&relay, 40, 20, 1316, 50);
  src_test_wait_buffers (&t, 59);
  /* larger than mtu, each of them */
  peer_relay_send_joined (&relay, 60, 5, 1500, -1);
  peer_relay_send_joined (&relay, 65, 60, 100, -1);
  src_test_wait_buffers (&t, 119);

  for (guint i = 0; i < 119; i++) {
    GstBuffer *buffer = src_test_buffer (&t, i);

    check_payload (buffer, i + (i >= 50) + 5 * (i >= 59), i < 59 ? 1316 : 100);
    fail_unless (gst_buffer_get_net_address_meta (buffer) != NULL);
    /* joined ones arrived at one time */
    if (gro && i % 40 != 0 && i < 40)
      fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer),
          GST_BUFFER_PTS (src_test_buffer (&t, i - 1)));
  }
  fail_unless_equals_uint64 (stat_value (t.src, "packets-received"), 125);
  fail_unless_equals_uint64 (stat_value (t.src, "packets-pushed"), 119);
  fail_unless_equals_uint64 (stat_value (t.src, "dropped-too-big"), 5);
  fail_unless_equals_uint64 (stat_value (t.src,
          "dropped-inner-udp-checksum"), 1);

  /* Buffers outlive the element. */
  held = gst_buffer_ref (src_test_buffer (&t, 20));
  src_test_clear (&t);
  peer_relay_close (&relay);
  check_payload (held, 20, 1316);
  gst_buffer_unref (held);
}

GST_END_TEST;

static void
check_packed (GstBuffer * buffer, guint32 seq, guint n, gsize len)
{
  fail_unless_equals_uint64 (gst_buffer_get_size (buffer), n * len);
  for (guint i = 0; i < n; i++) {
    g_autoptr (GstBuffer) part = gst_buffer_copy_region (buffer,
        GST_BUFFER_COPY_MEMORY, i * len, len);

    check_payload (part, seq + i, len);
  }
}

static void
set_packed (GstElement * src)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("video/mpegts");

  g_object_set (src, "caps", caps, "preserve-packetization", FALSE, NULL);
}

/* What has come together is one buffer; counters count datagrams. */
GST_START_TEST (test_packed)
{
  PeerRelay relay;
  GstEvent *event;
  gboolean preserved;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  set_packed (t.src);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send_joined (&relay, 0, 40, 1316, -1);
  src_test_wait_buffers (&t, 1);
  peer_relay_send (&relay, 40, 1316);
  src_test_wait_buffers (&t, 2);
  /* few, of which one is damaged */
  peer_relay_send_joined (&relay, 41, 5, 1316, 43);
  src_test_wait_buffers (&t, 3);
  /* a block is used again */
  peer_relay_send_joined (&relay, 46, 40, 1316, -1);
  src_test_wait_buffers (&t, 4);

  check_packed (src_test_buffer (&t, 0), 0, 40, 1316);
  check_packed (src_test_buffer (&t, 1), 40, 1, 1316);
  fail_unless_equals_uint64 (gst_buffer_get_size (src_test_buffer (&t, 2)),
      4 * 1316);
  check_packed (src_test_buffer (&t, 3), 46, 40, 1316);
  for (guint i = 0; i < 4; i++) {
    GstBuffer *buffer = src_test_buffer (&t, i);

    fail_unless (GST_BUFFER_PTS_IS_VALID (buffer));
    fail_unless_equals_uint64 (GST_BUFFER_DTS (buffer),
        GST_BUFFER_PTS (buffer));
    fail_unless (i == 0 || GST_BUFFER_PTS (buffer) >
        GST_BUFFER_PTS (src_test_buffer (&t, i - 1)));
    fail_unless_equals_int (GST_BUFFER_FLAG_IS_SET (buffer,
            GST_BUFFER_FLAG_DISCONT), i == 0);
    fail_unless (gst_buffer_get_net_address_meta (buffer) != NULL);
  }
  event = channel_event (&t);
  fail_unless (gst_structure_get_boolean (gst_event_get_structure (event),
          "preserve-packetization", &preserved));
  fail_if (preserved);
  gst_event_unref (event);
  fail_unless_equals_uint64 (stat_value (t.src, "packets-received"), 86);
  fail_unless_equals_uint64 (stat_value (t.src, "packets-pushed"), 85);
  check_sum (t.src);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* A buffer has one sender, and is no larger than a block. */
GST_START_TEST (test_packs)
{
  PeerFlow other = flow4;
  const gsize len = 1300;
  guint8 buf[60000];
  gsize size = 0;
  PeerRelay relay;
  int segment;
  SrcTest t;

  other.source_port++;
  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  set_packed (t.src);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  for (guint i = 0; i < 9; i++)
    size = peer_message (buf + i * size, i < 3 || i > 5 ? &flow4 : &other, i,
        len);
  segment = (int) size;
  fail_unless (setsockopt (relay.fd, SOL_UDP, UDP_SEGMENT, &segment,
          sizeof (segment)) == 0);
  peer_relay_send_raw (&relay, buf, 9 * size);
  src_test_wait_buffers (&t, 3);
  for (guint i = 0; i < 3; i++) {
    GstBuffer *buffer = src_test_buffer (&t, i);
    GSocketAddress *address = gst_buffer_get_net_address_meta (buffer)->addr;

    check_packed (buffer, 3 * i, 3, len);
    fail_unless_equals_int (g_inet_socket_address_get_port
        (G_INET_SOCKET_ADDRESS (address)),
        i == 1 ? other.source_port : flow4.source_port);
  }
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static void
expect_caps (GstElement * src, const gchar * expected)
{
  g_autofree gchar *text = NULL;
  GstCaps *caps;

  g_object_get (src, "caps", &caps, NULL);
  text = gst_caps_to_string (caps);
  fail_unless_equals_string (text, expected);
  gst_caps_unref (caps);
}

static guint
count_warnings (SrcTest * t)
{
  guint n = 0;

  g_mutex_lock (&t->lock);
  for (guint i = 0; i < t->messages->len; i++)
    n += GST_MESSAGE_TYPE (g_ptr_array_index (t->messages, i)) ==
        GST_MESSAGE_WARNING;
  g_mutex_unlock (&t->lock);
  return n;
}

/* What is being packed stays MPEG-TS. */
GST_START_TEST (test_packed_caps_stay)
{
  static const gchar *const bad[] = { "application/x-rtp", "ANY" };
  const gchar *ts = "video/mpegts, systemstream=(boolean)true";
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  set_packed (t.src);
  src_test_play (&t);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    gst_util_set_object_arg (G_OBJECT (t.src), "caps", bad[i]);
    expect_caps (t.src, "video/mpegts");
    fail_unless_equals_int (count_warnings (&t), i + 1);
  }
  gst_util_set_object_arg (G_OBJECT (t.src), "caps", ts);
  expect_caps (t.src, ts);

  src_test_stop (&t);
  gst_util_set_object_arg (G_OBJECT (t.src), "caps", bad[0]);
  expect_caps (t.src, bad[0]);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* Sends datagrams until some of them wait in the socket; returns their number. */
static guint
send_until_they_collect (SrcTest * t, PeerRelay * relay)
{
  gint64 end = g_get_monotonic_time () + 10 * G_TIME_SPAN_SECOND;
  guint n = 0;

  while (n < src_test_n_buffers (t) + 5) {
    fail_unless (g_get_monotonic_time () < end, "nothing waits");
    peer_relay_send (relay, n++, 100);
    g_usleep (2000);
  }
  return n;
}

/* Datagrams that come one close behind the other wait for others; their stamps
 * tell when they came, and stopping does not wait. */
GST_START_TEST (test_collect)
{
  PeerRelay relay;
  SrcTest t;
  guint n, apart = 0;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "coalesce-time", 50 * GST_MSECOND, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  n = send_until_they_collect (&t, &relay);
  src_test_wait_buffers (&t, n);
  for (guint i = 0; i < n; i++) {
    check_payload (src_test_buffer (&t, i), i, 100);
    if (i > 0 && GST_BUFFER_PTS (src_test_buffer (&t, i)) >
        GST_BUFFER_PTS (src_test_buffer (&t, i - 1)) + GST_MSECOND)
      apart++;
  }
  /* a busy host may read the clocks late for a list or two */
  fail_unless (t.n_lists > 0 && apart > n / 2, "%u of %u", apart, n);
  src_test_stop (&t);

  src_test_drop_buffers (&t);
  g_object_set (t.src, "coalesce-time", GST_SECOND, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  send_until_they_collect (&t, &relay);
  src_test_stop (&t);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* The stamp is the arrival, not the time of reading. */
GST_START_TEST (test_stamp_is_arrival)
{
  GstClockTime before, after, pts;
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send (&relay, 0, 50);
  src_test_wait_buffers (&t, 1);

  g_mutex_lock (&t.lock);       /* in the probe the first of these waits */
  peer_relay_send (&relay, 1, 50);
  g_usleep (20000);
  before = running_time (&t);
  peer_relay_send (&relay, 2, 50);
  after = running_time (&t);
  g_usleep (200000);
  g_mutex_unlock (&t.lock);
  pts = GST_BUFFER_PTS (src_test_buffer (&t, 2));
  fail_unless (pts + 20 * GST_MSECOND >= before);
  fail_unless (pts <= after + 20 * GST_MSECOND, "%" GST_TIME_FORMAT " is %"
      GST_TIME_FORMAT " late", GST_TIME_ARGS (pts),
      GST_TIME_ARGS (pts - after));
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_metas)
{
  GstReferenceTimestampMeta *meta;
  GstClockTime now;
  GstBuffer *buffer;
  PeerRelay relay;
  GstCaps *caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  g_object_set (t.src, "add-reference-timestamp-meta", TRUE,
      "retrieve-sender-address", FALSE, NULL);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send (&relay, 0, 50);
  buffer = src_test_buffer (&t, 0);
  now = (GstClockTime) g_get_real_time () * GST_USECOND;
  fail_unless (gst_buffer_get_net_address_meta (buffer) == NULL);
  meta = gst_buffer_get_reference_timestamp_meta (buffer, caps);
  fail_unless (meta != NULL);
  fail_unless (gst_caps_is_equal (meta->reference, caps));
  fail_unless (meta->timestamp <= now && now - meta->timestamp < GST_SECOND);
  fail_unless_equals_uint64 (stat_value (t.src, "last-packet-time-ns"),
      meta->timestamp);
  gst_caps_unref (caps);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static GstPadProbeReturn
add_foreign_sender (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string ("192.0.2.99", 9);

  if (gst_buffer_get_net_address_meta (buffer))
    g_atomic_int_inc ((gint *) data);
  gst_buffer_add_net_address_meta (buffer, address);
  return GST_PAD_PROBE_OK;
}

/* Buffers that come back do not bring what others put on them. */
GST_START_TEST (test_foreign_sender)
{
  gint met = 0;
  PeerRelay relay;
  GstPad *pad;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  t.keep = FALSE;
  g_object_set (t.src, "retrieve-sender-address", FALSE, NULL);
  pad = gst_element_get_static_pad (t.src, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, add_foreign_sender, &met,
      NULL);
  gst_object_unref (pad);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  for (guint i = 0; i < 20; i++) {
    peer_relay_send (&relay, i, 50);
    src_test_wait_buffers (&t, i + 1);
  }
  fail_unless_equals_int (g_atomic_int_get (&met), 0);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

/* One address object for all buffers of a sender; a new one when it changes. */
GST_START_TEST (test_sender_is_shared)
{
  GSocketAddress *first, *third;
  PeerFlow other = flow4;
  guint8 buf[256];
  PeerRelay relay;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send (&relay, 0, 50);
  peer_relay_send (&relay, 1, 50);
  other.source_port = 4001;
  peer_relay_send_raw (&relay, buf, peer_message (buf, &other, 2, 50));
  src_test_wait_buffers (&t, 3);
  first = gst_buffer_get_net_address_meta (src_test_buffer (&t, 0))->addr;
  third = gst_buffer_get_net_address_meta (src_test_buffer (&t, 2))->addr;
  fail_unless (gst_buffer_get_net_address_meta (src_test_buffer (&t,
              1))->addr == first);
  fail_unless (third != first);
  fail_unless_equals_int (g_inet_socket_address_get_port
      (G_INET_SOCKET_ADDRESS (third)), 4001);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

GST_START_TEST (test_caps)
{
  GstCaps *caps = gst_caps_from_string ("video/mpegts, systemstream=true");
  GstCaps *later = gst_caps_from_string ("application/x-rtp");
  GstCaps *got;
  PeerRelay relay;
  GstPad *pad;
  SrcTest t;

  peer_relay_open (&relay, "127.0.0.1", &flow4);
  src_test_init (&t, &flow4, &relay);
  pad = gst_element_get_static_pad (t.src, "src");
  got = gst_pad_query_caps (pad, NULL);
  fail_unless (gst_caps_is_any (got));
  gst_caps_unref (got);
  g_object_set (t.src, "caps", caps, NULL);
  got = gst_pad_query_caps (pad, NULL);
  fail_unless (gst_caps_is_equal (got, caps));
  gst_caps_unref (got);
  got = gst_pad_query_caps (pad, later);
  fail_unless (gst_caps_is_empty (got));
  gst_caps_unref (got);

  src_test_play (&t);
  peer_relay_wait_joined (&relay, TRUE);
  peer_relay_send (&relay, 0, 50);
  src_test_wait_buffers (&t, 1);
  got = gst_pad_get_current_caps (pad);
  fail_unless (got != NULL && gst_caps_is_equal (got, caps));
  gst_caps_unref (got);
  fail_unless (place_of (&t, "caps") < place_of (&t, "buffer"));

  /* can be changed in PLAYING; the next create () sees the new ones */
  g_object_set (t.src, "caps", later, NULL);
  for (guint i = 1; i < 4; i++) {
    peer_relay_send (&relay, i, 50);
    src_test_wait_buffers (&t, i + 1);
  }
  got = gst_pad_get_current_caps (pad);
  fail_unless (gst_caps_is_equal (got, later), "%" GST_PTR_FORMAT, got);
  gst_caps_unref (got);
  gst_caps_unref (caps);
  gst_caps_unref (later);
  gst_object_unref (pad);
  src_test_clear (&t);
  peer_relay_close (&relay);
}

GST_END_TEST;

static Suite *
amtsrc_stream_suite (void)
{
  Suite *s = suite_create ("amtsrc-stream");
  TCase *tc = tcase_create ("buffers");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_stream, 0, G_N_ELEMENTS (combinations));
  tcase_add_test (tc, test_order_of_events);
  tcase_add_test (tc, test_lists);
  tcase_add_loop_test (tc, test_joined, 0, 2);
  tcase_add_test (tc, test_packed);
  tcase_add_test (tc, test_packs);
  tcase_add_test (tc, test_packed_caps_stay);
  tcase_add_test (tc, test_collect);
  tcase_add_test (tc, test_stamp_is_arrival);
  tcase_add_test (tc, test_metas);
  tcase_add_test (tc, test_foreign_sender);
  tcase_add_test (tc, test_sender_is_shared);
  tcase_add_test (tc, test_caps);
  return s;
}

GST_CHECK_MAIN (amtsrc_stream);
