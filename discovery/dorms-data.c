/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reads the metadata of a channel from a DORMS server's answer.
 */
#include "dorms-data.h"

#include "yang-types.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const dorms_module = "ietf-dorms";
static const char *const ambi_module = "ietf-ambi";
static const char *const cbacc_module = "ietf-cbacc";

enum
{
  DEFAULT_DATA_HOLD_MS = 2000,
  DEFAULT_DIGEST_HOLD_MS = 10000,
  DEFAULT_PACKET_SIZE = 1400,
  DEFAULT_WINDOW_MS = 2000,
  DEFAULT_PRIORITY = 256
};

/* More than any link carries; sums of so many do not overflow. */
static const uint64_t bps_max = UINT64_C (1000000000000000);

typedef struct
{
  dorms_metadata *metadata;
  const json_node *group;       /* the entry of the wanted group */
  bool twice;                   /* a member occurs twice */
  bool no_memory;
} data_reader;

/*
 * Members
 */

/* A member, or NULL when it is absent or null. */
static const json_node *
member (data_reader * r, const json_node * object, const char *module,
    const char *name)
{
  const json_node *value;

  if (json_member (object, module, name, &value) == JSON_TWICE)
    r->twice = true;
  return value != NULL && value->type != JSON_NULL ? value : NULL;
}

/* A member under its name, else under its older one. */
static const json_node *
either (data_reader * r, const json_node * object, const char *module,
    const char *name, const char *older)
{
  const json_node *value = member (r, object, module, name);

  return value != NULL ? value : member (r, object, module, older);
}

/* The values of a list, for which a single one may stand. */
static const json_node *
next_entry (const json_node * list, const json_node * entry)
{
  if (list->type == JSON_ARRAY)
    return json_next (list, entry);
  return entry == NULL ? list : NULL;
}

static uint32_t
uint_or (const json_node * node, uint32_t max, uint32_t otherwise)
{
  uint64_t value;

  return node != NULL && yang_uint (node, max, &value) ?
      (uint32_t) value : otherwise;
}

static void
count (data_reader * r, dorms_skip reason)
{
  r->metadata->n_skips[reason]++;
}

static void
skip_stream (data_reader * r, dorms_skip reason, const dorms_stream * stream)
{
  dorms_metadata *m = r->metadata;
  dorms_skipped *skipped;

  count (r, reason);
  if (m->n_skipped == DORMS_SKIPPED_MAX)
    return;
  skipped = &m->skipped[m->n_skipped++];
  skipped->reason = reason;
  skipped->has_id = reason != DORMS_SKIP_MISSING_ID;
  skipped->id = skipped->has_id ? stream->id : 0;
}

/*
 * Manifest streams
 */

/* Whether it is a URI, of a transport whose far end is authenticated. */
static bool
is_manifest_uri (const char *uri)
{
  static const char *const schemes[] =
      { "https://", "ambi+tls://", "ambi+dtls://" };
  size_t host = 0;

  for (size_t i = 0; i < sizeof (schemes) / sizeof (schemes[0]); i++)
    if (strncasecmp (uri, schemes[i], strlen (schemes[i])) == 0)
      host = strlen (schemes[i]);
  if (host == 0 || uri[host] == '\0' || strchr ("/?#", uri[host]) != NULL ||
      strlen (uri) > DORMS_URI_LEN_MAX)
    return false;
  for (const char *c = uri; *c != '\0'; c++)
    if (*c <= ' ' || *c > '~' || strchr ("\"<>\\^`{|}", *c) != NULL)
      return false;
  return true;
}

static void
add_uri (data_reader * r, dorms_stream * stream, const char *uri)
{
  char *copy;

  if (!is_manifest_uri (uri)) {
    count (r, DORMS_SKIP_BAD_URI);
    return;
  }
  for (unsigned i = 0; i < stream->n_uris; i++)
    if (strcmp (stream->uris[i], uri) == 0)
      return;
  if (stream->n_uris == DORMS_URIS_MAX) {
    count (r, DORMS_SKIP_LIMIT);
    return;
  }
  copy = strdup (uri);
  if (copy == NULL)
    r->no_memory = true;
  else
    stream->uris[stream->n_uris++] = copy;
}

/* Text, {"uri": text}, or a list of such. */
static void
read_uris (data_reader * r, const json_node * list, dorms_stream * stream)
{
  const json_node *entry = NULL;

  while (list != NULL && (entry = next_entry (list, entry)) != NULL) {
    const json_node *uri = entry->type == JSON_STRING ? entry :
        member (r, entry, ambi_module, "uri");

    if (uri != NULL && uri->type == JSON_STRING)
      add_uri (r, stream, uri->text);
    else
      count (r, DORMS_SKIP_BAD_URI);
  }
}

static void
free_uris (dorms_stream * stream)
{
  for (unsigned i = 0; i < stream->n_uris; i++)
    free (stream->uris[i]);
  stream->n_uris = 0;
}

static bool
same_scope (const dorms_stream * a, const dorms_stream * b)
{
  return a->has_port == b->has_port && a->port == b->port &&
      a->layer == b->layer && a->id == b->id;
}

static dorms_skip
judge_stream (data_reader * r, const json_node * entry, dorms_stream * stream)
{
  const dorms_metadata *m = r->metadata;
  const json_node *hash = member (r, entry, ambi_module, "hash-algorithm");
  const json_node *bits = member (r, entry, ambi_module, "hash-bits");

  stream->hash = hash != NULL && hash->type == JSON_STRING ?
      core_hash_from_name (hash->text) : CORE_HASH_NONE;
  if (stream->hash == CORE_HASH_NONE)
    return DORMS_SKIP_UNSUPPORTED_HASH;
  if (bits != NULL &&
      uint_or (bits, UINT16_MAX, 0) != 8 * core_hash_len (stream->hash))
    return DORMS_SKIP_UNSUPPORTED_HASH_BITS;

  read_uris (r, member (r, entry, ambi_module, "manifest-stream"), stream);
  read_uris (r, member (r, entry, ambi_module, "manifest-transport"), stream);
  if (stream->n_uris == 0)
    return DORMS_SKIP_NO_URI;
  for (unsigned i = 0; i < m->n_streams; i++)
    if (same_scope (&m->streams[i], stream))
      return DORMS_SKIP_DUPLICATE;
  return m->n_streams == DORMS_STREAMS_MAX ? DORMS_SKIP_LIMIT : DORMS_N_SKIPS;
}

static uint32_t
hold_time (data_reader * r, const json_node * entry, const char *name,
    const char *older, uint32_t otherwise)
{
  uint32_t ms = uint_or (either (r, entry, ambi_module, name, older),
      UINT32_MAX, otherwise);

  return ms < DORMS_HOLD_MS_MAX ? ms : DORMS_HOLD_MS_MAX;
}

static void
read_stream (data_reader * r, const json_node * entry, dorms_stream stream)
{
  const json_node *id = member (r, entry, ambi_module, "id");
  const json_node *layer = member (r, entry, ambi_module, "payload-type");
  const json_node *end = either (r, entry, ambi_module, "expiration",
      "expire-time");
  dorms_skip skip;
  uint64_t number;

  if (id == NULL || !yang_uint (id, UINT32_MAX, &number)) {
    skip_stream (r, DORMS_SKIP_MISSING_ID, &stream);
    return;
  }
  stream.id = (uint32_t) number;
  /* Older revisions name the layer; newer ones say it by the place. */
  if (layer != NULL && strcmp (layer->text, "udp") == 0)
    stream.layer = DORMS_LAYER_UDP;
  else if (layer != NULL && strcmp (layer->text, "ip") == 0)
    stream.layer = DORMS_LAYER_IP;
  stream.data_hold_ms = hold_time (r, entry, "data-hold-time",
      "data-hold-time-ms", DEFAULT_DATA_HOLD_MS);
  stream.digest_hold_ms = hold_time (r, entry, "digest-hold-time",
      "digest-hold-time-ms", DEFAULT_DIGEST_HOLD_MS);
  stream.expires = end != NULL &&
      yang_date_and_time (end->text, &stream.expiration);

  skip = judge_stream (r, entry, &stream);
  if (skip == DORMS_N_SKIPS) {
    r->metadata->streams[r->metadata->n_streams++] = stream;
  } else {
    skip_stream (r, skip, &stream);
    free_uris (&stream);
  }
}

static void
read_stream_list (data_reader * r, const json_node * list,
    const dorms_stream * place)
{
  const json_node *entry = NULL;

  while (list != NULL && (entry = next_entry (list, entry)) != NULL)
    read_stream (r, entry, *place);
}

/* The streams of the udp-stream of that port, or of the group (port 0): in a
 * container, and as some write them, without. */
static void
read_streams (data_reader * r, const json_node * parent, uint16_t port)
{
  const json_node *ambi = member (r, parent, ambi_module, "ambi");
  dorms_stream place = {
    .layer = port != 0 ? DORMS_LAYER_UDP : DORMS_LAYER_IP,
    .has_port = port != 0,
    .port = port,
  };

  if (ambi != NULL)
    read_stream_list (r, member (r, ambi, ambi_module, "manifest-stream"),
        &place);
  read_stream_list (r, member (r, parent, ambi_module, "manifest-stream"),
      &place);
}

/*
 * Rates
 */

/* The container of a group or of a udp-stream. */
static bool
read_cbacc (data_reader * r, const json_node * parent, dorms_cbacc * out)
{
  const json_node *cbacc = member (r, parent, cbacc_module, "cbacc");
  const json_node *speed, *bits;
  uint64_t kbps = 0, bps = 0;

  if (cbacc == NULL)
    return false;
  speed = member (r, cbacc, cbacc_module, "max-speed");
  bits = member (r, cbacc, cbacc_module, "max-bits-per-second");
  if (speed == NULL || !yang_uint (speed, UINT32_MAX, &kbps))
    kbps = 0;
  if (bits == NULL || !yang_uint (bits, bps_max, &bps))
    bps = 0;
  out->max_bps = kbps * 1000 > bps ? kbps * 1000 : bps;
  if (out->max_bps == 0) {
    count (r, DORMS_SKIP_BAD_RATE);
    return false;
  }
  out->max_packet_size = uint_or (either (r, cbacc, cbacc_module,
          "max-packet-size", "max-mss"), UINT16_MAX, DEFAULT_PACKET_SIZE);
  out->data_rate_window_ms = uint_or (member (r, cbacc, cbacc_module,
          "data-rate-window"), UINT32_MAX, DEFAULT_WINDOW_MS);
  if (out->data_rate_window_ms == 0)
    out->data_rate_window_ms = DEFAULT_WINDOW_MS;
  out->priority = uint_or (member (r, cbacc, cbacc_module, "priority"),
      UINT16_MAX, DEFAULT_PRIORITY);
  return true;
}

/* Ports that promise rates of their own add up to the channel's. */
static void
add_cbacc (dorms_cbacc * sum, const dorms_cbacc * part, bool first)
{
  if (first) {
    *sum = *part;
    return;
  }
  sum->max_bps += part->max_bps;
  if (part->max_packet_size > sum->max_packet_size)
    sum->max_packet_size = part->max_packet_size;
  if (part->data_rate_window_ms > sum->data_rate_window_ms)
    sum->data_rate_window_ms = part->data_rate_window_ms;
  if (part->priority < sum->priority)
    sum->priority = part->priority;
}

/*
 * The group
 */

static bool
add_port (data_reader * r, uint16_t port)
{
  dorms_metadata *m = r->metadata;

  for (unsigned i = 0; i < m->n_ports; i++) {
    if (m->ports[i] == port) {
      count (r, DORMS_SKIP_DUPLICATE);
      return false;
    }
  }
  if (m->n_ports == DORMS_PORTS_MAX) {
    count (r, DORMS_SKIP_LIMIT);
    return false;
  }
  m->ports[m->n_ports++] = port;
  return true;
}

static void
read_udp_streams (data_reader * r, const json_node * list)
{
  dorms_metadata *m = r->metadata;
  const json_node *entry = NULL;

  while (list != NULL && (entry = next_entry (list, entry)) != NULL) {
    const json_node *node = member (r, entry, dorms_module, "port");
    uint32_t port = uint_or (node, UINT16_MAX, 0);
    dorms_cbacc cbacc;

    if (port == 0) {            /* nothing can be sent to port 0 */
      count (r, DORMS_SKIP_BAD_PORT);
      continue;
    }
    if (!add_port (r, (uint16_t) port))
      continue;
    read_streams (r, entry, (uint16_t) port);
    if (read_cbacc (r, entry, &cbacc)) {
      add_cbacc (&m->cbacc, &cbacc, !m->has_cbacc);
      m->has_cbacc = true;
    }
  }
}

static void
read_group (data_reader * r)
{
  dorms_cbacc cbacc;

  r->metadata->not_ssm = !core_ip_is_ssm (&r->metadata->group);
  read_udp_streams (r, member (r, r->group, dorms_module, "udp-stream"));
  read_streams (r, r->group, 0);
  if (read_cbacc (r, r->group, &cbacc)) {
    r->metadata->cbacc = cbacc;
    r->metadata->has_cbacc = true;
  }
}

/*
 * The way to the group
 */

static dorms_code
read_address (data_reader * r, const json_node * entry, const char *older,
    core_ip * out)
{
  const json_node *address;

  if (entry->type != JSON_OBJECT)
    return DORMS_BAD_JSON;
  address = either (r, entry, dorms_module, "address", older);
  return address != NULL && yang_ip (address, out) ? DORMS_OK :
      DORMS_BAD_METADATA;
}

/* Looks at all groups of a sender: an answer that is wrong anywhere is not to
 * be believed elsewhere. */
static dorms_code
find_group (data_reader * r, const json_node * list, const core_ip * sender)
{
  const dorms_metadata *m = r->metadata;
  const json_node *entry = NULL;

  while (list != NULL && (entry = next_entry (list, entry)) != NULL) {
    core_ip group = { 0 };
    dorms_code code = read_address (r, entry, "group-address", &group);

    if (code != DORMS_OK)
      return code;
    if (group.family != sender->family || !core_ip_is_multicast (&group))
      return DORMS_BAD_METADATA;
    if (!core_ip_equal (&group, &m->group) ||
        !core_ip_equal (sender, &m->source))
      continue;
    if (r->group != NULL)
      count (r, DORMS_SKIP_DUPLICATE);
    else
      r->group = entry;
  }
  return DORMS_OK;
}

static dorms_code
find_sender (data_reader * r, const json_node * list)
{
  const json_node *entry = NULL;

  while (list != NULL && (entry = next_entry (list, entry)) != NULL) {
    core_ip sender = { 0 };
    dorms_code code = read_address (r, entry, "source-address", &sender);

    if (code == DORMS_OK)
      code = find_group (r, member (r, entry, dorms_module, "group"), &sender);
    if (code != DORMS_OK)
      return code;
  }
  return DORMS_OK;
}

/* An answer holds the group, or anything that is above it in the tree. */
static dorms_code
find_channel (data_reader * r, const json_node * root)
{
  const json_node *top, *metadata;
  dorms_code code;

  if (root->type != JSON_OBJECT)
    return DORMS_BAD_JSON;
  code = find_group (r, member (r, root, dorms_module, "group"),
      &r->metadata->source);
  if (code == DORMS_OK)
    code = find_sender (r, member (r, root, dorms_module, "sender"));
  if (code != DORMS_OK)
    return code;

  top = member (r, root, dorms_module, "dorms");
  if (top != NULL && top->type != JSON_OBJECT)
    return DORMS_BAD_JSON;
  metadata = member (r, top != NULL ? top : root, dorms_module, "metadata");
  if (metadata == NULL)
    return DORMS_OK;
  if (metadata->type != JSON_OBJECT)
    return DORMS_BAD_JSON;
  return find_sender (r, member (r, metadata, dorms_module, "sender"));
}

static dorms_code
read_channel (data_reader * r, const json_node * root)
{
  dorms_code code = find_channel (r, root);

  if (code == DORMS_OK && r->group != NULL)
    read_group (r);
  /* Of two members of one name nobody can say which is meant. */
  if (r->twice)
    return DORMS_BAD_JSON;
  if (r->no_memory)
    return DORMS_NO_MEMORY;
  if (code == DORMS_OK && r->group == NULL)
    return DORMS_NO_METADATA;
  return code;
}

dorms_code
dorms_metadata_read (dorms_metadata ** out, const core_ip * source,
    const core_ip * group, const uint8_t * body, size_t len)
{
  data_reader r = { 0 };
  dorms_code code;
  json_doc *doc;

  *out = NULL;
  if (len > DORMS_BODY_MAX)
    return DORMS_TOO_LARGE;
  if (json_parse (&doc, body, len, DORMS_DEPTH_MAX, DORMS_NODES_MAX) != CORE_OK)
    return DORMS_BAD_JSON;
  r.metadata = calloc (1, sizeof (*r.metadata));
  if (r.metadata == NULL) {
    json_free (doc);
    return DORMS_NO_MEMORY;
  }
  r.metadata->source = *source;
  r.metadata->group = *group;
  code = read_channel (&r, json_root (doc));
  json_free (doc);
  if (code == DORMS_OK)
    *out = r.metadata;
  else
    dorms_metadata_free (r.metadata);
  return code;
}
