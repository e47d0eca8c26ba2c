/*
 * One field of a record: parsing input, validating it against the description,
 * and showing it. Each message says what is expected. Values are in the
 * context's arena.
 */
#include "kind/import_seen.h"
#include "kind/json.h"
#include "kind/words.h"

#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *slot(const struct field *f, void *record)
{
    return (char *)record + f->offset;
}

bool field_is_text(const struct field *f)
{
    return f->type == F_TEXT || f->type == F_LONG || f->type == F_CODE || f->type == F_CHOICE ||
           f->type == F_PHONE || f->type == F_DATE || f->type == F_TAGS;
}

const char *field_text(const struct field *f, const void *record)
{
    return field_is_text(f) ? *(const char *const *)slot(f, (void *)(uintptr_t)record) : NULL;
}

int64_t field_int(const struct field *f, const void *record)
{
    return field_is_text(f) || f->type == F_REAL
               ? NONE
               : *(const int64_t *)slot(f, (void *)(uintptr_t)record);
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
        return refuse(ctx, f,
                      say(ctx, "{}: no more than {} characters; you have used {}.",
                          field_label(ctx, f), most, n));
    if (n < f->min)
        return refuse(ctx, f, say(ctx, "{}: at least {} characters.", field_label(ctx, f), f->min));
    *(const char **)slot(f, record) = arena_copy(ctx->arena, typed);
    return true;
}

static bool set_mail(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    const char *mail = mail_typed(ctx->arena, typed); /* the kind checks it */
    return set_length(ctx, f, record, mail);
}

#define OPTIONS_NAMED 12

/* Lists the options for an error message: the first ones, and how many more
 * there are. */
static const char *options_text(struct ctx *ctx, const struct field *f)
{
    const char *list = "";
    int n = 0;
    for (const struct choice *c = f->choices; c && c->code; c++)
        if (n++ < OPTIONS_NAMED)
            list = ctx_list(ctx, list, tr(ctx, c->label));
    return n > OPTIONS_NAMED ? say(ctx, "{} and {} more", list, n - OPTIONS_NAMED) : list;
}

static bool set_choice(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    const struct choice *c = choice_typed(ctx->arena, f->choices, typed);
    if (!c)
        return refuse(ctx, f,
                      say(ctx, "{}: “{}” is not one of the options: {}.", field_label(ctx, f),
                          typed, options_text(ctx, f)));
    *(const char **)slot(f, record) = c->code;
    return true;
}

static bool set_whole(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    char *end;
    errno = 0;
    int64_t v = strtoll(typed, &end, 10);
    if (errno || end == typed || *end)
        return refuse(ctx, f,
                      say(ctx,
                          "{}: must be a whole number, not "
                          "“{}”.",
                          field_label(ctx, f), typed));
    if ((f->max || f->min) && (v < f->min || (f->max && v > f->max)))
        return refuse(
            ctx, f,
            say(ctx, "{}: must be a number from {} to {}.", field_label(ctx, f), f->min, f->max));
    *(int64_t *)slot(f, record) = v;
    return true;
}

static bool set_real(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    char *end;
    double v = strtod(typed, &end);
    bool limited = f->max || f->min, number = end != typed && !*end && isfinite(v);
    if (!number && !limited)
        return refuse(ctx, f,
                      say(ctx, "{}: must be a number, not “{}”.", field_label(ctx, f), typed));
    if (!number || (limited && (v < (double)f->min || v > (double)f->max)))
        return refuse(
            ctx, f,
            say(ctx, "{}: must be a number from {} to {}.", field_label(ctx, f), f->min, f->max));
    *(double *)slot(f, record) = v;
    return true;
}

static bool set_bool(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    static const char *const yes[] = {"1",  "true", "yes", "on", "y", "t",  "是", "有",
                                      "对", "√",    "✓",   "✔",  "☑", "真", NULL};
    static const char *const no[] = {"0",    "false", "no", "off", "n", "f",  "否", "无",
                                     "没有", "×",     "✗",  "✘",   "☐", "假", "不", NULL};
    const char *s = text_key(ctx->arena, typed);
    for (int on = 0; on < 2; on++)
        for (const char *const *word = on ? yes : no; *word; word++)
            if (!strcmp(s, *word)) {
                *(int64_t *)slot(f, record) = on;
                return true;
            }
    return refuse(ctx, f,
                  say(ctx,
                      "{}: must be yes or no, not "
                      "“{}”.",
                      field_label(ctx, f), typed));
}

static bool set_time(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    int64_t t;
    bool has_time = true;
    if (!when_parse(typed, &t, &has_time))
        return refuse(ctx, f,
                      say(ctx,
                          "{}: “{}” is not a valid date and time. Use the format 2026-03-05 "
                          "14:30.",
                          field_label(ctx, f), typed));
    *(int64_t *)slot(f, record) = !has_time && (f->flags & DAY_END) ? when_day_end(when_day(t)) : t;
    return true;
}

/* Spreadsheets and programs write a date as its midnight: 2027-03-09 00:00:00,
 * or with T and Z. */
static bool midnight_parse(struct ctx *ctx, const char *typed, int64_t *day)
{
    const char *s = text_half_width(ctx->arena, typed);
    size_t n = strcspn(s, "T ");
    const char *clock = s + n + (s[n] != 0), *zone = clock + strspn(clock, "0:.");
    bool zero = zone > clock && (!*zone || !strcmp(zone, "Z") || !strcmp(zone, "+00:00") ||
                                 !strcmp(zone, "+08:00"));
    return zero && day_parse(arena_copyn(ctx->arena, s, n), day);
}

static bool set_date(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    int64_t t;
    if (!day_parse(typed, &t) && !midnight_parse(ctx, typed, &t))
        return refuse(ctx, f,
                      say(ctx, "{}: “{}” is not a valid date. Use the format 2026-03-05.",
                          field_label(ctx, f), typed));
    *(const char **)slot(f, record) = day_iso(ctx->arena, t);
    return true;
}

static bool set_phone(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    const char *phone;
    if (code_phone(ctx->arena, typed, &phone) == PHONE_NONE)
        return refuse(ctx, f,
                      say(ctx,
                          "{}: enter an 11-digit mobile number, or a landline with its area code.",
                          field_label(ctx, f)));
    *(const char **)slot(f, record) = phone;
    return true;
}

/* Searches only the records that the actor may see, so the number of others with that name
 * stays unknown. */
static int64_t name_find(struct ctx *ctx, const struct kind *k, const char *typed,
                         int64_t *same_name)
{
    struct sql q;
    int64_t id = NONE;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n, min(id) AS id FROM {} WHERE name = {}",
            (struct sql_name){k->table}, typed);
    if (kind_field(k, "merged_into"))
        sql_add(&q, " AND merged_into IS NULL");
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
    int64_t id = query_int(ctx->db, "SELECT id FROM {} WHERE {} = {}", table,
                           (struct sql_name){k->code}, typed);
    /* "#12" is record 12, even if another record has the code 12 */
    const char *number = typed + (typed[0] == '#');
    size_t n = strlen(number);
    if ((id == NONE || number > typed) && n && n <= 18 && strspn(number, "0123456789") == n)
        id = query_int(ctx->db, "SELECT id FROM {} WHERE id = {}", table,
                       (int64_t)strtoll(number, NULL, 10));
    const char *read = id == NONE && k->code_read ? k->code_read(ctx->arena, typed) : NULL;
    if (read)
        id = query_int(ctx->db, "SELECT id FROM {} WHERE {} = {}", table,
                       (struct sql_name){k->code}, read);
    const struct field *name = id == NONE ? kind_field(k, "name") : NULL;
    int64_t survivor = id == NONE ? NONE : record_survivor(ctx, k, id);
    if (survivor != NONE)
        return survivor;
    if (!name || (name->flags & SEALED))
        return id;
    return name_find(ctx, k, typed, same_name);
}

/* A typed reference is a record's code, its id, or a name that only one record
 * has. */
static bool set_ref(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    int64_t same_name, id = ref_find(ctx, f, typed, &same_name);
    if (id == NONE)
        return refuse(ctx, f,
                      same_name > 1
                          ? say(ctx,
                                "{}: {} entries are called “{}”; enter the code of the one you "
                                "mean.",
                                field_label(ctx, f), same_name, typed)
                          : say(ctx, "{}: “{}” not found. Enter the code or the full name.",
                                field_label(ctx, f), typed));
    *(int64_t *)slot(f, record) = id;
    return true;
}

static bool set_code(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    if (strspn(typed, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") !=
        strlen(typed))
        return refuse(ctx, f,
                      say(ctx, "{}: letters, digits, - _ and . only.", field_label(ctx, f)));
    return set_length(ctx, f, record, typed);
}

/* ---- several of a list ---- */

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

/* Returns the code of a typed tag, which is a code, a name, or "#" and an id;
 * NULL if there is none. */
static const char *tag_code(struct ctx *ctx, const struct field *f, const char *typed)
{
    const struct choice *c = choice_typed(ctx->arena, f->choices, typed);
    if (c)
        return c->code;
    const struct kind *k = f->ref ? kind_find(f->ref) : NULL;
    if (!k)
        return NULL;
    struct rows *r = query(ctx->db, "SELECT {} AS code FROM {} WHERE {} = {} OR name = {}",
                           (struct sql_name){k->code}, (struct sql_name){k->table},
                           (struct sql_name){k->code}, typed, typed);
    const char *code = rows_next(r) ? row_copy(r, ctx->arena, "code") : NULL;
    rows_end(r);
    if (code)
        return code;
    int64_t same_name, id = ref_find(ctx, f, typed, &same_name);
    r = query(ctx->db, "SELECT {} AS code FROM {} WHERE id = {}", (struct sql_name){k->code},
              (struct sql_name){k->table}, (struct maybe){id});
    code = rows_next(r) ? row_copy(r, ctx->arena, "code") : NULL;
    rows_end(r);
    return code;
}

static bool is_tag_mark(uint32_t c)
{
    return c == ',' || c == ';' || c == '|' || c == '\n' || c == 0x3001 || c == 0xFF0C ||
           c == 0xFF1B;
}

/* Adds the tag to out; returns false with a problem if it is invalid. */
static bool tag_put(struct ctx *ctx, const struct field *f, struct buf *out, int64_t *count,
                    const char *word, const char *code)
{
    if (!code)
        return refuse(ctx, f,
                      f->choices ? say(ctx, "{}: “{}” is not one of the options: {}.",
                                       field_label(ctx, f), word, options_text(ctx, f))
                                 : say(ctx, "{}: “{}” is not one of the options.",
                                       field_label(ctx, f), word));
    int64_t most = f->max ? f->max : FIELD_TAGS_MOST;
    if (++*count > most)
        return refuse(ctx, f, say(ctx, "{}: choose no more than {}.", field_label(ctx, f), most));
    if (!tags_have(out->data, code))
        plain(out, "{}|", code);
    return true;
}

/* Stores the text between two separators, which is one tag (perhaps of several
 * words) or several tags separated by spaces. */
static bool tags_put(struct ctx *ctx, const struct field *f, struct buf *out, int64_t *count,
                     const char *piece)
{
    const char *whole = strchr(piece, ' ') ? tag_code(ctx, f, piece) : NULL;
    if (whole)
        return tag_put(ctx, f, out, count, piece, whole);
    for (const char *s = piece; *s;) {
        size_t n = strcspn(s, " ");
        const char *word = arena_copyn(ctx->arena, s, n);
        if (!tag_put(ctx, f, out, count, word, tag_code(ctx, f, word)))
            return false;
        s += n;
        s += strspn(s, " ");
    }
    return true;
}

static bool set_tags(struct ctx *ctx, const struct field *f, void *record, const char *typed)
{
    struct buf out;
    buf_init(&out, 4096);
    buf_putc(&out, '|');
    int64_t count = 0;
    bool good = true;
    for (const char *s = typed, *next; *s && good; s = next) {
        const char *start = s;
        next = s;
        while (*s && !is_tag_mark(text_next(&next)))
            s = next;
        good = tags_put(ctx, f, &out, &count,
                        text_tidy(ctx->arena, arena_copyn(ctx->arena, start, (size_t)(s - start))));
    }
    if (good)
        *(const char **)slot(f, record) = count ? arena_copyn(ctx->arena, out.data, out.size)
                                                : NULL;
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
        return refuse(ctx, f, say(ctx, "{}: not valid UTF-8.", field_label(ctx, f)));
    const char *s = !typed              ? ""
                    : f->type == F_LONG ? text_tidy_lines(ctx->arena, typed)
                                        : text_tidy(ctx->arena, typed);
    if (!*s) {
        set_missing(f, record);
        return true;
    }
    switch (f->type) {
    case F_TEXT:
        if (f->flags & MAIL)
            return set_mail(ctx, f, record, s);
        return set_length(ctx, f, record, s);
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

/* Shows a referred record by its name in the reader's language, or by its code
 * if it has no name. */
static const char *show_ref(struct ctx *ctx, const struct field *f, int64_t id)
{
    const struct kind *k = kind_find(f->ref);
    if (!k)
        return "";
    const char *title = kind_title(k),
               *english = !strcmp(title, "name") && kind_field(k, "name_en") ? "name_en" : title;
    struct rows *r = query(ctx->db,
                           "SELECT {} AS code, {} AS title, {} AS title_en FROM {} WHERE id = {}",
                           (struct sql_name){k->code}, (struct sql_name){title},
                           (struct sql_name){english}, (struct sql_name){k->table}, id);
    const char *shown = "";
    const struct field *by = kind_field(k, title);
    bool there = rows_next(r);
    if (there && by && by->type == F_REF) { /* its title is itself a reference: follow it */
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
    int64_t id = k ? query_int(ctx->db, "SELECT id FROM {} WHERE {} = {}",
                               (struct sql_name){k->table}, (struct sql_name){k->code}, code)
                   : NONE;
    return id == NONE ? code : show_ref(ctx, f, id);
}

static const char *show_tags(struct ctx *ctx, const struct field *f, const char *stored)
{
    const char *shown = "";
    for (const char *at = stored, *code; (code = tags_next(ctx->arena, &at)) != NULL;)
        shown = ctx_list(ctx, shown, show_tag(ctx, f, code));
    return shown;
}

const char *hours_text(struct ctx *ctx, int64_t seconds)
{
    int64_t minutes = seconds / 60, h = minutes / 60, m = minutes % 60;
    if (m == 0)
        return say(ctx, "{} h", h);
    return h == 0 ? say(ctx, "{} min", m) : say(ctx, "{} h {} min", h, m);
}

static const char *lost_text(struct ctx *ctx, const void *record)
{
    return say(ctx, "unreadable (record {})", ((const struct record *)record)->id);
}

const char *field_show(struct ctx *ctx, const struct field *f, const void *record)
{
    if (field_lost(f, record))
        return lost_text(ctx, record);
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
        return isnan(d) ? "" : arena_print(ctx->arena, "%.10g", d);
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
        text = text_add(ctx->arena, text, ", ", code);
    return text;
}

const char *field_typed(struct ctx *ctx, const struct field *f, const void *record)
{
    if (field_missing(f, record) || field_lost(f, record))
        return "";
    if (f->type == F_TAGS)
        return typed_tags(ctx, field_text(f, record));
    if (field_is_text(f))
        return field_text(f, record);
    if (f->type == F_REAL)
        return arena_print(ctx->arena, "%.15g",
                           *(const double *)slot(f, (void *)(uintptr_t)record));
    int64_t v = field_int(f, record);
    if (f->type == F_TIME) {
        struct civil c = civil_from_when(v);
        return arena_print(ctx->arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day,
                           c.hour, c.minute, c.second);
    }
    const struct kind *k = f->type == F_REF ? kind_find(f->ref) : NULL;
    if (!k)
        return arena_print(ctx->arena, "%lld", (long long)v);
    struct rows *r = query(ctx->db, "SELECT {} AS code FROM {} WHERE id = {}",
                           (struct sql_name){k->code}, (struct sql_name){k->table}, v);
    const char *code = rows_next(r) ? row_copy(r, ctx->arena, "code") : NULL;
    rows_end(r);
    return code ? code : arena_print(ctx->arena, "#%lld", (long long)v);
}

const char *field_show_masked(struct ctx *ctx, const struct field *f, const void *record)
{
    const char *s = (f->flags & SEALED) && !field_lost(f, record) ? field_masked(ctx, f, record)
                                                                  : field_show(ctx, f, record);
    return s ? s : "";
}

const char *record_title(struct ctx *ctx, const struct kind *k, const void *record)
{
    const struct field *f = kind_field(k, kind_title(k)),
                       *english = !strcmp(f->name, "name") ? kind_field(k, "name_en") : NULL;
    const char *shown = field_show_masked(ctx, f, record);
    if (english)
        shown = ctx_pick(ctx, *shown ? shown : NULL, field_text(english, record));
    return shown && *shown ? shown : tr(ctx, k->one);
}

bool field_lost(const struct field *f, const void *record)
{
    return (f->flags & SEALED) && field_text(f, record) == seal_lost;
}

bool field_missing(const struct field *f, const void *record)
{
    if (field_is_text(f))
        return !field_text(f, record);
    if (f->type == F_REAL)
        return isnan(*(const double *)slot(f, (void *)(uintptr_t)record));
    return field_int(f, record) == NONE;
}

/* 0: a row above it in a dry run of an import */
static bool may_refer(struct ctx *ctx, const struct field *f, int64_t id)
{
    const struct kind *k = kind_find(f->ref);
    if (id == NONE || id == 0 || !k)
        return true;
    return ((k->read | k->refer) & ctx->actor.roles) && (!k->scope || record_load(ctx, k, id));
}

bool fields_refer(struct ctx *ctx, const struct field *fields, const void *record)
{
    for (const struct field *f = fields; ctx->actor.grant_count && f && f->name; f++)
        if (f->type == F_REF && !may_refer(ctx, f, field_int(f, record)))
            ctx_problem(ctx, f->name,
                        say(ctx, "{}: this is outside your area or unit.", field_label(ctx, f)));
    return ctx->problem_count == 0;
}

bool record_refers(struct ctx *ctx, const struct kind *k, const void *before, const void *after)
{
    for (int i = 0; ctx->actor.grant_count && i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (f->type == F_REF && !(before && field_same(f, before, after)) &&
            !may_refer(ctx, f, field_int(f, after)))
            ctx_problem(ctx, f->name,
                        say(ctx, "{}: this is outside your area or unit.", field_label(ctx, f)));
    }
    return ctx->problem_count == 0;
}

void record_coded(struct ctx *ctx, const struct kind *k, void *record, const char *seed)
{
    const struct field *code = kind_field(k, k->code), *title = kind_field(k, kind_title(k));
    if (!k->coded || !field_missing(code, record) || title == code || field_missing(title, record))
        return;
    const char *initials = "";
    char tail[9];
    if (seed)
        snprintf(tail, sizeof tail, "%08llx",
                 (unsigned long long)(import_hash("code", seed, NULL) & 0xffffffff));
    else
        code_random(tail, sizeof tail - 1);
    text_pinyin(ctx->arena, field_text(title, record), NULL, &initials);
    field_set(ctx, code, record,
              arena_print(ctx->arena, "%.*s%s%s", 12, initials, *initials ? "-" : "", tail));
}

bool record_check(struct ctx *ctx, const struct kind *k, const void *before, void *after)
{
    const struct field *code = before && k->coded ? kind_field(k, k->code) : NULL;
    if (code && field_missing(code, after)) /* blank: the record keeps its title */
        field_set(ctx, code, after, field_text(code, before));
    record_coded(ctx, k, after, NULL);
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if ((f->flags & REQUIRED) && field_missing(f, after) && !ctx_problem_of(ctx, f->name))
            ctx_problem(ctx, f->name, say(ctx, "{} is required.", field_label(ctx, f)));
    }
    if (k->check && ctx->problem_count == 0)
        k->check(ctx, before, after);
    return ctx->problem_count == 0;
}
