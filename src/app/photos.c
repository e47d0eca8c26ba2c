/*
 * Photographs in the database. Attachments of a request are served only as the
 * JPEG that photo.c drew, with nosniff, so that a file of a stranger never
 * runs in anybody's browser.
 *
 * A draft is encrypted with a key made of its token, and the token is only in
 * the form that was sent back: whoever reads the database reads no drafts, and
 * nobody can ask for somebody else's.
 */
#include "app/photos.h"

#include "app/module.h"
#include "app/requests.h"
#include "base/code.h"
#include "db/journal.h"
#include "web/web.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DRAFTS_MOST ((int64_t)256 << 20) /* bytes of all drafts: past it nothing is kept and the form says so */

/* ---- drafts ---- */

struct draft_names {
    unsigned char key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    char hash[65];
};

static void draft_names(const char *token, struct draft_names *n)
{
    unsigned char hash[32];
    crypto_generichash(n->key, sizeof n->key, (const unsigned char *)token, strlen(token), (const unsigned char *)"photo draft's key", 17);
    crypto_generichash(hash, sizeof hash, (const unsigned char *)token, strlen(token), (const unsigned char *)"photo draft's name", 18);
    sodium_bin2hex(n->hash, sizeof n->hash, hash, sizeof hash);
}

/* nonce, then encrypted: the size of the large one in four bytes, the large one, the small one. */
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
    crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE, NULL, in, plain, NULL, 0, NULL, out, key);
    return (struct bytes){out, NONCE + plain + TAG};
}

static bool draft_open(struct arena *a, const unsigned char *key, struct bytes sealed, struct photo *p)
{
    if (sealed.size < NONCE + TAG + 4)
        return false;
    const unsigned char *in = sealed.data;
    size_t plain = sealed.size - NONCE - TAG;
    unsigned char *out = arena_alloc(a, plain);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, in + NONCE, sealed.size - NONCE, NULL, 0, in, key) != 0)
        return false;
    size_t size = 0;
    for (int i = 0; i < 4; i++)
        size |= (size_t)out[i] << (8 * i);
    if (size > plain - 4)
        return false;
    *p = (struct photo){.data = out + 4, .size = size, .small = out + 4 + size, .small_size = plain - 4 - size};
    return true;
}

static bool draft_load(struct ctx *ctx, const char *token, struct photo *p)
{
    struct draft_names n;
    if (strlen(token) > 64)
        return false;
    draft_names(token, &n);
    struct rows *r = query(ctx->db, "SELECT data FROM photo_drafts WHERE token_hash = {} AND expires > {}", n.hash, ctx->now);
    bool ok = rows_next(r) && draft_open(ctx->arena, n.key, row_bytes(r, "data"), p);
    rows_end(r);
    if (ok)
        p->token = token;
    return ok;
}

/* Behind the door; ctx->work: the photographs. */
static void drafts_write(struct ctx *ctx)
{
    struct photos *p = ctx->work;
    int64_t stored = query_int(ctx->db, "SELECT coalesce(sum(size), 0) AS n FROM photo_drafts");
    for (int i = 0; i < p->count; i++) {
        struct photo *each = &p->list[i];
        if (each->token || stored + (int64_t)each->size > DRAFTS_MOST)
            continue;
        const char *token = code_token(ctx->arena, 32);
        struct draft_names n;
        draft_names(token, &n);
        struct bytes sealed = draft_seal(ctx->arena, n.key, each);
        change(ctx->db, "INSERT INTO photo_drafts (token_hash, data, size, expires) VALUES ({}, {}, {}, {})", n.hash, sealed,
               (int64_t)sealed.size, ctx->now + PHOTOS_KEPT);
        stored += (int64_t)sealed.size;
        each->token = token;
    }
}

void photos_keep(struct ctx *ctx, struct photos *p)
{
    struct ctx inner = *ctx; /* the form's own problems must not undo this */
    inner.status = OK;
    inner.problems = NULL;
    inner.problems_end = &inner.problems;
    inner.work = p;
    bool new = false;
    for (int i = 0; i < p->count; i++)
        new = new || !p->list[i].token;
    if (new &&door(&inner, drafts_write) != OK)
        for (int i = 0; i < p->count; i++)
            p->list[i].token = NULL; /* the form says that they must be chosen again */
}

/* ---- taking ---- */

void photos_take(struct ctx *ctx, struct photos *p)
{
    *p = (struct photos){.count = 0};
    for (int i = 0; i < ctx->web->form_count; i++) {
        const struct param *f = &ctx->web->form[i];
        if (!strcmp(f->name, "kept") && *f->value && p->count < PHOTOS_MOST && draft_load(ctx, f->value, &p->list[p->count]))
            p->count++;
    }
    for (int i = 0; i < ctx->web->upload_count; i++) {
        const struct upload *u = &ctx->web->uploads[i];
        const char *why = NULL;
        if (strcmp(u->field, "photos") != 0 || u->size == 0)
            continue;
        if (p->count == PHOTOS_MOST) {
            ctx_problem(ctx, "photos", say(ctx, "Three photographs at most. The first three are kept."));
            return;
        }
        if (photo_make(ctx->arena, u->data, u->size, &p->list[p->count], &why))
            p->count++;
        else
            ctx_problem(ctx, "photos",
                        say(ctx, "“{}”: {}", u->filename && *u->filename ? u->filename : say(ctx, "Photograph"), tr(ctx, why)));
    }
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
            html(ctx->web->out, "<input type=\"hidden\" name=\"kept\" value=\"{}\">", p->list[i].token);
}

void photos_field(struct ctx *ctx, const struct photos *p)
{
    struct buf *out = ctx->web->out;
    const char *problem = ctx_problem_of(ctx, "photos");
    bool lost = false;
    html(
        out,
        "<div class=\"field photos\" data-photos=\"{}\"><label for=\"f-photos\">{} <i>{}</i></label><p class=\"hint\" id=\"f-photos-h\">{}</p>",
        PHOTOS_MOST, say(ctx, "Photographs"), say(ctx, "optional; three at most"),
        say(ctx, "Where a photograph was taken is removed from it. Please keep other people's faces and number plates out."));
    for (int i = 0; p && i < p->count; i++) {
        const struct photo *each = &p->list[i];
        lost = lost || !each->token;
        if (each->token)
            html(
                out,
                "{}<li><img src=\"{}\" alt=\"{}\"><label class=\"check\"><input type=\"checkbox\" name=\"kept\" value=\"{}\" checked> {}</label></li>",
                (struct markup){i == 0 ? "<ul class=\"kept\">" : ""}, data_url(ctx, each->small, each->small_size),
                say(ctx, "Photograph {}", i + 1), each->token, say(ctx, "Send it along"));
    }
    if (p && p->count && !lost)
        buf_puts(out, "</ul>");
    if (lost)
        html(out, "<p class=\"notice warn\">{}<span>{}</span></p>", icon(ctx, "photo"),
             say(ctx, "The photographs could not be kept. Please choose them again."));
    html(out, "<input id=\"f-photos\" type=\"file\" name=\"photos\" accept=\"image/*\" multiple aria-describedby=\"f-photos-h{}\"{}>",
         (struct markup){problem ? " f-photos-p" : ""}, (struct markup){problem ? " aria-invalid=\"true\"" : ""});
    if (problem)
        html(out, "<p class=\"problem\" id=\"f-photos-p\">{} {}</p>", icon(ctx, "alert-circle"), problem);
    buf_puts(out, "</div>");
}

void photos_show(struct ctx *ctx, int64_t request, const char *base, bool residents_only)
{
    struct buf *out = ctx->web->out;
    int n = 0;
    struct rows *r = query(
        ctx->db, "SELECT id FROM attachments WHERE request = {} AND type = 'image/jpeg' AND (actor IS NULL OR {} = 0) ORDER BY id", request,
        residents_only ? 1 : 0);
    while (rows_next(r)) {
        n++;
        html(out, "{}<a href=\"{}/{}\"><img src=\"{}/{}?size=small\" alt=\"{}\" loading=\"lazy\" width=\"112\" height=\"112\"></a>",
             (struct markup){n == 1 ? "<p class=\"thumbs\">" : ""}, base, row_int(r, "id"), base, row_int(r, "id"),
             say(ctx, "Photograph {}", n));
    }
    if (n)
        buf_puts(out, "</p>");
}

void picture_answer(struct ctx *ctx, struct rows *r, const char *kept)
{
    if (!rows_next(r)) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "There is no such photograph."));
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

void photos_answer(struct ctx *ctx, int64_t request, int64_t attachment, bool residents_only)
{
    const char *size = query_param(ctx, "size");
    bool small = size && !strcmp(size, "small");
    struct rows *r = query(ctx->db,
                           "SELECT CASE WHEN {} = 1 THEN coalesce(thumbnail, data) ELSE data END AS picture FROM attachments"
                           " WHERE id = {} AND request = {} AND type = 'image/jpeg' AND (actor IS NULL OR {} = 0)",
                           small ? 1 : 0, attachment, request, residents_only ? 1 : 0);
    picture_answer(ctx, r, "private, no-store");
}

/* ---- storing ---- */

enum status photos_store(struct ctx *ctx, const struct photos *p, int64_t request)
{
    for (int i = 0; i < p->count; i++) {
        const struct photo *each = &p->list[i];
        change(
            ctx->db,
            "INSERT INTO attachments (request, name, type, size, data, thumbnail, created) VALUES ({}, {}, 'image/jpeg', {}, {}, {}, {})",
            request, arena_print(ctx->arena, "photo-%d.jpg", i + 1), (int64_t)each->size, ((struct bytes){each->data, each->size}),
            ((struct bytes){each->small, each->small_size}), ctx->now);
        journal_note(ctx, "requests", request, "photo", "{\"attachment\":{},\"size\":{}}", db_inserted(ctx->db), each->size);
        if (each->token) {
            struct draft_names n;
            draft_names(each->token, &n);
            change(ctx->db, "DELETE FROM photo_drafts WHERE token_hash = {}", n.hash);
        }
    }
    return db_status(ctx->db);
}

/* ---- for the staff ---- */

static void staff_photo(struct ctx *ctx)
{
    char *end;
    int64_t attachment = strtoll(ctx->web->name, &end, 10);
    const struct request *r = ctx->web->record;
    photos_answer(ctx, r->record.id, *end ? NONE : attachment, false);
}

static void expire(struct ctx *ctx)
{
    change(ctx->db, "DELETE FROM photo_drafts WHERE expires <= {}", ctx->now);
}

static void job_expire(struct ctx *ctx)
{
    if (query_int(ctx->db, "SELECT min(expires) AS first FROM photo_drafts") < ctx->now &&
        query_int(ctx->db, "SELECT count(*) AS n FROM photo_drafts") > 0)
        door(ctx, expire);
}

static const struct route table[] = {
    ROUTE_GET("/requests/{id}/photos/{name}", ROLES_READERS, staff_photo, .record = &requests_kind),
};
static const struct job jobs[] = {{"photo-drafts", 900, job_expire}, {.name = NULL}};

const struct module photos_module = {.name = "photos", .routes = ROUTES(table), .jobs = jobs};
