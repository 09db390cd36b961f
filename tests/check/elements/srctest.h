/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A pipeline with a multicast source for tests, which keeps all that comes out
 * of it: buffers, events, messages.
 */
#pragma once

#include <gst/check/gstcheck.h>

#include "usage.h"
#include "peerrelay.h"

#define S4 "192.0.2.10"
#define G4 "232.1.1.1"
#define S6 "2001:db8::10"
#define G6 "ff3e::8000:1"

extern const PeerFlow flow4;
extern const PeerFlow flow6;

typedef struct
{
  GstElement *pipeline;
  GstElement *src;
  gint stop;                    /* for threads of a test; atomic */

  GMutex lock;                  /* all below */
  GCond cond;
  gboolean keep;                /* buffers are kept, else only counted */
  GPtrArray *buffers;           /* of GstBuffer */
  guint64 n_buffers;
  guint n_lists;
  GPtrArray *order;             /* names of events, "buffer", "list" */
  GPtrArray *events;            /* of GstEvent */
  GPtrArray *messages;          /* of GstMessage, from the source alone */
} SrcTest;

/* FACTORY ! fakesink. */
void src_test_make (SrcTest * t, const gchar * factory);

/* amtsrc ! fakesink, by the tunnel alone, with source and group of the flow and
 * no port; flow and relay may be NULL. */
void src_test_init (SrcTest * t, const PeerFlow * flow,
    const PeerRelay * relay);
void src_test_clear (SrcTest * t);

void src_test_play (SrcTest * t);
void src_test_pause (SrcTest * t);

/* To NULL, which must not take longer than 100 ms. */
void src_test_stop (SrcTest * t);

/* How long a change of state took, in ms; waits for it to be done. */
guint src_test_set_state (SrcTest * t, GstState state);

/* These fail the test after a while; n counts from the start. */
void src_test_wait_buffers (SrcTest * t, guint64 n);
GstBuffer *src_test_buffer (SrcTest * t, guint i);
guint64 src_test_n_buffers (SrcTest * t);

/* Forgets the buffers that came so far; n counts anew. */
void src_test_drop_buffers (SrcTest * t);

/* Element message number n (from 0) of that name; for a progress message the
 * name is its code and n counts those of that type.  The structure is the
 * message's. */
const GstStructure *src_test_wait_message (SrcTest * t, const gchar * name,
    guint n);
void src_test_wait_progress (SrcTest * t, GstProgressType type,
    const gchar * code);
guint src_test_count_messages (SrcTest * t, const gchar * name);
guint src_test_count_progress (SrcTest * t, GstProgressType type,
    const gchar * code);

/* Fails when an error or warning was posted. */
void src_test_no_errors (SrcTest * t);

/* Waits for an error that must be a GST_RESOURCE_ERROR of that code (-1: any
 * error) and have both words in its text. */
void src_test_wait_error (SrcTest * t, gint code, const gchar * word1,
    const gchar * word2);

/* Statistics. */
guint64 stat_value (GstElement * src, const gchar * name);
gchar *stat_text (GstElement * src, const gchar * name);
void wait_for_stat (GstElement * src, const gchar * name, guint64 at_least);

/* packets-received is packets-pushed plus the drops of data. */
void check_sum (GstElement * src);

/* Whether the buffer holds payload number seq of that length. */
void check_payload (GstBuffer * buffer, guint32 seq, gsize len);
guint32 buffer_seq (GstBuffer * buffer);
