-- The ground: who acts, what happened, where things are, and residents' requests.
-- Times are whole seconds since 1970 UTC; days are ISO text (2026-05-01).
-- A row that may change carries version; a link to a list is its id; a choice is its code.

CREATE TABLE journal (
    seq integer PRIMARY KEY,
    at_ms bigint NOT NULL,
    device_at bigint,
    actor bigint,
    actor_name text,
    via text NOT NULL,
    kind text NOT NULL,
    record bigint NOT NULL,
    action text NOT NULL,
    before text,
    after text,
    key text,
    prev blob NOT NULL,
    hash blob NOT NULL
);
CREATE INDEX journal_record ON journal (kind, record, seq);
CREATE INDEX journal_actor ON journal (actor, seq);

CREATE TABLE settings (
    name text PRIMARY KEY,
    value text
);

CREATE TABLE areas (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    parent bigint REFERENCES areas (id),
    name text NOT NULL,
    name_en text,
    level text NOT NULL,
    path text,
    community bigint REFERENCES areas (id),
    lat double precision,
    lon double precision,
    outline text,
    valid_from text,
    valid_to text
);
CREATE INDEX areas_parent ON areas (parent);
CREATE INDEX areas_path ON areas (path);
CREATE INDEX areas_community ON areas (community);

CREATE TABLE units (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    name_en text,
    kind text,
    area bigint REFERENCES areas (id),
    phone text
);
CREATE INDEX units_area ON units (area);

CREATE TABLE users (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    login text NOT NULL UNIQUE,
    name text NOT NULL,
    name_en text,
    password text,
    language text,
    active bigint NOT NULL DEFAULT 1,
    failed bigint NOT NULL DEFAULT 0,
    locked_until bigint,
    last_login bigint
);

CREATE TABLE grants (
    id integer PRIMARY KEY,
    "user" bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role text NOT NULL,
    area bigint REFERENCES areas (id),
    unit bigint REFERENCES units (id)
);
CREATE INDEX grants_user ON grants ("user");

CREATE TABLE sessions (
    token_hash blob PRIMARY KEY,
    "user" bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created bigint NOT NULL,
    seen bigint NOT NULL,
    expires bigint NOT NULL
);
CREATE INDEX sessions_user ON sessions ("user");
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE api_tokens (
    id integer PRIMARY KEY,
    token_hash blob NOT NULL UNIQUE,
    name text NOT NULL,
    role text NOT NULL,
    area bigint REFERENCES areas (id),
    created bigint NOT NULL,
    last_used bigint,
    revoked bigint
);

CREATE TABLE idempotency (
    key text PRIMARY KEY,
    actor bigint,
    route text NOT NULL,
    code bigint NOT NULL,
    location text,
    body blob,
    at bigint NOT NULL
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE categories (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    parent bigint REFERENCES categories (id),
    name text NOT NULL,
    name_en text,
    icon text,
    unit bigint REFERENCES units (id),
    level text,
    days bigint,
    day_kind text,
    first_contact_hours bigint,
    hint text,
    hint_en text,
    position bigint DEFAULT 0,
    valid bigint DEFAULT 1
);
CREATE INDEX categories_parent ON categories (parent, position);

CREATE TABLE holidays (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    date text NOT NULL UNIQUE,
    name text,
    is_off_day bigint NOT NULL
);

CREATE TABLE templates (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    title text NOT NULL,
    kind text,
    category bigint REFERENCES categories (id),
    text text NOT NULL,
    text_en text
);

-- requester_phone is sealed; requester_phone_key is a keyed hash of it, to find one caller's requests.
CREATE TABLE requests (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    number text NOT NULL UNIQUE,
    source text,
    source_number text,
    category bigint REFERENCES categories (id),
    subject text NOT NULL,
    text text NOT NULL,
    area bigint REFERENCES areas (id),
    community bigint REFERENCES areas (id),
    place text,
    lat double precision,
    lon double precision,
    requester_name text,
    requester_phone text,
    requester_phone_key text,
    on_behalf text,
    visibility text,
    channel text,
    code_hash text,
    status text NOT NULL,
    unit bigint REFERENCES units (id),
    handler bigint REFERENCES users (id),
    due bigint,
    first_contact_due bigint,
    first_contact_at bigint,
    received_at bigint NOT NULL,
    dispatched_at bigint,
    answered_at bigint,
    closed_at bigint,
    reply text,
    returns bigint DEFAULT 0,
    extensions bigint DEFAULT 0,
    reopened bigint DEFAULT 0,
    parked_until bigint,
    merged_into bigint REFERENCES requests (id),
    solved text,
    satisfaction bigint,
    solved_comment text,
    month bigint,
    UNIQUE (source, source_number)
);
CREATE INDEX requests_status ON requests (status, id);
CREATE INDEX requests_unit ON requests (unit, status, due);
CREATE INDEX requests_community ON requests (community, status, id);
CREATE INDEX requests_phone ON requests (requester_phone_key) WHERE requester_phone_key IS NOT NULL;
CREATE INDEX requests_handler ON requests (handler, status, due) WHERE handler IS NOT NULL;
CREATE INDEX requests_month ON requests (month, community, category);
CREATE INDEX requests_merged ON requests (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE request_events (
    id integer PRIMARY KEY,
    request bigint NOT NULL REFERENCES requests (id),
    at bigint NOT NULL,
    actor bigint,
    actor_name text,
    action text NOT NULL,
    from_status text,
    to_status text,
    unit bigint REFERENCES units (id),
    text text,
    visible bigint NOT NULL DEFAULT 0
);
CREATE INDEX request_events_request ON request_events (request, id);

CREATE TABLE request_units (
    request bigint NOT NULL REFERENCES requests (id),
    unit bigint NOT NULL REFERENCES units (id),
    role text NOT NULL,
    PRIMARY KEY (request, unit)
);
CREATE INDEX request_units_unit ON request_units (unit, request);

CREATE TABLE attachments (
    id integer PRIMARY KEY,
    request bigint NOT NULL REFERENCES requests (id),
    name text NOT NULL,
    type text NOT NULL,
    size bigint NOT NULL,
    data blob NOT NULL,
    thumbnail blob,
    created bigint NOT NULL
);
CREATE INDEX attachments_request ON attachments (request);
