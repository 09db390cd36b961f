/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Copies and comparisons of metadata, and which manifest stream is chosen.
 */
#include "dorms-metadata.h"

#include <stdlib.h>
#include <string.h>

#include "vectors.h"

#define NOW 1000

static dorms_metadata *
new_metadata (const dorms_stream * streams, unsigned n)
{
  dorms_metadata *m = calloc (1, sizeof (*m));

  fail_unless (m != NULL);
  m->source = vector_ip_literal ("192.0.2.1");
  m->group = vector_ip_literal ("232.1.1.1");
  m->n_ports = 1;
  m->ports[0] = 5001;
  m->has_cbacc = true;
  m->cbacc.max_bps = 1000;
  m->n_streams = n;
  for (unsigned i = 0; i < n; i++) {
    m->streams[i] = streams[i];
    m->streams[i].n_uris = 1;
    m->streams[i].uris[0] = strdup ("https://a.example.com/");
  }
  return m;
}

#define UDP(stream_id) \
  .layer = DORMS_LAYER_UDP, .has_port = true, .port = 5001, .id = stream_id, \
  .hash = CORE_HASH_SHA_256
#define IP(stream_id) \
  .layer = DORMS_LAYER_IP, .id = stream_id, .hash = CORE_HASH_SHA_256

GST_START_TEST (test_choice)
{
  static const struct
  {
    const char *what;
    dorms_stream streams[3];
    unsigned n;
    uint16_t port;
    int64_t id;
  } rows[] = {
    {"none", {{UDP (1)}}, 0, 5001, -1},
    {"another port", {{UDP (1)}}, 1, 5002, -1},
    {"the only one", {{UDP (1)}}, 1, 5001, 1},
    {"without a port", {{IP (1)}}, 1, 5002, 1},
    {"document order", {{UDP (2)}, {UDP (1)}}, 2, 5001, 2},
    {"UDP before IP", {{IP (1)}, {UDP (2),.expires = true,
                .expiration = 2000}}, 2, 5001, 2},
    {"no expiration first", {{UDP (1),.expires = true,.expiration = 9000},
            {UDP (2)}}, 2, 5001, 2},
    {"then the latest", {{UDP (1),.expires = true,.expiration = 2000},
            {UDP (2),.expires = true,.expiration = 3000},
            {UDP (3),.expires = true,.expiration = 2500}}, 3, 5001, 2},
    {"longest digest", {{UDP (1)}, {.layer = DORMS_LAYER_UDP,.id = 2,
                .hash = CORE_HASH_SHA_512}}, 2, 5001, 2},
    {"not one that is over", {{UDP (1),.expires = true,.expiration = NOW},
            {IP (2),.expires = true,.expiration = NOW + 1}}, 2, 5001, 2},
    {"unless there is no other", {{UDP (1),.expires = true,
                .expiration = NOW - 1}}, 1, 5001, 1},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    dorms_metadata *m = new_metadata (rows[i].streams, rows[i].n);
    const dorms_stream *stream = dorms_metadata_stream (m, rows[i].port, NOW);
    int64_t id = stream != NULL ? (int64_t) stream->id : -1;

    fail_unless (id == rows[i].id, "%s: %d", rows[i].what, (int) id);
    dorms_metadata_free (m);
  }
}

GST_END_TEST;

static void
change (dorms_metadata * m, unsigned what)
{
  dorms_stream *s = &m->streams[0];

  switch (what) {
    case 0:
      m->source.bytes[3]++;
      break;
    case 1:
      m->group.bytes[3]++;
      break;
    case 2:
      m->ports[0]++;
      break;
    case 3:
      m->n_ports++;
      break;
    case 4:
      m->cbacc.max_bps++;
      break;
    case 5:
      m->cbacc.max_packet_size++;
      break;
    case 6:
      m->cbacc.data_rate_window_ms++;
      break;
    case 7:
      m->cbacc.priority++;
      break;
    case 8:
      m->has_cbacc = false;
      break;
    case 9:
      s->layer = DORMS_LAYER_IP;
      break;
    case 10:
      s->has_port = false;
      break;
    case 11:
      s->port++;
      break;
    case 12:
      s->id++;
      break;
    case 13:
      s->hash = CORE_HASH_SHA_384;
      break;
    case 14:
      s->data_hold_ms++;
      break;
    case 15:
      s->digest_hold_ms++;
      break;
    case 16:
      s->expires = false;
      break;
    case 17:
      s->expiration++;
      break;
    case 18:
      s->uris[0][8] = 'b';
      break;
    default:
      free (s->uris[0]);
      s->n_uris = 0;
      break;
  }
}

GST_START_TEST (test_copy_and_equal)
{
  static const dorms_stream stream = { UDP (1),.expires = true,
    .expiration = 9000
  };
  dorms_metadata *a = new_metadata (&stream, 1);

  for (unsigned i = 0; i < 20; i++) {
    dorms_metadata *b = dorms_metadata_copy (a);

    fail_unless (b != NULL);
    fail_unless (b->streams[0].uris[0] != a->streams[0].uris[0]);
    fail_unless (dorms_metadata_equal (a, b));
    b->n_skips[0] = 7;
    fail_unless (dorms_metadata_equal (a, b));
    change (b, i);
    fail_if (dorms_metadata_equal (a, b), "change %u", i);
    dorms_metadata_free (b);
  }
  dorms_metadata_free (a);
  dorms_metadata_free (NULL);
}

GST_END_TEST;

GST_START_TEST (test_hold_time)
{
  static const dorms_stream streams[] = {
    {UDP (1),.digest_hold_ms = 10},
    {UDP (2),.digest_hold_ms = 30},
    {UDP (3),.digest_hold_ms = 20},
  };
  dorms_metadata *m = new_metadata (streams, 3);

  fail_unless_equals_uint64 (dorms_metadata_hold_time (m), 30 * CORE_MSECOND);
  dorms_metadata_free (m);
}

GST_END_TEST;

static Suite *
dorms_metadata_suite (void)
{
  Suite *s = suite_create ("dorms-metadata");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_choice);
  tcase_add_test (tc, test_copy_and_equal);
  tcase_add_test (tc, test_hold_time);
  return s;
}

GST_CHECK_MAIN (dorms_metadata);
