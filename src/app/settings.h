/*
 * Settings of the installation: named values in the table settings, described
 * like fields. A module lists its own (struct module.settings, field offset
 * SETTING) and gets them on the page /settings, checked, journalled, and sealed
 * when the description says so.
 */
#ifndef LINLI_APP_SETTINGS_H
#define LINLI_APP_SETTINGS_H

#include "kind/kind.h"

/* The one value a setting's field reads and writes. */
struct setting_value {
    struct record record;
    union {
        const char *text;
        int64_t number;
        double real;
    };
};
#define SETTING offsetof(struct setting_value, text)

/* Settings with a page of their own: /settings leads there and says what holds now (struct module.setting_pages). */
struct setting_page {
    const char *href, *label, *about, *icon; /* label, about: N_() */
    unsigned roles;
    const char *(*now)(struct ctx *ctx); /* in a line, in the context's arena */
};

/* The value as stored, ready for field_show; missing when it is not set. */
struct setting_value *setting_load(struct ctx *ctx, const struct field *f);
/* Takes over what is stored for the foot of the pages, when it changed: at the start, and after commits. */
void settings_follow(struct ctx *ctx);

#endif
