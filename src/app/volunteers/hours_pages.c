/*
 * Hours to approve: days with more than eight hours, and days that a volunteer
 * disputes. One day with its attendances, and the decision on it, is in
 * app/activities/service_day.c.
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

static const struct person *person_of(struct ctx *ctx, const struct hours *h,
                                      const struct volunteer **v)
{
    *v = record_get(ctx, &volunteers_kind, h->volunteer);
    return *v ? record_get(ctx, &people_kind, (*v)->person) : NULL;
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
             ctx_date(ctx, h->day), h->record.id, p->name, v->number, hours_text(ctx, h->attended));
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

static const struct route table[] = {
    ROUTE_GET("/hours", READERS, list),
};

const struct module hours_pages_module = {.name = "hours pages", .routes = ROUTES(table)};
