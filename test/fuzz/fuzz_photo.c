/*
 * Fuzz target: a photograph that a stranger sends, as linli-photo takes it
 * apart: whether all of it arrived, its size, both pictures drawn. The library
 * that decodes is not instrumented; what it does with memory is watched.
 */
#include "fuzz.h"

#define main linli_photo_main
#include "photo.c"
#undef main

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    struct picture first = {0}, second = {0};
    if (!begun && vips_init("fuzz_photo") != 0)
        abort();
    if (!begun) { /* as start() does, without its limits: they end the process */
        vips_concurrency_set(1);
        vips_cache_set_max(0);
        vips_block_untrusted_set(TRUE);
        g_log_set_handler("VIPS", G_LOG_LEVEL_MASK, quiet, NULL);
    }
    begun = true;
    (void)linli_photo_main; /* the program's own reads standard input */
    char *copy = must_alloc(size + END_MOST);
    if (size)
        memcpy(copy, data, size);
    enum photo_exit made = make(copy, size, &first, &second);
    if (made == PHOTO_MADE && (!first.size || !second.size))
        abort();
    g_free(first.data);
    g_free(second.data);
    vips_error_clear();
    free(copy);
    return 0;
}

#ifndef LINLI_FUZZER
/* A picture of 24 by 16 points in that format. */
static void run_format(const char *ending)
{
    VipsImage *black = NULL, *drawn = NULL;
    void *data = NULL;
    size_t size = 0;
    if (vips_black(&black, 24, 16, "bands", 3, NULL) != 0 ||
        vips_cast_uchar(black, &drawn, NULL) != 0)
        abort();
    if (vips_image_write_to_buffer(drawn, ending, &data, &size, NULL) == 0)
        run_changed(data, size, 150);
    vips_error_clear();
    g_free(data);
    g_object_unref(black);
    g_object_unref(drawn);
}

int main(int argc, char **argv)
{
    static const char heif[] = "\0\0\0\x14"
                               "ftypheic\0\0\0\0\0\0\0\0\0\0\0\x08mdat",
                      webp[] = "RIFF\x12\0\0\0WEBPVP8L\5\0\0\0/\0\0\0\0";
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    if (argc >= 2)
        return failed;
    LLVMFuzzerTestOneInput(NULL, 0); /* begins */
    run_format(".jpg");
    run_format(".png");
    run_format(".gif");
    run_changed(heif, sizeof heif - 1, 1000);
    run_changed(webp, sizeof webp - 1, 1000);
    return failed;
}
#endif
