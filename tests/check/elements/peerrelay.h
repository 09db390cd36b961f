/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A relay for tests: a thread with one UDP socket that serves one channel to
 * one gateway, as badly as the test says.  It shares no code with our relay.
 */
#pragma once

#include <gst/gst.h>

#include "amt-wire.h"

/* How it behaves; all can be set and reset while it runs. */
typedef enum
{
  PEER_SILENT = 1 << 0,         /* hears all, answers nothing, sends no data */
  PEER_WRONG_NONCE = 1 << 1,    /* answers with another nonce */
  PEER_WRONG_PORT = 1 << 2,     /* answers from another port */
  PEER_LIMIT = 1 << 3,          /* Queries with L */
  PEER_TRAILER = 1 << 4,        /* Queries with G and the gateway's address */
  PEER_NO_ROUTER_ALERT = 1 << 5,        /* IPv4 Queries of 44 bytes */
  PEER_MLD_FROM_ANY = 1 << 6,   /* IPv6 Queries from ::, S, QRV 0, QQIC 5 */
  PEER_LINUX_P = 1 << 7,        /* knows P at 0x80 only, drops other bits */
  PEER_NO_DATA = 1 << 8,        /* answers, but the load is not sent */
  PEER_MOVED = 1 << 9           /* G trailer names another address than ours */
} PeerQuirk;

/* Cumulative; what it heard. */
typedef struct
{
  guint discoveries;
  guint requests;
  guint requests_p_rfc;         /* P at 0x01 */
  guint requests_p_linux;       /* P at 0x80 */
  guint updates;                /* with the right nonce and MAC, well formed */
  guint allows;                 /* records for our channel: ALLOW_NEW, */
  guint is_ins;                 /*   IS_IN, */
  guint blocks;                 /*   BLOCK */
  guint teardowns;              /* that name the address we told */
  guint bad;                    /* anything else */
} PeerHeard;

typedef struct
{
  const gchar *source;
  const gchar *group;
  guint16 source_port;
  guint16 port;
} PeerFlow;

typedef struct
{
  PeerFlow flow;
  core_addr addr;               /* where it listens */
  core_addr advertised;         /* in answer to a Discovery; default addr */
  guint qqic;                   /* of Queries, in s */
  guint delay_ms;               /* before an answer */

  gint fd;
  gint wrong_fd;
  gint wake_fd;
  GThread *thread;
  gint quirks;                  /* atomic */
  gint load;                    /* datagrams in each ms while joined; atomic */
  gint load_len;

  GMutex lock;                  /* all below */
  GCond cond;
  gboolean stop;
  PeerHeard heard;
  core_addr gateway;            /* of the last valid Update or Request */
  gboolean joined;
  guint generation;             /* of MACs */
  guint32 seq;                  /* of the next datagram of the load */
} PeerRelay;

/* Opens a socket at a free port of that address and starts the thread. */
void peer_relay_open (PeerRelay * relay, const gchar * address,
    const PeerFlow * flow);
/* The same at a port that the test knows to be free there. */
void peer_relay_open_at (PeerRelay * relay, const gchar * address,
    guint16 port, const PeerFlow * flow);
void peer_relay_close (PeerRelay * relay);

/* The process dies: the port is closed and all state is lost.  And comes
 * back at the same port. */
void peer_relay_kill (PeerRelay * relay);
void peer_relay_revive (PeerRelay * relay);

/* Forgets all gateways and voids every MAC. */
void peer_relay_forget (PeerRelay * relay);

void peer_relay_set (PeerRelay * relay, PeerQuirk quirk, gboolean on);

/* "ADDRESS:PORT" for the property relay; free it. */
gchar *peer_relay_name (const PeerRelay * relay);
guint16 peer_relay_port (const PeerRelay * relay);

PeerHeard peer_relay_heard (PeerRelay * relay);
gboolean peer_relay_is_joined (PeerRelay * relay);

/* These fail the test after a while. */
void peer_relay_wait_joined (PeerRelay * relay, gboolean joined);
void peer_relay_wait_requests (PeerRelay * relay, guint at_least);

/* Sends per_ms datagrams of len bytes in each millisecond, as long as someone
 * has joined; 0 stops it.  peer_relay_get_seq () is their number so far. */
void peer_relay_load (PeerRelay * relay, guint per_ms, guint len);
guint32 peer_relay_get_seq (PeerRelay * relay);

/* Payload number seq, of len >= 4 bytes. */
void peer_payload (guint8 * out, guint32 seq, gsize len);

/* Builds a Multicast Data message; returns its length. */
#define PEER_MESSAGE_MAX 65536
gsize peer_message (guint8 * out, const PeerFlow * flow, guint32 seq,
    gsize len);

/* Offset of the encapsulated IP and UDP headers and of the payload. */
gsize peer_message_udp (const PeerFlow * flow);

/* One datagram to the gateway, now. */
void peer_relay_send_raw (PeerRelay * relay, const void *data, gsize len);
void peer_relay_send (PeerRelay * relay, guint32 seq, gsize len);

/* n of them, joined as a sender with UDP_SEGMENT joins them; in the one with
 * the number damaged a bit of the payload is wrong (-1: none). */
void peer_relay_send_joined (PeerRelay * relay, guint32 seq, guint n,
    gsize len, gint64 damaged);

/* A datagram in pieces of at most piece bytes (a multiple of 8), the last one
 * first if reverse, without the skipped one (-1: none). */
void peer_relay_send_fragments (PeerRelay * relay, guint32 seq, gsize len,
    gsize piece, gboolean reverse, gint skip);

/* The same as send_raw from a socket of its own on that address. */
void peer_relay_forge (PeerRelay * relay, const gchar * address,
    const void *data, gsize len);
