/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The parts of netns-peer: what sends and what receives numbered datagrams.
 */
#ifndef NETNS_PEER_H
#define NETNS_PEER_H

#include "peer-payload.h"

/* KEY=VALUE of the command line.  Returns FALSE when the key is not known. */
gboolean peer_set_property (GstElement * element, const gchar * key,
    const gchar * value);
gboolean peer_parse_uint (const gchar * value, guint64 * out);

/* Appends "PREFIXkey=value" for each field of the statistics. */
void peer_append_stats (GString * out, const gchar * prefix,
    GstElement * element);

/* --- signer: ambisign, with its manifests into an ambihttpsink --- */

typedef struct _PeerSigner PeerSigner;

PeerSigner *peer_signer_new (GstBin * pipeline);
/* "sign.X" is a property of ambisign, "manifests.X" of ambihttpsink, "sign2.X"
 * and "manifests2.X" of a second pair behind it (which puts it there),
 * "refresh-deadline" what the first ambisign gets when it is to end,
 * "unlisted-rate" that of datagrams that join the stream behind ambisign, and
 * "wait-clients" how many clients must have connected before it begins. */
gboolean peer_signer_is_key (const gchar * key);
gboolean peer_signer_set (PeerSigner * signer, const gchar * key,
    const gchar * value);
/* appsrc ! ambisign ! sink; source, group, port and source-port are the
 * channel's. */
void peer_signer_link (PeerSigner * signer, GstElement * appsrc,
    GstElement * sink, const gchar * source, const gchar * group,
    guint source_port, guint port);
guint64 peer_signer_unlisted_rate (const PeerSigner * signer);
gboolean peer_signer_has_clients (const PeerSigner * signer);
/* Takes the list. */
void peer_signer_push_unlisted (PeerSigner * signer, GstBufferList * list);
/* Announces the end of the first stream of manifests. */
void peer_signer_refresh (PeerSigner * signer);
void peer_signer_append_status (PeerSigner * signer, GString * out,
    const gchar * prefix);
void peer_signer_free (PeerSigner * signer);

/* --- sender: appsrc ! amtrelaysink, or native multicast --- */

typedef struct _PeerSender PeerSender;

PeerSender *peer_sender_new (GstBin * pipeline);
PeerSender *peer_sender_new_native (GstBin * pipeline);
gboolean peer_sender_set (PeerSender * sender, const gchar * key,
    const gchar * value);
/* After the last option, before the pipeline plays. */
void peer_sender_prepare (PeerSender * sender);
void peer_sender_start (PeerSender * sender);
/* Pauses sending, or goes on. */
void peer_sender_pause (PeerSender * sender);
/* Announces the end of the first stream of manifests. */
void peer_sender_refresh (PeerSender * sender);
/* Stops sending; the pipeline may still play. */
void peer_sender_stop (PeerSender * sender);
void peer_sender_append_status (PeerSender * sender, GString * out,
    const gchar * prefix);
void peer_sender_free (PeerSender * sender);

/* --- receiver: amtsrc or ssmsrc ! fakesink, or with ambiverify between them.
 * "verify.X" is a property of it; the first one puts it there. --- */

typedef struct _PeerReceiver PeerReceiver;

PeerReceiver *peer_receiver_new (GstBin * pipeline, const gchar * element);
gboolean peer_receiver_set (PeerReceiver * receiver, const gchar * key,
    const gchar * value);
/* After the last option, before the pipeline plays. */
void peer_receiver_prepare (PeerReceiver * receiver);
void peer_receiver_append_status (PeerReceiver * receiver, GString * out);
void peer_receiver_free (PeerReceiver * receiver);

#endif /* NETNS_PEER_H */
