/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The AMT relay: the stateless handshake, and the datagrams that change what
 * gateways joined.
 */
#include "amt-relay.h"

#include "amt-relay-guard.h"
#include "amt-relay-tunnels.h"
#include "igmp.h"
#include "mld.h"

#include <stdlib.h>
#include <string.h>

enum
{
  MAX_ANSWERS = 16,
  MAX_RATE = 1000000,
  MAX_QUERY_INTERVAL = 31744    /* s, the largest QQIC */
};

/* Tunnels are walked for expired state at most this often, or many gateways
 * whose state expires one by one would cost a walk each. */
#define EXPIRE_INTERVAL CORE_SECOND

/* What is to be answered; the message is built when it is taken. */
typedef struct
{
  amt_message msg;
  core_addr to;
  core_addr from;
} answer;

struct amt_relay
{
  amt_relay_config config;
  amt_members_limits limits;
  core_time now;

  amt_guard guard;

  answer answers[MAX_ANSWERS];
  unsigned first_answer;
  unsigned n_answers;

  amt_tunnels tunnels;
  core_time next_walk;          /* not before */
  uint64_t generation;
  amt_relay_stats stats;
};

const core_error amt_relay_reasons[] = {
  CORE_ERR_TOO_SHORT,
  CORE_ERR_BAD_VERSION,
  CORE_ERR_UNEXPECTED_TYPE,
  CORE_ERR_WRONG_SOURCE_ADDRESS,
  CORE_ERR_WRONG_SOURCE_PORT,
  CORE_ERR_MAC_MISMATCH,
  CORE_ERR_INNER_TRUNCATED,
  CORE_ERR_INNER_VERSION,
  CORE_ERR_INNER_LENGTH_EXCEEDS,
  CORE_ERR_INNER_IP_CHECKSUM,
  CORE_ERR_INNER_FRAGMENT,
  CORE_ERR_INNER_CHECKSUM,
  CORE_ERR_INNER_NOT_REPORT,
  CORE_ERR_SSM_NEEDS_SOURCE,
  CORE_ERR_RATE_LIMITED,
  CORE_ERR_TOO_MANY_GATEWAYS,
  CORE_ERR_TOO_MANY_CHANNELS,
  CORE_OK
};

static unsigned
or_default (unsigned value, unsigned fallback)
{
  return value != 0 ? value : fallback;
}

static unsigned
at_most (unsigned value, unsigned max)
{
  return value < max ? value : max;
}

static core_time
query_interval (const amt_relay * relay)
{
  return relay->config.query_interval * CORE_SECOND;
}

static void
complete_config (amt_relay_config * c)
{
  c->max_gateways = or_default (c->max_gateways, 1024);
  c->max_groups = or_default (c->max_groups, 32);
  c->max_sources = or_default (c->max_sources, 64);
  c->unreachable_limit = or_default (c->unreachable_limit, 8);
  c->query_interval = at_most (or_default (c->query_interval,
          GROUP_DEFAULT_QUERY_INTERVAL), MAX_QUERY_INTERVAL);
  c->robustness = (uint8_t) at_most (or_default (c->robustness,
          GROUP_DEFAULT_ROBUSTNESS), 7);
  c->answers_per_second = at_most (or_default (c->answers_per_second, 50),
      MAX_RATE);
  c->answers_burst = at_most (or_default (c->answers_burst, 200), MAX_RATE);
  c->rate_buckets = or_default (c->rate_buckets, 4096);
  if (c->secret_lifetime == 0)
    c->secret_lifetime = 2 * 3600 * CORE_SECOND;

  /* A pair has to outlive the interval after which gateways ask again. */
  if (c->secret_lifetime < 2 * c->query_interval * CORE_SECOND)
    c->secret_lifetime = 2 * c->query_interval * CORE_SECOND;
}

int
amt_relay_new (amt_relay ** out, const amt_relay_config * config, core_time now)
{
  uint8_t hash_key[CORE_SIPHASH_KEY_LEN];
  amt_relay *relay;

  *out = NULL;
  if (config->random == NULL)
    return CORE_ERR_INVALID_ARGUMENT;
  relay = calloc (1, sizeof (*relay));
  if (relay == NULL)
    return CORE_ERR_NO_MEMORY;
  relay->config = *config;
  complete_config (&relay->config);
  if (amt_guard_init (&relay->guard, &relay->config, now) != CORE_OK) {
    free (relay);
    return CORE_ERR_NO_MEMORY;
  }

  relay->now = now;
  relay->limits.max_groups = relay->config.max_groups;
  relay->limits.max_sources = relay->config.max_sources;
  relay->limits.lifetime = relay->config.robustness * query_interval (relay) +
      GROUP_QUERY_RESPONSE_INTERVAL * CORE_SECOND;

  config->random (config->random_ctx, hash_key, sizeof (hash_key));
  amt_tunnels_init (&relay->tunnels, hash_key);
  explicit_bzero (hash_key, sizeof (hash_key));
  amt_relay_set_max_gateways (relay, relay->config.max_gateways);
  *out = relay;
  return CORE_OK;
}

void
amt_relay_free (amt_relay * relay)
{
  if (relay == NULL)
    return;
  amt_tunnels_clear (&relay->tunnels);
  amt_guard_clear (&relay->guard);
  free (relay);
}

void
amt_relay_set_max_gateways (amt_relay * relay, unsigned max)
{
  size_t most = relay->tunnels.n > max ? relay->tunnels.n : max;

  relay->config.max_gateways = max;
  /* Whoever is there beyond the limit is told of when he goes, too. */
  relay->tunnels.max_events = 2 * most;
}

static void
remove_tunnel (amt_relay * relay, amt_tunnel * tunnel,
    amt_removed_reason reason)
{
  amt_tunnels_remove (&relay->tunnels, tunnel, reason);
  relay->stats.gateways--;
  relay->stats.gateways_removed++;
  relay->generation++;
}

static void
expire_tunnel (amt_relay * relay, amt_tunnel * tunnel)
{
  amt_tunnels *t = &relay->tunnels;

  if (tunnel->deadline <= relay->now) {
    if (amt_members_expire (&tunnel->members, relay->now))
      relay->generation++;
    if (tunnel->members.n_groups == 0) {
      remove_tunnel (relay, tunnel, AMT_REMOVED_TIMEOUT);
      return;
    }
    amt_tunnels_update_deadline (t, tunnel);
  }
  if (tunnel->deadline < t->deadline)
    t->deadline = tunnel->deadline;
}

static core_time
walk_deadline (const amt_relay * relay)
{
  core_time deadline = relay->tunnels.deadline;

  if (deadline == CORE_TIME_NEVER)
    return CORE_TIME_NEVER;
  return deadline > relay->next_walk ? deadline : relay->next_walk;
}

/* Brings everything up to date.  A time that goes back counts as standing
 * still. */
static void
advance (amt_relay * relay, core_time now)
{
  amt_tunnels *t = &relay->tunnels;

  if (now > relay->now)
    relay->now = now;
  amt_guard_advance (&relay->guard, relay->now);
  if (relay->now < walk_deadline (relay))
    return;

  /* Downwards, as a removed tunnel leaves its index to the last one. */
  t->deadline = CORE_TIME_NEVER;
  for (size_t i = t->n; i-- > 0;)
    expire_tunnel (relay, t->all[i]);
  relay->next_walk = core_time_add (relay->now, EXPIRE_INTERVAL);
}

core_time
amt_relay_deadline (const amt_relay * relay)
{
  core_time walk = walk_deadline (relay);
  core_time guard = amt_guard_deadline (&relay->guard);

  return walk < guard ? walk : guard;
}

void
amt_relay_expire (amt_relay * relay, core_time now)
{
  advance (relay, now);
}

/* Room for the one answer to a datagram, or NULL. */
static answer *
push_answer (amt_relay * relay, const core_addr * from, const core_addr * to)
{
  answer *a;

  if (relay->n_answers == MAX_ANSWERS ||
      !amt_guard_allow_answer (&relay->guard, &from->ip, relay->now))
    return NULL;
  a = &relay->answers[(relay->first_answer + relay->n_answers++) % MAX_ANSWERS];
  memset (a, 0, sizeof (*a));
  a->to = *from;
  a->from = *to;
  return a;
}

static int
receive_discovery (amt_relay * relay, const core_addr * from,
    const core_addr * to, const amt_message * msg)
{
  const core_ip *told = to->ip.family == CORE_FAMILY_V4 ?
      &relay->config.advertise_v4 : &relay->config.advertise_v6;
  answer *a = push_answer (relay, from, to);

  if (a == NULL)
    return CORE_ERR_RATE_LIMITED;
  a->msg.type = AMT_RELAY_ADVERTISEMENT;
  a->msg.nonce = msg->nonce;
  a->msg.relay = told->family != CORE_FAMILY_NONE ? *told : to->ip;
  return CORE_OK;
}

/* Whether a tunnel to that address would be one too many. */
static bool
is_full (const amt_relay * relay, const core_ip * ip)
{
  unsigned per_address = relay->config.max_gateways_per_address;

  return relay->stats.gateways >= relay->config.max_gateways ||
      (per_address != 0 &&
      amt_tunnels_count_origin (&relay->tunnels, ip) >= per_address);
}

static int
receive_request (amt_relay * relay, const core_addr * from,
    const core_addr * to, const amt_message * msg)
{
  amt_message query = {.type = AMT_MEMBERSHIP_QUERY,.nonce = msg->nonce };
  answer *a;
  int ret;

  amt_gateway_field_set (&query.gateway, from);
  a = push_answer (relay, from, to);
  if (a == NULL)
    return CORE_ERR_RATE_LIMITED;
  ret = amt_guard_make_mac (&relay->guard, &query.gateway, msg->nonce,
      query.mac);
  if (ret != CORE_OK) {
    relay->n_answers--;
    return ret;
  }
  query.p = msg->p;
  query.has_gateway = relay->config.gateway_address;
  query.limit = is_full (relay, &from->ip) &&
      amt_tunnels_find (&relay->tunnels, from) == NULL;
  a->msg = query;
  return CORE_OK;
}

/* What an Update says, and whether it is an IGMPv2 or MLDv1 message. */
typedef struct
{
  group_report report;
  bool old_version;
  uint8_t scratch[MLD_SCRATCH];
} update;

static int
parse_update (const amt_message * msg, update * out)
{
  int ret;

  if (msg->inner[0] >> 4 == CORE_FAMILY_V6)
    ret = mld_parse_report (msg->inner, msg->inner_len, out->scratch,
        &out->report);
  else
    ret = igmp_parse_report (msg->inner, msg->inner_len, out->scratch,
        &out->report);
  out->old_version = ret == CORE_OK && out->report.data == out->scratch;
  return ret;
}

static bool
is_for_ssm (const update * u)
{
  group_record record;
  size_t pos = 0;

  return group_report_next (&u->report, &pos, &record) &&
      core_ip_is_ssm (&record.group);
}

static void
apply_update (amt_relay * relay, amt_members * members, const update * u,
    amt_members_result * result)
{
  group_record record;
  size_t pos = 0;

  while (group_report_next (&u->report, &pos, &record))
    amt_members_apply (members, &record, &relay->limits, relay->now, result);
  relay->stats.records_ignored += result->ignored;
}

/* The verdict on a report of which a part may have been too much. */
static int
update_verdict (amt_relay * relay, const amt_members_result * result)
{
  if (result->no_memory)
    return CORE_ERR_NO_MEMORY;
  if (result->refused == 0)
    return CORE_OK;
  if (result->used == 0)
    return CORE_ERR_TOO_MANY_CHANNELS;
  relay->stats.dropped[-CORE_ERR_TOO_MANY_CHANNELS]++;
  return CORE_OK;
}

/* A tunnel for what was joined, taking it over. */
static int
add_tunnel (amt_relay * relay, const core_addr * gateway,
    const core_addr * local, amt_members * members)
{
  int ret;

  if (is_full (relay, &gateway->ip))
    return CORE_ERR_TOO_MANY_GATEWAYS;
  ret = amt_tunnels_add (&relay->tunnels, gateway, local, members);
  if (ret != CORE_OK)
    return ret;
  relay->stats.gateways++;
  relay->stats.gateways_added++;
  relay->generation++;
  return CORE_OK;
}

/* An Update from somebody without a tunnel makes one, if it joins anything. */
static int
update_stranger (amt_relay * relay, const core_addr * from,
    const core_addr * to, const update * u)
{
  amt_members members = { 0 };
  amt_members_result result = { 0 };
  int ret = CORE_OK;

  apply_update (relay, &members, u, &result);
  if (members.n_groups > 0)
    ret = add_tunnel (relay, from, to, &members);
  amt_members_clear (&members);
  return ret != CORE_OK ? ret : update_verdict (relay, &result);
}

static int
update_tunnel (amt_relay * relay, amt_tunnel * tunnel, const core_addr * to,
    const update * u)
{
  amt_members_result result = { 0 };

  tunnel->unreachable = 0;
  if (!core_addr_equal (&tunnel->local, to)) {
    tunnel->local = *to;
    relay->generation++;
  }
  apply_update (relay, &tunnel->members, u, &result);
  if (result.changed)
    relay->generation++;
  if (tunnel->members.n_groups == 0)
    remove_tunnel (relay, tunnel, AMT_REMOVED_LEFT);
  else
    amt_tunnels_update_deadline (&relay->tunnels, tunnel);
  return update_verdict (relay, &result);
}

static int
receive_update (amt_relay * relay, const core_addr * from,
    const core_addr * to, const amt_message * msg)
{
  amt_tunnel *tunnel;
  amt_gateway_field gateway;
  update u;
  int ret = parse_update (msg, &u);

  if (ret != CORE_OK || u.report.n_records == 0)
    return ret;
  tunnel = amt_tunnels_find (&relay->tunnels, from);
  amt_gateway_field_set (&gateway, from);
  ret = amt_guard_check_mac (&relay->guard, msg, &gateway, &from->ip,
      tunnel != NULL, relay->now);
  if (ret != CORE_OK)
    return ret;
  if (u.old_version && is_for_ssm (&u))
    return CORE_ERR_SSM_NEEDS_SOURCE;
  if (tunnel == NULL)
    return update_stranger (relay, from, to, &u);
  return update_tunnel (relay, tunnel, to, &u);
}

static bool
is_link_local (const core_ip * ip)
{
  return ip->family == CORE_FAMILY_V6 && ip->bytes[0] == 0xfe &&
      (ip->bytes[1] & 0xc0) == 0x80;
}

/* The tunnel a Teardown names.  ::a.b.c.d stands for an IPv4 address, but a
 * gateway on ::1 looks like one; and only the sender's scope can tell whose
 * link-local address it is. */
static amt_tunnel *
find_named (const amt_relay * relay, const amt_gateway_field * field,
    const core_addr * from)
{
  core_addr gateway = amt_gateway_field_get (field);
  amt_tunnel *tunnel;

  gateway.scope = is_link_local (&gateway.ip) ? from->scope : 0;
  tunnel = amt_tunnels_find (&relay->tunnels, &gateway);
  if (tunnel != NULL || gateway.ip.family == CORE_FAMILY_V6)
    return tunnel;
  gateway.ip.family = CORE_FAMILY_V6;
  memcpy (gateway.ip.bytes, field->bytes + 2, 16);
  return amt_tunnels_find (&relay->tunnels, &gateway);
}

/* The MAC is that of the fields: the sender may have a new address by now
 * (RFC 7450 §5.3.3.5). */
static int
receive_teardown (amt_relay * relay, const core_addr * from,
    const amt_message * msg)
{
  amt_tunnel *tunnel = find_named (relay, &msg->gateway, from);
  int ret = amt_guard_check_mac (&relay->guard, msg, &msg->gateway, &from->ip,
      tunnel != NULL, relay->now);

  if (ret == CORE_OK && tunnel != NULL)
    remove_tunnel (relay, tunnel, AMT_REMOVED_TEARDOWN);
  return ret;
}

static bool
is_for_relay (const amt_relay * relay, unsigned type)
{
  switch (type) {
    case AMT_RELAY_DISCOVERY:
    case AMT_REQUEST:
    case AMT_MEMBERSHIP_UPDATE:
      return true;
    default:
      return type == AMT_TEARDOWN && relay->config.gateway_address;
  }
}

static int
dispatch (amt_relay * relay, const core_addr * from, const core_addr * to,
    const uint8_t * data, size_t len)
{
  unsigned type = amt_peek_type (data, len);
  amt_message msg;
  int ret;

  if (type != 0 && !is_for_relay (relay, type))
    return CORE_ERR_UNEXPECTED_TYPE;
  ret = amt_parse (data, len, &msg);
  if (ret != CORE_OK)
    return ret;
  if (!core_ip_is_unicast (&from->ip))
    return CORE_ERR_WRONG_SOURCE_ADDRESS;
  if (from->port == 0)
    return CORE_ERR_WRONG_SOURCE_PORT;

  switch (msg.type) {
    case AMT_RELAY_DISCOVERY:
      return receive_discovery (relay, from, to, &msg);
    case AMT_REQUEST:
      return receive_request (relay, from, to, &msg);
    case AMT_MEMBERSHIP_UPDATE:
      return receive_update (relay, from, to, &msg);
    default:
      return receive_teardown (relay, from, &msg);
  }
}

int
amt_relay_receive (amt_relay * relay, const core_addr * from,
    const core_addr * to, const uint8_t * data, size_t len, core_time now)
{
  int ret;

  advance (relay, now);
  relay->stats.control_received++;
  ret = dispatch (relay, from, to, data, len);
  if (ret < 0 && ret > -CORE_ERR_N_DROPS)
    relay->stats.dropped[-ret]++;
  return ret;
}

static size_t
build_answer (const amt_relay * relay, const answer * a, uint8_t * buf,
    size_t cap)
{
  group_query general = {
    .query_interval = relay->config.query_interval,
    .robustness = relay->config.robustness
  };
  uint8_t inner[128];
  amt_message msg = a->msg;

  if (msg.type == AMT_MEMBERSHIP_QUERY) {
    msg.inner = inner;
    if (msg.p != AMT_P_NONE)
      msg.inner_len = mld_build_query (inner, sizeof (inner), &general);
    else
      msg.inner_len = igmp_build_query (inner, sizeof (inner), &general);
  }
  return amt_build (buf, cap, &msg);
}

size_t
amt_relay_send (amt_relay * relay, uint8_t * buf, size_t cap, core_addr * to,
    core_addr * from, core_time now)
{
  const answer *a = &relay->answers[relay->first_answer];
  size_t len;

  advance (relay, now);
  if (relay->n_answers == 0)
    return 0;
  len = build_answer (relay, a, buf, cap);
  *to = a->to;
  *from = a->from;
  relay->first_answer = (relay->first_answer + 1) % MAX_ANSWERS;
  relay->n_answers--;
  if (len > 0)
    relay->stats.control_sent++;
  return len;
}

void
amt_relay_unreachable (amt_relay * relay, const core_addr * gateway,
    core_time now)
{
  amt_tunnel *tunnel;

  advance (relay, now);
  tunnel = amt_tunnels_find (&relay->tunnels, gateway);
  if (tunnel != NULL &&
      ++tunnel->unreachable >= relay->config.unreachable_limit)
    remove_tunnel (relay, tunnel, AMT_REMOVED_UNREACHABLE);
}

bool
amt_relay_event (amt_relay * relay, amt_relay_event_info * event)
{
  return amt_tunnels_next_event (&relay->tunnels, event);
}

uint64_t
amt_relay_generation (const amt_relay * relay)
{
  return relay->generation;
}

static amt_relay_target
target_of (const amt_tunnel * tunnel)
{
  amt_relay_target target = {
    .gateway = tunnel->gateway,.local = tunnel->local,.id = tunnel->id
  };

  return target;
}

size_t
amt_relay_targets (const amt_relay * relay, const core_ip * source,
    const core_ip * group, amt_relay_target * targets, size_t cap)
{
  const amt_tunnels *t = &relay->tunnels;
  size_t n = 0;

  for (size_t i = 0; i < t->n; i++) {
    if (!amt_members_wants (&t->all[i]->members, source, group))
      continue;
    if (n < cap)
      targets[n] = target_of (t->all[i]);
    n++;
  }
  return n;
}

bool
amt_relay_next_gateway (const amt_relay * relay, size_t *pos,
    amt_relay_target * out)
{
  if (*pos >= relay->tunnels.n)
    return false;
  *out = target_of (relay->tunnels.all[(*pos)++]);
  return true;
}

const amt_relay_stats *
amt_relay_get_stats (const amt_relay * relay)
{
  return &relay->stats;
}
