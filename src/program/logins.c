/*
 * The logins of a new installation, from the pack's users.csv: login, name,
 * name_en, role, unit, area, language, team. Each gets a generated password,
 * which is printed once. Memory is the context's.
 */
#include "app/registers/registers.h"

#include "program/install.h"
#include "base/text.h"
#include "kind/sheet.h"
#include "web/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum column { LOGIN, NAME, NAME_EN, ROLE, UNIT, AREA, LANGUAGE, TEAM, COLUMN_COUNT };
static const char *const headings[COLUMN_COUNT] = {"login", "name", "name_en",  "role",
                                                   "unit",  "area", "language", "team"};

/* Chinese characters are two columns wide in a terminal. */
static void padded(const char *text, int places)
{
    for (const char *p = text; *p;)
        places -= text_next(&p) >= 0x1100 ? 2 : 1;
    printf("%s%*s", text, places > 0 ? places : 1, "");
}

static void print_login(const char *login, const char *password, const char *role, const char *area,
                        const char *name)
{
    padded(login, 14);
    padded(password, 14);
    padded(role, 22);
    padded(area, 32);
    printf("%s\n", name);
}

static int64_t named(struct ctx *ctx, const char *table, const char *code)
{
    return *code ? query_int(ctx->db, "SELECT id FROM {} WHERE code = {}", (struct sql_name){table},
                             code)
                 : NONE;
}

/* Returns the area of the role, for the table. */
static const char *place_of(struct ctx *ctx, int64_t user)
{
    struct rows *r = query(
        ctx->db,
        "SELECT coalesce(u.name, a.name) AS name, coalesce(u.name_en, a.name_en) AS name_en FROM "
        "grants g"
        " LEFT JOIN areas a ON a.id = g.area LEFT JOIN units u ON u.id = g.unit AND g.area IS NULL"
        " WHERE g.\"user\" = {}",
        user);
    const char *name = rows_next(r) ? arena_copy(ctx->arena, ctx_pick(ctx, row_text(r, "name"),
                                                                      row_text(r, "name_en")))
                                    : NULL;
    rows_end(r);
    return name ? name : "";
}

static enum status make_one(struct ctx *ctx, const char *const cells[COLUMN_COUNT])
{
    struct user *u = record_new(ctx, &users_kind);
    static const enum column given[] = {LOGIN, NAME, NAME_EN, LANGUAGE};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        field_set(ctx, kind_field(&users_kind, headings[given[i]]), u, cells[given[i]]);
    const char *password = user_password(ctx->arena);
    const char *hash = password_hash(ctx->arena, password);
    unsigned role = role_parse(cells[ROLE]);
    if (!record_check(ctx, &users_kind, NULL, u) || user_add(ctx, u, hash) != OK ||
        user_grant(ctx, u, role, named(ctx, "areas", cells[AREA]),
                   named(ctx, "units", cells[UNIT])) != OK)
        return ctx->status;
    if (*cells[TEAM])
        change(ctx->db, "UPDATE grants SET organisation = {} WHERE \"user\" = {}",
               (struct maybe){named(ctx, "organisations", cells[TEAM])}, u->record.id);
    print_login(u->login, password, role_title(ctx, (enum role)role), place_of(ctx, u->record.id),
                ctx_pick(ctx, u->name, u->name_en));
    return OK;
}

static enum status make_all(struct ctx *ctx, struct sheet *sheet)
{
    struct sheet_row row;
    int at[COLUMN_COUNT];
    memset(at, -1, sizeof at);
    if (!sheet_next(sheet, &row))
        return ctx_fail(ctx, INVALID, say(ctx, "The sheet is empty."));
    for (int i = 0; i < row.count; i++)
        for (int c = 0; c < COLUMN_COUNT; c++)
            if (!strcmp(row.cells[i].text, headings[c]))
                at[c] = i;
    while (sheet_next(sheet, &row)) {
        const char *cells[COLUMN_COUNT];
        for (int c = 0; c < COLUMN_COUNT; c++)
            cells[c] = at[c] >= 0 && at[c] < row.count
                           ? arena_copy(ctx->arena, row.cells[at[c]].text)
                           : "";
        if (make_one(ctx, cells) != OK)
            return ctx->status;
    }
    const char *why;
    return sheet_status(sheet, &why, NULL) == OK ? OK : ctx_fail(ctx, INVALID, tr(ctx, why));
}

enum status logins_make(struct ctx *ctx, const char *pack)
{
    static const char only_admin[] = "login,name,name_en,role,language\nadmin,系统管理员,System "
                                     "administrator,admin,zh_CN\n";
    size_t size = sizeof only_admin - 1;
    void *bytes = NULL;
    const char *why = NULL;
    if (pack &&
        !(bytes = import_read_file(ctx, arena_print(ctx->arena, "%s/users.csv", pack), &size)))
        return ctx->status;
    struct sheet *sheet = sheet_open(ctx->arena, bytes ? bytes : only_admin, size, &why);
    if (!sheet) {
        free(bytes);
        return ctx_fail(ctx, INVALID, tr(ctx, why));
    }
    print_login(say(ctx, "Username"), say(ctx, "Password"), say(ctx, "Role"), say(ctx, "Area"),
                say(ctx, "Name"));
    enum status s = make_all(ctx, sheet);
    sheet_close(sheet);
    free(bytes);
    return s;
}
