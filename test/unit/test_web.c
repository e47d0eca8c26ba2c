/*
 * The web layer as a client meets it: a real server on a free port, plain
 * sockets. No test depends on how long something takes; the bound of a minute
 * only tells a stall from a slow machine.
 */
#include "base/arena.h"
#include "db/writer.h"
#include "web/gate.h"
#include "web/server.h"
#include "web/session.h"
#include "store.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct site site;
static struct server *server;
static struct arena *arena;
static struct store store;

static void hello(struct ctx *ctx)
{
    html(ctx->web->out, "<p>{}</p>", param(ctx, "name"));
}

static void note(struct ctx *ctx)
{
    change(ctx->db, "INSERT INTO notes (text) VALUES ({})", param(ctx, "text"));
    see_other(ctx, "/notes/{}", db_inserted(ctx->db));
}

static void notes(struct ctx *ctx)
{
    html(ctx->web->out, "{}", query_int(ctx->db, "SELECT count(*) AS n FROM notes"));
}

static const struct route table[] = {
    ROUTE_GET("/", ROLE_PUBLIC, hello),
    ROUTE_GET("/office", ROLE_OFFICE, hello),
    ROUTE_GET("/audit", ROLE_AUDITOR, hello),
    ROUTE_GET("/notes", ROLE_PUBLIC, notes),
    ROUTE_POST("/notes", ROLE_PUBLIC, note, .flags = NO_CSRF),
    ROUTE_POST("/office/notes", ROLE_OFFICE, note),
};
static const struct routes tables[] = {ROUTES(table), {NULL, 0}};

static int begin(void **state)
{
    (void)state;
    const char *why = "";
    arena = arena_new();
    store_new(&store);
    struct db *db = db_open(store.address, DB_CREATE, arena, &why);
    assert_non_null(db);
    assert_int_equal(db_migrate(db, schema_steps, arena, &why), OK);
    assert_int_equal(db_script(db, "CREATE TABLE notes (id integer PRIMARY KEY, text text)"), OK);
    assert_int_equal(change(db,
                            "INSERT INTO users (id, created, updated, login, name, password) "
                            "VALUES (1, 0, 0, 'office', 'Office', {})",
                            password_hash(arena, "a long password")),
                     OK);
    assert_int_equal(change(db, "INSERT INTO grants (\"user\", role) VALUES (1, 'office')"), OK);
    site = (struct site){.data = store.address, .quiet = true, .workers = 2};
    site.writer = writer_start(db);
    writer_on_commit(site.writer, server_committed, &site);
    server = server_start(&site, "127.0.0.1:0", tables, arena, &why);
    if (!server)
        fail_msg("%s", why);
    return 0;
}

static int end(void **state)
{
    (void)state;
    server_stop(server);
    writer_stop(site.writer);
    store_remove(&store);
    arena_free(arena);
    return 0;
}

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)server_port(server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Sends it on a connection of its own and reads until the server closes. */
static char *exchange_text(const char *head, const char *body, size_t size)
{
    int fd = dial();
    char *text = arena_print(
        arena, "%sHost: here\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", head, size);
    size_t n = strlen(text);
    assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
    for (size_t done = 0; done < size;) {
        ssize_t sent = send(fd, body + done, size - done, MSG_NOSIGNAL);
        assert_true(sent > 0);
        done += (size_t)sent;
    }
    char *answer = arena_alloc(arena, 1 << 17);
    size_t got = 0;
    for (ssize_t m; (m = recv(fd, answer + got, (1 << 17) - 1 - got, 0)) > 0;)
        got += (size_t)m;
    close(fd);
    return answer;
}

static int code(const char *answer)
{
    return strncmp(answer, "HTTP/1.1 ", 9) == 0 ? (int)strtol(answer + 9, NULL, 10) : 0;
}

static int ask(const char *head, const char *body)
{
    return code(exchange_text(head, body, strlen(body)));
}

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"

/* Too many wait: the page is a tenant's like any other, and says when to come again. */
static void test_giving_up(void **state)
{
    (void)state;
    static struct visit v;
    struct site own = {.data = store.address, .quiet = true};
    visit_init(&v);
    v.ctx.site = &own;
    v.ex.path = "/";
    v.ex.query_text = "";
    v.ex.headers = v.headers;
    snprintf(v.ex.prefix, sizeof v.ex.prefix, "/t/east");
    gate_give_up(&v);
    assert_int_equal(v.ex.code, 503);
    assert_non_null(strstr(v.out.data, "href=\"/t/east/assets/"));
    assert_null(strstr(v.out.data, "href=\"/assets/"));
    int found = 0;
    for (int i = 0; i < v.ex.answer_count; i++)
        found += !strcmp(v.ex.answer[i].name, "Retry-After") ||
                 !strcmp(v.ex.answer[i].name, "Content-Security-Policy");
    assert_int_equal(found, 2);
    visit_release(&v);
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        const char *head, *body;
        int code;
    } cases[] = {
        {"GET /?name=%E9%82%BB HTTP/1.1\r\n", "", 200},
        {"GET /nothing HTTP/1.1\r\n", "", 404},
        {"GET /?name=%FF HTTP/1.1\r\n", "", 400},
        {"GET /?name=a%00b HTTP/1.1\r\n", "", 400},
        {"GET /%C0%AF HTTP/1.1\r\n", "", 400},
        {"PUT / HTTP/1.1\r\n", "", 405},
        {"POST /office HTTP/1.1\r\n" FORM, "a=b", 405},
        {"POST /notes HTTP/1.1\r\n" FORM, "text=%ED%A0%80", 400},
        {"POST /notes HTTP/1.1\r\nContent-Type: text/weird\r\n", "text=a", 415},
        {"POST /notes HTTP/1.1\r\nOrigin: http://elsewhere\r\n" FORM, "text=a", 403},
        {"POST /notes HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\n" FORM, "text=a", 403},
        {"GET /office HTTP/1.1\r\n", "", 303},
        {"POST /office/notes HTTP/1.1\r\n" FORM, "text=a", 401},
        {"GET /healthz HTTP/1.1\r\n", "", 200},
        {"GET /readyz HTTP/1.1\r\n", "", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int got = ask(cases[i].head, cases[i].body);
        if (got != cases[i].code)
            fail_msg("%s answered %d, not %d", cases[i].head, got, cases[i].code);
    }
}

static void test_too_long(void **state)
{
    (void)state;
    size_t n = BODY_LIMIT + 1;
    char *body = must_alloc(n);
    memset(body, 'a', n);
    assert_int_equal(code(exchange_text("POST /notes HTTP/1.1\r\n" FORM, body, n)), 413);
    free(body);
}

static void test_once(void **state)
{
    (void)state;
    char *first = exchange_text("POST /notes HTTP/1.1\r\nIdempotency-Key: k1\r\n" FORM, "text=one",
                                8);
    char *again = exchange_text("POST /notes HTTP/1.1\r\nIdempotency-Key: k1\r\n" FORM, "text=one",
                                8);
    assert_int_equal(code(first), 303);
    assert_int_equal(code(again), 303);
    char *a = strstr(first, "Location: "), *b = strstr(again, "Location: ");
    assert_non_null(a);
    assert_non_null(b);
    size_t n = strcspn(a, "\r");
    assert_memory_equal(a, b, n + 1);
    assert_int_equal(ask("POST /notes HTTP/1.1\r\nIdempotency-Key: k1\r\n" FORM, "text=two"), 409);
    char *count = exchange_text("GET /notes HTTP/1.1\r\n", "", 0);
    assert_non_null(strstr(count, "\r\n\r\n1"));
}

static void test_session(void **state)
{
    (void)state;
    assert_int_equal(ask("POST /login HTTP/1.1\r\n" FORM, "login=office&password=wrong"), 422);
    assert_int_equal(ask("POST /login HTTP/1.1\r\n" FORM, "login=nobody&password=wrong"), 422);
    const char *in = "login=office&password=a+long+password";
    char *answer = exchange_text("POST /login HTTP/1.1\r\n" FORM, in, strlen(in));
    assert_int_equal(code(answer), 303);
    char *set = strstr(answer, "Set-Cookie: linli=");
    assert_non_null(set);
    set += 12;
    char *value = arena_copyn(arena, set, strcspn(set, ";"));
    assert_int_equal(ask(arena_print(arena, "GET /office HTTP/1.1\r\nCookie: %s\r\n", value), ""),
                     200);
    assert_int_equal(ask(arena_print(arena, "GET /audit HTTP/1.1\r\nCookie: %s\r\n", value), ""),
                     403);
    char *post = arena_print(arena, "POST /office/notes HTTP/1.1\r\nCookie: %s\r\n" FORM, value);
    assert_int_equal(ask(post, "text=a"), 403);
    char *page = exchange_text(arena_print(arena, "GET /login HTTP/1.1\r\nCookie: %s\r\n", value),
                               "", 0);
    char *token = strstr(page, "name=\"_csrf\" value=\"");
    assert_non_null(token);
    token = arena_copyn(arena, token + 20, 64);
    assert_int_equal(ask(post, arena_print(arena, "text=a&_csrf=%s", token)), 303);
}

#define TURNS 20

/* Each connection asks, waits for the whole answer, asks again. */
static void keep_alive(int connections, const char *request)
{
    struct client {
        int fd, turns;
        size_t got;
        char text[16384];
    } *clients = must_alloc(sizeof *clients * (size_t)connections);
    int epoll = epoll_create1(0), left = connections;
    size_t n = strlen(request);
    for (int i = 0; i < connections; i++) {
        clients[i].fd = dial();
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].fd, &e), 0);
    }
    for (int i = 0; i < connections; i++)
        assert_int_equal(send(clients[i].fd, request, n, MSG_NOSIGNAL), n);
    while (left > 0) {
        struct epoll_event events[512];
        int ready = epoll_wait(epoll, events, 512, 60000);
        if (ready <= 0)
            fail_msg("%d of %d connections stalled", left, connections);
        for (int i = 0; i < ready; i++) {
            struct client *c = &clients[events[i].data.u32];
            ssize_t m = recv(c->fd, c->text + c->got, sizeof c->text - 1 - c->got, 0);
            assert_true(m > 0);
            c->got += (size_t)m;
            c->text[c->got] = '\0';
            char *body = strstr(c->text, "\r\n\r\n"), *length = strstr(c->text, "Content-Length: ");
            if (!body || !length ||
                c->got < (size_t)(body + 4 - c->text) + strtoul(length + 16, NULL, 10))
                continue;
            assert_true(code(c->text) == 200 || code(c->text) == 303);
            c->got = 0;
            if (++c->turns < TURNS)
                assert_int_equal(send(c->fd, request, n, MSG_NOSIGNAL), n);
            else
                left--;
        }
    }
    for (int i = 0; i < connections; i++)
        close(clients[i].fd);
    close(epoll);
    free(clients);
}

static void test_never_stalls(void **state)
{
    (void)state;
    static const char get[] = "GET /?name=a HTTP/1.1\r\nHost: here\r\n\r\n";
    static const char post[] = "POST /notes HTTP/1.1\r\nHost: here\r\n" FORM
                               "Content-Length: 6\r\n\r\ntext=a";
    keep_alive(256, get);
    keep_alive(512, get);
    keep_alive(256, post);
}

/* A byte at a time, never silent: the place is taken back. Before a request line is whole, and
 * within its head. */
static void test_dripping_head(void **state)
{
    (void)state;
    static const char *const begins[] = {"", "GET /?name=a HTTP/1.1\r\nHost: here\r\n"};
    site.head_seconds = 1;
    for (size_t i = 0; i < 2; i++) {
        int fd = dial();
        char answer[1000];
        bool ended = false;
        send(fd, begins[i], strlen(begins[i]), MSG_NOSIGNAL);
        for (int drips = 0; drips < 600 && !ended;
             drips++) { /* a minute at most, which a busy machine may need */
            struct pollfd p = {.fd = fd, .events = POLLIN};
            ended = send(fd, "a", 1, MSG_NOSIGNAL) < 0 ||
                    (poll(&p, 1, 100) > 0 && recv(fd, answer, sizeof answer, 0) <= 0);
        }
        assert_true(ended);
        close(fd);
    }
    site.head_seconds = 0;
    assert_int_equal(ask("GET /?name=a HTTP/1.1\r\n", ""), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),      cmocka_unit_test(test_giving_up),
        cmocka_unit_test(test_too_long),      cmocka_unit_test(test_once),
        cmocka_unit_test(test_session),       cmocka_unit_test(test_never_stalls),
        cmocka_unit_test(test_dripping_head),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
