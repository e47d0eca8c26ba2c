/*
 * The registers of terms, seats and posts: descriptions, what is refused, and
 * what is derived from them. Two posts of one seat never overlap. That is
 * checked when a post is typed, with a problem at its field, and once more on
 * the writer thread, where no other change can come between.
 */
#include "app/registers/seats.h"

#include "app/registers/rule_sets.h"
#include "base/when.h"
#include "core/due.h"
#include "core/module.h"

#include <stdlib.h>
#include <string.h>

const struct choice seat_roles[] = {{"leader", N_("Leader")},
                                    {"deputy", N_("Deputy leader")},
                                    {"member", N_("Member")},
                                    {"keeper", N_("Service point manager")},
                                    {"secretary", N_("Secretary")},
                                    {"director", N_("Director")},
                                    {NULL, NULL}};
/* What a seat is called without a title of its own; schema step 031 says the same. */
static const char *const role_titles[] = {"队长", "副队长", "成员", "站点管理员", "书记", "主任"};

#define OPEN_END "9999-12-31"

static const char *first_day(const char *day)
{
    return day ? day : "";
}

static const char *last_day(const char *day)
{
    return day && *day ? day : OPEN_END;
}

static const char *day_moved(struct ctx *ctx, const char *day, int by)
{
    int64_t n;
    return day && day_parse(day, &n) ? day_iso(ctx->arena, n + by) : NULL;
}

/* The same day of another year or month; the month's last where it has no such day. */
static const char *months_later(struct ctx *ctx, const char *day, int64_t months)
{
    static const int longest[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t n;
    if (!day || !day_parse(day, &n))
        return NULL;
    struct civil c = civil_from_when(when_day_start(n));
    int64_t all = (int64_t)c.year * 12 + c.month - 1 + months;
    c.year = (int)(all / 12);
    c.month = (int)(all % 12) + 1;
    int most = longest[c.month - 1] +
               (c.month == 2 && ((c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0));
    return day_iso(ctx->arena, day_of(c.year, c.month, c.day < most ? c.day : most));
}

static void check_order(struct ctx *ctx, const char *from, const char *to)
{
    if (from && to && *to && strcmp(from, to) > 0)
        ctx_problem(ctx, "valid_to", say(ctx, "The end can’t be before the start."));
}

static bool organisation_mine(struct ctx *ctx, int64_t id)
{
    return id <= 0 || /* missing, or above in a dry run */
           area_mine(ctx, PEOPLE_ROLES,
                     query_int(ctx->db, "SELECT community FROM organisations WHERE id = {}", id));
}

/* Reports an organisation outside the actor's area; that of a stored record counts too. */
static const struct organisation *organisation_of(struct ctx *ctx, int64_t was, int64_t id)
{
    if (!organisation_mine(ctx, id) || !organisation_mine(ctx, was))
        ctx_problem(ctx, "organisation",
                    say(ctx, "This organisation is outside your area. Choose one of your own."));
    return id > 0 ? record_get(ctx, &organisations_kind, id) : NULL;
}

static void organisation_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND organisation IN (SELECT o.id FROM organisations o WHERE 1 = 1");
    scope_by_community(ctx, where, PEOPLE_ROLES, "community");
    sql_add(where, ")");
}

/* ---- rules for organisations ---- */

const char *organisation_rules(const struct organisation *o)
{
    return !strcmp(o->kind, "branch")      ? "party"
           : !strcmp(o->kind, "committee") ? "residents"
                                           : NULL;
}

static const char *about_of(struct ctx *ctx, int64_t organisation)
{
    const struct organisation *o = organisation > 0
                                       ? record_get(ctx, &organisations_kind, organisation)
                                       : NULL;
    return o ? organisation_rules(o) : NULL;
}

static int64_t rule_of(struct ctx *ctx, const char *about, int64_t set, const char *party,
                       const char *residents)
{
    return about ? rule_number(ctx, set, !strcmp(about, "party") ? party : residents).number : NONE;
}

const char *organisation_form_fitting(struct ctx *ctx, const struct organisation *o)
{
    const char *about = organisation_rules(o);
    if (!about || strcmp(about, "party") != 0 || !o->form || o->members == NONE)
        return NULL;
    int64_t general = rule_number_on(ctx, about, ctx_today(ctx), "branch_usual_most").number,
            committee = rule_number_on(ctx, about, ctx_today(ctx), "committee_from").number;
    if (o->members >= committee && strcmp(o->form, "committee") != 0)
        return say(ctx, "a Party committee (from {} full members)", committee);
    if (o->members > general && (!strcmp(o->form, "branch") || !strcmp(o->form, "joint")))
        return say(ctx, "a general branch (more than {} full members)", general);
    return NULL;
}

void organisation_form_check(struct ctx *ctx, struct organisation *o)
{
    if (!organisation_form_fitting(ctx, o))
        o->outgrown_at = NONE;
    else if (o->outgrown_at == NONE)
        o->outgrown_at = ctx->now;
}

/* ---- terms ---- */

#define M(member) offsetof(struct office_term, member)
static const struct field term_fields[] = {
    {"code", F_CODE, M(code), N_("Code"), .max = 40, .flags = UNIQUE | FIXED | IMPORTED},
    {"organisation", F_REF, M(organisation), N_("Organisation"), .ref = "organisations",
     .flags = REQUIRED | LISTED | FILTER},
    {"name", F_TEXT, M(name), N_("Name"), .max = 40, .flags = REQUIRED | LISTED,
     .hint = N_("For example: 7th term"), .aliases = "届次"},
    {"valid_from", F_DATE, M(valid_from), N_("From"), .flags = REQUIRED | LISTED | SORTED},
    {"valid_to", F_DATE, M(valid_to), N_("Until"), .flags = LISTED | SORTED,
     .hint = N_("Leave blank and it follows from the rules.")},
    {"rule_set", F_REF, M(rule_set), N_("Rule set"), .ref = "rule_sets",
     .hint = N_("Leave blank for the one in force on the first day.")},
    {"note", F_LONG, M(note), N_("Note"), .max = 2000},
    {"due_at", F_TIME, M(due_at), N_("End of the term"), .flags = FIXED | HIDDEN},
    {"warn_at", F_TIME, M(warn_at), N_("Counts as ending from"), .flags = FIXED | HIDDEN},
};

static void term_derive(struct ctx *ctx, struct office_term *t, const char *about)
{
    int64_t n;
    t->due_at = t->valid_to && day_parse(t->valid_to, &n) ? when_day_end(n) : NONE;
    int64_t months = rule_of(ctx, about, t->rule_set, "warn_months", "residents_warn_months");
    const char *warn = t->due_at == NONE
                           ? NULL
                           : months_later(ctx, t->valid_to, months == NONE ? -6 : -months);
    t->warn_at = warn && day_parse(warn, &n) ? when_day_start(n) : NONE;
}

/* How many years a term lasts: five for a community's own organisations, which are at the top, and
 * three for those below them. */
static int64_t term_years(struct ctx *ctx, const struct office_term *t, const char *about)
{
    if (strcmp(about, "party") != 0)
        return rule_number(ctx, t->rule_set, "residents_term_years").number;
    bool local = query_int(ctx->db, "SELECT parent FROM organisations WHERE id = {}",
                           t->organisation) == NONE;
    return rule_number(ctx, t->rule_set, local ? "term_years_local" : "term_years_other").number;
}

static void term_check_length(struct ctx *ctx, struct office_term *t, const char *about)
{
    int64_t years = term_years(ctx, t, about),
            shift = rule_of(ctx, about, t->rule_set, "term_shift_years", "residents_shift_years");
    if (!t->valid_to)
        t->valid_to = day_moved(ctx, months_later(ctx, t->valid_from, years * 12), -1);
    const char *most = months_later(ctx, t->valid_from, (years + shift) * 12);
    if (t->valid_to && most && strcmp(t->valid_to, most) > 0)
        ctx_problem(ctx, "valid_to",
                    say(ctx,
                        "The rules give this term {} years and allow {} more: it ends on {} at the "
                        "latest.",
                        years, shift, ctx_date(ctx, day_moved(ctx, most, -1))));
}

static void term_check_overlap(struct ctx *ctx, const struct office_term *t)
{
    struct rows *r = query(
        ctx->db,
        "SELECT name, valid_from, valid_to FROM terms WHERE organisation = {} AND id <> {} AND "
        "valid_from <= {} AND coalesce(nullif(valid_to, ''), '" OPEN_END "') >= {} LIMIT 1",
        t->organisation, t->record.id == NONE ? 0 : t->record.id, last_day(t->valid_to),
        t->valid_from);
    if (rows_next(r))
        ctx_problem(ctx, "valid_from",
                    say(ctx, "This overlaps the term “{}” ({} to {}). Terms follow one another.",
                        row_text(r, "name"), ctx_date(ctx, row_text(r, "valid_from")),
                        ctx_date(ctx, row_text(r, "valid_to"))));
    rows_end(r);
}

static void term_check(struct ctx *ctx, const void *before, void *after)
{
    const struct office_term *was = before;
    struct office_term *t = after;
    const struct organisation *o = organisation_of(ctx, was ? was->organisation : NONE,
                                                   t->organisation);
    const char *about = o ? organisation_rules(o) : NULL;
    check_order(ctx, t->valid_from, t->valid_to);
    if (about && t->rule_set == NONE)
        t->rule_set = rule_set_on(ctx, about, t->valid_from);
    if (about)
        term_check_length(ctx, t, about);
    if (t->organisation > 0)
        term_check_overlap(ctx, t);
    term_derive(ctx, t, about);
    if (!t->code)
        t->code = record_code(ctx, "C");
}

const struct kind terms_kind = {
    .name = "terms",
    .table = "terms",
    .one = N_("Term of an organisation"),
    .many = N_("Terms of organisations"),
    FIELDS(term_fields),
    .size = sizeof(struct office_term),
    .natural = "code|organisation name",
    .read = PEOPLE_ROLES,
    .write = PEOPLE_ROLES,
    .remove = PEOPLE_ROLES,
    .code = "code",
    .order = "organisation, valid_from DESC, id",
    .scope = organisation_scope,
    .own = "organisation",
    .check = term_check,
    .about = N_("The periods of office of committees and branches, with their dates.")};

/* ---- seats ---- */

#define S(member) offsetof(struct seat, member)
static const struct field seat_fields[] = {
    {"code", F_CODE, S(code), N_("Code"), .max = 40, .flags = UNIQUE | FIXED | IMPORTED},
    {"name", F_TEXT, S(name), N_("Seat"), .flags = FIXED | LISTED},
    {"name_en", F_TEXT, S(name_en), N_("Seat in English"), .flags = FIXED | INNER},
    {"organisation", F_REF, S(organisation), N_("Organisation"), .ref = "organisations",
     .flags = REQUIRED | LISTED | FILTER},
    {"role", F_CHOICE, S(role), N_("Position"), .choices = seat_roles,
     .flags = REQUIRED | LISTED | FILTER},
    {"title", F_TEXT, S(title), N_("Seat title"), .max = 60,
     .hint = N_("For example: organisation officer. Leave blank for the position.")},
    {"title_en", F_TEXT, S(title_en), N_("Seat title in English"), .max = 60},
    {"position", F_INT, S(position), N_("Sort order"), .min = 0, .max = 1000,
     .hint = N_("Smaller numbers come first.")},
    {"term", F_REF, S(term), N_("Only in the term"), .ref = "terms", .flags = FILTER,
     .hint = N_("Leave blank for a seat that every term has.")},
    {"standing", F_BOOL, S(standing), N_("Filled again when vacant"), .min = 1, .flags = FILTER,
     .hint = N_("A vacancy is then shown with its days and is due.")},
    {"valid_from", F_DATE, S(valid_from), N_("From"), .flags = SORTED},
    {"valid_to", F_DATE, S(valid_to), N_("Until"), .flags = SORTED},
    {"vacant_since", F_DATE, S(vacant_since), N_("Vacant since"), .flags = FIXED | LISTED | SORTED},
    {"vacant_at", F_TIME, S(vacant_at), N_("Vacant from"), .flags = FIXED | HIDDEN},
    {"fill_by", F_TIME, S(fill_by), N_("To be filled by"), .flags = FIXED | HIDDEN},
};

static void seat_name(struct seat *s, struct arena *a, const char *organisation,
                      const char *organisation_en)
{
    size_t role = 0;
    while (seat_roles[role].code && strcmp(seat_roles[role].code, s->role) != 0)
        role++;
    bool has_title = s->title && *s->title;
    const char *title = has_title               ? s->title
                        : seat_roles[role].code ? role_titles[role]
                                                : s->role,
               *title_en = s->title_en && *s->title_en ? s->title_en
                           : has_title                 ? NULL
                                                       : seat_roles[role].label;
    s->name = arena_print(a, "%s%s", organisation, title);
    s->name_en = organisation_en && *organisation_en && title_en
                     ? arena_print(a, "%s: %s", organisation_en, title_en)
                     : NULL;
}

/* The day from which nobody holds the seat until further notice; NULL: somebody does. */
static const char *vacant_day(struct ctx *ctx, const struct seat *s)
{
    if (s->standing != 1)
        return NULL;
    const char *last = NULL;
    struct rows *r = s->record.id == NONE || s->record.id == 0
                         ? NULL
                         : query(ctx->db,
                                 "SELECT max(coalesce(nullif(valid_to, ''), '" OPEN_END
                                 "')) AS last FROM posts WHERE seat = {}",
                                 s->record.id);
    if (r && rows_next(r))
        last = row_copy(r, ctx->arena, "last");
    if (r)
        rows_end(r);
    if (last && !strcmp(last, OPEN_END))
        return NULL;
    const char *from = last ? day_moved(ctx, last, 1) : s->valid_from;
    if (!from && s->term > 0) {
        const struct office_term *t = record_get(ctx, &terms_kind, s->term);
        from = t ? t->valid_from : NULL;
    }
    if (!from)
        from = s->vacant_since ? s->vacant_since : ctx_today(ctx);
    return strcmp(from, last_day(s->valid_to)) > 0 ? NULL : from;
}

static void seat_derive(struct ctx *ctx, struct seat *s)
{
    int64_t day;
    const char *about = about_of(ctx, s->organisation);
    s->vacant_since = vacant_day(ctx, s);
    s->vacant_at = s->fill_by = NONE;
    if (!s->vacant_since || !day_parse(s->vacant_since, &day))
        return;
    int64_t set = about ? rule_set_on(ctx, about, s->vacant_since) : NONE,
            days = rule_of(ctx, about, set, "vacancy_days", "residents_vacancy_days");
    s->vacant_at = when_day_start(day);
    s->fill_by = when_day_end(day + (days == NONE ? 90 : days));
}

static void seat_check(struct ctx *ctx, const void *before, void *after)
{
    const struct seat *was = before;
    struct seat *s = after;
    const struct organisation *o = organisation_of(ctx, was ? was->organisation : NONE,
                                                   s->organisation);
    check_order(ctx, s->valid_from, s->valid_to);
    const struct office_term *t = s->term > 0 ? record_get(ctx, &terms_kind, s->term) : NULL;
    if (t && t->organisation != s->organisation)
        ctx_problem(ctx, "term", say(ctx, "This term belongs to another organisation."));
    if (was && was->organisation != s->organisation &&
        query_int(ctx->db, "SELECT min(id) AS id FROM posts WHERE seat = {}", was->record.id) !=
            NONE)
        ctx_problem(ctx, "organisation",
                    say(ctx, "This seat has had holders, so it stays in its organisation."));
    if (s->standing == NONE)
        s->standing = 1;
    if (o)
        seat_name(s, ctx->arena, o->name, o->name_en);
    else
        s->name = s->name ? s->name : s->role;
    seat_derive(ctx, s);
    if (!s->code)
        s->code = record_code(ctx, "S");
}

const struct kind seats_kind = {
    .name = "seats",
    .table = "seats",
    .one = N_("Seat"),
    .many = N_("Seats"),
    FIELDS(seat_fields),
    .size = sizeof(struct seat),
    .natural = "code|organisation role title? position? term?",
    .read = PEOPLE_ROLES,
    .write = PEOPLE_ROLES,
    .remove = PEOPLE_ROLES,
    .code = "code",
    .order = "organisation, position, id",
    .scope = organisation_scope,
    .own = "organisation",
    .check = seat_check,
    .about = N_("The seats of committees, branches and teams, also those nobody holds.")};

/* Works out again what follows from a seat's holders. */
static enum status seat_renew(struct ctx *ctx, int64_t id)
{
    struct seat *s = id > 0 ? record_get(ctx, &seats_kind, id) : NULL;
    if (!s)
        return db_status(ctx->db);
    const char *since = s->vacant_since;
    int64_t by = s->fill_by;
    seat_derive(ctx, s);
    if (by == s->fill_by && !strcmp(since ? since : "", s->vacant_since ? s->vacant_since : ""))
        return db_status(ctx->db);
    return change(ctx->db,
                  "UPDATE seats SET vacant_since = {}, vacant_at = {}, fill_by = {} WHERE id = {}",
                  s->vacant_since, (struct maybe){s->vacant_at}, (struct maybe){s->fill_by}, id);
}

/* ---- posts ---- */

#define T(member) offsetof(struct post, member)
static const struct field post_fields[] = {
    {"code", F_CODE, T(code), N_("Code"), .max = 40, .flags = UNIQUE | FIXED | IMPORTED},
    {"person", F_REF, T(person), N_("Person"), .ref = "people",
     .flags = REQUIRED | LISTED | FILTER},
    {"organisation", F_REF, T(organisation), N_("Organisation"), .ref = "organisations",
     .flags = REQUIRED | LISTED | FILTER},
    {"role", F_CHOICE, T(role), N_("Position"), .choices = seat_roles,
     .flags = REQUIRED | LISTED | FILTER},
    {"term", F_TEXT, T(term), N_("Term of office"), .max = 40},
    {"valid_from", F_DATE, T(valid_from), N_("From"), .flags = LISTED | SORTED},
    {"valid_to", F_DATE, T(valid_to), N_("Until"), .flags = LISTED | SORTED},
    {"seat", F_REF, T(seat), N_("Seat"), .ref = "seats", .flags = FILTER,
     .hint = N_("Leave blank for a free seat of this position.")},
};

/* Another post of the seat on one of the days; NONE. */
static int64_t seat_held(struct ctx *ctx, const struct post *p, int64_t seat)
{
    return query_int(ctx->db,
                     "SELECT id FROM posts WHERE seat = {} AND id <> {} AND coalesce(valid_from, "
                     "'') <= {} AND coalesce(nullif(valid_to, ''), '" OPEN_END
                     "') >= {} ORDER BY id LIMIT 1",
                     seat, p->record.id == NONE ? 0 : p->record.id, last_day(p->valid_to),
                     first_day(p->valid_from));
}

static const char *held_words(struct ctx *ctx, int64_t post)
{
    const struct post *h = record_get(ctx, &posts_kind, post);
    if (!h)
        return say(ctx, "Somebody already holds this seat at that time.");
    const struct person *who = record_load(ctx, &people_kind, h->person);
    const char *from = h->valid_from ? ctx_date(ctx, h->valid_from) : "…",
               *to = h->valid_to && *h->valid_to ? ctx_date(ctx, h->valid_to) : "…";
    return say(ctx, "{} holds this seat ({} – {}). End that first, or choose another seat.",
               who ? ctx_pick(ctx, who->name, who->name_en) : say(ctx, "Somebody"), from, to);
}

/* A seat of the role that is free on all days of the post; NONE. *full: the office's own seats of
 * that role are all held, and one of them by this post; NONE: it has none. */
static int64_t seat_free(struct ctx *ctx, const struct post *p, int64_t *full)
{
    const char *from = p->valid_from ? p->valid_from : ctx_today(ctx);
    struct sql q;
    int64_t found = NONE;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "SELECT id, standing FROM seats WHERE organisation = {} AND role = {} AND "
            "coalesce(valid_from, '') <= {} AND coalesce(nullif(valid_to, ''), '" OPEN_END
            "') >= {} ORDER BY position, id LIMIT 500",
            p->organisation, p->role, from, from);
    struct rows *r = sql_query(ctx->db, &q);
    int64_t *ids = NULL;
    int n = 0;
    bool standing = false;
    while (rows_next(r)) {
        *ARENA_NEXT(ctx->arena, ids, n) = row_int(r, "id");
        standing |= row_int(r, "standing") == 1;
    }
    rows_end(r);
    *full = NONE;
    for (int i = 0; i < n && found == NONE; i++) {
        int64_t held = seat_held(ctx, p, ids[i]);
        if (held == NONE)
            found = ids[i];
        else if (standing)
            *full = held;
    }
    return found;
}

static void post_check_seat(struct ctx *ctx, const struct post *was, struct post *p)
{
    if (p->organisation <= 0) /* missing, or above in a dry run */
        return;
    bool moved = was && (was->organisation != p->organisation || strcmp(was->role, p->role) != 0);
    if (moved && was->seat == p->seat)
        p->seat = NONE;
    if (p->seat > 0) {
        const struct seat *s = record_get(ctx, &seats_kind, p->seat);
        int64_t held = seat_held(ctx, p, p->seat);
        if (s && (s->organisation != p->organisation || strcmp(s->role, p->role) != 0))
            ctx_problem(ctx, "seat",
                        say(ctx, "This seat belongs to another organisation or position."));
        else if (held != NONE)
            ctx_problem(ctx, "seat", held_words(ctx, held));
        return;
    }
    int64_t full;
    p->seat = seat_free(ctx, p, &full);
    if (p->seat == NONE && full != NONE)
        ctx_problem(ctx, "role",
                    say(ctx, "All seats of this position are held at that time. {}",
                        held_words(ctx, full)));
}

static void post_check(struct ctx *ctx, const void *before, void *after)
{
    struct post *p = after;
    const struct post *was = before;
    check_order(ctx, p->valid_from, p->valid_to);
    const struct organisation *o = p->organisation == NONE
                                       ? NULL
                                       : record_get(ctx, &organisations_kind, p->organisation);
    if (o && (!was || was->organisation != p->organisation) &&
        !area_mine(ctx, PEOPLE_ROLES, o->community))
        ctx_problem(ctx, "organisation",
                    say(ctx, "This organisation is outside your area. Choose one of your own."));
    if (p->person > 0 && (!was || was->person != p->person) &&
        query_int(ctx->db, "SELECT removed_at FROM people WHERE id = {}", p->person) != NONE)
        ctx_problem(ctx, "person", say(ctx, "This person has been removed from the register."));
    if (ctx->problem_count == 0)
        post_check_seat(ctx, was, p);
    if (!p->code)
        p->code = record_code(ctx, "T");
}

static void post_scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND person IN (SELECT p.id FROM people p WHERE 1 = 1");
    scope_by_community(ctx, where, PEOPLE_ROLES, "community");
    sql_add(where, ")");
}

/* Makes the seat of a post that found none: one that ends with its holder. */
static enum status seat_make(struct ctx *ctx, const struct post *p, int64_t *id)
{
    const struct organisation *o = record_must(ctx, &organisations_kind, p->organisation);
    struct seat *s = record_new(ctx, &seats_kind);
    s->organisation = p->organisation;
    s->role = p->role;
    s->standing = 0;
    s->code = record_code(ctx, "S");
    seat_name(s, ctx->arena, o->name, o->name_en);
    enum status st = record_insert(ctx, &seats_kind, s, "create");
    *id = s->record.id;
    return st;
}

static enum status post_insert_as(struct ctx *ctx, struct post *p, const char *action)
{
    struct post *made = record_copy(ctx, &posts_kind,
                                    p); /* may run twice: p keeps what was typed */
    if (made->seat == NONE && seat_make(ctx, made, &made->seat) != OK)
        return ctx->status;
    enum status s = record_insert(ctx, &posts_kind, made, action);
    p->record = made->record;
    return s;
}

static enum status post_insert(struct ctx *ctx, void *record)
{
    return post_insert_as(ctx, record, "create");
}

static enum status post_import_insert(struct ctx *ctx, void *record)
{
    return post_insert_as(ctx, record, "import");
}

/* Seats that posts made are made again by an import; the office's own are named. */
static void post_exported(struct ctx *ctx, void *record)
{
    struct post *p = record;
    if (p->seat > 0 && query_int(ctx->db, "SELECT standing FROM seats WHERE id = {}", p->seat) != 1)
        p->seat = NONE;
}

const struct kind posts_kind = {
    .name = "posts",
    .table = "posts",
    .one = N_("Position"),
    .many = N_("Positions"),
    FIELDS(post_fields),
    .size = sizeof(struct post),
    .natural = "code|person organisation role term? valid_from?",
    .read = PEOPLE_ROLES,
    .write = PEOPLE_ROLES,
    .code = "code",
    .order = "organisation, role, id",
    .scope = post_scope,
    .check = post_check,
    .insert = post_insert,
    .import_insert = post_import_insert,
    .exported = post_exported,
    .title = "person",
    .about = N_("Who holds which position in an organisation, and when.")};

/* ---- what follows from a change ---- */

static enum status post_stored(struct ctx *ctx, const void *before, const void *after)
{
    const struct post *was = before, *p = after;
    int64_t seat = p->seat;
    if (seat == NONE) { /* moved to an organisation without a free seat */
        if (seat_make(ctx, p, &seat) != OK)
            return ctx->status;
        change(ctx->db, "UPDATE posts SET seat = {} WHERE id = {}", seat, p->record.id);
    }
    int64_t held = seat_held(ctx, p, seat);
    if (held != NONE) {
        ctx_problem(ctx, "seat", held_words(ctx, held));
        return ctx->status;
    }
    if (was && was->seat != seat && seat_renew(ctx, was->seat) != OK)
        return ctx_fail(ctx, db_status(ctx->db), NULL);
    return seat_renew(ctx, seat);
}

static enum status organisation_stored(struct ctx *ctx, const void *before, const void *after)
{
    const struct organisation *was = before, *o = after;
    if (!was || (!strcmp(was->name, o->name) &&
                 !strcmp(was->name_en ? was->name_en : "", o->name_en ? o->name_en : "")))
        return OK;
    struct sql q;
    int64_t *ids = NULL;
    int n = 0;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT id FROM seats WHERE organisation = {}", o->record.id);
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, ids, n) = row_int(r, "id");
    rows_end(r);
    for (int i = 0; i < n; i++) {
        struct seat *s = record_get(ctx, &seats_kind, ids[i]);
        if (!s)
            continue;
        seat_name(s, ctx->arena, o->name, o->name_en);
        if (change(ctx->db, "UPDATE seats SET name = {}, name_en = {} WHERE id = {}", s->name,
                   s->name_en, ids[i]) != OK)
            return db_status(ctx->db);
    }
    return db_status(ctx->db);
}

#define REACTS(kind_, run_) \
    {&kind_, "create", run_}, {&kind_, "change", run_}, \
    { \
        &kind_, "import", run_ \
    }
static const struct reaction reactions[] = {REACTS(posts_kind, post_stored),
                                            REACTS(organisations_kind, organisation_stored),
                                            {.kind = NULL}};

static int64_t *ids_of(struct ctx *ctx, struct rows *r, int *n)
{
    int64_t *ids = NULL;
    *n = 0;
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, ids, *n) = row_int(r, "id");
    rows_end(r);
    return ids;
}

static enum status terms_recount(struct ctx *ctx)
{
    int n;
    int64_t *ids = ids_of(ctx, query(ctx->db, "SELECT id FROM terms WHERE due_at IS NOT NULL"), &n);
    for (int i = 0; i < n; i++) {
        struct office_term *t = record_get(ctx, &terms_kind, ids[i]);
        if (!t)
            continue;
        int64_t was = t->warn_at;
        term_derive(ctx, t, about_of(ctx, t->organisation));
        if (t->warn_at != was)
            change(ctx->db, "UPDATE terms SET warn_at = {} WHERE id = {}",
                   (struct maybe){t->warn_at}, ids[i]);
    }
    return db_status(ctx->db);
}

enum status seats_recount(struct ctx *ctx)
{
    int n;
    if (terms_recount(ctx) != OK)
        return db_status(ctx->db);
    int64_t *ids = ids_of(ctx, query(ctx->db, "SELECT id FROM seats WHERE fill_by IS NOT NULL"),
                          &n);
    for (int i = 0; i < n; i++)
        seat_renew(ctx, ids[i]);
    ids = ids_of(ctx,
                 query(ctx->db, "SELECT id FROM organisations WHERE form IS NOT NULL AND members "
                                "IS NOT NULL"),
                 &n);
    for (int i = 0; i < n; i++) {
        struct organisation *o = record_get(ctx, &organisations_kind, ids[i]);
        int64_t was = o ? o->outgrown_at : NONE;
        if (!o)
            continue;
        organisation_form_check(ctx, o);
        if (o->outgrown_at != was)
            change(ctx->db, "UPDATE organisations SET outgrown_at = {} WHERE id = {}",
                   (struct maybe){o->outgrown_at}, ids[i]);
    }
    return db_status(ctx->db);
}

/* ---- what is due ---- */

static void term_ending(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND warn_at <= {}", ctx->now);
}

static void seat_vacant(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND vacant_at <= {}", ctx->now);
}

static void form_mine(struct ctx *ctx, struct sql *where)
{
    scope_by_community(ctx, where, PEOPLE_ROLES, "community");
}

static const char *term_title(struct ctx *ctx, const void *record)
{
    const struct office_term *t = record;
    const struct organisation *o = record_must(ctx, &organisations_kind, t->organisation);
    return arena_print(ctx->arena, "%s · %s", ctx_pick(ctx, o->name, o->name_en), t->name);
}

static const char *vacancy_title(struct ctx *ctx, const void *record)
{
    const struct seat *s = record;
    return say(ctx, "{} (vacant since {})", ctx_pick(ctx, s->name, s->name_en),
               ctx_date(ctx, s->vacant_since));
}

#define WHO       (ROLE_WORKER | ROLE_OFFICE)
#define FORM_DAYS 90 /* to change the form of an organisation that has outgrown its own */
static const struct due_source due[] = {
    {"terms.end", &terms_kind, .due = "due_at",
     .open = "NOT EXISTS (SELECT 1 FROM terms n WHERE n.organisation = terms.organisation AND "
             "n.valid_from > terms.valid_from) AND EXISTS (SELECT 1 FROM organisations o WHERE "
             "o.id = terms.organisation AND (o.valid_to IS NULL OR o.valid_to = ''))",
     .roles = WHO, .mine = term_ending, .words = N_("Prepare the election: the term ends"),
     .href = "/registers/terms/{id}", .title = term_title, .told = true},
    {"seats.fill", &seats_kind, .due = "fill_by",
     .open = "EXISTS (SELECT 1 FROM organisations o WHERE o.id = seats.organisation AND "
             "(o.valid_to IS NULL OR o.valid_to = ''))",
     .roles = WHO, .mine = seat_vacant, .words = N_("Fill the vacant seat"),
     .href = "/registers/seats/{id}", .title = vacancy_title},
    {"organisations.form", &organisations_kind, .due = "outgrown_at",
     .term = {FORM_DAYS, "calendar_days"}, .open = "valid_to IS NULL OR valid_to = ''",
     .roles = WHO, .mine = form_mine, .words = N_("Change the form of organisation"),
     .href = "/registers/organisations/{id}"},
    {.id = NULL}};

static const struct kind *const kinds[] = {&terms_kind, &seats_kind, &posts_kind, NULL};

const struct module seats_module = {
    .name = "seats", .kinds = kinds, .reactions = reactions, .due = due};
