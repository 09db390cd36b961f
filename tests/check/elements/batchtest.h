/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of batches need: a socket with a batch, and a sender.
 */
#pragma once

#include <gst/gst.h>
#include <sys/socket.h>

#include "gstmcbatch.h"
#include "gstmcsocket.h"

G_BEGIN_DECLS

#define BATCH_TEST_MTU 1500
#define BATCH_TEST_SIZE 8

typedef struct
{
  GstMcSocket socket;
  GstMcBatch *batch;
  int sender;
  guint16 sender_port;
} BatchTest;

/* What becomes of the kernel's messages before the batch sees them; NULL, as it
 * is when a test is opened: nothing. */
extern void (*batch_test_alter) (struct msghdr * msg, int value);
extern int batch_test_alter_value;

/* At an address of this host, or at 127.0.0.1. */
void batch_test_open_at (BatchTest * f, const gchar * address, gboolean gro);
void batch_test_open (BatchTest * f, gboolean gro);
void batch_test_close (BatchTest * f);

/* The next datagrams come from a socket of their own. */
void batch_test_open_sender (BatchTest * f);

/* Sends datagrams number, number + 1, ... as one piece that is cut into parts;
 * with part 0 as one datagram.  Their bytes tell which of them is missing. */
void batch_test_send (BatchTest * f, guint number, gsize len, guint16 part);

/* Receives so many: on the loopback interface what was sent is there. */
void batch_test_expect (BatchTest * f, gint n);

/* The next datagram, which is that one.  Returns: (transfer full) */
GstBuffer *batch_test_take_next (BatchTest * f, guint number, gsize len);

/* Whether bytes are those of a datagram, or of its beginning. */
gboolean batch_test_is_filled (const guint8 * data, guint number, gsize len);
void batch_test_check_buffer (GstBuffer * buffer, guint number, gsize len);

/* Where the slot or block begins in which a buffer lies. */
gpointer batch_test_block_of (GstBuffer * buffer);
gsize batch_test_memory_held (GstBuffer * buffer);

G_END_DECLS
