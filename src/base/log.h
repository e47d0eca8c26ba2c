/*
 * The log: one JSON object a line on standard error, for the system's journal.
 *
 *     log_info("import_done", "\"rows\":{},\"bad\":{},\"ms\":{}", rows, bad, ms);
 *     → {"time":"2026-03-05T06:05:00.123Z","level":"info","event":"import_done","rows":20,"bad":1,"ms":35}
 *
 * The fields are a literal written by json()'s rules ("" when there is none).
 * Never log what names or describes a person (names, numbers, addresses, what
 * they wrote): log ids, counts, durations, states and the program's own words.
 * A line goes out in one write, up to LOG_LINE_MOST bytes; a longer one keeps
 * its time, level and event and says "cut":true instead of its fields.
 */
#ifndef LINLI_BASE_LOG_H
#define LINLI_BASE_LOG_H

#include "base/write.h"

#define LOG_LINE_MOST ((size_t)4096)

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_COUNT };

#define log_debug(event, fields, ...) log_write(LOG_LEVEL_DEBUG, "" event, "" fields, ARGS(__VA_ARGS__))
#define log_info(event, fields, ...)  log_write(LOG_LEVEL_INFO, "" event, "" fields, ARGS(__VA_ARGS__))
#define log_warn(event, fields, ...)  log_write(LOG_LEVEL_WARN, "" event, "" fields, ARGS(__VA_ARGS__))
#define log_error(event, fields, ...) log_write(LOG_LEVEL_ERROR, "" event, "" fields, ARGS(__VA_ARGS__))

/* The least level that is written (at first: info) and where to (at first: 2). Set before threads start. */
void log_set_level(enum log_level least);
void log_set_file(int fd); /* stays the caller's */
void log_write(enum log_level level, const char *event, const char *fields, const struct arg *args, int count);

#endif
