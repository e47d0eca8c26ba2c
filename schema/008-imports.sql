-- Imports of spreadsheets: who imports what, the progress, and the rejected rows.
-- The file is deleted when the import ends; a rejected row's cells are sealed.
CREATE TABLE imports (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    "user" bigint NOT NULL REFERENCES users (id),
    user_name text,
    kind text NOT NULL,
    file text NOT NULL,
    size bigint NOT NULL,
    status text NOT NULL,
    dry bigint NOT NULL DEFAULT 0,
    mapping text,
    make_new bigint NOT NULL DEFAULT 0,
    runner text,
    beat bigint,
    percent bigint NOT NULL DEFAULT 0,
    last_row bigint NOT NULL DEFAULT 0,
    added bigint NOT NULL DEFAULT 0,
    changed bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    reason text,
    ended bigint
);
CREATE INDEX imports_status ON imports (status, id);
CREATE INDEX imports_user ON imports ("user", id);

CREATE TABLE import_files (
    import bigint PRIMARY KEY REFERENCES imports (id) ON DELETE CASCADE,
    headings text NOT NULL,
    sample text NOT NULL,
    data blob NOT NULL
);

CREATE TABLE import_errors (
    import bigint NOT NULL REFERENCES imports (id) ON DELETE CASCADE,
    line bigint NOT NULL,
    reason text NOT NULL,
    cells text NOT NULL,
    PRIMARY KEY (import, line)
);
