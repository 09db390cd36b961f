/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * What header fields of an HTTP answer mean for whoever asks again.
 */
#include "http-headers.h"

#include "yang-types.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Longer ones are as good as this: more than 30 years. */
static const uint64_t seconds_max = 1000000000;

static const char *
skip_space (const char *text)
{
  while (*text == ' ' || *text == '\t')
    text++;
  return text;
}

/* From one time to a later one. */
static uint64_t
seconds_between (int64_t start, int64_t end)
{
  uint64_t seconds = end > start ? (uint64_t) (end - start) : 0;

  return seconds < seconds_max ? seconds : seconds_max;
}

/* Digits, and nothing else up to the end or one of the characters in ends. */
static bool
read_seconds (const char *text, const char *ends, uint64_t * out)
{
  const char *start = text;
  uint64_t value = 0;

  while (*text >= '0' && *text <= '9') {
    value = value * 10 + (uint64_t) (*text++ - '0');
    if (value > seconds_max)
      value = seconds_max;
  }
  if (text == start)
    return false;
  text = skip_space (text);
  *out = value;
  return *text == '\0' || strchr (ends, *text) != NULL;
}

bool
http_date (const char *text, int64_t * out)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  unsigned day, year, hour, minute, second, month = 0;
  char name[4];
  int end = 0;

  /* sscanf () takes signs for a part of numbers. */
  if (text == NULL || strpbrk (text, "+-") != NULL ||
      sscanf (text, "%*3[A-Za-z], %2u %3[A-Za-z] %4u %2u:%2u:%2u GMT%n",
          &day, name, &year, &hour, &minute, &second, &end) != 6 ||
      end == 0 || text[end] != '\0')
    return false;
  while (month < 12 && strncmp (months + 3 * month, name, 3) != 0)
    month++;
  if (day < 1 || day > yang_days_of_month (year, month + 1) || hour > 23 ||
      minute > 59 || second > 60)
    return false;
  *out = yang_seconds (year, month + 1, day, hour, minute, second);
  return true;
}

/* Whether the directive that begins at text is called that; *value is what
 * follows its "=", or NULL. */
static bool
is_directive (const char *text, const char *name, const char **value)
{
  size_t n = strlen (name);

  *value = NULL;
  if (strncasecmp (text, name, n) != 0)
    return false;
  text = skip_space (text + n);
  if (*text == '=') {
    text = skip_space (text + 1);
    *value = *text == '"' ? text + 1 : text;
    return true;
  }
  return *text == ',' || *text == '\0';
}

typedef struct
{
  bool never;                   /* no-cache, no-store */
  bool has_max_age;
  uint64_t max_age;
} cache_control;

static cache_control
read_cache_control (const char *text)
{
  cache_control control = { 0 };
  const char *value;

  while (text != NULL && *text != '\0') {
    text = skip_space (text);
    if (is_directive (text, "no-cache", &value) ||
        is_directive (text, "no-store", &value))
      control.never = true;
    else if (is_directive (text, "max-age", &value) && value != NULL &&
        !control.has_max_age)
      control.has_max_age = read_seconds (value, ",\"", &control.max_age);
    text = strchr (text, ',');
    if (text != NULL)
      text++;
  }
  return control;
}

bool
http_freshness (const char *cache_control_text, const char *age,
    const char *expires, const char *date, uint64_t * seconds)
{
  cache_control control = read_cache_control (cache_control_text);
  int64_t end, start;
  uint64_t used = 0;

  *seconds = 0;
  if (control.never)
    return false;
  if (control.has_max_age) {
    if (age == NULL || !read_seconds (skip_space (age), "", &used))
      used = 0;
    *seconds = control.max_age > used ? control.max_age - used : 0;
    return true;
  }
  if (!http_date (expires, &end) || !http_date (date, &start))
    return false;
  *seconds = seconds_between (start, end);
  return true;
}

uint64_t
http_retry_after (const char *retry_after, const char *date)
{
  int64_t at, now;
  uint64_t seconds;

  if (retry_after == NULL)
    return 0;
  if (read_seconds (skip_space (retry_after), "", &seconds))
    return seconds;
  if (!http_date (retry_after, &at) || !http_date (date, &now))
    return 0;
  return seconds_between (now, at);
}

bool
http_media_type_is (const char *content_type, const char *type)
{
  size_t n = strlen (type);

  if (content_type == NULL)
    return false;
  content_type = skip_space (content_type);
  if (strncasecmp (content_type, type, n) != 0)
    return false;
  content_type = skip_space (content_type + n);
  return *content_type == '\0' || *content_type == ';';
}
