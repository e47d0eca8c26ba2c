-- Statistics that are expensive to calculate, so that a starting server shows them at once, with their time (core/figure_sums.c).
CREATE TABLE figure_sums (
    pass text PRIMARY KEY,
    seq bigint NOT NULL,
    as_of bigint NOT NULL,
    ms bigint NOT NULL,
    width bigint NOT NULL,
    cells blob NOT NULL
);
CREATE INDEX figure_sums_as_of ON figure_sums (as_of);
