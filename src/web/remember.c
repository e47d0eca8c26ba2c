/*
 * The page cache of a worker: pages of routes flagged REMEMBERED, for the same
 * session and URL, until something is committed or the minute ends. Each
 * worker has its own few slots, so there is no lock; a new page replaces what
 * is in its slot.
 *
 * The key includes the session's hash and the tenant's name, so a page never
 * reaches anyone else. Each copy gets a new idempotency key for its forms.
 *
 * Ownership: the cache owns its copies; a hit is copied into the visit.
 */
#include "web/gate.h"

#include <stdlib.h>
#include <string.h>

#define PAGES     32
#define PAGE_MOST ((size_t)256 << 10) /* longer pages are drawn each time */

struct kept_page {
    unsigned char asked[32];         /* hash of session, URL and view */
    int64_t serial, version, minute; /* versions of different connections can't be compared */
    char *body;
    size_t size, part_end, key_at;
};

struct pages {
    struct kept_page page[PAGES];
};

struct pages *pages_new(void)
{
    return must_alloc(sizeof(struct pages));
}

void pages_free(struct pages *p)
{
    for (int i = 0; p && i < PAGES; i++)
        free(p->page[i].body);
    free(p);
}

/* Returns false if the page depends on more than session, URL and data: then it is not cached. */
bool pages_asked(struct visit *v)
{
    const char *sent = cookie(&v->ctx, "linli_sent"), *said = cookie(&v->ctx, "linli_flash");
    v->remembered = v->pages && v->session && (v->route->flags & REMEMBERED) && !(sent && *sent) &&
                    !(said && *said);
    if (!v->remembered)
        return false;
    const char *parts[] = {v->ex.path,
                           v->ex.query_text,
                           v->ctx.lang,
                           v->ex.fragment ? v->ex.fragment : "",
                           v->ex.elder ? "elder" : "",
                           v->ex.wants_json ? "json" : "",
                           v->ex.tls ? "tls" : "",
                           v->ctx.site->name ? v->ctx.site->name : ""};
    crypto_generichash_state h;
    crypto_generichash_init(&h, v->session, 32, sizeof v->asked);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        crypto_generichash_update(&h, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
    crypto_generichash_final(&h, v->asked, sizeof v->asked);
    return true;
}

bool pages_find(struct visit *v, struct db *reader)
{
    const struct kept_page *k = &v->pages->page[v->asked[0] % PAGES];
    if (!k->body || memcmp(k->asked, v->asked, sizeof k->asked) != 0 ||
        k->minute != v->ctx.now / 60 || k->serial != db_serial(reader) ||
        k->version != db_version(reader))
        return false;
    buf_put(&v->out, k->body, k->size);
    v->part_end = k->part_end;
    if (k->key_at) {
        char key[FORM_KEY + 1];
        form_key(key);
        memcpy(v->out.data + k->key_at, key, FORM_KEY);
    }
    return true;
}

void pages_keep(struct visit *v, struct db *reader)
{
    struct kept_page *k = &v->pages->page[v->asked[0] % PAGES];
    const struct exchange *ex = &v->ex;
    bool plain_page = ex->answer_count == 0 ||
                      (ex->answer_count == 1 && !strcmp(ex->answer[0].name, "Content-Type"));
    if (v->out.full || v->out.size > PAGE_MOST || ex->key_count > 1 || ex->code != 200 ||
        !plain_page || db_status(reader) != OK)
        return;
    memcpy(k->asked, v->asked, sizeof k->asked);
    k->serial = db_serial(reader);
    k->version = db_version(reader);
    k->minute = v->ctx.now / 60;
    k->body = must_grow(k->body, v->out.size + 1);
    memcpy(k->body, v->out.data, v->out.size);
    k->size = v->out.size;
    k->part_end = v->part_end;
    k->key_at = ex->key_at;
}
