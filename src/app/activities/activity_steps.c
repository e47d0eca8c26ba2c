/*
 * The life of an activity and of a place at one. Only these steps change a
 * stored status: no form, PATCH or spreadsheet does. A spreadsheet of earlier
 * activities may state how each ended, because a new record has no history yet.
 *
 * The audit log is the timeline of both, so no events are written.
 */
#include "app/activities/activity_pages.h"

#include "core/workflow.h"
#include "base/when.h"

#include <string.h>

enum { PLANNED, OPEN, HELD, CANCELLED };

#define PERSON_TIMES_MOST 100000

/* ---- an activity ---- */

static const char *bar_draft(struct ctx *ctx, const void *record)
{
    const struct activity *a = record;
    int64_t n = query_int(
        ctx->db, "SELECT count(*) AS n FROM sign_ups WHERE activity = {} AND status <> 'cancelled'",
        a->record.id);
    return n > 0 ? say(ctx, "People have signed up: cancel the activity instead, so that they are "
                            "told.")
                 : NULL;
}

static const char *bar_held(struct ctx *ctx, const void *record)
{
    const struct activity *a = record;
    return a->ends > ctx->now ? say(ctx, "This activity has not ended yet.") : NULL;
}

/* A number from memory does not replace one counted on site. */
static bool take_held(struct ctx *ctx, const void *before, void *after, const void *input)
{
    const struct activity *was = before;
    const struct activity_input *in = input;
    struct activity *a = after;
    if (!in || in->person_times == NONE || in->person_times == was->person_times)
        return true;
    if (was->person_times > 0) {
        ctx_problem(ctx, "person_times",
                    say(ctx, "{} attendances counted on site.", was->person_times));
        return false;
    }
    a->person_times = in->person_times;
    a->person_times_how = "written";
    return true;
}

static bool take_cancel(struct ctx *ctx, const void *before, void *after, const void *input)
{
    const struct activity_input *in = input;
    struct activity *a = after;
    (void)ctx;
    (void)before;
    a->cancelled_why = in->why;
    return true;
}

/* Cancels each later day of the series, for the same reason. */
static enum status cancel_later(struct ctx *ctx, const struct activity *a,
                                const struct activity_input *in)
{
    struct activity_input one = *in;
    one.later = 0;
    for (enum status s = OK;;) {
        int64_t id = query_int(
            ctx->db,
            "SELECT min(id) AS id FROM activities WHERE series = {} AND starts > {} AND "
            "status IN ('planned', 'open')",
            a->series, a->starts);
        if (id == NONE || s != OK)
            return s != OK ? s : db_status(ctx->db);
        s = activity_take(ctx, "cancel", record_must(ctx, &activities_kind, id), &one);
    }
}

static enum status took(struct ctx *ctx, const struct step *s, const void *before,
                        const void *after, const void *input)
{
    const struct activity *a = after;
    const struct activity_input *in = input;
    (void)before;
    if (strcmp(s->action, "cancel") != 0)
        return ctx->status;
    activity_tell(ctx, a, TELL_CANCELLED, NONE);
    return in->later == 1 && a->series && ctx_ok(ctx) ? cancel_later(ctx, a, in) : ctx->status;
}

static const char *missing(struct ctx *ctx, const struct step *s, const struct field *f, bool many)
{
    (void)s;
    (void)f;
    (void)many;
    return say(ctx, "Enter a reason: everyone who signed up will see it.");
}

#define IN(member) offsetof(struct activity_input, member)
static const struct field held_asks[] = {{"person_times", F_INT, IN(person_times),
                                          N_("Residents served (total attendances)"), .min = 0,
                                          .max = PERSON_TIMES_MOST},
                                         {.name = NULL}};
static const struct field cancel_asks[] = {
    {"why", F_TEXT, IN(why), N_("Why"), .max = 300, .flags = REQUIRED},
    {"later", F_BOOL, IN(later), N_("This and all later ones of its series")},
    {.name = NULL}};

static const struct step activity_steps[] = {
    {"publish", N_("Publish"), .from = STATE(PLANNED), .to = OPEN, .roles = ACTIVITY_HOSTS,
     .rule = N_("It appears in the residents’ calendar, and people can sign up."),
     .icon = "calendar-event", .flags = STEP_BULK},
    {"draft", N_("Take back as a draft"), .from = STATE(OPEN), .to = PLANNED,
     .roles = ACTIVITY_HOSTS, .rule = N_("Only while nobody has signed up."), .icon = "edit",
     .flags = STEP_QUIET, .bar = bar_draft},
    {"held", N_("Mark as held"), .from = STATE(PLANNED) | STATE(OPEN), .to = HELD,
     .roles = ACTIVITY_HOSTS, .asks = held_asks,
     .rule = N_("Only after it has ended. If nobody counted on site, enter how many people came."),
     .flags = STEP_QUIET, .bar = bar_held, .take = take_held},
    {"cancel", N_("Cancel activity"), .from = STATE(PLANNED) | STATE(OPEN), .to = CANCELLED,
     .roles = ACTIVITY_HOSTS, .asks = cancel_asks,
     .rule = N_("Needs a reason, which everyone who signed up sees and the calendar shows."),
     .told = N_("The activity has been cancelled, and why."), .icon = "circle-x",
     .flags = STEP_DANGER, .take = take_cancel},
    {.action = NULL},
};

static const struct step_start activity_starts[] = {
    {"draft", PLANNED}, {"file", OPEN}, {.action = NULL}};

const struct workflow activity_workflow = {
    .kind = &activities_kind,
    .state = "status",
    .steps = activity_steps,
    .input = sizeof(struct activity_input),
    .starts = activity_starts,
    .ends = STATE(HELD) | STATE(CANCELLED),
    .name = "activity",
    .title = N_("The life of an activity"),
    .source = "src/app/activities/activity_steps.c",
    .hearer = N_("Message to those who signed up"),
    .missing = missing,
    .took = took,
    .own_events = true,
};

enum status activity_take(struct ctx *ctx, const char *action, const struct activity *before,
                          const struct activity_input *input)
{
    return workflow_take(ctx, &activity_workflow, workflow_step(&activity_workflow, action), before,
                         input);
}

/* ---- a place at one ---- */

enum { SIGNED, WAITING, GIVEN_UP };

static const char *bar_over(struct ctx *ctx, const void *record)
{
    const struct sign_up *s = record;
    const struct activity *a = record_get(ctx, &activities_kind, s->activity);
    return a && strcmp(a->status, "open") != 0
               ? say(ctx, "This activity has already been held or cancelled.")
               : NULL;
}

static enum status sign_up_took(struct ctx *ctx, const struct step *s, const void *before,
                                const void *after, const void *input)
{
    (void)s;
    (void)after;
    (void)input;
    return sign_up_freed(ctx, before);
}

static const struct step sign_up_steps[] = {
    {"cancel", N_("Cancel place"), .from = STATE(SIGNED) | STATE(WAITING), .to = GIVEN_UP,
     .roles = ACTIVITY_HOSTS,
     .rule = N_("The first person on the waiting list moves up and is told. The person concerned "
                "can do this with their code or on their own page."),
     .icon = "circle-x", .flags = STEP_DANGER, .bar = bar_over},
    {.action = NULL},
};

static const struct step_start sign_up_starts[] = {
    {"sign_up", SIGNED}, {"sign_up", WAITING}, {.action = NULL}};

const struct workflow sign_up_workflow = {
    .kind = &sign_ups_kind,
    .state = "status",
    .steps = sign_up_steps,
    .starts = sign_up_starts,
    .ends = STATE(GIVEN_UP),
    .name = "sign-up",
    .title = N_("A place at an activity"),
    .source = "src/app/activities/activity_steps.c",
    .hearer = N_("Message to the person"),
    .took = sign_up_took,
    .own_events = true,
};
