/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Where packets and digests meet: the verifier of the core under one lock, the
 * packets it holds, and those that are ready to be pushed.
 *
 * The data thread brings packets, the threads of manifests bring digests, the
 * task of the src pad lets time pass.  None of them pushes, posts or waits for
 * anything with the lock held.
 */
#pragma once

#include <gst/gst.h>

#include "ambi-verify.h"
#include "gstambicontext.h"
#include "gstambifetcher.h"
#include "gstambipublished.h"
#include "gstambitell.h"
#include "gstambiverifysettings.h"

G_BEGIN_DECLS

/* Why a packet does not even reach the verifier. */
typedef enum
{
  GST_AMBI_REJECT_NONE,
  GST_AMBI_REJECT_NO_ADDRESS,   /* no GstNetAddressMeta */
  GST_AMBI_REJECT_WRONG_SOURCE,
  GST_AMBI_REJECT_TOO_BIG,      /* no UDP payload is */
  GST_AMBI_REJECT_UNREADABLE,   /* cannot be mapped or hashed */
  GST_AMBI_N_REJECTS
} GstAmbiReject;

/* Kebab-case ("no-address"); never NULL. */
const gchar *gst_ambi_reject_name (GstAmbiReject reject);

/* A packet on its way to the verifier. */
typedef struct
{
  GstBuffer *buffer;            /* owned until it was taken */
  GstMapInfo map;
  GstAmbiReject reject;         /* without it, the buffer is mapped */
  ambi_flow flow;
  ambi_digests *digests;        /* those of one packet follow those of the one
                                   before */
} GstAmbiPacket;

/* Maps a packet to be read.  An empty payload has no memory, but is hashed like
 * any other. */
gboolean gst_ambi_map_payload (GstBuffer * buffer, GstMapInfo * map);

/* A packet that may be pushed. */
typedef struct
{
  GstBuffer *buffer;
  GstAmbiContext *context;
  gboolean discont;
} GstAmbiItem;

typedef struct
{
  guint64 received;
  guint64 rejects[GST_AMBI_N_REJECTS];
  guint64 flushed;              /* were held when a flush or the end came */
  guint64 pushed;
  guint64 discarded;            /* verified, but downstream did not take them */
  guint64 connections;          /* of the fetcher */
  guint64 malformed_datagrams;
} GstAmbiCounters;

/* Lock order: the output's push lock, this lock, the object lock. */
struct _GstAmbiGate
{
  GstElement *element;          /* not owned */
  GMutex lock;
  GCond wake;                   /* for the task of the src pad */

  /* Under the lock; verify is NULL while stopped. */
  ambi_verify *verify;
  ambi_mode mode;
  GstClockTime hold_time;
  GstClockTime latency;
  gint64 stream_id;             /* the element's, for feeds without their own */
  core_hash_algorithm algorithm;
  GstClockTime digest_hold_time;
  gboolean flushing;            /* of the src pad: the task must not wait */
  core_time awake_at;           /* when the task wakes by itself */
  GArray *ready;                /* GstAmbiItem, in the order of the output */
  GPtrArray *trash;             /* buffers to be unreffed without the lock */
  gpointer spare;               /* what holds a packet, not in use */
  gboolean discont;             /* of a packet that did not pass (yet) */
  GstFlowReturn flow;           /* of the last push */
  GstEvent *eos;                /* waits for what is held */
  core_time eos_at;             /* but no longer */
  core_time losses_at;          /* next telling of losses */
  guint64 rejected;             /* by the verifier, when it was looked last */
  core_time data_told;          /* to the fetcher */
  guint n_pads;                 /* for manifests */
  GList *feeds;                 /* GstAmbiFeed */
  GstAmbiFetcher *fetcher;      /* or NULL */
  GstAmbiCounters counters;
  ambi_verify_stats last_stats; /* of the run before, while stopped */
  GstAmbiTell tell;

  /* What the metadata of the channel name; NULL: they are not asked for. */
  GstAmbiPublished *published;
  gboolean news;                /* for it; the task is to look, */
  core_time published_at;       /*   and then of its own accord */
  core_time published_hold;     /* a data hold time; 0: none is known */
  GstClockTime own_hold_time;   /* those of the settings */
  GstClockTime own_latency;     /*   without any hold time */
};

void gst_ambi_gate_init (GstAmbiGate * gate, GstElement * element);
void gst_ambi_gate_clear (GstAmbiGate * gate);

/* Begins a run; the settings were checked. */
gboolean gst_ambi_gate_start (GstAmbiGate * gate,
    const GstAmbiVerifySettings * settings, GError ** error);

/* Ends it: no other thread is at work any more. */
void gst_ambi_gate_stop (GstAmbiGate * gate);

/* data-hold-time or reorder-time has changed.  TRUE: the latency did, too. */
gboolean gst_ambi_gate_change (GstAmbiGate * gate,
    const GstAmbiVerifySettings * settings);

/* The same as gst_ambi_verify_settings_get_latency (), of what is in force. */
GstClockTime gst_ambi_gate_get_latency (GstAmbiGate * gate);

void gst_ambi_gate_set_channel (GstAmbiGate * gate,
    const GstMcChannel * channel);

/* The metadata say how long packets may wait for their digests; the settings
 * have precedence. */
void gst_ambi_gate_set_published_hold (GstAmbiGate * gate, core_time hold);

/* The task's: does what the news demand. */
void gst_ambi_gate_follow_news (GstAmbiGate * gate);

/*
 * With the lock held
 */

/* Takes packets from first on that were hashed under the plan; returns how
 * many were taken of all.  Less than n: the plan has changed, hash the rest
 * anew.  Settles as well, but the caller pushes what is ready. */
gsize gst_ambi_gate_take_packets (GstAmbiGate * gate, GstAmbiPacket * packets,
    gsize first, gsize n, GstAmbiContext * context);

/* Moves on after anything was given to the verifier, or time has passed: does
 * what is due, sorts what the verifier gives back, does what its events say, and
 * wakes the task if there is something to push or to do earlier than it
 * thinks. */
void gst_ambi_gate_settle (GstAmbiGate * gate, core_time now);

/* When the task has to look again. */
core_time gst_ambi_gate_deadline (GstAmbiGate * gate);

/* Drops everything held and ready, as FLUSH does. */
void gst_ambi_gate_flush (GstAmbiGate * gate, core_time now);

/* Takes the trash, to be unreffed after unlocking; NULL: none. */
GPtrArray *gst_ambi_gate_steal_trash (GstAmbiGate * gate);

/*
 * Without it
 */

/* Unlocks, frees the trash and posts what is to be told; not for a caller that
 * holds the push lock. */
void gst_ambi_gate_unlock (GstAmbiGate * gate);

/* Which plan the verifier has. */
void gst_ambi_gate_get_plan (GstAmbiGate * gate, ambi_plan * plan);

G_END_DECLS
