/* For test/unit/unchecked.py; never compiled. A line marked MISSED must be found, no other. */
#include "app/requests/requests.h"

static const char *used_at_once(struct ctx *ctx)
{
    const struct request *r = record_get(ctx, &requests_kind, 1); /* MISSED */
    return r->subject;
}

static int status_of_nothing(struct ctx *ctx)
{
    return request_status_of(record_load(ctx, &requests_kind, 1)); /* MISSED */
}

static bool one_of_two(struct ctx *ctx, int64_t id)
{
    const struct request *a = record_get(ctx, &requests_kind, id),
                         *b = record_get(ctx, &requests_kind, id + 1); /* MISSED */
    return a && b->number;
}

static struct request *named(struct ctx *ctx, const char *number)
{
    return number ? record_find(ctx, &requests_kind, "number", number) : NULL;
}

static const char *handed_on(struct ctx *ctx)
{
    const struct request *r = named(ctx, "1"); /* MISSED */
    return r->subject;
}

static const char *shown(struct ctx *ctx, const struct request *r)
{
    return tr(ctx, r->subject);
}

static const char *passed(struct ctx *ctx)
{
    const struct request *r = record_get(ctx, &requests_kind, 1); /* MISSED */
    return shown(ctx, r);
}

static void kept(struct ctx *ctx, struct kept *k)
{
    k->request = record_get(ctx, &requests_kind, 1); /* MISSED */
    k->subject = k->request->subject;
}

/* ---- and what is right ---- */

static const char *shown_or_nothing(struct ctx *ctx, const struct request *r)
{
    return r ? tr(ctx, r->subject) : "";
}

static const char *looked_at(struct ctx *ctx, int64_t id)
{
    const struct request *r = id == NONE ? NULL : record_get(ctx, &requests_kind, id);
    if (!r || !r->subject)
        return shown_or_nothing(ctx, r);
    const struct request *other = named(ctx, r->number),
                         *third = record_must(ctx, &requests_kind, 3);
    bool seen = record_load(ctx, &requests_kind, r->record.id) != NULL;
    if (seen && record_load(ctx, &requests_kind, third->record.id))
        return third->subject;
    return other ? other->subject : shown_or_nothing(ctx, named(ctx, "2"));
}
