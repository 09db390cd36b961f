/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The memberships of the AMT gateway and what a relay is told of them:
 * Updates and Teardowns (RFC 7450 §5.2.3.6, §5.2.3.7).
 */
#include "amt-gateway-private.h"

#include "igmp.h"
#include "mld.h"

#include <stdlib.h>
#include <string.h>

enum
{
  FIRST_SLOTS = 4,

  /* What fits into the largest Update. */
  MAX_RECORDS = (AMT_GATEWAY_DATAGRAM_MAX - AMT_MEMBERSHIP_HEADER -
      IGMP_REPORT_OVERHEAD) / 12,
  MAX_SOURCES = (AMT_GATEWAY_DATAGRAM_MAX - AMT_MEMBERSHIP_HEADER -
      IGMP_REPORT_OVERHEAD) / 4
};

/* A report being put together. */
typedef struct
{
  size_t room;
  unsigned n_records;
  unsigned n_sources;
  group_record_out records[MAX_RECORDS];
  core_ip sources[MAX_SOURCES];
} report;

/* State changes are repeated at random times in (0, this] (RFC 3376 §8.11). */
static const core_time repeat_interval = CORE_SECOND;

/* Memberships */

static gateway_protocol *
protocol_of (amt_gateway * gw, const gateway_member * m)
{
  return &gw->protocols[m->key.group.family == CORE_FAMILY_V4 ? 0 : 1];
}

gateway_member *
gateway_find_member (const amt_gateway * gw, const gateway_key * key,
    unsigned *pos)
{
  unsigned low = 0, high = gw->n_members;
  gateway_member *found = NULL;

  while (low < high) {
    unsigned middle = low + (high - low) / 2;
    int order = memcmp (key, &gw->members[middle].key, sizeof (*key));

    if (order == 0) {
      low = middle;
      found = &gw->members[middle];
      break;
    }
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  if (pos)
    *pos = low;
  return found;
}

/* Nothing left to tell of it to anybody. */
static bool
is_forgotten (const gateway_member * m)
{
  return m->refs == 0 && m->repeats == 0 && !m->reported && !m->farewell_due;
}

static void
forget_members (amt_gateway * gw)
{
  unsigned kept = 0;

  for (unsigned i = 0; i < gw->n_members; i++)
    if (!is_forgotten (&gw->members[i]))
      gw->members[kept++] = gw->members[i];
  gw->n_members = kept;
}

/* Members that wait to be blocked must not pile up: those the relay was told
 * of once go first. */
static void
limit_members (amt_gateway * gw)
{
  for (int pass = 0; pass < 2; pass++) {
    if (gw->n_members < 2 * gw->config.max_channels)
      return;
    for (unsigned i = 0; i < gw->n_members; i++) {
      gateway_member *m = &gw->members[i];

      if (m->refs > 0 || (pass == 0 && (m->farewell_due ||
                  m->repeats >= protocol_of (gw, m)->robustness)))
        continue;
      m->repeats = 0;
      m->change_due = false;
      m->reported = false;
      m->farewell_due = false;
    }
    forget_members (gw);
  }
}

static bool
reserve_member (amt_gateway * gw)
{
  gateway_member *members;
  unsigned cap = gw->members_cap ? gw->members_cap * 2 : FIRST_SLOTS;

  limit_members (gw);
  if (gw->n_members < gw->members_cap)
    return true;
  members = realloc (gw->members, cap * sizeof (*members));
  if (members == NULL)
    return false;
  gw->members = members;
  gw->members_cap = cap;
  return true;
}

static gateway_member *
add_member (amt_gateway * gw, const gateway_key * key)
{
  unsigned pos;
  gateway_member *m = gateway_find_member (gw, key, &pos);

  if (m != NULL)
    return m;
  if (!reserve_member (gw))
    return NULL;
  gateway_find_member (gw, key, &pos);
  m = &gw->members[pos];
  memmove (m + 1, m, (gw->n_members - pos) * sizeof (*m));
  gw->n_members++;
  memset (m, 0, sizeof (*m));
  m->key = *key;
  m->first_channel = -1;
  return m;
}

static int
free_slot (amt_gateway * gw)
{
  gateway_channel *channels;
  unsigned n = gw->n_slots ? gw->n_slots * 2 : FIRST_SLOTS;
  unsigned first = gw->n_slots;

  if (gw->n_channels < gw->n_slots) {
    unsigned i = 0;

    while (gw->channels[i].used)
      i++;
    return (int) i;
  }
  channels = realloc (gw->channels, n * sizeof (*channels));
  if (channels == NULL)
    return CORE_ERR_NO_MEMORY;
  memset (channels + first, 0, (n - first) * sizeof (*channels));
  gw->channels = channels;
  gw->n_slots = n;
  return (int) first;
}

/* Sends all pending state changes of a protocol now (RFC 3376 §5.1: a further
 * change is merged with what is pending). */
static void
begin_change (amt_gateway * gw, gateway_protocol * p)
{
  p->change_at = CORE_TIME_NEVER;
  if (!p->valid)
    return;
  for (unsigned i = 0; i < gw->n_members; i++) {
    gateway_member *m = &gw->members[i];

    if (m->repeats > 0 && protocol_of (gw, m) == p) {
      m->change_due = true;
      p->report_due = true;
    }
  }
}

/* The first member of a protocol, or the first after all had left. */
static void
protocol_needed (amt_gateway * gw, gateway_protocol * p)
{
  if (!p->valid) {
    p->request_due = true;
  } else if (p->refresh_at == CORE_TIME_NEVER) {
    p->refresh_at = gateway_later (p->query_at, p->interval);
    if (p->refresh_at <= gw->now) {
      p->refresh_at = CORE_TIME_NEVER;
      p->request_due = true;
    }
  }
  gateway_pump_requests (gw);
}

int
gateway_add_channel (amt_gateway * gw, const gateway_key * key, uint16_t port)
{
  gateway_member *m;
  gateway_protocol *p;
  gateway_channel *c;
  int slot = free_slot (gw);

  if (slot < 0)
    return slot;
  m = add_member (gw, key);
  if (m == NULL)
    return CORE_ERR_NO_MEMORY;

  c = &gw->channels[slot];
  c->used = true;
  c->key = *key;
  c->port = port;
  gw->expected.family = CORE_FAMILY_NONE;
  c->next = m->first_channel;
  m->first_channel = slot;
  gw->n_channels++;
  if (m->refs++ > 0)
    return slot;

  p = protocol_of (gw, m);
  m->repeats = p->valid ? p->robustness : 0;
  begin_change (gw, p);
  p->n_members++;
  if (gw->leaving) {
    gw->leaving = false;
    gateway_set_state (gw, AMT_GATEWAY_ACTIVE, &gw->relay);
    if (gw->told)
      gateway_arm_silence (gw);
  }
  if (p->n_members == 1)
    protocol_needed (gw, p);
  return slot;
}

static void
unlink_channel (amt_gateway * gw, gateway_member * m, int channel)
{
  int *link = &m->first_channel;

  while (*link != channel)
    link = &gw->channels[*link].next;
  *link = gw->channels[channel].next;
  gw->channels[channel].used = false;
  gw->expected.family = CORE_FAMILY_NONE;
  gw->n_channels--;
}

static bool
any_report_pending (const amt_gateway * gw)
{
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++)
    if (gw->protocols[i].report_due ||
        gw->protocols[i].change_at != CORE_TIME_NEVER)
      return true;
  return false;
}

/* All that was to be said of leaving is said but for the Teardown. */
static void
finish_leaving (amt_gateway * gw)
{
  if (!gw->leaving || any_report_pending (gw))
    return;
  gateway_say_farewell (gw, false);
  gateway_go_idle (gw);
}

/* No channel is left. */
static void
start_leaving (amt_gateway * gw)
{
  if (gw->stats.state != AMT_GATEWAY_ACTIVE) {
    gateway_say_farewell (gw, false);
    gateway_go_idle (gw);
    return;
  }
  gw->leaving = true;
  gw->asking = -1;
  gw->request_send_due = false;
  gw->retry_at = CORE_TIME_NEVER;
  gw->icmp_at = CORE_TIME_NEVER;
  gw->silence_at = CORE_TIME_NEVER;
  gateway_set_state (gw, AMT_GATEWAY_IDLE, NULL);
  finish_leaving (gw);
}

void
gateway_remove_channel (amt_gateway * gw, int channel)
{
  gateway_member *m =
      gateway_find_member (gw, &gw->channels[channel].key, NULL);
  gateway_protocol *p = protocol_of (gw, m);

  unlink_channel (gw, m, channel);
  if (--m->refs > 0)
    return;

  p->n_members--;
  m->current_due = false;
  /* A relay that never heard of it need not hear that it is gone. */
  m->change_due = false;
  m->repeats = m->reported && p->valid ? p->robustness : 0;
  begin_change (gw, p);
  forget_members (gw);
  if (p->n_members == 0) {
    p->refresh_at = CORE_TIME_NEVER;
    p->request_due = false;
    gateway_pump_requests (gw);
  }
  if (gw->n_channels == 0)
    start_leaving (gw);
}

/* When to report */

void
gateway_report_query (amt_gateway * gw, gateway_protocol * p, bool first)
{
  for (unsigned i = 0; i < gw->n_members; i++) {
    gateway_member *m = &gw->members[i];

    if (protocol_of (gw, m) != p || (m->refs == 0 && !m->reported))
      continue;
    if (first)
      m->repeats = p->robustness;
    else if (m->refs > 0)
      m->current_due = p->report_due = true;
  }
  if (first)
    begin_change (gw, p);
}

void
gateway_expire_reports (amt_gateway * gw)
{
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++)
    if (gw->protocols[i].change_at <= gw->now)
      begin_change (gw, &gw->protocols[i]);
}

void
gateway_reset_reports (amt_gateway * gw)
{
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    gw->protocols[i].valid = false;
    gw->protocols[i].report_due = false;
    gw->protocols[i].change_at = CORE_TIME_NEVER;
  }
  for (unsigned i = 0; i < gw->n_members; i++) {
    gateway_member *m = &gw->members[i];

    m->repeats = 0;
    m->change_due = false;
    m->current_due = false;
  }
  gw->teardown_due = false;
  forget_members (gw);
}

void
gateway_forget_reported (amt_gateway * gw)
{
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++)
    gw->protocols[i].reported = false;
  for (unsigned i = 0; i < gw->n_members; i++)
    gw->members[i].reported = false;
  forget_members (gw);
}

/* The members a protocol was to repeat are told for now; what comes next? */
static void
report_done (amt_gateway * gw, gateway_protocol * p)
{
  p->report_due = false;
  p->change_at = CORE_TIME_NEVER;
  for (unsigned i = 0; i < gw->n_members; i++)
    if (gw->members[i].repeats > 0 && protocol_of (gw, &gw->members[i]) == p) {
      p->change_at = gateway_later (gw->now, gateway_random (gw, 1,
              repeat_interval));
      break;
    }
  forget_members (gw);
  finish_leaving (gw);
}

/* Reports */

static bool
report_add (report * r, group_record_type type, const gateway_key * key)
{
  core_family family = (core_family) key->group.family;
  group_record_out *last = r->n_records ? &r->records[r->n_records - 1] : NULL;
  bool extend = last && last->type == type &&
      core_ip_equal (&last->group, &key->group);
  size_t need = extend ? core_ip_len (&key->source) :
      group_record_len (family, 1);

  if (need > r->room)
    return false;
  r->room -= need;
  if (!extend) {
    last = &r->records[r->n_records++];
    last->type = type;
    last->group = key->group;
    last->sources = &r->sources[r->n_sources];
    last->n_sources = 0;
  }
  last->n_sources++;
  r->sources[r->n_sources++] = key->source;
  return true;
}

/* What an Update says of a member, 0 for nothing. */
static unsigned
record_type (const gateway_member * m)
{
  if (m->change_due)
    return m->refs > 0 ? GROUP_ALLOW_NEW_SOURCES : GROUP_BLOCK_OLD_SOURCES;
  return m->current_due ? GROUP_MODE_IS_INCLUDE : 0;
}

/* Adds the members that are to be reported with that type; false when the
 * report is full. */
static bool
collect (amt_gateway * gw, const gateway_protocol * p, unsigned type,
    report * r)
{
  for (unsigned i = 0; i < gw->n_members; i++) {
    gateway_member *m = &gw->members[i];

    if (record_type (m) != type || protocol_of (gw, m) != p)
      continue;
    if (!report_add (r, (group_record_type) type, &m->key))
      return false;
    if (m->change_due)
      m->repeats--;
    m->change_due = false;
    m->current_due = false;
    m->reported = m->refs > 0 || m->repeats > 0;
  }
  return true;
}

static bool
collect_farewell (amt_gateway * gw, const gateway_protocol * p, report * r)
{
  for (unsigned i = 0; i < gw->n_members; i++) {
    gateway_member *m = &gw->members[i];

    if (!m->farewell_due || protocol_of (gw, m) != p)
      continue;
    if (!report_add (r, GROUP_BLOCK_OLD_SOURCES, &m->key))
      return false;
    m->farewell_due = false;
  }
  return true;
}

static void
report_init (report * r, const gateway_protocol * p)
{
  r->room = AMT_GATEWAY_DATAGRAM_MAX - AMT_MEMBERSHIP_HEADER -
      (p->family == CORE_FAMILY_V4 ? IGMP_REPORT_OVERHEAD :
      MLD_REPORT_OVERHEAD);
  r->n_records = 0;
  r->n_sources = 0;
}

static void
message_init (amt_message * msg, amt_type type, const gateway_pair * pair)
{
  memset (msg, 0, sizeof (*msg));
  msg->type = type;
  msg->nonce = pair->nonce;
  memcpy (msg->mac, pair->mac, AMT_MAC_LEN);
  msg->has_gateway = pair->has_gateway;
  msg->gateway = pair->gateway;
}

static size_t
build_update (uint8_t * buf, size_t cap, const gateway_protocol * p,
    const gateway_pair * pair, const report * r)
{
  uint8_t inner[AMT_GATEWAY_DATAGRAM_MAX];
  amt_message msg;

  message_init (&msg, AMT_MEMBERSHIP_UPDATE, pair);
  msg.inner = inner;
  msg.inner_len = p->family == CORE_FAMILY_V4 ?
      igmp_build_report (inner, sizeof (inner), r->records, r->n_records) :
      mld_build_report (inner, sizeof (inner), r->records, r->n_records);
  return amt_build (buf, cap, &msg);
}

static size_t
build_teardown (uint8_t * buf, size_t cap, const gateway_pair * pair)
{
  amt_message msg;

  message_init (&msg, AMT_TEARDOWN, pair);
  return amt_build (buf, cap, &msg);
}

/* Last words */

void
gateway_say_farewell (amt_gateway * gw, bool block_always)
{
  gateway_farewell *f = &gw->farewell;
  core_time newest = 0;

  if (!gw->protocols[0].reported && !gw->protocols[1].reported)
    return;
  memset (f, 0, sizeof (*f));
  f->to = gw->reported_to;
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    const gateway_protocol *p = &gw->protocols[i];

    if (!p->reported)
      continue;
    f->pairs[i] = p->valid ? p->pair : p->update_pair;
    if (p->update_pair.has_gateway && p->query_at >= newest) {
      newest = p->query_at;
      f->teardown = p->update_pair;
      f->teardown_due = true;
    }
  }
  for (unsigned i = 0; i < gw->n_members; i++) {
    gateway_member *m = &gw->members[i];
    gateway_protocol *p = protocol_of (gw, m);

    m->farewell_due = p->reported && m->reported &&
        (block_always || !f->teardown_due);
    if (m->farewell_due)
      f->block_due[p - gw->protocols] = true;
  }
}

size_t
gateway_send_farewell (amt_gateway * gw, uint8_t * buf, size_t cap,
    core_addr * to)
{
  gateway_farewell *f = &gw->farewell;
  report r;

  *to = f->to;
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    const gateway_protocol *p = &gw->protocols[i];

    if (!f->block_due[i])
      continue;
    report_init (&r, p);
    if (collect_farewell (gw, p, &r)) {
      f->block_due[i] = false;
      forget_members (gw);
    }
    if (r.n_records > 0)
      return build_update (buf, cap, p, &f->pairs[i], &r);
  }
  if (!f->teardown_due)
    return 0;
  f->teardown_due = false;
  return build_teardown (buf, cap, &f->teardown);
}

/* A relay that keeps one nonce and MAC per tunnel knows those of the last
 * Request only. */
static bool
pair_is_known (const amt_gateway * gw, const gateway_protocol * p)
{
  return !gw->in_use.linux_p || p->pair.nonce == gw->last_request_nonce;
}

/* A new cycle first; its Query flags what there is to say again. */
static void
renew_pair (amt_gateway * gw, gateway_protocol * p)
{
  if (gw->asking < 0 || &gw->protocols[gw->asking] != p)
    p->request_due = true;
  gateway_pump_requests (gw);
}

static size_t
send_update (amt_gateway * gw, gateway_protocol * p, uint8_t * buf, size_t cap)
{
  report r;
  bool all;

  report_init (&r, p);
  all = collect (gw, p, GROUP_ALLOW_NEW_SOURCES, &r) &&
      collect (gw, p, GROUP_BLOCK_OLD_SOURCES, &r) &&
      collect (gw, p, GROUP_MODE_IS_INCLUDE, &r);
  if (r.n_records > 0) {
    p->reported = true;
    p->update_pair = p->pair;
    gw->reported_to = gw->relay;
    gateway_note_reported (gw);
  }
  if (all)
    report_done (gw, p);
  return r.n_records > 0 ? build_update (buf, cap, p, &p->pair, &r) : 0;
}

size_t
gateway_send_report (amt_gateway * gw, uint8_t * buf, size_t cap,
    core_addr * to)
{
  *to = gw->relay;
  if (gw->teardown_due) {
    gw->teardown_due = false;
    return build_teardown (buf, cap, &gw->teardown);
  }
  for (int i = 0; i < GATEWAY_N_PROTOCOLS; i++) {
    gateway_protocol *p = &gw->protocols[i];
    size_t len;

    if (!p->valid || !p->report_due)
      continue;
    /* Leaving does not ask: a relay that forgot the pair heeds no BLOCK. */
    if (p->n_members > 0 && !pair_is_known (gw, p)) {
      renew_pair (gw, p);
      continue;
    }
    len = send_update (gw, p, buf, cap);
    if (len > 0)
      return len;
  }
  return 0;
}
