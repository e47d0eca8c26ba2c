/*
 * What a resident can still do with an open request: add a message and photos,
 * or withdraw it. Co-reporters and residents whose request was merged add to
 * the remaining request; their text is for staff, not for the first reporter.
 */
#include "app/residents/follow.h"

#include "app/residents/ask.h"
#include "base/text.h"
#include "web/fields.h"
#include "web/web.h"

#include <string.h>

#define ADDED_MOST 2000 /* characters */
#define FILES_MOST 20   /* of one request, including staff's */

struct adding {
    struct photos photos;
    const char *text;
};

/* ---- drawing ---- */

static void draw_text(struct ctx *ctx, const char *name, const char *label, const char *hint)
{
    struct buf *out = ctx->web->out;
    const char *problem = ctx_problem_of(ctx, name);
    html(out,
         "<div class=\"field\"><label for=\"f-{}\">{}</label><p class=\"hint\" "
         "id=\"f-{}-h\">{}</p><textarea id=\"f-{}\" name=\"{}\" rows=\"3\" "
         "aria-describedby=\"f-{}-h{}\"{}>{}</textarea>",
         name, label, name, hint, name, name, name,
         (struct markup){problem ? arena_print(ctx->arena, " f-%s-p", name) : ""},
         (struct markup){problem ? " aria-invalid=\"true\"" : ""}, param(ctx, name));
    field_problem(ctx, name);
    buf_puts(out, "</div>");
}

static void draw_adding(struct ctx *ctx, const struct followed *f)
{
    struct buf *out = ctx->web->out;
    const struct adding *a = ctx->work;
    bool open = param(ctx, "adding") != NULL;
    html(out, "<section class=\"card screen\" id=\"add\"><details{}><summary>{}</summary>",
         (struct markup){open ? " open" : ""}, say(ctx, "Add to this request"));
    form_begin(ctx, "/follow/add", followed_keep(ctx, f, "add"), true);
    buf_puts(out, "<input type=\"hidden\" name=\"adding\" value=\"1\">");
    if (open)
        form_problems(ctx);
    draw_text(ctx, "addition", say(ctx, "What you want to add"),
              say(ctx, "For example, what has changed since. Those who handle it will read it."));
    if (!f->joiner)
        photos_field(ctx, open && a ? &a->photos : NULL);
    html(out, "<div class=\"acts\"><button>{} {}</button></div>", icon(ctx, "send"),
         say(ctx, "Send to the community"));
    form_end(ctx);
    buf_puts(out, "</details></section>");
}

static void draw_withdrawing(struct ctx *ctx, const struct followed *f)
{
    struct buf *out = ctx->web->out;
    const struct step *s = request_step("withdraw");
    const char *barred = request_barred(ctx, s, f->request);
    html(out, "<section class=\"card screen\" id=\"withdraw\"><details{}><summary>{}</summary>",
         (struct markup){param(ctx, "why") && ctx->problems ? " open" : ""},
         say(ctx, "No longer needed?"));
    if (barred) {
        html(out, "<p>{}</p></details></section>", barred);
        return;
    }
    form_begin(ctx, "/follow/withdraw", followed_keep(ctx, f, "withdraw"), false);
    html(out, "<p>{}</p>",
         say(ctx, "If it has settled itself or you made a mistake, you can withdraw your request. "
                  "Work on it ends."));
    draw_text(ctx, "why", say(ctx, "Why (optional)"), say(ctx, "One sentence is enough."));
    html(out, "<div class=\"acts\"><button class=\"danger\" data-confirm=\"{}\">{}</button></div>",
         say(ctx, "Withdraw this request? Work on it ends."), say(ctx, "Withdraw request"));
    form_end(ctx);
    buf_puts(out, "</details></section>");
}

void follow_add_draw(struct ctx *ctx, const struct followed *f)
{
    if (!request_may(ctx, request_step("addition"), f->request)) {
        if (param(ctx, "adding")) /* it has been closed in the meantime */
            form_problems(ctx);
        return;
    }
    draw_adding(ctx, f);
    if (!followed_other(f))
        draw_withdrawing(ctx, f);
}

/* ---- sending ---- */

static const char *typed(struct ctx *ctx, const char *name)
{
    return param_lines(ctx, name, ADDED_MOST);
}

/* Photos without text are enough. */
void follow_add_prepare(struct ctx *ctx)
{
    struct followed f;
    struct adding *a = ARENA_NEW(ctx->arena, struct adding);
    ctx->work = a;
    if (followed_open(ctx, &f) && !f.joiner)
        photos_accept(ctx, &a->photos);
    a->text = typed(ctx, "addition");
    if (f.request && !a->text && a->photos.count == 0)
        ctx_problem(ctx, "addition", say(ctx, "Please write what you want to add."));
    if (f.request && a->photos.count &&
        attachment_count(ctx, &requests_kind, f.asked->record.id) + a->photos.count > FILES_MOST)
        ctx_problem(
            ctx, "photos",
            say(ctx, "A request can have up to {} files. Please describe the rest.", FILES_MOST));
    if (!f.request)
        followed_timed_out(ctx);
    if (!ctx_ok(ctx))
        photos_keep(ctx, &a->photos);
}

/* An addition to another's request is for staff only. */
static enum status add_as_other(struct ctx *ctx, const struct followed *f, const struct adding *a,
                                const char *text)
{
    request_event(ctx, f->request, f->request, "joiner-added", text, false);
    return photos_store(ctx, &a->photos, &requests_kind, f->asked->record.id, true);
}

void follow_add(struct ctx *ctx)
{
    struct followed f;
    const struct adding *a = ctx->work;
    if (!followed_open(ctx, &f)) {
        followed_timed_out(ctx);
        return;
    }
    const char *text = a->text ? a->text
                               : say_n(ctx, a->photos.count, "1 photo", "{} photos",
                                       (int64_t)a->photos.count);
    if (!request_may(ctx, request_step("addition"), f.request)) {
        ctx_problem(ctx, NULL, say(ctx, "It has been closed meanwhile, so nothing can be added."));
        return;
    }
    const struct step_input in = {.unit = NONE,
                                  .until = NONE,
                                  .into = NONE,
                                  .text = text,
                                  .satisfaction = NONE,
                                  .category = NONE};
    enum status s = followed_other(&f)
                        ? add_as_other(ctx, &f, a, text)
                        : request_take(ctx, request_step("addition"), f.request, &in);
    if (s == OK && !followed_other(&f))
        s = photos_store(ctx, &a->photos, &requests_kind, f.asked->record.id, true);
    if (s != OK)
        return;
    const char *missing = photos_missing(ctx, &a->photos);
    flash(ctx, missing ? say(ctx, "Added, but without these photos: {}", missing)
                       : say(ctx, "Added. Those who handle it will read it."));
    see_other(ctx, "/follow");
}

void follow_withdraw(struct ctx *ctx)
{
    struct followed f;
    if (!followed_open(ctx, &f)) {
        followed_timed_out(ctx);
        return;
    }
    const struct step_input in = {.unit = NONE,
                                  .until = NONE,
                                  .into = NONE,
                                  .text = typed(ctx, "why"),
                                  .satisfaction = NONE,
                                  .category = NONE};
    if (followed_other(&f))
        ctx_problem(ctx, NULL,
                    say(ctx, "Others have reported the same problem, so the work on it continues. "
                             "You can still add that you no longer need it."));
    if (!ctx_ok(ctx) || request_take(ctx, request_step("withdraw"), f.request, &in) != OK)
        return;
    flash(ctx, say(ctx, "Your request has been withdrawn."));
    see_other(ctx, "/follow");
}
