/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The parts of netns-peer: what sends and what receives numbered datagrams.
 */
#ifndef NETNS_PEER_H
#define NETNS_PEER_H

#include <gst/gst.h>

/* One datagram: sequence number (8 bytes, big endian), channel (4), epoch (4,
 * another one for each run of a sender), filler, its last byte the lowest of
 * the sequence number. */
#define PEER_PAYLOAD_MIN 20
#define PEER_CHANNEL_AT 8
#define PEER_EPOCH_AT 12

/* KEY=VALUE of the command line.  Returns FALSE when the key is not known. */
gboolean peer_set_property (GstElement * element, const gchar * key,
    const gchar * value);
gboolean peer_parse_uint (const gchar * value, guint64 * out);

/* Appends "PREFIXkey=value" for each field of the statistics. */
void peer_append_stats (GString * out, const gchar * prefix,
    GstElement * element);

/* --- sender: appsrc ! amtrelaysink, or native multicast --- */

typedef struct _PeerSender PeerSender;

PeerSender *peer_sender_new (GstBin * pipeline);
PeerSender *peer_sender_new_native (void);
gboolean peer_sender_set (PeerSender * sender, const gchar * key,
    const gchar * value);
void peer_sender_start (PeerSender * sender);
/* Pauses sending, or goes on. */
void peer_sender_pause (PeerSender * sender);
/* Stops sending; the pipeline may still play. */
void peer_sender_stop (PeerSender * sender);
void peer_sender_append_status (PeerSender * sender, GString * out,
    const gchar * prefix);
void peer_sender_free (PeerSender * sender);

/* --- receiver: amtsrc or ssmsrc ! fakesink --- */

typedef struct _PeerReceiver PeerReceiver;

PeerReceiver *peer_receiver_new (GstBin * pipeline, const gchar * element);
gboolean peer_receiver_set (PeerReceiver * receiver, const gchar * key,
    const gchar * value);
void peer_receiver_append_status (PeerReceiver * receiver, GString * out);
void peer_receiver_free (PeerReceiver * receiver);

#endif /* NETNS_PEER_H */
