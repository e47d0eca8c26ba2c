/*
 * Parts shared by the pages of volunteers and leaders.
 */
#include "app/volunteers/volunteer_parts.h"

#include "core/events.h"
#include "pages/register_pages.h"
#include "base/when.h"
#include "kind/sheet.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define HISTORY_MOST 50 /* entries of a history; the page states that there are more */

/* ---- hours and months ---- */

void stars_draw(struct ctx *ctx, int64_t seconds)
{
    static const int64_t steps[] = {100, 300, 600, 1000, 1500};
    struct buf *out = ctx->web->out;
    int stars = stars_of(seconds);
    html(out, "<p class=\"stars\" role=\"img\" aria-label=\"{}\">",
         say(ctx, "{} of 5 stars", stars));
    for (int i = 0; i < 5; i++)
        html(out, "<span aria-hidden=\"true\">{}</span>", i < stars ? "★" : "☆");
    buf_puts(out, "</p>");
    if (stars < 5)
        html(out, "<p class=\"soft\">{}</p>",
             say(ctx, "{} more to the next star ({} hours).",
                 hours_text(ctx, steps[stars] * WHEN_HOUR - seconds), steps[stars]));
}

int64_t month_asked(struct ctx *ctx)
{
    struct civil c = civil_from_when(ctx->now);
    int64_t now = c.year * 100 + c.month, asked = param_int(ctx, "month");
    return asked >= 200001 && asked <= now && asked % 100 >= 1 && asked % 100 <= 12 ? asked : now;
}

int64_t month_next(int64_t month, int by)
{
    int64_t n = month / 100 * 12 + month % 100 - 1 + by;
    return n / 12 * 100 + n % 12 + 1;
}

/* ---- a day of service ---- */

void hours_state(struct ctx *ctx, const struct hours *h)
{
    struct buf *out = ctx->web->out;
    if (h->disputed_at != NONE)
        html(out, "<span class=\"state warn\">{} {}</span>", icon(ctx, "message"),
             say(ctx, "being reviewed"));
    else if (h->held > 0)
        html(out, "<span class=\"state warn\">{} {}</span>", icon(ctx, "hourglass"),
             say(ctx, "{} awaiting approval", hours_text(ctx, h->held)));
    else if (h->corrected != NONE)
        html(out, "<span class=\"state\">{} {}</span>", icon(ctx, "pencil"), say(ctx, "corrected"));
}

void hours_attended(struct ctx *ctx, const struct hours *h)
{
    struct buf *out = ctx->web->out;
    int64_t day, n = 0;
    if (!day_parse(h->day, &day))
        return;
    html(out, "<ol class=\"timeline\">");
    struct rows *r = query(ctx->db,
                           "SELECT t.came, t.went, t.how, t.status, t.recorder_name, t.note, "
                           "t.fixed, t.offer, a.title, a.title_en, a.place FROM attendances t"
                           " LEFT JOIN activities a ON a.id = t.activity WHERE t.volunteer = {} "
                           "AND t.came <= {} AND coalesce(t.went, t.came) >= {}"
                           " ORDER BY t.came, t.id",
                           h->volunteer, when_day_end(day), when_day_start(day));
    for (; rows_next(r); n++) {
        struct civil came = civil_from_when(row_int(r, "came")),
                     went = civil_from_when(row_int(r, "went") == NONE ? row_int(r, "came")
                                                                       : row_int(r, "went"));
        bool open = row_int(r, "went") == NONE, is_void = !strcmp(row_text(r, "status"), "void");
        const char *title = row_text(r, "title")
                                ? ctx_pick(ctx, row_text(r, "title"), row_text(r, "title_en"))
                            : row_int(r, "offer") != NONE ? say(ctx, "Home visit")
                                                          : say(ctx, "Outside an activity");
        html(out,
             "<li class=\"{}\">{}<div><p class=\"what\"><b>{}</b></p><p "
             "class=\"by\"><time>{}</time>",
             is_void ? "note" : "",
             icon(ctx, is_void ? "circle-x"
                       : open  ? "clock"
                               : "circle-check"),
             title,
             open ? say(ctx, "arrived at {}, no check-out",
                        arena_print(ctx->arena, "%02d:%02d", came.hour, came.minute))
                  : arena_print(ctx->arena, "%02d:%02d–%02d:%02d", came.hour, came.minute,
                                went.hour, went.minute));
        if (row_text(r, "recorder_name"))
            html(out, " · {}", say(ctx, "certified by {}", row_text(r, "recorder_name")));
        else
            html(out, " · {}", say(ctx, "with the door code"));
        if (is_void)
            html(out, " · {}", say(ctx, "not counted"));
        buf_puts(out, "</p>");
        if (row_text(r, "note"))
            html(out, "<div class=\"said\">{}</div>", row_text(r, "note"));
        buf_puts(out, "</div></li>");
    }
    buf_puts(out, "</ol>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No counted attendance left on this day."));
}

/* ---- a volunteer ---- */

const char *volunteer_state(struct ctx *ctx, const struct volunteer *v)
{
    return field_show(ctx, kind_field(&volunteers_kind, "status"), v);
}

const char *volunteer_tone(const char *status)
{
    return !strcmp(status, "active") ? "ok" : !strcmp(status, "applied") ? "warn" : "wait";
}

void volunteer_facts(struct ctx *ctx, const struct volunteer *v)
{
    static const char *const names[] = {
        "skills",         "times",  "languages", "areas", "gender_preference",
        "visits_a_month", "limits", "joined",    NULL};
    struct buf *out = ctx->web->out;
    for (int i = 0; names[i]; i++) {
        const struct field *f = kind_field(&volunteers_kind, names[i]);
        const char *shown = field_show(ctx, f, v);
        if (*shown)
            html(out, "<div><dt>{}</dt><dd>{}</dd></div>", tr(ctx, f->label), shown);
    }
}

static const struct {
    const char *action, *label, *icon;
} actions[] = {
    {"join", N_("Joined"), "user-plus"},
    {"apply", N_("Applied"), "inbox"},
    {"confirm", N_("Accepted as volunteer"), "user-check"},
    {"refuse", N_("Application declined"), "circle-x"},
    {"card", N_("New card"), "id-badge-2"},
    {"move", N_("Moved team"), "users-group"},
    {"pause", N_("Paused"), "player-pause"},
    {"resume", N_("Returned from break"), "player-play"},
    {"leave", N_("Left"), "logout"},
    {"change", N_("Changed"), "pencil"},
    {"reveal", N_("Phone number viewed"), "eye"},
    {NULL, N_("Changed"), "pencil"},
};

static int action_of(const char *action)
{
    int i = 0;
    while (actions[i].action && strcmp(actions[i].action, action) != 0)
        i++;
    return i;
}

/* An entry of the timeline. The volunteer's own page leaves out who did it. */
static void draw_line(struct ctx *ctx, const char *action, int64_t at, const char *who)
{
    int i = action_of(action);
    html(ctx->web->out,
         "<li>{}<div><p class=\"what\"><b>{}</b></p><p class=\"by\"><time>{}</time>{}{}</p></div>"
         "</li>",
         icon(ctx, actions[i].icon), tr(ctx, actions[i].label),
         when_short(ctx->arena, ctx->lang, at, ctx->now), who ? " · " : "", who);
}

void volunteer_history(struct ctx *ctx, int64_t volunteer)
{
    struct buf *out = ctx->web->out;
    struct sql q;
    html(out, "<section><h2>{}</h2><ol class=\"timeline\">", say(ctx, "History"));
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "SELECT action, at, actor_name, 0 AS rank, id FROM events WHERE record = {} AND kind = "
            "{} UNION ALL SELECT action, at_ms / 1000 AS at, actor_name, 1 AS rank, seq AS id FROM "
            "journal WHERE kind = {} AND record = {}",
            volunteer, volunteers_kind.name, volunteers_kind.name, volunteer);
    for (const struct step *s = volunteer_workflow.steps; s->action; s++)
        sql_add(&q, " AND action <> {}", s->action); /* those have events */
    /* A card issued together with a step is listed above it. */
    sql_add(&q, " ORDER BY at DESC, rank DESC, id DESC LIMIT {}", HISTORY_MOST + 1);
    struct rows *r = sql_query(ctx->db, &q);
    int n = 0;
    while (rows_next(r) && n++ < HISTORY_MOST)
        draw_line(ctx, row_text(r, "action"), row_int(r, "at"),
                  history_who(ctx, row_text(r, "actor_name")));
    rows_end(r);
    buf_puts(out, "</ol>");
    if (n > HISTORY_MOST)
        html(out, "<p class=\"soft\">{}</p>",
             say(ctx, "The latest {} entries are shown.", HISTORY_MOST));
    buf_puts(out, "</section>");
}

void volunteer_timeline(struct ctx *ctx, int64_t volunteer)
{
    struct buf *out = ctx->web->out;
    struct event e;
    bool any = false;
    struct rows *r = events_newest(ctx, &volunteers_kind, volunteer, HISTORY_MOST);
    while (event_next(ctx, r, &e)) {
        if (!e.visible)
            continue;
        if (!any)
            html(out, "<section><h2>{}</h2><ol class=\"timeline plain\">",
                 say(ctx, "My time as a volunteer"));
        any = true;
        draw_line(ctx, e.action, e.at, NULL);
    }
    if (any)
        buf_puts(out, "</ol></section>");
}

/* ---- days of service as a sheet ---- */

void hours_sheet(struct ctx *ctx, const struct volunteer *v, bool xlsx)
{
    const char *why = NULL;
    size_t size;
    const char *titles[] = {say(ctx, "Volunteer number"),
                            say(ctx, "Day"),
                            say(ctx, "Hours attended"),
                            say(ctx, "Hours counted"),
                            say(ctx, "Awaiting approval (hours)"),
                            say(ctx, "Reason"),
                            say(ctx, "Approved by")};
    struct sheet_writer *w = sheet_write_open(xlsx ? SHEET_XLSX : SHEET_CSV);
    sheet_write_header(w, titles, 7);
    struct rows *r = query(ctx->db,
                           "SELECT day, attended, counted, held, why, decided_name FROM hours "
                           "WHERE volunteer = {} ORDER BY day",
                           v->record.id);
    while (rows_next(r)) {
        int64_t day;
        sheet_write_text(w, v->number);
        sheet_write_date(w, day_parse(row_text(r, "day"), &day) ? day * WHEN_DAY : NONE);
        sheet_write_real(w, (double)row_int(r, "attended") / 3600);
        sheet_write_real(w, (double)row_int(r, "counted") / 3600);
        sheet_write_real(w, (double)row_int(r, "held") / 3600);
        sheet_write_text(w, row_text(r, "why"));
        sheet_write_text(w, row_text(r, "decided_name"));
        sheet_write_row(w);
    }
    char *bytes = sheet_write_close(w, &size, &why);
    if (!bytes) {
        ctx_fail(ctx, UNAVAILABLE, tr(ctx, why));
        return;
    }
    answer_download(ctx, arena_print(ctx->arena, "%s.%s", v->number, xlsx ? "xlsx" : "csv"),
                    xlsx ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                         : "text/csv; charset=utf-8");
    buf_put(ctx->web->out, bytes, size);
    free(bytes);
}

/* ---- teams ---- */

int64_t team_own(const struct ctx *ctx)
{
    int64_t team = NONE;
    if (ctx->actor.roles & (ROLE_WORKER | ROLE_OFFICE | ROLE_LEADER))
        return NONE;
    for (int i = 0; i < ctx->actor.grant_count; i++) {
        const struct grant *g = &ctx->actor.grants[i];
        if (g->role == ROLE_TEAM_LEADER && g->organisation > 0) {
            if (team != NONE && team != g->organisation)
                return NONE;
            team = g->organisation;
        }
    }
    return team;
}

/* Counts the days that the actor has to decide. */
static int64_t hours_waiting(struct ctx *ctx)
{
    struct list l;
    list_init(ctx, &l, &hours_kind);
    sql_add(&l.where, " AND (held > 0 OR disputed_at IS NOT NULL)");
    int64_t n = list_count(ctx, &l);
    sql_release(&l.where);
    return n;
}

void volunteer_tabs(struct ctx *ctx, const char *here)
{
    struct buf *out = ctx->web->out;
    const struct {
        const char *href, *label;
        int64_t count;
    } tabs[] = {{"/volunteers", say(ctx, "Volunteers"), 0},
                {"/hours", say(ctx, "Hours awaiting approval"), hours_waiting(ctx)},
                {"/duty", say(ctx, "Teams and this month’s volunteer days"), 0}};
    html(out, "<nav class=\"tabs\" aria-label=\"{}\">", say(ctx, "Volunteers"));
    for (size_t i = 0; i < sizeof tabs / sizeof *tabs; i++) {
        html(out, "<a href=\"{}\"{}>{}", tabs[i].href,
             (struct markup){!strcmp(tabs[i].href, here) ? " aria-current=\"page\"" : ""},
             tabs[i].label);
        if (tabs[i].count > 0)
            html(out, " <b class=\"count\">{}</b>", tabs[i].count);
        buf_puts(out, "</a>");
    }
    buf_puts(out, "</nav>");
}
