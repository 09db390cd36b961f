/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What a source tells the bus and downstream in the course of a run.
 */
#include "gstmctell.h"

#include <string.h>

void
gst_mc_tell_init (GstMcTell * tell, GstBaseSrc * src,
    const GstMcSettings * settings, const gchar * delivery)
{
  memset (tell, 0, sizeof (*tell));
  tell->src = src;
  tell->element = GST_ELEMENT (src);
  channel_port_init (&tell->port, (guint16) settings->port);
  tell->delivery = delivery;
  tell->preserve_packetization = settings->preserve_packetization;
  tell->started = CORE_TIME_NEVER;
  tell->silence.stall_timeout = settings->stall_timeout;
  tell->silence.timeout = settings->timeout;
}

void
gst_mc_tell_wait (GstMcTell * tell, core_time now)
{
  gst_mc_silence_start (&tell->silence, now);
}

static const gchar *
relay_text (const GstMcTell * tell, gchar text[CORE_ADDR_TEXT_MAX])
{
  return tell->relay.ip.family == CORE_FAMILY_NONE ||
      g_str_equal (tell->delivery, GST_MC_DELIVERY_NATIVE) ? "" :
      core_addr_to_string (&tell->relay, text);
}

static void
post_time (GstMcTell * tell, const gchar * name, const gchar * field,
    core_time time)
{
  gchar relay[CORE_ADDR_TEXT_MAX];

  gst_mc_channel_post (tell->element, name, &tell->channel, tell->delivery,
      relay_text (tell, relay), field, G_TYPE_UINT64, (guint64) time, NULL);
}

void
gst_mc_tell_request (GstMcTell * tell, const gchar * how, const gchar * where)
{
  if (tell->joined)
    return;
  gst_mc_progress (tell->element, tell->requesting ?
      GST_PROGRESS_TYPE_CONTINUE : GST_PROGRESS_TYPE_START, "request",
      "Joining %s %s", how, where);
  tell->requesting = TRUE;
}

void
gst_mc_tell_cancel_request (GstMcTell * tell, const gchar * text)
{
  if (tell->requesting)
    gst_mc_progress (tell->element, GST_PROGRESS_TYPE_CANCELED, "request",
        "%s", text);
  tell->requesting = FALSE;
}

void
gst_mc_tell_port (GstMcTell * tell, const channel_port * port)
{
  const gchar *found_by = port->origin == CHANNEL_PORT_NAMED ? "metadata" :
      "datagram";
  guint before = tell->channel.port;
  gchar relay[CORE_ADDR_TEXT_MAX];

  GST_INFO_OBJECT (tell->element, "the channel's port is %u (%s), was %u",
      port->port, found_by, before);
  tell->port = *port;
  tell->channel.port = port->port;
  tell->event_sent = FALSE;
  tell->discont |= before != 0;
  gst_mc_channel_post (tell->element, "multicast-port", &tell->channel,
      tell->delivery, relay_text (tell, relay),
      "found-by", G_TYPE_STRING, found_by, NULL);
}

/* The first packet by a path. */
static void
join (GstMcTell * tell, core_time now)
{
  gchar text[CORE_ADDR_TEXT_MAX];
  const gchar *relay = relay_text (tell, text);

  if (tell->join_latency == 0)
    tell->join_latency = MAX (now - tell->started, 1);
  tell->joined = TRUE;
  if (tell->requesting)
    gst_mc_progress (tell->element, GST_PROGRESS_TYPE_COMPLETE, "request",
        relay[0] ? "First packet from relay %s" : "First packet%s", relay);
  tell->requesting = FALSE;
  post_time (tell, "multicast-join", "join-latency", now - tell->started);
}

void
gst_mc_tell_begin (GstMcTell * tell)
{
  tell->left = FALSE;
}

gboolean
gst_mc_tell_take_gap (GstMcTell * tell)
{
  gboolean discont = tell->discont;

  if (tell->left)
    return FALSE;               /* it comes after what is at hand */
  tell->discont = FALSE;
  return discont;
}

void
gst_mc_tell_data (GstMcTell * tell, core_time now)
{
  core_time silence = gst_mc_silence_data (&tell->silence, now);

  if (!tell->joined && !tell->left)
    join (tell, now);
  if (silence)
    post_time (tell, "multicast-resumed", "silence", silence);
  if (tell->event_sent)
    return;
  tell->event_sent = TRUE;
  gst_pad_push_event (GST_BASE_SRC_PAD (tell->src),
      gst_mc_channel_event (&tell->channel, tell->delivery,
          tell->preserve_packetization));
}

void
gst_mc_tell_leave (GstMcTell * tell, const gchar * delivery,
    const gchar * reason, core_time now)
{
  gchar relay[CORE_ADDR_TEXT_MAX];

  if (!g_str_equal (delivery, tell->delivery))
    return;
  tell->left = TRUE;
  if (!tell->joined)
    return;
  tell->joined = FALSE;
  tell->started = now;
  gst_mc_channel_post (tell->element, "multicast-leave", &tell->channel,
      tell->delivery, relay_text (tell, relay),
      "reason", G_TYPE_STRING, reason, NULL);
}

void
gst_mc_tell_gap (GstMcTell * tell, const gchar * delivery)
{
  tell->discont |= g_str_equal (delivery, tell->delivery);
}

void
gst_mc_tell_move (GstMcTell * tell, const gchar * delivery,
    const gchar * reason, core_time now)
{
  if (g_str_equal (delivery, tell->delivery))
    return;
  gst_mc_tell_leave (tell, tell->delivery, reason, now);
  tell->left = FALSE;           /* a packet by the other one is at hand */
  tell->delivery = delivery;
  tell->event_sent = FALSE;
}

void
gst_mc_tell_expire (GstMcTell * tell, core_time now)
{
  GstMcSilenceFlags flags;

  /* Silence counts from the join on. */
  if (!tell->waiting)
    return;
  flags = gst_mc_silence_expire (&tell->silence, now);
  if (flags & GST_MC_SILENCE_STALLED)
    post_time (tell, "multicast-stalled", "silence", now - tell->silence.last);
  if (flags & GST_MC_SILENCE_TIMEOUT)
    gst_element_post_message (tell->element,
        gst_message_new_element (GST_OBJECT (tell->element),
            gst_structure_new ("GstUDPSrcTimeout", "timeout", G_TYPE_UINT64,
                (guint64) tell->silence.timeout, NULL)));
}

core_time
gst_mc_tell_deadline (const GstMcTell * tell)
{
  return tell->waiting ? gst_mc_silence_deadline (&tell->silence) :
      CORE_TIME_NEVER;
}
