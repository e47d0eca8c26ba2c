/*
 * Following a request without an account: by its number and the last four
 * digits of the telephone, or by the code on the receipt. What proves it is
 * posted, never in an address; a look-up that succeeds gives the browser a
 * sealed cookie for half an hour, so that the page can be loaded again.
 *
 * Guessing is counted behind the door (tries.c): wrong digits on one number,
 * wrong look-ups from one address.
 */
#include "app/joiners.h"
#include "app/pass.h"
#include "app/registers.h"
#include "app/residents.h"
#include "app/tries.h"
#include "app/visits.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define HALF_AN_HOUR 1800
#define PASS_COOKIE  "linli_follow"
#define ANSWER_MOST  2000 /* characters */

/* Whose request is looked at, and as whom. */
struct followed {
    struct request *request; /* what is being dealt with */
    struct request *asked;   /* what was asked or joined: the same, or one that was merged into it */
    struct joiner *joiner;   /* NULL: who asked */
};

/* Somebody else asked first: their words are theirs, and the answer is shown when they let it be. */
static bool other(const struct followed *f)
{
    return f->joiner || f->asked != f->request;
}

/* What was asked may be dealt with in another request. */
static void merged_look(struct ctx *ctx, struct followed *f)
{
    f->asked = f->request;
    if (f->asked && request_status_of(f->asked) == MERGED && f->asked->merged_into != NONE) {
        struct request *into = record_get(ctx, &requests_kind, f->asked->merged_into);
        f->request = into ? into : f->asked;
    }
}

static bool opened(struct ctx *ctx, struct followed *f)
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

/* 20261124-00012, however it was typed: full-width digits, blanks, without the hyphen. NULL: not a number of ours. */
static const char *number_typed(struct ctx *ctx, const char *typed)
{
    const char *s = text_half_width(ctx->arena, typed ? typed : "");
    char digits[24];
    size_t n = 0;
    for (; *s; s++)
        if (*s >= '0' && *s <= '9') {
            if (n == sizeof digits - 1)
                return NULL;
            digits[n++] = *s;
        } else if (!strchr(" -.", *s)) {
            return NULL;
        }
    digits[n] = '\0';
    return n < 13 ? NULL : arena_print(ctx->arena, "%.8s-%s", digits, digits + 8);
}

static const char *digits_typed(struct ctx *ctx, const char *typed)
{
    const char *s = text_tidy(ctx->arena, text_half_width(ctx->arena, typed ? typed : ""));
    return strlen(s) == 4 && strspn(s, "0123456789") == 4 ? s : NULL;
}

static bool find_by_code(struct ctx *ctx, const char *typed, struct followed *f)
{
    const char *code = code_typed(ctx->arena, text_half_width(ctx->arena, typed));
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

static bool find_by_digits(struct ctx *ctx, const char *number, const char *digits, struct followed *f)
{
    struct request *r = record_find(ctx, &requests_kind, "number", number);
    if (r && phone_ends(r->requester_phone, digits)) {
        f->request = r;
        return true;
    }
    f->joiner = r ? joiner_by_digits(ctx, r->record.id, digits) : NULL;
    f->request = f->joiner ? r : NULL;
    return f->request != NULL;
}

/* What was typed on a page that was open for too long, shown again once the request is looked up. */
static void carry(struct ctx *ctx)
{
    static const char *const names[] = {"solved", "satisfaction", "text"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (param(ctx, names[i]))
            html(ctx->web->out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", names[i], param(ctx, names[i]));
}

static void draw_followed(struct ctx *ctx, const struct followed *f);

static void draw_form(struct ctx *ctx, const char *why)
{
    struct buf *out = ctx->web->out;
    page_begin(ctx, say(ctx, "Follow my request"), PAGE_RESIDENT);
    html(out, "<header class=\"head\"><h1>{}</h1></header>", say(ctx, "Follow my request"));
    if (why)
        html(out, "<div class=\"notice warn\" role=\"alert\">{}<div><p>{}</p></div></div>", icon(ctx, "alert-circle"), why);
    html(out, "<div class=\"cols\"><section class=\"card\"><h2>{}</h2><form class=\"form\" method=\"post\" action=\"/follow\">",
         say(ctx, "By number and telephone"));
    carry(ctx);
    line_field(ctx, &(struct line){.name = "number",
                                   .label = say(ctx, "Number on the receipt"),
                                   .hint = say(ctx, "It looks like 20261124-00012."),
                                   .autocomplete = "off"});
    line_field(ctx, &(struct line){
                        .name = "digits", .label = say(ctx, "Last four digits of the telephone"), .type = "tel", .autocomplete = "off"});
    html(out,
         "<div class=\"acts\"><button class=\"primary\">{} {}</button></div></form></section>"
         "<section class=\"card\"><h2>{}</h2><form class=\"form\" method=\"post\" action=\"/follow\" data-code>",
         icon(ctx, "search"), say(ctx, "Show it"), say(ctx, "By the follow-up code"));
    carry(ctx);
    line_field(ctx, &(struct line){.name = "code",
                                   .label = say(ctx, "Follow-up code"),
                                   .hint = say(ctx, "Ten letters and digits, as on the receipt; capital or small."),
                                   .autocomplete = "off"});
    html(out, "<div class=\"acts\"><button>{} {}</button></div></form></section></div><p class=\"small\">{}</p>", icon(ctx, "search"),
         say(ctx, "Show it"), say(ctx, "Lost the receipt? Ring the community office; they find your request by your telephone number."));
    page_end(ctx);
}

/* Behind the door, because a wrong try is counted; what it draws for a wrong one is an answer, not a failure. */
void follow_look_up(struct ctx *ctx)
{
    struct followed f = {.request = NULL};
    const char *code = param(ctx, "code"), *number = number_typed(ctx, param(ctx, "number")),
               *digits = digits_typed(ctx, param(ctx, "digits"));
    bool by_code = code && !text_blank(code);
    answer_header(ctx, "Cache-Control", "no-store");
    if (!by_code && (!number || !digits)) {
        answer_code(ctx, 422);
        draw_form(ctx, !number ? say(ctx, "The number has 13 digits or more, like 20261124-00012.")
                               : say(ctx, "Type the last four digits of the telephone you gave."));
        return;
    }
    if (tries_left(ctx, &tries_looked, NULL) <= 0 || (!by_code && tries_left(ctx, &tries_digits, number) <= 0)) {
        answer_code(ctx, 429);
        draw_form(
            ctx,
            by_code
                ? say(ctx, "Too many wrong tries came from your connection. Please try again in a few hours, or ring the community office.")
                : say(ctx,
                      "There were too many wrong tries. For six hours this number opens only with the code on the receipt; or ring the community office."));
        return;
    }
    if (by_code ? find_by_code(ctx, code, &f) : find_by_digits(ctx, number, digits, &f)) {
        const struct pass p = {.request = f.request->record.id, .joiner = f.joiner ? f.joiner->id : NONE};
        if (!by_code)
            tries_forget(ctx, &tries_digits, number);
        answer_cookie(ctx, PASS_COOKIE, pass_seal(ctx, "follow", &p, HALF_AN_HOUR), HALF_AN_HOUR);
        if (param(ctx, "text") || param(ctx, "solved")) {
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
    draw_form(
        ctx,
        by_code
            ? say(ctx, "No request has this code. Look at the receipt again: there is no 0, O, 1, I or L in a code.")
            : say(ctx,
                  "No request was found for this. Check the number on the receipt and the last four digits of the telephone you gave."));
}

/* ---- what happened ---- */

static bool may_read(const struct followed *f)
{
    return !other(f) || (f->request->visibility && !strcmp(f->request->visibility, "summary"));
}

static const char *unit_name(struct ctx *ctx, int64_t unit)
{
    struct rows *r = query(ctx->db, "SELECT name, name_en FROM units WHERE id = {}", (struct maybe){unit});
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en"))) : NULL;
    rows_end(r);
    return name;
}

/* What happened with another's request, to somebody with the same matter: not what concerned that person alone. */
static const char *action_for_other(const char *action)
{
    static const char *const alone[] = {"file", "joined", "contact", "unreached", "merge"};
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        if (!strcmp(action, alone[i]))
            return "";
    return !strcmp(action, "confirm") ? "close" : !strcmp(action, "dispute") ? "reopen" : action;
}

/* One line of the history in plain words; NULL: nothing for residents. */
static const char *told(struct ctx *ctx, const char *action, int64_t unit, int64_t until)
{
    const char *name = unit_name(ctx, unit);
    if (!strcmp(action, "dispatch") && name)
        return say(ctx, "Passed to {} to be dealt with.", name);
    if (!strcmp(action, "accept") && name)
        return say(ctx, "{} is now working on it.", name);
    if (!strcmp(action, "answer"))
        return say(ctx, "You have an answer.");
    return request_told_until(ctx, action, until);
}

static const struct {
    const char *action, *sign, *tone;
} signs[] = {
    {"answer", "message", "ok"},
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

static void draw_timeline(struct ctx *ctx, const struct followed *f)
{
    struct buf *out = ctx->web->out;
    bool any = false;
    html(out, "<section><h2>{}</h2><ol class=\"timeline plain\">", say(ctx, "What has been done"));
    int64_t merged = query_int(ctx->db, "SELECT min(id) AS id FROM request_events WHERE request = {} AND action = 'merge'",
                               f->asked->record.id);
    struct rows *r = query(ctx->db,
                           "SELECT request, action, at, unit, text, until FROM request_events WHERE visible = 1 AND (request = {}"
                           " OR (request = {} AND id <= {})) ORDER BY at DESC, id DESC LIMIT 100",
                           f->request->record.id, f->asked->record.id, merged); /* from then on the history is the other's */
    while (rows_next(r)) {
        const char *action = arena_copy(ctx->arena, row_text(r, "action")), *text = row_copy(r, ctx->arena, "text");
        bool another = f->joiner || row_int(r, "request") != f->asked->record.id;
        if (another)
            action = action_for_other(action);
        const char *words = told(ctx, action, row_int(r, "unit"), row_int(r, "until"));
        int i = 0;
        while (signs[i].action && strcmp(signs[i].action, action) != 0)
            i++;
        bool answer = !strcmp(action, "answer") || !strcmp(action, "served"),
             said = answer || !strcmp(action, "confirm") || !strcmp(action, "dispute");
        if (!words)
            continue;
        html(out, "<li class=\"{}\">{}<div><p class=\"what\">{}</p><p class=\"by\"><time>{}</time></p>", signs[i].tone,
             icon(ctx, signs[i].sign), words, when_show(ctx->arena, ctx->lang, row_int(r, "at")));
        if (said && text && (!another || may_read(f)))
            html(out, "<div class=\"said\">{}</div>", text);
        else if (answer && another)
            html(out, "<p class=\"soft\">{}</p>",
                 say(ctx, "The first reporter asked that only they read it. We tell you on the telephone what concerns you."));
        buf_puts(out, "</div></li>");
        any = true;
    }
    html(out, "</ol>{}</section>",
         (struct markup){any ? ""
                             : arena_print(ctx->arena, "<p class=\"soft\">%s</p>",
                                           say(ctx, "Nothing yet since you joined. The next step stands here as soon as it is taken."))});
}

static void draw_steps(struct ctx *ctx, int status)
{
    static const char *const names[] = {N_("Received"), N_("Passed on"), N_("Being handled"), N_("Your word"), N_("Dealt with")};
    static const int at[] = {
        [RECEIVED] = 0, [DISPATCHED] = 1, [HANDLING] = 2, [ANSWERED] = 3, [CALL_BACK] = 3, [CLOSED] = 5, [PARKED] = 2, [MERGED] = 2};
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
        return say(ctx, "We have it");
    case DISPATCHED:
        return say(ctx, "Passed on");
    case HANDLING:
        return say(ctx, "Being handled");
    case ANSWERED:
    case CALL_BACK:
        return say(ctx, "Waiting for your word");
    case PARKED:
        return r->parked_until == NONE ? say(ctx, "On our list")
                                       : say(ctx, "On our list until {}", day_show(ctx->arena, ctx->lang, when_day(r->parked_until)));
    case MERGED:
        return say(ctx, "Handled together with another");
    default:
        return say(ctx, "Dealt with");
    }
}

/* ---- is it solved? ---- */

static const char *const faces[] = {"mood-sad", "mood-confused", "mood-neutral", "mood-smile", "mood-happy"};

static void draw_choice(struct ctx *ctx, const char *value, const char *sign, const char *word, const char *line)
{
    const char *chosen = param(ctx, "solved");
    html(ctx->web->out, "<label><input type=\"radio\" name=\"solved\" value=\"{}\"{}><span>{}<b>{}</b>", value,
         (struct markup){chosen && !strcmp(chosen, value) ? " checked" : ""}, icon(ctx, sign), word);
    if (line)
        html(ctx->web->out, "<i>{}</i>", line);
    buf_puts(ctx->web->out, "</span></label>");
}

static void draw_problem(struct ctx *ctx, const char *field)
{
    if (ctx_problem_of(ctx, field))
        html(ctx->web->out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", field, icon(ctx, "alert-circle"), ctx_problem_of(ctx, field));
}

static void draw_question(struct ctx *ctx, const struct followed *f, int status)
{
    struct buf *out = ctx->web->out;
    bool yes = request_may(ctx, request_step("confirm"), f->request), no = request_may(ctx, request_step("dispute"), f->request);
    if (status != ANSWERED && status != CALL_BACK && status != CLOSED)
        return;
    if (other(f)) {
        if (f->joiner ? f->joiner->solved : f->asked->solved) {
            html(out, "<p class=\"notice ok\">{}<span>{}</span></p>", icon(ctx, "circle-check"),
                 say(ctx, "Thank you, we have your answer."));
            return;
        }
        yes = no = true;
    }
    if (!yes && !no)
        return;
    int64_t level = param_int(ctx, "satisfaction");
    bool closed = status == CLOSED && !other(f);
    html(out, "<section class=\"card\">");
    if (closed)
        html(out, "<details{}><summary>{}</summary>", (struct markup){ctx->problems ? " open" : ""},
             say(ctx, "It is not solved after all?"));
    form_begin(ctx, "/follow/answer", "answer", false);
    form_problems(ctx);
    if (closed) {
        html(out, "<input type=\"hidden\" name=\"solved\" value=\"no\"><p>{}</p>",
             say(ctx, "Until {} you can say so here, and it is dealt with again.",
                 day_show(ctx->arena, ctx->lang, when_day(f->request->closed_at + REOPEN_DAYS * WHEN_DAY))));
    } else {
        html(out, "<fieldset class=\"cards\" id=\"f-solved\"><legend><h2>{}</h2></legend><div>", say(ctx, "Is it solved?"));
        draw_choice(ctx, "yes", "circle-check", say(ctx, "Yes, it is"), NULL);
        draw_choice(ctx, "no", "rotate", say(ctx, "Not yet"),
                    other(f) ? say(ctx, "The people who handle it read what you say") : say(ctx, "We go on with it"));
        buf_puts(out, "</div>");
        draw_problem(ctx, "solved");
        html(out, "</fieldset><fieldset class=\"cards faces\" id=\"f-satisfaction\"><legend>{} <i>{}</i></legend><div>",
             say(ctx, "How satisfied are you?"), say(ctx, "optional"));
        for (int n = 5; n >= 1; n--)
            html(out, "<label><input type=\"radio\" name=\"satisfaction\" value=\"{}\"{}><span>{}<b>{}</b></span></label>", n,
                 (struct markup){n == level ? " checked" : ""}, icon(ctx, faces[n - 1]), tr(ctx, satisfaction_words[n - 1]));
        buf_puts(out, "</div>");
        draw_problem(ctx, "satisfaction");
        buf_puts(out, "</fieldset>");
    }
    html(
        out,
        "<div class=\"field\"><label for=\"f-text\">{}</label><p class=\"hint\" id=\"f-text-h\">{}</p><textarea id=\"f-text\" name=\"text\" rows=\"3\" aria-describedby=\"f-text-h{}\"{}>{}</textarea>",
        closed ? say(ctx, "What is still wrong") : say(ctx, "What you want to say"),
        closed ? say(ctx, "A sentence is enough.") : say(ctx, "If it is not solved, please say what is still wrong."),
        (struct markup){ctx_problem_of(ctx, "text") ? " f-text-p" : ""},
        (struct markup){ctx_problem_of(ctx, "text") ? " aria-invalid=\"true\"" : ""}, param(ctx, "text"));
    draw_problem(ctx, "text");
    html(out, "</div><div class=\"acts\"><button class=\"now\">{}</button></div>", say(ctx, "Tell the community office"));
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
        title = say(ctx, "A matter of another kind");
    page_begin(ctx, title, PAGE_RESIDENT | PAGE_PRINT);
    trail(ctx, "/follow?other=1", say(ctx, "Close it, look at another"));
    html(
        out,
        "<header class=\"head\"><h1>{}</h1><p class=\"lead\"><span class=\"state {}\">{}</span> · {} <span class=\"nobr\">{}</span></p></header>",
        title,
        status == ANSWERED || status == CALL_BACK ? "warn"
        : status == CLOSED                        ? "ok"
                                                  : "",
        state(ctx, r, status), say(ctx, "Number"), f->asked->number);
    draw_steps(ctx, status);
    if (f->joiner)
        html(out, "<p class=\"notice\">{}<span>{}</span></p>", icon(ctx, "users"),
             say(ctx, "You joined this request on {}.", day_show(ctx->arena, ctx->lang, when_day(f->joiner->at))));
    if (f->asked != r)
        html(out, "<p class=\"notice\">{}<span>{}</span></p>", icon(ctx, "git-merge"),
             say(ctx, "Others told us of the same matter first. It is dealt with as one; what happens to it stands here."));
    if (r->due != NONE && status != CLOSED && status != MERGED && status != PARKED && status != ANSWERED && status != CALL_BACK)
        html(out, "<p>{}</p>",
             r->due >= ctx->now
                 ? say(ctx, "We answer by {}.", day_show(ctx->arena, ctx->lang, when_day(r->due)))
                 : say(ctx, "It should have been answered by {}. We are sorry; the office has it on its list of late matters.",
                       day_show(ctx->arena, ctx->lang, when_day(r->due))));
    draw_question(ctx, f, status);
    if (!f->joiner)
        visits_follow(ctx, r);
    draw_timeline(ctx, f);
    if (!f->joiner) {
        html(out, "<section class=\"card\"><h2>{}</h2><p class=\"words\">{}</p>", say(ctx, "What you wrote"), f->asked->text);
        if (f->asked->on_behalf)
            html(out, "<p class=\"soft\">{}: {}</p>", say(ctx, "For whom"), f->asked->on_behalf);
        photos_show(ctx, f->asked->record.id, "/follow/photos", true);
        buf_puts(out, "</section>");
    }
    page_end(ctx);
}

void follow(struct ctx *ctx)
{
    struct followed f;
    answer_header(ctx, "Cache-Control", "no-store");
    if (query_param(ctx, "other"))
        answer_cookie(ctx, PASS_COOKIE, "", -1);
    else if (opened(ctx, &f)) {
        draw_followed(ctx, &f);
        return;
    }
    draw_form(ctx, ctx->problems ? ctx->problems->text : NULL);
}

void follow_photo(struct ctx *ctx)
{
    struct followed f;
    if (opened(ctx, &f) && !f.joiner)
        photos_answer(ctx, f.asked->record.id, ctx->web->id, true);
    else
        ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no such photograph."));
}

/* The word of somebody whose request was merged: kept with it and shown to the staff of the other; it moves nothing. */
static enum status answer_merged(struct ctx *ctx, const struct followed *f, const char *solved, int64_t satisfaction, const char *text)
{
    struct request *after = record_copy(ctx, &requests_kind, f->asked);
    after->solved = solved;
    after->satisfaction = satisfaction;
    after->solved_comment = text;
    enum status s = record_update(ctx, &requests_kind, f->asked, after, !strcmp(solved, "yes") ? "confirm" : "dispute");
    if (s != OK)
        return s;
    request_event(ctx, f->request, f->request, !strcmp(solved, "yes") ? "joiner-yes" : "joiner-no", text, false);
    return db_status(ctx->db);
}

void follow_answer(struct ctx *ctx)
{
    struct followed f;
    const char *solved = param(ctx, "solved"), *text = param(ctx, "text");
    int64_t satisfaction = param_int(ctx, "satisfaction");
    if (!opened(ctx, &f)) {
        ctx_problem(ctx, NULL, say(ctx, "This page was open for too long. Look your request up once more; what you wrote is kept here."));
        return;
    }
    text = text && !text_blank(text) ? text_tidy_lines(ctx->arena, text) : NULL;
    bool yes = solved && !strcmp(solved, "yes"), no = solved && !strcmp(solved, "no");
    if (!yes && !no)
        ctx_problem(ctx, "solved", say(ctx, "Please choose: is it solved or not?"));
    if (no && !text)
        ctx_problem(ctx, "text", say(ctx, "Please say in a sentence what is still wrong."));
    if (text && text_length(text) > ANSWER_MOST)
        ctx_problem(ctx, "text", say(ctx, "At most {} characters, please; it has {}.", ANSWER_MOST, (int64_t)text_length(text)));
    if (satisfaction != NONE && (satisfaction < 1 || satisfaction > 5))
        ctx_problem(ctx, "satisfaction", say(ctx, "Satisfaction is a number from 1 to 5."));
    if (!ctx_ok(ctx))
        return;
    enum status s;
    if (f.joiner) {
        s = joiner_answer(ctx, f.joiner, f.request, yes ? "yes" : "no", satisfaction, text);
    } else if (other(&f)) {
        s = answer_merged(ctx, &f, yes ? "yes" : "no", satisfaction, text);
    } else {
        struct step_input in = {.unit = NONE, .until = NONE, .into = NONE, .text = text, .solved = "yes", .satisfaction = satisfaction};
        s = request_take(ctx, request_step(yes ? "confirm" : "dispute"), f.request, &in);
    }
    if (s != OK)
        return;
    flash(ctx, yes ? say(ctx, "Thank you for telling us.") : say(ctx, "We have your answer and go on with it."));
    see_other(ctx, "/follow");
}
