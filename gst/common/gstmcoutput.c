/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * From received payloads to what a source pushes.
 */
#include "gstmcoutput.h"

#include <gst/net/gstnetaddressmeta.h>

void
gst_mc_output_init (GstMcOutput * output, const GstMcSettings * settings)
{
  memset (output, 0, sizeof (*output));
  output->retrieve_sender_address = settings->retrieve_sender_address;
  if (settings->add_reference_timestamp_meta)
    output->reference_caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  gst_mc_arrival_reset (&output->arrival);
  output->last_realtime = GST_CLOCK_TIME_NONE;
  output->discont = TRUE;
}

void
gst_mc_output_clear (GstMcOutput * output)
{
  gst_mc_output_flush (output);
  gst_clear_caps (&output->reference_caps);
  g_clear_object (&output->sender_address);
}

void
gst_mc_output_begin (GstMcOutput * output, GstElement * element, guint n)
{
  output->expected = n;
  gst_mc_arrival_begin (&output->arrival, element);
}

/* What somebody downstream added in the buffer's last life. */
static void
remove_sender (GstBuffer * buffer)
{
  GstNetAddressMeta *meta = gst_buffer_get_net_address_meta (buffer);

  if (meta)
    gst_buffer_remove_meta (buffer, (GstMeta *) meta);
}

static void
add_sender (GstMcOutput * output, GstBuffer * buffer, const core_ip * source,
    guint16 source_port)
{
  GstNetAddressMeta *meta = gst_buffer_get_net_address_meta (buffer);

  if (output->sender_address == NULL || output->sender_port != source_port) {
    core_addr sender = { *source, source_port, 0 };

    g_clear_object (&output->sender_address);
    output->sender_address = gst_mc_addr_to_gsocket (&sender);
    output->sender_port = source_port;
  }
  /* A buffer may have kept it from its last life. */
  if (meta == NULL)
    gst_buffer_add_net_address_meta (buffer, output->sender_address);
  else if (meta->addr != output->sender_address)
    g_set_object (&meta->addr, output->sender_address);
}

void
gst_mc_output_add (GstMcOutput * output, GstMcPath * path,
    const GstMcPayload * payload)
{
  GstBuffer *buffer = path->klass->take (path, payload);
  GstClockTime realtime = payload->realtime;
  GstClockTime stamp = gst_mc_arrival_stamp (&output->arrival, realtime);

  if (!GST_CLOCK_TIME_IS_VALID (realtime))
    realtime = output->arrival.realtime;
  output->last_realtime = realtime;

  GST_BUFFER_PTS (buffer) = stamp;
  GST_BUFFER_DTS (buffer) = stamp;
  if (output->discont) {
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    output->discont = FALSE;
  }
  if (output->retrieve_sender_address)
    add_sender (output, buffer, &path->tell->channel.source,
        payload->source_port);
  else
    remove_sender (buffer);
  if (output->reference_caps)
    gst_buffer_add_reference_timestamp_meta (buffer, output->reference_caps,
        realtime, GST_CLOCK_TIME_NONE);

  output->n++;
  if (output->list) {
    gst_buffer_list_add (output->list, buffer);
  } else if (output->first) {
    output->list = gst_buffer_list_new_sized (output->expected);
    gst_buffer_list_add (output->list, g_steal_pointer (&output->first));
    gst_buffer_list_add (output->list, buffer);
  } else {
    output->first = buffer;
  }
}

void
gst_mc_output_submit (GstMcOutput * output, GstBaseSrc * src,
    GstBuffer ** buffer)
{
  output->packets_pushed += output->n;
  output->n = 0;
  if (output->list)
    gst_base_src_submit_buffer_list (src, g_steal_pointer (&output->list));
  else
    *buffer = g_steal_pointer (&output->first);
}

void
gst_mc_output_flush (GstMcOutput * output)
{
  output->packets_flushed += output->n;
  output->discont |= output->n > 0;
  output->n = 0;
  gst_clear_buffer (&output->first);
  gst_clear_buffer_list (&output->list);
}
