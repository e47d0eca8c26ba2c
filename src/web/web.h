/*
 * What a handler sees of HTTP: parsed input, an output buffer, and the words
 * to answer with. The gate has already decided that the handler may run.
 *
 * A GET handler runs on a reader inside one read transaction and only reads.
 * A change has up to three steps, so that the writer does little:
 *   prepare  on a reader (or, with SLOW, on a worker thread): parse and
 *            validate into ctx->work; hash a password, resize a photograph.
 *            Problems (ctx_problem) end it here.
 *   change   behind the door, in a savepoint: apply the rule, write, journal,
 *            and answer (see_other, created …). Anything but ctx_ok undoes it.
 *   failed   on a reader, whenever one of the two found a problem: draw the
 *            form again with what was typed. Without one the gate draws a
 *            problem page, or problem+json for the API.
 * The answer of a successful change leaves only after the commit is durable.
 */
#ifndef LINLI_WEB_WEB_H
#define LINLI_WEB_WEB_H

#include "base/ctx.h"
#include "db/db.h"
#include "kind/kind.h"
#include "web/site.h"

enum method { GET, POST, PATCH, DELETE_, METHOD_COUNT };

typedef void handler(struct ctx *ctx);

enum route_flag {
    SLOW = 1 << 0,        /* prepare runs on a worker thread */
    UPLOAD = 1 << 1,      /* multipart with files; the body may be UPLOAD_LIMIT long */
    API = 1 << 2,         /* JSON in and out, bearer token, problem+json */
    NO_CSRF = 1 << 3,     /* needs no session: residents without an account (same-origin is still checked) */
    LIVE = 1 << 4,        /* a server-sent event stream: the handler only decides whether (ctx_fail); then an event
                             "change" with the journal number goes out when something was committed, once a second at most */
    LOGIN_LIMIT = 1 << 5, /* the strict rate limit: sign-in, follow-up by code */
    BODY_BIG = 1 << 6,    /* a JSON body up to UPLOAD_LIMIT */
    STORELESS = 1 << 12,  /* GET that needs no store: also answered where no tenant is meant */
    REMEMBERED = 1 << 11, /* GET: drawn once for a session and address, until something is committed or the minute is over:
                            of the time such a page shows whole minutes only */
    TWICE = 1 << 13,      /* handle may be called twice with what prepare made, its first run undone: for what comes in surges */
    READS = 1 << 7,       /* a POST that stores nothing: handle runs on a reader, not behind the door */
    /* {name} is a kind: the gate answers 404 when there is none, 403 when the actor is not among the kind's roles for
     * this, and loads {id} when the path has one, in the actor's scope. One of the three. */
    KIND_READ = 1 << 8,
    KIND_WRITE = 1 << 9,
    KIND_REMOVE = 1 << 10,
};
#define BODY_LIMIT   ((size_t)1 << 20)  /* bytes, forms and JSON */
#define UPLOAD_LIMIT ((size_t)40 << 20) /* bytes, photographs and sheets */

struct route {
    enum method method;
    const char *path; /* "/requests/{id}/answer": {id} a number, {name} a word [a-z0-9_-]+, {rest} what remains */
    unsigned roles;   /* who may; never 0 */
    handler *handle;  /* GET: draws; otherwise: the change behind the door */
    handler *prepare, *failed;
    const struct kind *kind;   /* what a route made from a kind is about; NULL */
    const struct kind *record; /* the gate loads the record {id} of this kind, in the actor's scope, or answers 404 */
    unsigned flags;
};
/* A route without a role does not compile. */
#define ROLES(r) ((r) + 0 * (int)sizeof(char[(r) ? 1 : -1]))
#define ROUTE_GET(path_, roles_, draw_, ...) \
    { \
        .method = GET, .path = (path_), .roles = (unsigned)ROLES(roles_), .handle = (draw_), ##__VA_ARGS__ \
    }
#define ROUTE_POST(path_, roles_, change_, ...) \
    { \
        .method = POST, .path = (path_), .roles = (unsigned)ROLES(roles_), .handle = (change_), ##__VA_ARGS__ \
    }

struct param {
    const char *name, *value; /* UTF-8, no NUL inside, white space kept */
};
struct upload {
    const char *field, *filename, *type; /* filename: the last path part only */
    const void *data;
    size_t size;
};

struct exchange {
    enum method method;
    const char *path, *query_text; /* decoded path, without the tenant's prefix; raw query */
    char prefix[SITE_PREFIX];      /* "/t/NAME" before every address of a tenant chosen by it, otherwise "". Handlers leave
                                      it out: the gate puts it into links, Location and cookies of what they answer */
    const struct param *query;
    int query_count;
    const char *words;        /* ?q= as it stands in the address when it is sealed there; NULL. query has it opened */
    const struct param *form; /* urlencoded or multipart fields, in order */
    int form_count;
    const struct upload *uploads;
    int upload_count;
    const char *body; /* JSON body, checked UTF-8; NULL */
    size_t body_size;
    const struct param *headers; /* names in lower case */
    int header_count;
    const struct param *cookies;
    int cookie_count;
    const struct route *route;
    int64_t id;              /* {id} of the path; NONE */
    const char *name, *rest; /* {name}, {rest} */
    const struct kind *kind; /* with KIND_READ, KIND_WRITE, KIND_REMOVE */
    void *record;            /* the record the gate loaded; NULL */
    const char *address;     /* the peer (or X-Forwarded-For behind a trusted proxy) */
    bool tls;                /* the client came by TLS, here or at the proxy */
    bool wants_json;
    bool elder;           /* elder view asked for (cookie) */
    const char *fragment; /* X-Fragment header: draw only this part; NULL */
    const char *csrf;     /* to be put in forms by form_begin */
    struct buf *out;      /* the body */
    int code;             /* answer; 200 */
    struct param *answer; /* answer headers */
    int answer_count;
    size_t key_at;    /* where the form's idempotency key stands in out; 0: there is none */
    int key_count;    /* how many forms have one */
    const char *sent; /* the keep-id of a form that arrived: the page clears what it kept */
};

/* ---- reading ---- */
const char *param(const struct ctx *ctx, const char *name); /* form first, then query; NULL */
int64_t param_int(const struct ctx *ctx, const char *name); /* NONE when missing or not a number */
const char *query_param(const struct ctx *ctx, const char *name);
const char *header(const struct ctx *ctx, const char *lower_name);
const char *cookie(const struct ctx *ctx, const char *name);
/* What was typed into a search box, as it may stand in an address, where a history or a proxy's log keeps it: sealed.
 * The gate opens it. "" when there are no words. */
const char *words_sealed(struct ctx *ctx, const char *typed);
/* ?NAME= again for another address: as it is, but sealed words stay sealed. NULL: it is not there. */
const char *query_again(const struct ctx *ctx, const char *name);
/* Begins a form that searches: its fields become the query of `to` by way of POST /find, with q sealed. Ended by </form>. */
void find_begin(struct ctx *ctx, const char *css, const char *to);
/* Many values of one name (check boxes): fills ids, answers how many (at most most). */
int param_ints(const struct ctx *ctx, const char *name, int64_t *ids, int most);

/* ---- answering ---- */
void answer_code(struct ctx *ctx, int code);
void answer_header(struct ctx *ctx, const char *name, const char *value);
void answer_cookie(struct ctx *ctx, const char *name, const char *value, int64_t seconds); /* seconds < 0: delete; 0: session */
/* Keeps a volunteer's card (text for site->card) in this browser for a year; NULL: takes it away. */
void answer_card(struct ctx *ctx, const char *text);
void answer_type(struct ctx *ctx, const char *content_type);
#define see_other(ctx, literal, ...) see_other_write((ctx), "" literal, ARGS(__VA_ARGS__)) /* 303; {} are URL-encoded text or numbers */
void see_other_write(struct ctx *ctx, const char *literal, const struct arg *args, int count);
/* 303 to where the parameter "next" says, a path of ours only, or to otherwise. */
void see_next(struct ctx *ctx, const char *otherwise);
const char *next_path(struct ctx *ctx, const char *otherwise);                         /* that path, for a form's hidden field */
void answer_download(struct ctx *ctx, const char *filename, const char *content_type); /* Content-Disposition, UTF-8 name */
/* The problem page, or problem+json on an API route, for ctx->status and ctx->problems. */
void answer_problem(struct ctx *ctx);
/* The address with one query parameter set (value NULL: removed): for filters, sorting, paging. */
const char *url_with(struct ctx *ctx, const char *name, const char *value);

/* ---- the page frame (web/page.c) ---- */
enum page_flag { PAGE_RESIDENT = 0, PAGE_STAFF = 1, PAGE_WIDE = 2, PAGE_PRINT = 4, PAGE_CHARTS = 8, PAGE_MAP = 16 };
/* Draws everything up to <main>; title is translated text. With a fragment asked for, draws nothing. */
void page_begin(struct ctx *ctx, const char *title, unsigned flags);
void page_end(struct ctx *ctx);
/* A part that can be fetched alone (live lists): false when another fragment was asked for.
 *     if (fragment_begin(ctx, "list")) { … fragment_end(ctx); } */
bool fragment_begin(struct ctx *ctx, const char *id);
void fragment_end(struct ctx *ctx);
/* <form method=post action=…> with the CSRF token and a fresh idempotency key. keep: name under which the
 * browser keeps what is typed until it is sent (NULL: not kept). upload: multipart. */
void form_begin(struct ctx *ctx, const char *action, const char *keep, bool upload);
void form_tokens(struct ctx *ctx); /* those two alone, for a <form> written by hand */
void form_end(struct ctx *ctx);
void form_problems(struct ctx *ctx);                   /* the summary on top, linked to the fields */
struct markup icon(struct ctx *ctx, const char *name); /* <svg class="icon"><use …> from the sprite */
const char *const *icon_names(struct arena *a);        /* those of the sprite, ended by NULL */
/* The way back, above the heading. */
void trail(struct ctx *ctx, const char *href, const char *label);
/* Around a table that a narrow window scrolls sideways; name: what the table holds, for a reader that can't see it. */
void scroll_begin(struct ctx *ctx, const char *name);
void scroll_end(struct ctx *ctx);
/* The page of a list that ?page= asks for, from 1 to PAGER_MOST. */
#define PAGER_MOST 100000
int64_t pager_page(struct ctx *ctx);
/* Below a list of size rows a page: what is said of all of them, and links to the pages before and after it. */
void pager(struct ctx *ctx, int64_t page, int64_t size, int64_t total, const char *said);
/* Says it once on the next page (a short message cookie): "Sent to …". */
void flash(struct ctx *ctx, const char *text);

#endif
