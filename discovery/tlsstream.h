/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Manifests over TLS or DTLS without HTTP (draft-ietf-mboned-ambi-05 §4.3,
 * §4.4): ambi+tls://HOST:PORT, where the server speaks first, and
 * ambi+dtls://HOST:PORT, where each datagram is a manifest.  The client sends
 * nothing of its own.
 *
 * Same rules as stream.h.  TLS 1.2 and DTLS 1.2 are the least; the certificate's
 * chain and its host are checked, and there is no way not to.  Proxies are not
 * used.
 */
#pragma once

#include "stream.h"

G_BEGIN_DECLS

typedef struct _tlsstream tlsstream;

tlsstream *tlsstream_open (const stream_request * request,
    const stream_callbacks * callbacks, gpointer user);

void tlsstream_close (tlsstream * stream);

G_END_DECLS
