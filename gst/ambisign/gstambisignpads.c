/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The pads of ambisign.
 */
#include "gstambisignpads.h"

#include "gstmcaddr.h"
#include "gstmclatency.h"

GST_DEBUG_CATEGORY_EXTERN (gst_ambi_sign_debug);
#define GST_CAT_DEFAULT gst_ambi_sign_debug

static GstAmbiSignPads *
pads_of (GstPad * pad)
{
  return gst_pad_get_element_private (pad);
}

/*
 * Going in
 */

static void
warn_size (GstAmbiSignPads * pads, gsize size)
{
  if (pads->warned_size)
    return;
  pads->warned_size = TRUE;
  GST_ELEMENT_WARNING (pads->element, STREAM, FORMAT,
      ("A buffer of %" G_GSIZE_FORMAT " bytes is no UDP datagram and is "
          "dropped; the largest has %" G_GSIZE_FORMAT " bytes.", size,
          pads->max_payload), (NULL));
}

static void
warn_overflow (GstAmbiSignPads * pads)
{
  if (pads->warned_overflow)
    return;
  pads->warned_overflow = TRUE;
  GST_ELEMENT_WARNING (pads->element, STREAM, FAILED,
      ("What is linked to the pad \"manifest\" does not take the manifests in "
          "time; the oldest are dropped, and receivers will not pass the "
          "packets they list."), (NULL));
}

static void
warn_old (GstAmbiSignPads * pads)
{
  GST_ELEMENT_WARNING (pads->element, RESOURCE, SETTINGS,
      ("Half of the numbers of this stream of manifests are used up. Replace "
          "it by one with another \"stream-id\" and end it with the property "
          "\"refresh-deadline\", before they begin anew."), (NULL));
}

/* Whether the datagram is passed on. */
static gboolean
list_payload (GstAmbiSignPads * pads, const GstMapInfo * map, core_time now,
    GstFlowReturn * flow)
{
  switch (gst_ambi_signer_add (pads->signer, map->data, map->size, now)) {
    case GST_AMBI_SIGNER_FAILED:
      GST_ELEMENT_ERROR (pads->element, LIBRARY, FAILED,
          ("A packet could not be hashed."), (NULL));
      *flow = GST_FLOW_ERROR;
      return FALSE;
    case GST_AMBI_SIGNER_OVERFLOW:
      warn_overflow (pads);
      return TRUE;
    case GST_AMBI_SIGNER_OLD:
      warn_old (pads);
      return TRUE;
    default:
      return TRUE;
  }
}

static gboolean
sign_buffer (GstAmbiSignPads * pads, GstBuffer * buffer, core_time now,
    GstFlowReturn * flow)
{
  gsize size = gst_buffer_get_size (buffer);
  GstMapInfo map;
  gboolean pass;

  if (size == 0) {
    gst_ambi_delay_drop (pads->delay, GST_AMBI_DROP_EMPTY, size);
    return FALSE;
  }
  if (size > pads->max_payload) {
    gst_ambi_delay_drop (pads->delay, GST_AMBI_DROP_TOO_BIG, size);
    warn_size (pads, size);
    return FALSE;
  }
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_ambi_delay_drop (pads->delay, GST_AMBI_DROP_UNREADABLE, size);
    return FALSE;
  }
  pass = list_payload (pads, &map, now, flow);
  gst_buffer_unmap (buffer, &map);
  return pass;
}

/* Waits until there is room for the data.  Only then they are listed: digests
 * must not be older than receivers keep them when the packets leave. */
static GstFlowReturn
wait_for_room (GstAmbiSignPads * pads, gpointer data)
{
  GstFlowReturn flow = g_atomic_int_get (&pads->manifest_flow);

  if (flow != GST_FLOW_OK)
    return flow;
  return gst_ambi_delay_wait (pads->delay, data);
}

static GstFlowReturn
sink_chain (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  GstAmbiSignPads *pads = pads_of (pad);
  GstFlowReturn flow = wait_for_room (pads, buffer);
  core_time now = gst_mc_now ();

  if (flow != GST_FLOW_OK || !sign_buffer (pads, buffer, now, &flow)) {
    gst_buffer_unref (buffer);
    return flow;
  }
  return gst_ambi_delay_push (pads->delay, GST_MINI_OBJECT (buffer), now);
}

typedef struct
{
  GstAmbiSignPads *pads;
  core_time now;
  GstFlowReturn flow;
} ListSign;

static gboolean
sign_each (GstBuffer ** buffer, guint i, gpointer data)
{
  ListSign *sign = data;

  if (!sign_buffer (sign->pads, *buffer, sign->now, &sign->flow))
    gst_clear_buffer (buffer);
  return sign->flow == GST_FLOW_OK;
}

static GstFlowReturn
sink_chain_list (GstPad * pad, GstObject * parent, GstBufferList * list)
{
  ListSign sign = { pads_of (pad), 0, GST_FLOW_OK };

  if (gst_buffer_list_length (list) > 0)
    sign.flow = wait_for_room (sign.pads, list);
  if (sign.flow == GST_FLOW_OK) {
    sign.now = gst_mc_now ();
    list = gst_buffer_list_make_writable (list);
    gst_buffer_list_foreach (list, sign_each, &sign);
  }
  if (sign.flow != GST_FLOW_OK || gst_buffer_list_length (list) == 0) {
    gst_buffer_list_unref (list);
    return sign.flow;
  }
  return gst_ambi_delay_push (sign.pads->delay, GST_MINI_OBJECT (list),
      sign.now);
}

/*
 * Tasks
 */

static void
src_task (gpointer data)
{
  GstPad *pad = data;
  GstAmbiSignPads *pads = pads_of (pad);
  GstMiniObject *object = gst_ambi_delay_pop (pads->delay);
  GstFlowReturn flow = GST_FLOW_OK;

  if (object == NULL) {
    flow = GST_FLOW_FLUSHING;
  } else if (GST_IS_BUFFER (object)) {
    flow = gst_pad_push (pad, GST_BUFFER (object));
  } else if (GST_IS_BUFFER_LIST (object)) {
    flow = gst_pad_push_list (pad, GST_BUFFER_LIST (object));
  } else {
    if (GST_EVENT_TYPE (object) == GST_EVENT_EOS)
      flow = GST_FLOW_EOS;
    gst_pad_push_event (pad, GST_EVENT (object));
  }
  if (flow == GST_FLOW_OK)
    return;

  GST_DEBUG_OBJECT (pad, "pausing: %s", gst_flow_get_name (flow));
  gst_ambi_delay_set_flow (pads->delay, flow);
  gst_pad_pause_task (pad);
  if (flow == GST_FLOW_FLUSHING || !g_atomic_int_get (&pads->eos))
    return;
  /* Upstream has ended and does not hear of it any more. */
  if (flow != GST_FLOW_EOS) {
    GST_ELEMENT_FLOW_ERROR (pads->element, flow);
    gst_pad_push_event (pad, gst_event_new_eos ());
  }
  gst_ambi_signer_finish (pads->signer);
}

static void
push_start_events (GstAmbiSignPads * pads)
{
  GstEvent *event;
  GstSegment segment;
  gchar *id;

  if (pads->manifest_started)
    return;
  pads->manifest_started = TRUE;
  id = gst_pad_create_stream_id (pads->manifest, pads->element, "manifest");
  event = gst_event_new_stream_start (id);
  g_free (id);
  if (pads->have_group_id)
    gst_event_set_group_id (event, pads->group_id);
  gst_pad_push_event (pads->manifest, event);
  gst_pad_push_event (pads->manifest, gst_event_new_caps (pads->caps));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pads->manifest, gst_event_new_segment (&segment));
}

/* Nobody linked is no reason to stop, nor is a branch that is being shut down:
 * another one may come. */
static gboolean
goes_on (GstPad * pad, GstFlowReturn flow)
{
  return flow == GST_FLOW_OK || flow == GST_FLOW_NOT_LINKED ||
      (flow == GST_FLOW_FLUSHING && !GST_PAD_IS_FLUSHING (pad));
}

/* What is linked takes no more.  Upstream hears of it with its next packet,
 * which need not come. */
static void
manifest_refused (GstAmbiSignPads * pads, GstFlowReturn flow)
{
  GST_DEBUG_OBJECT (pads->manifest, "pausing: %s", gst_flow_get_name (flow));
  gst_pad_pause_task (pads->manifest);
  if (flow == GST_FLOW_EOS) {
    gst_ambi_signer_finish (pads->signer);
  } else if (flow != GST_FLOW_FLUSHING) {
    g_atomic_int_set (&pads->manifest_flow, flow);
    GST_ELEMENT_FLOW_ERROR (pads->element, flow);
    gst_pad_push_event (pads->manifest, gst_event_new_eos ());
  }
}

static void
manifest_task (gpointer data)
{
  GstPad *pad = data;
  GstAmbiSignPads *pads = pads_of (pad);
  GstBuffer *manifest;
  GstFlowReturn flow = gst_ambi_signer_pop (pads->signer, &manifest);

  if (flow != GST_FLOW_FLUSHING)
    push_start_events (pads);
  if (flow == GST_FLOW_OK) {
    flow = gst_pad_push (pad, manifest);
    if (!goes_on (pad, flow))
      manifest_refused (pads, flow);
    return;
  }
  if (flow == GST_FLOW_EOS)
    gst_pad_push_event (pad, gst_event_new_eos ());
  gst_pad_pause_task (pad);
}

static gboolean
src_activate_mode (GstPad * pad, GstObject * parent, GstPadMode mode,
    gboolean active)
{
  GstAmbiSignPads *pads = pads_of (pad);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  g_mutex_lock (&pads->task_lock);
  pads->src_active = active;
  gst_ambi_delay_set_flushing (pads->delay, !active);
  if (active)
    gst_pad_start_task (pad, src_task, pad, NULL);
  g_mutex_unlock (&pads->task_lock);
  return active || gst_pad_stop_task (pad);
}

static gboolean
manifest_activate_mode (GstPad * pad, GstObject * parent, GstPadMode mode,
    gboolean active)
{
  GstAmbiSignPads *pads = pads_of (pad);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  g_mutex_lock (&pads->task_lock);
  pads->manifest_active = active;
  gst_ambi_signer_set_flushing (pads->signer, !active);
  if (active)
    gst_pad_start_task (pad, manifest_task, pad, NULL);
  g_mutex_unlock (&pads->task_lock);
  return active || gst_pad_stop_task (pad);
}

/*
 * Events
 */

static gboolean
flush_start (GstAmbiSignPads * pads, GstEvent * event)
{
  gboolean ret = gst_pad_push_event (pads->src, event);

  gst_ambi_delay_set_flushing (pads->delay, TRUE);
  gst_pad_pause_task (pads->src);
  return ret;
}

/* The manifests are not flushed, because they list packets that have left; but
 * only a flush takes an EOS back. */
static void
restart_manifests (GstAmbiSignPads * pads)
{
  if (!gst_ambi_signer_is_finished (pads->signer))
    return;
  gst_pad_push_event (pads->manifest, gst_event_new_flush_start ());
  gst_pad_pause_task (pads->manifest);
  gst_ambi_signer_resume (pads->signer);
  gst_pad_push_event (pads->manifest, gst_event_new_flush_stop (TRUE));
  pads->manifest_started = FALSE;
  g_mutex_lock (&pads->task_lock);
  if (pads->manifest_active)
    gst_pad_start_task (pads->manifest, manifest_task, pads->manifest, NULL);
  g_mutex_unlock (&pads->task_lock);
}

static gboolean
flush_stop (GstAmbiSignPads * pads, GstEvent * event)
{
  gboolean ret;

  gst_ambi_delay_clear (pads->delay, pads->src);
  ret = gst_pad_push_event (pads->src, event);
  g_atomic_int_set (&pads->eos, FALSE);
  restart_manifests (pads);
  g_mutex_lock (&pads->task_lock);
  if (pads->src_active) {
    gst_ambi_delay_set_flushing (pads->delay, FALSE);
    gst_pad_start_task (pads->src, src_task, pads->src, NULL);
  }
  g_mutex_unlock (&pads->task_lock);
  return ret;
}

/* Events in the stream leave between the data they stand between. */
static gboolean
serialized_event (GstAmbiSignPads * pads, GstEvent * event)
{
  gboolean eos = GST_EVENT_TYPE (event) == GST_EVENT_EOS;

  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START)
    pads->have_group_id = gst_event_parse_group_id (event, &pads->group_id);
  if (eos || GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START)
    gst_ambi_signer_begin (pads->signer);
  if (eos) {
    gst_ambi_signer_flush (pads->signer);
    g_atomic_int_set (&pads->eos, TRUE);
  }
  if (gst_ambi_delay_push (pads->delay, GST_MINI_OBJECT (event),
          gst_mc_now ()) == GST_FLOW_OK)
    return TRUE;
  if (eos)
    gst_ambi_signer_finish (pads->signer);
  return FALSE;
}

static gboolean
sink_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstAmbiSignPads *pads = pads_of (pad);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      return flush_start (pads, event);
    case GST_EVENT_FLUSH_STOP:
      return flush_stop (pads, event);
    default:
      if (GST_EVENT_IS_SERIALIZED (event))
        return serialized_event (pads, event);
      return gst_pad_push_event (pads->src, event);
  }
}

/* What a branch of manifests wants must not move the data. */
static gboolean
manifest_event (GstPad * pad, GstObject * parent, GstEvent * event)
{
  GstEventType type = GST_EVENT_TYPE (event);

  gst_event_unref (event);
  return type == GST_EVENT_LATENCY || type == GST_EVENT_QOS ||
      type == GST_EVENT_RECONFIGURE;
}

/*
 * Queries
 */

static gboolean
src_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstAmbiSignPads *pads = pads_of (pad);
  GstClockTime delay;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  GST_OBJECT_LOCK (pads->element);
  delay = pads->latency;
  GST_OBJECT_UNLOCK (pads->element);
  return gst_mc_latency_query (pads->sink, query, delay);
}

static gboolean
manifest_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    return gst_pad_peer_query (pads_of (pad)->sink, query);
  return gst_pad_query_default (pad, parent, query);
}

/* A query in the stream would have to wait for the delay; and upstream must not
 * be told of downstream's pool, of which we would hold all buffers. */
static gboolean
sink_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  if (GST_QUERY_IS_SERIALIZED (query))
    return FALSE;
  return gst_pad_query_default (pad, parent, query);
}

static GstIterator *
iterate_links (GstPad * pad, GstObject * parent)
{
  GstAmbiSignPads *pads = pads_of (pad);
  GValue value = G_VALUE_INIT;
  GstIterator *it;

  if (pad == pads->manifest)
    return NULL;
  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, pad == pads->sink ? pads->src : pads->sink);
  it = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return it;
}

/*
 * Life
 */

static GstPad *
add_pad (GstAmbiSignPads * pads, const gchar * name)
{
  GstElementClass *klass = GST_ELEMENT_GET_CLASS (pads->element);
  GstPadTemplate *template = gst_element_class_get_pad_template (klass, name);
  GstPad *pad = gst_pad_new_from_template (template, name);

  gst_pad_set_element_private (pad, pads);
  gst_pad_set_iterate_internal_links_function (pad, iterate_links);
  return pad;
}

void
gst_ambi_sign_pads_init (GstAmbiSignPads * pads, GstElement * element)
{
  pads->element = element;
  g_mutex_init (&pads->task_lock);
  pads->delay = gst_ambi_delay_new ();
  pads->signer = gst_ambi_signer_new ();

  pads->sink = add_pad (pads, "sink");
  gst_pad_set_chain_function (pads->sink, sink_chain);
  gst_pad_set_chain_list_function (pads->sink, sink_chain_list);
  gst_pad_set_event_function (pads->sink, sink_event);
  gst_pad_set_query_function (pads->sink, sink_query);
  GST_PAD_SET_PROXY_CAPS (pads->sink);

  pads->src = add_pad (pads, "src");
  gst_pad_set_activatemode_function (pads->src, src_activate_mode);
  gst_pad_set_query_function (pads->src, src_query);
  GST_PAD_SET_PROXY_CAPS (pads->src);

  pads->manifest = add_pad (pads, "manifest");
  gst_pad_set_activatemode_function (pads->manifest, manifest_activate_mode);
  gst_pad_set_event_function (pads->manifest, manifest_event);
  gst_pad_set_query_function (pads->manifest, manifest_query);
  gst_pad_use_fixed_caps (pads->manifest);

  gst_element_add_pad (element, pads->sink);
  gst_element_add_pad (element, pads->src);
  gst_element_add_pad (element, pads->manifest);
}

void
gst_ambi_sign_pads_clear (GstAmbiSignPads * pads)
{
  gst_clear_caps (&pads->caps);
  gst_ambi_signer_free (pads->signer);
  gst_ambi_delay_free (pads->delay);
  g_mutex_clear (&pads->task_lock);
}

void
gst_ambi_sign_pads_start (GstAmbiSignPads * pads, GstCaps * caps,
    gsize max_payload)
{
  gst_clear_caps (&pads->caps);
  pads->caps = caps;
  pads->max_payload = max_payload;
  pads->have_group_id = FALSE;
  pads->manifest_started = FALSE;
  pads->warned_size = FALSE;
  pads->warned_overflow = FALSE;
  g_atomic_int_set (&pads->eos, FALSE);
  g_atomic_int_set (&pads->manifest_flow, GST_FLOW_OK);
}

void
gst_ambi_sign_pads_stop (GstAmbiSignPads * pads)
{
  gst_ambi_delay_clear (pads->delay, NULL);
  gst_ambi_signer_stop (pads->signer);
}
