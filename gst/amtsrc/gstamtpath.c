/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The tunnel as a path.
 */
#include "gstamtpath.h"

GST_DEBUG_CATEGORY_EXTERN (gst_amt_src_debug);
#define GST_CAT_DEFAULT gst_amt_src_debug

struct _GstAmtPath
{
  GstMcPath path;               /* must be first */
  GstElement *element;
  GstAmtTunnel *tunnel;

  /* for error messages */
  gchar *relay_setting;
  guint64 relay_timeout;

  gboolean connecting;          /* a relay is asked and has not answered */
  gboolean connected;           /* some relay answered */
  gboolean in_use;              /*   and is not lost */
};

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
    case AMT_LOST_NETWORK_CHANGED:
      return "network-changed";
    default:
      return "lost";
  }
}

/* Ends a handshake that was told to have begun. */
static void
end_connect (GstAmtPath * path, GstProgressType type, const gchar * text)
{
  if (path->connecting)
    gst_mc_progress (path->element, type, "connect", "%s", text);
  path->connecting = FALSE;
}

static void
post_none_found (GstAmtPath * path, const gchar * problem)
{
  gchar source[CORE_IP_TEXT_MAX];

  GST_ELEMENT_ERROR (path->element, RESOURCE, NOT_FOUND,
      ("Found no AMT relay for the source %s within %g s (\"relay-timeout\"): "
          "%s. Name a relay with the property \"relay\"",
          core_ip_to_string (&path->path.tell->channel.source, source),
          (gdouble) path->relay_timeout / GST_SECOND,
          problem ? problem : "no relay answered"), (NULL));
}

/* No relay answered within relay-timeout: the one error of the network. */
static void
post_gave_up (GstAmtPath * path, amt_lost_reason reason)
{
  const gchar *problem = gst_amt_tunnel_get_problem (path->tunnel);
  const gchar *relay = path->relay_setting;

  if (relay == NULL || relay[0] == '\0') {
    post_none_found (path, problem);
    return;
  }
  if (problem)
    GST_ELEMENT_ERROR (path->element, RESOURCE, NOT_FOUND,
        ("Could not look up the relay \"%s\" (property \"relay\"): %s. "
            "Check the name, or give an address", path->relay_setting,
            problem), (NULL));
  else if (reason == AMT_LOST_LIMIT)
    GST_ELEMENT_ERROR (path->element, RESOURCE, OPEN_READ,
        ("The AMT relay %s (property \"relay\") takes no more gateways. Name "
            "another one", relay), (NULL));
  else
    GST_ELEMENT_ERROR (path->element, RESOURCE, OPEN_READ,
        ("No answer from the AMT relay %s (property \"relay\") within %g s "
            "(\"relay-timeout\"). Check that it runs and that no firewall "
            "blocks UDP to its port", relay,
            (gdouble) path->relay_timeout / GST_SECOND), (NULL));
}

/* A datagram came before anybody named the port. */
static void
learn_port (GstAmtPath * path, guint16 number)
{
  channel_port port = path->path.tell->port;

  if (channel_port_learn (&port, number))
    gst_mc_tell_port (path->path.tell, &port);
}

/* FALSE when the stream cannot go on. */
static gboolean
handle_event (GstAmtPath * path, const amt_gateway_event_info * event)
{
  GstMcTell *tell = path->path.tell;
  gchar relay[CORE_ADDR_TEXT_MAX];

  core_addr_to_string (&event->relay, relay);
  switch (event->type) {
    case AMT_EVENT_CONNECTING:
      /* Others may be tried while one is in use. */
      if (!path->in_use)
        tell->relay = event->relay;
      gst_mc_progress (path->element,
          path->connecting ? GST_PROGRESS_TYPE_CONTINUE :
          GST_PROGRESS_TYPE_START, "connect",
          event->discovery ? "Asking %s for a relay" : "Asking relay %s",
          relay);
      path->connecting = TRUE;
      break;
    case AMT_EVENT_CONNECTED:
      tell->relay = event->relay;
      path->connecting = FALSE;
      path->connected = path->in_use = TRUE;
      gst_mc_progress (path->element, GST_PROGRESS_TYPE_COMPLETE, "connect",
          "Relay %s answers", relay);
      break;
    case AMT_EVENT_REPORTED:
      gst_mc_tell_request (tell, "through relay", relay);
      break;
    case AMT_EVENT_PORT_LEARNT:
      learn_port (path, event->channel_port);
      break;
    case AMT_EVENT_SILENT:
      GST_INFO_OBJECT (path->element, "no data from relay %s, asking it",
          relay);
      gst_mc_tell_gap (tell, GST_MC_DELIVERY_TUNNEL);
      break;
    case AMT_EVENT_RELAY_LOST:
      path->in_use = FALSE;
      gst_mc_tell_cancel_request (tell,
          "The relay was lost before a packet came");
      gst_mc_progress (path->element, path->connecting ?
          GST_PROGRESS_TYPE_CONTINUE : GST_PROGRESS_TYPE_START, "connect",
          "Relay %s is of no use now (%s)", relay, lost_reason (event->reason));
      path->connecting = TRUE;
      gst_mc_tell_leave (tell, GST_MC_DELIVERY_TUNNEL,
          lost_reason (event->reason), gst_mc_now ());
      gst_mc_tell_gap (tell, GST_MC_DELIVERY_TUNNEL);
      break;
    case AMT_EVENT_ADDRESS_CHANGED:
      GST_INFO_OBJECT (path->element, "relay %s sees us at another address",
          relay);
      gst_mc_tell_gap (tell, GST_MC_DELIVERY_TUNNEL);
      break;
    case AMT_EVENT_NEED_CANDIDATES:
      break;
    case AMT_EVENT_GAVE_UP:
      /* What came natively may come again; the gateway goes on asking. */
      if (tell->join_latency != 0)
        break;
      end_connect (path, GST_PROGRESS_TYPE_ERROR, "No relay answered in time");
      post_gave_up (path, event->reason);
      return FALSE;
  }
  return TRUE;
}

static void
path_close (GstMcPath * path, core_time now)
{
  GstAmtPath *self = (GstAmtPath *) path;

  end_connect (self, GST_PROGRESS_TYPE_CANCELED,
      "Stopped before a relay answered");
  if (self->connected)
    gst_mc_progress (self->element, GST_PROGRESS_TYPE_START, "disconnect",
        "Leaving the relay");
  gst_amt_tunnel_close (self->tunnel, now);
  if (self->connected)
    gst_mc_progress (self->element, GST_PROGRESS_TYPE_COMPLETE, "disconnect",
        "Left the relay");
  g_free (self->relay_setting);
  g_free (self);
}

static gboolean
path_join (GstMcPath * path, core_time now, GError ** error)
{
  gst_amt_tunnel_join (((GstAmtPath *) path)->tunnel, &path->tell->channel,
      now);
  return TRUE;
}

static gboolean
path_set_port (GstMcPath * path, guint port, core_time now, GError ** error)
{
  gst_amt_tunnel_set_port (((GstAmtPath *) path)->tunnel, port, now);
  return TRUE;
}

static void
path_leave (GstMcPath * path, core_time now)
{
  GstAmtPath *self = (GstAmtPath *) path;

  end_connect (self, GST_PROGRESS_TYPE_CANCELED, "Native multicast came");
  self->in_use = FALSE;
  gst_amt_tunnel_leave (self->tunnel, now);
}

static void
path_resume (GstMcPath * path, core_time now)
{
  gst_amt_tunnel_resume (((GstAmtPath *) path)->tunnel, now);
}

static void
path_network_changed (GstMcPath * path, const GstMcNetlink * netlink,
    core_time now)
{
  gst_amt_tunnel_network_changed (((GstAmtPath *) path)->tunnel, netlink, now);
}

static gboolean
path_step (GstMcPath * path, core_time now)
{
  GstAmtPath *self = (GstAmtPath *) path;
  amt_gateway_event_info event;

  gst_amt_tunnel_step (self->tunnel, now);
  while (gst_amt_tunnel_event (self->tunnel, &event))
    if (!handle_event (self, &event))
      return FALSE;
  return TRUE;
}

static core_time
path_deadline (const GstMcPath * path)
{
  return gst_amt_tunnel_deadline (((const GstAmtPath *) path)->tunnel);
}

static gint
path_receive (GstMcPath * path, guint * n_messages)
{
  return gst_amt_tunnel_receive (((GstAmtPath *) path)->tunnel, n_messages);
}

static gboolean
path_next (GstMcPath * path, core_time now, GstMcPayload * payload)
{
  return gst_amt_tunnel_next (((GstAmtPath *) path)->tunnel, now, payload);
}

static GstBuffer *
path_take (GstMcPath * path, const GstMcPayload * payload)
{
  return gst_amt_tunnel_take (((GstAmtPath *) path)->tunnel, payload);
}

static void
path_get_stats (const GstMcPath * path, GstMcPathStats * stats)
{
  gst_amt_tunnel_get_path_stats (((const GstAmtPath *) path)->tunnel, stats);
}

static const GstMcPathClass path_class = {
  .delivery = GST_MC_DELIVERY_TUNNEL,
  .close = path_close,
  .join = path_join,
  .set_port = path_set_port,
  .leave = path_leave,
  .resume = path_resume,
  .network_changed = path_network_changed,
  .step = path_step,
  .deadline = path_deadline,
  .receive = path_receive,
  .next = path_next,
  .take = path_take,
  .get_stats = path_get_stats
};

GstAmtPath *
gst_amt_path_new (GstMcReceiver * receiver, const GstMcSettings * common,
    const GstAmtSettings * settings, GError ** error)
{
  GstMcTell *tell = gst_mc_receiver_get_tell (receiver);
  GstAmtTunnel *tunnel = gst_amt_tunnel_open (tell->element, common, settings,
      gst_mc_receiver_get_poll (receiver),
      gst_mc_receiver_get_wake_fd (receiver), error);
  GstAmtPath *self;

  if (tunnel == NULL)
    return NULL;
  self = g_new0 (GstAmtPath, 1);
  self->path.klass = &path_class;
  self->path.tell = tell;
  self->element = tell->element;
  self->tunnel = tunnel;
  self->relay_setting = g_strdup (settings->relay);
  self->relay_timeout = settings->relay_timeout;
  return self;
}

GstMcPath *
gst_amt_path_get_path (GstAmtPath * self)
{
  return &self->path;
}

void
gst_amt_path_get_stats (const GstAmtPath * self, GstAmtTunnelStats * stats)
{
  gst_amt_tunnel_get_stats (self->tunnel, stats);
}
