-- A certificate's file is kept as it was issued; a note is printed on it.
ALTER TABLE certificates ADD COLUMN pdf blob;
ALTER TABLE certificates ADD COLUMN note text;
CREATE INDEX certificates_signature ON certificates (signature);

-- The columns of the sheets that provincial and national volunteer systems take: names as data.
CREATE TABLE volunteer_systems (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    code text NOT NULL UNIQUE,
    system text NOT NULL,
    position bigint NOT NULL,
    column_name text NOT NULL,
    field text NOT NULL,
    fixed text
);
