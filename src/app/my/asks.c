/*
 * What a volunteer is asked: /my/asks. Before accepting they see distance and
 * time but no name and no house number; afterwards what they need to go there,
 * until the visit is over. A visit is recorded with one tap, with the times
 * filled in.
 */
#include "core/module.h"
#include "app/registers/registers.h"
#include "app/visits/visits.h"
#include "base/text.h"
#include "base/when.h"
#include "web/fields.h"

#include <string.h>

/* The volunteer's own invitation from the path; NULL with the response set. */
static const struct offer_ask *own_ask(struct ctx *ctx)
{
    const struct offer_ask *a = record_get(ctx, &offer_asks_kind, ctx->web->id);
    if (a && ctx->actor.volunteer > 0 && a->volunteer == ctx->actor.volunteer)
        return a;
    ctx_fail(ctx, NOT_FOUND, say(ctx, "No such invitation."));
    return NULL;
}

/* Of the reasons for an invitation only the distance; the rest is for the leader. */
static const char *distance(struct ctx *ctx, const char *why)
{
    for (const char *at = why, *tag; (tag = tags_next(ctx->arena, &at)) != NULL;)
        if (!strncmp(tag, "m:", 2))
            return match_why(ctx, arena_print(ctx->arena, "|%s|", tag));
    return NULL;
}

/* wish: the resident's words, if they do not follow in full; NULL. */
static void draw_head(struct ctx *ctx, const struct offer *o, const struct offer_ask *a,
                      const char *wish)
{
    struct buf *out = ctx->web->out;
    const char *away = distance(ctx, a->why),
               *community = field_show(ctx, kind_field(&offers_kind, "community"), o);
    html(out, "<h2>{}</h2>", offer_title(ctx, o));
    if (wish)
        html(out, "<p class=\"soft\">{}</p><p class=\"words\">{}</p>",
             say(ctx, "In the resident’s words"), wish);
    html(out,
         "<dl "
         "class=\"facts\"><div><dt>{}</dt><dd>{}</dd></div><div><dt>{}</dt><dd>{}{}{}</dd></"
         "div><div><dt>{}</dt>"
         "<dd>{}</dd></div>",
         say(ctx, "When"), offer_when(ctx, o), say(ctx, "Where"), community,
         away && *community ? " · " : "", away, say(ctx, "Number of volunteers"),
         say_n(ctx, o->people, "1 volunteer", "{} volunteers", o->people));
    if (o->language)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Languages spoken"),
             field_show(ctx, kind_field(&offers_kind, "language"), o));
    if (o->note)
        html(out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Good to know"), o->note);
}

static bool answering(const struct ctx *ctx, const struct offer_ask *a)
{
    return ctx->web->method == POST && ctx->web->id == a->record.id;
}

static void draw_question(struct ctx *ctx, const struct offer *o, const struct offer_ask *a)
{
    struct buf *out = ctx->web->out;
    html(out, "<section class=\"card\">");
    draw_head(ctx, o, a, offer_wish(ctx, o));
    html(out, "</dl>");
    form_begin(ctx, arena_print(ctx->arena, "/my/asks/%lld/answer", (long long)a->record.id), NULL,
               false);
    if (o->starts == NONE) {
        html(out,
             "<div class=\"field\"><label for=\"f-starts-{}\">{}</label><p "
             "class=\"hint\">{}</p><input id=\"f-starts-{}\" type=\"datetime-local\" "
             "name=\"starts\" value=\"{}\">",
             a->record.id, say(ctx, "When could you come?"),
             say(ctx, "Required to accept. You can still rearrange it with the resident by phone."),
             a->record.id, answering(ctx, a) ? param(ctx, "starts") : NULL);
        if (answering(ctx, a))
            field_problem(ctx, "starts");
        html(out, "</div>");
    }
    html(out,
         "<div class=\"acts\"><button class=\"primary\" name=\"answer\" value=\"yes\">{} "
         "{}</button><button name=\"answer\" value=\"no\">{}</button></div>",
         icon(ctx, "check"), say(ctx, "Yes, I’ll go"), say(ctx, "Not this time"));
    form_end(ctx);
    html(out, "</section>");
}

static void draw_companions(struct ctx *ctx, const struct offer *o)
{
    struct rows *r = query(
        ctx->db,
        "SELECT p.name AS name, v.number AS number FROM offer_asks k JOIN volunteers v ON v.id = "
        "k.volunteer JOIN people p ON p.id = v.person"
        " WHERE k.offer = {} AND k.answer = 'yes' AND k.volunteer <> {} ORDER BY k.id",
        o->record.id, ctx->actor.volunteer);
    const char *names = "";
    while (rows_next(r))
        names = ctx_list(
            ctx, names,
            arena_print(ctx->arena, "%s %s", row_text(r, "name"), row_text(r, "number")));
    html(ctx->web->out, "<div><dt>{}</dt><dd>{}</dd></div>", say(ctx, "Going with you"),
         *names          ? names
         : o->people > 1 ? say(ctx, "still looking for someone")
                         : say(ctx, "nobody: you are going alone"));
}

static void done_time(struct ctx *ctx, const struct offer_ask *a, const char *name,
                      const char *label, int64_t value)
{
    const char *typed = answering(ctx, a) ? param(ctx, name) : NULL;
    html(ctx->web->out,
         "<div class=\"field\"><label for=\"f-{}-{}\">{}</label><input id=\"f-{}-{}\" "
         "type=\"datetime-local\" name=\"{}\" value=\"{}\">",
         name, a->record.id, label, name, a->record.id, name,
         typed ? typed : local_time(ctx, value));
    if (answering(ctx, a))
        field_problem(ctx, name);
    html(ctx->web->out, "</div>");
}

/* One tap once the time has come, with the times filled in; before that it is folded away for
 * those who went early. */
static void draw_done(struct ctx *ctx, const struct offer *o, const struct offer_ask *a)
{
    struct buf *out = ctx->web->out;
    bool now = o->starts != NONE && o->starts < ctx->now;
    int64_t came = now ? o->starts : NONE, went = !now ? NONE
                                                  : o->ends != NONE && o->ends < ctx->now
                                                      ? o->ends
                                                      : ctx->now;
    bool typed = answering(ctx, a) && param(ctx, "came");
    if (!now)
        html(out, "<details{}><summary>{}</summary>", (struct markup){typed ? " open" : ""},
             say(ctx, "We’ve already been"));
    form_begin(ctx, arena_print(ctx->arena, "/my/asks/%lld/done", (long long)a->record.id), NULL,
               false);
    html(out, "<div class=\"pair\">");
    done_time(ctx, a, "came", say(ctx, "Arrived at"), came);
    done_time(ctx, a, "went", say(ctx, "Left at"), went);
    html(
        out,
        "</div><p class=\"small\">{}</p><div class=\"acts\"><button class=\"{}\">{} "
        "{}</button></div>",
        say(ctx, "Travel time is not counted. One person records the visit for everyone who went."),
        now ? "now" : "", icon(ctx, "check"), say(ctx, "Done"));
    form_end(ctx);
    if (!now)
        html(out, "</details>");
}

static void draw_accepted(struct ctx *ctx, const struct offer *o, const struct offer_ask *a)
{
    struct buf *out = ctx->web->out;
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    const char *base = arena_print(ctx->arena, "/my/asks/%lld", (long long)a->record.id),
               *phone = NULL;
    if (r && request_status_of(r) == MERGED)
        r = NULL; /* somebody else goes: no name, no number */
    phone = r ? r->requester_phone : NULL;
    html(out, "<section class=\"card\" id=\"ask-{}\"><p><span class=\"state ok\">{} {}</span></p>",
         a->record.id, icon(ctx, "circle-check"), say(ctx, "You accepted"));
    draw_head(ctx, o, a, NULL);
    draw_companions(ctx, o);
    if (r) {
        const char *area = field_show(ctx, kind_field(&requests_kind, "area"), r);
        html(out,
             "<div><dt>{}</dt><dd>{}</dd></div><div><dt>{}</dt><dd><a href=\"tel:{}\">{} "
             "{}</a></dd></div><div><dt>{}</dt><dd>{}{}{}</dd></div><div><dt>{}</dt><dd "
             "class=\"words\">{}</dd></div>",
             say(ctx, "Who you’re visiting"),
             r->on_behalf && *r->on_behalf ? r->on_behalf
             : r->requester_name           ? r->requester_name
                                           : say(ctx, "No name given"),
             say(ctx, "Phone"), phone, icon(ctx, "phone"), phone ? phone : say(ctx, "not given"),
             say(ctx, "Location"), area, r->place && *area ? " " : "", r->place,
             say(ctx, "In the resident’s words"), r->text);
    }
    html(out, "</dl>");
    if (!r)
        html(out, "<p>{}</p>",
             say(ctx, "The request is handled together with another one. If you have already been "
                      "there, record the visit."));
    draw_done(ctx, o, a);
    bool open = answering(ctx, a) && ctx_problem_of(ctx, "why");
    html(out, "<details{}><summary>{}</summary>", (struct markup){open ? " open" : ""},
         say(ctx, "I can’t make it after all"));
    form_begin(ctx, arena_print(ctx->arena, "%s/withdraw", base), NULL, false);
    html(out,
         "<div class=\"field\"><label for=\"f-why-{}\">{}</label><p class=\"hint\">{}</p><input "
         "id=\"f-why-{}\" name=\"why\" maxlength=\"200\" value=\"{}\">",
         a->record.id, say(ctx, "Why"),
         say(ctx, "Tell us briefly. Only community staff will see this."), a->record.id,
         open ? param(ctx, "why") : NULL);
    if (open)
        field_problem(ctx, "why");
    html(out, "</div><div class=\"acts\"><button>{}</button></div>",
         say(ctx, "Tell the community"));
    form_end(ctx);
    html(out, "</details></section>");
}

static void draw_past(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct rows *r = query(
        ctx->db,
        "SELECT o.skill AS skill, o.status AS status, o.starts AS starts, k.answer AS answer, "
        "k.asked_at AS asked_at, count(*) OVER () AS whole FROM offer_asks k JOIN offers o ON o.id "
        "= k.offer"
        " WHERE k.volunteer = {} AND (k.answer IN ('no', 'late', 'over') OR (k.answer = 'yes' AND "
        "o.status IN ('done', 'cancelled'))) ORDER BY k.id DESC LIMIT 10",
        ctx->actor.volunteer);
    int64_t n = 0, whole = 0;
    while (rows_next(r)) {
        whole = row_int(r, "whole");
        struct offer o = {.status = arena_copy(ctx->arena, row_text(r, "status"))};
        struct offer_ask a = {.answer = arena_copy(ctx->arena, row_text(r, "answer"))};
        bool yes = !strcmp(a.answer, "yes");
        if (!n++)
            html(out, "<section><h2>{}</h2><ul class=\"timeline plain\">", say(ctx, "Earlier"));
        html(out,
             "<li>{}<div><p class=\"what\">{} · {}</p><p "
             "class=\"by\"><time>{}</time></p></div></li>",
             icon(ctx, yes ? "check" : "clock"),
             skill_name(ctx, arena_copy(ctx->arena, row_text(r, "skill"))),
             yes ? field_show(ctx, kind_field(&offers_kind, "status"), &o)
                 : field_show(ctx, kind_field(&offer_asks_kind, "answer"), &a),
             when_show(ctx->arena, ctx->lang, row_int(r, yes ? "starts" : "asked_at")));
    }
    if (n)
        html(out, "</ul>");
    more_draw(ctx, whole - n);
    if (n)
        html(out, "</section>");
}

static void asks(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    int64_t *ids = NULL;
    int n = 0;
    answer_header(ctx, "Cache-Control", "no-store");
    page_begin(ctx, say(ctx, "Visit requests for me"), PAGE_RESIDENT);
    trail(ctx, "/my", say(ctx, "My service"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Visit requests for me"),
         say(ctx, "It’s fine to say no. The name, phone number and address are shown once you "
                  "accept."));
    resident_problems(ctx, NONE);
    struct rows *r = query(ctx->db,
                           "SELECT k.id AS id FROM offer_asks k JOIN offers o ON o.id = k.offer "
                           "WHERE k.volunteer = {} AND"
                           " ((k.answer = 'asked' AND o.status IN ('open', 'led')) OR (k.answer = "
                           "'yes' AND o.status IN ('open', 'agreed', 'led')))"
                           " ORDER BY CASE k.answer WHEN 'yes' THEN 0 ELSE 1 END, "
                           "coalesce(o.starts, 0), k.id",
                           (struct maybe){ctx->actor.volunteer > 0 ? ctx->actor.volunteer : NONE});
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, ids, n) = row_int(r, "id");
    rows_end(r);
    for (int i = 0; i < n; i++) {
        const struct offer_ask *a = record_get(ctx, &offer_asks_kind, ids[i]);
        const struct offer *o = a ? record_get(ctx, &offers_kind, a->offer) : NULL;
        if (!o)
            continue;
        if (!strcmp(a->answer, "yes"))
            draw_accepted(ctx, o, a);
        else
            draw_question(ctx, o, a);
    }
    if (!n)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "heart-handshake"),
             say(ctx, "No visit requests at the moment. When one matches your skills, availability "
                      "and area, it will appear here."));
    draw_past(ctx);
    page_end(ctx);
}

static void back(struct ctx *ctx, enum status s, const char *said)
{
    if (s != OK)
        return;
    flash(ctx, said);
    see_other(ctx, "/my/asks");
}

static void answer_change(struct ctx *ctx)
{
    const struct offer_ask *a = own_ask(ctx);
    const char *answer = param(ctx, "answer");
    bool yes = answer && !strcmp(answer, "yes");
    if (!a)
        return;
    if (!yes && !(answer && !strcmp(answer, "no"))) {
        ctx_problem(ctx, NULL, say(ctx, "Please choose yes or no."));
        return;
    }
    int64_t starts = yes ? time_typed(ctx, "starts") : NONE;
    if (ctx_ok(ctx))
        back(ctx, offer_answer(ctx, a, yes, starts),
             yes ? say(ctx, "Thank you. The address is below.")
                 : say(ctx, "Thank you for letting us know. We’ll ask someone else."));
}

static void withdraw_change(struct ctx *ctx)
{
    const struct offer_ask *a = own_ask(ctx);
    if (a)
        back(ctx, offer_withdraw(ctx, a, text_tidy(ctx->arena, param(ctx, "why"))),
             say(ctx, "We’ve let the community know and will find someone else."));
}

static void done_change(struct ctx *ctx)
{
    const struct offer_ask *a = own_ask(ctx);
    if (!a)
        return;
    if (strcmp(a->answer, "yes") != 0) {
        ctx_fail(ctx, CONFLICT, say(ctx, "Only volunteers who accepted can record this visit."));
        return;
    }
    int64_t came = time_typed(ctx, "came"), went = time_typed(ctx, "went");
    const struct offer *o = record_get(ctx, &offers_kind, a->offer);
    if (!o)
        record_gone(ctx);
    if (ctx_ok(ctx))
        back(ctx, offer_done(ctx, o, came, went, NULL),
             say(ctx, "Thank you. Your hours have been recorded, and we will check with the "
                      "resident that all is well."));
}

static const struct route table[] = {
    ROUTE_GET("/my/asks", ROLE_VOLUNTEER, asks),
    ROUTE_POST("/my/asks/{id}/answer", ROLE_VOLUNTEER, answer_change, .failed = asks),
    ROUTE_POST("/my/asks/{id}/withdraw", ROLE_VOLUNTEER, withdraw_change, .failed = asks),
    ROUTE_POST("/my/asks/{id}/done", ROLE_VOLUNTEER, done_change, .failed = asks),
};

const struct module asks_module = {.name = "asks", .routes = ROUTES(table)};
