/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The Internet checksum (RFC 1071).
 */
#pragma once

#include "addr.h"

/* One's-complement sum of 16-bit words added to sum; an odd last byte is
 * padded with zero (RFC 1071).  Only the last piece may have odd length. */
uint32_t ip_sum (const uint8_t * data, size_t len, uint32_t sum);

/* Folds and complements: the checksum as it stands in a header. */
uint16_t ip_sum_finish (uint32_t sum);

/* Whether the checksum of an IPv4 header without options is right, as ip_sum ()
 * would tell, which is not made for so few bytes. */
bool ip_sum_v4_header_ok (const uint8_t header[20]);

/* The sum over the IPv4 or IPv6 pseudo-header (RFC 768, RFC 8200 §8.1). */
uint32_t ip_pseudo_sum (const core_ip * src, const core_ip * dst,
    uint8_t protocol, size_t length);
