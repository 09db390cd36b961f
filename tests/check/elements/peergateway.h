/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A gateway for tests: one UDP socket that speaks AMT as the test says.
 */
#pragma once

#include <gst/gst.h>

#include "amt-wire.h"
#include "group-records.h"
#include "ipudp.h"

typedef struct
{
  gint fd;
  core_addr relay;
  core_addr local;
  uint8_t mac[AMT_MAC_LEN];
  uint32_t nonce;
  gboolean limit;               /* the last Query had L */
} PeerGateway;

/* Opens a socket on the loopback address of the relay's family; relay is the
 * address to ask. */
void peer_open (PeerGateway * peer, const gchar * relay, guint port);
void peer_close (PeerGateway * peer);

/* Errors of the network come back from send () then. */
void peer_connect (PeerGateway * peer);

void peer_send (PeerGateway * peer, const void *data, gsize len);

/* The next datagram, which must come from the relay's address; 0 when none
 * comes within timeout. */
gsize peer_receive (PeerGateway * peer, guint8 * buf, gsize cap,
    guint timeout_ms);

/* Request and Query; mld as the channel's family wants. */
void peer_handshake (PeerGateway * peer, gboolean mld);

/* One Membership Update with a record of one source. */
void peer_update (PeerGateway * peer, group_record_type type,
    const gchar * source, const gchar * group);

void peer_join (PeerGateway * peer, const gchar * source, const gchar * group);
void peer_leave (PeerGateway * peer, const gchar * source, const gchar * group);

/* Waits for a Multicast Data message and checks all of it; the payload must
 * be as given. */
typedef struct
{
  const gchar *source;
  const gchar *group;
  guint16 source_port;
  guint16 port;
  guint8 tos;
} PeerChannel;

void peer_expect (PeerGateway * peer, const PeerChannel * channel,
    const guint8 * payload, gsize len);
void peer_expect_silence (PeerGateway * peer, guint ms);
