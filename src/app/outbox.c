/*
 * The office's outbox: whom somebody has to ring or text, with the words
 * ready, and what became of what went by itself. "Told" is one tap, for one or
 * for many. Who sees it: the office everything, a worker the own area.
 */
#include "app/activities.h"
#include "app/deliver.h"
#include "app/joiners.h"
#include "app/module.h"
#include "app/notify.h"
#include "app/people.h"
#include "app/register_pages.h"
#include "app/volunteers.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 50
#define MANY 200 /* told at once */

static const struct view {
    const char *id, *label, *where;
} views[] = {
    {"hand", N_("To tell"), " AND n.channel = 'hand' AND n.status = 'waiting'"},
    {"told", N_("Told"), " AND n.channel = 'hand' AND n.status = 'told'"},
    {"waiting", N_("Waiting to be sent"), " AND n.channel <> 'hand' AND n.status IN ('waiting', 'sending')"},
    {"sent", N_("Sent"), " AND n.status = 'sent'"},
    {"failed", N_("Not delivered"), " AND n.status = 'failed'"},
    {NULL, NULL, NULL},
};

static const struct view *view_asked(struct ctx *ctx)
{
    const char *id = query_param(ctx, "view");
    for (const struct view *v = views; v->id; v++)
        if (id && !strcmp(id, v->id))
            return v;
    return views;
}

static bool is_office(const struct ctx *ctx)
{
    return ctx->actor.roles & ROLE_OFFICE;
}

/* What may be seen: notices of requests and activities in scope; those to the office and the webhook are the office's. */
static void add_scope(struct ctx *ctx, struct sql *q)
{
    sql_add(q, " AND (n.request IN (SELECT id FROM requests WHERE 1 = 1");
    requests_kind.scope(ctx, q);
    sql_add(q, ") OR n.activity IN (SELECT id FROM activities WHERE 1 = 1");
    activities_kind.scope(ctx, q);
    sql_add(q, ") OR n.volunteer IN (SELECT id FROM volunteers WHERE 1 = 1");
    volunteers_kind.scope(ctx, q);
    sql_add(q, "))");
    if (!is_office(ctx))
        sql_add(q, " AND n.recipient NOT IN ('office', 'hook')");
}

static void add_filter(struct ctx *ctx, struct sql *q)
{
    const char *to = query_param(ctx, "to");
    if (to && !strcmp(to, "residents"))
        sql_add(q, " AND (n.recipient = 'resident' OR n.recipient LIKE 'joiner:%' OR n.recipient LIKE 'signup:%')");
    else if (to && !strcmp(to, "staff"))
        sql_add(
            q,
            " AND n.recipient <> 'resident' AND n.recipient NOT LIKE 'joiner:%' AND n.recipient NOT LIKE 'signup:%' AND n.recipient <> 'hook'");
}

static int64_t count(struct ctx *ctx, const struct view *v)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n FROM notices n WHERE 1 = 1");
    sql_write(&q, v->where, NULL, 0);
    add_filter(ctx, &q);
    add_scope(ctx, &q);
    struct rows *r = sql_query(ctx->db, &q);
    int64_t n = rows_next(r) ? row_int(r, "n") : 0;
    rows_end(r);
    return n;
}

/* ---- one line ---- */

struct line {
    int64_t id, request, activity, volunteer, created, attempts, next_at, done_at;
    const char *number, *recipient, *channel, *status, *text, *error, *who, *phone, *by;
};

static int64_t id_in(const char *recipient)
{
    const char *id = strchr(recipient, ':');
    return id ? strtoll(id + 1, NULL, 10) : NONE;
}

/* Who signed up for an activity: the telephone given, or that of the volunteer. */
static void look_up_sign_up(struct ctx *ctx, struct line *l)
{
    const struct sign_up *s = record_get(ctx, &sign_ups_kind, id_in(l->recipient));
    const struct volunteer *v = s && !s->phone && s->volunteer != NONE ? record_get(ctx, &volunteers_kind, s->volunteer) : NULL;
    const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
    l->who = s ? mask_name(ctx->arena, s->name) : say(ctx, "Somebody who signed up");
    l->phone = mask_phone(ctx->arena, s && s->phone ? s->phone : p ? p->phone : NULL);
}

static const char *page_of(struct ctx *ctx, const struct line *l)
{
    if (l->volunteer != NONE)
        return arena_print(ctx->arena, "/volunteers/%lld", (long long)l->volunteer);
    return l->activity == NONE ? arena_print(ctx->arena, "/requests/%lld", (long long)l->request)
                               : arena_print(ctx->arena, "/activities/%lld/manage#sign-ups", (long long)l->activity);
}

static void look_up(struct ctx *ctx, struct line *l)
{
    struct rows *r = NULL;
    l->who = say(ctx, "Somebody who has gone");
    if (!strcmp(l->recipient, "office") || !strcmp(l->recipient, "hook")) {
        l->who = !strcmp(l->recipient, "office") ? say(ctx, "The office") : say(ctx, "Another system");
        return;
    }
    if (!strcmp(l->recipient, "resident")) {
        const struct request *q = record_get(ctx, &requests_kind, l->request);
        l->who = q && q->requester_name ? mask_name(ctx->arena, q->requester_name) : say(ctx, "The resident");
        l->phone = q ? mask_phone(ctx->arena, q->requester_phone) : NULL;
        return;
    }
    if (!strncmp(l->recipient, "joiner:", 7)) {
        const struct joiner *j = joiner_get(ctx, id_in(l->recipient));
        l->who = j && j->name ? mask_name(ctx->arena, j->name) : say(ctx, "Somebody with the same matter");
        l->phone = j ? mask_phone(ctx->arena, j->phone) : NULL;
        return;
    }
    if (!strncmp(l->recipient, "volunteer:", 10)) {
        const struct volunteer *v = record_get(ctx, &volunteers_kind, id_in(l->recipient));
        const struct person *p = v ? record_get(ctx, &people_kind, v->person) : NULL;
        l->who = p ? say(ctx, "Volunteer {}", p->name) : l->who;
        l->phone = p ? p->phone : NULL;
        return;
    }
    if (!strncmp(l->recipient, "signup:", 7)) {
        look_up_sign_up(ctx, l);
        return;
    }
    if (!strncmp(l->recipient, "unit:", 5))
        r = query(ctx->db, "SELECT name, name_en, phone FROM units WHERE id = {}", id_in(l->recipient));
    else
        r = query(ctx->db, "SELECT name, name_en, NULL AS phone FROM users WHERE id = {}", id_in(l->recipient));
    if (rows_next(r)) {
        l->who = arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
        l->phone = row_copy(r, ctx->arena, "phone");
    }
    rows_end(r);
}

static void draw_state(struct ctx *ctx, const struct line *l)
{
    struct buf *out = ctx->web->out;
    if (!strcmp(l->status, "failed"))
        html(out, "<span class=\"state late\">{} {}</span>", icon(ctx, "alert-triangle"), say(ctx, "Not delivered"));
    else if (!strcmp(l->status, "told") && l->error)
        html(out, "<span class=\"state done\">{}</span> <time class=\"soft small\">{}</time>", say(ctx, "Settled otherwise"),
             when_show(ctx->arena, ctx->lang, l->done_at));
    else if (!strcmp(l->status, "sent") || !strcmp(l->status, "told"))
        html(out, "<span class=\"state ok\">{} {}</span> <time class=\"soft small\">{}</time>", icon(ctx, "check"),
             !strcmp(l->status, "sent") ? say(ctx, "Sent") : say(ctx, "Told"), when_show(ctx->arena, ctx->lang, l->done_at));
    else if (l->attempts > 0 && l->error)
        html(out, "<span class=\"state warn\">{}</span> <span class=\"soft small\">{}</span>", say(ctx, "Tried {} times", l->attempts),
             say(ctx, "again at {}", when_show(ctx->arena, ctx->lang, l->next_at)));
    else
        html(out, "<time class=\"soft small\">{}</time>", when_show(ctx->arena, ctx->lang, l->created));
    if (l->error && strcmp(l->status, "sent") && strcmp(l->status, "told"))
        html(out, "<br><span class=\"soft small\">{}</span>", l->error);
}

static void draw_line(struct ctx *ctx, const struct line *l, bool pick)
{
    struct buf *out = ctx->web->out;
    bool hook = !strcmp(l->channel, "hook"), reach = !strcmp(l->channel, "hand") && !strcmp(l->status, "waiting");
    html(out, "<li><div class=\"to\">");
    if (pick)
        html(out, "<label class=\"check\"><input type=\"checkbox\" name=\"id\" value=\"{}\"> <b>{}</b></label>", l->id, l->who);
    else
        html(out, "<b>{}</b>", l->who);
    if (l->phone && (!strcmp(l->recipient, "resident") || !strncmp(l->recipient, "joiner:", 7) ||
                     l->activity != NONE)) /* masked here, shown there with a reason */
        html(out, "<a href=\"{}\">{} {}</a>", page_of(ctx, l), icon(ctx, "phone-call"), l->phone);
    else if (l->phone)
        html(out, "<a href=\"tel:{}\">{} {}</a>", l->phone, icon(ctx, "phone-call"), l->phone);
    html(out, "<a class=\"nobr\" href=\"{}\">{}</a><span>", page_of(ctx, l), l->number);
    draw_state(ctx, l);
    html(out, "</span></div>");
    if (hook)
        html(out, "<p class=\"small soft\">{}</p>", say(ctx, "By webhook"));
    else
        html(out, "<p class=\"words\">{}</p>", l->text);
    if (reach)
        html(out, "<p class=\"acts\"><button name=\"one\" value=\"{}\">{} {}</button></p>", l->id, icon(ctx, "check"), say(ctx, "Told"));
    html(out, "</li>");
}

static void draw_filters(struct ctx *ctx, const struct view *now)
{
    struct buf *out = ctx->web->out;
    const char *to = query_param(ctx, "to");
    const struct {
        const char *value, *label;
    } people[] = {{"", say(ctx, "Everybody")}, {"residents", say(ctx, "Residents")}, {"staff", say(ctx, "Units and staff")}};
    html(out, "<nav class=\"filters\" aria-label=\"{}\">", say(ctx, "Which notices"));
    for (const struct view *v = views; v->id; v++)
        html(out, "<a href=\"/outbox?view={}{}{}\"{}>{} <b class=\"count{}\">{}</b></a>", v->id, to && *to ? "&to=" : "", to,
             (struct markup){v == now ? " aria-current=\"true\"" : ""}, tr(ctx, v->label),
             (struct markup){!strcmp(v->id, "failed") ? " late" : ""}, count(ctx, v));
    html(out, "</nav><nav class=\"filters\" aria-label=\"{}\">", say(ctx, "To whom"));
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        html(out, "<a href=\"/outbox?view={}&to={}\"{}>{}</a>", now->id, people[i].value,
             (struct markup){!strcmp(to ? to : "", people[i].value) ? " aria-current=\"true\"" : ""}, people[i].label);
    html(out, "</nav>");
}

static struct line *load(struct ctx *ctx, const struct view *v, int64_t page, int *n)
{
    struct line *lines = ARENA_ARRAY(ctx->arena, struct line, PAGE);
    struct sql q;
    bool work = !strcmp(v->id, "hand") || !strcmp(v->id, "waiting");
    sql_init(&q, ctx->arena);
    sql_add(
        &q,
        "SELECT n.id, n.request, n.activity, n.volunteer, n.created, n.attempts, n.next_at, n.done_at, n.recipient, n.channel, n.status, n.text, n.error,"
        " coalesce(r.number, a.title, v.number) AS number FROM notices n LEFT JOIN requests r ON r.id = n.request LEFT JOIN activities a ON a.id = n.activity"
        " LEFT JOIN volunteers v ON v.id = n.volunteer WHERE 1 = 1");
    sql_write(&q, v->where, NULL, 0);
    add_filter(ctx, &q);
    add_scope(ctx, &q);
    sql_write(&q, work ? " ORDER BY n.id" : " ORDER BY n.id DESC", NULL, 0);
    sql_add(&q, " LIMIT {} OFFSET {}", PAGE, (page - 1) * PAGE);
    struct rows *r = sql_query(ctx->db, &q);
    for (*n = 0; *n < PAGE && rows_next(r); (*n)++)
        lines[*n] = (struct line){.id = row_int(r, "id"),
                                  .request = row_int(r, "request"),
                                  .activity = row_int(r, "activity"),
                                  .volunteer = row_int(r, "volunteer"),
                                  .created = row_int(r, "created"),
                                  .attempts = row_int(r, "attempts"),
                                  .next_at = row_int(r, "next_at"),
                                  .done_at = row_int(r, "done_at"),
                                  .number = row_copy(r, ctx->arena, "number"),
                                  .recipient = row_copy(r, ctx->arena, "recipient"),
                                  .channel = row_copy(r, ctx->arena, "channel"),
                                  .status = row_copy(r, ctx->arena, "status"),
                                  .text = row_copy(r, ctx->arena, "text"),
                                  .error = row_copy(r, ctx->arena, "error")};
    rows_end(r);
    for (int i = 0; i < *n; i++)
        look_up(ctx, &lines[i]);
    return lines;
}

static const char *empty_words(struct ctx *ctx, const struct view *v)
{
    if (!strcmp(v->id, "hand"))
        return say(ctx, "Nobody is waiting to be told. When a step concerns somebody without a mail address, the words to say stand here.");
    if (!strcmp(v->id, "failed"))
        return say(ctx, "Everything that was sent has arrived.");
    return say(ctx, "Nothing here.");
}

static void draw_list(struct ctx *ctx, const struct view *v, const struct line *lines, int n)
{
    struct buf *out = ctx->web->out;
    bool told = !strcmp(v->id, "hand"), again = !strcmp(v->id, "failed") && is_office(ctx);
    const char *action = told ? "/outbox/told" : "/outbox/again";
    if (told || again)
        form_begin(ctx, action, NULL, false);
    html(out, "<ul class=\"notices\">");
    for (int i = 0; i < n; i++)
        draw_line(ctx, &lines[i], told || again);
    html(out, "</ul>");
    if (told || again) {
        html(out, "<p class=\"acts\"><button>{}</button></p>",
             told ? say(ctx, "Those ticked are told") : say(ctx, "Try those ticked again"));
        form_end(ctx);
    }
}

static void outbox(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct view *v = view_asked(ctx);
    int64_t total = count(ctx, v), page = pager_page(ctx);
    int n;
    const struct line *lines = load(ctx, v, page, &n);
    page_begin(ctx, say(ctx, "Outbox"), PAGE_STAFF);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Outbox"),
         say(ctx, "Who is to be rung or texted, with the words ready; and what was sent by itself."));
    form_problems(ctx);
    draw_filters(ctx, v);
    if (n == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "inbox"), empty_words(ctx, v));
    else
        draw_list(ctx, v, lines, n);
    pager(ctx, page, PAGE, total, say_n(ctx, total, "1 notice", "{} notices", total));
    page_end(ctx);
}

/* ---- told, again ---- */

/* Changes one notice in the actor's scope; whether it was there and in that state. */
static bool move(struct ctx *ctx, int64_t id, bool told)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT n.request, n.activity, n.volunteer FROM notices n WHERE n.id = {}", id);
    sql_write(&q, told ? views[0].where : " AND n.status = 'failed'", NULL, 0);
    add_scope(ctx, &q);
    struct rows *r = sql_query(ctx->db, &q);
    bool there = rows_next(r);
    int64_t request = there ? row_int(r, "request") : NONE, activity = there ? row_int(r, "activity") : NONE,
            volunteer = there ? row_int(r, "volunteer") : NONE;
    const struct kind *of = volunteer != NONE ? &volunteers_kind : activity != NONE ? &activities_kind : &requests_kind;
    rows_end(r);
    if (!there)
        return false;
    if (told)
        change(ctx->db, "UPDATE notices SET status = 'told', done_at = {}, done_by = {} WHERE id = {}", ctx->now,
               (struct maybe){ctx->actor.user}, id);
    else
        change(ctx->db, "UPDATE notices SET status = 'waiting', attempts = 0, next_at = {} WHERE id = {}", ctx->now, id);
    journal_note(ctx, of->name,
                 volunteer != NONE  ? volunteer
                 : activity != NONE ? activity
                                    : request,
                 told ? "told" : "send-again", "{\"notice\":{}}", id);
    return true;
}

static void move_many(struct ctx *ctx, bool told)
{
    int64_t ids[MANY];
    int n = 0, done = 0;
    if (param_int(ctx, "one") != NONE)
        ids[n++] = param_int(ctx, "one");
    else
        n = param_ints(ctx, "id", ids, MANY);
    if (n == 0) {
        ctx_problem(ctx, NULL, say(ctx, "Tick at least one."));
        return;
    }
    for (int i = 0; i < n; i++)
        done += move(ctx, ids[i], told);
    flash(ctx,
          told ? say_n(ctx, done, "1 is told.", "{} are told.", done) : say_n(ctx, done, "1 is sent again.", "{} are sent again.", done));
    see_other(ctx, "/outbox?view={}", told ? "hand" : "waiting");
}

static void told(struct ctx *ctx)
{
    move_many(ctx, true);
}

static void again(struct ctx *ctx)
{
    move_many(ctx, false);
}

/* ---- the channels' settings ---- */

static const struct setting_field {
    const char *name, *field, *label, *hint; /* N_() */
    bool secret;
} setting_fields[] = {
    {"office.mail", "office_mail", N_("Mail of the office"), N_("Hears of third returns and of requests that nobody has."), false},
    {"smtp.host", "smtp_host", N_("Mail server"), N_("Empty: nothing is sent by mail; the outbox lists whom to ring."), false},
    {"smtp.port", "smtp_port", N_("Port"), N_("Empty: 587, or 465 with TLS from the start."), false},
    {"smtp.from", "smtp_from", N_("From address"), NULL, false},
    {"smtp.user", "smtp_user", N_("User at the mail server"), NULL, false},
    {"smtp.password", "smtp_password", N_("Password at the mail server"), N_("Empty: stays as it is."), true},
    {"hook.url", "hook_url", N_("Webhook address"),
     N_("https://…: another system that hears of every step, without personal data. Empty: none."), false},
    {"hook.secret", "hook_secret", N_("Secret of the webhook"), N_("Signs each message (HMAC-SHA256). Empty: stays as it is."), true},
};
#define SETTING_COUNT (sizeof setting_fields / sizeof *setting_fields)

static const struct choice securities[] = {{"starttls", N_("TLS after the greeting (STARTTLS)")},
                                           {"tls", N_("TLS from the start")},
                                           {"none", N_("None: only inside the office's own network")},
                                           {NULL, NULL}};

static void draw_setting(struct ctx *ctx, const struct setting_field *f)
{
    struct buf *out = ctx->web->out;
    const char *was = param(ctx, f->field), *problem = ctx_problem_of(ctx, f->field);
    bool set = *setting(ctx, f->name);
    html(out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", f->field, tr(ctx, f->label));
    if (f->hint)
        html(out, "<p class=\"hint\">{}{}</p>", tr(ctx, f->hint), f->secret && set ? say(ctx, " One is set.") : "");
    if (f->secret)
        html(out, "<input type=\"password\" autocomplete=\"new-password\" id=\"f-{}\" name=\"{}\" maxlength=\"200\">", f->field, f->field);
    else
        html(out, "<input id=\"f-{}\" name=\"{}\" maxlength=\"500\" value=\"{}\">", f->field, f->field, was ? was : setting(ctx, f->name));
    if (problem)
        html(out, "<p class=\"problem\">{} {}</p>", icon(ctx, "alert-circle"), problem);
    html(out, "</div>");
}

static void settings(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *security = param(ctx, "smtp_security") ? param(ctx, "smtp_security") : setting(ctx, "smtp.security");
    page_begin(ctx, say(ctx, "Mail and webhook"), PAGE_STAFF);
    trail(ctx, "/settings", say(ctx, "Settings"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>", say(ctx, "Mail and webhook"),
         say(ctx, "How notices leave. Whoever has no mail address is listed in the outbox, to be rung or texted."));
    form_problems(ctx);
    form_begin(ctx, "/outbox/settings", NULL, false);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        draw_setting(ctx, &setting_fields[i]);
        if (!strcmp(setting_fields[i].field, "smtp_port")) {
            html(out,
                 "<div class=\"field\"><label for=\"f-smtp_security\">{}</label><select id=\"f-smtp_security\" name=\"smtp_security\">",
                 say(ctx, "Encryption"));
            for (const struct choice *c = securities; c->code; c++)
                html(out, "<option value=\"{}\"{}>{}</option>", c->code, (struct markup){!strcmp(security, c->code) ? " selected" : ""},
                     tr(ctx, c->label));
            html(out, "</select></div>");
        }
    }
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Save"));
    form_end(ctx);
    html(out, "<section><h2>{}</h2><p>{}</p>", say(ctx, "Send a test"), say(ctx, "With the settings as they are saved."));
    form_begin(ctx, "/outbox/test", NULL, false);
    html(
        out,
        "<div class=\"field\"><label for=\"f-to\">{}</label><input id=\"f-to\" name=\"to\" type=\"email\" maxlength=\"120\" value=\"{}\"></div>"
        "<div class=\"acts\"><button name=\"what\" value=\"mail\">{}</button><button name=\"what\" value=\"hook\">{}</button></div>",
        say(ctx, "Mail address"), param(ctx, "to"), say(ctx, "Send a test mail"), say(ctx, "Call the webhook"));
    form_end(ctx);
    html(out, "</section>");
    page_end(ctx);
}

static bool host_valid(const char *host)
{
    for (const char *c = host; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr(".-:[]", *c)))
            return false;
    return strlen(host) <= 200;
}

static const char *typed(struct ctx *ctx, const char *field)
{
    const char *value = text_tidy(ctx->arena, param(ctx, field));
    return value ? value : "";
}

static void settings_check(struct ctx *ctx)
{
    const char *port = typed(ctx, "smtp_port"), *host = typed(ctx, "smtp_host"), *url = typed(ctx, "hook_url");
    if (!host_valid(host))
        ctx_problem(ctx, "smtp_host", say(ctx, "The name of a server, like mail.example.cn."));
    if (*port &&
        (strspn(port, "0123456789") != strlen(port) || strlen(port) > 5 || strtol(port, NULL, 10) < 1 || strtol(port, NULL, 10) > 65535))
        ctx_problem(ctx, "smtp_port", say(ctx, "A number from 1 to 65535."));
    if ((*host || *typed(ctx, "smtp_from")) && !mail_valid(typed(ctx, "smtp_from")))
        ctx_problem(ctx, "smtp_from", say(ctx, "A mail address, like office@example.cn."));
    if (*typed(ctx, "office_mail") && !mail_valid(typed(ctx, "office_mail")))
        ctx_problem(ctx, "office_mail", say(ctx, "A mail address, like office@example.cn."));
    if (*url && !deliver_url_valid(url))
        ctx_problem(ctx, "hook_url", say(ctx, "An address that begins with https:// or http://."));
    if (*url && !*typed(ctx, "hook_secret") && !*setting(ctx, "hook.secret"))
        ctx_problem(ctx, "hook_secret", say(ctx, "A webhook needs a secret, so that its receiver can tell that it is from here."));
    if (*typed(ctx, "hook_secret") && strlen(typed(ctx, "hook_secret")) < 16)
        ctx_problem(ctx, "hook_secret", say(ctx, "At least 16 characters."));
    const char *security = typed(ctx, "smtp_security");
    if (strcmp(security, "none") && strcmp(security, "tls") && strcmp(security, "starttls"))
        ctx_problem(ctx, "smtp_security", say(ctx, "Choose one of the list."));
}

static void settings_save(struct ctx *ctx)
{
    struct buf names;
    buf_init(&names, 0);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting_field *f = &setting_fields[i];
        const char *value = typed(ctx, f->field);
        if (f->secret && !*value)
            continue;
        if (f->secret)
            value = seal_text(ctx->keys, ctx->arena, f->name, value);
        if (strcmp(value, setting(ctx, f->name)) != 0)
            plain(&names, "{}{}", names.size ? " " : "", f->name);
        setting_put(ctx, f->name, value);
    }
    setting_put(ctx, "smtp.security", typed(ctx, "smtp_security"));
    journal_note(ctx, "settings", 0, "edit", "{\"changed\":{}}",
                 (const char *)names.data); /* which, never what: secrets and addresses stay out */
    buf_release(&names);
    flash(ctx, say(ctx, "Saved."));
    see_other(ctx, "/outbox/settings");
}

static void test_send(struct ctx *ctx)
{
    struct deliver_settings s = deliver_settings_load(ctx);
    const char *what = param(ctx, "what"), *why = NULL;
    bool refused, good;
    if (what && !strcmp(what, "hook")) {
        if (!*s.url) {
            ctx_problem(ctx, "hook_url", say(ctx, "No webhook is set."));
            return;
        }
        good = deliver_hook(ctx, &s, arena_print(ctx->arena, "test:%lld", (long long)ctx->now), "{\"event\":\"test\",\"action\":\"test\"}",
                            &why);
    } else {
        if (!*s.host) {
            ctx_problem(ctx, "smtp_host", say(ctx, "No mail server is set."));
            return;
        }
        good = deliver_mail(ctx, &s, typed(ctx, "to"), say(ctx, "A test"), say(ctx, "This is a test. Mail from Linli arrives here."),
                            arena_print(ctx->arena, "test-%lld@linli", (long long)ctx->now), &refused, &why);
    }
    if (!good)
        ctx_problem(ctx, what && !strcmp(what, "hook") ? "hook_url" : "to", why);
}

static void test_done(struct ctx *ctx)
{
    flash(ctx, say(ctx, "The test has gone out."));
    see_other(ctx, "/outbox/settings");
}

#define READS_OUTBOX (ROLE_OFFICE | ROLE_WORKER | ROLE_TEAM_LEADER)
static const struct route table[] = {
    ROUTE_GET("/outbox", READS_OUTBOX, outbox),
    ROUTE_POST("/outbox/told", READS_OUTBOX, told, .failed = outbox),
    ROUTE_POST("/outbox/again", ROLE_OFFICE, again, .failed = outbox),
    ROUTE_GET("/outbox/settings", ROLE_ADMIN, settings),
    ROUTE_POST("/outbox/settings", ROLE_ADMIN, settings_save, .prepare = settings_check, .failed = settings),
    ROUTE_POST("/outbox/test", ROLE_ADMIN, test_done, .prepare = test_send, .failed = settings, .flags = SLOW),
};

static const struct place places[] = {
    {"/outbox", N_("Outbox"), "g n", READS_OUTBOX, true, N_("What was sent to residents and handlers, and what is waiting"), "mail"},
    {"/outbox/settings", N_("Mail and webhook"), NULL, ROLE_ADMIN, true, N_("How messages leave the house"), "send"},
    {.href = NULL},
};

static const char *sending_now(struct ctx *ctx)
{
    const char *host = setting(ctx, "smtp.host"), *hook = setting(ctx, "hook.url");
    return arena_print(ctx->arena, "%s · %s",
                       *host ? arena_print(ctx->arena, "%s (%s)", host, setting(ctx, "smtp.from")) : say(ctx, "no mail server"),
                       *hook ? hook : say(ctx, "no webhook"));
}

static const struct setting_page setting_pages[] = {
    {"/outbox/settings", N_("Mail and webhook"),
     N_("The mail server that notices leave by, the office’s own address, and another system that hears of every step."), "send",
     ROLE_ADMIN, sending_now},
    {.href = NULL},
};

const struct module outbox_module = {.setting_pages = setting_pages, .name = "outbox", .routes = ROUTES(table), .places = places};
