/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Which metadata servers a source has, and which to ask first
 * (draft-ietf-mboned-dorms-08 §2.2, RFC 2782).
 */
#pragma once

#include "addr.h"
#include "dorms-restconf.h"

enum
{
  DORMS_SRV_MAX = 32,
  DORMS_SRV_NAME_MAX = 96       /* "_dorms._tcp.", 32 nibbles, "ip6.arpa." */
};

typedef struct
{
  uint16_t priority;
  uint16_t weight;
  uint16_t port;
  char target[DORMS_HOST_MAX];  /* "." where the service is not offered */
} dorms_srv_record;

/* The name whose SRV records to ask for, with the final dot. */
void dorms_srv_name (const core_ip * source, char name[DORMS_SRV_NAME_MAX]);

/* A uniformly random number from 0 to max, both included. */
typedef uint32_t (*dorms_draw_func) (void *ctx, uint32_t max);

/* Puts up to DORMS_SRV_MAX records into the order of trying: by priority, and
 * by chance according to their weights where that is equal.  Targets lose the
 * final dot and capital letters; records whose target is no host or whose port
 * is 0 are left out.  Returns how many are left. */
unsigned dorms_srv_order (dorms_srv_record * records, unsigned n,
    dorms_draw_func draw, void *ctx);
