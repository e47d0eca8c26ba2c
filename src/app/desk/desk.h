/*
 * The public header of the desk, the office's work on requests: work list,
 * single requests, phone intake, comments, dashboard.
 */
#ifndef LINLI_APP_DESK_H
#define LINLI_APP_DESK_H

#include "app/desk/opinions.h"

/* Its modules, for program/modules.c. */
#define DESK_MODULES(M) \
    M(work_module) \
    M(request_page_module) \
    M(intake_module) \
    M(opinions_module) \
    M(opinion_pages_module) \
    M(dashboard_module)

#endif
