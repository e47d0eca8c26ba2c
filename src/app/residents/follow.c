/*
 * Tracking a request without an account: by its number and the last four digits
 * of the phone number, or by the code on the receipt. The proof is posted and
 * never in a URL. A successful look-up gives the browser a sealed cookie for
 * half an hour, so that the page can be reloaded.
 *
 * Guessing is counted on the writer thread (tries.c): wrong digits for one
 * number, and wrong look-ups from one address.
 */
#include "app/requests/requests.h"
#include "core/pass.h"
#include "app/registers/registers.h"
#include "app/residents/ask.h"
#include "app/residents/follow.h"
#include "core/notices.h"
#include "core/tries.h"
#include "app/visits/visits.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "web/fields.h"

#include <stdlib.h>
#include <string.h>

#define HALF_AN_HOUR 1800
#define PASS_COOKIE  "linli_follow"
#define ANSWER_MOST  2000 /* characters */

bool followed_other(const struct followed *f)
{
    return f->joiner || f->asked != f->request;
}

const char *followed_keep(struct ctx *ctx, const struct followed *f, const char *form)
{
    return arena_print(ctx->arena, "%s-%lld-%lld", form, (long long)f->asked->record.id,
                       f->joiner ? (long long)f->joiner->id : 0);
}

void followed_timed_out(struct ctx *ctx)
{
    ctx_problem(ctx, NULL,
                say(ctx, "This page has timed out. Please look up your request again; what you "
                         "wrote is still here."));
}

/* The request may be dealt with in another one. */
static void merged_look(struct ctx *ctx, struct followed *f)
{
    f->asked = f->request;
    if (f->asked && request_status_of(f->asked) == MERGED && f->asked->merged_into != NONE) {
        struct request *into = record_get(ctx, &requests_kind, f->asked->merged_into);
        f->request = into ? into : f->asked;
    }
}

bool followed_open(struct ctx *ctx, struct followed *f)
{
    struct pass p;
    *f = (struct followed){.request = NULL};
    if (!pass_open(ctx, "follow", cookie(ctx, PASS_COOKIE), &p))
        return false;
    f->request = record_get(ctx, &requests_kind, p.request);
    merged_look(ctx, f);
    if (p.joiner != NONE)
        f->joiner = joiner_get(ctx, p.joiner);
    return f->request && (p.joiner == NONE || f->joiner);
}

/* ---- looking up ---- */

/* Four digits, or the whole telephone number of which they are the end. */
static const char *digits_typed(struct ctx *ctx, const char *typed)
{
    char *digits = arena_alloc(ctx->arena, 8);
    const char *phone = NULL, *end = code_number_end(ctx->arena, typed ? typed : "");
    if (end && strlen(end) == 4)
        return end;
    return typed && code_phone(ctx->arena, typed, &phone) != PHONE_NONE &&
                   code_phone_end(phone, digits)
               ? digits
               : NULL;
}

static bool find_by_code(struct ctx *ctx, const char *typed, struct followed *f)
{
    const char *code = code_typed(ctx->arena, typed);
    if (!code || !*code)
        return false;
    const char *hash = seal_hash(ctx->keys, ctx->arena, "code_hash", code);
    f->request = record_find(ctx, &requests_kind, "code_hash", hash);
    if (f->request)
        return true;
    f->joiner = joiner_find(ctx, hash);
    f->request = f->joiner ? record_get(ctx, &requests_kind, f->joiner->request) : NULL;
    return f->request != NULL;
}

/* A request with co-reporters opens by code only: each of them would add four digits that open
 * it, so guessing would become easier. */
static bool find_by_digits(struct ctx *ctx, const char *number, const char *digits,
                           struct followed *f)
{
    struct request *r = record_find(ctx, &requests_kind, "number", number);
    if (r && phone_ends(r->requester_phone, digits) && !joiners_any(ctx, r->record.id))
        f->request = r;
    return f->request != NULL;
}

/* Keeps what was typed on a page that was open for too long, and shows it again after the
 * look-up. */
static void carry(struct ctx *ctx)
{
    static const char *const names[] = {"solved", "satisfaction", "text", "addition", "why"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (param(ctx, names[i]))
            html(ctx->web->out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", names[i],
                 param(ctx, names[i]));
}

static void draw_followed(struct ctx *ctx, const struct followed *f);

static void draw_form(struct ctx *ctx, const char *why)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Track my request"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Track my request"));
    if (why)
        html(out, "<div class=\"notice warn\" role=\"alert\">{}<div><p>{}</p></div></div>",
             icon(ctx, "alert-circle"), why);
    html(out,
         "<div class=\"cols\"><section class=\"card\"><h2>{}</h2><form class=\"form\" "
         "method=\"post\" action=\"/follow\">",
         say(ctx, "Use number and phone"));
    carry(ctx);
    line_field(ctx, &(struct line){.name = "number",
                                   .label = say(ctx, "Request number"),
                                   .hint = say(ctx, "For example, 20261124-00012"),
                                   .autocomplete = "off"});
    line_field(ctx, &(struct line){.name = "digits",
                                   .label = say(ctx, "Last four digits of your phone number"),
                                   .type = "tel",
                                   .autocomplete = "off"});
    html(out,
         "<div class=\"acts\"><button class=\"primary\">{} {}</button></div></form></section>"
         "<section class=\"card\"><h2>{}</h2><form class=\"form\" method=\"post\" "
         "action=\"/follow\" data-code>",
         icon(ctx, "search"), say(ctx, "Check progress"), say(ctx, "Use tracking code"));
    carry(ctx);
    line_field(
        ctx,
        &(struct line){
            .name = "code",
            .label = say(ctx, "Tracking code"),
            .hint = say(ctx, "The 10 letters and digits on your receipt; capitals or lower case."),
            .autocomplete = "off"});
    html(out,
         "<div class=\"acts\"><button>{} {}</button></div></form></section></div><p "
         "class=\"small\">{}</p>",
         icon(ctx, "search"), say(ctx, "Check progress"),
         say(ctx, "Lost your receipt? Call the community staff, who can find your request by your "
                  "phone number."));
    telephone_buttons(ctx, area_asked(ctx));
    page_end(ctx);
}

/* On the writer thread, because a wrong attempt is counted. It is answered with a page and not
 * with a failure. */
void follow_look_up(struct ctx *ctx)
{
    struct followed f = {.request = NULL};
    const char *code = param(ctx, "code"),
               *number = param(ctx, "number") ? code_number(ctx->arena, param(ctx, "number"))
                                              : NULL,
               *digits = digits_typed(ctx, param(ctx, "digits"));
    bool by_code = code && !text_blank(code);
    answer_header(ctx, "Cache-Control", "no-store");
    if (!by_code && (!number || !digits)) {
        answer_code(ctx, 422);
        draw_form(ctx, !number
                           ? say(ctx, "The number has at least 13 digits, e.g. 20261124-00012")
                           : say(ctx, "Enter the last four digits of the phone number you gave."));
        return;
    }
    /* A code can't be guessed, so a correct one works whatever others behind the same address
     * have tried. Four digits can. */
    bool found = by_code && find_by_code(ctx, code, &f);
    if (!found && (tries_left(ctx, &tries_looked, NULL) <= 0 ||
                   (!by_code && tries_left(ctx, &tries_digits, number) <= 0))) {
        answer_code(ctx, 429);
        draw_form(ctx,
                  by_code ? say(ctx, "Too many incorrect attempts from your network. Please try "
                                     "again in a few hours, or call the community staff.")
                          : say(ctx, "Too many incorrect attempts. For the next six hours, use the "
                                     "code on your receipt instead, or call the community staff."));
        return;
    }
    if (found || (!by_code && find_by_digits(ctx, number, digits, &f))) {
        const struct pass p = {.request = f.request->record.id,
                               .joiner = f.joiner ? f.joiner->id : NONE};
        answer_cookie(ctx, PASS_COOKIE, pass_seal(ctx, "follow", &p, HALF_AN_HOUR), HALF_AN_HOUR);
        if (param(ctx, "text") || param(ctx, "solved") || param(ctx, "addition") ||
            param(ctx, "why")) {
            merged_look(ctx, &f);
            draw_followed(ctx, &f);
        } else {
            see_other(ctx, "/follow");
        }
        return;
    }
    tries_add(ctx, &tries_looked, NULL);
    if (!by_code)
        tries_add(ctx, &tries_digits, number);
    answer_code(ctx, 404);
    draw_form(ctx, by_code ? say(ctx, "No request has this code. Check your receipt: codes never "
                                      "contain 0, O, 1, I or L.")
                           : say(ctx, "No request found. Check the number on your receipt and the "
                                      "last four digits of the phone number you gave. If others "
                                      "have reported the same problem, only the code works."));
}

/* ---- what happened ---- */

static bool may_read(const struct followed *f)
{
    return !followed_other(f) || request_public(f->request);
}

static const char *unit_name(struct ctx *ctx, int64_t unit)
{
    struct rows *r = query(ctx->db, "SELECT name, name_en FROM units WHERE id = {}",
                           (struct maybe){unit});
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"),
                                                                      row_text(r, "name_en")))
                                    : NULL;
    rows_end(r);
    return name;
}

/* What happened with another resident's request, for someone with the same problem: not what
 * concerned that resident alone. */
static const char *action_for_other(const char *action)
{
    static const char *const alone[] = {"file",  "joined",   "contact",      "unreached",
                                        "merge", "addition", "photo-missing"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        if (!strcmp(action, alone[i]))
            return "";
    return !strcmp(action, "confirm")       ? "close"
           : !strncmp(action, "dispute", 7) ? "reopen"
                                            : action;
}

/* An entry of the history in plain words; NULL: nothing for residents. */
static const char *told(struct ctx *ctx, const char *action, int64_t unit, int64_t until)
{
    const char *name = unit_name(ctx, unit);
    if (!strcmp(action, "dispatch") && name)
        return say(ctx, "Passed to {}.", name);
    if (!strcmp(action, "accept") && name)
        return say(ctx, "{} is now working on it.", name);
    if (!strcmp(action, "answer"))
        return say(ctx, "We have replied.");
    return request_told_until(ctx, action, until);
}

static const struct {
    const char *action, *sign, *tone;
} signs[] = {
    {"answer", "message", "ok"},
    {"supplement", "message", "ok"},
    {"served", "message", "ok"},
    {"close", "circle-check", "ok"},
    {"confirm", "circle-check", "ok"},
    {"dispatch", "arrow-forward-up", ""},
    {"accept", "tool", ""},
    {"extend", "calendar-plus", "warn"},
    {"park", "parking-circle", "warn"},
    {"merge", "git-merge", ""},
    {"joined", "users", ""},
    {"contact", "phone-call", ""},
    {"unreached", "phone-off", "warn"},
    {"reopen", "rotate", "warn"},
    {"dispute", "rotate", "warn"},
    {"file", "inbox", ""},
    {NULL, "clock", ""},
};

/* Returns whether the resident wrote it, or it concerns what they sent. */
static bool is_own_word(const char *action)
{
    static const char *const own[] = {"confirm", "dispute", "addition", "withdraw",
                                      "photo-missing"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strcmp(action, own[i]))
            return true;
    return false;
}

static bool is_reply(const char *action)
{
    return !strcmp(action, "answer") || !strcmp(action, "served") || !strcmp(action, "supplement");
}

/* The newest reply comes first, with what was added to it: nobody can say whether it solves the
 * problem without having read it. Returns its event: the history only mentions it and later ones;
 * NONE if nothing is shown. */
static int64_t draw_reply(struct ctx *ctx, const struct followed *f, int status)
{
    struct buf *out = ctx->web->out;
    int64_t first = NONE;
    if (!may_read(f) || (status != ANSWERED && status != CALL_BACK && status != CLOSED))
        return NONE;
    struct rows *r = query(
        ctx->db,
        "SELECT id, at, unit, text FROM events WHERE record = {} AND kind = 'requests' AND visible "
        "= 1 AND text IS NOT NULL AND action IN ('answer', 'served', 'supplement') AND id >= "
        "(SELECT max(id) FROM events WHERE record = {} AND kind = 'requests' AND visible = 1 AND "
        "action IN ('answer', 'served')) ORDER BY id",
        f->request->record.id, f->request->record.id);
    while (rows_next(r)) {
        const char *unit = unit_name(ctx, row_int(r, "unit"));
        if (first == NONE) {
            first = row_int(r, "id");
            html(out, "<section class=\"reply\"><h2>{}</h2>", say(ctx, "Our reply"));
        }
        html(out,
             "<p class=\"words\">{}</p><p class=\"soft\">{} <span class=\"nobr\">{}{}</span></p>",
             row_text(r, "text"), unit, unit ? "· " : "",
             day_show(ctx->arena, ctx->lang, when_day(row_int(r, "at"))));
    }
    rows_end(r);
    if (first != NONE)
        buf_puts(out, "</section>");
    return first;
}

static void draw_timeline(struct ctx *ctx, const struct followed *f, int64_t shown)
{
    struct buf *out = ctx->web->out;
    bool any = false;
    html(out, "<section><h2>{}</h2><ol class=\"timeline plain\">", say(ctx, "Progress so far"));
    int64_t merged = query_int(
        ctx->db,
        "SELECT min(id) AS id FROM events WHERE record = {} AND kind = 'requests' AND action = "
        "'merge'",
        f->asked->record.id);
    struct rows *r = query(
        ctx->db,
        "SELECT id, record, action, at, unit, text, until FROM events WHERE visible "
        "= 1 AND ((record = {} AND kind = 'requests') OR (record = {} AND kind = "
        "'requests' AND id <= {})) ORDER BY at DESC, id DESC",
        f->request->record.id, f->asked->record.id,
        merged); /* afterwards the history is the remaining request's */
    while (rows_next(r)) {
        const char *action = arena_copy(ctx->arena, row_text(r, "action")),
                   *text = row_copy(r, ctx->arena, "text");
        bool another = f->joiner || row_int(r, "record") != f->asked->record.id;
        if (another)
            action = action_for_other(action);
        const char *words = told(ctx, action, row_int(r, "unit"), row_int(r, "until"));
        int i = 0;
        while (signs[i].action && strcmp(signs[i].action, action) != 0)
            i++;
        bool answer = is_reply(action),
             above = answer && shown != NONE && row_int(r, "id") >= shown,
             said = (answer || is_own_word(action)) && !above;
        if (!words)
            continue;
        html(out,
             "<li class=\"{}\">{}<div><p class=\"what\">{}</p><p class=\"by\"><time>{}</time></p>",
             signs[i].tone, icon(ctx, signs[i].sign), words,
             when_show(ctx->arena, ctx->lang, row_int(r, "at")));
        if (said && text && (!another || may_read(f)))
            html(out, "<div class=\"said\">{}</div>", text);
        else if (answer && another && !may_read(f))
            html(out, "<p class=\"soft\">{}</p>",
                 say(ctx, "The person who first reported this asked to keep it private. We will "
                          "call you about anything that affects you."));
        buf_puts(out, "</div></li>");
        any = true;
    }
    html(out, "</ol>{}</section>",
         (struct markup){
             any ? ""
                 : arena_print(
                       ctx->arena, "<p class=\"soft\">%s</p>",
                       say(ctx, "No news since you were added. The next step will appear here."))});
}

static void draw_steps(struct ctx *ctx, int status)
{
    static const char *const names[] = {N_("Received"), N_("Passed on"), N_("In progress"),
                                        N_("Your feedback"), N_("Completed")};
    static const int at[] = {[RECEIVED] = 0,  [DISPATCHED] = 1, [HANDLING] = 2, [ANSWERED] = 3,
                             [CALL_BACK] = 3, [CLOSED] = 5,     [PARKED] = 2,   [MERGED] = 2};
    html(ctx->web->out, "<ol class=\"steps\">");
    for (int i = 0; i < 5; i++)
        html(ctx->web->out, "<li{}>{}</li>",
             (struct markup){i < at[status]    ? " class=\"done\""
                             : i == at[status] ? " aria-current=\"step\""
                                               : ""},
             tr(ctx, names[i]));
    buf_puts(ctx->web->out, "</ol>");
}

static const char *state(struct ctx *ctx, const struct request *r, int status)
{
    switch (status) {
    case RECEIVED:
        return say(ctx, "We’ve received it");
    case DISPATCHED:
        return say(ctx, "Passed on");
    case HANDLING:
        return say(ctx, "In progress");
    case ANSWERED:
    case CALL_BACK:
        return say(ctx, "Waiting for your feedback");
    case PARKED:
        return r->parked_until == NONE
                   ? say(ctx, "On hold for now")
                   : say(ctx, "On hold until {}",
                         day_show(ctx->arena, ctx->lang, when_day(r->parked_until)));
    case MERGED:
        return say(ctx, "Being handled with another request");
    default:
        return r->solved && !strcmp(r->solved, SOLVED_WITHDRAWN) ? say(ctx, "Withdrawn by you")
                                                                 : say(ctx, "Completed");
    }
}

/* ---- is it solved? ---- */

static const char *const faces[] = {"mood-sad", "mood-confused", "mood-neutral", "mood-smile",
                                    "mood-happy"};

static void draw_choice(struct ctx *ctx, const char *value, const char *sign, const char *word,
                        const char *line)
{
    const char *chosen = param(ctx, "solved");
    html(ctx->web->out,
         "<label><input type=\"radio\" name=\"solved\" value=\"{}\"{}><span>{}<b>{}</b>", value,
         (struct markup){chosen && !strcmp(chosen, value) ? " checked" : ""}, icon(ctx, sign),
         word);
    if (line)
        html(ctx->web->out, "<i>{}</i>", line);
    buf_puts(ctx->web->out, "</span></label>");
}

/* The choices of the form: resolved or not, and how satisfied. */
static void draw_choices(struct ctx *ctx, bool joined)
{
    struct buf *out = ctx->web->out;
    int64_t level = param_int(ctx, "satisfaction");
    html(out, "<fieldset class=\"cards two\" id=\"f-solved\"><legend><h2>{}</h2></legend><div>",
         say(ctx, "Does that solve it?"));
    draw_choice(ctx, "yes", "circle-check", say(ctx, "Yes, resolved"), NULL);
    draw_choice(ctx, "no", "rotate", say(ctx, "Not yet"),
                joined ? say(ctx, "The people handling it will read what you write")
                       : say(ctx, "We’re continuing work on it"));
    buf_puts(out, "</div>");
    field_problem(ctx, "solved");
    html(out,
         "</fieldset><fieldset class=\"cards faces if-yes\" id=\"f-satisfaction\"><legend>{} "
         "<i>{}</i></legend><div>",
         say(ctx, "How satisfied are you?"), say(ctx, "optional"));
    for (int n = 5; n >= 1; n--)
        html(out,
             "<label><input type=\"radio\" name=\"satisfaction\" "
             "value=\"{}\"{}><span>{}<b>{}</b></span></label>",
             n, (struct markup){n == level ? " checked" : ""}, icon(ctx, faces[n - 1]),
             tr(ctx, satisfaction_words[n - 1]));
    buf_puts(out, "</div>");
    field_problem(ctx, "satisfaction");
    buf_puts(out, "</fieldset>");
}

static void draw_question(struct ctx *ctx, const struct followed *f, int status)
{
    struct buf *out = ctx->web->out;
    bool yes = request_may(ctx, request_step("confirm"), f->request),
         no = request_may(ctx, request_step("dispute"), f->request);
    if (status != ANSWERED && status != CALL_BACK && status != CLOSED)
        return;
    if (followed_other(f)) {
        if (f->joiner ? f->joiner->solved : f->asked->solved) {
            html(out, "<p class=\"notice ok\">{}<span>{}</span></p>", icon(ctx, "circle-check"),
                 say(ctx, "Thank you for your feedback."));
            return;
        }
        yes = true;
        no = f->joiner || request_may(ctx, request_step("dispute-merged"), f->request);
    }
    if (!yes && !no)
        return;
    bool closed = status == CLOSED && !followed_other(f);
    html(out, "<section class=\"card\"{}>", (struct markup){closed ? "" : " id=\"solved\""});
    if (closed)
        html(out, "<details{}><summary>{}</summary>", (struct markup){ctx->problems ? " open" : ""},
             say(ctx, "Still not resolved?"));
    form_begin(ctx, "/follow/answer", followed_keep(ctx, f, "answer"), false);
    if (!param(ctx, "adding"))
        form_problems(ctx);
    if (closed) {
        html(out, "<input type=\"hidden\" name=\"solved\" value=\"no\"><p>{}</p>",
             say(ctx, "You can tell us here until {} and we will reopen it.",
                 day_show(ctx->arena, ctx->lang,
                          when_day(f->request->closed_at + REOPEN_DAYS * WHEN_DAY))));
    } else {
        draw_choices(ctx, f->joiner != NULL);
    }
    html(out,
         "<div class=\"field if-said\"><label for=\"f-text\"><span class=\"if-no\">{}</span>{}"
         "</label><textarea id=\"f-text\" name=\"text\" rows=\"3\"{}{}>{}</textarea>",
         say(ctx, "What is still missing?"),
         closed ? (struct markup){""}
                : (struct markup){arena_print(ctx->arena, "<span class=\"if-yes\">%s</span>",
                                              say(ctx, "Your comments (optional)"))},
         (struct markup){ctx_problem_of(ctx, "text") ? " aria-describedby=\"f-text-p\"" : ""},
         (struct markup){ctx_problem_of(ctx, "text") ? " aria-invalid=\"true\"" : ""},
         param(ctx, "text"));
    field_problem(ctx, "text");
    html(out, "</div><div class=\"acts if-said\"><button class=\"now\">{}</button></div>",
         say(ctx, "Tell the community"));
    form_end(ctx);
    buf_puts(out, closed ? "</details></section>" : "</section>");
}

/* ---- the page ---- */

static void draw_followed(struct ctx *ctx, const struct followed *f)
{
    struct buf *out = ctx->web->out;
    const struct request *r = f->request;
    int status = request_status_of(r);
    const char *title = !f->joiner    ? f->asked->subject
                        : may_read(f) ? r->subject
                                      : field_show(ctx, kind_field(&requests_kind, "category"), r);
    if (!*title)
        title = say(ctx, "Something else");
    page_begin(ctx, title, PAGE_RESIDENT);
    trail(ctx, "/follow?other=1", say(ctx, "Close and check another"));
    html(out,
         "<header class=\"head\"><h1>{}</h1><p class=\"lead\"><span class=\"state {}\">{}</span> "
         "<span class=\"nobr\">· {} {}</span></p></header>",
         title,
         status == ANSWERED || status == CALL_BACK ? "warn"
         : status == CLOSED                        ? "ok"
                                                   : "",
         state(ctx, r, status), say(ctx, "Number"), f->asked->number);
    int64_t shown = draw_reply(ctx, f, status);
    draw_question(ctx, f, status);
    draw_steps(ctx, status);
    if (f->joiner)
        html(out, "<p class=\"notice\">{}<span>{}</span></p>", icon(ctx, "users"),
             say(ctx, "You were added to this request on {}.",
                 day_show(ctx->arena, ctx->lang, when_day(f->joiner->at))));
    if (f->asked != r)
        html(out, "<p class=\"notice\">{}<span>{}</span></p>", icon(ctx, "git-merge"),
             say(ctx, "Someone else reported the same problem first. We are handling them "
                      "together; progress is shown here."));
    if (r->due != NONE && status != CLOSED && status != MERGED && status != PARKED &&
        status != ANSWERED && status != CALL_BACK)
        html(out, "<p>{}</p>",
             r->due >= ctx->now ? say(ctx, "We will reply by {}.",
                                      day_show(ctx->arena, ctx->lang, when_day(r->due)))
                                : say(ctx,
                                      "We should have replied by {}. We are sorry; the subdistrict "
                                      "office is following this up as overdue.",
                                      day_show(ctx->arena, ctx->lang, when_day(r->due))));
    if (!f->joiner)
        visits_follow(ctx, r);
    draw_timeline(ctx, f, shown);
    follow_add_draw(ctx, f);
    if (!f->joiner) {
        html(out, "<section class=\"card\"><h2>{}</h2><p class=\"words\">{}</p>",
             say(ctx, "Your message"), f->asked->text);
        if (f->asked->on_behalf)
            html(out, "<p class=\"soft\">{}: {}</p>", say(ctx, "On behalf of"),
                 f->asked->on_behalf);
        photos_show(ctx, &requests_kind, f->asked->record.id, "/follow/photos", PHOTOS_SHOWN);
        buf_puts(out, "</section>");
    }
    telephone_buttons(ctx, f->asked->area);
    page_end(ctx);
}

void follow(struct ctx *ctx)
{
    struct followed f;
    answer_header(ctx, "Cache-Control", "no-store");
    if (query_param(ctx, "other"))
        answer_cookie(ctx, PASS_COOKIE, "", -1);
    else if (followed_open(ctx, &f)) {
        draw_followed(ctx, &f);
        return;
    }
    draw_form(ctx, ctx->problems ? ctx->problems->text : NULL);
}

void follow_photo(struct ctx *ctx)
{
    struct followed f;
    if (followed_open(ctx, &f) && !f.joiner)
        photos_answer(ctx, &requests_kind, f.asked->record.id, ctx->web->id, PHOTOS_SHOWN,
                      "private, no-store");
    else
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Photo not found."));
}

/* Stores the answer of a resident whose request was merged, with that request. "No" reopens the
 * remaining request, because both ask for the same; "yes" does not close it for those who have
 * not answered. */
static enum status answer_merged(struct ctx *ctx, const struct followed *f, const char *solved,
                                 int64_t satisfaction, const char *text)
{
    struct request *after = record_copy(ctx, &requests_kind, f->asked);
    after->solved = solved;
    after->satisfaction = satisfaction;
    after->solved_comment = text;
    enum status s = record_update(ctx, &requests_kind, f->asked, after,
                                  !strcmp(solved, "yes") ? "confirm" : "dispute");
    if (s != OK)
        return s;
    notice_withdraw(ctx, requests_kind.name, after->record.id,
                    "resident"); /* the resident has read it */
    if (!strcmp(solved, "no")) {
        const struct step_input in = {.unit = NONE,
                                      .until = NONE,
                                      .into = NONE,
                                      .text = text,
                                      .satisfaction = satisfaction,
                                      .category = NONE};
        return request_take(ctx, request_step("dispute-merged"), f->request, &in);
    }
    request_event(ctx, f->request, f->request, "joiner-yes", text, false);
    return db_status(ctx->db);
}

void follow_answer(struct ctx *ctx)
{
    struct followed f;
    const char *solved = param(ctx, "solved"), *text = NULL;
    int64_t satisfaction = param_int(ctx, "satisfaction");
    if (!followed_open(ctx, &f)) {
        followed_timed_out(ctx);
        return;
    }
    text = param_lines(ctx, "text", ANSWER_MOST);
    bool yes = solved && !strcmp(solved, "yes"), no = solved && !strcmp(solved, "no");
    if (!yes && !no)
        ctx_problem(ctx, "solved", say(ctx, "Please choose: resolved or not?"));
    if (no && !text)
        ctx_problem(ctx, "text", say(ctx, "Please tell us briefly what is still wrong."));
    if (satisfaction != NONE && (satisfaction < 1 || satisfaction > 5))
        ctx_problem(ctx, "satisfaction", say(ctx, "Satisfaction must be a number from 1 to 5."));
    if (!ctx_ok(ctx))
        return;
    enum status s;
    if (f.joiner) {
        s = joiner_answer(ctx, f.joiner, f.request, yes ? "yes" : "no", satisfaction, text);
    } else if (followed_other(&f)) {
        s = answer_merged(ctx, &f, yes ? "yes" : "no", satisfaction, text);
    } else {
        struct step_input in = {.unit = NONE,
                                .until = NONE,
                                .into = NONE,
                                .text = text,
                                .solved = "yes",
                                .satisfaction = satisfaction};
        s = request_take(ctx, request_step(yes ? "confirm" : "dispute"), f.request, &in);
    }
    if (s != OK)
        return;
    flash(ctx, yes        ? say(ctx, "Thank you for telling us.")
               : f.joiner ? say(ctx, "Thank you. What you wrote has been passed to the people "
                                     "handling it.")
                          : say(ctx, "We have your feedback and are continuing work on it."));
    see_other(ctx, "/follow");
}
