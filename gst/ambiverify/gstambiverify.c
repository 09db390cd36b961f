/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The element ambiverify: passes on the datagrams that a manifest vouches for.
 */

/**
 * SECTION:element-ambiverify
 * @title: ambiverify
 *
 * ambiverify authenticates a multicast stream by AMBI
 * (draft-ietf-mboned-ambi-05). Anybody on the way can forge a multicast packet.
 * The sender therefore publishes manifests, lists of the hashes of its packets,
 * by a way that can be trusted, most often HTTPS. ambiverify hashes each packet
 * that comes, and passes it on if a manifest lists it, once. The others are
 * dropped. It counts the listed packets that did not come, too: so it measures
 * the loss.
 *
 * Packets are buffers of one UDP payload each, as `amtsrc`, `ssmsrc` and
 * `udpsrc` give them, singly or in lists. The hash covers addresses and ports:
 * those of the sender are taken from #GstNetAddressMeta; those of the group
 * from the event `multicast-channel` of `amtsrc` and `ssmsrc`, or, where there
 * is none, from #GstAmbiVerify:group and #GstAmbiVerify:port. Put ambiverify
 * next to the source, before whatever makes other buffers of the datagrams.
 *
 * Manifests come from #GstAmbiVerify:manifest-uri, or from any element that is
 * linked to a `manifest_%u` pad: octets, cut anyhow. Where there is neither, the
 * metadata of the channel are asked for (#GstAmbiVerify:dorms-uri), which name
 * streams of manifests, their hashes, and how long to wait for them: the best one
 * is fetched from its first URI that answers. When it announces its end, is about to
 * expire, or no URI of it is of use, the metadata are asked for again and the next one is fetched
 * beside it. A stream that newer metadata do not name any more is left. The hash of each stream of
 * manifests and its id, if it has to be a certain one, are properties of the
 * element or of the pad. Several streams may be in use at a time; when one takes
 * over from another, the pad of the old one returns #GST_FLOW_EOS. A list of
 * packets gives at most one list, except where caps or segment change in
 * between.
 *
 * ## Waiting
 *
 * A packet whose digest is known is passed on at once, by the thread that
 * brought it. One that comes before its digest waits at most
 * #GstAmbiVerify:data-hold-time, which the latency counts. Time stamps are not
 * changed. After a flush nothing is left of what waited; EOS waits as long as
 * packets wait, and never lets an unverified one pass.
 *
 * Manifests may be read ahead of the packets, as from a file: after EOS on its
 * pad, digests are kept as long as they are not used. All of them have to fit
 * into #GstAmbiVerify:max-digests.
 *
 * ## Messages
 *
 * * ERROR, `GST_RESOURCE_ERROR_SETTINGS`: a property is wrong, when starting;
 *   or `source`, `group` or `port` is not set and upstream does not tell the
 *   channel, at the first packet; or upstream tells that it has packed datagrams
 *   together (`preserve-packetization=false`). The text names the property and
 *   the remedy.
 * * WARNING, `GST_RESOURCE_ERROR_SETTINGS`: no packet passes, because there is
 *   no source of manifests. `GST_RESOURCE_ERROR_READ`: no packet passes, for a
 *   reason the text tells: no connection, no manifests, others, or packets from
 *   elsewhere. Once for each outage; told again only after it has worked in
 *   between, and not passed anything for a second or
 *   #GstAmbiVerify:data-hold-time, whichever is longer.
 * * WARNING, `GST_STREAM_ERROR_FORMAT`: manifests are refused. The text names
 *   the pad or URI, the stream and the reason. The pad returns #GST_FLOW_EOS
 *   from then on; a URI is tried again, which is not told until it has been of
 *   use. When there are no other manifests, no packet passes from then on, and
 *   no other WARNING says so. Also, once, for a packet without
 *   #GstNetAddressMeta.
 * * Element message `multicast-loss`, at most once a second, when packets were
 *   lost or rejected since the last one: `source`, `group` (strings), `port`
 *   (#guint); `lost`, `rejected` and `unknown` since the last one and
 *   `total-lost`, `total-rejected` and `total-unknown` since the start
 *   (#guint64, as in the statistics); `presumed-lost` (#guint64) now, and
 *   `loss-ratio` (#gdouble).
 * * Element message `ambi-manifest-error`: `code` (string: `wrong-stream-id`,
 *   `tlv-overflow`, `too-many-tlvs`, `too-many-streams`, `stale`,
 *   `digest-overflow`, `empty`, `failed`; for URIs also `connection` and
 *   `stalled`), `text` (string: a sentence that says why), `pad` or `uri`
 *   (string), `stream-id` (#gint64, -1 as long as it is not known).
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
 *   Where manifests depend on them, and there are none, a WARNING says so when
 *   packets come that cannot pass: why, and what to do. So it does when they cannot be
 *   renewed; what is known of them stays in use then.
 * * Progress messages: `name-lookup` and `request` (each question for metadata),
 *   `connect` (to a stream that they name). What shares a code begins once and
 *   ends once.
 * * Element message `ambi-refresh`, when a sender announces the end of a
 *   manifest stream: `stream-id` (#guint), `deadline` (#guint64, nanoseconds
 *   until then).
 *
 * ## Statistics
 *
 * #GstAmbiVerify:stats is a structure `application/x-multicast-stats`. Fields
 * are #guint64 and count from the last start, unless said.
 *
 * * `state` (string): `stopped`, `no-manifests` (nothing has brought any),
 *   `waiting` (no packet was verified yet), `verifying`, `outage` (no packet
 *   passes, a WARNING told why).
 * * `packets-received`: all buffers. They are the sum of `packets-verified`,
 *   all `packets-rejected-<reason>`, `packets-held` and `packets-flushed`.
 * * `packets-verified`: those a manifest vouched for.
 * * `packets-rejected-<reason>`: `no-address` (no #GstNetAddressMeta),
 *   `wrong-source`, `too-big` (longer than a UDP payload can be), `unreadable`,
 *   `unauthenticated` (no manifest listed it in time), `duplicate` (likewise,
 *   but it is like one that passed before), `evicted` (there was no room to wait
 *   longer), `late` (with order `sequence`: a later one has passed),
 *   `no-memory`.
 * * `packets-held`, `bytes-held`: those that wait now.
 * * `packets-flushed`: those that waited when a flush or the end came.
 * * `packets-pushed`: those downstream took; `packets-discarded`: those that
 *   might have passed, but downstream was flushing or took no more.
 * * `packets-lost`: listed packets that did not come within
 *   #GstAmbiVerify:digest-hold-time, from the first verified one on;
 *   `packets-presumed-lost`: those that are missing now though later ones have
 *   come; `packets-unknown`: those that, by the numbers, no manifest listed.
 * * `loss-ratio` (#gdouble): the part that was lost in the last 5 s, 0 to 1.
 * * `manifests-received`, `manifests-lost` (missing by their numbers),
 *   `manifest-datagrams-malformed`, `manifest-connections` (made to URIs).
 * * `digests-received` (repeats too), `digests-held` (now), `digests-stale`
 *   (of packets long past), `digests-conflicting` (not what was listed before),
 *   `digests-overflowed` (more than #GstAmbiVerify:max-digests).
 * * `metadata` (string): `fresh`, `stale`, `withdrawn` or `none`.
 * * `cbacc-max-bitrate` (bit/s), `cbacc-max-packet-size`, `cbacc-window-ns`,
 *   `cbacc-priority`: the rate that the metadata promise, 0 when they do not.
 * * `lead-min-ns`, `lead-avg-ns`, `lead-max-ns` (#gint64): how long digests come
 *   before their packets; negative when they come after them.
 * * `manifest-streams`: array (#GST_TYPE_ARRAY) with a structure
 *   `manifest-stream` for each pad or connection: `pad` or `uri` (string),
 *   `stream-id` (#gint64, -1 as long as it is not known), `hash-algorithm`
 *   (string), `state` (string: `open`, `ended`, `left` for another one,
 *   `refused`), `manifests`, `bytes`.
 *
 * ## Security
 *
 * What passes is as trustworthy as the way manifests come, and, where metadata
 * name them, as the way from the source's address to its metadata server: DNSSEC,
 * and the server's certificate. Use HTTPS, TLS or DTLS with verified
 * certificates, or files of known origin, never plain HTTP.
 * ambiverify fails closed: without manifests nothing passes. Each listed packet
 * passes once, so recorded packets cannot be played again. Nothing is encrypted.
 *
 * Forged packets cost a hash each. They take memory up to
 * #GstAmbiVerify:max-held-bytes, and cannot displace packets whose digests are
 * known before they come; so let manifests come before packets. A malicious
 * source of manifests is bounded by #GstAmbiVerify:max-digests.
 *
 * #GstAmbiVerify:mode `monitor` protects from nothing.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 amtsrc source=192.0.2.10 group=232.1.1.1 ! ambiverify ! tsdemux ! queue ! h264parse ! avdec_h264 ! videoconvert ! autovideosink
 * ]| Receives a channel whose sender published all that is needed.
 * |[
 * gst-launch-1.0 amtsrc relay=amt-relay.example.net source=192.0.2.10 group=232.1.1.1 port=5001 ! ambiverify manifest-uri=https://sender.example.net:8443/stream.ambi tls-ca-file=ca.pem ! tsdemux ! queue ! h264parse ! avdec_h264 ! videoconvert ! autovideosink
 * ]| Receives a channel, the manifests of which come by HTTPS, from a server with
 * a certificate of an authority of one's own.
 * |[
 * gst-launch-1.0 amtsrc relay=amt-relay.example.net source=192.0.2.10 group=232.1.1.1 port=5001 ! ambiverify name=verify manifest_0::stream-id=5 ! tsdemux ! queue ! h264parse ! avdec_h264 ! videoconvert ! autovideosink souphttpsrc location=https://sender.example.net:8443/stream.ambi ! verify.manifest_0
 * ]| The same with another element that fetches. When the server ends the
 * response, `souphttpsrc` does not connect again. It trusts the authorities of
 * the system, to which `update-ca-certificates` adds one's own: its
 * `ssl-ca-file` has no effect with libsoup 3. Never set its `ssl-strict` to
 * false: whoever can forge packets could forge manifests, too.
 * |[
 * gst-launch-1.0 udpsrc address=232.1.1.1 port=5001 ! ambiverify name=verify source=192.0.2.10 group=232.1.1.1 port=5001 ! fakesink filesrc location=manifests.ambi ! verify.manifest_0
 * ]| `udpsrc` does not tell the channel; the manifests were saved in a file.
 *
 * Since: 0.1
 */
#include "gstambiverify.h"

#include <stdio.h>

#include "gstambiinput.h"
#include "gstambimanifestpad.h"
#include "gstambiverifystats.h"
#include "gstmcaddr.h"
#include "gstmclatency.h"
#include "gstmcstats.h"

#define N_PROPERTIES (GST_AMBI_PROP_STATS + 1)

struct _GstAmbiVerify
{
  GstElement parent;

  GstPad *sink;
  GstPad *src;
  GstAmbiGate gate;
  GstAmbiOutput output;
  GstAmbiInput input;

  /* under the object lock */
  GstAmbiVerifySettings settings;
  guint next_pad;
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK,
    GST_PAD_ALWAYS,
    GST_STATIC_CAPS_ANY);

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC,
    GST_PAD_ALWAYS,
    GST_STATIC_CAPS_ANY);

static GstStaticPadTemplate manifest_template =
GST_STATIC_PAD_TEMPLATE ("manifest_%u",
    GST_PAD_SINK,
    GST_PAD_REQUEST,
    GST_STATIC_CAPS ("application/ambi"));

GST_DEBUG_CATEGORY (gst_ambi_verify_debug);
#define GST_CAT_DEFAULT gst_ambi_verify_debug

static void gst_ambi_verify_child_proxy_init (gpointer iface, gpointer data);
static void gst_ambi_verify_finalize (GObject * object);
static void gst_ambi_verify_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec);
static void gst_ambi_verify_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec);
static GstStateChangeReturn gst_ambi_verify_change_state (GstElement * element,
    GstStateChange transition);
static GstPad *gst_ambi_verify_request_new_pad (GstElement * element,
    GstPadTemplate * template, const gchar * name, const GstCaps * caps);
static void gst_ambi_verify_release_pad (GstElement * element, GstPad * pad);
static GstFlowReturn gst_ambi_verify_chain (GstPad * pad, GstObject * parent,
    GstBuffer * buffer);
static GstFlowReturn gst_ambi_verify_chain_list (GstPad * pad,
    GstObject * parent, GstBufferList * list);
static gboolean gst_ambi_verify_sink_event (GstPad * pad, GstObject * parent,
    GstEvent * event);
static gboolean gst_ambi_verify_src_event (GstPad * pad, GstObject * parent,
    GstEvent * event);
static gboolean gst_ambi_verify_src_query (GstPad * pad, GstObject * parent,
    GstQuery * query);
static gboolean gst_ambi_verify_src_activate_mode (GstPad * pad,
    GstObject * parent, GstPadMode mode, gboolean active);
static GstIterator *gst_ambi_verify_internal_links (GstPad * pad,
    GstObject * parent);

#define gst_ambi_verify_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstAmbiVerify, gst_ambi_verify, GST_TYPE_ELEMENT,
    G_IMPLEMENT_INTERFACE (GST_TYPE_CHILD_PROXY,
        gst_ambi_verify_child_proxy_init)
    GST_DEBUG_CATEGORY_INIT (gst_ambi_verify_debug, "ambiverify", 0,
        "AMBI verifier"));
GST_ELEMENT_REGISTER_DEFINE (ambiverify, "ambiverify", GST_RANK_NONE,
    GST_TYPE_AMBI_VERIFY);

static void
gst_ambi_verify_class_init (GstAmbiVerifyClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->finalize = gst_ambi_verify_finalize;
  object_class->set_property = gst_ambi_verify_set_property;
  object_class->get_property = gst_ambi_verify_get_property;
  gst_ambi_verify_settings_install_properties (object_class);

  /**
   * GstAmbiVerify:stats:
   *
   * Counters; the fields are described above.
   *
   * Since: 0.1
   */
  g_object_class_install_property (object_class, GST_AMBI_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters (" GST_MC_STATS_NAME ")", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_add_static_pad_template_with_gtype (element_class,
      &manifest_template, GST_TYPE_AMBI_MANIFEST_PAD);
  gst_element_class_set_static_metadata (element_class, "AMBI verifier",
      "Filter/Network",
      "Pass on the multicast packets that a manifest of the sender's vouches "
      "for, and no others (AMBI)", "The gst-multicast authors");
  gst_type_mark_as_plugin_api (GST_TYPE_AMBI_MANIFEST_PAD, 0);
  gst_type_mark_as_plugin_api (gst_ambi_verify_mode_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_ambi_verify_order_get_type (), 0);

  element_class->change_state = gst_ambi_verify_change_state;
  element_class->request_new_pad = gst_ambi_verify_request_new_pad;
  element_class->release_pad = gst_ambi_verify_release_pad;
}

static void
gst_ambi_verify_init (GstAmbiVerify * self)
{
  GstElement *element = GST_ELEMENT (self);

  gst_ambi_verify_settings_init (&self->settings);

  self->sink = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sink, gst_ambi_verify_chain);
  gst_pad_set_chain_list_function (self->sink, gst_ambi_verify_chain_list);
  gst_pad_set_event_function (self->sink, gst_ambi_verify_sink_event);
  gst_pad_set_iterate_internal_links_function (self->sink,
      gst_ambi_verify_internal_links);
  GST_PAD_SET_PROXY_CAPS (self->sink);
  gst_element_add_pad (element, self->sink);

  self->src = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_event_function (self->src, gst_ambi_verify_src_event);
  gst_pad_set_query_function (self->src, gst_ambi_verify_src_query);
  gst_pad_set_activatemode_function (self->src,
      gst_ambi_verify_src_activate_mode);
  gst_pad_set_iterate_internal_links_function (self->src,
      gst_ambi_verify_internal_links);
  GST_PAD_SET_PROXY_CAPS (self->src);
  gst_element_add_pad (element, self->src);

  gst_ambi_gate_init (&self->gate, element);
  gst_ambi_output_init (&self->output, &self->gate, self->src);
  gst_ambi_input_init (&self->input, &self->output, element);
}

static void
gst_ambi_verify_finalize (GObject * object)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (object);

  gst_ambi_input_clear (&self->input);
  gst_ambi_output_clear (&self->output);
  gst_ambi_gate_clear (&self->gate);
  gst_ambi_verify_settings_clear (&self->settings);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

/*
 * Properties
 */

/* What may change while running takes effect. */
static void
settings_changed (GstAmbiVerify * self)
{
  GstAmbiVerifySettings settings;

  GST_OBJECT_LOCK (self);
  gst_ambi_verify_settings_copy (&settings, &self->settings);
  GST_OBJECT_UNLOCK (self);
  if (gst_ambi_gate_change (&self->gate, &settings))
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
  gst_ambi_verify_settings_clear (&settings);
}

static void
gst_ambi_verify_set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_ambi_verify_settings_set_property (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  if (pspec->flags & GST_PARAM_MUTABLE_PLAYING)
    settings_changed (self);
}

static void
gst_ambi_verify_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (object);
  gboolean known;

  if (id == GST_AMBI_PROP_STATS) {
    g_value_take_boxed (value, gst_ambi_verify_stats_new (&self->gate));
    return;
  }
  GST_OBJECT_LOCK (self);
  known = gst_ambi_verify_settings_get_property (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/*
 * Pads
 */

static GstIterator *
gst_ambi_verify_internal_links (GstPad * pad, GstObject * parent)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (parent);
  GValue value = G_VALUE_INIT;
  GstIterator *it;

  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, pad == self->src ? self->sink : self->src);
  it = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return it;
}

static void
count_pad (GstAmbiVerify * self, gint change)
{
  g_mutex_lock (&self->gate.lock);
  self->gate.n_pads += change;
  g_mutex_unlock (&self->gate.lock);
}

static GstPad *
gst_ambi_verify_request_new_pad (GstElement * element,
    GstPadTemplate * template, const gchar * name, const GstCaps * caps)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (element);
  g_autofree gchar *own_name = NULL;
  guint number;
  GstPad *pad;

  GST_OBJECT_LOCK (self);
  if (name != NULL && sscanf (name, "manifest_%u", &number) == 1)
    self->next_pad = MAX (self->next_pad, number);
  else
    number = self->next_pad;
  self->next_pad++;
  GST_OBJECT_UNLOCK (self);

  own_name = g_strdup_printf ("manifest_%u", number);
  pad = gst_ambi_manifest_pad_new (template, own_name, &self->gate);
  gst_pad_set_active (pad, TRUE);
  count_pad (self, 1);
  if (!gst_element_add_pad (element, pad)) {
    count_pad (self, -1);
    return NULL;
  }
  gst_child_proxy_child_added (GST_CHILD_PROXY (self), G_OBJECT (pad),
      GST_OBJECT_NAME (pad));
  return pad;
}

static void
gst_ambi_verify_release_pad (GstElement * element, GstPad * pad)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (element);

  gst_child_proxy_child_removed (GST_CHILD_PROXY (self), G_OBJECT (pad),
      GST_OBJECT_NAME (pad));
  gst_pad_set_active (pad, FALSE);
  count_pad (self, -1);
  gst_element_remove_pad (element, pad);
}

static GObject *
gst_ambi_verify_get_child (GstChildProxy * proxy, guint index)
{
  GObject *child = NULL;

  GST_OBJECT_LOCK (proxy);
  child = g_list_nth_data (GST_ELEMENT (proxy)->pads, index);
  if (child != NULL)
    g_object_ref (child);
  GST_OBJECT_UNLOCK (proxy);
  return child;
}

static guint
gst_ambi_verify_count_children (GstChildProxy * proxy)
{
  guint n;

  GST_OBJECT_LOCK (proxy);
  n = GST_ELEMENT (proxy)->numpads;
  GST_OBJECT_UNLOCK (proxy);
  return n;
}

static void
gst_ambi_verify_child_proxy_init (gpointer iface, gpointer data)
{
  GstChildProxyInterface *proxy = iface;

  proxy->get_child_by_index = gst_ambi_verify_get_child;
  proxy->get_children_count = gst_ambi_verify_count_children;
}

/*
 * Life cycle
 */

static gboolean
check_pads (GstAmbiVerify * self, GError ** error)
{
  gboolean ok = TRUE;
  guint n = gst_child_proxy_get_children_count (GST_CHILD_PROXY (self));

  for (guint i = 0; i < n && ok; i++) {
    g_autoptr (GObject) pad =
        gst_child_proxy_get_child_by_index (GST_CHILD_PROXY (self), i);

    if (pad != NULL && GST_IS_AMBI_MANIFEST_PAD (pad))
      ok = gst_ambi_manifest_pad_check (GST_AMBI_MANIFEST_PAD (pad), error);
  }
  return ok;
}

static gboolean
gst_ambi_verify_start (GstAmbiVerify * self)
{
  g_autoptr (GError) error = NULL;
  GstAmbiVerifySettings settings;
  gboolean ok;

  GST_OBJECT_LOCK (self);
  gst_ambi_verify_settings_copy (&settings, &self->settings);
  GST_OBJECT_UNLOCK (self);
  ok = gst_ambi_verify_settings_check (&settings, &error) &&
      check_pads (self, &error) &&
      gst_ambi_input_start (&self->input, &settings, &error);
  if (ok && !gst_ambi_gate_start (&self->gate, &settings, &error)) {
    gst_ambi_input_stop (&self->input);
    ok = FALSE;
  }
  gst_ambi_verify_settings_clear (&settings);
  if (!ok)
    gst_mc_post_error (GST_ELEMENT (self), error);
  return ok;
}

/* The pads are not active any more. */
static void
gst_ambi_verify_stop (GstAmbiVerify * self)
{
  /* A flush may have ended after the pad was deactivated. */
  gst_pad_stop_task (self->src);
  gst_ambi_gate_stop (&self->gate);
  gst_ambi_input_stop (&self->input);
  gst_ambi_output_reset (&self->output);
}

static GstStateChangeReturn
gst_ambi_verify_change_state (GstElement * element, GstStateChange transition)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
      !gst_ambi_verify_start (self))
    return GST_STATE_CHANGE_FAILURE;
  ret = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
      (transition == GST_STATE_CHANGE_READY_TO_PAUSED &&
          ret == GST_STATE_CHANGE_FAILURE))
    gst_ambi_verify_stop (self);
  return ret;
}

static gboolean
gst_ambi_verify_src_activate_mode (GstPad * pad, GstObject * parent,
    GstPadMode mode, gboolean active)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  gst_ambi_output_set_flushing (&self->output, !active);
  return active ? gst_pad_start_task (pad, gst_ambi_output_loop,
      &self->output, NULL) : gst_pad_stop_task (pad);
}

/*
 * Data, events, queries
 */

static GstFlowReturn
gst_ambi_verify_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  return gst_ambi_input_buffer (&GST_AMBI_VERIFY (parent)->input, buffer);
}

static GstFlowReturn
gst_ambi_verify_chain_list (GstPad * pad, GstObject * parent,
    GstBufferList * list)
{
  return gst_ambi_input_list (&GST_AMBI_VERIFY (parent)->input, list);
}

static gboolean
flush_start (GstAmbiVerify * self, GstEvent * event)
{
  gboolean ret = gst_pad_push_event (self->src, event);

  gst_ambi_output_set_flushing (&self->output, TRUE);
  gst_pad_pause_task (self->src);
  return ret;
}

static gboolean
flush_stop (GstAmbiVerify * self, GstEvent * event)
{
  gboolean ret;

  g_mutex_lock (&self->gate.lock);
  if (self->gate.verify != NULL)
    gst_ambi_gate_flush (&self->gate, gst_mc_now ());
  gst_ambi_gate_unlock (&self->gate);
  gst_ambi_output_reset (&self->output);
  gst_ambi_input_flush (&self->input);

  ret = gst_pad_push_event (self->src, event);
  if (gst_pad_is_active (self->src)) {
    gst_ambi_output_set_flushing (&self->output, FALSE);
    gst_pad_start_task (self->src, gst_ambi_output_loop, &self->output, NULL);
  }
  return ret;
}

static gboolean
gst_ambi_verify_sink_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (parent);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      return flush_start (self, event);
    case GST_EVENT_FLUSH_STOP:
      return flush_stop (self, event);
    default:
      if (!GST_EVENT_IS_SERIALIZED (event))
        return gst_pad_event_default (pad, parent, event);
      return gst_ambi_input_event (&self->input, event);
  }
}

static gboolean
gst_ambi_verify_src_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_RECONFIGURE)
    gst_ambi_output_linked (&GST_AMBI_VERIFY (parent)->output);
  return gst_pad_event_default (pad, parent, event);
}

static gboolean
gst_ambi_verify_src_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstAmbiVerify *self = GST_AMBI_VERIFY (parent);

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  return gst_mc_latency_query (self->sink, query,
      gst_ambi_gate_get_latency (&self->gate));
}
