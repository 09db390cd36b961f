/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * HTTPS servers: each has a port, and a path for each sink that it serves.
 */
#include "gstambiserver.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gstambilisten.h"
#include "gstambiring.h"
#include "gstambitls.h"
#include "gstmcaddr.h"
#include "gstmcflow.h"

GST_DEBUG_CATEGORY_EXTERN (gst_ambi_http_sink_debug);
#define GST_CAT_DEFAULT gst_ambi_http_sink_debug

#define CONTENT_TYPE "application/ambi"
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* How soon a client that was refused should come back, in seconds. */
#define RETRY_AFTER "10"

/* Connections besides those of clients that are served: handshakes, and those
 * that are told that they cannot be. */
#define SPARE_CONNECTIONS 64

/* Per connection: bounds a request's headers, and one chunk of the answer. */
#define CONNECTION_MEMORY (16 * 1024)

/* How much may wait in the kernel without being on its way.  What does not get
 * that far shows in how far a client is behind. */
#define UNSENT_BYTES (32 * 1024)

typedef struct
{
  struct MHD_Daemon *daemon;
  core_addr address;            /* as set; fixed, as all before the lock */
  guint port;
  gchar *certificate;
  gchar *private_key;
  guint max_clients;
  guint n_feeds;                /* under servers_lock */

  /* Lock order: servers_lock, this, then those of libmicrohttpd, which holds
   * none while it calls us. */
  GMutex lock;
  GList *feeds;
  guint n_clients;
  core_time next_look;          /* for those that have left */
  guint64 refused_full;
  guint64 refused_not_found;
  guint64 refused_method;
} Server;

/* Under the server's lock, but for what is fixed. */
struct _GstAmbiFeed
{
  Server *server;
  gchar *path;
  core_time history;
  core_time max_lag;
  GstAmbiRing ring;
  GQueue clients;               /* of Client, by their links */
  guint64 begin;                /* nobody gets what was before that */
  gboolean ended;
  GstAmbiHttpStats stats;
};

/* A response under way; freed when libmicrohttpd has completed it. */
typedef struct
{
  GList link;
  Server *server;
  GstAmbiFeed *feed;            /* NULL: it is cut */
  struct MHD_Connection *connection;
  gint fd;
  GstAmbiCursor cursor;
  guint64 end;                  /* number of the manifest not to be sent */
  gboolean suspended;
} Client;

static GMutex servers_lock;
static GList *servers;

/* Marks requests that were seen and have no client. */
static const gchar seen;

/*
 * Clients, with the server's lock held
 */

static void
remove_client (Client * client)
{
  g_queue_unlink (&client->feed->clients, &client->link);
  client->server->n_clients--;
  client->feed = NULL;
}

static void
wake_client (Client * client)
{
  if (!client->suspended)
    return;
  client->suspended = FALSE;
  MHD_resume_connection (client->connection);
}

/* Ends the connection now, without what the kernel still has to send.  The
 * descriptor is open: it is closed after the client was freed. */
static void
cut_client (Client * client)
{
  struct linger at_once = { 1, 0 };

  setsockopt (client->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof (at_once));
  shutdown (client->fd, SHUT_RDWR);
  remove_client (client);
  wake_client (client);
}

static gboolean
is_behind (const Client * client, core_time now)
{
  if (client->cursor.seq >= client->end)
    return FALSE;
  return gst_ambi_ring_lag (&client->feed->ring, &client->cursor, now) >
      client->feed->max_lag;
}

static void
cut_behind (Client * client)
{
  GST_DEBUG ("a client of %s is too far behind", client->feed->path);
  client->feed->stats.clients_cut++;
  cut_client (client);
}

/* They get what is there, and no more. */
static void
end_clients (GstAmbiFeed * feed)
{
  guint64 next = gst_ambi_ring_next (&feed->ring);

  for (GList * l = feed->clients.head; l != NULL; l = l->next) {
    Client *client = l->data;

    client->end = MIN (client->end, next);
    wake_client (client);
  }
}

/*
 * Responses, in libmicrohttpd's thread
 */

/* With the server's lock held. */
static ssize_t
read_feed (Client * client, guint8 * out, gsize len)
{
  GstAmbiFeed *feed = client->feed;
  gsize n;

  if (is_behind (client, gst_mc_now ())) {
    cut_behind (client);
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
  n = gst_ambi_ring_read (&feed->ring, &client->cursor, client->end, out, len);
  feed->stats.bytes_sent += n;
  if (n > 0)
    return (ssize_t) n;
  if (client->cursor.seq >= client->end)
    return MHD_CONTENT_READER_END_OF_STREAM;
  client->suspended = TRUE;
  MHD_suspend_connection (client->connection);
  return 0;
}

static ssize_t
read_body (void *user, uint64_t pos, char *out, size_t len)
{
  Client *client = user;
  ssize_t ret = MHD_CONTENT_READER_END_WITH_ERROR;

  /* Nobody reads the body of an answer to HEAD. */
  if (client == NULL)
    return ret;
  g_mutex_lock (&client->server->lock);
  if (client->feed != NULL)
    ret = read_feed (client, (guint8 *) out, len);
  g_mutex_unlock (&client->server->lock);
  return ret;
}

static void
completed (void *user, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode code)
{
  Server *server = user;
  Client *client = *request;

  if (client == NULL || *request == &seen)
    return;
  g_mutex_lock (&server->lock);
  if (client->feed != NULL) {
    if (code == MHD_REQUEST_TERMINATED_COMPLETED_OK)
      client->feed->stats.clients_ended++;
    else if (code == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED)
      client->feed->stats.clients_cut++;
    remove_client (client);
  }
  g_mutex_unlock (&server->lock);
  g_free (client);
}

/* Takes the response. */
static enum MHD_Result
queue_response (struct MHD_Connection *connection, guint status,
    struct MHD_Response *response)
{
  enum MHD_Result ret;

  if (response == NULL)
    return MHD_NO;
  MHD_add_response_header (response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  ret = MHD_queue_response (connection, status, response);
  MHD_destroy_response (response);
  return ret;
}

static enum MHD_Result
refuse (struct MHD_Connection *connection, guint status, const gchar * header,
    const gchar * value)
{
  struct MHD_Response *response =
      MHD_create_response_from_buffer (0, (void *) "", MHD_RESPMEM_PERSISTENT);

  if (response != NULL && header != NULL)
    MHD_add_response_header (response, header, value);
  return queue_response (connection, status, response);
}

static enum MHD_Result
serve (struct MHD_Connection *connection, Client * client)
{
  struct MHD_Response *response =
      MHD_create_response_from_callback (MHD_SIZE_UNKNOWN, CONNECTION_MEMORY,
      read_body, client, NULL);

  if (response != NULL)
    MHD_add_response_header (response, MHD_HTTP_HEADER_CONTENT_TYPE,
        CONTENT_TYPE);
  return queue_response (connection, MHD_HTTP_OK, response);
}

/* With the server's lock held. */
static GstAmbiFeed *
find_feed (Server * server, const gchar * path)
{
  for (GList * l = server->feeds; l != NULL; l = l->next) {
    GstAmbiFeed *feed = l->data;

    if (g_str_equal (feed->path, path))
      return feed;
  }
  return NULL;
}

/* The clients of all feeds, n_clients of them. */
static Client **
list_clients (Server * server)
{
  Client **clients = g_new0 (Client *, server->n_clients);
  guint n = 0;

  for (GList * f = server->feeds; f != NULL; f = f->next) {
    GstAmbiFeed *feed = f->data;

    for (GList * l = feed->clients.head; l != NULL; l = l->next)
      clients[n++] = l->data;
  }
  return clients;
}

/* Clients that have left show when something is sent to them.  Where nothing
 * is, they must not keep others out; looked at once a second at most. */
static void
remove_gone (Server * server, core_time now)
{
  g_autofree Client **clients = NULL;
  g_autofree struct pollfd *fds = NULL;
  guint n = server->n_clients;

  if (now < server->next_look)
    return;
  server->next_look = now + CORE_SECOND;
  clients = list_clients (server);
  fds = g_new0 (struct pollfd, n);
  for (guint i = 0; i < n; i++) {
    fds[i].fd = clients[i]->fd;
    fds[i].events = POLLRDHUP;
  }
  poll (fds, n, 0);
  for (guint i = 0; i < n; i++)
    if (fds[i].revents != 0)
      cut_client (clients[i]);
}

static gboolean
has_room (Server * server, core_time now)
{
  if (server->n_clients >= server->max_clients)
    remove_gone (server, now);
  return server->n_clients < server->max_clients;
}

/* With the server's lock held.  NULL: there is no room, or all is over. */
static Client *
add_client (GstAmbiFeed * feed, struct MHD_Connection *connection)
{
  const union MHD_ConnectionInfo *info = MHD_get_connection_info (connection,
      MHD_CONNECTION_INFO_CONNECTION_FD);
  core_time now = gst_mc_now ();
  guint64 seq = gst_ambi_ring_since (&feed->ring,
      now > feed->history ? now - feed->history : 0);
  gint unsent = UNSENT_BYTES;
  Client *client;

  seq = MAX (seq, feed->begin);
  if (info == NULL || !has_room (feed->server, now) ||
      (feed->ended && seq == gst_ambi_ring_next (&feed->ring)))
    return NULL;
  client = g_new0 (Client, 1);
  client->link.data = client;
  client->server = feed->server;
  client->feed = feed;
  client->connection = connection;
  client->fd = info->connect_fd;
  client->cursor.seq = seq;
  client->end = feed->ended ? gst_ambi_ring_next (&feed->ring) : G_MAXUINT64;
  setsockopt (client->fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
      sizeof (unsent));
  g_queue_push_tail_link (&feed->clients, &client->link);
  feed->server->n_clients++;
  feed->stats.clients_served++;
  return client;
}

static enum MHD_Result
answer (Server * server, struct MHD_Connection *connection,
    const gchar * path, gboolean head, void **request)
{
  Client *client = NULL;
  GstAmbiFeed *feed;

  g_mutex_lock (&server->lock);
  feed = find_feed (server, path);
  if (feed == NULL)
    server->refused_not_found++;
  else if (!head && (client = add_client (feed, connection)) == NULL)
    server->refused_full++;
  g_mutex_unlock (&server->lock);

  if (feed == NULL)
    return refuse (connection, MHD_HTTP_NOT_FOUND, NULL, NULL);
  if (head)
    return serve (connection, NULL);
  if (client == NULL)
    return refuse (connection, MHD_HTTP_SERVICE_UNAVAILABLE,
        MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER);
  *request = client;
  return serve (connection, client);
}

static enum MHD_Result
handle (void *user, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *body,
    size_t *body_len, void **request)
{
  Server *server = user;
  gboolean head = g_str_equal (method, MHD_HTTP_METHOD_HEAD);

  if (!head && !g_str_equal (method, MHD_HTTP_METHOD_GET)) {
    g_mutex_lock (&server->lock);
    server->refused_method++;
    g_mutex_unlock (&server->lock);
    return refuse (connection, MHD_HTTP_METHOD_NOT_ALLOWED,
        MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  }
  /* The first call is for those who want to look at the headers. */
  if (*request == NULL) {
    *request = (void *) &seen;
    return MHD_YES;
  }
  if (*body_len > 0) {
    *body_len = 0;
    return MHD_YES;
  }
  return answer (server, connection, path, head, request);
}

G_GNUC_PRINTF (2, 0)
     static void log_message (void *user, const char *format, va_list args)
{
  g_autofree gchar *text = g_strdup_vprintf (format, args);

  /* Clients can bring these about. */
  GST_DEBUG ("%s", g_strchomp (text));
}

/*
 * Servers, with servers_lock held
 */

/* Connections that the process can afford; a quarter of its descriptors are
 * left to others. */
static guint
connection_limit (guint max_clients)
{
  guint64 limit = (guint64) max_clients + SPARE_CONNECTIONS;
  struct rlimit files;

  if (getrlimit (RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
    limit = MIN (limit, files.rlim_cur - files.rlim_cur / 4);
  return (guint) limit;
}

/* libmicrohttpd closes the socket when it fails late, and leaves it when it
 * fails early. */
static void
close_left_over (gint fd, const struct stat *opened)
{
  struct stat now;

  if (fstat (fd, &now) == 0 && now.st_dev == opened->st_dev &&
      now.st_ino == opened->st_ino)
    close (fd);
}

/* Takes the listening socket.  With epoll libmicrohttpd 0.9.75 uses up a core
 * as long as a client has begun a handshake and does not go on; with poll it
 * does not, and needs half the time for a thousand clients, because those that
 * are suspended are not polled. */
static gboolean
run_server (Server * server, gint fd, const GstAmbiTls * tls,
    core_time max_lag, GError ** error)
{
  guint limit = connection_limit (server->max_clients);
  guint spare = MIN (SPARE_CONNECTIONS, limit / 4);
  struct stat opened = { 0 };

  fstat (fd, &opened);
  server->max_clients = MIN (server->max_clients, limit - spare);
  server->daemon = MHD_start_daemon (MHD_USE_POLL_INTERNAL_THREAD |
      MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
      NULL, handle, server,
      MHD_OPTION_EXTERNAL_LOGGER, log_message, NULL,
      MHD_OPTION_LISTEN_SOCKET, fd,
      MHD_OPTION_HTTPS_MEM_CERT, tls->certificate,
      MHD_OPTION_HTTPS_MEM_KEY, tls->private_key,
      MHD_OPTION_HTTPS_PRIORITIES, TLS_PRIORITIES,
      MHD_OPTION_CONNECTION_LIMIT, limit,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) CONNECTION_MEMORY,
      MHD_OPTION_CONNECTION_TIMEOUT,
      (guint) ((max_lag + CORE_SECOND - 1) / CORE_SECOND),
      MHD_OPTION_NOTIFY_COMPLETED, completed, server, MHD_OPTION_END);
  if (server->daemon != NULL)
    return TRUE;
  close_left_over (fd, &opened);
  g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED,
      "The HTTPS server could not be started.");
  return FALSE;
}

static void
server_free (Server * server)
{
  g_mutex_clear (&server->lock);
  g_free (server->certificate);
  g_free (server->private_key);
  g_free (server);
}

static Server *
server_open (const GstAmbiHttpSettings * s, const core_addr * address,
    GError ** error)
{
  Server *server;
  GstAmbiTls tls;
  guint port;
  gint fd;

  if (!gst_ambi_tls_load (&tls, s->certificate, s->private_key, error))
    return NULL;
  fd = gst_ambi_listen (address, &port, error);
  if (fd < 0) {
    gst_ambi_tls_clear (&tls);
    return NULL;
  }
  server = g_new0 (Server, 1);
  server->address = *address;
  server->port = port;
  server->certificate = g_strdup (s->certificate);
  server->private_key = g_strdup (s->private_key);
  server->max_clients = s->max_clients;
  g_mutex_init (&server->lock);
  if (!run_server (server, fd, &tls, s->max_lag, error)) {
    g_clear_pointer (&server, server_free);
  } else {
    servers = g_list_prepend (servers, server);
    GST_INFO ("serving on TCP port %u", port);
  }
  gst_ambi_tls_clear (&tls);
  return server;
}

/* Nobody is served any more, so nobody is suspended. */
static void
server_close (Server * server)
{
  servers = g_list_remove (servers, server);
  MHD_stop_daemon (server->daemon);
  GST_INFO ("TCP port %u closes", server->port);
  server_free (server);
}

static Server *
find_server (const core_addr * address)
{
  for (GList * l = servers; l != NULL && address->port != 0; l = l->next) {
    Server *server = l->data;

    if (server->port == address->port &&
        core_ip_equal (&server->address.ip, &address->ip))
      return server;
  }
  return NULL;
}

static gboolean
check_shared (Server * server, const GstAmbiHttpSettings * s, GError ** error)
{
  gboolean taken;

  if (g_strcmp0 (server->certificate, s->certificate) != 0 ||
      g_strcmp0 (server->private_key, s->private_key) != 0)
    return gst_mc_settings_error (error, "Another ambihttpsink serves on the "
        "same port with other files: set the properties \"certificate\" and "
        "\"private-key\" of both alike, or \"port\" to another one.");
  g_mutex_lock (&server->lock);
  taken = find_feed (server, s->path) != NULL;
  g_mutex_unlock (&server->lock);
  if (taken)
    return gst_mc_settings_error (error, "Another ambihttpsink serves \"%s\" "
        "on the same port: set the property \"path\" to another path.",
        s->path);
  return TRUE;
}

/*
 * Feeds
 */

static gboolean
parse_settings (const GstAmbiHttpSettings * s, core_addr * address,
    GError ** error)
{
  memset (address, 0, sizeof (*address));
  if (s->address != NULL && *s->address != '\0' &&
      (!gst_mc_addr_from_string (s->address, address) ||
          core_ip_is_multicast (&address->ip)))
    return gst_mc_settings_error (error, "The property \"address\" is \"%s\", "
        "which is no unicast IP address: set it to one of the host's own "
        "addresses, or leave it unset to serve on all of them.", s->address);
  address->port = (uint16_t) s->port;
  if (s->path == NULL || *s->path != '/' || strpbrk (s->path, " ?#%") != NULL)
    return gst_mc_settings_error (error, "The property \"path\" is \"%s\": set "
        "it to a path that begins with \"/\" and has no space, \"?\", \"#\" or "
        "\"%%\".", s->path ? s->path : "");
  return TRUE;
}

static GstAmbiFeed *
add_feed (Server * server, const GstAmbiHttpSettings * s)
{
  GstAmbiFeed *feed = g_new0 (GstAmbiFeed, 1);

  feed->server = server;
  feed->path = g_strdup (s->path);
  feed->history = s->history;
  /* Who begins with the history is that far behind. */
  feed->max_lag = MAX (s->history, s->max_lag);
  gst_ambi_ring_init (&feed->ring, feed->max_lag, s->max_bytes);
  g_queue_init (&feed->clients);
  g_mutex_lock (&server->lock);
  server->feeds = g_list_prepend (server->feeds, feed);
  g_mutex_unlock (&server->lock);
  server->n_feeds++;
  return feed;
}

GstAmbiFeed *
gst_ambi_feed_open (const GstAmbiHttpSettings * settings, GError ** error)
{
  GstAmbiFeed *feed = NULL;
  core_addr address;
  Server *server;

  if (!parse_settings (settings, &address, error))
    return NULL;
  g_mutex_lock (&servers_lock);
  server = find_server (&address);
  if (server == NULL)
    server = server_open (settings, &address, error);
  else if (!check_shared (server, settings, error))
    server = NULL;
  if (server != NULL)
    feed = add_feed (server, settings);
  g_mutex_unlock (&servers_lock);
  return feed;
}

void
gst_ambi_feed_close (GstAmbiFeed * feed)
{
  Server *server = feed->server;

  g_mutex_lock (&servers_lock);
  g_mutex_lock (&server->lock);
  server->feeds = g_list_remove (server->feeds, feed);
  while (feed->clients.head != NULL)
    cut_client (feed->clients.head->data);
  g_mutex_unlock (&server->lock);
  if (--server->n_feeds == 0)
    server_close (server);
  g_mutex_unlock (&servers_lock);

  gst_ambi_ring_clear (&feed->ring);
  g_free (feed->path);
  g_free (feed);
}

guint
gst_ambi_feed_port (GstAmbiFeed * feed)
{
  return feed->server->port;
}

guint
gst_ambi_feed_max_clients (GstAmbiFeed * feed)
{
  return feed->server->max_clients;
}

/* With the server's lock held. */
static void
tell_clients (GstAmbiFeed * feed, core_time now)
{
  GList *next;

  for (GList * l = feed->clients.head; l != NULL; l = next) {
    Client *client = l->data;

    next = l->next;
    if (is_behind (client, now))
      cut_behind (client);
    else
      wake_client (client);
  }
}

gboolean
gst_ambi_feed_push (GstAmbiFeed * feed, GstBuffer * manifest)
{
  gsize size = gst_buffer_get_size (manifest);
  core_time now = gst_mc_now ();
  gboolean ok = TRUE;

  g_mutex_lock (&feed->server->lock);
  feed->stats.manifests_in++;
  feed->stats.bytes_in += size;
  if (size == 0) {
    feed->stats.dropped_empty++;
  } else if (!gst_ambi_ring_push (&feed->ring, manifest, now)) {
    feed->stats.dropped_too_big++;
    ok = FALSE;
  } else {
    feed->ended = FALSE;
    tell_clients (feed, now);
  }
  g_mutex_unlock (&feed->server->lock);
  return ok;
}

void
gst_ambi_feed_end (GstAmbiFeed * feed)
{
  g_mutex_lock (&feed->server->lock);
  feed->ended = TRUE;
  end_clients (feed);
  g_mutex_unlock (&feed->server->lock);
}

void
gst_ambi_feed_restart (GstAmbiFeed * feed)
{
  g_mutex_lock (&feed->server->lock);
  feed->begin = gst_ambi_ring_next (&feed->ring);
  end_clients (feed);
  g_mutex_unlock (&feed->server->lock);
}

void
gst_ambi_feed_get_stats (GstAmbiFeed * feed, GstAmbiHttpStats * stats)
{
  Server *server = feed->server;

  g_mutex_lock (&server->lock);
  *stats = feed->stats;
  stats->clients = feed->clients.length;
  stats->buffered_manifests = gst_ambi_ring_n_manifests (&feed->ring);
  stats->buffered_bytes = feed->ring.bytes;
  stats->refused_full = server->refused_full;
  stats->refused_not_found = server->refused_not_found;
  stats->refused_method = server->refused_method;
  g_mutex_unlock (&server->lock);
  stats->port = server->port;
}
