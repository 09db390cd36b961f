/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The manifest_%u pads of ambiverify: a stream of manifests, cut anyhow, from
 * any element that brings octets.
 */
#include "gstambimanifestpad.h"

#include "gstambiverifysettings.h"
#include "gstmcchannel.h"

GST_DEBUG_CATEGORY_EXTERN (gst_ambi_verify_debug);
#define GST_CAT_DEFAULT gst_ambi_verify_debug

#define DEFAULT_STREAM_ID -1
#define DEFAULT_HASH_ALGORITHM NULL

enum
{
  PROP_0,
  PROP_STREAM_ID,
  PROP_HASH_ALGORITHM,
  N_PROPERTIES
};

struct _GstAmbiManifestPad
{
  GstPad parent;

  GstAmbiGate *gate;

  /* under the object lock */
  gint64 stream_id;
  gchar *hash_algorithm;

  GstAmbiFeed *feed;            /* under the stream lock; NULL until octets come */
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_TYPE (GstAmbiManifestPad, gst_ambi_manifest_pad, GST_TYPE_PAD);

static void
gst_ambi_manifest_pad_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAmbiManifestPad *self = GST_AMBI_MANIFEST_PAD (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_STREAM_ID:
      self->stream_id = g_value_get_int64 (value);
      break;
    case PROP_HASH_ALGORITHM:
      g_free (self->hash_algorithm);
      self->hash_algorithm = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ambi_manifest_pad_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstAmbiManifestPad *self = GST_AMBI_MANIFEST_PAD (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_STREAM_ID:
      g_value_set_int64 (value, self->stream_id);
      break;
    case PROP_HASH_ALGORITHM:
      g_value_set_string (value, self->hash_algorithm);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ambi_manifest_pad_finalize (GObject * object)
{
  g_free (GST_AMBI_MANIFEST_PAD (object)->hash_algorithm);
  G_OBJECT_CLASS (gst_ambi_manifest_pad_parent_class)->finalize (object);
}

static void
gst_ambi_manifest_pad_class_init (GstAmbiManifestPadClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_PLAYING;

  object_class->set_property = gst_ambi_manifest_pad_set_property;
  object_class->get_property = gst_ambi_manifest_pad_get_property;
  object_class->finalize = gst_ambi_manifest_pad_finalize;

  /**
   * GstAmbiManifestPad:stream-id:
   *
   * The id of the manifest stream on this pad. -1: that of the element's
   * property of the same name, and if that is -1, too, the first one that comes.
   * Counts from the next stream of octets on the pad.
   *
   * Since: 0.1
   */
  properties[PROP_STREAM_ID] = g_param_spec_int64 ("stream-id", "Stream id",
      "Id of the manifest stream on this pad (-1 = the element's)", -1,
      G_MAXUINT32, DEFAULT_STREAM_ID, flags);

  /**
   * GstAmbiManifestPad:hash-algorithm:
   *
   * The hash of the packet digests on this pad. Unset: that of the element's
   * property of the same name. Counts from the next stream of octets on the
   * pad.
   *
   * Since: 0.1
   */
  properties[PROP_HASH_ALGORITHM] = g_param_spec_string ("hash-algorithm",
      "Hash algorithm", "Hash of the packet digests on this pad (NULL = the "
      "element's)", DEFAULT_HASH_ALGORITHM, flags);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
gst_ambi_manifest_pad_init (GstAmbiManifestPad * self)
{
  self->stream_id = DEFAULT_STREAM_ID;
  self->hash_algorithm = g_strdup (DEFAULT_HASH_ALGORITHM);
}

static gboolean
parse_hash (GstAmbiManifestPad * self, core_hash_algorithm * algorithm,
    GError ** error)
{
  g_autofree gchar *name = NULL;

  *algorithm = CORE_HASH_NONE;
  GST_OBJECT_LOCK (self);
  name = g_strdup (self->hash_algorithm);
  GST_OBJECT_UNLOCK (self);
  if (name == NULL)
    return TRUE;
  *algorithm = gst_ambi_verify_parse_hash (name, GST_OBJECT_NAME (self), error);
  return *algorithm != CORE_HASH_NONE;
}

gboolean
gst_ambi_manifest_pad_check (GstAmbiManifestPad * self, GError ** error)
{
  core_hash_algorithm algorithm;

  return parse_hash (self, &algorithm, error);
}

/*
 * Data
 */

/* Stream lock held. */
static void
drop_feed (GstAmbiManifestPad * self)
{
  g_clear_pointer (&self->feed, gst_ambi_feed_free);
}

/* Stream lock held.  A pad that was requested while running has not been
 * checked before. */
static GstFlowReturn
open_feed (GstAmbiManifestPad * self)
{
  g_autoptr (GError) error = NULL;
  core_hash_algorithm algorithm;
  gint64 stream_id;

  if (self->feed != NULL)
    return GST_FLOW_OK;
  if (!parse_hash (self, &algorithm, &error)) {
    gst_mc_post_error (self->gate->element, error);
    return GST_FLOW_ERROR;
  }
  GST_OBJECT_LOCK (self);
  stream_id = self->stream_id;
  GST_OBJECT_UNLOCK (self);
  self->feed = gst_ambi_feed_new (self->gate, GST_OBJECT_NAME (self),
      stream_id, algorithm);
  return self->feed ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

static GstFlowReturn
gst_ambi_manifest_pad_chain (GstPad * pad, GstObject * parent,
    GstBuffer * buffer)
{
  GstAmbiManifestPad *self = GST_AMBI_MANIFEST_PAD (pad);
  GstFlowReturn ret = open_feed (self);
  GstMapInfo map;

  if (ret == GST_FLOW_OK) {
    ret = GST_FLOW_EOS;
    if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
      GST_WARNING_OBJECT (pad, "cannot map %" GST_PTR_FORMAT, buffer);
    } else {
      if (gst_ambi_feed_bytes (self->feed, map.data, map.size) ==
          GST_AMBI_FEED_OPEN)
        ret = GST_FLOW_OK;
      gst_buffer_unmap (buffer, &map);
    }
  }
  gst_buffer_unref (buffer);
  return ret;
}

static gboolean
gst_ambi_manifest_pad_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstAmbiManifestPad *self = GST_AMBI_MANIFEST_PAD (pad);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_EOS:
      if (self->feed != NULL)
        gst_ambi_feed_end (self->feed);
      break;
    case GST_EVENT_STREAM_START:
    case GST_EVENT_FLUSH_STOP:
      drop_feed (self);         /* another one begins */
      break;
    default:
      break;
  }
  /* Nothing of the manifests' stream is of interest downstream. */
  gst_event_unref (event);
  return TRUE;
}

static gboolean
gst_ambi_manifest_pad_activate_mode (GstPad * pad, GstObject * parent,
    GstPadMode mode, gboolean active)
{
  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  if (!active) {
    /* The pad is flushing: whoever is in chain comes out. */
    GST_PAD_STREAM_LOCK (pad);
    drop_feed (GST_AMBI_MANIFEST_PAD (pad));
    GST_PAD_STREAM_UNLOCK (pad);
  }
  return TRUE;
}

/* Manifests go no further: nothing downstream is linked to them. */
static GstIterator *
gst_ambi_manifest_pad_internal_links (GstPad * pad, GstObject * parent)
{
  return NULL;
}

GstPad *
gst_ambi_manifest_pad_new (GstPadTemplate * template, const gchar * name,
    GstAmbiGate * gate)
{
  GstPad *pad = g_object_new (GST_TYPE_AMBI_MANIFEST_PAD, "name", name,
      "direction", GST_PAD_SINK, "template", template, NULL);

  GST_AMBI_MANIFEST_PAD (pad)->gate = gate;
  gst_pad_set_chain_function (pad, gst_ambi_manifest_pad_chain);
  gst_pad_set_event_function (pad, gst_ambi_manifest_pad_event);
  gst_pad_set_activatemode_function (pad, gst_ambi_manifest_pad_activate_mode);
  gst_pad_set_iterate_internal_links_function (pad,
      gst_ambi_manifest_pad_internal_links);
  return pad;
}
