-- feed: the secret in the URL of an account's calendar of due items; NULL: no feed.
ALTER TABLE users ADD COLUMN feed text;
