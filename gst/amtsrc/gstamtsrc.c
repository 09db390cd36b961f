/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * amtsrc: receives a source-specific multicast channel through an AMT relay.
 */

/**
 * SECTION:element-amtsrc
 * @title: amtsrc
 * @see_also: amtrelaysink, udpsrc
 *
 * Receives the UDP datagrams of one source-specific multicast channel
 * (source, group, port) through an AMT relay (RFC 7450): multicast on any
 * network that carries UDP, without privileges, TUN device or routes.
 *
 * The element asks the relays of #GstAmtSrc:relay in order, joins the channel
 * at the first that answers, keeps the tunnel alive and moves to another relay
 * when one fails, without the pipeline noticing more than a gap (DISCONT).
 * Relay, channel and all else can also be given as one #GstAmtSrc:uri, so that
 * playbin and uridecodebin play `amt://` by themselves.
 *
 * Each buffer is the payload of one datagram. It is stamped with the time at
 * which the kernel received it and carries the sender's address as
 * #GstNetAddressMeta. Before the first buffer a sticky event
 * `multicast-channel` (`source`, `group`: string, `port`: uint, `delivery`:
 * string) goes downstream, and again when one of these changes.
 *
 * ## Messages
 *
 * All element messages have the fields `source`, `group` (string), `port`
 * (uint), `delivery` (string, `tunnel`) and `relay` (string, ADDRESS:PORT).
 *
 * * `multicast-join`: the first packet came through this relay. Field
 *   `join-latency` (guint64, ns since the element began to ask for it: since
 *   PLAYING, or since the relay before it was lost).
 * * `multicast-leave`: the relay is left or lost. Field `reason` (string:
 *   `stopped`, `no-answer`, `unreachable`, `limit`, `no-data`).
 * * `multicast-stalled`: nothing came for #GstAmtSrc:stall-timeout; once per
 *   silence. Field `silence` (guint64, ns).
 * * `multicast-resumed`: the first packet after a `multicast-stalled`. Field
 *   `silence` (guint64, ns).
 * * `multicast-port`: the port was 0 and has been learnt; it is in `port`.
 * * `GstUDPSrcTimeout`: as udpsrc posts it, see #GstAmtSrc:timeout. Its one
 *   field is `timeout` (guint64, ns).
 *
 * Progress messages tell of `name-lookup`, `connect` (the relay's handshake),
 * `request` (the join) and `disconnect`. What began and was not completed ends
 * as CANCELED, or as ERROR with the error.
 *
 * ## Statistics
 *
 * The structure #GstAmtSrc:stats is `application/x-multicast-stats`. Its
 * counters are guint64 and only grow until the element is started anew.
 *
 * * `packets-received`: multicast datagrams that came through the tunnel; one
 *   that came in fragments counts once. Always `packets-pushed` plus the sum
 *   of all `dropped-…` but those called `dropped-control-…`.
 * * `bytes-received`: their payloads, of the accepted ones.
 * * `packets-pushed`: buffers handed downstream.
 * * `fragments-received`: fragments of inner datagrams.
 * * `control-received`, `control-sent`: all other AMT messages.
 * * `dropped-REASON`: multicast datagrams dropped, by reason: what was wrong
 *   with them, or `too-big` (longer than mtu), `empty`, `paused` (came while
 *   the pipeline was paused), `flushed` (the element was being stopped).
 * * `dropped-control-REASON`: other messages dropped, by reason.
 * * `kernel-dropped`: datagrams the kernel dropped because the receive buffer
 *   was full; see #GstAmtSrc:buffer-size.
 * * `receive-buffer-size`: bytes of it that the kernel granted.
 * * `relay-requests`, `relay-failovers`: Requests sent; moves away from a
 *   relay that had been in use.
 * * `delivery` (string): `tunnel`.
 * * `relay` (string): the relay in use or being asked, empty if none.
 * * `state` (string): `stopped`, `idle` (no address known yet), `discover`,
 *   `request` (asking a relay), `active`.
 * * `join-latency-ns`: from asking to join to the first packet, 0 before it.
 * * `last-packet-time-ns`: Unix time of the last packet, 0 before the first.
 *
 * ## Security
 *
 * The tunnel is not encrypted: whoever can forge the relay's address and knows
 * the ports can inject packets of the channel. Nonces come from the kernel's
 * CSPRNG, the local port is random, and every packet's addresses, lengths and
 * checksums are verified; nothing a remote host sends ends the stream.
 *
 * ## Example launch lines
 *
 * |[
 * gst-launch-1.0 amtsrc relay=127.0.0.1 source=192.0.2.10 group=232.1.1.1 port=5001 ! tsdemux ! h264parse ! avdec_h264 ! videoconvert ! autovideosink
 * ]| Plays the H.264 video of an MPEG-TS from a relay on this host.
 *
 * |[
 * gst-play-1.0 "amt://192.0.2.10@232.1.1.1:5001?relay=127.0.0.1"
 * ]| The same by URI.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstamtsrc.h"

#include <errno.h>
#include <string.h>

#include "gstamtreceiver.h"
#include "gstmcuri.h"

GST_DEBUG_CATEGORY (gst_amt_src_debug);
#define GST_CAT_DEFAULT gst_amt_src_debug

#define URI_SCHEME "amt"

struct _GstAmtSrc
{
  GstPushSrc parent;

  /* Protected by the object lock. */
  GstAmtSettings settings;
  gchar *uri_problem;           /* why the last "uri" was not taken */
  GstAmtSnapshot snapshot;
  gboolean resumed;             /* PLAYING again, create () has not seen it */
  GstClockTime resumed_at;      /* Unix time of that */

  /* For life: unlock () may come at any moment. */
  GstPoll *poll;

  /* Made in start (), freed in stop (); in between create ()'s alone. */
  GstAmtReceiver *receiver;
};

static void gst_amt_src_uri_handler_init (gpointer iface, gpointer data);
static void gst_amt_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec);
static void gst_amt_src_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec);
static void gst_amt_src_finalize (GObject * object);
static GstCaps *gst_amt_src_get_caps (GstBaseSrc * src, GstCaps * filter);
static GstStateChangeReturn gst_amt_src_change_state (GstElement * element,
    GstStateChange transition);
static gboolean gst_amt_src_start (GstBaseSrc * src);
static gboolean gst_amt_src_stop (GstBaseSrc * src);
static gboolean gst_amt_src_unlock (GstBaseSrc * src);
static gboolean gst_amt_src_unlock_stop (GstBaseSrc * src);
static GstFlowReturn gst_amt_src_create (GstPushSrc * push,
    GstBuffer ** buffer);

#define gst_amt_src_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstAmtSrc, gst_amt_src, GST_TYPE_PUSH_SRC,
    G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER, gst_amt_src_uri_handler_init);
    GST_DEBUG_CATEGORY_INIT (gst_amt_src_debug, "amtsrc", 0, "AMT source"));
GST_ELEMENT_REGISTER_DEFINE (amtsrc, "amtsrc", GST_RANK_PRIMARY,
    GST_TYPE_AMT_SRC);

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

static void
gst_amt_src_class_init (GstAmtSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);
  GstPushSrcClass *push_class = GST_PUSH_SRC_CLASS (klass);

  object_class->set_property = gst_amt_src_set_property;
  object_class->get_property = gst_amt_src_get_property;
  object_class->finalize = gst_amt_src_finalize;
  gst_amt_settings_install_properties (object_class);

  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "AMT source",
      "Source/Network",
      "Receives a source-specific multicast channel through an AMT relay "
      "(RFC 7450)", "The gst-multicast authors");
  element_class->change_state = gst_amt_src_change_state;

  src_class->start = gst_amt_src_start;
  src_class->stop = gst_amt_src_stop;
  src_class->unlock = gst_amt_src_unlock;
  src_class->unlock_stop = gst_amt_src_unlock_stop;
  src_class->get_caps = gst_amt_src_get_caps;
  push_class->create = gst_amt_src_create;
}

static void
gst_amt_src_init (GstAmtSrc * self)
{
  GstBaseSrc *src = GST_BASE_SRC (self);

  gst_amt_settings_init (&self->settings);
  self->poll = gst_poll_new (TRUE);

  gst_base_src_set_live (src, TRUE);
  gst_base_src_set_format (src, GST_FORMAT_TIME);
  /* The base class would stamp the first buffer of a list only. */
  gst_base_src_set_do_timestamp (src, FALSE);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_REQUIRE_CLOCK);
}

static void
gst_amt_src_finalize (GObject * object)
{
  GstAmtSrc *self = GST_AMT_SRC (object);

  gst_amt_settings_clear (&self->settings);
  g_free (self->uri_problem);
  gst_poll_free (self->poll);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

/* --- properties --- */

static void
gst_amt_src_set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GstAmtSrc *self = GST_AMT_SRC (object);
  gboolean known;

  if (id == GST_MC_PROP_URI) {
    g_autoptr (GError) error = NULL;
    const gchar *uri = g_value_get_string (value);

    /* A property cannot fail, so the complaint waits for start (). */
    if (uri != NULL)
      gst_uri_handler_set_uri (GST_URI_HANDLER (self), uri, &error);
    GST_OBJECT_LOCK (self);
    g_free (self->uri_problem);
    self->uri_problem = error ? g_strdup (error->message) : NULL;
    GST_OBJECT_UNLOCK (self);
    return;
  }

  GST_OBJECT_LOCK (self);
  known = gst_amt_settings_set_property (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);

  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (id == GST_MC_PROP_CAPS)
    gst_pad_mark_reconfigure (GST_BASE_SRC_PAD (self));
}

static void
gst_amt_src_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAmtSrc *self = GST_AMT_SRC (object);
  gboolean known;

  if (id == GST_MC_PROP_URI) {
    g_value_take_string (value, gst_mc_uri_build (object, URI_SCHEME));
    return;
  }
  if (id == GST_MC_PROP_STATS) {
    GstAmtSnapshot snapshot;

    GST_OBJECT_LOCK (self);
    snapshot = self->snapshot;
    GST_OBJECT_UNLOCK (self);
    g_value_take_boxed (value, gst_amt_snapshot_to_structure (&snapshot));
    return;
  }

  GST_OBJECT_LOCK (self);
  known = gst_amt_settings_get_property (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static GstCaps *
gst_amt_src_get_caps (GstBaseSrc * src, GstCaps * filter)
{
  GstAmtSrc *self = GST_AMT_SRC (src);
  GstCaps *caps, *result;

  GST_OBJECT_LOCK (self);
  caps = self->settings.common.caps;
  caps = caps ? gst_caps_ref (caps) : gst_caps_new_any ();
  GST_OBJECT_UNLOCK (self);

  if (filter == NULL)
    return caps;
  result = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (caps);
  return result;
}

/* --- life cycle --- */

static gboolean
gst_amt_src_start (GstBaseSrc * src)
{
  GstAmtSrc *self = GST_AMT_SRC (src);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri_problem = NULL;
  GstAmtSettings settings;

  GST_OBJECT_LOCK (self);
  gst_amt_settings_copy (&settings, &self->settings);
  uri_problem = g_strdup (self->uri_problem);
  memset (&self->snapshot, 0, sizeof (self->snapshot));
  self->resumed = FALSE;
  GST_OBJECT_UNLOCK (self);

  if (uri_problem)
    g_set_error (&error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "The property \"uri\" could not be set: %s", uri_problem);
  else
    self->receiver = gst_amt_receiver_new (src, &settings, self->poll, &error);
  gst_amt_settings_clear (&settings);

  if (error) {
    gst_element_message_full (GST_ELEMENT (self), GST_MESSAGE_ERROR,
        error->domain, error->code, g_strdup (error->message), NULL, __FILE__,
        GST_FUNCTION, __LINE__);
    return FALSE;
  }
  return TRUE;
}

/* Lets the application see the counters as they are now. */
static void
publish (GstAmtSrc * self, gboolean running)
{
  GstAmtSnapshot snapshot;

  gst_amt_receiver_get_snapshot (self->receiver, &snapshot);
  snapshot.running = running;
  GST_OBJECT_LOCK (self);
  self->snapshot = snapshot;
  GST_OBJECT_UNLOCK (self);
}

static gboolean
gst_amt_src_stop (GstBaseSrc * src)
{
  GstAmtSrc *self = GST_AMT_SRC (src);

  if (self->receiver)
    publish (self, FALSE);
  g_clear_pointer (&self->receiver, gst_amt_receiver_free);
  return TRUE;
}

static gboolean
gst_amt_src_unlock (GstBaseSrc * src)
{
  gst_poll_set_flushing (GST_AMT_SRC (src)->poll, TRUE);
  return TRUE;
}

static gboolean
gst_amt_src_unlock_stop (GstBaseSrc * src)
{
  gst_poll_set_flushing (GST_AMT_SRC (src)->poll, FALSE);
  return TRUE;
}

static GstStateChangeReturn
gst_amt_src_change_state (GstElement * element, GstStateChange transition)
{
  GstAmtSrc *self = GST_AMT_SRC (element);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
    GST_OBJECT_LOCK (self);
    self->resumed = TRUE;
    self->resumed_at = (GstClockTime) g_get_real_time () * GST_USECOND;
    GST_OBJECT_UNLOCK (self);
  }
  return GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
}

/* --- data path --- */

/* FALSE: an error was posted. */
static gboolean
check_resumed (GstAmtSrc * self, core_time now)
{
  GstClockTime resumed_at;
  gboolean resumed;

  GST_OBJECT_LOCK (self);
  resumed = self->resumed;
  resumed_at = self->resumed_at;
  self->resumed = FALSE;
  GST_OBJECT_UNLOCK (self);
  if (!resumed)
    return TRUE;
  gst_amt_receiver_resume (self->receiver, resumed_at, now);
  if (!gst_amt_receiver_step (self->receiver, now))
    return FALSE;
  publish (self, TRUE);
  return TRUE;
}

/* Waits for the network, a timer or a lookup, and for PLAYING. */
static GstFlowReturn
wait_for_something (GstAmtSrc * self, core_time now)
{
  GstClockTime timeout = gst_amt_receiver_time_to_wait (self->receiver, now);

  if (gst_poll_wait (self->poll, timeout) < 0) {
    if (errno == EBUSY)
      return GST_FLOW_FLUSHING;
    if (errno != EINTR && errno != EAGAIN) {
      GST_ELEMENT_ERROR (self, RESOURCE, READ,
          ("Could not wait for the network: %s", g_strerror (errno)), (NULL));
      return GST_FLOW_ERROR;
    }
  }
  return gst_base_src_wait_playing (GST_BASE_SRC (self));
}

static GstFlowReturn
gst_amt_src_create (GstPushSrc * push, GstBuffer ** buffer)
{
  GstAmtSrc *self = GST_AMT_SRC (push);
  GstMcOutput *output = gst_amt_receiver_get_output (self->receiver);
  GstFlowReturn ret;
  core_time now;
  gint n;

  do {
    now = gst_mc_now ();
    if (!check_resumed (self, now))
      return GST_FLOW_ERROR;
    if ((ret = wait_for_something (self, now)) != GST_FLOW_OK)
      return ret;

    now = gst_mc_now ();
    if (!check_resumed (self, now))
      return GST_FLOW_ERROR;
    n = gst_amt_receiver_receive (self->receiver, now);
    if (n < 0)
      return GST_FLOW_ERROR;
    if (n == 0)
      publish (self, TRUE);
  } while (n == 0);

  /* Without this the base class of GStreamer before 1.22.12 unrefs NULL when
   * it is stopped from PAUSED with a list at hand. */
  ret = gst_base_src_wait_playing (GST_BASE_SRC (self));
  if (ret == GST_FLOW_OK)
    gst_mc_output_submit (output, GST_BASE_SRC (self), buffer);
  else
    gst_mc_output_flush (output);
  /* Before the packets are pushed: whoever sees them finds them counted. */
  publish (self, TRUE);
  return ret;
}

/* --- URI handler --- */

static GstURIType
gst_amt_src_uri_get_type (GType type)
{
  return GST_URI_SRC;
}

static const gchar *const *
gst_amt_src_uri_get_protocols (GType type)
{
  static const gchar *const protocols[] = { URI_SCHEME, NULL };

  return protocols;
}

static gchar *
gst_amt_src_uri_get_uri (GstURIHandler * handler)
{
  return gst_mc_uri_build (G_OBJECT (handler), URI_SCHEME);
}

static gboolean
gst_amt_src_uri_set_uri (GstURIHandler * handler, const gchar * uri,
    GError ** error)
{
  GstAmtSrc *self = GST_AMT_SRC (handler);
  GstState state;

  GST_OBJECT_LOCK (self);
  state = GST_STATE (self);
  GST_OBJECT_UNLOCK (self);
  if (state > GST_STATE_READY) {
    g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
        "The URI can only be set in NULL and READY");
    return FALSE;
  }
  if (!gst_mc_uri_apply (G_OBJECT (self), URI_SCHEME, uri, error))
    return FALSE;

  /* What was wrong with an earlier one is mended. */
  GST_OBJECT_LOCK (self);
  g_clear_pointer (&self->uri_problem, g_free);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
gst_amt_src_uri_handler_init (gpointer iface, gpointer data)
{
  GstURIHandlerInterface *handler = iface;

  handler->get_type = gst_amt_src_uri_get_type;
  handler->get_protocols = gst_amt_src_uri_get_protocols;
  handler->get_uri = gst_amt_src_uri_get_uri;
  handler->set_uri = gst_amt_src_uri_set_uri;
}
