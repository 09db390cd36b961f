/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Values of YANG leaves in JSON (RFC 7951 §6, RFC 6991), read the way servers
 * in the field write them.
 */
#pragma once

#include "addr.h"
#include "json.h"

/* An integer from 0 to max: a JSON integer, or the same digits as a string.
 * Fractions, exponents, signs and leading zeros are none. */
bool yang_uint (const json_node * node, uint64_t max, uint64_t * out);

/* An address without a zone. */
bool yang_ip (const json_node * node, core_ip * out);

/* date-and-time ("2027-06-30T12:00:00+02:00") in seconds since 1970-01-01
 * 00:00 UTC; a fraction of a second is cut off. */
bool yang_date_and_time (const char *text, int64_t * out);

/* Seconds since 1970-01-01 00:00 UTC of a date of the Gregorian calendar; the
 * month and the day are counted from 1 and must exist. */
int64_t yang_seconds (unsigned year, unsigned month, unsigned day,
    unsigned hour, unsigned minute, unsigned second);

/* Days of a month, or 0 when there is no such month. */
unsigned yang_days_of_month (unsigned year, unsigned month);
