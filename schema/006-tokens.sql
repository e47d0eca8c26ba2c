-- A unit handler's token is for one unit.
ALTER TABLE api_tokens ADD COLUMN unit bigint REFERENCES units (id);
