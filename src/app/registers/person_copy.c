/*
 * A copy of what the program knows about one person, for that person (PIPL
 * Art. 45): the entry itself, every record that refers to it, what they sent
 * with their telephone number, and who looked at the entry. Numbers are in
 * clear. It is for accounts of the whole subdistrict, with the purpose in the
 * audit log, and is never kept by the program or the browser.
 */
#include "app/registers/people.h"
#include "app/registers/registers.h"
#include "core/module.h"
#include "pages/register_pages.h"
#include "base/seal.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/fields.h"

#include <string.h>

#define COPIERS      (ROLE_OFFICE | ROLE_ADMIN)
#define COPY_MOST    500 /* records of a kind, and entries of the audit log; more are counted */
#define PURPOSE_MOST 200

/* ---- one record ---- */

static bool is_told(const struct field *f, const void *record)
{
    return !(f->flags & (HIDDEN | INNER)) && !field_missing(f, record) && !field_lost(f, record);
}

static void draw_record(struct ctx *ctx, const struct kind *k, const void *record)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<dl class=\"facts card\">");
    for (int i = 0; i < k->field_count; i++)
        if (is_told(&k->fields[i], record))
            html(out, "<div><dt>{}</dt><dd>{}</dd></div>", field_label(ctx, &k->fields[i]),
                 field_show(ctx, &k->fields[i], record));
    buf_puts(out, "</dl>");
}

/* ---- what refers to the person ---- */

/* Adds " OR …" for each way in which records of the kind are about the person. */
static bool about(struct ctx *ctx, const struct kind *k, const struct person *p, struct sql *where)
{
    const struct field *named = NULL;
    bool any = false;
    for (int i = 0; i < k->field_count; i++)
        named = k->fields[i].flags & NAMED ? &k->fields[i] : named;
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (f->flags & BESIDE)
            continue;
        if (f->type == F_REF && !strcmp(f->ref, "people"))
            sql_add(where, " OR {} = {}", (struct sql_name){f->name}, p->record.id);
        else if (f->type == F_REF && !strcmp(f->ref, "volunteers"))
            sql_add(where, " OR {} IN (SELECT id FROM volunteers WHERE person = {})",
                    (struct sql_name){f->name}, p->record.id);
        else if (f->type == F_PHONE && (f->flags & SEALED) && named && p->phone)
            sql_add(where, " OR ({} = {} AND {} = {})",
                    (struct sql_name){arena_print(ctx->arena, "%s_key", f->name)},
                    seal_hash(ctx->keys, ctx->arena, f->name, p->phone),
                    (struct sql_name){named->name}, p->name);
        else
            continue;
        any = true;
    }
    return any;
}

static void draw_kind(struct ctx *ctx, const struct kind *k, const struct person *p)
{
    struct buf *out = ctx->web->out;
    struct list l;
    list_init(ctx, &l, k);
    sql_add(&l.where, " AND (1 = 0");
    bool any = about(ctx, k, p, &l.where);
    sql_add(&l.where, ")");
    l.limit = COPY_MOST;
    int64_t all = any ? list_count(ctx, &l) : 0;
    if (all == 0)
        return;
    html(out, "<section><h2>{}</h2>", tr(ctx, k->many));
    struct rows *r = list_run(ctx, &l);
    for (struct record *each; (each = list_next(ctx, k, r, ctx->arena)) != NULL;)
        draw_record(ctx, k, each);
    more_draw(ctx, all > COPY_MOST ? all - COPY_MOST : 0);
    buf_puts(out, "</section>");
}

static void draw_looks(struct ctx *ctx, const struct person *p)
{
    struct buf *out = ctx->web->out;
    struct rows *r = query(ctx->db,
                           "SELECT at_ms, actor_name, action, count(*) OVER () AS whole FROM "
                           "journal WHERE kind = 'people' AND record = {} ORDER BY seq DESC LIMIT "
                           "{}",
                           p->record.id, COPY_MOST);
    int64_t n = 0, whole = 0;
    html(out, "<section><h2>{}</h2><ul>", say(ctx, "Who changed or looked at this entry"));
    for (; rows_next(r); n++) {
        whole = row_int(r, "whole");
        html(out, "<li>{} · {} · {}</li>",
             when_show(ctx->arena, ctx->lang, row_int(r, "at_ms") / 1000),
             history_who(ctx, row_copy(r, ctx->arena, "actor_name")),
             history_action(ctx, "people", row_copy(r, ctx->arena, "action")));
    }
    rows_end(r);
    buf_puts(out, "</ul>");
    more_draw(ctx, whole - n);
    buf_puts(out, "</section>");
}

/* ---- the pages ---- */

static void copy_form(struct ctx *ctx)
{
    const struct person *p = ctx->web->record;
    page_begin(ctx, say(ctx, "Copy of a person’s data"), PAGE_STAFF);
    trail(ctx, arena_print(ctx->arena, "/registers/people/%lld", (long long)p->record.id), p->name);
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Copy of a person’s data"),
         say(ctx,
             "Everything that is recorded about {}, with full numbers, to print and hand over. "
             "Check first that it goes to that person.",
             p->name));
    form_begin(ctx, arena_print(ctx->arena, "/people/%lld/copy", (long long)p->record.id), NULL,
               false);
    form_problems(ctx);
    line_field(ctx, &(struct line){.name = "purpose",
                                   .label = say(ctx, "Who asked, and for what?"),
                                   .hint = say(ctx, "Recorded in the audit log.")});
    html(ctx->web->out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         icon(ctx, "printer"), say(ctx, "Show the copy"));
    form_end(ctx);
    page_end(ctx);
}

static void copy_prepare(struct ctx *ctx)
{
    ctx->key = NULL; /* the answer is not kept for a repeated request */
    if (!param_line(ctx, "purpose", PURPOSE_MOST))
        ctx_problem(ctx, "purpose", say(ctx, "Say who asked for the copy, and for what."));
}

static void copy(struct ctx *ctx)
{
    const struct person *p = ctx->web->record;
    const char *purpose = param_line(ctx, "purpose", PURPOSE_MOST);
    if (journal_note(ctx, "people", p->record.id, "copy", "{\"purpose\":{}}", purpose) != OK)
        return;
    page_begin(ctx, say(ctx, "What is recorded about {}", p->name), PAGE_STAFF);
    trail(ctx, arena_print(ctx->arena, "/registers/people/%lld", (long long)p->record.id), p->name);
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1></header>",
         say(ctx, "What is recorded about {}", p->name));
    printed_note(ctx, say(ctx, "Made for: {}", purpose));
    draw_record(ctx, &people_kind, p);
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (((*k)->read & ctx->actor.roles) && *k != &people_kind)
            draw_kind(ctx, *k, p);
    draw_looks(ctx, p);
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/people/{id}/copy", COPIERS, copy_form, .allow = actor_for_all,
              .record = &people_kind),
    ROUTE_POST("/people/{id}/copy", COPIERS, copy, .allow = actor_for_all, .prepare = copy_prepare,
               .failed = copy_form, .record = &people_kind),
};

static void copy_link(struct ctx *ctx, const void *record)
{
    const struct person *p = record;
    if ((ctx->actor.roles & COPIERS) && actor_for_all(ctx))
        html(ctx->web->out, "<p><a href=\"/people/{}/copy\">{} {}</a></p>", p->record.id,
             icon(ctx, "printer"), say(ctx, "Copy of a person’s data"));
}

static const struct register_view views[] = {{&people_kind, .links = copy_link}, {.kind = NULL}};

static const struct field logged[] = {{"purpose", F_LONG, SETTING, N_("Purpose")}, {.name = NULL}};

const struct module person_copy_module = {
    .name = "person_copy", .routes = ROUTES(table), .views = views, .logged = logged};
