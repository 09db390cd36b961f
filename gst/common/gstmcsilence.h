/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Notices when no data comes: the stall message and udpsrc's timeout.
 */
#pragma once

#include <glib.h>

#include "core.h"

G_BEGIN_DECLS

typedef struct
{
  core_time stall_timeout;      /* 0 = off */
  core_time timeout;            /* 0 = off */
  core_time last;               /* data, or the start of waiting for it */
  core_time next_timeout;
  gboolean stalled;
} GstMcSilence;

typedef enum
{
  GST_MC_SILENCE_STALLED = 1 << 0,
  GST_MC_SILENCE_TIMEOUT = 1 << 1
} GstMcSilenceFlags;

/* Waiting begins: on start, and when a pause ends. */
void gst_mc_silence_start (GstMcSilence * s, core_time now);

/* Data came.  Returns how long the silence was if it had been told as a
 * stall, else 0. */
core_time gst_mc_silence_data (GstMcSilence * s, core_time now);

core_time gst_mc_silence_deadline (const GstMcSilence * s);

/* What is to be told now: a stall once per silence, a timeout each period. */
GstMcSilenceFlags gst_mc_silence_expire (GstMcSilence * s, core_time now);

G_END_DECLS
