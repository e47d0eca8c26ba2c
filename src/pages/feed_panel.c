#include "pages/feed_panel.h"

#include "core/qr.h"
#include "web/web.h"

void feed_panel_draw(struct ctx *ctx, const struct feed_panel *p)
{
    struct buf *out = ctx->web->out;
    const char *address = p->path ? site_url(ctx, p->path) : NULL;
    html(out, "<section id=\"calendar\"><h2>{}</h2><p>{}</p>", say(ctx, "Add to my calendar"),
         p->about);
    if (address)
        html(out, "<p class=\"address\"><code>{}</code></p><p class=\"small\">{}</p>", address,
             p->warning);
    form_begin(ctx, p->action, NULL, false);
    buf_puts(out, "<div class=\"acts\">");
    if (address)
        html(out, "<button type=\"button\" data-copy=\"{}\" hidden>{} {}</button>", address,
             icon(ctx, "copy"), say(ctx, "Copy address"));
    html(out, "<button>{} {}</button>", icon(ctx, "calendar-plus"),
         address ? say(ctx, "Change address") : say(ctx, "Create address"));
    if (address)
        html(out, "<button class=\"quiet\" name=\"off\" value=\"1\">{}</button>",
             say(ctx, "Turn off calendar address"));
    buf_puts(out, "</div>");
    form_end(ctx);
    buf_puts(out, "</section>");
}
