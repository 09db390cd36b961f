/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A network of the test's own, in which it is root, and a sender of multicast
 * in it.
 */
#pragma once

#include <gst/check/gstcheck.h>
#include <sys/socket.h>

/* The main () of a test of elements, with NAME_suite () as GST_CHECK_MAIN ()
 * has it, in a network that has nothing but loopback.  The test is skipped
 * where the system does not permit that. */
#define PRIVATE_NET_MAIN(name) \
  int main (int argc, char **argv) \
  { \
    return private_net_main (argc, argv, name ## _suite, # name, __FILE__); \
  }

int private_net_main (int argc, char **argv, Suite * (*make_suite) (void),
    const gchar * name, const gchar * file);

typedef struct
{
  int fd;
  struct sockaddr_storage to;
  socklen_t to_len;
  guint16 port;                 /* its own */
} Sender;

/* A socket with that address of this host that sends to group and port by the
 * interface. */
void sender_open (Sender * sender, const gchar * source,
    const gchar * iface, const gchar * group, guint port);
void sender_close (Sender * sender);

/* Sends payloads number first to first + n - 1. */
void sender_send (Sender * sender, guint32 first, guint n, gsize len);

/* Runs a shell command line that must succeed; a printf () format.  It stands
 * last because the formatter indents what follows an attribute. */
void
private_net_run (const gchar * format, ...)
G_GNUC_PRINTF (1, 2);
