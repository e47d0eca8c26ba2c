/* Sealed fields open only with their key, for their purpose, unchanged; the key file is kept to its
 * owner; log lines. */
#include "base/log.h"
#include "base/seal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void seals_and_opens(void **state)
{
    (void)state;
    static const unsigned char one[32] = {1}, two[32] = {2};
    static const char *const texts[] = {"", "13800138000", "糖尿病", "a", "11010519491231002X"};
    struct seal_key key, other;
    seal_key_init(&key, one);
    seal_key_init(&other, two);
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *opened = NULL, *sealed = seal_text(&key, a, "people.phone", texts[i]);
        assert_true(seal_is(sealed));
        assert_string_not_equal(sealed, seal_text(&key, a, "people.phone", texts[i]));
        assert_int_equal(seal_open(&key, a, "people.phone", sealed, &opened), OK);
        assert_string_equal(opened, texts[i]);
        assert_int_equal(seal_open(&key, a, "people.id", sealed, &opened), INVALID);
        assert_null(opened);
        assert_int_equal(seal_open(&other, a, "people.phone", sealed, &opened), INVALID);
        char *changed = arena_copy(a, sealed);
        for (size_t at = 0; changed[at]; at++) {
            char was = changed[at];
            changed[at] = was == 'A' ? 'B' : 'A';
            assert_int_equal(seal_open(&key, a, "people.phone", changed, &opened), INVALID);
            changed[at] = '\0';
            assert_int_equal(seal_open(&key, a, "people.phone", changed, &opened), INVALID);
            changed[at] = was;
        }
        if (strlen(texts[i]) > 3) /* a short one may turn up by chance */
            assert_null(strstr(sealed, texts[i]));
    }
    const char *opened = "x";
    assert_null(seal_text(&key, a, "p", NULL));
    assert_int_equal(seal_open(&key, a, "p", NULL, &opened), OK);
    assert_null(opened);
    assert_int_equal(seal_open(&key, a, "p", "13800138000", &opened), INVALID);

    const char *hash = seal_hash(&key, a, "people.phone", "13800138000");
    assert_int_equal(strlen(hash), 32);
    assert_string_equal(hash, seal_hash(&key, a, "people.phone", "13800138000"));
    assert_string_not_equal(hash, seal_hash(&key, a, "people.phone", "13800138001"));
    assert_string_not_equal(hash, seal_hash(&key, a, "people.id", "13800138000"));
    assert_string_not_equal(hash, seal_hash(&other, a, "people.phone", "13800138000"));
    assert_string_not_equal(seal_hash(&key, a, "ab", "c"), seal_hash(&key, a, "a", "bc"));
    seal_key_release(&key);
    static const struct seal_key wiped;
    assert_memory_equal(&key, &wiped, sizeof key);
    arena_free(a);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void keeps_its_key(void **state)
{
    (void)state;
    char folder[] = "/tmp/linli-seal-XXXXXX";
    assert_non_null(mkdtemp(folder));
    struct arena *a = arena_new();
    const char *path = arena_print(a, "%s/key", folder),
               *link_path = arena_print(a, "%s/link", folder);
    struct seal_key key, again;
    assert_int_equal(seal_key_load(&key, path), NOT_FOUND);
    assert_int_equal(seal_key_create(path), OK);
    assert_int_equal(seal_key_create(path), CONFLICT);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(seal_key_load(&key, path), OK);
    assert_int_equal(seal_key_load(&again, path), OK);
    assert_memory_equal(&key, &again, sizeof key);
    assert_memory_not_equal(key.seal, key.hash, sizeof key.seal);
    assert_memory_not_equal(key.form, key.hash, sizeof key.form);
    assert_memory_not_equal(key.form, key.seal, sizeof key.form);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(seal_key_load(&key, link_path), FORBIDDEN);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(seal_key_load(&key, path), FORBIDDEN);
    assert_int_equal(chmod(path, 0600), 0);
    static const char *const wrong[] = {
        "",
        "\n",
        "00ff",
        "zz00000000000000000000000000000000000000000000000000000000000000\n",
        "00000000000000000000000000000000000000000000000000000000000000000\n",
        "0000000000000000000000000000000000000000000000000000000000000000 x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_file(path, wrong[i]);
        assert_int_equal(seal_key_load(&key, path), INVALID);
    }
    assert_int_equal(seal_key_load(&key, folder), FORBIDDEN);
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(seal_key_create(path), UNAVAILABLE);
    arena_free(a);
}

static void logs_lines_of_json(void **state)
{
    (void)state;
    FILE *f = tmpfile();
    assert_non_null(f);
    log_set_file(fileno(f));
    char lengthy[5000];
    memset(lengthy, 'x', sizeof lengthy - 1);
    lengthy[sizeof lengthy - 1] = '\0';
    log_info("import_done", "\"rows\":{},\"note\":{}", 20, "two\nlines \"quoted\"");
    log_warn("alone", "");
    log_error("lengthy", "\"text\":{}", lengthy);
    log_set_file(STDERR_FILENO);
    static const char *const events[] = {"import_done", "alone", "lengthy"};
    rewind(f);
    char line[8192];
    size_t n = 0;
    for (; fgets(line, sizeof line, f); n++) {
        cJSON *record = cJSON_Parse(line);
        assert_non_null(record);
        assert_true(n < 3);
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(record, "event")), events[n]);
        assert_int_equal(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(record, "time"))), 24);
        if (n == 0)
            assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(record, "note")),
                                "two\nlines \"quoted\"");
        assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(record, "cut")), n == 2);
        cJSON_Delete(record);
    }
    assert_int_equal(n, 3);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seals_and_opens),
        cmocka_unit_test(keeps_its_key),
        cmocka_unit_test(logs_lines_of_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
