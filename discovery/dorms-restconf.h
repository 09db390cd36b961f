/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Where a DORMS server keeps what (RFC 8040, RFC 6415) and what it offers (RFC
 * 8525, RFC 7895): paths to ask for, and readers of the answers that are not
 * metadata.
 */
#pragma once

#include "addr.h"
#include "dorms-code.h"

enum
{
  DORMS_HOST_MAX = 256,         /* with the terminating zero, like the next */
  DORMS_ROOT_MAX = 512,
  DORMS_PATH_MAX = 1024,
  DORMS_HOST_META_MAX = 64 * 1024,
  DORMS_LIBRARY_MAX = 4 * 1024 * 1024,
  DORMS_LIBRARY_NODES_MAX = 256 * 1024
};

#define DORMS_PATH_HOST_META_JSON "/.well-known/host-meta.json"
#define DORMS_PATH_HOST_META_XRD "/.well-known/host-meta"
#define DORMS_ACCEPT_JSON "application/json"
#define DORMS_ACCEPT_XRD "application/xrd+xml"
#define DORMS_ACCEPT_YANG "application/yang-data+json"

/* Whether it may stand for a host in a URL: a DNS name without the final dot,
 * or an address, an IPv6 one in brackets. */
bool dorms_host_is_valid (const char *host);

/* The path behind host and port that an href of the host-meta means, without a
 * final "/": an absolute URI must name this very host and port.  FALSE when it
 * means none. */
bool dorms_root_from_href (const char *href, const char *host, uint16_t port,
    char root[DORMS_ROOT_MAX]);

/* The path that a redirect from the path "from" leads to; path may be from.
 * FALSE when it leads away from host and port, or from https: nobody else can
 * prove to be this server. */
bool dorms_redirect_path (const char *location, const char *host,
    uint16_t port, const char *from, char path[DORMS_PATH_MAX]);

/* The href of the first link of relation "restconf" of a host-meta document,
 * in JSON or as XRD.  FALSE when there is none. */
bool dorms_read_host_meta_json (const uint8_t * body, size_t len,
    char href[DORMS_ROOT_MAX]);
bool dorms_read_host_meta_xrd (const uint8_t * body, size_t len,
    char href[DORMS_ROOT_MAX]);

typedef enum
{
  DORMS_LIBRARY_NONE,           /* unreadable */
  DORMS_LIBRARY_2016,           /* RFC 7895: modules-state */
  DORMS_LIBRARY_2019            /* RFC 8525, or a later one */
} dorms_library_version;

/* Reads the answer for {root}/yang-library-version. */
dorms_library_version dorms_read_library_version (const uint8_t * body,
    size_t len);

enum
{
  DORMS_MODULE_DORMS = 1 << 0,
  DORMS_MODULE_AMBI = 1 << 1,
  DORMS_MODULE_CBACC = 1 << 2
};

typedef struct
{
  unsigned modules;             /* DORMS_MODULE_ bits: implemented */
  unsigned unknown_revisions;   /* likewise: of a revision we do not know */
} dorms_library;

/* Reads the list of modules, modules-state or yang-library.  FALSE when it is
 * neither. */
bool dorms_read_library (const uint8_t * body, size_t len,
    dorms_library * out);

/* The forms in which servers want to be asked, in the order of trying. */
typedef enum
{
  DORMS_FORM_ENCODED,           /* RFC 8040: ":" is percent-encoded */
  DORMS_FORM_RAW,               /* as the draft's example: only for IPv6 */
  DORMS_FORM_OLD_TREE,          /* the revision of 2019 */
  DORMS_N_FORMS
} dorms_form;

/* The path of the metadata of (source, group) below root. */
void dorms_metadata_path (const char *root, dorms_form form,
    const core_ip * source, const core_ip * group, char path[DORMS_PATH_MAX]);

/* root and what is below it. */
void dorms_resource_path (const char *root, const char *resource,
    char path[DORMS_PATH_MAX]);
