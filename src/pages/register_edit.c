/*
 * Creates and edits records of any kind, by its description.
 *
 * A form carries the version it was drawn from and the newest audit log number
 * of the record. If the record has since been changed, nothing is stored: the
 * page says who changed what, keeps what was typed, takes over what only
 * others changed, and marks the fields that both changed.
 */
#include "pages/register_pages.h"

#include "core/workflow.h"

#include "base/when.h"
#include "db/journal.h"
#include "kind/form.h"

#include <string.h>

struct edit {
    const struct kind *kind;
    const struct record *before; /* as stored now; NULL: a new record */
    struct record *after;        /* with what was typed */
    const struct record *seen;   /* as shown by the form; NULL: unchanged since */
    bool *theirs;                /* by field: changed by others since */
    bool stale;
};

static int64_t newest_entry(struct ctx *ctx, const struct kind *k, int64_t id)
{
    int64_t seq = query_int(ctx->db,
                            "SELECT max(seq) AS seq FROM journal WHERE kind = {} AND record = {}",
                            k->name, id);
    return seq == NONE ? 0 : seq;
}

/* ---- what happened since the form was drawn ---- */

/* The record as the form showed it: the stored one, with the earlier values of later entries. */
static void look_back(struct ctx *ctx, struct edit *e, int64_t since)
{
    const struct kind *k = e->kind;
    struct record *seen = record_copy(ctx, k, e->before);
    bool *given = ARENA_ARRAY(ctx->arena, bool, k->field_count);
    struct rows *r = query(ctx->db,
                           "SELECT before FROM journal WHERE kind = {} AND record = {} AND (seq > "
                           "{} OR seq IS NULL) ORDER BY seq DESC",
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

/* Returns whether the user changed this field. */
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
             say(ctx, "Someone else has just changed this. Your changes have not been saved yet, "
                      "and theirs have not been lost."));
}

/* ---- the form ---- */

/* The value to show: what was typed, or the others' value if only they changed the field. */
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
    return mine(e, i) ? say(ctx,
                            "Someone else has just changed this to “{}”. The box shows what you "
                            "typed.",
                            now)
                      : say(ctx, "Just changed by someone else.");
}

static void draw_picture(struct ctx *ctx, struct buf *out, const struct field *f, const char *name,
                         bool chosen)
{
    html(out,
         "<label title=\"{}\"><input type=\"radio\" name=\"{}\" value=\"{}\" "
         "aria-label=\"{}\"{}><span>{}</span></label>",
         name, f->name, name, name, (struct markup){chosen ? " checked" : ""}, icon(ctx, name));
}

/* The icons to choose from, by what they are about. All stand in the sprite (assets/icons.txt). */
static const struct pictures {
    const char *about;
    const char *names[24];
} pictures[] = {
    {N_("Homes and buildings"),
     {"building",
      "building-community",
      "home-2",
      "home-check",
      "elevator",
      "stairs",
      "bulb",
      "bulb-off",
      "plug",
      "plug-off",
      "droplet",
      "droplet-off",
      "droplet-question",
      "flame",
      "tool",
      "hammer",
      "crane",
      "backhoe",
      "sofa",
      "fire-extinguisher"}},
    {N_("Streets and surroundings"),
     {"road", "traffic-lights", "barrier-block", "parking", "car", "bus", "bike", "motorbike",
      "tree", "trash", "trash-x", "recycle", "bug", "dog", "volume", "ripple", "map-pin",
      "arrow-big-down-lines"}},
    {N_("Health and care"),
     {"stethoscope", "first-aid-kit", "ambulance", "nurse", "vaccine", "wheelchair", "disabled",
      "old", "baby-carriage", "heart", "heart-handshake", "soup", "clipboard-heart",
      "building-hospital", "lifebuoy"}},
    {N_("Learning, culture and sport"),
     {"school", "books", "backpack", "horse-toy", "music", "news", "ball-basketball", "medal",
      "device-mobile", "scissors", "shopping-cart", "grill"}},
    {N_("Offices, money and rights"),
     {"building-bank", "building-store", "briefcase", "id-badge-2", "file-certificate",
      "file-invoice", "rubber-stamp", "coin-yuan", "cash-off", "receipt", "receipt-refund",
      "report-money", "scale", "shield", "shield-check"}},
    {N_("Messages and warnings"),
     {"speakerphone", "message-plus", "messages", "phone-off", "users", "users-group",
      "user-question", "user-exclamation", "thumb-up", "alert-circle", "alert-triangle",
      "circle-dashed"}},
};

/* The chosen one first, even if it is none of these. */
static bool control(struct ctx *ctx, struct buf *out, const struct field *f, const char *value)
{
    if (!(f->flags & ICON))
        return false;
    html(out,
         "<div class=\"icons\" id=\"f-{}\" role=\"radiogroup\" aria-label=\"{}\"><label><input "
         "type=\"radio\" name=\"{}\" value=\"\"{}><span>{}</span></label>",
         f->name, tr(ctx, f->label), f->name, (struct markup){*value ? "" : " checked"},
         say(ctx, "None"));
    if (*value)
        draw_picture(ctx, out, f, value, true);
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        html(out, "<p>{}</p>", tr(ctx, pictures[i].about));
        for (const char *const *name = pictures[i].names; *name; name++)
            if (strcmp(value, *name) != 0)
                draw_picture(ctx, out, f, *name, false);
    }
    buf_puts(out, "</div>");
    return true;
}

static void draw_meanwhile(struct ctx *ctx, const struct edit *e, int64_t record)
{
    struct buf *out = ctx->web->out;
    int64_t since = param_int(ctx, "_seen");
    html(out, "<div class=\"notice warn\" role=\"alert\">{}<div><h2>{}</h2><p>{}</p><ul>",
         icon(ctx, "git-merge"), say(ctx, "Someone else changed this while you were editing"),
         say(ctx, "Nothing has been overwritten. Review their changes; if you save again, the "
                  "fields you changed will replace theirs."));
    struct rows *r = query(
        ctx->db,
        "SELECT at_ms, actor_name, action, before, after, count(*) OVER () AS whole "
        "FROM journal WHERE "
        "kind = {} AND record = {} AND (seq > {} OR seq IS NULL)"
        " ORDER BY seq LIMIT 20",
        e->kind->name, record, since == NONE ? 0 : since);
    int64_t n = 0, whole = 0;
    for (; rows_next(r); n++) {
        whole = row_int(r, "whole");
        html(out, "<li><p>{} · {} · {}</p>", history_who(ctx, row_text(r, "actor_name")),
             when_show(ctx->arena, ctx->lang, row_int(r, "at_ms") / 1000),
             history_action(ctx, e->kind->name, row_text(r, "action")));
        history_changes(ctx, e->kind->name, row_copy(r, ctx->arena, "before"),
                        row_copy(r, ctx->arena, "after"));
        buf_puts(out, "</li>");
    }
    rows_end(r);
    buf_puts(out, "</ul>");
    more_draw(ctx, whole - n);
    buf_puts(out, "</div></div>");
}

#define NEWEST 5

/* What is in the register already, so that nothing is entered twice. */
static void newest_draw(struct ctx *ctx, const struct kind *k)
{
    struct buf *out = ctx->web->out;
    struct list l;
    list_init(ctx, &l, k);
    l.order = "id DESC";
    l.limit = NEWEST;
    html(out, "<section class=\"card\"><h2>{}</h2><p>{}</p><h3>{}</h3><ul>", tr(ctx, k->many),
         tr(ctx, k->about), say(ctx, "Last added"));
    struct rows *r = list_run(ctx, &l);
    int n = 0;
    for (const struct record *one; (one = list_next(ctx, k, r, ctx->arena)) != NULL; n++)
        html(out, "<li><a href=\"{}\">{}</a></li>", record_href(ctx, k, one->id),
             record_title(ctx, k, one));
    buf_puts(out, "</ul>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No entries yet."));
    buf_puts(out, "</section>");
}

static void form_draw(struct ctx *ctx, const struct kind *k, const struct record *before,
                      form_value *typed)
{
    struct buf *out = ctx->web->out;
    const struct edit *e = typed == value_shown ? ctx->work : NULL;
    const char *action = before ? arena_print(ctx->arena, "/registers/%s/%lld", k->name,
                                              (long long)before->id)
                                : arena_print(ctx->arena, "/registers/%s", k->name);
    const struct form form = {.kind = k,
                              .record = before ? (const void *)before : form_new(ctx, k),
                              .typed = typed,
                              .icon = icon,
                              .control = control,
                              .note = note,
                              .data = e};
    const char *title = before ? say(ctx, "Edit: {}", record_title(ctx, k, before))
                               : say(ctx, "{}: new entry", tr(ctx, k->one));
    page_begin(ctx, title, PAGE_STAFF);
    trail(ctx, before ? record_href(ctx, k, before->id) : kind_href(ctx, k),
          before ? say(ctx, "Back to entry") : tr(ctx, k->many));
    html(out, "<header class=\"head\"><h1>{}</h1></header>", title);
    if (before && e && e->stale)
        draw_meanwhile(ctx, e, before->id);
    buf_puts(out, "<div class=\"record beside\"><div>");
    form_begin(ctx, action, NULL, false);
    if (!e || !e->stale || ctx->problem_count > 1)
        form_problems(ctx);
    if (before)
        html(out,
             "<input type=\"hidden\" name=\"_version\" value=\"{}\"><input type=\"hidden\" "
             "name=\"_seen\" value=\"{}\">",
             before->version, newest_entry(ctx, k, before->id));
    form_fields(ctx, out, &form);
    html(out,
         "<div class=\"acts\"><button class=\"primary\">{}</button><a class=\"button quiet\" "
         "href=\"{}\">{}</a></div>",
         before ? say(ctx, "Save changes") : say(ctx, "Save"),
         before ? record_href(ctx, k, before->id) : kind_href(ctx, k), say(ctx, "Not now"));
    form_end(ctx);
    html(out, "</div><aside aria-label=\"{}\">", say(ctx, "Key details"));
    if (before)
        history_draw(ctx, k, before->id);
    else
        newest_draw(ctx, k);
    buf_puts(out, "</aside></div>");
    page_end(ctx);
}

/* ---- the routes ---- */

static bool closed(struct ctx *ctx)
{
    return view_of(ctx->web->kind).closed && ctx_fail(ctx, NOT_FOUND, NULL) != OK;
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
    if (e->before && !e->stale) { /* changed between check and storing: what is stored now counts */
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
    if (!e->before && view_of(k).fresh) {
        ctx_fail(ctx, FORBIDDEN, NULL);
        return;
    }
    form_read(ctx, k, e->after, param);
    const struct workflow *w = workflow_of(k);
    if (w && param(ctx, w->state))
        ctx_problem(ctx, w->state, workflow_only_steps(ctx, w));
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
    flash(ctx, seen
                   ? say(ctx, "Saved.")
                   : say(ctx, "Saved. It is in an area you don’t cover, so it won’t appear in your "
                              "list."));
    see_other_write(ctx, seen ? record_href(ctx, k, e->after->id) : kind_href(ctx, k), NULL, 0);
}

static const struct route table[] = {
    ROUTE_GET("/registers/{name}/new", ROLES_SIGNED, new_page, .flags = KIND_WRITE),
    ROUTE_GET("/registers/{name}/{id}/edit", ROLES_SIGNED, edit_page, .flags = KIND_WRITE),
    ROUTE_POST("/registers/{name}", ROLES_SIGNED, store, .prepare = prepare, .failed = failed,
               .flags = KIND_WRITE),
    ROUTE_POST("/registers/{name}/{id}", ROLES_SIGNED, store, .prepare = prepare, .failed = failed,
               .flags = KIND_WRITE),
};

const struct module register_edit_module = {.name = "register_edit", .routes = ROUTES(table)};
