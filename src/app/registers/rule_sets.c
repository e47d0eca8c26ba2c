/*
 * The registers of rule sets and their numbers. Each known number is a row of
 * one table: its name, what it is about, its label and unit, what is accepted,
 * and its preset. Presets follow public sources (the regulations on branches,
 * on elections in primary organisations, the organic law of urban residents'
 * committees and what provinces add) and stay presets until the office
 * confirms them.
 */
#include "app/registers/rule_sets.h"

#include "app/registers/people.h"
#include "app/registers/seats.h"
#include "base/when.h"
#include "core/module.h"
#include "core/working_days.h"
#include "pages/register_pages.h"
#include "web/web.h"

#include <stdlib.h>
#include <string.h>

#define WRITERS (ROLE_OFFICE | ROLE_ADMIN)

const struct choice rule_subjects[] = {
    {"party", N_("Party organisations")}, {"residents", N_("Residents’ committees")}, {NULL, NULL}};

#define PEOPLE  N_("people")
#define YEARS   N_("years")
#define MONTHS  N_("months")
#define DAYS    N_("days")
#define SHARE   ""
#define PERCENT "%"

/* name, subject, label, unit, least, most, preset, preset's "out of" (0: a whole number) */
#define RULES(R) \
    R("branch_least", "party", N_("Full members a branch needs"), PEOPLE, 1, 100, 3, 0) \
    R("branch_usual_most", "party", N_("Full members a branch usually has at most"), PEOPLE, 3, \
      1000, 50, 0) \
    R("committee_from", "party", N_("Full members from which a Party committee is set up"), \
      PEOPLE, 3, 10000, 100, 0) \
    R("joint_units_most", "party", N_("Units in a joint branch at most"), N_("units"), 1, 100, 5, \
      0) \
    R("branch_committee_from", "party", N_("Full members from which a branch elects a committee"), \
      PEOPLE, 1, 100, 7, 0) \
    R("branch_committee_least", "party", N_("Branch committee: members at least"), PEOPLE, 1, 50, \
      3, 0) \
    R("branch_committee_usual", "party", N_("Branch committee: members usually at most"), PEOPLE, \
      1, 50, 5, 0) \
    R("branch_committee_most", "party", N_("Branch committee: members at most"), PEOPLE, 1, 50, 7, \
      0) \
    R("general_committee_least", "party", N_("General branch committee: members at least"), \
      PEOPLE, 1, 50, 5, 0) \
    R("general_committee_usual", "party", N_("General branch committee: members usually at most"), \
      PEOPLE, 1, 50, 7, 0) \
    R("general_committee_most", "party", N_("General branch committee: members at most"), PEOPLE, \
      1, 50, 9, 0) \
    R("committee_least", "party", N_("Party committee: members at least"), PEOPLE, 1, 50, 5, 0) \
    R("committee_most", "party", N_("Party committee: members at most"), PEOPLE, 1, 50, 9, 0) \
    R("term_years_local", "party", N_("Term of community and village organisations"), YEARS, 1, \
      10, 5, 0) \
    R("term_years_other", "party", N_("Term of other branches and general branches"), YEARS, 1, \
      10, 3, 0) \
    R("term_shift_years", "party", N_("An election may be early or late by"), YEARS, 0, 5, 1, 0) \
    R("warn_months", "party", N_("Reminder before a term ends"), MONTHS, 0, 36, 6, 0) \
    R("vacancy_days", "party", N_("A vacant seat is filled within"), DAYS, 1, 1000, 90, 0) \
    R("candidates_more", "party", N_("Candidates more than seats, at least"), PERCENT, 0, 100, 20, \
      0) \
    R("attendance_share", "party", N_("Share of those entitled who must attend"), SHARE, 1, 100, \
      4, 5) \
    R("elected_share", "party", N_("Share of those present that elects (more than)"), SHARE, 1, \
      100, 1, 2) \
    R("residents_least", "residents", N_("Committee members at least"), PEOPLE, 1, 50, 5, 0) \
    R("residents_most", "residents", N_("Committee members at most"), PEOPLE, 1, 50, 9, 0) \
    R("residents_term_years", "residents", N_("Term of the committee"), YEARS, 1, 10, 5, 0) \
    R("residents_shift_years", "residents", \
      N_("The committee’s election may be early or late by"), YEARS, 0, 5, 1, 0) \
    R("residents_warn_months", "residents", N_("Reminder before the committee’s term ends"), \
      MONTHS, 0, 36, 6, 0) \
    R("residents_vacancy_days", "residents", \
      N_("A vacant seat on the committee is filled within"), DAYS, 1, 1000, 90, 0) \
    R("voter_age", "residents", N_("Voters are at least this old"), YEARS, 16, 30, 18, 0) \
    R("roll_days", "residents", N_("Voter roll published before election day"), DAYS, 0, 90, 20, \
      0) \
    R("objection_days", "residents", N_("Objections to the roll within"), DAYS, 0, 90, 5, 0) \
    R("decision_days", "residents", N_("Objections decided within"), DAYS, 0, 90, 3, 0) \
    R("candidate_days", "residents", N_("Candidates published before election day"), DAYS, 0, 90, \
      5, 0) \
    R("handover_days", "residents", N_("Handover after the election within"), DAYS, 0, 90, 10, 0) \
    R("mandates_most", "residents", N_("Mandates one proxy may hold at most"), PEOPLE, 0, 10, 3, \
      0) \
    R("turnout_share", "residents", N_("Share of voters who must vote (more than)"), SHARE, 1, \
      100, 1, 2) \
    R("votes_share", "residents", N_("Share of votes cast that elects (more than)"), SHARE, 1, \
      100, 1, 2) \
    R("second_share", "residents", N_("Share of votes that elects in a second ballot (at least)"), \
      SHARE, 1, 100, 1, 3)

struct known {
    const char *name, *about, *label, *unit;
    int64_t least, most, preset, out_of;
};
#define KNOWN(name_, about_, label_, unit_, least_, most_, preset_, out_of_) \
    {name_, about_, label_, unit_, least_, most_, preset_, out_of_},
#define NAMED_CHOICE(name_, about_, label_, unit_, least_, most_, preset_, out_of_) {name_, label_},
static const struct known known[] = {RULES(KNOWN){.name = NULL}};
static const struct choice rule_names[] = {RULES(NAMED_CHOICE){NULL, NULL}};

static const struct known *known_find(const char *name)
{
    for (const struct known *k = known; k->name; k++)
        if (name && !strcmp(k->name, name))
            return k;
    return NULL;
}

/* ---- the number in force ---- */

int64_t rule_set_on(struct ctx *ctx, const char *about, const char *day)
{
    return query_int(ctx->db,
                     "SELECT id FROM rule_sets WHERE about = {} AND valid_from <= {} AND "
                     "(valid_to IS NULL OR valid_to = '' OR valid_to >= {}) ORDER BY valid_from "
                     "DESC, id DESC LIMIT 1",
                     about, day, day);
}

struct rule_number rule_number(struct ctx *ctx, int64_t set, const char *name)
{
    const struct known *k = known_find(name);
    if (!k)
        abort();
    struct rule_number n = {k->preset, k->out_of ? k->out_of : 1, true};
    if (set == NONE)
        return n;
    struct rows *r = query(
        ctx->db, "SELECT number, out_of FROM rule_values WHERE rule_set = {} AND name = {}", set,
        name);
    if (rows_next(r)) {
        n.number = row_int(r, "number");
        n.out_of = row_int(r, "out_of");
        n.out_of = n.out_of == NONE ? 1 : n.out_of;
        n.preset = false;
    }
    rows_end(r);
    return n;
}

struct rule_number rule_number_on(struct ctx *ctx, const char *about, const char *day,
                                  const char *name)
{
    return rule_number(ctx, rule_set_on(ctx, about, day), name);
}

/* ---- the registers ---- */

#define S(member) offsetof(struct rule_set, member)
static const struct field set_fields[] = {
    {"code", F_CODE, S(code), N_("Code"), .max = 40, .flags = UNIQUE | LISTED,
     .hint = N_("Leave blank and one is made.")},
    {"name", F_TEXT, S(name), N_("Name"), .flags = REQUIRED | LISTED | SORTED},
    {"name_en", F_TEXT, S(name_en), N_("Name in English")},
    {"about", F_CHOICE, S(about), N_("Applies to"), .choices = rule_subjects,
     .flags = REQUIRED | LISTED | FILTER},
    {"article", F_LONG, S(article), N_("Source and article"), .max = 1000},
    {"valid_from", F_DATE, S(valid_from), N_("In force from"), .flags = REQUIRED | LISTED | SORTED},
    {"valid_to", F_DATE, S(valid_to), N_("In force until"), .flags = LISTED | SORTED},
    {"confirmed", F_BOOL, S(confirmed), N_("Confirmed by the office"), .flags = LISTED | FILTER,
     .hint = N_("Until then it counts as a preset.")},
    {"note", F_LONG, S(note), N_("Note"), .max = 2000},
};

static void set_check(struct ctx *ctx, const void *before, void *after)
{
    const struct rule_set *s = after;
    (void)before;
    if (s->valid_to && strcmp(s->valid_from, s->valid_to) > 0)
        ctx_problem(ctx, "valid_to", say(ctx, "The end can’t be before the start."));
}

/* What depends on a number is worked out again. */
static enum status rules_follow(struct ctx *ctx)
{
    return seats_recount(ctx);
}

static enum status rule_settle(struct ctx *ctx, const void *before, const void *after)
{
    (void)before;
    (void)after;
    return rules_follow(ctx);
}

const struct kind rule_sets_kind = {
    .name = "rule_sets",
    .table = "rule_sets",
    .one = N_("Rule set"),
    .many = N_("Rule sets"),
    FIELDS(set_fields),
    .size = sizeof(struct rule_set),
    .read = ROLES_READERS | ROLE_ADMIN | ROLE_AUDITOR,
    .write = WRITERS,
    .allow = actor_for_all,
    .remove = WRITERS,
    .code = "code",
    .order = "about, valid_from DESC, id",
    .coded = true,
    .natural = "code|name valid_from",
    .check = set_check,
    .settle = rule_settle,
    .import_done = rules_follow,
    .about = N_("Thresholds, terms, day counts and majorities with their source and the day from "
                "which they apply.")};

static const char *number_text(struct ctx *ctx, const struct known *k, int64_t number,
                               int64_t out_of)
{
    if (out_of != NONE && out_of > 1)
        return arena_print(ctx->arena, "%lld/%lld", (long long)number, (long long)out_of);
    const char *digits = arena_print(ctx->arena, "%lld", (long long)number);
    return k && *k->unit ? arena_print(ctx->arena, *k->unit == '%' ? "%s%s" : "%s %s", digits,
                                       tr(ctx, k->unit))
                         : digits;
}

static const char *number_listed(struct ctx *ctx, const void *record)
{
    const struct rule_value *v = record;
    return number_text(ctx, known_find(v->name), v->number, v->out_of);
}

#define V(member) offsetof(struct rule_value, member)
static const struct field value_fields[] = {
    {"code", F_CODE, V(code), N_("Code"), .max = 80, .flags = UNIQUE | FIXED | IMPORTED},
    {"rule_set", F_REF, V(rule_set), N_("Rule set"), .ref = "rule_sets",
     .flags = REQUIRED | LISTED | FILTER},
    {"name", F_CHOICE, V(name), N_("Rule"), .choices = rule_names, .flags = REQUIRED | LISTED},
    {"number", F_INT, V(number), N_("Value"), .min = 0, .max = 100000, .flags = REQUIRED | LISTED,
     .listed = number_listed},
    {"out_of", F_INT, V(out_of), N_("Out of"), .min = 1, .max = 1000,
     .hint = N_("For a share: 4 out of 5. Leave blank for a whole number.")},
    {"text", F_LONG, V(text), N_("Note"), .max = 1000},
};

static void value_check(struct ctx *ctx, const void *before, void *after)
{
    struct rule_value *v = after;
    const struct known *k = known_find(v->name);
    (void)before;
    const struct rule_set *s = v->rule_set > 0 ? record_get(ctx, &rule_sets_kind, v->rule_set)
                                               : NULL;
    if (!k)
        return;
    if (v->number < k->least || v->number > k->most)
        ctx_problem(
            ctx, "number",
            say(ctx, "{}: from {} to {} is accepted.", tr(ctx, k->label), k->least, k->most));
    if (k->out_of && v->out_of == NONE)
        ctx_problem(ctx, "out_of", say(ctx, "This is a share. Enter out of how many."));
    else if (!k->out_of && v->out_of != NONE)
        ctx_problem(ctx, "out_of", say(ctx, "This is a whole number. Leave this blank."));
    else if (v->out_of != NONE && v->number > v->out_of)
        ctx_problem(ctx, "number", say(ctx, "A share can’t be more than all of them."));
    if (!s)
        return;
    if (strcmp(s->about, k->about) != 0)
        ctx_problem(ctx, "name",
                    say(ctx, "This rule belongs to a rule set for: {}.",
                        field_show(ctx, kind_field(&rule_sets_kind, "about"),
                                   &(struct rule_set){.about = k->about})));
    else if (query_int(ctx->db,
                       "SELECT id FROM rule_values WHERE rule_set = {} AND name = {} AND id <> {}",
                       v->rule_set, v->name, v->record.id == NONE ? 0 : v->record.id) != NONE)
        ctx_problem(ctx, "name", say(ctx, "This rule set already has this rule. Change it there."));
    if (!v->code)
        v->code = arena_print(ctx->arena, "%s.%s", s->code, v->name);
}

const struct kind rule_values_kind = {.name = "rule_values",
                                      .table = "rule_values",
                                      .one = N_("Rule"),
                                      .many = N_("Rules"),
                                      FIELDS(value_fields),
                                      .size = sizeof(struct rule_value),
                                      .read = ROLES_READERS | ROLE_ADMIN | ROLE_AUDITOR,
                                      .write = WRITERS,
                                      .allow = actor_for_all,
                                      .remove = WRITERS,
                                      .code = "code",
                                      .title = "name",
                                      .order = "rule_set, id",
                                      .natural = "code|rule_set name",
                                      .check = value_check,
                                      .settle = rule_settle,
                                      .import_done = rules_follow,
                                      .about = N_("The numbers of each rule set.")};

/* ---- pages ---- */

void rule_set_draw(struct ctx *ctx, int64_t set)
{
    const struct rule_set *s = set == NONE ? NULL : record_get(ctx, &rule_sets_kind, set);
    if (!s)
        return;
    const char *name = ctx_pick(ctx, s->name, s->name_en);
    if (rule_sets_kind.read & ctx->actor.roles)
        html(ctx->web->out, "<a href=\"/registers/rule_sets/{}\">{}</a>", set, name);
    else
        html(ctx->web->out, "{}", name);
    if (s->confirmed != 1)
        html(ctx->web->out, " <span class=\"state wait\">{}</span>", say(ctx, "preset"));
}

static void value_row(struct ctx *ctx, const struct rule_set *s, const struct known *k)
{
    struct buf *out = ctx->web->out;
    int64_t id = query_int(ctx->db, "SELECT id FROM rule_values WHERE rule_set = {} AND name = {}",
                           s->record.id, k->name);
    const struct rule_value *v = id == NONE ? NULL : record_get(ctx, &rule_values_kind, id);
    html(out, "<tr><th scope=\"row\">{}</th><td class=\"num\">", tr(ctx, k->label));
    if (v)
        html(out, "<a href=\"/registers/rule_values/{}\">{}</a></td><td>{}</td></tr>", id,
             number_listed(ctx, v), v->text);
    else
        html(out, "{}</td><td class=\"soft\">{}</td></tr>",
             number_text(ctx, k, k->preset, k->out_of ? k->out_of : NONE),
             say(ctx, "not recorded; the preset applies"));
}

static void set_detail(struct ctx *ctx, const void *record)
{
    const struct rule_set *s = record;
    struct buf *out = ctx->web->out;
    html(out,
         "<section><h2>{}</h2><div class=\"wide\" tabindex=\"0\"><table "
         "class=\"list\"><thead><tr><th scope=\"col\">{}</th><th scope=\"col\" "
         "class=\"num\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
         tr(ctx, rule_values_kind.many), say(ctx, "Rule"), say(ctx, "Value"), say(ctx, "Note"));
    for (const struct known *k = known; k->name; k++)
        if (!strcmp(k->about, s->about))
            value_row(ctx, s, k);
    buf_puts(out, "</tbody></table></div>");
    if (kind_may_write(ctx, &rule_values_kind))
        html(out, "<p><a href=\"/registers/rule_values/new?rule_set={}\">{} {}</a></p>",
             (struct url_part){s->code}, icon(ctx, "plus"), say(ctx, "Add rule"));
    buf_puts(out, "</section>");
}

static const struct register_view views[] = {{&rule_sets_kind, .detail = set_detail},
                                             {.kind = NULL}};

/* ---- presets ---- */

static const struct preset {
    const char *about, *code, *name, *name_en, *article, *from;
} presets[] = {
    {"party", "party-preset", "基层党组织（预设）", "Party organisations (preset)",
     "《中国共产党支部工作条例（试行）》《中国共产党基层组织选举工作条例》；预设值，请街道核对后确"
     "认。",
     "2018-10-28"},
    {"residents", "residents-preset", "居民委员会（预设）", "Residents’ committees (preset)",
     "《中华人民共和国城市居民委员会组织法》及省的选举办法；预设值，请街道核对后确认。",
     "2018-12-29"},
};

static enum status preset_add(struct ctx *ctx, const struct preset *p)
{
    struct rule_set *s = record_new(ctx, &rule_sets_kind);
    s->code = p->code;
    s->name = p->name;
    s->name_en = p->name_en;
    s->about = p->about;
    s->article = p->article;
    s->valid_from = p->from;
    s->confirmed = 0;
    if (record_insert(ctx, &rule_sets_kind, s, "create") != OK)
        return ctx->status;
    for (const struct known *k = known; k->name; k++) {
        if (strcmp(k->about, p->about) != 0)
            continue;
        struct rule_value *v = record_new(ctx, &rule_values_kind);
        v->rule_set = s->record.id;
        v->name = k->name;
        v->number = k->preset;
        v->out_of = k->out_of ? k->out_of : NONE;
        if (!record_check(ctx, &rule_values_kind, NULL, v) ||
            record_insert(ctx, &rule_values_kind, v, "create") != OK)
            return ctx->status;
    }
    return OK;
}

int64_t rule_presets_load(struct ctx *ctx)
{
    int64_t added = 0;
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        if (query_int(ctx->db, "SELECT min(id) AS id FROM rule_sets WHERE about = {}",
                      presets[i].about) != NONE)
            continue;
        if (preset_add(ctx, &presets[i]) != OK)
            return NONE;
        added++;
    }
    return db_status(ctx->db) == OK ? added : NONE;
}

static const struct setup_step setup[] = {
    {"rules", N_("Rule sets"),
     N_("Terms, thresholds and majorities for organisations. Confirm or replace the presets."),
     &rule_sets_kind, 75, .common = rule_presets_load, .common_label = N_("Load presets")},
    {.name = NULL}};

static const struct kind *const kinds[] = {&rule_sets_kind, &rule_values_kind, NULL};

const struct module rule_sets_module = {
    .name = "rule_sets", .kinds = kinds, .views = views, .setup = setup};
