/*
 * The context: one per request (page, API call, command, import row, job).
 *
 * It holds the memory, the language, the clock, the actor, and the problems
 * found so far. Higher layers add theirs through pointers that they own: db
 * (db/db.h), web (web/web.h), site (web/site.h). Nothing in it outlives the
 * request.
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
    ROLE_PUBLIC = 1 << 0, /* anyone, signed in or not */
    ROLE_RESIDENT = 1 << 1,
    ROLE_VOLUNTEER = 1 << 2,
    ROLE_TEAM_LEADER = 1 << 3,
    ROLE_WORKER = 1 << 4,  /* community staff: their own community */
    ROLE_HANDLER = 1 << 5, /* unit handler: their own unit's requests */
    ROLE_OFFICE = 1 << 6,  /* subdistrict staff: dispatch, and see their whole area */
    ROLE_LEADER = 1 << 7,  /* read everything in their area, change nothing */
    ROLE_AUDITOR = 1 << 8, /* read the audit log; personal data is masked */
    ROLE_ADMIN = 1 << 9,   /* users, areas, settings; not the content of requests */
};
#define ROLE_COUNT    10
#define ROLES_STAFF   (ROLE_WORKER | ROLE_HANDLER | ROLE_OFFICE) /* who work on requests */
#define ROLES_READERS (ROLES_STAFF | ROLE_LEADER)                /* who read them */
#define ROLES_SIGNED \
    (ROLES_READERS | ROLE_AUDITOR | ROLE_ADMIN | ROLE_VOLUNTEER | ROLE_TEAM_LEADER | ROLE_RESIDENT)

/* A grant: a role in an area and everything below it; for a unit handler, in a unit. */
struct grant {
    unsigned role;        /* one bit */
    int64_t area;         /* areas.id; NONE: everywhere */
    int64_t unit;         /* units.id; NONE: any */
    int64_t organisation; /* organisations.id of a team leader's team; 0 or NONE: none */
};

struct actor {
    int64_t user;        /* users.id; NONE: no account */
    int64_t volunteer;   /* volunteers.id of the volunteer card in use; 0 or NONE: none */
    const char *name;    /* kept by histories, in whatever language it reads; NULL: no account */
    const char *name_en; /* for an English page's head; NULL: as name */
    unsigned roles;      /* union of the grants' roles, with ROLE_PUBLIC always */
    const struct grant *grants;
    int grant_count;
    const char *via; /* "web", "api", "import", "command", "job": written to the audit log */
};

struct problem {
    struct problem *next;
    const char *field; /* the field's name; NULL: the whole form */
    const char *text;  /* what is wrong and what to do, in the reader's language */
};

/* Names that a form uses for fields instead of their description's. A NULL field ends the list. */
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
    struct db *db;     /* a reader, or the writer on the writer thread */
    struct site *site; /* the installation (tenant) */
    const struct seal_key
        *keys; /* for encrypted fields (base/seal.h); NULL: they can't be read or written */
    struct exchange *web; /* NULL on the command line */
    const char *lang;     /* "zh_CN" or "en" */
    int64_t now;          /* server time, seconds since 1970 UTC; fixed for the request */
    int64_t device_time;  /* when it happened, according to the device; NONE */
    const struct calendar *calendar; /* the working days, once loaded; NULL */
    struct actor actor;
    const char *key;    /* idempotency key; NULL */
    enum status status; /* OK unless something went wrong */
    struct problem *problems, **problems_end;
    int problem_count;
    const char *note; /* shown with the success message if something was stored differently from
                         what was asked; N_() */
    const struct label *labels; /* names of fields in messages about the form being read; NULL */
    int64_t lost, lost_id; /* number of fields read that can't be decrypted (seal_lost); the first
                              one's record */
    const char *lost_kind, *lost_field; /* … of which kind, and which field; N_() */
    void *work;                         /* passed by a route's prepare step to its change step */
};

/* Initialises a context with arena a: lang "zh_CN", the current time, no actor. */
void ctx_init(struct ctx *ctx, struct arena *a);

/* Adds a problem with a field (NULL: with the whole form) and sets status INVALID if it was OK.
 * text comes from say(). */
void ctx_problem(struct ctx *ctx, const char *field, const char *text);
/* Sets the status, with a message for the reader (NULL: none), and returns it. */
enum status ctx_fail(struct ctx *ctx, enum status s, const char *text);
/* Returns the first problem with the field; NULL if there is none. */
const char *ctx_problem_of(const struct ctx *ctx, const char *field);
/* Returns the form's name for the field, in the reader's language; NULL if labels is NULL or has
 * none. */
const char *ctx_label(const struct ctx *ctx, const struct label *labels, const char *field);
/* Reports fields that can't be decrypted (lost > 0): which record has them, and
 * how to repair it. */
const char *lost_words(struct ctx *ctx);
static inline bool ctx_ok(const struct ctx *ctx)
{
    return ctx->status == OK;
}

/*
 * Translates English source text into the context's language and fills its
 * "{}" places as plain() does. The result lives in the context's arena, or is
 * static. Strings in tables are marked N_("…") and translated with tr(ctx, s)
 * when shown. A text without a translation is shown in English.
 */
#define say(ctx, literal, ...) say_write((ctx), "" literal, ARGS(__VA_ARGS__))
/* For English singulars: say_n(ctx, n, "1 request", "{} requests", n). The plural is the msgid. */
#define say_n(ctx, n, one, many, ...) \
    ((n) == 1 && ctx_english(ctx) ? say_write((ctx), "" one, NULL, 0) \
                                  : say_write((ctx), "" many, ARGS(__VA_ARGS__)))
#define N_(literal) literal
const char *say_write(struct ctx *ctx, const char *literal, const struct arg *args, int count);
const char *tr(const struct ctx *ctx, const char *text); /* NULL gives NULL */

/* A list with one more item, divided as the reader's language does: "a, b", "甲、乙". list: "" at
 * first. */
const char *ctx_list(struct ctx *ctx, const char *list, const char *item);

/* The date of ctx->now, "2026-11-30", as dates are stored. */
const char *ctx_today(struct ctx *ctx);
/* A stored date for people: in the reader's language; what is none, as it is; NULL: "". */
const char *ctx_date(struct ctx *ctx, const char *date);

/* Whether the reader reads English; otherwise Chinese. For what is built differently in the two:
 * words are for say(), punctuation and markup for ctx_pick(). */
static inline bool ctx_english(const struct ctx *ctx)
{
    return ctx->lang[0] == 'e';
}
/* Picks the text in the reader's language: en for English if it is not empty, otherwise zh. */
const char *ctx_pick(const struct ctx *ctx, const char *zh, const char *en);

const char *role_name(enum role r);    /* "unit_handler": the stable code in tables and tokens */
unsigned role_parse(const char *name); /* 0 if there is no such role */
const char *role_title(const struct ctx *ctx, enum role r); /* for people */

#endif
