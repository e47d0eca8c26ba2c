-- Entries that devices made offline: each key once. The body is stored as a keyed hash.
CREATE TABLE offline_entries (
    id integer PRIMARY KEY,
    received bigint NOT NULL,
    key text NOT NULL UNIQUE,
    what text NOT NULL,
    body text NOT NULL,
    device_at bigint,
    ahead bigint,
    actor bigint,
    actor_name text
);

-- The timeline of volunteers as far as the journal has it: what is written from now on are events.
INSERT INTO events (kind, record, at, actor, actor_name, action, visible)
    SELECT kind, record, at_ms / 1000, actor, actor_name, action, 1 FROM journal
    WHERE kind = 'volunteers' AND action IN ('apply', 'join', 'confirm', 'refuse', 'pause', 'resume', 'leave') ORDER BY at_ms;
