/*
 * The log: a line is built in memory and written by one call, so lines of
 * several threads do not mix. If writing fails, the line is dropped: a full
 * disk under the log must not stop the service.
 */
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char *const levels[] = {"info", "warn", "error"};
_Static_assert(sizeof levels / sizeof *levels == LOG_LEVEL_COUNT, "every level has a name");

static int file = STDERR_FILENO;

void log_set_file(int fd)
{
    file = fd;
}

static void start_line(struct buf *line, enum log_level level, const char *event)
{
    struct timespec now;
    struct tm utc;
    char stamp[32] = "";
    clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc))
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    char milliseconds[8];
    snprintf(milliseconds, sizeof milliseconds, ".%03dZ", (int)(now.tv_nsec / 1000000) % 1000);
    buf_puts(line, "{\"time\":\"");
    buf_puts(line, stamp);
    buf_puts(line, milliseconds);
    json(line, "\",\"level\":{},\"event\":{}", levels[level], event);
}

void log_write(enum log_level level, const char *event, const char *fields, const struct arg *args,
               int count)
{
    if ((unsigned)level >= LOG_LEVEL_COUNT)
        return;
    struct buf line;
    buf_init(&line, LOG_LINE_MOST);
    start_line(&line, level, event);
    if (*fields) {
        buf_putc(&line, ',');
        json_write(&line, fields, args, count);
    } else if (count) {
        write_unfit(event);
    }
    buf_puts(&line, "}\n");
    if (line.full) {
        buf_clear(&line);
        start_line(&line, level, event);
        buf_puts(&line, ",\"cut\":true}\n");
    }
    for (size_t done = 0; done < line.size;) {
        ssize_t put = write(file, line.data + done, line.size - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            break;
        done += (size_t)put;
    }
    buf_release(&line);
}
