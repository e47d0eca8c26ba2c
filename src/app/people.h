/*
 * The registers of people, organisations and posts: entered once, used
 * everywhere. Teams and stations are organisations; a post is a person in an
 * organisation with a role and a time.
 *
 * A person's use is limited to the purposes in consent_for. Identity and
 * telephone numbers are sealed; GB 11643 and the other documents that domain
 * rules name are checked by type.
 */
#ifndef LINLI_APP_PEOPLE_H
#define LINLI_APP_PEOPLE_H

#include "kind/kind.h"

struct person {
    struct record record;
    const char *code, *name, *name_en;
    const char *pinyin; /* "chenxiaohong cxh", derived */
    const char *gender; /* female, male; NULL: not said */
    const char *born;   /* date */
    const char *phone, *id_type, *id_number;
    int64_t area, community; /* community: derived from area */
    const char *address, *language, *political, *note;
    int64_t consent_at;
    const char *consent_for; /* tags: volunteer, request, activity, visit, care */
    int64_t removed_at;
};

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
};

struct post {
    struct record record;
    const char *code;
    int64_t person, organisation;
    const char *role; /* leader, deputy, member, keeper, secretary, director */
    const char *term, *valid_from, *valid_to;
};

extern const struct kind people_kind, organisations_kind, posts_kind;
extern const struct kind open_stations_kind; /* the organisations that are stations open to residents: for public pages */

extern const struct kind open_teams_kind; /* those that are teams shown to residents: for public pages */
extern const struct kind led_teams_kind;  /* teams that the actor leads, or that lie in the actor's area */

/* A person with this name and telephone; NONE. */
int64_t person_find(struct ctx *ctx, const char *name, const char *phone);
/* A short code for a record of its own: prefix and 8 random characters. */
const char *record_code(struct ctx *ctx, const char *prefix);
/* May whoever acts enter what lies in that area? The installation's own programs may. NONE: only who works for all. */
bool area_mine(struct ctx *ctx, unsigned roles, int64_t area);
/* It is for nowhere in particular, or the uppermost area: then also for what lies in no community. */
bool grant_everywhere(struct ctx *ctx, const struct grant *g);
/* Adds " AND …" so that only records whose community column lies in the actor's areas stay. */
void scope_by_community(struct ctx *ctx, struct sql *where, unsigned roles, const char *column);
/*
 * What a worker's communities hold (column community), and what belongs to a
 * leader's teams (column team) or to the volunteer who asks (column own, NULL: nothing does).
 */
void scope_by_team(struct ctx *ctx, struct sql *where, const char *team, const char *own);
/* Whether the record just stored lies in the actor's scope; otherwise a problem at "area", or at the field team of a leader. */
bool record_mine(struct ctx *ctx, const struct kind *k, int64_t id, const char *team);

#endif
