/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The seven AMT messages on the wire (RFC 7450 §5.1).
 */
#pragma once

#include "addr.h"

enum
{
  AMT_PORT = 2268,              /* RFC 7450 §7.2 */
  AMT_VERSION = 0,

  AMT_MAC_LEN = 6,
  AMT_NONCE_LEN = 4,
  AMT_GATEWAY_FIELD_LEN = 18,   /* port and address, RFC 7450 §5.1.4.9 */

  AMT_DISCOVERY_LEN = 8,
  AMT_REQUEST_LEN = 8,
  AMT_MEMBERSHIP_HEADER = 12,   /* Query and Update, before the IP datagram */
  AMT_DATA_HEADER = 2,
  AMT_TEARDOWN_LEN = 30
};

/* The well-known discovery addresses (RFC 7450 §7.1). */
extern const core_ip amt_discovery_v4;
extern const core_ip amt_discovery_v6;

typedef enum
{
  AMT_RELAY_DISCOVERY = 1,
  AMT_RELAY_ADVERTISEMENT = 2,
  AMT_REQUEST = 3,
  AMT_MEMBERSHIP_QUERY = 4,
  AMT_MEMBERSHIP_UPDATE = 5,
  AMT_MULTICAST_DATA = 6,
  AMT_TEARDOWN = 7
} amt_type;

/* How a Request asks for MLD: in the place RFC 7450 §5.1.3.4 gives the P flag,
 * or where Linux's driver has it (and refuses any other reserved bit). */
typedef enum
{
  AMT_P_NONE = 0x00,            /* IGMP wanted */
  AMT_P_RFC = 0x01,
  AMT_P_LINUX = 0x80
} amt_p_flag;

/* The gateway's endpoint as the relay saw it, opaque to the gateway: port,
 * then the address, IPv4 as 96 zero bits and the address. */
typedef struct
{
  uint8_t bytes[AMT_GATEWAY_FIELD_LEN];
} amt_gateway_field;

/* One message; which fields count depends on the type. */
typedef struct
{
  amt_type type;
  uint32_t nonce;               /* all but Multicast Data */
  uint8_t mac[AMT_MAC_LEN];     /* Query, Update, Teardown */
  core_ip relay;                /* Advertisement */
  amt_p_flag p;                 /* Request */
  bool ecn;                     /* Request: E (RFC 9601 §6.1.4.2) */
  bool limit;                   /* Query: L */
  bool has_gateway;             /* Query: G; gateway is valid */
  amt_gateway_field gateway;    /* Query with G, Teardown */
  const uint8_t *inner;         /* Query, Update, Data: what is encapsulated, */
  size_t inner_len;             /*   and all octets behind it */
} amt_message;

/* Parses one UDP payload.  Reserved bits are ignored, octets behind the fixed
 * messages too.  Inner pointers lie in data.  Returns CORE_OK or
 * CORE_ERR_TOO_SHORT, _BAD_VERSION, _UNEXPECTED_TYPE, _BAD_LENGTH,
 * _INNER_TRUNCATED; with the last two the type, the nonce and the MAC are
 * there, since what they must be is checked first. */
int amt_parse (const uint8_t * data, size_t len, amt_message * out);

/* The type nibble of a version 0 message, else 0. */
unsigned amt_peek_type (const uint8_t * data, size_t len);

/* Writes a message; inner is copied behind the header (a Data header alone is
 * written with inner_len 0).  Fields the type does not have are ignored.
 * Returns its length, 0 if it does not fit or is no message. */
size_t amt_build (uint8_t * buf, size_t cap, const amt_message * msg);

/* The gateway field for an endpoint, and back (IPv4-compatible addresses
 * become IPv4, but ::1 and the others of ::/104 do not). */
void amt_gateway_field_set (amt_gateway_field * field, const core_addr * addr);
core_addr amt_gateway_field_get (const amt_gateway_field * field);
bool amt_gateway_field_equal (const amt_gateway_field * a,
    const amt_gateway_field * b);
