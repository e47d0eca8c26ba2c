/*
 * The registers of people and organisations. They are entered once and used
 * everywhere. Teams and service points are organisations; who holds which seat
 * in them is in seats.h.
 *
 * A person's data may be used only for the purposes in consent_for. ID and
 * phone numbers are encrypted. The ID number is checked by the rules of its
 * type (GB 11643 and others).
 */
#ifndef LINLI_APP_PEOPLE_H
#define LINLI_APP_PEOPLE_H

#include "kind/kind.h"

/* Who reads and writes the registers of people, seats and posts. */
#define PEOPLE_ROLES (ROLE_WORKER | ROLE_OFFICE | ROLE_ADMIN)

struct person {
    struct record record;
    const char *code, *name, *name_en;
    const char *pinyin; /* "chenxiaohong cxh", derived */
    const char *gender; /* female, male; NULL: unknown */
    const char *born;   /* date */
    const char *phone, *id_type, *id_number;
    int64_t area, community; /* community: derived from area */
    const char *address, *language, *political, *note;
    int64_t consent_at;
    const char *consent_for; /* tags: volunteer, request, activity, visit, care */
    int64_t removed_at;
    int64_t merged_into; /* the survivor (app/registers/merge.h); NONE: it was not merged */
};

/* The order of a list of organisations with a heading for each community. */
#define ORGANISATIONS_BY_COMMUNITY \
    "(SELECT own.name FROM areas own WHERE own.id = organisations.community) COLLATE pinyin, " \
    "organisations.community, organisations.name COLLATE pinyin, organisations.id"

struct organisation {
    struct record record;
    const char *code, *name, *name_en;
    const char *kind; /* committee, branch, team, station, enterprise, social, union, other */
    int64_t parent, area, community;
    const char *credit_code; /* GB 32100 */
    const char *address, *address_en, *opening, *opening_en, *phone;
    double lat, lon; /* WGS-84 */
    const char *what, *what_en, *equipment;
    int64_t duty_days; /* planned volunteer days a month; NONE: no plan */
    int64_t public;    /* shown to residents */
    const char *valid_from, *valid_to;
    const char *form;    /* of a Party organisation: branch, joint, general, committee */
    int64_t members;     /* full members, as a number */
    int64_t outgrown_at; /* since when the form does not fit the members; derived */
    int64_t merged_into;
};

extern const struct kind people_kind, organisations_kind;
extern const struct kind
    open_stations_kind; /* service points that are open to residents: for public pages */

extern const struct kind open_teams_kind; /* teams that are shown to residents: for public pages */
extern const struct kind
    led_teams_kind; /* teams that the actor leads, or that lie in the actor's areas */

/* Finds a person by name and phone number; NONE. */
int64_t person_find(struct ctx *ctx, const char *name, const char *phone);
/* The same by ID number, if there is one and it is known. */
int64_t person_known(struct ctx *ctx, const char *id_number, const char *name, const char *phone);
/* Makes a code for a record: the prefix and 8 random characters. */
const char *record_code(struct ctx *ctx, const char *prefix);
/* Returns whether the grant covers everything: it has no area, or the top-level one. Then it
 * includes records without a community. */
/* Returns whether the actor works for the whole subdistrict: an office or admin grant without
 * an area, or with the top-level one. Such actors may change what applies to everyone. */
bool actor_for_all(struct ctx *ctx);
/* Returns whether the actor may enter records that lie in the area. The installation's own
 * programs may. area NONE: only actors for the whole subdistrict may. */
bool area_mine(struct ctx *ctx, unsigned roles, int64_t area);
bool grant_everywhere(struct ctx *ctx, const struct grant *g);
/* Returns whether the actor may enter records that lie in the area. The installation's own
 * programs may. area NONE: only actors for the whole subdistrict may. */
bool area_mine(struct ctx *ctx, unsigned roles, int64_t area);
/* Adds " AND …", which keeps the records whose community column lies in the actor's areas. */
void scope_by_community(struct ctx *ctx, struct sql *where, unsigned roles, const char *column);
/*
 * Adds " AND …", which keeps records of a worker's communities (column community), of a
 * leader's teams (column team) or of the volunteer who asks (column own; NULL: none).
 */
void scope_by_team(struct ctx *ctx, struct sql *where, const char *team, const char *own);
/* Returns whether the record just stored lies in the actor's scope; otherwise adds a problem at
 * "area" or, for a leader, at the field team. */
bool record_mine(struct ctx *ctx, const struct kind *k, int64_t id, const char *team);

#endif
