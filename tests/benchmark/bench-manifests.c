/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Writes the AMBI manifests of prepared datagrams.
 */
#include <stdio.h>

#include "ambi-packet.h"
#include "ambi-wire.h"
#include "bench-send.h"

#define STREAM_ID 1
#define DIGESTS 40              /* of one manifest */

static void
add_manifest (GByteArray * out, core_hash * hash, const ambi_flow * flow,
    const BenchRing * ring, gsize head, guint first)
{
  const gsize len = core_hash_len (CORE_HASH_SHA_256);
  guint8 digests[DIGESTS * CORE_HASH_LEN_MAX];
  guint8 data[AMBI_HEADER_LEN + sizeof (digests)];
  ambi_manifest manifest = {
    .stream_id = STREAM_ID,
    .manifest_seq = first / DIGESTS,
    .first_packet_seq = first,
    .count = (guint16) MIN (DIGESTS, ring->n - first)
  };

  for (guint i = 0; i < manifest.count; i++)
    if (ambi_packet_digest (hash, flow, STREAM_ID,
            ring->data + (first + i) * ring->size + head, ring->size - head,
            digests + i * len) != CORE_OK)
      g_error ("a datagram cannot be hashed");
  g_byte_array_append (out, data, (guint) ambi_manifest_build (&manifest,
          digests, len, data, sizeof (data)));
}

void
bench_write_manifests (const gchar * file, const BenchRing * ring, gsize head,
    const core_addr * from, const core_addr * to)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  const ambi_flow flow = {
    .src = from->ip,.src_port = from->port,
    .dst = to->ip,.dst_port = to->port,
    .protocol = AMBI_PROTOCOL_UDP
  };
  core_hash *hash;

  if (core_hash_new (&hash, CORE_HASH_SHA_256) != CORE_OK)
    g_error ("no SHA-256");
  for (guint first = 0; first < ring->n; first += DIGESTS)
    add_manifest (out, hash, &flow, ring, head, first);
  core_hash_free (hash);
  if (!g_file_set_contents (file, (const gchar *) out->data,
          (gssize) out->len, &error))
    g_error ("%s", error->message);
}
