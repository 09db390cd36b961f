/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Ethernet frames with a datagram of a channel in them.
 */
#include "attack-frame.h"

#include "ipudp.h"

#define ETHERNET_HEADER 14
#define AMT_PORT 2268
#define AMT_DATA 6              /* version 0, Multicast Data */
#define AMT_DATA_HEADER 2

static guint16
get16 (const guint8 * data)
{
  return (guint16) (data[0] << 8 | data[1]);
}

static void
put16 (guint8 * data, gsize value)
{
  data[0] = (guint8) (value >> 8);
  data[1] = (guint8) value;
}

static gboolean
is_v6 (const AttackFrame * frame, const AttackLayer * layer)
{
  return frame->data[layer->ip] >> 4 == 6;
}

/* Extension headers and options do not occur. */
static gboolean
parse_layer (AttackFrame * frame, gsize ip)
{
  AttackLayer *layer = &frame->layers[frame->n_layers];
  const guint8 *data = frame->data + ip;
  gsize left = frame->len - ip;

  if (left < IP_V6_HEADER + UDP_HEADER)
    return FALSE;
  layer->ip = ip;
  if (data[0] == 0x45 && data[9] == IP_PROTOCOL_UDP)
    layer->udp = ip + IP_V4_HEADER;
  else if (data[0] >> 4 == 6 && data[6] == IP_PROTOCOL_UDP)
    layer->udp = ip + IP_V6_HEADER;
  else
    return FALSE;
  frame->n_layers++;
  return get16 (frame->data + layer->udp + 4) == frame->len - layer->udp;
}

static gboolean
is_to_group (const AttackFrame * frame, const AttackLayer * layer)
{
  const guint8 *ip = frame->data + layer->ip;

  return is_v6 (frame, layer) ? ip[24] == 0xff : ip[16] >> 4 == 0xe;
}

gboolean
attack_frame_parse (AttackFrame * frame, gsize len, guint16 port)
{
  const guint8 *udp;

  frame->len = len;
  frame->n_layers = 0;
  if (len < ETHERNET_HEADER || len >= ATTACK_FRAME_MAX ||
      !parse_layer (frame, ETHERNET_HEADER))
    return FALSE;

  udp = frame->data + frame->layers[0].udp;
  if (get16 (udp) == AMT_PORT && udp[UDP_HEADER] == AMT_DATA &&
      !parse_layer (frame, frame->layers[0].udp + UDP_HEADER + AMT_DATA_HEADER))
    return FALSE;
  udp = frame->data + frame->layers[frame->n_layers - 1].udp;
  return get16 (udp + 2) == port && is_to_group (frame,
      &frame->layers[frame->n_layers - 1]);
}

static gsize
payload_at (const AttackFrame * frame)
{
  return frame->layers[frame->n_layers - 1].udp + UDP_HEADER;
}

guint8 *
attack_frame_payload (AttackFrame * frame)
{
  return frame->data + payload_at (frame);
}

gsize
attack_frame_payload_len (const AttackFrame * frame)
{
  return frame->len - payload_at (frame);
}

void
attack_frame_resize (AttackFrame * frame, gsize payload_len)
{
  g_assert (payload_at (frame) + payload_len <= ATTACK_FRAME_MAX);
  if (payload_len > attack_frame_payload_len (frame))
    frame->data[frame->len] = 0;
  frame->len = payload_at (frame) + payload_len;
}

void
attack_frame_next_source_port (AttackFrame * frame)
{
  guint8 *udp = frame->data + frame->layers[frame->n_layers - 1].udp;

  put16 (udp, get16 (udp) + 1u);
}

static void
seal_layer (AttackFrame * frame, const AttackLayer * layer)
{
  guint8 *ip = frame->data + layer->ip;
  guint8 *udp = frame->data + layer->udp;
  gsize udp_len = frame->len - layer->udp;
  core_ip src, dst;
  guint16 checksum;

  if (is_v6 (frame, layer)) {
    put16 (ip + 4, udp_len);
    src = core_ip_v6 (ip + 8);
    dst = core_ip_v6 (ip + 24);
  } else {
    put16 (ip + 2, frame->len - layer->ip);
    put16 (ip + 10, 0);
    put16 (ip + 10, ip_sum_finish (ip_sum (ip, IP_V4_HEADER, 0)));
    src = core_ip_v4 (ip + 12);
    dst = core_ip_v4 (ip + 16);
  }
  put16 (udp + 4, udp_len);
  put16 (udp + 6, 0);
  checksum = ip_sum_finish (ip_sum (udp, udp_len,
          ip_pseudo_sum (&src, &dst, IP_PROTOCOL_UDP, udp_len)));
  /* RFC 768: 0 would say that there is none. */
  put16 (udp + 6, checksum ? checksum : 0xffff);
}

void
attack_frame_seal (AttackFrame * frame)
{
  /* From the inside out: a checksum covers those within. */
  for (guint i = frame->n_layers; i > 0; i--)
    seal_layer (frame, &frame->layers[i - 1]);
}
