/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Ethernet frames with a datagram of a channel in them, and how to change one so
 * that every header still fits.
 */
#pragma once

#include <glib.h>

#define ATTACK_FRAME_MAX 2048

/* An IP packet with a UDP datagram. */
typedef struct
{
  gsize ip;                     /* offset of the IP header */
  gsize udp;                    /* of the UDP header */
} AttackLayer;

typedef struct
{
  guint8 data[ATTACK_FRAME_MAX];
  gsize len;
  AttackLayer layers[2];        /* the tunnel's, then the channel's */
  guint n_layers;               /* 1: native */
} AttackFrame;

/* Looks at the len bytes that are in data; TRUE if it is a datagram to that port
 * of a multicast group, maybe in an AMT message, and has room to grow by one
 * byte. */
gboolean attack_frame_parse (AttackFrame * frame, gsize len, guint16 port);

guint8 *attack_frame_payload (AttackFrame * frame);
gsize attack_frame_payload_len (const AttackFrame * frame);

/* After any of these, attack_frame_seal () makes lengths and checksums right. */
void attack_frame_resize (AttackFrame * frame, gsize payload_len);
void attack_frame_next_source_port (AttackFrame * frame);
void attack_frame_seal (AttackFrame * frame);
