/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Finds out whether one relay takes us: a gateway of its own, whose Membership
 * Update is never sent.
 */
#include "gstamtprobe.h"

#include "gstmcaddr.h"
#include "gstmcsocket.h"

GST_DEBUG_CATEGORY_EXTERN (gst_amt_src_debug);
#define GST_CAT_DEFAULT gst_amt_src_debug

/* At a time; answers are few. */
#define MAX_DATAGRAMS 16

struct _GstAmtProbe
{
  GstElement *element;
  GstMcPoll *poll;
  GstMcSocket socket;
  amt_gateway *gateway;
  core_addr relay;
  GstAmtProbeResult result;
};

static gboolean
open_gateway (GstAmtProbe * probe, const GstMcChannel * channel,
    const amt_relay_candidate * where, core_time now)
{
  const amt_gateway_config config = {.random = gst_mc_random };
  const amt_channel wanted = { channel->source, channel->group,
    (uint16_t) channel->port
  };

  return amt_gateway_new (&probe->gateway, &config, now) == CORE_OK &&
      amt_gateway_set_candidates (probe->gateway, where, 1, now) == CORE_OK &&
      amt_gateway_join (probe->gateway, &wanted, now) >= 0;
}

GstAmtProbe *
gst_amt_probe_new (GstElement * element, GstMcPoll * poll,
    const core_ip * local, const GstMcChannel * channel,
    const amt_relay_candidate * where, core_time now)
{
  GstAmtProbe *probe = g_new0 (GstAmtProbe, 1);
  const core_addr bind_to = {.ip = *local };

  probe->element = element;
  probe->poll = poll;
  probe->socket.fd = -1;
  if (gst_mc_socket_open (&probe->socket, &bind_to, NULL) &&
      gst_mc_poll_add (poll, probe->socket.fd) &&
      open_gateway (probe, channel, where, now))
    return probe;
  gst_amt_probe_free (probe);
  return NULL;
}

void
gst_amt_probe_free (GstAmtProbe * probe)
{
  if (probe == NULL)
    return;
  amt_gateway_free (probe->gateway);
  gst_mc_poll_remove (probe->poll, probe->socket.fd);
  gst_mc_socket_close (&probe->socket);
  g_free (probe);
}

static void
look_at_events (GstAmtProbe * probe)
{
  amt_gateway_event_info event;

  while (probe->result == GST_AMT_PROBE_ASKING &&
      amt_gateway_event (probe->gateway, &event)) {
    if (event.type == AMT_EVENT_CONNECTED) {
      probe->relay = event.relay;
      probe->result = GST_AMT_PROBE_ESTABLISHED;
    } else if (event.type == AMT_EVENT_RELAY_LOST) {
      probe->result = event.reason == AMT_LOST_LIMIT ? GST_AMT_PROBE_REFUSED :
          GST_AMT_PROBE_FAILED;
    }
  }
}

static void
receive (GstAmtProbe * probe, core_time now)
{
  guint8 data[AMT_GATEWAY_DATAGRAM_MAX];
  struct sockaddr_storage name;
  core_addr from;
  amt_view view;

  for (guint i = 0; i < MAX_DATAGRAMS &&
      probe->result == GST_AMT_PROBE_ASKING; i++) {
    socklen_t name_len = sizeof (name);
    gssize len = recvfrom (probe->socket.fd, data, sizeof (data),
        MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *) &name, &name_len);

    /* ICMP news end a receive, too, and are read from their own queue. */
    if (len < 0)
      break;
    if ((gsize) len > sizeof (data) ||
        !gst_mc_addr_from_sockaddr ((struct sockaddr *) &name, name_len, &from))
      continue;
    amt_gateway_receive (probe->gateway, &from, data, (gsize) len, now, &view);
    look_at_events (probe);
  }
}

/* Unlike a relay in use, one of several candidates need not be given another
 * chance. */
static void
read_icmp_errors (GstAmtProbe * probe)
{
  core_addr to;

  while (gst_mc_socket_next_icmp_error (&probe->socket, &to))
    if (probe->result == GST_AMT_PROBE_ASKING)
      probe->result = GST_AMT_PROBE_FAILED;
}

static void
send_all (GstAmtProbe * probe, core_time now)
{
  guint8 buf[AMT_GATEWAY_DATAGRAM_MAX];
  core_addr to;
  size_t len;

  while (probe->result == GST_AMT_PROBE_ASKING &&
      (len = amt_gateway_send (probe->gateway, buf, sizeof (buf), &to,
              now)) > 0) {
    int err = gst_mc_socket_send (&probe->socket, &to, buf, len);

    if (err != 0 && err != EAGAIN && err != ENOBUFS) {
      GST_DEBUG_OBJECT (probe->element, "send failed: %s", g_strerror (err));
      probe->result = GST_AMT_PROBE_FAILED;
    }
  }
}

GstAmtProbeResult
gst_amt_probe_step (GstAmtProbe * probe, core_time now)
{
  receive (probe, now);
  read_icmp_errors (probe);
  if (probe->result == GST_AMT_PROBE_ASKING) {
    amt_gateway_expire (probe->gateway, now);
    look_at_events (probe);
  }
  send_all (probe, now);
  return probe->result;
}

core_time
gst_amt_probe_deadline (const GstAmtProbe * probe)
{
  return amt_gateway_deadline (probe->gateway);
}

const core_addr *
gst_amt_probe_get_relay (const GstAmtProbe * probe)
{
  return &probe->relay;
}
