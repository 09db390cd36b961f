/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the readers of what metadata servers answer.  The first octet says
 * which; the rest is the answer, or header fields with zero bytes between.
 */
#include "fuzz.h"
#include "dorms-data.h"
#include "dorms-restconf.h"
#include "http-headers.h"
#include "json.h"

static void
check_node (const json_node * node, const json_node * end)
{
  FUZZ_CHECK (node < end && node->span >= 1 && node + node->span <= end);
  FUZZ_CHECK (strlen (node->text) == node->len);
}

/* Whatever was read holds together. */
static void
fuzz_json (const uint8_t * data, size_t size)
{
  const json_node *root, *value, *element = NULL;
  json_doc *doc;

  if (json_parse (&doc, data, size, 32, 10000) != CORE_OK) {
    FUZZ_CHECK (doc == NULL);
    return;
  }
  root = json_root (doc);
  for (uint32_t i = 0; i < root->span; i++)
    check_node (root + i, root + root->span);
  while ((element = json_next (root, element)) != NULL)
    check_node (element, root + root->span);
  if (json_member (root, "a", "b", &value) == JSON_FOUND)
    check_node (value, root + root->span);
  json_free (doc);
}

static void
check_streams (const dorms_metadata * m)
{
  FUZZ_CHECK (m->n_streams <= DORMS_STREAMS_MAX);
  for (unsigned i = 0; i < m->n_streams; i++) {
    const dorms_stream *s = &m->streams[i];

    FUZZ_CHECK (s->n_uris >= 1 && s->n_uris <= DORMS_URIS_MAX);
    FUZZ_CHECK (core_hash_len (s->hash) > 0);
    FUZZ_CHECK (s->data_hold_ms <= DORMS_HOLD_MS_MAX);
    FUZZ_CHECK (s->digest_hold_ms <= DORMS_HOLD_MS_MAX);
    FUZZ_CHECK (dorms_metadata_hold_time (m) >=
        s->digest_hold_ms * CORE_MSECOND);
    for (unsigned j = 0; j < s->n_uris; j++)
      FUZZ_CHECK (strlen (s->uris[j]) <= DORMS_URI_LEN_MAX);
  }
}

static void
fuzz_metadata (bool v6, const uint8_t * data, size_t size)
{
  core_ip source = { 0 }, group = { 0 };
  dorms_metadata *m, *copy;
  dorms_code code;

  FUZZ_CHECK (core_ip_from_string (v6 ? "2001:db8::a" : "198.51.100.10",
          &source));
  FUZZ_CHECK (core_ip_from_string (v6 ? "ff3e::8000:1" : "232.10.10.1",
          &group));
  code = dorms_metadata_read (&m, &source, &group, data, size);
  FUZZ_CHECK ((code == DORMS_OK) == (m != NULL));
  if (m == NULL)
    return;
  FUZZ_CHECK (core_ip_equal (&m->source, &source));
  FUZZ_CHECK (m->n_ports <= DORMS_PORTS_MAX);
  FUZZ_CHECK (m->n_skipped <= DORMS_SKIPPED_MAX);
  FUZZ_CHECK (!m->has_cbacc || m->cbacc.max_bps > 0);
  check_streams (m);
  for (unsigned i = 0; i < m->n_ports; i++)
    FUZZ_CHECK (m->ports[i] != 0);
  for (uint16_t port = 5000; port < 5003; port++) {
    const dorms_stream *s = dorms_metadata_stream (m, port, 1800000000);

    FUZZ_CHECK (s == NULL || !s->has_port || s->port == port);
  }
  copy = dorms_metadata_copy (m);
  FUZZ_CHECK (copy != NULL && dorms_metadata_equal (m, copy));
  dorms_metadata_free (copy);
  dorms_metadata_free (m);
}

static void
check_path (const char *path, size_t max)
{
  FUZZ_CHECK (strlen (path) < max);
  for (const char *c = path; *c != '\0'; c++)
    FUZZ_CHECK (*c > ' ' && *c <= '~');
}

static void
fuzz_host_meta (bool xrd, const uint8_t * data, size_t size)
{
  char href[DORMS_ROOT_MAX], root[DORMS_ROOT_MAX];
  bool found = xrd ? dorms_read_host_meta_xrd (data, size, href) :
      dorms_read_host_meta_json (data, size, href);

  if (found && dorms_root_from_href (href, "dorms.example.com", 443, root)) {
    FUZZ_CHECK (root[0] == '\0' || root[0] == '/');
    check_path (root, DORMS_ROOT_MAX);
  }
}

static void
fuzz_library (const uint8_t * data, size_t size)
{
  dorms_library library;

  (void) dorms_read_library_version (data, size);
  if (dorms_read_library (data, size, &library))
    FUZZ_CHECK ((library.unknown_revisions & ~library.modules) == 0);
}

/* Five texts with zero bytes between: any of them may be absent. */
static void
fuzz_headers (const uint8_t * data, size_t size)
{
  char *text = calloc (1, size + 1);
  const char *field[5] = { NULL };
  char path[DORMS_PATH_MAX];
  uint64_t seconds;
  int64_t date;
  size_t pos = 0;

  FUZZ_CHECK (text != NULL);
  if (size > 0)
    memcpy (text, data, size);
  for (unsigned i = 0; i < 5 && pos < size; i++) {
    field[i] = text + pos;
    pos += strlen (text + pos) + 1;
  }
  if (http_freshness (field[0], field[1], field[2], field[3], &seconds))
    FUZZ_CHECK (seconds < UINT64_MAX / CORE_SECOND);
  FUZZ_CHECK (http_retry_after (field[4], field[3]) < UINT64_MAX / CORE_SECOND);
  (void) http_date (field[0], &date);
  (void) http_media_type_is (field[0], "application/json");
  if (field[0] != NULL) {
    (void) dorms_host_is_valid (field[0]);
    if (dorms_redirect_path (field[0], "a.example", 443, "/b/c", path)) {
      FUZZ_CHECK (path[0] == '/');
      check_path (path, DORMS_PATH_MAX);
    }
  }
  free (text);
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  uint8_t *body;

  if (size == 0)
    return 0;
  size--;
  body = fuzz_copy (data + 1, size);
  switch (data[0] & 7) {
    case 0:
    case 1:
      fuzz_metadata (data[0] & 1, body, size);
      break;
    case 2:
    case 3:
      fuzz_host_meta (data[0] & 1, body, size);
      break;
    case 4:
      fuzz_library (body, size);
      break;
    case 5:
      fuzz_json (body, size);
      break;
    default:
      fuzz_headers (data + 1, size);
      break;
  }
  free (body);
  return 0;
}
