/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Resolves names, or finds relays, as a shell script wants it.
 *
 *   netns-resolve unbound|libc|default
 *     reads lines of NAME TYPE [MILLISECONDS] and answers each with one line:
 *     STATUS SECURITY CANONICAL TTL MILLISECONDS RECORD... (or "- PROBLEM")
 *   netns-resolve discover SOURCE [DOMAIN...]
 *     prints the candidates, best first, when nothing more is being asked;
 *     without domains those of resolv.conf
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "driad.h"
#include "resolver.h"

#define MAX_QUERIES 64

static guint16
parse_type (const gchar * text)
{
  static const struct
  {
    const gchar *name;
    guint16 type;
  } types[] = {
    {"A", DNS_TYPE_A},
    {"AAAA", DNS_TYPE_AAAA},
    {"PTR", DNS_TYPE_PTR},
    {"SRV", DNS_TYPE_SRV},
    {"AMTRELAY", DNS_TYPE_AMTRELAY},
  };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (strcmp (text, types[i].name) == 0)
      return types[i].type;
  return (guint16) atoi (text);
}

static const gchar *
security_name (dns_security security)
{
  return security == DNS_SECURE ? "secure" : "insecure";
}

static void
print_relay (const dns_rdata * rdata)
{
  dns_amtrelay relay;
  gchar ip[CORE_IP_TEXT_MAX];

  if (dns_parse_amtrelay (rdata->data, rdata->len, &relay) != DNS_OK)
    printf (" bad");
  else
    printf (" %u/%d/%d/%s%s", relay.precedence, relay.discovery_optional,
        relay.type, core_ip_to_string (&relay.ip, ip), relay.name);
}

static void
print_answer (const dns_answer * answer, guint16 type, gint64 took)
{
  printf ("%s %s %s %u %d", dns_status_name (answer->status),
      security_name (answer->security),
      answer->canonical ? answer->canonical : "-", answer->ttl,
      (gint) (took / 1000));
  if (answer->status != DNS_STATUS_OK)
    printf (" - %s", answer->problem);
  for (guint i = 0; i < answer->n_records; i++) {
    const dns_rdata *rdata = &answer->records[i];

    if (type == DNS_TYPE_AMTRELAY)
      print_relay (rdata);
    else
      printf (" %u", (guint) rdata->len);
  }
  printf ("\n");
  fflush (stdout);
}

static void
wait_for_wake (int wake_fd, int ms)
{
  struct pollfd fd = { wake_fd, POLLIN, 0 };
  guint64 n;

  if (poll (&fd, 1, ms) > 0 && read (wake_fd, &n, sizeof (n)) < 0)
    exit (2);
}

static void
ask (McResolver * resolver, const gchar * name, guint16 type, guint ms)
{
  int wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  gint64 start = g_get_monotonic_time ();
  McQuery *query = mc_query_new (resolver, name, type, ms * CORE_MSECOND,
      wake_fd);
  const dns_answer *answer;

  while ((answer = mc_query_poll (query)) == NULL)
    wait_for_wake (wake_fd, -1);
  print_answer (answer, type, g_get_monotonic_time () - start);
  mc_query_free (query);
  close (wake_fd);
}

static int
answer_lines (const gchar * which)
{
  McResolver *resolver;
  gchar line[1200];

  if (strcmp (which, "unbound") == 0)
    resolver = mc_resolver_new_unbound ();
  else if (strcmp (which, "libc") == 0)
    resolver = mc_resolver_new_libc ();
  else
    resolver = mc_resolver_get_default ();
  if (resolver == NULL)
    return 77;

  while (fgets (line, sizeof (line), stdin)) {
    g_auto (GStrv) words = g_strsplit (g_strchomp (line), " ", 3);

    if (g_strv_length (words) < 2)
      return 2;
    ask (resolver, words[0], parse_type (words[1]),
        words[2] ? (guint) atoi (words[2]) : 0);
  }
  mc_resolver_unref (resolver);
  return 0;
}

/* --- discovery --- */

typedef struct
{
  driad *d;
  McResolver *resolver;
  int wake_fd;
  McQuery *queries[MAX_QUERIES];
  guint32 ids[MAX_QUERIES];
} Discovery;

static core_time
get_time (void)
{
  return (core_time) g_get_monotonic_time () * 1000;
}

static void
fill_random (void *ctx, uint8_t * buf, size_t len)
{
  if (getrandom (buf, len, 0) < 0)
    exit (2);
}

static void
ask_for (Discovery * s, const driad_question * q)
{
  guint i = 0;

  if (q->kind == DRIAD_ASK_ROUTE) {
    core_ip from;
    gboolean ok = mc_route_source (&q->ip, &from);

    driad_route (s->d, q->id, ok ? &from : NULL, get_time ());
    return;
  }
  while (s->queries[i])
    i++;
  s->queries[i] = mc_query_new (s->resolver, q->name, q->type, 0, s->wake_fd);
  s->ids[i] = q->id;
}

static void
collect (Discovery * s)
{
  for (guint i = 0; i < MAX_QUERIES; i++) {
    const dns_answer *answer = s->queries[i] ?
        mc_query_poll (s->queries[i]) : NULL;

    if (answer == NULL)
      continue;
    driad_answer (s->d, s->ids[i], answer, get_time ());
    g_clear_pointer (&s->queries[i], mc_query_free);
  }
}

static int
wait_time (const driad * d)
{
  core_time now = get_time (), deadline = driad_deadline (d);

  if (deadline == CORE_TIME_NEVER)
    return -1;
  return deadline <= now ? 0 : (int) ((deadline - now) / CORE_MSECOND + 1);
}

static void
run (Discovery * s)
{
  driad_start (s->d, get_time ());
  for (;;) {
    driad_question q;
    driad_event_info event;

    while (driad_ask (s->d, &q, get_time ()))
      ask_for (s, &q);
    while (driad_event (s->d, &event))
      if (event.type == DRIAD_EVENT_NOTHING)
        printf ("nothing: %s\n", event.reason_text);
    if (!driad_is_asking (s->d))
      return;
    wait_for_wake (s->wake_fd, wait_time (s->d));
    collect (s);
    driad_expire (s->d, get_time ());
  }
}

static int
discover (int argc, char **argv)
{
  Discovery s = {.wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK) };
  g_auto (GStrv) search = mc_resolver_search_domains ();
  /* Only the list is of interest: no attempt is made, so none ends. */
  driad_config config = {.random = fill_random,
    .attempt_timeout = CORE_TIME_NEVER
  };
  const driad_candidate *list;
  unsigned n;

  if (argc < 1 || !core_ip_from_string (argv[0], &config.source))
    return 2;
  config.domains = argc > 1 ? (const char *const *) argv + 1 :
      (const char *const *) search;
  config.n_domains = argc > 1 ? (unsigned) argc - 1 : g_strv_length (search);
  config.first_family = (core_family) config.source.family;
  if (driad_new (&s.d, &config, get_time ()) != CORE_OK)
    return 2;
  s.resolver = mc_resolver_get_default ();
  run (&s);

  list = driad_candidates (s.d, &n);
  for (unsigned i = 0; i < n; i++) {
    char addr[CORE_ADDR_TEXT_MAX];

    printf ("%s %u %d %s %s\n", driad_way_name (list[i].way), list[i].rank,
        list[i].where.discovery, core_addr_to_string (&list[i].where.addr,
            addr), security_name (list[i].security));
  }
  for (guint i = 0; i < MAX_QUERIES; i++)
    mc_query_free (s.queries[i]);
  mc_resolver_unref (s.resolver);
  driad_free (s.d);
  close (s.wake_fd);
  return 0;
}

int
main (int argc, char **argv)
{
  if (argc < 2)
    return 2;
  if (strcmp (argv[1], "discover") == 0)
    return discover (argc - 2, argv + 2);
  return answer_lines (argv[1]);
}
