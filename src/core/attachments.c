/*
 * Attachments in the database. A photo is served only as the JPEG that
 * picture.c made, any other file only as a download, both with nosniff, so
 * that a stranger's file never runs in a browser.
 *
 * A draft is encrypted with a key derived from its token, and the token is
 * only in the form that was sent back. Someone who can read the database can't
 * read drafts, and nobody can request another person's draft.
 */
#include "core/attachments.h"

#include "core/module.h"
#include "base/code.h"
#include "base/text.h"
#include "db/journal.h"
#include "web/web.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DRAFTS_MOST \
    ((int64_t)256 << 20) /* bytes of all drafts; beyond that none is kept, and the form says so */

/* ---- drafts ---- */

struct draft_names {
    unsigned char key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    char hash[65];
};

static void draft_names(const char *token, struct draft_names *n)
{
    unsigned char hash[32];
    crypto_generichash(n->key, sizeof n->key, (const unsigned char *)token, strlen(token),
                       (const unsigned char *)"photo draft's key", 17);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token, strlen(token),
                       (const unsigned char *)"photo draft's name", 18);
    sodium_bin2hex(n->hash, sizeof n->hash, hash, sizeof hash);
}

/* Layout of a draft: the nonce, then encrypted: the size of the large picture in four bytes,
 * the large one, the small one. */
#define NONCE ((size_t)crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
#define TAG   ((size_t)crypto_aead_xchacha20poly1305_ietf_ABYTES)

static struct bytes draft_seal(struct arena *a, const unsigned char *key, const struct photo *p)
{
    size_t plain = 4 + p->size + p->small_size;
    unsigned char *in = arena_alloc(a, plain), *out = arena_alloc(a, NONCE + plain + TAG);
    for (int i = 0; i < 4; i++)
        in[i] = (unsigned char)(p->size >> (8 * i));
    memcpy(in + 4, p->data, p->size);
    memcpy(in + 4 + p->size, p->small, p->small_size);
    randombytes_buf(out, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, in, plain, NULL, 0, NULL, out,
                                               key);
    return (struct bytes){out, NONCE + plain + TAG};
}

static bool draft_open(struct arena *a, const unsigned char *key, struct bytes sealed,
                       struct photo *p)
{
    if (sealed.size < NONCE + TAG + 4)
        return false;
    const unsigned char *in = sealed.data;
    size_t plain = sealed.size - NONCE - TAG;
    unsigned char *out = arena_alloc(a, plain);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, in + NONCE, sealed.size - NONCE,
                                                   NULL, 0, in, key) != 0)
        return false;
    size_t size = 0;
    for (int i = 0; i < 4; i++)
        size |= (size_t)out[i] << (8 * i);
    if (size > plain - 4)
        return false;
    *p = (struct photo){
        .data = out + 4, .size = size, .small = out + 4 + size, .small_size = plain - 4 - size};
    return true;
}

static bool draft_load(struct ctx *ctx, const char *token, struct photo *p)
{
    struct draft_names n;
    if (strlen(token) > 64)
        return false;
    draft_names(token, &n);
    struct rows *r = query(ctx->db,
                           "SELECT data FROM photo_drafts WHERE token_hash = {} AND expires > {}",
                           n.hash, ctx->now);
    bool ok = rows_next(r) && draft_open(ctx->arena, n.key, row_bytes(r, "data"), p);
    rows_end(r);
    if (ok)
        p->token = token;
    return ok;
}

struct kept { /* ctx->work of drafts_write */
    const struct photos *photos;
    const char *token[PHOTOS_MOST]; /* NULL: there was no room */
};

/* On the writer thread, so it may run twice: the photos get their tokens only after the commit. */
static void drafts_write(struct ctx *ctx)
{
    struct kept *k = ctx->work;
    const struct photos *p = k->photos;
    int64_t stored = query_int(ctx->db, "SELECT coalesce(sum(size), 0) AS n FROM photo_drafts");
    for (int i = 0; i < p->count; i++) {
        const struct photo *each = &p->list[i];
        k->token[i] = each->token;
        if (each->token || stored + (int64_t)each->size > DRAFTS_MOST)
            continue;
        const char *token = code_token(ctx->arena, 32);
        struct draft_names n;
        draft_names(token, &n);
        struct bytes sealed = draft_seal(ctx->arena, n.key, each);
        change(ctx->db,
               "INSERT INTO photo_drafts (token_hash, data, size, expires) VALUES ({}, {}, {}, {})",
               n.hash, sealed, (int64_t)sealed.size, ctx->now + PHOTOS_KEPT);
        stored += (int64_t)sealed.size;
        k->token[i] = token;
    }
}

void photos_keep(struct ctx *ctx, struct photos *p)
{
    struct ctx inner = *ctx; /* the form's own problems must not undo this */
    inner.status = OK;
    inner.problems = NULL;
    inner.problems_end = &inner.problems;
    struct kept kept = {.photos = p};
    inner.work = &kept;
    bool new = false;
    for (int i = 0; i < p->count; i++)
        new = new || !p->list[i].token;
    if (!new)
        return;
    bool done = writer_call(&inner, drafts_write) == OK;
    for (int i = 0; i < p->count; i++) /* NULL: the form asks to choose it again */
        p->list[i].token = done ? kept.token[i] : NULL;
}

/* ---- taking ---- */

#define MISSING_MOST 20  /* those named; more are refused together with the form */
#define MISSING_TEXT 300 /* characters of one */
static_assert(PHOTOS_MOST * PHOTO_BYTES + BODY_LIMIT <= UPLOAD_LIMIT,
              "as many photos as are allowed fit, each as large as is allowed");

static void note_missing(struct ctx *ctx, struct photos *p, const char *text)
{
    if (!p->missing)
        p->missing = ARENA_ARRAY(ctx->arena, const char *, MISSING_MOST);
    if (p->missing_count < MISSING_MOST)
        p->missing[p->missing_count++] = text_cut(ctx->arena, text, MISSING_TEXT);
    else
        ctx_problem(ctx, "photos", say(ctx, "Too many photos. You can add up to three."));
}

static void read_photo(struct ctx *ctx, struct photos *p, const struct upload *u)
{
    bool named = u->filename && *u->filename;
    const char *why = NULL;
    if (u->size == 0 && !named)
        return; /* none was chosen */
    const char *name = named ? text_tidy(ctx->arena, u->filename) : say(ctx, "Photo");
    if (u->size == 0)
        why = N_("The file is empty. Please choose the photo again.");
    else if (p->count == PHOTOS_MOST)
        why = N_("You can add up to three photos. The first three have been kept.");
    else if (photo_make(ctx->arena, u->data, u->size, &p->list[p->count], &why)) {
        p->count++;
        return;
    }
    note_missing(ctx, p, say(ctx, "“{}”: {}", name, tr(ctx, why)));
}

void photos_accept(struct ctx *ctx, struct photos *p)
{
    *p = (struct photos){.count = 0};
    for (int i = 0; i < ctx->web->form_count; i++) {
        const struct param *f = &ctx->web->form[i];
        if (!strcmp(f->name, "kept") && *f->value && p->count < PHOTOS_MOST &&
            draft_load(ctx, f->value, &p->list[p->count]))
            p->count++;
        else if (!strcmp(f->name, "photo_missing") && !text_blank(f->value))
            note_missing(ctx, p, text_tidy(ctx->arena, f->value));
    }
    for (int i = 0; i < ctx->web->upload_count; i++)
        if (!strcmp(ctx->web->uploads[i].field, "photos"))
            read_photo(ctx, p, &ctx->web->uploads[i]);
}

void photos_take(struct ctx *ctx, struct photos *p)
{
    photos_accept(ctx, p);
    for (int i = 0; i < p->missing_count; i++)
        ctx_problem(ctx, "photos", p->missing[i]);
    p->missing_count = 0;
}

const char *photos_missing(struct ctx *ctx, const struct photos *p)
{
    const char *all = NULL;
    for (int i = 0; i < p->missing_count; i++)
        all = all ? arena_print(ctx->arena, "%s\n%s", all, p->missing[i]) : p->missing[i];
    return all;
}

/* ---- drawing ---- */

static const char *data_url(struct ctx *ctx, const void *data, size_t size)
{
    static const char head[] = "data:image/jpeg;base64,";
    size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    char *text = arena_alloc(ctx->arena, sizeof head - 1 + room);
    memcpy(text, head, sizeof head - 1);
    sodium_bin2base64(text + sizeof head - 1, room, data, size, sodium_base64_VARIANT_ORIGINAL);
    return text;
}

void photos_hidden(struct ctx *ctx, const struct photos *p)
{
    for (int i = 0; p && i < p->count; i++)
        if (p->list[i].token)
            html(ctx->web->out, "<input type=\"hidden\" name=\"kept\" value=\"{}\">",
                 p->list[i].token);
    for (int i = 0; p && i < p->missing_count; i++)
        html(ctx->web->out, "<input type=\"hidden\" name=\"photo_missing\" value=\"{}\">",
             p->missing[i]);
}

void photos_field(struct ctx *ctx, const struct photos *p)
{
    struct buf *out = ctx->web->out;
    const char *problem = ctx_problem_of(ctx, "photos");
    bool lost = false;
    html(out,
         "<div class=\"field photos\" data-photos=\"{}\"><label for=\"f-photos\">{} "
         "<i>{}</i></label><p class=\"hint\" id=\"f-photos-h\">{}</p>",
         PHOTOS_MOST, say(ctx, "Photos"), say(ctx, "optional, up to three"),
         say(ctx, "Location data is removed from photos. Please avoid other people’s faces and "
                  "number plates."));
    for (int i = 0; p && i < p->count; i++) {
        const struct photo *each = &p->list[i];
        lost = lost || !each->token;
        if (each->token)
            html(out,
                 "{}<li><img src=\"{}\" alt=\"{}\"><label class=\"check\"><input type=\"checkbox\" "
                 "name=\"kept\" value=\"{}\" checked> {}</label></li>",
                 (struct markup){i == 0 ? "<ul class=\"kept\">" : ""},
                 data_url(ctx, each->small, each->small_size), say(ctx, "Photo {}", i + 1),
                 each->token, say(ctx, "Include"));
    }
    if (p && p->count && !lost)
        buf_puts(out, "</ul>");
    if (lost)
        html(out, "<p class=\"notice warn\">{}<span>{}</span></p>", icon(ctx, "photo"),
             say(ctx, "The photos could not be saved. Please choose them again."));
    for (int i = 0; p && i < p->missing_count; i++)
        html(out, "<p class=\"notice warn\">{}<span>{}</span></p>", icon(ctx, "photo"),
             p->missing[i]);
    html(out,
         "<input id=\"f-photos\" type=\"file\" name=\"photos\" accept=\"image/*\" multiple "
         "aria-describedby=\"f-photos-h{}\"{}>",
         (struct markup){problem ? " f-photos-p" : ""},
         (struct markup){problem ? " aria-invalid=\"true\"" : ""});
    if (problem)
        html(out, "<p class=\"problem\" id=\"f-photos-p\">{} {}</p>", icon(ctx, "alert-circle"),
             problem);
    buf_puts(out, "</div>");
}

void photos_show(struct ctx *ctx, const struct kind *k, int64_t record, const char *base,
                 unsigned flags)
{
    struct buf *out = ctx->web->out;
    int n = 0;
    struct rows *r = query(ctx->db,
                           "SELECT id, shown FROM attachments WHERE kind = {} AND record = {} AND "
                           "type = 'image/jpeg' AND (shown = 1 OR {} = 0) ORDER BY id",
                           k->name, record, flags & PHOTOS_SHOWN ? 1 : 0);
    while (rows_next(r)) {
        int64_t id = row_int(r, "id");
        n++;
        html(out,
             "{}<a href=\"{}/{}\"><img src=\"{}/{}?size=small\" alt=\"{}\" loading=\"lazy\" "
             "width=\"112\" height=\"112\"></a>",
             (struct markup){n == 1 ? "<p class=\"thumbs\">" : ""}, base, id, base, id,
             (flags & PHOTOS_MARKED) && row_int(r, "shown") != 1
                 ? say(ctx, "Photo {}, not visible to residents", n)
                 : say(ctx, "Photo {}", n));
    }
    if (n)
        buf_puts(out, "</p>");
}

int64_t attachment_id(const char *name)
{
    char *end;
    int64_t id = strtoll(name, &end, 10);
    return *name && !*end ? id : NONE;
}

void photos_answer(struct ctx *ctx, const struct kind *k, int64_t record, int64_t id,
                   unsigned flags, const char *kept)
{
    const char *size = query_param(ctx, "size");
    bool small = size && !strcmp(size, "small");
    struct rows *r = query(
        ctx->db,
        "SELECT CASE WHEN {} = 1 THEN coalesce(thumbnail, data) ELSE data END AS picture FROM "
        "attachments WHERE kind = {} AND record = {} AND (id = {} OR former = {}) AND type = "
        "'image/jpeg' AND (shown = 1 OR {} = 0)",
        small ? 1 : 0, k->name, record, id, id, flags & PHOTOS_SHOWN ? 1 : 0);
    if (!rows_next(r)) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Photo not found."));
        return;
    }
    struct bytes picture = row_bytes(r, "picture");
    buf_put(ctx->web->out, picture.data, picture.size);
    rows_end(r);
    answer_type(ctx, "image/jpeg");
    answer_header(ctx, "Content-Disposition", "inline");
    answer_header(ctx, "Content-Security-Policy", "default-src 'none'; sandbox");
    answer_header(ctx, "Cache-Control", kept);
}

struct rows *attachment_files(struct ctx *ctx, const struct kind *k, int64_t record)
{
    return query(ctx->db,
                 "SELECT id, name, size, actor_name FROM attachments WHERE kind = {} AND record = "
                 "{} AND type <> 'image/jpeg' ORDER BY id",
                 k->name, record);
}

/* Always a download, because a file that a browser opens could contain scripts. */
void attachment_answer(struct ctx *ctx, const struct kind *k, int64_t record, int64_t id)
{
    struct rows *r = query(ctx->db,
                           "SELECT name, type, data FROM attachments WHERE id = {} AND kind = {} "
                           "AND record = {} AND type <> 'image/jpeg'",
                           id, k->name, record);
    if (!rows_next(r)) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "File not found."));
        return;
    }
    answer_download(ctx, row_text(r, "name"), row_text(r, "type"));
    struct bytes data = row_bytes(r, "data");
    buf_put(ctx->web->out, data.data, data.size);
    rows_end(r);
    answer_header(ctx, "Content-Security-Policy", "default-src 'none'; sandbox");
}

int64_t attachment_count(struct ctx *ctx, const struct kind *k, int64_t record)
{
    int64_t n = query_int(ctx->db,
                          "SELECT count(*) AS n FROM attachments WHERE kind = {} AND record = {}",
                          k->name, record);
    return n == NONE ? 0 : n;
}

/* ---- storing ---- */

int64_t attachment_store(struct ctx *ctx, const struct kind *k, int64_t record,
                         const struct attachment *a)
{
    change(ctx->db,
           "INSERT INTO attachments (kind, record, name, type, size, data, thumbnail, shown, "
           "created, actor, actor_name) VALUES ({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
           k->name, record, a->name, a->type, (int64_t)a->data.size, a->data, a->small,
           a->shown ? 1 : 0, ctx->now, (struct maybe){ctx->actor.user}, ctx->actor.name);
    return db_inserted(ctx->db);
}

bool attachment_remove(struct ctx *ctx, const struct kind *k, int64_t record, int64_t id)
{
    change(ctx->db, "DELETE FROM attachments WHERE id = {} AND kind = {} AND record = {}",
           (struct maybe){id}, k->name, record);
    return db_changed(ctx->db) == 1;
}

enum status photos_store(struct ctx *ctx, const struct photos *p, const struct kind *k,
                         int64_t record, bool shown)
{
    for (int i = 0; i < p->count; i++) {
        const struct photo *each = &p->list[i];
        struct attachment a = {.name = arena_print(ctx->arena, "photo-%d.jpg", i + 1),
                               .type = "image/jpeg",
                               .data = {each->data, each->size},
                               .small = {each->small, each->small_size},
                               .shown = shown};
        journal_note(ctx, k->name, record, "photo", "{\"attachment\":{},\"size\":{}}",
                     attachment_store(ctx, k, record, &a), each->size);
        if (each->token) {
            struct draft_names n;
            draft_names(each->token, &n);
            change(ctx->db, "DELETE FROM photo_drafts WHERE token_hash = {}", n.hash);
        }
    }
    return db_status(ctx->db);
}

static void expire(struct ctx *ctx)
{
    change(ctx->db, "DELETE FROM photo_drafts WHERE expires <= {}", ctx->now);
}

static void job_expire(struct ctx *ctx)
{
    if (query_int(ctx->db, "SELECT min(expires) AS first FROM photo_drafts") < ctx->now &&
        query_int(ctx->db, "SELECT count(*) AS n FROM photo_drafts") > 0)
        writer_call(ctx, expire);
}

static const struct job jobs[] = {{"photo-drafts", 900, job_expire}, {.name = NULL}};

const struct module photos_module = {.name = "photos", .jobs = jobs};
