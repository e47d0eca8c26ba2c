/*
 * Parses requests: percent-encoding, both kinds of forms, cookies. All text
 * that leaves here is valid UTF-8 without NUL. Every count has a limit, and
 * malformed input is refused, never repaired.
 *
 * Texts are copied into the arena; uploaded files point into the body.
 */
#define _GNU_SOURCE /* memmem */
#include "web/gate.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool utf8_clean(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s, *end = p + n;
    while (p < end) {
        unsigned c = *p++;
        if (c == 0)
            return false;
        if (c < 0x80)
            continue;
        int more = c >= 0xC2 && c <= 0xDF   ? 1
                   : (c & 0xF0) == 0xE0     ? 2
                   : c >= 0xF0 && c <= 0xF4 ? 3
                                            : 0;
        if (more == 0 || end - p < more)
            return false;
        unsigned first = *p; /* too long, a surrogate half, or past U+10FFFF */
        if ((c == 0xE0 && first < 0xA0) || (c == 0xED && first > 0x9F) ||
            (c == 0xF0 && first < 0x90) || (c == 0xF4 && first > 0x8F))
            return false;
        for (; more > 0; more--)
            if ((*p++ & 0xC0) != 0x80)
                return false;
    }
    return true;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool input_decode(char *s, size_t *n, bool plus)
{
    size_t out = 0;
    for (size_t i = 0; i < *n; i++) {
        if (s[i] == '%') {
            if (i + 2 >= *n)
                return false;
            int high = hex(s[i + 1]), low = hex(s[i + 2]);
            if (high < 0 || low < 0)
                return false;
            s[out++] = (char)(high << 4 | low);
            i += 2;
        } else {
            s[out++] = plus && s[i] == '+' ? ' ' : s[i];
        }
    }
    s[out] = '\0';
    *n = out;
    return true;
}

/* A growing list in the arena; the old array is simply abandoned. */
static struct param *param_add(struct arena *a, const struct param **list, int *count, int *room)
{
    if (*count == *room) {
        int more = *room ? *room * 2 : 16;
        struct param *grown = ARENA_ARRAY(a, struct param, more);
        if (*count)
            memcpy(grown, *list, sizeof **list * (size_t)*count);
        *list = grown;
        *room = more;
    }
    return (struct param *)&(*list)[(*count)++];
}

static char *decoded(struct arena *a, const char *s, size_t n)
{
    char *text = arena_copyn(a, s, n);
    return input_decode(text, &n, true) && utf8_clean(text, n) ? text : NULL;
}

bool input_urlencoded(struct arena *a, const char *text, size_t n, const struct param **list,
                      int *count)
{
    const char *end = text + n;
    int room = *count;
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        if (!stop)
            stop = end;
        if (stop > text) {
            const char *equals = memchr(text, '=', (size_t)(stop - text));
            const char *name_end = equals ? equals : stop;
            char *name = decoded(a, text, (size_t)(name_end - text));
            char *value = equals ? decoded(a, equals + 1, (size_t)(stop - equals - 1))
                                 : arena_copy(a, "");
            if (!name || !value || *count >= INPUT_FIELDS_MOST)
                return false;
            *param_add(a, list, count, &room) = (struct param){name, value};
        }
        text = stop + 1;
    }
    return true;
}

bool input_cookies(struct arena *a, const char *text, const struct param **list, int *count)
{
    int room = *count;
    while (text && *text) {
        while (*text == ' ' || *text == ';')
            text++;
        size_t n = strcspn(text, ";");
        const char *equals = memchr(text, '=', n);
        if (equals) {
            char *value = arena_copyn(a, equals + 1, n - (size_t)(equals + 1 - text));
            size_t length = strlen(value);
            /* a foreign cookie may contain anything: skip what we can't read */
            if (input_decode(value, &length, false) && utf8_clean(value, length)) {
                if (*count >= INPUT_FIELDS_MOST)
                    return false;
                *param_add(a, list, count, &room) = (struct param){
                    arena_copyn(a, text, (size_t)(equals - text)), value};
            }
        }
        text += n;
    }
    return true;
}

/* The value of name="…" in a Content-Disposition line; NULL: missing or broken. */
static char *quoted(struct arena *a, const char *line, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = line; (p = strchr(p, ';')) != NULL;) {
        p++;
        p += strspn(p, " \t");
        if (strncasecmp(p, name, n) != 0 || p[n] != '=')
            continue;
        p += n + 1;
        if (*p != '"')
            return arena_copyn(a, p, strcspn(p, "; \t"));
        const char *stop = strchr(p + 1, '"');
        if (!stop)
            return NULL;
        char *value = arena_copyn(a, p + 1, (size_t)(stop - p - 1));
        char *out = value; /* browsers write a quote, CR and LF as %22, %0D and %0A */
        for (const char *in = value; *in; in++) {
            if (strncmp(in, "%22", 3) == 0) {
                *out++ = '"';
                in += 2;
            } else if (strncasecmp(in, "%0D", 3) == 0 || strncasecmp(in, "%0A", 3) == 0) {
                in += 2;
            } else {
                *out++ = *in;
            }
        }
        *out = '\0';
        return value;
    }
    return NULL;
}

static const char *last_part(const char *path)
{
    const char *last = path;
    for (; *path; path++)
        if (*path == '/' || *path == '\\')
            last = path + 1;
    return last;
}

/* Parses the head of one part: its disposition and type lines. */
static bool part_head(struct arena *a, const char *head, size_t n, const char **disposition,
                      const char **type)
{
    char *text = arena_copyn(a, head, n);
    if (!utf8_clean(text, n))
        return false;
    *disposition = NULL;
    *type = "application/octet-stream";
    for (char *line = text; line && *line;) {
        char *stop = strstr(line, "\r\n");
        if (stop)
            *stop = '\0';
        if (strncasecmp(line, "content-disposition:", 20) == 0)
            *disposition = line + 20;
        else if (strncasecmp(line, "content-type:", 13) == 0)
            *type = line + 13 + strspn(line + 13, " \t");
        line = stop ? stop + 2 : NULL;
    }
    return *disposition != NULL;
}

bool input_multipart(struct arena *a, const char *boundary, const char *body, size_t n,
                     struct exchange *ex)
{
    char *mark = arena_print(a, "\r\n--%s", boundary);
    size_t mark_size = strlen(mark);
    const char *p = body, *end = body + n;
    int room = 0, upload_room = 0;
    struct upload *uploads = NULL;
    /* the first boundary may stand at the very start, without the line end before it */
    if (n < mark_size || memcmp(p, mark + 2, mark_size - 2) != 0) {
        p = memmem(p, n, mark, mark_size);
        if (!p)
            return false;
        p += mark_size;
    } else {
        p += mark_size - 2;
    }
    while (end - p >= 2 && memcmp(p, "--", 2) != 0) {
        if (memcmp(p, "\r\n", 2) != 0)
            return false;
        p += 2;
        const char *head_end = memmem(p, (size_t)(end - p), "\r\n\r\n", 4);
        if (!head_end || head_end - p > 4096)
            return false;
        const char *disposition, *type;
        if (!part_head(a, p, (size_t)(head_end - p), &disposition, &type))
            return false;
        const char *data = head_end + 4;
        const char *stop = memmem(data - 2, (size_t)(end - data + 2), mark, mark_size);
        if (!stop)
            return false;
        size_t size = stop > data ? (size_t)(stop - data) : 0;
        const char *name = quoted(a, disposition, "name");
        if (!name || ex->form_count + ex->upload_count >= INPUT_FIELDS_MOST)
            return false;
        const char *filename = quoted(a, disposition, "filename");
        if (filename) {
            if (!uploads || ex->upload_count == upload_room) {
                upload_room = upload_room ? upload_room * 2 : 4;
                struct upload *grown = ARENA_ARRAY(a, struct upload, upload_room);
                if (uploads)
                    memcpy(grown, uploads, sizeof *uploads * (size_t)ex->upload_count);
                uploads = grown;
            }
            if (*filename || size) /* an empty file field sends an empty part */
                uploads[ex->upload_count++] = (struct upload){name, last_part(filename), type, data,
                                                              size};
            ex->uploads = uploads;
        } else {
            if (!utf8_clean(data, size))
                return false;
            *param_add(a, &ex->form, &ex->form_count,
                       &room) = (struct param){name, arena_copyn(a, data, size)};
        }
        p = stop + mark_size;
    }
    return end - p >= 2;
}

bool input_header(struct visit *v, const char *name, const char *value)
{
    if (v->ex.header_count >= INPUT_HEADERS_MOST)
        return false;
    char *lower = arena_copy(v->arena, name);
    for (char *p = lower; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p | 0x20);
    v->headers[v->ex.header_count++] = (struct param){lower,
                                                      arena_copy(v->arena, value ? value : "")};
    return true;
}

static bool begins_longer(const char *name, const char *word)
{
    size_t n = strlen(word);
    return !strncmp(name, word, n) && name[n];
}

/* RFC 9110 §5.6.2, in lower case */
#define HEADER_NAME "abcdefghijklmnopqrstuvwxyz0123456789-_!#$%&'*+.^`|~"

bool input_ambiguous(const struct visit *v)
{
    int lengths = 0, encodings = 0, hosts = 0;
    for (int i = 0; i < v->ex.header_count; i++) {
        const struct param *h = &v->headers[i];
        /* RFC 9112 §5.1: no blank before the colon. §5.2: a folded header line arrives here with
         * the rest appended to its name, which matters for these two. */
        if (!*h->name || h->name[strspn(h->name, HEADER_NAME)] ||
            begins_longer(h->name, "transfer-encoding") || begins_longer(h->name, "content-length"))
            return true;
        lengths += !strcmp(h->name, "content-length");
        hosts += !strcmp(h->name, "host");
        if (!strcmp(h->name, "transfer-encoding"))
            encodings += strcasecmp(h->value, "chunked") ? 2 : 1;
    }
    return lengths > 1 || hosts > 1 || encodings > 1 || (lengths && encodings);
}
