-- Whoever joins a request hears of it in the language in which they joined. NULL, as before this step: in
-- that of the first report.
ALTER TABLE request_joiners ADD COLUMN language text;
