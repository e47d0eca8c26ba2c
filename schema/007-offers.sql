-- Volunteers who serve only women or men need to know whom a visit is for.
ALTER TABLE offers ADD COLUMN gender text;
