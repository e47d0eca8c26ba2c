-- Households: where people live together, who belongs to them since when and in which state, and where they lived before.

CREATE TABLE households (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    area bigint NOT NULL REFERENCES areas (id),
    community bigint REFERENCES areas (id),
    building text,
    stairwell text,
    room text,
    address text,
    place text,
    position text,
    head bigint REFERENCES people (id),
    members bigint NOT NULL DEFAULT 0,
    standing text NOT NULL DEFAULT 'empty',
    since text,
    note text,
    ended text
);
CREATE INDEX households_area ON households (area, position);
CREATE INDEX households_community ON households (community, position);
CREATE INDEX households_standing ON households (standing, community);
CREATE INDEX households_head ON households (head) WHERE head IS NOT NULL;

CREATE TABLE household_members (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    household bigint NOT NULL REFERENCES households (id),
    person bigint NOT NULL REFERENCES people (id),
    relation text NOT NULL,
    state text NOT NULL,
    valid_from text,
    valid_to text,
    why text
);
CREATE INDEX household_members_household ON household_members (household, person);
CREATE INDEX household_members_person ON household_members (person);

CREATE TABLE household_places (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    household bigint NOT NULL REFERENCES households (id),
    area bigint NOT NULL REFERENCES areas (id),
    place text NOT NULL,
    valid_from text,
    valid_to text
);
CREATE INDEX household_places_household ON household_places (household);
