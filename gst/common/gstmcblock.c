/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (C) 2026 The gst-multicast authors
 *
 * Blocks of memory that leave as buffers of their parts.
 *
 * Each block owns the buffers of its parts for life.  A buffer that is given up
 * is revived by its dispose function, as GstBufferPool does it; but where that
 * has one buffer return by itself, here the last one brings the block home.
 * With it come the buffers' GstMemory, which only has to be moved to other
 * offsets of the same block, and their GstNetAddressMeta.
 */
#include "gstmcblock.h"

#include <gst/net/gstnetaddressmeta.h>

/* More than the parts of any block: as long as it is not released. */
#define UNRELEASED (1 << 24)

/* The kernel joins no more than 128; the rest are copied. */
#define VIEWS_MAX 256

/* No more than guesses, for fetching ahead. */
#define CACHE_LINE 64
#define BUFFER_SIZE 320

typedef struct
{
  GstMcBlock *block;
  GstBuffer *buffer;            /* NULL: did not come back as it went */
  GstMemory *memory;            /* of the buffer */
  gconstpointer meta;           /* where it was, if it is any more */
} View;

struct _GstMcBlock
{
  GstMcBlockPool *pool;
  GstMcBlock *next;             /* in a list of the pool's */
  guint8 *data;
  GstMemory *memory;            /* all of it; each view's holds a reference */
  GPtrArray *views;
  guint n_taken;
  gint out;                     /* atomic: buffers that are out */
  gint inspect;                 /* atomic: some view needs a look */
};

struct _GstMcBlockPool
{
  gsize size;
  guint keep;
  guint limit;                  /* 0: none */
  GType kept_meta;
  gint refs;                    /* atomic: the owner's and each block's */

  GMutex lock;
  GstMcBlock *home;             /* came back, the last one first */
  guint n_home;
  gboolean closed;

  /* The acquiring thread's: came back, but somebody downstream still shares
   * the memory.  The oldest first. */
  GstMcBlock *lent;
  GstMcBlock *lent_tail;
  guint n_lent;

  /* Likewise, where there is a limit: for each block that is about to leave
   * there is room for a new one, or one that is free. */
  guint n_blocks;
  guint n_reserved;
  GstMcBlock *ready;
};

static G_DEFINE_QUARK (gst - mc - block - view, view);

GstMcBlockPool *
gst_mc_block_pool_new (gsize size, guint keep, guint limit)
{
  GstMcBlockPool *pool = g_new0 (GstMcBlockPool, 1);

  pool->size = size;
  /* With a limit none is ever given away, so that all are counted. */
  pool->keep = MAX (keep, limit);
  pool->limit = limit;
  pool->kept_meta = GST_NET_ADDRESS_META_API_TYPE;
  pool->refs = 1;
  g_mutex_init (&pool->lock);
  return pool;
}

static void
pool_unref (GstMcBlockPool * pool)
{
  if (!g_atomic_int_dec_and_test (&pool->refs))
    return;
  g_mutex_clear (&pool->lock);
  g_free (pool);
}

static void
view_free (View * view)
{
  if (view->buffer) {
    GST_MINI_OBJECT_CAST (view->buffer)->dispose = NULL;
    gst_buffer_unref (view->buffer);
  }
  gst_memory_unref (view->memory);
  g_free (view);
}

/* Memory that is still shared lives on until that ends. */
static void
block_free (GstMcBlock * block)
{
  g_ptr_array_unref (block->views);
  gst_memory_unref (block->memory);
  pool_unref (block->pool);
  g_free (block);
}

static void
free_blocks (GstMcBlock * block)
{
  while (block) {
    GstMcBlock *next = block->next;

    block_free (block);
    block = next;
  }
}

void
gst_mc_block_pool_free (GstMcBlockPool * pool)
{
  GstMcBlock *home;

  if (pool == NULL)
    return;
  g_mutex_lock (&pool->lock);
  pool->closed = TRUE;
  home = g_steal_pointer (&pool->home);
  g_mutex_unlock (&pool->lock);
  free_blocks (home);
  free_blocks (pool->lent);
  free_blocks (pool->ready);
  pool_unref (pool);
}

static GstMcBlock *
block_new (GstMcBlockPool * pool)
{
  GstMcBlock *block = g_new0 (GstMcBlock, 1);

  block->pool = pool;
  pool->n_blocks++;
  g_atomic_int_inc (&pool->refs);
  block->data = g_malloc (pool->size);
  block->memory = gst_memory_new_wrapped (0, block->data, pool->size, 0,
      pool->size, block->data, g_free);
  block->views = g_ptr_array_new_with_free_func ((GDestroyNotify) view_free);
  return block;
}

/* n buffers less are out; with the last one the block is home. */
static void
block_put (GstMcBlock * block, gint n)
{
  GstMcBlockPool *pool = block->pool;
  gboolean keep;

  if (g_atomic_int_add (&block->out, -n) != n)
    return;
  g_mutex_lock (&pool->lock);
  keep = !pool->closed && pool->n_home < pool->keep;
  if (keep) {
    block->next = pool->home;
    pool->home = block;
    pool->n_home++;
  }
  g_mutex_unlock (&pool->lock);
  if (!keep)
    block_free (block);
}

static gboolean
remove_other_meta (GstBuffer * buffer, GstMeta ** meta, gpointer kept)
{
  if (*meta != kept) {
    GST_META_FLAG_UNSET (*meta, GST_META_FLAG_LOCKED);
    *meta = NULL;
  }
  return TRUE;
}

/* Finds the meta that stays.  Returns whether there are others. */
static gboolean
has_other_meta (GstMcBlockPool * pool, GstBuffer * buffer, gconstpointer * kept)
{
  gboolean others = FALSE;
  gpointer state = NULL;
  GstMeta *meta;

  *kept = NULL;
  while ((meta = gst_buffer_iterate_meta (buffer, &state))) {
    if (*kept == NULL && meta->info->api == pool->kept_meta)
      *kept = meta;
    else
      others = TRUE;
  }
  return others;
}

/* As if it were new. */
static void
reset_buffer (GstMcBlockPool * pool, GstBuffer * buffer, gconstpointer * meta)
{
  GST_MINI_OBJECT_FLAGS (buffer) = 0;
  GST_BUFFER_PTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_OFFSET (buffer) = GST_BUFFER_OFFSET_NONE;
  GST_BUFFER_OFFSET_END (buffer) = GST_BUFFER_OFFSET_NONE;
  if (has_other_meta (pool, buffer, meta))
    gst_buffer_foreach_meta (buffer, remove_other_meta, (gpointer) * meta);
}

/* A reference is the buffer's, one the view's. */
static gboolean
memory_is_lent (const View * view)
{
  return GST_MINI_OBJECT_REFCOUNT_VALUE (view->memory) > 2;
}

/* In whatever thread gave the buffer up. */
static gboolean
view_dispose (GstMiniObject * object)
{
  View *view = gst_mini_object_get_qdata (object, view_quark ());
  GstBuffer *buffer = GST_BUFFER_CAST (object);
  GstMcBlock *block = view->block;
  gboolean whole = gst_buffer_n_memory (buffer) == 1 &&
      gst_buffer_peek_memory (buffer, 0) == view->memory;

  if (!whole || memory_is_lent (view))
    g_atomic_int_set (&block->inspect, TRUE);
  if (whole) {
    gst_buffer_ref (buffer);
    reset_buffer (block->pool, buffer, &view->meta);
  } else {
    view->buffer = NULL;
  }
  /* The block and its views may be gone behind this. */
  block_put (block, 1);
  return !whole;
}

static void
release_bytes (gpointer memory)
{
  gst_memory_unref (memory);
}

/* Its memory is no share of the block's: of a share that is written to, other
 * shares could be made without its knowing. */
static View *
view_new (GstMcBlock * block)
{
  gsize size = block->pool->size;
  View *view = g_new0 (View, 1);

  view->block = block;
  view->buffer = gst_buffer_new ();
  view->memory = gst_memory_new_wrapped (0, block->data, size, 0, size,
      gst_memory_ref (block->memory), release_bytes);
  gst_buffer_append_memory (view->buffer, gst_memory_ref (view->memory));
  gst_mini_object_set_qdata (GST_MINI_OBJECT_CAST (view->buffer),
      view_quark (), view, NULL);
  GST_MINI_OBJECT_CAST (view->buffer)->dispose = view_dispose;
  g_ptr_array_add (block->views, view);
  return view;
}

/* Looks at each view of a block that is home: whether its memory is still
 * used downstream; those that did not come back as they went are forgotten. */
static gboolean
inspect_views (GstMcBlock * block)
{
  gboolean lent = FALSE;

  for (guint i = block->views->len; i > 0; i--) {
    View *view = g_ptr_array_index (block->views, i - 1);

    if (view->buffer == NULL)
      g_ptr_array_remove_index_fast (block->views, i - 1);
    else
      lent |= memory_is_lent (view);
  }
  return lent;
}

/* Whether somebody downstream still reads the bytes of a block that is home:
 * by a copy of a buffer, or a share of its memory, both of which refer to that;
 * or by the memory of a buffer that did not come back. */
static gboolean
block_is_lent (GstMcBlock * block)
{
  if (g_atomic_int_get (&block->inspect)) {
    if (inspect_views (block))
      return TRUE;
    g_atomic_int_set (&block->inspect, FALSE);
  }
  return (guint) GST_MINI_OBJECT_REFCOUNT_VALUE (block->memory) >
      1 + block->views->len;
}

static void
push_lent (GstMcBlockPool * pool, GstMcBlock * block)
{
  block->next = NULL;
  if (pool->lent)
    pool->lent_tail->next = block;
  else
    pool->lent = block;
  pool->lent_tail = block;
  pool->n_lent++;
}

static GstMcBlock *
pop_lent (GstMcBlockPool * pool)
{
  GstMcBlock *block = pool->lent;

  pool->lent = block->next;
  pool->n_lent--;
  return block;
}

static GstMcBlock *
pop_home (GstMcBlockPool * pool)
{
  GstMcBlock *block;

  g_mutex_lock (&pool->lock);
  block = pool->home;
  if (block) {
    pool->home = block->next;
    pool->n_home--;
  }
  g_mutex_unlock (&pool->lock);
  return block;
}

/* One that came back and that nobody looks at any more. */
static GstMcBlock *
find_free (GstMcBlockPool * pool)
{
  GstMcBlock *block = NULL;

  if (pool->lent) {
    block = pop_lent (pool);
    if (block_is_lent (block))
      push_lent (pool, g_steal_pointer (&block));
  }
  while (block == NULL && (block = pop_home (pool)) != NULL &&
      block_is_lent (block)) {
    push_lent (pool, block);
    block = NULL;
  }
  /* What is lent for so long is the borrower's. */
  if (pool->n_lent > pool->keep)
    block_free (pop_lent (pool));
  return block;
}

GstMcBlock *
gst_mc_block_pool_acquire (GstMcBlockPool * pool)
{
  GstMcBlock *block;

  if (pool->n_reserved == 0 && pool->ready) {
    block = pool->ready;
    pool->ready = block->next;
  } else {
    /* The one that came back last is in the caches. */
    block = find_free (pool);
    if (pool->n_reserved > 0)
      pool->n_reserved--;
  }
  if (block == NULL)
    block = block_new (pool);
  block->n_taken = 0;
  block->out = UNRELEASED;
  return block;
}

/* Whether a part may leave with its block's own memory: only when there is
 * another block to be filled instead. */
static gboolean
may_leave (GstMcBlock * block)
{
  GstMcBlockPool *pool = block->pool;
  GstMcBlock *other;

  if (block->n_taken > 0 || pool->limit == 0)
    return block->n_taken < VIEWS_MAX;
  if (pool->n_blocks + pool->n_reserved < pool->limit) {
    pool->n_reserved++;
    return TRUE;
  }
  other = find_free (pool);
  if (other == NULL)
    return FALSE;
  other->next = pool->ready;
  pool->ready = other;
  return TRUE;
}

guint8 *
gst_mc_block_get_data (const GstMcBlock * block)
{
  return block->data;
}

gboolean
gst_mc_block_is_used (const GstMcBlock * block)
{
  return block->n_taken > 0;
}

static void
prefetch (gconstpointer object, gsize size)
{
#ifdef __GNUC__
  for (gsize at = 0; at < size; at += CACHE_LINE)
    __builtin_prefetch ((const guint8 *) object + at, 1);
#endif
}

void
gst_mc_block_prefetch (const GstMcBlock * block, guint n)
{
  for (guint i = 0; i < MIN (n, block->views->len); i++) {
    const View *view = g_ptr_array_index (block->views, i);

    prefetch (view->memory, sizeof (GstMemory));
    prefetch (view->buffer, BUFFER_SIZE);
    if (view->meta)
      prefetch (view->meta, sizeof (GstNetAddressMeta));
  }
}

GstBuffer *
gst_mc_block_take (GstMcBlock * block, gsize offset, gsize len,
    gboolean writable)
{
  View *view;

  if (!may_leave (block))
    return gst_buffer_new_memdup (block->data + offset, len);
  view = block->n_taken < block->views->len ?
      g_ptr_array_index (block->views, block->n_taken) : view_new (block);
  block->n_taken++;
  /* gst_memory_resize () would ask whether we may. */
  view->memory->offset = offset;
  view->memory->size = len;
  if (writable)
    GST_MEMORY_FLAG_UNSET (view->memory, GST_MEMORY_FLAG_READONLY);
  else
    GST_MINI_OBJECT_FLAG_SET (view->memory, GST_MEMORY_FLAG_READONLY);
  return view->buffer;
}

void
gst_mc_block_release (GstMcBlock * block)
{
  block_put (block, UNRELEASED - (gint) block->n_taken);
}
