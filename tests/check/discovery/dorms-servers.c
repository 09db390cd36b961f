/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What is remembered of servers, and for how long.
 */
#include "dorms-servers.h"

#include <gst/check/gstcheck.h>

#define S CORE_SECOND

GST_START_TEST (test_ignore)
{
  dorms_servers *servers = dorms_servers_new (0);

  fail_if (dorms_servers_is_ignored (servers, "a", 443, 0));
  dorms_servers_ignore (servers, "a", 443, 0);
  fail_unless (dorms_servers_is_ignored (servers, "A", 443, 3599 * S));
  fail_if (dorms_servers_is_ignored (servers, "a", 444, 0));
  fail_if (dorms_servers_is_ignored (servers, "b", 443, 0));
  fail_if (dorms_servers_is_ignored (servers, "a", 443, 3600 * S));
  dorms_servers_free (servers);

  servers = dorms_servers_new (5 * S);
  dorms_servers_ignore (servers, "a", 443, 10 * S);
  fail_unless (dorms_servers_is_ignored (servers, "a", 443, 14 * S));
  fail_if (dorms_servers_is_ignored (servers, "a", 443, 15 * S));
  dorms_servers_free (servers);
  dorms_servers_free (NULL);
}

GST_END_TEST;

GST_START_TEST (test_lifetimes)
{
  dorms_servers *servers = dorms_servers_new (0);
  dorms_server *server = dorms_servers_get (servers, "a", 443, 0);

  fail_if (server->has_root || server->has_library);
  server->has_root = server->has_library = true;
  server->root_until = 10 * S;
  server->library_until = 20 * S;
  server = dorms_servers_get (servers, "a", 443, 10 * S - 1);
  fail_unless (server->has_root && server->has_library);
  server = dorms_servers_get (servers, "a", 443, 10 * S);
  fail_unless (!server->has_root && server->has_library);
  server = dorms_servers_get (servers, "a", 443, 20 * S);
  fail_if (server->has_library);
  dorms_servers_free (servers);
}

GST_END_TEST;

/* A sender can name any number of servers. */
GST_START_TEST (test_limit)
{
  dorms_servers *servers = dorms_servers_new (0);

  for (unsigned i = 0; i <= DORMS_SERVERS_MAX; i++) {
    char *name = g_strdup_printf ("host%u", i);

    dorms_servers_ignore (servers, name, 443, i);
    g_free (name);
  }
  fail_if (dorms_servers_is_ignored (servers, "host0", 443, S));
  fail_unless (dorms_servers_is_ignored (servers, "host1", 443, S));
  fail_unless (dorms_servers_is_ignored (servers, "host256", 443, S));
  dorms_servers_free (servers);
}

GST_END_TEST;

static Suite *
dorms_servers_suite (void)
{
  Suite *s = suite_create ("dorms-servers");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_ignore);
  tcase_add_test (tc, test_lifetimes);
  tcase_add_test (tc, test_limit);
  return s;
}

GST_CHECK_MAIN (dorms_servers);
