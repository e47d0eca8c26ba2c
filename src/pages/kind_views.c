/*
 * One implementation of tabs with numbers, as pages/kind_views.h says.
 */
#include "pages/kind_views.h"

#include "web/web.h"

#include <string.h>

bool kind_view_shown(struct ctx *ctx, const struct kind_view *v)
{
    return (!v->roles || (v->roles & ctx->actor.roles)) && (!v->shown || v->shown(ctx));
}

const struct kind_view *kind_view_find(struct ctx *ctx, const struct kind_view *views,
                                       const char *id)
{
    for (const struct kind_view *v = views; id && v->id; v++)
        if (!strcmp(id, v->id) && kind_view_shown(ctx, v))
            return v;
    return NULL;
}

const struct kind_view *kind_view_asked(struct ctx *ctx, const struct kind_view *views)
{
    const struct kind_view *asked = kind_view_find(ctx, views, query_param(ctx, "view"));
    for (const struct kind_view *v = views; !asked && v->id; v++)
        if (kind_view_shown(ctx, v))
            asked = v;
    return asked;
}

void kind_view_where(struct ctx *ctx, const struct kind_view *v, struct sql *where)
{
    struct arg now[8];
    int count = 0;
    for (const char *s = v->where; s && (s = strstr(s, "{}")) != NULL; s += 2)
        if (count < (int)(sizeof now / sizeof *now)) /* sql_write ends the process beyond */
            now[count++] = arg_int(ctx->now);
    if (v->where)
        sql_write(where, v->where, now, count);
    if (v->narrow)
        v->narrow(ctx, where);
}

void kind_view_list(struct ctx *ctx, const struct kind_view *v, struct list *l)
{
    kind_view_where(ctx, v, &l->where);
    if (v->sort)
        l->order = arena_print(ctx->arena, v->newest ? "%s DESC, id DESC" : "%s, id", v->sort);
}

static int64_t view_count(struct ctx *ctx, const struct kind_view *v, const struct kind_tabs *tabs)
{
    if (tabs->count)
        return tabs->count(ctx, v, tabs->about);
    struct list l;
    list_init(ctx, &l, tabs->kind);
    kind_view_where(ctx, v, &l.where);
    int64_t n = list_count(ctx, &l);
    sql_release(&l.where);
    return n;
}

/* The address with this view, from the first page of its list. */
static const char *view_href(struct ctx *ctx, const struct kind_view *v)
{
    struct buf b;
    buf_init(&b, 0);
    plain(&b, "{}?view={}", ctx->web->path, v->id);
    for (int i = 0; i < ctx->web->query_count; i++) {
        const char *name = ctx->web->query[i].name, *value = query_again(ctx, name);
        if (strcmp(name, "view") && strcmp(name, "page") && value && *value)
            plain(&b, "&{}={}", (struct url_part){name}, (struct url_part){value});
    }
    const char *href = arena_copyn(ctx->arena, b.data, b.size);
    buf_release(&b);
    return href;
}

void kind_views_draw(struct ctx *ctx, const struct kind_view *views, const struct kind_view *now,
                     const struct kind_tabs *tabs)
{
    struct buf *out = ctx->web->out;
    if (tabs->name)
        html(out, "<nav class=\"filters\" aria-label=\"{}\">", tabs->name);
    for (const struct kind_view *v = views; v->id; v++) {
        if (!kind_view_shown(ctx, v))
            continue;
        int64_t n = view_count(ctx, v, tabs);
        html(out, "<a href=\"{}\"{}>{}", tabs->href ? tabs->href(ctx, v) : view_href(ctx, v),
             (struct markup){v == now ? " aria-current=\"true\"" : ""}, tr(ctx, v->label));
        if (tabs->most && n > tabs->most)
            html(out, " <b class=\"count\">{}+</b>", tabs->most);
        else if (n != NONE)
            html(out, " <b class=\"count{}{}\">{}</b>", v->tone && n > 0 ? " " : "",
                 v->tone && n > 0 ? v->tone : "", n);
        buf_puts(out, "</a>");
    }
    if (tabs->name) {
        buf_puts(out, "</nav>");
        printed_note(ctx, now ? tr(ctx, now->label) : NULL);
    }
}
