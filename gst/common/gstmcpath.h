/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A way by which a channel's packets come: what the native socket and the
 * tunnel have in common.
 */
#pragma once

#include <gst/gst.h>

#include "gstmcnetlink.h"
#include "gstmctell.h"

G_BEGIN_DECLS

typedef struct _GstMcPath GstMcPath;

/* The payload of a datagram. */
typedef struct
{
  const guint8 *data;           /* valid until the path is asked for the next */
  gsize len;
  GstClockTime realtime;        /* its arrival, or GST_CLOCK_TIME_NONE */
  guint16 source_port;
} GstMcPayload;

/* Counters of a path, which only grow, and what it is doing. */
typedef struct
{
  guint64 received;             /* data datagrams, dropped ones too */
  guint64 bytes;                /* payloads of the accepted ones */
  guint64 too_big;              /* longer than mtu */
  guint64 kernel_dropped;
  guint receive_buffer;         /* bytes granted, 0 while closed */
  const gchar *state;
} GstMcPathStats;

typedef struct
{
  const gchar *delivery;

  /* Leaves the channel without waiting and frees. */
  void (*close) (GstMcPath * path, core_time now);

  /* The channel is known: join it.  FALSE: that is impossible as things are,
   * for the reason given. */
  gboolean (*join) (GstMcPath * path, core_time now, GError ** error);

  /* The channel's port is to be that one, which the channel does not say yet.
   * FALSE: that is impossible for the reason given, and all is as before. */
  gboolean (*set_port) (GstMcPath * path, guint port, core_time now,
      GError ** error);

  /* Leave it, to join again later. */
  void (*leave) (GstMcPath * path, core_time now);

  /* NULL where that is no question of interfaces. */
  gboolean (*is_joined) (const GstMcPath * path);

  /* A pause ended. */
  void (*resume) (GstMcPath * path, core_time now);

  /* The host's interfaces, addresses or routes changed a moment ago. */
  void (*network_changed) (GstMcPath * path, const GstMcNetlink * netlink,
      core_time now);

  /* Timers, control messages and what they mean to the user.  FALSE: the
   * stream cannot go on, and an error was posted. */
  gboolean (*step) (GstMcPath * path, core_time now);
  core_time (*deadline) (const GstMcPath * path);

  /* Receives a batch if the poll said that there is something; returns the
   * number of datagrams to take, or -errno.  n_messages: as how many they
   * came. */
  gint (*receive) (GstMcPath * path, guint * n_messages);

  /* Looks at the next datagram of the batch.  FALSE: it has no payload of the
   * channel, which was counted. */
  gboolean (*next) (GstMcPath * path, core_time now, GstMcPayload * payload);

  /* Takes the payload that next () found last out as a buffer, once.
   * Returns: (transfer full) */
  GstBuffer *(*take) (GstMcPath * path, const GstMcPayload * payload);

  void (*get_stats) (const GstMcPath * path, GstMcPathStats * stats);
} GstMcPathClass;

/* Every path begins with this. */
struct _GstMcPath
{
  const GstMcPathClass *klass;
  GstMcTell *tell;              /* the channel, and whom to tell */
};

G_END_DECLS
