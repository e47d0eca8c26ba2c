/*
 * Reading a secret from a terminal, a pipe or a file. It lives in the
 * context's arena.
 */
#include "program/secret.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static const char *line_of(struct ctx *ctx, FILE *f)
{
    char line[1024];
    if (!fgets(line, sizeof line, f))
        return NULL;
    line[strcspn(line, "\r\n")] = '\0';
    return arena_copy(ctx->arena, line);
}

const char *secret_typed(struct ctx *ctx, const char *prompt)
{
    struct termios was, quiet;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &was) == 0;
    if (terminal) {
        quiet = was;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "%s: ", prompt);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    const char *line = line_of(ctx, stdin);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
        fputc('\n', stderr);
    }
    return line;
}

const char *secret_file(struct ctx *ctx, const char *path)
{
    FILE *f = fopen(path, "r");
    struct stat st;
    if (!f) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "Can’t open {}: {}", path, strerror(errno)));
        return NULL;
    }
    const char *line = NULL;
    if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
        ctx_fail(
            ctx, FORBIDDEN,
            say(ctx, "{} is readable by other users. Restrict it first: chmod 600 {}", path, path));
    else if (!(line = line_of(ctx, f)) || !*line)
        ctx_fail(ctx, INVALID, say(ctx, "{} is empty.", path));
    fclose(f);
    return line && *line ? line : NULL;
}
