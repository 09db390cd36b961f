/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * From received payloads to what a source pushes.
 */
#include "gstmcoutput.h"

#include <gst/net/gstnetaddressmeta.h>
#include <string.h>

/* No datagram is longer. */
#define PACK_BYTES 65536

/* What is pushed while the next ones are filled. */
#define PACKS_KEPT 8

void
gst_mc_output_init (GstMcOutput * output, const GstMcSettings * settings)
{
  memset (output, 0, sizeof (*output));
  output->retrieve_sender_address = settings->retrieve_sender_address;
  if (settings->add_reference_timestamp_meta)
    output->reference_caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  if (!settings->preserve_packetization)
    output->pack.blocks = gst_mc_block_pool_new (PACK_BYTES, PACKS_KEPT, 0);
  gst_mc_arrival_reset (&output->arrival);
  output->last_realtime = GST_CLOCK_TIME_NONE;
  output->discont = TRUE;
}

void
gst_mc_output_clear (GstMcOutput * output)
{
  gst_mc_output_flush (output);
  g_clear_pointer (&output->pack.block, gst_mc_block_release);
  gst_mc_block_pool_free (output->pack.blocks);
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

/* Takes the buffer. */
static void
add_buffer (GstMcOutput * output, GstBuffer * buffer, GstClockTime stamp,
    GstClockTime realtime, const core_ip * source, guint16 source_port)
{
  GST_BUFFER_PTS (buffer) = stamp;
  GST_BUFFER_DTS (buffer) = stamp;
  if (output->discont) {
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    output->discont = FALSE;
  }
  if (output->retrieve_sender_address)
    add_sender (output, buffer, source, source_port);
  else
    remove_sender (buffer);
  if (output->reference_caps)
    gst_buffer_add_reference_timestamp_meta (buffer, output->reference_caps,
        realtime, GST_CLOCK_TIME_NONE);

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

/* Makes a buffer of what has been packed. */
static void
end_pack (GstMcOutput * output)
{
  GstMcPack *pack = &output->pack;
  gboolean discont = output->discont;
  GstBuffer *buffer;

  if (pack->len == 0)
    return;
  /* Whoever keeps a little of it shall not hold the whole block. */
  if (pack->len < PACK_BYTES / 4) {
    buffer = gst_buffer_new_memdup (gst_mc_block_get_data (pack->block),
        pack->len);
  } else {
    buffer = gst_mc_block_take (pack->block, 0, pack->len, TRUE);
    gst_mc_block_release (g_steal_pointer (&pack->block));
  }
  pack->len = 0;
  output->discont = pack->discont;
  add_buffer (output, buffer, pack->stamp, pack->realtime,
      &pack->path->tell->channel.source, pack->source_port);
  output->discont = discont;
}

static void
add_to_pack (GstMcOutput * output, GstMcPath * path,
    const GstMcPayload * payload, GstClockTime stamp)
{
  GstMcPack *pack = &output->pack;

  if (output->discont || pack->source_port != payload->source_port ||
      pack->len + payload->len > PACK_BYTES)
    end_pack (output);
  if (pack->len == 0) {
    pack->realtime = output->last_realtime;
    pack->stamp = stamp;
    pack->path = path;
    pack->source_port = payload->source_port;
    pack->discont = output->discont;
    output->discont = FALSE;
  }
  if (pack->block == NULL)
    pack->block = gst_mc_block_pool_acquire (pack->blocks);
  memcpy (gst_mc_block_get_data (pack->block) + pack->len, payload->data,
      payload->len);
  pack->len += payload->len;
}

void
gst_mc_output_add (GstMcOutput * output, GstMcPath * path,
    const GstMcPayload * payload)
{
  GstClockTime stamp =
      gst_mc_arrival_stamp (&output->arrival, payload->realtime);

  output->last_realtime = GST_CLOCK_TIME_IS_VALID (payload->realtime) ?
      payload->realtime : output->arrival.realtime;
  output->n++;
  if (output->pack.blocks)
    add_to_pack (output, path, payload, stamp);
  else
    add_buffer (output, path->klass->take (path, payload), stamp,
        output->last_realtime, &path->tell->channel.source,
        payload->source_port);
}

void
gst_mc_output_submit (GstMcOutput * output, GstBaseSrc * src,
    GstBuffer ** buffer)
{
  end_pack (output);
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
  output->pack.len = 0;
  gst_clear_buffer (&output->first);
  gst_clear_buffer_list (&output->list);
}
