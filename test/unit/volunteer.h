/* A volunteer for tests of what volunteers do. */
#ifndef LINLI_TEST_VOLUNTEER_H
#define LINLI_TEST_VOLUNTEER_H

#include "app/registers/people.h"
#include "app/volunteers/volunteers.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Taken in by the office, who acts afterwards; lives in the first estate. code: of the card; NULL:
 * not needed. */
static inline struct volunteer *volunteer_new(struct ctx *ctx, const char *name, const char *phone,
                                              const char **code)
{
    static const struct grant everywhere = {.role = ROLE_OFFICE, .area = NONE, .unit = NONE};
    store_be(ctx, ROLE_OFFICE, &everywhere, 1);
    struct person *p = record_new(ctx, &people_kind);
    p->name = name;
    p->phone = phone;
    p->area = query_int(ctx->db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_true(record_check(ctx, &people_kind, NULL, p));
    assert_int_equal(record_insert(ctx, &people_kind, p, "test"), OK);
    struct volunteer *v = record_new(ctx, &volunteers_kind);
    v->person = p->record.id;
    assert_int_equal(volunteer_file(ctx, v, code), OK);
    return v;
}

#endif
