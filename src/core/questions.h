/*
 * Questions: fields that are data. Whoever runs the program writes them (what
 * somebody is asked at sign-up, a campaign's questions, a form's cells); they
 * turn into rows of struct field, so that drawing, reading, checking and showing
 * are those of every other field, with the same limits and messages.
 *
 * A list of questions is one JSON text in a column of the record they belong to.
 * The answers are another, {"q1": "yes"}, in a column of the record that answers:
 * each as one would type it.
 *
 *     struct questions *q = questions_load(ctx, a->questions, NULL);
 *     questions_draw(ctx, q);                                   in a form
 *     s->answers = questions_read(ctx, q);                      in prepare; problems at the fields
 *     s->answers = questions_from_json(ctx, q, object);         the same for a program
 *     for (int i = 0; i < q->count; i++)                        a list, a sheet
 *         html(out, "<td>{}</td>", question_answer(ctx, q, i, s->answers));
 *
 * A question keeps its name as long as it exists, and no other gets that name
 * while it does, so that answers given before a question was reworded still
 * belong to it. An answer that no longer fits is shown as it was given.
 * Memory is the context's arena.
 */
#ifndef LINLI_CORE_QUESTIONS_H
#define LINLI_CORE_QUESTIONS_H

#include "kind/kind.h"

#define QUESTIONS_MOST      10  /* of one list; more are refused */
#define QUESTION_LABEL_MOST 100 /* characters of a question in one language */
#define CHOICES_LEAST       2
#define CHOICES_MOST        12 /* of one question */
#define CHOICE_MOST         40 /* characters of one choice */
#define ANSWER_TEXT_MOST    200
#define ANSWER_LONG_MOST    1000

enum question_type { Q_YES_NO, Q_TEXT, Q_LONG, Q_NUMBER, Q_DATE, Q_CHOICE, Q_TYPES };

struct question {
    const char *name; /* "q1"; NULL: a new one, which questions_store will name */
    enum question_type type;
    const char *zh, *en; /* the question; en NULL: zh is used for everyone */
    const char *choices; /* of Q_CHOICE, separated by | or ｜; the answer is one of them */
    int64_t min, max;    /* of Q_NUMBER; both NONE: any */
    bool required;
    int row; /* its row in the form, which names its problems */
};

struct questions {
    struct question list[QUESTIONS_MOST];
    struct field fields[QUESTIONS_MOST + 1]; /* in the reader's language, ended by a NULL name */
    int count;
    struct kind kind; /* a kind with these fields and no table */
};

/* stored NULL: none. prefix, before each name in forms: for several forms on a page; NULL. */
struct questions *questions_load(struct ctx *ctx, const char *stored, const char *prefix);
/* Checks the list, with problems at "q-N-zh", "q-N-en", "q-N-choices" and "q-N-min" (N: its
 * row), names new questions, and returns what to store; NULL with problems, or if there are
 * none. before: the stored list, whose names are not reused. */
const char *questions_store(struct ctx *ctx, struct question *list, int count, const char *before);
extern const struct choice question_types[]; /* in the order of enum question_type */

void questions_draw(struct ctx *ctx, const struct questions *q);
/* The answers of the form in the form in which they are stored; a problem at each field that is
 * missing or refused. NULL: nothing was answered. */
const char *questions_read(struct ctx *ctx, const struct questions *q);
struct cJSON;
const char *questions_from_json(struct ctx *ctx, const struct questions *q,
                                const struct cJSON *object);
/* For a person, in the reader's language; "" if not answered. */
const char *question_answer(struct ctx *ctx, const struct questions *q, int i, const char *answers);

#endif
