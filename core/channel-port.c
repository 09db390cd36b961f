/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Which UDP port a channel has.
 */
#include "channel-port.h"

void
channel_port_init (channel_port * self, uint16_t given)
{
  self->port = given;
  self->origin = given != 0 ? CHANNEL_PORT_GIVEN : CHANNEL_PORT_UNKNOWN;
}

bool
channel_port_learn (channel_port * self, uint16_t port)
{
  if (self->origin != CHANNEL_PORT_UNKNOWN || port == 0)
    return false;
  self->port = port;
  self->origin = CHANNEL_PORT_LEARNT;
  return true;
}

/* The one to take, or 0. */
static uint16_t
choose (const channel_port * self, const uint16_t * ports, unsigned n)
{
  uint16_t first = 0;

  for (unsigned i = 0; i < n; i++) {
    if (ports[i] == 0)
      continue;
    if (self->origin == CHANNEL_PORT_NAMED && ports[i] == self->port)
      return ports[i];
    if (first == 0)
      first = ports[i];
  }
  return first;
}

bool
channel_port_name (channel_port * self, const uint16_t * ports, unsigned n)
{
  uint16_t port = choose (self, ports, n);
  bool other = port != self->port;

  if (self->origin == CHANNEL_PORT_GIVEN || port == 0)
    return false;
  self->port = port;
  self->origin = CHANNEL_PORT_NAMED;
  return other;
}
