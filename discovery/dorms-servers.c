/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What was learnt of metadata servers.
 */
#include "dorms-servers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const core_time default_hold_down = 3600 * CORE_SECOND;

struct dorms_servers
{
  dorms_server *list[DORMS_SERVERS_MAX];
  unsigned n;
  core_time hold_down;
};

dorms_servers *
dorms_servers_new (core_time hold_down)
{
  dorms_servers *servers = calloc (1, sizeof (*servers));

  if (servers != NULL)
    servers->hold_down = hold_down > 0 ? hold_down : default_hold_down;
  return servers;
}

void
dorms_servers_free (dorms_servers * servers)
{
  if (servers == NULL)
    return;
  for (unsigned i = 0; i < servers->n; i++)
    free (servers->list[i]);
  free (servers);
}

static dorms_server *
find (const dorms_servers * servers, const char *host, uint16_t port)
{
  for (unsigned i = 0; i < servers->n; i++) {
    dorms_server *server = servers->list[i];

    if (server->port == port && strcasecmp (server->host, host) == 0)
      return server;
  }
  return NULL;
}

/* A place for one more. */
static dorms_server *
add (dorms_servers * servers)
{
  dorms_server *server;

  if (servers->n < DORMS_SERVERS_MAX) {
    server = calloc (1, sizeof (*server));
    if (server != NULL)
      servers->list[servers->n++] = server;
    return server;
  }
  server = servers->list[0];
  for (unsigned i = 1; i < servers->n; i++)
    if (servers->list[i]->used_at < server->used_at)
      server = servers->list[i];
  memset (server, 0, sizeof (*server));
  return server;
}

dorms_server *
dorms_servers_get (dorms_servers * servers, const char *host, uint16_t port,
    core_time now)
{
  dorms_server *server = find (servers, host, port);

  if (server == NULL) {
    server = add (servers);
    if (server == NULL)
      return NULL;
    snprintf (server->host, sizeof (server->host), "%s", host);
    server->port = port;
  }
  server->used_at = now;
  if (server->has_root && now >= server->root_until)
    server->has_root = false;
  if (server->has_library && now >= server->library_until)
    server->has_library = false;
  return server;
}

void
dorms_servers_ignore (dorms_servers * servers, const char *host,
    uint16_t port, core_time now)
{
  dorms_server *server = dorms_servers_get (servers, host, port, now);

  if (server == NULL)
    return;
  server->ignored = true;
  server->ignored_until = now + servers->hold_down;
  server->bad_answers = 0;
  /* When its time comes, ask it anew. */
  server->has_root = false;
  server->has_library = false;
}

bool
dorms_servers_is_ignored (const dorms_servers * servers, const char *host,
    uint16_t port, core_time now)
{
  const dorms_server *server = find (servers, host, port);

  return server != NULL && server->ignored && now < server->ignored_until;
}
