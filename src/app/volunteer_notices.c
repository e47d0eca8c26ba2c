/*
 * What an applicant is told: taken on, with the way to the card, or not. By
 * mail to those with a login and an address, otherwise through the outbox.
 */
#include "app/module.h"
#include "app/notify.h"
#include "app/people.h"
#include "app/volunteers.h"
#include "base/when.h"

#include <string.h>
#include <time.h>

#define OLD (2 * WHEN_DAY) /* of a demonstration or an archive: told to nobody */

static const char *words(struct ctx *ctx, const struct volunteer *v, const char *what)
{
    const struct organisation *team = v->team == NONE ? NULL : record_get(ctx, &organisations_kind, v->team);
    if (strcmp(what, "taken-on") != 0)
        return say(
            ctx,
            "Thank you for wanting to help. We can’t take you on as a volunteer just now; the community office tells you more if you ask.");
    return team
               ? say(ctx,
                     "Welcome: you are a volunteer of “{}” now, number {}. Fetch your card from the team’s leader; with it you see your shifts and hours.",
                     ctx_pick(ctx, team->name, team->name_en), v->number)
               : say(ctx,
                     "Welcome: you are a volunteer now, number {}. Fetch your card from the community office; with it you see your shifts and hours.",
                     v->number);
}

void volunteer_tell(struct ctx *ctx, const struct volunteer *v, const char *what)
{
    const char *before = ctx->lang, *lang, *channel = notify_volunteer_channel(ctx, v->record.id, &lang);
    if (ctx->now + OLD < time(NULL))
        return;
    ctx->lang = lang;
    const char *text = words(ctx, v, what);
    ctx->lang = before;
    change(ctx->db,
           "INSERT INTO notices (event, recipient, channel, volunteer, action, language, text, status, next_at, created)"
           " VALUES ({}, {}, {}, {}, {}, {}, {}, 'waiting', {}, {}) ON CONFLICT (event, recipient, channel) DO NOTHING",
           arena_print(ctx->arena, "volunteer-%s:%lld:%lld", what, (long long)v->record.id, (long long)v->record.version),
           arena_print(ctx->arena, "volunteer:%lld", (long long)v->record.id), channel, v->record.id,
           arena_print(ctx->arena, "volunteer-%s", what), lang, text, ctx->now, ctx->now);
}
