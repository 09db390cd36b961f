/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Finds a relay for a channel whose user named none (RFC 8777): asks the DNS,
 * tries what that gives, several at a time, and says which one answered first.
 */
#pragma once

#include "driad.h"
#include "gstmcchannel.h"
#include "gstmcpoll.h"

G_BEGIN_DECLS

typedef struct _GstAmtDiscovery GstAmtDiscovery;

/* local: the address that the tunnel is bound to, family NONE: any.  wake_fd is
 * an eventfd that answers add to. */
GstAmtDiscovery *gst_amt_discovery_new (GstElement * element, GstMcPoll * poll,
    const core_ip * local, int wake_fd);

/* Breaks off whatever goes on, without waiting.  NULL is fine. */
void gst_amt_discovery_free (GstAmtDiscovery * discovery);

/* A relay is wanted for the channel; and is not any more. */
void gst_amt_discovery_start (GstAmtDiscovery * discovery,
    const GstMcChannel * channel, core_time now);
void gst_amt_discovery_stop (GstAmtDiscovery * discovery, core_time now);

/* Asks, tries, collects.  TRUE: there is a relay that answers, another than
 * the one before or the same once more. */
gboolean gst_amt_discovery_step (GstAmtDiscovery * discovery, core_time now);
core_time gst_amt_discovery_deadline (const GstAmtDiscovery * discovery);

/* The relay that answered, to be asked directly. */
const amt_relay_candidate *gst_amt_discovery_get (const GstAmtDiscovery *
    discovery);

/* An attempt that began, as the gateway would tell it; FALSE: no more. */
gboolean gst_amt_discovery_event (GstAmtDiscovery * discovery,
    amt_gateway_event_info * event);

/* The relay is in use; it is lost; the host is on another network. */
void gst_amt_discovery_settle (GstAmtDiscovery * discovery, core_time now);
void gst_amt_discovery_lost (GstAmtDiscovery * discovery,
    amt_lost_reason reason, core_time now);
void gst_amt_discovery_network_changed (GstAmtDiscovery * discovery,
    core_time now);

/* Instead of using the relay that answered: it is the one in use. */
void gst_amt_discovery_confirm (GstAmtDiscovery * discovery, core_time now);

/* The channel was joined; a packet came.  When none comes for some seconds
 * others are tried, and the relay stays in use until one answers (RFC 8777
 * §3.3.4.1). */
void gst_amt_discovery_joined (GstAmtDiscovery * discovery, core_time now);
void gst_amt_discovery_data (GstAmtDiscovery * discovery, core_time now);

/* A pause ended, in which nothing could come. */
void gst_amt_discovery_resume (GstAmtDiscovery * discovery, core_time now);

/* Why another relay than the one in use was looked for. */
amt_lost_reason gst_amt_discovery_get_reason (const GstAmtDiscovery *
    discovery);

/* How the relay was found, "" before that: "dns-sd", "anycast", "amtrelay";
 * and what DNSSEC says of that: "secure", "insecure". */
const gchar *gst_amt_discovery_get_way (const GstAmtDiscovery * discovery);
const gchar *gst_amt_discovery_get_security (const GstAmtDiscovery *
    discovery);

/* Why there is no relay; NULL when there is one, or nothing is known yet. */
const gchar *gst_amt_discovery_get_problem (const GstAmtDiscovery * discovery);

G_END_DECLS
