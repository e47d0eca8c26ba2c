/*
 * The map's data: the outlines of the areas as GeoJSON and, if the data folder
 * contains map.pmtiles, its vector tiles with a plain style that knows the
 * layers of the two common schemes (Protomaps and OpenMapTiles). The file is
 * read in ranges, as its format intends, never as a whole.
 */
#include "core/module.h"
#include "base/when.h"
#include "web/web.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANGE_MOST ((int64_t)8 << 20) /* bytes of one response */

/* ---- outlines ---- */

static void areas_json(struct ctx *ctx)
{
    struct buf *out = ctx->web->out;
    const char *between = "";
    answer_type(ctx, "application/geo+json");
    answer_header(ctx, "Cache-Control", "max-age=3600");
    buf_puts(out, "{\"type\":\"FeatureCollection\",\"features\":[");
    struct sql q;
    sql_init(&q, ctx->arena);
    sql_add(&q, "SELECT name, name_en, outline, level FROM areas WHERE outline IS NOT NULL AND "
                "level IN ('subdistrict', 'community')");
    valid_areas_where(ctx, &q, "id");
    sql_add(&q, " ORDER BY code");
    struct rows *r = sql_query(ctx->db, &q);
    while (rows_next(r)) {
        const char *outline = row_text(r, "outline");
        bool community = !strcmp(row_text(r, "level"), "community");
        if (strspn(outline, "0123456789.,-[] eE+") !=
            strlen(outline)) /* entered by hand, so only numbers are put into the JSON */
            continue;
        buf_puts(out, between);
        json(out,
             "{\"type\":\"Feature\",\"properties\":{\"name\":{}},\"geometry\":{\"type\":"
             "\"Polygon\",\"coordinates\":[{}]}}",
             community ? ctx_pick(ctx, row_text(r, "name"), row_text(r, "name_en")) : "",
             (struct raw_json){outline});
        between = ",";
    }
    buf_puts(out, "]}");
}

/* ---- tiles ---- */

static const char *tiles_path(struct ctx *ctx)
{
    return arena_print(ctx->arena, "%s/map.pmtiles", ctx->site->data);
}

static int tiles_open(struct ctx *ctx, struct stat *st)
{
    int fd = open(tiles_path(ctx), O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* "bytes=0-16383" or "bytes=100-"; one range only. */
static bool range_asked(const char *text, int64_t size, int64_t *from, int64_t *to)
{
    char *end;
    if (!text || strncmp(text, "bytes=", 6) != 0 || text[6] < '0' || text[6] > '9')
        return false;
    errno = 0;
    *from = strtoll(text + 6, &end, 10);
    if (errno || *end != '-')
        return false;
    *to = end[1] ? strtoll(end + 1, &end, 10) : size - 1;
    if (errno || (*end && strcmp(end, "-") != 0) || *from >= size || *to < *from)
        return false;
    if (*to >= size)
        *to = size - 1;
    if (*to - *from >= RANGE_MOST)
        *to = *from + RANGE_MOST - 1;
    return true;
}

static void tiles(struct ctx *ctx)
{
    struct stat st;
    struct buf *out = ctx->web->out;
    int64_t from, to;
    int fd = tiles_open(ctx, &st);
    if (fd < 0) {
        ctx_fail(ctx, NOT_FOUND, say(ctx, "No map is available here."));
        return;
    }
    answer_header(ctx, "Accept-Ranges", "bytes");
    answer_header(ctx, "Cache-Control", "max-age=86400");
    answer_type(ctx, "application/vnd.pmtiles");
    answer_header(ctx, "ETag",
                  arena_print(ctx->arena, "\"%llx-%llx\"", (unsigned long long)st.st_mtime,
                              (unsigned long long)st.st_size));
    if (!range_asked(header(ctx, "range"), st.st_size, &from, &to)) {
        answer_code(ctx, 416);
        answer_header(ctx, "Content-Range",
                      arena_print(ctx->arena, "bytes */%lld", (long long)st.st_size));
        close(fd);
        return;
    }
    size_t size = (size_t)(to - from + 1);
    ssize_t got = buf_room(out, size) ? pread(fd, out->data + out->size, size, from) : -1;
    close(fd);
    if (got != (ssize_t)size) {
        ctx_fail(ctx, UNAVAILABLE, NULL);
        return;
    }
    out->size += size;
    out->data[out->size] = '\0';
    answer_code(ctx, 206);
    answer_header(ctx, "Content-Range",
                  arena_print(ctx->arena, "bytes %lld-%lld/%lld", (long long)from, (long long)to,
                              (long long)st.st_size));
}

static const char style[] =
    "{\"version\":8,\"sources\":{\"base\":{\"type\":\"vector\",\"url\":\"pmtiles:///map/"
    "base.pmtiles\"},"
    "\"areas\":{\"type\":\"geojson\",\"data\":\"/map/areas.json\"}},\"layers\":["
    "{\"id\":\"ground\",\"type\":\"background\",\"paint\":{\"background-color\":\"#f3f1ea\"}},"
    "{\"id\":\"landuse\",\"type\":\"fill\",\"source\":\"base\",\"source-layer\":\"landuse\","
    "\"paint\":{\"fill-color\":\"#e6eddf\"}},"
    "{\"id\":\"landcover\",\"type\":\"fill\",\"source\":\"base\",\"source-layer\":\"landcover\","
    "\"paint\":{\"fill-color\":\"#e6eddf\"}},"
    "{\"id\":\"water\",\"type\":\"fill\",\"source\":\"base\",\"source-layer\":\"water\",\"filter\":"
    "[\"==\",[\"geometry-type\"],\"Polygon\"],\"paint\":{\"fill-color\":\"#bcd9dc\"}},"
    "{\"id\":\"buildings\",\"type\":\"fill\",\"source\":\"base\",\"source-layer\":\"buildings\","
    "\"minzoom\":14,\"paint\":{\"fill-color\":\"#dfdacf\"}},"
    "{\"id\":\"building\",\"type\":\"fill\",\"source\":\"base\",\"source-layer\":\"building\","
    "\"minzoom\":14,\"paint\":{\"fill-color\":\"#dfdacf\"}},"
    "{\"id\":\"roads\",\"type\":\"line\",\"source\":\"base\",\"source-layer\":\"roads\",\"paint\":{"
    "\"line-color\":\"#ffffff\",\"line-width\":[\"interpolate\",[\"linear\"],[\"zoom\"],11,1,18,12]"
    "}},"
    "{\"id\":\"transportation\",\"type\":\"line\",\"source\":\"base\",\"source-layer\":"
    "\"transportation\",\"paint\":{\"line-color\":\"#ffffff\",\"line-width\":[\"interpolate\",["
    "\"linear\"],[\"zoom\"],11,1,18,12]}},"
    "{\"id\":\"edge\",\"type\":\"line\",\"source\":\"areas\",\"paint\":{\"line-color\":\"#0b6e6e\","
    "\"line-width\":1.5}},"
    "{\"id\":\"road-names\",\"type\":\"symbol\",\"source\":\"base\",\"source-layer\":\"roads\","
    "\"minzoom\":14,\"layout\":{\"symbol-placement\":\"line\",\"text-field\":[\"coalesce\",["
    "\"get\",\"name\"],\"\"],\"text-font\":[\"sans-serif\"],\"text-size\":12},\"paint\":{\"text-"
    "color\":\"#566164\",\"text-halo-color\":\"#ffffff\",\"text-halo-width\":1.5}},"
    "{\"id\":\"transportation-names\",\"type\":\"symbol\",\"source\":\"base\",\"source-layer\":"
    "\"transportation_name\",\"minzoom\":14,\"layout\":{\"symbol-placement\":\"line\",\"text-"
    "field\":[\"coalesce\",[\"get\",\"name\"],\"\"],\"text-font\":[\"sans-serif\"],\"text-size\":"
    "12},\"paint\":{\"text-color\":\"#566164\",\"text-halo-color\":\"#ffffff\",\"text-halo-width\":"
    "1.5}},"
    "{\"id\":\"names\",\"type\":\"symbol\",\"source\":\"areas\",\"layout\":{\"text-field\":["
    "\"get\",\"name\"],\"text-font\":[\"sans-serif\"],\"text-size\":14},\"paint\":{\"text-color\":"
    "\"#1b2426\",\"text-halo-color\":\"#ffffff\",\"text-halo-width\":2}}"
    "]}";

static void style_json(struct ctx *ctx)
{
    struct stat st;
    int fd = tiles_open(ctx, &st);
    if (fd < 0) { /* not an error: the outlines are drawn instead */
        answer_code(ctx, 204);
        answer_header(ctx, "Cache-Control", "max-age=3600");
        return;
    }
    close(fd);
    answer_type(ctx, "application/json");
    buf_puts(ctx->web->out, style);
}

static const struct route table[] = {
    ROUTE_GET("/map/areas.json", ROLE_PUBLIC, areas_json),
    ROUTE_GET("/map/style.json", ROLE_PUBLIC, style_json),
    ROUTE_GET("/map/base.pmtiles", ROLE_PUBLIC, tiles),
};

const struct module map_module = {.name = "map", .routes = ROUTES(table)};
