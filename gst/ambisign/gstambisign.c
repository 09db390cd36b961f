/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The element ambisign: makes AMBI manifests of the datagrams that pass.
 */

/**
 * SECTION:element-ambisign
 * @title: ambisign
 *
 * ambisign lets receivers tell a channel's own packets from others. It hashes
 * every datagram that passes, and gives out lists of these hashes: the
 * manifests of AMBI (draft-ietf-mboned-ambi-05). Receivers (`ambiverify`) fetch
 * the manifests from a server they trust, and take only packets that are
 * listed.
 *
 * Every buffer on the pad `sink` is the payload of one UDP datagram. It leaves
 * by the pad `src` as it came, #GstAmbiSign:delay later, so that its manifest
 * is there first; buffers stay buffers, lists stay lists, time stamps stay as
 * they are. The pad `manifest` gives out the manifests: one buffer is exactly
 * one manifest, without a time stamp. Its caps tell `stream-id` (#gint64) and
 * `hash-algorithm` (string). `ambihttpsink` serves them to receivers.
 *
 * ## What is hashed
 *
 * The digests cover the payload and the addresses and ports of the datagram *as
 * receivers see them*: #GstAmbiSign:source, #GstAmbiSign:source-port,
 * #GstAmbiSign:group and #GstAmbiSign:port. They must be what the sink sends
 * with. `amtrelaysink` has properties of the same names. `udpsink` must be
 * bound to the address and port: `bind-address`, `bind-port`. What rewrites
 * addresses or ports on the way, a NAT for one, makes receivers reject the
 * packets.
 *
 * A datagram must not be changed, split or merged behind ambisign, and all that
 * is sent in the channel should pass it. Empty buffers, which are no datagrams
 * to sinks, and those that are too long for one are dropped.
 *
 * ## Delay
 *
 * Packets leave #GstAmbiSign:delay after they came, by the system's monotonic
 * clock and whatever the clock of the pipeline. In a live pipeline that much is
 * added to the latency, so a sink that waits for the clock does not find them
 * late; one with `sync=false` sends them with the spacing they came with. When
 * #GstAmbiSign:delay is changed while playing, a message tells the pipeline to
 * distribute the latency anew. The time between PLAYING, PAUSED and PLAYING
 * does not count.
 *
 * The delay must exceed #GstAmbiSign:max-manifest-latency by what the manifests
 * take to receivers. With 0, and with everything below that, receivers hold the
 * packets until the manifests are there. Two seconds more than the delay must be
 * less than receivers keep digests, which is 10 seconds unless `digest-hold-time`
 * says otherwise.
 *
 * Where upstream is not live, or what is downstream does not keep up, the queue
 * fills and then upstream has to wait: when #GstAmbiSign:max-held-bytes is
 * reached, with 512 bytes for each packet besides its payload, or when the time
 * stamps in the queue span two seconds more than the delay. A list goes into
 * the queue as a whole.
 *
 * Each source pad has its own thread. A blocked manifest branch never holds up
 * data: 16 MiB of manifests are kept for it, then the oldest are dropped with
 * one WARNING message. Nothing needs to be linked to the pad `manifest`.
 *
 * ## End of stream, flush, restart
 *
 * EOS lists what is left, lets the data leave when their time has come, and
 * then ends both branches. A flush drops the data that are held, which
 * receivers count as lost, but not the manifests. Every start from READY makes
 * a new stream of manifests: with a new #GstAmbiSign:stream-id when that is -1,
 * and with numbers from 0. Receivers must not see the same id again with
 * numbers that begin anew, so a fixed id has to be changed with every start.
 *
 * ## Rotation
 *
 * Streams of manifests are replaced while the data go on by two ambisign one
 * behind the other, in any order. Both list the same packets. The first one has
 * a #GstAmbiSign:delay of 0 and the second the delay for both, so that the
 * manifests of either come before the packets. When the metadata that receivers
 * fetch name the new stream, set #GstAmbiSign:refresh-deadline of the old one:
 * all of its manifests then tell how many seconds are left, and receivers move
 * to the new one. At the end the old stream's `manifest` pad gets EOS; its
 * element passes the data on for as long as it is there.
 *
 * ## Messages
 *
 * * ERROR, `GST_RESOURCE_ERROR_SETTINGS`, when starting: a property is missing
 *   or wrong; the text names it and the remedy.
 * * ERROR, `GST_STREAM_ERROR_FAILED`: what is linked to the pad `manifest`
 *   failed, or what is linked to `src` after EOS, when upstream does not hear of
 *   it. A branch of manifests that is not linked or is shut down is no error.
 * * WARNING, `GST_RESOURCE_ERROR_SETTINGS`: #GstAmbiSign:delay is not 0 and
 *   does not exceed #GstAmbiSign:max-manifest-latency.
 * * WARNING, `GST_RESOURCE_ERROR_SETTINGS`, once from start to stop: 2^31
 *   packets were listed, or as many manifests made, after which AMBI has as many
 *   numbers left; rotate the stream before they are used up. 100 Mbit/s of
 *   1316-byte packets come there after 63 hours.
 * * WARNING, `GST_STREAM_ERROR_FORMAT`, once from start to stop: a buffer was
 *   too long for a UDP datagram.
 * * WARNING, `GST_STREAM_ERROR_FAILED`, once from start to stop: manifests were
 *   dropped because they were not taken.
 *
 * ## Statistics
 *
 * #GstAmbiSign:stats is a structure `application/x-multicast-stats`. All fields
 * are #guint64 unless said, count from the last start and only grow, except
 * those with `held`.
 *
 * * `packets-received`, `bytes-received`: datagrams taken. They are at any
 *   moment the sum of those pushed, held, and dropped.
 * * `packets-signed`: listed in a manifest. `packets-unlisted`: passed after
 *   the end of the stream of manifests.
 * * `packets-pushed`, `bytes-pushed`: given to downstream.
 * * `packets-held`, `bytes-held`: waiting for their time.
 * * `times-full`: how often upstream had to wait for room.
 * * `dropped-empty`, `dropped-too-big`, `dropped-unreadable`: buffers that were
 *   no datagrams, or could not be mapped.
 * * `dropped-flushed`: held when there was a flush or a stop, or when
 *   downstream had refused more.
 * * `manifests-made`: the sum of `manifests-pushed`, `manifests-held` and
 *   `dropped-manifests`. `manifest-bytes-pushed`: their bytes.
 * * `stream-id` (#gint64): that of the manifests, -1 while stopped.
 * * `state` (string): `stopped`, `stable`, `refreshing` (a
 *   #GstAmbiSign:refresh-deadline is set), `ended`.
 *
 * ## Security
 *
 * Manifests are worth what the way is that they come by: serve them with TLS
 * (`ambihttpsink`). AMBI shows that a packet is genuine and complete; it hides
 * nothing. A false packet passes only when its digest is that of a genuine
 * one, and no way is known to make such a packet for `sha-256`.
 *
 * A sha-256 manifest adds 2.4 % to a stream of 1316-byte packets.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! x264enc tune=zerolatency ! mpegtsmux alignment=7 ! ambisign name=s source=192.0.2.10 group=232.1.1.1 ! amtrelaysink source=192.0.2.10 group=232.1.1.1 s.manifest ! ambihttpsink certificate=server.pem private-key=server.key
 * ]| Serves a test picture to AMT gateways, and its manifests on port 8443.
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! x264enc tune=zerolatency ! mpegtsmux alignment=7 ! ambisign name=s source=127.0.0.1 group=232.1.1.1 ! udpsink bind-address=127.0.0.1 bind-port=5001 host=232.1.1.1 port=5001 s.manifest ! filesink location=manifests.ambi
 * ]| Sends it natively, and writes the manifests to a file.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstambisign.h"

#include "gstambisignpads.h"
#include "gstambisignsettings.h"
#include "gstambisignstats.h"
#include "gstmcaddr.h"
#include "gstmcchannel.h"
#include "gstmcstats.h"

#define DEFAULT_SOURCE NULL
#define DEFAULT_SOURCE_PORT 5001
#define DEFAULT_GROUP NULL
#define DEFAULT_PORT 5001
#define DEFAULT_STREAM_ID -1
#define DEFAULT_HASH_ALGORITHM "sha-256"
#define DEFAULT_PACKETS_PER_MANIFEST 42
#define DEFAULT_MAX_MANIFEST_LATENCY (100 * GST_MSECOND)
#define DEFAULT_DELAY (500 * GST_MSECOND)
#define DEFAULT_REFRESH_DEADLINE 0
#define DEFAULT_MAX_HELD_BYTES (128 * 1024 * 1024)

#define MAX_DELAY (60 * GST_SECOND)
#define MAX_MAX_MANIFEST_LATENCY (10 * GST_SECOND)

/* What 16 bits of seconds can tell. */
#define MAX_REFRESH_DEADLINE (G_MAXUINT16 * GST_SECOND)

enum
{
  PROP_0,
  PROP_SOURCE,
  PROP_SOURCE_PORT,
  PROP_GROUP,
  PROP_PORT,
  PROP_STREAM_ID,
  PROP_USED_STREAM_ID,
  PROP_HASH_ALGORITHM,
  PROP_PACKETS_PER_MANIFEST,
  PROP_MAX_MANIFEST_LATENCY,
  PROP_DELAY,
  PROP_REFRESH_DEADLINE,
  PROP_MAX_HELD_BYTES,
  PROP_STATS,
  N_PROPERTIES
};

struct _GstAmbiSign
{
  GstElement parent;

  /* Lock order: this, then the object lock or those of what runs.  What was set
   * last is what runs, whichever thread set it. */
  GMutex apply_lock;

  /* under the object lock */
  GstAmbiSignSettings settings;
  gint64 used_stream_id;        /* -1 while stopped */

  GstAmbiSignPads pads;
  core_time paused;             /* when PLAYING was left; changes of state */
};

static GParamSpec *properties[N_PROPERTIES];

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate manifest_template =
GST_STATIC_PAD_TEMPLATE ("manifest", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("application/ambi"));

GST_DEBUG_CATEGORY (gst_ambi_sign_debug);
#define GST_CAT_DEFAULT gst_ambi_sign_debug

static void gst_ambi_sign_finalize (GObject * object);
static void gst_ambi_sign_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec);
static void gst_ambi_sign_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec);
static GstStateChangeReturn gst_ambi_sign_change_state (GstElement * element,
    GstStateChange transition);

#define gst_ambi_sign_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstAmbiSign, gst_ambi_sign, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (gst_ambi_sign_debug, "ambisign", 0,
        "AMBI manifests"));
GST_ELEMENT_REGISTER_DEFINE (ambisign, "ambisign", GST_RANK_NONE,
    GST_TYPE_AMBI_SIGN);

#define RW_READY (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_READY)
#define RW_PLAYING (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_PLAYING)
#define READ_ONLY (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)

static void
install_channel_properties (void)
{
  /**
   * GstAmbiSign:source:
   *
   * The address the datagrams come from, as receivers see it. Must be set, and
   * of the family of #GstAmbiSign:group.
   *
   * Since: 0.1
   */
  properties[PROP_SOURCE] = g_param_spec_string ("source", "Source",
      "Unicast IP address the datagrams come from, as receivers see it "
      "(required)", DEFAULT_SOURCE, RW_READY);

  /**
   * GstAmbiSign:source-port:
   *
   * The UDP port the datagrams come from, as receivers see it. `udpsink` must
   * be bound to it.
   *
   * Since: 0.1
   */
  properties[PROP_SOURCE_PORT] = g_param_spec_uint ("source-port",
      "Source port", "UDP port the datagrams come from, as receivers see it",
      1, G_MAXUINT16, DEFAULT_SOURCE_PORT, RW_READY);

  /**
   * GstAmbiSign:group:
   *
   * The multicast group the datagrams go to. Must be set.
   *
   * Since: 0.1
   */
  properties[PROP_GROUP] = g_param_spec_string ("group", "Group",
      "Multicast IP address the datagrams go to (required), such as 232.1.1.1 "
      "or ff3e::8000:1", DEFAULT_GROUP, RW_READY);

  /**
   * GstAmbiSign:port:
   *
   * The UDP port of the group the datagrams go to.
   *
   * Since: 0.1
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", "Port",
      "UDP port of the group", 1, G_MAXUINT16, DEFAULT_PORT, RW_READY);
}

static void
install_manifest_properties (void)
{
  /**
   * GstAmbiSign:stream-id:
   *
   * The id of the stream of manifests, 32 bits, which the metadata of the
   * channel name. -1 draws a random one at each start, which is told by
   * #GstAmbiSign:used-stream-id.
   *
   * Since: 0.1
   */
  properties[PROP_STREAM_ID] = g_param_spec_int64 ("stream-id", "Stream id",
      "Id of the stream of manifests (-1 = a random one at each start, see "
      "used-stream-id)", -1, G_MAXUINT32, DEFAULT_STREAM_ID, RW_READY);

  /**
   * GstAmbiSign:used-stream-id:
   *
   * The id of the stream of manifests, from READY to PAUSED on; -1 before.
   *
   * Since: 0.1
   */
  properties[PROP_USED_STREAM_ID] = g_param_spec_int64 ("used-stream-id",
      "Used stream id", "Id of the stream of manifests, -1 while stopped", -1,
      G_MAXUINT32, -1, READ_ONLY);

  /**
   * GstAmbiSign:hash-algorithm:
   *
   * The hash: `sha-256`, `sha-384` or `sha-512`, which every receiver should
   * know; `sha-224`, `shake-128` and `shake-256` also work.
   *
   * Since: 0.1
   */
  properties[PROP_HASH_ALGORITHM] = g_param_spec_string ("hash-algorithm",
      "Hash algorithm", "Name of the hash: sha-256, sha-384, sha-512, ...",
      DEFAULT_HASH_ALGORITHM, RW_READY);

  /**
   * GstAmbiSign:packets-per-manifest:
   *
   * A manifest is complete with so many packets. The default is what fits into
   * a datagram of 1400 bytes with sha-256.
   *
   * Since: 0.1
   */
  properties[PROP_PACKETS_PER_MANIFEST] =
      g_param_spec_uint ("packets-per-manifest", "Packets per manifest",
      "Number of packets that completes a manifest", 1, AMBI_COUNT_MAX,
      DEFAULT_PACKETS_PER_MANIFEST, RW_READY);

  /**
   * GstAmbiSign:max-manifest-latency:
   *
   * A manifest leaves at the latest so many nanoseconds after its first packet
   * came. Without packets an empty one leaves every second.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_MANIFEST_LATENCY] =
      g_param_spec_uint64 ("max-manifest-latency", "Maximum manifest latency",
      "Time in nanoseconds after its first packet when a manifest leaves at "
      "the latest", GST_MSECOND, MAX_MAX_MANIFEST_LATENCY,
      DEFAULT_MAX_MANIFEST_LATENCY, RW_READY);
}

static void
install_stream_properties (void)
{
  /**
   * GstAmbiSign:delay:
   *
   * How long a packet is held, in nanoseconds, so that its manifest is at the
   * receivers first. Changes while playing hold for packets that come later.
   *
   * Since: 0.1
   */
  properties[PROP_DELAY] = g_param_spec_uint64 ("delay", "Delay",
      "Time in nanoseconds for which packets are held, so that manifests "
      "arrive first", 0, MAX_DELAY, DEFAULT_DELAY, RW_PLAYING);

  /**
   * GstAmbiSign:refresh-deadline:
   *
   * After so many nanoseconds from now on, or from the start on, this stream of
   * manifests ends, and each of its manifests tells the whole seconds that are
   * left. Packets that come later are passed on without being listed. 0: it
   * does not end.
   *
   * Since: 0.1
   */
  properties[PROP_REFRESH_DEADLINE] = g_param_spec_uint64 ("refresh-deadline",
      "Refresh deadline", "Time in nanoseconds after which the stream of "
      "manifests ends, told in each of them (0 = it does not end)", 0,
      MAX_REFRESH_DEADLINE, DEFAULT_REFRESH_DEADLINE, RW_PLAYING);

  /**
   * GstAmbiSign:max-held-bytes:
   *
   * Bounds the memory of the packets that are held, 512 bytes for each
   * included. Upstream waits when it is reached. It must hold the delay:
   * `bitrate / 8 * delay`.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_HELD_BYTES] = g_param_spec_uint64 ("max-held-bytes",
      "Maximum held bytes", "Bytes of packets that are held before upstream "
      "has to wait", 65536, G_MAXINT64, DEFAULT_MAX_HELD_BYTES, RW_READY);

  /**
   * GstAmbiSign:stats:
   *
   * Counters; the fields are described above.
   *
   * Since: 0.1
   */
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Counters of packets and manifests (" GST_MC_STATS_NAME ")",
      GST_TYPE_STRUCTURE, READ_ONLY);
}

static void
gst_ambi_sign_class_init (GstAmbiSignClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->finalize = gst_ambi_sign_finalize;
  object_class->set_property = gst_ambi_sign_set_property;
  object_class->get_property = gst_ambi_sign_get_property;
  install_channel_properties ();
  install_manifest_properties ();
  install_stream_properties ();
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_add_static_pad_template (element_class, &manifest_template);
  gst_element_class_set_static_metadata (element_class, "AMBI signer",
      "Filter/Network",
      "Makes AMBI manifests of a multicast channel's packets, by which "
      "receivers tell genuine ones", "The gst-multicast authors");

  element_class->change_state = gst_ambi_sign_change_state;
}

static void
gst_ambi_sign_init (GstAmbiSign * self)
{
  GstAmbiSignSettings *s = &self->settings;

  s->source_port = DEFAULT_SOURCE_PORT;
  s->port = DEFAULT_PORT;
  s->stream_id = DEFAULT_STREAM_ID;
  s->hash_algorithm = g_strdup (DEFAULT_HASH_ALGORITHM);
  s->packets_per_manifest = DEFAULT_PACKETS_PER_MANIFEST;
  s->max_manifest_latency = DEFAULT_MAX_MANIFEST_LATENCY;
  s->delay = DEFAULT_DELAY;
  s->refresh_deadline = DEFAULT_REFRESH_DEADLINE;
  s->max_held_bytes = DEFAULT_MAX_HELD_BYTES;
  self->used_stream_id = -1;
  g_mutex_init (&self->apply_lock);
  gst_ambi_sign_pads_init (&self->pads, GST_ELEMENT (self));
}

static void
gst_ambi_sign_finalize (GObject * object)
{
  GstAmbiSign *self = GST_AMBI_SIGN (object);

  gst_ambi_sign_pads_clear (&self->pads);
  gst_ambi_sign_settings_clear (&self->settings);
  g_mutex_clear (&self->apply_lock);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

/*
 * Properties
 */

static void
warn_delay (GstAmbiSign * self, guint64 delay, guint64 latency)
{
  if (delay == 0)
    GST_INFO_OBJECT (self, "no delay: receivers hold packets");
  else if (delay <= latency)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("The property \"delay\" (%" G_GUINT64_FORMAT " ns) does not exceed "
            "\"max-manifest-latency\" (%" G_GUINT64_FORMAT " ns): packets may "
            "reach receivers before the manifests that list them.", delay,
            latency), (NULL));
}

/* What was set while running takes effect. */
static void
apply (GstAmbiSign * self, guint id)
{
  gboolean running;
  guint64 delay, latency, refresh;

  g_mutex_lock (&self->apply_lock);
  GST_OBJECT_LOCK (self);
  running = self->used_stream_id >= 0;
  delay = self->settings.delay;
  latency = self->settings.max_manifest_latency;
  refresh = self->settings.refresh_deadline;
  if (running)
    self->pads.latency = delay;
  GST_OBJECT_UNLOCK (self);
  if (running && id == PROP_REFRESH_DEADLINE)
    gst_ambi_signer_set_refresh (self->pads.signer, refresh);
  else if (running)
    gst_ambi_delay_set_time (self->pads.delay, delay);
  g_mutex_unlock (&self->apply_lock);

  if (!running || id != PROP_DELAY)
    return;
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_latency (GST_OBJECT (self)));
  warn_delay (self, delay, latency);
}

static void
gst_ambi_sign_set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GstAmbiSign *self = GST_AMBI_SIGN (object);
  GstAmbiSignSettings *s = &self->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_SOURCE:
      g_free (s->source);
      s->source = g_value_dup_string (value);
      break;
    case PROP_SOURCE_PORT:
      s->source_port = g_value_get_uint (value);
      break;
    case PROP_GROUP:
      g_free (s->group);
      s->group = g_value_dup_string (value);
      break;
    case PROP_PORT:
      s->port = g_value_get_uint (value);
      break;
    case PROP_STREAM_ID:
      s->stream_id = g_value_get_int64 (value);
      break;
    case PROP_HASH_ALGORITHM:
      g_free (s->hash_algorithm);
      s->hash_algorithm = g_value_dup_string (value);
      break;
    case PROP_PACKETS_PER_MANIFEST:
      s->packets_per_manifest = g_value_get_uint (value);
      break;
    case PROP_MAX_MANIFEST_LATENCY:
      s->max_manifest_latency = g_value_get_uint64 (value);
      break;
    case PROP_DELAY:
      s->delay = g_value_get_uint64 (value);
      break;
    case PROP_REFRESH_DEADLINE:
      s->refresh_deadline = g_value_get_uint64 (value);
      break;
    case PROP_MAX_HELD_BYTES:
      s->max_held_bytes = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
  if (id == PROP_DELAY || id == PROP_REFRESH_DEADLINE)
    apply (self, id);
}

static GstStructure *
create_stats (GstAmbiSign * self)
{
  GstAmbiDelayStats delay;
  GstAmbiSignerStats signer;
  gint64 stream_id;

  gst_ambi_delay_get_stats (self->pads.delay, &delay);
  gst_ambi_signer_get_stats (self->pads.signer, &signer);
  GST_OBJECT_LOCK (self);
  stream_id = self->used_stream_id;
  GST_OBJECT_UNLOCK (self);
  return gst_ambi_sign_stats_new (&delay, &signer, stream_id);
}

static void
gst_ambi_sign_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAmbiSign *self = GST_AMBI_SIGN (object);
  GstAmbiSignSettings *s = &self->settings;

  if (id == PROP_STATS) {
    g_value_take_boxed (value, create_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_SOURCE:
      g_value_set_string (value, s->source);
      break;
    case PROP_SOURCE_PORT:
      g_value_set_uint (value, s->source_port);
      break;
    case PROP_GROUP:
      g_value_set_string (value, s->group);
      break;
    case PROP_PORT:
      g_value_set_uint (value, s->port);
      break;
    case PROP_STREAM_ID:
      g_value_set_int64 (value, s->stream_id);
      break;
    case PROP_USED_STREAM_ID:
      g_value_set_int64 (value, self->used_stream_id);
      break;
    case PROP_HASH_ALGORITHM:
      g_value_set_string (value, s->hash_algorithm);
      break;
    case PROP_PACKETS_PER_MANIFEST:
      g_value_set_uint (value, s->packets_per_manifest);
      break;
    case PROP_MAX_MANIFEST_LATENCY:
      g_value_set_uint64 (value, s->max_manifest_latency);
      break;
    case PROP_DELAY:
      g_value_set_uint64 (value, s->delay);
      break;
    case PROP_REFRESH_DEADLINE:
      g_value_set_uint64 (value, s->refresh_deadline);
      break;
    case PROP_MAX_HELD_BYTES:
      g_value_set_uint64 (value, s->max_held_bytes);
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

static void
set_used_stream_id (GstAmbiSign * self, gint64 id, core_time latency)
{
  GST_OBJECT_LOCK (self);
  self->used_stream_id = id;
  self->pads.latency = latency;
  GST_OBJECT_UNLOCK (self);
}

/* Makes everything that is bound to the settings. */
static gboolean
start_with (GstAmbiSign * self, const GstAmbiSignSettings * s, GError ** error)
{
  ambi_sign_config config;
  GstCaps *caps;

  if (!gst_ambi_sign_settings_check (s, &config, error) ||
      !gst_ambi_signer_start (self->pads.signer, &config, s->refresh_deadline,
          error))
    return FALSE;
  caps = gst_caps_new_simple ("application/ambi",
      "stream-id", G_TYPE_INT64, (gint64) config.stream_id,
      "hash-algorithm", G_TYPE_STRING, core_hash_name (config.algorithm), NULL);
  gst_ambi_delay_start (self->pads.delay, s->delay, s->max_held_bytes);
  gst_ambi_sign_pads_start (&self->pads, caps,
      gst_ambi_sign_max_payload (&config.flow));
  self->paused = CORE_TIME_NEVER;
  set_used_stream_id (self, config.stream_id, s->delay);
  GST_INFO_OBJECT (self, "stream %u", config.stream_id);
  return TRUE;
}

static gboolean
start (GstAmbiSign * self)
{
  GstAmbiSignSettings settings;
  GError *error = NULL;
  gboolean ok;

  g_mutex_lock (&self->apply_lock);
  GST_OBJECT_LOCK (self);
  settings = gst_ambi_sign_settings_copy (&self->settings);
  GST_OBJECT_UNLOCK (self);
  ok = start_with (self, &settings, &error);
  g_mutex_unlock (&self->apply_lock);
  if (ok) {
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_USED_STREAM_ID]);
    warn_delay (self, settings.delay, settings.max_manifest_latency);
  } else {
    gst_mc_post_error (GST_ELEMENT (self), error);
    g_error_free (error);
  }
  gst_ambi_sign_settings_clear (&settings);
  return ok;
}

static void
stop (GstAmbiSign * self)
{
  gst_ambi_sign_pads_stop (&self->pads);
  set_used_stream_id (self, -1, 0);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_USED_STREAM_ID]);
}

static GstStateChangeReturn
gst_ambi_sign_change_state (GstElement * element, GstStateChange transition)
{
  GstAmbiSign *self = GST_AMBI_SIGN (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (self))
    return GST_STATE_CHANGE_FAILURE;
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING &&
      self->paused != CORE_TIME_NEVER)
    gst_ambi_delay_resume (self->pads.delay, self->paused, gst_mc_now ());

  ret = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    self->paused = gst_mc_now ();
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
      (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
          ret == GST_STATE_CHANGE_FAILURE))
    stop (self);
  return ret;
}

static gboolean
plugin_init (GstPlugin * plugin)
{
  return GST_ELEMENT_REGISTER (ambisign, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, ambisign,
    "Make AMBI manifests of multicast packets", plugin_init,
    VERSION, LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
