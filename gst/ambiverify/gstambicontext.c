/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a packet was received under.
 */
#include "gstambicontext.h"

GstAmbiContext *
gst_ambi_context_new (void)
{
  return g_atomic_rc_box_new0 (GstAmbiContext);
}

GstAmbiContext *
gst_ambi_context_with (const GstAmbiContext * context, GstEvent * event)
{
  GstAmbiContext *changed = gst_ambi_context_new ();

  gst_event_replace (&changed->caps, context->caps);
  gst_event_replace (&changed->segment, context->segment);
  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS)
    gst_event_replace (&changed->caps, event);
  else if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT)
    gst_event_replace (&changed->segment, event);
  return changed;
}

GstAmbiContext *
gst_ambi_context_ref (GstAmbiContext * context)
{
  return g_atomic_rc_box_acquire (context);
}

static void
clear (gpointer data)
{
  GstAmbiContext *context = data;

  gst_event_replace (&context->caps, NULL);
  gst_event_replace (&context->segment, NULL);
}

void
gst_ambi_context_unref (GstAmbiContext * context)
{
  if (context != NULL)
    g_atomic_rc_box_release_full (context, clear);
}
