/*
 * Notifications before and after a due date. A job acts as each account that
 * gets email, one after the other, and reads the list that the account would
 * see. So nobody is notified of what they may not read, and no capability needs
 * to say twice who is responsible.
 *
 * An event names source, record and date. A date is notified once; another date
 * is another event. Waiting notices that no longer hold (done, moved, somebody
 * else's) are withdrawn.
 */
#include "core/due.h"

#include "base/when.h"
#include "core/module.h"
#include "core/notices.h"
#include "core/settings.h"
#include "core/working_days.h"
#include "web/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX     "due:" /* of the events' names; then WHEN:SOURCE:ID:DATE */
#define SOON       "due-soon"
#define LATE       "overdue"
#define TOLD_SINCE (30 * WHEN_DAY) /* what has been overdue for longer is no longer notified */

struct told {
    int64_t user, id; /* id: of the notice to withdraw */
    struct due_item item;
    const char *event, *action, *language;
};

struct telling {
    struct told *fresh, *stale;
    int fresh_count, stale_count, fresh_done;
};

/* Takes over the account's roles, scope and language. */
static bool act_as(struct ctx *ctx, int64_t user, const char *language)
{
    if (actor_load(ctx, ctx->db, user, "job") != OK)
        return false;
    ctx->lang = language && *language ? language : "zh_CN";
    return true;
}

static const char *recipient_of_user(struct ctx *ctx, int64_t user)
{
    return arena_print(ctx->arena, "user:%lld", (long long)user);
}

static bool is_told(struct ctx *ctx, const char *event, int64_t user)
{
    return query_int(ctx->db, "SELECT id FROM notices WHERE event = {} AND recipient = {}", event,
                     recipient_of_user(ctx, user)) != NONE;
}

static void fresh_add(struct ctx *ctx, struct telling *t, const struct due_item *item,
                      const struct told *who)
{
    const char *action = item->due < ctx->now ? LATE : SOON;
    if (!item->source->told || item->due < ctx->now - TOLD_SINCE)
        return;
    const char *event = arena_print(ctx->arena, PREFIX "%s:%s:%lld:%lld", action, item->source->id,
                                    (long long)item->id, (long long)item->due);
    if (is_told(ctx, event, who->user))
        return;
    struct told *f = &t->fresh[t->fresh_count++];
    *f = *who;
    f->item = *item;
    f->event = event;
    f->action = action;
}

/* Finds what is due soon or overdue for one account and has not been notified. */
static void fresh_of(struct ctx *ctx, struct telling *t, const struct told *who)
{
    struct due_item items[DUE_TOLD_MOST];
    int64_t soon = due_soon(ctx_calendar(ctx), ctx->now);
    for (int64_t skip = 0;; skip += DUE_TOLD_MOST) {
        int n = due_items(ctx, skip, items, DUE_TOLD_MOST);
        for (int i = 0; i < n; i++) {
            if (items[i].due > soon || t->fresh_count == DUE_TOLD_MOST)
                return;
            fresh_add(ctx, t, &items[i], who);
        }
        if (n < DUE_TOLD_MOST)
            return;
    }
}

static void fresh_find(struct ctx *ctx, struct telling *t)
{
    int64_t most = query_int(ctx->db, "SELECT count(*) AS n FROM users");
    struct told *users = ARENA_ARRAY(ctx->arena, struct told, most + 1);
    int n = 0;
    struct rows *r = query(ctx->db, "SELECT id, language FROM users WHERE active = 1 AND mail IS "
                                    "NOT NULL AND mail <> '' ORDER BY id");
    while (n < most && rows_next(r))
        users[n++] = (struct told){.user = row_int(r, "id"),
                                   .language = row_copy(r, ctx->arena, "language")};
    rows_end(r);
    for (int i = 0; i < n; i++)
        if (act_as(ctx, users[i].user, users[i].language))
            fresh_of(ctx, t, &users[i]);
}

/* Parses "due:overdue:hours.decide:12:1767225599". */
static bool event_read(struct ctx *ctx, const char *event, struct told *t)
{
    char action[16], source[64];
    long long id, due;
    if (sscanf(event, PREFIX "%15[^:]:%63[^:]:%lld:%lld", action, source, &id, &due) != 4)
        return false;
    t->action = arena_copy(ctx->arena, action);
    t->item = (struct due_item){due_source_find(source), id, due};
    return true;
}

static bool still_holds(struct ctx *ctx, const struct told *t)
{
    return t->item.source && act_as(ctx, t->user, NULL) &&
           (strcmp(t->action, SOON) != 0 || t->item.due >= ctx->now) && due_holds(ctx, &t->item);
}

static void stale_find(struct ctx *ctx, struct telling *t)
{
    struct told *waiting = ARENA_ARRAY(ctx->arena, struct told, DUE_TOLD_MOST);
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT id, event, recipient FROM notices WHERE status = 'waiting' AND "
                           "event LIKE 'due:%' AND recipient LIKE 'user:%' ORDER BY id LIMIT {}",
                           DUE_TOLD_MOST);
    while (n < DUE_TOLD_MOST && rows_next(r)) {
        struct told *w = &waiting[n];
        *w = (struct told){.user = strtoll(row_text(r, "recipient") + strlen("user:"), NULL, 10),
                           .id = row_int(r, "id")};
        n += event_read(ctx, row_text(r, "event"), w);
    }
    rows_end(r);
    for (int i = 0; i < n; i++)
        if (!still_holds(ctx, &waiting[i]))
            t->stale[t->stale_count++] = waiting[i];
}

/* Without the record's own text, because emails pass through others' servers. */
static const char *told_text(struct ctx *ctx, const struct told *t)
{
    const char *what = tr(ctx, t->item.source->words), *code = due_code(ctx, &t->item),
               *when = when_show(ctx->arena, ctx->lang, t->item.due),
               *base = setting(ctx, "site.address");
    const char *text = !strcmp(t->action, LATE)
                           ? say(ctx, "Overdue since {}: {} ({}).", when, what, code)
                           : say(ctx, "Due by {}: {} ({}).", when, what, code);
    return *base ? arena_print(ctx->arena, "%s %s%s", text, base, due_href(ctx, &t->item)) : text;
}

/* On the writer thread: checks again what was found on a reader, because another process may
 * have been faster. */
static void telling_store(struct ctx *ctx)
{
    struct telling *t = ctx->work;
    struct actor was = ctx->actor;
    const char *lang = ctx->lang;
    t->fresh_done = 0;
    for (int i = 0; i < t->stale_count; i++)
        if (!still_holds(ctx, &t->stale[i]))
            change(ctx->db,
                   "UPDATE notices SET status = 'told', done_at = {}, error = {} WHERE id = {} AND "
                   "status = 'waiting'",
                   ctx->now, NOTICE_SUPERSEDED, t->stale[i].id);
    for (int i = 0; i < t->fresh_count; i++) {
        const struct told *f = &t->fresh[i];
        if (!act_as(ctx, f->user, f->language) || !due_holds(ctx, &f->item))
            continue;
        notice_put(ctx, &(struct notice){.kind = f->item.source->kind->name,
                                         .record = f->item.id,
                                         .event = f->event,
                                         .recipient = recipient_of_user(ctx, f->user),
                                         .channel = "mail",
                                         .action = f->action,
                                         .text = told_text(ctx, f)});
        t->fresh_done++;
    }
    ctx->actor = was;
    ctx->lang = lang;
}

int64_t due_tell(struct ctx *ctx)
{
    struct telling *t = ARENA_NEW(ctx->arena, struct telling);
    struct actor was = ctx->actor;
    const char *lang = ctx->lang;
    t->fresh = ARENA_ARRAY(ctx->arena, struct told, DUE_TOLD_MOST);
    t->stale = ARENA_ARRAY(ctx->arena, struct told, DUE_TOLD_MOST);
    stale_find(ctx, t);
    if (*setting(ctx, "smtp.host")) /* without a mail server the list on the page is all there is */
        fresh_find(ctx, t);
    ctx->actor = was;
    ctx->lang = lang;
    ctx->work = t;
    if ((!t->fresh_count && !t->stale_count) || writer_call(ctx, telling_store) != OK)
        return 0;
    return t->fresh_done;
}

static void run_due(struct ctx *ctx)
{
    due_tell(ctx);
}

static const struct job jobs[] = {{"due", 300, run_due}, {.name = NULL}};

const struct module due_module = {.name = "due", .jobs = jobs};
