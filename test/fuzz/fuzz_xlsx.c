/*
 * Fuzz target: bytes as the sheet inside a sound workbook, and bytes as the whole file.
 * An input that starts with "PK" is a whole file; anything else becomes the
 * sheet's XML, because a changed archive seldom gets past its check sums.
 */
#include "fuzz.h"

#include <zip.h>

#define REL "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

static bool add(zip_t *zip, const char *name, const void *data, size_t size)
{
    zip_source_t *s = zip_source_buffer(zip, data, size, 0);
    zip_int64_t i = zip_file_add(zip, name, s, 0);
    return i >= 0 && !zip_set_file_compression(zip, (zip_uint64_t)i, ZIP_CM_STORE, 0);
}

/* A workbook around the sheet's XML, which also serves as its shared texts and styles. */
static uint8_t *wrap(const uint8_t *sheet, size_t size, size_t *packed)
{
    static const char rels[] = "<R><Relationship Type='" REL
                               "/officeDocument' Target='b.xml'/></R>";
    static const char book[] = "<workbook xmlns:r='" REL "'><sheet r:id='s'/></workbook>";
    static const char parts[] = "<R><Relationship Id='s' Type='" REL "/worksheet' Target='s.xml'/>"
                                "<Relationship Type='" REL
                                "/sharedStrings' Target='s.xml'/><Relationship Type='" REL
                                "/styles' Target='s.xml'/></R>";
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *out = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = out ? zip_open_from_source(out, ZIP_TRUNCATE, &error) : NULL;
    if (!zip)
        abort();
    zip_source_keep(out);
    if (!add(zip, "_rels/.rels", rels, sizeof rels - 1) ||
        !add(zip, "b.xml", book, sizeof book - 1) ||
        !add(zip, "_rels/b.xml.rels", parts, sizeof parts - 1) || !add(zip, "s.xml", sheet, size) ||
        zip_close(zip) || zip_source_open(out) || zip_source_seek(out, 0, SEEK_END))
        abort();
    *packed = (size_t)zip_source_tell(out);
    uint8_t *bytes = must_alloc(*packed);
    if (zip_source_seek(out, 0, SEEK_SET) ||
        zip_source_read(out, bytes, *packed) != (zip_int64_t)*packed)
        abort();
    zip_source_close(out);
    zip_source_free(out);
    zip_error_fini(&error);
    return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 2 && !memcmp(data, "PK", 2)) {
        read_all(data, size);
        return 0;
    }
    size_t packed;
    uint8_t *file = wrap(data, size, &packed);
    read_all(file, packed);
    free(file);
    return 0;
}

#ifndef LINLI_FUZZER
int main(int argc, char **argv)
{
    static const char seed[] = "<w><numFmt numFmtId='170' formatCode='[h]:mm\"x\"'/><cellXfs><xf "
                               "numFmtId='14'/><xf numFmtId='170'/>"
                               "</cellXfs><si><t>a_x000D_b</t></si><si><r><t>c</t></r><rPh><t>d</"
                               "t></rPh></si><row r='1'><c r='A1' t='s'><v>1</v></c>"
                               "<c r='D1' s='0'><v>43831.5</v></c><c t='b'><v>1</v></c></row><row "
                               "r='7'><c r='AB7' t='inlineStr'><is><t>x</t></is></c></row></w>";
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    if (argc > 1)
        return failed;
    run_changed(seed, sizeof seed - 1, 3000);
    size_t size;
    uint8_t *file = wrap((const uint8_t *)seed, sizeof seed - 1, &size);
    run_changed(file, size, 3000);
    free(file);
    return 0;
}
#endif
