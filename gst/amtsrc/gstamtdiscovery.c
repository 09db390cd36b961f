/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Finds a relay for a channel whose user named none.
 *
 * driad decides; this asks its questions, runs its attempts and tells the user.
 */
#include "gstamtdiscovery.h"

#include <string.h>

#include "gstamtprobe.h"
#include "gstmcaddr.h"
#include "resolver.h"

GST_DEBUG_CATEGORY_EXTERN (gst_amt_src_debug);
#define GST_CAT_DEFAULT gst_amt_src_debug

#define MAX_EVENTS 16

typedef struct
{
  McQuery *query;               /* NULL: free */
  guint32 id;
  gchar *what;                  /* "AMTRELAY of NAME" */
} Question;

typedef struct
{
  GstAmtProbe *probe;           /* NULL: free */
  guint32 id;
  driad_candidate candidate;
} Attempt;

struct _GstAmtDiscovery
{
  GstElement *element;
  GstMcPoll *poll;
  core_ip local;
  int wake_fd;
  GstMcChannel channel;

  McResolver *resolver;
  driad *d;                     /* NULL before the first start */
  Question questions[DRIAD_MAX_LOOKUPS];
  Attempt attempts[DRIAD_MAX_ATTEMPTS];
  amt_gateway_event_info events[MAX_EVENTS];
  guint n_events;

  gboolean looking_up;          /* told to have begun */
  gboolean found;               /* relay is to be used */
  gboolean news;                /*   and nobody knows yet */
  amt_relay_candidate relay;
  driad_candidate used;         /* what led to it */
  gboolean awaiting;            /* no packet came since it was joined */
  gboolean trying;              /* attempts were told, and no end of them */
  amt_lost_reason reason;       /* of the search, if the relay is in use */
  gchar *dns_problem;           /* of the last answer that was none, ... */
  gchar *dns_problem_of;        /* which is what was asked for */
  gchar *problem;
};

GstAmtDiscovery *
gst_amt_discovery_new (GstElement * element, GstMcPoll * poll,
    const core_ip * local, int wake_fd)
{
  GstAmtDiscovery *self = g_new0 (GstAmtDiscovery, 1);

  self->element = element;
  self->poll = poll;
  self->local = *local;
  self->wake_fd = wake_fd;
  return self;
}

static void pump (GstAmtDiscovery * self, core_time now);

static void
clear_question (Question * question)
{
  g_clear_pointer (&question->query, mc_query_free);
  g_clear_pointer (&question->what, g_free);
}

static void
clear_attempt (Attempt * attempt)
{
  g_clear_pointer (&attempt->probe, gst_amt_probe_free);
}

static void
break_off (GstAmtDiscovery * self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->questions); i++)
    clear_question (&self->questions[i]);
  for (guint i = 0; i < G_N_ELEMENTS (self->attempts); i++)
    clear_attempt (&self->attempts[i]);
  if (self->looking_up)
    gst_mc_progress (self->element, GST_PROGRESS_TYPE_CANCELED, "name-lookup",
        "No longer looking for relays");
  self->looking_up = FALSE;
  self->n_events = 0;
  self->news = self->trying = self->awaiting = FALSE;
}

void
gst_amt_discovery_free (GstAmtDiscovery * self)
{
  if (self == NULL)
    return;
  break_off (self);
  driad_free (self->d);
  g_clear_pointer (&self->resolver, mc_resolver_unref);
  g_free (self->dns_problem);
  g_free (self->dns_problem_of);
  g_free (self->problem);
  g_free (self);
}

/* FALSE: there is no memory. */
static gboolean
make_driad (GstAmtDiscovery * self, core_time now)
{
  g_auto (GStrv) domains = mc_resolver_search_domains ();
  const driad_config config = {
    .random = gst_mc_random,
    .source = self->channel.source,
    .first_family = (core_family) self->channel.group.family,
    .domains = (const char *const *) domains,
    .n_domains = g_strv_length (domains),
  };

  self->resolver = mc_resolver_get_default ();
  return driad_new (&self->d, &config, now) == CORE_OK;
}

void
gst_amt_discovery_start (GstAmtDiscovery * self, const GstMcChannel * channel,
    core_time now)
{
  self->channel = *channel;
  if (self->d == NULL && !make_driad (self, now)) {
    g_free (self->problem);
    self->problem = g_strdup ("out of memory");
    return;
  }
  driad_start (self->d, now);
  pump (self, now);
}

void
gst_amt_discovery_stop (GstAmtDiscovery * self, core_time now)
{
  if (self->d != NULL)
    driad_stop (self->d, now);
  break_off (self);
}

/* --- questions --- */

static const gchar *
type_name (guint16 type)
{
  switch (type) {
    case DNS_TYPE_AMTRELAY:
      return "AMTRELAY records";
    case DNS_TYPE_PTR:
      return "services (PTR records)";
    case DNS_TYPE_SRV:
      return "SRV records";
    default:
      return type == DNS_TYPE_AAAA ? "IPv6 addresses" : "IPv4 addresses";
  }
}

static void
ask_dns (GstAmtDiscovery * self, const driad_question * q, core_time now)
{
  static const dns_answer nobody = {.status = DNS_STATUS_FAILED };
  Question *question = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (self->questions); i++)
    if (self->questions[i].query == NULL)
      question = &self->questions[i];
  if (question == NULL) {
    driad_answer (self->d, q->id, &nobody, now);
    return;
  }
  question->id = q->id;
  question->what = g_strdup_printf ("%s of %s", type_name (q->type), q->name);
  question->query = mc_query_new (self->resolver, q->name, q->type, 0,
      self->wake_fd);
  gst_mc_progress (self->element, self->looking_up ?
      GST_PROGRESS_TYPE_CONTINUE : GST_PROGRESS_TYPE_START, "name-lookup",
      "Looking for relays: asking for %s", question->what);
  self->looking_up = TRUE;
}

static void
ask (GstAmtDiscovery * self, core_time now)
{
  driad_question q;

  while (driad_ask (self->d, &q, now)) {
    core_ip from;

    if (q.kind == DRIAD_ASK_ROUTE)
      driad_route (self->d, q.id, mc_route_source (&q.ip, &from) ? &from : NULL,
          now);
    else
      ask_dns (self, &q, now);
  }
}

static void
clear_dns_problem (GstAmtDiscovery * self)
{
  g_clear_pointer (&self->dns_problem, g_free);
  g_clear_pointer (&self->dns_problem_of, g_free);
}

static void
note_problem (GstAmtDiscovery * self, const Question * question,
    const dns_answer * answer)
{
  if (answer->status != DNS_STATUS_BOGUS &&
      answer->status != DNS_STATUS_FAILED &&
      answer->status != DNS_STATUS_TIMEOUT) {
    if (g_strcmp0 (self->dns_problem_of, question->what) == 0)
      clear_dns_problem (self);
    return;
  }
  clear_dns_problem (self);
  self->dns_problem_of = g_strdup (question->what);
  self->dns_problem = g_strdup_printf ("asking for %s failed (%s%s%s)",
      question->what, dns_status_name (answer->status),
      answer->problem ? ": " : "", answer->problem ? answer->problem : "");
  GST_INFO_OBJECT (self->element, "%s", self->dns_problem);
}

static void
collect_answers (GstAmtDiscovery * self, core_time now)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->questions); i++) {
    Question *question = &self->questions[i];
    const dns_answer *answer = question->query ?
        mc_query_poll (question->query) : NULL;

    if (answer == NULL)
      continue;
    note_problem (self, question, answer);
    driad_answer (self->d, question->id, answer, now);
    clear_question (question);
  }
}

static void
end_lookup (GstAmtDiscovery * self)
{
  unsigned n;

  if (!self->looking_up || driad_is_asking (self->d))
    return;
  driad_candidates (self->d, &n);
  self->looking_up = FALSE;
  gst_mc_progress (self->element, GST_PROGRESS_TYPE_COMPLETE, "name-lookup",
      n == 1 ? "Found %u relay%s%s" : "Found %u relays%s%s", n,
      self->dns_problem ? "; " : "", self->dns_problem ? self->dns_problem :
      "");
}

/* --- attempts --- */

static void
begin_attempt (GstAmtDiscovery * self, const driad_event_info * event,
    core_time now)
{
  const amt_relay_candidate *where = &event->candidate.where;
  Attempt *attempt = NULL;
  gchar text[CORE_ADDR_TEXT_MAX];

  GST_INFO_OBJECT (self->element, "trying %s, found by %s (%s)",
      core_addr_to_string (&where->addr, text),
      driad_way_name (event->candidate.way),
      event->candidate.security == DNS_SECURE ? "secure" : "insecure");
  for (guint i = 0; i < G_N_ELEMENTS (self->attempts); i++)
    if (self->attempts[i].probe == NULL)
      attempt = &self->attempts[i];
  if (attempt != NULL)
    attempt->probe = gst_amt_probe_new (self->element, self->poll,
        &self->local, &self->channel, where, now);
  if (attempt == NULL || attempt->probe == NULL) {
    driad_attempt_ended (self->d, event->attempt, DRIAD_FAILED, now);
    return;
  }
  attempt->id = event->attempt;
  attempt->candidate = event->candidate;
  if (self->n_events < MAX_EVENTS) {
    const amt_gateway_event_info told = {.type = AMT_EVENT_CONNECTING,
      .relay = where->addr,.discovery = where->discovery,.channel = -1
    };

    self->events[self->n_events++] = told;
    self->trying = TRUE;
  }
}

static void
cancel_attempt (GstAmtDiscovery * self, guint32 id)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->attempts); i++)
    if (self->attempts[i].probe != NULL && self->attempts[i].id == id)
      clear_attempt (&self->attempts[i]);
}

static void
end_attempt (GstAmtDiscovery * self, Attempt * attempt,
    GstAmtProbeResult result, core_time now)
{
  static const driad_result results[] = {
    [GST_AMT_PROBE_ESTABLISHED] = DRIAD_ESTABLISHED,
    [GST_AMT_PROBE_REFUSED] = DRIAD_REFUSED,
    [GST_AMT_PROBE_FAILED] = DRIAD_FAILED,
  };

  if (driad_attempt_ended (self->d, attempt->id, results[result], now) &&
      result == GST_AMT_PROBE_ESTABLISHED) {
    self->relay.addr = *gst_amt_probe_get_relay (attempt->probe);
    self->used = attempt->candidate;
    self->found = TRUE;
    self->news = TRUE;
    g_clear_pointer (&self->problem, g_free);
  }
  clear_attempt (attempt);
}

static void
step_attempts (GstAmtDiscovery * self, core_time now)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->attempts); i++) {
    Attempt *attempt = &self->attempts[i];
    GstAmtProbeResult result;

    if (attempt->probe == NULL)
      continue;
    result = gst_amt_probe_step (attempt->probe, now);
    if (result != GST_AMT_PROBE_ASKING)
      end_attempt (self, attempt, result, now);
  }
}

/* TRUE: an attempt began, which has something to send. */
static gboolean
take_events (GstAmtDiscovery * self, core_time now)
{
  gboolean began = FALSE;
  driad_event_info event;

  while (driad_event (self->d, &event)) {
    switch (event.type) {
      case DRIAD_EVENT_ATTEMPT:
        begin_attempt (self, &event, now);
        began = TRUE;
        break;
      case DRIAD_EVENT_CANCEL:
        cancel_attempt (self, event.attempt);
        break;
      case DRIAD_EVENT_NOTHING:
        g_free (self->problem);
        self->problem = self->dns_problem == NULL ?
            g_strdup (event.reason_text) : g_strdup_printf ("%s; %s",
            event.reason_text, self->dns_problem);
        GST_INFO_OBJECT (self->element, "%s", self->problem);
        break;
      case DRIAD_EVENT_LOST:
        GST_INFO_OBJECT (self->element, "the relay brings nothing");
        self->reason = event.reason;
        break;
      case DRIAD_EVENT_CANDIDATES:
        break;
    }
  }
  return began;
}

/* --- the whole --- */

/* After whatever driad was told: its deadline does not count what it has to say
 * now. */
static void
pump (GstAmtDiscovery * self, core_time now)
{
  do {
    ask (self, now);
    step_attempts (self, now);
  } while (take_events (self, now));
  end_lookup (self);
}

gboolean
gst_amt_discovery_step (GstAmtDiscovery * self, core_time now)
{
  gboolean news;

  if (self->d == NULL || driad_get_state (self->d) == DRIAD_IDLE)
    return FALSE;
  collect_answers (self, now);
  /* After a pause: what came in it is read before it is found to be late. */
  step_attempts (self, now);
  driad_expire (self->d, now);
  pump (self, now);
  news = self->news;
  self->news = FALSE;
  return news;
}

core_time
gst_amt_discovery_deadline (const GstAmtDiscovery * self)
{
  core_time deadline;

  if (self->d == NULL)
    return CORE_TIME_NEVER;
  if (self->news)
    return 0;
  deadline = driad_deadline (self->d);
  for (guint i = 0; i < G_N_ELEMENTS (self->attempts); i++)
    if (self->attempts[i].probe != NULL)
      deadline = MIN (deadline,
          gst_amt_probe_deadline (self->attempts[i].probe));
  return deadline;
}

const amt_relay_candidate *
gst_amt_discovery_get (const GstAmtDiscovery * self)
{
  return &self->relay;
}

gboolean
gst_amt_discovery_event (GstAmtDiscovery * self, amt_gateway_event_info * event)
{
  if (self->n_events == 0)
    return FALSE;
  *event = self->events[0];
  self->n_events--;
  memmove (self->events, self->events + 1,
      self->n_events * sizeof (self->events[0]));
  return TRUE;
}

void
gst_amt_discovery_settle (GstAmtDiscovery * self, core_time now)
{
  if (self->d == NULL)
    return;
  self->trying = FALSE;
  if (driad_get_state (self->d) == DRIAD_SETTLED)
    return;
  driad_settle (self->d, &self->used.where, now);
  pump (self, now);
}

void
gst_amt_discovery_confirm (GstAmtDiscovery * self, core_time now)
{
  const amt_gateway_event_info told = {.type = AMT_EVENT_CONNECTED,
    .relay = self->relay.addr,.channel = -1
  };

  if (self->trying && self->n_events < MAX_EVENTS)
    self->events[self->n_events++] = told;
  self->trying = FALSE;
  gst_amt_discovery_joined (self, now);
}

void
gst_amt_discovery_joined (GstAmtDiscovery * self, core_time now)
{
  driad_joined (self->d, now);
  self->awaiting = TRUE;
}

void
gst_amt_discovery_data (GstAmtDiscovery * self, core_time now)
{
  if (!self->awaiting)
    return;
  self->awaiting = FALSE;
  /* It was only slow: the others are not needed. */
  if (driad_get_state (self->d) != DRIAD_SETTLED) {
    driad_settle (self->d, &self->used.where, now);
    gst_amt_discovery_confirm (self, now);
    self->awaiting = FALSE;
  }
  driad_data (self->d, now);
}

void
gst_amt_discovery_resume (GstAmtDiscovery * self, core_time now)
{
  if (!self->awaiting)
    return;
  driad_data (self->d, now);
  driad_joined (self->d, now);
}

amt_lost_reason
gst_amt_discovery_get_reason (const GstAmtDiscovery * self)
{
  return self->reason;
}

void
gst_amt_discovery_lost (GstAmtDiscovery * self, amt_lost_reason reason,
    core_time now)
{
  if (self->d == NULL)
    return;
  self->found = self->awaiting = FALSE;
  driad_lost (self->d, reason, now);
  pump (self, now);
}

void
gst_amt_discovery_network_changed (GstAmtDiscovery * self, core_time now)
{
  g_auto (GStrv) domains = NULL;

  if (self->d == NULL)
    return;
  mc_resolver_network_changed (self->resolver);
  domains = mc_resolver_search_domains ();
  for (guint i = 0; i < G_N_ELEMENTS (self->questions); i++)
    clear_question (&self->questions[i]);
  clear_dns_problem (self);
  self->awaiting = FALSE;
  self->reason = AMT_LOST_NETWORK_CHANGED;
  driad_network_changed (self->d, (const char *const *) domains,
      g_strv_length (domains), now);
  pump (self, now);
}

const gchar *
gst_amt_discovery_get_way (const GstAmtDiscovery * self)
{
  return self->found ? driad_way_name (self->used.way) : "";
}

const gchar *
gst_amt_discovery_get_security (const GstAmtDiscovery * self)
{
  if (!self->found)
    return "";
  return self->used.security == DNS_SECURE ? "secure" : "insecure";
}

const gchar *
gst_amt_discovery_get_problem (const GstAmtDiscovery * self)
{
  unsigned n;

  if (self->found)
    return NULL;
  if (self->problem == NULL && self->looking_up) {
    driad_candidates (self->d, &n);
    return n == 0 ? "the name service does not answer" : NULL;
  }
  return self->problem;
}
