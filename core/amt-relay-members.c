/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What one gateway joined.
 */
#include "amt-relay-members.h"

#include <stdlib.h>
#include <string.h>

/* One record on its way into a group. */
typedef struct
{
  amt_member_group *group;
  const group_record *record;
  const amt_members_limits *limits;
  amt_members_result *result;
  core_time now;
} change;

/* Groups no relay forwards: link-local and smaller scopes, and the addresses
 * that are never a destination (RFC 4607 §4.3). */
static bool
is_routable_group (const core_ip * group)
{
  static const uint8_t ssm_reserved_v6[14] = {[10] = 0x40 };
  const uint8_t *b = group->bytes;

  if (!core_ip_is_multicast (group))
    return false;
  if (group->family == CORE_FAMILY_V4) {
    if (b[0] == 224 && b[1] == 0 && b[2] == 0)
      return false;
    return b[0] != 232 || b[1] != 0 || b[2] != 0 || b[3] != 0;
  }
  if ((b[1] & 0x0f) <= 2)
    return false;
  return !core_ip_is_ssm (group) ||
      memcmp (b + 2, ssm_reserved_v6, sizeof (ssm_reserved_v6)) != 0;
}

static amt_member_group *
find_group (const amt_members * m, const core_ip * group)
{
  for (unsigned i = 0; i < m->n_groups; i++) {
    if (core_ip_equal (&m->groups[i].group, group))
      return &m->groups[i];
  }
  return NULL;
}

static amt_member_source *
find_source (const amt_member_group * g, const core_ip * source)
{
  for (unsigned i = 0; i < g->n_sources; i++) {
    if (core_ip_equal (&g->sources[i].ip, source))
      return &g->sources[i];
  }
  return NULL;
}

/* Makes room for one more element, doubling up to max. */
static void *
grow (void *array, unsigned n, unsigned *cap, unsigned max, size_t size)
{
  unsigned wanted = *cap == 0 ? 2 : *cap;
  void *bigger;

  if (n < *cap)
    return array;
  if (*cap > 0)
    wanted = *cap > max / 2 ? max : *cap * 2;
  if (wanted > max)
    wanted = max;
  bigger = reallocarray (array, wanted, size);
  if (bigger != NULL)
    *cap = wanted;
  return bigger;
}

static amt_member_group *
add_group (amt_members * m, const core_ip * group,
    const amt_members_limits * limits, amt_members_result * result)
{
  amt_member_group *groups;

  if (m->n_groups >= limits->max_groups) {
    result->refused++;
    return NULL;
  }
  groups = grow (m->groups, m->n_groups, &m->cap, limits->max_groups,
      sizeof (*groups));
  if (groups == NULL) {
    result->no_memory = true;
    return NULL;
  }
  m->groups = groups;
  groups += m->n_groups++;
  memset (groups, 0, sizeof (*groups));
  groups->group = *group;
  return groups;
}

static void
remove_group (amt_members * m, amt_member_group * g)
{
  free (g->sources);
  *g = m->groups[--m->n_groups];
}

static amt_member_source *
add_source (const change * c, const core_ip * source)
{
  amt_member_group *g = c->group;
  amt_member_source *sources;

  if (g->n_sources >= c->limits->max_sources) {
    c->result->refused++;
    return NULL;
  }
  sources = grow (g->sources, g->n_sources, &g->cap, c->limits->max_sources,
      sizeof (*sources));
  if (sources == NULL) {
    c->result->no_memory = true;
    return NULL;
  }
  g->sources = sources;
  sources += g->n_sources++;
  memset (sources, 0, sizeof (*sources));
  sources->ip = *source;
  c->result->changed = true;
  return sources;
}

static void
remove_source (const change * c, unsigned i)
{
  amt_member_group *g = c->group;

  g->sources[i] = g->sources[--g->n_sources];
  c->result->changed = true;
}

static void
set_mode (const change * c, bool exclude)
{
  if (c->group->exclude != exclude)
    c->result->changed = true;
  c->group->exclude = exclude;
  if (exclude)
    c->group->expires = core_time_add (c->now, c->limits->lifetime);
}

static void
set_excluded (const change * c, amt_member_source * s, bool excluded)
{
  if (s->excluded != excluded)
    c->result->changed = true;
  s->excluded = excluded;
}

/* Sources the record lists: added if need be, wanted, timer = GMI. */
static void
want_listed (const change * c)
{
  for (unsigned i = 0; i < c->record->n_sources; i++) {
    core_ip ip = group_record_source (c->record, i);
    amt_member_source *s = find_source (c->group, &ip);

    if (s == NULL && core_ip_is_unicast (&ip))
      s = add_source (c, &ip);
    if (s == NULL)
      continue;
    set_excluded (c, s, false);
    s->expires = core_time_add (c->now, c->limits->lifetime);
  }
}

/* Sources the record lists: added if need be, not wanted. */
static void
exclude_listed (const change * c)
{
  for (unsigned i = 0; i < c->record->n_sources; i++) {
    core_ip ip = group_record_source (c->record, i);
    amt_member_source *s = find_source (c->group, &ip);

    if (s == NULL && core_ip_is_unicast (&ip))
      s = add_source (c, &ip);
    if (s != NULL)
      set_excluded (c, s, true);
  }
}

/* Notes which of the group's sources the record lists, and drops those it
 * does or those it does not list. */
static void
drop (const change * c, bool listed)
{
  amt_member_group *g = c->group;

  for (unsigned i = 0; i < g->n_sources; i++)
    g->sources[i].listed = false;
  for (unsigned i = 0; i < c->record->n_sources; i++) {
    core_ip ip = group_record_source (c->record, i);
    amt_member_source *s = find_source (g, &ip);

    if (s != NULL)
      s->listed = true;
  }
  for (unsigned i = g->n_sources; i-- > 0;) {
    if (g->sources[i].listed == listed)
      remove_source (c, i);
  }
}

/* IS_EX: what is known stays as it is, wanted or not; what is new is not
 * wanted by a host that was in INCLUDE mode (B-A = 0), but for one in EXCLUDE
 * mode runs its time first (A-X-Y = GMI). */
static void
is_exclude (const change * c)
{
  bool was_exclude = c->group->exclude;

  drop (c, false);
  for (unsigned i = 0; i < c->record->n_sources; i++) {
    core_ip ip = group_record_source (c->record, i);
    amt_member_source *s;

    if (find_source (c->group, &ip) != NULL || !core_ip_is_unicast (&ip))
      continue;
    s = add_source (c, &ip);
    if (s == NULL)
      continue;
    s->excluded = !was_exclude;
    s->expires = core_time_add (c->now, c->limits->lifetime);
  }
  set_mode (c, true);
}

/* RFC 3376 §6.4 with the queried sources and groups gone at once. */
static void
apply_to_group (const change * c)
{
  switch (c->record->type) {
    case GROUP_MODE_IS_INCLUDE:
    case GROUP_ALLOW_NEW_SOURCES:
      want_listed (c);
      break;
    case GROUP_CHANGE_TO_INCLUDE:
      drop (c, false);
      set_mode (c, false);
      want_listed (c);
      break;
    case GROUP_MODE_IS_EXCLUDE:
      is_exclude (c);
      break;
    case GROUP_CHANGE_TO_EXCLUDE:
      drop (c, false);
      set_mode (c, true);
      exclude_listed (c);
      break;
    default:
      if (c->group->exclude)
        exclude_listed (c);
      else
        drop (c, true);
      break;
  }
}

static bool
has_bad_source (const group_record * record)
{
  for (unsigned i = 0; i < record->n_sources; i++) {
    core_ip ip = group_record_source (record, i);

    if (!core_ip_is_unicast (&ip))
      return true;
  }
  return false;
}

static bool
is_exclude_record (const group_record * record)
{
  return record->type == GROUP_MODE_IS_EXCLUDE ||
      record->type == GROUP_CHANGE_TO_EXCLUDE;
}

/* Whether the record makes sense at all (RFC 3376 §4.2.12: unknown types are
 * ignored; RFC 4604 §3.1: EXCLUDE is for other than SSM groups). */
static bool
is_usable (const group_record * record)
{
  if (record->type < GROUP_MODE_IS_INCLUDE ||
      record->type > GROUP_BLOCK_OLD_SOURCES)
    return false;
  if (!is_routable_group (&record->group))
    return false;
  return !is_exclude_record (record) || !core_ip_is_ssm (&record->group);
}

void
amt_members_apply (amt_members * m, const group_record * record,
    const amt_members_limits * limits, core_time now,
    amt_members_result * result)
{
  change c = { NULL, record, limits, result, now };
  unsigned refused = result->refused;

  if (!is_usable (record)) {
    result->ignored++;
    return;
  }
  if (has_bad_source (record))
    result->ignored++;

  c.group = find_group (m, &record->group);
  if (c.group == NULL) {
    /* Only a record that wants something makes a group. */
    if (record->type == GROUP_BLOCK_OLD_SOURCES ||
        (record->n_sources == 0 && !is_exclude_record (record))) {
      result->used++;
      return;
    }
    c.group = add_group (m, &record->group, limits, result);
    if (c.group == NULL)
      return;
  }
  apply_to_group (&c);
  if (result->refused - refused < record->n_sources || record->n_sources == 0)
    result->used++;
  if (!c.group->exclude && c.group->n_sources == 0)
    remove_group (m, c.group);
}

/* RFC 3376 §6.3, §6.5: a source of an INCLUDE group goes; one of an EXCLUDE
 * group is no longer wanted; an EXCLUDE group becomes an INCLUDE group of its
 * wanted sources. */
static bool
expire_group (amt_member_group * g, core_time now)
{
  bool changed = false;

  if (g->exclude && g->expires <= now) {
    g->exclude = false;
    changed = true;
  }
  for (unsigned i = g->n_sources; i-- > 0;) {
    amt_member_source *s = &g->sources[i];

    if (!s->excluded && s->expires > now)
      continue;
    if (!g->exclude) {
      g->sources[i] = g->sources[--g->n_sources];
      changed = true;
    } else if (!s->excluded) {
      s->excluded = true;
      changed = true;
    }
  }
  return changed;
}

bool
amt_members_expire (amt_members * m, core_time now)
{
  bool changed = false;

  for (unsigned i = m->n_groups; i-- > 0;) {
    amt_member_group *g = &m->groups[i];

    if (expire_group (g, now))
      changed = true;
    if (!g->exclude && g->n_sources == 0)
      remove_group (m, g);
  }
  return changed;
}

core_time
amt_members_deadline (const amt_members * m)
{
  core_time deadline = CORE_TIME_NEVER;

  for (unsigned i = 0; i < m->n_groups; i++) {
    const amt_member_group *g = &m->groups[i];

    if (g->exclude && g->expires < deadline)
      deadline = g->expires;
    for (unsigned s = 0; s < g->n_sources; s++) {
      if (!g->sources[s].excluded && g->sources[s].expires < deadline)
        deadline = g->sources[s].expires;
    }
  }
  return deadline;
}

bool
amt_members_wants (const amt_members * m, const core_ip * source,
    const core_ip * group)
{
  const amt_member_group *g = find_group (m, group);
  const amt_member_source *s;

  if (g == NULL)
    return false;
  s = find_source (g, source);
  return s != NULL ? !s->excluded : g->exclude;
}

void
amt_members_clear (amt_members * m)
{
  for (unsigned i = 0; i < m->n_groups; i++)
    free (m->groups[i].sources);
  free (m->groups);
  memset (m, 0, sizeof (*m));
}
