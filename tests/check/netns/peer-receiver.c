/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Receives numbered datagrams through an amtsrc or ssmsrc and looks at each.
 */
#include "netns-peer.h"

#include <string.h>

/* Numbers of one sender that are kept in mind. */
#define NUMBERS_MAX (1u << 24)

/* A silence worth telling. */
#define GAP_US (500 * 1000)

struct _PeerReceiver
{
  GstElement *src;
  GstElement *verify;           /* NULL: everything passes */
  GstElement *sink;
  guint64 channel;
  guint64 secret;
  guint64 source_port;          /* 0: any */

  PeerJudge *before;            /* of what comes to ambiverify */
  PeerJudge *judge;             /* of what has passed */

  GMutex lock;                  /* of all below, and of both judges */
  guint64 packets;
  guint64 lists;
  guint64 foreign;              /* of another channel */
  guint64 damaged;
  guint64 lost;                 /* numbers skipped */
  guint64 late;                 /* numbers lower than one before */
  guint8 *seen;                 /* a bit each, of this epoch */
  guint64 first;                /* of this epoch */
  guint64 unique;
  guint64 duplicates;
  guint64 channels;             /* multicast-channel events */
  gchar *delivery;              /* of the last of them */
  guint64 epochs;
  guint64 disconts;             /* but for the first buffer */
  guint64 bad_stamps;           /* no PTS, or one before the last */
  guint64 stamps;               /* that differ from the one before */
  guint64 gaps;
  gint64 gap_us;                /* the last one */
  gint64 gap_end_us;            /* Unix time of its end */
  gint64 longest_us;            /* between two packets */
  gint64 first_us;              /* Unix time of the first packet */
  gint64 last_us;
  guint32 epoch;
  guint64 next;
  GstClockTime stamp;
};

static void
look_at_stamp (PeerReceiver * r, GstBuffer * buffer)
{
  GstClockTime pts = GST_BUFFER_PTS (buffer);

  if (!GST_CLOCK_TIME_IS_VALID (pts) ||
      (GST_CLOCK_TIME_IS_VALID (r->stamp) && pts < r->stamp))
    r->bad_stamps++;
  else if (pts != r->stamp) {
    r->stamps++;
    r->stamp = pts;
  }
  if (r->packets > 0 && GST_BUFFER_FLAG_IS_SET (buffer,
          GST_BUFFER_FLAG_DISCONT))
    r->disconts++;
}

static void
look_at_time (PeerReceiver * r, gint64 now)
{
  gint64 silence = now - r->last_us;

  if (r->packets == 0) {
    r->first_us = now;
  } else {
    r->longest_us = MAX (r->longest_us, silence);
    if (silence > GAP_US) {
      r->gaps++;
      r->gap_us = silence;
      r->gap_end_us = now;
    }
  }
  r->last_us = now;
}

/* Which numbers came, and which came twice. */
static void
look_up_number (PeerReceiver * r, guint64 number)
{
  guint8 bit = (guint8) (1 << number % 8);

  if (number >= NUMBERS_MAX)
    g_error ("too many datagrams to remember");
  if (r->seen[number / 8] & bit) {
    r->duplicates++;
    return;
  }
  r->seen[number / 8] |= bit;
  r->unique++;
  r->first = MIN (r->first, number);
}

static void
look_at_number (PeerReceiver * r, const GstMapInfo * map)
{
  guint64 number;
  guint32 channel, epoch;

  if (map->size < PEER_PAYLOAD_MIN) {
    r->damaged++;
    return;
  }
  /* A payload stands anywhere in memory, which GST_READ_* does not like. */
  memcpy (&number, map->data, sizeof (number));
  memcpy (&channel, map->data + PEER_CHANNEL_AT, sizeof (channel));
  memcpy (&epoch, map->data + PEER_EPOCH_AT, sizeof (epoch));
  number = GUINT64_FROM_BE (number);
  if (GUINT32_FROM_BE (channel) != r->channel) {
    r->foreign++;
    return;
  }
  if (map->data[map->size - 1] != (guint8) number) {
    r->damaged++;
    return;
  }
  if (r->epochs == 0 || epoch != r->epoch) {
    r->epochs++;
    r->epoch = epoch;
    r->next = number;
    r->first = number;
    r->unique = 0;
    memset (r->seen, 0, NUMBERS_MAX / 8);
  }
  look_up_number (r, number);
  if (number < r->next) {
    r->late++;
    return;
  }
  r->lost += number - r->next;
  r->next = number + 1;
}

static void
look_at (PeerReceiver * r, GstBuffer * buffer, gint64 now)
{
  GstMapInfo map;

  look_at_stamp (r, buffer);
  look_at_time (r, now);
  /* What is not genuine has no number to speak of. */
  if (r->judge == NULL || peer_judge_buffer (r->judge, buffer) == PEER_GENUINE) {
    gst_buffer_map (buffer, &map, GST_MAP_READ);
    look_at_number (r, &map);
    gst_buffer_unmap (buffer, &map);
  }
  r->packets++;
}

static void
look_at_event (PeerReceiver * r, GstEvent * event)
{
  const GstStructure *s = gst_event_get_structure (event);

  if (s == NULL || !gst_structure_has_name (s, "multicast-channel"))
    return;
  r->channels++;
  g_free (r->delivery);
  r->delivery = g_strdup (gst_structure_get_string (s, "delivery"));
}

static GstPadProbeReturn
on_data (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  PeerReceiver *r = data;
  gint64 now = g_get_real_time ();

  g_mutex_lock (&r->lock);
  if (info->type & GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM) {
    look_at_event (r, GST_PAD_PROBE_INFO_EVENT (info));
  } else if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    r->lists++;
    for (guint i = 0; i < gst_buffer_list_length (list); i++)
      look_at (r, gst_buffer_list_get (list, i), now);
  } else {
    r->lists++;
    look_at (r, GST_PAD_PROBE_INFO_BUFFER (info), now);
  }
  g_mutex_unlock (&r->lock);
  return GST_PAD_PROBE_OK;
}

/* What comes to ambiverify. */
static GstPadProbeReturn
on_input (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  PeerReceiver *r = data;

  g_mutex_lock (&r->lock);
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER_LIST) {
    GstBufferList *list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);

    for (guint i = 0; i < gst_buffer_list_length (list); i++)
      peer_judge_buffer (r->before, gst_buffer_list_get (list, i));
  } else {
    peer_judge_buffer (r->before, GST_PAD_PROBE_INFO_BUFFER (info));
  }
  g_mutex_unlock (&r->lock);
  return GST_PAD_PROBE_OK;
}

static void
add_probe (PeerReceiver * r, GstElement * element, GstPadProbeType type,
    GstPadProbeCallback callback)
{
  GstPad *pad = gst_element_get_static_pad (element, "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER |
      GST_PAD_PROBE_TYPE_BUFFER_LIST | type, callback, r, NULL);
  gst_object_unref (pad);
}

PeerReceiver *
peer_receiver_new (GstBin * pipeline, const gchar * element)
{
  PeerReceiver *r = g_new0 (PeerReceiver, 1);

  r->channel = 1;
  r->stamp = GST_CLOCK_TIME_NONE;
  g_mutex_init (&r->lock);
  r->seen = g_malloc0 (NUMBERS_MAX / 8);
  r->src = gst_element_factory_make (element, NULL);
  r->sink = gst_element_factory_make ("fakesink", NULL);
  if (r->src == NULL || r->sink == NULL)
    g_error ("no %s or no fakesink", element);
  /* Unless the test says otherwise, it is the tunnel that is tested. */
  if (g_str_equal (element, "amtsrc"))
    gst_util_set_object_arg (G_OBJECT (r->src), "delivery", "tunnel");
  g_object_set (r->sink, "async", FALSE, "sync", FALSE, NULL);
  gst_bin_add_many (pipeline, r->src, r->sink, NULL);
  if (!gst_element_link (r->src, r->sink))
    g_error ("source and fakesink cannot be linked");
  add_probe (r, r->sink, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_data);
  return r;
}

static void
insert_verify (PeerReceiver * r)
{
  GstObject *pipeline = gst_object_get_parent (GST_OBJECT (r->src));

  r->verify = gst_element_factory_make ("ambiverify", NULL);
  if (r->verify == NULL || !gst_bin_add (GST_BIN (pipeline), r->verify))
    g_error ("no ambiverify");
  gst_object_unref (pipeline);
  gst_element_unlink (r->src, r->sink);
  if (!gst_element_link_many (r->src, r->verify, r->sink, NULL))
    g_error ("ambiverify cannot be linked");
  r->before = peer_judge_new ();
  r->judge = peer_judge_new ();
  add_probe (r, r->verify, 0, on_input);
}

gboolean
peer_receiver_set (PeerReceiver * r, const gchar * key, const gchar * value)
{
  if (g_str_equal (key, "channel"))
    return peer_parse_uint (value, &r->channel);
  if (g_str_equal (key, "secret"))
    return peer_parse_uint (value, &r->secret);
  if (g_str_equal (key, "source-port"))
    return peer_parse_uint (value, &r->source_port);
  if (!g_str_has_prefix (key, "verify."))
    return peer_set_property (r->src, key, value);
  if (r->verify == NULL)
    insert_verify (r);
  return peer_set_property (r->verify, key + strlen ("verify."), value);
}

void
peer_receiver_prepare (PeerReceiver * r)
{
  if (r->verify == NULL)
    return;
  peer_judge_expect (r->before, r->secret, (guint32) r->channel,
      (guint) r->source_port);
  peer_judge_expect (r->judge, r->secret, (guint32) r->channel,
      (guint) r->source_port);
}

/* Numbers between the first and the last that never came. */
static guint64
count_missing (const PeerReceiver * r)
{
  return r->epochs == 0 ? 0 : r->next - r->first - r->unique;
}

void
peer_receiver_append_status (PeerReceiver * r, GString * out)
{
  g_mutex_lock (&r->lock);
  {
    const struct
    {
      const gchar *key;
      guint64 value;
    } fields[] = {
      {"packets", r->packets}, {"lists", r->lists}, {"foreign", r->foreign},
      {"damaged", r->damaged}, {"lost", r->lost}, {"late", r->late},
      {"duplicates", r->duplicates}, {"missing", count_missing (r)},
      {"channels", r->channels},
      {"epochs", r->epochs}, {"disconts", r->disconts},
      {"bad-stamps", r->bad_stamps}, {"stamps", r->stamps}, {"gaps", r->gaps},
      {"next", r->next},
      {"gap-us", (guint64) r->gap_us}, {"gap-end-us", (guint64) r->gap_end_us},
      {"longest-us", (guint64) r->longest_us},
      {"first-us", (guint64) r->first_us}, {"last-us", (guint64) r->last_us}
    };

    for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
      g_string_append_printf (out, "%s=%" G_GUINT64_FORMAT "\n", fields[i].key,
          fields[i].value);
  }
  g_string_append_printf (out, "told-delivery=%s\n",
      r->delivery ? r->delivery : "");
  /* In one moment: what has passed is among what had come. */
  if (r->verify) {
    peer_judge_append (r->before, out, "in-");
    peer_judge_append (r->judge, out, "");
  }
  g_mutex_unlock (&r->lock);
  peer_append_stats (out, "", r->src);
  if (r->verify)
    peer_append_stats (out, "verify.", r->verify);
}

void
peer_receiver_free (PeerReceiver * r)
{
  g_mutex_clear (&r->lock);
  g_clear_pointer (&r->before, peer_judge_free);
  g_clear_pointer (&r->judge, peer_judge_free);
  g_free (r->seen);
  g_free (r->delivery);
  g_free (r);
}
