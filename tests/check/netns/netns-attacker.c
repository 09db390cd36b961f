/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Sits between sender and receiver, sees all that passes, and adds datagrams of
 * its own: made up ones, altered copies and replays, each with the addresses,
 * ports and checksums of a genuine one, in an AMT tunnel or natively.
 *
 *   netns-attacker status=FILE iface=DEVICE port=PORT [KEY=VALUE...]
 *
 * DEVICE is a port of a bridge, at the receiver's side.  The keys forged,
 * altered and replayed are rates in datagrams a second; seed is that of its
 * dice.  It begins with the first datagram it has seen, and ends in good order
 * with SIGTERM.
 */
#include "attack-frame.h"
#include "peer-payload.h"

#include <errno.h>
#include <glib-unix.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 1
#define PUBLISH_TICKS 20

/* What it can replay: the last seconds of the stream. */
#define MEMORY (1u << 14)

/* Nobody sends more at once. */
#define BURST_MAX 256

typedef enum
{
  FORGED,
  ALTERED,
  REPLAYED,
  N_ATTACKS
} AttackType;

static const gchar *const attack_names[N_ATTACKS] = {
  "forged", "altered", "replayed"
};

typedef struct
{
  GMainLoop *loop;
  const gchar *status_file;
  const gchar *iface;
  guint64 port;
  guint64 rates[N_ATTACKS];
  guint64 seed;

  GRand *dice;
  gint fd;
  AttackFrame *memory;          /* MEMORY of them, the oldest is overwritten */
  guint64 seen;
  guint64 sent[N_ATTACKS];
  guint64 skipped[N_ATTACKS];   /* not sent because it was late */
  guint64 refused;              /* by the kernel */
  guint64 altered_kinds;        /* takes its turn among them */
  gint64 begin_us;              /* of the attack */
  guint ticks;
  gboolean ended;
} Attacker;

static gboolean
publish (Attacker * a)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_string_append_printf (out, "seen=%" G_GUINT64_FORMAT "\nrefused=%"
      G_GUINT64_FORMAT "\nended=%d\n", a->seen, a->refused, a->ended);
  for (guint i = 0; i < N_ATTACKS; i++)
    g_string_append_printf (out, "%s=%" G_GUINT64_FORMAT "\nskipped-%s=%"
        G_GUINT64_FORMAT "\n", attack_names[i], a->sent[i], attack_names[i],
        a->skipped[i]);
  if (!g_file_set_contents_full (a->status_file, out->str, (gssize) out->len,
          G_FILE_SET_CONTENTS_CONSISTENT, 0644, &error))
    g_error ("%s", error->message);
  return TRUE;
}

/* --- what passes --- */

static void
open_socket (Attacker * a)
{
  struct sockaddr_ll address = {
    .sll_family = AF_PACKET,
    .sll_protocol = htons (ETH_P_ALL),
    .sll_ifindex = (int) if_nametoindex (a->iface)
  };
  int size = 8 << 20;

  a->fd = socket (AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
      htons (ETH_P_ALL));
  if (a->fd < 0 || bind (a->fd, (struct sockaddr *) &address,
          sizeof (address)) != 0)
    g_error ("%s: %s", a->iface, g_strerror (errno));
  setsockopt (a->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof (size));
}

/* The kernel does not show a socket what it sent itself. */
static void
watch (Attacker * a)
{
  for (;;) {
    AttackFrame *frame = &a->memory[a->seen % MEMORY];
    struct sockaddr_ll from = { 0 };
    socklen_t from_len = sizeof (from);
    gssize n = recvfrom (a->fd, frame->data, ATTACK_FRAME_MAX, 0,
        (struct sockaddr *) &from, &from_len);

    if (n < 0)
      break;
    if (from.sll_pkttype == PACKET_OUTGOING && attack_frame_parse (frame,
            (gsize) n, (guint16) a->port)
        && attack_frame_payload_len (frame) >= PEER_PAYLOAD_MIN)
      a->seen++;
  }
}

/* One of those in memory; the newer ones are preferred, so that some of them
 * race with the genuine one. */
static const AttackFrame *
pick (Attacker * a)
{
  guint64 n = MIN (a->seen, MEMORY - 1);
  guint64 range = g_rand_boolean (a->dice) ? n : MIN (n, 16);

  return &a->memory[(a->seen - 1 - (guint64) g_rand_int_range (a->dice, 0,
              (gint32) range)) % MEMORY];
}

/* --- attacks --- */

/* A datagram of the channel, with the number of one that is still to come. */
static void
forge (Attacker * a, AttackFrame * frame)
{
  guint8 *payload = attack_frame_payload (frame);
  gsize len = attack_frame_payload_len (frame);
  guint64 number;

  memcpy (&number, payload, sizeof (number));
  number = GUINT64_FROM_BE (number) +
      (guint64) g_rand_int_range (a->dice, 0, 1000);
  number = GUINT64_TO_BE (number);
  memcpy (payload, &number, sizeof (number));
  for (gsize i = PEER_FILLER_AT; i < len; i++)
    payload[i] = (guint8) g_rand_int (a->dice);
  memcpy (payload + PEER_FILLER_AT, PEER_FORGED_MARK, MIN (len -
          PEER_FILLER_AT, sizeof (PEER_FORGED_MARK)));
}

static void
alter (Attacker * a, AttackFrame * frame)
{
  guint8 *payload = attack_frame_payload (frame);
  gsize len = attack_frame_payload_len (frame);

  switch (a->altered_kinds++ % 5) {
    case 0:
      attack_frame_resize (frame, len - 1);
      break;
    case 1:
      attack_frame_resize (frame, len + 1);
      break;
    case 2:
      attack_frame_next_source_port (frame);
      break;
    default:
      payload[g_rand_int_range (a->dice, 0, (gint32) len)] ^=
          (guint8) (1 << g_rand_int_range (a->dice, 0, 8));
      break;
  }
}

static void
attack (Attacker * a, AttackType type)
{
  AttackFrame frame = *pick (a);

  if (type == FORGED)
    forge (a, &frame);
  else if (type == ALTERED)
    alter (a, &frame);
  if (type != REPLAYED)
    attack_frame_seal (&frame);
  if (send (a->fd, frame.data, frame.len, 0) < 0)
    a->refused++;
  else
    a->sent[type]++;
}

/* What is due by now; a held up attacker does not make up for all of it. */
static void
attack_all (Attacker * a)
{
  guint64 elapsed = (guint64) (g_get_monotonic_time () - a->begin_us);

  for (guint i = 0; i < N_ATTACKS; i++) {
    guint64 done = a->sent[i] + a->skipped[i];
    guint64 due = elapsed * a->rates[i] / G_USEC_PER_SEC;
    guint64 n = due > done ? due - done : 0;

    if (n > BURST_MAX) {
      a->skipped[i] += n - BURST_MAX;
      n = BURST_MAX;
    }
    while (n-- > 0)
      attack (a, (AttackType) i);
  }
}

static gboolean
on_tick (gpointer data)
{
  Attacker *a = data;

  watch (a);
  if (a->seen > 1) {
    if (a->begin_us == 0)
      a->begin_us = g_get_monotonic_time ();
    attack_all (a);
  }
  if (a->ticks++ % PUBLISH_TICKS == 0)
    publish (a);
  return G_SOURCE_CONTINUE;
}

/* --- life --- */

static gboolean
on_signal (gpointer data)
{
  g_main_loop_quit (((Attacker *) data)->loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
parse_number (const gchar * text, guint64 * out)
{
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, out, NULL);
}

static gboolean
set_option (Attacker * a, const gchar * argument)
{
  g_auto (GStrv) parts = g_strsplit (argument, "=", 2);

  if (g_strv_length (parts) != 2)
    return FALSE;
  if (g_str_equal (parts[0], "status"))
    a->status_file = strchr (argument, '=') + 1;
  else if (g_str_equal (parts[0], "iface"))
    a->iface = strchr (argument, '=') + 1;
  else if (g_str_equal (parts[0], "port"))
    return parse_number (parts[1], &a->port);
  else if (g_str_equal (parts[0], "seed"))
    return parse_number (parts[1], &a->seed);
  else {
    for (guint i = 0; i < N_ATTACKS; i++)
      if (g_str_equal (parts[0], attack_names[i]))
        return parse_number (parts[1], &a->rates[i]);
    return FALSE;
  }
  return TRUE;
}

int
main (int argc, char **argv)
{
  Attacker a = {.seed = 1 };

  for (int i = 1; i < argc; i++)
    if (!set_option (&a, argv[i]))
      g_error ("\"%s\" is not understood", argv[i]);
  if (a.status_file == NULL || a.iface == NULL || a.port == 0)
    g_error ("usage: netns-attacker status=FILE iface=DEVICE port=PORT ...");

  a.loop = g_main_loop_new (NULL, FALSE);
  a.dice = g_rand_new_with_seed ((guint32) a.seed);
  a.memory = g_new (AttackFrame, MEMORY);
  open_socket (&a);
  publish (&a);
  g_unix_signal_add (SIGTERM, on_signal, &a);
  g_unix_signal_add (SIGINT, on_signal, &a);
  g_timeout_add (TICK_MS, on_tick, &a);
  g_main_loop_run (a.loop);

  a.ended = TRUE;
  publish (&a);
  close (a.fd);
  g_free (a.memory);
  g_rand_free (a.dice);
  g_main_loop_unref (a.loop);
  return 0;
}
