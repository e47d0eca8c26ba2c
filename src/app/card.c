/*
 * The card's cookie is the volunteer's id with a keyed hash of what the
 * register keeps of the code: nobody can make one without the card, it holds
 * no code, and it ends with the card. Wrong codes are counted behind the door.
 */
#include "app/card.h"

#include "app/module.h"
#include "app/pass.h"
#include "app/tries.h"
#include "app/volunteers.h"
#include "base/seal.h"
#include "base/text.h"
#include "web/web.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 900 /* seconds a new card's code is shown */

static const char *cookie_text(struct ctx *ctx, int64_t volunteer, const char *code_hash)
{
    const char *id = arena_print(ctx->arena, "%lld", (long long)volunteer);
    return arena_print(ctx->arena, "%s.%s", id,
                       seal_hash(ctx->keys, ctx->arena, "volunteer_cookie", arena_print(ctx->arena, "%s %s", id, code_hash)));
}

/* The volunteer of a cookie, with the person's name; NONE: not a good one. */
static int64_t cookie_volunteer(struct ctx *ctx, const char *text, const char **name)
{
    char *end;
    int64_t id = strlen(text) < 100 ? strtoll(text, &end, 10) : 0;
    if (id <= 0 || *end != '.')
        return NONE;
    struct rows *r = query(ctx->db,
                           "SELECT v.code_hash, p.name FROM volunteers v JOIN people p ON p.id = v.person"
                           " WHERE v.id = {} AND v.status <> 'left' AND v.code_hash IS NOT NULL AND p.removed_at IS NULL",
                           id);
    if (!rows_next(r))
        return NONE;
    const char *good = cookie_text(ctx, id, row_text(r, "code_hash"));
    bool fits = strlen(good) == strlen(text) && sodium_memcmp(good, text, strlen(good)) == 0;
    *name = row_copy(r, ctx->arena, "name");
    rows_end(r);
    return fits ? id : NONE;
}

bool card_actor(struct ctx *ctx, const char *text)
{
    const char *name = NULL;
    int64_t volunteer = text ? cookie_volunteer(ctx, text, &name) : NONE;
    if (volunteer == NONE && (ctx->actor.roles & ROLE_VOLUNTEER))
        volunteer = query_int(ctx->db, "SELECT id FROM volunteers WHERE \"user\" = {} AND status <> 'left'", ctx->actor.user);
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
    answer_card(ctx, cookie_text(ctx, volunteer, seal_hash(ctx->keys, ctx->arena, "volunteer_card", code)));
}

/* ---- a new card, shown once ---- */

static const char *purpose(struct ctx *ctx)
{
    return arena_print(ctx->arena, "card %lld %lld", (long long)ctx->actor.user, (long long)ctx->actor.volunteer);
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
    return pass_open(ctx, purpose(ctx), query_param(ctx, "card"), &p) && p.request == volunteer ? p.code : NULL;
}

/* ---- showing a card ---- */

static void draw(struct ctx *ctx, const char *why)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Volunteer's card"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Show your volunteer's card"),
         say(ctx,
             "Scan the code on your card, or type its ten letters and digits. This device then knows you until you put the card away."));
    if (why)
        html(out, "<div class=\"notice warn\" role=\"alert\">{}<div><p>{}</p></div></div>", icon(ctx, "alert-circle"), why);
    html(
        out,
        "<section class=\"card\"><form class=\"form\" method=\"post\" action=\"/card\" data-code><input type=\"hidden\" name=\"next\" value=\"{}\">"
        "<div class=\"field\"><label for=\"f-code\">{}</label><p class=\"hint\" id=\"f-code-h\">{}</p><input id=\"f-code\" class=\"short\" name=\"code\" value=\"{}\" "
        "autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" maxlength=\"40\" aria-describedby=\"f-code-h\" required></div>"
        "<div class=\"acts\"><button class=\"primary\">{} {}</button></div></form></section>",
        next_path(ctx, "/my"), say(ctx, "Code of the card"), say(ctx, "Capital or small letters; there is no 0, O, 1, I or L in it."),
        param(ctx, "code"), icon(ctx, "id-badge-2"), say(ctx, "Show my card"));
    html(out, "<p class=\"small\">{} <a href=\"/login?next={}\">{}</a></p>",
         say(ctx, "Lost the card? Your team's leader or the community office gives you a new one, and the old one stops."),
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
    ctx->key = NULL; /* never answered from the store */
}

/* What is drawn for a wrong code is an answer, not a failure: the try is counted. */
static void card_change(struct ctx *ctx)
{
    const char *typed = text_half_width(ctx->arena, param(ctx, "code") ? param(ctx, "code") : "");
    answer_header(ctx, "Cache-Control", "no-store");
    if (tries_left(ctx, &tries_card, NULL) <= 0) {
        answer_code(ctx, 429);
        draw(ctx, say(ctx, "Too many wrong codes came from your connection. Please try again in a few hours, or ask your team's leader."));
        return;
    }
    const struct volunteer *v = volunteer_by_code(ctx, typed);
    if (v) {
        answer_card(ctx, cookie_text(ctx, v->record.id, v->code_hash));
        see_next(ctx, "/my");
        return;
    }
    tries_add(ctx, &tries_card, NULL);
    answer_code(ctx, 422);
    draw(ctx, say(ctx, "No card has this code. Look at the card again, or ask your team's leader whether there is a newer one."));
}

static void away(struct ctx *ctx)
{
    answer_card(ctx, NULL);
    flash(ctx, say(ctx, "The card is put away: this device no longer knows you."));
    see_other(ctx, "/");
}

static const struct route table[] = {
    ROUTE_GET("/card", ROLE_PUBLIC, card),
    ROUTE_POST("/card", ROLE_PUBLIC, card_change, .prepare = card_prepare, .flags = NO_CSRF | LOGIN_LIMIT),
    ROUTE_POST("/card/away", ROLE_VOLUNTEER, away, .flags = READS),
};

const struct module card_module = {.name = "card", .routes = ROUTES(table)};
