/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a way to resolve names gives, and what it gets: for the resolvers of
 * this folder, and for tests that answer themselves.
 */
#pragma once

#include "resolver.h"

G_BEGIN_DECLS

typedef struct
{
  /* Starts a query and takes a reference to it.  Must not block.  May answer
   * at once. */
  void (*ask) (gpointer backend, McQuery * query);

  /* A query was freed that has no answer; may be NULL. */
  void (*cancelled) (gpointer backend);

  /* May be NULL. */
  void (*network_changed) (gpointer backend);
  void (*free) (gpointer backend);
} McResolverFuncs;

/* Takes the backend. */
McResolver *mc_resolver_new (const McResolverFuncs * funcs, gpointer backend);

/* libunbound, whose thread stays for linger us without questions. */
McResolver *mc_resolver_new_unbound_with (gint64 linger);

McQuery *mc_query_ref (McQuery * query);
void mc_query_unref (McQuery * query);

/* What was asked; constant. */
const gchar *mc_query_get_name (const McQuery * query);
guint16 mc_query_get_type (const McQuery * query);
gint64 mc_query_get_deadline (const McQuery * query);   /* monotonic, us */

/* Whether nobody waits any more. */
gboolean mc_query_is_cancelled (McQuery * query);

/* Answers it, with copies of everything; n_dropped records were left out.
 * Only the first call counts.  From any thread. */
void mc_query_answer (McQuery * query, const dns_answer * answer,
    guint n_dropped);

/* The same with a status that has no records; problem may be NULL. */
void mc_query_fail (McQuery * query, dns_status status, const gchar * problem);

/* Refused by the resolver itself. */
void mc_query_refuse (McQuery * query, const gchar * problem);

/* The server the environment names: FALSE if none or if it cannot be read. */
gboolean mc_resolver_get_server (core_addr * server);

/* What is wrong with the environment's settings, or NULL. */
gchar *mc_resolver_settings_problem (void);

/* Changes whenever a resolver must begin anew: another server, trust anchor
 * or resolv.conf. */
gchar *mc_resolver_settings (void);

const gchar *mc_resolver_trust_anchor (void);

G_END_DECLS
