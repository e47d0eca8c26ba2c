/*
 * The addresses of databases, and the names of the files that belong to them.
 * db_open opens them.
 */
#include "core/store.h"

#include "db/db.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "linli-chengdong" of postgresql://user@host/linli?schema=chengdong: letters, digits, - and _. */
static const char *store_name(struct arena *a, const char *address)
{
    const char *path = strstr(address, "://") + 3;
    path += strcspn(path, "/?");
    const char *base = *path == '/' ? path + 1 : "";
    size_t size = strcspn(base, "?");
    const char *schema = strstr(address, "schema=");
    bool own = schema && (schema[-1] == '?' || schema[-1] == '&');
    char *name = arena_print(a, "%.*s-%.*s", size ? (int)size : 8, size ? base : "postgres",
                             own ? (int)strcspn(schema + 7, "&") : 5, own ? schema + 7 : "linli");
    for (char *p = name; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *p))
            *p = '_';
    return name;
}

static const char *keys_folder(struct arena *a)
{
    const char *own = getenv("LINLI_KEYS"), *config = getenv("XDG_CONFIG_HOME"),
               *home = getenv("HOME");
    if (own && *own)
        return own;
    if (config && *config == '/')
        return arena_print(a, "%s/linli", config);
    return arena_print(a, "%s/.config/linli", home && *home ? home : "");
}

const char *store_key_path(struct arena *a, const char *address)
{
    if (!db_is_postgres(address))
        return arena_print(a, "%s/key", address);
    return arena_print(a, "%s/%s.key", keys_folder(a), store_name(a, address));
}

bool store_make_folder(const char *path)
{
    char *part = must_copy(path);
    bool good = true;
    for (char *p = part + 1; good; p++) {
        char end = *p;
        if (end != '/' && end != '\0')
            continue;
        *p = '\0';
        good = mkdir(part, 0700) == 0 || errno == EEXIST;
        *p = end;
        if (!end)
            break;
    }
    free(part);
    return good;
}

const char *store_folder(struct arena *a, const char *address)
{
    const char *path = db_is_postgres(address)
                           ? arena_print(a, "%s/%s", keys_folder(a), store_name(a, address))
                           : arena_copy(a, address);
    return store_make_folder(path) ? path : NULL;
}

const char *store_shown(struct arena *a, const char *address)
{
    const char *from = strstr(address, "://"), *at = from ? strchr(from, '@') : NULL;
    const char *colon = at ? memchr(from + 3, ':', (size_t)(at - from - 3)) : NULL;
    char *shown = colon ? arena_print(a, "%.*s%s", (int)(colon - address), address, at)
                        : arena_copy(a, address);
    char *password = strstr(shown, "password=");
    if (password)
        memset(password + 9, '*', strcspn(password + 9, "&"));
    return shown;
}

/* ---- the last backup ---- */

#define BACKUP_MARK "last-backup"

bool backup_mark_write(struct arena *a, const char *folder, const struct backup_mark *m)
{
    const char *path = arena_print(a, "%s/" BACKUP_MARK, folder),
               *part = arena_print(a, "%s.part", path);
    FILE *to = fopen(part, "we");
    if (!to)
        return false;
    bool good = fprintf(to, "%lld %lld %d\n", (long long)m->at, (long long)m->size, m->encrypted) >
                0;
    good = fclose(to) == 0 && good && rename(part, path) == 0;
    if (!good)
        remove(part);
    return good;
}

bool backup_mark_read(struct arena *a, const char *folder, struct backup_mark *m)
{
    FILE *from = fopen(arena_print(a, "%s/" BACKUP_MARK, folder), "re");
    long long at = 0, size = 0;
    int encrypted = 0;
    if (!from)
        return false;
    bool good = fscanf(from, "%20lld %20lld %1d", &at, &size, &encrypted) == 3 && at > 0;
    fclose(from);
    *m = (struct backup_mark){at, size, encrypted == 1};
    return good;
}
