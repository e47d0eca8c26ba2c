/*
 * Logging a request on the phone or at the desk: one screen, filled in during
 * the conversation. The caller is found by phone number or name (callers.c).
 * Earlier and similar requests, and a suggested category with its reason, are
 * beside the form. One click logs the request and, if wanted, dispatches it.
 *
 * What is typed is looked up by POST, so names and phone numbers are never in a
 * URL. The tab keeps it until it has been stored, for this account only.
 */
#include "app/desk/callers.h"
#include "app/desk/work_views.h"
#include "core/module.h"
#include "app/registers/registers.h"
#include "app/search/search.h"

#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "web/fields.h"

#include <string.h>

#define EARLIER_MOST 6

/* ---- who is calling ---- */

static const struct caller *caller_chosen(struct ctx *ctx)
{
    return caller_find(ctx, param(ctx, "caller"));
}

static const char *phone_key(struct ctx *ctx, const char *typed)
{
    const char *normal = NULL;
    if (!typed || code_phone(ctx->arena, typed, &normal) == PHONE_NONE)
        return NULL;
    return seal_hash(ctx->keys, ctx->arena, "requester_phone", normal);
}

/* Draws the earlier requests of the chosen caller or of the typed number. */
static void draw_earlier(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct caller *caller = caller_chosen(ctx);
    const char *key = caller && caller->phone
                          ? seal_hash(ctx->keys, ctx->arena, "requester_phone", caller->phone)
                          : phone_key(ctx, param(ctx, "requester_phone"));
    struct list l = {.kind = &requests_kind, .limit = EARLIER_MOST, .order = "id DESC"};
    if (!key)
        return;
    sql_init(&l.where, ctx->arena);
    requests_kind.scope(ctx, &l.where);
    sql_add(&l.where, " AND requester_phone_key = {}", key);
    struct rows *rows = list_run(ctx, &l);
    int n = 0;
    for (const struct request *r; (r = list_next(ctx, &requests_kind, rows, ctx->arena)) != NULL;
         n++) {
        if (n == 0)
            html(out, "<section><h2>{}</h2><ul class=\"files\">",
                 say(ctx, "Previous requests from this caller"));
        html(out, "<li><a href=\"/requests/{}\" target=\"_blank\">{}</a> ", r->record.id,
             r->subject);
        request_state_draw(ctx, r, false);
        html(out, "<span class=\"soft\">{}</span></li>",
             when_short(ctx->arena, ctx->lang, r->received_at, ctx->now));
    }
    if (n)
        html(out, "</ul></section>");
}

/* ---- what it is about ---- */

static const char *told(struct ctx *ctx)
{
    const char *subject = param(ctx, "subject"), *text = param(ctx, "text");
    return arena_print(ctx->arena, "%s %s", subject ? subject : "", text ? text : "");
}

static void draw_suggested(struct ctx *ctx)
{
    struct suggestion s;
    struct names categories = names_load(ctx, "categories");
    if (text_length(told(ctx)) < 5)
        return;
    search_suggest(ctx, param(ctx, "subject"), param(ctx, "text"), NONE, &s);
    if (s.category == NONE || s.votes * 3 < s.of) /* under a third is noise */
        return;
    html(ctx->web->out,
         "<section><h2>{}</h2><p><button class=\"quiet\" form=\"intake\" "
         "formaction=\"/intake/look\" formnovalidate name=\"take\" value=\"{}\">{} {}</button></p>"
         "<p class=\"soft\">{}</p></section>",
         say(ctx, "Suggested category"), s.category, icon(ctx, "bulb"),
         names_find(&categories, s.category),
         say(ctx, "{} of the {} most similar past requests were “{}”.", s.votes, s.of,
             names_find(&categories, s.category)));
}

static void draw_open(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct search_hit hits[6];
    int n = text_length(told(ctx)) < 5
                ? 0
                : search_similar(ctx, param(ctx, "subject"), param(ctx, "text"), SEARCH_OPEN, NONE,
                                 NONE, NONE, hits, 6),
        shown = 0;
    for (int i = 0; i < n && shown < 4; i++) {
        const struct request *r = record_load(ctx, &requests_kind, hits[i].id);
        if (!r || hits[i].score < SEARCH_LIKE)
            continue;
        if (shown++ == 0)
            html(out, "<section><h2>{}</h2><p class=\"soft\">{}</p><ul class=\"files\">",
                 say(ctx, "Possible duplicates"),
                 say(ctx, "If it is the same, save this one and merge it; the caller is then kept "
                          "informed with the others."));
        html(out,
             "<li><a href=\"/requests/{}\" target=\"_blank\">{}</a> <span class=\"soft\">{} · "
             "{}</span></li>",
             r->record.id, r->subject, field_show(ctx, kind_field(&requests_kind, "community"), r),
             when_short(ctx->arena, ctx->lang, r->received_at, ctx->now));
    }
    if (shown)
        html(out, "</ul></section>");
}

static void draw_helps(struct ctx *ctx)
{
    html(ctx->web->out,
         "<aside id=\"helps\" class=\"helps\" aria-live=\"polite\" aria-label=\"{}\">",
         say(ctx, "Suggestions"));
    if (fragment_begin(ctx, "helps")) {
        if (!caller_chosen(ctx))
            callers_draw(ctx);
        draw_earlier(ctx);
        draw_suggested(ctx);
        draw_open(ctx);
        fragment_end(ctx);
    }
    html(ctx->web->out, "</aside>");
}

/* ---- the form ---- */

static const struct label labels[] = {{"requester_phone", N_("Phone")},
                                      {"requester_name", N_("Caller’s name")},
                                      {"subject", N_("Title")},
                                      {"text", N_("Request description")},
                                      {"area", N_("Community affected")},
                                      {"estate", N_("Housing estate")},
                                      {"place", N_("Exact location")},
                                      {"category", N_("Category")},
                                      {"on_behalf", N_("On behalf of")},
                                      {"unit", N_("Dispatch now to")},
                                      {NULL, NULL}};

static void labelled_begin(struct ctx *ctx, const char *name)
{
    static const char *const optional[] = {"requester_phone", "requester_name", "place",
                                           "on_behalf", NULL};
    int i = 0;
    while (optional[i] && strcmp(optional[i], name) != 0)
        i++;
    field_begin(ctx, name, ctx_label(ctx, labels, name), optional[i] != NULL, NULL);
}

static void field_end(struct ctx *ctx, const char *name)
{
    field_problem(ctx, name);
    html(ctx->web->out, "</div>");
}

static void line(struct ctx *ctx, const char *name, const char *type, const char *more)
{
    labelled_begin(ctx, name);
    html(ctx->web->out,
         "<input id=\"f-{}\" name=\"{}\" type=\"{}\" maxlength=\"200\" autocomplete=\"off\" "
         "value=\"{}\"{}{}>",
         name, name, type, param(ctx, name),
         (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""},
         (struct markup){more});
    field_end(ctx, name);
}

static void choices(struct ctx *ctx, const char *name, const char *empty, const struct names *n,
                    int64_t chosen)
{
    labelled_begin(ctx, name);
    html(ctx->web->out, "<select id=\"f-{}\" name=\"{}\"{}><option value=\"\">{}</option>", name,
         name, (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""}, empty);
    names_options(ctx, n, chosen);
    html(ctx->web->out, "</select>");
    field_end(ctx, name);
}

static void draw_caller(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct caller *caller = caller_chosen(ctx);
    if (caller) {
        html(out,
             "<p class=\"notice info\">{}<span>{} {} <span class=\"soft\">{}</span> <button "
             "class=\"quiet\" formaction=\"/intake/look\" formnovalidate name=\"choose\" "
             "value=\"0\">{}</button></span></p>"
             "<input type=\"hidden\" name=\"caller\" value=\"{}\">",
             icon(ctx, "user-check"), mask_name(ctx->arena, caller->name),
             caller->phone ? mask_phone(ctx->arena, caller->phone) : say(ctx, "no phone number"),
             caller->person ? say(ctx, "People register")
                            : say(ctx, "same as {}", caller->earlier->number),
             say(ctx, "Someone else"), caller_mark(ctx, caller));
        if (caller->person && !caller_agreed(caller->person))
            html(out, "<p class=\"small\">{}</p>",
                 say(ctx, "Has not yet agreed to their registered details being used for requests. "
                          "Please ask; logging the request records their consent."));
        return;
    }
    html(out, "<div class=\"pair\">");
    line(ctx, "requester_phone", "tel", " autofocus");
    line(ctx, "requester_name", "text", "");
    html(out, "</div>");
}

/* The communities for which this person may log requests. names_load() shares its list with
 * other pages, so this is a copy. */
static struct names own_communities(struct ctx *ctx)
{
    struct names all = names_load(ctx, "communities");
    struct names own = {ARENA_ARRAY(ctx->arena, struct named, (size_t)all.count + 1), 0};
    bool everywhere = ctx->actor.roles & ROLE_OFFICE;
    for (int i = 0; i < all.count; i++) {
        bool mine = everywhere;
        for (int g = 0; g < ctx->actor.grant_count; g++)
            mine = mine || ctx->actor.grants[g].area == NONE ||
                   query_int(ctx->db,
                             "SELECT c.id FROM areas c JOIN areas g ON c.path LIKE g.path || '%' "
                             "OR g.path LIKE c.path || '%'"
                             " WHERE c.id = {} AND g.id = {}",
                             all.list[i].id, ctx->actor.grants[g].area) != NONE;
        if (mine && !all.list[i].out_of_use)
            own.list[own.count++] = all.list[i];
    }
    return own;
}

static void draw_estates(struct ctx *ctx, const struct names *communities)
{
    int64_t *ids = ARENA_ARRAY(ctx->arena, int64_t, (size_t)communities->count + 1);
    for (int i = 0; i < communities->count; i++)
        ids[i] = communities->list[i].id;
    estate_list(ctx, area_choices_in(ctx, ids, communities->count));
}

static void draw_channel(struct ctx *ctx)
{
    const char *channel = param(ctx, "channel");
    html(ctx->web->out,
         "<fieldset class=\"ticks\"><legend class=\"sr\">{}</legend><label class=\"check\"><input "
         "type=\"radio\" name=\"channel\" value=\"phone\"{}> {}</label>"
         "<label class=\"check\"><input type=\"radio\" name=\"channel\" value=\"desk\"{}> "
         "{}</label></fieldset>",
         say(ctx, "Channel"),
         (struct markup){channel && !strcmp(channel, "desk") ? "" : " checked"}, say(ctx, "Phone"),
         (struct markup){channel && !strcmp(channel, "desk") ? " checked" : ""},
         say(ctx, "In person"));
}

static void draw_form(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    struct names communities = own_communities(ctx), categories = names_load(ctx, "categories"),
                 units = names_load(ctx, "units");
    int64_t area = param_int(ctx, "area"), take = param_int(ctx, "take");
    if (area == NONE && communities.count == 1)
        area = communities.list[0].id;
    const char *keep = arena_print(
        ctx->arena, "intake-%lld",
        (long long)ctx->actor.user); /* so that the next person at this desk sees nothing of it */
    html(out,
         "<form class=\"form\" id=\"intake\" method=\"post\" action=\"/intake\" "
         "data-helps=\"/intake/look\" data-keep=\"{}\" data-keep-asks{}>"
         "<input type=\"hidden\" name=\"_keep\" value=\"{}\">",
         keep, (struct markup){ctx->web->method == GET ? "" : " data-drawn"}, keep);
    form_tokens(ctx);
    html(out, "<button class=\"sr\" name=\"then\" value=\"show\" tabindex=\"-1\" "
              "aria-hidden=\"true\"></button>"); /* the button that Enter presses */
    form_problems(ctx);
    draw_channel(ctx);
    draw_caller(ctx);
    labelled_begin(ctx, "text");
    html(out, "<textarea id=\"f-text\" name=\"text\" rows=\"4\" maxlength=\"5000\"{}>{}</textarea>",
         (struct markup){ctx_problem_of(ctx, "text") ? " aria-invalid=\"true\"" : ""},
         param(ctx, "text"));
    field_end(ctx, "text");
    field_begin(ctx, "subject", ctx_label(ctx, labels, "subject"), true, NULL);
    html(out,
         "<input id=\"f-subject\" name=\"subject\" maxlength=\"200\" autocomplete=\"off\" "
         "value=\"{}\"",
         param(ctx, "subject"));
    field_described(ctx, "subject", false);
    buf_puts(out, ">");
    field_end(ctx, "subject");
    html(out, "<div class=\"pair\">");
    choices(ctx, "area", say(ctx, "Please choose"), &communities, area);
    draw_estates(ctx, &communities);
    html(out, "</div><div class=\"pair\">");
    line(ctx, "place", "text", "");
    choices(ctx, "category", say(ctx, "Not sure yet"), &categories,
            take != NONE ? take : param_int(ctx, "category"));
    html(out, "</div><div class=\"pair\">");
    line(ctx, "on_behalf", "text", "");
    choices(ctx, "unit", say(ctx, "Later, from the work list"), &units, param_int(ctx, "unit"));
    html(out,
         "</div><div class=\"acts\"><button class=\"primary\" name=\"then\" "
         "value=\"show\">{}</button><button name=\"then\" value=\"next\">{}</button>"
         "<button class=\"quiet\" formaction=\"/intake/look\" formnovalidate>{} "
         "{}</button></div></form>",
         say(ctx, "Save request"), say(ctx, "Save and log another"), icon(ctx, "search"),
         say(ctx, "Find the caller and similar requests"));
}

static void draw_page(struct ctx *ctx)
{
    page_begin(ctx, say(ctx, "Log a request"), PAGE_STAFF | PAGE_WIDE);
    trail(ctx, "/work", say(ctx, "Work list"));
    html(ctx->web->out, "<header class=\"head\"><h1>{}</h1></header><div class=\"intake\">",
         say(ctx, "Log a request"));
    draw_form(ctx);
    draw_helps(ctx);
    html(ctx->web->out, "</div>");
    page_end(ctx);
}

/* Draws the form again after a caller was chosen or removed. Answers a POST that stores
 * nothing. */
static void look(struct ctx *ctx)
{
    const char *choose = param(ctx, "choose");
    if (choose) { /* the last value of that name counts */
        struct exchange *ex = ctx->web;
        struct param *form = ARENA_ARRAY(ctx->arena, struct param, ex->form_count + 2);
        int n = 0;
        const struct caller *c = caller_find(ctx, choose);
        form[n++] = (struct param){"caller", choose};
        for (int i = 0; i < ex->form_count; i++)
            if (strcmp(ex->form[i].name, "caller") != 0 &&
                !(c && (!strcmp(ex->form[i].name, "area") || !strcmp(ex->form[i].name, "estate"))))
                form[n++] = ex->form[i];
        if (c && c->community != NONE)
            form[n++] = (struct param){"area",
                                       arena_print(ctx->arena, "%lld", (long long)c->community)};
        ex->form = form;
        ex->form_count = n;
    }
    draw_page(ctx);
}

/* ---- filing ---- */

struct intake {
    struct request *request;
    const struct caller *caller; /* NULL: the typed one */
    int64_t unit;
};

static void intake_prepare(struct ctx *ctx)
{
    static const char *const names[] = {"category", "subject", "text", "place", "on_behalf", NULL};
    struct intake *in = ARENA_NEW(ctx->arena, struct intake);
    ctx->labels = labels;
    struct request *r = record_new(ctx, &requests_kind);
    const struct caller *caller = in->caller = caller_chosen(ctx);
    const char *channel = param(ctx, "channel"), *text = param(ctx, "text");
    for (int i = 0; names[i]; i++)
        field_set(ctx, kind_field(&requests_kind, names[i]), r, param(ctx, names[i]));
    area_typed(ctx, &requests_kind, r);
    if (!text || text_blank(text)) /* a few words only: they are the text, too */
        r->text = r->subject;
    else if (!r->subject && !ctx_problem_of(ctx, "subject"))
        r->subject = text_headline(ctx->arena, text);
    if (!r->text && !ctx_problem_of(ctx, "text") && !ctx_problem_of(ctx, "subject")) {
        ctx_problem(ctx, "text", say(ctx, "Enter what the caller reports."));
        r->subject = r->text = "–"; /* one problem, not one for each of the two fields */
    }
    if (caller) {
        r->requester_name = caller->name;
        r->requester_phone = caller->phone;
    } else {
        field_set(ctx, kind_field(&requests_kind, "requester_phone"), r,
                  param(ctx, "requester_phone"));
        field_set(ctx, kind_field(&requests_kind, "requester_name"), r,
                  param(ctx, "requester_name"));
    }
    if (r->area == NONE && !ctx_problem_of(ctx, "area"))
        ctx_problem(ctx, "area",
                    say(ctx, "Choose a community so that your request reaches the right people."));
    struct names own = own_communities(ctx);
    int64_t community = query_int(ctx->db, "SELECT community FROM areas WHERE id = {}",
                                  (struct maybe){r->area});
    if (r->area != NONE && (community == NONE || !*names_find(&own, community)))
        ctx_problem(ctx, "area", say(ctx, "Choose a community in your area."));
    r->channel = channel && !strcmp(channel, "desk") ? "desk" : "phone";
    r->visibility = "office";
    in->unit = param_int(ctx, "unit");
    if (in->unit != NONE &&
        query_int(ctx->db, "SELECT id FROM units WHERE id = {}", in->unit) == NONE)
        ctx_problem(ctx, "unit", say(ctx, "Choose the unit to handle it."));
    record_check(ctx, &requests_kind, NULL, r);
    in->request = r;
    ctx->work = in;
}

static void intake_change(struct ctx *ctx)
{
    struct intake *in = ctx->work;
    struct request *r = in->request;
    const char *code = NULL, *then = param(ctx, "then");
    if (caller_agrees(ctx, in->caller) != OK || request_file(ctx, r, &code) != OK)
        return;
    if (in->unit != NONE) {
        struct step_input dispatch = {
            .unit = in->unit, .until = NONE, .into = NONE, .satisfaction = NONE};
        if (request_take(ctx, request_step("dispatch"), r, &dispatch) != OK)
            return;
    }
    const char *mark = seal_text(ctx->keys, ctx->arena, "intake",
                                 code); /* so that the code itself is in no URL */
    see_other(ctx, "/intake/done/{}?m={}&then={}", r->record.id, (struct url_part){mark},
              then && !strcmp(then, "next") ? "next" : "show");
}

/* ---- to be read out or printed ---- */

static void done(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct request *r = ctx->web->record;
    const char *code = NULL, *mark = query_param(ctx, "m"), *then = query_param(ctx, "then");
    if (!mark || seal_open(ctx->keys, ctx->arena, "intake", mark, &code) != OK || !code ||
        !r->code_hash ||
        strcmp(seal_hash(ctx->keys, ctx->arena, "code_hash", code), r->code_hash) != 0) {
        see_other(ctx, "/requests/{}", r->record.id);
        return;
    }
    const struct site_words *w = ctx->site->words;
    bool next = then && !strcmp(then, "next"), office = w && w->name,
         ends = r->due != NONE && r->due + 60 > when_day_end(when_day(r->due)); /* with its day */
    page_begin(ctx, say(ctx, "Request logged"), PAGE_STAFF | PAGE_PRINT);
    html(out,
         "<article class=\"receipt\"><header>{}<h1>{}</h1></header><dl><dt>{}</dt><dd class=\"big "
         "nobr\">{}</dd><dt>{}</dt><dd class=\"big nobr\">{}</dd>"
         "<dt>{}</dt><dd>{}</dd><dt>{}</dt><dd>{}</dd>",
         icon(ctx, "linli"),
         office ? say(ctx, "{}: receipt", ctx_pick(ctx, w->name, w->name_en)) : say(ctx, "Receipt"),
         say(ctx, "Number"), r->number, say(ctx, "Tracking code"), code_shown(ctx->arena, code),
         say(ctx, "Subject"), r->subject, say(ctx, "Date received"),
         when_show(ctx->arena, ctx->lang, r->received_at));
    if (r->unit != NONE)
        html(out, "<dt>{}</dt><dd>{}</dd>", say(ctx, "Lead unit"),
             field_show(ctx, kind_field(&requests_kind, "unit"), r));
    if (r->due != NONE)
        html(out, "<dt>{}</dt><dd>{}</dd>", say(ctx, "Reply due"),
             ends ? day_show(ctx->arena, ctx->lang, when_day(r->due))
                  : when_show(ctx->arena, ctx->lang, r->due));
    html(out, "</dl><p class=\"small\">{}</p>",
         say(ctx, "Keep this number. You can check progress with it and the last four digits of "
                  "your phone number."));
    telephone_buttons(ctx, r->area);
    buf_puts(out, "</article>");
    html(out, "<section class=\"card screen\"><h2>{}</h2><p class=\"words\">{}</p></section>",
         say(ctx, "Read to the caller"),
         say(ctx,
             "Your request number is {}. We will reply by {}. You can check progress with this "
             "number and the last four digits of your phone number.",
             r->number, r->due == NONE ? "" : day_show(ctx->arena, ctx->lang, when_day(r->due))));
    html(out,
         "<div class=\"acts screen\"><a class=\"button{}\" href=\"/intake\" data-key=\"n\"{}>{} "
         "{}</a><button data-print hidden>{} {}</button>"
         "<a class=\"button{}\" href=\"/requests/{}\">{}</a><a class=\"button quiet\" "
         "href=\"/work\">{}</a></div>",
         (struct markup){next ? " primary" : ""}, (struct markup){next ? " autofocus" : ""},
         icon(ctx, "plus"), say(ctx, "Next request"), icon(ctx, "printer"), say(ctx, "Print"),
         (struct markup){next ? "" : " primary"}, r->record.id, say(ctx, "Open request"),
         say(ctx, "Work list"));
    page_end(ctx);
}

static const struct route table[] = {
    ROUTE_GET("/intake", ROLE_OFFICE | ROLE_WORKER, draw_page),
    ROUTE_POST("/intake/look", ROLE_OFFICE | ROLE_WORKER, look, .flags = READS),
    ROUTE_POST("/intake", ROLE_OFFICE | ROLE_WORKER, intake_change, .prepare = intake_prepare,
               .failed = draw_page),
    ROUTE_GET("/intake/done/{id}", ROLE_OFFICE | ROLE_WORKER, done, .record = &requests_kind),
};

const struct module intake_module = {.name = "intake", .routes = ROUTES(table)};
