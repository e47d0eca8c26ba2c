/*
 * The changes on a request's page: a step, an internal note, revealing name and
 * phone number, a file. Each is checked against the version that the sender
 * saw. Nothing typed is lost when a change is refused.
 */
#include "app/desk/request_page.h"

#include "app/registers/registers.h"
#include "core/attachments.h"
#include "base/text.h"
#include "db/journal.h"

#include <stdlib.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define FILES_MOST     20
#define FILE_NAME_MOST 100 /* characters, without the ending */
#define ENDING_MOST    6 /* bytes of what counts as an ending, with the dot: ".docx", not ".2026" */
#define FILE_BYTES     ((size_t)10 << 20)

/* ---- steps ---- */

/* On a reader: stores what the step's form sent in ctx->work. */
void step_prepare(struct ctx *ctx)
{
    const struct step *s = request_step(ctx->web->name);
    struct step_input *in = s ? steps_read(ctx, &request_workflow, s) : NULL;
    if (in)
        in->co_shown = param(ctx, "co_shown") != NULL;
    const struct field *into = s ? step_asks(s, "into") : NULL;
    if (in && into && in->into == NONE && !ctx_problem_of(ctx, "into")) /* one of the suggestions */
        field_set(ctx, into, in, param(ctx, "like"));
    ctx->work = in;
}

/* The message after a step: it names the result, not the button. */
static const char *step_result(struct ctx *ctx, const struct step *s, const struct step_input *in)
{
    static const struct choice results[] = {
        {"accept", N_("Accepted; now in progress.")},
        {"contact", N_("Contact logged.")},
        {"answer", N_("Reply saved.")},
        {"supplement", N_("Added to the reply.")},
        {"recall", N_("Dispatch undone; it can be dispatched again.")},
        {"take-back", N_("Taken back; it can be dispatched again.")},
        {"served", N_("Recorded as completed by volunteers.")},
        {"contact-other", N_("Contact logged.")},
        {"unreached", N_("Recorded: the resident could not be reached.")},
        {"close", N_("Request closed.")},
        {"report", N_("Report saved.")},
        {"extend", N_("Deadline extended.")},
        {"park", N_("Request put on hold.")},
        {"resume", N_("Request resumed.")},
        {"return", N_("Request returned.")},
        {"reopen", N_("Request reopened.")},
        {"merge", N_("Merged into the other request.")},
        {NULL, NULL},
    };
    if (!strcmp(s->action, "dispatch")) {
        struct names units = names_load(ctx, "units");
        return say(ctx, "Dispatched to {}.", names_find(&units, in->unit));
    }
    for (const struct choice *c = results; c->code; c++)
        if (!strcmp(c->code, s->action))
            return tr(ctx, c->label);
    return say(ctx, "Saved.");
}

void step_change(struct ctx *ctx)
{
    const struct request *before = record_load(ctx, &requests_kind, ctx->web->id);
    const struct step *s = request_step(ctx->web->name);
    if (!before || !s || s->roles == ROLE_PUBLIC) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Request or step not found."));
        return;
    }
    if (param_int(ctx, "version") != before->record.version) {
        ctx_fail(ctx, CONFLICT,
                 say(ctx, "Someone else has just changed this. Check the latest version before you "
                          "edit it."));
        return;
    }
    if (workflow_take(ctx, &request_workflow, s, before, ctx->work) != OK)
        return;
    flash(ctx, step_result(ctx, s, ctx->work));
    if (record_load(ctx, &requests_kind, before->record.id))
        see_other(ctx, "/requests/{}", before->record.id);
    else
        see_other(ctx, "/work"); /* returned: it no longer belongs to this unit */
}

void note_change(struct ctx *ctx)
{
    const char *note = param_lines(ctx, "note", 5000);
    if (ctx_ok(ctx) && request_note(ctx, ctx->web->record, note) == OK)
        see_other(ctx, "/requests/{}", ctx->web->id);
}

/* ---- name and telephone ---- */

void reveal_change(struct ctx *ctx)
{
    const struct request *r = ctx->web->record;
    const char *reason = text_tidy(ctx->arena, param(ctx, "reason") ? param(ctx, "reason") : "");
    if (!*reason || text_length(reason) > 100) {
        ctx_problem(ctx, "reason", say(ctx, "Enter why you need access."));
        return;
    }
    journal_note(ctx, requests_kind.name, r->record.id, "reveal", "{\"reason\":{}}", reason);
    request_event(ctx, r, r, "reveal", reason, false);
    see_other(ctx, "/requests/{}", r->record.id);
}

bool request_revealed(struct ctx *ctx, const struct request *r)
{
    if (ctx->actor.user == NONE)
        return false;
    int64_t at = query_int(ctx->db,
                           "SELECT max(at_ms) AS at FROM journal WHERE kind = 'requests' AND "
                           "record = {} AND action = 'reveal' AND actor = {}",
                           r->record.id, ctx->actor.user);
    return at != NONE && at / 1000 + REVEAL_SECONDS > ctx->now;
}

/* ---- files ---- */

struct attachment_list {
    struct attachment list[FILES_MOST];
    int count;
};

struct file_type {
    const char *ending, *type;
};

/* Detects the type by the first bytes, never by the name: PDF and the two families of Office
 * files. NULL: none of them. */
static const struct file_type *file_type(const struct upload *u)
{
    static const struct file_type
        pdf = {".pdf", "application/pdf"},
        zipped[] = {{".docx",
                     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
                    {".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
                    {".pptx",
                     "application/vnd.openxmlformats-officedocument.presentationml.presentation"}},
        old[] = {{".doc", "application/msword"},
                 {".xls", "application/vnd.ms-excel"},
                 {".ppt", "application/vnd.ms-powerpoint"}};
    const char *dot = strrchr(u->filename, '.');
    if (u->size > 5 && !memcmp(u->data, "%PDF-", 5))
        return &pdf;
    for (size_t i = 0; dot && i < 3; i++) {
        if (u->size > 4 && !memcmp(u->data, "PK\3\4", 4) && !strcasecmp(dot, zipped[i].ending))
            return &zipped[i];
        if (u->size > 8 && !memcmp(u->data, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8) &&
            !strcasecmp(dot, old[i].ending))
            return &old[i];
    }
    return NULL;
}

/* The name under which a file is kept: always with the ending of what it contains, so that a
 * device opens it, and doesn't run it. A long name is cut before it. */
static const char *file_name(struct ctx *ctx, const char *typed, const char *ending)
{
    const char *name = text_tidy(ctx->arena, typed), *dot = strrchr(name, '.');
    bool ends = dot && strlen(dot) <= ENDING_MOST && isalpha((unsigned char)dot[1]);
    const char *stem = ends ? arena_copyn(ctx->arena, name, (size_t)(dot - name)) : name;
    return arena_print(ctx->arena, "%s%s",
                       *stem ? text_cut(ctx->arena, stem, FILE_NAME_MOST) : say(ctx, "File"),
                       ending);
}

static void attach_one(struct ctx *ctx, struct attachment_list *l, const struct upload *u)
{
    const struct file_type *type = file_type(u);
    const char *name = text_cut(ctx->arena, text_tidy(ctx->arena, u->filename), FILE_NAME_MOST),
               *why = NULL;
    struct attachment *a = &l->list[l->count];
    struct photo p;
    if (u->size > FILE_BYTES && type) {
        ctx_problem(ctx, "file", say(ctx, "“{}” is larger than 10 MB.", name));
    } else if (type) {
        *a = (struct attachment){.name = file_name(ctx, u->filename, type->ending),
                                 .type = type->type,
                                 .data = {u->data, u->size}};
        l->count++;
    } else if (photo_make(ctx->arena, u->data, u->size, &p, &why)) {
        *a = (struct attachment){.name = file_name(ctx, u->filename, ".jpg"),
                                 .type = "image/jpeg",
                                 .data = {p.data, p.size},
                                 .small = {p.small, p.small_size}};
        l->count++;
    } else if (why != photo_no_picture) {
        ctx_problem(ctx, "file", say(ctx, "“{}”: {}", name, tr(ctx, why)));
    } else {
        ctx_problem(
            ctx, "file",
            say(ctx, "“{}” is not a photo or a PDF, Word, Excel or PowerPoint file.", name));
    }
}

/* Runs on a worker thread, because photos are re-encoded. */
void attach_prepare(struct ctx *ctx)
{
    struct attachment_list *l = ARENA_NEW(ctx->arena, struct attachment_list);
    int64_t there = attachment_count(ctx, &requests_kind, ctx->web->id);
    int sent = 0;
    for (int i = 0; i < ctx->web->upload_count; i++)
        sent += ctx->web->uploads[i].size > 0;
    if (sent == 0)
        ctx_problem(ctx, "file", say(ctx, "Choose a file first."));
    else if (there + sent > FILES_MOST)
        ctx_problem(
            ctx, "file",
            say(ctx, "A request can have up to {} files; this one has {}.", FILES_MOST, there));
    for (int i = 0; i < ctx->web->upload_count && ctx_ok(ctx); i++)
        if (ctx->web->uploads[i].size > 0)
            attach_one(ctx, l, &ctx->web->uploads[i]);
    ctx->work = l;
}

void attach_change(struct ctx *ctx)
{
    const struct attachment_list *l = ctx->work;
    const struct request *r = ctx->web->record;
    for (int i = 0; i < l->count; i++) {
        const struct attachment *a = &l->list[i];
        attachment_store(ctx, &requests_kind, r->record.id, a);
        journal_note(ctx, requests_kind.name, r->record.id, "attach",
                     "{\"file\":{},\"type\":{},\"size\":{}}", a->name, a->type,
                     (int64_t)a->data.size);
        request_event(ctx, r, r, "attach", a->name, false);
    }
    see_other(ctx, "/requests/{}", r->record.id);
}

void file_answer(struct ctx *ctx)
{
    attachment_answer(ctx, &requests_kind, ctx->web->id, attachment_id(ctx->web->name));
}
