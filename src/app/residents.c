/*
 * What residents meet without an account: the home page, asking, the receipt,
 * and following a request by its number and telephone or by its code.
 * Pages work without JavaScript; nothing typed is lost by an error.
 */
#include "app/requests.h"
#include "app/registers.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/when.h"
#include "app/module.h"
#include "web/web.h"

#include <string.h>

static void way(struct ctx *ctx, bool now, const char *href, const char *picture, const char *word, const char *line)
{
    html(ctx->web->out, "<li{}><a href=\"{}\">{}<b>{}</b><span>{}</span></a></li>",
         (struct markup){now ? " class=\"now\"" : ""}, href, icon(ctx, picture), word, line);
}

static void home(struct ctx *ctx)
{
    page_begin(ctx, say(ctx, "Neighbours"), PAGE_RESIDENT);
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header><ul class=\"ways\">",
         say(ctx, "What can we do for you?"), say(ctx, "No account needed. A person reads every message."));
    way(ctx, true, "/ask", "message", say(ctx, "Ask or report"), say(ctx, "One sentence is enough; we ring you if something is missing."));
    way(ctx, false, "/follow", "search", say(ctx, "Follow my request"), say(ctx, "By its number, or by the code on the receipt."));
    way(ctx, false, "/figures", "chart-bar", say(ctx, "Report and figures"), say(ctx, "How many were asked, how many were solved, and how we know."));
    html(ctx->web->out, "</ul>");
    page_end(ctx);
}

/* ---- asking ---- */

static void field_begin(struct ctx *ctx, const char *name, const char *label)
{
    html(ctx->web->out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", name, label);
}

static void field_end(struct ctx *ctx, const char *name)
{
    const char *problem = ctx_problem_of(ctx, name);
    if (problem)
        html(ctx->web->out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", name, icon(ctx, "alert-circle"), problem);
    html(ctx->web->out, "</div>");
}

static void line(struct ctx *ctx, const char *name, const char *label, const char *type)
{
    field_begin(ctx, name, label);
    html(ctx->web->out, "<input id=\"f-{}\" name=\"{}\" type=\"{}\" value=\"{}\"{}>", name, name, type, param(ctx, name),
         (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""});
    field_end(ctx, name);
}

static void options(struct ctx *ctx, const char *name, const char *label, const char *empty, struct rows *r)
{
    int64_t chosen = param_int(ctx, name);
    field_begin(ctx, name, label);
    html(ctx->web->out, "<select id=\"f-{}\" name=\"{}\"><option value=\"\">{}</option>", name, name, empty);
    while (rows_next(r))
        html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", row_int(r, "id"),
             (struct markup){row_int(r, "id") == chosen ? " selected" : ""},
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    html(ctx->web->out, "</select>");
    field_end(ctx, name);
}

static void ask(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Ask or report"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Ask or report"),
         say(ctx, "Write it as you would say it. We ring you if something is missing."));
    form_begin(ctx, "/ask", "ask", false);
    form_problems(ctx);
    options(ctx, "category", say(ctx, "What is it about"), say(ctx, "I am not sure"),
            query(ctx->db, "SELECT id, name, name_en FROM categories WHERE parent IS NULL ORDER BY position, code"));
    line(ctx, "subject", say(ctx, "In a few words"), "text");
    field_begin(ctx, "text", say(ctx, "What happened"));
    html(out, "<textarea id=\"f-text\" name=\"text\" rows=\"5\">{}</textarea>", param(ctx, "text"));
    field_end(ctx, "text");
    options(ctx, "area", say(ctx, "In which community"), say(ctx, "Please choose"),
            query(ctx->db, "SELECT id, name, name_en FROM areas WHERE level = 'community' ORDER BY code"));
    line(ctx, "place", say(ctx, "The place (may be left out)"), "text");
    line(ctx, "requester_name", say(ctx, "Your name"), "text");
    line(ctx, "requester_phone", say(ctx, "Your telephone"), "tel");
    line(ctx, "on_behalf", say(ctx, "On behalf of (if you ask for somebody else)"), "text");
    html(out, "<div class=\"acts\"><button class=\"primary\">{} {}</button></div>", icon(ctx, "send"),
         say(ctx, "Send to the community office"));
    form_end(ctx);
    page_end(ctx);
}

/* On a reader: what was typed becomes a checked request in ctx->work. */
static void ask_prepare(struct ctx *ctx)
{
    static const char *const names[] = {"category", "subject", "text", "area", "place", "requester_name",
                                        "requester_phone", "on_behalf", NULL};
    struct request *r = record_new(ctx, &requests_kind);
    for (int i = 0; names[i]; i++)
        field_set(ctx, kind_field(&requests_kind, names[i]), r, param(ctx, names[i]));
    if (r->area == NONE && !ctx_problem_of(ctx, "area"))
        ctx_problem(ctx, "area", say(ctx, "Choose the community, so that it reaches the right people."));
    if (!r->requester_phone && !ctx_problem_of(ctx, "requester_phone"))
        ctx_problem(ctx, "requester_phone", say(ctx, "A telephone number is needed, to tell you what was done."));
    r->channel = "web";
    r->visibility = "office";
    record_check(ctx, &requests_kind, NULL, r);
    ctx->work = r;
}

static void ask_change(struct ctx *ctx)
{
    struct request *r = ctx->work;
    const char *code = NULL;
    if (request_file(ctx, r, &code) == OK)
        see_other(ctx, "/receipt/{}?code={}", r->record.id, (struct url_part){code});
}

static void receipt(struct ctx *ctx)
{
    struct request *r = record_get(ctx, &requests_kind, ctx->web->id);
    const char *code = code_typed(ctx->arena, query_param(ctx, "code"));
    if (!r || !code || !r->code_hash || strcmp(seal_hash(ctx->keys, ctx->arena, "code_hash", code), r->code_hash) != 0) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no receipt at this address. Follow your request by its number and telephone."));
        answer_problem(ctx);
        return;
    }
    ctx->web->sent = "ask";
    page_begin(ctx, say(ctx, "Receipt"), PAGE_RESIDENT | PAGE_PRINT);
    html(ctx->web->out,
         "<article class=\"receipt\"><header>{}<h1>{}</h1></header><dl><dt>{}</dt><dd class=\"big\">{}</dd><dt>{}</dt>"
         "<dd class=\"big\">{}</dd><dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd></dl><p class=\"small\">{}</p></article>",
         icon(ctx, "linli"), say(ctx, "Receipt"), say(ctx, "Number"), r->number, say(ctx, "Follow-up code"), code,
         say(ctx, "Subject"), r->subject, say(ctx, "Received"), when_show(ctx->arena, ctx->lang, r->received_at),
         say(ctx, "Keep this number. With it and the last four digits of your telephone you can see what is being done."));
    html(ctx->web->out, "<div class=\"acts screen\"><button data-print hidden>{}</button><a class=\"button\" href=\"/follow?code={}\">{}</a></div>",
         say(ctx, "Print"), (struct url_part){code}, say(ctx, "Follow my request"));
    page_end(ctx);
}

/* ---- following ---- */

static struct request *followed(struct ctx *ctx)
{
    const char *code = param(ctx, "code"), *number = param(ctx, "number"), *digits = param(ctx, "digits");
    if (code && *code) {
        code = code_typed(ctx->arena, code);
        return code ? record_find(ctx, &requests_kind, "code_hash", seal_hash(ctx->keys, ctx->arena, "code_hash", code)) : NULL;
    }
    if (!number || !digits || strlen(digits) != 4)
        return NULL;
    struct request *r = record_find(ctx, &requests_kind, "number", number);
    size_t n = r && r->requester_phone ? strlen(r->requester_phone) : 0;
    return n >= 4 && !strcmp(r->requester_phone + n - 4, digits) ? r : NULL;
}

static void draw_followed(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{} · {}</p></header><ol class=\"timeline plain\">", r->subject,
         r->number, tr(ctx, request_statuses[request_status_of(r)].label));
    struct rows *events = query(ctx->db, "SELECT action, at FROM request_events WHERE request = {} AND visible = 1 ORDER BY at, id",
                                r->record.id);
    while (rows_next(events)) {
        const struct step *s = request_step(row_text(events, "action"));
        html(out, "<li>{}<div><p class=\"what\">{}</p><p class=\"by\"><time>{}</time></p></div></li>",
             icon(ctx, s ? "check" : "inbox"), s ? tr(ctx, s->told) : say(ctx, "We have received your request."),
             when_show(ctx->arena, ctx->lang, row_int(events, "at")));
    }
    html(out, "</ol>");
    if (r->reply)
        html(out, "<section class=\"card\"><h2>{}</h2><p class=\"words\">{}</p></section>", say(ctx, "The reply"), r->reply);
}

/* "Is it solved?": yes with how satisfied, or no with a reason. Whoever holds the code or number and digits answers. */
static void draw_question(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    static const char *const faces[] = {N_("very bad"), N_("bad"), N_("middling"), N_("good"), N_("very good")};
    static const char *const proofs[] = {"code", "number", "digits"};
    const struct step *answers[] = {request_step("confirm"), request_step("dispute")};
    for (int i = 0; i < 2; i++) {
        if (!request_may(ctx, answers[i], r))
            continue;
        form_begin(ctx, arena_print(ctx->arena, "/follow/%s", answers[i]->action), NULL, false);
        html(out, "<section class=\"card\"><h2>{}</h2>", tr(ctx, answers[i]->label));
        for (size_t p = 0; p < sizeof proofs / sizeof *proofs; p++)
            html(out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", proofs[p], param(ctx, proofs[p]));
        if (i == 0) {
            html(out, "<fieldset class=\"cards faces\"><legend>{}</legend><div>", say(ctx, "How satisfied are you?"));
            for (int n = 5; n >= 1; n--)
                html(out, "<label><input type=\"radio\" name=\"satisfaction\" value=\"{}\"><span><b>{}</b></span></label>", n,
                     tr(ctx, faces[n - 1]));
            html(out, "</div></fieldset>");
        } else {
            html(out, "<div class=\"field\"><label for=\"f-text\">{}</label><textarea id=\"f-text\" name=\"text\" rows=\"3\">{}</textarea>",
                 say(ctx, "What is still wrong"), param(ctx, "text"));
            field_end(ctx, "text");
        }
        html(out, "<div class=\"acts\"><button{}>{}</button></div></section>", (struct markup){i == 0 ? " class=\"primary\"" : ""},
             tr(ctx, answers[i]->label));
        form_end(ctx);
    }
}

static void follow_change(struct ctx *ctx)
{
    const struct request *before = followed(ctx);
    const struct step *s = request_step(ctx->web->name);
    if (!before || !s || s->roles != ROLE_PUBLIC) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "No request was found for this. Check the number on the receipt and the last four digits of the telephone you gave."));
        return;
    }
    struct step_input in = {.unit = NONE, .until = NONE, .into = NONE, .text = param(ctx, "text"), .solved = "yes",
                            .satisfaction = param_int(ctx, "satisfaction")};
    if (request_take(ctx, s, before, &in) != OK)
        return;
    const char *code = param(ctx, "code"), *number = param(ctx, "number"), *digits = param(ctx, "digits");
    see_other(ctx, "/follow?code={}&number={}&digits={}", (struct url_part){code}, (struct url_part){number}, (struct url_part){digits});
}

static void follow(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    bool asked = param(ctx, "code") || param(ctx, "number");
    struct request *r = asked ? followed(ctx) : NULL;
    page_begin(ctx, say(ctx, "Follow my request"), PAGE_RESIDENT);
    if (r) {
        form_problems(ctx);
        draw_followed(ctx, r);
        draw_question(ctx, r);
        page_end(ctx);
        return;
    }
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Follow my request"));
    if (asked)
        html(out, "<div class=\"notice warn\">{}<div><p>{}</p></div></div>", icon(ctx, "alert-circle"),
             say(ctx, "No request was found for this. Check the number on the receipt and the last four digits of the telephone you gave."));
    html(out, "<form class=\"form\" action=\"/follow\">");
    line(ctx, "number", say(ctx, "Number"), "text");
    line(ctx, "digits", say(ctx, "Last four digits of the telephone"), "text");
    html(out, "<p class=\"soft\">{}</p>", say(ctx, "or"));
    line(ctx, "code", say(ctx, "Follow-up code"), "text");
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div></form>", say(ctx, "Show it"));
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/", ROLE_PUBLIC, home),
    ROUTE_GET("/ask", ROLE_PUBLIC, ask),
    ROUTE_POST("/ask", ROLE_PUBLIC, ask_change, .prepare = ask_prepare, .failed = ask, .flags = NO_CSRF),
    ROUTE_GET("/receipt/{id}", ROLE_PUBLIC, receipt),
    ROUTE_GET("/follow", ROLE_PUBLIC, follow, .flags = LOGIN_LIMIT),
    ROUTE_POST("/follow/{name}", ROLE_PUBLIC, follow_change, .failed = follow, .flags = NO_CSRF | LOGIN_LIMIT),
};

static const struct place places[] = {
    {"/ask", N_("Ask or report"), NULL, ROLE_PUBLIC, false},
    {"/follow", N_("Follow my request"), NULL, ROLE_PUBLIC, false},
    {"/figures", N_("Report and figures"), NULL, ROLE_PUBLIC, false},
    {.href = NULL},
};

const struct module residents_module = {.name = "residents", .routes = ROUTES(table), .places = places};
