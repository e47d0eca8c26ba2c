/*
 * Demonstration requests. Texts are drawn from the pack's generator/ sheets by
 * a fixed pseudo-random sequence (PCG), combined as its README says, and
 * processed through the ordinary steps. A demonstration thus looks like a
 * working office and obeys every rule. Memory is the context's; each request
 * has its own arena.
 */
#include "program/demo.h"

#include "core/import_run.h"
#include "app/visits/visits.h"
#include "app/desk/desk.h"
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "base/text.h"
#include "base/when.h"
#include "kind/sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_ROWS    2000
#define TABLE_COLUMNS 8
#define UNITS_MOST    200
#define GROUP         2000 /* requests in one transaction */

/* Rows of a table that match two words, cached because the same words are
 * looked up again and again. */
struct choice_list {
    struct choice_list *next;
    const char *a, *b;
    int *rows, count;
};

struct table {
    const char *headings[TABLE_COLUMNS];
    const char *cells[TABLE_ROWS][TABLE_COLUMNS];
    int columns, rows;
    int until[TABLE_ROWS], total; /* cumulative weights; a row without a weight counts 1 */
    int64_t category[TABLE_ROWS],
        unit[TABLE_ROWS]; /* from the column "category", if there is one */
    struct choice_list *lists;
};

struct demo {
    struct ctx *ctx;
    struct arena *kept; /* memory for the whole run; ctx->arena belongs to the current request */
    uint64_t state;
    struct table *requests, *slots, *openings, *endings, *details, *surnames, *feedback,
        *reply_openings, *contacts, *returns, *extensions, *parks;
    int64_t *estates, *communities, *units; /* units: the community's own unit */
    const char **estate_names, **community_names;
    int64_t estate_count;
    int64_t unit_ids[UNITS_MOST];
    const char *unit_names[UNITS_MOST];
    int unit_count;
    const char *slot_names[64], *slot_values[64]; /* drawn for the current request */
    int slot_count;
    int64_t base; /* requests that remain of the planned ones; 0: no plan */
    /* Opinions that remain to be made; of these, those that may end either way,
     * and how many must be resolved. */
    int opinions, heard, solved;
    bool opinion; /* the current request is an opinion */
};

/* PCG-XSH-RR, https://www.pcg-random.org: the same everywhere, unlike rand(). */
int demo_draw(uint64_t *state, int n)
{
    uint64_t old = *state;
    *state = old * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint32_t x = (uint32_t)(((old >> 18) ^ old) >> 27), turn = (uint32_t)(old >> 59);
    uint32_t drawn = (x >> turn) | (x << ((32 - turn) & 31));
    return n > 0 ? (int)(drawn % (uint32_t)n) : 0;
}

static int below(struct demo *d, int n)
{
    return demo_draw(&d->state, n);
}

static const char *cell(const struct table *t, int row, const char *heading)
{
    for (int c = 0; c < t->columns && c < TABLE_COLUMNS; c++)
        if (t->headings[c] && !strcmp(t->headings[c], heading))
            return t->cells[row][c] ? t->cells[row][c] : "";
    return "";
}

static void weigh(struct table *t)
{
    for (int i = 0; i < t->rows; i++) {
        const char *weight = cell(t, i, "weight");
        t->total += *weight ? (int)strtol(weight, NULL, 10) : 1;
        t->until[i] = t->total;
    }
}

static struct table *load(struct ctx *ctx, const char *pack, const char *name)
{
    size_t size;
    const char *why = NULL;
    char *bytes = import_read_file(ctx, arena_print(ctx->arena, "%s/generator/%s.csv", pack, name),
                                   &size);
    struct sheet *sheet = bytes ? sheet_open(ctx->arena, bytes, size, &why) : NULL;
    struct table *t = ARENA_NEW(ctx->arena, struct table);
    struct sheet_row row;
    for (int n = -1; sheet && n < TABLE_ROWS && sheet_next(sheet, &row); n++) {
        const char **to = n < 0 ? t->headings : t->cells[n];
        for (int c = 0; c < row.count && c < TABLE_COLUMNS; c++)
            to[c] = arena_copy(ctx->arena, row.cells[c].text);
        t->columns = n < 0 ? row.count : t->columns;
        t->rows = n + 1;
    }
    sheet_close(sheet);
    free(bytes);
    if (t->rows == 0)
        ctx_fail(ctx, INVALID, say(ctx, "The pack’s generator/{}.csv is empty.", name));
    weigh(t);
    return t;
}

static int weighted(struct demo *d, const struct table *t)
{
    int at = below(d, t->total), low = 0, high = t->rows - 1;
    while (low < high) { /* the first row whose cumulative weight exceeds it */
        int middle = (low + high) / 2;
        if (at < t->until[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* An empty list matches everything. */
static bool one_of(const char *list, const char *word)
{
    return !*list || text_listed(list, word);
}

static const char *word_of(struct demo *d, const char *list)
{
    int n = 1;
    for (const char *s = list; *s; s++)
        n += *s == ' ';
    for (int at = below(d, n); at > 0; at--)
        list += strcspn(list, " ") + 1;
    return arena_copyn(d->ctx->arena, list, strcspn(list, " "));
}

/* Returns the rows of t that match a and b; each pair is looked up once. */
static const struct choice_list *
list_of(struct demo *d, struct table *t, const char *a, const char *b,
        bool (*fits)(const struct table *t, int row, const char *a, const char *b))
{
    for (struct choice_list *l = t->lists; l; l = l->next)
        if (!strcmp(l->a, a) && !strcmp(l->b, b))
            return l;
    struct choice_list *l = ARENA_NEW(d->kept, struct choice_list);
    *l = (struct choice_list){.next = t->lists,
                              .a = arena_copy(d->kept, a),
                              .b = arena_copy(d->kept, b),
                              .rows = ARENA_ARRAY(d->kept, int, t->rows)};
    for (int i = 0; i < t->rows; i++)
        if (fits(t, i, a, b))
            l->rows[l->count++] = i;
    return t->lists = l;
}

static bool fits_mood(const struct table *t, int row, const char *tone, const char *mood)
{
    return one_of(cell(t, row, "tone"), tone) && one_of(cell(t, row, "fits"), mood);
}

static bool fits_slot(const struct table *t, int row, const char *name, const char *unused)
{
    (void)unused;
    return !strcmp(cell(t, row, "slot"), name);
}

/* Draws a text with that tone and mood; "" if there is none. */
static const char *fitting(struct demo *d, struct table *t, const char *tone, const char *mood)
{
    const struct choice_list *l = list_of(d, t, tone, mood, fits_mood);
    return l->count ? cell(t, l->rows[below(d, l->count)], "text") : "";
}

static bool fits_every(const struct table *t, int row, const char *unused, const char *none)
{
    (void)unused;
    (void)none;
    return !*cell(t, row, "category");
}

/* Draws one of the sheet's texts for any category. */
static const char *text_for(struct demo *d, struct table *t, const char *heading)
{
    const struct choice_list *l = list_of(d, t, "", "", fits_every);
    return l->count ? cell(t, l->rows[below(d, l->count)], heading) : "—";
}

static const char *slot(struct demo *d, const char *name)
{
    for (int i = 0; i < d->slot_count; i++)
        if (!strcmp(d->slot_names[i], name))
            return d->slot_values[i];
    const struct choice_list *l = list_of(d, d->slots, name, "", fits_slot);
    const char *value = l->count ? cell(d->slots, l->rows[below(d, l->count)], "value") : "";
    if (d->slot_count < 64) {
        d->slot_names[d->slot_count] = arena_copy(d->ctx->arena, name);
        d->slot_values[d->slot_count++] = value;
    }
    return value;
}

static const char *filled(struct demo *d, const char *text)
{
    struct buf out;
    buf_init(&out, 0);
    for (const char *s = text; *s;) {
        size_t n = strcspn(s, "{");
        buf_put(&out, s, n);
        s += n;
        const char *end = *s ? strchr(s, '}') : NULL;
        if (!end)
            break;
        buf_puts(&out, slot(d, arena_copyn(d->ctx->arena, s + 1, (size_t)(end - s - 1))));
        s = end + 1;
    }
    const char *made = arena_copyn(d->ctx->arena, out.data, out.size);
    buf_release(&out);
    return made;
}

static void load_estates(struct demo *d)
{
    struct ctx *ctx = d->ctx;
    int64_t most = query_int(ctx->db, "SELECT count(*) AS n FROM areas WHERE level = 'estate'");
    most = most > 0 ? most : 1;
    d->estates = ARENA_ARRAY(ctx->arena, int64_t, most);
    d->communities = ARENA_ARRAY(ctx->arena, int64_t, most);
    d->units = ARENA_ARRAY(ctx->arena, int64_t, most);
    d->estate_names = ARENA_ARRAY(ctx->arena, const char *, most);
    d->community_names = ARENA_ARRAY(ctx->arena, const char *, most);
    struct rows *r = query(
        ctx->db, "SELECT e.id AS id, e.name AS name, c.id AS community, c.name AS community_name "
                 "FROM areas e"
                 " JOIN areas c ON c.id = e.community WHERE e.level = 'estate' ORDER BY e.code");
    while (d->estate_count < most && rows_next(r)) {
        d->estates[d->estate_count] = row_int(r, "id");
        d->communities[d->estate_count] = row_int(r, "community");
        d->estate_names[d->estate_count] = row_copy(r, ctx->arena, "name");
        d->community_names[d->estate_count++] = row_copy(r, ctx->arena, "community_name");
    }
    rows_end(r);
    for (int64_t i = 0; i < d->estate_count; i++)
        d->units[i] = query_int(
            ctx->db, "SELECT min(id) AS id FROM units WHERE kind = 'community' AND area = {}",
            d->communities[i]);
}

static void load_units(struct demo *d)
{
    struct rows *r = query(d->ctx->db, "SELECT id, name FROM units ORDER BY id");
    while (d->unit_count < UNITS_MOST && rows_next(r)) {
        d->unit_ids[d->unit_count] = row_int(r, "id");
        d->unit_names[d->unit_count++] = row_copy(r, d->ctx->arena, "name");
    }
    rows_end(r);
}

static void load_categories(struct demo *d)
{
    struct table *t = d->requests;
    for (int i = 0; i < t->rows; i++) {
        t->category[i] = query_int(d->ctx->db, "SELECT id FROM categories WHERE code = {}",
                                   cell(t, i, "category"));
        t->unit[i] = query_int(d->ctx->db, "SELECT unit FROM categories WHERE id = {}",
                               (struct maybe){t->category[i]});
    }
}

/* Accounts are created after the demonstration, so the history names the unit
 * or, for the dispatcher's steps, the community. */
static void act_as(struct demo *d, const struct request *r, const char *action)
{
    static const char *const units[] = {"accept", "contact", "answer", "return", "extend"};
    struct ctx *ctx = d->ctx;
    bool unit = false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        unit = unit || !strcmp(units[i], action);
    ctx->actor.name = NULL;
    for (int i = 0; unit && i < d->unit_count; i++)
        if (d->unit_ids[i] == r->unit)
            ctx->actor.name = d->unit_names[i];
    for (int64_t e = 0; !unit && e < d->estate_count && !ctx->actor.name; e++)
        if (d->communities[e] == r->community)
            ctx->actor.name = d->community_names[e];
}

static enum status step_at(struct demo *d, int64_t id, int64_t at, const char *action,
                           struct step_input in)
{
    struct ctx *ctx = d->ctx;
    ctx->now = at;
    const struct request *before = record_must(ctx, &requests_kind, id);
    act_as(d, before, action);
    return request_take(ctx, request_step(action), before, &in);
}

static const struct step_input nothing = {
    .unit = NONE, .until = NONE, .into = NONE, .satisfaction = NONE};

/* Moves a time into office hours; urgent requests are handled at any hour. */
static int64_t by_day(struct demo *d, int64_t at, bool urgent)
{
    int64_t morning = when_day_start(when_day(at)) + 8 * WHEN_HOUR + 1800;
    if (urgent || (at >= morning && at < morning + 9 * WHEN_HOUR))
        return at;
    return morning + (at < morning ? 0 : WHEN_DAY) + below(d, 3000);
}

/* Chooses times so that almost all unfinished requests still have their
 * deadline ahead. */
static bool left_undone(struct demo *d, const struct request *r, int64_t end)
{
    return below(d, 1000) < (r->due > end ? 100 : 4);
}

/* Some requests take a detour: returned and dispatched again, extended, put on
 * hold and resumed. Returns true if the request ends here. */
static bool detour(struct demo *d, const struct request *r, int64_t unit, int64_t *at, int64_t end)
{
    struct step_input in = nothing;
    int turn = below(d, 100);
    int64_t id = r->record.id;
    if (turn >= 12 || *at + 9000 > end)
        return false;
    *at += 1800 + below(d, 3600);
    in.text = text_for(d, turn < 4 ? d->returns : turn < 8 ? d->extensions : d->parks, "reason");
    if (turn < 4) {
        if (step_at(d, id, *at, "return", in) != OK || left_undone(d, r, end))
            return true;
        in = nothing;
        in.unit = unit;
        *at += 900 + below(d, 2700);
        return step_at(d, id, *at, "dispatch", in) != OK;
    }
    if (turn < 8) {
        in.until = when_day_end(when_day(r->due) + 5);
        return r->due > *at && step_at(d, id, *at, "extend", in) != OK;
    }
    int64_t review = when_day(*at) + 20 + below(d, 70);
    in.until = when_day_end(review);
    if (step_at(d, id, *at, "park", in) != OK || when_day_end(review) > end)
        return true;
    *at = when_day_start(review) + 9 * WHEN_HOUR + below(d, 7200);
    return step_at(d, id, *at, "resume", nothing) != OK;
}

/* The caller can't be reached: a second attempt the next day, then closed with
 * that reason. */
static enum status call_in_vain(struct demo *d, int64_t id, int64_t at, int64_t end)
{
    struct step_input in = nothing;
    in.text = "电话无人接听。";
    if (step_at(d, id, at, "unreached", in) != OK || at + WHEN_DAY > end)
        return d->ctx->status;
    in = nothing;
    in.solved = "unreached";
    return step_at(d, id, at + WHEN_DAY, "close", in);
}

/* The resident says that it is not resolved: handled again, mostly with
 * success. */
static enum status once_more(struct demo *d, int64_t id, int64_t at, struct step_input said,
                             const char *reply, int64_t end)
{
    if (step_at(d, id, at, "reopen", said) != OK)
        return d->ctx->status;
    struct step_input in = nothing;
    in.text = arena_print(d->ctx->arena, "接到您的反映后，我们又到现场看了一次，重新作了处理。%s",
                          reply);
    at = by_day(d, at + WHEN_HOUR + below(d, 20 * WHEN_HOUR), false);
    if (at > end || step_at(d, id, at, "answer", in) != OK)
        return d->ctx->status;
    at = by_day(d, at + WHEN_HOUR + below(d, 2 * WHEN_DAY), false);
    if (at > end)
        return d->ctx->status;
    in = nothing;
    in.solved = "yes";
    in.satisfaction = 3 + below(d, 3);
    in.text = in.satisfaction > 3 ? "第二次来处理好了。" : "总算解决了，希望下次一次办好。";
    d->solved -= d->opinion;
    return step_at(d, id, at, "close", in);
}

/* The resident's feedback. Opinions are resolved as often as the plan requires.
 * Of the others most are, and some residents can't be reached. */
static enum status call_back(struct demo *d, int64_t id, int64_t at, const char *reply, int64_t end)
{
    enum {
        IN_VAIN = 7,   /* of a hundred */
        LEFT_OPEN = 12 /* upper limit of opinions that will not get as far as this call */
    };
    if (d->opinion && d->solved == 0) /* enough are resolved: this one is called later */
        return OK;
    if (d->opinion ? below(d, d->heard) >= d->solved + LEFT_OPEN : below(d, 100) < IN_VAIN)
        return call_in_vain(d, id, at, end);
    int f = below(d, d->feedback->rows);
    bool solved = !strcmp(cell(d->feedback, f, "solved"), "yes");
    struct step_input in = nothing;
    in.text = cell(d->feedback, f, "text");
    in.satisfaction = (int64_t)strtol(cell(d->feedback, f, "satisfaction"), NULL, 10);
    if (!solved &&
        below(d, 100) < 35) /* most residents who are called confirm that it is resolved */
        return once_more(d, id, at, in, reply, end);
    if (!solved) {
        in.text = NULL;
        in.satisfaction = 3 + below(d, 3);
    }
    in.solved = "yes";
    d->solved -= d->opinion;
    return step_at(d, id, at, "close", in);
}

/* Takes the request as far as its age allows; a few are late. Urgent ones are
 * handled faster. */
static enum status walk(struct demo *d, const struct request *r, int64_t unit, const char *reply,
                        int64_t end)
{
    struct step_input in = nothing;
    int64_t id = r->record.id;
    bool urgent = r->due - r->received_at < 3 * WHEN_DAY ||
                  (r->first_contact_due != NONE &&
                   r->first_contact_due - r->received_at < 6 * WHEN_HOUR);
    int pace = urgent ? 4 : 1;
    int64_t at = by_day(d, r->received_at + 600 + below(d, 8000) / pace, urgent);
    if (at > end || left_undone(d, r, end))
        return OK;
    in.unit = unit;
    if (step_at(d, id, at, "dispatch", in) != OK || detour(d, r, unit, &at, end))
        return d->ctx->status;
    r = record_must(d->ctx, &requests_kind, id); /* its deadline may have been extended */
    at = by_day(d, at + 600 + below(d, 12000) / pace, urgent);
    if (at > end || left_undone(d, r, end))
        return OK;
    if (request_status_of(r) == DISPATCHED && step_at(d, id, at, "accept", nothing) != OK)
        return d->ctx->status;
    at = by_day(d, at + 600 + below(d, 6000) / pace, urgent);
    if (at > end)
        return OK;
    in = nothing;
    in.text = text_for(d, d->contacts, "text");
    if (below(d, 100) < 90 && step_at(d, id, at, "contact", in) != OK)
        return d->ctx->status;
    int64_t room = r->due - at - 3600 < 6 * WHEN_DAY ? r->due - at - 3600 : 6 * WHEN_DAY;
    at += 600 +
          below(d, room > 0 && below(d, 100) < 93 ? (int)(room * 2 / 3) : (int)(6 * WHEN_DAY));
    at = by_day(d, at, urgent);
    if (at > end || left_undone(d, r, end))
        return OK;
    in = nothing;
    in.text = reply;
    if (step_at(d, id, at, "answer", in) != OK)
        return d->ctx->status;
    at = by_day(d, at + WHEN_HOUR + below(d, 2 * WHEN_DAY), false);
    if (at > end || below(d, 100) < (end - at < 10 * WHEN_DAY ? 25 : 1)) /* not called yet */
        return OK;
    return call_back(d, id, at, reply, end);
}

/* Resolves opinions that were answered and await feedback, those answered
 * longest ago first, until as many as planned are resolved. */
static enum status solve_rest(struct demo *d, int64_t end)
{
    struct ctx *ctx = d->ctx;
    for (; d->solved > 0 && ctx->status == OK; d->solved--) {
        const struct request *r = record_get(
            ctx, &requests_kind,
            query_int(ctx->db,
                      "SELECT id FROM requests WHERE status IN ('answered', 'call_back') AND id IN "
                      "(SELECT request FROM opinions) ORDER BY answered_at, id LIMIT 1"));
        if (!r)
            break;
        int64_t at = r->answered_at + 3600 + below(d, 2 * 86400);
        struct step_input in = nothing;
        in.solved = "yes";
        in.satisfaction = 4 + below(d, 2);
        step_at(d, r->record.id, at < end ? at : end, "close", in);
    }
    ctx->now = end;
    return ctx->status;
}

/* Notes that a team of the community collected the opinion. */
static enum status note_opinion(struct demo *d, const struct request *r)
{
    struct ctx *ctx = d->ctx;
    struct opinion *o = record_new(ctx, &opinions_kind);
    int64_t teams = query_int(
        ctx->db, "SELECT count(*) AS n FROM organisations WHERE kind = 'team' AND community = {}",
        r->community);
    o->team = query_int(ctx->db,
                        "SELECT id FROM organisations WHERE kind = 'team' AND community = {} ORDER "
                        "BY code LIMIT 1 OFFSET {}",
                        r->community, (int64_t)below(d, (int)teams));
    o->text = r->text;
    o->area = r->area;
    o->collected = r->received_at;
    o->request = r->record.id;
    d->opinions--;
    return opinion_keep(ctx, o);
}

static enum status make(struct demo *d, int64_t received, int64_t end)
{
    struct ctx *ctx = d->ctx;
    int64_t e = below(d, (int)d->estate_count);
    d->slot_names[0] = "estate";
    d->slot_values[0] = d->estate_names[e];
    d->slot_names[1] = "community";
    d->slot_values[1] = d->community_names[e];
    d->slot_count = 2;
    int p = weighted(d, d->requests), s = weighted(d, d->surnames);
    const char *tone = word_of(d, cell(d->requests, p, "tones")),
               *mood = cell(d->requests, p, "mood");
    struct request *r = record_new(ctx, &requests_kind);
    r->subject = filled(d, cell(d->requests, p, "subject"));
    r->text = filled(d, arena_print(ctx->arena, "%s%s%s%s",
                                    below(d, 4) ? fitting(d, d->openings, tone, mood) : "",
                                    cell(d->requests, p, "text"),
                                    below(d, 4) ? "" : fitting(d, d->details, tone, mood),
                                    below(d, 5) ? fitting(d, d->endings, tone, mood) : ""));
    r->requester_name = arena_print(
        ctx->arena, "%s%s", cell(d->surnames, s, "surname"),
        word_of(d, cell(d->surnames, s, strcmp(tone, "elderly") ? "titles" : "titles_elderly")));
    r->requester_phone = arena_print(ctx->arena, "1380000%04d", below(d, 10000));
    r->area = d->estates[e];
    r->community = d->communities[e];
    r->category = d->requests->category[p];
    /* Draws d->opinions of the remaining requests, without the newest ones:
     * nothing of those can be resolved yet. */
    enum { TOO_YOUNG = 60 };
    bool opinion = d->base > 0 &&
                   below(d, d->base > TOO_YOUNG ? (int)d->base - TOO_YOUNG : 1) < d->opinions;
    d->opinion = opinion;
    r->channel = opinion ? "opinion" : below(d, 3) ? "phone" : "web";
    r->visibility = "office";
    r->received_at = ctx->now = received;
    int64_t unit = d->requests->unit[p] != NONE ? d->requests->unit[p] : d->units[e];
    ctx->actor.name = NULL;
    if (request_file(ctx, r, NULL) != OK || unit == NONE)
        return ctx->status;
    if (opinion && note_opinion(d, r) != OK)
        return ctx->status;
    const char *reply = filled(d, arena_print(ctx->arena, "%s%s",
                                              fitting(d, d->reply_openings, tone, mood),
                                              cell(d->requests, p, "reply")));
    enum status done = walk(d, r, unit, reply, end);
    d->heard -= opinion;
    return done;
}

/* When the nth request reached the office: evenly spread over half a year; with
 * a plan, increasingly often, and in the daytime. */
static int64_t received(struct demo *d, int64_t end, bool plan, int64_t n, int64_t count)
{
    int64_t span = 180 * WHEN_DAY, each = span / count > 0 ? span / count : 1;
    if (!plan)
        return end - span + span / count * n + below(d, (int)each);
    double left = 1 - ((double)n + below(d, 1000) / 1000.0) / (double)count;
    int64_t at = end - (int64_t)((double)span * left * sqrt(left)),
            day = when_day_start(when_day(at));
    at = day + 7 * WHEN_HOUR + (at - day) * 14 / 24;
    return at < end ? at : end - 1;
}

enum status demo_requests(struct ctx *ctx, const char *pack, int64_t base, int64_t more)
{
    struct demo *d = ARENA_NEW(ctx->arena, struct demo);
    *d = (struct demo){.ctx = ctx,
                       .kept = ctx->arena,
                       .state = 20210601,
                       .base = base,
                       .opinions = DEMO_OPINIONS,
                       .heard = DEMO_OPINIONS,
                       .solved = DEMO_SOLVED,
                       .requests = load(ctx, pack, "requests"),
                       .slots = load(ctx, pack, "slots"),
                       .openings = load(ctx, pack, "openings"),
                       .endings = load(ctx, pack, "endings"),
                       .details = load(ctx, pack, "details"),
                       .surnames = load(ctx, pack, "surnames"),
                       .feedback = load(ctx, pack, "feedback"),
                       .reply_openings = load(ctx, pack, "reply_openings"),
                       .contacts = load(ctx, pack, "notes"),
                       .returns = load(ctx, pack, "returns"),
                       .extensions = load(ctx, pack, "extensions"),
                       .parks = load(ctx, pack, "parks")};
    load_estates(d);
    load_categories(d);
    load_units(d);
    if (ctx->status != OK)
        return ctx->status;
    if (d->estate_count == 0)
        return ctx_fail(
            ctx, INVALID,
            say(ctx, "The pack has no housing estates: demo requests need a location."));
    struct arena *each = arena_new();
    const char *actor = ctx->actor.name;
    ctx_calendar(ctx);
    int64_t end = ctx->now;
    for (int64_t i = 0; i < base + more && ctx->status == OK; i++) {
        int64_t n = i < base ? i : i - base, count = i < base ? base : more;
        ctx->arena = each;
        make(d, received(d, end, i < base, n, count), end);
        if (d->base > 0 && --d->base == 0 && ctx->status == OK)
            solve_rest(d, end);
        if (ctx->status == OK)
            arena_clear(each);
        if (i % GROUP == GROUP - 1 && (db_commit(ctx->db) != OK || db_begin(ctx->db) != OK))
            ctx_fail(ctx, db_status(ctx->db), NULL);
    }
    if (ctx->problems) /* Assigns requests in progress to the first of the unit's people who can
                          sign in. */
        ctx->problems->text = arena_copy(d->kept, ctx->problems->text);
    ctx->arena = d->kept;
    ctx->actor.name = actor;
    arena_free(each);
    ctx->now = end;
    return ctx->status;
}

/* Requests in progress must belong to a person who can sign in: the first one
 * of the unit. */
enum status demo_handlers(struct ctx *ctx)
{
    enum { MOST = 500 };
    int64_t ids[MOST] = {0}, users[MOST] = {0};
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT q.id AS id, (SELECT min(g.\"user\") FROM grants g WHERE g.unit "
                           "= q.unit AND g.role IN ('worker', 'unit_handler')) AS handler"
                           " FROM requests q WHERE q.status = 'handling' AND q.handler IS NULL "
                           "ORDER BY q.id DESC LIMIT {}",
                           MOST);
    for (; n < MOST && rows_next(r); n++) {
        ids[n] = row_int(r, "id");
        users[n] = row_int(r, "handler");
    }
    rows_end(r);
    for (int i = 0; i < n && ctx->status == OK; i++) {
        const struct request *before = users[i] == NONE ? NULL
                                                        : record_get(ctx, &requests_kind, ids[i]);
        struct request *after = before ? record_copy(ctx, &requests_kind, before) : NULL;
        if (after)
            after->handler = users[i];
        if (after)
            record_update(ctx, &requests_kind, before, after, "accept");
    }
    return ctx->status;
}

static enum status agree_visit(struct ctx *ctx, const struct offer *o)
{
    int64_t asks[10] = {0};
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT id FROM offer_asks WHERE offer = {} AND answer = 'asked' ORDER "
                           "BY score DESC, id LIMIT {}",
                           o->record.id, o->people < 10 ? o->people : 10);
    while (rows_next(r))
        asks[n++] = row_int(r, "id");
    rows_end(r);
    int64_t starts = when_day_start(when_day(ctx->now) + 2) + 15 * WHEN_HOUR;
    for (int i = 0; i < n && ctx->status == OK; i++)
        offer_answer(ctx, record_must(ctx, &offer_asks_kind, asks[i]), true, starts);
    return ctx->status;
}

enum status demo_visits(struct ctx *ctx)
{
    enum { LOOKED_AT = 60, OFFERED = 3 };
    int64_t ids[LOOKED_AT] = {0};
    int n = 0, offered = 0;
    struct rows *r = query(ctx->db,
                           "SELECT id FROM requests WHERE status IN ('received', 'dispatched', "
                           "'handling') AND category IS NOT NULL ORDER BY id DESC LIMIT {}",
                           LOOKED_AT);
    while (rows_next(r))
        ids[n++] = row_int(r, "id");
    rows_end(r);
    for (int i = 0; i < n && offered < OFFERED && ctx->status == OK; i++) {
        const struct request *q = record_get(ctx, &requests_kind, ids[i]);
        const char *skill = q ? skill_for(ctx, q->category) : NULL;
        if (!skill)
            continue;
        struct offer *o = record_new(ctx, &offers_kind);
        o->request = ids[i];
        o->skill = skill;
        if (offer_file(ctx, o) == OK && offered++ == 0)
            agree_visit(ctx, record_must(ctx, &offers_kind, o->record.id));
    }
    return ctx->status;
}
