/*
 * The compiled-in translations: one table for each language, sorted by the
 * bytes of the English text. The build makes them from the fragments in po/
 * (script/po2c.py). Read them through tr() and say() (base/ctx.h).
 */
#ifndef LINLI_BASE_PO_H
#define LINLI_BASE_PO_H

struct po_entry {
    const char *source; /* English, as in the code */
    const char *target; /* "{}" places in order, or "{1}" "{2}" by number */
};

extern const struct po_entry po_zh_CN[]; /* ends with an empty entry, which is not counted */
extern const int po_zh_CN_count;

#endif
