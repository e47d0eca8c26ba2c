/*
 * The list of the program's capabilities, for the command line, an opened
 * installation, and tests.
 */
#ifndef LINLI_PROGRAM_MODULES_H
#define LINLI_PROGRAM_MODULES_H

/* Registers the list (modules_set). Call it before starting threads; calling it
 * again has no effect. */
void program_modules(void);

#endif
