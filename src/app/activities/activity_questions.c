/*
 * The questions that an activity asks at sign-up: the page on which organisers
 * write them, and the spreadsheet of sign-ups with answers. core/questions.h
 * describes the questions; activity_page.c and activity_desk.c ask them.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "core/questions.h"
#include "base/text.h"
#include "db/journal.h"
#include "kind/sheet.h"
#include "web/fields.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define BLANK_ROWS 3 /* offered below the existing questions */

const char *answers_text(struct ctx *ctx, const struct questions *q, const char *answers)
{
    const char *text = "", *gap = ctx_pick(ctx, "；", "; ");
    for (int i = 0; answers && i < q->count; i++) {
        const char *answer = question_answer(ctx, q, i, answers);
        if (*answer)
            text = text_add(
                ctx->arena, text, gap,
                arena_print(ctx->arena, "%s %s", field_label(ctx, &q->fields[i]), answer));
    }
    return text;
}

const char *answers_shown(struct ctx *ctx, const void *record)
{
    const struct sign_up *s = record;
    if (!s->answers)
        return "";
    struct rows *r = query(ctx->db, "SELECT questions FROM activities WHERE id = {}", s->activity);
    const char *stored = rows_next(r) ? row_copy(r, ctx->arena, "questions") : NULL;
    rows_end(r);
    return answers_text(ctx, questions_load(ctx, stored, NULL), s->answers);
}

static const struct questions *asked(struct ctx *ctx, const struct activity *a, int64_t shift)
{
    return questions_load(ctx, a->questions,
                          shift == NONE ? NULL
                                        : arena_print(ctx->arena, "s%lld-", (long long)shift));
}

void activity_questions_draw(struct ctx *ctx, const struct activity *a, int64_t shift)
{
    questions_draw(ctx, asked(ctx, a, shift));
}

const char *activity_questions_read(struct ctx *ctx, const struct activity *a, int64_t shift)
{
    return questions_read(ctx, asked(ctx, a, shift));
}

/* ---- writing the questions ---- */

static const char *named(struct ctx *ctx, int i, const char *part)
{
    return arena_print(ctx->arena, "q-%d-%s", i, part);
}

static const char *typed(struct ctx *ctx, int i, const char *part)
{
    const char *text = text_tidy(ctx->arena, param(ctx, named(ctx, i, part)));
    return text && *text ? text : NULL;
}

static const char *value_of(struct ctx *ctx, int i, const char *part, const char *stored)
{
    const char *now = param(ctx, named(ctx, i, part));
    return now ? now : stored;
}

static const char *number_text(struct ctx *ctx, int64_t n)
{
    return n == NONE ? NULL : arena_print(ctx->arena, "%lld", (long long)n);
}

/* As people type them. */
static const char *choices_text(struct ctx *ctx, const struct question *q)
{
    char *text = q && q->choices ? arena_copy(ctx->arena, q->choices) : NULL;
    for (char *c = text; c && *c; c++)
        *c = *c == '|' ? ',' : *c;
    return text;
}

static void part_field(struct ctx *ctx, int i, const char *part, const char *label,
                       const char *hint, const char *stored)
{
    line_field(ctx, &(struct line){.name = named(ctx, i, part),
                                   .label = label,
                                   .hint = hint,
                                   .autocomplete = "off",
                                   .value = value_of(ctx, i, part, stored),
                                   .optional = strcmp(part, "zh") != 0});
}

static void draw_question(struct ctx *ctx, int i, const struct question *q)
{
    struct buf *out = ctx->web->out;
    bool was_sent = param(ctx, "sent") != NULL,
         must = was_sent ? typed(ctx, i, "required") != NULL : q && q->required;
    html(out, "<fieldset class=\"card\"><legend>{}</legend>", say(ctx, "Question {}", i + 1));
    html(out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", named(ctx, i, "name"),
         value_of(ctx, i, "name", q ? q->name : NULL));
    part_field(ctx, i, "zh", say(ctx, "Question"), NULL, q ? q->zh : NULL);
    part_field(ctx, i, "en", say(ctx, "In English"), NULL, q ? q->en : NULL);
    select_field(ctx, named(ctx, i, "type"), say(ctx, "Type of answer"), NULL, NULL, question_types,
                 NULL, question_types[q ? q->type : Q_YES_NO].code);
    part_field(ctx, i, "choices", say(ctx, "Choices"),
               say(ctx, "Only for “{}”: {} to {}, separated by commas.",
                   tr(ctx, question_types[Q_CHOICE].label), CHOICES_LEAST, CHOICES_MOST),
               choices_text(ctx, q));
    part_field(ctx, i, "min", say(ctx, "Lowest number"),
               say(ctx, "Only for “{}”.", tr(ctx, question_types[Q_NUMBER].label)),
               q ? number_text(ctx, q->min) : NULL);
    part_field(ctx, i, "max", say(ctx, "Highest number"), NULL,
               q ? number_text(ctx, q->max) : NULL);
    html(out,
         "<label class=\"check\"><input type=\"checkbox\" name=\"{}\" value=\"1\"{}> "
         "{}</label></fieldset>",
         named(ctx, i, "required"), (struct markup){must ? " checked" : ""},
         say(ctx, "Must be answered"));
}

static int64_t later_ones(struct ctx *ctx, const struct activity *a)
{
    return a->series ? query_int(ctx->db,
                                 "SELECT count(*) AS n FROM activities WHERE series = {} AND "
                                 "starts > {} AND status IN ('planned', 'open')",
                                 a->series, a->starts)
                     : 0;
}

static void page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct activity *a = ctx->web->record;
    const struct questions *q = questions_load(ctx, a->questions, NULL);
    int rows = q->count + BLANK_ROWS < QUESTIONS_MOST ? q->count + BLANK_ROWS : QUESTIONS_MOST;
    int64_t later = later_ones(ctx, a);
    page_begin(ctx, say(ctx, "Questions at sign-up"), PAGE_STAFF);
    trail(ctx, arena_print(ctx->arena, "/activities/%lld/manage", (long long)a->record.id),
          activity_title(ctx, a));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Questions at sign-up"),
         say(ctx,
             "Up to {} questions, asked of everyone who signs up. Ask only what you need for "
             "this activity. Clear a question to remove it.",
             QUESTIONS_MOST));
    form_begin(ctx, arena_print(ctx->arena, "/activities/%lld/questions", (long long)a->record.id),
               NULL, false);
    form_problems(ctx);
    html(out,
         "<input type=\"hidden\" name=\"sent\" value=\"1\"><input type=\"hidden\" "
         "name=\"version\" value=\"{}\">",
         a->record.version);
    for (int i = 0; i < rows; i++)
        draw_question(ctx, i, i < q->count ? &q->list[i] : NULL);
    if (later)
        html(out,
             "<label class=\"check\"><input type=\"checkbox\" name=\"later\" value=\"1\"> "
             "{}</label>",
             say_n(ctx, later, "Also for the later date of this series",
                   "Also for the {} later dates of this series", later));
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Save"));
    form_end(ctx);
    page_end(ctx);
}

static int64_t limit_typed(struct ctx *ctx, int i, const char *part)
{
    const char *text = typed(ctx, i, part);
    char *end;
    long long n = text ? strtoll(text_half_width(ctx->arena, text), &end, 10) : NONE;
    if (text && *end)
        ctx_problem(ctx, named(ctx, i, part), say(ctx, "Enter a whole number."));
    return n;
}

/* A row without a text is not a question. */
static int list_typed(struct ctx *ctx, struct question *list)
{
    int n = 0;
    for (int i = 0; i < QUESTIONS_MOST; i++) {
        const char *type = param(ctx, named(ctx, i, "type"));
        struct question q = {.name = typed(ctx, i, "name"),
                             .zh = typed(ctx, i, "zh"),
                             .en = typed(ctx, i, "en"),
                             .choices = typed(ctx, i, "choices"),
                             .min = NONE,
                             .max = NONE,
                             .required = typed(ctx, i, "required") != NULL,
                             .row = i};
        for (int t = 0; t < Q_TYPES; t++)
            if (type && !strcmp(type, question_types[t].code))
                q.type = (enum question_type)t;
        if (!q.zh && !q.en && !q.choices)
            continue;
        if (q.type == Q_NUMBER) {
            q.min = limit_typed(ctx, i, "min");
            q.max = limit_typed(ctx, i, "max");
        }
        list[n++] = q;
    }
    return n;
}

static enum status store(struct ctx *ctx, const struct activity *a, const char *questions)
{
    struct activity *after = record_copy(ctx, &activities_kind, a);
    after->questions = questions;
    return record_update(ctx, &activities_kind, a, after, "questions");
}

static void save(struct ctx *ctx)
{
    struct question list[QUESTIONS_MOST];
    const struct activity *a = ctx->web->record;
    if (param_int(ctx, "version") != a->record.version) {
        ctx_fail(ctx, CONFLICT,
                 say(ctx, "Someone else has just changed this. Check the latest version before "
                          "you edit it."));
        return;
    }
    int count = list_typed(ctx, list);
    const char *stored = questions_store(ctx, list, count, a->questions);
    if (!ctx_ok(ctx) || store(ctx, a, stored) != OK)
        return;
    for (int64_t last = a->starts, id; param(ctx, "later") && a->series && ctx_ok(ctx) &&
                                       (id = query_int(ctx->db,
                                                       "SELECT id FROM activities WHERE series = "
                                                       "{} AND starts > {} AND status IN "
                                                       "('planned', 'open') ORDER BY starts, id "
                                                       "LIMIT 1",
                                                       a->series, last)) != NONE;) {
        const struct activity *next = record_must(ctx, &activities_kind, id);
        last = next->starts;
        if (ctx_ok(ctx))
            store(ctx, next, stored);
    }
    if (!ctx_ok(ctx))
        return;
    flash(ctx, say(ctx, "Saved."));
    see_other(ctx, "/activities/{}/manage", a->record.id);
}

/* ---- who signed up, with the answers ---- */

static void sheet_row(struct ctx *ctx, struct sheet_writer *w, const struct questions *q,
                      const struct sign_up *s)
{
    sheet_write_text(w, s->name);
    sheet_write_text(w, s->shift == NONE ? say(ctx, "Resident")
                                         : field_show(ctx, kind_field(&sign_ups_kind, "shift"), s));
    sheet_write_text(w, field_show(ctx, kind_field(&sign_ups_kind, "status"), s));
    for (int i = 0; i < q->count; i++)
        sheet_write_text(w, question_answer(ctx, q, i, s->answers));
    sheet_write_row(w);
}

static void sheet(struct ctx *ctx)
{
    const struct activity *a = ctx->web->record;
    const struct questions *q = questions_load(ctx, a->questions, NULL);
    const char *format = param(ctx, "format"), *why = NULL,
               *titles[3 + QUESTIONS_MOST] = {say(ctx, "Full name"), say(ctx, "Signed up as"),
                                              say(ctx, "Status")};
    bool xlsx = format && !strcmp(format, "xlsx");
    size_t size;
    int64_t n = 0, last = 0;
    struct list l;
    for (int i = 0; i < q->count; i++)
        titles[3 + i] = field_label(ctx, &q->fields[i]);
    struct sheet_writer *w = sheet_write_open(xlsx ? SHEET_XLSX : SHEET_CSV);
    sheet_write_header(w, titles, 3 + q->count);
    do {
        list_init(ctx, &l, &sign_ups_kind);
        sql_add(&l.where, " AND activity = {} AND status <> 'cancelled' AND id > {}", a->record.id,
                last);
        l.order = "id";
        l.limit = 500;
        struct sign_up *all[500], *s;
        int got = 0;
        struct rows *r = list_run(ctx, &l);
        while (got < 500 && (s = list_next(ctx, &sign_ups_kind, r, ctx->arena)))
            all[got++] = s;
        rows_end(r);
        for (int i = 0; i < got; i++)
            sheet_row(ctx, w, q, all[i]);
        last = got == 500 ? all[499]->record.id : 0;
        n += got;
    } while (last);
    char *bytes = sheet_write_close(w, &size, &why);
    if (!bytes) {
        ctx_fail(ctx, UNAVAILABLE, tr(ctx, why));
        return;
    }
    journal_note(ctx, sign_ups_kind.name, 0, "download", "{\"rows\":{},\"list\":{}}", n, a->number);
    answer_download(ctx, arena_print(ctx->arena, "%s.%s", a->number, xlsx ? "xlsx" : "csv"),
                    xlsx ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                         : "text/csv; charset=utf-8");
    buf_put(ctx->web->out, bytes, size);
    free(bytes);
}

static const struct route table[] = {
    ROUTE_GET("/activities/{id}/questions", ACTIVITY_HOSTS, page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/questions", ACTIVITY_HOSTS, save, .failed = page,
               .record = &activities_kind),
    ROUTE_POST("/activities/{id}/people", ACTIVITY_HOSTS, sheet, .record = &activities_kind),
};

const struct module activity_questions_module = {.name = "activity_questions",
                                                 .routes = ROUTES(table)};
