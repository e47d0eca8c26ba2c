/*
 * The form for an activity: what, when, where, for how many, with which shifts,
 * and how it repeats. The dates of a repetition are shown before anything is
 * stored. A template is an activity with a template name; a new activity starts
 * with its values.
 */
#include "app/activities/activity_pages.h"

#include "core/module.h"
#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"
#include "base/repeat.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/fields.h"

#include <stdlib.h>
#include <string.h>

#define SHIFTS_MOST 100 /* rows of the form; with more, the spreadsheet of shifts is the tool */
#define SHIFTS_FREE 6   /* rows of a new activity; afterwards two more than there are */
#define DATES_MOST  (REPEAT_MOST - 1)

struct shift_row {
    int64_t id, places;
    const char *name, *date, *from, *to;
    const struct shift *was; /* as it is stored; NULL: new */
};

struct activity_form {
    const struct activity *from; /* the activity that is edited, or the template; NULL */
    struct activity *a;
    struct shift_row shifts[SHIFTS_MOST];
    const struct shift *stored[SHIFTS_MOST];
    int shift_count;
    int64_t more_shifts; /* those that the form does not show and does not change */
    int64_t dates[DATES_MOST];
    int date_count;
    int64_t later; /* later days of the series */
    bool edit, look, all;
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

static const char *value_of(struct ctx *ctx, const struct activity_form *f, const char *name)
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

static void field(struct ctx *ctx, const char *name, const char *type, const char *label,
                  const char *hint, const char *now, const char *css)
{
    struct buf *out = ctx->web->out;
    html(out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", name, label);
    if (hint)
        html(out, "<p class=\"hint\">{}</p>", hint);
    if (!strcmp(type, "long"))
        html(out, "<textarea id=\"f-{}\" name=\"{}\" rows=\"4\">{}</textarea>", name, name, now);
    else
        html(out, "<input id=\"f-{}\" name=\"{}\" type=\"{}\" class=\"{}\" value=\"{}\"{}>", name,
             name, type, css, now,
             (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""});
    field_problem(ctx, name);
    buf_puts(out, "</div>");
}

static void option(struct ctx *ctx, const char *code, const char *label, const char *now)
{
    html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", code,
         (struct markup){now && !strcmp(now, code) ? " selected" : ""}, label);
}

static void options(struct ctx *ctx, struct rows *r, const char *now)
{
    while (rows_next(r))
        option(ctx, arena_print(ctx->arena, "%lld", (long long)row_int(r, "id")),
               ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")), now);
}

static void select_begin(struct ctx *ctx, const char *name, const char *label, const char *none)
{
    html(ctx->web->out,
         "<div class=\"field\"><label for=\"f-{}\">{}</label><select id=\"f-{}\" name=\"{}\">",
         name, label, name, name);
    if (none)
        html(ctx->web->out, "<option value=\"\">{}</option>", none);
}

static void select_end(struct ctx *ctx, const char *name)
{
    buf_puts(ctx->web->out, "</select>");
    field_problem(ctx, name);
    buf_puts(ctx->web->out, "</div>");
}

/* Leaders choose among their teams, others among the organisations of their communities. */
static void organisation_field(struct ctx *ctx, const struct activity_form *f)
{
    const char *now = value_of(ctx, f, "organisation");
    bool wide = ctx->actor.roles & (ROLE_WORKER | ROLE_OFFICE);
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, name, name_en FROM organisations WHERE kind IN ('team', 'committee', "
                "'branch', 'social', 'union') AND merged_into IS NULL AND (1 = 0");
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if (ctx->actor.grants[i].role == ROLE_TEAM_LEADER && ctx->actor.grants[i].organisation > 0)
            sql_add(&q, " OR id = {}", ctx->actor.grants[i].organisation);
    if (wide) {
        sql_add(&q, " OR (1 = 1");
        scope_by_community(ctx, &q, ROLE_WORKER | ROLE_OFFICE, "community");
        sql_add(&q, ")");
    }
    sql_add(&q, ") AND (id = {} OR (1 = 1",
            (struct maybe){now && *now ? strtoll(now, NULL, 10) : NONE});
    valid_where(ctx, &q);
    sql_add(&q, ")) ORDER BY name COLLATE pinyin, id");
    select_begin(ctx, "organisation", say(ctx, "Organised by"),
                 wide ? say(ctx, "Run by the community") : NULL);
    options(ctx, sql_query(ctx->db, &q), now);
    select_end(ctx, "organisation");
}

static const struct label labels[] = {{"area", N_("Community")}, {NULL, NULL}};

/* What is valid today, and what was chosen before. */
static struct rows *offered(struct ctx *ctx, const char *what, const char *table,
                            const char *chosen)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id, name, name_en FROM (");
    sql_write(&q, what, NULL, 0);
    !strcmp(table, "areas") ? valid_areas_where(ctx, &q, "id") : valid_where(ctx, &q);
    sql_add(&q,
            " UNION SELECT id, name, name_en FROM {} WHERE id = {}) AS part ORDER BY name COLLATE "
            "pinyin, id",
            (struct sql_name){table},
            (struct maybe){chosen && *chosen ? strtoll(chosen, NULL, 10) : NONE});
    return sql_query(ctx->db, &q);
}

static void place_fields(struct ctx *ctx, const struct activity_form *f)
{
    const char *area = value_of(ctx, f, "area");
    select_begin(ctx, "area", ctx_label(ctx, labels, "area"),
                 say(ctx, "Same as the service point"));
    options(ctx,
            offered(ctx, "SELECT id, name, name_en FROM areas WHERE level = 'community'", "areas",
                    area),
            area);
    select_end(ctx, "area");
    select_begin(ctx, "station", say(ctx, "At which service point"),
                 say(ctx, "Not at a service point"));
    options(ctx,
            offered(ctx,
                    "SELECT id, name, name_en FROM organisations WHERE kind = 'station' AND public "
                    "= 1 AND merged_into IS NULL",
                    "organisations", value_of(ctx, f, "station")),
            value_of(ctx, f, "station"));
    select_end(ctx, "station");
    field(
        ctx, "place", "text", say(ctx, "Location"),
        say(ctx,
            "As you would explain it to someone on the way. Leave blank to use the service point."),
        value_of(ctx, f, "place"), "");
}

/* Days from the first to the last; 0 if it ends in the night after the day on which it began. */
static int64_t days_of(const struct activity *a)
{
    return a->ends - a->starts <= WHEN_DAY ? 0 : when_day(a->ends) - when_day(a->starts);
}

static void when_fields(struct ctx *ctx, const struct activity_form *f)
{
    struct buf *out = ctx->web->out;
    int64_t starts = f->from ? f->from->starts : NONE, ends = f->from ? f->from->ends : NONE,
            until = f->from && f->edit ? f->from->sign_up_until : NONE;
    const char *iso = when_iso(ctx->arena, until);
    buf_puts(out, "<div class=\"pair thirds\">");
    field(ctx, "date", "date", say(ctx, "Day"), NULL,
          value(ctx, "date", f->edit ? date_of(ctx, starts) : NULL), "short");
    field(ctx, "from", "time", say(ctx, "Starts"), NULL,
          value(ctx, "from", starts == NONE ? NULL : clock_show(ctx, starts)), "tiny");
    field(ctx, "to", "time", say(ctx, "Ends"),
          say(ctx, "If this is earlier than the start, the activity ends the next day."),
          value(ctx, "to", ends == NONE ? NULL : clock_show(ctx, ends)), "tiny");
    buf_puts(out, "</div><div class=\"pair\">");
    field(
        ctx, "last", "date", say(ctx, "Last day"), say(ctx, "Only if it lasts several days."),
        value(ctx, "last", f->edit && f->from && days_of(f->from) > 0 ? date_of(ctx, ends) : NULL),
        "short");
    buf_puts(out, "</div><div class=\"pair\">");
    field(ctx, "places", "number", say(ctx, "Places for residents"),
          say(ctx, "Leave blank for no limit. Once full, people join the waiting list."),
          value_of(ctx, f, "places"), "tiny");
    field(ctx, "sign_up_until", "datetime-local", say(ctx, "Sign-up closes"),
          say(ctx, "Leave blank to keep sign-up open until the start."),
          value(ctx, "sign_up_until", iso ? arena_copyn(ctx->arena, iso, 16) : NULL), "short");
    buf_puts(out, "</div>");
}

static bool skill_ticked(struct ctx *ctx, const struct activity_form *f, const char *code)
{
    if (!was_sent(ctx))
        return f->from && f->from->skills && tags_have(f->from->skills, code);
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, "skills") && !strcmp(ctx->web->form[i].value, code))
            return true;
    return false;
}

static void skills_field(struct ctx *ctx, const struct activity_form *f)
{
    struct buf *out = ctx->web->out;
    html(out, "<fieldset id=\"f-skills\"><legend>{}</legend><div class=\"checks\">",
         say(ctx, "Volunteer skills needed"));
    struct rows *r = query(ctx->db,
                           "SELECT code, name, name_en FROM skills ORDER BY position, code");
    while (rows_next(r)) {
        const char *code = row_copy(r, ctx->arena, "code");
        html(out,
             "<label class=\"check\"><input type=\"checkbox\" name=\"skills\" value=\"{}\"{}> "
             "{}</label>",
             code, (struct markup){skill_ticked(ctx, f, code) ? " checked" : ""},
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    }
    buf_puts(out, "</div></fieldset>");
}

static const char *shift_name(struct ctx *ctx, const char *what, int i)
{
    return arena_print(ctx->arena, "shift_%s_%d", what, i);
}

static void shift_line(struct ctx *ctx, const struct shift_row *s, int i)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<div class=\"shift\"><input type=\"hidden\" name=\"{}\" value=\"{}\"><label>{} "
         "<input name=\"{}\" maxlength=\"40\" value=\"{}\"></label><label>{} <input type=\"date\" "
         "name=\"{}\" value=\"{}\"></label>",
         shift_name(ctx, "id", i), (struct maybe){s->id}, say(ctx, "Task"),
         shift_name(ctx, "name", i), s->name, say(ctx, "Day"), shift_name(ctx, "date", i), s->date);
    html(out,
         "<label>{} <input type=\"time\" name=\"{}\" value=\"{}\"></label><label>{} <input "
         "type=\"time\" name=\"{}\" value=\"{}\"></label>",
         say(ctx, "From"), shift_name(ctx, "from", i), s->from, say(ctx, "To"),
         shift_name(ctx, "to", i), s->to);
    html(out,
         "<label>{} <input type=\"number\" min=\"1\" max=\"1000\" name=\"{}\" "
         "value=\"{}\"></label></div>",
         say(ctx, "Number needed"), shift_name(ctx, "places", i), (struct maybe){s->places});
}

static void shifts_field(struct ctx *ctx, const struct activity_form *f)
{
    struct buf *out = ctx->web->out;
    int first_hidden = 2;
    while (first_hidden < f->shift_count && f->shifts[first_hidden].name)
        first_hidden++;
    html(out, "<fieldset id=\"f-shifts\"><legend>{}</legend><p class=\"hint\">{} {}</p>",
         say(ctx, "Volunteer shifts"),
         say(ctx,
             "Enter the times and number of volunteers for each shift. Blank rows are ignored."),
         say(ctx, "Leave a shift’s day blank for the first day. A shift that starts earlier than "
                  "the activity is on the next day."));
    field_problem(ctx, "shifts");
    for (int i = 0; i < f->shift_count; i++) {
        if (i == first_hidden)
            html(out, "<details><summary>{}</summary>", say(ctx, "Add shifts"));
        shift_line(ctx, &f->shifts[i], i);
    }
    if (first_hidden < f->shift_count)
        buf_puts(out, "</details>");
    more_draw(ctx, f->more_shifts);
    buf_puts(out, "</fieldset>");
}

/* Asks, if there are later ones, whether the change is meant for all of them. */
static void which_field(struct ctx *ctx, const struct activity_form *f)
{
    struct buf *out = ctx->web->out;
    const char *which = param(ctx, "which");
    if (!f->later)
        return;
    html(out, "<fieldset id=\"f-which\"><legend>{}</legend><p class=\"hint\">{}</p>",
         say(ctx, "What should change?"), say(ctx, "This activity belongs to a series"));
    html(out,
         "<label class=\"check\"><input type=\"radio\" name=\"which\" value=\"one\"{}> "
         "{}</label><label class=\"check\"><input type=\"radio\" name=\"which\" "
         "value=\"later\"{}> {}</label>",
         (struct markup){which && !strcmp(which, "one") ? " checked" : ""},
         say(ctx, "Only this one"),
         (struct markup){which && !strcmp(which, "later") ? " checked" : ""},
         say(ctx, "This and all later ones ({})", f->later + 1));
    field_problem(ctx, "which");
    buf_puts(out, "</fieldset>");
}

static void draw_dates(struct ctx *ctx, const struct activity_form *f)
{
    struct buf *out = ctx->web->out;
    html(out, "<section class=\"card\" id=\"dates\"><h2>{}</h2>", say(ctx, "Dates"));
    if (f->a->repeats)
        html(out, "<p>{}</p>", repeats_words(ctx, f->a->repeats));
    if (ctx->note)
        html(out, "<p class=\"problem\">{} {}</p>", icon(ctx, "alert-circle"), tr(ctx, ctx->note));
    html(out, "<ol class=\"plainlist\"><li>{}</li>", activity_when(ctx, f->a->starts, f->a->ends));
    for (int i = 0; i < f->date_count; i++)
        html(out, "<li>{}</li>",
             activity_when(ctx, f->dates[i], f->dates[i] + f->a->ends - f->a->starts));
    buf_puts(out, "</ol></section>");
}

/* Reads the shifts of the activity by start; returns how many. */
static int shifts_read(struct ctx *ctx, int64_t activity, const struct shift **all)
{
    int64_t ids[SHIFTS_MOST];
    struct rows *r = query(ctx->db,
                           "SELECT id FROM shifts WHERE activity = {} ORDER BY starts, id LIMIT {}",
                           activity, SHIFTS_MOST);
    int n = rows_ids(r, ids, SHIFTS_MOST);
    for (int i = 0; i < n; i++)
        all[i] = record_must(ctx, &shifts_kind, ids[i]);
    return n;
}

static void shifts_of(struct ctx *ctx, const struct activity *a, struct activity_form *f)
{
    const struct shift **all = f->stored;
    int n = shifts_read(ctx, a->record.id, all);
    for (int i = 0; i < n; i++)
        f->shifts[i] = (struct shift_row){f->edit ? all[i]->record.id : NONE,
                                          all[i]->places,
                                          all[i]->name,
                                          f->edit ? date_of(ctx, all[i]->starts) : NULL,
                                          clock_show(ctx, all[i]->starts),
                                          clock_show(ctx, all[i]->ends),
                                          f->edit ? all[i] : NULL};
    f->shift_count = n + 2 < SHIFTS_FREE ? SHIFTS_FREE : n + 2;
    f->shift_count = f->shift_count < SHIFTS_MOST ? f->shift_count : SHIFTS_MOST;
    f->more_shifts = query_int(ctx->db, "SELECT count(*) AS n FROM shifts WHERE activity = {}",
                               a->record.id) -
                     n;
}

#define LATER "series = {} AND starts > {} AND status IN ('planned', 'open')"

static struct activity_form *form_new(struct ctx *ctx)
{
    struct activity_form *f = ARENA_NEW(ctx->arena, struct activity_form);
    f->shift_count = SHIFTS_FREE;
    for (int i = 0; i < SHIFTS_MOST; i++)
        f->shifts[i] = (struct shift_row){.id = NONE, .places = NONE};
    f->from = ctx->web->record;
    f->edit = f->from != NULL;
    if (!f->edit && param(ctx, "from_template"))
        f->from = param_int(ctx, "from_template") == NONE
                      ? NULL
                      : record_load(ctx, &activities_kind, param_int(ctx, "from_template"));
    if (f->from)
        shifts_of(ctx, f->from, f);
    if (f->edit && f->from->series)
        f->later = query_int(ctx->db, "SELECT count(*) AS n FROM activities WHERE " LATER,
                             f->from->series, f->from->starts);
    return f;
}

/* What and when on the left, where and with whom on the right, if there is room. */
static void draw_fields(struct ctx *ctx, const struct activity_form *f)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<div class=\"halves\"><div class=\"form\">");
    field(ctx, "title", "text", say(ctx, "Title"), NULL, value_of(ctx, f, "title"), "");
    select_begin(ctx, "kind", say(ctx, "Type"), NULL);
    for (const struct choice *c = activity_kinds; c->code; c++)
        option(ctx, c->code, tr(ctx, c->label), value_of(ctx, f, "kind"));
    select_end(ctx, "kind");
    organisation_field(ctx, f);
    when_fields(ctx, f);
    if (!f->edit)
        repeats_field(ctx);
    buf_puts(out, "</div><div class=\"form\">");
    place_fields(ctx, f);
    field(ctx, "text", "long", say(ctx, "Details"),
          say(ctx, "What to bring, who it is for and any cost."), value_of(ctx, f, "text"), "");
    shifts_field(ctx, f);
    skills_field(ctx, f);
    html(out, "</div></div><details><summary>{}</summary>", say(ctx, "English version"));
    field(ctx, "title_en", "text", say(ctx, "Title in English"), NULL, value_of(ctx, f, "title_en"),
          "");
    field(ctx, "place_en", "text", say(ctx, "Location in English"), NULL,
          value_of(ctx, f, "place_en"), "");
    field(ctx, "text_en", "long", say(ctx, "Details in English"), NULL, value_of(ctx, f, "text_en"),
          "");
    buf_puts(out, "</details>");
}

static void draw(struct ctx *ctx, struct activity_form *f)
{
    struct buf *out = ctx->web->out;
    const char *title = f->edit ? say(ctx, "Edit activity") : say(ctx, "New activity");
    page_begin(ctx, title, PAGE_STAFF);
    trail(ctx,
          f->edit
              ? arena_print(ctx->arena, "/activities/%lld/manage", (long long)f->from->record.id)
              : "/activities/manage",
          f->edit ? activity_title(ctx, f->from) : say(ctx, "Activities"));
    html(out, "<header class=\"head\"><h1>{}</h1></header>", title);
    form_problems(ctx);
    if (f->look && f->a)
        draw_dates(ctx, f);
    form_begin(ctx,
               f->edit
                   ? arena_print(ctx->arena, "/activities/%lld/edit", (long long)f->from->record.id)
                   : "/activities/new",
               f->edit ? NULL : "activity", false);
    if (f->edit)
        html(out, "<input type=\"hidden\" name=\"version\" value=\"{}\">",
             was_sent(ctx) ? param_int(ctx, "version") : f->from->record.version);
    which_field(ctx, f);
    draw_fields(ctx, f);
    bool planned = was_sent(ctx) ? param(ctx, "planned") != NULL
                                 : f->edit && !strcmp(f->from->status, "planned");
    html(out,
         "<label class=\"check\"><input type=\"checkbox\" name=\"planned\" "
         "value=\"1\"{}> {}</label>",
         (struct markup){planned ? " checked" : ""},
         say(ctx, "Draft: not visible to residents yet"));
    buf_puts(out, "<div class=\"acts\">");
    html(out, "<button class=\"primary\">{}</button>",
         f->edit ? say(ctx, "Save") : say(ctx, "Publish"));
    if (!f->edit)
        html(out, "<button name=\"look\" value=\"1\">{}</button>", say(ctx, "Preview dates"));
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
    return date && clock && *clock &&
                   when_parse(arena_print(ctx->arena, "%.20s %.10s", date, clock), &t, &has_time) &&
                   has_time
               ? t
               : NONE;
}

/* Without the field in the form, the length in days stays as it was. */
static const char *last_day(struct ctx *ctx, const struct activity_form *f, int64_t first)
{
    const char *last = param(ctx, "last");
    int64_t day = first;
    if (last && *last && (!day_parse(last, &day) || day < first))
        ctx_problem(ctx, "last", say(ctx, "Enter the last day."));
    if (!last && f->edit && f->from)
        day += days_of(f->from);
    return day_iso(ctx->arena, day);
}

static void take_times(struct ctx *ctx, const struct activity_form *f, struct activity *a)
{
    const char *date = param(ctx, "date"), *until = param(ctx, "sign_up_until");
    int64_t day;
    bool dated = date && day_parse(date, &day);
    if (!dated) { /* the others are checked all the same */
        ctx_problem(ctx, "date", say(ctx, "Enter the date."));
        day = when_day(ctx->now);
        date = day_iso(ctx->arena, day);
    }
    a->starts = at_time(ctx, date, param(ctx, "from"));
    a->ends = at_time(ctx, last_day(ctx, f, day), param(ctx, "to"));
    if (a->starts == NONE)
        ctx_problem(ctx, "from", say(ctx, "Enter a start time, e.g. 09:00."));
    if (a->ends == NONE)
        ctx_problem(ctx, "to", say(ctx, "Enter an end time, e.g. 11:30."));
    if (a->starts != NONE && a->ends != NONE && a->ends <= a->starts)
        a->ends += WHEN_DAY;
    a->sign_up_until = NONE;
    if (until && *until && !when_parse(until, &a->sign_up_until, NULL))
        ctx_problem(ctx, "sign_up_until", say(ctx, "Enter a date and time."));
    if (!dated)
        a->starts = a->ends = NONE;
}

static void take_fields(struct ctx *ctx, struct activity *a)
{
    static const char *const names[] = {"title",   "title_en", "kind",  "organisation",
                                        "station", "area",     "place", "place_en",
                                        "text",    "text_en",  "places"};
    struct buf skills;
    ctx->labels = labels;
    a->place = NULL; /* the place may follow the service point */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        field_set(ctx, kind_field(&activities_kind, names[i]), a, param(ctx, names[i]));
    buf_init(&skills, 0);
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, "skills"))
            plain(&skills, "{},", ctx->web->form[i].value);
    field_set(ctx, kind_field(&activities_kind, "skills"), a,
              arena_copyn(ctx->arena, skills.data, skills.size));
    buf_release(&skills);
}

/* The day on which a shift begins: the typed one. If it was not changed, it moves with the
 * activity; a new shift is on the first day. */
static const char *shift_date(struct ctx *ctx, const struct activity_form *f,
                              const struct shift_row *s)
{
    int64_t day, first = when_day(f->a->starts),
                 old = f->edit && f->from ? when_day(f->from->starts) : first;
    bool typed = s->date && *s->date;
    if (typed && !day_parse(s->date, &day)) {
        ctx_problem(ctx, "shifts", say(ctx, "Shift “{}”: enter the day.", s->name));
        return NULL;
    }
    if (s->was && (!s->date || (typed && day == when_day(s->was->starts))))
        day = when_day(s->was->starts) + first - old;
    else if (!typed)
        day = first;
    return day_iso(ctx->arena, day);
}

/* The hours of a shift; a start before the activity's own belongs to the following night. */
static void shift_times(struct ctx *ctx, const struct activity_form *f, const struct shift_row *row,
                        struct shift *s)
{
    const char *date = shift_date(ctx, f, row);
    s->starts = at_time(ctx, date, row->from);
    s->ends = at_time(ctx, date, row->to);
    if (s->starts == NONE || s->ends == NONE) {
        ctx_problem(ctx, "shifts",
                    say(ctx, "Shift “{}”: enter the start and end times.", row->name));
        return;
    }
    if (s->ends <= s->starts)
        s->ends += WHEN_DAY;
    if (s->starts < f->a->starts && when_day(s->starts) == when_day(f->a->starts)) {
        s->starts += WHEN_DAY;
        s->ends += WHEN_DAY;
    }
}

static void take_shifts(struct ctx *ctx, struct activity_form *f)
{
    for (int i = 0; i < f->shift_count; i++) {
        struct shift_row s = {.id = param_int(ctx, shift_name(ctx, "id", i)),
                              .places = param_int(ctx, shift_name(ctx, "places", i)),
                              .name = text_tidy(ctx->arena, param(ctx, shift_name(ctx, "name", i))),
                              .date = param(ctx, shift_name(ctx, "date", i)),
                              .from = param(ctx, shift_name(ctx, "from", i)),
                              .to = param(ctx, shift_name(ctx, "to", i))};
        for (int j = 0; j < SHIFTS_MOST && f->from && !s.was && s.id != NONE; j++)
            s.was = f->stored[j] && f->stored[j]->record.id == s.id ? f->stored[j] : NULL;
        s.name = s.name && *s.name ? s.name : NULL;
        f->shifts[i] = s;
        const char *places = param(ctx, shift_name(ctx, "places", i));
        if (s.name && (s.places == NONE || s.places < 1 || s.places > 1000) && places && *places)
            ctx_problem(ctx, "shifts", say(ctx, "Shift “{}”: enter 1 to 1,000 people.", s.name));
        if (s.name && f->a->starts != NONE)
            shift_times(ctx, f, &s, &(struct shift){.name = NULL});
    }
}

/* The rules of the record, also when a field is missing: every problem is said at once. What is
 * missing is made up for the check. */
static void check_whole(struct ctx *ctx, struct activity_form *f)
{
    struct activity *a = f->a;
    bool timed = a->starts != NONE && a->ends != NONE;
    if (!f->edit) {
        const char *rule = repeats_chosen(ctx, timed ? a->starts : ctx->now);
        a->repeats = timed ? rule : NULL;
        if (timed && a->starts < ctx->now - 30 * WHEN_DAY)
            ctx_problem(
                ctx, "date",
                say(ctx, "That date is too far in the past. Use Import for past activities."));
    }
    bool right = ctx_ok(ctx);
    if (!right) {
        a = record_copy(ctx, &activities_kind, a);
        a->title = a->title ? a->title : "?";
        if (!timed) {
            a->starts = ctx->now + WHEN_DAY;
            a->ends = a->starts + WHEN_HOUR;
            a->sign_up_until = NONE;
        }
        if (ctx_problem_of(ctx, "sign_up_until") || ctx_problem_of(ctx, "places"))
            a->sign_up_until = a->places = NONE;
    }
    record_check(ctx, &activities_kind, f->edit ? f->from : NULL, a);
    if (!right) /* left out there after a problem */
        activities_kind.check(ctx, f->edit ? f->from : NULL, a);
}

static void prepare(struct ctx *ctx)
{
    struct activity_form *f = form_new(ctx);
    ctx->work = f;
    f->a = f->edit ? record_copy(ctx, &activities_kind, f->from)
                   : record_new(ctx, &activities_kind);
    f->a->questions = f->from ? f->from->questions : NULL; /* of the template */
    f->look = param(ctx, "look") != NULL;
    take_fields(ctx, f->a);
    if (!f->a->title) /* reported together with problems of the times */
        ctx_problem(
            ctx, "title",
            say(ctx, "{} is required.", tr(ctx, kind_field(&activities_kind, "title")->label)));
    take_times(ctx, f, f->a);
    take_shifts(ctx, f);
    f->all = f->later && param(ctx, "which") && !strcmp(param(ctx, "which"), "later");
    if (f->later && !f->all && (!param(ctx, "which") || strcmp(param(ctx, "which"), "one") != 0))
        ctx_problem(ctx, "which",
                    say(ctx, "Choose whether only this one changes, or the later ones too."));
    if (!f->edit)
        f->a->status = param(ctx, "planned") ? "planned" : "open";
    check_whole(ctx, f);
    if (ctx_ok(ctx) && !f->edit && f->a->repeats) /* as checked */
        repeats_list(ctx, f->a->repeats, f->a->starts, f->dates, DATES_MOST, &f->date_count);
    if (ctx_ok(ctx) && f->look)
        ctx->status = INVALID; /* the form again, with the dates */
}

/* ---- on the writer thread ---- */

static bool may_have(struct ctx *ctx, const struct activity *a)
{
    return record_mine(ctx, &activities_kind, a->record.id, "organisation");
}

/* Makes a row into a shift of activity `of`, which is f->a or another day of its series.
 * before: the stored shift (NULL: new). */
static void store_shift(struct ctx *ctx, const struct activity_form *f, const struct shift_row *row,
                        const struct activity *of, const struct shift *before)
{
    struct shift *s = before ? record_copy(ctx, &shifts_kind, before)
                             : record_new(ctx, &shifts_kind);
    s->activity = of->record.id;
    s->name = row->name;
    shift_times(ctx, f, row, s);
    s->starts += of->starts - f->a->starts;
    s->ends += of->starts - f->a->starts;
    s->places = row->places;
    if (!before || (f->from->skills && before->skills && !strcmp(f->from->skills, before->skills)))
        s->skills = f->a->skills; /* otherwise the shift has skills of its own */
    if (!record_check(ctx, &shifts_kind, before, s))
        return;
    enum status done = before ? record_update(ctx, &shifts_kind, before, s, "edit")
                              : record_insert(ctx, &shifts_kind, s, "add");
    if (done == OK)
        shift_settle(ctx, before, s);
}

static void drop_shift(struct ctx *ctx, const struct shift *s)
{
    int64_t id = s->record.id;
    if (query_int(ctx->db, "SELECT count(*) AS n FROM sign_ups WHERE shift = {}", id) +
            query_int(ctx->db, "SELECT count(*) AS n FROM marks WHERE shift = {}", id) >
        0) {
        ctx_problem(ctx, "shifts",
                    say(ctx,
                        "Volunteers have signed up for “{}”: you can change it but not remove it.",
                        s->name));
        return;
    }
    change(ctx->db, "DELETE FROM shifts WHERE id = {}", id);
    journal_add(ctx, "shifts", id, "remove", NULL, NULL);
}

/* The shift on another day of the series that corresponds to `was`; NULL. */
static const struct shift *shift_like(struct ctx *ctx, const struct activity_form *f,
                                      const struct shift *was, const struct activity *of,
                                      int64_t of_starts)
{
    int64_t id = query_int(ctx->db,
                           "SELECT min(id) AS id FROM shifts WHERE activity = {} AND name = {} AND "
                           "starts = {}",
                           of->record.id, was->name, was->starts - f->from->starts + of_starts);
    return id == NONE ? NULL : record_get(ctx, &shifts_kind, id);
}

/* of: the activity as it is stored now; of_starts: its start before the change. */
static void store_shifts(struct ctx *ctx, const struct activity_form *f, const struct activity *of,
                         int64_t of_starts)
{
    for (int i = 0; i < f->shift_count && ctx_ok(ctx); i++) {
        const struct shift_row *row = &f->shifts[i];
        const struct shift *was = row->was && of->record.id != f->a->record.id
                                      ? shift_like(ctx, f, row->was, of, of_starts)
                                      : row->was;
        if (row->name)
            store_shift(ctx, f, row, of, was);
        else if (was)
            drop_shift(ctx, was);
    }
}

static void create(struct ctx *ctx)
{
    struct activity_form *f = ctx->work;
    if (activity_file(ctx, f->a) != OK || !may_have(ctx, f->a))
        return;
    store_shifts(ctx, f, f->a, f->a->starts);
    int64_t last = f->a->record.id;
    while (f->a->series && ctx_ok(ctx)) {
        int64_t id = query_int(ctx->db,
                               "SELECT min(id) AS id FROM activities WHERE series = {} AND id > {}",
                               f->a->series, last);
        if (id == NONE)
            break;
        const struct activity *each = record_must(ctx, &activities_kind, id);
        store_shifts(ctx, f, each, each->starts);
        last = id;
    }
    if (!ctx_ok(ctx))
        return;
    ctx->web->sent = "activity";
    const char *note = ctx->note ? tr(ctx, ctx->note) : NULL;
    const char *done = f->date_count && note
                           ? say(ctx, "{} dates published. {}", f->date_count + 1, note)
                       : f->date_count ? say(ctx, "{} dates published.", f->date_count + 1)
                       : !strcmp(f->a->status, "planned") ? say(ctx, "Saved as a draft.")
                                                          : say(ctx, "Published.");
    flash(ctx, done);
    see_other(ctx, "/activities/{}/manage", f->a->record.id);
}

/* The form must show the stored shifts; with another version it might not. */
static const struct activity *version_sent(struct ctx *ctx, const struct activity_form *f)
{
    const struct activity *before = record_load(ctx, &activities_kind, f->a->record.id);
    if (before && before->record.version == param_int(ctx, "version") &&
        before->record.version == f->from->record.version)
        return before;
    ctx_problem(ctx, NULL,
                say(ctx, "Someone else has just changed this. Check the latest version before "
                         "you edit it."));
    return NULL;
}

/* Copies fields of texts and whole numbers; save_later uses only those. */
static void field_copy(const struct field *f, const struct activity *from, struct activity *to)
{
    const char *at = (const char *)from + f->offset;
    memcpy((char *)to + f->offset, at, field_is_text(f) ? sizeof(const char *) : sizeof(int64_t));
}

/* Publishing or withdrawing a draft in the form is a separate step. */
static void follow_draft(struct ctx *ctx, const struct activity_form *f, int64_t id)
{
    const struct activity *a = record_must(ctx, &activities_kind, id);
    bool planned = param(ctx, "planned") != NULL;
    if (ctx_ok(ctx) && planned != !strcmp(f->from->status, "planned") &&
        !strcmp(a->status, planned ? "open" : "planned"))
        activity_take(ctx, planned ? "draft" : "publish", a, NULL);
}

/* Changes another day of the series: fields that changed in the form change there, and the
 * times move by the same amount. */
static void save_later(struct ctx *ctx, const struct activity_form *f, int64_t id)
{
    static const char *const texts[] = {"title",  "title_en", "kind",     "organisation", "station",
                                        "area",   "place",    "place_en", "text",         "text_en",
                                        "places", "skills",   NULL};
    const struct activity *from = f->from, *a = f->a,
                          *before = record_must(ctx, &activities_kind, id);
    struct activity *after = record_copy(ctx, &activities_kind, before);
    for (int i = 0; texts[i]; i++) {
        const struct field *each = kind_field(&activities_kind, texts[i]);
        if (!field_same(each, from, a))
            field_copy(each, a, after);
    }
    after->starts += a->starts - from->starts;
    after->ends = after->starts + a->ends - a->starts;
    if (a->sign_up_until == NONE)
        after->sign_up_until = NONE;
    else if (from->sign_up_until == NONE || a->sign_up_until != from->sign_up_until)
        after->sign_up_until = a->sign_up_until + after->starts - a->starts;
    else if (after->sign_up_until != NONE)
        after->sign_up_until += a->starts - from->starts;
    if (!record_check(ctx, &activities_kind, before, after) ||
        record_update(ctx, &activities_kind, before, after, "edit") != OK || !may_have(ctx, after))
        return;
    store_shifts(ctx, f, after, before->starts);
    if (ctx_ok(ctx) && activity_settle(ctx, before, after) == OK)
        follow_draft(ctx, f, id);
}

static void save(struct ctx *ctx)
{
    struct activity_form *f = ctx->work;
    const struct activity *before = version_sent(ctx, f);
    int64_t ids[DATES_MOST];
    int n = 0;
    if (!before)
        return;
    if (f->all)
        n = rows_ids(query(ctx->db,
                           "SELECT id FROM activities WHERE " LATER " ORDER BY starts, id LIMIT {}",
                           before->series, before->starts, DATES_MOST),
                     ids, DATES_MOST);
    if (record_update(ctx, &activities_kind, before, f->a, "edit") != OK || !may_have(ctx, f->a))
        return;
    store_shifts(ctx, f, f->a, before->starts);
    if (ctx_ok(ctx) && activity_settle(ctx, before, f->a) == OK)
        follow_draft(ctx, f, f->a->record.id);
    for (int i = 0; i < n && ctx_ok(ctx); i++)
        save_later(ctx, f, ids[i]);
    if (!ctx_ok(ctx))
        return;
    flash(ctx, n ? say(ctx, "{} activities changed.", n + 1) : say(ctx, "Saved."));
    see_other(ctx, "/activities/{}/manage", f->a->record.id);
}

static const struct route table[] = {
    ROUTE_GET("/activities/new", ACTIVITY_HOSTS, form_page),
    ROUTE_POST("/activities/new", ACTIVITY_HOSTS, create, .prepare = prepare, .failed = form_again),
    ROUTE_GET("/activities/{id}/edit", ACTIVITY_HOSTS, form_page, .record = &activities_kind),
    ROUTE_POST("/activities/{id}/edit", ACTIVITY_HOSTS, save, .prepare = prepare,
               .failed = form_again, .record = &activities_kind),
};

const struct module activity_form_module = {.name = "activity_form", .routes = ROUTES(table)};
