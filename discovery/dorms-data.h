/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Reads the metadata of a channel from a DORMS server's answer.
 *
 * Servers follow several revisions of the modules and the examples of the
 * drafts; whatever was seen is understood and comes out in one form.
 */
#pragma once

#include "dorms-code.h"
#include "dorms-metadata.h"

enum
{
  DORMS_BODY_MAX = 1024 * 1024,
  DORMS_DEPTH_MAX = 32,
  DORMS_NODES_MAX = 128 * 1024  /* JSON values of a document */
};

/* Reads a server's answer about (source, group), or one about more than that.
 * Returns DORMS_OK and *out, to be freed by dorms_metadata_free (); else
 * DORMS_TOO_LARGE, DORMS_BAD_JSON, DORMS_BAD_METADATA, DORMS_NO_METADATA or
 * DORMS_NO_MEMORY, and *out is NULL. */
dorms_code dorms_metadata_read (dorms_metadata ** out, const core_ip * source,
    const core_ip * group, const uint8_t * body, size_t len);
