/*
 * A site: what all requests of one tenant share.
 *
 * The serve command (or a test) makes it before server_start and keeps it
 * until after server_stop. Everything is read-only while the server runs,
 * except the atomics. Functions may be NULL: then that part is left out.
 *
 * A process with many tenants has a struct site for each, and one for no
 * tenant (data NULL), whose choose finds a request's site. A tenant's database
 * is open while a visitor is inside, which means between choose and leave. The
 * threads that use it (event loops, slow pool, jobs) have a seat each, with a
 * reader that is opened when first needed (site_reader).
 *
 * No event loop waits for a network, or for a database that is being opened.
 * Such a visit is put aside (state), and a remote database is read by its own
 * thread pool, on the loops' seats.
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
    const char *key;          /* keyboard shortcut: "g i"; NULL */
    unsigned roles;           /* who sees it */
    bool staff;               /* in the staff's navigation; otherwise in the residents' */
    const char *about; /* N_(): a sentence; makes the place a card, not part of the navigation */
    const char *icon;  /* of the card */
    const char *group; /* N_(): groups places under this name, in a second line on their pages;
                          NULL: none */
    int rank;          /* places are ordered by rank */
    const char *also;  /* more paths that belong to it, each followed by a blank; NULL */
    bool gathers;      /* its page shows the cards, and the cards' pages belong to it */
    int64_t (*waiting)(
        struct ctx *ctx); /* the number beside it: what is waiting for the actor; NULL */
    unsigned lands;       /* who has these roles and no others begins here; with roles 0, the place
                             is in no navigation */
};
/* Texts in the footer of each page, and the phone number shown on pages that refuse something;
 * members may be NULL. */
struct site_words {
    const char *name, *name_en, *contact, *contact_en, *hours, *hours_en, *phone;
};
struct seal_key;
struct writer;
struct pool;

enum site_state {
    SITE_OPEN,    /* always so for the only database of a process */
    SITE_OPENING, /* wait: it is being opened, or closed and reopened */
    SITE_SHUT,    /* it can't be opened */
};

#define SITE_CHILDREN 200
struct site_child {
    const char *name, *store; /* the tenant's name; address of its database */
};

#define SITE_PAGE   10 /* seconds that a page may wait for one result from a remote database */
#define SITE_PREFIX 48 /* "/t/" and a name, with room */
#define SITE_SEATS  40 /* readers of one database, one for each thread */
#define SEAT_LOOPS  0  /* 16 of them */
#define SEAT_SLOW   16 /* 16 */
#define SEAT_JOBS   32 /* 7 */
#define SEAT_SHARED \
    39 /* used by all loops if there are many databases: a connection takes half a megabyte */

struct site {
    const char *name; /* the tenant's name; NULL: the only one */
    const struct place *const
        *places; /* the navigation: tables ended by a NULL href, the list by NULL; NULL: none */
    const char *data;              /* address of the database, as for db_open; NULL: no tenant */
    struct writer *_Atomic writer; /* NULL until first needed (site_writer) */
    struct db
        *readers[SITE_SEATS]; /* for site_reader; used by the seat's own thread, or under reading */
    pthread_mutex_t reading;  /* with many databases: its owner uses SEAT_SHARED */
    int far;           /* threads that read its remote database; 0: local, read by the loops */
    struct pool *pool; /* these threads, while it is open */
    _Atomic int state; /* enum site_state */
    const struct seal_key *keys; /* for sealed fields; NULL: none */
    unsigned char secret[32]; /* key of the CSRF tokens; derived from the installation's key, so it
                                 survives restarts */
    int64_t started;          /* seconds since 1970 UTC */
    const struct site_words *_Atomic words; /* in the footer of each page; replaced as a whole while
                                               the server runs; NULL: none */
    const char *host; /* the public host name, with an unusual port; others are refused, except from
                         this machine; NULL: any */
    bool tls;         /* uses TLS (here or at the proxy): __Host- cookies, HSTS */
    bool proxied;     /* the peer is a trusted proxy: uses X-Forwarded-For and -Proto */
    int workers;      /* event loops; 0: one for each processor, 2 to 8 */
    int links_each;   /* connections of one source; 0: LINKS_EACH; less: no limit */
    int head_seconds; /* seconds for a request's head; 0: SERVER_HEAD */
    int slow_workers; /* threads for SLOW prepare steps; 0: 2 */
    int requests_a_second; /* from one remote address; 0: 50 */
    int logins_a_minute;   /* from one address; 0: 30 */
    bool quiet;            /* logs no changes and errors */
    /* Fills ctx->actor for a volunteer card: text of its cookie, NULL without one. Called after
     * the session, whose roles remain. Returns false if the card is missing or invalid. */
    bool (*card)(struct ctx *ctx, const char *text);
    /* Returns where a person who has just signed in begins; NULL (also as a
     * result): the first page that they may see. */
    const char *(*land)(struct ctx *ctx);
    void (*metrics)(struct ctx *ctx); /* adds lines to /metrics */
    /* With many tenants. choose: finds the site for this host and path, which stays open until
     * leave; moves a prefix (/t/NAME) from *uri to prefix. NULL: none. leave: ends that. open:
     * opens and returns the writer; NULL if it can't be opened. */
    struct site *(*choose)(struct arena *a, const char *host, const char **uri,
                           char prefix[SITE_PREFIX]);
    void (*leave)(struct site *site); /* once for each choose or enter */
    bool (*enter)(struct site *site); /* for a job: as choose, waiting a moment while it is opened;
                                         false: it is gone */
    struct writer *(*open)(struct site *site);
    /* Returns the number of child sites; stores up to `most` of them in list, allocated from a
     * (NULL: only counts). */
    int (*children)(struct site *site, struct arena *a, struct site_child *list, int most);
    void (*stir)(struct site *site); /* wakes its jobs */
    _Atomic int room; /* kilobytes that the loops' reader and the search index may each cache; 0: no
                         limit */
    _Atomic int64_t used; /* when the last visitor came, seconds, monotonic */
    _Atomic bool closing; /* long tasks (live pages, an import) must end soon */
    _Atomic int64_t
        copied; /* the last moment that has been copied elsewhere, seconds; 0: not copied */
    _Atomic int64_t
        journal; /* newest audit log number: set by writer_on_commit, watched by live pages */
    /* counted by the server, shown by /metrics */
    _Atomic int64_t requests, changes, refused, failures, connections, live;
};

/* Returns the seat's reader and opens it if needed; NULL (logged) if it can't be opened. Call on
 * the seat's thread, inside the site. */
struct db *site_reader(struct site *site, int seat);
/* The same; false with the reason in *why. */
bool site_reader_open(struct site *site, int seat, struct arena *a, const char **why);
void site_reader_close(struct site *site, int seat);
/* Returns the seat that a loop reads on now: with many databases the shared seat if it is free,
 * otherwise its own. Call site_stand_up afterwards. */
int site_sit_down(struct site *site, int own);
void site_stand_up(struct site *site, int seat);
/* Returns the writer, opened if needed; NULL if there is none. Inside the site. */
struct writer *site_writer(struct site *site);

#endif
