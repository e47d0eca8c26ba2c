/*
 * Logs what has been running on a writer thread for too long. All other
 * changes wait behind it, and pages that only read don't show it.
 *
 * Its own thread checks four times a second. It reports a task while it runs,
 * and again with its duration when it has ended. It stops nothing: a change
 * that is interrupted half-way would need its own undo.
 */
#ifndef LINLI_DB_WATCHDOG_H
#define LINLI_DB_WATCHDOG_H

#include <stdatomic.h>
#include <stdint.h>

#define WATCH_MS 1000 /* a task that runs longer is reported */

struct watch {
    struct watch *next;
    const char *_Atomic what; /* static text */
    _Atomic int64_t since;    /* milliseconds, monotonic; 0: nothing runs */
    _Atomic int64_t slow;     /* tasks so far that took WATCH_MS or more */
    int64_t reported;         /* the `since` that has been reported */
};

void watch_add(struct watch *w); /* owned by the caller, who calls watch_remove before freeing it */
void watch_remove(struct watch *w);
/* On the thread that is watched. what NULL: "task". */
void watch_begin(struct watch *w, const char *what);
void watch_end(struct watch *w);
int64_t watch_running(const struct watch *w); /* milliseconds of the running task; 0: none */
void watch_limit(int64_t ms);                 /* instead of WATCH_MS; for tests */

#endif
