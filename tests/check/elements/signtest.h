/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of ambisign share: an element between harnesses, and what its
 * manifests list.
 */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include "ambi-packet.h"
#include "ambi-wire.h"

#define S4 "192.0.2.10"
#define G4 "232.1.1.1"
#define S6 "2001:db8::10"
#define G6 "ff3e::8000:1"

/* Something that left the element. */
typedef struct
{
  gchar what;                   /* 'b'uffer, 'l'ist, 'm'anifest, 'e': EOS of the
                                   data, 'E': of the manifests */
  gint64 time;                  /* monotonic, in microseconds */
  guint n;                      /* buffers in it; digests in it */
} Departure;

typedef struct
{
  guint32 seq;
  guint8 bytes[CORE_HASH_LEN_MAX];
} Listed;

typedef struct
{
  GstElement *sign;
  GstHarness *data;             /* on sink and src; NULL: others are */
  GstHarness *manifests;        /* on manifest; NULL: not linked */
  GstBus *bus;
  ambi_flow flow;
  core_hash_algorithm algorithm;

  GMutex lock;
  GCond cond;
  GArray *departures;           /* of Departure */

  ambi_parser parser;
  GArray *listed;               /* of Listed: what was read so far */
  ambi_manifest last;           /* header of the manifest read last */
  guint n_manifests;            /* read so far */
} SignTest;

/* An element with that source and group, and further properties. */
GstElement *sign_element_new (const gchar * source, const gchar * group, ...)
G_GNUC_NULL_TERMINATED;

/* Takes the element, whose properties are set, and lets it play. */
void sign_test_init (SignTest * t, GstElement * sign);

/* Likewise, with nothing linked to the pad manifest. */
void sign_test_init_unlinked (SignTest * t, GstElement * sign);

/* Takes a harness on a bin, in which the element is called "s" and only its pad
 * manifest is not linked. */
void sign_test_init_bin (SignTest * t, GstHarness * h);
void sign_test_clear (SignTest * t);

/* Datagrams whose bytes follow from n. */
GstBuffer *sign_make_buffer (guint n, gsize len);
void sign_push (SignTest * t, guint first, guint count, gsize len);
GstBufferList *sign_make_list (guint first, guint count, gsize len);

/* Waits for the next manifest and reads it; returns how many it lists. */
guint sign_read_manifest (SignTest * t);

/* Reads manifests until so many packets were listed in all. */
void sign_read_listed (SignTest * t, guint n);

/* Packet n of the stream is the datagram with that n and length. */
void sign_expect_listed (SignTest * t, guint index, guint n, gsize len);

/* Waits for the next datagram to come out, which must be that one. */
void sign_expect_data (SignTest * t, guint n, gsize len);

guint64 sign_stat (GstElement * sign, const gchar * name);
gchar *sign_state (GstElement * sign);

/* Whether the sums of the statistics are right; and fails unless they are. */
gboolean sign_stats_add_up (GstElement * sign);
void sign_check_stats (GstElement * sign);

/* Waits for number n, from 1, of the things of that kind that leave. */
Departure sign_wait_departure (SignTest * t, gchar what, guint n);

/* Their kinds, in order; free it. */
gchar *sign_order (SignTest * t);

/* How many messages of that type came since the last call. */
guint sign_count_messages (SignTest * t, GstMessageType type);

/* Waits until the statistic has reached the value. */
void sign_wait_stat (GstElement * sign, const gchar * name, guint64 at_least);
