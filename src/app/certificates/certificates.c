/*
 * Certificates: the record, its signature and its life. What it counts is in
 * certificate_count.c, the drawing in certificate_pdf.c, the pages in
 * certificate_pages.c.
 */
#include "app/certificates/certificates.h"

#include "core/module.h"
#include "core/settings.h"
#include "app/registers/registers.h"
#include "base/code.h"
#include "base/seal.h"
#include "base/text.h"
#include "base/when.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS          (ROLE_WORKER | ROLE_OFFICE)
#define BASE64         sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define MARK           "%linli-certificate 1 "
#define KEY_TEXT       43 /* 32 bytes in base64url */
#define SIGNATURE_TEXT 86 /* 64 bytes */
#define BASE64_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
#define LINE           (sizeof MARK - 1 + KEY_TEXT + 1 + SIGNATURE_TEXT + 1)

static const struct choice statuses[] = {{"valid", N_("Valid")},
                                         {"superseded", N_("Superseded")},
                                         {"revoked", N_("Revoked")},
                                         {NULL, NULL}};

#define C(member) offsetof(struct certificate, member)
static const struct field fields[] = {
    {"number", F_CODE, C(number), N_("Certificate number"), .max = 40,
     .flags = UNIQUE | LISTED | FIXED},
    {"volunteer", F_REF, C(volunteer), N_("Volunteer"), .ref = "volunteers",
     .flags = LISTED | FILTER | FIXED},
    {"valid_from", F_DATE, C(valid_from), N_("Service start"), .flags = LISTED | FIXED},
    {"valid_to", F_DATE, C(valid_to), N_("Service end"), .flags = LISTED | FIXED},
    {"seconds", F_INT, C(seconds), N_("Service hours"), .flags = FIXED | SECONDS},
    {"content", F_LONG, C(content), N_("Service"), .flags = FIXED},
    {"issued", F_TIME, C(issued), N_("Issued on"), .flags = LISTED | SORTED | FIXED},
    {"issuer", F_TEXT, C(issuer), N_("Issued by"), .max = 60, .flags = REQUIRED | FIXED},
    {"responsible", F_TEXT, C(responsible), N_("Responsible person"), .max = 40, .flags = FIXED},
    {"handler", F_TEXT, C(handler), N_("Prepared by"), .max = 40, .flags = FIXED},
    {"contact", F_TEXT, C(contact), N_("Contact"), .max = 80, .flags = FIXED},
    {"note", F_TEXT, C(note), N_("Note"), .max = 120, .flags = FIXED},
    {"status", F_CHOICE, C(status), N_("Status"), .choices = statuses,
     .flags = LISTED | FILTER | FIXED},
    {"superseded_by", F_REF, C(superseded_by), N_("Replaced by"), .ref = "certificates",
     .flags = FIXED},
    {"revoked_why", F_TEXT, C(revoked_why), N_("Reason for revocation"), .max = 200,
     .flags = FIXED},
    {"signed", F_CODE, C(signed_text), N_("File hash"), .max = 64, .flags = FIXED},
    {"signature", F_CODE, C(signature), N_("Signature"), .max = 90, .flags = FIXED},
};

static void scope(struct ctx *ctx, struct sql *where)
{
    sql_add(where, " AND volunteer IN (SELECT v.id FROM volunteers v WHERE 1 = 1");
    scope_by_community(ctx, where, HOSTS | ROLE_LEADER, "community");
    sql_add(where, ")");
}

static const struct choice certificate_actions[] = {
    {"issue", N_("issued")},
    {"supersede", N_("replaced by a newer certificate")},
    {NULL, NULL},
};

const struct kind certificates_kind = {
    .name = "certificates",
    .table = "certificates",
    .one = N_("Certificate"),
    .many = N_("Certificates"),
    .actions = certificate_actions,
    FIELDS(fields),
    .size = sizeof(struct certificate),
    .read = HOSTS | ROLE_LEADER,
    .code = "number",
    .order = "issued DESC, id DESC",
    .scope = scope,
    .home = "/certificates",
    .page = "/certificates/{id}",
    .about = N_("Volunteer service certificates issued and revoked.")};

/* ---- the signature ---- */

const char *certificate_key(struct ctx *ctx)
{
    char *text = arena_alloc(ctx->arena, KEY_TEXT + 1);
    sodium_bin2base64(text, KEY_TEXT + 1, ctx->keys->public, sizeof ctx->keys->public, BASE64);
    return text;
}

void certificate_sign(struct ctx *ctx, struct certificate *c, struct buf *pdf)
{
    unsigned char signature[SIGNATURE], hash[crypto_hash_sha256_BYTES];
    if (pdf->size && pdf->data[pdf->size - 1] != '\n')
        buf_putc(pdf, '\n');
    seal_sign(ctx->keys, pdf->data, pdf->size, signature);
    crypto_hash_sha256(hash, (const unsigned char *)pdf->data, pdf->size);
    char *hex = arena_alloc(ctx->arena, sizeof hash * 2 + 1),
         *text = arena_alloc(ctx->arena, SIGNATURE_TEXT + 1);
    sodium_bin2hex(hex, sizeof hash * 2 + 1, hash, sizeof hash);
    sodium_bin2base64(text, SIGNATURE_TEXT + 1, signature, sizeof signature, BASE64);
    c->signed_text = hex;
    c->signature = text;
    plain(pdf, MARK "{} {}\n", certificate_key(ctx), text);
}

static bool decode(unsigned char *to, size_t size, const char *text, size_t n)
{
    size_t got = 0;
    const char *end = NULL;
    return sodium_base642bin(to, size, text, n, NULL, &got, &end, BASE64) == 0 && got == size &&
           end == text + n;
}

static bool holds_mark(const char *data, size_t size)
{
    for (size_t i = 0; i + sizeof MARK <= size; i++)
        if (data[i] == MARK[0] && !memcmp(data + i, MARK, sizeof MARK - 1))
            return true;
    return false;
}

enum certificate_word certificate_check(const void *data, size_t size, const char *key,
                                        char *signer)
{
    unsigned char public[32], signature[SIGNATURE];
    const char *line = (const char *)data + size - LINE, *text = line + sizeof MARK - 1;
    if (size <= LINE || memcmp(line, MARK, sizeof MARK - 1) != 0 || line[-1] != '\n' ||
        line[LINE - 1] != '\n' || text[KEY_TEXT] != ' ')
        return holds_mark(data, size) ? CERTIFICATE_CHANGED : CERTIFICATE_UNSIGNED;
    if (signer) {
        memcpy(signer, text, KEY_TEXT);
        signer[KEY_TEXT] = '\0';
    }
    if (!decode(public, sizeof public, text, KEY_TEXT) ||
        !decode(signature, sizeof signature, text + KEY_TEXT + 1, SIGNATURE_TEXT) ||
        !signature_fits(public, data, size - LINE, signature))
        return CERTIFICATE_CHANGED;
    return key && (strlen(key) != KEY_TEXT || memcmp(key, text, KEY_TEXT) != 0)
               ? CERTIFICATE_OTHER_KEY
               : CERTIFICATE_FITS;
}

struct certificate *certificate_of_file(struct ctx *ctx, const void *data, size_t size)
{
    char signature[SIGNATURE_TEXT + 1];
    const char *line = (const char *)data + size - LINE;
    if (size <= LINE || memcmp(line, MARK, sizeof MARK - 1) != 0)
        return NULL;
    memcpy(signature, (const char *)data + size - SIGNATURE_TEXT - 1, SIGNATURE_TEXT);
    signature[SIGNATURE_TEXT] = '\0';
    for (const char *s = signature; *s; s++)
        if (!memchr(BASE64_LETTERS, *s, sizeof BASE64_LETTERS - 1))
            return NULL;
    return record_find(ctx, &certificates_kind, "signature", signature);
}

/* ---- its life ---- */

#define RANDOM_PART 10
#define NUMBER      (2 + 4 + RANDOM_PART) /* without the hyphen */

const char *certificate_number_typed(struct ctx *ctx, const char *typed)
{
    const char *s = text_half_width(ctx->arena, typed ? typed : "");
    char all[NUMBER + 1];
    size_t n = 0;
    for (; *s; s++) {
        bool small = *s >= 'a' && *s <= 'z';
        if (!small && !(*s >= 'A' && *s <= 'Z') && !(*s >= '0' && *s <= '9'))
            continue;
        if (n == NUMBER)
            return NULL;
        all[n++] = small ? (char)(*s - 32) : *s;
    }
    all[n] = '\0';
    if (n != NUMBER || memcmp(all, "ZS", 2) != 0 || strspn(all + 2, "0123456789") < 4)
        return NULL;
    return arena_print(ctx->arena, "%.6s-%s", all, all + 6);
}

const char *certificate_number(struct ctx *ctx)
{
    char made[RANDOM_PART + 1];
    code_random(made, RANDOM_PART); /* 49 bits: too many to guess */
    return arena_print(ctx->arena, "ZS%d-%s", civil_from_when(ctx->now).year, made);
}

struct certificate *certificate_find(struct ctx *ctx, const char *number)
{
    char upper[24];
    size_t n = number ? strlen(number) : 0;
    if (n == 0 || n >= sizeof upper)
        return NULL;
    for (size_t i = 0; i <= n; i++)
        upper[i] = number[i] >= 'a' && number[i] <= 'z' ? (char)(number[i] - 32) : number[i];
    return record_find(ctx, &certificates_kind, "number", upper);
}

enum status certificate_file(struct ctx *ctx, struct certificate *c, const struct buf *pdf)
{
    int64_t old = query_int(ctx->db,
                            "SELECT max(id) AS id FROM certificates WHERE volunteer = {} AND "
                            "valid_from = {} AND valid_to = {} AND status = 'valid'",
                            c->volunteer, c->valid_from, c->valid_to);
    c->status = "valid";
    c->issued = ctx->now;
    enum status s = record_insert(ctx, &certificates_kind, c, "issue");
    if (s != OK)
        return s;
    struct bytes b = {pdf->data, pdf->size};
    s = change(ctx->db, "UPDATE certificates SET pdf = {} WHERE id = {}", b, c->record.id);
    if (s != OK || old == NONE)
        return s;
    const struct certificate *before = record_must(ctx, &certificates_kind, old);
    struct certificate *after = record_copy(ctx, &certificates_kind, before);
    after->status = "superseded";
    after->superseded_by = c->record.id;
    return record_update(ctx, &certificates_kind, before, after, "supersede");
}

enum status certificate_revoke(struct ctx *ctx, const struct certificate *before, const char *why)
{
    if (!strcmp(before->status, "revoked"))
        return ctx_fail(ctx, CONFLICT, say(ctx, "This certificate has already been revoked."));
    if (!why || text_blank(why)) {
        ctx_problem(ctx, "why", say(ctx, "Enter a reason for revoking it."));
        return ctx->status;
    }
    struct certificate *after = record_copy(ctx, &certificates_kind, before);
    after->status = "revoked";
    after->revoked_why = text_cut(ctx->arena, why, 200);
    return record_update(ctx, &certificates_kind, before, after, "revoke");
}

struct bytes certificate_bytes(struct ctx *ctx, const struct certificate *c)
{
    struct bytes all = {NULL, 0};
    struct rows *r = query(ctx->db, "SELECT pdf FROM certificates WHERE id = {}", c->record.id);
    if (rows_next(r)) {
        struct bytes b = row_bytes(r, "pdf");
        all = (struct bytes){b.data ? arena_copyn(ctx->arena, b.data, b.size) : NULL,
                             b.data ? b.size : 0};
    }
    rows_end(r);
    return all;
}

/* ---- from the command line ---- */

#define FILE_MOST ((size_t)20 << 20)

static char *file_read(struct ctx *ctx, const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *data = NULL;
    if (f && fseek(f, 0, SEEK_END) == 0) {
        long n = ftell(f);
        if (n > 0 && (size_t)n <= FILE_MOST && fseek(f, 0, SEEK_SET) == 0) {
            data = arena_alloc(ctx->arena, (size_t)n);
            *size = fread(data, 1, (size_t)n, f);
            data = *size == (size_t)n ? data : NULL;
        }
    }
    if (f)
        fclose(f);
    return data;
}

struct certificate_options {
    const char *key;
};
static const struct command_option options[] = {
    {"--key", offsetof(struct certificate_options, key)},
    {.name = NULL},
};

/* Needs only the database's key; a certificate can be checked without it. */
static int check_certificate(struct ctx *ctx, struct given *g, enum command_store *store)
{
    if (!strcmp(g->words[0], "key") && g->data && g->word_count == 1) {
        *store = STORE_READ;
        return 0;
    }
    if (!strcmp(g->words[0], "verify") && g->word_count == 2)
        return 0;
    fprintf(stderr, "linli: %s\n",
            say(ctx, "Usage: “certificate verify FILE” or “certificate key --data DIR”."));
    return 2;
}

static int run_certificate(struct ctx *ctx, const struct given *g)
{
    const struct certificate_options *o = g->options;
    char signer[KEY_TEXT + 1] = "";
    size_t size = 0;
    if (!strcmp(g->words[0], "key")) {
        printf("%s\n", certificate_key(ctx));
        return 0;
    }
    const char *data = file_read(ctx, g->words[1], &size);
    if (!data) {
        fprintf(stderr, "linli: %s\n", say(ctx, "Can’t read {}.", g->words[1]));
        return 1;
    }
    switch (certificate_check(data, size, o->key, signer)) {
    case CERTIFICATE_FITS:
        printf("%s\n", o->key ? say(ctx, "Not altered since it was signed with this key.")
                              : say(ctx,
                                    "Not altered since it was signed with {}. Compare this key "
                                    "with the one the office publishes.",
                                    (const char *)signer));
        return 0;
    case CERTIFICATE_OTHER_KEY:
        fprintf(stderr, "%s\n", say(ctx, "Signed with a different key: {}.", (const char *)signer));
        return 1;
    case CERTIFICATE_CHANGED:
        fprintf(
            stderr, "%s\n",
            say(ctx, "Altered since it was signed: this is not the certificate that was issued."));
        return 1;
    default:
        fprintf(
            stderr, "%s\n",
            say(ctx,
                "No signature in this file: it is not a Linli certificate, or it is incomplete."));
        return 1;
    }
}

static const struct kind *const kinds[] = {&certificates_kind, NULL};

static const struct command commands[] = {
    {"certificate", "linli certificate verify FILE [--key PUBLIC] | certificate key --data DIR", 1,
     2, .data = DATA_TAKEN, OPTIONS(struct certificate_options, options),
     .check = check_certificate, .run = run_certificate,
     .help = N_("Checks whether a certificate PDF is unchanged since it was signed; needs no data "
                "folder. “key” prints an\n"
                "installation's public key.\n"
                "\n"
                "  --key PUBLIC             the key that must have signed it: 43 characters, as "
                "published by the office\n"
                "  --data DIR               the installation whose public key to print\n"
                "\n"
                "  linli certificate verify ZS2026-7KM4QXD2PA.pdf\n")},
    {.name = NULL},
};

static const struct field logged[] = {
    {"certificates", F_TEXT, SETTING, N_("Certificates")},
    {"seal", F_TEXT, SETTING, N_("Seal")},
    {.name = NULL},
};

const struct module certificates_module = {
    .name = "certificates", .kinds = kinds, .logged = logged, .commands = commands};
