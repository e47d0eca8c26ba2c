/*
 * The life of a volunteer, from application to leaving and back. Once a
 * volunteer is registered, only these steps change the status; new records and
 * imports set the first one. The consequences of leaving for activities and
 * visits are reactions in those folders.
 */
#include "app/volunteers/volunteers.h"

#include "base/when.h"

#include <string.h>

#define HOSTS       (ROLE_TEAM_LEADER | ROLE_WORKER | ROLE_OFFICE) /* who look after volunteers */
#define REASON_MOST 200                                            /* characters */

enum { APPLIED, ACTIVE, PAUSED, LEFT };

static bool is_own(const struct ctx *ctx, const struct volunteer *v)
{
    return ctx->actor.volunteer == v->record.id ||
           (ctx->actor.user != NONE && ctx->actor.user == v->user);
}

static bool take_confirm(struct ctx *ctx, const void *before, void *after, const void *input)
{
    struct volunteer *v = after;
    (void)before;
    (void)input;
    v->joined = ctx_today(ctx);
    return true;
}

/* The card becomes invalid at once. */
static bool take_end(struct ctx *ctx, const void *before, void *after, const void *input)
{
    const struct volunteer_input *in = input;
    struct volunteer *v = after;
    const char *why = in && in->why && *in->why ? in->why : NULL;
    if (!why && !is_own(ctx, before)) {
        ctx_problem(ctx, "why", say(ctx, "Enter a reason."));
        return false;
    }
    v->left_on = ctx_today(ctx);
    v->left_why = why;
    v->code_hash = v->feed = NULL;
    return true;
}

/* A returning volunteer starts with the new offer. */
static bool take_return(struct ctx *ctx, const void *before, void *after, const void *input)
{
    const struct volunteer_input *in = input;
    const struct volunteer *offers = in ? in->offers : NULL;
    struct volunteer *v = after;
    (void)ctx;
    (void)before;
    v->left_on = v->left_why = NULL;
    if (!offers)
        return true;
    v->team = offers->team;
    v->skills = offers->skills;
    v->languages = offers->languages;
    v->times = offers->times;
    v->areas = offers->areas;
    v->limits = offers->limits;
    v->visits_a_month = offers->visits_a_month;
    v->gender_preference = offers->gender_preference;
    return true;
}

static enum status took(struct ctx *ctx, const struct step *s, const void *before,
                        const void *after, const void *input)
{
    const struct volunteer *was = before;
    (void)input;
    bool refused = !strcmp(s->action, "refuse") ||
                   (!strcmp(s->action, "leave") && !strcmp(was->status, "applied") &&
                    !is_own(ctx, was));
    if (!strcmp(s->action, "confirm"))
        volunteer_tell(ctx, after, "taken-on");
    else if (refused)
        volunteer_tell(ctx, was, "refused");
    return ctx->status;
}

static const char *missing(struct ctx *ctx, const struct step *s, const struct field *f, bool many)
{
    (void)s;
    (void)f;
    (void)many;
    return say(ctx, "Enter a reason.");
}

#define ASK_WHY(flags_) \
    { \
        "why", F_TEXT, offsetof(struct volunteer_input, why), N_("Reason"), .max = REASON_MOST, \
                                                                            .flags = (flags_) \
    }
static const struct field refuse_asks[] = {ASK_WHY(REQUIRED), {.name = NULL}},
                          leave_asks[] = {ASK_WHY(0), {.name = NULL}};

static const struct step steps[] = {
    {"confirm", N_("Approve application"), .from = STATE(APPLIED), .to = ACTIVE, .roles = HOSTS,
     .rule = N_("The team leader or community staff have spoken to the person. This also issues "
                "the card."),
     .told = N_("Welcome! You are now a volunteer. Collect your card."), .icon = "user-check",
     .flags = STEP_BULK, .take = take_confirm},
    {"refuse", N_("Decline"), .from = STATE(APPLIED), .to = LEFT, .roles = HOSTS,
     .asks = refuse_asks, .rule = N_("Needs a reason, which only staff can see."),
     .told = N_("We can’t accept your application at the moment."), .icon = "logout",
     .flags = STEP_DANGER, .take = take_end},
    {"pause", N_("Take a break"), .from = STATE(ACTIVE), .to = PAUSED,
     .roles = ROLE_VOLUNTEER | HOSTS,
     .rule = N_("The volunteer gets no invitations during a break. Shifts already signed up for "
                "are kept."),
     .icon = "player-pause", .flags = STEP_SHOWN},
    {"resume", N_("Return from break"), .from = STATE(PAUSED), .to = ACTIVE,
     .roles = ROLE_VOLUNTEER | HOSTS, .rule = N_("The volunteer gets invitations again."),
     .icon = "player-play", .flags = STEP_SHOWN},
    {"leave", N_("End volunteering"), .from = STATE(APPLIED) | STATE(ACTIVE) | STATE(PAUSED),
     .to = LEFT, .roles = ROLE_VOLUNTEER | HOSTS, .asks = leave_asks,
     .rule = N_("The card stops working and future shifts and visits are cancelled. Service hours "
                "are kept. Staff need a reason; volunteers don’t."),
     .icon = "logout", .flags = STEP_DANGER | STEP_SHOWN, .take = take_end},
    {"join", N_("Register again"), .from = STATE(LEFT), .to = ACTIVE, .roles = HOSTS,
     .rule = N_("Someone who had left registers again in person and gets a new card."),
     .icon = "user-plus", .flags = STEP_SHOWN, .take = take_return},
    {"apply", N_("Apply again"), .from = STATE(LEFT), .to = APPLIED, .roles = ROLE_PUBLIC,
     .rule = N_("Someone who had left applies again online, like anyone else."),
     .flags = STEP_SHOWN, .take = take_return},
    {.action = NULL},
};

static const struct step_start starts[] = {{"apply", APPLIED}, {"join", ACTIVE}, {.action = NULL}};

const struct workflow volunteer_workflow = {
    .kind = &volunteers_kind,
    .state = "status",
    .steps = steps,
    .input = sizeof(struct volunteer_input),
    .starts = starts,
    .ends = STATE(LEFT),
    .name = "volunteer",
    .title = N_("The life of a volunteer"),
    .source = "src/app/volunteers/volunteer_steps.c",
    .hearer = N_("Message to the volunteer"),
    .missing = missing,
    .took = took,
};

enum status volunteer_take(struct ctx *ctx, const char *action, const struct volunteer *before,
                           const struct volunteer_input *input)
{
    return workflow_take(ctx, &volunteer_workflow, workflow_step(&volunteer_workflow, action),
                         before, input);
}
