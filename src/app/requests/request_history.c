/*
 * The history of a request: what each entry is called for staff, what it says
 * to the resident, and the functions that write one. Memory is the context's.
 */
#include "app/requests/request_notices.h"
#include "app/requests/requests.h"

#include "base/when.h"
#include "core/events.h"
#include "db/journal.h"

#include <string.h>

/* Entries of the history that are not steps. */
static const struct {
    const char *action, *label, *told;
} others[] = {
    {"file", N_("Received"), N_("We’ve received your request.")},
    {"joined", N_("Another request merged into this one"),
     N_("Others have reported the same problem; we are handling it together.")},
    {"offered", N_("Volunteer search started"), N_("We are asking volunteers near you.")},
    {"agreed", N_("Volunteers confirmed"), N_("Volunteers have agreed to visit you.")},
    {"withdrawn", N_("A volunteer has cancelled"),
     N_("A volunteer can’t make it; we are looking for someone else.")},
    {"visit-soon", N_("Visit reminder sent"), N_("Volunteers will visit you soon.")},
    {"visited", N_("Volunteers had visited"), N_("Volunteers visited and did the job.")},
    {"offer_cancelled", N_("Volunteer search ended"), NULL},
    {"opinion", N_("A comment collected by a team was added"), NULL},
    {"join", N_("Someone else has reported the same problem"), NULL},
    {"joiner-yes", N_("Someone else affected says it is resolved"), NULL},
    {"joiner-no", N_("Someone else affected says it is not resolved"), NULL},
    {"joiner-added", N_("Someone else affected added to it"), NULL},
    {"photo-missing", N_("A photo could not be accepted"),
     N_("A photo could not be accepted. You can add it here.")},
    {"note", N_("Internal note"), NULL},
    {"attach", N_("File attached"), NULL},
    {"reveal", N_("Name and phone number revealed"), NULL},
    {"recompute", N_("Calendar or time limit changed: deadline recalculated"), NULL},
    {"handler-left", N_("The handler’s account was deactivated"), NULL},
    {"to-office", N_("Third return: the subdistrict office decides who handles it"), NULL},
};

const char *request_event_label(struct ctx *ctx, const char *action)
{
    const struct step *s = request_step(action);
    for (size_t i = 0; !s && i < sizeof others / sizeof *others; i++)
        if (action && !strcmp(action, others[i].action))
            return tr(ctx, others[i].label);
    return s ? tr(ctx, s->label) : action;
}

static const char *request_event_told(struct ctx *ctx, const char *action)
{
    const struct step *s = request_step(action);
    for (size_t i = 0; !s && i < sizeof others / sizeof *others; i++)
        if (action && !strcmp(action, others[i].action))
            return tr(ctx, others[i].told);
    return s ? tr(ctx, s->told) : NULL;
}

const char *request_told_until(struct ctx *ctx, const char *action, int64_t until)
{
    const char *day = until == NONE ? NULL : day_show(ctx->arena, ctx->lang, when_day(until));
    if (day && !strcmp(action, "extend"))
        return say(ctx, "We need more time. We will reply by {}.", day);
    if (day && !strcmp(action, "park"))
        return say(ctx,
                   "We can’t resolve this at the moment. It stays on our list and we will review "
                   "it on {}.",
                   day);
    return request_event_told(ctx, action);
}

/* The date that a step set, for notifications: the next review, or the new deadline. */
static int64_t until_set(const struct request *before, const struct request *after)
{
    if (before && after->parked_until != before->parked_until)
        return after->parked_until;
    return before && after->extensions != before->extensions ? after->due : NONE;
}

void request_event_until(struct ctx *ctx, const struct request *before, const struct request *after,
                         const char *action, const char *text, int64_t until, bool visible)
{
    const struct event e = {.kind = &requests_kind,
                            .record = after->record.id,
                            .action = action,
                            .from = before ? before->status : NULL,
                            .to = after->status,
                            .unit = after->unit,
                            .text = text,
                            .until = until,
                            .visible = visible};
    notify_event(ctx, after, action, event_add(ctx, &e));
}

void request_event(struct ctx *ctx, const struct request *before, const struct request *after,
                   const char *action, const char *text, bool visible)
{
    request_event_until(ctx, before, after, action, text, until_set(before, after), visible);
}

void request_tell_merged(struct ctx *ctx, const struct request *r, const char *action)
{
    int64_t ids[REQUESTS_MERGED];
    int n = requests_merged(ctx, r->record.id, 0, ids);
    for (int64_t last = 0; n > 0; n = requests_merged(ctx, r->record.id, last, ids))
        for (int i = 0; i < n; i++) {
            struct request *merged = record_get(ctx, &requests_kind, ids[i]);
            last = ids[i];
            if (!merged) {
                record_gone(ctx);
                return;
            }
            merged->unit = merged->handler = merged->dispatcher =
                NONE; /* their residents are notified through the remaining request */
            request_event(ctx, merged, merged, action, NULL, true);
        }
}

enum status request_note(struct ctx *ctx, const struct request *r, const char *text)
{
    if (!text || !*text) {
        ctx_problem(ctx, "text", say(ctx, "Enter a comment for the history."));
        return ctx->status;
    }
    journal_note(ctx, requests_kind.name, r->record.id, "note", "{\"note\":{}}", text);
    request_event(ctx, r, r, "note", text, false);
    return db_status(ctx->db);
}

int requests_merged(struct ctx *ctx, int64_t request, int64_t last, int64_t ids[REQUESTS_MERGED])
{
    return rows_ids(query(ctx->db,
                          "SELECT id FROM requests WHERE merged_into = {} AND status = 'merged' "
                          "AND id > {} ORDER BY id LIMIT {}",
                          request, last, REQUESTS_MERGED),
                    ids, REQUESTS_MERGED);
}
