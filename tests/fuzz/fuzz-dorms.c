/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes the search for metadata: the input says how it is configured, then
 * step by step what the DNS and the servers answer and how time goes by.
 */
#include "fuzz.h"
#include "dorms.h"

static const unsigned statuses[] = {
  200, 200, 304, 302, 400, 401, 404, 406, 429, 500, 503, 0,
};

/* Answers that lead on; the input can bring its own as well. */
static const char *const bodies[] = {
  "",
  "{\"links\":[{\"rel\":\"restconf\",\"href\":\"/r\"}]}",
  "<XRD><Link rel='restconf' href='https://a.example/r/'/></XRD>",
  "{\"yang-library-version\":\"2016-06-21\"}",
  "{\"yang-library-version\":\"2019-01-04\"}",
  "{\"modules-state\":{\"module\":[{\"name\":\"ietf-dorms\"}]}}",
  "{\"yang-library\":{\"module-set\":[{\"module\":[{\"name\":\"x\"}]}]}}",
  "{\"group\":[{\"address\":\"232.10.10.1\",\"udp-stream\":[{\"port\":5001,"
      "\"ambi\":{\"manifest-stream\":[{\"id\":1,\"hash-algorithm\":\"sha-256\","
      "\"manifest-stream\":\"https://a/\"}]}}]}]}",
  "{\"group\":[{\"address\":\"ff3e::8000:1\",\"cbacc\":{\"max-speed\":5}}]}",
  "{\"group\":[]}",
  "{\"group\":[{\"address\":\"192.0.2.1\"}]}",
  "{",
};

static const char *const texts[] = {
  NULL, "", "max-age=5", "max-age=100", "no-cache", "\"tag\"", "7", "9999",
  "/x", "https://a.example/y", "https://evil.example/", "application/json",
  "application/yang-data+json", "text/html",
  "Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 09:49:37 GMT",
};

static const char *const targets[] = {
  "a.example", "B.example.", ".", "bad host", "c.example", "",
};

#define N(array) (sizeof (array) / sizeof ((array)[0]))

typedef struct
{
  rd_cursor in;
  dorms *d;
  core_time now;
  uint32_t random;
  dorms_question question;
} fuzz_search;

static void
fuzz_random (void *ctx, uint8_t * buf, size_t len)
{
  fuzz_search *f = ctx;

  for (size_t i = 0; i < len; i++) {
    f->random = f->random * 1664525 + 1013904223;
    buf[i] = (uint8_t) (f->random >> 24);
  }
}

static const char *
pick_text (fuzz_search * f)
{
  return texts[rd_u8 (&f->in) % N (texts)];
}

static void
check_question (const dorms_question * q)
{
  char url[DORMS_URL_MAX];

  FUZZ_CHECK (q->timeout <= 10 * CORE_SECOND);
  if (q->ask == DORMS_ASK_SRV) {
    FUZZ_CHECK (strncmp (q->name, "_dorms._tcp.", 12) == 0);
    return;
  }
  FUZZ_CHECK (dorms_host_is_valid (q->host) && q->port != 0);
  FUZZ_CHECK (q->path[0] == '/' && q->accept != NULL && q->max_body > 0);
  dorms_question_url (q, url);
  for (const char *c = url; *c != '\0'; c++)
    FUZZ_CHECK (*c > ' ' && *c <= '~');
  for (const char *c = q->etag; *c != '\0'; c++)
    FUZZ_CHECK (*c >= ' ' && *c <= '~');
}

/* Takes what the search has to say. */
static void
pull (fuzz_search * f)
{
  dorms_event event;
  unsigned n = 0;

  while (dorms_question_next (f->d, &f->question, f->now)) {
    FUZZ_CHECK (++n < 3);
    FUZZ_CHECK (dorms_is_open (f->d, f->question.id));
    check_question (&f->question);
  }
  n = 0;
  while (dorms_event_next (f->d, &event)) {
    FUZZ_CHECK (++n <= 4);
    FUZZ_CHECK (memchr (event.text, '\0', sizeof (event.text)) != NULL);
    FUZZ_CHECK (memchr (event.says, '\0', sizeof (event.says)) != NULL);
    FUZZ_CHECK ((unsigned) event.code < DORMS_N_CODES);
  }
  FUZZ_CHECK ((dorms_get_metadata (f->d) == NULL) ==
      (dorms_get_state (f->d) == DORMS_STATE_NONE));
  /* It never waits for nothing: an answer, or a time, leads on. */
  FUZZ_CHECK (dorms_deadline (f->d) != CORE_TIME_NEVER);
}

static void
answer_get (fuzz_search * f, bool own_body)
{
  uint8_t raw[512];
  dorms_http_answer answer = { 0 };
  const char *body;

  answer.status = statuses[rd_u8 (&f->in) % N (statuses)];
  answer.content_type = pick_text (f);
  answer.cache_control = pick_text (f);
  answer.location = pick_text (f);
  answer.etag = pick_text (f);
  answer.retry_after = pick_text (f);
  answer.age = answer.expires = answer.date = pick_text (f);
  if (own_body) {
    answer.body_len = rd_u16 (&f->in) % sizeof (raw);
    rd_bytes (&f->in, raw, answer.body_len);
    answer.body = raw;
  } else {
    body = bodies[rd_u8 (&f->in) % N (bodies)];
    answer.body = (const uint8_t *) body;
    answer.body_len = strlen (body);
  }
  dorms_answer_get (f->d, f->question.id, &answer, f->now);
}

static void
answer_srv (fuzz_search * f)
{
  dorms_srv_record records[40] = { {0} };
  uint8_t flags = rd_u8 (&f->in);
  dorms_srv_answer answer = {.result = flags & 3,.secure = flags & 4,
    .ttl = (flags >> 3) * 10 * CORE_SECOND,.records = records
  };

  answer.n = rd_u8 (&f->in) % N (records);
  for (unsigned i = 0; i < answer.n; i++) {
    records[i].priority = rd_u8 (&f->in) & 3;
    records[i].weight = rd_u8 (&f->in);
    records[i].port = (uint16_t) (rd_u8 (&f->in) & 1 ? 443 : i);
    strcpy (records[i].target, targets[rd_u8 (&f->in) % N (targets)]);
  }
  dorms_answer_srv (f->d, f->question.id, &answer, f->now);
}

static void
step (fuzz_search * f)
{
  uint8_t op = rd_u8 (&f->in);
  dorms_http_answer failure = {.detail = "broken" };

  switch (op & 7) {
    case 0:
    case 1:
      answer_get (f, op & 1);
      break;
    case 2:
      answer_srv (f);
      break;
    case 3:
      f->now += rd_u16 (&f->in) * CORE_SECOND / 16;
      dorms_expire (f->d, f->now);
      break;
    case 4:
      if (dorms_deadline (f->d) > f->now)
        f->now = dorms_deadline (f->d);
      dorms_expire (f->d, f->now);
      break;
    case 5:
      dorms_refresh (f->d, f->now);
      break;
    case 6:
      failure.result = 1 + (op >> 3) % 4;
      dorms_answer_get (f->d, f->question.id, &failure, f->now);
      break;
    default:
      dorms_answer_get (f->d, f->question.id - 1, &failure, f->now);
      break;
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  fuzz_search f = {.now = 5 };
  dorms_config config = {.random = fuzz_random,.random_ctx = &f };
  uint8_t flags;

  rd_init (&f.in, data, size);
  flags = rd_u8 (&f.in);
  f.random = flags;
  config.servers = dorms_servers_new (0);
  FUZZ_CHECK (config.servers != NULL);
  FUZZ_CHECK (core_ip_from_string (flags & 1 ? "2001:db8::a" :
          "198.51.100.10", &config.source));
  FUZZ_CHECK (core_ip_from_string (flags & 1 ? "ff3e::8000:1" :
          "232.10.10.1", &config.group));
  config.server = flags & 2 ? "a.example" : NULL;
  config.require_srv_match = flags & 4;
  config.trust = (flags >> 3 & 3) % 3;
  FUZZ_CHECK (dorms_new (&f.d, &config, f.now) == CORE_OK);
  pull (&f);
  while (rd_left (&f.in) > 0) {
    step (&f);
    pull (&f);
  }
  dorms_free (f.d);
  dorms_servers_free (config.servers);
  return 0;
}
