/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Native multicast as a path.
 */
#include "gstmcnative.h"

#include <errno.h>
#include <string.h>

#include "gstmcbatch.h"
#include "gstmciface.h"
#include "gstmcsocket.h"

/* The reason of a leave that nobody asked for. */
#define LEFT "network-changed"

/* A socket and what it takes to receive from it. */
typedef struct
{
  GstMcSocket socket;
  guint receive_buffer;
  GstMcBatch *batch;            /* NULL: closed */
} Intake;

struct _GstMcNative
{
  GstMcPath path;               /* must be first */
  GstElement *element;
  GstMcPoll *poll;
  GstMcSettings settings;       /* a copy */

  Intake intake;
  GArray *joined;               /* of GstMcIface; NULL before join () */
  core_time rejoin_due;

  guint64 *mismatches;          /* of the message looked at: see there */
  guint64 received;
  guint64 bytes;
  guint64 too_big;
  guint64 kernel_dropped;       /* by sockets closed since */
  gboolean was_joined;
  GstMcNativeStats stats;
};

static const GstMcPathClass native_class;

static void
init_intake (Intake * intake)
{
  memset (intake, 0, sizeof (*intake));
  intake->socket.fd = -1;
}

GstMcNative *
gst_mc_native_new (GstMcTell * tell, GstMcPoll * poll,
    const GstMcSettings * settings, gboolean may_learn, GError ** error)
{
  GstMcNative *native;
  GArray *ifaces;

  if (settings->port == 0 && !may_learn) {
    g_set_error_literal (error, GST_RESOURCE_ERROR,
        GST_RESOURCE_ERROR_SETTINGS, "The property \"port\" is 0, but a native "
        "join needs the channel's UDP port. Give it, e.g. port=5001, or let "
        "\"dorms-uri\" name a metadata server that tells it");
    return NULL;
  }
  /* What the user named has to be there; a route may depend on the sender's
   * address, which is not known before join (). */
  if (settings->multicast_iface && settings->multicast_iface[0] != '\0') {
    ifaces = gst_mc_iface_find (settings->multicast_iface, &tell->channel,
        TRUE, error);
    if (ifaces == NULL)
      return NULL;
    g_array_unref (ifaces);
  }

  native = g_new0 (GstMcNative, 1);
  native->path.klass = &native_class;
  native->path.tell = tell;
  native->element = tell->element;
  native->poll = poll;
  native->rejoin_due = CORE_TIME_NEVER;
  init_intake (&native->intake);
  gst_mc_settings_copy (&native->settings, settings);
  return native;
}

GstMcPath *
gst_mc_native_get_path (GstMcNative * native)
{
  return &native->path;
}

/* The kernel leaves. */
static void
close_intake (GstMcNative * native, Intake * intake)
{
  if (intake->batch)
    native->kernel_dropped += gst_mc_batch_get_kernel_dropped (intake->batch);
  g_clear_pointer (&intake->batch, gst_mc_batch_free);
  gst_mc_poll_remove (native->poll, intake->socket.fd);
  gst_mc_socket_close (&intake->socket);
  init_intake (intake);
}

static void
close_socket (GstMcNative * native)
{
  close_intake (native, &native->intake);
  native->rejoin_due = CORE_TIME_NEVER;
  g_clear_pointer (&native->joined, g_array_unref);
}

static void
native_close (GstMcPath * path, core_time now)
{
  GstMcNative *native = (GstMcNative *) path;

  close_socket (native);
  gst_mc_settings_clear (&native->settings);
  g_free (native);
}

/* --- joining --- */

/* What a socket is bound to: datagrams to other groups stay away from it.
 * Bound to a group of one link (RFC 4291 §2.7) it would belong to one interface
 * for ever, but joins may be on several, and move. */
static core_addr
local_addr (const GstMcChannel * channel, guint port)
{
  core_addr local = { channel->group, (guint16) port, 0 };

  if (local.ip.family == CORE_FAMILY_V6 && (local.ip.bytes[1] & 0x0f) <= 2)
    memset (local.ip.bytes, 0, sizeof (local.ip.bytes));
  return local;
}

static gboolean
open_socket (GstMcNative * native, guint port, GError ** error)
{
  core_addr local = local_addr (&native->path.tell->channel, port);
  Intake *intake = &native->intake;
  gchar text[CORE_ADDR_TEXT_MAX];
  g_autoptr (GError) problem = NULL;

  if (!gst_mc_socket_open_group (&intake->socket, &local, &problem)) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ,
        "Could not open a socket for %s (properties \"group\" and \"port\"): "
        "%s. Check that no other program has the port for itself",
        core_addr_to_string (&local, text), problem->message);
    return FALSE;
  }
  intake->receive_buffer = gst_mc_socket_size_receive_buffer (&intake->socket,
      native->element, native->settings.buffer_size);
  intake->batch = gst_mc_batch_new (native->settings.batch_size,
      native->settings.mtu, native->settings.allow_gro &&
      gst_mc_socket_join_datagrams (&intake->socket));
  if (!gst_mc_poll_add (native->poll, intake->socket.fd)) {
    g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED,
        "Could not set up receiving: out of file descriptors");
    return FALSE;
  }
  return TRUE;
}

static gboolean
join_on (GstMcNative * native, const GstMcIface * iface, GError ** error)
{
  const GstMcChannel *channel = &native->path.tell->channel;
  gchar source[CORE_IP_TEXT_MAX], group[CORE_IP_TEXT_MAX];
  gboolean v4 = channel->group.family == CORE_FAMILY_V4;
  int err = gst_mc_socket_join (&native->intake.socket, iface->index,
      &channel->source, &channel->group);

  if (err == 0) {
    gst_mc_tell_request (native->path.tell, "on", iface->name);
    return TRUE;
  }
  core_ip_to_string (&channel->source, source);
  core_ip_to_string (&channel->group, group);
  if (err == ENOBUFS)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ,
        "Could not join %s@%s on %s (property \"multicast-iface\"): the "
        "system allows no more joins of one socket. Name fewer interfaces, or "
        "raise %s", source, group, iface->name, v4 ?
        "net.ipv4.igmp_max_memberships and net.ipv4.igmp_max_msf" :
        "net.ipv6.mld_max_msf and net.core.optmem_max");
  else
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ,
        "Could not join %s@%s on %s (property \"multicast-iface\"): %s. Give "
        "an interface that is up and has %s", source, group, iface->name,
        g_strerror (err), v4 ? "IPv4" : "IPv6");
  return FALSE;
}

static void
schedule_rejoin (GstMcNative * native, core_time now)
{
  native->rejoin_due = native->settings.rejoin_interval == 0 ?
      CORE_TIME_NEVER : now + native->settings.rejoin_interval;
}

static gboolean
join_all (GstMcNative * native, GError ** error)
{
  g_autoptr (GArray) ifaces =
      gst_mc_iface_find (native->settings.multicast_iface,
      &native->path.tell->channel, TRUE, error);

  if (ifaces == NULL ||
      !open_socket (native, native->path.tell->channel.port, error))
    return FALSE;
  native->joined = g_array_new (FALSE, FALSE, sizeof (GstMcIface));
  for (guint i = 0; i < ifaces->len; i++) {
    const GstMcIface *iface = &g_array_index (ifaces, GstMcIface, i);

    if (!join_on (native, iface, error))
      return FALSE;
    g_array_append_val (native->joined, *iface);
  }
  return TRUE;
}

static gboolean
native_join (GstMcPath * path, core_time now, GError ** error)
{
  GstMcNative *native = (GstMcNative *) path;

  /* One is open where all its interfaces went. */
  close_socket (native);
  if (!join_all (native, error)) {
    close_socket (native);
    return FALSE;
  }
  if (native->was_joined)
    native->stats.rejoins++;
  native->was_joined = TRUE;
  schedule_rejoin (native, now);
  return TRUE;
}

/* What was joined is joined by the new socket before the old one is closed, so
 * that the host's membership goes on. */
static gboolean
native_set_port (GstMcPath * path, guint port, core_time now, GError ** error)
{
  GstMcNative *native = (GstMcNative *) path;
  Intake old = native->intake;

  if (native->joined == NULL)
    return TRUE;
  init_intake (&native->intake);
  if (!open_socket (native, port, error)) {
    close_intake (native, &native->intake);
    native->intake = old;
    return FALSE;
  }
  for (guint i = 0; i < native->joined->len; i++) {
    GstMcIface *iface = &g_array_index (native->joined, GstMcIface, i);
    g_autoptr (GError) problem = NULL;

    if (join_on (native, iface, &problem)) {
      native->stats.rejoins++;
      continue;
    }
    /* The next change of the network is the next chance. */
    GST_WARNING_OBJECT (native->element, "%s", problem->message);
    iface->running = FALSE;
  }
  close_intake (native, &old);
  schedule_rejoin (native, now);
  return TRUE;
}

static void
native_leave (GstMcPath * path, core_time now)
{
  close_socket ((GstMcNative *) path);
}

static void
leave_on (GstMcNative * native, const GstMcIface * iface)
{
  const GstMcChannel *channel = &native->path.tell->channel;

  /* Where the interface is gone the join went with it. */
  gst_mc_socket_leave (&native->intake.socket, iface->index, &channel->source,
      &channel->group);
}

/* --- a network that changes --- */

static GstMcIface *
find_joined (GstMcNative * native, guint index)
{
  for (guint i = 0; i < native->joined->len; i++) {
    GstMcIface *iface = &g_array_index (native->joined, GstMcIface, i);

    if (iface->index == index)
      return iface;
  }
  return NULL;
}

static gboolean
contains (const GArray * ifaces, guint index)
{
  for (guint i = 0; ifaces && i < ifaces->len; i++)
    if (g_array_index (ifaces, GstMcIface, i).index == index)
      return TRUE;
  return FALSE;
}

static gboolean
leave_unwanted (GstMcNative * native, const GArray * wanted, core_time now)
{
  gboolean changed = FALSE;

  for (guint i = native->joined->len; i > 0; i--) {
    GstMcIface *iface = &g_array_index (native->joined, GstMcIface, i - 1);

    if (contains (wanted, iface->index))
      continue;
    GST_INFO_OBJECT (native->element, "leaving on %s", iface->name);
    leave_on (native, iface);
    gst_mc_tell_leave (native->path.tell, GST_MC_DELIVERY_NATIVE, LEFT, now);
    g_array_remove_index (native->joined, i - 1);
    changed = TRUE;
  }
  return changed;
}

/* Joins on an interface, and anew where routers may have forgotten us. */
static gboolean
join_wanted (GstMcNative * native, const GstMcIface * iface,
    const GstMcNetlink * netlink, core_time now)
{
  GstMcIface *old = find_joined (native, iface->index);
  gboolean stale = old != NULL && (old->addresses != iface->addresses ||
      old->carrier_changes != iface->carrier_changes ||
      !old->running || gst_mc_netlink_was_down (netlink, iface->index));
  g_autoptr (GError) error = NULL;

  if (old != NULL)
    *old = *iface;
  if (!iface->running || (old != NULL && !stale))
    return FALSE;
  gst_mc_tell_leave (native->path.tell, GST_MC_DELIVERY_NATIVE, LEFT, now);
  if (old != NULL)
    leave_on (native, old);
  if (!join_on (native, iface, &error)) {
    /* The next change of the network is the next chance. */
    GST_WARNING_OBJECT (native->element, "%s", error->message);
    if (old != NULL)
      old->running = FALSE;
    return FALSE;
  }
  if (old == NULL)
    g_array_append_val (native->joined, *iface);
  native->stats.rejoins++;
  return TRUE;
}

static gboolean
native_is_joined (const GstMcPath * path)
{
  const GstMcNative *native = (const GstMcNative *) path;

  return native->joined != NULL && native->joined->len > 0;
}

static void
native_network_changed (GstMcPath * path, const GstMcNetlink * netlink,
    core_time now)
{
  GstMcNative *native = (GstMcNative *) path;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) wanted = NULL;
  gboolean changed;

  if (native->joined == NULL)
    return;
  wanted = gst_mc_iface_find (native->settings.multicast_iface,
      &path->tell->channel, FALSE, &error);
  if (wanted == NULL)
    GST_INFO_OBJECT (native->element, "%s", error->message);
  changed = leave_unwanted (native, wanted, now);
  for (guint i = 0; wanted && i < wanted->len; i++)
    changed |= join_wanted (native, &g_array_index (wanted, GstMcIface, i),
        netlink, now);
  if (changed) {
    gst_mc_tell_gap (path->tell, GST_MC_DELIVERY_NATIVE);
    schedule_rejoin (native, now);
  }
}

/* --- running --- */

static void
native_resume (GstMcPath * path, core_time now)
{
}

static gboolean
native_step (GstMcPath * path, core_time now)
{
  GstMcNative *native = (GstMcNative *) path;

  if (now < native->rejoin_due)
    return TRUE;
  for (guint i = 0; i < native->joined->len; i++) {
    const GstMcIface *iface = &g_array_index (native->joined, GstMcIface, i);

    leave_on (native, iface);
    if (gst_mc_socket_join (&native->intake.socket, iface->index,
            &path->tell->channel.source, &path->tell->channel.group) == 0)
      native->stats.rejoins++;
  }
  schedule_rejoin (native, now);
  return TRUE;
}

static core_time
native_deadline (const GstMcPath * path)
{
  return ((const GstMcNative *) path)->rejoin_due;
}

static gint
native_receive (GstMcPath * path, guint * n_messages)
{
  GstMcNative *native = (GstMcNative *) path;
  gint n;

  *n_messages = 0;
  if (native->intake.batch == NULL ||
      !(gst_mc_poll_can_read (native->poll, native->intake.socket.fd) ||
          gst_mc_poll_has_error (native->poll, native->intake.socket.fd)))
    return 0;
  n = gst_mc_batch_receive (native->intake.batch, native->intake.socket.fd);
  *n_messages = gst_mc_batch_get_n_messages (native->intake.batch);
  return n;
}

/* The counter of what is not of the channel; NULL: it is. */
static guint64 *
mismatches (GstMcNative * native, const GstMcDatagram * datagram)
{
  const GstMcChannel *channel = &native->path.tell->channel;

  if (native->intake.socket.tells_destination &&
      !core_ip_equal (&datagram->to, &channel->group))
    return &native->stats.wrong_group;
  if (!core_ip_equal (&datagram->from.ip, &channel->source))
    return &native->stats.wrong_source;
  return NULL;
}

static gboolean
native_next (GstMcPath * path, core_time now, GstMcPayload * payload)
{
  GstMcNative *native = (GstMcNative *) path;
  const GstMcDatagram *datagram = gst_mc_batch_next (native->intake.batch);

  native->received++;
  /* One look for all that came joined. */
  if (datagram->first)
    native->mismatches = mismatches (native, datagram);
  if (native->mismatches) {
    (*native->mismatches)++;
    return FALSE;
  }
  if (datagram->truncated) {
    native->too_big++;
    return FALSE;
  }
  native->bytes += datagram->len;
  payload->data = datagram->data;
  payload->len = datagram->len;
  payload->realtime = datagram->realtime;
  payload->source_port = datagram->from.port;
  return TRUE;
}

static GstBuffer *
native_take (GstMcPath * path, const GstMcPayload * payload)
{
  return gst_mc_batch_take (((GstMcNative *) path)->intake.batch, payload->data,
      payload->len);
}

static void
native_get_stats (const GstMcPath * path, GstMcPathStats * stats)
{
  const GstMcNative *native = (const GstMcNative *) path;

  stats->received = native->received;
  stats->bytes = native->bytes;
  stats->too_big = native->too_big;
  stats->kernel_dropped = native->kernel_dropped;
  if (native->intake.batch)
    stats->kernel_dropped +=
        gst_mc_batch_get_kernel_dropped (native->intake.batch);
  stats->receive_buffer = native->intake.receive_buffer;
  stats->state = native_is_joined (path) ? "joined" : "idle";
}

void
gst_mc_native_get_stats (const GstMcNative * native, GstMcNativeStats * stats)
{
  *stats = native->stats;
}

void
gst_mc_native_add_stats (const GstMcNativeStats * native, GstStructure * stats)
{
  gst_structure_set (stats,
      "rejoins", G_TYPE_UINT64, native->rejoins,
      "dropped-wrong-group", G_TYPE_UINT64, native->wrong_group,
      "dropped-wrong-source", G_TYPE_UINT64, native->wrong_source, NULL);
}

static const GstMcPathClass native_class = {
  .delivery = GST_MC_DELIVERY_NATIVE,
  .close = native_close,
  .join = native_join,
  .set_port = native_set_port,
  .leave = native_leave,
  .is_joined = native_is_joined,
  .resume = native_resume,
  .network_changed = native_network_changed,
  .step = native_step,
  .deadline = native_deadline,
  .receive = native_receive,
  .next = native_next,
  .take = native_take,
  .get_stats = native_get_stats
};
