/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Waits for descriptors, until something is there to be read from one of them.
 *
 * The kernel keeps the list of descriptors, so that a wait costs no more than
 * what it finds.  One thread at a time adds, removes, waits and asks what was
 * found; any may say at any moment that the poll is flushing.
 */
#pragma once

#include <errno.h>
#include <gst/gst.h>

G_BEGIN_DECLS

/* What wait () returns when the poll is flushing; no other error is this. */
#define GST_MC_POLL_FLUSHING (-ECANCELED)

typedef struct _GstMcPoll GstMcPoll;

/* Never NULL; where the system has no descriptors left nothing can be added
 * before it is opened. */
GstMcPoll *gst_mc_poll_new (void);

/* Opens one that could not be opened when it was made.  FALSE: it still cannot.
 * No other thread may use it meanwhile. */
gboolean gst_mc_poll_open (GstMcPoll * poll);
void gst_mc_poll_free (GstMcPoll * poll);

/* Adds a descriptor that is to be read from.  FALSE, and errno: the system
 * does not permit it, or it is there already. */
gboolean gst_mc_poll_add (GstMcPoll * poll, int fd);

/* To be called before it is closed; -1, and one that was never added, are
 * fine.  Nothing is left of what the last wait found of it. */
void gst_mc_poll_remove (GstMcPoll * poll, int fd);

/* Waits until descriptors are readable or have errors, for so long at most
 * (GST_CLOCK_TIME_NONE: for ever; any longer time than three weeks counts as a
 * bit more than that).  Returns how many they are, 0 too when a signal came, or
 * GST_MC_POLL_FLUSHING, or another negative errno. */
gint gst_mc_poll_wait (GstMcPoll * poll, GstClockTime timeout);

/* What the last wait found. */
gboolean gst_mc_poll_can_read (const GstMcPoll * poll, int fd);
gboolean gst_mc_poll_has_error (const GstMcPoll * poll, int fd);

/* From any thread.  While it is flushing every wait, the one that goes on
 * included, returns at once. */
void gst_mc_poll_set_flushing (GstMcPoll * poll, gboolean flushing);

G_END_DECLS
