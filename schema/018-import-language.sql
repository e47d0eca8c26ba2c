-- The language of whoever started an import: its reasons are written in it.
ALTER TABLE imports ADD COLUMN language text;
