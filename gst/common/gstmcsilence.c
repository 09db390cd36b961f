/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Notices when no data comes.
 */
#include "gstmcsilence.h"

void
gst_mc_silence_start (GstMcSilence * s, core_time now)
{
  s->last = now;
  s->next_timeout = now + s->timeout;
}

core_time
gst_mc_silence_data (GstMcSilence * s, core_time now)
{
  core_time silence = s->stalled ? now - s->last : 0;

  s->stalled = FALSE;
  gst_mc_silence_start (s, now);
  return silence;
}

static gboolean
stall_pending (const GstMcSilence * s)
{
  return s->stall_timeout != 0 && !s->stalled;
}

core_time
gst_mc_silence_deadline (const GstMcSilence * s)
{
  core_time deadline = CORE_TIME_NEVER;

  if (stall_pending (s))
    deadline = s->last + s->stall_timeout;
  if (s->timeout != 0)
    deadline = MIN (deadline, s->next_timeout);
  return deadline;
}

GstMcSilenceFlags
gst_mc_silence_expire (GstMcSilence * s, core_time now)
{
  GstMcSilenceFlags flags = 0;

  if (stall_pending (s) && now >= s->last + s->stall_timeout) {
    s->stalled = TRUE;
    flags |= GST_MC_SILENCE_STALLED;
  }
  if (s->timeout != 0 && now >= s->next_timeout) {
    s->next_timeout = now + s->timeout;
    flags |= GST_MC_SILENCE_TIMEOUT;
  }
  return flags;
}
