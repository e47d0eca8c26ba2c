-- The two views that are not ordered by deadline are walked in their order, not found by state and sorted; the order of
-- receipt is the order of id.
DROP INDEX requests_received;
CREATE INDEX requests_call ON requests (answered_at, id) WHERE answered_at IS NOT NULL AND closed_at IS NULL;
CREATE INDEX requests_parked ON requests (parked_until, id) WHERE parked_until IS NOT NULL;
