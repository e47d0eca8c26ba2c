/*
 * Fuzz target: a whole visit through the gate without a network: address, headers and body come
 * from the bytes, route, session, form and JSON are read as from a stranger. Lines: verb address,
 * headers as "name: value", an empty line, the body. The program answers with a code it knows; a
 * problem is told in JSON that can be read or in HTML.
 */
#include "fuzz.h"

#include "program/install.h"
#include "core/module.h"
#include "web/gate.h"
#include "web/session.h"

#include <cjson/cJSON.h>
#include <unistd.h>

static struct site site;
static struct gate *gate;
static struct ctx ctx;
static char folder[64];
static const char *bearer;

static void clean_up(void)
{
    static const char *const files[] = {"linli.db", "linli.db-wal", "linli.db-shm", "linli.head",
                                        "key"};
    db_close(ctx.db);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(arena_print(ctx.arena, "%s/%s", folder, files[i]));
    rmdir(folder);
    gate_free(gate);
    arena_free(ctx.arena);
}

static void set_up(void)
{
    snprintf(folder, sizeof folder, "/tmp/linli-fuzz-%d", (int)getpid());
    ctx_init(&ctx, arena_new());
    ctx.actor.roles = ROLE_PUBLIC | ROLE_OFFICE;
    ctx.actor.via = "command";
    int out = dup(1);
    if (!freopen("/dev/null", "w", stdout) || install_create(&ctx, folder, NULL, 0) != OK ||
        install_open(&ctx, folder, DB_WRITE) != OK || db_begin(ctx.db) != OK ||
        !(bearer = token_create(&ctx, "fuzz", ROLE_OFFICE, NONE, NONE)) ||
        db_commit(ctx.db) != OK) {
        fprintf(stderr, "%s\n", ctx.problems ? ctx.problems->text : "no store");
        exit(1);
    }
    dup2(out, 1);
    close(out);
    site = (struct site){.data = folder,
                         .keys = ctx.keys,
                         .quiet = true,
                         .proxied = true, /* so that forwarded headers are read */
                         .requests_a_second = 1000000,
                         .logins_a_minute = 1000000};
    gate = gate_new(&site, modules_routes());
    atexit(clean_up);
}

/* Takes the next line of the input, NUL-ended; NULL at the end. */
static char *next_line(char **at, const char *end)
{
    char *line = *at, *stop = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
    if (!stop)
        return NULL;
    *stop = '\0';
    *at = stop + 1;
    return line;
}

static void header_add(struct visit *v, const char *name, const char *value)
{
    if (v->ex.header_count < INPUT_HEADERS_MOST)
        v->headers[v->ex.header_count++] = (struct param){name, value};
}

static void fill(struct visit *v, char *text, size_t size)
{
    char *at = text, *end = text + size, *line = next_line(&at, end);
    v->verb = v->uri = "";
    v->peer = "127.0.0.1";
    if (line) {
        char *blank = strchr(line, ' ');
        v->uri = blank ? blank + 1 : "/";
        if (blank)
            *blank = '\0';
        v->verb = line;
    }
    header_add(v, "authorization", arena_print(v->arena, "Bearer %s", bearer));
    while ((line = next_line(&at, end)) && *line) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        for (char *p = line; *p; p++)
            *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
        header_add(v, line, colon + 1 + strspn(colon + 1, " "));
    }
    gate_route(gate, v);
    buf_put(&v->body, at, (size_t)(end - at));
    v->too_long = v->body.full;
}

static void judge(const struct visit *v)
{
    if (v->ex.code < 200 || v->ex.code > 503 || v->ex.code == 500)
        abort();
    if (!v->ex.wants_json || v->ex.code < 400 || v->out.size == 0)
        return;
    cJSON *answer = cJSON_Parse(v->out.data);
    if (!cJSON_IsObject(answer))
        abort();
    cJSON_Delete(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!gate)
        set_up();
    if (size > BODY_LIMIT)
        return 0;
    struct visit v;
    visit_init(&v);
    char *text = must_alloc(size + 1);
    memcpy(text, data, size);
    fill(&v, text, size);
    enum gate_next next = gate_enter(gate, &v, ctx.db);
    if (next == GATE_SLOW)
        next = gate_prepare(gate, &v, ctx.db);
    if (next == GATE_CHANGE) { /* done and undone: each input meets the same store */
        if (db_begin(ctx.db) != OK)
            abort();
        enum status s = gate_change(gate, &v, ctx.db);
        db_rollback(ctx.db);
        db_clear(ctx.db);
        gate_finish(gate, &v, ctx.db, s);
    }
    judge(&v);
    free(text);
    visit_release(&v);
    return 0;
}

#ifndef LINLI_FUZZER
int main(int argc, char **argv)
{
    static const char *const seeds[] = {
        "POST /api/v1/requests\ncontent-type: application/json\nidempotency-key: k1\n\n"
        "{\"subject\":\"\u8def\u706f\",\"text\":\"a\\nb\",\"requester_phone\":\"13800000001\","
        "\"lat\":23.05,\"category\":null}",
        "PATCH /api/v1/requests/1\ncontent-type: application/merge-patch+json\nif-match: "
        "\"1\"\n\n{\"text\":\"x\",\"area\":[1,{\"a\":1e400}]}",
        "GET /api/v1/requests?q=%E8%B7%AF&status=received&limit=5&cursor=abc\naccept: "
        "application/json\nx-fragment: list\n\n",
        "POST /ask\ncontent-type: application/x-www-form-urlencoded\ncookie: linli_language=en; "
        "linli_elder=1; linli=abc\norigin: http://a\nhost: a\n\n"
        "subject=a&text=b&area=1&requester_phone=13800000001&_key=7&lat=x&lon=1e9",
        "POST /import\ncontent-type: multipart/form-data; "
        "boundary=b\n\n--b\r\nContent-Disposition: form-data; "
        "name=\"kind\"\r\n\r\nareas\r\n--b--\r\n",
        "GET /follow?number=20260101-00001&phone=0001&code=ABCDEFGHJK\naccept-language: "
        "zh\ncookie: linli_sent=%41;=;x\n\n",
        "POST /api/v1/requests/1/dispatch\ncontent-type: application/json\nx-forwarded-for: "
        "1.2.3.4, ::1\n\n{\"unit\":1,\"until\":\"2026-02-30\"}",
    };
    int failed = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    for (size_t i = 0; argc < 2 && i < sizeof seeds / sizeof *seeds; i++)
        run_changed(seeds[i], strlen(seeds[i]), 400);
    return failed;
}
#endif
