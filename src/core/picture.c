/*
 * One photo: its format is checked by its first bytes, then linli-photo
 * (src/photo.c), a separate process, decodes and re-encodes it. That program
 * is in the same folder as this one; the environment variable LINLI_PHOTO
 * names another.
 */
#define _GNU_SOURCE /* pipe2 */
#include "core/picture.h"

#include "base/buf.h"
#include "base/ctx.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MOST 60000 /* milliseconds without a sign of life */
#define PATH_SIZE 4096

static bool is_picture(const unsigned char *d, size_t n)
{
    static const char *const boxes[] = {"heic", "heix", "mif1", "msf1", "avif"};
    if (n < 16)
        return false;
    if (!memcmp(d, "\xFF\xD8\xFF", 3) || !memcmp(d, "\x89PNG\r\n\x1A\n", 8) ||
        !memcmp(d, "GIF87a", 6) || !memcmp(d, "GIF89a", 6))
        return true;
    if (!memcmp(d, "RIFF", 4) && !memcmp(d + 8, "WEBP", 4))
        return true;
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++)
        if (!memcmp(d + 4, "ftyp", 4) && !memcmp(d + 8, boxes[i], 4))
            return true;
    return false;
}

static const char *program(char path[PATH_SIZE])
{
    const char *given = getenv("LINLI_PHOTO");
    if (given)
        return given;
    ssize_t n = readlink("/proc/self/exe", path, PATH_SIZE - 16);
    while (n > 0 && path[n - 1] != '/')
        n--;
    if (n <= 0)
        return NULL;
    memcpy(path + n, "linli-photo", sizeof "linli-photo");
    return path;
}

struct child {
    pid_t pid;
    int to, from;
};

/* Both pipes are closed in every other child process, because another photo's process would
 * keep this one's open. */
static bool start(struct child *c)
{
    static const char *const nothing[] = {"VIPS_CONCURRENCY=1", NULL};
    char path[PATH_SIZE];
    int in[2], out[2];
    const char *file = program(path);
    if (!file || pipe2(in, O_CLOEXEC) != 0)
        return false;
    if (pipe2(out, O_CLOEXEC) != 0) {
        close(in[0]);
        close(in[1]);
        return false;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    char *const args[] = {(char *)(uintptr_t)file, NULL};
    bool ok = posix_spawn(&c->pid, file, &actions, NULL, args, (char *const *)(uintptr_t)nothing) ==
              0;
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    c->to = in[1];
    c->from = out[0];
    if (!ok) {
        close(c->to);
        close(c->from);
    } else {
        fcntl(c->to, F_SETFL, O_NONBLOCK);
    }
    return ok;
}

/* Writes the file to the process while reading its output. */
static void talk(struct child *c, const char *data, size_t size, struct buf *answer)
{
    char part[65536];
    for (;;) {
        struct pollfd fds[2] = {{.fd = c->from, .events = POLLIN},
                                {.fd = c->to, .events = POLLOUT}};
        int n = poll(fds, c->to < 0 ? 1 : 2, WAIT_MOST);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            kill(c->pid, SIGKILL);
            break;
        }
        if (c->to >= 0 && fds[1].revents) {
            ssize_t sent = write(c->to, data, size);
            if (sent > 0) {
                data += sent;
                size -= (size_t)sent;
            }
            if (size == 0 || (sent < 0 && errno != EAGAIN)) {
                close(c->to);
                c->to = -1;
            }
        }
        if (fds[0].revents) {
            ssize_t got = read(c->from, part, sizeof part);
            if (got <= 0)
                break;
            buf_put(answer, part, (size_t)got);
        }
    }
    if (c->to >= 0)
        close(c->to);
    close(c->from);
}

/* Reads eight bytes of length, then that many bytes. */
static bool take(struct arena *a, const char **at, size_t *left, const void **data, size_t *size)
{
    uint64_t n = 0;
    if (*left < 8)
        return false;
    for (int i = 0; i < 8; i++)
        n |= (uint64_t)(unsigned char)(*at)[i] << (8 * i);
    if (n > *left - 8)
        return false;
    *data = memcpy(arena_alloc(a, n ? n : 1), *at + 8, n);
    *size = n;
    *at += 8 + n;
    *left -= 8 + n;
    return n > 0;
}

static enum photo_exit draw(struct arena *a, const void *data, size_t size, struct photo *p)
{
    struct child c;
    struct buf answer;
    int state = 0;
    if (!start(&c))
        return PHOTO_NOT_STARTED;
    buf_init(&answer, 2 * PHOTO_BYTES);
    talk(&c, data, size, &answer);
    while (waitpid(c.pid, &state, 0) < 0 && errno == EINTR)
        ;
    enum photo_exit found = WIFEXITED(state) && WEXITSTATUS(state) <= PHOTO_NOT_STARTED
                                ? (enum photo_exit)WEXITSTATUS(state)
                            : WIFEXITED(state) ? PHOTO_NOT_STARTED
                                               : PHOTO_DAMAGED;
    const char *at = answer.data;
    size_t left = answer.size;
    if (found == PHOTO_MADE && !(take(a, &at, &left, &p->data, &p->size) &&
                                 take(a, &at, &left, &p->small, &p->small_size)))
        found = PHOTO_DAMAGED;
    buf_release(&answer);
    return found;
}

const char photo_no_picture[] = N_("This is not an image. Use JPEG, PNG, WebP, GIF or HEIC.");

bool photo_make(struct arena *a, const void *data, size_t size, struct photo *p, const char **why)
{
    static const char *const texts[] = {
        [PHOTO_UNREADABLE] = N_(
            "This image can’t be read. Use a JPEG or PNG, or take a photo of the screen."),
        [PHOTO_TOO_LARGE] = N_(
            "This image is too large (60 million pixels at most). Please choose a smaller one."),
        [PHOTO_DAMAGED] = N_("This image is damaged. Please choose it again, or choose another."),
        [PHOTO_CUT_OFF] = N_("This image was not fully uploaded. Please send it again."),
        [PHOTO_NOT_STARTED] = (N_("We can’t accept photos at the moment. Please send your request "
                                  "without one; you can tell us more when we call.")),
    };
    *p = (struct photo){0};
    if (size > PHOTO_BYTES) {
        *why = N_("Photos can be up to 15 MB. Please choose a smaller one.");
        return false;
    }
    if (!is_picture(data, size)) {
        *why = photo_no_picture;
        return false;
    }
    enum photo_exit found = draw(a, data, size, p);
    if (found != PHOTO_MADE)
        *why = texts[found];
    return found == PHOTO_MADE;
}
