/*
 * A new activity, or one that is changed: what, when, where, for how many, with
 * which shifts, and how it repeats. The dates of a repetition are shown before
 * anything is stored. A template is an activity that was given a name as such:
 * a new one begins with what it says.
 */
#include "app/activity_pages.h"

#include "app/module.h"
#include "app/people.h"
#include "app/volunteers.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define SHIFTS_MOST 6
#define DATES_MOST  60

struct shift_row {
    int64_t id, places;
    const char *name, *from, *to, *skills;
};

struct form {
    const struct activity *from; /* what is changed, or the template; NULL */
    struct activity *a;
    struct shift_row shifts[SHIFTS_MOST];
    int64_t dates[DATES_MOST];
    int date_count;
    bool edit, look;
};

/* ---- what stands in the fields ---- */

static bool was_sent(struct ctx *ctx)
{
    return ctx->web->method == POST;
}

static const char *value(struct ctx *ctx, const char *name, const char *stored)
{
    return was_sent(ctx) ? param(ctx, name) : stored;
}

static const char *value_of(struct ctx *ctx, const struct form *f, const char *name)
{
    const struct field *field = kind_field(&activities_kind, name);
    const char *stored = NULL;
    if (f->from && field_is_text(field))
        stored = field_text(field, f->from);
    else if (f->from && field_int(field, f->from) != NONE)
        stored = arena_print(ctx->arena, "%lld", (long long)field_int(field, f->from));
    return value(ctx, name, stored);
}

static const char *date_of(struct ctx *ctx, int64_t t)
{
    const char *iso = when_iso(ctx->arena, t);
    return iso ? arena_copyn(ctx->arena, iso, 10) : NULL;
}

static void problem(struct ctx *ctx, const char *name)
{
    const char *text = ctx_problem_of(ctx, name);
    if (text)
        html(ctx->web->out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", name, icon(ctx, "alert-circle"), text);
}

static void field(struct ctx *ctx, const char *name, const char *type, const char *label, const char *hint, const char *now,
                  const char *css)
{
    struct buf *out = ctx->web->out;
    html(out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", name, label);
    if (hint)
        html(out, "<p class=\"hint\">{}</p>", hint);
    if (!strcmp(type, "long"))
        html(out, "<textarea id=\"f-{}\" name=\"{}\" rows=\"4\">{}</textarea>", name, name, now);
    else
        html(out, "<input id=\"f-{}\" name=\"{}\" type=\"{}\" class=\"{}\" value=\"{}\"{}>", name, name, type, css, now,
             (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""});
    problem(ctx, name);
    buf_puts(out, "</div>");
}

static void option(struct ctx *ctx, const char *code, const char *label, const char *now)
{
    html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", code, (struct markup){now && !strcmp(now, code) ? " selected" : ""}, label);
}

static void options(struct ctx *ctx, struct rows *r, const char *now)
{
    while (rows_next(r))
        option(ctx, arena_print(ctx->arena, "%lld", (long long)row_int(r, "id")),
               ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")), now);
}

static void select_begin(struct ctx *ctx, const char *name, const char *label, const char *none)
{
    html(ctx->web->out, "<div class=\"field\"><label for=\"f-{}\">{}</label><select id=\"f-{}\" name=\"{}\">", name, label, name, name);
    if (none)
        html(ctx->web->out, "<option value=\"\">{}</option>", none);
}

static void select_end(struct ctx *ctx, const char *name)
{
    buf_puts(ctx->web->out, "</select>");
    problem(ctx, name);
    buf_puts(ctx->web->out, "</div>");
}

/* A leader organises with their teams, others with those of their communities. */
static void organisation_field(struct ctx *ctx, const struct form *f)
{
    const char *now = value_of(ctx, f, "organisation");
    bool wide = ctx->actor.roles & (ROLE_WORKER | ROLE_OFFICE);
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, name, name_en FROM organisations WHERE kind IN ('team', 'committee', 'branch', 'social', 'union') AND (1 = 0");
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].role == ROLE_TEAM_LEADER && ctx->actor.grants[i].organisation > 0)
            sql_add(&q, " OR id = {}", ctx->actor.grants[i].organisation);
    if (wide) {
        sql_add(&q, " OR (1 = 1");
        scope_by_community(ctx, &q, ROLE_WORKER | ROLE_OFFICE, "community");
        sql_add(&q, ")");
    }
    sql_add(&q, ") ORDER BY name");
    select_begin(ctx, "organisation", say(ctx, "Organised by"), wide ? say(ctx, "The community itself") : NULL);
    options(ctx, sql_query(ctx->db, &q), now);
    select_end(ctx, "organisation");
}

static const struct label labels[] = {{"area", N_("Community")}, {NULL, NULL}};

static void place_fields(struct ctx *ctx, const struct form *f)
{
    const char *area = value_of(ctx, f, "area");
    select_begin(ctx, "area", ctx_label(ctx, labels, "area"), say(ctx, "Where the station is"));
    options(ctx,
            query(ctx->db, "SELECT id, name, name_en FROM areas WHERE level = 'community' OR id = {} ORDER BY code",
                  (struct maybe){area && *area ? strtoll(area, NULL, 10) : NONE}),
            area);
    select_end(ctx, "area");
    select_begin(ctx, "station", say(ctx, "At the station"), say(ctx, "Not at a station"));
    options(ctx, query(ctx->db, "SELECT id, name, name_en FROM organisations WHERE kind = 'station' AND public = 1 ORDER BY name"),
            value_of(ctx, f, "station"));
    select_end(ctx, "station");
    field(ctx, "place", "text", say(ctx, "Place"), say(ctx, "As somebody would tell it on the way. Empty: the station."),
          value_of(ctx, f, "place"), "");
}

static void when_fields(struct ctx *ctx, const struct form *f)
{
    struct buf *out = ctx->web->out;
    int64_t starts = f->from ? f->from->starts : NONE, ends = f->from ? f->from->ends : NONE,
            until = f->from && f->edit ? f->from->sign_up_until : NONE;
    const char *iso = when_iso(ctx->arena, until);
    buf_puts(out, "<div class=\"pair thirds\">");
    field(ctx, "date", "date", say(ctx, "Day"), NULL, value(ctx, "date", f->edit ? date_of(ctx, starts) : NULL), "short");
    field(ctx, "from", "time", say(ctx, "Begins"), NULL, value(ctx, "from", starts == NONE ? NULL : clock_show(ctx, starts)), "tiny");
    field(ctx, "to", "time", say(ctx, "Ends"), say(ctx, "Earlier than it begins: on the next day."),
          value(ctx, "to", ends == NONE ? NULL : clock_show(ctx, ends)), "tiny");
    buf_puts(out, "</div><div class=\"pair\">");
    field(ctx, "places", "number", say(ctx, "Places for residents"), say(ctx, "Empty: no limit. Whoever signs up after that waits."),
          value_of(ctx, f, "places"), "tiny");
    field(ctx, "sign_up_until", "datetime-local", say(ctx, "Sign-up until"), say(ctx, "Empty: until it begins."),
          value(ctx, "sign_up_until", iso ? arena_copyn(ctx->arena, iso, 16) : NULL), "short");
    buf_puts(out, "</div>");
}

static bool skill_ticked(struct ctx *ctx, const struct form *f, const char *code)
{
    if (!was_sent(ctx))
        return f->from && f->from->skills && tags_have(f->from->skills, code);
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, "skills") && !strcmp(ctx->web->form[i].value, code))
            return true;
    return false;
}

static void skills_field(struct ctx *ctx, const struct form *f)
{
    struct buf *out = ctx->web->out;
    html(out, "<fieldset id=\"f-skills\"><legend>{}</legend><div class=\"checks\">", say(ctx, "Volunteers should know"));
    struct rows *r = query(ctx->db, "SELECT code, name, name_en FROM skills ORDER BY position, code");
    while (rows_next(r)) {
        const char *code = row_copy(r, ctx->arena, "code");
        html(out, "<label class=\"check\"><input type=\"checkbox\" name=\"skills\" value=\"{}\"{}> {}</label>", code,
             (struct markup){skill_ticked(ctx, f, code) ? " checked" : ""}, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    }
    buf_puts(out, "</div></fieldset>");
}

static const char *shift_name(struct ctx *ctx, const char *what, int i)
{
    return arena_print(ctx->arena, "shift_%s_%d", what, i);
}

static void shifts_field(struct ctx *ctx, const struct form *f)
{
    struct buf *out = ctx->web->out;
    int first_hidden = 2;
    while (first_hidden < SHIFTS_MOST && f->shifts[first_hidden].name)
        first_hidden++;
    html(out, "<fieldset id=\"f-shifts\"><legend>{}</legend><p class=\"hint\">{}</p>", say(ctx, "Shifts for volunteers"),
         say(ctx, "Each with its hours and how many are needed. Empty rows are left out."));
    problem(ctx, "shifts");
    for (int i = 0; i < SHIFTS_MOST; i++) {
        const struct shift_row *s = &f->shifts[i];
        if (i == first_hidden)
            html(out, "<details><summary>{}</summary>", say(ctx, "More shifts"));
        html(
            out,
            "<div class=\"shift\"><input type=\"hidden\" name=\"{}\" value=\"{}\"><label>{} <input name=\"{}\" maxlength=\"40\" value=\"{}\"></label>"
            "<label>{} <input type=\"time\" name=\"{}\" value=\"{}\"></label><label>{} <input type=\"time\" name=\"{}\" value=\"{}\"></label>",
            shift_name(ctx, "id", i), (struct maybe){s->id}, say(ctx, "Task"), shift_name(ctx, "name", i), s->name, say(ctx, "From"),
            shift_name(ctx, "from", i), s->from, say(ctx, "To"), shift_name(ctx, "to", i), s->to);
        html(out, "<label>{} <input type=\"number\" min=\"1\" max=\"1000\" name=\"{}\" value=\"{}\"></label></div>", say(ctx, "Needed"),
             shift_name(ctx, "places", i), (struct maybe){s->places});
    }
    if (first_hidden < SHIFTS_MOST)
        buf_puts(out, "</details>");
    buf_puts(out, "</fieldset>");
}

static void draw_dates(struct ctx *ctx, const struct form *f)
{
    struct buf *out = ctx->web->out;
    html(out, "<section class=\"card\" id=\"dates\"><h2>{}</h2>", say(ctx, "The dates"));
    if (f->a->repeats)
        html(out, "<p>{}</p>", repeats_words(ctx, f->a->repeats));
    html(out, "<ol class=\"plainlist\"><li>{}</li>", activity_when(ctx, f->a->starts, f->a->ends));
    for (int i = 0; i < f->date_count; i++)
        html(out, "<li>{}</li>", activity_when(ctx, f->dates[i], f->dates[i] + f->a->ends - f->a->starts));
    buf_puts(out, "</ol></section>");
}

static void shifts_of(struct ctx *ctx, const struct activity *a, struct form *f)
{
    struct rows *r = query(ctx->db,
                           "SELECT id, name, starts, ends, places, skills FROM shifts WHERE activity = {} ORDER BY starts, id LIMIT {}",
                           a->record.id, SHIFTS_MOST);
    for (int i = 0; i < SHIFTS_MOST && rows_next(r); i++)
        f->shifts[i] = (struct shift_row){f->edit ? row_int(r, "id") : NONE,   row_int(r, "places"),
                                          row_copy(r, ctx->arena, "name"),     clock_show(ctx, row_int(r, "starts")),
                                          clock_show(ctx, row_int(r, "ends")), row_copy(r, ctx->arena, "skills")};
    rows_end(r);
}

static struct form *form_new(struct ctx *ctx)
{
    struct form *f = ARENA_NEW(ctx->arena, struct form);
    for (int i = 0; i < SHIFTS_MOST; i++)
        f->shifts[i] = (struct shift_row){.id = NONE, .places = NONE};
    f->from = ctx->web->record;
    f->edit = f->from != NULL;
    if (!f->edit && param(ctx, "from_template"))
        f->from = param_int(ctx, "from_template") == NONE ? NULL : record_load(ctx, &activities_kind, param_int(ctx, "from_template"));
    if (f->from)
        shifts_of(ctx, f->from, f);
    return f;
}

static void draw(struct ctx *ctx, struct form *f)
{
    struct buf *out = ctx->web->out;
    const char *title = f->edit ? say(ctx, "Change the activity") : say(ctx, "A new activity");
    page_begin(ctx, title, PAGE_STAFF);
    trail(ctx, f->edit ? arena_print(ctx->arena, "/activities/%lld/manage", (long long)f->from->record.id) : "/activities/manage",
          f->edit ? activity_title(ctx, f->from) : say(ctx, "Activities"));
    html(out, "<header class=\"head\"><h1>{}</h1></header>", title);
    form_problems(ctx);
    if (f->look && f->a)
        draw_dates(ctx, f);
    form_begin(ctx, f->edit ? arena_print(ctx->arena, "/activities/%lld/edit", (long long)f->from->record.id) : "/activities/new",
               f->edit ? NULL : "activity", false);
    if (f->edit)
        html(out, "<input type=\"hidden\" name=\"version\" value=\"{}\">",
             was_sent(ctx) ? param_int(ctx, "version") : f->from->record.version);
    field(ctx, "title", "text", say(ctx, "Title"), NULL, value_of(ctx, f, "title"), "");
    select_begin(ctx, "kind", say(ctx, "Kind"), NULL);
    for (const struct choice *c = activity_kinds; c->code; c++)
        option(ctx, c->code, tr(ctx, c->label), value_of(ctx, f, "kind"));
    select_end(ctx, "kind");
    organisation_field(ctx, f);
    when_fields(ctx, f);
    if (!f->edit)
        repeats_field(ctx);
    place_fields(ctx, f);
    field(ctx, "text", "long", say(ctx, "What to know"), say(ctx, "What to bring, for whom it is, what it costs."),
          value_of(ctx, f, "text"), "");
    shifts_field(ctx, f);
    skills_field(ctx, f);
    html(out, "<details><summary>{}</summary>", say(ctx, "The same in English, for those who read it"));
    field(ctx, "title_en", "text", say(ctx, "Title in English"), NULL, value_of(ctx, f, "title_en"), "");
    field(ctx, "place_en", "text", say(ctx, "Place in English"), NULL, value_of(ctx, f, "place_en"), "");
    field(ctx, "text_en", "long", say(ctx, "What to know, in English"), NULL, value_of(ctx, f, "text_en"), "");
    bool planned = was_sent(ctx) ? param(ctx, "planned") != NULL : f->edit && !strcmp(f->from->status, "planned");
    html(out, "</details><label class=\"check\"><input type=\"checkbox\" name=\"planned\" value=\"1\"{}> {}</label>",
         (struct markup){planned ? " checked" : ""}, say(ctx, "Still being planned: not shown to residents yet"));
    buf_puts(out, "<div class=\"acts\">");
    html(out, "<button class=\"primary\">{}</button>", f->edit ? say(ctx, "Save") : say(ctx, "Announce it"));
    if (!f->edit)
        html(out, "<button name=\"look\" value=\"1\">{}</button>", say(ctx, "Show the dates first"));
    buf_puts(out, "</div>");
    form_end(ctx);
    page_end(ctx);
}

static void form_page(struct ctx *ctx)
{
    draw(ctx, form_new(ctx));
}

static void form_again(struct ctx *ctx)
{
    draw(ctx, ctx->work ? ctx->work : form_new(ctx));
}

/* ---- what was sent ---- */

static int64_t at_time(struct ctx *ctx, const char *date, const char *clock)
{
    int64_t t;
    bool has_time = false;
    return date && clock && *clock && when_parse(arena_print(ctx->arena, "%.20s %.10s", date, clock), &t, &has_time) && has_time ? t : NONE;
}

static void take_times(struct ctx *ctx, struct activity *a)
{
    const char *date = param(ctx, "date"), *until = param(ctx, "sign_up_until");
    int64_t day;
    if (!date || !day_parse(date, &day)) {
        ctx_problem(ctx, "date", say(ctx, "On which day is it?"));
        return;
    }
    a->starts = at_time(ctx, date, param(ctx, "from"));
    a->ends = at_time(ctx, date, param(ctx, "to"));
    if (a->starts == NONE)
        ctx_problem(ctx, "from", say(ctx, "When does it begin? Like 09:00."));
    if (a->ends == NONE)
        ctx_problem(ctx, "to", say(ctx, "When does it end? Like 11:30."));
    if (a->starts != NONE && a->ends != NONE && a->ends <= a->starts)
        a->ends += WHEN_DAY;
    a->sign_up_until = NONE;
    if (until && *until && !when_parse(until, &a->sign_up_until, NULL))
        ctx_problem(ctx, "sign_up_until", say(ctx, "A date and a time, please."));
}

static void take_fields(struct ctx *ctx, struct activity *a)
{
    static const char *const names[] = {"title", "title_en", "kind", "organisation", "station", "area",
                                        "place", "place_en", "text", "text_en",      "places"};
    struct buf skills;
    ctx->labels = labels;
    a->place = NULL; /* what the station said may change with it */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        field_set(ctx, kind_field(&activities_kind, names[i]), a, param(ctx, names[i]));
    buf_init(&skills, 0);
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, "skills"))
            plain(&skills, "{},", ctx->web->form[i].value);
    field_set(ctx, kind_field(&activities_kind, "skills"), a, arena_copyn(ctx->arena, skills.data, skills.size));
    buf_release(&skills);
}

static void take_shifts(struct ctx *ctx, struct form *f)
{
    for (int i = 0; i < SHIFTS_MOST; i++) {
        struct shift_row s = {.id = param_int(ctx, shift_name(ctx, "id", i)),
                              .places = param_int(ctx, shift_name(ctx, "places", i)),
                              .name = text_tidy(ctx->arena, param(ctx, shift_name(ctx, "name", i))),
                              .from = param(ctx, shift_name(ctx, "from", i)),
                              .to = param(ctx, shift_name(ctx, "to", i)),
                              .skills = f->a->skills};
        s.name = s.name && *s.name ? s.name : NULL;
        f->shifts[i] = s;
        if (s.name && (at_time(ctx, "2026-01-01", s.from) == NONE || at_time(ctx, "2026-01-01", s.to) == NONE))
            ctx_problem(ctx, "shifts", say(ctx, "The shift “{}” needs its hours: from and to.", s.name));
        else if (s.name && (s.places == NONE || s.places < 1 || s.places > 1000) && param(ctx, shift_name(ctx, "places", i)) &&
                 *param(ctx, shift_name(ctx, "places", i)))
            ctx_problem(ctx, "shifts", say(ctx, "The shift “{}” needs between 1 and 1,000 people.", s.name));
    }
}

static void prepare(struct ctx *ctx)
{
    struct form *f = form_new(ctx);
    ctx->work = f;
    f->a = f->edit ? record_copy(ctx, &activities_kind, f->from) : record_new(ctx, &activities_kind);
    f->look = param(ctx, "look") != NULL;
    take_fields(ctx, f->a);
    if (!f->a->title) /* said together with what is wrong with the times */
        ctx_problem(ctx, "title", say(ctx, "{} is needed.", tr(ctx, kind_field(&activities_kind, "title")->label)));
    take_times(ctx, f->a);
    take_shifts(ctx, f);
    if (!f->edit || !strcmp(f->from->status, "planned") || !strcmp(f->from->status, "open"))
        f->a->status = param(ctx, "planned") ? "planned" : "open";
    if (!ctx_ok(ctx))
        return;
    if (!f->edit) {
        f->a->repeats = repeats_chosen(ctx, f->a->starts);
        if (ctx_ok(ctx) && f->a->repeats)
            repeats_list(ctx, f->a->repeats, f->a->starts, f->dates, DATES_MOST, &f->date_count);
        if (ctx_ok(ctx) && f->a->starts < ctx->now - 30 * WHEN_DAY)
            ctx_problem(ctx, "date", say(ctx, "That day is long past. Activities of the past are brought in by import."));
    }
    record_check(ctx, &activities_kind, f->edit ? f->from : NULL, f->a);
    if (ctx_ok(ctx) && f->look)
        ctx->status = INVALID; /* the form again, with the dates */
}

/* ---- behind the door ---- */

static bool may_have(struct ctx *ctx, const struct activity *a)
{
    return record_mine(ctx, &activities_kind, a->record.id, "organisation");
}

static void store_shift(struct ctx *ctx, const struct shift_row *row, const struct activity *a)
{
    const struct shift *before = row->id == NONE ? NULL : record_get(ctx, &shifts_kind, row->id);
    if (before && before->activity != a->record.id)
        return;
    struct shift *s = before ? record_copy(ctx, &shifts_kind, before) : record_new(ctx, &shifts_kind);
    const char *date = date_of(ctx, a->starts);
    s->activity = a->record.id;
    s->name = row->name;
    s->starts = at_time(ctx, date, row->from);
    s->ends = at_time(ctx, date, row->to);
    s->ends += s->ends <= s->starts ? WHEN_DAY : 0;
    s->places = row->places;
    s->skills = row->skills;
    if (record_check(ctx, &shifts_kind, before, s))
        before ? record_update(ctx, &shifts_kind, before, s, "edit") : record_insert(ctx, &shifts_kind, s, "add");
}

static void drop_shift(struct ctx *ctx, int64_t id, const struct activity *a)
{
    const struct shift *s = record_get(ctx, &shifts_kind, id);
    if (!s || s->activity != a->record.id)
        return;
    if (query_int(ctx->db, "SELECT count(*) AS n FROM sign_ups WHERE shift = {}", id) +
            query_int(ctx->db, "SELECT count(*) AS n FROM marks WHERE shift = {}", id) >
        0) {
        ctx_problem(ctx, "shifts", say(ctx, "Volunteers have signed up for “{}”: it can be changed, but not left out.", s->name));
        return;
    }
    change(ctx->db, "DELETE FROM shifts WHERE id = {}", id);
    journal_add(ctx, "shifts", id, "remove", NULL, NULL);
}

static void store_shifts(struct ctx *ctx, const struct form *f, const struct activity *a)
{
    for (int i = 0; i < SHIFTS_MOST && ctx_ok(ctx); i++)
        if (f->shifts[i].name)
            store_shift(ctx, &f->shifts[i], a);
        else if (f->edit && f->shifts[i].id != NONE)
            drop_shift(ctx, f->shifts[i].id, a);
}

static void create(struct ctx *ctx)
{
    struct form *f = ctx->work;
    if (activity_file(ctx, f->a) != OK || !may_have(ctx, f->a))
        return;
    store_shifts(ctx, f, f->a);
    for (int64_t last = f->a->record.id, id;
         f->a->series && ctx_ok(ctx) &&
         (id = query_int(ctx->db, "SELECT min(id) AS id FROM activities WHERE series = {} AND id > {}", f->a->series, last)) != NONE;
         last = id)
        store_shifts(ctx, f, record_get(ctx, &activities_kind, id));
    if (!ctx_ok(ctx))
        return;
    ctx->web->sent = "activity";
    flash(ctx, f->date_count                      ? say(ctx, "{} dates are announced.", f->date_count + 1)
               : !strcmp(f->a->status, "planned") ? say(ctx, "It is kept as planned.")
                                                  : say(ctx, "It is announced."));
    see_other(ctx, "/activities/{}/manage", f->a->record.id);
}

static bool moved(const struct activity *a, const struct activity *b)
{
    return a->starts != b->starts || a->ends != b->ends || strcmp(a->place ? a->place : "", b->place ? b->place : "") != 0;
}

static void save(struct ctx *ctx)
{
    struct form *f = ctx->work;
    const struct activity *before = record_load(ctx, &activities_kind, f->a->record.id);
    if (!before || before->record.version != param_int(ctx, "version")) {
        ctx_problem(ctx, NULL, say(ctx, "Somebody else changed this meanwhile. Look at it again before you change it."));
        return;
    }
    if (record_update(ctx, &activities_kind, before, f->a, "edit") != OK || !may_have(ctx, f->a))
        return;
    store_shifts(ctx, f, f->a);
    if (!ctx_ok(ctx))
        return;
    if (moved(before, f->a) && !strcmp(f->a->status, "open") && f->a->ends > ctx->now)
        activity_tell(ctx, f->a, TELL_CHANGED, NONE);
    flash(ctx, say(ctx, "Saved."));
    see_other(ctx, "/activities/{}/manage", f->a->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/activities/new", ACTIVITY_HOSTS, form_page),
    ROUTE_POST("/activities/new", ACTIVITY_HOSTS, create, .prepare = prepare, .failed = form_again),
    ROUTE_GET("/activities/{id}/edit", ACTIVITY_HOSTS, form_page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/edit", ACTIVITY_HOSTS, save, .prepare = prepare, .failed = form_again, .record = &activities_kind),
};

const struct module activity_form_module = {.name = "activity_form", .routes = ROUTES(table)};
