/*
 * Ranks volunteers for an offer in one pass over those who have the skill,
 * together with their recent visits. Scores only decide the order; the reasons
 * are stored as tags and put into words when shown.
 *
 *     distance   40 next door, 0 from 4 km on; 15 if unknown
 *     time       25 if free then, 10 if not stated; others are left out
 *     load       20 without a recent visit, 5 less for each of the last 30 days
 *     community  10 if the same; language 5 if it is the requested one
 */
#include "app/visits/offers.h"

#include "base/text.h"
#include "base/when.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EARTH_KM 6371.0088
#define FAR_KM   4.0

static double km_between(double lat1, double lon1, double lat2, double lon2)
{
    double rad = acos(-1.0) / 180, dlat = (lat2 - lat1) * rad, dlon = (lon2 - lon1) * rad;
    double h = sin(dlat / 2) * sin(dlat / 2) +
               cos(lat1 * rad) * cos(lat2 * rad) * sin(dlon / 2) * sin(dlon / 2);
    return 2 * EARTH_KM * asin(fmin(1, sqrt(h)));
}

/* "sat-am" for a time. */
static const char *part_of(struct ctx *ctx, int64_t t)
{
    static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    struct civil c = civil_from_when(t);
    return arena_print(ctx->arena, "%s-%s", days[when_weekday(when_day(t)) - 1],
                       c.hour < 12   ? "am"
                       : c.hour < 18 ? "pm"
                                     : "ev");
}

static struct rows *candidates(struct ctx *ctx, const struct offer *o)
{
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q,
            "SELECT v.id AS id, v.community AS community, v.lat AS lat, v.lon AS lon, v.times AS "
            "times, v.areas AS areas,"
            " v.languages AS languages, v.visits_a_month AS visits_a_month, coalesce(w.visits, 0) "
            "AS visits"
            " FROM volunteers v JOIN people p ON p.id = v.person"
            " LEFT JOIN (SELECT a.volunteer AS volunteer, count(*) AS visits FROM offer_asks a"
            " WHERE a.answer = 'yes' AND a.answered_at > {} GROUP BY a.volunteer) w ON w.volunteer "
            "= v.id"
            " WHERE v.status = 'active' AND v.skills LIKE {}",
            ctx->now - 30 * WHEN_DAY, arena_print(ctx->arena, "%%|%s|%%", o->skill));
    if (o->gender_preference)
        sql_add(&q, " AND p.gender = {}", o->gender_preference);
    if (o->gender)
        sql_add(&q, " AND (v.gender_preference IS NULL OR v.gender_preference = {})", o->gender);
    if (o->record.id != NONE)
        sql_add(&q,
                " AND NOT EXISTS (SELECT 1 FROM offer_asks k WHERE k.offer = {} AND k.volunteer = "
                "v.id)",
                o->record.id);
    if (o->starts != NONE) {
        int64_t ends = o->ends != NONE ? o->ends : o->starts + WHEN_HOUR;
        sql_add(&q,
                " AND NOT EXISTS (SELECT 1 FROM sign_ups u JOIN shifts h ON h.id = u.shift WHERE "
                "u.volunteer = v.id AND u.status = 'signed'"
                " AND h.starts < {} AND h.ends > {})",
                ends, o->starts);
        sql_add(&q,
                " AND NOT EXISTS (SELECT 1 FROM offer_asks k JOIN offers f ON f.id = k.offer WHERE "
                "k.volunteer = v.id AND k.answer = 'yes'"
                " AND f.status IN ('open', 'agreed', 'led') AND f.starts < {} AND f.ends > {})",
                ends, o->starts);
    }
    return sql_query(ctx->db, &q);
}

struct wish { /* what is the same for all volunteers */
    const struct offer *offer;
    const char *community, *part;
};

/* False: this volunteer is not possible. why is only written for those who are. */
static bool rate(struct ctx *ctx, const struct wish *w, struct rows *r, int *score, double *km,
                 bool *free)
{
    const struct offer *o = w->offer;
    const char *areas = row_text(r, "areas"), *times = row_text(r, "times");
    int64_t most = row_int(r, "visits_a_month"), visits = row_int(r, "visits");
    (void)ctx;
    if ((most != NONE && visits >= most) ||
        (areas && w->community && !tags_have(areas, w->community)))
        return false;
    *free = w->part && times && tags_have(times, w->part);
    if (w->part && times && !*free)
        return false;
    bool placed = !isnan(o->lat) && row_text(r, "lat");
    *km = placed ? km_between(o->lat, o->lon, row_real(r, "lat"), row_real(r, "lon")) : NAN;
    *score = isnan(*km) ? 15 : *km >= FAR_KM ? 0 : (int)(40 * (1 - *km / FAR_KM));
    *score += *free ? 25 : 10;
    *score += visits < 4 ? (int)(20 - 5 * visits) : 0;
    *score += o->community != NONE && row_int(r, "community") == o->community ? 10 : 0;
    *score += o->language && tags_have(row_text(r, "languages"), o->language) ? 5 : 0;
    return true;
}

static const char *reasons(struct ctx *ctx, const struct wish *w, struct rows *r, double km,
                           bool free)
{
    const struct offer *o = w->offer;
    struct buf b;
    buf_init(&b, 4096);
    buf_putc(&b, '|');
    if (o->community != NONE && row_int(r, "community") == o->community)
        buf_puts(&b, "community|");
    if (!isnan(km))
        plain(&b, "m:{}|", (int64_t)(km * 1000));
    if (free)
        plain(&b, "time:{}|", w->part);
    plain(&b, "load:{}|", row_int(r, "visits"));
    if (o->language && tags_have(row_text(r, "languages"), o->language))
        buf_puts(&b, "language|");
    const char *made = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return made;
}

int offer_match(struct ctx *ctx, const struct offer *o, struct match *to, int most)
{
    struct wish w = {.offer = o, .part = o->starts == NONE ? NULL : part_of(ctx, o->starts)};
    int count = 0, score;
    double km;
    bool free;
    if (o->community != NONE) {
        struct rows *c = query(ctx->db, "SELECT code FROM areas WHERE id = {}", o->community);
        w.community = rows_next(c) ? row_copy(c, ctx->arena, "code") : NULL;
        rows_end(c);
    }
    struct rows *r = candidates(ctx, o);
    while (rows_next(r)) {
        if (!rate(ctx, &w, r, &score, &km, &free) || (count == most && to[most - 1].score >= score))
            continue;
        int at = count < most ? count++ : most - 1;
        while (at > 0 && to[at - 1].score < score) {
            to[at] = to[at - 1];
            at--;
        }
        to[at] = (struct match){row_int(r, "id"), score, reasons(ctx, &w, r, km, free)};
    }
    return count;
}

static const char *in_words(struct ctx *ctx, const char *tag)
{
    const char *value = strchr(tag, ':');
    if (!strcmp(tag, "community"))
        return say(ctx, "same community");
    if (!strcmp(tag, "language"))
        return say(ctx, "speaks the resident’s language");
    if (!strcmp(tag, "leader"))
        return say(ctx, "chosen by the team leader");
    if (!value)
        return NULL;
    int64_t n = strtoll(value + 1, NULL, 10);
    if (!strncmp(tag, "m:", 2))
        return n < 1000
                   ? say(ctx, "{} m away", (n + 50) / 100 * 100 > 0 ? (n + 50) / 100 * 100 : 100)
                   : say(ctx, "{} km away", arena_print(ctx->arena, "%.1f", (double)n / 1000));
    if (!strncmp(tag, "load:", 5))
        return n == 0 ? say(ctx, "no visit in the last 30 days")
                      : say_n(ctx, n, "1 visit in the last 30 days",
                              "{} visits in the last 30 days", n);
    for (const struct choice *c = day_parts; !strncmp(tag, "time:", 5) && c->code; c++)
        if (!strcmp(c->code, value + 1))
            return say(ctx, "free on {}", tr(ctx, c->label));
    return NULL;
}

const char *match_why(struct ctx *ctx, const char *why)
{
    const char *text = "";
    for (const char *at = why, *tag; (tag = tags_next(ctx->arena, &at)) != NULL;) {
        const char *words = in_words(ctx, tag);
        if (words)
            text = text_add(ctx->arena, text, " · ", words);
    }
    return text;
}
