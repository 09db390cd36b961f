/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Which metadata servers a source has, and which to ask first.
 */
#include "dorms-srv.h"

#include <stdio.h>
#include <string.h>

#include "dnswire.h"

void
dorms_srv_name (const core_ip * source, char name[DORMS_SRV_NAME_MAX])
{
  char reverse[DNS_NAME_TEXT_MAX];

  if (!dns_reverse_name (source, reverse))
    reverse[0] = '\0';
  snprintf (name, DORMS_SRV_NAME_MAX, "_dorms._tcp.%.80s", reverse);
}

static bool
tidy (dorms_srv_record * record)
{
  size_t len = strnlen (record->target, DORMS_HOST_MAX);

  if (len == DORMS_HOST_MAX || record->port == 0)
    return false;
  if (len > 0 && record->target[len - 1] == '.')
    record->target[--len] = '\0';
  for (char *c = record->target; *c != '\0'; c++)
    if (*c >= 'A' && *c <= 'Z')
      *c = (char) (*c | 0x20);
  return dorms_host_is_valid (record->target);
}

static bool
goes_before (const dorms_srv_record * a, const dorms_srv_record * b)
{
  if (a->priority != b->priority)
    return a->priority < b->priority;
  return a->weight == 0 && b->weight != 0;
}

/* By priority, weights of 0 first, else as they came. */
static void
sort (dorms_srv_record * records, unsigned n)
{
  for (unsigned i = 1; i < n; i++) {
    dorms_srv_record record = records[i];
    unsigned j = i;

    for (; j > 0 && goes_before (&record, &records[j - 1]); j--)
      records[j] = records[j - 1];
    records[j] = record;
  }
}

/* Moves the one that is drawn among n of one priority to their front. */
static void
draw_first (dorms_srv_record * records, unsigned n, dorms_draw_func draw,
    void *ctx)
{
  uint32_t sum = 0, running = 0, drawn;
  dorms_srv_record chosen;
  unsigned i;

  for (i = 0; i < n; i++)
    sum += records[i].weight;
  drawn = draw (ctx, sum);
  for (i = 0; i < n - 1; i++) {
    running += records[i].weight;
    if (running >= drawn)
      break;
  }
  chosen = records[i];
  memmove (records + 1, records, i * sizeof (records[0]));
  records[0] = chosen;
}

unsigned
dorms_srv_order (dorms_srv_record * records, unsigned n,
    dorms_draw_func draw, void *ctx)
{
  unsigned usable = 0;

  for (unsigned i = 0; i < n && i < DORMS_SRV_MAX; i++) {
    if (!tidy (&records[i]))
      continue;
    if (usable != i)
      records[usable] = records[i];
    usable++;
  }
  sort (records, usable);
  for (unsigned i = 0; i < usable; i++) {
    unsigned end = i + 1;

    while (end < usable && records[end].priority == records[i].priority)
      end++;
    if (end - i > 1)
      draw_first (records + i, end - i, draw, ctx);
  }
  return usable;
}
