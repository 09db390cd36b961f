/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The relay that sinks of one process share.
 */
#include "gstamtrelay.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "gstmcaddr.h"

GST_DEBUG_CATEGORY_EXTERN (gst_amt_relay_sink_debug);
#define GST_CAT_DEFAULT gst_amt_relay_sink_debug

/* Work done in one hold of the lock, so that a storm of datagrams never keeps
 * the streaming threads from their snapshot of targets. */
#define OUTBOX_SIZE GST_AMT_INBOX_SIZE
#define EVENTS_MAX 32
#define ERRORS_MAX GST_AMT_INBOX_SIZE

typedef struct
{
  GstAmtRelayFunc func;
  GstObject *user;
} Listener;

typedef struct
{
  core_addr to;
  core_addr from;
  gsize len;
  guint8 data[AMT_RELAY_DATAGRAM_MAX];
} Answer;

/* Lock order: registry_lock, turnstile, lock.  No callback runs under any of
 * them. */
struct _GstAmtRelay
{
  /* fixed after gst_amt_relay_acquire () */
  GstAmtRelaySettings settings;
  GstAmtSockets sockets;
  gint wake_fd;
  GThread *thread;

  /* under registry_lock */
  guint n_users;

  /* Whoever waits for the lock holds the turnstile, and the next one waits
   * there: a busy control thread cannot take the lock twice in a row. */
  GMutex turnstile;
  GMutex lock;

  /* under lock */
  GCond changed;
  amt_relay *core;
  GArray *listeners;
  gboolean quit;
  gboolean exited;
  gboolean in_callback;         /* the thread runs func and touches nothing here */
  guint64 not_unicast;
  guint64 truncated;
  guint64 send_failed;

  guint generation;             /* atomic */

  /* the control thread's own */
  GstAmtInbox *inbox;
  Answer outbox[OUTBOX_SIZE];
  guint n_outbox;
  amt_relay_event_info events[EVENTS_MAX];
};

static GMutex registry_lock;
static GList *registry;

static void
relay_lock (GstAmtRelay * relay)
{
  g_mutex_lock (&relay->turnstile);
  g_mutex_lock (&relay->lock);
  g_mutex_unlock (&relay->turnstile);
}

static void
relay_unlock (GstAmtRelay * relay)
{
  g_mutex_unlock (&relay->lock);
}

static void
relay_free (GstAmtRelay * relay)
{
  gst_amt_sockets_close (&relay->sockets);
  if (relay->wake_fd >= 0)
    close (relay->wake_fd);
  amt_relay_free (relay->core);
  g_array_unref (relay->listeners);
  gst_amt_inbox_free (relay->inbox);
  g_cond_clear (&relay->changed);
  g_mutex_clear (&relay->lock);
  g_mutex_clear (&relay->turnstile);
  g_free (relay);
}

/*
 * The control thread
 */

/* Called under the lock; takes as many answers out of the core as the outbox
 * has room for. */
static void
take_answers (GstAmtRelay * relay, core_time now)
{
  while (relay->n_outbox < OUTBOX_SIZE) {
    Answer *a = &relay->outbox[relay->n_outbox];

    a->len = amt_relay_send (relay->core, a->data, sizeof (a->data), &a->to,
        &a->from, now);
    if (a->len == 0)
      break;
    relay->n_outbox++;
  }
}

/* Called under the lock.  The core keeps few answers, so they are taken after
 * each datagram; there is at most one for each. */
static void
feed_core (GstAmtRelay * relay, guint n, core_time now)
{
  for (guint i = 0; i < n; i++) {
    const GstAmtDatagram *d = gst_amt_inbox_get (relay->inbox, i);
    gint ret;

    if (d->truncated) {
      relay->truncated++;
    } else if (d->to.ip.family == CORE_FAMILY_NONE) {
      relay->not_unicast++;
    } else {
      ret = amt_relay_receive (relay->core, &d->from, &d->to, d->data, d->len,
          now);
      if (ret != CORE_OK)
        GST_LOG ("dropped a control datagram of %" G_GSIZE_FORMAT " bytes: %s",
            d->len, core_error_name (ret));
      take_answers (relay, now);
    }
  }
}

static void
send_answer (GstAmtRelay * relay, Answer * answer)
{
  gint fd = relay->sockets.fd[GST_AMT_FAMILY (&answer->to.ip)];
  struct iovec iov = { answer->data, answer->len };
  struct msghdr msg = { 0 };
  GstAmtRoute route;
  gint tries = 2;
  gssize sent;

  gst_amt_route_init (&route, &answer->to, &answer->from, -1);
  gst_amt_route_apply (&route, &msg);
  msg.msg_iov = &iov;
  msg.msg_iovlen = 1;
  /* The first error may be the ICMP news of an earlier datagram. */
  do {
    sent = sendmsg (fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && (errno == EINTR || --tries > 0));

  if (sent < 0) {
    GST_DEBUG ("an answer could not be sent: %s", g_strerror (errno));
    relay_lock (relay);
    relay->send_failed++;
    relay_unlock (relay);
  }
}

/* Called under the lock. */
static guint
take_events (GstAmtRelay * relay)
{
  guint n = 0;

  while (n < EVENTS_MAX && amt_relay_event (relay->core, &relay->events[n]))
    n++;
  return n;
}

static void
log_event (const amt_relay_event_info * event)
{
  gchar text[CORE_ADDR_TEXT_MAX];

  GST_DEBUG ("gateway %s %s", core_addr_to_string (&event->gateway, text),
      event->type == AMT_RELAY_GATEWAY_ADDED ? "added" : "removed");
}

static GArray *
copy_listeners (GstAmtRelay * relay)
{
  GArray *copy = g_array_new (FALSE, FALSE, sizeof (Listener));

  g_array_append_vals (copy, relay->listeners->data, relay->listeners->len);
  for (guint i = 0; i < copy->len; i++)
    gst_object_ref (g_array_index (copy, Listener, i).user);
  return copy;
}

/* A callback, or anybody during one, may have released the relay. */
static gboolean
still_listens (GstAmtRelay * relay, GstObject * user)
{
  gboolean found = FALSE;

  relay_lock (relay);
  for (guint i = 0; i < relay->listeners->len && !found; i++)
    found = g_array_index (relay->listeners, Listener, i).user == user;
  relay_unlock (relay);
  return found;
}

/* The user may be finalized here; it has released the relay then. */
static void
tell_listeners (GstAmtRelay * relay, GArray * listeners, guint n_events)
{
  for (guint e = 0; e < n_events; e++) {
    const amt_relay_event_info *event = &relay->events[e];

    log_event (event);
    for (guint i = 0; i < listeners->len; i++) {
      Listener *l = &g_array_index (listeners, Listener, i);

      if (still_listens (relay, l->user))
        l->func (l->user, event->type == AMT_RELAY_GATEWAY_ADDED,
            &event->gateway);
    }
  }
  for (guint i = 0; i < listeners->len; i++)
    gst_object_unref (g_array_index (listeners, Listener, i).user);
}

/* Called under the lock, returns under it.  Whoever releases the relay for
 * good does not wait for a callback; it may have closed the sockets then. */
static void
emit_events (GstAmtRelay * relay, guint n_events)
{
  g_autoptr (GArray) listeners = copy_listeners (relay);

  relay->in_callback = TRUE;
  g_cond_broadcast (&relay->changed);
  relay_unlock (relay);
  tell_listeners (relay, listeners, n_events);
  relay_lock (relay);
  relay->in_callback = FALSE;
}

/* Called under the lock, returns under it: sends answers and emits events
 * until the core has none left. */
static void
flush_core (GstAmtRelay * relay)
{
  guint n_answers, n_events;

  do {
    take_answers (relay, gst_mc_now ());
    n_answers = relay->n_outbox;
    n_events = take_events (relay);
    g_atomic_int_set (&relay->generation,
        (guint) amt_relay_generation (relay->core));
    if (n_answers > 0) {
      relay_unlock (relay);
      for (guint i = 0; i < n_answers; i++)
        send_answer (relay, &relay->outbox[i]);
      relay_lock (relay);
      relay->n_outbox = 0;
    }
    if (n_events > 0 && !relay->quit)
      emit_events (relay, n_events);
  } while (!relay->quit && (n_answers == OUTBOX_SIZE ||
          n_events == EVENTS_MAX));
}

/* Called under the lock, returns under it. */
static void
read_errors (GstAmtRelay * relay, gint fd)
{
  core_addr gateways[ERRORS_MAX];
  guint n = 0;

  relay_unlock (relay);
  for (guint i = 0; i < ERRORS_MAX; i++) {
    gboolean unreachable;

    if (!gst_amt_socket_take_error (fd, &unreachable, &gateways[n]))
      break;
    if (unreachable)
      n++;
  }
  relay_lock (relay);
  for (guint i = 0; i < n; i++)
    amt_relay_unreachable (relay->core, &gateways[i], gst_mc_now ());
}

/* Called under the lock, returns under it. */
static void
serve_socket (GstAmtRelay * relay, const struct pollfd *pfd)
{
  guint n;

  if (pfd->revents & POLLERR)
    read_errors (relay, pfd->fd);
  if (pfd->revents & (POLLIN | POLLERR)) {
    relay_unlock (relay);
    n = gst_amt_inbox_receive (relay->inbox, pfd->fd, relay->sockets.port);
    relay_lock (relay);
    feed_core (relay, n, gst_mc_now ());
  }
}

/* Milliseconds for poll (), rounded up so that it never spins. */
static gint
poll_timeout (core_time deadline)
{
  core_time now = gst_mc_now ();

  if (deadline == CORE_TIME_NEVER)
    return -1;
  if (deadline <= now)
    return 0;
  return (gint) MIN ((deadline - now + CORE_MSECOND - 1) / CORE_MSECOND,
      3600 * 1000);
}

static void
wait_for_news (GstAmtRelay * relay, struct pollfd *fds, guint n_fds)
{
  core_time deadline = amt_relay_deadline (relay->core);

  relay_unlock (relay);
  for (guint i = 0; i < n_fds; i++)
    fds[i].revents = 0;
  if (poll (fds, n_fds, poll_timeout (deadline)) < 0) {
    for (guint i = 0; i < n_fds; i++)
      fds[i].revents = 0;
    /* Nothing else than a signal is expected; do not spin on the rest. */
    if (errno != EINTR)
      g_usleep (10 * 1000);
  }
  relay_lock (relay);
}

static gpointer
control_thread (gpointer data)
{
  GstAmtRelay *relay = data;
  struct pollfd fds[1 + GST_AMT_N_FAMILIES] = { {0} };
  gboolean abandoned;

  /* poll () skips a family that is not served: its fd is -1. */
  fds[0].fd = relay->wake_fd;
  for (guint i = 0; i < GST_AMT_N_FAMILIES; i++)
    fds[1 + i].fd = relay->sockets.fd[i];
  for (guint i = 0; i < G_N_ELEMENTS (fds); i++)
    fds[i].events = POLLIN;

  relay_lock (relay);
  while (!relay->quit) {
    wait_for_news (relay, fds, G_N_ELEMENTS (fds));
    for (guint i = 1; i < G_N_ELEMENTS (fds) && !relay->quit; i++) {
      serve_socket (relay, &fds[i]);
      amt_relay_expire (relay->core, gst_mc_now ());
      flush_core (relay);
    }
  }
  relay->exited = TRUE;
  abandoned = relay->thread == NULL;
  g_cond_broadcast (&relay->changed);
  relay_unlock (relay);

  if (abandoned)
    relay_free (relay);
  return NULL;
}

/*
 * Sharing
 */

static amt_relay *
new_core (const GstAmtRelaySettings * settings)
{
  amt_relay_config config = { 0 };
  amt_relay *core = NULL;

  config.random = gst_mc_random;
  config.max_gateways = settings->max_gateways;
  config.query_interval = settings->query_interval;
  config.gateway_address = settings->gateway_address;
  if (amt_relay_new (&core, &config, gst_mc_now ()) != CORE_OK)
    return NULL;
  return core;
}

/* Everything but the thread. */
static GstAmtRelay *
relay_new (const GstAmtRelaySettings * settings, GError ** error)
{
  GstAmtRelay *relay = g_new0 (GstAmtRelay, 1);

  relay->settings = *settings;
  g_mutex_init (&relay->turnstile);
  g_mutex_init (&relay->lock);
  g_cond_init (&relay->changed);
  relay->listeners = g_array_new (FALSE, FALSE, sizeof (Listener));
  relay->inbox = gst_amt_inbox_new ();
  relay->wake_fd = -1;
  for (guint i = 0; i < GST_AMT_N_FAMILIES; i++)
    relay->sockets.fd[i] = -1;

  if (!gst_amt_sockets_open (&relay->sockets, &settings->address, error))
    goto failed;
  relay->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  relay->core = new_core (settings);
  if (relay->wake_fd < 0 || relay->core == NULL) {
    g_set_error_literal (error, GST_RESOURCE_ERROR,
        GST_RESOURCE_ERROR_NO_SPACE_LEFT,
        "Not enough memory or file descriptors for the relay.");
    goto failed;
  }
  relay->generation = (guint) amt_relay_generation (relay->core);
  return relay;

failed:
  relay_free (relay);
  return NULL;
}

/* Called under registry_lock. */
static GstAmtRelay *
relay_open (const GstAmtRelaySettings * settings, GError ** error)
{
  GstAmtRelay *relay = relay_new (settings, error);
  g_autoptr (GError) thread_error = NULL;

  if (relay == NULL)
    return NULL;
  /* The thread begins under the lock: it sees relay->thread assigned. */
  relay_lock (relay);
  relay->thread = g_thread_try_new ("amtrelay", control_thread, relay,
      &thread_error);
  relay_unlock (relay);
  if (relay->thread == NULL) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT,
        "No thread for the relay: %s.", thread_error->message);
    relay_free (relay);
    return NULL;
  }
  registry = g_list_prepend (registry, relay);
  GST_INFO ("relay opened on UDP port %u", relay->sockets.port);
  return relay;
}

/* Called under registry_lock. */
static GstAmtRelay *
find_relay (const core_addr * address)
{
  for (GList * l = registry; l != NULL; l = l->next) {
    GstAmtRelay *relay = l->data;
    const core_addr *at = &relay->settings.address;

    if (core_ip_equal (&at->ip, &address->ip) && at->port == address->port &&
        at->scope == address->scope)
      return relay;
  }
  return NULL;
}

static void
warn_of_differences (GstAmtRelay * relay, const GstAmtRelaySettings * wanted,
    GstObject * user)
{
  const GstAmtRelaySettings *have = &relay->settings;

  if (have->max_gateways != wanted->max_gateways)
    GST_WARNING_OBJECT (user, "shares a relay whose max-gateways is %u, not "
        "%u", have->max_gateways, wanted->max_gateways);
  if (have->query_interval != wanted->query_interval)
    GST_WARNING_OBJECT (user, "shares a relay whose query-interval is %u s, "
        "not %u s", have->query_interval, wanted->query_interval);
  if (have->gateway_address != wanted->gateway_address)
    GST_WARNING_OBJECT (user, "shares a relay whose gateway-address is %s",
        have->gateway_address ? "true" : "false");
}

GstAmtRelay *
gst_amt_relay_acquire (const GstAmtRelaySettings * settings,
    GstAmtRelayFunc func, GstObject * user, GError ** error)
{
  Listener listener = { func, user };
  GstAmtRelay *relay;

  g_mutex_lock (&registry_lock);
  relay = find_relay (&settings->address);
  if (relay != NULL)
    warn_of_differences (relay, settings, user);
  else
    relay = relay_open (settings, error);
  if (relay != NULL) {
    relay->n_users++;
    relay_lock (relay);
    g_array_append_val (relay->listeners, listener);
    relay_unlock (relay);
  }
  g_mutex_unlock (&registry_lock);
  return relay;
}

static void
remove_listener (GstAmtRelay * relay, GstObject * user)
{
  for (guint i = 0; i < relay->listeners->len; i++) {
    if (g_array_index (relay->listeners, Listener, i).user == user) {
      g_array_remove_index (relay->listeners, i);
      return;
    }
  }
}

/* Ends the thread, or, when it is inside a callback (perhaps our caller),
 * closes the port and leaves the rest to the thread: a callback that waits for
 * this very state change must not deadlock.  Called under registry_lock, so
 * that nobody opens the port before it is closed. */
static void
relay_close (GstAmtRelay * relay)
{
  guint64 one = 1;
  GThread *thread;

  registry = g_list_remove (registry, relay);
  GST_INFO ("relay on UDP port %u closes", relay->sockets.port);

  relay_lock (relay);
  relay->quit = TRUE;
  if (write (relay->wake_fd, &one, sizeof (one)) < 0)
    GST_ERROR ("could not wake the relay's thread: %s", g_strerror (errno));
  while (!relay->exited && !relay->in_callback)
    g_cond_wait (&relay->changed, &relay->lock);

  thread = relay->thread;
  if (relay->exited) {
    relay_unlock (relay);
    g_thread_join (thread);
    relay_free (relay);
  } else {
    relay->thread = NULL;
    gst_amt_sockets_close (&relay->sockets);
    relay_unlock (relay);
    g_thread_unref (thread);
  }
}

void
gst_amt_relay_release (GstAmtRelay * relay, GstObject * user)
{
  g_mutex_lock (&registry_lock);
  relay_lock (relay);
  remove_listener (relay, user);
  relay_unlock (relay);
  if (--relay->n_users == 0)
    relay_close (relay);
  g_mutex_unlock (&registry_lock);
}

/*
 * For the streaming threads
 */

const GstAmtSockets *
gst_amt_relay_sockets (GstAmtRelay * relay)
{
  return &relay->sockets;
}

guint
gst_amt_relay_generation (GstAmtRelay * relay)
{
  return (guint) g_atomic_int_get (&relay->generation);
}

guint
gst_amt_relay_targets (GstAmtRelay * relay, const core_ip * source,
    const core_ip * group, GArray * targets)
{
  guint generation;
  gsize n, cap;

  relay_lock (relay);
  do {
    cap = targets->len;
    n = amt_relay_targets (relay->core, source, group,
        (amt_relay_target *) targets->data, cap);
    g_array_set_size (targets, (guint) n);
  } while (n > cap);
  generation = (guint) amt_relay_generation (relay->core);
  relay_unlock (relay);
  return generation;
}

void
gst_amt_relay_get_stats (GstAmtRelay * relay, GstAmtRelayStats * stats)
{
  relay_lock (relay);
  stats->core = *amt_relay_get_stats (relay->core);
  stats->not_unicast = relay->not_unicast;
  stats->truncated = relay->truncated;
  stats->send_failed = relay->send_failed;
  relay_unlock (relay);
}
