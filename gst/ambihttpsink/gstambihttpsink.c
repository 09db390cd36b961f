/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The element ambihttpsink: serves AMBI manifests over HTTPS.
 */

/**
 * SECTION:element-ambihttpsink
 * @title: ambihttpsink
 *
 * ambihttpsink serves the manifests that `ambisign` makes to any number of
 * receivers. It is an HTTPS server: a GET of #GstAmbiHttpSink:path is answered
 * by a body without end, of type `application/ambi`, in which one manifest
 * follows the other (draft-ietf-mboned-ambi-05 §4.2). One buffer is one
 * manifest.
 *
 * A client that connects gets the manifests of the last
 * #GstAmbiHttpSink:history, because packets that they list may still be on
 * their way, and then each new one as it comes; it begins with a whole
 * manifest. A client that falls more than #GstAmbiHttpSink:max-lag behind is
 * cut off; it does not slow down others, nor the pipeline.
 *
 * The sink neither waits for the clock nor holds up the preroll of a pipeline
 * (`sync` and `async` are false). In PAUSED clients stay connected and get
 * nothing.
 *
 * ## Answers
 *
 * * `200`: the manifests, in chunks, with `Cache-Control: no-store`. They end
 *   with EOS, when all is sent, and when the stream is replaced by one with
 *   another `stream-id` or `hash-algorithm` in its caps.
 * * `404`: another path. `405`: another method than GET or HEAD.
 * * `503` with `Retry-After`: #GstAmbiHttpSink:max-clients are there, or EOS
 *   was longer ago than #GstAmbiHttpSink:history.
 *
 * TLS is 1.2 or 1.3, HTTP is 1.1. The files are read when the sink starts: a
 * certificate that was renewed is used from the next start on.
 *
 * When the sink stops, all connections are closed at once. Between EOS and the
 * stop clients get the rest, as long as they are not #GstAmbiHttpSink:max-lag
 * behind.
 *
 * ## Shared ports
 *
 * Sinks of one process with the same #GstAmbiHttpSink:address and
 * #GstAmbiHttpSink:port, which is not 0, share one server and need different
 * paths: so the streams of a rotation are served side by side. They must have
 * the same #GstAmbiHttpSink:certificate and #GstAmbiHttpSink:private-key;
 * #GstAmbiHttpSink:max-clients is that of the sink that started first, for all
 * of them, and so is the time after which a connection is closed that does
 * nothing.
 *
 * ## More clients, HTTP/2, certificates that renew themselves
 *
 * Each client takes a file descriptor and some 50 kB. A quarter of what the
 * process may open (`ulimit -n`) is left to others; when that leaves less than
 * #GstAmbiHttpSink:max-clients, a message of type INFO says so. A web server
 * can stand in front, for example nginx; it must not buffer:
 * |[
 * location = /stream.ambi {
 *   proxy_pass https://127.0.0.1:8443;
 *   proxy_http_version 1.1;
 *   proxy_buffering off;
 *   proxy_read_timeout 30s;
 * }
 * ]|
 *
 * ## Messages
 *
 * * ERROR, `GST_RESOURCE_ERROR_SETTINGS`, when starting: a property is missing
 *   or wrong, a file cannot be read or does not fit.
 *   `GST_RESOURCE_ERROR_OPEN_WRITE`: the port is in use or not permitted. The
 *   text names the property and the remedy.
 * * WARNING, `GST_RESOURCE_ERROR_SETTINGS`, once from start to stop: a buffer
 *   was bigger than #GstAmbiHttpSink:max-bytes.
 * * INFO, `GST_RESOURCE_ERROR_SETTINGS`, when starting: there is room for fewer
 *   clients than #GstAmbiHttpSink:max-clients.
 *
 * Nothing that clients do ends the stream.
 *
 * ## Statistics
 *
 * #GstAmbiHttpSink:stats is a structure `application/x-multicast-stats`. All
 * fields are #guint64 unless said, count from the last start and only grow,
 * except `clients` and those with `buffered`.
 *
 * * `manifests-in`, `bytes-in`: buffers taken, and their bytes.
 * * `dropped-empty`, `dropped-too-big`: those that were not served.
 * * `clients`: connected to this path now. `clients-served`: since the start.
 * * `clients-cut`: those that were too far behind. `clients-ended`: those that
 *   got a stream to its end. The others left.
 * * `bytes-sent`: bytes of manifests given to connections.
 * * `buffered-manifests`, `buffered-bytes`: kept for clients; the bytes with
 *   512 for each besides its own.
 *
 * Of the server, which other sinks may share:
 *
 * * `refused-full`, `refused-not-found`, `refused-method`: answers 503, 404,
 *   405.
 * * `port` (#guint): its port, 0 while stopped.
 *
 * ## Security
 *
 * Manifests are only as trustworthy as the way they come by, so there is no
 * service without TLS. The private key is wiped from memory when it was given
 * to the TLS library. The server takes no input besides the request line and
 * headers, of which 16 KiB are looked at. Memory is bounded by
 * #GstAmbiHttpSink:max-clients, with 64 connections more for those that are
 * still shaking hands or refused, and #GstAmbiHttpSink:max-bytes; a connection
 * that does nothing is closed after #GstAmbiHttpSink:max-lag. Whoever reaches
 * the port can take up places; use a firewall or a web server in front to limit
 * them by address.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! x264enc tune=zerolatency ! mpegtsmux alignment=7 ! ambisign name=s source=192.0.2.10 group=232.1.1.1 ! amtrelaysink source=192.0.2.10 group=232.1.1.1 s.manifest ! ambihttpsink certificate=server.pem private-key=server.key
 * ]| Serves a test picture to AMT gateways, and its manifests on port 8443.
 * |[
 * curl --cacert ca.pem https://localhost:8443/stream.ambi --output manifests.ambi
 * ]| Fetches the manifests.
 *
 * Since: 0.1
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "gstambihttpsink.h"

#include <string.h>

#include "gstambiserver.h"
#include "gstmcchannel.h"
#include "gstmcstats.h"

#define DEFAULT_ADDRESS NULL
#define DEFAULT_PORT 8443
#define DEFAULT_PATH "/stream.ambi"
#define DEFAULT_CERTIFICATE NULL
#define DEFAULT_PRIVATE_KEY NULL
#define DEFAULT_MAX_CLIENTS 1024
#define DEFAULT_HISTORY (2 * GST_SECOND)
#define DEFAULT_MAX_LAG (10 * GST_SECOND)
#define DEFAULT_MAX_BYTES (64 * 1024 * 1024)

#define MAX_DURATION (3600 * GST_SECOND)

enum
{
  PROP_0,
  PROP_ADDRESS,
  PROP_PORT,
  PROP_USED_PORT,
  PROP_PATH,
  PROP_CERTIFICATE,
  PROP_PRIVATE_KEY,
  PROP_MAX_CLIENTS,
  PROP_HISTORY,
  PROP_MAX_LAG,
  PROP_MAX_BYTES,
  PROP_STATS,
  N_PROPERTIES
};

struct _GstAmbiHttpSink
{
  GstBaseSink parent;

  /* under the object lock */
  GstAmbiHttpSettings settings;
  guint used_port;

  /* Lock order: this, then the server's.  Guards the feed against readers of
   * the statistics; the streaming thread needs no lock. */
  GMutex feed_lock;
  GstAmbiFeed *feed;
  GstAmbiHttpStats last_stats;  /* of the feed closed by stop () */

  /* the streaming thread's own */
  gint64 stream_id;             /* of the caps; -1: none */
  gchar *hash_algorithm;        /* likewise; NULL: none */
  gboolean have_caps;
  gboolean warned;
};

static GParamSpec *properties[N_PROPERTIES];

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/ambi"));

GST_DEBUG_CATEGORY (gst_ambi_http_sink_debug);
#define GST_CAT_DEFAULT gst_ambi_http_sink_debug

static void gst_ambi_http_sink_finalize (GObject * object);
static void gst_ambi_http_sink_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec);
static void gst_ambi_http_sink_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec);
static gboolean gst_ambi_http_sink_start (GstBaseSink * base);
static gboolean gst_ambi_http_sink_stop (GstBaseSink * base);
static gboolean gst_ambi_http_sink_set_caps (GstBaseSink * base,
    GstCaps * caps);
static gboolean gst_ambi_http_sink_event (GstBaseSink * base, GstEvent * event);
static GstFlowReturn gst_ambi_http_sink_render (GstBaseSink * base,
    GstBuffer * buffer);

#define gst_ambi_http_sink_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstAmbiHttpSink, gst_ambi_http_sink,
    GST_TYPE_BASE_SINK, GST_DEBUG_CATEGORY_INIT (gst_ambi_http_sink_debug,
        "ambihttpsink", 0, "AMBI manifests over HTTPS"));
GST_ELEMENT_REGISTER_DEFINE (ambihttpsink, "ambihttpsink", GST_RANK_NONE,
    GST_TYPE_AMBI_HTTP_SINK);

#define RW_READY (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_READY)
#define READ_ONLY (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)

static void
install_server_properties (void)
{
  /**
   * GstAmbiHttpSink:address:
   *
   * The address of this host to serve on. Unset, the sink serves on all
   * addresses of both families; "0.0.0.0" is all IPv4 ones, "::" all IPv6 ones.
   *
   * Since: 0.1
   */
  properties[PROP_ADDRESS] = g_param_spec_string ("address", "Address",
      "IP address of this host to serve on (unset = all addresses of both "
      "families)", DEFAULT_ADDRESS, RW_READY);

  /**
   * GstAmbiHttpSink:port:
   *
   * The TCP port to serve on. 0 takes a free one, which
   * #GstAmbiHttpSink:used-port tells.
   *
   * Since: 0.1
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", "Port",
      "TCP port to serve on (0 = any free one, see used-port)", 0,
      G_MAXUINT16, DEFAULT_PORT, RW_READY);

  /**
   * GstAmbiHttpSink:used-port:
   *
   * The TCP port that is served on, from READY to PAUSED on; 0 before.
   *
   * Since: 0.1
   */
  properties[PROP_USED_PORT] = g_param_spec_uint ("used-port", "Used port",
      "TCP port that is served on, 0 while stopped", 0, G_MAXUINT16, 0,
      READ_ONLY);

  /**
   * GstAmbiHttpSink:path:
   *
   * The path of the URL, from the "/" on.
   *
   * Since: 0.1
   */
  properties[PROP_PATH] = g_param_spec_string ("path", "Path",
      "Path of the URL, which begins with a slash", DEFAULT_PATH, RW_READY);

  /**
   * GstAmbiHttpSink:certificate:
   *
   * The name of a PEM file with the server's certificate, and those of the
   * authorities between it and the one that clients know. Must be set.
   *
   * Since: 0.1
   */
  properties[PROP_CERTIFICATE] = g_param_spec_string ("certificate",
      "Certificate", "PEM file with the server's certificate (required), and "
      "those of intermediate authorities", DEFAULT_CERTIFICATE, RW_READY);

  /**
   * GstAmbiHttpSink:private-key:
   *
   * The name of a PEM file with the certificate's key, which is not encrypted.
   * Unset, the file of #GstAmbiHttpSink:certificate has it as well.
   *
   * Since: 0.1
   */
  properties[PROP_PRIVATE_KEY] = g_param_spec_string ("private-key",
      "Private key", "PEM file with the certificate's key, not encrypted "
      "(unset = it is in the certificate's file)", DEFAULT_PRIVATE_KEY,
      RW_READY);
}

static void
install_client_properties (void)
{
  /**
   * GstAmbiHttpSink:max-clients:
   *
   * How many clients are served at once. Others are told to come back later.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_CLIENTS] = g_param_spec_uint ("max-clients",
      "Maximum clients", "Number of clients served at once; others are told to "
      "come back later", 1, 1000000, DEFAULT_MAX_CLIENTS, RW_READY);

  /**
   * GstAmbiHttpSink:history:
   *
   * A client begins with the manifests of so many nanoseconds. It should be as
   * long as receivers hold packets, `data-hold-time`.
   *
   * Since: 0.1
   */
  properties[PROP_HISTORY] = g_param_spec_uint64 ("history", "History",
      "Time in nanoseconds of which a client that connects gets the manifests",
      0, MAX_DURATION, DEFAULT_HISTORY, RW_READY);

  /**
   * GstAmbiHttpSink:max-lag:
   *
   * A client that is so many nanoseconds behind is cut off, and so is a
   * connection that does nothing, after whole seconds. Receivers do not keep
   * digests for much longer. #GstAmbiHttpSink:history counts when it is longer.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_LAG] = g_param_spec_uint64 ("max-lag", "Maximum lag",
      "Time in nanoseconds a client may be behind before it is cut off",
      100 * GST_MSECOND, MAX_DURATION, DEFAULT_MAX_LAG, RW_READY);

  /**
   * GstAmbiHttpSink:max-bytes:
   *
   * Bounds the memory of manifests that are kept for clients, 512 bytes for
   * each included. When it is reached the oldest go, and clients that have not
   * read them are cut off.
   *
   * Since: 0.1
   */
  properties[PROP_MAX_BYTES] = g_param_spec_uint64 ("max-bytes",
      "Maximum bytes", "Bytes of manifests kept for clients", 4096, G_MAXINT64,
      DEFAULT_MAX_BYTES, RW_READY);

  /**
   * GstAmbiHttpSink:stats:
   *
   * Counters of this sink and its server; the fields are described above.
   *
   * Since: 0.1
   */
  properties[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "Counters of this sink and its server (" GST_MC_STATS_NAME ")",
      GST_TYPE_STRUCTURE, READ_ONLY);
}

static void
gst_ambi_http_sink_class_init (GstAmbiHttpSinkClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);

  object_class->finalize = gst_ambi_http_sink_finalize;
  object_class->set_property = gst_ambi_http_sink_set_property;
  object_class->get_property = gst_ambi_http_sink_get_property;
  install_server_properties ();
  install_client_properties ();
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "AMBI HTTPS sink",
      "Sink/Network",
      "Serves AMBI manifests to receivers over HTTPS",
      "The gst-multicast authors");

  sink_class->start = gst_ambi_http_sink_start;
  sink_class->stop = gst_ambi_http_sink_stop;
  sink_class->set_caps = gst_ambi_http_sink_set_caps;
  sink_class->event = gst_ambi_http_sink_event;
  sink_class->render = gst_ambi_http_sink_render;
}

static void
gst_ambi_http_sink_init (GstAmbiHttpSink * self)
{
  GstAmbiHttpSettings *s = &self->settings;

  s->port = DEFAULT_PORT;
  s->path = g_strdup (DEFAULT_PATH);
  s->max_clients = DEFAULT_MAX_CLIENTS;
  s->history = DEFAULT_HISTORY;
  s->max_lag = DEFAULT_MAX_LAG;
  s->max_bytes = DEFAULT_MAX_BYTES;
  g_mutex_init (&self->feed_lock);
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
}

static void
clear_settings (GstAmbiHttpSettings * s)
{
  g_free (s->address);
  g_free (s->path);
  g_free (s->certificate);
  g_free (s->private_key);
}

static void
gst_ambi_http_sink_finalize (GObject * object)
{
  GstAmbiHttpSink *self = GST_AMBI_HTTP_SINK (object);

  clear_settings (&self->settings);
  g_free (self->hash_algorithm);
  g_mutex_clear (&self->feed_lock);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

/*
 * Properties
 */

static void
take_string (gchar ** string, const GValue * value)
{
  g_free (*string);
  *string = g_value_dup_string (value);
}

static void
gst_ambi_http_sink_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAmbiHttpSink *self = GST_AMBI_HTTP_SINK (object);
  GstAmbiHttpSettings *s = &self->settings;

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_ADDRESS:
      take_string (&s->address, value);
      break;
    case PROP_PORT:
      s->port = g_value_get_uint (value);
      break;
    case PROP_PATH:
      take_string (&s->path, value);
      break;
    case PROP_CERTIFICATE:
      take_string (&s->certificate, value);
      break;
    case PROP_PRIVATE_KEY:
      take_string (&s->private_key, value);
      break;
    case PROP_MAX_CLIENTS:
      s->max_clients = g_value_get_uint (value);
      break;
    case PROP_HISTORY:
      s->history = g_value_get_uint64 (value);
      break;
    case PROP_MAX_LAG:
      s->max_lag = g_value_get_uint64 (value);
      break;
    case PROP_MAX_BYTES:
      s->max_bytes = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static GstStructure *create_stats (GstAmbiHttpSink * self);

static void
gst_ambi_http_sink_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAmbiHttpSink *self = GST_AMBI_HTTP_SINK (object);
  GstAmbiHttpSettings *s = &self->settings;

  if (id == PROP_STATS) {
    g_value_take_boxed (value, create_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_ADDRESS:
      g_value_set_string (value, s->address);
      break;
    case PROP_PORT:
      g_value_set_uint (value, s->port);
      break;
    case PROP_USED_PORT:
      g_value_set_uint (value, self->used_port);
      break;
    case PROP_PATH:
      g_value_set_string (value, s->path);
      break;
    case PROP_CERTIFICATE:
      g_value_set_string (value, s->certificate);
      break;
    case PROP_PRIVATE_KEY:
      g_value_set_string (value, s->private_key);
      break;
    case PROP_MAX_CLIENTS:
      g_value_set_uint (value, s->max_clients);
      break;
    case PROP_HISTORY:
      g_value_set_uint64 (value, s->history);
      break;
    case PROP_MAX_LAG:
      g_value_set_uint64 (value, s->max_lag);
      break;
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, s->max_bytes);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/*
 * Life cycle
 */

static void
set_used_port (GstAmbiHttpSink * self, guint port)
{
  GST_OBJECT_LOCK (self);
  self->used_port = port;
  GST_OBJECT_UNLOCK (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_USED_PORT]);
}

static void
set_feed (GstAmbiHttpSink * self, GstAmbiFeed * feed)
{
  g_mutex_lock (&self->feed_lock);
  if (self->feed != NULL)
    gst_ambi_feed_get_stats (self->feed, &self->last_stats);
  self->feed = feed;
  g_mutex_unlock (&self->feed_lock);
}

static void
tell_max_clients (GstAmbiHttpSink * self, guint wanted, guint max)
{
  if (max >= wanted)
    return;
  GST_ELEMENT_INFO (self, RESOURCE, SETTINGS,
      ("There is room for %u clients, not %u as the property \"max-clients\" "
          "says: allow the process more open files (ulimit -n), or, where "
          "sinks share a port, set it in the one that starts first.", max,
          wanted), (NULL));
}

static gboolean
gst_ambi_http_sink_start (GstBaseSink * base)
{
  GstAmbiHttpSink *self = GST_AMBI_HTTP_SINK (base);
  GstAmbiHttpSettings settings;
  GError *error = NULL;
  GstAmbiFeed *feed;

  GST_OBJECT_LOCK (self);
  settings = self->settings;
  settings.address = g_strdup (settings.address);
  settings.path = g_strdup (settings.path);
  settings.certificate = g_strdup (settings.certificate);
  settings.private_key = g_strdup (settings.private_key);
  GST_OBJECT_UNLOCK (self);

  feed = gst_ambi_feed_open (&settings, &error);
  clear_settings (&settings);
  if (feed == NULL) {
    gst_mc_post_error (GST_ELEMENT (self), error);
    g_error_free (error);
    return FALSE;
  }
  self->have_caps = FALSE;
  self->warned = FALSE;
  set_feed (self, feed);
  set_used_port (self, gst_ambi_feed_port (feed));
  tell_max_clients (self, settings.max_clients,
      gst_ambi_feed_max_clients (feed));
  return TRUE;
}

static gboolean
gst_ambi_http_sink_stop (GstBaseSink * base)
{
  GstAmbiHttpSink *self = GST_AMBI_HTTP_SINK (base);
  GstAmbiFeed *feed = self->feed;

  if (feed == NULL)
    return TRUE;
  set_feed (self, NULL);
  gst_ambi_feed_close (feed);
  set_used_port (self, 0);
  return TRUE;
}

/*
 * Data path
 */

/* Receivers take manifests of one stream only from a connection, and know where
 * they end by the length of its digests. */
static gboolean
gst_ambi_http_sink_set_caps (GstBaseSink * base, GstCaps * caps)
{
  GstAmbiHttpSink *self = GST_AMBI_HTTP_SINK (base);
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  const gchar *hash = gst_structure_get_string (s, "hash-algorithm");
  gint64 id = -1;

  gst_structure_get_int64 (s, "stream-id", &id);
  if (self->have_caps && (id != self->stream_id ||
          g_strcmp0 (hash, self->hash_algorithm) != 0))
    gst_ambi_feed_restart (self->feed);
  self->have_caps = TRUE;
  self->stream_id = id;
  g_free (self->hash_algorithm);
  self->hash_algorithm = g_strdup (hash);
  return TRUE;
}

static gboolean
gst_ambi_http_sink_event (GstBaseSink * base, GstEvent * event)
{
  GstAmbiHttpSink *self = GST_AMBI_HTTP_SINK (base);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    gst_ambi_feed_end (self->feed);
  return GST_BASE_SINK_CLASS (parent_class)->event (base, event);
}

static GstFlowReturn
gst_ambi_http_sink_render (GstBaseSink * base, GstBuffer * buffer)
{
  GstAmbiHttpSink *self = GST_AMBI_HTTP_SINK (base);

  if (gst_ambi_feed_push (self->feed, buffer) || self->warned)
    return GST_FLOW_OK;
  self->warned = TRUE;
  GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS,
      ("A manifest of %" G_GSIZE_FORMAT " bytes is not served, because it is "
          "bigger than the property \"max-bytes\" allows.",
          gst_buffer_get_size (buffer)), (NULL));
  return GST_FLOW_OK;
}

/*
 * Statistics
 */

static GstStructure *
create_stats (GstAmbiHttpSink * self)
{
  GstAmbiHttpStats s;

  g_mutex_lock (&self->feed_lock);
  if (self->feed != NULL) {
    gst_ambi_feed_get_stats (self->feed, &s);
  } else {
    s = self->last_stats;
    s.clients = 0;
    s.buffered_manifests = 0;
    s.buffered_bytes = 0;
    s.port = 0;
  }
  g_mutex_unlock (&self->feed_lock);

  return gst_structure_new (GST_MC_STATS_NAME,
      "manifests-in", G_TYPE_UINT64, s.manifests_in,
      "bytes-in", G_TYPE_UINT64, s.bytes_in,
      "dropped-empty", G_TYPE_UINT64, s.dropped_empty,
      "dropped-too-big", G_TYPE_UINT64, s.dropped_too_big,
      "clients", G_TYPE_UINT64, s.clients,
      "clients-served", G_TYPE_UINT64, s.clients_served,
      "clients-cut", G_TYPE_UINT64, s.clients_cut,
      "clients-ended", G_TYPE_UINT64, s.clients_ended,
      "bytes-sent", G_TYPE_UINT64, s.bytes_sent,
      "buffered-manifests", G_TYPE_UINT64, s.buffered_manifests,
      "buffered-bytes", G_TYPE_UINT64, s.buffered_bytes,
      "refused-full", G_TYPE_UINT64, s.refused_full,
      "refused-not-found", G_TYPE_UINT64, s.refused_not_found,
      "refused-method", G_TYPE_UINT64, s.refused_method,
      "port", G_TYPE_UINT, s.port, NULL);
}

static gboolean
plugin_init (GstPlugin * plugin)
{
  return GST_ELEMENT_REGISTER (ambihttpsink, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, ambihttpsink,
    "Serve AMBI manifests over HTTPS", plugin_init,
    VERSION, LICENSE, PACKAGE_NAME, PACKAGE_ORIGIN)
