/*
 * The pages of a household: its members today or on any day, joining, changing
 * and taking back, and moving.
 */
#include "app/registers/as_of.h"
#include "app/registers/households.h"
#include "app/registers/people.h"
#include "app/registers/registers.h"
#include "pages/register_pages.h"
#include "base/when.h"
#include "kind/form.h"
#include "web/fields.h"

#include <stdlib.h>
#include <string.h>

#define MEMBERS_MOST 200 /* rows of one household that are drawn */

/* ---- the members on a household's page ---- */

static void draw_undo(struct ctx *ctx, const struct household_member *m, const char *name)
{
    form_begin(ctx,
               arena_print(ctx->arena, "/household-members/%lld/undo", (long long)m->record.id),
               NULL, false);
    html(ctx->web->out,
         "<input type=\"hidden\" name=\"_version\" value=\"{}\"><button class=\"quiet\" "
         "data-confirm=\"{}\">{}</button>",
         m->record.version,
         say(ctx, "Undo the last change? {}: {} since {}.", name,
             field_show(ctx, kind_field(&household_members_kind, "state"), m),
             ctx_date(ctx, m->valid_from)),
         say(ctx, "Undo"));
    form_end(ctx);
}

/* Changing is for today's page only. */
static void member_row(struct ctx *ctx, const struct household_member *m, bool may)
{
    struct buf *out = ctx->web->out;
    const struct person *p = record_get(ctx, &people_kind, m->person);
    if (!p)
        return;
    html(out,
         "<li><p><a href=\"/registers/people/{}\">{}</a> {} <span class=\"small\">{}{}{}{}{}"
         "</span></p>",
         m->person, p->name, field_show(ctx, kind_field(&household_members_kind, "relation"), m),
         field_show(ctx, kind_field(&household_members_kind, "state"), m), m->why ? " · " : "",
         m->why, m->valid_from ? " · " : "",
         m->valid_from ? say(ctx, "since {}", ctx_date(ctx, m->valid_from)) : "");
    if (may && !m->valid_to) {
        html(out,
             "<div class=\"acts\"><a class=\"button quiet\" "
             "href=\"/household-members/{}/change\">{}</a>",
             m->record.id, say(ctx, "Change"));
        if (member_before(ctx, m))
            draw_undo(ctx, m, p->name);
        buf_puts(out, "</div>");
    }
    buf_puts(out, "</li>");
}

/* Draws the members who belong to the household on that day, or those who have left. */
static int draw_members(struct ctx *ctx, const struct household *h, const char *on, bool left)
{
    struct buf *out = ctx->web->out;
    struct list l;
    bool may = !strcmp(on, ctx_today(ctx)) && kind_may_write(ctx, &household_members_kind);
    list_init(ctx, &l, &household_members_kind);
    sql_add(&l.where, " AND household = {}", h->record.id);
    valid_on_where(&l.where, on);
    if (left)
        sql_add(&l.where, " AND state IN ('moved', 'died')");
    else
        sql_add(&l.where, " AND state IN ('here', 'away', 'elsewhere')");
    l.limit = MEMBERS_MOST;
    int64_t all = list_count(ctx, &l);
    if (all == 0 && left)
        return 0;
    html(out, "<h3>{}</h3>", left ? say(ctx, "Moved away or died") : say(ctx, "Who belongs to it"));
    if (all == 0) {
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "Nobody."));
        return 0;
    }
    buf_puts(out, "<ul class=\"members\">");
    struct rows *r = list_run(ctx, &l);
    for (struct household_member *m;
         (m = list_next(ctx, &household_members_kind, r, ctx->arena)) != NULL;)
        member_row(ctx, m, may);
    buf_puts(out, "</ul>");
    more_draw(ctx, all > MEMBERS_MOST ? all - MEMBERS_MOST : 0);
    return (int)all;
}

static void draw_places(struct ctx *ctx, const struct household *h)
{
    struct buf *out = ctx->web->out;
    struct list l;
    list_init(ctx, &l, &household_places_kind);
    sql_add(&l.where, " AND household = {}", h->record.id);
    struct rows *r = list_run(ctx, &l);
    bool any = false;
    for (struct household_place *p;
         (p = list_next(ctx, &household_places_kind, r, ctx->arena)) != NULL; any = true) {
        if (!any)
            html(out, "<section><h2>{}</h2><ul>", tr(ctx, household_places_kind.many));
        html(out, "<li>{} <span class=\"small\">{}–{}</span></li>", p->place,
             p->valid_from ? ctx_date(ctx, p->valid_from) : "", ctx_date(ctx, p->valid_to));
    }
    if (any)
        buf_puts(out, "</ul></section>");
}

static void household_detail(struct ctx *ctx, const void *record)
{
    const struct household *h = record;
    struct buf *out = ctx->web->out;
    html(out, "<section id=\"members\"><h2>{}</h2>", say(ctx, "Who lives here"));
    if (h->standing && !strcmp(h->standing, "headless"))
        html(
            out, "<div class=\"notice warn\">{}<div><p>{}</p></div></div>",
            icon(ctx, "alert-triangle"),
            say(ctx, "This household has no head. Choose “Change” at the member who is head now."));
    const char *on = as_of_draw(ctx, arena_print(ctx->arena, "/registers/households/%lld#members",
                                                 (long long)h->record.id));
    draw_members(ctx, h, on, false);
    draw_members(ctx, h, on, true);
    buf_puts(out, "</section>");
    draw_places(ctx, h);
}

static void household_links(struct ctx *ctx, const void *record)
{
    const struct household *h = record;
    html(ctx->web->out, "<p><a href=\"/households/at/{}{}{}\">{} {}</a></p>", h->area,
         h->building ? "?building=" : "", (struct url_part){h->building ? h->building : ""},
         icon(ctx, "building-community"), say(ctx, "The building at a glance"));
}

static void household_acts(struct ctx *ctx, const void *record)
{
    const struct household *h = record;
    struct buf *out = ctx->web->out;
    if (!kind_may_write(ctx, &households_kind) || h->ended)
        return;
    html(out,
         "<a class=\"button primary\" href=\"/households/{}/join\">{} {}</a><a class=\"button\" "
         "href=\"/households/{}/move\">{} {}</a>",
         h->record.id, icon(ctx, "user-plus"), say(ctx, "Add a member"), h->record.id,
         icon(ctx, "arrow-right"), say(ctx, "Household moves"));
}

void person_households_draw(struct ctx *ctx, int64_t person)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int n = 0;
    if (!(household_members_kind.read & ctx->actor.roles))
        return;
    list_init(ctx, &l, &household_members_kind);
    sql_add(&l.where, " AND person = {}", person);
    l.order = "CASE WHEN valid_to IS NULL THEN 0 ELSE 1 END, valid_to DESC, id DESC";
    l.limit = MEMBERS_MOST;
    struct rows *r = list_run(ctx, &l);
    for (struct household_member *m;
         (m = list_next(ctx, &household_members_kind, r, ctx->arena)) != NULL; n++) {
        if (n == 0)
            html(out, "<section><h2>{}</h2><ul class=\"tree\">", tr(ctx, households_kind.many));
        html(out,
             "<li><p><a href=\"/registers/households/{}\">{}</a> <span class=\"small\">{} · {} · "
             "{}–{}</span></p></li>",
             m->household, field_show(ctx, kind_field(&household_members_kind, "household"), m),
             field_show(ctx, kind_field(&household_members_kind, "relation"), m),
             field_show(ctx, kind_field(&household_members_kind, "state"), m),
             ctx_date(ctx, m->valid_from), ctx_date(ctx, m->valid_to));
    }
    if (n)
        buf_puts(out, "</ul></section>");
}

/* ---- joining ---- */

struct joining {
    struct household_member *member;
    struct person *person; /* a new one; NULL: one of the register */
    bool from_there;
};

static void draw_field(struct ctx *ctx, const struct form *form, const char *name)
{
    struct field f = *kind_field(form->kind, name);
    if (form->kind == &people_kind)
        f.flags &= ~(unsigned)REQUIRED; /* of somebody new only */
    if (!strcmp(name, "person"))
        f.hint = N_("Type a name or a number, and choose from the list.");
    form_field(ctx, ctx->web->out, form, &f);
}

static void head_draw(struct ctx *ctx, const char *title, int64_t household, const char *name)
{
    page_begin(ctx, title, PAGE_STAFF);
    trail(ctx, arena_print(ctx->arena, "/registers/households/%lld", (long long)household), name);
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1></header>", title);
}

static void acts_draw(struct ctx *ctx, const char *button, int64_t household)
{
    html(ctx->web->out,
         "<div class=\"acts\"><button class=\"primary\">{}</button><a class=\"button quiet\" "
         "href=\"/registers/households/{}\">{}</a></div>",
         button, household, say(ctx, "Not now"));
    form_end(ctx);
}

static void join_page(struct ctx *ctx)
{
    const struct household *h = ctx->web->record;
    struct buf *out = ctx->web->out;
    struct household_member *blank = form_new(ctx, &household_members_kind);
    const struct form member = {.kind = &household_members_kind,
                                .record = blank,
                                .typed = param,
                                .icon = icon},
                      fresh = {.kind = &people_kind,
                               .record = form_new(ctx, &people_kind),
                               .typed = param,
                               .icon = icon};
    static const char *const of_person[] = {"name",  "gender",  "born",
                                            "phone", "id_type", "id_number"};
    blank->state = "here";
    blank->valid_from = ctx_today(ctx);
    head_draw(ctx, say(ctx, "Add a member"), h->record.id, h->place);
    form_begin(ctx, arena_print(ctx->arena, "/households/%lld/join", (long long)h->record.id), NULL,
               false);
    form_problems(ctx);
    draw_field(ctx, &member, "person");
    fold_begin(ctx, &(struct fold){.id = "new-person",
                                   .icon = "user-plus",
                                   .label = say(ctx, "Somebody who is not in the register yet"),
                                   .value = param(ctx, "name"),
                                   .open = param(ctx, "name") && *param(ctx, "name")});
    for (size_t i = 0; i < sizeof of_person / sizeof *of_person; i++)
        draw_field(ctx, &fresh, of_person[i]);
    fold_end(ctx);
    draw_field(ctx, &member, "relation");
    draw_field(ctx, &member, "state");
    draw_field(ctx, &member, "valid_from");
    html(out,
         "<label class=\"check\"><input type=\"checkbox\" name=\"from_there\" value=\"1\"{}> "
         "{}</label>",
         (struct markup){param(ctx, "from_there") ? " checked" : ""},
         say(ctx, "Moves here from another household of the register"));
    acts_draw(ctx, say(ctx, "Add a member"), h->record.id);
    page_end(ctx);
}

/* Somebody new whom the register knows already is that person. */
static void new_person_read(struct ctx *ctx, struct joining *j)
{
    j->person = form_new(ctx, &people_kind);
    form_read(ctx, &people_kind, j->person, param);
    record_check(ctx, &people_kind, NULL, j->person);
    int64_t known = person_known(ctx, j->person->id_number, j->person->name, j->person->phone);
    if (known == NONE)
        return;
    if (!record_reached(ctx, &people_kind, known))
        ctx_problem(ctx, "name",
                    say(ctx, "Somebody with this name and phone number is in the register of "
                             "another community. Ask the subdistrict office to record the move."));
    j->member->person = known;
    j->person = NULL;
}

static void join_prepare(struct ctx *ctx)
{
    const struct household *h = ctx->web->record;
    struct joining *j = ARENA_NEW(ctx->arena, struct joining);
    const char *name = param(ctx, "name");
    ctx->work = j;
    j->member = form_new(ctx, &household_members_kind);
    form_read(ctx, &household_members_kind, j->member, param);
    j->member->household = h->record.id;
    j->from_there = param(ctx, "from_there") != NULL;
    if (j->member->person == NONE && name && *name)
        new_person_read(ctx, j);
    else if (j->member->person == NONE)
        ctx_problem(ctx, "person", say(ctx, "Say who it is."));
    else if (!record_reached(ctx, &people_kind, j->member->person))
        ctx_problem(ctx, "person", say(ctx, "There is no such person in your communities."));
    if (!j->member->relation)
        ctx_problem(ctx, "relation", say(ctx, "Choose the relation to the head of the household."));
}

static void join(struct ctx *ctx)
{
    const struct joining *j = ctx->work;
    const struct household *h = ctx->web->record;
    struct household_member *m = record_copy(ctx, &household_members_kind, j->member);
    if (j->person) {
        struct person *p = record_copy(ctx, &people_kind, j->person);
        p->area = h->area;
        p->address = member_lives_here(m->state) ? h->place : NULL;
        if (!record_check(ctx, &people_kind, NULL, p) ||
            record_insert(ctx, &people_kind, p, "create") != OK)
            return;
        m->person = p->record.id;
    }
    if (member_join(ctx, m, j->from_there) != OK)
        return;
    flash(ctx, say(ctx, "Added to the household."));
    see_other(ctx, "/registers/households/{}", h->record.id);
}

/* ---- changing ---- */

static const char *person_name(struct ctx *ctx, int64_t person)
{
    const struct person *p = record_get(ctx, &people_kind, person);
    return p ? p->name : "";
}

/* Those who could be head after this member. */
static void draw_heirs(struct ctx *ctx, const struct household_member *m)
{
    struct buf *out = ctx->web->out;
    const char *now = ctx_today(ctx);
    int64_t chosen = param_int(ctx, "head");
    field_begin(ctx, "head", say(ctx, "Who is head of the household from then on?"), false,
                say(ctx, "Only needed if this member leaves or is no longer head."));
    buf_puts(out, "<select id=\"f-head\" name=\"head\"");
    field_described(ctx, "head", true);
    html(out, "><option value=\"\">{}</option>", say(ctx, "Please choose"));
    struct rows *r = query(ctx->db,
                           "SELECT m.person AS id, p.name AS name FROM household_members m JOIN "
                           "people p ON p.id = m.person WHERE m.household = {} AND m.person <> {} "
                           "AND " MEMBER_NOW " ORDER BY p.born, p.id LIMIT {}",
                           m->household, m->person, now, now, MEMBERS_MOST);
    while (rows_next(r))
        html(out, "<option value=\"{}\"{}>{}</option>", row_int(r, "id"),
             (struct markup){row_int(r, "id") == chosen ? " selected" : ""}, row_text(r, "name"));
    rows_end(r);
    html(out, "<option value=\"0\"{}>{}</option></select>",
         (struct markup){chosen == 0 ? " selected" : ""}, say(ctx, "Nobody yet"));
    field_problem(ctx, "head");
    buf_puts(out, "</div>");
}

static bool is_head(const struct household_member *m)
{
    return !strcmp(m->relation, "head") && member_belongs(m->state);
}

static void change_page(struct ctx *ctx)
{
    const struct household_member *m = ctx->web->record;
    const struct form form = {
        .kind = &household_members_kind, .record = m, .typed = param, .icon = icon};
    const struct household *h = record_must(ctx, &households_kind, m->household);
    head_draw(ctx, say(ctx, "Change: {}", person_name(ctx, m->person)), m->household, h->place);
    form_begin(ctx,
               arena_print(ctx->arena, "/household-members/%lld/change", (long long)m->record.id),
               NULL, false);
    form_problems(ctx);
    html(ctx->web->out, "<input type=\"hidden\" name=\"_version\" value=\"{}\">",
         m->record.version);
    draw_field(ctx, &form, "state");
    draw_field(ctx, &form, "relation");
    line_field(ctx,
               &(struct line){.name = "from",
                              .label = say(ctx, "Since when"),
                              .type = "date",
                              .value = param(ctx, "from") ? param(ctx, "from") : ctx_today(ctx)});
    line_field(ctx, &(struct line){.name = "why",
                                   .label = say(ctx, "Where to, or why"),
                                   .optional = true,
                                   .value = param(ctx, "why") ? param(ctx, "why") : ""});
    if (is_head(m))
        draw_heirs(ctx, m);
    acts_draw(ctx, say(ctx, "Save the change"), m->household);
    page_end(ctx);
}

static void change_prepare(struct ctx *ctx)
{
    const struct household_member *m = ctx->web->record;
    struct member_change *to = ARENA_NEW(ctx->arena, struct member_change);
    struct household_member *typed = record_copy(ctx, &household_members_kind, m);
    const char *from = param_line(ctx, "from", 40);
    int64_t day;
    ctx->work = to;
    field_set(ctx, kind_field(&household_members_kind, "state"), typed, param(ctx, "state"));
    field_set(ctx, kind_field(&household_members_kind, "relation"), typed, param(ctx, "relation"));
    *to = (struct member_change){.state = typed->state,
                                 .relation = typed->relation,
                                 .why = param_line(ctx, "why", 200),
                                 .head = param_int(ctx, "head")};
    if (from && day_parse(from, &day))
        to->from = day_iso(ctx->arena, day);
    else
        ctx_problem(ctx, "from", say(ctx, "Enter a date such as 2026-03-05."));
    bool leaves = !typed->state || !typed->relation || !is_head(typed);
    if (is_head(m) && leaves && to->head == NONE && ctx_ok(ctx))
        ctx_problem(ctx, "head",
                    say(ctx,
                        "{} is head of the household. Choose who is head from then on, or "
                        "“Nobody yet”.",
                        person_name(ctx, m->person)));
    to->head = to->head == 0 ? NONE : to->head;
}

static bool unchanged(struct ctx *ctx, const struct household_member *m)
{
    if (param_int(ctx, "_version") == m->record.version)
        return true;
    ctx_fail(ctx, CONFLICT,
             say(ctx, "Someone else has just changed this. Look at the household again."));
    return false;
}

static void change_member(struct ctx *ctx)
{
    const struct household_member *m = ctx->web->record;
    if (!unchanged(ctx, m) || member_change(ctx, m, ctx->work) != OK)
        return;
    flash(ctx, say(ctx, "Recorded. “Undo” takes it back."));
    see_other(ctx, "/registers/households/{}", m->household);
}

static void undo(struct ctx *ctx)
{
    const struct household_member *m = ctx->web->record;
    if (!unchanged(ctx, m) || member_undo(ctx, m) != OK)
        return;
    flash(ctx, say(ctx, "The last change was taken back."));
    see_other(ctx, "/registers/households/{}", m->household);
}

/* ---- moving ---- */

static const char *const of_place[] = {"area", "building", "stairwell", "room", "address"};

static void move_page(struct ctx *ctx)
{
    const struct household *h = ctx->web->record;
    const struct form form = {.kind = &households_kind, .record = h, .typed = param, .icon = icon};
    head_draw(ctx, say(ctx, "Household moves"), h->record.id, h->place);
    html(ctx->web->out, "<p class=\"lead\">{}</p>",
         say(ctx, "All who live here move with it. The present address stays in its history."));
    form_begin(ctx, arena_print(ctx->arena, "/households/%lld/move", (long long)h->record.id), NULL,
               false);
    form_problems(ctx);
    html(ctx->web->out, "<input type=\"hidden\" name=\"_version\" value=\"{}\">",
         h->record.version);
    for (size_t i = 0; i < sizeof of_place / sizeof *of_place; i++)
        draw_field(ctx, &form, of_place[i]);
    line_field(ctx,
               &(struct line){.name = "since",
                              .label = say(ctx, "Since when"),
                              .type = "date",
                              .value = param(ctx, "since") ? param(ctx, "since") : ctx_today(ctx)});
    acts_draw(ctx, say(ctx, "Record the move"), h->record.id);
    page_end(ctx);
}

static void move_prepare(struct ctx *ctx)
{
    struct household *after = record_copy(ctx, &households_kind, ctx->web->record);
    ctx->work = after;
    for (size_t i = 0; i < sizeof of_place / sizeof *of_place; i++)
        field_set(ctx, kind_field(&households_kind, of_place[i]), after, param(ctx, of_place[i]));
    if (after->area == NONE)
        ctx_problem(ctx, "area", say(ctx, "Choose the estate or building."));
    field_set(ctx, kind_field(&households_kind, "since"), after, param(ctx, "since"));
    if (ctx_ok(ctx))
        record_refers(ctx, &households_kind, ctx->web->record, after);
}

static void move_household(struct ctx *ctx)
{
    const struct household *h = ctx->web->record, *typed = ctx->work;
    struct household *after = record_copy(ctx, &households_kind, typed);
    if (param_int(ctx, "_version") != h->record.version) {
        ctx_fail(ctx, CONFLICT,
                 say(ctx, "Someone else has just changed this. Look at the household again."));
        return;
    }
    if (household_move(ctx, h, after, typed->since) != OK)
        return;
    if (!record_reached(ctx, &households_kind, h->record.id)) {
        ctx_problem(ctx, "area", say(ctx, "Choose one of your communities."));
        return;
    }
    flash(ctx, say(ctx, "The household has moved to {}.", after->place));
    see_other(ctx, "/registers/households/{}", h->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/households/{id}/join", HOUSEHOLD_ROLES, join_page, .record = &households_kind),
    ROUTE_POST("/households/{id}/join", HOUSEHOLD_ROLES, join, .prepare = join_prepare,
               .failed = join_page, .record = &households_kind),
    ROUTE_GET("/households/{id}/move", HOUSEHOLD_ROLES, move_page, .record = &households_kind),
    ROUTE_POST("/households/{id}/move", HOUSEHOLD_ROLES, move_household, .prepare = move_prepare,
               .failed = move_page, .record = &households_kind),
    ROUTE_GET("/household-members/{id}/change", HOUSEHOLD_ROLES, change_page,
              .record = &household_members_kind),
    ROUTE_POST("/household-members/{id}/change", HOUSEHOLD_ROLES, change_member,
               .prepare = change_prepare, .failed = change_page, .record = &household_members_kind),
    ROUTE_POST("/household-members/{id}/undo", HOUSEHOLD_ROLES, undo, .failed = change_page,
               .record = &household_members_kind),
};

static const struct register_view views[] = {
    {&households_kind, .detail = household_detail, .links = household_links,
     .acts = household_acts},
    {.kind = NULL},
};

const struct module household_pages_module = {
    .name = "household_pages", .routes = ROUTES(table), .views = views};
