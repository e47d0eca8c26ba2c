/*
 * The residents' pages as one module: the home page with its four entries, and
 * the route table. None needs an account. ask.c, ask_send.c, receipt.c and
 * follow.c draw the pages. Every page works without JavaScript and is at most
 * 60 KB over the network.
 */
#include "app/residents/ask.h"
#include "app/residents/follow.h"

#include "app/registers/registers.h"
#include "core/module.h"
#include "core/setup.h"
#include "pages/setup_page.h"
#include "web/web.h"

static void way(struct ctx *ctx, bool now, const char *href, const char *picture, const char *word,
                const char *line)
{
    html(ctx->web->out, "<li{}><a href=\"{}\">{}<b>{}</b><span>{}</span></a></li>",
         (struct markup){now ? " class=\"now\"" : ""}, href, icon(ctx, picture), word, line);
}

static void emergency(struct ctx *ctx, const char *number, const char *who, const char *when)
{
    html(ctx->web->out, "<li><a href=\"tel:{}\"><b>{}</b><span>{} <i>{}</i></span>{}</a></li>",
         number, number, who, when, icon(ctx, "phone"));
}

static void ways(struct ctx *ctx)
{
    buf_puts(ctx->web->out, "<ul class=\"ways\">");
    way(ctx, true, "/ask", "message-plus", say(ctx, "Report or ask for help"),
        say(ctx,
            "Street light out, blocked drain, need a haircut at home? One sentence is enough"));
    way(ctx, false, "/follow", "search", say(ctx, "Track my request"),
        say(ctx, "Use your request number and the last four digits of your phone number, or the "
                 "code on your receipt"));
    way(ctx, false, "/activities", "calendar-event", say(ctx, "Activities and service points"),
        say(ctx, "Haircuts, health checks, concerts, help with your phone: what’s on near you, "
                 "and "
                 "which service points are open"));
    way(ctx, false, "/figures", "chart-bar", say(ctx, "Performance report"),
        say(ctx, "How many requests we received and resolved, and how we count"));
    buf_puts(ctx->web->out, "</ul>");
}

/* Until it is set up: nothing that promises an answer. */
static void not_open(struct ctx *ctx)
{
    html(ctx->web->out, "<div class=\"notice\">{}<div><p><b>{}</b></p><p>{}</p></div></div>",
         icon(ctx, "clock"), say(ctx, "This is not open yet."),
         say(ctx, "The community is still setting it up. Until then, please call or come in."));
}

static void home(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    bool open = setup_done(ctx, SETUP_RESIDENTS);
    const struct site_words *w = ctx->site->words;
    page_begin(ctx,
               w && w->name ? ctx_pick(ctx, w->name, w->name_en) : say(ctx, "How can we help?"),
               PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1>", say(ctx, "How can we help?"));
    if (open)
        html(out, "<p class=\"lead\">{}</p>",
             say(ctx, "No account or download needed. Community staff read every message and reply "
                      "by the date given."));
    buf_puts(out, "</header>");
    if (open)
        ways(ctx);
    else
        not_open(ctx);
    if (telephone_any(ctx)) {
        html(out, "<section><h2>{}</h2>", say(ctx, "Or call us"));
        telephone_buttons(ctx, area_asked(ctx));
        telephone_list(ctx);
        buf_puts(out, "</section>");
    }
    html(out, "<section><h2>{}</h2><ul class=\"emergency\">", say(ctx, "In an emergency, call"));
    emergency(ctx, "120", say(ctx, "Ambulance"), say(ctx, "hurt or suddenly ill"));
    emergency(ctx, "119", say(ctx, "Fire"), say(ctx, "fire, gas, somebody trapped"));
    emergency(ctx, "110", say(ctx, "Police"), say(ctx, "danger, crime, traffic"));
    emergency(ctx, "12345", say(ctx, "City hotline"), say(ctx, "water, power and other services"));
    buf_puts(out, "</ul></section>");
    page_end(ctx);
}

/* The form, once there is a community and something to choose. */
static void ask_opened(struct ctx *ctx)
{
    if (setup_opened(ctx, SETUP_RESIDENTS, say(ctx, "Report or ask for help")))
        ask(ctx);
}

/* A form that was sent to it all the same stores nothing. */
static void ask_opened_prepare(struct ctx *ctx)
{
    if (setup_required(ctx, SETUP_RESIDENTS))
        ask_prepare(ctx);
}

static void ask_opened_again(struct ctx *ctx)
{
    if (setup_opened(ctx, SETUP_RESIDENTS, say(ctx, "Report or ask for help")))
        ask_again(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/", ROLE_PUBLIC, home),
    ROUTE_GET("/ask", ROLE_PUBLIC, ask_opened),
    ROUTE_POST("/ask", ROLE_PUBLIC, ask_change, .prepare = ask_opened_prepare,
               .failed = ask_opened_again, .flags = NO_CSRF | UPLOAD | SLOW | TWICE),
    ROUTE_POST("/ask/similar", ROLE_PUBLIC, ask_similar, .flags = NO_CSRF | READS),
    ROUTE_GET("/receipt", ROLE_PUBLIC, receipt),
    ROUTE_GET("/follow", ROLE_PUBLIC, follow),
    ROUTE_POST("/follow", ROLE_PUBLIC, follow_look_up, .flags = NO_CSRF | LOGIN_LIMIT),
    ROUTE_POST("/follow/answer", ROLE_PUBLIC, follow_answer, .failed = follow, .flags = NO_CSRF),
    ROUTE_POST("/follow/add", ROLE_PUBLIC, follow_add, .prepare = follow_add_prepare,
               .failed = follow, .flags = NO_CSRF | UPLOAD | SLOW | TWICE),
    ROUTE_POST("/follow/withdraw", ROLE_PUBLIC, follow_withdraw, .failed = follow,
               .flags = NO_CSRF),
    ROUTE_GET("/follow/photos/{id}", ROLE_PUBLIC, follow_photo),
};

static const struct place places[] = {
    {"/ask", N_("Report or ask for help"), NULL, ROLE_PUBLIC, false, .rank = 10},
    {"/follow", N_("Track my request"), NULL, ROLE_PUBLIC, false, .rank = 10},
    {"/activities", N_("Activities and service points"), NULL, ROLE_PUBLIC, false,
     .also = "/places ", .rank = 10},
    {"/figures", N_("Performance report"), NULL, ROLE_PUBLIC, false, .rank = 10},
    {.href = NULL},
};

const struct module residents_module = {
    .name = "residents", .routes = ROUTES(table), .places = places};
