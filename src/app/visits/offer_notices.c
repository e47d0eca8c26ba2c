/*
 * Notifications about an offer: volunteers are notified when they are asked,
 * when it is agreed, the day before, and when it ends; the resident, when
 * someone comes. They go by email to those with a login and an address,
 * otherwise to the list of people to call. A notification names neither the
 * resident nor the place: those are shown to the holder of the card.
 */
#include "core/module.h"
#include "core/notices.h"
#include "app/visits/visit_parts.h"
#include "base/when.h"

#include <string.h>

#define OLD   (2 * WHEN_DAY) /* older events notify nobody */
#define AHEAD WHEN_DAY       /* reminders are sent this long before a visit */
#define BATCH 200

static const char *recipient_name(struct ctx *ctx, int64_t volunteer)
{
    return arena_print(ctx->arena, "volunteer:%lld", (long long)volunteer);
}

static void put(struct ctx *ctx, const struct offer *o, int64_t volunteer, const char *event,
                const char *action, const char *lang, const char *channel, const char *text)
{
    notice_put(ctx, &(struct notice){.kind = requests_kind.name,
                                     .record = o->request,
                                     .event = event,
                                     .recipient = recipient_name(ctx, volunteer),
                                     .channel = channel,
                                     .action = action,
                                     .language = lang,
                                     .text = text});
}

static const char *words(struct ctx *ctx, const struct offer *o, const char *what, const char *why)
{
    const char *skill = skill_name(ctx, o->skill), *when = offer_when(ctx, o);
    if (!strcmp(what, "asked"))
        return say(ctx,
                   "Can you help? {}, {}. Please answer yes or no under “Visit requests for "
                   "me” on "
                   "your page.",
                   skill, when);
    if (!strcmp(what, "agreed"))
        return say(ctx, "Confirmed: {}, {}. See your page for who you’re visiting and where.",
                   skill, when);
    if (!strcmp(what, "soon"))
        return say(ctx,
                   "Reminder: {}, {}. If you can’t make it, please let us know on your page now.",
                   skill, when);
    if (!strcmp(what, "merged"))
        return say(ctx, "Please don’t set out: {}, {}. {}", skill, when, why ? why : "");
    return say(ctx, "You no longer need to go: {}, {}. {}", skill, when, why ? why : "");
}

static void tell(struct ctx *ctx, const struct offer *o, int64_t volunteer, const char *what,
                 const char *event, const char *why)
{
    const char *lang, *channel = notify_volunteer_channel(ctx, volunteer, &lang),
                      *before = ctx->lang;
    ctx->lang = lang;
    put(ctx, o, volunteer, event, arena_print(ctx->arena, "visit-%s", what), lang, channel,
        words(ctx, o, what, why));
    ctx->lang = before;
}

void offer_untell(struct ctx *ctx, const struct offer *o, int64_t volunteer)
{
    notice_withdraw(ctx, requests_kind.name, o->request, recipient_name(ctx, volunteer));
}

void offer_tell_ask(struct ctx *ctx, const struct offer *o, const struct offer_ask *a)
{
    if (ctx->now + OLD >= when_now())
        tell(ctx, o, a->volunteer, "asked",
             arena_print(ctx->arena, "ask:%lld", (long long)a->record.id), NULL);
}

void offer_tell_accepted(struct ctx *ctx, const struct offer *o, const char *what, const char *why)
{
    int64_t who[10];
    int n = 0;
    if (ctx->now + OLD < when_now())
        return;
    struct rows *r = query(
        ctx->db, "SELECT volunteer FROM offer_asks WHERE offer = {} AND answer = 'yes' ORDER BY id",
        o->record.id);
    while (n < 10 && rows_next(r))
        who[n++] = row_int(r, "volunteer");
    rows_end(r);
    if (!strcmp(what, "agreed") && o->starts != NONE &&
        o->starts < ctx->now + AHEAD) /* this notification is the reminder too */
        change(ctx->db, "UPDATE offers SET told_at = {} WHERE id = {}", ctx->now, o->record.id);
    for (int i = 0; i < n; i++) {
        offer_untell(ctx, o, who[i]);
        tell(ctx, o, who[i], what,
             arena_print(ctx->arena, "visit-%s:%lld:%lld", what, (long long)o->record.id,
                         (long long)(o->starts == NONE ? 0 : o->starts)),
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
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    if (r && request_status_of(r) == MERGED) /* they were notified that someone else goes */
        return;
    offer_tell_accepted(ctx, o, "soon", NULL);
    if (r)
        request_event(ctx, r, r, "visit-soon", NULL, false);
}

static void remind(struct ctx *ctx)
{
    for (int i = 0; i < BATCH; i++) {
        int64_t id = query_int(ctx->db,
                               "SELECT id FROM offers WHERE status = 'agreed' AND starts > {} AND "
                               "starts < {} AND (told_at IS NULL OR told_at < starts - {})"
                               " ORDER BY starts LIMIT 1",
                               ctx->now, ctx->now + AHEAD, AHEAD);
        if (id == NONE)
            return;
        ctx->work = &id;
        if (writer_call(ctx, remind_one) != OK)
            return;
    }
}

static const struct job jobs[] = {{"offers_remind", 300, remind}, {.name = NULL}};

const struct module offer_notices_module = {.name = "offer notices", .jobs = jobs};
