/*
 * The context: one per request (page, API call, command, import row, job).
 *
 * It carries the memory, the language, the clock, who acts, and what is wrong
 * so far. Layers above add theirs through the pointers they own: db (db/db.h),
 * web (web/web.h), site (web/site.h). Nothing in it outlives the request.
 */
#ifndef LINLI_BASE_CTX_H
#define LINLI_BASE_CTX_H

#include "base/arena.h"
#include "base/status.h"
#include "base/write.h"

#include <stdbool.h>
#include <stdint.h>

/* Roles are bits: a route, a kind and a field each state a set of them. */
enum role {
    ROLE_PUBLIC = 1 << 0, /* anybody, signed in or not */
    ROLE_RESIDENT = 1 << 1,
    ROLE_VOLUNTEER = 1 << 2,
    ROLE_TEAM_LEADER = 1 << 3,
    ROLE_WORKER = 1 << 4,  /* community worker: own community */
    ROLE_HANDLER = 1 << 5, /* unit handler: own unit's requests */
    ROLE_OFFICE = 1 << 6,  /* subdistrict office: dispatches, sees all of its area */
    ROLE_LEADER = 1 << 7,  /* reads everything of its area, changes nothing */
    ROLE_AUDITOR = 1 << 8, /* reads the journal; no personal data in the clear */
    ROLE_ADMIN = 1 << 9,   /* system administrator: users, areas, settings; not the requests' content */
};
#define ROLE_COUNT    10
#define ROLES_STAFF   (ROLE_WORKER | ROLE_HANDLER | ROLE_OFFICE) /* who work on requests */
#define ROLES_READERS (ROLES_STAFF | ROLE_LEADER)                /* who read them */
#define ROLES_SIGNED  (ROLES_READERS | ROLE_AUDITOR | ROLE_ADMIN | ROLE_VOLUNTEER | ROLE_TEAM_LEADER | ROLE_RESIDENT)

/* A grant: a role in an area and everything below it; for a unit handler, in a unit. */
struct grant {
    unsigned role;        /* one bit */
    int64_t area;         /* areas.id; NONE: everywhere */
    int64_t unit;         /* units.id; NONE: any */
    int64_t organisation; /* organisations.id of a team leader's team; 0 or NONE: none */
};

struct actor {
    int64_t user;      /* users.id; NONE for somebody without an account */
    int64_t volunteer; /* volunteers.id of who shows a volunteer's card; 0 or NONE: none */
    const char *name;  /* shown in histories; NULL for somebody without an account */
    unsigned roles;    /* union of the grants' roles, with ROLE_PUBLIC always */
    const struct grant *grants;
    int grant_count;
    const char *via; /* "web", "api", "import", "command", "job": written to the journal */
};

struct problem {
    struct problem *next;
    const char *field; /* the field's name; NULL: the whole */
    const char *text;  /* what is wrong and what is expected, in the reader's language */
};

/* What a form calls fields that their description calls otherwise; a NULL field ends it. */
struct label {
    const char *field, *text; /* text: N_() */
};

struct calendar;
struct db;
struct exchange;
struct site;
struct seal_key;

struct ctx {
    struct arena *arena;
    struct db *db;                   /* reads on a reader; changes behind the door */
    struct site *site;               /* the installation (tenant) */
    const struct seal_key *keys;     /* for sealed fields (base/seal.h); NULL: none can be read or written */
    struct exchange *web;            /* NULL on the command line */
    const char *lang;                /* "zh_CN" or "en" */
    int64_t now;                     /* server time, seconds since 1970 UTC; fixed for the request */
    int64_t device_time;             /* when the device says it happened; NONE */
    const struct calendar *calendar; /* the working days, once somebody asked for them; NULL */
    struct actor actor;
    const char *key;    /* idempotency key; NULL */
    enum status status; /* what went wrong, OK so far */
    struct problem *problems, **problems_end;
    int problem_count;
    const struct label *labels; /* of the form that is read: messages name its fields so; NULL */
    void *work;                 /* what a route's prepare step hands to its change step */
};

/* A context for arena a: lang "zh_CN", now the clock, nobody acting. */
void ctx_init(struct ctx *ctx, struct arena *a);

/* Adds a problem of a field (NULL: of the whole) and sets status INVALID if it was OK. text: from say(). */
void ctx_problem(struct ctx *ctx, const char *field, const char *text);
/* Sets the status with a message for the reader (may be NULL) and returns it. */
enum status ctx_fail(struct ctx *ctx, enum status s, const char *text);
/* The first problem of the field, NULL when it has none. */
const char *ctx_problem_of(const struct ctx *ctx, const char *field);
/* What the form calls the field, in the reader's language; NULL when labels (or NULL) don't say. */
const char *ctx_label(const struct ctx *ctx, const struct label *labels, const char *field);
static inline bool ctx_ok(const struct ctx *ctx)
{
    return ctx->status == OK;
}

/*
 * Translates: English source text to the context's language; "{}" places are
 * filled as by plain(). The answer lives in the context's arena (or is static).
 * Strings in tables are marked N_("…") and translated with tr(ctx, s) when shown.
 * A language without an entry shows the English.
 */
#define say(ctx, literal, ...) say_write((ctx), "" literal, ARGS(__VA_ARGS__))
/* English has a singular: say_n(ctx, n, "1 request", "{} requests", n); the plural is the msgid. */
#define say_n(ctx, n, one, many, ...) \
    ((n) == 1 && (ctx)->lang[0] == 'e' ? say_write((ctx), "" one, NULL, 0) : say_write((ctx), "" many, ARGS(__VA_ARGS__)))
#define N_(literal) literal
const char *say_write(struct ctx *ctx, const char *literal, const struct arg *args, int count);
const char *tr(const struct ctx *ctx, const char *text); /* NULL gives NULL */

/* Picks the column of the reader's language: zh unless English is asked for and there. */
const char *ctx_pick(const struct ctx *ctx, const char *zh, const char *en);

const char *role_name(enum role r);                         /* "unit_handler": stable code for tables and tokens */
unsigned role_parse(const char *name);                      /* 0 when it is none */
const char *role_title(const struct ctx *ctx, enum role r); /* for people */

#endif
