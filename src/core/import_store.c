/*
 * The page's imports as records, and the stored cells of a spreadsheet. They
 * are encrypted, because any of them may be a phone number.
 */
#include "core/import_run.h"

#include "core/module.h"
#include "base/seal.h"

#include <cjson/cJSON.h>
#include <string.h>

#define AT(member) offsetof(struct imported, member)
const struct choice import_statuses[] = {
    {"draft", N_("Not yet confirmed")},
    {"checked", N_("Tested, not saved")},
    {"waiting", N_("Queued")},
    {"running", N_("Importing")},
    {"done", N_("Done")},
    {"cancelled", N_("Cancelled")},
    {"failed", N_("Interrupted")},
    {NULL, NULL},
};
static const struct field fields[] = {
    {"user", F_REF, AT(user), N_("Started by"), .ref = "users", .flags = FIXED},
    {"user_name", F_TEXT, AT(user_name), N_("Started by"), .flags = FIXED | LISTED},
    {"kind", F_CODE, AT(kind), N_("Type"), .flags = FIXED | LISTED},
    {"file", F_TEXT, AT(file), N_("File"), .flags = FIXED | LISTED},
    {"size", F_INT, AT(size), N_("Size"), .flags = FIXED},
    {"status", F_CHOICE, AT(status), N_("Status"), .choices = import_statuses,
     .flags = FIXED | LISTED | FILTER},
    {"dry", F_BOOL, AT(dry), N_("Test import"), .flags = FIXED},
    {"mapping", F_LONG, AT(mapping), N_("Columns"), .flags = FIXED},
    {"make_new", F_BOOL, AT(make_new), N_("Create missing entries"), .flags = FIXED},
    {"percent", F_INT, AT(percent), N_("Percentage"), .flags = FIXED},
    {"last_row", F_INT, AT(last_row), N_("Last row"), .flags = FIXED},
    {"added", F_INT, AT(added), N_("Added"), .flags = FIXED | LISTED},
    {"changed", F_INT, AT(changed), N_("Changed"), .flags = FIXED | LISTED},
    {"unchanged", F_INT, AT(unchanged), N_("Unchanged"), .flags = FIXED | LISTED},
    {"refused", F_INT, AT(refused), N_("Rejected"), .flags = FIXED | LISTED},
    {"reason", F_LONG, AT(reason), N_("Reason for rejection"), .flags = FIXED},
    {"ended", F_TIME, AT(ended), N_("Finished at"), .flags = FIXED},
    {"sheet", F_INT, AT(sheet), N_("Sheet"), .flags = FIXED | INNER},
    {"sheets", F_LONG, AT(sheets), N_("Sheets"), .flags = FIXED | INNER},
    {"heading_row", F_INT, AT(heading_row), N_("Row with the column names"),
     .flags = FIXED | INNER},
    {"clear_empty", F_BOOL, AT(clear_empty), N_("Clear values for empty cells"), .flags = FIXED},
    {"headings_key", F_TEXT, AT(headings_key), N_("Columns"), .flags = FIXED | HIDDEN},
    {"language", F_CODE, AT(language), N_("Language"), .flags = FIXED | INNER},
};

static bool answers_for_all(const struct ctx *ctx)
{
    for (int i = 0; i < ctx->actor.grant_count; i++)
        if ((ctx->actor.grants[i].role & (ROLE_OFFICE | ROLE_ADMIN)) &&
            ctx->actor.grants[i].area == NONE)
            return true;
    return false;
}

bool import_may(struct ctx *ctx, const struct kind *k)
{
    return k && import_takes(k) && kind_may_write(ctx, k);
}

static void scope(struct ctx *ctx, struct sql *where)
{
    if (!answers_for_all(ctx))
        sql_add(where, " AND \"user\" = {}", ctx->actor.user);
    sql_add(where, " AND kind IN (''");
    for (const struct kind *const *k = modules_kinds(); *k; k++)
        if (import_may(ctx, *k))
            sql_add(where, ", {}", (*k)->name);
    sql_add(where, ")");
}

static const struct choice import_actions[] = {
    {"upload", N_("spreadsheet uploaded")},
    {"trial", N_("test import")},
    {"start", N_("import started")},
    {"checked", N_("test import")},
    {"done", N_("imported")},
    {"failed", N_("interrupted")},
    {"cancel", N_("cancelled")},
    {"cancelled", N_("cancelled")},
    {NULL, NULL},
};

const struct kind imports_kind = {.name = "imports",
                                  .table = "imports",
                                  .one = N_("Import"),
                                  .many = N_("Import history"),
                                  .actions = import_actions,
                                  FIELDS(fields),
                                  .size = sizeof(struct imported),
                                  .read = IMPORT_ROLES,
                                  .write = 0,
                                  .code = "id",
                                  .order = "id DESC",
                                  .scope = scope};

/* ---- cells ---- */

const char *cells_seal(struct ctx *ctx, const char *const *cells, int count)
{
    struct buf out;
    buf_init(&out, 0);
    buf_putc(&out, '[');
    for (int i = 0; i < count; i++) {
        if (i)
            buf_putc(&out, ',');
        json(&out, "{}", cells[i] ? cells[i] : "");
    }
    buf_putc(&out, ']');
    const char *sealed = out.full || out.size > SEAL_TEXT_MOST
                             ? seal_text(ctx->keys, ctx->arena, "import", "[]")
                             : seal_text(ctx->keys, ctx->arena, "import", out.data);
    buf_release(&out);
    return sealed;
}

int cells_open(struct ctx *ctx, const char *sealed, const char **cells, int most)
{
    const char *text = NULL;
    int n = 0;
    if (!sealed || seal_open(ctx->keys, ctx->arena, "import", sealed, &text) != OK || !text)
        return 0;
    cJSON *list = cJSON_Parse(text);
    const cJSON *item;
    cJSON_ArrayForEach(item, list) if (n < most)
        cells[n++] = arena_copy(ctx->arena, cJSON_IsString(item) ? item->valuestring : "");
    cJSON_Delete(list);
    return n;
}

enum status imported_columns(struct ctx *ctx, struct import *im, const struct imported *i)
{
    int column = 0;
    for (const char *s = i->mapping ? i->mapping : ""; *s;) {
        size_t n = strcspn(s, "\n");
        im->column_count = column + 1;
        if (import_column_set(ctx, im, column++, arena_copyn(ctx->arena, s, n)) != OK)
            return ctx->status;
        s += n + (s[n] == '\n');
    }
    return OK;
}
