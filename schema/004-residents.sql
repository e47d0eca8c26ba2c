-- What residents use without an account.

-- request_events.until: the date that a step set: the new deadline, the next review.
ALTER TABLE request_events ADD COLUMN until bigint;

-- People with the same problem, who are notified like the first reporter. phone is sealed, code_hash keyed, as in requests.
CREATE TABLE request_joiners (
    id integer PRIMARY KEY,
    request bigint NOT NULL REFERENCES requests (id),
    at bigint NOT NULL,
    name text,
    phone text NOT NULL,
    phone_key text NOT NULL,
    code_hash text NOT NULL UNIQUE,
    solved text,
    satisfaction bigint,
    comment text,
    answered_at bigint,
    UNIQUE (request, phone_key)
);
CREATE INDEX request_joiners_phone ON request_joiners (phone_key);

-- Photos of a form that has not been accepted yet, encrypted with a key that only the form holds.
CREATE TABLE photo_drafts (
    token_hash text PRIMARY KEY,
    data blob NOT NULL,
    size bigint NOT NULL,
    expires bigint NOT NULL
);
CREATE INDEX photo_drafts_expires ON photo_drafts (expires);

-- Counters of attempts: failed look-ups of a request, requests from one address. name is a keyed hash.
CREATE TABLE tries (
    name text PRIMARY KEY,
    count bigint NOT NULL,
    since bigint NOT NULL,
    until bigint
);
CREATE INDEX tries_since ON tries (since);

CREATE TABLE stations (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    name_en text,
    area bigint REFERENCES areas (id),
    address text,
    address_en text,
    opening text,
    opening_en text,
    lat double precision,
    lon double precision,
    phone text,
    what text,
    what_en text
);
CREATE INDEX stations_area ON stations (area);
