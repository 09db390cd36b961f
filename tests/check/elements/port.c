/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Sources that were given no port: what a datagram tells, what metadata tell,
 * and who wins, in a network of the test's own with native multicast on m0
 * 198.51.100.1, a relay and a metadata server.
 */
#include <string.h>
#include <unistd.h>

#include "dnsserver.h"
#include "dorms-cache.h"
#include "gstmcaddr.h"
#include "privatenet.h"
#include "resolver.h"
#include "srctest.h"
#include "stream.h"
#include "testserver.h"

#define A4 "198.51.100.1"
#define TUNNEL 2                /* of the property delivery */
#define AUTO 0

/* Ports of the channel's sender, and one of somebody else's. */
#define P1 5001
#define P2 5002
#define P3 5003
#define FORGED 7

#define DEADLINE (10 * G_USEC_PER_SEC)

#define JSON "HTTP/1.1 200 OK\r\nContent-Type: application/yang-data+json\r\n" \
    "Cache-Control: max-age=60\r\nConnection: close\r\n\r\n"
#define GONE "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" \
    "Connection: close\r\n\r\n"

typedef struct
{
  SrcTest t;
  PeerRelay relay;
  TestServer *server;
  gchar *uri;
  dorms_user *other;            /* of the same metadata */
  guint32 seq;

  GMutex lock;                  /* all below */
  const gchar *ports;           /* that the server names, as in JSON; "": it does
                                   not know the channel; NULL: no answer yet */
  guint answered;
  gboolean block;               /* the streaming thread, at its next buffer */
  gboolean blocked;
  GCond cond;
  guint port;                   /* of the last event */
  gboolean other_port;          /* no buffer came since that was another one */
  guint wrong;                  /* buffers of another port than the event's, or
                                   that follow another port without DISCONT */
} Fixture;

/*
 * The metadata server
 */

static gchar *
dup_ports (Fixture * f)
{
  gchar *ports;

  g_mutex_lock (&f->lock);
  ports = g_strdup (f->ports);
  f->answered += ports != NULL;
  g_mutex_unlock (&f->lock);
  return ports;
}

static void
send_metadata (Fixture * f, TestPeer * peer)
{
  g_autoptr (GString) streams = g_string_new (NULL);
  g_auto (GStrv) words = NULL;
  g_autofree gchar *ports = NULL;

  while ((ports = dup_ports (f)) == NULL)
    if (!test_peer_pause (peer, 2))
      return;
  if (ports[0] == '\0') {
    test_peer_print (peer, GONE);
    return;
  }
  words = g_strsplit (ports, ",", -1);
  for (guint i = 0; words[i] != NULL; i++)
    g_string_append_printf (streams, "%s{\"port\":%s}", i > 0 ? "," : "",
        words[i]);
  test_peer_print (peer, JSON "{\"ietf-dorms:group\":[{\"address\":\"" G4
      "\",\"udp-stream\":[%s]}]}", streams->str);
}

static void
serve (TestPeer * peer, gpointer user)
{
  g_autofree gchar *request = test_peer_read_request (peer);

  if (request == NULL)
    return;
  if (strstr (request, "GET /.well-known/host-meta.json") != NULL)
    test_peer_print (peer, JSON
        "{\"links\":[{\"rel\":\"restconf\",\"href\":\"/r\"}]}");
  else if (strstr (request, "GET /r/data/ietf-dorms:dorms/metadata/") != NULL)
    send_metadata (user, peer);
  else
    test_peer_print (peer, GONE);
}

static void
name (Fixture * f, const gchar * ports)
{
  g_mutex_lock (&f->lock);
  f->ports = ports;
  g_mutex_unlock (&f->lock);
}

static guint
count_answers (Fixture * f)
{
  guint n;

  g_mutex_lock (&f->lock);
  n = f->answered;
  g_mutex_unlock (&f->lock);
  return n;
}

static void
nothing (void *ctx)
{
}

/* Uses the metadata of the element's channel, too. */
static void
watch (Fixture * f)
{
  dorms_query query = {
    .server = "localhost",
    .port = (uint16_t) test_server_port (f->server),
    .trust = DORMS_TRUST_AD,
    .tls_ca_file = certificates_path ("ca.pem"),
  };

  fail_unless (core_ip_from_string (f->relay.flow.source, &query.source));
  fail_unless (core_ip_from_string (G4, &query.group));
  fail_unless_equals_int (dorms_cache_use (dorms_cache_get_default (), &query,
          nothing, NULL, gst_mc_now (), &f->other), CORE_OK);
}

static gboolean
is_known (Fixture * f)
{
  const dorms_snapshot *snapshot = dorms_user_look (f->other);
  gboolean known = snapshot->metadata != NULL;

  dorms_snapshot_unref (snapshot);
  return known;
}

/* The server has other metadata, and is asked for them now. */
static void
rename_port (Fixture * f, const gchar * ports)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;
  guint before;

  if (f->other == NULL)
    watch (f);
  g_mutex_lock (&f->lock);
  f->ports = ports;
  before = f->answered;
  g_mutex_unlock (&f->lock);
  dorms_user_refresh (f->other, gst_mc_now ());
  while (count_answers (f) == before) {
    fail_unless (g_get_monotonic_time () < end, "nobody asks again");
    g_usleep (1000);
  }
}

/*
 * What comes out
 */

/* A payload says to which port it was sent. */
static void
look_at (Fixture * f, GstBuffer * buffer)
{
  for (f->blocked = f->block; f->block;)
    g_cond_wait (&f->cond, &f->lock);
  f->wrong += buffer_seq (buffer) / 1000 != f->port;
  f->wrong += f->other_port && !GST_BUFFER_IS_DISCONT (buffer);
  f->other_port = FALSE;
}

static void
look_at_event (Fixture * f, GstEvent * event)
{
  guint port;

  if (!gst_event_has_name (event, "multicast-channel"))
    return;
  fail_unless (gst_structure_get_uint (gst_event_get_structure (event), "port",
          &port));
  f->other_port = f->port != 0 && port != f->port;
  f->port = port;
}

static GstPadProbeReturn
look (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Fixture *f = data;

  g_mutex_lock (&f->lock);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    look_at (f, GST_PAD_PROBE_INFO_BUFFER (info));
  } else if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    for (guint i = 0; i < gst_buffer_list_length (list); i++)
      look_at (f, gst_buffer_list_get (list, i));
  } else {
    look_at_event (f, GST_PAD_PROBE_INFO_EVENT (info));
  }
  g_mutex_unlock (&f->lock);
  return GST_PAD_PROBE_OK;
}

static void
expect_port (Fixture * f, guint n, guint port, const gchar * found_by)
{
  const GstStructure *s = src_test_wait_message (&f->t, "multicast-port", n);
  guint told;

  fail_unless (gst_structure_get_uint (s, "port", &told));
  fail_unless_equals_int (told, port);
  fail_unless_equals_string (gst_structure_get_string (s, "found-by"),
      found_by);
}

/*
 * Life
 */

static void
make_network (void)
{
  /* what a test that failed left behind */
  private_net_run ("ip link del m0 2>/dev/null;"
      " ip link add m0 type veth peer name m1 &&"
      " ip link set m0 up && ip link set m1 up &&"
      " ip addr add " A4 "/24 dev m0");
}

static void
drop_network (void)
{
  private_net_run ("ip link del m0");
}

static void
set_up (Fixture * f, const gchar * factory, const gchar * source)
{
  const PeerFlow flow = { source, G4, 4000, P1 };
  g_autofree gchar *relay = NULL;
  GstPad *pad;

  memset (f, 0, sizeof (*f));
  g_mutex_init (&f->lock);
  g_cond_init (&f->cond);
  peer_relay_open (&f->relay, "127.0.0.1", &flow);
  relay = peer_relay_name (&f->relay);
  f->server = test_server_new ("good.pem", serve, f);
  f->uri = g_strdup_printf ("https://localhost:%u",
      test_server_port (f->server));
  /* See ambiverify-uri.c. */
  fail_unless (stream_uri_is_valid (f->uri, NULL));
  src_test_make (&f->t, factory);
  g_object_set (f->t.src, "source", source, "group", G4, "dorms-uri", f->uri,
      "tls-ca-file", certificates_path ("ca.pem"), "multicast-iface", "m0",
      NULL);
  if (g_str_equal (factory, "amtsrc"))
    g_object_set (f->t.src, "relay", relay, "delivery", TUNNEL, NULL);
  pad = gst_element_get_static_pad (f->t.src, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_BUFFER_LIST | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      look, f, NULL);
  gst_object_unref (pad);
}

static void
tear_down (Fixture * f)
{
  src_test_stop (&f->t);
  check_sum (f->t.src);
  fail_unless_equals_int (f->wrong, 0);
  src_test_clear (&f->t);
  dorms_user_leave (f->other, gst_mc_now ());
  test_server_free (f->server);
  peer_relay_close (&f->relay);
  g_free (f->uri);
  g_mutex_clear (&f->lock);
  g_cond_clear (&f->cond);
}

/*
 * Packets
 */

static guint32
next_seq (Fixture * f, guint port)
{
  return port * 1000 + f->seq++ % 1000;
}

/* One through the tunnel. */
static void
send_to (Fixture * f, guint16 port)
{
  g_autofree guint8 *buf = g_malloc (PEER_MESSAGE_MAX);
  PeerFlow flow = f->relay.flow;

  flow.port = port;
  peer_relay_send_raw (&f->relay, buf, peer_message (buf, &flow,
          next_seq (f, port), 100));
}

/* Sends to the port until a packet of it comes out. */
static void
send_until_pushed (Fixture * f, Sender * sender, guint16 port)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;
  gboolean pushed;

  src_test_drop_buffers (&f->t);
  do {
    fail_unless (g_get_monotonic_time () < end, "nothing of %u comes", port);
    if (sender != NULL)
      sender_send (sender, next_seq (f, port), 1, 100);
    else
      send_to (f, port);
    g_usleep (2000);
    g_mutex_lock (&f->lock);
    pushed = f->port == port && !f->other_port;
    g_mutex_unlock (&f->lock);
  } while (!pushed || src_test_n_buffers (&f->t) == 0);
}

/* Sends natively until that is enough, and the tunnel is left. */
static void
send_until_alone (Fixture * f, Sender * sender, guint16 port)
{
  gint64 end = g_get_monotonic_time () + DEADLINE;

  while (peer_relay_is_joined (&f->relay)) {
    fail_unless (g_get_monotonic_time () < end, "the tunnel is still open");
    send_until_pushed (f, sender, port);
  }
}

/*
 * Tests
 */

/* Somebody's datagram comes while the metadata are still asked for: it plays at
 * once, and the channel does as soon as they come. */
GST_START_TEST (test_forged)
{
  guint64 dropped;
  gint64 end;
  Fixture f;

  set_up (&f, "amtsrc", S4);
  src_test_play (&f.t);
  peer_relay_wait_joined (&f.relay, TRUE);
  send_until_pushed (&f, NULL, FORGED);
  expect_port (&f, 0, FORGED, "datagram");
  send_to (&f, P1);
  wait_for_stat (f.t.src, "dropped-port-not-subscribed", 1);
  fail_unless_equals_int (count_answers (&f), 0);

  /* Both come all the time. */
  name (&f, "5001");
  end = g_get_monotonic_time () + DEADLINE;
  while (src_test_count_messages (&f.t, "multicast-port") < 2) {
    fail_unless (g_get_monotonic_time () < end, "it stays at the forged one");
    for (guint i = 0; i < 20; i++) {
      send_to (&f, FORGED);
      send_to (&f, P1);
    }
    g_usleep (1000);
  }
  expect_port (&f, 1, P1, "metadata");
  send_until_pushed (&f, NULL, P1);
  dropped = stat_value (f.t.src, "dropped-port-not-subscribed");
  for (guint i = 0; i < 3; i++)
    send_to (&f, FORGED);
  wait_for_stat (f.t.src, "dropped-port-not-subscribed", dropped + 3);
  send_until_pushed (&f, NULL, P1);
  fail_unless_equals_int (src_test_count_messages (&f.t, "multicast-port"), 2);
  src_test_no_errors (&f.t);
  tear_down (&f);
}

GST_END_TEST;

static void
set_block (Fixture * f, gboolean block)
{
  g_mutex_lock (&f->lock);
  f->block = block;
  g_cond_broadcast (&f->cond);
  g_mutex_unlock (&f->lock);
}

static gboolean
is_blocked (Fixture * f)
{
  gboolean blocked;

  g_mutex_lock (&f->lock);
  blocked = f->blocked;
  g_mutex_unlock (&f->lock);
  return blocked;
}

/* The metadata come together with datagrams of both ports. */
GST_START_TEST (test_at_once)
{
  gint64 end;
  Fixture f;

  set_up (&f, "amtsrc", S4);
  src_test_play (&f.t);
  peer_relay_wait_joined (&f.relay, TRUE);
  send_until_pushed (&f, NULL, FORGED);
  watch (&f);
  set_block (&f, TRUE);
  end = g_get_monotonic_time () + DEADLINE;
  while (!is_blocked (&f)) {
    fail_unless (g_get_monotonic_time () < end, "nothing comes");
    send_to (&f, FORGED);
    g_usleep (1000);
  }
  name (&f, "5001");
  while (!is_known (&f)) {
    fail_unless (g_get_monotonic_time () < end, "no metadata");
    g_usleep (1000);
  }
  for (guint i = 0; i < 5; i++) {
    send_to (&f, FORGED);
    send_to (&f, P1);
  }
  set_block (&f, FALSE);
  expect_port (&f, 1, P1, "metadata");
  send_until_pushed (&f, NULL, P1);
  src_test_no_errors (&f.t);
  tear_down (&f);
}

GST_END_TEST;

/* Metadata that confirm what was learnt, or say nothing of it, change nothing;
 * nor do those of a channel whose port was given. */
static const struct
{
  const gchar *named;
  guint given;
  guint n_told;
} unchanged[] = {
  {"5001", 0, 1},
  {"0,5001", 0, 1},
  {"", 0, 1},
  {"7", P1, 0}
};

GST_START_TEST (test_unchanged)
{
  Fixture f;

  set_up (&f, "amtsrc", S4);
  g_object_set (f.t.src, "port", unchanged[__i__].given, NULL);
  src_test_play (&f.t);
  peer_relay_wait_joined (&f.relay, TRUE);
  send_until_pushed (&f, NULL, P1);
  name (&f, unchanged[__i__].named);
  src_test_wait_message (&f.t, "multicast-metadata", 0);
  for (guint i = 0; i < 10; i++) {
    send_to (&f, FORGED);
    send_until_pushed (&f, NULL, P1);
  }
  fail_unless_equals_int (src_test_count_messages (&f.t, "multicast-port"),
      unchanged[__i__].n_told);
  src_test_no_errors (&f.t);
  tear_down (&f);
}

GST_END_TEST;

/* Of several ports the first one is taken, whatever came before; then that one
 * stays while it is among them.  A pause in between does not matter. */
GST_START_TEST (test_renamed)
{
  Fixture f;

  set_up (&f, "amtsrc", S4);
  src_test_play (&f.t);
  peer_relay_wait_joined (&f.relay, TRUE);
  send_until_pushed (&f, NULL, P2);
  name (&f, "5001,5002");
  expect_port (&f, 1, P1, "metadata");
  send_until_pushed (&f, NULL, P1);

  src_test_pause (&f.t);
  rename_port (&f, "5002,5003");
  send_to (&f, P1);
  src_test_play (&f.t);
  expect_port (&f, 2, P2, "metadata");
  send_until_pushed (&f, NULL, P2);

  rename_port (&f, "5003,5002");
  src_test_wait_message (&f.t, "multicast-metadata", 2);
  send_until_pushed (&f, NULL, P2);
  fail_unless_equals_int (src_test_count_messages (&f.t, "multicast-port"), 3);
  src_test_no_errors (&f.t);
  tear_down (&f);
}

GST_END_TEST;

/* Native multicast is joined at the port that a datagram told, and then at the
 * one that it has. */
GST_START_TEST (test_auto)
{
  Sender first, second;
  Fixture f;

  set_up (&f, "amtsrc", A4);
  g_object_set (f.t.src, "delivery", AUTO, "native-timeout",
      200 * GST_MSECOND, NULL);
  sender_open (&first, A4, "m0", G4, P1);
  sender_open (&second, A4, "m0", G4, FORGED);
  src_test_play (&f.t);
  peer_relay_wait_joined (&f.relay, TRUE);
  send_until_pushed (&f, NULL, FORGED);
  private_net_run ("for i in $(seq 500); do grep -q 'm0 0xe8010101'"
      " /proc/self/net/mcfilter && exit 0; sleep 0.02; done; exit 1");
  send_until_pushed (&f, &second, FORGED);

  name (&f, "5001");
  expect_port (&f, 1, P1, "metadata");
  sender_send (&second, next_seq (&f, FORGED), 1, 100);
  send_until_pushed (&f, &first, P1);
  send_until_alone (&f, &first, P1);
  expect_port (&f, 0, FORGED, "datagram");
  src_test_no_errors (&f.t);
  sender_close (&first);
  sender_close (&second);
  tear_down (&f);
}

GST_END_TEST;

/* Whoever has the port for himself. */
static int
take_port (guint port)
{
  core_addr addr = { {0}, (uint16_t) port, 0 };
  struct sockaddr_storage name;
  int fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  socklen_t len;

  fail_unless (core_ip_from_string (G4, &addr.ip));
  len = gst_mc_addr_to_sockaddr (&addr, AF_INET, &name);
  fail_unless (bind (fd, (struct sockaddr *) &name, len) == 0);
  return fd;
}

/* What of the source's messages is a warning with that text. */
static gboolean
has_warning (Fixture * f, const gchar * word)
{
  gboolean found = FALSE;

  g_mutex_lock (&f->t.lock);
  for (guint i = 0; i < f->t.messages->len; i++) {
    GstMessage *message = g_ptr_array_index (f->t.messages, i);
    g_autoptr (GError) error = NULL;

    if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_WARNING)
      continue;
    gst_message_parse_warning (message, &error, NULL);
    found |= strstr (error->message, word) != NULL;
  }
  g_mutex_unlock (&f->t.lock);
  return found;
}

/* Native multicast alone moves, too; where that is impossible it stays, and says
 * so. */
GST_START_TEST (test_native)
{
  gint64 end;
  Sender senders[3];
  guint fds;
  Fixture f;
  int taken;

  set_up (&f, "ssmsrc", A4);
  for (guint i = 0; i < 3; i++)
    sender_open (&senders[i], A4, "m0", G4, P1 + i);
  name (&f, "5001");
  src_test_play (&f.t);
  expect_port (&f, 0, P1, "metadata");
  send_until_pushed (&f, &senders[0], P1);
  rename_port (&f, "5003");
  expect_port (&f, 1, P3, "metadata");
  sender_send (&senders[0], next_seq (&f, P1), 1, 100);
  send_until_pushed (&f, &senders[2], P3);
  fail_unless_equals_uint64 (stat_value (f.t.src, "rejoins"), 1);
  src_test_no_errors (&f.t);

  taken = take_port (P2);
  rename_port (&f, "5002");
  end = g_get_monotonic_time () + DEADLINE;
  while (!has_warning (&f, "5002")) {
    fail_unless (g_get_monotonic_time () < end, "no warning");
    g_usleep (1000);
  }
  send_until_pushed (&f, &senders[2], P3);
  fds = count_fds ();
  rename_port (&f, "5001");
  expect_port (&f, 2, P1, "metadata");
  send_until_pushed (&f, &senders[0], P1);
  wait_for_fds (fds);
  fail_unless_equals_uint64 (stat_value (f.t.src, "rejoins"), 2);
  close (taken);
  for (guint i = 0; i < 3; i++)
    sender_close (&senders[i]);
  tear_down (&f);
}

GST_END_TEST;

/* With a tunnel nothing is lost by that: it takes over. */
GST_START_TEST (test_auto_taken)
{
  Sender sender;
  Fixture f;
  int taken;

  set_up (&f, "amtsrc", A4);
  g_object_set (f.t.src, "delivery", AUTO, NULL);
  sender_open (&sender, A4, "m0", G4, P1);
  name (&f, "5001");
  src_test_play (&f.t);
  expect_port (&f, 0, P1, "metadata");
  send_until_pushed (&f, &sender, P1);
  taken = take_port (P2);
  rename_port (&f, "5002");
  expect_port (&f, 1, P2, "metadata");
  peer_relay_wait_joined (&f.relay, TRUE);
  sender_send (&sender, next_seq (&f, P1), 1, 100);
  send_until_pushed (&f, NULL, P2);
  rename_port (&f, "5001");
  expect_port (&f, 2, P1, "metadata");
  send_until_pushed (&f, &sender, P1);
  send_until_alone (&f, &sender, P1);
  src_test_no_errors (&f.t);
  close (taken);
  sender_close (&sender);
  tear_down (&f);
}

GST_END_TEST;

/* The user's server has to be the source's own: another one is not asked. */
GST_START_TEST (test_srv_match)
{
  DnsServer *dns = dns_server_new (CORE_FAMILY_V4);
  guint16 port;
  Fixture f;

  g_setenv (MC_RESOLVER_SERVER_ENV, dns_server_address (dns), TRUE);
  g_setenv (MC_RESOLVER_TRUST_ANCHOR_ENV, "/dev/null", TRUE);
  set_up (&f, "ssmsrc", A4);
  name (&f, "5001");
  port = (guint16) test_server_port (f.server);
  dns_server_set_dorms (dns, __i__ ? port : port ^ 1);
  g_object_set (f.t.src, "require-srv-match", TRUE, "dns-trust", "resolver",
      NULL);
  gst_element_set_state (f.t.pipeline, GST_STATE_PLAYING);
  if (__i__) {
    expect_port (&f, 0, P1, "metadata");
    src_test_no_errors (&f.t);
  } else {
    src_test_wait_error (&f.t, GST_RESOURCE_ERROR_NOT_FOUND,
        "does not name the configured server", "\"require-srv-match\"");
    fail_unless_equals_int (test_server_n_peers (f.server), 0);
  }
  tear_down (&f);
  g_unsetenv (MC_RESOLVER_TRUST_ANCHOR_ENV);
  g_unsetenv (MC_RESOLVER_SERVER_ENV);
  dns_server_free (dns);
}

GST_END_TEST;

static Suite *
port_suite (void)
{
  Suite *s = suite_create ("port");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, certificates_make, certificates_remove);
  tcase_add_unchecked_fixture (tc, make_network, drop_network);
  tcase_add_test (tc, test_forged);
  tcase_add_test (tc, test_at_once);
  tcase_add_loop_test (tc, test_unchanged, 0, G_N_ELEMENTS (unchanged));
  tcase_add_test (tc, test_renamed);
  tcase_add_test (tc, test_auto);
  tcase_add_test (tc, test_native);
  tcase_add_test (tc, test_auto_taken);
  tcase_add_loop_test (tc, test_srv_match, 0, 2);
  return s;
}

PRIVATE_NET_MAIN (port);
