/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Counts the allocations of a program it is preloaded into, but for those of
 * the thread that asks.
 */
#include <glib.h>
#include <stddef.h>

void *__libc_malloc (size_t size);
void *__libc_calloc (size_t n, size_t size);
void *__libc_realloc (void *old, size_t size);
void *__libc_memalign (size_t alignment, size_t size);

guint64 bench_allocations (void);

static guint64 allocations;
static __thread gboolean asks __attribute__((tls_model ("initial-exec")));

static void
count (void)
{
  if (!asks)
    __atomic_add_fetch (&allocations, 1, __ATOMIC_RELAXED);
}

guint64
bench_allocations (void)
{
  asks = TRUE;
  return __atomic_load_n (&allocations, __ATOMIC_RELAXED);
}

void *
malloc (size_t size)
{
  count ();
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  count ();
  return __libc_calloc (n, size);
}

void *
realloc (void *old, size_t size)
{
  count ();
  return __libc_realloc (old, size);
}

int
posix_memalign (void **out, size_t alignment, size_t size)
{
  count ();
  *out = __libc_memalign (alignment, size);
  return *out ? 0 : 12;         /* ENOMEM */
}

void *
aligned_alloc (size_t alignment, size_t size)
{
  count ();
  return __libc_memalign (alignment, size);
}
