/*
 * Secrets for commands. They are never arguments, which others on the machine
 * could read.
 */
#ifndef LINLI_APP_SECRET_H
#define LINLI_APP_SECRET_H

#include "base/ctx.h"

/* Reads one line from the terminal, without showing it, or from standard input;
 * NULL at the end of input. */
const char *secret_typed(struct ctx *ctx, const char *prompt);
/* Reads the first line of a file that only its owner may read; NULL with a
 * problem. */
const char *secret_file(struct ctx *ctx, const char *path);

#endif
