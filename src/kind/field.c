/*
 * One field of a record: reading what was typed, checking it against the
 * description, and showing it. Every message names what is expected.
 * Values live in the context's arena.
 */
#include "kind/json.h"

#include "base/code.h"
#include "base/text.h"
#include "base/when.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *slot(const struct field *f, void *record)
{
    return (char *)record + f->offset;
}

bool field_is_text(const struct field *f)
{
    return f->type == F_TEXT || f->type == F_LONG || f->type == F_CODE || f->type == F_CHOICE || f->type == F_PHONE || f->type == F_DATE ||
           f->type == F_TAGS;
}

const char *field_text(const struct field *f, const void *record)
{
    return field_is_text(f) ? *(const char *const *)slot(f, (void *)(uintptr_t)record) : NULL;
}

int64_t field_int(const struct field *f, const void *record)
{
    return field_is_text(f) || f->type == F_REAL ? NONE : *(const int64_t *)slot(f, (void *)(uintptr_t)record);
}

const char *field_label(const struct ctx *ctx, const struct field *f)
{
    const char *own = ctx_label(ctx, ctx->labels, f->name);
    return own ? own : tr(ctx, f->label);
}

static bool refuse(struct ctx *ctx, const struct field *f, const char *text)
{
    ctx_problem(ctx, f->name, text);
    return false;
}

static bool set_length(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    int64_t most = f->max ? f->max : f->type == F_LONG ? FIELD_LONG_MOST : FIELD_TEXT_MOST;
    int64_t n = (int64_t)text_length(typed);
    if (n > most)
        return refuse(ctx, f, say(ctx, "{}: at most {} characters, please; it has {}.", field_label(ctx, f), most, n));
    if (n < f->min)
        return refuse(ctx, f, say(ctx, "{}: at least {} characters, please.", field_label(ctx, f), f->min));
    *(const char **)slot(f, record) = arena_copy(ctx->arena, typed);
    return true;
}

static bool is_choice(struct ctx *ctx, const struct choice *c, const char *typed)
{
    return !strcmp(c->code, typed) || !strcmp(c->label, typed) || !strcmp(tr(ctx, c->label), typed);
}

static bool set_choice(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    for (const struct choice *c = f->choices; c->code; c++)
        if (is_choice(ctx, c, typed)) {
            *(const char **)slot(f, record) = c->code;
            return true;
        }
    return refuse(ctx, f, say(ctx, "{}: “{}” is not one of the choices.", field_label(ctx, f), typed));
}

static bool set_whole(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    char *end;
    errno = 0;
    int64_t v = strtoll(typed, &end, 10);
    if (errno || end == typed || *end)
        return refuse(ctx, f, say(ctx, "{}: a whole number is expected, not “{}”.", field_label(ctx, f), typed));
    if ((f->max || f->min) && (v < f->min || (f->max && v > f->max)))
        return refuse(ctx, f, say(ctx, "{}: a number from {} to {} is expected.", field_label(ctx, f), f->min, f->max));
    *(int64_t *)slot(f, record) = v;
    return true;
}

static bool set_real(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    char *end;
    double v = strtod(typed, &end);
    if (end == typed || *end || !isfinite(v) || ((f->max || f->min) && (v < (double)f->min || v > (double)f->max)))
        return refuse(ctx, f, say(ctx, "{}: a number from {} to {} is expected.", field_label(ctx, f), f->min, f->max));
    *(double *)slot(f, record) = v;
    return true;
}

static bool set_bool(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    static const char *const yes[] = {"1", "true", "yes", "on", "是", NULL};
    static const char *const no[] = {"0", "false", "no", "off", "否", NULL};
    for (int i = 0; yes[i]; i++) {
        if (!strcmp(typed, yes[i]) || !strcmp(typed, no[i])) {
            *(int64_t *)slot(f, record) = !strcmp(typed, yes[i]);
            return true;
        }
    }
    return refuse(ctx, f, say(ctx, "{}: yes or no is expected.", field_label(ctx, f)));
}

static bool set_time(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    int64_t t;
    if (!when_parse(typed, &t, NULL))
        return refuse(ctx, f, say(ctx, "{}: “{}” is not a date and time; 2026-03-05 14:30 would be one.", field_label(ctx, f), typed));
    *(int64_t *)slot(f, record) = t;
    return true;
}

static bool set_date(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    int64_t t;
    if (!day_parse(typed, &t))
        return refuse(ctx, f, say(ctx, "{}: “{}” is not a date that exists; 2026-03-05 would be one.", field_label(ctx, f), typed));
    *(const char **)slot(f, record) = day_iso(ctx->arena, t);
    return true;
}

static bool set_phone(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    const char *phone;
    if (code_phone(ctx->arena, typed, &phone) == PHONE_NONE)
        return refuse(ctx, f, say(ctx, "{}: a mobile number of 11 digits, or a landline with its area code, please.", field_label(ctx, f)));
    *(const char **)slot(f, record) = phone;
    return true;
}

/* Only among those that the actor may see: how many elsewhere have the name is not told either. */
static int64_t name_find(struct ctx *ctx, const struct kind *k, const char *typed, int64_t *same_name)
{
    struct sql q;
    int64_t id = NONE;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n, min(id) AS id FROM {} WHERE name = {}", (struct sql_name){k->table}, typed);
    if (k->scope && ctx->actor.grant_count)
        k->scope(ctx, &q);
    struct rows *r = sql_query(ctx->db, &q);
    if (rows_next(r)) {
        *same_name = row_int(r, "n");
        id = *same_name == 1 ? row_int(r, "id") : NONE;
    }
    rows_end(r);
    return id;
}

int64_t ref_find(struct ctx *ctx, const struct field *f, const char *typed, int64_t *same_name)
{
    const struct kind *k = kind_find(f->ref);
    *same_name = 0;
    if (!k)
        return NONE;
    struct sql_name table = {k->table};
    int64_t id = query_int(ctx->db, "SELECT id FROM {} WHERE {} = {}", table, (struct sql_name){k->code}, typed);
    const char *number = typed + (typed[0] == '#'); /* "#12" is the record 12, whatever is called 12 */
    size_t n = strlen(number);
    if ((id == NONE || number > typed) && n && n <= 18 && strspn(number, "0123456789") == n)
        id = query_int(ctx->db, "SELECT id FROM {} WHERE id = {}", table, (int64_t)strtoll(number, NULL, 10));
    const struct field *name = id == NONE ? kind_field(k, "name") : NULL;
    if (!name || (name->flags & SEALED))
        return id;
    return name_find(ctx, k, typed, same_name);
}

/* A reference is typed as the code that names the record, as its id, or as a name that only one record has. */
static bool set_ref(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    int64_t same_name, id = ref_find(ctx, f, typed, &same_name);
    if (id == NONE)
        return refuse(ctx, f,
                      same_name > 1 ? say(ctx, "{}: {} are called “{}”; give the code of the one that is meant.", field_label(ctx, f),
                                          same_name, typed)
                                    : say(ctx, "{}: there is no “{}”.", field_label(ctx, f), typed));
    *(int64_t *)slot(f, record) = id;
    return true;
}

static bool set_code(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    if (strspn(typed, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != strlen(typed))
        return refuse(ctx, f, say(ctx, "{}: only letters, digits, - _ and . please.", field_label(ctx, f)));
    return set_length(ctx, f, record, typed);
}

/* ---- several of a list ---- */

#define TAGS_MOST 40

const char *tags_next(struct arena *a, const char **at)
{
    const char *s = *at ? *at : "";
    s += strspn(s, "|");
    size_t n = strcspn(s, "|");
    *at = s + n;
    return n ? arena_copyn(a, s, n) : NULL;
}

bool tags_have(const char *stored, const char *code)
{
    size_t n = strlen(code);
    for (const char *s = stored; s && *s;) {
        s += strspn(s, "|");
        size_t len = strcspn(s, "|");
        if (len == n && n > 0 && !memcmp(s, code, n))
            return true;
        s += len;
    }
    return false;
}

/* The code that one typed tag means; NULL when it means none. */
static const char *tag_code(struct ctx *ctx, const struct field *f, const char *typed)
{
    for (const struct choice *c = f->choices; c && c->code; c++)
        if (is_choice(ctx, c, typed))
            return c->code;
    const struct kind *k = f->ref ? kind_find(f->ref) : NULL;
    if (!k)
        return NULL;
    struct rows *r = query(ctx->db, "SELECT {} AS code FROM {} WHERE {} = {} OR name = {}", (struct sql_name){k->code},
                           (struct sql_name){k->table}, (struct sql_name){k->code}, typed, typed);
    const char *code = rows_next(r) ? row_copy(r, ctx->arena, "code") : NULL;
    rows_end(r);
    return code;
}

static bool is_tag_gap(uint32_t c)
{
    return c == ',' || c == ';' || c == '|' || c == ' ' || c == '\n' || c == 0x3001 || c == 0xFF0C || c == 0xFF1B;
}

static bool set_tags(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    struct buf out;
    buf_init(&out, 4096);
    buf_putc(&out, '|');
    int count = 0;
    bool good = true;
    for (const char *s = typed, *next; *s && good; s = next) {
        const char *start = s;
        next = s;
        while (*s && !is_tag_gap(text_next(&next)))
            s = next;
        if (s == start)
            continue;
        const char *word = arena_copyn(ctx->arena, start, (size_t)(s - start)), *code = tag_code(ctx, f, word);
        if (!code || ++count > TAGS_MOST)
            good = refuse(ctx, f,
                          code ? say(ctx, "{}: at most {} at once, please.", field_label(ctx, f), TAGS_MOST)
                               : say(ctx, "{}: “{}” is not one of the choices.", field_label(ctx, f), word));
        else if (!tags_have(out.data, code))
            plain(&out, "{}|", code);
    }
    if (good)
        *(const char **)slot(f, record) = count ? arena_copyn(ctx->arena, out.data, out.size) : NULL;
    buf_release(&out);
    return good;
}

static void set_missing(const struct field *f, void *record)
{
    if (field_is_text(f))
        *(const char **)slot(f, record) = NULL;
    else if (f->type == F_REAL)
        *(double *)slot(f, record) = NAN;
    else
        *(int64_t *)slot(f, record) = NONE;
}

bool field_set(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    if (typed && !text_valid(typed, strlen(typed)))
        return refuse(ctx, f, say(ctx, "{}: the text is damaged (not UTF-8).", field_label(ctx, f)));
    const char *s = !typed ? "" : f->type == F_LONG ? text_tidy_lines(ctx->arena, typed) : text_tidy(ctx->arena, typed);
    if (!*s) {
        set_missing(f, record);
        return true;
    }
    switch (f->type) {
    case F_TEXT:
    case F_LONG:
        return set_length(ctx, f, record, s);
    case F_CODE:
        return set_code(ctx, f, record, s);
    case F_CHOICE:
        return set_choice(ctx, f, record, s);
    case F_PHONE:
        return set_phone(ctx, f, record, s);
    case F_INT:
        return set_whole(ctx, f, record, s);
    case F_BOOL:
        return set_bool(ctx, f, record, s);
    case F_TIME:
        return set_time(ctx, f, record, s);
    case F_DATE:
        return set_date(ctx, f, record, s);
    case F_REF:
        return set_ref(ctx, f, record, s);
    case F_REAL:
        return set_real(ctx, f, record, s);
    case F_TAGS:
        return set_tags(ctx, f, record, s);
    }
    return false;
}

/* A referred record is shown by its name in the reader's language, or by its code when it has no name. */
static const char *show_ref(struct ctx *ctx, const struct field *f, int64_t id)
{
    const struct kind *k = kind_find(f->ref);
    if (!k)
        return "";
    const char *title = kind_title(k), *english = !strcmp(title, "name") && kind_field(k, "name_en") ? "name_en" : title;
    struct rows *r = query(ctx->db, "SELECT {} AS code, {} AS title, {} AS title_en FROM {} WHERE id = {}", (struct sql_name){k->code},
                           (struct sql_name){title}, (struct sql_name){english}, (struct sql_name){k->table}, id);
    const char *shown = "";
    const struct field *by = kind_field(k, title);
    bool there = rows_next(r);
    if (there && by && by->type == F_REF) { /* known by what it refers to, in turn */
        shown = show_ref(ctx, by, row_int(r, "title"));
    } else if (there) {
        const char *best = ctx_pick(ctx, row_text(r, "title"), row_text(r, "title_en"));
        shown = arena_copy(ctx->arena, best ? best : row_text(r, "code"));
    }
    rows_end(r);
    return shown ? shown : "";
}

static const char *show_tag(struct ctx *ctx, const struct field *f, const char *code)
{
    for (const struct choice *c = f->choices; c && c->code; c++)
        if (!strcmp(c->code, code))
            return tr(ctx, c->label);
    const struct kind *k = f->ref ? kind_find(f->ref) : NULL;
    int64_t id = k ? query_int(ctx->db, "SELECT id FROM {} WHERE {} = {}", (struct sql_name){k->table}, (struct sql_name){k->code}, code)
                   : NONE;
    return id == NONE ? code : show_ref(ctx, f, id);
}

static const char *show_tags(struct ctx *ctx, const struct field *f, const char *stored)
{
    const char *shown = "", *gap = ctx->lang[0] == 'e' ? ", " : "、";
    for (const char *at = stored, *code; (code = tags_next(ctx->arena, &at)) != NULL;)
        shown = arena_print(ctx->arena, "%s%s%s", shown, *shown ? gap : "", show_tag(ctx, f, code));
    return shown;
}

const char *hours_text(struct ctx *ctx, int64_t seconds)
{
    int64_t minutes = seconds / 60, h = minutes / 60, m = minutes % 60;
    if (m == 0)
        return say(ctx, "{} h", h);
    return h == 0 ? say(ctx, "{} min", m) : say(ctx, "{} h {} min", h, m);
}

const char *field_show(struct ctx *ctx, const struct field *f, const void *record)
{
    if (f->shown)
        return f->shown(ctx, record);
    if (field_is_text(f)) {
        const char *s = field_text(f, record);
        int64_t day;
        if (f->type == F_TAGS)
            return show_tags(ctx, f, s);
        if (s && f->type == F_DATE && day_parse(s, &day))
            return day_show(ctx->arena, ctx->lang, day);
        if (s && f->type == F_CHOICE)
            for (const struct choice *c = f->choices; c->code; c++)
                if (!strcmp(c->code, s))
                    return tr(ctx, c->label);
        return s ? s : "";
    }
    if (f->type == F_REAL) {
        double d = *(const double *)slot(f, (void *)(uintptr_t)record);
        return isnan(d) ? "" : arena_print(ctx->arena, "%.6g", d);
    }
    int64_t v = field_int(f, record);
    if (v == NONE)
        return "";
    if (f->type == F_TIME)
        return when_show(ctx->arena, ctx->lang, v);
    if (f->type == F_BOOL)
        return v ? say(ctx, "yes") : say(ctx, "no");
    if (f->type == F_REF)
        return show_ref(ctx, f, v);
    return f->flags & SECONDS ? hours_text(ctx, v) : arena_print(ctx->arena, "%lld", (long long)v);
}

static const char *typed_tags(struct ctx *ctx, const char *stored)
{
    const char *text = "";
    for (const char *at = stored, *code; (code = tags_next(ctx->arena, &at)) != NULL;)
        text = arena_print(ctx->arena, "%s%s%s", text, *text ? ", " : "", code);
    return text;
}

const char *field_typed(struct ctx *ctx, const struct field *f, const void *record)
{
    if (field_missing(f, record))
        return "";
    if (f->type == F_TAGS)
        return typed_tags(ctx, field_text(f, record));
    if (field_is_text(f))
        return field_text(f, record);
    if (f->type == F_REAL)
        return arena_print(ctx->arena, "%.15g", *(const double *)slot(f, (void *)(uintptr_t)record));
    int64_t v = field_int(f, record);
    if (f->type == F_TIME) {
        struct civil c = civil_from_when(v);
        return arena_print(ctx->arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute, c.second);
    }
    const struct kind *k = f->type == F_REF ? kind_find(f->ref) : NULL;
    if (!k)
        return arena_print(ctx->arena, "%lld", (long long)v);
    struct rows *r = query(ctx->db, "SELECT {} AS code FROM {} WHERE id = {}", (struct sql_name){k->code}, (struct sql_name){k->table}, v);
    const char *code = rows_next(r) ? row_copy(r, ctx->arena, "code") : NULL;
    rows_end(r);
    return code ? code : arena_print(ctx->arena, "#%lld", (long long)v);
}

const char *field_show_masked(struct ctx *ctx, const struct field *f, const void *record)
{
    const char *s = f->flags & SEALED ? field_masked(ctx, f, record) : field_show(ctx, f, record);
    return s ? s : "";
}

const char *record_title(struct ctx *ctx, const struct kind *k, const void *record)
{
    const struct field *f = kind_field(k, kind_title(k)), *english = !strcmp(f->name, "name") ? kind_field(k, "name_en") : NULL;
    const char *shown = field_show_masked(ctx, f, record);
    if (english)
        shown = ctx_pick(ctx, *shown ? shown : NULL, field_text(english, record));
    return shown && *shown ? shown : tr(ctx, k->one);
}

bool field_missing(const struct field *f, const void *record)
{
    if (field_is_text(f))
        return !field_text(f, record);
    if (f->type == F_REAL)
        return isnan(*(const double *)slot(f, (void *)(uintptr_t)record));
    return field_int(f, record) == NONE;
}

/* 0: a row above it in a trial of an import. */
static bool may_refer(struct ctx *ctx, const struct field *f, int64_t id)
{
    const struct kind *k = kind_find(f->ref);
    if (id == NONE || id == 0 || !k)
        return true;
    return ((k->read | k->refer) & ctx->actor.roles) && (!k->scope || record_load(ctx, k, id));
}

bool record_refers(struct ctx *ctx, const struct kind *k, const void *before, const void *after)
{
    for (int i = 0; ctx->actor.grant_count && i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (f->type == F_REF && !(before && field_same(f, before, after)) && !may_refer(ctx, f, field_int(f, after)))
            ctx_problem(ctx, f->name, say(ctx, "{}: this is outside your area or unit.", field_label(ctx, f)));
    }
    return ctx->problem_count == 0;
}

bool record_check(struct ctx *ctx, const struct kind *k, const void *before, void *after)
{
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if ((f->flags & REQUIRED) && field_missing(f, after) && !ctx_problem_of(ctx, f->name))
            ctx_problem(ctx, f->name, say(ctx, "{} is needed.", field_label(ctx, f)));
    }
    if (k->check && ctx->problem_count == 0)
        k->check(ctx, before, after);
    return ctx->problem_count == 0;
}
