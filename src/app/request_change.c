/*
 * What is sent from a request's page: a step, an internal note, the wish to
 * see name and telephone, a file. Each is checked against the version that
 * the sender saw; nothing typed is lost when it is refused.
 */
#include "app/request_page.h"

#include "app/photo.h"
#include "base/text.h"
#include "db/journal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILES_MOST 20
#define FILE_BYTES ((size_t)10 << 20)

/* ---- steps ---- */

/* On a reader: what the step's form sent, in ctx->work. */
void step_prepare(struct ctx *ctx)
{
    struct step_input *in = ARENA_NEW(ctx->arena, struct step_input);
    int64_t day, *co = ARENA_ARRAY(ctx->arena, int64_t, CO_HANDLERS_MOST);
    const char *into = param(ctx, "into"), *text = param(ctx, "text");
    *in = (struct step_input){.unit = param_int(ctx, "unit"),
                              .until = NONE,
                              .into = NONE,
                              .solved = param(ctx, "solved"),
                              .satisfaction = param_int(ctx, "satisfaction"),
                              .category = param_int(ctx, "category"),
                              .level = param(ctx, "level"),
                              .co = co,
                              .co_count = param_ints(ctx, "co", co, CO_HANDLERS_MOST)};
    in->text = text ? text_tidy_lines(ctx->arena, text) : NULL;
    if (param(ctx, "until") && day_parse(param(ctx, "until"), &day))
        in->until = when_day_end(day);
    if (!into || !*into)
        into = param(ctx, "like");
    if (into && *into)
        in->into = query_int(ctx->db, "SELECT id FROM requests WHERE number = {}", text_tidy(ctx->arena, into));
    ctx->work = in;
}

void step_change(struct ctx *ctx)
{
    const struct request *before = record_load(ctx, &requests_kind, ctx->web->id);
    const struct step *s = request_step(ctx->web->name);
    if (!before || !s || s->roles == ROLE_PUBLIC) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no such request or step."));
        return;
    }
    if (param_int(ctx, "version") != before->record.version) {
        ctx_fail(ctx, CONFLICT, say(ctx, "Somebody else changed this meanwhile. Look at it again before you change it."));
        return;
    }
    if (request_take(ctx, s, before, ctx->work) != OK)
        return;
    flash(ctx, say(ctx, "Done: {}", tr(ctx, s->label)));
    if (record_load(ctx, &requests_kind, before->record.id))
        see_other(ctx, "/requests/{}", before->record.id);
    else
        see_other(ctx, "/work"); /* returned: it is no longer this unit's */
}

void note_change(struct ctx *ctx)
{
    const char *note = param(ctx, "note");
    note = note ? text_tidy_lines(ctx->arena, note) : NULL;
    if (note && text_length(note) > 5000)
        ctx_problem(ctx, "note", say(ctx, "At most {} characters, please.", 5000));
    else if (request_note(ctx, ctx->web->record, note) == OK)
        see_other(ctx, "/requests/{}", ctx->web->id);
}

/* ---- name and telephone ---- */

void reveal_change(struct ctx *ctx)
{
    const struct request *r = ctx->web->record;
    const char *reason = text_tidy(ctx->arena, param(ctx, "reason") ? param(ctx, "reason") : "");
    if (!*reason || text_length(reason) > 100) {
        ctx_problem(ctx, "reason", say(ctx, "Say what you need it for."));
        return;
    }
    journal_note(ctx, requests_kind.name, r->record.id, "reveal", "{\"reason\":{}}", reason);
    request_event(ctx, r, r, "reveal", reason, false);
    see_other(ctx, "/requests/{}", r->record.id);
}

bool request_revealed(struct ctx *ctx, const struct request *r)
{
    if (ctx->actor.user == NONE)
        return false;
    int64_t at = query_int(
        ctx->db, "SELECT max(at_ms) AS at FROM journal WHERE kind = 'requests' AND record = {} AND action = 'reveal' AND actor = {}",
        r->record.id, ctx->actor.user);
    return at != NONE && at / 1000 + REVEAL_SECONDS > ctx->now;
}

/* ---- files ---- */

struct attached {
    const char *name, *type;
    const void *data;
    size_t size;
    const void *small;
    size_t small_size;
};
struct attachment_list {
    struct attached list[FILES_MOST];
    int count;
};

/* By the first bytes, never by the name: PDF, the two families of Office files. */
static const char *file_type(const struct upload *u)
{
    static const struct {
        const char *ending, *type;
    } zipped[] = {{".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
                  {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
                  {".pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"}},
      old[] = {{".doc", "application/msword"}, {".xls", "application/vnd.ms-excel"}, {".ppt", "application/vnd.ms-powerpoint"}};
    const char *dot = strrchr(u->filename, '.');
    if (u->size > 5 && !memcmp(u->data, "%PDF-", 5))
        return "application/pdf";
    for (size_t i = 0; dot && i < 3; i++) {
        if (u->size > 4 && !memcmp(u->data, "PK\3\4", 4) && !strcasecmp(dot, zipped[i].ending))
            return zipped[i].type;
        if (u->size > 8 && !memcmp(u->data, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) && !strcasecmp(dot, old[i].ending))
            return old[i].type;
    }
    return NULL;
}

static void attach_one(struct ctx *ctx, struct attachment_list *l, const struct upload *u)
{
    const char *name = text_cut(ctx->arena, text_tidy(ctx->arena, u->filename), 100), *type = file_type(u), *why = NULL;
    struct attached *a = &l->list[l->count];
    struct photo p;
    if (u->size > FILE_BYTES && type) {
        ctx_problem(ctx, "file", say(ctx, "“{}” is larger than 10 MB.", name));
    } else if (type) {
        *a = (struct attached){name, type, u->data, u->size, NULL, 0};
        l->count++;
    } else if (photo_make(ctx->arena, u->data, u->size, &p, &why)) {
        *a = (struct attached){name, "image/jpeg", p.data, p.size, p.small, p.small_size};
        l->count++;
    } else if (why != photo_no_picture) {
        ctx_problem(ctx, "file", say(ctx, "“{}”: {}", name, tr(ctx, why)));
    } else {
        ctx_problem(ctx, "file", say(ctx, "“{}” is neither a photograph nor a PDF, Word, Excel or PowerPoint file.", name));
    }
}

/* On a worker thread: photographs are made anew there. */
void attach_prepare(struct ctx *ctx)
{
    struct attachment_list *l = ARENA_NEW(ctx->arena, struct attachment_list);
    int64_t there = query_int(ctx->db, "SELECT count(*) AS n FROM attachments WHERE request = {}", ctx->web->id);
    int sent = 0;
    for (int i = 0; i < ctx->web->upload_count; i++)
        sent += ctx->web->uploads[i].size > 0;
    if (sent == 0)
        ctx_problem(ctx, "file", say(ctx, "Choose a file first."));
    else if (there + sent > FILES_MOST)
        ctx_problem(ctx, "file", say(ctx, "At most {} files can stand with one request; there are {}.", FILES_MOST, there));
    for (int i = 0; i < ctx->web->upload_count && ctx_ok(ctx); i++)
        if (ctx->web->uploads[i].size > 0)
            attach_one(ctx, l, &ctx->web->uploads[i]);
    ctx->work = l;
}

void attach_change(struct ctx *ctx)
{
    const struct attachment_list *l = ctx->work;
    const struct request *r = ctx->web->record;
    for (int i = 0; i < l->count; i++) {
        const struct attached *a = &l->list[i];
        change(
            ctx->db,
            "INSERT INTO attachments (request, name, type, size, data, thumbnail, created, actor, actor_name) VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {})",
            r->record.id, a->name, a->type, (int64_t)a->size, ((struct bytes){a->data, a->size}), ((struct bytes){a->small, a->small_size}),
            ctx->now, (struct maybe){ctx->actor.user}, ctx->actor.name);
        journal_note(ctx, requests_kind.name, r->record.id, "attach", "{\"file\":{},\"type\":{},\"size\":{}}", a->name, a->type,
                     (int64_t)a->size);
        request_event(ctx, r, r, "attach", a->name, false);
    }
    see_other(ctx, "/requests/{}", r->record.id);
}

/* Always as a download: what a browser would open could run. */
void file_answer(struct ctx *ctx)
{
    char *end;
    int64_t id = strtoll(ctx->web->name, &end, 10);
    struct rows *r = query(ctx->db, "SELECT name, type, data FROM attachments WHERE id = {} AND request = {} AND type <> 'image/jpeg'",
                           *end ? 0 : id, ctx->web->id);
    if (!rows_next(r)) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no such file."));
        return;
    }
    answer_download(ctx, row_text(r, "name"), row_text(r, "type"));
    struct bytes data = row_bytes(r, "data");
    buf_put(ctx->web->out, data.data, data.size);
    rows_end(r);
    answer_header(ctx, "Content-Security-Policy", "default-src 'none'; sandbox");
}
