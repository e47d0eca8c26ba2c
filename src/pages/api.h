/*
 * The JSON API: routes made from the kinds and workflows of all modules, so
 * that what the gate checks and what the description says are the same.
 *
 *     GET   /api/v1/                  the kinds with their fields
 *     GET   /api/v1/openapi.json      the same as OpenAPI 3.1
 *     GET   /api/v1/KIND              a list: q, limit, cursor, since, and the kind's filters
 *     POST  /api/v1/KIND              a new record
 *     GET   /api/v1/KIND/{id}         one record; its ETag is its version
 *     PATCH /api/v1/KIND/{id}         a merge patch, with If-Match
 *     POST  /api/v1/KIND/{id}/ACTION  a step of the kind's workflow
 */
#ifndef LINLI_APP_API_H
#define LINLI_APP_API_H

#include "web/server.h"

/* A record as the answer, with its ETag. code 201 adds its Location. */
void api_answer(struct ctx *ctx, const struct kind *k, const void *record, int code);
/* The version that If-Match names; 0 for "*", NONE without one or with a problem in ctx. */
int64_t api_version(struct ctx *ctx);
/* True when record is at that version. Otherwise fails with 412 and says who changed what since. */
bool api_is_fresh(struct ctx *ctx, const struct kind *k, const struct record *record,
                  int64_t version);

/* pages/api_steps.c, for pages/api.c alone. The steps that a program may take: all but those of the
 * person concerned. How many routes they need; fills routes, answers how many; their part of
 * openapi.json. */
int api_steps_count(void);
int api_steps_routes(struct arena *texts, struct route *routes);
void api_steps_paths(struct ctx *ctx, struct buf *out);

#endif
