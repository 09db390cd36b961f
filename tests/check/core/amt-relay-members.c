/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Every row of the router state tables (RFC 3376 §6.4, RFC 3810 §7.4), the
 * timers (§6.3, §6.5) and the bounds.
 */
#include <gst/check/gstcheck.h>

#include "amt-relay-members.h"

#define LIFETIME (260 * CORE_SECOND)
#define LATER (100 * CORE_SECOND)

static const amt_members_limits wide = { 32, 64, LIFETIME };

/* Source "a" is 192.0.2.97 or 2001:db8::61. */
static core_ip
source_of (core_family family, char letter)
{
  core_ip ip = {.family = (uint8_t) family };

  if (family == CORE_FAMILY_V4) {
    static const uint8_t prefix[3] = { 192, 0, 2 };

    memcpy (ip.bytes, prefix, 3);
    ip.bytes[3] = (uint8_t) letter;
  } else {
    static const uint8_t prefix[4] = { 0x20, 0x01, 0x0d, 0xb8 };

    memcpy (ip.bytes, prefix, 4);
    ip.bytes[15] = (uint8_t) letter;
  }
  return ip;
}

/* 239.1.1.n, ff1e::n; or 232.1.1.n, ff3e::n. */
static core_ip
group_of (core_family family, bool ssm, uint8_t n)
{
  core_ip ip = {.family = (uint8_t) family };

  if (family == CORE_FAMILY_V4) {
    ip.bytes[0] = ssm ? 232 : 239;
    ip.bytes[1] = ip.bytes[2] = 1;
    ip.bytes[3] = n;
  } else {
    ip.bytes[0] = 0xff;
    ip.bytes[1] = ssm ? 0x3e : 0x1e;
    ip.bytes[15] = n;
  }
  return ip;
}

static amt_members_result
apply_ip (amt_members * m, const amt_members_limits * limits, unsigned type,
    const core_ip * group, const core_ip * ips, unsigned n, core_time now)
{
  amt_members_result result = { 0 };
  static uint8_t bytes[65536];
  group_record record = {.type = (uint8_t) type,.group = *group,
    .n_sources = n,.sources = bytes
  };
  wr_cursor w;

  wr_init (&w, bytes, sizeof (bytes));
  for (unsigned i = 0; i < n; i++)
    core_ip_write (&w, &ips[i]);
  fail_unless (wr_ok (&w));
  amt_members_apply (m, &record, limits, now, &result);
  return result;
}

static amt_members_result
apply (amt_members * m, const amt_members_limits * limits, unsigned type,
    const core_ip * group, const char *letters, core_time now)
{
  core_ip ips[32];
  unsigned n = 0;

  for (; letters[n] != '\0'; n++)
    ips[n] = source_of (group->family, letters[n]);
  return apply_ip (m, limits, type, group, ips, n, now);
}

/* "I a b*" or "E* a b* -c": mode, wanted sources and excluded ones, with a
 * star at a timer that was set LATER. */
static char *
describe (const amt_members * m)
{
  GString *text = g_string_new (NULL);

  if (m->n_groups == 0)
    return g_string_free (text, FALSE);
  fail_unless_equals_int (m->n_groups, 1);
  g_string_append_c (text, m->groups[0].exclude ? 'E' : 'I');
  if (m->groups[0].exclude) {
    fail_unless (m->groups[0].expires == LIFETIME ||
        m->groups[0].expires == LIFETIME + LATER);
    if (m->groups[0].expires == LIFETIME + LATER)
      g_string_append_c (text, '*');
  }
  for (char c = 'a'; c <= 'z'; c++) {
    for (unsigned i = 0; i < m->groups[0].n_sources; i++) {
      const amt_member_source *s = &m->groups[0].sources[i];
      core_ip ip = source_of (s->ip.family, c);

      if (!core_ip_equal (&s->ip, &ip))
        continue;
      g_string_append_printf (text, " %s%c", s->excluded ? "-" : "", c);
      if (!s->excluded) {
        fail_unless (s->expires == LIFETIME || s->expires == LIFETIME + LATER);
        if (s->expires == LIFETIME + LATER)
          g_string_append_c (text, '*');
      }
    }
  }
  return g_string_free (text, FALSE);
}

enum
{
  IS_IN = GROUP_MODE_IS_INCLUDE,
  IS_EX = GROUP_MODE_IS_EXCLUDE,
  TO_IN = GROUP_CHANGE_TO_INCLUDE,
  TO_EX = GROUP_CHANGE_TO_EXCLUDE,
  ALLOW = GROUP_ALLOW_NEW_SOURCES,
  BLOCK = GROUP_BLOCK_OLD_SOURCES
};

typedef struct
{
  const char *include;          /* INCLUDE (these), or NULL: */
  const char *wanted;           /* EXCLUDE (these, */
  const char *excluded;         /*   these), or NULL: nothing */
  unsigned type;
  const char *sources;
  const char *state;
  bool changed;
} row;

static const row rows[] = {
  {NULL, NULL, NULL, IS_IN, "a", "I a*", true},
  {NULL, NULL, NULL, ALLOW, "ab", "I a* b*", true},
  {NULL, NULL, NULL, ALLOW, "aaa", "I a*", true},
  {NULL, NULL, NULL, TO_IN, "a", "I a*", true},
  {NULL, NULL, NULL, BLOCK, "a", "", false},
  {NULL, NULL, NULL, IS_IN, "", "", false},
  {NULL, NULL, NULL, TO_IN, "", "", false},
  {NULL, NULL, NULL, ALLOW, "", "", false},
  {NULL, NULL, NULL, IS_EX, "", "E*", true},
  {NULL, NULL, NULL, IS_EX, "a", "E* -a", true},
  {NULL, NULL, NULL, TO_EX, "", "E*", true},
  {NULL, NULL, NULL, TO_EX, "ab", "E* -a -b", true},

  {"ab", NULL, NULL, IS_IN, "bc", "I a b* c*", true},
  {"ab", NULL, NULL, ALLOW, "bc", "I a b* c*", true},
  {"ab", NULL, NULL, IS_IN, "ab", "I a* b*", false},
  {"ab", NULL, NULL, IS_IN, "", "I a b", false},
  {"ab", NULL, NULL, ALLOW, "", "I a b", false},
  {"ab", NULL, NULL, TO_IN, "bc", "I b* c*", true},
  {"ab", NULL, NULL, TO_IN, "ab", "I a* b*", false},
  {"ab", NULL, NULL, TO_IN, "", "", true},
  {"ab", NULL, NULL, BLOCK, "bc", "I a", true},
  {"ab", NULL, NULL, BLOCK, "cd", "I a b", false},
  {"ab", NULL, NULL, BLOCK, "ba", "", true},
  {"ab", NULL, NULL, BLOCK, "", "I a b", false},
  {"ab", NULL, NULL, IS_EX, "bc", "E* b -c", true},
  {"ab", NULL, NULL, IS_EX, "", "E*", true},
  {"ab", NULL, NULL, TO_EX, "bc", "E* -b -c", true},
  {"ab", NULL, NULL, TO_EX, "", "E*", true},

  {NULL, "ab", "cd", IS_IN, "bce", "E a b* c* -d e*", true},
  {NULL, "ab", "cd", ALLOW, "bce", "E a b* c* -d e*", true},
  {NULL, "ab", "cd", ALLOW, "", "E a b -c -d", false},
  {NULL, "ab", "cd", IS_EX, "bce", "E* b -c e*", true},
  {NULL, "", "cd", IS_EX, "cd", "E* -c -d", false},
  {NULL, "ab", "cd", IS_EX, "", "E*", true},
  {NULL, "ab", "cd", TO_EX, "bce", "E* -b -c -e", true},
  {NULL, "", "cd", TO_EX, "cd", "E* -c -d", false},
  {NULL, "ab", "cd", TO_EX, "", "E*", true},
  {NULL, "ab", "cd", TO_IN, "bce", "I b* c* e*", true},
  {NULL, "ab", "cd", TO_IN, "", "", true},
  {NULL, "ab", "cd", BLOCK, "bce", "E a -b -c -d -e", true},
  {NULL, "ab", "cd", BLOCK, "cd", "E a b -c -d", false},
  {NULL, "ab", "cd", BLOCK, "", "E a b -c -d", false},
};

static void
check_row (const row * r, core_family family)
{
  core_ip group = group_of (family, false, 1);
  amt_members m = { 0 };
  amt_members_result result;
  char *state;

  if (r->include != NULL) {
    apply (&m, &wide, ALLOW, &group, r->include, 0);
  } else if (r->excluded != NULL) {
    apply (&m, &wide, TO_EX, &group, r->excluded, 0);
    apply (&m, &wide, ALLOW, &group, r->wanted, 0);
  }
  result = apply (&m, &wide, r->type, &group, r->sources, LATER);
  state = describe (&m);
  fail_unless_equals_string (state, r->state);
  fail_unless_equals_int (result.changed, r->changed);
  fail_unless_equals_int (result.used, 1);
  fail_unless_equals_int (result.ignored, 0);
  g_free (state);
  amt_members_clear (&m);
}

GST_START_TEST (test_table)
{
  check_row (&rows[__i__], CORE_FAMILY_V4);
  check_row (&rows[__i__], CORE_FAMILY_V6);
}

GST_END_TEST;

GST_START_TEST (test_wants)
{
  core_ip group = group_of (CORE_FAMILY_V4, false, 1);
  core_ip other = group_of (CORE_FAMILY_V4, false, 2);
  core_ip a = source_of (CORE_FAMILY_V4, 'a');
  core_ip b = source_of (CORE_FAMILY_V4, 'b');
  core_ip x = source_of (CORE_FAMILY_V4, 'x');
  amt_members m = { 0 };

  fail_if (amt_members_wants (&m, &a, &group));
  apply (&m, &wide, ALLOW, &group, "a", 0);
  fail_unless (amt_members_wants (&m, &a, &group));
  fail_if (amt_members_wants (&m, &x, &group));
  fail_if (amt_members_wants (&m, &a, &other));

  apply (&m, &wide, TO_EX, &group, "b", 0);
  apply (&m, &wide, ALLOW, &group, "a", 0);
  fail_unless (amt_members_wants (&m, &a, &group));
  fail_if (amt_members_wants (&m, &b, &group));
  fail_unless (amt_members_wants (&m, &x, &group));
  amt_members_clear (&m);
}

GST_END_TEST;

GST_START_TEST (test_timers_of_include)
{
  core_ip group = group_of (CORE_FAMILY_V4, false, 1);
  amt_members m = { 0 };
  char *state;

  fail_unless_equals_uint64 (amt_members_deadline (&m), CORE_TIME_NEVER);
  apply (&m, &wide, ALLOW, &group, "ab", 0);
  apply (&m, &wide, IS_IN, &group, "b", LATER);
  fail_unless_equals_uint64 (amt_members_deadline (&m), LIFETIME);

  fail_if (amt_members_expire (&m, LIFETIME - 1));
  fail_unless (amt_members_expire (&m, LIFETIME));
  state = describe (&m);
  fail_unless_equals_string (state, "I b*");
  g_free (state);
  fail_unless_equals_uint64 (amt_members_deadline (&m), LIFETIME + LATER);
  fail_unless (amt_members_expire (&m, LIFETIME + LATER));
  fail_unless_equals_int (m.n_groups, 0);
  amt_members_clear (&m);
}

GST_END_TEST;

GST_START_TEST (test_timers_of_exclude)
{
  core_ip group = group_of (CORE_FAMILY_V6, false, 1);
  amt_members m = { 0 };
  char *state;

  /* The source timer of b ends first: b is no longer wanted. */
  apply (&m, &wide, TO_EX, &group, "c", 0);
  apply (&m, &wide, ALLOW, &group, "ab", 0);
  apply (&m, &wide, IS_EX, &group, "abc", LATER);
  apply (&m, &wide, ALLOW, &group, "a", LATER);
  fail_unless_equals_uint64 (amt_members_deadline (&m), LIFETIME);
  fail_unless (amt_members_expire (&m, LIFETIME));
  state = describe (&m);
  fail_unless_equals_string (state, "E* a* -b -c");
  g_free (state);

  /* Then the group timer, with nothing wanted by name. */
  fail_unless (amt_members_expire (&m, LIFETIME + LATER));
  fail_unless_equals_int (m.n_groups, 0);

  /* The group timer ends first: INCLUDE of what is still wanted. */
  apply (&m, &wide, TO_EX, &group, "c", 0);
  apply (&m, &wide, ALLOW, &group, "a", LATER);
  fail_unless (amt_members_expire (&m, LIFETIME));
  state = describe (&m);
  fail_unless_equals_string (state, "I a*");
  g_free (state);
  amt_members_clear (&m);
}

GST_END_TEST;

/* Groups and records that mean nothing to a relay. */
GST_START_TEST (test_ignored)
{
  static const struct
  {
    unsigned type;
    const char *group;
    bool ignored;
  } table[] = {
    {0, "239.1.1.1", true},
    {7, "239.1.1.1", true},
    {255, "239.1.1.1", true},
    {ALLOW, "223.255.255.255", true},
    {ALLOW, "0.0.0.0", true},
    {ALLOW, "224.0.0.0", true},
    {ALLOW, "224.0.0.251", true},
    {ALLOW, "224.0.1.0", false},
    {ALLOW, "232.0.0.0", true},
    {ALLOW, "232.0.0.1", false},
    {ALLOW, "240.0.0.1", true},
    {ALLOW, "2001:db8::1", true},
    {ALLOW, "ff00::1", true},
    {ALLOW, "ff01::1", true},
    {ALLOW, "ff02::16", true},
    {ALLOW, "ff12::16", true},
    {ALLOW, "ff03::1", false},
    {ALLOW, "ff05::1", false},
    {ALLOW, "ff3e::4000:0", true},
    {ALLOW, "ff3e::4000:1", false},
    {IS_EX, "232.1.1.1", true},
    {TO_EX, "232.1.1.1", true},
    {IS_EX, "ff35::1", true},
    {TO_EX, "ff3e::8000:1", true},
    {TO_IN, "ff3e::8000:1", false},
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (table); i++) {
    amt_members m = { 0 };
    amt_members_result result;
    core_ip group;

    fail_unless (core_ip_from_string (table[i].group, &group));
    result = apply (&m, &wide, table[i].type, &group, "a", 0);
    fail_unless_equals_int (result.ignored, table[i].ignored);
    fail_unless_equals_int (m.n_groups, !table[i].ignored);
    fail_unless_equals_int (result.changed, !table[i].ignored);
    amt_members_clear (&m);
  }
}

GST_END_TEST;

/* Only a unicast address can be the source of a channel. */
GST_START_TEST (test_bad_sources)
{
  static const unsigned types[] = { IS_IN, IS_EX, TO_IN, TO_EX, ALLOW };
  static const char *const texts[] =
      { "0.0.0.0", "224.1.1.1", "255.255.255.255", "192.0.2.97" };
  core_ip group = group_of (CORE_FAMILY_V4, false, 1);
  core_ip ips[G_N_ELEMENTS (texts)];

  for (unsigned i = 0; i < G_N_ELEMENTS (texts); i++)
    fail_unless (core_ip_from_string (texts[i], &ips[i]));
  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++) {
    amt_members m = { 0 };
    amt_members_result result = apply_ip (&m, &wide, types[i], &group, ips,
        G_N_ELEMENTS (ips), 0);

    fail_unless_equals_int (result.ignored, 1);
    fail_unless_equals_int (m.n_groups, 1);
    fail_unless_equals_int (m.groups[0].n_sources, 1);
    fail_unless (core_ip_equal (&m.groups[0].sources[0].ip, &ips[3]));

    /* Nothing but bad ones: no group in INCLUDE mode. */
    amt_members_clear (&m);
    apply_ip (&m, &wide, types[i], &group, ips, 3, 0);
    fail_unless_equals_int (m.n_groups, types[i] == IS_EX || types[i] == TO_EX);
    amt_members_clear (&m);
  }
}

GST_END_TEST;

GST_START_TEST (test_limits)
{
  static const amt_members_limits narrow = { 2, 3, LIFETIME };
  core_ip groups[3];
  amt_members m = { 0 };
  amt_members_result result;

  for (uint8_t i = 0; i < 3; i++)
    groups[i] = group_of (CORE_FAMILY_V4, true, (uint8_t) (i + 1));

  result = apply (&m, &narrow, ALLOW, &groups[0], "abcd", 0);
  fail_unless_equals_int (result.refused, 1);
  fail_unless_equals_int (result.used, 1);
  fail_unless_equals_int (m.groups[0].n_sources, 3);

  result = apply (&m, &narrow, ALLOW, &groups[0], "ef", 0);
  fail_unless_equals_int (result.refused, 2);
  fail_unless_equals_int (result.used, 0);
  fail_if (result.changed);

  result = apply (&m, &narrow, ALLOW, &groups[1], "a", 0);
  fail_unless_equals_int (result.refused, 0);
  result = apply (&m, &narrow, ALLOW, &groups[2], "a", 0);
  fail_unless_equals_int (result.refused, 1);
  fail_unless_equals_int (result.used, 0);
  fail_unless_equals_int (m.n_groups, 2);

  /* What replaces needs no room for the old and the new. */
  result = apply (&m, &narrow, TO_IN, &groups[0], "def", 0);
  fail_unless_equals_int (result.refused, 0);
  fail_unless_equals_int (m.groups[0].n_sources, 3);

  /* What went makes room. */
  apply (&m, &narrow, BLOCK, &groups[0], "def", 0);
  result = apply (&m, &narrow, ALLOW, &groups[2], "a", 0);
  fail_unless_equals_int (result.refused, 0);
  amt_members_clear (&m);

  /* A list of exclusions that does not fit is used as far as it does. */
  groups[0] = group_of (CORE_FAMILY_V4, false, 1);
  result = apply (&m, &narrow, TO_EX, &groups[0], "abcde", 0);
  fail_unless_equals_int (result.refused, 2);
  fail_unless_equals_int (result.used, 1);
  fail_unless (m.groups[0].exclude);
  result = apply (&m, &narrow, BLOCK, &groups[0], "fgh", 0);
  fail_unless_equals_int (result.refused, 3);
  result = apply (&m, &narrow, IS_EX, &groups[0], "fghi", 0);
  fail_unless_equals_int (result.refused, 1);
  fail_unless_equals_int (m.groups[0].n_sources, 3);
  amt_members_clear (&m);
}

GST_END_TEST;

/* Times near the end of the scale do not wrap. */
GST_START_TEST (test_end_of_time)
{
  core_ip group = group_of (CORE_FAMILY_V4, true, 1);
  amt_members m = { 0 };

  apply (&m, &wide, ALLOW, &group, "a", CORE_TIME_NEVER - 5);
  fail_unless_equals_uint64 (amt_members_deadline (&m), CORE_TIME_NEVER);
  fail_if (amt_members_expire (&m, CORE_TIME_NEVER - 1));
  amt_members_clear (&m);
}

GST_END_TEST;

static Suite *
amt_relay_members_suite (void)
{
  Suite *s = suite_create ("amt-relay-members");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_table, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tc, test_wants);
  tcase_add_test (tc, test_timers_of_include);
  tcase_add_test (tc, test_timers_of_exclude);
  tcase_add_test (tc, test_ignored);
  tcase_add_test (tc, test_bad_sources);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_end_of_time);
  return s;
}

GST_CHECK_MAIN (amt_relay_members);
