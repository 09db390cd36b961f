/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * The interfaces on which a channel is to be joined.
 */
#include "gstmciface.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "gstmcaddr.h"

typedef struct
{
  struct nlmsghdr header;
  struct rtmsg route;
  struct rtattr to;
  guint8 address[16];
} RouteRequest;

/* The kernel answers within the call; there is nothing to wait for. */
static gssize
ask_kernel (gconstpointer request, gsize len, gpointer answer, gsize size)
{
  gssize n = -1;
  int fd = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

  if (fd < 0)
    return -1;
  if (send (fd, request, len, 0) >= 0)
    n = recv (fd, answer, size, MSG_DONTWAIT);
  close (fd);
  return n;
}

static gssize
ask_for_route (const core_ip * to, gpointer answer, gsize size)
{
  gsize len = core_ip_len (to);
  RouteRequest request;

  memset (&request, 0, sizeof (request));
  request.header.nlmsg_len =
      (guint32) (G_STRUCT_OFFSET (RouteRequest, address) + len);
  request.header.nlmsg_type = RTM_GETROUTE;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.route.rtm_family = len == 4 ? AF_INET : AF_INET6;
  request.route.rtm_dst_len = (guint8) (len * 8);
  request.to.rta_type = RTA_DST;
  request.to.rta_len = (guint16) RTA_LENGTH (len);
  memcpy (request.address, to->bytes, len);
  return ask_kernel (&request, request.header.nlmsg_len, answer, size);
}

guint
gst_mc_iface_carrier_changes (guint ifindex)
{
  struct
  {
    struct nlmsghdr header;
    struct ifinfomsg info;
  } request;
  union
  {
    struct nlmsghdr header;
    guint8 bytes[16384];
  } answer;
  const struct rtattr *attr;
  guint32 changes = 0;
  gssize n;
  int len;

  memset (&request, 0, sizeof (request));
  request.header.nlmsg_len = sizeof (request);
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.info.ifi_index = (int) ifindex;
  n = ask_kernel (&request, sizeof (request), &answer, sizeof (answer));
  if (n < 0 || !NLMSG_OK (&answer.header, (gsize) n) ||
      answer.header.nlmsg_type != RTM_NEWLINK)
    return 0;
  len = (int) IFLA_PAYLOAD (&answer.header);
  for (attr = IFLA_RTA (NLMSG_DATA (&answer.header)); RTA_OK (attr, len);
      attr = RTA_NEXT (attr, len))
    if (attr->rta_type == IFLA_CARRIER_CHANGES &&
        RTA_PAYLOAD (attr) >= sizeof (changes))
      memcpy (&changes, RTA_DATA (attr), sizeof (changes));
  return changes;
}

gboolean
gst_mc_iface_route (const core_ip * to, guint * ifindex, core_ip * local)
{
  union
  {
    struct nlmsghdr header;
    guint8 bytes[2048];
  } answer;
  gssize n = ask_for_route (to, &answer, sizeof (answer));
  const struct rtmsg *route = NLMSG_DATA (&answer.header);
  const struct rtattr *attr;
  int len;

  *ifindex = 0;
  memset (local, 0, sizeof (*local));
  if (n < 0 || !NLMSG_OK (&answer.header, (gsize) n) ||
      answer.header.nlmsg_type != RTM_NEWROUTE ||
      (route->rtm_type != RTN_UNICAST && route->rtm_type != RTN_LOCAL &&
          route->rtm_type != RTN_MULTICAST))
    return FALSE;

  len = (int) RTM_PAYLOAD (&answer.header);
  for (attr = RTM_RTA (route); RTA_OK (attr, len); attr = RTA_NEXT (attr, len)) {
    if (attr->rta_type == RTA_OIF && RTA_PAYLOAD (attr) >= sizeof (*ifindex))
      memcpy (ifindex, RTA_DATA (attr), sizeof (*ifindex));
    else if (attr->rta_type == RTA_PREFSRC && RTA_PAYLOAD (attr) == 4)
      *local = core_ip_v4 (RTA_DATA (attr));
    else if (attr->rta_type == RTA_PREFSRC && RTA_PAYLOAD (attr) == 16)
      *local = core_ip_v6 (RTA_DATA (attr));
  }
  return *ifindex != 0;
}

/* All that is known of an interface. */
typedef struct
{
  GstMcIface iface;
  guint flags;
} Found;

static gboolean
ifaddr_ip (const struct ifaddrs *ifa, core_ip * ip)
{
  core_addr addr;
  socklen_t len;

  if (ifa->ifa_addr == NULL)
    return FALSE;
  len = ifa->ifa_addr->sa_family == AF_INET ? sizeof (struct sockaddr_in) :
      sizeof (struct sockaddr_in6);
  if (!gst_mc_addr_from_sockaddr (ifa->ifa_addr, len, &addr))
    return FALSE;
  *ip = addr.ip;
  return TRUE;
}

static gboolean
is_link_local (const core_ip * ip)
{
  return ip->family == CORE_FAMILY_V6 && ip->bytes[0] == 0xfe &&
      (ip->bytes[1] & 0xc0) == 0x80;
}

/* IGMP is sent from an IPv4 address, MLD from a link-local one alone: others
 * come and go by themselves (RFC 8981). */
static gboolean
sends_joins (const core_ip * ip, core_family family)
{
  if (ip->family != family)
    return FALSE;
  return family == CORE_FAMILY_V4 || is_link_local (ip);
}

/* The order in which the system lists addresses means nothing. */
static guint
ip_digest (const core_ip * ip)
{
  guint digest = 5381;

  for (gsize i = 0; i < core_ip_len (ip); i++)
    digest = digest * 33 + ip->bytes[i];
  return digest;
}

static guint
addresses_digest (const struct ifaddrs *all)
{
  guint digest = 0;

  for (const struct ifaddrs * ifa = all; ifa; ifa = ifa->ifa_next) {
    core_ip ip;

    if ((ifa->ifa_flags & IFF_LOOPBACK) || !ifaddr_ip (ifa, &ip) ||
        is_link_local (&ip))
      continue;
    digest += ip_digest (&ip) + (ifa->ifa_flags & (IFF_UP | IFF_RUNNING));
    digest += gst_mc_iface_carrier_changes (if_nametoindex (ifa->ifa_name));
  }
  return digest;
}

guint
gst_mc_iface_host_digest (const core_ip * const *to, guint n)
{
  struct ifaddrs *all = NULL;
  guint digest = 0;

  if (getifaddrs (&all) == 0) {
    digest = addresses_digest (all);
    freeifaddrs (all);
  }
  for (guint i = 0; i < n; i++) {
    core_ip local;
    guint index;

    digest *= 33;
    if (gst_mc_iface_route (to[i], &index, &local))
      digest += index + ip_digest (&local);
  }
  return digest;
}

static gboolean
find_iface (const struct ifaddrs *all, const gchar * name, core_family family,
    Found * found)
{
  memset (found, 0, sizeof (*found));
  found->iface.index = if_nametoindex (name);
  if (found->iface.index == 0)
    return FALSE;
  g_strlcpy (found->iface.name, name, sizeof (found->iface.name));
  for (const struct ifaddrs * ifa = all; ifa; ifa = ifa->ifa_next) {
    core_ip ip;

    if (strcmp (ifa->ifa_name, name) != 0)
      continue;
    found->flags |= ifa->ifa_flags;
    if (ifaddr_ip (ifa, &ip) && sends_joins (&ip, family))
      found->iface.addresses += ip_digest (&ip);
  }
  found->iface.carrier_changes =
      gst_mc_iface_carrier_changes (found->iface.index);
  found->iface.running = (found->flags & IFF_UP) && (found->flags &
      IFF_RUNNING);
  return TRUE;
}

/* What the user wrote: a name, or an address of the interface. */
static gboolean
find_named (const struct ifaddrs *all, const gchar * text, core_family family,
    Found * found)
{
  core_ip wanted, ip;

  if (!core_ip_from_string (text, &wanted))
    return strlen (text) < IF_NAMESIZE && find_iface (all, text, family, found);
  for (const struct ifaddrs * ifa = all; ifa; ifa = ifa->ifa_next)
    if (ifaddr_ip (ifa, &ip) && core_ip_equal (&ip, &wanted))
      return find_iface (all, ifa->ifa_name, family, found);
  return FALSE;
}

static gboolean
iface_error (GError ** error, GstResourceError code, const gchar * format, ...)
G_GNUC_PRINTF (3, 4);

     static gboolean
         iface_error (GError ** error, GstResourceError code,
    const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_propagate_error (error, g_error_new_valist (GST_RESOURCE_ERROR, code,
          format, args));
  va_end (args);
  return FALSE;
}

static void
add_once (GArray * ifaces, const GstMcIface * iface)
{
  for (guint i = 0; i < ifaces->len; i++)
    if (g_array_index (ifaces, GstMcIface, i).index == iface->index)
      return;
  g_array_append_val (ifaces, *iface);
}

static gboolean
find_all_named (const struct ifaddrs *all, const gchar * text,
    core_family family, gboolean strict, GArray * ifaces, GError ** error)
{
  g_auto (GStrv) items = g_strsplit (text, ",", -1);

  for (guint i = 0; items[i]; i++) {
    const gchar *item = g_strstrip (items[i]);
    Found found;

    if (!find_named (all, item, family, &found)) {
      if (!strict)
        continue;
      return iface_error (error, GST_RESOURCE_ERROR_SETTINGS,
          "The property \"multicast-iface\" names \"%s\", which is neither an "
          "interface nor an address of this host. Give one that \"ip address\" "
          "lists", item);
    }
    /* Loopback has no such flag and works all the same. */
    if (!(found.flags & (IFF_MULTICAST | IFF_LOOPBACK)))
      return iface_error (error, GST_RESOURCE_ERROR_SETTINGS,
          "The property \"multicast-iface\" names \"%s\", an interface that "
          "does not carry multicast. Give another, or switch it on: ip link "
          "set %s multicast on", item, found.iface.name);
    add_once (ifaces, &found.iface);
  }
  return TRUE;
}

static gboolean
find_by_route (const struct ifaddrs *all, const core_ip * to,
    core_family family, Found * found)
{
  gchar name[IF_NAMESIZE];
  core_ip local;
  guint index;

  return gst_mc_iface_route (to, &index, &local) &&
      if_indextoname (index, name) != NULL &&
      find_iface (all, name, family, found) &&
      !(found->flags & IFF_LOOPBACK) && (found->flags & IFF_MULTICAST);
}

static gboolean
find_routed (const struct ifaddrs *all, const GstMcChannel * channel,
    GArray * ifaces, GError ** error)
{
  core_family family = (core_family) channel->group.family;
  gchar source[CORE_IP_TEXT_MAX], group[CORE_IP_TEXT_MAX];
  Found found;

  if (!find_by_route (all, &channel->source, family, &found) &&
      !find_by_route (all, &channel->group, family, &found))
    return iface_error (error, GST_RESOURCE_ERROR_OPEN_READ,
        "There is no route to the source %s nor to the group %s over an "
        "interface that carries multicast. Add a route, or name an interface "
        "with the property \"multicast-iface\"",
        core_ip_to_string (&channel->source, source),
        core_ip_to_string (&channel->group, group));
  add_once (ifaces, &found.iface);
  return TRUE;
}

GArray *
gst_mc_iface_find (const gchar * text, const GstMcChannel * channel,
    gboolean all, GError ** error)
{
  GArray *ifaces = g_array_new (FALSE, FALSE, sizeof (GstMcIface));
  struct ifaddrs *addrs = NULL;
  gboolean ok;

  if (getifaddrs (&addrs) != 0)
    addrs = NULL;
  if (text != NULL && text[0] != '\0')
    ok = find_all_named (addrs, text, (core_family) channel->group.family, all,
        ifaces, error);
  else
    ok = find_routed (addrs, channel, ifaces, error);
  if (addrs)
    freeifaddrs (addrs);
  if (!ok)
    g_clear_pointer (&ifaces, g_array_unref);
  return ifaces;
}
