/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ssmsrc's properties and URI, and what bad ones get.
 */
#include <string.h>

#include "privatenet.h"
#include "srctest.h"

static GstElement *
make_src (void)
{
  GstElement *src = gst_element_factory_make ("ssmsrc", NULL);

  fail_unless (src != NULL);
  return src;
}

GST_START_TEST (test_defaults)
{
  GstElement *src = make_src ();
  gchar *uri, *source, *group, *iface;
  guint64 stall, timeout, rejoin;
  guint port, mtu, batch;

  g_object_get (src, "uri", &uri, "source", &source, "group", &group,
      "port", &port, "mtu", &mtu, "batch-size", &batch, "stall-timeout",
      &stall, "timeout", &timeout, "multicast-iface", &iface,
      "rejoin-interval", &rejoin, NULL);
  fail_unless (uri == NULL && source == NULL && group == NULL);
  fail_unless (iface == NULL);
  fail_unless_equals_int (port, 0);
  fail_unless_equals_int (mtu, 1500);
  fail_unless_equals_int (batch, 64);
  fail_unless_equals_uint64 (stall, 5 * GST_SECOND);
  fail_unless_equals_uint64 (timeout, 0);
  fail_unless_equals_uint64 (rejoin, 0);
  gst_object_unref (src);
}

GST_END_TEST;

static const struct
{
  const gchar *uri;
  const gchar *source;
  const gchar *group;
  const gchar *iface;
  const gchar *printed;         /* NULL: the same */
} uris[] = {
  {"ssm://192.0.2.10@232.1.1.1:5001", S4, G4, NULL, NULL},
  {"ssm://192.0.2.10@232.1.1.1:5001?multicast-iface=eth0,192.0.2.1", S4, G4,
      "eth0,192.0.2.1", NULL},
  {"ssm://192.0.2.10@232.1.1.1:5001?rejoin-interval=60000000000", S4, G4, NULL,
      NULL},
  {"ssm://[2001:db8::10]@[ff3e::8000:1]:5001", S6, G6, NULL, NULL},
  {"ssm://[2001:db8::10]@[ff3e::8000:1%25eth0]:5001", S6, G6, "eth0",
      "ssm://[2001:db8::10]@[ff3e::8000:1]:5001?multicast-iface=eth0"},
  {"ssm://[fe80::1%25eth0]@[ff32::8000:1]:5001", "fe80::1", "ff32::8000:1",
        "eth0",
      "ssm://[fe80::1]@[ff32::8000:1]:5001?multicast-iface=eth0"},
  {"ssm://[fe80::1%25eth0]@[ff32::8000:1%25eth0]:5001", "fe80::1",
        "ff32::8000:1", "eth0",
      "ssm://[fe80::1]@[ff32::8000:1]:5001?multicast-iface=eth0"}
};

GST_START_TEST (test_uri)
{
  const gchar *printed =
      uris[__i__].printed ? uris[__i__].printed : uris[__i__].uri;
  GstElement *src = make_src ();
  gchar *source, *group, *iface, *uri;
  GError *error = NULL;
  guint port;

  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (src),
          uris[__i__].uri, &error), "%s", error ? error->message : "");
  g_object_get (src, "source", &source, "group", &group, "multicast-iface",
      &iface, "port", &port, NULL);
  fail_unless_equals_string (source, uris[__i__].source);
  fail_unless_equals_string (group, uris[__i__].group);
  fail_unless_equals_string (iface, uris[__i__].iface);
  fail_unless_equals_int (port, 5001);
  uri = gst_uri_handler_get_uri (GST_URI_HANDLER (src));
  fail_unless_equals_string (uri, printed);
  g_free (uri);
  g_free (source);
  g_free (group);
  g_free (iface);
  gst_object_unref (src);
}

GST_END_TEST;

#define OK "ssm://192.0.2.10@232.1.1.1:5001"

static const struct
{
  const gchar *uri;
  const gchar *named;
} bad_uris[] = {
  {"amt://192.0.2.10@232.1.1.1:5001", "amt"},
  {"ssm://232.1.1.1:5001", "source"},
  {"ssm://192.0.2.10@192.0.2.11:5001", "\"group\""},
  {"ssm://192.0.2.10@[ff3e::8000:1]:5001", "\"source\""},
  {OK "?relay=192.0.2.1", "\"relay\""},
  {OK "?port=5", "\"port\""},
  {OK "?rejoin-interval=-1", "\"rejoin-interval\""},
  {"ssm://[fe80::1%25eth0]@[ff32::1%25eth1]:5001", "eth1"},
  {"ssm://[fe80::1%25]@[ff32::1]:5001", "zone"},
  {"ssm://[fe80::1]@[ff32::1%25eth0]:5001?multicast-iface=eth0",
      "\"multicast-iface\""},
  {"ssm://[fe80::1]@[ff32::1%25eth0]:5001?multicast_iface=eth0",
      "\"multicast_iface\""},
  {OK "?mtu=900&mtu=901", "\"mtu\""}
};

GST_START_TEST (test_bad_uri)
{
  GstElement *src = make_src ();
  GError *error = NULL;
  gchar *source;

  fail_if (gst_uri_handler_set_uri (GST_URI_HANDLER (src),
          bad_uris[__i__].uri, &error));
  fail_unless (strstr (error->message, bad_uris[__i__].named) != NULL, "%s",
      error->message);
  g_error_free (error);
  g_object_get (src, "source", &source, NULL);
  fail_unless (source == NULL);
  gst_object_unref (src);
}

GST_END_TEST;

/* What start or the first join says to bad settings, in a network with lo,
 * an interface "dull" without multicast and no route. */
static const struct
{
  const gchar *launch;
  GstResourceError code;
  const gchar *word1;
  const gchar *word2;
} bad_settings[] = {
  {"group=232.1.1.1 port=5001", GST_RESOURCE_ERROR_SETTINGS, "\"source\"",
      "e.g."},
  {"source=192.0.2.10 port=5001", GST_RESOURCE_ERROR_SETTINGS, "\"group\"",
      "e.g."},
  {"source=192.0.2.10 group=192.0.2.1 port=5001", GST_RESOURCE_ERROR_SETTINGS,
      "\"group\"", "192.0.2.1"},
  {"source=192.0.2.10 group=232.1.1.1", GST_RESOURCE_ERROR_SETTINGS,
      "\"port\"", "port=5001"},
  {"source=192.0.2.10 group=ff3e::8000:1 port=5001",
      GST_RESOURCE_ERROR_SETTINGS, "\"source\"", "\"group\""},
  {"source=192.0.2.10 group=232.1.1.1 port=5001 multicast-iface=nonsense",
      GST_RESOURCE_ERROR_SETTINGS, "\"multicast-iface\"", "nonsense"},
  {"source=192.0.2.10 group=232.1.1.1 port=5001 multicast-iface=lo,",
      GST_RESOURCE_ERROR_SETTINGS, "\"multicast-iface\"", "\"\""},
  {"source=192.0.2.10 group=232.1.1.1 port=5001 multicast-iface=192.0.2.77",
      GST_RESOURCE_ERROR_SETTINGS, "\"multicast-iface\"", "192.0.2.77"},
  {"source=192.0.2.10 group=232.1.1.1 port=5001 multicast-iface=dull",
      GST_RESOURCE_ERROR_SETTINGS, "\"multicast-iface\"", "multicast on"},
  {"source=192.0.2.10 group=232.1.1.1 port=5001",
      GST_RESOURCE_ERROR_OPEN_READ, "route", "\"multicast-iface\""},
  {"source=2001:db8::10 group=ff3e::8000:1 port=5001",
      GST_RESOURCE_ERROR_OPEN_READ, "route", "\"multicast-iface\""},
  {"source=no-such-host.invalid group=232.1.1.1 port=0",
      GST_RESOURCE_ERROR_SETTINGS, "\"port\"", "port=5001"},
  {"source=192.0.2.10 group=232.1.1.1 port=0 dorms-uri=auto dns-trust=off",
      GST_RESOURCE_ERROR_SETTINGS, "\"port\"", "port=5001"},
  {"source=192.0.2.10 group=232.1.1.1 port=5001 dns-trust=dnssec",
      GST_RESOURCE_ERROR_SETTINGS, "\"dns-trust\"", "\"ad\""},
  {"source=192.0.2.10 group=232.1.1.1 port=5001 dorms-uri=http://a.example",
      GST_RESOURCE_ERROR_SETTINGS, "\"dorms-uri\"", "https://HOST"},
  {"source=192.0.2.10 group=232.1.1.1 port=5001 dorms-uri=https://a.example/r",
      GST_RESOURCE_ERROR_SETTINGS, "\"dorms-uri\"", "path"},
  {"source=192.0.2.10 group=232.1.1.1 port=5001 dorms-uri=a.example",
      GST_RESOURCE_ERROR_SETTINGS, "\"dorms-uri\"", "https://HOST"},
  {"source=192.0.2.10 group=232.1.1.1 port=5001 dorms-uri=https://a.example "
        "dns-trust=off require-srv-match=true",
      GST_RESOURCE_ERROR_SETTINGS, "\"require-srv-match\"", "\"dns-trust\""}
};

static void
make_dull (void)
{
  private_net_run ("ip link add dull type veth peer name dull1 &&"
      " ip link set dull multicast off");
}

static void
drop_dull (void)
{
  private_net_run ("ip link del dull");
}

GST_START_TEST (test_bad_settings)
{
  gchar **words = g_strsplit (bad_settings[__i__].launch, " ", -1);
  SrcTest t;

  src_test_make (&t, "ssmsrc");
  for (guint i = 0; words[i]; i++) {
    gchar **pair = g_strsplit (words[i], "=", 2);

    gst_util_set_object_arg (G_OBJECT (t.src), pair[0], pair[1]);
    g_strfreev (pair);
  }
  gst_element_set_state (t.pipeline, GST_STATE_PLAYING);
  src_test_wait_error (&t, bad_settings[__i__].code, bad_settings[__i__].word1,
      bad_settings[__i__].word2);
  src_test_clear (&t);
  g_strfreev (words);
}

GST_END_TEST;

/* More interfaces than one socket may join on. */
GST_START_TEST (test_too_many_joins)
{
  SrcTest t;

  private_net_run ("ip link add j0 type veth peer name j1 &&"
      " ip link set j0 up && ip link set j1 up");
  private_net_run ("echo 1 >/proc/sys/net/ipv4/igmp_max_memberships");
  src_test_make (&t, "ssmsrc");
  g_object_set (t.src, "source", S4, "group", G4, "port", 5001,
      "multicast-iface", "j0,j1", NULL);
  gst_element_set_state (t.pipeline, GST_STATE_PLAYING);
  src_test_wait_error (&t, GST_RESOURCE_ERROR_OPEN_READ,
      "igmp_max_memberships", "j1");
  src_test_clear (&t);
  private_net_run ("echo 20 >/proc/sys/net/ipv4/igmp_max_memberships");
  private_net_run ("ip link del j0");
}

GST_END_TEST;

static Suite *
ssmsrc_suite (void)
{
  Suite *s = suite_create ("ssmsrc");
  TCase *tc = tcase_create ("properties");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_defaults);
  tcase_add_loop_test (tc, test_uri, 0, G_N_ELEMENTS (uris));
  tcase_add_loop_test (tc, test_bad_uri, 0, G_N_ELEMENTS (bad_uris));

  tc = tcase_create ("bad settings");
  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, make_dull, drop_dull);
  tcase_add_loop_test (tc, test_bad_settings, 0, G_N_ELEMENTS (bad_settings));
  tcase_add_test (tc, test_too_many_joins);
  return s;
}

PRIVATE_NET_MAIN (ssmsrc);
