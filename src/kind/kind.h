/*
 * One description for each kind of record.
 *
 * A kind is a const table of fields with their type, label, limits, choices,
 * reference, secrecy, and who may read and write. A record is a C struct that
 * begins with struct record. Each field gives its offset in it: rules use
 * `r->subject`, and the engine reads, binds, validates, draws, imports and
 * exports records by walking the table.
 *
 * In the struct, text types (also F_TAGS) are `const char *` (NULL: missing),
 * F_REAL is double (NAN: missing), everything else is int64_t (NONE: missing).
 * Records and their text live in the context's arena.
 */
#ifndef LINLI_KIND_KIND_H
#define LINLI_KIND_KIND_H

#include "base/ctx.h"
#include "db/db.h"

#include <limits.h>
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
    F_REF,    /* id of a record of kind ref; in spreadsheets and JSON its code or id */
    F_REAL,   /* min/max are the values allowed */
    F_TAGS, /* several choices, or codes of records of kind ref; stored as "|haircut|repair|", typed
               with , ; 、 or blanks between them */
};

enum field_flag {
    REQUIRED = 1 << 0,
    UNIQUE = 1 << 1, /* imports find an existing record by it */
    SEALED =
        1 << 2, /* encrypted; column NAME_key has its keyed hash; masked on pages until revealed */
    LISTED = 1 << 3, /* a column of the list */
    FILTER = 1 << 4, /* ?name=value filters the list */
    SORTED = 1 << 5, /* the list can be sorted by it */
    FIXED = 1
            << 6, /* set by the program: not changed by forms, PATCH or, unless IMPORTED, imports */
    IMPORTED = 1 << 7, /* FIXED, but an import of older records sets it */
    HIDDEN = 1 << 8,   /* a secret of the program (a key, a hash): never on pages, in JSON,
                          spreadsheets or the audit log */
    ICON = 1 << 9,     /* the name of an icon */
    INNER = 1 << 10,   /* meaningless to people: not shown with a record */
    SECONDS = 1 << 11, /* a duration: shown as hours and minutes */
    KEPT = 1 << 13,    /* an answer of a step (core/workflow.h): stored in the record's field of the
                          same name */
    MAIL = 1 << 15,    /* a mail address: read as people paste it */
    DAY_END = 1 << 14, /* a time typed without a time of day means the end of the day */
    BESIDE = 1 << 16, /* with HIDDEN, FIXED, IMPORTED: no column of the table. Only an import brings
                         it, and the kind's import_beside stores it where it belongs */
    NAMED = 1 << 12,  /* the name of the person a record is about: masked in JSON like encrypted
                         fields */
};

struct choice {
    const char *code, *label; /* label: N_() */
};

struct field {
    const char *name; /* name of the column, in forms, JSON and spreadsheets */
    enum field_type type;
    size_t offset;
    const char *label;            /* N_() */
    int64_t min, max;             /* by type; max 0: FIELD_TEXT_MOST or FIELD_LONG_MOST for text,
                                     FIELD_TAGS_MOST for tags, no limit for numbers */
    const struct choice *choices; /* ended by a NULL code */
    const char *ref;              /* name of the kind referred to */
    unsigned flags;
    const char *aliases; /* other headings in spreadsheets, separated by |; NULL */
    const char *hint;    /* N_(): what to enter, shown at the field; NULL */
    /* The text for people if more than the value matters, in the reader's language; NULL: the
     * value. */
    const char *(*shown)(struct ctx *ctx, const void *record);
    const char *column; /* N_(): heading of its column in lists; NULL: the label */
    const char *(*listed)(struct ctx *ctx,
                          const void *record); /* its text there; NULL: the value */
    const char *group; /* N_(): heading of a group that begins with this field; NULL: same group */
    const char *unit;  /* F_INT: the F_CHOICE field that says what is counted. A spreadsheet's cell
                          "3 working days" sets both. NULL */
    const char *example; /* N_(): what a blank spreadsheet shows as an example; NULL: by type */
};
#define FIELD_TEXT_MOST 200 /* characters */
#define FIELD_LONG_MOST 20000
#define FIELD_TAGS_MOST 40

/*
 * The first member of every record. record_update increments the version. Columns that are derived,
 * or belong to the program alone, are changed without a new version and without an entry in the
 * audit log. A form that is open then stays valid, and shows the earlier value until reloaded:
 *
 *   areas.path, areas.community       derived from the parents
 *   volunteers.seconds                the sum of the hours that count
 *   sign_ups.told_at, offers.told_at  when a reminder was sent
 *   certificates.pdf                  the file as it was signed
 *   users.password, .failed, .locked_until, .last_login, .language, .feed
 *   api_tokens.last_used, .revoked
 *   imports                           progress
 *
 * All other input goes through record_update.
 */
struct record {
    int64_t id;      /* NONE until it is inserted */
    int64_t version; /* 1, 2, … for If-Match and conflicting edits */
    int64_t created, updated;
};

struct list;
struct list_total {
    int64_t count;
    bool more; /* there are more: counting stopped there */
};

struct kind {
    const char *name; /* in URLs and the audit log: "requests" */
    const char *table;
    const char *one, *many; /* N_("Request"), N_("Requests") */
    const struct field *fields;
    int field_count;
    size_t size;          /* of the struct */
    unsigned read, write; /* roles */
    /* Checked in addition to the roles before writing or removing: registers of the whole
     * subdistrict can't be changed by accounts of one community. NULL: the role is enough. */
    bool (*allow)(struct ctx *ctx);
    unsigned refer;  /* roles that may refer to a record without reading it */
    unsigned reveal; /* roles that get unmasked fields through the API; 0: none */
    const char
        *code; /* the field that identifies a record for people and references: "number", "code" */
    /* A typed code as it is stored, when people paste it in other forms; NULL: it is none. */
    const char *(*code_read)(struct arena *a, const char *typed);
    const char *order; /* trusted SQL: "id DESC" */
    bool by_name;      /* chosen from by name, Chinese by pinyin; otherwise in the order above */
    /* Adds " AND …" conditions for the actor's scope; NULL: all readers see everything. */
    void (*scope)(struct ctx *ctx, struct sql *where);
    /* Rules beyond single fields; reports with ctx_problem. before NULL: a new record. */
    void (*check)(struct ctx *ctx, const void *before, void *after);
    /* Imports: finds an existing record (NULL: by the UNIQUE field), and may complete what
     * identifies the row; stores a new record (NULL: record_insert). */
    void *(*import_find)(struct ctx *ctx, void *record);
    enum status (*import_insert)(struct ctx *ctx, void *record);
    /* Forms and the API: insert stores a new record (NULL: record_insert). settle runs after a
     * record was stored, changed or removed (before NULL: new; after NULL: removed; NULL:
     * nothing to do). Both on the writer thread. */
    enum status (*insert)(struct ctx *ctx, void *record);
    enum status (*settle)(struct ctx *ctx, const void *before, const void *after);
    void (*exported)(
        struct ctx *ctx,
        void *record); /* completes a record for export so that an import finds it; NULL */
    /* Restricts the list, whose page is set, to that page of the records that contain q; returns
     * how many do. NULL: searches the listed texts. */
    struct list_total (*search)(struct ctx *ctx, struct list *l, const char *q);
    const char *own; /* the field that decides the scope: gets the problem if a record would be
                        stored outside the actor's scope; NULL: the form as a whole does */
    const char
        *import_key; /* with import_find: the field that identifies a row; NULL: the UNIQUE one */
    const char *natural; /* the fields that identify an imported row: sets separated by |; the first
                            set that the row fills counts; a field with ? may be missing:
                            "code|title starts area?"; NULL: the UNIQUE text */
    bool coded;          /* a record without a code gets one, from the first letters of its title */
    /* Imports: stores what a row says beside the table (BESIDE), once its record exists; *changed
     * when that is new. In a dry run (dry) it only tells; record->id may be NONE then. */
    enum status (*import_beside)(struct ctx *ctx, const void *record, bool dry, bool *changed);
    bool archive; /* imports are history: minimum lengths do not apply */
    enum status (*import_done)(struct ctx *ctx); /* on the writer thread, after an import: updates
                                                    what is derived from the whole register */
    bool twice;  /* insert may be called twice with one record, its first run undone: the API stores
                    many in one group */
    bool common; /* created all the time: no db_memory value is derived from it */
    bool person; /* a record is a person: records that refer to it are personal data */
    bool leaves; /* a record may be stored outside the actor's scope, to hand it to another area */
    /* What its own actions are called in the audit log: codes with labels, N_(), ended by a NULL
     * code. Common actions (create, change, import, …) need no row. NULL: it has none. */
    const struct choice *actions;
    /* The same as a function, for kinds that need more than a table, in the reader's language.
     * It returns action itself if it is not one of its own. NULL: the table is all. */
    const char *(*action)(struct ctx *ctx, const char *action);
    unsigned remove;   /* roles that may remove an unreferenced record; 0: none */
    const char *about; /* N_(): the purpose of the register, in a sentence; NULL: it has no pages */
    const char *home;  /* URL of its list, if not the generated page; NULL: /registers/NAME */
    const char
        *page; /* URL of a record, with {id}, if not the generated page: /registers/NAME then
                  redirects to home and page, and only offers downloads; NULL: /registers/NAME/ID */
    const char *
        title; /* the field that people know a record by; NULL: name, title, subject, or its code */
};
#define FIELDS(table_) .fields = (table_), .field_count = (int)(sizeof(table_) / sizeof *(table_))

/* Sets the program's kinds, ended by NULL; once at start. */
void kinds_set(const struct kind *const *all);
/* Sets, once at start, what else happens after a record was inserted (before NULL) or updated,
 * in the same transaction. A status other than OK fails the change. */
void reactions_set(enum status (*run)(struct ctx *ctx, const struct kind *k, const char *action,
                                      const void *before, const void *after));
const struct kind *kind_find(const char *name);
const struct field *kind_field(const struct kind *k, const char *name);
const char *kind_title(const struct kind *k); /* the field that people know a record by */

/* Whether the actor may write, or remove, records of this kind: by roles and allow. */
bool kind_may_write(struct ctx *ctx, const struct kind *k);
bool kind_may_remove(struct ctx *ctx, const struct kind *k);
/* Returns whether the actor may see a record's masked fields in full (SEALED, NAMED), because
 * they work with it. Only then can the record be found by them: a search result would reveal
 * the number. */
bool kind_reveals(const struct ctx *ctx, const struct kind *k);

/* ---- one record ---- */
void *record_new(struct ctx *ctx, const struct kind *k); /* every field missing */
void *record_load(struct ctx *ctx, const struct kind *k,
                  int64_t id); /* in the actor's scope; NULL: not found */
bool record_reached(struct ctx *ctx, const struct kind *k,
                    int64_t id); /* whether record_load would find it */
void *record_get(struct ctx *ctx, const struct kind *k,
                 int64_t id); /* without scope: for the program's own rules */
/*
 * The same where the record must exist. Never NULL: if it is missing or can't
 * be read, the context fails (record_gone) and the result is a blank record,
 * with id NONE, missing numbers and texts "". On the writer thread nothing is
 * stored then; a page checks ctx_ok.
 *
 *     const struct offer *o = record_must(ctx, &offers_kind, a->offer);
 *     if (!strcmp(o->status, "open")) …
 *
 * script/unchecked finds unchecked results of the other functions.
 */
void *record_must(struct ctx *ctx, const struct kind *k, int64_t id);
/* The record that this one was merged into (app/registers/merge.h); NONE: it was not. */
int64_t record_survivor(struct ctx *ctx, const struct kind *k, int64_t id);
/* Fails the context because a record no longer exists, or can't be read because the database
 * fails; returns that status. */
enum status record_gone(struct ctx *ctx);
void *record_find(struct ctx *ctx, const struct kind *k, const char *field,
                  const char *value); /* by a text field, without scope */
/* On the writer thread. Insert sets id, version and times. Both log what changed. */
enum status record_insert(struct ctx *ctx, const struct kind *k, void *record, const char *action);
/* CONFLICT (with a message) if the stored version is not before's. */
enum status record_update(struct ctx *ctx, const struct kind *k, const void *before, void *after,
                          const char *action);
/* On the writer thread, after statements changed the record: what differs from before is logged,
 * with a new version, as record_update does. */
enum status record_changed(struct ctx *ctx, const struct kind *k, const void *before,
                           const char *action);
/* On the writer thread, for forms and the API: the kind's insert (before NULL) or record_update,
 * then its settle. The result must be in the actor's scope, unless the kind may leave it. */
enum status record_store(struct ctx *ctx, const struct kind *k, const void *before, void *after);
/* CONFLICT if something still refers to it, or its version is not record's. */
enum status record_remove(struct ctx *ctx, const struct kind *k, const void *record);
void *record_copy(struct ctx *ctx, const struct kind *k, const void *record);
bool record_same(const struct kind *k, const void *a, const void *b); /* all fields are equal */

/* ---- fields ---- */
const char *field_text(const struct field *f, const void *record); /* text types; NULL */
int64_t field_int(const struct field *f, const void *record);
/* The form's name for it (ctx->labels), otherwise the description's. */
const char *field_label(const struct ctx *ctx, const struct field *f);
/* Parses and validates a typed value (NULL or blank: missing); a problem names the field. */
bool field_set(struct ctx *ctx, const struct field *f, void *record, const char *typed);
/* Finds the record that a reference means: by code, id, or a unique name. NONE: none, or several
 * (same_name > 1) have that name. */
int64_t ref_find(struct ctx *ctx, const struct field *f, const char *typed, int64_t *same_name);
bool field_is_text(const struct field *f); /* its member is a const char * */
/* The value for people, in the reader's language; "" if missing. */
const char *field_show(struct ctx *ctx, const struct field *f, const void *record);
const char *hours_text(struct ctx *ctx, int64_t seconds); /* 3 h 30 min; 3 小时 30 分 */
/* Returns the tags of a stored F_TAGS value one by one, in arena a; NULL: the end. *at begins as
 * the stored value. */
const char *tags_next(struct arena *a, const char **at);
bool tags_have(const char *stored, const char *code);
/* The value in a form that field_set reads again; "" if missing. A reference is its code, or "#"
 * and its id if the record has no code. */
const char *field_typed(struct ctx *ctx, const struct field *f, const void *record);
/* The same for people, with encrypted values masked. */
const char *field_show_masked(struct ctx *ctx, const struct field *f, const void *record);
/* The record's name for people: the field of kind_title in the reader's language, masked if
 * encrypted; the kind's name if missing. */
const char *record_title(struct ctx *ctx, const struct kind *k, const void *record);
bool field_same(const struct field *f, const void *a, const void *b);
bool field_missing(const struct field *f, const void *record);
/* Returns whether a stored value can't be decrypted: it is damaged, or encrypted with another
 * key. It is neither shown nor written, and an update keeps it unless a new value is entered. */
bool field_lost(const struct field *f, const void *record);
/* Gives a record of a coded kind a code if it has none. The same seed makes the same code; NULL:
 * one of its own. */
void record_coded(struct ctx *ctx, const struct kind *k, void *record, const char *seed);
/* Checks required fields and the kind's rules; false if there are problems. */
bool record_check(struct ctx *ctx, const struct kind *k, const void *before, void *after);
/* Whether a typed or sent record refers only to records that the actor may read, or to those it
 * already referred to (before NULL: new). False with a problem at each other field. An actor
 * without grants (the program, residents) may refer to all. */
bool record_refers(struct ctx *ctx, const struct kind *k, const void *before, const void *after);
/* The same for fields without a kind, ended by a NULL name. */
bool fields_refer(struct ctx *ctx, const struct field *fields, const void *record);

/* ---- validity ---- */
/* Records with valid_from and valid_to hold from the first to the last of these days, both
 * included; a missing one is open. Everybody who offers or counts what holds today asks here. Adds
 * " AND …" on the table's own columns. */
void valid_where(struct ctx *ctx, struct sql *q);
/* The same for areas (columns of the table or of its alias, whose id is given): all ancestors
 * must be valid too. */
void valid_areas_where(struct ctx *ctx, struct sql *q, const char *id);
/* The same for two stored days. */
bool valid_today(struct ctx *ctx, const char *valid_from, const char *valid_to);
/* Both for another day than today. */
void valid_on_where(struct sql *q, const char *day);
bool valid_on(const char *valid_from, const char *valid_to, const char *day);
/* As part of a figure's condition: {today} is put in there. */
#define VALID_TODAY \
    "(valid_from IS NULL OR valid_from = '' OR valid_from <= {today}) AND (valid_to IS NULL OR " \
    "valid_to = '' OR valid_to >= {today})"

/* ---- many records ---- */
#define LIST_ALL INT_MAX /* all of a register that is short by its nature, such as teams */
struct list {
    const struct kind *kind;
    const char *q;           /* words that records must contain (the search index, by id list) */
    struct sql where;        /* more conditions, " AND …"; initialised by list_init */
    const char *order;       /* trusted SQL; NULL: the kind's */
    const char *const *only; /* the fields that list_next reads, ended by NULL; NULL: all */
    int limit;               /* 50; LIST_ALL where every record is needed */
    int64_t offset;
};
void list_init(struct ctx *ctx, struct list *l, const struct kind *k); /* adds the scope */
int64_t list_count(struct ctx *ctx, const struct list *l); /* counts all, however long it takes */
#define LIST_COUNTED 10000
struct list_total
list_total(struct ctx *ctx,
           const struct list *l); /* counts up to LIST_COUNTED: enough for a page */
/* Runs the list; list_next returns the next record, in arena a, or NULL. */
struct rows *list_run(struct ctx *ctx, struct list *l);
void *list_next(struct ctx *ctx, const struct kind *k, struct rows *r, struct arena *a);

/* ---- the past ---- */
/* Reads a record's state from an audit log entry (before or after) into record; given, one for
 * each field: is it in the entry? False if json is NULL or invalid. */
bool record_past(struct ctx *ctx, const struct kind *k, const char *json, void *record,
                 bool *given);

#endif
