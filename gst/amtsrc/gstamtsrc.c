/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtsrc: receives a source-specific multicast channel, natively or through an
 * AMT relay.
 */

/**
 * SECTION:element-amtsrc
 * @title: amtsrc
 * @see_also: ssmsrc, amtrelaysink, udpsrc
 *
 * Receives the UDP datagrams of one source-specific multicast channel
 * (source, group, port): natively where the network carries multicast, else
 * through an AMT relay (RFC 7450) on any network that carries UDP. It needs no
 * privileges, TUN device or routes.
 *
 * With #GstAmtSrc:delivery `auto` the channel is joined natively at once. When
 * nothing comes for #GstAmtSrc:native-timeout, or there is no interface to join
 * on, the tunnel is opened, and the native join stays. When native packets then
 * come for a second without such a pause, the tunnel is left; when they stop
 * again, it is opened again. While both are open each packet is passed on once,
 * if one path is less than 8192 packets and 2 s behind the other, in the order
 * in which the first copies come: where one path is ahead of the other, packets
 * may be out of order for a moment. A move to the tunnel is marked by DISCONT,
 * as nobody knows what the silence has cost; a move from it loses nothing and is
 * not.
 *
 * Nothing but source and group need be known where the sender published the
 * rest: without #GstAmtSrc:relay, relays are found by the DNS (RFC 8777) and tried
 * side by side; without #GstAmtSrc:port, the channel's metadata are asked for it
 * (#GstAmtSrc:dorms-uri).
 *
 * In the tunnel the element asks the relays of #GstAmtSrc:relay in order, joins
 * the channel at the first that answers, keeps the tunnel alive and moves to
 * another relay when one fails, without the pipeline noticing more than a gap (DISCONT).
 * Relay, channel and all else can also be given as one #GstAmtSrc:uri, so that
 * playbin and uridecodebin play `amt://` by themselves.
 *
 * Each buffer is the payload of one datagram. It is stamped with the time at
 * which the kernel received it and carries the sender's address as
 * #GstNetAddressMeta. Before the first buffer a sticky event
 * `multicast-channel` (`source`, `group`: string, `port`: uint, `delivery`:
 * string, `preserve-packetization`: boolean) goes downstream, and again when one
 * of these changes.
 *
 * ## Messages
 *
 * All element messages have the fields `source`, `group` (string), `port`
 * (uint), `delivery` (string, `native` or `tunnel`) and `relay` (string,
 * ADDRESS:PORT; empty when native).
 *
 * * `multicast-join`: packets come by this path now, native or a relay. Field
 *   `join-latency` (guint64, ns since the element began to ask for it: since
 *   PLAYING, or since the path before it was left).
 * * `multicast-leave`: the path is left or lost. Field `reason` (string:
 *   `stopped`; of the tunnel `no-answer`, `unreachable`, `limit`, `no-data`,
 *   `network-changed`: another relay is the one to use there, or `native`:
 *   native multicast took over; of native multicast `silent`: the tunnel took
 *   over, or `network-changed`).
 * * `multicast-stalled`: nothing came for #GstAmtSrc:stall-timeout; once per
 *   silence. Field `silence` (guint64, ns).
 * * `multicast-resumed`: the first packet after a `multicast-stalled`. Field
 *   `silence` (guint64, ns).
 * * `multicast-port`: the port was 0, or another one, and is known now; it is in
 *   `port`. Field `found-by` (string: `metadata`, `datagram`), see
 *   #GstAmtSrc:port.
 * * `multicast-metadata`: what the metadata server said, whenever that changes:
 *   `source`, `group`, `server` (HOST:PORT), `state` (`fresh`, `stale`,
 *   `withdrawn`, `none`), `code` (`ok`, or why there is none: `no-service`,
 *   `dns-untrusted`, `dns-bogus`, `srv-mismatch`, `unreachable`, `tls`,
 *   `denied`, `no-restconf-root`, `version-mismatch`, `bad-content-type`,
 *   `no-metadata`, `bad-json`, `bad-metadata`, `too-large`, `redirect-refused`,
 *   `no-memory`) and `text` (strings). With metadata also `ports` (array of
 *   uint); `manifest-streams` (array of structures with `stream-id`, `port`:
 *   uint, 0 for all; `hash-algorithm`, `layer`: string; `data-hold-time`,
 *   `digest-hold-time`: guint64, ns; `uris`: array of strings; `expiration`:
 *   gint64, Unix time, where there is one); and, where the sender promises a
 *   rate, `max-bitrate` (guint64, bit/s), `max-packet-size` (uint),
 *   `data-rate-window` (guint64, ns), `priority` (uint).
 * * `GstUDPSrcTimeout`: as udpsrc posts it, see #GstAmtSrc:timeout. Its one
 *   field is `timeout` (guint64, ns).
 *
 * Progress messages tell of `name-lookup` (each question to the DNS), `connect`
 * (the relay's handshake), `request` (the join, and each question to a metadata
 * server) and `disconnect`. What began and was not completed ends
 * as CANCELED, or as ERROR with the error. What shares a code begins once, with
 * the first, and ends once, with the last; between them all is CONTINUE.
 *
 * ## Statistics
 *
 * The structure #GstAmtSrc:stats is `application/x-multicast-stats`. Its
 * counters are guint64 and only grow until the element is started anew.
 *
 * * `packets-received`: multicast datagrams that came by either path; one
 *   that came in fragments counts once. Always `packets-pushed` plus the sum
 *   of all `dropped-…` but those called `dropped-control-…`.
 * * `bytes-received`: their payloads, of the accepted ones.
 * * `packets-pushed`: buffers handed downstream.
 * * `fragments-received`: fragments of inner datagrams.
 * * `control-received`, `control-sent`: all other AMT messages.
 * * `dropped-REASON`: multicast datagrams dropped, by reason: what was wrong
 *   with them, or `too-big` (longer than mtu), `empty`, `paused` (came while
 *   the pipeline was paused), `flushed` (the element was being stopped),
 *   `duplicate` (the other path had brought it), `wrong-group`,
 *   `wrong-source` (native, not of this channel).
 * * `dropped-control-REASON`: other messages dropped, by reason.
 * * `kernel-dropped`: datagrams the kernel dropped because the receive buffer
 *   was full; see #GstAmtSrc:buffer-size. Those it had joined count as one.
 * * `receive-buffer-size`: bytes of it that the kernel granted.
 * * `rejoins`: native joins after the first, see #GstAmtSrc:rejoin-interval.
 * * `relay-requests`, `relay-failovers`: Requests sent; moves away from a
 *   relay that had been in use.
 * * `delivery` (string): `native` or `tunnel`: the path that packets come by.
 * * `relay` (string): the relay in use or being asked, empty if none.
 * * `relay-found-by` (string): `configured`, `dns-sd`, `anycast`, `amtrelay`;
 *   empty before one was found.
 * * `relay-dnssec` (string): `secure` when DNSSEC vouches for all answers that
 *   led to the relay, or none was needed (anycast), else `insecure`; empty when
 *   none was found or it was configured.
 * * `state` (string): `stopped`; while the tunnel is wanted `idle` (no address
 *   known yet), `discover`, `request` (asking a relay), `active`; else `idle`
 *   or `joined`.
 * * `metadata` (string): `fresh`, `stale`, `withdrawn` or `none`.
 * * `cbacc-max-bitrate` (bit/s), `cbacc-max-packet-size`, `cbacc-window-ns`,
 *   `cbacc-priority`: the rate that the metadata promise, 0 when they do not.
 * * `join-latency-ns`: from asking to join to the first packet, 0 before it.
 * * `last-packet-time-ns`: Unix time of the last packet, 0 before the first.
 *
 * ## Security
 *
 * The tunnel is not encrypted: whoever can forge the relay's address and knows
 * the ports can inject packets of the channel. Nonces come from the kernel's
 * CSPRNG, the local port is random. Relays that the DNS names are used even where
 * DNSSEC does not vouch for them (`relay-dnssec` tells), but never when it says
 * that an answer is forged; ambiverify protects from what a false relay sends. A
 * metadata server is believed by #GstAmtSrc:dns-trust and its certificate alone.
 * Where neither the user nor metadata tell the port, a forged first datagram can.
 * Every packet's addresses, lengths and
 * checksums are verified; nothing a remote host sends ends the stream.
 *
 * ## Example launch lines
 *
 * |[
 * gst-launch-1.0 amtsrc source=192.0.2.10 group=232.1.1.1 ! ambiverify ! tsdemux ! queue ! h264parse ! avdec_h264 ! videoconvert ! autovideosink
 * ]| Finds relay, port and manifests by itself, if the sender published them.
 *
 * |[
 * gst-launch-1.0 amtsrc relay=127.0.0.1 source=192.0.2.10 group=232.1.1.1 port=5001 ! tsdemux ! h264parse ! avdec_h264 ! videoconvert ! autovideosink
 * ]| Plays the H.264 video of an MPEG-TS from a relay on this host.
 *
 * |[
 * gst-play-1.0 "amt://192.0.2.10@232.1.1.1:5001?relay=127.0.0.1"
 * ]| The same by URI.
 *
 * |[
 * gst-play-1.0 "amt://192.0.2.10@232.1.1.1:5001?relay=127.0.0.1&delivery=tunnel"
 * ]| Through the tunnel, whatever the network carries.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstamtsrc.h"

#include <string.h>

#include "gstamtpath.h"
#include "gstmcnative.h"
#include "gstmcsource.h"
#include "gstmcstats.h"

GST_DEBUG_CATEGORY (gst_amt_src_debug);
#define GST_CAT_DEFAULT gst_amt_src_debug

struct _GstAmtSrc
{
  GstMcSource source;           /* must be first */
  GstMcNative *native;          /* the receiver's, like path; */
  GstAmtPath *path;             /*   NULL when not wanted */

  /* Protected by the object lock. */
  GstAmtSettings settings;
  GstAmtTunnelStats stats;      /* both taken with the snapshot */
  GstMcNativeStats native_stats;
};

static void gst_amt_src_uri_handler_init (gpointer iface, gpointer data);
static void gst_amt_src_finalize (GObject * object);

#define gst_amt_src_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstAmtSrc, gst_amt_src, GST_TYPE_PUSH_SRC,
    G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER, gst_amt_src_uri_handler_init);
    GST_DEBUG_CATEGORY_INIT (gst_amt_src_debug, "amtsrc", 0, "AMT source"));
GST_ELEMENT_REGISTER_DEFINE (amtsrc, "amtsrc", GST_RANK_PRIMARY,
    GST_TYPE_AMT_SRC);

/* Opens what the delivery wanted takes. */
static gboolean
open_paths (GstAmtSrc * self, const GstMcSettings * common,
    const GstAmtSettings * settings, GError ** error)
{
  GstMcReceiver *receiver = self->source.receiver;
  gboolean only_native = settings->delivery == GST_AMT_DELIVERY_NATIVE;

  self->native = NULL;
  self->path = NULL;
  if (settings->delivery != GST_AMT_DELIVERY_TUNNEL) {
    self->native = gst_mc_native_new (gst_mc_receiver_get_tell (receiver),
        self->source.poll, common, !only_native ||
        gst_mc_receiver_may_learn_port (receiver), error);
    if (self->native == NULL)
      return FALSE;
    /* The receiver owns it from now on, whatever else fails. */
    gst_mc_receiver_set_path (receiver, gst_mc_native_get_path (self->native));
  }
  if (only_native)
    return TRUE;

  self->path = gst_amt_path_new (receiver, common, settings, error);
  if (self->path == NULL)
    return FALSE;
  if (self->native)
    gst_mc_receiver_set_paths (receiver, gst_mc_native_get_path (self->native),
        gst_amt_path_get_path (self->path), settings->native_timeout);
  else
    gst_mc_receiver_set_path (receiver, gst_amt_path_get_path (self->path));
  return TRUE;
}

/* What is tried first. */
static const gchar *
first_delivery (const GstAmtSettings * settings)
{
  return settings->delivery == GST_AMT_DELIVERY_TUNNEL ?
      GST_MC_DELIVERY_TUNNEL : GST_MC_DELIVERY_NATIVE;
}

static gboolean
gst_amt_src_open (GstMcSource * source, const GstMcSettings * common,
    GError ** error)
{
  GstAmtSrc *self = GST_AMT_SRC (source);
  GstAmtSettings settings;
  gboolean ok = FALSE;

  GST_OBJECT_LOCK (self);
  gst_amt_settings_copy (&settings, &self->settings);
  memset (&self->stats, 0, sizeof (self->stats));
  memset (&self->native_stats, 0, sizeof (self->native_stats));
  GST_OBJECT_UNLOCK (self);

  source->receiver = gst_mc_receiver_new (GST_BASE_SRC (source), common,
      first_delivery (&settings), settings.relay_timeout, source->poll, error);
  if (source->receiver)
    ok = open_paths (self, common, &settings, error);
  gst_amt_settings_clear (&settings);
  return ok;
}

static gboolean
gst_amt_src_set_property (GstMcSource * source, guint id, const GValue * value)
{
  return gst_amt_settings_set_property (&GST_AMT_SRC (source)->settings, id,
      value);
}

static gboolean
gst_amt_src_get_property (GstMcSource * source, guint id, GValue * value)
{
  return gst_amt_settings_get_property (&GST_AMT_SRC (source)->settings, id,
      value);
}

static void
gst_amt_src_publish (GstMcSource * source)
{
  GstAmtSrc *self = GST_AMT_SRC (source);

  if (self->path)
    gst_amt_path_get_stats (self->path, &self->stats);
  if (self->native)
    gst_mc_native_get_stats (self->native, &self->native_stats);
}

static void
add_tunnel_stats (GstStructure * s, const GstAmtTunnelStats * tunnel)
{
  const amt_gateway_stats *gw = &tunnel->gateway;
  gchar relay[CORE_ADDR_TEXT_MAX] = "";

  if (gw->relay.ip.family != CORE_FAMILY_NONE)
    core_addr_to_string (&gw->relay, relay);
  gst_structure_set (s,
      "fragments-received", G_TYPE_UINT64, gw->fragments_received,
      "control-received", G_TYPE_UINT64,
      gw->control_received + tunnel->control_too_big,
      "control-sent", G_TYPE_UINT64, gw->control_sent,
      "relay", G_TYPE_STRING, relay,
      "relay-found-by", G_TYPE_STRING, tunnel->found_by ? tunnel->found_by : "",
      "relay-dnssec", G_TYPE_STRING, tunnel->dnssec ? tunnel->dnssec : "",
      "relay-requests", G_TYPE_UINT64, gw->requests_sent,
      "relay-failovers", G_TYPE_UINT64, gw->failovers,
      "dropped-control-too-big", G_TYPE_UINT64, tunnel->control_too_big, NULL);
  gst_mc_stats_set_drops (s, "dropped", amt_gateway_data_reasons,
      gw->data_dropped);
  gst_mc_stats_set_drops (s, "dropped-control", amt_gateway_control_reasons,
      gw->control_dropped);
}

static GstStructure *
gst_amt_src_get_stats (GstMcSource * source)
{
  GstAmtSrc *self = GST_AMT_SRC (source);
  const gchar *initial;
  GstMcNativeStats native;
  GstAmtTunnelStats tunnel;
  GstMcSnapshot snapshot;
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  snapshot = source->snapshot;
  tunnel = self->stats;
  native = self->native_stats;
  initial = first_delivery (&self->settings);
  GST_OBJECT_UNLOCK (self);
  stats = gst_mc_stats_new (&snapshot, initial);
  gst_structure_set (stats, "dropped-duplicate", G_TYPE_UINT64,
      snapshot.duplicates, NULL);
  gst_mc_native_add_stats (&native, stats);
  add_tunnel_stats (stats, &tunnel);
  return stats;
}

static const GstMcSourceClass source_class = {
  .scheme = "amt",
  .open = gst_amt_src_open,
  .get_stats = gst_amt_src_get_stats,
  .publish = gst_amt_src_publish,
  .set_property = gst_amt_src_set_property,
  .get_property = gst_amt_src_get_property
};

static void
gst_amt_src_class_init (GstAmtSrcClass * klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_amt_src_finalize;
  gst_mc_source_class_init (klass);
  gst_mc_settings_install_native_properties (G_OBJECT_CLASS (klass));
  gst_amt_settings_install_properties (G_OBJECT_CLASS (klass));
  gst_element_class_set_static_metadata (element_class, "AMT source",
      "Source/Network",
      "Receives a source-specific multicast channel, natively or through an "
      "AMT relay (RFC 7450)", "The gst-multicast authors");
}

static void
gst_amt_src_init (GstAmtSrc * self)
{
  gst_mc_source_init (&self->source, &source_class);
  gst_amt_settings_init (&self->settings);
}

static void
gst_amt_src_finalize (GObject * object)
{
  GstAmtSrc *self = GST_AMT_SRC (object);

  gst_amt_settings_clear (&self->settings);
  gst_mc_source_finalize (&self->source);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static const gchar *const *
gst_amt_src_uri_get_protocols (GType type)
{
  static const gchar *const protocols[] = { "amt", NULL };

  return protocols;
}

static void
gst_amt_src_uri_handler_init (gpointer iface, gpointer data)
{
  gst_mc_source_uri_handler_init (iface, data);
  ((GstURIHandlerInterface *) iface)->get_protocols =
      gst_amt_src_uri_get_protocols;
}
