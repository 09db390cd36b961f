/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the resolver takes from its host: the environment, resolv.conf, routes.
 */
#include "resolver-backend.h"

#include <gst/check/gstcheck.h>

static const struct
{
  const gchar *text;
  const gchar *address;         /* NULL: refused */
} servers[] = {
  {"127.0.0.1", "127.0.0.1:53"},
  {"127.0.0.1:5353", "127.0.0.1:5353"},
  {"::1", "[::1]:53"},
  {"[::1]", "[::1]:53"},
  {"[::1]:5353", "[::1]:5353"},
  {"", NULL},
};

GST_START_TEST (test_server_text)
{
  gchar text[CORE_ADDR_TEXT_MAX];
  core_addr server;

  g_setenv (MC_RESOLVER_SERVER_ENV, servers[__i__].text, TRUE);
  fail_unless_equals_int (mc_resolver_get_server (&server),
      servers[__i__].address != NULL);
  if (servers[__i__].address)
    fail_unless_equals_string (core_addr_to_string (&server, text),
        servers[__i__].address);
}

GST_END_TEST;

GST_START_TEST (test_search_domains)
{
  g_auto (GStrv) domains = NULL;

  /* From LOCALDOMAIN, which the library reads once. */
  domains = mc_resolver_search_domains ();
  fail_unless_equals_int (g_strv_length (domains), 2);
  fail_unless (dns_name_equal (domains[0], "a.example"));
  fail_unless (dns_name_equal (domains[1], "b.example"));
}

GST_END_TEST;

GST_START_TEST (test_route)
{
  core_ip loopback, from;

  fail_unless (core_ip_from_string ("127.0.0.1", &loopback));
  fail_unless (mc_route_source (&loopback, &from));
  fail_unless (core_ip_equal (&loopback, &from));
  /* Nothing is sent from a socket that may not broadcast. */
  fail_unless (core_ip_from_string ("255.255.255.255", &loopback));
  fail_if (mc_route_source (&loopback, &from));
}

GST_END_TEST;

static Suite *
resolver_host_suite (void)
{
  Suite *s = suite_create ("resolver-host");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_server_text, 0, G_N_ELEMENTS (servers));
  tcase_add_test (tc, test_search_domains);
  tcase_add_test (tc, test_route);
  return s;
}

GST_CHECK_MAIN (resolver_host);
