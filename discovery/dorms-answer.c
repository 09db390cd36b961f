/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Finds and keeps fresh the metadata of one channel: what each answer leads
 * to.
 */
#include "dorms-private.h"

#include "http-headers.h"

#include <string.h>
#include <strings.h>

/* For so long what a server said of itself is believed. */
static const core_time server_lifetime = 3600 * CORE_SECOND;
static const core_time srv_ttl_min = CORE_SECOND;
static const core_time srv_ttl_max = 3600 * CORE_SECOND;

/*
 * SRV
 */

static dorms_code
judge_srv (const dorms * d, const dorms_srv_answer * answer)
{
  bool trusted = answer->secure || d->config.trust == DORMS_TRUST_RESOLVER;

  switch (answer->result) {
    case DORMS_DNS_FAILED:
      return DORMS_UNREACHABLE;
    case DORMS_DNS_BOGUS:
      return DORMS_BOGUS;
    case DORMS_DNS_NONE:
      return DORMS_NO_SERVICE;
    default:
      return trusted ? DORMS_OK : DORMS_DNS_UNTRUSTED;
  }
}

static bool
names_server (const dorms * d, const dorms_srv_record * records, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    if (records[i].port == d->config.port &&
        strcasecmp (records[i].target, d->server) == 0)
      return true;
  return false;
}

static dorms_code
take_records (dorms * d, const dorms_srv_answer * answer)
{
  dorms_srv_record records[DORMS_SRV_MAX];
  unsigned n = answer->n < DORMS_SRV_MAX ? answer->n : DORMS_SRV_MAX;

  if (n > 0)
    memcpy (records, answer->records, n * sizeof (records[0]));
  n = dorms_srv_order (records, n, dorms_draw, d);
  if (n == 0)
    return DORMS_NO_SERVICE;
  if (d->server[0] != '\0') {
    if (!names_server (d, records, n))
      return DORMS_SRV_MISMATCH;
    strcpy (records[0].target, d->server);
    records[0].port = d->config.port;
    n = 1;
  }
  for (unsigned i = 0; i < n; i++) {
    strcpy (d->targets[i].host, records[i].target);
    d->targets[i].port = records[i].port;
  }
  d->n_targets = n;
  return DORMS_OK;
}

void
dorms_answer_srv (dorms * d, unsigned id, const dorms_srv_answer * answer,
    core_time now)
{
  core_time ttl = answer->ttl;
  dorms_code code;

  dorms_expire (d, now);
  if (!dorms_is_open (d, id) || d->question.ask != DORMS_ASK_SRV)
    return;
  d->open = false;
  code = judge_srv (d, answer);
  if (code == DORMS_OK)
    code = take_records (d, answer);
  if (code != DORMS_OK) {
    dorms_fail_round (d, code, NULL);
    return;
  }
  if (ttl < srv_ttl_min)
    ttl = srv_ttl_min;
  d->targets_known = true;
  d->srv_until = dorms_later (d->now, ttl < srv_ttl_max ? ttl : srv_ttl_max);
  dorms_next_target (d);
}

/*
 * What is to be asked of a target
 */

static void
ask_metadata (dorms * d, dorms_form form)
{
  char path[DORMS_PATH_MAX];

  d->form = form;
  d->forms_tried |= 1u << form;
  if (d->config.source.family == CORE_FAMILY_V4 && form != DORMS_FORM_OLD_TREE)
    d->forms_tried |= 1u << DORMS_FORM_ENCODED | 1u << DORMS_FORM_RAW;
  dorms_metadata_path (d->root, form, &d->config.source, &d->config.group,
      path);
  dorms_ask_get (d, DORMS_PHASE_METADATA, path, DORMS_ACCEPT_YANG,
      DORMS_BODY_MAX);
}

static void
ask_library (dorms * d, dorms_phase phase, const char *resource,
    size_t max_body)
{
  char path[DORMS_PATH_MAX];

  dorms_resource_path (d->root, resource, path);
  dorms_ask_get (d, phase, path, DORMS_ACCEPT_YANG, max_body);
}

static void
check_modules (dorms * d, const dorms_server * server)
{
  d->unknown_revisions = server->library.unknown_revisions;
  if (server->library_is_readable &&
      !(server->library.modules & DORMS_MODULE_DORMS))
    dorms_fail_target (d, DORMS_VERSION_MISMATCH, NULL);
  else
    ask_metadata (d, server->form);
}

void
dorms_continue_target (dorms * d)
{
  dorms_server *server = dorms_target_server (d);

  d->redirects = 0;
  if (server == NULL) {
    dorms_fail_target (d, DORMS_NO_MEMORY, NULL);
    return;
  }
  if (!server->has_root) {
    dorms_ask_get (d, DORMS_PHASE_ROOT_JSON, DORMS_PATH_HOST_META_JSON,
        DORMS_ACCEPT_JSON, DORMS_HOST_META_MAX);
    return;
  }
  strcpy (d->root, server->root);
  if (server->has_library)
    check_modules (d, server);
  else
    ask_library (d, DORMS_PHASE_LIBRARY_VERSION, "/yang-library-version",
        DORMS_HOST_META_MAX);
}

/*
 * host-meta
 */

/* Why an answer with another status than 200 is of no use. */
static dorms_code
judge_status (unsigned status, dorms_code otherwise)
{
  if (status == 401 || status == 403)
    return DORMS_DENIED;
  if (status == 429 || status >= 500)
    return DORMS_UNREACHABLE;
  return otherwise;
}

static bool
take_root (dorms * d, const dorms_http_answer * answer)
{
  char href[DORMS_ROOT_MAX], root[DORMS_ROOT_MAX];
  dorms_server *server;
  bool found;

  if (answer->status != 200)
    return false;
  found = d->phase == DORMS_PHASE_ROOT_JSON ?
      dorms_read_host_meta_json (answer->body, answer->body_len, href) :
      dorms_read_host_meta_xrd (answer->body, answer->body_len, href);
  if (!found || !dorms_root_from_href (href, d->target.host, d->target.port,
          root))
    return false;
  server = dorms_target_server (d);
  if (server != NULL) {
    strcpy (server->root, root);
    server->has_root = true;
    server->root_until = dorms_later (d->now, server_lifetime);
  }
  dorms_continue_target (d);
  return true;
}

static void
answer_root (dorms * d, const dorms_http_answer * answer)
{
  dorms_code code;

  if (take_root (d, answer))
    return;
  if (d->phase == DORMS_PHASE_ROOT_JSON) {
    d->redirects = 0;
    dorms_ask_get (d, DORMS_PHASE_ROOT_XRD, DORMS_PATH_HOST_META_XRD,
        DORMS_ACCEPT_XRD, DORMS_HOST_META_MAX);
    return;
  }
  code = judge_status (answer->status, DORMS_NO_RESTCONF_ROOT);
  dorms_fail_target (d, code, answer);
}

/*
 * The YANG library: what cannot be read there is no reason not to ask
 */

static void
keep_library (dorms * d, const dorms_library * library)
{
  dorms_server *server = dorms_target_server (d);

  if (server != NULL) {
    server->has_library = true;
    server->library_until = dorms_later (d->now, server_lifetime);
    server->library_is_readable = library != NULL;
    if (library != NULL)
      server->library = *library;
    else
      memset (&server->library, 0, sizeof (server->library));
  }
  dorms_continue_target (d);
}

static void
answer_library_version (dorms * d, const dorms_http_answer * answer)
{
  d->library_version = answer->status != 200 ? DORMS_LIBRARY_NONE :
      dorms_read_library_version (answer->body, answer->body_len);
  d->redirects = 0;
  if (d->library_version == DORMS_LIBRARY_NONE)
    keep_library (d, NULL);
  else
    ask_library (d, DORMS_PHASE_MODULES_STATE,
        "/data/ietf-yang-library:modules-state", DORMS_LIBRARY_MAX);
}

static void
answer_library (dorms * d, const dorms_http_answer * answer)
{
  dorms_library library;

  if (answer->status == 200 &&
      dorms_read_library (answer->body, answer->body_len, &library)) {
    keep_library (d, &library);
  } else if (d->phase == DORMS_PHASE_MODULES_STATE &&
      d->library_version == DORMS_LIBRARY_2019) {
    d->redirects = 0;
    ask_library (d, DORMS_PHASE_YANG_LIBRARY,
        "/data/ietf-yang-library:yang-library", DORMS_LIBRARY_MAX);
  } else {
    keep_library (d, NULL);
  }
}

/*
 * Metadata
 */

static void
try_next_form (dorms * d, const dorms_http_answer * answer)
{
  for (unsigned i = 0; i < DORMS_N_FORMS; i++) {
    if ((d->forms_tried & 1u << i) != 0)
      continue;
    d->redirects = 0;
    ask_metadata (d, (dorms_form) i);
    return;
  }
  dorms_deny_metadata (d, answer);
}

static void
take_metadata (dorms * d, const dorms_http_answer * answer)
{
  dorms_metadata *metadata;
  dorms_code code;

  /* A server that names no type may still be right. */
  if (answer->content_type != NULL &&
      !http_media_type_is (answer->content_type, DORMS_ACCEPT_YANG) &&
      !http_media_type_is (answer->content_type, DORMS_ACCEPT_JSON)) {
    dorms_fail_target (d, DORMS_BAD_CONTENT_TYPE, answer);
    return;
  }
  code = dorms_metadata_read (&metadata, &d->config.source,
      &d->config.group, answer->body, answer->body_len);
  if (code == DORMS_OK)
    dorms_succeed (d, metadata, answer);
  else if (code == DORMS_NO_METADATA)
    dorms_deny_metadata (d, answer);
  else
    dorms_fail_target (d, code, answer);
}

static void
answer_metadata (dorms * d, const dorms_http_answer * answer)
{
  switch (answer->status) {
    case 200:
      take_metadata (d, answer);
      break;
    case 304:
      if (d->question.etag[0] != '\0' && d->metadata != NULL)
        dorms_succeed (d, NULL, answer);
      else
        dorms_fail_target (d, DORMS_UNREACHABLE, answer);
      break;
    case 400:
    case 404:
    case 410:
      try_next_form (d, answer);
      break;
    case 406:
    case 415:
      dorms_fail_target (d, DORMS_VERSION_MISMATCH, answer);
      break;
    default:
      dorms_fail_target (d, judge_status (answer->status,
              DORMS_UNREACHABLE), answer);
      break;
  }
}

/*
 * Any of them
 */

static void
answer_response (dorms * d, const dorms_http_answer * answer)
{
  switch (d->phase) {
    case DORMS_PHASE_ROOT_JSON:
    case DORMS_PHASE_ROOT_XRD:
      answer_root (d, answer);
      break;
    case DORMS_PHASE_LIBRARY_VERSION:
      answer_library_version (d, answer);
      break;
    case DORMS_PHASE_MODULES_STATE:
    case DORMS_PHASE_YANG_LIBRARY:
      answer_library (d, answer);
      break;
    default:
      answer_metadata (d, answer);
      break;
  }
}

static bool
is_redirect (unsigned status)
{
  return status == 301 || status == 302 || status == 303 || status == 307 ||
      status == 308;
}

/* Follows a redirect; FALSE when it leads where it must not. */
static bool
follow_redirect (dorms * d, const char *location)
{
  char path[DORMS_PATH_MAX];

  if (location == NULL || d->redirects == DORMS_REDIRECTS_MAX ||
      !dorms_redirect_path (location, d->target.host, d->target.port,
          d->question.path, path))
    return false;
  d->redirects++;
  dorms_ask_get (d, d->phase, path, d->question.accept, d->question.max_body);
  return true;
}

/* What the answer is before anybody looks into it. */
static dorms_code
judge_answer (const dorms * d, const dorms_http_answer * answer)
{
  switch (answer->result) {
    case DORMS_HTTP_RESPONSE:
      return answer->body_len > d->question.max_body ? DORMS_TOO_LARGE :
          DORMS_OK;
    case DORMS_HTTP_TLS:
      return DORMS_TLS;
    case DORMS_HTTP_TOO_LARGE:
      return DORMS_TOO_LARGE;
    case DORMS_HTTP_REDIRECT_REFUSED:
      return DORMS_REDIRECT_REFUSED;
    default:
      return DORMS_UNREACHABLE;
  }
}

void
dorms_answer_get (dorms * d, unsigned id, const dorms_http_answer * answer,
    core_time now)
{
  static const dorms_http_answer useless = {.status = 404 };
  dorms_code code;

  dorms_expire (d, now);
  if (!dorms_is_open (d, id) || d->question.ask != DORMS_ASK_GET)
    return;
  d->open = false;
  code = judge_answer (d, answer);
  if (code == DORMS_OK && is_redirect (answer->status)) {
    if (follow_redirect (d, answer->location))
      return;
    code = DORMS_REDIRECT_REFUSED;
  }
  if (code == DORMS_OK)
    answer_response (d, answer);
  else if ((code == DORMS_TOO_LARGE || code == DORMS_REDIRECT_REFUSED) &&
      d->phase != DORMS_PHASE_ROOT_XRD && d->phase != DORMS_PHASE_METADATA)
    answer_response (d, &useless);      /* there is another way */
  else
    dorms_fail_target (d, code, answer);
}
