/*
 * Becoming a volunteer: by the resident on a telephone, who then waits for a
 * call, or at the door by a team's leader or the community, who see the
 * person: active at once, with a card to take along.
 *
 * To a resident the answer is the same whether or not the register knows the
 * name and number: nobody learns here who is a volunteer.
 */
#include "app/card.h"
#include "app/module.h"
#include "app/qr.h"
#include "app/residents.h"
#include "app/tries.h"
#include "app/volunteer_parts.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

struct joining {
    struct person *person;
    struct volunteer *volunteer;
};

/* ---- rules ---- */

/* The person of this name and number with the consent given, or a new one. */
static int64_t person_of(struct ctx *ctx, struct person *p)
{
    int64_t id = person_find(ctx, p->name, p->phone);
    if (id == NONE) {
        p->consent_for = "|volunteer|";
        p->consent_at = ctx->now;
        return record_check(ctx, &people_kind, NULL, p) && record_insert(ctx, &people_kind, p, "join") == OK ? p->record.id : NONE;
    }
    const struct person *before = record_get(ctx, &people_kind, id);
    if (!before)
        return record_gone(ctx) == OK ? id : NONE;
    if (before->consent_for && tags_have(before->consent_for, "volunteer"))
        return id;
    struct person *after = record_copy(ctx, &people_kind, before);
    after->consent_for = before->consent_for ? arena_print(ctx->arena, "%svolunteer|", before->consent_for) : "|volunteer|";
    after->consent_at = ctx->now;
    if (after->area == NONE) { /* where they live was not known yet */
        after->area = p->area;
        after->community = query_int(ctx->db, "SELECT community FROM areas WHERE id = {}", (struct maybe){p->area});
    }
    return record_update(ctx, &people_kind, before, after, "consent") == OK ? id : NONE;
}

/* Who had left comes back with what they offer now. */
static enum status come_back(struct ctx *ctx, const struct volunteer *before, const struct volunteer *offers, const char *action)
{
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    after->team = offers->team;
    after->status = offers->status;
    after->skills = offers->skills, after->languages = offers->languages, after->times = offers->times, after->areas = offers->areas;
    after->limits = offers->limits, after->visits_a_month = offers->visits_a_month, after->gender_preference = offers->gender_preference;
    after->left_on = after->left_why = NULL;
    return record_update(ctx, &volunteers_kind, before, after, action);
}

static const struct volunteer *volunteer_of(struct ctx *ctx, int64_t person)
{
    int64_t id = query_int(ctx->db, "SELECT id FROM volunteers WHERE person = {}", (struct maybe){person});
    return id == NONE ? NULL : record_get(ctx, &volunteers_kind, id);
}

/* ---- the form ---- */

static void consent_field(struct ctx *ctx, bool door)
{
    struct buf *out = ctx->web->out;
    const char *problem = ctx_problem_of(ctx, "consent");
    html(
        out, "<section class=\"card\" id=\"f-consent\"><h2>{}</h2><ul><li>{}</li><li>{}</li><li>{}</li><li>{}</li></ul>",
        say(ctx, "What happens with your details"),
        say(ctx, "We keep your name, telephone, community and what you offer here; the telephone is stored encrypted."),
        say(ctx, "Your team's leader and the community office see them, to arrange what fits you. A resident you visit is told your name."),
        say(ctx, "Your hours are counted from when you come and go. You see them all and can object."),
        say(ctx,
            "You can pause or leave whenever you like. Then nobody is shown your details any more; only the hours stay, for certificates."));
    html(out, "<label class=\"check\"><input type=\"checkbox\" name=\"consent\" value=\"1\"{}{}> {}</label>",
         (struct markup){param(ctx, "consent") ? " checked" : ""}, (struct markup){problem ? " aria-describedby=\"f-consent-p\"" : ""},
         door ? say(ctx, "It was read to the person, who agrees") : say(ctx, "I agree"));
    if (problem)
        html(out, "<p class=\"problem\" id=\"f-consent-p\">{} {}</p>", icon(ctx, "alert-circle"), problem);
    buf_puts(out, "</section>");
}

static void team_field(struct ctx *ctx, bool door)
{
    struct buf *out = ctx->web->out;
    int64_t chosen = param_int(ctx, "team") != NONE ? param_int(ctx, "team") : door ? own_team(ctx) : NONE;
    const char *problem = ctx_problem_of(ctx, "team");
    html(out, "<div class=\"field\"><label for=\"f-team\">{}</label><select id=\"f-team\" name=\"team\"{}>", say(ctx, "Which team"),
         (struct markup){problem ? " aria-invalid=\"true\" aria-describedby=\"f-team-p\"" : ""});
    if (!door || own_team(ctx) == NONE)
        html(out, "<option value=\"\">{}</option>", door ? say(ctx, "No team yet") : say(ctx, "Help me find one"));
    team_options(ctx, chosen, door);
    buf_puts(out, "</select>");
    if (problem)
        html(out, "<p class=\"problem\" id=\"f-team-p\">{} {}</p>", icon(ctx, "alert-circle"), problem);
    buf_puts(out, "</div>");
}

static void draw_form(struct ctx *ctx, const char *action, bool door)
{
    struct buf *out = ctx->web->out;
    form_begin(ctx, action, door ? NULL : "volunteer", false);
    form_problems(ctx);
    volunteer_who(ctx);
    team_field(ctx, door);
    volunteer_offers(ctx, NULL);
    consent_field(ctx, door);
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>", icon(ctx, door ? "id-badge-2" : "send"),
         door ? say(ctx, "Take on and make the card") : say(ctx, "Send to the community office"));
    form_end(ctx);
}

static void join(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Become a volunteer"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Become a volunteer"),
         say(ctx, "Name, telephone and community are enough; the rest helps us find what suits you."));
    draw_form(ctx, "/volunteer", false);
    page_end(ctx);
}

static void prepare(struct ctx *ctx, bool door)
{
    struct joining *j = ARENA_NEW(ctx->arena, struct joining);
    ctx->work = j;
    j->person = record_new(ctx, &people_kind);
    j->volunteer = record_new(ctx, &volunteers_kind);
    volunteer_who_read(ctx, j->person);
    volunteer_offers_read(ctx, j->volunteer);
    int64_t team = param_int(ctx, "team");
    const struct kind *teams = door ? &led_teams_kind : &open_teams_kind;
    if (team != NONE && !record_load(ctx, teams, team))
        ctx_problem(ctx, "team", say(ctx, "Choose a volunteer team."));
    j->volunteer->team = team;
    if (!param(ctx, "consent"))
        ctx_problem(ctx, "consent",
                    door ? say(ctx, "Read it to the person, and tick it when they agree.")
                         : say(ctx, "Please read this and tick it: without it we can't keep your details."));
}

static void join_prepare(struct ctx *ctx)
{
    prepare(ctx, false);
}

static void door_prepare(struct ctx *ctx)
{
    prepare(ctx, true);
}

/* ---- by the resident ---- */

static void join_change(struct ctx *ctx)
{
    struct joining *j = ctx->work;
    if (tries_left(ctx, &tries_sent, NULL) <= 0) {
        ctx_problem(ctx, NULL,
                    say(ctx, "Many forms came from your connection within an hour. Please try again later, or ring the community office."));
        return;
    }
    tries_add(ctx, &tries_sent, NULL);
    j->volunteer->status = "applied";
    int64_t person = person_of(ctx, j->person);
    const struct volunteer *known = person == NONE ? NULL : volunteer_of(ctx, person);
    j->volunteer->person = person;
    if (known && !strcmp(known->status, "left"))
        come_back(ctx, known, j->volunteer, "apply");
    else if (!known && person != NONE)
        volunteer_file(ctx, j->volunteer, NULL);
    if (ctx_ok(ctx))
        see_other(ctx, "/volunteer/done");
}

static void done(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Thank you"), PAGE_RESIDENT);
    html(out,
         "<header class=\"head\"><h1>{}</h1></header><div class=\"notice ok\">{}<div><p>{}</p><p>{}</p></div></div>"
         "<div class=\"acts\"><a class=\"button\" href=\"/teams\">{} {}</a></div>",
         say(ctx, "Thank you, we have it"), icon(ctx, "circle-check"),
         say(ctx, "The team's leader or the community office rings you within a few days."),
         say(ctx, "Then you get a card with a code; with it you see your shifts and hours on your own telephone, without an account."),
         icon(ctx, "users-group"), say(ctx, "See the teams"));
    page_end(ctx);
}

/* ---- at the door ---- */

static void door_page(struct ctx *ctx)
{
    page_begin(ctx, say(ctx, "Take on a volunteer"), PAGE_STAFF);
    trail(ctx, "/volunteers", say(ctx, "Volunteers"));
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Take on a volunteer"),
         say(ctx, "The person stands before you: they are active at once and take the card along."));
    draw_form(ctx, "/volunteers/new", true);
    page_end(ctx);
}

static void door_change(struct ctx *ctx)
{
    struct joining *j = ctx->work;
    const char *code = NULL;
    j->volunteer->status = "active";
    if (own_team(ctx) != NONE)
        j->volunteer->team = own_team(ctx);
    int64_t person = person_of(ctx, j->person), id = NONE;
    const struct volunteer *known = person == NONE ? NULL : volunteer_of(ctx, person);
    j->volunteer->person = person;
    if (!ctx_ok(ctx))
        return;
    if (known && !strcmp(known->status, "left")) {
        id = known->record.id;
        known = come_back(ctx, known, j->volunteer, "join") == OK ? record_get(ctx, &volunteers_kind, id) : NULL;
        if (known)
            volunteer_card(ctx, known, &code);
        else if (ctx_ok(ctx))
            record_gone(ctx);
    } else if (known) {
        ctx_problem(ctx, "name",
                    !strcmp(known->status, "applied")
                        ? say(ctx, "This person has applied already, as {}. Confirm it in the list.", known->number)
                        : say(ctx, "This person is a volunteer already, as {}.", known->number));
        return;
    } else if (volunteer_file(ctx, j->volunteer, &code) == OK) {
        id = j->volunteer->record.id;
    }
    if (ctx_ok(ctx) && !record_load(ctx, &volunteers_kind, id))
        ctx_problem(ctx, "area", say(ctx, "This is not in your area. Choose your team, or a community of yours."));
    if (ctx_ok(ctx))
        card_send(ctx, id, code, arena_print(ctx->arena, "/volunteers/%lld/card", (long long)id));
}

/* ---- the card to print ---- */

void card_draw(struct ctx *ctx, const struct volunteer *v, const char *code)
{
    struct buf *out = ctx->web->out;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    html(out, "<article class=\"receipt\"><header>{}<h2>{}</h2></header><dl><dt>{}</dt><dd class=\"big\">{}</dd><dt>{}</dt><dd>{}</dd>",
         icon(ctx, "linli"), say(ctx, "Volunteer's card"), say(ctx, "Full name"), p ? p->name : "", say(ctx, "Volunteer number"),
         v->number);
    if (v->team != NONE)
        html(out, "<dt>{}</dt><dd>{}</dd>", say(ctx, "Team"), field_show(ctx, kind_field(&volunteers_kind, "team"), v));
    html(out, "<dt>{}</dt><dd class=\"big\">{}</dd></dl>", say(ctx, "Code of the card"), code_shown(ctx, code));
    qr_draw(ctx, here_url(ctx, arena_print(ctx->arena, "/card#%s", code)), say(ctx, "QR code that opens your page"));
    html(
        out,
        "<p class=\"small\">{}</p></article><div class=\"acts screen\"><button type=\"button\" data-print hidden>{} {}</button>"
        "<button type=\"button\" data-copy=\"{}\" hidden>{} {}</button></div>",
        say(ctx,
            "Scan this to see your shifts and hours, and at the door to check in. Whoever has the card can see your page: keep it like a key. If it is lost, ask for a new one; this one then stops."),
        icon(ctx, "printer"), say(ctx, "Print the card"), code_shown(ctx, code), icon(ctx, "copy"), say(ctx, "Copy the card’s code"));
}

static void card_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = ctx->web->record;
    const char *code = card_shown(ctx, v->record.id), *href = arena_print(ctx->arena, "/volunteers/%lld", (long long)v->record.id);
    page_begin(ctx, say(ctx, "Volunteer's card"), PAGE_STAFF | PAGE_PRINT);
    trail(ctx, href, v->number);
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Volunteer's card"));
    if (code) {
        html(
            out, "<div class=\"notice ok screen\">{}<div><p>{}</p></div></div>", icon(ctx, "circle-check"),
            say(ctx,
                "Print it and hand it over, or let it be photographed. The code is shown here for a quarter of an hour, and never again."));
        card_draw(ctx, v, code);
    } else {
        html(
            out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "clock"),
            say(ctx,
                "A card's code is shown once, for a quarter of an hour. If it was not handed over, make a new one; the old one then stops."));
        form_begin(ctx, arena_print(ctx->arena, "%s/card", href), NULL, false);
        html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>", icon(ctx, "id-badge-2"), say(ctx, "New card"));
        form_end(ctx);
    }
    page_end(ctx);
}

static void card_new(struct ctx *ctx)
{
    const char *code;
    const struct volunteer *v = record_load(ctx, &volunteers_kind, ctx->web->id);
    if (!v || !strcmp(v->status, "left") || !strcmp(v->status, "applied"))
        ctx_fail(ctx, CONFLICT, say(ctx, "Only who is a volunteer now gets a card."));
    else if (volunteer_card(ctx, v, &code) == OK)
        card_send(ctx, v->record.id, code, arena_print(ctx->arena, "/volunteers/%lld/card", (long long)v->record.id));
}

static const struct route table[] = {
    ROUTE_GET("/volunteer", ROLE_PUBLIC, join),
    ROUTE_POST("/volunteer", ROLE_PUBLIC, join_change, .prepare = join_prepare, .failed = join, .flags = NO_CSRF),
    ROUTE_GET("/volunteer/done", ROLE_PUBLIC, done),
    ROUTE_GET("/volunteers/new", VOLUNTEER_HOSTS, door_page),
    ROUTE_POST("/volunteers/new", VOLUNTEER_HOSTS, door_change, .prepare = door_prepare, .failed = door_page),
    ROUTE_GET("/volunteers/{id}/card", VOLUNTEER_HOSTS, card_page, .record = &volunteers_kind),
    ROUTE_POST("/volunteers/{id}/card", VOLUNTEER_HOSTS, card_new, .record = &volunteers_kind),
};

const struct module join_module = {.name = "join", .routes = ROUTES(table)};
