/*
 * Audit log entries in words: what an entry changed, field by field.
 *
 * Readers see the values of kinds that their role may read; of others, only
 * which fields changed. Encrypted values are never shown, only that they
 * changed. Memory is the context's arena.
 */
#include "pages/register_pages.h"

#include "core/module.h"
#include "core/settings.h"
#include "core/workflow.h"
#include "base/text.h"
#include "base/when.h"

#include <cJSON.h>
#include <string.h>

/* ---- words ---- */

/* What core, the pages and the program itself write, about records of any kind. */
static const struct choice common[] = {
    {"create", N_("created")},
    {"update", N_("changed")},
    {"change", N_("changed")},
    {"edit", N_("changed")},
    {"import", N_("imported")},
    {"remove", N_("deleted")},
    {"reseal", N_("re-encrypted")},
    {"reveal", N_("revealed")},
    {"verify", N_("audit log verified")},
    {"recompute", N_("deadlines recalculated")},
    {"photo", N_("photo added")},
    {"photo-removed", N_("photo removed")},
    {"export", N_("exported")},
    {"download", N_("downloaded")},
    {"read", N_("read via API")},
    {"revoke", N_("revoked")},
    {"calendar", N_("calendar address changed")},
    {"told", N_("notified manually")},
    {"send-again", N_("resent")},
    {NULL, NULL},
};

static const char *word_of(struct ctx *ctx, const struct choice *list, const char *code)
{
    for (const struct choice *c = list; c && c->code; c++)
        if (!strcmp(c->code, code))
            return tr(ctx, c->label);
    return NULL;
}

/* The word that a kind has for it: what an entry of no kind, or of a kind that is gone, means. */
static const char *word_of_any(struct ctx *ctx, const char *action)
{
    const char *word = NULL;
    for (const struct kind *const *k = modules_kinds(); *k && !word; k++)
        word = word_of(ctx, (*k)->actions, action);
    return word;
}

const char *history_action(struct ctx *ctx, const char *kind, const char *action)
{
    const struct kind *k = kind_find(kind);
    const char *event = k && k->action ? k->action(ctx, action) : action;
    if (event != action)
        return event;
    const char *word = k ? word_of(ctx, k->actions, action) : NULL;
    if (!word)
        word = word_of(ctx, common, action);
    const struct workflow *w = word ? NULL : workflow_of(k);
    const struct step *s = w ? workflow_step(w, action) : NULL;
    if (!word)
        word = s ? tr(ctx, s->label) : word_of_any(ctx, action);
    return word ? word : action;
}

const char *history_via(struct ctx *ctx, const char *via)
{
    static const struct choice ways[] = {{"web", N_("web")},       {"api", N_("API")},
                                         {"import", N_("import")}, {"command", N_("command line")},
                                         {"job", N_("automatic")}, {NULL, NULL}};
    for (const struct choice *c = ways; c->code; c++)
        if (!strcmp(c->code, via))
            return tr(ctx, c->label);
    return via;
}

/* ---- the difference ---- */

struct difference {
    const char *label, *before,
        *after; /* both NULL: only that it changed; one NULL: it was or became empty */
    bool hidden;
};

/* Entries that are not of a record's fields: counts, files, what several capabilities write. */
static const struct choice keys[] = {
    {"entries", N_("Number of entries")},
    {"moved", N_("Deadlines changed")},
    {"first_bad", N_("First entry that fails the check")},
    {"name", N_("Name")},
    {"rows", N_("Rows")},
    {"list", N_("Which list")},
    {"reason", N_("Reason for access")},
    {"why", N_("Why")},
    {"from", N_("From")},
    {"to", N_("Until")},
    {"size", N_("Size in bytes")},
    {"attachment", N_("File no.")},
    {"photo", N_("Photo no.")},
    {"notice", N_("Notification no.")},
    {"file", N_("File")},
    {"type", N_("File type")},
    {NULL, NULL},
};

static const struct field *key_in(const struct field *list, const char *key)
{
    for (const struct field *f = list; f && f->name; f++)
        if (!strcmp(f->name, key))
            return f;
    return NULL;
}

/* The field that a module describes it by; NULL: none does. */
static const struct field *key_field(const char *key)
{
    const struct field *f = NULL;
    for (int m = 0; modules[m] && !f; m++)
        f = key_in(modules[m]->logged, key);
    for (int m = 0; modules[m] && !f; m++)
        f = key_in(modules[m]->settings, key);
    return f;
}

const char *history_label(struct ctx *ctx, const char *key)
{
    const char *word = word_of(ctx, keys, key);
    const struct field *f = word ? NULL : key_field(key);
    return word ? word : f ? tr(ctx, f->label) : key;
}

static const char *loose_value(struct ctx *ctx, const struct field *f, const cJSON *v)
{
    if (!v || cJSON_IsNull(v))
        return NULL;
    if (cJSON_IsBool(v))
        return cJSON_IsTrue(v) ? say(ctx, "yes") : say(ctx, "no");
    if (cJSON_IsNumber(v)) {
        struct setting_value ref = {.number = (int64_t)v->valuedouble};
        const char *name = f && f->type == F_REF ? field_show(ctx, f, &ref) : "";
        return *name ? name : arena_print(ctx->arena, "%.15g", v->valuedouble);
    }
    if (!cJSON_IsString(v))
        return NULL;
    struct setting_value text = {.text = arena_copy(ctx->arena, v->valuestring)};
    return f && f->shown ? f->shown(ctx, &text) : text.text;
}

#define DIFFERENCES_MOST 120

/* notes: the reader may read what was written about the record. */
static int loose_differences(struct ctx *ctx, const char *before, const char *after,
                             struct difference *list, bool notes)
{
    int n = 0;
    cJSON *was = before ? cJSON_Parse(before) : NULL, *is = after ? cJSON_Parse(after) : NULL;
    const cJSON *each, *either = is ? is : was;
    cJSON_ArrayForEach(each, either)
    {
        if (n == DIFFERENCES_MOST || !each->string)
            break;
        const cJSON *other = is && was ? cJSON_GetObjectItemCaseSensitive(was, each->string) : NULL;
        const struct field *f = key_field(each->string);
        struct difference d = {.label = arena_copy(ctx->arena, history_label(ctx, each->string)),
                               .before = loose_value(ctx, f, is ? other : each),
                               .after = is ? loose_value(ctx, f, each) : NULL};
        d.hidden = !notes && f && f->type == F_LONG;
        if (d.before || d.after)
            list[n++] = d;
    }
    cJSON_Delete(was);
    cJSON_Delete(is);
    return n;
}

static const char *shown(struct ctx *ctx, const struct field *f, const void *record, bool given)
{
    return given && !field_missing(f, record) ? field_show(ctx, f, record) : NULL;
}

/* The fields that an entry speaks of, in the order of the description. */
static int differences(struct ctx *ctx, const char *kind, const char *before, const char *after,
                       struct difference *list)
{
    const struct kind *k = kind_find(kind);
    if (!k || !k->fields)
        return loose_differences(ctx, before, after, list, true);
    void *was = record_new(ctx, k), *is = record_new(ctx, k);
    bool *in_was = ARENA_ARRAY(ctx->arena, bool, k->field_count),
         *in_is = ARENA_ARRAY(ctx->arena, bool, k->field_count);
    record_past(ctx, k, before, was, in_was);
    record_past(ctx, k, after, is, in_is);
    bool may = (k->read & ctx->actor.roles) != 0;
    int n = 0;
    for (int i = 0; i < k->field_count && n < DIFFERENCES_MOST; i++) {
        const struct field *f = &k->fields[i];
        if ((!in_was[i] && !in_is[i]) || (f->flags & (INNER | FIXED)) == (INNER | FIXED))
            continue;
        bool hide = !may || (f->flags & (SEALED | INNER)) ||
                    (f->flags & (HIDDEN | BESIDE)) == HIDDEN;
        struct difference d = {.label = tr(ctx, f->label), .hidden = hide};
        if (!hide) {
            d.before = shown(ctx, f, was, in_was[i]);
            d.after = shown(ctx, f, is, in_is[i]);
            if (!d.before && !d.after)
                continue;
        }
        list[n++] = d;
    }
    return n ? n : loose_differences(ctx, before, after, list, may);
}

#define SHOWN_OPEN 4
#define VALUE_MOST 300 /* characters of a long text that a difference shows */

static const char *cut(struct ctx *ctx, const char *s)
{
    return s ? text_cut(ctx->arena, s, VALUE_MOST) : NULL;
}

void history_changes(struct ctx *ctx, const char *kind, const char *before, const char *after)
{
    struct difference *list = ARENA_ARRAY(ctx->arena, struct difference, DIFFERENCES_MOST);
    struct buf *out = ctx->web->out;
    int n = before || after ? differences(ctx, kind, before, after, list) : 0;
    if (n == 0)
        return;
    bool many = n > SHOWN_OPEN && !(before && after); /* what a new entry began with: on demand */
    if (many)
        html(out, "<details><summary>{}</summary>", say_n(ctx, n, "1 field", "{} fields", n));
    buf_puts(out, "<dl class=\"changes\">");
    for (int i = 0; i < n; i++) {
        const struct difference *d = &list[i];
        html(out, "<div><dt>{}</dt><dd>", d->label);
        if (d->hidden)
            html(out, "<span class=\"soft\">{}</span>", say(ctx, "changed (not shown)"));
        else if (before && after)
            html(out, "<del>{}</del> → <ins>{}</ins>",
                 d->before ? cut(ctx, d->before) : say(ctx, "empty"),
                 d->after ? cut(ctx, d->after) : say(ctx, "empty"));
        else
            html(out, "{}", cut(ctx, d->before ? d->before : d->after));
        buf_puts(out, "</dd></div>");
    }
    html(out, "</dl>{}", (struct markup){many ? "</details>" : ""});
}

const char *history_changes_text(struct ctx *ctx, const char *kind, const char *before,
                                 const char *after)
{
    struct difference *list = ARENA_ARRAY(ctx->arena, struct difference, DIFFERENCES_MOST);
    int n = before || after ? differences(ctx, kind, before, after, list) : 0;
    struct buf b;
    buf_init(&b, 0);
    for (int i = 0; i < n; i++) {
        const struct difference *d = &list[i];
        if (i)
            buf_puts(&b, "; ");
        if (d->hidden)
            plain(&b, "{}: {}", d->label, say(ctx, "changed (not shown)"));
        else if (before && after)
            plain(&b, "{}: {} → {}", d->label, d->before ? cut(ctx, d->before) : say(ctx, "empty"),
                  d->after ? cut(ctx, d->after) : say(ctx, "empty"));
        else
            plain(&b, "{}: {}", d->label, cut(ctx, d->before ? d->before : d->after));
    }
    const char *text = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return text;
}

/* ---- a record's history ---- */

#define HISTORY_MOST 50

static const char *action_icon(const char *action)
{
    static const char *const icons[][2] = {{"create", "plus"},
                                           {"import", "file-import"},
                                           {"remove", "trash"},
                                           {"reveal", "eye"},
                                           {"grant", "user-plus"},
                                           {"revoke", "x"},
                                           {"password", "key"},
                                           {"sign_in", "login"},
                                           {"sign_out", "logout"},
                                           {"sign_in_refused", "lock"},
                                           {NULL, NULL}};
    for (int i = 0; icons[i][0]; i++)
        if (!strcmp(icons[i][0], action))
            return icons[i][1];
    return "pencil";
}

const char *history_who(struct ctx *ctx, const char *name)
{
    return name && strcmp(name, "command") != 0 ? name : say(ctx, "the system");
}

void history_draw(struct ctx *ctx, const struct kind *k, int64_t id)
{
    struct buf *out = ctx->web->out;
    struct rows *r = query(ctx->db,
                           "SELECT at_ms, actor_name, via, action, before, after FROM journal "
                           "WHERE kind = {} AND record = {}"
                           " ORDER BY seq DESC LIMIT {}",
                           k->name, id, HISTORY_MOST + 1);
    html(out, "<section><h2>{}</h2><ol class=\"timeline\">", say(ctx, "Change history"));
    int n = 0;
    for (; n < HISTORY_MOST && rows_next(r); n++) {
        const char *action = row_copy(r, ctx->arena, "action");
        html(out, "<li>{}<div><p><b>{}</b></p><p class=\"by\">{} · {} · {}</p>",
             icon(ctx, action_icon(action)), history_action(ctx, k->name, action),
             when_show(ctx->arena, ctx->lang, row_int(r, "at_ms") / 1000),
             history_who(ctx, row_text(r, "actor_name")), history_via(ctx, row_text(r, "via")));
        history_changes(ctx, k->name, row_copy(r, ctx->arena, "before"),
                        row_copy(r, ctx->arena, "after"));
        buf_puts(out, "</div></li>");
    }
    rows_end(r);
    buf_puts(out, "</ol>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "No changes recorded yet."));
    if (n == HISTORY_MOST && (ctx->actor.roles & (ROLE_ADMIN | ROLE_AUDITOR | ROLE_OFFICE)))
        html(out, "<p><a href=\"/journal?kind={}&amp;record={}\">{}</a></p>", k->name, id,
             say(ctx, "Earlier entries"));
    buf_puts(out, "</section>");
}
