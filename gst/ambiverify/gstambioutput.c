/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The src pad of ambiverify.
 */
#include "gstambioutput.h"

#include "gstmcaddr.h"

GST_DEBUG_CATEGORY_EXTERN (gst_ambi_verify_debug);
#define GST_CAT_DEFAULT gst_ambi_verify_debug

void
gst_ambi_output_init (GstAmbiOutput * output, GstAmbiGate * gate, GstPad * pad)
{
  output->gate = gate;
  output->pad = pad;
  output->context = NULL;
  output->pushing = g_array_new (FALSE, FALSE, sizeof (GstAmbiItem));
  g_mutex_init (&output->push_lock);
}

void
gst_ambi_output_clear (GstAmbiOutput * output)
{
  gst_ambi_output_reset (output);
  g_array_unref (output->pushing);
  g_mutex_clear (&output->push_lock);
}

void
gst_ambi_output_reset (GstAmbiOutput * output)
{
  g_clear_pointer (&output->context, gst_ambi_context_unref);
}

/*
 * Pushing: push lock held, gate's lock not held
 */

/* Tells downstream what was in force when a packet came, where that is not
 * what it knows. */
static gboolean
push_context (GstAmbiOutput * output, GstAmbiContext * context)
{
  GstAmbiContext *old = output->context;
  gboolean ret = TRUE;

  if (context == old)
    return TRUE;
  if (context->caps != NULL && (old == NULL || context->caps != old->caps))
    ret = gst_pad_push_event (output->pad, gst_event_ref (context->caps));
  if (context->segment != NULL && (old == NULL ||
          context->segment != old->segment))
    ret &= gst_pad_push_event (output->pad, gst_event_ref (context->segment));
  output->context = gst_ambi_context_ref (context);
  gst_ambi_context_unref (old);
  return ret;
}

/* Takes the buffer out of the item. */
static GstBuffer *
take_buffer (GstAmbiItem * item)
{
  GstBuffer *buffer = g_steal_pointer (&item->buffer);

  if (item->discont && !GST_BUFFER_IS_DISCONT (buffer)) {
    buffer = gst_buffer_make_writable (buffer);
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  }
  return buffer;
}

/* Pushes n items of one context: one buffer, or a list. */
static GstFlowReturn
push_run (GstAmbiOutput * output, GstAmbiItem * items, gsize n)
{
  GstBufferList *list;

  push_context (output, items->context);
  if (n == 1)
    return gst_pad_push (output->pad, take_buffer (items));
  list = gst_buffer_list_new_sized ((guint) n);
  for (gsize i = 0; i < n; i++)
    gst_buffer_list_add (list, take_buffer (&items[i]));
  return gst_pad_push_list (output->pad, list);
}

/* Pushes what was taken from the gate as long as the flow is OK, and notes what
 * became of it. */
static GstFlowReturn
push_taken (GstAmbiOutput * output, GstFlowReturn ret)
{
  GstAmbiGate *gate = output->gate;
  GstAmbiItem *items = (GstAmbiItem *) output->pushing->data;
  gsize n = output->pushing->len;
  gsize first = 0, pushed = 0;

  if (n == 0)
    return ret;
  while (first < n && ret == GST_FLOW_OK) {
    gsize end = first + 1;

    while (end < n && items[end].context == items[first].context)
      end++;
    ret = push_run (output, &items[first], end - first);
    if (ret == GST_FLOW_OK)
      pushed += end - first;
    first = end;
  }
  for (gsize i = 0; i < n; i++) {
    gst_clear_buffer (&items[i].buffer);
    g_clear_pointer (&items[i].context, gst_ambi_context_unref);
  }
  g_array_set_size (output->pushing, 0);

  g_mutex_lock (&gate->lock);
  gate->counters.pushed += pushed;
  gate->counters.discarded += n - pushed;
  if (gate->flow == GST_FLOW_OK)
    gate->flow = ret;
  g_mutex_unlock (&gate->lock);
  return ret;
}

/* Gate's lock held: takes what is ready. */
static void
take_ready (GstAmbiOutput * output)
{
  GArray *empty = output->pushing;

  output->pushing = output->gate->ready;
  output->gate->ready = empty;
}

static GstFlowReturn
push_ready (GstAmbiOutput * output)
{
  GstAmbiGate *gate = output->gate;
  GstFlowReturn ret;

  g_mutex_lock (&gate->lock);
  take_ready (output);
  ret = gate->flow;
  g_mutex_unlock (&gate->lock);
  return push_taken (output, ret);
}

/*
 * The data thread
 */

GstFlowReturn
gst_ambi_output_packets (GstAmbiOutput * output, GstAmbiPacket * packets,
    gsize n, GstAmbiContext * context, GstAmbiRehash rehash, gpointer user)
{
  GstAmbiGate *gate = output->gate;
  GPtrArray *trash;
  GstFlowReturn ret;
  gsize taken = 0;

  g_mutex_lock (&output->push_lock);
  g_mutex_lock (&gate->lock);
  while (gate->verify != NULL && gate->flow == GST_FLOW_OK && taken < n) {
    taken = gst_ambi_gate_take_packets (gate, packets, taken, n, context);
    if (taken == n)
      break;
    g_mutex_unlock (&gate->lock);
    rehash (&packets[taken], n - taken, user);
    g_mutex_lock (&gate->lock);
  }
  take_ready (output);
  trash = gst_ambi_gate_steal_trash (gate);
  ret = gate->verify != NULL ? gate->flow : GST_FLOW_FLUSHING;
  g_mutex_unlock (&gate->lock);

  ret = push_taken (output, ret);
  g_mutex_unlock (&output->push_lock);
  if (trash != NULL)
    g_ptr_array_unref (trash);
  gst_ambi_tell_post (&gate->tell, &gate->lock);
  return ret;
}

/* Push lock held.  Whether EOS has to wait for what is held; takes it then. */
static gboolean
postpone_eos (GstAmbiOutput * output, GstEvent * event)
{
  GstAmbiGate *gate = output->gate;
  gboolean wait;

  g_mutex_lock (&gate->lock);
  wait = gate->verify != NULL && gate->mode == AMBI_MODE_ENFORCE &&
      gate->flow == GST_FLOW_OK &&
      ambi_verify_get_stats (gate->verify)->packets_held > 0;
  if (wait) {
    gst_event_replace (&gate->eos, event);
    gate->eos_at = gst_mc_now () + gate->latency;
    g_cond_signal (&gate->wake);
  }
  g_mutex_unlock (&gate->lock);
  if (wait)
    gst_event_unref (event);
  return wait;
}

gboolean
gst_ambi_output_event (GstAmbiOutput * output, GstEvent * event,
    GstAmbiContext * context)
{
  GstAmbiGate *gate = output->gate;
  gboolean ret = TRUE;

  g_mutex_lock (&output->push_lock);
  push_ready (output);
  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START) {
    /* The stream goes on after all. */
    g_mutex_lock (&gate->lock);
    gst_event_replace (&gate->eos, NULL);
    g_mutex_unlock (&gate->lock);
  }
  if (GST_EVENT_TYPE (event) != GST_EVENT_EOS || !postpone_eos (output, event)) {
    ret = push_context (output, context);
    if (event == context->caps || event == context->segment)
      gst_event_unref (event);  /* it was part of that */
    else
      ret = gst_pad_push_event (output->pad, event);
  }
  g_mutex_unlock (&output->push_lock);
  return ret;
}

/*
 * The task
 */

/* Gate's lock held: waits until there is something to do.  FALSE: flushing. */
static gboolean
wait_for_work (GstAmbiGate * gate)
{
  while (!gate->flushing) {
    core_time now = gst_mc_now ();
    core_time at = gate->verify ? MIN (gst_ambi_gate_deadline (gate),
        gate->published_at) : CORE_TIME_NEVER;

    if (gate->ready->len > 0 || gate->news || at <= now || (gate->eos != NULL &&
            ambi_verify_get_stats (gate->verify)->packets_held == 0))
      return TRUE;
    gate->awake_at = at;
    if (at == CORE_TIME_NEVER)
      g_cond_wait (&gate->wake, &gate->lock);
    else
      g_cond_wait_until (&gate->wake, &gate->lock,
          (gint64) (at / 1000 + (at % 1000 != 0)));
    /* Nobody need wake it while it is awake. */
    gate->awake_at = 0;
  }
  return FALSE;
}

/* Push lock held: EOS, when everything before it is gone.  Returns what upstream,
 * which has ended, will not learn any more. */
static GstFlowReturn
push_eos (GstAmbiOutput * output)
{
  GstAmbiGate *gate = output->gate;
  core_time now = gst_mc_now ();
  GstFlowReturn flow;
  GstEvent *eos = NULL;

  g_mutex_lock (&gate->lock);
  if (gate->eos != NULL && gate->eos_at <= now) {
    ambi_verify_reset (gate->verify, now);
    gst_ambi_gate_settle (gate, now);
  }
  if (gate->eos != NULL && gate->ready->len == 0 &&
      ambi_verify_get_stats (gate->verify)->packets_held == 0)
    eos = g_steal_pointer (&gate->eos);
  flow = gate->flow;
  g_mutex_unlock (&gate->lock);

  if (eos == NULL)
    return GST_FLOW_OK;
  gst_pad_push_event (output->pad, eos);
  return flow;
}

void
gst_ambi_output_loop (gpointer data)
{
  GstAmbiOutput *output = data;
  GstAmbiGate *gate = output->gate;
  GstFlowReturn flow;
  core_time now;

  g_mutex_lock (&gate->lock);
  if (!wait_for_work (gate)) {
    g_mutex_unlock (&gate->lock);
    gst_pad_pause_task (output->pad);
    return;
  }
  now = gst_mc_now ();
  if (gate->verify != NULL && gst_ambi_gate_deadline (gate) <= now)
    gst_ambi_gate_settle (gate, now);
  gst_ambi_gate_unlock (gate);
  gst_ambi_gate_follow_news (gate);

  g_mutex_lock (&output->push_lock);
  push_ready (output);
  flow = push_eos (output);
  g_mutex_unlock (&output->push_lock);

  if (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS)
    GST_ELEMENT_FLOW_ERROR (gate->element, flow);
  g_mutex_lock (&gate->lock);
  gst_ambi_gate_unlock (gate);
}

void
gst_ambi_output_linked (GstAmbiOutput * output)
{
  GstAmbiGate *gate = output->gate;

  g_mutex_lock (&gate->lock);
  if (gate->flow == GST_FLOW_NOT_LINKED)
    gate->flow = GST_FLOW_OK;
  g_mutex_unlock (&gate->lock);
}

void
gst_ambi_output_set_flushing (GstAmbiOutput * output, gboolean flushing)
{
  GstAmbiGate *gate = output->gate;

  g_mutex_lock (&gate->lock);
  gate->flushing = flushing;
  if (!flushing)
    gate->flow = GST_FLOW_OK;
  g_cond_signal (&gate->wake);
  g_mutex_unlock (&gate->lock);
}
