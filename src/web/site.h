/*
 * The installation: what every request of one tenant shares.
 *
 * Made by the serve command (or a test) before server_start and kept until
 * after server_stop. Everything is read only while the server runs, except the
 * atomics. Functions may be NULL: then that part is left out.
 *
 * A process that serves many tenants has a struct site for each and one for
 * nobody (data NULL), whose choose says whose a request is. A tenant's store is
 * open while somebody is inside; the threads that work on it (loops, slow
 * workers, jobs) have a seat each, and in it a reader that is opened when it is
 * first needed (site_reader). Between choose and leave it stays open.
 *
 * No loop waits for a network or for a store that is being opened: a visit that
 * comes meanwhile is put aside (state), and a store on another machine is read
 * by a crew of its own, on the loops' seats.
 */
#ifndef LINLI_WEB_SITE_H
#define LINLI_WEB_SITE_H

#include "db/db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct ctx;

/* A link in the navigation, or a card of the page "Administration". */
struct place {
    const char *href, *label; /* label: N_() */
    const char *key;          /* keys that go there: "g i"; NULL */
    unsigned roles;           /* who sees it */
    bool staff;               /* on the staff's pages; otherwise on the residents' */
    const char *about;        /* N_(): a sentence; with it the place is a card and not in the navigation */
    const char *icon;         /* of the card */
    const char *group;        /* N_(): places of one name stand together under it, in a second line on their pages; NULL: alone */
    const char *also;         /* further paths that belong to it, each followed by a blank; NULL */
};
/* What the office says of itself in the foot of each page; parts may be NULL. */
struct site_words {
    const char *name, *name_en, *contact, *contact_en, *hours, *hours_en;
};
struct seal_key;
struct writer;
struct crew;

enum site_state {
    SITE_OPEN,    /* also the only store of a process, always */
    SITE_OPENING, /* wait a little: it is being opened, or closed and opened again */
    SITE_SHUT,    /* it can't be served now: no reader */
};

#define SITE_CHILDREN 200
struct site_child {
    const char *name, *store; /* the tenant's; address of its store */
};

#define SITE_PAGE   10 /* seconds a page may wait for one answer of its store, where that is across a network */
#define SITE_PREFIX 48 /* "/t/" and a name, with room */
#define SITE_SEATS  40 /* readers of one store: a thread each */
#define SEAT_LOOPS  0  /* 16 of them */
#define SEAT_SLOW   16 /* 16 */
#define SEAT_JOBS   32 /* 7 */
#define SEAT_SHARED 39 /* the loops', among many stores: a connection costs half a megabyte */

struct site {
    const char *name;                       /* the tenant's; NULL: it is the only one */
    const struct place *const *places;      /* the navigation: tables ended by a NULL href, the list by NULL; NULL: none */
    const char *data;                       /* address of the store: db_open's; NULL: nobody's */
    struct writer *_Atomic writer;          /* NULL until somebody needs it (site_writer) */
    struct db *readers[SITE_SEATS];         /* site_reader's; each is its seat's own thread's, or under reading */
    pthread_mutex_t reading;                /* among many: who has it sits on SEAT_SHARED */
    int far;                                /* threads that read its store, which is across a network; 0: the loops read it */
    struct crew *crew;                      /* those threads, while it is open */
    _Atomic int state;                      /* enum site_state */
    const struct seal_key *keys;            /* for sealed fields; NULL: none */
    unsigned char secret[32];               /* keys the CSRF tokens; derived from the installation's key, so kept over restarts */
    int64_t started;                        /* seconds since 1970 UTC */
    const struct site_words *_Atomic words; /* in the foot of each page; replaced as a whole while the server runs; NULL: nothing */
    const char *host;                       /* the name people use, with its port if it is not the usual one: others are refused,
                                               but not from this machine itself; NULL: any */
    bool tls;                               /* served by TLS (here or by the proxy): __Host- cookies, HSTS */
    bool proxied;                           /* the peer is a trusted proxy: its X-Forwarded-For and -Proto are believed */
    int workers;                            /* loops; 0: as many as processors, 2 to 8 */
    int head_seconds;                       /* a request's head may take; 0: SERVER_HEAD */
    int slow_workers;                       /* threads for SLOW prepare steps; 0: 2 */
    int requests_a_second;                  /* from one address that is not this machine; 0: 50 */
    int logins_a_minute;                    /* from one address; 0: 30 */
    bool quiet;                             /* no line for each change and error on stderr */
    /* Fills ctx->actor for who shows a volunteer's card: text of its cookie, NULL without one. Asked after the session,
     * whose roles stay. False: the card is not good, or there is none. */
    bool (*card)(struct ctx *ctx, const char *text);
    int64_t (*waiting)(struct ctx *ctx); /* the number beside "To do" in the staff's navigation */
    void (*metrics)(struct ctx *ctx);    /* adds lines to /metrics */
    /* Many tenants. choose: whose request for this host and address it is (the caller is inside then, until leave); what
     * stands before the address (/t/NAME) is taken off *uri and put into prefix. NULL: nobody's. leave: of a site that
     * choose answered. open: its writer, opened; NULL when it can't be. */
    struct site *(*choose)(struct arena *a, const char *host, const char **uri, char prefix[SITE_PREFIX]);
    void (*leave)(struct site *site); /* for each choose or enter */
    bool (*enter)(struct site *site); /* for who comes by himself: a job. Waits a moment while it is opened. False: it is gone */
    struct writer *(*open)(struct site *site);
    /* How many it is the parent of; the first of them into list, in a (NULL: only how many). */
    int (*children)(struct site *site, struct arena *a, struct site_child *list, int most);
    void (*stir)(struct site *site); /* its jobs have something to do */
    _Atomic int room;                /* kilobytes that the loops' reader and the search index may each keep; 0: what they like */
    _Atomic int64_t used;            /* when somebody came last, seconds on the monotonic clock */
    _Atomic bool closing;            /* what goes on for long (live pages, an import) ends soon */
    _Atomic int64_t copied;          /* until when it is copied elsewhere, seconds; 0: it is not */
    _Atomic int64_t journal;         /* newest journal number: moved by writer_on_commit, followed by live pages */
    /* counted by the server, shown by /metrics */
    _Atomic int64_t requests, changes, refused, failures, connections, live;
};

/* The seat's reader, opened when there is none; NULL (said in the log) when it can't be. For the seat's thread, inside. */
struct db *site_reader(struct site *site, int seat);
/* The same, with what is wrong; false then. */
bool site_reader_open(struct site *site, int seat, struct arena *a, const char **why);
void site_reader_close(struct site *site, int seat);
/* Where a loop whose own seat is given reads now, among many stores on the shared seat when nobody else does; site_stand_up
 * afterwards. */
int site_sit_down(struct site *site, int own);
void site_stand_up(struct site *site, int seat);
/* The writer, opened when the site has a way to; NULL when there is none. Inside. */
struct writer *site_writer(struct site *site);

#endif
