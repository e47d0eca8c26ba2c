/*
 * Figures about requests, with the denominators used in the field:
 * - contact rate = contacted in time ÷ due to be contacted
 * - resolution and satisfaction rate = yes ÷ valid follow-up answers
 * - on-time rate = closed in time ÷ due
 * - rework rate = reworked ÷ closed
 *
 * A valid follow-up reached the resident and got an answer. Only the first
 * answer counts: "not resolved" reopens the request, so in the end every closed
 * request is resolved. A merged request counts with the request it was merged
 * into. Imported archives were closed elsewhere, without a follow-up or a
 * deadline here, so they are in neither denominator; each figure states how
 * many it left out.
 */
#include "app/requests/requests.h"

#include "core/settings.h"

#define OPEN "status NOT IN ('closed', 'merged')" /* written like the index requests_open */
#define RUNS \
    "status IN ('received', 'dispatched', 'handling')" /* a deadline runs: not yet answered, \ not \
                                                          on hold */
#define TIMED   "due IS NOT NULL" /* written like the index requests_figures_due */
#define CLOSED  "status = 'closed'"
#define CALLED  "status = 'closed' AND solved IN ('yes', 'no')" /* excludes withdrawn requests */
#define REPLIED "answered_at >= received_at"

#define REQUEST .kind = &requests_kind, .area = "community", .category = "category"
#define NUMBER  REQUEST, .group = N_("Requests: number")
#define TIMELY  REQUEST, .group = N_("Requests: on time")
#define OUTCOME REQUEST, .group = N_("Requests: outcome")

static const struct figure_without merged[] = {
    {N_("{} merged into another"), "status = 'merged'", NULL}, {NULL, NULL, NULL}};
static const struct figure_without no_contact[] = {
    {N_("{} merged into another"), "status = 'merged'", NULL},
    {N_("{} imported with no first-contact deadline"),
     "status <> 'merged' AND channel = 'import' AND first_contact_due IS NULL", NULL},
    {N_("{} in categories that don’t require first contact"),
     "status <> 'merged' AND coalesce(channel, '') <> 'import' AND first_contact_due IS NULL",
     NULL},
    {NULL, NULL, NULL}};
static const struct figure_without not_due[] = {
    {N_("{} merged into another"), "status = 'merged'", NULL},
    {N_("{} not yet due"), "status <> 'merged' AND due >= {}", NULL},
    {N_("{} received with no deadline"), "status <> 'merged' AND due IS NULL", "received_at"},
    {NULL, NULL, NULL}};
static const struct figure_without not_called[] = {
    {N_("{} imported with no follow-up"), CLOSED " AND solved IS NULL AND channel = 'import'",
     NULL},
    {N_("{} where the resident could not be reached"),
     CLOSED " AND solved IS NULL AND coalesce(channel, '') <> 'import'", NULL},
    {N_("{} withdrawn by the resident"), CLOSED " AND solved = 'withdrawn'", NULL},
    {NULL, NULL, NULL}};
static const struct figure_without unanswered[] = {
    {N_("{} awaiting a reply"), "answered_at IS NULL AND status <> 'merged'", "received_at"},
    {N_("{} with a reply date before the date received"), "answered_at < received_at", NULL},
    {NULL, NULL, NULL}};

const struct figure request_figures[] = {
    {"requests.received", NULL, N_("Requests received"), N_("requests"),
     N_("Requests received in this period, whatever their status now."), COUNT, NUMBER,
     .counts = "status <> 'merged'", .time = "received_at", .without = merged},
    {"requests.open", NULL, N_("Open requests"), N_("requests"),
     N_("Requests received in this period that are not yet closed or merged."), COUNT, NUMBER,
     .among = OPEN, .time = "received_at"},
    {"requests.due_soon", NULL, N_("Requests due soon"), N_("requests"),
     N_("Requests awaiting a reply that are due within two working days."), COUNT, NUMBER,
     .among = OPEN, .counts = RUNS " AND due >= {} AND due <= {soon}", .time = "received_at",
     .inside = true},
    {"requests.overdue", NULL, N_("Overdue requests"), N_("requests"),
     N_("Requests awaiting a reply whose deadline has passed. Requests on hold are not overdue: "
        "they wait for their review date."),
     COUNT, NUMBER, .among = OPEN, .counts = RUNS " AND due < {}", .time = "received_at",
     .inside = true},
    {"requests.to_call", NULL, N_("Awaiting follow-up"), N_("requests"),
     N_("Requests with a reply, where the resident has not yet said whether the problem is "
        "resolved."),
     COUNT, NUMBER, .among = OPEN, .counts = "status IN ('answered', 'call_back')",
     .time = "received_at", .inside = true},
    {"requests.closed", NULL, N_("Closed requests"), N_("requests"),
     N_("Requests closed in this period: confirmed as resolved by the resident, resident could not "
        "be reached, withdrawn by the resident, or imported from an archive."),
     COUNT, NUMBER, .counts = CLOSED, .time = "closed_at"},
    {"requests.solved", NULL, N_("Problems resolved"), N_("problems"),
     N_("Requests closed in this period that the resident confirmed as resolved."), COUNT, NUMBER,
     .counts = CLOSED " AND solved = 'yes'", .time = "closed_at", .without = not_called},
    {"requests.contacted_in_time", NULL, N_("First contact made on time"), N_("%"),
     N_("Residents contacted within the hours set by the category ÷ requests received that "
        "required contact."),
     RATE, TIMELY, .met = N_("Reached on time"), .unmet = N_("Not reached on time"),
     .counts = "first_contact_at <= first_contact_due",
     .of = "first_contact_due IS NOT NULL AND status <> 'merged'", .time = "received_at",
     .without = no_contact},
    {"requests.on_time", NULL, N_("Closed on time"), N_("%"),
     N_("Closed by the deadline ÷ requests whose deadline fell in this period and has passed."),
     RATE, TIMELY, .met = N_("On time"), .unmet = N_("Overdue"), .among = TIMED,
     .counts = "closed_at <= due", .of = "due < {} AND status <> 'merged'", .time = "due",
     .without = not_due},
    {"requests.answered_in_time", NULL, N_("Replied to by the deadline"), N_("%"),
     N_("Replied to by the deadline ÷ requests whose deadline fell in this period and has passed."),
     RATE, TIMELY, .met = N_("On time"), .unmet = N_("Overdue"), .among = TIMED,
     .counts = "answered_at <= due", .of = "due < {} AND status <> 'merged'", .time = "due",
     .without = not_due},
    {"requests.solved_rate", NULL, N_("Resolution rate (first follow-up)"), N_("%"),
     N_("Confirmed as resolved at the first follow-up ÷ requests closed in this period where the "
        "resident was reached and answered. Problems resolved only after reopening are not "
        "included."),
     RATE, OUTCOME, .met = N_("Resolved"), .unmet = N_("Not resolved"),
     .counts = "solved = 'yes' AND coalesce(reopened, 0) = 0", .of = CALLED, .time = "closed_at",
     .without = not_called},
    {"requests.satisfied_rate", NULL, N_("Satisfied, % of those reached"), N_("%"),
     N_("Satisfied ÷ requests closed in this period where the resident was reached and answered."),
     RATE, OUTCOME, .met = N_("Satisfied"), .unmet = N_("Other ratings"),
     .counts = "satisfaction >= {satisfied}", .of = CALLED, .time = "closed_at",
     .without = not_called, .rule = satisfied_rule},
    {"requests.reworked_rate", NULL, N_("Reopened, % of closed"), N_("%"),
     N_("Reopened at least once ÷ requests closed in this period."), RATE, OUTCOME,
     .met = N_("Reopened at least once"), .unmet = N_("Not reopened"), .counts = "reopened > 0",
     .of = CLOSED, .time = "closed_at"},
    {"requests.reply_days_median", NULL, N_("Median days to reply"), N_("days"),
     N_("Half of the replies sent in this period came within this many days of the request."),
     MEDIAN, TIMELY, .counts = REPLIED, .value = "(answered_at - received_at)", .per = 86400,
     .time = "answered_at", .without = unanswered},
    {"requests.reply_days_p90", NULL, N_("Days to reply, 90th percentile"), N_("days"),
     N_("Nine out of ten replies sent in this period came within this many days of the request."),
     PERCENTILE_90, TIMELY, .counts = REPLIED, .value = "(answered_at - received_at)", .per = 86400,
     .time = "answered_at", .without = unanswered},
    {.id = NULL},
};
