/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Resolves by the C library, for systems without libunbound: one thread for
 * each question, which is left to itself when nobody waits for it any more.
 * Nothing is validated here.
 */
#include "resolver-backend.h"

#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "dnsmessage.h"
#include "resolver-tcp.h"

#define MAX_THREADS 32          /* at a time, abandoned ones included */

/* "options trust-ad" in resolv.conf, which older libraries do not know. */
#ifndef RES_TRUSTAD
#define RES_TRUSTAD 0
#endif

typedef struct
{
  gint refs;                    /* the resolver's and the threads' */
  gint n_threads;
} Backend;

typedef struct
{
  Backend *backend;
  McQuery *query;
} Work;

static void
backend_unref (Backend * backend)
{
  if (g_atomic_int_dec_and_test (&backend->refs))
    g_free (backend);
}

/* Puts the server of the environment in place of what res_ninit () read.
 * nsaddr_list holds IPv4; glibc has IPv6 apart, where the family here is 0. */
static void
set_server (res_state state)
{
  core_addr server;
  struct sockaddr_in6 *v6;

  if (!mc_resolver_get_server (&server))
    return;
  for (guint i = 0; i < MAXNS; i++) {
    free (state->_u._ext.nsaddrs[i]);
    state->_u._ext.nsaddrs[i] = NULL;
  }
  state->_u._ext.nscount = 0;
  state->nscount = 1;
  state->nsaddr_list[0].sin_port = htons (server.port);
  if (server.ip.family == CORE_FAMILY_V4) {
    state->nsaddr_list[0].sin_family = AF_INET;
    memcpy (&state->nsaddr_list[0].sin_addr, server.ip.bytes, 4);
    return;
  }
  /* res_nclose () frees it. */
  v6 = calloc (1, sizeof (*v6));
  if (v6 == NULL)
    return;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons (server.port);
  memcpy (&v6->sin6_addr, server.ip.bytes, 16);
  state->nsaddr_list[0].sin_family = 0;
  state->_u._ext.nsaddrs[0] = v6;
  state->_u._ext.nscount = 1;
}

/* Each server is asked once, so that all of them have their turn before the
 * deadline. */
static void
set_times (res_state state, gint64 left)
{
  gint64 each = left / G_USEC_PER_SEC / MAX (state->nscount, 1);

  state->retry = left >= 4 * G_USEC_PER_SEC && state->nscount == 1 ? 2 : 1;
  state->retrans = (int) CLAMP (each / state->retry, 1, 30);
}

static void
answer_error (McQuery * query, int h_error)
{
  switch (h_error) {
    case HOST_NOT_FOUND:
      mc_query_fail (query, DNS_STATUS_NO_NAME, "there is no such name");
      break;
    case NO_DATA:
      mc_query_fail (query, DNS_STATUS_NO_DATA, "there is no such record");
      break;
    case TRY_AGAIN:
      /* The library says the same of SERVFAIL and of silence. */
      if (g_get_monotonic_time () >= mc_query_get_deadline (query) -
          G_USEC_PER_SEC)
        mc_query_fail (query, DNS_STATUS_TIMEOUT,
            "the name server does not answer");
      else
        mc_query_fail (query, DNS_STATUS_FAILED,
            "the name server failed, or none answers");
      break;
    default:
      mc_query_fail (query, DNS_STATUS_FAILED,
          "the name server refused to answer");
      break;
  }
}

static void
answer_response (McQuery * query, const dns_response * response, gboolean ad,
    const gchar * canonical, guint32 ttl)
{
  dns_answer answer = {.status = DNS_STATUS_OK,.ttl = ttl };

  answer.records = response->records;
  answer.n_records = response->n_records;
  answer.canonical = canonical;
  answer.security = ad ? DNS_SECURE : DNS_INSECURE;
  if (response->n_records == 0) {
    answer.status = DNS_STATUS_NO_DATA;
    answer.problem = "there is no such record";
  }
  mc_query_answer (query, &answer, response->n_dropped);
}

static gboolean
is_truncated (const guint8 * answer)
{
  return (answer[2] & 0x80) != 0 && (answer[2] & 0x02) != 0;
}

/* The length of the answer, -1 if there is none: see res_h_errno. */
static int
ask_once (res_state state, McQuery * query, const gchar * name, guint8 * buf)
{
  gint64 deadline = mc_query_get_deadline (query);
  guint16 type = mc_query_get_type (query);
  gssize len;

  set_times (state, deadline - g_get_monotonic_time ());
  memset (buf, 0, HFIXEDSZ);
  len = res_nquery (state, name, DNS_CLASS_IN, type, buf, NS_MAXMSG);
  /* One without any record, which the library calls an error, may be so
   * because it was truncated. */
  if (!is_truncated (buf) || (len < 0 && state->res_h_errno != NO_DATA))
    return (int) len;
  len = mc_resolver_ask_tcp (state, name, type, buf, NS_MAXMSG, deadline);
  if (len < 0)
    state->res_h_errno = TRY_AGAIN;
  return (int) len;
}

/* As the library has it, for what came over TCP. */
static int
error_of (unsigned rcode)
{
  switch (rcode) {
    case ns_r_nxdomain:
      return HOST_NOT_FOUND;
    case ns_r_servfail:
      return TRY_AGAIN;
    default:
      return NO_RECOVERY;
  }
}

/* Asks, and asks again for what an alias leads to when the answer has nothing
 * but the alias. */
static void
ask_all (res_state state, McQuery * query, dns_response * response,
    guint8 * buf)
{
  g_autofree gchar *name = g_strdup (mc_query_get_name (query));
  gboolean ad = TRUE, aliased = FALSE;
  guint32 ttl = G_MAXUINT32;

  for (guint i = 0; i <= DNS_MAX_ALIASES; i++) {
    gint64 left = mc_query_get_deadline (query) - g_get_monotonic_time ();
    int len;

    if (mc_query_is_cancelled (query))
      return;
    len = ask_once (state, query, name, buf);
    if (len < 0) {
      answer_error (query, left <= 0 ? TRY_AGAIN : state->res_h_errno);
      return;
    }
    if (dns_parse_response (buf, (gsize) MIN (len, NS_MAXMSG),
            mc_query_get_type (query), response) != DNS_OK)
      break;
    if (response->rcode != 0 && response->n_records == 0) {
      answer_error (query, error_of (response->rcode));
      return;
    }
    ad = ad && response->authentic && (state->options & RES_TRUSTAD) != 0;
    ttl = MIN (ttl, response->ttl);
    aliased = aliased || response->aliased;
    if (response->n_records > 0 || !response->aliased) {
      answer_response (query, response, ad,
          aliased ? response->canonical : NULL, ttl);
      return;
    }
    g_free (name);
    name = g_strdup (response->canonical);
  }
  mc_query_fail (query, DNS_STATUS_FAILED,
      "the answer is malformed, or its aliases have no end");
}

static gpointer
ask_thread (gpointer data)
{
  Work *work = data;
  struct __res_state state = { 0 };
  dns_response *response = g_new (dns_response, 1);
  guint8 *buf = g_malloc (NS_MAXMSG);

  if (res_ninit (&state) == 0) {
    /* Truncated answers are our own matter: see resolver-tcp.h. */
    state.options |= RES_IGNTC;
    set_server (&state);
    ask_all (&state, work->query, response, buf);
    res_nclose (&state);
  } else {
    mc_query_fail (work->query, DNS_STATUS_FAILED,
        "the resolver's configuration cannot be read");
  }
  g_free (buf);
  g_free (response);

  mc_query_unref (work->query);
  g_atomic_int_add (&work->backend->n_threads, -1);
  backend_unref (work->backend);
  g_free (work);
  return NULL;
}

static void
libc_ask (gpointer data, McQuery * query)
{
  Backend *backend = data;
  Work *work;
  GThread *thread;

  if (g_atomic_int_add (&backend->n_threads, 1) >= MAX_THREADS) {
    g_atomic_int_add (&backend->n_threads, -1);
    mc_query_refuse (query, "too many questions at a time");
    return;
  }
  work = g_new (Work, 1);
  work->backend = backend;
  work->query = mc_query_ref (query);
  g_atomic_int_inc (&backend->refs);
  thread = g_thread_try_new ("mc-resolver", ask_thread, work, NULL);
  if (thread != NULL) {
    g_thread_unref (thread);
    return;
  }
  mc_query_unref (query);
  g_atomic_int_add (&backend->n_threads, -1);
  backend_unref (backend);
  g_free (work);
  mc_query_refuse (query, "no thread could be started");
}

static void
libc_free (gpointer data)
{
  backend_unref (data);
}

static const McResolverFuncs libc_funcs = {
  .ask = libc_ask,
  .free = libc_free
};

McResolver *
mc_resolver_new_libc (void)
{
  Backend *backend = g_new0 (Backend, 1);

  backend->refs = 1;
  return mc_resolver_new (&libc_funcs, backend);
}
