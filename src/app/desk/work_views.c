/*
 * Which requests the work list shows: views, filters, how many there are.
 *
 * Open requests are few beside the closed ones; each open view says so in the
 * words of the partial indexes (schema 003 and the work list), so that it walks a small
 * index in the order it shows. Counts stop at COUNT_MOST, and what is done is
 * only counted when nothing narrows it or the reader looks at it. With words to look
 * for, the search itself counts the view that is looked at.
 */
#include "app/desk/work_views.h"

#include "app/requests/requests.h"
#include "app/registers/registers.h"
#include "app/search/search.h"

#include <string.h>

#define IS_OPEN " AND status NOT IN ('closed', 'merged')" /* as the partial indexes say it */
#define WORKING \
    "coalesce(status, '') IN ('received', 'dispatched', 'handling')" /* not by the index of \
                                                                        states: it has no order */

#define TO_CALL \
    "answered_at > 0 AND closed_at IS NULL AND coalesce(status, '') IN ('answered', 'call_back')"

/* The lists are as of the whole minute, so that a count holds until then or until something is
 * committed. */
static int64_t minute(const struct ctx *ctx)
{
    return ctx->now - ctx->now % 60;
}

static bool own_unit(const struct ctx *ctx, int i)
{
    return (ctx->actor.grants[i].role & (ROLE_WORKER | ROLE_HANDLER)) &&
           ctx->actor.grants[i].unit != NONE;
}

static bool has_unit(struct ctx *ctx)
{
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (own_unit(ctx, i))
            return true;
    return false;
}

/* ---- views ---- */

/* Few, by an index each, wherever they stand in the order: what I handle; what came back to me as
 * its dispatcher; for the office, what was returned too often. */
static void narrow_mine(struct ctx *ctx, struct sql *where)
{
    struct maybe me = {ctx->actor.user};
    sql_add(where,
            " AND id IN (SELECT id FROM requests WHERE handler = {}" IS_OPEN " AND (" WORKING
            " OR (status = 'parked' AND parked_until <= {}))",
            me, minute(ctx));
    sql_add(where,
            " UNION SELECT id FROM requests WHERE dispatcher = {} AND reopened > 0" IS_OPEN
            " AND " WORKING,
            me);
    if (ctx->actor.roles & ROLE_OFFICE)
        sql_add(where,
                " UNION SELECT id FROM requests WHERE returns > 0" IS_OPEN
                " AND returns >= {} AND coalesce(status, '') = 'received'",
                RETURNS_MOST);
    sql_add(where, ")");
}

static void narrow_unit(struct ctx *ctx, struct sql *where)
{
    sql_add(where,
            IS_OPEN " AND (coalesce(status, '') IN ('dispatched', 'handling') OR (coalesce(status, "
                    "'') = 'parked' AND parked_until <= {}))"
                    " AND (1 = 0",
            minute(ctx));
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (own_unit(ctx, i))
            sql_add(where,
                    " OR unit = {} OR id IN (SELECT request FROM request_units WHERE unit = {})",
                    ctx->actor.grants[i].unit, ctx->actor.grants[i].unit);
    sql_add(where, ")");
}

static void narrow_free(struct ctx *ctx, struct sql *where)
{
    sql_add(where,
            " AND coalesce(status, '') IN ('received', 'parked') AND (coalesce(status, '') = "
            "'received' OR (unit IS NULL AND parked_until <= {}))",
            minute(ctx));
}

static void narrow_soon(struct ctx *ctx, struct sql *where)
{
    sql_add(where, IS_OPEN " AND due >= {} AND due <= {} AND " WORKING, minute(ctx),
            due_soon(ctx_calendar(ctx), minute(ctx)));
}

static void narrow_late(struct ctx *ctx, struct sql *where)
{
    sql_add(where, IS_OPEN " AND due < {} AND " WORKING, minute(ctx));
}

static void narrow_call(struct ctx *ctx, struct sql *where)
{
    int64_t *ids;
    int n = requests_doubted(ctx, NONE, &ids);
    if (n == 0) {
        sql_add(where, " AND " TO_CALL);
        return;
    }
    sql_add(where, " AND ((" TO_CALL ") OR id IN (0");
    for (int i = 0; i < n; i++) /* closed ones, which somebody else calls not resolved */
        sql_add(where, ", {}", ids[i]);
    sql_add(where, "))");
}

const struct kind_view work_views[] = {
    {"mine", N_("Mine"),
     N_("Nothing to do. Requests you accept, or that are reopened for you, appear here."),
     ROLES_STAFF, .narrow = narrow_mine, .sort = "due"},
    {"unit", N_("My unit"), N_("Nothing for your unit. Requests dispatched to it appear here."),
     ROLES_STAFF, .narrow = narrow_unit, .shown = has_unit, .sort = "due"},
    {"free", N_("To dispatch"),
     N_("Everything has been dispatched. New requests appear here until they are dispatched."),
     ROLE_OFFICE | ROLE_WORKER | ROLE_LEADER, .narrow = narrow_free, .sort = "due"},
    {"soon", N_("Due soon"), N_("Nothing is due within two working days."), ROLES_READERS,
     .narrow = narrow_soon, .sort = "due"},
    {"late", N_("Overdue"), N_("Nothing is overdue."), ROLES_READERS, .narrow = narrow_late,
     .sort = "due", .tone = "late"},
    {"call", N_("To follow up"),
     N_("No follow-ups due. Requests appear here after the reply, until the resident says whether "
        "the problem is resolved."),
     ROLES_READERS, .narrow = narrow_call, .sort = "answered_at"},
    {"parked", N_("On hold"), N_("Nothing on hold."), ROLES_READERS,
     .where = " AND parked_until > 0 AND coalesce(status, '') = 'parked'", .sort = "parked_until"},
    {"closed", N_("Closed"), N_("Nothing closed yet."), ROLES_READERS,
     .where = " AND status = 'closed'", .sort = "id", .newest = true, .closed = true},
    {"all", N_("All"), N_("No requests yet."), ROLES_READERS, .sort = "id", .newest = true,
     .closed = true},
    {.id = NULL},
};

/* ---- filters ---- */

const struct filter work_filters[] = {
    {"community", N_("Community"), FILTER_REF},
    {"category", N_("Category"), FILTER_REF},
    {"unit", N_("Lead unit"), FILTER_REF},
    {"handler", N_("Handler"), FILTER_USER},
    {"channel", N_("Channel"), FILTER_CHOICE},
    {"level", N_("Level"), FILTER_CHOICE},
    {"from", N_("Received from"), FILTER_DAY},
    {"to", N_("Received to"), FILTER_DAY},
    {.name = NULL},
};

const char *filter_value(struct ctx *ctx, const struct filter *f)
{
    const char *asked = query_param(ctx, f->name);
    return asked && *asked ? asked : NULL;
}

bool filters_any(struct ctx *ctx)
{
    const char *q = query_param(ctx, "q");
    for (const struct filter *f = work_filters; f->name; f++)
        if (filter_value(ctx, f))
            return true;
    return q && *q;
}

static int64_t filter_id(struct ctx *ctx, const char *name)
{
    const char *s = query_param(ctx, name);
    int64_t id = 0;
    for (; s && *s >= '0' && *s <= '9' && id < INT64_C(1000000000000); s++)
        id = id * 10 + (*s - '0');
    return s && !*s && id > 0 ? id : NONE;
}

static int64_t month_of(int64_t t)
{
    struct civil c = civil_from_when(t);
    return c.year * 100 + c.month;
}

static void filters_where(struct ctx *ctx, struct sql *where)
{
    int64_t community = filter_id(ctx, "community"), category = filter_id(ctx, "category"),
            unit = filter_id(ctx, "unit"), by = filter_id(ctx, "handler"), day;
    const char *channel = query_param(ctx, "channel"), *level = query_param(ctx, "level");
    if (community != NONE)
        sql_add(where, " AND community = {}", community);
    if (category != NONE)
        sql_add(where,
                " AND category IN (SELECT id FROM categories WHERE id = {} OR parent = {} OR "
                "parent IN (SELECT id FROM categories WHERE parent = {}))",
                category, category, category);
    if (unit != NONE)
        sql_add(where, " AND unit = {}", unit);
    if (by != NONE)
        sql_add(where, " AND handler = {}", by);
    if (channel && *channel)
        sql_add(where, " AND channel = {}", channel);
    if (level && *level)
        sql_add(where, " AND level = {}", level);
    if (query_param(ctx, "from") && day_parse(query_param(ctx, "from"), &day))
        sql_add(where, " AND received_at >= {} AND month >= {}", when_day_start(day),
                month_of(when_day_start(day)));
    if (query_param(ctx, "to") && day_parse(query_param(ctx, "to"), &day))
        sql_add(where, " AND received_at <= {} AND month <= {}", when_day_end(day),
                month_of(when_day_end(day)));
}

void work_where(struct ctx *ctx, struct sql *where, const struct kind_view *v)
{
    sql_init(where, ctx->arena);
    requests_kind.scope(ctx, where);
    kind_view_where(ctx, v, where);
    filters_where(ctx, where);
}

static int64_t count_some(struct ctx *ctx, struct sql *where, int64_t most)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n FROM (SELECT id FROM requests WHERE 1 = 1");
    sql_append(&q, where);
    sql_release(where);
    sql_add(&q, " LIMIT {}) AS counted", most);
    int64_t n = sql_remembered(ctx->db, &q);
    return n == NONE ? 0 : n;
}

int64_t work_count(struct ctx *ctx, const struct kind_view *v)
{
    const char *asked = query_param(ctx, "view"), *q = query_param(ctx, "q");
    if ((q && *q) || (v->closed && filters_any(ctx) && !(asked && !strcmp(asked, v->id))))
        return NONE;
    struct sql where;
    work_where(ctx, &where, v);
    return count_some(ctx, &where, COUNT_MOST + 1);
}

const struct kind_view *work_view(struct ctx *ctx)
{
    const struct kind_view *asked = kind_view_find(ctx, work_views, query_param(ctx, "view"));
    if (asked)
        return asked;
    for (const struct kind_view *v = work_views; !v->closed && !filters_any(ctx); v++) {
        struct sql where;
        if (!kind_view_shown(ctx, v))
            continue;
        work_where(ctx, &where, v);
        if (count_some(ctx, &where, 1) > 0)
            return v;
    }
    const char *rest = filters_any(ctx) ? "all" : "soon";
    const struct kind_view *v = work_views;
    while (strcmp(v->id, rest) != 0)
        v++;
    return v;
}

static const struct kind_view *view_named(const char *id)
{
    const struct kind_view *v = work_views;
    while (strcmp(v->id, id) != 0)
        v++;
    return v;
}

/* ---- what a search finds ---- */

/* False: more than HITS_MOST. */
static bool find_hits(struct ctx *ctx, const char *words, bool open_only, struct work_hits *h)
{
    static const char *const only[] = {"number", NULL};
    struct list l = {.kind = &requests_kind, .limit = HITS_MOST, .only = only};
    work_where(ctx, &l.where, view_named("all"));
    if (open_only)
        sql_add(&l.where, IS_OPEN);
    struct list_total total = search_list(ctx, &l, words);
    h->open_only = open_only;
    h->count = 0;
    struct rows *rows = list_run(ctx, &l);
    for (const struct request *r;
         h->count < HITS_MOST && (r = list_next(ctx, &requests_kind, rows, ctx->arena)) != NULL;)
        h->ids[h->count++] = r->record.id;
    rows_end(rows);
    return !total.more && total.count <= HITS_MOST;
}

void work_hits_find(struct ctx *ctx, const char *words, struct work_hits *h)
{
    h->none = !find_hits(ctx, words, false, h) && !find_hits(ctx, words, true, h);
}

bool work_hits_whole(const struct work_hits *h, const struct kind_view *v)
{
    return !h->open_only || /* closed ones are called as well, when somebody doubts them */
           (!h->none && !v->closed && strcmp(v->id, "call") != 0);
}

void work_hits_where(struct ctx *ctx, struct sql *where, const struct work_hits *h,
                     const struct kind_view *v)
{
    work_where(ctx, where, v);
    sql_add(where, " AND id IN (0");
    for (int i = 0; i < HITS_MOST; i++) /* always as many places: one statement to keep */
        sql_add(where, ", {}", i < h->count ? h->ids[i] : (int64_t)0);
    sql_add(where, ")");
}

int64_t work_hits_count(struct ctx *ctx, const struct work_hits *h, const struct kind_view *v)
{
    struct sql where;
    if (h->open_only && !strcmp(v->id, "all"))
        return HITS_MOST + 1;
    if (h->none || (h->open_only && v->closed))
        return NONE;
    work_hits_where(ctx, &where, h, v);
    return count_some(ctx, &where, COUNT_MOST);
}

/* ---- the next one ---- */

/* The whole view: the address of a request's page may hold filters of a list that led to it. */
static void view_where(struct ctx *ctx, struct sql *where, const struct kind_view *v,
                       const struct request *without)
{
    sql_init(where, ctx->arena);
    requests_kind.scope(ctx, where);
    kind_view_where(ctx, v, where);
    sql_add(where, " AND id <> {}", without->record.id);
}

/* The first of the view behind this request, without it; from the top where none is. */
static int64_t first_behind(struct ctx *ctx, const struct kind_view *v, const struct request *r)
{
    int64_t at = field_int(kind_field(&requests_kind, v->sort), r), id = NONE;
    for (int pass = at == NONE; pass < 2 && id == NONE; pass++) {
        struct list l = {.kind = &requests_kind, .limit = 1};
        static const char *const only[] = {"number", NULL};
        view_where(ctx, &l.where, v, r);
        if (pass == 0)
            sql_add(&l.where, " AND ({}, id) > ({}, {})", (struct sql_name){v->sort}, at,
                    r->record.id);
        l.order = arena_print(ctx->arena, "%s, id", v->sort);
        l.only = only;
        struct rows *rows = list_run(ctx, &l);
        const struct request *next = list_next(ctx, &requests_kind, rows, ctx->arena);
        id = next ? next->record.id : NONE;
        rows_end(rows);
    }
    return id;
}

struct work_next work_next(struct ctx *ctx, const struct request *r)
{
    static const char *const dispatching[] = {"free", "mine", "unit", NULL},
                             *const calling[] = {"call", "mine", "unit", "free", NULL},
                             *const handling[] = {"mine", "unit", "free", NULL};
    int s = request_status_of(r);
    bool desk = ctx->actor.roles & (ROLE_OFFICE | ROLE_WORKER);
    const char *const *order = !desk                                             ? handling
                               : s == RECEIVED || s == DISPATCHED || s == MERGED ? dispatching
                               : s == ANSWERED || s == CALL_BACK || s == CLOSED  ? calling
                                                                                 : handling;
    for (; *order; order++) {
        const struct kind_view *v = view_named(*order);
        bool own = desk || !strcmp(v->id, "mine") || !strcmp(v->id, "unit");
        int64_t id = own && kind_view_shown(ctx, v) ? first_behind(ctx, v, r) : NONE;
        if (id == NONE)
            continue;
        struct sql where;
        view_where(ctx, &where, v, r);
        return (struct work_next){id, count_some(ctx, &where, COUNT_MOST), v};
    }
    return (struct work_next){.id = NONE};
}

const char *work_address(struct ctx *ctx, const char *path, const char *name, const char *value)
{
    static const char *const kept[] = {"view", "q",       "community", "category",
                                       "unit", "handler", "channel",   "level",
                                       "from", "to",      "sort",      NULL};
    struct buf b;
    buf_init(&b, 0);
    buf_puts(&b, path);
    char before = '?';
    for (int i = 0; kept[i]; i++) {
        const char *v = query_again(ctx, kept[i]);
        if (name && !strcmp(kept[i], name))
            v = value;
        if (!v || !*v)
            continue;
        buf_putc(&b, before);
        plain(&b, "{}={}", kept[i], (struct url_part){v});
        before = '&';
    }
    const char *address = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return address;
}
