/*
 * The figures of requests, with the denominators of the field: contact rate =
 * contacted in time ÷ to be contacted; solved and satisfied rates ÷ valid
 * call-backs (the resident was reached and said so; who said "not solved" has the request reopened, so that only the
 * first answer says anything: at the end every closed one is solved); on-time rate = closed in
 * time ÷ due; rework rate = reworked ÷ closed. A merged request counts with the
 * one it was merged into. An imported archive was closed elsewhere: nobody was
 * called back and it had no deadline here, so it is in no call-back's and no
 * deadline's denominator, and each figure says how many that left out.
 */
#include "app/requests.h"

#define OPEN    "status NOT IN ('closed', 'merged')"               /* as the index requests_open says it */
#define RUNS    "status IN ('received', 'dispatched', 'handling')" /* what a deadline runs for: not yet answered, not parked */
#define TIMED   "due IS NOT NULL"                                  /* as the index requests_figures_due says it */
#define CLOSED  "status = 'closed'"
#define CALLED  "status = 'closed' AND solved IS NOT NULL"
#define REPLIED "answered_at >= received_at"

#define REQUEST .kind = &requests_kind, .area = "community", .category = "category"

static const struct figure_without merged[] = {{N_("{} merged into another"), "status = 'merged'", NULL}, {NULL, NULL, NULL}};
static const struct figure_without no_contact[] = {
    {N_("{} merged into another"), "status = 'merged'", NULL},
    {N_("{} imported, without a time for first contact"), "status <> 'merged' AND channel = 'import' AND first_contact_due IS NULL", NULL},
    {N_("{} whose category asks for none"), "status <> 'merged' AND coalesce(channel, '') <> 'import' AND first_contact_due IS NULL", NULL},
    {NULL, NULL, NULL}};
static const struct figure_without not_due[] = {{N_("{} merged into another"), "status = 'merged'", NULL},
                                                {N_("{} not yet due"), "status <> 'merged' AND due >= {}", NULL},
                                                {N_("{} received without a deadline"), "status <> 'merged' AND due IS NULL", "received_at"},
                                                {NULL, NULL, NULL}};
static const struct figure_without not_called[] = {
    {N_("{} imported without call-back"), CLOSED " AND solved IS NULL AND channel = 'import'", NULL},
    {N_("{} where nobody could be reached"), CLOSED " AND solved IS NULL AND coalesce(channel, '') <> 'import'", NULL},
    {NULL, NULL, NULL}};
static const struct figure_without unanswered[] = {
    {N_("{} received and not yet answered"), "answered_at IS NULL AND status <> 'merged'", "received_at"},
    {N_("{} answered before they were received, by their dates"), "answered_at < received_at", NULL},
    {NULL, NULL, NULL}};

const struct figure request_figures[] = {
    {"requests.received", NULL, N_("Requests received"), N_("requests"),
     N_("Requests that reached the office in this period, whatever became of them."), COUNT, REQUEST, .counts = "status <> 'merged'",
     .time = "received_at", .without = merged},
    {"requests.open", NULL, N_("Requests open"), N_("requests"),
     N_("Requests received in this period that are neither closed nor merged now."), COUNT, REQUEST, .among = OPEN, .time = "received_at"},
    {"requests.due_soon", NULL, N_("Requests due soon"), N_("requests"),
     N_("Requests not yet answered whose deadline falls within the next 48 hours."), COUNT, REQUEST, .among = OPEN,
     .counts = RUNS " AND due >= {} AND due < {} + 172800", .time = "received_at", .inside = true},
    {"requests.overdue", NULL, N_("Requests overdue"), N_("requests"),
     N_("Requests not yet answered whose deadline has passed. What is parked waits for its review date and is not late."), COUNT, REQUEST,
     .among = OPEN, .counts = RUNS " AND due < {}", .time = "received_at", .inside = true},
    {"requests.to_call", NULL, N_("Waiting for call-back"), N_("requests"),
     N_("Requests that were answered and whose residents have not said yet whether it is solved."), COUNT, REQUEST, .among = OPEN,
     .counts = "status IN ('answered', 'call_back')", .time = "received_at", .inside = true},
    {"requests.closed", NULL, N_("Requests closed"), N_("requests"),
     N_("Requests closed in this period, by the resident's word, because nobody could be reached, or in an imported archive."), COUNT,
     REQUEST, .counts = CLOSED, .time = "closed_at"},
    {"requests.solved", "F21", N_("Problems solved"), N_("problems"),
     N_("Requests closed in this period of which the resident said that the problem is solved."), COUNT, REQUEST,
     .counts = CLOSED " AND solved = 'yes'", .time = "closed_at", .without = not_called},
    {"requests.contacted_in_time", NULL, N_("First contact in time"), N_("%"),
     N_("Somebody spoke to the resident within the hours its category sets ÷ requests received that had to be contacted."), RATE, REQUEST,
     .counts = "first_contact_at <= first_contact_due", .of = "first_contact_due IS NOT NULL AND status <> 'merged'", .time = "received_at",
     .without = no_contact},
    {"requests.on_time", NULL, N_("Closed in time"), N_("%"),
     N_("Closed by the deadline ÷ requests whose deadline lay in this period and has passed."), RATE, REQUEST, .among = TIMED,
     .counts = "closed_at <= due", .of = "due < {} AND status <> 'merged'", .time = "due", .without = not_due},
    {"requests.answered_in_time", NULL, N_("Answered by the deadline"), N_("%"),
     N_("Answered by the deadline ÷ requests whose deadline lay in this period and has passed."), RATE, REQUEST, .among = TIMED,
     .counts = "answered_at <= due", .of = "due < {} AND status <> 'merged'", .time = "due", .without = not_due},
    {"requests.solved_rate", NULL, N_("Solved, of those asked first"), N_("%"),
     N_("The resident said at the first asking that it is solved ÷ requests closed in this period whose resident was reached and answered. What was solved only after a second round is not in it."),
     RATE, REQUEST, .counts = "solved = 'yes' AND coalesce(reopened, 0) = 0", .of = CALLED, .time = "closed_at", .without = not_called},
    {"requests.satisfied_rate", NULL, N_("Satisfied, of those asked"), N_("%"),
     N_("Satisfied or very satisfied (4 or 5 of 5) ÷ requests closed in this period whose resident was reached and answered."), RATE,
     REQUEST, .counts = "satisfaction >= 4", .of = CALLED, .time = "closed_at", .without = not_called},
    {"requests.reworked_rate", NULL, N_("Handled again, of the closed"), N_("%"),
     N_("Opened again at least once ÷ requests closed in this period."), RATE, REQUEST, .counts = "reopened > 0", .of = CLOSED,
     .time = "closed_at"},
    {"requests.reply_days_median", NULL, N_("Days to the reply, median"), N_("days"),
     N_("Half of the requests answered in this period were answered within this many days after they were received."), MEDIAN, REQUEST,
     .counts = REPLIED, .value = "(answered_at - received_at)", .per = 86400, .time = "answered_at", .without = unanswered},
    {"requests.reply_days_p90", NULL, N_("Days to the reply, 90th percentile"), N_("days"),
     N_("Nine of ten requests answered in this period were answered within this many days (nearest rank)."), PERCENTILE_90, REQUEST,
     .counts = REPLIED, .value = "(answered_at - received_at)", .per = 86400, .time = "answered_at", .without = unanswered},
    {.id = NULL},
};
