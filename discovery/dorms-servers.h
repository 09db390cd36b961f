/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What was learnt of metadata servers, for all channels that ask them: where
 * their resources are, which modules they offer, and which of them to ignore
 * (draft-ietf-mboned-dorms-08 §6.3).
 */
#pragma once

#include "dorms-restconf.h"

enum
{
  DORMS_SERVERS_MAX = 256
};

typedef struct
{
  char host[DORMS_HOST_MAX];
  uint16_t port;
  core_time used_at;

  bool has_root;
  core_time root_until;
  char root[DORMS_ROOT_MAX];
  bool has_library;             /* readable or not: it was asked for */
  core_time library_until;
  bool library_is_readable;
  dorms_library library;
  dorms_form form;              /* the one that worked last */

  unsigned bad_answers;         /* in a row */
  bool ignored;
  core_time ignored_until;
} dorms_server;

/* Not to be used by two threads at a time. */
typedef struct dorms_servers dorms_servers;

/* hold_down: how long a server is ignored; 0 is 1 h.  NULL without memory. */
dorms_servers *dorms_servers_new (core_time hold_down);
void dorms_servers_free (dorms_servers * servers);

/* What is known of a server, to be read and changed until the next call; of
 * more than DORMS_SERVERS_MAX the one not used for longest is forgotten.  NULL
 * without memory. */
dorms_server *dorms_servers_get (dorms_servers * servers, const char *host,
    uint16_t port, core_time now);

/* It answers what cannot be used: leave it alone for a while. */
void dorms_servers_ignore (dorms_servers * servers, const char *host,
    uint16_t port, core_time now);

/* Whether it is to be taken for unreachable. */
bool dorms_servers_is_ignored (const dorms_servers * servers,
    const char *host, uint16_t port, core_time now);
