/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Where a DORMS server keeps what and what it offers.
 */
#include "dorms-restconf.h"

#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum
{
  HOST_META_NODES_MAX = 16384,
  DEPTH_MAX = 32
};

/*
 * The root
 */

static bool
is_name_char (char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
      (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static bool
is_bracketed_address (const char *host)
{
  size_t len = strlen (host);
  char text[CORE_IP_TEXT_MAX];
  core_ip ip;

  if (len < 2 || len - 2 >= sizeof (text) || host[len - 1] != ']')
    return false;
  memcpy (text, host + 1, len - 2);
  text[len - 2] = '\0';
  return strchr (text, ':') != NULL && core_ip_from_string (text, &ip);
}

bool
dorms_host_is_valid (const char *host)
{
  size_t len = strlen (host);

  if (len == 0 || len >= DORMS_HOST_MAX)
    return false;
  if (host[0] == '[')
    return is_bracketed_address (host);
  for (const char *c = host; *c != '\0'; c++)
    if (!is_name_char (*c) || (*c == '.' && (c == host || c[-1] == '.')))
      return false;
  return host[len - 1] != '.';
}

/* Printable, and nothing that URLs exclude. */
static bool
is_url_text (const char *text)
{
  for (const char *c = text; *c != '\0'; c++)
    if (*c <= ' ' || *c > '~' || strchr ("\"<>\\^`{|}", *c) != NULL)
      return false;
  return true;
}

static bool
is_path (const char *text)
{
  return is_url_text (text) && strpbrk (text, "?#") == NULL;
}

/* What follows "https://host[:port]", or NULL if another host or port is
 * named. */
static const char *
skip_authority (const char *uri, const char *host, uint16_t port)
{
  size_t len = strlen (host);
  char *end;
  unsigned long number = 443;

  if (strncasecmp (uri, "https://", 8) != 0 ||
      strncasecmp (uri + 8, host, len) != 0)
    return NULL;
  uri += 8 + len;
  if (*uri == ':') {
    if (uri[1] < '0' || uri[1] > '9')
      return NULL;
    number = strtoul (uri + 1, &end, 10);
    uri = end;
  }
  return number == port && (*uri == '/' || *uri == '\0') ? uri : NULL;
}

bool
dorms_root_from_href (const char *href, const char *host, uint16_t port,
    char root[DORMS_ROOT_MAX])
{
  size_t len;

  if (!is_path (href) || *href == '\0' || strncmp (href, "//", 2) == 0)
    return false;               /* "//": another host, without a scheme */
  if (href[0] != '/' && strstr (href, "://") != NULL) {
    href = skip_authority (href, host, port);
    if (href == NULL)
      return false;
  }
  len = strlen (href);
  if (len > 0 && href[len - 1] == '/')
    len--;
  if (len + 2 > DORMS_ROOT_MAX)
    return false;
  snprintf (root, DORMS_ROOT_MAX, "%s%.*s",
      len == 0 || href[0] == '/' ? "" : "/", (int) len, href);
  return true;
}

bool
dorms_redirect_path (const char *location, const char *host, uint16_t port,
    const char *from, char path[DORMS_PATH_MAX])
{
  size_t keep = 0, len = strcspn (location, "#");

  if (!is_url_text (location) || len == 0 || strncmp (location, "//", 2) == 0)
    return false;
  if (location[0] != '/' && strstr (location, "://") != NULL) {
    const char *rest = skip_authority (location, host, port);

    if (rest == NULL)
      return false;
    len -= (size_t) (rest - location);
    location = len > 0 ? rest : "/";
    len = len > 0 ? len : 1;
  } else if (location[0] != '/') {
    /* Relative: it takes the place of what is behind the last "/". */
    const char *slash = memrchr (from, '/', strcspn (from, "?"));

    if (slash == NULL || strchr (location, ':') != NULL)
      return false;
    keep = (size_t) (slash + 1 - from);
  }
  if (keep + len >= DORMS_PATH_MAX)
    return false;
  memmove (path, from, keep);
  memmove (path + keep, location, len);
  path[keep + len] = '\0';
  return true;
}

static bool
copy_href (const char *text, size_t len, char href[DORMS_ROOT_MAX])
{
  if (len == 0 || len >= DORMS_ROOT_MAX)
    return false;
  memcpy (href, text, len);
  href[len] = '\0';
  return true;
}

/* A list entry, or the list itself where one object stands for it. */
static const json_node *
next_entry (const json_node * list, const json_node * entry)
{
  if (list->type == JSON_ARRAY)
    return json_next (list, entry);
  return entry == NULL ? list : NULL;
}

/* The text of a member; "" when it is no text. */
static const json_node *
text_member (const json_node * object, const char *module, const char *name)
{
  static const json_node none = {.type = JSON_STRING,.span = 1,.text = "" };
  const json_node *value;

  return json_member (object, module, name, &value) == JSON_FOUND &&
      value->type == JSON_STRING ? value : &none;
}

bool
dorms_read_host_meta_json (const uint8_t * body, size_t len,
    char href[DORMS_ROOT_MAX])
{
  const json_node *links, *link = NULL;
  bool found = false;
  json_doc *doc;

  if (json_parse (&doc, body, len, DEPTH_MAX, HOST_META_NODES_MAX) != CORE_OK)
    return false;
  if (json_member (json_root (doc), "", "links", &links) == JSON_FOUND) {
    while (!found && (link = next_entry (links, link)) != NULL) {
      const json_node *target = text_member (link, "", "href");

      if (strcmp (text_member (link, "", "rel")->text, "restconf") != 0)
        continue;
      found = copy_href (target->text, target->len, href);
      break;
    }
  }
  json_free (doc);
  return found;
}

/*
 * XRD: as much of XML as is needed to find an attribute of a start tag
 */

typedef struct
{
  const char *pos;
  const char *end;
} xml_cursor;

typedef struct
{
  const char *text;
  size_t len;
} xml_text;

static bool
xml_is_space (char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
xml_skip_space (xml_cursor * x)
{
  while (x->pos < x->end && xml_is_space (*x->pos))
    x->pos++;
}

static bool
xml_skip (xml_cursor * x, const char *word)
{
  size_t n = strlen (word);

  if ((size_t) (x->end - x->pos) < n || memcmp (x->pos, word, n) != 0)
    return false;
  x->pos += n;
  return true;
}

static bool
xml_skip_behind (xml_cursor * x, const char *word)
{
  size_t n = strlen (word);
  const char *found = memmem (x->pos, (size_t) (x->end - x->pos), word, n);

  x->pos = found != NULL ? found + n : x->end;
  return found != NULL;
}

/* A name, without its namespace prefix. */
static xml_text
xml_name (xml_cursor * x)
{
  xml_text name = { x->pos, 0 };

  while (x->pos < x->end && !xml_is_space (*x->pos) &&
      strchr ("=/><\"'", *x->pos) == NULL) {
    if (*x->pos++ == ':')
      name.text = x->pos;
  }
  name.len = (size_t) (x->pos - name.text);
  return name;
}

static bool
xml_is (xml_text text, const char *word)
{
  return text.len == strlen (word) && memcmp (text.text, word, text.len) == 0;
}

/* The next attribute of a tag; FALSE at its end or where it is malformed. */
static bool
xml_attribute (xml_cursor * x, xml_text * name, xml_text * value)
{
  char quote;
  const char *close;

  xml_skip_space (x);
  *name = xml_name (x);
  xml_skip_space (x);
  if (name->len == 0 || !xml_skip (x, "="))
    return false;
  xml_skip_space (x);
  if (x->pos == x->end || (*x->pos != '"' && *x->pos != '\''))
    return false;
  quote = *x->pos++;
  close = memchr (x->pos, quote, (size_t) (x->end - x->pos));
  if (close == NULL)
    return false;
  value->text = x->pos;
  value->len = (size_t) (close - x->pos);
  x->pos = close + 1;
  return true;
}

/* Moves into the next start tag and gives its name; FALSE at the end, and
 * where a DTD or a CDATA section begins: entities are never expanded. */
static bool
xml_next_tag (xml_cursor * x, xml_text * name)
{
  while (xml_skip_behind (x, "<")) {
    if (xml_skip (x, "?")) {
      if (!xml_skip_behind (x, "?>"))
        return false;
    } else if (xml_skip (x, "!--")) {
      if (!xml_skip_behind (x, "-->"))
        return false;
    } else if (xml_skip (x, "!")) {
      return false;
    } else if (!xml_skip (x, "/")) {
      *name = xml_name (x);
      return true;
    }
  }
  return false;
}

bool
dorms_read_host_meta_xrd (const uint8_t * body, size_t len,
    char href[DORMS_ROOT_MAX])
{
  xml_cursor x;
  xml_text tag;

  if (len == 0 || memchr (body, '\0', len) != NULL)
    return false;
  x.pos = (const char *) body;
  x.end = x.pos + len;
  if (!xml_next_tag (&x, &tag) || !xml_is (tag, "XRD"))
    return false;
  while (xml_next_tag (&x, &tag)) {
    xml_text name, value, target = { NULL, 0 };
    bool restconf = false;

    while (xml_is (tag, "Link") && xml_attribute (&x, &name, &value)) {
      if (xml_is (name, "rel"))
        restconf = xml_is (value, "restconf");
      else if (xml_is (name, "href"))
        target = value;
    }
    if (restconf)
      return target.len > 0 && memchr (target.text, '&', target.len) == NULL &&
          copy_href (target.text, target.len, href);
  }
  return false;
}

/*
 * The library
 */

dorms_library_version
dorms_read_library_version (const uint8_t * body, size_t len)
{
  dorms_library_version version = DORMS_LIBRARY_NONE;
  json_doc *doc;
  const char *text;

  if (json_parse (&doc, body, len, DEPTH_MAX, HOST_META_NODES_MAX) != CORE_OK)
    return version;
  text = text_member (json_root (doc), "ietf-restconf",
      "yang-library-version")->text;
  /* Dates in this form sort as text does. */
  if (strcmp (text, "2016-06-21") >= 0)
    version = strcmp (text, "2019-01-04") >= 0 ? DORMS_LIBRARY_2019 :
        DORMS_LIBRARY_2016;
  json_free (doc);
  return version;
}

/* The modules and their revisions that are understood. */
static const struct
{
  const char *name;
  unsigned bit;
  const char *revisions[4];
} known_modules[] = {
  {"ietf-dorms", DORMS_MODULE_DORMS,
      {"2025-09-15", "2021-07-08", "2019-08-25"}},
  {"ietf-ambi", DORMS_MODULE_AMBI, {"2021-07-08", "2019-08-25"}},
  {"ietf-cbacc", DORMS_MODULE_CBACC,
      {"2021-07-08", "2021-01-15", "2019-09-26", "2019-07-31"}},
};

static bool
is_known_revision (size_t module, const char *revision)
{
  for (size_t i = 0; i < 4; i++) {
    const char *known = known_modules[module].revisions[i];

    if (known != NULL && strcmp (known, revision) == 0)
      return true;
  }
  return false;
}

static const char *const library_module = "ietf-yang-library";

static void
note_module (const json_node * entry, dorms_library * library)
{
  const char *name = text_member (entry, library_module, "name")->text;
  const char *revision = text_member (entry, library_module, "revision")->text;

  /* Imported for its types alone, a module offers nothing. */
  if (strcmp (text_member (entry, library_module, "conformance-type")->text,
          "import") == 0)
    return;
  for (size_t i = 0; i < sizeof (known_modules) / sizeof (known_modules[0]);
      i++) {
    if (strcmp (known_modules[i].name, name) != 0)
      continue;
    library->modules |= known_modules[i].bit;
    if (!is_known_revision (i, revision))
      library->unknown_revisions |= known_modules[i].bit;
  }
}

/* The list "module" of a modules-state or of a module-set. */
static bool
note_modules (const json_node * parent, dorms_library * library)
{
  const json_node *list, *entry = NULL;

  if (json_member (parent, library_module, "module", &list) != JSON_FOUND)
    return false;
  while ((entry = next_entry (list, entry)) != NULL)
    note_module (entry, library);
  return true;
}

static bool
note_module_sets (const json_node * parent, dorms_library * library)
{
  const json_node *list, *entry = NULL;
  bool found = false;

  if (json_member (parent, library_module, "module-set", &list) != JSON_FOUND)
    return false;
  while ((entry = next_entry (list, entry)) != NULL)
    if (note_modules (entry, library))
      found = true;
  return found;
}

bool
dorms_read_library (const uint8_t * body, size_t len, dorms_library * out)
{
  const json_node *root, *top;
  bool found = false;
  json_doc *doc;

  memset (out, 0, sizeof (*out));
  if (len > DORMS_LIBRARY_MAX || json_parse (&doc, body, len, DEPTH_MAX,
          DORMS_LIBRARY_NODES_MAX) != CORE_OK)
    return false;
  root = json_root (doc);
  if (json_member (root, library_module, "modules-state", &top) == JSON_FOUND)
    found = note_modules (top, out);
  else if (json_member (root, library_module, "yang-library", &top) ==
      JSON_FOUND)
    found = note_module_sets (top, out);
  json_free (doc);
  return found;
}

/*
 * Paths
 */

/* A list key (RFC 8040 §3.5.3); of the characters of an address only ":" has
 * to be encoded. */
static void
encode_key (const core_ip * ip, bool raw, char out[3 * CORE_IP_TEXT_MAX])
{
  char text[CORE_IP_TEXT_MAX];

  core_ip_to_string (ip, text);
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == ':' && !raw) {
      memcpy (out, "%3A", 3);
      out += 3;
    } else {
      *out++ = *c;
    }
  }
  *out = '\0';
}

void
dorms_metadata_path (const char *root, dorms_form form,
    const core_ip * source, const core_ip * group, char path[DORMS_PATH_MAX])
{
  char s[3 * CORE_IP_TEXT_MAX], g[3 * CORE_IP_TEXT_MAX];

  encode_key (source, form == DORMS_FORM_RAW, s);
  encode_key (group, form == DORMS_FORM_RAW, g);
  snprintf (path, DORMS_PATH_MAX, "%s/data/ietf-dorms:%s/sender=%s/group=%s",
      root, form == DORMS_FORM_OLD_TREE ? "metadata" : "dorms/metadata", s, g);
}

void
dorms_resource_path (const char *root, const char *resource,
    char path[DORMS_PATH_MAX])
{
  snprintf (path, DORMS_PATH_MAX, "%s%s", root, resource);
}
