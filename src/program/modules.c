/*
 * The capabilities of the program. Each folder lists its modules in its public
 * header. The order here is the order of record types, figures and commands
 * where all are listed; the navigation is ordered by the ranks of places.
 */
#include "program/modules.h"

#include "app/activities/activities.h"
#include "app/certificates/certificates.h"
#include "app/desk/desk.h"
#include "app/my/my.h"
#include "app/registers/registers.h"
#include "app/requests/requests.h"
#include "app/residents/residents.h"
#include "app/search/search.h"
#include "app/visits/visits.h"
#include "app/volunteers/volunteers.h"
#include "core/module.h"
#include "pages/pages.h"

#define MODULES(M) \
    M(account_commands_module) \
    M(backup_module) \
    M(housekeeping_module) \
    M(tenants_module) \
    M(verify_module) \
    M(key_module) \
    REQUESTS_MODULES(M) \
    REGISTERS_MODULES(M) \
    VOLUNTEERS_MODULES(M) \
    ACTIVITIES_MODULES(M) \
    VISITS_MODULES(M) \
    MY_MODULES(M) \
    DESK_MODULES(M) \
    RESIDENTS_MODULES(M) \
    CERTIFICATES_MODULES(M) \
    SEARCH_MODULES(M) \
    CORE_MODULES(M) \
    PAGES_MODULES(M) \
    M(install_module) \
    M(move_module)

#define DECLARE(m) extern const struct module m;
MODULES(DECLARE)

#define ADDRESS(m) &m,
static const struct module *const list[] = {MODULES(ADDRESS) NULL};

void program_modules(void)
{
    modules_set(list);
}
