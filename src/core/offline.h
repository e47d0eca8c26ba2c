/*
 * Offline entries: what somebody does on a device that has no network just
 * then. The device stores each entry first and sends it later: in any order,
 * any number of times, many at once (POST /api/offline; assets/ts/queue.ts).
 * Each is applied once, and each is answered by itself, so that one that is
 * refused holds up no other.
 *
 * A module says what it takes by a row, in .offline of struct module:
 *
 *     static bool knock_apply(struct ctx *ctx, struct offline_sent *e, struct offline_answer *a)
 *     {
 *         int64_t door = offline_number(e->body, "door");
 *         if (door == NONE)
 *             return offline_refuse(a, 422, say(ctx, …));
 *         change(ctx->db, "INSERT INTO knocks (door, at) VALUES ({}, {})", door,
 *                offline_believed(ctx, e->at, e->ahead));
 *         return true;
 *     }
 *     static const struct offline_entry entries[] = {
 *         {"knock", ROLE_WORKER, .apply = knock_apply}, {.what = NULL}};
 *
 * The device sends, and is answered for each key:
 *
 *     {"entries": [{"key": "k-1f0c…", "what": "knock", "at": 1767225600, "ahead": 12,
 *                   "body": {"door": 7}}]}
 *     {"now": 1767230000, "results": [{"key": "k-1f0c…", "status": 201, "result": "accepted",
 *                                      "message": "…"}]}
 *
 * result is "accepted" (201), "duplicate" (200: this very entry was applied
 * before) or "refused" (401 sign in, 403, 409, 422, 429), whose message says
 * why. A device may drop what was accepted or is a duplicate, and sends what was
 * answered with 401 or 429 again later.
 *
 * All of it runs on the writer thread and may run twice (core/module.h).
 */
#ifndef LINLI_CORE_OFFLINE_H
#define LINLI_CORE_OFFLINE_H

#include "base/ctx.h"

#define OFFLINE_MOST      200 /* entries in one request; more are refused, with their number */
#define OFFLINE_KEY_LEAST 8   /* characters of a key */
#define OFFLINE_KEY_MOST  64
#define OFFLINE_TEXT_MOST 300 /* bytes of a text that offline_text reads */

struct cJSON;

struct offline_sent {
    const char *key, *what;
    int64_t at; /* by the device's clock; NONE: not given, so now */
    int64_t
        ahead; /* seconds by which that clock is ahead of ours, as last measured; NONE: unknown */
    const struct cJSON *body; /* an object */
    void *work;               /* check may leave something for apply */
};

enum offline_result { OFFLINE_ACCEPTED, OFFLINE_DUPLICATE, OFFLINE_REFUSED };
struct offline_answer {
    enum offline_result result;
    int code;           /* an HTTP status */
    const char *detail; /* the module's own code for the result: "clock"; NULL */
    const char *text;   /* for the person; NULL */
};

struct offline_entry {
    const char *what; /* unique in the program; checked at start-up */
    unsigned roles;   /* who may send it; ROLE_PUBLIC: anyone, and check decides */
    /* Returns whether the actor may send it; false with offline_refuse or a problem in ctx.
     * What it writes is kept even then, e.g. a counted attempt. NULL: no check. */
    bool (*check)(struct ctx *ctx, struct offline_sent *e, struct offline_answer *a);
    /* Applies it; false: refused, and what it wrote is undone. */
    bool (*apply)(struct ctx *ctx, struct offline_sent *e, struct offline_answer *a);
    /* The text if it was applied before; NULL: none. */
    const char *(*again)(struct ctx *ctx, const struct offline_sent *e);
};

/* Takes one entry: checks key, type, roles and whether it was applied before, then calls check
 * and apply. The context is unchanged afterwards, unless the database fails. */
struct offline_answer offline_take(struct ctx *ctx, struct offline_sent *e);
/* Returns false, for check and apply. text NULL: the first problem in ctx says why. */
bool offline_refuse(struct offline_answer *a, int code, const char *text);

/* 8 to 64 letters, digits, - _ . */
bool offline_key_valid(const char *key);
/* A whole number or a text of a JSON object; NONE or NULL if it is missing or has another type. */
int64_t offline_number(const struct cJSON *o, const char *name);
const char *offline_text(const struct cJSON *o, const char *name);
/* An entry of a list as the device sent it: {key, what, at, ahead, body}. */
struct offline_sent offline_read(const struct cJSON *o);

/* The time of the entry according to the device's clock, corrected by its measured difference. */
int64_t offline_believed(const struct ctx *ctx, int64_t at, int64_t ahead);
/*
 * The time that counts for something that takes place from `from` to `to`: the corrected time,
 * if it is at most early before, at most late after, and not in the future (*good). Otherwise
 * the device's clock is wrong, and the time of arrival is used instead, moved to from or to if
 * it is outside.
 */
struct offline_span {
    int64_t from, to;
    int64_t early, late; /* seconds */
};
int64_t offline_time(const struct ctx *ctx, int64_t at, int64_t ahead, const struct offline_span *s,
                     bool *good);

#endif
