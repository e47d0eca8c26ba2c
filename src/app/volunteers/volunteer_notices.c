/*
 * Notifications to applicants: approved, with a link to the card, or declined.
 * They go by email to those with a login and an address, otherwise to the list
 * of people to call.
 */
#include "core/module.h"
#include "core/notices.h"
#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"
#include "base/when.h"

#include <string.h>

#define OLD (2 * WHEN_DAY) /* older events (a demonstration, an archive) notify nobody */

static const char *words(struct ctx *ctx, const struct volunteer *v, const char *what)
{
    const struct organisation *team = v->team == NONE
                                          ? NULL
                                          : record_get(ctx, &organisations_kind, v->team);
    if (strcmp(what, "taken-on") != 0)
        return say(ctx, "Thank you for offering to help. We can’t accept your application at the "
                        "moment; please ask the community staff if you would like to know more.");
    return team ? say(ctx,
                      "Welcome! You are now a volunteer with “{}”, number {}. Collect your "
                      "card "
                      "from the team leader; use it to see your shifts and hours.",
                      ctx_pick(ctx, team->name, team->name_en), v->number)
                : say(ctx,
                      "Welcome! You are now a volunteer, number {}. Collect your card from the "
                      "community staff; use it to see your shifts and hours.",
                      v->number);
}

void volunteer_tell(struct ctx *ctx, const struct volunteer *v, const char *what)
{
    const char *before = ctx->lang, *lang,
               *channel = notify_volunteer_channel(ctx, v->record.id, &lang);
    if (ctx->now + OLD < when_now())
        return;
    ctx->lang = lang;
    const char *text = words(ctx, v, what);
    ctx->lang = before;
    notice_put(ctx,
               &(struct notice){
                   .kind = volunteers_kind.name,
                   .record = v->record.id,
                   .event = arena_print(ctx->arena, "volunteer-%s:%lld:%lld", what,
                                        (long long)v->record.id, (long long)v->record.version),
                   .recipient = arena_print(ctx->arena, "volunteer:%lld", (long long)v->record.id),
                   .channel = channel,
                   .action = arena_print(ctx->arena, "volunteer-%s", what),
                   .language = lang,
                   .text = text});
}

/* ---- how a volunteer is reached ---- */

/* Only an active login gets emails. */
static void volunteer_find(struct ctx *ctx, int64_t id, int64_t record, struct reached *to)
{
    int64_t survivor = record_survivor(ctx, &volunteers_kind, id);
    id = survivor == NONE ? id : survivor;
    const struct volunteer *v = record_get(ctx, &volunteers_kind, id);
    const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
    (void)record;
    to->who = p ? say(ctx, "Volunteer {}", p->name) : to->who;
    to->phone = p ? p->phone : NULL;
    struct rows *r = query(ctx->db,
                           "SELECT u.mail AS mail, u.language AS language FROM volunteers v JOIN "
                           "users u ON u.id = v.\"user\" WHERE v.id = {} AND u.active = 1",
                           id);
    if (rows_next(r)) {
        to->mail = row_copy(r, ctx->arena, "mail");
        to->language = row_copy(r, ctx->arena, "language");
    }
    rows_end(r);
}

const char *notify_volunteer_channel(struct ctx *ctx, int64_t volunteer, const char **language)
{
    struct reached to = {.who = NULL};
    volunteer_find(ctx, volunteer, NONE, &to);
    *language = to.language && *to.language ? to.language : "zh_CN";
    return notice_channel(ctx, to.mail);
}

static const struct recipient recipients[] = {
    {.prefix = "volunteer:", .find = volunteer_find},
    {.prefix = NULL},
};

static const struct notice_subject subjects[] = {
    {&volunteers_kind, "number", "/volunteers/{id}"},
    {&hours_kind, "day", "/hours/{id}"},
    {.kind = NULL},
};

const struct module volunteer_notices_module = {
    .name = "volunteer_notices", .recipients = recipients, .subjects = subjects};
