/*
 * Who is told of an offer: volunteers when they are asked, when it is agreed,
 * the day before, and when it ends; the resident that somebody comes. By mail
 * to those with a login and an address, otherwise through the office's outbox.
 * A notice names neither the resident nor the place: those are behind the card.
 */
#include "app/module.h"
#include "app/notify.h"
#include "app/visits.h"
#include "base/when.h"

#include <string.h>
#include <time.h>

#define OLD   (2 * WHEN_DAY) /* what happened longer ago is told to nobody */
#define AHEAD WHEN_DAY       /* reminders go out so long before a visit */
#define BATCH 200

static void put(struct ctx *ctx, const struct offer *o, int64_t volunteer, const char *event, const char *action, const char *lang,
                const char *channel, const char *text)
{
    change(ctx->db,
           "INSERT INTO notices (event, recipient, channel, request, action, language, text, status, next_at, created)"
           " VALUES ({}, {}, {}, {}, {}, {}, {}, 'waiting', {}, {}) ON CONFLICT (event, recipient, channel) DO NOTHING",
           event, arena_print(ctx->arena, "volunteer:%lld", (long long)volunteer), channel, o->request, action, lang, text, ctx->now,
           ctx->now);
}

static const char *words(struct ctx *ctx, const struct offer *o, const char *what, const char *why)
{
    const char *skill = skill_name(ctx, o->skill), *when = offer_when(ctx, o);
    if (!strcmp(what, "asked"))
        return say(ctx, "Can you help? {}, {}. Please answer yes or no on your page under “Visits I am asked for”.", skill, when);
    if (!strcmp(what, "agreed"))
        return say(ctx, "It is agreed: {}, {}. Whom you visit and where is on your page.", skill, when);
    if (!strcmp(what, "soon"))
        return say(ctx, "A reminder: {}, {}. If you can’t come, please say so on your page now.", skill, when);
    return say(ctx, "You need not come: {}, {}. {}", skill, when, why ? why : "");
}

static void tell(struct ctx *ctx, const struct offer *o, int64_t volunteer, const char *what, const char *event, const char *why)
{
    const char *lang, *channel = notify_volunteer_channel(ctx, volunteer, &lang), *before = ctx->lang;
    ctx->lang = lang;
    put(ctx, o, volunteer, event, arena_print(ctx->arena, "visit-%s", what), lang, channel, words(ctx, o, what, why));
    ctx->lang = before;
}

void offer_untell(struct ctx *ctx, const struct offer *o, int64_t volunteer)
{
    change(
        ctx->db,
        "UPDATE notices SET status = 'told', done_at = {}, error = {} WHERE request = {} AND recipient = {} AND status = 'waiting' AND channel = 'hand'",
        ctx->now, NOTICE_SUPERSEDED, o->request, arena_print(ctx->arena, "volunteer:%lld", (long long)volunteer));
}

void offer_tell_ask(struct ctx *ctx, const struct offer *o, const struct offer_ask *a)
{
    if (ctx->now + OLD >= time(NULL))
        tell(ctx, o, a->volunteer, "asked", arena_print(ctx->arena, "ask:%lld", (long long)a->record.id), NULL);
}

void offer_tell_accepted(struct ctx *ctx, const struct offer *o, const char *what, const char *why)
{
    int64_t who[10];
    int n = 0;
    if (ctx->now + OLD < time(NULL))
        return;
    struct rows *r = query(ctx->db, "SELECT volunteer FROM offer_asks WHERE offer = {} AND answer = 'yes' ORDER BY id", o->record.id);
    while (n < 10 && rows_next(r))
        who[n++] = row_int(r, "volunteer");
    rows_end(r);
    if (!strcmp(what, "agreed") && o->starts != NONE && o->starts < ctx->now + AHEAD) /* this is the reminder too */
        change(ctx->db, "UPDATE offers SET told_at = {} WHERE id = {}", ctx->now, o->record.id);
    for (int i = 0; i < n; i++) {
        offer_untell(ctx, o, who[i]);
        tell(ctx, o, who[i], what,
             arena_print(ctx->arena, "visit-%s:%lld:%lld", what, (long long)o->record.id, (long long)(o->starts == NONE ? 0 : o->starts)),
             why);
    }
}

/* ---- reminders ---- */

static void remind_one(struct ctx *ctx)
{
    const struct offer *o = record_get(ctx, &offers_kind, *(int64_t *)ctx->work);
    if (!o || strcmp(o->status, "agreed") != 0)
        return;
    change(ctx->db, "UPDATE offers SET told_at = {} WHERE id = {}", ctx->now, o->record.id);
    offer_tell_accepted(ctx, o, "soon", NULL);
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    if (r)
        request_event(ctx, r, r, "visit-soon", NULL, false);
}

static void remind(struct ctx *ctx)
{
    for (int i = 0; i < BATCH; i++) {
        int64_t id = query_int(
            ctx->db,
            "SELECT id FROM offers WHERE status = 'agreed' AND starts > {} AND starts < {} AND (told_at IS NULL OR told_at < starts - {})"
            " ORDER BY starts LIMIT 1",
            ctx->now, ctx->now + AHEAD, AHEAD);
        if (id == NONE)
            return;
        ctx->work = &id;
        if (door(ctx, remind_one) != OK)
            return;
    }
}

static const struct job jobs[] = {{"offers_remind", 300, remind}, {.name = NULL}};

const struct module offer_notices_module = {.name = "offer notices", .jobs = jobs};
