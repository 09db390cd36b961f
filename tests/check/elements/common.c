/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The pieces that elements share, each alone: silence, arrival stamps,
 * settings, addresses, names, lists of relays, metadata servers, progress.  And
 * what their tests measure with.
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gstamtrelays.h"
#include "gstmcaddr.h"
#include "gstmcarrival.h"
#include "gstmcchannel.h"
#include "gstmcmetadata.h"
#include "gstmcname.h"
#include "gstmcsettings.h"
#include "gstmcsilence.h"
#include "gstmctell.h"
#include "stopwatch.h"

/*
 * Silence
 */

GST_START_TEST (test_silence_off)
{
  GstMcSilence s = { 0 };

  gst_mc_silence_start (&s, 100);
  fail_unless_equals_uint64 (gst_mc_silence_deadline (&s), CORE_TIME_NEVER);
  fail_unless_equals_int (gst_mc_silence_expire (&s, 1000000), 0);
  fail_unless_equals_uint64 (gst_mc_silence_data (&s, 2000000), 0);
}

GST_END_TEST;

GST_START_TEST (test_silence_stall)
{
  GstMcSilence s = {.stall_timeout = 50 };

  gst_mc_silence_start (&s, 100);
  fail_unless_equals_uint64 (gst_mc_silence_deadline (&s), 150);
  fail_unless_equals_int (gst_mc_silence_expire (&s, 149), 0);
  fail_unless_equals_uint64 (gst_mc_silence_data (&s, 149), 0);
  fail_unless_equals_uint64 (gst_mc_silence_deadline (&s), 199);
  fail_unless_equals_int (gst_mc_silence_expire (&s, 199),
      GST_MC_SILENCE_STALLED);
  /* once */
  fail_unless_equals_uint64 (gst_mc_silence_deadline (&s), CORE_TIME_NEVER);
  fail_unless_equals_int (gst_mc_silence_expire (&s, 900), 0);
  fail_unless_equals_uint64 (gst_mc_silence_data (&s, 949), 800);
  fail_unless_equals_uint64 (gst_mc_silence_data (&s, 950), 0);
  fail_unless_equals_int (gst_mc_silence_expire (&s, 1000),
      GST_MC_SILENCE_STALLED);
}

GST_END_TEST;

GST_START_TEST (test_silence_timeout)
{
  GstMcSilence s = {.timeout = 10,.stall_timeout = 25 };

  gst_mc_silence_start (&s, 0);
  fail_unless_equals_uint64 (gst_mc_silence_deadline (&s), 10);
  fail_unless_equals_int (gst_mc_silence_expire (&s, 10),
      GST_MC_SILENCE_TIMEOUT);
  fail_unless_equals_int (gst_mc_silence_expire (&s, 19), 0);
  fail_unless_equals_int (gst_mc_silence_expire (&s, 25),
      GST_MC_SILENCE_TIMEOUT | GST_MC_SILENCE_STALLED);
  /* no burst for periods that were slept through */
  fail_unless_equals_int (gst_mc_silence_expire (&s, 1000),
      GST_MC_SILENCE_TIMEOUT);
  fail_unless_equals_uint64 (gst_mc_silence_deadline (&s), 1010);
  gst_mc_silence_data (&s, 1005);
  fail_unless_equals_uint64 (gst_mc_silence_deadline (&s), 1015);
}

GST_END_TEST;

/*
 * Arrival
 */

GST_START_TEST (test_arrival)
{
  GstMcArrival a;

  gst_mc_arrival_reset (&a);
  fail_if (GST_CLOCK_TIME_IS_VALID (gst_mc_arrival_stamp (&a, 5)));

  a.running = 100 * GST_SECOND;
  a.realtime = 5000 * GST_SECOND;
  fail_unless_equals_uint64 (gst_mc_arrival_stamp (&a, 4999 * GST_SECOND),
      99 * GST_SECOND);
  /* never back */
  fail_unless_equals_uint64 (gst_mc_arrival_stamp (&a, 4998 * GST_SECOND),
      99 * GST_SECOND);
  /* from the future, or without a stamp: now */
  fail_unless_equals_uint64 (gst_mc_arrival_stamp (&a, 5001 * GST_SECOND),
      100 * GST_SECOND);
  gst_mc_arrival_reset (&a);
  a.running = 100 * GST_SECOND;
  a.realtime = 5000 * GST_SECOND;
  fail_unless_equals_uint64 (gst_mc_arrival_stamp (&a, GST_CLOCK_TIME_NONE),
      100 * GST_SECOND);
  /* the wall clock was set: absurd ages count as now */
  gst_mc_arrival_reset (&a);
  a.running = 100 * GST_SECOND;
  a.realtime = 5000 * GST_SECOND;
  fail_unless_equals_uint64 (gst_mc_arrival_stamp (&a, 1000 * GST_SECOND),
      100 * GST_SECOND);
  /* not before the start */
  gst_mc_arrival_reset (&a);
  a.running = GST_SECOND;
  a.realtime = 5000 * GST_SECOND;
  fail_unless_equals_uint64 (gst_mc_arrival_stamp (&a, 4998 * GST_SECOND), 0);
}

GST_END_TEST;

GST_START_TEST (test_arrival_clock)
{
  GstElement *element = gst_element_factory_make ("fakesrc", NULL);
  GstClock *clock = gst_test_clock_new_with_start_time (30 * GST_SECOND);
  GstMcArrival a;

  gst_mc_arrival_reset (&a);
  gst_mc_arrival_begin (&a, element);
  fail_if (GST_CLOCK_TIME_IS_VALID (a.running));
  gst_element_set_clock (element, clock);
  gst_element_set_base_time (element, 20 * GST_SECOND);
  gst_mc_arrival_begin (&a, element);
  fail_unless_equals_uint64 (a.running, 10 * GST_SECOND);
  fail_unless_equals_uint64 (gst_mc_arrival_stamp (&a,
          a.realtime - GST_SECOND), 9 * GST_SECOND);
  gst_object_unref (clock);
  gst_object_unref (element);
}

GST_END_TEST;

/*
 * Settings: what a channel is
 */

static const struct
{
  const gchar *source;
  const gchar *group;
  const gchar *name;            /* of the sender, when it has to be looked up */
  const gchar *bad;             /* the property the error names */
} channels[] = {
  {"192.0.2.10", "232.1.1.1", NULL, NULL},
  {"192.0.2.10", "239.255.255.255", NULL, NULL},
  {"2001:db8::10", "ff3e::8000:1", NULL, NULL},
  {"::1", "ff05::1", NULL, NULL},
  {"sender.example", "232.1.1.1", "sender.example", NULL},
  {"sender", "ff3e::8000:1", "sender", NULL},
  {NULL, "232.1.1.1", NULL, "\"source\""},
  {"", "232.1.1.1", NULL, "\"source\""},
  {"192.0.2.10", NULL, NULL, "\"group\""},
  {"192.0.2.10", "", NULL, "\"group\""},
  {"192.0.2.10", "223.255.255.255", NULL, "\"group\""},
  {"192.0.2.10", "240.0.0.1", NULL, "\"group\""},
  {"192.0.2.10", "[ff3e::1]", NULL, "\"group\""},
  {"232.1.1.1", "232.1.1.1", NULL, "\"source\""},
  {"::", "ff3e::8000:1", NULL, "\"source\""},
  {"192.0.2.10:5001", "232.1.1.1", NULL, "\"source\""},
  {"a@b", "232.1.1.1", NULL, "\"source\""},
  {"2001:db8::10", "232.1.1.1", NULL, "\"source\""},
  {"192.0.2.10", "ff3e::8000:1", NULL, "\"group\""}
};

GST_START_TEST (test_channel)
{
  gchar text[CORE_IP_TEXT_MAX];
  GstMcSettings settings;
  GstMcChannel channel;
  const gchar *name;
  GError *error = NULL;
  gboolean ok;

  gst_mc_settings_init (&settings);
  settings.source = g_strdup (channels[__i__].source);
  settings.group = g_strdup (channels[__i__].group);
  settings.port = 77;
  ok = gst_mc_settings_get_channel (&settings, &channel, &name, &error);
  if (channels[__i__].bad) {
    fail_if (ok);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS));
    fail_unless (strstr (error->message, channels[__i__].bad) != NULL, "%s",
        error->message);
    g_error_free (error);
  } else {
    fail_unless (ok && error == NULL);
    fail_unless_equals_string (name, channels[__i__].name);
    fail_unless_equals_int (channel.port, 77);
    fail_unless_equals_string (core_ip_to_string (&channel.group, text),
        channels[__i__].group);
    if (name == NULL) {
      fail_unless_equals_string (core_ip_to_string (&channel.source, text),
          channels[__i__].source);
    } else {
      fail_unless_equals_int (channel.source.family, CORE_FAMILY_NONE);
    }
  }
  gst_mc_settings_clear (&settings);
}

GST_END_TEST;

/*
 * Addresses
 */

GST_START_TEST (test_addr)
{
  static const gchar *const texts[] =
      { "192.0.2.1", "2001:db8::1", "fe80::1", "255.255.255.255" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    core_addr addr = { 0 }, back;
    struct sockaddr_storage name;
    GSocketAddress *socket_address;
    socklen_t len;

    fail_unless (core_ip_from_string (texts[i], &addr.ip));
    addr.port = 4711;
    addr.scope = i == 2 ? 3 : 0;
    len = gst_mc_addr_to_sockaddr (&addr, AF_INET6, &name);
    fail_unless_equals_int (len, sizeof (struct sockaddr_in6));
    fail_unless (gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len,
            &back));
    fail_unless (core_addr_equal (&addr, &back));

    len = gst_mc_addr_to_sockaddr (&addr, AF_INET, &name);
    fail_unless_equals_int (len, addr.ip.family == CORE_FAMILY_V4 ?
        sizeof (struct sockaddr_in) : 0);
    if (len > 0) {
      fail_unless (gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len,
              &back));
      fail_unless (core_addr_equal (&addr, &back));
      fail_if (gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, len - 1,
              &back));
    }
    socket_address = gst_mc_addr_to_gsocket (&addr);
    fail_unless_equals_int (g_inet_socket_address_get_port
        (G_INET_SOCKET_ADDRESS (socket_address)), 4711);
    g_object_unref (socket_address);
  }
}

GST_END_TEST;

/*
 * Names
 */

/* Until the worker tells that it is done. */
static void
wait_for_wake (int fd)
{
  guint64 count;

  fail_unless_equals_int (read (fd, &count, sizeof (count)), sizeof (count));
}

GST_START_TEST (test_name)
{
  GstElement *element = gst_element_factory_make ("fakesrc", NULL);
  int fd = eventfd (0, EFD_CLOEXEC);
  GstMcName *name = gst_mc_name_new (element, "relay", "localhost", fd);
  gboolean learnt;

  fail_unless (gst_mc_name_is_pending (name));
  fail_unless (gst_mc_name_get_ips (name) == NULL);
  fail_unless (gst_mc_name_get_problem (name) != NULL);
  fail_unless (gst_mc_name_deadline (name) <= 5);
  /* the answer may be there at once */
  learnt = gst_mc_name_update (name, 5);
  wait_for_wake (fd);
  learnt |= gst_mc_name_update (name, 6);
  fail_unless (learnt);
  fail_if (gst_mc_name_is_pending (name));
  fail_unless (gst_mc_name_get_problem (name) == NULL);
  fail_unless (gst_mc_name_get_ips (name)->len >= 1);
  fail_unless (core_ip_is_loopback (&g_array_index (gst_mc_name_get_ips (name),
              core_ip, 0)));
  fail_unless_equals_uint64 (gst_mc_name_deadline (name), CORE_TIME_NEVER);

  /* asked again it keeps what it has until the answer */
  gst_mc_name_refresh (name, 7);
  fail_unless_equals_uint64 (gst_mc_name_deadline (name), 7);
  learnt = gst_mc_name_update (name, 7);
  fail_unless (gst_mc_name_get_ips (name) != NULL);
  wait_for_wake (fd);
  learnt |= gst_mc_name_update (name, 8);
  fail_unless (learnt);
  gst_mc_name_free (name);
  close (fd);
  gst_object_unref (element);
}

GST_END_TEST;

/* No answer: again, at intervals that grow. */
GST_START_TEST (test_name_dead)
{
  GstElement *element = gst_element_factory_make ("fakesrc", NULL);
  int fd = eventfd (0, EFD_CLOEXEC);
  GstMcName *name = gst_mc_name_new (element, "relay", "", fd);
  core_time now = 5, wait = CORE_SECOND;

  for (guint i = 0; i < 8; i++) {
    gst_mc_name_update (name, now);
    wait_for_wake (fd);
    fail_if (gst_mc_name_update (name, now));
    fail_if (gst_mc_name_is_pending (name));
    fail_unless (gst_mc_name_get_ips (name) == NULL);
    fail_unless (strlen (gst_mc_name_get_problem (name)) > 5);
    fail_unless_equals_uint64 (gst_mc_name_deadline (name), now + wait);
    now += wait;
    wait = MIN (wait * 2, 60 * CORE_SECOND);
  }
  gst_mc_name_free (name);
  close (fd);
  gst_object_unref (element);
}

GST_END_TEST;

/*
 * Lists of relays
 */

static const struct
{
  const gchar *text;
  const gchar *expected;        /* NULL: an error */
} lists[] = {
  {"192.0.2.1", "192.0.2.1:2268"},
  {" 192.0.2.1 , 192.0.2.2:7 ", "192.0.2.1:2268 192.0.2.2:7"},
  {"2001:db8::1", "[2001:db8::1]:2268"},
  {"[2001:db8::1]", "[2001:db8::1]:2268"},
  {"[2001:db8::1]:65535,192.0.2.1:1",
      "[2001:db8::1]:65535 192.0.2.1:1"},
  {"::ffff:192.0.2.1", "192.0.2.1:2268"},
  {"fe80::1%lo", "[fe80::1]:2268"},
  {" ", NULL},
  {",", NULL},
  {"192.0.2.1:00000000000000000001x", NULL},
  {"192.0.2.1:+7", NULL},
  {"[192.0.2.1", NULL},
  {"fe80::1%", NULL},
  {"host%lo", NULL},
  {"user@host", NULL},
  {":2268", NULL},
  {"ff02::1", NULL}
};

GST_START_TEST (test_relays)
{
  GstElement *element = gst_element_factory_make ("fakesrc", NULL);
  GError *error = NULL;
  GstAmtRelays *relays = gst_amt_relays_new (element, lists[__i__].text, 2268,
      FALSE, -1, &error);

  if (lists[__i__].expected == NULL) {
    fail_unless (relays == NULL);
    fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
            GST_RESOURCE_ERROR_SETTINGS));
    fail_unless (strstr (error->message, "\"relay\"") != NULL);
    g_error_free (error);
  } else {
    const amt_relay_candidate *candidates;
    GString *got = g_string_new (NULL);
    guint n;

    fail_unless (relays != NULL && error == NULL);
    fail_unless (gst_amt_relays_update (relays, 0));
    fail_if (gst_amt_relays_update (relays, 1));
    fail_unless_equals_uint64 (gst_amt_relays_deadline (relays),
        CORE_TIME_NEVER);
    fail_unless (gst_amt_relays_get_problem (relays) == NULL);
    candidates = gst_amt_relays_get (relays, &n);
    for (guint i = 0; i < n; i++) {
      gchar text[CORE_ADDR_TEXT_MAX];

      g_string_append_printf (got, "%s%s", i ? " " : "",
          core_addr_to_string (&candidates[i].addr, text));
      fail_unless (!candidates[i].discovery);
    }
    fail_unless_equals_string (got->str, lists[__i__].expected);
    g_string_free (got, TRUE);
    gst_amt_relays_free (relays);
  }
  gst_object_unref (element);
}

GST_END_TEST;

/* Names bring their addresses at their place in the order. */
GST_START_TEST (test_relays_order)
{
  GstElement *element = gst_element_factory_make ("fakesrc", NULL);
  int fd = eventfd (0, EFD_CLOEXEC);
  GstAmtRelays *relays = gst_amt_relays_new (element, "localhost:9,192.0.2.1",
      2268, TRUE, fd, NULL);
  const amt_relay_candidate *candidates;
  core_time start = 10 * CORE_SECOND;
  gboolean changed;
  guint n;

  changed = gst_amt_relays_update (relays, start);
  wait_for_wake (fd);
  changed |= gst_amt_relays_update (relays, start + 1);
  fail_unless (changed);
  candidates = gst_amt_relays_get (relays, &n);
  fail_unless (n >= 2);
  fail_unless (core_ip_is_loopback (&candidates[0].addr.ip));
  fail_unless_equals_int (candidates[0].addr.port, 9);
  fail_unless (candidates[0].discovery);
  fail_unless_equals_int (candidates[n - 1].addr.port, 2268);
  gst_amt_relays_free (relays);
  close (fd);
  gst_object_unref (element);
}

GST_END_TEST;

/* A name gets two seconds to come before later addresses, no more. */
GST_START_TEST (test_relays_patience)
{
  GstElement *element = gst_element_factory_make ("fakesrc", NULL);
  int fd = eventfd (0, EFD_CLOEXEC);
  GstAmtRelays *relays = gst_amt_relays_new (element,
      "no-such-host.invalid,192.0.2.1", 2268, FALSE, fd, NULL);
  core_time start = 10 * CORE_SECOND;
  guint n;

  /* unless a name service says no this very moment */
  if (!gst_amt_relays_update (relays, start)) {
    gst_amt_relays_get (relays, &n);
    fail_unless_equals_int (n, 0);
    fail_unless (gst_amt_relays_get_problem (relays) != NULL);
    fail_unless_equals_uint64 (gst_amt_relays_deadline (relays),
        start + 2 * CORE_SECOND);
    fail_unless (gst_amt_relays_update (relays, start + 2 * CORE_SECOND));
  }
  gst_amt_relays_get (relays, &n);
  fail_unless_equals_int (n, 1);
  fail_unless (gst_amt_relays_get_problem (relays) == NULL);
  gst_amt_relays_free (relays);
  wait_for_wake (fd);           /* the worker is done, too */
  close (fd);
  gst_object_unref (element);
}

GST_END_TEST;

/*
 * Metadata servers
 */

static const struct
{
  const gchar *uri;
  const gchar *server;          /* NULL: none */
  guint port;
  gboolean off;
} servers[] = {
  {"auto", NULL, 0, FALSE},
  {"", NULL, 0, TRUE},
  {"https://dorms.example", "dorms.example", 0, FALSE},
  {"https://dorms.example/", "dorms.example", 0, FALSE},
  {"HTTPS://dorms.example:8443", "dorms.example", 8443, FALSE},
  {"https://192.0.2.1", "192.0.2.1", 0, FALSE},
  {"https://[2001:db8::1]:8443", "[2001:db8::1]", 8443, FALSE},
};

GST_START_TEST (test_metadata_server)
{
  GstMcMetadataConfig config;
  GError *error = NULL;

  fail_unless (gst_mc_metadata_config_parse (&config, servers[__i__].uri, "ad",
          NULL, TRUE, &error));
  fail_unless (error == NULL);
  fail_unless_equals_int (config.require_srv_match,
      servers[__i__].server != NULL);
  fail_unless_equals_string (config.server, servers[__i__].server);
  fail_unless_equals_int (config.port, servers[__i__].port);
  fail_unless_equals_int (config.off, servers[__i__].off);
  gst_mc_metadata_config_clear (&config);
}

GST_END_TEST;

static const gchar *const bad_servers[] = {
  "AUTO", "dorms.example", "http://dorms.example", "https://",
  "https://dorms.example:0", "https://dorms.example:65536",
  "https://dorms.example:x", "https://a b", "https://user@dorms.example",
  "https://dorms.example?x", "https://dorms.example#x",
  "https://dorms.example/restconf", "https://[fe80::1%25lo]"
};

GST_START_TEST (test_metadata_server_wrong)
{
  GstMcMetadataConfig config;
  GError *error = NULL;

  fail_if (gst_mc_metadata_config_parse (&config, bad_servers[__i__], "ad",
          NULL, FALSE, &error));
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (strstr (error->message, "\"dorms-uri\"") != NULL);
  fail_unless (strstr (error->message, "https://HOST") != NULL);
  g_error_free (error);
}

GST_END_TEST;

GST_START_TEST (test_metadata_trust_wrong)
{
  GstMcMetadataConfig config;
  GError *error = NULL;

  fail_if (gst_mc_metadata_config_parse (&config, "auto", "dnssec", NULL,
          FALSE, &error));
  fail_unless (strstr (error->message, "\"dns-trust\"") != NULL);
  g_error_free (error);
}

GST_END_TEST;

/* Where nothing may be asked of the DNS, nothing can be compared; what needs no
 * comparing goes on without. */
GST_START_TEST (test_metadata_match_impossible)
{
  GstMcMetadataConfig config;
  GError *error = NULL;

  fail_if (gst_mc_metadata_config_parse (&config, "https://dorms.example",
          "off", "/ca.pem", TRUE, &error));
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (strstr (error->message, "\"require-srv-match\"") != NULL);
  fail_unless (strstr (error->message, "\"dns-trust\"") != NULL);
  g_clear_error (&error);

  fail_unless (gst_mc_metadata_config_parse (&config, "https://dorms.example",
          "off", NULL, FALSE, &error));
  fail_if (config.require_srv_match || config.off);
  gst_mc_metadata_config_clear (&config);
  fail_unless (gst_mc_metadata_config_parse (&config, "auto", "off", NULL, TRUE,
          &error));
  fail_unless (config.off);
  gst_mc_metadata_config_clear (&config);
}

GST_END_TEST;

/*
 * Progress
 */

static void
expect_progress (GstBus * bus, GstProgressType type, const gchar * code)
{
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_PROGRESS);
  GstProgressType got;
  gchar *got_code;

  fail_unless (message != NULL);
  gst_message_parse_progress (message, &got, &got_code, NULL);
  fail_unless_equals_int (got, type);
  fail_unless_equals_string (got_code, code);
  g_free (got_code);
  gst_message_unref (message);
}

/* What shares a code begins once and ends once. */
GST_START_TEST (test_progress_pairs)
{
  static const struct
  {
    GstProgressType type, told;
    const gchar *code;
  } steps[] = {
    {GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_START, "name-lookup"},
    {GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_START, "request"},
    {GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_CONTINUE, "name-lookup"},
    {GST_PROGRESS_TYPE_COMPLETE, GST_PROGRESS_TYPE_CONTINUE, "name-lookup"},
    {GST_PROGRESS_TYPE_CONTINUE, GST_PROGRESS_TYPE_CONTINUE, "name-lookup"},
    {GST_PROGRESS_TYPE_CANCELED, GST_PROGRESS_TYPE_CANCELED, "name-lookup"},
    {GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_START, "name-lookup"},
    {GST_PROGRESS_TYPE_ERROR, GST_PROGRESS_TYPE_ERROR, "name-lookup"},
    {GST_PROGRESS_TYPE_COMPLETE, GST_PROGRESS_TYPE_COMPLETE, "request"}
  };
  GstElement *element = gst_element_factory_make ("fakesrc", NULL);
  GstBus *bus = gst_bus_new ();

  gst_element_set_bus (element, bus);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    gst_mc_progress (element, steps[i].type, steps[i].code, "%u", i);
    expect_progress (bus, steps[i].told, steps[i].code);
  }
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  gst_object_unref (element);
}

GST_END_TEST;

/*
 * What is told of paths
 */

/* Takes the next message, which has this name. */
static void
expect_move (GstBus * bus, const gchar * name, const gchar * delivery)
{
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
  const GstStructure *s;
  guint64 latency = 0;

  fail_unless (message != NULL, "no %s", name);
  s = gst_message_get_structure (message);
  fail_unless_equals_string (gst_structure_get_name (s), name);
  fail_unless_equals_string (gst_structure_get_string (s, "delivery"),
      delivery);
  gst_structure_get_uint64 (s, "join-latency", &latency);
  fail_unless (latency < GST_SECOND, "%" G_GUINT64_FORMAT, latency);
  gst_message_unref (message);
}

/* Packets of a wake-up in the course of which their path is left are not the
 * first ones of the next path, nor is the gap before them. */
GST_START_TEST (test_packets_before_a_leave)
{
  GstElement *element = gst_element_factory_make ("fakesrc", NULL);
  GstBus *bus = gst_bus_new ();
  GstMcSettings settings = { 0 };
  const gchar *tunnel = GST_MC_DELIVERY_TUNNEL;
  GstMcTell tell;

  gst_element_set_bus (element, bus);
  gst_mc_tell_init (&tell, GST_BASE_SRC (element), &settings, tunnel);
  tell.started = 1000;
  gst_mc_tell_begin (&tell);
  gst_mc_tell_data (&tell, 2000);
  expect_move (bus, "multicast-join", tunnel);

  /* The wake-up began before it was known that the relay is lost. */
  gst_mc_tell_begin (&tell);
  gst_mc_tell_leave (&tell, tunnel, "lost", 3001);
  gst_mc_tell_gap (&tell, tunnel);
  fail_if (gst_mc_tell_take_gap (&tell));
  gst_mc_tell_data (&tell, 3000);
  expect_move (bus, "multicast-leave", tunnel);
  fail_unless (gst_bus_peek (bus) == NULL);

  /* And again, before a packet came by the next one. */
  gst_mc_tell_begin (&tell);
  gst_mc_tell_leave (&tell, tunnel, "lost", 4001);
  gst_mc_tell_data (&tell, 4000);
  fail_unless (gst_bus_peek (bus) == NULL);

  gst_mc_tell_begin (&tell);
  fail_unless (gst_mc_tell_take_gap (&tell));
  fail_if (gst_mc_tell_take_gap (&tell));
  gst_mc_tell_data (&tell, 5000);
  expect_move (bus, "multicast-join", tunnel);

  /* A move is made because a packet came by the other one. */
  gst_mc_tell_begin (&tell);
  gst_mc_tell_move (&tell, GST_MC_DELIVERY_NATIVE, "native", 6000);
  gst_mc_tell_data (&tell, 6000);
  expect_move (bus, "multicast-leave", tunnel);
  expect_move (bus, "multicast-join", GST_MC_DELIVERY_NATIVE);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  gst_object_unref (element);
}

GST_END_TEST;

/*
 * The stopwatch of the tests
 */

/* Whoever sleeps waits, but not for a processor.  Comes first: so long there is
 * one thread. */
GST_START_TEST (test_stopwatch)
{
  Stopwatch watch;

  stopwatch_start (&watch);
  g_usleep (30000);
  fail_unless (stopwatch_us (&watch) >= 29900, "%" G_GINT64_FORMAT " us",
      stopwatch_us (&watch));
}

GST_END_TEST;

static Suite *
common_suite (void)
{
  Suite *s = suite_create ("common");
  TCase *tc = tcase_create ("pieces");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_stopwatch);
  tcase_add_test (tc, test_silence_off);
  tcase_add_test (tc, test_silence_stall);
  tcase_add_test (tc, test_silence_timeout);
  tcase_add_test (tc, test_arrival);
  tcase_add_test (tc, test_arrival_clock);
  tcase_add_loop_test (tc, test_channel, 0, G_N_ELEMENTS (channels));
  tcase_add_test (tc, test_addr);
  tcase_add_test (tc, test_name);
  tcase_add_test (tc, test_name_dead);
  tcase_add_loop_test (tc, test_relays, 0, G_N_ELEMENTS (lists));
  tcase_add_test (tc, test_relays_order);
  tcase_add_test (tc, test_relays_patience);
  tcase_add_loop_test (tc, test_metadata_server, 0, G_N_ELEMENTS (servers));
  tcase_add_loop_test (tc, test_metadata_server_wrong, 0,
      G_N_ELEMENTS (bad_servers));
  tcase_add_test (tc, test_metadata_trust_wrong);
  tcase_add_test (tc, test_metadata_match_impossible);
  tcase_add_test (tc, test_progress_pairs);
  tcase_add_test (tc, test_packets_before_a_leave);
  return s;
}

GST_CHECK_MAIN (common);
