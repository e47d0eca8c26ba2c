/*
 * Notices from the step that causes them to the server that takes them: a
 * small mail server and a small webhook receiver stand in for the others, and
 * the clock is passed in.
 */
#include "app/deliver.h"
#include "app/install.h"
#include "app/module.h"
#include "app/notify.h"
#include "app/requests.h"
#include "base/seal.h"
#include "base/when.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECRET "a secret of some length"

static struct ctx ctx;
static struct store store;

/* ---- the others ---- */

static struct other {
    int listening, port, taken, code; /* taken: messages accepted; code: what it answers instead of OK, 0: OK */
    char last[16384];
    pthread_t thread;
    pthread_mutex_t lock;
} smtp = {.lock = PTHREAD_MUTEX_INITIALIZER}, hook = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void say_line(int fd, const char *line)
{
    assert_true(write(fd, line, strlen(line)) >= 0);
}

/* Reads until end comes or the room is full. */
static size_t hear(int fd, char *to, size_t room, const char *end)
{
    size_t n = 0;
    to[0] = '\0';
    while (n + 1 < room && !strstr(to, end)) {
        ssize_t got = read(fd, to + n, 1);
        if (got <= 0)
            break;
        to[n += (size_t)got] = '\0';
    }
    return n;
}

static int code_of(struct other *o)
{
    pthread_mutex_lock(&o->lock);
    int code = o->code;
    pthread_mutex_unlock(&o->lock);
    return code;
}

static void took(struct other *o, const char *message)
{
    pthread_mutex_lock(&o->lock);
    o->taken++;
    snprintf(o->last, sizeof o->last, "%s", message);
    pthread_mutex_unlock(&o->lock);
}

static void smtp_talk(int fd)
{
    char line[1024], mail[16384];
    say_line(fd, "220 here\r\n");
    while (hear(fd, line, sizeof line, "\r\n") > 0) {
        int code = code_of(&smtp);
        if (!strncmp(line, "RCPT", 4) && code) {
            snprintf(line, sizeof line, "%d no\r\n", code);
            say_line(fd, line);
        } else if (!strncmp(line, "DATA", 4)) {
            say_line(fd, "354 go\r\n");
            hear(fd, mail, sizeof mail, "\r\n.\r\n");
            took(&smtp, mail);
            say_line(fd, "250 taken\r\n");
        } else {
            say_line(fd, !strncmp(line, "QUIT", 4) ? "221 bye\r\n" : "250 ok\r\n");
        }
    }
}

static void hook_talk(int fd)
{
    char text[16384];
    size_t n = hear(fd, text, sizeof text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length: ");
    size_t body = length ? strtoul(length + 16, NULL, 10) : 0;
    while (body > 0 && n + 1 < sizeof text) {
        ssize_t got = read(fd, text + n, body < sizeof text - n - 1 ? body : sizeof text - n - 1);
        if (got <= 0)
            break;
        n += (size_t)got;
        body -= (size_t)got;
        text[n] = '\0';
    }
    int code = code_of(&hook);
    if (!code)
        took(&hook, text);
    char answer[128];
    snprintf(answer, sizeof answer, "HTTP/1.1 %d x\r\nContent-Length: 0\r\nLocation: file:///etc/passwd\r\nConnection: close\r\n\r\n",
             code ? code : 200);
    say_line(fd, answer);
}

static void *listen_to(void *arg)
{
    struct other *o = arg;
    for (int fd; (fd = accept(o->listening, NULL, NULL)) >= 0; close(fd)) {
        if (o == &smtp)
            smtp_talk(fd);
        else
            hook_talk(fd);
    }
    return NULL;
}

static void other_start(struct other *o)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    o->listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(o->listening, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(o->listening, 8), 0);
    assert_int_equal(getsockname(o->listening, (struct sockaddr *)&a, &size), 0);
    o->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&o->thread, NULL, listen_to, o), 0);
}

static void other_stop(struct other *o)
{
    shutdown(o->listening, SHUT_RDWR);
    pthread_join(o->thread, NULL);
    close(o->listening);
}

static int taken(struct other *o, int code)
{
    pthread_mutex_lock(&o->lock);
    int n = o->taken;
    o->taken = 0;
    o->code = code;
    pthread_mutex_unlock(&o->lock);
    return n;
}

/* ---- the office ---- */

static int set_up(void **state)
{
    (void)state;
    if (store_install(&store, &ctx) != 0)
        return -1;
    ctx.actor.name = "office";
    other_start(&smtp);
    other_start(&hook);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    other_stop(&smtp);
    other_stop(&hook);
    return store_close(&store, &ctx);
}

/* A quiet office: no notice, no channel. */
static int begin(void **state)
{
    (void)state;
    change(ctx.db, "DELETE FROM notices");
    change(ctx.db, "DELETE FROM settings WHERE name LIKE 'smtp.%' OR name LIKE 'hook.%'");
    taken(&smtp, 0);
    taken(&hook, 0);
    ctx.status = OK;
    ctx.now = time(NULL);
    return 0;
}

static void use_mail(void)
{
    setting_put(&ctx, "smtp.host", "127.0.0.1");
    setting_put(&ctx, "smtp.port", arena_print(ctx.arena, "%d", smtp.port));
    setting_put(&ctx, "smtp.security", "none");
    setting_put(&ctx, "smtp.from", "office@example.cn");
}

static void use_hook(void)
{
    setting_put(&ctx, "hook.url", arena_print(ctx.arena, "http://127.0.0.1:%d/in", hook.port));
    setting_put(&ctx, "hook.secret", seal_text(ctx.keys, ctx.arena, "hook.secret", SECRET));
}

static const struct request *filed(const char *mail)
{
    struct request *r = record_new(&ctx, &requests_kind);
    r->subject = "楼道灯不亮";
    r->text = "三栋二单元的灯坏了一个星期。";
    r->requester_phone = "13800000001";
    r->requester_name = "黄先生";
    r->requester_mail = mail;
    r->category = query_int(ctx.db, "SELECT id FROM categories WHERE code = 'env-rubbish'");
    r->area = query_int(ctx.db, "SELECT id FROM areas WHERE level = 'estate' ORDER BY id LIMIT 1");
    assert_int_equal(request_file(&ctx, r, NULL), OK);
    return r;
}

static void take(int64_t id, const char *action, struct step_input in)
{
    in.until = in.into = in.satisfaction = NONE;
    assert_int_equal(request_take(&ctx, request_step(action), record_get(&ctx, &requests_kind, id), &in), OK);
}

static const struct request *dispatched(const char *mail)
{
    const struct request *r = filed(mail);
    take(r->record.id, "dispatch", (struct step_input){.unit = query_int(ctx.db, "SELECT min(id) AS id FROM units")});
    return r;
}

static int64_t count(const char *status, const char *channel)
{
    return query_int(ctx.db, "SELECT count(*) AS n FROM notices WHERE status = {} AND channel = {}", status, channel);
}

/* ---- */

static void without_a_mail_server_somebody_is_to_be_rung(void **state)
{
    (void)state;
    const struct request *r = dispatched(NULL);
    assert_int_equal(count("waiting", "hand"), 1); /* the unit; being dispatched is not worth a call to the resident */
    take(r->record.id, "answer", (struct step_input){.text = "灯已换好。"});
    assert_int_equal(count("waiting", "hand"), 2);
    struct rows *rows = query(ctx.db, "SELECT text FROM notices WHERE recipient = 'resident'");
    assert_true(rows_next(rows));
    assert_non_null(strstr(row_text(rows, "text"), r->number));
    assert_null(strstr(row_text(rows, "text"), "13800000001"));
    assert_null(strstr(row_text(rows, "text"), "灯已换好"));
    rows_end(rows);
    assert_int_equal(deliver_run(&ctx), 0); /* nothing leaves by itself */
}

static void mail_goes_out_once(void **state)
{
    (void)state;
    use_mail();
    filed("resident@example.cn");
    assert_int_equal(count("waiting", "mail"), 1);
    assert_int_equal(deliver_run(&ctx), 1);
    assert_int_equal(deliver_run(&ctx), 0);
    assert_int_equal(taken(&smtp, 0), 1);
    assert_int_equal(count("sent", "mail"), 1);
    assert_non_null(strstr(smtp.last, "To: <resident@example.cn>"));
    assert_non_null(strstr(smtp.last, "Message-ID: <notice-"));
}

static void an_event_written_twice_is_told_once(void **state)
{
    (void)state;
    use_mail();
    const struct request *r = filed("resident@example.cn");
    notify_event(&ctx, r, "answer", 777);
    notify_event(&ctx, r, "answer", 777);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM notices WHERE event = 'event:777'"), 1);
}

static void trouble_is_tried_again_later_and_given_up_at_last(void **state)
{
    (void)state;
    use_mail();
    filed("resident@example.cn");
    taken(&smtp, 451);
    for (int attempt = 1; attempt < DELIVER_ATTEMPTS; attempt++) {
        assert_int_equal(deliver_run(&ctx), 0);
        assert_int_equal(count("waiting", "mail"), 1);
        assert_int_equal(query_int(ctx.db, "SELECT attempts FROM notices"), attempt);
        assert_int_equal(query_int(ctx.db, "SELECT next_at FROM notices"), ctx.now + deliver_wait(attempt));
        ctx.now += deliver_wait(attempt) - 1;
        deliver_run(&ctx); /* too early: nothing happens */
        assert_int_equal(query_int(ctx.db, "SELECT attempts FROM notices"), attempt);
        ctx.now += 1;
    }
    deliver_run(&ctx);
    assert_int_equal(count("failed", "mail"), 1);
    taken(&smtp, 0);
    ctx.now += 10 * WHEN_DAY;
    assert_int_equal(deliver_run(&ctx), 0);
    assert_int_equal(taken(&smtp, 0), 0);
}

static void a_refused_address_is_not_tried_again(void **state)
{
    (void)state;
    use_mail();
    filed("nobody@example.cn");
    taken(&smtp, 550);
    deliver_run(&ctx);
    assert_int_equal(count("failed", "mail"), 1);
    assert_int_equal(query_int(ctx.db, "SELECT attempts FROM notices"), 1);
}

/* The program died after the server took the mail and before it was marked. */
static void after_a_crash_at_most_one_repeat_with_the_same_id(void **state)
{
    (void)state;
    char first[sizeof smtp.last];
    use_mail();
    filed("resident@example.cn");
    assert_int_equal(deliver_run(&ctx), 1);
    snprintf(first, sizeof first, "%s", strstr(smtp.last, "Message-ID:"));
    *strchr(first, '\r') = '\0';
    change(ctx.db, "UPDATE notices SET status = 'sending', claimed_at = {}, done_at = NULL", ctx.now);
    ctx.now += DELIVER_CLAIM - 1;
    assert_int_equal(deliver_run(&ctx), 0); /* the claim may still be alive */
    ctx.now += 2;
    deliver_run(&ctx);
    ctx.now += 1;
    deliver_run(&ctx);
    assert_int_equal(taken(&smtp, 0), 2);
    assert_non_null(strstr(smtp.last, first));
    ctx.now += WHEN_DAY;
    assert_int_equal(deliver_run(&ctx), 0);
}

static void the_webhook_is_signed_and_says_nothing_personal(void **state)
{
    (void)state;
    use_hook();
    const struct request *r = filed(NULL);
    assert_int_equal(deliver_run(&ctx), 1);
    assert_int_equal(taken(&hook, 0), 1);
    const char *body = strstr(hook.last, "\r\n\r\n") + 4;
    assert_non_null(strstr(body, r->number));
    assert_null(strstr(hook.last, "13800000001"));
    assert_null(strstr(hook.last, "黄先生"));
    assert_non_null(strstr(hook.last, arena_print(ctx.arena, "X-Linli-Timestamp: %lld\r\n", (long long)ctx.now)));
    assert_non_null(strstr(hook.last, deliver_signature(ctx.arena, SECRET, ctx.now, body)));
    /* HMAC-SHA256 of "1700000000.{}" under "key", computed by other means */
    assert_string_equal(deliver_signature(ctx.arena, "key", 1700000000, "{}"),
                        "sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae");
}

static void a_redirect_is_a_failure(void **state)
{
    (void)state;
    use_hook();
    filed(NULL);
    taken(&hook, 302);
    assert_int_equal(deliver_run(&ctx), 0);
    assert_int_equal(count("waiting", "hook"), 1);
}

static void only_web_addresses_are_called(void **state)
{
    (void)state;
    assert_true(deliver_url_valid("https://example.cn/in?x=1"));
    assert_false(deliver_url_valid("file:///etc/passwd"));
    assert_false(deliver_url_valid("gopher://example.cn/"));
    assert_false(deliver_url_valid("https://"));
    assert_false(deliver_url_valid("http://user@example.cn/"));
    assert_false(deliver_url_valid("http://example.cn/a b"));
    assert_true(mail_valid("a.b@example.cn"));
    assert_false(mail_valid("a@b@example.cn"));
    assert_false(mail_valid("a@example.cn\r\nBcc: x@example.cn"));
    assert_false(mail_valid("<a@example.cn>"));
}

static void one_channel_in_trouble_does_not_hold_the_other(void **state)
{
    (void)state;
    use_mail();
    use_hook();
    taken(&smtp, 451);
    filed("one@example.cn");
    filed("two@example.cn");
    assert_int_equal(deliver_run(&ctx), 2);
    assert_int_equal(count("sent", "hook"), 2);
    assert_int_equal(query_int(ctx.db, "SELECT sum(attempts) AS n FROM notices WHERE channel = 'mail'"), 1); /* the second was not tried */
}

static void deadlines_are_told_once_and_a_new_one_anew(void **state)
{
    (void)state;
    change(ctx.db, "UPDATE requests SET status = 'closed'");
    const struct request *r = dispatched(NULL);
    int64_t unit_notices = count("waiting", "hand");
    assert_int_equal(notify_deadlines(&ctx), 0);
    ctx.now = ((struct request *)record_get(&ctx, &requests_kind, r->record.id))->due - WHEN_HOUR;
    assert_int_equal(notify_deadlines(&ctx), 1);
    assert_int_equal(notify_deadlines(&ctx), 0);
    ctx.now += 2 * WHEN_HOUR;
    assert_int_equal(notify_deadlines(&ctx), 1);
    assert_int_equal(notify_deadlines(&ctx), 0);
    assert_int_equal(count("waiting", "hand"), unit_notices + 2);
    change(ctx.db, "UPDATE requests SET due = {} WHERE id = {}", ctx.now + WHEN_HOUR, r->record.id);
    assert_int_equal(notify_deadlines(&ctx), 1);
}

static void the_third_return_reaches_the_office(void **state)
{
    (void)state;
    const struct request *r = dispatched(NULL);
    int64_t unit = query_int(ctx.db, "SELECT min(id) AS id FROM units");
    for (int i = 0; i < RETURNS_MOST; i++) {
        if (i > 0)
            take(r->record.id, "dispatch", (struct step_input){.unit = unit});
        take(r->record.id, "return", (struct step_input){.text = "不归我们管"});
    }
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM notices WHERE recipient = 'office'"), 1);
}

static void a_new_deadline_is_told_with_its_date_in_the_residents_language(void **state)
{
    (void)state;
    const struct request *r = dispatched(NULL);
    const struct request *was = record_get(&ctx, &requests_kind, r->record.id);
    struct step_input in = {.until = was->due + 3 * WHEN_DAY, .into = NONE, .satisfaction = NONE, .text = "等配件"};
    const char *lang = ctx.lang;
    ctx.lang = "en"; /* of whoever takes the step, not of the resident */
    assert_int_equal(request_take(&ctx, request_step("extend"), was, &in), OK);
    ctx.lang = lang;
    struct rows *rows = query(ctx.db, "SELECT text FROM notices WHERE recipient = 'resident' AND action = 'extend'");
    assert_true(rows_next(rows));
    assert_non_null(strstr(row_text(rows, "text"), day_show(ctx.arena, "zh_CN", when_day(in.until))));
    rows_end(rows);
}

static void what_is_old_is_told_to_nobody(void **state)
{
    (void)state;
    ctx.now -= 30 * WHEN_DAY;
    dispatched("resident@example.cn");
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM notices"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(without_a_mail_server_somebody_is_to_be_rung),
        TEST(mail_goes_out_once),
        TEST(an_event_written_twice_is_told_once),
        TEST(trouble_is_tried_again_later_and_given_up_at_last),
        TEST(a_refused_address_is_not_tried_again),
        TEST(after_a_crash_at_most_one_repeat_with_the_same_id),
        TEST(the_webhook_is_signed_and_says_nothing_personal),
        TEST(a_redirect_is_a_failure),
        TEST(only_web_addresses_are_called),
        TEST(one_channel_in_trouble_does_not_hold_the_other),
        TEST(deadlines_are_told_once_and_a_new_one_anew),
        TEST(the_third_return_reaches_the_office),
        TEST(a_new_deadline_is_told_with_its_date_in_the_residents_language),
        TEST(what_is_old_is_told_to_nobody),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
