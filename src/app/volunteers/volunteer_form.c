/*
 * The form in which people offer help: on a resident's own phone, for someone
 * who is present, and to change it later. Skills are cards with pictures, times
 * a week of checkboxes. It works without JavaScript: the page is drawn again
 * from the parameters that were sent.
 */
#include "app/volunteers/volunteer_parts.h"

#include "base/when.h"
#include "web/fields.h"

#include <string.h>

static const struct label labels[] = {{"area", N_("Community or housing estate")},
                                      {"gender", N_("Gender")},
                                      {"skills", N_("What you can do")},
                                      {"times", N_("When you are free")},
                                      {"languages", N_("Languages you speak")},
                                      {"areas", N_("Where you would like to help")},
                                      {"gender_preference", N_("Who you are willing to visit")},
                                      {"limits", N_("Anything to bear in mind")},
                                      {NULL, NULL}};

static bool sent(const struct ctx *ctx)
{
    return ctx->web->form_count > 0;
}

/* Returns whether the box is checked: in what was sent, otherwise in what is stored. */
static struct markup ticked(const struct ctx *ctx, const char *name, const char *code,
                            const char *stored)
{
    bool is = !sent(ctx) && stored && tags_have(stored, code);
    for (int i = 0; i < ctx->web->form_count; i++)
        is |= !strcmp(ctx->web->form[i].name, name) && !strcmp(ctx->web->form[i].value, code);
    return (struct markup){is ? " checked" : ""};
}

static const char *typed_or(const struct ctx *ctx, const char *name, const char *stored)
{
    return sent(ctx) ? param(ctx, name) : stored;
}

/* Joins all values of one name in the form in which field_set reads tags. */
static void tags_read(struct ctx *ctx, const char *name, void *record)
{
    struct buf b;
    buf_init(&b, 8192);
    for (int i = 0; i < ctx->web->form_count; i++)
        if (!strcmp(ctx->web->form[i].name, name))
            plain(&b, "{};", ctx->web->form[i].value);
    field_set(ctx, kind_field(&volunteers_kind, name), record,
              arena_copyn(ctx->arena, b.data, b.size));
    buf_release(&b);
}

/* ---- who ---- */

static void radio(struct ctx *ctx, const char *name, const char *value, const char *stored,
                  const char *word)
{
    const char *now = typed_or(ctx, name, stored);
    html(ctx->web->out,
         "<label><input type=\"radio\" name=\"{}\" value=\"{}\"{}><span><b>{}</b></span></label>",
         name, value, (struct markup){!strcmp(now ? now : "", value) ? " checked" : ""}, word);
}

void volunteer_who(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    buf_puts(out, "<div class=\"pair\">");
    line_field(ctx, &(struct line){
                        .name = "name", .label = say(ctx, "Full name"), .autocomplete = "name"});
    line_field(ctx, &(struct line){.name = "phone",
                                   .label = say(ctx, "Phone"),
                                   .type = "tel",
                                   .autocomplete = "tel"});
    buf_puts(out, "</div>");
    area_field(ctx, ctx_label(ctx, labels, "area"));
}

static void gender_field(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    html(out, "<fieldset class=\"cards\" id=\"f-gender\"><legend>{} <i>{}</i></legend><div>",
         ctx_label(ctx, labels, "gender"), say(ctx, "optional"));
    radio(ctx, "gender", "female", NULL, say(ctx, "Woman"));
    radio(ctx, "gender", "male", NULL, say(ctx, "Man"));
    buf_puts(out, "</div></fieldset>");
}

void volunteer_who_read(struct ctx *ctx, struct person *p)
{
    int64_t area = param_int(ctx, "area");
    ctx->labels = labels;
    field_set(ctx, kind_field(&people_kind, "name"), p, param(ctx, "name"));
    field_set(ctx, kind_field(&people_kind, "phone"), p, param(ctx, "phone"));
    field_set(ctx, kind_field(&people_kind, "gender"), p, param(ctx, "gender"));
    p->area = area == NONE
                  ? NONE
                  : query_int(
                        ctx->db,
                        "SELECT id FROM areas WHERE id = {} AND level IN ('community', 'estate')",
                        area);
    if (!p->name && !ctx_problem_of(ctx, "name"))
        ctx_problem(ctx, "name", say(ctx, "Please enter a name."));
    if (!p->phone && !ctx_problem_of(ctx, "phone"))
        ctx_problem(ctx, "phone",
                    say(ctx, "Please give a phone number so that the team can call you."));
    if (p->area == NONE)
        ctx_problem(ctx, "area", say(ctx, "Please choose your community or housing estate."));
}

/* ---- what is offered ---- */

static void skills_field(struct ctx *ctx, const char *stored)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<fieldset class=\"cards\" id=\"f-skills\"><legend>{}</legend><p "
         "class=\"hint\">{}</p><div>",
         ctx_label(ctx, labels, "skills"),
         say(ctx,
             "Choose as many as you like. No skills? An extra pair of hands is always welcome."));
    struct rows *r = query(
        ctx->db,
        "SELECT code, name, name_en, icon, home_visit FROM skills ORDER BY position, code");
    while (rows_next(r)) {
        const char *sign = row_text(r, "icon");
        html(out,
             "<label><input type=\"checkbox\" name=\"skills\" value=\"{}\"{}><span>{}<b>{}</b>",
             row_text(r, "code"), ticked(ctx, "skills", row_text(r, "code"), stored),
             icon(ctx, sign ? sign : "heart-handshake"),
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
        if (row_int(r, "home_visit") == 1)
            html(out, "<i>{}</i>", say(ctx, "Home visits, always in pairs"));
        buf_puts(out, "</span></label>");
    }
    buf_puts(out, "</div>");
    field_problem(ctx, "skills");
    buf_puts(out, "</fieldset>");
}

static void times_field(struct ctx *ctx, const char *stored)
{
    static const char *const days[] = {N_("Monday"),   N_("Tuesday"), N_("Wednesday"),
                                       N_("Thursday"), N_("Friday"),  N_("Saturday"),
                                       N_("Sunday")};
    struct buf *out = ctx->web->out;
    html(out,
         "<fieldset id=\"f-times\"><legend>{} <i>{}</i></legend><table class=\"plain "
         "week\"><thead><tr><td></td><th scope=\"col\">{}</th><th scope=\"col\">{}</th>"
         "<th scope=\"col\">{}</th></tr></thead><tbody>",
         ctx_label(ctx, labels, "times"), say(ctx, "optional"), say(ctx, "Morning"),
         say(ctx, "Afternoon"), say(ctx, "Evening"));
    for (int i = 0; day_parts[i].code; i++) {
        if (i % 3 == 0)
            html(out, "<tr><th scope=\"row\">{}</th>", tr(ctx, days[i / 3]));
        html(out,
             "<td><label class=\"check\"><input type=\"checkbox\" name=\"times\" value=\"{}\" "
             "aria-label=\"{}\"{}></label></td>",
             day_parts[i].code, tr(ctx, day_parts[i].label),
             ticked(ctx, "times", day_parts[i].code, stored));
        if (i % 3 == 2)
            buf_puts(out, "</tr>");
    }
    buf_puts(out, "</tbody></table>");
    field_problem(ctx, "times");
    buf_puts(out, "</fieldset>");
}

static void languages_field(struct ctx *ctx, const char *stored)
{
    struct buf *out = ctx->web->out;
    html(out, "<fieldset id=\"f-languages\"><legend>{} <i>{}</i></legend><div class=\"checks\">",
         ctx_label(ctx, labels, "languages"), say(ctx, "optional"));
    for (const struct choice *c = volunteer_languages; c->code; c++)
        html(out,
             "<label class=\"check\"><input type=\"checkbox\" name=\"languages\" value=\"{}\"{}> "
             "{}</label>",
             c->code, ticked(ctx, "languages", c->code, stored), tr(ctx, c->label));
    buf_puts(out, "</div>");
    field_problem(ctx, "languages");
    buf_puts(out, "</fieldset>");
}

static void areas_field(struct ctx *ctx, const char *stored)
{
    struct buf *out = ctx->web->out;
    html(out,
         "<fieldset id=\"f-areas\"><legend>{} <i>{}</i></legend><p class=\"hint\">{}</p><div "
         "class=\"checks\">",
         ctx_label(ctx, labels, "areas"), say(ctx, "optional"),
         say(ctx, "Leave blank if anywhere is fine."));
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT code, name, name_en FROM areas WHERE level = 'community'");
    valid_areas_where(ctx, &q, "id");
    sql_add(&q, " ORDER BY name COLLATE pinyin, id");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        html(out,
             "<label class=\"check\"><input type=\"checkbox\" name=\"areas\" value=\"{}\"{}> "
             "{}</label>",
             row_text(r, "code"), ticked(ctx, "areas", row_text(r, "code"), stored),
             ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")));
    buf_puts(out, "</div>");
    field_problem(ctx, "areas");
    buf_puts(out, "</fieldset>");
}

static void visits_fields(struct ctx *ctx, const struct volunteer *v)
{
    struct buf *out = ctx->web->out;
    const char *most = v && v->visits_a_month != NONE
                           ? arena_print(ctx->arena, "%lld", (long long)v->visits_a_month)
                           : NULL;
    html(out, "<fieldset class=\"cards\" id=\"f-gender_preference\"><legend>{}</legend><div>",
         ctx_label(ctx, labels, "gender_preference"));
    radio(ctx, "gender_preference", "", v ? v->gender_preference : NULL, say(ctx, "Anyone"));
    radio(ctx, "gender_preference", "female", v ? v->gender_preference : NULL,
          say(ctx, "Women only"));
    radio(ctx, "gender_preference", "male", v ? v->gender_preference : NULL, say(ctx, "Men only"));
    buf_puts(out, "</div></fieldset><div class=\"pair\">");
    line_field(ctx, &(struct line){.name = "visits_a_month",
                                   .label = say(ctx, "Maximum visits per month"),
                                   .type = "number",
                                   .optional = true,
                                   .value = typed_or(ctx, "visits_a_month", most)});
    line_field(ctx, &(struct line){.name = "limits",
                                   .label = ctx_label(ctx, labels, "limits"),
                                   .hint = say(ctx, "For example: no stairs, no heavy lifting."),
                                   .optional = true,
                                   .value = typed_or(ctx, "limits", v ? v->limits : NULL)});
    buf_puts(out, "</div>");
}

void volunteer_offers(struct ctx *ctx, const struct volunteer *v)
{
    skills_field(ctx, v ? v->skills : NULL);
    times_field(ctx, v ? v->times : NULL);
    languages_field(ctx, v ? v->languages : NULL);
    areas_field(ctx, v ? v->areas : NULL);
    visits_fields(ctx, v);
}

/* ---- the same, folded ---- */

/* How many values of that name were sent; in words, for a fold's line. */
static const char *picked(struct ctx *ctx, const char *name)
{
    int64_t n = 0;
    for (int i = 0; i < ctx->web->form_count; i++)
        n += !strcmp(ctx->web->form[i].name, name) && *ctx->web->form[i].value;
    return n ? say_n(ctx, n, "1 chosen", "{} chosen", n) : NULL;
}

static bool wrong(struct ctx *ctx, const char *const *names)
{
    for (; *names; names++)
        if (ctx_problem_of(ctx, *names))
            return true;
    return false;
}

void volunteer_offers_folded(struct ctx *ctx)
{
    static const char *const skills[] = {"skills", NULL}, *const times[] = {"times", NULL},
                             *const about[] = {"gender", "languages", "areas", NULL},
                             *const visits[] = {"gender_preference", "visits_a_month", "limits",
                                                NULL};
    fold_begin(ctx, &(struct fold){.id = "skills",
                                   .icon = "tool",
                                   .label = ctx_label(ctx, labels, "skills"),
                                   .value = picked(ctx, "skills"),
                                   .none = say(ctx, "optional"),
                                   .open = wrong(ctx, skills)});
    skills_field(ctx, NULL);
    fold_end(ctx);
    fold_begin(ctx, &(struct fold){.id = "times",
                                   .icon = "clock",
                                   .label = ctx_label(ctx, labels, "times"),
                                   .value = picked(ctx, "times"),
                                   .none = say(ctx, "optional"),
                                   .open = wrong(ctx, times)});
    times_field(ctx, NULL);
    fold_end(ctx);
    fold_begin(ctx, &(struct fold){.id = "about",
                                   .icon = "user",
                                   .label = say(ctx, "Gender, languages, communities"),
                                   .value = picked(ctx, "languages"),
                                   .none = say(ctx, "optional"),
                                   .open = wrong(ctx, about)});
    gender_field(ctx);
    languages_field(ctx, NULL);
    areas_field(ctx, NULL);
    fold_end(ctx);
    fold_begin(ctx, &(struct fold){.id = "visits",
                                   .icon = "home",
                                   .label = say(ctx, "Home visits"),
                                   .value = NULL,
                                   .none = say(ctx, "optional"),
                                   .open = wrong(ctx, visits)});
    visits_fields(ctx, NULL);
    fold_end(ctx);
}

void volunteer_offers_read(struct ctx *ctx, struct volunteer *v)
{
    static const char *const tags[] = {"skills", "times", "languages", "areas"},
                             *const lines[] = {"visits_a_month", "limits", "gender_preference"};
    ctx->labels = labels;
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        tags_read(ctx, tags[i], v);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        field_set(ctx, kind_field(&volunteers_kind, lines[i]), v, param(ctx, lines[i]));
}

/* ---- teams to choose from ---- */

void team_options(struct ctx *ctx, int64_t chosen, bool only)
{
    struct buf *out = ctx->web->out;
    const struct kind *k = only ? &led_teams_kind : &open_teams_kind;
    struct list l;
    int64_t community = 0;
    list_init(ctx, &l, k);
    l.limit = LIST_ALL;
    l.order = ORGANISATIONS_BY_COMMUNITY;
    struct rows *r = list_run(ctx, &l);
    for (struct organisation *o; (o = list_next(ctx, k, r, ctx->arena)) != NULL;) {
        if (o->community != community)
            html(out, "{}<optgroup data-of=\"{}\" label=\"{}\">",
                 (struct markup){community ? "</optgroup>" : ""}, (struct maybe){o->community},
                 o->community == NONE ? say(ctx, "The whole subdistrict")
                                      : field_show(ctx, kind_field(k, "community"), o));
        community = o->community;
        html(out, "<option value=\"{}\"{}>{}</option>", o->record.id,
             (struct markup){o->record.id == chosen ? " selected" : ""},
             ctx_pick(ctx, o->name, o->name_en));
    }
    buf_puts(out, community ? "</optgroup>" : "");
}
