/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Looks up a channel on a metadata server that is a folder of files, and
 * prints what was asked and what came out:
 *   read-tree FOLDER HOST SOURCE GROUP
 */
#include "dorms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

static void
no_random (void *ctx, uint8_t * buf, size_t len)
{
  memset (buf, 0, len);
}

static void
answer_from_file (dorms * d, const dorms_question * question,
    const char *folder)
{
  char *path = g_uri_unescape_string (question->path, NULL);
  char *file = g_build_filename (folder, path, NULL);
  dorms_http_answer answer = {.status = 404 };
  char *body = NULL;

  printf ("asked %s\n", question->path);
  if (g_file_get_contents (file, &body, &answer.body_len, NULL)) {
    answer.status = 200;
    answer.body = (const uint8_t *) body;
  }
  dorms_answer_get (d, question->id, &answer, 0);
  g_free (body);
  g_free (file);
  g_free (path);
}

static void
print_stream (const dorms_stream * stream)
{
  printf ("stream %s %d %u %s %u %u %lld", stream->layer == DORMS_LAYER_UDP ?
      "udp" : "ip", stream->has_port ? stream->port : -1, stream->id,
      core_hash_name (stream->hash), stream->data_hold_ms,
      stream->digest_hold_ms,
      stream->expires ? (long long) stream->expiration : -1);
  for (unsigned i = 0; i < stream->n_uris; i++)
    printf (" %s", stream->uris[i]);
  printf ("\n");
}

static void
print_metadata (const dorms_metadata * m)
{
  for (unsigned i = 0; i < m->n_ports; i++)
    printf ("port %u\n", m->ports[i]);
  for (unsigned i = 0; i < m->n_streams; i++)
    print_stream (&m->streams[i]);
  if (m->has_cbacc)
    printf ("rate %llu %u %u %u\n", (unsigned long long) m->cbacc.max_bps,
        m->cbacc.max_packet_size, m->cbacc.data_rate_window_ms,
        m->cbacc.priority);
  for (int i = 0; i < DORMS_N_SKIPS; i++)
    if (m->n_skips[i] > 0)
      printf ("skipped %s\n", dorms_skip_name ((dorms_skip) i));
}

int
main (int argc, char **argv)
{
  dorms_config config = {.random = no_random };
  dorms_question question;
  dorms_event event;
  dorms *d;

  if (argc != 5) {
    fprintf (stderr, "usage: read-tree FOLDER HOST SOURCE GROUP\n");
    return 2;
  }
  config.servers = dorms_servers_new (0);
  config.server = argv[2];
  if (!core_ip_from_string (argv[3], &config.source) ||
      !core_ip_from_string (argv[4], &config.group) ||
      dorms_new (&d, &config, 0) != CORE_OK)
    return 2;
  while (dorms_question_next (d, &question, 0))
    answer_from_file (d, &question, argv[1]);
  while (dorms_event_next (d, &event))
    if (event.type == DORMS_EVENT_ERROR)
      printf ("error %s\n", dorms_code_name (event.code));
    else if (event.unknown_revisions != 0)
      printf ("unknown revisions\n");
  if (dorms_get_metadata (d) != NULL)
    print_metadata (dorms_get_metadata (d));
  dorms_free (d);
  dorms_servers_free (config.servers);
  return 0;
}
