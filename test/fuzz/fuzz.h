/*
 * What the fuzz targets share: read everything as a caller would, and an ordinary main.
 *
 * With clang's -fsanitize=fuzzer (LINLI_FUZZER defined) libFuzzer drives the
 * target. Without it, main runs the files it is given, or else a fixed series
 * of changed copies of the seed, so that the test run has a corpus too.
 */
#ifndef LINLI_FUZZ_H
#define LINLI_FUZZ_H

#include "kind/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_MOST ((size_t)16 << 20) /* bytes of an input file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void read_all(const void *data, size_t size)
{
    struct arena *a = arena_new();
    const char *why, *cell;
    struct sheet *s = sheet_open(a, data, size, &why);
    struct sheet_row row;
    size_t bytes = 0;
    int last = 0;
    while (s && sheet_next(s, &row)) {
        if (row.number <= last || row.count < !row.why || row.count > SHEET_COLUMNS ||
            (!row.why && !row.cells[row.count - 1].size))
            abort();
        last = row.number;
        for (int i = 0; i < row.count; i++) {
            bytes += strlen(row.cells[i].text);
            if (row.cells[i].size > SHEET_CELL || strlen(row.cells[i].text) != row.cells[i].size)
                abort();
        }
    }
    if (s ? (sheet_status(s, &why, &cell) != OK) != (why != NULL) : !why)
        abort();
    (void)bytes;
    sheet_close(s);
    arena_free(a);
}

#ifndef LINLI_FUZZER
static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    uint8_t *data = must_alloc(FUZZ_MOST);
    size_t n = fread(data, 1, FUZZ_MOST, f);
    fclose(f);
    LLVMFuzzerTestOneInput(data, n);
    free(data);
    return 0;
}

/* Each round copies the seed and changes, cuts or repeats a few bytes of it. */
static void run_changed(const void *seed, size_t size, int rounds)
{
    uint32_t random = 2463534242u;
    uint8_t *copy = must_alloc(size + 1);
    for (int round = 0; round < rounds; round++) {
        memcpy(copy, seed, size);
        size_t n = size;
        for (int i = 0; i <= round % 4; i++) {
            random ^= random << 13, random ^= random >> 17, random ^= random << 5;
            size_t at = random % size;
            if (random >> 29 == 0)
                n = at;
            else if (random >> 29 == 1)
                memmove(copy + at, copy + at / 2, size - at);
            else
                copy[at] = (uint8_t)(random >> 16);
        }
        LLVMFuzzerTestOneInput(copy, n);
    }
    free(copy);
}
#endif

#endif
