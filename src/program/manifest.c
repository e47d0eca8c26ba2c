/* Reads what manifest_of in backup.c writes. */
#include "program/manifest.h"

#include <cJSON.h>
#include <math.h>

#define WHOLE_MOST 9007199254740992.0 /* 2^53: larger numbers are not exact */

static bool whole(const cJSON *v, int64_t *to)
{
    double d = cJSON_IsNumber(v) ? v->valuedouble : -1;
    if (!(d >= 0 && d <= WHOLE_MOST) || d > floor(d))
        return false;
    *to = (int64_t)d;
    return true;
}

static bool text_of(struct ctx *ctx, const cJSON *v, const char **to)
{
    if (!cJSON_IsString(v))
        return false;
    *to = arena_copy(ctx->arena, v->valuestring);
    return true;
}

static bool counts_of(struct ctx *ctx, const cJSON *records, struct manifest *m)
{
    struct manifest_count *list = NULL;
    for (const cJSON *v = records ? records->child : NULL; v; v = v->next) {
        int64_t n;
        if (!v->string || !whole(v, &n))
            return false;
        *ARENA_NEXT(ctx->arena, list,
                    m->count) = (struct manifest_count){arena_copy(ctx->arena, v->string), n};
    }
    m->counts = list;
    return true;
}

bool manifest_read(struct ctx *ctx, const char *text, struct manifest *m)
{
    cJSON *all = text ? cJSON_Parse(text) : NULL;
    const cJSON *database = cJSON_GetObjectItemCaseSensitive(all, "database"),
                *journal = cJSON_GetObjectItemCaseSensitive(all, "journal");
    *m = (struct manifest){.count = 0};
    bool good = text_of(ctx, cJSON_GetObjectItemCaseSensitive(database, "sha256"), &m->database) &&
                text_of(ctx, cJSON_GetObjectItemCaseSensitive(journal, "hash"), &m->head) &&
                whole(cJSON_GetObjectItemCaseSensitive(journal, "newest"), &m->newest) &&
                counts_of(ctx, cJSON_GetObjectItemCaseSensitive(all, "records"), m);
    cJSON_Delete(all);
    return good;
}
