-- Files of any record: kind and record instead of a request or an activity.
-- shown: residents may see it. former: the number that an activity's photograph had in its address before.
CREATE TABLE record_attachments (
    id integer PRIMARY KEY,
    kind text NOT NULL,
    record bigint NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    size bigint NOT NULL,
    data blob NOT NULL,
    thumbnail blob,
    shown bigint NOT NULL DEFAULT 0,
    former bigint,
    created bigint NOT NULL,
    actor bigint REFERENCES users (id),
    actor_name text
);
INSERT INTO record_attachments (id, kind, record, name, type, size, data, thumbnail, shown, created, actor, actor_name)
    SELECT id, 'requests', request, name, type, size, data, thumbnail, CASE WHEN actor IS NULL THEN 1 ELSE 0 END, created, actor, actor_name
    FROM attachments ORDER BY id;
-- Numbers above all that were given, so that no former number is the number of another.
INSERT INTO record_attachments (id, kind, record, name, type, size, data, thumbnail, shown, former, created, actor, actor_name)
    SELECT id + (SELECT coalesce(max(id), 0) FROM attachments) + (SELECT coalesce(max(id), 0) FROM activity_photos),
        'activities', activity, 'photo-' || id || '.jpg', 'image/jpeg', size, data, small, shown, id, created, actor, actor_name
    FROM activity_photos ORDER BY id;
DROP TABLE activity_photos;
DROP TABLE attachments;
ALTER TABLE record_attachments RENAME TO attachments;
CREATE INDEX attachments_record ON attachments (record, kind, id);
