/*
 * Attachments: photos and files of any record. Photos are taken from a form,
 * kept while the form is corrected, stored with the record, and shown to
 * everyone who may see the record.
 */
#ifndef LINLI_CORE_ATTACHMENTS_H
#define LINLI_CORE_ATTACHMENTS_H

#include "core/picture.h"
#include "db/db.h"
#include "base/ctx.h"
#include "kind/kind.h"

struct photos {
    struct photo list[PHOTOS_MOST];
    int count;
    const char **missing; /* of each that can't be used: its name and why, for people */
    int missing_count;
};

/* In a prepare step with SLOW: reads the chosen photos ("photos") and those kept from an earlier
 * attempt ("kept"). An unusable one is a problem of "photos". */
void photos_take(struct ctx *ctx, struct photos *p);
/* The same for a form that a bad photo must not hold up: an unusable one is only noted in
 * p->missing, also over a page in between. */
void photos_accept(struct ctx *ctx, struct photos *p);
/* What is missing, one per line; NULL: nothing. */
const char *photos_missing(struct ctx *ctx, const struct photos *p);
/* Also in prepare, if the form is drawn again: keeps them for PHOTOS_KEPT seconds, so that
 * nobody has to choose them again. */
void photos_keep(struct ctx *ctx, struct photos *p);
#define PHOTOS_KEPT 86400
/* The field of a form, with the kept photos; p may be NULL. */
void photos_field(struct ctx *ctx, const struct photos *p);
/* The kept photos as hidden fields, for an intermediate page. */
void photos_hidden(struct ctx *ctx, const struct photos *p);

/*
 * Attachments of a record of any kind: re-encoded photos, and files.
 *
 *     struct attachment a = {.name = "a.pdf", .type = "application/pdf", .data = d, .shown = true};
 *     attachment_store(ctx, &requests_kind, r->record.id, &a);
 *     photos_show(ctx, &requests_kind, r->record.id, "/requests/7/photos", 0);
 *
 * The caller must have checked that the actor may see the record.
 */
struct attachment {
    const char *name, *type;  /* type "image/jpeg": a photo */
    struct bytes data, small; /* small: thumbnail of a photo */
    bool shown;               /* residents may see it */
};
/* On the writer thread. Returns its id. */
int64_t attachment_store(struct ctx *ctx, const struct kind *k, int64_t record,
                         const struct attachment *a);
/* On the writer thread. Returns false if the record has no such attachment. */
bool attachment_remove(struct ctx *ctx, const struct kind *k, int64_t record, int64_t id);
int64_t attachment_count(struct ctx *ctx, const struct kind *k, int64_t record);
/* The files that are not photos: rows with id, name, size and actor_name. */
struct rows *attachment_files(struct ctx *ctx, const struct kind *k, int64_t record);
/* Returns the id at the end of an attachment's URL; NONE: there is none. */
int64_t attachment_id(const char *name);
/* Sends a file, always as a download; NOT_FOUND. */
void attachment_answer(struct ctx *ctx, const struct kind *k, int64_t record, int64_t id);

/* On the writer thread: stores a resident's photos with the record, logs it, and removes the
 * drafts. shown: residents who may see the record see them. */
enum status photos_store(struct ctx *ctx, const struct photos *p, const struct kind *k,
                         int64_t record, bool shown);
enum photos_flag {
    PHOTOS_SHOWN = 1,  /* only those that residents may see */
    PHOTOS_MARKED = 2, /* marks those that residents can't see */
};
/* Draws the thumbnails of a record, each linked to base/ID; nothing if there are none. */
void photos_show(struct ctx *ctx, const struct kind *k, int64_t record, const char *base,
                 unsigned flags);
/* Sends a photo of the record (?size=small: its thumbnail); NOT_FOUND. kept: the Cache-Control
 * header. id: as in the current URL or the former one. */
void photos_answer(struct ctx *ctx, const struct kind *k, int64_t record, int64_t id,
                   unsigned flags, const char *kept);

#endif
