/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Stands in for what fetches manifests, where that is not part of the build:
 * says so when a URI is given.
 */
#include "gstambifetcher.h"

GstAmbiFetcher *
gst_ambi_fetcher_new (const GstAmbiFetcherSettings * settings,
    const GstAmbiFetcherCallbacks * callbacks, gpointer user, GError ** error)
{
  g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "The property \"manifest-uri\" is set, but this build cannot fetch "
      "manifests: unset it, and link a source of manifests (souphttpsrc) to a "
      "manifest_%u pad.");
  return NULL;
}

gboolean
gst_ambi_fetcher_start (GstAmbiFetcher * fetcher, GError ** error)
{
  return FALSE;
}

void
gst_ambi_fetcher_free (GstAmbiFetcher * fetcher)
{
}

void
gst_ambi_fetcher_data_flows (GstAmbiFetcher * fetcher)
{
}

void
gst_ambi_fetcher_refresh (GstAmbiFetcher * fetcher, GstAmbiFeed * feed,
    core_time deadline)
{
}

void
gst_ambi_fetcher_leave (GstAmbiFetcher * fetcher, GstAmbiFeed * feed)
{
}

void
gst_ambi_fetcher_disconnect (GstAmbiFetcher * fetcher, GstAmbiFeed * feed)
{
}
