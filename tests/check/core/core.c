/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The names of the errors: one each, none missing, none twice.
 */
#include "core.h"

#include <string.h>

#include <gst/check/gstcheck.h>

GST_START_TEST (test_drop_names)
{
  fail_unless_equals_string (core_error_name (CORE_OK), "ok");
  for (int a = 0; a > -CORE_ERR_N_DROPS; a--) {
    const char *name = core_error_name (a);

    fail_unless (name != NULL && name[0] != '\0', "error %d has no name", a);
    fail_unless (strcmp (name, "unknown") != 0, "error %d has no name", a);
    fail_unless (strspn (name, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
        strlen (name), "%s is not kebab-case", name);
    for (int b = 0; b > a; b--)
      fail_unless (strcmp (name, core_error_name (b)) != 0,
          "%d and %d are both %s", a, b, name);
  }
}

GST_END_TEST;

static const struct
{
  int error;
  const char *name;
} names[] = {
  {CORE_ERR_TOO_SHORT, "too-short"},
  {CORE_ERR_NONCE_MISMATCH, "nonce-mismatch"},
  {CORE_ERR_INNER_LENGTH_EXCEEDS, "inner-length-exceeds"},
  {CORE_ERR_TOO_MANY_CHANNELS, "too-many-channels"},
  {CORE_ERR_NO_MEMORY, "no-memory"},
  {CORE_ERR_INVALID_ARGUMENT, "invalid-argument"},
  {CORE_ERR_LIMIT, "limit"},
  {CORE_ERR_FATAL, "unknown"},
  {-CORE_ERR_N_DROPS, "unknown"},
  {1, "unknown"},
  {INT32_MAX, "unknown"},
  {INT32_MIN, "unknown"},
};

GST_START_TEST (test_names)
{
  fail_unless_equals_string (core_error_name (names[__i__].error),
      names[__i__].name);
}

GST_END_TEST;

static Suite *
core_suite (void)
{
  Suite *s = suite_create ("core");
  TCase *tc = tcase_create ("errors");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_drop_names);
  tcase_add_loop_test (tc, test_names, 0, G_N_ELEMENTS (names));
  return s;
}

GST_CHECK_MAIN (core);
