/*
 * Fuzz target: any bytes read as a sheet, most of them as CSV in one of its encodings.
 * The first bytes choose: what starts with a zip signature goes the XLSX way.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_all(data, size);
    return 0;
}

#ifndef LINLI_FUZZER
int main(int argc, char **argv)
{
    static const char *const seeds[] = {
        ("\xEF\xBB\xBF编号,内容,时间\r\n1,\"噪音, "
         "\"\"夜里\"\"\n两行\",2026-01-05\r\n\r\n2,'=1+1,-3.50\r\n"),
        "a;b\tc\n\"x;y\";;;\n'@1;0012;1e5\n=\"\"\n1;=\"\"\n",
        "\xB1\xE0\xBA\xC5,\xC4\xDA\xC8\xDD\n1,\x81\x30\x81\x30\n",
    };
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    for (size_t i = 0; argc < 2 && i < sizeof seeds / sizeof *seeds; i++)
        run_changed(seeds[i], strlen(seeds[i]), 3000);
    return failed;
}
#endif
