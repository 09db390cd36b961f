/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What tests of ambihttpsink share: certificates, a sink that plays, clients.
 */
#pragma once

#include <curl/curl.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include "usage.h"

/* Names of files of a certificate authority and of what it signed, made once
 * by http_test_begin (). */
typedef struct
{
  gchar *dir;
  gchar *ca;
  gchar *certificate;
  gchar *key;
  gchar *both;                  /* certificate and key */
  gchar *other_key;             /* of the authority */
  gchar *encrypted_key;
} HttpFiles;

extern HttpFiles http_files;

/* Around all tests of a program. */
void http_test_begin (void);
void http_test_end (void);

/* A sink on any free port of the loopback address with those certificates, and
 * further properties. */
GstElement *http_sink_new (const gchar * first, ...) G_GNUC_NULL_TERMINATED;

/* Takes the sink and lets it play. */
GstHarness *http_harness_new (GstElement * sink);
guint http_port (GstElement * sink);
guint64 http_stat (GstElement * sink, const gchar * name);
void http_wait_stat (GstElement * sink, const gchar * name, guint64 value);

/* Manifest n: its bytes follow from n, and begin with what no other part of any
 * has. */
GstBuffer *http_make_manifest (guint n, gsize len);
void http_push (GstHarness * h, guint first, guint count, gsize len);

/* A request in a thread of its own. */
typedef struct
{
  GThread *thread;
  CURL *curl;
  gchar url[128];
  guint usleep;                 /* before each piece is taken */
  gint cancel;                  /* atomic */

  GMutex lock;                  /* all below */
  GCond cond;
  GByteArray *body;
  GString *headers;
  gboolean done;
  CURLcode result;
  glong status;
} HttpClient;

/* Makes a client, whose curl handle may be given options before it starts. */
HttpClient *http_client_new (guint port, const gchar * path);
void http_client_start (HttpClient * client);

/* Both, and waits until it has been answered. */
HttpClient *http_client_connect (GstElement * sink, const gchar * path);

/* Waits for so many bytes of body; for the end of the response. */
void http_client_wait_bytes (HttpClient * client, gsize n);
void http_client_wait_done (HttpClient * client);

/* The body must be those manifests, or begin with them. */
void http_client_expect (HttpClient * client, guint first, guint count,
    gsize len);

/* Disconnects, unless it is done. */
void http_client_free (HttpClient * client);

/* A connection that has sent a request, and that nobody reads from. */
CURL *http_silent_new (guint port, const gchar * path);

/* Reads what is there until the other side has closed the connection. */
void http_silent_wait_closed (CURL * silent);
