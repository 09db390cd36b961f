/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Questions to the DNS and their answers, whoever resolves them.
 */
#include "resolver-backend.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "amt-wire.h"
#include "processwide.h"

struct _McResolver
{
  gint refs;
  const McResolverFuncs *funcs;
  gpointer backend;

  GMutex lock;                  /* of the statistics */
  McResolverStats stats;
};

struct _McQuery
{
  gint refs;
  McResolver *resolver;
  gchar *name;
  guint16 type;
  gint64 deadline;
  int wake_fd;                  /* a duplicate, or -1 */

  GMutex lock;                  /* all below, as long as it is not answered */
  gboolean cancelled;
  gboolean answered;
  dns_answer answer;            /* what it points to is below */
  dns_rdata *records;
  guint8 *storage;
  gchar *canonical;
  gchar *problem;
};

McResolver *
mc_resolver_new (const McResolverFuncs * funcs, gpointer backend)
{
  McResolver *resolver = g_new0 (McResolver, 1);

  resolver->refs = 1;
  resolver->funcs = funcs;
  resolver->backend = backend;
  g_mutex_init (&resolver->lock);
  return resolver;
}

McResolver *
mc_resolver_ref (McResolver * resolver)
{
  g_atomic_int_inc (&resolver->refs);
  return resolver;
}

void
mc_resolver_unref (McResolver * resolver)
{
  if (!g_atomic_int_dec_and_test (&resolver->refs))
    return;
  resolver->funcs->free (resolver->backend);
  g_mutex_clear (&resolver->lock);
  g_free (resolver);
}

static gpointer
create_default (void)
{
  McResolver *resolver = mc_resolver_new_unbound ();

  return resolver ? resolver : mc_resolver_new_libc ();
}

McResolver *
mc_resolver_get_default (void)
{
  return mc_resolver_ref (mc_process_wide ("resolver", create_default));
}

void
mc_resolver_network_changed (McResolver * resolver)
{
  if (resolver->funcs->network_changed)
    resolver->funcs->network_changed (resolver->backend);
}

void
mc_resolver_get_stats (McResolver * resolver, McResolverStats * stats)
{
  g_mutex_lock (&resolver->lock);
  *stats = resolver->stats;
  g_mutex_unlock (&resolver->lock);
}

static void
count (McResolver * resolver, guint64 * counter, guint64 n)
{
  g_mutex_lock (&resolver->lock);
  *counter += n;
  g_mutex_unlock (&resolver->lock);
}

/* --- queries --- */

McQuery *
mc_query_ref (McQuery * query)
{
  g_atomic_int_inc (&query->refs);
  return query;
}

void
mc_query_unref (McQuery * query)
{
  if (!g_atomic_int_dec_and_test (&query->refs))
    return;
  if (query->wake_fd >= 0)
    close (query->wake_fd);
  g_mutex_clear (&query->lock);
  g_free (query->records);
  g_free (query->storage);
  g_free (query->canonical);
  g_free (query->problem);
  g_free (query->name);
  g_free (query);
}

void
mc_query_free (McQuery * query)
{
  McResolver *resolver;
  gboolean answered;

  if (query == NULL)
    return;
  resolver = query->resolver;
  g_mutex_lock (&query->lock);
  answered = query->answered;
  query->cancelled = TRUE;
  g_mutex_unlock (&query->lock);

  if (!answered) {
    count (resolver, &resolver->stats.cancelled, 1);
    if (resolver->funcs->cancelled)
      resolver->funcs->cancelled (resolver->backend);
  }
  mc_query_unref (query);
  mc_resolver_unref (resolver);
}

const dns_answer *
mc_query_poll (McQuery * query)
{
  gboolean answered;

  g_mutex_lock (&query->lock);
  answered = query->answered;
  g_mutex_unlock (&query->lock);
  return answered ? &query->answer : NULL;
}

const gchar *
mc_query_get_name (const McQuery * query)
{
  return query->name;
}

guint16
mc_query_get_type (const McQuery * query)
{
  return query->type;
}

gint64
mc_query_get_deadline (const McQuery * query)
{
  return query->deadline;
}

gboolean
mc_query_is_cancelled (McQuery * query)
{
  gboolean cancelled;

  g_mutex_lock (&query->lock);
  cancelled = query->cancelled;
  g_mutex_unlock (&query->lock);
  return cancelled;
}

static void
copy_records (McQuery * query, const dns_answer * answer)
{
  gsize total = 0, used = 0;

  for (guint i = 0; i < answer->n_records; i++)
    total += answer->records[i].len;
  query->records = g_new0 (dns_rdata, answer->n_records);
  query->storage = g_malloc (MAX (total, 1));
  for (guint i = 0; i < answer->n_records; i++) {
    const dns_rdata *rdata = &answer->records[i];

    if (rdata->len > 0)
      memcpy (query->storage + used, rdata->data, rdata->len);
    query->records[i].data = query->storage + used;
    query->records[i].len = rdata->len;
    used += rdata->len;
  }
  query->answer.records = query->records;
}

static guint64 *
counter_of (McResolver * resolver, dns_status status)
{
  switch (status) {
    case DNS_STATUS_BOGUS:
      return &resolver->stats.bogus;
    case DNS_STATUS_FAILED:
      return &resolver->stats.failures;
    case DNS_STATUS_TIMEOUT:
      return &resolver->stats.timeouts;
    default:
      return &resolver->stats.answers;
  }
}

static void
wake (const McQuery * query, int wake_fd)
{
  const guint64 one = 1;

  /* Only a full counter can refuse, and then the owner is awake anyway. */
  if (wake_fd >= 0 && write (wake_fd, &one, sizeof (one)) < 0)
    g_debug ("answer to %s: could not wake its owner", query->name);
}

/* The lock is held.  Nobody who waits any more may have taken the resolver
 * with him. */
static void
take_answer (McQuery * query, const dns_answer * answer, guint n_dropped)
{
  McResolver *resolver = query->resolver;

  query->answer = *answer;
  query->canonical = g_strdup (answer->canonical);
  query->answer.canonical = query->canonical;
  query->problem = g_strdup (answer->problem);
  query->answer.problem = query->problem;
  query->answer.records = NULL;
  if (answer->n_records > 0)
    copy_records (query, answer);
  query->answered = TRUE;

  count (resolver, counter_of (resolver, answer->status), 1);
  count (resolver, &resolver->stats.records_dropped, n_dropped);
  wake (query, query->wake_fd);
}

void
mc_query_answer (McQuery * query, const dns_answer * answer, guint n_dropped)
{
  g_mutex_lock (&query->lock);
  if (!query->answered && !query->cancelled)
    take_answer (query, answer, n_dropped);
  g_mutex_unlock (&query->lock);
}

void
mc_query_fail (McQuery * query, dns_status status, const gchar * problem)
{
  dns_answer answer = {.status = status,.problem = problem };

  mc_query_answer (query, &answer, 0);
}

void
mc_query_refuse (McQuery * query, const gchar * problem)
{
  count (query->resolver, &query->resolver->stats.refused, 1);
  mc_query_fail (query, DNS_STATUS_FAILED, problem);
}

McQuery *
mc_query_new (McResolver * resolver, const gchar * name, guint16 type,
    core_time timeout, int wake_fd)
{
  McQuery *query = g_new0 (McQuery, 1);
  g_autofree gchar *problem = mc_resolver_settings_problem ();

  if (timeout == 0)
    timeout = MC_QUERY_TIMEOUT;
  query->refs = 1;
  query->resolver = mc_resolver_ref (resolver);
  query->name = g_strdup (name);
  query->type = type;
  query->deadline = g_get_monotonic_time () +
      (gint64) (MIN (timeout, 3600 * CORE_SECOND) / 1000);
  query->wake_fd = wake_fd < 0 ? -1 : fcntl (wake_fd, F_DUPFD_CLOEXEC, 0);
  if (problem == NULL && wake_fd >= 0 && query->wake_fd < 0)
    problem = g_strdup ("out of file descriptors");
  g_mutex_init (&query->lock);
  count (resolver, &resolver->stats.questions, 1);
  if (problem) {
    mc_query_fail (query, DNS_STATUS_FAILED, problem);
    if (query->wake_fd < 0)
      wake (query, wake_fd);
  } else {
    resolver->funcs->ask (resolver->backend, query);
  }
  return query;
}

/* --- settings --- */

/* NULL if it is not "HOST", "HOST:PORT", "[HOST]" or "[HOST]:PORT". */
static gchar *
split_port (const gchar * text, guint64 * port)
{
  const gchar *end = strchr (text, ':');

  if (text[0] == '[') {
    end = strchr (++text, ']');
    if (end == NULL || (end[1] != '\0' && end[1] != ':'))
      return NULL;
  } else if (end == NULL || strchr (end + 1, ':') != NULL) {
    /* Bare IPv6 has more than one. */
    return g_strdup (text);
  }
  if (strchr (end, ':') != NULL && !g_ascii_string_to_unsigned (strchr (end,
              ':') + 1, 10, 1, G_MAXUINT16, port, NULL))
    return NULL;
  return g_strndup (text, (gsize) (end - text));
}

static gboolean
parse_server (const gchar * text, core_addr * server)
{
  guint64 port = 53;
  g_autofree gchar *host = split_port (text, &port);

  memset (server, 0, sizeof (*server));
  server->port = (uint16_t) port;
  return host != NULL && core_ip_from_string (host, &server->ip) &&
      core_ip_is_unicast (&server->ip);
}

gboolean
mc_resolver_get_server (core_addr * server)
{
  const gchar *text = g_getenv (MC_RESOLVER_SERVER_ENV);

  return text != NULL && text[0] != '\0' && parse_server (text, server);
}

/* libunbound would read a directory for ever. */
static gboolean
can_be_read (const gchar * file)
{
  struct stat st;

  if (access (file, R_OK) != 0 || stat (file, &st) != 0)
    return FALSE;
  errno = EISDIR;
  return !S_ISDIR (st.st_mode);
}

gchar *
mc_resolver_settings_problem (void)
{
  const gchar *server = g_getenv (MC_RESOLVER_SERVER_ENV);
  const gchar *anchor = g_getenv (MC_RESOLVER_TRUST_ANCHOR_ENV);
  core_addr addr;

  if (server != NULL && server[0] != '\0' && !parse_server (server, &addr))
    return g_strdup_printf (MC_RESOLVER_SERVER_ENV " in the environment is "
        "\"%s\", which is not ADDRESS, ADDRESS:PORT or [IPv6]:PORT of one host",
        server);
  if (anchor != NULL && anchor[0] != '\0' && !can_be_read (anchor))
    return g_strdup_printf (MC_RESOLVER_TRUST_ANCHOR_ENV " in the environment "
        "is \"%s\", which cannot be read: %s", anchor, g_strerror (errno));
  return NULL;
}

const gchar *
mc_resolver_trust_anchor (void)
{
  const gchar *file = g_getenv (MC_RESOLVER_TRUST_ANCHOR_ENV);

  return file && file[0] ? file : MC_RESOLVER_TRUST_ANCHOR;
}

static void
append_stamp (GString * text, const gchar * file)
{
  struct stat st;

  if (stat (file, &st) == 0)
    g_string_append_printf (text, "|%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT
        ":%" G_GINT64_FORMAT ":%ld:%" G_GINT64_FORMAT, (guint64) st.st_dev,
        (guint64) st.st_ino, (gint64) st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
        (gint64) st.st_size);
  else
    g_string_append (text, "|-");
}

gchar *
mc_resolver_settings (void)
{
  const gchar *server = g_getenv (MC_RESOLVER_SERVER_ENV);
  GString *text = g_string_new (server);

  g_string_append_printf (text, "|%s", mc_resolver_trust_anchor ());
  append_stamp (text, mc_resolver_trust_anchor ());
  append_stamp (text, "/etc/resolv.conf");
  append_stamp (text, "/etc/hosts");
  return g_string_free (text, FALSE);
}

gchar **
mc_resolver_search_domains (void)
{
  GPtrArray *domains = g_ptr_array_new ();
  struct __res_state state = { 0 };

  if (res_ninit (&state) == 0) {
    for (guint i = 0; i < MAXDNSRCH && state.dnsrch[i]; i++)
      if (state.dnsrch[i][strspn (state.dnsrch[i], ".")] != '\0')
        g_ptr_array_add (domains, g_strdup (state.dnsrch[i]));
    res_nclose (&state);
  }
  g_ptr_array_add (domains, NULL);
  return (gchar **) g_ptr_array_free (domains, FALSE);
}

/* --- routes --- */

static socklen_t
to_sockaddr (const core_ip * ip, struct sockaddr_storage *out)
{
  struct sockaddr_in *v4 = (struct sockaddr_in *) out;
  struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) out;

  memset (out, 0, sizeof (*out));
  if (ip->family == CORE_FAMILY_V4) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons (AMT_PORT);
    memcpy (&v4->sin_addr, ip->bytes, 4);
    return sizeof (*v4);
  }
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons (AMT_PORT);
  memcpy (&v6->sin6_addr, ip->bytes, 16);
  return sizeof (*v6);
}

static gboolean
from_sockaddr (const struct sockaddr_storage *addr, core_ip * ip)
{
  const struct sockaddr_in *v4 = (const struct sockaddr_in *) addr;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) addr;

  if (addr->ss_family == AF_INET)
    *ip = core_ip_v4 ((const guint8 *) &v4->sin_addr);
  else
    *ip = core_ip_v6 ((const guint8 *) &v6->sin6_addr);
  return !core_ip_is_unspecified (ip);
}

gboolean
mc_route_source (const core_ip * ip, core_ip * from)
{
  struct sockaddr_storage addr;
  socklen_t len = to_sockaddr (ip, &addr);
  int fd = socket (addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  gboolean ok;

  if (fd < 0)
    return FALSE;
  ok = connect (fd, (struct sockaddr *) &addr, len) == 0;
  len = sizeof (addr);
  ok = ok && getsockname (fd, (struct sockaddr *) &addr, &len) == 0 &&
      from_sockaddr (&addr, from);
  close (fd);
  return ok;
}
