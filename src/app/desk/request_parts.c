/*
 * The parts of a request's page that only show something: what was asked,
 * history, facts, files, similar requests, and what others did in the meantime. Names and phone
 * numbers are masked unless the actor has just revealed them
 * (request_change.c).
 */
#include "app/requests/requests.h"
#include "core/attachments.h"
#include "core/events.h"
#include "app/registers/registers.h"
#include "app/desk/request_page.h"
#include "pages/register_pages.h"
#include "app/search/search.h"

#include "base/code.h"

#include <string.h>

const char *user_name(struct ctx *ctx, int64_t user)
{
    struct rows *r = query(ctx->db, "SELECT name, name_en FROM users WHERE id = {}",
                           (struct maybe){user});
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"),
                                                                      row_text(r, "name_en")))
                                    : "";
    rows_end(r);
    return name ? name : "";
}

/* ---- history ---- */

static const struct {
    const char *action, *icon, *look;
} looks[] = {
    {"file", "inbox", "ok"},
    {"dispatch", "arrow-forward-up", ""},
    {"accept", "user-check", ""},
    {"contact", "phone", ""},
    {"answer", "message", "ok answer"},
    {"supplement", "message", "ok answer"},
    {"served", "message", "ok answer"},
    {"call-back", "phone-call", ""},
    {"unreached", "phone-off", "warn"},
    {"close", "circle-check", "ok"},
    {"report", "users", ""},
    {"extend", "calendar-plus", "warn"},
    {"park", "parking-circle", "warn"},
    {"resume", "player-play", ""},
    {"return", "arrow-back-up", "warn"},
    {"recall", "arrow-back-up", ""},
    {"reopen", "rotate", "warn"},
    {"merge", "git-merge", ""},
    {"confirm", "circle-check", "ok"},
    {"dispute", "rotate", "warn"},
    {"joined", "git-merge", ""},
    {"note", "lock", "note"},
    {"attach", "paperclip", "note"},
    {"reveal", "eye", "note"},
    {"recompute", "calendar", "note"},
    {"to-office", "building-bank", "warn"},
};

static void draw_event(struct ctx *ctx, const struct event *e, const struct names *units)
{
    struct buf *out = ctx->web->out;
    const char *sign = "check", *look = "",
               *said = e->text            ? e->text
                       : e->until != NONE ? when_show(ctx->arena, ctx->lang, e->until)
                                          : NULL;
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (!strcmp(looks[i].action, e->action)) {
            sign = looks[i].icon;
            look = looks[i].look;
        }
    html(out, "<li class=\"{}\">{}<div><p class=\"what\"><b>{}</b>", look, icon(ctx, sign),
         request_event_label(ctx, e->action));
    if (!strcmp(e->action, "dispatch") && e->unit != NONE)
        html(out, " → {}", names_find(units, e->unit));
    if (!strcmp(e->action, "joined"))
        html(out, " {}", e->text);
    html(out, "</p><p class=\"by\"><time>{}</time>{}{}</p>",
         when_show(ctx->arena, ctx->lang, e->at), e->actor_name ? " · " : "",
         e->actor_name ? history_who(ctx, e->actor_name) : NULL);
    if (said && strcmp(e->action, "joined") != 0)
        html(out, "<div class=\"said\">{}</div>", said);
    html(out, "</div></li>");
}

/* A reply that no entry of the history holds, as of an imported request. */
static void draw_lone_reply(struct ctx *ctx, const struct request *r)
{
    if (r->reply &&
        query_int(ctx->db,
                  "SELECT max(id) AS id FROM events WHERE kind = 'requests' AND record = {} AND "
                  "action IN ('answer', 'served') AND text IS NOT NULL",
                  r->record.id) == NONE)
        html(ctx->web->out,
             "<section class=\"reply\"><h2>{}</h2><p class=\"words\">{}</p></section>",
             say(ctx, "Reply"), r->reply);
}

void request_draw_history(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    struct names units = names_load(ctx, "units");
    const struct calendar *cal = ctx_calendar(ctx);
    struct countdown left = deadline_left(ctx, cal, r);
    html(out, "<section class=\"history\"><header><h2>{}</h2>", say(ctx, "History"));
    if (ctx->actor.roles & ROLE_OFFICE)
        html(out, "<a class=\"screen\" href=\"/requests/{}/journal\">{} {}</a>", r->record.id,
             icon(ctx, "history"), say(ctx, "Audit log"));
    html(out, "</header>");
    draw_lone_reply(ctx, r);
    html(out, "<ol class=\"timeline\">");
    if (left.late)
        html(out,
             "<li class=\"late\">{}<div><p class=\"what\"><b>{}</b></p><p "
             "class=\"by\">{}</p></div></li>",
             icon(ctx, "alert-triangle"), left.text,
             request_status_of(r) == PARKED
                 ? ""
                 : say(ctx, "Was due {}.", when_show(ctx->arena, ctx->lang, r->due)));
    struct event e;
    struct rows *rows = events_newest(ctx, &requests_kind, r->record.id, 300);
    int64_t n = 0, whole = 0;
    for (; event_next(ctx, rows, &e); n++, whole = row_int(rows, "whole"))
        draw_event(ctx, &e, &units);
    html(out, "</ol>");
    more_draw(ctx, whole - n);
    html(out, "</section>");
}

int64_t request_newest_event(struct ctx *ctx, const void *request)
{
    const struct request *r = request;
    return event_last(ctx, &requests_kind, r->record.id);
}

void request_draw_meanwhile(struct ctx *ctx, const struct request *r, int64_t seen)
{
    struct buf *out = ctx->web->out;
    struct names units = names_load(ctx, "units");
    html(out,
         "<section class=\"notice warn\" role=\"alert\">{}<div><p><b>{}</b></p><p>{}</p><ol "
         "class=\"timeline\">",
         icon(ctx, "alert-triangle"), say(ctx, "Someone changed this while you were writing."),
         say(ctx, "Nothing has been overwritten, and your text is still here. In the meantime:"));
    struct event e;
    struct rows *rows = events_after(ctx, &requests_kind, r->record.id, seen == NONE ? 0 : seen,
                                     20);
    int64_t n = 0, whole = 0;
    for (; event_next(ctx, rows, &e); n++, whole = row_int(rows, "whole"))
        draw_event(ctx, &e, &units);
    html(out, "</ol>");
    more_draw(ctx, whole - n);
    html(out, "</div></section>");
}

/* ---- facts ---- */

static void fact(struct ctx *ctx, const char *label, const char *value)
{
    if (value && *value)
        html(ctx->web->out, "<div><dt>{}</dt><dd>{}</dd></div>", label, value);
}

static void draw_reveal(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    html(out, "<details class=\"screen\"><summary>{} {}</summary>", icon(ctx, "eye"),
         say(ctx, "Reveal name and phone number"));
    form_begin(ctx, arena_print(ctx->arena, "/requests/%lld/reveal", (long long)r->record.id), NULL,
               false);
    html(out,
         "<div class=\"field\"><label for=\"f-reason\">{}</label><select id=\"f-reason\" "
         "name=\"reason\"><option>{}</option><option>{}</option><option>{}</option></select>"
         "<p class=\"hint\">{}</p></div><div class=\"acts\"><button>{}</button></div>",
         say(ctx, "Reason for access"), say(ctx, "To call the resident"),
         say(ctx, "To visit the location"), say(ctx, "To verify who reported it"),
         say(ctx, "They are shown for two minutes and the access is logged."), say(ctx, "Reveal"));
    form_end(ctx);
    html(out, "</details>");
}

static void draw_name(struct ctx *ctx, const char *label, const char *name, bool open)
{
    html(ctx->web->out, "<div><dt>{}</dt><dd><span{}>{}</span>", label,
         (struct markup){open ? " data-hide" : ""}, open ? name : mask_name(ctx->arena, name));
}

/* Name and telephone in one row, and in it what reveals them. */
static void draw_requester(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    const char *name = r->requester_name, *phone = r->requester_phone;
    bool open = request_revealed(ctx, r);
    if (name || phone)
        draw_name(ctx, say(ctx, "Submitted by"), name ? name : "", open && name);
    if (phone && open)
        html(out, " <span data-hide><a href=\"tel:{}\">{}</a></span>", (struct url_part){phone},
             phone);
    else if (phone)
        html(out, " <span class=\"nobr\">{}</span>", mask_phone(ctx->arena, phone));
    if (open)
        html(out,
             "<p class=\"screen soft\" data-hide-after=\"{}\">{}</p><noscript><meta "
             "http-equiv=\"refresh\" content=\"{}\"></noscript>",
             REVEAL_SECONDS, say(ctx, "Shown for two minutes; this access has been logged."),
             REVEAL_SECONDS);
    else if ((name || phone) && (ctx->actor.roles & ROLES_STAFF))
        draw_reveal(ctx, r);
    if (name || phone)
        html(out, "</dd></div>");
    if (!r->on_behalf)
        return;
    draw_name(ctx, say(ctx, "On behalf of"), r->on_behalf, open);
    html(out, "</dd></div>");
}

static void draw_files(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    photos_show(ctx, &requests_kind, r->record.id,
                arena_print(ctx->arena, "/requests/%lld/photos", (long long)r->record.id), 0);
    struct rows *rows = attachment_files(ctx, &requests_kind, r->record.id);
    int n = 0;
    while (rows_next(rows)) {
        html(out,
             "{}<li>{} <a href=\"/requests/{}/files/{}\">{}</a> <span class=\"soft\">{} KB · "
             "{}</span></li>",
             (struct markup){n++ ? "" : "<ul class=\"files\">"}, icon(ctx, "paperclip"),
             r->record.id, row_int(rows, "id"), row_text(rows, "name"),
             (row_int(rows, "size") + 1023) / 1024, row_text(rows, "actor_name"));
    }
    if (n)
        html(out, "</ul>");
}

/* The bytes of a text without what ends it: blanks and full stops. */
static size_t unended(const char *text)
{
    static const char *const marks[] = {" ", "\n", "\r", "\t", "。", ".", "！", "!", NULL};
    size_t n = strlen(text);
    for (int i = 0; marks[i];) {
        size_t k = strlen(marks[i]);
        bool ends = n >= k && !memcmp(text + n - k, marks[i], k);
        n -= ends ? k : 0;
        i = ends ? 0 : i + 1;
    }
    return n;
}

/* Whether the title says all that the text does: forms that ask for one sentence make the title of
 * it. */
static bool all_in_title(const struct request *r)
{
    const char *title = r->subject ? r->subject : "", *text = r->text ? r->text : "";
    size_t n = unended(title);
    return n == unended(text) && !memcmp(title, text, n);
}

/* Where it is: the estate or the community, and the place as it was written. */
static const char *where(struct ctx *ctx, const struct request *r)
{
    const char *area = field_show(
                   ctx, kind_field(&requests_kind, r->area != NONE ? "area" : "community"), r),
               *place = field_show(ctx, kind_field(&requests_kind, "place"), r);
    return *area && *place ? arena_print(ctx->arena, "%s · %s", area, place)
                           : arena_print(ctx->arena, "%s%s", area, place);
}

void request_draw_asked(struct ctx *ctx, const struct request *r)
{
    struct names categories = names_load(ctx, "categories");
    const char *category = names_find(&categories, r->category);
    if (!all_in_title(r))
        html(ctx->web->out, "<p class=\"words\">{}</p>", r->text);
    draw_files(ctx, r);
    html(ctx->web->out, "<dl class=\"facts\">");
    draw_requester(ctx, r);
    fact(ctx, say(ctx, "Location"), where(ctx, r));
    fact(ctx, say(ctx, "Category"),
         *category ? category : field_show(ctx, kind_field(&requests_kind, "category"), r));
    html(ctx->web->out, "</dl>");
}

static void draw_co(struct ctx *ctx, const struct request *r)
{
    struct rows *rows = query(
        ctx->db,
        "SELECT u.name AS name, u.name_en AS name_en, c.reported_at AS reported FROM request_units "
        "c"
        " JOIN units u ON u.id = c.unit WHERE c.request = {} AND c.role = 'co' ORDER BY u.code",
        r->record.id);
    bool any = false;
    for (; rows_next(rows); any = true) {
        if (any)
            html(ctx->web->out, "<br>");
        else
            html(ctx->web->out, "<div><dt>{}</dt><dd>", say(ctx, "Supporting units"));
        html(ctx->web->out, "{}", ctx_pick(ctx, row_text(rows, "name"), row_text(rows, "name_en")));
        if (row_int(rows, "reported") != NONE)
            html(ctx->web->out, " <span class=\"state ok\">{} {}</span>", icon(ctx, "check"),
                 say(ctx, "reported"));
    }
    if (any)
        html(ctx->web->out, "</dd></div>");
}

static void draw_merged(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    struct rows *rows = query(
        ctx->db,
        "SELECT id, number, count(*) OVER () AS whole FROM requests WHERE merged_into = {} "
        "ORDER BY id LIMIT 50",
        r->record.id);
    int64_t n = 0, whole = 0;
    while (rows_next(rows)) {
        if (n++ == 0)
            html(out, "<div><dt>{}</dt><dd>", say(ctx, "Merged into this request"));
        html(out, "<a href=\"/requests/{}\">{}</a> ", row_int(rows, "id"),
             row_text(rows, "number"));
        whole = row_int(rows, "whole");
    }
    more_draw(ctx, whole - n);
    if (n)
        html(out, "</dd></div>");
    if (r->merged_into != NONE) {
        const struct request *into = record_get(ctx, &requests_kind, r->merged_into);
        html(out, "<div><dt>{}</dt><dd><a href=\"/requests/{}\">{}</a></dd></div>",
             say(ctx, "Merged into"), r->merged_into, into ? into->number : "");
    }
}

static const char *times(struct ctx *ctx, int64_t n)
{
    return n == NONE || n == 0 ? "" : arena_print(ctx->arena, "%lld", (long long)n);
}

void request_draw_facts(struct ctx *ctx, const struct request *r)
{
    static const char *const first[] = {"level", "community", NULL};
    static const char *const then[] = {
        "channel",          "received_at", "due",       "first_contact_due",
        "first_contact_at", "answered_at", "closed_at", "visibility",
        "solved",           NULL};
    html(ctx->web->out, "<dl class=\"facts card\">");
    for (int i = 0; first[i]; i++)
        fact(ctx, tr(ctx, kind_field(&requests_kind, first[i])->label),
             field_show(ctx, kind_field(&requests_kind, first[i]), r));
    fact(ctx, say(ctx, "Lead unit"), field_show(ctx, kind_field(&requests_kind, "unit"), r));
    draw_co(ctx, r);
    fact(ctx, say(ctx, "Handler"), user_name(ctx, r->handler));
    fact(ctx, say(ctx, "Dispatched by"), user_name(ctx, r->dispatcher));
    for (int i = 0; then[i]; i++)
        fact(ctx, tr(ctx, kind_field(&requests_kind, then[i])->label),
             field_show(ctx, kind_field(&requests_kind, then[i]), r));
    if (r->parked_until != NONE && request_status_of(r) == PARKED)
        fact(ctx, say(ctx, "Review date"),
             day_show(ctx->arena, ctx->lang, when_day(r->parked_until)));
    fact(ctx, say(ctx, "Satisfaction"),
         r->satisfaction > 0 ? tr(ctx, satisfaction_words[r->satisfaction - 1]) : NULL);
    fact(ctx, say(ctx, "Times returned"), times(ctx, r->returns));
    fact(ctx, say(ctx, "Times extended"), times(ctx, r->extensions));
    fact(ctx, say(ctx, "Times reopened"), times(ctx, r->reopened));
    fact(ctx, say(ctx, "Failed contact attempts"), times(ctx, r->attempts));
    draw_merged(ctx, r);
    html(ctx->web->out, "</dl>");
}

/* ---- similar requests ---- */

#define SIMILAR_ASKED 16
#define SIMILAR_SHOWN 5

/* The first level of a category: in the list it stands before what is below it. NONE: of none. */
static int64_t top_category(const struct names *all, int64_t category)
{
    int64_t top = NONE;
    for (int i = 0; i < all->count; i++) {
        top = all->list[i].depth == 0 ? all->list[i].id : top;
        if (all->list[i].id == category)
            return top;
    }
    return NONE;
}

/* Nothing rather than noise: only what is like it, and of its kind where both kinds are known. */
void request_draw_similar(struct ctx *ctx, const struct request *r, bool use)
{
    struct buf *out = ctx->web->out;
    struct search_hit hits[SIMILAR_ASKED];
    int n = search_similar(ctx, r->subject, r->text, SEARCH_CLOSED, NONE, NONE, r->record.id, hits,
                           SIMILAR_ASKED),
        shown = 0;
    struct names categories = names_load(ctx, "categories");
    int64_t about = top_category(&categories, r->category);
    for (int i = 0; i < n && shown < SIMILAR_SHOWN && hits[i].score >= SEARCH_LIKE; i++) {
        const struct request *s = record_load(ctx, &requests_kind, hits[i].id);
        int64_t other = s ? top_category(&categories, s->category) : NONE;
        if (!s || !s->reply || (about != NONE && other != NONE && about != other))
            continue;
        if (shown++ == 0)
            html(out, "<section class=\"screen similar\"><h2>{}</h2><ul>",
                 say(ctx, "Similar requests and replies"));
        html(out,
             "<li><a href=\"/requests/{}\">{}</a> <span "
             "class=\"soft\">{}</span><details><summary>{}</summary><p class=\"words\">{}</p>",
             s->record.id, s->subject, when_short(ctx->arena, ctx->lang, s->received_at, ctx->now),
             say(ctx, "Reply"), s->reply);
        if (use)
            html(out,
                 "<p><a class=\"button quiet\" href=\"?step=answer&amp;like={}#step\" "
                 "data-insert=\"f-text\" data-text=\"{}\">{}</a></p>",
                 s->record.id, s->reply, say(ctx, "Use this reply"));
        html(out, "</details></li>");
    }
    if (shown)
        html(out, "</ul></section>");
}
