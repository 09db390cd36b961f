/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Asks the C library's name servers over TCP, within a time.
 */
#pragma once

#include <glib.h>

#include <netinet/in.h>
#include <resolv.h>

G_BEGIN_DECLS

/* Asks one server after the other, each for its share of what is left until
 * deadline (monotonic, us), and writes the first answer of any kind.  Returns
 * its length, -1 if there is none. */
gssize mc_resolver_ask_tcp (res_state state, const gchar * name, guint16 type,
    guint8 * answer, gsize size, gint64 deadline);

G_END_DECLS
