/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The metadata of a channel (DORMS) as an element uses it.
 */
#include "gstmcmetadata.h"

#include <string.h>

#include "dorms-restconf.h"
#include "dorms-worker.h"
#include "gstmcaddr.h"

#define MS_TO_NS(ms) ((guint64) (ms) * GST_MSECOND)

struct _GstMcMetadata
{
  GstElement *element;
  GstMcChannel channel;
  gboolean by_srv;              /* the server is not configured */
  gboolean element_complains;
  gboolean held;                /* the worker */
  dorms_user *user;             /* NULL: nobody can be asked */
  const dorms_snapshot *seen;   /* NULL before the first update */
  dorms_code told_code;
  const gchar *code;            /* of the progress that has begun, or NULL */
  const gchar *impossible;      /* why nobody can be asked, */
  const gchar *remedy;          /*   and what to do about it */
};

/*
 * Settings
 */

G_GNUC_PRINTF (2, 3)
     static gboolean settings_error (GError ** error, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS, format, args));
  va_end (args);
  return FALSE;
}

static gboolean
parse_trust (const gchar * text, dorms_trust * trust, GError ** error)
{
  if (text == NULL || g_str_equal (text, GST_MC_DNS_TRUST_AD))
    *trust = DORMS_TRUST_AD;
  else if (g_str_equal (text, "resolver"))
    *trust = DORMS_TRUST_RESOLVER;
  else if (g_str_equal (text, "off"))
    *trust = DORMS_TRUST_OFF;
  else
    return settings_error (error, "The property \"dns-trust\" is \"%s\". Set "
        "it to \"ad\" (DNSSEC must vouch for the answer), \"resolver\" (the "
        "system's name servers are trusted) or \"off\" (nothing is asked of "
        "the DNS)", text);
  return TRUE;
}

/* "HOST" as it stands in a URI; NULL: it is none. */
static gchar *
get_host (GUri * uri)
{
  const gchar *text = g_uri_get_host (uri);
  gchar *host = strchr (text, ':') != NULL ? g_strdup_printf ("[%s]", text) :
      g_strdup (text);

  if (!dorms_host_is_valid (host))
    g_clear_pointer (&host, g_free);
  return host;
}

static gboolean
parse_server (const gchar * text, GstMcMetadataConfig * config, GError ** error)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  g_autofree gchar *host = NULL;
  const gchar *path;

  if (uri != NULL && g_uri_get_host (uri) != NULL)
    host = get_host (uri);
  if (host == NULL || !g_str_equal (g_uri_get_scheme (uri), "https") ||
      g_uri_get_port (uri) == 0 || g_uri_get_userinfo (uri) != NULL ||
      g_uri_get_query (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    return settings_error (error, "The property \"dorms-uri\" is \"%s\". Set "
        "it to https://HOST or https://HOST:PORT of a metadata server, to "
        "\"auto\" (the source names it in the DNS), or to an empty text "
        "(none)", text);
  path = g_uri_get_path (uri);
  if (!g_str_equal (path, "") && !g_str_equal (path, "/"))
    return settings_error (error, "The property \"dorms-uri\" is \"%s\", which "
        "has a path: servers tell where their data are. Give https://HOST or "
        "https://HOST:PORT alone", text);
  if (g_uri_get_port (uri) > 0)
    config->port = (guint16) g_uri_get_port (uri);
  config->server = g_steal_pointer (&host);
  return TRUE;
}

gboolean
gst_mc_metadata_config_parse (GstMcMetadataConfig * config,
    const gchar * dorms_uri, const gchar * dns_trust,
    const gchar * tls_ca_file, gboolean require_srv_match, GError ** error)
{
  memset (config, 0, sizeof (*config));
  if (!parse_trust (dns_trust, &config->trust, error))
    return FALSE;
  if (dorms_uri == NULL || *dorms_uri == '\0')
    config->off = TRUE;
  else if (g_str_equal (dorms_uri, GST_MC_DORMS_URI_AUTO))
    config->off = config->trust == DORMS_TRUST_OFF;
  else if (!parse_server (dorms_uri, config, error))
    return FALSE;
  if (require_srv_match && config->server != NULL &&
      config->trust == DORMS_TRUST_OFF) {
    gst_mc_metadata_config_clear (config);
    return settings_error (error, "The property \"require-srv-match\" is TRUE, "
        "but \"dns-trust\" is \"off\", so that the source's SRV records cannot "
        "be asked for. Set \"dns-trust\" to \"ad\" or \"resolver\", or "
        "\"require-srv-match\" to FALSE");
  }
  config->require_srv_match = require_srv_match && config->server != NULL;
  if (tls_ca_file != NULL && *tls_ca_file != '\0')
    config->tls_ca_file = g_strdup (tls_ca_file);
  return TRUE;
}

void
gst_mc_metadata_config_clear (GstMcMetadataConfig * config)
{
  g_clear_pointer (&config->server, g_free);
  g_clear_pointer (&config->tls_ca_file, g_free);
}

/*
 * Life
 */

static void
begin (GstMcMetadata * self, const GstMcMetadataConfig * config,
    dorms_notify_func notify, gpointer ctx)
{
  const dorms_query query = {
    .source = self->channel.source,
    .group = self->channel.group,
    .server = config->server,
    .port = config->port,
    .trust = config->trust,
    .tls_ca_file = config->tls_ca_file,
    .require_srv_match = config->require_srv_match,
  };
  int ret;

  self->held = dorms_worker_hold ();
  if (!self->held) {
    self->impossible = "this build cannot ask metadata servers";
    self->remedy = "build it with libcurl";
    return;
  }
  ret = dorms_cache_use (dorms_cache_get_default (), &query, notify, ctx,
      gst_mc_now (), &self->user);
  if (ret != CORE_OK) {
    self->impossible = "too many channels' metadata are in use";
    self->remedy = "stop to receive some of them";
  }
}

GstMcMetadata *
gst_mc_metadata_new (GstElement * element, const GstMcMetadataConfig * config,
    const GstMcChannel * channel, dorms_notify_func notify, gpointer ctx)
{
  GstMcMetadata *self = g_new0 (GstMcMetadata, 1);

  self->element = element;
  self->channel = *channel;
  self->by_srv = config->server == NULL;
  self->element_complains = config->element_complains;
  begin (self, config, notify, ctx);
  return self;
}

void
gst_mc_metadata_free (GstMcMetadata * self)
{
  if (self == NULL)
    return;
  if (self->code != NULL)
    gst_mc_progress (self->element, GST_PROGRESS_TYPE_CANCELED, self->code,
        "No longer asking for metadata");
  dorms_user_leave (self->user, gst_mc_now ());
  if (self->held)
    dorms_worker_release ();
  dorms_snapshot_unref (self->seen);
  g_free (self);
}

/*
 * What is told
 */

static void
append_uint (GValue * array, guint number)
{
  GValue value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_UINT);
  g_value_set_uint (&value, number);
  gst_value_array_append_and_take_value (array, &value);
}

static void
set_ports (GstStructure * s, const dorms_metadata * metadata)
{
  GValue array = G_VALUE_INIT;

  gst_value_array_init (&array, metadata->n_ports);
  for (guint i = 0; i < metadata->n_ports; i++)
    append_uint (&array, metadata->ports[i]);
  gst_structure_take_value (s, "ports", &array);
}

static GstStructure *
new_stream (const dorms_stream * stream)
{
  GstStructure *s = gst_structure_new ("manifest-stream",
      "stream-id", G_TYPE_UINT, stream->id,
      "hash-algorithm", G_TYPE_STRING, core_hash_name (stream->hash),
      "layer", G_TYPE_STRING,
      stream->layer == DORMS_LAYER_UDP ? "udp" : "ip",
      "port", G_TYPE_UINT, stream->has_port ? stream->port : 0,
      "data-hold-time", G_TYPE_UINT64, MS_TO_NS (stream->data_hold_ms),
      "digest-hold-time", G_TYPE_UINT64, MS_TO_NS (stream->digest_hold_ms),
      NULL);
  GValue array = G_VALUE_INIT;

  if (stream->expires)
    gst_structure_set (s, "expiration", G_TYPE_INT64, stream->expiration, NULL);
  gst_value_array_init (&array, stream->n_uris);
  for (guint i = 0; i < stream->n_uris; i++) {
    GValue value = G_VALUE_INIT;

    g_value_init (&value, G_TYPE_STRING);
    g_value_set_string (&value, stream->uris[i]);
    gst_value_array_append_and_take_value (&array, &value);
  }
  gst_structure_take_value (s, "uris", &array);
  return s;
}

static void
set_streams (GstStructure * s, const dorms_metadata * metadata)
{
  GValue array = G_VALUE_INIT;

  gst_value_array_init (&array, metadata->n_streams);
  for (guint i = 0; i < metadata->n_streams; i++) {
    GValue value = G_VALUE_INIT;

    g_value_init (&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&value, new_stream (&metadata->streams[i]));
    gst_value_array_append_and_take_value (&array, &value);
  }
  gst_structure_take_value (s, "manifest-streams", &array);
}

static void
log_revisions (const GstMcMetadata * self)
{
  guint unknown = self->seen->unknown_revisions;

  if (unknown != 0)
    GST_WARNING_OBJECT (self->element, "%s has revisions that are not known "
        "here of:%s%s%s", self->seen->server,
        unknown & DORMS_MODULE_DORMS ? " ietf-dorms" : "",
        unknown & DORMS_MODULE_AMBI ? " ietf-ambi" : "",
        unknown & DORMS_MODULE_CBACC ? " ietf-cbacc" : "");
}

/* Why something that was published has no effect. */
static void
log_details (const GstMcMetadata * self)
{
  const dorms_snapshot *snapshot = self->seen;
  const dorms_metadata *metadata = snapshot->metadata;

  if (snapshot->code != DORMS_OK && snapshot->error_says[0] != '\0')
    GST_DEBUG_OBJECT (self->element, "%s says: %s", snapshot->error_server,
        snapshot->error_says);
  if (snapshot->code != DORMS_OK || metadata == NULL)
    return;
  log_revisions (self);
  if (metadata->not_ssm)
    GST_WARNING_OBJECT (self->element, "the group is outside of 232.0.0.0/8 "
        "and ff3x::/32, which networks keep for such channels");
  for (gint i = 0; i < DORMS_N_SKIPS; i++)
    if (metadata->n_skips[i] > 0)
      GST_INFO_OBJECT (self->element, "of the metadata from %s is left out: "
          "%u times %s", snapshot->server, metadata->n_skips[i],
          dorms_skip_name ((dorms_skip) i));
}

static void
post_metadata (GstMcMetadata * self)
{
  const dorms_snapshot *snapshot = self->seen;
  const dorms_metadata *metadata = snapshot->metadata;
  gchar source[CORE_IP_TEXT_MAX], group[CORE_IP_TEXT_MAX];
  GstStructure *s = gst_structure_new ("multicast-metadata",
      "source", G_TYPE_STRING, core_ip_to_string (&self->channel.source,
          source),
      "group", G_TYPE_STRING, core_ip_to_string (&self->channel.group, group),
      "state", G_TYPE_STRING, dorms_state_name (snapshot->state),
      "server", G_TYPE_STRING, snapshot->code == DORMS_OK ? snapshot->server :
      snapshot->error_server,
      "code", G_TYPE_STRING, dorms_code_name (snapshot->code),
      "text", G_TYPE_STRING,
      snapshot->code == DORMS_OK ? "" : snapshot->error_text, NULL);

  if (metadata != NULL) {
    set_ports (s, metadata);
    set_streams (s, metadata);
    if (metadata->has_cbacc)
      gst_structure_set (s,
          "max-bitrate", G_TYPE_UINT64, metadata->cbacc.max_bps,
          "max-packet-size", G_TYPE_UINT, metadata->cbacc.max_packet_size,
          "data-rate-window", G_TYPE_UINT64,
          MS_TO_NS (metadata->cbacc.data_rate_window_ms),
          "priority", G_TYPE_UINT, metadata->cbacc.priority, NULL);
  }
  gst_element_post_message (self->element,
      gst_message_new_element (GST_OBJECT (self->element), s));
  log_details (self);
}

/* What is published by nobody is no fault, and a name service that does not
 * answer is told as progress: whoever cannot do without will complain. */
static gboolean
deserves_warning (const GstMcMetadata * self)
{
  const dorms_snapshot *snapshot = self->seen;

  if (self->element_complains && snapshot->metadata == NULL)
    return FALSE;
  switch (snapshot->code) {
    case DORMS_OK:
    case DORMS_NO_METADATA:
      return FALSE;
    case DORMS_NO_SERVICE:
      return !self->by_srv;
    case DORMS_UNREACHABLE:
      return snapshot->error_server[0] != '\0';
    default:
      return TRUE;
  }
}

static void
post_warning (GstMcMetadata * self)
{
  const gchar *text = self->seen->error_text;

  if (self->seen->metadata != NULL)
    GST_ELEMENT_WARNING (self->element, RESOURCE, NOT_FOUND,
        ("The metadata could not be renewed, what is known of them stays in "
            "use: %s: %s", text, gst_mc_metadata_get_remedy (self)), (NULL));
  else if (self->seen->code == DORMS_DNS_UNTRUSTED)
    GST_ELEMENT_WARNING (self->element, RESOURCE, NOT_AUTHORIZED,
        ("No metadata: %s: %s", text, gst_mc_metadata_get_remedy (self)),
        (NULL));
  else
    GST_ELEMENT_WARNING (self->element, RESOURCE, NOT_FOUND,
        ("No metadata: %s: %s", text, gst_mc_metadata_get_remedy (self)),
        (NULL));
}

static void
end_progress (GstMcMetadata * self)
{
  const dorms_snapshot *snapshot = self->seen;

  if (self->code == NULL)
    return;
  if (snapshot->code == DORMS_OK)
    gst_mc_progress (self->element, GST_PROGRESS_TYPE_COMPLETE, self->code,
        "Got the metadata from %s", snapshot->server);
  else
    gst_mc_progress (self->element, GST_PROGRESS_TYPE_COMPLETE, self->code,
        snapshot->metadata == NULL ? "No metadata: %s" :
        "Could not renew the metadata: %s", snapshot->error_text);
  self->code = NULL;
}

static void
tell_progress (GstMcMetadata * self)
{
  const dorms_snapshot *snapshot = self->seen;
  const gchar *code;

  if (snapshot->asking[0] == '\0') {
    end_progress (self);
    return;
  }
  code = snapshot->ask == DORMS_ASK_SRV ? "name-lookup" : "request";
  if (self->code != NULL && !g_str_equal (self->code, code)) {
    gst_mc_progress (self->element, GST_PROGRESS_TYPE_COMPLETE, self->code,
        "The metadata server is known");
    self->code = NULL;
  }
  gst_mc_progress (self->element, self->code == NULL ?
      GST_PROGRESS_TYPE_START : GST_PROGRESS_TYPE_CONTINUE, code,
      snapshot->ask == DORMS_ASK_SRV ?
      "Looking for the metadata server: asking for SRV records of %s" :
      "Asking for metadata: %s", snapshot->asking);
  self->code = code;
}

static gboolean
is_other (const dorms_snapshot * a, const dorms_snapshot * b)
{
  if (a == NULL)
    return b->state != DORMS_STATE_NONE || b->code != DORMS_OK;
  return a->state != b->state || a->code != b->code ||
      (a->metadata == NULL) != (b->metadata == NULL) ||
      (a->metadata != NULL && !dorms_metadata_equal (a->metadata, b->metadata));
}

gboolean
gst_mc_metadata_update (GstMcMetadata * self)
{
  const dorms_snapshot *now, *before = self->seen;
  gboolean other;

  if (self->user == NULL)
    return FALSE;
  now = dorms_user_look (self->user);
  if (now == before) {
    dorms_snapshot_unref (now);
    return FALSE;
  }
  other = is_other (before, now);
  self->seen = now;
  dorms_snapshot_unref (before);
  tell_progress (self);
  if (!other)
    return FALSE;
  post_metadata (self);
  if (now->code != self->told_code && deserves_warning (self))
    post_warning (self);
  self->told_code = now->code;
  return TRUE;
}

/*
 * What is known
 */

const dorms_metadata *
gst_mc_metadata_get (const GstMcMetadata * self)
{
  return self->seen != NULL ? self->seen->metadata : NULL;
}

dorms_state
gst_mc_metadata_get_state (const GstMcMetadata * self)
{
  return self->seen != NULL ? self->seen->state : DORMS_STATE_NONE;
}

const gchar *
gst_mc_metadata_get_problem (const GstMcMetadata * self)
{
  if (self->impossible != NULL)
    return self->impossible;
  if (self->seen == NULL || self->seen->metadata != NULL ||
      self->seen->code == DORMS_OK)
    return NULL;
  return self->seen->error_text;
}

/* The DNS, where the user named the server: it has to confirm that one. */
static gboolean
is_unmatched (const GstMcMetadata * self)
{
  return !self->by_srv && self->seen != NULL &&
      self->seen->code != DORMS_OK && self->seen->error_server[0] == '\0';
}

static const gchar *
get_match_remedy (dorms_code code)
{
  if (code == DORMS_DNS_UNTRUSTED)
    return "sign the zone, or set \"dns-trust\" to \"resolver\" if you trust "
        "this host's name servers and the way to them, or "
        "\"require-srv-match\" to FALSE if you trust the server yourself";
  return "set \"dorms-uri\" to a server that the source names, or "
      "\"require-srv-match\" to FALSE if you trust this one yourself";
}

const gchar *
gst_mc_metadata_get_remedy (const GstMcMetadata * self)
{
  if (self->impossible != NULL)
    return self->remedy;
  if (is_unmatched (self))
    return get_match_remedy (self->seen->code);
  switch (self->seen != NULL ? self->seen->code : DORMS_OK) {
    case DORMS_DNS_UNTRUSTED:
      return "sign the zone, or set \"dns-trust\" to \"resolver\" if you trust "
          "this host's name servers and the way to them, or name the server "
          "with \"dorms-uri\"";
    case DORMS_TLS:
      return "check the server's certificate, and \"tls-ca-file\" if it is not "
          "of an authority that the system trusts";
    case DORMS_NO_METADATA:
      return "check source and group, or name another server with "
          "\"dorms-uri\"";
    default:
      return self->by_srv ? "name a metadata server with \"dorms-uri\"" :
          "check the server that \"dorms-uri\" names";
  }
}

gboolean
gst_mc_metadata_is_hopeless (const GstMcMetadata * self)
{
  if (self->impossible != NULL)
    return TRUE;
  return self->seen != NULL && self->seen->metadata == NULL &&
      (self->seen->code == DORMS_NO_SERVICE ||
      self->seen->code == DORMS_SRV_MISMATCH ||
      self->seen->code == DORMS_NO_METADATA ||
      self->seen->code == DORMS_DNS_UNTRUSTED ||
      self->seen->code == DORMS_BOGUS);
}

void
gst_mc_metadata_refresh (GstMcMetadata * self)
{
  if (self->user != NULL)
    dorms_user_refresh (self->user, gst_mc_now ());
}

void
gst_mc_metadata_get_stats (const GstMcMetadata * self,
    GstMcMetadataStats * stats)
{
  memset (stats, 0, sizeof (*stats));
  if (self == NULL || self->seen == NULL)
    return;
  stats->state = self->seen->state;
  if (self->seen->metadata != NULL && self->seen->metadata->has_cbacc)
    stats->cbacc = self->seen->metadata->cbacc;
}

void
gst_mc_metadata_add_stats (const GstMcMetadataStats * stats,
    GstStructure * structure)
{
  gst_structure_set (structure,
      "metadata", G_TYPE_STRING, dorms_state_name (stats->state),
      "cbacc-max-bitrate", G_TYPE_UINT64, stats->cbacc.max_bps,
      "cbacc-max-packet-size", G_TYPE_UINT64,
      (guint64) stats->cbacc.max_packet_size,
      "cbacc-window-ns", G_TYPE_UINT64,
      MS_TO_NS (stats->cbacc.data_rate_window_ms),
      "cbacc-priority", G_TYPE_UINT64, (guint64) stats->cbacc.priority, NULL);
}
