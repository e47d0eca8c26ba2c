/*
 * The log: one JSON object per line on standard error, for the system's log.
 *
 *     log_info("import_done", "\"rows\":{},\"bad\":{},\"ms\":{}", rows, bad, ms);
 *     → {"time":"2026-03-05T06:05:00.123Z","level":"info","event":"import_done",
 *     "rows":20,"bad":1,"ms":35}
 *
 * The fields are a literal in the format of json(), "" if there are none.
 * Never log personal data (names, numbers, addresses, what people wrote). Log
 * ids, counts, durations, states and the program's own words. A line is one
 * write of up to LOG_LINE_MOST bytes. A longer one keeps its time, level and
 * event, and has "cut":true instead of its fields.
 */
#ifndef LINLI_BASE_LOG_H
#define LINLI_BASE_LOG_H

#include "base/write.h"

#define LOG_LINE_MOST ((size_t)4096)

enum log_level { LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_COUNT };

#define log_info(event, fields, ...) \
    log_write(LOG_LEVEL_INFO, "" event, "" fields, ARGS(__VA_ARGS__))
#define log_warn(event, fields, ...) \
    log_write(LOG_LEVEL_WARN, "" event, "" fields, ARGS(__VA_ARGS__))
#define log_error(event, fields, ...) \
    log_write(LOG_LEVEL_ERROR, "" event, "" fields, ARGS(__VA_ARGS__))

/* The file descriptor (default: 2); the caller still owns it. Set it before threads start. */
void log_set_file(int fd);
void log_write(enum log_level level, const char *event, const char *fields, const struct arg *args,
               int count);

#endif
