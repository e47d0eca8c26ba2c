/*
 * Refuses common passwords. A common word stays common with digits or signs
 * around it, with a capital, or with 0 for o: these are removed before the
 * comparison.
 */
#include "web/password.h"

#include "base/text.h"

#include <sodium.h>
#include <string.h>

/* Words without digits and signs around them: the most frequent ones of public
 * lists of leaked passwords, in Latin letters and pinyin, and this program's
 * names. */
static const char *const common[] = {
    "password",      "passwd",     "pass",       "admin",     "administrator",
    "root",          "user",       "test",       "guest",     "welcome",
    "login",         "letmein",    "iloveyou",   "love",      "qwerty",
    "qwertyuiop",    "asdfghjkl",  "zxcvbnm",    "qazwsx",    "qazwsxedc",
    "abc",           "abcd",       "abcdefg",    "monkey",    "dragon",
    "sunshine",      "princess",   "football",   "baseball",  "superman",
    "master",        "shadow",     "michael",    "secret",    "changeme",
    "default",       "hello",      "freedom",    "whatever",  "trustno",
    "starwars",      "computer",   "internet",   "woaini",    "woaiwojia",
    "woaizhongguo",  "zhongguo",   "china",      "nihao",     "mima",
    "wodemima",      "guanliyuan", "shequ",      "jiedao",    "jiedaoban",
    "shequjuweihui", "linli",      "linlilinli", "community", "office",
    "volunteer",     "q",          "a",          "z",         "aa",
    "aaa",           "qq",         "asd",        "asdf",      "zxc",
    "woaini",        "iloveu",     "google",     "taobao",    "weixin",
    "alipay"};

/* Normalises a password: lower case, 0 1 3 4 5 $ @ replaced by the letters they
 * resemble, no digits and signs at either end. */
static const char *core_of(struct arena *a, const char *password)
{
    static const char shown[] = "0134$5@!", meant[] = "oieassai";
    char *s = arena_copy(a, password);
    size_t n = strlen(s);
    for (size_t i = 0; i < n; i++)
        s[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] | 0x20) : s[i];
    while (n && !(s[n - 1] >= 'a' && s[n - 1] <= 'z') && !(s[n - 1] & 0x80))
        s[--n] = '\0';
    while (*s && !(*s >= 'a' && *s <= 'z') && !(*s & 0x80))
        s++;
    for (char *p = s; *p; p++) {
        const char *at = strchr(shown, *p);
        *p = at ? meant[at - shown] : *p;
    }
    return s;
}

/* Whether it repeats one character, or runs along the digits, the alphabet or
 * the keyboard. */
static bool is_run(const char *password)
{
    static const char *const rows[] = {"01234567890123456789",       "98765432109876543210",
                                       "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm",
                                       "1qaz2wsx3edc4rfv5tgb",       "1q2w3e4r5t6y7u8i9o0p"};
    bool seen[256] = {false};
    int different = 0;
    for (const unsigned char *p = (const unsigned char *)password; *p; p++) {
        different += !seen[*p];
        seen[*p] = true;
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strstr(rows[i], password))
            return true;
    return different < 5;
}

const char *password_refused(struct ctx *ctx, const char *login, const char *password)
{
    size_t n = password ? strlen(password) : 0;
    if (!password || text_length(password) < PASSWORD_LEAST || n > PASSWORD_MOST)
        return say(ctx, "Passwords must be at least {} characters and no more than {} bytes.",
                   PASSWORD_LEAST, PASSWORD_MOST);
    const char *core = core_of(ctx->arena, password);
    bool easy = is_run(password) || !*core;
    for (size_t i = 0; i < sizeof common / sizeof *common && !easy; i++)
        easy = !strcmp(core, common[i]);
    if (login && *login && !easy)
        easy = !strcmp(core, core_of(ctx->arena, login));
    return easy ? say(ctx, "This password is too easy to guess. Choose a few words that only you "
                           "would combine.")
                : NULL;
}

/* The work of one try. A sanitized build is for tests, which sign in some
 * thousand times and guard nothing: there it is next to none. */
#ifdef LINLI_SANITIZED
#define COST_TIME   crypto_pwhash_OPSLIMIT_MIN
#define COST_MEMORY crypto_pwhash_MEMLIMIT_MIN
#define COST_NAMED  "m=8,t=1"
#else
#define COST_TIME   crypto_pwhash_OPSLIMIT_INTERACTIVE
#define COST_MEMORY crypto_pwhash_MEMLIMIT_INTERACTIVE
#define COST_NAMED  "m=65536,t=2"
#endif

char *password_hash(struct arena *a, const char *password)
{
    size_t n = password ? strlen(password) : 0;
    if (!password || text_length(password) < PASSWORD_LEAST || n > PASSWORD_MOST)
        return NULL;
    char *hash = arena_alloc(a, crypto_pwhash_STRBYTES);
    return crypto_pwhash_str(hash, password, n, COST_TIME, COST_MEMORY) == 0 ? hash : NULL;
}

static bool verify(const char *hash, const char *password)
{
    return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

bool password_fits(const char *hash, const char *password)
{
    /* A hash that no password matches. With it an unknown login takes as long
     * as a wrong password; so does an account whose hash was made at a lower
     * cost. */
    static const char nobody[crypto_pwhash_STRBYTES] =
        "$argon2id$v=19$" COST_NAMED ",p=1$c29tZXNhbHRzb21lc2FsdA$"
        "RdescudvJCsgt3ub+b+dWRWJTmaaJObGRdescudvJCs";
    if (!password || strlen(password) > PASSWORD_MOST)
        password = "";
    bool fits = hash && verify(hash, password);
    if (!hash || password_is_old(hash))
        (void)verify(nobody, password);
    return fits;
}

bool password_is_old(const char *hash)
{
    return crypto_pwhash_str_needs_rehash(hash, COST_TIME, COST_MEMORY) != 0;
}
