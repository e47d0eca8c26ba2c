/*
 * Parts that the pages of offers share, and what a request's pages show of its
 * offer.
 */
#include "app/visits/visit_parts.h"

#include "app/registers/registers.h"
#include "base/text.h"
#include "base/when.h"
#include "web/web.h"

#include <string.h>

#define WISH_MOST 300 /* characters of the resident's words */

/* ---- words ---- */

const char *offer_when(struct ctx *ctx, const struct offer *o)
{
    return o->starts == NONE ? say(ctx, "Time to be agreed by the volunteer")
                             : when_show(ctx->arena, ctx->lang, o->starts);
}

int64_t offer_count(struct ctx *ctx, const struct offer *o, const char *answer)
{
    return query_int(ctx->db,
                     "SELECT count(*) AS n FROM offer_asks WHERE offer = {} AND answer = {}",
                     o->record.id, answer);
}

const char *offer_state(struct ctx *ctx, const struct offer *o)
{
    int64_t yes = offer_count(ctx, o, "yes");
    if (!strcmp(o->status, "open"))
        return yes ? say(ctx, "{} of {} accepted", yes, o->people)
                   : say(ctx, "Looking for volunteers");
    if (!strcmp(o->status, "led"))
        return yes ? say(ctx, "{} of {} have accepted, no one left to ask", yes, o->people)
                   : say(ctx, "Nobody has accepted");
    return field_show(ctx, kind_field(&offers_kind, "status"), o);
}

/* ---- what the resident wishes ---- */

/* The bytes of a digit at p, also full width or in Chinese; 0: none. */
static size_t digit_size(const char *p, bool *chinese)
{
    static const char *const numerals = "零一二三四五六七八九十百";
    *chinese = false;
    if (*p >= '0' && *p <= '9')
        return 1;
    if (!strncmp(p, "\xEF\xBC", 2) && (unsigned char)p[2] >= 0x90 && (unsigned char)p[2] <= 0x99)
        return 3;
    for (const char *n = numerals; *n && *p; n += 3)
        if (!strncmp(p, n, 3)) {
            *chinese = true;
            return 3;
        }
    return 0;
}

/* The bytes of the word that makes the number before it a part of an address; 0: none. */
static size_t house_size(const char *p)
{
    static const char *const words[] = {"号楼", "单元", "栋", "幢", "室", "楼",
                                        "座",   "房",   "户", "号", NULL};
    for (int i = 0; words[i]; i++)
        if (!strncmp(p, words[i], strlen(words[i])))
            return strlen(words[i]);
    return 0;
}

/* Passes over a number, written with blanks or dashes or not; returns how many digits. */
static int number_pass(const char **at, bool *chinese)
{
    const char *p = *at;
    int digits = 0;
    bool one;
    *chinese = false;
    for (size_t n; (n = digit_size(p, &one)) != 0; digits++, p += n) {
        *chinese = *chinese || one;
        while ((p[n] == '-' || p[n] == ' ') && digit_size(p + n + 1, &one))
            n++;
    }
    *at = p;
    return digits;
}

/* Copies a number that says when ("3点", "12月5号") and leaves out one that says where or is a
 * telephone's; returns what follows it. */
static const char *number_copy(struct buf *out, const char *from, const char *p)
{
    const char *start = p;
    bool chinese, more;
    int digits = number_pass(&p, &chinese);
    size_t house = house_size(p);
    bool date = (house && start - from >= 3 && !strncmp(start - 3, "月", 3)) ||
                !strncmp(p, "年", 3);
    if (date || (!house && (chinese || digits < 3))) {
        buf_put(out, start, (size_t)(p - start));
        return p;
    }
    buf_puts(out, "…");
    p += house;
    while (house && number_pass(&p, &more) > 0) /* 3栋502 */
        p += house_size(p);
    return p;
}

static const char *without(struct ctx *ctx, const char *text, const char *what)
{
    const char *at;
    if (!what || text_length(what) < 2)
        return text;
    while ((at = strstr(text, what)) != NULL)
        text = arena_print(ctx->arena, "%.*s…%s", (int)(at - text), text, at + strlen(what));
    return text;
}

const char *offer_wish(struct ctx *ctx, const struct offer *o)
{
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    struct buf out;
    bool chinese;
    if (!r || !r->text || request_status_of(r) == MERGED)
        return NULL;
    const char *text = text_cut(ctx->arena, r->text, WISH_MOST);
    text = without(ctx, text, r->requester_name);
    text = without(ctx, text, r->on_behalf);
    text = without(ctx, text, r->place);
    buf_init(&out, 0);
    for (const char *p = text; *p;)
        if (digit_size(p, &chinese))
            p = number_copy(&out, text, p);
        else
            buf_putc(&out, *p++);
    text = arena_copyn(ctx->arena, out.data ? out.data : "", out.size);
    buf_release(&out);
    return text;
}

const char *offer_title(struct ctx *ctx, const struct offer *o)
{
    const struct request *r = record_get(ctx, &requests_kind, o->request);
    const char *what = skill_name(ctx, o->skill),
               *where = r && request_status_of(r) != MERGED
                            ? field_show(ctx, kind_field(&requests_kind, "area"), r)
                            : "";
    return *where ? arena_print(ctx->arena, "%s · %s", what, where) : what;
}

/* ---- on a request's own pages ---- */

static const struct offer *newest_offer(struct ctx *ctx, const struct request *r)
{
    int64_t id = query_int(ctx->db, "SELECT max(id) AS id FROM offers WHERE request = {}",
                           r->record.id);
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
    bool may = (ctx->actor.roles & (ROLE_WORKER | ROLE_OFFICE)) &&
               (status == RECEIVED || status == DISPATCHED || status == HANDLING);
    const char *skill = o ? o->skill : skill_for(ctx, r->category);
    if (!o && (!may || !skill))
        return;
    html(out, "<section class=\"card screen\" id=\"volunteers\"><h2>{}</h2>",
         say(ctx, "Volunteers"));
    if (o)
        html(out, "<p><a href=\"/visits/{}\">{}</a> · {} · {}</p>", o->record.id,
             skill_name(ctx, o->skill), offer_state(ctx, o), offer_when(ctx, o));
    if (may && (!o || over(o)))
        html(out,
             "<p>{}</p><div class=\"acts\"><a class=\"button\" href=\"/visits/new?request={}\">{} "
             "{}</a></div>",
             say(ctx, "Volunteers with this skill can help: {}.", skill_name(ctx, skill)),
             r->record.id, icon(ctx, "heart-handshake"), say(ctx, "Find volunteers"));
    html(out, "</section>");
}

void visits_follow(struct ctx *ctx, const struct request *r)
{
    struct buf *out = ctx->web->out;
    const struct offer *o = newest_offer(ctx, r);
    if (!o || over(o))
        return;
    html(out, "<section class=\"card\"><h2>{}</h2>", say(ctx, "Who is visiting you"));
    struct rows *v = query(ctx->db,
                           "SELECT p.name AS name, v.number AS number FROM offer_asks k JOIN "
                           "volunteers v ON v.id = k.volunteer"
                           " JOIN people p ON p.id = v.person WHERE k.offer = {} AND k.answer = "
                           "'yes' ORDER BY k.answered_at, k.id",
                           o->record.id);
    int n = 0;
    while (rows_next(v)) {
        html(out, "{}<li>{}<div><b>{}</b> <span class=\"soft\">{}</span></div></li>",
             (struct markup){n++ ? "" : "<ul class=\"timeline plain\">"}, icon(ctx, "user-check"),
             row_text(v, "name"), say(ctx, "volunteer number {}", row_text(v, "number")));
    }
    if (n)
        html(out, "</ul><p>{}</p><p class=\"small\">{}</p>",
             o->starts == NONE
                 ? say(ctx, "They will agree a time with you.")
                 : say(ctx, "They will come on {}.", when_show(ctx->arena, ctx->lang, o->starts)),
             say(ctx, "They will show a volunteer card with this number. The visit is free."));
    if (!strcmp(o->status, "open"))
        html(out, "<p>{}</p>",
             n ? say(ctx, "We are still looking for {} more.", o->people - n)
               : say(ctx, "We are asking volunteers near you. You will see who is coming here once "
                          "someone accepts."));
    else if (!n)
        html(out, "<p>{}</p>",
             say(ctx, "Nobody has been available so far. Community staff are looking for someone "
                      "personally."));
    html(out, "</section>");
}
