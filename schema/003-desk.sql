-- What the office's work list and the whole life of a request need.
-- due_from: the instant a deadline is counted from; NULL when the date was set by hand and no calendar moves it.
ALTER TABLE requests ADD COLUMN level text;
ALTER TABLE requests ADD COLUMN due_from bigint;
ALTER TABLE requests ADD COLUMN dispatcher bigint REFERENCES users (id);
ALTER TABLE requests ADD COLUMN attempts bigint DEFAULT 0;
ALTER TABLE requests ADD COLUMN requester_initials text;
ALTER TABLE request_units ADD COLUMN reported_at bigint;
-- Who attached it; NULL: the resident.
ALTER TABLE attachments ADD COLUMN actor bigint REFERENCES users (id);
ALTER TABLE attachments ADD COLUMN actor_name text;

-- Open requests are few beside the closed ones: each view of the work list walks a small index in the order it shows.
CREATE INDEX requests_open ON requests (due, id) WHERE status NOT IN ('closed', 'merged');
CREATE INDEX requests_open_community ON requests (community, due, id) WHERE status NOT IN ('closed', 'merged');
CREATE INDEX requests_open_unit ON requests (unit, due, id) WHERE status NOT IN ('closed', 'merged');
CREATE INDEX requests_dispatcher ON requests (dispatcher, due, id) WHERE reopened > 0 AND status NOT IN ('closed', 'merged');
CREATE INDEX requests_received ON requests (received_at, id);
CREATE INDEX requests_initials ON requests (requester_initials, id) WHERE requester_initials IS NOT NULL;
