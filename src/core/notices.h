/*
 * Notices: what someone is to be told, about any kind of record. They are
 * written in the transaction of the event, so none is lost and none is sent for
 * an event that was undone. core/deliver.h sends them; the outbox lists those
 * to be told by phone.
 *
 *     notice_put(ctx, &(struct notice){.kind = "activities", .record = a->record.id,
 *                                      .event = "activity-remind:7:1", .recipient = "signup:3",
 *                                      .action = "activity-remind", .text = text});
 *
 * A notice goes by email if the recipient has an address and a mail server is
 * set, otherwise to the outbox, from which somebody calls.
 */
#ifndef LINLI_CORE_NOTICES_H
#define LINLI_CORE_NOTICES_H

#include "base/ctx.h"

struct notice {
    const char *kind; /* what it is about: a kind's name, and a record of it */
    int64_t record;
    const char
        *event; /* names what happened: each recipient is notified of it once on each channel */
    const char *recipient; /* "resident", "unit:7": a row of struct recipient */
    const char *channel;   /* "mail", "hook", "hand"; NULL: hand */
    const char *action, *text;
    const char *language; /* of the text; NULL: the context's */
    bool replaces;        /* withdraws what still waits for this recipient about this record */
};
/* On the writer thread. */
void notice_put(struct ctx *ctx, const struct notice *n);
/* On the writer thread: withdraws what still waits about the record, on every channel.
 * recipient NULL: for all of them. */
void notice_withdraw(struct ctx *ctx, const char *kind, int64_t record, const char *recipient);
#define NOTICE_SUPERSEDED \
    "superseded" /* the error of a told notice that became obsolete before anyone was told */

/* On the writer thread: a notice that could not be mailed waits for a call instead, if the
 * recipient has a phone number and it is worth a call. */
void notice_call_instead(struct ctx *ctx, int64_t id);

/* "mail" with an address and a mail server, otherwise "hand". */
const char *notice_channel(struct ctx *ctx, const char *mail);

/* A recipient as it is now; unknown values stay NULL. */
struct reached {
    const char *who;   /* for the outbox, in the reader's language */
    const char *phone; /* as the outbox may show it */
    const char *whole; /* the number behind a masked one: only for who has just revealed it */
    const char *name;  /* likewise the name behind who */
    const char *mail, *language;
};
struct recipient {
    const char *prefix; /* "unit:", followed by an id; or the whole name: "office" */
    bool resident;      /* listed among residents in the outbox; otherwise among units and staff */
    bool office;        /* only the office sees its notices */
    bool system;        /* not a person */
    /* id: the one after the prefix, or NONE; record: the notice's record. */
    void (*find)(struct ctx *ctx, int64_t id, int64_t record, struct reached *to);
};
/* The module's row for a notice's recipient; NULL: no row has that prefix (any more). */
const struct recipient *recipient_of(const char *name);
/* Looks up a recipient. */
struct reached recipient_find(struct ctx *ctx, const char *name, int64_t record);

/* What notices are about: those who may see the record see its notices in the outbox. */
struct kind;
struct notice_subject {
    const struct kind *kind;
    const char *name; /* the column by which the outbox names the record */
    const char *href; /* its page, with {id} */
    /* Returns whether the notice is worth a call after its email was refused. NULL: each is. */
    bool (*worth_call)(const char *action, const char *recipient);
};
const struct notice_subject *notice_subject_of(const char *kind);

#endif
