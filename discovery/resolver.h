/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Asks the DNS for records of any type without blocking anybody.
 *
 * A question is an object.  When its answer is there an eventfd is added to,
 * which a streaming thread has in its poll and a GLib main loop can watch with
 * g_unix_fd_add (); then mc_query_poll () gives the answer.  No callback runs
 * on a foreign thread.  Every question is answered in the end, at its deadline
 * if not before, and can be freed at any moment without waiting.
 *
 * Names are absolute, with or without the final dot: no search list is tried.
 * libunbound looks for host names (A and AAAA) in /etc/hosts, too.
 */
#pragma once

#include <gio/gio.h>

#include "dnswire.h"

G_BEGIN_DECLS

typedef struct _McResolver McResolver;
typedef struct _McQuery McQuery;

/* What the environment can say, for tests and for unusual hosts:
 *   GST_MULTICAST_DNS=192.0.2.53, 192.0.2.53:5353, [2001:db8::53]:5353
 *     ask this server instead of those in /etc/resolv.conf
 *   GST_MULTICAST_TRUST_ANCHOR=FILE
 *     DS or DNSKEY records to trust instead of the root's
 *     (an empty file, such as /dev/null: trust none, validate nothing)
 * Both are looked at for each question, which fails while one of them is wrong.
 * Without the root's nothing is validated, and everything is insecure. */
#define MC_RESOLVER_SERVER_ENV "GST_MULTICAST_DNS"
#define MC_RESOLVER_TRUST_ANCHOR_ENV "GST_MULTICAST_TRUST_ANCHOR"
#define MC_RESOLVER_TRUST_ANCHOR "/usr/share/dns/root.key"

/* The one of this process, for whoever wants to ask something: libunbound,
 * which validates, or else the C library, which has no more to go by than the
 * AD bit, and believes that only with "options trust-ad" in resolv.conf. */
McResolver *mc_resolver_get_default (void);

/* One of the caller's own. */
McResolver *mc_resolver_new_unbound (void);     /* NULL if built without */
McResolver *mc_resolver_new_libc (void);

McResolver *mc_resolver_ref (McResolver * resolver);

/* The last one ends the resolver's threads. */
void mc_resolver_unref (McResolver * resolver);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (McResolver, mc_resolver_unref)

/* The host is on another network: what was learnt about name servers, and all
 * that was cached, no longer holds.  (A changed resolv.conf is noticed.) */
void mc_resolver_network_changed (McResolver * resolver);

#define MC_QUERY_TIMEOUT (5 * CORE_SECOND)

/* Asks for the records of a type (DNS_TYPE_...).  timeout 0 is
 * MC_QUERY_TIMEOUT; the C library counts in whole seconds.  wake_fd is an
 * eventfd, or -1; the query has a duplicate of its own. */
McQuery *mc_query_new (McResolver * resolver, const gchar * name,
    guint16 type, core_time timeout, int wake_fd);

/* At once, whatever goes on. */
void mc_query_free (McQuery * query);

/* The answer, which belongs to the query; NULL if there is none yet. */
const dns_answer *mc_query_poll (McQuery * query);

typedef struct
{
  guint64 questions;
  guint64 answers;              /* of any status but these: */
  guint64 bogus;
  guint64 failures;
  guint64 timeouts;
  guint64 cancelled;            /* freed before the answer */
  guint64 refused;              /* too many at a time; they are failures, too */
  guint64 records_dropped;      /* too long or too many */
} McResolverStats;

void mc_resolver_get_stats (McResolver * resolver, McResolverStats * stats);

/* The domains in which services of this network are to be found: the search
 * list of resolv.conf.  Free with g_strfreev (). */
gchar **mc_resolver_search_domains (void);

/* The local address from which the host would send to ip; FALSE if it cannot.
 * Sends nothing and does not block. */
gboolean mc_route_source (const core_ip * ip, core_ip * from);

G_END_DECLS
