/*
 * The card's cookie is the volunteer's id with a keyed hash of the stored hash
 * of the card code. Nobody can make one without the card, it does not contain
 * the code, and a new card makes it invalid. Wrong codes are counted on the
 * writer thread.
 */
#include "app/volunteers/volunteers.h"

#include "core/module.h"
#include "core/pass.h"
#include "core/tries.h"
#include "app/volunteers/volunteers.h"
#include "base/seal.h"
#include "base/text.h"
#include "web/web.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 900 /* seconds for which a new card's code is shown */

static const char *cookie_text(struct ctx *ctx, int64_t volunteer, const char *code_hash)
{
    const char *id = arena_print(ctx->arena, "%lld", (long long)volunteer);
    return arena_print(ctx->arena, "%s.%s", id,
                       seal_hash(ctx->keys, ctx->arena, "volunteer_cookie",
                                 arena_print(ctx->arena, "%s %s", id, code_hash)));
}

/* The volunteer of a cookie (the survivor, if theirs was merged), with the person's name; NONE: the
 * cookie is invalid. */
static int64_t cookie_volunteer(struct ctx *ctx, const char *text, const char **name)
{
    char *end;
    int64_t id = strlen(text) < 100 ? strtoll(text, &end, 10) : 0;
    if (id <= 0 || *end != '.')
        return NONE;
    struct rows *r = query(
        ctx->db,
        "SELECT w.id AS id, v.code_hash AS code_hash, p.name AS name FROM volunteers v JOIN "
        "volunteers w ON w.id = coalesce(v.merged_into, v.id) JOIN people p ON p.id = w.person"
        " WHERE v.id = {} AND w.status <> 'left' AND v.code_hash IS NOT NULL AND p.removed_at IS "
        "NULL",
        id);
    if (!rows_next(r))
        return NONE;
    const char *good = cookie_text(ctx, id, row_text(r, "code_hash"));
    bool fits = strlen(good) == strlen(text) && sodium_memcmp(good, text, strlen(good)) == 0;
    *name = row_copy(r, ctx->arena, "name");
    id = row_int(r, "id");
    rows_end(r);
    return fits ? id : NONE;
}

/* The actor is the volunteer of this cookie, or the one whose record has the login. */
static bool card_actor(struct ctx *ctx, const char *text)
{
    const char *name = NULL;
    int64_t volunteer = text ? cookie_volunteer(ctx, text, &name) : NONE;
    if (volunteer == NONE && (ctx->actor.roles & ROLE_VOLUNTEER))
        volunteer = query_int(ctx->db,
                              "SELECT w.id FROM volunteers v JOIN volunteers w ON w.id = "
                              "coalesce(v.merged_into, v.id) WHERE v.\"user\" = {} AND w.status <> "
                              "'left' ORDER BY w.id LIMIT 1",
                              ctx->actor.user);
    if (volunteer == NONE)
        return false;
    ctx->actor.volunteer = volunteer;
    ctx->actor.roles |= ROLE_VOLUNTEER;
    if (ctx->actor.user == NONE)
        ctx->actor.name = name;
    return true;
}

void card_keep(struct ctx *ctx, int64_t volunteer, const char *code)
{
    answer_card(
        ctx, cookie_text(ctx, volunteer, seal_hash(ctx->keys, ctx->arena, "volunteer_card", code)));
}

/* ---- a new card, shown once ---- */

static const char *purpose(struct ctx *ctx)
{
    return arena_print(ctx->arena, "card %lld %lld", (long long)ctx->actor.user,
                       (long long)ctx->actor.volunteer);
}

void card_send(struct ctx *ctx, int64_t volunteer, const char *code, const char *page)
{
    const struct pass p = {.request = volunteer, .joiner = NONE, .code = code};
    see_other(ctx, "{}?card={}", (struct markup){page}, pass_seal(ctx, purpose(ctx), &p, SHOWN));
}

const char *card_shown(struct ctx *ctx, int64_t volunteer)
{
    struct pass p;
    answer_header(ctx, "Cache-Control", "no-store");
    return pass_open(ctx, purpose(ctx), query_param(ctx, "card"), &p) && p.request == volunteer
               ? p.code
               : NULL;
}

/* ---- showing a card ---- */

static void draw(struct ctx *ctx, const char *why)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Volunteer card"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Use your volunteer card"),
         say(ctx, "Scan the code on your card or enter its 10 letters and digits. This device will "
                  "remember you until you sign out of the card."));
    if (why)
        html(out, "<div class=\"notice warn\" role=\"alert\">{}<div><p>{}</p></div></div>",
             icon(ctx, "alert-circle"), why);
    html(out,
         "<section class=\"card\"><form class=\"form\" method=\"post\" action=\"/card\" "
         "data-code><input type=\"hidden\" name=\"next\" value=\"{}\">"
         "<div class=\"field\"><label for=\"f-code\">{}</label><p class=\"hint\" "
         "id=\"f-code-h\">{}</p><input id=\"f-code\" class=\"short\" name=\"code\" value=\"{}\" "
         "autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" maxlength=\"40\" "
         "aria-describedby=\"f-code-h\" required></div>"
         "<div class=\"acts\"><button class=\"primary\">{} {}</button></div></form></section>",
         next_path(ctx, "/my"), say(ctx, "Card code"),
         say(ctx, "Capitals or lower case; codes never contain 0, O, 1, I or L."),
         param(ctx, "code"), icon(ctx, "id-badge-2"), say(ctx, "Use my card"));
    html(out, "<p class=\"small\">{} <a href=\"/login?next={}\">{}</a></p>",
         say(ctx, "Lost your card? Your team leader or community staff can give you a new one, "
                  "which cancels the old one."),
         (struct url_part){next_path(ctx, "")}, say(ctx, "Staff sign-in"));
    page_end(ctx);
}

static void card(struct ctx *ctx)
{
    answer_header(ctx, "Cache-Control", "no-store");
    draw(ctx, NULL);
}

static void card_prepare(struct ctx *ctx)
{
    ctx->key = NULL; /* a repeated request is not answered from the stored response */
}

/* A wrong code is answered with a page and not with a failure, so that the attempt is counted. */
static void card_change(struct ctx *ctx)
{
    const char *typed = text_half_width(ctx->arena, param(ctx, "code") ? param(ctx, "code") : "");
    answer_header(ctx, "Cache-Control", "no-store");
    /* A correct code works, whatever others behind the same address have tried. */
    const struct volunteer *v = volunteer_by_code(ctx, typed);
    if (v) {
        answer_card(ctx, cookie_text(ctx, v->record.id, v->code_hash));
        see_next(ctx, "/my");
        return;
    }
    if (tries_left(ctx, &tries_card, NULL) <= 0) {
        answer_code(ctx, 429);
        draw(ctx, say(ctx, "Too many incorrect codes from your network. Please try again in a few "
                           "hours, or ask your team leader."));
        return;
    }
    tries_add(ctx, &tries_card, NULL);
    answer_code(ctx, 422);
    draw(ctx, say(ctx, "No card has this code. Check your card, or ask your team leader whether it "
                       "has been replaced."));
}

static void away(struct ctx *ctx)
{
    answer_card(ctx, NULL);
    flash(ctx, say(ctx, "You have signed out of your card on this device."));
    see_other(ctx, "/");
}

static const struct route table[] = {
    ROUTE_GET("/card", ROLE_PUBLIC, card),
    ROUTE_POST("/card", ROLE_PUBLIC, card_change, .prepare = card_prepare,
               .flags = NO_CSRF | LOGIN_LIMIT),
    ROUTE_POST("/card/away", ROLE_VOLUNTEER, away, .flags = READS),
};

const struct module card_module = {.name = "card", .actor = card_actor, .routes = ROUTES(table)};
