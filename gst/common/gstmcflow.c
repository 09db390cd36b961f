/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The addresses of a channel, as properties give them.
 */
#include "gstmcflow.h"

gboolean
gst_mc_settings_error (GError ** error, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS, format, args));
  va_end (args);
  return FALSE;
}

static gboolean
is_unset (const gchar * text)
{
  return text == NULL || *text == '\0';
}

gboolean
gst_mc_flow_parse_source (const gchar * text, core_ip * out, GError ** error)
{
  if (is_unset (text))
    return gst_mc_settings_error (error, "The property \"source\" is not set: "
        "set it to the IP address the channel's datagrams come from.");
  if (!core_ip_from_string (text, out) || !core_ip_is_unicast (out))
    return gst_mc_settings_error (error, "The property \"source\" is \"%s\", "
        "which is no unicast IP address: set it to the address the channel's "
        "datagrams come from, such as 192.0.2.10.", text);
  return TRUE;
}

gboolean
gst_mc_flow_parse_group (const gchar * text, core_ip * out, GError ** error)
{
  if (is_unset (text))
    return gst_mc_settings_error (error, "The property \"group\" is not set: "
        "set it to the multicast address of the channel, such as 232.1.1.1.");
  if (!core_ip_from_string (text, out) || !core_ip_is_multicast (out))
    return gst_mc_settings_error (error, "The property \"group\" is \"%s\", "
        "which is no multicast IP address: set it to one from 232.0.0.0/8 or "
        "ff3x::/32.", text);
  return TRUE;
}

gboolean
gst_mc_flow_parse (const gchar * source, const gchar * group, core_ip * src,
    core_ip * dst, GError ** error)
{
  if (!gst_mc_flow_parse_source (source, src, error) ||
      !gst_mc_flow_parse_group (group, dst, error))
    return FALSE;
  if (src->family != dst->family)
    return gst_mc_settings_error (error, "The properties \"source\" (%s) and "
        "\"group\" (%s) are of different address families: set both to IPv4 "
        "or both to IPv6 addresses.", source, group);
  return TRUE;
}
