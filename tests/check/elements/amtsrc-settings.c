/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtsrc's properties and URI, and what bad ones get.
 */
#include <gst/base/gstbasesrc.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gstmcaddr.h"
#include "srctest.h"

static GstElement *
make_src (void)
{
  GstElement *src = gst_element_factory_make ("amtsrc", NULL);

  fail_unless (src != NULL);
  return src;
}

GST_START_TEST (test_defaults)
{
  GstElement *src = make_src ();
  gchar *uri, *source, *group, *address, *relay, *bind_address;
  guint port, buffer_size, mtu, batch, relay_port, bind_port;
  guint64 stall, timeout, relay_timeout;
  gboolean verify, sender, reference, discovery;
  GstCaps *caps;

  g_object_get (src, "uri", &uri, "source", &source, "group", &group,
      "address", &address, "port", &port, "caps", &caps, "buffer-size",
      &buffer_size, "mtu", &mtu, "batch-size", &batch, "verify-checksum",
      &verify, "stall-timeout", &stall, "timeout", &timeout,
      "retrieve-sender-address", &sender, "add-reference-timestamp-meta",
      &reference, NULL);
  fail_unless (uri == NULL && source == NULL && group == NULL);
  fail_unless (address == NULL);
  fail_unless (caps == NULL || gst_caps_is_any (caps));
  gst_clear_caps (&caps);
  fail_unless_equals_int (port, 0);
  fail_unless_equals_int (buffer_size, 0);
  fail_unless_equals_int (mtu, 1500);
  fail_unless_equals_int (batch, 64);
  fail_unless (verify);
  fail_unless_equals_uint64 (stall, 5 * GST_SECOND);
  fail_unless_equals_uint64 (timeout, 0);
  fail_unless (sender);
  fail_if (reference);

  g_object_get (src, "relay", &relay, "relay-discovery", &discovery,
      "relay-port", &relay_port, "relay-timeout", &relay_timeout,
      "bind-address", &bind_address, "bind-port", &bind_port, NULL);
  fail_unless (relay == NULL && bind_address == NULL);
  fail_if (discovery);
  fail_unless_equals_int (relay_port, 2268);
  fail_unless_equals_uint64 (relay_timeout, 30 * GST_SECOND);
  fail_unless_equals_int (bind_port, 0);
  gst_object_unref (src);
}

GST_END_TEST;

/* Every own property: a value that is not its default, as text. */
static const struct
{
  const gchar *name;
  const gchar *value;
  const gchar *in_uri;          /* as get_uri prints it */
} values[] = {
  {"caps", "video/mpegts", "video/mpegts"},
  {"dorms-uri", "https://dorms.example:8443", "https://dorms.example:8443"},
  {"dns-trust", "resolver", NULL},
  {"tls-ca-file", "/ca.pem", NULL},
  {"require-srv-match", "true", NULL},
  {"buffer-size", "100000", NULL},
  {"mtu", "9000", NULL},
  {"batch-size", "7", NULL},
  {"allow-gro", "false", NULL},
  {"verify-checksum", "false", NULL},
  {"stall-timeout", "1500000000", NULL},
  {"timeout", "250000000", NULL},
  {"retrieve-sender-address", "false", NULL},
  {"add-reference-timestamp-meta", "true", NULL},
  {"preserve-packetization", "false", NULL},
  {"coalesce-time", "1000000", NULL},
  {"relay", "a.example,[2001:db8::1]:99,192.0.2.1:7", NULL},
  {"relay-discovery", "true", NULL},
  {"relay-port", "2269", NULL},
  {"relay-timeout", "7000000000", NULL},
  {"bind-address", "::1", NULL},
  {"bind-port", "4321", NULL},
  {"delivery", "native", NULL},
  {"native-timeout", "2500000000", NULL},
  {"multicast-iface", "eth0,192.0.2.1", NULL},
  {"rejoin-interval", "60000000000", NULL}
};

static gchar *
get_text (GstElement * src, const gchar * name)
{
  GParamSpec *pspec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (src), name);
  GValue value = G_VALUE_INIT;
  gchar *text;

  g_value_init (&value, pspec->value_type);
  g_object_get_property (G_OBJECT (src), name, &value);
  text = G_VALUE_HOLDS_STRING (&value) ? g_value_dup_string (&value) :
      gst_value_serialize (&value);
  g_value_unset (&value);
  return text;
}

static gboolean
is_own (GParamSpec * pspec)
{
  return pspec->owner_type == g_type_from_name ("GstAmtSrc");
}

/* Each: set as a property, printed in the URI, read from it by another. */
GST_START_TEST (test_value)
{
  const gchar *name = values[__i__].name;
  GstElement *src = make_src (), *other = make_src ();
  gchar *text, *expected, *uri;
  GError *error = NULL;

  g_object_set (src, "source", S4, "group", G4, "port", 5001, NULL);
  gst_util_set_object_arg (G_OBJECT (src), name, values[__i__].value);
  text = get_text (src, name);
  fail_unless_equals_string (text, values[__i__].value);

  expected = g_strdup_printf ("amt://" S4 "@" G4 ":5001?%s=%s", name,
      values[__i__].in_uri ? values[__i__].in_uri : values[__i__].value);
  uri = gst_uri_handler_get_uri (GST_URI_HANDLER (src));
  fail_unless_equals_string (uri, expected);

  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (other), uri, &error),
      "%s", error ? error->message : "");
  g_free (text);
  text = get_text (other, name);
  fail_unless_equals_string (text, values[__i__].value);
  g_free (text);
  g_free (expected);
  g_free (uri);
  gst_object_unref (src);
  gst_object_unref (other);
}

GST_END_TEST;

/* The table above misses none; each has nick and blurb and says when it can
 * be changed. */
GST_START_TEST (test_all_properties)
{
  static const gchar *const authority[] =
      { "uri", "source", "group", "address", "port", "stats", NULL };
  GstElement *src = make_src ();
  GParamSpec **pspecs;
  guint n, own = 0;

  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (src), &n);
  for (guint i = 0; i < n; i++) {
    gboolean listed = FALSE;

    if (!is_own (pspecs[i]))
      continue;
    own++;
    for (guint j = 0; j < G_N_ELEMENTS (values); j++)
      listed |= g_str_equal (values[j].name, pspecs[i]->name);
    fail_unless (listed || g_strv_contains (authority, pspecs[i]->name), "%s",
        pspecs[i]->name);
    fail_unless (strlen (g_param_spec_get_nick (pspecs[i])) > 2);
    fail_unless (strlen (g_param_spec_get_blurb (pspecs[i])) > 10);
    fail_unless (!(pspecs[i]->flags & G_PARAM_WRITABLE) ||
        (pspecs[i]->flags & (GST_PARAM_MUTABLE_READY |
                GST_PARAM_MUTABLE_PLAYING)), "%s", pspecs[i]->name);
  }
  fail_unless_equals_int (own, G_N_ELEMENTS (values) + 6);
  g_free (pspecs);
  gst_object_unref (src);
}

GST_END_TEST;

static const struct
{
  const gchar *uri;
  const gchar *source;
  const gchar *group;
  guint port;
  const gchar *printed;         /* NULL: the same */
} uris[] = {
  {"amt://192.0.2.10@232.1.1.1:5001", S4, G4, 5001, NULL},
  {"amt://192.0.2.10@232.1.1.1", S4, G4, 0, NULL},
  {"amt://192.0.2.10@232.1.1.1:0", S4, G4, 0, "amt://192.0.2.10@232.1.1.1"},
  {"amt://192.0.2.10@232.1.1.1:65535", S4, G4, 65535, NULL},
  {"amt://192.0.2.10@232.1.1.1:5001/", S4, G4, 5001,
      "amt://192.0.2.10@232.1.1.1:5001"},
  {"AMT://192.0.2.10@232.1.1.1:5001", S4, G4, 5001,
      "amt://192.0.2.10@232.1.1.1:5001"},
  {"amt://[2001:db8::10]@[ff3e::8000:1]:5001", S6, G6, 5001, NULL},
  {"amt://[2001:db8::10]@[ff3e::8000:1]", S6, G6, 0, NULL},
  {"amt://2001:db8::10@[ff3e::8000:1]:5001", S6, G6, 5001,
      "amt://[2001:db8::10]@[ff3e::8000:1]:5001"},
  {"amt://%5B2001:db8::10%5D@[ff3e::8000:1]:5001", S6, G6, 5001,
      "amt://[2001:db8::10]@[ff3e::8000:1]:5001"},
  {"amt://sender.example@232.1.1.1:5001", "sender.example", G4, 5001, NULL},
  {"amt://192.0.2.10@224.1.1.1:5001", S4, "224.1.1.1", 5001, NULL}
};

static void
check_uri (GstElement * src, const gchar * name, const gchar * expected)
{
  gchar *text;

  g_object_get (src, name, &text, NULL);
  fail_unless_equals_string (text, expected);
  g_free (text);
}

GST_START_TEST (test_uri)
{
  const gchar *printed =
      uris[__i__].printed ? uris[__i__].printed : uris[__i__].uri;
  GstElement *src = make_src ();
  GError *error = NULL;
  gchar *uri;
  guint port;

  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (src),
          uris[__i__].uri, &error), "%s", error ? error->message : "");
  check_uri (src, "source", uris[__i__].source);
  check_uri (src, "group", uris[__i__].group);
  check_uri (src, "address", uris[__i__].group);
  check_uri (src, "uri", printed);
  g_object_get (src, "port", &port, NULL);
  fail_unless_equals_int (port, uris[__i__].port);
  uri = gst_uri_handler_get_uri (GST_URI_HANDLER (src));
  fail_unless_equals_string (uri, printed);
  g_free (uri);
  gst_object_unref (src);

  src = make_src ();
  g_object_set (src, "uri", uris[__i__].uri, NULL);
  check_uri (src, "uri", printed);
  gst_object_unref (src);
}

GST_END_TEST;

/* What is in the query is unescaped, and escaped where it must be. */
GST_START_TEST (test_uri_query)
{
  GstElement *src = make_src ();
  GstCaps *caps;
  gchar *text;

  g_object_set (src, "uri", "amt://192.0.2.10@232.1.1.1:5001?"
      "relay=a.example%2C%5B2001%3Adb8%3A%3A1%5D:99&relay-port=7&"
      "caps=application/x-rtp%2Cmedia=%28string%29video", NULL);
  check_uri (src, "relay", "a.example,[2001:db8::1]:99");
  g_object_get (src, "caps", &caps, NULL);
  text = gst_caps_to_string (caps);
  fail_unless_equals_string (text, "application/x-rtp, media=(string)video");
  g_free (text);
  gst_caps_unref (caps);

  g_object_set (src, "caps", NULL, "relay-port", 2268, "relay", "a&b c?#%",
      NULL);
  check_uri (src, "uri",
      "amt://192.0.2.10@232.1.1.1:5001?relay=a%26b%20c%3F%23%25");
  g_object_set (src, "relay", "", NULL);
  check_uri (src, "uri", "amt://192.0.2.10@232.1.1.1:5001");
  g_object_set (src, "relay", NULL, "group", NULL, NULL);
  check_uri (src, "uri", NULL);
  gst_object_unref (src);
}

GST_END_TEST;

#define OK "amt://192.0.2.10@232.1.1.1:5001"

static const struct
{
  const gchar *uri;
  gint code;
  const gchar *named;
} bad_uris[] = {
  {"", GST_URI_ERROR_BAD_URI, "URI"},
  {"amt", GST_URI_ERROR_BAD_URI, "URI"},
  {"amt:", GST_URI_ERROR_BAD_URI, "URI"},
  {"amt://", GST_URI_ERROR_BAD_URI, "source"},
  {"amt:192.0.2.10@232.1.1.1:5001", GST_URI_ERROR_BAD_URI, "URI"},
  {"ssm://192.0.2.10@232.1.1.1:5001", -1, NULL},
  {"amt://232.1.1.1:5001", GST_URI_ERROR_BAD_URI, "source"},
  {"amt://@232.1.1.1:5001", GST_URI_ERROR_BAD_URI, "source"},
  {"amt://192.0.2.10@:5001", GST_URI_ERROR_BAD_URI, "group"},
  {"amt://192.0.2.10@", GST_URI_ERROR_BAD_URI, "group"},
  {"amt://192.0.2.10@192.0.2.11:5001", GST_URI_ERROR_BAD_URI, "\"group\""},
  {"amt://192.0.2.10@group.example:5001", GST_URI_ERROR_BAD_URI, "\"group\""},
  {"amt://232.1.1.2@232.1.1.1:5001", GST_URI_ERROR_BAD_URI, "\"source\""},
  {"amt://0.0.0.0@232.1.1.1:5001", GST_URI_ERROR_BAD_URI, "\"source\""},
  {"amt://192.0.2.10@[ff3e::8000:1]:5001", GST_URI_ERROR_BAD_URI,
      "\"source\""},
  {"amt://[2001:db8::10]@232.1.1.1:5001", GST_URI_ERROR_BAD_URI,
      "\"group\""},
  {"amt://192.0.2.10@232.1.1.1:65536", GST_URI_ERROR_BAD_URI, "65536"},
  {"amt://192.0.2.10@232.1.1.1:99999999999", GST_URI_ERROR_BAD_URI, NULL},
  {"amt://192.0.2.10@232.1.1.1:-1", GST_URI_ERROR_BAD_URI, NULL},
  {"amt://192.0.2.10@232.1.1.1:5x", GST_URI_ERROR_BAD_URI, NULL},
  {OK "/path", GST_URI_ERROR_BAD_URI, "path"},
  {OK "?nonsense=1", GST_URI_ERROR_BAD_REFERENCE, "\"nonsense\""},
  {OK "?name=x", GST_URI_ERROR_BAD_REFERENCE, "\"name\""},
  {OK "?blocksize=1", GST_URI_ERROR_BAD_REFERENCE, "\"blocksize\""},
  {OK "?stats=x", GST_URI_ERROR_BAD_REFERENCE, "\"stats\""},
  {OK "?uri=x", GST_URI_ERROR_BAD_URI, "\"uri\""},
  {OK "?source=192.0.2.11", GST_URI_ERROR_BAD_URI, "\"source\""},
  {OK "?group=232.1.1.2", GST_URI_ERROR_BAD_URI, "\"group\""},
  {OK "?address=232.1.1.2", GST_URI_ERROR_BAD_URI, "\"address\""},
  {OK "?port=5002", GST_URI_ERROR_BAD_URI, "\"port\""},
  {OK "?relay-port=0", GST_URI_ERROR_BAD_REFERENCE, "\"relay-port\""},
  {OK "?relay-port=65536", GST_URI_ERROR_BAD_REFERENCE, "\"relay-port\""},
  {OK "?bind-port=65536", GST_URI_ERROR_BAD_REFERENCE, "\"bind-port\""},
  {OK "?mtu=63", GST_URI_ERROR_BAD_REFERENCE, "\"mtu\""},
  {OK "?relay", GST_URI_ERROR_BAD_REFERENCE, "\"relay\""},
  {OK "?relay=", GST_URI_ERROR_BAD_REFERENCE, "\"relay\""},
  {OK "?relay=&mtu=9000", GST_URI_ERROR_BAD_REFERENCE, "\"relay\""},
  {OK "?bind-address=", GST_URI_ERROR_BAD_REFERENCE, "\"bind-address\""},
  {OK "?mtu=", GST_URI_ERROR_BAD_REFERENCE, "\"mtu\""},
  {OK "?mtu", GST_URI_ERROR_BAD_REFERENCE, "\"mtu\""},
  {OK "?mtu=big", GST_URI_ERROR_BAD_REFERENCE, "\"mtu\""},
  {OK "?batch-size=0", GST_URI_ERROR_BAD_REFERENCE, "\"batch-size\""},
  {OK "?verify-checksum=perhaps", GST_URI_ERROR_BAD_REFERENCE,
      "\"verify-checksum\""},
  {OK "?stall-timeout=-1", GST_URI_ERROR_BAD_REFERENCE, "\"stall-timeout\""},
  {OK "?caps=no/caps%2C%2C", GST_URI_ERROR_BAD_REFERENCE, "\"caps\""},
  {OK "?relay=192.0.2.1&relay=192.0.2.2", GST_URI_ERROR_BAD_URI, "\"relay\""},
  {OK "?relay=192.0.2.1&mtu=900&re%6Cay=192.0.2.2", GST_URI_ERROR_BAD_URI,
      "\"relay\""},
  {OK "?mtu=900&mtu=900", GST_URI_ERROR_BAD_URI, "\"mtu\""},
  {OK "?relay-port=1&relay_port=2", GST_URI_ERROR_BAD_URI, "\"relay-port\""},
  {OK "?relay=192.0.2.1&=x", GST_URI_ERROR_BAD_REFERENCE, "\"\""}
};

static void
count_notify (GObject * object, GParamSpec * pspec, gpointer data)
{
  ++*(guint *) data;
}

/* On error nothing is changed and nobody is told of a change. */
GST_START_TEST (test_bad_uri)
{
  GstElement *src = make_src ();
  const gchar *before = "amt://192.0.2.20@232.2.2.2:7?relay=r.example";
  guint notified = 0;
  GError *error = NULL;

  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (src), before, NULL));
  g_signal_connect (src, "notify", G_CALLBACK (count_notify), &notified);
  fail_if (gst_uri_handler_set_uri (GST_URI_HANDLER (src),
          bad_uris[__i__].uri, &error), "%s", bad_uris[__i__].uri);
  fail_unless (error != NULL && error->domain == GST_URI_ERROR);
  if (bad_uris[__i__].code >= 0)
    fail_unless_equals_int (error->code, bad_uris[__i__].code);
  if (bad_uris[__i__].named)
    fail_unless (strstr (error->message, bad_uris[__i__].named) != NULL,
        "%s: %s", bad_uris[__i__].uri, error->message);
  g_error_free (error);
  check_uri (src, "uri", before);
  fail_unless_equals_int (notified, 0);
  gst_object_unref (src);
}

GST_END_TEST;

GST_START_TEST (test_notify)
{
  GstElement *src = make_src ();
  guint uri = 0, source = 0, group = 0, port = 0, mtu = 0, relay = 0;

  g_signal_connect (src, "notify::uri", G_CALLBACK (count_notify), &uri);
  g_signal_connect (src, "notify::source", G_CALLBACK (count_notify), &source);
  g_signal_connect (src, "notify::group", G_CALLBACK (count_notify), &group);
  g_signal_connect (src, "notify::port", G_CALLBACK (count_notify), &port);
  g_signal_connect (src, "notify::mtu", G_CALLBACK (count_notify), &mtu);
  g_signal_connect (src, "notify::relay", G_CALLBACK (count_notify), &relay);
  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (src),
          OK "?mtu=9000", NULL));
  fail_unless_equals_int (uri, 1);
  fail_unless_equals_int (source, 1);
  fail_unless_equals_int (group, 1);
  fail_unless_equals_int (port, 1);
  fail_unless_equals_int (mtu, 1);
  fail_unless_equals_int (relay, 0);
  gst_object_unref (src);
}

GST_END_TEST;

GST_START_TEST (test_uri_in_paused)
{
  GstElement *src = make_src ();
  GError *error = NULL;

  g_object_set (src, "uri", OK "?relay=127.0.0.1", NULL);
  fail_unless_equals_int (gst_element_set_state (src, GST_STATE_READY),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (src),
          OK "?relay=127.0.0.2", &error));
  fail_unless_equals_int (gst_element_set_state (src, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  fail_if (gst_uri_handler_set_uri (GST_URI_HANDLER (src), OK, &error));
  fail_unless (g_error_matches (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE));
  g_clear_error (&error);
  check_uri (src, "uri", OK "?relay=127.0.0.2");
  gst_element_set_state (src, GST_STATE_NULL);
  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (src), OK, &error));
  gst_object_unref (src);
}

GST_END_TEST;

GST_START_TEST (test_factory)
{
  GstElementFactory *factory = gst_element_factory_find ("amtsrc");
  const gchar *const *protocols =
      gst_element_factory_get_uri_protocols (factory);
  GError *error = NULL;
  GstElement *src;

  fail_unless_equals_int (gst_plugin_feature_get_rank (GST_PLUGIN_FEATURE
          (factory)), GST_RANK_PRIMARY);
  fail_unless_equals_int (gst_element_factory_get_uri_type (factory),
      GST_URI_SRC);
  fail_unless (g_strv_length ((gchar **) protocols) == 1);
  fail_unless_equals_string (protocols[0], "amt");
  fail_unless_equals_string (gst_element_factory_get_metadata (factory,
          GST_ELEMENT_METADATA_KLASS), "Source/Network");
  gst_object_unref (factory);

  src = gst_element_make_from_uri (GST_URI_SRC, OK, NULL, &error);
  fail_unless (src != NULL);
  fail_unless_equals_string (G_OBJECT_TYPE_NAME (src), "GstAmtSrc");
  check_uri (src, "uri", OK);
  gst_object_unref (src);
  src = gst_element_make_from_uri (GST_URI_SRC, OK "?nonsense=1", NULL, &error);
  fail_unless (src == NULL);
  fail_unless (g_error_matches (error, GST_URI_ERROR,
          GST_URI_ERROR_BAD_REFERENCE));
  g_error_free (error);
}

GST_END_TEST;

/* The latency is that of letting datagrams collect, and no other. */
GST_START_TEST (test_is_live)
{
  /* the default first */
  static const guint64 times[] = { 500 * GST_USECOND, 0, 7 * GST_MSECOND };
  GstElement *src = make_src ();
  GstQuery *query = gst_query_new_latency ();
  GstClockTime min, max;
  gboolean live;

  g_object_set (src, "uri", OK "?relay=127.0.0.1", NULL);
  if (__i__ > 0)
    g_object_set (src, "coalesce-time", times[__i__], NULL);
  fail_unless (gst_base_src_is_live (GST_BASE_SRC (src)));
  fail_unless (GST_OBJECT_FLAG_IS_SET (src, GST_ELEMENT_FLAG_REQUIRE_CLOCK));
  fail_if (GST_OBJECT_FLAG_IS_SET (src, GST_ELEMENT_FLAG_PROVIDE_CLOCK));
  gst_element_set_state (src, GST_STATE_PAUSED);
  fail_unless (gst_element_query (src, query));
  gst_query_parse_latency (query, &live, &min, &max);
  fail_unless (live);
  fail_unless_equals_uint64 (min, times[__i__]);
  gst_query_unref (query);
  gst_element_set_state (src, GST_STATE_NULL);
  gst_object_unref (src);
}

GST_END_TEST;

/* Starting fails, and the first error's text names the property; when the
 * property is mended the same element starts. */
static void
expect_start_error (GstElement * src, gint code, const gchar * named)
{
  GstBus *bus = gst_bus_new ();
  guint fds = count_fds ();
  GError *error = NULL;
  GstMessage *message;

  gst_element_set_bus (src, bus);
  fail_unless_equals_int (gst_element_set_state (src, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "no error for %s", named);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR, code), "%s: %s",
      named, error->message);
  fail_unless (strstr (error->message, named) != NULL, "%s: %s", named,
      error->message);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (src, GST_STATE_NULL);
  gst_bus_set_flushing (bus, TRUE);
  fail_unless_equals_int (count_fds (), fds);

  g_object_set (src, "source", S4, "group", G4, "relay", "127.0.0.1",
      "bind-address", NULL, "bind-port", 0, "preserve-packetization", TRUE,
      NULL);
  if (strcmp (named, "\"uri\"") == 0)
    g_object_set (src, "uri", OK "?relay=127.0.0.1", NULL);
  fail_unless_equals_int (gst_element_set_state (src, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (src, GST_STATE_NULL);
  fail_unless_equals_int (count_fds (), fds);
  gst_element_set_bus (src, NULL);
  gst_object_unref (bus);
}

static const struct
{
  const gchar *property;
  const gchar *value;
  gint code;
} bad_settings[] = {
  {"source", NULL, GST_RESOURCE_ERROR_SETTINGS},
  {"source", "", GST_RESOURCE_ERROR_SETTINGS},
  {"source", "232.1.1.2", GST_RESOURCE_ERROR_SETTINGS},
  {"source", "0.0.0.0", GST_RESOURCE_ERROR_SETTINGS},
  {"source", "255.255.255.255", GST_RESOURCE_ERROR_SETTINGS},
  {"source", "no host", GST_RESOURCE_ERROR_SETTINGS},
  {"source", "[2001:db8::10]", GST_RESOURCE_ERROR_SETTINGS},
  {"source", S6, GST_RESOURCE_ERROR_SETTINGS},
  {"group", NULL, GST_RESOURCE_ERROR_SETTINGS},
  {"group", "", GST_RESOURCE_ERROR_SETTINGS},
  {"group", "192.0.2.1", GST_RESOURCE_ERROR_SETTINGS},
  {"group", "group.example", GST_RESOURCE_ERROR_SETTINGS},
  {"group", "232.1.1", GST_RESOURCE_ERROR_SETTINGS},
  {"group", G6, GST_RESOURCE_ERROR_SETTINGS},
  {"relay", ",", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "127.0.0.1,", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "127.0.0.1,,127.0.0.2", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "127.0.0.1:", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "127.0.0.1:0", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "127.0.0.1:65536", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "127.0.0.1:x", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "127.0.0.1:1:2", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "[::1", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "[::1]x", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "[::1]:", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "[]:1", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "2001:db8::zz", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "two words", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "amt://127.0.0.1", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "232.1.1.1", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "0.0.0.0", GST_RESOURCE_ERROR_SETTINGS},
  {"relay", "fe80::1%nosuchif", GST_RESOURCE_ERROR_SETTINGS},
  {"bind-address", "localhost", GST_RESOURCE_ERROR_SETTINGS},
  {"bind-address", "::1", GST_RESOURCE_ERROR_SETTINGS},
  {"bind-address", "192.0.2.77", GST_RESOURCE_ERROR_OPEN_READ},
  {"uri", "amt://nonsense", GST_RESOURCE_ERROR_SETTINGS},
  {"uri", OK "?nonsense=1", GST_RESOURCE_ERROR_SETTINGS}
};

GST_START_TEST (test_bad_settings)
{
  GstElement *src = make_src ();
  gchar *named = g_strdup_printf ("\"%s\"", bad_settings[__i__].property);

  g_object_set (src, "source", S4, "group", G4, "relay", "127.0.0.1", NULL);
  g_object_set (src, bad_settings[__i__].property, bad_settings[__i__].value,
      NULL);
  expect_start_error (src, bad_settings[__i__].code, named);
  g_free (named);
  gst_object_unref (src);
}

GST_END_TEST;

/* What is no MPEG-TS must not be packed. */
GST_START_TEST (test_bad_packing)
{
  static const gchar *const bad[] = { NULL, "ANY", "EMPTY", "application/x-rtp",
    "video/mpegts; application/x-rtp"
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    GstElement *src = make_src ();
    GstCaps *caps = bad[i] ? gst_caps_from_string (bad[i]) : NULL;

    g_object_set (src, "source", S4, "group", G4, "relay", "127.0.0.1",
        "preserve-packetization", FALSE, "caps", caps, NULL);
    expect_start_error (src, GST_RESOURCE_ERROR_SETTINGS,
        "\"preserve-packetization\"");
    gst_clear_caps (&caps);
    gst_object_unref (src);
  }
}

GST_END_TEST;

/* A bad uri is forgotten when a good one is set by the interface. */
GST_START_TEST (test_bad_uri_then_good)
{
  GstElement *src = make_src ();

  g_object_set (src, "uri", "amt://nonsense", NULL);
  fail_unless (gst_uri_handler_set_uri (GST_URI_HANDLER (src),
          OK "?relay=127.0.0.1", NULL));
  fail_unless_equals_int (gst_element_set_state (src, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (src, GST_STATE_NULL);
  gst_object_unref (src);
}

GST_END_TEST;

GST_START_TEST (test_too_many_relays)
{
  GstElement *src = make_src ();
  GString *relays = g_string_new ("127.0.0.1");

  for (guint i = 0; i < 32; i++)
    g_string_append (relays, ",127.0.0.1");
  g_object_set (src, "source", S4, "group", G4, "relay", relays->str, NULL);
  expect_start_error (src, GST_RESOURCE_ERROR_SETTINGS, "\"relay\"");
  g_string_free (relays, TRUE);
  gst_object_unref (src);
}

GST_END_TEST;

GST_START_TEST (test_bind_port_in_use)
{
  gint fd = socket (AF_INET, SOCK_DGRAM, 0);
  GstElement *src = make_src ();
  struct sockaddr_storage name;
  core_addr at = { 0 };
  socklen_t len;

  fail_unless (core_ip_from_string ("127.0.0.1", &at.ip));
  len = gst_mc_addr_to_sockaddr (&at, AF_INET, &name);
  fail_unless (bind (fd, (struct sockaddr *) &name, len) == 0);
  getsockname (fd, (struct sockaddr *) &name, &len);
  gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len, &at);
  g_object_set (src, "source", S4, "group", G4, "relay", "127.0.0.1",
      "bind-address", "127.0.0.1", "bind-port", at.port, NULL);
  expect_start_error (src, GST_RESOURCE_ERROR_OPEN_READ, "\"bind-port\"");
  gst_object_unref (src);
  close (fd);
}

GST_END_TEST;

/* One that was made when no descriptor was left could not be interrupted, and
 * works as soon as there are some. */
GST_START_TEST (test_out_of_descriptors)
{
  /* so that the plugin is there */
  GstElement *other = make_src (), *src;
  GstBus *bus = gst_bus_new ();
  gulong before = limit_fds (0);
  GError *error = NULL;
  GstMessage *message;

  src = make_src ();
  gst_element_set_bus (src, bus);
  g_object_set (src, "source", S4, "group", G4, "relay", "127.0.0.1", NULL);
  fail_unless_equals_int (gst_element_set_state (src, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  restore_fd_limit (before);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "descriptors") != NULL, "%s",
      error->message);
  g_error_free (error);
  gst_message_unref (message);
  gst_element_set_state (src, GST_STATE_NULL);
  fail_unless_equals_int (gst_element_set_state (src, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (src, GST_STATE_NULL);
  gst_element_set_bus (src, NULL);
  gst_object_unref (bus);
  gst_object_unref (src);
  gst_object_unref (other);
}

GST_END_TEST;

static Suite *
amtsrc_settings_suite (void)
{
  Suite *s = suite_create ("amtsrc-settings");
  TCase *tc = tcase_create ("properties");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_defaults);
  tcase_add_loop_test (tc, test_value, 0, G_N_ELEMENTS (values));
  tcase_add_test (tc, test_all_properties);
  tcase_add_test (tc, test_factory);
  tcase_add_loop_test (tc, test_is_live, 0, 3);

  tc = tcase_create ("uri");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_uri, 0, G_N_ELEMENTS (uris));
  tcase_add_test (tc, test_uri_query);
  tcase_add_loop_test (tc, test_bad_uri, 0, G_N_ELEMENTS (bad_uris));
  tcase_add_test (tc, test_notify);
  tcase_add_test (tc, test_uri_in_paused);

  tc = tcase_create ("bad settings");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_bad_settings, 0, G_N_ELEMENTS (bad_settings));
  tcase_add_test (tc, test_bad_packing);
  tcase_add_test (tc, test_bad_uri_then_good);
  tcase_add_test (tc, test_too_many_relays);
  tcase_add_test (tc, test_bind_port_in_use);
  tcase_add_test (tc, test_out_of_descriptors);
  return s;
}

GST_CHECK_MAIN (amtsrc_settings);
