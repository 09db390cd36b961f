/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A bounded queue whose items leave a fixed time after they came.
 */
#include "gstambidelay.h"

#include <gst/base/gstqueuearray.h>
#include <string.h>

#include "gstmcaddr.h"

/* What a packet costs besides its payload. */
#define OVERHEAD 512

/* By how much the stream's own time in the queue may exceed the delay.  More
 * than any jitter of a live stream, and less than the ten seconds for which
 * receivers keep digests. */
#define SLACK (2 * CORE_SECOND)

typedef struct
{
  GstMiniObject *object;
  core_time arrival;
  core_time due;
  GstClockTime stamp;
  guint packets;                /* 0: an event */
  gsize bytes;
} Item;

struct _GstAmbiDelay
{
  GMutex lock;                  /* all below; nothing is called with it held */
  GCond pushed;                 /* for the popping thread */
  GCond popped;                 /* for the pushing thread */
  GstQueueArray *items;
  core_time time;
  guint64 max_bytes;
  GstFlowReturn flow;
  gboolean flushing;
  gboolean waiting;             /* the pushing thread, for room */
  GstAmbiDelayStats stats;
};

GstAmbiDelay *
gst_ambi_delay_new (void)
{
  GstAmbiDelay *delay = g_new0 (GstAmbiDelay, 1);

  g_mutex_init (&delay->lock);
  g_cond_init (&delay->pushed);
  g_cond_init (&delay->popped);
  delay->items = gst_queue_array_new_for_struct (sizeof (Item), 64);
  delay->flushing = TRUE;
  return delay;
}

void
gst_ambi_delay_free (GstAmbiDelay * delay)
{
  gst_ambi_delay_clear (delay, NULL);
  gst_queue_array_free (delay->items);
  g_cond_clear (&delay->popped);
  g_cond_clear (&delay->pushed);
  g_mutex_clear (&delay->lock);
  g_free (delay);
}

void
gst_ambi_delay_start (GstAmbiDelay * delay, core_time time, guint64 max_bytes)
{
  gst_ambi_delay_clear (delay, NULL);
  g_mutex_lock (&delay->lock);
  memset (&delay->stats, 0, sizeof (delay->stats));
  delay->time = time;
  delay->max_bytes = max_bytes;
  g_mutex_unlock (&delay->lock);
}

void
gst_ambi_delay_set_time (GstAmbiDelay * delay, core_time time)
{
  g_mutex_lock (&delay->lock);
  delay->time = time;
  g_cond_signal (&delay->popped);
  g_mutex_unlock (&delay->lock);
}

/*
 * Going in
 */

static GstClockTime
stamp_of (const GstMiniObject * data)
{
  const GstBuffer *buffer;

  if (data->type == GST_TYPE_BUFFER_LIST)
    buffer = gst_buffer_list_get ((GstBufferList *) data, 0);
  else
    buffer = (const GstBuffer *) data;
  return GST_BUFFER_DTS_OR_PTS (buffer);
}

/* With the lock held. */
static const Item *
first_data (GstAmbiDelay * delay)
{
  guint n = gst_queue_array_get_length (delay->items);

  for (guint i = 0; i < n; i++) {
    const Item *item = gst_queue_array_peek_nth_struct (delay->items, i);

    if (item->packets > 0)
      return item;
  }
  return NULL;
}

/* With the lock held.  An empty queue has room for everything. */
static gboolean
is_full (GstAmbiDelay * delay, GstClockTime stamp)
{
  const Item *first = first_data (delay);

  if (first == NULL)
    return FALSE;
  if (delay->stats.bytes_held + delay->stats.packets_held * OVERHEAD >=
      delay->max_bytes)
    return TRUE;
  return GST_CLOCK_TIME_IS_VALID (stamp) &&
      GST_CLOCK_TIME_IS_VALID (first->stamp) && stamp > first->stamp &&
      stamp - first->stamp > delay->time + SLACK;
}

/* With the lock held. */
static GstFlowReturn
flow_of (const GstAmbiDelay * delay)
{
  return delay->flushing ? GST_FLOW_FLUSHING : delay->flow;
}

GstFlowReturn
gst_ambi_delay_wait (GstAmbiDelay * delay, const GstMiniObject * data)
{
  GstClockTime stamp = stamp_of (data);
  GstFlowReturn flow;

  g_mutex_lock (&delay->lock);
  if (is_full (delay, stamp) && flow_of (delay) == GST_FLOW_OK)
    delay->stats.times_full++;
  delay->waiting = TRUE;
  while (is_full (delay, stamp) && flow_of (delay) == GST_FLOW_OK)
    g_cond_wait (&delay->popped, &delay->lock);
  delay->waiting = FALSE;
  flow = flow_of (delay);
  g_mutex_unlock (&delay->lock);
  return flow;
}

static void
item_init (Item * item, GstMiniObject * object)
{
  memset (item, 0, sizeof (*item));
  item->object = object;
  item->stamp = GST_CLOCK_TIME_NONE;
  if (GST_IS_EVENT (object))
    return;
  item->stamp = stamp_of (object);
  if (GST_IS_BUFFER_LIST (object)) {
    item->packets = gst_buffer_list_length (GST_BUFFER_LIST (object));
    item->bytes = gst_buffer_list_calculate_size (GST_BUFFER_LIST (object));
  } else {
    item->packets = 1;
    item->bytes = gst_buffer_get_size (GST_BUFFER (object));
  }
}

GstFlowReturn
gst_ambi_delay_push (GstAmbiDelay * delay, GstMiniObject * object,
    core_time arrival)
{
  GstAmbiDelayStats *stats = &delay->stats;
  GstFlowReturn flow;
  Item item;

  item_init (&item, object);
  g_mutex_lock (&delay->lock);
  stats->packets_received += item.packets;
  stats->bytes_received += item.bytes;
  flow = flow_of (delay);
  if (flow == GST_FLOW_OK) {
    item.arrival = arrival;
    /* Nothing leaves before what came first; an event waits for that alone. */
    item.due = item.packets > 0 ? arrival + delay->time : 0;
    stats->packets_held += item.packets;
    stats->bytes_held += item.bytes;
    /* The popping thread waits for the first item alone; each signal is a call
     * of the system. */
    if (gst_queue_array_is_empty (delay->items))
      g_cond_signal (&delay->pushed);
    gst_queue_array_push_tail_struct (delay->items, &item);
  } else {
    stats->dropped_flushed += item.packets;
  }
  g_mutex_unlock (&delay->lock);
  if (flow != GST_FLOW_OK)
    gst_mini_object_unref (object);
  return flow;
}

void
gst_ambi_delay_drop (GstAmbiDelay * delay, GstAmbiDrop reason, gsize size)
{
  g_mutex_lock (&delay->lock);
  delay->stats.packets_received++;
  delay->stats.bytes_received += size;
  switch (reason) {
    case GST_AMBI_DROP_EMPTY:
      delay->stats.dropped_empty++;
      break;
    case GST_AMBI_DROP_TOO_BIG:
      delay->stats.dropped_too_big++;
      break;
    case GST_AMBI_DROP_UNREADABLE:
      delay->stats.dropped_unreadable++;
      break;
  }
  g_mutex_unlock (&delay->lock);
}

/*
 * Coming out
 */

/* Waits for something to push, or until the first item is due; with the lock
 * held. */
static void
wait_for_item (GstAmbiDelay * delay, const Item * first)
{
  if (first == NULL)
    g_cond_wait (&delay->pushed, &delay->lock);
  else
    g_cond_wait_until (&delay->pushed, &delay->lock,
        (gint64) ((first->due + 999) / 1000));
}

GstMiniObject *
gst_ambi_delay_pop (GstAmbiDelay * delay)
{
  GstMiniObject *object = NULL;
  const Item *first;

  g_mutex_lock (&delay->lock);
  while (!delay->flushing) {
    first = gst_queue_array_peek_head_struct (delay->items);
    if (first != NULL && first->due <= gst_mc_now ())
      break;
    wait_for_item (delay, first);
  }
  if (!delay->flushing) {
    first = gst_queue_array_pop_head_struct (delay->items);
    object = first->object;
    delay->stats.packets_held -= first->packets;
    delay->stats.bytes_held -= first->bytes;
    delay->stats.packets_pushed += first->packets;
    delay->stats.bytes_pushed += first->bytes;
    if (delay->waiting)
      g_cond_signal (&delay->popped);
  }
  g_mutex_unlock (&delay->lock);
  return object;
}

void
gst_ambi_delay_set_flow (GstAmbiDelay * delay, GstFlowReturn flow)
{
  g_mutex_lock (&delay->lock);
  delay->flow = flow;
  g_cond_signal (&delay->popped);
  g_mutex_unlock (&delay->lock);
}

/*
 * Interruptions
 */

void
gst_ambi_delay_set_flushing (GstAmbiDelay * delay, gboolean flushing)
{
  g_mutex_lock (&delay->lock);
  delay->flushing = flushing;
  if (!flushing)
    delay->flow = GST_FLOW_OK;
  g_cond_broadcast (&delay->pushed);
  g_cond_broadcast (&delay->popped);
  g_mutex_unlock (&delay->lock);
}

static void
discard (GstMiniObject * object, GstPad * pad)
{
  if (pad != NULL && GST_IS_EVENT (object)) {
    GstEvent *event = GST_EVENT (object);

    if (GST_EVENT_IS_STICKY (event) && GST_EVENT_TYPE (event) != GST_EVENT_EOS
        && GST_EVENT_TYPE (event) != GST_EVENT_SEGMENT)
      gst_pad_store_sticky_event (pad, event);
  }
  gst_mini_object_unref (object);
}

void
gst_ambi_delay_clear (GstAmbiDelay * delay, GstPad * pad)
{
  GstQueueArray *empty = gst_queue_array_new_for_struct (sizeof (Item), 64);
  GstQueueArray *items;
  Item *item;

  g_mutex_lock (&delay->lock);
  items = delay->items;
  delay->items = empty;
  delay->stats.dropped_flushed += delay->stats.packets_held;
  delay->stats.packets_held = 0;
  delay->stats.bytes_held = 0;
  g_mutex_unlock (&delay->lock);

  while ((item = gst_queue_array_pop_head_struct (items)) != NULL)
    discard (item->object, pad);
  gst_queue_array_free (items);
}

void
gst_ambi_delay_resume (GstAmbiDelay * delay, core_time paused, core_time now)
{
  guint n;

  g_mutex_lock (&delay->lock);
  n = gst_queue_array_get_length (delay->items);
  for (guint i = 0; i < n; i++) {
    Item *item = gst_queue_array_peek_nth_struct (delay->items, i);

    /* What came meanwhile missed only the rest of the pause. */
    if (item->packets > 0)
      item->due += now - MAX (item->arrival, paused);
  }
  g_mutex_unlock (&delay->lock);
}

void
gst_ambi_delay_get_stats (GstAmbiDelay * delay, GstAmbiDelayStats * stats)
{
  g_mutex_lock (&delay->lock);
  *stats = delay->stats;
  g_mutex_unlock (&delay->lock);
}
