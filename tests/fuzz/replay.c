/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Runs a fuzz target over the files and folders named on the command line,
 * so that the corpus is a test where there is no fuzzer.
 */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

static unsigned n_inputs;

static int
run_file (const char *path, size_t size)
{
  FILE *file = fopen (path, "rb");
  uint8_t *data = malloc (size + 1);
  bool complete;

  if (file == NULL || data == NULL) {
    fprintf (stderr, "cannot read %s\n", path);
    return 1;
  }
  complete = fread (data, 1, size, file) == size;
  fclose (file);
  if (complete) {
    uint8_t *exact = fuzz_copy (data, size);

    LLVMFuzzerTestOneInput (exact, size);
    free (exact);
    n_inputs++;
  }
  free (data);
  return !complete;
}

static int run_path (const char *path);

static int
run_folder (const char *path)
{
  DIR *dir = opendir (path);
  struct dirent *entry;
  char child[4096];
  int failed = 0;

  if (dir == NULL)
    return 1;
  while ((entry = readdir (dir)) != NULL) {
    if (entry->d_name[0] == '.')
      continue;
    snprintf (child, sizeof (child), "%s/%s", path, entry->d_name);
    failed |= run_path (child);
  }
  closedir (dir);
  return failed;
}

static int
run_path (const char *path)
{
  struct stat st;

  if (stat (path, &st) != 0) {
    fprintf (stderr, "no %s\n", path);
    return 1;
  }
  if (S_ISDIR (st.st_mode))
    return run_folder (path);
  return run_file (path, (size_t) st.st_size);
}

int
main (int argc, char **argv)
{
  int failed = 0;

  for (int i = 1; i < argc; i++)
    failed |= run_path (argv[i]);
  printf ("%u inputs\n", n_inputs);
  return failed || n_inputs == 0;
}
