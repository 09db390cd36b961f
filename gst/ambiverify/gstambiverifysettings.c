/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties of ambiverify as values.
 */
#include "gstambiverifysettings.h"

#include "gstmcflow.h"
#include "gstmcmetadata.h"

#define DEFAULT_STREAM_ID -1
#define DEFAULT_HASH_ALGORITHM "sha-256"
#define DEFAULT_MANIFEST_URI NULL
#define DEFAULT_DORMS_URI GST_MC_DORMS_URI_AUTO
#define DEFAULT_DNS_TRUST GST_MC_DNS_TRUST_AD
#define DEFAULT_TLS_CA_FILE NULL
#define DEFAULT_REQUIRE_SRV_MATCH FALSE
#define DEFAULT_SOURCE NULL
#define DEFAULT_GROUP NULL
#define DEFAULT_PORT 0
#define DEFAULT_MODE AMBI_MODE_ENFORCE
#define DEFAULT_ORDER AMBI_ORDER_ARRIVAL
#define DEFAULT_DATA_HOLD_TIME 0
#define DEFAULT_DIGEST_HOLD_TIME 0
#define DEFAULT_REORDER_TIME GST_SECOND
#define DEFAULT_MAX_HELD_BYTES (16 * 1024 * 1024)
#define DEFAULT_MAX_DIGESTS (256 * 1024)

/* Longer than this, nobody waits; sums of times stay far from overflowing. */
#define MAX_TIME (3600 * GST_SECOND)

#define SUPPORTED_HASHES \
    "sha-256, sha-384, sha-512, sha-224, shake-128 or shake-256"

#define RW_READY (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_READY)
#define RW_PLAYING (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_PLAYING)

void
gst_ambi_verify_settings_init (GstAmbiVerifySettings * settings)
{
  const GstAmbiVerifySettings defaults = {
    .stream_id = DEFAULT_STREAM_ID,
    .hash_algorithm = g_strdup (DEFAULT_HASH_ALGORITHM),
    .dorms_uri = g_strdup (DEFAULT_DORMS_URI),
    .dns_trust = g_strdup (DEFAULT_DNS_TRUST),
    .require_srv_match = DEFAULT_REQUIRE_SRV_MATCH,
    .port = DEFAULT_PORT,
    .mode = DEFAULT_MODE,
    .order = DEFAULT_ORDER,
    .data_hold_time = DEFAULT_DATA_HOLD_TIME,
    .digest_hold_time = DEFAULT_DIGEST_HOLD_TIME,
    .reorder_time = DEFAULT_REORDER_TIME,
    .max_held_bytes = DEFAULT_MAX_HELD_BYTES,
    .max_digests = DEFAULT_MAX_DIGESTS,
  };

  *settings = defaults;
}

void
gst_ambi_verify_settings_clear (GstAmbiVerifySettings * settings)
{
  g_clear_pointer (&settings->hash_algorithm, g_free);
  g_clear_pointer (&settings->manifest_uri, g_free);
  g_clear_pointer (&settings->dorms_uri, g_free);
  g_clear_pointer (&settings->dns_trust, g_free);
  g_clear_pointer (&settings->tls_ca_file, g_free);
  g_clear_pointer (&settings->source, g_free);
  g_clear_pointer (&settings->group, g_free);
}

void
gst_ambi_verify_settings_copy (GstAmbiVerifySettings * to,
    const GstAmbiVerifySettings * from)
{
  *to = *from;
  to->hash_algorithm = g_strdup (from->hash_algorithm);
  to->manifest_uri = g_strdup (from->manifest_uri);
  to->dorms_uri = g_strdup (from->dorms_uri);
  to->dns_trust = g_strdup (from->dns_trust);
  to->tls_ca_file = g_strdup (from->tls_ca_file);
  to->source = g_strdup (from->source);
  to->group = g_strdup (from->group);
}

/*
 * Properties
 */

/**
 * GstAmbiVerifyMode:
 * @GST_AMBI_VERIFY_MODE_ENFORCE: what is not verified does not pass
 * @GST_AMBI_VERIFY_MODE_MONITOR: everything passes, verdicts are counted
 *
 * What becomes of packets that no manifest vouches for.
 *
 * Since: 0.1
 */
GType
gst_ambi_verify_mode_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {AMBI_MODE_ENFORCE, "What is not verified does not pass", "enforce"},
    {AMBI_MODE_MONITOR, "Everything passes at once, verdicts are counted",
        "monitor"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAmbiVerifyMode",
            values));
  return (GType) type;
}

/**
 * GstAmbiVerifyOrder:
 * @GST_AMBI_VERIFY_ORDER_ARRIVAL: each packet as soon as it is verified
 * @GST_AMBI_VERIFY_ORDER_SEQUENCE: the order in which they were sent
 *
 * The order in which packets are passed on.
 *
 * Since: 0.1
 */
GType
gst_ambi_verify_order_get_type (void)
{
  static gsize type = 0;
  static const GEnumValue values[] = {
    {AMBI_ORDER_ARRIVAL, "Each packet as soon as it is verified", "arrival"},
    {AMBI_ORDER_SEQUENCE, "The sender's order, each packet once", "sequence"},
    {0, NULL, NULL}
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAmbiVerifyOrder",
            values));
  return (GType) type;
}

static void
install_manifest_properties (GObjectClass * klass)
{
  /**
   * GstAmbiVerify:stream-id:
   *
   * The id of the manifest stream, as its sender tells it; manifests with
   * another one are refused. -1 takes the first id that comes on each pad or
   * connection and holds it to that. Pads have a property of the same name.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_STREAM_ID,
      g_param_spec_int64 ("stream-id", "Stream id",
          "Id of the manifest stream (-1 = the first one that comes)", -1,
          G_MAXUINT32, DEFAULT_STREAM_ID, RW_READY));

  /**
   * GstAmbiVerify:hash-algorithm:
   *
   * The hash the sender makes packet digests with: `sha-256`, `sha-384`,
   * `sha-512`, `sha-224`, `shake-128` or `shake-256`. Manifests do not say it.
   * Pads have a property of the same name.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_HASH_ALGORITHM,
      g_param_spec_string ("hash-algorithm", "Hash algorithm",
          "Hash of the packet digests: " SUPPORTED_HASHES,
          DEFAULT_HASH_ALGORITHM, RW_READY));

  /**
   * GstAmbiVerify:manifest-uri:
   *
   * Where the manifests are: `https://` (a response of type
   * `application/ambi`), `ambi+tls://HOST:PORT` (a stream over TLS) or
   * `ambi+dtls://HOST:PORT` (a manifest in each datagram; those that are lost
   * are not sent again). Further URIs, separated by white space, are
   * alternatives, up to 64 in all. The server's certificate is always verified.
   * The proxies of the environment (`https_proxy`, `no_proxy`) apply to
   * `https://`.
   *
   * When a connection fails, ends, or brings nothing for 10 s while packets
   * come, the next URI is tried at once. When all of them have been, that
   * begins anew after 1 s, then 2 s, 4 s and so on up to 60 s, and a random
   * part more.
   *
   * Manifests may come on `manifest_%u` pads instead, or as well.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_MANIFEST_URI,
      g_param_spec_string ("manifest-uri", "Manifest URI",
          "URI of the manifests, further ones are alternatives",
          DEFAULT_MANIFEST_URI, RW_READY));

  /**
   * GstAmbiVerify:dorms-uri:
   *
   * Where the metadata of the channel are, which name its manifest streams:
   * `auto`, the server that the source's SRV records name, asked only when there
   * is neither a #GstAmbiVerify:manifest-uri nor a manifest pad;
   * `https://HOST[:PORT]`; or empty, none.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_DORMS_URI,
      g_param_spec_string ("dorms-uri", "DORMS URI",
          "Server of the channel's metadata: auto (the source names it in the "
          "DNS; asked when it is needed), https://HOST[:PORT], or empty (none)",
          DEFAULT_DORMS_URI, RW_READY));

  /**
   * GstAmbiVerify:dns-trust:
   *
   * Which SRV records may name the metadata server, on which all trust in the
   * manifests rests then: `ad`, those that DNSSEC vouches for; `resolver`, all
   * that the name servers of this host give; `off`, none.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_DNS_TRUST,
      g_param_spec_string ("dns-trust", "DNS trust",
          "Which DNS answers may name the metadata server: ad (those DNSSEC "
          "vouches for), resolver (all), off (none)", DEFAULT_DNS_TRUST,
          RW_READY));

  /**
   * GstAmbiVerify:tls-ca-file:
   *
   * A file (PEM) with the authorities that may certify the servers of manifests
   * and metadata, instead of those the system trusts.
   * Verification cannot be switched off.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_TLS_CA_FILE,
      g_param_spec_string ("tls-ca-file", "TLS CA file",
          "PEM file with the authorities that may certify the servers of "
          "manifests and metadata (NULL = those of the system)",
          DEFAULT_TLS_CA_FILE, RW_READY));

  /**
   * GstAmbiVerify:require-srv-match:
   *
   * Metadata are taken from the server of #GstAmbiVerify:dorms-uri only if the
   * source's SRV records (draft-ietf-mboned-dorms-08 §2.2), as far as
   * #GstAmbiVerify:dns-trust believes them, name its host and port; else there
   * are none (`srv-mismatch`). For applications that get the server's name from
   * somebody who does not speak for the source, like a web page. Default:
   * FALSE, the user vouches for that server.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_REQUIRE_SRV_MATCH,
      g_param_spec_boolean ("require-srv-match", "Require SRV match",
          "Take metadata from the server of dorms-uri only if the source names "
          "it in the DNS", DEFAULT_REQUIRE_SRV_MATCH, RW_READY));
}

static void
install_channel_properties (GObjectClass * klass)
{
  /**
   * GstAmbiVerify:source:
   *
   * The address the packets come from; others are dropped. Used, and needed,
   * where upstream does not tell the channel with an event as `amtsrc` and
   * `ssmsrc` do.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_SOURCE,
      g_param_spec_string ("source", "Source",
          "Unicast IP address the packets come from, where upstream does not "
          "tell", DEFAULT_SOURCE, RW_READY));

  /**
   * GstAmbiVerify:group:
   *
   * The multicast group the packets were sent to, which their digests cover.
   * Used, and needed, where upstream does not tell the channel.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_GROUP,
      g_param_spec_string ("group", "Group",
          "Multicast IP address the packets were sent to, where upstream does "
          "not tell", DEFAULT_GROUP, RW_READY));

  /**
   * GstAmbiVerify:port:
   *
   * The UDP port the packets were sent to, which their digests cover. Used,
   * and needed, where upstream does not tell the channel.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_PORT,
      g_param_spec_uint ("port", "Port",
          "UDP port the packets were sent to, where upstream does not tell",
          0, G_MAXUINT16, DEFAULT_PORT, RW_READY));
}

static void
install_passing_properties (GObjectClass * klass)
{
  /**
   * GstAmbiVerify:mode:
   *
   * `enforce` passes on what a manifest vouches for and nothing else.
   * `monitor` passes everything on at once, and counts and tells what it would
   * have rejected.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_MODE,
      g_param_spec_enum ("mode", "Mode",
          "What becomes of packets that no manifest vouches for",
          gst_ambi_verify_mode_get_type (), DEFAULT_MODE, RW_READY));

  /**
   * GstAmbiVerify:order:
   *
   * `arrival` passes each packet on as soon as it is verified. `sequence`
   * gives the order in which they were sent, each packet once, and waits for a
   * missing one at most #GstAmbiVerify:reorder-time.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_ORDER,
      g_param_spec_enum ("order", "Order",
          "The order in which packets are passed on",
          gst_ambi_verify_order_get_type (), DEFAULT_ORDER, RW_READY));
}

static void
install_limit_properties (GObjectClass * klass)
{
  /**
   * GstAmbiVerify:data-hold-time:
   *
   * How long a packet waits for its digest before it is dropped, in
   * nanoseconds. Counts into the latency. 0: 2 s.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_DATA_HOLD_TIME,
      g_param_spec_uint64 ("data-hold-time", "Data hold time",
          "Time in nanoseconds that a packet waits for its digest (0 = 2 s)",
          0, MAX_TIME, DEFAULT_DATA_HOLD_TIME, RW_PLAYING));

  /**
   * GstAmbiVerify:digest-hold-time:
   *
   * How long a digest waits for its packet before that counts as lost, in
   * nanoseconds; and how long a used one is remembered, so that it is not used
   * twice. 0: 10 s.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_DIGEST_HOLD_TIME,
      g_param_spec_uint64 ("digest-hold-time", "Digest hold time",
          "Time in nanoseconds that a digest waits for its packet (0 = 10 s)",
          0, MAX_TIME, DEFAULT_DIGEST_HOLD_TIME, RW_READY));

  /**
   * GstAmbiVerify:reorder-time:
   *
   * How much later than its successors a packet may come, in nanoseconds:
   * after that it is presumed lost, and with #GstAmbiVerify:order `sequence`
   * the others are passed on without it. Counts into the latency then.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_REORDER_TIME,
      g_param_spec_uint64 ("reorder-time", "Reorder time",
          "Time in nanoseconds after which a missing packet is presumed lost",
          GST_MSECOND, MAX_TIME, DEFAULT_REORDER_TIME, RW_PLAYING));

  /**
   * GstAmbiVerify:max-held-bytes:
   *
   * The most that packets that wait may take, their payloads and 512 bytes for
   * each. When there is no more room the oldest ones are dropped. Packets
   * whose digest is there already never wait, so that a flood of forged ones
   * cannot push them out.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_MAX_HELD_BYTES,
      g_param_spec_uint64 ("max-held-bytes", "Maximum held bytes",
          "Bytes that packets that wait may take, 512 for each on top of its "
          "payload", 1, G_MAXINT32, DEFAULT_MAX_HELD_BYTES, RW_READY));

  /**
   * GstAmbiVerify:max-digests:
   *
   * How many digests may wait for their packets, for each manifest stream; as
   * many used ones are remembered. Manifests read from a file ahead of the
   * packets must fit.
   *
   * Since: 0.1
   */
  g_object_class_install_property (klass, GST_AMBI_PROP_MAX_DIGESTS,
      g_param_spec_uint ("max-digests", "Maximum digests",
          "Digests that may wait for their packets, for each manifest stream",
          1, 16 * 1024 * 1024, DEFAULT_MAX_DIGESTS, RW_READY));
}

void
gst_ambi_verify_settings_install_properties (GObjectClass * klass)
{
  install_manifest_properties (klass);
  install_channel_properties (klass);
  install_passing_properties (klass);
  install_limit_properties (klass);
}

static void
take_string (gchar ** to, const GValue * value)
{
  g_free (*to);
  *to = g_value_dup_string (value);
}

gboolean
gst_ambi_verify_settings_set_property (GstAmbiVerifySettings * settings,
    guint id, const GValue * value)
{
  switch (id) {
    case GST_AMBI_PROP_STREAM_ID:
      settings->stream_id = g_value_get_int64 (value);
      return TRUE;
    case GST_AMBI_PROP_HASH_ALGORITHM:
      take_string (&settings->hash_algorithm, value);
      return TRUE;
    case GST_AMBI_PROP_MANIFEST_URI:
      take_string (&settings->manifest_uri, value);
      return TRUE;
    case GST_AMBI_PROP_DORMS_URI:
      take_string (&settings->dorms_uri, value);
      return TRUE;
    case GST_AMBI_PROP_DNS_TRUST:
      take_string (&settings->dns_trust, value);
      return TRUE;
    case GST_AMBI_PROP_TLS_CA_FILE:
      take_string (&settings->tls_ca_file, value);
      return TRUE;
    case GST_AMBI_PROP_REQUIRE_SRV_MATCH:
      settings->require_srv_match = g_value_get_boolean (value);
      return TRUE;
    case GST_AMBI_PROP_SOURCE:
      take_string (&settings->source, value);
      return TRUE;
    case GST_AMBI_PROP_GROUP:
      take_string (&settings->group, value);
      return TRUE;
    case GST_AMBI_PROP_PORT:
      settings->port = g_value_get_uint (value);
      return TRUE;
    case GST_AMBI_PROP_MODE:
      settings->mode = g_value_get_enum (value);
      return TRUE;
    case GST_AMBI_PROP_ORDER:
      settings->order = g_value_get_enum (value);
      return TRUE;
    case GST_AMBI_PROP_DATA_HOLD_TIME:
      settings->data_hold_time = g_value_get_uint64 (value);
      return TRUE;
    case GST_AMBI_PROP_DIGEST_HOLD_TIME:
      settings->digest_hold_time = g_value_get_uint64 (value);
      return TRUE;
    case GST_AMBI_PROP_REORDER_TIME:
      settings->reorder_time = g_value_get_uint64 (value);
      return TRUE;
    case GST_AMBI_PROP_MAX_HELD_BYTES:
      settings->max_held_bytes = g_value_get_uint64 (value);
      return TRUE;
    case GST_AMBI_PROP_MAX_DIGESTS:
      settings->max_digests = g_value_get_uint (value);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
gst_ambi_verify_settings_get_property (const GstAmbiVerifySettings * settings,
    guint id, GValue * value)
{
  switch (id) {
    case GST_AMBI_PROP_STREAM_ID:
      g_value_set_int64 (value, settings->stream_id);
      return TRUE;
    case GST_AMBI_PROP_HASH_ALGORITHM:
      g_value_set_string (value, settings->hash_algorithm);
      return TRUE;
    case GST_AMBI_PROP_MANIFEST_URI:
      g_value_set_string (value, settings->manifest_uri);
      return TRUE;
    case GST_AMBI_PROP_DORMS_URI:
      g_value_set_string (value, settings->dorms_uri);
      return TRUE;
    case GST_AMBI_PROP_DNS_TRUST:
      g_value_set_string (value, settings->dns_trust);
      return TRUE;
    case GST_AMBI_PROP_TLS_CA_FILE:
      g_value_set_string (value, settings->tls_ca_file);
      return TRUE;
    case GST_AMBI_PROP_REQUIRE_SRV_MATCH:
      g_value_set_boolean (value, settings->require_srv_match);
      return TRUE;
    case GST_AMBI_PROP_SOURCE:
      g_value_set_string (value, settings->source);
      return TRUE;
    case GST_AMBI_PROP_GROUP:
      g_value_set_string (value, settings->group);
      return TRUE;
    case GST_AMBI_PROP_PORT:
      g_value_set_uint (value, settings->port);
      return TRUE;
    case GST_AMBI_PROP_MODE:
      g_value_set_enum (value, settings->mode);
      return TRUE;
    case GST_AMBI_PROP_ORDER:
      g_value_set_enum (value, settings->order);
      return TRUE;
    case GST_AMBI_PROP_DATA_HOLD_TIME:
      g_value_set_uint64 (value, settings->data_hold_time);
      return TRUE;
    case GST_AMBI_PROP_DIGEST_HOLD_TIME:
      g_value_set_uint64 (value, settings->digest_hold_time);
      return TRUE;
    case GST_AMBI_PROP_REORDER_TIME:
      g_value_set_uint64 (value, settings->reorder_time);
      return TRUE;
    case GST_AMBI_PROP_MAX_HELD_BYTES:
      g_value_set_uint64 (value, settings->max_held_bytes);
      return TRUE;
    case GST_AMBI_PROP_MAX_DIGESTS:
      g_value_set_uint (value, settings->max_digests);
      return TRUE;
    default:
      return FALSE;
  }
}

/*
 * What is made of them
 */

static gboolean
is_unset (const gchar * text)
{
  return text == NULL || *text == '\0';
}

core_hash_algorithm
gst_ambi_verify_parse_hash (const gchar * name, const gchar * owner,
    GError ** error)
{
  core_hash_algorithm algorithm = core_hash_from_name (name);

  if (algorithm == CORE_HASH_NONE)
    gst_mc_settings_error (error,
        "The property \"hash-algorithm\"%s%s is \"%s\", which is "
        "not supported: set it to what the sender uses, " SUPPORTED_HASHES ".",
        owner ? " of the pad " : "", owner ? owner : "", name ? name : "");
  return algorithm;
}

gboolean
gst_ambi_verify_settings_check (const GstAmbiVerifySettings * s,
    GError ** error)
{
  core_ip source, group;

  if (gst_ambi_verify_parse_hash (s->hash_algorithm, NULL, error) ==
      CORE_HASH_NONE)
    return FALSE;
  if (!is_unset (s->source) && !is_unset (s->group))
    return gst_mc_flow_parse (s->source, s->group, &source, &group, error);
  return (is_unset (s->source) ||
      gst_mc_flow_parse_source (s->source, &source, error)) &&
      (is_unset (s->group) ||
      gst_mc_flow_parse_group (s->group, &group, error));
}

gboolean
gst_ambi_verify_settings_get_channel (const GstAmbiVerifySettings * s,
    GstMcChannel * channel, GError ** error)
{
  const gchar *missing = is_unset (s->source) ? "source" :
      is_unset (s->group) ? "group" : s->port == 0 ? "port" : NULL;

  if (missing != NULL)
    return gst_mc_settings_error (error, "The property \"%s\" is not set, and "
        "upstream does not tell the channel: set \"source\", \"group\" and "
        "\"port\" to those of the packets.", missing);
  channel->port = s->port;
  return gst_mc_flow_parse (s->source, s->group, &channel->source,
      &channel->group, error);
}

GstClockTime
gst_ambi_verify_settings_get_hold_time (const GstAmbiVerifySettings * settings)
{
  return settings->data_hold_time ? settings->data_hold_time :
      GST_AMBI_DATA_HOLD_TIME;
}

GstClockTime
gst_ambi_verify_settings_get_latency (const GstAmbiVerifySettings * settings)
{
  if (settings->mode == AMBI_MODE_MONITOR)
    return 0;
  return gst_ambi_verify_settings_get_hold_time (settings) +
      (settings->order == AMBI_ORDER_SEQUENCE ? settings->reorder_time : 0);
}
