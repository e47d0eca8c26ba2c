-- A phone number that has joined already may join again: the answer "this number is known" would tell
-- strangers who reported what. Nobody has joined before this step.
DROP TABLE request_joiners;
CREATE TABLE request_joiners (
    id integer PRIMARY KEY,
    request bigint NOT NULL REFERENCES requests (id),
    at bigint NOT NULL,
    name text,
    phone text NOT NULL,
    phone_key text NOT NULL,
    code_hash text NOT NULL UNIQUE,
    solved text,
    satisfaction bigint,
    comment text,
    answered_at bigint
);
CREATE INDEX request_joiners_request ON request_joiners (request, id);
CREATE INDEX request_joiners_phone ON request_joiners (phone_key);
