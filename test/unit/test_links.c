/*
 * Who may keep connections open: the longest waiting makes room, a source has
 * a bounded number, this machine and a network behind one address as many as
 * they need.
 */
#include "web/links.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct pair { /* a connection: the server's side, and whether it was ended */
    int ours, theirs;
    struct link *link;
};

static struct pair connected(struct links *all, const struct sockaddr *from)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    return (struct pair){fds[0], fds[1], link_open(all, fds[0], from, 100)};
}

static bool ended(const struct pair *p)
{
    struct pollfd f = {.fd = p->theirs, .events = POLLIN};
    return poll(&f, 1, 0) == 1;
}

static void closed(struct pair *p)
{
    link_close(p->link);
    close(p->ours);
    close(p->theirs);
}

static struct sockaddr_storage address(const char *text)
{
    struct sockaddr_storage s = {.ss_family = AF_INET6};
    struct sockaddr_in6 *v6 = (void *)&s;
    struct sockaddr_in *v4 = (void *)&s;
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        return s;
    s.ss_family = AF_INET;
    assert_int_equal(inet_pton(AF_INET, text, &v4->sin_addr), 1);
    return s;
}

static void one_source_makes_room_for_itself(void **state)
{
    (void)state;
    static const char *const same[][2] = {{"203.0.113.7", "203.0.113.7"},
                                          {"203.0.113.7", "::ffff:203.0.113.7"},
                                          {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9"}};
    static const char *const others[] = {"203.0.113.8", "2001:db8:1:3::1", "127.0.0.9", "::1"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct links *all = links_new(2, 0);
        struct sockaddr_storage a = address(same[i][0]), b = address(same[i][1]);
        struct pair first = connected(all, (void *)&a), second = connected(all, (void *)&b);
        link_busy(first.link);
        assert_true(links_admit(all, (void *)&b)); /* the second waits, so it goes */
        assert_false(ended(&first));
        assert_true(ended(&second));
        closed(&second);
        struct pair third = connected(all, (void *)&b);
        link_busy(third.link);
        assert_false(links_admit(all, (void *)&a)); /* both are busy */
        assert_false(ended(&first));
        for (size_t n = 0; n < sizeof others / sizeof *others; n++) {
            struct sockaddr_storage other = address(others[n]);
            assert_true(links_admit(all, (void *)&other));
        }
        link_waits(first.link, 100);
        assert_true(links_admit(all, (void *)&a));
        assert_true(ended(&first));
        closed(&first);
        closed(&third);
        links_free(all);
    }
}

static void this_machine_has_as_many_as_it_likes(void **state)
{
    (void)state;
    struct links *all = links_new(2, 0);
    struct sockaddr_storage here = address("127.0.0.1");
    struct pair three[3];
    for (int i = 0; i < 3; i++) {
        assert_true(links_admit(all, (void *)&here));
        three[i] = connected(all, (void *)&here);
    }
    for (int i = 0; i < 3; i++) {
        assert_false(ended(&three[i]));
        closed(&three[i]);
    }
    links_free(all);
}

static void the_longest_waiting_makes_room(void **state)
{
    (void)state;
    struct links *all = links_new(0, 3);
    struct sockaddr_storage here = address("127.0.0.1");
    struct pair three[3];
    for (int i = 0; i < 3; i++)
        three[i] = connected(all, (void *)&here);
    link_busy(three[0].link);
    link_waits(three[0].link, 100); /* it was answered, so it has waited for the shortest time */
    link_busy(three[1].link);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    assert_int_equal(bind(listener, (void *)&at, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (void *)&at, &size), 0);
    int visitor = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(visitor, (void *)&at, size), 0);
    struct sockaddr_storage from;
    socklen_t from_size;
    int fd = links_accept(all, listener, &from, &from_size);
    assert_true(fd >= 0);
    assert_int_equal(from.ss_family, AF_INET);
    assert_false(ended(&three[0]));
    assert_false(ended(&three[1])); /* it is being answered */
    assert_true(ended(&three[2]));
    close(fd);
    close(visitor);
    close(listener);
    for (int i = 0; i < 3; i++)
        closed(&three[i]);
    links_free(all);
}

static void a_slow_head_is_ended(void **state)
{
    (void)state;
    struct links *all = links_new(0, 0);
    struct pair slow = connected(all, NULL), busy = connected(all, NULL);
    link_busy(busy.link);
    links_sweep(all, 100);
    assert_false(ended(&slow));
    links_sweep(all, 101);
    assert_true(ended(&slow));
    assert_false(ended(&busy));
    closed(&slow);
    closed(&busy);
    links_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_source_makes_room_for_itself),
        cmocka_unit_test(this_machine_has_as_many_as_it_likes),
        cmocka_unit_test(the_longest_waiting_makes_room),
        cmocka_unit_test(a_slow_head_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
