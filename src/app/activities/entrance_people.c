/*
 * The list at the entrance: who is expected, who is here, who has left, and the
 * team's other members, each with one button. And finding somebody who is not
 * in it, by what a leader at a door knows: part of the name, its pinyin or
 * initials, the volunteer number, the end of the telephone number.
 *
 * What the list holds is found on the device, without network (marks.ts): each
 * line carries what it is found by. Others are asked for here, within the
 * actor's scope.
 */
#include "app/activities/activity_pages.h"

#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

#define MEMBERS_MOST 300   /* of the team, besides those who signed up or came */
#define FOUND_MOST   12    /* candidates shown; the page says how many more there are */
#define ENDS_MOST    20000 /* telephones compared, more than one subdistrict has volunteers */

enum group { EXPECTED, INSIDE, GONE, MEMBER, GROUPS };

struct here {
    int64_t volunteer, attendance, came, went;
    int64_t left; /* recorded as gone without an arrival; NONE */
    bool clock;   /* recorded by a phone with a wrong clock, and not corrected yet */
    bool place;   /* has signed up */
    const char *number, *name, *pinyin, *team;
    char end[5]; /* of the telephone; "" */
};

static enum group group_of(const struct here *h)
{
    return h->attendance == NONE ? h->place || h->left != NONE ? EXPECTED : MEMBER
           : h->went == NONE     ? INSIDE
                                 : GONE;
}

/* The team whose members are listed: the one that organises it, otherwise the leader's own. */
static int64_t team_of(struct ctx *ctx, const struct activity *a)
{
    return a->organisation != NONE ? a->organisation : team_own(ctx);
}

/* Each person's latest attendance here; the caller adds who, with "v" for the volunteer. */
static void people_select(struct sql *q, int64_t activity)
{
    sql_add(
        q,
        "SELECT v.id AS id, v.number AS number, p.name AS name, p.pinyin AS pinyin, p.phone AS "
        "sealed, o.name AS team, o.name_en AS team_en, t.id AS attendance, t.came AS came, t.went "
        "AS went, count(*) OVER () AS whole,"
        " CASE WHEN t.id IS NULL THEN (SELECT max(m.at) FROM marks m WHERE m.activity = {} AND "
        "m.volunteer = v.id) END AS gone,"
        " CASE WHEN t.fixed = 0 AND EXISTS (SELECT 1 FROM marks m WHERE m.activity = {} AND "
        "m.volunteer = v.id AND m.note = 'clock') THEN 1 ELSE 0 END AS clock,"
        " CASE WHEN EXISTS (SELECT 1 FROM sign_ups u WHERE u.activity = {} AND u.volunteer = v.id "
        "AND u.status = 'signed') THEN 1 ELSE 0 END AS place",
        activity, activity, activity);
    sql_add(q,
            " FROM volunteers v LEFT JOIN people p ON p.id = v.person LEFT JOIN organisations o ON "
            "o.id = v.team LEFT JOIN attendances t ON t.id ="
            " (SELECT x.id FROM attendances x WHERE x.activity = {} AND x.volunteer = v.id AND "
            "x.status = 'good' ORDER BY x.came DESC, x.id DESC LIMIT 1)",
            activity);
}

static int people_read(struct ctx *ctx, struct sql *q, struct here **list, int64_t *whole)
{
    int n = 0;
    struct rows *r = sql_query(ctx->db, q);
    *list = NULL;
    *whole = 0;
    while (rows_next(r)) {
        const char *phone = NULL;
        struct here *h = ARENA_NEXT(ctx->arena, *list, n);
        *whole = row_int(r, "whole");
        *h = (struct here){.volunteer = row_int(r, "id"),
                           .attendance = row_int(r, "attendance"),
                           .came = row_int(r, "came"),
                           .went = row_int(r, "went"),
                           .left = row_int(r, "gone"),
                           .clock = row_int(r, "clock") == 1,
                           .place = row_int(r, "place") == 1,
                           .number = row_copy(r, ctx->arena, "number"),
                           .name = row_copy(r, ctx->arena, "name"),
                           .pinyin = row_copy(r, ctx->arena, "pinyin")};
        if (row_text(r, "team"))
            h->team = arena_copy(ctx->arena,
                                 ctx_pick(ctx, row_text(r, "team"), row_text(r, "team_en")));
        if (seal_open(ctx->keys, ctx->arena, "phone", row_text(r, "sealed"), &phone) != OK ||
            !phone || !code_phone_end(phone, h->end))
            *h->end = '\0';
    }
    rows_end(r);
    return n;
}

static int here_load(struct ctx *ctx, const struct activity *a, struct here **list)
{
    int64_t id = a->record.id, whole;
    struct sql q;
    sql_init(&q, ctx->arena);
    people_select(&q, id);
    sql_add(&q,
            " WHERE v.id IN (SELECT u.volunteer FROM sign_ups u WHERE u.activity = {} AND u.status "
            "= 'signed' AND u.volunteer IS NOT NULL)"
            " OR v.id IN (SELECT x.volunteer FROM attendances x WHERE x.activity = {} AND x.status "
            "= 'good')"
            " OR v.id IN (SELECT m.volunteer FROM marks m WHERE m.activity = {}"
            " AND m.volunteer NOT IN (SELECT x.volunteer FROM attendances x WHERE x.activity = {}))"
            " OR v.id IN (SELECT m.id FROM volunteers m WHERE m.team = {} AND m.status IN "
            "('active', 'paused') ORDER BY m.id LIMIT {})"
            " ORDER BY p.pinyin, p.name, v.number",
            id, id, id, id, (struct maybe){team_of(ctx, a)}, MEMBERS_MOST);
    return people_read(ctx, &q, list, &whole);
}

/* ---- a line ---- */

static const char *stay(struct ctx *ctx, const struct here *h)
{
    if (h->attendance == NONE && h->left != NONE)
        return say(ctx, "checked out at {}, no check-in", clock_show(ctx, h->left));
    if (h->attendance == NONE)
        return NULL;
    return h->went == NONE ? say(ctx, "here since {}", clock_show(ctx, h->came))
                           : arena_print(ctx->arena, "%s–%s", clock_show(ctx, h->came),
                                         clock_show(ctx, h->went));
}

static void draw_stay(struct ctx *ctx, const struct activity *a, const struct here *h)
{
    struct buf *out = ctx->web->out;
    const char *text = stay(ctx, h);
    if (!text)
        return;
    html(out, "<span class=\"stay\">{} <a href=\"/activities/{}/door?{}={}#fix\">{}</a></span>",
         text, a->record.id, h->attendance != NONE ? "fix" : "missing",
         h->attendance != NONE ? h->attendance : h->volunteer, say(ctx, "Amend"));
}

static void draw_one(struct ctx *ctx, const struct activity *a, const struct here *h, bool team)
{
    struct buf *out = ctx->web->out;
    enum group group = group_of(h);
    bool inside = group == INSIDE;
    html(out,
         "<li class=\"{}\" data-who=\"{}\" data-find=\"{}|{}|{}|{}\"><div><b>{}</b> <span "
         "class=\"soft\">",
         inside ? "in" : "", h->number, h->name ? text_fold(ctx->arena, h->name) : "", h->pinyin,
         h->number, h->end, h->name ? h->name : h->number);
    if (*h->end)
        html(out, "{} · ", say(ctx, "tel. …{}", h->end));
    html(out, "{}{}{}</span>", h->number, team && h->team ? " · " : "", team ? h->team : NULL);
    draw_stay(ctx, a, h);
    buf_puts(out, "</div>");
    if (group == GONE) /* no stray tap checks them in again */
        html(out, "<details class=\"back\"><summary>{}</summary>", say(ctx, "Back again"));
    html(out, "<button name=\"one\" value=\"{}:{}\" data-mark=\"{}\" aria-label=\"{}\">{}</button>",
         inside ? "out" : "in", h->number, inside ? "out" : "in",
         inside ? say(ctx, "Check out: {}", h->name) : say(ctx, "Check in: {}", h->name),
         inside ? say(ctx, "Check out") : say(ctx, "Check in"));
    if (group == GONE)
        buf_puts(out, "</details>");
    if (h->clock)
        html(out, "<span class=\"small warn\">{} {}</span>", icon(ctx, "alert-triangle"),
             say(ctx, "The phone’s clock was wrong: check that the time is right."));
    buf_puts(out, "</li>");
}

/* ---- the list ---- */

static void draw_group(struct ctx *ctx, const struct activity *a, const struct here *list, int n,
                       enum group group)
{
    struct buf *out = ctx->web->out;
    const char *const names[GROUPS] = {[EXPECTED] = say(ctx, "Signed up, not here yet"),
                                       [INSIDE] = say(ctx, "Here now"),
                                       [GONE] = say(ctx, "Checked out"),
                                       [MEMBER] = say(ctx, "Others in the team")};
    int count = 0;
    for (int i = 0; i < n; i++)
        count += group_of(&list[i]) == group;
    if (count == 0)
        return;
    html(out, "<section class=\"people\"><h2>{} <b class=\"count\">{}</b></h2><ul class=\"here\">",
         names[group], count);
    for (int i = 0; i < n; i++)
        if (group_of(&list[i]) == group)
            draw_one(ctx, a, &list[i], false);
    buf_puts(out, "</ul></section>");
}

void entrance_people_draw(struct ctx *ctx, const struct activity *a)
{
    struct buf *out = ctx->web->out;
    struct here *list;
    const char *action = arena_print(ctx->arena, "/activities/%lld/door", (long long)a->record.id);
    if (!fragment_begin(ctx, "here"))
        return;
    int n = here_load(ctx, a, &list), groups[GROUPS] = {0};
    for (int i = 0; i < n; i++)
        groups[group_of(&list[i])]++;
    int came = groups[INSIDE] + groups[GONE];
    html(out, "<div id=\"here\" data-live=\"{}-live\"><p class=\"sentence\">{}</p>", action,
         say(ctx, "{} here now, {} attended so far, {} signed up or attended.", groups[INSIDE],
             came, groups[EXPECTED] + came));
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>",
             say(ctx, "Nobody has signed up for a shift. Volunteers can scan the QR code on "
                      "arrival or be added above."));
    form_begin(ctx, action, NULL, false);
    for (int g = 0; g < GROUPS; g++)
        draw_group(ctx, a, list, n, (enum group)g);
    form_end(ctx);
    if (groups[MEMBER] >= MEMBERS_MOST)
        html(out, "<p class=\"soft\">{}</p>",
             say(ctx, "The team has more members: find them with the field above."));
    if (groups[INSIDE] > 0) {
        form_begin(ctx,
                   arena_print(ctx->arena, "/activities/%lld/all-out", (long long)a->record.id),
                   NULL, false);
        html(out, "<div class=\"acts\"><button data-confirm=\"{}\">{} {}</button></div>",
             say(ctx, "Check out all {} people still here?", groups[INSIDE]), icon(ctx, "logout"),
             say(ctx, "Check everyone out"));
        form_end(ctx);
    }
    buf_puts(out, "</div>");
    fragment_end(ctx);
}

/* ---- finding others ---- */

/* For LIKE: what was typed stands for itself. */
static const char *plain_part(struct ctx *ctx, const char *before, const char *text,
                              const char *after)
{
    char *s = arena_copy(ctx->arena, text);
    for (char *c = s; *c; c++)
        *c = *c == '%' || *c == '_' ? '?' : *c;
    return arena_print(ctx->arena, "%s%s%s", before, s, after);
}

/* A condition: whom the actor looks after. */
static void scope_add(struct ctx *ctx, struct sql *q)
{
    sql_add(q, "v.id IN (SELECT id FROM volunteers WHERE status <> 'left'");
    volunteers_kind.scope(ctx, q);
    sql_add(q, ")");
}

/* Telephones are encrypted: each is opened and compared. */
static void phone_ends_add(struct ctx *ctx, struct sql *q, const char *digits)
{
    struct sql all;
    int n = 0;
    sql_init(&all, ctx->arena);
    sql_add(&all, "SELECT v.id AS id, p.phone AS sealed FROM volunteers v JOIN people p ON p.id = "
                  "v.person WHERE p.phone IS NOT NULL AND ");
    scope_add(ctx, &all);
    sql_add(&all, " ORDER BY v.id LIMIT {}", ENDS_MOST);
    struct rows *r = sql_query(ctx->db, &all);
    while (n <= FOUND_MOST && rows_next(r)) {
        const char *phone = NULL;
        char end[5];
        if (seal_open(ctx->keys, ctx->arena, "phone", row_text(r, "sealed"), &phone) != OK ||
            !phone || !code_phone_end(phone, end) || strcmp(end, digits) != 0)
            continue;
        sql_add(q, " OR v.id = {}", row_int(r, "id"));
        n++;
    }
    rows_end(r);
}

/* Loads the candidates for what was typed; *whole: how many there are. 0 for too little. */
static int found_load(struct ctx *ctx, const struct activity *a, const char *typed,
                      struct here **list, int64_t *whole)
{
    const char *q = text_cut(ctx->arena, text_key(ctx->arena, text_tidy(ctx->arena, typed)), 40),
               *digits = *q == 'v' ? q + 1 : q, *phone = NULL;
    size_t letters = strspn(q, "abcdefghijklmnopqrstuvwxyz");
    bool number = *digits && strspn(digits, "0123456789") == strlen(digits);
    struct sql s;
    *whole = 0;
    if (!*q || (number && strlen(digits) < 3) || (!q[letters] && letters < 2))
        return 0;
    sql_init(&s, ctx->arena);
    people_select(&s, a->record.id);
    sql_add(&s, " WHERE ");
    scope_add(ctx, &s);
    if (number) {
        sql_add(&s, " AND (v.number LIKE {}", plain_part(ctx, "V%", digits, ""));
        if (code_phone(ctx->arena, digits, &phone) != PHONE_NONE)
            sql_add(&s, " OR p.phone_key = {}", seal_hash(ctx->keys, ctx->arena, "phone", phone));
        if (digits == q && strlen(digits) == 4)
            phone_ends_add(ctx, &s, digits);
    } else {
        sql_add(&s, " AND (p.name LIKE {} OR p.pinyin LIKE {} OR p.pinyin LIKE {}",
                plain_part(ctx, "%", text_tidy(ctx->arena, typed), "%"),
                plain_part(ctx, "", q, "%"), plain_part(ctx, "% ", q, "%"));
    }
    sql_add(&s, ") ORDER BY p.pinyin, p.name, v.number LIMIT {}", FOUND_MOST);
    return people_read(ctx, &s, list, whole);
}

bool entrance_finds(struct ctx *ctx, const struct activity *a, const char *typed)
{
    struct here *list;
    int64_t whole;
    return typed && *typed && found_load(ctx, a, typed, &list, &whole) > 0;
}

void entrance_found_draw(struct ctx *ctx, const struct activity *a, const char *typed)
{
    struct buf *out = ctx->web->out;
    struct here *list = NULL;
    int64_t whole = 0;
    if (!fragment_begin(ctx, "found"))
        return;
    int n = typed && *typed ? found_load(ctx, a, typed, &list, &whole) : 0;
    buf_puts(out, "<div id=\"found\" data-found>");
    if (n > 0) {
        form_begin(ctx, arena_print(ctx->arena, "/activities/%lld/door", (long long)a->record.id),
                   NULL, false);
        html(out, "<section class=\"people\"><h2>{}</h2><ul class=\"here\">",
             say(ctx, "Choose the person"));
        for (int i = 0; i < n; i++)
            draw_one(ctx, a, &list[i], true);
        buf_puts(out, "</ul></section>");
        form_end(ctx);
        more_draw(ctx, whole - n);
    }
    buf_puts(out, "</div>");
    fragment_end(ctx);
}
