/*
 * Hours to approve: days with more than eight hours, days that a volunteer
 * disputes, and one day with its attendances. Decisions need a reason, and
 * nobody decides on their own hours.
 */
#include "core/module.h"
#include "app/volunteers/volunteer_parts.h"
#include "base/text.h"
#include "base/when.h"
#include "pages/figures_pages.h"
#include "web/web.h"

#include <string.h>

#define READERS (VOLUNTEER_HOSTS | ROLE_LEADER)
#define PAGE    200 /* days on a page */

static const char *day_text(struct ctx *ctx, const char *text)
{
    int64_t day;
    return day_parse(text, &day) ? day_show(ctx->arena, ctx->lang, day) : text;
}

static const struct person *person_of(struct ctx *ctx, const struct hours *h,
                                      const struct volunteer **v)
{
    *v = record_get(ctx, &volunteers_kind, h->volunteer);
    return *v ? record_get(ctx, &people_kind, (*v)->person) : NULL;
}

static bool own(const struct ctx *ctx, const struct volunteer *v)
{
    return (ctx->actor.volunteer > 0 && ctx->actor.volunteer == v->record.id) ||
           (ctx->actor.user != NONE && v->user == ctx->actor.user);
}

static void list(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct list l;
    int64_t n = 0, page = pager_page(ctx);
    list_init(ctx, &l, &hours_kind);
    sql_add(&l.where, " AND (held > 0 OR disputed_at IS NOT NULL)");
    int64_t total = list_count(ctx, &l);
    l.order = "day, id";
    l.limit = PAGE;
    l.offset = (page - 1) * PAGE;
    page_begin(ctx, say(ctx, "Hours awaiting approval"), PAGE_STAFF | PAGE_WIDE);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Hours awaiting approval"),
         say(ctx, "Up to 8 hours a day count automatically. Longer days wait here; above 12 hours "
                  "the subdistrict office approves."));
    volunteer_tabs(ctx, "/hours");
    struct rows *r = list_run(ctx, &l);
    for (struct hours *h; (h = list_next(ctx, &hours_kind, r, ctx->arena)) != NULL; n++) {
        const struct volunteer *v;
        const struct person *p = person_of(ctx, h, &v);
        if (!p)
            continue;
        if (n == 0)
            html(out,
                 "<table class=\"list\"><thead><tr><th class=\"when\">{}</th><th "
                 "class=\"main\">{}</th><th class=\"who\">{}</th><th "
                 "class=\"due\">{}</th></tr></thead><tbody>",
                 say(ctx, "Day"), say(ctx, "Volunteer"), say(ctx, "Attended"),
                 say(ctx, "Hours to approve"));
        html(out,
             "<tr><td class=\"when\">{}</td><td class=\"main\"><a href=\"/hours/{}\">{} "
             "{}</a></td><td class=\"who\">{}</td><td class=\"due\">",
             day_text(ctx, h->day), h->record.id, p->name, v->number, hours_text(ctx, h->attended));
        hours_state(ctx, h);
        buf_puts(out, "</td></tr>");
    }
    if (n)
        buf_puts(out, "</tbody></table>");
    if (n || page > 1)
        pager(ctx, page, PAGE, total, say_n(ctx, total, "1 day", "{} days", total));
    else
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "circle-check"),
             say(ctx, "Nothing to approve: every day counts as attended."));
    page_end(ctx);
}

static void draw_decide(struct ctx *ctx, const struct hours *h, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    const char *typed = param(ctx, "hours");
    if (!(ctx->actor.roles & VOLUNTEER_HOSTS))
        return;
    if (own(ctx, v)) {
        html(out, "<p class=\"soft\">{}</p>",
             say(ctx, "These are your own hours: someone else must approve them."));
        return;
    }
    bool waits = h->held > 0 || h->disputed_at != NONE;
    html(out, "<section class=\"card\"><h2>{}</h2>",
         waits ? say(ctx, "Approval") : say(ctx, "Correct this day"));
    form_begin(ctx, arena_print(ctx->arena, "/hours/%lld/decide", (long long)h->record.id), NULL,
               false);
    form_problems(ctx);
    html(out,
         "<input type=\"hidden\" name=\"version\" value=\"{}\"><div class=\"field\"><label "
         "for=\"f-hours\">{}</label><p class=\"hint\" id=\"f-hours-h\">{}</p>"
         "<input id=\"f-hours\" class=\"tiny\" name=\"hours\" inputmode=\"decimal\" value=\"{}\" "
         "aria-describedby=\"f-hours-h\"></div>"
         "<div class=\"field\"><label for=\"f-why\">{}</label><p class=\"hint\" "
         "id=\"f-why-h\">{}</p><textarea id=\"f-why\" name=\"why\" rows=\"2\" "
         "aria-describedby=\"f-why-h\">{}</textarea></div>"
         "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>",
         h->record.version, say(ctx, "Counted hours"), say(ctx, "E.g. 9.5 or 9:30."),
         typed ? typed
               : arena_print(ctx->arena, "%lld:%02lld", (long long)(h->attended / 3600),
                             (long long)(h->attended % 3600 / 60)),
         say(ctx, "Reason"), say(ctx, "Visible to the volunteer."), param(ctx, "why"),
         icon(ctx, "check"), say(ctx, "Approve hours"));
    form_end(ctx);
    buf_puts(out, "</section>");
}

static void day(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct hours *h = ctx->web->record;
    const struct volunteer *v;
    const struct person *p = person_of(ctx, h, &v);
    if (!p) {
        record_gone(ctx);
        return;
    }
    page_begin(ctx, day_text(ctx, h->day), PAGE_STAFF);
    figure_trail(ctx, arena_print(ctx->arena, "/volunteers/%lld", (long long)v->record.id),
                 p->name);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{} ", day_text(ctx, h->day),
         say(ctx, "{} attended, {} counted", hours_text(ctx, h->attended),
             hours_text(ctx, h->counted)));
    hours_state(ctx, h);
    buf_puts(out, "</p></header>");
    if (h->dispute)
        html(out, "<div class=\"notice warn\">{}<div><p><b>{}</b></p><p>{}</p></div></div>",
             icon(ctx, "message"), say(ctx, "The volunteer says:"), h->dispute);
    if (h->corrected != NONE)
        html(out, "<div class=\"notice\">{}<div><p>{}</p><p>{}</p></div></div>",
             icon(ctx, "pencil"),
             say(ctx, "{} approved {} of {} attended.", h->decided_name,
                 hours_text(ctx, h->corrected), hours_text(ctx, h->attended)),
             h->why);
    hours_attended(ctx, h);
    draw_decide(ctx, h, v);
    page_end(ctx);
}

static void decide(struct ctx *ctx)
{
    const struct hours *h = record_load(ctx, &hours_kind, ctx->web->id);
    const char *why = text_tidy(ctx->arena, param(ctx, "why"));
    const struct volunteer *v;
    if (!h || param_int(ctx, "version") != h->record.version) {
        ctx_fail(ctx, CONFLICT,
                 say(ctx, "Someone else has just changed this. Check the latest version before you "
                          "edit it."));
        return;
    }
    if (!person_of(ctx, h, &v)) {
        record_gone(ctx);
        return;
    }
    if (own(ctx, v))
        ctx_problem(ctx, NULL,
                    say(ctx, "These are your own hours: someone else must approve them."));
    if (why && text_length(why) > 300)
        ctx_problem(ctx, "why",
                    say(ctx, "No more than {} characters; you have used {}.", 300,
                        (int64_t)text_length(why)));
    if (ctx_ok(ctx) &&
        hours_decide(ctx, h,
                     hours_typed(text_half_width(ctx->arena,
                                                 param(ctx, "hours") ? param(ctx, "hours") : "")),
                     why) == OK) {
        flash(ctx, say(ctx, "Approved."));
        see_other(ctx, "/hours/{}", h->record.id);
    }
}

static const struct route table[] = {
    ROUTE_GET("/hours", READERS, list),
    ROUTE_GET("/hours/{id}", READERS, day, .record = &hours_kind),
    ROUTE_POST("/hours/{id}/decide", VOLUNTEER_HOSTS, decide, .record = &hours_kind, .failed = day),
};

const struct module hours_pages_module = {.name = "hours pages", .routes = ROUTES(table)};
