/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * ssmsrc: receives a source-specific multicast channel from the network.
 */

/**
 * SECTION:element-ssmsrc
 * @title: ssmsrc
 * @see_also: amtsrc, udpsrc
 *
 * Receives the UDP datagrams of one source-specific multicast channel
 * (source, group, port) by joining it natively: IGMPv3 for IPv4, MLDv2 for
 * IPv6. Needs no privileges, and a network that routes multicast to this host;
 * where there is none use amtsrc.
 *
 * The join is for one source only, and each datagram is checked once more: it
 * must have been sent to the group by the source. When an interface goes down
 * and comes back, gets another address, or the route to the source moves to
 * another interface, the element joins again by itself.
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
 * (uint), `delivery` (string, `native`) and `relay` (string, empty).
 *
 * * `multicast-join`: the first packet came. Field `join-latency` (guint64, ns
 *   since the element asked to join).
 * * `multicast-leave`: the channel is left. Field `reason` (string: `stopped`,
 *   `network-changed`); after the latter the element has joined again, or
 *   will when there is an interface to join on.
 * * `multicast-stalled`: nothing came for #GstSsmSrc:stall-timeout; once per
 *   silence. Field `silence` (guint64, ns).
 * * `multicast-resumed`: the first packet after a `multicast-stalled`. Field
 *   `silence` (guint64, ns).
 * * `multicast-port`: the port was 0, or another one, and is known now; it is in
 *   `port`. Field `found-by` (string: `metadata`).
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
 * * `GstUDPSrcTimeout`: as udpsrc posts it, see #GstSsmSrc:timeout. Its one
 *   field is `timeout` (guint64, ns).
 *
 * Progress messages tell of `name-lookup` and `request` (the join, and each
 * question to a metadata server). What shares a code begins once, with the
 * first, and ends once, with the last; between them all is CONTINUE.
 *
 * ## Statistics
 *
 * The structure #GstSsmSrc:stats is `application/x-multicast-stats`. Its
 * counters are guint64 and only grow until the element is started anew.
 *
 * * `packets-received`: datagrams that came to the socket. Always
 *   `packets-pushed` plus the sum of all `dropped-…`.
 * * `bytes-received`: their payloads, of the accepted ones.
 * * `packets-pushed`: buffers handed downstream.
 * * `dropped-REASON`: datagrams dropped, by reason: `wrong-group`,
 *   `wrong-source` (not of this channel), `too-big` (longer than mtu),
 *   `empty`, `paused` (came while the pipeline was paused), `flushed` (the
 *   element was being stopped).
 * * `kernel-dropped`: datagrams the kernel dropped because the receive buffer
 *   was full; see #GstSsmSrc:buffer-size. Those it had joined count as one.
 * * `receive-buffer-size`: bytes of it that the kernel granted.
 * * `rejoins`: joins after the first, see #GstSsmSrc:rejoin-interval.
 * * `delivery` (string): `native`.
 * * `state` (string): `stopped`, `idle` (not joined: no address known yet, or
 *   no interface), `joined`.
 * * `metadata` (string): `fresh`, `stale`, `withdrawn` or `none`.
 * * `cbacc-max-bitrate` (bit/s), `cbacc-max-packet-size`, `cbacc-window-ns`,
 *   `cbacc-priority`: the rate that the metadata promise, 0 when they do not.
 * * `join-latency-ns`: from asking to join to the first packet, 0 before it.
 * * `last-packet-time-ns`: Unix time of the last packet, 0 before the first.
 *
 * ## Security
 *
 * Multicast is neither encrypted nor authenticated: whoever can forge the
 * source's address within reach of this host can inject packets. Nothing a
 * remote host sends ends the stream.
 *
 * ## Example launch lines
 *
 * |[
 * gst-launch-1.0 ssmsrc source=192.0.2.10 group=232.1.1.1 port=5001 ! tsdemux ! h264parse ! avdec_h264 ! videoconvert ! autovideosink
 * ]| Plays the H.264 video of an MPEG-TS that the network carries.
 *
 * |[
 * gst-play-1.0 "ssm://192.0.2.10@232.1.1.1:5001?multicast-iface=eth0"
 * ]| The same by URI, on an interface of one's choice.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstssmsrc.h"

#include <string.h>

#include "gstmcnative.h"
#include "gstmcsource.h"
#include "gstmcstats.h"

GST_DEBUG_CATEGORY_STATIC (gst_ssm_src_debug);
#define GST_CAT_DEFAULT gst_ssm_src_debug

/* For the address of a sender that is given by name. */
#define LOOKUP_TIMEOUT (30 * GST_SECOND)

struct _GstSsmSrc
{
  GstMcSource source;           /* must be first */
  GstMcNative *native;          /* the receiver's */
  GstMcNativeStats stats;       /* object lock; taken with the snapshot */
};

static void gst_ssm_src_uri_handler_init (gpointer iface, gpointer data);
static void gst_ssm_src_finalize (GObject * object);

#define gst_ssm_src_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstSsmSrc, gst_ssm_src, GST_TYPE_PUSH_SRC,
    G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER, gst_ssm_src_uri_handler_init);
    GST_DEBUG_CATEGORY_INIT (gst_ssm_src_debug, "ssmsrc", 0, "SSM source"));
GST_ELEMENT_REGISTER_DEFINE (ssmsrc, "ssmsrc", GST_RANK_PRIMARY,
    GST_TYPE_SSM_SRC);

static gboolean
gst_ssm_src_open (GstMcSource * source, const GstMcSettings * settings,
    GError ** error)
{
  GstSsmSrc *self = GST_SSM_SRC (source);

  GST_OBJECT_LOCK (self);
  memset (&self->stats, 0, sizeof (self->stats));
  GST_OBJECT_UNLOCK (self);
  source->receiver = gst_mc_receiver_new (GST_BASE_SRC (source), settings,
      GST_MC_DELIVERY_NATIVE, LOOKUP_TIMEOUT, source->poll, error);
  if (source->receiver == NULL)
    return FALSE;
  self->native =
      gst_mc_native_new (gst_mc_receiver_get_tell (source->receiver),
      source->poll, settings,
      gst_mc_receiver_may_learn_port (source->receiver), error);
  if (self->native == NULL)
    return FALSE;
  gst_mc_receiver_set_path (source->receiver,
      gst_mc_native_get_path (self->native));
  return TRUE;
}

static void
gst_ssm_src_publish (GstMcSource * source)
{
  GstSsmSrc *self = GST_SSM_SRC (source);

  gst_mc_native_get_stats (self->native, &self->stats);
}

static GstStructure *
gst_ssm_src_get_stats (GstMcSource * source)
{
  GstSsmSrc *self = GST_SSM_SRC (source);
  GstMcNativeStats native;
  GstMcSnapshot snapshot;
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  snapshot = source->snapshot;
  native = self->stats;
  GST_OBJECT_UNLOCK (self);
  stats = gst_mc_stats_new (&snapshot, GST_MC_DELIVERY_NATIVE);
  gst_mc_native_add_stats (&native, stats);
  return stats;
}

static const GstMcSourceClass source_class = {
  .scheme = "ssm",
  .open = gst_ssm_src_open,
  .get_stats = gst_ssm_src_get_stats,
  .publish = gst_ssm_src_publish
};

/**
 * GstSsmSrc:uri:
 *
 * The channel and how to receive it, in one string:
 * `ssm://SOURCE@GROUP:PORT[?PROPERTY=VALUE&…]`. IPv6 addresses stand in
 * brackets; a zone, as in `[ff32::8000:1%25eth0]`, is another way to give
 * #GstSsmSrc:multicast-iface. Every other writable property of this element can
 * be a key of the query; those that are not given keep their value. A URI that
 * cannot be taken is an error when the element starts.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:source:
 *
 * Address of the sender, or its host name, which is looked up when streaming
 * starts: the first address of the group's IP version counts. Required.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:group:
 *
 * Address of the multicast group. Required.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:address:
 *
 * Another name of #GstSsmSrc:group, as in udpsrc.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:port:
 *
 * UDP port of the channel. 0: what its metadata say (#GstSsmSrc:dorms-uri), told
 * by the message `multicast-port`; it is an error when they do not within 30 s,
 * or nobody has any. Of several ports the first is taken, and kept for as long as
 * it is among them. When the metadata come to name another one, the element
 * moves there without leaving the group; the next buffer is a DISCONT. Where
 * another program has that port for itself a warning tells, and the port before
 * stays in use.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:caps:
 *
 * Caps of the buffers, e.g. `application/x-rtp, …`. Unset: any.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:dorms-uri:
 *
 * Server of the channel's metadata (draft-ietf-mboned-dorms-08), which tell its
 * port and its rate: `auto`, the one that SRV records of the source's reverse
 * name give, asked only when #GstSsmSrc:port is 0; `https://HOST[:PORT]`,
 * asked in any case; or empty, none. All elements of a process share what was
 * asked.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:dns-trust:
 *
 * Which SRV records may name the metadata server: `ad`, those that DNSSEC
 * vouches for; `resolver`, all that the name servers of this host give, if you
 * trust them and the way to them; `off`, none. Answers that DNSSEC says are
 * forged are never used.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:tls-ca-file:
 *
 * A file (PEM) with the authorities that may certify the metadata server,
 * instead of those the system trusts. Verification cannot be switched off.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:require-srv-match:
 *
 * Metadata are taken from the server of #GstSsmSrc:dorms-uri only if the
 * source's SRV records (draft-ietf-mboned-dorms-08 §2.2), as far as
 * #GstSsmSrc:dns-trust believes them, name its host and port; else there are
 * none (`srv-mismatch`). For applications that get the server's name from
 * somebody who does not speak for the source, like a web page. Default: FALSE,
 * the user vouches for that server.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:buffer-size:
 *
 * Size of the kernel's receive buffer in bytes; 0 asks for 4 MiB. A smaller
 * grant is a warning that names `net.core.rmem_max` when the property was set.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:mtu:
 *
 * Largest UDP payload accepted, in bytes. What is larger is dropped.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:batch-size:
 *
 * Largest number of datagrams that are received at once and pushed as one
 * buffer list; those that the kernel has joined, see #GstSsmSrc:allow-gro, count
 * as one. A batch is never waited for.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:allow-gro:
 *
 * Let the kernel join datagrams of one size that come together (UDP_GRO),
 * which makes receiving much cheaper. They are pushed as the datagrams they
 * were, but have one arrival time: turn this off to measure the time between
 * datagrams.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:verify-checksum:
 *
 * Without effect here, where the kernel checks every datagram; present so that
 * settings fit all multicast sources.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:stall-timeout:
 *
 * Silence after which the message `multicast-stalled` is posted, once per
 * silence and from the join on, in nanoseconds. 0: never.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:timeout:
 *
 * Post the message `GstUDPSrcTimeout` after each period of silence of this
 * length, in nanoseconds, as udpsrc does. 0: never.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:retrieve-sender-address:
 *
 * Attach the sender's address and UDP port to each buffer as
 * #GstNetAddressMeta.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:add-reference-timestamp-meta:
 *
 * Attach the time at which the kernel received the datagram to each buffer as
 * #GstReferenceTimestampMeta with caps `timestamp/x-unix`.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:preserve-packetization:
 *
 * One buffer for each datagram. FALSE: all datagrams that have come are packed
 * together into buffers of up to 64 KiB, which have the stamp of their first
 * one. This costs less and suits demuxers, but nobody can tell the datagrams
 * apart any more: it is only possible with #GstSsmSrc:caps `video/mpegts`, which
 * cannot become others while the element runs, is told by the event
 * `multicast-channel`, and `ambiverify` refuses it. Counters go on counting
 * datagrams.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:coalesce-time:
 *
 * How long datagrams that come one close behind the other may wait to be received
 * together, in nanoseconds. 0: not at all. Only where at least eight of them come
 * within that time (with the default: 16,000 a second), neither joined nor in
 * bursts, is there any waiting; a wake-up for every few of them would cost twice
 * the CPU time. Stamps are those of the arrival in any case, and the latency of
 * the element is this.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:stats:
 *
 * Counters since the element started, and the state it is in; the fields are
 * listed above under Statistics.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:multicast-iface:
 *
 * Interfaces on which to join, by name or address, as a comma list; one that
 * is not there when the element starts is an error. Unset: the interface of
 * the route to the source, or, where there is no such route or it stays within
 * the host, of the route to the group. Where a network sends the channel to
 * several of the named interfaces, each copy is received.
 *
 * Since: 0.1
 */

/**
 * GstSsmSrc:rejoin-interval:
 *
 * Leave and join again after each period of this length, in nanoseconds, for
 * networks that forget members. 0: never.
 *
 * Since: 0.1
 */

static void
gst_ssm_src_class_init (GstSsmSrcClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_ssm_src_finalize;
  gst_mc_source_class_init (klass);
  gst_mc_settings_install_native_properties (G_OBJECT_CLASS (klass));
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "SSM source", "Source/Network",
      "Receives a source-specific multicast channel from the network",
      "The gst-multicast authors");
}

static void
gst_ssm_src_init (GstSsmSrc * self)
{
  gst_mc_source_init (&self->source, &source_class);
}

static void
gst_ssm_src_finalize (GObject * object)
{
  gst_mc_source_finalize (&GST_SSM_SRC (object)->source);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static const gchar *const *
gst_ssm_src_uri_get_protocols (GType type)
{
  static const gchar *const protocols[] = { "ssm", NULL };

  return protocols;
}

static void
gst_ssm_src_uri_handler_init (gpointer iface, gpointer data)
{
  gst_mc_source_uri_handler_init (iface, data);
  ((GstURIHandlerInterface *) iface)->get_protocols =
      gst_ssm_src_uri_get_protocols;
}
