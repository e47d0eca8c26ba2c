/*
 * One description per record kind.
 *
 * A kind is a const table: its fields with type, label, limits, choices,
 * reference, secrecy and who may read and write. A record is an ordinary C
 * struct whose first member is struct record; each field names its offset in
 * it, so rules are written as `r->subject`, and the engine reads and binds,
 * validates, draws, imports and exports by walking the table.
 *
 * In the struct: text kinds (F_TAGS too) are `const char *` (NULL: missing), F_REAL is
 * double (NAN: missing), everything else is int64_t (NONE: missing).
 * Records and their text live in the context's arena.
 */
#ifndef LINLI_KIND_KIND_H
#define LINLI_KIND_KIND_H

#include "base/ctx.h"
#include "db/db.h"

#include <stddef.h>

enum field_type {
    F_TEXT,   /* one line; min/max in characters */
    F_LONG,   /* several lines */
    F_CODE,   /* letters, digits, - _ . ; one line */
    F_CHOICE, /* one of choices, stored as its code */
    F_PHONE,  /* a Chinese mobile or landline number, stored without separators */
    F_INT,    /* min/max are the values allowed */
    F_BOOL,   /* 0 or 1 */
    F_TIME,   /* seconds since 1970 UTC */
    F_DATE,   /* text YYYY-MM-DD that exists */
    F_REF,    /* id of a record of kind ref; in sheets and JSON its code or id */
    F_REAL,   /* min/max are the values allowed */
    F_TAGS,   /* several of choices, or codes of records of kind ref; stored as "|haircut|repair|", typed parted by , ; 、 or blanks */
};

enum field_flag {
    REQUIRED = 1 << 0,
    UNIQUE = 1 << 1,   /* imports find an existing record by it */
    SEALED = 1 << 2,   /* stored sealed; column NAME_key holds its keyed hash; masked on pages until revealed */
    LISTED = 1 << 3,   /* a column of the list */
    FILTER = 1 << 4,   /* ?name=value narrows the list */
    SORTED = 1 << 5,   /* the list can be sorted by it */
    FIXED = 1 << 6,    /* set by the program: neither forms nor PATCH change it, nor imports unless IMPORTED */
    IMPORTED = 1 << 7, /* FIXED, but an import of older records sets it */
    HIDDEN = 1 << 8,   /* a secret of the program (a key, a hash): never on pages, in JSON, sheets or the journal */
    ICON = 1 << 9,     /* the name of a picture of the sprite */
    INNER = 1 << 10,   /* says nothing to a reader: left out where a record is shown */
    SECONDS = 1 << 11, /* a length of time: shown as hours and minutes */
    NAMED = 1 << 12,   /* the name of whom a record is about: in JSON masked like a sealed one */
};

struct choice {
    const char *code, *label; /* label: N_() */
};

struct field {
    const char *name; /* column, form, JSON and sheet name */
    enum field_type type;
    size_t offset;
    const char *label;            /* N_() */
    int64_t min, max;             /* by type; max 0: FIELD_TEXT_MOST or FIELD_LONG_MOST for text, no limit for numbers */
    const struct choice *choices; /* ended by a NULL code */
    const char *ref;              /* name of the kind referred to */
    unsigned flags;
    const char *aliases; /* other headings a sheet may have for it, parted by |; NULL */
    const char *hint;    /* N_(): what is expected, shown before the field; NULL */
    /* What a person reads of it where more than its value counts, in the reader's language; NULL: the value. */
    const char *(*shown)(struct ctx *ctx, const void *record);
    const char *group; /* N_(): heading of the group that begins with this field; NULL: goes on */
};
#define FIELD_TEXT_MOST 200 /* characters */
#define FIELD_LONG_MOST 20000

/* Every record begins with it. */
struct record {
    int64_t id;      /* NONE before it is inserted */
    int64_t version; /* 1, 2, … for If-Match and stale edits */
    int64_t created, updated;
};

struct list;
struct list_total {
    int64_t count;
    bool more; /* at least so many: counting stopped there */
};

struct kind {
    const char *name; /* in addresses and the journal: "requests" */
    const char *table;
    const char *one, *many; /* N_("Request"), N_("Requests") */
    const struct field *fields;
    int field_count;
    size_t size;          /* of the struct */
    unsigned read, write; /* roles */
    unsigned refer;       /* roles that may refer to a record of it without reading it */
    unsigned reveal;      /* roles that get sealed fields in the clear through the API; 0: none, all masked */
    const char *code;     /* the field that names a record for people and references: "number", "code" */
    const char *order;    /* trusted SQL: "id DESC" */
    /* Adds " AND …" conditions for what the actor may see; NULL: all who may read see all. */
    void (*scope)(struct ctx *ctx, struct sql *where);
    /* Rules beyond single fields; problems through ctx_problem. before NULL: a new record. */
    void (*check)(struct ctx *ctx, const void *before, void *after);
    /* Imports: how an existing record is found (NULL: by the UNIQUE field), where what tells the row apart may be completed
     * in it, and how a new one is stored (NULL: record_insert). */
    void *(*import_find)(struct ctx *ctx, void *record);
    enum status (*import_insert)(struct ctx *ctx, void *record);
    /* Forms and the API: how a new record is stored (NULL: record_insert), and what else has to be set once one was
     * stored, changed or removed (before NULL: new; after NULL: removed; NULL: nothing). Both behind the door. */
    enum status (*insert)(struct ctx *ctx, void *record);
    enum status (*settle)(struct ctx *ctx, const void *before, const void *after);
    void (*exported)(struct ctx *ctx, void *record); /* what a sheet says of a record so that an import finds it; NULL */
    /* Narrows the list, whose page is set, to the page of what contains the words q, and answers how many do.
     * NULL: the listed texts are looked through. */
    struct list_total (*search)(struct ctx *ctx, struct list *l, const char *q);
    const char *own;        /* the field that says whose a record is: told when what is stored would lie outside the actor's
                             * scope; NULL: the form as a whole is told */
    const char *import_key; /* with import_find: the field that tells rows of a sheet apart; NULL: the UNIQUE one */
    enum status (*import_done)(
        struct ctx *ctx); /* behind the door, after an import stored something: what is derived from the whole register */
    bool leaves;          /* what is stored may lie outside the scope of whoever stores it: it is handed to another area */
    unsigned remove;      /* roles that may remove a record nobody refers to; 0: none */
    const char *about;    /* N_(): what the register is for, in a sentence; NULL: it has no pages of its own */
    const char *home;     /* address of its list when that is not the engine's page; NULL: /registers/NAME */
    const char *page;     /* address of a record, with {id}, when that is not the engine's page: then /registers/NAME
                           * leads to home and page, and has only the downloads; NULL: /registers/NAME/ID */
    const char *title;    /* the field a person knows a record by; NULL: name, title, subject, or its code */
};
#define FIELDS(table_) .fields = (table_), .field_count = (int)(sizeof(table_) / sizeof *(table_))

/* The kinds of the program, ended by NULL; set once at start. */
void kinds_set(const struct kind *const *all);
const struct kind *kind_find(const char *name);
const struct field *kind_field(const struct kind *k, const char *name);
const char *kind_title(const struct kind *k); /* the field a person knows a record by */

/* ---- one record ---- */
void *record_new(struct ctx *ctx, const struct kind *k);                /* every field missing */
void *record_load(struct ctx *ctx, const struct kind *k, int64_t id);   /* in the actor's scope; NULL: not there */
bool record_reached(struct ctx *ctx, const struct kind *k, int64_t id); /* whether record_load would find it */
void *record_get(struct ctx *ctx, const struct kind *k, int64_t id);    /* whoever asks: for the program's own rules */
/* What was there is not any more, or can't be read because the store is in trouble: fails so and answers that. */
enum status record_gone(struct ctx *ctx);
void *record_find(struct ctx *ctx, const struct kind *k, const char *field, const char *value); /* by a text field; no scope */
/* Behind the door. Insert sets id, version and times. Both journal what changed. */
enum status record_insert(struct ctx *ctx, const struct kind *k, void *record, const char *action);
/* CONFLICT (with a message) when the stored version is no longer before's. */
enum status record_update(struct ctx *ctx, const struct kind *k, const void *before, void *after, const char *action);
/* Behind the door, for forms and the API: the kind's insert (before NULL) or record_update, then its settle. What is
 * stored must lie in the actor's scope, unless the kind may leave it. */
enum status record_store(struct ctx *ctx, const struct kind *k, const void *before, void *after);
/* CONFLICT when something still refers to it, or its version is no longer record's. */
enum status record_remove(struct ctx *ctx, const struct kind *k, const void *record);
void *record_copy(struct ctx *ctx, const struct kind *k, const void *record);
bool record_same(const struct kind *k, const void *a, const void *b); /* all fields equal */

/* ---- fields ---- */
const char *field_text(const struct field *f, const void *record); /* text types; NULL */
int64_t field_int(const struct field *f, const void *record);
/* What the form that is read calls it (ctx->labels), otherwise its description. */
const char *field_label(const struct ctx *ctx, const struct field *f);
/* Parses and checks one value as typed (NULL or blank: missing); a problem names the field. */
bool field_set(struct ctx *ctx, const struct field *f, void *record, const char *typed);
/* What a reference means: a code, an id, or a name that only one has. NONE: nothing, or same_name > 1 have it. */
int64_t ref_find(struct ctx *ctx, const struct field *f, const char *typed, int64_t *same_name);
bool field_is_text(const struct field *f); /* its slot is a const char * */
/* The value for a person, in the reader's language; "" when missing. */
const char *field_show(struct ctx *ctx, const struct field *f, const void *record);
const char *hours_text(struct ctx *ctx, int64_t seconds); /* 3 h 30 min; 3 小时 30 分 */
/* One tag after the other of a stored F_TAGS value, in arena a: NULL at the end. *at begins as the stored value. */
const char *tags_next(struct arena *a, const char **at);
bool tags_have(const char *stored, const char *code);
/* The value as one would type it, so that field_set reads it again; "" when missing. A reference is its code, or
 * "#" and its id when the record has none. */
const char *field_typed(struct ctx *ctx, const struct field *f, const void *record);
/* The same for a person, with sealed values masked. */
const char *field_show_masked(struct ctx *ctx, const struct field *f, const void *record);
/* What a person calls the record: kind_title's field in the reader's language, masked when sealed; the kind's name when
 * it is missing. */
const char *record_title(struct ctx *ctx, const struct kind *k, const void *record);
bool field_same(const struct field *f, const void *a, const void *b);
bool field_missing(const struct field *f, const void *record);
/* Required fields and the kind's own rules; false when there are problems. */
bool record_check(struct ctx *ctx, const struct kind *k, const void *before, void *after);
/* What somebody typed or sent refers only to records they may read themselves, or to what it referred to before
 * (before NULL: new). False with a problem a field. Whoever acts without a grant (the program, residents) may refer to all. */
bool record_refers(struct ctx *ctx, const struct kind *k, const void *before, const void *after);

/* ---- many records ---- */
struct list {
    const struct kind *kind;
    const char *q;           /* words to be contained (the search index, by id list) */
    struct sql where;        /* further conditions, " AND …"; list_init begins it */
    const char *order;       /* trusted SQL; NULL: the kind's */
    const char *const *only; /* the fields that list_next fills, ended by NULL; NULL: all */
    int limit;               /* 1 to 500 */
    int64_t offset;
};
void list_init(struct ctx *ctx, struct list *l, const struct kind *k); /* scope is added */
int64_t list_count(struct ctx *ctx, const struct list *l);             /* all, however long it takes */
#define LIST_COUNTED 10000
struct list_total list_total(struct ctx *ctx, const struct list *l); /* up to LIST_COUNTED: what a page needs */
/* Runs it; next record or NULL. The record lives in arena a. */
struct rows *list_run(struct ctx *ctx, struct list *l);
void *list_next(struct ctx *ctx, const struct kind *k, struct rows *r, struct arena *a);

/* ---- the past ---- */
/* What a journal entry keeps of a record (before or after), put into record; given, one a field, says which stand
 * there. False when json is NULL or not one. */
bool record_past(struct ctx *ctx, const struct kind *k, const char *json, void *record, bool *given);

#endif
