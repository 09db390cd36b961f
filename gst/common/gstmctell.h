/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a source tells the bus and downstream in the course of a run, and the
 * state that takes: each thing is told on change only.
 */
#pragma once

#include <gst/base/gstbasesrc.h>

#include "channel-port.h"
#include "gstmcchannel.h"
#include "gstmcsettings.h"
#include "gstmcsilence.h"

G_BEGIN_DECLS

typedef struct
{
  GstBaseSrc *src;
  GstElement *element;          /* the same */
  GstMcChannel channel;
  channel_port port;            /* the channel's, and how it is known */
  const gchar *delivery;        /* of the path that data come by */
  gboolean preserve_packetization;
  core_addr relay;              /* likewise; family NONE without one */

  gboolean requesting;          /* a join was sent, no packet came yet */
  gboolean joined;              /* a packet came by this path */
  gboolean event_sent;          /* downstream has the right event */
  gboolean discont;             /* what comes next follows a gap */
  gboolean left;                /* the path, since the wake-up began */
  gboolean waiting;             /* silence counts */
  core_time started;            /* the join was wanted, or a path that had
                                   brought data was lost */
  core_time join_latency;       /* 0 before the first packet */
  GstMcSilence silence;
} GstMcTell;

void gst_mc_tell_init (GstMcTell * tell, GstBaseSrc * src,
    const GstMcSettings * settings, const gchar * delivery);

/* The channel is asked for now, or a pause ended: silence counts anew. */
void gst_mc_tell_wait (GstMcTell * tell, core_time now);

/* A join was sent ("on" "eth0"); and it is given up, with a text on why. */
void gst_mc_tell_request (GstMcTell * tell, const gchar * how,
    const gchar * where);
void gst_mc_tell_cancel_request (GstMcTell * tell, const gchar * text);

/* The port is another one now. */
void gst_mc_tell_port (GstMcTell * tell, const channel_port * port);

/* A wake-up begins.  The path may be left in the course of it: what it brought
 * before is passed on, and is not the first packet of the next one. */
void gst_mc_tell_begin (GstMcTell * tell);

/* Whether what comes next follows a gap; asked once. */
gboolean gst_mc_tell_take_gap (GstMcTell * tell);

/* Data came: the first packet of a path, the end of a stall. */
void gst_mc_tell_data (GstMcTell * tell, core_time now);

/* The path of that delivery is left or lost; without effect when it is not
 * the one that data come by. */
void gst_mc_tell_leave (GstMcTell * tell, const gchar * delivery,
    const gchar * reason, core_time now);

/* What comes next by the path may not follow on what came last. */
void gst_mc_tell_gap (GstMcTell * tell, const gchar * delivery);

/* Data come by another path from now on. */
void gst_mc_tell_move (GstMcTell * tell, const gchar * delivery,
    const gchar * reason, core_time now);

/* Tells of silence when it is time to. */
void gst_mc_tell_expire (GstMcTell * tell, core_time now);
core_time gst_mc_tell_deadline (const GstMcTell * tell);

G_END_DECLS
