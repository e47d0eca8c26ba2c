-- A notice may be about a record of any kind: kind and record instead of a column for each capability. The columns
-- request, activity and volunteer keep what they had and are written no more.
ALTER TABLE notices ADD COLUMN kind text;
ALTER TABLE notices ADD COLUMN record bigint;
UPDATE notices SET kind = 'requests', record = request WHERE request IS NOT NULL;
UPDATE notices SET kind = 'activities', record = activity WHERE activity IS NOT NULL;
UPDATE notices SET kind = 'volunteers', record = volunteer WHERE volunteer IS NOT NULL;
DROP INDEX notices_request;
DROP INDEX notices_activity;
DROP INDEX notices_volunteer;
CREATE INDEX notices_record ON notices (kind, record, id);
