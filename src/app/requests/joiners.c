/*
 * Co-reporters, in their own table; phone numbers are encrypted and codes
 * hashed as in requests. The same phone number may join twice: refusing it
 * would tell a stranger who has reported what. A co-reporter's "no" is shown to
 * staff but changes no state, so nobody can reopen other people's requests by
 * joining them.
 */
#include "app/requests/joiners.h"

#include "base/code.h"
#include "core/notices.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"
#include "db/journal.h"
#include "web/web.h"

#include <string.h>

#define JOINERS_MOST 500 /* of one request; more are not stored, because staff know by then */

struct request *joinable(struct ctx *ctx, int64_t request)
{
    struct request *r = record_get(ctx, &requests_kind, request);
    if (r && request_status_of(r) == MERGED)
        r = r->merged_into == NONE ? NULL : record_get(ctx, &requests_kind, r->merged_into);
    return r && request_open(r) ? r : NULL;
}

enum status joiner_add(struct ctx *ctx, const struct request *r, struct joiner *j,
                       const char *words, const char **code)
{
    if (query_int(ctx->db, "SELECT count(*) AS n FROM request_joiners WHERE request = {}",
                  r->record.id) >= JOINERS_MOST) {
        ctx_problem(ctx, NULL,
                    say(ctx, "Many people have already reported this. We are working on it; you "
                             "don’t need to do anything."));
        return ctx->status;
    }
    char *made = arena_alloc(ctx->arena, 11);
    code_random(made, 10);
    *code = made;
    change(ctx->db,
           "INSERT INTO request_joiners (request, at, name, phone, phone_key, code_hash, language) "
           "VALUES ({}, {}, {}, {}, {}, {}, {})",
           r->record.id, ctx->now, j->name,
           seal_text(ctx->keys, ctx->arena, "joiner_phone", j->phone),
           seal_hash(ctx->keys, ctx->arena, "joiner_phone", j->phone),
           seal_hash(ctx->keys, ctx->arena, "code_hash", made), ctx->lang);
    if (db_status(ctx->db) != OK)
        return db_status(ctx->db);
    j->id = db_inserted(ctx->db);
    journal_note(ctx, "requests", r->record.id, "join", "{\"joiner\":{}}", j->id);
    request_event(ctx, r, r, "join", words, false);
    return db_status(ctx->db);
}

enum status joiner_answer(struct ctx *ctx, const struct joiner *j, const struct request *r,
                          const char *solved, int64_t satisfaction, const char *comment)
{
    bool yes = !strcmp(solved, "yes");
    change(ctx->db,
           "UPDATE request_joiners SET solved = {}, satisfaction = {}, comment = {}, answered_at = "
           "{} WHERE id = {}",
           solved, (struct maybe){satisfaction}, comment, ctx->now, j->id);
    notice_withdraw(ctx, "requests", r->record.id, /* the co-reporter has read it */
                    arena_print(ctx->arena, "joiner:%lld", (long long)j->id));
    journal_note(ctx, "requests", r->record.id, "join-answer", "{\"joiner\":{},\"solved\":{}}",
                 j->id, yes ? "yes" : "no");
    request_event(ctx, r, r, yes ? "joiner-yes" : "joiner-no", comment, false);
    return db_status(ctx->db);
}

int requests_doubted(struct ctx *ctx, int64_t request, int64_t **ids)
{
    struct sql q;
    int n = 0;
    *ids = NULL;
    sql_init(&q, ctx->arena);
    /* Searches the few "no" answers first, because requests and events are many. */
    sql_add(&q, "SELECT DISTINCT j.request FROM request_joiners j WHERE j.solved = 'no' AND EXISTS "
                "(SELECT 1 FROM requests r WHERE r.id = j.request AND r.status IN ('answered', "
                "'call_back', 'closed')) AND EXISTS (SELECT 1 FROM events e WHERE e.record = "
                "j.request AND e.kind = 'requests' AND e.action = 'joiner-no' AND NOT EXISTS "
                "(SELECT 1 FROM events l WHERE l.record = e.record AND l.kind = 'requests' AND "
                "l.id > e.id AND l.action IN ('contact-other', 'reopen', 'dispute', "
                "'dispute-merged')))");
    if (request != NONE)
        sql_add(&q, " AND j.request = {}", request);
    sql_add(&q, " ORDER BY j.request");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r))
        *ARENA_NEXT(ctx->arena, *ids, n) = row_int(r, "request");
    rows_end(r);
    return n;
}

static struct joiner *first(struct ctx *ctx, struct rows *r)
{
    if (!rows_next(r))
        return NULL;
    struct joiner *j = ARENA_NEW(ctx->arena, struct joiner);
    *j = (struct joiner){row_int(r, "id"),
                         row_int(r, "request"),
                         row_int(r, "at"),
                         row_copy(r, ctx->arena, "name"),
                         NULL,
                         row_copy(r, ctx->arena, "solved"),
                         row_int(r, "satisfaction")};
    if (seal_open(ctx->keys, ctx->arena, "joiner_phone", row_text(r, "phone"), &j->phone) != OK)
        j->phone = seal_lost;
    return j;
}

#define COLUMNS "SELECT id, request, at, name, phone, solved, satisfaction FROM request_joiners "

struct joiner *joiner_get(struct ctx *ctx, int64_t id)
{
    struct rows *r = query(ctx->db, COLUMNS "WHERE id = {}", id);
    struct joiner *j = first(ctx, r);
    rows_end(r);
    return j;
}

struct joiner *joiner_find(struct ctx *ctx, const char *code_hash)
{
    struct rows *r = query(ctx->db, COLUMNS "WHERE code_hash = {}", code_hash);
    struct joiner *j = first(ctx, r);
    rows_end(r);
    return j;
}

bool phone_ends(const char *phone, const char *digits)
{
    char last[5];
    return code_phone_end(phone, last) && !strcmp(last, digits);
}

bool joiners_any(struct ctx *ctx, int64_t request)
{
    return query_int(ctx->db, "SELECT min(id) AS id FROM request_joiners WHERE request = {}",
                     request) != NONE;
}

void joiners_show(struct ctx *ctx, int64_t request, bool open)
{
    struct buf *out = ctx->web->out;
    struct rows *r = query(ctx->db, COLUMNS "WHERE request = {} ORDER BY id LIMIT {}", request,
                           JOINERS_MOST);
    struct joiner *j = first(ctx, r);
    if (!j)
        return;
    html(out, "<section class=\"card\"><h2>{}</h2><dl class=\"facts\">",
         say(ctx, "Others affected"));
    for (; j; j = first(ctx, r))
        html(out,
             "<div><dt>{}</dt><dd><span{}>{} {}</span> <span class=\"soft\">{}</span></dd></div>",
             when_show(ctx->arena, ctx->lang, j->at), (struct markup){open ? " data-hide" : ""},
             open ? j->name : mask_name(ctx->arena, j->name),
             open ? j->phone : mask_phone(ctx->arena, j->phone),
             !j->solved                  ? ""
             : !strcmp(j->solved, "yes") ? say(ctx, "says it is resolved")
                                         : say(ctx, "says it is not resolved"));
    html(out, "</dl></section>");
}
