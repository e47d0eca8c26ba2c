-- Notifications. event: what happened (an event of a request, or a deadline); one notice for each event,
-- recipient and channel, however often it is written. recipient: resident, office, hook, unit:ID, user:ID.
-- channel: mail, hook, hand (the office rings or texts). Addresses are looked up when it is sent.
CREATE TABLE notices (
    id integer PRIMARY KEY,
    event text NOT NULL,
    recipient text NOT NULL,
    channel text NOT NULL,
    request bigint REFERENCES requests (id),
    action text NOT NULL,
    language text NOT NULL,
    text text NOT NULL,
    status text NOT NULL,
    attempts bigint NOT NULL DEFAULT 0,
    next_at bigint NOT NULL,
    claimed_at bigint,
    created bigint NOT NULL,
    done_at bigint,
    done_by bigint REFERENCES users (id),
    error text,
    UNIQUE (event, recipient, channel)
);
CREATE INDEX notices_due ON notices (next_at, id) WHERE status = 'waiting' AND channel <> 'hand';
CREATE INDEX notices_claimed ON notices (claimed_at) WHERE status = 'sending';
CREATE INDEX notices_status ON notices (status, id);
CREATE INDEX notices_request ON notices (request, id);

ALTER TABLE requests ADD COLUMN requester_mail text;
ALTER TABLE requests ADD COLUMN requester_mail_key text;
ALTER TABLE requests ADD COLUMN language text;
ALTER TABLE units ADD COLUMN mail text;
ALTER TABLE users ADD COLUMN mail text;

-- Figures scan these indexes over a period.
CREATE INDEX requests_figures_received ON requests (received_at, community, category, status, channel, first_contact_due, first_contact_at, answered_at, due);
CREATE INDEX requests_figures_closed ON requests (closed_at, community, category, status, channel, solved, satisfaction, reopened) WHERE closed_at IS NOT NULL;
CREATE INDEX requests_figures_due ON requests (due, community, category, status, closed_at, answered_at) WHERE due IS NOT NULL;
CREATE INDEX requests_figures_open ON requests (community, category, due, status, received_at) WHERE status NOT IN ('closed', 'merged');
CREATE INDEX requests_figures_days ON requests ((answered_at - received_at)) WHERE answered_at >= received_at;
