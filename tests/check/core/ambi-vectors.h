/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The vectors of ambi.json as structs.
 */
#pragma once

#include "ambi-packet.h"
#include "ambi-wire.h"
#include "vectors.h"

/* A packet and its digest ("digests" of ambi.json). */
typedef struct
{
  const char *name;
  core_hash_algorithm algorithm;
  ambi_flow flow;
  uint32_t stream_id;
  bool ip_layer;
  vector_bytes hashed;          /* what follows the pseudoheader */
  vector_bytes pseudoheader;
  vector_bytes digest;
  vector_bytes packet;          /* the whole IP packet; empty if not given */
} ambi_digest_vector;

/* One manifest that can be read from the octets. */
typedef struct
{
  size_t offset;                /* in the octets */
  size_t header_len;            /* with TLVs */
  ambi_manifest header;
  unsigned n_digests;           /* that are there */
  vector_bytes digests;         /* back to back */
  bool complete;
  bool bad_refresh_length;
} ambi_vector_manifest;

typedef enum
{
  AMBI_VERDICT_OK,
  AMBI_VERDICT_INCOMPLETE,      /* the stream ended inside a manifest */
  AMBI_VERDICT_DISCONNECT,
  AMBI_VERDICT_DROP_DATAGRAM
} ambi_vector_verdict;

enum
{
  AMBI_VECTOR_MANIFESTS_MAX = 4,
  AMBI_VECTOR_CHUNKS_MAX = 8
};

/* Octets and what they mean ("manifests" of ambi.json). */
typedef struct
{
  const char *name;
  bool datagram;                /* one whole manifest, or nothing */
  uint32_t stream_id;           /* that is expected */
  core_hash_algorithm algorithm;
  vector_bytes data;
  unsigned n_chunks;            /* 0: none given */
  size_t chunks[AMBI_VECTOR_CHUNKS_MAX];        /* the rest is one more */

  ambi_vector_verdict verdict;
  const char *error;            /* "tlv-overflow"; NULL when OK */
  size_t error_offset;          /* of the manifest that is to blame */
  unsigned n_manifests;
  ambi_vector_manifest manifests[AMBI_VECTOR_MANIFESTS_MAX];
} ambi_manifest_vector;

/* The file; free with g_object_unref () after everything below. */
JsonParser *ambi_vectors_load (void);

unsigned ambi_digest_vectors (JsonParser * parser);
void ambi_digest_vector_init (ambi_digest_vector * v, JsonParser * parser,
    unsigned i);
void ambi_digest_vector_clear (ambi_digest_vector * v);

unsigned ambi_manifest_vectors (JsonParser * parser);
void ambi_manifest_vector_init (ambi_manifest_vector * v, JsonParser * parser,
    unsigned i);
void ambi_manifest_vector_clear (ambi_manifest_vector * v);
