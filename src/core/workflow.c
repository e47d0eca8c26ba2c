/*
 * Applies a workflow's table of steps. workflow_take checks in the order in
 * which a person would name the reasons: not your role, too late, barred now,
 * something is missing.
 *
 * Nothing is kept between calls; memory is the context's arena.
 */
#include "core/workflow.h"

#include "core/events.h"
#include "core/module.h"

#include <string.h>

static const struct field *state_field(const struct workflow *w)
{
    return kind_field(w->kind, w->state);
}

const struct choice *workflow_states(const struct workflow *w)
{
    return state_field(w)->choices;
}

int workflow_state(const struct workflow *w, const void *record)
{
    const struct field *f = state_field(w);
    const char *code = field_text(f, record);
    for (int i = 0; code && f->choices[i].code; i++)
        if (!strcmp(f->choices[i].code, code))
            return i;
    return 0;
}

const struct step *workflow_step(const struct workflow *w, const char *action)
{
    for (const struct step *s = w->steps; action && s->action; s++)
        if (!strcmp(s->action, action))
            return s;
    return NULL;
}

const struct field *step_asks(const struct step *s, const char *name)
{
    for (const struct field *f = s->asks; f && f->name; f++)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

const struct workflow *workflow_of(const struct kind *k)
{
    for (const struct workflow *const *w = modules_workflows(); w && *w; w++)
        if ((*w)->kind == k)
            return *w;
    return NULL;
}

/* ---- the table itself ---- */

static size_t slot_size(const struct field *f)
{
    return field_is_text(f)    ? sizeof(const char *)
           : f->type == F_REAL ? sizeof(double)
                               : sizeof(int64_t);
}

static const char *ask_fault(const struct workflow *w, const struct field *f)
{
    if (f->offset < sizeof(struct record) || f->offset + slot_size(f) > w->input)
        return "an answer lies outside the input";
    const struct field *own = f->flags & KEPT ? kind_field(w->kind, f->name) : NULL;
    if ((f->flags & KEPT) && (!own || own->type != f->type))
        return "a KEPT answer has no field of its name and type";
    if ((f->type == F_CHOICE && !f->choices) || (f->type == F_REF && !f->ref))
        return "an answer lacks its choices or its kind";
    return f->flags & SEALED ? "an answer can't be sealed" : NULL;
}

static const char *step_fault(const struct workflow *w, const struct step *s, int states)
{
    unsigned known = states >= STATES_MOST ? ~0U : STATE(states) - 1;
    if (!s->label || !s->rule || !s->roles)
        return "a step lacks its label, its rule or its roles";
    if (!s->from || (s->from & ~known) || s->to < STATE_STAYS || s->to >= states)
        return "a step leads from or to a state that is not there";
    if (s->has_alone && (s->alone < 0 || s->alone >= states || !w->alone))
        return "a step's other state is not there, or nothing decides about it";
    if (workflow_step(w, s->action) != s)
        return "a step is there twice";
    for (const struct field *f = s->asks; f && f->name; f++)
        if (ask_fault(w, f))
            return ask_fault(w, f);
    return NULL;
}

const char *workflow_fault(const struct workflow *w)
{
    const struct field *f = w->kind ? kind_field(w->kind, w->state) : NULL;
    int states = 0;
    if (!f || f->type != F_CHOICE || !(f->flags & FIXED))
        return "the state is not a fixed choice of the kind";
    while (f->choices[states].code)
        states++;
    if (states > STATES_MOST)
        return "there are too many states";
    for (const struct step *s = w->steps; s->action; s++) {
        const char *fault = step_fault(w, s, states);
        if (fault)
            return fault;
    }
    for (const struct step_order *o = w->order; o && o->actions; o++)
        for (int i = 0; o->actions[i]; i++)
            if (!workflow_step(w, o->actions[i]))
                return "the order names a step that is not there";
    return NULL;
}

/* ---- what is possible ---- */

static bool fits(struct ctx *ctx, const struct workflow *w, const struct step *s,
                 const void *record)
{
    return (ctx->actor.roles & s->roles) && (s->from & STATE(workflow_state(w, record)));
}

bool workflow_may(struct ctx *ctx, const struct workflow *w, const struct step *s,
                  const void *record)
{
    return fits(ctx, w, s, record) && !(s->bar && s->bar(ctx, record));
}

const char *workflow_barred(struct ctx *ctx, const struct workflow *w, const struct step *s,
                            const void *record)
{
    return fits(ctx, w, s, record) && s->bar ? s->bar(ctx, record) : NULL;
}

const struct step **workflow_possible(struct ctx *ctx, const struct workflow *w, const void *record,
                                      int *count)
{
    int all = 0, n = 0, state = workflow_state(w, record);
    while (w->steps[all].action)
        all++;
    const struct step **list = ARENA_ARRAY(ctx->arena, const struct step *, all + 1);
    bool *listed = ARENA_ARRAY(ctx->arena, bool, all + 1);
    for (const struct step_order *o = w->order; o && o->actions; o++)
        for (int i = 0; o->state == state && o->actions[i]; i++) {
            const struct step *s = workflow_step(w, o->actions[i]);
            if (listed[s - w->steps] || !workflow_may(ctx, w, s, record))
                continue;
            listed[s - w->steps] = true;
            list[n++] = s;
        }
    for (int i = 0; i < all; i++) {
        const struct step *s = &w->steps[i];
        if (!listed[i] && s->roles != ROLE_PUBLIC && workflow_may(ctx, w, s, record))
            list[n++] = s;
    }
    *count = n;
    return list;
}

/* ---- answers ---- */

void *workflow_input(struct ctx *ctx, const struct workflow *w)
{
    if (!w->input)
        return NULL;
    void *input = arena_alloc(ctx->arena, w->input);
    memset(input, 0, w->input);
    for (const struct step *s = w->steps; s->action; s++)
        for (const struct field *f = s->asks; f && f->name; f++)
            field_set(ctx, f, input, NULL);
    return input;
}

/* A caller in C leaves out an answer with a blank text, or 0 for a reference. */
static bool unanswered(const struct field *f, const void *input)
{
    const char *text = input ? field_text(f, input) : NULL;
    return !input || field_missing(f, input) || (text && !*text) ||
           (f->type == F_REF && field_int(f, input) == 0);
}

bool workflow_answered(struct ctx *ctx, const struct workflow *w, const struct step *s,
                       const void *input, bool many)
{
    for (const struct field *f = s->asks; f && f->name; f++) {
        if (!(f->flags & REQUIRED) || !unanswered(f, input) || ctx_problem_of(ctx, f->name))
            continue;
        const char *why = w->missing ? w->missing(ctx, s, f, many) : NULL;
        ctx_problem(ctx, f->name, why ? why : say(ctx, "{} is required.", field_label(ctx, f)));
    }
    return ctx_ok(ctx);
}

/* Refuses texts and lists longer than their row allows; only a caller in C can pass them. */
static bool short_enough(struct ctx *ctx, const struct step *s, const void *input)
{
    for (const struct field *f = s->asks; input && f && f->name; f++)
        if ((f->type == F_LONG || f->type == F_TEXT || f->type == F_TAGS) && field_text(f, input)) {
            void *scratch = arena_alloc(ctx->arena, f->offset + sizeof(const char *));
            field_set(ctx, f, scratch, field_text(f, input));
        }
    return ctx_ok(ctx);
}

/* ---- taking a step ---- */

static enum status step_check(struct ctx *ctx, const struct workflow *w, const struct step *s,
                              const void *before, const void *input)
{
    if (!(ctx->actor.roles & s->roles))
        return ctx_fail(ctx, FORBIDDEN, say(ctx, "Your role does not allow this."));
    if (!(s->from & STATE(workflow_state(w, before)))) {
        struct arg state = arg_text(field_show(ctx, state_field(w), before));
        const char *words = w->too_late
                                ? w->too_late
                                : N_("This step is no longer possible: the state is now “{}”.");
        return ctx_fail(ctx, CONFLICT, say_write(ctx, words, &state, 1));
    }
    const char *barred = s->bar ? s->bar(ctx, before) : NULL;
    if (barred)
        ctx_problem(ctx, NULL, barred);
    else if (workflow_answered(ctx, w, s, input, false))
        short_enough(ctx, s, input);
    return ctx->status;
}

static void keep_answers(const struct workflow *w, const struct step *s, void *after,
                         const void *input)
{
    for (const struct field *f = s->asks; input && f && f->name; f++)
        if (f->flags & KEPT)
            memcpy((char *)after + kind_field(w->kind, f->name)->offset,
                   (const char *)input + f->offset, slot_size(f));
}

static void *after_of(struct ctx *ctx, const struct workflow *w, const struct step *s,
                      const void *before, const void *input)
{
    const struct field *f = state_field(w);
    void *after = record_copy(ctx, w->kind, before);
    int to = s->has_alone && w->alone(before) ? s->alone : s->to;
    if (to != STATE_STAYS)
        memcpy((char *)after + f->offset, &f->choices[to].code, sizeof f->choices[to].code);
    keep_answers(w, s, after, input);
    return after;
}

static void step_event(struct ctx *ctx, const struct workflow *w, const char *action,
                       const void *before, const void *after, bool visible)
{
    const struct choice *states = workflow_states(w);
    event_add(ctx, &(struct event){
                       .kind = w->kind,
                       .record = ((const struct record *)after)->id,
                       .action = action,
                       .from = before ? states[workflow_state(w, before)].code : NULL,
                       .to = states[workflow_state(w, after)].code,
                       .unit = NONE,
                       .until = NONE,
                       .visible = visible,
                   });
}

void workflow_began(struct ctx *ctx, const struct workflow *w, const char *action,
                    const void *record, bool visible)
{
    step_event(ctx, w, action, NULL, record, visible);
}

enum status workflow_take(struct ctx *ctx, const struct workflow *w, const struct step *s,
                          const void *before, const void *input)
{
    if (step_check(ctx, w, s, before, input) != OK)
        return ctx->status;
    void *after = after_of(ctx, w, s, before, input);
    if (s->take && !s->take(ctx, before, after, input))
        return ctx->status;
    enum status done = record_update(ctx, w->kind, before, after, s->action);
    if (done == OK && !w->own_events)
        step_event(ctx, w, s->action, before, after, s->told || (s->flags & STEP_SHOWN));
    if (done == OK && w->took)
        done = w->took(ctx, s, before, after, input);
    return done == OK ? db_status(ctx->db) : done;
}

/* Removes what one refusal left in the context, so that it does not affect the next record. */
static const char *refusal_take(struct ctx *ctx)
{
    const char *why = ctx->problems ? ctx->problems->text : say(ctx, "That didn’t work.");
    ctx->status = OK;
    ctx->problems = NULL;
    ctx->problems_end = NULL;
    ctx->problem_count = 0;
    return why;
}

/* The reason for a refusal: who did what since the list was drawn. */
static const char *meanwhile(struct ctx *ctx, const struct workflow *w, int64_t id)
{
    struct rows *r = query(ctx->db,
                           "SELECT actor_name, action FROM journal WHERE kind = {} AND record = {} "
                           "ORDER BY seq DESC LIMIT 1",
                           w->kind->name, id);
    const char *who = NULL, *action = NULL;
    if (rows_next(r)) {
        who = row_copy(r, ctx->arena, "actor_name");
        action = row_copy(r, ctx->arena, "action");
    }
    rows_end(r);
    const struct step *s = workflow_step(w, action);
    if (s && who && *who)
        return say(ctx, "Not done, because {} has meanwhile taken the step “{}”.", who,
                   tr(ctx, s->label));
    return say(ctx, "Not done, because it has changed since you opened the list. Please look at it "
                    "first.");
}

enum status workflow_take_many(struct ctx *ctx, const struct workflow *w, const struct step *s,
                               const int64_t *ids, const int64_t *versions, int count,
                               const void *input, struct step_outcome *outcomes)
{
    const struct field *code = kind_field(w->kind, w->kind->code);
    for (int i = 0; i < count; i++) {
        const struct record *r = record_load(ctx, w->kind, ids[i]);
        const char *title = r ? field_show_masked(ctx, code, r) : "";
        outcomes[i] = (struct step_outcome){
            ids[i], *title ? title : arena_print(ctx->arena, "%lld", (long long)ids[i]), NULL};
        if (!r)
            outcomes[i].why = say(ctx, "Not found, or not in your area.");
        else if (versions && versions[i] != r->version)
            outcomes[i].why = meanwhile(ctx, w, r->id);
        else if (db_savepoint(ctx->db) != OK)
            return db_status(ctx->db);
        else if (workflow_take(ctx, w, s, r, input) == OK)
            db_savepoint_release(ctx->db);
        else if (db_status(ctx->db) ==
                 OK) { /* nothing of it stays, including what take did before */
            db_savepoint_undo(ctx->db);
            outcomes[i].why = refusal_take(ctx);
        }
        if (!ctx_ok(ctx) || db_status(ctx->db) != OK)
            return ctx->status != OK ? ctx->status : db_status(ctx->db);
    }
    return OK;
}

/* ---- no other way ---- */

const char *workflow_only_steps(struct ctx *ctx, const struct workflow *w)
{
    const char *names = "";
    for (const struct step *s = w->steps; s->action; s++)
        if (s->to != STATE_STAYS)
            names = ctx_list(ctx, names, s->action);
    return say(ctx, "“{}” only changes through these steps: {}.", w->state, names);
}

bool workflow_begins(const struct workflow *w, const char *state)
{
    const struct choice *states = workflow_states(w);
    for (const struct step_start *s = w->starts; state && s && s->action; s++)
        if (!strcmp(states[s->to].code, state))
            return true;
    return false;
}

bool workflow_keeps(struct ctx *ctx, const struct workflow *w, const void *before,
                    const void *after)
{
    if (!before || workflow_state(w, before) == workflow_state(w, after))
        return true;
    ctx_problem(ctx, w->state, workflow_only_steps(ctx, w));
    return false;
}
