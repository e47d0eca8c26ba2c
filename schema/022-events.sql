-- One timeline for all kinds: kind and record instead of a request. The numbers stay.
CREATE TABLE events (
    id integer PRIMARY KEY,
    kind text NOT NULL,
    record bigint NOT NULL,
    at bigint NOT NULL,
    actor bigint,
    actor_name text,
    action text NOT NULL,
    from_status text,
    to_status text,
    unit bigint REFERENCES units (id),
    text text,
    until bigint,
    visible bigint NOT NULL DEFAULT 0
);
INSERT INTO events (id, kind, record, at, actor, actor_name, action, from_status, to_status, unit, text, until, visible)
    SELECT id, 'requests', request, at, actor, actor_name, action, from_status, to_status, unit, text, until, visible
    FROM request_events ORDER BY id;
DROP TABLE request_events;
CREATE INDEX events_record ON events (record, kind, id);
