/*
 * A workflow that nobody programmed for: a dossier kind of which there is only
 * a table. Its steps, forms' answers, API with schema, a step for many records,
 * history and diagrams come from the table; a faulty table is found.
 */
#include "core/events.h"
#include "core/module.h"
#include "core/workflow_print.h"
#include "kind/json.h"
#include "pages/register_pages.h"
#include "pages/workflow_page.h"
#include "installed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the dossier: all of it ---- */

struct dossier {
    struct record record;
    const char *code, *status, *why;
    int64_t score;
};
struct answers {
    struct record record;
    const char *why;
    int64_t score;
};
enum { DRAFT, SENT, GRANTED };

static const struct choice states[] = {
    {"draft", "Draft"}, {"sent", "Sent"}, {"granted", "Granted"}, {NULL, NULL}};
static const struct field fields[] = {
    {"code", F_CODE, offsetof(struct dossier, code), "Code", .flags = REQUIRED | UNIQUE},
    {"status", F_CHOICE, offsetof(struct dossier, status), "Status", .choices = states,
     .flags = LISTED | FIXED},
    {"why", F_LONG, offsetof(struct dossier, why), "Reason"},
    {"score", F_INT, offsetof(struct dossier, score), "Score"},
};
static const struct kind dossiers_kind = {.name = "dossiers",
                                          .table = "dossiers",
                                          .one = "Dossier",
                                          .many = "Dossiers",
                                          FIELDS(fields),
                                          .size = sizeof(struct dossier),
                                          .read = ROLES_STAFF,
                                          .write = ROLES_STAFF,
                                          .code = "code",
                                          .order = "id",
                                          .about = "Dossiers."};
static const struct field reason[] = {
    {"why", F_LONG, offsetof(struct answers, why), "Reason", .max = 20, .flags = REQUIRED | KEPT},
    {.name = NULL}};
static const struct field score[] = {
    {"score", F_INT, offsetof(struct answers, score), "Score", .min = 1, .max = 9, .flags = KEPT},
    {.name = NULL}};
static const struct step steps[] = {
    {"submit", "Submit", .from = STATE(DRAFT), .to = SENT, .roles = ROLE_WORKER,
     .rule = "Sends it to the office."},
    {"refuse", "Refuse", .from = STATE(SENT), .to = DRAFT, .roles = ROLE_OFFICE, .asks = reason,
     .rule = "The author learns the reason.", .told = "It was refused.", .flags = STEP_BULK},
    {"grant", "Grant", .from = STATE(SENT), .to = GRANTED, .roles = ROLE_OFFICE, .asks = score,
     .rule = "It holds from today."},
    {.action = NULL}};
static const char *const when_sent[] = {"grant", "refuse", NULL};
static const struct step_order order[] = {{SENT, when_sent}, {.actions = NULL}};
static const struct step_start starts[] = {{"create", DRAFT}, {.action = NULL}};
/* Stores something before it finds that a letter is missing. */
static enum status took(struct ctx *ctx, const struct step *s, const void *before,
                        const void *after, const void *input)
{
    const struct dossier *d = after;
    (void)before;
    (void)input;
    if (strcmp(s->action, "refuse") != 0 || strcmp(d->code, "no-letter") != 0)
        return OK;
    change(ctx->db, "UPDATE dossiers SET score = 9 WHERE id = {}", d->record.id);
    ctx_problem(ctx, "why", "There is no letter to send back.");
    return ctx->status;
}
static const struct workflow dossier_steps = {.kind = &dossiers_kind,
                                              .state = "status",
                                              .steps = steps,
                                              .input = sizeof(struct answers),
                                              .starts = starts,
                                              .ends = STATE(GRANTED),
                                              .order = order,
                                              .took = took};
static const struct kind *const kinds[] = {&dossiers_kind, NULL};
static const struct workflow *const workflows[] = {&dossier_steps, NULL};
static const struct module dossiers_module = {
    .name = "dossiers", .kinds = kinds, .workflows = workflows};

/* ---- the test's own ---- */

static struct ctx ctx;
static struct store store;
static struct grant grant;
static const struct module *list[200];

static void act(unsigned role)
{
    store_forget(&ctx);
    grant = (struct grant){.role = role, .area = NONE, .unit = NONE};
    ctx.actor = (struct actor){.user = NONE,
                               .name = "somebody",
                               .roles = ROLE_PUBLIC | role,
                               .grants = &grant,
                               .grant_count = 1,
                               .via = "command"};
}

static int set_up(void **state)
{
    (void)state;
    if (store_install(&store, &ctx) != 0)
        return -1;
    ctx.lang = "en";
    int n = 0;
    for (; modules[n] && n < 198; n++)
        list[n] = modules[n];
    list[n] = &dossiers_module;
    modules_set(list);
    if (db_begin(ctx.db) != OK) /* as the writer does: a bulk action has savepoints in it */
        return -1;
    change(ctx.db, "CREATE TABLE dossiers (id integer PRIMARY KEY, version bigint, created bigint, "
                   "updated bigint, code text UNIQUE, status text, why text, score bigint)");
    return db_status(ctx.db) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    db_rollback(ctx.db);
    return store_close(&store, &ctx);
}

static int64_t filed(const char *code, const char *status)
{
    struct dossier *d = record_new(&ctx, &dossiers_kind);
    d->code = code;
    d->status = status;
    assert_int_equal(record_insert(&ctx, &dossiers_kind, d, "create"), OK);
    return d->record.id;
}

static struct dossier *now(int64_t id)
{
    return record_get(&ctx, &dossiers_kind, id);
}

static enum status take(int64_t id, const char *action, const struct answers *in)
{
    store_forget(&ctx);
    return workflow_take(&ctx, &dossier_steps, workflow_step(&dossier_steps, action), now(id), in);
}

/* ---- tests ---- */

static void steps_follow_the_table(void **state)
{
    (void)state;
    struct answers *in = workflow_input(&ctx, &dossier_steps);
    int64_t id = filed("follow", "draft");
    act(ROLE_OFFICE);
    assert_int_equal(take(id, "submit", in), FORBIDDEN);
    assert_int_equal(take(id, "grant", in), CONFLICT);
    assert_string_equal(ctx.problems->text,
                        "This step is no longer possible: the state is now “Draft”.");
    act(ROLE_WORKER);
    assert_int_equal(take(id, "submit", NULL), OK);
    assert_string_equal(now(id)->status, "sent");
    act(ROLE_OFFICE);
    assert_int_equal(take(id, "refuse", in), INVALID);
    assert_string_equal(ctx_problem_of(&ctx, "why"), "Reason is required.");
    in->why = "far more than twenty characters";
    assert_int_equal(take(id, "refuse", in), INVALID);
    assert_non_null(ctx_problem_of(&ctx, "why"));
    in->why = "no budget";
    assert_int_equal(take(id, "refuse", in), OK);
    assert_string_equal(now(id)->status, "draft");
    assert_string_equal(now(id)->why, "no budget");
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM journal WHERE kind = 'dossiers' AND "
                               "record = {} AND action IN ('submit', 'refuse')",
                               id),
                     2);
    assert_string_equal(history_action(&ctx, "dossiers", "refuse"), "Refuse");
}

/* Each step is an event: both states, no answer; shown to others only when something is told. */
static void steps_make_the_timeline(void **state)
{
    (void)state;
    struct answers *in = workflow_input(&ctx, &dossier_steps);
    struct event e;
    int64_t id = filed("timeline", "draft");
    workflow_began(&ctx, &dossier_steps, "create", now(id), false);
    act(ROLE_WORKER);
    assert_int_equal(take(id, "submit", in), OK);
    act(ROLE_OFFICE);
    in->why = "no budget";
    assert_int_equal(take(id, "refuse", in), OK);
    assert_int_equal(take(id, "grant", in), CONFLICT); /* leaves none */
    store_forget(&ctx);
    struct rows *r = events_after(&ctx, &dossiers_kind, id, 0, 9);
    assert_true(event_next(&ctx, r, &e));
    assert_string_equal(e.action, "create");
    assert_null(e.from);
    assert_string_equal(e.to, "draft");
    assert_true(event_next(&ctx, r, &e));
    assert_string_equal(e.action, "submit");
    assert_string_equal(e.from, "draft");
    assert_string_equal(e.to, "sent");
    assert_string_equal(e.actor_name, "somebody");
    assert_false(e.visible);
    assert_true(event_next(&ctx, r, &e));
    assert_string_equal(e.action, "refuse");
    assert_true(e.visible);
    assert_null(e.text);
    assert_false(event_next(&ctx, r, &e));
}

static void likely_steps_come_first(void **state)
{
    (void)state;
    int n;
    const struct dossier *d = now(filed("likely", "sent"));
    act(ROLE_OFFICE);
    const struct step **possible = workflow_possible(&ctx, &dossier_steps, d, &n);
    assert_int_equal(n, 2);
    assert_string_equal(possible[0]->action, "grant");
    assert_string_equal(possible[1]->action, "refuse");
    act(ROLE_WORKER);
    workflow_possible(&ctx, &dossier_steps, d, &n);
    assert_int_equal(n, 0);
}

/* One that can't be taken keeps its state and holds up no other. */
static void many_are_taken_one_by_one(void **state)
{
    (void)state;
    struct answers *in = workflow_input(&ctx, &dossier_steps);
    int64_t ids[] = {filed("many-1", "sent"), filed("many-2", "granted"), filed("many-3", "sent"),
                     999999};
    int64_t versions[] = {now(ids[0])->record.version, now(ids[1])->record.version,
                          now(ids[2])->record.version, 1};
    struct step_outcome outcomes[4];
    in->why = "not now";
    act(ROLE_OFFICE);
    assert_int_equal(workflow_take_many(&ctx, &dossier_steps,
                                        workflow_step(&dossier_steps, "refuse"), ids, versions, 4,
                                        in, outcomes),
                     OK);
    assert_null(outcomes[0].why);
    assert_string_equal(outcomes[0].title, "many-1");
    assert_non_null(strstr(outcomes[1].why, "Granted"));
    assert_null(outcomes[2].why);
    assert_string_equal(outcomes[3].why, "Not found, or not in your area.");
    assert_string_equal(now(ids[0])->status, "draft");
    assert_string_equal(now(ids[1])->status, "granted");
    assert_string_equal(now(ids[2])->status, "draft");
    assert_true(ctx_ok(&ctx));
}

static void one_of_many_that_fails_half_way_leaves_nothing(void **state)
{
    (void)state;
    struct answers *in = workflow_input(&ctx, &dossier_steps);
    int64_t ids[] = {filed("no-letter", "sent"), filed("letter", "sent")};
    struct step_outcome outcomes[2];
    in->why = "not now";
    act(ROLE_OFFICE);
    assert_int_equal(workflow_take_many(&ctx, &dossier_steps,
                                        workflow_step(&dossier_steps, "refuse"), ids, NULL, 2, in,
                                        outcomes),
                     OK);
    assert_string_equal(outcomes[0].why, "There is no letter to send back.");
    assert_string_equal(now(ids[0])->status, "sent");
    assert_int_equal(now(ids[0])->score, NONE);
    assert_int_equal(query_int(ctx.db,
                               "SELECT count(*) AS n FROM journal WHERE kind = 'dossiers' AND "
                               "record = {} AND action = 'refuse'",
                               ids[0]),
                     0);
    assert_null(outcomes[1].why);
    assert_string_equal(now(ids[1])->status, "draft");
}

/* What somebody else changed since the list was drawn is left as that person made it. */
static void many_leave_what_has_changed(void **state)
{
    (void)state;
    struct answers *in = workflow_input(&ctx, &dossier_steps);
    int64_t id = filed("many-4", "sent"), seen = now(id)->record.version;
    struct step_outcome outcome;
    in->why = "not now";
    act(ROLE_OFFICE);
    ctx.actor.name = "Zhou";
    assert_int_equal(
        workflow_take(&ctx, &dossier_steps, workflow_step(&dossier_steps, "refuse"), now(id), in),
        OK);
    act(ROLE_WORKER);
    assert_int_equal(
        workflow_take(&ctx, &dossier_steps, workflow_step(&dossier_steps, "submit"), now(id), in),
        OK);
    act(ROLE_OFFICE);
    assert_int_equal(workflow_take_many(&ctx, &dossier_steps,
                                        workflow_step(&dossier_steps, "refuse"), &id, &seen, 1, in,
                                        &outcome),
                     OK);
    assert_non_null(strstr(outcome.why, "Not done, because"));
    assert_non_null(strstr(outcome.why, "Submit"));
    assert_string_equal(now(id)->status, "sent");
}

static const struct route *route_of(enum method method, const char *path)
{
    for (const struct routes *t = modules_routes(); t->list; t++)
        for (int i = 0; i < t->count; i++)
            if (t->list[i].method == method && !strcmp(t->list[i].path, path))
                return &t->list[i];
    return NULL;
}

static struct exchange ex;
static struct buf out;

static void ask(const struct route *r, int64_t id, const char *body)
{
    store_forget(&ctx);
    buf_clear(&out);
    ex = (struct exchange){.method = r->method,
                           .route = r,
                           .path = r->path,
                           .id = id,
                           .record = r->record ? record_load(&ctx, r->record, id) : NULL,
                           .body = body,
                           .body_size = body ? strlen(body) : 0,
                           .out = &out,
                           .code = 200,
                           .answer = ARENA_ARRAY(ctx.arena, struct param, 24)};
    ctx.web = &ex;
    if (r->prepare)
        r->prepare(&ctx);
    if (ctx_ok(&ctx))
        r->handle(&ctx);
    ctx.web = NULL;
}

static void programs_take_steps_by_the_api(void **state)
{
    (void)state;
    int64_t id = filed("api", "sent");
    const struct route *grant_it = route_of(POST, "/api/v1/dossiers/{id}/grant");
    assert_non_null(grant_it);
    assert_int_equal(grant_it->roles, ROLE_OFFICE);
    assert_ptr_equal(grant_it->record, &dossiers_kind);
    act(ROLE_OFFICE);
    ask(grant_it, id, "{\"score\":10}");
    assert_int_equal(ctx.status, INVALID);
    assert_string_equal(ctx_problem_of(&ctx, "score"), "Score: must be a number from 1 to 9.");
    ask(grant_it, id, "{\"why\":\"x\"}");
    assert_string_equal(ctx_problem_of(&ctx, "why"), "Unknown field “why”.");
    ask(route_of(POST, "/api/v1/dossiers/{id}/refuse"), id, NULL);
    assert_string_equal(ctx_problem_of(&ctx, "why"), "Reason is required.");
    ask(grant_it, id, "{\"score\":7}");
    assert_int_equal(ctx.status, OK);
    assert_non_null(strstr(out.data, "\"status\":\"granted\""));
    assert_int_equal(now(id)->score, 7);
    ask(grant_it, id, "{\"score\":7}");
    assert_int_equal(ctx.status, CONFLICT);
}

static void the_api_describes_what_a_step_asks(void **state)
{
    (void)state;
    act(ROLE_OFFICE);
    ask(route_of(GET, "/api/v1/openapi.json"), NONE, NULL);
    cJSON *all = cJSON_Parse(out.data);
    const cJSON *path = cJSON_GetObjectItem(cJSON_GetObjectItem(all, "paths"),
                                            "/dossiers/{id}/refuse");
    assert_non_null(path);
    char *text = cJSON_PrintUnformatted(path);
    assert_non_null(strstr(text, "\"why\":{\"type\":\"string\",\"title\":\"Reason\","
                                 "\"minLength\":0,\"maxLength\":20}"));
    assert_non_null(strstr(text, "\"required\":[\"why\"]"));
    cJSON_free(text);
    cJSON_Delete(all);
}

/* The state has no other way: a PATCH is told the steps, and so is a kind's check. */
static void the_state_changes_by_steps_only(void **state)
{
    (void)state;
    int64_t id = filed("only", "draft");
    act(ROLE_OFFICE);
    const struct route *patch = route_of(PATCH, "/api/v1/dossiers/{id}");
    struct param any = {"if-match", "*"};
    store_forget(&ctx);
    buf_clear(&out);
    static const char body[] = "{\"status\":\"granted\"}";
    ex = (struct exchange){.method = PATCH,
                           .route = patch,
                           .id = id,
                           .record = now(id),
                           .headers = &any,
                           .header_count = 1,
                           .body = body,
                           .body_size = sizeof body - 1,
                           .out = &out,
                           .answer = ARENA_ARRAY(ctx.arena, struct param, 24)};
    ctx.web = &ex;
    patch->prepare(&ctx);
    ctx.web = NULL;
    assert_string_equal(ctx_problem_of(&ctx, "status"),
                        "“status” only changes through these steps: submit, refuse, grant.");
    assert_int_equal(ctx.problem_count, 1);
    store_forget(&ctx);
    struct dossier *after = record_copy(&ctx, &dossiers_kind, now(id));
    assert_true(workflow_keeps(&ctx, &dossier_steps, now(id), after));
    after->status = "granted";
    assert_false(workflow_keeps(&ctx, &dossier_steps, now(id), after));
    assert_non_null(ctx_problem_of(&ctx, "status"));
    store_forget(&ctx);
}

static void it_is_drawn_from_the_table(void **state)
{
    (void)state;
    buf_clear(&out);
    workflow_text(&ctx, &out, &dossier_steps);
    assert_string_equal(out.data, "(new) --create--> draft\n"
                                  "draft --submit--> sent\n"
                                  "sent --refuse--> draft\n"
                                  "sent --grant--> granted\n");
    buf_clear(&out);
    workflow_mermaid(&ctx, &out, &dossier_steps);
    assert_non_null(strstr(out.data, "    granted --> [*]\n"));
    buf_clear(&out);
    workflow_dot(&ctx, &out, &dossier_steps);
    assert_non_null(strstr(out.data, "sent -> draft [label=\"refuse\"]"));
    buf_clear(&out);
    workflow_markdown(&ctx, &out, &dossier_steps);
    assert_non_null(strstr(out.data, "| Refuse (`refuse`) | sent → draft | Subdistrict staff | The "
                                     "author learns the reason. | It was refused. |"));
}

/* docs/request-life.md, docs/volunteer-life.md: what the program prints. */
/* It is mended by `linli steps KIND --format markdown > docs/NAME-life.md`. */
static void the_documentation_is_what_the_program_prints(void **state)
{
    (void)state;
    int n = 0;
    for (const struct workflow *const *w = modules_workflows(); *w; w++) {
        if (!(*w)->source)
            continue;
        buf_clear(&out);
        workflow_markdown(&ctx, &out, *w);
        FILE *f = fopen(
            arena_print(ctx.arena, "%s/docs/%s-life.md", getenv("LINLI_ROOT"), (*w)->name), "r");
        assert_non_null(f);
        char *text = arena_alloc(ctx.arena, 100000);
        size_t size = fread(text, 1, 99999, f);
        fclose(f);
        assert_string_equal(arena_copyn(ctx.arena, out.data, out.size),
                            arena_copyn(ctx.arena, text, size));
        n++;
    }
    assert_true(n >= 2);
}

static void a_faulty_table_is_found(void **state)
{
    (void)state;
    struct step bad[] = {steps[0], steps[1], {.action = NULL}};
    struct workflow w = dossier_steps;
    w.steps = bad;
    w.order = NULL;
    assert_null(workflow_fault(&w));
    bad[1].to = 3;
    assert_string_equal(workflow_fault(&w), "a step leads from or to a state that is not there");
    bad[1] = steps[0];
    assert_string_equal(workflow_fault(&w), "a step is there twice");
    bad[1] = steps[1];
    bad[1].roles = 0;
    assert_string_equal(workflow_fault(&w), "a step lacks its label, its rule or its roles");
    bad[1] = steps[1];
    w.input = sizeof(struct record);
    assert_string_equal(workflow_fault(&w), "an answer lies outside the input");
    w = dossier_steps;
    w.state = "code";
    assert_string_equal(workflow_fault(&w), "the state is not a fixed choice of the kind");
    for (const struct workflow *const *each = modules_workflows(); *each; each++)
        assert_null(workflow_fault(*each));
}

int main(void)
{
    buf_init(&out, 0);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_follow_the_table),
        cmocka_unit_test(steps_make_the_timeline),
        cmocka_unit_test(likely_steps_come_first),
        cmocka_unit_test(many_are_taken_one_by_one),
        cmocka_unit_test(one_of_many_that_fails_half_way_leaves_nothing),
        cmocka_unit_test(many_leave_what_has_changed),
        cmocka_unit_test(programs_take_steps_by_the_api),
        cmocka_unit_test(the_api_describes_what_a_step_asks),
        cmocka_unit_test(the_state_changes_by_steps_only),
        cmocka_unit_test(it_is_drawn_from_the_table),
        cmocka_unit_test(the_documentation_is_what_the_program_prints),
        cmocka_unit_test(a_faulty_table_is_found),
    };
    int failed = cmocka_run_group_tests(tests, set_up, tear_down);
    buf_release(&out);
    return failed;
}
