/*
 * The journal in words: what an entry did, field by field, for people.
 *
 * A reader sees the values of the kinds that the reader's role may read; of
 * others only which fields changed. Sealed fields are never shown, only that
 * they changed. Memory is the context's arena.
 */
#include "app/register_pages.h"

#include "app/deadlines.h"
#include "app/requests.h"
#include "base/text.h"
#include "base/when.h"

#include <cJSON.h>
#include <string.h>

/* ---- words ---- */

static const struct choice actions[] = {
    {"create", N_("entered")},
    {"update", N_("changed")},
    {"change", N_("changed")},
    {"import", N_("imported")},
    {"remove", N_("removed")},
    {"reveal", N_("shown in the clear")},
    {"sign_in", N_("signed in")},
    {"sign_out", N_("signed out")},
    {"sign_in_refused", N_("wrong password")},
    {"password", N_("new password")},
    {"activate", N_("may sign in again")},
    {"deactivate", N_("may no longer sign in")},
    {"unlock", N_("unlocked")},
    {"grant", N_("role given")},
    {"revoke", N_("taken away")},
    {"verify", N_("journal checked")},
    {"recompute", N_("deadlines recomputed")},
    {"file", N_("received")},
    {"edit", N_("changed")},
    {"add", N_("added to it")},
    {"join", N_("entered and taken in")},
    {"apply", N_("applied")},
    {"confirm", N_("taken on")},
    {"consent", N_("consent noted")},
    {"card", N_("card given out")},
    {"move", N_("moved to another team")},
    {"leave", N_("has left it")},
    {"mark", N_("came or went")},
    {"compute", N_("hours counted")},
    {"correct", N_("corrected by hand")},
    {"dispute", N_("objected to")},
    {"decide", N_("hours decided")},
    {"count", N_("visitors counted")},
    {"held", N_("noted as held")},
    {"cancel", N_("called off")},
    {"written", N_("written down")},
    {"template", N_("kept as a template")},
    {"remind", N_("reminded of it")},
    {"sign_up", N_("signed up for it")},
    {"move_up", N_("moved up from the waiting list")},
    {"issue", N_("issued it")},
    {"supersede", N_("replaced by a later one")},
    {"ask", N_("asked a volunteer")},
    {"accept", N_("accepted it")},
    {"withdraw", N_("taken back")},
    {"widen", N_("asked more widely")},
    {"to_leader", N_("given to the leader")},
    {"done", N_("done and noted")},
    {"attach", N_("file added")},
    {"photo", N_("picture added")},
    {"photo-removed", N_("picture removed")},
    {"note", N_("note written")},
    {"upload", N_("sheet uploaded")},
    {"trial", N_("tried without storing")},
    {"start", N_("import begun")},
    {"export", N_("taken out as a file")},
    {"download", N_("downloaded")},
    {"read", N_("read by a program")},
    {"told", N_("told by hand")},
    {"send-again", N_("sent again")},
    {"language", N_("language chosen")},
    {"join-answer", N_("answered by who joined")},
    {"agree", N_("enough have accepted")},
    {"yes", N_("accepted it")},
    {"no", N_("declined it")},
    {"late", N_("others were quicker")},
    {"over", N_("no longer needed")},
    {"checked", N_("tried without storing")},
    {"failed", N_("broken off")},
    {"cancelled", N_("called off")},
    {NULL, NULL},
};

const char *history_action(struct ctx *ctx, const char *kind, const char *action)
{
    const char *event = !strcmp(kind, "requests") ? request_event_label(ctx, action) : action;
    if (event != action)
        return event;
    for (const struct choice *c = actions; c->code; c++)
        if (!strcmp(c->code, action))
            return tr(ctx, c->label);
    return action;
}

const char *history_via(struct ctx *ctx, const char *via)
{
    static const struct choice ways[] = {{"web", N_("in the browser")},          {"api", N_("by a program")}, {"import", N_("by import")},
                                         {"command", N_("on the command line")}, {"job", N_("by itself")},    {NULL, NULL}};
    for (const struct choice *c = ways; c->code; c++)
        if (!strcmp(c->code, via))
            return tr(ctx, c->label);
    return via;
}

/* ---- the difference ---- */

struct difference {
    const char *label, *before, *after; /* both NULL: only that it changed; one NULL: it was or became empty */
    bool hidden;
};

/* Entries that are not of a record's fields: a grant, a setting, counts. */
const char *history_label(struct ctx *ctx, const char *key)
{
    static const struct choice known[] = {{"role", N_("Role")},
                                          {"area", N_("Area")},
                                          {"unit", N_("Unit")},
                                          {"entries", N_("Entries")},
                                          {"moved", N_("Deadlines moved")},
                                          {"first_bad", N_("First entry that does not fit")},
                                          {"name", N_("Name")},
                                          {"deadline.urgent", N_("Deadline, urgent")},
                                          {"deadline.ordinary", N_("Deadline, ordinary")},
                                          {"deadline.complex", N_("Deadline, complex")},
                                          {"offers.automatic", N_("Offered on arrival")},
                                          {"rows", N_("Rows")},
                                          {"list", N_("Which list")},
                                          {"note", N_("Internal note")},
                                          {"reason", N_("What for")},
                                          {"why", N_("Why")},
                                          {"system", N_("Volunteer system")},
                                          {"from", N_("From")},
                                          {"to", N_("Until")},
                                          {"size", N_("Size in bytes")},
                                          {"attachment", N_("File no.")},
                                          {"photo", N_("Picture no.")},
                                          {"joiner", N_("No. of who joined")},
                                          {"notice", N_("Notice no.")},
                                          {"solved", N_("Solved?")},
                                          {"file", N_("File")},
                                          {"type", N_("Type of file")},
                                          {"organisation", N_("Team")},
                                          {"certificates", N_("Certificates")},
                                          {"seal", N_("Seal")},
                                          {NULL, NULL}};
    for (const struct choice *c = known; c->code; c++)
        if (!strcmp(c->code, key))
            return tr(ctx, c->label);
    for (int m = 0; modules[m]; m++)
        for (const struct field *f = modules[m]->settings; f && f->name; f++)
            if (!strcmp(f->name, key))
                return tr(ctx, f->label);
    return key;
}

static const char *name_of(struct ctx *ctx, const char *table, int64_t id)
{
    struct rows *r = query(ctx->db, "SELECT name, name_en FROM {} WHERE id = {}", (struct sql_name){table}, id);
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en"))) : NULL;
    rows_end(r);
    return name ? name : arena_print(ctx->arena, "%lld", (long long)id);
}

static const char *loose_value(struct ctx *ctx, const cJSON *v)
{
    if (!v || cJSON_IsNull(v))
        return NULL;
    if (cJSON_IsBool(v))
        return cJSON_IsTrue(v) ? say(ctx, "yes") : say(ctx, "no");
    if (cJSON_IsNumber(v) && (!strcmp(v->string, "area") || !strcmp(v->string, "unit")))
        return name_of(ctx, v->string[0] == 'a' ? "areas" : "units", (int64_t)v->valuedouble);
    if (cJSON_IsNumber(v))
        return arena_print(ctx->arena, "%.15g", v->valuedouble);
    if (!cJSON_IsString(v))
        return NULL;
    int64_t count;
    const char *unit;
    if (!strncmp(v->string, "deadline.", 9) && deadline_read(ctx, v->valuestring, &count, &unit))
        return deadline_text(ctx, count, unit);
    unsigned role = !strcmp(v->string, "role") ? role_parse(v->valuestring) : 0;
    return role ? role_title(ctx, (enum role)role) : arena_copy(ctx->arena, v->valuestring);
}

#define DIFFERENCES_MOST 120

/* notes: the reader may read what was written about the record. */
static int loose_differences(struct ctx *ctx, const char *before, const char *after, struct difference *list, bool notes)
{
    int n = 0;
    cJSON *was = before ? cJSON_Parse(before) : NULL, *is = after ? cJSON_Parse(after) : NULL;
    const cJSON *each, *either = is ? is : was;
    cJSON_ArrayForEach(each, either)
    {
        if (n == DIFFERENCES_MOST || !each->string)
            break;
        const cJSON *other = is && was ? cJSON_GetObjectItemCaseSensitive(was, each->string) : NULL;
        struct difference d = {.label = arena_copy(ctx->arena, history_label(ctx, each->string)),
                               .before = loose_value(ctx, is ? other : each),
                               .after = is ? loose_value(ctx, each) : NULL};
        d.hidden = !notes && !strcmp(each->string, "note");
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
static int differences(struct ctx *ctx, const char *kind, const char *before, const char *after, struct difference *list)
{
    const struct kind *k = kind_find(kind);
    if (!k || !k->fields)
        return loose_differences(ctx, before, after, list, true);
    void *was = record_new(ctx, k), *is = record_new(ctx, k);
    bool *in_was = ARENA_ARRAY(ctx->arena, bool, k->field_count), *in_is = ARENA_ARRAY(ctx->arena, bool, k->field_count);
    record_past(ctx, k, before, was, in_was);
    record_past(ctx, k, after, is, in_is);
    bool may = (k->read & ctx->actor.roles) != 0;
    int n = 0;
    for (int i = 0; i < k->field_count && n < DIFFERENCES_MOST; i++) {
        const struct field *f = &k->fields[i];
        if ((!in_was[i] && !in_is[i]) || (f->flags & (INNER | FIXED)) == (INNER | FIXED))
            continue;
        bool hide = !may || (f->flags & (SEALED | INNER | HIDDEN));
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
            html(out, "<span class=\"soft\">{}</span>", say(ctx, "changed; not shown"));
        else if (before && after)
            html(out, "<del>{}</del> → <ins>{}</ins>", d->before ? cut(ctx, d->before) : say(ctx, "empty"),
                 d->after ? cut(ctx, d->after) : say(ctx, "empty"));
        else
            html(out, "{}", cut(ctx, d->before ? d->before : d->after));
        buf_puts(out, "</dd></div>");
    }
    html(out, "</dl>{}", (struct markup){many ? "</details>" : ""});
}

const char *history_changes_text(struct ctx *ctx, const char *kind, const char *before, const char *after)
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
            plain(&b, "{}: {}", d->label, say(ctx, "changed; not shown"));
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
    static const char *const icons[][2] = {
        {"create", "plus"}, {"import", "file-import"}, {"remove", "trash"},  {"reveal", "eye"},      {"grant", "user-plus"},
        {"revoke", "x"},    {"password", "key"},       {"sign_in", "login"}, {"sign_out", "logout"}, {"sign_in_refused", "lock"},
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
                           "SELECT at_ms, actor_name, via, action, before, after FROM journal WHERE kind = {} AND record = {}"
                           " ORDER BY seq DESC LIMIT {}",
                           k->name, id, HISTORY_MOST + 1);
    html(out, "<section><h2>{}</h2><ol class=\"timeline\">", say(ctx, "What was changed"));
    int n = 0;
    for (; n < HISTORY_MOST && rows_next(r); n++) {
        const char *action = row_copy(r, ctx->arena, "action");
        html(out, "<li>{}<div><p><b>{}</b></p><p class=\"by\">{} · {} · {}</p>", icon(ctx, action_icon(action)),
             history_action(ctx, k->name, action), when_show(ctx->arena, ctx->lang, row_int(r, "at_ms") / 1000),
             history_who(ctx, row_text(r, "actor_name")), history_via(ctx, row_text(r, "via")));
        history_changes(ctx, k->name, row_copy(r, ctx->arena, "before"), row_copy(r, ctx->arena, "after"));
        buf_puts(out, "</div></li>");
    }
    rows_end(r);
    buf_puts(out, "</ol>");
    if (n == 0)
        html(out, "<p class=\"soft\">{}</p>", say(ctx, "Nothing has been journalled about it yet."));
    if (n == HISTORY_MOST && (ctx->actor.roles & (ROLE_ADMIN | ROLE_AUDITOR | ROLE_OFFICE)))
        html(out, "<p><a href=\"/journal?kind={}&amp;record={}\">{}</a></p>", k->name, id, say(ctx, "Earlier entries"));
    buf_puts(out, "</section>");
}
