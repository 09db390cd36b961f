/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The element amtrelaysink: serves one multicast channel to AMT gateways.
 */

/**
 * SECTION:element-amtrelaysink
 * @title: amtrelaysink
 *
 * amtrelaysink serves a source-specific multicast channel to receivers that no
 * multicast network reaches. It is an AMT relay (RFC 7450) with the sender
 * built in: every buffer is one UDP datagram of the channel (#GstAmtRelaySink:source,
 * #GstAmtRelaySink:group), and goes through a unicast UDP tunnel to each gateway that
 * joined the channel, and to nobody else. Receivers are `amtsrc`, VLC, the
 * gateway of the Linux kernel, and others. No multicast route, TUN device or
 * privilege is needed.
 *
 * Gateways and channels may be of either address family in any combination: an
 * IPv6 channel also goes through IPv4 tunnels and the reverse. Gateways are
 * told apart by address and port, so any number of them may be behind one NAT.
 *
 * ## Shared relays
 *
 * All sinks of one process with the same #GstAmtRelaySink:relay-address and
 * #GstAmtRelaySink:relay-port (0 is equal to 0) share one relay: one UDP port,
 * one control thread, one table of gateways. So one process serves many
 * channels on port 2268. #GstAmtRelaySink:gateway-address,
 * #GstAmtRelaySink:max-gateways and #GstAmtRelaySink:query-interval are those
 * of the sink that started first; a sink with other values logs a warning. The
 * port is closed when the last of them stops. A port that another process has
 * is an error.
 *
 * ## Size of datagrams
 *
 * Tunnelled datagrams are never fragmented. The tunnel adds 58 bytes to an IPv4
 * channel's payload over IPv4, 78 with one side IPv6 and 98 with both. What is
 * larger than #GstAmtRelaySink:mtu with that is dropped, counted, and told by
 * one WARNING message. Seven MPEG-TS packets (1316 bytes) always fit into 1500.
 *
 * ## Buffer lists
 *
 * Datagrams of one size that come in one buffer list, as muxers and payloaders
 * make them, go to a gateway with one call into the system, which takes a
 * fraction of the time. Nothing is held back for that: single buffers leave at
 * once. The receivers see no difference.
 *
 * ## Messages
 *
 * * ERROR, `GST_RESOURCE_ERROR_SETTINGS`, when starting: a property is missing
 *   or wrong. `GST_RESOURCE_ERROR_OPEN_WRITE`: the port is in use by another
 *   process or not permitted. The text names the property and the remedy.
 * * WARNING, `GST_RESOURCE_ERROR_SETTINGS`, once from start to stop: a buffer
 *   was too big.
 *
 * Nothing that happens on the network later ends the stream.
 *
 * ## Statistics
 *
 * #GstAmtRelaySink:stats is a structure `application/x-multicast-stats`. All
 * fields are #guint64 unless said, count from the last start and only grow,
 * except `gateways` and `gateway-stats`.
 *
 * Of this sink:
 *
 * * `packets-in`, `bytes-in`: buffers taken, and their bytes.
 * * `packets-sent`, `bytes-sent`: datagrams sent, one for each gateway, and
 *   their UDP payload bytes (without any header).
 * * `segments-refused`: gateways to which the system takes no more than one
 *   datagram at once, because the network interface does not compute checksums,
 *   or IPsec is used. They are served all the same, but take more time.
 * * `dropped-empty`: buffers without a byte.
 * * `dropped-too-big`: buffers too big for the gateways of at least one address
 *   family, not sent to those.
 * * `dropped-send-buffer-full`: datagrams, one for each gateway, for which the
 *   network had no room within 100 ms.
 * * `dropped-send-failed`: datagrams, one for each gateway, that the system
 *   refused.
 * * `gateway-stats`: array (#GST_TYPE_ARRAY) with a structure `gateway` for each
 *   gateway that has joined this channel: `address` (string), `port` (#guint),
 *   `packets-sent` and `bytes-sent` since it joined. Those who left are in the
 *   sums only.
 *
 * Of the relay, which other sinks may share:
 *
 * * `relay-port` (#guint): its UDP port.
 * * `gateways`: gateways that have joined anything.
 * * `gateways-added`, `gateways-removed`: those who came and went.
 * * `control-received`, `control-sent`: datagrams from and answers to gateways.
 * * `dropped-control-<reason>`: datagrams that were ignored, one field for each
 *   reason; `dropped-control-send-failed`: answers the system refused.
 *
 * ## Security
 *
 * Nothing is remembered about a gateway, and no multicast data sent to it,
 * before it has returned a code that only its address and port can have
 * received. Until then each of its datagrams gets at most one answer, at a
 * bounded rate for each address: the relay is of no use to amplify an attack.
 * The secret behind the code is random and renewed by itself. Memory is bounded
 * by #GstAmtRelaySink:max-gateways. Whoever reaches the port may join; use a
 * firewall to restrict that. AMT does not encrypt or authenticate data.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -v videotestsrc is-live=true ! x264enc tune=zerolatency ! mpegtsmux alignment=7 ! amtrelaysink source=192.0.2.10 group=232.1.1.1 port=5001
 * ]| Serves a test picture on UDP port 2268 of all addresses.
 * |[
 * gst-launch-1.0 amtsrc relay=127.0.0.1 source=192.0.2.10 group=232.1.1.1 port=5001 ! decodebin ! autovideosink
 * ]| Receives it on the same host.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstamtrelaysink.h"

#include "gstamtfanout.h"
#include "gstamtrelay.h"
#include "gstamtrelaysinkstats.h"
#include "gstamtsettings.h"
#include "gstmcaddr.h"
#include "gstmcchannel.h"
#include "gstmcstats.h"

#define DEFAULT_SOURCE NULL
#define DEFAULT_GROUP NULL
#define DEFAULT_PORT 5001
#define DEFAULT_SOURCE_PORT 5001
#define DEFAULT_RELAY_ADDRESS NULL
#define DEFAULT_RELAY_PORT AMT_PORT
#define DEFAULT_GATEWAY_ADDRESS FALSE
#define DEFAULT_MAX_GATEWAYS 1024
#define DEFAULT_QUERY_INTERVAL (125 * GST_SECOND)
#define DEFAULT_TTL 64
#define DEFAULT_QOS_DSCP -1
#define DEFAULT_MTU 1500

/* What QQIC can tell (RFC 3376 §4.1.7). */
#define MAX_QUERY_INTERVAL (31744 * GST_SECOND)

enum
{
  PROP_0,
  PROP_SOURCE,
  PROP_GROUP,
  PROP_PORT,
  PROP_SOURCE_PORT,
  PROP_RELAY_ADDRESS,
  PROP_RELAY_PORT,
  PROP_USED_PORT,
  PROP_GATEWAY_ADDRESS,
  PROP_MAX_GATEWAYS,
  PROP_QUERY_INTERVAL,
  PROP_TTL,
  PROP_QOS_DSCP,
  PROP_MTU,
  PROP_STATS,
  N_PROPERTIES
};

enum
{
  SIGNAL_GATEWAY_ADDED,
  SIGNAL_GATEWAY_REMOVED,
  N_SIGNALS
};

struct _GstAmtRelaySink
{
  GstBaseSink parent;

  /* under the object lock */
  GstAmtRelaySinkSettings settings;
  guint used_port;

  GstAmtFanout *fanout;         /* for life; the streaming thread's */

  /* Lock order: this, then the relay's.  Guards the relay against readers of
   * the statistics; the streaming thread has its own pointer. */
  GMutex relay_lock;
  GstAmtRelay *relay;
  GstAmtRelayStats last_stats;  /* of the relay left by stop () */
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK,
    GST_PAD_ALWAYS,
    GST_STATIC_CAPS_ANY);

GST_DEBUG_CATEGORY (gst_amt_relay_sink_debug);
#define GST_CAT_DEFAULT gst_amt_relay_sink_debug

static void gst_amt_relay_sink_finalize (GObject * object);
static void gst_amt_relay_sink_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec);
static void gst_amt_relay_sink_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec);
static gboolean gst_amt_relay_sink_start (GstBaseSink * base);
static gboolean gst_amt_relay_sink_stop (GstBaseSink * base);
static gboolean gst_amt_relay_sink_unlock (GstBaseSink * base);
static gboolean gst_amt_relay_sink_unlock_stop (GstBaseSink * base);
static GstFlowReturn gst_amt_relay_sink_render (GstBaseSink * base,
    GstBuffer * buffer);
static GstFlowReturn gst_amt_relay_sink_render_list (GstBaseSink * base,
    GstBufferList * list);
static GstFlowReturn gst_amt_relay_sink_pause (GstElement * element);

#define gst_amt_relay_sink_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstAmtRelaySink, gst_amt_relay_sink,
    GST_TYPE_BASE_SINK, GST_DEBUG_CATEGORY_INIT (gst_amt_relay_sink_debug,
        "amtrelaysink", 0, "AMT relay sink"));
GST_ELEMENT_REGISTER_DEFINE (amtrelaysink, "amtrelaysink", GST_RANK_NONE,
    GST_TYPE_AMT_RELAY_SINK);

#define RW_READY (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_READY)
#define READ_ONLY (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)

static void
install_channel_properties (void)
{
  /**
   * GstAmtRelaySink:source:
   *
   * The address the channel's datagrams come from, as receivers see and ask
   * for it. It need not be an address of this host, because it only stands
   * inside the tunnel. Must be set, and of the family of
   * #GstAmtRelaySink:group.
   *
   * Since: 0.1
   */
  properties[PROP_SOURCE] = g_param_spec_string ("source", "Source",
      "Unicast IP address the channel's datagrams come from (required)",
      DEFAULT_SOURCE, RW_READY);

  /**
   * GstAmtRelaySink:group:
   *
   * The multicast group the datagrams go to. Must be set; 232.0.0.0/8 and
   * ff3x::/32 are the ranges for source-specific multicast.
   *
   * Since: 0.1
   */
  properties[PROP_GROUP] = g_param_spec_string ("group", "Group",
      "Multicast IP address the datagrams go to (required), such as 232.1.1.1 "
      "or ff3e::8000:1", DEFAULT_GROUP, RW_READY);

  /**
   * GstAmtRelaySink:port:
   *
   * The UDP port of the group the datagrams go to.
   *
   * Since: 0.1
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", "Port",
      "UDP port of the group", 1, G_MAXUINT16, DEFAULT_PORT, RW_READY);

  /**
   * GstAmtRelaySink:source-port:
   *
   * The UDP port the datagrams come from, as receivers see it.
   *
   * Since: 0.1
   */
  properties[PROP_SOURCE_PORT] = g_param_spec_uint ("source-port",
      "Source port", "UDP port the datagrams come from, as receivers see it",
      1, G_MAXUINT16, DEFAULT_SOURCE_PORT, RW_READY);
}

static void
install_relay_properties (void)
{
  /**
   * GstAmtRelaySink:relay-address:
   *
   * The address of this host the relay serves on. Unset, it serves on all
   * addresses of both families; "0.0.0.0" is all IPv4 ones, "::" all IPv6
   * ones. Answers and data leave from the address a gateway asked.
   *
   * Since: 0.1
   */
  properties[PROP_RELAY_ADDRESS] = g_param_spec_string ("relay-address",
      "Relay address", "IP address of this host to serve gateways on (unset = "
      "all addresses of both families)", DEFAULT_RELAY_ADDRESS, RW_READY);

  /**
   * GstAmtRelaySink:relay-port:
   *
   * The UDP port the relay serves on. Gateways ask 2268 unless told
   * otherwise. 0 takes a free one, which #GstAmtRelaySink:used-port tells.
   *
   * Since: 0.1
   */
  properties[PROP_RELAY_PORT] = g_param_spec_uint ("relay-port", "Relay port",
      "UDP port to serve gateways on (0 = any free one, see used-port)",
      0, G_MAXUINT16, DEFAULT_RELAY_PORT, RW_READY);

  /**
   * GstAmtRelaySink:used-port:
   *
   * The UDP port the relay serves on, from READY to PAUSED on; 0 before.
   *
   * Since: 0.1
   */
  properties[PROP_USED_PORT] = g_param_spec_uint ("used-port", "Used port",
      "UDP port gateways are served on, 0 while stopped", 0, G_MAXUINT16, 0,
      READ_ONLY);

  /**
   * GstAmtRelaySink:gateway-address:
   *
   * Whether gateways are told the address they are seen at, and may tear down
   * a tunnel they left behind when it changed (RFC 7450 §5.1.4.5, §5.1.7).
   * Helps gateways that roam or are behind a NAT. Off because several gateways
   * in use do not understand it: VLC, libamt and that of the Linux kernel.
   * With a shared relay the first sink decides.
   *
   * Since: 0.1
   */
  properties[PROP_GATEWAY_ADDRESS] = g_param_spec_boolean ("gateway-address",
      "Gateway address", "Tell gateways the address they are seen at, so that "
      "they can tear down an old tunnel; some gateways do not understand it",
      DEFAULT_GATEWAY_ADDRESS, RW_READY);

  /**
   * GstAmtRelaySink:max-gateways:
   *
   * How many gateways are served at once. A further one is told that the relay
   * is full and does not get data. With a shared relay the first sink decides.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_GATEWAYS] = g_param_spec_uint ("max-gateways",
      "Maximum gateways", "Number of gateways served at once; others are told "
      "that the relay is full", 1, 1000000, DEFAULT_MAX_GATEWAYS, RW_READY);

  /**
   * GstAmtRelaySink:query-interval:
   *
   * How often gateways are asked to confirm what they joined, in nanoseconds;
   * one that was silent for twice as long and 10 s more is removed. Sent as
   * whole seconds, and from 128 s on in coarser steps. With a shared relay the
   * first sink decides.
   *
   * Since: 0.1
   */
  properties[PROP_QUERY_INTERVAL] = g_param_spec_uint64 ("query-interval",
      "Query interval", "Time in nanoseconds after which gateways confirm what "
      "they joined (1 s to 31744 s, whole seconds)", GST_SECOND,
      MAX_QUERY_INTERVAL, DEFAULT_QUERY_INTERVAL, RW_READY);
}

static void
install_other_properties (void)
{
  /**
   * GstAmtRelaySink:ttl:
   *
   * The TTL or hop limit of the channel's datagrams inside the tunnel: counts
   * where a gateway forwards them by multicast.
   *
   * Since: 0.1
   */
  properties[PROP_TTL] = g_param_spec_uint ("ttl", "TTL",
      "TTL or hop limit of the channel's datagrams inside the tunnel",
      1, 255, DEFAULT_TTL, RW_READY);

  /**
   * GstAmtRelaySink:qos-dscp:
   *
   * The Differentiated Services code point of the channel's datagrams, inside
   * the tunnel and on the tunnelled datagrams. -1 leaves it to the system.
   *
   * Since: 0.1
   */
  properties[PROP_QOS_DSCP] = g_param_spec_int ("qos-dscp", "QoS DSCP",
      "Differentiated Services code point of the datagrams, inner and outer "
      "(0 to 63, -1 = leave to the system)", -1, 63, DEFAULT_QOS_DSCP,
      RW_READY);

  /**
   * GstAmtRelaySink:mtu:
   *
   * The largest IP datagram in bytes to send to a gateway, all headers
   * included. What is larger is dropped, because tunnels must not fragment.
   *
   * Since: 0.1
   */
  properties[PROP_MTU] = g_param_spec_uint ("mtu", "MTU",
      "Largest IP datagram in bytes to send to a gateway, all headers "
      "included; larger ones are dropped", 576, G_MAXUINT16, DEFAULT_MTU,
      RW_READY);

  /**
   * GstAmtRelaySink:stats:
   *
   * Counters of this sink and of its relay; the fields are described above.
   *
   * Since: 0.1
   */
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Counters of this sink and its relay (" GST_MC_STATS_NAME ")",
      GST_TYPE_STRUCTURE, READ_ONLY);
}

static void
install_signals (GType type)
{
  /**
   * GstAmtRelaySink::gateway-added:
   * @sink: the sink
   * @gateway: its address and port
   *
   * A gateway joined its first channel of the relay, which may be that of
   * another sink. Emitted from the relay's own thread: a handler that takes
   * long delays the answers to all gateways. It may stop the sink.
   *
   * Since: 0.1
   */
  signals[SIGNAL_GATEWAY_ADDED] = g_signal_new ("gateway-added", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      G_TYPE_SOCKET_ADDRESS);

  /**
   * GstAmtRelaySink::gateway-removed:
   * @sink: the sink
   * @gateway: its address and port
   *
   * A gateway left its last channel of the relay, tore its tunnel down, fell
   * silent, or became unreachable. Emitted from the relay's own thread, as
   * #GstAmtRelaySink::gateway-added.
   *
   * Since: 0.1
   */
  signals[SIGNAL_GATEWAY_REMOVED] = g_signal_new ("gateway-removed", type,
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
      G_TYPE_SOCKET_ADDRESS);
}

static void
gst_amt_relay_sink_class_init (GstAmtRelaySinkClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  object_class->finalize = gst_amt_relay_sink_finalize;
  object_class->set_property = gst_amt_relay_sink_set_property;
  object_class->get_property = gst_amt_relay_sink_get_property;
  install_channel_properties ();
  install_relay_properties ();
  install_other_properties ();
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  install_signals (G_TYPE_FROM_CLASS (klass));

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "AMT relay sink",
      "Sink/Network",
      "Serve a multicast channel to AMT gateways (RFC 7450), which need no "
      "multicast network", "The gst-multicast authors");

  sink_class->start = gst_amt_relay_sink_start;
  sink_class->stop = gst_amt_relay_sink_stop;
  sink_class->unlock = gst_amt_relay_sink_unlock;
  sink_class->unlock_stop = gst_amt_relay_sink_unlock_stop;
  sink_class->render = gst_amt_relay_sink_render;
  sink_class->render_list = gst_amt_relay_sink_render_list;
}

static void
gst_amt_relay_sink_init (GstAmtRelaySink * self)
{
  self->settings.port = DEFAULT_PORT;
  self->settings.source_port = DEFAULT_SOURCE_PORT;
  self->settings.relay_port = DEFAULT_RELAY_PORT;
  self->settings.gateway_address = DEFAULT_GATEWAY_ADDRESS;
  self->settings.max_gateways = DEFAULT_MAX_GATEWAYS;
  self->settings.query_interval = DEFAULT_QUERY_INTERVAL;
  self->settings.ttl = DEFAULT_TTL;
  self->settings.qos_dscp = DEFAULT_QOS_DSCP;
  self->settings.mtu = DEFAULT_MTU;
  g_mutex_init (&self->relay_lock);
  self->fanout = gst_amt_fanout_new (GST_ELEMENT (self),
      gst_amt_relay_sink_pause);
}

static void
gst_amt_relay_sink_finalize (GObject * object)
{
  GstAmtRelaySink *self = GST_AMT_RELAY_SINK (object);

  gst_amt_fanout_free (self->fanout);
  gst_amt_relay_sink_settings_clear (&self->settings);
  g_mutex_clear (&self->relay_lock);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

/*
 * Properties
 */

static void
gst_amt_relay_sink_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAmtRelaySink *self = GST_AMT_RELAY_SINK (object);
  GstAmtRelaySinkSettings *s = &self->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_SOURCE:
      g_free (s->source);
      s->source = g_value_dup_string (value);
      break;
    case PROP_GROUP:
      g_free (s->group);
      s->group = g_value_dup_string (value);
      break;
    case PROP_PORT:
      s->port = g_value_get_uint (value);
      break;
    case PROP_SOURCE_PORT:
      s->source_port = g_value_get_uint (value);
      break;
    case PROP_RELAY_ADDRESS:
      g_free (s->relay_address);
      s->relay_address = g_value_dup_string (value);
      break;
    case PROP_RELAY_PORT:
      s->relay_port = g_value_get_uint (value);
      break;
    case PROP_GATEWAY_ADDRESS:
      s->gateway_address = g_value_get_boolean (value);
      break;
    case PROP_MAX_GATEWAYS:
      s->max_gateways = g_value_get_uint (value);
      break;
    case PROP_QUERY_INTERVAL:
      s->query_interval = g_value_get_uint64 (value);
      break;
    case PROP_TTL:
      s->ttl = g_value_get_uint (value);
      break;
    case PROP_QOS_DSCP:
      s->qos_dscp = g_value_get_int (value);
      break;
    case PROP_MTU:
      s->mtu = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static GstStructure *gst_amt_relay_sink_create_stats (GstAmtRelaySink * self);

static void
gst_amt_relay_sink_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAmtRelaySink *self = GST_AMT_RELAY_SINK (object);
  GstAmtRelaySinkSettings *s = &self->settings;

  if (id == PROP_STATS) {
    g_value_take_boxed (value, gst_amt_relay_sink_create_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_SOURCE:
      g_value_set_string (value, s->source);
      break;
    case PROP_GROUP:
      g_value_set_string (value, s->group);
      break;
    case PROP_PORT:
      g_value_set_uint (value, s->port);
      break;
    case PROP_SOURCE_PORT:
      g_value_set_uint (value, s->source_port);
      break;
    case PROP_RELAY_ADDRESS:
      g_value_set_string (value, s->relay_address);
      break;
    case PROP_RELAY_PORT:
      g_value_set_uint (value, s->relay_port);
      break;
    case PROP_USED_PORT:
      g_value_set_uint (value, self->used_port);
      break;
    case PROP_GATEWAY_ADDRESS:
      g_value_set_boolean (value, s->gateway_address);
      break;
    case PROP_MAX_GATEWAYS:
      g_value_set_uint (value, s->max_gateways);
      break;
    case PROP_QUERY_INTERVAL:
      g_value_set_uint64 (value, s->query_interval);
      break;
    case PROP_TTL:
      g_value_set_uint (value, s->ttl);
      break;
    case PROP_QOS_DSCP:
      g_value_set_int (value, s->qos_dscp);
      break;
    case PROP_MTU:
      g_value_set_uint (value, s->mtu);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/*
 * Life cycle
 */

/* Runs in the relay's thread without any lock held. */
static void
gateway_changed (GstObject * user, gboolean added, const core_addr * gateway)
{
  g_autoptr (GSocketAddress) address = gst_mc_addr_to_gsocket (gateway);
  guint which = added ? SIGNAL_GATEWAY_ADDED : SIGNAL_GATEWAY_REMOVED;

  g_signal_emit (user, signals[which], 0, address);
}

static void
set_used_port (GstAmtRelaySink * self, guint port)
{
  GST_OBJECT_LOCK (self);
  self->used_port = port;
  GST_OBJECT_UNLOCK (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_USED_PORT]);
}

static gboolean
gst_amt_relay_sink_start (GstBaseSink * base)
{
  GstAmtRelaySink *self = GST_AMT_RELAY_SINK (base);
  GstAmtFanoutSettings fanout = { 0 };
  GstAmtRelaySettings wanted = { 0 };
  GstAmtRelaySinkSettings settings;
  GstAmtRelay *relay = NULL;
  GError *error = NULL;

  GST_OBJECT_LOCK (self);
  settings = gst_amt_relay_sink_settings_copy (&self->settings);
  GST_OBJECT_UNLOCK (self);

  if (gst_amt_relay_sink_settings_check (&settings, &fanout, &wanted, &error))
    relay = gst_amt_relay_acquire (&wanted, gateway_changed,
        GST_OBJECT (self), &error);
  gst_amt_relay_sink_settings_clear (&settings);
  if (relay == NULL) {
    gst_mc_post_error (GST_ELEMENT (self), error);
    g_error_free (error);
    return FALSE;
  }

  g_mutex_lock (&self->relay_lock);
  gst_amt_fanout_start (self->fanout, relay, &fanout);
  self->relay = relay;
  g_mutex_unlock (&self->relay_lock);
  set_used_port (self, gst_amt_relay_sockets (relay)->port);
  return TRUE;
}

static gboolean
gst_amt_relay_sink_stop (GstBaseSink * base)
{
  GstAmtRelaySink *self = GST_AMT_RELAY_SINK (base);
  GstAmtRelay *relay;

  g_mutex_lock (&self->relay_lock);
  relay = g_steal_pointer (&self->relay);
  if (relay != NULL) {
    gst_amt_relay_get_stats (relay, &self->last_stats);
    gst_amt_fanout_stop (self->fanout);
  }
  g_mutex_unlock (&self->relay_lock);

  if (relay != NULL) {
    gst_amt_relay_release (relay, GST_OBJECT (self));
    set_used_port (self, 0);
  }
  return TRUE;
}

static gboolean
gst_amt_relay_sink_unlock (GstBaseSink * base)
{
  gst_amt_fanout_set_flushing (GST_AMT_RELAY_SINK (base)->fanout, TRUE);
  return TRUE;
}

static gboolean
gst_amt_relay_sink_unlock_stop (GstBaseSink * base)
{
  gst_amt_fanout_set_flushing (GST_AMT_RELAY_SINK (base)->fanout, FALSE);
  return TRUE;
}

/*
 * Data path
 */

/* unlock () also comes when the pipeline pauses: then the rest is sent when
 * it plays again. */
static GstFlowReturn
gst_amt_relay_sink_pause (GstElement * element)
{
  return gst_base_sink_wait_preroll (GST_BASE_SINK (element));
}

static GstFlowReturn
gst_amt_relay_sink_render (GstBaseSink * base, GstBuffer * buffer)
{
  return gst_amt_fanout_push (GST_AMT_RELAY_SINK (base)->fanout, buffer);
}

static GstFlowReturn
gst_amt_relay_sink_render_list (GstBaseSink * base, GstBufferList * list)
{
  return gst_amt_fanout_push_list (GST_AMT_RELAY_SINK (base)->fanout, list);
}

/*
 * Statistics
 */

static GstStructure *
gst_amt_relay_sink_create_stats (GstAmtRelaySink * self)
{
  g_autoptr (GArray) gateways = NULL;
  GstAmtFanoutCounters counters;
  GstAmtRelayStats relay;
  guint port = 0;

  g_mutex_lock (&self->relay_lock);
  if (self->relay != NULL) {
    gst_amt_relay_get_stats (self->relay, &relay);
    port = gst_amt_relay_sockets (self->relay)->port;
  } else {
    relay = self->last_stats;
    relay.core.gateways = 0;
  }
  gst_amt_fanout_get_counters (self->fanout, &counters);
  gateways = gst_amt_fanout_get_gateways (self->fanout);
  g_mutex_unlock (&self->relay_lock);

  return gst_amt_relay_sink_stats_new (&counters, gateways, &relay, port);
}

static gboolean
plugin_init (GstPlugin * plugin)
{
  return GST_ELEMENT_REGISTER (amtrelaysink, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, amtrelaysink,
    "Serve multicast channels to AMT gateways (RFC 7450)", plugin_init,
    VERSION, LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
