/*
 * Who is told of what is one table; the rest composes the words in the
 * recipient's language and writes the rows. An event is told once: the row's
 * key is event, recipient and channel.
 */
#include "app/notify.h"

#include "app/deadlines.h"
#include "app/registers.h"
#include "base/when.h"

#include <string.h>
#include <time.h>

#define OLD (2 * WHEN_DAY) /* what happened longer ago (an archive, a demonstration) is told to nobody */

enum who {
    RESIDENT_MAIL = 1 << 0, /* by mail only: not worth a call */
    RESIDENT = 1 << 1,      /* by mail, or somebody rings */
    UNIT = 1 << 2,          /* the unit that leads */
    HANDLER = 1 << 3,
    DISPATCHER = 1 << 4,
    OFFICE = 1 << 5,
};

static const struct rule {
    const char *action;
    unsigned who;
    const char *staff; /* N_(): what staff read; {} is the number */
} rules[] = {
    {"file", RESIDENT_MAIL, NULL},
    {"dispatch", RESIDENT_MAIL | UNIT, N_("Request {} was assigned to your unit.")},
    {"accept", RESIDENT_MAIL, NULL},
    {"answer", RESIDENT, NULL},
    {"close", RESIDENT_MAIL, NULL},
    {"extend", RESIDENT, NULL},
    {"park", RESIDENT, NULL},
    {"resume", RESIDENT_MAIL, NULL},
    {"merge", RESIDENT, NULL},
    {"joined", RESIDENT_MAIL, NULL},
    {"agreed", RESIDENT, NULL},
    {"withdrawn", RESIDENT, NULL},
    {"visit-soon", RESIDENT, NULL},
    {"return", DISPATCHER, N_("Request {} was returned by the unit. Please dispatch it anew.")},
    {"to-office", OFFICE, N_("Request {} was returned for the third time. The office decides who handles it.")},
    {"reopen", RESIDENT_MAIL | UNIT | HANDLER | DISPATCHER, N_("Request {} was opened again: the resident says it is not solved.")},
    {"dispute", UNIT | HANDLER | DISPATCHER, N_("Request {} was opened again: the resident says it is not solved.")},
    {"due-soon", UNIT | HANDLER, N_("Request {} is due soon.")},
    {"overdue", UNIT | HANDLER | DISPATCHER, N_("Request {} is overdue.")},
};

bool mail_valid(const char *address)
{
    const char *at = address ? strchr(address, '@') : NULL;
    if (!at || at == address || strchr(at + 1, '@') || !strchr(at, '.') || strlen(address) > 120)
        return false;
    for (const char *c = address; *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c > '~' || strchr("<>()[],;:\\\"", *c))
            return false;
    return at[1] != '.' && at[strlen(at) - 1] != '.';
}

const char *setting(struct ctx *ctx, const char *name)
{
    const char *key = arena_print(ctx->arena, "setting %s", name), *kept = db_recall(ctx->db, key);
    if (kept)
        return arena_copy(ctx->arena, kept);
    struct rows *r = query(ctx->db, "SELECT value FROM settings WHERE name = {}", name);
    const char *value = rows_next(r) ? row_copy(r, ctx->arena, "value") : NULL;
    rows_end(r);
    struct arena *memory = db_memory(ctx->db);
    if (memory && db_status(ctx->db) == OK)
        db_keep(ctx->db, key, arena_copy(memory, value ? value : ""));
    return value ? value : "";
}

void setting_put(struct ctx *ctx, const char *name, const char *value)
{
    if (value && *value)
        change(ctx->db, "INSERT INTO settings (name, value) VALUES ({}, {}) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name,
               value);
    else
        change(ctx->db, "DELETE FROM settings WHERE name = {}", name);
}

struct notice {
    const char *event, *action;
    const struct request *request;
    const char *staff;
};

/* " https://…/follow?number=…" when the office told its address. */
static const char *link_to(struct ctx *ctx, const char *path, const char *value)
{
    const char *base = setting(ctx, "site.address");
    return *base ? arena_print(ctx->arena, " %s%s%s", base, path, value) : "";
}

static void put(struct ctx *ctx, const struct notice *n, const char *recipient, const char *channel, const char *lang, const char *text)
{
    change(ctx->db,
           "INSERT INTO notices (event, recipient, channel, request, action, language, text, status, next_at, created)"
           " VALUES ({}, {}, {}, {}, {}, {}, {}, 'waiting', {}, {}) ON CONFLICT (event, recipient, channel) DO NOTHING",
           n->event, recipient, channel, n->request->record.id, n->action, lang, text, ctx->now, ctx->now);
}

static const char *channel_for(struct ctx *ctx, const char *mail)
{
    return mail && *mail && *setting(ctx, "smtp.host") ? "mail" : "hand";
}

/* People with the same matter left a telephone: somebody rings them too. */
const char *notify_volunteer_channel(struct ctx *ctx, int64_t volunteer, const char **language)
{
    const char *channel = "hand";
    *language = "zh_CN";
    struct rows *r = query(
        ctx->db,
        "SELECT u.mail AS mail, u.language AS language FROM volunteers v JOIN users u ON u.id = v.\"user\" WHERE v.id = {} AND u.active = 1",
        volunteer);
    if (rows_next(r)) {
        channel = channel_for(ctx, row_text(r, "mail"));
        *language = row_text(r, "language") && *row_text(r, "language") ? row_copy(r, ctx->arena, "language") : *language;
    }
    rows_end(r);
    return channel;
}

static void tell_joiners(struct ctx *ctx, const struct notice *n, const char *text)
{
    change(ctx->db,
           "INSERT INTO notices (event, recipient, channel, request, action, language, text, status, next_at, created)"
           " SELECT {}, 'joiner:' || id, 'hand', request, {}, {}, {}, 'waiting', {}, {} FROM request_joiners WHERE request = {}"
           " ON CONFLICT (event, recipient, channel) DO NOTHING",
           n->event, n->action, ctx->lang, text, ctx->now, ctx->now, n->request->record.id);
}

/* When volunteers come, for what is told of a visit. */
static const char *visit_when(struct ctx *ctx, const struct notice *n)
{
    if (strcmp(n->action, "agreed") && strcmp(n->action, "visit-soon"))
        return NULL;
    int64_t starts = query_int(ctx->db, "SELECT starts FROM offers WHERE request = {} AND status = 'agreed' ORDER BY id DESC LIMIT 1",
                               n->request->record.id);
    return starts == NONE ? NULL : when_show(ctx->arena, ctx->lang, starts);
}

static const char *resident_text(struct ctx *ctx, const struct notice *n, const char *told)
{
    const char *when = visit_when(ctx, n);
    told = when ? say(ctx, "{} They come on {}.", told, when) : told;
    const struct request *r = n->request;
    const char *link = link_to(ctx, "/follow?number=", r->number);
    return *link ? say(ctx, "{} Your request’s number is {}. Follow it here:{}", told, r->number, link)
                 : say(ctx, "{} Your request’s number is {}.", told, r->number);
}

/* A resident who took the step is not told of it; those with the same matter are. */
static void tell_resident(struct ctx *ctx, const struct notice *n, bool by_hand)
{
    const struct request *r = n->request;
    const char *lang = ctx->lang, *channel = channel_for(ctx, r->requester_mail);
    const struct step *s = request_step(n->action);
    bool hand = !strcmp(channel, "hand"), own = s && s->roles == ROLE_PUBLIC;
    ctx->lang = r->language ? r->language : "zh_CN";
    int64_t until = r->merged_into != NONE ? NONE : !strcmp(n->action, "park") ? r->parked_until : r->due;
    const char *told = request_told_until(ctx, n->action, until);
    if (told && !own && (!hand || (by_hand && r->requester_phone)))
        put(ctx, n, "resident", channel, ctx->lang, resident_text(ctx, n, told));
    if (told && by_hand)
        tell_joiners(ctx, n, resident_text(ctx, n, told));
    ctx->lang = lang;
}

static void tell_staff(struct ctx *ctx, const struct notice *n, const char *recipient, const char *mail, const char *lang, bool by_hand)
{
    const char *before = ctx->lang, *channel = channel_for(ctx, mail);
    if (!by_hand && !strcmp(channel, "hand"))
        return; /* the work list shows it */
    ctx->lang = lang && *lang ? lang : "zh_CN";
    struct arg number = arg_text(n->request->number);
    const char *text = say_write(ctx, n->staff, &number, 1);
    if (n->request->due != NONE)
        text = say(ctx, "{} Due {}.", text, when_show(ctx->arena, ctx->lang, n->request->due));
    put(ctx, n, recipient, channel, ctx->lang,
        arena_print(ctx->arena, "%s%s", text,
                    link_to(ctx, "/requests/", arena_print(ctx->arena, "%lld", (long long)n->request->record.id))));
    ctx->lang = before;
}

static void tell_user(struct ctx *ctx, const struct notice *n, int64_t user)
{
    if (user == NONE || user == ctx->actor.user)
        return;
    struct rows *r = query(ctx->db, "SELECT mail, language FROM users WHERE id = {} AND active = 1", user);
    bool there = rows_next(r);
    const char *mail = there ? row_copy(r, ctx->arena, "mail") : NULL, *lang = there ? row_copy(r, ctx->arena, "language") : NULL;
    rows_end(r);
    if (there)
        tell_staff(ctx, n, arena_print(ctx->arena, "user:%lld", (long long)user), mail, lang, false);
}

static void tell_unit(struct ctx *ctx, const struct notice *n, int64_t unit)
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

/* What other systems may know: what happened to which number, never who asked or what was said. */
static void tell_hook(struct ctx *ctx, const struct notice *n)
{
    const struct request *r = n->request;
    struct buf out;
    buf_init(&out, 0);
    json(
        &out,
        "{\"event\":{},\"action\":{},\"at\":{},\"request\":{\"id\":{},\"number\":{},\"status\":{},\"category\":{},\"community\":{},\"unit\":{},\"due\":{}}}",
        n->event, n->action, when_iso(ctx->arena, ctx->now), r->record.id, r->number, r->status, (struct maybe){r->category},
        (struct maybe){r->community}, (struct maybe){r->unit}, when_iso(ctx->arena, r->due));
    put(ctx, n, "hook", "hook", "en", arena_copyn(ctx->arena, out.data, out.size));
    buf_release(&out);
}

static void tell(struct ctx *ctx, const struct notice *n, unsigned who)
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

void notify_event(struct ctx *ctx, const struct request *r, const char *action, int64_t event)
{
    const struct rule *rule = rule_of(action);
    if ((r->channel && !strcmp(r->channel, "import")) || ctx->now + OLD < time(NULL))
        return;
    struct notice n = {.event = arena_print(ctx->arena, "event:%lld", (long long)event),
                       .action = action,
                       .request = r,
                       .staff = rule ? rule->staff : NULL};
    if (rule)
        tell(ctx, &n, rule->who);
    if ((rule || request_step(action)) && *setting(ctx, "hook.url"))
        tell_hook(ctx, &n);
}

/* ---- deadlines ---- */

#define DEADLINES_MOST 40 /* of each kind at once: changes wait meanwhile */

/* The event names the deadline itself: a new deadline is told anew. told: trusted SQL, that event's name for row r. */
static int64_t tell_deadlines(struct ctx *ctx, const char *action, const char *told, int64_t from, int64_t to)
{
    int64_t ids[DEADLINES_MOST];
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(
        &q,
        "SELECT r.id FROM requests r WHERE r.status NOT IN ('closed', 'merged') AND coalesce(r.status, '') IN ('received', 'dispatched', 'handling')"
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
        struct notice note = {.event = arena_print(ctx->arena, "%s:%lld:%lld", action, (long long)r->record.id, (long long)r->due),
                              .action = action,
                              .request = r,
                              .staff = rule->staff};
        tell(ctx, &note, r->unit == NONE && r->handler == NONE ? OFFICE : rule->who);
        if (*setting(ctx, "hook.url"))
            tell_hook(ctx, &note);
    }
    return n;
}

int64_t notify_deadlines(struct ctx *ctx)
{
    const struct calendar *cal = calendar_load(ctx->db, ctx->arena);
    return tell_deadlines(ctx, "due-soon", "'due-soon:' || r.id || ':' || r.due", ctx->now, deadline_soon(cal, ctx->now)) +
           tell_deadlines(ctx, "overdue", "'overdue:' || r.id || ':' || r.due", ctx->now - 30 * WHEN_DAY, ctx->now);
}
