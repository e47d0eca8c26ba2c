/*
 * The compiled-in translations: one table a language, made by the build from
 * the fragments in po/ (script/po2c.py), sorted by the bytes of the English
 * text. Read through tr() and say() (base/ctx.h).
 */
#ifndef LINLI_BASE_PO_H
#define LINLI_BASE_PO_H

struct po_entry {
    const char *source; /* English, as in the code */
    const char *target; /* "{}" places in order, or "{1}" "{2}" by number */
};

extern const struct po_entry po_zh_CN[]; /* ends with an empty entry that does not count */
extern const int po_zh_CN_count;

#endif
