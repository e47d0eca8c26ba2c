/*
 * Forms made from a description. Each control keeps what was typed, even if it
 * is invalid. A browser's date or number control would drop that, so a field
 * with a problem is drawn as plain text.
 */
#include "kind/form.h"

#include "base/text.h"
#include "base/when.h"
#include "kind/browse.h"

#include <stdlib.h>
#include <string.h>

static bool form_takes(const struct field *f)
{
    return !(f->flags & (FIXED | HIDDEN));
}

void *form_new(struct ctx *ctx, const struct kind *k)
{
    void *record = record_new(ctx, k);
    for (int i = 0; i < k->field_count; i++)
        if (k->fields[i].type == F_BOOL && k->fields[i].min == 1)
            field_set(ctx, &k->fields[i], record, "1");
    return record;
}

/* ---- trees and choices ---- */

struct node {
    int64_t id;
    int at, child, last, next; /* indexes of rows; -1: none. child and last: of its children */
    bool written;
};

struct tree {
    struct branch *rows, *out;
    struct node *nodes;   /* by row */
    struct node **sorted; /* by id */
    int count, written;
};

static int by_id(const void *a, const void *b)
{
    int64_t x = (*(struct node *const *)a)->id, y = (*(struct node *const *)b)->id;
    return (x > y) - (x < y);
}

static void hang(struct tree *t, int i)
{
    struct node key = {.id = t->rows[i].parent}, *want = &key;
    struct node **above = key.id == NONE ? NULL
                                         : bsearch(&want, t->sorted, (size_t)t->count,
                                                   sizeof(struct node *), by_id);
    if (!above || *above == &t->nodes[i]) {
        t->rows[i].parent = NONE;
        return;
    }
    if ((*above)->child < 0)
        (*above)->child = i;
    else
        t->nodes[(*above)->last].next = i;
    (*above)->last = i;
}

/* Writes each record once, even if a parent is below its own child. */
static void write_branch(struct tree *t, int i, int depth)
{
    if (t->nodes[i].written)
        return;
    t->nodes[i].written = true;
    t->out[t->written] = t->rows[i];
    t->out[t->written++].depth = depth;
    for (int c = t->nodes[i].child; c >= 0 && depth < BRANCH_DEPTH_MOST; c = t->nodes[c].next)
        write_branch(t, c, depth + 1);
}

static const struct branch *in_tree_order(struct ctx *ctx, struct branch *rows, int count)
{
    struct tree t = {.rows = rows, .count = count};
    t.nodes = ARENA_ARRAY(ctx->arena, struct node, count + 1);
    t.sorted = ARENA_ARRAY(ctx->arena, struct node *, count + 1);
    t.out = ARENA_ARRAY(ctx->arena, struct branch, count + 1);
    for (int i = 0; i < count; i++) {
        t.nodes[i] = (struct node){rows[i].id, i, -1, -1, -1, false};
        t.sorted[i] = &t.nodes[i];
    }
    qsort(t.sorted, (size_t)count, sizeof(struct node *), by_id);
    for (int i = 0; i < count; i++)
        hang(&t, i);
    for (int i = 0; i < count; i++)
        if (rows[i].parent == NONE)
            write_branch(&t, i, 0);
    for (int i = 0; i < count; i++) /* too deep, or a cycle */
        write_branch(&t, i, 0);
    return t.out;
}

/* Selects 1 or 0: whether a record is still in use. */
static void add_use(struct ctx *ctx, struct sql *q, const struct kind *k)
{
    const char *today = ctx_today(ctx);
    if (kind_field(k, "valid_to"))
        sql_add(q,
                ", CASE WHEN (valid_to <> '' AND valid_to < {}) OR valid_from > {} THEN 1 ELSE 0 "
                "END AS unused",
                today, today);
    else if (kind_field(k, "valid"))
        sql_add(q, ", CASE WHEN valid = 0 THEN 1 ELSE 0 END AS unused");
    else if (kind_field(k, "active"))
        sql_add(q, ", CASE WHEN active = 0 THEN 1 ELSE 0 END AS unused");
    else
        sql_add(q, ", 0 AS unused");
}

static struct rows *branch_query(struct ctx *ctx, const struct kind *k, int most, const char *order)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    const struct field *parent = kind_field(k, "parent");
    const char *title = kind_field(k, kind_title(k))->type == F_REF ? k->code : kind_title(k);
    sql_add(
        &q, "SELECT id, {} AS code, {} AS title, {} AS title_en", (struct sql_name){k->code},
        (struct sql_name){title},
        (struct sql_name){kind_field(k, "name_en") && !strcmp(title, "name") ? "name_en" : title});
    if (parent && parent->type == F_REF && !strcmp(parent->ref, k->name))
        sql_add(&q, ", parent");
    else
        sql_add(&q, ", NULL AS parent");
    add_use(ctx, &q, k);
    sql_add(&q, " FROM {} WHERE 1 = 1", (struct sql_name){k->table});
    if (k->scope)
        k->scope(ctx, &q);
    sql_add(&q, " ORDER BY ");
    sql_write(&q, order, NULL, 0);
    if (most != BRANCHES_ALL)
        sql_add(&q, " LIMIT {}", most + 1);
    return sql_query(ctx->db, &q);
}

static const struct branch *branches_by(struct ctx *ctx, const struct kind *k, const char *order,
                                        int most, int *count)
{
    struct branch *rows = NULL;
    struct rows *r = branch_query(ctx, k, most, order);
    int n = 0;
    while (rows_next(r)) {
        struct branch *b = ARENA_NEXT(ctx->arena, rows, n);
        *b = (struct branch){.id = row_int(r, "id"),
                             .parent = row_int(r, "parent"),
                             .code = row_copy(r, ctx->arena, "code"),
                             .out_of_use = row_int(r, "unused") == 1};
        b->label = arena_copy(ctx->arena,
                              ctx_pick(ctx, row_text(r, "title"), row_text(r, "title_en")));
    }
    rows_end(r);
    *count = n;
    return n > most ? NULL : in_tree_order(ctx, rows, n);
}

const struct branch *branches(struct ctx *ctx, const struct kind *k, int most, int *count)
{
    return branches_by(ctx, k, k->order, most, count);
}

bool form_options(struct ctx *ctx, struct buf *out, const struct kind *k, const char *chosen)
{
    int n;
    const char *order = k->by_name ? arena_print(ctx->arena, "%s, id", browse_by_name(ctx, k))
                                   : k->order;
    const struct branch *list = branches_by(ctx, k, order, FORM_SELECT_MOST, &n);
    if (!list)
        return false;
    for (int i = 0; i < n; i++) {
        const char *value = list[i].code ? list[i].code
                                         : arena_print(ctx->arena, "#%lld", (long long)list[i].id);
        bool is = chosen &&
                  (!strcmp(chosen, value) ||
                   !strcmp(chosen, arena_print(ctx->arena, "#%lld", (long long)list[i].id)));
        if (list[i].out_of_use && !is)
            continue;
        html(out, "<option value=\"{}\"{}>", value, (struct markup){is ? " selected" : ""});
        for (int d = 0; d < list[i].depth; d++)
            buf_puts(out, "\xE3\x80\x80");
        html(out, "{}</option>", list[i].label ? list[i].label : value);
    }
    return true;
}

/* ---- controls ---- */

/* Writes what every control has: id, name, description, problem, and whether it is required. */
static void attributes(struct ctx *ctx, struct buf *out, const struct form *form,
                       const struct field *f)
{
    bool problem = ctx_problem_of(ctx, f->name) != NULL;
    html(out, " id=\"f-{}\" name=\"{}\"", f->name, f->name);
    if (f->hint || problem) {
        buf_puts(out, " aria-describedby=\"");
        if (f->hint)
            html(out, "f-{}-h", f->name);
        if (problem)
            html(out, "{}f-{}-p", f->hint ? " " : "", f->name);
        buf_putc(out, '"');
    }
    if (problem)
        buf_puts(out, " aria-invalid=\"true\"");
    bool held = (f->flags & SEALED) && !field_missing(f, form->record);
    if ((f->flags & REQUIRED) && f->type != F_BOOL && !held)
        buf_puts(out, " required");
}

static void draw_choices(struct ctx *ctx, struct buf *out, const struct form *form,
                         const struct field *f, const char *value)
{
    buf_puts(out, "<select");
    attributes(ctx, out, form, f);
    html(out, "><option value=\"\">{}</option>",
         f->flags & REQUIRED ? say(ctx, "Please choose") : say(ctx, "None"));
    for (const struct choice *c = f->choices; c->code; c++)
        html(out, "<option value=\"{}\"{}>{}</option>", c->code,
             (struct markup){!strcmp(c->code, value) ? " selected" : ""}, tr(ctx, c->label));
    buf_puts(out, "</select>");
}

/* Draws a reference: a short register as a list; a long one as a text field for
 * the code or name, with suggestions. */
static void draw_reference(struct ctx *ctx, struct buf *out, const struct form *form,
                           const struct field *f, const char *value)
{
    const struct kind *k = kind_find(f->ref);
    struct buf options;
    buf_init(&options, 0);
    if (k && form_options(ctx, &options, k, value)) {
        buf_puts(out, "<select");
        attributes(ctx, out, form, f);
        html(out, "><option value=\"\">{}</option>{}</select>",
             f->flags & REQUIRED ? say(ctx, "Please choose") : say(ctx, "None"),
             (struct markup){options.data});
    } else {
        buf_puts(out, "<input");
        attributes(ctx, out, form, f);
        html(out,
             " value=\"{}\" maxlength=\"200\" autocomplete=\"off\" list=\"f-{}-l\" "
             "data-suggest=\"/registers/{}/suggest\">"
             "<datalist id=\"f-{}-l\"></datalist>",
             value, f->name, f->ref, f->name);
    }
    buf_release(&options);
}

static void limits(struct buf *out, const struct field *f)
{
    int64_t most = f->max ? f->max : f->type == F_LONG ? FIELD_LONG_MOST : FIELD_TEXT_MOST;
    if (f->type == F_TEXT || f->type == F_LONG || f->type == F_CODE) {
        html(out, " maxlength=\"{}\"", most);
        if (f->min > 0)
            html(out, " minlength=\"{}\"", f->min);
    } else if ((f->type == F_INT || f->type == F_REAL) && (f->min || f->max)) {
        html(out, " min=\"{}\"", f->min);
        if (f->max)
            html(out, " max=\"{}\"", f->max);
    }
}

/* Draws the browser's control for the type; plain text if the typed value does
 * not fit it. */
static const char *input_type(struct ctx *ctx, const struct field *f)
{
    if (f->type == F_PHONE)
        return "tel\" inputmode=\"tel";
    if (ctx_problem_of(ctx, f->name))
        return "text";
    switch (f->type) {
    case F_INT:
        return "number\" step=\"1\" inputmode=\"numeric";
    case F_REAL:
        return "number\" step=\"any";
    case F_DATE:
        return "date";
    case F_TIME:
        return f->flags & DAY_END ? "date" : "datetime-local\" step=\"1";
    default:
        return "text";
    }
}

static void draw_input(struct ctx *ctx, struct buf *out, const struct form *form,
                       const struct field *f, const char *value)
{
    html(out, "<input type=\"{}\"", (struct markup){input_type(ctx, f)});
    attributes(ctx, out, form, f);
    limits(out, f);
    if (f->type == F_CODE)
        buf_puts(out, " autocapitalize=\"none\" spellcheck=\"false\"");
    if (f->flags & SEALED)
        html(out, " autocomplete=\"off\" placeholder=\"{}\"",
             field_show_masked(ctx, f, form->record));
    html(out, " value=\"{}\">", value);
    if ((f->flags & SEALED) && !(f->flags & REQUIRED) && !field_missing(f, form->record))
        html(out,
             "<label class=\"check\"><input type=\"checkbox\" name=\"{}_clear\" value=\"1\"> "
             "{}</label>",
             f->name, say(ctx, "Clear saved value"));
}

static void draw_control(struct ctx *ctx, struct buf *out, const struct form *form,
                         const struct field *f, const char *value)
{
    if (form->control && form->control(ctx, out, f, value))
        return;
    switch (f->type) {
    case F_CHOICE:
        draw_choices(ctx, out, form, f, value);
        return;
    case F_REF:
        draw_reference(ctx, out, form, f, value);
        return;
    case F_LONG:
        buf_puts(out, "<textarea");
        attributes(ctx, out, form, f);
        limits(out, f);
        html(out, ">\n{}</textarea>", value);
        return;
    default:
        draw_input(ctx, out, form, f, value);
        return;
    }
}

static void draw_remarks(struct ctx *ctx, struct buf *out, const struct form *form,
                         const struct field *f)
{
    const char *problem = ctx_problem_of(ctx, f->name),
               *note = form->note ? form->note(ctx, form, f) : NULL;
    if (problem)
        html(out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", f->name,
             form->icon ? form->icon(ctx, "alert-circle") : (struct markup){NULL}, problem);
    if (note)
        html(out, "<p class=\"hint\">{}</p>", note);
}

/* ---- several of a list ---- */

/* Returns whether the check box of a code is ticked: as sent, or as stored if
 * the form was not sent. */
static bool ticked(struct ctx *ctx, const struct form *form, const struct field *f,
                   const char *code)
{
    if (form->typed && form->typed(ctx, f->name))
        return form->typed(ctx, arena_print(ctx->arena, "%s.%s", f->name, code)) != NULL;
    const char *stored = field_text(f, form->record);
    return stored && tags_have(stored, code);
}

static void draw_box(struct ctx *ctx, struct buf *out, const struct form *form,
                     const struct field *f, const char *code, const char *label)
{
    html(out,
         "<label class=\"check\"><input type=\"checkbox\" name=\"{}.{}\" value=\"1\"{}> {}</label>",
         f->name, code, (struct markup){ticked(ctx, form, f, code) ? " checked" : ""}, label);
}

static void draw_tags(struct ctx *ctx, struct buf *out, const struct form *form,
                      const struct field *f)
{
    const struct kind *k = f->ref ? kind_find(f->ref) : NULL;
    html(out, "<fieldset class=\"field whole\" id=\"f-{}\"><legend>{}", f->name, tr(ctx, f->label));
    if (!(f->flags & REQUIRED))
        html(out, " <i>{}</i>", say(ctx, "optional"));
    html(out, "</legend><input type=\"hidden\" name=\"{}\" value=\"\"><div class=\"checks\">",
         f->name);
    if (f->hint)
        html(out, "<p class=\"hint\">{}</p>", tr(ctx, f->hint));
    for (const struct choice *c = f->choices; c && c->code; c++)
        draw_box(ctx, out, form, f, c->code, tr(ctx, c->label));
    int n = 0;
    const struct branch *list = k ? branches(ctx, k, BRANCHES_ALL, &n) : NULL;
    for (int i = 0; list && i < n; i++)
        if (list[i].code && (!list[i].out_of_use || ticked(ctx, form, f, list[i].code)))
            draw_box(ctx, out, form, f, list[i].code, list[i].label);
    buf_puts(out, "</div>");
    draw_remarks(ctx, out, form, f);
    buf_puts(out, "</fieldset>");
}

/* Joins the ticked codes for field_set. */
static const char *tags_typed(struct ctx *ctx, const struct field *f, form_value *typed)
{
    const char *text = "";
    int n = 0;
    for (const struct choice *c = f->choices; c && c->code; c++)
        if (typed(ctx, arena_print(ctx->arena, "%s.%s", f->name, c->code)))
            text = arena_print(ctx->arena, "%s%s,", text, c->code);
    const struct kind *k = f->ref ? kind_find(f->ref) : NULL;
    const struct branch *list = k ? branches(ctx, k, BRANCHES_ALL, &n) : NULL;
    for (int i = 0; list && i < n; i++)
        if (list[i].code && typed(ctx, arena_print(ctx->arena, "%s.%s", f->name, list[i].code)))
            text = arena_print(ctx->arena, "%s%s,", text, list[i].code);
    return text;
}

static void read_field(struct ctx *ctx, const struct field *f, void *record, form_value *typed)
{
    const char *s = form_takes(f) ? typed(ctx, f->name) : NULL;
    if (!s)
        return;
    if (f->type == F_TAGS && text_blank(s))
        s = tags_typed(ctx, f, typed);
    bool keep = (f->flags & SEALED) && text_blank(s) &&
                !typed(ctx, arena_print(ctx->arena, "%s_clear", f->name));
    if (!keep)
        field_set(ctx, f, record, s);
}

void form_read(struct ctx *ctx, const struct kind *k, void *record, form_value *typed)
{
    for (int i = 0; i < k->field_count; i++)
        read_field(ctx, &k->fields[i], record, typed);
}

void form_read_fields(struct ctx *ctx, const struct field *fields, void *record, form_value *typed)
{
    for (const struct field *f = fields; f && f->name; f++)
        read_field(ctx, f, record, typed);
}

/* The value to show: what was typed, otherwise the record's. An encrypted value is never sent
 * to the browser. */
static const char *value_of(struct ctx *ctx, const struct form *form, const struct field *f)
{
    const char *typed = form->typed ? form->typed(ctx, f->name) : NULL;
    if (typed)
        return typed;
    if (f->flags & SEALED)
        return "";
    const char *s = field_typed(ctx, f, form->record);
    if (f->type == F_TIME && strlen(s) > 10)
        ((char *)(uintptr_t)s)[10] = f->flags & DAY_END ? '\0' : 'T';
    return s;
}

static void draw_tick(struct ctx *ctx, struct buf *out, const struct form *form,
                      const struct field *f, const char *value)
{
    buf_puts(out,
             "<div class=\"field\"><label class=\"check\"><input type=\"checkbox\" value=\"1\"");
    attributes(ctx, out, form, f);
    html(out, "{}> {}</label><input type=\"hidden\" name=\"{}\" value=\"0\">",
         (struct markup){!strcmp(value, "1") ? " checked" : ""}, tr(ctx, f->label), f->name);
    if (f->hint)
        html(out, "<p class=\"hint\" id=\"f-{}-h\">{}</p>", f->name, tr(ctx, f->hint));
    draw_remarks(ctx, out, form, f);
    buf_puts(out, "</div>");
}

void form_field(struct ctx *ctx, struct buf *out, const struct form *form, const struct field *f)
{
    const char *value = value_of(ctx, form, f);
    if (f->type == F_BOOL) {
        draw_tick(ctx, out, form, f, value);
        return;
    }
    if (f->type == F_TAGS) {
        draw_tags(ctx, out, form, f);
        return;
    }
    bool whole = f->type == F_LONG || (f->flags & ICON);
    html(out, "<div class=\"field{}\"><label for=\"f-{}\">{}",
         (struct markup){whole ? " whole" : ""}, f->name, tr(ctx, f->label));
    if (!(f->flags & REQUIRED))
        html(out, " <i>{}</i>", say(ctx, "optional"));
    buf_puts(out, "</label>");
    if (f->hint)
        html(out, "<p class=\"hint\" id=\"f-{}-h\">{}</p>", f->name, tr(ctx, f->hint));
    draw_control(ctx, out, form, f, value);
    draw_remarks(ctx, out, form, f);
    buf_puts(out, "</div>");
}

bool form_english_field(const struct field *f)
{
    size_t n = strlen(f->name);
    return n > 3 && !strcmp(f->name + n - 3, "_en");
}

/* What is in English follows the rest, folded to a line that says how much of it is filled in. */
void form_english(struct ctx *ctx, struct buf *out, const struct form *list, int count,
                  const struct field *const *fields)
{
    int n = 0, filled = 0;
    bool open = false;
    for (int i = 0; i < count; i++) {
        n += form_english_field(fields[i]);
        filled += form_english_field(fields[i]) && *value_of(ctx, &list[i], fields[i]);
        open |= form_english_field(fields[i]) && ctx_problem_of(ctx, fields[i]->name);
    }
    if (!n)
        return;
    html(out, "<details class=\"fold english\"{}><summary>{}<i>{}</i></summary>",
         (struct markup){open ? " open" : ""}, say(ctx, "English version"),
         filled ? say(ctx, "{} of {} filled in", filled, n) : say(ctx, "optional"));
    for (int i = 0; i < count; i++)
        if (form_english_field(fields[i]))
            form_field(ctx, out, &list[i], fields[i]);
    buf_puts(out, "</details>");
}

static void english(struct ctx *ctx, struct buf *out, const struct form *form)
{
    const int most = form->kind->field_count;
    struct form *forms = ARENA_ARRAY(ctx->arena, struct form, most + 1);
    const struct field **fields = ARENA_ARRAY(ctx->arena, const struct field *, most + 1);
    int n = 0;
    for (int i = 0; i < most; i++)
        if (form_takes(&form->kind->fields[i]) && form_english_field(&form->kind->fields[i])) {
            forms[n] = *form;
            fields[n++] = &form->kind->fields[i];
        }
    form_english(ctx, out, forms, n, fields);
}

void form_fields(struct ctx *ctx, struct buf *out, const struct form *form)
{
    const char *heading = NULL;
    bool open = false;
    for (int i = 0; i < form->kind->field_count; i++) {
        const struct field *f = &form->kind->fields[i];
        if (f->group)
            heading = f->group;
        if (!form_takes(f) || form_english_field(f))
            continue;
        if (heading || !open) {
            html(out, "{}<div class=\"group\">", (struct markup){open ? "</div>" : ""});
            if (heading)
                html(out, "<h2>{}</h2>", tr(ctx, heading));
            heading = NULL;
            open = true;
        }
        form_field(ctx, out, form, f);
    }
    if (open)
        buf_puts(out, "</div>");
    english(ctx, out, form);
}
