/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Which UDP port a channel has, where the user did not say: the one that its
 * metadata name, else that of its first datagram.
 *
 * Whoever sends the first datagram may be anyone, so its port is provisional
 * for ever: metadata that name another one win, however late they come.
 */
#pragma once

#include "core.h"

typedef enum
{
  CHANNEL_PORT_UNKNOWN,
  CHANNEL_PORT_LEARNT,          /* of a datagram */
  CHANNEL_PORT_NAMED,           /* by metadata */
  CHANNEL_PORT_GIVEN            /* by the user: never another one */
} channel_port_origin;

typedef struct
{
  uint16_t port;                /* 0: unknown */
  channel_port_origin origin;
} channel_port;

/* given: the user's, or 0. */
void channel_port_init (channel_port * self, uint16_t given);

/* A datagram to that port was taken for the channel's first.  TRUE: it is the
 * channel's port now. */
bool channel_port_learn (channel_port * self, uint16_t port);

/* What the metadata name now; 0 is no port one can send to and stands for none.
 * Of several the first one is taken, but one that was named before stays for
 * as long as it is among them: the order of such a list means nothing (RFC
 * 7950 §7.7.1).  TRUE: the channel's port is another one now. */
bool channel_port_name (channel_port * self, const uint16_t * ports,
    unsigned n);
