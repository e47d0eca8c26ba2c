/*
 * The cost of a password's hash, as in a build for use: the file is compiled
 * here without what a build for tests takes away.
 */
#undef LINLI_SANITIZED
#include "web/password.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <time.h>

static struct arena *arena;

static void costs_what_is_recommended(void **state)
{
    (void)state;
    const char *hash = password_hash(arena, "a long password");
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=65536,t=2,p=1$", 31), 0); /* 64 MiB, twice */
    assert_true(password_fits(hash, "a long password"));
    assert_false(password_fits(hash, "a long passwore"));
    assert_false(password_is_old(hash));
}

static void no_account_costs_the_same(void **state)
{
    (void)state;
    clock_t start = clock();
    assert_false(password_fits(password_hash(arena, "a long password"), "another one"));
    clock_t both = clock() - start; /* of making one and of trying it */
    start = clock();
    assert_false(password_fits(NULL, "another one"));
    assert_true((clock() - start) * 10 > both);
}

static void cheaper_hashes_are_old(void **state)
{
    (void)state;
    static const char earlier[crypto_pwhash_STRBYTES] =
        "$argon2id$v=19$m=8192,t=1,p=1$Pt52eogGsdqfqG+JlsJH7Q$"
        "ZqD7YK4lNzpUo1yUs9MqE3oCNz0gEUrFL2mYJQuNWuY";
    assert_true(password_is_old(earlier));
}

int main(void)
{
    arena = arena_new();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_what_is_recommended),
        cmocka_unit_test(no_account_costs_the_same),
        cmocka_unit_test(cheaper_hashes_are_old),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(arena);
    return failed;
}
