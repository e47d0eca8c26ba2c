-- Answers are kept per actor and route, with the fingerprint of what was sent.
DROP TABLE idempotency;
CREATE TABLE idempotency (
    key text NOT NULL,
    actor text NOT NULL,
    route text NOT NULL,
    fingerprint blob NOT NULL,
    code bigint NOT NULL,
    headers text NOT NULL,
    body blob,
    at bigint NOT NULL,
    PRIMARY KEY (key, actor, route)
);
CREATE INDEX idempotency_at ON idempotency (at);
