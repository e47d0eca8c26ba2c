/*
 * Logs a read as a separate task of the writer, because GET handlers only
 * read.
 */
#include "core/reads.h"

#include "base/arena.h"
#include "base/buf.h"
#include "db/journal.h"
#include "db/writer.h"
#include "web/site.h"

struct read_entry {
    struct task task;
    struct arena *arena; /* holds the entry itself */
    struct actor actor;
    const char *kind, *after;
    int64_t now;
};

bool kind_is_personal(const struct kind *k)
{
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        const struct kind *to = f->type == F_REF ? kind_find(f->ref) : NULL;
        if ((f->flags & SEALED) || (to && to->person))
            return true;
    }
    return false;
}

bool read_is_personal(const struct ctx *ctx, const struct kind *k)
{
    return kind_is_personal(k) && (!k->reveal || (k->reveal & ctx->actor.roles));
}

static enum status entry_run(struct task *t, struct db *db)
{
    struct read_entry *e = (struct read_entry *)t;
    struct ctx ctx;
    ctx_init(&ctx, e->arena);
    ctx.db = db;
    ctx.now = e->now;
    ctx.actor = e->actor;
    return journal_add(&ctx, e->kind, 0, "read", NULL,
                       e->after); /* of no record, because histories show changes only */
}

static void entry_done(struct task *t, enum status s)
{
    (void)s;
    arena_free(((struct read_entry *)t)->arena);
}

void read_note(struct ctx *ctx, const struct kind *k, int64_t rows, const char *list)
{
    struct writer *writer = site_writer(ctx->site);
    struct arena *a = arena_new();
    struct read_entry *e = ARENA_NEW(a, struct read_entry);
    struct buf after;
    buf_init(&after, 0);
    json(&after, "{\"rows\":{},\"list\":{}}", rows, list);
    *e = (struct read_entry){
        .task = {.run = entry_run, .done = entry_done},
        .arena = a,
        .actor = {.user = ctx->actor.user, .name = arena_copy(a, ctx->actor.name), .via = "api"},
        .kind = k->name,
        .after = arena_copyn(a, after.data, after.size),
        .now = ctx->now};
    buf_release(&after);
    if (!writer || !writer_submit(writer, &e->task)) {
        arena_free(a);
        ctx_fail(ctx, BUSY, NULL);
    }
}
