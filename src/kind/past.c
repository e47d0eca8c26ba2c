/*
 * Reads a record's earlier state from an audit log entry, by the kind's
 * description. Values live in the context's arena.
 */
#include "kind/kind.h"

#include "base/seal.h"

#include <cJSON.h>
#include <math.h>
#include <string.h>

static void put(struct ctx *ctx, const struct field *f, void *record, const cJSON *v)
{
    void *slot = (char *)record + f->offset;
    if (f->type == F_REAL) {
        *(double *)slot = cJSON_IsNumber(v) ? v->valuedouble : NAN;
    } else if (!field_is_text(f)) {
        *(int64_t *)slot = cJSON_IsNumber(v) ? (int64_t)v->valuedouble : NONE;
    } else {
        const char *text = cJSON_IsString(v) ? arena_copy(ctx->arena, v->valuestring) : NULL;
        if (text && (f->flags & SEALED) &&
            (!ctx->keys || seal_open(ctx->keys, ctx->arena, f->name, text, &text) != OK))
            text = NULL;
        *(const char **)slot = text;
    }
}

bool record_past(struct ctx *ctx, const struct kind *k, const char *text, void *record, bool *given)
{
    cJSON *whole = text ? cJSON_Parse(text) : NULL;
    for (int i = 0; i < k->field_count; i++) {
        const cJSON *v = whole ? cJSON_GetObjectItemCaseSensitive(whole, k->fields[i].name) : NULL;
        given[i] = v != NULL;
        if (v)
            put(ctx, &k->fields[i], record, v);
    }
    bool read = cJSON_IsObject(whole);
    cJSON_Delete(whole);
    return read;
}
