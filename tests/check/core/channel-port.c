/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Which port a channel has after what was heard and named.
 */
#include <gst/check/gstcheck.h>

#include "channel-port.h"

#define UNKNOWN CHANNEL_PORT_UNKNOWN
#define LEARNT CHANNEL_PORT_LEARNT
#define NAMED CHANNEL_PORT_NAMED
#define GIVEN CHANNEL_PORT_GIVEN

/* A datagram to a port, or metadata that name some; and what comes of it. */
typedef struct
{
  uint16_t heard;
  uint16_t named[3];
  unsigned n_named;
  bool other;
  uint16_t port;
  channel_port_origin origin;
} step;

static const struct
{
  const char *name;
  uint16_t given;
  step steps[6];
  unsigned n_steps;
} cases[] = {
  {"datagrams alone: the first one", 0, {
              {7, {0}, 0, true, 7, LEARNT},
              {8, {0}, 0, false, 7, LEARNT},
              {7, {0}, 0, false, 7, LEARNT}
          }, 3},
  {"no port one can send to", 0, {
              {0, {0}, 1, false, 0, UNKNOWN},
              {0, {0, 5001}, 2, true, 5001, NAMED},
              {0, {0, 0}, 2, false, 5001, NAMED}
          }, 3},
  {"metadata first", 0, {
              {0, {5001}, 1, true, 5001, NAMED},
              {7, {0}, 0, false, 5001, NAMED},
              {0, {5001}, 1, false, 5001, NAMED}
          }, 3},
  {"metadata win when they come", 0, {
              {7, {0}, 0, true, 7, LEARNT},
              {0, {5001}, 1, true, 5001, NAMED},
              {7, {0}, 0, false, 5001, NAMED}
          }, 3},
  {"metadata that name none, then some", 0, {
              {7, {0}, 0, true, 7, LEARNT},
              {0, {0}, 0, false, 7, LEARNT},
              {0, {5001}, 1, true, 5001, NAMED}
          }, 3},
  {"metadata confirm", 0, {
              {7, {0}, 0, true, 7, LEARNT},
              {0, {7}, 1, false, 7, NAMED},
              {0, {8, 7}, 2, false, 7, NAMED}
          }, 3},
  {"of several the first, whatever was heard before", 0, {
              {7, {0}, 0, true, 7, LEARNT},
              {0, {5001, 7}, 2, true, 5001, NAMED}
          }, 2},
  {"it stays when the order changes, not when it is gone", 0, {
              {0, {5001, 5002}, 2, true, 5001, NAMED},
              {0, {5002, 5001}, 2, false, 5001, NAMED},
              {0, {5002, 5003}, 2, true, 5002, NAMED},
              {0, {0}, 0, false, 5002, NAMED},
              {0, {5001, 5002}, 2, false, 5002, NAMED}
          }, 5},
  {"the user's", 5001, {
              {7, {0}, 0, false, 5001, GIVEN},
              {0, {5002}, 1, false, 5001, GIVEN},
              {0, {5001}, 1, false, 5001, GIVEN}
          }, 3}
};

GST_START_TEST (test_case)
{
  channel_port port;

  channel_port_init (&port, cases[__i__].given);
  fail_unless_equals_int (port.port, cases[__i__].given);
  for (unsigned i = 0; i < cases[__i__].n_steps; i++) {
    const step *s = &cases[__i__].steps[i];
    bool other = s->heard != 0 ? channel_port_learn (&port, s->heard) :
        channel_port_name (&port, s->named, s->n_named);

    fail_unless (other == s->other && port.port == s->port &&
        port.origin == s->origin, "%s, step %u: %s port %u, origin %d",
        cases[__i__].name, i, other ? "another" : "the same", port.port,
        (int) port.origin);
  }
}

GST_END_TEST;

/* A datagram cannot say that there is no port. */
GST_START_TEST (test_learn_none)
{
  channel_port port;

  channel_port_init (&port, 0);
  fail_unless (!channel_port_learn (&port, 0));
  fail_unless_equals_int (port.origin, UNKNOWN);
}

GST_END_TEST;

static Suite *
channel_port_suite (void)
{
  Suite *s = suite_create ("channel-port");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_case, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tc, test_learn_none);
  return s;
}

GST_CHECK_MAIN (channel_port);
