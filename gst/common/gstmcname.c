/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * A host name whose addresses an element needs.
 */
#include "gstmcname.h"

#include "gstmcchannel.h"
#include "gstmclookup.h"

#define MAX_IPS 16
#define RETRY_MIN (1 * CORE_SECOND)
#define RETRY_MAX (60 * CORE_SECOND)

struct _GstMcName
{
  GstElement *element;
  const gchar *what;
  gchar *name;
  int wake_fd;
  gboolean told;                /* a lookup was told to have begun */

  GstMcLookup *lookup;          /* going on */
  core_time due;                /* of the next one */
  core_time retry_wait;
  GArray *ips;
  gchar *problem;               /* of the last lookup */
};

GstMcName *
gst_mc_name_new (GstElement * element, const gchar * what, const gchar * text,
    int wake_fd)
{
  GstMcName *name = g_new0 (GstMcName, 1);

  name->element = element;
  name->what = what;
  name->name = g_strdup (text);
  name->wake_fd = wake_fd;
  return name;
}

void
gst_mc_name_free (GstMcName * name)
{
  if (name == NULL)
    return;
  if (name->told)
    gst_mc_progress (name->element, GST_PROGRESS_TYPE_CANCELED, "name-lookup",
        "No longer looking up the %s %s", name->what, name->name);
  gst_mc_lookup_free (name->lookup);
  g_clear_pointer (&name->ips, g_array_unref);
  g_free (name->problem);
  g_free (name->name);
  g_free (name);
}

static void
start (GstMcName * name)
{
  name->due = CORE_TIME_NEVER;
  name->lookup = gst_mc_lookup_new (name->name, name->wake_fd);
  gst_mc_progress (name->element, name->told ? GST_PROGRESS_TYPE_CONTINUE :
      GST_PROGRESS_TYPE_START, "name-lookup", "Looking up the %s %s",
      name->what, name->name);
  name->told = TRUE;
}

static gboolean
finish (GstMcName * name, const GArray * ips, const GError * error,
    core_time now)
{
  g_clear_pointer (&name->problem, g_free);
  if (ips != NULL && ips->len > 0) {
    g_clear_pointer (&name->ips, g_array_unref);
    name->ips = g_array_copy ((GArray *) ips);
    g_array_set_size (name->ips, MIN (ips->len, MAX_IPS));
    name->retry_wait = 0;
    name->told = FALSE;
    gst_mc_progress (name->element, GST_PROGRESS_TYPE_COMPLETE, "name-lookup",
        "The %s %s has %u address%s", name->what, name->name, name->ips->len,
        name->ips->len == 1 ? "" : "es");
    return TRUE;
  }

  name->problem = g_strdup (error ? error->message : "it has no address");
  name->retry_wait = CLAMP (name->retry_wait * 2, RETRY_MIN, RETRY_MAX);
  name->due = now + name->retry_wait;
  gst_mc_progress (name->element, GST_PROGRESS_TYPE_CONTINUE, "name-lookup",
      "Could not look up the %s %s (%s), trying again in %u s", name->what,
      name->name, name->problem, (guint) (name->retry_wait / CORE_SECOND));
  return FALSE;
}

gboolean
gst_mc_name_update (GstMcName * name, core_time now)
{
  gboolean learnt = FALSE;
  const GArray *ips;
  const GError *error;

  if (name->lookup == NULL && name->due <= now)
    start (name);
  if (name->lookup && gst_mc_lookup_poll (name->lookup, &ips, &error)) {
    learnt = finish (name, ips, error, now);
    g_clear_pointer (&name->lookup, gst_mc_lookup_free);
  }
  return learnt;
}

core_time
gst_mc_name_deadline (const GstMcName * name)
{
  return name->lookup ? CORE_TIME_NEVER : name->due;
}

void
gst_mc_name_refresh (GstMcName * name, core_time now)
{
  if (name->lookup == NULL && name->due == CORE_TIME_NEVER)
    name->due = now;
}

const GArray *
gst_mc_name_get_ips (const GstMcName * name)
{
  return name->ips;
}

gboolean
gst_mc_name_is_pending (const GstMcName * name)
{
  return name->ips == NULL && name->problem == NULL;
}

const gchar *
gst_mc_name_get_problem (const GstMcName * name)
{
  if (name->ips != NULL)
    return NULL;
  return name->problem ? name->problem : "the name service does not answer";
}
