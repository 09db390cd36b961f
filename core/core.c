/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Names of the errors.
 */
#include "core.h"

static const char *const drop_names[CORE_ERR_N_DROPS] = {
  [0] = "ok",
  [-CORE_ERR_TOO_SHORT] = "too-short",
  [-CORE_ERR_BAD_VERSION] = "bad-version",
  [-CORE_ERR_UNEXPECTED_TYPE] = "unexpected-type",
  [-CORE_ERR_BAD_LENGTH] = "bad-length",
  [-CORE_ERR_NOT_WAITING] = "not-waiting",
  [-CORE_ERR_WRONG_SOURCE_ADDRESS] = "wrong-source-address",
  [-CORE_ERR_WRONG_SOURCE_PORT] = "wrong-source-port",
  [-CORE_ERR_NONCE_MISMATCH] = "nonce-mismatch",
  [-CORE_ERR_MAC_MISMATCH] = "mac-mismatch",
  [-CORE_ERR_FAMILY_MISMATCH] = "family-mismatch",
  [-CORE_ERR_RELAY_ADDRESS_NOT_UNICAST] = "relay-address-not-unicast",
  [-CORE_ERR_INNER_TRUNCATED] = "inner-truncated",
  [-CORE_ERR_INNER_VERSION] = "inner-version",
  [-CORE_ERR_INNER_LENGTH_EXCEEDS] = "inner-length-exceeds",
  [-CORE_ERR_INNER_IP_CHECKSUM] = "inner-ip-checksum",
  [-CORE_ERR_INNER_PROTOCOL_MISMATCH] = "inner-protocol-mismatch",
  [-CORE_ERR_INNER_FRAGMENT] = "inner-fragment",
  [-CORE_ERR_INNER_CHECKSUM] = "inner-checksum",
  [-CORE_ERR_INNER_NOT_QUERY] = "inner-not-query",
  [-CORE_ERR_NOT_V3_QUERY] = "not-v3-query",
  [-CORE_ERR_NOT_V2_QUERY] = "not-v2-query",
  [-CORE_ERR_NOT_GENERAL_QUERY] = "not-general-query",
  [-CORE_ERR_INNER_NOT_REPORT] = "inner-not-report",
  [-CORE_ERR_SSM_NEEDS_SOURCE] = "ssm-needs-source",
  [-CORE_ERR_INNER_NOT_UDP] = "inner-not-udp",
  [-CORE_ERR_INNER_UDP_LENGTH] = "inner-udp-length",
  [-CORE_ERR_INNER_UDP_CHECKSUM] = "inner-udp-checksum",
  [-CORE_ERR_INNER_DST_NOT_MULTICAST] = "inner-dst-not-multicast",
  [-CORE_ERR_GROUP_NOT_SUBSCRIBED] = "group-not-subscribed",
  [-CORE_ERR_SOURCE_NOT_SUBSCRIBED] = "source-not-subscribed",
  [-CORE_ERR_PORT_NOT_SUBSCRIBED] = "port-not-subscribed",
  [-CORE_ERR_FRAGMENT_INVALID] = "fragment-invalid",
  [-CORE_ERR_FRAGMENT_LIMIT] = "fragment-limit",
  [-CORE_ERR_FRAGMENT_TIMEOUT] = "fragment-timeout",
  [-CORE_ERR_RATE_LIMITED] = "rate-limited",
  [-CORE_ERR_TOO_MANY_GATEWAYS] = "too-many-gateways",
  [-CORE_ERR_TOO_MANY_CHANNELS] = "too-many-channels",
};

const char *
core_error_name (int error)
{
  if (error <= 0 && error > -CORE_ERR_N_DROPS)
    return drop_names[-error];

  switch (error) {
    case CORE_ERR_NO_MEMORY:
      return "no-memory";
    case CORE_ERR_INVALID_ARGUMENT:
      return "invalid-argument";
    case CORE_ERR_LIMIT:
      return "limit";
    default:
      return "unknown";
  }
}
