/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What is in the numbered datagrams of the namespace tests, and a judge that
 * tells genuine ones from others by nothing else.
 */
#pragma once

#include <gst/gst.h>

/* One datagram: sequence number (8 bytes, big endian), channel (4), epoch (4,
 * another one for each run of a sender), filler, its last byte the lowest of
 * the sequence number.  With a secret the filler depends on it, on all of the
 * above and on the length: who does not know the secret can neither make nor
 * change such a datagram unnoticed. */
#define PEER_PAYLOAD_MIN 20
#define PEER_CHANNEL_AT 8
#define PEER_EPOCH_AT 12
#define PEER_FILLER_AT 16

/* In the number of what a sender sends without listing it in a manifest. */
#define PEER_UNLISTED ((guint64) 1 << 63)

/* Where the filler begins in what an attacker makes up. */
#define PEER_FORGED_MARK "FORGED!"

/* Fills size bytes, at least PEER_PAYLOAD_MIN.  Secret 0: a constant filler. */
void peer_payload_fill (guint8 * data, gsize size, guint64 number,
    guint32 channel, guint32 epoch, guint64 secret);

typedef enum
{
  PEER_GENUINE,                 /* made by the sender, seen for the first time */
  PEER_REPLAYED,                /* likewise, seen before */
  PEER_UNLISTED_DATAGRAM,
  PEER_FORGED,                  /* marked as made up by the attacker */
  PEER_ALTERED,                 /* anything else */
  PEER_N_CLASSES
} PeerClass;

typedef struct _PeerJudge PeerJudge;

PeerJudge *peer_judge_new (void);
void peer_judge_free (PeerJudge * judge);

/* What is expected; port 0: whatever the sender's port is. */
void peer_judge_expect (PeerJudge * judge, guint64 secret, guint32 channel,
    guint port);

/* A genuine buffer also comes from the expected port, if it says so by
 * GstNetAddressMeta. */
PeerClass peer_judge_buffer (PeerJudge * judge, GstBuffer * buffer);

/* "PREFIXgenuine=N" and so on, and "PREFIXfirst=N", the first genuine one. */
void peer_judge_append (const PeerJudge * judge, GString * out,
    const gchar * prefix);
