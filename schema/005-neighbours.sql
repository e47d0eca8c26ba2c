-- Neighbours who help: one register of people, organisations (teams and stations among them) and posts; volunteers,
-- activities with shifts, sign-up and attendance, hours, offers of requests to volunteers, opinions, certificates.

CREATE TABLE people (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    name_en text,
    pinyin text,
    gender text,
    born text,
    phone text,
    phone_key text,
    id_type text,
    id_number text,
    id_number_key text,
    area bigint REFERENCES areas (id),
    community bigint REFERENCES areas (id),
    address text,
    language text,
    political text,
    note text,
    consent_at bigint,
    consent_for text,
    removed_at bigint
);
CREATE INDEX people_phone ON people (phone_key) WHERE phone_key IS NOT NULL;
CREATE INDEX people_id_number ON people (id_number_key) WHERE id_number_key IS NOT NULL;
CREATE INDEX people_area ON people (area);
CREATE INDEX people_community ON people (community);
CREATE INDEX people_pinyin ON people (pinyin);

CREATE TABLE organisations (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    name_en text,
    kind text NOT NULL,
    parent bigint REFERENCES organisations (id),
    area bigint REFERENCES areas (id),
    community bigint REFERENCES areas (id),
    credit_code text,
    address text,
    address_en text,
    opening text,
    opening_en text,
    phone text,
    lat double precision,
    lon double precision,
    what text,
    what_en text,
    equipment text,
    duty_days bigint,
    public bigint,
    valid_from text,
    valid_to text
);
CREATE INDEX organisations_kind ON organisations (kind, code);
CREATE INDEX organisations_parent ON organisations (parent) WHERE parent IS NOT NULL;
CREATE INDEX organisations_community ON organisations (community, kind);

CREATE TABLE posts (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    person bigint NOT NULL REFERENCES people (id),
    organisation bigint NOT NULL REFERENCES organisations (id),
    role text NOT NULL,
    term text,
    valid_from text,
    valid_to text
);
CREATE INDEX posts_person ON posts (person);
CREATE INDEX posts_organisation ON posts (organisation, role);

CREATE TABLE skills (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    name_en text,
    icon text,
    category bigint REFERENCES categories (id),
    home_visit bigint,
    people_needed bigint,
    position bigint
);
CREATE INDEX skills_category ON skills (category) WHERE category IS NOT NULL;

CREATE TABLE volunteers (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    number text NOT NULL UNIQUE,
    person bigint NOT NULL UNIQUE REFERENCES people (id),
    "user" bigint REFERENCES users (id),
    team bigint REFERENCES organisations (id),
    community bigint REFERENCES areas (id),
    status text NOT NULL,
    skills text,
    languages text,
    times text,
    areas text,
    limits text,
    visits_a_month bigint,
    gender_preference text,
    lat double precision,
    lon double precision,
    code_hash text,
    joined text,
    left_on text,
    left_why text,
    seconds bigint NOT NULL DEFAULT 0
);
CREATE INDEX volunteers_team ON volunteers (team, status);
CREATE INDEX volunteers_status ON volunteers (status, community);
CREATE INDEX volunteers_user ON volunteers ("user") WHERE "user" IS NOT NULL;
CREATE INDEX volunteers_code ON volunteers (code_hash) WHERE code_hash IS NOT NULL;

CREATE TABLE activities (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    number text NOT NULL UNIQUE,
    title text NOT NULL,
    title_en text,
    kind text NOT NULL,
    organisation bigint REFERENCES organisations (id),
    station bigint REFERENCES organisations (id),
    area bigint REFERENCES areas (id),
    community bigint REFERENCES areas (id),
    place text,
    place_en text,
    lat double precision,
    lon double precision,
    starts bigint NOT NULL,
    ends bigint NOT NULL,
    text text,
    text_en text,
    status text NOT NULL,
    places bigint,
    sign_up_until bigint,
    skills text,
    template text,
    series text,
    repeats text,
    person_times bigint NOT NULL DEFAULT 0,
    person_times_how text,
    cancelled_why text,
    reminded_at bigint,
    door_secret text,
    month bigint
);
CREATE INDEX activities_starts ON activities (starts);
CREATE INDEX activities_status ON activities (status, starts);
CREATE INDEX activities_organisation ON activities (organisation, starts);
CREATE INDEX activities_station ON activities (station, starts);
CREATE INDEX activities_community ON activities (community, starts);
CREATE INDEX activities_series ON activities (series) WHERE series IS NOT NULL;

CREATE TABLE shifts (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    activity bigint NOT NULL REFERENCES activities (id),
    name text NOT NULL,
    starts bigint NOT NULL,
    ends bigint NOT NULL,
    places bigint,
    skills text
);
CREATE INDEX shifts_activity ON shifts (activity, starts);

-- A person who has signed up: as a resident or, with a shift, as a volunteer.
CREATE TABLE sign_ups (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    activity bigint NOT NULL REFERENCES activities (id),
    shift bigint REFERENCES shifts (id),
    volunteer bigint REFERENCES volunteers (id),
    name text NOT NULL,
    phone text,
    phone_key text,
    status text NOT NULL,
    note text,
    told_at bigint
);
CREATE INDEX sign_ups_activity ON sign_ups (activity, status, id);
CREATE INDEX sign_ups_volunteer ON sign_ups (volunteer, activity) WHERE volunteer IS NOT NULL;
CREATE INDEX sign_ups_phone ON sign_ups (activity, phone_key) WHERE phone_key IS NOT NULL;

-- Check-ins and check-outs from a device or a leader, stored as received: each code once, in any order.
CREATE TABLE marks (
    id integer PRIMARY KEY,
    created bigint NOT NULL,
    code text NOT NULL UNIQUE,
    activity bigint REFERENCES activities (id),
    shift bigint REFERENCES shifts (id),
    offer bigint,
    volunteer bigint NOT NULL REFERENCES volunteers (id),
    direction text NOT NULL,
    at bigint NOT NULL,
    device_at bigint,
    how text NOT NULL,
    recorder bigint REFERENCES users (id),
    recorder_name text,
    note text
);
CREATE INDEX marks_activity ON marks (activity, volunteer, at) WHERE activity IS NOT NULL;
CREATE INDEX marks_offer ON marks (offer, volunteer, at) WHERE offer IS NOT NULL;

-- A volunteer's attendance, paired from those entries; code is that of the check-in. fixed: corrected by hand.
CREATE TABLE attendances (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    activity bigint REFERENCES activities (id),
    shift bigint REFERENCES shifts (id),
    offer bigint,
    volunteer bigint NOT NULL REFERENCES volunteers (id),
    came bigint NOT NULL,
    went bigint,
    how text NOT NULL,
    recorder bigint REFERENCES users (id),
    recorder_name text,
    status text NOT NULL,
    fixed bigint NOT NULL DEFAULT 0,
    note text
);
CREATE INDEX attendances_activity ON attendances (activity, volunteer) WHERE activity IS NOT NULL;
CREATE INDEX attendances_volunteer ON attendances (volunteer, came);
CREATE INDEX attendances_offer ON attendances (offer) WHERE offer IS NOT NULL;

-- Residents served, counted on site: each press once, however often it is sent.
CREATE TABLE counts (
    id integer PRIMARY KEY,
    created bigint NOT NULL,
    activity bigint NOT NULL REFERENCES activities (id),
    key text NOT NULL UNIQUE,
    n bigint NOT NULL,
    at bigint NOT NULL,
    recorder bigint,
    recorder_name text
);
CREATE INDEX counts_activity ON counts (activity);

-- Hours of one volunteer on one day, computed from that day's attendances: never twice for overlapping times.
CREATE TABLE hours (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    volunteer bigint NOT NULL REFERENCES volunteers (id),
    day text NOT NULL,
    month bigint NOT NULL,
    attended bigint NOT NULL,
    counted bigint NOT NULL,
    held bigint NOT NULL,
    corrected bigint,
    why text,
    decided_by bigint REFERENCES users (id),
    decided_name text,
    decided_at bigint,
    dispute text,
    disputed_at bigint,
    UNIQUE (volunteer, day)
);
CREATE INDEX hours_month ON hours (month, volunteer);
CREATE INDEX hours_held ON hours (held) WHERE held > 0;

-- The search for volunteers for a request, and whom it invited.
CREATE TABLE offers (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    request bigint NOT NULL REFERENCES requests (id),
    skill text NOT NULL,
    people bigint NOT NULL,
    gender_preference text,
    language text,
    starts bigint,
    ends bigint,
    community bigint REFERENCES areas (id),
    lat double precision,
    lon double precision,
    note text,
    status text NOT NULL,
    wave bigint NOT NULL,
    wave_at bigint,
    led_at bigint,
    done_at bigint,
    told_at bigint
);
CREATE INDEX offers_request ON offers (request);
CREATE INDEX offers_status ON offers (status, wave_at);

CREATE TABLE offer_asks (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    offer bigint NOT NULL REFERENCES offers (id),
    volunteer bigint NOT NULL REFERENCES volunteers (id),
    wave bigint NOT NULL,
    score bigint NOT NULL,
    why text NOT NULL,
    answer text NOT NULL,
    asked_at bigint NOT NULL,
    answered_at bigint,
    code_hash text,
    UNIQUE (offer, volunteer)
);
CREATE INDEX offer_asks_volunteer ON offer_asks (volunteer, answer);
CREATE INDEX offer_asks_code ON offer_asks (code_hash) WHERE code_hash IS NOT NULL;

CREATE TABLE opinions (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    text text NOT NULL,
    team bigint REFERENCES organisations (id),
    station bigint REFERENCES organisations (id),
    area bigint REFERENCES areas (id),
    community bigint REFERENCES areas (id),
    collected bigint NOT NULL,
    collector bigint REFERENCES users (id),
    collector_name text,
    request bigint REFERENCES requests (id),
    joined bigint,
    month bigint
);
CREATE INDEX opinions_request ON opinions (request) WHERE request IS NOT NULL;
CREATE INDEX opinions_team ON opinions (team, collected);
CREATE INDEX opinions_collected ON opinions (collected);

CREATE TABLE certificates (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    number text NOT NULL UNIQUE,
    volunteer bigint NOT NULL REFERENCES volunteers (id),
    valid_from text,
    valid_to text,
    seconds bigint NOT NULL,
    content text NOT NULL,
    issued bigint NOT NULL,
    issuer text NOT NULL,
    responsible text,
    handler text,
    contact text,
    status text NOT NULL,
    superseded_by bigint REFERENCES certificates (id),
    revoked_why text,
    signed text NOT NULL,
    signature text NOT NULL
);
CREATE INDEX certificates_volunteer ON certificates (volunteer, issued);

-- A team leader's grant names the team.
ALTER TABLE grants ADD COLUMN organisation bigint REFERENCES organisations (id);
