/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The sink pad of ambiverify.
 */
#include "gstambiinput.h"

#include <gst/net/gstnetaddressmeta.h>
#include <string.h>

#include "gstmcaddr.h"

GST_DEBUG_CATEGORY_EXTERN (gst_ambi_verify_debug);
#define GST_CAT_DEFAULT gst_ambi_verify_debug

/* Entries that are kept from one list to the next. */
#define KEPT_PACKETS 256

void
gst_ambi_input_init (GstAmbiInput * input, GstAmbiOutput * output,
    GstElement * element)
{
  memset (input, 0, sizeof (*input));
  input->output = output;
  input->element = element;
  input->packets = g_array_new (FALSE, FALSE, sizeof (GstAmbiPacket));
  input->digests = g_array_new (FALSE, FALSE, sizeof (ambi_digests));
  input->context = gst_ambi_context_new ();
}

void
gst_ambi_input_clear (GstAmbiInput * input)
{
  gst_ambi_input_stop (input);
  gst_ambi_context_unref (input->context);
  g_array_unref (input->packets);
  g_array_unref (input->digests);
}

gboolean
gst_ambi_input_start (GstAmbiInput * input,
    const GstAmbiVerifySettings * settings, GError ** error)
{
  int result = ambi_hasher_new (&input->hasher);

  if (result != CORE_OK) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_FAILED,
        "Cannot start to hash: %s.", core_error_name (result));
    return FALSE;
  }
  memset (&input->channel, 0, sizeof (input->channel));
  memset (&input->plan, 0, sizeof (input->plan));
  input->packed = FALSE;
  /* Whether they are needed, only the first packet can tell. */
  gst_ambi_verify_settings_get_channel (settings, &input->wanted,
      &input->unwanted);
  return TRUE;
}

void
gst_ambi_input_stop (GstAmbiInput * input)
{
  g_clear_pointer (&input->hasher, ambi_hasher_free);
  g_clear_object (&input->sender);
  g_clear_error (&input->unwanted);
  gst_ambi_context_unref (input->context);
  input->context = gst_ambi_context_new ();
}

/*
 * The channel
 */

static void
set_channel (GstAmbiInput * input, const GstMcChannel * channel)
{
  input->channel = *channel;
  gst_ambi_gate_set_channel (input->output->gate, channel);
}

static void
channel_event (GstAmbiInput * input, const GstStructure * s)
{
  const gchar *source = gst_structure_get_string (s, "source");
  const gchar *group = gst_structure_get_string (s, "group");
  gboolean preserved = TRUE;
  GstMcChannel channel;

  gst_structure_get_boolean (s, "preserve-packetization", &preserved);
  input->packed = !preserved;
  if (source == NULL || !core_ip_from_string (source, &channel.source) ||
      group == NULL || !core_ip_from_string (group, &channel.group) ||
      !gst_structure_get_uint (s, "port", &channel.port) ||
      channel.port == 0 || channel.port > G_MAXUINT16) {
    GST_WARNING_OBJECT (input->element, "no channel: %" GST_PTR_FORMAT, s);
    return;
  }
  GST_INFO_OBJECT (input->element, "upstream tells %" GST_PTR_FORMAT, s);
  set_channel (input, &channel);
}

/* FALSE: nobody has told it, or that of what comes there is no telling. */
static gboolean
need_channel (GstAmbiInput * input)
{
  if (input->packed) {
    GST_ELEMENT_ERROR (input->element, RESOURCE, SETTINGS,
        ("Datagrams that were packed together cannot be verified: set "
            "\"preserve-packetization\" of the source to TRUE"), (NULL));
    return FALSE;
  }
  if (input->channel.group.family != CORE_FAMILY_NONE)
    return TRUE;
  if (input->unwanted != NULL) {
    gst_mc_post_error (input->element, input->unwanted);
    return FALSE;
  }
  set_channel (input, &input->wanted);
  return TRUE;
}

/*
 * Packets
 */

static void
note_sender (GstAmbiInput * input, GSocketAddress * address)
{
  struct sockaddr_storage native;

  if (address == input->sender)
    return;
  g_set_object (&input->sender, address);
  if (!g_socket_address_to_native (address, &native, sizeof (native), NULL) ||
      !gst_mc_addr_from_sockaddr ((struct sockaddr *) &native,
          (socklen_t) g_socket_address_get_native_size (address),
          &input->sender_addr))
    memset (&input->sender_addr, 0, sizeof (input->sender_addr));
}

/* Says where the packet came from, if that is known and right. */
static GstAmbiReject
fill_flow (GstAmbiInput * input, GstAmbiPacket * packet)
{
  GstNetAddressMeta *meta = gst_buffer_get_net_address_meta (packet->buffer);

  if (meta == NULL || meta->addr == NULL)
    return GST_AMBI_REJECT_NO_ADDRESS;
  note_sender (input, meta->addr);
  if (input->sender_addr.ip.family == CORE_FAMILY_NONE)
    return GST_AMBI_REJECT_NO_ADDRESS;
  if (!core_ip_equal (&input->sender_addr.ip, &input->channel.source))
    return GST_AMBI_REJECT_WRONG_SOURCE;
  packet->flow.src = input->sender_addr.ip;
  packet->flow.src_port = input->sender_addr.port;
  packet->flow.dst = input->channel.group;
  packet->flow.dst_port = (guint16) input->channel.port;
  packet->flow.protocol = AMBI_PROTOCOL_UDP;
  return GST_AMBI_REJECT_NONE;
}

static GstAmbiReject
map_packet (GstAmbiPacket * packet)
{
  if (gst_buffer_get_size (packet->buffer) > AMBI_PAYLOAD_MAX)
    return GST_AMBI_REJECT_TOO_BIG;
  return gst_ambi_map_payload (packet->buffer, &packet->map) ?
      GST_AMBI_REJECT_NONE : GST_AMBI_REJECT_UNREADABLE;
}

/* Hashes under the plan of the last time; a new one is asked for when the gate
 * says that it has changed. */
static void
hash_packets (GstAmbiInput * input, GstAmbiPacket * packets, gsize n)
{
  gboolean usable = ambi_hasher_follow (input->hasher, &input->plan) == CORE_OK;

  for (gsize i = 0; i < n; i++) {
    GstAmbiPacket *packet = &packets[i];

    if (packet->reject != GST_AMBI_REJECT_NONE)
      continue;
    if (!usable || ambi_hasher_packet (input->hasher, &packet->flow,
            packet->map.data, packet->map.size, packet->digests) != CORE_OK) {
      gst_buffer_unmap (packet->buffer, &packet->map);
      packet->reject = GST_AMBI_REJECT_UNREADABLE;
    }
  }
}

static void
rehash (GstAmbiPacket * packets, gsize n, gpointer user)
{
  GstAmbiInput *input = user;

  gst_ambi_gate_get_plan (input->output->gate, &input->plan);
  hash_packets (input, packets, n);
}

/* Takes the buffer. */
static void
add_packet (GstAmbiInput * input, GstBuffer * buffer)
{
  GstAmbiPacket *packet;

  g_array_set_size (input->packets, input->packets->len + 1);
  packet = &g_array_index (input->packets, GstAmbiPacket,
      input->packets->len - 1);
  packet->buffer = buffer;
  packet->reject = fill_flow (input, packet);
  if (packet->reject == GST_AMBI_REJECT_NONE)
    packet->reject = map_packet (packet);
}

/* Hands over the packets that were added. */
static GstFlowReturn
send_packets (GstAmbiInput * input)
{
  GstAmbiPacket *packets = (GstAmbiPacket *) input->packets->data;
  gsize n = input->packets->len;
  GstFlowReturn ret;

  g_array_set_size (input->digests, (guint) n);
  for (gsize i = 0; i < n; i++)
    packets[i].digests = &g_array_index (input->digests, ambi_digests, i);
  hash_packets (input, packets, n);
  ret = gst_ambi_output_packets (input->output, packets, n, input->context,
      rehash, input);
  /* Those that were not taken because downstream takes none. */
  for (gsize i = 0; i < n; i++) {
    if (packets[i].buffer == NULL)
      continue;
    if (packets[i].reject == GST_AMBI_REJECT_NONE)
      gst_buffer_unmap (packets[i].buffer, &packets[i].map);
    gst_buffer_unref (packets[i].buffer);
  }
  if (n > KEPT_PACKETS) {
    g_array_unref (input->packets);
    input->packets = g_array_new (FALSE, FALSE, sizeof (GstAmbiPacket));
    g_array_unref (input->digests);
    input->digests = g_array_new (FALSE, FALSE, sizeof (ambi_digests));
  }
  g_array_set_size (input->packets, 0);
  return ret;
}

GstFlowReturn
gst_ambi_input_buffer (GstAmbiInput * input, GstBuffer * buffer)
{
  if (!need_channel (input)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_ERROR;
  }
  add_packet (input, buffer);
  return send_packets (input);
}

GstFlowReturn
gst_ambi_input_list (GstAmbiInput * input, GstBufferList * list)
{
  guint n = gst_buffer_list_length (list);

  if (!need_channel (input)) {
    gst_buffer_list_unref (list);
    return GST_FLOW_ERROR;
  }
  for (guint i = 0; i < n; i++)
    add_packet (input, gst_buffer_ref (gst_buffer_list_get (list, i)));
  gst_buffer_list_unref (list);
  return send_packets (input);
}

/*
 * Events
 */

gboolean
gst_ambi_input_event (GstAmbiInput * input, GstEvent * event)
{
  GstAmbiContext *context;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
    case GST_EVENT_SEGMENT:
      context = gst_ambi_context_with (input->context, event);
      gst_ambi_context_unref (input->context);
      input->context = context;
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM_STICKY:
      if (gst_event_has_name (event, "multicast-channel"))
        channel_event (input, gst_event_get_structure (event));
      break;
    default:
      break;
  }
  return gst_ambi_output_event (input->output, event, input->context);
}

void
gst_ambi_input_flush (GstAmbiInput * input)
{
  GstAmbiContext *context = gst_ambi_context_new ();

  gst_event_replace (&context->caps, input->context->caps);
  gst_ambi_context_unref (input->context);
  input->context = context;
}
