/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The relays a user named, their names looked up.
 */
#include "gstamtrelays.h"

#include <net/if.h>
#include <string.h>

#include "gstmcname.h"

#define MAX_RELAYS 32           /* names and addresses in the property */

/* How long earlier names may hold up later relays that are known already. */
#define PATIENCE (2 * CORE_SECOND)

typedef struct
{
  GstMcName *name;              /* NULL for an address */
  core_addr addr;               /* of a name: its port alone */
} Relay;

struct _GstAmtRelays
{
  GstElement *element;
  gboolean discovery;
  int wake_fd;

  GArray *relays;               /* of Relay, in the user's order */
  GArray *candidates;           /* of amt_relay_candidate */
  core_time started;
  gboolean settled;             /* names had their chance to be first */
};

static void
relay_clear (gpointer data)
{
  Relay *relay = data;

  gst_mc_name_free (relay->name);
}

/* Splits "HOST", "HOST:PORT", "[V6]", "[V6]:PORT" and bare "V6". */
static gboolean
split_host_port (const gchar * item, gchar ** host, guint * port)
{
  const gchar *rest = NULL;
  guint64 number;

  if (item[0] == '[') {
    const gchar *end = strchr (item, ']');

    if (end == NULL)
      return FALSE;
    *host = g_strndup (item + 1, (gsize) (end - item - 1));
    if (end[1] != '\0' && end[1] != ':')
      return FALSE;
    rest = end[1] == ':' ? end + 2 : NULL;
  } else {
    const gchar *colon = strchr (item, ':');

    if (colon != NULL && strchr (colon + 1, ':') == NULL) {
      *host = g_strndup (item, (gsize) (colon - item));
      rest = colon + 1;
    } else {
      *host = g_strdup (item);
    }
  }

  if (rest != NULL) {
    if (!g_ascii_string_to_unsigned (rest, 10, 1, G_MAXUINT16, &number, NULL))
      return FALSE;
    *port = (guint) number;
  }
  return (*host)[0] != '\0' && strpbrk (*host, " /[]@") == NULL;
}

/* An address, with the zone of a link-local one, or else a name. */
static gboolean
parse_host (GstAmtRelays * relays, Relay * relay, const gchar * host)
{
  const gchar *percent = strchr (host, '%');
  g_autofree gchar *address = NULL;

  if (percent != NULL) {
    address = g_strndup (host, (gsize) (percent - host));
    relay->addr.scope = if_nametoindex (percent + 1);
    return relay->addr.scope != 0 &&
        core_ip_from_string (address, &relay->addr.ip);
  }
  if (core_ip_from_string (host, &relay->addr.ip))
    return core_ip_is_unicast (&relay->addr.ip);
  if (strchr (host, ':') != NULL)
    return FALSE;
  relay->name = gst_mc_name_new (relays->element, "relay", host,
      relays->wake_fd);
  return TRUE;
}

static gboolean
add_item (GstAmtRelays * relays, const gchar * item, guint default_port,
    GError ** error)
{
  Relay relay = { 0 };
  g_autofree gchar *host = NULL;
  guint port = default_port;

  if (split_host_port (item, &host, &port) && parse_host (relays, &relay, host)
      && relays->relays->len < MAX_RELAYS) {
    relay.addr.port = (uint16_t) port;
    g_array_append_val (relays->relays, relay);
    return TRUE;
  }

  relay_clear (&relay);
  if (relays->relays->len >= MAX_RELAYS)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "The property \"relay\" lists more than %d relays", MAX_RELAYS);
  else
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "The property \"relay\" has \"%s\", which is not HOST or HOST:PORT "
        "of one host (an IPv6 address stands in brackets when a port follows: "
        "[2001:db8::1]:2268)", item);
  return FALSE;
}

GstAmtRelays *
gst_amt_relays_new (GstElement * element, const gchar * text,
    guint default_port, gboolean discovery, int wake_fd, GError ** error)
{
  GstAmtRelays *relays = g_new0 (GstAmtRelays, 1);
  g_auto (GStrv) items = NULL;

  relays->element = element;
  relays->discovery = discovery;
  relays->wake_fd = wake_fd;
  relays->started = CORE_TIME_NEVER;
  relays->relays = g_array_new (FALSE, TRUE, sizeof (Relay));
  g_array_set_clear_func (relays->relays, relay_clear);
  relays->candidates = g_array_new (FALSE, TRUE, sizeof (amt_relay_candidate));

  items = g_strsplit (text, ",", -1);
  for (guint i = 0; items[i]; i++) {
    if (!add_item (relays, g_strstrip (items[i]), default_port, error)) {
      gst_amt_relays_free (relays);
      return NULL;
    }
  }
  return relays;
}

gboolean
gst_amt_relays_may_be (const GstAmtRelays * relays, core_family family)
{
  for (guint i = 0; i < relays->relays->len; i++) {
    const Relay *relay = &g_array_index (relays->relays, Relay, i);

    if (relay->name || relay->addr.ip.family == family)
      return TRUE;
  }
  return FALSE;
}

void
gst_amt_relays_free (GstAmtRelays * relays)
{
  if (relays == NULL)
    return;
  g_array_unref (relays->relays);
  g_array_unref (relays->candidates);
  g_free (relays);
}

void
gst_amt_relays_refresh (GstAmtRelays * relays, core_time now)
{
  for (guint i = 0; i < relays->relays->len; i++) {
    Relay *relay = &g_array_index (relays->relays, Relay, i);

    if (relay->name)
      gst_mc_name_refresh (relay->name, now);
  }
}

static void
add_candidate (GstAmtRelays * relays, const core_addr * addr)
{
  amt_relay_candidate candidate = { *addr, relays->discovery };

  if (core_ip_is_unicast (&addr->ip) &&
      relays->candidates->len < GST_AMT_RELAYS_MAX_CANDIDATES)
    g_array_append_val (relays->candidates, candidate);
}

static void
rebuild_candidates (GstAmtRelays * relays)
{
  g_array_set_size (relays->candidates, 0);
  for (guint i = 0; i < relays->relays->len; i++) {
    Relay *relay = &g_array_index (relays->relays, Relay, i);
    const GArray *ips = NULL;

    if (relay->name == NULL)
      add_candidate (relays, &relay->addr);
    else
      ips = gst_mc_name_get_ips (relay->name);

    for (guint j = 0; ips && j < ips->len; j++) {
      core_addr addr = relay->addr;

      addr.ip = g_array_index (ips, core_ip, j);
      add_candidate (relays, &addr);
    }
  }
}

static gboolean
is_pending (const GstAmtRelays * relays)
{
  for (guint i = 0; i < relays->relays->len; i++) {
    const Relay *relay = &g_array_index (relays->relays, Relay, i);

    if (relay->name && gst_mc_name_is_pending (relay->name))
      return TRUE;
  }
  return FALSE;
}

gboolean
gst_amt_relays_update (GstAmtRelays * relays, core_time now)
{
  gboolean changed = FALSE;

  if (relays->started == CORE_TIME_NEVER)
    relays->started = now;

  for (guint i = 0; i < relays->relays->len; i++) {
    Relay *relay = &g_array_index (relays->relays, Relay, i);

    if (relay->name)
      changed |= gst_mc_name_update (relay->name, now);
  }

  if (!relays->settled) {
    /* Candidates are tried in the user's order: a relay whose name is still
     * being looked up gets a chance to come before later ones. */
    if (is_pending (relays) && now < relays->started + PATIENCE)
      return FALSE;
    relays->settled = TRUE;
    changed = TRUE;
  }
  if (changed)
    rebuild_candidates (relays);
  return changed && relays->candidates->len > 0;
}

core_time
gst_amt_relays_deadline (const GstAmtRelays * relays)
{
  core_time deadline = CORE_TIME_NEVER;

  if (!relays->settled && relays->started != CORE_TIME_NEVER)
    deadline = relays->started + PATIENCE;
  for (guint i = 0; i < relays->relays->len; i++) {
    const Relay *relay = &g_array_index (relays->relays, Relay, i);

    if (relay->name)
      deadline = MIN (deadline, gst_mc_name_deadline (relay->name));
  }
  return deadline;
}

const amt_relay_candidate *
gst_amt_relays_get (const GstAmtRelays * relays, guint * n)
{
  *n = relays->candidates->len;
  return (const amt_relay_candidate *) relays->candidates->data;
}

const gchar *
gst_amt_relays_get_problem (const GstAmtRelays * relays)
{
  if (relays->candidates->len > 0)
    return NULL;
  for (guint i = 0; i < relays->relays->len; i++) {
    const Relay *relay = &g_array_index (relays->relays, Relay, i);

    if (relay->name)
      return gst_mc_name_get_problem (relay->name);
  }
  return NULL;
}
