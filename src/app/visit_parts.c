/*
 * Small parts that the pages of offers share, and what a request's own pages
 * show of its offer.
 */
#include "app/visits.h"

#include "app/people.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

/* ---- words ---- */

const char *skill_name(struct ctx *ctx, const char *code)
{
    struct rows *r = query(ctx->db, "SELECT name, name_en FROM skills WHERE code = {}", code);
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en"))) : code;
    rows_end(r);
    return name;
}

const char *offer_when(struct ctx *ctx, const struct offer *o)
{
    return o->starts == NONE ? say(ctx, "Time to be agreed by who accepts") : when_show(ctx->arena, ctx->lang, o->starts);
}

int64_t offer_count(struct ctx *ctx, const struct offer *o, const char *answer)
{
    return query_int(ctx->db, "SELECT count(*) AS n FROM offer_asks WHERE offer = {} AND answer = {}", o->record.id, answer);
}

const char *offer_state(struct ctx *ctx, const struct offer *o)
{
    int64_t yes = offer_count(ctx, o, "yes");
    if (!strcmp(o->status, "open"))
        return yes ? say(ctx, "{} of {} have accepted", yes, o->people) : say(ctx, "Asking volunteers");
    if (!strcmp(o->status, "led"))
        return yes ? say(ctx, "{} of {} have accepted, nobody left to ask", yes, o->people) : say(ctx, "Nobody has accepted");
    return field_show(ctx, kind_field(&offers_kind, "status"), o);
}

/* ---- fields ---- */

const char *local_time(struct ctx *ctx, int64_t t)
{
    if (t == NONE)
        return NULL;
    struct civil c = civil_from_when(t);
    return arena_print(ctx->arena, "%04d-%02d-%02dT%02d:%02d", c.year, c.month, c.day, c.hour, c.minute);
}

int64_t time_typed(struct ctx *ctx, const char *name)
{
    const char *typed = param(ctx, name);
    int64_t t;
    bool has_time = false;
    if (!typed || !*typed)
        return NONE;
    if (when_parse(typed, &t, &has_time) && has_time)
        return t;
    ctx_problem(ctx, name, say(ctx, "Give day and time, like 2026-03-05 14:30."));
    return NONE;
}

void field_problem(struct ctx *ctx, const char *name)
{
    const char *text = ctx_problem_of(ctx, name);
    if (text)
        html(ctx->web->out, "<p class=\"problem\" id=\"f-{}-p\">{} {}</p>", name, icon(ctx, "alert-circle"), text);
}

static void field_head(struct ctx *ctx, const char *name, const char *label, const char *hint)
{
    html(ctx->web->out, "<div class=\"field\"><label for=\"f-{}\">{}</label>", name, label);
    if (hint)
        html(ctx->web->out, "<p class=\"hint\" id=\"f-{}-h\">{}</p>", name, hint);
}

static struct markup invalid(struct ctx *ctx, const char *name)
{
    return (struct markup){ctx_problem_of(ctx, name) ? " aria-invalid=\"true\"" : ""};
}

static void option(struct ctx *ctx, const char *value, const char *text, const char *chosen)
{
    html(ctx->web->out, "<option value=\"{}\"{}>{}</option>", value, (struct markup){chosen && !strcmp(chosen, value) ? " selected" : ""},
         text);
}

void select_field(struct ctx *ctx, const char *name, const char *label, const char *hint, const char *none, const struct choice *choices,
                  struct rows *rows, const char *chosen)
{
    chosen = param(ctx, name) ? param(ctx, name) : chosen;
    field_head(ctx, name, label, hint);
    html(ctx->web->out, "<select id=\"f-{}\" name=\"{}\"{}>", name, name, invalid(ctx, name));
    if (none)
        option(ctx, "", none, NULL);
    for (const struct choice *c = choices; c && c->code; c++)
        option(ctx, c->code, tr(ctx, c->label), chosen);
    while (rows && rows_next(rows))
        option(ctx, arena_copy(ctx->arena, row_text(rows, "id")),
               arena_copy(ctx->arena, ctx_pick(ctx, row_text(rows, "name"), row_text(rows, "name_en"))), chosen);
    html(ctx->web->out, "</select>");
    field_problem(ctx, name);
    html(ctx->web->out, "</div>");
}

void text_field(struct ctx *ctx, const char *name, const char *label, const char *hint, int most, const char *value)
{
    field_head(ctx, name, label, hint);
    html(ctx->web->out, "<textarea id=\"f-{}\" name=\"{}\" rows=\"3\" maxlength=\"{}\"{}>{}</textarea>", name, name, most,
         invalid(ctx, name), param(ctx, name) ? param(ctx, name) : value);
    field_problem(ctx, name);
    html(ctx->web->out, "</div>");
}

void time_field(struct ctx *ctx, const char *name, const char *label, const char *hint, int64_t value)
{
    field_head(ctx, name, label, hint);
    html(ctx->web->out, "<input id=\"f-{}\" type=\"datetime-local\" name=\"{}\" value=\"{}\"{}>", name, name,
         param(ctx, name) ? param(ctx, name) : local_time(ctx, value), invalid(ctx, name));
    field_problem(ctx, name);
    html(ctx->web->out, "</div>");
}

/* ---- on a request's own pages ---- */

static const struct offer *newest_offer(struct ctx *ctx, const struct request *r)
{
    int64_t id = query_int(ctx->db, "SELECT max(id) AS id FROM offers WHERE request = {}", r->record.id);
    return id == NONE ? NULL : record_get(ctx, &offers_kind, id);
}

static bool over(const struct offer *o)
{
    return !strcmp(o->status, "done") || !strcmp(o->status, "cancelled");
}

void visits_part(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    const struct offer *o = newest_offer(ctx, r);
    int status = request_status_of(r);
    bool may = (ctx->actor.roles & (ROLE_WORKER | ROLE_OFFICE)) && (status == RECEIVED || status == DISPATCHED || status == HANDLING);
    const char *skill = o ? o->skill : skill_for(ctx, r->category);
    if (!o && (!may || !skill))
        return;
    html(out, "<section class=\"card screen\" id=\"volunteers\"><h2>{}</h2>", say(ctx, "Volunteers"));
    if (o)
        html(out, "<p><a href=\"/visits/{}\">{}</a> · {} · {}</p>", o->record.id, skill_name(ctx, o->skill), offer_state(ctx, o),
             offer_when(ctx, o));
    if (may && (!o || over(o)))
        html(out, "<p>{}</p><div class=\"acts\"><a class=\"button\" href=\"/visits/new?request={}\">{} {}</a></div>",
             say(ctx, "Volunteers who can help with this: {}.", skill_name(ctx, skill)), r->record.id, icon(ctx, "heart-handshake"),
             say(ctx, "Find volunteers"));
    html(out, "</section>");
}

void visits_follow(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    const struct offer *o = newest_offer(ctx, r);
    if (!o || over(o))
        return;
    html(out, "<section class=\"card\"><h2>{}</h2>", say(ctx, "Who comes to you"));
    struct rows *v = query(ctx->db,
                           "SELECT p.name AS name, v.number AS number FROM offer_asks k JOIN volunteers v ON v.id = k.volunteer"
                           " JOIN people p ON p.id = v.person WHERE k.offer = {} AND k.answer = 'yes' ORDER BY k.answered_at, k.id",
                           o->record.id);
    int n = 0;
    while (rows_next(v)) {
        html(out, "{}<li>{}<div><b>{}</b> <span class=\"soft\">{}</span></div></li>",
             (struct markup){n++ ? "" : "<ul class=\"timeline plain\">"}, icon(ctx, "user-check"), row_text(v, "name"),
             say(ctx, "volunteer number {}", row_text(v, "number")));
    }
    if (n)
        html(out, "</ul><p>{}</p><p class=\"small\">{}</p>",
             o->starts == NONE ? say(ctx, "They agree the time with you.")
                               : say(ctx, "They come on {}.", when_show(ctx->arena, ctx->lang, o->starts)),
             say(ctx, "They show a volunteer’s card with this number. It costs you nothing."));
    if (!strcmp(o->status, "open"))
        html(out, "<p>{}</p>",
             n ? say(ctx, "We are still looking for {} more.", o->people - n)
               : say(ctx, "We are asking volunteers near you. Who comes is shown here as soon as somebody has agreed."));
    else if (!n)
        html(out, "<p>{}</p>", say(ctx, "Nobody has had time so far. The community office is looking for somebody in person."));
    html(out, "</section>");
}
