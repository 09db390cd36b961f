/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What the multicast sources have in common as GStreamer elements.
 */
#include "gstmcsource.h"

#include <string.h>

#include "gstmcstats.h"
#include "gstmcuri.h"

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

/* Both are the instance's beginning, whatever its class. */
#define MC_SOURCE(object) ((GstMcSource *) (object))

/* --- properties --- */

static gboolean
set_any_property (GstMcSource * self, guint id, const GValue * value)
{
  return gst_mc_settings_set_property (&self->settings, id, value) ||
      (self->klass->set_property && self->klass->set_property (self, id,
          value));
}

static gboolean
get_any_property (GstMcSource * self, guint id, GValue * value)
{
  return gst_mc_settings_get_property (&self->settings, id, value) ||
      (self->klass->get_property && self->klass->get_property (self, id,
          value));
}

/* Takes caps unless they are such as must not be packed and are just being
 * packed.  With the object lock held. */
static gboolean
set_caps (GstMcSource * self, const GValue * value)
{
  if (self->packs &&
      !gst_mc_settings_caps_allow_packing (g_value_get_boxed (value)))
    return FALSE;
  return set_any_property (self, GST_MC_PROP_CAPS, value);
}

static void
set_caps_property (GstMcSource * self, const GValue * value)
{
  gboolean taken;

  GST_OBJECT_LOCK (self);
  taken = set_caps (self, value);
  GST_OBJECT_UNLOCK (self);
  if (taken)
    gst_pad_mark_reconfigure (GST_BASE_SRC_PAD (self));
  else
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
        ("The property \"caps\" stays what it is: datagrams are being packed "
            "together (\"preserve-packetization\" is FALSE), which only those "
            "of MPEG-TS may be. Stop the element to change both"), (NULL));
}

static void
set_property (GObject * object, guint id, const GValue * value,
    GParamSpec * pspec)
{
  GstMcSource *self = MC_SOURCE (object);
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

  if (id == GST_MC_PROP_CAPS) {
    set_caps_property (self, value);
    return;
  }

  GST_OBJECT_LOCK (self);
  known = set_any_property (self, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
get_property (GObject * object, guint id, GValue * value, GParamSpec * pspec)
{
  GstMcSource *self = MC_SOURCE (object);
  gboolean known;

  if (id == GST_MC_PROP_URI) {
    g_value_take_string (value, gst_mc_uri_build (object, self->klass->scheme));
    return;
  }
  if (id == GST_MC_PROP_STATS) {
    g_value_take_boxed (value, self->klass->get_stats (self));
    return;
  }

  GST_OBJECT_LOCK (self);
  known = get_any_property (self, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static GstCaps *
get_caps (GstBaseSrc * src, GstCaps * filter)
{
  GstMcSource *self = MC_SOURCE (src);
  GstCaps *caps, *result;

  GST_OBJECT_LOCK (self);
  caps = self->settings.caps;
  caps = caps ? gst_caps_ref (caps) : gst_caps_new_any ();
  GST_OBJECT_UNLOCK (self);

  if (filter == NULL)
    return caps;
  result = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (caps);
  return result;
}

/* --- life cycle --- */

static void
end_packing (GstMcSource * self)
{
  GST_OBJECT_LOCK (self);
  self->packs = FALSE;
  GST_OBJECT_UNLOCK (self);
}

static gboolean
start (GstBaseSrc * src)
{
  GstMcSource *self = MC_SOURCE (src);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri_problem = NULL;
  GstMcSettings settings;

  GST_OBJECT_LOCK (self);
  gst_mc_settings_copy (&settings, &self->settings);
  uri_problem = g_strdup (self->uri_problem);
  memset (&self->snapshot, 0, sizeof (self->snapshot));
  self->resumed = FALSE;
  self->packs = !settings.preserve_packetization;
  GST_OBJECT_UNLOCK (self);

  if (uri_problem)
    g_set_error (&error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "The property \"uri\" could not be set: %s", uri_problem);
  else
    self->klass->open (self, &settings, &error);
  gst_mc_settings_clear (&settings);

  if (error) {
    end_packing (self);
    g_clear_pointer (&self->receiver, gst_mc_receiver_free);
    gst_mc_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  return TRUE;
}

/* Lets the application see the counters as they are now. */
static void
publish (GstMcSource * self, gboolean running)
{
  GstMcSnapshot snapshot;

  gst_mc_receiver_get_snapshot (self->receiver, &snapshot);
  snapshot.running = running;
  GST_OBJECT_LOCK (self);
  self->snapshot = snapshot;
  if (self->klass->publish)
    self->klass->publish (self);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
stop (GstBaseSrc * src)
{
  GstMcSource *self = MC_SOURCE (src);

  end_packing (self);
  if (self->receiver)
    publish (self, FALSE);
  g_clear_pointer (&self->receiver, gst_mc_receiver_free);
  return TRUE;
}

static void
set_flushing (GstMcSource * self, gboolean flushing)
{
  gst_mc_poll_set_flushing (self->poll, flushing);
  g_mutex_lock (&self->collect_lock);
  self->flushing = flushing;
  g_cond_broadcast (&self->collect_cond);
  g_mutex_unlock (&self->collect_lock);
}

static gboolean
unlock (GstBaseSrc * src)
{
  set_flushing (MC_SOURCE (src), TRUE);
  return TRUE;
}

static gboolean
unlock_stop (GstBaseSrc * src)
{
  set_flushing (MC_SOURCE (src), FALSE);
  return TRUE;
}

static GstStateChangeReturn
change_state (GstElement * element, GstStateChange transition)
{
  GstMcSource *self = MC_SOURCE (element);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
    GST_OBJECT_LOCK (self);
    self->resumed = TRUE;
    self->resumed_at = (GstClockTime) g_get_real_time () * GST_USECOND;
    GST_OBJECT_UNLOCK (self);
  }
  return
      GST_ELEMENT_CLASS (g_type_class_peek (GST_TYPE_PUSH_SRC))->change_state
      (element, transition);
}

/* What is received may have waited. */
static gboolean
query (GstBaseSrc * src, GstQuery * query)
{
  GstMcSource *self = MC_SOURCE (src);
  GstClockTime min, max, held;
  gboolean live;

  if (!GST_BASE_SRC_CLASS (g_type_class_peek (GST_TYPE_PUSH_SRC))->query (src,
          query))
    return FALSE;
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return TRUE;
  GST_OBJECT_LOCK (self);
  held = self->settings.coalesce_time;
  GST_OBJECT_UNLOCK (self);
  gst_query_parse_latency (query, &live, &min, &max);
  min += held;
  if (GST_CLOCK_TIME_IS_VALID (max))
    max += held;
  gst_query_set_latency (query, live, min, max);
  return TRUE;
}

/* --- data path --- */

/* FALSE: an error was posted. */
static gboolean
check_resumed (GstMcSource * self, core_time now)
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
  gst_mc_receiver_resume (self->receiver, resumed_at, now);
  if (!gst_mc_receiver_step (self->receiver, now))
    return FALSE;
  publish (self, TRUE);
  return TRUE;
}

/* Lets datagrams collect.  FALSE: the source is flushing. */
static gboolean
let_collect (GstMcSource * self, core_time now)
{
  core_time at = gst_mc_receiver_get_receive_at (self->receiver);
  gboolean flushing;

  if (at <= now)
    return TRUE;
  g_mutex_lock (&self->collect_lock);
  while (!self->flushing && g_cond_wait_until (&self->collect_cond,
          &self->collect_lock, (gint64) (at / GST_USECOND)));
  flushing = self->flushing;
  g_mutex_unlock (&self->collect_lock);
  return !flushing;
}

/* Waits for the network, a timer or a lookup, and for PLAYING.  *n_ready: how
 * many descriptors have something. */
static GstFlowReturn
wait_for_something (GstMcSource * self, core_time now, gint * n_ready)
{
  GstClockTime timeout = gst_mc_receiver_time_to_wait (self->receiver, now);

  *n_ready = gst_mc_poll_wait (self->poll, timeout);
  if (*n_ready == GST_MC_POLL_FLUSHING)
    return GST_FLOW_FLUSHING;
  if (*n_ready < 0) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ,
        ("Could not wait for the network: %s", g_strerror (-*n_ready)), (NULL));
    return GST_FLOW_ERROR;
  }
  return gst_base_src_wait_playing (GST_BASE_SRC (self));
}

static GstFlowReturn
create (GstPushSrc * push, GstBuffer ** buffer)
{
  GstMcSource *self = MC_SOURCE (push);
  GstMcOutput *output = gst_mc_receiver_get_output (self->receiver);
  GstFlowReturn ret;
  core_time now;
  gint n, n_ready;

  do {
    now = gst_mc_now ();
    if (!check_resumed (self, now))
      return GST_FLOW_ERROR;
    if (!let_collect (self, now))
      return GST_FLOW_FLUSHING;
    if ((ret = wait_for_something (self, now, &n_ready)) != GST_FLOW_OK)
      return ret;

    now = gst_mc_now ();
    if (!check_resumed (self, now))
      return GST_FLOW_ERROR;
    n = gst_mc_receiver_receive (self->receiver, n_ready, now);
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
uri_get_type (GType type)
{
  return GST_URI_SRC;
}

static gchar *
uri_get_uri (GstURIHandler * handler)
{
  return gst_mc_uri_build (G_OBJECT (handler),
      MC_SOURCE (handler)->klass->scheme);
}

static gboolean
uri_set_uri (GstURIHandler * handler, const gchar * uri, GError ** error)
{
  GstMcSource *self = MC_SOURCE (handler);
  GstState state;

  GST_OBJECT_LOCK (self);
  state = GST_STATE (self);
  GST_OBJECT_UNLOCK (self);
  if (state > GST_STATE_READY) {
    g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_STATE,
        "The URI can only be set in NULL and READY");
    return FALSE;
  }
  if (!gst_mc_uri_apply (G_OBJECT (self), self->klass->scheme, uri, error))
    return FALSE;

  /* What was wrong with an earlier one is mended. */
  GST_OBJECT_LOCK (self);
  g_clear_pointer (&self->uri_problem, g_free);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

void
gst_mc_source_uri_handler_init (gpointer iface, gpointer data)
{
  GstURIHandlerInterface *handler = iface;

  handler->get_type = uri_get_type;
  handler->get_uri = uri_get_uri;
  handler->set_uri = uri_set_uri;
}

void
gst_mc_source_class_init (gpointer klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  G_OBJECT_CLASS (klass)->set_property = set_property;
  G_OBJECT_CLASS (klass)->get_property = get_property;
  gst_mc_settings_install_properties (G_OBJECT_CLASS (klass));

  gst_element_class_add_static_pad_template (element_class, &src_template);
  element_class->change_state = change_state;

  src_class->start = start;
  src_class->stop = stop;
  src_class->unlock = unlock;
  src_class->unlock_stop = unlock_stop;
  src_class->get_caps = get_caps;
  src_class->query = query;
  GST_PUSH_SRC_CLASS (klass)->create = create;
}

void
gst_mc_source_init (GstMcSource * self, const GstMcSourceClass * klass)
{
  GstBaseSrc *src = GST_BASE_SRC (self);

  self->klass = klass;
  gst_mc_settings_init (&self->settings);
  self->poll = gst_mc_poll_new ();
  g_mutex_init (&self->collect_lock);
  g_cond_init (&self->collect_cond);

  gst_base_src_set_live (src, TRUE);
  gst_base_src_set_format (src, GST_FORMAT_TIME);
  /* The base class would stamp the first buffer of a list only. */
  gst_base_src_set_do_timestamp (src, FALSE);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_REQUIRE_CLOCK);
}

void
gst_mc_source_finalize (GstMcSource * self)
{
  gst_mc_settings_clear (&self->settings);
  g_free (self->uri_problem);
  g_cond_clear (&self->collect_cond);
  g_mutex_clear (&self->collect_lock);
  gst_mc_poll_free (self->poll);
}
