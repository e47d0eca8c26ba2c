/*
 * Notifications about requests. One table says who is notified of which
 * action; the rest writes the texts in the recipient's language and stores
 * them (core/notices.h). core/deliver.c sends them; recipients are looked up
 * then. Each recipient is notified of an event once on each channel.
 */
#include "app/requests/request_notices.h"

#include "app/requests/deadlines.h"
#include "app/registers/registers.h"
#include "core/module.h"
#include "base/code.h"
#include "base/text.h"
#include "base/when.h"

#include <string.h>

#define OLD (2 * WHEN_DAY) /* older events (an archive, a demonstration) notify nobody */

enum who {
    RESIDENT_MAIL = 1 << 0, /* by mail only: not worth a call */
    RESIDENT = 1 << 1,      /* by email, or by a phone call */
    UNIT = 1 << 2,          /* the lead unit */
    HANDLER = 1 << 3,
    DISPATCHER = 1 << 4,
    OFFICE = 1 << 5,
};

static const struct rule {
    const char *action;
    unsigned who;
    const char *staff; /* N_(): text for staff; {} is the number */
} rules[] = {
    {"file", RESIDENT_MAIL, NULL},
    {"dispatch", RESIDENT_MAIL | UNIT, N_("Request {} has been dispatched to your unit.")},
    {"accept", RESIDENT_MAIL, NULL},
    {"answer", RESIDENT, NULL},
    {"supplement", RESIDENT, NULL},
    {"addition", UNIT | HANDLER | DISPATCHER, N_("The resident has added to request {}.")},
    {"joiner-added", UNIT | HANDLER | DISPATCHER,
     N_("Someone affected by request {} has added to it.")},
    {"withdraw", UNIT | HANDLER | DISPATCHER,
     N_("The resident has withdrawn request {}: nothing more needs to be done.")},
    {"close", RESIDENT_MAIL, NULL},
    {"extend", RESIDENT, NULL},
    {"park", RESIDENT, NULL},
    {"resume", RESIDENT_MAIL, NULL},
    {"merge", RESIDENT, NULL},
    {"joined", RESIDENT_MAIL, NULL},
    {"agreed", RESIDENT, NULL},
    {"withdrawn", RESIDENT, NULL},
    {"visit-soon", RESIDENT, NULL},
    {"return", DISPATCHER, N_("Request {} has been returned. Please dispatch it again.")},
    {"to-office", OFFICE,
     N_("Request {} has been returned for the third time. The subdistrict office decides who "
        "handles it.")},
    {"reopen", RESIDENT_MAIL | UNIT | HANDLER | DISPATCHER,
     N_("Request {} has been reopened: the resident says it is not resolved.")},
    {"dispute", UNIT | HANDLER | DISPATCHER,
     N_("Request {} has been reopened: the resident says it is not resolved.")},
    {"dispute-merged", RESIDENT_MAIL | UNIT | HANDLER | DISPATCHER,
     N_("Request {} has been reopened: someone whose request was merged into it says it is not "
        "resolved.")},
    {"joiner-no", UNIT | HANDLER | DISPATCHER,
     N_("Someone affected by request {} says it is not resolved. Please contact them.")},
    {"due-soon", UNIT | HANDLER, N_("Request {} is due soon.")},
    {"overdue", UNIT | HANDLER | DISPATCHER, N_("Request {} is overdue.")},
};

/* Actions whose phone calls become pointless after a later step: for residents, for the person
 * who reported it (whose own "resolved" does not tell others the reply), and for units and the
 * office. */
#define VISITS "|agreed|withdrawn|visit-soon|"
#define COMING "|extend|park|merge|"
#define NEWS   "|extend|park|merge|answer|supplement|"
#define DUTIES \
    "|dispatch|reopen|dispute|dispute-merged|due-soon|overdue|to-office|return|addition|joiner-" \
    "added|"
#define DOUBTS "|joiner-no|"

static const struct overtaken {
    const char *action, *residents, *reporter, *staff; /* lists; "": none */
} overtaken[] = {
    {"dispatch", "|park|", "", DUTIES},
    {"accept", "|park|", "", DUTIES},
    {"extend", COMING, "", "|due-soon|overdue|"},
    {"park", COMING, "", DUTIES},
    {"resume", "|park|", "", ""},
    {"answer", NEWS, "", DUTIES},
    {"served", (NEWS VISITS), "", DUTIES},
    {"visited", VISITS, "", ""},
    {"agreed", VISITS, "", ""},
    {"withdrawn", VISITS, "", ""},
    {"visit-soon", VISITS, "", ""},
    {"offer_cancelled", VISITS, "", ""},
    {"return", "", "", DUTIES},
    {"take-back", "", "", DUTIES},
    {"recall", "", "", DUTIES},
    {"reopen", NEWS, "", (DUTIES DOUBTS)},
    {"dispute", NEWS, "", (DUTIES DOUBTS)},
    {"dispute-merged", NEWS, "", (DUTIES DOUBTS)},
    {"contact-other", "", "", DOUBTS},
    {"close", COMING, NEWS, DUTIES},
    {"confirm", COMING, NEWS, DUTIES},
    {"withdraw", (NEWS VISITS), "", (DUTIES DOUBTS)},
    {"merge", (NEWS VISITS), "", (DUTIES DOUBTS)},
};

struct told {
    const char *event, *action;
    const struct request *request;
    const char *staff;
};

/* " https://…/follow?number=…" if the site's address is set. */
static const char *link_to(struct ctx *ctx, const char *path, const char *value)
{
    const char *base = setting(ctx, "site.address");
    return *base ? arena_print(ctx->arena, " %s%s%s", base, path, value) : "";
}

static void put(struct ctx *ctx, const struct told *n, const char *recipient, const char *channel,
                const char *lang, const char *text)
{
    notice_put(ctx, &(struct notice){.kind = requests_kind.name,
                                     .record = n->request->record.id,
                                     .event = n->event,
                                     .recipient = recipient,
                                     .channel = channel,
                                     .action = n->action,
                                     .language = lang,
                                     .text = text});
}

/* The time of the visit, for notifications about one. */
static const char *visit_when(struct ctx *ctx, const struct told *n)
{
    if (strcmp(n->action, "agreed") && strcmp(n->action, "visit-soon"))
        return NULL;
    int64_t starts = query_int(ctx->db,
                               "SELECT starts FROM offers WHERE request = {} AND status = 'agreed' "
                               "ORDER BY id DESC LIMIT 1",
                               n->request->record.id);
    return starts == NONE ? NULL : when_show(ctx->arena, ctx->lang, starts);
}

static bool is_reply(const char *action)
{
    return !strcmp(action, "answer") || !strcmp(action, "served") || !strcmp(action, "supplement");
}

/* The request that holds the reply: for a merged request, the one it was merged into. */
static const struct request *dealt_with(struct ctx *ctx, const struct request *r)
{
    const struct request *into = request_status_of(r) == MERGED && r->merged_into != NONE
                                     ? record_get(ctx, &requests_kind, r->merged_into)
                                     : NULL;
    return into ? into : r;
}

/* Returns whether this recipient may read the reply. A merged request's reply is shown if its
 * own resident allowed that. */
static bool may_hear(struct ctx *ctx, const struct told *n, bool joined)
{
    const struct request *with = dealt_with(ctx, n->request);
    return (!joined && with == n->request) || request_public(with);
}

/* The reply, or the latest addition to it. */
static const char *reply_said(struct ctx *ctx, const struct request *r, const char *action)
{
    if (strcmp(action, "supplement") != 0)
        return r->reply;
    struct rows *rows = query(ctx->db,
                              "SELECT text FROM events WHERE kind = 'requests' AND record = {} AND "
                              "action = 'supplement' ORDER BY id DESC LIMIT 1",
                              r->record.id);
    const char *text = rows_next(rows) ? row_copy(rows, ctx->arena, "text") : NULL;
    rows_end(rows);
    return text;
}

/* A text that can be read out on the phone: which problem, what happened, and the reply. */
static const char *resident_text(struct ctx *ctx, const struct told *n, const char *told,
                                 bool joined)
{
    const struct request *r = n->request;
    const char *when = visit_when(ctx, n), *link = link_to(ctx, "/follow?number=", r->number),
               *matter = joined && !request_public(r)
                             ? field_show(ctx, kind_field(&requests_kind, "category"), r)
                             : r->subject;
    if (when)
        told = say(ctx, "{} Visit time: {}.", told, when);
    if (is_reply(n->action) && may_hear(ctx, n, joined)) {
        const char *reply = reply_said(ctx, dealt_with(ctx, r), n->action);
        if (reply && *reply && matter && *matter && !strcmp(n->action, "answer")) {
            told = say(ctx, "About “{}”, number {}: here is our reply. {}", matter, r->number,
                       reply);
            return *link ? say(ctx, "{} Check progress here:{}", told, link) : told;
        }
        told = reply && *reply ? say(ctx, "{} Reply: {}", told, reply) : told;
    } else if (is_reply(n->action)) {
        told = say(ctx,
                   "{} Someone else reported it first and asked to keep it private; we will "
                   "tell you what affects you.",
                   told);
    }
    told = matter && *matter ? say(ctx, "About “{}”, number {}: {}", matter, r->number, told)
                             : say(ctx, "About your request, number {}: {}", r->number, told);
    return *link ? say(ctx, "{} Check progress here:{}", told, link) : told;
}

static const char *request_language(const struct request *r)
{
    return r->language ? r->language : "zh_CN";
}

/* Co-reporters, who left only a phone number, are called, each in their own language. */
static void tell_joiners(struct ctx *ctx, const struct told *n, int64_t until)
{
    struct joined {
        int64_t id;
        const char *language;
    } *list = NULL;
    int count = 0;
    struct rows *r = query(ctx->db,
                           "SELECT id, coalesce(language, {}) AS language FROM request_joiners "
                           "WHERE request = {} ORDER BY 2, 1",
                           request_language(n->request), n->request->record.id);
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, list, count) = (struct joined){row_int(r, "id"),
                                                               row_copy(r, ctx->arena, "language")};
    rows_end(r);
    const char *lang = ctx->lang, *text = NULL;
    for (int i = 0; i < count; i++) {
        if (i == 0 || strcmp(list[i].language, list[i - 1].language) != 0) {
            ctx->lang = list[i].language;
            const char *told = request_told_until(ctx, n->action, until);
            text = told ? resident_text(ctx, n, told, true) : NULL;
        }
        if (text)
            put(ctx, n, arena_print(ctx->arena, "joiner:%lld", (long long)list[i].id), "hand",
                ctx->lang, text);
    }
    ctx->lang = lang;
}

/* A resident who took the step is not notified of it; co-reporters are. */
static void tell_resident(struct ctx *ctx, const struct told *n, bool by_hand)
{
    const struct request *r = n->request;
    const char *lang = ctx->lang, *channel = notice_channel(ctx, r->requester_mail);
    const struct step *s = request_step(n->action);
    if (is_reply(n->action) && r->requester_phone && !may_hear(ctx, n, false))
        channel = "hand"; /* a text that must not be in an email is said on the phone */
    bool hand = !strcmp(channel, "hand"),
         own = s && s->roles == ROLE_PUBLIC && strcmp(n->action, "dispute-merged") != 0;
    ctx->lang = request_language(r);
    int64_t until = r->merged_into != NONE       ? NONE
                    : !strcmp(n->action, "park") ? r->parked_until
                                                 : r->due;
    const char *told = request_told_until(ctx, n->action, until);
    if (told && !own && (!hand || (by_hand && r->requester_phone)))
        put(ctx, n, "resident", channel, ctx->lang, resident_text(ctx, n, told, false));
    ctx->lang = lang;
    if (by_hand)
        tell_joiners(ctx, n, until);
}

static void tell_staff(struct ctx *ctx, const struct told *n, const char *recipient,
                       const char *mail, const char *lang, bool by_hand)
{
    const char *before = ctx->lang, *channel = notice_channel(ctx, mail);
    if (!by_hand && !strcmp(channel, "hand"))
        return; /* it is on the work list already */
    ctx->lang = lang && *lang ? lang : "zh_CN";
    struct arg number = arg_text(n->request->number);
    const char *text = say_write(ctx, n->staff, &number, 1);
    if (!strcmp(channel, "hand")) /* read out: says which problem */
        text = say(ctx, "About “{}”: {}", n->request->subject, text);
    if (n->request->due != NONE)
        text = say(ctx, "{} Due {}.", text, when_show(ctx->arena, ctx->lang, n->request->due));
    put(ctx, n, recipient, channel, ctx->lang,
        arena_print(ctx->arena, "%s%s", text,
                    link_to(ctx, "/requests/",
                            arena_print(ctx->arena, "%lld", (long long)n->request->record.id))));
    ctx->lang = before;
}

static void tell_user(struct ctx *ctx, const struct told *n, int64_t user)
{
    if (user == NONE || user == ctx->actor.user)
        return;
    struct rows *r = query(ctx->db, "SELECT mail, language FROM users WHERE id = {} AND active = 1",
                           user);
    bool there = rows_next(r);
    const char *mail = there ? row_copy(r, ctx->arena, "mail") : NULL,
               *lang = there ? row_copy(r, ctx->arena, "language") : NULL;
    rows_end(r);
    if (there)
        tell_staff(ctx, n, arena_print(ctx->arena, "user:%lld", (long long)user), mail, lang,
                   false);
}

static void tell_unit(struct ctx *ctx, const struct told *n, int64_t unit)
{
    if (unit == NONE)
        return;
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].unit == unit)
            return;
    struct rows *r = query(ctx->db, "SELECT mail FROM units WHERE id = {}", unit);
    const char *mail = rows_next(r) ? row_copy(r, ctx->arena, "mail") : NULL;
    rows_end(r);
    tell_staff(ctx, n, arena_print(ctx->arena, "unit:%lld", (long long)unit), mail, NULL, true);
}

/* The payload for the webhook: what happened to which number, never who submitted it or what
 * was written. */
static void tell_hook(struct ctx *ctx, const struct told *n)
{
    const struct request *r = n->request;
    struct buf out;
    buf_init(&out, 0);
    json(&out,
         "{\"event\":{},\"action\":{},\"at\":{},\"request\":{\"id\":{},\"number\":{},\"status\":{},"
         "\"category\":{},\"community\":{},\"unit\":{},\"due\":{}}}",
         n->event, n->action, when_iso(ctx->arena, ctx->now), r->record.id, r->number, r->status,
         (struct maybe){r->category}, (struct maybe){r->community}, (struct maybe){r->unit},
         when_iso(ctx->arena, r->due));
    put(ctx, n, "hook", "hook", "en", arena_copyn(ctx->arena, out.data, out.size));
    buf_release(&out);
}

static void tell(struct ctx *ctx, const struct told *n, unsigned who)
{
    if (who & (RESIDENT | RESIDENT_MAIL))
        tell_resident(ctx, n, who & RESIDENT);
    if (who & UNIT)
        tell_unit(ctx, n, n->request->unit);
    if (who & HANDLER)
        tell_user(ctx, n, n->request->handler);
    if ((who & DISPATCHER) && n->request->dispatcher != n->request->handler)
        tell_user(ctx, n, n->request->dispatcher);
    if (who & OFFICE)
        tell_staff(ctx, n, "office", setting(ctx, "office.mail"), NULL, true);
}

static const struct rule *rule_of(const char *action)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!strcmp(rules[i].action, action))
            return &rules[i];
    return NULL;
}

/* Withdraws waiting notifications that this event makes obsolete. who: trusted SQL. */
static void overtake(struct ctx *ctx, const struct request *r, const char *who, const char *actions)
{
    struct sql q;
    if (!*actions)
        return;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "UPDATE notices SET status = 'told', done_at = {}, error = {} WHERE kind = 'requests' "
            "AND record = {} AND channel = 'hand' AND status = 'waiting' AND {} LIKE '%|' || "
            "action || '|%' AND ",
            ctx->now, NOTICE_SUPERSEDED, r->record.id, actions);
    sql_write(&q, who, NULL, 0);
    sql_change(ctx->db, &q);
}

static void overtake_calls(struct ctx *ctx, const struct request *r, const char *action)
{
    for (size_t i = 0; i < sizeof overtaken / sizeof *overtaken; i++) {
        const struct overtaken *o = &overtaken[i];
        if (strcmp(o->action, action) != 0)
            continue;
        overtake(ctx, r, "(recipient = 'resident' OR recipient LIKE 'joiner:%')", o->residents);
        overtake(ctx, r, "(recipient = 'office' OR recipient LIKE 'unit:%')", o->staff);
        if (r->merged_into == NONE)
            overtake(ctx, r, "recipient = 'resident'", o->reporter);
    }
}

/* The mail of an undone dispatch that has not left yet: to the unit, and to the resident, who
 * reads of the next one. */
static void recall_mail(struct ctx *ctx, const struct request *r)
{
    change(ctx->db,
           "UPDATE notices SET status = 'told', done_at = {}, error = {} WHERE kind = 'requests' "
           "AND record = {} AND channel = 'mail' AND status = 'waiting' AND action = 'dispatch'",
           ctx->now, NOTICE_SUPERSEDED, r->record.id);
}

void notify_event(struct ctx *ctx, const struct request *r, const char *action, int64_t event)
{
    const struct rule *rule = rule_of(action);
    if ((r->channel && !strcmp(r->channel, "import")) || ctx->now + OLD < when_now())
        return;
    overtake_calls(ctx, r, action);
    if (!strcmp(action, "recall"))
        recall_mail(ctx, r);
    struct told n = {.event = arena_print(ctx->arena, "event:%lld", (long long)event),
                     .action = action,
                     .request = r,
                     .staff = rule ? rule->staff : NULL};
    bool nobody = r->unit == NONE && r->handler == NONE && r->dispatcher == NONE;
    if (rule)
        tell(ctx, &n, nobody && !strcmp(action, "joiner-no") ? rule->who | OFFICE : rule->who);
    if ((rule || request_step(action)) && *setting(ctx, "hook.url"))
        tell_hook(ctx, &n);
}

/* ---- deadlines ---- */

#define DEADLINES_MOST 40 /* of each type in one batch, so that other changes need not wait */

/* The event's name contains the deadline, so a new deadline is notified again. told: trusted
 * SQL, the event's name for row r. */
static int64_t tell_deadlines(struct ctx *ctx, const char *action, const char *told, int64_t from,
                              int64_t to)
{
    int64_t ids[DEADLINES_MOST];
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(
        &q,
        "SELECT r.id FROM requests r WHERE r.status NOT IN ('closed', 'merged') AND "
        "coalesce(r.status, '') IN ('received', 'dispatched', 'handling')"
        " AND r.due >= {} AND r.due < {} AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.event = ",
        from, to);
    sql_write(&q, told, NULL, 0);
    sql_add(&q, ") ORDER BY r.due LIMIT {}", DEADLINES_MOST);
    struct rows *rows = sql_query(ctx->db, &q);
    int n = rows_ids(rows, ids, DEADLINES_MOST);
    const struct rule *rule = rule_of(action);
    for (int i = 0; i < n; i++) {
        const struct request *r = record_get(ctx, &requests_kind, ids[i]);
        if (!r)
            continue;
        struct told note = {.event = arena_print(ctx->arena, "%s:%lld:%lld", action,
                                                 (long long)r->record.id, (long long)r->due),
                            .action = action,
                            .request = r,
                            .staff = rule->staff};
        tell(ctx, &note, r->unit == NONE && r->handler == NONE ? OFFICE : rule->who);
        if (*setting(ctx, "hook.url"))
            tell_hook(ctx, &note);
    }
    return n;
}

/* Withdraws waiting notifications about a deadline that was met, has moved, or (due soon) has
 * passed. */
static void withdraw_deadlines(struct ctx *ctx)
{
    change(ctx->db,
           "UPDATE notices SET status = 'told', done_at = {}, error = {} WHERE status = 'waiting' "
           "AND action IN ('due-soon', 'overdue') AND kind = 'requests' AND NOT EXISTS (SELECT 1 "
           "FROM requests r WHERE r.id = notices.record AND r.status IN ('received', "
           "'dispatched', 'handling') AND notices.event = notices.action || ':' || r.id || ':' || "
           "r.due AND (notices.action = 'overdue' OR r.due >= {}))",
           ctx->now, NOTICE_SUPERSEDED, ctx->now);
}

int64_t notify_deadlines(struct ctx *ctx)
{
    const struct calendar *cal = calendar_load(ctx->db, ctx->arena);
    withdraw_deadlines(ctx);
    return tell_deadlines(ctx, "due-soon", "'due-soon:' || r.id || ':' || r.due", ctx->now,
                          due_soon(cal, ctx->now) + 1) +
           tell_deadlines(ctx, "overdue", "'overdue:' || r.id || ':' || r.due",
                          ctx->now - 30 * WHEN_DAY, ctx->now);
}

/* ---- recipients, looked up when a notification is sent or shown ---- */

static void resident_reached(struct ctx *ctx, int64_t id, int64_t record, struct reached *to)
{
    const struct request *q = record_get(ctx, &requests_kind, record);
    (void)id;
    to->who = q && q->requester_name ? mask_name(ctx->arena, q->requester_name)
                                     : say(ctx, "The resident");
    to->name = q ? q->requester_name : NULL;
    to->whole = q ? q->requester_phone : NULL;
    to->phone = mask_phone(ctx->arena, to->whole);
    to->mail = q ? q->requester_mail : NULL;
}

static void joiner_reached(struct ctx *ctx, int64_t id, int64_t record, struct reached *to)
{
    const struct joiner *j = joiner_get(ctx, id);
    (void)record;
    to->who = j && j->name ? mask_name(ctx->arena, j->name)
                           : say(ctx, "Someone with the same problem");
    to->name = j ? j->name : NULL;
    to->whole = j ? j->phone : NULL;
    to->phone = mask_phone(ctx->arena, to->whole);
}

static const struct recipient recipients[] = {
    {.prefix = "resident", .resident = true, .find = resident_reached},
    {.prefix = "joiner:", .resident = true, .find = joiner_reached},
    {.prefix = NULL},
};

/* A refused email that would not have been worth a call is not followed by one. */
static bool worth_call(const char *action, const char *recipient)
{
    const struct rule *rule = rule_of(action);
    bool resident = !strcmp(recipient, "resident");
    return rule && strncmp(recipient, "user:", 5) != 0 && (!resident || (rule->who & RESIDENT));
}

static const struct notice_subject subjects[] = {
    {&requests_kind, "number", "/requests/{id}", worth_call},
    {.kind = NULL},
};

/* ---- checked often, sent once: an event's key is the deadline itself ---- */

#define DEADLINES_TIMES 25 /* batches in one run; the next run does the rest */

static void deadlines_store(struct ctx *ctx)
{
    *(int64_t *)ctx->work = notify_deadlines(ctx);
}

static void run_deadlines(struct ctx *ctx)
{
    int64_t *count = ctx->work = ARENA_NEW(ctx->arena, int64_t);
    count[0] = 1;
    for (int i = 0; i < DEADLINES_TIMES && count[0] > 0; i++)
        if (writer_call(ctx, deadlines_store) != OK)
            return;
}

static const struct job jobs[] = {{"deadlines", 600, run_deadlines}, {.name = NULL}};

const struct module request_notices_module = {
    .name = "request_notices", .jobs = jobs, .recipients = recipients, .subjects = subjects};
