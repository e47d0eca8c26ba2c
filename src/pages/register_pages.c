/*
 * The pages of all kinds: the overview of registers, one register as a list or
 * tree, a record, and the list as a spreadsheet. Drawn from the description;
 * the gate has decided about access.
 */
#include "pages/register_pages.h"
#include "pages/figures_pages.h"

#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "kind/browse.h"
#include "kind/json.h"

#include <stdlib.h>
#include <string.h>

/* ---- addresses and small parts ---- */

const char *kind_href(struct ctx *ctx, const struct kind *k)
{
    return k->home ? k->home : k->about ? arena_print(ctx->arena, "/registers/%s", k->name) : NULL;
}

const char *record_href(struct ctx *ctx, const struct kind *k, int64_t id)
{
    if (k->page) {
        int before = (int)strcspn(k->page, "{");
        return arena_print(ctx->arena, "%.*s%lld%s", before, k->page, (long long)id,
                           strchr(k->page, '}') + 1);
    }
    if (k->about)
        return arena_print(ctx->arena, "/registers/%s/%lld", k->name, (long long)id);
    return k->home ? arena_print(ctx->arena, "%s/%lld", k->home, (long long)id) : NULL;
}

struct register_view view_of(const struct kind *k)
{
    struct register_view all = {.kind = k};
    for (int m = 0; modules[m]; m++)
        for (const struct register_view *v = modules[m]->views; v && v->kind; v++) {
            if (v->kind != k)
                continue;
            all.list = all.list ? all.list : v->list;
            all.detail = all.detail ? all.detail : v->detail;
            all.acts = all.acts ? all.acts : v->acts;
            all.fresh = all.fresh ? all.fresh : v->fresh;
            all.imported = all.imported ? all.imported : v->imported;
            all.closed |= v->closed;
            all.column = all.column ? all.column : v->column;
            all.cell = all.cell ? all.cell : v->cell;
        }
    return all;
}

static void links_draw(struct ctx *ctx, const struct kind *k, const void *record)
{
    for (int m = 0; modules[m]; m++)
        for (const struct register_view *v = modules[m]->views; v && v->kind; v++)
            if (v->kind == k && v->links)
                v->links(ctx, record);
}

static void entries_pager(struct ctx *ctx, int64_t page, int64_t total)
{
    int64_t first = (page - 1) * BROWSE_PAGE + 1,
            last = page * BROWSE_PAGE < total ? page * BROWSE_PAGE : total;
    pager(ctx, page, BROWSE_PAGE, total,
          total > BROWSE_PAGE ? say(ctx, "{}–{} of {}", first, last, total)
                              : say_n(ctx, total, "1 entry", "{} entries", total));
}

struct file {
    const char *bytes, *kind, *ending;
    const char *title; /* NULL: the register's */
    bool codes;        /* made for an import */
    size_t size;
    int64_t rows;
};

enum sheet_format sheet_asked(struct ctx *ctx)
{
    const char *format = param(ctx, "format");
    return format && (!strcmp(format, "xlsx") || !strcmp(format, "codes")) ? SHEET_XLSX : SHEET_CSV;
}

static void file_keep(struct ctx *ctx, const struct file *f)
{
    struct file *kept = ARENA_NEW(ctx->arena, struct file);
    *kept = *f;
    kept->bytes = arena_copyn(ctx->arena, f->bytes, f->size);
    ctx->work = kept;
}

void sheet_keep(struct ctx *ctx, struct sheet_writer *w, const char *kind, int64_t rows)
{
    sheet_keep_as(ctx, w, kind, NULL, rows);
}

void sheet_keep_as(struct ctx *ctx, struct sheet_writer *w, const char *kind, const char *title,
                   int64_t rows)
{
    const char *format = param(ctx, "format");
    struct file f = {.kind = kind,
                     .title = title,
                     .rows = rows,
                     .codes = format && !strcmp(format, "codes"),
                     .ending = sheet_asked(ctx) == SHEET_XLSX ? "xlsx" : "csv"};
    const char *why = NULL;
    char *bytes = sheet_write_close(w, &f.size, &why);
    if (!bytes) {
        ctx_fail(ctx, UNAVAILABLE, tr(ctx, why));
        return;
    }
    f.bytes = bytes;
    file_keep(ctx, &f);
    free(bytes);
}

static const char *file_type(const char *ending)
{
    return !strcmp(ending, "xlsx")
               ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
           : !strcmp(ending, "json") ? "application/json; charset=utf-8"
                                     : "text/csv; charset=utf-8";
}

/* 人员-2026-11-30.xlsx: what it is, as the reader calls it, and the day of its contents. */
static const char *file_name(struct ctx *ctx, const struct file *f)
{
    const struct kind *k = kind_find(f->kind);
    return arena_print(ctx->arena, "%s-%s%s.%s",
                       f->title ? f->title
                       : k      ? tr(ctx, k->many)
                                : say(ctx, "Audit log"),
                       f->codes ? say(ctx, "re-import-") : "", ctx_today(ctx), f->ending);
}

void file_send(struct ctx *ctx)
{
    const struct file *f = ctx->work;
    const char *q = query_param(ctx, "q");
    journal_note(ctx, f->kind, 0, "download", "{\"rows\":{},\"list\":{}}", f->rows,
                 url_with(ctx, "q", q && *q ? "…" : NULL)); /* it may be a telephone number */
    answer_download(ctx, file_name(ctx, f), file_type(f->ending));
    buf_put(ctx->web->out, f->bytes, f->size);
    ctx->key = NULL; /* a file is made anew, not stored for a repeated request */
}

/* Says of a kind with encrypted numbers what the files hold of them; NULL: it has none. */
static const char *sealed_note(struct ctx *ctx, const struct kind *k)
{
    for (int i = 0; k && i < k->field_count; i++)
        if ((k->fields[i].flags & SEALED) && !(k->fields[i].flags & HIDDEN))
            return say(ctx, "Phone and ID numbers are shown in part: reveal one on its record, "
                            "which is logged. The file for re-import leaves them out, and an "
                            "import of it keeps them.");
    return NULL;
}

void file_buttons(struct ctx *ctx, const char *at, const char *page, const struct kind *k)
{
    const char *note = sealed_note(ctx, k);
    bool json = k != NULL;
    const char *const formats[][2] = {{"xlsx", "Excel"},
                                      {"csv", "CSV"},
                                      {"codes", say(ctx, "Excel, for re-import")},
                                      {"json", "JSON"}};
    struct buf *out = ctx->web->out;
    const char *query = strchr(url_with(ctx, page, NULL), '?');
    html(out,
         "<details class=\"menu\"><summary>{} {}</summary><div><form method=\"post\" "
         "action=\"{}{}\">",
         icon(ctx, "download"), say(ctx, "Download"), at, query ? query : "");
    if (ctx->web->csrf)
        html(out, "<input type=\"hidden\" name=\"_csrf\" value=\"{}\">", ctx->web->csrf);
    for (int i = 0; i < (json ? 4 : 2); i++)
        html(out, "<button name=\"format\" value=\"{}\">{} {}</button>", formats[i][0],
             icon(ctx, "file-spreadsheet"), formats[i][1]);
    html(out, "</form>");
    if (note)
        html(out, "<p class=\"small\">{}</p>", note);
    html(out, "</div></details>");
}

/* ---- the registers there are ---- */

#define REGISTERS_ROLES (ROLES_READERS | ROLE_ADMIN)

static void registers(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Registers"), PAGE_STAFF);
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header><ul class=\"places\">",
         say(ctx, "Registers"), say(ctx, "Enter once, use everywhere."));
    const struct kind *const *all = modules_kinds();
    for (int i = 0; all[i]; i++) {
        const struct kind *k = all[i];
        if (!k->about || !(k->read & ctx->actor.roles))
            continue;
        struct list l;
        list_init(ctx, &l, k);
        int64_t n = list_count(ctx, &l);
        sql_release(&l.where);
        html(out, "<li><a href=\"{}\"><b>{}</b> <span class=\"count\">{}</span><i>{}</i></a></li>",
             kind_href(ctx, k), tr(ctx, k->many), n, tr(ctx, k->about));
    }
    buf_puts(out, "</ul>");
    page_end(ctx);
}

/* ---- the head of a list ---- */

static void list_head(struct ctx *ctx, const struct kind *k)
{
    struct buf *out = ctx->web->out;
    const struct register_view view = view_of(k);
    if (ctx->actor.roles & REGISTERS_ROLES)
        trail(ctx, "/registers", say(ctx, "Registers"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p><div class=\"acts\">",
         tr(ctx, k->many), tr(ctx, k->about));
    if (kind_may_write(ctx, k) && !view.closed)
        html(out, "<a class=\"button primary\" href=\"{}\" data-key=\"n\">{} {}</a>",
             view.fresh ? view.fresh : arena_print(ctx->arena, "/registers/%s/new", k->name),
             icon(ctx, "plus"), say(ctx, "New entry"));
    file_buttons(ctx, arena_print(ctx->arena, "/registers/%s/download", k->name), "page", k);
    buf_puts(out, "</div></header>");
}

/* ---- filters ---- */

static void filter_choice(struct ctx *ctx, const struct field *f)
{
    struct buf *out = ctx->web->out;
    const char *chosen = query_param(ctx, f->name);
    const struct kind *k = f->type == F_REF || (f->type == F_TAGS && f->ref) ? kind_find(f->ref)
                                                                             : NULL;
    html(out, "<label>{} <select name=\"{}\" data-go><option value=\"\">{}</option>",
         tr(ctx, f->label), f->name, say(ctx, "All"));
    if (f->type == F_BOOL) {
        html(out, "<option value=\"1\"{}>{}</option><option value=\"0\"{}>{}</option>",
             (struct markup){chosen && !strcmp(chosen, "1") ? " selected" : ""}, say(ctx, "yes"),
             (struct markup){chosen && !strcmp(chosen, "0") ? " selected" : ""}, say(ctx, "no"));
    } else if (f->choices) {
        for (const struct choice *c = f->choices; c->code; c++)
            html(out, "<option value=\"{}\"{}>{}</option>", c->code,
                 (struct markup){chosen && !strcmp(chosen, c->code) ? " selected" : ""},
                 tr(ctx, c->label));
    } else if (k) {
        form_options(ctx, out, k, chosen);
    }
    buf_puts(out, "</select></label>");
}

/* A reference to a long register is typed, with suggestions, as in its form. */
static bool filter_typed(struct ctx *ctx, const struct field *f)
{
    const struct kind *k = f->ref ? kind_find(f->ref) : NULL;
    if (!k ||
        query_int(ctx->db, "SELECT count(*) AS n FROM (SELECT 1 AS one FROM {} LIMIT {}) AS part",
                  (struct sql_name){k->table}, FORM_SELECT_MOST + 1) <= FORM_SELECT_MOST)
        return false;
    html(ctx->web->out,
         "<label>{} <input name=\"{}\" value=\"{}\" maxlength=\"200\" autocomplete=\"off\" "
         "list=\"f-{}-l\" data-suggest=\"/registers/{}/suggest\" data-go></label>"
         "<datalist id=\"f-{}-l\"></datalist>",
         tr(ctx, f->label), f->name, query_param(ctx, f->name), f->name, f->ref, f->name);
    return true;
}

static void filter_span(struct ctx *ctx, const struct field *f)
{
    for (int end = 0; end < 2; end++) {
        const char *name = arena_print(ctx->arena, end ? "%s_to" : "%s_from", f->name);
        html(ctx->web->out,
             "<label>{} <input type=\"date\" name=\"{}\" value=\"{}\" data-go></label>",
             end ? say(ctx, "to") : say(ctx, "{} from", tr(ctx, f->label)), name,
             query_param(ctx, name));
    }
}

/* What the search box finds. */
static const char *search_words(struct ctx *ctx, const struct kind *k)
{
    const struct field *title = kind_field(k, kind_title(k)), *phone = kind_field(k, "phone");
    if (kind_field(k, "pinyin"))
        return phone && (phone->flags & SEALED) && kind_reveals(ctx, k)
                   ? say(ctx, "Name, pinyin or full phone number")
                   : say(ctx, "Name or pinyin");
    return title->type == F_TEXT ? say(ctx, "Name or code") : say(ctx, "Code");
}

static int filters_set(struct ctx *ctx, const struct field *f)
{
    const char *const names[] = {f->name, arena_print(ctx->arena, "%s_from", f->name),
                                 arena_print(ctx->arena, "%s_to", f->name)};
    int n = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        n += query_param(ctx, names[i]) && !text_blank(query_param(ctx, names[i]));
    return n;
}

/* One button on a phone, with the number of filters that are set; a row where there is room. */
static void filters_draw(struct ctx *ctx, const struct kind *k)
{
    struct buf *out = ctx->web->out;
    int n = 0, set = 0;
    for (int i = 0; i < k->field_count; i++)
        if (browse_filters(&k->fields[i])) {
            n++;
            set += filters_set(ctx, &k->fields[i]);
        }
    if (!n)
        return;
    html(out, "<details class=\"narrow row\"><summary>{} {}", icon(ctx, "filter"),
         say(ctx, "Filter"));
    if (set)
        html(out, " <b>{}</b>", say_n(ctx, set, "1 active", "{} active", set));
    buf_puts(out, "</summary><div class=\"bar\">");
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (!browse_filters(f))
            continue;
        if (f->type == F_DATE || f->type == F_TIME)
            filter_span(ctx, f);
        else if (!filter_typed(ctx, f))
            filter_choice(ctx, f);
    }
    html(out, "<button>{}</button></div></details>", say(ctx, "Apply"));
}

static void filters(struct ctx *ctx, const struct kind *k, bool narrowed)
{
    struct buf *out = ctx->web->out;
    find_begin(ctx, "bar", arena_print(ctx->arena, "/registers/%s", k->name));
    html(out,
         "<span class=\"search\"><label class=\"sr\" for=\"q\">{}</label>"
         "<input id=\"q\" type=\"search\" name=\"q\" value=\"{}\" placeholder=\"{}\" "
         "maxlength=\"100\" data-search><button>{} {}</button></span>",
         say(ctx, "Search {}", tr(ctx, k->many)), query_param(ctx, "q"), search_words(ctx, k),
         icon(ctx, "search"), say(ctx, "Search"));
    filters_draw(ctx, k);
    if (query_param(ctx, "sort"))
        html(out, "<input type=\"hidden\" name=\"sort\" value=\"{}\">", query_param(ctx, "sort"));
    if (narrowed)
        html(out, "<a href=\"/registers/{}\">{}</a>", k->name, say(ctx, "Clear filters"));
    buf_puts(out, "</form>");
}

/* ---- rows ---- */

/* Long texts give way first; a table of few columns is no wider than they need (few). */
static const char *column_class(const struct kind *k, const struct field *f)
{
    if (!strcmp(f->name, kind_title(k)))
        return "main";
    if (!strcmp(f->name, k->code))
        return "no";
    if (f->listed)
        return "who";
    if (f->type == F_TIME || f->type == F_DATE)
        return f->type == F_TIME ? "when time" : "when";
    if (f->type == F_INT || f->type == F_REAL)
        return "num";
    return f->type == F_CHOICE || f->type == F_BOOL ? "kind-col"
           : f->type == F_TEXT                      ? "text-col less"
           : f->type == F_PHONE                     ? "who tel"
                                                    : "who";
}

static bool is_column(const struct kind *k, const struct field *f)
{
    return ((f->flags & LISTED) || !strcmp(f->name, kind_title(k))) && !(f->flags & HIDDEN);
}

static void head_cell(struct ctx *ctx, const struct kind *k, const struct browse *b,
                      const struct field *f)
{
    struct buf *out = ctx->web->out;
    bool sorted = b->sort && b->sort == f;
    html(out, "<th scope=\"col\" class=\"{}\"", column_class(k, f));
    if (sorted)
        html(out, " aria-sort=\"{}\"", b->down ? "descending" : "ascending");
    if (browse_sorts(k, f))
        html(out, "><a href=\"{}\">{}</a></th>",
             url_with(ctx, "sort",
                      sorted && !b->down ? arena_print(ctx->arena, "-%s", f->name) : f->name),
             tr(ctx, f->column ? f->column : f->label));
    else
        html(out, ">{}</th>", tr(ctx, f->column ? f->column : f->label));
}

static const char *cell_text(struct ctx *ctx, const struct field *f, const void *record)
{
    return f->listed ? f->listed(ctx, record) : field_show_masked(ctx, f, record);
}

static struct markup value_icon(struct ctx *ctx, const struct field *f, const void *record)
{
    const char *name = f && (f->flags & ICON) ? field_text(f, record) : NULL;
    return name ? icon(ctx, name) : (struct markup){NULL};
}

static const struct field *icon_field(const struct kind *k)
{
    for (int i = 0; i < k->field_count; i++)
        if (k->fields[i].flags & ICON)
            return &k->fields[i];
    return NULL;
}

static void body_row(struct ctx *ctx, const struct kind *k, const struct record *r)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<tr>");
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (!is_column(k, f))
            continue;
        if (!strcmp(f->name, kind_title(k)))
            html(out, "<td class=\"main\"><a href=\"/registers/{}/{}\">{} {}</a></td>", k->name,
                 r->id, value_icon(ctx, icon_field(k), r), record_title(ctx, k, r));
        else
            html(out, "<td class=\"{}\">{}</td>", column_class(k, f), cell_text(ctx, f, r));
    }
    if (view_of(k).column)
        html(out, "<td class=\"long-when\">{}</td>", view_of(k).cell(ctx, r));
    buf_puts(out, "</tr>");
}

static void table_draw(struct ctx *ctx, const struct kind *k, struct browse *b)
{
    struct buf *out = ctx->web->out;
    int columns = view_of(k).column != NULL;
    for (int i = 0; i < k->field_count; i++)
        columns += is_column(k, &k->fields[i]);
    html(out, "<table class=\"list register{}\"><caption class=\"sr\">{}</caption><thead><tr>",
         (struct markup){columns < 5 ? " few" : ""}, tr(ctx, k->many));
    for (int i = 0; i < k->field_count; i++)
        if (is_column(k, &k->fields[i]))
            head_cell(ctx, k, b, &k->fields[i]);
    if (view_of(k).column)
        html(out, "<th scope=\"col\" class=\"long-when\">{}</th>", tr(ctx, view_of(k).column));
    buf_puts(out, "</tr></thead><tbody>");
    struct rows *rows = list_run(ctx, &b->list);
    for (struct record *r; (r = list_next(ctx, k, rows, ctx->arena)) != NULL;)
        body_row(ctx, k, r);
    buf_puts(out, "</tbody></table>");
}

/* ---- a tree ---- */

#define TREE_MOST 2000

static bool is_tree(const struct kind *k)
{
    const struct field *parent = kind_field(k, "parent");
    return parent && parent->type == F_REF && !strcmp(parent->ref, k->name);
}

static int by_record_id(const void *a, const void *b)
{
    int64_t x = (*(struct record *const *)a)->id, y = (*(struct record *const *)b)->id;
    return (x > y) - (x < y);
}

/* All records of the tree by id, so that each branch finds its own. */
static struct record **tree_records(struct ctx *ctx, const struct kind *k, int count)
{
    struct record **all = ARENA_ARRAY(ctx->arena, struct record *, count + 1);
    struct list l;
    list_init(ctx, &l, k);
    l.limit = count;
    struct rows *rows = list_run(ctx, &l);
    int n = 0;
    for (struct record *r; n < count && (r = list_next(ctx, k, rows, ctx->arena)) != NULL;)
        all[n++] = r;
    rows_end(rows);
    qsort(all, (size_t)n, sizeof(struct record *), by_record_id);
    return n == count ? all : NULL;
}

static void branch_facts(struct ctx *ctx, const struct kind *k, const struct record *r,
                         bool out_of_use)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, " <span class=\"small\">");
    bool first = true;
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        bool validity = !strcmp(f->name, "valid_to");
        if ((!(f->flags & LISTED) && !validity) || !strcmp(f->name, "parent") ||
            !strcmp(f->name, kind_title(k)) || (f->flags & SEALED) || field_missing(f, r))
            continue;
        html(out, "{}{}{}", first ? "" : " · ",
             validity ? arena_print(ctx->arena, "%s ", tr(ctx, f->label)) : "",
             field_show(ctx, f, r));
        first = false;
    }
    buf_puts(out, "</span>");
    if (out_of_use)
        html(out, " <span class=\"state wait\">{}</span>", say(ctx, "inactive"));
}

static void branch_draw(struct ctx *ctx, const struct kind *k, const struct branch *b,
                        const struct record *r)
{
    html(ctx->web->out, "<p class=\"screen\"><a href=\"/registers/{}/{}\">{} {}</a>", k->name,
         r->id, value_icon(ctx, icon_field(k), r), b->label);
    branch_facts(ctx, k, r, b->out_of_use);
    buf_puts(ctx->web->out, "</p>");
}

/* Returns false if there are too many for a tree. */
static bool tree_draw(struct ctx *ctx, const struct kind *k)
{
    struct buf *out = ctx->web->out;
    int n;
    const struct branch *list = branches(ctx, k, TREE_MOST, &n);
    struct record **all = list ? tree_records(ctx, k, n) : NULL;
    if (!all)
        return false;
    buf_puts(out, "<ul class=\"tree\">");
    for (int i = 0; i < n; i++) {
        struct record key = {.id = list[i].id}, *want = &key;
        struct record **found = bsearch(&want, all, (size_t)n, sizeof(struct record *),
                                        by_record_id);
        int next = i + 1 < n ? list[i + 1].depth : 0, below = 0;
        for (int j = i + 1; j < n && list[j].depth > list[i].depth; j++)
            below += list[j].depth == list[i].depth + 1;
        buf_puts(out, "<li>");
        if (found)
            branch_draw(ctx, k, &list[i], *found);
        if (below)
            html(out, "<details{}><summary>{}</summary><ul>",
                 (struct markup){list[i].depth == 0 && n < 300 ? " open" : ""},
                 say_n(ctx, below, "1 sub-entry", "{} sub-entries", below));
        else
            buf_puts(out, "</li>");
        for (int d = list[i].depth; !below && d > next; d--)
            buf_puts(out, "</ul></details></li>");
    }
    buf_puts(out, "</ul>");
    return true;
}

static void list_or_tree(struct ctx *ctx, const struct kind *k)
{
    const char *as = query_param(ctx, "as");
    bool tree = !(as && !strcmp(as, "list")) && !query_param(ctx, "sort");
    html(ctx->web->out,
         "<nav class=\"filters\" aria-label=\"{}\"><a href=\"/registers/{}\"{}>{}</a><a "
         "href=\"/registers/{}?as=list\"{}>{}</a></nav>",
         say(ctx, "View as"), k->name, (struct markup){tree ? " aria-current=\"true\"" : ""},
         say(ctx, "Tree"), k->name, (struct markup){tree ? "" : " aria-current=\"true\""},
         say(ctx, "List"));
}

static void list_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct kind *k = ctx->web->kind;
    struct browse b;
    if (k->page) {
        see_other_write(ctx, k->home, NULL, 0);
        return;
    }
    browse_init(ctx, &b, k, query_param);
    page_begin(ctx, tr(ctx, k->many), PAGE_STAFF | PAGE_WIDE);
    list_head(ctx, k);
    printed_note(ctx, browse_narrowed(ctx, k, query_param));
    if (view_of(k).list)
        view_of(k).list(ctx);
    filters(ctx, k, b.narrowed);
    const char *as = query_param(ctx, "as");
    bool plain_list = b.narrowed || b.sort || (as && !strcmp(as, "list"));
    if (is_tree(k) && !b.narrowed && b.total)
        list_or_tree(ctx, k);
    if (b.total == 0) {
        html(out, "<div class=\"empty\">{}<p>{}</p></div>",
             icon(ctx, b.narrowed ? "list-search" : "inbox"),
             b.narrowed ? say(ctx, "No matches. Remove a filter or use fewer search words.")
                        : say(ctx, "No entries yet."));
    } else if (is_tree(k) && !plain_list && tree_draw(ctx, k)) {
        sql_release(&b.list.where);
        page_end(ctx);
        return;
    } else {
        table_draw(ctx, k, &b);
    }
    if (b.total == 0)
        sql_release(&b.list.where);
    else
        entries_pager(ctx, b.page, b.total);
    page_end(ctx);
}

/* As the reader sees it, so sealed values are masked. */
static void keep_json(struct ctx *ctx, struct list *l)
{
    struct file f = {.kind = l->kind->name, .ending = "json"};
    struct arena *whole = ctx->arena, *row = arena_new();
    struct buf out;
    buf_init(&out, 0);
    l->limit = SHEET_DOWNLOAD;
    l->offset = 0;
    struct rows *rows = list_run(ctx, l);
    ctx->arena = row;
    for (void *record; (record = list_next(ctx, l->kind, rows, row)) != NULL; arena_clear(row)) {
        buf_puts(&out, f.rows++ ? ",\n" : "[\n");
        record_json(ctx, &out, l->kind, record, false);
    }
    ctx->arena = whole;
    arena_free(row);
    buf_puts(&out, f.rows ? "\n]\n" : "[]\n");
    f.bytes = out.data;
    f.size = out.size;
    file_keep(ctx, &f);
    buf_release(&out);
}

static void download_prepare(struct ctx *ctx)
{
    const struct kind *k = ctx->web->kind;
    const char *format = param(ctx, "format");
    struct browse b;
    browse_init(ctx, &b, k, query_param);
    if (format && !strcmp(format, "json")) {
        keep_json(ctx, &b.list);
        return;
    }
    struct sheet_writer *w = sheet_write_open(sheet_asked(ctx));
    bool words = format && !strcmp(format, "xlsx");
    int64_t rows = (words ? browse_words : browse_sheet)(ctx, &b.list, w, SHEET_DOWNLOAD);
    sheet_keep(ctx, w, k->name, rows);
}

/* Suggestions while a reference is typed: <option>s of the nearest records. */
static void suggest(struct ctx *ctx)
{
    const struct kind *k = ctx->web->kind;
    struct browse b;
    browse_init(ctx, &b, k, query_param);
    b.list.limit = 20;
    const struct field *code = kind_field(k, k->code);
    struct rows *rows = list_run(ctx, &b.list);
    for (struct record *r; (r = list_next(ctx, k, rows, ctx->arena)) != NULL;) {
        const char *value = field_text(code, r);
        html(ctx->web->out, "<option value=\"{}\">{}</option>",
             value && !(code->flags & SEALED) ? value
                                              : arena_print(ctx->arena, "#%lld", (long long)r->id),
             record_title(ctx, k, r));
    }
}

/* ---- one record ---- */

static void draw_fact(struct ctx *ctx, const struct field *f, const void *record, bool clear)
{
    struct buf *out = ctx->web->out;
    const char *shown = clear ? field_show(ctx, f, record) : field_show_masked(ctx, f, record);
    if (!*shown || (f->flags & (INNER | HIDDEN)))
        return;
    const struct kind *k = f->type == F_REF ? kind_find(f->ref) : NULL;
    const char *href = k && (k->read & ctx->actor.roles) ? record_href(ctx, k, field_int(f, record))
                                                         : NULL;
    html(out, "<div><dt>{}</dt><dd{}>", tr(ctx, f->label),
         (struct markup){f->type == F_LONG ? " class=\"words\"" : ""});
    if (f->flags & ICON)
        html(out, "{} ", icon(ctx, shown));
    if (href)
        html(out, "<a href=\"{}\">{}</a></dd></div>", href, shown);
    else
        html(out, "{}</dd></div>", text_cut(ctx->arena, shown, 2000));
}

static void draw_facts(struct ctx *ctx, const struct kind *k, const void *record, bool clear)
{
    struct buf *out = ctx->web->out;
    bool open = false;
    for (int i = 0; i < k->field_count; i++) {
        if (k->fields[i].group || !open) {
            html(out, "{}", (struct markup){open ? "</dl></section>" : ""});
            html(out, "<section class=\"card\">");
            if (k->fields[i].group)
                html(out, "<h2>{}</h2>", tr(ctx, k->fields[i].group));
            buf_puts(out, "<dl class=\"facts\">");
            open = true;
        }
        draw_fact(ctx, &k->fields[i], record, clear);
    }
    buf_puts(out, open ? "</dl></section>" : "");
}

#define BELOW_MOST  500 /* drawn on one page; further ones are counted */
#define BELOW_DEPTH 8   /* deeper ones are found on the pages of those above them */

/* Those below a record, each with its own folded beneath it; *left: how many may still be drawn. */
static void below_draw(struct ctx *ctx, const struct kind *k, int64_t parent, int depth, int *left)
{
    struct buf *out = ctx->web->out;
    struct list l;
    struct record **all = NULL;
    int n = 0;
    list_init(ctx, &l, k);
    sql_add(&l.where, " AND parent = {}", parent);
    int64_t total = list_count(ctx, &l);
    l.limit = *left;
    struct rows *rows = list_run(ctx, &l);
    for (struct record *each; (each = list_next(ctx, k, rows, ctx->arena)) != NULL;)
        *ARENA_NEXT(ctx->arena, all, n) = each;
    *left -= n;
    if (n && depth > 0)
        html(out, "<details><summary>{}</summary>",
             say_n(ctx, total, "1 sub-entry", "{} sub-entries", total));
    html(out, "{}", (struct markup){depth == 0 ? "<ul class=\"tree\">" : n ? "<ul>" : ""});
    for (int i = 0; i < n; i++) {
        html(out, "<li><p><a href=\"/registers/{}/{}\">{} {}</a>", k->name, all[i]->id,
             value_icon(ctx, icon_field(k), all[i]), record_title(ctx, k, all[i]));
        branch_facts(ctx, k, all[i], false);
        buf_puts(out, "</p>");
        if (depth<BELOW_DEPTH && * left> 0)
            below_draw(ctx, k, all[i]->id, depth + 1, left);
        buf_puts(out, "</li>");
    }
    html(out, "{}", (struct markup){depth == 0 || n ? "</ul>" : ""});
    if (total > n)
        html(out, "<p class=\"small\">{}</p>", say(ctx, "and {} more", total - n));
    html(out, "{}", (struct markup){n && depth > 0 ? "</details>" : ""});
    if (!total && depth == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "None."));
}

static void draw_below(struct ctx *ctx, const struct kind *k, const struct record *r)
{
    struct buf *out = ctx->web->out;
    int left = BELOW_MOST;
    if (!is_tree(k))
        return;
    html(out, "<section><h2>{}</h2>", say(ctx, "Sub-entries"));
    below_draw(ctx, k, r->id, 0, &left);
    if (kind_may_write(ctx, k) && !view_of(k).closed)
        html(out, "<p class=\"screen\"><a href=\"/registers/{}/new?parent=%23{}\">{} {}</a></p>",
             k->name, r->id, icon(ctx, "plus"), say(ctx, "New sub-entry"));
    buf_puts(out, "</section>");
}

static void record_acts(struct ctx *ctx, const struct kind *k, const struct record *r)
{
    struct buf *out = ctx->web->out;
    bool sealed = false;
    for (int i = 0; i < k->field_count; i++)
        sealed |= (k->fields[i].flags & SEALED) && !field_missing(&k->fields[i], r);
    buf_puts(out, "<div class=\"acts\">");
    if (kind_may_write(ctx, k) && !view_of(k).closed)
        html(out, "<a class=\"button\" href=\"/registers/{}/{}/edit\" data-key=\"e\">{} {}</a>",
             k->name, r->id, icon(ctx, "edit"), say(ctx, "Edit"));
    if (view_of(k).acts)
        view_of(k).acts(ctx, r);
    if (sealed && (kind_reveals(ctx, k) || (ctx->actor.roles & ROLE_ADMIN))) {
        form_begin(ctx,
                   arena_print(ctx->arena, "/registers/%s/%lld/reveal", k->name, (long long)r->id),
                   NULL, false);
        html(out, "<button data-confirm=\"{}\">{} {}</button>",
             say(ctx, "Revealing full numbers is recorded in the audit log under your name."),
             icon(ctx, "eye"), say(ctx, "Reveal numbers"));
        form_end(ctx);
    }
    if (k->remove & ctx->actor.roles) {
        form_begin(ctx,
                   arena_print(ctx->arena, "/registers/%s/%lld/remove", k->name, (long long)r->id),
                   NULL, false);
        html(out,
             "<input type=\"hidden\" name=\"_version\" value=\"{}\"><button class=\"danger\" "
             "data-confirm=\"{}\">{} {}</button>",
             r->version, say(ctx, "Delete this entry? The audit log keeps its contents."),
             icon(ctx, "trash"), say(ctx, "Delete entry"));
        form_end(ctx);
    }
    buf_puts(out, "</div>");
}

static void record_draw(struct ctx *ctx, bool clear)
{
    struct buf *out = ctx->web->out;
    const struct kind *k = ctx->web->kind;
    const struct record *r = ctx->web->record;
    const struct field *code = kind_field(k, k->code);
    const char *name = record_title(ctx, k, r);
    page_begin(ctx, name, PAGE_STAFF);
    figure_trail(ctx, kind_href(ctx, k), tr(ctx, k->many));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}{}{}</p>", name,
         tr(ctx, k->one), strcmp(kind_title(k), k->code) ? " · " : "",
         strcmp(kind_title(k), k->code) ? field_show_masked(ctx, code, r) : "");
    record_acts(ctx, k, r);
    buf_puts(out, "</header>");
    form_problems(ctx);
    buf_puts(out, "<div class=\"record\"><div>");
    register_steps_draw(ctx, k, r);
    links_draw(ctx, k, r);
    if (view_of(k).detail)
        view_of(k).detail(ctx, r);
    draw_below(ctx, k, r);
    history_draw(ctx, k, r->id);
    html(out, "</div><aside aria-label=\"{}\">", say(ctx, "Key details"));
    draw_facts(ctx, k, r, clear);
    buf_puts(out, "</aside></div>");
    page_end(ctx);
}

void record_page(struct ctx *ctx)
{
    if (ctx->web->kind->page)
        see_other_write(ctx, record_href(ctx, ctx->web->kind, ctx->web->id), NULL, 0);
    else
        record_draw(ctx, false);
}

/* Revealed values are never stored, neither for a repeated request nor by the browser. */
static void reveal_prepare(struct ctx *ctx)
{
    ctx->key = NULL;
    if ((!kind_reveals(ctx, ctx->web->kind) && !(ctx->actor.roles & ROLE_ADMIN)) ||
        ctx->web->kind->page)
        ctx_fail(ctx, FORBIDDEN, NULL);
}

static void reveal(struct ctx *ctx)
{
    journal_add(ctx, ctx->web->kind->name, ctx->web->id, "reveal", NULL, NULL);
    record_draw(ctx, true);
}

static void remove_record(struct ctx *ctx)
{
    const struct kind *k = ctx->web->kind;
    struct record *r = record_load(ctx, k, ctx->web->id);
    if (!r) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    r->version = param_int(ctx, "_version");
    if (record_remove(ctx, k, r) != OK || (k->settle && k->settle(ctx, r, NULL) != OK))
        return;
    flash(ctx, say(ctx, "Deleted."));
    see_other_write(ctx, kind_href(ctx, k), NULL, 0);
}

static const struct route table[] = {
    ROUTE_GET("/registers", REGISTERS_ROLES, registers),
    ROUTE_GET("/registers/{name}", ROLES_SIGNED, list_page, .flags = KIND_READ),
    ROUTE_POST("/registers/{name}/download", ROLES_SIGNED, file_send, .prepare = download_prepare,
               .failed = list_page, .flags = KIND_READ | SLOW),
    ROUTE_GET("/registers/{name}/suggest", ROLES_SIGNED, suggest, .flags = KIND_READ),
    ROUTE_GET("/registers/{name}/{id}", ROLES_SIGNED, record_page, .flags = KIND_READ),
    ROUTE_POST("/registers/{name}/{id}/reveal", ROLES_SIGNED, reveal, .prepare = reveal_prepare,
               .flags = KIND_READ),
    ROUTE_POST("/registers/{name}/{id}/remove", ROLES_SIGNED, remove_record, .failed = record_page,
               .flags = KIND_REMOVE),
};

const struct module register_pages_module = {.name = "register_pages", .routes = ROUTES(table)};
