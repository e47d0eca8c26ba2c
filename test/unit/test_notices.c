/*
 * Notices from the step that causes them to the server that takes them: a
 * small mail server and a small webhook receiver stand in for the others, and
 * the clock is passed in.
 */
#include "core/deliver.h"
#include "program/install.h"
#include "core/module.h"
#include "app/requests/request_notices.h"
#include "app/requests/requests.h"
#include "app/volunteers/volunteers.h"
#include "base/text.h"
#include "base/seal.h"
#include "base/when.h"
#include "db/writer.h"
#include "web/site.h"
#include "installed.h"
#include "volunteer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <semaphore.h>
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
    int listening, port, taken,
        code; /* taken: messages accepted; code: what it answers instead of OK, 0: OK */
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
    snprintf(answer, sizeof answer,
             "HTTP/1.1 %d x\r\nContent-Length: 0\r\nLocation: file:///etc/passwd\r\nConnection: "
             "close\r\n\r\n",
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
    assert_int_equal(
        request_take(&ctx, request_step(action), record_get(&ctx, &requests_kind, id), &in), OK);
}

static const struct request *dispatched(const char *mail)
{
    const struct request *r = filed(mail);
    take(r->record.id, "dispatch",
         (struct step_input){.unit = query_int(ctx.db, "SELECT min(id) AS id FROM units")});
    return r;
}

static int64_t count(const char *status, const char *channel)
{
    return query_int(ctx.db, "SELECT count(*) AS n FROM notices WHERE status = {} AND channel = {}",
                     status, channel);
}

/* ---- */

static void without_a_mail_server_somebody_is_to_be_rung(void **state)
{
    (void)state;
    const struct request *r = dispatched(NULL);
    assert_int_equal(count("waiting", "hand"),
                     1); /* the unit; being dispatched is not worth a call to the resident */
    take(r->record.id, "answer", (struct step_input){.text = "灯已换好。"});
    assert_int_equal(count("waiting", "hand"), 1);
    struct rows *rows = query(ctx.db, "SELECT text FROM notices WHERE recipient = 'resident'");
    assert_true(rows_next(rows));
    assert_non_null(strstr(row_text(rows, "text"), r->number));
    assert_null(strstr(row_text(rows, "text"), "13800000001"));
    /* words to read out: which matter, and what the reply is */
    assert_non_null(strstr(row_text(rows, "text"), r->subject));
    assert_non_null(strstr(row_text(rows, "text"), "灯已换好"));
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
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM notices WHERE event = 'event:777'"), 1);
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
        assert_int_equal(query_int(ctx.db, "SELECT next_at FROM notices"),
                         ctx.now + deliver_wait(attempt));
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

static void a_refused_mail_becomes_a_call_where_it_is_worth_one(void **state)
{
    (void)state;
    use_mail();
    const struct request *r = dispatched("nobody@example.cn");
    taken(&smtp, 550);
    while (count("waiting", "mail"))
        deliver_run(&ctx);
    /* that it was received and passed on is not worth a call */
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM notices WHERE channel = 'hand' "
                                       "AND recipient = 'resident'"),
                     0);
    take(r->record.id, "answer", (struct step_input){.text = "灯已换好。"});
    deliver_run(&ctx);
    struct rows *rows = query(ctx.db, "SELECT text, status, language FROM notices WHERE channel = "
                                      "'hand' AND recipient = 'resident'");
    assert_true(rows_next(rows));
    assert_string_equal(row_text(rows, "status"), "waiting");
    assert_non_null(strstr(row_text(rows, "text"), "灯已换好"));
    assert_false(rows_next(rows));
    rows_end(rows);
}

static void a_volunteer_whose_mail_is_refused_is_called(void **state)
{
    (void)state;
    use_mail();
    const struct actor before = ctx.actor;
    const char *code, *language;
    int64_t v = volunteer_new(&ctx, "甲志愿", "13800000341", &code)->record.id;
    change(ctx.db, "INSERT INTO users (created, updated, login, name, active, mail) VALUES (0, 0, "
                   "'jia', '甲志愿', 1, 'gone@example.cn')");
    change(ctx.db, "UPDATE volunteers SET \"user\" = {} WHERE id = {}", db_inserted(ctx.db), v);
    change(ctx.db, "DELETE FROM notices");
    notice_put(&ctx,
               &(struct notice){.kind = "volunteers",
                                .record = v,
                                .event = "volunteer-note:1",
                                .recipient = arena_print(ctx.arena, "volunteer:%lld", (long long)v),
                                .channel = notify_volunteer_channel(&ctx, v, &language),
                                .action = "volunteer-note",
                                .text = "周六的活动改到星期天。"});
    taken(&smtp, 550);
    deliver_run(&ctx);
    assert_int_equal(count("failed", "mail"), 1);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM notices WHERE channel = 'hand' AND "
                               "status = 'waiting' AND text LIKE '%改到星期天%' AND recipient = {}",
                               arena_print(ctx.arena, "volunteer:%lld", (long long)v)),
                     1);
    ctx.actor = before;
}

static void without_a_telephone_a_refused_mail_is_no_call(void **state)
{
    (void)state;
    use_mail();
    const struct request *r = dispatched("nobody@example.cn");
    change(ctx.db, "UPDATE requests SET requester_phone = NULL WHERE id = {}", r->record.id);
    taken(&smtp, 550);
    take(r->record.id, "answer", (struct step_input){.text = "灯已换好。"});
    while (count("waiting", "mail"))
        deliver_run(&ctx);
    assert_int_equal(query_int(ctx.db, "SELECT count(*) AS n FROM notices WHERE channel = 'hand' "
                                       "AND recipient = 'resident'"),
                     0);
}

static int64_t to_call(const char *recipient)
{
    return query_int(ctx.db,
                     "SELECT count(*) AS n FROM notices WHERE channel = 'hand' AND status = "
                     "'waiting' AND recipient LIKE {}",
                     recipient);
}

static void later_events_take_back_calls_that_are_pointless(void **state)
{
    (void)state;
    const struct request *r = dispatched(NULL);
    int64_t id = r->record.id, due = ((struct request *)record_get(&ctx, &requests_kind, id))->due;
    assert_int_equal(to_call("unit:%"), 1);
    take(id, "accept", (struct step_input){.text = NULL});
    assert_int_equal(to_call("unit:%"), 0); /* it has been read */
    struct step_input extend = {.text = "等零件", .until = due + WHEN_DAY, .into = NONE};
    assert_int_equal(
        request_take(&ctx, request_step("extend"), record_get(&ctx, &requests_kind, id), &extend),
        OK);
    assert_int_equal(to_call("resident"), 1);
    take(id, "answer", (struct step_input){.text = "灯已换好。"});
    assert_int_equal(to_call("resident"), 1); /* the reply, not that it takes longer */
    take(id, "dispute", (struct step_input){.text = "又不亮了"});
    assert_int_equal(to_call("resident"), 0);
    assert_int_equal(to_call("unit:%"), 1);
    take(id, "answer", (struct step_input){.text = "换了新灯。"});
    assert_int_equal(to_call("resident"), 1);
    assert_int_equal(to_call("unit:%"), 0);
    take(id, "confirm", (struct step_input){.solved = "yes"});
    assert_int_equal(count("waiting", "hand"), 0);
}

/* The first reporter knows the reply; the neighbour has still to be told. */
static void who_joined_is_still_called_after_the_first_has_confirmed(void **state)
{
    (void)state;
    const struct request *r = dispatched(NULL);
    const char *code = NULL;
    struct joiner j = {.request = r->record.id, .name = "何女士", .phone = "13800000009"};
    assert_int_equal(joiner_add(&ctx, r, &j, "也不亮", &code), OK);
    take(r->record.id, "answer", (struct step_input){.text = "灯已换好。"});
    assert_int_equal(to_call("joiner:%"), 1);
    take(r->record.id, "confirm", (struct step_input){.solved = "yes"});
    assert_int_equal(to_call("resident"), 0);
    assert_int_equal(to_call("joiner:%"), 1);
    assert_int_equal(
        joiner_answer(&ctx, &j, record_get(&ctx, &requests_kind, r->record.id), "yes", NONE, NULL),
        OK);
    assert_int_equal(to_call("joiner:%"), 0); /* has read it and said so */
}

static void who_joined_is_told_in_their_language(void **state)
{
    (void)state;
    const struct request *r = dispatched(NULL);
    struct joiner zh = {.name = "邻居", .phone = "13800000010"}, en = {.phone = "13800000011"};
    const char *code, *before = ctx.lang;
    ctx.lang = "zh_CN";
    assert_int_equal(joiner_add(&ctx, r, &zh, NULL, &code), OK);
    ctx.lang = "en";
    assert_int_equal(joiner_add(&ctx, r, &en, NULL, &code), OK);
    ctx.lang = before;
    take(r->record.id, "answer", (struct step_input){.text = "灯已换好。"});
    const struct joiner *told[] = {&zh, &en};
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            query_int(ctx.db,
                      "SELECT count(*) AS n FROM notices WHERE recipient = {} AND text LIKE {}",
                      arena_print(ctx.arena, "joiner:%lld", (long long)told[i]->id),
                      i == 0 ? "%编号%" : "%number%"),
            1);
    assert_ptr_equal(ctx.lang, before);
}

static void what_is_read_out_to_a_unit_names_the_matter(void **state)
{
    (void)state;
    const struct request *r = dispatched(NULL);
    struct rows *rows = query(ctx.db, "SELECT text FROM notices WHERE recipient LIKE 'unit:%'");
    assert_true(rows_next(rows));
    assert_non_null(strstr(row_text(rows, "text"), r->subject));
    assert_non_null(strstr(row_text(rows, "text"), r->number));
    rows_end(rows);
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
    change(ctx.db, "UPDATE notices SET status = 'sending', claimed_at = {}, done_at = NULL",
           ctx.now);
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

/* A process that serves the same store: its own connection, its own reading of what waits. */
struct process {
    struct ctx ctx;
    pthread_t thread;
    int sent;
};

static void *process_deliver(void *arg)
{
    struct process *p = arg;
    p->sent = deliver_run(&p->ctx);
    return NULL;
}

struct hold { /* keeps the writer thread until it is let go */
    struct task task;
    sem_t there, go;
};

static enum status hold_run(struct task *t, struct db *db)
{
    struct hold *h = (struct hold *)t;
    (void)db;
    sem_post(&h->there);
    while (sem_wait(&h->go) != 0)
        ;
    return OK;
}

static void hold_done(struct task *t, enum status s)
{
    (void)t;
    (void)s;
}

/* Both have read the same waiting notice before either claims it: the server sees one message. */
static void two_processes_send_it_once(void **state)
{
    (void)state;
    const char *why = NULL;
    use_mail();
    filed("resident@example.cn");
    struct writer *w = writer_start(db_open(store.data, DB_WRITE, ctx.arena, &why));
    struct site site = {.name = NULL};
    atomic_init(&site.writer, w);
    struct hold hold = {.task = {.run = hold_run, .done = hold_done}};
    struct process p[2] = {{.sent = 0}};
    assert_int_equal(sem_init(&hold.go, 0, 0), 0);
    assert_int_equal(sem_init(&hold.there, 0, 0), 0);
    assert_true(writer_submit(w, &hold.task));
    while (sem_wait(&hold.there) != 0) /* in a group of its own: the two wait behind it */
        ;
    for (int i = 0; i < 2; i++) {
        ctx_init(&p[i].ctx, arena_new());
        p[i].ctx.now = ctx.now;
        p[i].ctx.keys = ctx.keys;
        p[i].ctx.site = &site;
        p[i].ctx.db = db_open(store.data, DB_READ, p[i].ctx.arena, &why);
        assert_non_null(p[i].ctx.db);
        assert_int_equal(pthread_create(&p[i].thread, NULL, process_deliver, &p[i]), 0);
    }
    for (int i = 0; i < 24000 && writer_stats(w).waiting < 2; i++) /* within two minutes */
        usleep(5000);
    assert_int_equal(writer_stats(w).waiting, 2);
    sem_post(&hold.go);
    for (int i = 0; i < 2; i++) {
        pthread_join(p[i].thread, NULL);
        db_close(p[i].ctx.db);
        arena_free(p[i].ctx.arena);
    }
    writer_stop(w);
    sem_destroy(&hold.go);
    sem_destroy(&hold.there);
    assert_int_equal(p[0].sent + p[1].sent, 1);
    assert_int_equal(taken(&smtp, 0), 1);
    assert_int_equal(count("sent", "mail"), 1);
}

/* Withdrawn while it was being sent by a process that then died: it does not go out after all. */
static void what_was_withdrawn_meanwhile_is_not_sent_again(void **state)
{
    (void)state;
    use_mail();
    filed("resident@example.cn");
    change(ctx.db, "UPDATE notices SET status = 'sending', claimed_at = {}, error = 'superseded'",
           ctx.now - DELIVER_CLAIM - 1);
    assert_int_equal(deliver_run(&ctx), 0);
    ctx.now += WHEN_HOUR;
    assert_int_equal(deliver_run(&ctx), 0);
    assert_int_equal(taken(&smtp, 0), 0);
    assert_int_equal(count("told", "mail"), 1);
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
    assert_non_null(strstr(
        hook.last, arena_print(ctx.arena, "X-Linli-Timestamp: %lld\r\n", (long long)ctx.now)));
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
    assert_int_equal(
        query_int(ctx.db, "SELECT sum(attempts) AS n FROM notices WHERE channel = 'mail'"),
        1); /* the second was not tried */
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
    /* the reminder that nobody got round to is over: it is late now */
    assert_int_equal(count("waiting", "hand"), unit_notices + 1);
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
    assert_int_equal(
        query_int(ctx.db, "SELECT count(*) AS n FROM notices WHERE recipient = 'office'"), 1);
}

static void a_new_deadline_is_told_with_its_date_in_the_residents_language(void **state)
{
    (void)state;
    const struct request *r = dispatched(NULL);
    const struct request *was = record_get(&ctx, &requests_kind, r->record.id);
    struct step_input in = {
        .until = was->due + 3 * WHEN_DAY, .into = NONE, .satisfaction = NONE, .text = "等配件"};
    const char *lang = ctx.lang;
    ctx.lang = "en"; /* of whoever takes the step, not of the resident */
    assert_int_equal(request_take(&ctx, request_step("extend"), was, &in), OK);
    ctx.lang = lang;
    struct rows *rows = query(
        ctx.db, "SELECT text FROM notices WHERE recipient = 'resident' AND action = 'extend'");
    assert_true(rows_next(rows));
    assert_non_null(
        strstr(row_text(rows, "text"), day_show(ctx.arena, "zh_CN", when_day(in.until))));
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
        TEST(a_refused_mail_becomes_a_call_where_it_is_worth_one),
        TEST(a_volunteer_whose_mail_is_refused_is_called),
        TEST(without_a_telephone_a_refused_mail_is_no_call),
        TEST(later_events_take_back_calls_that_are_pointless),
        TEST(who_joined_is_still_called_after_the_first_has_confirmed),
        TEST(who_joined_is_told_in_their_language),
        TEST(what_is_read_out_to_a_unit_names_the_matter),
        TEST(after_a_crash_at_most_one_repeat_with_the_same_id),
        TEST(two_processes_send_it_once),
        TEST(what_was_withdrawn_meanwhile_is_not_sent_again),
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
