/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Finds and keeps fresh the metadata of one channel
 * (draft-ietf-mboned-dorms-08): server by SRV record, or as configured, then
 * over HTTPS the RESTCONF root, the modules offered, and the metadata.
 *
 * Pure: the caller puts the questions and hands in what came back.  After every
 * call that takes the time: call dorms_question () until false, dorms_event ()
 * until false, and read dorms_deadline ().  At most one question is open; it is
 * over when it is answered, or when dorms_is_open () says so: the caller may
 * then break it off, and a late answer does no harm.
 */
#pragma once

#include "dorms-data.h"
#include "dorms-servers.h"
#include "dorms-srv.h"

/* How the SRV records have to be protected (draft §4.4). */
typedef enum
{
  DORMS_TRUST_AD,               /* by DNSSEC, checked by us or by a resolver
                                   that we are told to trust */
  DORMS_TRUST_RESOLVER,         /* whatever the system's resolver says */
  DORMS_TRUST_OFF               /* no SRV record is asked for */
} dorms_trust;

/* Zero in a field means its default. */
typedef struct
{
  core_random_func random;
  void *random_ctx;
  dorms_servers *servers;       /* shared by all; must outlive this */

  core_ip source;
  core_ip group;
  const char *server;           /* configured host; NULL: ask for SRV records */
  uint16_t port;                /* of the configured host: 443 */
  dorms_trust trust;
  bool require_srv_match;       /* the source must name the configured server */
} dorms_config;

typedef struct dorms dorms;

/* Begins at once.  The server's name is copied.  Returns CORE_OK,
 * CORE_ERR_NO_MEMORY or CORE_ERR_INVALID_ARGUMENT (no random or servers, no
 * channel, no host). */
int dorms_new (dorms ** out, const dorms_config * config, core_time now);
void dorms_free (dorms * d);

/*
 * Questions
 */

typedef enum
{
  DORMS_ASK_SRV,                /* of the DNS, class IN, for name */
  DORMS_ASK_GET                 /* of an HTTPS server */
} dorms_ask;

enum
{
  DORMS_ETAG_MAX = 128,
  DORMS_URL_MAX = DORMS_HOST_MAX + DORMS_PATH_MAX + 16
};

typedef struct
{
  unsigned id;
  dorms_ask ask;
  core_time timeout;            /* no answer is waited for any longer, */
  core_time connect_timeout;    /* and no connection with a server */
  char name[DORMS_SRV_NAME_MAX];

  /* GET: the certificate must be that of host.  Redirects are not followed,
   * they are answers like others. */
  char host[DORMS_HOST_MAX];
  uint16_t port;
  char path[DORMS_PATH_MAX];
  const char *accept;
  bool no_cache;                /* send "Cache-Control: no-cache" */
  char etag[DORMS_ETAG_MAX];    /* send "If-None-Match", unless empty */
  size_t max_body;              /* more is "too large" */
} dorms_question;

/* The next question to put; FALSE when there is none. */
bool dorms_question_next (dorms * d, dorms_question * out, core_time now);

/* "https://host[:port]/path" of a GET. */
void dorms_question_url (const dorms_question * question,
    char url[DORMS_URL_MAX]);

/* Whether the answer to that question is still wanted. */
bool dorms_is_open (const dorms * d, unsigned id);

/*
 * Answers
 */

typedef enum
{
  DORMS_DNS_RECORDS,
  DORMS_DNS_NONE,               /* no such name, or no SRV records there */
  DORMS_DNS_FAILED,             /* SERVFAIL, no answer */
  DORMS_DNS_BOGUS               /* DNSSEC says that it is forged */
} dorms_dns_result;

typedef struct
{
  dorms_dns_result result;
  bool secure;                  /* DNSSEC has vouched for it */
  core_time ttl;
  const dorms_srv_record *records;
  unsigned n;
} dorms_srv_answer;

typedef enum
{
  DORMS_HTTP_RESPONSE,          /* whatever its status */
  DORMS_HTTP_UNREACHABLE,       /* no address, no connection, broken off */
  DORMS_HTTP_TLS,               /* certificate or handshake */
  DORMS_HTTP_TOO_LARGE,         /* the body, or the header */
  DORMS_HTTP_REDIRECT_REFUSED   /* where the caller follows some itself */
} dorms_http_result;

/* Texts that are absent are NULL; all belong to the caller. */
typedef struct
{
  dorms_http_result result;
  const char *detail;           /* for people, when there is no response */
  unsigned status;
  const char *content_type;
  const char *location;
  const char *cache_control;
  const char *age;
  const char *expires;
  const char *date;
  const char *etag;
  const char *retry_after;
  const uint8_t *body;
  size_t body_len;
} dorms_http_answer;

void dorms_answer_srv (dorms * d, unsigned id,
    const dorms_srv_answer * answer, core_time now);
void dorms_answer_get (dorms * d, unsigned id,
    const dorms_http_answer * answer, core_time now);

/*
 * Results
 */

typedef enum
{
  DORMS_STATE_NONE,             /* there is no metadata */
  DORMS_STATE_FRESH,
  DORMS_STATE_STALE,            /* too old to open connections by it */
  DORMS_STATE_WITHDRAWN         /* good only for what is under way */
} dorms_state;

/* Kebab-case; never NULL. */
const char *dorms_state_name (dorms_state state);

typedef enum
{
  DORMS_EVENT_METADATA,         /* another state, other metadata, or the first
                                   answer after errors */
  DORMS_EVENT_ERROR             /* comes again as long as it lasts */
} dorms_event_type;

enum
{
  DORMS_SERVER_TEXT_MAX = DORMS_HOST_MAX + 8,
  DORMS_TEXT_MAX = 640,
  DORMS_SAYS_MAX = 513
};

typedef struct
{
  dorms_event_type type;
  char server[DORMS_SERVER_TEXT_MAX];   /* "host:port"; "" is the DNS */

  /* METADATA */
  dorms_state state;
  core_time refresh_in;
  unsigned unknown_revisions;   /* DORMS_MODULE_ bits */

  /* ERROR */
  dorms_code code;
  unsigned status;              /* of HTTP, or 0 */
  bool last;                    /* no other server is tried before retry_in */
  core_time retry_in;
  char text[DORMS_TEXT_MAX];    /* a sentence for people */
  char says[DORMS_SAYS_MAX];    /* the body of a refusal, printable; to be
                                   logged only */
} dorms_event;

/* Takes the oldest event. */
bool dorms_event_next (dorms * d, dorms_event * out);

/* The metadata, until the next call that takes the time; NULL in
 * DORMS_STATE_NONE. */
const dorms_metadata *dorms_get_metadata (const dorms * d);
dorms_state dorms_get_state (const dorms * d);

/* When the server is asked again; CORE_TIME_NEVER while it is being asked. */
core_time dorms_refresh_time (const dorms * d);

/* Asks the server, past all caches, because a sender announced a change: now,
 * but not within a second of the last time, and not before the waits after
 * failures are over. */
void dorms_refresh (dorms * d, core_time now);

core_time dorms_deadline (const dorms * d);
void dorms_expire (dorms * d, core_time now);
