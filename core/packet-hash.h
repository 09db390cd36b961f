/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A fast keyed hash of whole packets, for telling in memory whether two have
 * the same bytes, and a faster one of a part of their bytes.  Who does not know
 * the key can hardly make two packets with one hash (2^-64 a pair), but the hash
 * must not be shown: it keeps no secret.
 */
#pragma once

#include "siphash.h"

enum
{
  /* One word of key for each word of a block: 1536 bytes, so that what crosses
   * an Ethernet is one. */
  CORE_PACKET_HASH_WORDS = 192
};

typedef struct
{
  uint8_t siphash[CORE_SIPHASH_KEY_LEN];
  uint64_t words[CORE_PACKET_HASH_WORDS];
} core_packet_hash_key;

/* Expands a random key. */
void core_packet_hash_init (core_packet_hash_key * key,
    const uint8_t random[CORE_SIPHASH_KEY_LEN]);

uint64_t core_packet_hash (const core_packet_hash_key * key,
    const uint8_t * data, size_t len);

/* A hash of the length and of some bytes: the first 32, the last 16 and ten
 * words of 8 that lie an eleventh of the length apart; of 128 bytes or less, of
 * all.  It takes a tenth of the time.  Packets that differ in other bytes only
 * have one mark, and anybody can make such: a mark may say that two packets are
 * not the same, and only where an error does no harm that they are. */
uint64_t core_packet_mark (const core_packet_hash_key * key,
    const uint8_t * data, size_t len);
