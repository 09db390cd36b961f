/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A name server on the loopback interface that misbehaves as it is asked to.
 */
#pragma once

#include <glib.h>

#include "addr.h"

typedef struct _DnsServer DnsServer;

/* Listens on UDP and TCP at the same port, of 127.0.0.1 or ::1; NULL if that
 * address is not there.  What it answers depends on the first label of the
 * name:
 *   relay      one AMTRELAY record, 10 1 1 198.51.100.1, TTL 60
 *   ad         the same with AD
 *   big        80 of them, which fit into no datagram
 *   host       A and AAAA
 *   _dorms     SRV: 0 0 PORT localhost., see dns_server_set_dorms ()
 *   alias      nothing but a CNAME to relay.example.
 *   short      as relay, TTL 30
 *   both       a CNAME to short.example. and that record
 *   loop       a CNAME to loop.loop.example., and so on
 *   nodata, nxdomain, servfail, refused
 *   garbage    no DNS message
 *   silent     nothing
 *   stuck      a truncated answer, and over TCP nothing */
DnsServer *dns_server_new (core_family family);
void dns_server_free (DnsServer * server);

/* The port of the metadata server of all sources; none before that. */
void dns_server_set_dorms (DnsServer * server, guint16 port);

/* As MC_RESOLVER_SERVER_ENV has it. */
const gchar *dns_server_address (const DnsServer * server);

/* Questions so far, over TCP alone or over both. */
guint dns_server_count (DnsServer * server, gboolean tcp_only);
