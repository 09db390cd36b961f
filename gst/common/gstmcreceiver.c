/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One run of a source, from start to stop.
 */
#include "gstmcreceiver.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "coalesce.h"
#include "gstmcmetadata.h"
#include "gstmcname.h"
#include "gstmcsocket.h"
#include "receiver.h"

/* For how long after a pause stamps are compared with the wall clock, which
 * may be set at any time. */
#define STALE_FOR CORE_SECOND

/* Data alone do not make a step necessary, but for that long at most. */
#define STEP_EVERY (100 * CORE_MSECOND)

/* Where there are two. */
enum
{
  NATIVE,
  TUNNEL
};

struct _GstMcReceiver
{
  GstMcTell tell;
  GstMcPoll *poll;
  int wake_fd;
  GstMcNetlink *netlink;

  /* One, or native and tunnel and a judge of both. */
  GstMcPath *paths[2];
  guint n_paths;
  receiver *judge;
  gboolean native_due;          /* to be joined when the port is known */
  gboolean tunnel_open;
  core_time step_at;            /* when the next step is due at the latest */
  gboolean only_data;           /* in this wake-up: but for payloads, nothing */
  core_coalesce coalesce;
  core_time receive_at;

  gchar *source_setting;
  guint64 lookup_timeout;
  GstMcName *source_name;       /* NULL when the source's address is known */
  GstMcMetadataConfig dorms;
  gboolean metadata_due;        /* to be asked for when the source is known */
  GstMcMetadata *metadata;      /* NULL when nobody needs it */
  gboolean port_due;            /* nothing can be joined without the port */
  GstMcOutput output;

  GstClockTime stale_before;    /* Unix time */
  core_time stale_until;        /* when to stop looking at it */
  guint64 paused;
  guint64 empty;
};

GstMcReceiver *
gst_mc_receiver_new (GstBaseSrc * src, const GstMcSettings * settings,
    const gchar * delivery, guint64 lookup_timeout, GstMcPoll * poll,
    GError ** error)
{
  GstMcReceiver *rx = g_new0 (GstMcReceiver, 1);
  const gchar *name;

  gst_mc_tell_init (&rx->tell, src, settings, delivery);
  rx->poll = poll;
  gst_mc_output_init (&rx->output, settings);
  rx->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  rx->lookup_timeout = lookup_timeout;
  core_coalesce_init (&rx->coalesce, settings->coalesce_time,
      settings->batch_size);
  rx->source_setting = g_strdup (settings->source);

  if (!gst_mc_settings_check (settings, error) ||
      !gst_mc_settings_get_channel (settings, &rx->tell.channel, &name,
          error) || !gst_mc_metadata_config_parse (&rx->dorms,
          settings->dorms_uri, settings->dns_trust, settings->tls_ca_file,
          settings->require_srv_match, error)) {
    gst_mc_receiver_free (rx);
    return NULL;
  }
  /* A server that the user names is asked in any case. */
  rx->metadata_due = !rx->dorms.off && (rx->dorms.server != NULL ||
      settings->port == 0);
  if (rx->wake_fd < 0 || !gst_mc_poll_open (poll) ||
      !gst_mc_poll_add (poll, rx->wake_fd)) {
    g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED,
        "Could not set up receiving: out of file descriptors");
    gst_mc_receiver_free (rx);
    return NULL;
  }
  rx->netlink = gst_mc_netlink_new (rx->tell.element, poll);
  if (name)
    rx->source_name = gst_mc_name_new (rx->tell.element, "sender", name,
        rx->wake_fd);
  return rx;
}

void
gst_mc_receiver_free (GstMcReceiver * rx)
{
  if (rx == NULL)
    return;

  gst_mc_tell_cancel_request (&rx->tell, "Stopped before a packet came");
  gst_mc_tell_leave (&rx->tell, rx->tell.delivery, "stopped", gst_mc_now ());
  for (guint i = 0; i < rx->n_paths; i++)
    rx->paths[i]->klass->close (rx->paths[i], gst_mc_now ());
  receiver_free (rx->judge);
  gst_mc_netlink_free (rx->netlink);
  gst_mc_name_free (rx->source_name);
  gst_mc_metadata_free (rx->metadata);
  gst_mc_metadata_config_clear (&rx->dorms);
  gst_mc_poll_remove (rx->poll, rx->wake_fd);
  if (rx->wake_fd >= 0)
    close (rx->wake_fd);
  gst_mc_output_clear (&rx->output);
  g_free (rx->source_setting);
  g_free (rx);
}

GstMcTell *
gst_mc_receiver_get_tell (GstMcReceiver * rx)
{
  return &rx->tell;
}

GstMcPoll *
gst_mc_receiver_get_poll (GstMcReceiver * rx)
{
  return rx->poll;
}

int
gst_mc_receiver_get_wake_fd (GstMcReceiver * rx)
{
  return rx->wake_fd;
}

gboolean
gst_mc_receiver_may_learn_port (const GstMcReceiver * rx)
{
  return rx->metadata_due;
}

void
gst_mc_receiver_set_path (GstMcReceiver * rx, GstMcPath * path)
{
  rx->paths[0] = path;
  rx->n_paths = 1;
}

void
gst_mc_receiver_set_paths (GstMcReceiver * rx, GstMcPath * native,
    GstMcPath * tunnel, core_time native_timeout)
{
  receiver_config config = {.native_timeout = native_timeout };

  gst_mc_random (NULL, config.key, sizeof (config.key));
  if (receiver_new (&rx->judge, &config) != CORE_OK)
    g_error ("out of memory");
  rx->paths[NATIVE] = native;
  rx->paths[TUNNEL] = tunnel;
  rx->n_paths = 2;
}

void
gst_mc_receiver_resume (GstMcReceiver * rx, GstClockTime resumed_at,
    core_time now)
{
  if (!rx->tell.waiting)
    rx->tell.started = now;
  rx->stale_before = resumed_at;
  rx->stale_until = now + STALE_FOR;
  for (guint i = 0; i < rx->n_paths; i++)
    rx->paths[i]->klass->resume (rx->paths[i], now);
  if (rx->judge)
    receiver_resume (rx->judge, now);
  gst_mc_tell_wait (&rx->tell, now);
  rx->output.discont = TRUE;
}

/* When a sender's name must have led to an address. */
static core_time
source_deadline (const GstMcReceiver * rx)
{
  return rx->lookup_timeout == 0 ? CORE_TIME_NEVER :
      rx->tell.started + rx->lookup_timeout;
}

/* The sender's address of the group's family, if its name has one. */
static gboolean
find_source (GstMcReceiver * rx, core_time now)
{
  GstMcChannel *channel = &rx->tell.channel;
  const GArray *ips;
  gchar text[CORE_IP_TEXT_MAX];

  gst_mc_name_update (rx->source_name, now);
  ips = gst_mc_name_get_ips (rx->source_name);
  for (guint i = 0; ips && i < ips->len; i++) {
    const core_ip *ip = &g_array_index (ips, core_ip, i);

    if (ip->family == channel->group.family && core_ip_is_unicast (ip)) {
      channel->source = *ip;
      GST_INFO_OBJECT (rx->tell.element, "the sender's address is %s",
          core_ip_to_string (ip, text));
      return TRUE;
    }
  }
  return FALSE;
}

static void
post_no_source (GstMcReceiver * rx)
{
  const gchar *problem = gst_mc_name_get_problem (rx->source_name);

  if (problem == NULL)
    problem = "it has no address of the group's IP version";
  GST_ELEMENT_ERROR (rx->tell.element, RESOURCE, NOT_FOUND,
      ("Could not look up the sender \"%s\" (property \"source\"): %s. "
          "Check the name, or give the address", rx->source_setting, problem),
      (NULL));
}

/* Does what the judge says. */
static void
follow_judge (GstMcReceiver * rx, core_time now)
{
  GstMcPath *tunnel = rx->paths[TUNNEL];
  gboolean wanted = receiver_wants_tunnel (rx->judge);

  if (receiver_delivery (rx->judge) == RECEIVER_NATIVE)
    gst_mc_tell_move (&rx->tell, GST_MC_DELIVERY_NATIVE, "native", now);
  else if (receiver_delivery (rx->judge) == RECEIVER_TUNNEL)
    gst_mc_tell_move (&rx->tell, GST_MC_DELIVERY_TUNNEL, "silent", now);

  if (wanted == rx->tunnel_open)
    return;
  rx->tunnel_open = wanted;
  if (wanted)
    tunnel->klass->join (tunnel, now, NULL);
  else
    tunnel->klass->leave (tunnel, now);
}

/* Joins natively where that is possible now. */
static gboolean
join_native (GstMcReceiver * rx, core_time now)
{
  GstMcPath *native = rx->paths[NATIVE];
  g_autoptr (GError) error = NULL;

  rx->native_due = rx->tell.channel.port == 0;
  if (rx->native_due)
    return FALSE;
  if (!native->klass->join (native, now, &error))
    GST_INFO_OBJECT (rx->tell.element, "no native multicast: %s",
        error->message);
  return native->klass->is_joined (native);
}

static gboolean
is_native (const GstMcPath * path)
{
  return g_str_equal (path->klass->delivery, GST_MC_DELIVERY_NATIVE);
}

/* Nothing can be joined before the port is known. */
static gboolean
needs_port (const GstMcReceiver * rx)
{
  return rx->judge == NULL && rx->tell.channel.port == 0 &&
      is_native (rx->paths[0]);
}

static gboolean
join (GstMcReceiver * rx, core_time now)
{
  g_autoptr (GError) error = NULL;

  if (rx->judge) {
    receiver_start (rx->judge, join_native (rx, now), now);
    follow_judge (rx, now);
    return TRUE;
  }
  rx->port_due = needs_port (rx);
  if (rx->port_due)
    return TRUE;
  if (!rx->paths[0]->klass->join (rx->paths[0], now, &error)) {
    gst_mc_post_error (rx->tell.element, error);
    return FALSE;
  }
  return TRUE;
}

/* --- metadata --- */

static void
wake (void *ctx)
{
  const GstMcReceiver *rx = ctx;
  const guint64 one = 1;

  /* Only a full counter can refuse, and then the poll is awake anyway. */
  if (write (rx->wake_fd, &one, sizeof (one)) < 0)
    return;
}

static void
ask_for_metadata (GstMcReceiver * rx)
{
  if (!rx->metadata_due)
    return;
  rx->metadata_due = FALSE;
  rx->dorms.element_complains = needs_port (rx);
  rx->metadata = gst_mc_metadata_new (rx->tell.element, &rx->dorms,
      &rx->tell.channel, wake, rx);
}

/* The paths are to receive from that port.  FALSE: they cannot, and go on as
 * before. */
static gboolean
move_to_port (GstMcReceiver * rx, guint port, core_time now)
{
  GstMcPath *first = rx->paths[0], *tunnel = rx->paths[TUNNEL];
  g_autoptr (GError) error = NULL;
  gboolean ok = first->klass->set_port (first, port, now, &error);

  if (rx->judge == NULL) {
    if (!ok)
      GST_ELEMENT_WARNING (rx->tell.element, RESOURCE, OPEN_READ,
          ("The channel's metadata name the UDP port %u, but port %u stays in "
              "use: %s", port, rx->tell.channel.port, error->message), (NULL));
    return ok;
  }
  if (!ok)
    first->klass->leave (first, now);
  tunnel->klass->set_port (tunnel, port, now, NULL);
  rx->native_due = !first->klass->is_joined (first);
  if (rx->tell.channel.port != 0)
    receiver_other_port (rx->judge, !rx->native_due, now);
  return TRUE;
}

static void
take_port (GstMcReceiver * rx, core_time now)
{
  const dorms_metadata *metadata = gst_mc_metadata_get (rx->metadata);
  channel_port port = rx->tell.port;

  if (metadata == NULL)
    return;
  if (!channel_port_name (&port, metadata->ports, metadata->n_ports)) {
    rx->tell.port = port;
    return;
  }
  if (metadata->n_ports > 1)
    GST_INFO_OBJECT (rx->tell.element, "the channel has %u ports, %u is taken",
        metadata->n_ports, port.port);
  if (move_to_port (rx, port.port, now))
    gst_mc_tell_port (&rx->tell, &port);
}

/* When the port must be known. */
static core_time
port_deadline (const GstMcReceiver * rx)
{
  return !rx->port_due || rx->lookup_timeout == 0 ? CORE_TIME_NEVER :
      rx->tell.started + rx->lookup_timeout;
}

static void
post_no_port (GstMcReceiver * rx)
{
  const gchar *problem = gst_mc_metadata_get_problem (rx->metadata);

  if (problem == NULL)
    problem = gst_mc_metadata_get (rx->metadata) != NULL ?
        "its metadata do not tell" : "no metadata server answers";
  GST_ELEMENT_ERROR (rx->tell.element, RESOURCE, NOT_FOUND,
      ("The UDP port of the channel is not known (property \"port\"): %s. Give "
          "the port, or %s", problem,
          gst_mc_metadata_get_remedy (rx->metadata)), (NULL));
}

/* FALSE: there is no joining. */
static gboolean
follow_metadata (GstMcReceiver * rx, core_time now)
{
  if (rx->metadata == NULL)
    return TRUE;
  if (gst_mc_metadata_update (rx->metadata))
    take_port (rx, now);
  if (!rx->port_due)
    return TRUE;
  if (rx->tell.channel.port != 0)
    return join (rx, now);
  if (!gst_mc_metadata_is_hopeless (rx->metadata) &&
      (gst_mc_metadata_get (rx->metadata) == NULL) && now < port_deadline (rx))
    return TRUE;
  post_no_port (rx);
  return FALSE;
}

/* Joins once the sender's address is known.  FALSE: it could not be learnt in
 * time, or there is no joining. */
static gboolean
ask_for_channel (GstMcReceiver * rx, core_time now)
{
  if (rx->tell.waiting)
    return TRUE;
  if (rx->source_name && !find_source (rx, now)) {
    if (now < source_deadline (rx))
      return TRUE;
    post_no_source (rx);
    return FALSE;
  }
  g_clear_pointer (&rx->source_name, gst_mc_name_free);
  gst_mc_tell_wait (&rx->tell, now);
  rx->tell.waiting = TRUE;
  ask_for_metadata (rx);
  return join (rx, now);
}

static void
network_changed (GstMcReceiver * rx, core_time now)
{
  if (rx->port_due)
    return;
  for (guint i = 0; i < rx->n_paths; i++)
    rx->paths[i]->klass->network_changed (rx->paths[i], rx->netlink, now);
  if (rx->judge && !rx->paths[NATIVE]->klass->is_joined (rx->paths[NATIVE])) {
    rx->native_due = TRUE;
    receiver_native (rx->judge, FALSE, now);
  }
}

static void
step_judge (GstMcReceiver * rx, core_time now)
{
  if (rx->native_due && rx->tell.channel.port != 0)
    receiver_native (rx->judge, join_native (rx, now), now);
  receiver_expire (rx->judge, now);
  follow_judge (rx, now);
}

static void
drain_wake_fd (GstMcReceiver * rx)
{
  guint64 count;

  if (gst_mc_poll_can_read (rx->poll, rx->wake_fd))
    while (read (rx->wake_fd, &count, sizeof (count)) > 0);
}

/* What is known of the channel.  It may be another one then, so no payload is
 * waiting to be pushed. */
static gboolean
step_channel (GstMcReceiver * rx, core_time now)
{
  drain_wake_fd (rx);
  return ask_for_channel (rx, now) && follow_metadata (rx, now);
}

static gboolean
step_paths (GstMcReceiver * rx, core_time now)
{
  rx->step_at = now + STEP_EVERY;
  if (gst_mc_netlink_step (rx->netlink, now) && rx->tell.waiting)
    network_changed (rx, now);
  /* A tunnel that is joined now asks its relay in its own step. */
  if (rx->judge && rx->tell.waiting)
    step_judge (rx, now);
  for (guint i = 0; i < rx->n_paths; i++)
    if (!rx->paths[i]->klass->step (rx->paths[i], now))
      return FALSE;
  /* What is about to be pushed may have waited for downstream. */
  if (rx->output.n == 0)
    gst_mc_tell_expire (&rx->tell, now);
  return TRUE;
}

gboolean
gst_mc_receiver_step (GstMcReceiver * rx, core_time now)
{
  return step_channel (rx, now) && step_paths (rx, now);
}

GstClockTime
gst_mc_receiver_time_to_wait (GstMcReceiver * rx, core_time now)
{
  core_time deadline = MIN (gst_mc_tell_deadline (&rx->tell),
      gst_mc_netlink_deadline (rx->netlink));

  for (guint i = 0; i < rx->n_paths; i++)
    deadline = MIN (deadline, rx->paths[i]->klass->deadline (rx->paths[i]));
  if (rx->judge && rx->tell.waiting)
    deadline = MIN (deadline, receiver_deadline (rx->judge));
  deadline = MIN (deadline, port_deadline (rx));
  if (rx->source_name) {
    deadline = MIN (deadline, gst_mc_name_deadline (rx->source_name));
    deadline = MIN (deadline, source_deadline (rx));
  }
  rx->step_at = MIN (rx->step_at, deadline);
  if (deadline == CORE_TIME_NEVER)
    return GST_CLOCK_TIME_NONE;
  return deadline > now ? deadline - now : 0;
}

/* Whether the packet is to be passed on; says when it begins another path. */
static gboolean
ask_judge (GstMcReceiver * rx, guint path, const GstMcPayload * payload,
    core_time now)
{
  receiver_path before = receiver_delivery (rx->judge);
  gboolean pass = receiver_packet (rx->judge,
      path == NATIVE ? RECEIVER_NATIVE : RECEIVER_TUNNEL, payload->data,
      payload->len, now);

  /* Nobody knows what was missed in the silence before. */
  if (before == RECEIVER_NATIVE
      && receiver_delivery (rx->judge) == RECEIVER_TUNNEL)
    rx->output.discont = TRUE;
  return pass;
}

/* Passes a payload on, or drops it. */
static void
add_payload (GstMcReceiver * rx, guint path, const GstMcPayload * payload,
    core_time now)
{
  if (payload->len == 0)
    rx->empty++;
  else if (now < rx->stale_until &&
      GST_CLOCK_TIME_IS_VALID (payload->realtime) &&
      payload->realtime < rx->stale_before)
    rx->paused++;
  else if (rx->judge == NULL || ask_judge (rx, path, payload, now))
    gst_mc_output_add (&rx->output, rx->paths[path], payload);
}

/* What one path brought in a wake-up. */
typedef struct
{
  gint n;                       /* datagrams to be looked at */
  gboolean found;               /* there is a payload, the oldest left: */
  GstMcPayload payload;
} Batch;

static void
fill_batch (GstMcReceiver * rx, guint i, Batch * batch, core_time now)
{
  GstMcPath *path = rx->paths[i];

  while (!batch->found && batch->n-- > 0) {
    batch->found = path->klass->next (path, now, &batch->payload);
    rx->only_data &= batch->found;
  }
}

/* Takes all payloads, in the order in which they arrived by any path: an older
 * one must not come behind a newer one of the other path. */
static void
take_batches (GstMcReceiver * rx, Batch * batches, core_time now)
{
  for (;;) {
    Batch *oldest = NULL;

    for (guint i = 0; i < rx->n_paths; i++) {
      fill_batch (rx, i, &batches[i], now);
      if (batches[i].found && (oldest == NULL ||
              batches[i].payload.realtime < oldest->payload.realtime))
        oldest = &batches[i];
    }
    if (oldest == NULL)
      return;
    add_payload (rx, (guint) (oldest - batches), &oldest->payload, now);
    oldest->found = FALSE;
  }
}

/* What has to be done after the packets of a wake-up.  As long as they flow and
 * nothing else happens that is little. */
static gboolean
step_after_data (GstMcReceiver * rx, core_time now)
{
  if (!rx->only_data || now >= rx->step_at || !rx->tell.joined ||
      rx->tell.channel.port == 0)
    return step_paths (rx, now);
  if (rx->judge)
    step_judge (rx, now);
  return TRUE;
}

/* Before the packets of a wake-up are looked at: which ones are wanted? */
static gboolean
step_before_data (GstMcReceiver * rx, core_time now)
{
  if (rx->tell.joined && now < rx->step_at &&
      !gst_mc_poll_can_read (rx->poll, rx->wake_fd))
    return TRUE;
  return step_channel (rx, now);
}

static void
mark_gap (GstMcReceiver * rx)
{
  rx->output.discont |= gst_mc_tell_take_gap (&rx->tell);
}

gint
gst_mc_receiver_receive (GstMcReceiver * rx, gint n_ready, core_time now)
{
  Batch batches[G_N_ELEMENTS (rx->paths)] = { {0}
  };
  guint n_datagrams = 0, n_messages = 0;

  if (!step_before_data (rx, now))
    return -1;
  gst_mc_tell_begin (&rx->tell);
  mark_gap (rx);
  for (guint i = 0; i < rx->n_paths; i++) {
    guint messages;
    gint n = rx->paths[i]->klass->receive (rx->paths[i], &messages);

    if (n < 0) {
      GST_ELEMENT_ERROR (rx->tell.element, RESOURCE, READ,
          ("Could not receive from the network: %s", g_strerror (-n)), (NULL));
      return -1;
    }
    batches[i].n = n;
    n_datagrams += (guint) n;
    n_messages += messages;
    n_ready -= n > 0;
  }
  rx->receive_at = core_coalesce_note (&rx->coalesce, n_messages, now);
  if (n_datagrams > 0)
    gst_mc_output_begin (&rx->output, rx->tell.element, n_datagrams);
  rx->only_data = n_datagrams > 0 && n_ready == 0;
  take_batches (rx, batches, now);

  /* Answers first: a Query waits for its Update. */
  if (!step_after_data (rx, now))
    return -1;
  mark_gap (rx);
  if (rx->output.n > 0)
    gst_mc_tell_data (&rx->tell, now);
  return (gint) rx->output.n;
}

core_time
gst_mc_receiver_get_receive_at (const GstMcReceiver * rx)
{
  return rx->receive_at;
}

GstMcOutput *
gst_mc_receiver_get_output (GstMcReceiver * rx)
{
  return &rx->output;
}

static void
add_path_stats (const GstMcReceiver * rx, guint i, GstMcPathStats * sum)
{
  const GstMcPath *path = rx->paths[i];
  GstMcPathStats stats;

  path->klass->get_stats (path, &stats);
  sum->received += stats.received;
  sum->bytes += stats.bytes;
  sum->too_big += stats.too_big;
  sum->kernel_dropped += stats.kernel_dropped;
  sum->receive_buffer = MAX (sum->receive_buffer, stats.receive_buffer);
  if (rx->n_paths == 1 || i == (rx->tunnel_open ? TUNNEL : NATIVE))
    sum->state = stats.state;
}

void
gst_mc_receiver_get_snapshot (const GstMcReceiver * rx,
    GstMcSnapshot * snapshot)
{
  memset (snapshot, 0, sizeof (*snapshot));
  for (guint i = 0; i < rx->n_paths; i++)
    add_path_stats (rx, i, &snapshot->path);
  snapshot->delivery = rx->tell.delivery;
  snapshot->duplicates = rx->judge ? receiver_duplicates (rx->judge) : 0;
  snapshot->packets_pushed = rx->output.packets_pushed;
  snapshot->packets_flushed = rx->output.packets_flushed;
  snapshot->paused = rx->paused;
  snapshot->empty = rx->empty;
  snapshot->last_packet = rx->output.last_realtime;
  snapshot->join_latency = rx->tell.join_latency;
  gst_mc_metadata_get_stats (rx->metadata, &snapshot->metadata);
  snapshot->running = TRUE;
}
