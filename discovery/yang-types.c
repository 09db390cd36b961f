/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Values of YANG leaves in JSON.
 */
#include "yang-types.h"

#include <string.h>

bool
yang_uint (const json_node * node, uint64_t max, uint64_t * out)
{
  uint64_t value = 0;

  if ((node->type != JSON_NUMBER && node->type != JSON_STRING) ||
      node->len == 0 || (node->len > 1 && node->text[0] == '0'))
    return false;
  for (const char *c = node->text; *c != '\0'; c++) {
    unsigned digit = (unsigned) (*c - '0');

    if (digit > 9 || value > (UINT64_MAX - digit) / 10)
      return false;
    value = value * 10 + digit;
  }
  *out = value;
  return value <= max;
}

bool
yang_ip (const json_node * node, core_ip * out)
{
  return node->type == JSON_STRING && core_ip_from_string (node->text, out);
}

static bool
is_leap_year (unsigned year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

unsigned
yang_days_of_month (unsigned year, unsigned month)
{
  static const unsigned days[] =
      { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

  if (month < 1 || month > 12)
    return 0;
  return month == 2 && is_leap_year (year) ? 29 : days[month - 1];
}

int64_t
yang_seconds (unsigned year, unsigned month, unsigned day, unsigned hour,
    unsigned minute, unsigned second)
{
  /* Leap years before this one, the year 0 included. */
  int64_t leap = year == 0 ? 0 :
      (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400 + 1;
  int64_t days = (int64_t) year * 365 + leap - 719528;  /* 1970-01-01 */

  for (unsigned m = 1; m < month; m++)
    days += yang_days_of_month (year, m);
  days += (int64_t) day - 1;
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

/* n digits, then the character end unless that is zero. */
static bool
read_digits (const char **text, unsigned n, char end, unsigned *out)
{
  const char *c = *text;

  *out = 0;
  for (unsigned i = 0; i < n; i++, c++) {
    if (*c < '0' || *c > '9')
      return false;
    *out = *out * 10 + (unsigned) (*c - '0');
  }
  if (end != '\0' && *c++ != end)
    return false;
  *text = c;
  return true;
}

static bool
skip_fraction (const char **text)
{
  unsigned digit;

  if (**text != '.')
    return true;
  (*text)++;
  if (!read_digits (text, 1, '\0', &digit))
    return false;
  while (read_digits (text, 1, '\0', &digit));
  return true;
}

/* "Z", "+02:00", "-00:00"; in seconds east of UTC. */
static bool
read_zone (const char *text, int64_t * east)
{
  unsigned hour, minute;
  char sign = *text;

  *east = 0;
  if (sign == 'Z' || sign == 'z')
    return text[1] == '\0';
  if (sign != '+' && sign != '-')
    return false;
  text++;
  if (!read_digits (&text, 2, ':', &hour) ||
      !read_digits (&text, 2, '\0', &minute) || *text != '\0' ||
      hour > 23 || minute > 59)
    return false;
  *east = (sign == '+' ? 1 : -1) * (int64_t) (hour * 3600 + minute * 60);
  return true;
}

bool
yang_date_and_time (const char *text, int64_t * out)
{
  unsigned year, month, day, hour, minute, second;
  int64_t east;

  if (!read_digits (&text, 4, '-', &year) ||
      !read_digits (&text, 2, '-', &month) ||
      !read_digits (&text, 2, '\0', &day) || (*text != 'T' && *text != 't'))
    return false;
  text++;
  if (!read_digits (&text, 2, ':', &hour) ||
      !read_digits (&text, 2, ':', &minute) ||
      !read_digits (&text, 2, '\0', &second) ||
      !skip_fraction (&text) || !read_zone (text, &east))
    return false;
  if (day < 1 || day > yang_days_of_month (year, month) || hour > 23 ||
      minute > 59 || second > 60)
    return false;
  *out = yang_seconds (year, month, day, hour, minute, second) - east;
  return true;
}
