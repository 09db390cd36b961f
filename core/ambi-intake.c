/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One connection that brings a manifest stream.
 */
#include "ambi-intake.h"

#include <stdlib.h>
#include <string.h>

enum
{
  MAX_TLV_OCTETS = 1 << 20      /* in a second */
};

struct ambi_intake
{
  ambi_intake_config config;
  ambi_verify *verify;
  ambi_parser parser;
  ambi_intake_result failed;    /* OK: nothing has */
  bool has_profile;
  uint32_t stream_id;
  unsigned profile;
  core_time tlv_since;
  uint64_t tlv_octets;          /* of the parser, then */
  ambi_intake_stats stats;
};

static const char *const result_names[] = {
  [AMBI_INTAKE_OK] = "ok",
  [AMBI_INTAKE_WRONG_STREAM_ID] = "wrong-stream-id",
  [AMBI_INTAKE_TLV_OVERFLOW] = "tlv-overflow",
  [AMBI_INTAKE_TOO_MANY_TLVS] = "too-many-tlvs",
  [AMBI_INTAKE_TOO_MANY_STREAMS] = "too-many-streams",
  [AMBI_INTAKE_FAILED] = "failed",
};

const char *
ambi_intake_result_name (ambi_intake_result result)
{
  size_t i = (size_t) result;

  return i < sizeof (result_names) / sizeof (result_names[0]) ?
      result_names[i] : "unknown";
}

int
ambi_intake_new (ambi_intake ** out, const ambi_intake_config * config,
    ambi_verify * verify)
{
  ambi_intake *intake;

  *out = NULL;
  if (core_hash_len (config->algorithm) == 0 || config->stream_id < -1 ||
      config->stream_id > UINT32_MAX)
    return CORE_ERR_INVALID_ARGUMENT;
  intake = calloc (1, sizeof (*intake));
  if (intake == NULL)
    return CORE_ERR_NO_MEMORY;
  intake->config = *config;
  intake->verify = verify;
  ambi_parser_init (&intake->parser, config->stream_id, config->algorithm);
  *out = intake;
  return CORE_OK;
}

void
ambi_intake_free (ambi_intake * intake, core_time now)
{
  if (intake == NULL)
    return;
  if (intake->has_profile)
    ambi_verify_release_profile (intake->verify, intake->profile, now);
  free (intake);
}

static ambi_intake_result
begin_stream (ambi_intake * intake, uint32_t stream_id, core_time now)
{
  ambi_profile_config config = {.stream_id = stream_id,
    .algorithm = intake->config.algorithm,
    .digest_hold_time = intake->config.digest_hold_time
  };
  int ret;

  if (intake->has_profile)
    return AMBI_INTAKE_OK;
  if (intake->config.not_stream_id == (int64_t) stream_id)
    return AMBI_INTAKE_WRONG_STREAM_ID;
  ret = ambi_verify_use_profile (intake->verify, &config, now,
      &intake->profile);
  if (ret != CORE_OK)
    return ret == CORE_ERR_LIMIT ? AMBI_INTAKE_TOO_MANY_STREAMS :
        AMBI_INTAKE_FAILED;
  intake->has_profile = true;
  intake->stream_id = stream_id;
  return AMBI_INTAKE_OK;
}

static ambi_intake_result
take_item (ambi_intake * intake, const ambi_item * item, core_time now)
{
  switch (item->type) {
    case AMBI_ITEM_STREAM_ID:
      return begin_stream (intake, item->manifest->stream_id, now);
    case AMBI_ITEM_MANIFEST:
      intake->stats.manifests++;
      if (item->bad_refresh_length)
        intake->stats.bad_refresh_deadlines++;
      ambi_verify_manifest (intake->verify, intake->profile, item->manifest,
          now);
      break;
    case AMBI_ITEM_DIGEST:
      intake->stats.digests++;
      ambi_verify_digest (intake->verify, intake->profile, item->seq,
          item->digest, now);
      break;
    case AMBI_ITEM_WRONG_STREAM_ID:
      return AMBI_INTAKE_WRONG_STREAM_ID;
    case AMBI_ITEM_TLV_OVERFLOW:
      return AMBI_INTAKE_TLV_OVERFLOW;
    case AMBI_ITEM_NONE:
    case AMBI_ITEM_END:
      break;
  }
  return AMBI_INTAKE_OK;
}

/* TLVs cost time and bring nothing. */
static ambi_intake_result
count_tlvs (ambi_intake * intake, uint64_t octets, core_time now)
{
  if (now - intake->tlv_since >= CORE_SECOND) {
    intake->tlv_since = now;
    intake->tlv_octets = 0;
  }
  intake->tlv_octets += octets;
  return intake->tlv_octets > MAX_TLV_OCTETS ? AMBI_INTAKE_TOO_MANY_TLVS :
      AMBI_INTAKE_OK;
}

static ambi_intake_result
parse (ambi_intake * intake, ambi_parser * parser, const uint8_t * data,
    size_t len, core_time now)
{
  ambi_intake_result result;
  ambi_item item;

  do {
    uint64_t before = parser->tlv_octets;

    ambi_parser_next (parser, &data, &len, &item);
    result = count_tlvs (intake, parser->tlv_octets - before, now);
    if (result == AMBI_INTAKE_OK)
      result = take_item (intake, &item, now);
  } while (result == AMBI_INTAKE_OK && item.type != AMBI_ITEM_NONE);
  intake->failed = result;
  return result;
}

ambi_intake_result
ambi_intake_bytes (ambi_intake * intake, const uint8_t * data, size_t len,
    core_time now)
{
  if (intake->failed != AMBI_INTAKE_OK)
    return intake->failed;
  intake->stats.bytes += len;
  return parse (intake, &intake->parser, data, len, now);
}

static void
init_parser (const ambi_intake * intake, ambi_parser * parser)
{
  ambi_parser_init (parser, intake->has_profile ?
      (int64_t) intake->stream_id : intake->config.stream_id,
      intake->config.algorithm);
}

/* Whether the octets are one manifest; what is fatal is none of its
 * business. */
static bool
is_whole (const ambi_intake * intake, const uint8_t * data, size_t len)
{
  ambi_parser parser;
  ambi_item item;

  init_parser (intake, &parser);
  do {
    ambi_parser_next (&parser, &data, &len, &item);
    if (item.type == AMBI_ITEM_WRONG_STREAM_ID ||
        item.type == AMBI_ITEM_TLV_OVERFLOW)
      return true;
  } while (item.type != AMBI_ITEM_NONE && item.type != AMBI_ITEM_END);
  return item.type == AMBI_ITEM_END && len == 0;
}

ambi_intake_result
ambi_intake_datagram (ambi_intake * intake, const uint8_t * data, size_t len,
    core_time now)
{
  ambi_parser parser;

  if (intake->failed != AMBI_INTAKE_OK)
    return intake->failed;
  intake->stats.bytes += len;
  if (!is_whole (intake, data, len)) {
    intake->stats.malformed_datagrams++;
    return AMBI_INTAKE_OK;
  }
  init_parser (intake, &parser);
  return parse (intake, &parser, data, len, now);
}

void
ambi_intake_end (ambi_intake * intake, core_time now)
{
  if (intake->has_profile)
    ambi_verify_end_profile (intake->verify, intake->profile, now);
}

bool
ambi_intake_at_boundary (const ambi_intake * intake)
{
  return ambi_parser_at_boundary (&intake->parser);
}

bool
ambi_intake_get_profile (const ambi_intake * intake, uint32_t * stream_id,
    unsigned *profile)
{
  if (!intake->has_profile)
    return false;
  *stream_id = intake->stream_id;
  *profile = intake->profile;
  return true;
}

const ambi_intake_stats *
ambi_intake_get_stats (const ambi_intake * intake)
{
  return &intake->stats;
}
