/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * One run of amtsrc, from start to stop.
 */
#include "gstamtreceiver.h"

#include <string.h>

#include "gstmcname.h"
#include "gstmcsilence.h"

GST_DEBUG_CATEGORY_EXTERN (gst_amt_src_debug);
#define GST_CAT_DEFAULT gst_amt_src_debug

struct _GstAmtReceiver
{
  GstBaseSrc *src;
  GstElement *element;          /* the same */

  /* for error messages */
  gchar *relay_setting;
  gchar *source_setting;
  guint64 relay_timeout;

  GstAmtTunnel *tunnel;
  GstMcName *source_name;       /* NULL when the source's address is known */
  GstMcChannel channel;
  GstMcOutput output;
  GstMcSilence silence;

  gboolean asked;               /* the channel was given to the tunnel */
  gboolean connecting;          /* a relay is asked and has not answered */
  gboolean connected;           /* some relay answered */
  gboolean requesting;          /* a join was sent, no packet came yet */
  gboolean joined;              /* a packet came by this relay */
  gboolean channel_told;        /* downstream has the right event */
  core_time started;            /* the join was wanted, or a relay that had
                                   brought data was lost */
  core_time join_latency;       /* 0 before the first packet */
  core_addr relay;              /* of the last event */
};

static const gchar *
relay_text (GstAmtReceiver * rx, gchar text[CORE_ADDR_TEXT_MAX])
{
  return rx->relay.ip.family == CORE_FAMILY_NONE ? "" :
      core_addr_to_string (&rx->relay, text);
}

/* Ends what was told to have begun. */
static void
end_progress (GstAmtReceiver * rx, gboolean * begun, const gchar * code,
    GstProgressType type, const gchar * text)
{
  if (*begun)
    gst_mc_progress (rx->element, type, code, "%s", text);
  *begun = FALSE;
}

static void
post_leave (GstAmtReceiver * rx, const gchar * reason)
{
  gchar relay[CORE_ADDR_TEXT_MAX];

  if (!rx->joined)
    return;
  rx->joined = FALSE;
  gst_mc_channel_post (rx->element, "multicast-leave", &rx->channel,
      GST_MC_DELIVERY_TUNNEL, relay_text (rx, relay),
      "reason", G_TYPE_STRING, reason, NULL);
}

/* The first packet by a relay. */
static void
post_join (GstAmtReceiver * rx, core_time now)
{
  gchar text[CORE_ADDR_TEXT_MAX];
  const gchar *relay = relay_text (rx, text);

  if (rx->join_latency == 0)
    rx->join_latency = MAX (now - rx->started, 1);
  rx->joined = TRUE;
  if (rx->requesting)
    gst_mc_progress (rx->element, GST_PROGRESS_TYPE_COMPLETE, "request",
        "First packet from relay %s", relay);
  rx->requesting = FALSE;
  gst_mc_channel_post (rx->element, "multicast-join", &rx->channel,
      GST_MC_DELIVERY_TUNNEL, relay, "join-latency", G_TYPE_UINT64,
      (guint64) (now - rx->started), NULL);
}

static void
tell_downstream (GstAmtReceiver * rx)
{
  if (rx->channel_told)
    return;
  rx->channel_told = TRUE;
  gst_pad_push_event (GST_BASE_SRC_PAD (rx->src),
      gst_mc_channel_event (&rx->channel, GST_MC_DELIVERY_TUNNEL));
}

static void
expire_silence (GstAmtReceiver * rx, core_time now)
{
  GstMcSilenceFlags flags;
  gchar relay[CORE_ADDR_TEXT_MAX];

  /* Silence counts from the join on. */
  if (!rx->asked)
    return;
  flags = gst_mc_silence_expire (&rx->silence, now);
  if (flags & GST_MC_SILENCE_STALLED)
    gst_mc_channel_post (rx->element, "multicast-stalled",
        &rx->channel, GST_MC_DELIVERY_TUNNEL, relay_text (rx, relay),
        "silence", G_TYPE_UINT64, (guint64) (now - rx->silence.last), NULL);
  if (flags & GST_MC_SILENCE_TIMEOUT)
    gst_element_post_message (rx->element,
        gst_message_new_element (GST_OBJECT (rx->element),
            gst_structure_new ("GstUDPSrcTimeout", "timeout", G_TYPE_UINT64,
                (guint64) rx->silence.timeout, NULL)));
}

static const gchar *
lost_reason (amt_lost_reason reason)
{
  switch (reason) {
    case AMT_LOST_NO_ANSWER:
      return "no-answer";
    case AMT_LOST_UNREACHABLE:
      return "unreachable";
    case AMT_LOST_LIMIT:
      return "limit";
    case AMT_LOST_NO_DATA:
      return "no-data";
    default:
      return "lost";
  }
}

/* No relay answered within relay-timeout: the one error of the network. */
static void
post_gave_up (GstAmtReceiver * rx, amt_lost_reason reason)
{
  const gchar *problem = NULL;
  const gchar *relay = rx->relay_setting && rx->relay_setting[0] ?
      rx->relay_setting : "that anycast discovery should find";

  if (rx->source_name) {
    problem = gst_mc_name_get_problem (rx->source_name);
    if (problem == NULL)
      problem = "it has no address of the group's IP version";
    GST_ELEMENT_ERROR (rx->element, RESOURCE, NOT_FOUND,
        ("Could not look up the sender \"%s\" (property \"source\"): %s. "
            "Check the name, or give the address", rx->source_setting, problem),
        (NULL));
    return;
  }
  problem = gst_amt_tunnel_get_problem (rx->tunnel);
  if (problem) {
    GST_ELEMENT_ERROR (rx->element, RESOURCE, NOT_FOUND,
        ("Could not look up the relay \"%s\" (property \"relay\"): %s. "
            "Check the name, or give an address", rx->relay_setting, problem),
        (NULL));
    return;
  }
  if (reason == AMT_LOST_LIMIT)
    GST_ELEMENT_ERROR (rx->element, RESOURCE, OPEN_READ,
        ("The AMT relay %s (property \"relay\") takes no more gateways. Name "
            "another one", relay), (NULL));
  else
    GST_ELEMENT_ERROR (rx->element, RESOURCE, OPEN_READ,
        ("No answer from the AMT relay %s (property \"relay\") within %g s "
            "(\"relay-timeout\"). Check that it runs and that no firewall "
            "blocks UDP to its port", relay,
            (gdouble) rx->relay_timeout / GST_SECOND), (NULL));
}

/* FALSE when the stream cannot go on. */
static gboolean
handle_event (GstAmtReceiver * rx, const amt_gateway_event_info * event)
{
  gchar relay[CORE_ADDR_TEXT_MAX];

  core_addr_to_string (&event->relay, relay);
  switch (event->type) {
    case AMT_EVENT_CONNECTING:
      rx->relay = event->relay;
      gst_mc_progress (rx->element,
          rx->connecting ? GST_PROGRESS_TYPE_CONTINUE : GST_PROGRESS_TYPE_START,
          "connect",
          event->discovery ? "Asking %s for a relay" : "Asking relay %s",
          relay);
      rx->connecting = TRUE;
      break;
    case AMT_EVENT_CONNECTED:
      rx->relay = event->relay;
      rx->connecting = FALSE;
      rx->connected = TRUE;
      gst_mc_progress (rx->element, GST_PROGRESS_TYPE_COMPLETE, "connect",
          "Relay %s answers", relay);
      break;
    case AMT_EVENT_REPORTED:
      if (rx->joined)
        break;
      gst_mc_progress (rx->element, rx->requesting ?
          GST_PROGRESS_TYPE_CONTINUE : GST_PROGRESS_TYPE_START, "request",
          "Joining through relay %s", relay);
      rx->requesting = TRUE;
      break;
    case AMT_EVENT_PORT_LEARNT:
      rx->channel.port = event->channel_port;
      rx->channel_told = FALSE;
      gst_mc_channel_post (rx->element, "multicast-port", &rx->channel,
          GST_MC_DELIVERY_TUNNEL, relay_text (rx, relay), NULL, NULL);
      break;
    case AMT_EVENT_SILENT:
      GST_INFO_OBJECT (rx->element, "no data from relay %s, asking it", relay);
      rx->output.discont = TRUE;
      break;
    case AMT_EVENT_RELAY_LOST:
      end_progress (rx, &rx->requesting, "request",
          GST_PROGRESS_TYPE_CANCELED,
          "The relay was lost before a packet came");
      gst_mc_progress (rx->element,
          rx->connecting ? GST_PROGRESS_TYPE_CONTINUE : GST_PROGRESS_TYPE_START,
          "connect", "Relay %s is of no use now (%s)", relay,
          lost_reason (event->reason));
      rx->connecting = TRUE;
      if (rx->joined)
        rx->started = gst_mc_now ();
      post_leave (rx, lost_reason (event->reason));
      rx->output.discont = TRUE;
      break;
    case AMT_EVENT_ADDRESS_CHANGED:
      GST_INFO_OBJECT (rx->element, "relay %s sees us at another address",
          relay);
      rx->output.discont = TRUE;
      break;
    case AMT_EVENT_NEED_CANDIDATES:
      break;
    case AMT_EVENT_GAVE_UP:
      end_progress (rx, &rx->connecting, "connect", GST_PROGRESS_TYPE_ERROR,
          "No relay answered in time");
      post_gave_up (rx, event->reason);
      return FALSE;
  }
  return TRUE;
}

GstAmtReceiver *
gst_amt_receiver_new (GstBaseSrc * src, const GstAmtSettings * settings,
    GstPoll * poll, GError ** error)
{
  GstAmtReceiver *rx = g_new0 (GstAmtReceiver, 1);
  const gchar *name;

  rx->src = src;
  rx->element = GST_ELEMENT (src);
  rx->started = CORE_TIME_NEVER;
  if (!gst_mc_settings_get_channel (&settings->common, &rx->channel, &name,
          error) ||
      (rx->tunnel = gst_amt_tunnel_open (rx->element, settings,
              (core_family) rx->channel.group.family, poll, error)) == NULL) {
    g_free (rx);
    return NULL;
  }

  if (name)
    rx->source_name = gst_mc_name_new (rx->element, "sender", name,
        gst_amt_tunnel_get_wake_fd (rx->tunnel));
  rx->relay_setting = g_strdup (settings->relay);
  rx->source_setting = g_strdup (settings->common.source);
  rx->relay_timeout = settings->relay_timeout;
  rx->silence.stall_timeout = settings->common.stall_timeout;
  rx->silence.timeout = settings->common.timeout;
  gst_mc_output_init (&rx->output, &settings->common);
  return rx;
}

void
gst_amt_receiver_free (GstAmtReceiver * rx)
{
  if (rx == NULL)
    return;

  end_progress (rx, &rx->connecting, "connect", GST_PROGRESS_TYPE_CANCELED,
      "Stopped before a relay answered");
  end_progress (rx, &rx->requesting, "request", GST_PROGRESS_TYPE_CANCELED,
      "Stopped before a packet came");
  post_leave (rx, "stopped");
  if (rx->connected)
    gst_mc_progress (rx->element, GST_PROGRESS_TYPE_START, "disconnect",
        "Leaving the relay");
  gst_amt_tunnel_close (rx->tunnel, gst_mc_now ());
  if (rx->connected)
    gst_mc_progress (rx->element, GST_PROGRESS_TYPE_COMPLETE, "disconnect",
        "Left the relay");

  gst_mc_name_free (rx->source_name);
  gst_mc_output_clear (&rx->output);
  g_free (rx->relay_setting);
  g_free (rx->source_setting);
  g_free (rx);
}

void
gst_amt_receiver_resume (GstAmtReceiver * rx, GstClockTime resumed_at,
    core_time now)
{
  if (!rx->asked)
    rx->started = now;
  gst_amt_tunnel_resume (rx->tunnel, resumed_at, now);
  gst_mc_silence_start (&rx->silence, now);
  rx->output.discont = TRUE;
}

/* When a sender's name must have led to an address. */
static core_time
source_deadline (const GstAmtReceiver * rx)
{
  return rx->relay_timeout == 0 ? CORE_TIME_NEVER :
      rx->started + rx->relay_timeout;
}

/* The sender's address of the group's family, if its name has one. */
static gboolean
find_source (GstAmtReceiver * rx, core_time now)
{
  const GArray *ips;
  gchar text[CORE_IP_TEXT_MAX];

  gst_mc_name_update (rx->source_name, now);
  ips = gst_mc_name_get_ips (rx->source_name);
  for (guint i = 0; ips && i < ips->len; i++) {
    const core_ip *ip = &g_array_index (ips, core_ip, i);

    if (ip->family == rx->channel.group.family && core_ip_is_unicast (ip)) {
      rx->channel.source = *ip;
      GST_INFO_OBJECT (rx->element, "the sender's address is %s",
          core_ip_to_string (ip, text));
      return TRUE;
    }
  }
  return FALSE;
}

/* Gives the channel to the tunnel once the sender's address is known.  FALSE:
 * it could not be learnt in time. */
static gboolean
ask_for_channel (GstAmtReceiver * rx, core_time now)
{
  if (rx->asked)
    return TRUE;
  if (rx->source_name && !find_source (rx, now)) {
    if (now < source_deadline (rx))
      return TRUE;
    post_gave_up (rx, AMT_LOST_NONE);
    return FALSE;
  }
  g_clear_pointer (&rx->source_name, gst_mc_name_free);
  gst_amt_tunnel_join (rx->tunnel, &rx->channel, now);
  gst_mc_silence_start (&rx->silence, now);
  rx->asked = TRUE;
  return TRUE;
}

gboolean
gst_amt_receiver_step (GstAmtReceiver * rx, core_time now)
{
  amt_gateway_event_info event;

  if (!ask_for_channel (rx, now))
    return FALSE;
  gst_amt_tunnel_step (rx->tunnel, now);
  while (gst_amt_tunnel_event (rx->tunnel, &event))
    if (!handle_event (rx, &event))
      return FALSE;
  expire_silence (rx, now);
  return TRUE;
}

GstClockTime
gst_amt_receiver_time_to_wait (GstAmtReceiver * rx, core_time now)
{
  core_time deadline = gst_amt_tunnel_deadline (rx->tunnel);

  if (rx->asked)
    deadline = MIN (deadline, gst_mc_silence_deadline (&rx->silence));
  if (rx->source_name) {
    deadline = MIN (deadline, gst_mc_name_deadline (rx->source_name));
    deadline = MIN (deadline, source_deadline (rx));
  }
  if (deadline == CORE_TIME_NEVER)
    return GST_CLOCK_TIME_NONE;
  return deadline > now ? deadline - now : 0;
}

static void
note_data (GstAmtReceiver * rx, core_time now)
{
  core_time silence = gst_mc_silence_data (&rx->silence, now);
  gchar relay[CORE_ADDR_TEXT_MAX];

  if (!rx->joined)
    post_join (rx, now);
  if (silence)
    gst_mc_channel_post (rx->element, "multicast-resumed", &rx->channel,
        GST_MC_DELIVERY_TUNNEL, relay_text (rx, relay),
        "silence", G_TYPE_UINT64, (guint64) silence, NULL);
  tell_downstream (rx);
}

gint
gst_amt_receiver_receive (GstAmtReceiver * rx, core_time now)
{
  gint n = gst_amt_tunnel_receive (rx->tunnel);

  if (n < 0) {
    GST_ELEMENT_ERROR (rx->element, RESOURCE, READ,
        ("Could not receive from the network: %s", g_strerror (-n)), (NULL));
    return -1;
  }
  if (n > 0)
    gst_mc_output_begin (&rx->output, rx->element);
  for (gint i = 0; i < n; i++) {
    GstClockTime realtime;
    guint16 source_port;
    GstBuffer *buffer = gst_amt_tunnel_take (rx->tunnel, (guint) i, now,
        &realtime, &source_port);

    if (buffer)
      gst_mc_output_add (&rx->output, buffer, realtime, &rx->channel.source,
          source_port);
  }

  /* Answers first: a Query waits for its Update. */
  if (!gst_amt_receiver_step (rx, now))
    return -1;
  if (rx->output.n > 0)
    note_data (rx, now);
  return (gint) rx->output.n;
}

GstMcOutput *
gst_amt_receiver_get_output (GstAmtReceiver * rx)
{
  return &rx->output;
}

void
gst_amt_receiver_get_snapshot (GstAmtReceiver * rx, GstAmtSnapshot * snapshot)
{
  gst_amt_tunnel_get_stats (rx->tunnel, &snapshot->tunnel);
  snapshot->packets_pushed = rx->output.packets_pushed;
  snapshot->packets_flushed = rx->output.packets_flushed;
  snapshot->last_packet = rx->output.last_realtime;
  snapshot->receive_buffer = gst_amt_tunnel_get_receive_buffer (rx->tunnel);
  snapshot->join_latency = rx->join_latency;
  snapshot->running = TRUE;
}
