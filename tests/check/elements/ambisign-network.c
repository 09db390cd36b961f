/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ambisign in front of udpsink and amtrelaysink: what is listed is what arrives
 * on a socket, addresses and ports included.
 */
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "gstmcaddr.h"
#include "relayharness.h"
#include "signtest.h"

#define N 20

/*
 * udpsink
 */

static GSocket *
open_socket (const gchar * address)
{
  GSocket *sock = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, NULL);
  GSocketAddress *name = g_inet_socket_address_new_from_string (address, 0);

  fail_unless (sock != NULL);
  g_socket_set_timeout (sock, 5);
  fail_unless (g_socket_bind (sock, name, FALSE, NULL));
  g_object_unref (name);
  return sock;
}

static guint16
port_of (GSocket * sock)
{
  GSocketAddress *name = g_socket_get_local_address (sock, NULL);
  guint16 port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (name));

  g_object_unref (name);
  return port;
}

static void
join (GSocket * sock, const gchar * group, const gchar * source)
{
  GInetAddress *g = g_inet_address_new_from_string (group);
  GInetAddress *s = g_inet_address_new_from_string (source);

  fail_unless (g_socket_join_multicast_group_ssm (sock, g, s, "lo", NULL));
  g_object_unref (g);
  g_object_unref (s);
}

/* The digest of the next datagram, from what the socket tells of it. */
static void
receive_digest (GSocket * sock, const ambi_flow * sent, guint32 stream_id,
    guint8 * digest)
{
  struct sockaddr_storage native;
  ambi_flow flow = *sent;
  GSocketAddress *from;
  core_hash *hash;
  core_addr addr;
  guint8 buf[2048];
  gssize len = g_socket_receive_from (sock, &from, (gchar *) buf,
      sizeof (buf), NULL, NULL);

  fail_unless (len > 0, "no datagram");
  g_socket_address_to_native (from, &native, sizeof (native), NULL);
  fail_unless (gst_mc_addr_from_sockaddr ((struct sockaddr *) &native,
          (socklen_t) g_socket_address_get_native_size (from), &addr));
  flow.src = addr.ip;
  flow.src_port = addr.port;
  fail_unless_equals_int (core_hash_new (&hash, CORE_HASH_SHA_256), CORE_OK);
  fail_unless_equals_int (ambi_packet_digest (hash, &flow, stream_id, buf,
          (gsize) len, digest), CORE_OK);
  core_hash_free (hash);
  g_object_unref (from);
}

GST_START_TEST (test_udpsink)
{
  GSocket *sender = open_socket ("127.0.0.1");
  GSocket *receiver = open_socket ("232.1.1.1");
  GstHarness *h = gst_harness_new_parse ("ambisign name=s source=127.0.0.1 "
      "group=232.1.1.1 delay=30000000 max-manifest-latency=10000000 ! "
      "udpsink name=u host=232.1.1.1 multicast-iface=lo auto-multicast=false");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (h->element), "u");
  guint8 digests[N][CORE_SHA256_LEN];
  gint64 id;
  SignTest t;

  join (receiver, "232.1.1.1", "127.0.0.1");
  gst_element_set_state (h->element, GST_STATE_NULL);
  gst_child_proxy_set (GST_CHILD_PROXY (h->element), "s::source-port",
      port_of (sender), "s::port", port_of (receiver), NULL);
  g_object_set (sink, "socket", sender, "port", port_of (receiver), NULL);
  sign_test_init_bin (&t, h);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  gst_harness_set_src_caps_str (h, "video/mpegts");
  g_object_get (t.sign, "used-stream-id", &id, NULL);

  for (guint n = 0; n < N; n++)
    gst_harness_push (h, sign_make_buffer (n, 1316));
  for (guint n = 0; n < N; n++)
    receive_digest (receiver, &t.flow, (guint32) id, digests[n]);
  sign_read_listed (&t, N);
  for (guint n = 0; n < N; n++)
    fail_unless (memcmp (g_array_index (t.listed, Listed, n).bytes,
            digests[n], CORE_SHA256_LEN) == 0, "packet %u", n);

  gst_element_set_state (h->element, GST_STATE_NULL);
  sign_test_clear (&t);
  gst_object_unref (sink);
  g_object_unref (sender);
  g_object_unref (receiver);
}

GST_END_TEST;

/*
 * amtrelaysink
 */

/* The gateway checks addresses, ports and payload of what comes out of the
 * tunnel; the digests are of the same. */
GST_START_TEST (test_amtrelaysink)
{
  const PeerChannel channel = { S4, G4, 1234, 4321, 0 };
  GstHarness *h = gst_harness_new_parse ("ambisign name=s source=" S4
      " group=" G4 " source-port=1234 port=4321 delay=30000000 "
      "max-manifest-latency=10000000 ! amtrelaysink name=r relay-port=0 source="
      S4 " group=" G4 " source-port=1234 port=4321");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (h->element), "r");
  PeerGateway peer;
  SignTest t;
  guint port;

  sign_test_init_bin (&t, h);
  gst_harness_set_src_caps_str (h, "video/mpegts");
  g_object_get (sink, "used-port", &port, NULL);
  peer_open (&peer, "127.0.0.1", port);
  peer_join (&peer, S4, G4);
  relay_wait_for_gateways (sink, 1);

  for (guint n = 0; n < N; n++)
    gst_harness_push (h, sign_make_buffer (n, 1316));
  for (guint n = 0; n < N; n++) {
    GstBuffer *buffer = sign_make_buffer (n, 1316);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_READ);
    peer_expect (&peer, &channel, map.data, map.size);
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
  sign_read_listed (&t, N);
  for (guint n = 0; n < N; n++)
    sign_expect_listed (&t, n, n, 1316);

  peer_close (&peer);
  gst_element_set_state (h->element, GST_STATE_NULL);
  sign_test_clear (&t);
  gst_object_unref (sink);
}

GST_END_TEST;

static Suite *
ambisign_network_suite (void)
{
  Suite *s = suite_create ("ambisign-network");
  TCase *tc = tcase_create ("sinks");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_udpsink);
  tcase_add_test (tc, test_amtrelaysink);
  return s;
}

GST_CHECK_MAIN (ambisign_network);
