/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The relay that sinks of one process share: sockets, the protocol core and
 * the thread that answers gateways.
 */
#pragma once

#include <gst/gst.h>

#include "amt-relay.h"
#include "gstamtsocket.h"

G_BEGIN_DECLS

typedef struct _GstAmtRelay GstAmtRelay;

typedef struct
{
  core_addr address;            /* family NONE: all addresses; port 0: any */
  guint max_gateways;
  guint query_interval;         /* s */
  gboolean gateway_address;
} GstAmtRelaySettings;

/* Called in the relay's thread without any lock held. */
typedef void (*GstAmtRelayFunc) (GstObject * user, gboolean added,
    const core_addr * gateway);

/* The relay of that address and port, opened if nobody in this process has it
 * yet; its other settings stay those of the first user.  Sets a
 * GstResourceError that names the property at fault. */
GstAmtRelay *gst_amt_relay_acquire (const GstAmtRelaySettings * settings,
    GstAmtRelayFunc func, GstObject * user, GError ** error);

/* The last user's release closes the port.  May be called from within func;
 * waits for nothing but the end of the thread's present batch. */
void gst_amt_relay_release (GstAmtRelay * relay, GstObject * user);

/* The port, and the sockets data leaves by; fixed while the relay is held. */
const GstAmtSockets *gst_amt_relay_sockets (GstAmtRelay * relay);

/* Changes whenever gst_amt_relay_targets () may answer differently.  Takes no
 * lock. */
guint gst_amt_relay_generation (GstAmtRelay * relay);

/* Fills targets (of amt_relay_target) with the gateways that get the channel
 * and returns the generation they are of. */
guint gst_amt_relay_targets (GstAmtRelay * relay, const core_ip * source,
    const core_ip * group, GArray * targets);

typedef struct
{
  amt_relay_stats core;
  guint64 not_unicast;          /* control datagrams to a multicast address */
  guint64 truncated;            /* ... longer than any of ours */
  guint64 send_failed;          /* answers the kernel did not take */
} GstAmtRelayStats;

void gst_amt_relay_get_stats (GstAmtRelay * relay, GstAmtRelayStats * stats);

G_END_DECLS
