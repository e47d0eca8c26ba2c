-- Counts and lists of the work list walk one index each: with the state in it no row is read to count, what waits for a
-- dispatcher is in its order, and what was returned too often is found without reading all that was received.
DROP INDEX requests_open;
CREATE INDEX requests_open ON requests (due, id, status) WHERE status NOT IN ('closed', 'merged');
DROP INDEX requests_call;
CREATE INDEX requests_call ON requests (answered_at, id, status, closed_at) WHERE answered_at IS NOT NULL AND closed_at IS NULL;
CREATE INDEX requests_waiting ON requests (due, id) WHERE coalesce(status, '') IN ('received', 'parked');
CREATE INDEX requests_returned ON requests (returns, due, id) WHERE returns > 0 AND status NOT IN ('closed', 'merged');
