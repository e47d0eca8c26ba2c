/*
 * What is due for those who look after volunteers: applications, and days of
 * service that need approval.
 */
#include "app/volunteers/volunteer_parts.h"

#include "core/due.h"

#define REPLY \
    { \
        5, "working_days" \
    } /* time in which a volunteer is to be answered */

/* Nobody decides on their own hours; a day above HOURS_OFFICE is for the office. */
static void mine_to_decide(struct ctx *ctx, struct sql *where)
{
    sql_add(where,
            " AND volunteer NOT IN (SELECT v.id FROM volunteers v WHERE v.id = {} OR v.\"user\" = "
            "{})",
            ctx->actor.volunteer, (struct maybe){ctx->actor.user});
    if (!(ctx->actor.roles & ROLE_OFFICE))
        sql_add(where, " AND attended <= {}", HOURS_OFFICE);
}

/* The day and the volunteer: a list of days alone would say nothing. */
static const char *day_title(struct ctx *ctx, const void *record)
{
    const struct hours *h = record;
    const struct volunteer *v = record_get(ctx, &volunteers_kind, h->volunteer);
    const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
    return p ? arena_print(ctx->arena, "%s · %s", p->name,
                           field_show(ctx, kind_field(&hours_kind, "day"), h))
             : h->day;
}

static const char *applicant(struct ctx *ctx, const void *record)
{
    const struct volunteer *v = record;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    return p ? p->name : v->number;
}

const struct due_source volunteer_due[] = {
    {"volunteers.apply", &volunteers_kind, .due = "updated", .term = REPLY,
     .open = "status = 'applied'", .roles = VOLUNTEER_HOSTS,
     .words = N_("Approve or decline the application"), .href = "/volunteers/{id}",
     .title = applicant, .told = true},
    {"hours.decide", &hours_kind, .due = "coalesce(disputed_at, created)", .term = REPLY,
     .open =
         "id IN (SELECT h.id FROM hours h WHERE h.held > 0 UNION SELECT h.id FROM hours h WHERE "
         "h.disputed_at IS NOT NULL)", /* one index for each */
     .roles = VOLUNTEER_HOSTS, .mine = mine_to_decide, .words = N_("Hours awaiting approval"),
     .href = "/hours/{id}", .title = day_title, .told = true},
    {.id = NULL},
};
