/* The ways people write a choice: its code, its label in either language, and common variants. */
#ifndef LINLI_KIND_WORDS_H
#define LINLI_KIND_WORDS_H

#include "kind/kind.h"

/* Finds the choice, independent of the reader's language, case, width and blanks; NULL: none.
 * choices ends with a NULL code. */
const struct choice *choice_typed(struct arena *a, const struct choice *choices, const char *typed);
/* Earlier texts of a field's or choice's label, separated by | (former.c); NULL: none. */
const char *label_formerly(const char *label);

#endif
