/*
 * JSON made from a kind's description: records for the API and exports, and
 * the description itself (fields, JSON Schema).
 *
 * Input is strict JSON (RFC 8259) in UTF-8: one document, no duplicate keys,
 * at most JSON_DEPTH levels and JSON_MEMBERS keys in an object, no NUL (not
 * even \u0000), only numbers that a double represents exactly. Output has
 * times as ISO 8601 with offset, references as ids, and missing values as
 * null.
 */
#ifndef LINLI_KIND_JSON_H
#define LINLI_KIND_JSON_H

#include "kind/kind.h"

#define JSON_DEPTH   8
#define JSON_MEMBERS 200

struct cJSON;

/* Parses the object in a body; NULL with a problem in ctx. The caller frees it with json_free. */
struct cJSON *json_object(struct ctx *ctx, const char *body, size_t size);
void json_free(struct cJSON *object);
/* Sets the members of the object, as a merge patch (RFC 7396: null clears). Adds a problem for
 * each field that is unknown, fixed, of the wrong type or invalid, and then returns false. */
bool record_from_json(struct ctx *ctx, const struct kind *k, const struct cJSON *object,
                      void *record);
/* The same for fields without a kind, ended by a NULL name. */
bool fields_from_json(struct ctx *ctx, const struct field *fields, const struct cJSON *object,
                      void *record);
/* Encrypted fields are masked unless reveal. */
void record_json(struct ctx *ctx, struct buf *out, const struct kind *k, const void *record,
                 bool reveal);
/* 138****8000 and so on: an encrypted field for people who may not read it. NULL gives NULL. */
const char *field_masked(struct ctx *ctx, const struct field *f, const void *record);
/* The kind's fields with type, label, limits and choices, in the reader's language. */
void kind_json(struct ctx *ctx, struct buf *out, const struct kind *k);
/* JSON Schema (2020-12) of the input (writing) or output. */
void kind_schema(struct ctx *ctx, struct buf *out, const struct kind *k, bool writing);
/* The same for the input of fields without a kind, ended by a NULL name. */
void fields_schema(struct ctx *ctx, struct buf *out, const struct field *fields);

#endif
