/*
 * JSON in and out by a kind's description: records for the API and exports,
 * and the description itself (fields, JSON Schema).
 *
 * What comes in is strict JSON (RFC 8259) in UTF-8: one document, no key
 * twice, at most JSON_DEPTH levels and JSON_MEMBERS keys an object, no NUL
 * (not even as \u0000), only numbers that a double holds exactly. Times go out
 * as ISO 8601 with offset, references as ids, missing values as null.
 */
#ifndef LINLI_KIND_JSON_H
#define LINLI_KIND_JSON_H

#include "kind/kind.h"

#define JSON_DEPTH   8
#define JSON_MEMBERS 200

struct cJSON;

/* The object in a body; NULL with a problem in ctx. The caller gives it back with json_free. */
struct cJSON *json_object(struct ctx *ctx, const char *body, size_t size);
void json_free(struct cJSON *object);
/* Sets what the object names, in the way of a merge patch (RFC 7396: null clears); one problem a field that is
 * unknown, fixed, of the wrong type or refused. False when there was one. */
bool record_from_json(struct ctx *ctx, const struct kind *k, const struct cJSON *object, void *record);
/* A member as the text a form would have sent; NULL when it is missing or null. A wrong type is a problem of it. */
const char *json_text_of(struct ctx *ctx, const struct cJSON *object, const char *name);
/* The texts of a list; answers how many. */
int json_texts_of(struct ctx *ctx, const struct cJSON *object, const char *name, const char **texts, int most);
int64_t json_int_of(struct ctx *ctx, const struct cJSON *object, const char *name); /* NONE when missing */
/* A problem for each member that is not in names, which NULL ends. */
void json_only(struct ctx *ctx, const struct cJSON *object, const char *const *names);

/* Sealed fields are masked unless reveal. */
void record_json(struct ctx *ctx, struct buf *out, const struct kind *k, const void *record, bool reveal);
/* 138****8000 and the like: how a sealed field is shown to who may not read it. NULL gives NULL. */
const char *field_masked(struct ctx *ctx, const struct field *f, const void *record);
/* The kind's fields with type, label, limits and choices, in the reader's language. */
void kind_json(struct ctx *ctx, struct buf *out, const struct kind *k);
/* JSON Schema (2020-12) of what may be sent (writing) or is answered. */
void kind_schema(struct ctx *ctx, struct buf *out, const struct kind *k, bool writing);

#endif
