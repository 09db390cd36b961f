/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Makes and judges the datagrams of the namespace tests.
 */
#include "peer-payload.h"

#include <gio/gio.h>
#include <gst/net/gstnetaddressmeta.h>
#include <string.h>

/* Numbers of one epoch that are kept in mind, and epochs. */
#define NUMBERS_MAX (1u << 24)
#define EPOCHS_MAX 8
#define PAYLOAD_MAX 65536

/* A datagram's words of filler follow one another as the states of a
 * generator (splitmix64); the steps are cheap and each bit counts. */
static guint64
mix (guint64 x)
{
  x = (x ^ (x >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return x ^ (x >> 31);
}

static void
fill_with_secret (guint8 * data, gsize size, guint64 seed)
{
  for (gsize i = 0; i < size; i += sizeof (guint64)) {
    guint64 word;

    seed += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
    word = mix (seed);
    memcpy (data + i, &word, MIN (sizeof (word), size - i));
  }
}

void
peer_payload_fill (guint8 * data, gsize size, guint64 number, guint32 channel,
    guint32 epoch, guint64 secret)
{
  guint64 be_number = GUINT64_TO_BE (number);
  guint32 be_channel = GUINT32_TO_BE (channel);
  guint32 be_epoch = GUINT32_TO_BE (epoch);

  if (secret) {
    guint64 seed = mix (mix (mix (secret ^ number) ^ ((guint64) channel << 32 |
                epoch)) ^ size);

    fill_with_secret (data + PEER_FILLER_AT, size - PEER_FILLER_AT, seed);
  } else {
    memset (data, 0x5a, size);
  }
  memcpy (data, &be_number, sizeof (be_number));
  memcpy (data + PEER_CHANNEL_AT, &be_channel, sizeof (be_channel));
  memcpy (data + PEER_EPOCH_AT, &be_epoch, sizeof (be_epoch));
  data[size - 1] = (guint8) number;
}

/* --- the judge --- */

typedef struct
{
  guint32 epoch;
  guint8 *seen;                 /* a bit each */
} Epoch;

struct _PeerJudge
{
  guint64 secret;
  guint32 channel;
  guint port;

  Epoch epochs[EPOCHS_MAX];
  guint n_epochs;
  guint64 counts[PEER_N_CLASSES];
  guint64 first;
  guint8 scratch[PAYLOAD_MAX];
};

PeerJudge *
peer_judge_new (void)
{
  return g_new0 (PeerJudge, 1);
}

void
peer_judge_free (PeerJudge * judge)
{
  for (guint i = 0; i < judge->n_epochs; i++)
    g_free (judge->epochs[i].seen);
  g_free (judge);
}

void
peer_judge_expect (PeerJudge * judge, guint64 secret, guint32 channel,
    guint port)
{
  judge->secret = secret;
  judge->channel = channel;
  judge->port = port;
}

static guint8 *
find_epoch (PeerJudge * judge, guint32 epoch)
{
  for (guint i = 0; i < judge->n_epochs; i++)
    if (judge->epochs[i].epoch == epoch)
      return judge->epochs[i].seen;

  if (judge->n_epochs == EPOCHS_MAX)
    g_error ("too many runs of a sender to remember");
  judge->epochs[judge->n_epochs].epoch = epoch;
  judge->epochs[judge->n_epochs].seen = g_malloc0 (NUMBERS_MAX / 8);
  return judge->epochs[judge->n_epochs++].seen;
}

/* Byte for byte what the sender makes of these three numbers. */
static PeerClass
classify (PeerJudge * judge, const guint8 * data, gsize size)
{
  guint64 number;
  guint32 channel, epoch;
  guint8 *seen, bit;

  if (size < PEER_PAYLOAD_MIN || size > PAYLOAD_MAX)
    return PEER_ALTERED;
  if (memcmp (data + PEER_FILLER_AT, PEER_FORGED_MARK,
          MIN (sizeof (PEER_FORGED_MARK), size - PEER_FILLER_AT)) == 0)
    return PEER_FORGED;

  memcpy (&number, data, sizeof (number));
  memcpy (&channel, data + PEER_CHANNEL_AT, sizeof (channel));
  memcpy (&epoch, data + PEER_EPOCH_AT, sizeof (epoch));
  number = GUINT64_FROM_BE (number);
  channel = GUINT32_FROM_BE (channel);
  epoch = GUINT32_FROM_BE (epoch);
  if (channel != judge->channel)
    return PEER_ALTERED;
  peer_payload_fill (judge->scratch, size, number, channel, epoch,
      judge->secret);
  if (memcmp (judge->scratch, data, size) != 0)
    return PEER_ALTERED;
  if (number & PEER_UNLISTED)
    return PEER_UNLISTED_DATAGRAM;

  if (number >= NUMBERS_MAX)
    g_error ("too many datagrams to remember");
  seen = find_epoch (judge, epoch) + number / 8;
  bit = (guint8) (1 << number % 8);
  if (*seen & bit)
    return PEER_REPLAYED;
  *seen |= bit;
  return PEER_GENUINE;
}

static gboolean
is_from_port (GstBuffer * buffer, guint port)
{
  GstNetAddressMeta *meta = gst_buffer_get_net_address_meta (buffer);

  return port == 0 || meta == NULL || (G_IS_INET_SOCKET_ADDRESS (meta->addr) &&
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (meta->addr)) ==
      port);
}

PeerClass
peer_judge_buffer (PeerJudge * judge, GstBuffer * buffer)
{
  PeerClass class = PEER_ALTERED;
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  if (is_from_port (buffer, judge->port))
    class = classify (judge, map.data, map.size);
  if (class == PEER_GENUINE && judge->counts[PEER_GENUINE] == 0) {
    memcpy (&judge->first, map.data, sizeof (judge->first));
    judge->first = GUINT64_FROM_BE (judge->first);
  }
  gst_buffer_unmap (buffer, &map);
  judge->counts[class]++;
  return class;
}

void
peer_judge_append (const PeerJudge * judge, GString * out, const gchar * prefix)
{
  static const gchar *const names[PEER_N_CLASSES] = {
    "genuine", "replayed", "unlisted", "forged", "altered"
  };

  for (guint i = 0; i < PEER_N_CLASSES; i++)
    g_string_append_printf (out, "%s%s=%" G_GUINT64_FORMAT "\n", prefix,
        names[i], judge->counts[i]);
  g_string_append_printf (out, "%sfirst=%" G_GUINT64_FORMAT "\n", prefix,
      judge->first);
}
