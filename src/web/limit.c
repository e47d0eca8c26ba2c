/*
 * Rate limits: a token bucket for each address, in a table of fixed size.
 *
 * An address can be in one of four slots; a new one replaces the least
 * recently used. So memory is bounded, and a flood of addresses can only make
 * the limit forget, never fail.
 */
#include "web/gate.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 8192 /* a power of two */
#define WAYS  4

struct bucket {
    uint64_t address; /* keyed hash; 0: free */
    int64_t at;       /* milliseconds */
    double tokens;
};

struct limit {
    pthread_mutex_t lock;
    double per_second, burst;
    unsigned char key[crypto_shorthash_KEYBYTES];
    struct bucket buckets[SLOTS];
};

struct limit *limit_new(double per_second, double burst)
{
    struct limit *l = must_alloc(sizeof *l);
    pthread_mutex_init(&l->lock, NULL);
    l->per_second = per_second;
    l->burst = burst;
    randombytes_buf(l->key, sizeof l->key);
    return l;
}

void limit_free(struct limit *l)
{
    if (!l)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l);
}

bool limit_take(struct limit *l, const char *address, int64_t now_ms)
{
    unsigned char hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, (const unsigned char *)address, strlen(address), l->key);
    uint64_t id;
    static_assert(sizeof id == sizeof hash, "one number holds the hash");
    memcpy(&id, hash, sizeof id);
    id |= 1; /* never free */
    struct bucket *set = &l->buckets[(id >> 20) & (SLOTS - WAYS)], *mine = NULL;
    pthread_mutex_lock(&l->lock);
    struct bucket *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].address == id)
            mine = &set[i];
        if (set[i].at < oldest->at)
            oldest = &set[i];
    }
    if (!mine) {
        mine = oldest;
        *mine = (struct bucket){.address = id, .at = now_ms, .tokens = l->burst};
    }
    if (now_ms > mine->at) {
        mine->tokens += (double)(now_ms - mine->at) / 1000 * l->per_second;
        if (mine->tokens > l->burst)
            mine->tokens = l->burst;
        mine->at = now_ms;
    }
    bool ok = mine->tokens >= 1;
    if (ok)
        mine->tokens -= 1;
    pthread_mutex_unlock(&l->lock);
    return ok;
}
