/*
 * The residents' pages as one module: the home page with its four ways in, and
 * the table of routes. No account is needed for any of them; what they draw is
 * in ask.c, ask_send.c, receipt.c and follow.c. Every page works without a
 * script and stays under 60 KB over the wire.
 */
#include "app/residents.h"

#include "app/module.h"
#include "web/web.h"

static void way(struct ctx *ctx, bool now, const char *href, const char *picture, const char *word, const char *line)
{
    html(ctx->web->out, "<li{}><a href=\"{}\">{}<b>{}</b><span>{}</span></a></li>", (struct markup){now ? " class=\"now\"" : ""}, href,
         icon(ctx, picture), word, line);
}

static struct markup telephone(struct ctx *ctx, const char *number)
{
    return (struct markup){arena_print(ctx->arena, "<a href=\"tel:%s\">%s</a>", number, number)};
}

static void home(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Neighbours"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header><ul class=\"ways\">", say(ctx, "What can we do for you?"),
         say(ctx, "No account, nothing to install. The community office reads every message and answers by the date it names."));
    way(ctx, true, "/ask", "message-plus", say(ctx, "Ask or report"),
        say(ctx, "A lamp is out, a drain is blocked, somebody should come and cut hair: one sentence will do"));
    way(ctx, false, "/follow", "search", say(ctx, "Follow my request"),
        say(ctx, "By its number and your telephone's last four digits, or by the code on the receipt"));
    way(ctx, false, "/activities", "calendar-event", say(ctx, "Activities and stations"),
        say(ctx, "Haircuts, check-ups, concerts, help with the phone: what is on near you, and which stations are open"));
    way(ctx, false, "/figures", "chart-bar", say(ctx, "Report and figures"),
        say(ctx, "How many were asked, how many were solved, and how each number is counted"));
    html(out, "</ul><section><h2>{}</h2><p>{} {} / {} · {} {}</p></section>", say(ctx, "In an emergency please ring"),
         say(ctx, "Somebody is trapped, gas is leaking, there is a fire:"), telephone(ctx, "119"), telephone(ctx, "110"),
         say(ctx, "No water or power, any public service:"), telephone(ctx, "12345"));
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/", ROLE_PUBLIC, home),
    ROUTE_GET("/ask", ROLE_PUBLIC, ask),
    ROUTE_POST("/ask", ROLE_PUBLIC, ask_change, .prepare = ask_prepare, .failed = ask_again, .flags = NO_CSRF | UPLOAD | SLOW | TWICE),
    ROUTE_POST("/ask/similar", ROLE_PUBLIC, ask_similar, .flags = NO_CSRF | READS),
    ROUTE_GET("/receipt", ROLE_PUBLIC, receipt),
    ROUTE_GET("/follow", ROLE_PUBLIC, follow),
    ROUTE_POST("/follow", ROLE_PUBLIC, follow_look_up, .flags = NO_CSRF | LOGIN_LIMIT),
    ROUTE_POST("/follow/answer", ROLE_PUBLIC, follow_answer, .failed = follow, .flags = NO_CSRF),
    ROUTE_GET("/follow/photos/{id}", ROLE_PUBLIC, follow_photo),
};

static const struct place places[] = {
    {"/ask", N_("Ask or report"), NULL, ROLE_PUBLIC, false},
    {"/follow", N_("Follow my request"), NULL, ROLE_PUBLIC, false},
    {"/activities", N_("Activities and stations"), NULL, ROLE_PUBLIC, false, .also = "/places "},
    {"/figures", N_("Report and figures"), NULL, ROLE_PUBLIC, false},
    {.href = NULL},
};

const struct module residents_module = {.name = "residents", .routes = ROUTES(table), .places = places};
