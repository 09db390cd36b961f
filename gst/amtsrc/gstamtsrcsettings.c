/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties of amtsrc.
 */
#include "gstamtsrcsettings.h"

#include <string.h>

#include "amt-wire.h"

#define DEFAULT_RELAY NULL
#define DEFAULT_RELAY_DISCOVERY FALSE
#define DEFAULT_RELAY_PORT AMT_PORT
#define DEFAULT_RELAY_TIMEOUT (30 * GST_SECOND)
#define DEFAULT_BIND_ADDRESS NULL
#define DEFAULT_BIND_PORT 0
#define DEFAULT_DELIVERY GST_AMT_DELIVERY_AUTO
#define DEFAULT_NATIVE_TIMEOUT (1 * GST_SECOND)

enum
{
  PROP_RELAY = GST_MC_PROP_LAST,
  PROP_RELAY_DISCOVERY,
  PROP_RELAY_PORT,
  PROP_RELAY_TIMEOUT,
  PROP_BIND_ADDRESS,
  PROP_BIND_PORT,
  PROP_DELIVERY,
  PROP_NATIVE_TIMEOUT
};

void
gst_amt_settings_init (GstAmtSettings * settings)
{
  memset (settings, 0, sizeof (*settings));
  settings->relay_discovery = DEFAULT_RELAY_DISCOVERY;
  settings->relay_port = DEFAULT_RELAY_PORT;
  settings->relay_timeout = DEFAULT_RELAY_TIMEOUT;
  settings->bind_port = DEFAULT_BIND_PORT;
  settings->delivery = DEFAULT_DELIVERY;
  settings->native_timeout = DEFAULT_NATIVE_TIMEOUT;
}

void
gst_amt_settings_copy (GstAmtSettings * to, const GstAmtSettings * from)
{
  *to = *from;
  to->relay = g_strdup (from->relay);
  to->bind_address = g_strdup (from->bind_address);
}

void
gst_amt_settings_clear (GstAmtSettings * settings)
{
  g_clear_pointer (&settings->relay, g_free);
  g_clear_pointer (&settings->bind_address, g_free);
}

/**
 * GstAmtSrc:uri:
 *
 * The channel and how to receive it, in one string:
 * `amt://SOURCE@GROUP[:PORT][?relay=HOST[:PORT]&…]`. IPv6 addresses stand in
 * brackets; a zone, as in `[ff32::8000:1%25eth0]`, is another way to give
 * #GstAmtSrc:multicast-iface. Every other writable property can be a key of the
 * query; those that are not given keep their value. A URI that cannot be taken
 * is an error when the element starts.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:source:
 *
 * Address of the sender, or its host name, which is looked up when streaming
 * starts: the first address of the group's IP version counts. Required.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:group:
 *
 * Address of the multicast group. Required.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:address:
 *
 * Another name of #GstAmtSrc:group, as in udpsrc.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:port:
 *
 * UDP port of the channel. 0: the one that its metadata name
 * (#GstAmtSrc:dorms-uri), else, in the tunnel, that of the first datagram of
 * source and group. Nothing waits for metadata that may not exist: the tunnel
 * plays what comes first at once, whoever sent it, and native multicast is joined
 * as soon as there is a port. But that port is provisional. When metadata name
 * another one, however late, or come to name another one, the element moves there;
 * the next buffer is a DISCONT, and datagrams to the port before are dropped
 * (`dropped-port-not-subscribed`). Of several ports the first is taken, and kept
 * for as long as it is among them. The message `multicast-port` tells each port,
 * and how it was found. Whoever must not play from a wrong port, not even at
 * first, gives the port, or verifies (ambiverify).
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:caps:
 *
 * Caps of the buffers, e.g. `application/x-rtp, …`. Unset: any.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:dorms-uri:
 *
 * Server of the channel's metadata (draft-ietf-mboned-dorms-08), which tell its
 * port and its rate: `auto`, the one that SRV records of the source's reverse
 * name give, asked only when #GstAmtSrc:port is 0; `https://HOST[:PORT]`,
 * asked in any case; or empty, none. All elements of a process share what was
 * asked.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:dns-trust:
 *
 * Which SRV records may name the metadata server: `ad`, those that DNSSEC
 * vouches for; `resolver`, all that the name servers of this host give, if you
 * trust them and the way to them; `off`, none. Answers that DNSSEC says are
 * forged are never used.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:tls-ca-file:
 *
 * A file (PEM) with the authorities that may certify the metadata server,
 * instead of those the system trusts. Verification cannot be switched off.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:require-srv-match:
 *
 * Metadata are taken from the server of #GstAmtSrc:dorms-uri only if the
 * source's SRV records (draft-ietf-mboned-dorms-08 §2.2), as far as
 * #GstAmtSrc:dns-trust believes them, name its host and port; else there are
 * none (`srv-mismatch`). For applications that get the server's name from
 * somebody who does not speak for the source, like a web page. Default: FALSE,
 * the user vouches for that server.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:buffer-size:
 *
 * Size of the kernel's receive buffer in bytes; 0 asks for 4 MiB. A smaller
 * grant is a warning that names `net.core.rmem_max` when the property was set.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:mtu:
 *
 * Largest UDP payload accepted from the wire, in bytes: the multicast datagram
 * with its own headers and two bytes more. What is larger is dropped.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:batch-size:
 *
 * Largest number of datagrams that are received at once and pushed as one
 * buffer list; those that the kernel has joined, see #GstAmtSrc:allow-gro, count
 * as one. A batch is never waited for.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:allow-gro:
 *
 * Let the kernel join datagrams of one size that come together (UDP_GRO),
 * which makes receiving much cheaper. They are pushed as the datagrams they
 * were, but have one arrival time: turn this off to measure the time between
 * datagrams.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:verify-checksum:
 *
 * Check the UDP checksum of the multicast datagram where the sender set one, in
 * the tunnel; of native multicast the kernel checks it always.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:stall-timeout:
 *
 * Silence after which the message `multicast-stalled` is posted, once per
 * silence and from the join on, in nanoseconds. 0: never.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:timeout:
 *
 * Post the message `GstUDPSrcTimeout` after each period of silence of this
 * length, in nanoseconds, as udpsrc does. 0: never.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:retrieve-sender-address:
 *
 * Attach the sender's address and UDP port to each buffer as
 * #GstNetAddressMeta.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:add-reference-timestamp-meta:
 *
 * Attach the time at which the kernel received the datagram to each buffer as
 * #GstReferenceTimestampMeta with caps `timestamp/x-unix`.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:preserve-packetization:
 *
 * One buffer for each datagram. FALSE: all datagrams that have come are packed
 * together into buffers of up to 64 KiB, which have the stamp of their first
 * one. This costs less and suits demuxers, but nobody can tell the datagrams
 * apart any more: it is only possible with #GstAmtSrc:caps `video/mpegts`, which
 * cannot become others while the element runs, is told by the event
 * `multicast-channel`, and `ambiverify` refuses it. Counters go on counting
 * datagrams.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:coalesce-time:
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
 * GstAmtSrc:stats:
 *
 * Counters since the element started, and the state it is in; the fields are
 * listed above under Statistics.
 *
 * Since: 0.1
 */

/**
 * GstAmtSrc:multicast-iface:
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
 * GstAmtSrc:rejoin-interval:
 *
 * Leave and join again after each period of this length, in nanoseconds, for
 * networks that forget members. 0: never.
 *
 * Since: 0.1
 */

static GType
delivery_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {GST_AMT_DELIVERY_AUTO, "Native multicast, else the tunnel", "auto"},
    {GST_AMT_DELIVERY_NATIVE, "Native multicast only", "native"},
    {GST_AMT_DELIVERY_TUNNEL, "The tunnel only", "tunnel"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAmtDelivery",
            values));
  return (GType) type;
}

void
gst_amt_settings_install_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  /**
   * GstAmtSrc:relay:
   *
   * AMT relays as a comma list of HOST[:PORT], tried in order; an IPv6 address
   * stands in brackets when a port follows. A relay reached over IPv4 may
   * carry an IPv6 channel and the reverse.
   *
   * Unset: find one (RFC 8777). In this order of preference: services
   * `_amt._udp` of the search domains of this host (DNS-SD), the anycast
   * addresses 192.52.193.1 and 2001:3::1, AMTRELAY records of the source's
   * reverse name. Several are tried at a time, 250 ms apart; the first that
   * takes us is used. Others are looked for when it is lost, when it brings
   * nothing for 4 s (twice as long each time, 120 s at most), and when this host
   * gets another address, link or route; one that failed is not tried for
   * 3 minutes, one that takes no more gateways for 10, unless there is no other.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_RELAY,
      g_param_spec_string ("relay", "Relay",
          "AMT relays to ask, in order: comma list of HOST[:PORT], IPv6 in "
          "brackets when a port follows (NULL = find one, RFC 8777)",
          DEFAULT_RELAY, flags));

  /**
   * GstAmtSrc:relay-discovery:
   *
   * The addresses in #GstAmtSrc:relay are discovery addresses: ask them for a
   * Relay Advertisement first (RFC 7450 §5.2.3.4). An advertised loopback
   * address counts only when a loopback address was asked.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_RELAY_DISCOVERY,
      g_param_spec_boolean ("relay-discovery", "Relay discovery",
          "Ask the addresses of the property relay where the relay is, "
          "instead of using them as relays", DEFAULT_RELAY_DISCOVERY, flags));

  /**
   * GstAmtSrc:relay-port:
   *
   * UDP port of the relays that #GstAmtSrc:relay gives no port for.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_RELAY_PORT,
      g_param_spec_uint ("relay-port", "Relay port",
          "UDP port of relays that are given without one", 1, G_MAXUINT16,
          DEFAULT_RELAY_PORT, flags));

  /**
   * GstAmtSrc:relay-timeout:
   *
   * How long, from the start of PLAYING, the element looks for a relay that
   * answers before it ends with an error, in nanoseconds. Looking up the name
   * of a sender has the same time of its own before. Once a relay has
   * answered, a lost relay never ends the stream. 0: try for ever and tell by
   * messages.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_RELAY_TIMEOUT,
      g_param_spec_uint64 ("relay-timeout", "Relay timeout",
          "Time in nanoseconds until the first answer of a relay, after which "
          "the element fails (0 = try for ever)", 0, G_MAXINT64,
          DEFAULT_RELAY_TIMEOUT, flags));

  /**
   * GstAmtSrc:bind-address:
   *
   * Local address of the tunnel.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_BIND_ADDRESS,
      g_param_spec_string ("bind-address", "Bind address",
          "Local IP address of the tunnel (NULL = any)",
          DEFAULT_BIND_ADDRESS, flags));

  /**
   * GstAmtSrc:bind-port:
   *
   * Local UDP port of the tunnel, the same from start to stop. A random one
   * makes forging packets harder.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_BIND_PORT,
      g_param_spec_uint ("bind-port", "Bind port",
          "Local UDP port of the tunnel (0 = a free one)", 0, G_MAXUINT16,
          DEFAULT_BIND_PORT, flags));

  /**
   * GstAmtSrc:delivery:
   *
   * How the channel is received. `auto`: natively where the network carries
   * it, else through the tunnel, and from one to the other when that changes.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_DELIVERY,
      g_param_spec_enum ("delivery", "Delivery",
          "Native multicast, the tunnel, or whichever works",
          delivery_get_type (), DEFAULT_DELIVERY, flags));

  /**
   * GstAmtSrc:native-timeout:
   *
   * How long native multicast may be silent before the tunnel is opened, in
   * nanoseconds. The native join stays; once packets have come by it for a
   * second without a pause of this length, the tunnel is left. A channel with
   * longer pauses between its packets keeps the tunnel open.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, PROP_NATIVE_TIMEOUT,
      g_param_spec_uint64 ("native-timeout", "Native timeout",
          "Time in nanoseconds for which native multicast may be silent before "
          "the tunnel is opened", 1, G_MAXINT64, DEFAULT_NATIVE_TIMEOUT,
          flags));
}

gboolean
gst_amt_settings_set_property (GstAmtSettings * settings, guint id,
    const GValue * value)
{
  switch (id) {
    case PROP_RELAY:
      g_free (settings->relay);
      settings->relay = g_value_dup_string (value);
      return TRUE;
    case PROP_RELAY_DISCOVERY:
      settings->relay_discovery = g_value_get_boolean (value);
      return TRUE;
    case PROP_RELAY_PORT:
      settings->relay_port = g_value_get_uint (value);
      return TRUE;
    case PROP_RELAY_TIMEOUT:
      settings->relay_timeout = g_value_get_uint64 (value);
      return TRUE;
    case PROP_BIND_ADDRESS:
      g_free (settings->bind_address);
      settings->bind_address = g_value_dup_string (value);
      return TRUE;
    case PROP_BIND_PORT:
      settings->bind_port = g_value_get_uint (value);
      return TRUE;
    case PROP_DELIVERY:
      settings->delivery = g_value_get_enum (value);
      return TRUE;
    case PROP_NATIVE_TIMEOUT:
      settings->native_timeout = g_value_get_uint64 (value);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
gst_amt_settings_get_property (const GstAmtSettings * settings, guint id,
    GValue * value)
{
  switch (id) {
    case PROP_RELAY:
      g_value_set_string (value, settings->relay);
      return TRUE;
    case PROP_RELAY_DISCOVERY:
      g_value_set_boolean (value, settings->relay_discovery);
      return TRUE;
    case PROP_RELAY_PORT:
      g_value_set_uint (value, settings->relay_port);
      return TRUE;
    case PROP_RELAY_TIMEOUT:
      g_value_set_uint64 (value, settings->relay_timeout);
      return TRUE;
    case PROP_BIND_ADDRESS:
      g_value_set_string (value, settings->bind_address);
      return TRUE;
    case PROP_BIND_PORT:
      g_value_set_uint (value, settings->bind_port);
      return TRUE;
    case PROP_DELIVERY:
      g_value_set_enum (value, settings->delivery);
      return TRUE;
    case PROP_NATIVE_TIMEOUT:
      g_value_set_uint64 (value, settings->native_timeout);
      return TRUE;
    default:
      return FALSE;
  }
}
