/*
 * How people become volunteers. Residents apply on their phone and wait for a
 * call. Team leaders and community staff, who see the person, register them in
 * person: they are active immediately and get a card.
 *
 * A resident gets the same response whether or not the register knows the name
 * and number, so the form does not reveal who is a volunteer.
 */
#include "core/module.h"
#include "pages/setup_page.h"
#include "core/qr.h"
#include "core/tries.h"
#include "app/volunteers/volunteer_parts.h"
#include "app/volunteers/volunteers.h"
#include "base/code.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

struct joining {
    struct person *person;
    struct volunteer *volunteer;
};

/* ---- rules ---- */

/* The person with this name and number, with consent recorded; a new one if unknown. */
static int64_t person_of(struct ctx *ctx, struct person *p)
{
    int64_t id = person_find(ctx, p->name, p->phone);
    if (id == NONE) {
        p->consent_for = "|volunteer|";
        p->consent_at = ctx->now;
        return record_check(ctx, &people_kind, NULL, p) &&
                       record_insert(ctx, &people_kind, p, "join") == OK
                   ? p->record.id
                   : NONE;
    }
    const struct person *before = record_get(ctx, &people_kind, id);
    if (!before)
        return record_gone(ctx) == OK ? id : NONE;
    if (before->consent_for && tags_have(before->consent_for, "volunteer"))
        return id;
    struct person *after = record_copy(ctx, &people_kind, before);
    after->consent_for = before->consent_for
                             ? arena_print(ctx->arena, "%svolunteer|", before->consent_for)
                             : "|volunteer|";
    after->consent_at = ctx->now;
    if (after->area == NONE) { /* the address was unknown before */
        after->area = p->area;
        after->community = query_int(ctx->db, "SELECT community FROM areas WHERE id = {}",
                                     (struct maybe){p->area});
    }
    return record_update(ctx, &people_kind, before, after, "consent") == OK ? id : NONE;
}

static const struct volunteer *volunteer_of(struct ctx *ctx, int64_t person)
{
    int64_t id = query_int(ctx->db, "SELECT id FROM volunteers WHERE person = {}",
                           (struct maybe){person});
    return id == NONE ? NULL : record_get(ctx, &volunteers_kind, id);
}

/* ---- the form ---- */

static void consent_field(struct ctx *ctx, bool present)
{
    struct buf *out = ctx->web->out;
    const char *problem = ctx_problem_of(ctx, "consent");
    html(out,
         "<section class=\"card\" "
         "id=\"f-consent\"><h2>{}</h2><ul><li>{}</li><li>{}</li><li>{}</li><li>{}</li></ul>",
         say(ctx, "How we use your details"),
         say(ctx, "We keep your name, phone number, community and the details above; your phone "
                  "number is stored encrypted."),
         say(ctx, "Your team leader and community staff can see them, to find tasks that suit you. "
                  "Residents you visit are told your name."),
         say(ctx, "Your hours are calculated from when you check in and out. You can see them all "
                  "and query any that look wrong."),
         say(ctx, "You can take a break or leave whenever you like. After you leave, your details "
                  "are no longer used; only your hours are kept, for certificates."));
    html(out,
         "<label class=\"check\"><input type=\"checkbox\" name=\"consent\" value=\"1\"{}{}> "
         "{}</label>",
         (struct markup){param(ctx, "consent") ? " checked" : ""},
         (struct markup){problem ? " aria-describedby=\"f-consent-p\"" : ""},
         present ? say(ctx, "I have read this to the person and they agree") : say(ctx, "I agree"));
    if (problem)
        html(out, "<p class=\"problem\" id=\"f-consent-p\">{} {}</p>", icon(ctx, "alert-circle"),
             problem);
    buf_puts(out, "</section>");
}

static void team_field(struct ctx *ctx, bool present)
{
    struct buf *out = ctx->web->out;
    int64_t chosen = param_int(ctx, "team") != NONE ? param_int(ctx, "team")
                     : present                      ? team_own(ctx)
                                                    : NONE;
    const char *problem = ctx_problem_of(ctx, "team");
    html(out,
         "<div class=\"field\"><label for=\"f-team\">{}</label><select id=\"f-team\" "
         "name=\"team\" data-teams{}>",
         say(ctx, "Which team?"),
         (struct markup){problem ? " aria-invalid=\"true\" aria-describedby=\"f-team-p\"" : ""});
    if (!present || team_own(ctx) == NONE)
        html(out, "<option value=\"\">{}</option>",
             present ? say(ctx, "No team yet") : say(ctx, "Help me choose"));
    team_options(ctx, chosen, present);
    buf_puts(out, "</select>");
    if (problem)
        html(out, "<p class=\"problem\" id=\"f-team-p\">{} {}</p>", icon(ctx, "alert-circle"),
             problem);
    buf_puts(out, "</div>");
}

static void draw_form(struct ctx *ctx, const char *action, bool present)
{
    struct buf *out = ctx->web->out;
    form_begin(ctx, action, present ? NULL : "volunteer", false);
    form_problems(ctx);
    if (ctx->problem_count && !present)
        office_call(ctx);
    volunteer_who(ctx);
    team_field(ctx, present);
    volunteer_offers_folded(ctx);
    consent_field(ctx, present);
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         icon(ctx, present ? "id-badge-2" : "send"),
         present ? say(ctx, "Register and issue card") : say(ctx, "Send to the community"));
    form_end(ctx);
}

static void join(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    if (!setup_opened(ctx, "areas", say(ctx, "Become a volunteer")))
        return;
    page_begin(ctx, say(ctx, "Become a volunteer"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Become a volunteer"),
         say(ctx, "Your name, phone number and community are enough; the rest helps us find "
                  "something that suits you."));
    draw_form(ctx, "/volunteer", false);
    page_end(ctx);
}

static void prepare(struct ctx *ctx, bool present)
{
    struct joining *j = ARENA_NEW(ctx->arena, struct joining);
    ctx->work = j;
    j->person = record_new(ctx, &people_kind);
    j->volunteer = record_new(ctx, &volunteers_kind);
    volunteer_who_read(ctx, j->person);
    volunteer_offers_read(ctx, j->volunteer);
    int64_t team = param_int(ctx, "team");
    const struct kind *teams = present ? &led_teams_kind : &open_teams_kind;
    if (team != NONE && !record_load(ctx, teams, team))
        ctx_problem(ctx, "team", say(ctx, "Choose a volunteer team."));
    j->volunteer->team = team;
    if (!param(ctx, "consent"))
        ctx_problem(ctx, "consent",
                    present ? say(ctx, "Read this to the person and tick the box once they agree.")
                            : say(ctx, "Please read this and tick the box: we can’t keep your "
                                       "details "
                                       "without your consent."));
}

static void join_prepare(struct ctx *ctx)
{
    if (setup_required(ctx, "areas"))
        prepare(ctx, false);
}

static void present_prepare(struct ctx *ctx)
{
    prepare(ctx, true);
}

/* ---- by the resident ---- */

static void join_change(struct ctx *ctx)
{
    struct joining *j = ctx->work;
    if (tries_left(ctx, &tries_sent, NULL) <= 0) {
        ctx_problem(ctx, NULL,
                    say(ctx, "Too many forms from your network in the past hour. Please try again "
                             "later, or call the community staff."));
        return;
    }
    tries_add(ctx, &tries_sent, NULL);
    j->volunteer->status = "applied";
    int64_t person = person_of(ctx, j->person);
    const struct volunteer *known = person == NONE ? NULL : volunteer_of(ctx, person);
    j->volunteer->person = person;
    if (known && !strcmp(known->status, "left"))
        volunteer_take(ctx, "apply", known, &(struct volunteer_input){.offers = j->volunteer});
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
         "<header class=\"head\"><h1>{}</h1></header><div class=\"notice "
         "ok\">{}<div><p>{}</p><p>{}</p></div></div>"
         "<div class=\"acts\"><a class=\"button\" href=\"/teams\">{} {}</a></div>",
         say(ctx, "Thank you, we’ve received it"), icon(ctx, "circle-check"),
         say(ctx, "The team leader or community staff will call you."),
         say(ctx, "You then get a card with a code, so you can see your shifts and hours on your "
                  "phone without an account."),
         icon(ctx, "users-group"), say(ctx, "See the teams"));
    page_end(ctx);
}

/* ---- somebody who is present ---- */

static void present_page(struct ctx *ctx)
{
    page_begin(ctx, say(ctx, "Register a volunteer"), PAGE_STAFF);
    trail(ctx, "/volunteers", say(ctx, "Volunteers"));
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Register a volunteer"),
         say(ctx, "For people who are with you now: they become active immediately and take the "
                  "card with them."));
    draw_form(ctx, "/volunteers/new", true);
    page_end(ctx);
}

static void present_change(struct ctx *ctx)
{
    struct joining *j = ctx->work;
    const char *code = NULL;
    j->volunteer->status = "active";
    if (team_own(ctx) != NONE)
        j->volunteer->team = team_own(ctx);
    int64_t person = person_of(ctx, j->person), id = NONE;
    const struct volunteer *known = person == NONE ? NULL : volunteer_of(ctx, person);
    j->volunteer->person = person;
    if (!ctx_ok(ctx))
        return;
    if (known && !strcmp(known->status, "left")) {
        id = known->record.id;
        const struct volunteer_input in = {.offers = j->volunteer};
        known = volunteer_take(ctx, "join", known, &in) == OK
                    ? record_get(ctx, &volunteers_kind, id)
                    : NULL;
        if (known)
            volunteer_card(ctx, known, &code);
        else if (ctx_ok(ctx))
            record_gone(ctx);
    } else if (known) {
        ctx_problem(
            ctx, "name",
            !strcmp(known->status, "applied")
                ? say(ctx, "This person has already applied, as {}. Approve them in the list.",
                      known->number)
                : say(ctx, "This person is already a volunteer, number {}.", known->number));
        return;
    } else if (volunteer_file(ctx, j->volunteer, &code) == OK) {
        id = j->volunteer->record.id;
    }
    if (ctx_ok(ctx) && !record_load(ctx, &volunteers_kind, id))
        ctx_problem(
            ctx, "area",
            say(ctx,
                "This is outside your area. Choose your own team or one of your communities."));
    if (ctx_ok(ctx))
        card_send(ctx, id, code, arena_print(ctx->arena, "/volunteers/%lld/card", (long long)id));
}

/* ---- the card to print ---- */

/* Lines to cut along, around a card of 85.6 × 54 mm (ISO/IEC 7810 ID-1): millimetres. */
static void crop_marks(struct ctx *ctx)
{
    buf_puts(
        ctx->web->out,
        "<svg class=\"crop\" viewBox=\"0 0 97.6 66\" aria-hidden=\"true\"><path "
        "d=\"M6 0V5M91.6 0V5M6 61V66M91.6 61V66M0 6H5M92.6 6H97.6M0 60H5M92.6 60H97.6\"/></svg>");
}

void card_draw(struct ctx *ctx, const struct volunteer *v, const char *code)
{
    struct buf *out = ctx->web->out;
    const struct person *p = record_get(ctx, &people_kind, v->person);
    const struct site_words *w = ctx->site->words;
    const char *office = w ? ctx_pick(ctx, w->name, w->name_en) : NULL;
    html(out, "<div class=\"cut\">");
    crop_marks(ctx);
    html(out,
         "<article class=\"wallet\"><header>{}<h2>{}</h2><span>{}</span></header><div><p "
         "class=\"name\">{}</p><p>{}</p><p>{}</p><p class=\"small\">{}</p><p "
         "class=\"code\">{}</p></div>",
         icon(ctx, "linli"), say(ctx, "Volunteer card"), office, p ? p->name : "", v->number,
         v->team == NONE ? NULL : field_show(ctx, kind_field(&volunteers_kind, "team"), v),
         say(ctx, "Card code"), code_shown(ctx->arena, code));
    qr_draw(ctx, here_url(ctx, arena_print(ctx->arena, "/card#%s", code)),
            say(ctx, "QR code for your page"));
    html(out,
         "</article></div><p class=\"small\">{}</p><div class=\"acts screen\"><button "
         "type=\"button\" data-print hidden>{} {}</button>"
         "<button type=\"button\" data-copy=\"{}\" hidden>{} {}</button></div>",
         say(ctx, "Scan to see your shifts and hours, and to check in on site. Anyone with this "
                  "card can see your page, so keep it safe like a key. If you lose it, ask for a "
                  "new one; this one then stops working."),
         icon(ctx, "printer"), say(ctx, "Print card"), code_shown(ctx->arena, code),
         icon(ctx, "copy"), say(ctx, "Copy card code"));
}

static void card_page(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct volunteer *v = ctx->web->record;
    const char *code = card_shown(ctx, v->record.id),
               *href = arena_print(ctx->arena, "/volunteers/%lld", (long long)v->record.id);
    page_begin(ctx, say(ctx, "Volunteer card"), PAGE_STAFF | PAGE_PRINT);
    trail(ctx, href, v->number);
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Volunteer card"));
    if (code) {
        html(out, "<div class=\"notice ok screen\">{}<div><p>{}</p></div></div>",
             icon(ctx, "circle-check"),
             say(ctx, "Print it and hand it over, or let them take a photo. The code is shown here "
                      "for 15 minutes and never again."));
        card_draw(ctx, v, code);
    } else {
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "clock"),
             say(ctx, "Card codes are shown once only, for 15 minutes. If you didn’t hand it "
                      "over "
                      "in time, issue a new card; the old one stops working."));
        form_begin(ctx, arena_print(ctx->arena, "%s/card", href), NULL, false);
        html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
             icon(ctx, "id-badge-2"), say(ctx, "New card"));
        form_end(ctx);
    }
    page_end(ctx);
}

static void card_new(struct ctx *ctx)
{
    const char *code;
    const struct volunteer *v = record_load(ctx, &volunteers_kind, ctx->web->id);
    if (!v || !strcmp(v->status, "left") || !strcmp(v->status, "applied"))
        ctx_fail(ctx, CONFLICT, say(ctx, "Only current volunteers can have a card."));
    else if (volunteer_card(ctx, v, &code) == OK)
        card_send(ctx, v->record.id, code,
                  arena_print(ctx->arena, "/volunteers/%lld/card", (long long)v->record.id));
}

static const struct route table[] = {
    ROUTE_GET("/volunteer", ROLE_PUBLIC, join),
    ROUTE_POST("/volunteer", ROLE_PUBLIC, join_change, .prepare = join_prepare, .failed = join,
               .flags = NO_CSRF),
    ROUTE_GET("/volunteer/done", ROLE_PUBLIC, done),
    ROUTE_GET("/volunteers/new", VOLUNTEER_HOSTS, present_page),
    ROUTE_POST("/volunteers/new", VOLUNTEER_HOSTS, present_change, .prepare = present_prepare,
               .failed = present_page),
    ROUTE_GET("/volunteers/{id}/card", VOLUNTEER_HOSTS, card_page, .record = &volunteers_kind),
    ROUTE_POST("/volunteers/{id}/card", VOLUNTEER_HOSTS, card_new, .record = &volunteers_kind),
};

const struct module join_module = {.name = "join", .routes = ROUTES(table)};
