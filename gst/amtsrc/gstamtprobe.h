/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Finds out whether one relay takes us, without joining anything: a Relay
 * Discovery where the candidate wants one, then a Request (RFC 8777 §3.2.3).
 */
#pragma once

#include <gst/gst.h>

#include "amt-gateway.h"
#include "gstmcchannel.h"
#include "gstmcpoll.h"

G_BEGIN_DECLS

typedef struct _GstAmtProbe GstAmtProbe;

typedef enum
{
  GST_AMT_PROBE_ASKING,
  GST_AMT_PROBE_ESTABLISHED,    /* a valid Query came */
  GST_AMT_PROBE_REFUSED,        /* a Query with the L flag came */
  GST_AMT_PROBE_FAILED
} GstAmtProbeResult;

/* Opens a socket bound to local (family NONE: any) and adds it to the poll.
 * NULL: there is no socket to be had. */
GstAmtProbe *gst_amt_probe_new (GstElement * element, GstMcPoll * poll,
    const core_ip * local, const GstMcChannel * channel,
    const amt_relay_candidate * where, core_time now);

/* Sends nothing more.  NULL is fine. */
void gst_amt_probe_free (GstAmtProbe * probe);

/* Takes and sends what is due.  After anything but ASKING nothing more comes
 * of it. */
GstAmtProbeResult gst_amt_probe_step (GstAmtProbe * probe, core_time now);

core_time gst_amt_probe_deadline (const GstAmtProbe * probe);

/* The relay that answered. */
const core_addr *gst_amt_probe_get_relay (const GstAmtProbe * probe);

G_END_DECLS
