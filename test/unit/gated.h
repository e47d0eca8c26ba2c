/*
 * Requests to the program's gate without a server: one at a time, the answer is
 * in seen.
 *
 *     gate_open(&ctx, &store);                 after store_install
 *     gate_ask(&ctx, "GET", "/my", cookie, NULL, "10.0.0.1");
 *     gate_close();
 */
#ifndef LINLI_TEST_GATED_H
#define LINLI_TEST_GATED_H

#include "core/module.h"
#include "installed.h"
#include "web/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct visit seen;
static struct site gated_site;
static struct gate *gate;

static inline void gate_open(struct ctx *ctx, const struct store *store)
{
    visit_init(&seen);
    gated_site = (struct site){
        .data = store->data, .keys = ctx->keys, .quiet = true, .card = modules_actor};
    gate = gate_new(&gated_site, modules_routes());
}

static inline void gate_close(void)
{
    gate_free(gate);
    visit_release(&seen);
}

/* GET, or POST with a form. Answers the code. */
static inline int gate_ask(struct ctx *ctx, const char *verb, const char *uri, const char *cookies,
                           const char *form, const char *address)
{
    visit_clear(&seen);
    seen.verb = verb;
    seen.uri = uri;
    seen.peer = address;
    seen.headers[seen.ex.header_count++] = (struct param){"cookie", cookies};
    if (form) {
        seen.headers[seen.ex.header_count++] = (struct param){"content-type",
                                                              "application/x-www-form-urlencoded"};
        buf_puts(&seen.body, form);
    }
    gate_route(gate, &seen);
    enum gate_next next = gate_enter(gate, &seen, ctx->db);
    if (next == GATE_SLOW)
        next = gate_prepare(gate, &seen, ctx->db);
    if (next == GATE_CHANGE) {
        assert_int_equal(db_begin(ctx->db), OK);
        enum status s = gate_change(gate, &seen, ctx->db);
        if (s == OK)
            assert_int_equal(db_commit(ctx->db), OK);
        else
            db_rollback(ctx->db);
        gate_finish(gate, &seen, ctx->db, s);
    }
    return seen.ex.code;
}

#endif
