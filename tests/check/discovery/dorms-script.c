/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A search for metadata with scripted answers and a clock that the test sets.
 */
#include "dorms-script.h"

#include <string.h>

static dorms_event event;

static void
script_random (void *ctx, uint8_t * buf, size_t len)
{
  dorms_script *script = ctx;
  uint32_t value = script->random;
  wr_cursor w;

  if (script->randoms != NULL)
    value = *script->randoms++;
  wr_init (&w, buf, len);
  wr_u32 (&w, value);
  fail_unless (wr_ok (&w));
}

void
script_init (dorms_script * script)
{
  memset (script, 0, sizeof (*script));
  script->servers = dorms_servers_new (0);
  script->config.random = script_random;
  script->config.random_ctx = script;
  script->config.servers = script->servers;
  script->config.source = vector_ip_literal (SOURCE);
  script->config.group = vector_ip_literal (GROUP);
  script->now = 1000 * S;
}

void
script_start (dorms_script * script)
{
  fail_unless_equals_int (dorms_new (&script->d, &script->config,
          script->now), CORE_OK);
}

void
script_restart (dorms_script * script)
{
  dorms_free (script->d);
  script->d = NULL;
  memset (&script->question, 0, sizeof (script->question));
  script_start (script);
}

void
script_clear (dorms_script * script)
{
  dorms_free (script->d);
  dorms_servers_free (script->servers);
}

void
script_sleep (dorms_script * script, core_time time)
{
  fail_unless (dorms_deadline (script->d) >= script->now + time,
      "due in %" G_GUINT64_FORMAT " ns", dorms_deadline (script->d) -
      script->now);
  script->now += time;
  dorms_expire (script->d, script->now);
}

core_time
script_sleep_until_due (dorms_script * script)
{
  core_time before = script->now;

  fail_unless (dorms_deadline (script->d) != CORE_TIME_NEVER);
  script->now = dorms_deadline (script->d);
  fail_unless (script->now > before, "due already");
  dorms_expire (script->d, script->now);
  return script->now - before;
}

static void
next_question (dorms_script * script)
{
  unsigned before = script->question.id;

  fail_unless (dorms_question_next (script->d, &script->question,
          script->now), "no question");
  fail_unless (script->question.id != before);
  fail_unless (dorms_is_open (script->d, script->question.id));
  fail_if (dorms_is_open (script->d, before));
  fail_unless (script->question.timeout <= 10 * S);
  fail_unless_equals_uint64 (script->question.connect_timeout,
      MIN (script->question.timeout, 5 * S));
}

void
script_expect_srv (dorms_script * script)
{
  next_question (script);
  fail_unless_equals_int (script->question.ask, DORMS_ASK_SRV);
}

void
script_expect_get (dorms_script * script, const char *host, uint16_t port,
    const char *path)
{
  next_question (script);
  fail_unless_equals_int (script->question.ask, DORMS_ASK_GET);
  fail_unless_equals_string (script->question.host, host);
  fail_unless_equals_int (script->question.port, port);
  fail_unless_equals_string (script->question.path, path);
}

void
script_expect_nothing (dorms_script * script)
{
  dorms_question question;

  fail_if (dorms_question_next (script->d, &question, script->now),
      "a question: %s%s", question.name, question.path);
}

void
script_answer_srv (dorms_script * script, const dorms_srv_answer * answer)
{
  dorms_answer_srv (script->d, script->question.id, answer, script->now);
}

void
script_answer (dorms_script * script, const dorms_http_answer * answer)
{
  dorms_answer_get (script->d, script->question.id, answer, script->now);
}

void
script_answer_status (dorms_script * script, unsigned status)
{
  dorms_http_answer answer = {.status = status };

  script_answer (script, &answer);
}

void
script_answer_body (dorms_script * script, const char *body)
{
  vector_bytes copy = vector_bytes_copy ((const uint8_t *) body,
      strlen (body));
  dorms_http_answer answer = {.status = 200,.content_type = JSON,
    .body = copy.data,.body_len = copy.len
  };

  script_answer (script, &answer);
  vector_bytes_free (&copy);
}

void
script_answer_failure (dorms_script * script, dorms_http_result result)
{
  dorms_http_answer answer = {.result = result,.detail = "so it is" };

  script_answer (script, &answer);
}

void
script_answer_host (dorms_script * script)
{
  static const dorms_srv_record record = {.weight = 1,.port = 443,
    .target = HOST "."
  };
  dorms_srv_answer answer = {.secure = true,.ttl = 3600 * S,
    .records = &record,.n = 1
  };

  script_answer_srv (script, &answer);
}

void
script_find_root (dorms_script * script, const char *host, uint16_t port)
{
  script_expect_get (script, host, port, HOST_META);
  script_answer_body (script, ROOT_BODY);
  script_expect_get (script, host, port, VERSION_PATH);
  script_answer_status (script, 404);
}

void
script_expect_state (dorms_script * script, dorms_state state)
{
  fail_unless (dorms_event_next (script->d, &event), "no event");
  fail_unless_equals_int (event.type, DORMS_EVENT_METADATA);
  fail_unless_equals_string (dorms_state_name (event.state),
      dorms_state_name (state));
  fail_unless_equals_int (dorms_get_state (script->d), state);
  fail_unless ((dorms_get_metadata (script->d) == NULL) ==
      (state == DORMS_STATE_NONE));
}

const dorms_event *
script_expect_error (dorms_script * script, dorms_code code)
{
  fail_unless (dorms_event_next (script->d, &event), "no event");
  fail_unless_equals_int (event.type, DORMS_EVENT_ERROR);
  fail_unless_equals_string (dorms_code_name (event.code),
      dorms_code_name (code));
  return &event;
}

void
script_expect_no_event (dorms_script * script)
{
  fail_if (dorms_event_next (script->d, &event), "event %d: %s", event.type,
      event.text);
}
