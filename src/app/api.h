/*
 * The JSON API: routes made from the kinds of all modules, so that what the
 * gate checks and what the description says are the same.
 *
 *     GET  /api/v1/                 the kinds with their fields
 *     GET  /api/v1/openapi.json     the same as OpenAPI 3.1
 *     GET  /api/v1/KIND             a list: q, limit, cursor, since, and a parameter for each filter field
 *     POST /api/v1/KIND             a new record
 *     GET  /api/v1/KIND/{id}        one record, ETag is its version
 *     PATCH /api/v1/KIND/{id}       a merge patch, with If-Match
 *     POST /api/v1/requests/{id}/ACTION  a step of a request
 */
#ifndef LINLI_APP_API_H
#define LINLI_APP_API_H

#include "web/server.h"

/* All routes of the API; made once, they live as long as the program. */
struct routes api_routes(void);

/* A record as the answer, with its ETag. code 201 adds its Location. */
void api_answer(struct ctx *ctx, const struct kind *k, const void *record, int code);
/* The version that If-Match names; 0 for "*", NONE without one or with a problem in ctx. */
int64_t api_version(struct ctx *ctx);
/* True when record is at that version. Otherwise fails with 412 and says who changed what since. */
bool api_is_fresh(struct ctx *ctx, const struct kind *k, const struct record *record, int64_t version);

/* The steps of requests (app/requests_api.c): fills routes, answers how many; and their part of openapi.json. */
int requests_api_routes(struct route *routes, int most);
void requests_api_paths(struct ctx *ctx, struct buf *out);

#endif
