/*
 * The context: problems, translation, roles.
 *
 * Translation is a binary search in a compiled-in table. The C library's
 * catalogues are per process, but here the language changes from one request to
 * the next. Only Chinese needs the table; English is the source text. Filled
 * texts are in the context's arena, the others are static.
 */
#include "base/ctx.h"

#include "base/po.h"
#include "base/text.h"
#include "base/when.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *title;
} roles[] = {
    {"public", N_("Visitor")},           {"resident", N_("Resident")},
    {"volunteer", N_("Volunteer")},      {"team_leader", N_("Team leader")},
    {"worker", N_("Community worker")},  {"unit_handler", N_("Unit handler")},
    {"office", N_("Subdistrict staff")}, {"leader", N_("Subdistrict leader")},
    {"auditor", N_("Auditor")},          {"admin", N_("System administrator")},
};
static_assert(sizeof roles / sizeof *roles == ROLE_COUNT, "every role has a name");

static const char *const status_names[] = {"ok",       "not-found", "forbidden",  "invalid",
                                           "conflict", "busy",      "unavailable"};
static_assert(sizeof status_names / sizeof *status_names == STATUS_COUNT,
              "every status has a name");

const char *status_name(enum status s)
{
    return (unsigned)s < STATUS_COUNT ? status_names[s] : "unknown";
}

void ctx_init(struct ctx *ctx, struct arena *a)
{
    *ctx = (struct ctx){
        .arena = a,
        .lang = "zh_CN",
        .now = when_now(),
        .device_time = NONE,
        .actor = {.user = NONE, .roles = ROLE_PUBLIC, .via = "command"},
    };
}

static void add_problem(struct ctx *ctx, const char *field, const char *text)
{
    struct problem *p = ARENA_NEW(ctx->arena, struct problem);
    p->field = field;
    p->text = text;
    if (!ctx->problems_end) /* the context was not made by ctx_init, or was copied before its first
                               problem */
        ctx->problems_end = &ctx->problems;
    *ctx->problems_end = p;
    ctx->problems_end = &p->next;
    ctx->problem_count++;
}

void ctx_problem(struct ctx *ctx, const char *field, const char *text)
{
    add_problem(ctx, field, text);
    if (ctx->status == OK)
        ctx->status = INVALID;
}

enum status ctx_fail(struct ctx *ctx, enum status s, const char *text)
{
    if (text)
        add_problem(ctx, NULL, text);
    ctx->status = s;
    return s;
}

const char *ctx_problem_of(const struct ctx *ctx, const char *field)
{
    for (const struct problem *p = ctx->problems; p; p = p->next)
        if (field ? p->field && strcmp(p->field, field) == 0 : !p->field)
            return p->text;
    return NULL;
}

const char *ctx_label(const struct ctx *ctx, const struct label *labels, const char *field)
{
    for (; labels && labels->field; labels++)
        if (strcmp(labels->field, field) == 0)
            return tr(ctx, labels->text);
    return NULL;
}

static int by_source(const void *key, const void *entry)
{
    return strcmp(key, ((const struct po_entry *)entry)->source);
}

const char *tr(const struct ctx *ctx, const char *text)
{
    if (!text || ctx->lang[0] != 'z')
        return text;
    const struct po_entry *e = bsearch(text, po_zh_CN, (size_t)po_zh_CN_count, sizeof *po_zh_CN,
                                       by_source);
    return e ? e->target : text;
}

/* Finds the next place in a translation, "{}" or "{1}" to "{9}". *n gets its
 * length, *which its number. */
static const char *next_place(const char *s, int *n, int *which)
{
    for (; (s = strchr(s, '{')) != NULL; s++) {
        if (s[1] == '}') {
            *n = 2;
            *which = 0;
            return s;
        }
        if (s[1] >= '1' && s[1] <= '9' && s[2] == '}') {
            *n = 3;
            *which = s[1] - '0';
            return s;
        }
    }
    return NULL;
}

const char *say_write(struct ctx *ctx, const char *literal, const struct arg *args, int count)
{
    int places = 0;
    for (const char *p = literal; (p = write_place(p)) != NULL; p += 2)
        places++;
    if (places != count)
        write_unfit(literal);
    const char *s = tr(ctx, literal), *place;
    if (count == 0)
        return s;
    struct buf out;
    buf_init(&out, 0);
    int length = 0, which = 0, used = 0;
    while ((place = next_place(s, &length, &which)) != NULL) {
        int i = which ? which - 1 : used++;
        buf_put(&out, s, (size_t)(place - s));
        if (i < count)
            plain_write(&out, "{}", &args[i], 1);
        else
            write_unfit(literal);
        s = place + length;
    }
    buf_puts(&out, s);
    const char *text = arena_copyn(ctx->arena, out.data, out.size);
    buf_release(&out);
    return text;
}

const char *ctx_list(struct ctx *ctx, const char *list, const char *item)
{
    return text_add(ctx->arena, list, ctx_pick(ctx, "、", ", "), item);
}

const char *ctx_today(struct ctx *ctx)
{
    return day_iso(ctx->arena, when_day(ctx->now));
}

const char *ctx_date(struct ctx *ctx, const char *date)
{
    int64_t day;
    return !date ? "" : day_parse(date, &day) ? day_show(ctx->arena, ctx->lang, day) : date;
}

const char *ctx_pick(const struct ctx *ctx, const char *zh, const char *en)
{
    if (ctx_english(ctx) ? en && *en : !zh || !*zh)
        return en;
    return zh;
}

static int role_index(enum role r)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if ((unsigned)r == 1U << i)
            return i;
    return -1;
}

const char *role_name(enum role r)
{
    int i = role_index(r);
    return i < 0 ? "" : roles[i].name;
}

unsigned role_parse(const char *name)
{
    for (int i = 0; name && i < ROLE_COUNT; i++)
        if (strcmp(roles[i].name, name) == 0)
            return 1U << i;
    return 0;
}

const char *role_title(const struct ctx *ctx, enum role r)
{
    int i = role_index(r);
    return i < 0 ? "" : tr(ctx, roles[i].title);
}

const char *lost_words(struct ctx *ctx)
{
    const char *what = say(ctx, "{} of {} {}", tr(ctx, ctx->lost_field), tr(ctx, ctx->lost_kind),
                           ctx->lost_id);
    if (ctx->lost > 1)
        what = say(ctx, "{} and {} more", what, ctx->lost - 1);
    return say(ctx,
               "Can’t be decrypted with this installation’s key: {}. Enter it again, or ask the "
               "administrator to run “linli reseal” with the key that was in use.",
               what);
}
