/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the tests of relay discovery share.
 */
#include "driad-test.h"

#include <string.h>

#include "vectors.h"

static void
fill_random (void *ctx, uint8_t * buf, size_t len)
{
  discovery *t = ctx;

  for (size_t i = 0; i < len; i++) {
    t->seed = t->seed * 6364136223846793005u + 1442695040888963407u;
    buf[i] = t->fixed_random != 0 ? (uint8_t) (t->fixed_random >> 8 * (3 -
            i % 4)) : (uint8_t) (t->seed >> 56);
  }
}

void
discovery_init (discovery * t)
{
  memset (t, 0, sizeof (*t));
  t->seed = 1;
  t->config.random = fill_random;
  t->config.random_ctx = t;
  t->config.source = vector_ip_literal ("192.0.2.10");
}

void
discovery_start (discovery * t)
{
  fail_unless_equals_int (driad_new (&t->d, &t->config, t->now), CORE_OK);
  driad_start (t->d, t->now);
  discovery_drain (t);
}

void
discovery_free (discovery * t)
{
  driad_free (t->d);
}

static void
answer_route (discovery * t, const driad_question * q)
{
  bool v6 = q->ip.family == CORE_FAMILY_V6;
  core_ip from = vector_ip_literal (v6 ? "2001:db8:1::2" : "198.51.100.2");

  driad_route (t->d, q->id, (v6 ? t->no_v6 : t->no_v4) ? NULL : &from, t->now);
}

static void
note_question (discovery * t, const driad_question * q)
{
  asked_question *asked = &t->questions[t->n_questions++];

  fail_unless (t->n_questions < NOTES_MAX);
  asked->open = true;
  asked->q = *q;
  asked->at = t->now;
  g_strlcpy (asked->name, q->name, sizeof (asked->name));
}

void
discovery_drain (discovery * t)
{
  driad_question q;
  driad_event_info info;

  while (driad_ask (t->d, &q, t->now)) {
    if (q.kind == DRIAD_ASK_ROUTE)
      answer_route (t, &q);
    else
      note_question (t, &q);
  }
  while (driad_event (t->d, &info)) {
    fail_unless (t->n_events < NOTES_MAX);
    t->events[t->n_events].info = info;
    t->events[t->n_events++].at = t->now;
  }
  fail_unless (driad_deadline (t->d) > t->now, "a deadline in the past");
}

void
discovery_run (discovery * t, core_time until)
{
  while (driad_deadline (t->d) <= until) {
    t->now = driad_deadline (t->d);
    driad_expire (t->d, t->now);
    discovery_drain (t);
  }
  t->now = until;
  driad_expire (t->d, t->now);
  discovery_drain (t);
}

static asked_question *
find_question (discovery * t, const char *name, uint16_t type)
{
  for (unsigned i = 0; i < t->n_questions; i++) {
    asked_question *asked = &t->questions[i];

    if (asked->open && asked->q.type == type &&
        dns_name_equal (asked->name, name))
      return asked;
  }
  return NULL;
}

bool
discovery_is_asked (discovery * t, const char *name, uint16_t type)
{
  return find_question (t, name, type) != NULL;
}

asked_question *
discovery_question (discovery * t, const char *name, uint16_t type)
{
  asked_question *asked = find_question (t, name, type);

  fail_unless (asked != NULL, "not asked: %s %u", name, type);
  return asked;
}

unsigned
discovery_count_open (const discovery * t)
{
  unsigned n = 0;

  for (unsigned i = 0; i < t->n_questions; i++)
    n += t->questions[i].open;
  return n;
}

/* --- records --- */

static void
write_name (wr_cursor * w, const char *name)
{
  char **labels = g_strsplit (name, ".", -1);

  for (char **l = labels; *l; l++) {
    if (**l == '\0')
      continue;
    wr_u8 (w, (uint8_t) strlen (*l));
    wr_bytes (w, (const uint8_t *) *l, strlen (*l));
  }
  wr_u8 (w, 0);
  g_strfreev (labels);
}

static void
write_ip (wr_cursor * w, const char *text)
{
  core_ip ip = vector_ip_literal (text);

  core_ip_write (w, &ip);
}

static void
write_numbers (wr_cursor * w, uint16_t type, char **words)
{
  if (type == DNS_TYPE_SRV) {
    for (int i = 0; i < 3; i++)
      wr_u16 (w, (uint16_t) atoi (words[i]));
    write_name (w, words[3]);
    return;
  }
  wr_u8 (w, (uint8_t) atoi (words[0]));
  wr_u8 (w, (uint8_t) (atoi (words[1]) << 7 | atoi (words[2])));
  switch (atoi (words[2])) {
    case DNS_AMTRELAY_NONE:
      break;
    case DNS_AMTRELAY_NAME:
      write_name (w, words[3]);
      break;
    default:
      write_ip (w, words[3]);
      break;
  }
}

static size_t
write_record (uint8_t * buf, size_t cap, uint16_t type, const char *text)
{
  char **words = g_strsplit (text, " ", 4);
  wr_cursor w;

  wr_init (&w, buf, cap);
  if (words[0][0] == 'x') {
    vector_bytes bytes = vector_bytes_from_hex (text + 1);

    wr_bytes (&w, bytes.data, bytes.len);
    vector_bytes_free (&bytes);
  } else if (type == DNS_TYPE_PTR) {
    write_name (&w, text);
  } else if (type == DNS_TYPE_SRV || type == DNS_TYPE_AMTRELAY) {
    fail_unless_equals_int (g_strv_length (words), 4);
    write_numbers (&w, type, words);
  } else {
    write_ip (&w, text);
  }
  fail_unless (wr_ok (&w));
  g_strfreev (words);
  return wr_len (&w);
}

void
discovery_answer_with (discovery * t, const char *name, uint16_t type,
    const answer_options * options, const char *const *records)
{
  static uint8_t storage[DNS_MAX_RECORDS][DNS_RDATA_MAX];
  dns_rdata rdata[DNS_MAX_RECORDS];
  asked_question *asked = discovery_question (t, name, type);
  dns_answer answer = {.ttl = options->ttl,.security = options->security,
    .records = rdata
  };

  for (; records[answer.n_records]; answer.n_records++) {
    unsigned i = answer.n_records;

    rdata[i].data = storage[i];
    rdata[i].len = write_record (storage[i], DNS_RDATA_MAX, type, records[i]);
  }
  answer.status = answer.n_records > 0 ? DNS_STATUS_OK : DNS_STATUS_NO_DATA;
  asked->open = false;
  driad_answer (t->d, asked->q.id, &answer, t->now);
  discovery_drain (t);
}

void
discovery_answer (discovery * t, const char *name, uint16_t type,
    const char *const *records)
{
  const answer_options options = {.ttl = 3600 };

  discovery_answer_with (t, name, type, &options, records);
}

void
discovery_fail (discovery * t, const char *name, uint16_t type,
    dns_status status)
{
  asked_question *asked = discovery_question (t, name, type);
  dns_answer answer = {.status = status };

  asked->open = false;
  driad_answer (t->d, asked->q.id, &answer, t->now);
  discovery_drain (t);
}

/* --- what came out --- */

void
discovery_expect_list (discovery * t, const char *want)
{
  GString *got = g_string_new (NULL);
  unsigned n;
  const driad_candidate *list = driad_candidates (t->d, &n);

  for (unsigned i = 0; i < n; i++) {
    char addr[CORE_ADDR_TEXT_MAX];

    g_string_append_printf (got, "%s%s %u %s%s", i ? ", " : "",
        driad_way_name (list[i].way), list[i].rank,
        list[i].where.discovery ? "" : "D ",
        core_addr_to_string (&list[i].where.addr, addr));
  }
  fail_unless (strcmp (got->str, want) == 0, "got  %s\nwant %s", got->str,
      want);
  g_string_free (got, TRUE);
}

const noted_event *
discovery_expect (discovery * t, driad_event_type type)
{
  while (t->n_seen < t->n_events) {
    const noted_event *event = &t->events[t->n_seen++];

    if (event->info.type == type)
      return event;
  }
  fail ("no event %d", type);
  return NULL;
}

bool
discovery_saw (discovery * t, driad_event_type type)
{
  for (unsigned i = t->n_seen; i < t->n_events; i++)
    if (t->events[i].info.type == type)
      return true;
  return false;
}

uint32_t
discovery_expect_attempt (discovery * t, const char *address)
{
  const noted_event *event = discovery_expect (t, DRIAD_EVENT_ATTEMPT);
  char ip[CORE_IP_TEXT_MAX];

  fail_unless_equals_string (core_ip_to_string (&event->info.candidate.where.
          addr.ip, ip), address);
  return event->info.attempt;
}

void
discovery_expect_no_attempt (discovery * t)
{
  fail_if (discovery_saw (t, DRIAD_EVENT_ATTEMPT));
}

bool
discovery_end (discovery * t, uint32_t attempt, driad_result result)
{
  bool counted = driad_attempt_ended (t->d, attempt, result, t->now);

  discovery_drain (t);
  return counted;
}
