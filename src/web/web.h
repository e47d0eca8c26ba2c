/*
 * What a handler sees of HTTP: the parsed input, an output buffer, and
 * functions to answer with. The gate has already decided that the handler may
 * run.
 *
 * A GET handler runs on a reader inside one read transaction and only reads. A
 * change has up to three steps, so that the writer thread does little:
 *
 *   prepare  on a reader (with SLOW: on a pool's thread): parse and validate
 *            into ctx->work; hash a password, resize a photo. Problems
 *            (ctx_problem) end it here.
 *   handle   on the writer thread, in a savepoint: apply the rule, write, log,
 *            and answer (see_other, answer_code). Unless ctx_ok, it is undone.
 *   failed   on a reader, if one of the two found a problem: draw the form
 *            again with what was typed. NULL: the gate draws a problem page, or
 *            problem+json for the API.
 *
 * The answer of a successful change is sent only after the commit is durable.
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
    SLOW = 1 << 0,   /* prepare runs on a thread of the slow pool */
    UPLOAD = 1 << 1, /* multipart with files; the body may have UPLOAD_LIMIT bytes */
    API = 1 << 2,    /* JSON in and out, bearer token, problem+json */
    NO_CSRF =
        1 << 3, /* needs no session: residents without an account (same origin is still checked) */
    LIVE = 1 << 4, /* a server-sent event stream: the handler only accepts or refuses (ctx_fail);
                      then an event "change" with the audit log number is sent after commits, at
                      most once a second */
    LOGIN_LIMIT = 1 << 5, /* the strict rate limit: sign-in, tracking code */
    BODY_BIG = 1 << 6,    /* a JSON body up to UPLOAD_LIMIT */
    STORELESS = 1 << 12,  /* GET that needs no database: also answered without a tenant */
    REMEMBERED = 1 << 11, /* GET: cached for a session and URL until something is committed or the
                             minute ends: such a page may only show whole minutes */
    TWICE = 1 << 13, /* handle may be called twice with the same ctx->work, its first run undone:
                        for surges */
    READS = 1 << 7,  /* a POST that stores nothing: handle runs on a reader */
    /* {name} is a kind: the gate answers 404 if it does not exist and 403 if the actor lacks the
     * kind's role for this; it loads {id}, if in the path, in the actor's scope. Use one of the
     * three. */
    KIND_READ = 1 << 8,
    KIND_WRITE = 1 << 9,
    KIND_REMOVE = 1 << 10,
};
#define BODY_LIMIT ((size_t)1 << 20) /* bytes, forms and JSON */
#define UPLOAD_LIMIT \
    ((size_t)48 << 20) /* bytes: photos, as many and as large as allowed; spreadsheets */

struct route {
    enum method method;
    const char *path; /* "/requests/{id}/answer": {id} a number, {name} a word [a-z0-9_-]+, {rest}
                         what remains */
    unsigned roles;   /* who may use it; never 0 */
    handler *handle;  /* GET: draws; otherwise: the change on the writer thread */
    handler *prepare, *failed;
    bool (*allow)(
        struct ctx *ctx);      /* checked in addition to the roles, for a signed-in user; NULL */
    const struct kind *kind;   /* the kind that the route was made from; NULL */
    const struct kind *record; /* the gate loads the record {id} of this kind in the actor's scope,
                                  or answers 404 */
    unsigned flags;
};
/* A route without a role does not compile. */
#define ROLES(r) ((r) + 0 * (int)sizeof(char[(r) ? 1 : -1]))
#define ROUTE_GET(path_, roles_, draw_, ...) \
    { \
        .method = GET, .path = (path_), .roles = (unsigned)ROLES(roles_), .handle = (draw_), \
        ##__VA_ARGS__ \
    }
#define ROUTE_POST(path_, roles_, change_, ...) \
    { \
        .method = POST, .path = (path_), .roles = (unsigned)ROLES(roles_), .handle = (change_), \
        ##__VA_ARGS__ \
    }

struct param {
    const char *name, *value; /* UTF-8, no NUL inside, white space kept */
};
struct upload {
    const char *field, *filename, *type; /* filename: without its directory */
    const void *data;
    size_t size;
};

struct exchange {
    enum method method;
    const char *path, *query_text; /* decoded path without the tenant's prefix; raw query */
    char prefix[SITE_PREFIX]; /* "/t/NAME" if the tenant was chosen by it, otherwise "". Handlers
                                 leave it out: the gate adds it to links, Location and cookies in
                                 the answer */
    const struct param *query;
    int query_count;
    const char
        *words; /* ?q= as in the URL if it is encrypted there; NULL. query has it decrypted */
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
    void *record;            /* the record that the gate loaded; NULL */
    const char
        *address; /* the client's address, or the one that a trusted proxy forwards: for logs */
    const char *group; /* the address or network that rate limits count (web/address.h) */
    bool here;         /* from this machine, and not forwarded */
    bool tls;          /* the client uses TLS, here or at the proxy */
    bool wants_json;
    bool elder;           /* large-text mode (cookie) */
    const char *fragment; /* X-Fragment header: draw only this fragment; NULL */
    const char *csrf;     /* the CSRF token that form_begin puts in forms */
    struct buf *out;      /* the body */
    int code;             /* status code of the answer; 200 */
    struct param *answer; /* headers of the answer */
    int answer_count;
    size_t key_at;    /* offset of the form's idempotency key in out; 0: none */
    int key_count;    /* how many forms have one */
    const char *sent; /* keep id of a form that arrived: the page clears the saved text */
};

/* ---- reading ---- */
const char *param(const struct ctx *ctx,
                  const char *name); /* a form field, otherwise a query parameter; NULL */
/* What was typed in a field, tidied: one line or several (base/text.h); NULL: nothing to see. More
 * than `most` characters are a problem of that field; they are counted as they would be stored. */
const char *param_line(struct ctx *ctx, const char *name, int most);
const char *param_lines(struct ctx *ctx, const char *name, int most);
int64_t param_int(const struct ctx *ctx, const char *name); /* NONE: missing or not a number */
const char *query_param(const struct ctx *ctx, const char *name);
const char *header(const struct ctx *ctx, const char *lower_name);
const char *cookie(const struct ctx *ctx, const char *name);
/* Encrypts search words for a URL, which browser histories and proxy logs keep. The gate
 * decrypts them. "": no words. */
const char *words_sealed(struct ctx *ctx, const char *typed);
/* Parameter NAME for another URL: unchanged; encrypted search words stay encrypted. NULL: not
 * set. */
const char *query_again(const struct ctx *ctx, const char *name);
/* Begins a search form: POST /find turns its fields into the query of `to`, with q encrypted.
 * End it with </form>. */
void find_begin(struct ctx *ctx, const char *css, const char *to);
/* Reads all values of one name (check boxes) into ids; returns their number. More than `most`
 * are a problem of that name; it then returns `most`. */
int param_ints(struct ctx *ctx, const char *name, int64_t *ids, int most);

/* ---- answering ---- */
void answer_code(struct ctx *ctx, int code);
void answer_header(struct ctx *ctx, const char *name, const char *value);
void answer_cookie(struct ctx *ctx, const char *name, const char *value,
                   int64_t seconds); /* seconds < 0: delete; 0: session */
/* Stores a volunteer card (text for site->card) in this browser for a year; NULL: removes it. */
void answer_card(struct ctx *ctx, const char *text);
void answer_type(struct ctx *ctx, const char *content_type);
#define see_other(ctx, literal, ...) \
    see_other_write((ctx), "" literal, \
                    ARGS(__VA_ARGS__)) /* 303; {} are URL-encoded text or numbers */
void see_other_write(struct ctx *ctx, const char *literal, const struct arg *args, int count);
/* 303 to the local path in parameter "next", or to otherwise. */
void see_next(struct ctx *ctx, const char *otherwise);
const char *next_path(struct ctx *ctx, const char *otherwise); /* that path, for a hidden field */
void answer_download(struct ctx *ctx, const char *filename,
                     const char *content_type); /* Content-Disposition, UTF-8 name */
/* Answers with the problem page, or problem+json for the API, for ctx->status and ctx->problems. */
void answer_problem(struct ctx *ctx);
/* The URL with one query parameter set (value NULL: removed): for filters, sorting, paging. */
const char *url_with(struct ctx *ctx, const char *name, const char *value);

/* ---- the page frame (web/page.c) ---- */
enum page_flag {
    PAGE_RESIDENT = 0,
    PAGE_STAFF = 1,
    PAGE_WIDE = 2,
    PAGE_PRINT = 4, /* of residents: without the head of other printed pages */
    PAGE_CHARTS = 8,
    PAGE_MAP = 16
};
/* Draws everything up to <main>; title is translated text. Draws nothing if a fragment was
 * requested. */
void page_begin(struct ctx *ctx, const char *title, unsigned flags);
void page_end(struct ctx *ctx);
/* The office's number; NULL: none. */
const char *site_phone(const struct ctx *ctx);
/* A button that calls it, for who is refused something; nothing without a number. */
void office_call(struct ctx *ctx);
/* On paper only, under the head: the period and the filters of the page, in words. NULL, "":
 * nothing. */
void printed_note(struct ctx *ctx, const char *text);
/*
 * A part that can be loaded alone (live lists): returns false if another
 * fragment was requested.
 *
 *     if (fragment_begin(ctx, "list")) { … fragment_end(ctx); }
 */
bool fragment_begin(struct ctx *ctx, const char *id);
void fragment_end(struct ctx *ctx);
/* <form method=post action=…> with the CSRF token and a new idempotency key. keep: name under
 * which the browser saves typed text until it is sent (NULL: does not). upload: multipart. */
void form_begin(struct ctx *ctx, const char *action, const char *keep, bool upload);
void form_tokens(struct ctx *ctx); /* only the token and the key, for a <form> written by hand */
void form_end(struct ctx *ctx);
void form_problems(struct ctx *ctx); /* the summary at the top, linked to the fields */
void form_problems_under(struct ctx *ctx, const char *heading); /* with another heading */
struct markup icon(struct ctx *ctx,
                   const char *name); /* <svg class="icon"><use …> from the sprite */
/* The link back, above the heading. */
void trail(struct ctx *ctx, const char *href, const char *label);
/* Around a table that scrolls sideways in a narrow window; name: its content, for screen
 * readers. */
void scroll_begin(struct ctx *ctx, const char *name);
void scroll_end(struct ctx *ctx);
/* The page number from ?page=, 1 to PAGER_MOST. */
#define PAGER_MOST 100000
int64_t pager_page(struct ctx *ctx);
/* Below a list with size rows per page: the text `said` about all of them, and links to the
 * previous and next page. */
void pager(struct ctx *ctx, int64_t page, int64_t size, int64_t total, const char *said);
/* Below a list without pages that is cut: says how many more there are; nothing when more is 0. The
 * query counts them with "count(*) OVER () AS whole", which LIMIT does not affect. */
void more_draw(struct ctx *ctx, int64_t more);
/* Shows a message once on the next page (by a cookie): "Dispatched to …". */
void flash(struct ctx *ctx, const char *text);

#endif
