/*
 * JSON by a kind's description. cJSON parses, after the bytes have been checked
 * for what it would accept (NUL written as \u0000, depth); the typed writer
 * writes. Values in a body go to field_set as the text that a form would have
 * sent, so the API and the pages have the same limits and messages. Texts are
 * in the context's arena; the tree lives until json_free.
 */
#include "kind/json.h"

#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define EXACT_MOST 9007199254740992.0 /* 2^53: up to here a double holds every whole number */

/* ---- reading ---- */

/* Returns what is wrong with the bytes (levels, NUL escapes, control characters
 * in texts); NULL if nothing is. */
static const char *bytes_wrong(struct ctx *ctx, const char *s, size_t n)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)
            s[i]; /* NOLINT(clang-analyzer-core.NullDereference): no text has no bytes */
        if (quoted) {
            if (c == '\\' && i + 1 < n) {
                if (s[i + 1] == 'u' && n - i >= 6 && !memcmp(s + i + 2, "0000", 4))
                    return say(ctx, "The character U+0000 is not allowed.");
                i++;
            } else if (c < 0x20) {
                return say(ctx, "Control characters in text must be written as \\n"
                                ", \\t or \\u….");
            } else if (c == '"') {
                quoted = false;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH)
                return say(ctx, "No more than {} levels of nesting are allowed.", JSON_DEPTH);
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return NULL;
}

static const char *tree_wrong(struct ctx *ctx, const cJSON *node)
{
    if (cJSON_IsNumber(node) && !isfinite(node->valuedouble))
        return say(ctx, "{}: the number is out of range.", node->string);
    if (cJSON_IsString(node) && !text_valid(node->valuestring, strlen(node->valuestring)))
        return say(ctx, "The text is not valid UTF-8.");
    int count = 0;
    for (const cJSON *c = node->child; c; c = c->next) {
        if (cJSON_IsObject(node)) {
            if (++count > JSON_MEMBERS)
                return say(ctx, "No more than {} members are allowed per object.", JSON_MEMBERS);
            for (const cJSON *other = node->child; other != c; other = other->next)
                if (!strcmp(other->string, c->string))
                    return say(ctx, "“{}” appears twice.", arena_copy(ctx->arena, c->string));
        }
        const char *why = tree_wrong(ctx, c);
        if (why)
            return why;
    }
    return NULL;
}

cJSON *json_object(struct ctx *ctx, const char *body, size_t size)
{
    const char *why = body && size ? NULL : say(ctx, "Must be a JSON object.");
    if (!why)
        why = text_valid(body, size) ? bytes_wrong(ctx, body, size)
                                     : say(ctx, "The text is not valid UTF-8.");
    const char *end = NULL;
    cJSON *root = why ? NULL : cJSON_ParseWithLengthOpts(body, size, &end, false);
    if (!why && !root)
        why = say(ctx, "Invalid JSON: error at byte {}.", end ? (int64_t)(end - body) : (int64_t)0);
    if (!why && (size_t)(end - body) + strspn(end, " \t\r\n") < size)
        why = say(ctx, "Unexpected content after the end of the JSON.");
    if (!why && !cJSON_IsObject(root))
        why = say(ctx, "Must be a JSON object.");
    if (!why)
        why = tree_wrong(ctx, root);
    if (!why)
        return root;
    cJSON_Delete(root);
    ctx_problem(ctx, NULL, why);
    return NULL;
}

void json_free(cJSON *object)
{
    cJSON_Delete(object);
}

static const char *whole_text(struct ctx *ctx, double d)
{
    return d > -EXACT_MOST && d < EXACT_MOST && d == floor(d) ? arena_print(ctx->arena, "%.0f", d)
                                                              : NULL;
}

static const char *tags_text(struct ctx *ctx, const cJSON *list)
{
    struct buf b;
    buf_init(&b, 0);
    for (const cJSON *c = list->child; c; c = c->next) {
        if (!cJSON_IsString(c) || strpbrk(c->valuestring, ",|; ")) {
            buf_release(&b);
            return NULL;
        }
        plain(&b, "{},", c->valuestring);
    }
    const char *text = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return text;
}

/* Returns the value as typed text; *why says what is expected if the type is
 * wrong. */
static const char *typed_text(struct ctx *ctx, const struct field *f, const cJSON *v,
                              const char **why)
{
    const char *text = NULL;
    *why = NULL;
    switch (f->type) {
    case F_BOOL:
        if (cJSON_IsBool(v))
            return cJSON_IsTrue(v) ? "1" : "0";
        *why = say(ctx, "{}: must be true or false.", tr(ctx, f->label));
        return NULL;
    case F_INT:
        if (cJSON_IsNumber(v))
            text = whole_text(ctx, v->valuedouble);
        if (!text)
            *why = say(ctx, "{}: must be a whole number.", tr(ctx, f->label));
        return text;
    case F_REAL:
        if (cJSON_IsNumber(v))
            return arena_print(ctx->arena, "%.17g", v->valuedouble);
        *why = say(ctx, "{}: must be a number.", tr(ctx, f->label));
        return NULL;
    case F_REF:
        text = cJSON_IsNumber(v)   ? whole_text(ctx, v->valuedouble)
               : cJSON_IsString(v) ? v->valuestring
                                   : NULL;
        if (!text)
            *why = say(ctx, "{}: must be an ID (a number) or a code (text).", tr(ctx, f->label));
        return text;
    case F_TAGS:
        text = cJSON_IsArray(v) ? tags_text(ctx, v) : NULL;
        if (!text)
            *why = say(ctx, "{}: must be a list of codes.", tr(ctx, f->label));
        return text;
    default:
        if (cJSON_IsString(v))
            return v->valuestring;
        *why = say(ctx, "{}: must be text in quotes.", tr(ctx, f->label));
        return NULL;
    }
}

static bool is_own(const char *name)
{
    return !strcmp(name, "id") || !strcmp(name, "version") || !strcmp(name, "created") ||
           !strcmp(name, "updated");
}

static void set_field(struct ctx *ctx, const struct field *f, const cJSON *v, void *record)
{
    const char *why = NULL, *text = cJSON_IsNull(v) ? NULL : typed_text(ctx, f, v, &why);
    if (why)
        ctx_problem(ctx, f->name, why);
    else
        field_set(ctx, f, record, text ? arena_copy(ctx->arena, text) : NULL);
}

bool record_from_json(struct ctx *ctx, const struct kind *k, const cJSON *object, void *record)
{
    for (const cJSON *v = object->child; v; v = v->next) {
        const struct field *f = kind_field(k, v->string);
        const char *why = NULL;
        if (is_own(v->string) || (f && (f->flags & FIXED))) {
            why = say(ctx, "“{}” is set by the system and can’t be submitted.", v->string);
        } else if (!f || (f->flags & HIDDEN)) {
            why = say(ctx, "Unknown field “{}”.", v->string);
        } else {
            set_field(ctx, f, v, record);
        }
        if (why)
            ctx_problem(ctx, arena_copy(ctx->arena, v->string), why);
    }
    return ctx->problem_count == 0;
}

bool fields_from_json(struct ctx *ctx, const struct field *fields, const cJSON *object,
                      void *record)
{
    for (const cJSON *v = object->child; v; v = v->next) {
        const struct field *f = fields;
        while (f && f->name && strcmp(f->name, v->string) != 0)
            f++;
        if (f && f->name)
            set_field(ctx, f, v, record);
        else
            ctx_problem(ctx, arena_copy(ctx->arena, v->string),
                        say(ctx, "Unknown field “{}”.", v->string));
    }
    return ctx->problem_count == 0;
}

/* ---- writing ---- */

const char *field_masked(struct ctx *ctx, const struct field *f, const void *record)
{
    const char *s = field_text(f, record);
    if (!s || field_lost(f, record))
        return NULL;
    if (f->flags & NAMED)
        return mask_name(ctx->arena, s);
    return f->type == F_PHONE ? mask_phone(ctx->arena, s) : mask_id(ctx->arena, s);
}

static void tags_json(struct ctx *ctx, struct buf *out, const char *stored)
{
    buf_putc(out, '[');
    int n = 0;
    for (const char *at = stored, *code; (code = tags_next(ctx->arena, &at)) != NULL;) {
        if (n++)
            buf_putc(out, ',');
        json(out, "{}", code);
    }
    buf_putc(out, ']');
}

static void value_json(struct ctx *ctx, struct buf *out, const struct field *f, const void *record,
                       bool reveal)
{
    if (f->type == F_TAGS) {
        tags_json(ctx, out, field_text(f, record));
    } else if (field_is_text(f)) {
        json(out, "{}",
             field_lost(f, record)                      ? NULL
             : (f->flags & (SEALED | NAMED)) && !reveal ? field_masked(ctx, f, record)
                                                        : field_text(f, record));
    } else if (f->type == F_REAL) {
        json(out, "{}", *(const double *)(const void *)((const char *)record + f->offset));
    } else {
        int64_t v = field_int(f, record);
        if (f->type == F_TIME)
            json(out, "{}", when_iso(ctx->arena, v));
        else if (f->type == F_BOOL && v != NONE)
            json(out, "{}", v == 1);
        else
            json(out, "{}", (struct maybe){v});
    }
}

/* Names the fields that are null only because they can't be decrypted. */
static void lost_json(struct buf *out, const struct kind *k, const void *record)
{
    const char *gap = ",\"unreadable\":[";
    for (int i = 0; i < k->field_count; i++)
        if (!(k->fields[i].flags & HIDDEN) && field_lost(&k->fields[i], record)) {
            json(out, "{}{}", (struct raw_json){gap}, k->fields[i].name);
            gap = ",";
        }
    if (gap[1] == '\0')
        buf_putc(out, ']');
}

void record_json(struct ctx *ctx, struct buf *out, const struct kind *k, const void *record,
                 bool reveal)
{
    const struct record *rec = record;
    json(out, "{\"id\":{},\"version\":{},\"created\":{},\"updated\":{}", rec->id, rec->version,
         when_iso(ctx->arena, rec->created), when_iso(ctx->arena, rec->updated));
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (f->flags & HIDDEN)
            continue;
        json(out, ",{}:", f->name);
        value_json(ctx, out, f, record, reveal);
    }
    lost_json(out, k, record);
    buf_putc(out, '}');
}

/* ---- the description ---- */

static const char *const type_names[] = {"text",  "long_text", "code",    "choice",
                                         "phone", "integer",   "boolean", "time",
                                         "date",  "reference", "number",  "tags"};

static int64_t text_most(const struct field *f)
{
    return f->max ? f->max : f->type == F_LONG ? FIELD_LONG_MOST : FIELD_TEXT_MOST;
}

static void choices_json(struct ctx *ctx, struct buf *out, const struct field *f)
{
    buf_puts(out, ",\"choices\":[");
    for (const struct choice *c = f->choices; c && c->code; c++) {
        buf_puts(out, c == f->choices ? "" : ",");
        json(out, "{\"code\":{},\"label\":{}}", c->code, tr(ctx, c->label));
    }
    buf_putc(out, ']');
}

void kind_json(struct ctx *ctx, struct buf *out, const struct kind *k)
{
    json(
        out,
        "{\"name\":{},\"one\":{},\"many\":{},\"code\":{},\"href\":{},\"may_write\":{},\"fields\":[",
        k->name, tr(ctx, k->one), tr(ctx, k->many), k->code,
        arena_print(ctx->arena, "/api/v1/%s", k->name), kind_may_write(ctx, k));
    const char *gap = "";
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if (f->flags & HIDDEN)
            continue;
        buf_puts(out, gap);
        gap = ",";
        json(out,
             "{\"name\":{},\"type\":{},\"label\":{},\"required\":{},\"unique\":{},\"fixed\":{},"
             "\"sealed\":{},\"filter\":{}",
             f->name, type_names[f->type], tr(ctx, f->label), (bool)(f->flags & REQUIRED),
             (bool)(f->flags & UNIQUE), (bool)(f->flags & FIXED), (bool)(f->flags & SEALED),
             (bool)(f->flags & FILTER));
        if (f->choices)
            choices_json(ctx, out, f);
        if (f->ref)
            json(out, ",\"reference\":{}", f->ref);
        if (f->type == F_TEXT || f->type == F_LONG || f->type == F_CODE)
            json(out, ",\"least_characters\":{},\"most_characters\":{}", f->min, text_most(f));
        else if ((f->type == F_INT || f->type == F_REAL) && (f->min || f->max))
            json(out, ",\"least\":{},\"most\":{}", f->min, f->max);
        buf_putc(out, '}');
    }
    buf_puts(out, "]}");
}

static void field_schema(struct ctx *ctx, struct buf *out, const struct field *f, bool writing)
{
    static const char *const types[] = {"string", "string",  "string",  "string",
                                        "string", "integer", "boolean", "string",
                                        "string", "integer", "number",  "array"};
    bool both = writing && f->type == F_REF;
    if (both)
        buf_puts(out, "{\"type\":[\"integer\",\"string\",\"null\"]");
    else if (f->flags & REQUIRED)
        json(out, "{\"type\":{}", types[f->type]);
    else
        json(out, "{\"type\":[{},\"null\"]", types[f->type]);
    json(out, ",\"title\":{}", tr(ctx, f->label));
    if (f->type == F_TIME)
        buf_puts(out, ",\"format\":\"date-time\"");
    if (f->type == F_DATE)
        buf_puts(out, ",\"format\":\"date\"");
    if (f->type == F_TAGS)
        json(out, ",\"items\":{\"type\":\"string\"},\"maxItems\":{}",
             f->max ? f->max : FIELD_TAGS_MOST);
    if (f->type == F_CHOICE) {
        buf_puts(out, ",\"enum\":[");
        for (const struct choice *c = f->choices; c && c->code; c++) {
            buf_puts(out, c == f->choices ? "" : ",");
            json(out, "{}", c->code);
        }
        buf_puts(out, f->flags & REQUIRED ? "]" : ",null]");
    }
    if (f->type == F_TEXT || f->type == F_LONG || f->type == F_CODE)
        json(out, ",\"minLength\":{},\"maxLength\":{}", f->min, text_most(f));
    else if ((f->type == F_INT || f->type == F_REAL) && (f->min || f->max))
        json(out, ",\"minimum\":{},\"maximum\":{}", f->min, f->max);
    if (f->ref)
        json(out, ",\"description\":{}",
             arena_print(ctx->arena, both ? "id or code of a record of %s" : "id of a record of %s",
                         f->ref));
    else if ((f->flags & SEALED) && !writing)
        buf_puts(out, ",\"description\":\"masked unless the token's role may read it\"");
    if (f->flags & FIXED)
        buf_puts(out, ",\"readOnly\":true");
    buf_putc(out, '}');
}

void fields_schema(struct ctx *ctx, struct buf *out, const struct field *fields)
{
    const char *gap = "";
    buf_puts(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    for (const struct field *f = fields; f && f->name; f++) {
        json(out, "{}{}:", (struct raw_json){gap}, f->name);
        field_schema(ctx, out, f, true);
        gap = ",";
    }
    buf_putc(out, '}');
    gap = ",\"required\":[";
    bool any = false;
    for (const struct field *f = fields; f && f->name; f++)
        if (f->flags & REQUIRED) {
            json(out, "{}{}", (struct raw_json){gap}, f->name);
            gap = ",";
            any = true;
        }
    buf_puts(out, any ? "]}" : "}");
}

static bool kind_seals(const struct kind *k)
{
    for (int i = 0; i < k->field_count; i++)
        if ((k->fields[i].flags & (SEALED | HIDDEN)) == SEALED)
            return true;
    return false;
}

void kind_schema(struct ctx *ctx, struct buf *out, const struct kind *k, bool writing)
{
    buf_puts(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
    const char *gap = "";
    if (!writing) {
        buf_puts(out, "\"id\":{\"type\":\"integer\"},\"version\":{\"type\":\"integer\"},"
                      "\"created\":{\"type\":\"string\",\"format\":\"date-time\"},"
                      "\"updated\":{\"type\":\"string\",\"format\":\"date-time\"}");
        if (kind_seals(k))
            buf_puts(out, ",\"unreadable\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},"
                          "\"description\":\"encrypted fields that can't be opened\"}");
        gap = ",";
    }
    for (int i = 0; i < k->field_count; i++) {
        const struct field *f = &k->fields[i];
        if ((f->flags & HIDDEN) || (writing && (f->flags & FIXED)))
            continue;
        buf_puts(out, gap);
        gap = ",";
        json(out, "{}:", f->name);
        field_schema(ctx, out, f, writing);
    }
    buf_puts(out, "}}");
}
