/*
 * Questions: the JSON texts in and out, and the rows of struct field between
 * them. Every answer has a slot of eight bytes behind a struct record, so one
 * layout fits all types.
 */
#include "core/questions.h"

#include "base/text.h"
#include "kind/form.h"
#include "kind/json.h"
#include "web/web.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

const struct choice question_types[] = {
    [Q_YES_NO] = {"yes-no", N_("Yes or no")},
    [Q_TEXT] = {"text", N_("Short text")},
    [Q_LONG] = {"long", N_("Longer text")},
    [Q_NUMBER] = {"number", N_("Number")},
    [Q_DATE] = {"date", N_("Date")},
    [Q_CHOICE] = {"choice", N_("One of several choices")},
    [Q_TYPES] = {NULL, NULL},
};
static const struct type {
    enum field_type field;
    int64_t most;
} types[Q_TYPES] = {
    [Q_YES_NO] = {F_CHOICE, 0},
    [Q_TEXT] = {F_TEXT, ANSWER_TEXT_MOST},
    [Q_LONG] = {F_LONG, ANSWER_LONG_MOST},
    [Q_NUMBER] = {F_INT, 0},
    [Q_DATE] = {F_DATE, 0},
    [Q_CHOICE] = {F_CHOICE, 0},
};

static const struct choice yes_no[] = {{"yes", N_("Yes")}, {"no", N_("No")}, {NULL, NULL}};

/* ---- the list ---- */

static const char *text_of(struct ctx *ctx, const cJSON *o, const char *name)
{
    const cJSON *t = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsString(t) && *t->valuestring ? arena_copy(ctx->arena, t->valuestring) : NULL;
}

static int64_t number_of(const cJSON *o, const char *name)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(o, name);
    return cJSON_IsNumber(n) ? (int64_t)n->valuedouble : NONE;
}

static struct question question_of(struct ctx *ctx, const cJSON *o)
{
    struct question q = {.name = text_of(ctx, o, "name"),
                         .type = Q_TEXT,
                         .zh = text_of(ctx, o, "zh"),
                         .en = text_of(ctx, o, "en"),
                         .choices = text_of(ctx, o, "choices"),
                         .min = number_of(o, "min"),
                         .max = number_of(o, "max"),
                         .required = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "required"))};
    const char *type = text_of(ctx, o, "type");
    for (int t = 0; t < Q_TYPES; t++)
        if (type && !strcmp(type, question_types[t].code))
            q.type = (enum question_type)t;
    return q;
}

/* "a|b" as an array ended by a NULL code; code and label are the same. */
static const struct choice *choices_of(struct ctx *ctx, const char *stored)
{
    struct choice *list = ARENA_ARRAY(ctx->arena, struct choice, CHOICES_MOST + 1);
    int n = 0;
    for (const char *at = stored; at && *at && n < CHOICES_MOST;) {
        size_t size = strcspn(at, "|");
        const char *c = arena_copyn(ctx->arena, at, size);
        list[n++] = (struct choice){c, c};
        at += size + (at[size] == '|');
    }
    list[n] = (struct choice){NULL, NULL};
    return list;
}

static struct field field_of(struct ctx *ctx, const struct question *q, int i, const char *prefix)
{
    const struct type *t = &types[q->type];
    struct field f = {.name = arena_print(ctx->arena, "%s%s", prefix ? prefix : "", q->name),
                      .type = t->field,
                      .offset = sizeof(struct record) + (size_t)i * 8,
                      .label = ctx_pick(ctx, q->zh, q->en),
                      .max = t->most,
                      .flags = q->required ? REQUIRED : 0};
    if (q->type == Q_NUMBER && q->max != NONE) {
        f.min = q->min == NONE ? 0 : q->min;
        f.max = q->max;
    }
    if (q->type == Q_YES_NO)
        f.choices = yes_no;
    if (q->type == Q_CHOICE)
        f.choices = choices_of(ctx, q->choices);
    return f;
}

struct questions *questions_load(struct ctx *ctx, const char *stored, const char *prefix)
{
    struct questions *q = arena_alloc(ctx->arena, sizeof *q);
    cJSON *all = stored ? cJSON_Parse(stored) : NULL;
    const cJSON *each;
    memset(q, 0, sizeof *q);
    cJSON_ArrayForEach(each, all)
    {
        struct question one = question_of(ctx, each);
        if (q->count == QUESTIONS_MOST || !one.name || !one.zh)
            continue; /* questions_store never writes such a list */
        q->list[q->count] = one;
        q->fields[q->count] = field_of(ctx, &one, q->count, prefix);
        q->count++;
    }
    cJSON_Delete(all);
    q->kind = (struct kind){.name = "questions",
                            .fields = q->fields,
                            .field_count = q->count,
                            .size = sizeof(struct record) + QUESTIONS_MOST * 8};
    return q;
}

/* ---- writing the list ---- */

static const char *named(struct ctx *ctx, int i, const char *part)
{
    return arena_print(ctx->arena, "q-%d-%s", i, part);
}

static void check_label(struct ctx *ctx, int i, const char *part, const char *text)
{
    int64_t n = text ? (int64_t)text_length(text) : 0;
    if (n > QUESTION_LABEL_MOST)
        ctx_problem(
            ctx, named(ctx, i, part),
            say(ctx, "No more than {} characters; you have used {}.", QUESTION_LABEL_MOST, n));
}

/* A copy with | for whatever people put between two choices. */
static char *parted(struct ctx *ctx, const char *typed)
{
    char *copy = arena_alloc(ctx->arena, strlen(typed) + 1), *to = copy;
    for (uint32_t c; (c = text_next(&typed)) != 0;) {
        bool gap = c == ',' || c == ';' || c == '|' || c == '\n' || c == 0xFF0C || c == 0x3001 ||
                   c == 0xFF1B || c == 0xFF5C;
        to += text_encode(to, gap ? '|' : c);
    }
    *to = '\0';
    return copy;
}

/* "tea, coffee" as typed, tidied and separated by |; a problem if there are too few, too many
 * or duplicates. */
static const char *check_choices(struct ctx *ctx, int i, const char *typed)
{
    const char *stored = "", *field = named(ctx, i, "choices");
    int n = 0;
    char *at = parted(ctx, typed ? typed : "");
    for (char *each; (each = strsep(&at, "|")) != NULL;) {
        const char *c = text_tidy(ctx->arena, each);
        if (!c || !*c)
            continue;
        if (text_length(c) > CHOICE_MOST)
            ctx_problem(ctx, field,
                        say(ctx,
                            "“{}” is too long: a choice has no more than {} "
                            "characters.",
                            text_cut(ctx->arena, c, 20), CHOICE_MOST));
        if (strstr(arena_print(ctx->arena, "|%s|", stored), arena_print(ctx->arena, "|%s|", c)))
            ctx_problem(ctx, field, say(ctx, "“{}” appears twice.", c));
        stored = text_add(ctx->arena, stored, "|", c);
        n++;
    }
    if (n < CHOICES_LEAST || n > CHOICES_MOST)
        ctx_problem(
            ctx, field,
            say(ctx, "Enter {} to {} choices, separated by commas.", CHOICES_LEAST, CHOICES_MOST));
    return stored;
}

static void check_limits(struct ctx *ctx, int i, const struct question *q)
{
    if ((q->min == NONE) != (q->max == NONE))
        ctx_problem(ctx, named(ctx, i, "min"), say(ctx, "Enter both limits, or neither."));
    else if (q->min != NONE && (q->min >= q->max || q->min < 0 || q->max > 1000000))
        ctx_problem(ctx, named(ctx, i, "min"),
                    say(ctx, "The lower limit must be below the upper one; both from 0 to "
                             "1,000,000."));
}

static bool name_taken(const char *name, const struct questions *was, const struct question *list,
                       int count)
{
    for (int i = 0; i < was->count; i++)
        if (!strcmp(was->list[i].name, name))
            return true;
    for (int i = 0; i < count; i++)
        if (list[i].name && !strcmp(list[i].name, name))
            return true;
    return false;
}

static void json_question(struct buf *out, const struct question *q, bool first)
{
    json(out, "{}{\"name\":{},\"type\":{},\"zh\":{},\"en\":{},\"required\":{}",
         (struct raw_json){first ? "" : ","}, q->name, question_types[q->type].code, q->zh, q->en,
         (struct raw_json){q->required ? "true" : "false"});
    if (q->type == Q_CHOICE)
        json(out, ",\"choices\":{}", q->choices);
    if (q->type == Q_NUMBER && q->max != NONE)
        json(out, ",\"min\":{},\"max\":{}", q->min, q->max);
    buf_puts(out, "}");
}

/* A name sent with the form only counts if the stored list contains it. */
static void give_names(struct ctx *ctx, struct question *list, int count,
                       const struct questions *was)
{
    for (int i = 0; i < count; i++)
        if (list[i].name && (!name_taken(list[i].name, was, NULL, 0) ||
                             name_taken(list[i].name, &(struct questions){.count = 0}, list, i)))
            list[i].name = NULL;
    for (int i = 0, n = 1; i < count; i++)
        while (!list[i].name) {
            const char *name = arena_print(ctx->arena, "q%d", n++);
            if (!name_taken(name, was, list, count))
                list[i].name = name;
        }
}

const char *questions_store(struct ctx *ctx, struct question *list, int count, const char *before)
{
    const struct questions *was = questions_load(ctx, before, NULL);
    struct buf out;
    if (count > QUESTIONS_MOST)
        ctx_problem(ctx, NULL, say(ctx, "No more than {} questions.", QUESTIONS_MOST));
    for (struct question *q = list; q < list + count; q++) {
        if (!q->zh || !*q->zh)
            ctx_problem(ctx, named(ctx, q->row, "zh"), say(ctx, "Enter the question."));
        check_label(ctx, q->row, "zh", q->zh);
        check_label(ctx, q->row, "en", q->en);
        if (q->type == Q_CHOICE)
            q->choices = check_choices(ctx, q->row, q->choices);
        if (q->type == Q_NUMBER)
            check_limits(ctx, q->row, q);
    }
    if (!ctx_ok(ctx) || count == 0)
        return NULL;
    give_names(ctx, list, count, was);
    buf_init(&out, 0);
    buf_puts(&out, "[");
    for (int i = 0; i < count; i++)
        json_question(&out, &list[i], i == 0);
    buf_puts(&out, "]");
    const char *stored = arena_copyn(ctx->arena, out.data, out.size);
    buf_release(&out);
    return stored;
}

/* ---- answers ---- */

void questions_draw(struct ctx *ctx, const struct questions *q)
{
    const struct form form = {
        .kind = &q->kind, .record = record_new(ctx, &q->kind), .typed = param, .icon = icon};
    for (int i = 0; i < q->count; i++)
        form_field(ctx, ctx->web->out, &form, &q->fields[i]);
}

/* The answers in the form in which they are stored; a problem at each missing one. */
static const char *answers_of(struct ctx *ctx, const struct questions *q, const void *read)
{
    struct buf out;
    bool any = false;
    buf_init(&out, 0);
    for (int i = 0; i < q->count; i++) {
        const struct field *f = &q->fields[i];
        if (!field_missing(f, read))
            json(&out, "{}{}:{}", (struct raw_json){any ? "," : "{"}, q->list[i].name,
                 field_typed(ctx, f, read));
        else if ((f->flags & REQUIRED) && !ctx_problem_of(ctx, f->name))
            ctx_problem(ctx, f->name, say(ctx, "{} is required.", field_label(ctx, f)));
        any = any || !field_missing(f, read);
    }
    const char *stored = any ? arena_print(ctx->arena, "%.*s}", (int)out.size, out.data) : NULL;
    buf_release(&out);
    return stored;
}

const char *questions_read(struct ctx *ctx, const struct questions *q)
{
    void *answers = record_new(ctx, &q->kind);
    form_read_fields(ctx, q->fields, answers, param);
    return answers_of(ctx, q, answers);
}

const char *questions_from_json(struct ctx *ctx, const struct questions *q, const cJSON *object)
{
    void *answers = record_new(ctx, &q->kind);
    fields_from_json(ctx, q->fields, object, answers);
    return answers_of(ctx, q, answers);
}

const char *question_answer(struct ctx *ctx, const struct questions *q, int i, const char *answers)
{
    cJSON *all = answers ? cJSON_Parse(answers) : NULL;
    const char *given = text_of(ctx, all, q->list[i].name);
    cJSON_Delete(all);
    if (!given)
        return "";
    /* Tried on a separate context, so that an answer that no longer fits is no problem now. */
    struct ctx probe = *ctx;
    void *answer = record_new(ctx, &q->kind);
    probe.problems = NULL;
    probe.problems_end = NULL;
    probe.problem_count = 0;
    probe.status = OK;
    return field_set(&probe, &q->fields[i], answer, given) ? field_show(ctx, &q->fields[i], answer)
                                                           : given;
}
