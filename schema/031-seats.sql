-- Rules as data: sets with the day on which they come into force, and their numbers.
CREATE TABLE rule_sets (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    name_en text,
    about text NOT NULL,
    article text,
    confirmed bigint,
    valid_from text NOT NULL,
    valid_to text,
    note text
);
CREATE INDEX rule_sets_about ON rule_sets (about, valid_from);
CREATE TABLE rule_values (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    rule_set bigint NOT NULL REFERENCES rule_sets (id),
    name text NOT NULL,
    number bigint NOT NULL,
    out_of bigint,
    text text,
    UNIQUE (rule_set, name)
);
-- Terms of an organisation. due_at: the end of its last day; warn_at: from when it counts as ending.
CREATE TABLE terms (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    organisation bigint NOT NULL REFERENCES organisations (id),
    name text NOT NULL,
    valid_from text NOT NULL,
    valid_to text,
    rule_set bigint REFERENCES rule_sets (id),
    note text,
    due_at bigint,
    warn_at bigint
);
CREATE INDEX terms_organisation ON terms (organisation, valid_from);
CREATE INDEX terms_rule_set ON terms (rule_set) WHERE rule_set IS NOT NULL;
CREATE INDEX terms_due ON terms (due_at) WHERE due_at IS NOT NULL;
-- A seat exists without a holder. standing: it is filled again when it is vacant. vacant_since, vacant_at, fill_by are
-- derived from its holders.
CREATE TABLE seats (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    name_en text,
    organisation bigint NOT NULL REFERENCES organisations (id),
    role text NOT NULL,
    title text,
    title_en text,
    position bigint,
    term bigint REFERENCES terms (id),
    standing bigint NOT NULL DEFAULT 0,
    valid_from text,
    valid_to text,
    vacant_since text,
    vacant_at bigint,
    fill_by bigint
);
CREATE INDEX seats_organisation ON seats (organisation, role);
CREATE INDEX seats_term ON seats (term) WHERE term IS NOT NULL;
CREATE INDEX seats_vacant ON seats (fill_by) WHERE fill_by IS NOT NULL;
ALTER TABLE posts ADD COLUMN seat bigint REFERENCES seats (id);
CREATE INDEX posts_seat ON posts (seat) WHERE seat IS NOT NULL;
-- Posts of one organisation and role that never overlap become one seat with its holders over time; otherwise each
-- becomes a seat of its own.
INSERT INTO seats (created, updated, code, name, name_en, organisation, role, standing)
    SELECT p.created, p.created, 'S-' || p.id,
        o.name || CASE p.role WHEN 'leader' THEN '队长' WHEN 'deputy' THEN '副队长' WHEN 'member' THEN '成员'
            WHEN 'keeper' THEN '站点管理员' WHEN 'secretary' THEN '书记' WHEN 'director' THEN '主任' ELSE p.role END,
        CASE WHEN o.name_en IS NULL OR o.name_en = '' THEN NULL ELSE o.name_en || ': ' || CASE p.role
            WHEN 'leader' THEN 'Leader' WHEN 'deputy' THEN 'Deputy leader' WHEN 'member' THEN 'Member'
            WHEN 'keeper' THEN 'Service point manager' WHEN 'secretary' THEN 'Secretary'
            WHEN 'director' THEN 'Director' ELSE p.role END END,
        p.organisation, p.role, 0
    FROM posts p JOIN organisations o ON o.id = p.organisation
    WHERE p.id = (SELECT min(f.id) FROM posts f WHERE f.organisation = p.organisation AND f.role = p.role)
        OR EXISTS (SELECT 1 FROM posts a JOIN posts b ON b.organisation = a.organisation AND b.role = a.role AND b.id > a.id
            WHERE a.organisation = p.organisation AND a.role = p.role
                AND coalesce(a.valid_from, '') <= coalesce(nullif(b.valid_to, ''), '9999-12-31')
                AND coalesce(b.valid_from, '') <= coalesce(nullif(a.valid_to, ''), '9999-12-31'))
    ORDER BY p.id;
UPDATE posts SET seat = coalesce((SELECT s.id FROM seats s WHERE s.code = 'S-' || posts.id
        AND EXISTS (SELECT 1 FROM posts a JOIN posts b ON b.organisation = a.organisation AND b.role = a.role AND b.id > a.id
            WHERE a.organisation = posts.organisation AND a.role = posts.role
                AND coalesce(a.valid_from, '') <= coalesce(nullif(b.valid_to, ''), '9999-12-31')
                AND coalesce(b.valid_from, '') <= coalesce(nullif(a.valid_to, ''), '9999-12-31'))),
    (SELECT min(s.id) FROM seats s WHERE s.organisation = posts.organisation AND s.role = posts.role));
-- The form of a Party organisation and how many full members it has; outgrown_at: since when the form no longer fits.
ALTER TABLE organisations ADD COLUMN form text;
ALTER TABLE organisations ADD COLUMN members bigint;
ALTER TABLE organisations ADD COLUMN outgrown_at bigint;
CREATE INDEX organisations_outgrown ON organisations (outgrown_at) WHERE outgrown_at IS NOT NULL;
