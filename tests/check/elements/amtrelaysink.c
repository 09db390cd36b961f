/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtrelaysink: settings, data to gateways on loopback sockets, sharing.
 */
#include <gst/check/gstcheck.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gstmcaddr.h"
#include "relayharness.h"

static const PeerChannel channel4 = CHANNEL4;
static const PeerChannel channel6 = CHANNEL6;

/*
 * Settings
 */

GST_START_TEST (test_properties)
{
  GstElement *sink = gst_element_factory_make ("amtrelaysink", NULL);
  gchar *source, *group, *address;
  guint port, source_port, relay_port, used, max_gateways, ttl, mtu;
  guint64 interval;
  gboolean gateway_address;
  gint dscp;

  g_object_get (sink, "source", &source, "group", &group, "port", &port,
      "source-port", &source_port, "relay-address", &address, "relay-port",
      &relay_port, "used-port", &used, "gateway-address", &gateway_address,
      "max-gateways", &max_gateways, "query-interval", &interval, "ttl", &ttl,
      "qos-dscp", &dscp, "mtu", &mtu, NULL);
  fail_unless (source == NULL && group == NULL && address == NULL);
  fail_unless_equals_int (port, 5001);
  fail_unless_equals_int (source_port, 5001);
  fail_unless_equals_int (relay_port, 2268);
  fail_unless_equals_int (used, 0);
  fail_if (gateway_address);
  fail_unless_equals_int (max_gateways, 1024);
  fail_unless_equals_uint64 (interval, 125 * GST_SECOND);
  fail_unless_equals_int (ttl, 64);
  fail_unless_equals_int (dscp, -1);
  fail_unless_equals_int (mtu, 1500);

  g_object_set (sink, "source", S6, "group", G6, "port", 1, "source-port",
      65535, "relay-address", "::1", "relay-port", 7, "gateway-address", TRUE,
      "max-gateways", 3, "query-interval", 20 * GST_SECOND, "ttl", 9,
      "qos-dscp", 46, "mtu", 9000, NULL);
  g_object_get (sink, "source", &source, "group", &group, "port", &port,
      "source-port", &source_port, "relay-address", &address, "relay-port",
      &relay_port, "gateway-address", &gateway_address, "max-gateways",
      &max_gateways, "query-interval", &interval, "ttl", &ttl, "qos-dscp",
      &dscp, "mtu", &mtu, NULL);
  fail_unless_equals_string (source, S6);
  fail_unless_equals_string (group, G6);
  fail_unless_equals_string (address, "::1");
  fail_unless_equals_int (port, 1);
  fail_unless_equals_int (source_port, 65535);
  fail_unless_equals_int (relay_port, 7);
  fail_unless (gateway_address);
  fail_unless_equals_int (max_gateways, 3);
  fail_unless_equals_uint64 (interval, 20 * GST_SECOND);
  fail_unless_equals_int (ttl, 9);
  fail_unless_equals_int (dscp, 46);
  fail_unless_equals_int (mtu, 9000);
  g_free (source);
  g_free (group);
  g_free (address);
  gst_object_unref (sink);
}

GST_END_TEST;

/* Starting must fail, and the first error's text name the property; the base
 * class adds one that says no more than that. */
static void
expect_start_error (GstElement * sink, gint code, const gchar * property)
{
  GstBus *bus = gst_bus_new ();
  GError *error = NULL;
  GstMessage *message;

  gst_element_set_bus (sink, bus);
  fail_unless_equals_int (gst_element_set_state (sink, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "no error for %s", property);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR, code), "%s: %s",
      property, error->message);
  fail_unless (strstr (error->message, property) != NULL, "%s: %s", property,
      error->message);
  g_error_free (error);
  gst_message_unref (message);

  gst_element_set_state (sink, GST_STATE_NULL);
  gst_element_set_bus (sink, NULL);
  gst_object_unref (bus);
}

static const struct
{
  const gchar *source;
  const gchar *group;
  const gchar *relay_address;
  const gchar *named;
} bad_settings[] = {
  {NULL, G4, NULL, "\"source\""},
  {"", G4, NULL, "\"source\""},
  {"sender.example", G4, NULL, "\"source\""},
  {"232.1.1.1", G4, NULL, "\"source\""},
  {"0.0.0.0", G4, NULL, "\"source\""},
  {S4, NULL, NULL, "\"group\""},
  {S4, "192.0.2.1", NULL, "\"group\""},
  {S4, "232.1.1", NULL, "\"group\""},
  {S4, G6, NULL, "\"group\""},
  {S6, G4, NULL, "\"source\""},
  {S4, G4, "localhost", "\"relay-address\""},
  {S4, G4, "232.1.1.1", "\"relay-address\""},
  {S4, G4, "192.0.2.77", "\"relay-address\""},
  {S4, G4, "2001:db8::77", "\"relay-address\""}
};

GST_START_TEST (test_bad_settings)
{
  GstElement *sink = relay_sink_new (bad_settings[__i__].source,
      bad_settings[__i__].group);

  g_object_set (sink, "relay-address", bad_settings[__i__].relay_address, NULL);
  expect_start_error (sink, GST_RESOURCE_ERROR_SETTINGS,
      bad_settings[__i__].named);

  /* A failed start leaves nothing behind. */
  g_object_set (sink, "source", S4, "group", G4, "relay-address", NULL, NULL);
  fail_unless (gst_element_set_state (sink, GST_STATE_PAUSED) !=
      GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (sink, GST_STATE_NULL);
  gst_object_unref (sink);
}

GST_END_TEST;

static void
check_port_in_use (gint family, const gchar * any)
{
  GstElement *sink = relay_sink_new (S4, G4);
  struct sockaddr_storage name;
  core_addr at = { 0 };
  socklen_t len;
  gint one = 1;
  gint fd = socket (family, SOCK_DGRAM, 0);

  fail_unless (core_ip_from_string (any, &at.ip));
  len = gst_mc_addr_to_sockaddr (&at, family, &name);
  if (family == AF_INET6)
    setsockopt (fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof (one));
  fail_unless (bind (fd, (struct sockaddr *) &name, len) == 0);
  getsockname (fd, (struct sockaddr *) &name, &len);
  gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len, &at);

  g_object_set (sink, "relay-port", at.port, NULL);
  expect_start_error (sink, GST_RESOURCE_ERROR_OPEN_WRITE, "\"relay-port\"");
  close (fd);
  fail_unless (gst_element_set_state (sink, GST_STATE_PAUSED) !=
      GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (sink, GST_STATE_NULL);
  gst_object_unref (sink);
}

GST_START_TEST (test_port_in_use)
{
  guint fds = count_fds ();

  check_port_in_use (AF_INET, "0.0.0.0");
  check_port_in_use (AF_INET6, "::");
  fail_unless_equals_int (count_fds (), fds);
}

GST_END_TEST;

/*
 * Data
 */

static const struct
{
  const gchar *relay;
  const PeerChannel *channel;
} combinations[] = {
  {"127.0.0.1", &channel4},
  {"127.0.0.1", &channel6},
  {"::1", &channel4},
  {"::1", &channel6},
  /* answers come from the address that was asked */
  {"127.0.0.5", &channel4}
};

GST_START_TEST (test_join_data_leave)
{
  const PeerChannel *c = combinations[__i__].channel;
  GstHarness *h = relay_harness_new (relay_sink_new (c->source, c->group));
  PeerGateway peer;

  peer_open (&peer, combinations[__i__].relay, relay_used_port (h));
  relay_push (h, 100, 0);       /* nobody there */
  peer_join (&peer, c->source, c->group);
  relay_wait_for_gateways (h->element, 1);
  for (guint i = 0; i < 20; i++) {
    relay_push (h, 1 + i * 60, (guint8) i);
    relay_expect (&peer, c, 1 + i * 60, (guint8) i);
  }
  peer_leave (&peer, c->source, c->group);
  relay_wait_for_gateways (h->element, 0);
  relay_push (h, 100, 0);
  peer_expect_silence (&peer, 50);

  fail_unless_equals_uint64 (relay_stat (h->element, "packets-in"), 22);
  fail_unless_equals_uint64 (relay_stat (h->element, "packets-sent"), 20);
  fail_unless_equals_uint64 (relay_stat (h->element, "gateways-added"), 1);
  fail_unless_equals_uint64 (relay_stat (h->element, "gateways-removed"), 1);
  peer_close (&peer);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Computed apart from our code. */
static const struct
{
  const gchar *source;
  const gchar *group;
  const gchar *hex;
} exact[] = {
  {S4, G4, "060045b80021000040002111ae07c000020ae80101010fa01389000dedcb"
        "68656c6c6f"},
  {S6, G6, "06006b800000000d112120010db8000000000000000000000010ff3e00000000"
        "000000000000800000010fa01389000debcf68656c6c6f"}
};

GST_START_TEST (test_exact_bytes)
{
  GstElement *sink = relay_sink_new (exact[__i__].source, exact[__i__].group);
  GString *got = g_string_new (NULL);
  gint on = 1, tos = -1;
  guint8 buf[2048], control[64];
  struct iovec iov = { buf, sizeof (buf) };
  struct msghdr msg = { 0 };
  PeerGateway peer;
  GstHarness *h;
  gssize n;

  g_object_set (sink, "source-port", 4000, "ttl", 33, "qos-dscp", 46, NULL);
  h = relay_harness_new (sink);
  peer_open (&peer, "127.0.0.1", relay_used_port (h));
  setsockopt (peer.fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof (on));
  peer_join (&peer, exact[__i__].source, exact[__i__].group);
  relay_wait_for_gateways (h->element, 1);
  gst_harness_push (h, gst_buffer_new_memdup ("hello", 5));

  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  msg.msg_control = control;
  msg.msg_controllen = sizeof (control);
  n = recvmsg (peer.fd, &msg, 0);
  for (gssize i = 0; i < n; i++)
    g_string_append_printf (got, "%02x", buf[i]);
  fail_unless_equals_string (got->str, exact[__i__].hex);
  for (struct cmsghdr * c = CMSG_FIRSTHDR (&msg); c != NULL;
      c = CMSG_NXTHDR (&msg, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
      tos = *CMSG_DATA (c);
  }
  fail_unless_equals_int (tos, 46 << 2);
  g_string_free (got, TRUE);
  peer_close (&peer);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* More gateways of both families than one batch holds messages. */
#define N 60
#define PACKETS 10

GST_START_TEST (test_many_gateways)
{
  GstHarness *h = relay_harness_new (relay_sink_new (S4, G4));
  GstBufferList *list = gst_buffer_list_new ();
  PeerGateway peers[N];
  GstStructure *stats;
  const GValue *array;
  guint64 sum = 0, value;

  for (guint i = 0; i < N; i++) {
    peer_open (&peers[i], i % 3 ? "127.0.0.1" : "::1", relay_used_port (h));
    peer_join (&peers[i], S4, G4);
  }
  relay_wait_for_gateways (h->element, N);
  for (guint i = 0; i < PACKETS; i++)
    gst_buffer_list_add (list, relay_make_buffer (200 + i, (guint8) i));
  fail_unless_equals_int (gst_pad_push_list (h->srcpad, list), GST_FLOW_OK);
  for (guint p = 0; p < N; p++)
    for (guint i = 0; i < PACKETS; i++)
      relay_expect (&peers[p], &channel4, 200 + i, (guint8) i);

  peer_leave (&peers[0], S4, G4);
  relay_wait_for_gateways (h->element, N - 1);
  relay_push (h, 100, 0);
  relay_expect (&peers[1], &channel4, 100, 0);
  peer_expect_silence (&peers[0], 20);

  stats = relay_get_stats (h->element);
  array = gst_structure_get_value (stats, "gateway-stats");
  fail_unless_equals_int (gst_value_array_get_size (array), N - 1);
  for (guint i = 0; i < N - 1; i++) {
    const GstStructure *g =
        gst_value_get_structure (gst_value_array_get_value (array, i));
    guint port;

    fail_unless (gst_structure_get_uint (g, "port", &port));
    fail_unless (gst_structure_get_string (g, "address") != NULL);
    fail_unless (gst_structure_get_uint64 (g, "packets-sent", &value));
    fail_unless_equals_uint64 (value, PACKETS + 1);
    sum += value;
  }
  gst_structure_free (stats);
  fail_unless_equals_uint64 (relay_stat (h->element, "packets-sent"),
      sum + PACKETS);
  fail_unless_equals_uint64 (relay_stat (h->element, "bytes-sent"),
      N * (PACKETS * 200 + 45) + (N - 1) * 100);
  fail_unless_equals_uint64 (relay_stat (h->element, "gateways"), N - 1);
  for (guint i = 0; i < N; i++)
    peer_close (&peers[i]);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_memories_and_lists)
{
  static const guint cuts[][6] = {
    {1, 99}, {33, 1, 66}, {7, 7, 7, 7, 7}, {1300, 16}, {1, 1, 1, 1, 1, 1}
  };
  GstHarness *h = relay_harness_new (relay_sink_new (S4, G4));
  GstBufferList *list = gst_buffer_list_new ();
  PeerGateway peer;

  peer_open (&peer, "127.0.0.1", relay_used_port (h));
  peer_join (&peer, S4, G4);
  relay_wait_for_gateways (h->element, 1);

  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++) {
    GstBuffer *whole, *buffer = gst_buffer_new ();
    gsize total = 0;

    for (guint k = 0; k < 6; k++)
      total += cuts[i][k];
    whole = relay_make_buffer (total, (guint8) i);
    total = 0;
    for (guint k = 0; k < 6 && cuts[i][k] > 0; k++) {
      gst_buffer_append_memory (buffer,
          gst_memory_share (gst_buffer_peek_memory (whole, 0), total,
              cuts[i][k]));
      total += cuts[i][k];
    }
    gst_buffer_unref (whole);
    gst_buffer_list_add (list, buffer);
    gst_buffer_list_add (list, relay_make_buffer (50 + i, (guint8) i));
    gst_buffer_list_add (list, gst_buffer_new ());
  }
  fail_unless_equals_int (gst_pad_push_list (h->srcpad, list), GST_FLOW_OK);
  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++) {
    gsize total = 0;

    for (guint k = 0; k < 6; k++)
      total += cuts[i][k];
    relay_expect (&peer, &channel4, total, (guint8) i);
    relay_expect (&peer, &channel4, 50 + i, (guint8) i);
  }
  fail_unless_equals_uint64 (relay_stat (h->element, "dropped-empty"),
      G_N_ELEMENTS (cuts));
  fail_unless_equals_uint64 (relay_stat (h->element, "packets-in"),
      3 * G_N_ELEMENTS (cuts));

  /* More than a chunk, in order. */
  list = gst_buffer_list_new ();
  for (guint i = 0; i < 100; i++)
    gst_buffer_list_add (list, relay_make_buffer (100 + i, (guint8) i));
  fail_unless_equals_int (gst_pad_push_list (h->srcpad, list), GST_FLOW_OK);
  for (guint i = 0; i < 100; i++)
    relay_expect (&peer, &channel4, 100 + i, (guint8) i);
  peer_close (&peer);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_too_big)
{
  GstElement *sink = relay_sink_new (S4, G4);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  GError *error;
  PeerGateway peer4, peer6;
  GstHarness *h;

  g_object_set (sink, "mtu", 600, NULL);
  h = relay_harness_new (sink);
  gst_element_set_bus (h->element, bus);
  peer_open (&peer4, "127.0.0.1", relay_used_port (h));
  peer_open (&peer6, "::1", relay_used_port (h));
  peer_join (&peer4, S4, G4);
  peer_join (&peer6, S4, G4);
  relay_wait_for_gateways (h->element, 2);

  relay_push (h, 600 - 58, 1);  /* all of the mtu over IPv4, too much over IPv6 */
  relay_expect (&peer4, &channel4, 600 - 58, 1);
  relay_push (h, 600 - 58 + 1, 2);
  relay_push (h, 60000, 3);
  relay_push (h, 600 - 78, 4);
  relay_expect (&peer4, &channel4, 600 - 78, 4);
  relay_expect (&peer6, &channel4, 600 - 78, 4);
  fail_unless_equals_uint64 (relay_stat (h->element, "dropped-too-big"), 3);
  fail_unless_equals_uint64 (relay_stat (h->element, "packets-sent"), 3);

  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL);
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (strstr (error->message, "\"mtu\"") != NULL);
  g_error_free (error);
  gst_message_unref (message);
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING) == NULL);

  peer_close (&peer4);
  peer_close (&peer6);
  gst_bus_set_flushing (bus, TRUE);
  gst_harness_teardown (h);
  gst_object_unref (bus);
}

GST_END_TEST;

/*
 * Sharing
 */

GST_START_TEST (test_shared_relay)
{
  guint fds = count_fds ();
  GstHarness *one = relay_harness_new (relay_sink_new (S4, G4));
  guint alone = count_fds () - fds;
  GstHarness *two = relay_harness_new (relay_sink_new (S6, G6));
  PeerGateway peer;
  guint port = relay_used_port (one);

  fail_unless_equals_int (relay_used_port (two), port);
  fail_unless_equals_int (count_fds () - fds, alone);
  peer_open (&peer, "127.0.0.1", port);
  peer_join (&peer, S4, G4);
  relay_wait_for_gateways (one->element, 1);
  relay_push (two, 100, 1);
  relay_push (one, 100, 2);
  relay_expect (&peer, &channel4, 100, 2);
  fail_unless_equals_uint64 (relay_stat (two->element, "packets-sent"), 0);
  fail_unless_equals_uint64 (relay_stat (two->element, "gateways"), 1);
  fail_unless_equals_int (relay_channel_gateways (two->element), 0);

  peer_join (&peer, S6, G6);
  relay_wait_for_gateways (two->element, 1);
  fail_unless_equals_uint64 (relay_stat (two->element, "gateways"), 1);
  relay_push (two, 100, 3);
  relay_expect (&peer, &channel6, 100, 3);

  /* The relay outlives the sink that opened it. */
  gst_harness_teardown (one);
  relay_push (two, 100, 4);
  relay_expect (&peer, &channel6, 100, 4);
  gst_harness_teardown (two);
  peer_close (&peer);
  fail_unless_equals_int (count_fds (), fds);
}

GST_END_TEST;

GST_START_TEST (test_max_gateways)
{
  GstElement *sink = relay_sink_new (S4, G4);
  PeerGateway peers[6];
  GstHarness *h;

  g_object_set (sink, "max-gateways", 2, NULL);
  h = relay_harness_new (sink);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++) {
    peer_open (&peers[i], "127.0.0.1", relay_used_port (h));
    peer_join (&peers[i], S4, G4);
    fail_unless_equals_int (peers[i].limit, i >= 2);
    if (i < 2)
      relay_wait_for_gateways (h->element, i + 1);
  }
  relay_wait_for_stat (h->element, "dropped-control-too-many-gateways", 4);
  fail_unless_equals_int (relay_channel_gateways (h->element), 2);
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    peer_close (&peers[i]);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
amtrelaysink_suite (void)
{
  Suite *s = suite_create ("amtrelaysink");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_properties);
  tcase_add_loop_test (tc, test_bad_settings, 0, G_N_ELEMENTS (bad_settings));
  tcase_add_test (tc, test_port_in_use);
  tcase_add_loop_test (tc, test_join_data_leave, 0,
      G_N_ELEMENTS (combinations));
  tcase_add_loop_test (tc, test_exact_bytes, 0, G_N_ELEMENTS (exact));
  tcase_add_test (tc, test_many_gateways);
  tcase_add_test (tc, test_memories_and_lists);
  tcase_add_test (tc, test_too_big);
  tcase_add_test (tc, test_shared_relay);
  tcase_add_test (tc, test_max_gateways);
  return s;
}

GST_CHECK_MAIN (amtrelaysink);
