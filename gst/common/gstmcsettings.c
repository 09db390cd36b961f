/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The properties that all multicast sources have.
 */
#include "gstmcsettings.h"

#include <string.h>

#include "gstmcmetadata.h"

#define DEFAULT_PORT 0
#define DEFAULT_BUFFER_SIZE 0
#define DEFAULT_MTU 1500
#define DEFAULT_BATCH_SIZE 64
#define DEFAULT_ALLOW_GRO TRUE
#define DEFAULT_VERIFY_CHECKSUM TRUE
#define DEFAULT_STALL_TIMEOUT (5 * GST_SECOND)
#define DEFAULT_TIMEOUT 0
#define DEFAULT_RETRIEVE_SENDER_ADDRESS TRUE
#define DEFAULT_ADD_REFERENCE_TIMESTAMP_META FALSE
#define DEFAULT_PRESERVE_PACKETIZATION TRUE
#define DEFAULT_COALESCE_TIME (500 * GST_USECOND)
#define DEFAULT_REJOIN_INTERVAL 0

#define DEFAULT_DORMS_URI GST_MC_DORMS_URI_AUTO
#define DEFAULT_DNS_TRUST GST_MC_DNS_TRUST_AD
#define DEFAULT_TLS_CA_FILE NULL
#define DEFAULT_REQUIRE_SRV_MATCH FALSE

#define MIN_MTU 64
#define MAX_MTU 65535
#define MAX_BATCH_SIZE 1024
#define MAX_COALESCE_TIME GST_SECOND

#define READY_FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | \
    GST_PARAM_MUTABLE_READY)

void
gst_mc_settings_init (GstMcSettings * settings)
{
  memset (settings, 0, sizeof (*settings));
  settings->port = DEFAULT_PORT;
  settings->buffer_size = DEFAULT_BUFFER_SIZE;
  settings->mtu = DEFAULT_MTU;
  settings->batch_size = DEFAULT_BATCH_SIZE;
  settings->allow_gro = DEFAULT_ALLOW_GRO;
  settings->verify_checksum = DEFAULT_VERIFY_CHECKSUM;
  settings->stall_timeout = DEFAULT_STALL_TIMEOUT;
  settings->timeout = DEFAULT_TIMEOUT;
  settings->retrieve_sender_address = DEFAULT_RETRIEVE_SENDER_ADDRESS;
  settings->add_reference_timestamp_meta = DEFAULT_ADD_REFERENCE_TIMESTAMP_META;
  settings->preserve_packetization = DEFAULT_PRESERVE_PACKETIZATION;
  settings->coalesce_time = DEFAULT_COALESCE_TIME;
  settings->rejoin_interval = DEFAULT_REJOIN_INTERVAL;
  settings->dorms_uri = g_strdup (DEFAULT_DORMS_URI);
  settings->dns_trust = g_strdup (DEFAULT_DNS_TRUST);
  settings->tls_ca_file = g_strdup (DEFAULT_TLS_CA_FILE);
  settings->require_srv_match = DEFAULT_REQUIRE_SRV_MATCH;
}

void
gst_mc_settings_clear (GstMcSettings * settings)
{
  g_clear_pointer (&settings->source, g_free);
  g_clear_pointer (&settings->group, g_free);
  g_clear_pointer (&settings->multicast_iface, g_free);
  g_clear_pointer (&settings->dorms_uri, g_free);
  g_clear_pointer (&settings->dns_trust, g_free);
  g_clear_pointer (&settings->tls_ca_file, g_free);
  gst_clear_caps (&settings->caps);
}

void
gst_mc_settings_copy (GstMcSettings * to, const GstMcSettings * from)
{
  *to = *from;
  to->source = g_strdup (from->source);
  to->group = g_strdup (from->group);
  to->multicast_iface = g_strdup (from->multicast_iface);
  to->dorms_uri = g_strdup (from->dorms_uri);
  to->dns_trust = g_strdup (from->dns_trust);
  to->tls_ca_file = g_strdup (from->tls_ca_file);
  if (from->caps)
    gst_caps_ref (from->caps);
}

static void
install_channel_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, GST_MC_PROP_URI,
      g_param_spec_string ("uri", "URI",
          "The channel and how to receive it, in one string: "
          "SCHEME://SOURCE@GROUP[:PORT][?PROPERTY=VALUE&...]", NULL,
          READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_SOURCE,
      g_param_spec_string ("source", "Source",
          "Address or host name of the sender; required, as there are no "
          "any-source joins", NULL, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_GROUP,
      g_param_spec_string ("group", "Group",
          "Address of the multicast group, e.g. 232.1.1.1 or ff3e::8000:1",
          NULL, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_ADDRESS,
      g_param_spec_string ("address", "Address",
          "Another name of the property group, as in udpsrc", NULL,
          READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_PORT,
      g_param_spec_uint ("port", "Port",
          "UDP port of the channel (0 = learn it from the channel's metadata "
          "or, until they name one, in a tunnel from the first datagram)",
          0, G_MAXUINT16, DEFAULT_PORT, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_CAPS,
      g_param_spec_boxed ("caps", "Caps",
          "Caps of the buffers (NULL = any)", GST_TYPE_CAPS,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_PLAYING));
}

static void
install_metadata_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, GST_MC_PROP_DORMS_URI,
      g_param_spec_string ("dorms-uri", "DORMS URI",
          "Server of the channel's metadata: auto (the source names it in the "
          "DNS; asked when it is needed), https://HOST[:PORT], or empty (none)",
          DEFAULT_DORMS_URI, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_DNS_TRUST,
      g_param_spec_string ("dns-trust", "DNS trust",
          "Which DNS answers may name the metadata server: ad (those DNSSEC "
          "vouches for), resolver (all), off (none)", DEFAULT_DNS_TRUST,
          READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_TLS_CA_FILE,
      g_param_spec_string ("tls-ca-file", "TLS CA file",
          "PEM file with the authorities that may certify the metadata server "
          "(NULL = those of the system)", DEFAULT_TLS_CA_FILE, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_REQUIRE_SRV_MATCH,
      g_param_spec_boolean ("require-srv-match", "Require SRV match",
          "Take metadata from the server of dorms-uri only if the source names "
          "it in the DNS", DEFAULT_REQUIRE_SRV_MATCH, READY_FLAGS));
}

static void
install_tuning_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, GST_MC_PROP_BUFFER_SIZE,
      g_param_spec_uint ("buffer-size", "Buffer size",
          "Size of the kernel's receive buffer in bytes (0 = 4 MiB, or what "
          "the system grants)", 0, G_MAXINT / 2, DEFAULT_BUFFER_SIZE,
          READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_MTU,
      g_param_spec_uint ("mtu", "MTU",
          "Largest UDP payload accepted from the wire in bytes; what is "
          "larger is dropped and counted", MIN_MTU, MAX_MTU, DEFAULT_MTU,
          READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_BATCH_SIZE,
      g_param_spec_uint ("batch-size", "Batch size",
          "Largest number of datagrams received at once and pushed as one "
          "buffer list; those that the kernel has joined count as one", 1,
          MAX_BATCH_SIZE, DEFAULT_BATCH_SIZE, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_ALLOW_GRO,
      g_param_spec_boolean ("allow-gro", "Allow GRO",
          "Let the kernel join datagrams that come together (UDP_GRO); they "
          "then have one arrival time", DEFAULT_ALLOW_GRO, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_VERIFY_CHECKSUM,
      g_param_spec_boolean ("verify-checksum", "Verify checksum",
          "Drop datagrams whose own UDP checksum is wrong",
          DEFAULT_VERIFY_CHECKSUM, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_STALL_TIMEOUT,
      g_param_spec_uint64 ("stall-timeout", "Stall timeout",
          "Silence after which the message multicast-stalled is posted, once "
          "per silence, in nanoseconds (0 = never)", 0, G_MAXINT64,
          DEFAULT_STALL_TIMEOUT, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_TIMEOUT,
      g_param_spec_uint64 ("timeout", "Timeout",
          "Post the message GstUDPSrcTimeout after each period of silence of "
          "this length, in nanoseconds (0 = never)", 0, G_MAXINT64,
          DEFAULT_TIMEOUT, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_RETRIEVE_SENDER_ADDRESS,
      g_param_spec_boolean ("retrieve-sender-address",
          "Retrieve sender address",
          "Attach the sender's address and port to buffers as "
          "GstNetAddressMeta", DEFAULT_RETRIEVE_SENDER_ADDRESS, READY_FLAGS));
  g_object_class_install_property (klass,
      GST_MC_PROP_ADD_REFERENCE_TIMESTAMP_META,
      g_param_spec_boolean ("add-reference-timestamp-meta",
          "Add reference timestamp meta",
          "Attach the kernel's receive time to buffers as "
          "GstReferenceTimestampMeta with caps timestamp/x-unix",
          DEFAULT_ADD_REFERENCE_TIMESTAMP_META, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_PRESERVE_PACKETIZATION,
      g_param_spec_boolean ("preserve-packetization",
          "Preserve packetization",
          "One buffer for each datagram; FALSE, only with caps video/mpegts: "
          "all that has come is packed together",
          DEFAULT_PRESERVE_PACKETIZATION, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_COALESCE_TIME,
      g_param_spec_uint64 ("coalesce-time", "Coalesce time",
          "How long datagrams that come one close behind the other may wait to "
          "be received together, in nanoseconds (0 = not at all)", 0,
          MAX_COALESCE_TIME, DEFAULT_COALESCE_TIME, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Counters since the element started and the state it is in; the "
          "fields are listed in the element's documentation",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

void
gst_mc_settings_install_properties (GObjectClass * klass)
{
  install_channel_properties (klass);
  install_metadata_properties (klass);
  install_tuning_properties (klass);
}

void
gst_mc_settings_install_native_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, GST_MC_PROP_MULTICAST_IFACE,
      g_param_spec_string ("multicast-iface", "Multicast interface",
          "Interfaces to join on: comma list of names or addresses (NULL = "
          "the one of the route to the source)", NULL, READY_FLAGS));
  g_object_class_install_property (klass, GST_MC_PROP_REJOIN_INTERVAL,
      g_param_spec_uint64 ("rejoin-interval", "Rejoin interval",
          "Leave and join again after each period of this length, in "
          "nanoseconds, for networks that forget members (0 = never)", 0,
          G_MAXINT64, DEFAULT_REJOIN_INTERVAL, READY_FLAGS));
}

static void
set_string (gchar ** field, const GValue * value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

gboolean
gst_mc_settings_set_property (GstMcSettings * settings, guint id,
    const GValue * value)
{
  switch (id) {
    case GST_MC_PROP_SOURCE:
      set_string (&settings->source, value);
      return TRUE;
    case GST_MC_PROP_GROUP:
    case GST_MC_PROP_ADDRESS:
      set_string (&settings->group, value);
      return TRUE;
    case GST_MC_PROP_PORT:
      settings->port = g_value_get_uint (value);
      return TRUE;
    case GST_MC_PROP_CAPS:
      gst_clear_caps (&settings->caps);
      settings->caps = g_value_dup_boxed (value);
      return TRUE;
    case GST_MC_PROP_BUFFER_SIZE:
      settings->buffer_size = g_value_get_uint (value);
      return TRUE;
    case GST_MC_PROP_MTU:
      settings->mtu = g_value_get_uint (value);
      return TRUE;
    case GST_MC_PROP_BATCH_SIZE:
      settings->batch_size = g_value_get_uint (value);
      return TRUE;
    case GST_MC_PROP_ALLOW_GRO:
      settings->allow_gro = g_value_get_boolean (value);
      return TRUE;
    case GST_MC_PROP_VERIFY_CHECKSUM:
      settings->verify_checksum = g_value_get_boolean (value);
      return TRUE;
    case GST_MC_PROP_STALL_TIMEOUT:
      settings->stall_timeout = g_value_get_uint64 (value);
      return TRUE;
    case GST_MC_PROP_TIMEOUT:
      settings->timeout = g_value_get_uint64 (value);
      return TRUE;
    case GST_MC_PROP_RETRIEVE_SENDER_ADDRESS:
      settings->retrieve_sender_address = g_value_get_boolean (value);
      return TRUE;
    case GST_MC_PROP_ADD_REFERENCE_TIMESTAMP_META:
      settings->add_reference_timestamp_meta = g_value_get_boolean (value);
      return TRUE;
    case GST_MC_PROP_PRESERVE_PACKETIZATION:
      settings->preserve_packetization = g_value_get_boolean (value);
      return TRUE;
    case GST_MC_PROP_COALESCE_TIME:
      settings->coalesce_time = g_value_get_uint64 (value);
      return TRUE;
    case GST_MC_PROP_MULTICAST_IFACE:
      set_string (&settings->multicast_iface, value);
      return TRUE;
    case GST_MC_PROP_DORMS_URI:
      set_string (&settings->dorms_uri, value);
      return TRUE;
    case GST_MC_PROP_DNS_TRUST:
      set_string (&settings->dns_trust, value);
      return TRUE;
    case GST_MC_PROP_TLS_CA_FILE:
      set_string (&settings->tls_ca_file, value);
      return TRUE;
    case GST_MC_PROP_REQUIRE_SRV_MATCH:
      settings->require_srv_match = g_value_get_boolean (value);
      return TRUE;
    case GST_MC_PROP_REJOIN_INTERVAL:
      settings->rejoin_interval = g_value_get_uint64 (value);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
gst_mc_settings_get_property (const GstMcSettings * settings, guint id,
    GValue * value)
{
  switch (id) {
    case GST_MC_PROP_SOURCE:
      g_value_set_string (value, settings->source);
      return TRUE;
    case GST_MC_PROP_GROUP:
    case GST_MC_PROP_ADDRESS:
      g_value_set_string (value, settings->group);
      return TRUE;
    case GST_MC_PROP_PORT:
      g_value_set_uint (value, settings->port);
      return TRUE;
    case GST_MC_PROP_CAPS:
      gst_value_set_caps (value, settings->caps);
      return TRUE;
    case GST_MC_PROP_BUFFER_SIZE:
      g_value_set_uint (value, settings->buffer_size);
      return TRUE;
    case GST_MC_PROP_MTU:
      g_value_set_uint (value, settings->mtu);
      return TRUE;
    case GST_MC_PROP_BATCH_SIZE:
      g_value_set_uint (value, settings->batch_size);
      return TRUE;
    case GST_MC_PROP_ALLOW_GRO:
      g_value_set_boolean (value, settings->allow_gro);
      return TRUE;
    case GST_MC_PROP_VERIFY_CHECKSUM:
      g_value_set_boolean (value, settings->verify_checksum);
      return TRUE;
    case GST_MC_PROP_STALL_TIMEOUT:
      g_value_set_uint64 (value, settings->stall_timeout);
      return TRUE;
    case GST_MC_PROP_TIMEOUT:
      g_value_set_uint64 (value, settings->timeout);
      return TRUE;
    case GST_MC_PROP_RETRIEVE_SENDER_ADDRESS:
      g_value_set_boolean (value, settings->retrieve_sender_address);
      return TRUE;
    case GST_MC_PROP_ADD_REFERENCE_TIMESTAMP_META:
      g_value_set_boolean (value, settings->add_reference_timestamp_meta);
      return TRUE;
    case GST_MC_PROP_PRESERVE_PACKETIZATION:
      g_value_set_boolean (value, settings->preserve_packetization);
      return TRUE;
    case GST_MC_PROP_COALESCE_TIME:
      g_value_set_uint64 (value, settings->coalesce_time);
      return TRUE;
    case GST_MC_PROP_MULTICAST_IFACE:
      g_value_set_string (value, settings->multicast_iface);
      return TRUE;
    case GST_MC_PROP_DORMS_URI:
      g_value_set_string (value, settings->dorms_uri);
      return TRUE;
    case GST_MC_PROP_DNS_TRUST:
      g_value_set_string (value, settings->dns_trust);
      return TRUE;
    case GST_MC_PROP_TLS_CA_FILE:
      g_value_set_string (value, settings->tls_ca_file);
      return TRUE;
    case GST_MC_PROP_REQUIRE_SRV_MATCH:
      g_value_set_boolean (value, settings->require_srv_match);
      return TRUE;
    case GST_MC_PROP_REJOIN_INTERVAL:
      g_value_set_uint64 (value, settings->rejoin_interval);
      return TRUE;
    default:
      return FALSE;
  }
}

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

gboolean
gst_mc_settings_caps_allow_packing (const GstCaps * caps)
{
  if (caps == NULL || gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return FALSE;
  for (guint i = 0; i < gst_caps_get_size (caps); i++)
    if (!gst_structure_has_name (gst_caps_get_structure (caps, i),
            "video/mpegts"))
      return FALSE;
  return TRUE;
}

gboolean
gst_mc_settings_check (const GstMcSettings * settings, GError ** error)
{
  if (settings->preserve_packetization ||
      gst_mc_settings_caps_allow_packing (settings->caps))
    return TRUE;
  return settings_error (error, "The property \"preserve-packetization\" is "
      "FALSE, but only of MPEG-TS datagrams may be packed together. Set "
      "caps=video/mpegts if that is what they hold");
}

static gboolean
check_group (const GstMcSettings * settings, core_ip * group, GError ** error)
{
  if (settings->group == NULL || settings->group[0] == '\0')
    return settings_error (error, "The property \"group\" is not set. Give "
        "the multicast group to receive, e.g. group=232.1.1.1");
  if (!core_ip_from_string (settings->group, group))
    return settings_error (error, "The property \"group\" is \"%s\", which is "
        "not an IP address. Give a multicast address, e.g. group=232.1.1.1 or "
        "group=ff3e::8000:1", settings->group);
  if (!core_ip_is_multicast (group))
    return settings_error (error, "The property \"group\" is \"%s\", which is "
        "a unicast address. Give a multicast address (IPv4: 232.0.0.0/8, "
        "IPv6: ff3x::/32)", settings->group);
  return TRUE;
}

gboolean
gst_mc_settings_get_channel (const GstMcSettings * settings,
    GstMcChannel * channel, const gchar ** source_name, GError ** error)
{
  memset (channel, 0, sizeof (*channel));
  *source_name = NULL;
  if (!check_group (settings, &channel->group, error))
    return FALSE;
  channel->port = settings->port;

  if (settings->source == NULL || settings->source[0] == '\0')
    return settings_error (error, "The property \"source\" is not set. Give "
        "the sender's address: channels are joined for one source only, e.g. "
        "source=192.0.2.10");
  if (!core_ip_from_string (settings->source, &channel->source)) {
    if (strpbrk (settings->source, " /[]:@") != NULL)
      return settings_error (error, "The property \"source\" is \"%s\", which "
          "is neither an IP address nor a host name", settings->source);
    *source_name = settings->source;
    return TRUE;
  }
  if (!core_ip_is_unicast (&channel->source))
    return settings_error (error, "The property \"source\" is \"%s\", which "
        "is not the address of one host. Give the sender's own address",
        settings->source);
  if (channel->source.family != channel->group.family)
    return settings_error (error, "The properties \"source\" (%s) and "
        "\"group\" (%s) are of different IP versions. Give both as IPv4 or "
        "both as IPv6", settings->source, settings->group);
  return TRUE;
}
