/*
 * The commands of an installation: making, serving, importing into and
 * checking it. Each opens what it needs; what it says goes to standard output,
 * what is wrong to standard error. Memory is the run's arena.
 */
#include "app/calendar.h"
#include "app/deadlines.h"
#include "app/demo.h"
#include "app/import_report.h"
#include "app/import_run.h"
#include "app/install.h"
#include "app/module.h"
#include "app/reads.h"
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
        fprintf(stderr, "linli: %s\n", ctx->db && db_status(ctx->db) != OK ? db_failure(ctx->db) : status_name(ctx->status));
    return 1;
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
    printf("\t%s%s%s%s\n", r->flags & API ? "api " : "", r->flags & LIVE ? "live " : "", r->record ? "record:" : "",
           r->record ? r->record->name : "");
}

static int run_init(struct ctx *ctx, const struct options *o)
{
    char *end = NULL;
    long long n = o->requests ? strtoll(o->requests, &end, 10) : 0;
    if (n < 0 || n > REQUESTS_MOST || (end && *end)) {
        fprintf(stderr, "linli: %s\n", say(ctx, "--requests is a number from 0 to {}.", REQUESTS_MOST));
        return 2;
    }
    if (n > 0 && !o->pack) {
        fprintf(stderr, "linli: %s\n", say(ctx, "--requests needs --pack: the texts are the pack's."));
        return 2;
    }
    if (install_create(ctx, o->data, o->pack, DEMO_REQUESTS + n) != OK)
        return command_failed(ctx);
    printf("%s\n", say(ctx, "Created {}.", o->data));
    return 0;
}

/* A year's days as they are published in JSON: all of them or none. */
static void import_days(struct ctx *ctx)
{
    int64_t changed = calendar_store(ctx, ctx->work);
    if (changed != NONE && changed > 0)
        deadlines_follow(ctx, "holidays");
    if (changed != NONE)
        printf("%s\n", say(ctx, "{} days read, {} of them new or changed.", (int64_t)((struct calendar_days *)ctx->work)->count, changed));
}

static int run_import_days(struct ctx *ctx, const struct options *o)
{
    size_t size = 0;
    struct calendar_days days = {.count = 0};
    void *bytes = import_read_file(ctx, o->words[1], &size);
    ctx->work = &days;
    if (bytes && calendar_read(ctx, &days, bytes, size) && install_open(ctx, o->data, DB_WRITE) == OK) {
        if (o->dry_run)
            printf("%s\n%s\n", say(ctx, "{} days in it.", (int64_t)days.count), say(ctx, "This was a trial: nothing was stored."));
        else
            door(ctx, import_days);
    }
    free(bytes);
    return ctx_ok(ctx) ? 0 : command_failed(ctx);
}

static int run_import(struct ctx *ctx, const struct options *o)
{
    const char *dot = strrchr(o->words[1], '.');
    if (!strcmp(o->words[0], "holidays") && dot && !strcasecmp(dot, ".json"))
        return run_import_days(ctx, o);
    struct import im = {.dry_run = o->dry_run, .create = o->create};
    struct import_report *report = import_report_new(ctx, o->errors);
    enum status s = install_open(ctx, o->data, DB_WRITE);
    if (s == OK)
        s = import_file(ctx, o->words[0], o->words[1], o->maps, o->map_count, &im, report);
    enum status written = import_report_close(ctx, report, &im);
    s = s == OK ? written : s;
    if (s != OK && im.added + im.changed + im.same + im.failed == 0)
        return command_failed(ctx);
    import_report_say(ctx, report, &im);
    printf("%s\n", say(ctx, "{} added, {} changed, {} as they were, {} refused.", im.added, im.changed, im.same, im.failed));
    if (o->errors && im.failed && written == OK)
        printf("%s\n", say(ctx, "The refused rows are in {}: put them right there and import that sheet.", o->errors));
    if (o->dry_run)
        printf("%s\n", say(ctx, "This was a trial: nothing was stored."));
    return s != OK ? command_failed(ctx) : im.failed ? 1 : 0;
}

/* ---- export ---- */

static bool export_format_of(struct ctx *ctx, const struct options *o, enum export_format *format)
{
    static const char *const names[] = {"csv", "xlsx", "json"};
    const char *dot = o->output ? strrchr(o->output, '.') : NULL;
    for (int i = 0; i < 3; i++)
        if (o->format ? !strcmp(o->format, names[i]) : dot ? !strcasecmp(dot + 1, names[i]) : i == EXPORT_CSV) {
            *format = (enum export_format)i;
            return true;
        }
    ctx_problem(ctx, NULL, say(ctx, "--format is csv, xlsx or json."));
    return false;
}

/* Who took personal data out of the system is in the journal. */
static void export_note(struct ctx *ctx)
{
    journal_add(ctx, ctx->work, 0, "export", NULL, NULL);
}

static enum status export_to(struct ctx *ctx, const struct kind *k, enum export_format format, const char *path, int64_t *count)
{
    const char *part = path ? arena_print(ctx->arena, "%s.part", path) : NULL;
    mode_t was = umask(0077);
    FILE *f = path ? fopen(part, "wb") : stdout;
    umask(was);
    if (!f)
        return ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} can't be made: {}", part, strerror(errno)));
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
    return good || s != OK ? s : ctx_fail(ctx, UNAVAILABLE, say(ctx, "{} could not be written. Is the disk full?", path));
}

static int run_export(struct ctx *ctx, const struct options *o)
{
    enum export_format format;
    int64_t count = 0;
    if (!export_format_of(ctx, o, &format))
        return command_failed(ctx) + 1;
    if (format == EXPORT_XLSX && !o->output && isatty(STDOUT_FILENO)) {
        fprintf(stderr, "linli: %s\n", say(ctx, "A spreadsheet can't be shown here: give --output FILE."));
        return 2;
    }
    kinds_set(modules_kinds());
    const struct kind *k = kind_find(o->words[0]);
    if (!k) {
        ctx_fail(ctx, NOT_FOUND, kind_names_text(ctx, o->words[0]));
        return command_failed(ctx);
    }
    ctx->work = (void *)(uintptr_t)k->name;
    struct grant *all = ARENA_ARRAY(ctx->arena, struct grant, ROLE_COUNT); /* whoever holds the data folder sees all of it */
    for (int i = 0; i < ROLE_COUNT; i++)
        all[i] = (struct grant){1U << i, NONE, NONE};
    ctx->actor.grants = all;
    ctx->actor.grant_count = ROLE_COUNT;
    if (install_open(ctx, o->data, kind_is_personal(k) ? DB_WRITE : DB_READ) != OK ||
        (kind_is_personal(k) && door(ctx, export_note) != OK) || export_to(ctx, k, format, o->output, &count) != OK)
        return command_failed(ctx);
    if (o->output)
        printf("%s\n", say(ctx, "{} records in {}.", count, o->output));
    return 0;
}

/* ---- routes ---- */

/* Method, address, and who may, one a line: what the gate goes by. */
static int run_routes(struct ctx *ctx, const struct options *o)
{
    (void)ctx;
    (void)o;
    for (const struct routes *t = modules_routes(); t->list; t++)
        for (int i = 0; i < t->count; i++)
            route_print(&t->list[i]);
    for (int i = 0; i < session_route_count; i++)
        route_print(&session_routes[i]);
    for (int i = 0; i < account_route_count; i++)
        route_print(&account_routes[i]);
    for (int i = 0; i < find_route_count; i++)
        route_print(&find_routes[i]);
    for (int i = 0; i < static_route_count; i++)
        route_print(&static_routes[i]);
    return 0;
}

static int run_serve(struct ctx *ctx, const struct options *o)
{
    char *end = NULL;
    long open = o->open ? strtol(o->open, &end, 10) : 0;
    if (o->open && (open < 1 || open > 10000 || *end)) {
        fprintf(stderr, "linli: %s\n", say(ctx, "--open is a number from 1 to {}.", 10000));
        return 2;
    }
    struct serving how = {.data = o->data,
                          .address = o->listen ? o->listen : "127.0.0.1:8080",
                          .url = o->url,
                          .proxied = o->proxied,
                          .open = (int)open,
                          .copy_to = o->copy_to};
    if (install_serve(ctx, &how) != OK)
        return command_failed(ctx);
    return 0;
}

static const struct command commands[] = {
    {"init", "linli init --data DIR [--pack DIR] [--requests N]", .run = run_init,
     .help = N_("Makes a new installation in a folder that is not there yet, with its key and the schema.\n\n"
                "  --pack DIR     loads a subdistrict's sheets (areas, units, categories, calendar, templates …) and prints\n"
                "                 a login and password for each role, once\n"
                "  --requests N   makes that many requests more than the pack's demonstration has (300), to try it under load;\n"
                "                 0 unless said\n\n"
                "  linli init --data ./data --pack pack/chengdong\n")},
    {"serve", "linli serve --data DIR [--listen ADDR:PORT] [--url URL] [--proxied] [--copy-to DIR] [--open N]", .run = run_serve,
     .help = N_("Serves the pages and the API until it is stopped with Ctrl+C or SIGTERM.\n\n"
                "  --listen ADDR:PORT   127.0.0.1:8080 unless said; port 0 takes a free one\n"
                "  --url URL            the address people use, such as https://linli.example.cn: requests for other names are\n"
                "                       refused, and with https cookies are secure and HSTS is sent\n"
                "  --proxied            a proxy that you trust stands before it: its X-Forwarded-For and -Proto are believed\n"
                "  --copy-to DIR        every change is in that folder too within a second (on another disk or machine), and any\n"
                "                       second of the last seven days can be gone back to: linli restore --from DIR. Several\n"
                "                       subdistricts have a folder each in it\n"
                "  --open N             with several subdistricts: so many stores are open at once, 250 unless said, 16 on PostgreSQL\n\n"
                "  linli serve --data ./data --listen 127.0.0.1:8080 --url https://linli.example.cn --proxied\n")},
    {"import", "linli import KIND FILE --data DIR [--map FIELD=COLUMN]... [--create] [--dry-run] [--errors FILE]", 2, 2, .run = run_import,
     .help = N_("Takes the rows of a spreadsheet (XLSX or CSV) into a kind. Bad rows are named and left out, good ones stored;\n"
                "the same file again changes nothing. Ends with 1 when a row was refused. Holidays may also come as JSON, a list\n"
                "of {\"date\", \"isOffDay\", \"name\"}, all of them or none.\n\n"
                "  --map FIELD=COLUMN   the column with that heading is that field; can be given several times\n"
                "  --create             makes the units, areas and categories that rows name and that are not there\n"
                "  --dry-run            says what would happen and stores nothing\n"
                "  --errors FILE        writes all refused rows to a sheet (XLSX, or CSV) with the reason beside each, to be put\n"
                "                       right and imported again\n\n"
                "  linli import requests archive.xlsx --data ./data --map text=内容\n")},
    {"export", "linli export KIND --data DIR [--format csv|xlsx|json] [--output FILE]", 1, 1, .run = run_export,
     .help = N_("Writes all records of a kind: as a sheet exactly what import takes, or as JSON. Telephone and identity\n"
                "numbers are in the clear; that they were taken out is written to the journal.\n\n"
                "  --format   csv unless said, or what FILE ends with\n"
                "  --output   without it CSV and JSON go to standard output\n\n"
                "  linli export areas --data ./data --output areas.xlsx\n")},
    {"routes", "linli routes", .no_data = true, .run = run_routes,
     .help = N_("Prints every address that is served: method, path, the roles that may, and what the gate loads.\n\n"
                "  linli routes | grep api\n")},
    {.name = NULL},
};

const struct module install_module = {.name = "install", .commands = commands};
