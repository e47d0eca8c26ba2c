/*
 * The commands of an installation: creating, serving, importing into and
 * checking it. Each opens what it needs. Results go to standard output, errors
 * to standard error. Memory is the run's arena.
 */
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "program/demo.h"
#include "core/import_report.h"
#include "core/import_run.h"
#include "program/install.h"
#include "core/module.h"
#include "core/reads.h"
#include "db/journal.h"
#include "kind/export.h"
#include "web/gate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define REQUESTS_MOST 10000000

int command_failed(struct ctx *ctx)
{
    for (const struct problem *p = ctx->problems; p; p = p->next)
        fprintf(stderr, "linli: %s\n", p->text);
    if (!ctx->problems)
        fprintf(stderr, "linli: %s\n",
                ctx->db && db_status(ctx->db) != OK ? db_failure(ctx->db)
                                                    : status_name(ctx->status));
    return 1;
}

int command_run(struct ctx *ctx, const struct command *c, struct given *g)
{
    enum command_store store = c->store;
    int code = c->check ? c->check(ctx, g, &store) : 0;
    if (code == 0 && store != STORE_NONE &&
        install_open(ctx, g->data, store == STORE_WRITE ? DB_WRITE : DB_READ) != OK)
        code = COMMAND_FAILED;
    if (code == 0)
        code = c->run(ctx, g);
    return code == COMMAND_FAILED ? command_failed(ctx) : code;
}

static void route_print(const struct route *r)
{
    static const char *const verbs[] = {"GET", "POST", "PATCH", "DELETE"};
    const char *gap = "";
    printf("%s\t%s\t", verbs[r->method], r->path);
    for (int i = 0; i < ROLE_COUNT; i++)
        if (r->roles & 1U << i) {
            printf("%s%s", gap, role_name((enum role)(1 << i)));
            gap = ",";
        }
    printf("\t%s%s%s%s\n", r->flags & API ? "api " : "", r->flags & LIVE ? "live " : "",
           r->record ? "record:" : "", r->record ? r->record->name : "");
}

struct init_options {
    const char *pack, *requests;
};
static const struct command_option init_options[] = {
    {"--pack", offsetof(struct init_options, pack)},
    {"--requests", offsetof(struct init_options, requests)},
    {.name = NULL},
};

static int run_init(struct ctx *ctx, const struct given *g)
{
    const struct init_options *o = g->options;
    char *end = NULL;
    long long n = o->requests ? strtoll(o->requests, &end, 10) : 0;
    if (n < 0 || n > REQUESTS_MOST || (end && *end)) {
        fprintf(stderr, "linli: %s\n",
                say(ctx, "--requests must be a number from 0 to {}.", REQUESTS_MOST));
        return 2;
    }
    if (n > 0 && !o->pack) {
        fprintf(stderr, "linli: %s\n",
                say(ctx, "--requests requires --pack, which supplies the texts."));
        return 2;
    }
    if (install_create(ctx, g->data, o->pack, DEMO_REQUESTS + n) != OK)
        return COMMAND_FAILED;
    printf("%s\n", say(ctx, "Created {}.", g->data));
    return 0;
}

/* ---- import ---- */

struct import_options {
    struct option_list maps;
    bool create, clear, dry_run;
    const char *errors, *sheet, *heading_row;
};
static const struct command_option import_options[] = {
    {"--map", offsetof(struct import_options, maps), OPTION_LIST},
    {"--create", offsetof(struct import_options, create), OPTION_FLAG},
    {"--clear", offsetof(struct import_options, clear), OPTION_FLAG},
    {"--sheet", offsetof(struct import_options, sheet)},
    {"--heading-row", offsetof(struct import_options, heading_row)},
    {"--dry-run", offsetof(struct import_options, dry_run), OPTION_FLAG},
    {"--errors", offsetof(struct import_options, errors)},
    {.name = NULL},
};

/* Imports a year's holidays as published in JSON: all of them or none. */
static void import_days(struct ctx *ctx)
{
    int64_t changed = calendar_store(ctx, ctx->work);
    if (changed != NONE && changed > 0)
        recount_follow(ctx, "holidays");
    if (changed != NONE)
        printf("%s\n", say(ctx, "{} days read, {} new or changed.",
                           (int64_t)((struct calendar_days *)ctx->work)->count, changed));
}

static int run_import_days(struct ctx *ctx, const struct given *g)
{
    const struct import_options *o = g->options;
    size_t size = 0;
    struct calendar_days days = {.count = 0};
    void *bytes = import_read_file(ctx, g->words[1], &size);
    ctx->work = &days;
    if (bytes && calendar_read(ctx, &days, bytes, size)) {
        if (o->dry_run)
            printf("%s\n%s\n", say(ctx, "It contains {} days.", (int64_t)days.count),
                   say(ctx, "This was a test: nothing was saved."));
        else
            writer_call(ctx, import_days);
    }
    free(bytes);
    return ctx_ok(ctx) ? 0 : COMMAND_FAILED;
}

static int run_import(struct ctx *ctx, const struct given *g)
{
    const struct import_options *o = g->options;
    const char *dot = strrchr(g->words[1], '.');
    if (!strcmp(g->words[0], "holidays") && dot && !strcasecmp(dot, ".json"))
        return run_import_days(ctx, g);
    char *end = NULL;
    long row = o->heading_row ? strtol(o->heading_row, &end, 10) : 0;
    struct import_wish wish = {.maps = o->maps.texts,
                               .map_count = o->maps.count,
                               .sheet = o->sheet,
                               .heading_row = (int)row,
                               .dry_run = o->dry_run,
                               .create = o->create,
                               .clear = o->clear};
    struct import im = {.added = 0};
    if (o->heading_row && (row < 1 || row > SHEET_ROWS || *end)) {
        fprintf(stderr, "linli: %s\n",
                say(ctx, "--heading-row must be a number from 1 to {}.", SHEET_ROWS));
        return 2;
    }
    struct import_report *report = import_report_new(ctx, o->errors);
    enum status s = import_file(ctx, g->words[0], g->words[1], &wish, &im, report);
    enum status written = import_report_close(ctx, report, &im);
    s = s == OK ? written : s;
    if (s != OK && im.added + im.changed + im.same + im.failed == 0)
        return COMMAND_FAILED;
    import_report_say(ctx, report, &im);
    printf("%s\n", say(ctx, "{} added, {} updated, {} unchanged, {} rejected.", im.added,
                       im.changed, im.same, im.failed));
    if (o->errors && im.failed && written == OK)
        printf("%s\n",
               say(ctx, "The rejected rows are in {}: correct them there and import that file.",
                   o->errors));
    if (o->dry_run)
        printf("%s\n", say(ctx, "This was a test: nothing was saved."));
    return s != OK ? COMMAND_FAILED : im.failed ? 1 : 0;
}

/* ---- export ---- */

struct export_options {
    const char *format, *output;
    enum export_format as; /* the format */
};
static const struct command_option export_options[] = {
    {"--format", offsetof(struct export_options, format)},
    {"--output", offsetof(struct export_options, output)},
    {.name = NULL},
};

static bool export_format_of(struct export_options *o)
{
    static const char *const names[] = {"csv", "xlsx", "json"};
    const char *dot = o->output ? strrchr(o->output, '.') : NULL;
    for (int i = 0; i < 3; i++)
        if (o->format ? !strcmp(o->format, names[i])
            : dot     ? !strcasecmp(dot + 1, names[i])
                      : i == EXPORT_CSV) {
            o->as = (enum export_format)i;
            return true;
        }
    return false;
}

/* Logs who exported personal data. */
static void export_note(struct ctx *ctx)
{
    journal_add(ctx, ctx->work, 0, "export", NULL, NULL);
}

static enum status export_to(struct ctx *ctx, const struct kind *k, enum export_format format,
                             const char *path, int64_t *count)
{
    const char *part = path ? arena_print(ctx->arena, "%s.part", path) : NULL;
    mode_t was = umask(0077);
    FILE *f = path ? fopen(part, "wb") : stdout;
    umask(was);
    if (!f)
        return ctx_fail(ctx, UNAVAILABLE, say(ctx, "Can’t create {}: {}", part, strerror(errno)));
    enum status s = db_begin(ctx->db);
    if (s == OK)
        s = export_kind(ctx, k, format, f, count);
    db_rollback(ctx->db);
    if (!path)
        return s;
    bool good = fsync(fileno(f)) == 0;
    good = fclose(f) == 0 && good && s == OK && rename(part, path) == 0;
    if (!good)
        unlink(part);
    return good || s != OK ? s
                           : ctx_fail(ctx, UNAVAILABLE,
                                      say(ctx, "{} could not be written. Is the disk full?", path));
}

static int export_check(struct ctx *ctx, struct given *g, enum command_store *store)
{
    struct export_options *o = g->options;
    if (!export_format_of(o)) {
        fprintf(stderr, "linli: %s\n", say(ctx, "--format must be csv, xlsx or json."));
        return 2;
    }
    if (o->as == EXPORT_XLSX && !o->output && isatty(STDOUT_FILENO)) {
        fprintf(stderr, "linli: %s\n",
                say(ctx, "A spreadsheet can’t be printed to the terminal: use --output FILE."));
        return 2;
    }
    const struct kind *k = kind_find(g->words[0]);
    if (!k) {
        ctx_fail(ctx, NOT_FOUND, kind_names_text(ctx, g->words[0]));
        return COMMAND_FAILED;
    }
    *store = kind_is_personal(k) ? STORE_WRITE : STORE_READ;
    return 0;
}

static int run_export(struct ctx *ctx, const struct given *g)
{
    const struct export_options *o = g->options;
    const struct kind *k = kind_find(g->words[0]);
    int64_t count = 0;
    ctx->work = (void *)(uintptr_t)k->name;
    struct grant *all = ARENA_ARRAY(
        ctx->arena, struct grant,
        ROLE_COUNT); /* whoever can read the data folder can read all of it */
    for (int i = 0; i < ROLE_COUNT; i++)
        all[i] = (struct grant){1U << i, NONE, NONE};
    ctx->actor.grants = all;
    ctx->actor.grant_count = ROLE_COUNT;
    if ((kind_is_personal(k) && writer_call(ctx, export_note) != OK) ||
        export_to(ctx, k, o->as, o->output, &count) != OK)
        return COMMAND_FAILED;
    if (o->output)
        printf("%s\n", say(ctx, "{} records written to {}.", count, o->output));
    if (ctx->lost)
        fprintf(stderr, "linli: %s\n", lost_words(ctx));
    return ctx->lost ? 1 : 0;
}

/* ---- routes ---- */

static int by_address(const void *a, const void *b)
{
    const struct route *x = *(const struct route *const *)a, *y = *(const struct route *const *)b;
    int order = strcmp(x->path, y->path);
    return order ? order : (int)x->method - (int)y->method;
}

/* Lists method, path and roles of every route, sorted by path: the table that the gate uses. */
static int run_routes(struct ctx *ctx, const struct given *g)
{
    const struct routes server[] = {{session_routes, session_route_count},
                                    {account_routes, account_route_count},
                                    {find_routes, find_route_count},
                                    {static_routes, static_route_count},
                                    {NULL, 0}};
    const struct routes *const tables[] = {modules_routes(), server};
    int count = 0, n = 0;
    (void)g;
    for (int i = 0; i < 2; i++)
        for (const struct routes *t = tables[i]; t->list; t++)
            count += t->count;
    const struct route **all = ARENA_ARRAY(ctx->arena, const struct route *, count + 1);
    for (int i = 0; i < 2; i++)
        for (const struct routes *t = tables[i]; t->list; t++)
            for (int k = 0; k < t->count; k++)
                all[n++] = &t->list[k];
    qsort(all, (size_t)count, sizeof(const struct route *), by_address);
    for (int i = 0; i < count; i++)
        route_print(all[i]);
    return 0;
}

struct serve_options {
    const char *listen, *url, *copy_to, *open;
    bool proxied;
};
static const struct command_option serve_options[] = {
    {"--listen", offsetof(struct serve_options, listen)},
    {"--url", offsetof(struct serve_options, url)},
    {"--proxied", offsetof(struct serve_options, proxied), OPTION_FLAG},
    {"--copy-to", offsetof(struct serve_options, copy_to)},
    {"--open", offsetof(struct serve_options, open)},
    {.name = NULL},
};

static int run_serve(struct ctx *ctx, const struct given *g)
{
    const struct serve_options *o = g->options;
    char *end = NULL;
    long open = o->open ? strtol(o->open, &end, 10) : 0;
    if (o->open && (open < 1 || open > 10000 || *end)) {
        fprintf(stderr, "linli: %s\n", say(ctx, "--open must be a number from 1 to {}.", 10000));
        return 2;
    }
    struct serving how = {.data = g->data,
                          .address = o->listen ? o->listen : "127.0.0.1:8080",
                          .url = o->url,
                          .proxied = o->proxied,
                          .open = (int)open,
                          .copy_to = o->copy_to};
    return install_serve(ctx, &how) == OK ? 0 : COMMAND_FAILED;
}

static const struct command commands[] = {
    {"init", "linli init --data DIR [--pack DIR] [--requests N]",
     OPTIONS(struct init_options, init_options), .run = run_init,
     .help = N_("Creates a new installation, with its key and database, in a folder that does not "
                "exist yet.\n"
                "\n"
                "  --pack DIR     loads a subdistrict's spreadsheets (areas, units, categories, "
                "calendar, templates …) and prints\n"
                "                 a login and password for each role, once\n"
                "  --requests N   generates N requests on top of the pack's 300 demo requests, for "
                "load testing; default: 0\n"
                "\n"
                "  linli init --data ./data --pack pack/chengdong\n")},
    {"serve",
     "linli serve --data DIR [--listen ADDR:PORT] [--url URL] [--proxied] [--copy-to DIR] [--open "
     "N]",
     OPTIONS(struct serve_options, serve_options), .run = run_serve,
     .help = N_("Serves the website and API until stopped with Ctrl+C or SIGTERM.\n"
                "\n"
                "  --listen ADDR:PORT   default: 127.0.0.1:8080; port 0 picks a free port\n"
                "  --url URL            the public address, e.g. https://linli.example.cn. "
                "Requests for other host names are\n"
                "                       refused; with https, cookies are secure and HSTS is sent\n"
                "  --proxied            behind a trusted proxy: X-Forwarded-For and "
                "X-Forwarded-Proto are trusted\n"
                "  --copy-to DIR        copies every change to this folder within a second (use "
                "another disk or machine). You can\n"
                "                       restore to any second of the last seven days: linli "
                "restore --from DIR. With several\n"
                "                       subdistricts, each has its own folder there\n"
                "  --open N             with several subdistricts: maximum number of databases "
                "open at once; default: 250, or 16\n"
                "                       on PostgreSQL\n"
                "\n"
                "  linli serve --data ./data --listen 127.0.0.1:8080 --url "
                "https://linli.example.cn --proxied\n")},
    {"import",
     "linli import KIND FILE --data DIR [--map FIELD=COLUMN]... [--sheet NAME] [--heading-row N] "
     "[--create] [--clear] [--dry-run] [--errors FILE]",
     2, 2, .store = STORE_WRITE, OPTIONS(struct import_options, import_options), .run = run_import,
     .help = N_(
         "Imports the rows of a spreadsheet (XLSX or CSV) as records of one type. Valid rows are "
         "saved; invalid rows are\n"
         "reported and skipped. Importing the same file again changes nothing. The exit status is "
         "1 if any row was rejected.\n"
         "Holidays can also be JSON, a list of {\"date\", \"isOffDay\", \"name\"}: all of them are "
         "saved or none.\n"
         "\n"
         "  --map FIELD=COLUMN   reads FIELD from the column with this heading; can be repeated\n"
         "  --sheet NAME         the sheet to import, by name or number; default: the one whose "
         "headings fit best\n"
         "  --heading-row N      the row with the headings; default: found automatically\n"
         "  --clear              empty cells clear what is stored; default: they change nothing\n"
         "  --create             creates units, areas and categories that rows name but that don't "
         "exist yet\n"
         "  --dry-run            reports what would happen without saving anything\n"
         "  --errors FILE        writes rejected rows, with reasons, to a spreadsheet (XLSX or "
         "CSV) that you can correct\n"
         "                       and import again\n"
         "\n"
         "  linli import requests archive.xlsx --data ./data --map text=内容\n")},
    {"export", "linli export KIND --data DIR [--format csv|xlsx|json] [--output FILE]", 1, 1,
     OPTIONS(struct export_options, export_options), .check = export_check, .run = run_export,
     .help = N_("Exports all records of one type, as a spreadsheet in the format used by import, "
                "or as JSON. Phone and ID numbers\n"
                "are not masked. The export is recorded in the audit log.\n"
                "\n"
                "  --format   default: csv, or the format matching FILE's extension\n"
                "  --output   default for CSV and JSON: standard output\n"
                "\n"
                "  linli export areas --data ./data --output areas.xlsx\n")},
    {"routes", "linli routes", .data = DATA_NONE, .run = run_routes,
     .help = N_("Lists every URL: method, path, roles allowed and the record loaded before the "
                "handler runs.\n"
                "\n"
                "  linli routes | grep api\n")},
    {.name = NULL},
};

const struct module install_module = {.name = "install", .commands = commands};
