/*
 * Demonstration volunteers, activities and attendance: a year of a
 * subdistrict's volunteering, made from the pack's teams and stations by a
 * fixed pseudo-random sequence. Everything goes through the ordinary rules:
 * people join, activities are held, volunteers check in and out, hours are
 * computed, residents served are counted. Names are a surname and a title.
 */
#include "program/demo.h"

#include "app/activities/activities.h"
#include "core/import_run.h"
#include "app/registers/registers.h"
#include "app/volunteers/volunteers.h"
#include "base/when.h"
#include "kind/sheet.h"

#include <stdlib.h>
#include <string.h>

#define VOLUNTEERS 1008 /* F17: more than 1,000 take part */
#define ACTIVITIES 170  /* F18 */
#define TEAMS_MOST 200
#define WEEKS      52

struct team {
    int64_t id, area, community;
    int64_t estates[12];
    int estate_count;
    int64_t volunteers[60];
    int count, next;
    const char *leader; /* a made-up name: certifies the entries made on site */
};

struct plan {
    struct ctx *ctx;
    struct arena *kept;
    uint64_t state;
    struct team teams[TEAMS_MOST];
    int team_count;
    int64_t now;
};

static int below(struct plan *p, int n)
{
    return demo_draw(&p->state, n);
}

/* The kinds of activities: how often, how many residents come, and their
 * titles. Culture and sports: 32 in all (F29); 18 volunteer days, one or two a
 * month (F28). */
static const struct sort {
    const char *kind, *title, *title_en, *place;
    int times, least, spread;
} sorts[] = {
    {"volunteer_day", "志愿服务日：清理楼道和小广告",
     "Volunteer day: stairwells "
     "and flyers",
     "各小区", 18, 62, 60},
    {"culture", "邻里故事会", "Neighbours tell stories", "社区议事厅", 9, 40, 40},
    {"culture", "书法进社区", "Calligraphy for everybody", "邻里服务站", 7, 30, 30},
    {"concert", "广场邻里音乐会", "Music on the square", "小区广场", 6, 120, 90},
    {"sports", "邻里运动会", "Neighbours' games", "小区球场", 6, 80, 60},
    {"sports", "八段锦晨练", "Morning exercises", "小区广场", 4, 30, 20},
    {"haircut", "便民理发日", "Free haircuts", "邻里服务站门前", 36, 40, 35},
    {"clinic", "社区义诊：量血压、测血糖",
     "Blood pressure and sugar "
     "checks",
     "邻里服务站", 24, 60, 50},
    {"clean_up", "清洁家园行动", "Clean-up", "各小区", 18, 35, 35},
    {"children", "四点半课堂", "After-school room", "儿童之家", 16, 25, 15},
    {"service", "小家电维修日", "Repair day", "邻里服务站门前", 14, 45, 40},
    {"training", "志愿者急救培训", "First aid for volunteers", "社区议事厅", 6, 30, 20},
    {"meeting", "居民议事会", "Residents' meeting", "社区议事厅", 6, 35, 30},
};
#define SORTS ((int)(sizeof sorts / sizeof *sorts))

static const char *const skills[] = {"haircut",    "repair",  "errand", "company", "escort",
                                     "phone-help", "letters", "clean",  "health",  "tutor",
                                     "mediate",    "patrol",  "art",    "meal"};
static const char *const surnames[] = {"陈", "梁", "黄", "李", "林", "何", "谭", "邓", "谢", "罗",
                                       "莫", "苏", "温", "欧", "伍", "潘", "彭", "冯", "孔", "卢"};
static const char *const titles[] = {"阿姨", "伯",   "师傅", "老师", "婶",
                                     "叔",   "同学", "医生", "姐",   "哥"};
static const char *const parts[] = {"mon-am", "tue-pm", "wed-am", "thu-pm",
                                    "fri-ev", "sat-am", "sat-pm", "sun-am"};

static enum status load_teams(struct plan *p)
{
    struct ctx *ctx = p->ctx;
    struct rows *r = query(
        ctx->db, "SELECT id, area, community FROM organisations WHERE kind = 'team' ORDER BY code");
    while (p->team_count < TEAMS_MOST && rows_next(r))
        p->teams[p->team_count++] = (struct team){.id = row_int(r, "id"),
                                                  .area = row_int(r, "area"),
                                                  .community = row_int(r, "community")};
    rows_end(r);
    for (int i = 0; i < p->team_count; i++) {
        struct team *t = &p->teams[i];
        t->leader = arena_print(ctx->arena, "%s队长", surnames[(i * 7 + 3) % 20]);
        r = query(ctx->db,
                  "SELECT id FROM areas WHERE level = 'estate' AND (community = {} OR {} = 1) "
                  "ORDER BY code LIMIT 12",
                  (struct maybe){t->community}, t->community == NONE ? 1 : 0);
        while (t->estate_count < 12 && rows_next(r))
            t->estates[t->estate_count++] = row_int(r, "id");
        rows_end(r);
        if (t->estate_count == 0)
            return ctx_fail(
                ctx, INVALID,
                say(ctx, "The pack has a team in a community with no housing estates."));
    }
    if (p->team_count > 0)
        return OK;
    ctx_fail(ctx, INVALID, say(ctx, "The pack has no teams: demo volunteers need one."));
    return INVALID;
}

static enum status join(struct plan *p, int n)
{
    struct ctx *ctx = p->ctx;
    struct team *t = &p->teams[n % p->team_count];
    struct person *who = record_new(ctx, &people_kind);
    int title = below(p, 10);
    ctx->now = p->now - 380 * WHEN_DAY + n * 600;
    who->name = arena_print(ctx->arena, "%s%s", surnames[below(p, 20)], titles[title]);
    if (n == 0) {
        who->name = "姚阿姨";
        title = 0;
    }
    who->phone = arena_print(ctx->arena, "1380000%04d", 4000 + n);
    who->gender = title == 0 || title == 4 || title == 8   ? "female"
                  : title == 1 || title == 5 || title == 9 ? "male"
                  : below(p, 2)                            ? "female"
                                                           : "male";
    who->area = t->estates[below(p, t->estate_count)];
    who->consent_for = "|volunteer|";
    ctx->actor.name = t->leader;
    struct volunteer *v = record_new(ctx, &volunteers_kind);
    if (!record_check(ctx, &people_kind, NULL, who) ||
        record_insert(ctx, &people_kind, who, "join") != OK)
        return ctx->status;
    v->person = who->record.id;
    v->team = t->id;
    v->skills = arena_print(ctx->arena, "|%s|%s|", skills[n % 14],
                            skills[(n + 1 + below(p, 12)) % 14]);
    v->languages = below(p, 3) ? "|cantonese|mandarin|" : "|cantonese|";
    v->times = below(p, 4)
                   ? arena_print(ctx->arena, "|%s|%s|", parts[below(p, 4)], parts[4 + below(p, 4)])
                   : NULL;
    v->visits_a_month = below(p, 5) ? NONE : 2 + below(p, 4);
    v->joined = ctx_today(ctx);
    if (volunteer_file(ctx, v, NULL) == OK && t->count < 60)
        t->volunteers[t->count++] = v->record.id;
    return ctx->status;
}

static enum status one_mark(struct plan *p, const struct activity *a, int64_t volunteer, bool out,
                            int64_t at, const char *how)
{
    enum mark_result result;
    struct mark m = {
        .code = arena_print(p->ctx->arena, "demo-%s-%lld-%d", a->number, (long long)volunteer, out),
        .activity = a->record.id,
        .shift = NONE,
        .offer = NONE,
        .volunteer = volunteer,
        .out = out,
        .at = at,
        .ahead = 0,
        .how = how};
    p->ctx->now = at + 30;
    return attendance_mark(p->ctx, &m, &result);
}

/* Makes an activity of a team, with volunteers checked in and out, and
 * residents counted. */
static enum status hold(struct plan *p, const struct sort *s, struct team *t, int64_t starts)
{
    static const char *const hows[] = {"qr", "qr", "leader", "scanner", "code"};
    struct ctx *ctx = p->ctx;
    struct activity *a = record_new(ctx, &activities_kind);
    const char *actor = ctx->actor.name;
    unsigned roles = ctx->actor.roles;
    ctx->actor.name = t->leader;
    ctx->actor.roles |= ROLE_TEAM_LEADER;
    ctx->now = starts - 10 * WHEN_DAY;
    a->title = s->title;
    a->title_en = s->title_en;
    a->kind = s->kind;
    a->organisation = t->id;
    a->area = t->area;
    a->place = s->place;
    a->starts = starts;
    a->ends = starts + (2 + below(p, 2)) * WHEN_HOUR;
    if (!record_check(ctx, &activities_kind, NULL, a))
        return ctx->status;
    activity_file(ctx, a);
    int came = 6 + below(p, 6);
    for (int i = 0; i < came && ctx->status == OK; i++) {
        int64_t v = t->volunteers[t->next++ % t->count];
        const char *how = hows[below(p, 5)];
        if (one_mark(p, a, v, false, starts - 1200 + below(p, 1800), how) == OK)
            one_mark(p, a, v, true, a->ends - 600 + below(p, 1200), how);
    }
    ctx->now = a->ends + WHEN_HOUR;
    const struct activity *now = record_must(ctx, &activities_kind, a->record.id);
    if (ctx->status == OK && count_add(ctx, now, arena_print(ctx->arena, "demo-%s", a->number),
                                       s->least + below(p, s->spread), NONE) == OK)
        activity_held(ctx, record_must(ctx, &activities_kind, a->record.id), NONE);
    ctx->actor.name = actor;
    ctx->actor.roles = roles;
    return ctx->status;
}

static void tidy(struct plan *p, struct arena *each)
{
    if (p->ctx->status == OK)
        arena_clear(each);
    if (p->ctx->status == OK && (db_commit(p->ctx->db) != OK || db_begin(p->ctx->db) != OK))
        ctx_fail(p->ctx, db_status(p->ctx->db), NULL);
}

/* Returns the day of the ith of n activities, over a year that ends some days
 * ago. Volunteer days are spread over its months, so that each month has one
 * or two (F28), whatever today's date. */
static int64_t day_held(struct plan *p, const struct sort *s, int i)
{
    int64_t last = when_day(p->now) - 6;
    if (strcmp(s->kind, "volunteer_day") != 0)
        return last - (WEEKS * 7 - 10) * (int64_t)i / s->times - below(p, 3);
    struct civil c = civil_from_when(when_day_start(last));
    int back = i * 12 / s->times, month = c.year * 12 + c.month - 1 - back;
    return day_of(month / 12, month % 12 + 1, 1 + below(p, back == 0 ? c.day : 28));
}

static enum status make_all(struct plan *p, struct arena *each)
{
    struct ctx *ctx = p->ctx;
    for (int n = 0; n < VOLUNTEERS && ctx->status == OK; n++) {
        join(p, n);
        if (n % 50 == 49)
            tidy(p, each);
    }
    int made = 0;
    for (int s = 0; s < SORTS; s++)
        for (int i = 0; i < sorts[s].times && ctx->status == OK; i++, made++) {
            int64_t day = day_held(p, &sorts[s], i);
            hold(p, &sorts[s], &p->teams[(made * 11) % p->team_count],
                 when_day_start(day) + (9 + below(p, 6)) * WHEN_HOUR);
            tidy(p, each);
        }
    return ctx->status;
}

/* "+3d 09:00": days after today, and a local time. */
static int64_t day_and_time(struct plan *p, const char *text)
{
    char *rest;
    long days = strtol(text, &rest, 10), hour, minute;
    if (*rest != 'd')
        return NONE;
    hour = strtol(rest + 1, &rest, 10);
    minute = *rest == ':' ? strtol(rest + 1, &rest, 10) : 0;
    return when_day_start(when_day(p->now) + days) + hour * WHEN_HOUR + minute * 60;
}

/* Makes one shift for the whole activity. Half of its places are taken, at
 * times by the demonstration's first volunteer. */
static enum status staff(struct plan *p, const struct activity *a)
{
    struct ctx *ctx = p->ctx;
    struct shift *h = record_new(ctx, &shifts_kind);
    h->activity = a->record.id;
    h->name = "现场帮忙";
    h->starts = a->starts;
    h->ends = a->ends;
    h->places = 8;
    h->skills = a->skills;
    if (!record_check(ctx, &shifts_kind, NULL, h) ||
        record_insert(ctx, &shifts_kind, h, "add") != OK)
        return ctx->status;
    const struct team *t = &p->teams[below(p, p->team_count)];
    for (int i = 0; i < 4 && i < t->count; i++) {
        const struct volunteer *v = record_must(
            ctx, &volunteers_kind,
            i == 0 && below(p, 3) == 0 ? p->teams[0].volunteers[0] : t->volunteers[i]);
        const struct person *who = record_must(ctx, &people_kind, v->person);
        struct sign_up *s = record_new(ctx, &sign_ups_kind);
        s->activity = a->record.id;
        s->shift = h->record.id;
        s->volunteer = v->record.id;
        s->name = who->name;
        if (sign_up_file(ctx, s) == CONFLICT) /* they are busy elsewhere at that time */
            import_forget(ctx);
    }
    return ctx->status;
}

static enum status announce_one(struct plan *p, const struct sheet_row *headings,
                                const char *const *names, const struct sheet_row *row)
{
    struct ctx *ctx = p->ctx;
    struct activity *a = record_new(ctx, &activities_kind);
    for (int c = 0; c < row->count && c < headings->count; c++) {
        const struct field *f = kind_field(&activities_kind, names[c]);
        const char *cell = row->cells[c].text;
        if (f && f->type == F_TIME)
            *(int64_t *)(void *)((char *)a + f->offset) = day_and_time(p, cell);
        else if (f)
            field_set(ctx, f, a, cell);
    }
    if (record_check(ctx, &activities_kind, NULL, a) && activity_file(ctx, a) == OK &&
        a->starts > p->now && !strcmp(a->status, "open"))
        staff(p, a);
    return ctx->status;
}

/* Creates the pack's coming activities. */
static enum status announce(struct plan *p, const char *pack)
{
    struct ctx *ctx = p->ctx;
    size_t size;
    const char *why = NULL, *names[IMPORT_COLUMNS];
    void *bytes = import_read_file(ctx, arena_print(ctx->arena, "%s/activities.csv", pack), &size);
    struct sheet *sheet = bytes ? sheet_open(ctx->arena, bytes, size, &why) : NULL;
    struct sheet_row headings, row;
    if (sheet && sheet_next(sheet, &headings)) {
        for (int c = 0; c < headings.count; c++)
            names[c] = arena_copy(ctx->arena, headings.cells[c].text);
        while (ctx->status == OK && sheet_next(sheet, &row))
            announce_one(p, &headings, names, &row);
    }
    sheet_close(sheet);
    free(bytes);
    return ctx->status;
}

enum status demo_volunteer(struct ctx *ctx)
{
    int64_t user = query_int(ctx->db, "SELECT id FROM users WHERE login = 'volunteer1'"),
            id = query_int(ctx->db, "SELECT min(id) AS id FROM volunteers");
    const struct volunteer *before = user == NONE || id == NONE
                                         ? NULL
                                         : record_get(ctx, &volunteers_kind, id);
    if (!before)
        return OK;
    struct volunteer *after = record_copy(ctx, &volunteers_kind, before);
    after->user = user;
    return record_update(ctx, &volunteers_kind, before, after, "change");
}

enum status demo_neighbours(struct ctx *ctx, const char *pack)
{
    struct plan *p = ARENA_NEW(ctx->arena, struct plan);
    *p = (struct plan){.ctx = ctx, .kept = ctx->arena, .state = 20200901, .now = ctx->now};
    if (load_teams(p) != OK)
        return ctx->status;
    struct arena *each = arena_new();
    const char *actor = ctx->actor.name;
    ctx->arena = each;
    make_all(p, each);
    if (ctx->problems) /* its text was in the arena that is now freed */
        ctx->problems->text = arena_copy(p->kept, ctx->problems->text);
    ctx->arena = p->kept;
    arena_free(each);
    ctx->actor.name = actor;
    ctx->now = p->now;
    return ctx->status == OK ? announce(p, pack) : ctx->status;
}
