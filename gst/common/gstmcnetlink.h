/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Hears from the kernel when the host's network changes, without a main loop.
 */
#pragma once

#include <gst/gst.h>

#include "core.h"
#include "gstmcpoll.h"

G_BEGIN_DECLS

typedef struct _GstMcNetlink GstMcNetlink;

/* Never NULL; where the system does not permit listening, nothing is ever
 * heard, and a warning is logged. */
GstMcNetlink *gst_mc_netlink_new (GstElement * element, GstMcPoll * poll);
void gst_mc_netlink_free (GstMcNetlink * netlink);

/* Reads what is waiting.  TRUE when interfaces, addresses or routes changed
 * and nothing more has happened for a moment. */
gboolean gst_mc_netlink_step (GstMcNetlink * netlink, core_time now);
core_time gst_mc_netlink_deadline (const GstMcNetlink * netlink);

/* Whether the interface was seen without a link among the changes that the
 * last step () returned TRUE for; it may have one again. */
gboolean gst_mc_netlink_was_down (const GstMcNetlink * netlink, guint ifindex);

G_END_DECLS
