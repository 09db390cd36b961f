/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * SCHEME://SOURCE@GROUP[:PORT][?PROPERTY=VALUE&...] and the properties it
 * stands for.
 */
#include "gstmcuri.h"

#include <string.h>

#include "gstmcsettings.h"

/* Left as they are in a query value, which RFC 3986 allows or readers expect
 * of addresses. */
#define QUERY_PLAIN ":/,@[]"

/* What a zone stands for. */
#define IFACE_PROPERTY "multicast-iface"

G_GNUC_PRINTF (3, 4)
     static gboolean
         uri_error (GError ** error, GstURIError code, const gchar * format,
    ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (GST_URI_ERROR, code, format,
          args));
  va_end (args);
  return FALSE;
}

static gboolean
is_authority (const gchar * name)
{
  static const gchar *const names[] =
      { "source", "group", "address", "port", "uri", NULL };

  return g_strv_contains (names, name);
}

static gboolean
has_uri_key (GParamSpec * pspec, GType type)
{
  return pspec->owner_type == type && (pspec->flags & G_PARAM_WRITABLE) &&
      !is_authority (pspec->name);
}

static gboolean
parse_value (GParamSpec * pspec, const gchar * text, GValue * value)
{
  g_value_init (value, pspec->value_type);
  if (pspec->value_type == G_TYPE_STRING) {
    g_value_set_string (value, text);
    return TRUE;
  }
  return gst_value_deserialize_with_pspec (value, text, pspec) &&
      !g_param_value_validate (pspec, value);
}

/* Properties and the values they are to get. */
typedef struct
{
  GPtrArray *names;
  GArray *values;
} Changes;

static void
changes_init (Changes * changes)
{
  changes->names = g_ptr_array_new ();
  changes->values = g_array_new (FALSE, TRUE, sizeof (GValue));
  g_array_set_clear_func (changes->values, (GDestroyNotify) g_value_unset);
}

static void
changes_clear (Changes * changes)
{
  g_ptr_array_unref (changes->names);
  g_array_unref (changes->values);
}

static GValue *
changes_add (Changes * changes, const gchar * name)
{
  g_ptr_array_add (changes->names, (gpointer) name);
  g_array_set_size (changes->values, changes->names->len);
  return &g_array_index (changes->values, GValue, changes->values->len - 1);
}

static gboolean
changes_have (const Changes * changes, const gchar * name)
{
  for (guint i = 0; i < changes->names->len; i++)
    if (g_str_equal (g_ptr_array_index (changes->names, i), name))
      return TRUE;
  return FALSE;
}

static void
changes_apply (Changes * changes, GObject * object)
{
  g_object_freeze_notify (object);
  for (guint i = 0; i < changes->names->len; i++)
    g_object_set_property (object, g_ptr_array_index (changes->names, i),
        &g_array_index (changes->values, GValue, i));
  g_object_notify (object, "uri");
  g_object_thaw_notify (object);
}

/* GstUri would keep the last of several. */
static gboolean
check_repeats (const gchar * text, GError ** error)
{
  const gchar *start = text + strcspn (text, "?#");
  g_autofree gchar *query = NULL;
  g_auto (GStrv) items = NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash,
      g_str_equal, g_free, NULL);

  if (*start != '?')
    return TRUE;
  query = g_strndup (start + 1, strcspn (start + 1, "#"));
  items = g_strsplit (query, "&", -1);
  for (guint i = 0; items[i]; i++) {
    gchar *key = g_uri_unescape_segment (items[i],
        items[i] + strcspn (items[i], "="), NULL);

    if (key == NULL || items[i][0] == '\0') {
      g_free (key);
      continue;
    }
    /* Both are names of one property. */
    g_strdelimit (key, "_", '-');
    if (g_hash_table_contains (seen, key)) {
      uri_error (error, GST_URI_ERROR_BAD_URI, "The key \"%s\" is there more "
          "than once in the URI. Give it once", key);
      g_free (key);
      return FALSE;
    }
    g_hash_table_add (seen, key);
  }
  return TRUE;
}

static gboolean
collect_query (GstUri * uri, GObject * object, Changes * changes,
    GError ** error)
{
  GHashTable *table = gst_uri_get_query_table (uri);
  GHashTableIter iter;
  gpointer key, text;
  gboolean ok = TRUE;

  if (table == NULL)
    return TRUE;
  g_hash_table_iter_init (&iter, table);
  while (ok && g_hash_table_iter_next (&iter, &key, &text)) {
    GParamSpec *pspec =
        g_object_class_find_property (G_OBJECT_GET_CLASS (object), key);

    if (is_authority (key) || (pspec && changes_have (changes, pspec->name)))
      ok = uri_error (error, GST_URI_ERROR_BAD_URI, "The key \"%s\" repeats "
          "what stands before the question mark of the URI", (gchar *) key);
    else if (pspec == NULL || !has_uri_key (pspec, G_OBJECT_TYPE (object)))
      ok = uri_error (error, GST_URI_ERROR_BAD_REFERENCE, "The key \"%s\" is "
          "not a property that a URI can set", (gchar *) key);
    else if (text == NULL || *(gchar *) text == '\0' ||
        !parse_value (pspec, text, changes_add (changes, pspec->name)))
      ok = uri_error (error, GST_URI_ERROR_BAD_REFERENCE, "The key \"%s\" "
          "does not take the value \"%s\"", (gchar *) key,
          text ? (gchar *) text : "");
  }
  g_hash_table_unref (table);
  return ok;
}

/* Cuts the zone off an IPv6 address (RFC 6874; its "%25" is unescaped by
 * now): the interface to join on. */
static gboolean
take_zone (gchar * host, GObject * object, Changes * changes, GError ** error)
{
  gchar *zone = strchr (host, ':') ? strchr (host, '%') : NULL;
  const GValue *known;

  if (zone == NULL)
    return TRUE;
  *zone++ = '\0';
  if (zone[0] == '\0')
    return uri_error (error, GST_URI_ERROR_BAD_URI, "The zone of the address "
        "\"%s\" is empty. Write [ADDRESS%%25INTERFACE]", host);
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (object),
          IFACE_PROPERTY) == NULL)
    return uri_error (error, GST_URI_ERROR_BAD_URI, "The address \"%s\" has "
        "the zone \"%s\", which has no meaning here", host, zone);
  if (!changes_have (changes, IFACE_PROPERTY)) {
    g_value_set_string (g_value_init (changes_add (changes, IFACE_PROPERTY),
            G_TYPE_STRING), zone);
    return TRUE;
  }
  /* The other address had one; nothing else has been collected yet. */
  known = &g_array_index (changes->values, GValue, 0);
  if (g_strcmp0 (g_value_get_string (known), zone) != 0)
    return uri_error (error, GST_URI_ERROR_BAD_URI, "The zones \"%s\" and "
        "\"%s\" of the URI differ. Give one interface",
        g_value_get_string (known), zone);
  return TRUE;
}

/* "[2001:db8::1]" without the brackets. */
static gchar *
without_brackets (const gchar * host)
{
  gsize len = strlen (host);

  if (len >= 2 && host[0] == '[' && host[len - 1] == ']')
    return g_strndup (host + 1, len - 2);
  return g_strdup (host);
}

/* GstUri cannot tell a port that is out of range from one that is in. */
static gboolean
check_port (const gchar * text, GError ** error)
{
  const gchar *start = strstr (text, "://") + 3;
  g_autofree gchar *authority = g_strndup (start, strcspn (start, "/?#"));
  const gchar *colon = strrchr (authority, ':');
  const gchar *bracket = strrchr (authority, ']');
  guint64 port;

  if (colon == NULL || colon < strrchr (authority, '@') ||
      (bracket != NULL && colon < bracket))
    return TRUE;
  if (!g_ascii_string_to_unsigned (colon + 1, 10, 0, G_MAXUINT16, &port, NULL))
    return uri_error (error, GST_URI_ERROR_BAD_URI, "The port \"%s\" of the "
        "URI is not a number from 0 to 65535", colon + 1);
  return TRUE;
}

static gboolean
collect_authority (GstUri * uri, const gchar * text, GObject * object,
    Changes * changes, GError ** error)
{
  const gchar *user = gst_uri_get_userinfo (uri);
  const gchar *host = gst_uri_get_host (uri);
  guint port = gst_uri_get_port (uri);
  g_autoptr (GError) problem = NULL;
  GstMcSettings settings;
  const gchar *source_name;
  GstMcChannel channel;
  gboolean ok;

  if (user == NULL || user[0] == '\0')
    return uri_error (error, GST_URI_ERROR_BAD_URI, "The URI \"%s\" names no "
        "source. Write SCHEME://SOURCE@GROUP:PORT", text);
  if (host == NULL || host[0] == '\0')
    return uri_error (error, GST_URI_ERROR_BAD_URI, "The URI \"%s\" names no "
        "group. Write SCHEME://SOURCE@GROUP:PORT", text);
  if (!check_port (text, error))
    return FALSE;

  gst_mc_settings_init (&settings);
  settings.source = without_brackets (user);
  settings.group = without_brackets (host);
  settings.port = port == GST_URI_NO_PORT ? 0 : port;
  if (!take_zone (settings.source, object, changes, error) ||
      !take_zone (settings.group, object, changes, error)) {
    gst_mc_settings_clear (&settings);
    return FALSE;
  }
  ok = gst_mc_settings_get_channel (&settings, &channel, &source_name,
      &problem);
  if (ok) {
    g_value_set_string (g_value_init (changes_add (changes, "source"),
            G_TYPE_STRING), settings.source);
    g_value_set_string (g_value_init (changes_add (changes, "group"),
            G_TYPE_STRING), settings.group);
    g_value_set_uint (g_value_init (changes_add (changes, "port"),
            G_TYPE_UINT), settings.port);
  } else {
    uri_error (error, GST_URI_ERROR_BAD_URI, "%s", problem->message);
  }
  gst_mc_settings_clear (&settings);
  return ok;
}

gboolean
gst_mc_uri_apply (GObject * object, const gchar * scheme, const gchar * text,
    GError ** error)
{
  g_autoptr (GstUri) uri = NULL;
  g_autofree gchar *path = NULL;
  Changes changes;
  gboolean ok;

  if (text == NULL || !gst_uri_has_protocol (text, scheme) ||
      strstr (text, "://") == NULL ||
      (uri = gst_uri_from_string (text)) == NULL)
    return uri_error (error, GST_URI_ERROR_BAD_URI, "\"%s\" is not a URI of "
        "the form %s://SOURCE@GROUP:PORT", text ? text : "", scheme);
  path = gst_uri_get_path (uri);
  if (path != NULL && path[0] != '\0' && g_strcmp0 (path, "/") != 0)
    return uri_error (error, GST_URI_ERROR_BAD_URI, "The URI \"%s\" has a "
        "path, which a channel does not have", text);

  changes_init (&changes);
  ok = check_repeats (text, error) &&
      collect_authority (uri, text, object, &changes, error) &&
      collect_query (uri, object, &changes, error);
  if (ok)
    changes_apply (&changes, object);
  changes_clear (&changes);
  return ok;
}

static void
append_host (GString * uri, const gchar * host)
{
  gboolean v6 = strchr (host, ':') != NULL;
  g_autofree gchar *escaped = g_uri_escape_string (host, v6 ? ":" : NULL,
      FALSE);

  g_string_append_printf (uri, v6 ? "[%s]" : "%s", escaped);
}

static gchar *
value_text (const GValue * value)
{
  if (G_VALUE_HOLDS_STRING (value))
    return g_value_dup_string (value);
  if (G_VALUE_HOLDS (value, GST_TYPE_CAPS)) {
    const GstCaps *caps = gst_value_get_caps (value);

    return caps ? gst_caps_to_string (caps) : NULL;
  }
  return gst_value_serialize (value);
}

static void
append_query (GString * uri, GObject * object)
{
  g_autofree GParamSpec **pspecs = NULL;
  gchar separator = '?';
  guint n;

  pspecs = g_object_class_list_properties (G_OBJECT_GET_CLASS (object), &n);
  for (guint i = 0; i < n; i++) {
    g_auto (GValue) value = G_VALUE_INIT;
    g_autofree gchar *text = NULL;
    g_autofree gchar *escaped = NULL;

    if (!has_uri_key (pspecs[i], G_OBJECT_TYPE (object)) ||
        !(pspecs[i]->flags & G_PARAM_READABLE))
      continue;
    g_value_init (&value, pspecs[i]->value_type);
    g_object_get_property (object, pspecs[i]->name, &value);
    if (g_param_value_defaults (pspecs[i], &value) ||
        (text = value_text (&value)) == NULL || text[0] == '\0')
      continue;
    escaped = g_uri_escape_string (text, QUERY_PLAIN, FALSE);
    g_string_append_printf (uri, "%c%s=%s", separator, pspecs[i]->name,
        escaped);
    separator = '&';
  }
}

gchar *
gst_mc_uri_build (GObject * object, const gchar * scheme)
{
  g_autofree gchar *source = NULL;
  g_autofree gchar *group = NULL;
  GString *uri;
  guint port;

  g_object_get (object, "source", &source, "group", &group, "port", &port,
      NULL);
  if (source == NULL || group == NULL)
    return NULL;

  uri = g_string_new (scheme);
  g_string_append (uri, "://");
  append_host (uri, source);
  g_string_append_c (uri, '@');
  append_host (uri, group);
  if (port != 0)
    g_string_append_printf (uri, ":%u", port);
  append_query (uri, object);
  return g_string_free (uri, FALSE);
}
