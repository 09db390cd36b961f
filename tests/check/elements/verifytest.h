/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of ambiverify share: packets and manifests of a channel, an
 * element that plays, its statistics and messages.
 */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include "ambi-packet.h"
#include "ambi-wire.h"

#define VERIFY_SOURCE "192.0.2.10"
#define VERIFY_SOURCE_PORT 4000
#define VERIFY_GROUP "232.1.1.1"
#define VERIFY_PORT 5001
#define VERIFY_STREAM 5
#define VERIFY_LEN 1316

/* Longer than any test waits; and so short that what waits is soon dropped. */
#define VERIFY_LONG (20 * GST_SECOND)
#define VERIFY_SHORT (20 * GST_MSECOND)

/* Who makes manifests. */
typedef struct
{
  ambi_flow flow;
  core_hash_algorithm algorithm;
  ambi_manifest next;           /* count is not used */
} VerifySigner;

/* The sender of the channel above; packets 0, 1, ... are those of the seeds. */
void verify_signer_init (VerifySigner * signer, guint32 stream_id);

/* The next manifest, of n packets beginning with a seed. */
GstBuffer *verify_manifest (VerifySigner * signer, guint seed, guint n);

/* The sender's packet whose bytes follow from a seed, and the seed of one. */
GstBuffer *verify_packet (guint seed);
guint verify_seed (GstBuffer * buffer);

/* The same from elsewhere; source NULL: no address. */
GstBuffer *verify_packet_from (guint seed, const gchar * source, guint port);

/* A list of n packets beginning with a seed. */
GstBufferList *verify_list (guint seed, guint n);

/* An element that knows the channel by its properties, and one whose packets
 * and manifests a test brings.  The element must have its further properties
 * before it is given to a harness. */
GstElement *verify_element_new (void);
GstHarness *verify_harness_new (GstElement * element);
GstHarness *verify_manifests_new (GstElement * element, const gchar * pad);

/* All that most tests need. */
typedef struct
{
  GstHarness *h;
  GstHarness *m;                /* manifest_0 */
  GstElement *element;
  GstBus *bus;
  VerifySigner signer;
} VerifyFixture;

/* Takes the element. */
void verify_set_up (VerifyFixture * f, GstElement * element);

/* Checks that the counters add up, too. */
void verify_tear_down (VerifyFixture * f);

void verify_push (GstHarness * h, guint seed);

/* Pushes a segment that is told from others by its base. */
void verify_push_segment (GstHarness * h, guint base);
void verify_push_manifest (GstHarness * h, VerifySigner * signer, guint seed,
    guint n);

/* A manifest of one packet without a payload. */
void verify_push_empty_manifest (GstHarness * h, VerifySigner * signer);

/* Takes the next buffer, which must be that of the seed; returns its flags. */
GstBufferFlags verify_expect (GstHarness * h, guint seed);

/* The next ones, in this order. */
void verify_expect_many (GstHarness * h, guint seed, guint n);
void verify_expect_nothing (GstHarness * h);

guint64 verify_stat (GstElement * element, const gchar * name);
gchar *verify_state (GstElement * element);
void verify_wait_for_stat (GstElement * element, const gchar * name,
    guint64 value);

/* Checks that the counters add up. */
void verify_add_up (GstElement * element);

/* The bus of the element.  Messages keep the element alive: it is freed
 * first. */
GstBus *verify_bus (GstElement * element);
void verify_bus_free (GstElement * element, GstBus * bus);

/* Takes the next WARNING, whose text must contain a word; FALSE: there is none
 * within that time. */
gboolean verify_take_warning (GstBus * bus, const gchar * word,
    GstClockTime wait);

/* Pushes packets that nobody listed until they are dropped; the same until
 * there is a WARNING.  The element's data-hold-time has to be short. */
void verify_starve (GstHarness * h);
void verify_starve_until_warned (GstHarness * h, GstBus * bus,
    const gchar * word);

/* Waits for the next WARNING, whose text must contain a word, or for an
 * element message of a name; returns its fields. */
void verify_wait_for_warning (GstBus * bus, const gchar * word);
GstStructure *verify_wait_for_message (GstBus * bus, const gchar * name);

/* How many messages of a type, and name if it is not NULL, are there now. */
guint verify_count_messages (GstBus * bus, GstMessageType type,
    const gchar * name);

/* Resident memory in bytes. */
gsize verify_rss (void);
