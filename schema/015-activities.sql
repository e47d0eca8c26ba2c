-- Notifications of people who signed up, and photos of activities.
ALTER TABLE notices ADD COLUMN activity bigint REFERENCES activities (id);
CREATE INDEX notices_activity ON notices (activity, id) WHERE activity IS NOT NULL;

CREATE TABLE activity_photos (
    id integer PRIMARY KEY,
    activity bigint NOT NULL REFERENCES activities (id),
    data blob NOT NULL,
    small blob NOT NULL,
    size bigint NOT NULL,
    shown bigint NOT NULL DEFAULT 0,
    created bigint NOT NULL,
    actor bigint REFERENCES users (id),
    actor_name text
);
CREATE INDEX activity_photos_activity ON activity_photos (activity, id);
