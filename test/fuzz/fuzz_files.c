/*
 * Fuzz target: files that somebody hands over. The first byte chooses: the
 * holidays' JSON, an archive, a certificate, the files of a continuous copy, as
 * of the newest moment or of one (two bytes of name and size, then the bytes),
 * the picture of a seal, a backup's manifest. Each is refused with a reason, or
 * read; nothing else happens.
 */
#include "fuzz.h"

#include "app/certificates/certificates.h"
#include "app/registers/calendar.h"
#include "base/ctx.h"
#include "db/wal_copy.h"
#include "program/archive.h"
#include "program/manifest.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void clean_up(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s could not be removed\n", folder);
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/linli-fuzz-files-%d", (int)getpid());
    if (mkdir(folder, 0700) != 0)
        abort();
    atexit(clean_up);
}

static const char *path_of(struct arena *a, const char *name)
{
    return arena_print(a, "%s/%s", folder, name);
}

static void file_write(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
}

static void days_read(struct ctx *ctx, const uint8_t *data, size_t size)
{
    struct calendar_days days = {.count = 0};
    if (calendar_read(ctx, &days, data, size) != ctx_ok(ctx))
        abort();
}

static void archive_read(struct ctx *ctx, const uint8_t *data, size_t size)
{
    const char *path = path_of(ctx->arena, "archive"), *name = NULL;
    int64_t length = 0;
    file_write(path, data, size);
    struct archive *a = archive_is_encrypted(path) ? NULL : archive_open(ctx, path, NULL);
    for (int i = 0; a && i < 100 && archive_next(ctx, a, &name, &length); i++) {
        if (length < 0 || strlen(name) > 100)
            abort();
        if (i % 2)
            archive_text(ctx, a, 1 << 16);
    }
    if (a)
        archive_close(ctx, a);
}

static void copy_read(struct ctx *ctx, const uint8_t *data, size_t size)
{
    const char *from = path_of(ctx->arena, "copy"), *to = path_of(ctx->arena, "restored"),
               *why = NULL;
    const uint8_t *end = data + size;
    clean_up();
    mkdir(folder, 0700);
    mkdir(from, 0700);
    const char *generation = arena_print(ctx->arena, "%s/20261129T000000-001", from);
    mkdir(generation, 0700);
    for (int i = 0; data < end && i < 8; i++) {
        static const char *const names[] = {"base.db",    "times",      "done",
                                            "wal-000001", "wal-000002", "end"};
        size_t n = (size_t)(data[0] >> 4) << 8 | (data + 1 < end ? data[1] : 0);
        const char *name = names[(data[0] & 15) % 6];
        data += data + 1 < end ? 2 : 1;
        n = n < (size_t)(end - data) ? n : (size_t)(end - data);
        file_write(arena_print(ctx->arena, "%s/%s", generation, name), data, n);
        data += n;
    }
    int64_t at = size % 2 ? INT64_MAX : 1764374401999;
    if (wal_copy_restore(from, &at, to, ctx->arena, &why) != OK && !why)
        abort();
}

static void manifest(struct ctx *ctx, const uint8_t *data, size_t size)
{
    struct manifest m;
    if (!manifest_read(ctx, arena_copyn(ctx->arena, (const char *)data, size), &m))
        return;
    if (!m.database || !m.head || m.newest < 0)
        abort();
    for (int i = 0; i < m.count; i++)
        if (!m.counts[i].kind || m.counts[i].records < 0)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ctx ctx;
    if (!*folder)
        set_up();
    if (!size)
        return 0;
    ctx_init(&ctx, arena_new());
    switch (*data % 6) {
    case 0:
        days_read(&ctx, data + 1, size - 1);
        break;
    case 1:
        archive_read(&ctx, data + 1, size - 1);
        break;
    case 2:
        certificate_check(data + 1, size - 1, NULL, NULL);
        break;
    case 3:
        copy_read(&ctx, data + 1, size - 1);
        break;
    case 4:
        manifest(&ctx, data + 1, size - 1);
        break;
    default:
        certificate_seal_good(data + 1, size - 1);
        break;
    }
    arena_free(ctx.arena);
    return 0;
}

#ifndef LINLI_FUZZER
int main(int argc, char **argv)
{
    static const char days[] = "0[{\"date\":\"2026-10-01\",\"isOffDay\":true,\"name\":\"国庆节\"}]",
                      object[] = "0{\"days\":[{\"date\":\"2026-10-10\",\"isOffDay\":false}]}",
                      paper[] = "2%PDF-1.7\nstream\n%%EOF\n%linli 1 AAAA BBBB\n",
                      copy[] = "3\x11\x14"
                               "1764374400000 1 32\n\x02\x05"
                               "true\n\x03\x20log",
                      said[] = "4{\"database\":{\"sha256\":\"00ff\"},\"journal\":{\"newest\":12,"
                               "\"hash\":\"00\"},\"records\":{\"requests\":3,\"people\":1e300}}",
                      seal[] = "5\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0";
    uint8_t tar[1 + 512 * 4] = "1manifest.json"; /* as the program writes them */
    memcpy(tar + 1 + 124, "00000000012", 11);
    memcpy(tar + 1 + 257, "ustar", 5);
    unsigned sum = 0;
    for (int i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? ' ' : tar[1 + i];
    snprintf((char *)tar + 1 + 148, 8, "%06o", sum);
    memcpy(tar + 1 + 512, "{\"format\":1", 10);
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    if (argc >= 2)
        return failed;
    run_changed(days, sizeof days - 1, 3000);
    run_changed(object, sizeof object - 1, 3000);
    run_changed(tar, sizeof tar, 1000);
    run_changed(paper, sizeof paper - 1, 3000);
    run_changed(copy, sizeof copy - 1, 100);
    run_changed(seal, sizeof seal - 1, 3000);
    run_changed(said, sizeof said - 1, 3000);
    return failed;
}
#endif
