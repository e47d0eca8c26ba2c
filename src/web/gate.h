/*
 * The gate: everything that is decided before and after a handler.
 *
 * The server gives it a visit (one request with its context, input and answer)
 * and is told what to do next. It knows nothing of sockets, so that it can be
 * tested and another HTTP library put under it.
 *
 * Ownership: a visit owns its arena and buffers: visit_init/visit_release,
 * visit_clear to use it for the next request. One thread at a time has it.
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
    struct task task; /* first: what the writer sees */
    struct arena *arena;
    struct ctx ctx;
    struct exchange ex;
    struct buf out, body;
    /* set by the server before gate_route */
    const char *uri, *verb, *peer;
    struct param headers[INPUT_HEADERS_MOST];
    /* set by gate_route */
    const struct route *route;
    const char *allow; /* methods of the path when the method does not fit */
    size_t limit;      /* bytes of body taken */
    bool bad_path, head, known_method;
    bool too_long;  /* set by the server when the body is past it */
    bool ambiguous; /* where its body ends, or for whom it is, can be read in two ways: refused, and the connection shut */
    /* between the steps */
    const unsigned char *session; /* hash of the session's token, or of the card's, 32 bytes; NULL */
    bool bearer, replayed;
    int64_t token;                 /* api_tokens.id of a bearer */
    unsigned char fingerprint[32]; /* of what was sent, for the idempotency key */
    /* a body that lives as long as the program: sent without a copy */
    const void *fixed;
    size_t fixed_size;
    size_t part_end;         /* where the fragment asked for ends in out; 0: not drawn */
    struct pages *pages;     /* set by the server: what its worker remembers; NULL */
    bool remembered;         /* this visit's page may be */
    unsigned char asked[32]; /* what it is known by there */
    struct ctx before;       /* the context as it came to the door */
    struct site *inside;     /* which site to leave when it is over; NULL */
    bool prefixed;           /* the answer's addresses have their prefix */
    void *server;            /* the server's own */
};

/* again.c: answers a form with a page that carries what was typed and sends it once more; sign_in: where one signs in first,
 * or NULL. False, and nothing is drawn, when it is no form of a page of ours. */
bool answer_again(struct ctx *ctx, int code, const char *sign_in);

void visit_init(struct visit *v);
void visit_release(struct visit *v);
void visit_clear(struct visit *v);

enum gate_next { GATE_ANSWER, GATE_SLOW, GATE_CHANGE, GATE_LIVE };

struct gate;
/* Compiles the tables; a route that can't be matched (bad pattern, twice the same) ends the process. */
struct gate *gate_new(struct site *site, const struct routes *routes);
void gate_free(struct gate *g);

void gate_route(struct gate *g, struct visit *v);                                /* after the headers: route and limits */
enum gate_next gate_enter(struct gate *g, struct visit *v, struct db *reader);   /* after the body */
enum gate_next gate_prepare(struct gate *g, struct visit *v, struct db *reader); /* GATE_SLOW: on a slow worker */
enum status gate_change(struct gate *g, struct visit *v, struct db *writer);     /* GATE_CHANGE: behind the door */
void gate_again(struct visit *v); /* before gate_change is called once more: its first run was rolled back */
void gate_finish(struct gate *g, struct visit *v, struct db *reader, enum status s); /* after it; s: the writer's word */
/* The visit can't go on, too many wait or the store is being opened for too long: draws the page that says so. */
void gate_give_up(struct visit *v);
/* After the body: false when it is answered without a store (an asset, what is refused at once), whatever state that is in. */
bool gate_reads(const struct visit *v);

/* ---- input (web/input.c): false when it is broken; limits as above ---- */
bool utf8_clean(const char *s, size_t n);         /* valid UTF-8 without NUL */
bool input_decode(char *s, size_t *n, bool plus); /* percent-decoding in place; false: broken escape */
bool input_urlencoded(struct arena *a, const char *text, size_t n, const struct param **list, int *count);
bool input_multipart(struct arena *a, const char *boundary, const char *body, size_t n, struct exchange *ex);
bool input_cookies(struct arena *a, const char *text, const struct param **list, int *count);

static inline struct bytes bytes_of(const void *data, size_t size)
{
    return (struct bytes){data, size};
}

/* ---- sessions (web/session.c) ---- */
void session_actor(struct visit *v, struct db *reader); /* fills ctx->actor from the cookie or bearer token */
const char *session_csrf(struct visit *v);              /* the token forms must carry; NULL without a session */
extern const struct route session_routes[];
extern const int session_route_count;

/* page.c: where the day's work of a member of staff begins; NULL: nowhere. */
const char *work_place(const struct ctx *ctx);

/* ---- the signed-in person's own page (web/account.c) ---- */
extern const struct route account_routes[], find_routes[];
extern const int account_route_count, find_route_count;
void words_open(struct visit *v); /* web/find.c: opens ?q= when this actor sealed it */

/* ---- assets and health (web/static.c) ---- */
extern const struct route static_routes[];
extern const int static_route_count;

/* ---- remembered pages (web/remember.c) ---- */
struct pages *pages_new(void);
void pages_free(struct pages *p);
bool pages_asked(struct visit *v);                   /* after the session is known: may this page be remembered? */
bool pages_find(struct visit *v, struct db *reader); /* true: it is in out, as it was drawn */
void pages_keep(struct visit *v, struct db *reader);

/* web/squeeze.c: compresses out when it is long, the same for everybody, and the browser takes it; last of all. */
void squeeze(struct visit *v);

#define FORM_KEY 32                    /* characters of an idempotency key */
void form_key(char key[FORM_KEY + 1]); /* a fresh one */

/* ---- rate limits (web/limit.c): a token bucket an address ---- */
struct limit;
struct limit *limit_new(double per_second, double burst);
void limit_free(struct limit *l);
bool limit_take(struct limit *l, const char *address, int64_t now_ms);

/* Puts the context's visit in a handler's hands: for the web layer's own handlers only. */
struct visit *visit_of(struct ctx *ctx);

#endif
