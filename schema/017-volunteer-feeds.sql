-- The secret in the URL of a volunteer's calendar feed; replaced when the URL is renewed; NULL: no feed.
ALTER TABLE volunteers ADD COLUMN feed text;
-- Notifications of volunteers that concern neither a request nor an activity.
ALTER TABLE notices ADD COLUMN volunteer bigint REFERENCES volunteers (id);
CREATE INDEX notices_volunteer ON notices (volunteer, id) WHERE volunteer IS NOT NULL;
