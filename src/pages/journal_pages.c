/*
 * The audit log for people: filters in the URL, newest first, each entry with
 * its changes in words; the same as a spreadsheet; and the verification of the
 * whole chain.
 *
 * Paging is by entry number and each filter has an index, so a page costs the
 * same among thousands and millions. Auditors and administrators see every
 * entry, subdistrict staff those of the kinds and records they work with.
 */
#include "pages/register_pages.h"

#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "kind/json.h"

#include <stdlib.h>
#include <string.h>

#define VIEWERS (ROLE_ADMIN | ROLE_AUDITOR | ROLE_OFFICE)
#define PAGE    50
#define SLACK   (2 * WHEN_HOUR) /* how far a clock may have been set back */

/* ---- what is asked for ---- */

/* The office sees its own kinds, and of a kind with a scope the records in it. */
static void add_scope(struct ctx *ctx, struct sql *q)
{
    if (ctx->actor.roles & (ROLE_ADMIN | ROLE_AUDITOR))
        return;
    sql_add(q, " AND (1 = 0");
    const struct kind *const *all = modules_kinds();
    for (int i = 0; all[i]; i++) {
        const struct kind *k = all[i];
        if (!k->fields || !(k->read & ROLE_OFFICE))
            continue;
        sql_add(q, " OR (kind = {}", k->name);
        if (k->scope) {
            sql_add(q, " AND record IN (SELECT id FROM {} WHERE 1 = 1",
                    (struct sql_name){k->table});
            k->scope(ctx, q);
            sql_add(q, ")");
        }
        sql_add(q, ")");
    }
    sql_add(q, ")");
}

static const char *asked(struct ctx *ctx, const char *name)
{
    const char *s = query_param(ctx, name);
    return s && *s ? s : NULL;
}

/* Entries are numbered in time: the number bounds the search, the time decides. */
static void add_time(struct ctx *ctx, struct sql *q, const char *name, bool from)
{
    int64_t day;
    if (!asked(ctx, name))
        return;
    if (!day_parse(asked(ctx, name), &day)) {
        sql_add(q, " AND 1 = 0");
        return;
    }
    int64_t ms = (from ? when_day_start(day) : when_day_end(day) + 1) * 1000;
    if (from) {
        int64_t first = query_int(
            ctx->db, "SELECT seq FROM journal WHERE at_ms >= {} ORDER BY at_ms LIMIT 1",
            ms - SLACK * 1000);
        sql_add(q, " AND seq >= {} AND at_ms >= {}", first == NONE ? INT64_MAX : first, ms);
    } else {
        int64_t last = query_int(
            ctx->db, "SELECT seq FROM journal WHERE at_ms < {} ORDER BY at_ms DESC LIMIT 1",
            ms + SLACK * 1000);
        sql_add(q, " AND seq <= {} AND at_ms < {}", last == NONE ? (int64_t)0 : last, ms);
    }
}

static void add_actor(struct ctx *ctx, struct sql *q)
{
    const char *who = asked(ctx, "actor");
    int64_t id = who ? query_int(ctx->db, "SELECT id FROM users WHERE login = {}", who) : NONE;
    if (who && id != NONE)
        sql_add(q, " AND actor = {}", id);
    else if (who)
        sql_add(q, " AND actor_name = {}", who);
}

static void select_entries(struct ctx *ctx, struct sql *q, int most)
{
    sql_init(q, ctx->arena);
    sql_add(q, "SELECT seq, at_ms, actor_name, via, kind, record, action, before, after, (SELECT "
               "name_en FROM users u WHERE u.id = journal.actor AND u.name = journal.actor_name) "
               "AS actor_en FROM journal WHERE 1 = 1");
    if (asked(ctx, "kind"))
        sql_add(q, " AND kind = {}", asked(ctx, "kind"));
    if (asked(ctx, "record"))
        sql_add(q, " AND record = {}",
                param_int(ctx, "record") == NONE ? (int64_t)-1 : param_int(ctx, "record"));
    if (asked(ctx, "action"))
        sql_add(q, " AND action = {}", asked(ctx, "action"));
    if (asked(ctx, "via"))
        sql_add(q, " AND via = {}", asked(ctx, "via"));
    if (asked(ctx, "via") && strcmp(asked(ctx, "via"), "web") != 0)
        sql_add(q, " AND via <> 'web'"); /* as the index of the others says */
    add_actor(ctx, q);
    add_time(ctx, q, "from", true);
    add_time(ctx, q, "to", false);
    if (param_int(ctx, "before") != NONE)
        sql_add(q, " AND seq < {}", param_int(ctx, "before"));
    add_scope(ctx, q);
    sql_add(q, " ORDER BY seq DESC LIMIT {}", most);
}

/* ---- the page ---- */

static void option(struct ctx *ctx, const char *value, const char *label, const char *chosen)
{
    html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", value,
         (struct markup){chosen && !strcmp(chosen, value) ? " selected" : ""}, label);
}

static void select_begin(struct ctx *ctx, const char *name, const char *label)
{
    html(ctx->web->out, "<label>{} <select name=\"{}\" data-go><option value=\"\">{}</option>",
         label, name, say(ctx, "All"));
}

static const char *kind_label(struct ctx *ctx, const char *name)
{
    static const struct choice others[] = {{"settings", N_("Settings")},
                                           {"api_tokens", N_("API tokens")},
                                           {"journal", N_("Audit log")},
                                           {"figures", N_("Indicators")},
                                           {NULL, NULL}};
    const struct kind *k = kind_find(name);
    if (k && k->many)
        return tr(ctx, k->many);
    for (const struct choice *c = others; c->code; c++)
        if (!strcmp(c->code, name))
            return tr(ctx, c->label);
    return name;
}

static void draw_filters(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    static const char *const others[] = {"settings", "api_tokens", "journal", "figures"},
                             *const ways[] = {"web", "api", "import", "command", "job"};
    static const char *const acts[] = {
        "create",   "change", "import", "remove",     "reveal", "sign_in",  "sign_in_refused",
        "password", "grant",  "revoke", "deactivate", "export", "download", "read"};
    bool all = (ctx->actor.roles & (ROLE_ADMIN | ROLE_AUDITOR)) != 0;
    html(out,
         "<form class=\"bar\" action=\"/journal\"><details class=\"narrow row\"><summary>{} "
         "{}</summary><div class=\"bar\">",
         icon(ctx, "filter"), say(ctx, "Filter"));
    select_begin(ctx, "kind", say(ctx, "Record"));
    const struct kind *const *kinds = modules_kinds();
    for (int i = 0; kinds[i]; i++)
        if (kinds[i]->fields && (all || (kinds[i]->read & ROLE_OFFICE)))
            option(ctx, kinds[i]->name, tr(ctx, kinds[i]->many), asked(ctx, "kind"));
    for (size_t i = 0; all && i < sizeof others / sizeof *others; i++)
        option(ctx, others[i], kind_label(ctx, others[i]), asked(ctx, "kind"));
    html(out,
         "</select></label><label>{} <input class=\"tiny\" name=\"record\" inputmode=\"numeric\" "
         "value=\"{}\"></label>",
         say(ctx, "Entry no."), asked(ctx, "record"));
    select_begin(ctx, "action", say(ctx, "Action"));
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        option(ctx, acts[i], history_action(ctx, "", acts[i]), asked(ctx, "action"));
    buf_puts(out, "</select></label>");
    select_begin(ctx, "via", say(ctx, "How"));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        option(ctx, ways[i], history_via(ctx, ways[i]), asked(ctx, "via"));
    html(out,
         "</select></label><label>{} <input class=\"short\" name=\"actor\" value=\"{}\" "
         "placeholder=\"{}\"></label>",
         say(ctx, "By"), asked(ctx, "actor"), say(ctx, "username or name"));
    html(out,
         "<label>{} <input type=\"date\" name=\"from\" value=\"{}\"></label><label>{} <input "
         "type=\"date\" name=\"to\" value=\"{}\"></label>"
         "<span class=\"acts\"><button>{} {}</button><a "
         "href=\"/journal\">{}</a></span></div></details>"
         "</form>",
         say(ctx, "From"), asked(ctx, "from"), say(ctx, "to"), asked(ctx, "to"),
         icon(ctx, "filter"), say(ctx, "Show"), say(ctx, "Show all"));
}

/* The last word about the chain, from the journal itself. */
static void draw_verified(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    if (!(ctx->actor.roles & (ROLE_ADMIN | ROLE_AUDITOR)))
        return;
    struct rows *r = query(ctx->db,
                           "SELECT at_ms, actor_name, after FROM journal WHERE kind = 'journal' "
                           "AND record = 0 AND action = 'verify' ORDER BY seq DESC LIMIT 1");
    buf_puts(out, "<div class=\"bar\">");
    if (rows_next(r)) {
        const char *after = row_text(r, "after");
        bool broken = after && strstr(after, "first_bad") != NULL;
        html(out, "<span class=\"state {}\">{} {}</span><span class=\"soft\">{} · {} · {}</span>",
             broken ? "late" : "ok", icon(ctx, broken ? "alert-triangle" : "shield-check"),
             broken ? say(ctx, "Audit log has been tampered with") : say(ctx, "Audit log verified"),
             history_changes_text(ctx, "journal", NULL, after),
             when_show(ctx->arena, ctx->lang, row_int(r, "at_ms") / 1000),
             row_text(r, "actor_name"));
    } else {
        html(out, "<span class=\"soft\">{}</span>",
             say(ctx, "The audit log has not been verified yet."));
    }
    rows_end(r);
    form_begin(ctx, "/journal/verify", NULL, false);
    html(out, "<button>{} {}</button>", icon(ctx, "shield-check"), say(ctx, "Verify now"));
    form_end(ctx);
    buf_puts(out, "</div>");
}

/* What the reader knows the record by, as its own page says it; its number where it is gone, or
 * outside the reader's area. */
static const char *record_named(struct ctx *ctx, const struct kind *k, int64_t id)
{
    const char *number = arena_print(ctx->arena, "%lld", (long long)id);
    const void *record = record_load(ctx, k, id);
    const struct field *title = kind_field(k, kind_title(k));
    if (!record)
        return number;
    const char *name = (title->flags & NAMED) && !kind_reveals(ctx, k)
                           ? field_masked(ctx, title, record)
                           : record_title(ctx, k, record);
    return *name ? text_cut(ctx->arena, name, 40) : number;
}

static void draw_entry(struct ctx *ctx, struct rows *r)
{
    struct buf *out = ctx->web->out;
    const char *kind = row_copy(r, ctx->arena, "kind"), *action = row_copy(r, ctx->arena, "action"),
               *who = row_copy(r, ctx->arena, "actor_name"),
               *en = row_copy(r, ctx->arena, "actor_en");
    const struct kind *k = kind_find(kind);
    int64_t record = row_int(r, "record");
    const char *href = k && record > 0 && (k->read & ctx->actor.roles) ? record_href(ctx, k, record)
                                                                       : NULL;
    html(out,
         "<tr><td class=\"num soft\">{}</td><td class=\"nobr\">{}</td><td>{}<br><span "
         "class=\"small\">{}</span></td><td>{} ",
         (struct maybe){row_int(r, "seq")},
         when_show(ctx->arena, ctx->lang, row_int(r, "at_ms") / 1000),
         history_who(ctx, ctx_pick(ctx, who, en)), history_via(ctx, row_text(r, "via")),
         kind_label(ctx, kind));
    if (href)
        html(out, "<a href=\"{}\">{}</a>", href, record_named(ctx, k, record));
    else if (record > 0)
        html(out, "{}", record);
    html(out, "</td><td><b>{}</b>", history_action(ctx, kind, action));
    history_changes(ctx, kind, row_copy(r, ctx->arena, "before"), row_copy(r, ctx->arena, "after"));
    buf_puts(out, "</td></tr>");
}

static void journal_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Audit log"), PAGE_STAFF | PAGE_WIDE);
    trail(ctx, "/admin", say(ctx, "Administration"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p><div class=\"acts\">",
         say(ctx, "Audit log"),
         say(ctx, "Every change, newest first. Tampering with the log will be detected."));
    file_buttons(ctx, "/journal/download", "before", NULL);
    html(out, "</div></header>");
    form_problems(ctx);
    draw_verified(ctx);
    draw_filters(ctx);
    struct sql q;
    select_entries(ctx, &q, PAGE + 1);
    struct rows *r = sql_query(ctx->db, &q);
    int n = 0;
    int64_t last = NONE;
    scroll_begin(ctx, say(ctx, "Audit log"));
    html(out,
         "<table class=\"plain journal\"><thead><tr><th "
         "class=\"num\">{}</th><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr></thead><tbody>",
         say(ctx, "No."), say(ctx, "When"), say(ctx, "By"), say(ctx, "Record"), say(ctx, "Action"));
    for (; n < PAGE && rows_next(r); n++) {
        last = row_int(r, "seq");
        draw_entry(ctx, r);
    }
    bool more = n == PAGE && rows_next(r);
    rows_end(r);
    buf_puts(out, "</tbody></table>");
    scroll_end(ctx);
    if (n == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "list-search"),
             say(ctx, "No matching entries. Remove a filter."));
    html(out, "<nav class=\"pager\" aria-label=\"{}\">", say(ctx, "Page navigation"));
    if (param_int(ctx, "before") != NONE)
        html(out, "<a rel=\"prev\" href=\"{}\">{} {}</a>", url_with(ctx, "before", NULL),
             icon(ctx, "chevron-left"), say(ctx, "Back to newest"));
    if (more)
        html(out, "<a rel=\"next\" href=\"{}\">{} {}</a>",
             url_with(ctx, "before", arena_print(ctx->arena, "%lld", (long long)last)),
             say(ctx, "Earlier"), icon(ctx, "chevron-right"));
    buf_puts(out, "</nav>");
    page_end(ctx);
}

/* ---- the sheet ---- */

static void download_prepare(struct ctx *ctx)
{
    struct sheet_writer *w = sheet_write_open(sheet_asked(ctx));
    int64_t count = 0;
    const char *titles[] = {say(ctx, "No."),    say(ctx, "When"),   say(ctx, "By"),
                            say(ctx, "How"),    say(ctx, "Record"), say(ctx, "Entry no."),
                            say(ctx, "Action"), say(ctx, "Changes")};
    sheet_write_header(w, titles, (int)(sizeof titles / sizeof *titles));
    struct sql q;
    select_entries(ctx, &q, SHEET_DOWNLOAD);
    struct rows *r = sql_query(ctx->db, &q);
    struct arena *whole = ctx->arena, *row = arena_new();
    for (ctx->arena = row; rows_next(r); arena_clear(row), count++) {
        const char *kind = row_copy(r, row, "kind"), *who = row_copy(r, row, "actor_name");
        sheet_write_int(w, row_int(r, "seq"));
        sheet_write_time(w, row_int(r, "at_ms") / 1000 + when_offset());
        sheet_write_text(w, who);
        sheet_write_text(w, history_via(ctx, row_copy(r, row, "via")));
        sheet_write_text(w, kind_label(ctx, kind));
        sheet_write_int(w, row_int(r, "record"));
        sheet_write_text(w, history_action(ctx, kind, row_copy(r, row, "action")));
        sheet_write_text(w, history_changes_text(ctx, kind, row_copy(r, row, "before"),
                                                 row_copy(r, row, "after")));
        sheet_write_row(w);
    }
    ctx->arena = whole;
    arena_free(row);
    sheet_keep(ctx, w, "journal", count);
}

/* ---- the check ---- */

static void verify_prepare(struct ctx *ctx)
{
    struct journal_report *report = ARENA_NEW(ctx->arena, struct journal_report);
    enum status s = journal_verify(ctx->db, ctx->arena, report);
    if (s != OK && s != CONFLICT)
        ctx_fail(ctx, s, NULL);
    ctx->work = report;
}

static void verify(struct ctx *ctx)
{
    const struct journal_report *report = ctx->work;
    const char *after = report->first_bad == NONE
                            ? arena_print(ctx->arena, "{\"entries\":%lld}",
                                          (long long)report->entries)
                            : arena_print(ctx->arena, "{\"entries\":%lld,\"first_bad\":%lld}",
                                          (long long)report->entries, (long long)report->first_bad);
    journal_add(ctx, "journal", 0, "verify", NULL, after);
    if (report->first_bad == NONE)
        flash(ctx, say(ctx, "All {} entries verified: the audit log is intact.", report->entries));
    else
        flash(ctx, say(ctx, "Entry {} failed verification: {}.", report->first_bad,
                       tr(ctx, report->why)));
    see_other(ctx, "/journal");
}

static const struct route table[] = {
    ROUTE_GET("/journal", VIEWERS, journal_page),
    ROUTE_POST("/journal/download", VIEWERS, file_send, .prepare = download_prepare,
               .failed = journal_page, .flags = SLOW),
    ROUTE_POST("/journal/verify", ROLE_ADMIN | ROLE_AUDITOR, verify, .prepare = verify_prepare,
               .failed = journal_page, .flags = SLOW),
};

static const struct place places[] = {
    {"/journal", N_("Audit log"), NULL, VIEWERS, true, N_("Who changed what, and when"), "history",
     .rank = 90},
    {.href = NULL},
};

const struct module journal_module = {.name = "journal", .routes = ROUTES(table), .places = places};
