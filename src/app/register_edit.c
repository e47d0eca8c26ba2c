/*
 * New entries and changes of any kind, by its description.
 *
 * A form carries the version it was drawn from and the newest journal number
 * about the record. When the record was changed meanwhile nothing is stored:
 * the page says who changed what, keeps what was typed, takes over what only
 * the others changed, and points out the fields that both did.
 */
#include "app/register_pages.h"

#include "base/when.h"
#include "db/journal.h"
#include "kind/form.h"

#include <string.h>

struct edit {
    const struct kind *kind;
    const struct record *before; /* as stored now; NULL: a new one */
    struct record *after;        /* with what was typed */
    const struct record *seen;   /* as the form was drawn; NULL: nothing happened meanwhile */
    bool *theirs;                /* by field: changed by others meanwhile */
    bool stale;
};

static int64_t newest_entry(struct ctx *ctx, const struct kind *k, int64_t id)
{
    int64_t seq = query_int(ctx->db, "SELECT max(seq) AS seq FROM journal WHERE kind = {} AND record = {}", k->name, id);
    return seq == NONE ? 0 : seq;
}

/* ---- what happened since the form was drawn ---- */

/* The record as the form showed it: what is stored, with what the entries since then say was before. */
static void look_back(struct ctx *ctx, struct edit *e, int64_t since)
{
    const struct kind *k = e->kind;
    struct record *seen = record_copy(ctx, k, e->before);
    bool *given = ARENA_ARRAY(ctx->arena, bool, k->field_count);
    struct rows *r = query(
        ctx->db, "SELECT before FROM journal WHERE kind = {} AND record = {} AND (seq > {} OR seq IS NULL) ORDER BY seq DESC LIMIT 200",
        k->name, e->before->id, since);
    while (rows_next(r)) {
        const char *before = row_copy(r, ctx->arena, "before");
        record_past(ctx, k, before, seen, given);
        for (int i = 0; i < k->field_count; i++)
            e->theirs[i] |= given[i];
    }
    rows_end(r);
    for (int i = 0; i < k->field_count; i++) /* changed and changed back */
        e->theirs[i] = e->theirs[i] && !field_same(&k->fields[i], seen, e->before);
    e->seen = seen;
}

/* Did whoever typed change this field? */
static bool mine(const struct edit *e, int i)
{
    return e->seen && !field_same(&e->kind->fields[i], e->seen, e->after);
}

static void check_stale(struct ctx *ctx, struct edit *e)
{
    int64_t since = param_int(ctx, "_seen");
    if (param_int(ctx, "_version") == e->before->version)
        return;
    e->stale = true;
    look_back(ctx, e, since == NONE ? 0 : since);
    ctx_fail(ctx, CONFLICT,
             say(ctx, "Somebody else changed this meanwhile. Nothing of yours has been stored yet, and nothing of theirs is lost."));
}

/* ---- the form ---- */

/* What the form shows: what was typed, but where only the others changed something, theirs. */
static const char *value_shown(const struct ctx *ctx, const char *name)
{
    const struct edit *e = ctx->work;
    for (int i = 0; e && e->stale && i < e->kind->field_count; i++)
        if (!strcmp(e->kind->fields[i].name, name) && e->theirs[i] && !mine(e, i))
            return NULL;
    return param(ctx, name);
}

static const char *note(struct ctx *ctx, const struct form *form, const struct field *f)
{
    const struct edit *e = form->data;
    int i = (int)(f - form->kind->fields);
    if (!e || !e->stale || !e->theirs[i])
        return NULL;
    const char *now = field_show_masked(ctx, f, e->before);
    if (!*now)
        now = say(ctx, "empty");
    return mine(e, i) ? say(ctx, "Others have put “{}” here meanwhile. This is what you typed.", now)
                      : say(ctx, "Changed by others meanwhile.");
}

static void draw_picture(struct ctx *ctx, struct buf *out, const struct field *f, const char *name, bool chosen)
{
    html(out, "<label title=\"{}\"><input type=\"radio\" name=\"{}\" value=\"{}\" aria-label=\"{}\"{}><span>{}</span></label>", name,
         f->name, name, name, (struct markup){chosen ? " checked" : ""}, icon(ctx, name));
}

/* The pictures of the sprite, the chosen one first; those of things stand last in the sprite, the page's own signs first. */
static bool control(struct ctx *ctx, struct buf *out, const struct field *f, const char *value)
{
    if (!(f->flags & ICON))
        return false;
    html(
        out,
        "<div class=\"icons\" id=\"f-{}\" role=\"radiogroup\" aria-label=\"{}\"><label><input type=\"radio\" name=\"{}\" value=\"\"{}><span>{}</span></label>",
        f->name, tr(ctx, f->label), f->name, (struct markup){*value ? "" : " checked"}, say(ctx, "Not chosen"));
    if (*value)
        draw_picture(ctx, out, f, value, true);
    const char *const *names = icon_names(ctx->arena);
    int n = 0;
    while (names[n])
        n++;
    while (n-- > 0)
        if (strcmp(value, names[n]) != 0)
            draw_picture(ctx, out, f, names[n], false);
    buf_puts(out, "</div>");
    return true;
}

static void draw_meanwhile(struct ctx *ctx, const struct edit *e, int64_t record)
{
    struct buf *out = ctx->web->out;
    int64_t since = param_int(ctx, "_seen");
    html(out, "<div class=\"notice warn\" role=\"alert\">{}<div><h2>{}</h2><p>{}</p><ul>", icon(ctx, "git-merge"),
         say(ctx, "Somebody else changed this while you were typing"),
         say(ctx, "Nothing has been overwritten. Look at what they changed; when you send again, your fields are stored over theirs."));
    struct rows *r = query(
        ctx->db,
        "SELECT at_ms, actor_name, action, before, after FROM journal WHERE kind = {} AND record = {} AND (seq > {} OR seq IS NULL)"
        " ORDER BY seq LIMIT 20",
        e->kind->name, record, since == NONE ? 0 : since);
    while (rows_next(r)) {
        html(out, "<li><p>{} · {} · {}</p>", history_who(ctx, row_text(r, "actor_name")),
             when_show(ctx->arena, ctx->lang, row_int(r, "at_ms") / 1000), history_action(ctx, e->kind->name, row_text(r, "action")));
        history_changes(ctx, e->kind->name, row_copy(r, ctx->arena, "before"), row_copy(r, ctx->arena, "after"));
        buf_puts(out, "</li>");
    }
    rows_end(r);
    buf_puts(out, "</ul></div></div>");
}

static void form_draw(struct ctx *ctx, const struct kind *k, const struct record *before, form_value *typed)
{
    struct buf *out = ctx->web->out;
    const struct edit *e = typed == value_shown ? ctx->work : NULL;
    const char *action = before ? arena_print(ctx->arena, "/registers/%s/%lld", k->name, (long long)before->id)
                                : arena_print(ctx->arena, "/registers/%s", k->name);
    const struct form form = {.kind = k,
                              .record = before ? (const void *)before : form_new(ctx, k),
                              .typed = typed,
                              .icon = icon,
                              .control = control,
                              .note = note,
                              .data = e};
    const char *title = before ? say(ctx, "Change: {}", record_title(ctx, k, before)) : say(ctx, "{}: new entry", tr(ctx, k->one));
    page_begin(ctx, title, PAGE_STAFF);
    trail(ctx, before ? record_href(ctx, k, before->id) : kind_href(ctx, k), before ? say(ctx, "Back to the entry") : tr(ctx, k->many));
    html(out, "<header class=\"head\"><h1>{}</h1></header>", title);
    if (before && e && e->stale)
        draw_meanwhile(ctx, e, before->id);
    form_begin(ctx, action, NULL, false);
    if (!e || !e->stale || ctx->problem_count > 1)
        form_problems(ctx);
    if (before)
        html(out, "<input type=\"hidden\" name=\"_version\" value=\"{}\"><input type=\"hidden\" name=\"_seen\" value=\"{}\">",
             before->version, newest_entry(ctx, k, before->id));
    form_fields(ctx, out, &form);
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button><a class=\"button quiet\" href=\"{}\">{}</a></div>",
         before ? say(ctx, "Save changes") : say(ctx, "Save"), before ? record_href(ctx, k, before->id) : kind_href(ctx, k),
         say(ctx, "Not now"));
    form_end(ctx);
    page_end(ctx);
}

/* ---- the routes ---- */

static bool closed(struct ctx *ctx)
{
    return view_of(ctx->web->kind)->closed && ctx_fail(ctx, NOT_FOUND, NULL) != OK;
}

static void new_page(struct ctx *ctx)
{
    if (!closed(ctx))
        form_draw(ctx, ctx->web->kind, NULL, query_param);
}

static void edit_page(struct ctx *ctx)
{
    if (!closed(ctx))
        form_draw(ctx, ctx->web->kind, ctx->web->record, NULL);
}

static void failed(struct ctx *ctx)
{
    const struct edit *e = ctx->work;
    if (!e) {
        answer_problem(ctx);
        return;
    }
    if (e->before && !e->stale) { /* changed between looking and storing: what is stored now counts */
        struct edit *again = ctx->work;
        again->before = record_load(ctx, e->kind, e->before->id);
        if (!again->before) {
            answer_problem(ctx);
            return;
        }
        if (again->before->version != param_int(ctx, "_version")) {
            again->stale = true;
            look_back(ctx, again, param_int(ctx, "_seen") == NONE ? 0 : param_int(ctx, "_seen"));
        }
    }
    form_draw(ctx, e->kind, e->before, value_shown);
}

static void prepare(struct ctx *ctx)
{
    const struct kind *k = ctx->web->kind;
    struct edit *e = ARENA_NEW(ctx->arena, struct edit);
    if (closed(ctx))
        return;
    e->kind = k;
    e->before = ctx->web->record;
    e->theirs = ARENA_ARRAY(ctx->arena, bool, k->field_count);
    e->after = e->before ? record_copy(ctx, k, e->before) : form_new(ctx, k);
    ctx->work = e;
    if (!e->before && view_of(k)->fresh) {
        ctx_fail(ctx, FORBIDDEN, NULL);
        return;
    }
    form_read(ctx, k, e->after, param);
    if (record_refers(ctx, k, e->before, e->after))
        record_check(ctx, k, e->before, e->after);
    if (e->before)
        check_stale(ctx, e);
}

static void store(struct ctx *ctx)
{
    struct edit *e = ctx->work;
    const struct kind *k = e->kind;
    if (record_store(ctx, k, e->before, e->after) != OK)
        return;
    bool seen = record_load(ctx, k, e->after->id) != NULL;
    flash(ctx, seen ? say(ctx, "Stored.") : say(ctx, "Stored. It belongs to an area that is not yours, so you don’t see it in the list."));
    see_other_write(ctx, seen ? record_href(ctx, k, e->after->id) : kind_href(ctx, k), NULL, 0);
}

static const struct route table[] = {
    ROUTE_GET("/registers/{name}/new", ROLES_SIGNED, new_page, .flags = KIND_WRITE),
    ROUTE_GET("/registers/{name}/{id}/edit", ROLES_SIGNED, edit_page, .flags = KIND_WRITE),
    ROUTE_POST("/registers/{name}", ROLES_SIGNED, store, .prepare = prepare, .failed = failed, .flags = KIND_WRITE),
    ROUTE_POST("/registers/{name}/{id}", ROLES_SIGNED, store, .prepare = prepare, .failed = failed, .flags = KIND_WRITE),
};

const struct module register_edit_module = {.name = "register_edit", .routes = ROUTES(table)};
