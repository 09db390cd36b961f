/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Fuzzes amt_parse (): what it accepts is rebuilt and parsed again.
 */
#include "fuzz.h"

#include "amt-wire.h"

static void
check_same (const amt_message * a, const amt_message * b)
{
  FUZZ_CHECK (a->type == b->type && a->nonce == b->nonce);
  FUZZ_CHECK (memcmp (a->mac, b->mac, AMT_MAC_LEN) == 0);
  FUZZ_CHECK (core_ip_equal (&a->relay, &b->relay));
  FUZZ_CHECK (a->p == b->p && a->ecn == b->ecn);
  FUZZ_CHECK (a->limit == b->limit && a->has_gateway == b->has_gateway);
  FUZZ_CHECK (amt_gateway_field_equal (&a->gateway, &b->gateway));
  FUZZ_CHECK (a->inner_len == b->inner_len);
  FUZZ_CHECK (a->inner_len == 0 ||
      memcmp (a->inner, b->inner, a->inner_len) == 0);
}

/* A field that names an endpoint is named by it. */
static void
check_gateway_field (const amt_gateway_field * field)
{
  core_addr addr = amt_gateway_field_get (field);
  amt_gateway_field again;

  amt_gateway_field_set (&again, &addr);
  FUZZ_CHECK (amt_gateway_field_equal (field, &again));
}

int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  amt_message msg, again;
  uint8_t *built;
  size_t len;
  int ret = amt_parse (data, size, &msg);

  FUZZ_CHECK (ret <= CORE_OK && ret > -CORE_ERR_N_DROPS);
  if (size > 0 && ret != CORE_ERR_BAD_VERSION)
    FUZZ_CHECK (amt_peek_type (data, size) == (unsigned) msg.type);
  if (ret != CORE_OK)
    return 0;

  FUZZ_CHECK (msg.inner_len <= size);
  built = malloc (size);
  FUZZ_CHECK (built != NULL);
  len = amt_build (built, size, &msg);
  FUZZ_CHECK (len > 0 && len <= size);
  FUZZ_CHECK (amt_build (built, len - 1, &msg) == 0);
  FUZZ_CHECK (amt_build (built, len, &msg) == len);
  FUZZ_CHECK (amt_parse (built, len, &again) == CORE_OK);
  check_same (&msg, &again);
  check_gateway_field (&msg.gateway);
  free (built);
  return 0;
}
