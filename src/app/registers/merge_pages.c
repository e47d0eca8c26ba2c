/*
 * The pages of merging: choosing the other entry, both side by side with one
 * choice for each field that differs, what was merged with its undo, and the
 * list of pairs that may be the same. The versions of both records travel with
 * the form, so that a merge happens once, and only between what was seen.
 */
#include "app/registers/merges.h"

#include "app/registers/registers.h"
#include "base/text.h"
#include "base/when.h"
#include "core/module.h"
#include "kind/json.h"
#include "pages/api.h"
#include "pages/register_pages.h"

#include <cJSON.h>
#include <string.h>

#define MERGERS (ROLE_WORKER | ROLE_OFFICE | ROLE_ADMIN)

struct merging {
    const struct kind *kind;
    struct record *kept, *gone;
    void *after;
    bool done;          /* it was merged before: a form that was sent twice */
    const char **takes; /* for each field: "kept", "gone", or NULL: not said */
};

static const char *code_of(const struct kind *k, const void *record)
{
    const char *code = field_text(kind_field(k, k->code), record);
    return code ? code : "";
}

/* ---- both side by side ---- */

static const char *shown(struct ctx *ctx, const struct field *f, const void *record)
{
    const char *text = field_show_masked(ctx, f, record);
    return *text ? text : "—";
}

static bool row_hidden(const struct field *f, const void *a, const void *b)
{
    return (f->flags & (HIDDEN | INNER | BESIDE)) || (field_missing(f, a) && field_missing(f, b));
}

/* One of the two cells of a field that differs, to choose. */
static void cell_choice(struct ctx *ctx, const struct merging *m, const struct field *f,
                        const void *record, bool gone)
{
    const char *asked = param(ctx, arena_print(ctx->arena, "take-%s", f->name));
    bool takes = asked ? !strcmp(asked, "gone")
                       : merge_takes_over(ctx, m->kind, f, m->kept, m->gone);
    html(ctx->web->out,
         "<td><label class=\"check\"><input type=\"radio\" name=\"take-{}\" value=\"{}\"{}> "
         "<span>{}</span></label></td>",
         f->name, gone ? "gone" : "kept", (struct markup){takes == gone ? " checked" : ""},
         shown(ctx, f, record));
}

static void cell(struct ctx *ctx, const struct merging *m, const struct field *f,
                 const void *record, bool gone, bool ask)
{
    if (ask && merge_offered(f) && !field_lost(f, m->gone) && !field_lost(f, m->kept))
        cell_choice(ctx, m, f, record, gone);
    else
        html(ctx->web->out, "<td>{}</td>", shown(ctx, f, record));
}

static void sides_row(struct ctx *ctx, const struct merging *m, const struct field *f, bool ask)
{
    struct buf *out = ctx->web->out;
    html(out, "<tr><th scope=\"row\">{}", tr(ctx, f->label));
    if (field_same(f, m->kept, m->gone)) {
        html(out, "</th><td colspan=\"2\">{} <span class=\"small\">{}</span></td></tr>",
             shown(ctx, f, m->kept), say(ctx, "the same in both"));
        return;
    }
    if (ask && merge_united(f))
        html(out, "<br><span class=\"small\">{}</span>", say(ctx, "both are kept"));
    else if (f->flags & SEALED)
        html(out, "<br><span class=\"small\">{}</span>", say(ctx, "different"));
    buf_puts(out, "</th>");
    cell(ctx, m, f, m->kept, false, ask);
    cell(ctx, m, f, m->gone, true, ask);
    buf_puts(out, "</tr>");
}

static void sides(struct ctx *ctx, const struct merging *m, bool ask)
{
    struct buf *out = ctx->web->out;
    const char *caption = say(ctx, "Both entries side by side");
    scroll_begin(ctx, caption);
    html(out,
         "<table class=\"plain sides\"><caption class=\"sr\">{}</caption><thead><tr><th "
         "scope=\"col\"></th><th scope=\"col\">{}<br>{}</th><th scope=\"col\">{}<br>{}</th></tr>"
         "</thead><tbody>",
         caption, say(ctx, "Kept entry"), code_of(m->kind, m->kept), say(ctx, "Merged entry"),
         code_of(m->kind, m->gone));
    for (int i = 0; i < m->kind->field_count; i++)
        if (!row_hidden(&m->kind->fields[i], m->kept, m->gone) &&
            &m->kind->fields[i] != kind_field(m->kind, m->kind->code))
            sides_row(ctx, m, &m->kind->fields[i], ask);
    buf_puts(out, "</tbody></table>");
    scroll_end(ctx);
}

/* ---- choosing the other ---- */

static void pair_line(struct ctx *ctx, const struct kind *k, const struct record *other,
                      const char *why)
{
    html(ctx->web->out, "{} <span class=\"small\">{} · {}</span>", record_title(ctx, k, other),
         code_of(k, other), pair_why(ctx, why));
}

/* Pairs with this record, as links to merge them; returns how many. */
static int pairs_of(struct ctx *ctx, const struct kind *k, const struct record *r)
{
    int64_t others[20];
    const char *why[20];
    int n = 0;
    struct rows *rows = pairs_list(ctx, k, r->id, 20, 0);
    while (rows_next(rows)) {
        others[n] = row_int(rows, "one") == r->id ? row_int(rows, "other") : row_int(rows, "one");
        why[n++] = row_copy(rows, ctx->arena, "why");
    }
    for (int i = 0; i < n; i++) {
        const struct record *other = record_load(ctx, k, others[i]);
        if (!other)
            continue;
        html(ctx->web->out, "<li><a href=\"/registers/{}/{}/merge?with=%23{}\">", k->name, r->id,
             other->id);
        pair_line(ctx, k, other, why[i]);
        buf_puts(ctx->web->out, "</a></li>");
    }
    return n;
}

static void page_head(struct ctx *ctx, const struct kind *k, const struct record *r,
                      const char *lead)
{
    const char *title = say(ctx, "Merge: {}", record_title(ctx, k, r));
    page_begin(ctx, title, PAGE_STAFF);
    trail(ctx, record_href(ctx, k, r->id), say(ctx, "Back to entry"));
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         title, lead);
    form_problems(ctx);
}

/* why: what is wrong with the entry that was typed; NULL. */
static void choose_page(struct ctx *ctx, const struct kind *k, const struct record *r,
                        const char *why)
{
    struct buf *out = ctx->web->out;
    page_head(ctx, k, r,
              say(ctx, "For two entries about the same person or organisation. Choose the other "
                       "one; you compare both before anything changes."));
    if (why)
        html(out, "<div class=\"notice warn\" role=\"alert\">{}<div><p>{}</p></div></div>",
             icon(ctx, "alert-circle"), why);
    html(out,
         "<section class=\"card\"><form class=\"form\" action=\"/registers/{}/{}/merge\"><div "
         "class=\"field\"><label for=\"f-with\">{}</label><p class=\"hint\" id=\"f-with-h\">{}</p>"
         "<input id=\"f-with\" name=\"with\" value=\"{}\" maxlength=\"200\" autocomplete=\"off\" "
         "list=\"f-with-l\" data-suggest=\"/registers/{}/suggest\" aria-describedby=\"f-with-h\" "
         "required><datalist id=\"f-with-l\"></datalist></div><div class=\"acts\"><button "
         "class=\"primary\">{}</button></div></form></section>",
         k->name, r->id, say(ctx, "Other entry"),
         say(ctx, "Its code, or its name if only one has it."), query_param(ctx, "with"), k->name,
         say(ctx, "Compare"));
    html(out, "<section><h2>{}</h2><ul class=\"tree\">", say(ctx, "Possibly the same"));
    int n = pairs_of(ctx, k, r);
    buf_puts(out, "</ul>");
    if (!n)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "None found."));
    buf_puts(out, "</section>");
    page_end(ctx);
}

static void compare_page(struct ctx *ctx, const struct merging *m)
{
    struct buf *out = ctx->web->out;
    const struct kind *k = m->kind;
    page_head(ctx, k, m->kept,
              say(ctx, "Choose what stays where the two differ. Everything that refers to the "
                       "merged entry moves to the kept one; old codes and links lead to it."));
    form_begin(ctx,
               arena_print(ctx->arena, "/registers/%s/%lld/merge", k->name, (long long)m->kept->id),
               NULL, false);
    html(out,
         "<input type=\"hidden\" name=\"gone\" value=\"{}\"><input type=\"hidden\" "
         "name=\"_version\" value=\"{}\"><input type=\"hidden\" name=\"_gone_version\" "
         "value=\"{}\">",
         m->gone->id, m->kept->version, m->gone->version);
    sides(ctx, m, true);
    html(out,
         "<div class=\"acts\"><button class=\"primary\">{} {}</button><a class=\"button\" "
         "href=\"/registers/{}/{}/merge?with=%23{}\">{}</a><a class=\"button quiet\" "
         "href=\"{}\">{}</a></div>",
         icon(ctx, "git-merge"), say(ctx, "Merge entries"), k->name, m->gone->id, m->kept->id,
         say(ctx, "Keep {} instead", code_of(k, m->gone)), record_href(ctx, k, m->kept->id),
         say(ctx, "Not now"));
    form_end(ctx);
    html(out, "<p class=\"small\">{}</p>",
         say(ctx, "A merge can be undone: from the kept entry, under Merges."));
    page_end(ctx);
}

/* ---- merging ---- */

/* Whether this kind can be merged and the actor may change the entry. */
static bool may(struct ctx *ctx, const struct kind *k, const void *record)
{
    if (merge_takes(k) && merge_mine(ctx, k, record))
        return true;
    ctx_fail(ctx, merge_takes(k) ? FORBIDDEN : NOT_FOUND,
             merge_takes(k) ? say(ctx, "This entry is in another area. Only its community or the "
                                       "subdistrict office can change it.")
                            : NULL);
    return false;
}

/* The other entry, as typed: a code, "#" and an id, or a name that only one has. */
static int64_t other_typed(struct ctx *ctx, const struct kind *k, const char *typed)
{
    const struct field f = {.name = "with", .type = F_REF, .ref = k->name};
    int64_t same_name;
    return ref_find(ctx, &f, text_tidy(ctx->arena, typed), &same_name);
}

/* Finds the other entry; returns what is wrong with it. */
static const char *other_read(struct ctx *ctx, struct merging *m, const char *with)
{
    int64_t id = other_typed(ctx, m->kind, with);
    m->gone = id == NONE ? NULL : record_load(ctx, m->kind, id);
    if (!m->gone)
        return say(ctx, "No entry found for “{}” that you may change. Enter its code.", with);
    if (!merge_mine(ctx, m->kind, m->gone))
        return say(ctx, "This entry is in another area. Only its community or the subdistrict "
                        "office can change it.");
    return merge_bar(ctx, m->kind, m->kept, m->gone);
}

static void merge_page(struct ctx *ctx)
{
    const struct kind *k = ctx->web->kind;
    struct merging m = {.kind = k, .kept = ctx->web->record};
    const char *with = query_param(ctx, "with");
    if (!may(ctx, k, m.kept)) {
        answer_problem(ctx);
        return;
    }
    const char *why = with && !text_blank(with) ? other_read(ctx, &m, with) : NULL;
    if (m.gone && !why)
        compare_page(ctx, &m);
    else
        choose_page(ctx, k, m.kept, why);
}

/* Reads the other record; false: refused, or it was merged into this one before. */
static bool both_read(struct ctx *ctx, struct merging *m, int64_t gone)
{
    m->kind = ctx->web->kind ? ctx->web->kind : ctx->web->route->kind;
    m->kept = ctx->web->record;
    if (!may(ctx, m->kind, m->kept))
        return false;
    m->gone = gone == NONE ? NULL : record_load(ctx, m->kind, gone);
    m->done = gone != NONE && record_survivor(ctx, m->kind, gone) == m->kept->id;
    if (m->done)
        return false;
    if (!m->gone) {
        ctx_problem(ctx, "gone",
                    say(ctx, "Choose the entry to merge: a code or id of one that you "
                             "may change."));
        return false;
    }
    return may(ctx, m->kind, m->gone);
}

static void after_make(struct ctx *ctx, struct merging *m)
{
    const char *why = merge_bar(ctx, m->kind, m->kept, m->gone);
    m->after = record_copy(ctx, m->kind, m->kept);
    if (why) {
        ctx_fail(ctx, CONFLICT, why);
        return;
    }
    merge_defaults(ctx, m->kind, m->kept, m->gone, m->after);
    for (int i = 0; i < m->kind->field_count; i++) {
        const struct field *f = &m->kind->fields[i];
        const char *take = m->takes[i];
        if (take && merge_offered(f) && !field_lost(f, m->gone) && !field_lost(f, m->kept))
            merge_take(f, strcmp(take, "gone") ? m->kept : m->gone, m->after);
    }
    record_check(ctx, m->kind, m->kept, m->after);
}

static void takes_typed(struct ctx *ctx, struct merging *m)
{
    m->takes = ARENA_ARRAY(ctx->arena, const char *, m->kind->field_count);
    for (int i = 0; i < m->kind->field_count; i++)
        m->takes[i] = param(ctx, arena_print(ctx->arena, "take-%s", m->kind->fields[i].name));
}

static void merge_prepare(struct ctx *ctx)
{
    struct merging *m = ARENA_NEW(ctx->arena, struct merging);
    *m = (struct merging){.kind = NULL};
    if (both_read(ctx, m, param_int(ctx, "gone"))) {
        if (param_int(ctx, "_version") != m->kept->version ||
            param_int(ctx, "_gone_version") != m->gone->version)
            ctx_fail(ctx, CONFLICT,
                     say(ctx, "Someone else has just changed one of the two. Compare them again, "
                              "then merge."));
        else {
            takes_typed(ctx, m);
            after_make(ctx, m);
        }
    }
    ctx->work = m;
}

static void merge_failed(struct ctx *ctx)
{
    struct merging *m = ctx->work;
    if (m && m->kept && m->gone) {
        m->kept = record_load(ctx, m->kind, m->kept->id);
        m->gone = record_load(ctx, m->kind, m->gone->id);
    }
    if (m && m->kept && m->gone && ctx->status != FORBIDDEN)
        compare_page(ctx, m);
    else
        answer_problem(ctx);
}

static bool merge_now(struct ctx *ctx, struct merging *m)
{
    struct merge made;
    return m->done || merge_run(ctx, m->kind, m->kept, m->after, m->gone, NONE, &made) == OK;
}

static void merge_store(struct ctx *ctx)
{
    struct merging *m = ctx->work;
    if (!merge_now(ctx, m))
        return;
    flash(ctx, m->done ? say(ctx, "The two were already merged.")
                       : say(ctx, "Merged. Codes and links of the other entry lead here."));
    see_other_write(ctx, record_href(ctx, m->kind, m->kept->id), NULL, 0);
}

/* ---- the API ---- */

/* {"gone": 12 or "P1234", "take": {"phone": "gone"}} */
static int64_t api_gone(struct ctx *ctx, const struct kind *k, const cJSON *gone)
{
    if (cJSON_IsNumber(gone))
        return (int64_t)gone->valuedouble;
    return cJSON_IsString(gone)
               ? query_int(ctx->db, "SELECT id FROM {} WHERE {} = {}", (struct sql_name){k->table},
                           (struct sql_name){k->code}, gone->valuestring)
               : NONE;
}

static void api_takes(struct ctx *ctx, struct merging *m, const cJSON *take)
{
    m->takes = ARENA_ARRAY(ctx->arena, const char *, m->kind->field_count);
    for (int i = 0; i < m->kind->field_count; i++) {
        const cJSON *one = cJSON_GetObjectItemCaseSensitive(take, m->kind->fields[i].name);
        m->takes[i] = cJSON_IsString(one) ? arena_copy(ctx->arena, one->valuestring) : NULL;
        if (one && (!m->takes[i] || !merge_offered(&m->kind->fields[i]) ||
                    (strcmp(m->takes[i], "kept") != 0 && strcmp(m->takes[i], "gone") != 0)))
            ctx_problem(ctx, m->kind->fields[i].name,
                        say(ctx, "take: “kept” or “gone”, for fields that can be chosen."));
    }
}

static void api_prepare(struct ctx *ctx)
{
    const struct kind *k = ctx->web->route->kind;
    struct merging *m = ARENA_NEW(ctx->arena, struct merging);
    *m = (struct merging){.kind = k};
    ctx->work = m;
    int64_t version = api_version(ctx);
    if (!ctx_ok(ctx) || (version != NONE && !api_is_fresh(ctx, k, ctx->web->record, version)))
        return;
    cJSON *body = json_object(ctx, ctx->web->body, ctx->web->body_size);
    if (!body)
        return;
    if (both_read(ctx, m, api_gone(ctx, k, cJSON_GetObjectItemCaseSensitive(body, "gone")))) {
        api_takes(ctx, m, cJSON_GetObjectItemCaseSensitive(body, "take"));
        if (ctx_ok(ctx))
            after_make(ctx, m);
    }
    json_free(body);
}

static void api_merge(struct ctx *ctx)
{
    struct merging *m = ctx->work;
    if (!merge_now(ctx, m))
        return;
    const void *after = record_get(ctx, m->kind, m->kept->id);
    if (after)
        api_answer(ctx, m->kind, after, 200);
    else
        record_gone(ctx);
}

/* ---- undoing ---- */

static bool undo_now(struct ctx *ctx, struct merge_left *left)
{
    const struct merge_row *r = ctx->web->record;
    const struct kind *k = kind_find(r->kind);
    const void *kept = k ? record_get(ctx, k, r->kept) : NULL,
               *gone = k ? record_get(ctx, k, r->gone) : NULL;
    if (!kept || !gone) {
        record_gone(ctx);
        return false;
    }
    return may(ctx, k, kept) && may(ctx, k, gone) && merge_undo(ctx, r->record.id, left) == OK;
}

static void undo(struct ctx *ctx)
{
    const struct merge_row *r = ctx->web->record;
    struct merge_left left;
    if (!undo_now(ctx, &left))
        return;
    const char *text = say(ctx, "The merge has been undone.");
    if (*left.fields)
        text = arena_print(ctx->arena, "%s %s", text,
                           say(ctx, "Changed since, so they stay: {}.", left.fields));
    if (left.rows)
        text = arena_print(ctx->arena, "%s %s", text,
                           say_n(ctx, left.rows, "1 other value changed since stays as it is.",
                                 "{} other values changed since stay as they are.", left.rows));
    flash(ctx, text);
    see_other_write(ctx, record_href(ctx, kind_find(r->kind), r->gone), NULL, 0);
}

static void api_undo(struct ctx *ctx)
{
    struct merge_left left;
    if (!undo_now(ctx, &left))
        return;
    const void *after = record_get(ctx, &merges_kind, ctx->web->id);
    if (after)
        api_answer(ctx, &merges_kind, after, 200);
    else
        record_gone(ctx);
}

/* ---- a merge's own page, and what others show of it ---- */

static void merge_detail(struct ctx *ctx, const void *record)
{
    const struct merge_row *r = record;
    const struct kind *k = kind_find(r->kind);
    struct merging m = {.kind = k,
                        .kept = k ? record_get(ctx, k, r->kept) : NULL,
                        .gone = k ? record_get(ctx, k, r->gone) : NULL};
    struct buf *out = ctx->web->out;
    if (!m.kept || !m.gone)
        return;
    html(out, "<section><h2>{}</h2><p><a href=\"{}\">{} {}</a></p>",
         say(ctx, "Both entries side by side"), record_href(ctx, k, r->kept),
         icon(ctx, "file-text"), record_title(ctx, k, m.kept));
    sides(ctx, &m, false);
    html(out, "<p class=\"small\">{}</p></section>",
         say(ctx, "The merged entry as it was, and the kept one as it is now."));
}

static void merge_acts(struct ctx *ctx, const void *record)
{
    const struct merge_row *r = record;
    if (r->undone_at != NONE)
        return;
    form_begin(ctx, arena_print(ctx->arena, "/merges/%lld/undo", (long long)r->record.id), NULL,
               false);
    html(ctx->web->out, "<button data-confirm=\"{}\">{} {}</button>",
         say(ctx, "Undo this merge? What was moved goes back; what was changed since stays."),
         icon(ctx, "arrow-back-up"), say(ctx, "Undo merge"));
    form_end(ctx);
}

/* What was merged into this record, and what may be the same. */
static void merged_links(struct ctx *ctx, const struct kind *k, const struct record *r)
{
    struct buf *out = ctx->web->out;
    if (!(merges_kind.read & ctx->actor.roles) || !kind_may_write(ctx, k))
        return;
    struct list l;
    list_init(ctx, &l, &merges_kind);
    sql_add(&l.where, " AND kind = {} AND kept = {} AND undone_at IS NULL", k->name, r->id);
    l.limit = 20;
    struct rows *rows = list_run(ctx, &l);
    for (struct merge_row *m; (m = list_next(ctx, &merges_kind, rows, ctx->arena)) != NULL;)
        html(out, "<p class=\"small\"><a href=\"/registers/merges/{}\">{}</a></p>", m->record.id,
             say(ctx, "{} was merged into this entry on {}.",
                 field_show(ctx, kind_field(&merges_kind, "gone"), m),
                 when_show(ctx->arena, ctx->lang, m->record.created)));
    if (merge_mine(ctx, k, r))
        html(out, "<p><a href=\"/registers/{}/{}/merge\">{} {}</a></p>", k->name, r->id,
             icon(ctx, "git-merge"), say(ctx, "Merge with another entry"));
}

static void person_links(struct ctx *ctx, const void *record)
{
    merged_links(ctx, &people_kind, record);
}

static void organisation_links(struct ctx *ctx, const void *record)
{
    merged_links(ctx, &organisations_kind, record);
}

/* ---- pairs that may be the same ---- */

static void same_link(struct ctx *ctx, const struct kind *k)
{
    if (!kind_may_write(ctx, k))
        return;
    int64_t n = pairs_count(ctx, k);
    html(ctx->web->out, "<p><a href=\"/registers/{}/same\">{} {}</a></p>", k->name,
         icon(ctx, "git-merge"),
         n ? say(ctx, "Possibly the same: {}", n) : say(ctx, "Look for duplicate entries"));
}

static void people_list(struct ctx *ctx)
{
    same_link(ctx, &people_kind);
}

static void organisations_list(struct ctx *ctx)
{
    same_link(ctx, &organisations_kind);
}

struct proposal {
    int64_t id, one, other;
    const char *why;
};

static void proposal_draw(struct ctx *ctx, const struct kind *k, const struct proposal *p)
{
    struct buf *out = ctx->web->out;
    const struct record *a = record_load(ctx, k, p->one), *b = record_load(ctx, k, p->other);
    if (!a || !b)
        return;
    html(out,
         "<li class=\"card\"><p><a href=\"{}\">{}</a> <span class=\"small\">{}</span> · <a "
         "href=\"{}\">{}</a> <span class=\"small\">{}</span><br>{}</p>",
         record_href(ctx, k, a->id), record_title(ctx, k, a), code_of(k, a),
         record_href(ctx, k, b->id), record_title(ctx, k, b), code_of(k, b), pair_why(ctx, p->why));
    form_begin(ctx, arena_print(ctx->arena, "/registers/%s/same", k->name), NULL, false);
    html(out,
         "<div class=\"acts\"><a class=\"button\" href=\"/registers/{}/{}/merge?with=%23{}\">{}</a>"
         "<button class=\"quiet\" name=\"pair\" value=\"{}\">{}</button></div>",
         k->name, a->id, b->id, say(ctx, "Compare"), p->id, say(ctx, "Not the same"));
    form_end(ctx);
    buf_puts(out, "</li>");
}

#define PROPOSALS 20 /* of a page */

static void same_page(struct ctx *ctx)
{
    const struct kind *k = ctx->web->kind;
    struct buf *out = ctx->web->out;
    struct proposal list[PROPOSALS];
    int n = 0;
    if (!merge_takes(k)) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        answer_problem(ctx);
        return;
    }
    int64_t page = pager_page(ctx), total = pairs_count(ctx, k);
    page_begin(ctx, say(ctx, "Possibly the same"), PAGE_STAFF);
    trail(ctx, kind_href(ctx, k), tr(ctx, k->many));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p><div class=\"acts\">",
         say(ctx, "Possibly the same"),
         say(ctx, "Entries with the same number, or the same name and one more thing in common. "
                  "Nothing is merged until you have compared the two."));
    form_begin(ctx, arena_print(ctx->arena, "/registers/%s/same", k->name), NULL, false);
    html(out, "<button>{} {}</button>", icon(ctx, "refresh"), say(ctx, "Look again"));
    form_end(ctx);
    html(out, "<a class=\"button\" href=\"/registers/merges?kind={}\">{}</a></div></header>",
         k->name, tr(ctx, merges_kind.many));
    struct rows *r = pairs_list(ctx, k, NONE, PROPOSALS, (page - 1) * PROPOSALS);
    while (rows_next(r) && n < PROPOSALS)
        list[n++] = (struct proposal){row_int(r, "id"), row_int(r, "one"), row_int(r, "other"),
                                      row_copy(r, ctx->arena, "why")};
    buf_puts(out, "<ul class=\"plain\">");
    for (int i = 0; i < n; i++)
        proposal_draw(ctx, k, &list[i]);
    buf_puts(out, "</ul>");
    if (!n)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "inbox"),
             say(ctx, "No entries look the same."));
    else
        pager(ctx, page, PROPOSALS, total, say_n(ctx, total, "1 pair", "{} pairs", total));
    page_end(ctx);
}

/* With a pair: it is not the same. Without: looks again. */
static void same_prepare(struct ctx *ctx)
{
    if (!merge_takes(ctx->web->kind))
        ctx_fail(ctx, NOT_FOUND, NULL);
    else if (param_int(ctx, "pair") == NONE)
        pairs_prepare(ctx);
}

static void same_store(struct ctx *ctx)
{
    const struct kind *k = ctx->web->kind;
    int64_t pair = param_int(ctx, "pair");
    if (pair == NONE)
        pairs_store(ctx);
    else if (pair_deny(ctx, k, pair) != OK)
        return;
    flash(ctx, pair == NONE ? say(ctx, "Looked through the register.")
                            : say(ctx, "Noted: these two are not the same."));
    see_other(ctx, "/registers/{}/same", (struct markup){k->name});
}

static const struct register_view views[] = {
    {&people_kind, .links = person_links, .list = people_list},
    {&organisations_kind, .links = organisation_links, .list = organisations_list},
    {&merges_kind, .detail = merge_detail, .acts = merge_acts, .closed = true},
    {.kind = NULL},
};

static const struct route table[] = {
    ROUTE_GET("/registers/{name}/same", MERGERS, same_page, .flags = KIND_WRITE),
    ROUTE_POST("/registers/{name}/same", MERGERS, same_store, .prepare = same_prepare,
               .flags = KIND_WRITE | SLOW),
    ROUTE_GET("/registers/{name}/{id}/merge", MERGERS, merge_page, .flags = KIND_WRITE),
    ROUTE_POST("/registers/{name}/{id}/merge", MERGERS, merge_store, .prepare = merge_prepare,
               .failed = merge_failed, .flags = KIND_WRITE),
    ROUTE_POST("/merges/{id}/undo", MERGERS, undo, .record = &merges_kind),
    ROUTE_POST("/api/v1/people/{id}/merge", MERGERS, api_merge, .prepare = api_prepare,
               .kind = &people_kind, .record = &people_kind, .flags = API),
    ROUTE_POST("/api/v1/organisations/{id}/merge", MERGERS, api_merge, .prepare = api_prepare,
               .kind = &organisations_kind, .record = &organisations_kind, .flags = API),
    ROUTE_POST("/api/v1/merges/{id}/undo", MERGERS, api_undo, .record = &merges_kind, .flags = API),
};

static const struct job jobs[] = {{"merge pairs", 60, pairs_renew, .lane = LANE_SLOW},
                                  {.name = NULL}};

const struct module merge_pages_module = {
    .name = "merge pages", .routes = ROUTES(table), .views = views, .jobs = jobs};
