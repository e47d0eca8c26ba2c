/*
 * The status of a request as all staff pages show it.
 */
#include "app/requests/requests.h"

#include "web/web.h"

void request_state_draw(struct ctx *ctx, const struct request *r, bool late)
{
    static const struct {
        const char *look, *icon;
    } looks[] = {
        [RECEIVED] = {"wait", "inbox"},        [DISPATCHED] = {"", "arrow-forward-up"},
        [HANDLING] = {"", "user-check"},       [ANSWERED] = {"", "message"},
        [CALL_BACK] = {"warn", "phone-call"},  [CLOSED] = {"ok", "circle-check"},
        [PARKED] = {"wait", "parking-circle"}, [MERGED] = {"", "git-merge"},
    };
    int s = request_status_of(r);
    const char *look = late ? "late" : looks[s].look,
               *sign = late ? "alert-triangle" : looks[s].icon;
    if (s == RECEIVED && r->returns != NONE && r->returns > 0) {
        look = late ? "late" : "warn";
        sign = "arrow-back-up";
    } else if ((s == HANDLING || s == DISPATCHED) && r->reopened != NONE && r->reopened > 0) {
        sign = "rotate";
    }
    html(ctx->web->out, "<span class=\"state {}\">{} {}</span>", look, icon(ctx, sign),
         request_state(ctx, r));
}
