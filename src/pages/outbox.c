/*
 * The notification list: people to call or text, with the words ready, and the
 * status of what was sent automatically. "Notified" is one tap, for one or
 * many. Subdistrict staff see everything, community staff their own area.
 */
#include "core/deliver.h"
#include "core/module.h"
#include "pages/kind_views.h"
#include "pages/register_pages.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define PAGE     50
#define MANY     200 /* notified at once */
#define REVEALED 900 /* seconds for which a number stays revealed to who asked for it */

static const struct kind_view views[] = {
    {"hand", N_("To notify"),
     N_("Nobody to notify. When a step affects someone without an email address, what to tell "
        "them appears here."),
     .where = " AND n.channel = 'hand' AND n.status = 'waiting'", .sort = "n.id"},
    {"told", N_("Notified"), N_("Nothing here."), .where = " AND n.status = 'told'", .sort = "n.id",
     .newest = true},
    {"waiting", N_("Waiting to be sent"), N_("Nothing here."),
     .where = " AND n.channel <> 'hand' AND n.status IN ('waiting', 'sending')", .sort = "n.id"},
    {"sent", N_("Sent"), N_("Nothing here."), .where = " AND n.status = 'sent'", .sort = "n.id",
     .newest = true},
    {"failed", N_("Not delivered"), N_("All notifications were delivered."),
     .where = " AND n.status = 'failed'", .sort = "n.id", .newest = true, .tone = "late"},
    {.id = NULL},
};

static bool is_office(const struct ctx *ctx)
{
    return ctx->actor.roles & ROLE_OFFICE;
}

/* Limits the list to notices about records in scope; those to the office and the webhook are
 * for the office only. */
static void add_scope(struct ctx *ctx, struct sql *q)
{
    sql_add(q, " AND (1 = 0");
    for (int m = 0; modules[m]; m++)
        for (const struct notice_subject *s = modules[m]->subjects; s && s->kind; s++) {
            sql_add(q, " OR (n.kind = {} AND n.record IN (SELECT id FROM {} WHERE 1 = 1",
                    s->kind->name, (struct sql_name){s->kind->table});
            if (s->kind->scope)
                s->kind->scope(ctx, q);
            sql_add(q, "))");
        }
    sql_add(q, ")");
    for (int m = 0; modules[m] && !is_office(ctx); m++)
        for (const struct recipient *r = modules[m]->recipients; r && r->prefix; r++)
            if (r->office)
                sql_add(q, " AND n.recipient <> {}", r->prefix);
}

static bool is_open(const struct recipient *r)
{
    return r->prefix[strlen(r->prefix) - 1] == ':'; /* an id follows */
}

static void add_filter(struct ctx *ctx, struct sql *q)
{
    const char *to = query_param(ctx, "to");
    bool residents = to && !strcmp(to, "residents"), staff = to && !strcmp(to, "staff");
    if (!residents && !staff)
        return;
    sql_write(q, residents ? " AND (1 = 0" : " AND NOT (1 = 0", NULL, 0);
    for (int m = 0; modules[m]; m++)
        for (const struct recipient *r = modules[m]->recipients; r && r->prefix; r++)
            if (r->resident && is_open(r))
                sql_add(q, " OR n.recipient LIKE {}", arena_print(ctx->arena, "%s%%", r->prefix));
            else if (r->resident || (staff && r->system))
                sql_add(q, " OR n.recipient = {}", r->prefix);
    sql_add(q, ")");
}

static int64_t count(struct ctx *ctx, const struct kind_view *v, const void *about)
{
    (void)about;
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n FROM notices n WHERE 1 = 1");
    kind_view_where(ctx, v, &q);
    add_filter(ctx, &q);
    add_scope(ctx, &q);
    struct rows *r = sql_query(ctx->db, &q);
    int64_t n = rows_next(r) ? row_int(r, "n") : 0;
    rows_end(r);
    return n;
}

/* ---- one line ---- */

struct line {
    int64_t id, record, created, attempts, next_at, done_at;
    const char *kind, *number, *recipient, *channel, *status, *text, *error, *page;
    struct reached to;
};

/* Looks up the recipient, and the title and URL of the record. */
static void look_up(struct ctx *ctx, struct line *l)
{
    l->to = recipient_find(ctx, l->recipient, l->record);
    const struct notice_subject *s = notice_subject_of(l->kind);
    if (!s)
        return;
    struct rows *r = query(ctx->db, "SELECT {} AS name FROM {} WHERE id = {}",
                           (struct sql_name){s->name}, (struct sql_name){s->kind->table},
                           l->record);
    l->number = rows_next(r) ? row_copy(r, ctx->arena, "name") : NULL;
    rows_end(r);
    const char *place = strstr(s->href, "{id}");
    l->page = arena_print(ctx->arena, "%.*s%lld%s", (int)(place - s->href), s->href,
                          (long long)l->record, place + strlen("{id}"));
}

static void draw_state(struct ctx *ctx, const struct line *l)
{
    struct buf *out = ctx->web->out;
    if (!strcmp(l->status, "failed"))
        html(out, "<span class=\"state late\">{} {}</span>", icon(ctx, "alert-triangle"),
             say(ctx, "Not delivered"));
    else if (!strcmp(l->status, "told") && l->error)
        html(out, "<span class=\"state done\">{}</span> <time class=\"soft small\">{}</time>",
             say(ctx, "No longer needs notifying"), when_show(ctx->arena, ctx->lang, l->done_at));
    else if (!strcmp(l->status, "sent") || !strcmp(l->status, "told"))
        html(out, "<span class=\"state ok\">{} {}</span> <time class=\"soft small\">{}</time>",
             icon(ctx, "check"),
             !strcmp(l->status, "sent") ? say(ctx, "Sent") : say(ctx, "Notified"),
             when_show(ctx->arena, ctx->lang, l->done_at));
    else if (l->attempts > 0 && l->error)
        html(out, "<span class=\"state warn\">{}</span> <span class=\"soft small\">{}</span>",
             say(ctx, "{} attempts", l->attempts),
             say(ctx, "next attempt at {}", when_show(ctx->arena, ctx->lang, l->next_at)));
    else
        html(out, "<time class=\"soft small\">{}</time>",
             when_show(ctx->arena, ctx->lang, l->created));
    if (l->error && strcmp(l->status, "sent") && strcmp(l->status, "told"))
        html(out, "<br><span class=\"soft small\">{}</span>", l->error);
}

/* A failed notice can be replaced by a call, unless it was for a program. */
static bool tellable(const struct line *l)
{
    bool hook = !strcmp(l->channel, "hook");
    return (!strcmp(l->channel, "hand") && !strcmp(l->status, "waiting")) ||
           (!hook && !strcmp(l->status, "failed"));
}

/* The notices of a call list: ?list=12.15.18. Returns how many. */
static int ids_listed(struct ctx *ctx, int64_t ids[PAGE])
{
    const char *s = query_param(ctx, "list");
    int n = 0;
    while (s && *s && n < PAGE) {
        char *end;
        ids[n++] = strtoll(s, &end, 10);
        s = *end == '.' ? end + 1 : "";
    }
    return n;
}

static bool asked_for(struct ctx *ctx, int64_t id)
{
    int64_t ids[PAGE];
    bool asked = query_param(ctx, "shown") && param_int(ctx, "shown") == id;
    for (int n = ids_listed(ctx, ids); n > 0 && !asked; n--)
        asked = ids[n - 1] == id;
    return asked;
}

/* The call itself is the reason, and the entry in the journal names its notice. Only the rows that
 * were asked for last (?shown=, ?list=) are looked up. */
static bool revealed(struct ctx *ctx, const struct line *l)
{
    return l->to.whole && ctx->actor.user != NONE && asked_for(ctx, l->id) &&
           query_int(ctx->db,
                     "SELECT count(*) AS n FROM journal WHERE kind = {} AND record = {} AND action "
                     "= 'reveal' AND actor = {} AND after = {} AND at_ms > {}",
                     l->kind, l->record, ctx->actor.user,
                     arena_print(ctx->arena, "{\"notice\":%lld}", (long long)l->id),
                     (ctx->now - REVEALED) * 1000) > 0;
}

/* An address of this list: the same people, page and call list. */
static const char *address(struct ctx *ctx, const char *path, const char *view)
{
    static const char *const kept[] = {"to", "page", "list"};
    struct buf b;
    buf_init(&b, 0);
    plain(&b, "{}?view={}", path, view);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = query_param(ctx, kept[i]);
        if (value && *value)
            plain(&b, "&{}={}", kept[i], (struct url_part){value});
    }
    const char *made = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return made;
}

/* The view whose notices were changed: those to be told, or those that failed. */
static const char *view_sent(struct ctx *ctx)
{
    const char *view = query_param(ctx, "view");
    return view && !strcmp(view, "failed") ? view : "hand";
}

static void draw_phone(struct ctx *ctx, const struct line *l, bool pick, bool open)
{
    struct buf *out = ctx->web->out;
    const char *phone = open ? l->to.whole : l->to.phone;
    if (!phone)
        return;
    if (phone == l->to.whole || !l->to.whole)
        html(out, "<a href=\"tel:{}\">{} {}</a>", phone, icon(ctx, "phone-call"), phone);
    else if (pick && tellable(l))
        html(out,
             "<button class=\"quiet\" formaction=\"{}\" name=\"reveal\" value=\"{}\" "
             "title=\"{}\">{} {}</button>",
             address(ctx, "/outbox/reveal", view_sent(ctx)), l->id,
             say(ctx, "Show the number; this is logged"), icon(ctx, "eye"), phone);
    else
        html(out, "<span>{}</span>", phone);
}

static void draw_line(struct ctx *ctx, const struct line *l, bool pick)
{
    struct buf *out = ctx->web->out;
    bool hook = !strcmp(l->channel, "hook"), reach = tellable(l), open = revealed(ctx, l);
    const char *who = open && l->to.name ? l->to.name : l->to.who;
    html(out, "<li id=\"n{}\"><div class=\"to\">", l->id);
    if (pick)
        html(out,
             "<label class=\"check\"><input type=\"checkbox\" name=\"id\" value=\"{}\"> "
             "<b>{}</b></label>",
             l->id, who);
    else
        html(out, "<b>{}</b>", who);
    draw_phone(ctx, l, pick, open);
    html(out, "<a class=\"nobr\" href=\"{}\">{}</a><span>", l->page, l->number);
    draw_state(ctx, l);
    html(out, "</span></div>");
    if (hook)
        html(out, "<p class=\"small soft\">{}</p>", say(ctx, "Webhook"));
    else
        html(out, "<p class=\"words\">{}</p>", l->text);
    if (reach)
        html(out,
             "<p class=\"acts\"><button type=\"button\" class=\"quiet\" data-copy=\"{}\" hidden>{} "
             "{}</button><button name=\"one\" value=\"{}\">{} {}</button></p>",
             l->text, icon(ctx, "copy"), say(ctx, "Copy"), l->id, icon(ctx, "check"),
             say(ctx, "Notified"));
    html(out, "</li>");
}

static void draw_filters(struct ctx *ctx, const struct kind_view *now)
{
    struct buf *out = ctx->web->out;
    const char *to = query_param(ctx, "to");
    const struct {
        const char *value, *label;
    } people[] = {{"", say(ctx, "Everyone")},
                  {"residents", say(ctx, "Residents")},
                  {"staff", say(ctx, "Units and staff")}};
    kind_views_draw(ctx, views, now,
                    &(struct kind_tabs){say(ctx, "Filter notifications"), .count = count});
    html(out, "<nav class=\"filters\" aria-label=\"{}\">", say(ctx, "Recipient"));
    for (size_t i = 0; i < sizeof people / sizeof *people; i++)
        html(
            out, "<a href=\"/outbox?view={}&to={}\"{}>{}</a>", now->id, people[i].value,
            (struct markup){!strcmp(to ? to : "", people[i].value) ? " aria-current=\"true\"" : ""},
            people[i].label);
    html(out, "</nav>");
}

static struct line *load(struct ctx *ctx, const struct kind_view *v, int64_t page, int *n)
{
    struct line *lines = ARENA_ARRAY(ctx->arena, struct line, PAGE);
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT n.id, n.kind, n.record, n.created, n.attempts, n.next_at, n.done_at, "
                "n.recipient, n.channel, n.status, n.text, n.error FROM notices n WHERE 1 = 1");
    kind_view_where(ctx, v, &q);
    add_filter(ctx, &q);
    add_scope(ctx, &q);
    int64_t ids[PAGE];
    int listed = ids_listed(ctx, ids);
    if (listed)
        sql_add(&q, " AND n.id IN (0");
    for (int i = 0; i < listed; i++)
        sql_add(&q, ", {}", ids[i]);
    if (listed)
        sql_add(&q, ")");
    sql_write(&q, v->newest ? " ORDER BY n.id DESC" : " ORDER BY n.id", NULL, 0);
    sql_add(&q, " LIMIT {} OFFSET {}", PAGE, (page - 1) * PAGE);
    struct rows *r = sql_query(ctx->db, &q);
    for (*n = 0; *n < PAGE && rows_next(r); (*n)++)
        lines[*n] = (struct line){.id = row_int(r, "id"),
                                  .record = row_int(r, "record"),
                                  .created = row_int(r, "created"),
                                  .attempts = row_int(r, "attempts"),
                                  .next_at = row_int(r, "next_at"),
                                  .done_at = row_int(r, "done_at"),
                                  .kind = row_copy(r, ctx->arena, "kind"),
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

static void draw_list(struct ctx *ctx, const struct kind_view *v, const struct line *lines, int n)
{
    struct buf *out = ctx->web->out;
    bool failed = !strcmp(v->id, "failed"), told = failed || !strcmp(v->id, "hand"),
         again = failed && is_office(ctx);
    if (told) {
        html(out, "<form class=\"bulk\" method=\"post\" action=\"{}\">",
             address(ctx, "/outbox/told", v->id));
        form_tokens(ctx);
        html(out,
             "<p class=\"screen\" hidden><label class=\"check\"><input type=\"checkbox\" data-all> "
             "{}</label></p>",
             say(ctx, "Select all"));
    }
    html(out, "<ul class=\"notices\">");
    for (int i = 0; i < n; i++)
        draw_line(ctx, &lines[i], told);
    html(out, "</ul>");
    if (!told)
        return;
    html(out, "<p class=\"acts\"><button>{}</button>", say(ctx, "Mark selected as notified"));
    if (!query_param(ctx, "list"))
        html(out, " <button class=\"quiet\" formaction=\"{}\" title=\"{}\">{} {}</button>",
             address(ctx, "/outbox/list", v->id), say(ctx, "Shows the numbers; this is logged"),
             icon(ctx, "phone-call"), say(ctx, "Call list of those selected"));
    if (again)
        html(out, " <button class=\"quiet\" formaction=\"{}\">{}</button>",
             address(ctx, "/outbox/again", v->id), say(ctx, "Resend selected"));
    buf_puts(out, "</p>");
    buf_puts(out, "</form>");
}

/* Those that were selected, with their numbers, for the telephone or for paper. */
static void call_list(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct kind_view *v = kind_view_asked(ctx, views);
    int n;
    const struct line *lines = load(ctx, v, 1, &n);
    page_begin(ctx, say(ctx, "Call list"), PAGE_STAFF);
    trail(ctx, "/outbox", say(ctx, "Calls to make"));
    html(out,
         "<header class=\"head\"><h1>{}</h1><div class=\"acts\"><button class=\"quiet\" data-print "
         "hidden>{} {}</button></div><p class=\"lead screen\">{}</p></header>",
         say(ctx, "Call list"), icon(ctx, "printer"), say(ctx, "Print"),
         say(ctx, "The numbers are shown for a quarter of an hour; this is logged."));
    if (n == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "inbox"),
             say(ctx, "Nobody is left on this list."));
    else
        draw_list(ctx, v, lines, n);
    page_end(ctx);
}

static void outbox(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const struct kind_view *v = kind_view_asked(ctx, views);
    int64_t ids[PAGE];
    if (ids_listed(ctx, ids) > 0) {
        call_list(ctx);
        return;
    }
    int64_t total = count(ctx, v, NULL), page = pager_page(ctx);
    int n;
    const struct line *lines = load(ctx, v, page, &n);
    if (n == 0 && page > 1) /* all of this page are done */
        lines = load(ctx, v, page = 1, &n);
    page_begin(ctx, say(ctx, "Calls to make"), PAGE_STAFF);
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Calls to make"),
         say(ctx, "Who to call or text, with the wording ready, and what was sent automatically."));
    form_problems(ctx);
    draw_filters(ctx, v);
    if (n == 0)
        html(out, "<div class=\"empty\">{}<p>{}</p></div>", icon(ctx, "inbox"), tr(ctx, v->empty));
    else
        draw_list(ctx, v, lines, n);
    pager(ctx, page, PAGE, total, say_n(ctx, total, "1 notification", "{} notifications", total));
    page_end(ctx);
}

/* ---- told, again ---- */

/* A failed email and the call that replaces it are one: both are marked. */
static void mark_told(struct ctx *ctx, int64_t id)
{
    change(ctx->db,
           "UPDATE notices SET status = 'told', done_at = {}, done_by = {}, error = NULL WHERE id "
           "= {} OR (channel <> 'hook' AND (status = 'failed' OR (channel = 'hand' AND status = "
           "'waiting')) AND event = (SELECT event FROM notices WHERE id = {}) AND recipient = "
           "(SELECT recipient FROM notices WHERE id = {}))",
           ctx->now, (struct maybe){ctx->actor.user}, id, id, id);
}

/* The call is no longer needed; if the email fails again, it comes back. */
static void send_again(struct ctx *ctx, int64_t id)
{
    change(ctx->db,
           "DELETE FROM notices WHERE channel = 'hand' AND status = 'waiting' AND event = (SELECT "
           "event FROM notices WHERE id = {}) AND recipient = (SELECT recipient FROM notices WHERE "
           "id = {})",
           id, id);
    change(ctx->db,
           "UPDATE notices SET status = 'waiting', attempts = 0, next_at = {} WHERE id = {}",
           ctx->now, id);
}

/* Finds a notice in the actor's scope that fits the condition. */
static bool notice_find(struct ctx *ctx, int64_t id, const char *condition, const char **kind,
                        int64_t *record)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT n.kind, n.record FROM notices n WHERE n.id = {}", id);
    sql_write(&q, condition, NULL, 0);
    add_scope(ctx, &q);
    struct rows *r = sql_query(ctx->db, &q);
    bool there = rows_next(r);
    if (there) {
        *record = row_int(r, "record");
        *kind = row_copy(r, ctx->arena, "kind");
    }
    rows_end(r);
    return there;
}

#define TELLABLE \
    " AND ((n.channel = 'hand' AND n.status = 'waiting') OR (n.channel <> 'hook' AND n.status = " \
    "'failed'))"

/* Changes one notice; returns whether it existed in that state. */
static bool move(struct ctx *ctx, int64_t id, bool told)
{
    const char *kind;
    int64_t record;
    if (!notice_find(ctx, id, told ? TELLABLE : " AND n.status = 'failed'", &kind, &record))
        return false;
    if (told)
        mark_told(ctx, id);
    else
        send_again(ctx, id);
    journal_note(ctx, kind, record, told ? "told" : "send-again", "{\"notice\":{}}", id);
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
    if (!ctx_ok(ctx))
        return;
    if (n == 0) {
        ctx_problem(ctx, NULL, say(ctx, "Select at least one."));
        return;
    }
    for (int i = 0; i < n; i++)
        done += move(ctx, ids[i], told);
    flash(ctx, told ? say_n(ctx, done, "1 marked as notified.", "{} marked as notified.", done)
                    : say_n(ctx, done, "1 being resent.", "{} being resent.", done));
    if (told)
        see_other_write(ctx, address(ctx, "/outbox", view_sent(ctx)), NULL, 0);
    else
        see_other(ctx, "/outbox?view=waiting");
}

/* Whom to call: the number, for who is about to call. */
static void reveal(struct ctx *ctx)
{
    const char *kind;
    int64_t id = param_int(ctx, "reveal"), record;
    if (id == NONE || !notice_find(ctx, id, TELLABLE, &kind, &record)) {
        ctx_fail(ctx, NOT_FOUND, NULL);
        return;
    }
    journal_note(ctx, kind, record, "reveal", "{\"notice\":{}}", id);
    see_other_write(ctx,
                    arena_print(ctx->arena, "%s&shown=%lld#n%lld",
                                address(ctx, "/outbox", view_sent(ctx)), (long long)id,
                                (long long)id),
                    NULL, 0);
}

static bool number_masked(struct ctx *ctx, int64_t id, int64_t record)
{
    struct rows *r = query(ctx->db, "SELECT recipient FROM notices WHERE id = {}", id);
    const char *recipient = rows_next(r) ? row_copy(r, ctx->arena, "recipient") : NULL;
    rows_end(r);
    return recipient && recipient_find(ctx, recipient, record).whole;
}

/* The numbers of those selected, for who is about to call them one after the other. */
static void list_make(struct ctx *ctx)
{
    int64_t ids[PAGE], record;
    int n = param_ints(ctx, "id", ids, PAGE);
    const char *kind, *list = "";
    for (int i = 0; i < n && ctx_ok(ctx); i++) {
        if (!notice_find(ctx, ids[i], TELLABLE, &kind, &record))
            continue;
        if (number_masked(ctx, ids[i], record))
            journal_note(ctx, kind, record, "reveal", "{\"notice\":{}}", ids[i]);
        list = text_add(ctx->arena, list, ".", arena_print(ctx->arena, "%lld", (long long)ids[i]));
    }
    if (!ctx_ok(ctx))
        return;
    if (!*list)
        ctx_problem(ctx, NULL, say(ctx, "Select at least one."));
    else
        see_other(ctx, "/outbox?view={}&list={}", view_sent(ctx), list);
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
    {"office.mail", "office_mail", N_("Office email address"),
     N_("Notified of third returns and of requests nobody is handling."), false},
    {"smtp.host", "smtp_host", N_("Mail server"),
     N_("Leave blank to send no email; people to call are then listed under Calls to make."),
     false},
    {"smtp.port", "smtp_port", N_("Port"), N_("Leave blank for 587, or 465 with implicit TLS."),
     false},
    {"smtp.from", "smtp_from", N_("Sender address"), NULL, false},
    {"smtp.user", "smtp_user", N_("Mail server username"), NULL, false},
    {"smtp.password", "smtp_password", N_("Mail server password"),
     N_("Leave blank to keep the current one."), true},
    {"hook.url", "hook_url", N_("Webhook address"),
     N_("https://… of another system to be told of every step, without personal data. Leave "
        "blank "
        "for none."),
     false},
    {"hook.secret", "hook_secret", N_("Webhook secret"),
     N_("Signs each message (HMAC-SHA256). Leave blank to keep the current one."), true},
};
#define SETTING_COUNT (sizeof setting_fields / sizeof *setting_fields)

static const struct choice securities[] = {{"starttls", N_("STARTTLS")},
                                           {"tls", N_("Implicit TLS")},
                                           {"none", N_("None (internal network only)")},
                                           {NULL, NULL}};

static void draw_setting(struct ctx *ctx, const struct setting_field *f)
{
    struct buf *out = ctx->web->out;
    const char *was = param(ctx, f->field), *problem = ctx_problem_of(ctx, f->field);
    bool set = *setting(ctx, f->name);
    html(out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", f->field, tr(ctx, f->label));
    if (f->hint)
        html(out, "<p class=\"hint\">{}{}</p>", tr(ctx, f->hint),
             f->secret && set ? say(ctx, " Already set.") : "");
    if (f->secret)
        html(out,
             "<input type=\"password\" autocomplete=\"new-password\" id=\"f-{}\" name=\"{}\" "
             "maxlength=\"200\">",
             f->field, f->field);
    else
        html(out, "<input id=\"f-{}\" name=\"{}\" maxlength=\"500\" value=\"{}\">", f->field,
             f->field, was ? was : setting(ctx, f->name));
    if (problem)
        html(out, "<p class=\"problem\">{} {}</p>", icon(ctx, "alert-circle"), problem);
    html(out, "</div>");
}

static void settings(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *security = param(ctx, "smtp_security") ? param(ctx, "smtp_security")
                                                       : setting(ctx, "smtp.security");
    page_begin(ctx, say(ctx, "Email and webhook"), PAGE_STAFF);
    trail(ctx, "/settings", say(ctx, "Settings"));
    html(out, "<header class=\"head\"><h1>{}</h1><p class=\"lead\">{}</p></header>",
         say(ctx, "Email and webhook"),
         say(ctx, "How notifications are sent. People without an email address are listed under "
                  "Calls to make, to be called or texted."));
    form_problems(ctx);
    form_begin(ctx, "/outbox/settings", NULL, false);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        draw_setting(ctx, &setting_fields[i]);
        if (!strcmp(setting_fields[i].field, "smtp_port")) {
            html(out,
                 "<div class=\"field\"><label for=\"f-smtp_security\">{}</label><select "
                 "id=\"f-smtp_security\" name=\"smtp_security\">",
                 say(ctx, "Encryption"));
            for (const struct choice *c = securities; c->code; c++)
                html(out, "<option value=\"{}\"{}>{}</option>", c->code,
                     (struct markup){!strcmp(security, c->code) ? " selected" : ""},
                     tr(ctx, c->label));
            html(out, "</select></div>");
        }
    }
    html(out, "<div class=\"acts\"><button class=\"primary\">{}</button></div>", say(ctx, "Save"));
    form_end(ctx);
    html(out, "<section><h2>{}</h2><p>{}</p>", say(ctx, "Send a test"),
         say(ctx, "Uses the saved settings."));
    form_begin(ctx, "/outbox/test", NULL, false);
    html(out,
         "<div class=\"field\"><label for=\"f-to\">{}</label><input id=\"f-to\" name=\"to\" "
         "type=\"email\" maxlength=\"120\" value=\"{}\"></div>"
         "<div class=\"acts\"><button name=\"what\" value=\"mail\">{}</button><button "
         "name=\"what\" value=\"hook\">{}</button></div>",
         say(ctx, "Email address"), param(ctx, "to"), say(ctx, "Send a test email"),
         say(ctx, "Test the webhook"));
    form_end(ctx);
    html(out, "</section>");
    page_end(ctx);
}

static bool host_valid(const char *host)
{
    for (const char *c = host; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr(".-:[]", *c)))
            return false;
    return strlen(host) <= 200;
}

static const char *typed(struct ctx *ctx, const char *field)
{
    const char *tail = strrchr(field, '_');
    bool mail = !strcmp(field, "smtp_from") || (tail && !strcmp(tail, "_mail"));
    const char *value = mail ? mail_typed(ctx->arena, param(ctx, field))
                             : text_tidy(ctx->arena, param(ctx, field));
    return value ? value : "";
}

static void settings_check(struct ctx *ctx)
{
    const char *port = typed(ctx, "smtp_port"), *host = typed(ctx, "smtp_host"),
               *url = typed(ctx, "hook_url");
    if (!host_valid(host))
        ctx_problem(ctx, "smtp_host", say(ctx, "Enter a server name, e.g. mail.example.cn."));
    if (*port && (strspn(port, "0123456789") != strlen(port) || strlen(port) > 5 ||
                  strtol(port, NULL, 10) < 1 || strtol(port, NULL, 10) > 65535))
        ctx_problem(ctx, "smtp_port", say(ctx, "Enter a number from 1 to 65535."));
    if ((*host || *typed(ctx, "smtp_from")) && !mail_valid(typed(ctx, "smtp_from")))
        ctx_problem(ctx, "smtp_from", say(ctx, "Enter an email address, e.g. office@example.cn."));
    if (*typed(ctx, "office_mail") && !mail_valid(typed(ctx, "office_mail")))
        ctx_problem(ctx, "office_mail",
                    say(ctx, "Enter an email address, e.g. office@example.cn."));
    if (*url && !deliver_url_valid(url))
        ctx_problem(ctx, "hook_url",
                    say(ctx, "Enter an address starting with https:// or http://."));
    if (*url && !*typed(ctx, "hook_secret") && !*setting(ctx, "hook.secret"))
        ctx_problem(
            ctx, "hook_secret",
            say(ctx, "A webhook needs a secret so that the receiver can verify the sender."));
    if (*typed(ctx, "hook_secret") && strlen(typed(ctx, "hook_secret")) < 16)
        ctx_problem(ctx, "hook_secret", say(ctx, "At least 16 characters."));
    const char *security = typed(ctx, "smtp_security");
    if (strcmp(security, "none") && strcmp(security, "tls") && strcmp(security, "starttls"))
        ctx_problem(ctx, "smtp_security", say(ctx, "Choose one from the list."));
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
                 (const char *)names.data); /* logs which settings changed, not their values:
                                               secrets and addresses stay out */
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
            ctx_problem(ctx, "hook_url", say(ctx, "No webhook configured."));
            return;
        }
        good = deliver_hook(ctx, &s, arena_print(ctx->arena, "test:%lld", (long long)ctx->now),
                            "{\"event\":\"test\",\"action\":\"test\"}", &why);
    } else {
        if (!*s.host) {
            ctx_problem(ctx, "smtp_host", say(ctx, "No mail server configured."));
            return;
        }
        good = deliver_mail(ctx, &s, typed(ctx, "to"), say(ctx, "Test"),
                            say(ctx, "This is a test. Email from Linli is reaching this address."),
                            arena_print(ctx->arena, "test-%lld@linli", (long long)ctx->now),
                            &refused, &why);
    }
    if (!good)
        ctx_problem(ctx, what && !strcmp(what, "hook") ? "hook_url" : "to", why);
}

static void test_done(struct ctx *ctx)
{
    flash(ctx, say(ctx, "Test sent."));
    see_other(ctx, "/outbox/settings");
}

/* Every page of the staff shows it: those whom only a call or a text can tell. */
static int64_t calls_waiting(struct ctx *ctx)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT count(*) AS n FROM notices n WHERE 1 = 1");
    kind_view_where(ctx, &views[0], &q);
    add_scope(ctx, &q);
    return sql_remembered(ctx->db, &q);
}

#define READS_OUTBOX (ROLE_OFFICE | ROLE_WORKER | ROLE_TEAM_LEADER)
static const struct route table[] = {
    ROUTE_GET("/outbox", READS_OUTBOX, outbox),
    ROUTE_POST("/outbox/told", READS_OUTBOX, told, .failed = outbox),
    ROUTE_POST("/outbox/reveal", READS_OUTBOX, reveal),
    ROUTE_POST("/outbox/list", READS_OUTBOX, list_make, .failed = outbox),
    ROUTE_POST("/outbox/again", ROLE_OFFICE, again, .failed = outbox),
    ROUTE_GET("/outbox/settings", ROLE_ADMIN, settings),
    ROUTE_POST("/outbox/settings", ROLE_ADMIN, settings_save, .prepare = settings_check,
               .failed = settings),
    ROUTE_POST("/outbox/test", ROLE_ADMIN, test_done, .prepare = test_send, .failed = settings,
               .flags = SLOW),
};

static const struct place places[] = {
    {"/outbox", N_("Calls to make"), "g n", READS_OUTBOX, true, .group = N_("To do"),
     .waiting = calls_waiting, .rank = 146},
    {"/outbox/settings", N_("Email and webhook"), NULL, ROLE_ADMIN, true,
     N_("How notifications are sent"), "send", .rank = 190},
    {.href = NULL},
};

static const char *sending_now(struct ctx *ctx)
{
    const char *host = setting(ctx, "smtp.host"), *hook = setting(ctx, "hook.url");
    return arena_print(ctx->arena, "%s · %s",
                       *host ? arena_print(ctx->arena, "%s (%s)", host, setting(ctx, "smtp.from"))
                             : say(ctx, "no mail server"),
                       *hook ? hook : say(ctx, "no webhook"));
}

static const struct setting_page setting_pages[] = {
    {"/outbox/settings", N_("Email and webhook"),
     N_("The mail server for notifications, the office’s own email address, and any system to be "
        "told of every step."),
     "send", ROLE_ADMIN, sending_now},
    {.href = NULL},
};

const struct module outbox_module = {
    .setting_pages = setting_pages, .name = "outbox", .routes = ROUTES(table), .places = places};
