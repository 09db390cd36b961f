/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A host name whose addresses an element needs: looked up without blocking,
 * tried again when that fails, told as progress.
 */
#pragma once

#include <gst/gst.h>

#include "addr.h"

G_BEGIN_DECLS

typedef struct _GstMcName GstMcName;

/* what is a word for messages ("relay"); wake_fd an eventfd that gets 1 added
 * whenever gst_mc_name_update () has something to do. */
GstMcName *gst_mc_name_new (GstElement * element, const gchar * what,
    const gchar * name, int wake_fd);
void gst_mc_name_free (GstMcName * name);

/* Starts a lookup that is due and collects one that is done.  TRUE when the
 * addresses were (re)learnt. */
gboolean gst_mc_name_update (GstMcName * name, core_time now);

/* When to call update () if nothing wakes the caller before. */
core_time gst_mc_name_deadline (const GstMcName * name);

/* Asks again, unless that is going on already. */
void gst_mc_name_refresh (GstMcName * name, core_time now);

/* Array of core_ip, or NULL as long as none is known. */
const GArray *gst_mc_name_get_ips (const GstMcName * name);

/* Whether the first lookup has not come back yet. */
gboolean gst_mc_name_is_pending (const GstMcName * name);

/* Why no address is known, NULL when one is. */
const gchar *gst_mc_name_get_problem (const GstMcName * name);

G_END_DECLS
