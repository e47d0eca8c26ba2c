-- Two records of one person or organisation become one. The record that goes keeps its row: merged_into leads to the
-- survivor, and nothing lists, offers or counts it any more. merge_moves says each column that the merge changed in
-- another row, with its value before (was) and after (became) as stored: an encrypted value stays encrypted. An undone
-- merge puts back what still has the value after it. part_of: the merge that brought this one with it.
ALTER TABLE people ADD COLUMN merged_into bigint REFERENCES people (id);
ALTER TABLE organisations ADD COLUMN merged_into bigint REFERENCES organisations (id);
ALTER TABLE volunteers ADD COLUMN merged_into bigint REFERENCES volunteers (id);
CREATE INDEX people_merged ON people (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX organisations_merged ON organisations (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX volunteers_merged ON volunteers (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE merges (
    id integer PRIMARY KEY,
    version bigint NOT NULL DEFAULT 1,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    kind text NOT NULL,
    kept bigint NOT NULL,
    gone bigint NOT NULL,
    part_of bigint REFERENCES merges (id),
    actor bigint REFERENCES users (id),
    actor_name text,
    undone_at bigint,
    undone_by bigint REFERENCES users (id),
    undone_name text
);
CREATE INDEX merges_kept ON merges (kind, kept);
CREATE INDEX merges_gone ON merges (kind, gone);
CREATE INDEX merges_part ON merges (part_of) WHERE part_of IS NOT NULL;

CREATE TABLE merge_moves (
    id integer PRIMARY KEY,
    merge bigint NOT NULL REFERENCES merges (id),
    at_table text NOT NULL,
    at_column text NOT NULL,
    at_row bigint NOT NULL,
    type text NOT NULL,
    was text,
    became text
);
CREATE INDEX merge_moves_merge ON merge_moves (merge, at_table, at_column);
CREATE INDEX merge_moves_row ON merge_moves (at_row, at_table, at_column);

-- Records that may be the same, found by a job; one is the lower number. denied_at: somebody said that they are not.
CREATE TABLE merge_pairs (
    id integer PRIMARY KEY,
    kind text NOT NULL,
    one bigint NOT NULL,
    other bigint NOT NULL,
    why text NOT NULL,
    denied_at bigint,
    denied_by bigint REFERENCES users (id),
    denied_name text,
    UNIQUE (kind, one, other)
);
CREATE INDEX merge_pairs_other ON merge_pairs (kind, other);
