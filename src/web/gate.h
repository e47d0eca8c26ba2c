/*
 * The gate: everything that happens before and after a handler.
 *
 * The server passes it a visit (one request with its context, input and
 * answer), and the gate says what to do next. It does not know sockets, so it
 * can be tested alone, and the HTTP library can be replaced.
 *
 * Ownership: a visit owns its arena and buffers: visit_init and visit_release;
 * visit_clear to use it for the next request. One thread at a time uses it.
 */
#ifndef LINLI_WEB_GATE_H
#define LINLI_WEB_GATE_H

#include "db/writer.h"
#include "web/server.h"

#include <sodium.h>

#define INPUT_FIELDS_MOST   2000 /* parameters, parts, cookies of one request */
#define INPUT_HEADERS_MOST  100
#define ANSWER_HEADERS_MOST 24

struct visit {
    struct task task; /* first: the writer's task */
    struct arena *arena;
    struct ctx ctx;
    struct exchange ex;
    struct buf out, body;
    /* set by the server before gate_route */
    const char *uri, *verb, *peer;
    struct param headers[INPUT_HEADERS_MOST];
    /* set by gate_route */
    const struct route *route;
    const char *allow; /* the path's methods, if this method does not fit */
    size_t limit;      /* most bytes of the body */
    bool bad_path, head, known_method;
    bool too_long;  /* set by the server: the body is longer */
    bool ambiguous; /* the body's end or the host is ambiguous: refused, and the connection is
                       closed */
    /* between the steps */
    const unsigned char *session; /* hash of the session's or the card's token, 32 bytes; NULL */
    bool bearer, replayed;
    int64_t token;                 /* api_tokens.id of a bearer */
    unsigned char fingerprint[32]; /* hash of the input, for the idempotency key */
    /* a response that lives as long as the program: sent without a copy */
    const void *fixed;
    size_t fixed_size;
    size_t part_end;         /* end of the requested fragment in out; 0: not drawn */
    struct pages *pages;     /* set by the server: its worker's cached pages; NULL */
    bool remembered;         /* this visit's page may be cached */
    unsigned char asked[32]; /* its key in the cache */
    struct ctx before;       /* the context before the change ran */
    struct site *inside;     /* the site to leave at the end; NULL */
    bool prefixed;           /* the prefix was added to the answer's URLs */
    void *server;            /* the server's own */
};

/* again.c: answers a form with a page that carries what was typed and submits it again. sign_in:
 * where to sign in first, or NULL. Returns false, and draws nothing, if it is not a form of
 * ours. */
bool answer_again(struct ctx *ctx, int code, const char *sign_in);

void visit_init(struct visit *v);
void visit_release(struct visit *v);
void visit_clear(struct visit *v);

enum gate_next { GATE_ANSWER, GATE_SLOW, GATE_CHANGE, GATE_LIVE };

struct gate;
/* Compiles the tables; an invalid or duplicate route ends the process. */
struct gate *gate_new(struct site *site, const struct routes *routes);
void gate_free(struct gate *g);

void gate_route(struct gate *g,
                struct visit *v); /* after the headers: finds the route and limits */
enum gate_next gate_enter(struct gate *g, struct visit *v, struct db *reader); /* after the body */
enum gate_next gate_prepare(struct gate *g, struct visit *v,
                            struct db *reader); /* GATE_SLOW: on a thread of the slow pool */
enum status gate_change(struct gate *g, struct visit *v,
                        struct db *writer); /* GATE_CHANGE: on the writer thread */
void gate_again(struct visit *v); /* before gate_change is called again, because its first run was
                                     rolled back */
void gate_finish(struct gate *g, struct visit *v, struct db *reader,
                 enum status s); /* after gate_change; s: the writer's result */
/* Draws the page for a visit that can't continue: queues are full, or the database takes too
 * long to open. */
void gate_give_up(struct visit *v);
/* After the body: false if the answer needs no database (an asset, a refused request). */
bool gate_reads(const struct visit *v);

/* ---- input (web/input.c): false if malformed; limits as above ---- */
bool utf8_clean(const char *s, size_t n); /* valid UTF-8 without NUL */
bool input_decode(char *s, size_t *n,
                  bool plus); /* percent-decoding in place; false: broken escape */
bool input_urlencoded(struct arena *a, const char *text, size_t n, const struct param **list,
                      int *count);
bool input_multipart(struct arena *a, const char *boundary, const char *body, size_t n,
                     struct exchange *ex);
bool input_cookies(struct arena *a, const char *text, const struct param **list, int *count);
/* Adds a header; false if there are too many. */
bool input_header(struct visit *v, const char *name, const char *value);
/* Whether a proxy in front might read the headers differently (request smuggling): two lengths, a
 * length and chunks, two hosts. */
bool input_ambiguous(const struct visit *v);

static inline struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){data, size};
}

/* ---- sessions (web/session.c) ---- */
void session_actor(struct visit *v,
                   struct db *reader); /* fills ctx->actor from the cookie or bearer token */
const char *
session_csrf(struct visit *v); /* the token that forms must carry; NULL without a session */
extern const struct route session_routes[];
extern const int session_route_count;

/* page.c: the start page of the actor's staff work; NULL: none. */
const char *work_place(const struct ctx *ctx);
/* The page on which the actor's only role begins (struct place, lands); NULL: none. staff: only
 * among the staff's places. */
const char *landing_place(const struct ctx *ctx, bool staff);

/* ---- the signed-in person's own page (web/account.c) ---- */
extern const struct route account_routes[], find_routes[];
extern const int account_route_count, find_route_count;
void words_open(struct visit *v); /* web/find.c: decrypts ?q= if this actor encrypted it */

/* ---- assets and health (web/static.c) ---- */
extern const struct route static_routes[];
extern const int static_route_count;

/* ---- cached pages (web/remember.c) ---- */
struct pages *pages_new(void);
void pages_free(struct pages *p);
bool pages_asked(struct visit *v); /* after the session is known: may this page be cached? */
bool pages_find(struct visit *v, struct db *reader); /* true: found, and copied to out */
void pages_keep(struct visit *v, struct db *reader);

/* web/squeeze.c: compresses out if it is long, the same for everyone, and the browser accepts
 * it. The last step. */
void squeeze(struct visit *v);

#define FORM_KEY 32                    /* characters of an idempotency key */
void form_key(char key[FORM_KEY + 1]); /* writes a new one */

/* ---- rate limits (web/limit.c): a token bucket for each address ---- */
struct limit;
struct limit *limit_new(double per_second, double burst);
void limit_free(struct limit *l);
bool limit_take(struct limit *l, const char *address, int64_t now_ms);

/* The context's visit, for handlers of the web layer only. */
struct visit *visit_of(struct ctx *ctx);

/* web/survivor.c: the record was not found in the actor's scope. If it was merged into one that can
 * be reached, answers a GET with the way there; otherwise returns false. */
bool survivor_follow(struct ctx *ctx, const struct kind *k, int64_t id);

#endif
