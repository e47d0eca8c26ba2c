/*
 * Writes and withdraws notices, and looks up recipients: each module says how
 * its recipients are reached.
 */
#include "core/notices.h"

#include "core/module.h"

#include <stdlib.h>
#include <string.h>

void notice_withdraw(struct ctx *ctx, const char *kind, int64_t record, const char *recipient)
{
    struct arg all[] = {arg_int(ctx->now), arg_text(NOTICE_SUPERSEDED), arg_text(kind),
                        arg_int(record), arg_text(recipient)};
    int count = recipient ? 5 : 4;
    db_change(ctx->db,
              recipient ? "UPDATE notices SET status = 'told', done_at = {}, error = {} WHERE kind "
                          "= {} AND record = {} AND recipient = {} AND status = 'waiting'"
                        : "UPDATE notices SET status = 'told', done_at = {}, error = {} WHERE kind "
                          "= {} AND record = {} AND status = 'waiting'",
              all, count);
    /* A notice that is being sent is not retried (core/deliver.c). */
    db_change(ctx->db,
              recipient ? "UPDATE notices SET error = {} WHERE kind = {} AND record = {} AND "
                          "recipient = {} AND status = 'sending'"
                        : "UPDATE notices SET error = {} WHERE kind = {} AND record = {} AND "
                          "status = 'sending'",
              all + 1, count - 1);
}

void notice_put(struct ctx *ctx, const struct notice *n)
{
    const char *channel = n->channel ? n->channel : "hand";
    if (n->replaces && query_int(ctx->db,
                                 "SELECT id FROM notices WHERE event = {} AND recipient = {} AND "
                                 "channel = {}",
                                 n->event, n->recipient, channel) == NONE)
        notice_withdraw(ctx, n->kind, n->record, n->recipient);
    change_common(
        ctx->db,
        "INSERT INTO notices (event, recipient, channel, kind, record, action, language, text, "
        "status, next_at, created)"
        " VALUES ({}, {}, {}, {}, {}, {}, {}, {}, 'waiting', {}, {}) ON CONFLICT (event, "
        "recipient, channel) DO NOTHING",
        n->event, n->recipient, channel, n->kind, n->record, n->action,
        n->language ? n->language : ctx->lang, n->text, ctx->now, ctx->now);
}

const char *notice_channel(struct ctx *ctx, const char *mail)
{
    return mail && *mail && *setting(ctx, "smtp.host") ? "mail" : "hand";
}

/* ---- recipients ---- */

static bool recipient_fits(const struct recipient *r, const char *name)
{
    size_t n = strlen(r->prefix);
    return !strncmp(name, r->prefix, n) && (r->prefix[n - 1] == ':' || !name[n]);
}

const struct recipient *recipient_of(const char *name)
{
    for (int m = 0; modules[m]; m++)
        for (const struct recipient *r = modules[m]->recipients; r && r->prefix; r++)
            if (recipient_fits(r, name))
                return r;
    return NULL;
}

static int64_t id_in(const char *recipient)
{
    const char *id = strchr(recipient, ':');
    return id ? strtoll(id + 1, NULL, 10) : NONE;
}

struct reached recipient_find(struct ctx *ctx, const char *name, int64_t record)
{
    const struct recipient *r = recipient_of(name);
    struct reached to = {.who = say(ctx, "Former account")};
    if (r)
        r->find(ctx, id_in(name), record, &to);
    return to;
}

const struct notice_subject *notice_subject_of(const char *kind)
{
    for (int m = 0; modules[m]; m++)
        for (const struct notice_subject *s = modules[m]->subjects; s && s->kind; s++)
            if (!strcmp(s->kind->name, kind))
                return s;
    return NULL;
}

void notice_call_instead(struct ctx *ctx, int64_t id)
{
    struct rows *r = query(ctx->db,
                           "SELECT kind, record, action, recipient FROM notices WHERE id = {} AND "
                           "channel = 'mail' AND status = 'failed'",
                           id);
    bool there = rows_next(r);
    const char *kind = there ? row_copy(r, ctx->arena, "kind") : NULL,
               *action = there ? row_copy(r, ctx->arena, "action") : NULL,
               *recipient = there ? row_copy(r, ctx->arena, "recipient") : NULL;
    int64_t record = there ? row_int(r, "record") : NONE;
    rows_end(r);
    const struct notice_subject *s = kind ? notice_subject_of(kind) : NULL;
    if (!s || (s->worth_call && !s->worth_call(action, recipient)) ||
        !recipient_find(ctx, recipient, record).phone)
        return;
    change(ctx->db,
           "INSERT INTO notices (event, recipient, channel, kind, record, action, language, text, "
           "status, next_at, created) SELECT event, recipient, 'hand', kind, record, action, "
           "language, text, 'waiting', {}, created FROM notices WHERE id = {} ON CONFLICT (event, "
           "recipient, channel) DO NOTHING",
           ctx->now, id);
}

/* ---- those that every office has ---- */

static void office_find(struct ctx *ctx, int64_t id, int64_t record, struct reached *to)
{
    (void)id;
    (void)record;
    to->who = say(ctx, "Subdistrict office");
    to->mail = setting(ctx, "office.mail");
}

static void hook_find(struct ctx *ctx, int64_t id, int64_t record, struct reached *to)
{
    (void)id;
    (void)record;
    to->who = say(ctx, "Connected system");
}

static const struct recipient recipients[] = {
    {.prefix = "office", .office = true, .find = office_find},
    {.prefix = "hook", .office = true, .system = true, .find = hook_find},
    {.prefix = NULL},
};

const struct module notices_module = {.name = "notices", .recipients = recipients};
